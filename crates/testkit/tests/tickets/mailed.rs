//! Tickets that come along with the letter about a sale, where mail is written into files.

use aforo_testkit::builders::{SmallWorld, id, publish};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::mails::mails_with;
use aforo_testkit::spawn::TestServer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::programs::{printed, read_code};
use super::{API, code, finish, sell, tickets};

pub async fn the_letter_about_a_sale_brings_its_tickets(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let channel = format!("/channels/{}", world.web.id);
    world.admin.change(&channel, json!({"mail": true})).await;
    let seller = world.seller().await;
    let order = sell(&world, &seller, &world.row[..2]).await;
    let mail = mail_about(server, code(&order));
    let document = document_in(&mail).unwrap();
    assert_eq!(document, seller.0.get(format!("{API}/{}/tickets.pdf", code(&order))).await.bytes, "it is the order's document");
    let barcodes: Vec<_> = tickets(&order).into_iter().map(|(_, barcode)| barcode).collect();
    assert_eq!(printed(&document).iter().map(read_code).collect::<Vec<_>>(), barcodes);
    assert!(mail.contains("Adjuntamos tus entradas."), "{mail}");

    // Who fetches tickets at the counter has no use for others.
    let ways = json!([{"id": 1, "type": "PICK_UP", "name": "Counter", "cost": 0}, {"id": 2, "type": "EMAIL", "name": "Mail", "cost": 0}]);
    world.admin.change(&channel, json!({ "delivery_methods": ways })).await;
    for (way, comes) in [(1, false), (2, true)] {
        let order = seller.create().await;
        seller.add_auto(&order, world.session, world.floor, 1).await.ok();
        seller.order("POST", &order, "/delivery-methods", Some(json!({ "id": way }))).await.ok();
        let order = finish(&seller, &order).await;
        assert_eq!(document_in(&mail_about(server, code(&order))).is_some(), comes, "way {way}");
    }
    let set = world.admin.change(&channel, json!({"mail_tickets": false})).await;
    assert_eq!((&set["mail"], &set["mail_tickets"]), (&json!(true), &json!(false)));
    let order = sell(&world, &seller, &world.row[4..6]).await;
    let mail = mail_about(server, code(&order));
    assert!(document_in(&mail).is_none() && !mail.contains("Adjuntamos"), "{mail}");
}

pub async fn a_letter_says_where_more_tickets_are_than_it_can_carry(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"mail": true, "max_items": 200})).await;
    let (event, session) = hall(&world).await;
    publish(&world.admin, event, session, world.web.id, json!({})).await;
    let seller = world.seller().await;
    for (count, comes) in [(100, true), (101, false)] {
        let order = buy(&world, &seller, session, count).await;
        let mail = mail_about(server, code(&order));
        assert_eq!(document_in(&mail).map(|document| pages_of(&document)), comes.then_some(count), "{count} tickets");
        assert_eq!(mail.contains("demasiadas entradas"), !comes, "{count} tickets");
    }
}

async fn buy(world: &SmallWorld<'_>, seller: &SellerClient, session: u64, count: u64) -> Value {
    let order = seller.create().await;
    seller.add_auto(&order, session, world.floor, count).await.ok();
    finish(seller, &order).await
}

/// A session with room for a coach party or two: its event, and it.
async fn hall(world: &SmallWorld<'_>) -> (u64, u64) {
    let template = world.admin.0.get("/mgmt-api/v1/venue-templates/1").await.ok();
    let hall = json!({"name": "Hall", "price_type": "FL", "zones": [{"name": "Hall", "places": [{"count": 300}]}]});
    let hall = json!({"venue_id": template["venue_id"], "name": "Hall", "price_types": template["price_types"], "sectors": [hall]});
    let hall = world.admin.make_id("/venue-templates", hall).await;
    let event = json!({"entity_id": world.theatre, "name": "Ball", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = world.admin.make_id("/events", event).await;
    let session = json!({"name": "Ball", "venue_template_id": hall, "status": "READY",
        "date": {"start": "2031-02-01T20:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": world.floor, "value": 8}]}]});
    let session = world.admin.make(&format!("/events/{event}/sessions"), session).await;
    (event, id(&session))
}

fn pages_of(document: &[u8]) -> u64 {
    super::programs::pages(document).len() as u64
}

/// The mail about an order, once it is written.
fn mail_about(server: &TestServer, code: &str) -> String {
    mails_with(server, &[code], 1).remove(0)
}

/// The document that is attached, if one is.
fn document_in(mail: &str) -> Option<Vec<u8>> {
    let (_, part) = mail.split_once("filename=\"tickets.pdf\"")?;
    let (headers, body) = part.split_once("\r\n\r\n").unwrap();
    assert!(headers.contains("base64") || mail.contains("application/pdf"), "{headers}");
    let encoded: String = body.split("\r\n--").next().unwrap().split_ascii_whitespace().collect();
    Some(STANDARD.decode(encoded).unwrap())
}
