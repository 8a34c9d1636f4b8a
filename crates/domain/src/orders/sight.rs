//! Who sees what of an order (rules.md): one answer for reads and for commands. What is out of sight looks like what does not exist.
//!
//! Whether the caller is there and what it may do beside looking is `identity::check`'s.

use std::sync::Arc;

use super::extras::Extras;
use super::{Item, Order, Stage};
use crate::catalogue::Catalogue;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::manage::{Here, Reach, reach};
use crate::identity::{Identity, Role};
use crate::ids::{ChannelId, EntityId, ItemId};
use crate::moment::Timestamp;
use crate::products::Unit;

/// How far somebody sees into an operator's orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A channel: its own orders.
    Channel(ChannelId),
    /// An entity: the orders of its channels, and the items for its events of any order, and its products.
    Entity(EntityId),
    /// All of them.
    Operator,
}

impl Sight {
    /// How far a caller sees. Outside a channel it takes one of these roles; OPERATOR_ADMIN and PLATFORM_ADMIN need not be named.
    ///
    /// # Errors
    /// Those of [`reach`]: `FORBIDDEN_RESOURCE` without a fitting role.
    pub fn of(here: &Here, actor: &Actor, roles: &[Role]) -> Result<Self, Error> {
        if let Actor::Token(bearer) = actor
            && let Some(channel) = bearer.subject.channel
        {
            if bearer.subject.shard != here.shard {
                return Err(Code::Unauthorized.into());
            }
            here.identity.check(bearer, here.now)?;
            return Ok(Self::Channel(channel));
        }
        Ok(match reach(here, actor, roles)? {
            Reach::Platform | Reach::Operator => Self::Operator,
            Reach::Entity(entity) => Self::Entity(entity),
        })
    }

    /// Whether it sees the orders of a channel whole.
    pub fn covers(self, channel: ChannelId, identity: &Identity) -> bool {
        match self {
            Self::Channel(own) => own == channel,
            Self::Entity(own) => identity.channels.get(&channel).is_some_and(|channel| channel.entity == own),
            Self::Operator => true,
        }
    }

    /// What it sees of an order that has a code: all of it, for a promoter what is its own, or nothing.
    pub fn shows(self, order: &Arc<Order>, identity: &Identity, catalogue: &Catalogue) -> Option<Arc<Order>> {
        if self.covers(order.seller.channel, identity) {
            return Some(order.clone());
        }
        let Self::Entity(entity) = self else { return None };
        let is_of_own_event = |item: &Item| catalogue.events.get(&item.event).is_some_and(|event| event.entity == entity);
        let is_own_product = |unit: &Unit| catalogue.products.get(&unit.terms.product).is_some_and(|product| product.entity == entity);
        let units = &order.extras().products;
        let is_own = |id: ItemId| {
            order.items.iter().any(|item| item.id == id && is_of_own_event(item))
                || units.iter().any(|unit| unit.id == id && is_own_product(unit))
        };
        let mut ids = order.items.iter().map(|item| item.id).chain(units.iter().map(|unit| unit.id));
        // What is not sold yet is its seller's own business.
        if !order.is_sold() || !ids.clone().any(is_own) {
            return None;
        }
        let mixed = !ids.all(is_own);
        Some(if mixed { Arc::new(order.part(is_own)) } else { order.clone() })
    }
}

impl Order {
    /// Whether it is in the books: its money never changes any more.
    pub const fn is_sold(&self) -> bool {
        matches!(self.stage, Stage::Confirm { .. } | Stage::Refund { .. })
    }

    /// Whether it is known by its code: sold, or waiting for its payment, a booking among them.
    pub fn has_come_so_far(&self, now: Timestamp) -> bool {
        match self.stage {
            Stage::PreConfirm { expires, .. } => now < expires,
            Stage::Confirm { .. } | Stage::Refund { .. } => true,
            Stage::Basket { .. } | Stage::Expired { .. } => false,
        }
    }

    /// A sold order as who sees only these items of it sees it: with their sums, promotions, attendees and
    /// refunds, without buyer, payments and delivery.
    fn part(&self, is_own: impl Fn(ItemId) -> bool) -> Self {
        let stage = match &self.stage {
            Stage::Confirm { at, code, booked, .. } => Stage::Confirm { at: *at, code: *code, payments: Vec::new(), booked: *booked },
            Stage::Refund { at, code, of, of_code, .. } => {
                Stage::Refund { at: *at, code: *code, of: *of, of_code: *of_code, payments: Vec::new() }
            }
            other => other.clone(),
        };
        let mut promotions = self.extras().promotions.clone();
        promotions.iter_mut().for_each(|one| one.items.retain(|item| is_own(*item)));
        let mut attendees = self.extras().attendees.clone();
        attendees.retain(|attendee| is_own(attendee.item));
        let mut after = self.extras().after.clone();
        after.refunds.iter_mut().for_each(|refund| refund.items.retain(|item| is_own(*item)));
        after.refunds.retain(|refund| !refund.items.is_empty());
        after.market.retain(|standing| is_own(standing.item));
        let mut second_hand = self.extras().second_hand.clone();
        second_hand.retain(|one| is_own(one.item));
        let mut products = self.extras().products.clone();
        products.retain(|unit| is_own(unit.id));
        Self {
            stage,
            items: self.items.iter().filter(|item| is_own(item.id)).cloned().collect(),
            surcharges: Vec::new(),
            buyer: None,
            counted: Vec::new(),
            extras: Some(Box::new(Extras {
                promotions,
                attendees,
                products,
                after,
                second_hand,
                share: self.extras().share,
                ..Extras::default()
            })),
            ..self.clone()
        }
    }
}
