//! A session's places, blocked, unblocked or moved to another quota: all that a call names, or none.

use aforo_domain::catalogue::manage::{CatalogueCommand, MarkPlaces, Marking, PlaceGroup};
use aforo_domain::command::Command;
use aforo_domain::ids::{QuotaId, SeatId, SessionId, ZoneId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{EventManagers, Manager, PathIds};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Seats of one call at most: whole stands are blocked at once.
const MAX_SEATS: usize = 20_000;

/// What to do with which places.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MarkBody {
    /// `BLOCK` free ones, `UNBLOCK` blocked ones, or `MOVE` either to another quota.
    #[schema(required = true)]
    action: Option<String>,
    /// Where to; only to `MOVE`.
    quota_id: Option<Num>,
    /// Numbered seats, at most 20 000.
    seats: Option<Vec<u64>>,
    /// Places of zones, whichever they are.
    zones: Option<Vec<ZoneBody>>,
}

/// Some places of a zone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ZoneBody {
    #[schema(required = true)]
    id: Option<Num>,
    /// Only of this quota.
    quota_id: Option<Num>,
    #[schema(required = true)]
    count: Option<Num>,
}

/// How many places were marked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MarkedView {
    places: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Block,
    Unblock,
    Move,
}

const ACTIONS: &[(&str, Action)] = &[("BLOCK", Action::Block), ("UNBLOCK", Action::Unblock), ("MOVE", Action::Move)];

impl MarkBody {
    fn read(&self, session: SessionId) -> Result<MarkPlaces, Problem> {
        let mut checks = Checks::new();
        let action = checks.required("action", self.action.as_deref());
        let action = checks.one_of("action", action, ACTIONS);
        let quota = checks.optional_id("quota_id", self.quota_id.as_ref()).map(QuotaId);
        let marking = match action {
            Some(Action::Move) => Marking::MoveTo(checks.required("quota_id", quota).unwrap_or(QuotaId(0))),
            Some(Action::Unblock) => Marking::Unblock,
            Some(Action::Block) | None => Marking::Block,
        };
        let seats: Vec<_> = self.seats.iter().flatten().copied().map(SeatId).collect();
        let zones = self.zones.as_deref().unwrap_or_default();
        if seats.len() > MAX_SEATS {
            checks.bad_value("seats");
        }
        if zones.len() > MAX_ELEMENTS {
            checks.bad_value("zones");
        }
        if seats.is_empty() && zones.is_empty() {
            checks.missing("seats");
        }
        let zone = |zone: &ZoneBody| PlaceGroup {
            zone: ZoneId(checks.id("zones.id", zone.id.as_ref())),
            quota: checks.optional_id("zones.quota_id", zone.quota_id.as_ref()).map(QuotaId),
            count: checks.whole("zones.count", zone.count.as_ref(), 1..=1_000_000) as u32,
        };
        let zones = zones.iter().map(zone).collect();
        checks.done(MarkPlaces { session, marking, seats, zones })
    }
}

/// Blocks, unblocks or moves places of a session, all or none. People need the permission `BLOCK_SEATS`.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/places", operation_id = "mark_session_places", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    request_body = MarkBody, responses((status = 200, body = MarkedView)), extensions(("x-codes" = json!("AUTH0027 NOT_FOUND CONFLICT"))),
)]
pub async fn mark(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, call: Call<MarkBody>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let request = call.body.read(SessionId(ids[1]))?;
    let places = request.seats.len() as u64 + request.zones.iter().map(|zone| u64::from(zone.count)).sum::<u64>();
    let answered = manager.run(&call, Command::Catalogue(CatalogueCommand::Mark(request))).await?;
    Ok(answered.json(&MarkedView { places }))
}
