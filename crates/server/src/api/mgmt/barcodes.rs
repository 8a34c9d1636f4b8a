//! A session's pool of imported barcodes. They open gates: what is shown of them is counts and their last four characters, and none is in an address.
//!
//! An import reaches the engine in slices, and so does its contrary; each slice is a part of the call of its own, so that a repeated call goes on.

use aforo_domain::barcodes::MAX_UNUSED;
use aforo_domain::catalogue::manage::{CatalogueCommand, Imported, NotAdded};
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{Barcode, SessionId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathIds};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json, unexpected};
use crate::http::wire::Metadata;

/// Barcodes of one call at most.
const MAX_BARCODES: usize = 10_000;
/// Barcodes of one command.
const SLICE: usize = 500;

/// Barcodes to be added.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct BarcodesBody {
    /// 1 to 10 000, each 1 to 64 visible ASCII characters. One of the form that aforo generates (22 of 31 letters and digits) is refused.
    #[schema(required = true)]
    barcodes: Option<Vec<String>>,
}

/// What became of them.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct ImportedView {
    /// So many are new in the pool.
    added: u64,
    /// So many were there already, used or not, or stood in the list before.
    already_there: u64,
    /// All others.
    refused: Vec<RefusedView>,
}

/// A barcode that was not added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusedView {
    /// Where it stands in the list, from 0.
    index: u64,
    /// Its last characters.
    barcode: String,
    /// `IN_USE` by another session, or `POOL_FULL`.
    reason: &'static str,
}

/// A pool and a part of its barcodes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PoolView {
    counts: PoolCountsView,
    metadata: Metadata,
    /// Those that are not used, free ones first, by their text.
    data: Vec<BarcodeView>,
}

/// The barcodes of a pool by state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PoolCountsView {
    total: u64,
    free: u64,
    /// Of orders that are pre-confirmed.
    reserved: u64,
    /// Of tickets.
    used: u64,
}

/// A barcode that is not used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BarcodeView {
    /// Its last characters.
    barcode: String,
    /// `FREE` or `RESERVED`.
    status: &'static str,
}

/// How many were removed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RemovedView {
    removed: u64,
}

impl BarcodesBody {
    fn read(&self) -> Result<Vec<Barcode>, Problem> {
        let mut checks = Checks::new();
        let texts = checks.required("barcodes", self.barcodes.as_deref()).unwrap_or_default();
        if self.barcodes.is_some() && !(1..=MAX_BARCODES).contains(&texts.len()) {
            checks.bad_value("barcodes");
        }
        checks.done(())?;
        let read = |text: &String| Barcode::parse(text).filter(|barcode| !barcode.looks_generated());
        let barcodes: Vec<_> = texts.iter().map(read).collect();
        let malformed: Vec<_> = (0_u64..).zip(&barcodes).filter(|(_, barcode)| barcode.is_none()).map(|(index, _)| index).collect();
        if malformed.is_empty() {
            return Ok(barcodes.into_iter().flatten().collect());
        }
        Err(Error::invalid(&["barcodes"]).with_details(malformed).into())
    }
}

impl ImportedView {
    /// Adds what became of a slice.
    fn add(&mut self, first: usize, slice: &[Barcode], imported: &Imported) {
        self.added += u64::from(imported.added);
        self.already_there += u64::from(imported.known);
        let refused = imported.refused.iter().map(|(index, why)| RefusedView {
            index: first as u64 + u64::from(*index),
            barcode: slice.get(*index as usize).map(Barcode::masked).unwrap_or_default(),
            reason: match why {
                NotAdded::InUse => "IN_USE",
                NotAdded::Full => "POOL_FULL",
            },
        });
        self.refused.extend(refused);
    }
}

/// Adds barcodes to a session's pool. A list with a malformed one is refused as a whole, its details are the positions from 0; one that another
/// session has is named in the answer, and the others are added. The same call again does no harm. A pool holds at most 400 000 that are not used.
#[utoipa::path(
    post, path = "/events/{event_id}/sessions/{id}/barcodes", operation_id = "import_session_barcodes", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    request_body = BarcodesBody, responses((status = 200, body = ImportedView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn import(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, call: Call<BarcodesBody>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let barcodes = call.body.read()?;
    let (mut view, mut last) = (ImportedView::default(), None);
    for (part, slice) in barcodes.chunks(SLICE).enumerate() {
        let command = CatalogueCommand::ImportBarcodes(SessionId(ids[1]), slice.into());
        let answered = manager.run_part(&call, part, Command::Catalogue(command)).await?;
        let Reply::Imported(imported) = &answered.reply else { return Err(unexpected(&answered.reply)) };
        view.add(part * SLICE, slice, imported);
        last = Some(answered);
    }
    Ok(last.ok_or(Code::Dist0000)?.json(&view))
}

/// Counts the barcodes of a session's pool and lists those that are not used.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}/barcodes", operation_id = "get_session_barcodes", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query)),
    responses((status = 200, body = PoolView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, params: Params) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let command = CatalogueCommand::ReadBarcodes(SessionId(ids[1]), paging.offset as usize, paging.limit as usize);
    let answered = manager.run_in(manager.shard, Command::Catalogue(command)).await?;
    let Reply::Pool(page) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    let status = |reserved: bool| if reserved { "RESERVED" } else { "FREE" };
    let barcode = |(barcode, reserved): &(String, bool)| BarcodeView { barcode: barcode.clone(), status: status(*reserved) };
    let unused = page.free + page.reserved;
    Ok(json(&PoolView {
        counts: PoolCountsView { total: unused + page.used, free: page.free, reserved: page.reserved, used: page.used },
        metadata: Metadata { limit: paging.limit, total: unused, offset: paging.offset },
        data: page.unused.iter().map(barcode).collect(),
    }))
}

/// Takes the barcodes out of a session's pool that are free.
#[utoipa::path(
    delete, path = "/events/{event_id}/sessions/{id}/barcodes", operation_id = "remove_session_barcodes", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = RemovedView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn remove(manager: Manager<EventManagers>, PathIds(ids): PathIds<2>, call: Call<NoBody>) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let mut view = RemovedView { removed: 0 };
    for part in 0.. {
        let command = CatalogueCommand::RemoveBarcodes(SessionId(ids[1]), SLICE);
        let answered = manager.run_part(&call, part, Command::Catalogue(command)).await?;
        let Reply::Removed(removed) = answered.reply else { return Err(unexpected(&answered.reply)) };
        view.removed += u64::from(removed);
        // Who adds all the while does not keep it busy for ever.
        if (removed as usize) < SLICE || part >= MAX_UNUSED / SLICE {
            return Ok(answered.json(&view));
        }
    }
    Err(Code::Dist0000.into())
}
