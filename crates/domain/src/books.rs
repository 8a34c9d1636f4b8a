//! The books: what an order did, line by line. Reports add up these lines and nothing else, and a law says that the lines of an order add up to it; so a
//! report says what the orders say, to the cent. Nothing is stored here: an order's money never changes, so its lines are the same whenever they are asked for.

use std::ops::AddAssign;

use crate::ids::{EventId, ItemId, PriceTypeId, ProductId, RateId, SessionId};
use crate::moment::Timestamp;
use crate::money::Minor;
use crate::orders::{Item, Order, Stage, TicketKind, surcharges};
use crate::pricing::Taxed;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Sold.
    Sale,
    /// Given back.
    Refund,
    /// Given against something else: what came counts, and what went counts against it.
    Relocation,
}

/// What it was done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A place.
    Place {
        /// As which item.
        item: ItemId,
        /// Of which session; of a season ticket, the season.
        session: SessionId,
        /// Of which event.
        event: EventId,
        /// At which price.
        price_type: PriceTypeId,
        /// At which tariff.
        rate: RateId,
        /// What the ticket was given for.
        kind: TicketKind,
    },
    /// Of a season ticket that stays, what was the share of one of its sessions.
    Share {
        /// As which item.
        item: ItemId,
        /// The season.
        session: SessionId,
        /// Of which event.
        event: EventId,
        /// At which price.
        price_type: PriceTypeId,
        /// At which tariff.
        rate: RateId,
    },
    /// A unit of a product.
    Unit {
        /// As which item.
        item: ItemId,
        /// Of which product.
        product: ProductId,
    },
    /// A surcharge per order that a session brought along.
    PerOrder {
        /// Which session.
        session: SessionId,
        /// Of which event.
        event: EventId,
    },
    /// The delivery.
    Delivery,
}

/// The parts of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Price type x rate, or the price of a product.
    pub base: Minor,
    /// What promotions take off it.
    pub promotions: Minor,
    /// The promoter's surcharges.
    pub promoter_surcharges: Minor,
    /// The channel's surcharges.
    pub channel_surcharges: Minor,
    /// Premiums.
    pub insurance: Minor,
    /// Delivery.
    pub delivery: Minor,
}

/// A line of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What was done.
    pub act: Act,
    /// With what.
    pub thing: Thing,
    /// Whether it was of the secondary market.
    pub second_hand: bool,
    /// 1, or -1 for what went against something else.
    pub sign: i64,
    /// For how much: never negative, a refund says what came back.
    pub amounts: Amounts,
}

impl Amounts {
    /// base - promotions + surcharges + insurance + delivery.
    pub const fn total(&self) -> Minor {
        self.face() + self.promoter_surcharges + self.channel_surcharges + self.insurance + self.delivery
    }

    /// What promotions leave of the base.
    pub const fn face(&self) -> Minor {
        self.base - self.promotions
    }

    /// As often as that; with -1, against it.
    #[must_use]
    pub const fn times(&self, sign: i64) -> Self {
        Self {
            base: self.base * sign,
            promotions: self.promotions * sign,
            promoter_surcharges: self.promoter_surcharges * sign,
            channel_surcharges: self.channel_surcharges * sign,
            insurance: self.insurance * sign,
            delivery: self.delivery * sign,
        }
    }
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.base += other.base;
        self.promotions += other.promotions;
        self.promoter_surcharges += other.promoter_surcharges;
        self.channel_surcharges += other.channel_surcharges;
        self.insurance += other.insurance;
        self.delivery += other.delivery;
    }
}

/// When an order came into the books; `None` for what is not in them.
pub const fn booked_at(order: &Order) -> Option<Timestamp> {
    match order.stage {
        Stage::Confirm { at, .. } | Stage::Refund { at, .. } => Some(at),
        Stage::Basket { .. } | Stage::PreConfirm { .. } | Stage::Expired { .. } => None,
    }
}

/// The lines of an order that is in the books; none of one that is not.
pub fn lines(order: &Order) -> Vec<Line> {
    let act = match (&order.stage, &order.extras().replaces) {
        (Stage::Confirm { .. }, Some(_)) => Act::Relocation,
        (Stage::Confirm { .. }, None) => Act::Sale,
        (Stage::Refund { .. }, _) => Act::Refund,
        _ => return Vec::new(),
    };
    let mut lines = lines_of(order, act, 1);
    if let Some(replaces) = &order.extras().replaces {
        lines.extend(lines_of(&replaces.given_back(order), act, -1));
    }
    lines
}

fn lines_of(order: &Order, act: Act, sign: i64) -> Vec<Line> {
    let extras = order.extras();
    let line = |thing, amounts| {
        let second_hand = match thing {
            Thing::Place { item, .. } => order.second_hand(item).is_some(),
            // Only what a marketplace added to a reissue is of it.
            Thing::PerOrder { session, .. } => {
                let mut items = order.items.iter().filter(|item| item.session == session).peekable();
                items.peek().is_some() && items.all(|item| order.second_hand(item.id).is_some())
            }
            Thing::Unit { .. } | Thing::Share { .. } | Thing::Delivery => false,
        };
        Line { act, thing, second_hand, sign, amounts }
    };
    let place = |item: &Item| {
        let (price, insured) = (&item.price, extras.insurances.iter().flat_map(|taken| &taken.items));
        let amounts = Amounts {
            base: price.base,
            promotions: price.discount(),
            promoter_surcharges: price.promoter_surcharge,
            channel_surcharges: price.channel_surcharge,
            insurance: insured.filter(|(id, _)| *id == item.id).map(|(_, premium)| premium).sum(),
            delivery: 0,
        };
        let Item { id, session, event, price_type, rate, kind, .. } = *item;
        let thing = match extras.share {
            Some(_) => Thing::Share { item: id, session, event, price_type, rate },
            None => Thing::Place { item: id, session, event, price_type, rate, kind },
        };
        line(thing, amounts)
    };
    let mut lines: Vec<_> = order.items.iter().map(place).collect();
    for unit in &extras.products {
        let amounts = Amounts { base: unit.terms.price, ..Amounts::default() };
        lines.push(line(Thing::Unit { item: unit.id, product: unit.terms.product }, amounts));
    }
    for surcharge in surcharges::charged(&order.surcharges) {
        let amounts = match surcharge.taxed {
            Taxed::PromoterSurcharge => Amounts { promoter_surcharges: surcharge.amount, ..Amounts::default() },
            _ => Amounts { channel_surcharges: surcharge.amount, ..Amounts::default() },
        };
        lines.push(line(Thing::PerOrder { session: surcharge.session, event: surcharge.event }, amounts));
    }
    if let Some(delivery) = extras.delivery.as_ref().filter(|delivery| delivery.cost != 0) {
        lines.push(line(Thing::Delivery, Amounts { delivery: delivery.cost, ..Amounts::default() }));
    }
    lines
}
