//! Calling a session off through HTTP: the sale ends, the tickets come back by themselves, and the work survives being stopped.

use aforo_testkit::builders::{SmallWorld, publish};
use aforo_testkit::caller::ManagerClient;
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::{Value, json};

use super::refunds::{booking, read};
use super::{API, codes, finish, item_ids, sell, with_role};

async fn cancel(world: &SmallWorld<'_>, body: Value) -> Value {
    world.admin.0.post(format!("/mgmt-api/v1{}/cancel", world.session_path()), body).await.ok()
}

async fn progress(manager: &ManagerClient, path: &str) -> Value {
    manager.0.get(format!("/mgmt-api/v1{path}/cancellation")).await.ok()
}

/// Looks until the work is done.
async fn done(look: impl AsyncFn() -> Value) -> Value {
    for _ in 0..800 {
        let one = look().await;
        if one["status"] == "DONE" {
            return one;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the work is not done")
}

async fn until_done(manager: &ManagerClient, path: &str) -> Value {
    done(async || progress(manager, path).await).await
}

pub async fn a_session_is_called_off_and_everybody_is_paid_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let booked = booking(&world, &seller).await;
    let first = sell(&seller, world.session, &world.row[..2]).await;
    let second = sell(&seller, world.session, &world.row[2..3]).await;
    let started = cancel(&world, json!({"refund": {}})).await;
    assert_eq!((&started["session_id"], &started["refund"]["include_surcharges"]), (&json!(world.session), &json!(true)));
    let done = until_done(&world.admin, &world.session_path()).await;
    assert_eq!((&done["orders"], &done["tickets"], &done["bookings"]), (&json!(2), &json!(3), &json!(1)));
    assert_eq!((&done["refunded"], &done["remaining"], done.get("left")), (&json!(60), &json!(0), None));
    for sold in [&first, &second] {
        let after = read(&seller.0, sold).await;
        assert!(after["items"].as_array().unwrap().iter().all(|item| item["ticket"]["status"] == "REFUNDED"), "{after}");
        assert_eq!(after["refunds"].as_array().unwrap().len(), 1);
    }
    assert_eq!(codes(&seller.0, "/orders?type=REFUND").await.0, 2);
    seller.0.get(format!("{API}/orders/{}", super::code(&booked))).await.refused("ORDER_NOT_FOUND");
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..1]).await.refused("SESSION_NOT_FOUND");
    let path = format!("/mgmt-api/v1{}", world.session_path());
    assert_eq!(world.admin.0.get(&path).await.ok()["status"], "CANCELLED");
    world.admin.0.post(format!("{path}/cancel"), json!({})).await.refused("CONFLICT");
    world.admin.0.post(format!("{path}/cancellation/pause"), json!({})).await.refused("CONFLICT");
}

/// Without a refund the tickets are cancelled, and who wants to come on another day goes there.
pub async fn cancelled_tickets_go_to_another_session(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let of_event = format!("/events/{}/sessions", world.event);
    let here = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok();
    let repeat = json!({"name": "Repeat", "venue_template_id": here["venue_template_id"], "status": "READY",
        "date": {"start": "2031-02-07T19:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.stalls, "value": 20}, {"price_type_id": world.floor, "value": 10}]}]});
    let session = world.admin.make_id(&of_event, repeat).await;
    publish(&world.admin, world.event, session, world.web.id, json!({})).await;
    cancel(&world, json!({})).await;
    let done = until_done(&world.admin, &world.session_path()).await;
    assert_eq!((&done["tickets"], &done["refunded"], done.get("refund")), (&json!(2), &json!(0), None));
    let after = read(&seller.0, &sold).await;
    assert_eq!((&after["items"][0]["ticket"]["status"], after.get("refunds")), (&json!("CANCELLED"), None));
    let moves = json!({"items": [{"id": items[0], "session_id": session, "seat_id": world.row[0]}]});
    let new = seller.0.post(format!("{API}/orders/{}/relocate", super::code(&sold)), moves).await.ok();
    assert_eq!(new["items"][0]["ticket"]["status"], "VALID");
    let back = json!({"items": [{"id": items[1]}], "type": "MANUAL"});
    assert_eq!(seller.0.post(format!("{API}/orders/{}/refund", super::code(&sold)), back).await.ok()["price"]["total"], json!(20));
    let book = seller.0.get(format!("{API}/orders/{}/history", super::code(&sold))).await.ok();
    let kinds: Vec<_> = book["data"].as_array().unwrap().iter().map(|line| line["type"].clone()).collect();
    assert_eq!(kinds, ["CONFIRMED", "CANCELLED", "RELOCATED", "REFUNDED"]);
}

pub async fn who_may_call_a_session_off(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let path = format!("/mgmt-api/v1{}", world.session_path());
    let after_sales = with_role(&world, world.theatre, "AFTER_SALES").await;
    after_sales.post(format!("{path}/cancel"), json!({})).await.refused("FORBIDDEN_RESOURCE");
    let circus = with_role(&world, world.circus, "EVENT_MANAGER").await;
    circus.post(format!("{path}/cancel"), json!({})).await.refused("NOT_FOUND");
    let person = json!({"entity_id": world.theatre, "username": "carme", "password": "long enough", "roles": ["EVENT_MANAGER"]});
    world.admin.make_id("/users", person).await;
    let carme = ManagerClient::with_password(world.nobody(), "carme", "long enough").await.0;
    carme.post(format!("{path}/cancel"), json!({"refund": {}})).await.refused("AUTH0027");
    carme.get(format!("{path}/cancellation")).await.refused("NOT_FOUND");
    assert_eq!(world.admin.0.get(&path).await.ok()["status"], "READY");
    carme.post(format!("{path}/cancel"), json!({})).await.ok();
}

/// Stopped in the midst, and the process killed: after the next start nothing happens until it is told to go on, and then nothing happens twice.
pub async fn the_work_is_paused_and_survives_a_restart(engine: Engine) {
    let server = TestServer::start(engine).await;
    let world = SmallWorld::set_up(&server).await;
    let seller = world.seller().await;
    let mut sold = Vec::new();
    for pair in world.row.chunks(2) {
        sold.push(sell(&seller, world.session, pair).await);
    }
    let path = world.session_path();
    cancel(&world, json!({"refund": {"include_insurance": false}})).await;
    // However far it came meanwhile, it is stopped or done.
    world.admin.0.post(format!("/mgmt-api/v1{path}/cancellation/pause"), json!({})).await;
    let (event, session, row) = (world.event, world.session, world.row.len());
    drop((world, seller));
    let server = server.killed_and_started(|_| {}).await;
    let platform = server.platform().await;
    let operator = platform.0.get("/mgmt-api/v1/operators").await.ok()["data"][0]["id"].as_u64().unwrap();
    let at = |what: &str| format!("/mgmt-api/v1/events/{event}/sessions/{session}/cancellation{what}?operator_id={operator}");
    platform.0.post(at("/resume"), json!({})).await;
    let one = done(async || platform.0.get(at("")).await.ok()).await;
    assert_eq!((&one["tickets"], &one["orders"], &one["refunded"]), (&json!(row), &json!(sold.len()), &json!(20 * row)));
    let refunds = platform.0.get(format!("{API}/orders?type=REFUND&operator_id={operator}")).await.ok();
    assert_eq!(refunds["metadata"]["total"], json!(sold.len()));
    server.stop().await;
}

/// A season of two sessions at 30, of which 20 are the first one's: they come back when that is called off, and the ticket is good for the other.
pub async fn season_tickets_are_given_the_sessions_share_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let of_event = format!("/events/{}/sessions", world.event);
    let here = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok();
    let session = |name: &str, value: u64| {
        json!({"name": name, "venue_template_id": here["venue_template_id"], "status": "READY",
            "date": {"start": "2031-02-07T19:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
            "rates": [{"name": "All", "prices": [{"price_type_id": world.stalls, "value": value}, {"price_type_id": world.floor, "value": value}]}]})
    };
    let repeat = world.admin.make_id(&of_event, session("Repeat", 20)).await;
    let mut both = session("Both", 30);
    both["season"] = json!({"sessions": [{"id": world.session, "weight": 2}, {"id": repeat}]});
    both["date"] = json!({"sale_start": "2031-01-01T00:00:00Z"});
    let both = world.admin.make_id(&of_event, both).await;
    publish(&world.admin, world.event, both, world.web.id, json!({})).await;
    let order = seller.create().await;
    seller.add_seats(&order, both, &world.row[..2]).await.ok();
    seller.add_seats(&order, world.session, &world.row[2..4]).await.ok();
    let sold = finish(&seller, &order).await;
    let items = item_ids(&sold);
    cancel(&world, json!({"refund": {}})).await;
    let done = until_done(&world.admin, &world.session_path()).await;
    assert_eq!((&done["tickets"], &done["season_shares"], &done["refunded"]), (&json!(2), &json!(2), &json!(80)));
    assert_eq!((&done["remaining"], done.get("left")), (&json!(2), None), "season tickets keep their places");
    let after = read(&seller.0, &sold).await;
    let states: Vec<_> = after["items"].as_array().unwrap().iter().map(|item| item["ticket"]["status"].clone()).collect();
    assert_eq!(states, ["VALID", "VALID", "REFUNDED", "REFUNDED"]);
    let share = &after["refunds"][1];
    assert_eq!((&share["total"], &share["share_of"]), (&json!(40), &json!({"id": world.session})));
    let refund = read(&seller.0, share).await;
    assert_eq!((&refund["share_of"], &refund["price"]["total"]), (&json!({"id": world.session}), &json!(40)));
    assert_eq!(refund["items"][0]["season"]["sessions"].as_array().unwrap().len(), 1);

    let span = "from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z";
    let report = world.admin.0.get(format!("/mgmt-api/v1/reports/sales?{span}")).await.ok();
    let refunds = &report["data"][0]["refunds"];
    assert_eq!((&refunds["tickets"], &refunds["total"]), (&json!(2), &json!(80)), "no season ticket came back");
    let lines = world.admin.0.get(format!("/mgmt-api/v1/exports/order-items?{span}&format=NDJSON")).await.text;
    assert_eq!(lines.lines().filter(|line| line.contains(r#""type":"SEASON_SHARE""#)).count(), 2);
    let back = json!({"items": [{"id": items[0]}], "type": "MANUAL"});
    assert_eq!(seller.0.post(format!("{API}/orders/{}/refund", super::code(&sold)), back).await.ok()["price"]["total"], json!(10));
}
