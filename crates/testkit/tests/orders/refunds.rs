//! Refunds: what comes back, to whom, and that nothing comes back twice. The laws are checked after every command.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, VoucherCommand};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::Permission;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::ItemId;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::refunds::RefundRequest;
use aforo_domain::orders::{Order, OrderKind, TicketState};
use aforo_testkit::world::{COUNTER, GALA, Shard};

use crate::vouchers::{GROUP, stands, with_vouchers};
use crate::{begun, buy, buyer, named, pay_all, seats};

/// Everything there is of these items.
fn all_of(order: &Order, indexes: &[usize]) -> RefundRequest {
    let items = indexes.iter().map(|index| order.items[*index].id).collect();
    RefundRequest { items, surcharges: true, delivery: true, insurance: true, block_places: false, payments: vec![] }
}

fn try_refund(shard: &mut Shard, actor: &Actor, order: &Order, request: RefundRequest) -> Result<Arc<Order>, Error> {
    match shard.run(actor, &Command::AfterSale(order.id, AfterSaleCommand::Refund(request)))? {
        Reply::Order(refund) => Ok(refund),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refund(shard: &mut Shard, actor: &Actor, order: &Order, request: RefundRequest) -> Arc<Order> {
    try_refund(shard, actor, order, request).unwrap_or_else(|error| panic!("{error}"))
}

fn read(shard: &mut Shard, actor: &Actor, order: &Order) -> Arc<Order> {
    shard.order(actor, OrderCommand::Read(order.id))
}

#[test]
fn all_of_it_comes_back_and_can_be_sold_again() {
    let (mut shard, web, _) = begun();
    let before = shard.places(GALA);
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let back = refund(&mut shard, &web, &sold, all_of(&sold, &[0, 1]));
    assert_eq!((back.kind(), back.totals()), (OrderKind::Refund, sold.totals()), "surcharges per order, too: nobody is left");
    assert_ne!((back.id, back.code()), (sold.id, sold.code()));
    assert_eq!(shard.places(GALA), before);
    let after = read(&mut shard, &web, &sold);
    assert_eq!((after.totals(), after.stage.clone()), (sold.totals(), sold.stage.clone()), "its money never changes");
    assert!(after.items.iter().all(|item| after.ticket_state(item.id) == TicketState::Refunded));
    shard.world = shard.recovered();
    let again = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "eve@example.com");
    assert_ne!(again.items[0].barcode, sold.items[0].barcode);
}

#[test]
fn nothing_comes_back_twice() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let first = refund(&mut shard, &web, &sold, all_of(&sold, &[0]));
    let per_order = sold.totals().total() - sold.items.iter().map(|item| item.price.total()).sum::<i64>();
    assert_eq!(first.totals().total(), sold.items[0].price.total(), "what is per order stays as long as somebody stays");
    let refused = try_refund(&mut shard, &web, &sold, all_of(&sold, &[0, 1])).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::ProductStateInvalid, vec![sold.items[0].id.0]));
    let unknown = RefundRequest { items: vec![sold.items[1].id, ItemId(7_777)], ..all_of(&sold, &[]) };
    let refused = try_refund(&mut shard, &web, &sold, unknown).unwrap_err();
    assert_eq!((refused.code, named(&refused)), (Code::OrderItemInvalid, vec![7_777]));
    let second = refund(&mut shard, &web, &sold, all_of(&sold, &[1]));
    assert_eq!(second.totals().total(), sold.items[1].price.total() + per_order);
    assert_eq!(first.totals().total() + second.totals().total(), sold.totals().total());
    // A refund is no sale.
    let refused = try_refund(&mut shard, &web, &first, all_of(&first, &[0])).unwrap_err();
    assert_eq!(refused.code, Code::OrderInvalidStatus);
}

#[test]
fn without_its_surcharges_an_item_comes_back_for_its_price() {
    let (mut shard, web, _) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let back = refund(&mut shard, &web, &sold, RefundRequest { surcharges: false, ..all_of(&sold, &[0, 1]) });
    let prices: i64 = sold.items.iter().map(|item| item.price.reduced()).sum();
    assert_eq!((back.totals().total(), back.totals().surcharges), (prices, 0));
}

#[test]
fn vouchers_get_back_first_what_they_had_paid() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = crate::vouchers::basket(&mut shard, &web, &[4, 5], &[1]);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(stands(&mut shard, 1), (0, 0));
    let first = refund(&mut shard, &web, &sold, all_of(&sold, &[0]));
    let item = sold.items[0].price.total();
    let to_voucher = item.min(3_000);
    assert_eq!((first.totals().vouchers, first.totals().to_pay()), (to_voucher, item - to_voucher));
    assert_eq!(stands(&mut shard, 1), (to_voucher, 0));
    let second = refund(&mut shard, &web, &sold, all_of(&sold, &[1]));
    assert_eq!(first.totals().vouchers + second.totals().vouchers, 3_000);
    assert_eq!(first.totals().to_pay() + second.totals().to_pay(), sold.totals().to_pay());
    assert_eq!(stands(&mut shard, 1), (3_000, 0));
}

#[test]
fn what_a_blocked_voucher_paid_is_paid_out() {
    let (mut shard, web) = with_vouchers(&[3_000]);
    let order = crate::vouchers::basket(&mut shard, &web, &[4, 5], &[1]);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    let block = |blocked| Command::Catalogue(CatalogueCommand::Vouchers(VoucherCommand::Block(GROUP.voucher(1), None, blocked)));
    shard.run(&Actor::System, &block(true)).unwrap();
    let first = refund(&mut shard, &web, &sold, all_of(&sold, &[0]));
    assert_eq!(first.totals().to_pay(), sold.items[0].price.total());
    shard.run(&Actor::System, &block(false)).unwrap();
    let second = refund(&mut shard, &web, &sold, all_of(&sold, &[1]));
    let used = sold.items[0].price.total().min(3_000);
    assert_eq!((stands(&mut shard, 1).0, second.totals().vouchers), (3_000 - used, 3_000 - used), "what was paid out does not come again");
}

#[test]
fn a_unit_of_a_product_is_in_stock_again() {
    let (mut shard, web, order) = crate::products::shop();
    shard.order(&web, seats(order, GALA, &[4]));
    shard.order(&web, crate::products::add(order, &[(crate::products::PROGRAMME, 2)]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    let units: Vec<_> = sold.extras().products.iter().map(|unit| unit.id).collect();
    let one = RefundRequest { items: vec![units[0]], ..all_of(&sold, &[]) };
    let back = refund(&mut shard, &web, &sold, one.clone());
    assert_eq!((back.totals().total(), back.items.len(), back.extras().products.len()), (300, 0, 1));
    assert_eq!(crate::products::taken(&shard, crate::products::PROGRAMME), 1);
    assert_eq!(try_refund(&mut shard, &web, &sold, one).unwrap_err().code, Code::ProductStateInvalid);
    let rest = RefundRequest { items: vec![sold.items[0].id, units[1]], ..all_of(&sold, &[]) };
    let rest = refund(&mut shard, &web, &sold, rest);
    assert_eq!(back.totals().total() + rest.totals().total(), sold.totals().total());
    assert_eq!(crate::products::taken(&shard, crate::products::PROGRAMME), 0);
}

#[test]
fn who_may_give_back_and_who_may_block() {
    let (mut shard, web, open) = begun();
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let counter = shard.at_counter(COUNTER, &[Permission::Refund]);
    let refused = |shard: &mut Shard, actor: &Actor, order: &Order, request| try_refund(shard, actor, order, request).unwrap_err().code;
    assert_eq!(refused(&mut shard, &counter, &sold, all_of(&sold, &[0])), Code::OrderNotFound, "another channel's");
    let nobody = shard.at_counter(COUNTER, &[]);
    assert_eq!(refused(&mut shard, &nobody, &sold, all_of(&sold, &[0])), Code::Auth0027);
    let basket = shard.order(&web, seats(open, GALA, &[10, 11]));
    assert_eq!(refused(&mut shard, &web, &basket, all_of(&basket, &[0])), Code::OrderNotFound, "it has no code");
    shard.order(&web, buyer(open, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(open));
    assert_eq!(refused(&mut shard, &web, &basket, all_of(&basket, &[0])), Code::OrderInvalidStatus);
    let blocking = RefundRequest { block_places: true, ..all_of(&sold, &[0, 1]) };
    refund(&mut shard, &web, &sold, blocking);
    assert_eq!(&shard.places(GALA)[4..6], "##");
}
