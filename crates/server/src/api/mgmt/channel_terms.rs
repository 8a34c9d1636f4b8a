//! What a channel offers beside places, and what it may note on its orders, as management reads and shows it: each list is replaced as a whole.

use aforo_domain::identity::MetadataRules;
use aforo_domain::identity::terms::{BookingTerms, DeliveryKind, DeliveryMethod, Insurance, MAX_BEFORE_MS, MAX_BOOKING_MS, Premium};
use aforo_domain::ids::{DeliveryMethodId, EventId, InsuranceId};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::taxes::TaxSpec;
use aforo_domain::text::Localized;
use serde::{Deserialize, Serialize};

use super::catalogue::{Texts, label, localized};
use super::session_body::TaxBody;
use super::sessions::TaxView;
use super::words;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::wire::{Money, Num};

/// The words for ways of delivery.
pub const DELIVERY_KINDS: &[(&str, DeliveryKind)] = &[
    ("EMAIL", DeliveryKind::Email),
    ("WALLET", DeliveryKind::Wallet),
    ("PRINT_AT_HOME", DeliveryKind::PrintAtHome),
    ("PICK_UP", DeliveryKind::PickUp),
    ("POST", DeliveryKind::Post),
];

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What a channel may note on its orders, and what it must.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MetadataView {
    /// Keys of one order at most.
    max_elements: u32,
    /// Characters of a key at most.
    key_max_length: u32,
    /// Characters of a value at most.
    value_max_length: u32,
    /// Keys without which pre-confirm refuses.
    required: Vec<String>,
}

/// What a channel may note on its orders, and what it must. What is left out is as usual: 20 keys of 50 characters with values of 500, none required.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MetadataBody {
    /// 0 to 100.
    max_elements: Option<Num>,
    /// 1 to 255.
    key_max_length: Option<Num>,
    /// 1 to 1 000.
    value_max_length: Option<Num>,
    required: Option<Vec<String>>,
}

impl MetadataBody {
    /// What it says; whether it fits together is checked with the channel's other settings.
    pub fn read(&self, checks: &mut Checks) -> MetadataRules {
        let usual = MetadataRules::default();
        let mut most = |name: &str, value: &Option<Num>, usual: u32, range| {
            let name = format!("consumer_metadata.{name}");
            checks.optional_whole(&name, value.as_ref(), range).map_or(usual, |most| most as u32)
        };
        MetadataRules {
            max_elements: most("max_elements", &self.max_elements, usual.max_elements, 0..=100),
            key_max_length: most("key_max_length", &self.key_max_length, usual.key_max_length, 1..=255),
            value_max_length: most("value_max_length", &self.value_max_length, usual.value_max_length, 1..=1_000),
            required: self.required.clone().unwrap_or_default(),
        }
    }
}

impl From<&MetadataRules> for MetadataView {
    fn from(rules: &MetadataRules) -> Self {
        let MetadataRules { max_elements, key_max_length, value_max_length, required } = rules.clone();
        Self { max_elements, key_max_length, value_max_length, required }
    }
}

/// Whether a channel books, and for how long.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BookingView {
    enabled: bool,
    /// How long a booking lives at most.
    minutes: i64,
    /// How many hours before its first session's start it ends, if not sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours_before: Option<i64>,
}

/// Whether a channel books, and for how long. What is left out is as usual: it does not, and a booking lives 45 minutes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct BookingBody {
    enabled: Option<bool>,
    /// How long a booking lives at most: 1 to 527 040 (a year).
    minutes: Option<Num>,
    /// How many hours before its first session's start it ends, if not sooner.
    hours_before: Option<Num>,
}

impl BookingBody {
    /// Reads them.
    pub fn read(&self, checks: &mut Checks) -> BookingTerms {
        let usual = BookingTerms::default();
        let most = (MAX_BOOKING_MS / MINUTE_MS).unsigned_abs();
        let minutes = checks.optional_whole("booking.minutes", self.minutes.as_ref(), 1..=most);
        BookingTerms {
            enabled: self.enabled.unwrap_or(usual.enabled),
            life_ms: minutes.map_or(usual.life_ms, |minutes| minutes as i64 * MINUTE_MS),
            before_ms: self.hours_before.as_ref().map(|hours| before_ms(checks, "booking.hours_before", Some(hours))),
        }
    }
}

impl From<&BookingTerms> for BookingView {
    fn from(terms: &BookingTerms) -> Self {
        let hours_before = terms.before_ms.map(|before| before / HOUR_MS);
        Self { enabled: terms.enabled, minutes: terms.life_ms / MINUTE_MS, hours_before }
    }
}

/// A way of delivery.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryMethodView<'a> {
    id: u64,
    r#type: &'static str,
    name: String,
    texts: NamesView,
    cost: Money,
    hours_before: i64,
    /// The tax that the cost includes.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<TaxView<'a>>,
}

/// Names in other languages.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct NamesView {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    name: Localized,
}

impl NamesView {
    /// These names.
    pub fn of(names: &Localized) -> Self {
        Self { name: names.clone() }
    }
}

/// Names in other languages.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NamesBody {
    name: Option<Texts>,
}

/// A way of delivery to be offered.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DeliveryMethodBody {
    /// Once in the channel.
    #[schema(required = true)]
    id: Option<Num>,
    /// `EMAIL`, `WALLET`, `PRINT_AT_HOME`, `PICK_UP` or `POST`.
    #[schema(required = true)]
    r#type: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    texts: Option<NamesBody>,
    /// Of an order, in the channel's currency; else 0.
    cost: Option<Num>,
    /// How many hours before each session's start it must be chosen; else 0.
    hours_before: Option<Num>,
    /// The tax that the cost includes; the operator's sessions and channels share their taxes.
    tax: Option<TaxBody>,
}

/// Reads ways of delivery.
pub fn deliveries(checks: &mut Checks, list: Option<&[DeliveryMethodBody]>, currency: Currency) -> Option<Vec<DeliveryMethod<TaxSpec>>> {
    let list = bounded(checks, "delivery_methods", list)?;
    let read = |body: &DeliveryMethodBody| {
        let kind = checks.required("delivery_methods.type", body.r#type.as_deref());
        let kind = checks.one_of("delivery_methods.type", kind, DELIVERY_KINDS)?;
        Some(DeliveryMethod {
            id: DeliveryMethodId(checks.id("delivery_methods.id", body.id.as_ref())),
            kind,
            name: label(checks, "delivery_methods.name", body.name.as_deref(), None),
            names: names(checks, "delivery_methods.texts.name", body.texts.as_ref()),
            cost: checks.optional_amount("delivery_methods.cost", body.cost.as_ref(), currency).unwrap_or_default(),
            before_ms: before_ms(checks, "delivery_methods.hours_before", body.hours_before.as_ref()),
            tax: body.tax.as_ref().map(|tax| tax.read(checks, "delivery_methods.tax")),
        })
    };
    Some(list.iter().filter_map(read).collect())
}

/// Shows ways of delivery.
pub fn show_deliveries<'a>(methods: &'a [DeliveryMethod], currency: Currency) -> Vec<DeliveryMethodView<'a>> {
    let view = |method: &'a DeliveryMethod| DeliveryMethodView {
        id: method.id.0,
        r#type: words::show(DELIVERY_KINDS, &method.kind),
        name: method.name.clone(),
        texts: NamesView::of(&method.names),
        cost: Money::of(currency, method.cost),
        hours_before: method.before_ms / HOUR_MS,
        tax: method.tax.as_ref().map(TaxView::of),
    };
    methods.iter().map(view).collect()
}

/// An insurance.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InsuranceView<'a> {
    id: u64,
    name: String,
    texts: NamesView,
    /// `FIXED` or `PERCENTAGE`.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_url: Option<String>,
    /// Only items of these events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<u64>,
    hours_before: i64,
    /// The tax that premiums include.
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<TaxView<'a>>,
}

/// An insurance to be offered: `FIXED` has a `value` an item, `PERCENTAGE` has `percent` of an item's price after promotions, with `min` and `max`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct InsuranceBody {
    /// Once in the channel.
    #[schema(required = true)]
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    texts: Option<NamesBody>,
    /// `FIXED` or `PERCENTAGE`.
    #[schema(required = true)]
    r#type: Option<String>,
    value: Option<Num>,
    /// Per cent, at most four decimals.
    percent: Option<Num>,
    min: Option<Num>,
    max: Option<Num>,
    /// Where its terms are to be read.
    terms_url: Option<String>,
    /// Ids of events; all if left out.
    events: Option<Vec<Num>>,
    /// How many hours before its session's start an item may be insured; else 0.
    hours_before: Option<Num>,
    /// The tax that premiums include; the operator's sessions and channels share their taxes.
    tax: Option<TaxBody>,
}

/// Reads insurances.
pub fn insurances(checks: &mut Checks, list: Option<&[InsuranceBody]>, currency: Currency) -> Option<Vec<Insurance<TaxSpec>>> {
    let list = bounded(checks, "insurances", list)?;
    Some(list.iter().filter_map(|body| body.read(checks, currency)).collect())
}

impl InsuranceBody {
    fn read(&self, checks: &mut Checks, currency: Currency) -> Option<Insurance<TaxSpec>> {
        let events = bounded(checks, "insurances.events", self.events.as_deref()).unwrap_or_default();
        Some(Insurance {
            id: InsuranceId(checks.id("insurances.id", self.id.as_ref())),
            name: label(checks, "insurances.name", self.name.as_deref(), None),
            names: names(checks, "insurances.texts.name", self.texts.as_ref()),
            premium: self.premium(checks, currency)?,
            terms_url: checks.optional_text("insurances.terms_url", self.terms_url.as_deref()),
            events: events.iter().map(|event| EventId(checks.id("insurances.events", Some(event)))).collect(),
            before_ms: before_ms(checks, "insurances.hours_before", self.hours_before.as_ref()),
            tax: self.tax.as_ref().map(|tax| tax.read(checks, "insurances.tax")),
        })
    }

    fn premium(&self, checks: &mut Checks, currency: Currency) -> Option<Premium> {
        let word = checks.required("insurances.type", self.r#type.as_deref());
        if checks.one_of("insurances.type", word, &[("FIXED", true), ("PERCENTAGE", false)])? {
            return Some(Premium::Fixed(checks.amount("insurances.value", self.value.as_ref(), currency)));
        }
        let percent = checks.required("insurances.percent", self.percent.as_ref()).map(Num::text);
        Some(Premium::Share {
            percent: checks.formed("insurances.percent", percent, Percent::parse).unwrap_or_default(),
            min: checks.optional_amount("insurances.min", self.min.as_ref(), currency).unwrap_or_default(),
            max: checks.optional_amount("insurances.max", self.max.as_ref(), currency),
        })
    }
}

/// Shows insurances.
pub fn show_insurances<'a>(insurances: &'a [Insurance], currency: Currency) -> Vec<InsuranceView<'a>> {
    let view = |insurance: &'a Insurance| {
        let money = |minor| Some(Money::of(currency, minor));
        let (r#type, value, percent, min, max) = match insurance.premium {
            Premium::Fixed(value) => ("FIXED", money(value), None, None, None),
            Premium::Share { percent, min, max } => ("PERCENTAGE", None, Some(Money::percent(percent)), money(min), max.and_then(money)),
        };
        InsuranceView {
            id: insurance.id.0,
            name: insurance.name.clone(),
            texts: NamesView::of(&insurance.names),
            r#type,
            value,
            percent,
            min,
            max,
            terms_url: insurance.terms_url.clone(),
            events: insurance.events.iter().map(|event| event.0).collect(),
            hours_before: insurance.before_ms / HOUR_MS,
            tax: insurance.tax.as_ref().map(TaxView::of),
        }
    };
    insurances.iter().map(view).collect()
}

/// A list that is not too long to look at.
fn bounded<'a, T>(checks: &mut Checks, name: &str, list: Option<&'a [T]>) -> Option<&'a [T]> {
    let list = list?;
    if list.len() > MAX_ELEMENTS {
        checks.bad_value(name);
        return None;
    }
    Some(list)
}

/// Reads names in other languages.
pub fn names(checks: &mut Checks, name: &str, texts: Option<&NamesBody>) -> Localized {
    localized(checks, name, texts.and_then(|texts| texts.name.as_ref()), None)
}

fn before_ms(checks: &mut Checks, name: &str, hours: Option<&Num>) -> i64 {
    let most = (MAX_BEFORE_MS / HOUR_MS).unsigned_abs();
    checks.optional_whole(name, hours, 0..=most).map_or(0, |hours| hours as i64 * HOUR_MS)
}
