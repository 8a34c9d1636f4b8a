//! Moving a session to another time in one step: who holds or has bought places keeps them.

use aforo_domain::catalogue::manage::{CatalogueCommand, Postponement};
use aforo_domain::ids::SessionId;
use axum::response::Response;
use serde::Deserialize;

use super::IfMatch;
use super::sessions::{SessionView, answer};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathIds};
use crate::http::respond::Problem;

/// A session's new time.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PostponeBody {
    #[schema(required = true)]
    start: Option<String>,
    /// Else the session lasts as long as it would have.
    end: Option<String>,
}

/// Moves a session to another time, which is then confirmed. A sale or booking window, a channel's own one too, that ends on the day of the session
/// (from 24 hours before its start on) ends as much later; one that ends before that stays. Orders and tickets stay good, and
/// their buyers are told by e-mail where the channel sends any (`mail`). `date.postponed_from` tells
/// when it was to start.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/postpone", operation_id = "postpone_session", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    request_body = PostponeBody,
    responses((status = 200, body = SessionView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn postpone(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(seen): IfMatch,
    call: Call<PostponeBody>,
) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let mut checks = Checks::new();
    let start = checks.required("start", call.body.start.as_deref());
    let start = checks.instant("start", start).unwrap_or_default();
    let end = checks.instant("end", call.body.end.as_deref());
    let postponement = checks.done(Postponement { session: SessionId(ids[1]), seen, start, end })?;
    let (id, answered) = manager.save(&call, CatalogueCommand::Postpone(postponement)).await?;
    manager.app.wake_jobs();
    answer(&manager, ids[0], id, &answered)
}
