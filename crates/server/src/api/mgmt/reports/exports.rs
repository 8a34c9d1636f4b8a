//! Exports: the books of a span line by line, or order by order, as CSV or NDJSON. A page is read from the tables when the client has taken the one before, so
//! that nothing is loaded at once, a slow client holds nothing up, and one that goes away stops it. What breaks off in the midst ends the connection, so
//! that nobody takes a part for the whole.

use std::collections::VecDeque;

use aforo_domain::books::{Act, Line, Thing, booked_at};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::ChannelId;
use aforo_domain::orders::{Order, PaymentKind, Stage};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use super::table::{self, Cell, Record};
use super::{Books, SpanQuery, span};
use crate::api::distribution::view::KINDS;
use crate::api::mgmt::words;
use crate::api::orders_mgmt::view::market;
use crate::http::checks::Checks;
use crate::http::extract::{Manager, Reporters};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::time;
use crate::http::wire::Money;
use crate::store::books::Bookmark;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Ndjson,
}

/// What an export takes beside its span.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct ExportQuery {
    /// `CSV` (if it is left out) or `NDJSON`: one JSON object a line.
    format: Option<String>,
    channel_id: Option<u64>,
}

/// What is written of an order.
type Rows = fn(&Books, &Order) -> Vec<Record>;

/// An export under way.
struct Export {
    books: Books,
    /// Channels still to come, the first with where it stands.
    channels: VecDeque<ChannelId>,
    behind: Bookmark,
    format: Format,
    rows: Rows,
    /// Whether the names of the columns were written.
    headed: bool,
    _permit: OwnedSemaphorePermit,
}

impl Export {
    /// The next piece of text; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(channel) = self.channels.front().copied() {
            let (orders, next) = self.books.page(channel, self.behind).await?;
            match next {
                Some(next) => self.behind = next,
                None => {
                    self.channels.pop_front();
                    self.behind = Bookmark::before(self.books.span.from);
                }
            }
            let records: Vec<_> = orders.iter().flat_map(|order| (self.rows)(&self.books, order)).collect();
            if !records.is_empty() {
                return self.write(&records).map(Some);
            }
        }
        Ok(None)
    }

    fn write(&mut self, records: &[Record]) -> Result<Bytes, Error> {
        if self.format == Format::Ndjson {
            let mut text = Vec::new();
            for record in records {
                serde_json::to_writer(&mut text, record).map_err(|error| Error::new(Code::Dist0000).because(error.to_string()))?;
                text.push(b'\n');
            }
            return Ok(text.into());
        }
        table::csv(records, !std::mem::replace(&mut self.headed, true))
    }
}

/// Begins an export: its first page is read before anything is answered, so that what does not work is told in the usual way.
async fn begin(manager: Manager<Reporters>, params: Params, rows: Rows) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let between = span(&mut checks, &params)?;
    let format = params.one_of(&mut checks, "format", &[("CSV", Format::Csv), ("NDJSON", Format::Ndjson)]).unwrap_or(Format::Csv);
    let channel = params.id(&mut checks, "channel_id").map(ChannelId);
    checks.done(())?;
    let permit = manager.app.http.exports.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Error::new(Code::Overloaded).because("too many exports are under way"))?;
    let books = Books::of(&manager, channel, between)?;
    let (channels, behind) = (books.channels.iter().copied().collect(), Bookmark::before(books.span.from));
    let mut export = Export { books, channels, behind, format, rows, headed: false, _permit: permit };
    let first = export.next().await?;
    let pieces = stream::unfold((first, Some(export)), async |(ready, export)| {
        let mut export = export?;
        if let Some(piece) = ready {
            return Some((Ok(piece), (None, Some(export))));
        }
        match export.next().await {
            Ok(piece) => piece.map(|piece| (Ok(piece), (None, Some(export)))),
            Err(error) => Some((Err(std::io::Error::other(error.to_string())), (None, None))),
        }
    });
    let kind = match format {
        Format::Csv => table::CSV,
        Format::Ndjson => "application/x-ndjson",
    };
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], Body::from_stream(pieces)).into_response())
}

/// Exports the books of a span line by line: each place, product, surcharge per order and delivery that was sold, given back or relocated.
///
/// `quantity` is -1 for what was given against something else; a refund's amounts are positive and say what came back. Columns are named in the first line.
#[utoipa::path(
    get, path = "/exports/order-items", operation_id = "export_order_items", tag = "reports", params(SpanQuery, ExportQuery),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn order_items(manager: Manager<Reporters>, params: Params) -> Result<Response, Problem> {
    begin(manager, params, |books, order| books.lines(order).iter().map(|line| line_record(books, order, line)).collect()).await
}

/// Exports the orders of a span, refunds and relocations among them, of the channels whose orders the caller sees whole.
#[utoipa::path(
    get, path = "/exports/orders", operation_id = "export_orders", tag = "reports", params(SpanQuery, ExportQuery),
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn orders(manager: Manager<Reporters>, params: Params) -> Result<Response, Problem> {
    begin(manager, params, |books, order| books.is_whole(order).then(|| order_record(books, order)).into_iter().collect()).await
}

/// What a line and its order both begin with.
fn head(books: &Books, order: &Order, second_hand: bool) -> Record {
    let channel = order.seller.channel;
    let previous = match (&order.stage, &order.extras().replaces) {
        (Stage::Refund { of_code, .. }, _) => Some(of_code.to_string()),
        (_, Some(replaces)) => Some(replaces.code.to_string()),
        _ => order.resold_from().map(|code| code.to_string()),
    };
    let mut cells = Record::default();
    cells.extend([
        ("date", Cell::maybe(booked_at(order).map(time::utc))),
        ("code", Cell::maybe(order.code().map(|code| code.to_string()))),
        ("order_type", Cell::text(words::show(KINDS, &order.kind()))),
        ("previous_code", Cell::maybe(previous)),
        ("market", Cell::text(market(second_hand))),
        ("channel_id", Cell::id(Some(channel.0))),
        ("channel", Cell::maybe(books.view.identity.channels.get(&channel).map(|channel| channel.name.clone()))),
        ("currency", Cell::text(order.currency.code())),
    ]);
    cells
}

fn line_record(books: &Books, order: &Order, line: &Line) -> Record {
    let catalogue = &books.view.catalogue;
    let (kind, item, session, price_type, rate, product) = match line.thing {
        Thing::Place { item, session, price_type, rate, .. } => ("SEAT", Some(item), Some(session), Some(price_type), Some(rate), None),
        Thing::Share { item, session, price_type, rate, .. } => {
            ("SEASON_SHARE", Some(item), Some(session), Some(price_type), Some(rate), None)
        }
        Thing::Unit { item, product } => ("PRODUCT", Some(item), None, None, None, Some(product)),
        Thing::PerOrder { session, .. } => ("SURCHARGE", None, Some(session), None, None, None),
        Thing::Delivery => ("DELIVERY", None, None, None, None, None),
    };
    let offer = session.and_then(|id| catalogue.offers.get(&id));
    let of_price = offer.and_then(|offer| offer.plan.template.price_types.iter().find(|one| Some(one.id) == price_type));
    let of_rate = offer.and_then(|offer| offer.session.rates.iter().find(|one| Some(one.id) == rate));
    let of_product = product.and_then(|id| catalogue.products.get(&id));
    let money = |minor| Cell::Money(Money::of(order.currency, minor));
    let act = match line.act {
        Act::Sale => "SALE",
        Act::Refund => "REFUND",
        Act::Relocation => "RELOCATION",
    };
    let mut cells = head(books, order, line.second_hand);
    cells.extend([
        ("act", Cell::text(act)),
        ("quantity", Cell::Number(line.sign)),
        ("type", Cell::text(kind)),
        ("item_id", Cell::id(item.map(|id| id.0))),
        ("event_id", Cell::id(offer.map(|offer| offer.event.id.0))),
        ("event", Cell::maybe(offer.map(|offer| offer.event.name.clone()))),
        ("session_id", Cell::id(session.map(|id| id.0))),
        ("session", Cell::maybe(offer.map(|offer| offer.session.name.clone()))),
        ("session_start", Cell::maybe(offer.map(|offer| time::utc(offer.session.start)))),
        ("price_type_id", Cell::id(price_type.map(|id| id.0))),
        ("price_type", Cell::maybe(of_price.map(|one| one.name.clone()))),
        ("rate_id", Cell::id(rate.map(|id| id.0))),
        ("rate", Cell::maybe(of_rate.map(|one| one.name.clone()))),
        ("product_id", Cell::id(product.map(|id| id.0))),
        ("product", Cell::maybe(of_product.map(|one| one.name.clone()))),
        ("base", money(line.amounts.base)),
        ("promotions", money(line.amounts.promotions)),
        ("promoter_surcharges", money(line.amounts.promoter_surcharges)),
        ("channel_surcharges", money(line.amounts.channel_surcharges)),
        ("insurance", money(line.amounts.insurance)),
        ("delivery", money(line.amounts.delivery)),
        ("total", money(line.amounts.total())),
    ]);
    cells
}

fn order_record(books: &Books, order: &Order) -> Record {
    let (totals, seller) = (order.totals(), &order.seller);
    let money = |minor| Cell::Money(Money::of(order.currency, minor));
    let payments = if let Stage::Confirm { payments, .. } = &order.stage { payments.as_slice() } else { &[] };
    let paid = |kind: PaymentKind| money(payments.iter().filter(|payment| payment.kind == kind).map(|payment| payment.amount).sum());
    let mut cells = head(books, order, order.is_second_hand());
    cells.extend([
        ("user_id", Cell::id(seller.user.map(|id| id.0))),
        ("terminal_id", Cell::id(seller.terminal.map(|id| id.0))),
        ("point_of_sale_id", Cell::id(seller.point_of_sale.map(|id| id.0))),
        ("buyer_email", Cell::maybe(order.buyer.as_ref().map(|buyer| buyer.email.clone()))),
        ("tickets", Cell::Number(if order.extras().share.is_none() { order.items.len() as i64 } else { 0 })),
        ("products", Cell::Number(order.extras().products.len() as i64)),
        ("base", money(totals.base)),
        ("promotions", money(totals.promotions)),
        ("surcharges", money(totals.surcharges)),
        ("insurance", money(totals.insurance)),
        ("delivery", money(totals.delivery)),
        ("total", money(totals.total())),
        ("vouchers", money(totals.vouchers)),
        ("credit", money(totals.credit)),
        ("paid_cash", paid(PaymentKind::Cash)),
        ("paid_card", paid(PaymentKind::Card)),
        ("paid_transfer", paid(PaymentKind::Transfer)),
        ("paid_external", paid(PaymentKind::External)),
        ("paid_credit", paid(PaymentKind::Credit)),
        ("paid_out", money(order.paid_out())),
        ("receipt", Cell::maybe(order.extras().entry.receipt.as_ref().map(ToString::to_string))),
        ("shift_id", Cell::id(order.extras().entry.shift.map(|id| id.0))),
    ]);
    cells
}
