//! What is put right after the sale: bookings let go, notes, who comes, other barcodes.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Ask;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::refunds::booking;
use super::{API, code, item_ids, sell, with_role};

pub async fn a_booking_is_let_go_by_its_code(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let booked = booking(&world, &seller).await;
    let desk = with_role(&world, world.theatre, "AFTER_SALES").await;
    let cancel = |order: &Value| Ask::new("POST", format!("{API}/orders/{}/cancel", code(order))).header("idempotency-key", "once");
    assert_eq!(desk.send(cancel(&booked)).await.ok(), json!({"code": booked["code"]}));
    let again = desk.send(cancel(&booked)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    again.ok();
    seller.0.post(format!("{API}/orders/{}/cancel", code(&booked)), json!({})).await.refused("ORDER_NOT_FOUND");
    let sold = sell(&seller, world.session, &world.row[4..6]).await;
    desk.post(format!("{API}/orders/{}/cancel", code(&sold)), json!({})).await.refused("ORDER_INVALID_STATUS");
}

pub async fn what_is_corrected_leaves_a_line(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let form = json!({"fields": [{"key": "size", "type": "CHOICE", "choices": [{"value": "S"}, {"value": "M"}], "mandatory": false}]});
    world.admin.change(&format!("/events/{}", world.event), json!({ "attendee_form": form })).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    server.pass_seconds(60).await;
    let desk = with_role(&world, world.theatre, "AFTER_SALES").await;
    let post = async |what: &str, body: Value| desk.post(format!("{API}/orders/{}/{what}", code(&sold)), body).await;

    post("notes", json!({"text": "  "})).await.refused("DIST0006");
    post("notes", json!({"text": "Called about the parking"})).await.ok();
    post("attendees", json!({"attendees": [{"item_id": items[0], "fields": {"size": "XXL"}}]})).await.refused("DIST0005");
    post("attendees", json!({"attendees": [{"item_id": 777_777, "fields": {"size": "S"}}]})).await.refused("ORDER_ITEM_INVALID");
    let changed = post("attendees", json!({"attendees": [{"item_id": items[0], "fields": {"size": "S"}}]})).await.ok();
    assert_eq!(changed["items"][0]["attendee"], json!({"fields": {"size": "S"}}));
    let before = sold["items"][1]["ticket"]["barcode"].as_str().unwrap();
    let reprinted = post("reprint", json!({"items": [{"id": items[1]}]})).await.ok();
    assert_ne!(reprinted["items"][1]["ticket"]["barcode"], before);
    assert_eq!((&reprinted["items"][0]["ticket"], &reprinted["price"]), (&sold["items"][0]["ticket"], &sold["price"]));

    let book = desk.get(format!("{API}/orders/{}/history", code(&sold))).await.ok();
    let lines: Vec<_> = book["data"].as_array().unwrap().iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(lines, ["CONFIRMED", "NOTE", "ATTENDEES_CHANGED", "REPRINTED"]);
    assert_eq!((&book["data"][1]["text"], &book["data"][2]["items"]), (&json!("Called about the parking"), &json!([{"id": items[0]}])));
    let dead = format!("****{}", &before[before.len() - 4..]);
    assert_eq!(book["data"][3]["items"], json!([{"id": items[1], "barcode": dead}]));
    let modified = desk.get(format!("{API}/order-items?session_id={}&last_modified=gte:2031-01-15T10:00:30Z", world.session)).await.ok();
    assert_eq!(modified["metadata"]["total"], 2);

    seller.0.post(format!("{API}/orders/{}/refund", code(&sold)), json!({"items": [{"id": items[1]}], "type": "MANUAL"})).await.ok();
    let refused = post("reprint", json!({"items": [{"id": items[0]}, {"id": items[1]}]})).await.refused("PRODUCT_STATE_INVALID");
    assert_eq!(refused.body["details"], json!([{"id": items[1]}]));
    let book = desk.get(format!("{API}/orders/{}/history?offset=4", code(&sold))).await.ok();
    assert_eq!((&book["metadata"]["total"], &book["data"][0]["type"]), (&json!(5), &json!("REFUNDED")));
}

/// Others made the barcodes of such a session, and they alone can make more.
pub async fn imported_barcodes_are_not_printed_anew(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.change_session(json!({"barcodes": "IMPORTED"})).await;
    let pool = format!("/mgmt-api/v1{}/barcodes", world.session_path());
    world.admin.0.post(&pool, json!({"barcodes": ["8410001", "8410002"]})).await.ok();
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let body = json!({"items": [{"id": item_ids(&sold)[0]}]});
    let refused = seller.0.post(format!("{API}/orders/{}/reprint", code(&sold)), body).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{"id": item_ids(&sold)[0]}]));
    // A barcode that comes back is not given to anybody else.
    let items: Vec<_> = item_ids(&sold).into_iter().map(|id| json!({ "id": id })).collect();
    seller.0.post(format!("{API}/orders/{}/refund", code(&sold)), json!({"items": items, "type": "MANUAL"})).await.ok();
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "eve@example.org").await.ok();
    seller.pre_confirm(&order).await.refused("ORDER_SEAT_NOT_AVAILABLE");
}
