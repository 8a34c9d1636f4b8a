//! `GET /sessions/{id}/prices`: what each price type costs at each rate.

use aforo_domain::catalogue::{Offer, RateKind};
use aforo_domain::identity::Channel;
use aforo_domain::moment::Timestamp;
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::availability::Seen;
use super::money::{Amount, Price, Surcharge};
use super::promoted::{Variation, promoted};
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::respond::{Problem, json_bytes};
use crate::http::wire::Money;

/// A session's prices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionPrices<'a> {
    rates: Vec<RatePrices<'a>>,
    /// Of all of them (ISO 4217).
    currency: &'a str,
}

/// The prices of a rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RatePrices<'a> {
    id: u64,
    name: &'a str,
    default: bool,
    /// There, and true, if it is one: given away by who may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    invitation: bool,
    price_types: Vec<PriceTypePrice<'a>>,
}

/// The price of a price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceTypePrice<'a> {
    id: u64,
    name: &'a str,
    price: FullPrice,
}

/// A price, after the promotions that every item has now by itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FullPrice {
    value: Money,
    surcharge: Surcharge,
    /// The value before promotions, if they lower it.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_price: Option<Money>,
    /// What they take off it.
    #[serde(skip_serializing_if = "Option::is_none")]
    variation: Option<Variation>,
    /// What the buyer pays.
    total: Money,
    /// Without the taxes that it includes.
    net: NetPrice,
}

/// A price without the taxes that it includes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NetPrice {
    value: Money,
    surcharge: Surcharge,
    total: Money,
}

impl FullPrice {
    fn of(offer: &Offer, price: Price) -> Self {
        let net = price.net(offer);
        let (Amount { value, surcharge }, without) = (price.amount(), net.amount());
        let net = NetPrice { value: without.value, surcharge: without.surcharge, total: net.total() };
        Self { value, surcharge, original_price: None, variation: None, total: price.total(), net }
    }
}

/// The prices as they are until time changes them: a promotion begins or ends.
fn prices<'a>(offer: &'a Offer, channel: &Channel, now: Timestamp) -> SessionPrices<'a> {
    let session = &offer.session;
    let sold_at = |at| {
        let base = *session.prices.get(&at)?;
        Some(match promoted(offer, channel, now, at, base) {
            Some(promoted) => FullPrice {
                original_price: Some(promoted.original.amount().value),
                variation: Some(promoted.variation),
                ..FullPrice::of(offer, promoted.price)
            },
            None => FullPrice::of(offer, Price::of(offer, channel, base)),
        })
    };
    let rates = offer.rates_in(channel).map(|rate| {
        let priced = offer.plan.template.price_types.iter().filter_map(|price_type| {
            let price = match rate.kind {
                RateKind::Sale => sold_at((price_type.id, rate.id))?,
                RateKind::Invitation { .. } => FullPrice::of(offer, Price::nothing(offer)),
            };
            Some(PriceTypePrice { id: price_type.id.0, name: &price_type.name, price })
        });
        let (default, invitation) = (rate.id == session.default_rate, rate.is_invitation());
        RatePrices { id: rate.id.0, name: &rate.name, default, invitation, price_types: priced.collect() }
    });
    SessionPrices { rates: rates.collect(), currency: offer.event.currency.code() }
}

/// Reads what each price type of a session costs at each rate; a price type that a rate has no price for is not sold at it.
#[utoipa::path(
    get, path = "/sessions/{id}/prices", tag = "catalogue", operation_id = "get_prices", params(("id" = u64, Path)),
    responses((status = 200, body = SessionPrices)),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId) -> Result<Response, Problem> {
    Ok(json_bytes(Seen::find(&caller, id)?.prices()))
}

impl Seen {
    /// Its prices.
    pub fn prices(&self) -> Bytes {
        let sheet = &self.sheet;
        // No map has a key that is no string, so it is JSON.
        let encode = || serde_json::to_vec(&prices(&sheet.offer, &sheet.channel, sheet.current.start)).unwrap_or_default().into();
        sheet.prices.get_or_init(encode).clone()
    }
}
