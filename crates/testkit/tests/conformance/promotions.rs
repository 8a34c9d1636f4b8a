//! The codes of promotions.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::{Value, json};

/// A promotion of the theatre: 10 % of each item, and what else it says.
async fn promotion(world: &SmallWorld<'_>, more: Value) -> u64 {
    let mut body =
        json!({"entity_id": world.theatre, "name": "Spring", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.admin.make_id("/promotions", body).await
}

/// An order of two seats.
async fn filled(world: &SmallWorld<'_>, first: usize) -> (SellerClient, String) {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[first..first + 2]).await.ok();
    (seller, order)
}

async fn choose(seller: &SellerClient, order: &str, body: Value) -> Answer {
    seller.order("POST", order, "/promotions", Some(body)).await
}

pub async fn order_promotion_not_found(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({"conditions": {"channels": [world.kiosk.id]}})).await;
    let (seller, order) = filled(world, 0).await;
    choose(&seller, &order, json!({"id": 777})).await.refused("ORDER_PROMOTION_NOT_FOUND");
    seller.order("DELETE", &order, &format!("/promotions/{id}"), None).await.refused("ORDER_PROMOTION_NOT_FOUND");
    choose(&seller, &order, json!({ "id": id })).await
}

pub async fn order_promotion_primary_market_required(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    choose(&seller, &order, json!({ "id": id })).await
}

pub async fn order_invalid_promotion(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({"codes": [{"code": "AMIGOS"}]})).await;
    let (seller, order) = filled(world, 0).await;
    choose(&seller, &order, json!({ "id": id })).await.refused("ORDER_INVALID_PROMOTION");
    choose(&seller, &order, json!({"id": id, "code": "amigos"})).await.ok();
    choose(&seller, &order, json!({"id": id, "code": "enemigos"})).await
}

pub async fn promotion_code_limit_reached(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({"scope": "ORDER", "codes": [{"code": "AMIGOS", "limit": 1}]})).await;
    let (seller, order) = filled(world, 0).await;
    choose(&seller, &order, json!({"id": id, "code": "amigos"})).await.ok();
    let (seller, order) = filled(world, 2).await;
    choose(&seller, &order, json!({"id": id, "code": "amigos"})).await
}

pub async fn order_promotion_limit_exceeded(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({"limits": {"total": 3}})).await;
    let (seller, order) = filled(world, 0).await;
    choose(&seller, &order, json!({ "id": id })).await.ok();
    let (seller, order) = filled(world, 2).await;
    choose(&seller, &order, json!({ "id": id })).await
}

pub async fn order_promotion_limit_operation_exceeded(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({"limits": {"per_order": 1}})).await;
    let (seller, order) = filled(world, 0).await;
    choose(&seller, &order, json!({ "id": id })).await
}

pub async fn promotion_not_found(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({})).await;
    let seller = world.seller().await;
    seller.0.get(format!("/catalog-api/v1/promotions/{id}")).await.ok();
    seller.0.get(format!("/catalog-api/v1/promotions/{}", id + 1)).await
}

pub async fn promotion_required(world: &SmallWorld<'_>) -> Answer {
    let id = promotion(world, json!({})).await;
    world.change_session(json!({"promotion_required": true})).await;
    let (seller, order) = filled(world, 0).await;
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await;
    choose(&seller, &order, json!({ "id": id })).await.ok();
    seller.pre_confirm(&order).await.ok();
    refused
}
