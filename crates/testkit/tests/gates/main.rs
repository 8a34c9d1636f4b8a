//! Access control through HTTP: what gates are told, what is put right at them, and who may.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod changes;
mod offline;
mod once;
mod rules;
mod who;

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, Caller, SellerClient};
use serde_json::{Value, json};

use changes::{a_used_ticket_is_not_given_back_unless_it_is_cleared, an_open_gate_hears_of_everything, barcodes_are_revoked_and_restored};
use offline::{a_scanner_is_told_everything_and_then_what_changed, what_was_let_in_without_asking_is_written_down};
use once::{a_repeated_call_is_answered_the_same, a_screen_shows_whose_ticket_it_is, a_ticket_opens_once, numbers_are_counted};
use rules::{a_season_ticket_opens_each_session_once, gates_open_in_time, who_went_out_comes_in_again};
use who::{gates_are_their_venues_and_promoters, wrong_questions_are_told_what_is_wrong};

aforo_testkit::for_each_engine![
    a_ticket_opens_once,
    a_repeated_call_is_answered_the_same,
    a_screen_shows_whose_ticket_it_is,
    numbers_are_counted,
    an_open_gate_hears_of_everything,
    a_used_ticket_is_not_given_back_unless_it_is_cleared,
    barcodes_are_revoked_and_restored,
    a_scanner_is_told_everything_and_then_what_changed,
    what_was_let_in_without_asking_is_written_down,
    who_went_out_comes_in_again,
    gates_open_in_time,
    a_season_ticket_opens_each_session_once,
    gates_are_their_venues_and_promoters,
    wrong_questions_are_told_what_is_wrong,
];

/// Where gates ask.
const API: &str = "/access-control-api/v1";

/// A gatekeeper of an entity's, by a key of its own.
async fn keeper(world: &SmallWorld<'_>, entity: u64) -> Caller {
    let key = world.admin.make(&format!("/entities/{entity}/keys"), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    world.nobody().signed_in(&form).await
}

/// Sells these seats of a session: the items of the order.
async fn sell(seller: &SellerClient, session: u64, seats: &[u64]) -> Vec<Value> {
    let order = seller.create().await;
    seller.add_seats(&order, session, seats).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(&order).await.ok()["price"]["to_pay"].clone();
    let sold = seller.confirm(&order, &price).await.ok();
    let code = sold["code"].clone();
    let mut items = sold["items"].as_array().unwrap().clone();
    items.iter_mut().for_each(|item| item["code"] = code.clone());
    items
}

fn barcode(item: &Value) -> &str {
    text(&item["ticket"], "barcode")
}

/// Shows a barcode at a gate.
async fn show(keeper: &Caller, session: u64, barcode: &str, gate: &str, direction: &str) -> Value {
    let body = json!({"barcode": barcode, "gate": gate, "direction": direction});
    keeper.post(format!("{API}/sessions/{session}/validations"), body).await.ok()
}

/// What becomes of who comes in: ADMITTED, or why not.
async fn enter(keeper: &Caller, session: u64, barcode: &str) -> String {
    outcome(&show(keeper, session, barcode, "North", "ENTRY").await)
}

fn outcome(decision: &Value) -> String {
    assert_eq!(decision["result"] == "REFUSED", decision.get("reason").is_some(), "{decision}");
    decision.get("reason").unwrap_or(&decision["result"]).as_str().unwrap().to_owned()
}

async fn statistics(keeper: &Caller, session: u64) -> Value {
    keeper.get(format!("{API}/sessions/{session}/statistics")).await.ok()
}

/// Gives an item back.
async fn refund(caller: &Caller, item: &Value) -> Answer {
    let body = json!({"items": [{"id": item["id"]}], "type": "MANUAL"});
    caller.post(format!("/orders-mgmt-api/v1/orders/{}/refund", text(item, "code")), body).await
}
