//! A product as management reads it from a request.

use std::collections::BTreeMap;

use aforo_domain::catalogue::manage::ProductSpec;
use aforo_domain::identity::Status;
use aforo_domain::ids::{ChannelId, EntityId, ProductId};
use aforo_domain::money::{Currency, Minor};
use aforo_domain::products::{OnlyWith, Product, ProductLimits};
use serde::Deserialize;

use super::catalogue::{Clearable, Texts, clearable, label, localized};
use super::promotion_body::{ids, limit, window};
use super::session_body::{TaxBody, taxes};
use super::words;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Currencies that a product is sold in at most.
const MAX_PRICES: usize = 20;

/// A product to be made or changed. To make one, `name` and `prices` are needed. `prices`, `taxes`, `channels`, `only_with` and `limits` are replaced as a whole.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ProductBody {
    /// Only for a new one; else the next one.
    id: Option<Num>,
    /// Only for a new one: the promoter that sells it, else the caller's entity.
    entity_id: Option<Num>,
    name: Option<String>,
    /// `ACTIVE` (at first) or `INACTIVE`: whether it is for sale.
    status: Option<String>,
    texts: Option<ProductTextsBody>,
    /// A picture's address by language.
    image: Option<Texts>,
    /// What a unit costs, taxes included: once in each of at most 20 currencies.
    prices: Option<Vec<ProductPriceBody>>,
    /// Taxes that the price includes.
    taxes: Option<Vec<TaxBody>>,
    /// The channels that sell it, at most 500; at first none.
    channels: Option<Vec<Num>>,
    /// From when on it is sold.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    sale_start: Clearable<String>,
    /// Until when it is sold.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    sale_end: Clearable<String>,
    only_with: Option<OnlyWithBody>,
    limits: Option<ProductLimitsBody>,
}

/// Its texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ProductTextsBody {
    name: Option<Texts>,
    description: Option<Texts>,
}

/// What a unit costs in a currency.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ProductPriceBody {
    #[schema(required = true)]
    currency: Option<String>,
    #[schema(required = true)]
    value: Option<Num>,
}

/// What it goes with: only an order that holds a place of one of these events or sessions may have it, and it leaves with the last of them. Without any it
/// goes by itself. At most 100 of each.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct OnlyWithBody {
    events: Option<Vec<Num>>,
    sessions: Option<Vec<Num>>,
}

/// How many units may be taken; without a number, as many as one likes.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ProductLimitsBody {
    /// In all live orders and sold: at least as many as are taken.
    stock: Option<Num>,
    /// In one order.
    per_order: Option<Num>,
}

impl ProductBody {
    /// What it asks for; what it leaves out is as it is.
    ///
    /// # Errors
    /// `DIST0004` to `DIST0006`.
    pub fn read(&self, current: Option<&Product>) -> Result<(Option<ProductId>, ProductSpec), Problem> {
        let mut checks = Checks::new();
        let none = ProductTextsBody::default();
        let texts = self.texts.as_ref().unwrap_or(&none);
        let status = checks.one_of("status", self.status.as_deref(), words::STATUS).or(current.map(|current| current.status));
        let prices = match &self.prices {
            Some(prices) => read_prices(&mut checks, prices),
            None => checks.required("prices", current).map(|current| current.prices.clone()).unwrap_or_default(),
        };
        let sale = current.and_then(|current| current.sale);
        let sale = window(&mut checks, ("sale_start", &self.sale_start), ("sale_end", &self.sale_end), sale);
        let channels = self.channels.as_deref().map(|channels| read_channels(&mut checks, channels));
        let only_with = self.only_with.as_ref().map(|body| OnlyWith {
            events: ids(&mut checks, "only_with.events", body.events.as_deref()),
            sessions: ids(&mut checks, "only_with.sessions", body.sessions.as_deref()),
        });
        let limits = self.limits.as_ref().map(|body| ProductLimits {
            stock: checks.optional_whole("limits.stock", body.stock.as_ref(), 0..=1_000_000_000).map(|stock| stock as u32),
            per_order: limit(&mut checks, "limits.per_order", body.per_order.as_ref()),
        });
        let (names, descriptions) = (current.map(|current| &current.names), current.map(|current| &current.descriptions));
        let spec = ProductSpec {
            entity: checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId),
            name: label(&mut checks, "name", self.name.as_deref(), current.map(|current| current.name.as_str())),
            names: localized(&mut checks, "texts.name", texts.name.as_ref(), names),
            descriptions: localized(&mut checks, "texts.description", texts.description.as_ref(), descriptions),
            images: localized(&mut checks, "image", self.image.as_ref(), current.map(|current| &current.images)),
            status: status.unwrap_or(Status::Active),
            prices,
            taxes: taxes(&mut checks, "taxes", self.taxes.as_deref(), current.map(|current| current.taxes.as_slice())),
            channels: channels.or_else(|| current.map(|current| current.channels.clone())).unwrap_or_default(),
            sale,
            only_with: only_with.or_else(|| current.map(|current| current.only_with.clone())).unwrap_or_default(),
            limits: limits.or(current.map(|current| current.limits)).unwrap_or_default(),
        };
        let id = checks.optional_id("id", self.id.as_ref()).map(ProductId);
        checks.done((id, spec))
    }
}

fn read_prices(checks: &mut Checks, bodies: &[ProductPriceBody]) -> BTreeMap<Currency, Minor> {
    if bodies.is_empty() || bodies.len() > MAX_PRICES {
        checks.bad_value("prices");
    }
    let mut prices = BTreeMap::new();
    for body in bodies.iter().take(MAX_PRICES) {
        let (text, value) =
            (checks.required("prices.currency", body.currency.as_deref()), checks.required("prices.value", body.value.as_ref()));
        let Some(currency) = checks.formed("prices.currency", text, Currency::parse) else { continue };
        let price = checks.optional_amount("prices.value", value, currency).unwrap_or_default();
        if prices.insert(currency, price).is_some() {
            checks.bad_value("prices.currency");
        }
    }
    prices
}

/// Channels, each once.
fn read_channels(checks: &mut Checks, bodies: &[Num]) -> Vec<ChannelId> {
    if bodies.len() > MAX_ELEMENTS {
        checks.bad_value("channels");
    }
    let mut channels: Vec<_> = bodies.iter().take(MAX_ELEMENTS).map(|id| ChannelId(checks.id("channels", Some(id)))).collect();
    channels.sort_unstable();
    channels.dedup();
    channels
}
