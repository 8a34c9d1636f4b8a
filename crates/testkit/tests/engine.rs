//! The engine as the rest of the server sees it, on each store: what was answered is there after a restart, lists see the caller's own writes.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

use std::collections::BTreeSet;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::Code;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::ids::{EntityId, ShardId};
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::engine::{Handle, Request};
use aforo_server::store::sim::SimStore;
use aforo_server::store::{Store, StoreConfig, StoreError};
use aforo_testkit::postgres::fresh_database;

const SHARD: ShardId = ShardId(3);

async fn system(engine: &Handle, command: IdentityCommand) -> Result<Reply, Code> {
    let request = Request { shard: SHARD, actor: Actor::System, command: Command::Identity(command), idempotency: None };
    engine.run(request).await.result.map_err(|error| error.code)
}

fn start(store: &Store) -> Handle {
    Handle::start(store, Clock::System, &Chance::System).unwrap()
}

fn operator() -> IdentityCommand {
    let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
    IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator)))
}

fn entity(name: &str) -> IdentityCommand {
    IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: name.to_owned() }))
}

/// An operator is made, and is there after a clean stop and after a crash.
async fn what_was_answered_is_there_after_a_restart(open: impl Fn() -> Result<Store, StoreError>) {
    let store = open().unwrap();
    let engine = start(&store);
    assert_eq!(system(&engine, operator()).await, Err(Code::NotFound), "nobody serves the shard yet");
    engine.open_shard(SHARD).await.unwrap();
    assert!(engine.views().shard(SHARD).is_some_and(|view| view.identity.operator.is_none()));
    system(&engine, operator()).await.unwrap();
    assert_eq!(system(&engine, entity("Opera")).await, Ok(Reply::Ids(vec![1])));
    assert!(engine.views().shard(SHARD).unwrap().identity.entities.contains_key(&EntityId(1)), "readers see what was answered");
    engine.settled(SHARD).await.unwrap();
    let stand = engine.position(SHARD).unwrap();
    assert_eq!(stand.applied, stand.committed);
    engine.stop().await;
    assert_eq!(system(&engine, entity("Late")).await, Err(Code::Overloaded));
    drop((engine, store));

    let store = open().unwrap();
    let engine = start(&store);
    assert_eq!(system(&engine, entity("Stadium")).await, Ok(Reply::Ids(vec![2])));
    // No stop: the applier may not have come so far.
    drop((engine, store));
    let store = reopen(&open).await;
    let engine = start(&store);
    assert_eq!(engine.views().shard(SHARD).unwrap().identity.entities.len(), 2);
    engine.stop().await;
}

/// Threads of an engine that was dropped let go of the store a moment later.
async fn reopen(open: &impl Fn() -> Result<Store, StoreError>) -> Store {
    for _ in 0..1_000 {
        match open() {
            Err(StoreError::InUse(_)) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the store is still in use")
}

#[tokio::test]
async fn a_restart_on_the_simulated_store() {
    let sim = SimStore::new(false);
    what_was_answered_is_there_after_a_restart(|| Ok(Store::Sim(sim.clone()))).await;
}

#[tokio::test]
async fn a_restart_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    what_was_answered_is_there_after_a_restart(|| Store::open(&StoreConfig::Sqlite { dir: dir.path().into() })).await;
}

#[tokio::test]
async fn a_restart_on_postgres() {
    let database = fresh_database().await;
    let open = || std::thread::scope(|scope| scope.spawn(|| Store::open(&StoreConfig::Postgres { url: database.url() })).join());
    what_was_answered_is_there_after_a_restart(|| open().unwrap()).await;
}

/// Two servers on one database: the one that came later has the shard, the older one stops as soon as it would write.
async fn the_older_of_two_servers_stops(store: Store) {
    let older = start(&store);
    older.open_shard(SHARD).await.unwrap();
    system(&older, operator()).await.unwrap();
    system(&older, entity("Opera")).await.unwrap();

    let younger = start(&store);
    assert_eq!(system(&younger, entity("Stadium")).await, Ok(Reply::Ids(vec![2])), "it knows what the older one was told");
    // Its applier or its journal notices first.
    let refused = system(&older, entity("Lost")).await;
    assert!(matches!(refused, Err(Code::Dist0000 | Code::Overloaded)), "{refused:?}");
    let gone = async {
        while system(&older, entity("Lost")).await != Err(Code::Overloaded) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    assert!(older.views().shard(SHARD).is_none(), "it shows nothing any more");
    assert_eq!(older.open_shard(SHARD).await.map_err(|error| error.code), Err(Code::Overloaded));

    assert_eq!(system(&younger, entity("Arena")).await, Ok(Reply::Ids(vec![3])), "the younger one goes on");
    older.stop().await;
    younger.stop().await;
    let again = start(&store);
    let names: BTreeSet<_> = again.views().shard(SHARD).unwrap().identity.entities.values().map(|entity| entity.name.clone()).collect();
    assert_eq!(names, ["Arena", "Opera", "Stadium"].map(str::to_owned).into());
    again.stop().await;
}

#[tokio::test]
async fn the_older_of_two_servers_stops_on_the_simulated_store() {
    the_older_of_two_servers_stops(Store::Sim(SimStore::new(true))).await;
}

#[tokio::test]
async fn the_older_of_two_servers_stops_on_postgres() {
    let database = fresh_database().await;
    let url = database.url();
    let open = tokio::task::spawn_blocking(move || Store::open(&StoreConfig::Postgres { url }).unwrap());
    the_older_of_two_servers_stops(open.await.unwrap()).await;
}
