//! What is made of a session: the documents of the management API. Nothing is sent here.
//!
//! Sectors become not-numbered zones, one for each price type; places that are gone are blocked. Where the list and the availability differ, the
//! availability wins; without one, the list's counts stand in one sector.

use std::collections::HashSet;

use aforo_domain::money::{Currency, Minor};
use serde_json::{Map, Number, Value, json};

use super::source::{Amount, Copy, Counts, Event, PriceType, PriceTypePrice, Rate, Sector, Session, Venue};

/// The rate of sessions that name none.
const ONLY_RATE: &str = "General";
/// The sector of sessions without a known availability.
const ONLY_SECTOR: &str = "General";
/// What stands where a venue's address has a gap.
const UNKNOWN: &str = "-";

/// A venue.
pub fn venue(venue: &Venue, entity: Option<u64>) -> Value {
    let mut location = venue.location.as_object().cloned().unwrap_or_default();
    for part in ["address", "city"] {
        fill(&mut location, part);
    }
    for part in ["country", "country_subdivision"] {
        let mut coded = location.get(part).and_then(Value::as_object).cloned().unwrap_or_default();
        fill(&mut coded, "code");
        fill(&mut coded, "name");
        location.insert(part.to_owned(), Value::Object(coded));
    }
    if location.get("time_zone").is_none_or(is_blank) {
        location.insert("time_zone".to_owned(), json!("UTC"));
    }
    json!({"id": venue.id, "entity_id": entity, "name": venue.name, "location": location, "image": venue.image})
}

fn fill(object: &mut Map<String, Value>, part: &str) {
    if object.get(part).is_none_or(is_blank) {
        object.insert(part.to_owned(), json!(UNKNOWN));
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.trim().is_empty())
}

/// An event.
pub fn event(event: &Event, entity: Option<u64>, currency: Currency) -> Value {
    let language = event.default_language.as_deref().unwrap_or("es_ES");
    json!({
        "id": event.id, "entity_id": entity, "name": event.name, "status": "READY", "currency": currency.code(), "default_language": language,
        "texts": event.texts, "images": event.images,
    })
}

/// A session's plan.
pub fn template(copy: &Copy) -> Value {
    let session = &copy.session;
    let price_types = price_types(copy);
    let codes = codes(price_types);
    let kinds = price_types
        .iter()
        .zip(&codes)
        .map(|(kind, code)| json!({"id": kind.id, "name": kind.name, "code": code, "texts": kind.texts, "ui_settings": kind.ui_settings}));
    let code_of = |id: u64| price_types.iter().position(|kind| kind.id == id).map(|index| codes[index].as_str());
    let zone = |kind: &PriceType| {
        let Counts { total, available } = kind.availability;
        let places = json!([{"count": total, "blocked": total.saturating_sub(available)}]);
        json!({"name": kind.name, "price_type": code_of(kind.id), "places": places})
    };
    let zones = |kinds: &[PriceType]| kinds.iter().map(zone).collect::<Vec<_>>();
    let sector = |sector: &Sector| {
        let code = sector.code.as_deref().unwrap_or(&sector.name);
        json!({"id": sector.id, "name": sector.name, "code": code, "zones": zones(&sector.price_types)})
    };
    let sectors: Vec<_> = match copy.availability.as_ref().filter(|availability| !availability.sectors.is_empty()) {
        Some(availability) => availability.sectors.iter().map(sector).collect(),
        None => vec![json!({"name": ONLY_SECTOR, "zones": zones(price_types)})],
    };
    json!({
        "venue_id": session.venue.id, "name": format!("Session {}", session.id), "graphic": session.venue.graphic,
        "check_orphan_seats": session.venue.check_orphan_seats, "price_types": kinds.collect::<Vec<_>>(), "sectors": sectors,
    })
}

/// The price types with the counts that hold.
fn price_types(copy: &Copy) -> &[PriceType] {
    copy.availability.as_ref().map_or(&copy.session.availability.price_types, |availability| &availability.price_types)
}

/// A code for each price type; one that is missing or there twice is told apart by the id.
fn codes(price_types: &[PriceType]) -> Vec<String> {
    let mut used = HashSet::new();
    let code = |kind: &PriceType| {
        let code = kind.code.clone().unwrap_or_else(|| kind.name.clone());
        if used.insert(code.clone()) { code } else { format!("{code} {}", kind.id) }
    };
    price_types.iter().map(code).collect()
}

/// A session on its plan.
///
/// # Errors
/// If a price is not an amount of the currency.
pub fn session(copy: &Copy, template: u64, currency: Currency) -> Result<Value, String> {
    let session = &copy.session;
    let mut dates = session.date.as_object().cloned().unwrap_or_default();
    if !(dates.contains_key("booking_start") && dates.contains_key("booking_end")) {
        dates.remove("booking_start");
        dates.remove("booking_end");
    }
    Ok(json!({
        "id": session.id, "name": session.name, "venue_template_id": template, "status": "READY", "selling": session.for_sale,
        "date": dates, "texts": object(&session.texts), "images": object(&session.images),
        "rates": rates(copy, currency)?, "surcharges": surcharges(session, currency)?,
        "taxes": {"tickets": session.price.taxes.tickets, "surcharges": session.price.taxes.surcharges},
        "external_reference": session.external_reference,
    }))
}

/// An object, or none.
fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

/// The tariffs, with what `/prices` says, else with prices from the smallest to the largest along the price types.
fn rates(copy: &Copy, currency: Currency) -> Result<Vec<Value>, String> {
    let session = &copy.session;
    let only = [Rate { id: 0, name: ONLY_RATE.to_owned(), default: true }];
    let rates = if session.rates.is_empty() { &only[..] } else { &session.rates };
    let guessed = guessed(session, price_types(copy), currency)?;
    let rate = |rate: &Rate| {
        let told = copy.prices.as_ref().and_then(|prices| prices.rates.iter().find(|told| told.id == rate.id));
        let prices: Vec<_> = match told {
            Some(told) => told.price_types.iter().map(told_price).collect(),
            None => guessed.of_rate(rate, rates.len()).map(|(id, value)| priced(id, currency, value)).collect(),
        };
        let id = (rate.id > 0).then_some(rate.id);
        json!({"id": id, "name": rate.name, "default": rate.default, "prices": prices})
    };
    Ok(rates.iter().map(rate).collect())
}

fn told_price(told: &PriceTypePrice) -> Value {
    json!({"price_type_id": told.id, "value": told.price.value})
}

fn priced(id: u64, currency: Currency, value: Minor) -> Value {
    json!({"price_type_id": id, "value": Number::from_string_unchecked(currency.show_amount(value))})
}

/// Prices by price type where only the smallest and the largest are known.
struct Guessed {
    prices: Vec<(u64, Minor)>,
    min: Minor,
}

impl Guessed {
    /// With one price type and several rates, the rates that are not the default cost the smallest price.
    fn of_rate(&self, rate: &Rate, rates: usize) -> impl Iterator<Item = (u64, Minor)> {
        let reduced = self.prices.len() == 1 && rates > 1 && !rate.default;
        self.prices.iter().map(move |(id, value)| (*id, if reduced { self.min } else { *value }))
    }
}

/// In even steps from the first price type to the last one.
fn guessed(session: &Session, price_types: &[PriceType], currency: Currency) -> Result<Guessed, String> {
    let (min, max) = (minor(&session.price.min.value, currency)?, minor(&session.price.max.value, currency)?);
    let steps = price_types.len() as i64 - 1;
    let value = |index: usize| if steps > 0 { min + (max - min) * index as i64 / steps } else { max };
    Ok(Guessed { prices: price_types.iter().enumerate().map(|(index, kind)| (kind.id, value(index))).collect(), min })
}

fn minor(value: &Number, currency: Currency) -> Result<Minor, String> {
    currency.parse_amount(value.as_str()).ok_or_else(|| format!("{value} is not an amount of {}", currency.code()))
}

/// The promoter's surcharge: so much a ticket, or a share of the price where it grows with the price. The channel's are the server's own.
fn surcharges(session: &Session, currency: Currency) -> Result<Value, String> {
    let promoter = |amount: &Amount| {
        let value = amount.surcharge.as_ref().and_then(|surcharge| surcharge.promoter.as_ref());
        value.map_or(Ok(0), |value| minor(value, currency))
    };
    let (low, high) = (promoter(&session.price.min)?, promoter(&session.price.max)?);
    let money = |value| Number::from_string_unchecked(currency.show_amount(value));
    let largest = minor(&session.price.max.value, currency)?;
    if low == high || largest == 0 {
        return Ok(if high == 0 { json!([]) } else { json!([{"type": "PER_TICKET", "value": money(high)}]) });
    }
    let percent = format!("{:.4}", high as f64 * 100.0 / largest as f64);
    Ok(json!([{"type": "PERCENTAGE", "percent": Number::from_string_unchecked(percent), "min": money(low), "max": money(high)}]))
}
