//! Cancel & reissue: what marketplaces, which sell outside of aforo, do with tickets. Which tickets are meant is looked up in the tables; whether it may be
//! done is the engine's to say.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{Barcode, ChannelId, ItemId, OrderCode, OrderId, SessionId};
use aforo_domain::money::{Currency, Minor};
use aforo_domain::orders::market::{Mark, MarketCommand, Named, ReissueRequest, SeenTicket, TicketsRequest};
use aforo_domain::text::Language;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::buyer::BuyerBody;
use super::view::{IdView, OrderView};
use super::whole_order;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::Seller;
use crate::http::marketplace::Marketplace;
use crate::http::respond::{Problem, json, unexpected};
use crate::http::wire::{Money, Num};

/// Tickets that a marketplace names.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TicketsBody {
    /// The channel in which they would be sold, one of the same entity; else the marketplace's own.
    channel_id: Option<Num>,
    /// The session that they are of, if that is to be checked.
    session_id: Option<Num>,
    /// 1 to 500, all or none of them.
    #[schema(required = true)]
    tickets: Option<Vec<TicketBody>>,
}

/// A ticket, or those of an order.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TicketBody {
    /// Its id: that of the order's item.
    id: Option<Num>,
    /// Its barcode. With an id, it must be that ticket's.
    barcode: Option<String>,
    /// Alone: all tickets of this order that fit. With an id: of this order.
    order_code: Option<String>,
}

/// What a marketplace has sold.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReissueBody {
    /// The channel in which the new order is, one of the same entity; else the marketplace's own.
    channel_id: Option<Num>,
    /// The session that all tickets are of.
    #[schema(required = true)]
    session_id: Option<Num>,
    #[schema(required = true)]
    order: Option<ReissueOrderBody>,
    /// 1 to 500, all or none of them.
    #[schema(required = true)]
    tickets: Option<Vec<ReissueTicketBody>>,
}

/// The order of a marketplace's buyer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReissueOrderBody {
    /// ISO 4217: that of the tickets.
    #[schema(required = true)]
    currency: Option<String>,
    /// What was paid in all: at least what the tickets cost.
    #[schema(required = true)]
    total: Option<Num>,
    /// One of the channel's, else its first.
    language: Option<String>,
    #[schema(required = true)]
    buyer: Option<BuyerBody>,
}

/// A ticket that was sold.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReissueTicketBody {
    /// Its id; it or the barcode is needed.
    id: Option<Num>,
    /// Its barcode. With an id, it must be that ticket's.
    barcode: Option<String>,
    /// What it was sold for.
    #[schema(required = true)]
    price: Option<Num>,
}

/// The tickets that were named, as they stand now.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarketTicketsView<'a> {
    tickets: Vec<MarketTicketView<'a>>,
}

/// A ticket as a marketplace sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarketTicketView<'a> {
    id: u64,
    order_code: String,
    session: IdView,
    /// How it ends.
    barcode: &'a str,
    /// VALID, REGISTERED or BLOCKED.
    status: &'static str,
    /// What was paid for it.
    price: Money,
    currency: &'a str,
}

/// What is named, before it is looked up.
#[derive(Debug, Default)]
struct Called {
    id: Option<ItemId>,
    barcode: Option<Barcode>,
    code: Option<String>,
}

impl Called {
    fn read(checks: &mut Checks, id: Option<&Num>, barcode: Option<&str>, code: Option<&str>) -> Self {
        let id = checks.optional_id("tickets.id", id).map(ItemId);
        let parsed = barcode.and_then(Barcode::parse);
        if barcode.is_some() && parsed.is_none() {
            checks.bad_value("tickets.barcode");
        }
        Self { id, barcode: parsed, code: checks.optional_text("tickets.order_code", code) }
    }

    const fn is_nothing(&self) -> bool {
        self.id.is_none() && self.barcode.is_none() && self.code.is_none()
    }
}

/// For which channel and session, and which tickets.
type Asked = (Option<ChannelId>, Option<SessionId>, Vec<Called>);

impl TicketsBody {
    fn read(&self) -> Result<Asked, Problem> {
        let mut checks = Checks::new();
        let target = checks.optional_id("channel_id", self.channel_id.as_ref()).map(ChannelId);
        let session = checks.optional_id("session_id", self.session_id.as_ref()).map(SessionId);
        let mut tickets = Vec::new();
        for ticket in checks.list("tickets", self.tickets.as_deref()) {
            let called = Called::read(&mut checks, ticket.id.as_ref(), ticket.barcode.as_deref(), ticket.order_code.as_deref());
            if called.is_nothing() && ticket.id.is_none() && ticket.barcode.is_none() {
                checks.missing("tickets.id");
            }
            tickets.push(called);
        }
        checks.done((target, session, tickets))
    }
}

impl ReissueBody {
    /// The request, and what it calls its tickets.
    fn read(&self) -> Result<(ReissueRequest, Vec<(Called, Minor)>), Problem> {
        let mut checks = Checks::new();
        let target = checks.optional_id("channel_id", self.channel_id.as_ref()).map(ChannelId);
        let session = SessionId(checks.id("session_id", self.session_id.as_ref()));
        let order = checks.required("order", self.order.as_ref());
        let text = order.and_then(|order| order.currency.as_deref());
        let text = if order.is_some() { checks.required("order.currency", text) } else { None };
        let currency = checks.formed("order.currency", text, Currency::parse);
        let money = |checks: &mut Checks, name: &str, value: Option<&Num>| match currency {
            Some(currency) => checks.amount(name, value, currency),
            None => {
                checks.required(name, value);
                0
            }
        };
        let total = order.map_or(0, |order| money(&mut checks, "order.total", order.total.as_ref()));
        let language = checks.formed("order.language", order.and_then(|order| order.language.as_deref()), Language::parse);
        let buyer = order.and_then(|order| checks.required("order.buyer", order.buyer.as_ref()));
        let buyer = buyer.map(|buyer| buyer.read_into(&mut checks, "order.buyer.")).unwrap_or_default();
        let mut tickets = Vec::new();
        for ticket in checks.list("tickets", self.tickets.as_deref()) {
            let called = Called::read(&mut checks, ticket.id.as_ref(), ticket.barcode.as_deref(), None);
            if ticket.id.is_none() && ticket.barcode.is_none() {
                checks.missing("tickets.id");
            }
            tickets.push((called, money(&mut checks, "tickets.price", ticket.price.as_ref())));
        }
        let Some(currency) = currency else { return Err(checks.done(()).err().unwrap_or_else(|| Code::Dist0006.into())) };
        let request = ReissueRequest { target, session, currency, total, language, buyer: Arc::new(buyer), tickets: Vec::new() };
        checks.done((request, tickets))
    }
}

/// Finds the orders of what is named. What is not there is named with an order that nobody has: so it is the command that finds out, and what was answered
/// to who asks again with the same `Idempotency-Key` is found first.
async fn look_up(seller: &Seller, called: Vec<Called>) -> Result<Vec<Named>, Problem> {
    let ids: Vec<_> = called.iter().filter(|one| one.code.is_none()).filter_map(|one| one.id).collect();
    let by_barcode = called.iter().filter(|one| one.code.is_none() && one.id.is_none());
    let barcodes: Vec<_> = by_barcode.filter_map(|one| one.barcode.clone()).collect();
    let codes: Vec<_> = called.iter().filter_map(|one| OrderCode::parse(one.code.as_deref()?)).collect();
    let shard = seller.shard();
    let read = seller
        .app
        .engine
        .read(shard, move |reader| Ok((reader.tickets_named(shard, &ids, &barcodes)?, reader.orders_named(shard, &codes)?)));
    let (tickets, orders) = read.await?;
    let by_id: HashMap<_, _> = tickets.iter().map(|ticket| (ticket.id, ticket.order)).collect();
    let by_barcode: HashMap<_, _> = tickets.iter().map(|ticket| (&ticket.barcode, ticket.order)).collect();
    let by_code: HashMap<_, _> = orders.iter().filter_map(|order| Some((order.code()?.to_string(), order.id))).collect();
    let order = |one: &Called| match (&one.code, one.id, &one.barcode) {
        (Some(code), ..) => by_code.get(code).copied(),
        (None, Some(id), _) => by_id.get(&id).copied(),
        (None, None, Some(barcode)) => by_barcode.get(barcode).copied(),
        (None, None, None) => None,
    };
    let orders: Vec<_> = called.iter().map(|one| order(one).unwrap_or(OrderId::NOBODYS)).collect();
    let named = called.into_iter().zip(orders);
    Ok(named.map(|(one, order)| Named { order, id: one.id, barcode: one.barcode, code: one.code }).collect())
}

async fn tickets(
    seller: &Seller,
    call: &Call<TicketsBody>,
    command: impl FnOnce(TicketsRequest) -> MarketCommand,
) -> Result<Response, Problem> {
    let (target, session, called) = call.body.read()?;
    let tickets = look_up(seller, called).await?;
    let answer = seller.run(call, Command::Market(command(TicketsRequest { target, session, tickets }))).await?;
    let Reply::Tickets(tickets) = &answer.reply else { return Err(unexpected(&answer.reply)) };
    Ok(answer.json(&MarketTicketsView { tickets: tickets.iter().map(view).collect() }))
}

fn view(ticket: &SeenTicket) -> MarketTicketView<'_> {
    MarketTicketView {
        id: ticket.id.0,
        order_code: ticket.code.to_string(),
        session: IdView { id: ticket.session.0 },
        barcode: &ticket.barcode,
        status: ticket.state.as_str(),
        price: Money::of(ticket.currency, ticket.price),
        currency: ticket.currency.code(),
    }
}

/// Says whether tickets could be registered, and changes nothing.
#[utoipa::path(
    post, path = "/secondary-market/tickets/validate", tag = "marketplaces", operation_id = "validate_tickets", request_body = TicketsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = MarketTicketsView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0037 2MKT0038 2MKT0039 2MKT0010 2MKT0009 2MKT0040 2MKT0001 2MKT0017 2MKT0042 2MKT0002 \
        2MKT0006 2MKT0007 2MKT0015 2MKT0008 2MKT0011 2MKT0012 2MKT0013 2MKT0014 2MKT00118 2MKT0041 2MKT0043 2MKT0036"))),
)]
pub async fn validate(Marketplace(seller): Marketplace, call: Call<TicketsBody>) -> Result<Response, Problem> {
    tickets(&seller, &call, MarketCommand::Validate).await
}

/// Registers tickets that the marketplace is about to sell: until it has, they open gates, and are not given back.
#[utoipa::path(
    post, path = "/secondary-market/tickets/register", tag = "marketplaces", operation_id = "register_tickets", request_body = TicketsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = MarketTicketsView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0037 2MKT0038 2MKT0039 2MKT0010 2MKT0009 2MKT0040 2MKT0001 2MKT0017 2MKT0042 2MKT0002 \
        2MKT0006 2MKT0007 2MKT0015 2MKT0008 2MKT0011 2MKT0012 2MKT0013 2MKT0014 2MKT00118 2MKT0041 2MKT0043 2MKT0036 CONFLICT"))),
)]
pub async fn register(Marketplace(seller): Marketplace, call: Call<TicketsBody>) -> Result<Response, Problem> {
    tickets(&seller, &call, |request| MarketCommand::Mark(Mark::Register, request)).await
}

/// Takes back that the marketplace is about to sell tickets.
#[utoipa::path(
    post, path = "/secondary-market/tickets/unregister", tag = "marketplaces", operation_id = "unregister_tickets", request_body = TicketsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = MarketTicketsView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0037 2MKT0038 2MKT0039 2MKT0010 2MKT0009 2MKT0040 2MKT0001 2MKT0017 2MKT0042 2MKT0002 \
        2MKT0006 2MKT0007 2MKT0016 2MKT0008 CONFLICT"))),
)]
pub async fn unregister(Marketplace(seller): Marketplace, call: Call<TicketsBody>) -> Result<Response, Problem> {
    tickets(&seller, &call, |request| MarketCommand::Mark(Mark::Unregister, request)).await
}

/// Keeps tickets from opening gates and from being sold again.
#[utoipa::path(
    post, path = "/secondary-market/tickets/block", tag = "marketplaces", operation_id = "block_tickets", request_body = TicketsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = MarketTicketsView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0037 2MKT0038 2MKT0039 2MKT0010 2MKT0009 2MKT0040 2MKT0001 2MKT0017 2MKT0042 2MKT0002 \
        2MKT0006 2MKT0007 2MKT0008 2MKT0011 2MKT0012 2MKT0041 2MKT0043 2MKT0036 CONFLICT"))),
)]
pub async fn block(Marketplace(seller): Marketplace, call: Call<TicketsBody>) -> Result<Response, Problem> {
    tickets(&seller, &call, |request| MarketCommand::Mark(Mark::Block, request)).await
}

/// Lets tickets open gates and be sold again, which the marketplace had blocked.
#[utoipa::path(
    post, path = "/secondary-market/tickets/unblock", tag = "marketplaces", operation_id = "unblock_tickets", request_body = TicketsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = MarketTicketsView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0037 2MKT0038 2MKT0039 2MKT0010 2MKT0009 2MKT0040 2MKT0001 2MKT0017 2MKT0042 2MKT0002 \
        2MKT0006 2MKT0007 2MKT0008 CONFLICT"))),
)]
pub async fn unblock(Marketplace(seller): Marketplace, call: Call<TicketsBody>) -> Result<Response, Problem> {
    tickets(&seller, &call, |request| MarketCommand::Mark(Mark::Unblock, request)).await
}

/// Cancels registered tickets that the marketplace has sold, and sells others with new barcodes in their places, all or none: the new order.
///
/// What was paid beyond the tickets' prices is a surcharge of the channel. The first orders stay as they were, but for their tickets.
#[utoipa::path(
    post, path = "/secondary-market/reissues", tag = "marketplaces", operation_id = "reissue_tickets", request_body = ReissueBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("AUTH0026 ME0001 2MKT0034 2MKT0037 2MKT0038 2MKT0001 2MKT0017 2MKT0042 2MKT0002 2MKT0006 2MKT0007 2MKT0016 \
        2MKT0008 2MKT0011 2MKT0012 2MKT0013 2MKT0014 2MKT00118 2MKT0041 2MKT0043 2MKT0036 2MKT0025 2MKT0029 2MKT0035 CONFLICT"))),
)]
pub async fn reissue(Marketplace(seller): Marketplace, call: Call<ReissueBody>) -> Result<Response, Problem> {
    let (request, tickets) = call.body.read()?;
    let (called, prices): (Vec<_>, Vec<_>) = tickets.into_iter().unzip();
    let tickets = look_up(&seller, called).await?.into_iter().zip(prices).collect();
    let command = MarketCommand::Reissue(Box::new(ReissueRequest { tickets, ..request }));
    let answer = seller.run(&call, Command::Market(command)).await?;
    whole_order(&seller, &answer)
}

/// The code of a path; one that is none is no order's.
#[derive(Debug, Clone, Copy)]
pub struct PathReissue(OrderCode);

impl<S: Send + Sync> FromRequestParts<S> for PathReissue {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::Mkt0039)?;
        let code = raw.iter().next().and_then(|(_, text)| OrderCode::parse(text));
        Ok(Self(code.ok_or(Code::Mkt0039)?))
    }
}

/// Reads an order that the marketplace made by reissuing, or that was so made in its channel.
#[utoipa::path(
    get, path = "/secondary-market/reissues/{code}", tag = "marketplaces", operation_id = "get_reissue",
    params(("code" = String, Path)), responses((status = 200, body = OrderView)), extensions(("x-codes" = json!("AUTH0026 2MKT0039"))),
)]
pub async fn read(Marketplace(seller): Marketplace, PathReissue(code): PathReissue) -> Result<Response, Problem> {
    let (shard, own) = (seller.shard(), seller.channel.id);
    let order = seller.app.engine.read(shard, move |reader| reader.order(shard, code)).await?;
    let is_own = |order: &Arc<aforo_domain::orders::Order>| {
        let second_hand = &order.extras().second_hand;
        second_hand.iter().any(|one| one.by == own || order.seller.channel == own)
    };
    let order = order.filter(is_own).ok_or_else(|| Error::new(Code::Mkt0039))?;
    let newest = seller.app.engine.views().shard(shard);
    let catalogue = &newest.as_ref().unwrap_or(&seller.view).catalogue;
    Ok(json(&OrderView::of(&order, catalogue, &seller.app.http.zones)))
}
