//! Customers: kept by buying, asked what they agree to, shown all that is kept of them, and erased.

use aforo_testkit::builders::{SmallWorld, channel, text};
use aforo_testkit::caller::{Ask, Caller, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::{API, code, item_ids, sell};

const CUSTOMERS: &str = "/customers-mgmt-api/v1/customers";

/// A world whose web channel keeps its customers.
async fn keeping(server: &TestServer) -> (SmallWorld<'_>, SellerClient) {
    let world = SmallWorld::set_up(server).await;
    let changed = world.admin.change(&format!("/channels/{}", world.web.id), json!({"customers": true})).await;
    assert_eq!(changed["customers"], true);
    let seller = world.seller().await;
    (world, seller)
}

async fn find(caller: &Caller, email: &str) -> Value {
    caller.post(format!("{CUSTOMERS}/find"), json!({ "email": email })).await.ok()
}

async fn put(caller: &Caller, path: String, body: Value) -> Value {
    caller.send(Ask::new("PUT", path).json(&body)).await.ok()
}

pub async fn buyers_are_kept_as_customers(server: &TestServer) {
    let (world, seller) = keeping(server).await;
    let caller = &seller.0;
    caller.post(format!("{CUSTOMERS}/find"), json!({"email": "ada@example.org"})).await.refused("NOT_FOUND");
    let first = sell(&seller, world.session, &world.row[..1]).await;
    server.pass_seconds(60).await;
    let second = sell(&seller, world.session, &world.row[1..2]).await;
    let ada = find(caller, " ADA@example.org").await;
    assert_eq!(ada["email"], "ada@example.org");
    assert_eq!(ada["date"], json!({"created": "2031-01-15T10:00:00Z", "purchased": "2031-01-15T10:01:00Z"}));
    let path = format!("{CUSTOMERS}/{}", text(&ada, "id"));
    let bought = caller.get(format!("{path}/orders")).await.ok();
    let codes: Vec<_> = bought["data"].as_array().unwrap().iter().map(code).collect();
    assert_eq!((bought["metadata"]["total"].as_u64(), codes), (Some(2), vec![code(&first), code(&second)]));
    assert_eq!(caller.get(format!("{path}/orders?limit=1&offset=1")).await.ok()["data"][0]["code"], second["code"]);

    let changed = put(caller, path.clone(), json!({"name": "Ada", "language": "es-ES"})).await;
    assert_eq!((&changed["name"], &changed["email"], &changed["language"]), (&json!("Ada"), &json!("ada@example.org"), &json!("es-ES")));
    put(caller, format!("{path}/consents/newsletter"), json!({"given": true, "text": "News by e-mail?"})).await;
    server.pass_seconds(60).await;
    let said = put(caller, format!("{path}/consents/newsletter"), json!({"given": false})).await;
    let consent = json!({"name": "newsletter", "given": false, "date": "2031-01-15T10:02:00Z", "channel_id": world.web.id});
    assert_eq!(said["consents"], json!([consent]), "the last word counts");

    // Another channel of the same entity knows the customer, and not what it bought elsewhere.
    let other = channel(&world.admin, world.theatre, "WEB").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await.0;
    assert_eq!(other.get(&path).await.ok(), said);
    assert_eq!(other.get(format!("{path}/orders")).await.ok()["metadata"]["total"], 0);
    let created = other.post(CUSTOMERS, json!({"email": "bob@example.org", "phone": "961"})).await.ok();
    assert!(created["date"].get("purchased").is_none() && created["phone"] == "961");
    other.post(CUSTOMERS, json!({"email": "BOB@example.org"})).await.refused("CONFLICT");
    let listed = caller.get(CUSTOMERS).await.ok();
    assert_eq!((&listed["metadata"]["total"], &listed["data"][1]), (&json!(2), &created));
}

pub async fn a_person_is_erased_and_the_books_stay(server: &TestServer) {
    let (world, seller) = keeping(server).await;
    let form = json!({"fields": [{"key": "name", "type": "TEXT"}]});
    world.admin.change(&format!("/events/{}", world.event), json!({ "attendee_form": form })).await;
    world.admin.change(&format!("/events/{}/sessions/{}", world.event, world.session), json!({"buyer_limit": 3})).await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let (items, order) = (item_ids(&sold), format!("{API}/orders/{}", code(&sold)));
    let attendees = json!({"attendees": [{"item_id": items[0], "fields": {"name": "Ada L."}}]});
    seller.0.post(format!("{order}/attendees"), attendees).await.ok();
    let refund = seller.0.post(format!("{order}/refund"), json!({"items": [{"id": items[1]}], "type": "MANUAL"})).await.ok();
    let ada = text(&find(&seller.0, "ada@example.org").await, "id").to_owned();
    let export = seller.0.get(format!("{CUSTOMERS}/{ada}/export")).await.ok();
    assert_eq!((&export["customer"]["email"], &export["orders"][0]["code"]), (&json!("ada@example.org"), &sold["code"]));

    let erase = || Ask::new("DELETE", format!("{CUSTOMERS}/{ada}")).header("idempotency-key", "please");
    let answer = json!({"id": ada, "status": "ERASED"});
    assert_eq!(seller.0.send(erase()).await.ok(), answer);
    let again = seller.0.send(erase()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), answer);
    seller.0.get(format!("{CUSTOMERS}/{ada}")).await.refused("NOT_FOUND");
    let after = seller.0.get(&order).await.ok();
    assert_eq!((after.get("buyer"), &after["price"], &after["payments"]), (None, &export["orders"][0]["price"], &sold["payments"]));
    assert_eq!(after["items"][0]["ticket"], sold["items"][0]["ticket"], "the ticket still opens the gate");
    assert!(!after.to_string().contains("Ada") && !after.to_string().contains("ada@"), "{after}");
    let refund = seller.0.get(format!("{API}/orders/{}", code(&refund))).await;
    assert!(!refund.text.contains("ada@"), "{}", refund.text);
    let book = seller.0.get(format!("{order}/history")).await.ok();
    assert_eq!(book["data"].as_array().unwrap().last().unwrap()["type"], "ERASED");

    // What the person bought still counts against the limit, and is given back to it.
    let order_of_four = seller.create().await;
    seller.add_seats(&order_of_four, world.session, &world.row[3..6]).await.ok();
    seller.buyer(&order_of_four, "ada@example.org").await.refused("SESSION_SALES_LIMIT_EXCEEDED");
    seller.0.post(format!("{order}/refund"), json!({"items": [{"id": items[0]}], "type": "MANUAL"})).await.ok();
    seller.buyer(&order_of_four, "ada@example.org").await.ok();
}

pub async fn who_asks_for_customers(server: &TestServer) {
    let (world, seller) = keeping(server).await;
    sell(&seller, world.session, &world.row[..1]).await;
    let ada = text(&find(&seller.0, "ada@example.org").await, "id").to_owned();
    world.admin.0.get(CUSTOMERS).await.refused("INVALID_AUTH_CLIENT_ID");
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    let counter = world.nobody().signed_in(&world.counter(&strings, &[])).await;
    assert_eq!(counter.get(format!("{CUSTOMERS}/{ada}")).await.ok()["email"], "ada@example.org");
    counter.get(format!("{CUSTOMERS}/{ada}/export")).await.refused("FORBIDDEN_RESOURCE");
    counter.send(Ask::new("DELETE", format!("{CUSTOMERS}/{ada}"))).await.refused("FORBIDDEN_RESOURCE");
    seller.0.get(format!("{CUSTOMERS}/ada@example.org")).await.refused("DIST0004");
    seller.0.post(CUSTOMERS, json!({"name": "Nobody"})).await.refused("DIST0006");
    seller.0.post(CUSTOMERS, json!({"email": "no e-mail"})).await.refused("DIST0004");
    let consent = |name: &str| Ask::new("PUT", format!("{CUSTOMERS}/{ada}/consents/{name}"));
    seller.0.send(consent("news").json(&json!({}))).await.refused("DIST0006");
    seller.0.send(consent(&"n".repeat(101)).json(&json!({"given": true}))).await.refused("DIST0005");
    for number in 0..50 {
        seller.0.send(consent(&number.to_string()).json(&json!({"given": true}))).await.ok();
    }
    seller.0.send(consent("one-more").json(&json!({"given": true}))).await.refused("CONFLICT");
}
