//! Vouchers: shown in the basket, reserved at pre-confirm, spent at confirm, let go by everything else.

use aforo_domain::catalogue::manage::{CatalogueCommand, Issue, Target, VoucherCommand, VoucherGroupSpec};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{EntityId, EventId, OrderId, VoucherGroupId, VoucherId};
use aforo_domain::money::Currency;
use aforo_domain::orders::Order;
use aforo_domain::vouchers::ShownVoucher;
use aforo_testkit::world::{FLOOR, GALA, Shard, TOUR, WEB};

use crate::{auto, buyer, named, new_order, pay, pay_all, seats};

pub const GROUP: VoucherGroupId = VoucherGroupId(7);

fn save(shard: &mut Shard, target: Target<VoucherGroupId>, events: &[u64]) {
    let spec = VoucherGroupSpec {
        entity: Some(EntityId(1)),
        name: "Gift".to_owned(),
        names: Default::default(),
        currencies: vec![Currency::parse("EUR").unwrap()],
        channels: Vec::new(),
        events: events.iter().copied().map(EventId).collect(),
        status: Status::Active,
        valid_from: None,
        valid_until: None,
        pins: false,
        collective: None,
    };
    ask(shard, VoucherCommand::SaveGroup(target, spec));
}

fn ask(shard: &mut Shard, command: VoucherCommand) -> Reply {
    shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::Vouchers(command))).unwrap()
}

fn shown(nth: u64) -> ShownVoucher {
    ShownVoucher::of(&format!("code {nth}"), None)
}

/// A shard with vouchers of these amounts.
pub fn with_vouchers(amounts: &[i64]) -> (Shard, Actor) {
    let mut shard = Shard::new();
    save(&mut shard, Target::New(Some(GROUP)), &[]);
    for (nth, amount) in (1..).zip(amounts) {
        let vouchers = vec![(shown(nth), format!("****-****-****-000{nth}"))];
        let currency = Currency::parse("EUR").unwrap();
        let issued = ask(&mut shard, VoucherCommand::Issue(Issue { group: GROUP, amount: *amount, currency, expires: None, vouchers }));
        assert_eq!(issued, Reply::Ids(vec![7_000_000 + nth]));
    }
    (shard, Shard::channel(WEB))
}

/// A voucher's balance, and what is reserved of it.
pub fn stands(shard: &mut Shard, nth: u64) -> (i64, i64) {
    match ask(shard, VoucherCommand::Read(GROUP.voucher(nth))) {
        Reply::Voucher(voucher) => (voucher.balance, voucher.reserved),
        other => panic!("{other:?}"),
    }
}

/// A basket of these seats that these vouchers pay for.
pub fn basket(shard: &mut Shard, actor: &Actor, numbers: &[u64], vouchers: &[u64]) -> OrderId {
    let order = new_order(shard, actor);
    shard.order(actor, seats(order, GALA, numbers));
    shard.order(actor, buyer(order, "ada@example.com"));
    for nth in vouchers {
        shard.order(actor, OrderCommand::AddVoucher(order, shown(*nth)));
    }
    order
}

fn amounts(order: &Order) -> Vec<i64> {
    order.extras().vouchers.iter().map(|taken| taken.amount).collect()
}

#[test]
fn a_sale_spends_what_pre_confirm_reserved() {
    let (mut shard, web) = with_vouchers(&[3_000, 100_000]);
    let order = basket(&mut shard, &web, &[4, 5], &[1, 2]);
    assert_eq!((stands(&mut shard, 1), stands(&mut shard, 2)), ((3_000, 0), (100_000, 0)), "a basket holds nothing of it");
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let rest = accepted.totals().total() - 3_000;
    assert_eq!((amounts(&accepted), accepted.totals().to_pay()), (vec![3_000, rest], 0));
    assert_eq!((stands(&mut shard, 1), stands(&mut shard, 2)), ((3_000, 3_000), (100_000, rest)));
    assert_eq!(shard.refused(&web, pay(order, "1")), Code::Dist0005);
    let sold = shard.order(&web, OrderCommand::Confirm(order, Vec::new()));
    assert_eq!(amounts(&sold), amounts(&accepted));
    assert_eq!((stands(&mut shard, 1), stands(&mut shard, 2)), ((0, 0), (100_000 - rest, 0)));
    let Reply::Movements(2, _, movements) = ask(&mut shard, VoucherCommand::Movements(GROUP.voucher(2), 0, 1)) else { panic!("no book") };
    assert_eq!(movements.iter().map(|movement| (movement.number, movement.amount)).collect::<Vec<_>>(), [(2, -rest)]);
    // Again is not twice.
    assert_eq!(shard.order(&web, OrderCommand::Confirm(order, Vec::new())), sold);
    assert_eq!(stands(&mut shard, 2), (100_000 - rest, 0));
}

#[test]
fn everything_that_ends_a_pre_confirm_lets_go() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = basket(&mut shard, &web, &[4, 5], &[1]);
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.order(&web, OrderCommand::BackToBasket(order));
    assert_eq!(stands(&mut shard, 1), (3_000, 0));
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.run(&web, &Command::Order(OrderCommand::Delete(order))).unwrap();
    assert_eq!(stands(&mut shard, 1), (3_000, 0));
    let order = basket(&mut shard, &web, &[4, 5], &[1]);
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.pass(600_000);
    shard.tick();
    assert_eq!(stands(&mut shard, 1), (3_000, 0));
}

#[test]
fn what_overdue_orders_hold_can_be_had_at_once() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let over = basket(&mut shard, &web, &[4, 5], &[1]);
    shard.order(&web, OrderCommand::PreConfirm(over));
    shard.pass(600_000);
    // No tick has run.
    let order = basket(&mut shard, &web, &[0, 1], &[1]);
    assert_eq!(amounts(&shard.order(&web, OrderCommand::PreConfirm(order))), [3_000]);
    assert_eq!(stands(&mut shard, 1), (3_000, 3_000));
    assert_eq!(shard.refused(&web, OrderCommand::Read(over)), Code::OrderExpired);
    shard.tick();
    assert_eq!(stands(&mut shard, 1), (3_000, 3_000));
}

#[test]
fn a_crash_leaves_what_was_reserved() {
    let (mut shard, web) = with_vouchers(&[3_000, 500]);
    let order = basket(&mut shard, &web, &[4, 5], &[1, 2]);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    shard.world = shard.recovered();
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(amounts(&sold), [3_000, 500]);
    assert_eq!((stands(&mut shard, 1), stands(&mut shard, 2)), ((0, 0), (0, 0)));
}

#[test]
fn who_comes_late_gets_what_is_left_or_is_told() {
    let (mut shard, web) = with_vouchers(&[12_000]);
    let orders = [[0, 1], [4, 5], [10, 11]].map(|numbers| basket(&mut shard, &web, &numbers, &[1]));
    let first = shard.order(&web, OrderCommand::PreConfirm(orders[0]));
    let second = shard.order(&web, OrderCommand::PreConfirm(orders[1]));
    assert_eq!(amounts(&first)[0] + amounts(&second)[0], 12_000);
    assert!(second.totals().to_pay() > 0);
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(orders[2])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::VoucherBalanceEmpty, vec![7_000_001]));
    shard.order(&web, OrderCommand::RemoveVoucher(orders[2], VoucherId(7_000_001)));
    shard.order(&web, OrderCommand::PreConfirm(orders[2]));
}

#[test]
fn a_voucher_pays_for_its_events_and_in_its_currency() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = new_order(&mut shard, &web);
    shard.order(&web, OrderCommand::AddVoucher(order, shown(1)));
    let filled = shard.order(&web, auto(order, TOUR, FLOOR, 1));
    assert_eq!(amounts(&filled), [0], "these are dollars");
    shard.order(&web, buyer(order, "ada@example.com"));
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::VoucherGroupCurrencyNotFound, vec![7_000_001]));

    let order = basket(&mut shard, &web, &[4, 5], &[1]);
    save(&mut shard, Target::Existing(GROUP, None), &[2]);
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::VoucherCodeInvalid, vec![7_000_001]));
    assert_eq!(shard.refused(&web, OrderCommand::AddVoucher(order, shown(1))), Code::VoucherCodeInvalid);
    save(&mut shard, Target::Existing(GROUP, None), &[1, 2]);
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn wrong_tries_are_counted_although_they_are_refused() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = new_order(&mut shard, &web);
    for _ in 0..5 {
        assert_eq!(shard.refused(&web, OrderCommand::AddVoucher(order, shown(9))), Code::VoucherNotFound);
    }
    assert_eq!(shard.refused(&web, OrderCommand::AddVoucher(order, shown(1))), Code::VoucherRetriesLimitExceeded);
    // The right one is not remembered as wrong.
    let other = new_order(&mut shard, &web);
    for _ in 0..7 {
        shard.order(&web, OrderCommand::AddVoucher(other, shown(1)));
    }
}
