//! Prices in currencies with no decimals and with three: shown as their people write them, and named.

use aforo_testkit::builders::{SmallWorld, id, publish};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![every_currency_is_shown_with_its_own_decimals];

/// A session of a new event with one price, 10 % of which the promoter adds, and 10 % of which is tax.
async fn session(world: &SmallWorld<'_>, currency: &str, price: f64) -> u64 {
    let event = json!({"entity_id": world.theatre, "name": currency, "currency": currency, "default_language": "es-ES", "status": "READY"});
    let event = world.admin.make_id("/events", event).await;
    let session = json!({"name": currency, "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-03-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": price}]}],
        "surcharges": [{"type": "PERCENTAGE", "percent": 10}],
        "taxes": {"tickets": [{"name": "IVA 10", "value": 10}], "surcharges": [{"name": "IVA 10", "value": 10}]}});
    let session = world.admin.make_id(&format!("/events/{event}/sessions"), session).await;
    publish(&world.admin, event, session, world.web.id, json!({})).await;
    session
}

async fn every_currency_is_shown_with_its_own_decimals(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let sessions = [("JPY", 1500.0), ("KWD", 1.234), ("EUR", 9.39)];
    let mut ids = Vec::new();
    for (currency, price) in sessions {
        ids.push(session(&world, currency, price).await);
    }
    let seller = world.seller().await;
    // Price, what the promoter adds, and both without tax.
    let expected =
        [("JPY", "1500", "150", "1364", "136"), ("KWD", "1.234", "0.123", "1.122", "0.112"), ("EUR", "9.39", "0.94", "8.54", "0.85")];
    for (session, (currency, value, added, net, net_added)) in ids.iter().zip(expected) {
        let amount = |value: &str, added: &str| {
            let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            json!({"value": number(value), "surcharge": {"promoter": number(added), "channel": 0}})
        };
        let path = format!("/catalog-api/v1/sessions/{session}");
        let item = seller.0.get(&path).await;
        assert!(item.text.ends_with(&format!("],\"currency\":\"{currency}\"}}")), "{}", item.text);
        let price = &item.ok()["price"];
        for (name, expected) in [("min", amount(value, added)), ("max_final", amount(value, added)), ("min_net", amount(net, net_added))] {
            assert_eq!(price[name], expected, "{currency} {name}");
        }
        let prices = seller.0.get(format!("{path}/prices")).await.ok();
        let price = &prices["rates"][0]["price_types"][0]["price"];
        assert_eq!((&prices["currency"], &price["value"]), (&json!(currency), &amount(value, added)["value"]));
        let listed = seller.0.get(format!("/catalog-api/v1/sessions?currency={currency}")).await.ok();
        assert!(listed["data"].as_array().unwrap().iter().any(|item| id(item) == *session), "{listed}");
    }
    assert_eq!(seller.0.get("/catalog-api/v1/sessions?currency=JPY").await.ok()["metadata"]["total"], 1);
    assert_eq!(seller.0.get("/catalog-api/v1/sessions?currency=USD").await.ok()["metadata"]["total"], 0);
    seller.0.get("/catalog-api/v1/sessions?currency=yen").await.refused("DIST0004");
    let total = seller.0.get(format!("/catalog-api/v1/sessions/{}/prices", ids[1])).await;
    assert!(total.text.contains("\"total\":1.357,"), "{}", total.text);
}
