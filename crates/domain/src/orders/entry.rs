//! What an order is given when it comes into the books: the next receipt of its channel's entity, where that numbers them, and the shift of the till where it
//! was done. Both are rows of the batch that sells, so that no number is ever missing and no shift forgets anything. Where there is neither, a sale pays
//! nothing for it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::{Order, Payment, Stage};
use crate::change::CounterKey;
use crate::ids::{ChannelId, EntityId, ShiftId, TerminalId};
use crate::money::Minor;
use crate::shifts::{Moved, Shift};

/// What an order was given when it came into the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Entry {
    /// Its receipt, where its entity numbered them.
    pub receipt: Option<Receipt>,
    /// The shift that its money was counted in.
    pub shift: Option<ShiftId>,
}

/// A receipt: one of 1, 2, 3 ... of an entity, and no other order's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose.
    pub entity: EntityId,
    /// What stood before numbers then.
    pub prefix: String,
    /// Counts from 1.
    pub number: u64,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.number)
    }
}

impl Entry {
    /// Nothing.
    pub const NONE: Self = Self { receipt: None, shift: None };
}

impl Draft<'_> {
    /// What something of a channel is given that comes into the books now, and is done at this terminal. Once a command.
    pub fn enter(&mut self, channel: ChannelId, terminal: Option<TerminalId>, moved: impl FnOnce() -> Moved) -> Entry {
        let world = self.world();
        let Some(channel) = world.identity.channels.get(&channel) else { return Entry::NONE };
        let receipts = world.identity.entities.get(&channel.entity).and_then(|entity| entity.receipts.as_ref());
        let receipt = receipts.filter(|receipts| receipts.since.is_some()).map(|receipts| Receipt {
            entity: channel.entity,
            prefix: receipts.prefix.clone(),
            number: self.next(CounterKey::Receipts(channel.entity)).cast_unsigned(),
        });
        let open = terminal.and_then(|terminal| world.shifts.at(channel.entity, terminal));
        let shift = open.map(|open| {
            let mut shift = Shift::clone(open);
            shift.count(&moved());
            self.put(Arc::new(shift));
            open.id
        });
        Entry { receipt, shift }
    }

    /// The same order with what it is given when it comes into the books.
    pub fn entered(&mut self, mut order: Order, terminal: Option<TerminalId>) -> Order {
        let entry = self.enter(order.seller.channel, terminal, || order.moved());
        if entry != Entry::NONE {
            order.extras.get_or_insert_default().entry = entry;
        }
        order
    }
}

impl Order {
    /// What is paid out with it: of a refund all that no voucher is given back, of a relocation what the new places cost less.
    pub fn paid_out(&self) -> Minor {
        match (&self.stage, &self.extras().replaces) {
            (Stage::Refund { .. }, _) => self.totals().to_pay(),
            (_, Some(replaces)) => replaces.paid_out(self),
            (_, None) => 0,
        }
    }

    /// How that is paid out; empty where nobody said.
    pub fn payouts(&self) -> &[Payment] {
        match (&self.stage, &self.extras().replaces) {
            (Stage::Refund { payments, .. }, _) => payments,
            (_, Some(replaces)) => &replaces.payouts,
            (_, None) => &[],
        }
    }

    /// The money that comes and goes with it.
    pub fn moved(&self) -> Moved {
        let paid: &[Payment] = if let Stage::Confirm { payments, .. } = &self.stage { payments } else { &[] };
        let payouts = self.payouts();
        let unsaid = Some((None, -self.paid_out())).filter(|_| payouts.is_empty());
        let paid = paid.iter().map(|payment| (Some(payment.kind), payment.amount));
        let paid_out = payouts.iter().map(|payment| (Some(payment.kind), -payment.amount));
        let amounts = paid.chain(paid_out).chain(unsaid).filter(|(_, amount)| *amount != 0).collect();
        Moved { refund: matches!(self.stage, Stage::Refund { .. }), currency: self.currency, amounts }
    }
}
