//! Products: what a promoter sells beside places. How a request is read is [`super::product_body`]'s.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, Target};
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::ids::{EntityId, ProductId};
use aforo_domain::products::Product;
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::Serialize;

use super::catalogue::{Texts, existing};
use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::product_body::ProductBody;
use super::promotion_body::{BEGINNING, END};
use super::sessions::{TaxView, taxes};
use super::{IfMatch, read, words, written};
use crate::engine::view::ShardView;
use crate::http::call::{Call, NoBody};
use crate::http::extract::{Allowed, EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time;
use crate::http::wire::{List, Money};

/// A product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    /// `ACTIVE` or `INACTIVE`: whether it is for sale.
    status: &'static str,
    texts: ProductTextsView<'a>,
    /// A picture's address by language.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    image: &'a Localized,
    /// What a unit costs in each currency, taxes included.
    prices: Vec<ProductPriceView>,
    /// Taxes that the price includes.
    taxes: Vec<TaxView<'a>>,
    /// The channels that sell it.
    channels: Vec<u64>,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_end: Option<String>,
    only_with: OnlyWithView,
    limits: ProductLimitsView,
    units: UnitsView,
}

/// Its texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    name: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description: &'a Localized,
}

/// What a unit costs in a currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductPriceView {
    currency: String,
    value: Money,
}

/// What it goes with: a place of any of these. Without any it goes by itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OnlyWithView {
    events: Vec<u64>,
    sessions: Vec<u64>,
}

/// How many units may be taken; without a number, as many as one likes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductLimitsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_order: Option<u32>,
}

/// How its units stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitsView {
    /// In live orders and sold.
    taken: i64,
    /// Left of the stock, where it is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<u32>,
}

impl<'a> ProductTextsView<'a> {
    /// Those of a product.
    pub fn of(product: &'a Product) -> Self {
        Self { name: &product.names, description: &product.descriptions }
    }
}

impl ProductPriceView {
    /// Those of a product.
    pub fn all(product: &Product) -> Vec<Self> {
        let price = |(currency, price): (&_, &_)| Self { currency: ToString::to_string(currency), value: Money::of(*currency, *price) };
        product.prices.iter().map(price).collect()
    }
}

impl OnlyWithView {
    /// That of a product.
    pub fn of(product: &Product) -> Self {
        let only_with = &product.only_with;
        Self { events: only_with.events.iter().map(|id| id.0).collect(), sessions: only_with.sessions.iter().map(|id| id.0).collect() }
    }
}

fn view<'a>(product: &'a Product, shard: &ShardView) -> ProductView<'a> {
    let taken = shard.taken.get(&product.id).copied().unwrap_or(0);
    ProductView {
        id: product.id.0,
        entity_id: product.entity.0,
        name: &product.name,
        status: words::show(words::STATUS, &product.status),
        texts: ProductTextsView::of(product),
        image: &product.images,
        prices: ProductPriceView::all(product),
        taxes: taxes(&product.taxes),
        channels: product.channels.iter().map(|id| id.0).collect(),
        sale_start: product.sale.map(|window| window.start).filter(|start| *start != BEGINNING).map(time::utc),
        sale_end: product.sale.map(|window| window.end).filter(|end| *end != END).map(time::utc),
        only_with: OnlyWithView::of(product),
        limits: ProductLimitsView { stock: product.limits.stock, per_order: product.limits.per_order },
        units: UnitsView { taken, available: product.left(taken) },
    }
}

impl Listed for Product {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// A product within the caller's reach.
fn find<A: Allowed>(manager: &Manager<A>, view: &ShardView, id: u64) -> Result<Arc<Product>, Problem> {
    let product = view.catalogue.products.get(&ProductId(id)).filter(|product| product.status != Status::Gone);
    let product = product.ok_or(Code::NotFound)?;
    if manager.reach()?.covers(product.entity) { Ok(product.clone()) } else { Err(Code::NotFound.into()) }
}

/// Lists products.
#[utoipa::path(
    get, path = "/products", operation_id = "list_products", tag = "products",
    params(Paged, ByName, ByStatus, ByEntity), responses((status = 200, body = List<ProductView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Product>(&params)?;
    let reach = manager.reach()?;
    let is_shown = |product: &&Product| product.status != Status::Gone && reach.covers(product.entity);
    let products = manager.view.catalogue.products.values().map(AsRef::as_ref).filter(is_shown);
    Ok(listing.answer(products, |product| view(product, &manager.view)))
}

/// Makes a product.
#[utoipa::path(
    post, path = "/products", operation_id = "create_product", tag = "products", params(("operator_id" = Option<u64>, Query)),
    request_body = ProductBody, responses((status = 200, body = ProductView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, call: Call<ProductBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveProduct(Target::New(id), Box::new(spec))).await?;
    answer(&manager, id, &answered)
}

/// Reads a product.
#[utoipa::path(
    get, path = "/products/{id}", operation_id = "get_product", tag = "products",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = ProductView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let product = find(&manager, &manager.view, id)?;
    Ok(read(&view(&product, &manager.view), product.version))
}

/// Changes what the body names of a product. Orders that have units already keep them as they were; a stock below what is taken is refused.
#[utoipa::path(
    patch, path = "/products/{id}", operation_id = "change_product", tag = "products",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = ProductBody,
    responses((status = 200, body = ProductView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<ProductBody>,
) -> Result<Response, Problem> {
    let product = find(&manager, &manager.view, id)?;
    let (_, spec) = call.body.read(Some(&product))?;
    let target = existing(product.id, seen, product.version);
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveProduct(target, Box::new(spec))).await?;
    answer(&manager, id, &answered)
}

/// Takes a product out of every channel for good. Baskets that have it already are not pre-confirmed with it; what waits for its payment is sold.
#[utoipa::path(
    delete, path = "/products/{id}", operation_id = "delete_product", tag = "products",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let (id, answered) = manager.save(&call, CatalogueCommand::EndProduct(ProductId(id), seen)).await?;
    Ok(super::deleted(&answered, id))
}

/// What was saved, as it is by now.
fn answer(manager: &Manager<EventManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let newest = manager.app.engine.views().shard(manager.shard);
    let newest = newest.as_ref().unwrap_or(&manager.view);
    let product = find(manager, newest, id)?;
    Ok(written(answered, &view(&product, newest), product.version))
}
