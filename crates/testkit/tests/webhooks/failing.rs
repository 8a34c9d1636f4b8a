//! Receivers that refuse, hang, break off and come back; the log of what was tried; and addresses that are nobody's to call.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::receiver::{Answers, Receiver};
use aforo_testkit::spawn::TestServer;
use aforo_testkit::wait::until;
use serde_json::{Value, json};

use crate::{WEBHOOKS, hook, log, said, sell, taken, try_out};

pub async fn a_receiver_that_is_away_holds_up_no_other(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    receiver.answer("/hangs", Answers::Hangs);
    receiver.answer("/broken", Answers::BreaksOff);
    receiver.answer("/elsewhere-first", Answers::Elsewhere);
    receiver.answer("/endless", Answers::Endless);
    let owner = json!({"entity_id": world.theatre});
    hook(&world, &receiver, "/hangs", owner.clone()).await;
    let broken = hook(&world, &receiver, "/broken", owner.clone()).await;
    let moved = hook(&world, &receiver, "/elsewhere-first", owner.clone()).await;
    let nobody = json!({"entity_id": world.theatre, "name": "Nobody", "url": "http://127.0.0.1:1/hook"});
    let nobody = world.admin.make("/webhooks", nobody).await;
    let endless = hook(&world, &receiver, "/endless", owner.clone()).await;
    hook(&world, &receiver, "/fine", owner).await;

    let seller = world.seller().await;
    for first in [0, 2, 4] {
        sell(&world, &seller, first).await;
    }
    taken(&receiver, "/fine", 3);
    taken(&receiver, "/endless", 3);
    let first = async |hook: &Value| log(&world, hook, 1).await.pop().unwrap();
    assert_eq!(first(&broken).await["failure"], "PROTOCOL");
    assert_eq!(first(&nobody).await["failure"], "CONNECTION");
    let redirected = first(&moved).await;
    assert_eq!((&redirected["response_status"], &redirected["delivered"]), (&json!(302), &json!(false)));
    assert!(redirected.get("next_attempt").is_some(), "{redirected}");
    assert_eq!(first(&endless).await["delivered"], true);
    assert_eq!(receiver.calls("/elsewhere").len(), 0, "redirects are not followed");
    until("the one that hangs was called", || !receiver.calls("/hangs").is_empty());
    let standing = world.admin.0.get(format!("{WEBHOOKS}/{}", broken["id"])).await.ok();
    assert!(standing["deliveries"]["failures"].as_u64() >= Some(1), "{standing}");
    assert_eq!(standing["deliveries"]["failing_since"], "2031-01-15T10:00:00Z");

    // It comes back, and gets all of it.
    receiver.answer("/broken", Answers::Status(204));
    for _ in 0..40 {
        server.pass_seconds(10).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if receiver.taken("/broken").len() == 3 {
            break;
        }
    }
    let ids = |path: &str| receiver.taken(path).iter().map(|call| call.header("webhook-id").to_owned()).collect::<Vec<_>>();
    let mut got = ids("/broken");
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 3, "{got:?}");
    assert!(receiver.calls("/broken").len() > 3, "some were tried before");
}

pub async fn an_object_is_told_in_order(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    receiver.answer("/hook", Answers::Status(500));
    let made = hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id})).await;
    let seller = world.seller().await;
    let sold = sell(&world, &seller, 0).await;
    let code = text(&sold, "code").to_owned();
    let refused = log(&world, &made, 1).await;
    assert_eq!((&refused[0]["response_status"], &refused[0]["action"]), (&json!(500), &json!("PURCHASE")));
    let item = json!({"items": [{"id": sold["items"][0]["id"]}]});
    world.admin.0.post(format!("/orders-mgmt-api/v1/orders/{code}/reprint"), item).await.ok();
    // Another order is not held up by the first one's trouble.
    receiver.answer("/hook", Answers::Status(200));
    let other = sell(&world, &seller, 2).await;
    let told = said(&taken(&receiver, "/hook", 1));
    assert_eq!(told[0].2["code"], other["code"]);
    server.pass_seconds(6).await;
    let told = said(&taken(&receiver, "/hook", 3));
    let of_first: Vec<_> = told.iter().filter(|(_, _, body)| body["code"] == code.as_str()).map(|(_, action, _)| action.as_str()).collect();
    assert_eq!(of_first, ["PURCHASE", "UPDATE"]);
    let attempts = receiver.calls("/hook");
    let first = &attempts[0];
    let again = attempts.iter().skip(1).find(|call| call.header("webhook-id") == first.header("webhook-id")).unwrap();
    assert_ne!(first.header("ob-delivery-id"), again.header("ob-delivery-id"), "one an attempt");
    assert_ne!(first.header("webhook-signature"), again.header("webhook-signature"), "signed with its time");
    assert_eq!(first.body, again.body);
}

pub async fn a_log_is_told_again(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    let made = hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id})).await;
    let seller = world.seller().await;
    for first in [0, 2] {
        sell(&world, &seller, first).await;
        log(&world, &made, first / 2 + 1).await;
        server.pass_seconds(60).await;
    }
    let lines = log(&world, &made, 2).await;
    let ids: Vec<_> = lines.iter().rev().map(|line| line["message_id"].clone()).collect();
    let replay = async |body: Value| world.admin.0.post(format!("{WEBHOOKS}/{}/replay", made["id"]), body).await.ok();
    assert_eq!(replay(json!({"deliveries": [lines[1]["id"]]})).await, json!({"message_ids": [ids[0]]}));
    let again = taken(&receiver, "/hook", 3).remove(2);
    assert_eq!(again.header("webhook-id"), ids[0].as_str().unwrap(), "its receiver knows it by this id");
    log(&world, &made, 3).await;
    // A span: half open, each message once however often it was tried.
    let span = json!({"from": "2031-01-15T10:00:00Z", "to": "2031-01-15T10:01:00Z"});
    assert_eq!(replay(span).await, json!({"message_ids": [ids[0]]}));
    taken(&receiver, "/hook", 4);
    log(&world, &made, 4).await;
    assert_eq!(replay(json!({"from": "2031-01-15T10:00:00Z"})).await, json!({"message_ids": ids}));
    taken(&receiver, "/hook", 6);
    log(&world, &made, 6).await;
    assert_eq!(replay(json!({"deliveries": [999]})).await, json!({"message_ids": []}));
    let path = format!("{WEBHOOKS}/{}/deliveries", made["id"]);
    let count = async |query: &str| world.admin.0.get(format!("{path}?{query}")).await.ok()["metadata"]["total"].clone();
    assert_eq!((count("delivered=true").await, count("delivered=false").await), (json!(6), json!(0)));
    assert_eq!(count("date=lt:2031-01-15T10:01:00Z").await, 1);
    world.admin.0.get(format!("{path}?delivered=perhaps")).await.refused("DIST0005");

    // What still waits is tried at once, and not twice.
    receiver.answer("/hook", Answers::Later(3_600));
    sell(&world, &seller, 4).await;
    let refused = log(&world, &made, 7).await.remove(0);
    assert_eq!(refused["response_status"], 429);
    assert!(text(&refused, "next_attempt") >= "2031-01-15T11:02:00Z", "it asked for an hour: {refused}");
    receiver.answer("/hook", Answers::Status(200));
    assert_eq!(replay(json!({"deliveries": [refused["id"]]})).await, json!({"message_ids": [refused["message_id"]]}));
}

pub async fn who_is_never_reached_is_switched_off(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    receiver.answer("/hook", Answers::Status(400));
    let made = hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id})).await;
    let path = format!("{WEBHOOKS}/{}?operator_id={}", made["id"], world.operator);
    let log_path = format!("{WEBHOOKS}/{}/deliveries?operator_id={}", made["id"], world.operator);
    sell(&world, &world.seller().await, 0).await;
    log(&world, &made, 1).await;
    let mut hooked = json!({});
    for _ in 0..400 {
        server.pass_seconds(1_800).await;
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        // Nobody stays signed in for so long.
        hooked = server.platform().await.0.get(&path).await.ok();
        if hooked["status"] == "INACTIVE" {
            break;
        }
    }
    assert_eq!(hooked["status"], "INACTIVE", "{hooked}");
    assert!(text(&hooked, "given_up") >= "2031-01-18T10:00:00Z", "{hooked}");
    let platform = server.platform().await.0;
    let listed = platform.get(&log_path).await.ok();
    let lines = listed["data"].as_array().unwrap();
    assert!(lines.len() < 40, "it waited longer each time: {}", lines.len());
    assert_eq!(lines[0]["given_up"], true, "{}", lines[0]);

    // Switched on again it has its time anew, and what was given up is told again if somebody says so.
    receiver.answer("/hook", Answers::Status(200));
    let on = platform.patch(&path, json!({"status": "ACTIVE"})).await.ok();
    assert!(on.get("given_up").is_none(), "{on}");
    let replay = format!("{WEBHOOKS}/{}/replay?operator_id={}", made["id"], world.operator);
    platform.post(replay, json!({"deliveries": [lines[0]["id"]]})).await.ok();
    let told = taken(&receiver, "/hook", 1).remove(0);
    assert_eq!((told.header("ob-action"), told.header("webhook-id")), ("PURCHASE", text(&lines[0], "message_id")));
}

/// The address is looked at when it is set up, and again by whoever connects: here the installation has become stricter since.
pub async fn what_is_not_public_is_refused(outer: &TestServer) {
    use aforo_server::config::{Config, WebhookConfig};
    use aforo_testkit::spawn::Engine;
    let engine = if outer.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let dir = tempfile::TempDir::new().unwrap();
    let loose = |config: &mut Config| config.webhooks = WebhookConfig { allow_http: true, allow_private: true };
    let server = TestServer::start_as(engine, dir, loose).await;
    let receiver = Receiver::start().await;
    let made = {
        let world = SmallWorld::set_up(&server).await;
        let by_number = hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id})).await;
        let by_name = receiver.url("/hook").replace("127.0.0.1", "localhost");
        let by_name = world.admin.make("/webhooks", json!({"channel_id": world.web.id, "name": "Name", "url": by_name})).await;
        try_out(&world, &by_number).await;
        try_out(&world, &by_name).await;
        taken(&receiver, "/hook", 2);
        [by_number, by_name].map(|hook| (hook, world.operator))
    };
    let strict = |config: &mut Config| config.webhooks = WebhookConfig { allow_http: true, allow_private: false };
    let server = server.killed_and_started(strict).await;
    let platform = server.platform().await;
    for (hook, operator) in &made {
        let path = format!("{WEBHOOKS}/{}", hook["id"]);
        platform.0.post(format!("{path}/test?operator_id={operator}"), json!({})).await.ok();
        let mut last = Value::Null;
        for _ in 0..1_000 {
            last = platform.0.get(format!("{path}/deliveries?operator_id={operator}")).await.ok()["data"][0].clone();
            if last["delivered"] == false {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(last["failure"], "FORBIDDEN_ADDRESS", "{last}");
        let moved = json!({"url": receiver.url("/elsewhere")});
        platform.0.patch(format!("{path}?operator_id={operator}"), moved).await.refused("DIST0005");
    }
    assert_eq!(receiver.calls("/hook").len(), 2);
    server.stop().await;
}
