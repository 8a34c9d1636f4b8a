//! Season tickets as they are sold: one item, one price, one barcode, and the same place in every session.

use aforo_testkit::caller::{Ask, MGMT};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::{House, house};

/// Puts season tickets for the gala and the matinee on sale, for adults at 35.05 and 22.
async fn season(house: &House) -> u64 {
    let gala = format!("{MGMT}/events/{}/sessions", house.event);
    let template = house.manager.0.get(format!("{gala}/{}", house.gala)).await.ok()["venue_template_id"].clone();
    let price = |id: u64, value: f64| json!({"price_type_id": id, "value": value});
    let body = json!({"name": "Both", "venue_template_id": template, "status": "READY", "date": {"sale_start": "2031-01-01T00:00:00Z"},
        "season": {"sessions": [{"id": house.gala, "weight": 2}, {"id": house.matinee}]},
        "rates": [{"name": "Adult", "prices": [price(house.stalls, 35.05), price(house.floor, 22.0)]}],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}]}});
    let season = house.manager.make_id(&format!("/events/{}/sessions", house.event), body).await;
    let publication = Ask::new("PUT", format!("{gala}/{season}/channels/{}", house.web_id)).json(&json!({}));
    house.manager.0.send(publication).await.ok();
    season
}

pub async fn a_season_ticket_from_the_first_call_to_the_tickets(server: &TestServer) {
    let house = house(server).await;
    let (web, season) = (&house.web, season(&house).await);
    let order = web.create().await;
    let body = web.add_seats(&order, season, &[house.seat(2), house.seat(3)]).await.ok();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    let item = &body["items"][0];
    let start = "2031-07-01T20:00:00+02:00";
    assert_eq!(item["session"], json!({"id": season, "name": "Both", "date": {"start": start}}));
    let share = |id: u64, name: &str, amount: f64| json!({"id": id, "name": name, "date": {"start": start}, "amount": amount});
    assert_eq!(item["season"]["sessions"], json!([share(house.gala, "Gala", 23.37), share(house.matinee, "Matinee", 11.68)]));
    assert_eq!((&item["price"]["base"], &item["price"]["total"]), (&json!(35.05), &json!(36.55)), "the channel adds to the ticket once");
    // A ticket of one of the sessions may be in the same order, beside it.
    let body = web.add_seats(&order, house.gala, &[house.seat(4), house.seat(5)]).await.ok();
    assert!(body["items"][2].get("season").is_none());
    for session in [house.gala, house.matinee, season] {
        let taken = web.add_seats(&web.create().await, session, &[house.seat(3)]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
        assert_eq!(taken.body["details"], json!([{"id": house.seat(3)}]));
    }
    // What a promotion leaves of the price is spread as well.
    let promotion = json!({"name": "Loyal", "type": "DISCOUNT", "reduction": {"type": "FIXED", "value": 5, "currency": "EUR"},
        "conditions": {"sessions": [season]}});
    let promotion = house.manager.make_id("/promotions", promotion).await;
    let body = web.order("POST", &order, "/promotions", Some(json!({ "id": promotion }))).await.ok();
    let amounts = |item: &Value| [0, 1].map(|index: usize| item["season"]["sessions"][index]["amount"].clone());
    assert_eq!(amounts(&body["items"][1]), [json!(20.03), json!(10.02)]);
    web.buyer(&order, "ada@example.com").await.ok();
    let accepted = web.pre_confirm(&order).await.ok();
    let sold = web.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    let barcodes: Vec<_> = sold["items"].as_array().unwrap().iter().map(|item| item["ticket"]["barcode"].clone()).collect();
    assert!(barcodes.len() == 4 && barcodes[0] != barcodes[1] && barcodes.iter().all(Value::is_string), "one each: {barcodes:?}");
    assert_eq!(amounts(&sold["items"][0]), [json!(20.03), json!(10.02)]);
    let places = json!({"action": "BLOCK", "seats": [house.seat(2)]});
    let path = format!("{MGMT}/events/{}/sessions/{}/places", house.event, house.matinee);
    house.manager.0.post(path, places).await.refused("CONFLICT");
}

/// A season ticket and tickets of both sessions for the same seats, all at once: whoever gets one, nobody has half of one.
pub async fn everybody_wants_the_same_seat(server: &TestServer) {
    let house = house(server).await;
    let (web, season) = (house.web.clone(), season(&house).await);
    let mut tries = Vec::new();
    for round in 0..12_usize {
        let session = [season, house.gala, house.matinee][round % 3];
        let (web, seats) = (web.clone(), [house.seat(round % 2), house.seat(round % 2 + 1)]);
        tries.push(tokio::spawn(async move {
            let order = web.create().await;
            let answer = web.add_seats(&order, session, &seats).await;
            assert!(answer.status == 200 || ["ORDER_SEAT_NOT_AVAILABLE", "ORPHAN_SEAT"].contains(&answer.code()), "{}", answer.text);
            (answer.status == 200).then_some((session, seats))
        }));
    }
    let mut won = Vec::new();
    for one in tries {
        won.extend(one.await.unwrap());
    }
    assert!(!won.is_empty());
    let meet = |a: u64, b: u64| a == b || a == season || b == season;
    for (index, (session, seats)) in won.iter().enumerate() {
        for (other, others) in &won[..index] {
            assert!(!meet(*session, *other) || !seats.iter().any(|seat| others.contains(seat)), "{won:?}");
        }
    }
    let taken = |session: u64| won.iter().filter(|(other, _)| *other == session).count();
    for (session, held) in [(house.gala, taken(house.gala) + taken(season)), (house.matinee, taken(house.matinee) + taken(season))] {
        let availability = web.0.get(format!("/catalog-api/v1/sessions/{session}/availability")).await.ok();
        assert_eq!(availability["availability"]["available"], 46 - 2 * held, "{won:?}");
    }
}

pub async fn season_tickets_expire_and_have_barcodes_of_their_own(server: &TestServer) {
    let house = house(server).await;
    let (web, season) = (&house.web, season(&house).await);
    let path = format!("{MGMT}/events/{}/sessions/{season}", house.event);
    house.manager.0.patch(&path, json!({"barcodes": "IMPORTED", "buyer_limit": 2})).await.ok();
    house.manager.0.post(format!("{path}/barcodes"), json!({"barcodes": ["SEASON-1", "SEASON-2"]})).await.ok();
    let order = web.create().await;
    web.add_auto(&order, season, house.floor, 2).await.ok();
    let free = async |session: u64| {
        let body = web.0.get(format!("/catalog-api/v1/sessions/{session}/availability")).await.ok();
        body["availability"]["available"].as_u64().unwrap()
    };
    assert_eq!([free(season).await, free(house.gala).await, free(house.matinee).await], [44; 3]);
    server.pass_seconds(601).await;
    web.read(&order).await.refused("ORDER_EXPIRED");
    let order = web.create().await;
    let body = web.add_auto(&order, season, house.floor, 2).await.ok();
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    // Tickets of the sessions count for themselves.
    web.add_auto(&order, house.gala, house.floor, 1).await.ok();
    web.buyer(&order, "ada@example.com").await.ok();
    let accepted = web.pre_confirm(&order).await.ok();
    let sold = web.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    let barcodes: Vec<_> =
        sold["items"].as_array().unwrap().iter().map(|item| item["ticket"]["barcode"].as_str().unwrap().to_owned()).collect();
    assert_eq!(barcodes[..2], ["SEASON-1", "SEASON-2"]);
    assert!(!barcodes[2].starts_with("SEASON"));
    assert_eq!([free(season).await, free(house.gala).await, free(house.matinee).await], [43, 43, 44]);
    let more = web.create().await;
    web.buyer(&more, "ada@example.com").await.ok();
    web.add_auto(&more, season, house.floor, 1).await.refused("SESSION_SALES_LIMIT_EXCEEDED");
    web.add_auto(&more, house.matinee, house.floor, 1).await.ok();
}
