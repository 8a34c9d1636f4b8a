//! How the gates of a session work, as management sets it.

use aforo_testkit::builders::{SmallWorld, id, publish};
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::{API, barcode, enter, keeper, outcome, sell, show};

pub async fn who_went_out_comes_in_again(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..2]).await;
    let (first, second) = (barcode(&items[0]), barcode(&items[1]));
    let leave = async |barcode: &str| outcome(&show(&gate, world.session, barcode, "North", "EXIT").await);
    let come = async |barcode: &str| enter(&gate, world.session, barcode).await;
    assert_eq!(leave(first).await, "NOT_INSIDE");
    assert_eq!([come(first).await, leave(first).await, come(first).await], ["ADMITTED", "ADMITTED", "ALREADY_ENTERED"]);

    let changed = world.change_session(json!({"gates": {"reentry": "AFTER_EXIT", "max_entries": 2}})).await;
    assert_eq!(changed["gates"], json!({"reentry": "AFTER_EXIT", "max_entries": 2}));
    assert_eq!([come(first).await, come(first).await, leave(first).await], ["ADMITTED", "NO_ENTRIES_LEFT", "ADMITTED"]);
    assert_eq!(come(first).await, "NO_ENTRIES_LEFT");
    assert_eq!([come(second).await, come(second).await], ["ADMITTED", "ALREADY_ENTERED"], "nobody was seen going out");

    world.change_session(json!({"gates": {"reentry": "UNLIMITED", "max_entries": null}})).await;
    assert_eq!([come(second).await, come(second).await], ["ADMITTED", "ADMITTED"]);
    world
        .admin
        .0
        .patch(format!("/mgmt-api/v1{}", world.session_path()), json!({"gates": {"reentry": "SOMETIMES"}}))
        .await
        .refused("DIST0005");
}

pub async fn gates_open_in_time(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..1]).await;
    // It begins at 20:00 on the 31st; now it is the 15th.
    world.change_session(json!({"gates": {"open_minutes_before": 90}})).await;
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "TOO_EARLY");
    let listed = gate.get(format!("{API}/sessions?event_id={}", world.event)).await.ok();
    assert_eq!(listed["data"][0]["date"]["gates_open"], "2031-01-31T18:30:00+01:00");
    world.change_session(json!({"gates": {"open_minutes_before": null}})).await;
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ADMITTED");
}

pub async fn a_season_ticket_opens_each_session_once(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let template = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok()["venue_template_id"].clone();
    let prices = json!([{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 30}]}]);
    let second = json!({"name": "Saturday", "venue_template_id": template, "status": "READY", "rates": prices,
        "date": {"start": "2031-02-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"}});
    let second = id(&world.admin.make(&format!("/events/{}/sessions", world.event), second).await);
    let season = json!({"name": "Both", "venue_template_id": template, "status": "READY", "rates": prices,
        "date": {"sale_start": "2031-01-14T00:00:00Z"}, "season": {"sessions": [{"id": world.session}, {"id": second}]}});
    let season = id(&world.admin.make(&format!("/events/{}/sessions", world.event), season).await);
    publish(&world.admin, world.event, second, world.web.id, json!({})).await;
    publish(&world.admin, world.event, season, world.web.id, json!({})).await;
    let items = sell(&seller, season, &world.row[..1]).await;
    let shown = show(&gate, world.session, barcode(&items[0]), "North", "ENTRY").await;
    assert_eq!((&shown["result"], &shown["ticket"]["season"]["id"]), (&json!("ADMITTED"), &json!(season)));
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ALREADY_ENTERED");
    assert_eq!(enter(&gate, second, barcode(&items[0])).await, "ADMITTED");
    assert_eq!(enter(&gate, second, barcode(&items[0])).await, "ALREADY_ENTERED");
    super::refund(&seller.0, &items[0]).await.refused("PRODUCT_STATE_INVALID");
    // A season has tickets and no gates.
    let body = json!({"barcode": barcode(&items[0]), "gate": "North"});
    gate.post(format!("{API}/sessions/{season}/validations"), body).await.refused("NOT_FOUND");
    // A ticket of one session is not for the other.
    let friday = sell(&seller, world.session, &world.row[1..2]).await;
    assert_eq!(enter(&gate, second, barcode(&friday[0])).await, "WRONG_SESSION");
}
