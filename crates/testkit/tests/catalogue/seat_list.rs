//! Seats by what they are: the accessible ones, the free ones, those of a sector.

use aforo_testkit::builders::{SmallWorld, id, publish};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![seats_are_found_by_what_they_are];

/// A session in a house with wheelchair places in its second row, the last of which is blocked. It, and the ids of its sectors.
async fn house(world: &SmallWorld<'_>) -> (u64, Vec<u64>) {
    let seat = |name: &str, attributes: Value| json!({"name": name, "attributes": attributes});
    let mut last = seat("4", json!(["ACCESSIBLE", "AISLE"]));
    last["blocked"] = json!(true);
    let back = json!([seat("1", json!(["ACCESSIBLE", "AISLE"])), seat("2", json!(["COMPANION"])), seat("3", json!(["ACCESSIBLE"])), last]);
    let sector = |name: &str, rows: Value| json!({"name": name, "price_type": "All", "rows": rows});
    let front = json!([{"name": "A", "entrance": "Gate 2", "seats": [{"name": "1", "x": 3, "y": 4}, {"name": "2", "gap_before": true}]}]);
    let template = json!({"venue_id": 1, "name": "House", "price_types": [{"name": "All"}],
        "sectors": [sector("Front", front), sector("Back", json!([{"name": "B", "seats": back}]))]});
    let template = world.admin.make("/venue-templates", template).await;
    let session = json!({"name": "House", "venue_template_id": template["id"], "status": "READY",
        "date": {"start": "2031-03-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": template["price_types"][0]["id"], "value": 5}]}]});
    let session = world.admin.make_id(&format!("/events/{}/sessions", world.event), session).await;
    publish(&world.admin, world.event, session, world.web.id, json!({})).await;
    (session, template["sectors"].as_array().unwrap().iter().map(id).collect())
}

async fn seats_are_found_by_what_they_are(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (session, sectors) = house(&world).await;
    let seller = world.seller().await;
    let path = format!("/catalog-api/v1/sessions/{session}/seats");
    let list = async |query: &str| seller.0.get(format!("{path}?{query}")).await.ok();
    let names = async |query: &str| {
        let found = list(query).await;
        let name = |seat: &Value| format!("{}{}", seat["row"].as_str().unwrap(), seat["seat"].as_str().unwrap());
        found["data"].as_array().unwrap().iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("form=list").await, "A1 A2 B1 B2 B3 B4");
    assert_eq!(names("entrance=Gate%202").await, "A1 A2");
    assert_eq!(list("entrance=Gate%202&limit=1").await["data"][0]["entrance"], "Gate 2");
    assert_eq!(names("entrance=Gate").await, "");
    assert_eq!(names("attributes=ACCESSIBLE").await, "B1 B3 B4");
    assert_eq!(names("attributes=ACCESSIBLE,%20AISLE&colour=red").await, "B1 B4");
    assert_eq!(names("attributes=ACCESSIBLE&available=true").await, "B1 B3");
    assert_eq!(names("available=false").await, "B4");
    assert_eq!(names(&format!("sector_id={}", sectors[0])).await, "A1 A2");
    assert_eq!(names("price_type_id=999").await, "");
    assert_eq!(names(&format!("sector_id={}&form=list&limit=2&offset=1", sectors[1])).await, "B2 B3");
    let all = seller.seats(session).await;
    let order = seller.create().await;
    seller.add_seats(&order, session, &all[2..3]).await.ok();
    assert_eq!(names("attributes=ACCESSIBLE&available=true").await, "B3");
    let kind = list("form=list").await["data"][0]["price_type"].clone();
    let sector = |index: usize, name: &str| json!({"id": sectors[index], "name": name});
    let page = list("available=false&limit=1").await;
    assert_eq!(page["metadata"], json!({"limit": 1, "total": 2, "offset": 0}));
    assert_eq!(
        page["data"],
        json!([{"id": all[2], "row": "B", "seat": "1", "sector": sector(1, "Back"), "price_type": kind, "status": "TAKEN", "x": 0, "y": 0,
            "attributes": ["ACCESSIBLE", "AISLE"]}])
    );
    let front = list(&format!("sector_id={}", sectors[0])).await;
    assert_eq!((&front["data"][0]["x"], front["data"][0].get("attributes"), &kind["name"]), (&json!(3), None, &json!("All")));
    assert_eq!(front["data"][1]["attributes"], json!(["GAP_BEFORE"]));
    for (query, code) in [
        ("attributes=COMFORTABLE", "DIST0005"),
        ("available=maybe", "DIST0005"),
        ("sector_id=first", "DIST0004"),
        ("limit=501", "DIST0005"),
        ("form=compact&available=true", "DIST0001"),
        ("form=status&sector_id=1", "DIST0001"),
    ] {
        seller.0.get(format!("{path}?{query}")).await.refused(code);
    }
}
