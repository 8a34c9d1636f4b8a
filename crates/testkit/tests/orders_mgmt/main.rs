//! Orders after their sale, through HTTP: who sees what of them, and what may still be done.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cancellations;
mod corrections;
mod customers;
mod marketplaces;
mod notices;
mod products;
mod reads;
mod refunds;
mod relocations;
mod reports;
mod sights;
mod tills;
mod transfers;

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Caller, ManagerClient, SellerClient};
use aforo_testkit::spawn::Engine;
use serde_json::{Value, json};

use cancellations::{
    a_session_is_called_off_and_everybody_is_paid_back, cancelled_tickets_go_to_another_session,
    season_tickets_are_given_the_sessions_share_back, the_work_is_paused_and_survives_a_restart, who_may_call_a_session_off,
};
use corrections::{a_booking_is_let_go_by_its_code, imported_barcodes_are_not_printed_anew, what_is_corrected_leaves_a_line};
use customers::{a_person_is_erased_and_the_books_stay, buyers_are_kept_as_customers, who_asks_for_customers};
use marketplaces::{
    a_batch_is_reissued_whole_or_not_at_all, a_blocked_ticket_is_no_ticket_for_a_while, a_ticket_is_sold_again_by_a_marketplace,
    what_is_asked_twice_is_done_once,
};
use notices::{who_has_places_is_told_that_a_session_is_called_off, who_has_tickets_is_told_once_that_a_session_is_moved};
use products::{products_are_listed_as_items_of_their_own, products_come_back_into_the_stock};
use reads::{
    a_booking_is_found_by_its_code, items_are_found_by_session_and_by_change, lists_of_orders_are_cut_and_filtered,
    what_was_sold_is_read_at_once, wrong_questions_are_told_what_is_wrong,
};
use refunds::{
    a_refund_is_an_order_of_its_own, a_refund_is_asked_for_in_its_form, counters_are_given_back, of_two_who_ask_for_the_same_one_wins,
    what_comes_back_is_what_is_asked_for, who_may_give_back,
};
use relocations::{
    a_place_is_given_against_another, a_relocation_is_asked_for_in_its_form, places_go_to_another_session,
    the_difference_is_paid_or_paid_out,
};
use reports::{
    a_promoter_is_settled_with, books_are_exported_line_by_line, each_sees_its_own_part_of_the_books, reports_are_tables_too,
    what_was_sold_adds_up_to_the_cent,
};
use sights::{who_asks_needs_a_role, who_sees_what};
use tills::{
    a_till_is_opened_sold_at_and_counted, a_till_survives_a_restart, each_till_has_its_own_shift, receipts_are_numbered_in_a_rush,
    receipts_have_no_gaps, what_is_paid_out_is_what_comes_back, who_works_at_a_till_and_who_looks,
};
use transfers::{imported_barcodes_are_not_given_to_somebody_else, tickets_are_given_to_somebody_else, what_is_not_given_to_somebody_else};

aforo_testkit::for_each_engine![
    what_was_sold_is_read_at_once,
    lists_of_orders_are_cut_and_filtered,
    items_are_found_by_session_and_by_change,
    a_booking_is_found_by_its_code,
    wrong_questions_are_told_what_is_wrong,
    who_sees_what,
    who_asks_needs_a_role,
    a_refund_is_an_order_of_its_own,
    of_two_who_ask_for_the_same_one_wins,
    what_comes_back_is_what_is_asked_for,
    counters_are_given_back,
    who_may_give_back,
    a_refund_is_asked_for_in_its_form,
    a_session_is_called_off_and_everybody_is_paid_back,
    cancelled_tickets_go_to_another_session,
    season_tickets_are_given_the_sessions_share_back,
    who_may_call_a_session_off,
    what_was_sold_adds_up_to_the_cent,
    a_promoter_is_settled_with,
    each_sees_its_own_part_of_the_books,
    books_are_exported_line_by_line,
    reports_are_tables_too,
    a_place_is_given_against_another,
    the_difference_is_paid_or_paid_out,
    places_go_to_another_session,
    a_relocation_is_asked_for_in_its_form,
    products_come_back_into_the_stock,
    products_are_listed_as_items_of_their_own,
    a_booking_is_let_go_by_its_code,
    what_is_corrected_leaves_a_line,
    tickets_are_given_to_somebody_else,
    what_is_not_given_to_somebody_else,
    imported_barcodes_are_not_given_to_somebody_else,
    imported_barcodes_are_not_printed_anew,
    buyers_are_kept_as_customers,
    a_person_is_erased_and_the_books_stay,
    who_asks_for_customers,
    a_ticket_is_sold_again_by_a_marketplace,
    a_batch_is_reissued_whole_or_not_at_all,
    a_blocked_ticket_is_no_ticket_for_a_while,
    what_is_asked_twice_is_done_once,
    receipts_have_no_gaps,
    receipts_are_numbered_in_a_rush,
    a_till_is_opened_sold_at_and_counted,
    what_is_paid_out_is_what_comes_back,
    each_till_has_its_own_shift,
    who_works_at_a_till_and_who_looks,
    who_has_places_is_told_that_a_session_is_called_off,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_the_work_is_paused_and_survives_a_restart() {
    the_work_is_paused_and_survives_a_restart(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_the_work_is_paused_and_survives_a_restart() {
    the_work_is_paused_and_survives_a_restart(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_a_till_survives_a_restart() {
    a_till_survives_a_restart(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_a_till_survives_a_restart() {
    a_till_survives_a_restart(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_who_has_tickets_is_told_once_that_a_session_is_moved() {
    who_has_tickets_is_told_once_that_a_session_is_moved(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_who_has_tickets_is_told_once_that_a_session_is_moved() {
    who_has_tickets_is_told_once_that_a_session_is_moved(Engine::Postgres).await;
}

/// Where orders are managed.
const API: &str = "/orders-mgmt-api/v1";

/// Sells these seats of a session: the whole order.
async fn sell(seller: &SellerClient, session: u64, seats: &[u64]) -> Value {
    let order = seller.create().await;
    seller.add_seats(&order, session, seats).await.ok();
    finish(seller, &order).await
}

/// Sells a basket.
async fn finish(seller: &SellerClient, order: &str) -> Value {
    seller.buyer(order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(order).await.ok()["price"]["to_pay"].clone();
    if price == json!(0) {
        return seller.order("POST", order, "/confirm", Some(json!({"payments": []}))).await.ok();
    }
    seller.confirm(order, &price).await.ok()
}

fn code(order: &Value) -> &str {
    text(order, "code")
}

fn item_ids(order: &Value) -> Vec<u64> {
    order["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

/// What a list has: its total, and the ids of the page.
async fn ids(caller: &Caller, path: &str) -> (u64, Vec<u64>) {
    let list = caller.get(format!("{API}{path}")).await.ok();
    let ids = list["data"].as_array().unwrap().iter().map(|element| element["id"].as_u64().unwrap());
    (list["metadata"]["total"].as_u64().unwrap(), ids.collect())
}

/// What a list of orders has: its total, and the codes of the page.
async fn codes(caller: &Caller, path: &str) -> (u64, Vec<String>) {
    let list = caller.get(format!("{API}{path}")).await.ok();
    let codes = list["data"].as_array().unwrap().iter().map(|element| code(element).to_owned());
    (list["metadata"]["total"].as_u64().unwrap(), codes.collect())
}

/// Whoever signs in with a key of an entity's that has this role.
async fn with_role(world: &SmallWorld<'_>, entity: u64, role: &str) -> Caller {
    let key = world.admin.make(&format!("/entities/{entity}/keys"), json!({"roles": [role]})).await;
    ManagerClient::with_key(world.nobody(), text(&key, "secret")).await.0
}
