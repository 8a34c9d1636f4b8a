//! Refunds through HTTP: what comes back, how it is shown, and who may ask for it.

use aforo_testkit::builders::{SmallWorld, id, text};
use aforo_testkit::caller::{Answer, Ask, Caller, ManagerClient, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::{API, code, codes, finish, ids, item_ids, sell, with_role};

/// Asks for these items of an order.
pub async fn refund(caller: &Caller, order: &Value, items: &[u64], with: Value) -> Answer {
    let items: Vec<_> = items.iter().map(|id| json!({ "id": id })).collect();
    let mut body = json!({"items": items, "type": "MANUAL"});
    body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    caller.post(format!("{API}/orders/{}/refund", code(order)), body).await
}

pub async fn read(caller: &Caller, order: &Value) -> Value {
    caller.get(format!("{API}/orders/{}", code(order))).await.ok()
}

pub async fn a_refund_is_an_order_of_its_own(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    server.pass_seconds(60).await;
    let back = refund(&seller.0, &sold, &items[..1], json!({})).await.ok();
    assert_eq!((&back["type"], &back["status"], &back["previous_code"]), (&json!("REFUND"), &json!("CONFIRM"), &sold["code"]));
    assert_ne!(back["code"], sold["code"]);
    assert_eq!((&back["price"]["total"], &back["payments"]), (&json!(20), &json!([{"type": "MANUAL", "amount": 20}])));
    assert_eq!((item_ids(&back), back["items"][0].get("ticket")), (items[..1].to_vec(), None));
    assert_eq!(read(&seller.0, &back).await, back);

    let after = read(&seller.0, &sold).await;
    let note = json!({"code": back["code"], "date": "2031-01-15T11:01:00.000+01:00", "total": 20, "items": [{"id": items[0]}]});
    assert_eq!((&after["refunds"], &after["price"], &after["payments"]), (&json!([note]), &sold["price"], &sold["payments"]));
    let states: Vec<_> = after["items"].as_array().unwrap().iter().map(|item| item["ticket"]["status"].clone()).collect();
    assert_eq!(states, ["REFUNDED", "VALID"]);

    // Lists: what is sold still, all that was, and what changed since.
    let session = world.session;
    let list = async |query: &str| ids(&seller.0, &format!("/order-items?session_id={session}{query}")).await.1;
    assert_eq!(list("").await, items[1..]);
    assert_eq!(list("&search_mode=GROSS").await, items);
    assert_eq!(list("&search_mode=GROSS&last_modified=gte:2031-01-15T10:00:30Z").await, items[..1]);
    let gross = seller.0.get(format!("{API}/order-items?session_id={session}&search_mode=GROSS&limit=1")).await.ok();
    assert_eq!(gross["data"][0]["refund"], json!({"code": back["code"], "date": "2031-01-15T11:01:00.000+01:00"}));
    assert_eq!(gross["data"][0]["last_modified"], "2031-01-15T11:01:00.000+01:00");
    let both = vec![code(&sold).to_owned(), code(&back).to_owned()];
    assert_eq!(codes(&seller.0, "/orders").await.1, both);
    assert_eq!(codes(&seller.0, "/orders?type=PURCHASE").await.1, both[..1]);
    assert_eq!(codes(&seller.0, "/orders?type=REFUND").await.1, both[1..]);

    let lines = async |order: &Value| {
        let book = seller.0.get(format!("{API}/orders/{}/history", code(order))).await.ok();
        let line = |line: &Value| (line["number"].as_u64().unwrap(), line["type"].clone(), line["code"].clone(), line["total"].clone());
        book["data"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let first = (1, json!("CONFIRMED"), Value::Null, json!(40));
    assert_eq!(lines(&sold).await, [first, (2, json!("REFUNDED"), back["code"].clone(), json!(20))]);
    assert_eq!(lines(&back).await, [(1, json!("REFUND"), sold["code"].clone(), json!(20))]);

    // The place is for sale again, and the rest may come back later.
    sell(&seller, world.session, &world.row[..1]).await;
    refund(&seller.0, &sold, &items, json!({})).await.refused("PRODUCT_STATE_INVALID");
    refund(&seller.0, &sold, &items[1..], json!({})).await.ok();
}

pub async fn of_two_who_ask_for_the_same_one_wins(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let (one, other) = tokio::join!(
        refund(&seller.0, &sold, &items, json!({})),
        refund(&world.admin.0, &sold, &items[..1], json!({"include_surcharges": true}))
    );
    let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
    let lost = lost.refused("PRODUCT_STATE_INVALID");
    assert!(lost.body["details"].as_array().unwrap().contains(&json!({"id": items[0]})), "{}", lost.text);
    let won = won.ok();
    assert_eq!(read(&seller.0, &sold).await["refunds"].as_array().unwrap().len(), 1);

    // Repeated with its key it is the same, and nothing happens twice.
    let sold = sell(&seller, world.session, &world.row[4..6]).await;
    let path = format!("{API}/orders/{}/refund", code(&sold));
    let body = json!({"items": [{"id": item_ids(&sold)[0]}], "type": "MANUAL"});
    let ask = || Ask::new("POST", &path).json(&body).header("idempotency-key", "refund-1");
    let first = seller.0.send(ask()).await.ok();
    let again = seller.0.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), first);
    assert_ne!(first["code"], won["code"]);
    assert_eq!(codes(&seller.0, "/orders?type=REFUND").await.0, 2);
}

/// Surcharges, delivery and insurance come back if they are asked for, the delivery once; what a voucher paid goes back to it first.
pub async fn what_comes_back_is_what_is_asked_for(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let terms = json!({
        "delivery_methods": [{"id": 2, "type": "POST", "name": "Post", "cost": 4.5}],
        "insurances": [{"id": 8, "name": "Rain", "type": "FIXED", "value": 1.25}],
        "surcharges": [{"type": "PER_TICKET", "value": 1.5}, {"type": "PER_ORDER", "value": 2}],
    });
    world.admin.change(&format!("/channels/{}", world.web.id), terms).await;
    let group = world.admin.make_id("/voucher-groups", json!({"entity_id": world.theatre, "name": "Gift", "currencies": ["EUR"]})).await;
    let issued = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), json!({"count": 1, "amount": 30})).await;
    let (voucher, secret) = (id(&issued["data"][0]), text(&issued["data"][0], "code").to_owned());
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let call = async |path: &str, body: Value| drop(seller.order("POST", &order, path, Some(body)).await.ok());
    call("/delivery-methods", json!({"id": 2})).await;
    call("/insurances", json!({"id": 8})).await;
    call("/vouchers", json!({"code": secret})).await;
    let sold = finish(&seller, &order).await;
    assert_eq!((&sold["price"]["total"], &sold["price"]["to_pay"]), (&json!(52), &json!(22)), "40 + 5 + 2.5 + 4.5");
    let items = item_ids(&sold);

    let everything = json!({"include_surcharges": true, "include_delivery": true, "include_insurance": true});
    let first = refund(&seller.0, &sold, &items[..1], everything.clone()).await.ok();
    assert_eq!((&first["price"]["total"], &first["price"]["vouchers"]), (&json!(27.25), &json!(27.25)), "20 + 1.5 + 1.25 + 4.5");
    assert_eq!((&first["payments"], &first["vouchers"][0]["amount"]), (&json!([]), &json!(27.25)));
    let second = refund(&seller.0, &sold, &items[1..], everything).await.ok();
    assert_eq!((&second["price"]["total"], second.get("delivery")), (&json!(24.75), None), "the last one takes what is per order along");
    assert_eq!((&second["price"]["vouchers"], &second["payments"]), (&json!(2.75), &json!([{"type": "MANUAL", "amount": 22}])));
    let book = world.admin.0.get(format!("/mgmt-api/v1/vouchers/{voucher}/movements")).await.ok();
    let lines: Vec<_> = book["data"].as_array().unwrap().iter().map(|line| (line["type"].clone(), line["amount"].clone())).collect();
    let line = |kind: &str, amount: Value| (json!(kind), amount);
    assert_eq!(
        lines,
        [line("REFUNDED", json!(2.75)), line("REFUNDED", json!(27.25)), line("SPENT", json!(-30)), line("ISSUED", json!(30))]
    );
    assert_eq!(world.admin.0.get(format!("/mgmt-api/v1/vouchers/{voucher}")).await.ok()["balance"], json!(30));
}

/// Uses of a promotion come back only if it says so, an imported barcode never, and a buyer's limit counts what is still there.
pub async fn counters_are_given_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.change_session(json!({"buyer_limit": 2})).await;
    let seller = world.seller().await;
    let promotion = async |returned: bool| {
        let body = json!({"entity_id": world.theatre, "name": "Few", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10},
            "limits": {"total": 2, "returned_on_refund": returned}});
        world.admin.make_id("/promotions", body).await
    };
    let (kept, returned) = (promotion(false).await, promotion(true).await);
    let buy = async |promotion: u64, seats: &[u64]| {
        let order = seller.create().await;
        seller.add_seats(&order, world.session, seats).await.ok();
        seller.order("POST", &order, "/promotions", Some(json!({ "id": promotion }))).await.ok();
        finish(&seller, &order).await
    };
    for (promotion, comes_back) in [(kept, false), (returned, true)] {
        let sold = buy(promotion, &world.row[..2]).await;
        // The same buyer has no room for more.
        let order = seller.create().await;
        seller.add_seats(&order, world.session, &world.row[4..6]).await.ok();
        let buyer = seller.buyer(&order, "ada@example.org").await;
        buyer.refused("SESSION_SALES_LIMIT_EXCEEDED");
        seller.order("DELETE", &order, "", None).await.ok();
        let back = refund(&seller.0, &sold, &item_ids(&sold), json!({})).await.ok();
        assert_eq!(back["price"]["total"], json!(36), "what was paid for it");
        let order = seller.create().await;
        seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
        let again = seller.order("POST", &order, "/promotions", Some(json!({ "id": promotion }))).await;
        if comes_back {
            drop(again.ok())
        } else {
            drop(again.refused("ORDER_PROMOTION_LIMIT_EXCEEDED"))
        }
        seller.order("DELETE", &order, "", None).await.ok();
    }
}

pub async fn who_may_give_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let reports = with_role(&world, world.theatre, "REPORTS").await;
    refund(&reports, &sold, &items, json!({})).await.refused("FORBIDDEN_RESOURCE");
    let circus = with_role(&world, world.circus, "AFTER_SALES").await;
    refund(&circus, &sold, &items, json!({})).await.refused("ORDER_NOT_FOUND");
    let person = json!({"entity_id": world.theatre, "username": "carme", "password": "long enough", "roles": ["AFTER_SALES"]});
    let person = world.admin.make_id("/users", person).await;
    let carme = ManagerClient::with_password(world.nobody(), "carme", "long enough").await.0;
    refund(&carme, &sold, &items, json!({})).await.refused("AUTH0027");
    world.admin.change(&format!("/users/{person}"), json!({"permissions": ["REFUND"]})).await;
    refund(&carme, &sold, &items[..1], json!({"block_places": true})).await.refused("AUTH0027");
    world.admin.change(&format!("/users/{person}"), json!({"permissions": ["REFUND", "BLOCK_SEATS"]})).await;
    let back = refund(&carme, &sold, &items[..1], json!({"block_places": true})).await.ok();
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..1]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    let book = carme.get(format!("{API}/orders/{}/history", code(&back))).await.ok();
    assert_eq!(book["data"][0]["by"], json!({"channel_id": world.web.id, "user_id": person}));
    let asked = format!("{API}/orders/{}/refund?operator_id={}", code(&sold), world.operator);
    world.platform.0.post(asked, json!({"items": [{"id": items[1]}], "type": "MANUAL"})).await.ok();
}

pub async fn a_refund_is_asked_for_in_its_form(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let item = item_ids(&sold)[0];
    let ask = async |body: Value| seller.0.post(format!("{API}/orders/{}/refund", code(&sold)), body).await;
    let refused = async |body: Value, code: &str| ask(body).await.refused(code).message().to_owned();
    assert_eq!(refused(json!({}), "DIST0006").await, "Parameter(s) required: 'items, type'");
    refused(json!({"items": [], "type": "MANUAL"}), "DIST0005").await;
    refused(json!({"items": [{"id": 0}], "type": "MANUAL"}), "DIST0005").await;
    refused(json!({"items": [{"id": item}], "type": "AUTOMATIC"}), "DIST0005").await;
    refused(json!({"items": [{"id": item}], "type": "MANUAL", "include_delivery": "yes"}), "DIST0002").await;
    let unknown = ask(json!({"items": [{"id": item}, {"id": 777_777}], "type": "MANUAL"})).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(unknown.body["details"], json!([{"id": 777_777}]));
    assert!(read(&seller.0, &sold).await.get("refunds").is_none());
    let booked = booking(&world, &seller).await;
    refund(&seller.0, &booked, &item_ids(&booked), json!({})).await.refused("ORDER_INVALID_STATUS");
}

/// A booking of two seats.
pub async fn booking(world: &SmallWorld<'_>, seller: &SellerClient) -> Value {
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"booking": {"enabled": true, "minutes": 30}})).await;
    world.change_session(json!({"date": {"booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-22T00:00:00Z"}})).await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[4..6]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.order("POST", &order, "/booking", None).await.ok()
}
