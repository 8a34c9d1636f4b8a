//! Starting: the store is opened, the engine takes its shards over, and an empty store gets its platform with one administrator. Serving HTTP is
//! [`crate::http::serve`]'s; what the operators then set up is the management API's.

use aforo_domain::command::Command;
use aforo_domain::error::Error;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::IdentityCommand;
use aforo_domain::identity::manage::platform::{FirstStart, PlatformCommand};
use aforo_domain::ids::ShardId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api::mgmt::secrets;
use crate::app::App;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Handle, Request, StartError};
use crate::store::{Store, StoreConfig};

/// The platform's administrator, as it was made at first start. Shown once; only hashes of it are stored. It has no `Debug`, so that it reaches no log.
pub struct Admin {
    /// The name to sign in with.
    pub username: String,
    /// Its password.
    pub password: String,
    /// The platform's first API key.
    pub key: String,
}

/// Opens the store and starts the engine on it. Blocks until every shard is in service, so it is called outside of any async runtime.
///
/// # Errors
/// A [`StartError`]: the store is in use, of a newer version, not reachable, or broken.
pub fn open(config: Config, clock: Clock, chance: Chance) -> Result<App, StartError> {
    let store = match &config.database {
        Some(url) => StoreConfig::Postgres { url: url.clone() },
        None => StoreConfig::Sqlite { dir: config.data.clone() },
    };
    let store = Store::open(&store)?;
    let engine = Handle::start(&store, clock.clone(), &chance)?;
    let app = App::new(config, clock, chance, engine);
    app.start_outbox(&store)?;
    app.start_jobs()?;
    metrics::with_local_recorder(app.http.metrics.recorder(), || app.engine.meter());
    Ok(app)
}

/// Makes the platform on an empty store: its administrator and its first key. `None` if it is there already.
///
/// # Errors
/// What the engine refuses with.
pub async fn first_start(app: &App) -> Result<Option<Admin>, Error> {
    let platform = app.engine.views().shard(ShardId::PLATFORM);
    if platform.is_some_and(|view| !view.identity.users.is_empty()) {
        return Ok(None);
    }
    let (key, key_hash) = secrets::api_key(&app.chance, ShardId::PLATFORM);
    let admin = Admin { username: "admin".to_owned(), password: URL_SAFE_NO_PAD.encode(&app.chance.seed()[..15]), key };
    let password = app
        .http
        .passwords
        .hash(&app.chance, crate::http::passwords::Whose::User, admin.password.clone())
        .await
        .map_err(|problem| *problem.error)?;
    let start = FirstStart { username: admin.username.clone(), password, key: key_hash };
    let command = Command::Identity(IdentityCommand::Platform(PlatformCommand::FirstStart(start)));
    let request = Request { shard: ShardId::PLATFORM, actor: Actor::System, command, idempotency: None };
    app.engine.run(request).await.result?;
    Ok(Some(admin))
}
