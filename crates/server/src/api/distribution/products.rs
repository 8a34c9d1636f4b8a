//! Products into an order. They leave it as all items do.

use aforo_domain::command::{Command, OrderCommand, ProductRequest};
use aforo_domain::ids::ProductId;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::items::named_twice;
use super::view::OrderView;
use super::whole_order;
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Products to add.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProductsBody {
    /// 1 to 500, each once.
    products: Option<Vec<ProductBody>>,
}

/// Units of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ProductUnitsBody)]
pub struct ProductBody {
    /// The product.
    id: Option<Num>,
    /// 1 to 500.
    quantity: Option<Num>,
}

/// Adds units of products, all or none. Each becomes an item of its own. What goes only with places of some events or sessions needs one of them in the
/// order, and leaves with the last. `details` name the products that are refused: `DIST0005` those that are not sold in this channel,
/// `ORDER_ITEMS_LIMIT_EXCEEDED` those over their own limit per order (none, if it is the channel's), `ORDER_SEAT_NOT_AVAILABLE` those that are not on sale or
/// not left, `ORDER_ITEM_INVALID` those without a price in the order's currency or without the places that they go with.
#[utoipa::path(
    post, path = "/orders/products", tag = "items", operation_id = "add_products", request_body = ProductsBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_ITEMS_LIMIT_EXCEEDED ORDER_SEAT_NOT_AVAILABLE \
        ORDER_ITEM_INVALID"))),
)]
pub async fn add(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<ProductsBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let products = checks.list("products", call.body.products.as_deref());
    let products = products.iter().map(|product| ProductRequest {
        id: ProductId(checks.id("products.id", product.id.as_ref())),
        quantity: checks.whole("products.quantity", product.quantity.as_ref(), 1..=MAX_ELEMENTS as u64) as u32,
    });
    let products: Vec<_> = products.collect();
    if named_twice(products.iter().map(|product| product.id)) {
        checks.bad_value("products");
    }
    let products = checks.done(products)?;
    let answer = seller.run(&call, Command::Order(OrderCommand::AddProducts(id, products))).await?;
    whole_order(&seller, &answer)
}
