//! The engine: one thread that runs all shards, decides in memory, appends one journal row a batch, and only then answers.
//!
//! This module is what the rest of the server sees of it: a [`Handle`] to ask, and [`view`]s to read. What happens behind: [`core`] is the state
//! machine (with [`shard`], [`batch`], [`opening`]), [`threads`], [`applier`] and [`loaders`] carry it out. Decided in docs/ARCHITECTURE.md.

pub mod applier;
pub mod batch;
mod cache;
pub mod ceiling;
mod codes;
pub mod core;
#[cfg(test)]
mod core_tests;
mod lists;
pub mod loaders;
mod loads;
pub mod opening;
pub mod payload;
mod readers;
pub mod recovery;
pub mod shard;
mod shared;
mod start;
#[cfg(test)]
mod testing;
pub(crate) mod threads;
mod time;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::Claim;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::ShardId;
use aforo_domain::messages::Kind;
use tokio::sync::oneshot;

use applier::Work;
use ceiling::Stored;
use readers::Readers;
use shared::Shared;
pub use shared::Stand;
pub use start::StartError;
use threads::Message;
use view::Views;

use crate::store::{Reader, StoreError};

/// Commands on their way to the engine's thread at most; beyond it callers are refused at once.
const MAX_ASKED: usize = 16_384;
/// How long [`Handle::settled`] waits.
const SETTLED_PATIENCE: Duration = Duration::from_secs(2);

/// A command for a shard.
#[derive(Debug)]
pub struct Request {
    /// Whose.
    pub shard: ShardId,
    /// Who asks.
    pub actor: Actor,
    /// For what.
    pub command: Command,
    /// The request's `Idempotency-Key`, if it brought one.
    pub idempotency: Option<Claim>,
}

/// What a command was answered. It was durable before it came here.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The reply, or why not.
    pub result: Result<Reply, Error>,
    /// Whether it was answered before and is only repeated.
    pub replayed: bool,
}

impl Answer {
    /// A refusal by the engine itself.
    pub const fn refused(code: Code) -> Self {
        Self { result: Err(Error::new(code)), replayed: false }
    }
}

/// Where commands go and snapshots come from; cloning it is cheap. When the last clone is dropped without [`Handle::stop`], the engine ends as if
/// killed: what was answered is durable, and the next start goes on from there.
#[derive(Debug, Clone)]
pub struct Handle {
    views: Views,
    engine: Arc<Running>,
    /// Answers for orders without an engine: see [`ceiling`].
    stored: Option<Arc<Stored>>,
}

/// The running threads.
#[derive(Debug)]
struct Running {
    inbox: Sender<Message>,
    asked: Arc<AtomicUsize>,
    applier: Sender<Work>,
    readers: Readers,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.inbox.send(Message::Abandon);
    }
}

impl Handle {
    /// Asks, and waits until the answer is durable. `OVERLOADED` at once if too much waits, while the shard is being taken over and failed to be, or
    /// when another owner has it; `NOT_FOUND` for a shard that is not there; `DIST0000` if it is not known whether it happened: ask again with the
    /// same `Idempotency-Key` to find out.
    pub async fn run(&self, request: Request) -> Answer {
        if let (Some(stored), Command::Order(command)) = (&self.stored, &request.command) {
            return stored.answer(request.shard, command);
        }
        if self.engine.asked.fetch_add(1, Ordering::Relaxed) >= MAX_ASKED {
            self.engine.asked.fetch_sub(1, Ordering::Relaxed);
            return Answer::refused(Code::Overloaded);
        }
        let (ticket, answer) = oneshot::channel();
        // The engine's thread ends only when the process does.
        let _ = self.engine.inbox.send(Message::Ask(request, ticket));
        answer.await.unwrap_or_else(|_| Answer::refused(Code::Overloaded))
    }

    /// Waits until everything committed so far in a shard is in the tables, so that a list shows the caller's own writes.
    ///
    /// # Errors
    /// `OVERLOADED` after 2 s; `NOT_FOUND` for a shard that was never in service here.
    pub async fn settled(&self, shard: ShardId) -> Result<(), Error> {
        let stand = self.engine.shared.stand(shard).ok_or(Code::NotFound)?;
        if stand.applied >= stand.committed {
            return Ok(());
        }
        let mut applied = self.engine.shared.watch(shard).ok_or(Code::NotFound)?;
        let _ = self.engine.applier.send(Work::Hurry);
        let come = applied.wait_for(|applied| *applied >= stand.committed);
        match tokio::time::timeout(SETTLED_PATIENCE, come).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Code::Overloaded.into()),
        }
    }

    /// Reads a list of a shard out of the tables, once they have everything that was committed when it was asked for.
    ///
    /// # Errors
    /// Those of [`Self::settled`], then `OVERLOADED` if too many lists wait or this one takes too long.
    pub async fn read<T: Send + 'static>(
        &self,
        shard: ShardId,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        self.settled(shard).await?;
        self.engine.readers.run(read).await
    }

    /// Reads a list out of the tables as far as they have come, for who knows that they have what it asks for.
    ///
    /// # Errors
    /// `OVERLOADED` if too many lists wait or this one takes too long.
    pub async fn read_behind<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        self.engine.readers.run(read).await
    }

    /// Serves a shard from now on; one that has no rows begins empty. Used when an operator is created, after its reservation in the platform shard.
    ///
    /// # Errors
    /// `OVERLOADED` if it could not be taken over now.
    pub async fn open_shard(&self, shard: ShardId) -> Result<(), Error> {
        let (opened, when) = oneshot::channel();
        let tell = move |result: Result<(), String>| drop(opened.send(result));
        let _ = self.engine.inbox.send(Message::Open(shard, Box::new(tell)));
        let result = when.await.unwrap_or_else(|_| Err("the engine has ended".into()));
        result.map_err(|why| Error::new(Code::Overloaded).because(why))
    }

    /// What is published: identity, catalogue and seats of all shards.
    pub const fn views(&self) -> &Views {
        &self.views
    }

    /// Where a shard stands; `None` if it was never in service here.
    pub fn position(&self, shard: ShardId) -> Option<Stand> {
        self.engine.shared.stand(shard)
    }

    /// Waits until the tables of some shard have other messages than before; for one waiter.
    pub async fn post(&self) {
        self.engine.shared.post().await;
    }

    /// The shards whose tables have other messages than when this was last asked, and the kinds of the new ones.
    pub fn take_posted(&self) -> BTreeMap<ShardId, BTreeSet<Kind>> {
        self.engine.shared.take_posted()
    }

    /// Begins to count into the metrics recorder in force (`metrics::with_local_recorder`). Once.
    pub fn meter(&self) {
        self.engine.shared.meter();
    }

    /// Ends cleanly: refuses what comes, answers what waits, and brings the tables up to the journal. Blocks while it does, off the runtime.
    pub async fn stop(&self) {
        let threads = std::mem::take(&mut *self.engine.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = self.engine.inbox.send(Message::Stop);
        self.engine.readers.end();
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        let _ = tokio::task::spawn_blocking(join).await;
    }

    /// The same server without an engine behind its orders, for the bench's ceiling: every order command is answered at once with a stored order
    /// of the published catalogue. Everything else goes the usual way.
    pub fn ceiling(&self) -> Self {
        Self { stored: Some(Arc::new(Stored::of(&self.views))), ..self.clone() }
    }
}
