//! Resale in the channel: a ticket that its buyer does not need is offered, found and bought by somebody else.

use aforo_testkit::builders::{SmallWorld, channel, publish, text};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::market::{barcode, finish, sell};
use aforo_testkit::resale::{LISTINGS, offer, offered, shop, take, withdraw};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

async fn refund(seller: &SellerClient, order: &Value, item: &Value) -> aforo_testkit::caller::Answer {
    let path = format!("/orders-mgmt-api/v1/orders/{}/refund", text(order, "code"));
    seller.0.post(path, json!({"items": [{ "id": item["id"] }], "type": "MANUAL", "include_surcharges": true})).await
}

async fn read(seller: &SellerClient, order: &Value) -> Value {
    seller.0.get(format!("/orders-mgmt-api/v1/orders/{}", text(order, "code"))).await.ok()
}

pub async fn a_ticket_is_sold_to_another_buyer(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..2]).await;
    assert_eq!(offered(&shop, session).await, Vec::<Value>::new());

    // Ada offers one of her two tickets. It opens no gates and is not given back as long as she does.
    let listing = offer(&shop, &first, 0, 24.0).await.ok()["listings"][0].clone();
    assert_eq!((&listing["status"], &listing["order_code"], &listing["price"]), (&json!("OPEN"), &first["code"], &json!(24)));
    assert_eq!((&listing["commission"], &listing["payout"]), (&json!(2.4), &json!({"amount": 21.6})));
    assert_eq!(read(&shop, &first).await["items"][0]["ticket"]["status"], "LISTED");
    refund(&shop, &first, &first["items"][0]).await.refused("PRODUCT_STATE_INVALID");
    offer(&shop, &first, 0, 20.0).await.refused("PRODUCT_STATE_INVALID");

    // Grace finds it in the catalogue, with what promoter and shop add, and takes it along with a seat that nobody had before.
    let seen = offered(&shop, session).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (&seen[0]["listing_id"], &seen[0]["seat"]["id"], &seen[0]["rate"]["id"]),
        (&listing["id"], &json!(world.row[0]), &json!(world.adult))
    );
    assert_eq!(seen[0]["price"], json!({"value": 24, "surcharge": {"promoter": 1, "channel": 0.5}, "total": 25.5}));
    let order = shop.create().await;
    shop.add_seats(&order, session, &world.row[2..3]).await.ok();
    let body = take(&shop, &order, &seen[0], &json!(24)).await.ok();
    let item = &body["items"][1];
    assert_eq!((&item["ticket_kind"], &item["listing_id"], &item["seat"]["id"]), (&json!("RESALE"), &listing["id"], &json!(world.row[0])));
    assert_eq!((&item["price"]["base"], &item["price"]["total"], &body["price"]["total"]), (&json!(24), &json!(25.5), &json!(45.5)));
    assert!(item.get("previous").is_none(), "whose it was is nobody's business yet: {item}");
    assert_eq!(offered(&shop, session).await, Vec::<Value>::new(), "she is about to buy it");
    assert_eq!(withdraw(&shop, &listing["id"]).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE").status, 404);

    // Nothing changes its tariff, no promotion is for it, and it is not booked.
    let booking = json!({"enabled": true});
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "booking": booking })).await;
    shop.buyer(&order, "grace@example.org").await.ok();
    let refused = shop.order("POST", &order, "/booking", None).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    assert_eq!(refused.body["details"], json!([{"id": item["id"]}]));
    let rate = json!({"rate_id": world.child});
    shop.order("PUT", &order, &format!("/items/{}/rate", item["id"]), Some(rate)).await.refused("ORDER_ITEM_INVALID");
    let promotion =
        json!({"entity_id": world.theatre, "name": "Loyal", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 50}});
    let promotion = world.admin.make_id("/promotions", promotion).await;
    let body = shop.order("POST", &order, "/promotions", Some(json!({ "id": promotion }))).await.ok();
    assert_eq!((&body["items"][0]["price"]["total"], &body["items"][1]["price"]["total"]), (&json!(10), &json!(25.5)));

    let second = finish(&shop, &order).await;
    let item = &second["items"][1];
    assert_eq!(
        (&item["ticket"]["status"], &item["previous"]),
        (&json!("VALID"), &json!({"code": first["code"], "item_id": first["items"][0]["id"]}))
    );
    assert_ne!(barcode(&second, 1), barcode(&first, 0));
    let old = read(&shop, &first).await;
    assert_eq!((&old["items"][0]["ticket"]["status"], &old["price"]), (&json!("REISSUED"), &first["price"]));
    let book = shop.0.get(format!("/orders-mgmt-api/v1/orders/{}/history", text(&first, "code"))).await.ok();
    let lines: Vec<_> = book["data"].as_array().unwrap()[1..].iter().map(|line| (&line["type"], &line["code"])).collect();
    assert_eq!(lines, [(&json!("LISTED"), &Value::Null), (&json!("REISSUED"), &second["code"])]);
    let taken = shop.add_seats(&shop.create().await, session, &world.row[..1]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(taken.body["details"], json!([{"id": world.row[0]}]));
    let sold = shop.0.get(format!("{LISTINGS}/{}", listing["id"])).await.ok();
    assert_eq!((&sold["status"], &sold["payout"]), (&json!("SOLD"), &json!({"amount": 21.6, "status": "PENDING"})));
    assert_eq!((&sold["sold"]["order_code"], &sold["sold"]["item_id"]), (&second["code"], &item["id"]));
}

pub async fn who_sold_is_paid_after_the_session_unless_the_ticket_came_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..2]).await;
    let mut bought = Vec::new();
    for nth in 0..2 {
        offer(&shop, &first, nth, 20.0).await.ok();
        let order = shop.create().await;
        take(&shop, &order, &offered(&shop, session).await[0], &json!(20)).await.ok();
        bought.push(finish(&shop, &order).await);
    }
    let payouts = async || {
        let listings = shop.0.get(format!("{LISTINGS}?order_code={}&session_id={session}", text(&first, "code"))).await.ok();
        listings["data"].as_array().unwrap().iter().map(|listing| text(&listing["payout"], "status").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(payouts().await, ["PENDING", "PENDING"]);
    refund(&shop, &first, &first["items"][0]).await.refused("PRODUCT_STATE_INVALID");

    // The first buyer gives the ticket back: the seat is for sale again, nothing is owed for it, and so what was paid first may come back, too.
    refund(&shop, &bought[0], &bought[0]["items"][0]).await.ok();
    assert_eq!(payouts().await, ["REVERSED", "PENDING"]);
    let back = refund(&shop, &first, &first["items"][0]).await.ok();
    assert_eq!(back["price"]["total"], 20);
    refund(&shop, &first, &first["items"][0]).await.refused("PRODUCT_STATE_INVALID");
    refund(&shop, &first, &first["items"][1]).await.refused("PRODUCT_STATE_INVALID");
    let again = sell(&shop, session, &world.row[..1]).await;
    assert_eq!(again["items"][0]["price"]["total"], 20);

    let path = format!("/mgmt-api/v1/events/{}/sessions/{session}", world.event);
    let starts = json!({"date": {"start": "2031-01-15T12:00:00Z", "end": "2031-01-15T13:00:00Z"}});
    world.admin.0.patch(path, starts).await.ok();
    server.pass_seconds(3 * 3_600).await;
    assert_eq!(payouts().await, ["REVERSED", "DUE"]);
}

pub async fn everybody_wants_the_same_ticket(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..1]).await;
    offer(&shop, &first, 0, 20.0).await.ok();
    let seen = offered(&shop, session).await[0].clone();
    let mut tries = Vec::new();
    for _ in 0..8 {
        let (shop, seen) = (shop.clone(), seen.clone());
        tries.push(tokio::spawn(async move {
            let order = shop.create().await;
            (take(&shop, &order, &seen, &json!(20)).await, order)
        }));
    }
    let mut holder = None;
    for one in tries {
        let (answer, order) = one.await.unwrap();
        if answer.status == 200 {
            assert!(holder.replace(order).is_none(), "two have it");
        } else {
            let refused = answer.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");
            assert_eq!(refused.body["details"], json!([{"id": seen["listing_id"]}]));
        }
    }
    // Whoever has it changes their mind; the next one lets time pass; the one after that takes it at that very moment, and buys it.
    let holder = holder.unwrap();
    let item = shop.read(&holder).await.ok()["items"][0]["id"].clone();
    shop.order("DELETE", &holder, &format!("/items/{item}"), None).await.ok();
    let next = shop.create().await;
    take(&shop, &next, &seen, &json!(20)).await.ok();
    take(&shop, &holder, &seen, &json!(20)).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");
    server.pass_seconds(601).await;
    shop.read(&next).await.refused("ORDER_EXPIRED");
    let order = shop.create().await;
    take(&shop, &order, &seen, &json!(20)).await.ok();
    let bought = finish(&shop, &order).await;
    assert_eq!(bought["items"][0]["seat"]["id"], world.row[0]);
    take(&shop, &shop.create().await, &seen, &json!(20)).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");
    // What was bought so may be offered and bought so once more.
    let listing = offer(&shop, &bought, 0, 24.0).await.ok()["listings"][0].clone();
    assert_eq!(listing["payout"]["amount"], 21.6);
}

pub async fn an_offer_is_the_houses_own_and_may_be_taken_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..2]).await;
    let listing = offer(&shop, &first, 0, 10.0).await.ok()["listings"][0].clone();
    let seen = offered(&shop, session).await[0].clone();

    // Another channel of the house offers it, too, once it sells again; but it is not that channel's to take back. Another house knows nothing of it.
    let kiosk = channel(&world.admin, world.theatre, "WEB").await;
    publish(&world.admin, world.event, session, kiosk.id, json!({})).await;
    let other = SellerClient::sign_in(world.nobody(), kiosk.id, &kiosk.secret).await;
    assert_eq!(offered(&other, session).await, Vec::<Value>::new());
    take(&other, &other.create().await, &seen, &json!(10)).await.refused("SECONDARY_MARKET_SALE_NOT_ENABLED");
    world.admin.change(&format!("/channels/{}", kiosk.id), json!({"resale": {"enabled": true}})).await;
    let theirs = offered(&other, session).await;
    assert_eq!((&theirs[0]["listing_id"], &theirs[0]["price"]["total"]), (&listing["id"], &json!(11)), "that channel adds nothing");
    withdraw(&other, &listing["id"]).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");
    other.0.get(format!("{LISTINGS}/{}", listing["id"])).await.refused("NOT_FOUND");
    let body = json!({"order_code": text(&first, "code"), "items": [{"id": first["items"][1]["id"], "price": 20}]});
    other.0.post(LISTINGS, body).await.refused("ORDER_NOT_FOUND");
    let circus = channel(&world.admin, world.circus, "WEB").await;
    publish(&world.admin, world.event, session, circus.id, json!({})).await;
    world.admin.change(&format!("/channels/{}", circus.id), json!({"resale": {"enabled": true}})).await;
    let circus = SellerClient::sign_in(world.nobody(), circus.id, &circus.secret).await;
    assert_eq!(offered(&circus, session).await, Vec::<Value>::new());
    take(&circus, &circus.create().await, &seen, &json!(10)).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");

    // Ada changes her mind: the ticket is hers as before.
    let gone = withdraw(&shop, &listing["id"]).await.ok();
    assert_eq!((&gone["status"], gone["withdrawn"].is_string()), (&json!("WITHDRAWN"), true));
    withdraw(&shop, &listing["id"]).await.refused("SECONDARY_MARKET_SEAT_NOT_AVAILABLE");
    assert_eq!(read(&shop, &first).await["items"][0]["ticket"]["status"], "VALID");
    refund(&shop, &first, &first["items"][0]).await.ok();
}

pub async fn offers_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..2]).await;
    for price in [9.99, 24.01, 20.001] {
        let refused = offer(&shop, &first, 0, price).await;
        let expected = if price == 20.001 { "DIST0004" } else { "DIST0005" };
        refused.refused(expected);
    }
    let items = |items: Value| json!({"order_code": text(&first, "code"), "items": items});
    let id = &first["items"][0]["id"];
    shop.0.post(LISTINGS, json!({})).await.refused("DIST0006");
    shop.0.post(LISTINGS, items(json!([]))).await.refused("DIST0005");
    shop.0.post(LISTINGS, items(json!([{"id": id, "price": 20}, {"id": id, "price": 20}]))).await.refused("DIST0005");
    shop.0.post(LISTINGS, items(json!([{"id": 8_888_888, "price": 20}]))).await.refused("ORDER_ITEM_INVALID");
    let unknown = json!({"order_code": "ZZZZZZZZZZZZ", "items": [{"id": id, "price": 20}]});
    shop.0.post(LISTINGS, unknown).await.refused("ORDER_NOT_FOUND");
    // All or none.
    let second = &first["items"][1]["id"];
    shop.0.post(LISTINGS, items(json!([{"id": id, "price": 20}, {"id": second, "price": 30}]))).await.refused("DIST0005");
    assert_eq!(offered(&shop, session).await, Vec::<Value>::new());
    let both = shop.0.post(LISTINGS, items(json!([{"id": id, "price": 20}, {"id": second, "price": 15}]))).await.ok();
    assert_eq!(both["listings"].as_array().unwrap().len(), 2);
    let seen = offered(&shop, session).await;
    let prices: Vec<_> = seen.iter().map(|one| one["price"]["value"].clone()).collect();
    assert_eq!(prices, [json!(15), json!(20)], "the cheapest first");

    // What promoters and channels say makes sense, too.
    let event = |terms: Value| (format!("/mgmt-api/v1/events/{}", world.event), json!({ "resale": terms }));
    let per_order = json!([{"type": "PER_ORDER", "value": 1}]);
    for terms in [json!({"floor": 130}), json!({"commission": 101}), json!({"surcharges": per_order})] {
        let (path, body) = event(terms);
        world.admin.0.patch(path, body).await.refused("DIST0005");
    }
    let channel = format!("/mgmt-api/v1/channels/{}", world.web.id);
    world.admin.0.patch(channel, json!({"resale": {"surcharges": per_order}})).await.refused("DIST0005");
    let path = format!("/mgmt-api/v1{}", world.session_path());
    let dates = json!({"date": {"resale_start": "2031-02-14T00:00:00Z"}});
    world.admin.0.patch(&path, dates).await.refused("DIST0001");
    world.admin.0.patch(&path, json!({"date": {"resale_start": null}})).await.refused("DIST0006");

    // A session that is called off takes its offers along, one that is about to be bought among them; and what is offered is not booked.
    let order = shop.create().await;
    take(&shop, &order, &seen[0], &json!(15)).await.ok();
    shop.buyer(&order, "grace@example.org").await.ok();
    shop.pre_confirm(&order).await.ok();
    world.admin.0.post(format!("{path}/cancel"), json!({"refund": {}})).await.ok();
    shop.confirm(&order, &json!(16.5)).await.refused("SESSION_NOT_FOUND");
    called_off(&world).await;
    assert_eq!(read(&shop, &first).await["items"][0]["ticket"]["status"], "REFUNDED");
    let listings = shop.0.get(LISTINGS).await.ok();
    let states: Vec<_> = listings["data"].as_array().unwrap().iter().map(|one| text(one, "status")).collect();
    assert_eq!(states, ["WITHDRAWN", "WITHDRAWN"]);
}

/// Waits until the work is done that a session leaves which was called off.
async fn called_off(world: &SmallWorld<'_>) -> Value {
    let path = format!("/mgmt-api/v1{}/cancellation", world.session_path());
    for _ in 0..800 {
        let one = world.admin.0.get(&path).await.ok();
        if one["status"] == "DONE" {
            return one;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the work is not done")
}

pub async fn who_sold_is_paid_back_when_the_session_is_called_off(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..1]).await;
    let mut owner = first.clone();
    let mut owners = vec![first.clone()];
    for _ in 0..2 {
        offer(&shop, &owner, 0, 20.0).await.ok();
        let order = shop.create().await;
        take(&shop, &order, &offered(&shop, session).await[0], &json!(20)).await.ok();
        owner = finish(&shop, &order).await;
        owners.push(owner.clone());
    }
    let path = format!("/mgmt-api/v1{}", world.session_path());
    world.admin.0.post(format!("{path}/cancel"), json!({"refund": {"include_surcharges": true}})).await.ok();
    let done = called_off(&world).await;
    // 21.50 for who has the ticket, 21.50 for who sold it on and is not paid now, 20 for who bought it first.
    assert_eq!((&done["refunded"], done.get("left")), (&json!(63), None));
    for owner in &owners {
        assert_eq!(read(&shop, owner).await["items"][0]["ticket"]["status"], "REFUNDED");
    }
    let listings = shop.0.get(LISTINGS).await.ok();
    let payouts: Vec<_> = listings["data"].as_array().unwrap().iter().map(|one| text(&one["payout"], "status")).collect();
    assert_eq!(payouts, ["REVERSED", "REVERSED"]);
}

pub async fn an_offer_ends_with_its_time(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (shop, session) = (shop(&world).await, world.session);
    let first = sell(&shop, session, &world.row[..2]).await;
    for nth in 0..2 {
        offer(&shop, &first, nth, 20.0).await.ok();
    }
    let seen = offered(&shop, session).await;
    let order = shop.create().await;
    take(&shop, &order, &seen[0], &json!(20)).await.ok();
    shop.buyer(&order, "grace@example.org").await.ok();
    let price = shop.pre_confirm(&order).await.ok()["price"]["to_pay"].clone();
    world.change_session(json!({"date": {"resale_end": "2031-01-15T10:00:00Z"}})).await;
    let mut states = Vec::new();
    for _ in 0..800 {
        let order = read(&shop, &first).await;
        states = order["items"].as_array().unwrap().iter().map(|item| text(&item["ticket"], "status").to_owned()).collect();
        if states == ["LISTED", "VALID"] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(states, ["LISTED", "VALID"], "what somebody is about to pay for is sold, the other one is its owner's again");
    shop.confirm(&order, &price).await.ok();
}
