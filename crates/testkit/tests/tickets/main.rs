//! Tickets as people hold them, through HTTP: what a document says, that its code can be read from its page, and that wallets would take their passes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod mailed;
mod printed;
mod programs;
mod refusals;
mod wallets;

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Caller, ManagerClient, SellerClient};
use serde_json::{Value, json};

use mailed::{
    a_letter_says_where_more_tickets_are_than_it_can_carry, a_letter_that_comes_late_brings_what_is_its_readers_still,
    the_letter_about_a_sale_brings_its_tickets, who_is_given_a_ticket_has_it_alone,
};
use printed::{an_order_is_printed_in_its_language, one_page_a_ticket_and_its_code_reads_back, whatever_it_is_called_it_stays_on_its_page};
use refusals::{only_valid_tickets_are_handed_out, who_hands_out_tickets};

aforo_testkit::for_each_engine![
    one_page_a_ticket_and_its_code_reads_back,
    an_order_is_printed_in_its_language,
    whatever_it_is_called_it_stays_on_its_page,
    only_valid_tickets_are_handed_out,
    who_hands_out_tickets,
    the_letter_about_a_sale_brings_its_tickets,
    a_letter_says_where_more_tickets_are_than_it_can_carry,
    who_is_given_a_ticket_has_it_alone,
    a_letter_that_comes_late_brings_what_is_its_readers_still,
];

/// Where tickets are handed out.
const API: &str = "/orders-mgmt-api/v1/orders";

/// Sells a basket: the whole order.
async fn finish(seller: &SellerClient, order: &str) -> Value {
    seller.buyer(order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(order).await.ok()["price"]["to_pay"].clone();
    let payments = if price == json!(0) { json!([]) } else { json!([{"type": "CARD", "amount": price}]) };
    seller.order("POST", order, "/confirm", Some(json!({ "payments": payments }))).await.ok()
}

/// Sells these seats of the world's session: the whole order.
async fn sell(world: &SmallWorld<'_>, seller: &SellerClient, seats: &[u64]) -> Value {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, seats).await.ok();
    finish(seller, &order).await
}

fn code(order: &Value) -> &str {
    text(order, "code")
}

/// Each item's id with its barcode.
fn tickets(order: &Value) -> Vec<(u64, String)> {
    let items = order["items"].as_array().unwrap().iter();
    items.map(|item| (item["id"].as_u64().unwrap(), text(&item["ticket"], "barcode").to_owned())).collect()
}

/// Whoever signs in with a key of an entity's that has this role.
async fn with_role(world: &SmallWorld<'_>, entity: u64, role: &str) -> Caller {
    let key = world.admin.make(&format!("/entities/{entity}/keys"), json!({"roles": [role]})).await;
    ManagerClient::with_key(world.nobody(), text(&key, "secret")).await.0
}
