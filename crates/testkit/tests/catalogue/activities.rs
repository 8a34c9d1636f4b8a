//! Activities: events whose sessions are time slots of a day, made by one recurrence and found by their day.

use aforo_testkit::builders::{SmallWorld, id};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![slots_are_made_found_and_sold, what_is_numbered_is_no_activity];

const MGMT: &str = "/mgmt-api/v1";

/// An activity of the theatre's, and a template of one zone with its price type.
async fn museum(world: &SmallWorld<'_>) -> (u64, u64, u64) {
    let rooms = json!({"venue_id": 1, "name": "Rooms", "price_types": [{"name": "Visit"}],
        "sectors": [{"name": "Rooms", "price_type": "Visit", "zones": [{"name": "Rooms", "places": [{"count": 3}]}]}]});
    let rooms = world.admin.make("/venue-templates", rooms).await;
    let event = json!({"entity_id": world.theatre, "name": "Museum", "currency": "EUR", "default_language": "es-ES", "status": "READY", "type": "ACTIVITY"});
    let event = world.admin.make("/events", event).await;
    assert_eq!(event["type"], "ACTIVITY");
    (id(&event), id(&rooms), id(&rooms["price_types"][0]))
}

/// Slots every 40 minutes, sold until ten minutes after they have begun.
fn slots(world: &SmallWorld<'_>, template: u64, price_type: u64) -> Value {
    json!({
        "session": {"name": "{date} {time}", "venue_template_id": template, "status": "READY",
            "rates": [{"name": "Adult", "prices": [{"price_type_id": price_type, "value": 8}]}]},
        "recurrence": {"from": "2031-01-15", "to": "2031-01-16", "every": {"from": "10:00", "to": "12:00", "minutes": 40}, "duration_minutes": 40},
        "sale": {"start": "2031-01-01T00:00:00Z", "end_after_minutes": 10},
        "channels": [{"channel_id": world.web.id}],
    })
}

async fn slots_are_made_found_and_sold(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (event, template, price_type) = museum(&world).await;
    let report = world.admin.0.post(format!("{MGMT}/events/{event}/sessions/series"), slots(&world, template, price_type)).await.ok();
    assert_eq!(report["metadata"], json!({"total": 8, "done": 8, "refused": 0}));
    let of_type = async |kind: &str| world.admin.0.get(format!("{MGMT}/events?type={kind}")).await.ok()["metadata"]["total"].clone();
    assert_eq!((of_type("ACTIVITY").await, of_type("NORMAL").await), (json!(1), json!(1)));
    world.admin.0.get(format!("{MGMT}/events?type=PLAY")).await.refused("DIST0005");

    let seller = world.seller().await;
    let events = seller.0.get("/catalog-api/v1/events?type=ACTIVITY").await.ok();
    assert_eq!(
        (&events["metadata"]["total"], &events["data"][0]["id"], &events["data"][0]["type"]),
        (&json!(1), &json!(event), &json!("ACTIVITY"))
    );
    assert_eq!(seller.0.get("/catalog-api/v1/events?type=NORMAL").await.ok()["data"][0]["id"], json!(world.event));
    let listed = async |query: &str| seller.0.get(format!("/catalog-api/v1/sessions?{query}")).await.ok();
    assert_eq!(listed("event_type=ACTIVITY").await["metadata"]["total"], 6, "it is 11:00 of the first day: the sale of two slots is over");
    assert_eq!(listed("event_type=NORMAL&day=2031-01-31").await["metadata"]["total"], 1);
    let day = listed(&format!("event_id={event}&day=2031-01-16&type=SESSION")).await;
    let names: Vec<_> = day["data"].as_array().unwrap().iter().map(|session| session["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["2031-01-16 10:00", "2031-01-16 10:40", "2031-01-16 11:20", "2031-01-16 12:00"]);
    let date = &day["data"][0]["date"];
    assert_eq!(
        (&date["start"], &date["end"], &date["sale_end"]),
        (&json!("2031-01-16T10:00:00+01:00"), &json!("2031-01-16T10:40:00+01:00"), &json!("2031-01-16T10:10:00+01:00"))
    );
    seller.0.get("/catalog-api/v1/sessions?day=tomorrow").await.refused("DIST0004");

    // Who comes a little late is still let in, and there are only so many.
    let slot = id(&listed(&format!("event_id={event}&day=2031-01-15")).await["data"][0]);
    server.pass_seconds(25 * 60).await;
    let order = seller.create().await;
    let filled = seller.add_auto(&order, slot, price_type, 2).await.ok();
    let item = &filled["items"][0];
    assert_eq!(item["session"]["date"], json!({"start": "2031-01-15T11:20:00+01:00", "end": "2031-01-15T12:00:00+01:00"}));
    assert_eq!(item["zone"]["name"], "Rooms");
    seller.add_auto(&order, slot, price_type, 2).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    server.pass_seconds(6 * 60).await;
    seller.add_auto(&order, slot, price_type, 1).await.refused("ORDER_SEAT_NOT_AVAILABLE");
}

async fn what_is_numbered_is_no_activity(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (event, ..) = museum(&world).await;
    let numbered = json!({"name": "Visit", "venue_template_id": 1, "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.stalls, "value": 8}]}]});
    let refused = world.admin.0.post(format!("{MGMT}/events/{event}/sessions"), numbered.clone()).await.refused("DIST0005");
    assert!(refused.message().contains("venue_template_id"), "{}", refused.text);
    world.admin.0.patch(format!("{MGMT}/events/{}", world.event), json!({"type": "ACTIVITY"})).await.refused("CONFLICT");
    let normal = world.admin.change(&format!("/events/{event}"), json!({"type": "NORMAL"})).await;
    assert_eq!(normal["type"], "NORMAL");
    world.admin.make(&format!("/events/{event}/sessions"), numbered).await;
    world.admin.0.patch(format!("{MGMT}/events/{event}"), json!({"type": "SHOW"})).await.refused("DIST0005");
}
