//! `GET /products` and `GET /products/{id}`: what a channel sells beside places. Read from what is published: how many units are left is as of the last
//! batch that took or gave back one.

use aforo_domain::error::Code;
use aforo_domain::ids::{EventId, ProductId, SessionId};
use aforo_domain::products::Product;
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::Serialize;

use crate::api::mgmt::products::{OnlyWithView, ProductPriceView, ProductTextsView};
use crate::api::mgmt::promotion_body::{BEGINNING, END};
use crate::api::mgmt::sessions::{TaxView, taxes};
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time;
use crate::http::wire::List;

/// A product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductItem<'a> {
    id: u64,
    name: &'a str,
    texts: ProductTextsView<'a>,
    /// A picture's address by language.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    image: &'a Localized,
    /// What a unit costs in each currency, taxes included. Nothing is added to it.
    prices: Vec<ProductPriceView>,
    taxes: Vec<TaxView<'a>>,
    /// When it is sold, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_end: Option<String>,
    /// An order has it only beside a place of any of these; without any, by itself.
    only_with: OnlyWithView,
    /// Units in one order at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_order: Option<u32>,
    /// Units that are left; without a number there is no end of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<u32>,
    /// Published, and selling switched on.
    for_sale: bool,
    /// For sale, and now within the sale window.
    on_sale: bool,
    /// Nothing is left.
    sold_out: bool,
}

impl<'a> ProductItem<'a> {
    fn of(product: &'a Product, caller: &CatalogCaller) -> Self {
        let taken = caller.view.taken.get(&product.id).copied().unwrap_or(0);
        let available = product.left(taken);
        Self {
            id: product.id.0,
            name: &product.name,
            texts: ProductTextsView::of(product),
            image: &product.images,
            prices: ProductPriceView::all(product),
            taxes: taxes(&product.taxes),
            sale_start: product.sale.map(|window| window.start).filter(|start| *start != BEGINNING).map(time::utc),
            sale_end: product.sale.map(|window| window.end).filter(|end| *end != END).map(time::utc),
            only_with: OnlyWithView::of(product),
            per_order: product.limits.per_order,
            available,
            for_sale: product.for_sale(),
            on_sale: product.on_sale(caller.now),
            sold_out: available == Some(0),
        }
    }
}

/// What a list is sorted by; what is equal goes by id.
#[derive(Clone, Copy)]
enum By {
    Id,
    Name,
}

/// Lists the products of the channel, by id unless `sort` says otherwise.
#[utoipa::path(
    get, path = "/products", tag = "catalogue", operation_id = "list_products",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("for_sale" = Option<bool>, Query), ("on_sale" = Option<bool>, Query),
        ("event_id" = Option<u64>, Query, description = "Those that an order with a place of this event may have"),
        ("session_id" = Option<u64>, Query, description = "Those that an order with a place of this session may have"),
        ("sort" = Option<String>, Query, description = "`id` or `name`, and `:asc` or `:desc`"),
    ),
    responses((status = 200, body = List<ProductItem>)),
)]
pub async fn list(caller: CatalogCaller, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let (for_sale, on_sale) = (params.boolean(&mut checks, "for_sale"), params.boolean(&mut checks, "on_sale"));
    let (event, session) = (params.id(&mut checks, "event_id").map(EventId), params.id(&mut checks, "session_id").map(SessionId));
    let sort = params.sort(&mut checks, &[("id", By::Id), ("name", By::Name)]);
    let paging = checks.done(paging)?;
    let catalogue = &caller.view.catalogue;
    let event_of = |session: &SessionId| catalogue.offers.get(session).map(|offer| offer.event.id);
    let goes_with_event = |product: &Product, event: EventId| {
        let only_with = &product.only_with;
        only_with.is_nothing() || only_with.events.contains(&event) || only_with.sessions.iter().any(|id| event_of(id) == Some(event))
    };
    let goes_with_session = |product: &Product, session: SessionId| {
        event_of(&session).map_or(product.only_with.is_nothing(), |event| product.only_with.is_met_by_one(event, session))
    };
    let is_asked_for = |product: &&Product| {
        product.is_in(caller.channel.id)
            && for_sale.is_none_or(|wanted| wanted == product.for_sale())
            && on_sale.is_none_or(|wanted| wanted == product.on_sale(caller.now))
            && event.is_none_or(|event| goes_with_event(product, event))
            && session.is_none_or(|session| goes_with_session(product, session))
    };
    let mut products: Vec<&Product> = catalogue.products.values().map(AsRef::as_ref).filter(is_asked_for).collect();
    match sort.map_or(By::Id, |sort| sort.field) {
        By::Id => products.sort_unstable_by_key(|product| product.id),
        By::Name => products.sort_by_cached_key(|product| (product.name.to_lowercase(), product.id)),
    }
    if sort.is_some_and(|sort| sort.descending) {
        products.reverse();
    }
    let page = paging.page(products);
    let data: Vec<_> = page.data.into_iter().map(|product| ProductItem::of(product, &caller)).collect();
    Ok(json(&List { metadata: page.metadata, data }))
}

/// Reads a product of the channel.
#[utoipa::path(
    get, path = "/products/{id}", tag = "catalogue", operation_id = "get_product", params(("id" = u64, Path)),
    responses((status = 200, body = ProductItem)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId) -> Result<Response, Problem> {
    let product = caller.view.catalogue.products.get(&ProductId(id)).filter(|product| product.is_in(caller.channel.id));
    let product = product.ok_or(Code::NotFound)?;
    Ok(json(&ProductItem::of(product, &caller)))
}
