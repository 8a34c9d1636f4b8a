//! Relocations: places against others, all or none, and the difference settled. The laws are checked after every command.

use std::sync::Arc;

use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::Permission;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{ItemId, SessionId};
use aforo_domain::money::Decimal;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::refunds::RefundRequest;
use aforo_domain::orders::relocation::{Goal, Move, RelocationRequest};
use aforo_domain::orders::{Order, OrderKind, PaymentKind, PaymentRequest, TicketState};
use aforo_testkit::world::{COUNTER, FLOOR, GALA, MATINEE, Shard};

use crate::vouchers::{stands, with_vouchers};
use crate::{begun, buy, named, pay_all, seats};

fn to_seat(item: ItemId, session: Option<SessionId>, number: u64) -> Move {
    Move { item, session, to: Goal::Seat(Shard::seat(number)), rate: None }
}

fn asked(moves: Vec<Move>, amount: Option<&str>) -> RelocationRequest {
    let pay = |amount| PaymentRequest { kind: PaymentKind::Card, amount: Decimal::parse(amount).unwrap(), reference: None };
    RelocationRequest { moves, keep_prices: false, payments: amount.map(pay).into_iter().collect() }
}

fn try_relocate(shard: &mut Shard, actor: &Actor, order: &Order, request: RelocationRequest) -> Result<Arc<Order>, Error> {
    match shard.run(actor, &Command::AfterSale(order.id, AfterSaleCommand::Relocate(request)))? {
        Reply::Order(new) => Ok(new),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn relocate(shard: &mut Shard, actor: &Actor, order: &Order, request: RelocationRequest) -> Arc<Order> {
    try_relocate(shard, actor, order, request).unwrap_or_else(|error| panic!("{error}"))
}

fn refund_all(shard: &mut Shard, actor: &Actor, order: &Order) -> Arc<Order> {
    let items = order.items.iter().map(|item| item.id).collect();
    let request = RefundRequest { items, surcharges: true, delivery: true, insurance: true, block_places: false, payments: vec![] };
    match shard.run(actor, &Command::AfterSale(order.id, AfterSaleCommand::Refund(request))).unwrap() {
        Reply::Order(refund) => refund,
        other => panic!("{other:?}"),
    }
}

fn read(shard: &mut Shard, actor: &Actor, order: &Order) -> Arc<Order> {
    shard.order(actor, OrderCommand::Read(order.id))
}

#[test]
fn a_place_becomes_another_for_the_same_price() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let new = relocate(&mut shard, &web, &sold, asked(vec![to_seat(sold.items[0].id, None, 8)], None));
    assert_eq!((new.kind(), new.items.len(), new.totals().to_pay()), (OrderKind::Purchase, 1, 0));
    assert_eq!(new.totals().credit, sold.items[0].price.total());
    assert_ne!((new.id, new.code(), &new.items[0].barcode), (sold.id, sold.code(), &sold.items[0].barcode));
    let after = read(&mut shard, &web, &sold);
    let states: Vec<_> = after.items.iter().map(|item| after.ticket_state(item.id)).collect();
    assert_eq!(states, [TicketState::Relocated, TicketState::Valid]);
    assert_eq!((after.totals(), after.stage.clone()), (sold.totals(), sold.stage.clone()), "its money never changes");
    let places = shard.places(GALA);
    assert_eq!((&places[4..5], &places[5..6], &places[8..9]), (".", "X", "X"));
    shard.world = shard.recovered();
    // What went away is gone: it is neither given back nor relocated again, and what came goes on.
    let again = try_relocate(&mut shard, &web, &sold, asked(vec![to_seat(sold.items[0].id, None, 10)], None)).unwrap_err();
    assert_eq!((again.code, named(&again)), (Code::ProductStateInvalid, vec![sold.items[0].id.0]));
    let next = relocate(&mut shard, &web, &new, asked(vec![to_seat(new.items[0].id, None, 4)], None));
    let back = refund_all(&mut shard, &web, &next);
    assert_eq!(back.totals().total(), sold.items[0].price.total());
}

#[test]
fn two_places_change_with_each_other() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let swap = vec![to_seat(sold.items[0].id, None, 5), to_seat(sold.items[1].id, None, 4)];
    let before = shard.places(GALA);
    let new = relocate(&mut shard, &web, &sold, asked(swap, None));
    assert_eq!(shard.places(GALA), before);
    assert_eq!(new.items.iter().map(|item| item.place).collect::<Vec<_>>(), [sold.items[1].place, sold.items[0].place]);
    // One of them alone stays: nobody else's place, not its own either.
    let other = buy(&mut shard, &web, |order| seats(order, GALA, &[10, 11]), "eve@example.com");
    let refused = try_relocate(&mut shard, &web, &other, asked(vec![to_seat(other.items[0].id, None, 4)], None)).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::OrderSeatNotAvailable, vec![Shard::seat(4).0]));
    let twice = vec![to_seat(other.items[0].id, None, 8), to_seat(other.items[1].id, None, 8)];
    assert_eq!(try_relocate(&mut shard, &web, &other, asked(twice, None)).unwrap_err().code, Code::OrderSeatNotAvailable);
    assert_eq!(&shard.places(GALA)[8..9], ".", "all or none");
}

/// The floor costs less than a seat: the difference is paid out; and the other way round it is paid, to the cent.
#[test]
fn the_difference_is_settled() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4]), "ada@example.com");
    let down = Move { item: sold.items[0].id, session: None, to: Goal::PriceType(FLOOR), rate: None };
    let cheap = relocate(&mut shard, &web, &sold, asked(vec![down], None));
    let difference = sold.items[0].price.total() - cheap.items[0].price.total();
    assert!(difference > 0);
    let replaces = cheap.extras().replaces.as_ref().unwrap();
    assert_eq!((replaces.paid_out(&cheap), cheap.totals().to_pay(), replaces.items[0].0), (difference, 0, sold.items[0].id));
    let up = |amount: Option<&str>| asked(vec![to_seat(cheap.items[0].id, None, 6)], amount);
    assert_eq!(try_relocate(&mut shard, &web, &cheap, up(None)).unwrap_err().code, Code::PurchaseNotTotallyPaid);
    assert_eq!(try_relocate(&mut shard, &web, &cheap, up(Some("9999"))).unwrap_err().code, Code::Dist0005);
    let exact = sold.currency.show_amount(difference);
    let dear = relocate(&mut shard, &web, &cheap, up(Some(&exact)));
    assert_eq!((dear.totals().to_pay(), dear.totals().total()), (difference, sold.items[0].price.total()));
    let back = refund_all(&mut shard, &web, &dear);
    assert_eq!(back.totals().total(), dear.totals().total());
}

#[test]
fn another_session_counts_and_is_limited_there() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let moves = || vec![to_seat(sold.items[0].id, Some(MATINEE), 4), to_seat(sold.items[1].id, Some(MATINEE), 5)];
    let kept = |shard: &mut Shard, actor: &Actor| {
        try_relocate(shard, actor, &sold, RelocationRequest { keep_prices: true, ..asked(moves(), None) })
    };
    let counter = shard.at_counter(COUNTER, &[Permission::Refund]);
    assert_eq!(kept(&mut shard, &counter).unwrap_err().code, Code::OrderNotFound, "another channel's");
    let new = kept(&mut shard, &web).unwrap();
    assert_eq!(new.totals().total(), sold.items.iter().map(|item| item.price.total()).sum::<i64>());
    assert_eq!((&shard.places(GALA)[4..6], &shard.places(MATINEE)[4..6]), ("..", "XX"));
    let nowhere = vec![to_seat(new.items[0].id, Some(SessionId(777)), 4)];
    let refused = try_relocate(&mut shard, &web, &new, asked(nowhere, None)).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::SessionNotFound, vec![777]));
    let unknown = try_relocate(&mut shard, &web, &new, asked(vec![to_seat(sold.items[0].id, None, 8)], None)).unwrap_err();
    assert_eq!(unknown.code, Code::OrderItemInvalid);
}

/// What a voucher had paid goes along, so that a later refund still gives it to the voucher and to nobody's pocket.
#[test]
fn what_a_voucher_paid_goes_along() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = crate::vouchers::basket(&mut shard, &web, &[4, 5], &[1]);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(stands(&mut shard, 1), (0, 0));
    let new = relocate(&mut shard, &web, &sold, asked(vec![to_seat(sold.items[0].id, None, 8)], None));
    let of_item = sold.items[0].price.total().min(3_000);
    assert_eq!((new.totals().vouchers, stands(&mut shard, 1)), (of_item, (0, 0)));
    let back = refund_all(&mut shard, &web, &new);
    assert_eq!((back.totals().vouchers, stands(&mut shard, 1)), (of_item, (of_item, 0)));
}
