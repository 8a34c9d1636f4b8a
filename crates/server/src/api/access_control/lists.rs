//! Lists for scanners that work without a connection: every barcode with what becomes of it, and then what changed since.

use aforo_domain::gates::decide::GateCommand;
use aforo_domain::gates::{GateReply, Listed, RevokedBy};
use aforo_domain::ids::{MAX_ID, SessionId};
use aforo_domain::moment::Timestamp;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{AdmissionView, TicketView};
use crate::http::checks::Checks;
use crate::http::extract::PathId;
use crate::http::gatekeeper::Gatekeeper;
use crate::http::params::Params;
use crate::http::respond::{Problem, json, unexpected};
use crate::store::gate_lists::{GateChange, GateChangesWanted, Seen};

/// Elements of a page at most.
const MAX_PAGE: u64 = 500;

/// What a list of barcodes takes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct BarcodesQuery {
    /// That of the page before; without one the list begins anew.
    cursor: Option<String>,
    /// 1 to 500, default 500.
    limit: Option<u32>,
}

/// A page of barcodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BarcodesView {
    /// For the next page, now or later: it holds what changed since.
    cursor: String,
    /// Whether there is more already.
    more: bool,
    /// Each as it stands now, in place of what was said of it before. One may come again though nothing of it changed.
    #[schema(value_type = Vec<BarcodeView>)]
    data: Vec<serde_json::Value>,
}

/// A barcode as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct BarcodeView<'a> {
    barcode: &'a str,
    /// Whether it lets somebody in, as long as nobody came in with it.
    opens: bool,
    /// Why not: REPRINTED, REVOKED, or how the ticket stands (REFUNDED ...).
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<TicketView<'a>>,
    /// If somebody came.
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<AdmissionView<'a>>,
}

/// Lists the barcodes that may open a session's gates, dead ones included, the first changed first; with a cursor, what changed since. What a scanner
/// keeps of a barcode is what it was told last.
#[utoipa::path(
    get, path = "/sessions/{id}/barcodes", operation_id = "list_barcodes", tag = "scanners", params(("id" = u64, Path), BarcodesQuery),
    responses((status = 200, body = BarcodesView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(keeper: Gatekeeper, PathId(session): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let after = checks.formed("cursor", params.get("cursor"), parse).unwrap_or_default();
    let limit = params.whole(&mut checks, "limit", 1, MAX_PAGE).unwrap_or(MAX_PAGE);
    checks.done(())?;
    let session = SessionId(session);
    // What is decided at this instant may still come; all that was before is there.
    let answered = keeper.ask(session, GateCommand::Now).await?;
    let GateReply::Now(now) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    let view = keeper.newest();
    let offers = view.catalogue.offers.values();
    let tickets_of = offers.filter(|offer| offer.session.covers(session)).map(|offer| offer.session.id).collect();
    let wanted = GateChangesWanted { session, tickets_of, after, limit };
    let shard = keeper.bearer.subject.shard;
    let parts = keeper.read(move |reader| reader.gate_changes(shard, &wanted)).await?;
    let cursor = show(&next(&parts, after, *now));
    let more = parts.iter().map(Vec::len).sum::<usize>() as u64 == limit;
    let zone = keeper.app.http.zones.get(&keeper.offer(session)?.venue.time_zone);
    let mut data = Vec::new();
    for change in parts.iter().flatten() {
        let listed = change.ticket.as_ref().map(Listed::of);
        let barcode = listed.as_ref().map(|ticket| &ticket.barcode).or(change.revocation.as_ref().map(|revocation| &revocation.barcode));
        let Some(barcode) = barcode else { continue };
        let reason = reason(change, listed.as_ref());
        let element = BarcodeView {
            barcode: barcode.as_str(),
            opens: reason.is_none(),
            reason,
            ticket: listed.as_ref().map(|ticket| TicketView::of(ticket, session, &view.catalogue)),
            admission: change.admission.as_ref().map(|admission| AdmissionView::of(admission, &zone)),
        };
        data.push(serde_json::to_value(&element).unwrap_or_default());
    }
    Ok(json(&BarcodesView { cursor, more, data }))
}

/// Why a barcode opens nothing.
fn reason(change: &GateChange, ticket: Option<&Listed>) -> Option<&'static str> {
    if let Some(ticket) = ticket.filter(|ticket| !ticket.state.opens_gates()) {
        return Some(ticket.state.as_str());
    }
    match change.revocation.as_ref().map(|revocation| &revocation.by) {
        Some(RevokedBy::Reprint) => Some("REPRINTED"),
        Some(RevokedBy::Person { .. }) => Some("REVOKED"),
        Some(RevokedBy::Nobody) | None => None,
    }
}

/// Where the next page begins: behind this one, but never beyond what can be complete.
fn next(parts: &[Vec<GateChange>; 3], after: [Seen; 3], now: Timestamp) -> [Seen; 3] {
    let ends = [
        parts[0].last().and_then(|change| change.ticket.as_ref()).map(|ticket| (ticket.changed.0, ticket.id.0)),
        parts[1].last().and_then(|change| change.admission.as_ref()).map(|admission| (admission.changed.0, admission.ticket.0)),
        parts[2].last().and_then(|change| change.revocation.as_ref()).map(|revoked| (revoked.changed.0, revoked.ticket.0)),
    ];
    let mut next = after;
    for (next, end) in next.iter_mut().zip(ends) {
        *next = end.unwrap_or(*next).min((now.0 - 1, MAX_ID));
    }
    next
}

fn show(seen: &[Seen; 3]) -> String {
    seen.map(|(at, ticket)| format!("{at}.{ticket}")).join("-")
}

fn parse(text: &str) -> Option<[Seen; 3]> {
    let seen = |part: &str| {
        let (at, ticket) = part.split_once('.')?;
        Some((at.parse().ok().filter(|at: &i64| *at >= 0)?, ticket.parse().ok().filter(|ticket| *ticket <= MAX_ID)?))
    };
    let parts: Option<Vec<Seen>> = text.split('-').take(4).map(seen).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{parse, show};

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let seen = [(1_926_000_000_000_000, 7), (0, 0), (5, 1)];
        assert_eq!(parse(&show(&seen)), Some(seen));
        assert!(
            ["", "1", "1.2-3.4", "1.2-3.4-5", "1.2-3.4-5.6-7.8", "-1.2-3.4-5.6", "a.b-c.d-e.f"].iter().all(|text| parse(text).is_none())
        );
    }
}
