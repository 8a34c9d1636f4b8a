//! The life of every resource of management: it can be made, read, changed, listed and retired, and each change minds the version that was read.

use std::collections::BTreeSet;

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Ask, Caller, MGMT};
use aforo_testkit::documented::operations;
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::strangers::{session, voucher_group};

for_each_engine![every_resource_has_a_whole_life];

/// How a resource ends.
enum End {
    /// It is deleted, and is not there any more.
    Deleted,
    /// It is changed, and stays for the books.
    Changed(Value),
}

/// A resource: how it is made, changed and retired.
struct Life {
    /// Its collection, as the documents have it but with `{}` for ids.
    collection: &'static str,
    /// Where that is in the test's world.
    path: String,
    /// What makes it; for a publication, in which channel.
    made: Value,
    changed: Value,
    end: End,
}

/// A collection, and what makes something in it that is an entity's or stands in a venue.
pub type Creation = (&'static str, fn(entity: u64, venue: u64) -> Value);

/// What a caller may make that belongs to an entity, or stands in a venue.
pub fn creations() -> Vec<Creation> {
    vec![
        ("/channels", |entity, _| json!({"entity_id": entity, "type": "WEB", "name": "Shop", "currency": "EUR", "languages": ["es-ES"]})),
        ("/users", |entity, _| json!({"entity_id": entity, "username": "newcomer", "password": "long enough", "roles": ["SELLER"]})),
        ("/terminals", |entity, _| json!({"entity_id": entity, "code": "NEW", "name": "New"})),
        ("/points-of-sale", |entity, _| json!({"entity_id": entity, "name": "Kiosk"})),
        ("/events", |entity, _| json!({"entity_id": entity, "name": "Gala", "currency": "EUR", "default_language": "es-ES"})),
        (
            "/promotions",
            |entity, _| json!({"entity_id": entity, "name": "Spring", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}}),
        ),
        // A name that never has an address.
        ("/webhooks", |entity, _| json!({"entity_id": entity, "name": "Ours", "url": "https://hooks.invalid/aforo"})),
        ("/products", |entity, _| json!({"entity_id": entity, "name": "Programme", "prices": [{"currency": "EUR", "value": 3}]})),
        ("/venues", |entity, _| {
            json!({"entity_id": entity, "name": "Arena", "location": {"address": "Gran Via 2", "city": "Valencia",
                "country": {"code": "ES", "name": "Spain"}, "country_subdivision": {"code": "ES-V", "name": "Valencia"},
                "time_zone": "Europe/Madrid"}})
        }),
        ("/voucher-groups", |entity, _| voucher_group(entity)),
        ("/collectives", |entity, _| json!({"entity_id": entity, "name": "Club", "type": "MEMBER"})),
        ("/venue-templates", |_, venue| {
            json!({"venue_id": venue, "name": "Hall", "price_types": [{"name": "All"}],
                "sectors": [{"name": "Hall", "price_type": "All", "zones": [{"name": "Hall", "places": [{"count": 30}]}]}]})
        }),
    ]
}

fn lives(world: &SmallWorld<'_>) -> Vec<Life> {
    let creations = creations();
    let renamed = || json!({"name": "Another name"});
    let life = |collection: &'static str, changed: Value, end: End| {
        let of = creations.iter().find(|(known, _)| *known == collection).unwrap().1;
        Life { collection, path: collection.to_owned(), made: of(world.theatre, 1), changed, end }
    };
    let simple = |collection: &'static str, made: Value, changed: Value| Life {
        collection,
        path: collection.replacen("{}", &world.web.id.to_string(), 1),
        made,
        changed,
        end: End::Deleted,
    };
    let off = || json!({"status": "INACTIVE"});
    let archived = || End::Changed(json!({"status": "ARCHIVED"}));
    let retired = || End::Changed(json!({"retired": true}));
    let of_event =
        |collection: &'static str, path: String, made: Value, changed: Value, end: End| Life { collection, path, made, changed, end };
    vec![
        life("/channels", json!({"max_items": 3}), End::Deleted),
        life("/users", json!({"permissions": ["REFUND"]}), End::Deleted),
        life("/terminals", renamed(), End::Deleted),
        life("/points-of-sale", renamed(), End::Deleted),
        life("/events", renamed(), archived()),
        life("/promotions", renamed(), End::Deleted),
        life("/collectives", renamed(), End::Deleted),
        life("/products", renamed(), End::Deleted),
        life("/webhooks", renamed(), End::Deleted),
        life("/venues", renamed(), retired()),
        life("/venue-templates", renamed(), retired()),
        life("/voucher-groups", renamed(), End::Changed(json!({"status": "INACTIVE"}))),
        simple("/entities", json!({"name": "Museum"}), renamed()),
        simple("/operators", json!({"name": "Llevant"}), renamed()),
        simple("/channels/{}/keys", json!({}), off()),
        Life { path: format!("/entities/{}/keys", world.theatre), ..simple("/entities/{}/keys", json!({"roles": ["REPORTS"]}), off()) },
        simple("/platform/keys", json!({}), off()),
        simple("/platform/users", json!({"username": "another.one", "password": "long enough"}), off()),
        of_event("/events/{}/sessions", format!("/events/{}/sessions", world.event), session(world.stalls), renamed(), archived()),
        of_event(
            "/events/{}/sessions/{}/channels",
            format!("{}/channels", world.session_path()),
            json!(world.web.id),
            json!({"sales_limit": 7}),
            End::Deleted,
        ),
    ]
}

/// What is made elsewhere, and here only read.
const READ: &[&str] = &["/shifts"];

/// The collections of the document: lists below which there is something to read.
fn documented_collections() -> BTreeSet<String> {
    let paths: Vec<_> = operations().into_iter().filter(|operation| operation.path.starts_with(MGMT)).collect();
    let plain = |path: &str| path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/");
    let all: BTreeSet<_> = paths.iter().map(|operation| plain(&operation.path)).collect();
    let lists = paths.iter().filter(|operation| operation.method == "GET").map(|operation| plain(&operation.path));
    let collections = lists.filter(|path| all.contains(&format!("{path}/{{}}"))).map(|path| path[MGMT.len()..].to_owned());
    collections.filter(|path| !READ.contains(&path.as_str())).collect()
}

async fn every_resource_has_a_whole_life(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let lives = lives(&world);
    let known: BTreeSet<_> = lives.iter().map(|life| life.collection.to_owned()).collect();
    assert_eq!(documented_collections(), known, "each collection has a life in tests/tenants/life.rs");
    for life in lives {
        let platform = ["/operators", "/platform"].iter().any(|start| life.path.starts_with(start));
        live(if platform { &world.platform.0 } else { &world.admin.0 }, &life).await;
    }
}

/// Plays a resource's life from beginning to end.
async fn live(caller: &Caller, life: &Life) {
    let list = format!("{MGMT}{}", life.path);
    let (id, change) = match life.made.as_u64() {
        Some(channel) => {
            caller.delete(format!("{list}/{channel}")).await.ok();
            caller.put(format!("{list}/{channel}"), json!({})).await.ok();
            (channel, "PUT")
        }
        None => {
            let made = caller.post(&list, life.made.clone()).await;
            assert!(made.header("etag").starts_with('"'), "{list} made something without a version");
            (made.ok()["id"].as_u64().unwrap(), "PATCH")
        }
    };
    let item = format!("{list}/{id}");
    let first = caller.get(&item).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{item} has no version");
    let first = first.ok();
    assert!(ids(caller, &format!("{list}?limit=500")).await.contains(&id), "{list}");
    is_filtered(caller, &list, id, &first).await;
    let with = |method: &str, tag: &str, body: &Value| Ask::new(method, &item).header("if-match", tag).json(body);
    caller.send(with(change, "\"77777\"", &life.changed)).await.refused("CONFLICT");
    let changed = caller.send(with(change, &tag, &life.changed)).await;
    let second = changed.header("etag").to_owned();
    assert_ne!(second, tag);
    let changed = changed.ok();
    caller.send(with(change, &tag, &life.changed)).await.refused("CONFLICT");
    assert_eq!(caller.get(&item).await.ok(), changed, "{item}");
    for (name, value) in life.changed.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{item}");
    }
    match &life.end {
        End::Deleted => {
            caller.send(with("DELETE", &tag, &Value::Null)).await.refused("CONFLICT");
            caller.send(with("DELETE", &second, &Value::Null)).await.ok();
            caller.get(&item).await.refused("NOT_FOUND");
            caller.delete(&item).await.refused("NOT_FOUND");
            assert!(!ids(caller, &format!("{list}?limit=500")).await.contains(&id), "{list}");
        }
        End::Changed(end) => {
            caller.send(with("PATCH", &second, end)).await.ok();
            for (name, value) in end.as_object().unwrap() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                assert!(ids(caller, &format!("{list}?{name}={value}")).await.contains(&id), "{list}?{name}={value}");
            }
        }
    }
}

/// The ids of a list: of publications, the channels'.
async fn ids(caller: &Caller, list: &str) -> Vec<u64> {
    let body = caller.get(list).await.ok();
    let id = |element: &Value| element["id"].as_u64().or(element["channel_id"].as_u64()).unwrap();
    body["data"].as_array().unwrap().iter().map(id).collect()
}

/// The filters that all lists share where they make sense, and sorting.
async fn is_filtered(caller: &Caller, list: &str, id: u64, item: &Value) {
    let all = ids(caller, &format!("{list}?limit=500&sort=id:desc")).await;
    assert!(all.is_sorted_by(|a, b| a > b) && all.contains(&id), "{list}");
    caller.get(format!("{list}?sort=colour")).await.refused("DIST0005");
    caller.get(format!("{list}?limit=0")).await.refused("DIST0005");
    let name = item["name"].as_str().or(item["username"].as_str());
    if let Some(name) = name {
        let part: String = name.to_uppercase().chars().filter(|letter| *letter != ' ').skip(1).take(3).collect();
        assert!(ids(caller, &format!("{list}?name={part}")).await.contains(&id), "{list}?name={part}");
        assert!(ids(caller, &format!("{list}?name=nobody%20has%20this%20name")).await.is_empty(), "{list}");
        caller.get(format!("{list}?sort=name:desc")).await.ok();
    }
    for field in ["status", "retired", "entity_id"] {
        let Some(value) = item.get(field) else { continue };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert!(ids(caller, &format!("{list}?limit=500&{field}={value}")).await.contains(&id), "{list}?{field}={value}");
        let other = if field == "entity_id" { "77777" } else { "nonsense" };
        let answer = caller.get(format!("{list}?limit=500&{field}={other}")).await;
        match field {
            "entity_id" => assert_eq!(answer.ok()["metadata"]["total"], 0, "{list}?entity_id"),
            _ => drop(answer.refused("DIST0005")),
        }
    }
}
