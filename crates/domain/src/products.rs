//! Products: what is sold beside places, such as merchandise, a parking ticket or a programme. This module is what is stored of them, and what an order
//! freezes. Which orders may have them is `orders::products`', who may set them up `catalogue::manage`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::catalogue::Tax;
use crate::identity::Status;
use crate::ids::{Barcode, ChannelId, EntityId, EventId, ItemId, OrderCode, OrderId, ProductId, SessionId};
use crate::moment::{Timestamp, Window};
use crate::money::{Currency, Minor};
use crate::orders::{Item, Sale, TicketState};
use crate::pricing::TaxLine;
use crate::text::Localized;

/// Products of an operator at most, those that are gone among them: what is taken of each is published whenever a unit of one is.
pub const MAX_PRODUCTS: usize = 5_000;

/// How many units of each product are in live orders or sold. What has none is not here.
pub type Taken = std::collections::HashMap<ProductId, i64, FixedState>;

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Unique in its operator.
    pub id: ProductId,
    /// The promoter that sells it.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// Description.
    pub descriptions: Localized,
    /// A picture's address by language.
    pub images: Localized,
    /// Whether selling it is switched on; what is gone is in no channel any more.
    pub status: Status,
    /// What a unit costs in each currency it is sold in, taxes included. Never empty.
    pub prices: BTreeMap<Currency, Minor>,
    /// Taxes that the price includes.
    pub taxes: Vec<Tax>,
    /// The channels that sell it; none, if there are none.
    pub channels: Vec<ChannelId>,
    /// When it is sold.
    pub sale: Option<Window>,
    /// What an order has to hold to have it.
    pub only_with: OnlyWith,
    /// How many there are.
    pub limits: ProductLimits,
    /// Counts the changes.
    pub version: u64,
}

/// How many units of a product may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ProductLimits {
    /// In all live orders and sold ones: its stock.
    pub stock: Option<u32>,
    /// In one order.
    pub per_order: Option<u32>,
}

/// What a product goes with: a place of any of these events or sessions. Without any it goes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "the field's own names")]
pub struct OnlyWith {
    pub events: Vec<EventId>,
    pub sessions: Vec<SessionId>,
}

impl OnlyWith {
    /// Whether it goes by itself.
    pub fn is_nothing(&self) -> bool {
        self.events.is_empty() && self.sessions.is_empty()
    }

    /// Whether a place of a session of an event is enough.
    pub fn is_met_by_one(&self, event: EventId, session: SessionId) -> bool {
        self.is_nothing() || self.events.contains(&event) || self.sessions.contains(&session)
    }

    /// Whether these places are enough. A season ticket is for each of its sessions.
    pub fn is_met_by(&self, items: &[Item]) -> bool {
        self.is_nothing() || items.iter().any(|item| item.sessions().any(|session| self.is_met_by_one(item.event, session)))
    }
}

impl Product {
    /// Whether a channel is shown it.
    pub fn is_in(&self, channel: ChannelId) -> bool {
        self.status != Status::Gone && self.channels.contains(&channel)
    }

    /// Whether selling it is switched on.
    pub fn for_sale(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether it is for sale, and now within its window.
    pub fn on_sale(&self, now: Timestamp) -> bool {
        self.for_sale() && self.sale.is_none_or(|window| window.contains(now))
    }

    /// How many are left where so many are taken; `None` if there is no end of them.
    pub fn left(&self, taken: i64) -> Option<u32> {
        self.limits.stock.map(|stock| (i64::from(stock) - taken).clamp(0, i64::from(stock)) as u32)
    }
}

/// A unit of a product in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Unique in its operator, of the same sequence as places' items.
    pub id: ItemId,
    /// What it was sold as.
    pub terms: Arc<ProductTerms>,
    /// What it is handed out for; given at confirm.
    pub barcode: Option<Barcode>,
}

/// What an order keeps of a product as it was when it was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTerms {
    /// Which.
    pub product: ProductId,
    /// What a unit costs, taxes included.
    pub price: Minor,
    /// Each tax that it includes.
    pub taxes: Box<[TaxLine]>,
    /// What it leaves the order with.
    pub only_with: OnlyWith,
}

/// A unit that was sold: the row that lists read. Born at confirm; an order without products has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldUnit {
    /// The unit's id.
    pub id: ItemId,
    /// Its order.
    pub order: OrderId,
    /// The order's code.
    pub code: OrderCode,
    /// Of which product.
    pub product: ProductId,
    /// Whether it still is its buyer's.
    pub state: TicketState,
    /// What lists find it by.
    pub sale: Sale,
    /// When something of it last became different.
    pub changed: Timestamp,
}
