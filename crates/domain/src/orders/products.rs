//! Products in orders: a unit of one is an item of its own, without a place. Taken from the stock when it is added, given back when it leaves; sold by
//! confirm, which gives each unit a barcode that it is handed out for. What goes only with places leaves with the last of them.
//!
//! No promotion is for them, nothing insures them, and no surcharge is added; vouchers pay for them as for all the rest.

use std::sync::Arc;

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Item, Order, Stage};
use crate::change::CounterKey;
use crate::command::{Planned, ProductRequest};
use crate::error::{Code, Error};
use crate::ids::{ChannelId, ItemId, ProductId};
use crate::money::{Currency, Minor};
use crate::pricing::{self, Taxed};
use crate::products::{Product, ProductTerms, Unit};

/// So many units of a product are asked for.
type Asked<'a> = (&'a Arc<Product>, u32);

/// The counter that each unit of an order counts in. What was given back is in stock again, and a refund takes nothing out of it.
pub fn counted(order: &Order) -> impl Iterator<Item = (CounterKey, i64)> {
    let takes = !matches!(order.stage, Stage::Refund { .. });
    let taken = order.extras().products.iter().filter(move |unit| takes && order.refund_of(unit.id).is_none());
    taken.map(|unit| (CounterKey::ProductUnits(unit.terms.product), 1))
}

/// The units that stay once these items are taken out of an order and these places are left.
pub(super) fn staying(units: &[Unit], gone: &[ItemId], places: &[Item]) -> Vec<Unit> {
    let stays = |unit: &&Unit| !gone.contains(&unit.id) && unit.terms.only_with.is_met_by(places);
    units.iter().filter(stays).cloned().collect()
}

impl<'a> Desk<'a> {
    /// Adds units of products, all or none.
    ///
    /// # Errors
    /// Each naming the products: `DIST0005` for those that are not in this channel, `ORDER_ITEMS_LIMIT_EXCEEDED` without names for the channel's limit
    /// and with them for their own, `ORDER_SEAT_NOT_AVAILABLE` for those that are not on sale or not left, and last `ORDER_ITEM_INVALID` for those that
    /// have no price in the order's currency, or go only with places that it does not hold.
    pub(super) fn add_products(&self, order: &Order, requests: &[ProductRequest]) -> Planned {
        let asked = self.asked(requests)?;
        self.check_room(order, &asked)?;
        let gone = asked.iter().filter(|(product, quantity)| !product.on_sale(self.moment.now) || self.is_short(product, *quantity));
        let gone: Vec<_> = gone.map(|(product, _)| product.id).collect();
        if !gone.is_empty() {
            return Err(refused(Code::OrderSeatNotAvailable, gone).into());
        }
        let currency = currency(order, self.channel.currency, &asked);
        let fits = |product: &Product| product.prices.contains_key(&currency) && product.only_with.is_met_by(&order.items);
        let misfits: Vec<_> = asked.iter().filter(|(product, _)| !fits(product)).map(|(product, _)| product.id).collect();
        if !misfits.is_empty() {
            return Err(refused(Code::OrderItemInvalid, misfits).into());
        }
        let mut draft = Draft::new(self.world);
        let mut units = Vec::new();
        for (product, quantity) in asked {
            if product.left(self.world.counter(&CounterKey::ProductUnits(product.id))).is_some_and(|left| left < quantity) {
                // There are enough only without what these hold.
                self.overdue().filter(|order| holds(order, product.id)).for_each(|order| draft.expire(order, self.moment.now));
            }
            let terms = Arc::new(terms(product, currency));
            units.extend((0..quantity).map(|_| Unit { id: draft.item_id(), terms: terms.clone(), barcode: None }));
        }
        let order = Order { currency, held_items: true, ..order.with_extras(|extras| extras.products.extend(units)) };
        Ok(draft.done(self.touched(order)))
    }

    fn asked(&self, requests: &[ProductRequest]) -> Result<Vec<Asked<'a>>, Error> {
        let (mut asked, mut unknown) = (Vec::with_capacity(requests.len()), Vec::new());
        for request in requests {
            match self.world.catalogue.products.get(&request.id).filter(|product| product.is_in(self.channel.id)) {
                Some(product) => asked.push((product, request.quantity)),
                None => unknown.push(request.id),
            }
        }
        if unknown.is_empty() { Ok(asked) } else { Err(Error::invalid(&["products.id"]).with_details(unknown)) }
    }

    fn check_room(&self, order: &Order, asked: &[Asked<'_>]) -> Result<(), Error> {
        let more: u64 = asked.iter().map(|(_, quantity)| u64::from(*quantity)).sum();
        if order.count() as u64 + more > u64::from(self.channel.max_items) {
            return Err(Code::OrderItemsLimitExceeded.into());
        }
        let has = |id: ProductId| order.extras().products.iter().filter(|unit| unit.terms.product == id).count() as u64;
        let is_over = |(product, quantity): &&Asked<'_>| {
            product.limits.per_order.is_some_and(|limit| has(product.id) + u64::from(*quantity) > u64::from(limit))
        };
        let over: Vec<_> = asked.iter().filter(is_over).map(|(product, _)| product.id).collect();
        if over.is_empty() { Ok(()) } else { Err(refused(Code::OrderItemsLimitExceeded, over)) }
    }

    fn is_short(&self, product: &Product, quantity: u32) -> bool {
        product.limits.stock.is_some_and(|stock| self.is_over(&CounterKey::ProductUnits(product.id), quantity as usize, stock))
    }

    /// `ORDER_ITEM_INVALID` naming the items whose product was taken out of this channel. What came into the basket in time is sold.
    pub(super) fn check_products(&self, order: &Order) -> Result<(), Error> {
        let sold_here = |channel: ChannelId, unit: &Unit| {
            self.world.catalogue.products.get(&unit.terms.product).is_some_and(|product| product.is_in(channel))
        };
        let not: Vec<_> = order.extras().products.iter().filter(|unit| !sold_here(self.channel.id, unit)).map(|unit| unit.id).collect();
        if not.is_empty() { Ok(()) } else { Err(refused(Code::OrderItemInvalid, not)) }
    }
}

/// The currency that the order has with these products: an empty order takes the channel's, or else the first that all of them have a price in.
fn currency(order: &Order, of_channel: Currency, asked: &[Asked<'_>]) -> Currency {
    if !order.is_empty() {
        return order.currency;
    }
    let in_all = |currency: &Currency| asked.iter().all(|(product, _)| product.prices.contains_key(currency));
    let others = asked.first().into_iter().flat_map(|(product, _)| product.prices.keys().copied());
    std::iter::once(of_channel).chain(others).find(in_all).unwrap_or(of_channel)
}

fn terms(product: &Product, currency: Currency) -> ProductTerms {
    let price: Minor = product.prices.get(&currency).copied().unwrap_or_default();
    let taxes = pricing::tax_lines(price, &product.taxes, Taxed::Product).into();
    ProductTerms { product: product.id, price, taxes, only_with: product.only_with.clone() }
}

fn holds(order: &Order, product: ProductId) -> bool {
    order.extras().products.iter().any(|unit| unit.terms.product == product)
}
