//! What webhooks are told, and that nobody else could have said it.

use std::io::Write;
use std::process::{Command, Stdio};

use aforo_testkit::builders::{SmallWorld, channel, id, text};
use aforo_testkit::caller::{Ask, ManagerClient};
use aforo_testkit::receiver::{Received, Receiver};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::{WEBHOOKS, hook, said, sell, taken, try_out};

/// Whether the documented script takes a call for one of aforo's.
fn verifies(secret: &str, call: &Received, body: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/webhook-verify.sh");
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| call.header(name));
    let child = Command::new(script).arg(secret).args(headers).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

/// The `ob-signature` of a body, as openssl says it.
fn ob_signature(secret: &str, body: &str) -> String {
    let child = Command::new("openssl").args(["dgst", "-sha256", "-hmac", secret]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    said.trim().rsplit(' ').next().unwrap().to_owned()
}

fn order(action: &str, body: Value) -> (String, String, Value) {
    ("ORDER".to_owned(), action.to_owned(), body)
}

fn link(code: &str) -> String {
    format!("https://tickets.example/orders-mgmt-api/v1/orders/{code}")
}

pub async fn orders_are_told_to_who_may_see_them(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    let of_channel = hook(&world, &receiver, "/channel", json!({"channel_id": world.web.id})).await;
    let sales = json!({"entity_id": world.theatre, "events": [{"event": "ORDER", "actions": ["PURCHASE"]}, {"event": "SESSION"}]});
    hook(&world, &receiver, "/entity", sales).await;
    hook(&world, &receiver, "/kiosk", json!({"channel_id": world.kiosk.id})).await;
    hook(&world, &receiver, "/circus", json!({"entity_id": world.circus})).await;

    let seller = world.seller().await;
    let sold = sell(&world, &seller, 0).await;
    let code = text(&sold, "code");
    let purchase = order("PURCHASE", json!({"code": code, "url": link(code)}));
    let calls = taken(&receiver, "/channel", 1);
    assert_eq!(said(&calls), std::slice::from_ref(&purchase));
    assert_eq!(said(&taken(&receiver, "/entity", 1)), [purchase]);
    let call = &calls[0];
    let secret = text(&of_channel, "secret");
    assert!(verifies(secret, call, &call.body) && !verifies(secret, call, "{}") && !verifies("whsec_AAAA", call, &call.body));
    assert_eq!(call.header("ob-signature"), ob_signature(secret, &call.body));
    assert_eq!((call.header("ob-hook-id"), call.header("content-type")), (of_channel["id"].to_string().as_str(), "application/json"));
    assert_eq!(call.header("webhook-timestamp"), "1926237600");
    assert!(!call.body.contains(text(&sold, "id")), "whoever knows an order's id may change it");

    // A refund is an order of its own; the one that it gives something back of is told to be different.
    let refund = json!({"items": [{"id": sold["items"][0]["id"]}], "type": "MANUAL"});
    let refund = world.admin.0.post(format!("/orders-mgmt-api/v1/orders/{code}/refund"), refund).await.ok();
    let back = text(&refund, "code");
    let mut told = said(&taken(&receiver, "/channel", 3)[1..]);
    told.sort_by(|a, b| a.1.cmp(&b.1));
    let refunded = order("REFUND", json!({"code": back, "url": link(back), "previous_code": code}));
    assert_eq!(told, [refunded, order("UPDATE", json!({"code": code, "url": link(code)}))]);
    // A note is nobody's business outside.
    world.admin.0.post(format!("/orders-mgmt-api/v1/orders/{code}/notes"), json!({"text": "called twice"})).await.ok();
    let message = try_out(&world, &of_channel).await;
    let last = taken(&receiver, "/channel", 4).remove(3);
    assert_eq!((last.header("webhook-id"), last.header("ob-action")), (message.as_str(), "TEST"));
    assert_eq!((receiver.calls("/kiosk").len(), receiver.calls("/circus").len(), receiver.calls("/entity").len()), (0, 0, 1));
}

pub async fn bookings_are_told(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"booking": {"enabled": true, "minutes": 30}})).await;
    let booking = json!({"start": "2031-01-14T00:00:00Z", "end": "2031-01-31T00:00:00Z"});
    world.change_session(json!({"date": {"booking_start": booking["start"], "booking_end": booking["end"]}})).await;
    hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id, "events": [{"event": "ORDER"}]})).await;
    let seller = world.seller().await;
    let book = async |first: usize| {
        let order = seller.create().await;
        seller.add_seats(&order, world.session, &world.row[first..first + 2]).await.ok();
        seller.buyer(&order, "ada@example.org").await.ok();
        let booked = seller.order("POST", &order, "/booking", None).await.ok();
        (order, text(&booked, "code").to_owned())
    };
    let (first, sold) = book(0).await;
    seller.confirm(&first, &json!(40)).await.ok();
    let (second, dropped) = book(2).await;
    seller.order("DELETE", &second, "", None).await.ok();
    let (_, expired) = book(4).await;
    server.pass_seconds(31 * 60).await;
    let told = said(&taken(&receiver, "/hook", 6));
    let of = |wanted: &str| {
        let said = told.iter().filter(|(_, _, body)| text(body, "code") == wanted).map(|(_, action, _)| action.as_str());
        said.collect::<Vec<_>>()
    };
    assert_eq!((of(&sold), of(&dropped), of(&expired)), (vec!["BOOKING", "ISSUE"], vec!["BOOKING", "CANCEL"], vec!["BOOKING", "CANCEL"]));
}

pub async fn the_catalogue_is_told(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    hook(&world, &receiver, "/promoter", json!({"entity_id": world.theatre})).await;
    let shop = channel(&world.admin, world.circus, "WEB").await;
    hook(&world, &receiver, "/shop", json!({"channel_id": shop.id})).await;
    let path = format!("/mgmt-api/v1{}/channels/{}", world.session_path(), shop.id);
    let (event, session) = (world.event, world.session);
    let news = |event: &str, action: &str, body: Value| (event.to_owned(), action.to_owned(), body);
    let publication = json!({"eventId": event, "sessionId": session, "channelId": shop.id});

    world.admin.0.put(&path, json!({})).await.ok();
    world.admin.change(&format!("/events/{event}"), json!({"name": "Concert of the year"})).await;
    world.change_session(json!({"name": "Saturday"})).await;
    world.change_session(json!({"status": "CANCELLED"})).await;
    let of_session = json!({"id": session, "eventId": event});
    let mut all = vec![
        news("EVENT", "UPDATE", json!({"id": event})),
        news("PUBLICATION", "CREATE", publication.clone()),
        news("SESSION", "CANCEL", of_session.clone()),
        news("SESSION", "UPDATE", of_session),
    ];
    let sorted = |mut told: Vec<(String, String, Value)>| {
        told.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        told
    };
    assert_eq!(sorted(said(&taken(&receiver, "/shop", 4))), all);
    assert_eq!(sorted(said(&taken(&receiver, "/promoter", 4))), all);
    world.admin.0.delete(&path).await.ok();
    let new = json!({"entity_id": world.theatre, "name": "Gala", "currency": "EUR", "default_language": "es-ES"});
    let gala = world.admin.make_id("/events", new).await;
    all.extend([news("PUBLICATION", "DELETE", publication), news("EVENT", "CREATE", json!({"id": gala}))]);
    assert_eq!(sorted(said(&taken(&receiver, "/promoter", 6))), sorted(all));
    // The gala is not in the shop.
    taken(&receiver, "/shop", 5);
}

pub async fn what_is_refused_is_not_told(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    let hook = hook(&world, &receiver, "/hook", json!({"entity_id": world.theatre})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    seller.confirm(&order, &json!(39)).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    world.admin.0.patch(format!("/mgmt-api/v1/events/{}", world.event), json!({"name": ""})).await.refused("DIST0006");
    seller.confirm(&order, &json!(40)).await.ok();
    // The same again is the same sale.
    seller.confirm(&order, &json!(40)).await.ok();
    try_out(&world, &hook).await;
    let mut actions: Vec<_> = said(&taken(&receiver, "/hook", 2)).into_iter().map(|(_, action, _)| action).collect();
    actions.sort();
    assert_eq!(actions, ["PURCHASE", "TEST"]);
    // Whoever is switched off is told nothing, not even later.
    let path = format!("/webhooks/{}", hook["id"]);
    world.admin.change(&path, json!({"status": "INACTIVE"})).await;
    sell(&world, &seller, 2).await;
    world.admin.0.post(format!("{WEBHOOKS}/{}/test", hook["id"]), json!({})).await.refused("CONFLICT");
    world.admin.change(&path, json!({"status": "ACTIVE"})).await;
    sell(&world, &seller, 4).await;
    taken(&receiver, "/hook", 3);
}

pub async fn a_rotation_signs_with_both(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    let made = hook(&world, &receiver, "/hook", json!({"entity_id": world.theatre})).await;
    let path = format!("{WEBHOOKS}/{}", made["id"]);
    let old = text(&made, "secret");
    assert!(world.admin.0.get(&path).await.ok().get("secret").is_none(), "a secret is shown once");
    let again = async || {
        let ask = Ask::new("POST", format!("{path}/rotate-secret")).json(&json!({"overlap_hours": 1}));
        world.admin.0.send(ask.header("Idempotency-Key", "rotate-1")).await
    };
    let rotated = again().await.ok();
    let new = text(&rotated, "secret");
    assert_ne!(old, new);
    assert_eq!(rotated["former_secret_until"], "2031-01-15T11:00:00Z");
    let repeated = again().await;
    assert_eq!(repeated.header("Idempotency-Replayed"), "true");
    assert!(repeated.ok().get("secret").is_none());

    try_out(&world, &made).await;
    let both = taken(&receiver, "/hook", 1).remove(0);
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
    assert!(verifies(old, &both, &both.body) && verifies(new, &both, &both.body));
    assert_eq!(both.header("ob-signature"), ob_signature(new, &both.body));
    server.pass_seconds(3_601).await;
    try_out(&world, &made).await;
    let one = taken(&receiver, "/hook", 2).remove(1);
    assert!(!verifies(old, &one, &one.body) && verifies(new, &one, &one.body));
}

pub async fn managers_mind_their_own(server: &TestServer) {
    let (world, receiver) = (SmallWorld::set_up(server).await, Receiver::start().await);
    let made = hook(&world, &receiver, "/hook", json!({"channel_id": world.web.id})).await;
    let with_roles = async |entity: u64, role: &str| {
        let key = world.admin.make(&format!("/entities/{entity}/keys"), json!({"roles": [role]})).await;
        ManagerClient::with_key(&server.nobody, text(&key, "secret")).await
    };
    let path = format!("{WEBHOOKS}/{}", made["id"]);
    for role in ["CHANNEL_MANAGER", "EVENT_MANAGER"] {
        let circus = with_roles(world.circus, role).await.0;
        circus.get(&path).await.refused("NOT_FOUND");
        circus.patch(&path, json!({"name": "Mine"})).await.refused("NOT_FOUND");
        circus.post(format!("{path}/test"), json!({})).await.refused("NOT_FOUND");
        circus.post(format!("{path}/rotate-secret"), json!({})).await.refused("NOT_FOUND");
        circus.get(format!("{path}/deliveries")).await.refused("NOT_FOUND");
        circus.post(format!("{path}/replay"), json!({"deliveries": [1]})).await.refused("NOT_FOUND");
        assert_eq!(circus.get(WEBHOOKS).await.ok()["metadata"]["total"], 0);
        let theirs = json!({"entity_id": world.theatre, "name": "Spy", "url": receiver.url("/spy")});
        circus.post(WEBHOOKS, theirs).await.refused("DIST0005");
        let theatre = with_roles(world.theatre, role).await.0;
        assert_eq!(theatre.get(format!("{WEBHOOKS}?channel_id={}", world.web.id)).await.ok()["data"][0]["id"], made["id"]);
    }
    let reporter = with_roles(world.theatre, "REPORTS").await.0;
    reporter.get(&path).await.refused("FORBIDDEN_RESOURCE");
    // What is gone is told nothing, and what waited for it is nobody's any more.
    world.admin.delete(&format!("/webhooks/{}", made["id"])).await;
    sell(&world, &world.seller().await, 0).await;
    world.admin.0.post(format!("{path}/test"), json!({})).await.refused("NOT_FOUND");
    assert_eq!(receiver.calls("/hook").len(), 0);
}

pub async fn setting_up_has_its_form(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let good = json!({"entity_id": world.theatre, "name": "Ours", "url": "https://example.org/hook"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, code) in [
        (with("url", json!("ftp://example.org")), "DIST0005"),
        (with("url", json!("https://ada:secret@example.org")), "DIST0005"),
        (with("url", Value::Null), "DIST0006"),
        (with("url", json!("x".repeat(1_001))), "DIST0005"),
        (with("name", json!("")), "DIST0005"),
        (with("entity_id", Value::Null), "DIST0006"),
        (with("entity_id", json!(77_777)), "DIST0005"),
        (with("channel_id", json!(world.web.id)), "DIST0005"),
        (with("events", json!([{"event": "PIGEON"}])), "DIST0005"),
        (with("events", json!([{}])), "DIST0006"),
        (with("events", json!([{"event": "ORDER"}, {"event": "ORDER"}])), "DIST0005"),
        (with("events", json!([{"event": "EVENT", "actions": ["PURCHASE"]}])), "DIST0005"),
        (with("events", json!(vec![json!({"event": "ORDER"}); 9])), "DIST0005"),
    ] {
        world.admin.0.post(WEBHOOKS, body.clone()).await.refused(code);
    }
    let made =
        world.admin.make("/webhooks", with("events", json!([{"event": "ORDER", "actions": ["REFUND"]}, {"event": "SESSION"}]))).await;
    assert_eq!(made["events"], json!([{"event": "ORDER", "actions": ["REFUND"]}, {"event": "SESSION"}]));
    let path = format!("{WEBHOOKS}/{}", id(&made));
    for (action, body, code) in [
        ("rotate-secret", json!({"overlap_hours": 721}), "DIST0005"),
        ("replay", json!({}), "DIST0006"),
        ("replay", json!({"deliveries": []}), "DIST0005"),
        ("replay", json!({"deliveries": vec![1; 257]}), "DIST0005"),
        ("replay", json!({"from": "yesterday"}), "DIST0004"),
    ] {
        world.admin.0.post(format!("{path}/{action}"), body).await.refused(code);
    }
    for count in 1..20 {
        world.admin.make("/webhooks", with("name", json!(format!("Ours {count}")))).await;
    }
    world.admin.0.post(WEBHOOKS, good).await.refused("CONFLICT");
}
