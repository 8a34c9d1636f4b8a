//! Webhooks through HTTP and to their receivers: what is told to whom, how it is signed, what becomes of receivers that fail, and what people do with the log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod failing;
mod told;

use aforo_server::config::{Config, WebhookConfig};
use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::SellerClient;
use aforo_testkit::receiver::{Received, Receiver};
use aforo_testkit::wait::until;
use serde_json::{Value, json};

use failing::{
    a_log_is_told_again, a_receiver_that_is_away_holds_up_no_other, an_object_is_told_in_order, what_is_not_public_is_refused,
    who_is_never_reached_is_switched_off,
};
use told::{
    a_rotation_signs_with_both, bookings_are_told, managers_mind_their_own, orders_are_told_to_who_may_see_them, setting_up_has_its_form,
    the_catalogue_is_told, what_is_refused_is_not_told,
};

macro_rules! for_each_engine {
    ($($test:ident,)*) => {
        mod sqlite {
            $(#[test] fn $test() { super::run(aforo_testkit::spawn::Engine::Sqlite, super::$test) })*
        }
        mod postgres {
            $(#[test] fn $test() { super::run(aforo_testkit::spawn::Engine::Postgres, super::$test) })*
        }
    };
}

for_each_engine![
    orders_are_told_to_who_may_see_them,
    bookings_are_told,
    the_catalogue_is_told,
    what_is_refused_is_not_told,
    a_rotation_signs_with_both,
    managers_mind_their_own,
    setting_up_has_its_form,
    a_receiver_that_is_away_holds_up_no_other,
    an_object_is_told_in_order,
    a_log_is_told_again,
    who_is_never_reached_is_switched_off,
    what_is_not_public_is_refused,
];

const WEBHOOKS: &str = "/mgmt-api/v1/webhooks";

/// Runs a test against a server that sends to the receivers of tests.
fn run(engine: aforo_testkit::spawn::Engine, test: impl AsyncFnOnce(&aforo_testkit::spawn::TestServer)) {
    let configure = |config: &mut Config| {
        config.public_url = Some("https://tickets.example/".to_owned());
        config.webhooks = WebhookConfig { allow_http: true, allow_private: true };
    };
    aforo_testkit::spawn::run_configured(engine, configure, test);
}

/// Makes a webhook at a path of the receiver, and answers it.
async fn hook(world: &SmallWorld<'_>, receiver: &Receiver, path: &str, mut body: Value) -> Value {
    body["name"] = json!("Ours");
    body["url"] = json!(receiver.url(path));
    world.admin.make("/webhooks", body).await
}

/// What came to a path, once there are so many calls that were taken.
fn taken(receiver: &Receiver, path: &str, count: usize) -> Vec<Received> {
    until(&format!("{count} calls of {path}"), || receiver.taken(path).len() >= count);
    let taken = receiver.taken(path);
    assert_eq!(taken.len(), count, "{path}: {taken:?}");
    taken
}

/// What calls say: event, action and body.
fn said(calls: &[Received]) -> Vec<(String, String, Value)> {
    let say = |call: &Received| {
        (call.header("ob-event").to_owned(), call.header("ob-action").to_owned(), serde_json::from_str(&call.body).unwrap())
    };
    calls.iter().map(say).collect()
}

/// Sells two seats of the row, from this one on, and answers the order.
async fn sell(world: &SmallWorld<'_>, seller: &SellerClient, first: usize) -> Value {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[first..first + 2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    seller.confirm(&order, &json!(40)).await.ok()
}

/// Sends a webhook a test message, and answers its id.
async fn try_out(world: &SmallWorld<'_>, hook: &Value) -> String {
    let sent = world.admin.0.post(format!("{WEBHOOKS}/{}/test", hook["id"]), json!({})).await.ok();
    sent["message_id"].as_str().unwrap().to_owned()
}

/// A webhook's log, the last attempt first, once it has so many.
async fn log(world: &SmallWorld<'_>, hook: &Value, count: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let listed = world.admin.0.get(format!("{WEBHOOKS}/{}/deliveries", hook["id"])).await.ok();
        let lines = listed["data"].as_array().unwrap();
        if lines.len() >= count {
            return lines.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("there are never {count} lines in the log")
}
