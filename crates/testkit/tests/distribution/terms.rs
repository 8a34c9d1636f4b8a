//! What a channel offers beside places: ways of delivery and insurances, and what they add to an order.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

async fn offer(world: &SmallWorld<'_>) -> Value {
    let body = json!({
        "delivery_methods": [
            {"id": 1, "type": "EMAIL", "name": "By mail", "texts": {"name": {"es-ES": "Por correo electrónico"}}},
            {"id": 2, "type": "POST", "name": "Post", "cost": 4.5, "hours_before": 120},
        ],
        "insurances": [
            {"id": 7, "name": "Cancellation", "type": "PERCENTAGE", "percent": 5, "min": 0.9, "max": 30, "terms_url": "https://example.org/terms"},
            {"id": 8, "name": "Rain", "type": "FIXED", "value": 1.25, "events": [world.event]},
        ],
    });
    world.admin.change(&format!("/channels/{}", world.web.id), body).await
}

pub async fn delivery_and_insurance_are_part_of_the_price(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let changed = offer(&world).await;
    assert_eq!(
        changed["delivery_methods"][1],
        json!({"id": 2, "type": "POST", "name": "Post", "texts": {}, "cost": 4.5, "hours_before": 120})
    );
    assert_eq!(
        changed["insurances"][1],
        json!({"id": 8, "name": "Rain", "texts": {}, "type": "FIXED", "value": 1.25, "events": [1], "hours_before": 0})
    );
    let seller = world.seller().await;
    let order = seller.create().await;
    let call = async |method: &str, path: &str, body: Option<Value>| seller.order(method, &order, path, body).await;
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    // The second one is taken out later: alone, the first seat of a row leaves nobody alone.
    let items: Vec<_> = filled["items"].as_array().unwrap().iter().rev().map(|item| item["id"].clone()).collect();

    let offered = call("GET", "/delivery-methods", None).await.ok();
    assert_eq!(offered["data"][0], json!({"id": 1, "type": "EMAIL", "name": "Por correo electrónico", "cost": 0}));
    let offered = call("GET", "/insurances", None).await.ok();
    assert_eq!(offered["data"][0]["price"], json!(2), "5 % of 20, twice");
    let posted = call("POST", "/delivery-methods", Some(json!({"id": 2}))).await.ok();
    assert_eq!(posted["delivery"], json!({"id": 2, "type": "POST", "name": "Post", "cost": 4.5}));
    assert_eq!((&posted["price"]["delivery"], &posted["price"]["total"]), (&json!(4.5), &json!(44.5)));

    let insured = call("POST", "/insurances", Some(json!({"id": 7, "items": [{"id": items[0]}]}))).await.ok();
    let one = json!([{"id": 7, "name": "Cancellation", "terms_url": "https://example.org/terms", "price": 1, "items": [{"id": items[0], "price": 1}]}]);
    assert_eq!((&insured["insurances"], &insured["price"]["total"]), (&one, &json!(45.5)));
    call("POST", "/insurances", Some(json!({"id": 8, "items": [{"id": 999_999}]}))).await.refused("ORDER_ITEM_INVALID");
    let both = call("POST", "/insurances", Some(json!({"id": 8}))).await.ok();
    assert_eq!((&both["price"]["insurance"], &both["price"]["to_pay"]), (&json!(3.5), &json!(48)));

    // A child's ticket is cheaper, and so is its share, though not below the least; an item that goes takes its insurance along.
    let cheaper = call("PUT", &format!("/items/{}/rate", items[0]), Some(json!({"rate_id": world.child}))).await.ok();
    assert_eq!(cheaper["insurances"][0]["price"], json!(0.9));
    let gone = call("DELETE", &format!("/items/{}", items[0]), None).await.ok();
    assert_eq!(gone["insurances"].as_array().unwrap().len(), 1);
    assert_eq!(
        gone["price"],
        json!({"base": 20, "promotions": 0, "surcharges": 0, "insurance": 1.25, "delivery": 4.5, "total": 25.75, "vouchers": 0, "to_pay": 25.75, "taxes": 1.82})
    );
    call("DELETE", "/insurances?id=7", None).await.refused("ORDER_INVALID_INSURANCE");
    assert_eq!(call("DELETE", "/insurances", None).await.ok()["price"]["total"], json!(24.5), "removing gives the former total back");
    call("POST", "/insurances", Some(json!({"id": 8}))).await.ok();

    // What the channel offers later does not touch what was chosen.
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"delivery_methods": [], "insurances": []})).await;
    seller.buyer(&order, "ada@example.org").await.ok();
    assert_eq!(seller.pre_confirm(&order).await.ok()["price"]["to_pay"], json!(25.75));
    call("POST", "/delivery-methods", Some(json!({"id": 1}))).await.refused("ORDER_INVALID_STATUS");
    let sold = seller.confirm(&order, &json!(25.75)).await.ok();
    assert_eq!((&sold["delivery"]["type"], &sold["insurances"][0]["id"]), (&json!("POST"), &json!(8)));
}

/// What of delivery and premiums is tax is shown with them, and in the order's sum; taxes are one operator's, whoever names them.
pub async fn delivery_and_insurance_include_their_taxes(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let channel = format!("/channels/{}", world.web.id);
    let terms = |delivery: Value, insurance: Value| {
        json!({
            "delivery_methods": [{"id": 2, "type": "POST", "name": "Post", "cost": 4.5, "tax": delivery}],
            "insurances": [{"id": 7, "name": "Cancellation", "type": "PERCENTAGE", "percent": 5, "tax": insurance}],
        })
    };
    let (vat, ipt) = (json!({"name": "IVA 10", "value": 10}), json!({"name": "IPS 8", "value": 8}));
    let changed = world.admin.change(&channel, terms(vat, ipt.clone())).await;
    assert_eq!(changed["delivery_methods"][0]["tax"], json!({"id": 1, "name": "IVA 10", "value": 10}), "that of the session");
    assert_eq!(changed["insurances"][0]["tax"], json!({"id": 2, "name": "IPS 8", "value": 8}), "a new one");
    let session = world.change_session(json!({"taxes": {"tickets": [{"name": "IVA 10", "value": 10}], "surcharges": [ipt]}})).await;
    assert_eq!(session["taxes"]["surcharges"][0]["id"], json!(2), "that of the channel");
    for (wrong, code) in [
        (json!({"id": 1, "name": "IVA 4", "value": 4}), "CONFLICT"),
        (json!({"id": 0, "name": "IVA 4", "value": 4}), "DIST0005"),
        (json!({"name": "IVA 4", "value": -4}), "DIST0004"),
        (json!({"name": "IVA 4"}), "DIST0006"),
        (json!({"value": 4}), "DIST0006"),
    ] {
        world.admin.0.patch(format!("/mgmt-api/v1{channel}"), terms(wrong.clone(), json!(null))).await.refused(code);
        world.admin.0.patch(format!("/mgmt-api/v1{channel}"), terms(json!(null), wrong)).await.refused(code);
    }

    let seller = world.seller().await;
    let order = seller.create().await;
    let call = async |method: &str, path: &str, body: Option<Value>| seller.order(method, &order, path, body).await.ok();
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let of_delivery = json!([{"id": 1, "applies_to": "DELIVERY", "value": 10, "amount": 0.41}]);
    let of_premium = json!([{"id": 2, "applies_to": "INSURANCE", "value": 8, "amount": 0.07}]);
    assert_eq!(call("GET", "/delivery-methods", None).await["data"][0]["taxes"], of_delivery);
    assert_eq!(call("GET", "/insurances", None).await["data"][0]["items"][1]["taxes"], of_premium);
    call("POST", "/delivery-methods", Some(json!({"id": 2}))).await;
    let both = call("POST", "/insurances", Some(json!({"id": 7}))).await;
    assert_eq!((&both["delivery"]["taxes"], &both["insurances"][0]["items"][0]["taxes"]), (&of_delivery, &of_premium));
    assert_eq!(both["price"]["taxes"], json!(4.19), "1.82 twice, 0.41 and 0.07 twice");
    // What was chosen keeps its tax.
    world.admin.change(&channel, terms(json!(null), json!(null))).await;
    assert_eq!(call("GET", "", None).await, both);
    assert_eq!(call("GET", "/delivery-methods", None).await["data"][0].get("taxes"), None);
    let again = call("POST", "/delivery-methods", Some(json!({"id": 2}))).await;
    assert_eq!((&again["price"]["taxes"], &again["price"]["total"]), (&json!(3.78), &both["price"]["total"]));
}

/// What was chosen in time comes too late once time has passed: pre-confirm says so.
pub async fn what_comes_too_late_is_not_delivered(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let hours = 16 * 24 + 9; // the session starts sixteen days and nine hours from now
    let body = json!({"delivery_methods": [{"id": 1, "type": "POST", "name": "Post", "cost": 4, "hours_before": hours}]});
    world.admin.change(&format!("/channels/{}", world.web.id), body).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.order("POST", &order, "/delivery-methods", Some(json!({"id": 1}))).await.ok();
    server.pass_seconds(5).await;
    assert_eq!(seller.order("GET", &order, "/delivery-methods", None).await.ok(), json!({"data": []}));
    seller.pre_confirm(&order).await.refused("ORDER_INVALID_DELIVERY_METHOD");
    for (wrong, code) in [(json!({}), "DIST0006"), (json!({"id": 0}), "DIST0005"), (json!({"id": "1"}), "DIST0002")] {
        seller.order("POST", &order, "/delivery-methods", Some(wrong)).await.refused(code);
    }
}
