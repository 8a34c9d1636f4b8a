//! An order as a whole: create, read, delete, pre-confirm, book, back to basket.

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::text::Language;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::OrderView;
use super::whole_order;
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::Problem;

/// What an order may begin with.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateBody {
    /// One of the channel's languages (`es-ES`), else its first.
    language: Option<String>,
}

/// Begins an order.
#[utoipa::path(
    post, path = "/orders", tag = "orders", operation_id = "create_order", request_body = Option<CreateBody>,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)), extensions(("x-codes" = json!("TOO_MANY_REQUESTS"))),
)]
pub async fn create(seller: Seller, call: Call<Option<CreateBody>>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let language = call.body.as_ref().and_then(|body| body.language.as_deref());
    let language = checks.formed("language", language, Language::parse);
    let language = checks.done(language)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::Create { language })).await?;
    whole_order(&seller, &answer)
}

/// Shows the current order. Looking at it does not make it live longer.
#[utoipa::path(
    get, path = "/orders", tag = "orders", operation_id = "read_order", params(("ob-order-id" = String, Header)),
    responses((status = 200, body = OrderView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED"))),
)]
pub async fn read(seller: Seller, CurrentOrder(id): CurrentOrder) -> Result<Response, Problem> {
    let answer = seller.ask(Command::Order(OrderCommand::Read(id))).await?;
    whole_order(&seller, &answer)
}

/// Drops the current order; its places fall free at once.
#[utoipa::path(
    delete, path = "/orders", tag = "orders", operation_id = "delete_order",
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS"))),
)]
pub async fn delete(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    Ok(seller.run(&call, Command::Order(OrderCommand::Delete(id))).await?.json(&serde_json::json!({})))
}

/// Checks everything, gives the order its code and the time to pay.
#[utoipa::path(
    post, path = "/orders/pre-confirm", tag = "orders", operation_id = "pre_confirm_order",
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_WITHOUT_ITEMS SESSION_NOT_FOUND \
        SESSION_SALES_LIMIT_EXCEEDED ORDER_SEAT_NOT_AVAILABLE ORPHAN_SEAT ORDER_BUYER_DATA_REQUIRED ORDER_ATTENDEE_DATA_REQUIRED \
        ORDER_INVALID_DELIVERY_METHOD ORDER_INVALID_INSURANCE CONSUMER_METADATA_REQUIRED PROMOTION_REQUIRED ORDER_ITEM_INVALID VOUCHER_CODE_INVALID \
        VOUCHER_COLLECTIVE_NOT_FOUND VOUCHER_GROUP_CURRENCY_NOT_FOUND VOUCHER_CURRENCY_INVALID VOUCHER_BALANCE_EMPTY"))),
)]
pub async fn pre_confirm(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::PreConfirm(id))).await?;
    whole_order(&seller, &answer)
}

/// Books the current order: everything is checked, and its places are held as long as the channel's bookings live. There is no way back to the basket;
/// confirm sells it, and deleting it gives its places back. The channel's switch `booking` must be on; people at a counter need the permission `BOOKING`.
#[utoipa::path(
    post, path = "/orders/booking", tag = "orders", operation_id = "book_order",
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("AUTH0027 ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_WITHOUT_ITEMS SESSION_NOT_FOUND \
        SESSION_SALES_LIMIT_EXCEEDED ORDER_SEAT_NOT_AVAILABLE ORPHAN_SEAT ORDER_BUYER_DATA_REQUIRED ORDER_ATTENDEE_DATA_REQUIRED \
        ORDER_BOOKING_NOT_ALLOWED ORDER_INVALID_DELIVERY_METHOD ORDER_INVALID_INSURANCE CONSUMER_METADATA_REQUIRED PROMOTION_REQUIRED \
        ORDER_ITEM_INVALID VOUCHER_CODE_INVALID VOUCHER_COLLECTIVE_NOT_FOUND VOUCHER_GROUP_CURRENCY_NOT_FOUND VOUCHER_CURRENCY_INVALID VOUCHER_BALANCE_EMPTY"))),
)]
pub async fn book(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::Book(id))).await?;
    whole_order(&seller, &answer)
}

/// Back to the basket: seats and code stay. A booking does not go back.
#[utoipa::path(
    post, path = "/orders/basket", tag = "orders", operation_id = "back_to_basket",
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS"))),
)]
pub async fn back_to_basket(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::BackToBasket(id))).await?;
    whole_order(&seller, &answer)
}
