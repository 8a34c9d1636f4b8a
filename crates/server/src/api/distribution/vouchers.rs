//! Vouchers as payment: adding, taking off, looking at one. A code and its PIN come in a body, are hashed here, and are never sent back.

use aforo_domain::catalogue::Catalogue;
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::ids::VoucherId;
use aforo_domain::orders::{Buyer, Order};
use aforo_domain::text::Language;
use aforo_domain::vouchers::{ShownVoucher, TakenVoucher, VoucherGroup};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::OrderView;
use super::{local, whole_order};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, PathId, Seller};
use crate::http::respond::{Problem, unexpected};
use crate::http::time::Shown;
use crate::http::wire::Money;

/// A voucher that pays for an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoucherView<'a> {
    id: u64,
    /// Its last characters.
    code: &'a str,
    /// Of its group; in the order's language, where it is written in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// What it pays of the order. Pre-confirm looks again; what that answers is what is spent.
    amount: Money,
}

impl<'a> VoucherView<'a> {
    /// The vouchers of an order.
    pub fn all(order: &'a Order, catalogue: &'a Catalogue) -> Vec<Self> {
        let view = |taken: &'a TakenVoucher| Self {
            id: taken.id.0,
            code: &taken.masked,
            name: catalogue.voucher_groups.get(&taken.group).map(|group| name(group, &order.language)),
            amount: Money::of(order.currency, taken.amount),
        };
        order.extras().vouchers.iter().map(view).collect()
    }
}

fn name<'a>(group: &'a VoucherGroup, language: &Language) -> &'a str {
    local(&group.names, language, &group.name)
}

/// A voucher to pay with.
#[derive(Deserialize, ToSchema)]
pub struct VoucherBody {
    /// Capital and small letters, blanks and hyphens do not matter.
    #[schema(required = true)]
    code: Option<String>,
    /// Where it has one.
    pin: Option<String>,
}

/// A voucher to be looked at.
#[derive(Deserialize, ToSchema)]
pub struct ValidateVoucherBody {
    /// Capital and small letters, blanks and hyphens do not matter.
    #[schema(required = true)]
    code: Option<String>,
    /// Where it has one.
    pin: Option<String>,
    /// Who asks: wrong tries are counted for it.
    email: Option<String>,
}

/// A voucher as whoever knows its code sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidVoucherView<'a> {
    id: u64,
    /// Its last characters.
    code: &'a str,
    /// Of its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    currency: &'a str,
    /// What is left of it, without what other orders have reserved.
    balance: Money,
    /// When it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Shown>,
    /// The collective that an order must carry to be paid with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
}

fn shown(checks: &mut Checks, code: Option<&str>, pin: Option<&str>) -> ShownVoucher {
    let code = checks.text("code", code);
    ShownVoucher::of(&code, checks.optional_text("pin", pin).as_deref())
}

/// Pays with a voucher, as far as it goes: each pays what the ones before it left. Adding it again looks at it again. An order has at most 10.
#[utoipa::path(
    post, path = "/orders/vouchers", tag = "vouchers", operation_id = "add_voucher", request_body = VoucherBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS VOUCHER_RETRIES_LIMIT_EXCEEDED VOUCHER_NOT_FOUND \
        VOUCHER_CODE_INVALID VOUCHER_COLLECTIVE_NOT_FOUND VOUCHER_GROUP_CURRENCY_NOT_FOUND VOUCHER_CURRENCY_INVALID VOUCHER_BALANCE_EMPTY"))),
)]
pub async fn add(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<VoucherBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let shown = shown(&mut checks, call.body.code.as_deref(), call.body.pin.as_deref());
    let shown = checks.done(shown)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::AddVoucher(id, shown))).await?;
    whole_order(&seller, &answer)
}

/// Takes a voucher off the current order, by its id.
#[utoipa::path(
    delete, path = "/orders/vouchers/{id}", tag = "vouchers", operation_id = "remove_voucher",
    params(("id" = u64, Path), ("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS VOUCHER_NOT_FOUND"))),
)]
pub async fn remove(
    seller: Seller,
    PathId(voucher): PathId,
    CurrentOrder(id): CurrentOrder,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::RemoveVoucher(id, VoucherId(voucher)))).await?;
    whole_order(&seller, &answer)
}

/// Looks at a voucher without an order: whether it would pay in this channel and its currency, and what is left of it.
#[utoipa::path(
    post, path = "/vouchers/validate", tag = "vouchers", operation_id = "validate_voucher", request_body = ValidateVoucherBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = ValidVoucherView)),
    extensions(("x-codes" = json!("VOUCHER_RETRIES_LIMIT_EXCEEDED VOUCHER_NOT_FOUND VOUCHER_CODE_INVALID VOUCHER_COLLECTIVE_NOT_FOUND \
        VOUCHER_GROUP_CURRENCY_NOT_FOUND VOUCHER_CURRENCY_INVALID VOUCHER_BALANCE_EMPTY"))),
)]
pub async fn validate(seller: Seller, call: Call<ValidateVoucherBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let shown = shown(&mut checks, call.body.code.as_deref(), call.body.pin.as_deref());
    let email = checks.optional_text("email", call.body.email.as_deref());
    let (shown, email) = checks.done((shown, email))?;
    let buyer = email.and_then(|email| Buyer { email, ..Buyer::default() }.hash());
    let answer = seller.run(&call, Command::Order(OrderCommand::ValidateVoucher(shown, buyer))).await?;
    let Reply::Voucher(voucher) = &answer.reply else { return Err(unexpected(&answer.reply)) };
    let (group, language) = (seller.view.catalogue.group_of(voucher), seller.channel.languages.first());
    Ok(answer.json(&ValidVoucherView {
        id: voucher.id.0,
        code: &voucher.masked,
        name: group.zip(language).map(|(group, language)| name(group, language)),
        currency: voucher.currency.code(),
        balance: Money::of(voucher.currency, voucher.available()),
        expires: voucher.expires.map(Shown::utc),
        collective_id: group.and_then(|group| group.collective).map(|id| id.0),
    }))
}
