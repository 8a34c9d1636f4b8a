//! From basket to tickets: what pre-confirm asks for, what confirm takes.

use std::collections::HashSet;
use std::sync::Arc;

use aforo_domain::catalogue::{Event, Readiness};
use aforo_domain::command::OrderCommand;
use aforo_domain::error::Code;
use aforo_domain::identity::BuyerField;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::OrderId;
use aforo_domain::money::Decimal;
use aforo_domain::orders::{Buyer, Order, PaymentKind, PaymentRequest};
use aforo_testkit::world::{FLOOR, GALA, MATINEE, Shard, WEB};

use crate::{auto, begun, buy, buyer, named, new_order, pay, pay_all, seats};

#[test]
fn an_order_without_items_or_buyer_is_not_pre_confirmed() {
    let (mut shard, web, order) = begun();
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::OrderWithoutItems);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::OrderBuyerDataRequired);
    shard.order(&web, buyer(order, ""));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::OrderBuyerDataRequired);
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn the_channels_form_says_which_fields_must_be_filled() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    type Fill = fn(&mut Buyer, Option<String>);
    let fields: [(BuyerField, Fill); 8] = [
        (BuyerField::Name, |buyer, text| buyer.name = text),
        (BuyerField::Surname, |buyer, text| buyer.surname = text),
        (BuyerField::Phone, |buyer, text| buyer.phone = text),
        (BuyerField::IdNumber, |buyer, text| buyer.id_number = text),
        (BuyerField::Address, |buyer, text| buyer.address = text),
        (BuyerField::City, |buyer, text| buyer.city = text),
        (BuyerField::PostalCode, |buyer, text| buyer.postal_code = text),
        (BuyerField::Country, |buyer, text| buyer.country = text),
    ];
    let mut filled = Buyer { email: "ada@example.com".to_owned(), ..Buyer::default() };
    for (field, set) in fields {
        shard.edit_channel(WEB, |channel| channel.buyer_mandatory = vec![BuyerField::Email, field]);
        assert_eq!(ask(&mut shard, &web, order, &filled), Some(Code::OrderBuyerDataRequired), "{field:?}");
        set(&mut filled, Some("filled".to_owned()));
        assert_eq!(ask(&mut shard, &web, order, &filled), None, "{field:?}");
        shard.order(&web, OrderCommand::BackToBasket(order));
        set(&mut filled, None);
    }
}

fn ask(shard: &mut Shard, web: &Actor, order: OrderId, buyer: &Buyer) -> Option<Code> {
    shard.order(web, OrderCommand::SetBuyer(order, Arc::new(buyer.clone())));
    shard.try_order(web, OrderCommand::PreConfirm(order)).err().map(|error| error.code)
}

/// An order of two stalls that waits to be paid: 2 x (50 + 1.50 + 2), and 3 an order.
fn waiting() -> (Shard, Actor, Arc<Order>) {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let order = shard.order(&web, OrderCommand::PreConfirm(order));
    (shard, web, order)
}

#[test]
fn payments_must_come_to_what_is_to_pay() {
    let (mut shard, web, order) = waiting();
    let order = order.id;
    assert_eq!(shard.refused(&web, pay(order, "109.99")), Code::PurchaseNotTotallyPaid);
    assert_eq!(shard.refused(&web, OrderCommand::Confirm(order, Vec::new())), Code::PurchaseNotTotallyPaid);
    assert_eq!(shard.refused(&web, pay(order, "110.01")), Code::Dist0005);
    assert_eq!(shard.refused(&web, pay(order, "110.001")), Code::Dist0004);
    assert_eq!(shard.refused(&web, pay(order, "-110")), Code::Dist0005);
    let part = |kind, amount| PaymentRequest { kind, amount: Decimal::parse(amount).unwrap(), reference: Some("till 4".to_owned()) };
    let parts = vec![part(PaymentKind::Cash, "10.5"), part(PaymentKind::Card, "99.50")];
    let sold = shard.order(&web, OrderCommand::Confirm(order, parts));
    assert_eq!(sold.totals().to_pay(), 11_000);
}

#[test]
fn a_free_order_takes_no_payment() {
    let (mut shard, web, order) = begun();
    shard.edit_channel(WEB, |channel| channel.surcharges.clear());
    shard.edit_session(GALA, |session| {
        session.surcharges.clear();
        session.prices.values_mut().for_each(|price| *price = 0);
    });
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.refused(&web, pay(order, "0.01")), Code::Dist0005);
    shard.order(&web, OrderCommand::Confirm(order, Vec::new()));
}

#[test]
fn confirming_again_with_the_same_payments_answers_the_same() {
    let (mut shard, web, order) = waiting();
    let sold = shard.order(&web, pay_all(&order));
    assert_eq!(shard.order(&web, pay_all(&order)), sold);
    assert_eq!(shard.order(&web, pay(order.id, "110.0000")), sold);
    assert_eq!(shard.refused(&web, pay(order.id, "109")), Code::OrderInvalidStatus);
    assert_eq!(shard.refused(&web, OrderCommand::Confirm(order.id, Vec::new())), Code::OrderInvalidStatus);
}

#[test]
fn every_ticket_has_a_barcode_of_its_own() {
    let (mut shard, web, _) = begun();
    let mut barcodes = HashSet::new();
    for pair in 0..4 {
        let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[2 * pair, 2 * pair + 1]), "ada@example.com");
        barcodes.extend(sold.items.iter().map(|item| item.barcode.clone().unwrap()));
    }
    assert_eq!(barcodes.len(), 8);
    assert_eq!(shard.places(GALA).matches('X').count(), 8);
}

#[test]
fn only_a_cancelled_session_stops_what_was_accepted() {
    let (mut shard, web, order) = waiting();
    // Switched off, unpublished, ended, no longer prepared: what was accepted is sold.
    shard.edit_session(GALA, |session| {
        session.selling = false;
        session.readiness = Readiness::Planned;
        session.sale.end = session.sale.start;
        session.buyer_limit = Some(1);
    });
    shard.edit_channel(WEB, |channel| channel.max_items = 1);
    shard.edit_session(GALA, |session| session.readiness = Readiness::Cancelled);
    let refusal = shard.try_order(&web, pay_all(&order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::SessionNotFound, vec![GALA.0]));
    shard.edit_session(GALA, |session| session.readiness = Readiness::Ready);
    let event = Event::clone(&shard.world.catalogue.offers[&GALA].event);
    shard.put(Arc::new(Event { readiness: Readiness::Cancelled, ..event.clone() }));
    assert_eq!(shard.refused(&web, pay_all(&order)), Code::SessionNotFound);
    shard.put(Arc::new(event));
    shard.edit_session(GALA, |session| session.readiness = Readiness::Planned);
    shard.order(&web, pay_all(&order));
}

#[test]
fn a_crash_leaves_what_was_sold_and_held() {
    let (mut shard, web, order) = begun();
    shard.order(&web, seats(order, GALA, &[4, 5]));
    let sold = buy(&mut shard, &web, |order| auto(order, GALA, FLOOR, 3), "ada@example.com");
    let other = new_order(&mut shard, &web);
    shard.order(&web, seats(other, MATINEE, &[4, 5]));
    shard.world = shard.recovered();
    assert_eq!(shard.places(GALA).matches('h').count(), 2);
    assert_eq!(shard.places(GALA).matches('X').count(), 3);
    assert_eq!(shard.order(&web, OrderCommand::Read(sold.id)), sold);
    let more = shard.order(&web, auto(order, GALA, FLOOR, 2));
    assert_eq!(more.items.iter().map(|item| item.place).collect::<Vec<_>>(), [4, 5, 33, 34]);
    // Ids go on where nobody has been.
    let ids: HashSet<_> = more.items.iter().chain(&sold.items).map(|item| item.id).collect();
    assert_eq!(ids.len(), 7);
}
