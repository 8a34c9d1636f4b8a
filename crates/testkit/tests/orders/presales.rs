//! Presales: what a code opens, and what it does not.

use aforo_domain::catalogue::{Access, Presale, PresaleCode};
use aforo_domain::command::{AutoRequest, OrderCommand, SeatRequest};
use aforo_domain::error::Code;
use aforo_domain::ids::{OrderId, SessionId};
use aforo_domain::moment::Window;
use aforo_testkit::world::{CHILD, FLOOR, GALA, MATINEE, NOW, PARTNER, Shard, WEB};
use proptest::prelude::*;

use crate::{begun, buyer, named, new_order, pay_all, seats};

const MINUTE: i64 = 60_000;

/// A presale from one minute of the story to another.
fn presale(code: &str, from: i64, to: i64) -> Presale {
    let window = Window { start: NOW.plus_ms(from * MINUTE), end: NOW.plus_ms(to * MINUTE) };
    Presale { name: code.to_owned(), window, access: Access::Code(PresaleCode::parse(code).unwrap()) }
}

/// A shard whose gala is on sale to everybody from an hour on, and in the web channel to some before.
fn guarded(presales: Vec<Presale>) -> Shard {
    let mut shard = Shard::new();
    shard.edit_session(GALA, |session| session.sale.start = NOW.plus_ms(60 * MINUTE));
    shard.edit_publication(GALA, WEB, |publication| publication.presales = presales);
    shard
}

fn with_code(order: OrderId, session: SessionId, numbers: &[u64], code: &str) -> OrderCommand {
    let request = |number: &u64| SeatRequest { id: Shard::seat(*number), session, rate: None };
    OrderCommand::AddSeats(order, numbers.iter().map(request).collect(), PresaleCode::parse(code))
}

fn auto_with_code(order: OrderId, code: &str) -> OrderCommand {
    let presale = PresaleCode::parse(code);
    let request = AutoRequest { session: GALA, price_type: FLOOR, sector: None, quantity: 2, rate: None, together: false, presale };
    OrderCommand::AddAuto(order, request)
}

/// Whether a code, or none, opens the gala to a new order.
fn opens(shard: &mut Shard, code: &str) -> bool {
    let web = Shard::channel(WEB);
    let order = new_order(shard, &web);
    match shard.try_order(&web, with_code(order, GALA, &[4, 5], code)) {
        Ok(filled) => {
            let items = filled.items.iter().map(|item| item.id).collect();
            shard.order(&web, OrderCommand::RemoveItems(order, items));
            true
        }
        Err(refusal) => {
            assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![Shard::seat(4).0, Shard::seat(5).0]));
            false
        }
    }
}

#[test]
fn a_code_opens_its_own_window_from_the_first_instant_to_before_the_last() {
    let mut shard = guarded(vec![presale("FAN2031", 10, 20), presale("CLUB", 15, 30)]);
    for (minute, ms, open) in [
        (10, -1, [false; 4]),
        (10, 0, [true, false, false, false]),
        (15, 0, [true, true, false, false]),
        (20, -1, [true, true, false, false]),
        (20, 0, [false, true, false, false]),
        (30, 0, [false; 4]),
        (60, 0, [true; 4]),
    ] {
        shard.now = NOW.plus_ms(minute * MINUTE + ms);
        assert_eq!(["FAN2031", " club ", "OTHER", ""].map(|code| opens(&mut shard, code)), open, "minute {minute}, {ms} ms");
    }
}

#[test]
fn what_is_in_the_basket_is_sold_after_the_presale() {
    let mut shard = guarded(vec![presale("FAN2031", 0, 5)]);
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    shard.order(&web, with_code(order, GALA, &[4, 5], "FAN2031"));
    let filled = shard.order(&web, auto_with_code(order, "fan2031"));
    shard.pass(5 * MINUTE);
    assert_eq!(shard.refused(&web, auto_with_code(order, "FAN2031")), Code::OrderSeatNotAvailable, "no more of them");
    shard.order(&web, OrderCommand::SetRate(order, filled.items[0].id, CHILD));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.order(&web, OrderCommand::BackToBasket(order));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.order(&web, pay_all(&accepted)).items.len(), 4);
}

#[test]
fn a_code_opens_one_channel_and_only_what_is_for_sale() {
    let mut shard = guarded(vec![presale("FAN2031", 0, 30)]);
    let partner = Shard::channel(PARTNER);
    let order = new_order(&mut shard, &partner);
    assert_eq!(shard.refused(&partner, with_code(order, GALA, &[4, 5], "FAN2031")), Code::OrderSeatNotAvailable);
    shard.edit_session(GALA, |session| session.selling = false);
    assert!(!opens(&mut shard, "FAN2031"));
    shard.edit_session(GALA, |session| session.selling = true);
    assert!(opens(&mut shard, "FAN2031"));
    // A channel's own window comes later still: the presale is beside it.
    shard.edit_publication(GALA, WEB, |publication| {
        publication.sale = Some(Window { start: NOW.plus_ms(90 * MINUTE), end: NOW.plus_ms(95 * MINUTE) });
    });
    assert!(opens(&mut shard, "FAN2031") && !opens(&mut shard, ""));
}

#[test]
fn a_call_over_two_sessions_is_all_or_none() {
    let mut shard = guarded(vec![presale("FAN2031", 0, 30)]);
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    let both = |code: &str| {
        let request = |session| [4, 5].map(|number| SeatRequest { id: Shard::seat(number), session, rate: None });
        OrderCommand::AddSeats(order, [request(MATINEE), request(GALA)].concat(), PresaleCode::parse(code))
    };
    let refusal = shard.try_order(&web, both("WRONG")).unwrap_err();
    assert_eq!(named(&refusal), [Shard::seat(4).0, Shard::seat(5).0]);
    assert_eq!(shard.places(MATINEE).matches('h').count(), 0);
    assert_eq!(shard.order(&web, both("FAN2031")).items.len(), 4);
}

#[test]
fn who_guesses_has_to_wait() {
    let mut shard = guarded(vec![presale("FAN2031", 0, 30)]);
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    for guess in 0..10 {
        assert_eq!(shard.refused(&web, auto_with_code(order, &format!("GUESS{guess}"))), Code::OrderSeatNotAvailable);
    }
    assert_eq!(shard.refused(&web, auto_with_code(order, "FAN2031")), Code::TooManyRequests, "also with the right one");
    assert_eq!(shard.refused(&web, seats(order, GALA, &[4, 5])), Code::OrderSeatNotAvailable, "without one nothing is guessed");
    // Others are not held up, and it is over after a second.
    assert!(opens(&mut shard, "FAN2031"));
    shard.pass(1_000);
    shard.order(&web, auto_with_code(order, "FAN2031"));
    // What is on sale to everybody asks for no code.
    let other = new_order(&mut shard, &web);
    for _ in 0..12 {
        let filled = shard.order(&web, with_code(other, MATINEE, &[4, 5], "GUESS"));
        shard.order(&web, OrderCommand::RemoveItems(other, filled.items.iter().map(|item| item.id).collect()));
    }
}

#[test]
fn a_code_where_no_presale_is_left_is_no_guess() {
    let mut shard = guarded(vec![presale("FAN2031", 0, 1)]);
    shard.pass(MINUTE);
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    for _ in 0..12 {
        assert_eq!(shard.refused(&web, auto_with_code(order, "FAN2031")), Code::OrderSeatNotAvailable);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_session_is_open_in_its_windows_and_nowhere_else(
        sale in (0_i64..60, 0_i64..60), own in prop::option::of((0_i64..60, 1_i64..60)), presale_at in (0_i64..60, 0_i64..60), now in 0_i64..70,
        code in prop::sample::select(vec!["", "FAN2031", "WRONG"]),
    ) {
        let (mut shard, _, _) = begun();
        let window = |(from, to): (i64, i64)| Window { start: NOW.plus_ms(from * MINUTE), end: NOW.plus_ms(to * MINUTE) };
        shard.edit_session(GALA, |session| session.sale = window(sale));
        shard.edit_publication(GALA, WEB, |publication| {
            publication.sale = own.map(window);
            publication.presales = vec![presale("FAN2031", presale_at.0, presale_at.1)];
        });
        shard.now = NOW.plus_ms(now * MINUTE);
        let inside = |(from, to): (i64, i64)| from <= now && now < to;
        let on_sale = inside(sale) && own.is_none_or(inside);
        let in_presale = code == "FAN2031" && inside(presale_at) && now < sale.1;
        prop_assert_eq!(opens(&mut shard, code), on_sale || in_presale);
    }
}
