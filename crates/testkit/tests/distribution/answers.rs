//! What order calls answer.

use aforo_testkit::caller::{Ask, ORDERS};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::{House, house};

/// An answer with what is drawn at random, or counted, told by its form alone.
fn shown(order: &Value) -> Value {
    let mut order = order.clone();
    let is = |value: &Value, len: usize, digits: &str| {
        value.as_str().is_some_and(|text| text.len() == len && text.chars().all(|c| digits.contains(c)))
    };
    assert!(is(&order["id"], 32, "0123456789abcdef"), "{order}");
    order["id"] = json!("(order)");
    if !order["code"].is_null() {
        assert!(is(&order["code"], 12, "ABCDEFGHJKMNPQRSTUVWXYZ23456789"), "{order}");
        order["code"] = json!("(code)");
    }
    for item in order["items"].as_array_mut().unwrap() {
        if !item["ticket"].is_null() {
            assert_eq!(item["ticket"]["id"], item["id"]);
            assert!(is(&item["ticket"]["barcode"], 22, "ABCDEFGHJKMNPQRSTUVWXYZ23456789"), "{order}");
            item["ticket"] = json!("(ticket)");
        }
        assert!(item["id"].is_u64());
        item["id"] = json!("(item)");
    }
    order
}

fn stall(house: &House, number: usize, base: Value, tax: Value, total: Value) -> Value {
    json!({
        "id": "(item)", "type": "SEAT", "event": {"id": house.event, "name": "Carmen EUR"},
        "session": {"id": house.gala, "name": "Gala", "date": {"start": "2031-07-01T20:00:00+02:00"}},
        "sector": {"id": 1, "name": "Stalls"}, "seat": {"id": house.seat(number), "row": "A", "seat": (number + 1).to_string()},
        "price_type": {"id": house.stalls, "name": "Stalls"},
        "rate": if total == json!(21.5) { json!({"id": house.adult, "name": "Adult"}) } else { json!({"id": house.child, "name": "Child"}) },
        "price": {
            "base": base, "surcharge": {"promoter": 0, "channel": 1.5}, "total": total,
            "taxes": [{"id": 1, "applies_to": "TICKET", "value": 10, "amount": tax}, {"id": 2, "applies_to": "CHANNEL", "value": 21, "amount": 0.26}],
        },
    })
}

pub async fn a_sale_from_the_first_call_to_the_tickets(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let begun = web.0.post(ORDERS, json!({"language": "en-GB"})).await.ok();
    let order = begun["id"].as_str().unwrap();
    let empty = json!({
        "id": "(order)", "status": "BASKET", "type": "PURCHASE", "channel": {"id": house.web_id}, "currency": "EUR", "language": "en-GB",
        "date": {"created": "2031-01-15T10:00:00Z", "expires": "2031-01-15T10:01:00Z"}, "items": [], "promotions": [], "collectives": [], "insurances": [], "vouchers": [], "payments": [],
        "price": {"base": 0, "promotions": 0, "surcharges": 0, "insurance": 0, "delivery": 0, "total": 0, "vouchers": 0, "to_pay": 0, "taxes": 0},
    });
    assert_eq!(shown(&begun), empty);

    let seats = json!({"seats": [{"id": house.seat(2), "session_id": house.gala}, {"id": house.seat(3), "session_id": house.gala, "rate_id": house.child}]});
    let filled = web.order("POST", order, "/seats", Some(seats)).await.ok();
    // Gross 20 holds 1.82 of tax, 10 holds 0.91, each surcharge of 1.50 holds 0.26 and that of 2 an order 0.35.
    let items = [stall(&house, 2, json!(20), json!(1.82), json!(21.5)), stall(&house, 3, json!(10), json!(0.91), json!(11.5))];
    let mut basket = empty;
    basket["date"]["expires"] = json!("2031-01-15T10:10:00Z");
    basket["items"] = json!(items);
    let tax = json!([{"id": 2, "applies_to": "CHANNEL", "value": 21, "amount": 0.35}]);
    basket["surcharges"] = json!([{"type": "CHANNEL", "session": {"id": house.gala}, "amount": 2, "taxes": tax}]);
    basket["price"] = json!({"base": 30, "promotions": 0, "surcharges": 5, "insurance": 0, "delivery": 0, "total": 35, "vouchers": 0, "to_pay": 35, "taxes": 3.6});
    assert_eq!(shown(&filled), basket);
    assert_eq!(web.read(order).await.ok(), filled);

    let ada = json!({"email": " Ada@example.com ", "name": "Ada", "surname": "Vidal", "phone": "+34 600 000 000", "id_number": "1X", "address": "Street 2",
        "city": "Sevilla", "postal_code": "41001", "country": "es", "language": "es_ES"});
    let named = web.order("POST", order, "/buyer-data", Some(ada)).await.ok();
    basket["buyer"] = json!({"email": "Ada@example.com", "name": "Ada", "surname": "Vidal", "phone": "+34 600 000 000", "id_number": "1X",
        "address": "Street 2", "city": "Sevilla", "postal_code": "41001", "country": "ES", "language": "es-ES"});
    assert_eq!(shown(&named), basket);

    server.pass_seconds(60).await;
    let accepted = web.pre_confirm(order).await.ok();
    let mut waiting = basket.clone();
    waiting["code"] = json!("(code)");
    waiting["status"] = json!("PRE_CONFIRM");
    waiting["date"]["expires"] = json!("2031-01-15T10:11:00Z");
    assert_eq!(shown(&accepted), waiting);

    let back = web.order("POST", order, "/basket", None).await.ok();
    assert_eq!((&back["status"], &back["code"], &back["items"]), (&json!("BASKET"), &accepted["code"], &filled["items"]));
    assert_eq!(web.pre_confirm(order).await.ok()["code"], accepted["code"]);

    let payments = json!({"payments": [{"type": "CARD", "amount": 30.0, "reference": "T-1"}, {"type": "CASH", "amount": 5}]});
    let sold = web.order("POST", order, "/confirm", Some(payments)).await.ok();
    let mut expected = waiting;
    expected["status"] = json!("CONFIRM");
    expected["date"] = json!({"created": "2031-01-15T10:00:00Z", "confirmed": "2031-01-15T10:01:00Z"});
    expected["payments"] = json!([{"type": "CARD", "amount": 30, "reference": "T-1"}, {"type": "CASH", "amount": 5}]);
    for item in expected["items"].as_array_mut().unwrap() {
        item["ticket"] = json!("(ticket)");
    }
    assert_eq!(shown(&sold), expected);
    assert_ne!(sold["items"][0]["ticket"]["barcode"], sold["items"][1]["ticket"]["barcode"]);
    assert_eq!(web.read(order).await.ok(), sold);
}

pub async fn zones_and_other_sessions_in_one_order(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let order = web.create().await;
    web.add_auto(&order, house.gala, house.floor, 1).await.ok();
    let body = json!({"session_id": house.matinee, "price_type_id": house.stalls, "quantity": 2, "together": true});
    let filled = web.order("POST", &order, "/seats-auto", Some(body)).await.ok();
    let [floor, left, right] = [0, 1, 2].map(|index| &filled["items"][index]);
    assert_eq!((&floor["zone"]["name"], &floor["sector"]["name"], &floor["seat"]), (&json!("Floor"), &json!("Pit"), &Value::Null));
    assert_eq!((&left["seat"]["seat"], &right["seat"]["seat"], &left["session"]["id"]), (&json!("4"), &json!("5"), &json!(house.matinee)));
    assert_eq!(filled["price"]["total"], json!(59));

    let item = |index: usize| filled["items"][index]["id"].clone();
    let children = web.order("PUT", &order, &format!("/items/{}/rate", item(2)), Some(json!({"rate_id": house.child}))).await.ok();
    assert_eq!((&children["items"][2]["rate"]["name"], &children["price"]["total"]), (&json!("Child"), &json!(49)));
    let one = web.order("DELETE", &order, &format!("/items/{}", item(0)), None).await.ok();
    assert_eq!(one["items"].as_array().unwrap().len(), 2);
    let none = web.order("POST", &order, "/items/release", Some(json!({"items": [{"id": item(1)}, {"id": item(2)}]}))).await.ok();
    assert_eq!((&none["items"], &none["price"]["to_pay"]), (&json!([]), &json!(0)));

    // One tariff for all seats of a call.
    let seats: Vec<_> = [2, 3].map(|number| json!({"id": house.seat(number), "session_id": house.gala})).into();
    let filled = web.order("POST", &order, "/seats", Some(json!({"seats": seats, "rate_id": house.child}))).await.ok();
    assert_eq!(filled["price"]["base"], json!(20));

    assert_eq!(web.order("DELETE", &order, "", None).await.ok(), json!({}));
    web.read(&order).await.refused("ORDER_NOT_FOUND");
}

pub async fn an_emptied_order_costs_nothing(server: &TestServer) {
    let house = house(server).await;
    let order = house.web.create().await;
    let tour = house.web.add_auto(&order, house.tour, house.floor, 1).await.ok();
    assert_eq!((&tour["currency"], &tour["price"]["surcharges"]), (&json!("USD"), &json!(0)));
    let emptied = house.web.order("DELETE", &order, &format!("/items/{}", tour["items"][0]["id"]), None).await.ok();
    assert_eq!((&emptied["currency"], &emptied["price"]["total"]), (&json!("EUR"), &json!(0)));
}

pub async fn repeating_with_a_key_does_nothing_twice(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web.0;
    let ask = |path: &str, key: &str, order: &str, body: &Value| {
        let ask = Ask::new("POST", format!("{ORDERS}{path}")).header("idempotency-key", key).json(body);
        if order.is_empty() { ask } else { ask.header("ob-order-id", order) }
    };
    let first = web.send(ask("", "create", "", &json!({}))).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = web.send(ask("", "create", "", &json!({}))).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.text, again.text);
    web.send(ask("", "create", "", &json!({"language": "es-ES"}))).await.refused("IDEMPOTENCY_KEY_REUSED");

    let order = first.ok()["id"].as_str().unwrap().to_owned();
    let seats = json!({"session_id": house.gala, "price_type_id": house.stalls, "quantity": 2});
    let added = web.send(ask("/seats-auto", "add", &order, &seats)).await.ok();
    assert_eq!(web.send(ask("/seats-auto", "add", &order, &seats)).await.ok(), added);
    // A refusal is kept too, though the reason for it may be gone.
    web.send(ask("/pre-confirm", "early", &order, &json!({}))).await.refused("ORDER_BUYER_DATA_REQUIRED");
    house.web.buyer(&order, "ada@example.com").await.ok();
    let repeated = web.send(ask("/pre-confirm", "early", &order, &json!({}))).await.refused("ORDER_BUYER_DATA_REQUIRED");
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    let accepted = web.send(ask("/pre-confirm", "late", &order, &json!({}))).await.ok();

    let pay = json!({"payments": [{"type": "CARD", "amount": accepted["price"]["to_pay"]}]});
    let sold = web.send(ask("/confirm", "pay", &order, &pay)).await.ok();
    let again = web.send(ask("/confirm", "pay", &order, &pay)).await;
    assert_eq!((again.header("idempotency-replayed"), again.clone().ok()), ("true", sold.clone()));
    // The key belongs to the channel.
    let partner = &house.partner.0;
    assert_ne!(partner.send(ask("", "create", "", &json!({}))).await.ok()["id"], json!(order));
}
