//! Places that a promoter blocks, frees and keeps for some channels.

use aforo_testkit::builders::{SmallWorld, person, publish};
use aforo_testkit::caller::{Answer, ManagerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    blocked_places_cannot_be_bought,
    quotas_part_the_places_of_channels,
    a_quota_is_released_before_the_start,
    what_is_taken_is_not_blocked,
];

async fn mark(world: &SmallWorld<'_>, body: Value) -> Answer {
    world.admin.0.post(format!("/mgmt-api/v1{}/places", world.session_path()), body).await
}

async fn available(world: &SmallWorld<'_>) -> Value {
    let path = format!("/catalog-api/v1/sessions/{}/availability", world.session);
    world.seller().await.0.get(path).await.ok()["availability"].clone()
}

async fn blocked_places_cannot_be_bought(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let zone = world.admin.0.get("/mgmt-api/v1/venue-templates/1").await.ok()["sectors"][1]["zones"][0]["id"].clone();
    let body = json!({"action": "BLOCK", "seats": world.row[..2], "zones": [{"id": zone, "count": 15}]});
    assert_eq!(mark(&world, body).await.ok(), json!({"places": 17}));
    assert_eq!(available(&world).await, json!({"type": "BOUNDED", "total": 36, "available": 19}));
    let seller = world.seller().await;
    let order = seller.create().await;
    let refused = seller.add_seats(&order, world.session, &world.row[1..3]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(refused.body["details"], json!([{"id": world.row[1]}]));
    seller.add_auto(&order, world.session, world.floor, 6).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    let again = mark(&world, json!({"action": "BLOCK", "seats": world.row[..3]})).await.refused("CONFLICT");
    assert_eq!(again.body["details"], json!([{"id": world.row[0]}, {"id": world.row[1]}]));
    mark(&world, json!({"action": "UNBLOCK", "seats": world.row[..2]})).await.ok();
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    mark(&world, json!({"action": "BLOCK", "seats": [999]})).await.refused("DIST0005");
    mark(&world, json!({"action": "BLOCK", "zones": [{"id": zone, "count": 9}]})).await.refused("CONFLICT");
    mark(&world, json!({"action": "HIDE"})).await.refused("DIST0005");
    mark(&world, json!({})).await.refused("DIST0006");
}

async fn quotas_part_the_places_of_channels(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seats = |count: usize| (1..=count).map(|number| json!({"name": number.to_string()})).collect::<Vec<_>>();
    let mut row = seats(6);
    row[5]["quota"] = json!("Members");
    let template = json!({"venue_id": 1, "name": "Club night", "price_types": [{"name": "All"}], "quotas": ["General", "Members"],
        "sectors": [{"name": "Room", "price_type": "All", "rows": [{"name": "1", "seats": row}]}]});
    let template = world.admin.make("/venue-templates", template).await;
    let session = json!({"name": "Club", "venue_template_id": template["id"], "status": "READY",
        "date": {"start": "2031-03-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": template["price_types"][0]["id"], "value": 5}]}]});
    let id = world.admin.make_id(&format!("/events/{}/sessions", world.event), session).await;
    publish(&world.admin, world.event, id, world.web.id, json!({})).await;
    let seller = world.seller().await;
    let read = async || seller.0.get(format!("/catalog-api/v1/sessions/{id}/seats")).await;
    let before = read().await;
    let (tag, body) = (before.header("etag").to_owned(), before.ok());
    assert_eq!(body["status"], "FFFFFN");
    publish(&world.admin, world.event, id, world.web.id, json!({"quotas": [2, 1]})).await;
    let both = read().await;
    assert_ne!(both.header("etag"), tag);
    assert_eq!(both.ok()["status"], "FFFFFF");
    publish(&world.admin, world.event, id, world.web.id, json!({"quotas": [2]})).await;
    assert_eq!(read().await.ok()["status"], "NNNNNF");
    let seats = seller.seats(id).await;
    let path = format!("/mgmt-api/v1/events/{}/sessions/{id}/places", world.event);
    world.admin.0.post(&path, json!({"action": "MOVE", "quota_id": 2, "seats": seats[3..5]})).await.ok();
    assert_eq!(read().await.ok()["status"], "NNNFFF");
    world.admin.0.post(&path, json!({"action": "MOVE", "seats": seats[3..5]})).await.refused("DIST0006");
    world.admin.0.post(&path, json!({"action": "MOVE", "quota_id": 3, "seats": seats[3..5]})).await.refused("DIST0005");
    let availability = seller.0.get(format!("/catalog-api/v1/sessions/{id}/availability")).await.ok();
    assert_eq!(availability["availability"]["total"], 3);
}

/// An agency's places go back to everybody a day before the start: who sells from GENERAL sells them then, the agency does not any more.
async fn a_quota_is_released_before_the_start(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seats = |quota: &str| {
        let seats: Vec<_> = (1..=3).map(|number| json!({"name": format!("{quota} {number}"), "quota": quota})).collect();
        json!({"name": quota, "seats": seats})
    };
    let body = |quotas: Value| {
        json!({"venue_id": 1, "name": "Tour", "price_types": [{"name": "All"}], "quotas": quotas,
            "sectors": [{"name": "Room", "price_type": "All", "rows": [seats("General"), seats("Agency")]}]})
    };
    let make = async |body: Value| world.admin.0.post("/mgmt-api/v1/venue-templates", body).await;
    make(body(json!([{"name": "General", "release_minutes": 5}, "Agency"]))).await.refused("DIST0005");
    make(body(json!(["General", {"name": "Agency", "release_minutes": -1}]))).await.refused("DIST0005");
    let template = make(body(json!(["General", {"name": "Agency", "release_minutes": 1440}]))).await.ok();
    assert_eq!(template["quotas"][1], json!({"id": 2, "name": "Agency", "release_minutes": 1440}));
    let session = json!({"name": "Tour", "venue_template_id": template["id"], "status": "READY",
        "date": {"start": "2031-01-16T10:20:00Z", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": template["price_types"][0]["id"], "value": 5}]}]});
    let session = world.admin.make_id(&format!("/events/{}/sessions", world.event), session).await;
    publish(&world.admin, world.event, session, world.web.id, json!({})).await;
    publish(&world.admin, world.event, session, world.kiosk.id, json!({"quotas": [2]})).await;
    let seller = world.seller().await;
    let ids = seller.seats(session).await;
    let status = async || seller.0.get(format!("/catalog-api/v1/sessions/{session}/seats?form=status")).await;
    let total = async || seller.0.get(format!("/catalog-api/v1/sessions/{session}/availability")).await.ok()["availability"].clone();
    let before = status().await;
    assert_eq!(before.body["status"], "FFFNNN");
    assert_eq!(total().await, json!({"type": "BOUNDED", "total": 3, "available": 3}));
    let order = seller.create().await;
    seller.add_seats(&order, session, &ids[3..4]).await.refused("ORDER_SEAT_NOT_AVAILABLE");

    server.pass_seconds(20 * 60).await;
    let after = status().await;
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_eq!(after.ok()["status"], "FFFFFF");
    assert_eq!(total().await, json!({"type": "BOUNDED", "total": 6, "available": 6}));
    let order = seller.create().await;
    seller.add_seats(&order, session, &ids[3..5]).await.ok();

    let template = format!("/mgmt-api/v1/venue-templates/{}", template["id"]);
    let later = world.admin.0.patch(&template, json!({"quotas": [{"id": 2, "release_minutes": 60}]})).await.ok();
    assert_eq!(later["quotas"][1]["release_minutes"], 60);
    assert_eq!(status().await.ok()["status"], "FFFNNN".replace("NNN", "TTN"), "what is in a basket stays there");
    let never = world.admin.0.patch(&template, json!({"quotas": [{"id": 2, "release_minutes": null}]})).await.ok();
    assert_eq!(never["quotas"][1], json!({"id": 2, "name": "Agency"}));
    for wrong in [json!([{"id": 1, "release_minutes": 5}]), json!([{"id": 9}]), json!([{"id": 2, "release_minutes": "x"}])] {
        assert!(world.admin.0.patch(&template, json!({ "quotas": wrong })).await.status >= 400);
    }
    world.admin.0.patch(&template, json!({"quotas": [{"id": 1, "release_minutes": 5}]})).await.refused("DIST0005");
}

async fn what_is_taken_is_not_blocked(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let refused = mark(&world, json!({"action": "BLOCK", "seats": world.row[1..4]})).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{"id": world.row[1]}]));
    assert_eq!(available(&world).await["available"], 34, "none was blocked");
    let manager = person(&world.admin, world.theatre, "manager", &["EVENT_MANAGER"]).await;
    let manager = ManagerClient::with_password(world.nobody(), &manager.username, &manager.password).await.0;
    let path = format!("/mgmt-api/v1{}/places", world.session_path());
    manager.post(path, json!({"action": "BLOCK", "seats": world.row[2..4]})).await.refused("AUTH0027");
}
