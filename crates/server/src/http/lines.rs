//! Calls of many lines: each line is a command of its own, done whole or refused whole, and the answer reports on all of them. What a line asks for
//! is the handler's to say.
//!
//! The lines reach the engine a few at a time, so that no sale waits for them, and there is never one giant command. With an `Idempotency-Key` the call
//! first claims the key for itself, so that another body with this key does nothing at all; each line then has a claim of its own. A call that was cut
//! off (a crash, a client that hung up) and comes again finds what was done and does the rest.

use aforo_domain::catalogue::manage::CatalogueCommand;
use aforo_domain::command::Command;
use aforo_domain::idempotency::Claim;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::call::Call;
use super::extract::Manager;
use super::respond::{Answered, Problem};
use crate::engine::Request;

/// Lines of one call that are with the engine at once.
const AT_ONCE: usize = 8;

/// What is asked by one line.
#[derive(Debug)]
pub struct Line {
    /// What it names, where that is there before it is done.
    pub id: Option<u64>,
    /// The command, or what is wrong with the line.
    pub command: Result<Command, Problem>,
}

impl Line {
    /// Tells it from the call's other lines: by what it names if it names something, since "all of them" may be others when the call is repeated.
    fn mark(&self, index: usize) -> String {
        self.id.map_or_else(|| format!("line {index}"), |id| format!("id {id}"))
    }
}

/// What became of the lines of a call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinesView {
    metadata: LinesMetadata,
    /// In the order of the call.
    data: Vec<LineView>,
}

/// How many lines there were.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinesMetadata {
    total: u64,
    done: u64,
    refused: u64,
}

/// What became of a line: with a `code` it was refused and changed nothing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LineView {
    /// Which line, from 0.
    index: usize,
    /// What was made or changed; of a refused line, what it named.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl LineView {
    fn of(index: usize, named: Option<u64>, result: Result<Answered, Problem>) -> Self {
        match result.and_then(|answered| Ok(answered.ids()?.first().copied())) {
            Ok(id) => Self { index, id: named.or(id), code: None, message: None },
            Err(problem) => Self { index, id: named, code: Some(problem.error.code.as_str()), message: Some(problem.error.message()) },
        }
    }
}

impl<A> Manager<A> {
    /// Does the lines of a call, and answers what became of each.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_IN_PROGRESS`, or that the caller may not manage the catalogue at all. Lines that are refused are no error.
    pub async fn run_lines<T, const MAX: usize>(&self, call: &Call<T, MAX>, lines: Vec<Line>) -> Result<Response, Problem> {
        let subject = &self.bearer.subject;
        let repeat = call.repeat.as_ref();
        let claim = repeat.map(|repeat| repeat.claim(subject));
        let _guard = claim.map(|claim| self.app.http.in_progress.enter(claim.key)).transpose()?;
        let begun = self.command(Command::Catalogue(CatalogueCommand::Begin), claim).await?;
        let lines = stream::iter(lines.into_iter().enumerate()).map(|(index, line)| {
            let claim = repeat.map(|repeat| repeat.claim_of_line(subject, &line.mark(index)));
            self.line(index, line, claim)
        });
        let data: Vec<LineView> = lines.buffered(AT_ONCE).collect().await;
        let refused = data.iter().filter(|line| line.code.is_some()).count() as u64;
        let total = data.len() as u64;
        Ok(begun.json(&LinesView { metadata: LinesMetadata { total, done: total - refused, refused }, data }))
    }

    async fn line(&self, index: usize, line: Line, claim: Option<Claim>) -> LineView {
        let result = match line.command {
            Ok(command) => self.command(command, claim).await,
            Err(problem) => Err(problem),
        };
        LineView::of(index, line.id, result)
    }

    async fn command(&self, command: Command, idempotency: Option<Claim>) -> Result<Answered, Problem> {
        let answer = self.app.engine.run(Request { shard: self.shard, actor: self.actor(), command, idempotency }).await;
        Ok(Answered { reply: answer.result?, replayed: answer.replayed })
    }
}
