//! Bookings: what they hold, and until when.

use aforo_domain::command::OrderCommand;
use aforo_domain::error::Code;
use aforo_domain::identity::Permission;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::terms::BookingTerms;
use aforo_domain::ids::OrderId;
use aforo_domain::moment::{DAY_MS, Window};
use aforo_domain::orders::OrderKind;
use aforo_testkit::world::{COUNTER, GALA, MATINEE, NOW, Shard, WEB};
use proptest::prelude::*;

use crate::{begun, buyer, named, new_order, pay_all, seats};

const MINUTE: i64 = 60_000;

/// A shard whose web channel books the gala all day long, with an order of two stalls.
fn bookable(terms: BookingTerms) -> (Shard, Actor, OrderId) {
    let (mut shard, web, order) = begun();
    shard.edit_channel(WEB, |channel| channel.booking = terms);
    shard.edit_session(GALA, |session| session.booking = Some(Window { start: NOW, end: NOW.plus_ms(DAY_MS) }));
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    (shard, web, order)
}

fn enabled() -> BookingTerms {
    BookingTerms { enabled: true, ..BookingTerms::default() }
}

#[test]
fn a_booking_holds_its_places_until_it_is_over() {
    let (mut shard, web, order) = bookable(enabled());
    let booked = shard.order(&web, OrderCommand::Book(order));
    assert_eq!((booked.kind(), booked.expires()), (OrderKind::Booking, Some(NOW.plus_ms(45 * MINUTE))));
    assert_eq!(shard.refused(&web, OrderCommand::BackToBasket(order)), Code::OrderInvalidStatus);
    shard.pass(45 * MINUTE - 1);
    shard.tick();
    let other = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, seats(other, GALA, &[4, 5])), Code::OrderSeatNotAvailable);
    shard.pass(1);
    assert_eq!(shard.refused(&web, pay_all(&booked)), Code::OrderExpired);
    shard.order(&web, seats(other, GALA, &[4, 5]));
}

#[test]
fn a_booking_is_sold_as_the_same_order() {
    let (mut shard, web, order) = bookable(enabled());
    let booked = shard.order(&web, OrderCommand::Book(order));
    assert!(shard.recovered().live_orders().any(|order| *order == booked), "it is there after a crash");
    shard.edit_channel(WEB, |channel| channel.booking = BookingTerms::default());
    shard.edit_session(GALA, |session| session.booking = None);
    let sold = shard.order(&web, pay_all(&booked));
    assert_eq!((sold.kind(), sold.code()), (OrderKind::Issue, booked.code()), "what was accepted is not asked again");
    assert!(sold.items.iter().all(|item| item.barcode.is_some()));
    assert_eq!(shard.order(&web, pay_all(&booked)), sold);
}

#[test]
fn an_order_of_several_sessions_is_booked_if_all_of_them_can_be() {
    let (mut shard, web, order) = bookable(enabled());
    shard.order(&web, seats(order, MATINEE, &[4, 5]));
    let refused = shard.try_order(&web, OrderCommand::Book(order)).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::OrderBookingNotAllowed, vec![MATINEE.0]));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn whoever_books_at_a_counter_needs_the_permission() {
    let (mut shard, _web, _order) = bookable(enabled());
    shard.edit_channel(COUNTER, |channel| channel.booking = enabled());
    let clerk = shard.at_counter(COUNTER, &[]);
    let order = new_order(&mut shard, &clerk);
    shard.order(&clerk, seats(order, GALA, &[0, 1]));
    shard.order(&clerk, buyer(order, "ada@example.com"));
    assert_eq!(shard.refused(&clerk, OrderCommand::Book(order)), Code::Auth0027);
    let chief = shard.at_counter(COUNTER, &[Permission::Booking]);
    assert_eq!(shard.order(&chief, OrderCommand::Book(order)).kind(), OrderKind::Booking);
}

proptest! {
    /// It ends at its life or at a time before the start, whichever is first, and is not made if that is past.
    #[test]
    fn a_booking_ends_when_its_terms_say(life in 1_i64..20_000, before in proptest::option::of(0_i64..20_000), passed in 0_i64..600) {
        let terms = BookingTerms { enabled: true, life_ms: life * MINUTE, before_ms: before.map(|before| before * MINUTE) };
        let (mut shard, web, _order) = bookable(terms);
        shard.check_laws = false;
        shard.pass(passed * MINUTE);
        let order = new_order(&mut shard, &web);
        shard.order(&web, seats(order, GALA, &[8, 9]));
        shard.order(&web, buyer(order, "ada@example.com"));
        let (life_ends, start) = (passed + life, 10 * 24 * 60);
        let ends = before.map_or(life_ends, |before| life_ends.min(start - before));
        match shard.try_order(&web, OrderCommand::Book(order)) {
            Ok(booked) => prop_assert!(booked.expires() == Some(NOW.plus_ms(ends * MINUTE)) && passed < ends),
            Err(error) => prop_assert!(error.code == Code::OrderBookingNotAllowed && ends <= passed),
        }
    }
}
