//! The application: everything a request can reach, built once from configuration, clock, chance and store.

use std::sync::{Arc, OnceLock};

use aforo_domain::identity::SigningKey;
use aforo_domain::ids::ShardId;
use aforo_domain::moment::{DAY_MS, Timestamp};

use crate::api::catalog::cache as catalog;
use crate::api::catalog::live::Live;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Handle;
use crate::http;
use crate::http::tokens::Known;
use crate::jobs::Jobs;
use crate::outbox::Outbox;
use crate::outbox::nats::Nats;
use crate::store::{Store, StoreError};

/// Shared by all requests; cloning it is cheap.
#[derive(Debug, Clone)]
pub struct App(pub Arc<Parts>);

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// As it was told.
    pub config: Config,
    /// Its time.
    pub clock: Clock,
    /// Its randomness.
    pub chance: Chance,
    /// Where commands go and snapshots come from.
    pub engine: Handle,
    /// What HTTP remembers between requests.
    pub http: http::State,
    /// Encoded answers of the catalogue.
    pub catalog: catalog::Cache,
    /// Who watches which session.
    pub live: Live,
    /// The queue of loyalty programmes, if there is one, for calls that wait for it.
    pub loyalty: Option<Nats>,
    /// Delivers messages, once it is started.
    outbox: OnceLock<Outbox>,
    /// Does what goes on by itself, once it is started.
    jobs: OnceLock<Jobs>,
}

impl App {
    /// Puts an application together. It runs nothing by itself: see [`http::serve`].
    pub fn new(config: Config, clock: Clock, chance: Chance, engine: Handle) -> Self {
        let http = http::State::new(chance.seed());
        metrics::with_local_recorder(http.metrics.recorder(), || engine.meter());
        let (catalog, live, outbox, jobs) = (catalog::Cache::default(), Live::default(), OnceLock::new(), OnceLock::new());
        let loyalty = config.nats.as_ref().map(Nats::of);
        Self(Arc::new(Parts { config, clock, chance, engine, http, catalog, live, loyalty, outbox, jobs }))
    }

    /// Begins to do what goes on by itself. Once.
    ///
    /// # Errors
    /// If there is no thread for it.
    pub fn start_jobs(&self) -> Result<(), StoreError> {
        let kept = i64::from(self.config.audit_kept_days) * DAY_MS;
        let jobs = Jobs::start(&self.engine, &self.clock, kept)?;
        self.jobs.get_or_init(|| jobs);
        Ok(())
    }

    /// Says that there is work which goes on by itself.
    pub fn wake_jobs(&self) {
        self.jobs.get().into_iter().for_each(Jobs::wake);
    }

    /// Begins to deliver messages. Once.
    ///
    /// # Errors
    /// What the store says.
    pub fn start_outbox(&self, store: &Store) -> Result<(), StoreError> {
        let start = || Outbox::start(store, &self.engine, &self.clock, &self.chance, &self.config);
        let outbox = metrics::with_local_recorder(self.http.metrics.recorder(), start)?;
        self.outbox.get_or_init(|| outbox);
        Ok(())
    }

    /// Ends cleanly: what is being delivered is finished, what waits is answered, and the tables are brought up to the journal.
    pub async fn stop(&self) {
        if let Some(jobs) = self.jobs.get() {
            jobs.stop().await;
        }
        if let Some(outbox) = self.outbox.get() {
            outbox.stop().await;
        }
        self.engine.stop().await;
    }

    /// The keys that sign access tokens and verify them.
    pub fn signing_keys(&self) -> Vec<Arc<SigningKey>> {
        self.engine.views().shard(ShardId::PLATFORM).map(|view| view.identity.signing_keys.clone()).unwrap_or_default()
    }

    /// An access token of ours, whether it has ended or not.
    pub fn verified(&self, token: &str, now: Timestamp) -> Option<Arc<Known>> {
        self.http.tokens.verify(token, || self.signing_keys(), now)
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
