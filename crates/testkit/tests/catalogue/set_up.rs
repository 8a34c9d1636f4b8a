//! Promoters at work: venues, templates, events, sessions, publications.

use aforo_testkit::builders::{SmallWorld, person};
use aforo_testkit::caller::{Ask, ManagerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    what_was_set_up_reads_back,
    a_change_names_what_becomes_different,
    a_promoter_sees_no_other_promoters_events,
    a_template_is_made_once_for_an_idempotency_key,
    what_is_wrong_is_said_by_name,
    what_does_not_fit_together_is_refused,
    the_known_reads_are_there,
];

const MGMT: &str = "/mgmt-api/v1";

async fn what_was_set_up_reads_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin;
    let venue = admin.0.get(format!("{MGMT}/venues/1")).await.ok();
    assert_eq!(venue["location"]["country_subdivision"], json!({"code": "ES-V", "name": "Valencia"}));
    assert_eq!((&venue["entity_id"], &venue["retired"]), (&json!(world.theatre), &json!(false)));
    let template = admin.0.get(format!("{MGMT}/venue-templates/1")).await.ok();
    assert_eq!((&template["capacity"], &template["focal_point"]), (&json!(36), &json!({"x": 45, "y": -50})));
    assert_eq!(template["quotas"], json!([{"id": 1, "name": "GENERAL"}]));
    assert_eq!((&template["sectors"][0]["seats"], &template["sectors"][1]["zones"][0]["capacity"]), (&json!(16), &json!(20)));
    assert_eq!(admin.0.get(format!("{MGMT}/venue-templates?venue_id=2")).await.ok()["metadata"]["total"], 0);
    let session = admin.0.get(format!("{MGMT}{}", world.session_path())).await.ok();
    assert_eq!(session["date"]["start"], "2031-01-31T20:00:00+01:00");
    assert_eq!(session["date"]["sale_end"], "2031-01-31T20:00:00+01:00", "it is sold until it starts");
    assert_eq!(session["rates"][1]["prices"], json!([{"price_type_id": world.stalls, "value": 15}]));
    assert_eq!(session["taxes"], json!({"tickets": [{"id": 1, "name": "IVA 10", "value": 10}], "surcharges": []}));
    let channels = admin.0.get(format!("{MGMT}{}/channels", world.session_path())).await.ok();
    assert_eq!(channels["metadata"]["total"], 3);
    assert_eq!(channels["data"][0], json!({"channel_id": world.web.id, "quotas": [1], "on_catalog": true}));
}

async fn a_change_names_what_becomes_different(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let path = format!("{MGMT}{}", world.session_path());
    let before = world.admin.0.get(&path).await;
    let tag = before.header("etag").to_owned();
    let before = before.ok();
    let changed =
        world.change_session(json!({"buyer_limit": 4, "external_reference": "X-1", "date": {"end": "2031-01-31T23:00:00+01:00"}})).await;
    assert_eq!((&changed["buyer_limit"], &changed["external_reference"]), (&json!(4), &json!("X-1")));
    assert_eq!(changed["date"]["end"], "2031-01-31T23:00:00+01:00");
    assert_eq!(
        (&changed["rates"], &changed["name"], &changed["date"]["start"]),
        (&before["rates"], &before["name"], &before["date"]["start"])
    );
    let late = Ask::new("PATCH", &path).json(&json!({"name": "Late"})).header("if-match", tag);
    world.admin.0.send(late).await.refused("CONFLICT");
    let cleared = world.change_session(json!({"buyer_limit": null, "external_reference": null})).await;
    assert!(cleared.get("buyer_limit").is_none() && cleared.get("external_reference").is_none(), "{cleared}");

    let event = format!("/events/{}", world.event);
    let renamed = world.admin.change(&event, json!({"texts": {"subtitle": {"ca-ES": "Gira"}}})).await;
    assert_eq!(renamed["texts"], json!({"title": {"es-ES": "Concierto"}, "subtitle": {"ca-ES": "Gira"}}));
    world.admin.0.patch(format!("{MGMT}{event}"), json!({"currency": "USD"})).await.refused("CONFLICT");
    let venue = world.admin.change("/venues/1", json!({"location": {"postal_code": "46001"}})).await;
    assert_eq!((&venue["location"]["postal_code"], &venue["location"]["city"]), (&json!("46001"), &json!("Valencia")));

    world.change_session(json!({"status": "CANCELLED"})).await;
    world.admin.0.patch(&path, json!({"status": "READY"})).await.refused("CONFLICT");
}

async fn a_promoter_sees_no_other_promoters_events(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let manager = person(&world.admin, world.circus, "ringmaster", &["EVENT_MANAGER"]).await;
    let manager = ManagerClient::with_password(world.nobody(), &manager.username, &manager.password).await.0;
    assert_eq!(manager.get(format!("{MGMT}/events")).await.ok()["metadata"]["total"], 0);
    manager.get(format!("{MGMT}/events/{}", world.event)).await.refused("NOT_FOUND");
    manager.patch(format!("{MGMT}{}", world.session_path()), json!({"selling": false})).await.refused("NOT_FOUND");
    manager.post(format!("{MGMT}{}/places", world.session_path()), json!({"action": "BLOCK", "seats": [1]})).await.refused("NOT_FOUND");
    manager.patch(format!("{MGMT}/venues/1"), json!({"name": "Ours"})).await.refused("NOT_FOUND");
    manager.patch(format!("{MGMT}/venue-templates/1"), json!({"name": "Ours"})).await.refused("NOT_FOUND");
    // But it may play in the theatre, with an event of its own.
    let event = json!({"name": "Trapeze", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = manager.post(format!("{MGMT}/events"), event).await.ok();
    assert_eq!(event["entity_id"], world.circus);
    let session = json!({"name": "Matinee", "venue_template_id": 1, "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.stalls, "value": 8}]}]});
    manager.post(format!("{MGMT}/events/{}/sessions", event["id"]), session).await.ok();
    let clerk = person(&world.admin, world.theatre, "reader", &["REPORTS"]).await;
    let clerk = ManagerClient::with_password(world.nobody(), &clerk.username, &clerk.password).await.0;
    assert_eq!(clerk.get(format!("{MGMT}/events")).await.ok()["metadata"]["total"], 1);
    clerk.post(format!("{MGMT}/venues"), json!({})).await.refused("FORBIDDEN_RESOURCE");
}

async fn a_template_is_made_once_for_an_idempotency_key(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let ask = || Ask::new("POST", format!("{MGMT}/venue-templates")).json(&hall(1)).header("idempotency-key", "hall-1");
    let first = world.admin.0.send(ask()).await.ok();
    let again = world.admin.0.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), first);
    assert_eq!(world.admin.0.get(format!("{MGMT}/venue-templates")).await.ok()["metadata"]["total"], 2);
}

/// A hall of 30 places without numbers.
fn hall(venue: u64) -> Value {
    json!({"venue_id": venue, "name": "Hall", "price_types": [{"name": "All"}],
        "sectors": [{"name": "Hall", "price_type": "All", "zones": [{"name": "Hall", "places": [{"count": 30, "blocked": 5}]}]}]})
}

/// A document with one member changed; `null` takes it out.
fn with(mut document: Value, path: &str, value: Value) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        drop(parent.remove(name))
    } else {
        drop(parent.insert(name.to_owned(), value))
    }
    document
}

async fn what_is_wrong_is_said_by_name(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    let missing = |message: &str| format!("Parameter(s) required: '{message}'");
    let said = admin.post(format!("{MGMT}/venues"), json!({})).await.refused("DIST0006");
    let location = "location.address, location.city, location.country, location.country_subdivision, location.time_zone";
    assert_eq!(said.message(), missing(&format!("name, {location}")));
    let said = admin.post(format!("{MGMT}/events"), json!({})).await.refused("DIST0006");
    assert_eq!(said.message(), missing("currency, default_language, name"));
    let sessions = format!("{MGMT}/events/{}/sessions", world.event);
    let said = admin.post(&sessions, json!({})).await.refused("DIST0006");
    assert_eq!(said.message(), missing("venue_template_id, date.start, date.sale_start, rates, name"));
    let said = admin.post(format!("{MGMT}/venue-templates"), json!({})).await.refused("DIST0006");
    assert_eq!(said.message(), missing("price_types, sectors, venue_id, name"));

    for (code, path, value) in [
        ("DIST0002", "/sectors", json!("none")),
        ("DIST0002", "/sectors/0/zones/0/places/0/count", json!(-1)),
        ("DIST0004", "/price_types/0/ui_settings", json!({"color": "brown"})),
        ("DIST0004", "/price_types/0/texts", json!({"name": {"español": "Todo"}})),
        ("DIST0005", "/price_types/0/code", json!("Other")),
        ("DIST0005", "/venue_id", json!(99)),
        ("DIST0005", "/id", json!(u64::from(u32::MAX))),
        ("DIST0005", "/sectors/0/zones/0/places/0/blocked", json!(31)),
        ("DIST0005", "/sectors/0/zones/0/places/0/count", json!(500_000)),
        ("DIST0005", "/sectors/0/quota", json!("Press")),
        ("DIST0005", "/name", json!("x".repeat(1_001))),
        ("DIST0006", "/sectors/0/price_type", Value::Null),
        ("DIST0006", "/sectors/0/zones", Value::Null),
    ] {
        admin.post(format!("{MGMT}/venue-templates"), with(hall(1), path, value)).await.refused(code);
    }
    for (code, body) in [
        ("DIST0004", json!({"date": {"start": "tomorrow"}})),
        ("DIST0004", json!({"rates": [{"name": "A", "prices": [{"price_type_id": world.stalls, "value": 1.234}]}]})),
        ("DIST0005", json!({"status": "OPEN"})),
        ("DIST0005", json!({"buyer_limit": 0})),
        ("DIST0005", json!({"rates": []})),
        ("DIST0005", json!({"rates": [{"name": "A", "prices": [{"price_type_id": 999, "value": 1}]}]})),
        ("DIST0005", json!({"rates": [{"name": "A", "prices": [{"price_type_id": world.stalls, "value": -1}]}]})),
        ("DIST0006", json!({"rates": [{"name": "A", "prices": []}]})),
        ("DIST0006", json!({"date": {"booking_start": "2031-01-01T00:00:00Z"}})),
    ] {
        admin.patch(format!("{MGMT}{}", world.session_path()), body).await.refused(code);
    }
    admin.patch(format!("{MGMT}/venues/1"), json!({"location": {"time_zone": "Europe/Atlantis"}})).await.refused("DIST0005");
    admin.get(format!("{MGMT}/events?limit=0&include_archived=maybe")).await.refused("DIST0005");
    let version = admin.get(format!("{MGMT}{}", world.session_path())).await;
    assert_eq!(version.header("etag"), "\"1\"", "nothing of all that changed anything");
}

async fn what_does_not_fit_together_is_refused(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    let session = format!("{MGMT}{}", world.session_path());
    admin.patch(&session, json!({"date": {"sale_end": "2031-01-14T00:00:00Z"}})).await.refused("DIST0001");
    admin.patch(&session, json!({"date": {"end": "2031-01-30T00:00:00Z"}})).await.refused("DIST0001");
    let publication = format!("{session}/channels/{}", world.web.id);
    let backwards = json!({"sale_start": "2031-01-20T00:00:00Z", "sale_end": "2031-01-19T00:00:00Z"});
    admin.put(&publication, backwards).await.refused("DIST0001");
    admin.put(&publication, json!({"quotas": [7]})).await.refused("DIST0005");
    admin.put(format!("{session}/channels/999"), json!({})).await.refused("NOT_FOUND");
    let event = json!({"id": world.event, "name": "Again", "currency": "EUR", "default_language": "es-ES"});
    let refused = admin.post(format!("{MGMT}/events"), event).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{"id": world.event}]));
    admin.patch(format!("{MGMT}/events/{}/sessions/{}", world.event + 1, world.session), json!({})).await.refused("NOT_FOUND");
    let retired = world.admin.change("/venue-templates/1", json!({"retired": true})).await;
    assert_eq!(retired["retired"], true);
    let late = json!({"name": "Late", "venue_template_id": 1, "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 8}]}]});
    admin.post(format!("{MGMT}/events/{}/sessions", world.event), late).await.refused("CONFLICT");
}

async fn the_known_reads_are_there(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let capacity = world.admin.0.get(format!("{MGMT}{}/capacity", world.session_path())).await.ok();
    let counts = |total: u32, held: u32| json!({"total": total, "free": total - held, "held": held, "sold": 0, "blocked": 0});
    let picked = |value: &Value| json!({"total": value["total"], "free": value["free"], "held": value["held"], "sold": value["sold"], "blocked": value["blocked"]});
    assert_eq!(picked(&capacity), counts(36, 2));
    assert_eq!(picked(&capacity["price_types"][0]), counts(16, 2));
    assert_eq!(picked(&capacity["sectors"][1]), counts(20, 0));
    assert_eq!(picked(&capacity["quotas"][0]), counts(36, 2));
    let prices = world.admin.0.get(format!("{MGMT}/events/{}/venue-templates/1/prices", world.event)).await.ok();
    let prices = prices["data"].as_array().unwrap().iter().map(|price| (price["price_type"]["name"].clone(), price["value"].clone()));
    let named = |name: &str, value: i64| (json!(name), json!(value));
    assert_eq!(prices.collect::<Vec<_>>(), [named("Stalls", 20), named("Stalls", 15), named("Floor", 10)]);
    world.admin.change(&format!("/events/{}", world.event), json!({"status": "ARCHIVED"})).await;
    assert_eq!(world.admin.0.get(format!("{MGMT}/events")).await.ok()["metadata"]["total"], 0);
    assert_eq!(world.admin.0.get(format!("{MGMT}/events?include_archived=true")).await.ok()["metadata"]["total"], 1);
    seller.0.get(format!("/catalog-api/v1/sessions/{}", world.session)).await.refused("SESSION_NOT_FOUND");
}
