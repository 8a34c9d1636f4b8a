//! Relocations through HTTP: to another seat, another kind of place and another session, what is shown of them, and who may ask.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, Caller};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::refunds::{read, refund};
use super::{API, code, ids, item_ids, sell, with_role};

async fn relocate(caller: &Caller, order: &Value, body: Value) -> Answer {
    caller.post(format!("{API}/orders/{}/relocate", code(order)), body).await
}

pub async fn a_place_is_given_against_another(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    server.pass_seconds(60).await;
    let new = relocate(&seller.0, &sold, json!({"items": [{"id": items[0], "seat_id": world.row[6]}]})).await.ok();
    assert_eq!((&new["type"], &new["status"], &new["previous_code"]), (&json!("PURCHASE"), &json!("CONFIRM"), &sold["code"]));
    assert_eq!((&new["price"]["total"], &new["price"]["credit"], &new["price"]["to_pay"]), (&json!(20), &json!(20), &json!(0)));
    let to = item_ids(&new)[0];
    let given = json!({"code": sold["code"], "items": [{"id": to, "previous_id": items[0]}], "total": 20, "paid_out": 0});
    assert_eq!((&new["relocation"], &new["payments"], new["items"][0]["seat"]["id"].as_u64()), (&given, &json!([]), Some(world.row[6])));
    assert_eq!((&new["buyer"]["email"], &new["items"][0]["ticket"]["status"]), (&json!("ada@example.org"), &json!("VALID")));
    let old = read(&seller.0, &sold).await;
    let states: Vec<_> = old["items"].as_array().unwrap().iter().map(|item| item["ticket"]["status"].clone()).collect();
    assert_eq!((states, old.get("refunds")), (vec![json!("RELOCATED"), json!("VALID")], None));
    assert_eq!(old["relocations"][0]["code"], new["code"]);
    assert_eq!(old["price"], sold["price"]);

    let list = async |query: &str| ids(&seller.0, &format!("/order-items?session_id={}{query}", world.session)).await.1;
    assert_eq!(list("").await, [items[1], to]);
    let gross = seller.0.get(format!("{API}/order-items?session_id={}&search_mode=GROSS", world.session)).await.ok();
    assert_eq!((&gross["data"][0]["relocation"]["code"], gross["data"][0].get("refund")), (&new["code"], None));
    let book = async |order: &Value| {
        let book = seller.0.get(format!("{API}/orders/{}/history", code(order))).await.ok();
        book["data"].as_array().unwrap().iter().map(|line| (line["type"].clone(), line["code"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(book(&sold).await[1], (json!("RELOCATED"), new["code"].clone()));
    assert_eq!(book(&new).await, [(json!("CONFIRMED"), Value::Null), (json!("RELOCATION"), sold["code"].clone())]);
    // The old place is for sale again, and the new one is given back as any other is.
    sell(&seller, world.session, &world.row[..1]).await;
    refund(&seller.0, &sold, &items[..1], json!({})).await.refused("PRODUCT_STATE_INVALID");
    assert_eq!(refund(&seller.0, &new, &[to], json!({})).await.ok()["price"]["total"], json!(20));
}

/// The floor costs 10, a seat 20: what is too much is paid out, what is too little has to be paid.
pub async fn the_difference_is_paid_or_paid_out(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let down = json!({"items": [{"id": items[0], "price_type_id": world.floor}, {"id": items[1], "price_type_id": world.floor}]});
    let cheap = relocate(&seller.0, &sold, down).await.ok();
    assert_eq!((&cheap["relocation"]["paid_out"], &cheap["price"]["credit"]), (&json!(20), &json!(20)));
    assert_eq!(cheap["price"]["to_pay"], json!(0));
    let one = item_ids(&cheap)[0];
    let up = |payments: Value| json!({"items": [{"id": one, "seat_id": world.row[0]}], "payments": payments});
    relocate(&seller.0, &cheap, up(json!([]))).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    relocate(&seller.0, &cheap, up(json!([{"type": "CARD", "amount": 11}]))).await.refused("DIST0005");
    let paid = json!([{"type": "CARD", "amount": 10, "reference": "tpv-2"}]);
    let dear = relocate(&seller.0, &cheap, up(paid.clone())).await.ok();
    assert_eq!((&dear["payments"], &dear["price"]["to_pay"], &dear["price"]["total"]), (&paid, &json!(10), &json!(20)));
}

pub async fn places_go_to_another_session(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let mut later = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok();
    let body = json!({"name": "Repeat", "venue_template_id": later["venue_template_id"].take(), "status": "READY",
        "date": {"start": "2031-02-07T19:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.stalls, "value": 25}, {"price_type_id": world.floor, "value": 25}]}]});
    let session = world.admin.make_id(&format!("/events/{}/sessions", world.event), body).await;
    let moves = json!([{"id": items[0], "session_id": session, "seat_id": world.row[0]}, {"id": items[1], "session_id": session, "seat_id": world.row[1]}]);
    let kept = json!({"items": moves, "keep_prices": true});
    relocate(&seller.0, &sold, kept.clone()).await.refused("SESSION_NOT_FOUND");
    aforo_testkit::builders::publish(&world.admin, world.event, session, world.web.id, json!({})).await;
    relocate(&seller.0, &sold, json!({ "items": moves })).await.refused("PURCHASE_NOT_TOTALLY_PAID");

    // Who may: not who only reads, not another entity, and a person needs the permission.
    let reports = with_role(&world, world.theatre, "REPORTS").await;
    relocate(&reports, &sold, kept.clone()).await.refused("FORBIDDEN_RESOURCE");
    let circus = with_role(&world, world.circus, "AFTER_SALES").await;
    relocate(&circus, &sold, kept.clone()).await.refused("ORDER_NOT_FOUND");
    let new = relocate(&seller.0, &sold, kept).await.ok();
    assert_eq!((&new["price"]["total"], &new["items"][0]["session"]["id"]), (&json!(40), &json!(session)));
    assert_eq!(new["items"][0]["session"]["date"]["start"], "2031-02-07T20:00:00.000+01:00");
}

pub async fn a_relocation_is_asked_for_in_its_form(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let other = sell(&seller, world.session, &world.row[4..6]).await;
    let item = item_ids(&sold)[0];
    let refused = async |body: Value, code: &str| drop(relocate(&seller.0, &sold, body).await.refused(code));
    refused(json!({}), "DIST0006").await;
    refused(json!({"items": []}), "DIST0005").await;
    refused(json!({"items": [{"id": item}]}), "DIST0006").await;
    refused(json!({"items": [{"id": item, "seat_id": world.row[6], "price_type_id": world.floor}]}), "DIST0005").await;
    refused(json!({"items": [{"id": item, "seat_id": world.row[6]}, {"id": item, "seat_id": world.row[7]}]}), "DIST0005").await;
    refused(json!({"items": [{"id": item, "seat_id": world.row[6], "rate_id": 777_777}]}), "DIST0005").await;
    refused(json!({"items": [{"id": item, "price_type_id": 777_777}]}), "DIST0005").await;
    refused(json!({"items": [{"id": item_ids(&other)[0], "seat_id": world.row[6]}]}), "ORDER_ITEM_INVALID").await;
    let taken =
        relocate(&seller.0, &sold, json!({"items": [{"id": item, "seat_id": world.row[4]}]})).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(taken.body["details"], json!([{"id": world.row[4]}]));
    assert!(read(&seller.0, &sold).await.get("relocations").is_none());
}
