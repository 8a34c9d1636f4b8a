//! A whole server inside the test: the same start, engine, store and HTTP as the binary's, on a free port, with a clock that the test moves and
//! chance that repeats itself. Each test has its own, on a temporary directory or a fresh database, so that none sees another's rows.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use aforo_server::app::App;
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::config::Config;
use aforo_server::engine::{Request, StartError};
use aforo_server::start::{self, Admin};
use aforo_server::store::StoreError;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

use crate::caller::{Answer, Caller, ManagerClient};
use crate::declared::Declared;
use crate::postgres::{TestDatabase, fresh_database};

/// What a test's server stores on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Two files in a temporary directory.
    Sqlite,
    /// A database of its own on the tests' server.
    Postgres,
}

/// When tests take place: 2031-01-15T10:00:00Z.
pub const NOW: Timestamp = Timestamp(1_926_237_600_000_000);

/// A running server.
pub struct TestServer {
    /// Its insides, for what no client can do: moving time, breaking the store.
    pub app: App,
    /// Whoever calls it without having signed in.
    pub nobody: Caller,
    /// The platform's administrator.
    pub admin: Admin,
    /// Its database, on PostgreSQL.
    pub database: Option<TestDatabase>,
    dir: TempDir,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl TestServer {
    /// Starts an empty one.
    pub async fn start(engine: Engine) -> Self {
        Self::start_in(engine, TempDir::new().expect("a temporary directory")).await
    }

    /// Starts an empty one whose files are in a directory of the test's choice.
    pub async fn start_in(engine: Engine, dir: TempDir) -> Self {
        Self::start_as(engine, dir, |_| {}).await
    }

    /// Starts an empty one that is set up as the test says.
    pub async fn start_as(engine: Engine, dir: TempDir, set_up: impl FnOnce(&mut Config)) -> Self {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(fresh_database().await),
        };
        let mut config = Config { data: dir.path().to_owned(), database: database.as_ref().map(TestDatabase::url), ..Config::default() };
        set_up(&mut config);
        let app = open(config, NOW).await;
        let admin = start::first_start(&app).await.expect("a first start").expect("an empty store");
        Self::serve(app, admin, database, dir).await
    }

    async fn serve(app: App, admin: Admin, database: Option<TestDatabase>, dir: TempDir) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(aforo_server::http::serve(app.clone(), listener, async { drop(stopped.await) }));
        let nobody = Caller::nobody(&base, Arc::new(Declared::default()));
        Self { app, nobody, admin, database, dir, stop, serving }
    }

    /// Where its files are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// PLATFORM_ADMIN, signed in with the platform's key.
    pub async fn platform(&self) -> ManagerClient {
        ManagerClient::with_key(&self.nobody, &self.admin.key).await
    }

    /// Lets time pass. In small steps, because the engine does not believe a clock that jumps.
    pub async fn pass_seconds(&self, seconds: i64) {
        let mut left = seconds * 1_000;
        while left > 0 {
            let step = left.min(50_000);
            self.app.clock.advance_ms(step);
            left -= step;
            let request =
                Request { shard: ShardId::PLATFORM, actor: Actor::System, command: Command::Tick { limit: 1 }, idempotency: None };
            self.app.engine.run(request).await.result.expect("a tick");
        }
    }

    /// Ends every connection to the database at once, as an administrator or a failing network would.
    pub async fn break_database_connections(&self) {
        let url = self.database.as_ref().expect("a server on PostgreSQL").url();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection of our own");
        let connection = tokio::spawn(connection);
        let others =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        client.batch_execute(others).await.expect("the right to end connections");
        drop(client);
        connection.await.expect("no panic").expect("a connection that ends well");
    }

    /// Asks again until the answer is no failure of the server's.
    ///
    /// # Panics
    /// If it fails for too long.
    pub async fn until_served(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        for _ in 0..200 {
            let answer = ask().await;
            if answer.status < 500 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not come back");
    }

    /// Ends it as if it were killed, and starts another one on what is durable, set up as the test says.
    pub async fn killed_and_started(self, set_up: impl FnOnce(&mut Config)) -> Self {
        let Self { app, nobody, admin, database, dir, stop, serving } = self;
        let (mut config, now) = (app.config.clone(), app.clock.now());
        set_up(&mut config);
        // Whoever is connected is let go; engine and outbox are not told to stop.
        let _ = stop.send(());
        serving.await.expect("a server that ends well");
        drop((app, nobody));
        Self::serve(open(config, now).await, admin, database, dir).await
    }

    /// Ends it cleanly.
    pub async fn stop(self) {
        // If nobody listens any more, it has stopped already.
        let _ = self.stop.send(());
        self.serving.await.expect("a server that ends well");
        self.app.stop().await;
    }
}

/// How long a store that is being let go may be locked.
const LET_GO: Duration = Duration::from_secs(10);

async fn open(config: Config, now: Timestamp) -> App {
    let attempts = LET_GO.as_millis() / 20;
    for _ in 0..attempts {
        let config = config.clone();
        let opened = tokio::task::spawn_blocking(move || start::open(config, Clock::fixed(now), Chance::seeded(1)));
        match opened.await.expect("no panic") {
            // Another one on it has not let go yet.
            Err(StartError::Store(StoreError::InUse(_))) => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened.expect("a store opens"),
        }
    }
    panic!("the store is locked")
}

/// Runs a test against a server of its own.
pub fn run(engine: Engine, test: impl AsyncFnOnce(&TestServer)) {
    run_configured(engine, |_| {}, test);
}

/// Runs a test against a server of its own that is told more than where its files are.
pub fn run_configured(engine: Engine, configure: impl FnOnce(&mut Config), test: impl AsyncFnOnce(&TestServer)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = TestServer::start_as(engine, TempDir::new().expect("a temporary directory"), configure).await;
        test(&server).await;
        server.stop().await;
    });
}

/// Makes a test of each function, on each engine: `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! for_each_engine {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::spawn::run($crate::spawn::Engine::Sqlite, super::$test) })*
        }
        mod postgres {
            $(#[test] fn $test() { $crate::spawn::run($crate::spawn::Engine::Postgres, super::$test) })*
        }
    };
}
