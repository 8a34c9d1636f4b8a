//! How long an order lives, and which step may follow which.

use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::Code;
use aforo_domain::ids::{ItemId, OrderId};
use aforo_domain::moment::DAY_MS;
use aforo_domain::orders::Order;
use aforo_testkit::world::{CHILD, FLOOR, GALA, NOW, PARTNER, STALLS, Shard, WEB};

use crate::{auto, begun, buyer, new_order, pay, pay_all, seats};

fn expires_in(shard: &Shard, order: &Order) -> i64 {
    order.expires().unwrap().ms_since(shard.now)
}

#[test]
fn a_basket_lives_ten_minutes_from_its_last_change() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(expires_in(&shard, &filled), 600_000);
    shard.pass(200_000);
    let read = shard.order(&web, OrderCommand::Read(order));
    assert_eq!(expires_in(&shard, &read), 400_000);
    let child = shard.order(&web, OrderCommand::SetRate(order, filled.items[0].id, CHILD));
    assert_eq!(expires_in(&shard, &child), 600_000);
    shard.pass(200_000);
    let named = shard.order(&web, buyer(order, "ada@example.com"));
    assert_eq!(expires_in(&shard, &named), 600_000);
    let removed = shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.items[0].id]));
    assert_eq!(expires_in(&shard, &removed), 600_000);
}

#[test]
fn no_basket_lives_longer_than_the_channel_allows() {
    let (mut shard, web, order) = begun();
    shard.order(&web, auto(order, GALA, FLOOR, 1));
    for _nine_minutes in 0..6 {
        shard.pass(540_000);
        shard.order(&web, buyer(order, "ada@example.com"));
    }
    // 54 minutes after it was created there are 6 left, whatever changes.
    let last = shard.order(&web, auto(order, GALA, FLOOR, 1));
    assert_eq!(expires_in(&shard, &last), 360_000);
    shard.pass(360_000);
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderExpired);
}

#[test]
fn an_empty_basket_lives_a_minute_and_is_not_remembered() {
    let (mut shard, web, order) = begun();
    let named = shard.order(&web, buyer(order, "ada@example.com"));
    assert_eq!(expires_in(&shard, &named), 60_000);
    shard.pass(60_000);
    assert_eq!(shard.refused(&web, seats(order, GALA, &[4])), Code::OrderNotFound);
    shard.tick();
    assert_eq!(shard.world.resident_orders(), 0);
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderNotFound);
}

#[test]
fn an_expired_order_is_remembered_for_a_day() {
    for with_tick in [true, false] {
        let (mut shard, web, order) = begun();
        shard.order(&web, seats(order, GALA, &[4, 5]));
        shard.pass(600_000);
        let commands = |order: OrderId| {
            let item = ItemId(1);
            [
                OrderCommand::Read(order),
                seats(order, GALA, &[4]),
                auto(order, GALA, FLOOR, 1),
                OrderCommand::RemoveItems(order, vec![item]),
                OrderCommand::SetRate(order, item, CHILD),
                buyer(order, "ada@example.com"),
                OrderCommand::PreConfirm(order),
                OrderCommand::BackToBasket(order),
                pay(order, "1"),
                OrderCommand::Delete(order),
            ]
        };
        if with_tick {
            shard.tick();
            assert_eq!(shard.places(GALA).matches('h').count(), 0);
        }
        for command in commands(order) {
            assert_eq!(shard.refused(&web, command), Code::OrderExpired);
        }
        shard.pass(DAY_MS);
        for command in commands(order) {
            assert_eq!(shard.refused(&web, command), Code::OrderNotFound);
        }
        shard.tick();
        shard.tick();
        assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderNotFound);
        assert_eq!(shard.world.resident_orders(), 0);
    }
}

#[test]
fn paying_is_never_cut_short() {
    let (mut shard, web, order) = begun();
    shard.edit_channel(WEB, |channel| channel.payment_ms = 900_000);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.pass(599_999);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(expires_in(&shard, &accepted), 900_000);
    assert_eq!(accepted.code().unwrap().to_string().len(), 12);
    shard.pass(899_999);
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!((sold.expires(), sold.code()), (None, accepted.code()));
    shard.pass(10 * DAY_MS);
    assert_eq!(shard.order(&web, OrderCommand::Read(order)), sold);
}

#[test]
fn back_to_the_basket_keeps_seats_and_code() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    shard.pass(1_000);
    let back = shard.order(&web, OrderCommand::BackToBasket(order));
    assert_eq!((back.code(), &back.items, expires_in(&shard, &back)), (accepted.code(), &accepted.items, 600_000));
    shard.order(&web, seats(order, GALA, &[6, 7]));
    let again = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!((again.code(), again.items.len()), (accepted.code(), 4));
}

#[test]
fn going_back_and_forth_does_not_hold_seats_for_ever() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    for _nine_minutes in 0..7 {
        shard.order(&web, OrderCommand::PreConfirm(order));
        shard.pass(540_000);
        shard.order(&web, OrderCommand::BackToBasket(order));
    }
    // After 63 minutes the hour of a basket is over; what is left is the time that was given to pay.
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(accepted.expires().unwrap().ms_since(NOW), 3_600_000 + 600_000);
    shard.pass(420_000);
    assert_eq!(shard.refused(&web, pay_all(&accepted)), Code::OrderExpired);
}

#[test]
fn each_step_has_its_status() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let item = filled.items[0].id;
    assert_eq!(shard.refused(&web, OrderCommand::BackToBasket(order)), Code::OrderInvalidStatus);
    assert_eq!(shard.refused(&web, pay_all(&filled)), Code::OrderInvalidStatus);
    let changes = [
        seats(order, GALA, &[6, 7]),
        auto(order, GALA, STALLS, 2),
        OrderCommand::RemoveItems(order, vec![item]),
        OrderCommand::SetRate(order, item, CHILD),
        buyer(order, "bob@example.com"),
        OrderCommand::PreConfirm(order),
    ];
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    for change in changes.clone() {
        assert_eq!(shard.refused(&web, change), Code::OrderInvalidStatus);
    }
    let sold = shard.order(&web, pay_all(&accepted));
    for change in changes.into_iter().chain([OrderCommand::BackToBasket(order), OrderCommand::Delete(order)]) {
        assert_eq!(shard.refused(&web, change), Code::OrderInvalidStatus);
    }
    assert_eq!(shard.order(&web, OrderCommand::Read(order)), sold);
}

#[test]
fn deleting_frees_everything_at_once() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let other = new_order(&mut shard, &web);
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.run(&web, &Command::Order(OrderCommand::Delete(order))), Ok(Reply::Done));
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderNotFound);
    shard.order(&web, seats(other, GALA, &[4, 5]));
}

#[test]
fn another_channels_order_looks_like_none() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    let partner = Shard::channel(PARTNER);
    for command in [OrderCommand::Read(order), OrderCommand::Delete(order), buyer(order, "eve@example.com"), pay(order, "1")] {
        assert_eq!(shard.refused(&partner, command), Code::OrderNotFound);
    }
    assert_eq!(shard.refused(&web, OrderCommand::Read(OrderId([9; 16]))), Code::OrderNotFound);
}
