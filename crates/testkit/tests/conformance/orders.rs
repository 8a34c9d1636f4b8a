//! The codes of orders: from what cannot be found to what is not paid.

use aforo_testkit::builders::{SmallWorld, channel, publish};
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::json;

pub async fn session_not_found(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    seller.0.get("/catalog-api/v1/sessions/999999/availability").await.refused("SESSION_NOT_FOUND");
    let order = seller.create().await;
    world.change_session(json!({"status": "CANCELLED"})).await;
    seller.add_seats(&order, world.session, &world.row[..1]).await
}

pub async fn session_sales_limit_exceeded(world: &SmallWorld<'_>) -> Answer {
    publish(&world.admin, world.event, world.session, world.web.id, json!({"sales_limit": 3})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_auto(&order, world.session, world.floor, 3).await.ok();
    seller.add_auto(&seller.create().await, world.session, world.floor, 1).await
}

/// Seats 1 and 2 are taken, so seat 4 alone would leave seat 3 alone.
pub async fn orphan_seat(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    seller.add_seats(&seller.create().await, world.session, &world.row[..2]).await.ok();
    seller.add_seats(&seller.create().await, world.session, &world.row[3..4]).await
}

/// An order of two seats that waits for its payment.
async fn to_be_paid(world: &SmallWorld<'_>, seller: &SellerClient) -> String {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    order
}

pub async fn purchase_not_totally_paid(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = to_be_paid(world, &seller).await;
    let refused = seller.confirm(&order, &json!(39.99)).await;
    let sold = seller.confirm(&order, &json!(40)).await.ok();
    assert_eq!(sold["status"], "CONFIRM");
    refused
}

/// Another channel's order looks the same as none.
pub async fn order_not_found(world: &SmallWorld<'_>) -> Answer {
    let order = world.seller().await.create().await;
    let other = channel(&world.admin, world.theatre, "B2B").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await;
    let none = other.read("00000000000000000000000000000000").await;
    let theirs = other.read(&order).await;
    assert_eq!((none.status, none.code()), (theirs.status, theirs.code()));
    theirs
}

pub async fn order_expired(world: &SmallWorld<'_>) -> Answer {
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"hold_seconds": 30})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    world.server.pass_seconds(40).await;
    let over = seller.read(&order).await;
    seller.add_seats(&seller.create().await, world.session, &world.row[..2]).await.ok();
    over
}

pub async fn order_invalid_status(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = to_be_paid(world, &seller).await;
    seller.add_seats(&order, world.session, &world.row[2..4]).await
}

/// All or nothing: the free seat of the two stays free, and the other one is named.
pub async fn order_seat_not_available(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    seller.add_seats(&seller.create().await, world.session, &world.row[..2]).await.ok();
    let refused = seller.add_seats(&seller.create().await, world.session, &world.row[1..3]).await;
    assert_eq!(refused.body["details"], json!([{"id": world.row[1]}]));
    seller.add_seats(&seller.create().await, world.session, &world.row[2..4]).await.ok();
    refused
}

pub async fn order_items_limit_exceeded(world: &SmallWorld<'_>) -> Answer {
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"max_items": 2})).await;
    let seller = world.seller().await;
    seller.add_auto(&seller.create().await, world.session, world.floor, 3).await
}

pub async fn order_item_invalid(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.order("DELETE", &order, "/items/999999", None).await
}

pub async fn order_without_items(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await
}

pub async fn order_buyer_data_required(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.pre_confirm(&order).await
}

/// A clerk without the permission gives no invitation; with it, it does.
pub async fn auth0027_invitation(world: &SmallWorld<'_>) -> Answer {
    world.admin.change(&format!("/channels/{}", world.box_office.id), json!({"invitations": true})).await;
    let sold = json!({"name": "Adult", "prices": [{"price_type_id": world.floor, "value": 10}]});
    let session = world.change_session(json!({"rates": [sold, {"name": "Guest", "invitation": {}}]})).await;
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    let clerk = SellerClient(world.nobody().signed_in(&world.counter(&strings, &[])).await);
    let order = clerk.create().await;
    let ask = json!({"session_id": world.session, "price_type_id": world.floor, "quantity": 2, "rate_id": session["rates"][1]["id"]});
    let invite = async || clerk.order("POST", &order, "/seats-auto", Some(ask.clone())).await;
    let refused = invite().await;
    world.admin.change(&format!("/users/{}", world.clerk.id), json!({"permissions": ["INVITATIONS"]})).await;
    assert_eq!(invite().await.ok()["price"]["to_pay"], 0);
    refused
}
