//! Calling a session off: its sale ends at once, its bookings are let go, and its tickets are given back or cancelled by work that goes on by itself.

use aforo_domain::command::{Command, Reply};
use aforo_domain::ids::SessionId;
use aforo_domain::inventory::PlaceState;
use aforo_domain::orders::cancellations::{Cancellation, CancellationCommand, Progress, RefundTerms};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IfMatch;
use crate::http::call::{Call, NoBody};
use crate::http::extract::{EventManagers, Manager, PathIds};
use crate::http::respond::{Answered, Problem, unexpected};
use crate::http::time::Shown;
use crate::http::wire::Money;

/// What becomes of the tickets.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CancelBody {
    /// What comes back with them, and of season tickets the session's share of their price. Without it they are cancelled and their money stays: they may be refunded
    /// or relocated one by one.
    refund: Option<CancelRefundBody>,
}

/// What comes back with the price of tickets.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct CancelRefundBody {
    /// Surcharges per ticket, and those per order that nobody is left to pay for; at first with them.
    include_surcharges: Option<bool>,
    /// The delivery of orders that have nothing else; at first without.
    include_delivery: Option<bool>,
    /// Insurances; at first with them.
    include_insurance: Option<bool>,
}

/// How far the work is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancellationView {
    session_id: u64,
    /// `RUNNING`, `PAUSED` or `DONE`.
    status: &'static str,
    started: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<CancelRefundBody>,
    /// Bookings that were let go.
    bookings: u32,
    /// Orders of which tickets were dealt with.
    orders: u32,
    /// Tickets that were.
    tickets: u32,
    /// Places that are still somebody's; of a season's session, those with a season ticket among them, which stays good.
    remaining: u32,
    /// Season tickets of which the session's share of the price came back. They stay good for the other sessions.
    #[serde(skip_serializing_if = "is_none")]
    season_shares: u32,
    /// What came back for them in all, in the event's currency.
    refunded: Money,
    currency: String,
    /// Tickets that are live though all is done: somebody holds them in a way that has to be cleared first.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
}

/// Whether there are none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

impl CancelBody {
    fn read(&self) -> Option<RefundTerms> {
        self.refund.as_ref().map(|refund| RefundTerms {
            surcharges: refund.include_surcharges.unwrap_or(true),
            delivery: refund.include_delivery.unwrap_or(false),
            insurance: refund.include_insurance.unwrap_or(true),
        })
    }
}

fn view(manager: &Manager<EventManagers>, one: &Cancellation) -> CancellationView {
    let (status, done) = match one.state {
        Progress::Running => ("RUNNING", None),
        Progress::Paused => ("PAUSED", None),
        Progress::Done { at, left } => ("DONE", Some((at, left))),
    };
    let newest = manager.app.engine.views().shard(manager.shard).unwrap_or_else(|| manager.view.clone());
    let sold = |state: &&PlaceState| **state == PlaceState::Sold;
    CancellationView {
        session_id: one.session.0,
        status,
        started: Shown::utc(one.started),
        finished: done.map(|(at, _)| Shown::utc(at)),
        refund: one.refund.map(|terms| CancelRefundBody {
            include_surcharges: Some(terms.surcharges),
            include_delivery: Some(terms.delivery),
            include_insurance: Some(terms.insurance),
        }),
        bookings: one.bookings,
        orders: one.orders,
        tickets: one.tickets,
        season_shares: one.shares,
        remaining: newest.places(one.session).map_or(0, |places| places.states.iter().filter(sold).count() as u32),
        refunded: Money::of(one.currency, one.total),
        currency: one.currency.code().to_owned(),
        left: done.map(|(_, left)| left).filter(|left| *left > 0),
    }
}

fn answer(manager: &Manager<EventManagers>, answered: &Answered) -> Result<Response, Problem> {
    let Reply::Cancellation(one) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    manager.app.wake_jobs();
    Ok(answered.json(&view(manager, one)))
}

/// Calls a session off for good. Its sale ends at once; bookings are let go and tickets given back or cancelled by work that goes on by itself, order by order,
/// and is looked at with `GET .../cancellation`. Season tickets that are for other sessions, too, stay good; where tickets are given back, the session's share of their
/// price is given back as well.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/cancel", operation_id = "cancel_session", tag = "sessions", request_body = CancelBody,
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CancellationView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT AUTH0027"))),
)]
pub async fn cancel(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(seen): IfMatch,
    call: Call<CancelBody>,
) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let command = CancellationCommand::Start(SessionId(ids[1]), seen, call.body.read());
    let answered = manager.run(&call, Command::Cancellation(command)).await?;
    answer(&manager, &answered)
}

/// How far the work is that a session makes which was called off.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}/cancellation", operation_id = "get_session_cancellation", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = CancellationView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let answered = manager.run_in(manager.shard, Command::Cancellation(CancellationCommand::Read(SessionId(ids[1])))).await?;
    answer(&manager, &answered)
}

/// Stops the work for a while; what is done stays done.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/cancellation/pause", operation_id = "pause_session_cancellation", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = CancellationView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn pause(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, call: Call<NoBody>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let answered = manager.run(&call, Command::Cancellation(CancellationCommand::Pause(SessionId(ids[1])))).await?;
    answer(&manager, &answered)
}

/// Goes on with it.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/cancellation/resume", operation_id = "resume_session_cancellation", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = CancellationView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn resume(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, call: Call<NoBody>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let answered = manager.run(&call, Command::Cancellation(CancellationCommand::Resume(SessionId(ids[1])))).await?;
    answer(&manager, &answered)
}
