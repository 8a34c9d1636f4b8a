//! Loyalty programmes with a real queue, NATS JetStream: it acknowledges, it dies, it comes back, and so does aforo.

use aforo_server::config::{Config, NatsConfig};
use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::Ask;
use aforo_testkit::nats::{NatsServer, Queued};
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::json;
use tempfile::TempDir;

use crate::{sell, switch};

const JOIN: &str = "/distribution-api/v1/loyalty-programs";
const STREAM: &str = "TEST_LOYALTY";

fn uses(queue: &NatsServer) -> impl FnOnce(&mut Config) + use<> {
    let server = queue.url().parse().unwrap();
    move |config| config.nats = Some(NatsConfig { server, prefix: "test.loyalty".to_owned() })
}

/// What is in the queue once there are so many messages.
async fn queued(queue: &NatsServer, count: usize) -> Vec<Queued> {
    for _ in 0..1_000 {
        let messages = queue.stream(STREAM).await;
        if messages.len() >= count {
            return messages;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{count} messages do not come");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_acknowledges_dies_and_comes_back() {
    let mut queue = NatsServer::new();
    queue.start().await;
    let server = TestServer::start_as(Engine::Sqlite, TempDir::new().unwrap(), uses(&queue)).await;
    let world = SmallWorld::set_up(&server).await;
    switch(&world, json!({"loyalty": true})).await;
    let seller = world.seller().await;
    let body = json!({"customer": {"email": "ada@example.org"}});
    let join = async |key: &str| seller.0.send(Ask::new("POST", JOIN).json(&body).header("Idempotency-Key", key)).await;

    let joined = join("1").await.ok();
    let again = join("1").await;
    assert_eq!((again.header("Idempotency-Replayed").to_owned(), again.ok()), ("true".to_owned(), joined.clone()));
    let code = sell(&world, &seller, 0).await;
    let messages = queued(&queue, 2).await;
    assert_eq!(messages.len(), 2, "what is repeated is there once: {messages:?}");
    let subject = |what| format!("test.loyalty.{}.{}.{what}", world.operator, world.web.id);
    assert_eq!((messages[0].subject.clone(), messages[0].id.as_str()), (subject("joined"), text(&joined, "message_id")));
    assert_eq!((messages[1].subject.clone(), &messages[1].body["order"]["code"]), (subject("sold"), &json!(code)));

    // Without a queue nobody joins, nothing changes, and tickets are sold all the same.
    queue.kill();
    join("2").await.refused("CREATE_LOYALTY_PROGRAM_EXCEPTION");
    let code = sell(&world, &seller, 2).await;
    queue.start().await;
    let joined = server.until_served(async || join("2").await).await.ok();
    let messages = queued(&queue, 4).await;
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert!(messages[2..].iter().any(|message| message.body["order"]["code"] == code), "{messages:?}");
    assert!(messages[2..].iter().any(|message| message.id == text(&joined, "message_id")), "{messages:?}");
    server.stop().await;
}

/// Killed between the sale and its message: the next start delivers it, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sold_before_a_crash_is_told_after_it() {
    let mut queue = NatsServer::new();
    let server = TestServer::start_as(Engine::Sqlite, TempDir::new().unwrap(), uses(&queue)).await;
    let world = SmallWorld::set_up(&server).await;
    switch(&world, json!({"loyalty": true})).await;
    let code = sell(&world, &world.seller().await, 0).await;
    drop(world);
    let server = server.killed_and_started(|_| {}).await;
    queue.start().await;
    let messages = queued(&queue, 1).await;
    assert_eq!(messages[0].body["order"]["code"], code);
    server.stop().await;
}
