//! Whatever is sent, the server says what is wrong with it: no operation answers 5xx, breaks off or answers what it does not declare. The requests are
//! made from the OpenAPI documents, so that a new operation is tried too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Ask, Caller};
use aforo_testkit::documented::operations;
use aforo_testkit::spawn::{self, Engine, TestServer};
use serde_json::{Value, json};

/// Values that are wrong almost everywhere.
fn nasty() -> Vec<Value> {
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let huge: Value = serde_json::from_str("1e400").unwrap();
    let long = "x".repeat(5_000);
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(u64::MAX),
        huge,
        json!(""),
        json!("\u{0}"),
        json!(long),
        json!("ñ🎭\u{202e}"),
        json!("2031-02-30T25:00:00Z"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"": []}),
        deep,
        json!(vec![1; 600]),
    ]
}

/// Bodies that differ from the example in one place each, however deep, and some that are none at all.
fn spoiled(body: &Value) -> Vec<Value> {
    let mut all = nasty();
    all.push(body.clone());
    for place in places(body, "") {
        for value in nasty() {
            let mut spoiled = body.clone();
            *spoiled.pointer_mut(&place).unwrap() = value;
            all.push(spoiled);
        }
    }
    all
}

/// Pointers to everything in a value.
fn places(value: &Value, here: &str) -> Vec<String> {
    let inner: Vec<_> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (format!("{here}/{name}"), value)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(index, value)| (format!("{here}/{index}"), value)).collect(),
        _ => Vec::new(),
    };
    inner.into_iter().flat_map(|(place, value)| std::iter::once(place.clone()).chain(places(value, &place))).collect()
}

/// Sends it; nothing but a clear answer will do.
async fn try_out(caller: &Caller, sent: &mut usize, ask: Ask) {
    *sent += 1;
    let shown = format!("{ask:?}").chars().take(600).collect::<String>();
    let answer = caller.send(ask).await;
    assert!(answer.status < 500, "{shown} answered {} {}", answer.status, answer.text);
}

async fn all_operations(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let mut sent = 0;
    for operation in operations().into_iter().filter(|operation| !operation.path.starts_with("/oauth")) {
        let is_management = operation.path.starts_with("/mgmt-api");
        let caller = if is_management { &world.admin.0 } else { &seller.0 };
        let order = seller.create().await;
        let ask = |path: String| Ask::new(&operation.method, path).header("ob-order-id", order.clone());
        // Of what is there nothing is deleted: the rest would have nobody to ask.
        let there = if operation.method == "DELETE" { "999" } else { "1" };
        for id in [there, "999999999999", "0", "-1", "1.5", "abc", "%00", "99999999999999999999999"] {
            let path = operation.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
            try_out(caller, &mut sent, ask(path)).await;
        }
        let path = operation.path.split('/').map(|part| if part.starts_with('{') { there } else { part }).collect::<Vec<_>>().join("/");
        for name in &operation.query {
            for value in ["-1", "501", "x", "%FF%00", "gte:", "gte:2031,lte:,lt:", "field:up", "99999999999999999999999"] {
                try_out(caller, &mut sent, ask(format!("{path}?{name}={value}"))).await;
            }
        }
        for (name, value) in
            [("if-match", "\"x\""), ("if-match", "\u{7f}"), ("idempotency-key", ""), ("accept", "application/problem+json")]
        {
            if value.bytes().all(|byte| byte >= 32 && byte != 127) {
                try_out(caller, &mut sent, ask(path.clone()).header(name, value)).await;
            }
        }
        for body in operation.body.iter().flat_map(spoiled) {
            try_out(caller, &mut sent, ask(path.clone()).json(&body)).await;
        }
        // Whatever became of them: neither caller was locked out.
        world.admin.0.get("/mgmt-api/v1/channels").await.ok();
    }
    assert!(sent > 8_000, "only {sent} requests were made: the documents do not say enough");
}

#[test]
fn no_input_fails_the_server() {
    spawn::run(Engine::Sqlite, all_operations);
}
