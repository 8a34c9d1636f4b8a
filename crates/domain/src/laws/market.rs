//! What always holds of tickets that are sold again: whoever took a ticket's place and the ticket say so of each other (2), the place is the same (1), only
//! tickets of sold orders stand anyhow on the secondary market (2). An offer and its ticket say so of each other, and so do an offer and the order that it is
//! in (2); and what its buyer pays for it is what the house keeps and what its seller gets (3).

use std::collections::HashMap;
use std::sync::Arc;

use super::Breach;
use crate::change::Row;
use crate::ids::{ItemId, ListingId, OrderId};
use crate::orders::market::{MarketState, SecondHand};
use crate::orders::{Order, Stage, TicketKind};
use crate::resale::{Listing, ListingState};

/// All rows of a shard, as far as they speak of the secondary market.
#[derive(Debug, Default)]
pub(super) struct MarketLaws {
    /// Orders of which something was marked, offered or sold again, or that sell something again.
    orders: HashMap<OrderId, Arc<Order>>,
    listings: HashMap<ListingId, Arc<Listing>>,
}

impl MarketLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Order(order) => {
                let is_resale = order.items.iter().any(|item| item.kind == TicketKind::Resale);
                if is_resale || !order.extras().after.market.is_empty() || !order.extras().second_hand.is_empty() {
                    self.orders.insert(order.id, order.clone());
                }
            }
            Row::Listing(listing) => drop(self.listings.insert(listing.id, listing.clone())),
            _ => {}
        }
    }

    /// What does not hold.
    pub fn check(self) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for order in self.orders.values() {
            self.check_standings(order, &mut breaches);
            self.check_places(order, &mut breaches);
        }
        for listing in self.listings.values() {
            let whose = self.check_listing(listing);
            breaches.extend(whose.map(|what| Breach { law: 2, what: format!("offer {} is {:?}: {what}", listing.id, listing.state) }));
        }
        breaches
    }

    fn check_standings(&self, order: &Order, breaches: &mut Vec<Breach>) {
        for standing in &order.extras().after.market {
            let here = format!("ticket {} of order {}", standing.item, order.id);
            let is_sold = matches!(order.stage, Stage::Confirm { .. }) && order.items.iter().any(|item| item.id == standing.item);
            if !is_sold {
                breaches.push(Breach { law: 2, what: format!("{here} is on the secondary market and was not sold") });
            }
            match &standing.state {
                MarketState::Reissued(successor) => {
                    let says = self.second_hand(successor.order, successor.item);
                    if says.is_none_or(|says| (says.order, says.ticket) != (order.id, standing.item)) {
                        breaches.push(Breach { law: 2, what: format!("{here} was sold again as {successor:?}, which says {says:?}") });
                    }
                }
                MarketState::Listed { listing } => {
                    let listing = self.listings.get(listing);
                    if !listing.is_some_and(|listing| listing.is_offered() && listing.ticket == standing.item) {
                        breaches.push(Breach { law: 2, what: format!("{here} is offered, and its offer is {listing:?}") });
                    }
                }
                MarketState::Registered { .. } | MarketState::Blocked { .. } => {}
            }
        }
    }

    fn check_places(&self, order: &Order, breaches: &mut Vec<Breach>) {
        // A refund only says what it gives back.
        if matches!(order.stage, Stage::Refund { .. }) {
            return;
        }
        let is_sold = matches!(order.stage, Stage::Confirm { .. });
        for one in &order.extras().second_hand {
            let here = format!("item {} of order {}", one.item, order.id);
            let first = self.orders.get(&one.order);
            let standing = first.and_then(|first| first.standing(one.ticket));
            let is_it = matches!(standing, Some(MarketState::Reissued(by)) if (by.order, by.item) == (order.id, one.item));
            if is_sold && !is_it {
                breaches.push(Breach { law: 2, what: format!("{here} took the place of a ticket that says {standing:?}") });
            }
            let place = |order: &Order, id: ItemId| order.items.iter().find(|item| item.id == id).map(|item| (item.session, item.place));
            let new = place(order, one.item);
            if is_sold && (new.is_none() || first.and_then(|first| place(first, one.ticket)) != new) {
                breaches.push(Breach { law: 1, what: format!("{here} has place {new:?}, and the ticket that it replaces had another") });
            }
        }
        for item in order.items.iter().filter(|item| item.kind == TicketKind::Resale) {
            let here = format!("item {} of order {}", item.id, order.id);
            let of = order.second_hand(item.id).and_then(|one| one.resold.as_ref());
            let Some((resold, listing)) = of.and_then(|resold| Some((resold, self.listings.get(&resold.listing)?))) else {
                breaches.push(Breach { law: 2, what: format!("{here} is of an offer that is not there") });
                continue;
            };
            let is_its = match &listing.state {
                ListingState::Taken { order: by, item: own } => !is_sold && (*by, *own) == (order.id, item.id),
                ListingState::Sold(successor) => is_sold && (successor.order, successor.item) == (order.id, item.id),
                // Its session was called off, and its order is never sold.
                ListingState::Withdrawn { .. } => !is_sold,
                ListingState::Open => false,
            };
            if !is_its {
                breaches.push(Breach { law: 2, what: format!("{here} is of offer {}, which is {:?}", listing.id, listing.state) });
            }
            let pays = (item.price.base, item.price.discount(), listing.payout() + listing.commission, resold.payout);
            if pays != (listing.price, 0, listing.price, listing.payout()) || listing.commission < 0 || listing.payout() < 0 {
                breaches.push(Breach { law: 3, what: format!("{here} was offered for {} and pays {pays:?}", listing.price) });
            }
        }
    }

    /// What is wrong with an offer, seen from itself.
    fn check_listing(&self, listing: &Listing) -> Option<String> {
        let standing = self.orders.get(&listing.order).and_then(|order| order.standing(listing.ticket));
        let is_listed = matches!(standing, Some(MarketState::Listed { listing: own }) if *own == listing.id);
        let has = |id: OrderId, item: ItemId| {
            let order = self.orders.get(&id);
            let resold = order.and_then(|order| order.second_hand(item)).and_then(|one| one.resold.as_ref());
            resold.is_some_and(|resold| resold.listing == listing.id)
        };
        match &listing.state {
            ListingState::Open if is_listed => None,
            ListingState::Taken { order, item } if is_listed && has(*order, *item) => None,
            ListingState::Sold(successor) if !is_listed && has(successor.order, successor.item) => None,
            ListingState::Withdrawn { .. } if !is_listed => None,
            _ => Some(format!("its ticket says {standing:?}")),
        }
    }

    fn second_hand(&self, order: OrderId, item: ItemId) -> Option<&SecondHand> {
        self.orders.get(&order)?.second_hand(item)
    }
}
