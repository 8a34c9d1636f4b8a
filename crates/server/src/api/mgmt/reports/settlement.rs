//! Settlements: what channels owe promoters for a span, and what they keep of it.

use std::collections::BTreeMap;

use aforo_domain::books::{Act, Amounts, Line, Thing};
use aforo_domain::error::Code;
use aforo_domain::identity::manage::Reach;
use aforo_domain::ids::{ChannelId, EntityId, SessionId};
use aforo_domain::money::{Currency, Minor};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::sales::NameView;
use super::table::{self, Cell, Record};
use super::{Books, SpanQuery, span};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, Reporters};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::wire::{List, Money};

/// What a settlement takes beside its span.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct SettlementQuery {
    /// Only this promoter's.
    entity_id: Option<u64>,
    channel_id: Option<u64>,
    /// `JSON`, or `CSV`: a table of all rows, however many; without it as `Accept` says.
    format: Option<String>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    offset: Option<u64>,
}

/// What a channel owes a promoter for a session, or for its products, in a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementRow {
    promoter: NameView,
    channel: NameView,
    /// Left out for products.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<NameView>,
    currency: String,
    sales: SettledView,
    /// What came back, as positive amounts.
    refunds: SettledView,
    /// What was given against something else: what came less what went.
    relocations: SettledView,
    /// What the channel keeps, by its terms with the promoter as they are now; what it gives up with refunds is taken off, unless the terms say that it is kept.
    commission: Money,
    /// Face values and surcharges of sales, less those of refunds, and relocations, less the commission.
    payable: Money,
}

/// What is a promoter's.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettledView {
    tickets: i64,
    /// What was paid for tickets or products after promotions.
    face: Money,
    /// The promoter's surcharges.
    surcharges: Money,
}

#[derive(Debug, Clone, Copy, Default)]
struct Settled {
    tickets: i64,
    amounts: Amounts,
}

#[derive(Debug, Default)]
struct Row {
    acts: [Settled; 3],
    commission: Minor,
}

/// Promoter, channel, session and currency.
type Key = (EntityId, ChannelId, Option<SessionId>, Currency);

impl Settled {
    fn due(&self) -> Minor {
        self.amounts.face() + self.amounts.promoter_surcharges
    }

    fn view(&self, currency: Currency) -> SettledView {
        let money = |minor| Money::of(currency, minor);
        SettledView { tickets: self.tickets, face: money(self.amounts.face()), surcharges: money(self.amounts.promoter_surcharges) }
    }
}

/// What channels owe promoters for a span, by channel and session, and what they keep of it by the channel's `commissions`.
///
/// A channel's surcharges, insurances and deliveries are its own and not in it, and neither are tickets that were sold again, but for what the promoter added to them. An entity sees what it is owed as a promoter and what its channels owe.
#[utoipa::path(
    get, path = "/reports/settlement", operation_id = "report_settlement", tag = "reports", params(SpanQuery, SettlementQuery),
    responses((status = 200, content((List<SettlementRow> = "application/json"), (String = "text/csv")))), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn report(manager: Manager<Reporters>, headers: HeaderMap, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let as_table = table::wants_csv(&mut checks, &params, &headers);
    let between = span(&mut checks, &params)?;
    let promoter = params.id(&mut checks, "entity_id").map(EntityId);
    let channel = params.id(&mut checks, "channel_id").map(ChannelId);
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let own = |entity: EntityId| matches!(manager.reach(), Ok(Reach::Entity(own)) if own != entity);
    if promoter.is_some_and(|entity| own(entity) || !manager.view.identity.entities.contains_key(&entity)) {
        return Err(Code::NotFound.into());
    }
    let books = Books::of(&manager, channel, between)?;
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    books
        .each(|order| {
            let channel = order.seller.channel;
            for line in books.lines(order).into_iter().filter_map(owed) {
                let Some(entity) = books.promoter(&line).filter(|entity| promoter.is_none_or(|only| only == *entity)) else { continue };
                let row = rows.entry((entity, channel, session(&line), order.currency)).or_default();
                add(row, &line);
                row.commission += commission(&books, entity, channel, order.currency, &line);
            }
        })
        .await?;
    let rows = rows.iter().map(|(key, row)| view(&books, key, row));
    if as_table {
        return Ok(table::answer(&rows.map(|row| record(&row)).collect::<Vec<_>>())?);
    }
    Ok(json(&paging.page(rows)))
}

/// A row as a line of a table.
fn record(row: &SettlementRow) -> Record {
    let mut cells = Record::default();
    cells.extend_named("promoter", Some(&row.promoter));
    cells.extend_named("channel", Some(&row.channel));
    cells.extend_named("session", row.session.as_ref());
    cells.extend([("currency", Cell::text(row.currency.clone()))]);
    for (act, settled) in [("sales", &row.sales), ("refunds", &row.refunds), ("relocations", &row.relocations)] {
        let amounts = [("face", Cell::Money(settled.face)), ("surcharges", Cell::Money(settled.surcharges))];
        cells.extend_with(act, [("tickets", Cell::Number(settled.tickets))].into_iter().chain(amounts));
    }
    cells.extend([("commission", Cell::Money(row.commission)), ("payable", Cell::Money(row.payable))]);
    cells
}

const fn session(line: &Line) -> Option<SessionId> {
    match line.thing {
        Thing::Place { session, .. } | Thing::Share { session, .. } | Thing::PerOrder { session, .. } => Some(session),
        Thing::Unit { .. } | Thing::Delivery => None,
    }
}

/// What of a line a promoter is owed. Of what is sold again only what the promoter added: the rest was owed for those tickets when they were sold first.
fn owed(line: Line) -> Option<Line> {
    let added = Amounts { promoter_surcharges: line.amounts.promoter_surcharges, ..Amounts::default() };
    match line.second_hand {
        false => Some(line),
        true => (added != Amounts::default()).then_some(Line { amounts: added, ..line }),
    }
}

fn add(row: &mut Row, line: &Line) {
    let settled = &mut row.acts[line.act as usize];
    settled.tickets += if matches!(line.thing, Thing::Place { .. }) && !line.second_hand { line.sign } else { 0 };
    settled.amounts += line.amounts.times(line.sign);
}

fn commission(books: &Books, promoter: EntityId, channel: ChannelId, currency: Currency, line: &Line) -> Minor {
    let terms = books.view.catalogue.commissions.get(&channel).and_then(|commissions| commissions.terms_of(promoter));
    let fixed = books.view.identity.channels.get(&channel).is_some_and(|channel| channel.currency == currency);
    terms.map_or(0, |terms| terms.of(line, fixed))
}

fn view(books: &Books, (promoter, channel, session, currency): &Key, row: &Row) -> SettlementRow {
    let (catalogue, identity) = (&books.view.catalogue, &books.view.identity);
    let named = |id: u64, name: Option<&str>| NameView { id, name: name.unwrap_or_default().to_owned() };
    let [sales, refunds, relocations] = [Act::Sale, Act::Refund, Act::Relocation].map(|act| row.acts[act as usize]);
    let payable = sales.due() - refunds.due() + relocations.due() - row.commission;
    SettlementRow {
        promoter: named(promoter.0, identity.entities.get(promoter).map(|entity| entity.name.as_str())),
        channel: named(channel.0, identity.channels.get(channel).map(|channel| channel.name.as_str())),
        session: session.map(|id| named(id.0, catalogue.offers.get(&id).map(|offer| offer.session.name.as_str()))),
        currency: currency.code().to_owned(),
        sales: sales.view(*currency),
        refunds: refunds.view(*currency),
        relocations: relocations.view(*currency),
        commission: Money::of(*currency, row.commission),
        payable: Money::of(*currency, payable),
    }
}
