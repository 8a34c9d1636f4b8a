//! Promotions through HTTP: set up by a promoter, shown to a channel, chosen in an order, part of its price.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Ask;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// Makes a promotion of the theatre.
pub async fn promotion(world: &SmallWorld<'_>, mut body: Value) -> u64 {
    body["entity_id"] = json!(world.theatre);
    world.admin.make_id("/promotions", body).await
}

/// Made, shown, chosen and taken out: the price says so, and gives it back.
pub async fn promotions_are_part_of_the_price(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let autumn = json!({"name": "Autumn", "type": "AUTOMATIC", "reduction": {"type": "PERCENTAGE", "value": 10},
        "texts": {"name": {"es-ES": "Otoño"}}, "conditions": {"rates": [world.adult]}});
    let autumn = promotion(&world, autumn).await;
    let friends = json!({"name": "Friends", "type": "PROMOTION", "scope": "ORDER", "reduction": {"type": "FIXED", "value": 5, "currency": "EUR"},
        "codes": [{"code": "amigos", "limit": 1}, {"code": "Friends"}], "limits": {"total": 10, "per_order": 1}, "stackable": true});
    let friends = promotion(&world, friends).await;
    let child = json!({"name": "Children", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 50}, "conditions": {"rates": [world.child]}});
    let child = promotion(&world, child).await;

    let seller = world.seller().await;
    let order = seller.create().await;
    let call = async |method: &str, path: &str, body: Option<Value>| seller.order(method, &order, path, body).await;
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let items: Vec<_> = filled["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    let two = |id: u64| json!([{"id": items[0], "amount": id}, {"id": items[1], "amount": id}]);
    let by_itself = json!({"id": autumn, "name": "Otoño", "type": "AUTOMATIC", "amount": 4, "items": two(2)});
    assert_eq!(filled["promotions"], json!([by_itself]));
    let price = &filled["items"][0]["price"];
    assert_eq!((&price["base"], &price["promotions"], &price["total"]), (&json!(20), &json!([{"id": autumn, "amount": 2}]), &json!(18)));
    assert_eq!(price["taxes"][0]["amount"], json!(1.64), "10 % of what is left");

    let offered = call("GET", "/promotions", None).await.ok();
    let line = |id: u64, reason: Option<&str>| {
        let line = offered["data"].as_array().unwrap().iter().find(|line| line["id"] == id).unwrap();
        assert_eq!((line["applicable"].as_bool(), line.get("reason").and_then(Value::as_str)), (Some(reason.is_none()), reason), "{line}");
        line.clone()
    };
    assert_eq!(offered["data"].as_array().unwrap().len(), 2, "automatic ones are not to be chosen");
    assert_eq!(line(friends, None)["items"], json!([{"id": items[0]}, {"id": items[1]}]));
    assert_eq!(line(friends, None)["code_required"], json!(true));
    line(child, Some("NO_ITEM"));

    let applied = call("POST", "/promotions", Some(json!({"id": friends, "code": " AMIGOS"}))).await.ok();
    let chosen = json!({"id": friends, "name": "Friends", "type": "PROMOTION", "code": "***OS", "amount": 5,
        "items": [{"id": items[0], "amount": 2.5}, {"id": items[1], "amount": 2.5}]});
    assert_eq!(applied["promotions"], json!([by_itself, chosen]));
    assert_eq!((&applied["price"]["promotions"], &applied["price"]["total"]), (&json!(9), &json!(31)));
    call("POST", "/promotions", Some(json!({"id": child}))).await.refused("ORDER_INVALID_PROMOTION");
    let gone = call("DELETE", &format!("/promotions/{friends}"), None).await.ok();
    assert_eq!((&gone["price"], &gone["items"]), (&filled["price"], &filled["items"]));

    call("POST", "/promotions", Some(json!({"id": friends, "code": "friends"}))).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    assert_eq!(seller.pre_confirm(&order).await.ok()["price"]["to_pay"], json!(31));
    call("POST", "/promotions", Some(json!({"id": friends, "code": "amigos"}))).await.refused("ORDER_INVALID_STATUS");
    call("DELETE", &format!("/promotions/{friends}"), None).await.refused("ORDER_INVALID_STATUS");
    let sold = seller.confirm(&order, &json!(31)).await.ok();
    assert_eq!(sold["promotions"].as_array().unwrap().len(), 2);
}

/// Codes are shown to who manages promotions, and to nobody else.
pub async fn codes_of_promotions_are_shown_to_their_managers_alone(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let body = json!({"name": "Friends", "type": "PROMOTION", "reduction": {"type": "PERCENTAGE", "value": 12.5}, "codes": [{"code": "amigos", "limit": 3}],
        "start": "2031-01-01T00:00:00Z"});
    let id = promotion(&world, body).await;
    let path = format!("/mgmt-api/v1/promotions/{id}");
    let shown = world.admin.0.get(&path).await.ok();
    assert_eq!(shown["codes"], json!([{"code": "AMIGOS", "limit": 3}]));
    assert_eq!((&shown["start"], shown.get("end")), (&json!("2031-01-01T00:00:00Z"), None));
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["REPORTS"]})).await;
    let reader = aforo_testkit::caller::ManagerClient::with_key(world.nobody(), key["secret"].as_str().unwrap()).await;
    for answer in [reader.0.get(&path).await, world.admin.0.get("/mgmt-api/v1/promotions").await] {
        assert!(!answer.text.contains("AMIGOS"), "{}", answer.text);
        answer.ok();
    }
    let seller = world.seller().await;
    let seen = seller.0.get(format!("/catalog-api/v1/promotions/{id}")).await;
    assert!(!seen.text.contains("AMIGOS"));
    let seen = seen.ok();
    assert_eq!((&seen["reduction"], &seen["code_required"]), (&json!({"type": "PERCENTAGE", "value": 12.5}), &json!(true)));
    // What it names is changed and nothing else.
    let changed = world.admin.change(&format!("/promotions/{id}"), json!({"end": "2031-02-01T00:00:00Z", "start": null})).await;
    assert_eq!((&changed["end"], changed.get("start"), &changed["codes"][0]["limit"]), (&json!("2031-02-01T00:00:00Z"), None, &json!(3)));
    world.admin.0.delete(&path).await.ok();
    seller.0.get(format!("/catalog-api/v1/promotions/{id}")).await.refused("PROMOTION_NOT_FOUND");
}

/// What makes no sense is refused by name.
pub async fn promotions_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let good =
        || json!({"entity_id": world.theatre, "name": "Spring", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}});
    for (field, value, code) in [
        ("name", json!(""), "DIST0006"),
        ("type", json!("GIFT"), "DIST0005"),
        ("scope", json!("SEAT"), "DIST0005"),
        ("reduction", json!({"type": "PERCENTAGE", "value": 100.5}), "DIST0005"),
        ("reduction", json!({"type": "PERCENTAGE"}), "DIST0006"),
        ("reduction", json!({"type": "FIXED", "value": 5}), "DIST0006"),
        ("reduction", json!({"type": "FIXED", "value": 5.001, "currency": "EUR"}), "DIST0004"),
        ("reduction", json!({"type": "FIXED", "value": 5, "currency": "euro"}), "DIST0004"),
        ("conditions", json!({"events": [777]}), "DIST0005"),
        ("conditions", json!({"sessions": [777]}), "DIST0005"),
        ("conditions", json!({"channels": [777]}), "DIST0005"),
        ("conditions", json!({"rates": [0]}), "DIST0005"),
        ("limits", json!({"total": 0}), "DIST0005"),
        ("codes", json!([{"code": "ABC"}, {"code": "abc"}]), "DIST0005"),
        ("codes", json!([{"code": "A B"}]), "DIST0005"),
        ("codes", json!([{}]), "DIST0006"),
        ("priority", json!(-1), "DIST0005"),
        ("start", json!("soon"), "DIST0004"),
    ] {
        let mut body = good();
        body[field] = value;
        world.admin.0.post("/mgmt-api/v1/promotions", body.clone()).await.refused(code);
    }
    let mut coded = good();
    (coded["type"], coded["codes"]) = (json!("AUTOMATIC"), json!([{"code": "ABC"}]));
    world.admin.0.post("/mgmt-api/v1/promotions", coded).await.refused("DIST0005");
    let mut never = good();
    (never["start"], never["end"]) = (json!("2031-02-01T00:00:00Z"), json!("2031-01-01T00:00:00Z"));
    world.admin.0.post("/mgmt-api/v1/promotions", never).await.refused("DIST0001");
    assert_eq!(world.admin.0.get("/mgmt-api/v1/promotions").await.ok()["metadata"]["total"], 0, "what was refused made nothing");
    let seller = world.seller().await;
    let order = seller.create().await;
    for (wrong, code) in [
        (json!({}), "DIST0006"),
        (json!({"id": 0}), "DIST0005"),
        (json!({"id": 1, "items": []}), "DIST0005"),
        (json!({"id": 1, "items": [{}]}), "DIST0006"),
        (json!({"id": 1, "code": "a b"}), "DIST0005"),
        (json!({"id": "1"}), "DIST0002"),
    ] {
        seller.order("POST", &order, "/promotions", Some(wrong)).await.refused(code);
    }
}

/// Of orders that ask at the same time for the last uses, as many get one as there are.
pub async fn racing_for_the_last_uses(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let id = promotion(
        &world,
        json!({"name": "Few", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}, "limits": {"total": 3}}),
    )
    .await;
    let seller = world.seller().await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        let order = seller.create().await;
        let body = json!({"session_id": world.session, "price_type_id": world.floor, "quantity": 1});
        seller.order("POST", &order, "/seats-auto", Some(body)).await.ok();
        orders.push(order);
    }
    let asks = orders.iter().map(|order| {
        let ask = Ask::new("POST", "/distribution-api/v1/orders/promotions").header("ob-order-id", order).json(&json!({ "id": id }));
        let caller = seller.0.clone();
        tokio::spawn(async move { caller.send(ask).await })
    });
    let asks: Vec<_> = asks.collect();
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    for ask in asks {
        let answer = ask.await.unwrap();
        if answer.status == 200 { won.push(answer) } else { lost.push(answer) }
    }
    assert_eq!((won.len(), lost.len()), (3, 5));
    lost.into_iter().for_each(|answer| drop(answer.refused("ORDER_PROMOTION_LIMIT_EXCEEDED")));
}

/// The catalogue shows the smallest price with what comes by itself, as long as it does.
pub async fn promoted_prices_are_shown_while_they_are(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let read = async |more: &str| world.seller().await.0.get(format!("/catalog-api/v1/sessions/{}{more}", world.session)).await.ok();
    let price = async || read("").await["price"].clone();
    let (before, all_before) = (price().await, read("/prices").await);
    assert_eq!((&before["min"]["value"], before.get("min_promoted")), (&json!(10), None));
    let share = |value: u32| json!({"type": "PERCENTAGE", "value": value});
    let (soon, later) = ("2031-01-15T11:00:00Z", "2031-01-15T12:00:00Z");
    promotion(&world, json!({"name": "Hour", "type": "AUTOMATIC", "reduction": share(30), "start": soon, "end": later})).await;
    promotion(&world, json!({"name": "Many", "type": "AUTOMATIC", "reduction": share(90), "conditions": {"min_items": 4}})).await;
    promotion(&world, json!({"name": "Few", "type": "AUTOMATIC", "reduction": share(90), "limits": {"total": 1}})).await;
    promotion(&world, json!({"name": "Child", "type": "DISCOUNT", "reduction": share(90)})).await;
    assert_eq!(price().await, before, "none of them is sure, or now");
    server.pass_seconds(3_600).await;
    let (during, variation) = (price().await, json!({"type": "PERCENTAGE", "value": 30}));
    let amount = |value: f64, original: f64| json!({"value": value, "surcharge": {"promoter": 0, "channel": 0}, "original_price": original, "variation": variation});
    assert_eq!(during["min_promoted"]["value"], json!(7), "10 less 30 %");
    assert_eq!((&during["min_final_promoted"], &during["min"]), (&during["min_promoted"], &before["min"]));
    assert_eq!(during["min_net_promoted"], amount(6.36, 9.09));
    let all_during = read("/prices").await;
    let [adult, child] = [0, 1].map(|index: usize| &all_during["rates"][index]["price_types"][0]["price"]);
    let surcharge = json!({"promoter": 0, "channel": 0});
    let net = json!({"value": 12.73, "surcharge": surcharge, "total": 12.73});
    assert_eq!(
        *adult,
        json!({"value": 14, "surcharge": surcharge, "original_price": 20, "variation": variation, "total": 14, "net": net}),
        "20 less 30 %, and what of it is no tax"
    );
    assert_eq!((&child["value"], &child["original_price"]), (&json!(10.5), &json!(15)));
    server.pass_seconds(3_600).await;
    assert_eq!((price().await, read("/prices").await), (before, all_before));
}

/// Each price has its own promotions, several together are an amount, and surcharges stay as they are.
pub async fn each_price_shows_the_promotions_that_it_has(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.change_session(json!({"surcharges": [{"type": "PERCENTAGE", "percent": 10}]})).await;
    let off = |value: f64| json!({"type": "FIXED", "value": value, "currency": "EUR"});
    let child = json!({"rates": [world.child]});
    promotion(&world, json!({"name": "Child", "type": "AUTOMATIC", "reduction": off(2.5), "conditions": child})).await;
    promotion(&world, json!({"name": "Floor", "type": "AUTOMATIC", "reduction": off(99.0), "conditions": {"price_types": [world.floor]}}))
        .await;
    promotion(
        &world,
        json!({"name": "Both", "type": "AUTOMATIC", "stackable": true, "reduction": {"type": "PERCENTAGE", "value": 50},
        "conditions": child}),
    )
    .await;
    let prices = world.seller().await.0.get(format!("/catalog-api/v1/sessions/{}/prices", world.session)).await.ok();
    let shown = |rate: usize, kind: usize| {
        let price = &prices["rates"][rate]["price_types"][kind]["price"];
        (price["value"].clone(), price.get("original_price").cloned(), price.get("variation").cloned(), price["total"].clone())
    };
    let fixed = |value: f64| Some(json!({"type": "FIXED", "value": value}));
    assert_eq!(shown(0, 0), (json!(20), None, None, json!(22)));
    assert_eq!(shown(0, 1), (json!(0), Some(json!(10)), Some(json!({"type": "FIXED", "value": 10})), json!(1)), "never below nothing");
    assert_eq!(shown(1, 0), (json!(6.25), Some(json!(15)), fixed(8.75), json!(7.75)), "half of 12.5");
    // It is what an order comes to.
    let seller = world.seller().await;
    let order = seller.create().await;
    let seats = json!({"seats": [{"id": world.row[0], "session_id": world.session, "rate_id": world.child}]});
    assert_eq!(seller.order("POST", &order, "/seats", Some(seats)).await.ok()["price"]["total"], json!(7.75));
}
