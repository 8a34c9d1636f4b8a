//! A sold voucher order given back, whole: its vouchers have paid nothing, and never will. What was paid for it goes back the way it came, which is the
//! seller's to see to.

use std::sync::Arc;

use super::sell::{Desk, done};
use super::{GivenBack, Stage, VoucherOrder};
use crate::change::Key;
use crate::command::{Planned, Stop};
use crate::error::{Code, Error};
use crate::identity::Permission;
use crate::orders::draft::Draft;
use crate::vouchers::{self, MovementKind, Voucher, VoucherMovement};

impl Desk<'_> {
    /// Gives a sold order back. A letter that has not brought its voucher yet does not come any more.
    ///
    /// # Errors
    /// `AUTH0027` for a person who may not refund; `VOUCHER_ORDER_INVALID_STATUS` unless it is sold, or if it was given back; `CONFLICT` naming the items, by
    /// number, whose vouchers were used, are about to be, or were blocked: another may have been issued for one.
    pub(super) fn refund(&self, order: &VoucherOrder) -> Planned {
        self.caller.permit(Permission::Refund)?;
        let Stage::Confirm { at, code, payment, until, vouchers: sold, refunded: None } = &order.stage else {
            return Err(Code::VoucherOrderInvalidStatus.into());
        };
        let (world, now) = (self.world, self.moment.now);
        let vouchers = vouchers::all(sold.iter().map(|sold| world.voucher(sold.id)))?;
        let letters = vouchers::all(sold.iter().filter_map(|sold| sold.letter).map(|letter| world.message(letter)))?;
        let used = (1_u64..).zip(vouchers.iter().zip(&order.items)).filter(|(_, (voucher, item))| !is_whole(voucher, item.amount));
        let used: Vec<_> = used.map(|(number, _)| number).collect();
        if !used.is_empty() {
            let why = "the voucher was used or blocked";
            return Err(Stop::from(Error::new(Code::Conflict).because(why).with_details(used)));
        }
        let mut draft = Draft::new(world);
        for voucher in vouchers {
            let (number, amount, what) =
                (voucher.movements + 1, -voucher.balance, MovementKind::GivenBack { order: order.id, code: *code });
            draft.put(Arc::new(VoucherMovement { voucher: voucher.id, number, at: now, amount, what }));
            let (movements, version) = (number, voucher.version + 1);
            draft.put(Arc::new(Voucher { balance: 0, blocked: true, movements, version, ..Voucher::clone(voucher) }));
        }
        letters.into_iter().for_each(|letter| draft.delete(Key::Message(letter.id)));
        let entry = draft.enter(order.seller.channel, self.caller.subject.terminal, || order.moved_back());
        let (at, code, payment, until, vouchers) = (*at, *code, payment.clone(), *until, sold.clone());
        let stage = Stage::Confirm { at, code, payment, until, vouchers, refunded: Some(GivenBack { at: now, entry }) };
        Ok(done(draft, VoucherOrder { stage, ..order.clone() }))
    }
}

/// Whether all of a voucher is there, and somebody could pay with it but for its date.
const fn is_whole(voucher: &Voucher, amount: crate::money::Minor) -> bool {
    voucher.balance == amount && voucher.reserved == 0 && voucher.movements == 1 && !voucher.blocked
}
