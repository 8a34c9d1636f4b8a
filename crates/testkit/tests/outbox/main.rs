//! Messages to the world outside, through HTTP and to their receivers: loyalty programmes with and without a queue, e-mails, and what becomes of both when
//! something is killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod kept;
mod mail;
mod queue;

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::SellerClient;
use serde_json::json;

use kept::{programmes_have_their_form, what_is_kept_is_taken_by_an_operator};
use mail::a_mail_server_gets_what_buyers_bought;

aforo_testkit::for_each_engine![what_is_kept_is_taken_by_an_operator, programmes_have_their_form, a_mail_server_gets_what_buyers_bought,];

/// Sells two seats of the row, from this one on, and answers the order's code.
pub async fn sell(world: &SmallWorld<'_>, seller: &SellerClient, first: usize) -> String {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[first..first + 2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    seller.confirm(&order, &json!(40)).await.ok()["code"].as_str().unwrap().to_owned()
}

/// Switches what a channel tells on.
pub async fn switch(world: &SmallWorld<'_>, what: serde_json::Value) {
    world.admin.change(&format!("/channels/{}", world.web.id), what).await;
}
