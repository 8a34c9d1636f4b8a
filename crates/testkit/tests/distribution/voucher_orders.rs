//! Gift vouchers, from what a channel offers to the tickets that they pay for.

use aforo_testkit::builders::{SmallWorld, gift_order, text};
use aforo_testkit::caller::{Answer, Ask, MGMT, SellerClient};
use aforo_testkit::mails::mails;
use aforo_testkit::spawn::TestServer;
use aforo_testkit::wait::until;
use serde_json::{Value, json};

const ORDERS: &str = "/distribution-api/v1/voucher-orders";

async fn create(seller: &SellerClient, body: Value) -> Answer {
    seller.0.post(ORDERS, body).await
}

/// What is asked of an order.
async fn step(seller: &SellerClient, order: &str, step: &str, body: Value) -> Answer {
    seller.0.post(format!("{ORDERS}/{order}/{step}"), body).await
}

fn paid(amount: u64) -> Value {
    json!({"payment": {"status": "PAID", "amount": amount, "type": "CARD", "reference": "T-1"}})
}

/// A pre-confirmed order of one voucher to be handed out.
async fn pre_confirmed(seller: &SellerClient, amount: u64) -> String {
    let order = text(&create(seller, gift_order(amount)).await.ok(), "id").to_owned();
    step(seller, &order, "pre-confirm", json!({})).await.ok();
    order
}

pub async fn a_gift_voucher_is_sold_and_spent(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = world.gift_vouchers(json!({})).await;
    assert_eq!(
        seller.0.get("/distribution-api/v1/gift-vouchers").await.ok(),
        json!({"currency": "EUR", "amounts": [10, 25, 50], "range": {"min": 100, "max": 200, "step": 20},
            "images": [{"id": 7, "url": "https://teatre.example/roses.png", "name": "Rosas"}], "deliveries": ["EMAIL", "NONE"],
            "max_days_ahead": 30, "life_days": 365})
    );
    let items = json!([
        {"amount": 50, "image_id": 7, "receiver": {"name": "Zoe", "message": "Happy birthday\nto you"}, "delivery": {"type": "NONE"}},
        {"amount": 120, "delivery": {"type": "NONE"}},
    ]);
    let made = create(&seller, json!({"buyer": {"email": "ada@example.org", "name": "Ada"}, "items": items})).await.ok();
    let order = text(&made, "id").to_owned();
    assert_eq!(
        made,
        json!({"id": order, "status": "CREATED", "channel": {"id": world.web.id}, "currency": "EUR", "language": "es-ES",
            "date": {"created": "2031-01-15T10:00:00Z", "expires": "2031-01-15T10:10:00Z"},
            "items": [
                {"id": 1, "amount": 50, "image": {"id": 7, "url": "https://teatre.example/roses.png", "name": "Rosas"},
                    "receiver": {"name": "Zoe", "message": "Happy birthday\nto you"}, "delivery": {"type": "NONE"}},
                {"id": 2, "amount": 120, "receiver": {}, "delivery": {"type": "NONE"}}],
            "buyer": {"email": "ada@example.org", "name": "Ada"}, "price": {"total": 170}})
    );
    assert_eq!(seller.0.get(format!("{ORDERS}/{order}")).await.ok(), made);
    server.pass_seconds(300).await;
    let accepted = step(&seller, &order, "pre-confirm", json!({})).await.ok();
    let code = text(&accepted, "code");
    assert_eq!(
        (code.len(), &accepted["status"], &accepted["date"]["expires"]),
        (12, &json!("PRE_CONFIRM"), &json!("2031-01-15T10:15:00Z"))
    );
    step(&seller, &order, "confirm", paid(171)).await.refused("DIST0005");
    let sold = step(&seller, &order, "confirm", paid(170)).await.ok();
    assert_eq!((&sold["status"], &sold["code"]), (&json!("CONFIRM"), &json!(code)));
    assert_eq!(sold["payment"], json!({"type": "CARD", "amount": 170, "reference": "T-1"}));
    let first = &sold["items"][0]["voucher"];
    assert_eq!((first["has_pin"].clone(), &first["expires"]), (json!(false), &json!("2032-01-15T10:05:00Z")));
    assert_eq!(text(first, "code").len(), 19, "{first}");

    // Whoever has the code pays with it.
    let basket = seller.create().await;
    seller.add_seats(&basket, world.session, &world.row[..2]).await.ok();
    let with = seller.order("POST", &basket, "/vouchers", Some(json!({"code": first["code"]}))).await.ok();
    assert_eq!(with["price"]["to_pay"], 0);
    seller.buyer(&basket, "zoe@example.org").await.ok();
    seller.pre_confirm(&basket).await.ok();
    seller.order("POST", &basket, "/confirm", Some(json!({"payments": []}))).await.ok();
    let id = first["id"].as_u64().unwrap();
    let voucher = world.admin.0.get(format!("{MGMT}/vouchers/{id}")).await.ok();
    assert_eq!((&voucher["group_id"], &voucher["balance"]), (&json!(group), &json!(10)));
    let movements = world.admin.0.get(format!("{MGMT}/vouchers/{id}/movements")).await.ok();
    assert_eq!(
        movements["data"][1],
        json!({"number": 1, "type": "ISSUED", "date": "2031-01-15T10:05:00Z", "amount": 50, "order_code": code})
    );

    the_book_has_what_was_sold(&world, &seller, &order, text(first, "code")).await;
}

/// The channel's book has an order and another that is sold here, the newest first, and no code.
async fn the_book_has_what_was_sold(world: &SmallWorld<'_>, seller: &SellerClient, order: &str, code: &str) {
    let other = pre_confirmed(seller, 25).await;
    step(seller, &other, "confirm", paid(25)).await.ok();
    pre_confirmed(seller, 10).await;
    let list = world.admin.0.get(format!("{MGMT}/channels/{}/voucher-orders", world.web.id)).await;
    assert!(!list.text.contains(code), "{}", list.text);
    let list = list.ok();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|order| text(order, "id")).collect();
    assert_eq!((&list["metadata"]["total"], ids), (&json!(2), vec![other.as_str(), order]));
    let page = world.admin.0.get(format!("{MGMT}/channels/{}/voucher-orders?limit=1&offset=1", world.web.id)).await.ok();
    assert_eq!(page["data"], json!([list["data"][1]]));
}

/// A receiver is told the code on the day, and nobody else is.
pub async fn a_gift_is_sent_on_its_day(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = world.gift_vouchers(json!({})).await;
    world.admin.change(&format!("/voucher-groups/{group}"), json!({"pin_required": true})).await;
    let to = |name: &str, delivery: Value| {
        let receiver = json!({"name": name, "email": format!("{name}@example.org"), "message": "For you <b>\nMany returns"});
        json!({"amount": 25, "image_id": 7, "receiver": receiver, "delivery": delivery})
    };
    let items = [json!({"type": "EMAIL", "date": "2031-01-20"}), json!({"type": "EMAIL"}), json!({"type": "NONE"})];
    let items: Vec<_> = ["zoe", "max", "ivo"].into_iter().zip(items).map(|(name, delivery)| to(name, delivery)).collect();
    let made = create(&seller, json!({"buyer": {"email": "ada@example.org", "name": "Ada"}, "items": items})).await.ok();
    assert_eq!(made["items"][0]["delivery"], json!({"type": "EMAIL", "date": "2031-01-20"}));
    let order = text(&made, "id");
    step(&seller, order, "pre-confirm", json!({})).await.ok();
    assert!(mails(server).is_empty());
    let sold = step(&seller, order, "confirm", paid(75)).await.ok();
    let told = |item: usize| text(&sold["items"][item]["voucher"], "code").to_owned();
    assert!(told(0).starts_with("****") && told(1).starts_with("****") && !told(2).starts_with("****"), "{sold}");
    until("the mail that is not to wait", || mails(server).len() == 1);
    let mail = mails(server).remove(0);
    for part in ["To: max@example.org\r\n", "Subject: Tarjeta regalo: 25 EUR", "Ada", "For you", "Many returns"] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    let (code, pin) = secrets_of(&mail);
    assert_eq!(code[15..], told(1)[15..]);
    let shown = json!({"code": code, "pin": pin});
    assert_eq!(seller.0.post("/distribution-api/v1/vouchers/validate", shown).await.ok()["balance"], 25);
    server.pass_seconds(4 * 24 * 3_600 + 14 * 3_600 - 1).await;
    assert_eq!(mails(server).len(), 1);
    server.pass_seconds(1).await;
    until("the mail of the day", || mails(server).len() == 2);
    let all = mails(server);
    let mail = all.iter().find(|mail| mail.contains("To: zoe@example.org")).unwrap();
    assert_eq!(secrets_of(mail).0[15..], told(0)[15..]);
}

/// The code and the PIN of a mail.
fn secrets_of(mail: &str) -> (String, String) {
    let after = |word: &str, length: usize| {
        let start = mail.find(word).unwrap_or_else(|| panic!("no {word} in {mail}")) + word.len();
        mail[start..start + length].to_owned()
    };
    // Its name is no plain ASCII, so that it is written in another way than it is read.
    let code = mail.split_whitespace().find(|word| word.len() == 19 && word.split('-').all(|part| part.len() == 4));
    (code.unwrap_or_else(|| panic!("no code in {mail}")).to_owned(), after("PIN: ", 6))
}

/// The codes are in one answer and in no other: neither in that of the same call again, nor in that of the same key, nor where the order is read.
pub async fn who_repeats_a_confirm_is_not_told_the_code_again(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = world.gift_vouchers(json!({})).await;
    world.admin.change(&format!("/voucher-groups/{group}"), json!({"pin_required": true})).await;
    let ask = |path: &str, body: &Value| Ask::new("POST", path).json(body).header("idempotency-key", "gift");
    let made = seller.0.send(ask(ORDERS, &gift_order(25))).await.ok();
    assert_eq!(seller.0.send(ask(ORDERS, &gift_order(25))).await.ok()["id"], made["id"], "one order");
    seller.0.send(ask(ORDERS, &gift_order(50))).await.refused("IDEMPOTENCY_KEY_REUSED");
    let order = text(&made, "id");
    step(&seller, order, "pre-confirm", json!({})).await.ok();
    let path = format!("{ORDERS}/{order}/confirm");
    let keyed = || Ask::new("POST", &path).json(&paid(25)).header("idempotency-key", "sold");
    let sold = seller.0.send(keyed()).await.ok();
    let (code, pin) = (text(&sold["items"][0]["voucher"], "code"), text(&sold["items"][0]["voucher"], "pin"));
    assert_eq!((code.len(), pin.len()), (19, 6));
    let repeated = seller.0.send(keyed()).await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    for answer in [repeated, step(&seller, order, "confirm", paid(25)).await, seller.0.get(format!("{ORDERS}/{order}")).await] {
        assert!(!answer.text.contains(code) && !answer.text.contains(pin), "{}", answer.text);
        let voucher = answer.ok()["items"][0]["voucher"].clone();
        assert_eq!((&voucher["code"], &voucher["has_pin"]), (&json!(format!("****-****-****-{}", &code[15..])), &json!(true)));
    }
    step(&seller, order, "confirm", paid(24)).await.refused("VOUCHER_ORDER_INVALID_STATUS");
    let shown = json!({"code": code, "pin": pin});
    assert_eq!(seller.0.post("/distribution-api/v1/vouchers/validate", shown).await.ok()["balance"], 25);
}

pub async fn a_voucher_order_that_is_over(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.gift_vouchers(json!({})).await;
    let read = async |order: &str| seller.0.get(format!("{ORDERS}/{order}")).await;
    let untouched = text(&create(&seller, gift_order(25)).await.ok(), "id").to_owned();
    let waiting = pre_confirmed(&seller, 50).await;
    let dropped = pre_confirmed(&seller, 50).await;
    seller.0.delete(format!("{ORDERS}/{dropped}")).await.ok();
    read(&dropped).await.refused("VOUCHER_ORDER_NOT_FOUND");
    step(&seller, &dropped, "confirm", paid(50)).await.refused("VOUCHER_ORDER_NOT_FOUND");
    server.pass_seconds(600).await;
    for order in [&untouched, &waiting] {
        let over = read(order).await.ok();
        assert_eq!((&over["status"], &over["items"], over.get("buyer")), (&json!("EXPIRED"), &json!([]), None));
        step(&seller, order, "pre-confirm", json!({})).await.refused("VOUCHER_ORDER_INVALID_STATUS");
        step(&seller, order, "confirm", paid(50)).await.refused("VOUCHER_ORDER_INVALID_STATUS");
        seller.0.delete(format!("{ORDERS}/{order}")).await.refused("VOUCHER_ORDER_INVALID_STATUS");
    }
    server.pass_seconds(24 * 3_600).await;
    // Its token is over, too.
    let seller = world.seller().await;
    seller.0.get(format!("{ORDERS}/{waiting}")).await.refused("VOUCHER_ORDER_NOT_FOUND");
    let sold = world.admin.0.get(format!("{MGMT}/channels/{}/voucher-orders", world.web.id)).await;
    assert_eq!(sold.body["metadata"]["total"].as_u64().unwrap_or(0), 0);
}

pub async fn what_a_voucher_order_may_hold(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.gift_vouchers(json!({"deliveries": ["NONE"]})).await;
    let of = |items: Value| json!({"buyer": {"email": "ada@example.org"}, "items": items});
    let item = || json!({"amount": 25, "delivery": {"type": "NONE"}});
    let with = |name: &str, value: Value| {
        let mut item = item();
        item[name] = value;
        of(json!([item]))
    };
    for amount in [json!(10), json!(100), json!(180), json!(200)] {
        create(&seller, with("amount", amount)).await.ok();
    }
    for amount in [json!(0), json!(-25), json!(25.01), json!(25.001), json!(90), json!(110), json!(220)] {
        create(&seller, with("amount", amount)).await.refused("VOUCHER_ORDER_INVALID_AMOUNT");
    }
    create(&seller, with("amount", json!(25.00001))).await.refused("DIST0004");
    create(&seller, json!({})).await.refused("DIST0006");
    create(&seller, json!({"buyer": {"email": "nobody"}, "items": [item()]})).await.refused("DIST0004");
    create(&seller, of(json!([{}]))).await.refused("DIST0006");
    create(&seller, of(json!([]))).await.refused("DIST0005");
    create(&seller, of(json!(vec![item(); 20]))).await.ok();
    create(&seller, of(json!(vec![item(); 21]))).await.refused("DIST0005");
    create(&seller, with("receiver", json!({"email": "nobody"}))).await.refused("DIST0004");
    create(&seller, with("receiver", json!({"message": "x".repeat(1_001)}))).await.refused("DIST0005");
    create(&seller, with("delivery", json!({"type": "PIGEON"}))).await.refused("DIST0005");
    create(&seller, with("delivery", json!({"type": "NONE", "date": "2031-01-20"}))).await.refused("DIST0001");
    create(&seller, with("delivery", json!({"type": "EMAIL", "date": "20 January"}))).await.refused("DIST0004");
    // The channel does not send any.
    let sent = json!({"amount": 25, "receiver": {"email": "zoe@example.org"}, "delivery": {"type": "EMAIL"}});
    create(&seller, of(json!([sent]))).await.refused("DIST0005");
    let mut unknown = gift_order(25);
    unknown["language"] = json!("eu-ES");
    create(&seller, unknown).await.refused("DIST0005");
    let mut abroad = gift_order(25);
    abroad["buyer"] = json!({"email": "ada@example.org", "country": "ES", "postal_code": "123"});
    create(&seller, abroad).await.refused("CLIENT_DATA_INVALID_POSTAL_CODE");
    seller.0.get(format!("{ORDERS}/1")).await.refused("DIST0004");
    let order = pre_confirmed(&seller, 25).await;
    for bad in [json!({}), json!({"payment": {}}), json!({"payment": {"status": "PAID"}})] {
        step(&seller, &order, "confirm", bad).await.refused("DIST0006");
    }
    step(&seller, &order, "confirm", json!({"payment": {"status": "PAID", "amount": 25, "type": "GOLD"}})).await.refused("DIST0005");
    step(&seller, &order, "confirm", json!({"payment": {"status": "PAID", "amount": 25.001}})).await.refused("DIST0004");
    step(&seller, &order, "confirm", json!({"payment": {"status": "PAID", "amount": -25}})).await.refused("DIST0005");
}

pub async fn gift_vouchers_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let path = format!("{MGMT}/channels/{}/gift-vouchers", world.web.id);
    world.admin.0.get(&path).await.refused("NOT_FOUND");
    let group = world.gift_vouchers(json!({})).await;
    let first = world.admin.0.get(&path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(
        first.ok(),
        json!({"channel_id": world.web.id, "status": "ACTIVE", "voucher_group_id": group, "currency": "EUR", "amounts": [10, 25, 50],
            "range": {"min": 100, "max": 200, "step": 20},
            "images": [{"id": 7, "url": "https://teatre.example/roses.png", "name": "Roses", "texts": {"name": {"es-ES": "Rosas"}}}],
            "deliveries": ["EMAIL", "NONE"], "max_days_ahead": 30, "life_days": 365})
    );
    let put = async |changes: Value| {
        let mut body = json!({"voucher_group_id": group, "amounts": [50, 10, 10], "deliveries": ["NONE"]});
        body.as_object_mut().unwrap().append(changes.clone().as_object_mut().unwrap());
        world.admin.0.put(&path, body).await
    };
    let least = put(json!({})).await.ok();
    assert_eq!((&least["amounts"], &least["images"], &least["max_days_ahead"]), (&json!([10, 50]), &json!([]), &json!(90)));
    let stale = json!({"voucher_group_id": group, "amounts": [5], "deliveries": ["NONE"]});
    world.admin.0.send(Ask::new("PUT", &path).json(&stale).header("if-match", tag)).await.refused("CONFLICT");
    world.admin.0.put(&path, json!({})).await.refused("DIST0006");
    put(json!({"amounts": []})).await.refused("DIST0006");
    put(json!({"deliveries": []})).await.refused("DIST0005");
    let image = |id: u64, url: &str| json!({"id": id, "url": url, "name": "Roses"});
    for bad in [
        json!({"voucher_group_id": 999}),
        json!({"currency": "USD"}),
        json!({"amounts": [0]}),
        json!({"amounts": vec![1; 501]}),
        json!({"amounts": (1..=51).collect::<Vec<_>>()}),
        json!({"range": {"min": 20, "max": 10, "step": 1}}),
        json!({"range": {"min": 10, "max": 20, "step": 0}}),
        json!({"images": [image(1, "https://a.example/a"), image(1, "https://a.example/b")]}),
        json!({"deliveries": ["PIGEON"]}),
        json!({"max_days_ahead": 367}),
        json!({"life_days": 0}),
    ] {
        put(bad).await.refused("DIST0005");
    }
    put(json!({"images": [image(1, "javascript:alert(1)")]})).await.refused("DIST0004");
    put(json!({"amounts": [10.001]})).await.refused("DIST0004");
    put(json!({"deliveries": ["EMAIL"], "max_days_ahead": 30, "life_days": 30})).await.refused("DIST0001");
    put(json!({"deliveries": ["EMAIL"], "max_days_ahead": 30, "life_days": 31})).await.ok();
    let dollars = json!({"entity_id": world.theatre, "name": "Both", "currencies": ["EUR", "USD"]});
    let dollars = world.admin.make_id("/voucher-groups", dollars).await;
    put(json!({"voucher_group_id": dollars})).await.refused("DIST0006");
    assert_eq!(put(json!({"voucher_group_id": dollars, "currency": "USD"})).await.ok()["currency"], "USD");
    let circus = json!({"entity_id": world.circus, "name": "Circus", "currencies": ["EUR"]});
    let circus = world.admin.make_id("/voucher-groups", circus).await;
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["CHANNEL_MANAGER"]})).await;
    let manager = aforo_testkit::caller::ManagerClient::with_key(world.nobody(), text(&key, "secret")).await;
    let body = |group: u64| json!({"voucher_group_id": group, "amounts": [5], "deliveries": ["NONE"]});
    manager.0.put(&path, body(circus)).await.refused("DIST0005");
    manager.0.put(&path, body(group)).await.ok();
}
