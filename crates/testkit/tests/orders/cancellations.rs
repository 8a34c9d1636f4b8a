//! Sessions called off: what their work does, how often it is told to, and that it stops and goes on. The laws are checked after every command.

use std::sync::Arc;

use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::terms::BookingTerms;
use aforo_domain::ids::ItemId;
use aforo_domain::moment::{DAY_MS, Window};
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::cancellations::{Cancellation, CancellationCommand, Progress, RefundTerms};
use aforo_domain::orders::refunds::RefundRequest;
use aforo_domain::orders::{Order, OrderKind, TicketState};
use aforo_testkit::world::{GALA, MATINEE, NOW, SEASON, Shard, WEB};

use crate::{begun, buy, buyer, new_order, pay_all, seats};

const ALL: RefundTerms = RefundTerms { surcharges: true, delivery: true, insurance: true };

fn run(shard: &mut Shard, command: CancellationCommand) -> Result<Reply, Error> {
    shard.run(&Actor::System, &Command::Cancellation(command))
}

fn start(shard: &mut Shard, refund: Option<RefundTerms>) {
    run(shard, CancellationCommand::Start(GALA, None, refund)).unwrap();
}

fn settle(shard: &mut Shard, order: &Order) {
    while run(shard, CancellationCommand::Settle(GALA, order.id)).unwrap() != Reply::Removed(0) {}
}

fn stands(shard: &mut Shard) -> Arc<Cancellation> {
    match run(shard, CancellationCommand::Read(GALA)).unwrap() {
        Reply::Cancellation(one) => one,
        other => panic!("{other:?}"),
    }
}

fn read(shard: &mut Shard, actor: &Actor, order: &Order) -> Arc<Order> {
    shard.order(actor, OrderCommand::Read(order.id))
}

#[test]
fn each_order_is_given_its_tickets_back_once() {
    let (mut shard, web, open) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let other = buy(&mut shard, &web, |order| seats(order, MATINEE, &[4]), "eve@example.com");
    shard.order(&web, seats(open, GALA, &[10, 11]));
    start(&mut shard, Some(ALL));
    let again = run(&mut shard, CancellationCommand::Start(GALA, None, None)).unwrap_err();
    assert_eq!(again.code, Code::Conflict);
    // Its sale has ended at once, and what is in baskets is not sold any more.
    assert_eq!(shard.refused(&web, seats(open, GALA, &[12])), Code::SessionNotFound);
    shard.order(&web, buyer(open, "bob@example.com"));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(open)), Code::SessionNotFound);

    settle(&mut shard, &sold);
    settle(&mut shard, &sold);
    settle(&mut shard, &other);
    let after = read(&mut shard, &web, &sold);
    assert!(after.items.iter().all(|item| after.ticket_state(item.id) == TicketState::Refunded));
    assert_eq!(after.extras().after.refunds.len(), 1);
    let one = stands(&mut shard);
    assert_eq!((one.orders, one.tickets, one.total), (1, 2, sold.totals().total()));
    assert_eq!(read(&mut shard, &web, &other).extras().after.refunds, []);
    // It survives a restart, and ends.
    shard.world = shard.recovered();
    run(&mut shard, CancellationCommand::Advance(GALA, ItemId(99))).unwrap();
    run(&mut shard, CancellationCommand::Finish(GALA, 0)).unwrap();
    assert_eq!((stands(&mut shard).state, stands(&mut shard).through), (Progress::Done { at: shard.moment().now, left: 0 }, ItemId(99)));
    assert_eq!(run(&mut shard, CancellationCommand::Pause(GALA)).unwrap_err().code, Code::Conflict);
    assert_eq!(run(&mut shard, CancellationCommand::Running).unwrap(), Reply::Cancellations(Vec::new()));
}

#[test]
fn while_it_is_paused_nothing_happens() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    start(&mut shard, Some(ALL));
    run(&mut shard, CancellationCommand::Pause(GALA)).unwrap();
    run(&mut shard, CancellationCommand::Pause(GALA)).unwrap();
    settle(&mut shard, &sold);
    assert_eq!(read(&mut shard, &web, &sold).ticket_state(sold.items[0].id), TicketState::Valid);
    assert_eq!(run(&mut shard, CancellationCommand::Running).unwrap(), Reply::Cancellations(Vec::new()));
    run(&mut shard, CancellationCommand::Resume(GALA)).unwrap();
    settle(&mut shard, &sold);
    assert_eq!(read(&mut shard, &web, &sold).ticket_state(sold.items[0].id), TicketState::Refunded);
}

/// Without a refund the tickets are dead and their money stays; each may still be given back.
#[test]
fn cancelled_tickets_may_be_given_back_later() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    start(&mut shard, None);
    settle(&mut shard, &sold);
    let after = read(&mut shard, &web, &sold);
    assert!(after.items.iter().all(|item| after.ticket_state(item.id) == TicketState::Cancelled));
    assert_eq!((stands(&mut shard).tickets, stands(&mut shard).total, &shard.places(GALA)[4..6]), (2, 0, ".."));
    let request = RefundRequest {
        items: vec![sold.items[0].id],
        surcharges: true,
        delivery: true,
        insurance: true,
        block_places: false,
        payments: vec![],
    };
    let Reply::Order(back) = shard.run(&web, &Command::AfterSale(sold.id, AfterSaleCommand::Refund(request))).unwrap() else { panic!() };
    assert_eq!(back.totals().total(), sold.items[0].price.total());
    let after = read(&mut shard, &web, &sold);
    let states: Vec<_> = after.items.iter().map(|item| after.ticket_state(item.id)).collect();
    assert_eq!(states, [TicketState::Refunded, TicketState::Cancelled]);
}

#[test]
fn bookings_are_let_go() {
    let (mut shard, web, _) = begun();
    shard.edit_channel(WEB, |channel| channel.booking = BookingTerms { enabled: true, life_ms: DAY_MS, before_ms: None });
    shard.edit_session(GALA, |session| session.booking = Some(Window { start: NOW, end: NOW.plus_ms(DAY_MS) }));
    let order = new_order(&mut shard, &web);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    assert_eq!(shard.order(&web, OrderCommand::Book(order)).kind(), OrderKind::Booking);
    start(&mut shard, Some(ALL));
    assert_eq!(run(&mut shard, CancellationCommand::Release(GALA)).unwrap(), Reply::Removed(1));
    assert_eq!(run(&mut shard, CancellationCommand::Release(GALA)).unwrap(), Reply::Removed(0));
    assert_eq!((&shard.places(GALA)[4..6], stands(&mut shard).bookings), ("..", 1));
    assert_eq!(shard.refused(&web, OrderCommand::Read(order)), Code::OrderNotFound);
}

#[test]
fn it_is_the_promoters_to_do() {
    let (mut shard, web, _) = begun();
    let ask = |shard: &mut Shard, command| shard.run(&web, &Command::Cancellation(command)).unwrap_err().code;
    assert_eq!(ask(&mut shard, CancellationCommand::Start(GALA, None, None)), Code::ForbiddenResource, "a channel only sells it");
    assert_eq!(ask(&mut shard, CancellationCommand::Running), Code::ForbiddenResource);
    assert_eq!(run(&mut shard, CancellationCommand::Read(GALA)).unwrap_err().code, Code::NotFound);
}

/// Of two season tickets at 80 the gala's share is 48 each, and the matinee's 32.
#[test]
fn a_season_ticket_is_given_the_sessions_share_back_once_and_stays_good() {
    let (mut shard, web, _) = begun();
    shard.season();
    let sold = buy(&mut shard, &web, |order| seats(order, SEASON, &[4, 5]), "ada@example.com");
    start(&mut shard, Some(ALL));
    settle(&mut shard, &sold);
    settle(&mut shard, &sold);
    let after = read(&mut shard, &web, &sold);
    let [note] = after.extras().after.refunds.as_slice() else { panic!("{:?}", after.extras().after.refunds) };
    assert_eq!((note.share, note.total, note.items.len()), (Some(GALA), 9_600, 2), "without surcharges");
    assert!(after.items.iter().all(|item| after.ticket_state(item.id) == TicketState::Valid));
    assert_eq!(shard.places(SEASON), shard.places(MATINEE), "the places stay the buyer's");
    let one = stands(&mut shard);
    assert_eq!((one.orders, one.tickets, one.shares, one.total), (0, 0, 2, 9_600));

    // What is given back later is what is left of it.
    let back = |items: Vec<ItemId>| {
        let request = RefundRequest { items, surcharges: false, delivery: false, insurance: false, block_places: false, payments: vec![] };
        Command::AfterSale(sold.id, AfterSaleCommand::Refund(request))
    };
    let Reply::Order(refund) = shard.run(&web, &back(vec![sold.items[0].id])).unwrap() else { panic!("no refund") };
    let shares: Vec<_> = refund.items[0].season.iter().flat_map(|shares| shares.iter()).map(|share| share.member.session).collect();
    assert_eq!((refund.totals().total(), shares), (3_200, vec![MATINEE]));
    settle(&mut shard, &sold);
    assert_eq!(read(&mut shard, &web, &sold).extras().after.refunds.len(), 2);
    assert_eq!(shard.run(&web, &back(vec![sold.items[0].id])).unwrap_err().code, Code::ProductStateInvalid);
}

/// One order has tickets of the session and of its season; where nothing is given back, season tickets are left as they are.
#[test]
fn tickets_come_first_and_shares_after_them() {
    for refund in [Some(ALL), None] {
        let (mut shard, web, order) = begun();
        shard.season();
        shard.order(&web, seats(order, SEASON, &[4, 5]));
        let sold = buy(&mut shard, &web, |order| seats(order, MATINEE, &[14, 15]), "eve@example.com");
        shard.order(&web, seats(order, GALA, &[10, 11]));
        shard.order(&web, buyer(order, "ada@example.com"));
        let mixed = shard.order(&web, OrderCommand::PreConfirm(order));
        let mixed = shard.order(&web, pay_all(&mixed));
        start(&mut shard, refund);
        settle(&mut shard, &mixed);
        settle(&mut shard, &sold);
        let after = read(&mut shard, &web, &mixed);
        let notes: Vec<_> = after.extras().after.refunds.iter().map(|note| note.share).collect();
        let one = stands(&mut shard);
        let (expected, shares) = if refund.is_some() { (vec![None, Some(GALA)], 2) } else { (Vec::new(), 0) };
        assert_eq!((notes, one.tickets, one.shares), (expected, 2, shares));
    }
}
