//! The codes of resale in the channel. Each case shows the condition, and that it is done once the condition is gone.

use aforo_testkit::builders::{SmallWorld, id};
use aforo_testkit::caller::{Answer, SellerClient};
use aforo_testkit::market::sell;
use aforo_testkit::resale::{offer, offered, shop, take};
use serde_json::{Value, json};

/// A shop in which a ticket is offered for 20, and that offer as the catalogue shows it.
async fn offering(world: &SmallWorld<'_>) -> (SellerClient, Value) {
    let shop = shop(world).await;
    let order = sell(&shop, world.session, &world.row[..1]).await;
    offer(&shop, &order, 0, 20.0).await.ok();
    let seen = offered(&shop, world.session).await.remove(0);
    (shop, seen)
}

/// The channel and the event have it off, one after the other, and it is too early for the session.
pub async fn secondary_market_sale_not_enabled(world: &SmallWorld<'_>) -> Answer {
    let (shop, seen) = offering(world).await;
    let order = shop.create().await;
    let tried = async || take(&shop, &order, &seen, &json!(20)).await;
    for path in [format!("/channels/{}", world.web.id), format!("/events/{}", world.event)] {
        for enabled in [false, true] {
            world.admin.change(&path, json!({"resale": {"enabled": enabled}})).await;
            if !enabled {
                tried().await.refused("SECONDARY_MARKET_SALE_NOT_ENABLED");
                assert!(offered(&shop, world.session).await.is_empty());
            }
        }
    }
    let starts = async |start: &str| drop(world.change_session(json!({"date": {"resale_start": start}})).await);
    starts("2031-01-15T10:00:01Z").await;
    let refused = tried().await;
    assert_eq!(refused.body["details"], json!([{"id": seen["listing_id"]}]));
    starts("2031-01-15T10:00:00Z").await;
    tried().await.ok();
    refused
}

/// Somebody else has it in a basket, and lets it go again.
pub async fn secondary_market_seat_not_available(world: &SmallWorld<'_>) -> Answer {
    let (shop, seen) = offering(world).await;
    let (one, other) = (shop.create().await, shop.create().await);
    take(&shop, &one, &seen, &json!(20)).await.ok();
    let refused = take(&shop, &other, &seen, &json!(20)).await;
    assert_eq!(refused.body["details"], json!([{"id": seen["listing_id"]}]));
    shop.order("DELETE", &one, "", None).await.ok();
    take(&shop, &other, &seen, &json!(20)).await.ok();
    refused
}

/// The buyer saw another price, or another tariff.
pub async fn secondary_market_seat_rate_not_available(world: &SmallWorld<'_>) -> Answer {
    let (shop, mut seen) = offering(world).await;
    let order = shop.create().await;
    let refused = take(&shop, &order, &seen, &json!(19)).await;
    take(&shop, &order, &seen, &json!(20)).await.ok();
    let item = id(&shop.read(&order).await.ok()["items"][0]);
    shop.order("DELETE", &order, &format!("/items/{item}"), None).await.ok();
    seen["rate"]["id"] = json!(world.child);
    take(&shop, &order, &seen, &json!(20)).await.refused("SECONDARY_MARKET_SEAT_RATE_NOT_AVAILABLE");
    refused
}

/// A promotion on a ticket that another buyer sells: alone, and named beside one of the first sale.
pub async fn order_promotion_resale(world: &SmallWorld<'_>) -> Answer {
    let (shop, seen) = offering(world).await;
    let promotion =
        json!({"entity_id": world.theatre, "name": "Loyal", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}});
    let promotion = world.admin.make_id("/promotions", promotion).await;
    let order = shop.create().await;
    let item = id(&take(&shop, &order, &seen, &json!(20)).await.ok()["items"][0]);
    let promote = async |body: Value| shop.order("POST", &order, "/promotions", Some(body)).await;
    let refused = promote(json!({ "id": promotion })).await;
    shop.add_seats(&order, world.session, &world.row[1..2]).await.ok();
    let named = promote(json!({"id": promotion, "items": [{ "id": item }]})).await.refused("ORDER_PROMOTION_PRIMARY_MARKET_REQUIRED");
    assert_eq!(named.body["details"], json!([{ "id": item }]));
    promote(json!({ "id": promotion })).await.ok();
    refused
}
