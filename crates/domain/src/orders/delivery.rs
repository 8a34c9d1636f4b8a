//! How an order's tickets reach the buyer: one of the ways that its channel offers for all its items, frozen when it is chosen.

use std::sync::Arc;

use super::Order;
use super::basket::Desk;
use super::draft::Draft;
use crate::catalogue::Catalogue;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Channel;
use crate::identity::terms::DeliveryMethod;
use crate::ids::DeliveryMethodId;
use crate::moment::Timestamp;

/// The ways of delivery that a channel offers for an order.
pub fn offered<'a>(
    channel: &'a Channel,
    order: &'a Order,
    catalogue: &'a Catalogue,
    now: Timestamp,
) -> impl Iterator<Item = &'a DeliveryMethod> {
    let same_currency = order.is_empty() || channel.currency == order.currency;
    channel.delivery_methods.iter().filter(move |method| same_currency && in_time(method, order, catalogue, now))
}

/// Whether a way of delivery still reaches the buyer before each session of the order.
fn in_time(method: &DeliveryMethod, order: &Order, catalogue: &Catalogue, now: Timestamp) -> bool {
    let starts = order.items.iter().filter_map(|item| catalogue.offers.get(&item.session)).map(|offer| offer.session.start);
    starts.min().is_none_or(|start| now.plus_ms(method.before_ms) <= start)
}

impl Desk<'_> {
    pub(super) fn set_delivery(&self, order: &Order, id: DeliveryMethodId) -> Planned {
        let mut offered = offered(self.channel, order, &self.world.catalogue, self.moment.now);
        let method = offered.find(|method| method.id == id).ok_or(Code::OrderInvalidDeliveryMethod)?;
        let order = order.with_extras(|extras| extras.delivery = Some(Arc::new(method.clone())));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `ORDER_INVALID_DELIVERY_METHOD` if what was chosen does not fit the items that came after, or comes too late by now.
    pub(super) fn check_delivery(&self, order: &Order) -> Result<(), Error> {
        let Some(method) = order.extras().delivery.as_deref() else { return Ok(()) };
        let fits = self.channel.currency == order.currency && in_time(method, order, &self.world.catalogue, self.moment.now);
        if fits { Ok(()) } else { Err(Code::OrderInvalidDeliveryMethod.into()) }
    }
}
