//! Sessions that move to another time, and sessions and events that are called off: what becomes of the sale, of live orders and of tickets.

use aforo_testkit::builders::{SmallWorld, publish};
use aforo_testkit::caller::{Ask, SellerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_session_moves_with_its_sale,
    orders_and_tickets_stay_good_when_a_session_moves,
    a_window_with_a_date_of_its_own_stays,
    what_cannot_move_is_refused,
    a_cancelled_session_sells_nothing_any_more,
    a_cancelled_event_hides_its_sessions,
];

const MGMT: &str = "/mgmt-api/v1";

fn path(world: &SmallWorld<'_>) -> String {
    format!("{MGMT}{}/postpone", world.session_path())
}

/// An order with two seats that waits for its payment: its id and what is to pay.
async fn pre_confirmed(world: &SmallWorld<'_>, seller: &SellerClient, seats: &[u64]) -> (String, Value) {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, seats).await.ok();
    seller.buyer(&order, "ada@example.com").await.ok();
    let body = seller.pre_confirm(&order).await.ok();
    (order, body["price"]["to_pay"].clone())
}

async fn a_session_moves_with_its_sale(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let dates = json!({"end": "2031-01-31T22:00:00+01:00", "sale_end": "2031-01-31T19:30:00+01:00", "start_unconfirmed": true,
        "booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-31T12:00:00Z"});
    world.change_session(json!({"date": dates})).await;
    publish(&world.admin, world.event, world.session, world.web.id, json!({"sale_end": "2031-01-31T18:00:00+01:00"})).await;
    // Clocks go forward meanwhile; what is moved is moved by the span of time.
    let moved = world.admin.0.post(path(&world), json!({"start": "2031-04-04T21:00:00+02:00"})).await;
    assert_eq!(moved.header("etag"), "\"3\"");
    assert_eq!(
        moved.ok()["date"],
        json!({"start": "2031-04-04T21:00:00+02:00", "end": "2031-04-04T23:00:00+02:00", "sale_start": "2031-01-14T01:00:00+01:00",
            "sale_end": "2031-04-04T20:30:00+02:00", "booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-04-04T12:00:00Z",
            "start_unconfirmed": false, "postponed_from": "2031-01-31T20:00:00+01:00"})
    );
    let publication = format!("{MGMT}{}/channels/{}", world.session_path(), world.web.id);
    let publication = world.admin.0.get(publication).await;
    assert_eq!((publication.header("etag"), &publication.body["sale_end"]), ("\"3\"", &json!("2031-04-04T19:00:00+02:00")));
    let seller = world.seller().await;
    let shown = seller.0.get(format!("/catalog-api/v1/sessions/{}", world.session)).await.ok();
    assert_eq!((&shown["date"]["start"], &shown["on_sale"]), (&json!("2031-04-04T21:00:00+02:00"), &json!(true)));
    // A change of something else keeps where it came from.
    let renamed = world.change_session(json!({"name": "Friday in April"})).await;
    assert_eq!(renamed["date"]["postponed_from"], "2031-01-31T20:00:00+01:00");
    let again = json!({"start": "2031-05-02T21:00:00+02:00", "end": "2031-05-02T22:00:00+02:00"});
    let again = world.admin.0.post(path(&world), again).await.ok();
    assert_eq!(again["date"]["postponed_from"], "2031-04-04T21:00:00+02:00");
    assert_eq!(again["date"]["end"], "2031-05-02T22:00:00+02:00");
}

async fn orders_and_tickets_stay_good_when_a_session_moves(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let (sold, price) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    let ticket = seller.confirm(&sold, &price).await.ok()["items"][0]["barcode"].clone();
    let (waiting, price) = pre_confirmed(&world, &seller, &world.row[2..4]).await;
    let basket = seller.create().await;
    seller.add_seats(&basket, world.session, &world.row[4..6]).await.ok();
    world.admin.0.post(path(&world), json!({"start": "2031-06-06T20:00:00+02:00"})).await.ok();
    let body = seller.read(&sold).await.ok();
    assert_eq!((&body["status"], &body["items"][0]["barcode"]), (&json!("CONFIRM"), &ticket));
    seller.confirm(&waiting, &price).await.ok();
    seller.buyer(&basket, "ada@example.com").await.ok();
    seller.pre_confirm(&basket).await.ok();
    let seats = seller.0.get(format!("/catalog-api/v1/sessions/{}/seats?form=status", world.session)).await.ok();
    assert_eq!(seats["status"], format!("TTTTTT{}", "F".repeat(10)));
}

async fn a_window_with_a_date_of_its_own_stays(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.change_session(json!({"date": {"sale_end": "2031-01-20T00:00:00Z"}})).await;
    let moved = world.admin.0.post(path(&world), json!({"start": "2031-03-07T20:00:00+01:00"})).await.ok();
    assert_eq!(moved["date"]["sale_end"], "2031-01-20T01:00:00+01:00");
    // The same time again confirms it and moves nothing.
    let before = world.change_session(json!({"date": {"start_unconfirmed": true}})).await;
    let confirmed = world.admin.0.post(path(&world), json!({"start": "2031-03-07T20:00:00+01:00"})).await.ok();
    assert_eq!(confirmed["date"]["start_unconfirmed"], false);
    for name in ["start", "end", "sale_end", "postponed_from"] {
        assert_eq!(confirmed["date"][name], before["date"][name], "{name}");
    }
}

async fn what_cannot_move_is_refused(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    admin.post(path(&world), json!({})).await.refused("DIST0006");
    admin.post(path(&world), json!({"start": "in spring"})).await.refused("DIST0004");
    let backwards = json!({"start": "2031-03-07T20:00:00Z", "end": "2031-03-07T19:00:00Z"});
    admin.post(path(&world), backwards).await.refused("DIST0001");
    let before_the_sale = json!({"start": "2031-01-13T20:00:00Z"});
    admin.post(path(&world), before_the_sale).await.refused("DIST0001");
    let late = Ask::new("POST", path(&world)).json(&json!({"start": "2031-03-07T20:00:00Z"})).header("if-match", "\"7\"");
    admin.send(late).await.refused("CONFLICT");
    let elsewhere = format!("{MGMT}/events/{}/sessions/{}/postpone", world.event + 1, world.session);
    admin.post(elsewhere, json!({"start": "2031-03-07T20:00:00Z"})).await.refused("NOT_FOUND");
    world.change_session(json!({"status": "CANCELLED"})).await;
    admin.post(path(&world), json!({"start": "2031-03-07T20:00:00Z"})).await.refused("CONFLICT");
}

/// Nothing of the session is sold any more, and what was sold is still to be read.
async fn nothing_is_sold(world: &SmallWorld<'_>, seller: &SellerClient, waiting: &(String, Value), sold: &str) {
    let session = format!("/catalog-api/v1/sessions/{}", world.session);
    for part in ["", "/availability", "/prices", "/seats"] {
        seller.0.get(format!("{session}{part}")).await.refused("SESSION_NOT_FOUND");
    }
    assert_eq!(seller.0.get("/catalog-api/v1/sessions").await.ok()["metadata"]["total"], 0);
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[6..]).await.refused("SESSION_NOT_FOUND");
    let refused = seller.confirm(&waiting.0, &waiting.1).await.refused("SESSION_NOT_FOUND");
    assert_eq!(refused.body["details"], json!([{"id": world.session}]));
    seller.order("DELETE", &waiting.0, "", None).await.ok();
    assert_eq!(seller.read(sold).await.ok()["status"], "CONFIRM");
}

async fn a_cancelled_session_sells_nothing_any_more(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let (sold, price) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    seller.confirm(&sold, &price).await.ok();
    let waiting = pre_confirmed(&world, &seller, &world.row[2..4]).await;
    let basket = seller.create().await;
    seller.add_seats(&basket, world.session, &world.row[4..6]).await.ok();
    seller.buyer(&basket, "ada@example.com").await.ok();
    world.change_session(json!({"status": "CANCELLED"})).await;
    seller.pre_confirm(&basket).await.refused("SESSION_NOT_FOUND");
    nothing_is_sold(&world, &seller, &waiting, &sold).await;
}

async fn a_cancelled_event_hides_its_sessions(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let (sold, price) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    seller.confirm(&sold, &price).await.ok();
    let waiting = pre_confirmed(&world, &seller, &world.row[2..4]).await;
    world.admin.change(&format!("/events/{}", world.event), json!({"status": "CANCELLED"})).await;
    nothing_is_sold(&world, &seller, &waiting, &sold).await;
    let session = world.admin.0.get(format!("{MGMT}{}", world.session_path())).await.ok();
    assert_eq!(session["status"], "READY", "the event's status is enough");
    let one_more = json!({"sessions": [{"name": "Late", "venue_template_id": 1, "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 8}]}]}]});
    let report = world.admin.0.post(format!("{MGMT}/events/{}/sessions/bulk", world.event), one_more).await.ok();
    assert_eq!(report["data"][0]["code"], "CONFLICT");
}
