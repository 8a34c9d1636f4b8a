//! Products after their sale, through HTTP: listed, given back, in stock again.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::refunds::{read, refund};
use super::{API, code, finish, ids, with_role};

/// A product of the theatre's that its web channel sells: three of them.
pub async fn programme(world: &SmallWorld<'_>) -> u64 {
    let body = json!({"entity_id": world.theatre, "name": "Programme", "status": "ACTIVE", "prices": [{"currency": "EUR", "value": 3.5}],
        "channels": [world.web.id], "limits": {"stock": 3}});
    world.admin.make_id("/products", body).await
}

/// Units, in the order of adding.
fn units(order: &Value) -> Vec<u64> {
    let items = order["items"].as_array().unwrap().iter().filter(|item| item["type"] == "PRODUCT");
    items.map(|item| item["id"].as_u64().unwrap()).collect()
}

pub async fn products_come_back_into_the_stock(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let product = programme(&world).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let three = json!({"products": [{"id": product, "quantity": 3}]});
    seller.order("POST", &order, "/products", Some(three)).await.ok();
    let sold = finish(&seller, &order).await;
    let units = units(&sold);
    let basket = seller.create().await;
    let one = || json!({"products": [{"id": product, "quantity": 1}]});
    seller.order("POST", &basket, "/products", Some(one())).await.refused("ORDER_SEAT_NOT_AVAILABLE");

    let seat = sold["items"][0]["id"].as_u64().unwrap();
    let back = refund(&seller.0, &sold, &[seat, units[0]], json!({})).await.ok();
    assert_eq!((&back["price"]["total"], &back["payments"]), (&json!(23.5), &json!([{"type": "MANUAL", "amount": 23.5}])));
    assert_eq!(back["items"][1]["product"], sold["items"][2]["product"]);
    assert!(back["items"][1].get("collection").is_none(), "what came back is handed out no more");
    let after = read(&seller.0, &sold).await;
    let states: Vec<_> = after["items"].as_array().unwrap()[2..].iter().map(|item| item["collection"]["status"].clone()).collect();
    assert_eq!(states, ["REFUNDED", "VALID", "VALID"]);
    assert_eq!(after["refunds"][0]["items"], json!([{ "id": seat }, { "id": units[0] }]));
    refund(&seller.0, &sold, &units[..2], json!({})).await.refused("PRODUCT_STATE_INVALID");
    seller.order("POST", &basket, "/products", Some(one())).await.ok();
}

pub async fn products_are_listed_as_items_of_their_own(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let product = programme(&world).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.order("POST", &order, "/products", Some(json!({"products": [{"id": product, "quantity": 2}]}))).await.ok();
    let sold = finish(&seller, &order).await;
    let units = units(&sold);
    server.pass_seconds(60).await;
    refund(&seller.0, &sold, &units[..1], json!({})).await.ok();

    let list = async |query: &str| ids(&seller.0, &format!("/order-items?type=PRODUCT{query}")).await.1;
    assert_eq!(list(&format!("&product_id={product}")).await, units[1..]);
    assert_eq!(list(&format!("&product_id={product}&search_mode=GROSS")).await, units);
    assert_eq!(list(&format!("&product_id={}", product + 1)).await, [0; 0]);
    assert_eq!(list("&search_mode=GROSS&last_modified=gte:2031-01-15T10:00:30Z").await, units[..1]);
    let gross = seller.0.get(format!("{API}/order-items?type=PRODUCT&product_id={product}&search_mode=GROSS")).await.ok();
    let first = &gross["data"][0];
    assert_eq!((&first["type"], &first["order"]["code"], &first["price"]["total"]), (&json!("PRODUCT"), &sold["code"], &json!(3.5)));
    assert_eq!((&first["buyer"]["email"], first.get("refund").is_some()), (&json!("ada@example.org"), true));

    // The promoter sees its own products, another entity does not; a product is of no session, and something has to be named.
    let circus = with_role(&world, world.circus, "REPORTS").await;
    let theatre = with_role(&world, world.theatre, "REPORTS").await;
    let path = format!("/order-items?type=PRODUCT&product_id={product}");
    assert_eq!((ids(&theatre, &path).await.1, ids(&circus, &path).await.1), (units[1..].to_vec(), Vec::new()));
    let refused = async |path: &str, code: &str| drop(seller.0.get(format!("{API}{path}")).await.refused(code));
    refused("/order-items?type=PRODUCT", "DIST0006").await;
    refused(&format!("{path}&session_id={}", world.session), "DIST0001").await;
    refused(&format!("/order-items?session_id={}&product_id={product}", world.session), "DIST0001").await;
    assert_eq!(code(&sold).len(), 12);
}
