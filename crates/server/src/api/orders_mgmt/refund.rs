//! Giving items of a sold order back.

use aforo_domain::command::Command;
use aforo_domain::ids::ItemId;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::refunds::RefundRequest;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PathCode;
use super::corrections::whole;
use super::view::OrderView;
use crate::api::distribution::confirm::PaymentBody;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Refunds};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// What is to be given back.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RefundBody {
    /// 1 to 500, all or none of them.
    #[schema(required = true)]
    items: Option<Vec<NamedItemBody>>,
    /// `MANUAL`: whoever asks pays the money back. What vouchers had paid goes back to them first, as far as they still pay.
    #[schema(required = true)]
    r#type: Option<String>,
    /// Whether with their surcharges, and with those per order that nobody is left to pay for; at first without.
    include_surcharges: Option<bool>,
    /// Whether with the delivery, which comes back once; at first without.
    include_delivery: Option<bool>,
    /// Whether with their insurances; at first without.
    include_insurance: Option<bool>,
    /// Whether their places leave the sale instead of being for sale again. Only the promoter's own people may ask for it.
    block_places: Option<bool>,
    /// How the money is paid out, all of it; without it nobody says how. At a till it is taken out of what the open shift should hold.
    payments: Option<Vec<PaymentBody>>,
}

/// An item that is meant.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NamedItemBody {
    #[schema(required = true)]
    id: Option<Num>,
}

impl RefundBody {
    fn read(&self) -> Result<RefundRequest, Problem> {
        let mut checks = Checks::new();
        let items = NamedItemBody::read(&mut checks, self.items.as_deref());
        let kind = checks.required("type", self.r#type.as_deref());
        checks.one_of("type", kind, &[("MANUAL", ())]);
        let payments = PaymentBody::read(&mut checks, self.payments.as_deref().unwrap_or_default());
        checks.done(RefundRequest {
            items,
            surcharges: self.include_surcharges.unwrap_or_default(),
            delivery: self.include_delivery.unwrap_or_default(),
            insurance: self.include_insurance.unwrap_or_default(),
            block_places: self.block_places.unwrap_or_default(),
            payments,
        })
    }
}

impl NamedItemBody {
    /// The items that are named, each once.
    pub fn read(checks: &mut Checks, items: Option<&[Self]>) -> Vec<ItemId> {
        let items = checks.list("items", items);
        let mut items: Vec<_> = items.iter().map(|item| ItemId(checks.id("items.id", item.id.as_ref()))).collect();
        items.sort_unstable();
        items.dedup();
        items
    }
}

/// Gives items of a sold order back, all or none: the refund, an order of its own whose amounts are positive and say what comes back.
///
/// The order itself stays as it was, but for its tickets. An item comes back for what was paid for it after promotions.
#[utoipa::path(
    post, path = "/orders/{code}/refund", operation_id = "refund_order", tag = "orders", request_body = RefundBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID PRODUCT_STATE_INVALID PURCHASE_NOT_TOTALLY_PAID NOT_FOUND"))),
)]
pub async fn refund(clerk: Clerk<Refunds>, PathCode(code): PathCode, call: Call<RefundBody>) -> Result<Response, Problem> {
    let request = call.body.read()?;
    let command = Command::AfterSale(clerk.id_of(code).await?, AfterSaleCommand::Refund(request));
    let answered = clerk.run(&call, command).await?;
    whole(&clerk, &answered)
}
