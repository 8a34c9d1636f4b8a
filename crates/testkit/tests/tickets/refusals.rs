//! Who is handed no ticket, and which tickets nobody is.

use aforo_testkit::builders::{SmallWorld, channel, publish, text};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::programs::pages;
use super::{API, code, finish, sell, tickets, with_role};

/// What is asked for of one item.
const OF_ITEMS: [&str; 4] = ["qr.svg", "qr.png", "pass.pkpass", "google-wallet"];

pub async fn only_valid_tickets_are_handed_out(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    let body = seller.add_seats(&order, world.session, &world.row[..1]).await.ok();
    let item = &body["items"][0]["id"];
    seller.buyer(&order, "ada@example.org").await.ok();
    let waiting = seller.pre_confirm(&order).await.ok();
    let path = format!("{API}/{}", code(&waiting));
    seller.0.get(format!("{path}/tickets.pdf")).await.refused("PRODUCT_STATE_INVALID");
    seller.0.get(format!("{path}/tickets.pdf?item={item}")).await.refused("PRODUCT_STATE_INVALID");
    for asked in OF_ITEMS {
        let refused = seller.0.get(format!("{path}/items/{item}/{asked}")).await.refused("PRODUCT_STATE_INVALID");
        assert_eq!(refused.body["details"], json!([{ "id": item }]));
    }
    let order = sell(&world, &seller, &world.row[4..6]).await;
    let path = format!("{API}/{}", code(&order));
    seller.0.get(format!("{path}/tickets.pdf?item={item}")).await.refused("ORDER_ITEM_INVALID");
    seller.0.get(format!("{path}/tickets.pdf?item=first")).await.refused("DIST0004");
    seller.0.get(format!("{path}/tickets.pdf?item=0")).await.refused("DIST0005");
    for asked in OF_ITEMS {
        seller.0.get(format!("{path}/items/{item}/{asked}")).await.refused("ORDER_ITEM_INVALID");
        seller.0.get(format!("{path}/items/none/{asked}")).await.refused("DIST0004");
        seller.0.get(format!("{API}/ABCDEFGHJKMN/items/{item}/{asked}")).await.refused("ORDER_NOT_FOUND");
    }
    seller.0.get(format!("{API}/ABCDEFGHJKMN/tickets.pdf")).await.refused("ORDER_NOT_FOUND");
    let item = tickets(&order)[0].0;
    for (asked, wallet) in [("pass.pkpass", "Apple Wallet"), ("google-wallet", "Google Wallet")] {
        let refused = seller.0.get(format!("{path}/items/{item}/{asked}")).await.refused("NOT_FOUND");
        assert_eq!(refused.body["details"], json!([{"id": format!("no passes for {wallet} are issued here")}]));
    }
}

pub async fn who_hands_out_tickets(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let event = json!({"entity_id": world.circus, "name": "Trapeze", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = world.admin.make_id("/events", event).await;
    let session = json!({"name": "Matinee", "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.floor, "value": 8}]}]});
    let session = world.admin.make_id(&format!("/events/{event}/sessions"), session).await;
    publish(&world.admin, event, session, world.web.id, json!({})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.add_auto(&order, session, world.floor, 1).await.ok();
    let order = finish(&seller, &order).await;
    let (path, tickets) = (format!("{API}/{}", code(&order)), tickets(&order));
    let whole = seller.0.get(format!("{path}/tickets.pdf")).await.bytes;
    assert_eq!(pages(&whole).len(), 3);

    // Another channel, though of the same entity.
    let other = channel(&world.admin, world.theatre, "B2B").await;
    let other = SellerClient::sign_in(world.nobody(), other.id, &other.secret).await.0;
    other.get(format!("{path}/tickets.pdf")).await.refused("ORDER_NOT_FOUND");
    other.get(format!("{path}/items/{}/qr.svg", tickets[0].0)).await.refused("ORDER_NOT_FOUND");
    // Who only looks at numbers has no use for what opens a gate.
    with_role(&world, world.theatre, "REPORTS").await.get(format!("{path}/tickets.pdf")).await.refused("FORBIDDEN_RESOURCE");
    world.nobody().get(format!("{path}/tickets.pdf")).await.refused("AUTH001");

    let theatre = with_role(&world, world.theatre, "AFTER_SALES").await;
    assert_eq!(theatre.get(format!("{path}/tickets.pdf")).await.bytes, whole);
    assert_eq!(world.admin.0.get(format!("{path}/tickets.pdf")).await.bytes, whole);
    // The promoter of one event: its own ticket, without the buyer of a mixed order.
    let circus = with_role(&world, world.circus, "AFTER_SALES").await;
    let part = pages(&circus.get(format!("{path}/tickets.pdf")).await.bytes);
    assert_eq!(part.len(), 1);
    assert!(part[0].contains("Trapeze") && part[0].contains(&tickets[2].1) && !part[0].contains("Vidal"), "{}", part[0]);
    circus.get(format!("{path}/items/{}/qr.png", tickets[0].0)).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(text(&order["buyer"], "surname"), "Vidal");
}
