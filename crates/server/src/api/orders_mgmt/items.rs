//! Items of sold orders, one by one: what a promoter or a channel copies into its own systems.

use aforo_domain::error::Code;
use aforo_domain::ids::{ItemId, OrderCode};
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::sight::Sight;
use aforo_domain::orders::{Order, Ticket};
use aforo_domain::products::SoldUnit;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{ItemOrderView, Shows};
use super::{cut, listed, paging};
use crate::api::distribution::view::{AnyItemView, BuyerView, buyer_view};
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Looks};
use crate::http::params::{Params, Sort};
use crate::http::respond::{Problem, json};
use crate::http::time::Shown;
use crate::http::wire::List;
use crate::store::lists::{Span, TicketsOf, TicketsWanted};
use std::sync::Arc;

/// An item of a sold order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderItemView<'a> {
    #[serde(flatten)]
    item: Option<AnyItemView<'a>>,
    order: ItemOrderView,
    /// What it was given back with.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<ItemRefundView>,
    /// The order of the place that was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    relocation: Option<ItemRefundView>,
    /// Where the caller sees the order whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerView<'a>>,
    purchase_date: Shown,
    /// Moves with everything that becomes of the item.
    last_modified: Shown,
}

/// The refund of an item, or its relocation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemRefundView {
    /// Its code.
    code: String,
    date: Shown,
}

/// What a list of items takes: a session (of products: a product), or what changed in some span of time, or both.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct ItemsQuery {
    session_id: Option<u64>,
    /// With `PRODUCT`.
    product_id: Option<u64>,
    /// `gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`.
    last_modified: Option<String>,
    /// `SEAT` (if it is left out): places, numbered or not. `PRODUCT`: units of products, which are of no session.
    r#type: Option<String>,
    /// `NET` (if it is left out): only items that still are their buyer's. `GROSS`: all that were ever sold, each as it stands.
    search_mode: Option<String>,
    /// `purchase_date:asc` (if it is left out), or by `last_modified`; `:desc` for the other way round.
    sort: Option<String>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    /// Has no end.
    offset: Option<u64>,
    /// The operator, where a PLATFORM_ADMIN asks.
    operator_id: Option<u64>,
}

/// Lists items of sold orders: those of the caller's own orders, and those for its own events.
#[utoipa::path(
    get, path = "/order-items", operation_id = "list_order_items", tag = "order-items", params(ItemsQuery),
    responses((status = 200, body = List<OrderItemView>)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn list(clerk: Clerk<Looks>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let session = params.id(&mut checks, "session_id");
    let product = params.id(&mut checks, "product_id");
    let changed = params.range(&mut checks, "last_modified");
    let products = params.one_of(&mut checks, "type", &[("SEAT", false), ("PRODUCT", true)]).unwrap_or(false);
    let live = params.one_of(&mut checks, "search_mode", &[("NET", true), ("GROSS", false)]).unwrap_or(true);
    let sort = params.sort(&mut checks, &[("purchase_date", false), ("last_modified", true)]);
    let page = paging(&mut checks, &params);
    let (only, other) = if products { (product, session) } else { (session, product) };
    if only.is_none() && params.get("last_modified").is_none() {
        checks.missing(if products { "product_id" } else { "session_id" });
    }
    let Sort { field: by_change, descending } = sort.unwrap_or(Sort { field: false, descending: false });
    let changed = Span { from: changed.from, to: changed.to };
    let wanted = checks.done(TicketsWanted { of: of(&clerk), only, changed, live, by_change, descending })?;
    if other.is_some() {
        return Err(Code::Dist0001.into());
    }
    let (shard, shows) = (clerk.shard, Shows::of(&clerk));
    if products {
        let found = clerk.read(move |reader| reader.units(shard, &wanted, cut(page))).await?;
        return Ok(json(&listed(page, &found, |(unit, order)| view(&Sold::from(unit), order, &clerk, shows))));
    }
    let found = clerk.read(move |reader| reader.tickets(shard, &wanted, cut(page))).await?;
    Ok(json(&listed(page, &found, |(ticket, order)| view(&Sold::from(ticket), order, &clerk, shows))))
}

/// What the rows of places and of products both say.
struct Sold {
    id: ItemId,
    code: OrderCode,
    at: Timestamp,
    changed: Timestamp,
}

impl From<&Ticket> for Sold {
    fn from(ticket: &Ticket) -> Self {
        let at = ticket.sale.map_or(ticket.changed, |sale| sale.at);
        Self { id: ticket.id, code: ticket.code, at, changed: ticket.changed }
    }
}

impl From<&SoldUnit> for Sold {
    fn from(unit: &SoldUnit) -> Self {
        Self { id: unit.id, code: unit.code, at: unit.sale.at, changed: unit.changed }
    }
}

fn of(clerk: &Clerk<Looks>) -> TicketsOf {
    match clerk.sight {
        Sight::Operator => TicketsOf::Anybody,
        Sight::Channel(own) => TicketsOf::Some(vec![own], None),
        Sight::Entity(entity) => TicketsOf::Some(clerk.channels(), Some(entity)),
    }
}

fn view<'a>(sold: &Sold, order: &'a Arc<Order>, clerk: &Clerk<Looks>, shows: Shows<'a>) -> OrderItemView<'a> {
    let seen = clerk.sight.shows(order, &clerk.view.identity, &clerk.view.catalogue);
    let whole = seen.is_some_and(|seen| Arc::ptr_eq(&seen, order));
    let became = |relocated: bool| {
        let note = order.refund_of(sold.id).filter(|note| note.relocated == relocated)?;
        Some(ItemRefundView { code: note.code.to_string(), date: shows.date_of(order, note.at) })
    };
    OrderItemView {
        item: shows.item(order, sold.id),
        order: ItemOrderView::of(order, sold.code),
        refund: became(false),
        relocation: became(true),
        buyer: order.known_buyer().filter(|_| whole).map(buyer_view),
        purchase_date: shows.date_of(order, sold.at),
        last_modified: shows.date_of(order, sold.changed),
    }
}
