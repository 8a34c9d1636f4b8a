//! What was given back of the one order that is sold: the note of it, and every other line of a book that there is.

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::commissions::{CommissionTerms, Commissions};
use aforo_domain::ids::*;
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::after::Refunded;
use aforo_domain::orders::cancellations::{Cancellation, Progress, RefundTerms};
use aforo_domain::orders::extras::Extras;
use aforo_domain::orders::postponed::Postponed;
use aforo_domain::orders::refunds::DrawnUp;
use aforo_domain::orders::relocation::Replaces;
use aforo_domain::orders::{History, HistoryEvent, Seller, Stage};
use aforo_domain::pricing::Totals;
use aforo_domain::vouchers::{MovementKind, VoucherMovement};

use crate::rows::{AT_REST, CODE, CONFIRMED, NOW, euro, order, payment};

pub const REFUND: OrderId = OrderId([0xc2; 16]);
pub const REFUND_CODE: OrderCode = OrderCode(*b"REFUNDREFUND");

pub fn refunded() -> Refunded {
    let (items, vouchers) = (vec![ItemId(5)], vec![(VoucherId(7), 700)]);
    Refunded {
        order: REFUND,
        code: REFUND_CODE,
        at: NOW,
        items,
        delivery: true,
        total: 4_449,
        vouchers,
        relocated: true,
        share: Some(SessionId(52)),
    }
}

/// What the refund, for want of another order, was given for.
pub fn replaces(order: OrderId) -> Option<Box<Replaces>> {
    let back = DrawnUp { items: Vec::new(), surcharges: Vec::new(), extras: Extras::default(), vouchers: vec![(VoucherId(7), 700)] };
    let replaces =
        Replaces { order: CONFIRMED, code: CODE, items: vec![(ItemId(5), ItemId(8))], back, credit: 0, payouts: vec![payment()] };
    (order == REFUND).then(|| Box::new(replaces))
}

/// The refund, what a voucher has back, and every line of a book but that of the sale.
pub fn rows(by: &Seller) -> Vec<Row> {
    let what = MovementKind::Refunded { order: REFUND, code: REFUND_CODE };
    let movement = VoucherMovement { voucher: AT_REST, number: 4, at: NOW, amount: 700, what };
    let refund = order(REFUND, Stage::Refund { at: NOW, code: REFUND_CODE, of: CONFIRMED, of_code: CODE, payments: vec![payment()] });
    let mut rows = vec![
        refund.into(),
        Arc::new(movement).into(),
        Arc::new(cancellation()).into(),
        Arc::new(postponed()).into(),
        Arc::new(commissions()).into(),
    ];
    let (currency, tickets) = (Currency::parse("EUR").unwrap(), 1);
    let lines = [
        HistoryEvent::Refunded { refund: REFUND_CODE, totals: totals(), currency, tickets },
        HistoryEvent::Refunds { of: CODE, totals: totals(), currency, tickets },
        HistoryEvent::Relocated { to: REFUND_CODE, items: vec![(ItemId(5), ItemId(8))], totals: totals(), currency, tickets },
        HistoryEvent::Relocates { of: CODE, items: vec![(ItemId(5), ItemId(8))], totals: totals(), currency, tickets },
        HistoryEvent::Cancelled { session: SessionId(51), items: vec![ItemId(5)] },
        HistoryEvent::Postponed { session: SessionId(51), from: NOW, to: NOW },
        HistoryEvent::Noted { text: "«?»".to_owned() },
        HistoryEvent::Resent { to: "z***@example.org".to_owned() },
        HistoryEvent::AttendeesChanged { items: vec![ItemId(5)] },
        HistoryEvent::Reprinted { dead: vec![(ItemId(5), "****8905".to_owned())] },
        HistoryEvent::Transferred { to: "b***@example.org".to_owned(), dead: vec![(ItemId(5), "****8905".to_owned())] },
        HistoryEvent::Erased,
    ];
    let line = |(number, what)| Row::from(Arc::new(History { order: CONFIRMED, number, at: NOW, by: by.clone(), what }));
    rows.extend((2..).zip(lines).map(line));
    rows.extend(crate::market::rows(by));
    rows
}

fn commissions() -> Commissions {
    let terms = CommissionTerms { promoter: Some(EntityId(11)), percent: Percent(65_000), per_ticket: 30, kept_on_refund: true };
    Commissions { channel: ChannelId(21), terms: vec![CommissionTerms { promoter: None, ..terms.clone() }, terms], version: 2 }
}

fn postponed() -> Postponed {
    Postponed { session: SessionId(51), at: NOW, moved: 4, from: NOW, through: ItemId(7), orders: 4, done: false, version: 5 }
}

fn cancellation() -> Cancellation {
    Cancellation {
        session: SessionId(51),
        started: NOW,
        refund: Some(RefundTerms { surcharges: true, delivery: false, insurance: true }),
        state: Progress::Done { at: NOW, left: 2 },
        through: ItemId(7),
        bookings: 3,
        orders: 4,
        tickets: 5,
        total: 6_000,
        currency: euro(),
        shares: 2,
        version: 7,
    }
}

/// What a confirmed order of one item adds up to.
pub fn totals() -> Totals {
    Totals { base: 4_850, promotions: 500, surcharges: 349, insurance: 205, delivery: 350, vouchers: 0, credit: 0 }
}
