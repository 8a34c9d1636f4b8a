//! The catalogue as a channel reads it: what is listed, what is not, and what changes with each sale.

use aforo_testkit::builders::{SmallWorld, publish};
use aforo_testkit::caller::Ask;
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_list_is_filtered_sorted_and_paged,
    what_is_not_sold_here_is_not_there,
    a_session_is_listed_until_its_sale_ends,
    counts_follow_every_sale,
    seats_are_read_again_only_when_they_changed,
    prices_follow_their_promoter,
    events_are_those_with_a_listed_session,
];

const CATALOG: &str = "/catalog-api/v1";

/// Two more sessions of the small world's event: one that is not on the catalogue, and one that is not for sale. Their ids.
async fn two_more(world: &SmallWorld<'_>) -> [u64; 2] {
    let mut ids = [0; 2];
    for (index, (name, start, selling)) in [("Sunday", "2031-02-02", true), ("Saturday", "2031-02-01", false)].into_iter().enumerate() {
        let body = json!({"name": name, "venue_template_id": 1, "status": "READY", "selling": selling,
            "date": {"start": format!("{start}T20:00:00+01:00"), "sale_start": "2031-01-14T00:00:00Z"},
            "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 30}]}]});
        ids[index] = world.admin.make_id(&format!("/events/{}/sessions", world.event), body).await;
        publish(&world.admin, world.event, ids[index], world.web.id, json!({"on_catalog": selling})).await;
    }
    ids
}

fn ids(list: &Value) -> Vec<u64> {
    list["data"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

async fn a_list_is_filtered_sorted_and_paged(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let [sunday, saturday] = two_more(&world).await;
    let friday = world.session;
    let seller = world.seller().await;
    let list = async |query: &str| ids(&seller.0.get(format!("{CATALOG}/sessions{query}")).await.ok());
    assert_eq!(list("").await, [friday, saturday, sunday]);
    assert_eq!(list("?sort=date.start:desc&type=SESSION&colour=red").await, [sunday, saturday, friday]);
    assert_eq!(list("?for_sale=true").await, [friday, sunday]);
    assert_eq!(list("?on_catalog=false").await, [saturday]);
    assert_eq!(list("?event_id=77").await, [0; 0]);
    assert_eq!(list("?venue_id=1&start=gte:2031-02-01T00:00:00Z").await, [saturday, sunday]);
    assert_eq!(list("?start=gt%3A2031-01-31T20%3A00%3A00%2B01%3A00%2Clt%3A2031-02-02T20%3A00%3A00%2B01%3A00").await, [saturday]);
    assert_eq!(list("?start=lte:2031-01-31T20:00:00+01:00").await, [friday], "a raw plus is a blank in a query");
    let page = seller.0.get(format!("{CATALOG}/sessions?limit=1&offset=1")).await;
    assert!(page.text.starts_with(r#"{"metadata":{"limit":1,"total":3,"offset":1},"data":[{"id":"#), "{}", page.text);
    for (query, code) in [
        ("limit=501", "DIST0005"),
        ("offset=100001", "DIST0005"),
        ("limit=ten", "DIST0004"),
        ("start=2031", "DIST0004"),
        ("start=after:2031-01-01T00:00:00Z", "DIST0005"),
        ("for_sale=yes", "DIST0005"),
        ("type=CONCERT", "DIST0005"),
        ("sort=price:asc", "DIST0005"),
        ("event_id=0", "DIST0005"),
    ] {
        seller.0.get(format!("{CATALOG}/sessions?{query}")).await.refused(code);
    }
}

async fn what_is_not_sold_here_is_not_there(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let session = format!("{CATALOG}/sessions/{}", world.session);
    let parts = ["", "/availability", "/prices", "/seats", "/map", "/live"];
    for path in ["/sessions/999".to_owned(), "/sessions/999/availability".to_owned(), "/sessions/999/seats".to_owned()] {
        seller.0.get(format!("{CATALOG}{path}")).await.refused("SESSION_NOT_FOUND");
    }
    seller.0.get(format!("{CATALOG}/sessions/first")).await.refused("DIST0004");
    world.admin.delete(&format!("{}/channels/{}", world.session_path(), world.web.id)).await;
    for part in parts {
        seller.0.get(format!("{session}{part}")).await.refused("SESSION_NOT_FOUND");
    }
    publish(&world.admin, world.event, world.session, world.web.id, json!({})).await;
    seller.0.get(&session).await.ok();
    world.change_session(json!({"status": "PLANNED"})).await;
    seller.0.get(&session).await.refused("SESSION_NOT_FOUND");
    world.change_session(json!({"status": "READY", "selling": false})).await;
    let off = seller.0.get(&session).await.ok();
    assert_eq!((&off["for_sale"], &off["on_sale"]), (&json!(false), &json!(false)));
    world.nobody().get(&session).await.refused("AUTH001");
    world.admin.0.get(&session).await.refused("INVALID_AUTH_CLIENT_ID");
}

async fn a_session_is_listed_until_its_sale_ends(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    // It is 10:00; the channel stops selling at 10:01, the session itself begins at 10:02 and is sold until 10:03.
    world
        .change_session(
            json!({"date": {"start": "2031-01-15T11:02:00+01:00", "end": "2031-01-15T12:00:00+01:00", "sale_end": "2031-01-15T10:03:00Z"}}),
        )
        .await;
    publish(&world.admin, world.event, world.session, world.web.id, json!({"sale_end": "2031-01-15T10:01:00Z"})).await;
    let list = async || seller.0.get(format!("{CATALOG}/sessions")).await.ok();
    assert_eq!(list().await["data"][0]["on_sale"], true);
    assert_eq!(list().await["data"][0]["date"]["sale_end"], "2031-01-15T11:01:00+01:00");
    server.pass_seconds(60).await;
    assert_eq!(list().await["metadata"]["total"], 0);
    let item = seller.0.get(format!("{CATALOG}/sessions/{}", world.session)).await.ok();
    assert_eq!((&item["for_sale"], &item["on_sale"]), (&json!(true), &json!(false)));
    publish(&world.admin, world.event, world.session, world.web.id, json!({})).await;
    server.pass_seconds(90).await;
    assert_eq!(list().await["data"][0]["on_sale"], true, "it has begun, and its sale has not ended");
}

/// Total and available, of a block that has them.
fn counts(block: &Value) -> (u64, u64) {
    (block["availability"]["total"].as_u64().unwrap(), block["availability"]["available"].as_u64().unwrap())
}

async fn counts_follow_every_sale(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("{CATALOG}/sessions/{}", world.session);
    let read = async || seller.0.get(format!("{path}/availability")).await.ok();
    assert_eq!(counts(&read().await), (36, 36));
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.add_auto(&order, world.session, world.floor, 3).await.ok();
    let held = read().await;
    assert_eq!((counts(&held), counts(&held["price_types"][0]), counts(&held["price_types"][1])), ((36, 31), (16, 14), (20, 17)));
    let of_sectors = held["sectors"].as_array().unwrap().iter().flat_map(|sector| sector["price_types"].as_array().unwrap());
    let sums = of_sectors.map(counts).fold((0, 0), |(total, free), (more, also)| (total + more, free + also));
    assert_eq!(sums, (36, 31), "sectors add up to the whole");
    assert_eq!(counts(&seller.0.get(&path).await.ok()["availability"]["price_types"][0]), (16, 14));
    seller.order("DELETE", &order, "", None).await.ok();
    assert_eq!(counts(&read().await), (36, 36));
    for _ in 0..2 {
        let order = seller.create().await;
        seller.add_auto(&order, world.session, world.floor, 10).await.ok();
    }
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row).await.ok();
    assert_eq!(seller.0.get(&path).await.ok()["sold_out"], false);
    let all = seller.seats(world.session).await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &all[8..]).await.ok();
    assert_eq!(seller.0.get(&path).await.ok()["sold_out"], true);
}

async fn seats_are_read_again_only_when_they_changed(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("{CATALOG}/sessions/{}/seats", world.session);
    let first = seller.0.get(&path).await;
    let tag = first.header("etag").to_owned();
    let first = first.ok();
    assert_eq!(first["status"], "F".repeat(16));
    assert_eq!(first["sectors"][0]["rows"][0]["seats"][0], json!([world.row[0], "1", 10, 0, 0]));
    let again = |tag: &str, form: &str| Ask::new("GET", format!("{path}{form}")).header("if-none-match", tag);
    let unchanged = seller.0.send(again(&format!("W/\"x\", {tag}"), "")).await;
    assert_eq!((unchanged.status, unchanged.text.as_str(), unchanged.header("etag")), (304, "", tag.as_str()));
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let changed = seller.0.send(again(&tag, "")).await;
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.ok()["status"], format!("TT{}", "F".repeat(14)));
    let short = seller.0.get(format!("{path}?form=status")).await;
    let tag = short.header("etag").to_owned();
    assert_eq!(short.ok(), json!({"id": world.session, "status": format!("TT{}", "F".repeat(14))}));
    assert_eq!(seller.0.send(again(&tag, "?form=status")).await.status, 304);
    seller.0.get(format!("{path}?form=svg")).await.refused("DIST0005");
    // A template that changes is another version, too.
    world.admin.change("/venue-templates/1", json!({"check_orphan_seats": false})).await;
    assert_eq!(seller.0.send(again(&tag, "?form=status")).await.status, 200);
}

async fn prices_follow_their_promoter(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("{CATALOG}/sessions/{}", world.session);
    let price = |value: i64, promoter: i64| json!({"value": value, "surcharge": {"promoter": promoter, "channel": 0}});
    assert_eq!(seller.0.get(&path).await.ok()["price"]["max"], price(20, 0));
    world.change_session(json!({"surcharges": [{"type": "PERCENTAGE", "percent": 10}]})).await;
    assert_eq!(seller.0.get(&path).await.ok()["price"]["max"], price(20, 2));
    let prices = seller.0.get(format!("{path}/prices")).await.ok();
    assert_eq!(prices["rates"][0]["price_types"][1]["price"]["total"], 11);
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"surcharges": [{"type": "PER_TICKET", "value": 0.5}]})).await;
    let item = seller.0.get(&path).await.ok();
    assert_eq!(item["price"]["min"], json!({"value": 10, "surcharge": {"promoter": 1, "channel": 0.5}}));
    assert_eq!(item["price"]["min_net"]["value"], 9.09);
    let prices = seller.0.get(format!("{path}/prices")).await.ok();
    assert_eq!(prices["rates"][1]["price_types"].as_array().unwrap().len(), 1, "children have no price on the floor");
}

async fn events_are_those_with_a_listed_session(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let [sunday, _] = two_more(&world).await;
    let seller = world.seller().await;
    let list = async |query: &str| seller.0.get(format!("{CATALOG}/events{query}")).await.ok();
    let all = list("").await;
    assert_eq!((ids(&all), &all["data"][0]["date"]["end"]), (vec![world.event], &json!("2031-02-02T20:00:00+01:00")));
    assert_eq!(all["data"][0]["category"], json!({"code": "MUSIC"}));
    assert!(all["data"][0].get("media").is_none());
    assert_eq!(list("?expand=media").await["data"][0]["media"]["texts"], json!({"es-ES": {"TITLE": {"value": "Concierto"}}}));
    assert_eq!(ids(&list("?start=gte:2031-02-01T00:00:00Z").await), [0; 0], "it starts on Friday");
    assert_eq!(ids(&list("?for_sale=false").await), [world.event]);
    // Another one, which is performed earlier and has a later name.
    let event = json!({"entity_id": world.theatre, "name": "Waltz", "currency": "EUR", "default_language": "es-ES", "status": "READY",
        "category": {"code": "OPERA", "parent": "MUSIC"}});
    let waltz = world.admin.make_id("/events", event).await;
    let body = json!({"name": "Waltz", "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-01-20T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 30}]}]});
    let ball = world.admin.make_id(&format!("/events/{waltz}/sessions"), body).await;
    publish(&world.admin, waltz, ball, world.web.id, json!({})).await;
    for (query, expected) in [
        ("", vec![waltz, world.event]),
        ("?sort=date.start:desc", vec![world.event, waltz]),
        ("?sort=name", vec![world.event, waltz]),
        ("?sort=name:desc&limit=1", vec![waltz]),
        ("?category=MUSIC&venue_id=1", vec![waltz, world.event]),
        ("?category=OPERA", vec![waltz]),
        ("?category=SPORTS", vec![]),
        ("?venue_id=2", vec![]),
    ] {
        assert_eq!(ids(&list(query).await), expected, "{query}");
    }
    seller.0.get(format!("{CATALOG}/events?sort=price")).await.refused("DIST0005");
    seller.0.get(format!("{CATALOG}/events/999")).await.refused("NOT_FOUND");
    assert_eq!(seller.0.get(format!("{CATALOG}/events/{}", world.event)).await.ok()["venues"], json!([{"id": 1, "name": "Teatre"}]));
    // The kiosk sells Friday only.
    let channel = world.kiosk.id.to_string();
    let form = [
        ("client_id", "seller-channel-client"),
        ("grant_type", "client_credentials"),
        ("channel_id", &channel),
        ("client_secret", &world.kiosk.secret),
        ("terminal", &world.till.code),
        ("terminal_license", &world.till.license),
    ];
    let kiosk = world.nobody().signed_in(&form).await;
    assert_eq!(ids(&kiosk.get(format!("{CATALOG}/sessions")).await.ok()), [world.session]);
    kiosk.get(format!("{CATALOG}/sessions/{sunday}")).await.refused("SESSION_NOT_FOUND");
}
