//! The items of an order: numbered seats, automatic picks, tariffs, taking out. All or none in each call.

use aforo_domain::catalogue::PresaleCode;
use aforo_domain::command::{AutoRequest, Command, OrderCommand, SeatRequest};
use aforo_domain::ids::{ItemId, PriceTypeId, RateId, SeatId, SectorId, SessionId};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::OrderView;
use super::whole_order;
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{CurrentOrder, PathId, Seller};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Numbered seats to add.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SeatsBody {
    /// 1 to 500, each once.
    seats: Option<Vec<SeatBody>>,
    /// The tariff of seats that name none, else their session's default one.
    rate_id: Option<Num>,
    /// Of a presale, while a session is not on sale to everybody.
    presale_code: Option<String>,
}

/// A numbered seat.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SeatBody {
    /// The seat.
    id: Option<Num>,
    /// Of which session.
    session_id: Option<Num>,
    /// At which tariff.
    rate_id: Option<Num>,
}

impl SeatsBody {
    fn read(&self) -> Result<(Vec<SeatRequest>, Option<PresaleCode>), Problem> {
        let mut checks = Checks::new();
        let seats = checks.list("seats", self.seats.as_deref());
        let seats = seats.iter().map(|seat| SeatRequest {
            id: SeatId(checks.id("seats.id", seat.id.as_ref())),
            session: SessionId(checks.id("seats.session_id", seat.session_id.as_ref())),
            rate: checks.optional_id("seats.rate_id", seat.rate_id.as_ref()).map(RateId),
        });
        let mut seats: Vec<_> = seats.collect();
        let rate = checks.optional_id("rate_id", self.rate_id.as_ref()).map(RateId);
        seats.iter_mut().for_each(|seat| seat.rate = seat.rate.or(rate));
        if named_twice(seats.iter().map(|seat| (seat.session, seat.id))) {
            checks.bad_value("seats");
        }
        let code = presale_code(&mut checks, self.presale_code.as_deref());
        checks.done((seats, code))
    }
}

/// A presale's code; blank is left out. A wrong one is not sent back, so what cannot be one is a wrong value and not a wrong form.
fn presale_code(checks: &mut Checks, value: Option<&str>) -> Option<PresaleCode> {
    let text = value.filter(|text| !text.trim().is_empty())?;
    let code = PresaleCode::parse(text);
    if code.is_none() {
        checks.bad_value("presale_code");
    }
    code
}

/// Whether something is named more than once.
pub fn named_twice<T: Ord>(ids: impl Iterator<Item = T>) -> bool {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1])
}

/// Adds numbered seats.
#[utoipa::path(
    post, path = "/orders/seats", tag = "items", operation_id = "add_seats", request_body = SeatsBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS SESSION_NOT_FOUND ORDER_ITEMS_LIMIT_EXCEEDED \
        SESSION_SALES_LIMIT_EXCEEDED ORDER_COLLECTIVE_LIMIT_EXCEEDED ORDER_SEAT_NOT_AVAILABLE ORPHAN_SEAT ORDER_ITEM_INVALID"))),
)]
pub async fn add_seats(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<SeatsBody>) -> Result<Response, Problem> {
    let (seats, code) = call.body.read()?;
    let answer = seller.run(&call, Command::Order(OrderCommand::AddSeats(id, seats, code))).await?;
    whole_order(&seller, &answer)
}

/// Places to be picked: of a not-numbered zone, or the best seats.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AutoBody {
    /// Of which session.
    session_id: Option<Num>,
    /// Of which price type.
    price_type_id: Option<Num>,
    /// Only in this sector.
    sector_id: Option<Num>,
    /// 1 to 500.
    quantity: Option<Num>,
    /// At which tariff, else the session's default one.
    rate_id: Option<Num>,
    /// Refuse rather than split the party.
    together: Option<bool>,
    /// Of a presale, while the session is not on sale to everybody.
    presale_code: Option<String>,
}

impl AutoBody {
    fn read(&self) -> Result<AutoRequest, Problem> {
        let mut checks = Checks::new();
        let request = AutoRequest {
            session: SessionId(checks.id("session_id", self.session_id.as_ref())),
            price_type: PriceTypeId(checks.id("price_type_id", self.price_type_id.as_ref())),
            sector: checks.optional_id("sector_id", self.sector_id.as_ref()).map(SectorId),
            quantity: u32::try_from(checks.whole("quantity", self.quantity.as_ref(), 1..=MAX_ELEMENTS as u64)).unwrap_or_default(),
            rate: checks.optional_id("rate_id", self.rate_id.as_ref()).map(RateId),
            together: self.together.unwrap_or(false),
            presale: presale_code(&mut checks, self.presale_code.as_deref()),
        };
        checks.done(request)
    }
}

/// Adds places picked automatically.
#[utoipa::path(
    post, path = "/orders/seats-auto", tag = "items", operation_id = "add_seats_auto", request_body = AutoBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS SESSION_NOT_FOUND ORDER_ITEMS_LIMIT_EXCEEDED \
        SESSION_SALES_LIMIT_EXCEEDED ORDER_COLLECTIVE_LIMIT_EXCEEDED ORDER_SEAT_NOT_AVAILABLE ORDER_ITEM_INVALID"))),
)]
pub async fn add_auto(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<AutoBody>) -> Result<Response, Problem> {
    let request = call.body.read()?;
    let answer = seller.run(&call, Command::Order(OrderCommand::AddAuto(id, request))).await?;
    whole_order(&seller, &answer)
}

/// A tariff to change to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RateBody {
    /// One of the session's tariffs.
    rate_id: Option<Num>,
}

/// Changes an item's tariff.
#[utoipa::path(
    put, path = "/orders/items/{id}/rate", tag = "items", operation_id = "set_item_rate", request_body = RateBody,
    params(("id" = u64, Path), ("ob-order-id" = String, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS SESSION_NOT_FOUND ORDER_ITEM_INVALID"))),
)]
pub async fn set_rate(
    seller: Seller,
    PathId(item): PathId,
    CurrentOrder(id): CurrentOrder,
    call: Call<RateBody>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let rate = RateId(checks.id("rate_id", call.body.rate_id.as_ref()));
    let rate = checks.done(rate)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::SetRate(id, ItemId(item), rate))).await?;
    whole_order(&seller, &answer)
}

/// Takes one item out.
#[utoipa::path(
    delete, path = "/orders/items/{id}", tag = "items", operation_id = "remove_item",
    params(("id" = u64, Path), ("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_ITEM_INVALID"))),
)]
pub async fn remove(seller: Seller, PathId(item): PathId, CurrentOrder(id): CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::RemoveItems(id, vec![ItemId(item)]))).await?;
    whole_order(&seller, &answer)
}

/// Items to take out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReleaseBody {
    /// 1 to 500, each once.
    items: Option<Vec<ItemBody>>,
}

/// An item.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ItemBody {
    /// Its id.
    id: Option<Num>,
}

/// Takes several items out.
#[utoipa::path(
    post, path = "/orders/items/release", tag = "items", operation_id = "release_items", request_body = ReleaseBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_ITEM_INVALID"))),
)]
pub async fn release(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<ReleaseBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let items = checks.list("items", call.body.items.as_deref());
    let items: Vec<_> = items.iter().map(|item| ItemId(checks.id("items.id", item.id.as_ref()))).collect();
    if named_twice(items.iter()) {
        checks.bad_value("items");
    }
    let items = checks.done(items)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::RemoveItems(id, items))).await?;
    whole_order(&seller, &answer)
}
