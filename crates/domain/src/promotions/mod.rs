//! Promotions: what a promoter takes off the prices of its own events, as it is stored, and as an order freezes it. What it comes to is
//! [`price`]'s, which orders have it `orders::promotions`', who may set it up `catalogue::manage`'s.

mod code;
pub mod price;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::Event;
use crate::identity::Status;
use crate::ids::{ChannelId, CollectiveId, EntityId, EventId, ItemId, PriceTypeId, PromotionId, RateId, SessionId};
use crate::moment::Window;
use crate::money::{Currency, Minor, Percent};
use crate::text::Localized;
pub use code::PromotionCode;

/// Promotions of an operator at most, those that are gone among them.
pub const MAX_PROMOTIONS: usize = 20_000;
/// Promotions of a promoter at most that apply by themselves.
pub const MAX_AUTOMATIC: usize = 100;
/// Codes of a promotion at most.
pub const MAX_CODES: usize = 10_000;
/// Codes of all an operator's promotions at most: they are all in memory.
pub const MAX_ALL_CODES: usize = 1_000_000;
/// Promotions that one order may choose at most.
pub const MAX_CHOSEN: usize = 20;

/// A promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Unique in its operator.
    pub id: PromotionId,
    /// Whether it comes into orders that do not have it yet.
    pub status: Status,
    /// What an order freezes of it.
    pub terms: Arc<Terms>,
    /// Description.
    pub descriptions: Localized,
    /// Each of its codes with how many uses it has; without codes it needs none.
    pub codes: BTreeMap<PromotionCode, Option<u32>>,
    /// Counts the changes.
    pub version: u64,
}

/// What a promotion does, and to what: an order keeps it as it was when the promotion came into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The promotion.
    pub id: PromotionId,
    /// Whose: only items of this promoter's events have it.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// How it comes into an order.
    pub kind: PromotionKind,
    /// Whether it needs a code.
    pub needs_code: bool,
    /// What it is taken off.
    pub scope: Scope,
    /// How much.
    pub reduction: Reduction,
    /// Among promotions of the same stage the smaller goes first.
    pub priority: u32,
    /// Whether an item may have it beside others that are not stackable either.
    pub stackable: bool,
    /// When it may come into an order.
    pub window: Option<Window>,
    /// What it is for.
    pub conditions: Conditions,
    /// How often.
    pub limits: Limits,
}

/// How a promotion comes into an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PromotionKind {
    /// By itself.
    Automatic,
    /// Chosen by the seller.
    Discount,
    /// Chosen by the buyer.
    Promotion,
}

/// What a promotion is taken off. A use is one of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Each item by itself.
    Item,
    /// All the items of an order that it is for, together.
    Order,
}

/// How much a promotion takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reduction {
    /// An amount, as far as there is so much.
    Fixed {
        /// Only orders in this currency have it.
        currency: Currency,
        /// How much.
        amount: Minor,
    },
    /// A share of what is left, rounded half up; at most all of it.
    Percentage(Percent),
}

/// What a promotion is for. An empty list is any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "the field's own names")]
pub struct Conditions {
    pub events: Vec<EventId>,
    pub sessions: Vec<SessionId>,
    pub price_types: Vec<PriceTypeId>,
    pub rates: Vec<RateId>,
    pub channels: Vec<ChannelId>,
    /// Items of an order that it is for, at least.
    pub min_items: u32,
    /// The collective that an order must carry.
    #[serde(default)]
    pub collective: Option<CollectiveId>,
}

/// How often a promotion may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Limits {
    /// In all live orders and tickets.
    pub total: Option<u32>,
    /// In one order.
    pub per_order: Option<u32>,
    /// By each member, or with each code, of its collective.
    #[serde(default)]
    pub per_member: Option<u32>,
    /// Whether a refund gives uses back.
    #[serde(default)]
    pub returned_on_refund: bool,
}

/// A promotion in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// As it was when it came into the order.
    pub terms: Arc<Terms>,
    /// The code it was asked for with.
    pub code: Option<PromotionCode>,
    /// The items that have it, by id. Nothing, as long as an automatic one waits for more items or for uses.
    pub items: Vec<ItemId>,
}

/// When a promotion's turn comes: those of an earlier stage go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It applies by itself.
    Automatic,
    /// It was chosen.
    Chosen,
    /// It was chosen with a code.
    CodeBound,
}

impl Promotion {
    /// Whether it comes by itself into orders with a session of an event.
    pub fn comes_with(&self, event: &Event, session: SessionId) -> bool {
        let terms = &self.terms;
        self.status == Status::Active && terms.is_automatic() && terms.entity == event.entity && terms.conditions.cover(event.id, session)
    }
}

impl Terms {
    /// Whether it applies by itself.
    pub fn is_automatic(&self) -> bool {
        self.kind == PromotionKind::Automatic
    }

    /// What its turn among others goes by.
    pub fn turn(&self) -> (Stage, u32, PromotionId) {
        let stage = match (self.kind, self.needs_code) {
            (PromotionKind::Automatic, _) => Stage::Automatic,
            (_, false) => Stage::Chosen,
            (_, true) => Stage::CodeBound,
        };
        (stage, self.priority, self.id)
    }

    /// Whether orders in this currency may have it.
    pub fn is_in(&self, currency: Currency) -> bool {
        match self.reduction {
            Reduction::Fixed { currency: own, .. } => own == currency,
            Reduction::Percentage(_) => true,
        }
    }
}

fn takes<T: PartialEq>(list: &[T], one: &T) -> bool {
    list.is_empty() || list.contains(one)
}

impl Conditions {
    /// Whether a session of an event is among what it is for.
    pub fn cover(&self, event: EventId, session: SessionId) -> bool {
        takes(&self.events, &event) && takes(&self.sessions, &session)
    }

    /// Whether places of a price type at a tariff are among what it is for.
    pub fn take(&self, price_type: PriceTypeId, rate: RateId) -> bool {
        takes(&self.price_types, &price_type) && takes(&self.rates, &rate)
    }

    /// Whether a channel may sell it.
    pub fn allow(&self, channel: ChannelId) -> bool {
        takes(&self.channels, &channel)
    }
}

impl Applied {
    /// How often the order uses it.
    pub fn uses(&self) -> u32 {
        self.uses_of(|_| true)
    }

    /// How often the order uses it with these of its items.
    pub fn uses_of(&self, counts: impl Fn(ItemId) -> bool) -> u32 {
        let items = self.items.iter().filter(|item| counts(**item)).count();
        match self.terms.scope {
            Scope::Item => items as u32,
            Scope::Order => u32::from(items > 0),
        }
    }

    /// Whether an item has it.
    pub fn has(&self, item: ItemId) -> bool {
        self.items.binary_search(&item).is_ok()
    }
}
