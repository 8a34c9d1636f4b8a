//! Who works at gates: keys of entities and people at counters, with the role for it. The extractor does steps 2 to 7 of the order of checks, as those of
//! [`super::extract`] do; whose gates are whose is `domain::gates::decide`'s.

use std::sync::Arc;

use aforo_domain::catalogue::Offer;
use aforo_domain::command::{Command, Reply};
use aforo_domain::gates::GateReply;
use aforo_domain::gates::decide::{GATE_ROLES, GateCommand, gates_of};
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::manage::{Here, Reach, reach};
use aforo_domain::identity::{Client, Scope};
use aforo_domain::ids::SessionId;
use aforo_domain::moment::Timestamp;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::call::Call;
use super::extract::{run, signed_in};
use super::respond::{Answered, Problem, unexpected};
use crate::app::App;
use crate::engine::view::ShardView;
use crate::store::{Reader, StoreError};

/// A caller of access control.
#[derive(Debug)]
pub struct Gatekeeper {
    /// Everything.
    pub app: App,
    /// What its token says.
    pub bearer: Arc<Bearer>,
    /// What is published of its operator.
    pub view: Arc<ShardView>,
    /// How far it reaches.
    pub reach: Reach,
    /// When the request came.
    pub now: Timestamp,
}

impl FromRequestParts<App> for Gatekeeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let now = app.clock.now();
        let clients = [Client::AccessControl, Client::BoxOffice];
        let (bearer, view) = signed_in(app, &parts.headers, &clients, Scope::AccessControl, now)?;
        let here = Here { shard: bearer.subject.shard, identity: &view.identity, catalogue: &view.catalogue, now };
        let reach = reach(&here, &Actor::Token(bearer.clone()), GATE_ROLES)?;
        Ok(Self { app: app.clone(), bearer, view, reach, now })
    }
}

impl Gatekeeper {
    /// A session whose gates are the caller's.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn offer(&self, session: SessionId) -> Result<&Arc<Offer>, Problem> {
        let shard = self.bearer.subject.shard;
        let here = Here { shard, identity: &self.view.identity, catalogue: &self.view.catalogue, now: self.now };
        Ok(gates_of(&here, &Actor::Token(self.bearer.clone()), session)?)
    }

    /// What is published by now: that of the request's beginning may not know what came while it waited.
    pub fn newest(&self) -> Arc<ShardView> {
        self.app.engine.views().shard(self.bearer.subject.shard).unwrap_or_else(|| self.view.clone())
    }

    /// Runs a call's command, once for an `Idempotency-Key`, and waits until it is durable.
    ///
    /// # Errors
    /// What the engine refuses with; `IDEMPOTENCY_IN_PROGRESS`.
    pub async fn run<T, const MAX: usize>(
        &self,
        call: &Call<T, MAX>,
        session: SessionId,
        command: GateCommand,
    ) -> Result<Answered, Problem> {
        let claim = call.repeat.as_ref().map(|repeat| repeat.claim(&self.bearer.subject));
        run(&self.app, self.bearer.subject.shard, &self.bearer, claim, Command::Gates(session, command)).await
    }

    /// Asks without changing anything.
    ///
    /// # Errors
    /// What the engine refuses with.
    pub async fn ask(&self, session: SessionId, command: GateCommand) -> Result<Answered, Problem> {
        run(&self.app, self.bearer.subject.shard, &self.bearer, None, Command::Gates(session, command)).await
    }

    /// Reads a list out of the tables, which have by then all that was committed when the call came.
    ///
    /// # Errors
    /// `OVERLOADED` if they do not come so far in time or too many read; `DIST0000` if the store fails.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        Ok(self.app.engine.read(self.bearer.subject.shard, read).await?)
    }
}

impl Answered {
    /// What was answered about gates.
    ///
    /// # Errors
    /// `DIST0000` if it is something else.
    pub fn gate(&self) -> Result<&GateReply, Problem> {
        match &self.reply {
            Reply::Gate(reply) => Ok(reply),
            other => Err(unexpected(other)),
        }
    }
}
