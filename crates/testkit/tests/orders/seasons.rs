//! Season tickets: a place that is the buyer's in every session, or in none.

use aforo_domain::catalogue::Readiness;
use aforo_domain::catalogue::manage::{CatalogueCommand, MarkPlaces, Marking};
use aforo_domain::change::CounterKey;
use aforo_domain::command::{Command, OrderCommand, SeatRequest};
use aforo_domain::error::Code;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{ItemId, OrderId, SessionId};
use aforo_domain::orders::{Item, Stage};
use aforo_testkit::world::{CHILD, FLOOR, GALA, GALLERY, GUEST, MATINEE, PARTNER, SEASON, STALLS, Shard, TOUR, WEB, places};

use crate::{at_rate, auto, buy, buyer, named, new_order, pay_all, seats};

fn on_sale() -> (Shard, Actor) {
    let mut shard = Shard::new();
    shard.season();
    (shard, Shard::channel(WEB))
}

/// How the first places of the season, the gala and the matinee stand.
fn first(shard: &Shard, count: usize) -> [String; 3] {
    [SEASON, GALA, MATINEE].map(|session| shard.places(session)[..count].to_owned())
}

fn shares(item: &Item) -> Vec<(u64, i64)> {
    item.season.iter().flat_map(|shares| shares.iter().map(|share| (share.member.session.0, share.amount))).collect()
}

fn mark(shard: &mut Shard, session: SessionId, marking: Marking, number: u64) -> Result<(), Code> {
    let request = MarkPlaces { session, marking, seats: vec![Shard::seat(number)], zones: Vec::new() };
    let done = shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::Mark(request)));
    done.map(|_| ()).map_err(|error| error.code)
}

fn remove(shard: &mut Shard, actor: &Actor, order: OrderId, item: ItemId) {
    shard.order(actor, OrderCommand::RemoveItems(order, vec![item]));
}

#[test]
fn a_season_ticket_is_one_item_that_has_its_place_everywhere() {
    let (mut shard, web) = on_sale();
    let order = new_order(&mut shard, &web);
    let filled = shard.order(&web, seats(order, SEASON, &[0, 1]));
    assert_eq!(filled.items.len(), 2);
    assert_eq!(first(&shard, 4), ["hh..", "hh..", "hh.."]);
    assert_eq!(shard.places(TOUR)[..4].to_owned(), "....", "which is no session of it");
    assert_eq!(shares(&filled.items[0]), [(1, 4_800), (2, 3_200)]);
    remove(&mut shard, &web, order, filled.items[1].id);
    assert_eq!(first(&shard, 4), ["h...", "h...", "h..."]);
    let sold = buy(&mut shard, &web, |order| seats(order, SEASON, &[4, 5]), "ada@example.com");
    assert_eq!(first(&shard, 8), ["h...XX..", "h...XX..", "h...XX.."]);
    assert!(sold.items.iter().all(|item| item.barcode.is_some()) && sold.items.len() == 2, "one ticket each, for all sessions");
    shard.pass(600_000);
    shard.tick();
    assert_eq!(first(&shard, 8), ["....XX..", "....XX..", "....XX.."]);
    let session = &shard.world.catalogue.offers[&SEASON].session;
    assert_eq!([SEASON, GALA, MATINEE, TOUR].map(|other| session.covers(other)), [true, true, true, false]);
    assert_eq!(shard.world.counter(&CounterKey::ChannelSales(SEASON, WEB)), 2);
    assert_eq!(shard.world.counter(&CounterKey::ChannelSales(GALA, WEB)), 0, "each sale counts for what was sold");
}

#[test]
fn a_place_that_is_taken_in_one_session_is_none_of_the_seasons() {
    let (mut shard, web) = on_sale();
    buy(&mut shard, &web, |order| seats(order, GALA, &[0, 1]), "ada@example.com");
    let held = new_order(&mut shard, &web);
    let held = shard.order(&web, seats(held, MATINEE, &[2, 3]));
    assert_eq!(mark(&mut shard, MATINEE, Marking::Block, 4), Ok(()));
    assert_eq!(first(&shard, 6), ["XXhh#.", "XX....", "..hh#."]);
    let order = new_order(&mut shard, &web);
    let refusal = shard.try_order(&web, seats(order, SEASON, &[0, 2, 4, 6])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![1_000, 1_002, 1_004]));
    // Whoever has a season ticket has it in the sessions.
    shard.order(&web, seats(order, SEASON, &[5, 6]));
    let other = new_order(&mut shard, &web);
    for session in [GALA, MATINEE] {
        assert_eq!(shard.refused(&web, seats(other, session, &[6])), Code::OrderSeatNotAvailable);
        assert_eq!(mark(&mut shard, session, Marking::Block, 6), Err(Code::Conflict));
    }
    // What falls free in the last session is the season's again.
    remove(&mut shard, &web, held.id, held.items[0].id);
    assert_eq!(mark(&mut shard, MATINEE, Marking::Unblock, 4), Ok(()));
    assert_eq!(first(&shard, 9), ["XX.h.hh..", "XX...hh..", "...h.hh.."]);
    assert_eq!(shard.world.session(SEASON).unwrap().1.longest_run(0), 3);
    for session in [SEASON, GALA, MATINEE] {
        assert_eq!(places(&shard.recovered(), session), shard.places(session), "as it is after a crash");
    }
}

#[test]
fn nobody_asks_for_a_season_and_its_session_at_once() {
    let (mut shard, web) = on_sale();
    let order = new_order(&mut shard, &web);
    let ask = |number: u64, session| SeatRequest { id: Shard::seat(number), session, rate: None };
    let both = vec![ask(0, MATINEE), ask(1, SEASON), ask(0, SEASON), ask(1, MATINEE), ask(0, GALA), ask(2, SEASON)];
    let refusal = shard.try_order(&web, OrderCommand::AddSeats(order, both, None)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![1_000, 1_001]));
    assert_eq!(first(&shard, 3), ["...", "...", "..."]);
    // The same seat of both sessions is no season ticket, but it is nobody else's either.
    shard.order(&web, OrderCommand::AddSeats(order, vec![ask(1, MATINEE), ask(0, SEASON), ask(1, GALA)], None));
    assert_eq!(first(&shard, 3), ["hh.", "hh.", "hh."]);
}

#[test]
fn the_seasons_own_marks_decide_what_of_it_is_sold_and_leave_the_sessions_alone() {
    let (mut shard, web) = on_sale();
    buy(&mut shard, &web, |order| seats(order, GALA, &[0, 1]), "ada@example.com");
    assert_eq!(mark(&mut shard, MATINEE, Marking::Block, 3), Ok(()));
    assert_eq!(mark(&mut shard, SEASON, Marking::Block, 2), Ok(()));
    // What is blocked in a session is not the season's to unblock, and is not written down as its own.
    assert_eq!(mark(&mut shard, SEASON, Marking::Unblock, 3), Err(Code::Conflict));
    assert_eq!(mark(&mut shard, MATINEE, Marking::Unblock, 3), Ok(()));
    assert_eq!(first(&shard, 5), ["XX#..", "XX...", "....."]);
    let order = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, seats(order, SEASON, &[2])), Code::OrderSeatNotAvailable);
    shard.order(&web, seats(order, GALA, &[2, 3]));
    // The gallery's first four are the partner's in all of them.
    assert_eq!(shard.refused(&web, seats(order, SEASON, &[20, 21])), Code::OrderSeatNotAvailable);
    let partner = Shard::channel(PARTNER);
    let theirs = new_order(&mut shard, &partner);
    shard.order(&partner, seats(theirs, SEASON, &[20, 21]));
    assert_eq!(places(&shard.recovered(), SEASON), shard.places(SEASON));
}

#[test]
fn what_is_over_is_free_for_the_next_in_the_season_and_in_its_sessions() {
    let (mut shard, web) = on_sale();
    let [gala, matinee] = [0; 2].map(|_| new_order(&mut shard, &web));
    shard.order(&web, seats(gala, GALA, &[0, 1]));
    shard.order(&web, seats(matinee, MATINEE, &[0, 1]));
    shard.pass(300_000);
    let alive = new_order(&mut shard, &web);
    shard.order(&web, seats(alive, MATINEE, &[4, 5]));
    shard.order(&web, auto(alive, MATINEE, FLOOR, 1));
    shard.pass(300_000);
    // No tick has run. What one of two still holds is not free.
    let order = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, seats(order, SEASON, &[4])), Code::OrderSeatNotAvailable);
    shard.order(&web, seats(order, SEASON, &[0, 1]));
    assert_eq!(first(&shard, 6), ["hh..hh", "hh....", "hh..hh"]);
    for over in [gala, matinee] {
        assert_eq!(shard.refused(&web, OrderCommand::Read(over)), Code::OrderExpired);
    }
    shard.pass(600_000);
    // A season ticket whose time is over is free in one session, and then in the other one, too.
    let next = new_order(&mut shard, &web);
    shard.order(&web, seats(next, GALA, &[1, 0]));
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderExpired);
    assert_eq!(first(&shard, 6), ["hh..hh", "hh....", "....hh"]);
}

#[test]
fn automatic_picks_find_what_is_free_in_all_sessions() {
    let (mut shard, web) = on_sale();
    buy(&mut shard, &web, |order| auto(order, GALA, STALLS, 10), "ada@example.com");
    buy(&mut shard, &web, |order| auto(order, MATINEE, FLOOR, 8), "ada@example.com");
    let order = new_order(&mut shard, &web);
    let best = shard.order(&web, auto(order, SEASON, STALLS, 2));
    assert_eq!(best.items.iter().map(|item| item.place).collect::<Vec<_>>(), [14, 15], "the second row: the first is the gala's");
    let zone = shard.order(&web, auto(order, SEASON, FLOOR, 3));
    assert_eq!(zone.items[2..].iter().map(|item| item.place).collect::<Vec<_>>(), [38, 39, 40]);
    shard.run(&web, &Command::Order(OrderCommand::Delete(order))).unwrap();
    // Held in both sessions by others, whose time is over.
    let [one, other] = [0; 2].map(|_| new_order(&mut shard, &web));
    shard.order(&web, auto(one, GALA, STALLS, 10));
    shard.order(&web, auto(other, MATINEE, GALLERY, 6));
    shard.pass(600_000);
    let order = new_order(&mut shard, &web);
    let row = shard.order(&web, auto(order, SEASON, STALLS, 10));
    assert_eq!(row.items.iter().map(|item| item.place).collect::<Vec<_>>(), (10..20).collect::<Vec<_>>());
    assert_eq!(shard.refused(&web, OrderCommand::Read(one)), Code::OrderExpired);
    let order = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, auto(order, SEASON, STALLS, 1)), Code::OrderSeatNotAvailable);
}

#[test]
fn single_seats_are_judged_on_the_seasons_own_map() {
    let (mut shard, web) = on_sale();
    buy(&mut shard, &web, |order| seats(order, GALA, &[0, 1]), "ada@example.com");
    let order = new_order(&mut shard, &web);
    // 2 would stand alone in the season, though not in the matinee.
    let refusal = shard.try_order(&web, seats(order, SEASON, &[3, 4])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrphanSeat, vec![1_003, 1_004]));
    shard.order(&web, seats(order, SEASON, &[2, 3]));
    // In the matinee these are the order's own seats, too.
    shard.order(&web, seats(order, MATINEE, &[0, 1]));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn what_is_each_sessions_always_comes_to_the_price() {
    let (mut shard, web) = on_sale();
    shard.invite(WEB);
    let order = new_order(&mut shard, &web);
    let adult = shard.order(&web, seats(order, SEASON, &[0]));
    assert_eq!(shares(&adult.items[0]), [(1, 4_800), (2, 3_200)]);
    let child = shard.order(&web, OrderCommand::SetRate(order, adult.items[0].id, CHILD));
    assert_eq!((child.items[0].price.base, shares(&child.items[0])), (4_000, vec![(1, 2_400), (2, 1_600)]));
    // Frozen: other weights are for who comes later.
    shard.edit_session(SEASON, |session| session.season.as_mut().unwrap().members[1].weight = 7);
    shard.edit_session(SEASON, |session| session.prices.values_mut().for_each(|price| *price = 1));
    let read = shard.order(&web, OrderCommand::Read(order));
    assert_eq!(shares(&read.items[0]), [(1, 2_400), (2, 1_600)]);
    let later = shard.order(&web, seats(order, SEASON, &[1]));
    assert_eq!(shares(&later.items[1]), [(1, 0), (2, 1)]);
    let rates = shard.world.catalogue.offers[&GALA].session.rates.clone();
    shard.edit_session(SEASON, |session| session.rates = rates);
    let guest = shard.order(&web, at_rate(order, SEASON, &[2], Some(GUEST)));
    assert_eq!(shares(&guest.items[2]), [(1, 0), (2, 0)]);
}

#[test]
fn a_season_of_which_a_session_is_called_off_is_called_off() {
    let (mut shard, web) = on_sale();
    let [basket, accepted] = [0; 2].map(|_| new_order(&mut shard, &web));
    for (order, numbers) in [(basket, [0, 1]), (accepted, [4, 5])] {
        shard.order(&web, seats(order, SEASON, &numbers));
        shard.order(&web, buyer(order, "ada@example.com"));
    }
    let accepted = shard.order(&web, OrderCommand::PreConfirm(accepted));
    let sold = buy(&mut shard, &web, |order| seats(order, SEASON, &[8, 9]), "bob@example.com");
    shard.edit_session(MATINEE, |session| session.readiness = Readiness::Cancelled);
    let order = new_order(&mut shard, &web);
    for refused in [seats(order, SEASON, &[10, 11]), OrderCommand::PreConfirm(basket), pay_all(&accepted)] {
        let refusal = shard.try_order(&web, refused).unwrap_err();
        assert_eq!((refusal.code, named(&refusal)), (Code::SessionNotFound, vec![SEASON.0]));
    }
    // Who has a ticket has it still, for the gala.
    assert!(matches!(shard.order(&web, OrderCommand::Read(sold.id)).stage, Stage::Confirm { .. }));
    assert_eq!(shard.refused(&web, seats(order, GALA, &[8])), Code::OrderSeatNotAvailable);
}
