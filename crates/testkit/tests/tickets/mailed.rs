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
    assert_eq!(printed(&document).iter().map(read_code).collect::<Vec<_>>(), codes_of(&order));
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

/// The new person's letter brings the new ticket, and what is sent to the buyer again brings the others only.
pub async fn who_is_given_a_ticket_has_it_alone(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let ways = json!([{"id": 1, "type": "PICK_UP", "name": "Counter", "cost": 0}]);
    world.admin.change(&format!("/channels/{}", world.web.id), json!({ "delivery_methods": ways })).await;
    let seller = world.seller().await;
    let sold = sell(&world, &seller, &world.row[..2]).await;
    let path = format!("{API}/{}", code(&sold));
    let fetched = seller.create().await;
    seller.add_seats(&fetched, world.session, &world.row[4..5]).await.ok();
    seller.order("POST", &fetched, "/delivery-methods", Some(json!({"id": 1}))).await.ok();
    let fetched = finish(&seller, &fetched).await;
    let give = async |order: &Value, to: &str| {
        let body = json!({"items": [{"id": order["items"][0]["id"]}], "to": {"email": to}});
        let after = seller.0.post(format!("{API}/{}/transfer", code(order)), body).await.ok();
        (tickets(&after), codes_in(&mails_with(server, &[&format!("To: {to}")], 1)[0]))
    };
    let (after, brought) = give(&sold, "bob@example.org").await;
    assert_eq!(brought, [after[0].1.as_str()]);
    // Paper that waits at the counter is no use to who was given it.
    let (after, brought) = give(&fetched, "eve@example.org").await;
    assert_eq!(brought, [after[0].1.as_str()]);

    let (after, brought) = give(&sold, "zoe@example.org").await;
    assert_eq!(brought, [after[0].1.as_str()]);
    seller.0.post(format!("{path}/resend"), json!({})).await.ok();
    let again = mails_with(server, &["To: ada@example.org"], 1).remove(0);
    assert_eq!(codes_in(&again), [after[1].1.as_str()], "a ticket that is somebody else's is not the buyer's");
}

pub async fn a_letter_that_comes_late_brings_what_is_its_readers_still(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&world, &seller, &world.row[..1]).await;
    // Where letters go stands a file: none can be written.
    let mails = server.dir().join("mail");
    std::fs::write(&mails, "").unwrap();
    let mut barcodes = Vec::new();
    for to in ["bob@example.org", "zoe@example.org"] {
        let body = json!({"items": [{"id": sold["items"][0]["id"]}], "to": {"email": to}});
        let after = seller.0.post(format!("{API}/{}/transfer", code(&sold)), body).await.ok();
        barcodes = codes_of(&after);
    }
    std::fs::remove_file(&mails).unwrap();
    assert_eq!(codes_in(&mails_with(server, &["To: zoe@example.org"], 1)[0]), barcodes);
    // Drawn before it was Zoe's, it would be the dead one.
    let late = mails_with(server, &["To: bob@example.org"], 1).remove(0);
    assert!(!codes_in(&late).contains(&barcodes[0]), "{late}");
}

fn codes_of(order: &Value) -> Vec<String> {
    tickets(order).into_iter().map(|(_, barcode)| barcode).collect()
}

/// The barcodes in the document that is attached.
fn codes_in(mail: &str) -> Vec<String> {
    document_in(mail).map_or_else(Vec::new, |document| printed(&document).iter().map(read_code).collect())
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
