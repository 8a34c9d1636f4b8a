//! Selling: confirm against payment. aforo records money, it never moves it.

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::money::Decimal;
use aforo_domain::orders::{PaymentKind, PaymentRequest};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{OrderView, PAYMENT_KINDS};
use super::whole_order;
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// What was paid.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmBody {
    /// Together they are what is to pay; `[]` where nothing is.
    payments: Option<Vec<PaymentBody>>,
}

/// A payment.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PaymentBody {
    /// CASH, CARD, TRANSFER, EXTERNAL or CREDIT.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// In major units of the order's currency.
    amount: Option<Num>,
    /// The seller's own reference.
    reference: Option<String>,
}

impl ConfirmBody {
    fn read(&self) -> Result<Vec<PaymentRequest>, Problem> {
        let mut checks = Checks::new();
        let payments = checks.required("payments", self.payments.as_deref()).unwrap_or_default();
        let read = PaymentBody::read(&mut checks, payments);
        checks.done(read)
    }
}

impl PaymentBody {
    /// What was paid.
    pub fn read(checks: &mut Checks, payments: &[Self]) -> Vec<PaymentRequest> {
        if payments.len() > MAX_ELEMENTS {
            checks.bad_value("payments");
        }
        let mut read = Vec::with_capacity(payments.len().min(MAX_ELEMENTS));
        for payment in payments.iter().take(MAX_ELEMENTS) {
            let kind = checks.required("payments.type", payment.kind.as_deref());
            let kind = checks.one_of("payments.type", kind, PAYMENT_KINDS).unwrap_or(PaymentKind::Cash);
            let amount = checks.required("payments.amount", payment.amount.as_ref());
            let amount = checks.formed("payments.amount", amount.map(Num::text), Decimal::parse);
            if amount.is_some_and(|amount| amount.is_negative()) {
                checks.bad_value("payments.amount");
            }
            let reference = checks.optional_text("payments.reference", payment.reference.as_deref());
            read.extend(amount.map(|amount| PaymentRequest { kind, amount, reference }));
        }
        read
    }
}

/// Sells the order: every item becomes a ticket.
#[utoipa::path(
    post, path = "/orders/confirm", tag = "orders", operation_id = "confirm_order", request_body = ConfirmBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS SESSION_NOT_FOUND PURCHASE_NOT_TOTALLY_PAID"))),
)]
pub async fn confirm(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<ConfirmBody>) -> Result<Response, Problem> {
    let payments = call.body.read()?;
    let answer = seller.run(&call, Command::Order(OrderCommand::Confirm(id, payments))).await?;
    whole_order(&seller, &answer)
}
