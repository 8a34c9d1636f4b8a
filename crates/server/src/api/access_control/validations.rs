//! A barcode shown at a gate.

use std::sync::Arc;

use aforo_domain::gates::decide::{GateCommand, Validation};
use aforo_domain::gates::{Direction, GateReply, MAX_NAME};
use aforo_domain::ids::{Barcode, SessionId};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{AdmissionView, DIRECTIONS, TicketView, reason};
use crate::api::mgmt::words;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::PathId;
use crate::http::gatekeeper::Gatekeeper;
use crate::http::respond::{Problem, unexpected};
use crate::http::time::Shown;

/// A barcode, where it was shown and how.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ValidationBody {
    #[schema(required = true)]
    barcode: Option<String>,
    /// The gate's name, at most 60 characters.
    #[schema(required = true)]
    gate: Option<String>,
    /// The scanner's name, at most 60 characters.
    device: Option<String>,
    /// `ENTRY` (if it is left out) or `EXIT`.
    direction: Option<String>,
}

/// Whether the gate opens.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView<'a> {
    /// ADMITTED: open the gate. REFUSED: do not.
    result: &'static str,
    /// Why it stays closed: UNKNOWN, WRONG_SESSION, TOO_EARLY, SESSION_CANCELLED, REPRINTED, REVOKED, ALREADY_ENTERED, NO_ENTRIES_LEFT, NOT_INSIDE (going
    /// out), or how the ticket stands (REFUNDED ...).
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    direction: &'static str,
    /// When it was decided.
    date: Shown,
    /// Whose barcode it is, if it is a ticket's for this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<TicketView<'a>>,
    /// What happened with that ticket at this session's gates so far, this time included.
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<AdmissionView<'a>>,
}

/// A name of a gate or a device.
pub fn name(checks: &mut Checks, field: &str, value: Option<String>) -> Option<Arc<str>> {
    if value.as_ref().is_some_and(|value| value.chars().count() > MAX_NAME || value.chars().any(char::is_control)) {
        checks.bad_value(field);
        return None;
    }
    value.map(Arc::from)
}

/// Asks whether a barcode opens a gate; if it does, it has. A closed gate is an answer, too: 200, REFUSED and why. With an `Idempotency-Key` a call that was
/// not answered is safe to repeat; without one the ticket may be found to have come in already.
#[utoipa::path(
    post, path = "/sessions/{id}/validations", operation_id = "validate", tag = "gates", request_body = ValidationBody,
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = DecisionView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn validate(keeper: Gatekeeper, PathId(session): PathId, call: Call<ValidationBody>) -> Result<Response, Problem> {
    let session = SessionId(session);
    let mut checks = Checks::new();
    let body = &call.body;
    let barcode = checks.text("barcode", body.barcode.as_deref());
    let gate = checks.text("gate", body.gate.as_deref());
    let gate = name(&mut checks, "gate", Some(gate)).unwrap_or_default();
    let device = checks.optional_text("device", body.device.as_deref());
    let device = name(&mut checks, "device", device);
    let direction = checks.one_of("direction", body.direction.as_deref(), DIRECTIONS).unwrap_or(Direction::Entry);
    let validation = checks.done(Validation { barcode: Barcode::parse(&barcode), gate, device, direction })?;
    let answered = keeper.run(&call, session, GateCommand::Validate(validation)).await?;
    let GateReply::Decision(decision) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    let view = keeper.newest();
    let zone = keeper.app.http.zones.get(&keeper.offer(session)?.venue.time_zone);
    Ok(answered.json(&DecisionView {
        result: if decision.refusal.is_none() { "ADMITTED" } else { "REFUSED" },
        reason: decision.refusal.map(reason),
        direction: words::show(DIRECTIONS, &direction),
        date: Shown::in_zone(decision.at, &zone),
        ticket: decision.ticket.as_ref().map(|ticket| TicketView::of(ticket, session, &view.catalogue)),
        admission: decision.admission.as_ref().map(|admission| AdmissionView::of(admission, &zone)),
    }))
}
