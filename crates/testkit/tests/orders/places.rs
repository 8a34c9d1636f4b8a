//! Who gets which place.

use aforo_domain::catalogue::Readiness;
use aforo_domain::change::{Change, Key};
use aforo_domain::command::{AutoRequest, OrderCommand, SeatRequest};
use aforo_domain::error::Code;
use aforo_domain::identity::Permission;
use aforo_domain::ids::{PriceTypeId, RateId, SectorId, SessionId};
use aforo_domain::moment::Window;
use aforo_domain::orders::Order;
use aforo_testkit::world::{CHILD, COUNTER, FLOOR, GALA, GALLERY, MATINEE, NOW, PARTNER, STALLS, Shard, TOUR, WEB};

use crate::{at_rate, auto, begun, buy, buyer, named, new_order, seats};

#[test]
fn two_channels_want_the_same_seat() {
    let (mut shard, web, order) = begun();
    let partner = Shard::channel(PARTNER);
    let other = new_order(&mut shard, &partner);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    let refusal = shard.try_order(&partner, seats(other, GALA, &[3, 4, 5])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![1_004, 1_005]));
    // The matinee is another performance.
    shard.order(&partner, seats(other, MATINEE, &[4, 5]));
}

#[test]
fn all_seats_or_none_and_every_refused_one_is_named() {
    let (mut shard, web, order) = begun();
    buy(&mut shard, &web, |order| seats(order, GALA, &[0, 1]), "ada@example.com");
    // Sold, unknown, the partner's, and the same seat twice; the seat of the matinee is free.
    let asked = [(0, GALA), (99, GALA), (20, GALA), (7, GALA), (7, GALA), (0, MATINEE)];
    let all = asked.map(|(number, session)| SeatRequest { id: Shard::seat(number), session, rate: None });
    let refusal = shard.try_order(&web, OrderCommand::AddSeats(order, all.to_vec(), None)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![1_000, 1_099, 1_020, 1_007]));
    assert_eq!(shard.places(MATINEE), ".".repeat(130 - 5) + "#####");
    assert_eq!(shard.places(GALA).matches(['h', 'X']).count(), 2);
}

#[test]
fn a_seat_of_an_order_whose_time_is_over_is_free_for_the_next_at_once() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    let other = new_order(&mut shard, &web);
    shard.pass(599_999);
    let kept = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, seats(kept, GALA, &[4, 5])), Code::OrderSeatNotAvailable);
    shard.pass(1);
    // No tick has run.
    shard.order(&web, seats(kept, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderExpired);
    assert_eq!(shard.refused(&web, OrderCommand::Read(other)), Code::OrderNotFound);
    assert_eq!(shard.places(GALA).matches('h').count(), 2);
}

#[test]
fn an_automatic_pick_takes_them_too() {
    let (mut shard, web, order) = begun();
    shard.order(&web, auto(order, GALA, STALLS, 10));
    shard.pass(300_000);
    let other = new_order(&mut shard, &web);
    shard.order(&web, auto(other, GALA, STALLS, 10));
    shard.pass(300_000);
    let late = new_order(&mut shard, &web);
    let places = |order: &Order| order.items.iter().map(|item| item.place).collect::<Vec<_>>();
    assert_eq!(places(&shard.order(&web, auto(late, GALA, STALLS, 10))), (0..10).collect::<Vec<_>>());
}

#[test]
fn seats_are_sold_while_the_sale_is_on() {
    let (mut shard, web, order) = begun();
    let refused = |shard: &mut Shard| {
        assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, 1)), Code::OrderSeatNotAvailable);
        shard.refused(&web, seats(order, GALA, &[4, 5]))
    };
    shard.edit_session(GALA, |session| session.sale.start = NOW.plus_ms(1));
    assert_eq!(refused(&mut shard), Code::OrderSeatNotAvailable);
    shard.edit_session(GALA, |session| session.sale = Window { start: NOW.plus_ms(-1), end: NOW });
    assert_eq!(refused(&mut shard), Code::OrderSeatNotAvailable);
    shard.edit_session(GALA, |session| session.sale = Window { start: NOW, end: NOW.plus_ms(1) });
    shard.edit_publication(GALA, WEB, |publication| publication.sale = Some(Window { start: NOW.plus_ms(1), end: NOW.plus_ms(2) }));
    assert_eq!(refused(&mut shard), Code::OrderSeatNotAvailable);
    shard.edit_publication(GALA, WEB, |publication| publication.sale = None);
    shard.edit_session(GALA, |session| session.selling = false);
    assert_eq!(refused(&mut shard), Code::OrderSeatNotAvailable);
    shard.edit_session(GALA, |session| session.selling = true);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    // What is in the basket may still be bought when the sale has ended.
    shard.pass(60_000);
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn a_session_is_there_for_who_sells_it() {
    let (mut shard, web, order) = begun();
    let both = vec![
        SeatRequest { id: Shard::seat(4), session: SessionId(99), rate: None },
        SeatRequest { id: Shard::seat(4), session: GALA, rate: None },
    ];
    let refusal = shard.try_order(&web, OrderCommand::AddSeats(order, both, None)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::SessionNotFound, vec![99]));
    for readiness in [Readiness::Planned, Readiness::Cancelled, Readiness::Archived] {
        shard.edit_session(GALA, |session| session.readiness = readiness);
        assert_eq!(shard.refused(&web, seats(order, GALA, &[4])), Code::SessionNotFound);
        assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, 1)), Code::SessionNotFound);
    }
    shard.apply(vec![Change::Delete(Key::Publication((MATINEE, WEB)))]);
    assert_eq!(shard.refused(&web, seats(order, MATINEE, &[4])), Code::SessionNotFound);
}

#[test]
fn what_is_taken_out_of_the_channel_is_not_pre_confirmed() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4]));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.edit_session(GALA, |session| session.readiness = Readiness::Planned);
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::SessionNotFound, vec![GALA.0]));
}

#[test]
fn no_single_seat_is_left_but_by_the_counter() {
    let (mut shard, web, order) = begun();
    let refusal = shard.try_order(&web, seats(order, GALA, &[1, 2])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrphanSeat, vec![1_001, 1_002]));
    // In two rows at once: both are named.
    let refusal = shard.try_order(&web, seats(order, GALA, &[1, 12, 18])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrphanSeat, vec![1_001, 1_012, 1_018]));
    let seller = shard.at_counter(COUNTER, &[]);
    let at_counter = new_order(&mut shard, &seller);
    assert_eq!(shard.refused(&seller, seats(at_counter, GALA, &[1, 2])), Code::OrphanSeat);
    let senior = shard.at_counter(COUNTER, &[Permission::OverrideOrphanSeats]);
    shard.order(&senior, seats(at_counter, GALA, &[1, 2]));
    // The counter made the single seat: whoever sits down now makes none.
    shard.order(&web, seats(order, GALA, &[3, 4]));
}

#[test]
fn pre_confirm_judges_the_seats_again() {
    let (mut shard, web, order) = begun();
    shard.order(&web, buyer(order, "ada@example.com"));
    let filled = shard.order(&web, seats(order, GALA, &[0, 1, 2]));
    // Giving back is never refused, but what it leaves is looked at.
    shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.items[1].id]));
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrphanSeat, vec![1_000, 1_002]));
    shard.order(&web, seats(order, GALA, &[1]));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn a_partner_sells_its_own_places_before_the_general_ones() {
    let (mut shard, web, order) = begun();
    let partner = Shard::channel(PARTNER);
    shard.edit_channel(PARTNER, |channel| channel.max_items = 100);
    let own = new_order(&mut shard, &partner);
    let zone = |order: &Order| order.items.iter().map(|item| item.place).collect::<Vec<_>>();
    // 30 seats, 60 places for everybody, then the partner's 40, of which 5 are blocked.
    assert_eq!(zone(&shard.order(&partner, auto(own, GALA, FLOOR, 30))), (90..120).collect::<Vec<_>>());
    assert_eq!(zone(&shard.order(&partner, auto(own, GALA, FLOOR, 7)))[30..], [120, 121, 122, 123, 124, 30, 31]);
    assert_eq!(zone(&shard.order(&web, auto(order, GALA, FLOOR, 2))), [32, 33]);
}

#[test]
fn a_zone_never_holds_more_than_it_can() {
    let (mut shard, web, order) = begun();
    shard.edit_channel(WEB, |channel| channel.max_items = 100);
    let filled = shard.order(&web, auto(order, GALA, FLOOR, 58));
    let other = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, auto(other, GALA, FLOOR, 3)), Code::OrderSeatNotAvailable);
    shard.order(&web, auto(other, GALA, FLOOR, 2));
    assert_eq!(shard.refused(&web, auto(other, GALA, FLOOR, 1)), Code::OrderSeatNotAvailable);
    // Holes are found again.
    let gone = [filled.items[40].id, filled.items[3].id];
    shard.order(&web, OrderCommand::RemoveItems(order, gone.to_vec()));
    let places: Vec<_> = shard.order(&web, auto(other, GALA, FLOOR, 2)).items.iter().map(|item| item.place).collect();
    assert_eq!(places, [88, 89, 33, 70]);
}

#[test]
fn the_best_seats_are_picked_within_the_rule() {
    let (mut shard, web, order) = begun();
    let pick = |shard: &mut Shard, order, quantity| {
        let order = shard.order(&web, auto(order, GALA, STALLS, quantity));
        order.items.iter().map(|item| item.place).collect::<Vec<_>>()
    };
    assert_eq!(pick(&mut shard, order, 2), [4, 5]);
    // Two of the four on the left: nearest to the middle without a single seat.
    let other = new_order(&mut shard, &web);
    assert_eq!(pick(&mut shard, other, 2), [2, 3]);
    // Three of the four on the right leave a single seat wherever they sit, so they may.
    assert_eq!(pick(&mut shard, other, 3), [2, 3, 6, 7, 8]);
    // Five fit in the second row only.
    let party = new_order(&mut shard, &web);
    assert_eq!(pick(&mut shard, party, 5), [12, 13, 14, 15, 16]);
}

#[test]
fn a_pick_asks_for_what_the_session_has() {
    let (mut shard, web, order) = begun();
    let wish = AutoRequest { session: GALA, price_type: STALLS, sector: None, quantity: 2, rate: None, together: true, presale: None };
    let mut invalid = |request| {
        let refusal = shard.try_order(&web, OrderCommand::AddAuto(order, request)).unwrap_err();
        assert_eq!(refusal.code, Code::Dist0005);
        refusal.fill
    };
    assert_eq!(invalid(AutoRequest { price_type: PriceTypeId(9), ..wish.clone() }), ["price_type_id"]);
    assert_eq!(invalid(AutoRequest { sector: Some(SectorId(9)), ..wish.clone() }), ["sector_id"]);
    assert_eq!(invalid(AutoRequest { rate: Some(RateId(9)), ..wish.clone() }), ["rate_id"]);
    // The floor has no places of the stalls' price type, and children do not stand there.
    let elsewhere = AutoRequest { sector: Some(SectorId(2)), ..wish.clone() };
    assert_eq!(shard.refused(&web, OrderCommand::AddAuto(order, elsewhere)), Code::OrderSeatNotAvailable);
    let child = AutoRequest { price_type: FLOOR, rate: Some(CHILD), ..wish };
    assert_eq!(shard.refused(&web, OrderCommand::AddAuto(order, child)), Code::OrderSeatNotAvailable);
    assert_eq!(shard.refused(&web, at_rate(order, GALA, &[4], Some(RateId(9)))), Code::Dist0005);
    // The gallery's first four are the partner's: the web's six hold no seven.
    assert_eq!(shard.refused(&web, auto(order, GALA, GALLERY, 7)), Code::OrderSeatNotAvailable);
    shard.order(&web, auto(order, GALA, GALLERY, 6));
}

#[test]
fn an_order_has_one_currency() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, seats(order, TOUR, &[4, 5]));
    assert_eq!(filled.currency.code(), "USD");
    let refusal = shard.try_order(&web, seats(order, GALA, &[4, 5])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderItemInvalid, vec![1_004, 1_005]));
    assert_eq!(shard.refused(&web, auto(order, GALA, FLOOR, 1)), Code::OrderItemInvalid);
    let both = [(4, GALA), (14, TOUR)].map(|(number, session)| SeatRequest { id: Shard::seat(number), session, rate: None });
    let items = filled.items.iter().map(|item| item.id).collect();
    assert_eq!(shard.order(&web, OrderCommand::RemoveItems(order, items)).currency.code(), "EUR");
    assert_eq!(shard.refused(&web, OrderCommand::AddSeats(order, both.to_vec(), None)), Code::OrderItemInvalid);
    shard.order(&web, seats(order, GALA, &[4, 5]));
}
