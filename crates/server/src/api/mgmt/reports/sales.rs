//! What was sold, given back and relocated in a span, by whatever the caller wants to know.

use std::collections::BTreeMap;

use aforo_domain::books::{Act, Amounts, Line, Thing, booked_at};
use aforo_domain::catalogue::Offer;
use aforo_domain::error::Error;
use aforo_domain::ids::{ChannelId, EventId, PriceTypeId, ProductId, RateId, SessionId};
use aforo_domain::money::Currency;
use aforo_domain::orders::{Order, TicketKind};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::table::{self, Cell, Record};
use super::{Books, SpanQuery, span};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, Reporters};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time;
use crate::http::wire::{List, Money};

/// Rows of one report at most.
const MAX_ROWS: usize = 50_000;

/// By what a report is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Day,
    Channel,
    Event,
    Session,
    PriceType,
    Rate,
    Product,
}

const BY: &[(&str, By)] = &[
    ("day", By::Day),
    ("channel", By::Channel),
    ("event", By::Event),
    ("session", By::Session),
    ("price_type", By::PriceType),
    ("rate", By::Rate),
    ("product", By::Product),
];

/// What a report of sales takes beside its span.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct SalesQuery {
    /// Some of `day`, `channel`, `event`, `session`, `price_type`, `rate`, `product`, comma-separated; without it a row a currency.
    group_by: Option<String>,
    /// Whose days are meant, such as `Europe/Madrid`; else UTC.
    time_zone: Option<String>,
    channel_id: Option<u64>,
    event_id: Option<u64>,
    session_id: Option<u64>,
    /// `JSON`, or `CSV`: a table of all rows, however many; without it as `Accept` says.
    format: Option<String>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    offset: Option<u64>,
}

/// A row of a report of sales: what it is about, as far as it was asked for, and how much.
#[derive(Debug, Serialize, ToSchema)]
pub struct SalesRow {
    /// `2031-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_type: Option<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<NameView>,
    /// `SECONDARY` where tickets were sold again, which is never added to what was sold first; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    market: Option<&'static str>,
    currency: String,
    sales: TallyView,
    /// What came back, as positive amounts.
    refunds: TallyView,
    /// What was given against something else: what came less what went.
    relocations: TallyView,
    /// Sales - refunds + relocations.
    total: Money,
}

/// Something with its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportNameView)]
pub struct NameView {
    /// Its id.
    pub id: u64,
    /// What it is called.
    pub name: String,
}

/// How much of something.
#[derive(Debug, Serialize, ToSchema)]
pub struct TallyView {
    /// Invitations among them.
    tickets: i64,
    invitations: i64,
    /// Units of products.
    units: i64,
    base: Money,
    promotions: Money,
    surcharges: SurchargesView,
    insurance: Money,
    delivery: Money,
    total: Money,
}

/// Whose surcharges.
#[derive(Debug, Serialize, ToSchema)]
pub struct SurchargesView {
    promoter: Money,
    channel: Money,
}

/// What is told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    day: Option<Date>,
    channel: Option<ChannelId>,
    event: Option<EventId>,
    session: Option<SessionId>,
    price_type: Option<PriceTypeId>,
    rate: Option<RateId>,
    product: Option<ProductId>,
    second_hand: bool,
    currency: Currency,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    tickets: i64,
    invitations: i64,
    units: i64,
    amounts: Amounts,
}

#[derive(Debug, Default)]
struct Row {
    /// Sales, refunds, relocations.
    acts: [Tally; 3],
}

impl Row {
    fn add(&mut self, line: &Line) {
        let tally = &mut self.acts[line.act as usize];
        match line.thing {
            Thing::Place { kind, .. } => {
                tally.tickets += line.sign;
                tally.invitations += if kind == TicketKind::Invitation { line.sign } else { 0 };
            }
            Thing::Unit { .. } => tally.units += line.sign,
            Thing::Share { .. } | Thing::PerOrder { .. } | Thing::Delivery => {}
        }
        tally.amounts += line.amounts.times(line.sign);
    }
}

/// What is asked for.
struct Wanted {
    by: Vec<By>,
    zone: TimeZone,
    event: Option<EventId>,
    session: Option<SessionId>,
}

impl Wanted {
    /// Whether a line is asked for. What is of no session is only where none is named.
    fn has(&self, line: &Line) -> bool {
        let (event, session) = match line.thing {
            Thing::Place { session, event, .. } | Thing::Share { session, event, .. } | Thing::PerOrder { session, event } => {
                (Some(event), Some(session))
            }
            Thing::Unit { .. } | Thing::Delivery => (None, None),
        };
        self.event.is_none_or(|only| event == Some(only)) && self.session.is_none_or(|only| session == Some(only))
    }

    fn key(&self, order: &Order, line: &Line) -> Key {
        let asked = |by: By| self.by.contains(&by);
        let mut key = Key {
            day: booked_at(order).filter(|_| asked(By::Day)).map(|at| time::zoned(at, &self.zone).date()),
            channel: asked(By::Channel).then_some(order.seller.channel),
            event: None,
            session: None,
            price_type: None,
            rate: None,
            product: None,
            second_hand: line.second_hand,
            currency: order.currency,
        };
        match line.thing {
            Thing::Place { session, event, price_type, rate, .. } | Thing::Share { session, event, price_type, rate, .. } => {
                key.event = asked(By::Event).then_some(event);
                key.session = asked(By::Session).then_some(session);
                key.price_type = asked(By::PriceType).then_some(price_type);
                key.rate = asked(By::Rate).then_some(rate);
            }
            Thing::PerOrder { session, event } => {
                key.event = asked(By::Event).then_some(event);
                key.session = asked(By::Session).then_some(session);
            }
            Thing::Unit { product, .. } => key.product = asked(By::Product).then_some(product),
            Thing::Delivery => {}
        }
        key
    }
}

/// Reads `group_by`.
fn by(checks: &mut Checks, text: Option<&str>) -> Vec<By> {
    text.into_iter().flat_map(|text| text.split(',')).filter_map(|word| checks.one_of("group_by", Some(word.trim()), BY)).collect()
}

/// A zone by its name.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// What was sold, given back and relocated in a span.
///
/// What is not asked for is added up; what something is not of (a delivery is of no session) is in rows without it. A promoter sees its own places, products and
/// surcharges of what others sold, an entity all that its own channels did.
#[utoipa::path(
    get, path = "/reports/sales", operation_id = "report_sales", tag = "reports", params(SpanQuery, SalesQuery),
    responses((status = 200, content((List<SalesRow> = "application/json"), (String = "text/csv")))), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn report(manager: Manager<Reporters>, headers: HeaderMap, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let as_table = table::wants_csv(&mut checks, &params, &headers);
    let between = span(&mut checks, &params)?;
    let wanted = Wanted {
        by: by(&mut checks, params.get("group_by")),
        zone: checks.formed("time_zone", params.get("time_zone"), zone).unwrap_or(TimeZone::UTC),
        event: params.id(&mut checks, "event_id").map(EventId),
        session: params.id(&mut checks, "session_id").map(SessionId),
    };
    let channel = params.id(&mut checks, "channel_id").map(ChannelId);
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let books = Books::of(&manager, channel, between)?;
    let rows = add_up(&books, &wanted).await?;
    let rows = rows.iter().map(|(key, row)| view(&books, key, row));
    if as_table {
        return Ok(table::answer(&rows.map(|row| record(&row)).collect::<Vec<_>>())?);
    }
    Ok(json(&paging.page(rows)))
}

async fn add_up(books: &Books, wanted: &Wanted) -> Result<BTreeMap<Key, Row>, Problem> {
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    let mut full = false;
    let add = |order: &Order| {
        for line in books.lines(order).iter().filter(|line| wanted.has(line)) {
            let key = wanted.key(order, line);
            full |= rows.len() >= MAX_ROWS && !rows.contains_key(&key);
            if !full {
                rows.entry(key).or_default().add(line);
            }
        }
    };
    books.each(add).await?;
    if full { Err(Error::invalid(&["group_by"]).because("too many rows").into()) } else { Ok(rows) }
}

fn tally_view(tally: &Tally, currency: Currency) -> TallyView {
    let money = |minor| Money::of(currency, minor);
    let amounts = &tally.amounts;
    TallyView {
        tickets: tally.tickets,
        invitations: tally.invitations,
        units: tally.units,
        base: money(amounts.base),
        promotions: money(amounts.promotions),
        surcharges: SurchargesView { promoter: money(amounts.promoter_surcharges), channel: money(amounts.channel_surcharges) },
        insurance: money(amounts.insurance),
        delivery: money(amounts.delivery),
        total: money(amounts.total()),
    }
}

fn view(books: &Books, key: &Key, row: &Row) -> SalesRow {
    let (catalogue, identity) = (&books.view.catalogue, &books.view.identity);
    let named = |id: u64, name: Option<&str>| NameView { id, name: name.unwrap_or_default().to_owned() };
    // Price types are of a venue and rates of an event: whatever session of the operator has one knows its name.
    let any = |name: &dyn Fn(&Offer) -> Option<String>| catalogue.offers.values().find_map(|offer| name(offer));
    let price_type = |id: PriceTypeId| {
        let name = any(&|offer| offer.plan.template.price_types.iter().find(|one| one.id == id).map(|one| one.name.clone()));
        named(id.0, name.as_deref())
    };
    let rate = |id: RateId| {
        let name = any(&|offer| offer.session.rates.iter().find(|one| one.id == id).map(|one| one.name.clone()));
        named(id.0, name.as_deref())
    };
    let [sales, refunds, relocations] = &row.acts;
    let total = sales.amounts.total() - refunds.amounts.total() + relocations.amounts.total();
    SalesRow {
        day: key.day.map(|day| day.to_string()),
        channel: key.channel.map(|id| named(id.0, identity.channels.get(&id).map(|channel| channel.name.as_str()))),
        event: key.event.map(|id| named(id.0, catalogue.events.get(&id).map(|event| event.name.as_str()))),
        session: key.session.map(|id| named(id.0, catalogue.offers.get(&id).map(|offer| offer.session.name.as_str()))),
        price_type: key.price_type.map(price_type),
        rate: key.rate.map(rate),
        product: key.product.map(|id| named(id.0, catalogue.products.get(&id).map(|product| product.name.as_str()))),
        market: key.second_hand.then_some("SECONDARY"),
        currency: key.currency.code().to_owned(),
        sales: tally_view(sales, key.currency),
        refunds: tally_view(refunds, key.currency),
        relocations: tally_view(relocations, key.currency),
        total: Money::of(key.currency, total),
    }
}

/// A row as a line of a table. The columns are always the same ones, whatever was asked for.
fn record(row: &SalesRow) -> Record {
    let mut cells = Record::default();
    cells.extend([("day", Cell::maybe(row.day.clone()))]);
    let named = [
        ("channel", &row.channel),
        ("event", &row.event),
        ("session", &row.session),
        ("price_type", &row.price_type),
        ("rate", &row.rate),
        ("product", &row.product),
    ];
    named.into_iter().for_each(|(name, named)| cells.extend_named(name, named.as_ref()));
    cells.extend([("market", Cell::text(row.market.unwrap_or("PRIMARY"))), ("currency", Cell::text(row.currency.clone()))]);
    for (act, tally) in [("sales", &row.sales), ("refunds", &row.refunds), ("relocations", &row.relocations)] {
        let counts = [("tickets", tally.tickets), ("invitations", tally.invitations), ("units", tally.units)];
        cells.extend_with(act, counts.map(|(name, count)| (name, Cell::Number(count))));
        let amounts = [
            ("base", tally.base),
            ("promotions", tally.promotions),
            ("promoter_surcharges", tally.surcharges.promoter),
            ("channel_surcharges", tally.surcharges.channel),
            ("insurance", tally.insurance),
            ("delivery", tally.delivery),
            ("total", tally.total),
        ];
        cells.extend_with(act, amounts.map(|(name, amount)| (name, Cell::Money(amount))));
    }
    cells.extend([("total", Cell::Money(row.total))]);
    cells
}

const _: () = assert!(Act::Sale as usize == 0 && Act::Refund as usize == 1 && Act::Relocation as usize == 2);
