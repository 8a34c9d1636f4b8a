//! Resale in tests: a small world whose shop sells tickets again, and what is asked for that through HTTP.

use serde_json::{Value, json};

use crate::builders::{SmallWorld, text};
use crate::caller::{Answer, SellerClient};
use crate::market::MARKET;

/// Where offers are.
pub const LISTINGS: &str = "/distribution-api/v1/secondary-market/listings";

/// The theatre's shop sells tickets of the session again, for 50 to 120 per cent of what was paid, a tenth of it the house's; the promoter adds 1 and the shop 0.50.
pub async fn shop(world: &SmallWorld<'_>) -> SellerClient {
    world.platform.change(&format!("/operators/{}", world.operator), json!({"secondary_market": true})).await;
    let adds = |value: f64| json!([{"type": "PER_TICKET", "value": value}]);
    let terms = json!({"enabled": true, "floor": 50, "cap": 120, "commission": 10, "surcharges": adds(1.0)});
    world.admin.change(&format!("/events/{}", world.event), json!({ "resale": terms })).await;
    world.change_session(json!({"date": {"resale_start": "2031-01-14T00:00:00Z", "resale_end": "2031-01-31T19:00:00Z"}})).await;
    let terms = json!({"enabled": true, "surcharges": adds(0.5)});
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "resale": terms })).await;
    world.seller().await
}

/// Offers an order's nth ticket.
pub async fn offer(seller: &SellerClient, order: &Value, nth: usize, price: f64) -> Answer {
    let body = json!({"order_code": text(order, "code"), "items": [{"id": order["items"][nth]["id"], "price": price}]});
    seller.0.post(LISTINGS, body).await
}

/// What is offered of a session.
pub async fn offered(seller: &SellerClient, session: u64) -> Vec<Value> {
    let body = seller.0.get(format!("/catalog-api/v1/sessions/{session}/secondary-market-seats")).await.ok();
    body["data"].as_array().cloned().unwrap_or_default()
}

/// Puts an offer into an order, as it is shown in the catalogue but for its price.
pub async fn take(seller: &SellerClient, order: &str, offer: &Value, price: &Value) -> Answer {
    let seat = json!({"listing_id": offer["listing_id"], "rate_id": offer["rate"]["id"], "price": price});
    seller.order("POST", order, "/secondary-market-seats", Some(json!({"seats": [seat]}))).await
}

/// Takes an offer back.
pub async fn withdraw(seller: &SellerClient, listing: &Value) -> Answer {
    seller.0.delete(format!("{MARKET}/listings/{listing}")).await
}
