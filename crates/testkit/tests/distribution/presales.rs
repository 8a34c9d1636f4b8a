//! Presales, from their set-up to the ticket.

use aforo_testkit::builders::person;
use aforo_testkit::caller::{Answer, Ask, MGMT, ManagerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::{House, house};

impl House {
    fn publication(&self) -> String {
        format!("{MGMT}/events/{}/sessions/{}/channels/{}", self.event, self.gala, self.web_id)
    }

    async fn publish(&self, body: Value) -> Answer {
        self.manager.0.send(Ask::new("PUT", self.publication()).json(&body)).await
    }

    /// The gala as the web channel's catalogue shows it.
    async fn shown(&self) -> Value {
        self.web.0.get(format!("/catalog-api/v1/sessions/{}", self.gala)).await.ok()
    }

    /// Asks for two places on the gala's floor, with this code.
    async fn ask(&self, order: &str, code: &str) -> Answer {
        let body = json!({"session_id": self.gala, "price_type_id": self.floor, "quantity": 2, "presale_code": code});
        self.web.order("POST", order, "/seats-auto", Some(body)).await
    }
}

/// It is 10:00; the gala is on sale to everybody from noon on.
async fn before_the_sale(server: &TestServer) -> House {
    let house = house(server).await;
    house.change_gala(json!({"date": {"sale_start": "2031-01-15T12:00:00Z"}})).await;
    house
}

fn two_presales() -> Value {
    json!({"presales": [
        {"name": "Fan club", "start": "2031-01-15T10:00:30Z", "end": "2031-01-15T10:05:00Z", "code": " FAN2031 "},
        {"name": "Friends", "start": "2031-01-15T10:04:00Z", "end": "2031-01-15T10:06:00Z", "code": "amigos-7"},
    ]})
}

pub async fn a_code_opens_a_presale(server: &TestServer) {
    let house = before_the_sale(server).await;
    let web = &house.web;
    house.publish(two_presales()).await.ok();
    let order = web.create().await;
    house.ask(&order, "FAN2031").await.refused("ORDER_SEAT_NOT_AVAILABLE");
    server.pass_seconds(30).await;
    for wrong in ["", "  ", "FAN2030", "amigos-7"] {
        let refused = house.ask(&order, wrong).await.refused("ORDER_SEAT_NOT_AVAILABLE");
        assert_eq!(refused.message(), "Seat not found or available", "why is not told");
    }
    let order = web.create().await;
    house.ask(&order, "fan2031").await.ok();
    let seats = json!([{"id": house.seat(2), "session_id": house.gala}, {"id": house.seat(3), "session_id": house.gala}]);
    let refused = web.order("POST", &order, "/seats", Some(json!({ "seats": seats }))).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(refused.body["details"], json!([{"id": house.seat(2)}, {"id": house.seat(3)}]));
    web.order("POST", &order, "/seats", Some(json!({"seats": seats, "presale_code": "FAN2031"}))).await.ok();

    // The window is over; what is in the basket is sold all the same.
    server.pass_seconds(270).await;
    house.ask(&order, "FAN2031").await.refused("ORDER_SEAT_NOT_AVAILABLE");
    web.buyer(&order, "ada@example.com").await.ok();
    let accepted = web.pre_confirm(&order).await.ok();
    assert_eq!(web.confirm(&order, &accepted["price"]["to_pay"]).await.ok()["items"].as_array().unwrap().len(), 4);
    house.ask(&web.create().await, "AMIGOS-7").await.ok();
}

pub async fn a_presale_is_shown_without_its_code(server: &TestServer) {
    let house = before_the_sale(server).await;
    assert!(house.shown().await.get("presales").is_none());
    let made = house.publish(two_presales()).await.ok();
    let code = |body: &Value, at: usize| body["presales"][at]["code"].clone();
    let first = json!({"name": "Fan club", "start": "2031-01-15T11:00:30+01:00", "end": "2031-01-15T11:05:00+01:00", "code": "FAN2031"});
    assert_eq!((&made["presales"][0], code(&made, 1)), (&first, json!("amigos-7")));
    assert_eq!(house.manager.0.get(house.publication()).await.ok(), made);

    // To who only reads the code is not shown, and to a channel neither.
    let entity = house.manager.0.get(format!("{MGMT}/channels/{}", house.web_id)).await.ok()["entity_id"].as_u64().unwrap();
    let reader = person(&house.manager, entity, "reader", &["REPORTS"]).await;
    let reader = ManagerClient::with_password(&server.nobody, &reader.username, &reader.password).await.0;
    let read = reader.get(house.publication()).await.ok();
    assert_eq!((&read["presales"][1]["name"], code(&read, 1)), (&json!("Friends"), Value::Null));
    let list = reader.get(format!("{MGMT}/events/{}/sessions/{}/channels", house.event, house.gala)).await;
    assert!(!list.text.contains("FAN2031"), "{}", list.text);

    let presale = |name: &str, start: &str, end: &str| json!({"name": name, "start": start, "end": end, "type": "CODE"});
    let fans = presale("Fan club", "2031-01-15T11:00:30+01:00", "2031-01-15T11:05:00+01:00");
    let friends = presale("Friends", "2031-01-15T11:04:00+01:00", "2031-01-15T11:06:00+01:00");
    let shown = house.shown().await;
    assert_eq!((&shown["presales"], &shown["on_sale"]), (&json!([fans, friends]), &json!(false)));
    server.pass_seconds(300).await;
    assert_eq!(house.shown().await["presales"], json!([friends]), "the first is over");
    let listed = house.web.0.get("/catalog-api/v1/sessions?for_sale=true").await.ok();
    let gala = listed["data"].as_array().unwrap().iter().find(|item| item["id"] == house.gala).unwrap();
    assert_eq!((&gala["presales"], &gala["on_sale"]), (&json!([friends]), &json!(false)));
    server.pass_seconds(60).await;
    assert!(house.shown().await.get("presales").is_none());

    // They are replaced as a whole.
    assert!(house.publish(json!({})).await.ok().get("presales").is_none());
}

pub async fn presales_make_sense(server: &TestServer) {
    let house = before_the_sale(server).await;
    let good = || json!({"name": "Fans", "start": "2031-01-15T10:00:30Z", "end": "2031-01-15T10:05:00Z", "code": "FAN2031"});
    let with = |member: &str, value: Value| {
        let mut presale = good();
        presale[member] = value;
        json!({"presales": [presale]})
    };
    for (body, code, names) in [
        (json!({"presales": [{}]}), "DIST0006", "presales.name, presales.start, presales.end, presales.code"),
        (with("code", json!(" ")), "DIST0006", "presales.code"),
        (with("code", json!("FA")), "DIST0005", "presales.code"),
        (with("code", json!("FAN 2031")), "DIST0005", "presales.code"),
        (with("code", json!("x".repeat(65))), "DIST0005", "presales.code"),
        (with("collective_id", json!(7)), "DIST0005", "presales.collective_id"),
        (with("name", json!("x".repeat(1_001))), "DIST0005", "presales.name"),
        (json!({"presales": vec![good(); 21]}), "DIST0005", "presales"),
        (with("start", json!("soon")), "DIST0004", "presales.start"),
        (json!({"presales": 7}), "DIST0002", ""),
        (with("end", json!("2031-01-15T10:00:30Z")), "DIST0001", ""),
        (with("end", json!("2031-07-01T18:00:01Z")), "DIST0001", ""),
    ] {
        let refused = house.publish(body).await.refused(code);
        assert!(refused.message().contains(names), "{}", refused.message());
        assert!(!refused.text.contains("FAN2031"), "{}", refused.text);
    }
    house.publish(json!({"presales": vec![good(); 20]})).await.ok();
    house.publish(with("end", json!("2031-07-01T18:00:00Z"))).await.ok();

    let order = house.web.create().await;
    for bad in ["FA", "FAN 2031", &"x".repeat(65)] {
        let refused = house.ask(&order, bad).await.refused("DIST0005");
        assert_eq!(refused.message(), "Invalid parameter(s): 'presale_code'");
    }
}

pub async fn who_guesses_codes_has_to_wait(server: &TestServer) {
    let house = before_the_sale(server).await;
    house.publish(two_presales()).await.ok();
    server.pass_seconds(30).await;
    let order = house.web.create().await;
    for guess in 0..10 {
        house.ask(&order, &format!("GUESS-{guess}")).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    }
    let slowed = house.ask(&order, "FAN2031").await.refused("TOO_MANY_REQUESTS");
    assert_eq!(slowed.header("retry-after"), "1");
    house.ask(&house.web.create().await, "FAN2031").await.ok();
    server.pass_seconds(1).await;
    house.ask(&order, "FAN2031").await.ok();
}
