//! Resale in the channel: what a buyer does not need any more is offered to others by the house that sold it. Here is what is stored: on which terms that may
//! be done, and what is offered. Offering, taking into an order and selling are `orders::resale`'s.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::plan::Place;
use crate::catalogue::{Offer, Readiness};
use crate::identity::Surcharge;
use crate::identity::manage::channels::is_surcharge;
use crate::ids::{ChannelId, EntityId, EventId, ItemId, ListingId, OrderCode, OrderId, PriceTypeId, RateId, SessionId};
use crate::moment::Timestamp;
use crate::money::{Currency, Minor, Percent};
use crate::orders::market::Successor;
use crate::orders::{Spot, TicketState};

/// Tickets of one session that are offered at a time, at most: readers are shown all of them.
pub const MAX_OFFERED: usize = 10_000;

/// On which terms tickets of an event may be sold again. Amounts are of the event's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventResale {
    /// Whether they may.
    pub enabled: bool,
    /// At least this share of what was paid for the ticket without surcharges.
    pub floor: Percent,
    /// At most this share of it.
    pub cap: Percent,
    /// What the house keeps of the price; the rest is the seller's.
    pub commission: Percent,
    /// What the promoter adds; none of it per order.
    pub surcharges: Vec<Surcharge>,
}

impl Default for EventResale {
    /// Not at all; once they may, for what they cost at most, and all of it is the seller's.
    fn default() -> Self {
        Self { enabled: false, floor: Percent(0), cap: Percent(Percent::ONE), commission: Percent(0), surcharges: Vec::new() }
    }
}

impl EventResale {
    /// Whether the terms fit together.
    pub fn is_good(&self) -> bool {
        self.floor <= self.cap && self.commission.0 <= Percent::ONE && are_surcharges(&self.surcharges)
    }

    /// The prices that may be asked for a ticket for which so much was paid without surcharges.
    pub fn prices(&self, paid: Minor) -> RangeInclusive<Minor> {
        self.floor.of(paid)..=self.cap.of(paid)
    }
}

/// Whether a channel sells tickets again, and what it adds, in its own currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChannelResale {
    /// Whether it does.
    pub enabled: bool,
    /// What it adds; none of it per order.
    pub surcharges: Vec<Surcharge>,
}

impl ChannelResale {
    /// Whether the terms are good.
    pub fn is_good(&self) -> bool {
        are_surcharges(&self.surcharges)
    }
}

/// A surcharge per order is a term of the first sale.
fn are_surcharges(surcharges: &[Surcharge]) -> bool {
    let fits = |surcharge: &Surcharge| is_surcharge(surcharge) && !matches!(surcharge, Surcharge::PerOrder(_));
    surcharges.len() <= 20 && surcharges.iter().all(fits)
}

impl Offer {
    /// Whether its tickets may be offered and bought again at an instant: its event and the session have it on, and it is in time.
    pub fn resells(&self, now: Timestamp) -> bool {
        let is_ready = self.session.readiness == Readiness::Ready && self.event.readiness == Readiness::Ready && !self.is_cancelled();
        is_ready && self.event.resale.enabled && self.session.resale.is_some_and(|window| window.contains(now))
    }
}

/// A ticket that its owner offers to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Unique in its operator, of the same sequence as items.
    pub id: ListingId,
    /// The house that sold it and offers it, in all its channels.
    pub entity: EntityId,
    /// The channel that sold it.
    pub channel: ChannelId,
    /// Its order.
    pub order: OrderId,
    /// That order's code.
    pub code: OrderCode,
    /// Which ticket.
    pub ticket: ItemId,
    /// Of which session.
    pub session: SessionId,
    /// Of which event.
    pub event: EventId,
    /// For which place.
    pub place: Place,
    /// What a buyer knows the place by.
    pub spot: Spot,
    /// Its price type.
    pub price_type: PriceTypeId,
    /// Its tariff.
    pub rate: RateId,
    /// What is asked for it, without surcharges.
    pub price: Minor,
    /// What the house keeps of that.
    pub commission: Minor,
    /// Of both.
    pub currency: Currency,
    /// Since when.
    pub offered: Timestamp,
    /// What became of it.
    pub state: ListingState,
}

/// What became of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListingState {
    /// Nobody wants it yet.
    Open,
    /// It is in an order that is not sold yet.
    Taken {
        /// Which order.
        order: OrderId,
        /// As which item.
        item: ItemId,
    },
    /// It was sold: another ticket is in its place.
    Sold(Successor),
    /// It is not offered any more.
    Withdrawn {
        /// Since when.
        at: Timestamp,
    },
}

/// How the seller's share of a sold offer stands. It follows from the ticket that was sold, and is stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutState {
    /// Not owed yet: the session has not ended.
    Pending,
    /// Owed.
    Due,
    /// Not owed any more: the new ticket was given back, or cancelled with its session, before that ended.
    Reversed,
}

impl Listing {
    /// What the seller gets.
    pub const fn payout(&self) -> Minor {
        self.price - self.commission
    }

    /// Whether somebody may buy it, or is about to.
    pub const fn is_offered(&self) -> bool {
        matches!(self.state, ListingState::Open | ListingState::Taken { .. })
    }

    /// The same offer in another state.
    #[must_use]
    pub fn turned(&self, state: ListingState) -> Arc<Self> {
        Arc::new(Self { state, ..self.clone() })
    }
}

impl PayoutState {
    /// How the share of a sold offer stands, by the ticket that was sold, since when that stands so, and the end of its session. What came back later
    /// changes nothing: by then the seller was paid.
    pub fn of((ticket, since): (TicketState, Timestamp), end: Timestamp, now: Timestamp) -> Self {
        match ticket {
            TicketState::Refunded | TicketState::Cancelled if since < end => Self::Reversed,
            // Who bought it and sold it again was paid for it.
            _ if now < end => Self::Pending,
            _ => Self::Due,
        }
    }
}

/// What is offered, by session.
pub type Offered = BTreeMap<SessionId, Arc<BTreeMap<ListingId, Arc<Listing>>>>;

/// All that is offered, as a World keeps it. What was sold or withdrawn is not here.
#[derive(Debug, Default)]
pub struct Listings {
    /// As readers are shown it: replaced where it changes.
    pub offered: Arc<Offered>,
    sessions: BTreeMap<ListingId, SessionId>,
}

impl Listings {
    /// An offer.
    pub fn get(&self, id: ListingId) -> Option<&Arc<Listing>> {
        self.offered.get(self.sessions.get(&id)?)?.get(&id)
    }

    /// How many tickets of a session are offered.
    pub fn count(&self, session: SessionId) -> usize {
        self.offered.get(&session).map_or(0, |listings| listings.len())
    }

    pub(crate) fn put(&mut self, listing: &Arc<Listing>) {
        let offered = Arc::make_mut(&mut self.offered);
        if listing.is_offered() {
            self.sessions.insert(listing.id, listing.session);
            Arc::make_mut(offered.entry(listing.session).or_default()).insert(listing.id, listing.clone());
        } else if self.sessions.remove(&listing.id).is_some()
            && let Some(listings) = offered.get_mut(&listing.session)
        {
            Arc::make_mut(listings).remove(&listing.id);
            if listings.is_empty() {
                offered.remove(&listing.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EventResale, PayoutState};
    use crate::identity::Surcharge;
    use crate::moment::Timestamp;
    use crate::money::Percent;
    use crate::orders::TicketState;

    #[test]
    fn a_price_is_a_share_of_what_was_paid() {
        let terms = EventResale { floor: Percent(500_000), cap: Percent(1_200_000), ..EventResale::default() };
        assert_eq!(terms.prices(3_333), 1_667..=4_000);
        assert!(terms.is_good() && !EventResale { floor: Percent(2_000_000), ..terms.clone() }.is_good());
        assert!(!EventResale { surcharges: vec![Surcharge::PerOrder(100)], ..terms }.is_good());
    }

    #[test]
    fn a_seller_is_paid_after_the_session_and_only_if_the_buyer_kept_the_ticket() {
        let state = |ticket, now| PayoutState::of((ticket, Timestamp(9)), Timestamp(10), Timestamp(now));
        assert_eq!(state(TicketState::Valid, 9), PayoutState::Pending);
        assert_eq!(state(TicketState::Reissued, 10), PayoutState::Due);
        assert_eq!([state(TicketState::Refunded, 9), state(TicketState::Cancelled, 11)], [PayoutState::Reversed; 2]);
        let late = (TicketState::Refunded, Timestamp(10));
        assert_eq!(PayoutState::of(late, Timestamp(10), Timestamp(11)), PayoutState::Due);
    }
}
