//! Promotions of an order: what it may choose, choosing, and taking out. Automatic ones come by themselves.

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::ids::{ItemId, PromotionId};
use aforo_domain::money::{Currency, Minor};
use aforo_domain::orders::Order;
use aforo_domain::orders::promotions::{Obstacle, PromotionRequest, applicable, is_offered};
use aforo_domain::promotions::{Applied, Promotion, PromotionCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::OrderView;
use super::{local, whole_order};
use crate::api::mgmt::promotion_body::{KINDS, SCOPES};
use crate::api::mgmt::words;
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{CurrentOrder, PathId, Seller};
use crate::http::respond::Problem;
use crate::http::wire::{Money, Num};

/// A promotion that an order has.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppliedView<'a> {
    id: u64,
    /// In the order's language, where it is written in it.
    name: &'a str,
    /// `AUTOMATIC`, `DISCOUNT` or `PROMOTION`.
    r#type: &'static str,
    /// How its code ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What it takes off in all.
    amount: Money,
    items: Vec<DiscountView>,
}

/// What something takes off, or what is taken off something.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountView {
    id: u64,
    amount: Money,
}

impl DiscountView {
    /// By the id of what it is.
    pub const fn new(id: u64, amount: Minor, currency: Currency) -> Self {
        Self { id, amount: Money::of(currency, amount) }
    }
}

impl<'a> AppliedView<'a> {
    /// A promotion of an order.
    fn of(one: &'a Applied, order: &'a Order) -> Self {
        let amount_of = |id: ItemId| -> Minor {
            let item = order.items.iter().find(|item| item.id == id);
            let discounts = item.map_or(&[][..], |item| &item.price.discounts[..]);
            discounts.iter().filter(|discount| discount.promotion == one.terms.id).map(|discount| discount.amount).sum()
        };
        let items: Vec<(ItemId, Minor)> = one.items.iter().map(|id| (*id, amount_of(*id))).collect();
        Self {
            id: one.terms.id.0,
            name: local(&one.terms.names, &order.language, &one.terms.name),
            r#type: words::show(KINDS, &one.terms.kind),
            code: one.code.as_ref().map(PromotionCode::masked),
            amount: Money::of(order.currency, items.iter().map(|(_, amount)| amount).sum()),
            items: items.iter().map(|(id, amount)| DiscountView::new(id.0, *amount, order.currency)).collect(),
        }
    }

    /// The promotions that an order has on some item.
    pub fn all(order: &'a Order) -> Vec<Self> {
        order.extras().promotions.iter().filter(|one| !one.items.is_empty()).map(|one| Self::of(one, order)).collect()
    }
}

/// A promotion that an order is offered.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedView<'a> {
    id: u64,
    /// In the order's language, where it is written in it.
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// `DISCOUNT` or `PROMOTION`.
    r#type: &'static str,
    /// `ITEM` or `ORDER`.
    scope: &'static str,
    code_required: bool,
    /// The collective that the order must carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
    /// Whether the order has it.
    applied: bool,
    /// Whether it could have it now; whether there are uses left, and whether the code is right, is told when it is applied.
    applicable: bool,
    /// Why not: `NOT_IN_TIME`, `NO_ITEM`, `TOO_FEW_ITEMS` or `NOT_COMBINABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The items that could have it.
    items: Vec<PromotionItemView>,
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromotionItemView {
    id: u64,
}

/// What is offered for an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromotionsView<'a> {
    data: Vec<OfferedView<'a>>,
}

const REASONS: &[(&str, Obstacle)] = &[
    ("NOT_IN_TIME", Obstacle::NotNow),
    ("NO_ITEM", Obstacle::NoItem),
    ("TOO_FEW_ITEMS", Obstacle::TooFewItems),
    ("NOT_COMBINABLE", Obstacle::NotCombinable),
    ("COLLECTIVE_REQUIRED", Obstacle::NoCollective),
];

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PromotionBody {
    /// Which promotion.
    #[schema(required = true)]
    id: Option<Num>,
    /// On which items, 1 to 500; else on all that it is for. One of the whole order names none.
    items: Option<Vec<PromotionItemBody>>,
    /// Where it needs one.
    code: Option<String>,
}

/// An item.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PromotionItemBody {
    #[schema(required = true)]
    id: Option<Num>,
}

impl PromotionBody {
    fn read(&self) -> Result<PromotionRequest, Problem> {
        let mut checks = Checks::new();
        let id = PromotionId(checks.id("id", self.id.as_ref()));
        let items = self.items.as_deref().map(|items| {
            let items = checks.list("items", Some(items));
            items.iter().map(|item| ItemId(checks.id("items.id", item.id.as_ref()))).collect()
        });
        let text = self.code.as_deref().filter(|code| !code.trim().is_empty());
        let code = text.and_then(PromotionCode::parse);
        // A wrong code is not sent back, so what cannot be one is a wrong value and not a wrong form.
        if text.is_some() && code.is_none() {
            checks.bad_value("code");
        }
        checks.done(PromotionRequest { id, items, code })
    }
}

/// Lists the promotions that the current order may choose, and why not; at most 500.
#[utoipa::path(
    get, path = "/orders/promotions", tag = "promotions", operation_id = "list_promotions", params(("ob-order-id" = String, Header)),
    responses((status = 200, body = PromotionsView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED"))),
)]
pub async fn list(seller: Seller, CurrentOrder(id): CurrentOrder) -> Result<Response, Problem> {
    let answer = seller.ask(Command::Order(OrderCommand::Read(id))).await?;
    let (order, catalogue) = (answer.order()?, &seller.view.catalogue);
    let offered = |promotion: &&Promotion| is_offered(promotion, order, catalogue);
    let mut promotions: Vec<_> = catalogue.promotions.values().map(AsRef::as_ref).filter(offered).collect();
    promotions.sort_unstable_by_key(|promotion| promotion.id);
    promotions.truncate(MAX_ELEMENTS);
    let data = promotions.into_iter().map(|promotion| {
        let terms = &promotion.terms;
        let (items, reason) = match applicable(terms, order, catalogue, seller.now) {
            Ok(items) => (items, None),
            Err(obstacle) => (Vec::new(), Some(words::show(REASONS, &obstacle))),
        };
        OfferedView {
            id: promotion.id.0,
            name: local(&terms.names, &order.language, &terms.name),
            description: promotion.descriptions.get(&order.language).map(String::as_str),
            r#type: words::show(KINDS, &terms.kind),
            scope: words::show(SCOPES, &terms.scope),
            code_required: terms.needs_code,
            collective_id: terms.conditions.collective.map(|id| id.0),
            applied: order.extras().promotions.iter().any(|one| one.terms.id == promotion.id),
            applicable: reason.is_none(),
            reason,
            items: items.into_iter().map(|id| PromotionItemView { id: id.0 }).collect(),
        }
    });
    Ok(answer.json(&PromotionsView { data: data.collect() }))
}

/// Applies a promotion to the current order. Applying the same one again replaces it.
#[utoipa::path(
    post, path = "/orders/promotions", tag = "promotions", operation_id = "apply_promotion", request_body = PromotionBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_PROMOTION_PRIMARY_MARKET_REQUIRED \
        ORDER_PROMOTION_NOT_FOUND ORDER_INVALID_PROMOTION ORDER_ITEM_INVALID PROMOTION_CODE_LIMIT_REACHED \
        ORDER_PROMOTION_LIMIT_OPERATION_EXCEEDED ORDER_PROMOTION_LIMIT_EXCEEDED ORDER_COLLECTIVE_LIMIT_EXCEEDED TOO_MANY_REQUESTS"))),
)]
pub async fn apply(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<PromotionBody>) -> Result<Response, Problem> {
    let request = call.body.read()?;
    let answer = seller.run(&call, Command::Order(OrderCommand::Promote(id, request))).await?;
    whole_order(&seller, &answer)
}

/// Takes a chosen promotion out of the current order.
#[utoipa::path(
    delete, path = "/orders/promotions/{id}", tag = "promotions", operation_id = "drop_promotion",
    params(("id" = u64, Path), ("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_PROMOTION_NOT_FOUND"))),
)]
pub async fn drop_one(
    seller: Seller,
    PathId(promotion): PathId,
    CurrentOrder(id): CurrentOrder,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::DropPromotion(id, PromotionId(promotion)))).await?;
    whole_order(&seller, &answer)
}
