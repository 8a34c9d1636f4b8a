//! What is put right at gates by hand: scans that should not have been, and barcodes that are to open nothing.

use aforo_domain::gates::decide::GateCommand;
use aforo_domain::gates::{GateReply, Revocation};
use aforo_domain::ids::{Barcode, ItemId, SessionId};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{PathId, PathIds};
use crate::http::gatekeeper::Gatekeeper;
use crate::http::respond::{Answered, Problem, unexpected};
use crate::http::time::Shown;

/// A ticket that nobody came in with, any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClearedView {
    ticket_id: u64,
    /// How often that was done.
    cleared: u32,
}

/// A barcode that is to open nothing.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RevocationBody {
    /// A ticket's of the session, or of a season that it is in. It stands in the body, since barcodes are secrets.
    #[schema(required = true)]
    barcode: Option<String>,
    /// Why, at most 1 000 characters.
    reason: Option<String>,
}

/// A barcode that opens a gate again.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RestoredBody {
    #[schema(required = true)]
    barcode: Option<String>,
}

/// A barcode on the list of those that open no gate, or taken off it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevocationView {
    ticket_id: u64,
    /// Its end, to tell it from others.
    barcode: String,
    /// Whether it is on the list now.
    revoked: bool,
    /// Since when it is so.
    date: Shown,
}

/// Sets what happened with a ticket at a session's gates back to nothing: it was scanned by mistake, or is to be given back after all.
#[utoipa::path(
    delete, path = "/sessions/{id}/admissions/{ticket_id}", operation_id = "clear_admission", tag = "gates",
    params(("id" = u64, Path), ("ticket_id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ClearedView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn clear(keeper: Gatekeeper, PathIds(ids): PathIds<2>, call: Call<NoBody>) -> Result<Response, Problem> {
    let [session, ticket] = ids;
    let answered = keeper.run(&call, SessionId(session), GateCommand::Clear(ItemId(ticket))).await?;
    let GateReply::Admission(admission) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    Ok(answered.json(&ClearedView { ticket_id: ticket, cleared: admission.cleared }))
}

/// Puts a barcode on the list of those that open no gate. Its ticket stays what it is, but it is not for marketplaces any more.
#[utoipa::path(
    post, path = "/sessions/{id}/revocations", operation_id = "revoke_barcode", tag = "gates", request_body = RevocationBody,
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = RevocationView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn revoke(keeper: Gatekeeper, PathId(session): PathId, call: Call<RevocationBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let barcode = barcode(&mut checks, call.body.barcode.as_deref());
    let reason = checks.optional_text("reason", call.body.reason.as_deref());
    let (barcode, reason) = checks.done((barcode, reason))?;
    let command = GateCommand::Revoke(barcode.ok_or(aforo_domain::error::Code::NotFound)?, reason);
    shown(&keeper.run(&call, SessionId(session), command).await?)
}

/// Takes a barcode off the list of those that open no gate. One whose ticket has another barcode by now stays there.
#[utoipa::path(
    post, path = "/sessions/{id}/revocations/release", operation_id = "restore_barcode", tag = "gates", request_body = RestoredBody,
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = RevocationView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn restore(keeper: Gatekeeper, PathId(session): PathId, call: Call<RestoredBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let barcode = barcode(&mut checks, call.body.barcode.as_deref());
    let barcode = checks.done(barcode)?.ok_or(aforo_domain::error::Code::NotFound)?;
    shown(&keeper.run(&call, SessionId(session), GateCommand::Restore(barcode)).await?)
}

/// A barcode; `None` for what can be none, which is no ticket's.
fn barcode(checks: &mut Checks, value: Option<&str>) -> Option<Barcode> {
    Barcode::parse(&checks.text("barcode", value))
}

fn shown(answered: &Answered) -> Result<Response, Problem> {
    let GateReply::Revocation(revocation) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    let Revocation { ticket, barcode, changed, .. } = revocation.as_ref();
    let (revoked, date) = (revocation.is_in_force(), Shown::utc(*changed));
    Ok(answered.json(&RevocationView { ticket_id: ticket.0, barcode: barcode.masked(), revoked, date }))
}
