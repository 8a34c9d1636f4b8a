//! How many: per order, per channel, per buyer.

use aforo_domain::command::OrderCommand;
use aforo_domain::error::Code;
use aforo_testkit::world::{FLOOR, GALA, MATINEE, PARTNER, Shard, WEB};

use crate::{auto, begun, buy, buyer, named, new_order, seats};

#[test]
fn an_order_holds_so_many_items() {
    let (mut shard, web, order) = begun();
    shard.edit_channel(WEB, |channel| channel.max_items = 4);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, seats(order, MATINEE, &[3, 4, 5])), Code::OrderItemsLimitExceeded);
    assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, 3)), Code::OrderItemsLimitExceeded);
    assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, u32::MAX)), Code::OrderItemsLimitExceeded);
    shard.order(&web, auto(order, GALA, FLOOR, 2));
}

#[test]
fn a_channel_sells_so_many_places_of_a_session() {
    let (mut shard, web, order) = begun();
    shard.edit_publication(GALA, WEB, |publication| publication.sales_limit = Some(4));
    let sold = buy(&mut shard, &web, |order| auto(order, GALA, FLOOR, 1), "ada@example.com");
    let filled = shard.order(&web, auto(order, GALA, FLOOR, 2));
    let other = new_order(&mut shard, &web);
    let refusal = shard.try_order(&web, seats(other, GALA, &[4, 5])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::SessionSalesLimitExceeded, vec![GALA.0]));
    // Another channel and another session have their own.
    let partner = Shard::channel(PARTNER);
    let partners = new_order(&mut shard, &partner);
    shard.order(&partner, seats(partners, GALA, &[4, 5]));
    shard.order(&web, seats(other, MATINEE, &[4, 5]));
    // What falls free counts no more: by removal, by deletion, by time.
    shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.items[0].id]));
    shard.order(&web, auto(other, GALA, FLOOR, 2));
    assert_eq!(shard.refused(&web, auto(other, GALA, FLOOR, 1)), Code::SessionSalesLimitExceeded);
    shard.run(&web, &aforo_domain::command::Command::Order(OrderCommand::Delete(order))).unwrap();
    shard.order(&web, auto(other, GALA, FLOOR, 1));
    shard.pass(600_000);
    let last = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, auto(last, GALA, FLOOR, 4)), Code::SessionSalesLimitExceeded);
    shard.order(&web, auto(last, GALA, FLOOR, 3));
    shard.tick();
    assert_eq!(shard.refused(&web, auto(last, GALA, FLOOR, 1)), Code::SessionSalesLimitExceeded);
    assert_eq!(shard.order(&web, OrderCommand::Read(sold.id)).items.len(), 1);
}

/// A gala of four places a buyer.
fn limited() -> (Shard, aforo_domain::identity::check::Actor, aforo_domain::ids::OrderId) {
    let (mut shard, web, order) = begun();
    shard.edit_session(GALA, |session| session.buyer_limit = Some(4));
    (shard, web, order)
}

#[test]
fn a_buyer_is_limited_where_the_buyer_becomes_known() {
    let (mut shard, web, order) = limited();
    // Nobody knows who it is, so five may be held, but Ada may not have them.
    shard.order(&web, auto(order, GALA, FLOOR, 5));
    let refusal = shard.try_order(&web, buyer(order, "ada@example.com")).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::SessionSalesLimitExceeded, vec![GALA.0]));
    let other = new_order(&mut shard, &web);
    shard.order(&web, buyer(other, "ada@example.com"));
    shard.order(&web, auto(other, GALA, FLOOR, 3));
    assert_eq!(shard.refused(&web, seats(other, GALA, &[4, 5])), Code::SessionSalesLimitExceeded);
    shard.order(&web, auto(other, MATINEE, FLOOR, 3));
}

#[test]
fn pre_confirmed_and_sold_places_of_the_same_buyer_count_and_baskets_do_not() {
    let (mut shard, web, order) = limited();
    buy(&mut shard, &web, |order| auto(order, GALA, FLOOR, 2), "Ada@Example.com ");
    shard.order(&web, buyer(order, " ada@example.COM"));
    assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, 3)), Code::SessionSalesLimitExceeded);
    shard.order(&web, auto(order, GALA, FLOOR, 2));
    // Another basket of hers does not count until it is pre-confirmed; then this one is too late.
    let other = new_order(&mut shard, &web);
    shard.order(&web, auto(other, GALA, FLOOR, 1));
    shard.order(&web, buyer(other, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(other)), Code::SessionSalesLimitExceeded);
    // Back in the basket it does not count any more.
    shard.order(&web, OrderCommand::BackToBasket(order));
    shard.order(&web, OrderCommand::PreConfirm(other));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::SessionSalesLimitExceeded);
    // Nor when its time is over, whether or not that was noticed.
    shard.pass(600_000);
    let last = new_order(&mut shard, &web);
    shard.order(&web, buyer(last, "ada@example.com"));
    shard.order(&web, auto(last, GALA, FLOOR, 2));
    shard.order(&web, OrderCommand::PreConfirm(last));
}

#[test]
fn a_limit_that_comes_or_goes_meanwhile_takes_back_what_was_counted() {
    let (mut shard, web, order) = begun();
    let fill = |shard: &mut Shard, order| {
        shard.order(&web, auto(order, GALA, FLOOR, 2));
        shard.order(&web, buyer(order, "ada@example.com"));
        shard.order(&web, OrderCommand::PreConfirm(order));
    };
    fill(&mut shard, order);
    shard.edit_session(GALA, |session| session.buyer_limit = Some(4));
    // The first was not counted, so going back takes nothing from the second.
    let second = new_order(&mut shard, &web);
    fill(&mut shard, second);
    shard.order(&web, OrderCommand::BackToBasket(order));
    let third = new_order(&mut shard, &web);
    fill(&mut shard, third);
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::SessionSalesLimitExceeded);
    // Counted, then the limit is lifted: what was counted is taken back all the same.
    shard.edit_session(GALA, |session| session.buyer_limit = None);
    shard.order(&web, OrderCommand::BackToBasket(second));
    shard.edit_session(GALA, |session| session.buyer_limit = Some(4));
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(second)), Code::SessionSalesLimitExceeded);
}
