//! Surcharges per order. Each session brings its promoter's and the channel's along when its first item that is sold comes, frozen, and takes them
//! away with its last one; of a promoter's in one event, and of the channel's, the largest counts. So the order of calls does not matter. Invitations
//! bring nothing along.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Item, TicketKind};
use crate::catalogue::Offer;
use crate::identity::Channel;
use crate::ids::{EventId, SessionId};
use crate::money::Minor;
use crate::pricing::{self, TaxLine, Taxed};

/// A surcharge per order that a session brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSurcharge {
    /// Which session.
    pub session: SessionId,
    /// Of which event.
    pub event: EventId,
    /// Whose: the promoter's or the channel's.
    pub taxed: Taxed,
    /// How much; never 0.
    pub amount: Minor,
    /// Each tax that it includes.
    pub taxes: Arc<[TaxLine]>,
}

impl OrderSurcharge {
    /// Those of which one counts: a promoter's in one event, the channel's in all.
    fn group(&self) -> (Taxed, Option<EventId>) {
        (self.taxed, (self.taxed == Taxed::PromoterSurcharge).then_some(self.event))
    }
}

/// Adds what a session brings along into an order of this channel.
pub fn bring(surcharges: &mut Vec<OrderSurcharge>, offer: &Offer, channel: &Channel) {
    surcharges.extend(of(offer, channel));
    sort(surcharges);
}

fn of(offer: &Offer, channel: &Channel) -> impl Iterator<Item = OrderSurcharge> {
    let (session, event, taxes) = (offer.session.id, offer.event.id, &offer.session.surcharge_taxes);
    let promoter = pricing::per_order(&offer.session.surcharges);
    let channel = pricing::per_order(pricing::channel_surcharges(channel, offer.event.currency));
    let both = [(Taxed::PromoterSurcharge, promoter), (Taxed::ChannelSurcharge, channel)];
    both.into_iter().filter(|(_, amount)| *amount != 0).map(move |(taxed, amount)| {
        let taxes = pricing::tax_lines(amount, taxes, taxed).into();
        OrderSurcharge { session, event, taxed, amount, taxes }
    })
}

/// Whether a session has an item among these that is sold, and with it its surcharges.
pub fn are_due(items: &[Item], session: SessionId) -> bool {
    items.iter().any(|item| item.session == session && item.kind == TicketKind::Sale)
}

/// Puts them in the order that [`charged`] reads: those of which one counts together, the one that counts first.
fn sort(surcharges: &mut [OrderSurcharge]) {
    surcharges.sort_by_key(|surcharge| (surcharge.group(), Reverse(surcharge.amount), surcharge.session));
}

/// Those of which one counts, the one that does first.
pub(super) fn groups(surcharges: &[OrderSurcharge]) -> impl Iterator<Item = &[OrderSurcharge]> {
    surcharges.chunk_by(|a, b| a.group() == b.group())
}

/// Those that count.
pub fn charged(surcharges: &[OrderSurcharge]) -> impl Iterator<Item = &OrderSurcharge> {
    groups(surcharges).filter_map(<[_]>::first)
}
