//! Orders: from basket to tickets. This module is the order as it is stored; what may be done with it is decided in its submodules.
//!
//! An order is an `Arc<Order>` that is replaced and never edited: reply, row image and journal share it.

pub mod after;
pub mod attendees;
mod barcodes;
pub mod basket;
mod booking;
pub mod cancellations;
pub mod collectives;
pub mod confirm;
mod corrections;
pub mod delivery;
pub mod draft;
pub mod entry;
pub mod expiry;
pub mod extras;
pub mod insurance;
mod invitations;
pub mod market;
mod messages;
pub mod metadata;
pub mod postponed;
mod presales;
pub mod products;
pub mod promotions;
pub mod refunds;
pub mod relocation;
pub mod resale;
pub mod seats;
pub mod sight;
pub mod surcharges;
mod ticket;
pub mod transfer;
pub mod vouchers;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::Rate;
use crate::catalogue::plan::Place;
use crate::forms::Answers;
use crate::identity::{Channel, Subject};
use crate::ids::{
    Barcode, ChannelId, EventId, FamilyId, Hash, ItemId, OrderCode, OrderId, PointOfSaleId, PriceTypeId, RateId, SeatId, SessionId,
    TerminalId, UserId, ZoneId,
};
use crate::moment::Timestamp;
use crate::money::{Currency, Decimal, Minor};
use crate::pricing::{ItemPrice, TaxLine, Totals};
use crate::seasons::{self, Share};
use crate::text::Language;
use extras::Extras;
use market::Mark;
use surcharges::OrderSurcharge;
pub use ticket::{Sale, Ticket, TicketState};

/// An order of one channel and one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Unguessable: who knows it (in its channel) may change it.
    pub id: OrderId,
    /// Where it is sold, and by whom.
    pub seller: Arc<Seller>,
    /// The sign-in it was created with.
    pub family: FamilyId,
    /// Of all its amounts; set by the first item, until then the channel's.
    pub currency: Currency,
    /// Of its messages and tickets.
    pub language: Language,
    /// When it was created.
    pub created: Timestamp,
    /// Where it is in its life.
    pub stage: Stage,
    /// The places in it, in the order of adding; products are in its extras.
    pub items: Vec<Item>,
    /// Surcharges per order that its sessions bring along; [`surcharges::charged`] says which of them count.
    pub surcharges: Vec<OrderSurcharge>,
    /// Who buys.
    pub buyer: Option<Arc<Buyer>>,
    /// Whether it ever held an item: only then it is remembered once it is over.
    pub held_items: bool,
    /// From pre-confirm on, the sessions whose limit a buyer its places are counted against.
    pub counted: Vec<SessionId>,
    /// What it carries beside its places: see [`Order::extras`].
    #[serde(default)]
    pub extras: Option<Box<Extras>>,
}

/// Who sells an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The channel.
    pub channel: ChannelId,
    /// The person, at a counter.
    pub user: Option<UserId>,
    /// The device.
    pub terminal: Option<TerminalId>,
    /// The counter.
    pub point_of_sale: Option<PointOfSaleId>,
}

impl Seller {
    /// The seller that a token stands for.
    pub const fn of(channel: ChannelId, subject: &Subject) -> Self {
        Self { channel, user: subject.user, terminal: subject.terminal, point_of_sale: subject.point_of_sale }
    }
}

/// Where an order is in its life; each stage holds what exists in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Being filled.
    Basket {
        /// When its places fall free.
        expires: Timestamp,
        /// Kept from an earlier pre-confirm.
        code: Option<OrderCode>,
    },
    /// Checked, and waiting to be paid.
    PreConfirm {
        /// When its places fall free.
        expires: Timestamp,
        /// Its code.
        code: OrderCode,
        /// Whether it was booked: it waits as long as bookings do, and never becomes a basket again.
        #[serde(default)]
        booked: bool,
    },
    /// Sold. Money never changes any more.
    Confirm {
        /// When.
        at: Timestamp,
        /// Its code.
        code: OrderCode,
        /// What was paid, and how.
        payments: Vec<Payment>,
        /// Whether it was booked before.
        #[serde(default)]
        booked: bool,
    },
    /// Ran past its time; remembered for a day, holds nothing.
    Expired {
        /// When it was over.
        at: Timestamp,
    },
    /// Gives items of another order back, and holds nothing. Its amounts say what comes back.
    Refund {
        /// When.
        at: Timestamp,
        /// Its code.
        code: OrderCode,
        /// The order that was sold.
        of: OrderId,
        /// That order's code.
        of_code: OrderCode,
        /// How it was paid out; empty where nobody said.
        #[serde(default)]
        payments: Vec<Payment>,
    },
}

/// What an order is to the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// A sale, or what may become one.
    Purchase,
    /// Holds its places for whoever booked them, and has no tickets.
    Booking,
    /// A booking that was sold.
    Issue,
    /// Gives back what another one sold.
    Refund,
}

/// One place in an order, and once confirmed its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Unique in its operator; the ticket's id, too.
    pub id: ItemId,
    /// Of which session.
    pub session: SessionId,
    /// Of which event.
    pub event: EventId,
    /// Which place.
    pub place: Place,
    /// What the buyer knows it by.
    pub spot: Spot,
    /// Its price type.
    pub price_type: PriceTypeId,
    /// Its tariff.
    pub rate: RateId,
    /// What its tariff was for when it was added.
    #[serde(default)]
    pub kind: TicketKind,
    /// Frozen when it was added.
    pub price: Arc<ItemPrice>,
    /// Opens the gate; given at confirm.
    pub barcode: Option<Barcode>,
    /// Of a season ticket, what of its price after promotions, without surcharges, is each session's, by session; `None` for a ticket of one session.
    #[serde(default)]
    pub season: Option<Arc<[Share]>>,
}

impl Item {
    /// The sessions in which its place is its own: its session, and of a season ticket each one of the season, too.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        let members = self.season.iter().flat_map(|shares| shares.iter().map(|share| share.member.session));
        std::iter::once(self.session).chain(members)
    }

    /// Whether its place in a session is its own.
    pub fn is_in(&self, session: SessionId) -> bool {
        self.sessions().any(|own| own == session)
    }

    /// Gives it another price. What of it is each session's follows, by the weights that it was added with.
    pub fn set_price(&mut self, price: Arc<ItemPrice>) {
        if let Some(shares) = &self.season {
            self.season = Some(seasons::spread(price.reduced(), shares.iter().map(|share| share.member)));
        }
        self.price = price;
    }
}

/// What a ticket was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TicketKind {
    /// Money, were it nothing: it has a price.
    #[default]
    Sale,
    /// Nothing, by who may give invitations.
    Invitation,
    /// Money, to who had the place before and offered it: it is of the secondary market.
    Resale,
}

impl TicketKind {
    /// What tickets of a tariff are given for.
    pub const fn of(rate: &Rate) -> Self {
        if rate.is_invitation() { Self::Invitation } else { Self::Sale }
    }
}

/// What a buyer knows a place by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spot {
    /// A numbered seat.
    Seat(SeatId),
    /// A place in a zone.
    Zone(ZoneId),
}

/// Who buys. Text as it was given, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "the fields of a buyer")]
pub struct Buyer {
    pub email: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub phone: Option<String>,
    pub id_number: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub language: Option<Language>,
    /// What its channel's form asks beside these.
    #[serde(default)]
    pub fields: Answers,
}

impl Buyer {
    /// What tells buyers apart: the hash of the e-mail, trimmed and lower-cased. `None` without an e-mail.
    pub fn hash(&self) -> Option<Hash> {
        let email = self.email.trim();
        (!email.is_empty()).then(|| Hash::of(email.to_lowercase().as_bytes()))
    }
}

/// How a payment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names")]
pub enum PaymentKind {
    Cash,
    Card,
    Transfer,
    External,
    Credit,
}

/// A payment as it is handed in: its currency is the order's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    /// How.
    pub kind: PaymentKind,
    /// How much, in major units.
    pub amount: Decimal,
    /// The seller's own reference.
    pub reference: Option<String>,
}

/// What the seller took for an order. aforo records money, it never moves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How.
    pub kind: PaymentKind,
    /// How much.
    pub amount: Minor,
    /// The seller's own reference.
    pub reference: Option<String>,
}

/// One line of the books: append-only, written at confirm and by every later change of money or ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Whose.
    pub order: OrderId,
    /// Counts an order's lines from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Seller,
    /// What happened.
    pub what: HistoryEvent,
}

/// What a line of the books says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HistoryEvent {
    /// It was sold.
    Confirmed {
        /// What it adds up to.
        totals: Totals,
        /// In which currency.
        currency: Currency,
        /// How many tickets.
        tickets: u32,
    },
    /// Something of it was given back.
    Refunded {
        /// The refund's code.
        refund: OrderCode,
        /// What the refund adds up to.
        totals: Totals,
        /// In which currency.
        currency: Currency,
        /// How many tickets.
        tickets: u32,
    },
    /// It gives something of another order back.
    Refunds {
        /// That order's code.
        of: OrderCode,
        /// What it adds up to.
        totals: Totals,
        /// In which currency.
        currency: Currency,
        /// How many tickets.
        tickets: u32,
    },
    /// Places of it were given against others.
    Relocated {
        /// The code of the order that they are in now.
        to: OrderCode,
        /// Each item with the one that took its place.
        items: Vec<(ItemId, ItemId)>,
        /// What they add up to.
        totals: Totals,
        /// In which currency.
        currency: Currency,
        /// How many tickets.
        tickets: u32,
    },
    /// Its places were given for those of another order.
    Relocates {
        /// That order's code.
        of: OrderCode,
        /// Each of that order's items with the one that took its place.
        items: Vec<(ItemId, ItemId)>,
        /// What they add up to.
        totals: Totals,
        /// In which currency.
        currency: Currency,
        /// How many tickets.
        tickets: u32,
    },
    /// Its tickets were cancelled with their session.
    Cancelled {
        /// Which session.
        session: SessionId,
        /// Which items.
        items: Vec<ItemId>,
    },
    /// A session of its tickets was moved to another time.
    Postponed {
        /// Which session.
        session: SessionId,
        /// When it was to start.
        from: Timestamp,
        /// When it starts.
        to: Timestamp,
    },
    /// Its buyer's letter was sent again.
    Resent {
        /// Where to, masked.
        to: String,
    },
    /// Somebody wrote something down.
    Noted {
        /// What.
        text: String,
    },
    /// Others come on these items' tickets than it said before.
    AttendeesChanged {
        /// Which items.
        items: Vec<ItemId>,
    },
    /// These items' tickets have other barcodes.
    Reprinted {
        /// Each item with what may be shown of the barcode that is dead.
        dead: Vec<(ItemId, String)>,
    },
    /// These items' tickets were given to somebody else.
    Transferred {
        /// Where the letter went, masked.
        to: String,
        /// Each item with what may be shown of the barcode that is dead.
        dead: Vec<(ItemId, String)>,
    },
    /// What is personal of it was erased.
    Erased,
    /// A marketplace marked these items' tickets.
    Marked {
        /// How.
        mark: Mark,
        /// Which items.
        items: Vec<ItemId>,
    },
    /// These items' tickets were offered to other buyers.
    Listed {
        /// Which items.
        items: Vec<ItemId>,
    },
    /// They are not offered any more.
    Withdrawn {
        /// Which items.
        items: Vec<ItemId>,
    },
    /// These items' tickets were sold again.
    Reissued {
        /// The code of the order that has the tickets that took their places.
        order: OrderCode,
        /// Which items.
        items: Vec<ItemId>,
    },
}

impl Order {
    /// When its places fall free; `None` once it is sold or over.
    pub const fn expires(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Basket { expires, .. } | Stage::PreConfirm { expires, .. } => Some(expires),
            Stage::Confirm { .. } | Stage::Expired { .. } | Stage::Refund { .. } => None,
        }
    }

    /// Its code, once it has one.
    pub const fn code(&self) -> Option<OrderCode> {
        match self.stage {
            Stage::Basket { code, .. } => code,
            Stage::PreConfirm { code, .. } | Stage::Confirm { code, .. } | Stage::Refund { code, .. } => Some(code),
            Stage::Expired { .. } => None,
        }
    }

    /// What it is to the books.
    pub const fn kind(&self) -> OrderKind {
        match self.stage {
            Stage::PreConfirm { booked: true, .. } => OrderKind::Booking,
            Stage::Confirm { booked: true, .. } => OrderKind::Issue,
            Stage::Refund { .. } => OrderKind::Refund,
            Stage::Basket { .. } | Stage::PreConfirm { .. } | Stage::Confirm { .. } | Stage::Expired { .. } => OrderKind::Purchase,
        }
    }

    /// Whether it is in the books: sold, or a refund.
    pub const fn is_in_the_books(&self) -> bool {
        matches!(self.stage, Stage::Confirm { .. } | Stage::Refund { .. })
    }

    /// Whether it was checked and waits to be paid.
    pub const fn is_pre_confirmed(&self) -> bool {
        matches!(self.stage, Stage::PreConfirm { .. })
    }

    /// How many items it has: places and units of products.
    pub fn count(&self) -> usize {
        self.items.len() + self.extras().products.len()
    }

    /// The largest id that something of it has.
    pub fn largest_item(&self) -> Option<ItemId> {
        self.items.iter().map(|item| item.id).chain(self.extras().products.iter().map(|unit| unit.id)).max()
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.extras().products.is_empty()
    }

    /// The sessions its items are of, each once.
    pub fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.items.iter().map(|item| item.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// What it adds up to.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for item in &self.items {
            totals.base += item.price.base;
            totals.promotions += item.price.discount();
            totals.surcharges += item.price.promoter_surcharge + item.price.channel_surcharge;
        }
        totals.surcharges += surcharges::charged(&self.surcharges).map(|surcharge| surcharge.amount).sum::<Minor>();
        if let Some(extras) = &self.extras {
            totals.base += extras.products.iter().map(|unit| unit.terms.price).sum::<Minor>();
            totals.insurance = extras.insurances.iter().flat_map(|taken| &taken.items).map(|(_, premium)| premium).sum();
            totals.delivery = extras.delivery.as_ref().map_or(0, |delivery| delivery.cost);
            totals.vouchers = extras.vouchers.iter().map(|taken| taken.amount).sum();
            totals.credit = extras.replaces.as_ref().map_or(0, |replaces| replaces.credit);
        }
        totals
    }

    /// Each tax that what it charges includes: items, surcharges per order, insurances and delivery.
    pub fn tax_lines(&self) -> impl Iterator<Item = TaxLine> {
        let of_items = self.items.iter().flat_map(|item| item.price.taxes.iter().copied());
        let of_order = surcharges::charged(&self.surcharges).flat_map(|surcharge| surcharge.taxes.iter().copied());
        of_items.chain(of_order).chain(self.extras.iter().flat_map(|extras| extras.tax_lines()))
    }

    /// When it falls free if it changes now: the hold time from now, never beyond the maximum from its creation, except that time once given to
    /// pay is not cut short by going back to the basket.
    pub fn extended(&self, channel: &Channel, now: Timestamp) -> Timestamp {
        let hold = if self.held_items { channel.hold_ms } else { channel.hold_ms.min(EMPTY_HOLD_MS) };
        let limit = self.created.plus_ms(channel.hold_max_ms).max(self.expires().unwrap_or(now));
        now.plus_ms(hold).min(limit)
    }

    /// When it falls free if it is pre-confirmed now: the payment time from now. Going back to the basket and forth does not add up beyond one
    /// payment time after the longest life of a basket.
    pub fn payable(&self, channel: &Channel, now: Timestamp) -> Timestamp {
        now.plus_ms(channel.payment_ms).min(self.created.plus_ms(channel.hold_max_ms).plus_ms(channel.payment_ms))
    }
}

/// How long an order that never held an item lives, so that creating them is no attack.
pub const EMPTY_HOLD_MS: i64 = 60_000;
