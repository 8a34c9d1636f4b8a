//! What scanners let in without a connection, handed in afterwards, and what of that people have to look into.

use std::sync::Arc;

use aforo_domain::gates::decide::GateCommand;
use aforo_domain::gates::offline::{MadeScan, OfflineScan, Upload, Uploaded};
use aforo_domain::gates::{Direction, GateReply};
use aforo_domain::ids::{Barcode, MAX_ID, SessionId};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::validations::name;
use super::view::{DIRECTIONS, ScanView, reason};
use crate::api::mgmt::words;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::PathId;
use crate::http::gatekeeper::Gatekeeper;
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json, unexpected};
use crate::http::time::Shown;
use crate::http::wire::{List, Metadata, Num};
use crate::store::lists::Cut;

/// Scans of one device.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UploadBody {
    /// The scanner's name, at most 60 characters.
    #[schema(required = true)]
    device: Option<String>,
    /// When it last had a connection: no scan was before.
    last_sync: Option<String>,
    /// 1 to 500.
    #[schema(required = true)]
    scans: Option<Vec<MadeScanBody>>,
}

/// A scan.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MadeScanBody {
    /// Its number on the device, from 1. With the device's name it says which scan it is: handed in again it changes nothing.
    #[schema(required = true)]
    sequence: Option<Num>,
    #[schema(required = true)]
    barcode: Option<String>,
    #[schema(required = true)]
    gate: Option<String>,
    /// `ENTRY` (if it is left out) or `EXIT`.
    direction: Option<String>,
    /// When it was made.
    #[schema(required = true)]
    date: Option<String>,
}

/// What became of the scans, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadedView {
    data: Vec<UploadedScanView>,
}

/// What became of a scan.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadedScanView {
    sequence: u64,
    /// ADMITTED: it is in order. CONFLICT: it should not have been, and is written down all the same.
    result: &'static str,
    /// Of a conflict, as in a validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Whether it had been handed in before.
    repeated: bool,
}

/// A scan that is at odds with something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictView<'a> {
    device: &'a str,
    sequence: u64,
    /// The barcode's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    barcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_id: Option<u64>,
    gate: &'a str,
    direction: &'static str,
    date: Shown,
    uploaded: Shown,
    /// ADMITTED: it came first, and `other` was let in online after it. CONFLICT: it should not have been.
    result: &'static str,
    /// Of a conflict, as in a validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The entry that it is at odds with.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<ScanView<'a>>,
}

/// Hands in what a scanner let in without a connection. Nothing of it is refused: the earliest entry of a ticket counts, everything else is told as a
/// conflict. Times before the last connection or after now are moved there.
#[utoipa::path(
    post, path = "/sessions/{id}/scans", operation_id = "upload_scans", tag = "scanners", request_body = UploadBody,
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = UploadedView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn upload(keeper: Gatekeeper, PathId(session): PathId, call: Call<UploadBody>) -> Result<Response, Problem> {
    let upload = call.body.read()?;
    let answered = keeper.run(&call, SessionId(session), GateCommand::Upload(upload)).await?;
    let GateReply::Uploaded(scans) = answered.gate()? else { return Err(unexpected(&answered.reply)) };
    let view = |scan: &Uploaded| UploadedScanView {
        sequence: scan.sequence,
        result: result(scan.conflict.is_some()),
        reason: scan.conflict.map(reason),
        repeated: scan.repeated,
    };
    Ok(answered.json(&UploadedView { data: scans.iter().map(view).collect() }))
}

const fn result(is_conflict: bool) -> &'static str {
    if is_conflict { "CONFLICT" } else { "ADMITTED" }
}

impl UploadBody {
    fn read(&self) -> Result<Upload, Problem> {
        let mut checks = Checks::new();
        let device = checks.text("device", self.device.as_deref());
        let device = name(&mut checks, "device", Some(device)).unwrap_or_default();
        let last_sync = checks.instant("last_sync", self.last_sync.as_deref());
        let scans = checks.list("scans", self.scans.as_deref());
        let scans = scans.iter().map(|scan| scan.read(&mut checks)).collect();
        checks.done(Upload { device, last_sync, scans })
    }
}

impl MadeScanBody {
    fn read(&self, checks: &mut Checks) -> MadeScan {
        let barcode = checks.text("scans.barcode", self.barcode.as_deref());
        let gate = checks.text("scans.gate", self.gate.as_deref());
        let said = checks.instant("scans.date", self.date.as_deref());
        MadeScan {
            sequence: checks.whole("scans.sequence", self.sequence.as_ref(), 1..=MAX_ID - 1),
            barcode: Barcode::parse(&barcode),
            gate: name(checks, "scans.gate", Some(gate)).unwrap_or_default(),
            direction: checks.one_of("scans.direction", self.direction.as_deref(), DIRECTIONS).unwrap_or(Direction::Entry),
            said: if self.date.is_some() { said } else { checks.required("scans.date", said) }.unwrap_or_default(),
        }
    }
}

/// What a list of conflicts takes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct ConflictsQuery {
    /// 1 to 500, default 100.
    limit: Option<u32>,
    /// 0 to 100 000.
    offset: Option<u64>,
}

/// Lists what scanners let in and should not have, and what they let in before somebody else was let in online. The first handed in first.
#[utoipa::path(
    get, path = "/sessions/{id}/conflicts", operation_id = "list_conflicts", tag = "scanners", params(("id" = u64, Path), ConflictsQuery),
    responses((status = 200, body = List<ConflictView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn conflicts(keeper: Gatekeeper, PathId(session): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    checks.done(())?;
    let session = SessionId(session);
    let zone = keeper.app.http.zones.get(&keeper.offer(session)?.venue.time_zone);
    let (shard, cut) = (keeper.bearer.subject.shard, Cut { limit: paging.limit, offset: paging.offset });
    let page = keeper.read(move |reader| reader.gate_conflicts(shard, session, cut)).await?;
    let metadata = Metadata { limit: paging.limit, total: page.total, offset: paging.offset };
    Ok(json(&List { metadata, data: page.rows.iter().map(|scan| conflict(scan, &zone)).collect::<Vec<_>>() }))
}

fn conflict<'a>(scan: &'a Arc<OfflineScan>, zone: &TimeZone) -> ConflictView<'a> {
    ConflictView {
        device: &scan.device,
        sequence: scan.sequence,
        barcode: scan.barcode.as_ref().map(Barcode::masked),
        ticket_id: scan.ticket.map(|ticket| ticket.0),
        gate: &scan.gate,
        direction: words::show(DIRECTIONS, &scan.direction),
        date: Shown::in_zone(scan.at, zone),
        uploaded: Shown::in_zone(scan.uploaded, zone),
        result: result(scan.conflict.is_some()),
        reason: scan.conflict.map(reason),
        other: scan.other.as_ref().map(|other| ScanView::of(other, zone)),
    }
}
