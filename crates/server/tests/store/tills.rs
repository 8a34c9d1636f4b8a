//! Shifts at a till, one open and one counted, and receipts.

use std::sync::Arc;

use aforo_domain::change::{Counter, CounterKey, Row};
use aforo_domain::identity::Receipts;
use aforo_domain::ids::*;
use aforo_domain::orders::PaymentKind;
use aforo_domain::orders::entry::{Entry, Receipt};
use aforo_domain::shifts::{Counted, Shift, ShiftEnd, Takings};

use crate::rows::{NOW, euro};

/// The shift that was counted.
pub const CLOSED: ShiftId = ShiftId(908);

pub fn receipts() -> Option<Receipts> {
    Some(Receipts { prefix: "F-".into(), since: Some(NOW) })
}

/// What whatever is sold was given.
pub fn entry() -> Entry {
    let receipt = Receipt { entity: EntityId(11), prefix: "F-".into(), number: 7 };
    Entry { receipt: Some(receipt), shift: Some(CLOSED) }
}

pub fn rows() -> Vec<Row> {
    let counted = Counted { currency: euro(), kind: PaymentKind::Cash, amount: 14_900 };
    let unsaid = Takings { currency: euro(), kind: None, paid: 0, payments: 0, paid_out: 100, payouts: 1 };
    let cash = Takings { kind: Some(PaymentKind::Cash), paid: 5_000, payments: 1, ..unsaid };
    let closed = Shift {
        id: CLOSED,
        entity: EntityId(11),
        channel: ChannelId(21),
        terminal: TerminalId(14),
        point_of_sale: Some(PointOfSaleId(15)),
        currency: euro(),
        float: 10_000,
        opened: NOW,
        opened_by: UserId(12),
        end: Some(ShiftEnd { at: NOW.plus_ms(1), by: UserId(12), counted: vec![counted] }),
        sales: 1,
        refunds: 1,
        takings: vec![unsaid, cash],
    };
    let open = Shift { id: ShiftId(909), point_of_sale: None, end: None, takings: Vec::new(), ..closed.clone() };
    vec![Arc::new(closed).into(), Arc::new(open).into(), Counter { key: CounterKey::Receipts(EntityId(11)), value: 7 }.into()]
}
