//! Whatever is given back of an order, in whatever order and with whatever goes along: it adds up to what was paid, and never to more.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use aforo_domain::identity::terms::{DeliveryKind, DeliveryMethod, Insurance, Premium};
use aforo_domain::ids::*;
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::orders::after::Refunded;
use aforo_domain::orders::extras::Extras;
use aforo_domain::orders::insurance::Insured;
use aforo_domain::orders::refunds::{DrawnUp, RefundRequest, draw_up};
use aforo_domain::orders::surcharges::OrderSurcharge;
use aforo_domain::orders::{Item, Order, Seller, Spot, Stage, TicketKind};
use aforo_domain::pricing::{Discount, ItemPrice, Taxed, Totals};
use aforo_domain::text::Language;
use aforo_domain::vouchers::TakenVoucher;
use proptest::prelude::*;

/// A price, of one of two sessions, insured or not: base, discount, both surcharges.
type Sold = (i64, i64, i64, i64, bool, bool);

fn item((id, (base, discount, promoter_surcharge, channel_surcharge, second, _)): (u64, Sold)) -> Item {
    let discounts = [Discount { promotion: PromotionId(1), amount: discount.min(base) }].into();
    let price = ItemPrice { base, promoter_surcharge, channel_surcharge, discounts, ..ItemPrice::default() };
    Item {
        id: ItemId(id),
        session: SessionId(1 + u64::from(second)),
        event: EventId(1),
        place: id as u32,
        spot: Spot::Seat(SeatId(id)),
        price_type: PriceTypeId(1),
        rate: RateId(1),
        kind: TicketKind::Sale,
        price: Arc::new(price),
        barcode: None,
        season: None,
    }
}

fn order(sold: &[Sold], per_order: [i64; 2], delivery: i64, vouchers: &[i64]) -> Order {
    let euro = Currency::parse("EUR").unwrap();
    let insurance = Insurance {
        id: InsuranceId(1),
        name: String::new(),
        names: Default::default(),
        premium: Premium::Fixed(99),
        terms_url: None,
        events: Vec::new(),
        before_ms: 0,
        tax: None,
    };
    let insured = (1..).zip(sold).filter(|(_, one)| one.5).map(|(id, _)| (ItemId(id), 99)).collect::<Vec<_>>();
    let items: Vec<_> = (1..).zip(sold.iter().copied()).map(item).collect();
    let surcharge = |(session, amount): (u64, i64)| OrderSurcharge {
        session: SessionId(session),
        event: EventId(1),
        taxed: Taxed::ChannelSurcharge,
        amount,
        taxes: [].into(),
    };
    let mut surcharges: Vec<_> =
        (1..).zip(per_order).map(surcharge).filter(|one| items.iter().any(|item| item.session == one.session)).collect();
    surcharges.sort_by_key(|one| std::cmp::Reverse(one.amount));
    let method = DeliveryMethod {
        id: DeliveryMethodId(1),
        kind: DeliveryKind::Post,
        name: String::new(),
        names: Default::default(),
        cost: delivery,
        before_ms: 0,
        tax: None,
    };
    let extras = Extras {
        delivery: Some(Arc::new(method)),
        insurances: vec![Insured { insurance: Arc::new(insurance), items: insured }],
        ..Extras::default()
    };
    let mut order = Order {
        id: OrderId([1; 16]),
        seller: Arc::new(Seller { channel: ChannelId(1), user: None, terminal: None, point_of_sale: None }),
        family: FamilyId([1; 16]),
        currency: euro,
        language: Language::parse("es-ES").unwrap(),
        created: Timestamp(0),
        stage: Stage::Confirm { at: Timestamp(0), code: OrderCode([b'A'; 12]), payments: Vec::new(), booked: false },
        items,
        surcharges,
        buyer: None,
        held_items: true,
        counted: Vec::new(),
        extras: Some(Box::new(extras)),
    };
    let mut left = order.totals().total();
    let taken = |(id, amount): (u64, &i64)| {
        let amount = left.min(*amount);
        left -= amount;
        TakenVoucher { id: VoucherId(id), group: VoucherGroupId(1), masked: String::new(), currency: euro, available: amount, amount }
    };
    let vouchers = (1..).zip(vouchers).map(taken).collect();
    order.extras.as_mut().unwrap().vouchers = vouchers;
    order
}

/// Gives these items back, and notes it.
fn give_back(order: &Order, items: Vec<ItemId>, [surcharges, delivery, insurance]: [bool; 3], pays: bool) -> (Order, DrawnUp, Totals) {
    let request = RefundRequest { items: items.clone(), surcharges, delivery, insurance, block_places: false, payments: vec![] };
    let drawn_up = draw_up(order, &request, true, |_| pays);
    let back = Order {
        items: drawn_up.items.clone(),
        surcharges: drawn_up.surcharges.clone(),
        extras: Some(Box::new(drawn_up.extras.clone())),
        ..order.clone()
    };
    let totals = back.totals();
    let note = Refunded {
        order: OrderId([2; 16]),
        code: OrderCode([b'B'; 12]),
        at: Timestamp(1),
        items,
        delivery: drawn_up.extras.delivery.is_some(),
        total: totals.total(),
        vouchers: drawn_up.vouchers.clone(),
        relocated: false,
        share: None,
    };
    (order.with_extras(|extras| extras.after.refunds.push(note)), drawn_up, totals)
}

fn sold() -> impl Strategy<Value = Vec<Sold>> {
    prop::collection::vec((0_i64..9_000, 0_i64..9_000, 0_i64..300, 0_i64..300, any::<bool>(), any::<bool>()), 1..7)
}

proptest! {
    #[test]
    fn what_comes_back_in_parts_is_what_was_paid(
        sold in sold(),
        per_order in [0_i64..500, 0_i64..500],
        delivery in 0_i64..900,
        vouchers in prop::collection::vec(1_i64..20_000, 0..3),
        parts in prop::collection::vec(0_usize..3, 7),
        asked in prop::collection::vec(any::<[bool; 3]>(), 3),
        all in any::<bool>(),
        pays in any::<bool>(),
    ) {
        let first = order(&sold, per_order, delivery, &vouchers);
        let (mut order, paid) = (first.clone(), first.totals());
        let (mut back, mut to_vouchers, mut noted) = (Totals::default(), 0, 0);
        for (part, asked) in asked.iter().enumerate() {
            let items: Vec<_> = first.items.iter().zip(&parts).filter(|(_, of)| **of == part).map(|(item, _)| item.id).collect();
            if items.is_empty() {
                continue;
            }
            let (after, drawn_up, totals) = give_back(&order, items, if all { [true; 3] } else { *asked }, pays);
            let noted_now: i64 = drawn_up.vouchers.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(totals.vouchers, if pays { noted_now } else { 0 });
            prop_assert!(totals.to_pay() >= 0 && noted_now <= totals.total());
            prop_assert!(noted_now == totals.total() || noted + noted_now == paid.vouchers, "vouchers first and in full");
            back.base += totals.base;
            back.promotions += totals.promotions;
            back.surcharges += totals.surcharges;
            back.insurance += totals.insurance;
            back.delivery += totals.delivery;
            to_vouchers += totals.vouchers;
            noted += noted_now;
            order = after;
        }
        prop_assert_eq!((back.base, back.promotions), (paid.base, paid.promotions));
        prop_assert!(back.surcharges <= paid.surcharges && back.insurance <= paid.insurance && back.delivery <= paid.delivery);
        prop_assert!(noted <= paid.vouchers && to_vouchers <= noted);
        if all {
            prop_assert_eq!(back, Totals { vouchers: 0, ..paid });
            prop_assert_eq!(noted, paid.vouchers);
        }
        prop_assert_eq!(order.totals(), paid, "its money never changes");
    }
}
