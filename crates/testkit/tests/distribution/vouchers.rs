//! Vouchers as payment, from their making to the last cent.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, Ask, MGMT, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// A voucher that was made.
struct Made {
    id: u64,
    code: String,
    pin: String,
}

impl Made {
    /// As it is shown ever after.
    fn masked(&self) -> String {
        format!("****-****-****-{}", &self.code[15..])
    }
}

async fn group(world: &SmallWorld<'_>, mut fields: Value) -> u64 {
    let usual =
        json!({"entity_id": world.theatre, "name": "Gift voucher", "currencies": ["EUR"], "texts": {"name": {"es-ES": "Tarjeta regalo"}}});
    let mut body = usual.as_object().unwrap().clone();
    body.append(fields.as_object_mut().unwrap());
    world.admin.make_id("/voucher-groups", Value::Object(body)).await
}

async fn voucher(world: &SmallWorld<'_>, group: u64, amount: u64) -> Made {
    let issued = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), json!({"count": 1, "amount": amount})).await;
    let made = &issued["data"][0];
    let pin = made["pin"].as_str().unwrap_or_default().to_owned();
    Made { id: made["id"].as_u64().unwrap(), code: text(made, "code").to_owned(), pin }
}

async fn add(seller: &SellerClient, order: &str, code: &str) -> Answer {
    seller.order("POST", order, "/vouchers", Some(json!({ "code": code }))).await
}

/// Two seats for 40, and who buys them.
async fn basket(world: &SmallWorld<'_>, seller: &SellerClient, seats: [usize; 2]) -> String {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &seats.map(|seat| world.row[seat])).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    order
}

/// What vouchers pay of an order, and what is left to pay.
fn paid(order: &Value) -> (Vec<Value>, Value) {
    let amounts = order["vouchers"].as_array().unwrap().iter().map(|voucher| voucher["amount"].clone()).collect();
    (amounts, order["price"]["to_pay"].clone())
}

async fn looked(world: &SmallWorld<'_>, id: u64) -> Value {
    world.admin.0.get(format!("{MGMT}/vouchers/{id}")).await.ok()
}

pub async fn vouchers_pay_in_turn(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = group(&world, json!({})).await;
    let (small, large) = (voucher(&world, group, 15).await, voucher(&world, group, 50).await);
    let order = seller.create().await;
    let empty = add(&seller, &order, &small.code.to_lowercase().replace('-', " ")).await.ok();
    assert_eq!(paid(&empty), (vec![json!(0)], json!(0)), "there is nothing to pay yet");
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let shown = json!([{"id": small.id, "code": small.masked(), "name": "Tarjeta regalo", "amount": 15}]);
    assert_eq!((&filled["vouchers"], &filled["price"]["vouchers"], &filled["price"]["to_pay"]), (&shown, &json!(15), &json!(25)));
    let both = add(&seller, &order, &large.code).await.ok();
    assert_eq!(paid(&both), (vec![json!(15), json!(25)], json!(0)));
    assert_eq!(paid(&add(&seller, &order, &small.code).await.ok()), paid(&both), "again is not twice");
    let last = both["items"][1]["id"].clone();
    let less = seller.order("DELETE", &order, &format!("/items/{last}"), None).await.ok();
    assert_eq!(paid(&less), (vec![json!(15), json!(5)], json!(0)));
    let without = seller.order("DELETE", &order, &format!("/vouchers/{}", large.id), None).await.ok();
    assert_eq!(paid(&without), (vec![json!(15)], json!(5)));
    seller.order("DELETE", &order, &format!("/vouchers/{}", large.id), None).await.refused("VOUCHER_NOT_FOUND");

    seller.buyer(&order, "ada@example.org").await.ok();
    let accepted = seller.pre_confirm(&order).await.ok();
    assert_eq!(paid(&accepted), (vec![json!(15)], json!(5)));
    let reserved = looked(&world, small.id).await;
    assert_eq!((&reserved["balance"], &reserved["reserved"]), (&json!(15), &json!(15)));
    add(&seller, &order, &large.code).await.refused("ORDER_INVALID_STATUS");
    seller.confirm(&order, &json!(4)).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    seller.confirm(&order, &json!(20)).await.refused("DIST0005");
    let sold = seller.confirm(&order, &json!(5)).await.ok();
    assert_eq!((paid(&sold), &sold["status"]), (paid(&accepted), &json!("CONFIRM")));
    assert_eq!(seller.confirm(&order, &json!(5)).await.ok(), sold, "once");
    let spent = looked(&world, small.id).await;
    assert_eq!((&spent["balance"], &spent["reserved"]), (&json!(0), &json!(0)));
    let movements = world.admin.0.get(format!("{MGMT}/vouchers/{}/movements", small.id)).await.ok();
    assert_eq!(movements["metadata"]["total"], 2);
    assert_eq!(
        movements["data"][0],
        json!({"number": 2, "type": "SPENT", "date": "2031-01-15T10:00:00Z", "amount": -15, "order_code": sold["code"]})
    );
    assert_eq!((&movements["data"][1]["type"], &movements["data"][1]["amount"]), (&json!("ISSUED"), &json!(15)));

    // Who has nothing to pay hands in no payment.
    let order = basket(&world, &seller, [3, 4]).await;
    add(&seller, &order, &large.code).await.ok();
    seller.pre_confirm(&order).await.ok();
    let sold = seller.order("POST", &order, "/confirm", Some(json!({"payments": []}))).await.ok();
    assert_eq!((paid(&sold), &sold["payments"]), ((vec![json!(40)], json!(0)), &json!([])));
    assert_eq!(looked(&world, large.id).await["balance"], 10);
}

pub async fn a_voucher_is_answered_once_and_masked_ever_after(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let group = group(&world, json!({"pin_required": true})).await;
    let path = format!("{MGMT}/voucher-groups/{group}/vouchers");
    let issue = |count: u64| {
        let body = json!({"count": count, "amount": 12.5, "expires": "2032-01-01T00:00:00Z"});
        world.admin.0.send(Ask::new("POST", &path).json(&body).header("idempotency-key", "christmas"))
    };
    let made = issue(3).await.ok();
    let first = &made["data"][0];
    let (id, code, pin) = (first["id"].as_u64().unwrap(), text(first, "code"), text(first, "pin"));
    assert!(code.len() == 19 && code.split('-').all(|part| part.len() == 4) && pin.len() == 6, "{first}");
    let again = issue(3).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok()["data"][0], json!({ "id": id }), "what is repeated holds no secret");
    issue(4).await.refused("IDEMPOTENCY_KEY_REUSED");
    let list = world.admin.0.get(format!("{path}?limit=2&offset=1")).await;
    assert!(!list.text.contains(code) && !list.text.contains(pin));
    let list = list.ok();
    assert_eq!((&list["metadata"]["total"], list["data"].as_array().unwrap().len()), (&json!(3), 2));
    assert_eq!(
        looked(&world, id).await,
        json!({"id": id, "group_id": group, "code": format!("****-****-****-{}", &code[15..]), "has_pin": true, "status": "ACTIVE",
            "currency": "EUR", "balance": 12.5, "reserved": 0, "expires": "2032-01-01T00:00:00Z"})
    );

    let seller = world.seller().await;
    let order = basket(&world, &seller, [0, 1]).await;
    let body = json!({"code": code, "pin": pin});
    let ask = || Ask::new("POST", "/distribution-api/v1/orders/vouchers").header("ob-order-id", &order).header("idempotency-key", "v");
    let added = seller.0.send(ask().json(&body)).await;
    let repeated = seller.0.send(ask().json(&body)).await;
    assert_eq!((added.text.contains(code), repeated.text == added.text), (false, true));
    let valid = seller.0.post("/distribution-api/v1/vouchers/validate", body).await.ok();
    assert_eq!(
        valid,
        json!({"id": id, "code": format!("****-****-****-{}", &code[15..]), "name": "Tarjeta regalo", "currency": "EUR", "balance": 12.5,
            "expires": "2032-01-01T00:00:00Z"})
    );
}

/// Pre-confirm takes what is there by then; who finds nothing is told.
pub async fn two_orders_want_the_same_voucher(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = group(&world, json!({})).await;
    let made = voucher(&world, group, 50).await;
    let [first, second, third] =
        [basket(&world, &seller, [0, 1]).await, basket(&world, &seller, [2, 3]).await, basket(&world, &seller, [4, 5]).await];
    for order in [&first, &second, &third] {
        assert_eq!(paid(&add(&seller, order, &made.code).await.ok()), (vec![json!(40)], json!(0)));
    }
    assert_eq!(paid(&seller.pre_confirm(&first).await.ok()), (vec![json!(40)], json!(0)));
    assert_eq!(paid(&seller.pre_confirm(&second).await.ok()), (vec![json!(10)], json!(30)), "what is left");
    let refused = seller.pre_confirm(&third).await.refused("VOUCHER_BALANCE_EMPTY");
    assert_eq!(refused.body["details"], json!([{ "id": made.id }]));
    seller.confirm(&second, &json!(30)).await.ok();
    seller.order("POST", &first, "/basket", None).await.ok();
    assert_eq!(paid(&seller.pre_confirm(&third).await.ok()), (vec![json!(40)], json!(0)));
    seller.order("DELETE", &third, "", None).await.ok();
    seller.pre_confirm(&first).await.ok();
    seller.order("POST", &first, "/confirm", Some(json!({"payments": []}))).await.ok();
    assert_eq!(looked(&world, made.id).await["balance"], 0);
    seller.0.post("/distribution-api/v1/vouchers/validate", json!({"code": made.code})).await.refused("VOUCHER_BALANCE_EMPTY");
}

pub async fn expiry_and_back_to_basket_release(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = group(&world, json!({})).await;
    let made = voucher(&world, group, 30).await;
    let order = basket(&world, &seller, [0, 1]).await;
    add(&seller, &order, &made.code).await.ok();
    seller.pre_confirm(&order).await.ok();
    let back = seller.order("POST", &order, "/basket", None).await.ok();
    assert_eq!(paid(&back), (vec![json!(30)], json!(10)), "it is in the basket still");
    assert_eq!(looked(&world, made.id).await["reserved"], 0);
    seller.pre_confirm(&order).await.ok();
    assert_eq!(looked(&world, made.id).await["reserved"], 30);
    server.pass_seconds(600).await;
    let valid = seller.0.post("/distribution-api/v1/vouchers/validate", json!({"code": made.code})).await.ok();
    assert_eq!(valid["balance"], 30, "an order whose time is over holds nothing");
    let order = basket(&world, &seller, [2, 3]).await;
    add(&seller, &order, &made.code).await.ok();
    assert_eq!(paid(&seller.pre_confirm(&order).await.ok()), (vec![json!(30)], json!(10)));
    seller.confirm(&order, &json!(10)).await.ok();
    let spent = looked(&world, made.id).await;
    assert_eq!((&spent["balance"], &spent["reserved"]), (&json!(0), &json!(0)));
}

/// A PIN is asked for, and who guesses it is stopped, in however many orders.
pub async fn pins_are_guessed_in_vain(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let group = group(&world, json!({"pin_required": true})).await;
    let made = voucher(&world, group, 30).await;
    let order = seller.create().await;
    let wrong = if made.pin == "123456" { "654321" } else { "123456" };
    add(&seller, &order, &made.code).await.refused("VOUCHER_CODE_INVALID");
    let with = |pin: &str| json!({"code": made.code, "pin": pin});
    for _ in 0..10 {
        seller.0.post("/distribution-api/v1/vouchers/validate", with(wrong)).await.refused("VOUCHER_CODE_INVALID");
    }
    seller.0.post("/distribution-api/v1/vouchers/validate", with(&made.pin)).await.refused("VOUCHER_RETRIES_LIMIT_EXCEEDED");
    server.pass_seconds(15 * 60).await;
    seller.0.post("/distribution-api/v1/vouchers/validate", with(&made.pin)).await.ok();
    // The same buyer in many orders.
    for _ in 0..10 {
        let body = json!({"code": "ABCD-EFGH", "email": "Eve@example.org"});
        seller.0.post("/distribution-api/v1/vouchers/validate", body).await.refused("VOUCHER_NOT_FOUND");
    }
    let order = seller.create().await;
    seller.buyer(&order, "eve@example.org").await.ok();
    add(&seller, &order, &made.code).await.refused("VOUCHER_RETRIES_LIMIT_EXCEEDED");
}

pub async fn vouchers_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let post = async |path: &str, body: Value| world.admin.0.post(format!("{MGMT}{path}"), body).await;
    let named = |body: Value| {
        let mut all = json!({"entity_id": world.theatre, "name": "Gift", "currencies": ["EUR"]});
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        all
    };
    post("/voucher-groups", json!({"name": "Gift", "entity_id": world.theatre})).await.refused("DIST0006");
    post("/voucher-groups", named(json!({"currencies": []}))).await.refused("DIST0005");
    post("/voucher-groups", named(json!({"currencies": ["euro"]}))).await.refused("DIST0004");
    post("/voucher-groups", named(json!({"channels": [999], "events": [999]}))).await.refused("DIST0005");
    let times = json!({"valid_from": "2031-02-01T00:00:00Z", "valid_until": "2031-02-01T00:00:00Z"});
    post("/voucher-groups", named(times)).await.refused("DIST0001");
    let elsewhere = group(&world, json!({"channels": [world.box_office.id]})).await;
    let later = group(&world, json!({"valid_from": "2031-01-15T10:00:01Z"})).await;
    let other_event = json!({"entity_id": world.theatre, "name": "Other", "currency": "EUR", "default_language": "es-ES"});
    let other_event = world.admin.make_id("/events", other_event).await;
    let of_event = group(&world, json!({"events": [other_event]})).await;
    let issue = |group: u64| format!("/voucher-groups/{group}/vouchers");
    for bad in [json!({"count": 0, "amount": 5}), json!({"count": 501, "amount": 5}), json!({"count": 1, "amount": 0})] {
        post(&issue(later), bad).await.refused("DIST0005");
    }
    post(&issue(later), json!({})).await.refused("DIST0006");
    post(&issue(later), json!({"count": 1, "amount": 5, "currency": "USD"})).await.refused("DIST0005");
    post(&issue(later), json!({"count": 1, "amount": 5, "expires": "2031-01-15T10:00:00Z"})).await.refused("DIST0005");

    let order = basket(&world, &seller, [0, 1]).await;
    seller.order("POST", &order, "/vouchers", Some(json!({"code": "  "}))).await.refused("DIST0006");
    for group in [elsewhere, of_event, later] {
        let made = voucher(&world, group, 5).await;
        add(&seller, &order, &made.code).await.refused("VOUCHER_CODE_INVALID");
    }
    server.pass_seconds(1).await;
    let made = voucher(&world, later, 5).await;
    add(&seller, &order, &made.code).await.ok();
    let mut all = vec![made];
    while all.len() < 10 {
        let made = voucher(&world, later, 1).await;
        add(&seller, &order, &made.code).await.ok();
        all.push(made);
    }
    let one_more = voucher(&world, later, 1).await;
    add(&seller, &order, &one_more.code).await.refused("DIST0005");
    let accepted = seller.pre_confirm(&order).await.ok();
    assert_eq!(accepted["price"]["to_pay"], 26);
    // What is reserved is spent, whatever happens to the voucher or its group.
    world.admin.change(&format!("/vouchers/{}", all[0].id), json!({"status": "BLOCKED"})).await;
    world.admin.change(&format!("/voucher-groups/{later}"), json!({"status": "INACTIVE"})).await;
    seller.confirm(&order, &json!(26)).await.ok();
    assert_eq!(looked(&world, all[0].id).await["balance"], 0);
}
