//! The loaders: a few threads that read rows by key, take shards over and fill Worlds, so that the engine thread never waits for a read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;

use super::core::{Input, NotLoaded};
use super::payload::OwnerId;
use super::recovery;
use super::threads::{Message, spawn};
use crate::store::{Load, Loaded, Loader, Store, StoreError};

/// How many loaders there are.
const THREADS: usize = 2;
/// Searches that wait for a loader at most.
const QUEUE: usize = 256;

/// What a loader is asked to do.
#[derive(Debug)]
pub enum Job {
    /// Look for rows.
    Load {
        /// Whose.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// Which.
        load: Load,
        /// The tables were so far at least when it was asked.
        applied: u64,
    },
    /// Take a shard over.
    Take {
        /// Which.
        shard: ShardId,
        /// The epoch it was owned under here.
        known: Option<u64>,
        /// For the takeover row.
        now: Timestamp,
    },
    /// Fill a World.
    Populate {
        /// Which shard's.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// The tables have everything up to here.
        applied: u64,
    },
}

/// Where jobs go; cloning it is cheap. The threads end when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Loaders {
    jobs: Sender<Job>,
    searches: Arc<AtomicUsize>,
}

impl Loaders {
    /// Starts the threads.
    ///
    /// # Errors
    /// What the store says.
    pub fn start(store: &Store, owner: OwnerId, engine: &Sender<Message>) -> Result<(Self, Vec<JoinHandle<()>>), StoreError> {
        let (jobs, inbox) = channel();
        let inbox = Arc::new(Mutex::new(inbox));
        let searches = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let (mut loader, inbox) = (store.loader()?, inbox.clone());
            let (engine, searches) = (engine.clone(), searches.clone());
            let body = move || {
                while let Some(job) = next(&inbox) {
                    if let Job::Load { .. } = job {
                        searches.fetch_sub(1, Ordering::Relaxed);
                    }
                    let input = work(&mut loader, job, owner);
                    if engine.send(Message::Input(input)).is_err() {
                        return;
                    }
                }
            };
            threads.push(spawn(&format!("aforo-loader-{number}"), body)?);
        }
        Ok((Self { jobs, searches }, threads))
    }

    /// Gives a job to the next loader that is free. Without one, the process is ending.
    pub fn ask(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// Looks for rows, unless too many searches wait already: then the job comes back.
    pub fn look(&self, shard: ShardId, epoch: u64, load: Load, applied: u64) -> Result<(), Load> {
        if self.searches.load(Ordering::Relaxed) >= QUEUE {
            return Err(load);
        }
        self.searches.fetch_add(1, Ordering::Relaxed);
        self.ask(Job::Load { shard, epoch, load, applied });
        Ok(())
    }
}

fn next(inbox: &Mutex<Receiver<Job>>) -> Option<Job> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Does a job; what the engine is to be told.
pub fn work<T>(loader: &mut Loader, job: Job, owner: OwnerId) -> Input<T> {
    match job {
        Job::Load { shard, epoch, load, applied } => match look(loader, shard, load.clone(), applied) {
            Ok(loaded) => Input::Loaded { shard, epoch, loaded },
            Err(StoreError::Behind) => Input::NotLoaded { shard, epoch, load, error: NotLoaded::Behind },
            Err(error) => {
                tracing::error!(shard = shard.0, %error, "rows could not be loaded");
                Input::NotLoaded { shard, epoch, load, error: NotLoaded::Failed }
            }
        },
        Job::Take { shard, known, now } => Input::Taken { shard, result: recovery::take(loader, shard, known, now, owner) },
        Job::Populate { shard, epoch, applied } => Input::Populated { shard, epoch, result: recovery::populate(loader, shard, applied) },
    }
}

fn look(loader: &mut Loader, shard: ShardId, load: Load, applied: u64) -> Result<Loaded, StoreError> {
    let asked = if let Load::Rows(keys) = &load { keys.clone() } else { Vec::new() };
    let loaded = loader.load(shard, load)?;
    if let Loaded::Rows(rows) = &loaded {
        let answers = rows.len() == asked.len()
            && rows.iter().zip(&asked).all(|((key, row), asked)| key == asked && row.as_ref().is_none_or(|row| row.key() == *key));
        if !answers {
            return Err(StoreError::Failed("the store answered with other rows than were asked for".into()));
        }
    }
    // Asked after the rows were read: a database that lost its last transactions in between is noticed too.
    if loader.applied_seq(shard)? < applied { Err(StoreError::Behind) } else { Ok(loaded) }
}
