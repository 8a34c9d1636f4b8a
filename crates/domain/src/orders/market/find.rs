//! Which tickets a marketplace means: each is named by its id, its barcode, both, or by the code of its order, which means all of it that fit. Orders are
//! looked up outside; what is found there is looked at anew here, since it may have changed since.

use std::sync::Arc;

use super::Marketplace;
use super::checks::Purpose;
use crate::command::Stop;
use crate::error::{Code, DetailId, Error};
use crate::ids::{Barcode, ItemId, OrderId};
use crate::orders::{Item, Order, OrderKind, Stage, TicketState};
use crate::vouchers;

/// Tickets of one call at most, once codes of orders are written out.
pub const MAX_TICKETS: usize = 500;

/// A ticket, or those of an order, as a marketplace names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The order that it was found in: one that nobody has, if it was not.
    pub order: OrderId,
    /// Its id.
    pub id: Option<ItemId>,
    /// Its barcode.
    pub barcode: Option<Barcode>,
    /// Its order's code, as it was given.
    pub code: Option<String>,
}

/// A ticket that was found.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    /// What a refusal calls it.
    pub named: DetailId,
    pub order: &'a Arc<Order>,
    pub id: ItemId,
    /// `None`: it is a unit of a product.
    pub item: Option<&'a Item>,
}

impl Found<'_> {
    pub fn state(&self) -> TicketState {
        self.order.ticket_state(self.id)
    }

    /// What may be shown of its barcode.
    pub fn barcode(&self) -> String {
        self.item.and_then(|item| item.barcode.as_ref()).map(Barcode::masked).unwrap_or_default()
    }
}

impl Named {
    /// What a refusal calls it.
    fn detail(&self) -> DetailId {
        match (self.id, &self.barcode, &self.code) {
            (Some(id), ..) => id.into(),
            (None, Some(barcode), _) => DetailId::Text(barcode.to_string()),
            (None, None, code) => DetailId::Text(code.clone().unwrap_or_default()),
        }
    }

    /// Whether it means all tickets of an order that fit.
    const fn is_whole_order(&self) -> bool {
        self.id.is_none() && self.barcode.is_none()
    }
}

/// What is named, with its order if that is there.
type Looked<'a, 'n> = (&'n Named, Option<&'a Arc<Order>>);

impl<'a> Marketplace<'a> {
    /// The tickets named, in the order of naming.
    ///
    /// # Errors
    /// `2MKT0037` and `2MKT0038` for what is named twice; `2MKT0039`, `2MKT0010`, `2MKT0009`, `2MKT0040` of orders; `2MKT0001`, `2MKT0017`, `2MKT0042`;
    /// `DIST0005` for too many; `Need` of orders that have to be looked for.
    pub(super) fn find(&self, purpose: Purpose, named: &[Named]) -> Result<Vec<Found<'a>>, Stop> {
        twice(Code::Mkt0037, named.iter().filter_map(|one| Some((one.barcode.as_ref()?, one.detail()))))?;
        twice(Code::Mkt0038, named.iter().filter_map(|one| Some((one.id?, one.detail()))))?;
        vouchers::all(named.iter().map(|one| self.world.resident_order(one.order)))?;
        let mut looked: Vec<Looked<'a, '_>> = Vec::with_capacity(named.len());
        for one in named {
            looked.push((one, self.world.resident_order(one.order)?));
        }
        self.check_orders(purpose, &looked)?;
        let found: Vec<_> = looked.iter().map(|(one, order)| tickets(purpose, one, *order)).collect();
        refuse(Code::Mkt0001, looked.iter().zip(&found).filter(|(_, found)| found.is_empty()).map(|((one, _), _)| *one))?;
        let others = |(one, found): &(&Named, &Vec<Found<'_>>)| {
            let barcode = found.first().and_then(|found| found.item).and_then(|item| item.barcode.as_ref());
            one.barcode.is_some() && one.barcode.as_ref() != barcode
        };
        refuse(Code::Mkt0017, named.iter().zip(&found).filter(others).map(|(one, _)| one))?;
        let found: Vec<_> = found.into_iter().flatten().collect();
        twice(Code::Mkt0042, found.iter().map(|found| (found.id, found.named.clone())))?;
        if found.len() > MAX_TICKETS { Err(Error::invalid(&["tickets"]).into()) } else { Ok(found) }
    }

    /// What orders are refused for that are named by their code.
    fn check_orders(&self, purpose: Purpose, looked: &[Looked<'a, '_>]) -> Result<(), Error> {
        let now = self.moment.now;
        let is_there = |code: &str, order: &Arc<Order>| {
            order.code().is_some_and(|own| own.to_string() == code) && order.has_come_so_far(now) && self.is_own(order)
        };
        let by_code: Vec<_> = looked.iter().filter_map(|(one, order)| Some((*one, one.code.as_deref()?, *order))).collect();
        let unknown = by_code.iter().filter(|(_, code, order)| !order.is_some_and(|order| is_there(code, order)));
        refuse(Code::Mkt0039, unknown.map(|(one, ..)| *one))?;
        let orders: Vec<_> = by_code.iter().filter_map(|(one, _, order)| Some((*one, (*order)?))).collect();
        let waits = |order: &Order| order.is_pre_confirmed() && order.kind() != OrderKind::Booking;
        filled(Code::Mkt0010, "PRE_CONFIRM", orders.iter().filter(|(_, order)| waits(order)).map(|(one, _)| *one))?;
        for (kind, word) in [(OrderKind::Booking, "BOOKING"), (OrderKind::Refund, "REFUND")] {
            filled(Code::Mkt0009, word, orders.iter().filter(|(_, order)| order.kind() == kind).map(|(one, _)| *one))?;
        }
        let holds_none = |(one, order): &&(&Named, &Arc<Order>)| one.is_whole_order() && tickets(purpose, one, Some(*order)).is_empty();
        refuse(Code::Mkt0040, orders.iter().filter(holds_none).map(|(one, _)| *one))
    }

    /// Whether a channel of the marketplace's own entity sold it.
    pub(super) fn is_own(&self, order: &Order) -> bool {
        self.world.identity.channels.get(&order.seller.channel).is_some_and(|channel| channel.entity == self.own.entity)
    }
}

/// The tickets of an order that are meant.
fn tickets<'a>(purpose: Purpose, named: &Named, order: Option<&'a Arc<Order>>) -> Vec<Found<'a>> {
    let Some(order) = order.filter(|order| matches!(order.stage, Stage::Confirm { .. })) else { return Vec::new() };
    if named.is_whole_order() {
        let fits = |item: &&Item| purpose.takes(order, item);
        let all = order.items.iter().filter(fits);
        return all.map(|item| Found { named: item.id.into(), order, id: item.id, item: Some(item) }).collect();
    }
    let is_it = |item: &&Item| named.id.map_or(item.barcode == named.barcode, |id| item.id == id);
    if let Some(item) = order.items.iter().find(is_it) {
        return vec![Found { named: named.detail(), order, id: item.id, item: Some(item) }];
    }
    let unit = order.extras().products.iter().find(|unit| named.id == Some(unit.id));
    unit.map(|unit| Found { named: named.detail(), order, id: unit.id, item: None }).into_iter().collect()
}

/// A refusal that names all of these, if there are any.
fn refuse<'n>(code: Code, refused: impl Iterator<Item = &'n Named>) -> Result<(), Error> {
    let details: Vec<_> = refused.map(Named::detail).collect();
    if details.is_empty() { Ok(()) } else { Err(Error::new(code).with_details(details)) }
}

fn filled<'n>(code: Code, word: &str, refused: impl Iterator<Item = &'n Named>) -> Result<(), Error> {
    refuse(code, refused).map_err(|error| Error { fill: vec![word.to_owned()], ..error })
}

/// A refusal that names what is there twice, if anything is.
fn twice<T: Ord>(code: Code, things: impl Iterator<Item = (T, DetailId)>) -> Result<(), Error> {
    let mut things: Vec<_> = things.collect();
    things.sort_by(|a, b| a.0.cmp(&b.0));
    let same = things.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1);
    let details: Vec<_> = same.filter_map(|same| same.first()).map(|(_, detail)| detail.clone()).collect();
    if details.is_empty() { Ok(()) } else { Err(Error::new(code).with_details(details)) }
}
