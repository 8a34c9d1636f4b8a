//! Barcodes out of a pool: reserved at pre-confirm, used at confirm, given back by everything else.

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::manage::{CatalogueCommand, NotAdded};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::Code;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{Barcode, OrderId, SessionId};
use aforo_domain::orders::Order;
use aforo_testkit::world::{FLOOR, GALA, MATINEE, Shard, TOUR, WEB};

use crate::{auto, buy, buyer, named, new_order, pay_all, seats};

/// The gala sells from a pool of these.
fn pooled(barcodes: &[&str]) -> (Shard, Actor) {
    let mut shard = Shard::new();
    shard.edit_session(GALA, |session| session.barcodes = BarcodeSource::Imported);
    assert_eq!(import(&mut shard, GALA, barcodes), (barcodes.len() as u32, 0, vec![]));
    (shard, Shard::channel(WEB))
}

/// How many were added, how many were known, and which were refused.
fn import(shard: &mut Shard, session: SessionId, barcodes: &[&str]) -> (u32, u32, Vec<(u32, NotAdded)>) {
    let barcodes = barcodes.iter().map(|text| Barcode::parse(text).unwrap()).collect();
    match shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::ImportBarcodes(session, barcodes))) {
        Ok(Reply::Imported(report)) => (report.added, report.known, report.refused.clone()),
        other => panic!("{other:?}"),
    }
}

/// How many are free, reserved and used.
fn counts(shard: &mut Shard) -> [u64; 3] {
    match shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::ReadBarcodes(GALA, 0, 10))) {
        Ok(Reply::Pool(page)) => [page.free, page.reserved, page.used],
        other => panic!("{other:?}"),
    }
}

/// A pre-confirmed order of these seats.
fn waiting(shard: &mut Shard, actor: &Actor, numbers: &[u64]) -> OrderId {
    let order = new_order(shard, actor);
    shard.order(actor, seats(order, GALA, numbers));
    shard.order(actor, buyer(order, "ada@example.com"));
    shard.order(actor, OrderCommand::PreConfirm(order));
    order
}

fn barcodes(order: &Order) -> Vec<&str> {
    order.items.iter().map(|item| item.barcode.as_ref().map_or("", Barcode::as_str)).collect()
}

#[test]
fn a_sale_takes_the_smallest_and_no_other_session_does() {
    let (mut shard, web) = pooled(&["B-3", "A-1", "B-2", "a-0"]);
    let order = waiting(&mut shard, &web, &[4, 5]);
    assert_eq!(counts(&mut shard), [2, 2, 0]);
    let accepted = shard.order(&web, OrderCommand::Read(order));
    assert_eq!(barcodes(&accepted), ["", ""], "nobody is shown what is not paid");
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(barcodes(&sold), ["A-1", "B-2"]);
    assert_eq!(counts(&mut shard), [2, 0, 2]);
    let other = buy(&mut shard, &web, |order| seats(order, MATINEE, &[4, 5]), "ada@example.com");
    assert!(other.items.iter().all(|item| item.barcode.as_ref().unwrap().looks_generated()));
    assert_eq!(counts(&mut shard), [2, 0, 2]);
}

#[test]
fn an_order_may_be_of_sessions_with_and_without_a_pool() {
    let (mut shard, web) = pooled(&["A-1"]);
    let order = new_order(&mut shard, &web);
    shard.order(&web, auto(order, MATINEE, FLOOR, 1));
    shard.order(&web, auto(order, GALA, FLOOR, 1));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert!(sold.items[0].barcode.as_ref().unwrap().looks_generated());
    assert_eq!(barcodes(&sold)[1], "A-1");
}

#[test]
fn pre_confirm_names_the_seats_that_no_barcode_is_left_for() {
    let (mut shard, web) = pooled(&["A-1", "A-2", "A-3"]);
    waiting(&mut shard, &web, &[0, 1]);
    let order = new_order(&mut shard, &web);
    // Whoever fills a basket is not stopped.
    let filled = shard.order(&web, seats(order, GALA, &[4, 5, 6]));
    shard.order(&web, buyer(order, "bob@example.com"));
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![Shard::seat(5).0, Shard::seat(6).0]));
    assert_eq!(counts(&mut shard), [1, 2, 0]);
    shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.items[1].id, filled.items[2].id]));
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(counts(&mut shard), [0, 3, 0]);
    // Places of zones have no seat to name.
    let standing = new_order(&mut shard, &web);
    shard.order(&web, auto(standing, GALA, FLOOR, 1));
    shard.order(&web, buyer(standing, "eve@example.com"));
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(standing)).unwrap_err();
    assert_eq!((refusal.code, refusal.details), (Code::OrderSeatNotAvailable, vec![]));
    assert_eq!(import(&mut shard, GALA, &["A-4"]).0, 1);
    shard.order(&web, OrderCommand::PreConfirm(standing));
}

#[test]
fn back_to_the_basket_deletion_and_expiry_give_everything_back() {
    let (mut shard, web) = pooled(&["A-1", "A-2"]);
    let order = waiting(&mut shard, &web, &[4, 5]);
    assert_eq!(counts(&mut shard), [0, 2, 0]);
    shard.order(&web, OrderCommand::BackToBasket(order));
    assert_eq!(counts(&mut shard), [2, 0, 0]);
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.run(&web, &Command::Order(OrderCommand::Delete(order))).unwrap();
    assert_eq!(counts(&mut shard), [2, 0, 0]);
    waiting(&mut shard, &web, &[4, 5]);
    shard.pass(600_000);
    shard.tick();
    assert_eq!(counts(&mut shard), [2, 0, 0]);
}

#[test]
fn what_an_order_holds_whose_time_is_over_can_be_had_at_once() {
    let (mut shard, web) = pooled(&["A-1", "A-2", "A-3"]);
    let over = waiting(&mut shard, &web, &[4, 5]);
    shard.pass(600_000);
    // No tick has run.
    let order = waiting(&mut shard, &web, &[0, 1]);
    assert_eq!(counts(&mut shard), [1, 2, 0]);
    assert_eq!(shard.refused(&web, OrderCommand::Read(over)), Code::OrderExpired);
    let accepted = shard.order(&web, OrderCommand::Read(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(barcodes(&sold), ["A-3", "A-1"]);
}

#[test]
fn a_crash_leaves_what_was_reserved_and_used() {
    let (mut shard, web) = pooled(&["A-1", "A-2", "A-3", "A-4"]);
    let order = waiting(&mut shard, &web, &[0, 1]);
    buy(&mut shard, &web, |order| seats(order, GALA, &[4]), "bob@example.com");
    shard.world = shard.recovered();
    assert_eq!(counts(&mut shard), [1, 2, 1]);
    assert_eq!(import(&mut shard, GALA, &["A-3", "A-1"]), (0, 2, vec![]), "used and reserved ones are known");
    let accepted = shard.order(&web, OrderCommand::Read(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(barcodes(&sold), ["A-1", "A-2"]);
}

#[test]
fn a_barcode_is_in_one_pool_for_ever() {
    let (mut shard, web) = pooled(&["A-1", "A-2"]);
    buy(&mut shard, &web, |order| seats(order, GALA, &[4]), "ada@example.com");
    assert_eq!(import(&mut shard, TOUR, &["A-2", "T-1", "A-1", "T-1"]), (1, 1, vec![(0, NotAdded::InUse), (2, NotAdded::InUse)]));
    assert_eq!(import(&mut shard, GALA, &["A-1", "A-2", "A-3"]), (1, 2, vec![]));
    let remove = Command::Catalogue(CatalogueCommand::RemoveBarcodes(GALA, 1));
    assert_eq!(shard.run(&Actor::System, &remove), Ok(Reply::Removed(1)));
    assert_eq!(import(&mut shard, TOUR, &["A-2", "A-3", "A-1"]), (1, 0, vec![(1, NotAdded::InUse), (2, NotAdded::InUse)]));
    let generated = [Barcode::parse("23456ABCDEFGHJKMNPQRST").unwrap()];
    let refused = shard.run(&Actor::System, &Command::Catalogue(CatalogueCommand::ImportBarcodes(GALA, generated.into())));
    assert_eq!(refused.map_err(|error| error.code), Err(Code::Dist0005));
}
