//! Starting the engine on a store: its threads, and every shard that the store knows taken over and in service before anybody is answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;

use super::applier::{Applier, Backlog};
use super::core::Core;
use super::loaders::Loaders;
use super::readers::Readers;
use super::shared::Shared;
use super::threads::{Engine, Message, spawn};
use super::time::Timekeeper;
use super::view::Views;
use super::{Handle, Running};
use crate::chance::Chance;
use crate::clock::{self, Clock};
use crate::store::{Store, StoreError};

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A shard cannot be served: its journal is broken, or was written by another release.
    #[error("shard {0}: {1}")]
    Shard(ShardId, String),
}

impl Handle {
    /// Starts the engine on a store and takes over all its shards, the platform's too. Blocks until all are in service.
    ///
    /// # Errors
    /// A [`StartError`]; nothing runs then.
    pub fn start(store: &Store, clock: Clock, chance: &Chance) -> Result<Self, StartError> {
        // On a thread of its own: the store's calls block, which a runtime's thread may not.
        let started = std::thread::scope(|scope| scope.spawn(|| Self::start_here(store, clock, chance)).join());
        started.unwrap_or_else(|_| Err(StoreError::Failed("starting the engine panicked".into()).into()))
    }

    fn start_here(store: &Store, clock: Clock, chance: &Chance) -> Result<Self, StartError> {
        let (inbox, messages) = channel();
        let (applier, work) = channel();
        let (views, shared) = (Views::default(), Arc::new(Shared::default()));
        let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = chance.seed();
        let mut shards: BTreeSet<ShardId> = store.loader()?.shards()?.into_iter().collect();
        shards.insert(ShardId::PLATFORM);
        let (loaders, mut threads) = Loaders::start(store, owner, &inbox)?;
        let (readers, of_lists) = Readers::start(store)?;
        threads.extend(of_lists);
        let applier_thread = Applier {
            tables: store.tables()?,
            pace: pace(store),
            work,
            engine: inbox.clone(),
            loaders: loaders.clone(),
            shared: shared.clone(),
            backlog: Backlog::default(),
        };
        let asked = Arc::new(AtomicUsize::new(0));
        let engine_thread = Engine {
            core: Core::by_the_rules(clock.now()),
            journal: store.journal()?,
            inbox: messages,
            asked: asked.clone(),
            applier: applier.clone(),
            loaders,
            views: views.clone(),
            shared: shared.clone(),
            time: Timekeeper::new(clock.now(), clock::instant()),
            clock,
            chance: chance.clone(),
            when_open: HashMap::new(),
            outputs: Vec::new(),
            taken_in: 0,
            levels_at: Timestamp::default(),
        };
        threads.push(spawn("aforo-engine", || engine_thread.run())?);
        threads.push(spawn("aforo-applier", || applier_thread.run())?);
        let engine = Running { inbox, asked, applier, readers, shared, threads: Mutex::new(threads) };
        open_all(&engine.inbox, shards)?;
        Ok(Self { views, engine: Arc::new(engine), stored: None })
    }
}

/// How long the applier gathers: one fsync on SQLite, a round trip and a busier database on PostgreSQL.
const fn pace(store: &Store) -> Duration {
    match store {
        Store::Postgres(_) => Duration::from_millis(100),
        _ => Duration::from_millis(50),
    }
}

fn open_all(engine: &Sender<Message>, shards: BTreeSet<ShardId>) -> Result<(), StartError> {
    let (opened, results) = channel();
    let count = shards.len();
    for shard in shards {
        let opened = opened.clone();
        let tell = move |result| drop(opened.send((shard, result)));
        let _ = engine.send(Message::Open(shard, Box::new(tell)));
    }
    for (shard, result) in results.iter().take(count) {
        result.map_err(|why| StartError::Shard(shard, why))?;
    }
    Ok(())
}
