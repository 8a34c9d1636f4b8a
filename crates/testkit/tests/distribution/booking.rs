//! Bookings: who may book what and when, how long it lives, and how it ends.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// A world whose web channel books the session for a week.
async fn bookable(server: &TestServer, terms: Value) -> SmallWorld<'_> {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "booking": terms })).await;
    world.change_session(json!({"date": {"booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-22T00:00:00Z"}})).await;
    world
}

/// An order of two seats that only waits to be booked.
async fn filled(world: &SmallWorld<'_>, seller: &SellerClient) -> String {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    order
}

async fn book(seller: &SellerClient, order: &str) -> Answer {
    seller.order("POST", order, "/booking", None).await
}

pub async fn a_booking_is_sold_in_the_end(server: &TestServer) {
    let world = bookable(server, json!({"enabled": true})).await;
    let seller = world.seller().await;
    let empty = seller.create().await;
    book(&seller, &empty).await.refused("ORDER_WITHOUT_ITEMS");
    let order = filled(&world, &seller).await;
    let booked = book(&seller, &order).await.ok();
    assert_eq!((&booked["type"], &booked["status"]), (&json!("BOOKING"), &json!("PRE_CONFIRM")));
    assert_eq!(booked["code"].as_str().unwrap().len(), 12);
    assert_eq!(booked["id"], json!(order), "it is the same order");
    assert!(booked["items"][0].get("ticket").is_none());
    seller.order("POST", &order, "/basket", None).await.refused("ORDER_INVALID_STATUS");
    seller.pre_confirm(&order).await.refused("ORDER_INVALID_STATUS");
    book(&seller, &order).await.refused("ORDER_INVALID_STATUS");

    server.pass_seconds(44 * 60).await;
    seller.add_seats(&seller.create().await, world.session, &world.row[..2]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    let sold = seller.confirm(&order, &json!(40)).await.ok();
    assert_eq!((&sold["type"], &sold["status"], &sold["code"]), (&json!("ISSUE"), &json!("CONFIRM"), &booked["code"]));
    assert!(sold["items"][0]["ticket"]["barcode"].is_string());
    assert_eq!(seller.confirm(&order, &json!(40)).await.ok(), sold);
}

pub async fn a_booking_gives_its_places_back(server: &TestServer) {
    let world = bookable(server, json!({"enabled": true, "minutes": 30, "hours_before": 385})).await;
    let seller = world.seller().await;
    let order = filled(&world, &seller).await;
    book(&seller, &order).await.ok();
    seller.order("DELETE", &order, "", None).await.ok();
    seller.read(&order).await.refused("ORDER_NOT_FOUND");
    let order = filled(&world, &seller).await;
    let booked = book(&seller, &order).await.ok();
    assert_eq!(booked["date"]["expires"], "2031-01-15T10:30:00Z", "half an hour, which is before the hours before the start");
    server.pass_seconds(31 * 60).await;
    seller.read(&order).await.refused("ORDER_EXPIRED");
    seller.confirm(&order, &json!(40)).await.refused("ORDER_EXPIRED");
    // 385 hours before the start are at 18:00.
    world
        .admin
        .change(&format!("/channels/{}", world.web.id), json!({"booking": {"enabled": true, "minutes": 600, "hours_before": 385}}))
        .await;
    let order = filled(&world, &seller).await;
    assert_eq!(book(&seller, &order).await.ok()["date"]["expires"], "2031-01-15T18:00:00Z");
}

pub async fn bookings_where_and_when_they_are_allowed(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = filled(&world, &seller).await;
    book(&seller, &order).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    let channel = format!("/channels/{}", world.web.id);
    let changed = world.admin.change(&channel, json!({"booking": {"enabled": true}})).await;
    assert_eq!(changed["booking"], json!({"enabled": true, "minutes": 45}));
    let refused = book(&seller, &order).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    assert_eq!(refused.body["details"], json!([{"id": world.session}]), "a session without a window is not booked");
    let window = async |start: &str, end: &str| world.change_session(json!({"date": {"booking_start": start, "booking_end": end}})).await;
    window("2031-01-16T00:00:00Z", "2031-01-22T00:00:00Z").await;
    book(&seller, &order).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    window("2031-01-14T00:00:00Z", "2031-01-15T00:00:00Z").await;
    book(&seller, &order).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    window("2031-01-14T00:00:00Z", "2031-01-22T00:00:00Z").await;
    // Nothing is left of a booking that must end 17 days before the start.
    world.admin.change(&channel, json!({"booking": {"enabled": true, "hours_before": 408}})).await;
    book(&seller, &order).await.refused("ORDER_BOOKING_NOT_ALLOWED");
    for wrong in [json!({"minutes": 0}), json!({"minutes": 527_041}), json!({"hours_before": -1})] {
        world.admin.0.patch(format!("/mgmt-api/v1{channel}"), json!({ "booking": wrong })).await.refused("DIST0005");
    }
    world.admin.change(&channel, json!({"booking": {"enabled": true}})).await;
    assert_eq!(seller.read(&order).await.ok()["type"], "PURCHASE");
    assert_eq!(book(&seller, &order).await.ok()["type"], "BOOKING");
}
