//! Vouchers as payment: which an order may be paid with, and how much each pays. A basket only shows what they would pay; pre-confirm reserves, confirm
//! spends, and everything else that ends a pre-confirm releases.

use std::sync::Arc;

use super::Order;
use super::basket::{Desk, refused};
use super::draft::Draft;
use crate::command::{Done, Effect, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::tries::{Against, exhausted, tried};
use crate::ids::{Hash, OrderCode, VoucherId};
use crate::moment::Timestamp;
use crate::money::{Currency, Minor};
use crate::vouchers::{self, MovementKind, ShownVoucher, TakenVoucher, Voucher, VoucherGroup, VoucherMovement};

/// Vouchers of one order at most.
pub const MAX_OF_ORDER: usize = 10;

/// What pre-confirm found to pay with.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// The order's vouchers with what each pays.
    taken: Vec<TakenVoucher>,
    /// Orders whose time is over that hold some of it still.
    overdue: Vec<&'a Order>,
}

/// Each voucher pays what the ones before it left to pay, as far as it goes.
pub(super) fn settle(taken: &mut [TakenVoucher], total: Minor, currency: Currency) {
    let mut left = total;
    for voucher in taken {
        voucher.amount = if voucher.currency == currency { left.min(voucher.available).max(0) } else { 0 };
        left -= voucher.amount;
    }
}

impl<'a> Desk<'a> {
    /// Adds a voucher, or looks again at one that is there already.
    pub(super) fn add_voucher(&self, order: &Order, shown: &ShownVoucher) -> Planned {
        let buyer = order.buyer.as_ref().and_then(|buyer| buyer.hash());
        let (voucher, available) = self.look(shown, Some(order), buyer)?;
        let mut taken = order.extras().vouchers.clone();
        let new = TakenVoucher {
            id: voucher.id,
            group: voucher.group,
            masked: voucher.masked.clone(),
            currency: voucher.currency,
            available,
            amount: 0,
        };
        match taken.iter().position(|taken| taken.id == voucher.id) {
            Some(known) => taken[known] = new,
            None if taken.len() >= MAX_OF_ORDER => return Err(Error::invalid(&["code"]).into()),
            None => taken.push(new),
        }
        let order = order.with_extras(|extras| extras.vouchers = taken);
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `VOUCHER_NOT_FOUND` if the order has no such voucher.
    pub(super) fn remove_voucher(&self, order: &Order, id: VoucherId) -> Planned {
        if !order.extras().vouchers.iter().any(|taken| taken.id == id) {
            return Err(Code::VoucherNotFound.into());
        }
        let order = order.with_extras(|extras| extras.vouchers.retain(|taken| taken.id != id));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// Looks at a voucher as an empty order would, for a buyer if one is named. What overdue orders hold of it does not count.
    pub(super) fn validate_voucher(&self, shown: &ShownVoucher, buyer: Option<Hash>) -> Planned {
        let (voucher, available) = self.look(shown, None, buyer)?;
        let reserved = voucher.balance - available;
        let voucher = Voucher { reserved, ..Voucher::clone(voucher) };
        Ok(Done { changes: Vec::new(), reply: Reply::Voucher(Arc::new(voucher)) })
    }

    /// The voucher that is shown, and what is left of it. Wrong ones are counted against the order, the channel's buyer and, where the PIN is wrong,
    /// the voucher itself: an order costs nothing, and a PIN has few digits.
    ///
    /// # Errors
    /// The codes of vouchers, in the order of error-triggers.md.
    fn look(&self, shown: &ShownVoucher, order: Option<&Order>, buyer: Option<Hash>) -> Result<(&'a Arc<Voucher>, Minor), Stop> {
        let now = self.moment.now;
        let buyer = buyer.map(|buyer| Against::voucher_buyer(self.channel.id, buyer));
        let mut against: Vec<_> = order.map(|order| Against::voucher_order(order.id)).into_iter().chain(buyer).collect();
        if exhausted(self.world, &against, now) {
            return Err(Code::VoucherRetriesLimitExceeded.into());
        }
        let voucher = self.world.voucher_of(shown.code)?;
        let Some((voucher, group)) = voucher.and_then(|voucher| Some((voucher, self.world.catalogue.group_of(voucher)?))) else {
            return Err(self.wrong(Code::VoucherNotFound, &against));
        };
        if voucher.pin.is_some() {
            let pin = Against::voucher_pin(voucher.id);
            if exhausted(self.world, &[pin], now) {
                return Err(Code::VoucherRetriesLimitExceeded.into());
            }
            if voucher.pin != shown.pin {
                // Who shows none has not guessed.
                against.extend(shown.pin.map(|_| pin));
                return Err(self.wrong(Code::VoucherCodeInvalid, &against));
            }
        }
        if !voucher.pays_in(group, self.channel.id, now) {
            return Err(self.wrong(Code::VoucherCodeInvalid, &against));
        }
        self.has_collective(group)?;
        if order.is_some_and(|order| !group.pays_for(order)) {
            return Err(self.wrong(Code::VoucherCodeInvalid, &against));
        }
        in_currency(voucher, group, order.map_or(self.channel.currency, |order| order.currency))?;
        let available = self.available(voucher);
        if available == 0 { Err(Code::VoucherBalanceEmpty.into()) } else { Ok((voucher, available)) }
    }

    /// `VOUCHER_COLLECTIVE_NOT_FOUND` if a group is bound to a collective that this channel does not have.
    fn has_collective(&self, group: &VoucherGroup) -> Result<(), Error> {
        let is_here = |id| self.world.catalogue.collectives.get(&id).is_some_and(|collective| collective.is_of(self.channel.id));
        if group.collective.is_none_or(is_here) { Ok(()) } else { Err(Code::VoucherCollectiveNotFound.into()) }
    }

    /// A refusal that counts as a try.
    pub(super) fn wrong(&self, code: Code, against: &[Against]) -> Stop {
        let effects = tried(self.world, against, self.moment.now).map(Effect::Tried).collect();
        Stop::Refused { error: Box::new(Error::new(code)), effects }
    }

    /// What is left of a voucher. Orders whose time is over hold nothing any more.
    fn available(&self, voucher: &Voucher) -> Minor {
        if voucher.reserved == 0 {
            return voucher.balance;
        }
        voucher.available() + self.overdue_holders(voucher.id).map(|order| held(order, voucher.id)).sum::<Minor>()
    }

    /// Orders whose time is over that hold some of a voucher still.
    fn overdue_holders(&self, id: VoucherId) -> impl Iterator<Item = &'a Arc<Order>> + use<'a, '_> {
        self.overdue().filter(move |order| held(order, id) > 0)
    }

    /// Looks at all vouchers of an order again, and at what each pays by now. The amounts may have become smaller than the basket showed; they are what
    /// confirm spends.
    ///
    /// # Errors
    /// `VOUCHER_CODE_INVALID`, `VOUCHER_COLLECTIVE_NOT_FOUND`, `VOUCHER_GROUP_CURRENCY_NOT_FOUND`, `VOUCHER_CURRENCY_INVALID`, naming the vouchers that do not pay for this order any
    /// more; `VOUCHER_BALANCE_EMPTY` those of which nothing is left although they should pay.
    pub(super) fn find_vouchers(&self, order: &Order) -> Result<Found<'a>, Stop> {
        let mut taken = order.extras().vouchers.clone();
        if taken.is_empty() {
            return Ok(Found::default());
        }
        let rows = vouchers::all(taken.iter().map(|taken| self.world.voucher(taken.id)))?;
        let with_group = |voucher: &'a Arc<Voucher>| Some((voucher, self.world.catalogue.group_of(voucher)?));
        let known: Vec<_> = rows.into_iter().filter_map(with_group).collect();
        let pays =
            |voucher: &Voucher, group: &VoucherGroup| voucher.pays_in(group, self.channel.id, self.moment.now) && group.pays_for(order);
        let paying: Vec<_> = known.iter().filter(|(voucher, group)| pays(voucher, group)).map(|(voucher, _)| voucher.id).collect();
        let not: Vec<_> = taken.iter().map(|taken| taken.id).filter(|id| !paying.contains(id)).collect();
        if !not.is_empty() {
            return Err(refused(Code::VoucherCodeInvalid, not).into());
        }
        for (voucher, group) in &known {
            let fits = self.has_collective(group).and_then(|()| in_currency(voucher, group, order.currency));
            fits.map_err(|error| error.with_details([voucher.id]))?;
        }
        let (mut overdue, mut empty) = (Vec::new(), Vec::new());
        let mut left = order.totals().total();
        for (taken, (voucher, _)) in taken.iter_mut().zip(&known) {
            taken.available = self.available(voucher);
            if taken.available == 0 && left > 0 {
                empty.push(voucher.id);
            }
            left -= left.min(taken.available);
            if voucher.reserved > 0 {
                overdue.extend(self.overdue_holders(voucher.id).map(AsRef::as_ref));
            }
        }
        settle(&mut taken, order.totals().total(), order.currency);
        if empty.is_empty() { Ok(Found { taken, overdue }) } else { Err(refused(Code::VoucherBalanceEmpty, empty).into()) }
    }
}

impl Found<'_> {
    /// Reserves what was found; the order with what its vouchers pay.
    pub(super) fn reserve(self, draft: &mut Draft<'_>, order: Order, now: Timestamp) -> Order {
        if self.taken.is_empty() {
            return order;
        }
        self.overdue.into_iter().for_each(|holder| draft.expire(holder, now));
        for taken in self.taken.iter().filter(|taken| taken.amount > 0) {
            draft.voucher(taken.id).reserved += taken.amount;
        }
        order.with_extras(|extras| extras.vouchers = self.taken)
    }
}

impl Draft<'_> {
    /// Lets go what a pre-confirmed order reserved.
    pub(super) fn release_vouchers(&mut self, order: &Order) {
        for taken in order.extras().vouchers.iter().filter(|taken| taken.amount > 0) {
            self.voucher(taken.id).reserved -= taken.amount;
        }
    }

    /// Spends what a pre-confirmed order reserved.
    pub(super) fn spend_vouchers(&mut self, order: &Order, code: OrderCode, at: Timestamp) {
        for taken in order.extras().vouchers.iter().filter(|taken| taken.amount > 0) {
            let voucher = self.voucher(taken.id);
            voucher.reserved -= taken.amount;
            voucher.balance -= taken.amount;
            voucher.movements += 1;
            let (number, what) = (voucher.movements, MovementKind::Spent { order: order.id, code });
            self.put(Arc::new(VoucherMovement { voucher: taken.id, number, at, amount: -taken.amount, what }));
        }
    }
}

/// What an order has reserved of a voucher.
fn held(order: &Order, id: VoucherId) -> Minor {
    let taken = order.extras().vouchers.iter().filter(|taken| order.is_pre_confirmed() && taken.id == id);
    taken.map(|taken| taken.amount).sum()
}

/// `VOUCHER_GROUP_CURRENCY_NOT_FOUND`, then `VOUCHER_CURRENCY_INVALID`.
fn in_currency(voucher: &Voucher, group: &VoucherGroup, currency: Currency) -> Result<(), Error> {
    if !group.currencies.contains(&currency) {
        return Err(Code::VoucherGroupCurrencyNotFound.into());
    }
    if voucher.currency == currency { Ok(()) } else { Err(Code::VoucherCurrencyInvalid.into()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::settle;
    use crate::ids::{VoucherGroupId, VoucherId};
    use crate::money::Currency;
    use crate::vouchers::TakenVoucher;

    proptest! {
        #[test]
        fn vouchers_pay_in_turn_and_never_more_than_there_is(
            total in 0_i64..10_000,
            available in prop::collection::vec(0_i64..5_000, 0..6),
            foreign in any::<u8>(),
        ) {
            let [euro, dollar] = ["EUR", "USD"].map(|code| Currency::parse(code).unwrap());
            let mut taken: Vec<_> = (0_u64..).zip(&available).map(|(id, available)| TakenVoucher {
                id: VoucherId(id),
                group: VoucherGroupId(1),
                masked: String::new(),
                currency: if foreign >> id & 1 == 1 { dollar } else { euro },
                available: *available,
                amount: 77,
            }).collect();
            settle(&mut taken, total, euro);
            let mut left = total;
            for voucher in &taken {
                prop_assert_eq!(voucher.amount, if voucher.currency == euro { left.min(voucher.available) } else { 0 });
                left -= voucher.amount;
            }
            prop_assert!(left >= 0);
            let once = taken.clone();
            settle(&mut taken, total, euro);
            prop_assert_eq!(taken, once);
        }
    }
}
