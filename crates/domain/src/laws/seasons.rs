//! The laws of season tickets: each has its place in every session of its season and in no other, and its price is spread over them to the cent.

use std::collections::{HashMap, HashSet};

use crate::catalogue::Session;
use crate::ids::{ItemId, OrderId, SessionId};
use crate::orders::Order;

/// Seasons and the items that say they are season tickets, as far as laws speak of them.
#[derive(Debug, Default)]
pub(super) struct SeasonLaws {
    /// The sessions of each season, by id.
    seasons: HashMap<SessionId, Vec<SessionId>>,
    /// The sessions over which an item's price is spread, by id.
    spread: HashMap<ItemId, Vec<SessionId>>,
    /// Of which order a spread does not come to the price.
    unequal: HashSet<(OrderId, ItemId)>,
}

impl SeasonLaws {
    pub(super) fn see_session(&mut self, session: &Session) {
        if let Some(season) = &session.season {
            self.seasons.insert(session.id, season.sessions().collect());
        }
    }

    pub(super) fn see_order(&mut self, order: &Order) {
        for item in &order.items {
            let Some(shares) = &item.season else { continue };
            self.spread.insert(item.id, shares.iter().map(|share| share.member.session).collect());
            if shares.iter().map(|share| share.amount).sum::<i64>() != item.price.reduced() {
                self.unequal.insert((order.id, item.id));
            }
        }
    }

    /// The sessions in which an item of this one must have its place.
    pub(super) fn sessions(&self, session: SessionId) -> impl Iterator<Item = SessionId> {
        std::iter::once(session).chain(self.members(session).iter().copied())
    }

    /// Whether an item of one session must have its place in another, or the same.
    pub(super) fn covers(&self, of: SessionId, session: SessionId) -> bool {
        of == session || self.members(of).contains(&session)
    }

    fn members(&self, session: SessionId) -> &[SessionId] {
        self.seasons.get(&session).map_or(&[], Vec::as_slice)
    }

    /// Law 3: what is wrong with how an item's price is spread, if anything.
    pub(super) fn spread_of(&self, order: OrderId, item: ItemId, session: SessionId) -> Option<String> {
        let spread = self.spread.get(&item).map_or(&[][..], Vec::as_slice);
        if spread != self.members(session) {
            return Some(format!("item {item} of order {order} is spread over {spread:?}, its season is {:?}", self.members(session)));
        }
        self.unequal
            .contains(&(order, item))
            .then(|| format!("what of item {item} of order {order} is each session's does not come to its price"))
    }
}
