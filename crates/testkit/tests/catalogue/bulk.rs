//! Many sessions in one call: each line is done or refused by itself, nobody who sells waits for them, and repeating a call does nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, Ask, Caller};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::{self, Engine, TestServer};
use serde_json::{Value, json};

for_each_engine![
    each_line_is_done_or_refused_by_itself,
    the_same_change_is_made_in_many_sessions,
    many_sessions_are_put_on_sale_in_a_channel_and_taken_out,
    a_call_again_is_answered_again_and_not_done_again,
    a_call_that_was_cut_off_is_finished_by_repeating_it,
    whoever_sells_does_not_wait_for_them,
    a_call_that_is_not_well_formed_does_nothing,
];

const MGMT: &str = "/mgmt-api/v1";

fn matinee(world: &SmallWorld<'_>, name: &str) -> Value {
    json!({"name": name, "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 8}]}]})
}

fn matinees(world: &SmallWorld<'_>, count: usize) -> Value {
    json!({"sessions": (0..count).map(|number| matinee(world, &format!("Matinee {number}"))).collect::<Vec<_>>()})
}

fn bulk(world: &SmallWorld<'_>) -> String {
    format!("{MGMT}/events/{}/sessions/bulk", world.event)
}

async fn total(world: &SmallWorld<'_>) -> u64 {
    let list = world.admin.0.get(format!("{MGMT}/events/{}/sessions?limit=1", world.event)).await.ok();
    list["metadata"]["total"].as_u64().unwrap()
}

/// The ids of lines that were done.
fn done(report: &Value) -> Vec<u64> {
    let lines = report["data"].as_array().unwrap().iter().filter(|line| line.get("code").is_none());
    lines.map(|line| line["id"].as_u64().unwrap()).collect()
}

/// Index and code of lines that were refused.
fn refused(report: &Value) -> Vec<(u64, String)> {
    let lines = report["data"].as_array().unwrap().iter().filter(|line| line.get("code").is_some());
    lines.map(|line| (line["index"].as_u64().unwrap(), line["code"].as_str().unwrap().to_owned())).collect()
}

async fn each_line_is_done_or_refused_by_itself(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let mut body = matinees(&world, 5);
    body["sessions"][1]["rates"] = json!([{"name": "Adult", "prices": [{"price_type_id": 999, "value": 8}]}]);
    body["sessions"][2]["status"] = json!("OPEN");
    body["sessions"][3]["id"] = json!(world.session);
    let report = world.admin.0.post(bulk(&world), body).await.ok();
    assert_eq!(report["metadata"], json!({"total": 5, "done": 2, "refused": 3}));
    let expected = [(1, "DIST0005"), (2, "DIST0005"), (3, "CONFLICT")].map(|(index, code)| (index, code.to_owned()));
    assert_eq!(refused(&report), expected);
    assert_eq!(report["data"][1]["message"], "Invalid parameter(s): 'rates.prices.price_type_id'");
    let ids = done(&report);
    assert_eq!(report["data"][4], json!({"index": 4, "id": ids[1]}));
    for (id, name) in ids.iter().zip(["Matinee 0", "Matinee 4"]) {
        let session = world.admin.0.get(format!("{MGMT}/events/{}/sessions/{id}", world.event)).await.ok();
        assert_eq!((&session["name"], &session["rates"][0]["id"]), (&json!(name), &json!(world.adult)), "they share the event's rate");
    }
    assert_eq!(total(&world).await, 3);
}

async fn the_same_change_is_made_in_many_sessions(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let ids = done(&world.admin.0.post(bulk(&world), matinees(&world, 3)).await.ok());
    let body = json!({"ids": [ids[0], 999, ids[2]], "change": {"selling": false, "buyer_limit": 4}});
    let report = world.admin.0.patch(bulk(&world), body).await.ok();
    assert_eq!(report["metadata"], json!({"total": 3, "done": 2, "refused": 1}));
    assert_eq!(report["data"][1], json!({"index": 1, "id": 999, "code": "NOT_FOUND", "message": "Not found"}));
    for (id, selling) in ids.iter().zip([false, true, false]) {
        let session = world.admin.0.get(format!("{MGMT}/events/{}/sessions/{id}", world.event)).await.ok();
        assert_eq!((&session["selling"], session["buyer_limit"] == 4), (&json!(selling), !selling), "{session}");
    }
    let twice = json!({"ids": [ids[0], ids[0]], "change": {"selling": true}});
    world.admin.0.patch(bulk(&world), twice).await.refused("DIST0005");
    let cancelled = json!({"ids": [ids[0]], "change": {"status": "CANCELLED"}});
    assert_eq!(world.admin.0.patch(bulk(&world), cancelled).await.ok()["metadata"]["done"], 1);
    let back = json!({"ids": ids, "change": {"status": "PLANNED"}});
    assert_eq!(refused(&world.admin.0.patch(bulk(&world), back).await.ok()), [(0, "CONFLICT".to_owned())]);
}

async fn many_sessions_are_put_on_sale_in_a_channel_and_taken_out(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let ids = done(&world.admin.0.post(bulk(&world), matinees(&world, 3)).await.ok());
    let cancelled = json!({"ids": [ids[2]], "change": {"status": "CANCELLED"}});
    world.admin.0.patch(bulk(&world), cancelled).await.ok();
    let admin = &world.admin.0;
    let path = format!("{MGMT}/events/{}/channels/{}", world.event, world.web.id);
    let seller = world.seller().await;
    let listed = async || seller.0.get("/catalog-api/v1/sessions").await.ok()["metadata"]["total"].as_u64().unwrap();
    assert_eq!(listed().await, 1);
    let report = admin.put(&path, json!({"sales_limit": 5})).await.ok();
    assert_eq!((done(&report), refused(&report)), (vec![world.session, ids[0], ids[1]], Vec::new()), "by start, without the cancelled one");
    assert_eq!(listed().await, 3);
    let one = format!("{MGMT}/events/{}/sessions/{}/channels/{}", world.event, ids[0], world.web.id);
    assert_eq!(admin.get(&one).await.ok(), json!({"channel_id": world.web.id, "quotas": [1], "on_catalog": true, "sales_limit": 5}));
    let named = json!({"sessions": [ids[0], 999], "on_catalog": false, "sale_end": "2031-01-30T00:00:00Z"});
    assert_eq!(refused(&admin.put(&path, named).await.ok()), [(1, "NOT_FOUND".to_owned())]);
    let changed = admin.get(&one).await.ok();
    assert_eq!((&changed["on_catalog"], &changed["sale_start"]), (&json!(false), &json!("2031-01-01T01:00:00+01:00")), "the session's");

    let take = |body: Value| Ask::new("DELETE", &path).json(&body);
    assert_eq!(done(&admin.send(take(json!({"sessions": [ids[0]]}))).await.ok()), [ids[0]]);
    assert_eq!(refused(&admin.send(take(json!({"sessions": [ids[0]]}))).await.ok()), [(0, "NOT_FOUND".to_owned())]);
    assert_eq!(done(&admin.delete(&path).await.ok()), [world.session, ids[1]], "all that are left");
    assert_eq!(listed().await, 0);
    assert_eq!(admin.delete(&path).await.ok()["metadata"], json!({"total": 0, "done": 0, "refused": 0}));

    admin.put(format!("{MGMT}/events/{}/channels/999", world.event), json!({})).await.refused("NOT_FOUND");
    admin.put(&path, json!({"sales_limit": -1})).await.refused("DIST0005");
    admin.put(&path, json!({"sessions": []})).await.refused("DIST0005");
    assert_eq!(refused(&admin.put(&path, json!({"sessions": [ids[1]], "quotas": [7]})).await.ok()), [(0, "DIST0005".to_owned())]);
}

fn keyed(world: &SmallWorld<'_>, body: &Value, key: &str) -> Ask {
    Ask::new("POST", bulk(world)).json(body).header("idempotency-key", key)
}

async fn a_call_again_is_answered_again_and_not_done_again(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let mut body = matinees(&world, 3);
    body["sessions"][1]["id"] = json!(world.session);
    let first = world.admin.0.send(keyed(&world, &body, "season")).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = world.admin.0.send(keyed(&world, &body, "season")).await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text), "refused lines, too");
    assert_eq!(total(&world).await, 3);
    // Another call with this key does nothing at all, however many lines it has.
    world.admin.0.send(keyed(&world, &matinees(&world, 9), "season")).await.refused("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(total(&world).await, 3);
    assert_eq!(world.admin.0.send(keyed(&world, &body, "another-season")).await.ok()["metadata"]["done"], 2);

    // Taken out by the same call twice: the second one finds others left, and does not take an answer for theirs.
    let path = format!("{MGMT}/events/{}/channels/{}", world.event, world.web.id);
    let take = || Ask::new("DELETE", &path).header("idempotency-key", "out");
    assert_eq!(done(&world.admin.0.send(take()).await.ok()), [world.session]);
    let new = done(&first.ok())[0];
    world.admin.0.put(&path, json!({"sessions": [new]})).await.ok();
    assert_eq!(done(&world.admin.0.send(take()).await.ok()), [new]);
}

async fn a_call_that_was_cut_off_is_finished_by_repeating_it(server: &TestServer) {
    const LINES: u64 = 300;
    let world = SmallWorld::set_up(server).await;
    let body = matinees(&world, LINES as usize);
    let calling = {
        let (caller, ask) = (world.admin.0.clone(), keyed(&world, &body, "season"));
        tokio::spawn(async move { caller.try_send(ask).await })
    };
    while total(&world).await < 20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    calling.abort();
    let report = finished(&world.admin.0, || keyed(&world, &body, "season")).await;
    assert_eq!(report["metadata"], json!({"total": LINES, "done": LINES, "refused": 0}));
    assert_eq!(done(&report).into_iter().collect::<BTreeSet<_>>().len() as u64, LINES);
    assert_eq!(total(&world).await, LINES + 1, "no session twice");
}

/// Asks until the call is not in progress any more and no line failed for want of a store.
async fn finished(caller: &Caller, ask: impl Fn() -> Ask) -> Value {
    for _ in 0..400 {
        let answer: Answer = caller.send(ask()).await;
        let lines = answer.body["data"].as_array().into_iter().flatten();
        let failed = lines.filter(|line| matches!(line["code"].as_str(), Some("OVERLOADED" | "DIST0000"))).count();
        if answer.status == 200 && failed == 0 {
            return answer.ok();
        }
        assert!(answer.status == 200 || answer.status >= 500 || answer.code() == "IDEMPOTENCY_IN_PROGRESS", "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the call was never finished")
}

/// The store goes away in the middle: the lines whose outcome is unknown are asked again, and are made once.
async fn a_store_that_fails_in_the_middle_makes_no_session_twice(server: &TestServer) {
    const LINES: u64 = 200;
    let world = SmallWorld::set_up(server).await;
    let body = matinees(&world, LINES as usize);
    let calling = {
        let (caller, ask) = (world.admin.0.clone(), keyed(&world, &body, "season"));
        tokio::spawn(async move { caller.send(ask).await })
    };
    while total(&world).await < 20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.break_database_connections().await;
    calling.await.unwrap();
    let report = finished(&world.admin.0, || keyed(&world, &body, "season")).await;
    assert_eq!(report["metadata"], json!({"total": LINES, "done": LINES, "refused": 0}));
    assert_eq!(total(&world).await, LINES + 1);
}

#[test]
fn postgres_fails_in_the_middle_and_no_session_is_made_twice() {
    spawn::run(Engine::Postgres, a_store_that_fails_in_the_middle_makes_no_session_twice);
}

async fn whoever_sells_does_not_wait_for_them(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let calling = {
        let (caller, path, body) = (world.admin.0.clone(), bulk(&world), matinees(&world, 500));
        tokio::spawn(async move { caller.post(path, body).await.ok() })
    };
    let mut orders = 0;
    while !calling.is_finished() {
        seller.create().await;
        orders += 1;
    }
    assert_eq!(calling.await.unwrap()["metadata"]["done"], 500);
    assert!(orders >= 10, "only {orders} orders were begun while 500 sessions were made");
}

async fn a_call_that_is_not_well_formed_does_nothing(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let admin = &world.admin.0;
    admin.post(bulk(&world), json!({})).await.refused("DIST0006");
    admin.post(bulk(&world), json!({"sessions": []})).await.refused("DIST0005");
    admin.post(bulk(&world), matinees(&world, 501)).await.refused("DIST0005");
    admin.post(bulk(&world), json!({"sessions": [{"name": 7}]})).await.refused("DIST0002");
    admin.post(format!("{MGMT}/events/999/sessions/bulk"), matinees(&world, 1)).await.refused("NOT_FOUND");
    admin.patch(bulk(&world), json!({"ids": [1.5]})).await.refused("DIST0005");
    admin.patch(bulk(&world), json!({"ids": [world.session]})).await.refused("DIST0006");
    assert_eq!(total(&world).await, 1);
}
