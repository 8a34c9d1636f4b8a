//! Who sees what: a channel its own orders, an entity those of its channels, a promoter what is sold of its events, an operator everything.

use aforo_testkit::builders::{SmallWorld, channel, publish};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::{API, code, codes, finish, ids, item_ids, sell, with_role};

/// A session of the circus, in the theatre's house and sold by the theatre's web channel.
async fn of_the_circus(world: &SmallWorld<'_>) -> u64 {
    let event = json!({"entity_id": world.circus, "name": "Trapeze", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = world.admin.make_id("/events", event).await;
    let session = json!({"name": "Matinee", "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.floor, "value": 8}]}]});
    let session = world.admin.make_id(&format!("/events/{event}/sessions"), session).await;
    publish(&world.admin, event, session, world.web.id, json!({})).await;
    session
}

pub async fn who_sees_what(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let matinee = of_the_circus(&world).await;
    let seller = world.seller().await;
    let plain = sell(&seller, world.session, &world.row[..2]).await;
    let order = seller.create().await;
    seller.add_auto(&order, matinee, world.floor, 1).await.ok();
    let theirs = finish(&seller, &order).await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[2..4]).await.ok();
    seller.add_auto(&order, matinee, world.floor, 2).await.ok();
    let mut products = Vec::new();
    for (entity, value) in [(world.circus, 3), (world.theatre, 2)] {
        let product =
            json!({"entity_id": entity, "name": "Programme", "channels": [world.web.id], "prices": [{"currency": "EUR", "value": value}]});
        products.push(json!({"id": world.admin.make_id("/products", product).await, "quantity": 1}));
    }
    seller.order("POST", &order, "/products", Some(json!({ "products": products }))).await.ok();
    let mixed = finish(&seller, &order).await;
    let [plain_code, theirs_code, mixed_code] = [&plain, &theirs, &mixed].map(|order| format!("/orders/{}", code(order)));

    let other = channel(&world.admin, world.theatre, "B2B").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await.0;
    let [theatre, circus] = [with_role(&world, world.theatre, "AFTER_SALES").await, with_role(&world, world.circus, "REPORTS").await];
    // Another channel, though of the same entity.
    for path in [&plain_code, &theirs_code, &mixed_code] {
        other.get(format!("{API}{path}")).await.refused("ORDER_NOT_FOUND");
        other.get(format!("{API}{path}/history")).await.refused("ORDER_NOT_FOUND");
        theatre.get(format!("{API}{path}")).await.ok();
        theatre.get(format!("{API}{path}/history")).await.ok();
        circus.get(format!("{API}{path}/history")).await.refused("ORDER_NOT_FOUND");
    }
    assert_eq!(codes(&other, "/orders").await.0, 0);
    assert_eq!(ids(&other, &format!("/order-items?session_id={matinee}")).await.0, 0);
    assert_eq!(codes(&theatre, "/orders").await.0, 3);
    assert_eq!(codes(&circus, "/orders").await.0, 0, "its channels have sold nothing");

    // The promoter: nothing, all, and its own part.
    circus.get(format!("{API}{plain_code}")).await.refused("ORDER_NOT_FOUND");
    let whole = circus.get(format!("{API}{theirs_code}")).await.ok();
    assert_eq!(whole["buyer"]["email"], "ada@example.org");
    let part = circus.get(format!("{API}{mixed_code}")).await.ok();
    assert_eq!((&part["price"]["total"], item_ids(&part)), (&json!(19), item_ids(&mixed)[2..5].to_vec()), "places and products of its own");
    assert!(part.get("buyer").is_none() && part["payments"] == json!([]), "{part}");
    let its = [item_ids(&theirs), item_ids(&mixed)[2..4].to_vec()].concat();
    assert_eq!(ids(&circus, &format!("/order-items?session_id={matinee}")).await, (3, its.clone()));
    assert_eq!(ids(&circus, "/order-items?last_modified=gte:2031-01-01T00:00:00Z").await, (3, its));
    assert_eq!(ids(&circus, &format!("/order-items?session_id={}", world.session)).await.0, 0);
    let items = circus.get(format!("{API}/order-items?session_id={matinee}")).await.ok();
    let buyers: Vec<_> = items["data"].as_array().unwrap().iter().map(|item| item.get("buyer").is_some()).collect();
    assert_eq!(buyers, [true, false, false]);
    assert_eq!(ids(&theatre, "/order-items?last_modified=gte:2031-01-01T00:00:00Z").await.0, 7);
    assert_eq!(ids(&world.admin.0, "/order-items?last_modified=gte:2031-01-01T00:00:00Z").await.0, 7);
}

pub async fn who_asks_needs_a_role(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let manager = with_role(&world, world.theatre, "EVENT_MANAGER").await;
    manager.get(format!("{API}/orders")).await.refused("FORBIDDEN_RESOURCE");
    world.nobody().get(format!("{API}/orders")).await.refused("AUTH001");
    world.platform.0.get(format!("{API}/orders")).await.refused("DIST0006");
    world.platform.0.get(format!("{API}/orders?operator_id=777")).await.refused("NOT_FOUND");
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form =
        [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", key["secret"].as_str().unwrap())];
    let gate = world.nobody().signed_in(&form).await;
    gate.get(format!("{API}/orders")).await.refused("INVALID_AUTH_CLIENT_ID");
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    let clerk = world.nobody().signed_in(&world.counter(&strings, &[])).await;
    assert_eq!(clerk.get(format!("{API}/orders")).await.ok()["data"], Value::Array(Vec::new()));
}
