//! Gift vouchers that are given back before anybody used them.

use aforo_testkit::builders::{SmallWorld, channel, text};
use aforo_testkit::caller::{Answer, Ask, MGMT, SellerClient};
use aforo_testkit::mails::mails;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

const ORDERS: &str = "/distribution-api/v1/voucher-orders";

/// Sells vouchers of these amounts: the whole order.
async fn sell(seller: &SellerClient, items: Value, total: u64) -> Value {
    let made = seller.0.post(ORDERS, json!({"buyer": {"email": "ada@example.org"}, "items": items})).await.ok();
    let path = format!("{ORDERS}/{}", text(&made, "id"));
    seller.0.post(format!("{path}/pre-confirm"), json!({})).await.ok();
    let payment = json!({"payment": {"status": "PAID", "amount": total, "type": "CARD"}});
    seller.0.post(format!("{path}/confirm"), payment).await.ok()
}

async fn refund(seller: &SellerClient, order: &Value, key: &str) -> Answer {
    let path = format!("{ORDERS}/{}/refund", text(order, "id"));
    seller.0.send(Ask::new("POST", path).json(&json!({})).header("Idempotency-Key", key)).await
}

fn by_hand(amount: u64) -> Value {
    json!({"amount": amount, "delivery": {"type": "NONE"}})
}

pub async fn a_voucher_order_is_given_back_while_nothing_is_spent(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.gift_vouchers(json!({})).await;
    let later = json!({"amount": 50, "receiver": {"email": "zoe@example.org"}, "delivery": {"type": "EMAIL", "date": "2031-01-20"}});
    let sold = sell(&seller, json!([by_hand(25), later]), 75).await;
    let shown = json!({"code": sold["items"][0]["voucher"]["code"]});
    assert_eq!(seller.0.post("/distribution-api/v1/vouchers/validate", shown.clone()).await.ok()["balance"], 25);

    server.pass_seconds(60).await;
    let back = refund(&seller, &sold, "back-1").await.ok();
    assert_eq!(
        (&back["status"], &back["refunded"], &back["price"]["total"]),
        (&json!("REFUNDED"), &json!({"date": "2031-01-15T10:01:00Z"}), &json!(75))
    );
    assert_eq!(refund(&seller, &sold, "back-1").await.ok(), back, "the same call is answered the same");
    refund(&seller, &sold, "back-2").await.refused("VOUCHER_ORDER_INVALID_STATUS");
    seller.0.post("/distribution-api/v1/vouchers/validate", shown).await.refused("VOUCHER_CODE_INVALID");
    let id = &sold["items"][0]["voucher"]["id"];
    let voucher = world.admin.0.get(format!("{MGMT}/vouchers/{id}")).await.ok();
    assert_eq!((&voucher["balance"], &voucher["status"]), (&json!(0), &json!("BLOCKED")));
    let movements = world.admin.0.get(format!("{MGMT}/vouchers/{id}/movements")).await.ok();
    let last = json!({"number": 2, "type": "GIVEN_BACK", "date": "2031-01-15T10:01:00Z", "amount": -25, "order_code": sold["code"]});
    assert_eq!(movements["data"][0], last);
    let listed = world.admin.0.get(format!("{MGMT}/channels/{}/voucher-orders", world.web.id)).await.ok();
    assert_eq!((&listed["metadata"]["total"], &listed["data"][0]["status"]), (&json!(1), &json!("REFUNDED")));
    let log = world.admin.0.get(format!("{MGMT}/audit-log?object_type=VOUCHER_ORDER")).await.ok();
    assert_eq!((&log["data"][0]["action"], &log["data"][0]["object"]["id"]), (&json!("REFUND"), &sold["code"]));

    // Its day comes, and nothing is sent; what is sold then is.
    server.pass_seconds(6 * 24 * 3_600).await;
    let seller = world.seller().await;
    sell(&seller, json!([{"amount": 25, "receiver": {"email": "max@example.org"}, "delivery": {"type": "EMAIL"}}]), 25).await;
    aforo_testkit::mails::mails_with(server, &["max@example.org"], 1);
    assert_eq!(mails(server).len(), 1);
}

pub async fn what_was_used_is_not_given_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.gift_vouchers(json!({})).await;
    let sold = sell(&seller, json!([by_hand(10), by_hand(25), by_hand(50)]), 85).await;
    let voucher = |item: usize| sold["items"][item]["voucher"].clone();
    // One is about to pay, another was blocked: another may have been given for it.
    let basket = seller.create().await;
    seller.add_auto(&basket, world.session, world.floor, 1).await.ok();
    seller.order("POST", &basket, "/vouchers", Some(json!({"code": voucher(1)["code"]}))).await.ok();
    seller.buyer(&basket, "zoe@example.org").await.ok();
    seller.pre_confirm(&basket).await.ok();
    world.admin.change(&format!("/vouchers/{}", voucher(2)["id"]), json!({"status": "BLOCKED"})).await;
    let refused = refund(&seller, &sold, "back").await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{"id": 2}, {"id": 3}]));
    assert_eq!(seller.0.get(format!("{ORDERS}/{}", text(&sold, "id"))).await.ok()["status"], "CONFIRM");

    let made = seller.0.post(ORDERS, json!({"buyer": {"email": "ada@example.org"}, "items": [by_hand(10)]})).await.ok();
    refund(&seller, &made, "early").await.refused("VOUCHER_ORDER_INVALID_STATUS");
    let other = channel(&world.admin, world.theatre, "WEB").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await;
    refund(&other, &sold, "other").await.refused("VOUCHER_ORDER_NOT_FOUND");
}
