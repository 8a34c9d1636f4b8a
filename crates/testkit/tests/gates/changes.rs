//! What becomes of a ticket is known at open gates at once, and what happened at gates is known to who gives tickets back.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::{API, barcode, enter, keeper, refund, sell, statistics};

pub async fn an_open_gate_hears_of_everything(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..4]).await;
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ADMITTED", "the gate is open now");

    refund(&seller.0, &items[1]).await.ok();
    assert_eq!(enter(&gate, world.session, barcode(&items[1])).await, "REFUNDED");
    let path = format!("/orders-mgmt-api/v1/orders/{}/reprint", text(&items[2], "code"));
    let after = seller.0.post(path, json!({"items": [{"id": items[2]["id"]}]})).await.ok();
    let other = text(&after["items"][2]["ticket"], "barcode").to_owned();
    assert_eq!(enter(&gate, world.session, barcode(&items[2])).await, "REPRINTED");
    assert_eq!(enter(&gate, world.session, &other).await, "ADMITTED");
    let late = sell(&seller, world.session, &world.row[1..2]).await;
    assert_eq!(enter(&gate, world.session, barcode(&late[0])).await, "ADMITTED", "sold while the gate was open");
    assert_eq!(enter(&gate, world.session, barcode(&items[1])).await, "REFUNDED", "the seat is another's, its old ticket stays dead");

    world.change_session(json!({"status": "CANCELLED"})).await;
    assert_eq!(enter(&gate, world.session, barcode(&items[3])).await, "SESSION_CANCELLED");
}

pub async fn a_used_ticket_is_not_given_back_unless_it_is_cleared(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..2]).await;
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ADMITTED");
    let refused = refund(&seller.0, &items[0]).await.refused("PRODUCT_STATE_INVALID");
    assert_eq!(refused.body["details"], json!([{"id": items[0]["id"]}]));
    let path = format!("{API}/sessions/{}/admissions/{}", world.session, items[0]["id"]);
    let cleared = gate.delete(path.clone()).await.ok();
    assert_eq!(cleared, json!({"ticket_id": items[0]["id"], "cleared": 1}));
    gate.delete(path).await.refused("NOT_FOUND");
    assert_eq!(statistics(&gate, world.session).await["admitted"], 0);
    refund(&seller.0, &items[0]).await.ok();
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "REFUNDED");
    refund(&seller.0, &items[1]).await.ok();
}

pub async fn barcodes_are_revoked_and_restored(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..2]).await;
    let path = format!("{API}/sessions/{}/revocations", world.session);
    let body = json!({"barcode": barcode(&items[0]), "reason": "stolen"});
    let revoked = gate.post(path.clone(), body.clone()).await.ok();
    let end = &barcode(&items[0])[18..];
    let expected = json!({"ticket_id": items[0]["id"], "barcode": format!("****{end}"), "revoked": true, "date": "2031-01-15T10:00:00Z"});
    assert_eq!(revoked, expected);
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "REVOKED");
    let restored = gate.post(format!("{path}/release"), json!({"barcode": barcode(&items[0])})).await.ok();
    assert_eq!(restored["revoked"], false);
    gate.post(format!("{path}/release"), json!({"barcode": barcode(&items[0])})).await.refused("NOT_FOUND");
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ADMITTED");
    gate.post(path.clone(), json!({"barcode": "23456ABCDEFGHJKMNPQRST"})).await.refused("NOT_FOUND");

    // What is dead for good is not given back its life.
    let reprint = format!("/orders-mgmt-api/v1/orders/{}/reprint", text(&items[1], "code"));
    seller.0.post(reprint, json!({"items": [{"id": items[1]["id"]}]})).await.ok();
    gate.post(format!("{path}/release"), json!({"barcode": barcode(&items[1])})).await.refused("CONFLICT");
}
