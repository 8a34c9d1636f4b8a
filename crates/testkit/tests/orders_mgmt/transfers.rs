//! Tickets that a buyer gives to somebody else.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Ask, Caller};
use aforo_testkit::mails::mails_with;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::products::programme;
use super::refunds::{booking, refund};
use super::{API, code, finish, item_ids, sell, with_role};

fn transfer(order: &Value) -> String {
    format!("{API}/orders/{}/transfer", code(order))
}

/// Gives these items to Bob.
fn to_bob(items: &[u64]) -> Value {
    let items: Vec<_> = items.iter().map(|id| json!({ "id": id })).collect();
    json!({"items": items, "to": {"email": "bob@example.org"}})
}

fn barcode(order: &Value, item: usize) -> &str {
    text(&order["items"][item]["ticket"], "barcode")
}

async fn gate(world: &SmallWorld<'_>) -> Caller {
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    world.nobody().signed_in(&form).await
}

/// What becomes of who comes in: ADMITTED, or why not.
async fn enter(gate: &Caller, world: &SmallWorld<'_>, barcode: &str) -> String {
    let at = format!("/access-control-api/v1/sessions/{}/validations", world.session);
    let decision = gate.post(at, json!({"barcode": barcode, "gate": "North"})).await.ok();
    text(&decision, if decision["result"] == "REFUSED" { "reason" } else { "result" }).to_owned()
}

/// The event asks who comes for a size.
async fn ask_for_sizes(world: &SmallWorld<'_>, mandatory: bool) {
    let form = json!({"fields": [{"key": "size", "type": "CHOICE", "choices": [{"value": "S"}, {"value": "M"}], "mandatory": mandatory}]});
    world.admin.change(&format!("/events/{}", world.event), json!({ "attendee_form": form })).await;
}

pub async fn tickets_are_given_to_somebody_else(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    ask_for_sizes(&world, false).await;
    let (seller, gate) = (world.seller().await, gate(&world).await);
    let sold = sell(&seller, world.session, &world.row[..4]).await;
    let items = item_ids(&sold);
    let sizes: Vec<_> = items.iter().map(|id| json!({"item_id": id, "fields": {"size": "S"}})).collect();
    let sold = seller.0.post(format!("{API}/orders/{}/attendees", code(&sold)), json!({ "attendees": sizes })).await.ok();
    assert_eq!(enter(&gate, &world, barcode(&sold, 3)).await, "ADMITTED", "the gate is open now");

    let desk = with_role(&world, world.theatre, "AFTER_SALES").await;
    let given = json!([{"id": items[0], "fields": {"size": "M"}}, {"id": items[1]}]);
    let body = json!({"items": given, "to": {"email": " bob@example.org ", "name": "Bob"}});
    let call = || Ask::new("POST", transfer(&sold)).json(&body).header("idempotency-key", "once");
    let after = desk.send(call()).await.ok();
    assert_eq!(desk.send(call()).await.header("idempotency-replayed"), "true");
    let said: Vec<_> = after["items"].as_array().unwrap().iter().map(|item| item["attendee"]["fields"]["size"].clone()).collect();
    assert_eq!(said, [json!("M"), Value::Null, json!("S"), json!("S")], "nothing is kept of who came before");
    assert_eq!((&after["buyer"], &after["price"], &after["items"][2]), (&sold["buyer"], &sold["price"], &sold["items"][2]));
    for item in 0..2 {
        assert_eq!(enter(&gate, &world, barcode(&sold, item)).await, "REPRINTED");
        assert_eq!(enter(&gate, &world, barcode(&after, item)).await, "ADMITTED");
    }
    assert_eq!(enter(&gate, &world, barcode(&sold, 2)).await, "ADMITTED");

    let letter = mails_with(server, &["To: bob@example.org"], 1).remove(0);
    assert!(letter.contains("Hola Bob,") && letter.contains("Te han dado estas entradas.") && letter.contains(code(&sold)), "{letter}");
    assert_eq!((letter.matches("butaca 1\r\n").count(), letter.matches("butaca 2\r\n").count()), (1, 1), "{letter}");
    assert!(letter.contains("tickets.pdf") && !letter.contains("butaca 3") && !letter.contains("EUR"), "{letter}");
    mails_with(server, &["To: "], 1);

    let book = desk.get(format!("{API}/orders/{}/history?offset=2", code(&sold))).await.ok();
    let line = &book["data"][0];
    assert_eq!((&book["metadata"]["total"], &line["type"], &line["email"]), (&json!(3), &json!("TRANSFERRED"), &json!("b***@example.org")));
    let end = |item| format!("****{}", &barcode(&sold, item)[18..]);
    assert_eq!(line["items"], json!([{"id": items[0], "barcode": end(0)}, {"id": items[1], "barcode": end(1)}]));
    let log = world.admin.0.get("/mgmt-api/v1/audit-log?limit=1").await.ok();
    let done = &log["data"][0];
    assert_eq!((&done["action"], &done["object"]), (&json!("TRANSFER"), &json!({"type": "ORDER", "id": code(&sold)})));
}

pub async fn what_is_not_given_to_somebody_else(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let product = programme(&world).await;
    let (seller, gate) = (world.seller().await, gate(&world).await);
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..3]).await.ok();
    seller.order("POST", &order, "/products", Some(json!({"products": [{"id": product, "quantity": 1}]}))).await.ok();
    let sold = finish(&seller, &order).await;
    let items = item_ids(&sold);
    let refused = async |body: Value, code: &str| seller.0.post(transfer(&sold), body).await.refused(code);
    let item = json!([{"id": items[0]}]);
    refused(json!({"items": item, "to": {"email": "bob"}}), "DIST0004").await;
    refused(json!({"items": [], "to": {"email": "bob@example.org"}}), "DIST0005").await;
    refused(to_bob(&[items[0], items[0]]), "DIST0005").await;
    refused(to_bob(&(1..=101).collect::<Vec<_>>()), "DIST0005").await;
    refused(json!({"items": item}), "DIST0006").await;
    refused(json!({"items": item, "to": {"name": "Bob"}}), "DIST0006").await;
    let unknown = refused(to_bob(&[items[0], 777_777, items[3]]), "ORDER_ITEM_INVALID").await;
    assert_eq!(unknown.body["details"], json!([{"id": 777_777}, {"id": items[3]}]), "a programme is no ticket");

    assert_eq!(enter(&gate, &world, barcode(&sold, 1)).await, "ADMITTED");
    refund(&seller.0, &sold, &items[2..3], json!({})).await.ok();
    for gone in [1, 2] {
        let refused = refused(to_bob(&[items[0], items[gone]]), "PRODUCT_STATE_INVALID").await;
        assert_eq!(refused.body["details"], json!([{"id": items[gone]}]));
    }
    ask_for_sizes(&world, true).await;
    let lacks = refused(to_bob(&items[..1]), "ORDER_ATTENDEE_DATA_REQUIRED").await;
    assert_eq!(lacks.body["details"], item);
    let huge = json!({"items": [{"id": items[0], "fields": {"size": "XXL"}}], "to": {"email": "bob@example.org"}});
    refused(huge, "DIST0005").await;
    let looks = with_role(&world, world.theatre, "SELLER").await;
    looks.post(transfer(&sold), to_bob(&items[..1])).await.refused("FORBIDDEN_RESOURCE");
    ask_for_sizes(&world, false).await;
    let booked = booking(&world, &seller).await;
    seller.0.post(transfer(&booked), to_bob(&item_ids(&booked))).await.refused("ORDER_INVALID_STATUS");

    // Nothing came of all that: the ticket is as it was.
    let book = seller.0.get(format!("{API}/orders/{}/history", code(&sold))).await.ok();
    assert_eq!(book["metadata"]["total"], 2);
    assert_eq!(enter(&gate, &world, barcode(&sold, 0)).await, "ADMITTED");
}

/// Others made the barcodes of such a session, and they alone can make more.
pub async fn imported_barcodes_are_not_given_to_somebody_else(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.change_session(json!({"barcodes": "IMPORTED"})).await;
    let pool = format!("/mgmt-api/v1{}/barcodes", world.session_path());
    world.admin.0.post(&pool, json!({"barcodes": ["8410001", "8410002"]})).await.ok();
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let refused = seller.0.post(transfer(&sold), to_bob(&item_ids(&sold)[..1])).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{"id": item_ids(&sold)[0]}]));
}
