//! The book of an order: a line for everything that became of its money and its tickets.

use aforo_domain::orders::{History, HistoryEvent, Order};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::Shows;
use super::{PathCode, cut, listed, paging};
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Looks};
use crate::http::params::Params;
use crate::http::respond::{Problem, json};
use crate::http::time::Shown;
use crate::http::wire::{List, Money};

/// A line of an order's book.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    /// Counts from 1.
    number: u32,
    date: Shown,
    /// `CONFIRMED`.
    r#type: &'static str,
    by: ByView,
    /// How many tickets it was of.
    tickets: u32,
    /// What it came to.
    total: Money,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ByView {
    channel_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_of_sale_id: Option<u64>,
}

/// Lists what became of an order, the first first. Only who sees the order whole sees its book.
#[utoipa::path(
    get, path = "/orders/{code}/history", operation_id = "list_order_history", tag = "orders",
    params(("code" = String, Path), ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = List<LineView>)), extensions(("x-codes" = json!("ORDER_NOT_FOUND NOT_FOUND"))),
)]
pub async fn list(clerk: Clerk<Looks>, PathCode(code): PathCode, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let page = paging(&mut checks, &params);
    checks.done(())?;
    let order = clerk.order(code).await?;
    if !clerk.sight.covers(order.seller.channel, &clerk.view.identity) {
        return Err(aforo_domain::error::Code::OrderNotFound.into());
    }
    let (shard, id) = (clerk.shard, order.id);
    let found = clerk.read(move |reader| reader.history(shard, id, cut(page))).await?;
    let shows = Shows::of(&clerk);
    Ok(json(&listed(page, &found, |line| view(line, &order, shows))))
}

fn view(line: &History, order: &Order, shows: Shows<'_>) -> LineView {
    let HistoryEvent::Confirmed { totals, currency, tickets } = &line.what;
    LineView {
        number: line.number,
        date: shows.date_of(order, line.at),
        r#type: "CONFIRMED",
        by: ByView {
            channel_id: line.by.channel.0,
            user_id: line.by.user.map(|user| user.0),
            terminal_id: line.by.terminal.map(|terminal| terminal.0),
            point_of_sale_id: line.by.point_of_sale.map(|place| place.0),
        },
        tickets: *tickets,
        total: Money::of(*currency, totals.total()),
    }
}
