//! The codes of vouchers as payment.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::{Value, json};

/// A voucher of 5 of a new group: its id and code.
async fn voucher(world: &SmallWorld<'_>, currencies: Value, currency: &str) -> (u64, String) {
    let group = json!({"entity_id": world.theatre, "name": "Gift voucher", "currencies": currencies});
    let group = world.admin.make_id("/voucher-groups", group).await;
    let body = json!({"count": 1, "amount": 5, "currency": currency});
    let issued = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), body).await;
    (issued["data"][0]["id"].as_u64().unwrap(), text(&issued["data"][0], "code").to_owned())
}

async fn add(seller: &SellerClient, order: &str, code: &str) -> Answer {
    seller.order("POST", order, "/vouchers", Some(json!({ "code": code }))).await
}

/// An order of the web channel that holds two seats.
async fn basket(world: &SmallWorld<'_>) -> (SellerClient, String) {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    (seller, order)
}

pub async fn voucher_not_found(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    seller.order("DELETE", &order, "/vouchers/7", None).await.refused("VOUCHER_NOT_FOUND");
    seller.0.post("/distribution-api/v1/vouchers/validate", json!({"code": "ABCD"})).await.refused("VOUCHER_NOT_FOUND");
    add(&seller, &order, "ABCD-EFGH-JKMN-PQRS").await
}

pub async fn voucher_code_invalid(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    let (id, code) = voucher(world, json!(["EUR"]), "EUR").await;
    add(&seller, &order, &code).await.ok();
    world.admin.change(&format!("/vouchers/{id}"), json!({"status": "BLOCKED"})).await;
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await.refused("VOUCHER_CODE_INVALID");
    assert_eq!(refused.body["details"], json!([{ "id": id }]));
    add(&seller, &order, &code).await
}

pub async fn voucher_group_currency_not_found(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    let (_, code) = voucher(world, json!(["USD"]), "USD").await;
    add(&seller, &order, &code).await
}

pub async fn voucher_currency_invalid(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    let (_, code) = voucher(world, json!(["EUR", "USD"]), "USD").await;
    add(&seller, &order, &code).await
}

/// Reserved amounts count as gone.
pub async fn voucher_balance_empty(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    let (_, code) = voucher(world, json!(["EUR"]), "EUR").await;
    add(&seller, &order, &code).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    let other = seller.create().await;
    add(&seller, &other, &code).await
}

/// Five wrong codes, and the right one comes too late.
pub async fn voucher_retries_limit_exceeded(world: &SmallWorld<'_>) -> Answer {
    let (seller, order) = basket(world).await;
    let (_, code) = voucher(world, json!(["EUR"]), "EUR").await;
    for number in 0..5 {
        add(&seller, &order, &format!("ABCD-{number}")).await.refused("VOUCHER_NOT_FOUND");
    }
    let other = seller.create().await;
    add(&seller, &other, &code).await.ok();
    add(&seller, &order, &code).await
}
