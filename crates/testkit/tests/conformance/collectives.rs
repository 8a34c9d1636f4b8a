//! The codes of collectives.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::{Value, json};

/// A collective of the theatre, and what else it says.
async fn collective(world: &SmallWorld<'_>, more: Value) -> u64 {
    let mut body = json!({"entity_id": world.theatre, "name": "Club", "type": "CODE", "codes": [{"code": "AMIGOS"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.admin.make_id("/collectives", body).await
}

async fn basket(world: &SmallWorld<'_>) -> (SellerClient, String) {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    (seller, order)
}

async fn add(seller: &SellerClient, order: &str, body: Value) -> Answer {
    seller.order("POST", order, "/collectives", Some(body)).await
}

/// Unknown, of other channels, and not on the order.
pub async fn order_collective_not_found(world: &SmallWorld<'_>) -> Answer {
    let id = collective(world, json!({"channels": [world.kiosk.id]})).await;
    let (seller, order) = basket(world).await;
    add(&seller, &order, json!({"id": id, "code": "amigos"})).await.refused("ORDER_COLLECTIVE_NOT_FOUND");
    seller.order("DELETE", &order, &format!("/collectives/{id}"), None).await.refused("ORDER_COLLECTIVE_NOT_FOUND");
    add(&seller, &order, json!({"id": 777, "user": "ada", "password": "secret"})).await
}

pub async fn order_invalid_collective(world: &SmallWorld<'_>) -> Answer {
    let members = collective(world, json!({"type": "MEMBER_PASSWORD", "codes": []})).await;
    world.admin.make(&format!("/collectives/{members}/members"), json!({"member": "ada", "password": "secret"})).await;
    let (seller, order) = basket(world).await;
    for wrong in [json!({"user": "ada", "password": "Secret"}), json!({"user": "eve", "password": "secret"}), json!({"user": "ada"})] {
        let mut body = wrong;
        body["id"] = json!(members);
        add(&seller, &order, body).await.refused("ORDER_INVALID_COLLECTIVE");
    }
    add(&seller, &order, json!({"id": members, "user": "ADA", "password": "secret"})).await.ok();
    let id = collective(world, json!({})).await;
    add(&seller, &order, json!({"id": id, "code": "enemigos"})).await
}

/// The last use of a code is another order's.
pub async fn order_collective_limit_exceeded(world: &SmallWorld<'_>) -> Answer {
    let id = collective(world, json!({"codes": [{"code": "AMIGOS", "limit": 2}]})).await;
    let promotion = json!({"entity_id": world.theatre, "name": "Friends", "type": "AUTOMATIC",
        "reduction": {"type": "PERCENTAGE", "value": 10}, "conditions": {"collective_id": id}});
    world.admin.make_id("/promotions", promotion).await;
    let (seller, order) = basket(world).await;
    assert_eq!(add(&seller, &order, json!({"id": id, "code": "amigos"})).await.ok()["price"]["promotions"], json!(4));
    let other = seller.create().await;
    add(&seller, &other, json!({"id": id, "code": "amigos"})).await
}

pub async fn voucher_collective_not_found(world: &SmallWorld<'_>) -> Answer {
    let id = collective(world, json!({})).await;
    let group = json!({"entity_id": world.theatre, "name": "Gift voucher", "currencies": ["EUR"], "collective_id": id});
    let group = world.admin.make_id("/voucher-groups", group).await;
    let issued = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), json!({"count": 1, "amount": 5})).await;
    let pay = json!({"code": text(&issued["data"][0], "code")});
    let (seller, order) = basket(world).await;
    seller.order("POST", &order, "/vouchers", Some(pay.clone())).await.refused("VOUCHER_CODE_INVALID");
    add(&seller, &order, json!({"id": id, "code": "amigos"})).await.ok();
    seller.order("POST", &order, "/vouchers", Some(pay.clone())).await.ok();
    // It has it no more, and what is in the basket is looked at again.
    world.admin.change(&format!("/collectives/{id}"), json!({"channels": [world.kiosk.id]})).await;
    seller.0.post("/distribution-api/v1/vouchers/validate", pay.clone()).await.refused("VOUCHER_COLLECTIVE_NOT_FOUND");
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await.refused("VOUCHER_COLLECTIVE_NOT_FOUND");
    assert_eq!(refused.body["details"], json!([{"id": issued["data"][0]["id"]}]));
    seller.order("POST", &order, "/vouchers", Some(pay)).await
}
