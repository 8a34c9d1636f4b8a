//! The codes of what an order carries beside its places.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::{Value, json};

/// An order in the web channel whose metadata keeps to these rules.
async fn noting(world: &SmallWorld<'_>, rules: Value) -> (SellerClient, String) {
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "consumer_metadata": rules })).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    (seller, order)
}

async fn note(seller: &SellerClient, order: &str, key: &str, value: &str) -> Answer {
    seller.order("PUT", order, &format!("/consumer-metadata/{key}"), Some(json!({ "value": value }))).await
}

pub async fn consumer_metadata_not_found(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = noting(world, json!({})).await;
    note(&seller, &order, "till", "3").await.ok();
    seller.order("DELETE", &order, "/consumer-metadata/till", None).await.ok();
    seller.order("DELETE", &order, "/consumer-metadata/till", None).await.refused("CONSUMER_METADATA_NOT_FOUND");
    seller.order("GET", &order, "/consumer-metadata/till", None).await
}

pub async fn consumer_metadata_required(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = noting(world, json!({"required": ["till"]})).await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await;
    note(&seller, &order, "till", "").await.ok();
    seller.pre_confirm(&order).await.ok();
    refused
}

pub async fn consumer_metadata_max_elements(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = noting(world, json!({"max_elements": 1})).await;
    note(&seller, &order, "till", "3").await.ok();
    note(&seller, &order, "till", "4").await.ok();
    note(&seller, &order, "lane", "1").await
}

pub async fn consumer_metadata_key_max_length(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = noting(world, json!({"key_max_length": 4})).await;
    note(&seller, &order, "ñaña", "3").await.ok();
    note(&seller, &order, "tills", "3").await
}

pub async fn consumer_metadata_value_max_length(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = noting(world, json!({"value_max_length": 4})).await;
    note(&seller, &order, "till", "1234").await.ok();
    let refused = note(&seller, &order, "till", "12345").await;
    assert_eq!(seller.read(&order).await.ok()["consumer_metadata"], json!({"till": "1234"}), "the refused call changed nothing");
    refused
}

/// Letters take three weeks: for a concert in two weeks the post is not offered.
pub async fn order_invalid_delivery_method(world: &SmallWorld<'_>) -> Answer {
    let methods =
        json!([{"id": 1, "type": "POST", "name": "Post", "cost": 4, "hours_before": 504}, {"id": 2, "type": "EMAIL", "name": "Mail"}]);
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "delivery_methods": methods })).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let choose = async |id: u64| seller.order("POST", &order, "/delivery-methods", Some(json!({ "id": id }))).await;
    choose(2).await.ok();
    choose(3).await.refused("ORDER_INVALID_DELIVERY_METHOD");
    choose(1).await
}

pub async fn order_invalid_insurance(world: &SmallWorld<'_>) -> Answer {
    let insurances = json!([{"id": 1, "name": "Cancellation", "type": "FIXED", "value": 2, "hours_before": 504}]);
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "insurances": insurances })).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.order("POST", &order, "/insurances", Some(json!({"id": 2}))).await.refused("ORDER_INVALID_INSURANCE");
    seller.order("POST", &order, "/insurances", Some(json!({"id": 1}))).await
}
