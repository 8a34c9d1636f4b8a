//! Orders by their code, and lists of them.

use aforo_domain::orders::OrderKind;
use aforo_domain::orders::sight::Sight;
use axum::response::Response;

use super::view::{OrderView, Shows};
use super::{PathCode, cut, listed, paging};
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Looks};
use crate::http::params::Params;
use crate::http::respond::{Problem, json};
use crate::http::time;
use crate::http::wire::List;
use crate::store::lists::{OrdersWanted, Span};

/// What a list of orders takes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct OrdersQuery {
    /// Exactly `2031-01-01T00:00:00Z`; with the instant itself.
    purchase_date_from: Option<String>,
    /// Exactly `2031-12-31T23:59:59Z`; with the instant itself.
    purchase_date_to: Option<String>,
    /// `PURCHASE`: what was sold, bookings that were sold among it; or `REFUND`: what was given back. Without it: all.
    r#type: Option<String>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    offset: Option<u64>,
    /// The operator, where a PLATFORM_ADMIN asks.
    operator_id: Option<u64>,
}

/// What is sold, directly or after it was booked.
const SOLD: &[OrderKind] = &[OrderKind::Purchase, OrderKind::Issue];

/// Lists the orders of the caller's channel, of its entity's channels, or of its operator, in the order in which they were sold, and refunds among them.
///
/// What others sold of a promoter's events is in `/order-items`.
#[utoipa::path(
    get, path = "/orders", operation_id = "list_orders", tag = "orders", params(OrdersQuery),
    responses((status = 200, body = List<OrderView>)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn list(clerk: Clerk<Looks>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let from = checks.formed("purchase_date_from", params.get("purchase_date_from"), time::parse_utc);
    let to = checks.formed("purchase_date_to", params.get("purchase_date_to"), time::parse_utc);
    let kinds = params.one_of(&mut checks, "type", &[("PURCHASE", SOLD), ("REFUND", &[OrderKind::Refund])]).unwrap_or_default().to_vec();
    let page = paging(&mut checks, &params);
    checks.done(())?;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(aforo_domain::error::Code::Dist0001.into());
    }
    // The last second is in it to its end.
    let to = to.map(|to| to.plus_ms(1_000)).map(|end| aforo_domain::moment::Timestamp(end.0 - 1));
    let wanted = OrdersWanted { channels: clerk.channels(), kinds, purchased: Span { from, to } };
    let shard = clerk.shard;
    let found = clerk.read(move |reader| reader.orders(shard, &wanted, cut(page))).await?;
    let shows = Shows::of(&clerk);
    Ok(json(&listed(page, &found, |order| OrderView::of(order, shows))))
}

/// Reads an order: sold, or waiting for its payment, as bookings do.
///
/// A promoter sees of an order with items of others only its own items, with their sums.
#[utoipa::path(
    get, path = "/orders/{code}", operation_id = "get_order", tag = "orders",
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND NOT_FOUND"))),
)]
pub async fn read(clerk: Clerk<Looks>, PathCode(code): PathCode) -> Result<Response, Problem> {
    let order = clerk.order(code).await?;
    Ok(json(&OrderView::of(&order, Shows::of(&clerk))))
}

impl<E> Clerk<E> {
    /// The channels whose orders the caller sees whole, those that are gone among them.
    pub fn channels(&self) -> Vec<aforo_domain::ids::ChannelId> {
        if let Sight::Channel(own) = self.sight {
            return vec![own];
        }
        let mut channels: Vec<_> =
            self.view.identity.channels.keys().copied().filter(|channel| self.sight.covers(*channel, &self.view.identity)).collect();
        channels.sort_unstable();
        channels
    }
}
