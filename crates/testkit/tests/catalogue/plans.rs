//! Plans as files: what is imported sells like any other template, what is exported makes the same again, and a bad file changes nothing.

use aforo_testkit::builders::{SmallWorld, id, publish, text};
use aforo_testkit::caller::{Answer, Ask, MGMT, ManagerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_file_becomes_a_template_that_sells,
    a_template_is_read_as_it_was_made,
    a_bad_file_changes_nothing,
    who_may_import_may_import_his_own,
];

const CSV: (&str, &str) = ("text/csv", include_str!("../../../../docs/plans/hall.csv"));
const SVG: (&str, &str) = ("image/svg+xml", include_str!("../../../../docs/plans/hall.svg"));
const JSON: (&str, &str) = ("application/json", include_str!("../../../../docs/plans/hall.json"));

fn import(query: &str, (content_type, file): (&'static str, &str)) -> Ask {
    Ask::new("POST", format!("{MGMT}/venue-templates/import?{query}")).raw(content_type, file)
}

/// A session on a template, published in the web channel, with one price for all.
async fn session_on(world: &SmallWorld<'_>, template: &Value) -> u64 {
    let prices: Vec<_> =
        template["price_types"].as_array().unwrap().iter().map(|kind| json!({"price_type_id": kind["id"], "value": 12})).collect();
    let body = json!({"name": "Imported", "venue_template_id": template["id"], "status": "READY",
        "date": {"start": "2031-02-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"}, "rates": [{"name": "Adult", "prices": prices}]});
    let session = world.admin.make_id(&format!("/events/{}/sessions", world.event), body).await;
    publish(&world.admin, world.event, session, world.web.id, json!({})).await;
    session
}

async fn a_file_becomes_a_template_that_sells(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    for (file, format, capacity, entrances) in [
        (CSV, "CSV", 48, json!(["North", "South"])),
        (SVG, "SVG", 48, json!(["North", "South"])),
        (JSON, "SEATING_PLAN", 7, json!([null, null])),
    ] {
        let query = format!("venue_id=1&name=Hall+{format}&focal_x=-20&focal_y=0&check_orphan_seats=true");
        let once = || import(&query, file).header("idempotency-key", format);
        let made = world.admin.0.send(once()).await;
        assert_eq!(made.header("etag"), "\"1\"");
        let (made, again) = (made.ok(), world.admin.0.send(once()).await);
        assert_eq!((again.header("idempotency-replayed"), &again.body["template"]["id"]), ("true", &made["template"]["id"]));
        let (template, report) = (&made["template"], &made["report"]);
        assert_eq!((&report["format"], &report["capacity"], &template["capacity"]), (&json!(format), &json!(capacity), &json!(capacity)));
        assert_eq!((&template["focal_point"], &template["check_orphan_seats"]), (&json!({"x": -20, "y": 0}), &json!(true)));
        let session = session_on(&world, template).await;
        let map = seller.0.get(format!("/catalog-api/v1/sessions/{session}/seats")).await.ok();
        let rows = map["sectors"][0]["rows"].as_array().unwrap();
        assert_eq!(json!(rows.iter().map(|row| row.get("entrance")).collect::<Vec<_>>()), entrances);
        let order = seller.create().await;
        let sold = seller.add_seats(&order, session, &seller.seats(session).await[..2]).await.ok();
        let seat = &sold["items"][0]["seat"];
        assert_eq!((&seat["row"], &seat["seat"], seat.get("entrance").unwrap_or(&Value::Null)), (&json!("A"), &json!("1"), &entrances[0]));
        if capacity == 48 {
            let sold = seller.add_auto(&order, session, id(&template["price_types"][1]), 2).await.ok();
            assert_eq!((&sold["items"][3]["zone"]["name"], &sold["items"][3]["zone"]["entrance"]), (&json!("Pit"), &json!("West")));
        }
        seller.buyer(&order, "ada@example.org").await.ok();
        let to_pay = seller.pre_confirm(&order).await.ok()["price"]["to_pay"].clone();
        assert_eq!(seller.confirm(&order, &to_pay).await.ok()["status"], "CONFIRM");
    }
}

/// A document without the ids that a new one gets.
fn without_ids(mut document: Value) -> Value {
    for sector in document["sectors"].as_array_mut().unwrap() {
        for part in ["rows", "zones"] {
            for row in sector[part].as_array_mut().unwrap() {
                row.as_object_mut().unwrap().remove("id");
                for seat in row.get_mut("seats").and_then(Value::as_array_mut).into_iter().flatten() {
                    seat.as_object_mut().unwrap().remove("id");
                }
            }
        }
    }
    document
}

async fn a_template_is_read_as_it_was_made(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    let row = json!({"name": "A", "rank": 2, "entrance": "Side door", "seats": [
        {"name": "1", "x": -5, "y": 7, "attributes": ["AISLE", "ACCESSIBLE"], "blocked": true}, {"name": "2, left", "x": 5, "quota": "Press", "gap_before": true}]});
    let body = json!({"venue_id": 1, "name": "Detailed", "quotas": ["Everybody", "Press"],
        "price_types": [{"name": "Best", "code": "B", "texts": {"name": {"ca-ES": "Millor"}}, "ui_settings": {"order": 9, "color": "#112233"}}],
        "sectors": [{"name": "Main", "code": "M", "price_type": "B", "entrance": "Front", "rows": [row, {"name": "B", "entrance": " ", "seats": [{"name": "1", "y": 20}]}],
            "zones": [{"name": "Pit", "places": [{"count": 5, "blocked": 1}, {"count": 2, "quota": "Press"}]}]}]});
    let template = world.admin.make("/venue-templates", body).await;
    let read = async |id: u64, form: &str| admin.get(format!("{MGMT}/venue-templates/{id}/plan.{form}")).await;
    let document = read(id(&template), "json").await.ok();
    let main = &document["sectors"][0];
    assert_eq!(
        (&main["rows"][0]["entrance"], &main["rows"][1]["entrance"], &main["zones"][0]["entrance"]),
        (&json!("Side door"), &json!("Front"), &json!("Front"))
    );
    assert_eq!(main["rows"][0]["seats"][0]["attributes"], json!(["ACCESSIBLE", "AISLE"]));
    assert_eq!(document["price_types"][0]["texts"]["name"], json!({"ca-ES": "Millor"}));
    let again = world.admin.make("/venue-templates", document.clone()).await;
    assert_ne!(again["id"], template["id"]);
    assert_eq!(without_ids(read(id(&again), "json").await.ok()), without_ids(document));

    let table = read(id(&template), "csv").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(table.header("content-disposition").ends_with(&format!("\"plan-{}.csv\"", id(&template))));
    let imported = admin.send(import("venue_id=1&name=Detailed", ("text/csv; charset=utf-8", &table.text))).await.ok();
    assert_eq!((&imported["report"]["warnings"], &imported["report"]["capacity"]), (&json!([]), &json!(10)));
    assert_eq!(read(id(&imported["template"]), "csv").await.text, table.text);
    for form in ["json", "csv"] {
        read(999, form).await.refused("NOT_FOUND");
        world.seller().await.0.get(format!("{MGMT}/venue-templates/1/plan.{form}")).await.refused("INVALID_AUTH_CLIENT_ID");
    }
}

async fn a_bad_file_changes_nothing(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    let good = "venue_id=1&name=Hall";
    let said =
        async |query: &str, file: (&'static str, &str), code: &str| -> Answer { admin.send(import(query, file)).await.refused(code) };
    for content_type in ["text/plain", "application/xml", "text/csv-schema", "image/svg", "text/xml"] {
        said(good, (content_type, CSV.1), "DIST0003").await;
    }
    admin.send(Ask::new("POST", format!("{MGMT}/venue-templates")).raw("text/csv", CSV.1)).await.refused("DIST0003");
    for (content_type, _) in [CSV, SVG, JSON] {
        said(good, (content_type, ""), "DIST0002").await;
    }
    for (content_type, file) in [SVG, JSON] {
        said(good, (content_type, "<html"), "DIST0002").await;
        said(good, (content_type, &file[..file.len() / 2]), "DIST0002").await;
    }
    let wrong = said(good, ("text/csv", "sector,row,seat,attributes\nS,A,1,LOUD\nS,A,1,\n"), "DIST0005").await;
    assert_eq!(wrong.message(), "Invalid parameter(s): 'attributes, seat'");
    assert_eq!(wrong.body["details"][1]["id"], "line 3, seat: row 'A' has a seat '1' already, at line 2");
    said(good, ("text/csv", "sector,row,seat,x,y\nS,A,1,far,0\n"), "DIST0004").await;
    said(good, ("text/csv", "sector,row,seat,x,y\nS,,1,0,0\n"), "DIST0006").await;
    for (query, code) in [
        ("", "DIST0006"),
        ("venue_id=1", "DIST0006"),
        ("name=Hall", "DIST0006"),
        ("venue_id=one&name=Hall", "DIST0004"),
        ("venue_id=99&name=Hall", "DIST0005"),
        ("venue_id=99&name=Hall&dry_run=true", "DIST0005"),
        ("venue_id=1&name=Hall&dry_run=maybe", "DIST0005"),
        ("venue_id=1&name=Hall&scale=0", "DIST0005"),
        ("venue_id=1&name=Hall&focal_x=1", "DIST0006"),
        ("venue_id=1&name=Hall&focal_x=1&focal_y=9999999999", "DIST0004"),
    ] {
        said(query, CSV, code).await;
    }
    let tried = admin.send(import(&format!("{good}&dry_run=true"), SVG)).await.ok();
    assert_eq!((tried.get("template"), &tried["report"]["seats"]), (None, &json!(8)));
    assert_eq!(admin.get(format!("{MGMT}/venue-templates")).await.ok()["metadata"]["total"], 1, "nothing of all that made a template");
    world.admin.change("/venues/1", json!({"retired": true})).await;
    said(good, CSV, "CONFLICT").await;
    said(&format!("{good}&dry_run=true"), CSV, "CONFLICT").await;
}

async fn who_may_import_may_import_his_own(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let of_circus = async |role: &str| {
        let key = world.admin.make(&format!("/entities/{}/keys", world.circus), json!({"roles": [role]})).await;
        ManagerClient::with_key(world.nobody(), text(&key, "secret")).await.0
    };
    for query in ["venue_id=1&name=Mine", "venue_id=1&name=Mine&dry_run=true"] {
        of_circus("EVENT_MANAGER").await.send(import(query, CSV)).await.refused("DIST0005");
        of_circus("REPORTS").await.send(import(query, CSV)).await.refused("FORBIDDEN_RESOURCE");
        world.nobody().send(import(query, CSV)).await.refused("AUTH001");
    }
    assert_eq!(
        of_circus("REPORTS").await.get(format!("{MGMT}/venue-templates/1/plan.csv")).await.status,
        200,
        "templates are the whole operator's to see"
    );
    let other = world.platform.make_id("/operators", json!({"name": "Ponent"})).await;
    let there = |path: &str| format!("{MGMT}/venue-templates/1/{path}?operator_id={other}");
    world.platform.0.get(there("plan.csv")).await.refused("NOT_FOUND");
    world.admin.0.get(there("plan.json")).await.refused("NOT_FOUND");
}
