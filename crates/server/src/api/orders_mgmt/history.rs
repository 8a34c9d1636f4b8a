//! The book of an order: a line for everything that became of its money and its tickets.

use aforo_domain::ids::ItemId;
use aforo_domain::money::Currency;
use aforo_domain::orders::market::Mark;
use aforo_domain::orders::{History, HistoryEvent, Order};
use aforo_domain::pricing::Totals;
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
pub struct LineView<'a> {
    /// Counts from 1.
    number: u32,
    date: Shown,
    /// `CONFIRMED`, `REFUNDED` (something of it was given back), `RELOCATED` (places of it were given against others), `CANCELLED` (their session was called
    /// off), `POSTPONED` (it is at another time), `NOTE`, `ATTENDEES_CHANGED`, `REPRINTED`, `TRANSFERRED`, `RESENT`, `ERASED` (what is personal of it) or, of a
    /// refund, `REFUND`, and of an order that was given for places of another one `RELOCATION`; of tickets that were offered again, `LISTED`, `WITHDRAWN` or (once
    /// somebody bought them) `REISSUED`; of what marketplaces did, `REGISTERED`, `UNREGISTERED`, `BLOCKED`, `UNBLOCKED` or `REISSUED`.
    r#type: &'static str,
    /// Of the refund, or of the order of the new places or tickets; of such an order's own line, of the order that was sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    by: ByView,
    /// Of money: how many tickets it was of.
    #[serde(skip_serializing_if = "Option::is_none")]
    tickets: Option<u32>,
    /// Of money: what it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    /// Of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Of what was sent again or given to somebody else: where to, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// Of a session that is at another time.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<MovedView>,
    /// Those that it is about, where it is not the whole order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<LineItemView<'a>>,
}

/// An item that a line is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineItemView<'a> {
    id: u64,
    /// How a barcode ends that is dead since.
    #[serde(skip_serializing_if = "Option::is_none")]
    barcode: Option<&'a str>,
    /// The item that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    relocated_to: Option<u64>,
}

impl LineItemView<'_> {
    const fn of(item: ItemId) -> Self {
        Self { id: item.0, barcode: None, relocated_to: None }
    }
}

/// A session at another time.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedView {
    session_id: u64,
    /// When it was to start.
    from: Shown,
    /// When it starts.
    to: Shown,
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

fn view<'a>(line: &'a History, order: &Order, shows: Shows<'_>) -> LineView<'a> {
    let mut view = LineView {
        number: line.number,
        date: shows.date_of(order, line.at),
        r#type: "",
        code: None,
        by: ByView {
            channel_id: line.by.channel.0,
            user_id: line.by.user.map(|user| user.0),
            terminal_id: line.by.terminal.map(|terminal| terminal.0),
            point_of_sale_id: line.by.point_of_sale.map(|place| place.0),
        },
        tickets: None,
        total: None,
        text: None,
        email: None,
        moved: None,
        items: Vec::new(),
    };
    let money = |totals: &Totals, currency: &Currency, tickets: &u32| (Some(Money::of(*currency, totals.total())), Some(*tickets));
    match &line.what {
        HistoryEvent::Confirmed { totals, currency, tickets } => {
            (view.r#type, (view.total, view.tickets)) = ("CONFIRMED", money(totals, currency, tickets));
        }
        HistoryEvent::Refunded { refund, totals, currency, tickets } => {
            (view.r#type, (view.total, view.tickets)) = ("REFUNDED", money(totals, currency, tickets));
            view.code = Some(refund.to_string());
        }
        HistoryEvent::Refunds { of, totals, currency, tickets } => {
            (view.r#type, (view.total, view.tickets)) = ("REFUND", money(totals, currency, tickets));
            view.code = Some(of.to_string());
        }
        HistoryEvent::Relocated { to: code, items, totals, currency, tickets }
        | HistoryEvent::Relocates { of: code, items, totals, currency, tickets } => {
            (view.total, view.tickets) = money(totals, currency, tickets);
            view.r#type = if matches!(line.what, HistoryEvent::Relocated { .. }) { "RELOCATED" } else { "RELOCATION" };
            view.code = Some(code.to_string());
            let relocated = |(from, to): &(ItemId, ItemId)| LineItemView { relocated_to: Some(to.0), ..LineItemView::of(*from) };
            view.items = items.iter().map(relocated).collect();
        }
        HistoryEvent::Erased => view.r#type = "ERASED",
        HistoryEvent::Cancelled { items, .. } => {
            view.r#type = "CANCELLED";
            view.items = items.iter().map(|item| LineItemView::of(*item)).collect();
        }
        HistoryEvent::Postponed { session, from, to } => {
            view.r#type = "POSTPONED";
            view.moved = Some(MovedView { session_id: session.0, from: Shown::utc(*from), to: Shown::utc(*to) });
        }
        HistoryEvent::Resent { to } => (view.r#type, view.email) = ("RESENT", Some(to.as_str())),
        HistoryEvent::Noted { text } => (view.r#type, view.text) = ("NOTE", Some(text.as_str())),
        HistoryEvent::AttendeesChanged { items } => {
            view.r#type = "ATTENDEES_CHANGED";
            view.items = line_items(items);
        }
        HistoryEvent::Marked { mark, items } => (view.r#type, view.items) = (mark_word(*mark), line_items(items)),
        HistoryEvent::Listed { items } => (view.r#type, view.items) = ("LISTED", line_items(items)),
        HistoryEvent::Withdrawn { items } => (view.r#type, view.items) = ("WITHDRAWN", line_items(items)),
        HistoryEvent::Reissued { order, items } => {
            (view.r#type, view.code, view.items) = ("REISSUED", Some(order.to_string()), line_items(items));
        }
        HistoryEvent::Reprinted { dead } => {
            (view.r#type, view.items) = ("REPRINTED", dead_barcodes(dead));
        }
        HistoryEvent::Transferred { to, dead } => {
            (view.r#type, view.email, view.items) = ("TRANSFERRED", Some(to.as_str()), dead_barcodes(dead));
        }
    }
    view
}

fn line_items(items: &[ItemId]) -> Vec<LineItemView<'static>> {
    items.iter().map(|item| LineItemView::of(*item)).collect()
}

fn dead_barcodes(dead: &[(ItemId, String)]) -> Vec<LineItemView<'_>> {
    dead.iter().map(|(item, barcode)| LineItemView { barcode: Some(barcode), ..LineItemView::of(*item) }).collect()
}

const fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Register => "REGISTERED",
        Mark::Unregister => "UNREGISTERED",
        Mark::Block => "BLOCKED",
        Mark::Unblock => "UNBLOCKED",
    }
}
