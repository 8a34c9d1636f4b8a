//! What a channel offers beside places, and what it may note on orders: ways of delivery, insurances, bookings and metadata, as they are stored with it;
//! and how an entity numbers receipts.
//! What an order may have of them is decided in `orders::delivery`, `orders::insurance`, `orders::booking` and `orders::metadata`.

use serde::{Deserialize, Serialize};

use crate::catalogue::Tax;
use crate::ids::{DeliveryMethodId, EventId, InsuranceId};
use crate::moment::Timestamp;
use crate::money::{MAX_MINOR, Minor, Percent};
use crate::pricing::{self, TaxLine, Taxed};
use crate::text::Localized;

/// How tickets reach whoever bought them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names")]
pub enum DeliveryKind {
    Email,
    Wallet,
    PrintAtHome,
    PickUp,
    Post,
}

/// A way of delivery; `T` is [`TaxSpec`](crate::taxes::TaxSpec) as long as it is only asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryMethod<T = Tax> {
    /// Unique in its channel.
    pub id: DeliveryMethodId,
    /// How.
    pub kind: DeliveryKind,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// Of an order, in the channel's currency.
    pub cost: Minor,
    /// How long before each session's start it must be chosen, in milliseconds.
    pub before_ms: i64,
    /// The tax that its cost includes.
    pub tax: Option<T>,
}

impl<T> DeliveryMethod<T> {
    /// The same with another tax.
    pub fn with_tax<U>(&self, tax: Option<U>) -> DeliveryMethod<U> {
        let Self { id, kind, cost, before_ms, .. } = *self;
        DeliveryMethod { id, kind, name: self.name.clone(), names: self.names.clone(), cost, before_ms, tax }
    }
}

impl DeliveryMethod {
    /// What of its cost is tax.
    pub fn tax_lines(&self) -> Vec<TaxLine> {
        pricing::tax_lines(self.cost, self.tax.as_slice(), Taxed::Delivery)
    }
}

/// What an insurance costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Premium {
    /// So much an item.
    Fixed(Minor),
    /// A share of an item's price after promotions, without surcharges, within bounds.
    Share {
        /// The share.
        percent: Percent,
        /// At least so much.
        min: Minor,
        /// At most so much.
        max: Option<Minor>,
    },
}

impl Premium {
    /// For an item of this price.
    pub fn of(&self, price: Minor) -> Minor {
        match *self {
            Self::Fixed(amount) => amount,
            Self::Share { percent, min, max } => percent.of_within(price, min, max),
        }
    }
}

/// An insurance; `T` is [`TaxSpec`](crate::taxes::TaxSpec) as long as it is only asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurance<T = Tax> {
    /// Unique in its channel.
    pub id: InsuranceId,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// What it costs.
    pub premium: Premium,
    /// Where its terms are to be read.
    pub terms_url: Option<String>,
    /// Only items of these events; of all, if empty.
    pub events: Vec<EventId>,
    /// How long before its session's start an item may be insured, in milliseconds.
    pub before_ms: i64,
    /// The tax that its premiums include.
    pub tax: Option<T>,
}

impl<T> Insurance<T> {
    /// The same with another tax.
    pub fn with_tax<U>(&self, tax: Option<U>) -> Insurance<U> {
        let Self { id, premium, before_ms, .. } = *self;
        let (name, names, terms_url, events) = (self.name.clone(), self.names.clone(), self.terms_url.clone(), self.events.clone());
        Insurance { id, name, names, premium, terms_url, events, before_ms, tax }
    }
}

impl Insurance {
    /// What of a premium is tax.
    pub fn tax_lines(&self, premium: Minor) -> Vec<TaxLine> {
        pricing::tax_lines(premium, self.tax.as_slice(), Taxed::Insurance)
    }
}

/// Whether a channel books, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingTerms {
    /// Whether it books at all.
    pub enabled: bool,
    /// How long a booking lives at most, in milliseconds.
    pub life_ms: i64,
    /// How long before its first session's start it ends, if not sooner, in milliseconds.
    pub before_ms: Option<i64>,
}

impl Default for BookingTerms {
    /// No bookings; three quarters of an hour where they are switched on.
    fn default() -> Self {
        Self { enabled: false, life_ms: 45 * 60_000, before_ms: None }
    }
}

impl BookingTerms {
    /// When a booking made now ends, of sessions whose first starts then.
    pub fn expires(&self, now: Timestamp, start: Option<Timestamp>) -> Timestamp {
        let life = now.plus_ms(self.life_ms);
        let before = self.before_ms.zip(start).map(|(before, start)| start.plus_ms(-before));
        before.map_or(life, |before| before.min(life))
    }

    /// Whether it is within bounds.
    pub fn is_good(&self) -> bool {
        let before = self.before_ms.is_none_or(|before| (0..=MAX_BEFORE_MS).contains(&before));
        before && (60_000..=MAX_BOOKING_MS).contains(&self.life_ms)
    }
}

/// The longest life of a booking, in milliseconds: a year.
pub const MAX_BOOKING_MS: i64 = 366 * crate::moment::DAY_MS;

/// Of each at most.
const MAX_OFFERED: usize = 50;
/// The longest time before a session, in milliseconds: ten years.
pub const MAX_BEFORE_MS: i64 = 10 * 366 * crate::moment::DAY_MS;

/// Whether ways of delivery are within bounds and each there once.
pub fn are_deliveries<T>(methods: &[DeliveryMethod<T>]) -> bool {
    let good = |method: &DeliveryMethod<T>| amount(method.cost) && (0..=MAX_BEFORE_MS).contains(&method.before_ms);
    methods.len() <= MAX_OFFERED && methods.iter().all(good) && once(methods.iter().map(|method| method.id))
}

/// Whether insurances are within bounds and each there once.
pub fn are_insurances<T>(insurances: &[Insurance<T>]) -> bool {
    let premium = |premium: &Premium| match *premium {
        Premium::Fixed(value) => amount(value),
        Premium::Share { percent, min, max } => {
            (0..=Percent::ONE).contains(&percent.0) && amount(min) && max.is_none_or(|max| amount(max) && min <= max)
        }
    };
    let good = |insurance: &Insurance<T>| {
        premium(&insurance.premium) && (0..=MAX_BEFORE_MS).contains(&insurance.before_ms) && insurance.events.len() <= 500
    };
    insurances.len() <= MAX_OFFERED && insurances.iter().all(good) && once(insurances.iter().map(|insurance| insurance.id))
}

fn amount(minor: Minor) -> bool {
    (0..=MAX_MINOR).contains(&minor)
}

fn once<T: Ord>(ids: impl Iterator<Item = T>) -> bool {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
}

/// What a channel may note on its orders (consumer metadata), and what it must. Lengths are in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataRules {
    /// Keys of one order at most.
    pub max_elements: u32,
    /// Of a key, at most.
    pub key_max_length: u32,
    /// Of a value, at most.
    pub value_max_length: u32,
    /// Keys without which pre-confirm refuses.
    pub required: Vec<String>,
}

impl Default for MetadataRules {
    fn default() -> Self {
        Self { max_elements: 20, key_max_length: 50, value_max_length: 500, required: Vec::new() }
    }
}

impl MetadataRules {
    /// Whether the caps are within what is kept at all, and the required keys within the caps.
    pub fn are_good(&self) -> bool {
        let fits = |key: &String| (1..=self.key_max_length as usize).contains(&key.chars().count());
        self.max_elements <= 100
            && (1..=255).contains(&self.key_max_length)
            && (1..=1_000).contains(&self.value_max_length)
            && self.required.len() <= self.max_elements as usize
            && self.required.iter().all(fits)
    }
}

/// How an entity numbers what its channels sell and give back: one series without gaps. The numbers are given by `orders::entry`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// Stands before each number.
    pub prefix: String,
    /// Since when; `None` while it is switched off. Once it is on again, numbers go on where they were.
    pub since: Option<Timestamp>,
}

/// Characters of a receipt's prefix at most.
pub const MAX_PREFIX: usize = 20;

impl Receipts {
    /// Whether a text may stand before numbers: up to 20 visible characters of ASCII.
    pub fn is_prefix(text: &str) -> bool {
        text.len() <= MAX_PREFIX && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

/// A field of a channel's buyer form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of a buyer")]
pub enum BuyerField {
    Email,
    Name,
    Surname,
    Phone,
    IdNumber,
    Address,
    City,
    PostalCode,
    Country,
}
