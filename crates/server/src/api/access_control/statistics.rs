//! What went on at the gates of a session, in numbers.

use aforo_domain::gates::decide::GateCommand;
use aforo_domain::gates::{GateReply, GateTally, QUARTER_US};
use aforo_domain::ids::SessionId;
use aforo_domain::moment::Timestamp;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::view::reason;
use crate::http::extract::PathId;
use crate::http::gatekeeper::Gatekeeper;
use crate::http::respond::{Problem, json, unexpected};
use crate::http::time::Shown;

/// A session's numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsView<'a> {
    session_id: u64,
    /// When they were taken.
    date: Shown,
    /// Tickets that are live, those of its seasons included.
    sold: u32,
    /// Those that somebody came in with.
    admitted: u32,
    /// Those that somebody is inside with now.
    inside: u32,
    /// Refusals of all gates, by reason.
    refused: BTreeMap<&'static str, u32>,
    /// Scans that were not in order when they were uploaded.
    conflicts: u32,
    /// By name.
    gates: Vec<GateView<'a>>,
}

/// A gate's numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct GateView<'a> {
    /// Empty: all those beyond the hundredth.
    gate: &'a str,
    entries: u32,
    exits: u32,
    /// By reason.
    refused: BTreeMap<&'static str, u32>,
    /// Quarters of an hour in which somebody went through, by time.
    quarters: Vec<QuarterView>,
}

/// What went on in a quarter of an hour.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarterView {
    start: Shown,
    entries: u32,
    exits: u32,
}

/// Reads what went on at a session's gates: how many are sold, came in, are inside now, were refused and why, at each gate and in each quarter of an hour.
#[utoipa::path(
    get, path = "/sessions/{id}/statistics", operation_id = "gate_statistics", tag = "gates", params(("id" = u64, Path)),
    responses((status = 200, body = StatisticsView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(keeper: Gatekeeper, PathId(session): PathId) -> Result<Response, Problem> {
    let answered = keeper.ask(SessionId(session), GateCommand::Count).await?;
    let GateReply::Numbers(numbers) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    let zone = keeper.app.http.zones.get(&keeper.offer(SessionId(session))?.venue.time_zone);
    Ok(json(&StatisticsView {
        session_id: session,
        date: Shown::in_zone(numbers.at, &zone),
        sold: numbers.sold,
        admitted: numbers.admitted,
        inside: numbers.inside,
        refused: refused(numbers.gates.iter().map(AsRef::as_ref)),
        conflicts: numbers.gates.iter().map(|gate| gate.conflicts).sum(),
        gates: numbers.gates.iter().map(|gate| view(gate, &zone)).collect(),
    }))
}

fn view<'a>(tally: &'a GateTally, zone: &TimeZone) -> GateView<'a> {
    let quarter = |(quarter, entries, exits): &(i64, u32, u32)| QuarterView {
        start: Shown::in_zone(Timestamp(quarter * QUARTER_US), zone),
        entries: *entries,
        exits: *exits,
    };
    GateView {
        gate: &tally.gate,
        entries: tally.entries(),
        exits: tally.exits(),
        refused: refused([tally]),
        quarters: tally.quarters.iter().map(quarter).collect(),
    }
}

fn refused<'a>(tallies: impl IntoIterator<Item = &'a GateTally>) -> BTreeMap<&'static str, u32> {
    let mut refused = BTreeMap::new();
    for (why, count) in tallies.into_iter().flat_map(|tally| &tally.refused) {
        *refused.entry(reason(*why)).or_default() += count;
    }
    refused
}
