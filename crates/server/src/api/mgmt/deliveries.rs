//! The log of a webhook: the attempts that were made to deliver to it, and having some of it told again.

use std::collections::HashSet;
use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::ids::{ShardId, WebhookId};
use aforo_domain::messages::{MAX_SETTLED, OutboxCommand};
use aforo_domain::moment::Timestamp;
use aforo_domain::webhooks::results::Again;
use aforo_domain::webhooks::{Attempt, End, Then};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::Paged;
use super::webhooks::within_reach;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{AnyManagers, Manager, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time::{Precision, Shown};
use crate::http::wire::{List, Metadata, Num};
use crate::store::lists::{AttemptsWanted, Cut, Page, Span};

/// One attempt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// Counts the webhook's attempts from 1; the last 10 000 are kept.
    id: u64,
    /// The message's `webhook-id`.
    message_id: String,
    /// `ob-event`.
    event: &'static str,
    /// `ob-action`.
    action: &'static str,
    date: Shown,
    duration_ms: u32,
    /// Whether the receiver has it.
    delivered: bool,
    /// What the receiver answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    /// Why it did not: `NAME`, `FORBIDDEN_ADDRESS`, `CONNECTION`, `TLS`, `TIMEOUT` or `PROTOCOL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<Shown>,
    /// Whether it is not tried any more, because it was refused for three days.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    given_up: bool,
}

/// What is to be told again: these deliveries, or all of a span of time.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReplayBody {
    /// By their ids in the log, at most 256.
    deliveries: Option<Vec<Num>>,
    /// Else all attempts from then on.
    from: Option<String>,
    /// Until before then; else until now.
    to: Option<String>,
    /// Of these only what comes after the delivery with this id.
    after: Option<Num>,
}

/// What is told again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplayView {
    /// The messages, by their `webhook-id`: each once, in the order in which they were told.
    message_ids: Vec<String>,
    /// Where a span has more than 256 attempts: after which delivery the rest comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<u64>,
}

fn view(shard: ShardId, attempt: &Attempt) -> DeliveryView {
    let (response_status, failure) = match attempt.end {
        End::Answered(status) => (Some(status), None),
        End::Failed(failure) => (None, Some(failure.as_str())),
    };
    DeliveryView {
        id: attempt.number,
        message_id: format!("{shard}-{}", attempt.message),
        event: attempt.told.event().as_str(),
        action: attempt.told.action.as_str(),
        date: Shown::exactly(attempt.at, None, Precision::Milliseconds),
        duration_ms: attempt.took_ms,
        delivered: attempt.end.is_delivered(),
        response_status,
        failure,
        next_attempt: if let Then::Again(next) = attempt.then { Some(Shown::utc(next)) } else { None },
        given_up: attempt.then == Then::GivenUp,
    }
}

/// Lists the attempts to deliver to a webhook, the last first.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(
        ("id" = u64, Path), ("delivered" = Option<bool>, Query),
        ("date" = Option<String>, Query, description = "`gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`"), Paged,
    ),
    responses((status = 200, body = List<DeliveryView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<AnyManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let delivered = params.one_of(&mut checks, "delivered", &[("true", true), ("false", false)]);
    let date = params.range(&mut checks, "date");
    checks.done(())?;
    let hook = within_reach(&manager, WebhookId(id))?.id;
    let wanted = AttemptsWanted { at: Span { from: date.from, to: date.to }, delivered, ..AttemptsWanted::of(hook) };
    let page = read(&manager, wanted, Cut { limit: paging.limit, offset: paging.offset }).await?;
    let metadata = Metadata { limit: paging.limit, total: page.total, offset: paging.offset };
    Ok(json(&List { metadata, data: page.rows.iter().map(|attempt| view(manager.shard, attempt)).collect() }))
}

/// Has a webhook told again what its receiver lost, under the ids that it knows. What still waits is tried at once.
#[utoipa::path(
    post, path = "/webhooks/{id}/replay", tag = "webhooks", operation_id = "replay_webhook_deliveries", request_body = ReplayBody,
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ReplayView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn replay(manager: Manager<AnyManagers>, PathId(id): PathId, call: Call<ReplayBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let ids = body.deliveries.as_deref().map(|ids| checks.list("deliveries", Some(ids)));
    if ids.is_some_and(|ids| ids.len() > MAX_SETTLED) || (ids.is_some() && body.from.is_some()) {
        checks.bad_value("deliveries");
    }
    let numbers: Vec<_> = ids.unwrap_or_default().iter().map(|id| checks.id("deliveries", Some(id))).collect();
    let from = checks.instant("from", body.from.as_deref());
    let to = checks.instant("to", body.to.as_deref());
    let after = checks.optional_id("after", body.after.as_ref());
    if ids.is_none() {
        checks.required("from", body.from.as_deref());
    }
    checks.done(())?;
    let hook = within_reach(&manager, WebhookId(id))?.id;
    let at = Span { from, to: to.map(|to| Timestamp(to.0 - 1)) };
    let wanted = AttemptsWanted { numbers, at, after, oldest_first: true, ..AttemptsWanted::of(hook) };
    let page = read(&manager, wanted, Cut { limit: MAX_SETTLED as u64, offset: 0 }).await?;
    let mut seen = HashSet::new();
    let again = page.rows.iter().filter(|attempt| seen.insert(attempt.message));
    let again: Vec<_> = again.map(|one| Again { message: one.message, about: one.about, told: one.told }).collect();
    let answered = manager.run(&call, Command::Outbox(OutboxCommand::Replay(hook, again))).await?;
    let message_ids = answered.ids()?.iter().map(|id| format!("{}-{id}", manager.shard)).collect();
    let last = page.rows.last().filter(|_| page.total > page.rows.len() as u64);
    Ok(answered.json(&ReplayView { message_ids, next_after: last.map(|last| last.number) }))
}

async fn read(manager: &Manager<AnyManagers>, wanted: AttemptsWanted, cut: Cut) -> Result<Page<Arc<Attempt>>, Problem> {
    let shard = manager.shard;
    Ok(manager.app.engine.read(shard, move |reader| reader.attempts(shard, &wanted, cut)).await?)
}
