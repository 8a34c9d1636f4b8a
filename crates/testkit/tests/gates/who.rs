//! Whose gates are whose.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::{API, barcode, enter, keeper, sell};

pub async fn gates_are_their_venues_and_promoters(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let items = sell(&seller, world.session, &world.row[..3]).await;
    let (theatre, circus) = (keeper(&world, world.theatre).await, keeper(&world, world.circus).await);
    let body = json!({"barcode": barcode(&items[0]), "gate": "North"});
    let path = format!("{API}/sessions/{}/validations", world.session);
    circus.post(path.clone(), body.clone()).await.refused("NOT_FOUND");
    assert_eq!(circus.get(format!("{API}/sessions")).await.ok()["data"], json!([]));
    assert_eq!(enter(&theatre, world.session, barcode(&items[0])).await, "ADMITTED");

    // The circus plays in the theatre: both may, and who buys there sees no gates.
    let event = json!({"entity_id": world.circus, "name": "Clowns", "currency": "EUR", "default_language": "es-ES", "status": "READY",
        "category": {"code": "CIRCUS"}});
    let event = world.admin.make_id("/events", event).await;
    let template = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok()["venue_template_id"].clone();
    let prices = json!([{"name": "All", "prices": [{"price_type_id": world.stalls, "value": 30}]}]);
    let session = json!({"name": "Sunday", "venue_template_id": template, "status": "READY", "rates": prices,
        "date": {"start": "2031-02-02T17:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"}});
    let session = world.admin.make_id(&format!("/events/{event}/sessions"), session).await;
    aforo_testkit::builders::publish(&world.admin, event, session, world.web.id, json!({})).await;
    let clowns = sell(&seller, session, &world.row[..2]).await;
    assert_eq!(enter(&circus, session, barcode(&clowns[0])).await, "ADMITTED");
    assert_eq!(enter(&theatre, session, barcode(&clowns[0])).await, "ALREADY_ENTERED");
    assert_eq!(enter(&theatre, session, barcode(&items[1])).await, "WRONG_SESSION");

    // Another role opens nothing, nor does another client.
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["EVENT_MANAGER"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    let manager = world.nobody().signed_in(&form).await;
    manager.post(path.clone(), body.clone()).await.refused("FORBIDDEN_RESOURCE");
    seller.0.post(path, body).await.refused("INVALID_AUTH_CLIENT_ID");
}

pub async fn wrong_questions_are_told_what_is_wrong(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let gate = keeper(&world, world.theatre).await;
    let path = format!("{API}/sessions/{}/validations", world.session);
    gate.post(path.clone(), json!({"gate": "North"})).await.refused("DIST0006");
    gate.post(path.clone(), json!({"barcode": "1"})).await.refused("DIST0006");
    gate.post(path.clone(), json!({"barcode": "1", "gate": "x".repeat(61)})).await.refused("DIST0005");
    gate.post(path.clone(), json!({"barcode": "1", "gate": "North", "direction": "UP"})).await.refused("DIST0005");
    gate.post(format!("{API}/sessions/999999/validations"), json!({"barcode": "1", "gate": "North"})).await.refused("NOT_FOUND");
    gate.delete(format!("{API}/sessions/{}/admissions/1", world.session)).await.refused("NOT_FOUND");
}
