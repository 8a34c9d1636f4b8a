//! The sessions whose gates are the caller's.

use aforo_domain::catalogue::{Offer, Readiness};
use aforo_domain::gates::Reentry;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::distribution::view::NamedView;
use crate::api::mgmt::words;
use crate::http::checks::Checks;
use crate::http::gatekeeper::Gatekeeper;
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time::Shown;
use crate::http::wire::List;

/// A session with gates.
#[derive(Debug, Serialize, ToSchema)]
pub struct GateSessionView<'a> {
    id: u64,
    name: &'a str,
    event: NamedView<'a>,
    venue: NamedView<'a>,
    date: GateDatesView,
    gates: GateRulesView,
}

/// When, in the venue's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct GateDatesView {
    start: Shown,
    end: Shown,
    /// When its gates open; always, if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    gates_open: Option<Shown>,
}

/// Whether tickets open its gates again.
#[derive(Debug, Serialize, ToSchema)]
pub struct GateRulesView {
    /// `NONE`, `AFTER_EXIT` or `UNLIMITED`.
    reentry: &'static str,
    /// How often a ticket opens them at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_entries: Option<u32>,
}

/// What a list of sessions takes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct SessionsQuery {
    /// `gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`.
    start: Option<String>,
    venue_id: Option<u64>,
    event_id: Option<u64>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    /// 0 to 100 000.
    offset: Option<u64>,
}

/// Lists the sessions whose gates are the caller's: those in its venues, and those of its events. The first that begins first.
#[utoipa::path(
    get, path = "/sessions", operation_id = "list_gate_sessions", tag = "gates", params(SessionsQuery),
    responses((status = 200, body = List<GateSessionView>)),
)]
pub async fn list(keeper: Gatekeeper, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let start = params.range(&mut checks, "start");
    let (venue, event) = (params.id(&mut checks, "venue_id"), params.id(&mut checks, "event_id"));
    let paging = params.paging(&mut checks, MAX_OFFSET);
    checks.done(())?;
    let wanted = |offer: &&std::sync::Arc<Offer>| {
        let session = &offer.session;
        session.season.is_none()
            && matches!(session.readiness, Readiness::Ready | Readiness::Cancelled)
            && start.contains(session.start)
            && venue.is_none_or(|id| offer.venue.id.0 == id)
            && event.is_none_or(|id| offer.event.id.0 == id)
            && (keeper.reach.covers(offer.venue.entity) || keeper.reach.covers(offer.event.entity))
    };
    let mut offers: Vec<_> = keeper.view.catalogue.offers.values().filter(wanted).collect();
    offers.sort_unstable_by_key(|offer| (offer.session.start, offer.session.id));
    let page = paging.page(offers);
    let data = page.data.into_iter().map(|offer| view(offer, &keeper.app.http.zones.get(&offer.venue.time_zone))).collect();
    Ok(json(&List { metadata: page.metadata, data }))
}

fn view<'a>(offer: &'a Offer, zone: &TimeZone) -> GateSessionView<'a> {
    let session = &offer.session;
    let opens = session.gates.opens_ms.map(|before| session.start.plus_ms(-before));
    GateSessionView {
        id: session.id.0,
        name: &session.name,
        event: NamedView { id: offer.event.id.0, name: &offer.event.name },
        venue: NamedView { id: offer.venue.id.0, name: &offer.venue.name },
        date: GateDatesView {
            start: Shown::in_zone(session.start, zone),
            end: Shown::in_zone(session.end, zone),
            gates_open: opens.map(|opens| Shown::in_zone(opens, zone)),
        },
        gates: GateRulesView {
            reentry: words::show(words::REENTRIES, &session.gates.reentry),
            max_entries: session.gates.max_entries.filter(|_| session.gates.reentry != Reentry::Once),
        },
    }
}
