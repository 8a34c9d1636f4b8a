//! The codes of forms, and of the bookings that ask the same of an order as its sale does.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, SellerClient};
use serde_json::json;

pub async fn channel_form_not_found(world: &SmallWorld<'_>) -> Answer {
    let refused = world.seller().await.0.get("/distribution-api/v1/forms/BUYER").await;
    let channel = format!("/channels/{}", world.web.id);
    world.admin.change(&channel, json!({"buyer_form": {"fields": [{"key": "club", "type": "TEXT"}]}})).await;
    world.seller().await.0.get("/distribution-api/v1/forms/BUYER").await.ok();
    refused
}

pub async fn order_attendee_data_required(world: &SmallWorld<'_>) -> Answer {
    let form = json!({"fields": [{"key": "name", "type": "TEXT", "mandatory": true}]});
    world.admin.change(&format!("/events/{}", world.event), json!({ "attendee_form": form })).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await;
    let both: Vec<_> = [0, 1].map(|index: usize| json!({"item_id": filled["items"][index]["id"], "fields": {"name": "Ada"}})).to_vec();
    seller.order("POST", &order, "/attendees", Some(json!({ "attendees": both }))).await.ok();
    seller.pre_confirm(&order).await.ok();
    refused
}

pub async fn client_data_invalid_postal_code(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    let body = json!({"email": "ada@example.org", "country": "PT", "postal_code": "1000"});
    seller.order("POST", &order, "/buyer-data", Some(body)).await
}

pub async fn order_booking_not_allowed(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.order("POST", &order, "/booking", None).await
}

/// A clerk without the permission books nothing; with it, it does.
pub async fn auth0027_booking(world: &SmallWorld<'_>) -> Answer {
    world.admin.change(&format!("/channels/{}", world.box_office.id), json!({"booking": {"enabled": true}})).await;
    world.change_session(json!({"date": {"booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-22T00:00:00Z"}})).await;
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    let clerk = SellerClient(world.nobody().signed_in(&world.counter(&strings, &[])).await);
    let order = clerk.create().await;
    clerk.add_seats(&order, world.session, &world.row[..2]).await.ok();
    clerk.buyer(&order, "ada@example.org").await.ok();
    let refused = clerk.order("POST", &order, "/booking", None).await;
    world.admin.change(&format!("/users/{}", world.clerk.id), json!({"permissions": ["BOOKING"]})).await;
    assert_eq!(clerk.order("POST", &order, "/booking", None).await.ok()["type"], "BOOKING");
    refused
}
