//! Marketplaces in tests: a small world in which one works, and what it asks through HTTP.

use serde_json::{Value, json};

use crate::builders::{SmallWorld, channel, publish, text};
use crate::caller::{Answer, SellerClient};

/// Where marketplaces work.
pub const MARKET: &str = "/distribution-api/v1/secondary-market";

/// A marketplace that works for the theatre, and the theatre's own shop.
pub struct Market {
    /// Its own system.
    pub market: SellerClient,
    /// Its channel.
    pub channel: u64,
    /// The web channel's system.
    pub shop: SellerClient,
}

impl Market {
    /// The operator works in the secondary market, and the theatre has a marketplace in which the session is published.
    pub async fn set_up(world: &SmallWorld<'_>) -> Self {
        world.platform.change(&format!("/operators/{}", world.operator), json!({"secondary_market": true})).await;
        let (channel, market) = Self::another(world, world.theatre).await;
        publish(&world.admin, world.event, world.session, channel, json!({})).await;
        Self { market, channel, shop: world.seller().await }
    }

    /// Another marketplace, of an entity.
    pub async fn another(world: &SmallWorld<'_>, entity: u64) -> (u64, SellerClient) {
        let channel = channel(&world.admin, entity, "MARKETPLACE").await;
        (channel.id, SellerClient::sign_in(world.nobody(), channel.id, &channel.secret).await)
    }

    /// Marks tickets: validate, register, unregister, block or unblock.
    pub async fn tickets(&self, what: &str, body: Value) -> Answer {
        self.market.0.post(format!("{MARKET}/tickets/{what}"), body).await
    }

    /// Marks the first ticket of an order.
    pub async fn first(&self, what: &str, order: &Value) -> Answer {
        self.tickets(what, json!({"tickets": [{"id": order["items"][0]["id"]}]})).await
    }

    /// Reissues the first ticket of an order for 35, with some fields replaced.
    pub async fn reissue(&self, session: u64, order: &Value, changes: Value) -> Answer {
        self.market.0.post(format!("{MARKET}/reissues"), sale(session, order, changes)).await
    }
}

/// What is asked to reissue the first ticket of an order for 30, of 35 in all, with some fields replaced.
pub fn sale(session: u64, order: &Value, changes: Value) -> Value {
    let mut body = json!({
        "session_id": session,
        "order": {"currency": "EUR", "total": 35, "buyer": {"email": "grace@example.org", "name": "Grace"}},
        "tickets": [{"id": order["items"][0]["id"], "price": 30}],
    });
    body.as_object_mut().expect("an object").append(changes.clone().as_object_mut().expect("an object"));
    body
}

/// Sells these seats: the whole order.
pub async fn sell(seller: &SellerClient, session: u64, seats: &[u64]) -> Value {
    let order = seller.create().await;
    seller.add_seats(&order, session, seats).await.ok();
    finish(seller, &order).await
}

/// Sells a basket.
pub async fn finish(seller: &SellerClient, order: &str) -> Value {
    seller.buyer(order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(order).await.ok()["price"]["to_pay"].clone();
    let payments = if price == json!(0) { json!([]) } else { json!([{"type": "CARD", "amount": price}]) };
    seller.order("POST", order, "/confirm", Some(json!({ "payments": payments }))).await.ok()
}

/// The barcode of an order's nth ticket.
pub fn barcode(order: &Value, nth: usize) -> &str {
    text(&order["items"][nth]["ticket"], "barcode")
}
