//! Form and values of order calls: all offenders are told at once, before anything is decided.

use aforo_testkit::caller::{Ask, ORDERS};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::house;

pub async fn bodies_and_headers_have_their_form(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web.0;
    let order = house.web.create().await;
    let to = |method: &str, path: &str| Ask::new(method, format!("{ORDERS}{path}"));
    let seats = json!({"seats": [{"id": house.seat(2), "session_id": house.gala}]});
    for path in ["/seats", "/seats-auto", "/buyer-data", "/pre-confirm", "/basket", "/confirm", "/items/release"] {
        web.send(to("POST", path).json(&seats)).await.refused("DIST0006");
        web.send(to("POST", path).json(&seats).header("ob-order-id", "soon")).await.refused("DIST0004");
        web.send(to("POST", path).raw("text/plain", "{}").header("ob-order-id", order.as_str())).await.refused("DIST0003");
        server.nobody.send(to("POST", path).json(&seats).header("ob-order-id", order.as_str())).await.refused("AUTH001");
    }
    web.send(to("GET", "")).await.refused("DIST0006");
    web.send(to("DELETE", "")).await.refused("DIST0006");
    web.send(to("DELETE", "/items/one").header("ob-order-id", order.as_str())).await.refused("DIST0004");
    web.send(to("DELETE", "/items/0").header("ob-order-id", order.as_str())).await.refused("DIST0005");
    for path in ["/seats", "/seats-auto", "/buyer-data", "/confirm", "/items/release"] {
        for body in ["", "{", "[]", "7", "null", r#"{"seats": 1, "session_id": [], "email": 1, "payments": {}, "items": "all"}"#] {
            web.send(to("POST", path).raw("application/json", body).header("ob-order-id", order.as_str())).await.refused("DIST0002");
        }
    }
    let create = |body: &'static str| to("POST", "").raw("application/json", body);
    web.send(create(r#"{"language": 3}"#)).await.refused("DIST0002");
    web.send(create(r#"{"language": "Spanish"}"#)).await.refused("DIST0004");
    web.send(create(r#"{"language": "ca-ES"}"#)).await.refused("DIST0005");
    web.send(create(r#"{"colour": "red"}"#)).await.ok();
    web.send(to("POST", "")).await.ok();
    assert_eq!(house.web.read(&order).await.ok()["items"], json!([]));
}

pub async fn every_bad_value_is_named(server: &TestServer) {
    let house = house(server).await;
    let order = house.web.create().await;
    let (seat, gala) = (house.seat(2), house.gala);
    let long = "é".repeat(1_001);
    let many: Vec<_> = (1..=501).map(|id| json!({"id": id, "session_id": gala})).collect();
    let cases: Vec<(&str, Value, &str, &str)> = vec![
        ("/seats", json!({}), "DIST0006", "seats"),
        ("/seats", json!({"seats": []}), "DIST0005", "seats"),
        ("/seats", json!({"seats": many}), "DIST0005", "seats"),
        ("/seats", json!({"seats": [{}]}), "DIST0006", "seats.id, seats.session_id"),
        (
            "/seats",
            json!({"seats": [{"id": 0, "session_id": -1, "rate_id": 1.5}]}),
            "DIST0005",
            "seats.id, seats.session_id, seats.rate_id",
        ),
        ("/seats", json!({"seats": [{"id": 9_007_199_254_740_992_u64, "session_id": gala}]}), "DIST0005", "seats.id"),
        ("/seats", json!({"seats": [{"id": seat, "session_id": gala}, {"id": seat, "session_id": gala}]}), "DIST0005", "seats"),
        ("/seats", json!({"seats": [{"id": seat, "session_id": gala, "rate_id": 777}]}), "DIST0005", "rate_id"),
        ("/seats-auto", json!({}), "DIST0006", "session_id, price_type_id, quantity"),
        ("/seats-auto", json!({"session_id": gala, "price_type_id": house.floor, "quantity": 0}), "DIST0005", "quantity"),
        ("/seats-auto", json!({"session_id": gala, "price_type_id": house.floor, "quantity": 501}), "DIST0005", "quantity"),
        ("/seats-auto", json!({"session_id": gala, "price_type_id": 777, "quantity": 1}), "DIST0005", "price_type_id"),
        (
            "/seats-auto",
            json!({"session_id": gala, "price_type_id": house.floor, "sector_id": 777, "quantity": 1}),
            "DIST0005",
            "sector_id",
        ),
        ("/buyer-data", json!({}), "DIST0006", "email"),
        ("/buyer-data", json!({"email": "ada"}), "DIST0004", "email"),
        ("/buyer-data", json!({"email": "ada@example.com", "country": "Spain"}), "DIST0004", "country"),
        ("/buyer-data", json!({"email": "ada@example.com", "language": "Spanish"}), "DIST0004", "language"),
        ("/buyer-data", json!({"email": "ada@example.com", "name": long, "city": long}), "DIST0005", "name, city"),
        ("/items/release", json!({"items": []}), "DIST0005", "items"),
        ("/items/release", json!({"items": [{"id": 4}, {"id": 4}]}), "DIST0005", "items"),
        ("/confirm", json!({}), "DIST0006", "payments"),
        ("/confirm", json!({"payments": [{}]}), "DIST0006", "payments.type, payments.amount"),
        ("/confirm", json!({"payments": [{"type": "GOLD", "amount": -1}]}), "DIST0005", "payments.type, payments.amount"),
        ("/confirm", json!({"payments": [{"type": "CARD", "amount": 1.00001}]}), "DIST0004", "payments.amount"),
        ("/confirm", json!({"payments": [{"type": "CARD", "amount": 1, "reference": long}]}), "DIST0005", "payments.reference"),
    ];
    for (path, body, code, names) in cases {
        let answer = house.web.order("POST", &order, path, Some(body)).await.refused(code);
        let told = match code {
            "DIST0004" => answer.message().starts_with(&format!("Invalid '{names}' format: ")),
            "DIST0005" => answer.message() == format!("Invalid parameter(s): '{names}'"),
            _ => answer.message() == format!("Parameter(s) required: '{names}'"),
        };
        assert!(told, "{path}: {}", answer.message());
    }
    assert_eq!(house.web.read(&order).await.ok()["items"], json!([]));
}
