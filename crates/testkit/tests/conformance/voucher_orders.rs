//! The codes of voucher orders.

use aforo_testkit::builders::{SmallWorld, gift_order, text};
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::{Value, json};

const ORDERS: &str = "/distribution-api/v1/voucher-orders";

async fn create(world: &SmallWorld<'_>, body: Value) -> Answer {
    world.seller().await.0.post(ORDERS, body).await
}

/// A voucher order of 50 of the web channel.
async fn made(world: &SmallWorld<'_>) -> (SellerClient, String) {
    world.gift_vouchers(json!({})).await;
    let seller = world.seller().await;
    let order = seller.0.post(ORDERS, gift_order(50)).await.ok();
    (seller, format!("{ORDERS}/{}", text(&order, "id")))
}

/// Two items of which the second is as it is said.
fn second(item: Value) -> Value {
    let mut body = gift_order(50);
    body["items"].as_array_mut().unwrap().push(item);
    body
}

/// A refusal that names the second item.
fn names_second(answer: Answer) -> Answer {
    assert_eq!(answer.body["details"], json!([{"id": 2}]), "{}", answer.text);
    answer
}

/// Another channel's looks like none.
pub async fn voucher_order_not_found(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = made(world).await;
    seller.0.get(format!("{ORDERS}/{}", "0".repeat(32))).await.refused("VOUCHER_ORDER_NOT_FOUND");
    let other = aforo_testkit::builders::channel(&world.admin, world.theatre, "WEB").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await;
    seller.0.get(&order).await.ok();
    other.0.get(&order).await
}

pub async fn voucher_order_invalid_status(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = made(world).await;
    let payment = json!({"payment": {"status": "PAID", "amount": 50}});
    seller.0.post(format!("{order}/confirm"), payment.clone()).await.refused("VOUCHER_ORDER_INVALID_STATUS");
    seller.0.post(format!("{order}/pre-confirm"), json!({})).await.ok();
    seller.0.post(format!("{order}/pre-confirm"), json!({})).await.refused("VOUCHER_ORDER_INVALID_STATUS");
    seller.0.post(format!("{order}/confirm"), payment).await.ok();
    seller.0.delete(&order).await
}

/// None, one that is switched off, and one whose vouchers would not pay: when an order is made, and at pre-confirm.
pub async fn voucher_order_invalid_config_status(world: &SmallWorld<'_>) -> Answer {
    create(world, gift_order(50)).await.refused("VOUCHER_ORDER_INVALID_CONFIG_STATUS");
    let group = world.gift_vouchers(json!({})).await;
    let seller = world.seller().await;
    let order = seller.0.post(ORDERS, gift_order(50)).await.ok();
    world.admin.change(&format!("/voucher-groups/{group}"), json!({"status": "INACTIVE"})).await;
    create(world, gift_order(50)).await.refused("VOUCHER_ORDER_INVALID_CONFIG_STATUS");
    world.gift_vouchers(json!({"status": "INACTIVE"})).await;
    create(world, gift_order(50)).await.refused("VOUCHER_ORDER_INVALID_CONFIG_STATUS");
    seller.0.get("/distribution-api/v1/gift-vouchers").await.refused("VOUCHER_ORDER_INVALID_CONFIG_STATUS");
    seller.0.post(format!("{ORDERS}/{}/pre-confirm", text(&order, "id")), json!({})).await
}

pub async fn voucher_order_invalid_amount(world: &SmallWorld<'_>) -> Answer {
    world.gift_vouchers(json!({})).await;
    names_second(create(world, second(json!({"amount": 110, "delivery": {"type": "NONE"}}))).await)
}

pub async fn voucher_order_invalid_image(world: &SmallWorld<'_>) -> Answer {
    world.gift_vouchers(json!({})).await;
    names_second(create(world, second(json!({"amount": 10, "image_id": 8, "delivery": {"type": "NONE"}}))).await)
}

pub async fn voucher_order_invalid_receiver_data(world: &SmallWorld<'_>) -> Answer {
    world.gift_vouchers(json!({})).await;
    let item = json!({"amount": 10, "image_id": 7, "receiver": {"name": "Zoe"}, "delivery": {"type": "EMAIL"}});
    names_second(create(world, second(item)).await)
}

/// Yesterday, and a day more than there may be.
pub async fn voucher_order_invalid_delivery_date(world: &SmallWorld<'_>) -> Answer {
    world.gift_vouchers(json!({})).await;
    let on =
        |date: &str| second(json!({"amount": 10, "receiver": {"email": "zoe@example.org"}, "delivery": {"type": "EMAIL", "date": date}}));
    for good in ["2031-01-15", "2031-02-14"] {
        create(world, on(good)).await.ok();
    }
    create(world, on("2031-01-14")).await.refused("VOUCHER_ORDER_INVALID_DELIVERY_DATE");
    names_second(create(world, on("2031-02-15")).await)
}

pub async fn voucher_order_invalid_payment_status(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = made(world).await;
    seller.0.post(format!("{order}/pre-confirm"), json!({})).await.ok();
    let confirm = format!("{order}/confirm");
    seller.0.post(&confirm, json!({"payment": {"status": "PAID", "amount": 49.99}})).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    seller.0.post(&confirm, json!({"payment": {"status": "PENDING", "amount": 50}})).await
}
