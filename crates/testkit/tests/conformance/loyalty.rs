//! The codes of loyalty programmes.

use aforo_server::config::NatsConfig;
use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Answer;
use aforo_testkit::nats::NatsServer;
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::json;
use tempfile::TempDir;

async fn join(world: &SmallWorld<'_>) -> Answer {
    let body = json!({"customer": {"email": "ada@example.org"}});
    world.seller().await.0.post("/distribution-api/v1/loyalty-programs", body).await
}

/// On a server whose queue nobody has started.
pub async fn create_loyalty_program_exception(outer: &SmallWorld<'_>) -> Answer {
    let engine = if outer.server.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let server = NatsServer::new().url().parse().unwrap();
    let set_up = |config: &mut aforo_server::config::Config| config.nats = Some(NatsConfig { server, prefix: "test".to_owned() });
    let server = TestServer::start_as(engine, TempDir::new().unwrap(), set_up).await;
    let world = SmallWorld::set_up(&server).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"loyalty": true})).await;
    let refused = join(&world).await;
    drop(world);
    server.stop().await;
    refused
}

/// A channel that has no loyalty programme.
pub async fn auth0027_loyalty(world: &SmallWorld<'_>) -> Answer {
    join(world).await
}
