//! Resale in the channel: offering tickets for their buyers, and putting what others offer into an order. What is on offer is the catalogue's to show.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{ItemId, ListingId, OrderCode, OrderId, RateId, SessionId};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Decimal;
use aforo_domain::orders::TicketState;
use aforo_domain::orders::resale::{ResaleCommand, ResaleRequest};
use aforo_domain::resale::{Listing, ListingState, PayoutState};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::items::named_twice;
use super::view::{IdView, OrderView};
use super::whole_order;
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, PathId, Seller};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json, unexpected};
use crate::http::time;
use crate::http::wire::{List, Metadata, Money, Num};
use crate::store::lists::{Cut, ListingsWanted, Page};

/// Offers to buy.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResaleSeatsBody {
    /// 1 to 500, each once.
    #[schema(required = true)]
    seats: Option<Vec<ResaleSeatBody>>,
}

/// An offer as the buyer saw it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResaleSeatBody {
    #[schema(required = true)]
    listing_id: Option<Num>,
    /// Its tariff.
    #[schema(required = true)]
    rate_id: Option<Num>,
    /// What is asked for it, without surcharges.
    #[schema(required = true)]
    price: Option<Num>,
}

/// Tickets to offer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ListingsBody {
    /// Of an order that this channel sold.
    #[schema(required = true)]
    order_code: Option<String>,
    /// 1 to 500, each once.
    #[schema(required = true)]
    items: Option<Vec<ListingItemBody>>,
}

/// A ticket to offer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ListingItemBody {
    /// The order's item.
    #[schema(required = true)]
    id: Option<Num>,
    /// What is asked for it, without surcharges.
    #[schema(required = true)]
    price: Option<Num>,
}

/// Offers of one call.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListingsView {
    listings: Vec<ListingView>,
}

/// A ticket that is offered, or was.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListingView {
    id: u64,
    /// OPEN, RESERVED (in an order that is not sold yet), SOLD or WITHDRAWN.
    status: &'static str,
    order_code: String,
    item_id: u64,
    session: IdView,
    price_type: IdView,
    rate: IdView,
    /// What is asked for it, without surcharges.
    price: Money,
    /// What the house keeps of that.
    commission: Money,
    payout: PayoutView,
    currency: String,
    /// UTC.
    created: String,
    /// Once it is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    sold: Option<SoldView>,
    /// When it was withdrawn, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<String>,
}

/// What the seller gets.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutView {
    amount: Money,
    /// Once it is sold: PENDING (until the session has ended), DUE, or REVERSED (the new ticket was given back before that, or cancelled with its session).
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// The ticket that is in its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct SoldView {
    order_code: String,
    item_id: u64,
    /// UTC.
    at: String,
}

impl ListingView {
    /// Shows an offer; `tickets` says how those stand that took the places of sold ones.
    fn of(listing: &Listing, catalogue: &Catalogue, tickets: &HashMap<ItemId, (TicketState, Timestamp)>, now: Timestamp) -> Self {
        let (status, sold, withdrawn) = match &listing.state {
            ListingState::Open => ("OPEN", None, None),
            ListingState::Taken { .. } => ("RESERVED", None, None),
            ListingState::Sold(successor) => ("SOLD", Some(successor), None),
            ListingState::Withdrawn { at } => ("WITHDRAWN", None, Some(*at)),
        };
        let money = |minor| Money::of(listing.currency, minor);
        // Sessions are never taken out of the catalogue.
        let end = catalogue.offers.get(&listing.session).map_or(now, |offer| offer.session.end);
        let payout = |item: &ItemId| match PayoutState::of(tickets.get(item).copied().unwrap_or((TicketState::Valid, now)), end, now) {
            PayoutState::Pending => "PENDING",
            PayoutState::Due => "DUE",
            PayoutState::Reversed => "REVERSED",
        };
        Self {
            id: listing.id.0,
            status,
            order_code: listing.code.to_string(),
            item_id: listing.ticket.0,
            session: IdView { id: listing.session.0 },
            price_type: IdView { id: listing.price_type.0 },
            rate: IdView { id: listing.rate.0 },
            price: money(listing.price),
            commission: money(listing.commission),
            payout: PayoutView { amount: money(listing.payout()), status: sold.map(|successor| payout(&successor.item)) },
            currency: listing.currency.to_string(),
            created: time::utc(listing.offered),
            sold: sold.map(|successor| SoldView {
                order_code: successor.code.to_string(),
                item_id: successor.item.0,
                at: time::utc(successor.at),
            }),
            withdrawn: withdrawn.map(time::utc),
        }
    }
}

/// A price in major units, of whatever currency.
fn price(checks: &mut Checks, name: &str, value: Option<&Num>) -> Decimal {
    let text = checks.required(name, value).map(Num::text);
    checks.formed(name, text, Decimal::parse).unwrap_or_default()
}

/// Puts tickets into the order that others offer, all or none. They have no promotions; what the promoter and the channel add is theirs for tickets that are sold
/// again. `details` name the offers that are refused.
#[utoipa::path(
    post, path = "/orders/secondary-market-seats", tag = "resale", operation_id = "add_secondary_market_seats", request_body = ResaleSeatsBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS AUTH0026 SECONDARY_MARKET_SALE_NOT_ENABLED \
        SECONDARY_MARKET_SEAT_NOT_AVAILABLE SECONDARY_MARKET_SEAT_RATE_NOT_AVAILABLE ORDER_ITEMS_LIMIT_EXCEEDED SESSION_SALES_LIMIT_EXCEEDED \
        ORDER_ITEM_INVALID"))),
)]
pub async fn add(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<ResaleSeatsBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let seats = checks.list("seats", call.body.seats.as_deref()).iter();
    let seats = seats.map(|seat| ResaleRequest {
        listing: ListingId(checks.id("seats.listing_id", seat.listing_id.as_ref())),
        rate: RateId(checks.id("seats.rate_id", seat.rate_id.as_ref())),
        price: price(&mut checks, "seats.price", seat.price.as_ref()),
    });
    let seats: Vec<_> = seats.collect();
    if named_twice(seats.iter().map(|seat| seat.listing)) {
        checks.bad_value("seats");
    }
    let seats = checks.done(seats)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::AddResale(id, seats))).await?;
    whole_order(&seller, &answer)
}

/// Offers tickets of an order that this channel sold to others, all or none: they are on offer in all channels of the entity that sell the session and sell again.
/// Until an offer is taken back or sold, its ticket opens no gate and is not given back.
#[utoipa::path(
    post, path = "/secondary-market/listings", tag = "resale", operation_id = "create_listings", request_body = ListingsBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = ListingsView)),
    extensions(("x-codes" = json!("AUTH0026 AUTH0027 SECONDARY_MARKET_SALE_NOT_ENABLED ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID \
        PRODUCT_STATE_INVALID CONFLICT"))),
)]
pub async fn create(seller: Seller, call: Call<ListingsBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let code = checks.text("order_code", call.body.order_code.as_deref());
    let items = checks.list("items", call.body.items.as_deref()).iter();
    let items = items.map(|item| (ItemId(checks.id("items.id", item.id.as_ref())), price(&mut checks, "items.price", item.price.as_ref())));
    let items: Vec<_> = items.collect();
    if named_twice(items.iter().map(|(item, _)| *item)) {
        checks.bad_value("items");
    }
    let (code, items) = checks.done((OrderCode::parse(&code), items))?;
    let shard = seller.shard();
    let order = match code {
        Some(code) => seller.app.engine.read(shard, move |reader| reader.order(shard, code)).await?,
        None => None,
    };
    let order = order.map_or(OrderId::NOBODYS, |order| order.id);
    let answer = seller.run(&call, Command::Resale(ResaleCommand::Offer(order, items))).await?;
    let Reply::Listings(listings) = &answer.reply else { return Err(unexpected(&answer.reply)) };
    Ok(answer.json(&ListingsView { listings: show(&seller, listings).await? }))
}

/// Takes an offer back: its ticket opens gates again.
#[utoipa::path(
    delete, path = "/secondary-market/listings/{id}", tag = "resale", operation_id = "withdraw_listing",
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = ListingView)),
    extensions(("x-codes" = json!("AUTH0027 SECONDARY_MARKET_SEAT_NOT_AVAILABLE CONFLICT"))),
)]
pub async fn withdraw(seller: Seller, PathId(id): PathId, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Resale(ResaleCommand::Withdraw(ListingId(id)))).await?;
    let Reply::Listings(listings) = &answer.reply else { return Err(unexpected(&answer.reply)) };
    let shown = show(&seller, listings).await?.pop().ok_or_else(|| unexpected(&answer.reply))?;
    Ok(answer.json(&shown))
}

/// Offers as they are shown, with what became of the tickets that took the places of sold ones.
async fn show(seller: &Seller, listings: &[Arc<Listing>]) -> Result<Vec<ListingView>, Problem> {
    let successor = |listing: &Arc<Listing>| match &listing.state {
        ListingState::Sold(successor) => Some(successor.item),
        _ => None,
    };
    let (shard, sold) = (seller.shard(), listings.iter().filter_map(successor).collect::<Vec<_>>());
    let tickets = match sold.is_empty() {
        true => Vec::new(),
        false => seller.app.engine.read(shard, move |reader| reader.tickets_of(shard, &sold)).await?,
    };
    let tickets: HashMap<_, _> = tickets.into_iter().map(|ticket| (ticket.id, (ticket.state, ticket.changed))).collect();
    let newest = seller.app.engine.views().shard(shard);
    let catalogue = &newest.as_ref().unwrap_or(&seller.view).catalogue;
    Ok(listings.iter().map(|listing| ListingView::of(listing, catalogue, &tickets, seller.now)).collect())
}

async fn find(seller: &Seller, wanted: ListingsWanted, cut: Cut) -> Result<(u64, Vec<ListingView>), Problem> {
    let shard = seller.shard();
    let Page { total, rows } = seller.app.engine.read(shard, move |reader| reader.listings(shard, &wanted, cut)).await?;
    Ok((total, show(seller, &rows).await?))
}

/// Lists what this channel offers for its buyers, and has offered, the first offered first.
#[utoipa::path(
    get, path = "/secondary-market/listings", tag = "resale", operation_id = "list_listings",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("session_id" = Option<u64>, Query), ("order_code" = Option<String>, Query),
    ),
    responses((status = 200, body = List<ListingView>)),
)]
pub async fn list(seller: Seller, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let session = params.id(&mut checks, "session_id").map(SessionId);
    let code = params.get("order_code").map(OrderCode::parse);
    let paging = checks.done(paging)?;
    let (cut, wanted) = (
        Cut { limit: paging.limit, offset: paging.offset },
        ListingsWanted { channel: seller.channel.id, id: None, session, code: code.flatten() },
    );
    // What is no code is no order's.
    let (total, data) = if code == Some(None) { (0, Vec::new()) } else { find(&seller, wanted, cut).await? };
    Ok(json(&List { metadata: Metadata { limit: paging.limit, total, offset: paging.offset }, data }))
}

/// Reads an offer of this channel.
#[utoipa::path(
    get, path = "/secondary-market/listings/{id}", tag = "resale", operation_id = "get_listing",
    params(("id" = u64, Path)), responses((status = 200, body = ListingView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(seller: Seller, PathId(id): PathId) -> Result<Response, Problem> {
    let wanted = ListingsWanted { channel: seller.channel.id, id: Some(ListingId(id)), session: None, code: None };
    let (_, mut found) = find(&seller, wanted, Cut { limit: 1, offset: 0 }).await?;
    let listing = found.pop().ok_or_else(|| Error::new(Code::NotFound))?;
    Ok(json(&listing))
}
