//! A session's pool of imported barcodes: filled slice by slice so that no batch grows large, looked at, and emptied of what nobody has.
//!
//! Which barcodes are used, and by whom, is the orders' business. Nobody learns in whose pool a barcode is that is not in the session's own.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Desk;
use crate::barcodes::{MAX_UNUSED, PoolBarcode, PoolState};
use crate::change::{Change, CounterKey, Key};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::Error;
use crate::ids::{Barcode, SessionId};

/// What became of the barcodes of one slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Imported {
    /// So many are new.
    pub added: u32,
    /// So many were in the session's pool already, used or not, or stood in the slice before.
    pub known: u32,
    /// Where in the slice those stand that were not added, and why.
    pub refused: Vec<(u32, NotAdded)>,
}

/// Why a barcode was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotAdded {
    /// Another session has it.
    InUse,
    /// The pool holds as many as it may.
    Full,
}

/// A look at a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolPage {
    /// So many are anybody's.
    pub free: u64,
    /// So many are kept for pre-confirmed orders.
    pub reserved: u64,
    /// So many are tickets'.
    pub used: u64,
    /// A part of those that are not used, free ones first, masked; `true` for reserved ones.
    pub unused: Vec<(String, bool)>,
}

impl Desk<'_> {
    pub(super) fn import_barcodes(&self, session: SessionId, barcodes: &[Barcode]) -> Planned {
        self.own_session(session)?;
        if barcodes.iter().any(Barcode::looks_generated) {
            return Err(Error::invalid(&["barcodes"]).into());
        }
        let owners = self.owners(session, barcodes)?;
        let room = MAX_UNUSED.saturating_sub(self.world.pools.of(session).map_or(0, |pool| pool.unused()));
        let (mut report, mut new) = (Imported::default(), HashSet::new());
        for (index, (barcode, owner)) in (0..).zip(barcodes.iter().zip(owners)) {
            match owner {
                Some(owner) if owner != session => report.refused.push((index, NotAdded::InUse)),
                Some(_) => report.known += 1,
                None if new.contains(barcode) => report.known += 1,
                None if new.len() >= room => report.refused.push((index, NotAdded::Full)),
                None => drop(new.insert(barcode)),
            }
        }
        report.added = new.len() as u32;
        let row = |barcode: &Barcode| PoolBarcode { barcode: barcode.clone(), session, state: PoolState::Free };
        let changes = barcodes.iter().filter(|barcode| new.remove(*barcode)).map(|barcode| row(barcode).into()).collect();
        Ok(Done { changes, reply: Reply::Imported(Arc::new(report)) })
    }

    /// In whose pool each barcode is, if in any.
    fn owners(&self, session: SessionId, barcodes: &[Barcode]) -> Result<Vec<Option<SessionId>>, Stop> {
        let own = self.world.pools.of(session);
        let (mut owners, mut unknown) = (Vec::with_capacity(barcodes.len()), Vec::new());
        for barcode in barcodes {
            if own.is_some_and(|pool| pool.holds(barcode)) {
                owners.push(Some(session));
                continue;
            }
            match self.world.pool_of(barcode) {
                Ok(owner) => owners.push(owner),
                Err(Stop::Need(keys)) => unknown.extend(keys),
                Err(stop) => return Err(stop),
            }
        }
        if unknown.is_empty() { Ok(owners) } else { Err(Stop::Need(unknown)) }
    }

    /// Takes at most so many free ones out.
    pub(super) fn remove_barcodes(&self, session: SessionId, limit: usize) -> Planned {
        self.own_session(session)?;
        let free = self.world.pools.of(session).into_iter().flat_map(|pool| pool.free().take(limit));
        let changes: Vec<_> = free.map(|barcode| Change::Delete(Key::PoolBarcode(barcode.clone()))).collect();
        let removed = changes.len() as u32;
        Ok(Done { changes, reply: Reply::Removed(removed) })
    }

    pub(super) fn read_barcodes(&self, session: SessionId, offset: usize, limit: usize) -> Planned {
        self.own_session(session)?;
        let used = self.world.counter(&CounterKey::UsedBarcodes(session)).cast_unsigned();
        let mut page = PoolPage { free: 0, reserved: 0, used, unused: Vec::new() };
        if let Some(pool) = self.world.pools.of(session) {
            (page.free, page.reserved) = (pool.free().len() as u64, pool.reserved().len() as u64);
            let free = pool.free().map(|barcode| (barcode, false));
            let unused = free.chain(pool.reserved().map(|(barcode, _)| (barcode, true)));
            page.unused = unused.skip(offset).take(limit).map(|(barcode, reserved)| (barcode.masked(), reserved)).collect();
        }
        Ok(Done { changes: Vec::new(), reply: Reply::Pool(Arc::new(page)) })
    }
}
