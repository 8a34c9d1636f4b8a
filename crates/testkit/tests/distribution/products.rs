//! Products through HTTP: set up by a promoter, shown to a channel, sold beside seats and by themselves.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, Ask, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// Makes a product of the theatre that its web channel sells at 3 euros.
async fn product(world: &SmallWorld<'_>, more: Value) -> u64 {
    let mut body =
        json!({"entity_id": world.theatre, "name": "Programme", "channels": [world.web.id], "prices": [{"currency": "EUR", "value": 3}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.admin.make_id("/products", body).await
}

async fn add(seller: &SellerClient, order: &str, products: Value) -> Answer {
    seller.order("POST", order, "/products", Some(json!({ "products": products }))).await
}

/// Made, read, changed, shown with what is left, and taken out.
pub async fn a_product_is_set_up_and_shown(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let id = product(
        &world,
        json!({"texts": {"name": {"ca-ES": "Programa"}, "description": {"es-ES": "40 páginas"}}, "image": {"es-ES": "https://example.org/p.jpg"},
            "prices": [{"currency": "EUR", "value": 3.5}, {"currency": "USD", "value": 4}], "taxes": [{"name": "IVA 10", "value": 10}],
            "limits": {"stock": 10, "per_order": 4}, "sale_start": "2031-01-01T00:00:00Z"}),
    )
    .await;
    let path = format!("/mgmt-api/v1/products/{id}");
    let made = world.admin.0.get(&path).await.ok();
    assert_eq!((&made["prices"][0], &made["units"]), (&json!({"currency": "EUR", "value": 3.5}), &json!({"taken": 0, "available": 10})));
    assert_eq!((&made["sale_start"], made.get("sale_end"), &made["status"]), (&json!("2031-01-01T00:00:00Z"), None, &json!("ACTIVE")));
    let tickets = world.admin.0.get(format!("/mgmt-api/v1{}", world.session_path())).await.ok()["taxes"]["tickets"][0]["id"].clone();
    assert_eq!(made["taxes"], json!([{"id": tickets, "name": "IVA 10", "value": 10}]), "a tax is the operator's: that of the tickets");

    let with = product(&world, json!({"name": "Parking", "only_with": {"sessions": [world.session]}, "limits": {"stock": 0}})).await;
    let elsewhere = product(&world, json!({"name": "Kiosk only", "channels": [world.kiosk.id]})).await;
    let seller = world.seller().await;
    let shown = async |query: &str| {
        let list = seller.0.get(format!("/catalog-api/v1/products{query}")).await.ok();
        let ids = list["data"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(list["metadata"]["total"].as_u64().unwrap(), ids.len() as u64);
        ids
    };
    assert_eq!((shown("").await, shown("?sort=name:desc").await), (vec![id, with], vec![id, with]));
    assert_eq!((shown(&format!("?session_id={}", world.session)).await, shown("?session_id=777").await), (vec![id, with], vec![id]));
    assert_eq!((shown(&format!("?event_id={}", world.event)).await, shown("?event_id=777").await), (vec![id, with], vec![id]));
    seller.0.get("/catalog-api/v1/products?sort=price").await.refused("DIST0005");
    seller.0.get(format!("/catalog-api/v1/products/{elsewhere}")).await.refused("NOT_FOUND");
    let item = async |id: u64| seller.0.get(format!("/catalog-api/v1/products/{id}")).await.ok();
    let flags = |item: &Value| [&item["for_sale"], &item["on_sale"], &item["sold_out"]].map(|flag| flag.as_bool().unwrap());
    let (first, second) = (item(id).await, item(with).await);
    assert_eq!((&first["available"], &first["per_order"], flags(&first)), (&json!(10), &json!(4), [true, true, false]));
    assert_eq!((&first["texts"]["name"], &first["image"]["es-ES"]), (&json!({"ca-ES": "Programa"}), &json!("https://example.org/p.jpg")));
    assert_eq!((&second["only_with"]["sessions"], flags(&second)), (&json!([world.session]), [true, true, true]));

    // What is taken is shown, and the stock never goes below it.
    let order = seller.create().await;
    add(&seller, &order, json!([{"id": id, "quantity": 3}])).await.ok();
    assert_eq!(item(id).await["available"], json!(7));
    world.admin.0.patch(&path, json!({"limits": {"stock": 2}})).await.refused("CONFLICT");
    let fewer = world.admin.change(&format!("/products/{id}"), json!({"limits": {"stock": 3}, "status": "INACTIVE"})).await;
    assert_eq!((&fewer["units"], &fewer["name"]), (&json!({"taken": 3, "available": 0}), &json!("Programme")));
    assert_eq!(flags(&item(id).await), [false, false, true]);
    assert_eq!((shown("?for_sale=false").await, shown("?on_sale=true").await), (vec![id], vec![with]));
    let endless =
        world.admin.change(&format!("/products/{id}"), json!({"limits": {}, "status": "ACTIVE", "sale_end": "2031-01-15T09:00:00Z"})).await;
    assert_eq!(endless["units"], json!({"taken": 3}));
    let over = item(id).await;
    assert_eq!((over.get("available"), flags(&over)), (None, [true, false, false]));
    world.admin.0.delete(&path).await.ok();
    seller.0.get(format!("/catalog-api/v1/products/{id}")).await.refused("NOT_FOUND");
}

/// Beside seats, in the price, its taxes and the vouchers, up to what it is handed out for.
pub async fn a_product_is_sold_beside_seats(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let texts = json!({"name": {"es-ES": "Programa de mano"}});
    let programme = product(&world, json!({"texts": texts, "taxes": [{"name": "IVA 21", "value": 21}], "limits": {"stock": 5}})).await;
    let parking =
        product(&world, json!({"name": "Parking", "prices": [{"currency": "EUR", "value": 12}], "only_with": {"events": [world.event]}}))
            .await;
    let seller = world.seller().await;
    let order = seller.create().await;
    let seated = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let filled = add(&seller, &order, json!([{"id": programme, "quantity": 2}, {"id": parking, "quantity": 1}])).await.ok();
    let items = filled["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SEAT", "SEAT", "PRODUCT", "PRODUCT", "PRODUCT"]);
    let tax = items[2]["price"]["taxes"][0].clone();
    let unit = json!({"id": items[2]["id"], "type": "PRODUCT", "product": {"id": programme, "name": "Programa de mano"},
        "price": {"base": 3, "total": 3, "taxes": [{"id": tax["id"], "applies_to": "PRODUCT", "value": 21, "amount": 0.52}]}});
    assert_eq!(items[2], unit);
    assert_eq!((&filled["price"]["base"], &filled["price"]["total"]), (&json!(58), &json!(58)));
    let added = filled["price"]["taxes"].as_f64().unwrap() - seated["price"]["taxes"].as_f64().unwrap();
    assert!((added - 1.04).abs() < 1e-9, "{added}");

    // Items leave alike, one by one or several, and with the last place what goes with it.
    let id = |index: usize| items[index]["id"].clone();
    let left = seller.order("DELETE", &order, &format!("/items/{}", id(2)), None).await.ok();
    assert_eq!(left["items"].as_array().unwrap().len(), 4);
    let release = json!({"items": [{"id": id(0)}, {"id": id(1)}]});
    let left = seller.order("POST", &order, "/items/release", Some(release)).await.ok();
    assert_eq!((left["items"].as_array().unwrap().len(), &left["items"][0]["id"], &left["price"]["total"]), (1, &id(3), &json!(3)));
    seller
        .order("PUT", &order, &format!("/items/{}/rate", id(3)), Some(json!({"rate_id": world.adult})))
        .await
        .refused("ORDER_ITEM_INVALID");

    // What is left is an order of products alone.
    let group = world.admin.make_id("/voucher-groups", json!({"entity_id": world.theatre, "name": "Gift", "currencies": ["EUR"]})).await;
    let issued = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), json!({"count": 1, "amount": 2})).await;
    let voucher = json!({"code": issued["data"][0]["code"]});
    assert_eq!(seller.order("POST", &order, "/vouchers", Some(voucher)).await.ok()["price"]["to_pay"], json!(1));
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    let sold = seller.confirm(&order, &json!(1)).await.ok();
    assert!(sold["items"][0]["collection"]["barcode"].as_str().unwrap().len() >= 20, "{sold}");
    assert_eq!((&sold["status"], sold["items"][0].get("ticket")), (&json!("CONFIRM"), None));
    assert_eq!(seller.read(&order).await.ok(), sold);
    let shown = seller.0.get(format!("/catalog-api/v1/products/{programme}")).await.ok();
    assert_eq!(shown["available"], json!(4), "one is sold, the other was given back");
}

/// Each refusal names the products, and nothing of the call is done. What is over gives back.
pub async fn what_cannot_be_had_of_products(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let programme = product(&world, json!({"limits": {"stock": 3, "per_order": 2}})).await;
    let parking = product(&world, json!({"only_with": {"sessions": [world.session]}})).await;
    let shirt = product(&world, json!({"prices": [{"currency": "USD", "value": 20}]})).await;
    let soon = product(&world, json!({"sale_start": "2031-01-16T00:00:00Z"})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    let all = async |ids: &[u64]| add(&seller, &order, ids.iter().map(|id| json!({"id": id, "quantity": 1})).collect()).await;
    let named =
        |answer: &Answer| answer.body["details"].as_array().map(|ids| ids.iter().map(|id| id["id"].as_u64().unwrap()).collect::<Vec<_>>());
    for (ids, code, who) in [
        (&[programme, 777][..], "DIST0005", 777),
        (&[programme, soon], "ORDER_SEAT_NOT_AVAILABLE", soon),
        (&[programme, parking], "ORDER_ITEM_INVALID", parking),
        (&[programme, shirt], "ORDER_ITEM_INVALID", shirt),
    ] {
        let refused = all(ids).await.refused(code);
        assert_eq!(named(&refused), Some(vec![who]), "{}", refused.text);
    }
    assert!(seller.read(&order).await.ok()["items"].as_array().unwrap().is_empty());
    let three = json!([{"id": programme, "quantity": 3}]);
    assert_eq!(named(&add(&seller, &order, three).await.refused("ORDER_ITEMS_LIMIT_EXCEEDED")), Some(vec![programme]));
    let eleven = json!([{"id": soon, "quantity": 11}]);
    assert_eq!(named(&add(&seller, &order, eleven).await.refused("ORDER_ITEMS_LIMIT_EXCEEDED")), None);
    add(&seller, &order, json!([{"id": programme, "quantity": 2}])).await.ok();
    let other = seller.create().await;
    let two = json!([{"id": programme, "quantity": 2}]);
    assert_eq!(named(&add(&seller, &other, two.clone()).await.refused("ORDER_SEAT_NOT_AVAILABLE")), Some(vec![programme]));
    server.pass_seconds(601).await;
    let other = seller.create().await;
    add(&seller, &other, two).await.ok();
    seller.read(&order).await.refused("ORDER_EXPIRED");
    // What was taken out of the channel meanwhile is not pre-confirmed.
    world.admin.change(&format!("/products/{programme}"), json!({"channels": [world.kiosk.id]})).await;
    seller.buyer(&other, "ada@example.org").await.ok();
    seller.pre_confirm(&other).await.refused("ORDER_ITEM_INVALID");
    // Twice with a key is once.
    world.admin.change(&format!("/products/{programme}"), json!({"channels": [world.web.id]})).await;
    let again = seller.create().await;
    let ask = || {
        Ask::new("POST", "/distribution-api/v1/orders/products")
            .header("ob-order-id", &again)
            .header("idempotency-key", "one-unit")
            .json(&json!({"products": [{"id": programme, "quantity": 1}]}))
    };
    assert_eq!(seller.0.send(ask()).await.ok(), seller.0.send(ask()).await.ok());
    assert_eq!(seller.read(&again).await.ok()["items"].as_array().unwrap().len(), 1);
}

/// What makes no sense is refused by name.
pub async fn products_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let good = || json!({"entity_id": world.theatre, "name": "Programme", "prices": [{"currency": "EUR", "value": 3}]});
    for (field, value, code) in [
        ("name", json!(" "), "DIST0006"),
        ("prices", Value::Null, "DIST0006"),
        ("prices", json!([]), "DIST0005"),
        ("prices", json!([{"value": 3}]), "DIST0006"),
        ("prices", json!([{"currency": "euro", "value": 3}]), "DIST0004"),
        ("prices", json!([{"currency": "EUR", "value": 3.001}]), "DIST0004"),
        ("prices", json!([{"currency": "EUR", "value": -3}]), "DIST0005"),
        ("prices", json!([{"currency": "EUR", "value": 3}, {"currency": "EUR", "value": 4}]), "DIST0005"),
        ("taxes", json!([{"value": 10}]), "DIST0006"),
        ("channels", json!([777]), "DIST0005"),
        ("channels", json!([0]), "DIST0005"),
        ("only_with", json!({"events": [777]}), "DIST0005"),
        ("only_with", json!({"sessions": [777]}), "DIST0005"),
        ("limits", json!({"stock": -1}), "DIST0005"),
        ("limits", json!({"per_order": 0}), "DIST0005"),
        ("status", json!("GONE"), "DIST0005"),
        ("sale_start", json!("soon"), "DIST0004"),
        ("entity_id", json!(777), "DIST0005"),
    ] {
        let mut body = good();
        body[field] = value;
        world.admin.0.post("/mgmt-api/v1/products", body).await.refused(code);
    }
    let mut never = good();
    (never["sale_start"], never["sale_end"]) = (json!("2031-02-01T00:00:00Z"), json!("2031-01-01T00:00:00Z"));
    world.admin.0.post("/mgmt-api/v1/products", never).await.refused("DIST0001");
    assert_eq!(world.admin.0.get("/mgmt-api/v1/products").await.ok()["metadata"]["total"], 0, "what was refused made nothing");
    let seller = world.seller().await;
    let order = seller.create().await;
    for (wrong, code) in [
        (json!({}), "DIST0006"),
        (json!({"products": []}), "DIST0005"),
        (json!({"products": [{}]}), "DIST0006"),
        (json!({"products": [{"id": 1, "quantity": 0}]}), "DIST0005"),
        (json!({"products": [{"id": 1, "quantity": 501}]}), "DIST0005"),
        (json!({"products": [{"id": 1, "quantity": 1}, {"id": 1, "quantity": 1}]}), "DIST0005"),
        (json!({"products": 1}), "DIST0002"),
    ] {
        seller.order("POST", &order, "/products", Some(wrong)).await.refused(code);
    }
}

/// Of orders that ask at the same time for the last units, as many get one as there are.
pub async fn racing_for_the_last_units(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let id = product(&world, json!({"limits": {"stock": 3}})).await;
    let seller = world.seller().await;
    let mut orders = Vec::new();
    for _ in 0..8 {
        orders.push(seller.create().await);
    }
    let asks = orders.iter().map(|order| {
        let body = json!({"products": [{"id": id, "quantity": 1}]});
        let ask = Ask::new("POST", "/distribution-api/v1/orders/products").header("ob-order-id", order).json(&body);
        let caller = seller.0.clone();
        tokio::spawn(async move { caller.send(ask).await })
    });
    let asks: Vec<_> = asks.collect();
    let (mut won, mut lost) = (0, 0);
    for ask in asks {
        let answer = ask.await.unwrap();
        if answer.status == 200 {
            won += 1;
        } else {
            answer.refused("ORDER_SEAT_NOT_AVAILABLE");
            lost += 1;
        }
    }
    assert_eq!((won, lost), (3, 5));
    let shown = seller.0.get(format!("/catalog-api/v1/products/{id}")).await.ok();
    assert_eq!((&shown["available"], &shown["sold_out"]), (&json!(0), &json!(true)));
}
