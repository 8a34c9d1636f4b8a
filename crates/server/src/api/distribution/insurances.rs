//! Insurances of an order's items: what the channel offers for them, taking and giving back.

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::identity::terms::Insurance;
use aforo_domain::ids::{InsuranceId, ItemId};
use aforo_domain::money::{Currency, Minor};
use aforo_domain::orders::insurance::{Insured, offered};
use aforo_domain::text::Language;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{OrderView, TaxView, tax_views};
use super::{local, whole_order};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::wire::{Money, Num};

/// An insurance with the items it is for.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsuranceView<'a> {
    id: u64,
    /// In the order's language, where it is written in it.
    name: &'a str,
    /// Where its terms are to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_url: Option<&'a str>,
    /// Of all these items.
    price: Money,
    items: Vec<PremiumView>,
}

/// What insuring an item costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct PremiumView {
    id: u64,
    price: Money,
    /// What of the price is tax.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    taxes: Vec<TaxView>,
}

impl<'a> InsuranceView<'a> {
    fn new(insurance: &'a Insurance, items: &[(ItemId, Minor)], language: &Language, currency: Currency) -> Self {
        let premium = |(id, premium): &(ItemId, Minor)| PremiumView {
            id: id.0,
            price: Money::of(currency, *premium),
            taxes: tax_views(&insurance.tax_lines(*premium), currency),
        };
        Self {
            id: insurance.id.0,
            name: local(&insurance.names, language, &insurance.name),
            terms_url: insurance.terms_url.as_deref(),
            price: Money::of(currency, items.iter().map(|(_, premium)| premium).sum()),
            items: items.iter().map(premium).collect(),
        }
    }

    /// An insurance that was taken.
    pub fn of(taken: &'a Insured, language: &Language, currency: Currency) -> Self {
        Self::new(&taken.insurance, &taken.items, language, currency)
    }
}

/// What is offered for an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsurancesView<'a> {
    data: Vec<InsuranceView<'a>>,
}

/// What is to be insured.
#[derive(Debug, Deserialize, ToSchema)]
pub struct InsureBody {
    /// Which insurance.
    #[schema(required = true)]
    id: Option<Num>,
    /// Which items; if left out, all that it is offered for.
    items: Option<Vec<ItemBody>>,
}

/// An item.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ItemBody {
    #[schema(required = true)]
    id: Option<Num>,
}

/// Lists the insurances that the channel offers for the current order's items, with what they would cost.
#[utoipa::path(
    get, path = "/orders/insurances", tag = "insurances", operation_id = "list_insurances", params(("ob-order-id" = String, Header)),
    responses((status = 200, body = InsurancesView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED"))),
)]
pub async fn list(seller: Seller, CurrentOrder(id): CurrentOrder) -> Result<Response, Problem> {
    let answer = seller.ask(Command::Order(OrderCommand::Read(id))).await?;
    let order = answer.order()?;
    let insurances = seller.channel.insurances.iter().filter_map(|insurance| {
        let items = offered(insurance, &seller.channel, order, &seller.view.catalogue, seller.now);
        (!items.is_empty()).then(|| InsuranceView::new(insurance, &items, &order.language, order.currency))
    });
    Ok(answer.json(&InsurancesView { data: insurances.collect() }))
}

/// Insures items of the current order. Taking the same insurance again replaces it.
#[utoipa::path(
    post, path = "/orders/insurances", tag = "insurances", operation_id = "take_insurance", request_body = InsureBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_INVALID_INSURANCE ORDER_ITEM_INVALID"))),
)]
pub async fn take(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<InsureBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let insurance = InsuranceId(checks.id("id", call.body.id.as_ref()));
    let items = call.body.items.as_deref().map(|items| {
        let items = checks.list("items", Some(items));
        items.iter().map(|item| ItemId(checks.id("items.id", item.id.as_ref()))).collect()
    });
    let (insurance, items) = checks.done((insurance, items))?;
    let answer = seller.run(&call, Command::Order(OrderCommand::Insure(id, insurance, items))).await?;
    whole_order(&seller, &answer)
}

/// Gives back the insurance named in the query, or all.
#[utoipa::path(
    delete, path = "/orders/insurances", tag = "insurances", operation_id = "give_insurances_back",
    params(("ob-order-id" = String, Header), ("id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_INVALID_INSURANCE"))),
)]
pub async fn give_back(seller: Seller, CurrentOrder(id): CurrentOrder, params: Params, call: Call<NoBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let insurance = params.id(&mut checks, "id").map(InsuranceId);
    let insurance = checks.done(insurance)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::DropInsurance(id, insurance))).await?;
    whole_order(&seller, &answer)
}
