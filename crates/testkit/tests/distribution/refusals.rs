//! What order calls refuse, and with which code.

use aforo_testkit::caller::{Answer, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::{House, house};

fn named(answer: &Answer) -> Vec<u64> {
    answer.body["details"].as_array().unwrap().iter().map(|detail| detail["id"].as_u64().unwrap()).collect()
}

/// An order of two stalls that waits to be paid.
async fn waiting(house: &House, seller: &SellerClient) -> (String, Value) {
    let order = seller.create().await;
    seller.add_auto(&order, house.gala, house.stalls, 2).await.ok();
    seller.buyer(&order, "ada@example.com").await.ok();
    let accepted = seller.pre_confirm(&order).await.ok();
    (order, accepted)
}

pub async fn seats_that_cannot_be_had_are_named(server: &TestServer) {
    let house = house(server).await;
    let (web, partner) = (&house.web, &house.partner);
    let (order, others) = (web.create().await, partner.create().await);
    partner.add_seats(&others, house.gala, &[house.seat(2), house.seat(3)]).await.ok();
    let asked = [house.seat(3), house.seat(4), 9_999];
    let refusal = web.add_seats(&order, house.gala, &asked).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(named(&refusal), [house.seat(3), 9_999]);
    web.add_auto(&order, house.gala, house.floor, 6).await.ok();
    // Two seats are left beside the partner's; taking one of the next three alone leaves a single one.
    let order = web.create().await;
    let refusal = web.add_seats(&order, house.gala, &[house.seat(5)]).await.refused("ORPHAN_SEAT");
    assert_eq!(named(&refusal), [house.seat(5)]);
    assert_eq!(web.read(&order).await.ok()["items"], json!([]));
    web.add_seats(&order, house.gala, &[house.seat(4)]).await.ok();
    let item = web.order("DELETE", &order, "/items/9999", None).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(named(&item), [9_999]);
    let mixed = web.add_seats(&order, house.tour, &[house.seat(4)]).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(named(&mixed), [house.seat(4)]);
}

pub async fn limits_of_order_channel_and_buyer(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let order = web.create().await;
    web.add_auto(&order, house.gala, house.floor, 4).await.ok();
    web.add_auto(&order, house.gala, house.floor, 3).await.refused("ORDER_ITEMS_LIMIT_EXCEEDED");
    let path = format!("/mgmt-api/v1/events/{}/sessions/{}/channels/{}", house.event, house.gala, house.web_id);
    house.manager.0.send(aforo_testkit::caller::Ask::new("PUT", path).json(&json!({"sales_limit": 5}))).await.ok();
    let refusal = web.add_auto(&order, house.gala, house.floor, 2).await.refused("SESSION_SALES_LIMIT_EXCEEDED");
    assert_eq!(named(&refusal), [house.gala]);
    house.change_gala(json!({"buyer_limit": 3})).await;
    web.buyer(&order, "ada@example.com").await.refused("SESSION_SALES_LIMIT_EXCEEDED");
}

pub async fn each_step_has_its_status(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let order = web.create().await;
    web.order("POST", &order, "/basket", None).await.refused("ORDER_INVALID_STATUS");
    web.confirm(&order, &json!(0)).await.refused("ORDER_INVALID_STATUS");
    let (order, accepted) = waiting(&house, web).await;
    let item = &accepted["items"][0]["id"];
    for call in [
        web.add_auto(&order, house.gala, house.floor, 1).await,
        web.add_seats(&order, house.gala, &[house.seat(9)]).await,
        web.order("DELETE", &order, &format!("/items/{item}"), None).await,
        web.order("POST", &order, "/items/release", Some(json!({"items": [{"id": item}]}))).await,
        web.order("PUT", &order, &format!("/items/{item}/rate"), Some(json!({"rate_id": house.child}))).await,
        web.buyer(&order, "bob@example.com").await,
        web.pre_confirm(&order).await,
    ] {
        call.refused("ORDER_INVALID_STATUS");
    }
    let sold = web.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    assert_eq!(web.confirm(&order, &accepted["price"]["to_pay"]).await.ok(), sold);
    web.confirm(&order, &json!(1)).await.refused("ORDER_INVALID_STATUS");
    web.order("DELETE", &order, "", None).await.refused("ORDER_INVALID_STATUS");
    house.partner.read(&order).await.refused("ORDER_NOT_FOUND");
    web.read(&"0".repeat(32)).await.refused("ORDER_NOT_FOUND");
}

pub async fn an_order_that_is_over(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let (order, empty) = (web.create().await, web.create().await);
    web.add_seats(&order, house.gala, &[house.seat(2), house.seat(3)]).await.ok();
    server.pass_seconds(60).await;
    web.read(&empty).await.refused("ORDER_NOT_FOUND");
    server.pass_seconds(540).await;
    web.read(&order).await.refused("ORDER_EXPIRED");
    web.pre_confirm(&order).await.refused("ORDER_EXPIRED");
    let next = house.partner.create().await;
    house.partner.add_seats(&next, house.gala, &[house.seat(2), house.seat(3)]).await.ok();
}

pub async fn what_pre_confirm_asks_for(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let order = web.create().await;
    web.pre_confirm(&order).await.refused("ORDER_WITHOUT_ITEMS");
    web.add_auto(&order, house.gala, house.floor, 1).await.ok();
    web.pre_confirm(&order).await.refused("ORDER_BUYER_DATA_REQUIRED");
    web.buyer(&order, "ada@example.com").await.ok();
    house.manager.change(&format!("/channels/{}", house.web_id), json!({"buyer_mandatory": ["PHONE"]})).await;
    web.pre_confirm(&order).await.refused("ORDER_BUYER_DATA_REQUIRED");
    let body = json!({"email": "ada@example.com", "phone": "600"});
    web.order("POST", &order, "/buyer-data", Some(body)).await.ok();
    web.pre_confirm(&order).await.ok();
}

pub async fn payments_come_to_what_is_to_pay(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let (order, accepted) = waiting(&house, web).await;
    assert_eq!(accepted["price"]["to_pay"], json!(45));
    web.confirm(&order, &json!(44.99)).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    web.order("POST", &order, "/confirm", Some(json!({"payments": []}))).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    assert_eq!(web.confirm(&order, &json!(45.01)).await.refused("DIST0005").message(), "Invalid parameter(s): 'payments'");
    assert_eq!(web.confirm(&order, &json!(45.001)).await.refused("DIST0004").message(), "Invalid 'payments.amount' format: '45.001'");
    house.change_gala(json!({"status": "CANCELLED"})).await;
    let refusal = web.confirm(&order, &json!(45)).await.refused("SESSION_NOT_FOUND");
    assert_eq!(named(&refusal), [house.gala]);
}

pub async fn sessions_that_are_not_sold_here(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let order = web.create().await;
    let refusal = web.add_seats(&order, 777, &[house.seat(2)]).await.refused("SESSION_NOT_FOUND");
    assert_eq!(named(&refusal), [777]);
    house.change_gala(json!({"date": {"sale_start": "2031-01-15T10:00:01Z"}})).await;
    web.add_auto(&order, house.gala, house.floor, 1).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    server.pass_seconds(1).await;
    web.add_auto(&order, house.gala, house.floor, 1).await.ok();
    house.change_gala(json!({"selling": false})).await;
    web.add_auto(&order, house.gala, house.floor, 1).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    house.change_gala(json!({"status": "PLANNED"})).await;
    web.add_auto(&order, house.gala, house.floor, 1).await.refused("SESSION_NOT_FOUND");
    web.buyer(&order, "ada@example.com").await.ok();
    web.pre_confirm(&order).await.refused("SESSION_NOT_FOUND");
}
