//! Barcodes out of a session's pool: pre-confirm reserves one for each item, so that confirm never lacks one. Sessions whose barcodes are generated have
//! nothing to do with it.

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Item, Order, Spot};
use crate::barcodes::{Pool, PoolBarcode, PoolState};
use crate::change::CounterKey;
use crate::error::{Code, Error};
use crate::ids::{Barcode, ItemId, SessionId};
use crate::moment::Timestamp;

/// Barcodes that were found for an order.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// As they will be.
    reserved: Vec<PoolBarcode>,
    /// Orders whose time is over that hold some of them still.
    overdue: Vec<&'a Order>,
}

impl<'a> Desk<'a> {
    /// A barcode for each item of a session that has a pool, the smallest free ones by their text; `ORDER_SEAT_NOT_AVAILABLE` with the seats that
    /// none is left for.
    pub(super) fn find_barcodes(&self, order: &Order) -> Result<Found<'a>, Error> {
        let seats =
            |without: Vec<ItemId>| order.items.iter().filter(|item| without.contains(&item.id)).filter_map(seat).collect::<Vec<_>>();
        self.look_for_barcodes(order).map_err(|without| refused(Code::OrderSeatNotAvailable, seats(without)))
    }

    /// The same, or the items that none is left for.
    pub(super) fn look_for_barcodes(&self, order: &Order) -> Result<Found<'a>, Vec<ItemId>> {
        let mut found = Found::default();
        if order.items.iter().all(|item| self.world.pool(item.session).is_none()) {
            return Ok(found);
        }
        let mut without = Vec::new();
        for session in order.sessions() {
            let Some(pool) = self.world.pool(session) else { continue };
            let (mut free, mut overdue) = (pool.free(), self.overdue_barcodes(session, pool));
            for item in order.items.iter().filter(|item| item.session == session) {
                let barcode = free.next().cloned().or_else(|| {
                    let (holder, barcode) = overdue.next()?;
                    found.overdue.push(holder);
                    Some(barcode)
                });
                match barcode {
                    Some(barcode) => {
                        let state = PoolState::Reserved { order: order.id, item: item.id };
                        found.reserved.push(PoolBarcode { barcode, session, state });
                    }
                    None => without.push(item.id),
                }
            }
        }
        if without.is_empty() { Ok(found) } else { Err(without) }
    }

    /// Barcodes of a pool that orders hold whose time is over.
    fn overdue_barcodes(&self, session: SessionId, pool: &'a Pool) -> impl Iterator<Item = (&'a Order, Barcode)> + use<'a, '_> {
        self.overdue().flat_map(move |order| {
            let items = order.items.iter().filter(move |item| item.session == session);
            items.filter_map(move |item| Some((order.as_ref(), pool.reserved_for(item.id)?.clone())))
        })
    }
}

impl Found<'_> {
    /// Reserves them.
    pub(super) fn reserve(self, draft: &mut Draft<'_>, now: Timestamp) {
        self.overdue.into_iter().for_each(|holder| draft.expire(holder, now));
        self.reserved.into_iter().for_each(|barcode| draft.put(barcode));
    }

    /// Gives them to the items of an order that is sold at once.
    pub(super) fn give(self, draft: &mut Draft<'_>, order: &mut Order, now: Timestamp) {
        self.overdue.into_iter().for_each(|holder| draft.expire(holder, now));
        for found in self.reserved {
            let PoolState::Reserved { item: id, .. } = found.state else { continue };
            if let Some(item) = order.items.iter_mut().find(|item| item.id == id) {
                item.barcode = Some(found.barcode.clone());
            }
            draft.count(CounterKey::UsedBarcodes(found.session), 1);
            draft.put(PoolBarcode { state: PoolState::Used { item: id }, ..found });
        }
    }
}

fn seat(item: &Item) -> Option<crate::ids::SeatId> {
    if let Spot::Seat(seat) = item.spot { Some(seat) } else { None }
}
