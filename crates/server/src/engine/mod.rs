//! The engine: one thread that runs all shards, decides in memory, appends one journal row a batch, and only then answers.
//!
//! Decided in detail in docs/ARCHITECTURE.md. This module is what the rest of the server sees of it: a [`Handle`] to ask, and [`view`]s to read.

pub mod view;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::Claim;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::ShardId;

use view::Views;

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

/// Where commands go and snapshots come from; cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Handle {
    views: Views,
}

impl Handle {
    /// Asks, and waits until the answer is durable. `OVERLOADED` at once if the shard's queue is full.
    pub async fn run(&self, _request: Request) -> Answer {
        Answer { result: Err(Code::Dist0000.into()), replayed: false }
    }

    /// Takes over the shard of an operator that is being made; does nothing if this engine runs it already.
    ///
    /// # Errors
    /// `DIST0000` if the store fails.
    pub async fn open_shard(&self, _shard: ShardId) -> Result<(), Error> {
        Err(Code::Dist0000.into())
    }

    /// Waits until everything committed so far in a shard is in the tables, so that a list shows the caller's own writes.
    ///
    /// # Errors
    /// `OVERLOADED` after 2 s.
    pub async fn settled(&self, _shard: ShardId) -> Result<(), Error> {
        Err(Code::Overloaded.into())
    }

    /// What is published: identity, catalogue and seats of all shards.
    pub const fn views(&self) -> &Views {
        &self.views
    }
}
