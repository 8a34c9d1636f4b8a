//! How an order's tickets reach the buyer: what the channel offers for it, and which of it is chosen.

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::identity::terms::DeliveryMethod;
use aforo_domain::ids::DeliveryMethodId;
use aforo_domain::money::Currency;
use aforo_domain::orders::delivery::offered;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{OrderView, TaxView, tax_views};
use super::{local, whole_order};
use crate::api::mgmt::channel_terms::DELIVERY_KINDS;
use crate::api::mgmt::words;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::Problem;
use crate::http::wire::{Money, Num};

/// A way of delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView<'a> {
    id: u64,
    /// `EMAIL`, `WALLET`, `PRINT_AT_HOME`, `PICK_UP` or `POST`.
    r#type: &'static str,
    /// In the order's language, where it is written in it.
    name: &'a str,
    cost: Money,
    /// What of the cost is tax.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    taxes: Vec<TaxView>,
}

impl<'a> DeliveryView<'a> {
    /// A way of delivery as an order of this language shows it.
    pub fn of(method: &'a DeliveryMethod, language: &aforo_domain::text::Language, currency: Currency) -> Self {
        let name = local(&method.names, language, &method.name);
        let (r#type, cost) = (words::show(DELIVERY_KINDS, &method.kind), Money::of(currency, method.cost));
        Self { id: method.id.0, r#type, name, cost, taxes: tax_views(&method.tax_lines(), currency) }
    }
}

/// What is offered for an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveriesView<'a> {
    data: Vec<DeliveryView<'a>>,
}

/// Which way is chosen.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeliveryBody {
    #[schema(required = true)]
    id: Option<Num>,
}

/// Lists the ways of delivery that the channel offers for the current order as it is now.
#[utoipa::path(
    get, path = "/orders/delivery-methods", tag = "delivery", operation_id = "list_delivery_methods", params(("ob-order-id" = String, Header)),
    responses((status = 200, body = DeliveriesView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED"))),
)]
pub async fn list(seller: Seller, CurrentOrder(id): CurrentOrder) -> Result<Response, Problem> {
    let answer = seller.ask(Command::Order(OrderCommand::Read(id))).await?;
    let order = answer.order()?;
    let offered = offered(&seller.channel, order, &seller.view.catalogue, seller.now);
    let data = offered.map(|method| DeliveryView::of(method, &order.language, seller.channel.currency)).collect();
    Ok(answer.json(&DeliveriesView { data }))
}

/// Chooses how the current order's tickets reach the buyer.
#[utoipa::path(
    post, path = "/orders/delivery-methods", tag = "delivery", operation_id = "choose_delivery_method", request_body = DeliveryBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_INVALID_DELIVERY_METHOD"))),
)]
pub async fn choose(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<DeliveryBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let method = DeliveryMethodId(checks.id("id", call.body.id.as_ref()));
    let method = checks.done(method)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::SetDelivery(id, method))).await?;
    whole_order(&seller, &answer)
}
