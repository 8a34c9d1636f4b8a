//! Series: sessions that are alike but for their dates, made from one recurrence and put on sale at once.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Ask;
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_dry_run_answers_the_dates_and_makes_nothing,
    a_series_is_made_published_and_named,
    a_line_is_made_with_its_publications_or_not_at_all,
    a_series_is_made_once_for_an_idempotency_key,
    what_is_wrong_with_a_series_is_said_by_name,
];

const MGMT: &str = "/mgmt-api/v1";

/// Visits on Tuesdays and Wednesdays around the change of clocks of 2031-03-30.
fn visits(world: &SmallWorld<'_>) -> Value {
    json!({
        "session": {"name": "Visita {date} {time}", "venue_template_id": 1, "status": "READY",
            "rates": [{"name": "Adult", "prices": [{"price_type_id": world.floor, "value": 8}]}]},
        "recurrence": {"from": "2031-03-25", "to": "2031-04-02", "weekdays": ["TU", "WE"], "times": ["10:00", "10:30"],
            "except": ["2031-04-01"], "duration_minutes": 60},
        "sale": {"start": "2031-01-01T00:00:00Z", "end_before_minutes": 15},
        "booking": {"start_before_minutes": 1440, "end_before_minutes": 60},
        "channels": [{"channel_id": world.web.id, "sales_limit": 9}, {"channel_id": world.kiosk.id, "on_catalog": false}],
    })
}

fn path(world: &SmallWorld<'_>) -> String {
    format!("{MGMT}/events/{}/sessions/series", world.event)
}

async fn sessions(world: &SmallWorld<'_>, query: &str) -> Value {
    world.admin.0.get(format!("{MGMT}/events/{}/sessions?{query}", world.event)).await.ok()
}

async fn a_dry_run_answers_the_dates_and_makes_nothing(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let dates = world.admin.0.post(format!("{}?dry_run=true", path(&world)), visits(&world)).await.ok();
    assert_eq!(dates["metadata"], json!({"total": 6}));
    assert_eq!(
        dates["data"][5],
        json!({"index": 5, "name": "Visita 2031-04-02 10:30", "start": "2031-04-02T10:30:00+02:00", "end": "2031-04-02T11:30:00+02:00",
            "sale_start": "2031-01-01T01:00:00+01:00", "sale_end": "2031-04-02T10:15:00+02:00",
            "booking_start": "2031-04-01T08:30:00Z", "booking_end": "2031-04-02T07:30:00Z"})
    );
    assert_eq!(dates["data"][0]["start"], "2031-03-25T10:00:00+01:00");
    assert_eq!(sessions(&world, "").await["metadata"]["total"], 1);
}

async fn a_series_is_made_published_and_named(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let report = world.admin.0.post(path(&world), visits(&world)).await.ok();
    assert_eq!(report["metadata"], json!({"total": 6, "done": 6, "refused": 0}));
    let april = sessions(&world, "start=gte:2031-04-01T00:00:00Z&sort=date.start:desc").await;
    assert_eq!(april["metadata"]["total"], 2);
    let last = &april["data"][0];
    assert_eq!((&last["name"], &last["id"]), (&json!("Visita 2031-04-02 10:30"), &report["data"][5]["id"]));
    assert_eq!(
        last["date"],
        json!({"start": "2031-04-02T10:30:00+02:00", "end": "2031-04-02T11:30:00+02:00", "sale_start": "2031-01-01T01:00:00+01:00",
            "sale_end": "2031-04-02T10:15:00+02:00", "booking_start": "2031-04-01T08:30:00Z", "booking_end": "2031-04-02T07:30:00Z",
            "start_unconfirmed": false})
    );
    let channels = world.admin.0.get(format!("{MGMT}/events/{}/sessions/{}/channels", world.event, last["id"])).await.ok();
    assert_eq!(
        channels["data"],
        json!([{"channel_id": world.web.id, "quotas": [1], "on_catalog": true, "sales_limit": 9},
            {"channel_id": world.kiosk.id, "quotas": [1], "on_catalog": false}])
    );
    let seller = world.seller().await;
    let shown = seller.0.get("/catalog-api/v1/sessions?start=gte:2031-03-01T00:00:00Z").await.ok();
    assert_eq!(shown["metadata"]["total"], 6);
    let order = seller.create().await;
    seller.add_auto(&order, last["id"].as_u64().unwrap(), world.floor, 2).await.ok();
}

async fn a_line_is_made_with_its_publications_or_not_at_all(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let mut body = visits(&world);
    // The kiosk's own sale begins after the first sessions' sale has ended.
    body["channels"][1]["sale_start"] = json!("2031-03-27T00:00:00Z");
    let report = world.admin.0.post(path(&world), body).await.ok();
    assert_eq!(report["metadata"], json!({"total": 6, "done": 2, "refused": 4}));
    assert_eq!(report["data"][3]["code"], "DIST0001");
    assert_eq!(sessions(&world, "").await["metadata"]["total"], 3);
    let quota = json!([{"channel_id": world.web.id, "quotas": [7]}]);
    let mut body = visits(&world);
    body["channels"] = quota;
    assert_eq!(world.admin.0.post(path(&world), body).await.ok()["metadata"]["refused"], 6);
    assert_eq!(sessions(&world, "").await["metadata"]["total"], 3);
}

async fn a_series_is_made_once_for_an_idempotency_key(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let ask = || Ask::new("POST", path(&world)).json(&visits(&world)).header("idempotency-key", "spring");
    let first = world.admin.0.send(ask()).await;
    let again = world.admin.0.send(ask()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(sessions(&world, "").await["metadata"]["total"], 7);
}

async fn what_is_wrong_with_a_series_is_said_by_name(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    let missing = admin.post(path(&world), json!({})).await.refused("DIST0006");
    assert_eq!(missing.message(), "Parameter(s) required: 'session, recurrence, sale'");
    for (pointer, value, code, name) in [
        ("/session/id", json!(7), "DIST0005", "session.id"),
        ("/session/date", json!({"start": "2031-03-01T00:00:00Z"}), "DIST0005", "session.date"),
        ("/session/venue_template_id", json!(99), "DIST0005", "session.venue_template_id"),
        ("/session/venue_template_id", Value::Null, "DIST0006", "session.venue_template_id"),
        ("/session/name", Value::Null, "DIST0006", "name"),
        ("/session/rates", json!([]), "DIST0005", "rates"),
        ("/recurrence/times", json!(["later"]), "DIST0004", "recurrence.times"),
        ("/recurrence/to", json!("2031-03-01"), "DIST0001", ""),
        ("/sale/start", Value::Null, "DIST0006", "sale.start"),
        ("/sale/start_before_minutes", json!(60), "DIST0001", ""),
        ("/sale/end_before_minutes", json!(-1), "DIST0005", "sale.end_before_minutes"),
        ("/sale/end_after_minutes", json!(15), "DIST0001", ""),
        ("/booking", json!({"start_before_minutes": 1440, "end_after_minutes": 10_081}), "DIST0005", "booking.end_after_minutes"),
        ("/channels/0/channel_id", json!(999), "DIST0005", "channels.channel_id"),
        ("/channels/0/channel_id", json!(world.kiosk.id), "DIST0005", "channels.channel_id"),
        ("/channels/0/sales_limit", json!(-1), "DIST0005", "sales_limit"),
    ] {
        let mut body = visits(&world);
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        let answer = admin.post(path(&world), body).await.refused(code);
        assert!(answer.message().contains(name), "{pointer}: {}", answer.message());
    }
    admin.post(format!("{}?dry_run=perhaps", path(&world)), visits(&world)).await.refused("DIST0005");
    admin.post(format!("{MGMT}/events/999/sessions/series"), visits(&world)).await.refused("NOT_FOUND");
    let mut many = visits(&world);
    many["recurrence"] = json!({"from": "2031-01-01", "to": "2040-12-31", "times": ["10:00"]});
    admin.post(path(&world), many).await.refused("DIST0005");
    assert_eq!(sessions(&world, "").await["metadata"]["total"], 1);
}
