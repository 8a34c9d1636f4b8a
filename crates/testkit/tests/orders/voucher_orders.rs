//! Voucher orders: what they promise and make, and what comes of those that are not paid.

use std::array;
use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, Issue, Target, VoucherCommand, VoucherGroupSpec};
use aforo_domain::change::{Counter, CounterKey};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{EntityId, VoucherGroupId, VoucherOrderId};
use aforo_domain::moment::{DAY_MS, Timestamp};
use aforo_domain::money::{Currency, Decimal};
use aforo_domain::orders::{Buyer, PaymentKind, PaymentRequest};
use aforo_domain::voucher_orders::manage::{GiftCommand, GiftVouchersSpec};
use aforo_domain::voucher_orders::sell::{GiftPayment, NewGift, NewVoucherOrder, VoucherOrderCommand};
use aforo_domain::voucher_orders::{GiftDelivery, Receiver, Stage, VoucherOrder};
use aforo_domain::vouchers::{MAX_OF_GROUP, NewVoucher, ShownVoucher};
use aforo_testkit::world::{GALA, PARTNER, Shard, WEB};

use crate::{buyer, new_order, seats};

const GROUP: VoucherGroupId = VoucherGroupId(7);

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn group() -> VoucherGroupSpec {
    VoucherGroupSpec {
        entity: Some(EntityId(1)),
        name: "Gift".to_owned(),
        names: Default::default(),
        currencies: vec![euro()],
        channels: Vec::new(),
        events: Vec::new(),
        status: Status::Active,
        valid_from: None,
        valid_until: None,
        pins: false,
        collective: None,
    }
}

fn offer() -> GiftVouchersSpec {
    GiftVouchersSpec {
        status: Status::Active,
        group: GROUP,
        currency: euro(),
        amounts: vec![2_500, 5_000],
        range: None,
        images: Vec::new(),
        by_email: true,
        by_hand: true,
        max_days_ahead: 30,
        life_days: Some(365),
    }
}

fn manage(shard: &mut Shard, command: Command) -> Result<Reply, Error> {
    shard.run(&Actor::System, &command)
}

fn save_group(shard: &mut Shard, target: Target<VoucherGroupId>, spec: VoucherGroupSpec) {
    manage(shard, Command::Catalogue(CatalogueCommand::Vouchers(VoucherCommand::SaveGroup(target, spec)))).unwrap();
}

/// A shard whose web channel sells gift vouchers.
fn selling() -> (Shard, Actor) {
    let mut shard = Shard::new();
    save_group(&mut shard, Target::New(Some(GROUP)), group());
    manage(&mut shard, Command::GiftVouchers(WEB, GiftCommand::Offer(None, offer()))).unwrap();
    (shard, Shard::channel(WEB))
}

fn ask(shard: &mut Shard, actor: &Actor, command: VoucherOrderCommand) -> Result<Arc<VoucherOrder>, Error> {
    match shard.run(actor, &Command::VoucherOrder(command))? {
        Reply::VoucherOrder(order) => Ok(order),
        other => panic!("{other:?} is no voucher order"),
    }
}

fn gifts(amounts: &[&str], on: Option<Timestamp>) -> VoucherOrderCommand {
    let gift = |amount: &&str| NewGift {
        amount: Decimal::parse(amount).unwrap(),
        image: None,
        receiver: Receiver { email: Some("zoe@example.org".to_owned()), ..Receiver::default() },
        delivery: GiftDelivery::Email { on },
    };
    let buyer = Buyer { email: "ada@example.org".to_owned(), ..Buyer::default() };
    VoucherOrderCommand::Create(Box::new(NewVoucherOrder {
        language: None,
        buyer: Arc::new(buyer),
        items: amounts.iter().map(gift).collect(),
    }))
}

fn confirm(id: VoucherOrderId, amount: &str) -> VoucherOrderCommand {
    let payment = PaymentRequest { kind: PaymentKind::Card, amount: Decimal::parse(amount).unwrap(), reference: None };
    let made = Box::new(array::from_fn(|nth| NewVoucher::of(format!("GIFT {id} {nth}"), Some("123456".to_owned()))));
    VoucherOrderCommand::Confirm(id, GiftPayment { accepted: true, payment }, made)
}

fn pre_confirmed(shard: &mut Shard, web: &Actor, amounts: &[&str]) -> VoucherOrderId {
    let order = ask(shard, web, gifts(amounts, None)).unwrap();
    ask(shard, web, VoucherOrderCommand::PreConfirm(order.id)).unwrap().id
}

fn promised(shard: &Shard) -> i64 {
    shard.world.counter(&CounterKey::PromisedVouchers(GROUP))
}

#[test]
fn what_is_sold_are_vouchers_like_any_other() {
    let (mut shard, web) = selling();
    let id = pre_confirmed(&mut shard, &web, &["25", "50"]);
    assert_eq!((promised(&shard), shard.world.counter(&CounterKey::Vouchers(GROUP))), (2, 0));
    let sold = ask(&mut shard, &web, confirm(id, "75")).unwrap();
    assert_eq!((promised(&shard), shard.world.counter(&CounterKey::Vouchers(GROUP))), (0, 2));
    assert_eq!(ask(&mut shard, &web, confirm(id, "75")).unwrap(), sold, "once");
    let Stage::Confirm { until, vouchers, .. } = &sold.stage else { panic!("{sold:?}") };
    assert_eq!(*until, Some(shard.now.plus_ms(365 * DAY_MS)));
    assert!(vouchers.iter().all(|voucher| !voucher.has_pin), "the group has none");
    // The group's next voucher is another one.
    let issued =
        Issue { group: GROUP, amount: 1, currency: euro(), expires: None, vouchers: vec![(ShownVoucher::of("X", None), "X".to_owned())] };
    let issued = manage(&mut shard, Command::Catalogue(CatalogueCommand::Vouchers(VoucherCommand::Issue(issued)))).unwrap();
    assert_eq!(issued, Reply::Ids(vec![GROUP.voucher(3).0]));

    let order = new_order(&mut shard, &web);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "zoe@example.com"));
    shard.order(&web, OrderCommand::AddVoucher(order, ShownVoucher::of(&format!("GIFT {id} 1"), None)));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(accepted.extras().vouchers[0].amount, 5_000.min(accepted.totals().total()));
}

#[test]
fn who_does_not_pay_gets_nothing_and_holds_nothing() {
    let (mut shard, web) = selling();
    let over = pre_confirmed(&mut shard, &web, &["25"]);
    let dropped = pre_confirmed(&mut shard, &web, &["25", "25"]);
    shard.run(&web, &Command::VoucherOrder(VoucherOrderCommand::Delete(dropped))).unwrap();
    assert_eq!(promised(&shard), 1);
    shard.pass(600_000);
    // No tick has run, and it is over all the same.
    assert_eq!(ask(&mut shard, &web, confirm(over, "25")).unwrap_err().code, Code::VoucherOrderInvalidStatus);
    assert!(matches!(ask(&mut shard, &web, VoucherOrderCommand::Read(over)).unwrap().stage, Stage::Expired { .. }));
    shard.tick();
    assert_eq!((promised(&shard), shard.world.voucher_orders.live(WEB)), (0, 0));
    shard.world = shard.recovered();
    assert!(ask(&mut shard, &web, VoucherOrderCommand::Read(over)).unwrap().items.is_empty());
    shard.pass(DAY_MS);
    assert_eq!(ask(&mut shard, &web, VoucherOrderCommand::Read(over)).unwrap_err().code, Code::VoucherOrderNotFound);
    shard.tick();
    assert_eq!(shard.world.voucher_orders.resident().count(), 0);
}

#[test]
fn what_pre_confirm_accepted_confirm_accepts() {
    let (mut shard, web) = selling();
    let id = pre_confirmed(&mut shard, &web, &["25"]);
    save_group(&mut shard, Target::Existing(GROUP, None), VoucherGroupSpec { status: Status::Inactive, pins: true, ..group() });
    let off = GiftVouchersSpec { status: Status::Inactive, amounts: vec![1], life_days: None, ..offer() };
    manage(&mut shard, Command::GiftVouchers(WEB, GiftCommand::Offer(None, off))).unwrap();
    assert_eq!(ask(&mut shard, &web, gifts(&["25"], None)).unwrap_err().code, Code::VoucherOrderInvalidConfigStatus);
    shard.world = shard.recovered();
    let sold = ask(&mut shard, &web, confirm(id, "25")).unwrap();
    let Stage::Confirm { until, vouchers, .. } = &sold.stage else { panic!("{sold:?}") };
    assert!(until.is_some() && vouchers[0].has_pin, "its life is that of its day, its PIN what its group asks by now");
}

#[test]
fn a_full_group_sells_no_more() {
    let (mut shard, web) = selling();
    shard.check_laws = false;
    shard.put(Counter { key: CounterKey::Vouchers(GROUP), value: MAX_OF_GROUP.cast_signed() - 2 });
    let [first, second] = [["25", "25"], ["25", "25"]].map(|amounts| ask(&mut shard, &web, gifts(&amounts, None)).unwrap().id);
    ask(&mut shard, &web, VoucherOrderCommand::PreConfirm(first)).unwrap();
    let refused = ask(&mut shard, &web, VoucherOrderCommand::PreConfirm(second)).unwrap_err();
    assert_eq!(refused.code, Code::VoucherOrderInvalidConfigStatus, "the first has what is left");
    let issue =
        Issue { group: GROUP, amount: 1, currency: euro(), expires: None, vouchers: vec![(ShownVoucher::of("X", None), "X".to_owned())] };
    let issue = Command::Catalogue(CatalogueCommand::Vouchers(VoucherCommand::Issue(issue)));
    assert_eq!(manage(&mut shard, issue).unwrap_err().code, Code::Conflict, "and nobody takes it away");
    ask(&mut shard, &web, confirm(first, "50")).unwrap();
}

#[test]
fn days_are_counted_and_codes_are_told_apart() {
    let (mut shard, web) = selling();
    // 2030-03-17T17:46:40Z.
    let today = Timestamp(shard.now.0.div_euclid(DAY_MS * 1_000) * DAY_MS * 1_000);
    for (days, good) in [(-1, false), (0, true), (30, true), (31, false)] {
        let made = ask(&mut shard, &web, gifts(&["25"], Some(today.plus_ms(days * DAY_MS))));
        assert_eq!(made.map_err(|error| error.code).err(), (!good).then_some(Code::VoucherOrderInvalidDeliveryDate), "{days}");
    }
    let until = today.plus_ms(5 * DAY_MS);
    save_group(&mut shard, Target::Existing(GROUP, None), VoucherGroupSpec { valid_until: Some(until), ..group() });
    ask(&mut shard, &web, gifts(&["25"], Some(today.plus_ms(4 * DAY_MS)))).unwrap();
    let late = ask(&mut shard, &web, gifts(&["25"], Some(until))).unwrap_err();
    assert_eq!(late.code, Code::VoucherOrderInvalidDeliveryDate, "it would pay nothing any more");
    // The partner's channel knows nothing of it.
    let id = pre_confirmed(&mut shard, &web, &["25"]);
    let partner = Shard::channel(PARTNER);
    assert_eq!(ask(&mut shard, &partner, confirm(id, "25")).unwrap_err().code, Code::VoucherOrderNotFound);
}
