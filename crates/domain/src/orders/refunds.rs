//! Refunds: items of a sold order, places and products, given back, all that a call names or none. A refund is an order of its own, of the same channel and buyer, that points to
//! the first; its amounts are positive and say what comes back. aforo records money, it never moves it.
//!
//! An item comes back for what it really cost: promotions were spread over the items when it was sold. What vouchers paid comes back first, to the
//! vouchers as far as they still pay.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::after::{Office, Refunded};
use super::basket::{check_named, refused};
use super::confirm::in_currency;
use super::draft::Draft;
use super::extras::Extras;
use super::insurance::Insured;
use super::sight::Sight;
use super::{History, HistoryEvent, Item, Order, Payment, PaymentRequest, Stage, TicketKind, TicketState, surcharges};
use crate::catalogue::manage::places::blocked_too;
use crate::catalogue::plan::Place;
use crate::change::Row;
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::{Permission, Status};
use crate::ids::{EntityId, ItemId, OrderCode, OrderId, SessionId, VoucherId};
use crate::money::Minor;
use crate::products::Unit;
use crate::vouchers::{self, MovementKind, TakenVoucher, Voucher, VoucherMovement};

/// What is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Which items.
    pub items: Vec<ItemId>,
    /// Whether with their surcharges, and those per order that nobody is left to pay for.
    pub surcharges: bool,
    /// Whether with the delivery. It comes back once.
    pub delivery: bool,
    /// Whether with their insurances.
    pub insurance: bool,
    /// Whether their places leave the sale instead of being for sale again.
    pub block_places: bool,
    /// How the money is paid out, all of it; empty where nobody says.
    pub payments: Vec<PaymentRequest>,
}

/// A refund as it is worked out from the order alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnUp {
    /// The places that come back, as an order has them.
    pub items: Vec<Item>,
    /// Surcharges per order that come back.
    pub surcharges: Vec<surcharges::OrderSurcharge>,
    /// Products, insurances, delivery and vouchers.
    pub extras: Extras,
    /// How much of it was once paid with each voucher.
    pub vouchers: Vec<(VoucherId, Minor)>,
}

/// Works a refund out. `per_order` says whether surcharges per order that nobody is left to pay for come back with the others, `pays` of a voucher
/// whether something may come back to it.
pub fn draw_up(order: &Order, request: &RefundRequest, per_order: bool, pays: impl Fn(VoucherId) -> bool) -> DrawnUp {
    let goes = |item: &Item| request.items.contains(&item.id);
    let comes_back = |item: &Item| {
        let left = order.left_of(item);
        let price = if request.surcharges { left.price.clone() } else { Arc::new(left.price.without_surcharges()) };
        Item { price, barcode: None, ..left }
    };
    let before = &order.extras().after.refunds;
    let mut extras = Extras::default();
    if request.insurance {
        let of = |taken: &Insured| Insured {
            insurance: taken.insurance.clone(),
            items: taken.items.iter().filter(|(id, _)| request.items.contains(id)).copied().collect(),
        };
        extras.insurances = order.extras().insurances.iter().map(of).filter(|taken| !taken.items.is_empty()).collect();
    }
    let units = order.extras().products.iter().filter(|unit| request.items.contains(&unit.id));
    extras.products = units.map(|unit| Unit { barcode: None, ..unit.clone() }).collect();
    if request.delivery && !before.iter().any(|refund| refund.delivery) {
        extras.delivery.clone_from(&order.extras().delivery);
    }
    extras.second_hand = order.extras().second_hand.iter().filter(|one| request.items.contains(&one.item)).cloned().collect();
    let drawn_up = DrawnUp {
        items: order.items.iter().filter(|item| goes(item)).map(comes_back).collect(),
        surcharges: if request.surcharges && per_order { surcharges_per_order(order, request) } else { Vec::new() },
        extras,
        vouchers: Vec::new(),
    };
    with_vouchers(order, drawn_up, pays)
}

/// Works out what comes back of season tickets since one of their sessions was called off: its share of what was paid for each after promotions.
pub fn draw_up_shares(order: &Order, items: &[ItemId], session: SessionId, pays: impl Fn(VoucherId) -> bool) -> DrawnUp {
    let share = |item: &Item| {
        let share = *item.season.iter().flat_map(|shares| shares.iter()).find(|share| share.member.session == session)?;
        Some(Item { price: Arc::new(item.price.part(share.amount)), season: Some([share].into()), barcode: None, ..item.clone() })
    };
    let items = order.items.iter().filter(|item| items.contains(&item.id)).filter_map(share).collect();
    let extras = Extras { share: Some(session), ..Extras::default() };
    with_vouchers(order, DrawnUp { items, surcharges: Vec::new(), extras, vouchers: Vec::new() }, pays)
}

/// What vouchers had paid comes back first.
fn with_vouchers(order: &Order, mut drawn_up: DrawnUp, pays: impl Fn(VoucherId) -> bool) -> DrawnUp {
    let before = &order.extras().after.refunds;
    let mut left = drawn_up.as_order(order).totals().total();
    for taken in &order.extras().vouchers {
        let back: Minor =
            before.iter().flat_map(|refund| &refund.vouchers).filter(|(id, _)| *id == taken.id).map(|(_, amount)| amount).sum();
        let amount = left.min(taken.amount - back).max(0);
        left -= amount;
        if amount > 0 {
            drawn_up.vouchers.push((taken.id, amount));
            if pays(taken.id) {
                drawn_up.extras.vouchers.push(TakenVoucher { amount, available: amount, ..taken.clone() });
            }
        }
    }
    drawn_up
}

impl DrawnUp {
    /// The same order with nothing but this in it.
    pub(super) fn as_order(&self, order: &Order) -> Order {
        let extras = (self.extras != Extras::default()).then(|| Box::new(self.extras.clone()));
        Order { items: self.items.clone(), surcharges: self.surcharges.clone(), extras, ..order.clone() }
    }
}

/// Surcharges per order that come back: those that an item now gone was the last to pay for.
fn surcharges_per_order(order: &Order, request: &RefundRequest) -> Vec<surcharges::OrderSurcharge> {
    let pays = |item: &&Item| item.kind == TicketKind::Sale && order.refund_of(item.id).is_none();
    let (gone, stay): (Vec<&Item>, Vec<&Item>) = order.items.iter().filter(pays).partition(|item| request.items.contains(&item.id));
    let has = |items: &[&Item], session: SessionId| items.iter().any(|item| item.session == session);
    let ends = |group: &&[surcharges::OrderSurcharge]| {
        group.iter().any(|one| has(&gone, one.session)) && !group.iter().any(|one| has(&stay, one.session))
    };
    surcharges::groups(&order.surcharges).filter(ends).filter_map(<[_]>::first).cloned().collect()
}

impl<'a> Office<'a> {
    /// Gives items back.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless the order is sold; `ORDER_ITEM_INVALID` for items it does not have; `PRODUCT_STATE_INVALID` for those whose ticket
    /// cannot be given back, because it was already, somebody came in with it or it has to do with the secondary market (one whose seller is not paid, since
    /// its buyer gave it back, may); `FORBIDDEN_RESOURCE` and `AUTH0027` for who may not block the places, if that is asked for; then those of the payments,
    /// where some are named.
    pub(super) fn refund(&self, order: &Arc<Order>, request: &RefundRequest) -> Planned {
        let Stage::Confirm { code: of_code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        let unpaid = self.not_paid_for(order, &request.items)?;
        let may_come_back = |id| order.ticket_state(id).may_come_back() || unpaid.contains(&id);
        check_named(order, &request.items, Code::ProductStateInvalid, may_come_back)?;
        self.check_not_entered(order, &request.items)?;
        if request.block_places {
            if !unpaid.is_empty() {
                return Err(refused(Code::ProductStateInvalid, unpaid).because("its place went to who bought it").into());
            }
            self.may_block(order, request)?;
        }
        let paying = self.paying(order)?;
        let code = self.moment.order_code.ok_or(Stop::NeedOrderCode)?;
        let drawn_up = draw_up(order, request, true, |id| paying.contains(&id));
        let payments = payouts(order, &request.payments, drawn_up.as_order(order).totals().to_pay())?;
        let refund = self.as_an_order(order, of_code, code, &drawn_up, payments);
        Ok(self.book(order, request, refund, drawn_up.vouchers, of_code, code))
    }

    /// Gives back of season tickets what is the share of a session that was called off. The tickets stay, and so do surcharges and insurances.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless the order is sold.
    pub(super) fn refund_shares(&self, order: &Arc<Order>, items: &[ItemId], session: SessionId) -> Planned {
        let Stage::Confirm { code: of_code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        let paying = self.paying(order)?;
        let code = self.moment.order_code.ok_or(Stop::NeedOrderCode)?;
        let drawn_up = draw_up_shares(order, items, session, |id| paying.contains(&id));
        let refund = self.as_an_order(order, of_code, code, &drawn_up, Vec::new());
        // No place falls free, and no ticket changes.
        let nothing =
            RefundRequest { items: vec![], surcharges: false, delivery: false, insurance: false, block_places: false, payments: vec![] };
        Ok(self.book(order, &nothing, refund, drawn_up.vouchers, of_code, code))
    }

    /// The vouchers that paid for an order and still pay.
    fn paying(&self, order: &Order) -> Result<Vec<VoucherId>, Stop> {
        let taken = order.extras().vouchers.iter().filter(|taken| taken.amount > 0);
        let vouchers = vouchers::all(taken.map(|taken| self.world.voucher(taken.id)))?;
        Ok(vouchers.iter().filter(|voucher| self.still_pays(voucher)).map(|voucher| voucher.id).collect())
    }

    /// `PRODUCT_STATE_INVALID` naming the items that somebody came in with: what was used is not given back, unless the gate clears it.
    pub(super) fn check_not_entered(&self, order: &Order, items: &[ItemId]) -> Result<(), Stop> {
        let entered = self.world.entered(order, items)?;
        if entered.is_empty() { Ok(()) } else { Err(refused(Code::ProductStateInvalid, entered).because("the ticket was used").into()) }
    }

    /// The refund as an order of its own.
    fn as_an_order(&self, order: &Order, of_code: OrderCode, code: OrderCode, drawn_up: &DrawnUp, payments: Vec<Payment>) -> Order {
        let at = self.moment.now;
        Order {
            id: self.moment.draw().order_id(),
            seller: Arc::new(self.clerk(order)),
            family: self.family,
            created: at,
            stage: Stage::Refund { at, code, of: order.id, of_code, payments },
            counted: Vec::new(),
            ..drawn_up.as_order(order)
        }
    }

    /// Everything that changes.
    fn book(
        &self,
        order: &Arc<Order>,
        request: &RefundRequest,
        refund: Order,
        vouchers: Vec<(VoucherId, Minor)>,
        of_code: OrderCode,
        code: OrderCode,
    ) -> Done {
        let at = self.moment.now;
        let mut draft = Draft::new(self.world);
        let (totals, currency, share) = (refund.totals(), order.currency, refund.extras().share);
        let tickets = if share.is_none() { refund.items.len() as u32 } else { 0 };
        let units = refund.extras().products.iter().map(|unit| unit.id);
        let mut items: Vec<_> = refund.items.iter().map(|item| item.id).chain(units).collect();
        items.sort_unstable();
        let delivery = refund.extras().delivery.is_some();
        let note = Refunded { order: refund.id, code, at, items, delivery, total: totals.total(), vouchers, relocated: false, share };
        let original = order.with_extras(|extras| {
            extras.after.lines += 1;
            extras.after.refunds.push(note);
        });
        for item in original.items.iter().filter(|item| request.items.contains(&item.id)) {
            match order.ticket_state(item.id) {
                state if state.is_live() => draft.give_back(&original, item),
                // Its place went to who bought it, and was given back there.
                TicketState::Reissued => draft.uncount(&original, item),
                _ => {}
            }
            if let Some(ticket) = original.ticket(item, at, &self.world.catalogue) {
                draft.put(Row::from(ticket));
            }
        }
        draft.put_units(&original, at, |id| request.items.contains(&id));
        if request.block_places {
            self.block(&mut draft, &refund);
        }
        draft.pay_back(&refund, code, at);
        let refund = draft.entered(refund, self.clerk(order).terminal);
        self.tell_of_refund(&mut draft, order, &refund);
        let line = |of: &Order, number, what| Arc::new(History { order: of.id, number, at, by: self.clerk(order), what });
        draft.put(line(order, 1 + original.extras().after.lines, HistoryEvent::Refunded { refund: code, totals, currency, tickets }));
        draft.put(line(&refund, 1, HistoryEvent::Refunds { of: of_code, totals, currency, tickets }));
        let refund = Arc::new(refund);
        draft.put(refund.clone());
        Done { reply: Reply::Order(refund), ..draft.done(original) }
    }

    /// Whether something may come back to a voucher: it could pay again.
    pub(super) fn still_pays(&self, voucher: &Voucher) -> bool {
        let now = self.moment.now;
        let group = self.world.catalogue.group_of(voucher);
        let open = group.is_some_and(|group| group.status == Status::Active && group.valid_until.is_none_or(|until| now < until));
        open && !voucher.blocked && voucher.expires.is_none_or(|expires| now < expires)
    }

    /// Places are the promoter's: only who speaks for it takes them out of sale.
    fn may_block(&self, order: &Order, request: &RefundRequest) -> Result<(), Error> {
        self.permit(Permission::BlockSeats)?;
        self.speaks_for_promoter(order, &request.items)
    }

    /// `FORBIDDEN_RESOURCE` unless the caller speaks for the promoter of each of these items.
    pub(super) fn speaks_for_promoter(&self, order: &Order, items: &[ItemId]) -> Result<(), Error> {
        let is_own = |promoter: EntityId| match self.sight {
            Sight::Operator => true,
            Sight::Entity(entity) => entity == promoter,
            Sight::Channel(channel) => self.world.identity.channels.get(&channel).is_some_and(|channel| channel.entity == promoter),
        };
        let promoter = |item: &Item| self.world.catalogue.events.get(&item.event).map(|event| event.entity);
        let mut named = order.items.iter().filter(|item| items.contains(&item.id));
        if named.all(|item| promoter(item).is_some_and(is_own)) { Ok(()) } else { Err(Code::ForbiddenResource.into()) }
    }

    fn block(&self, draft: &mut Draft<'_>, refund: &Order) {
        let mut places: BTreeMap<SessionId, BTreeSet<Place>> = BTreeMap::new();
        for item in &refund.items {
            for session in item.sessions() {
                places.entry(session).or_default().insert(item.place);
            }
        }
        for (session, places) in places {
            let Some((offer, inventory)) = self.world.session(session) else { continue };
            for marks in blocked_too(session, &places, &offer.plan, inventory) {
                draft.put(Row::from(Arc::new(marks)));
            }
        }
    }
}

/// How an amount is paid out, where somebody says: all of it. Else those of the payments.
pub(super) fn payouts(order: &Order, payments: &[PaymentRequest], amount: Minor) -> Result<Vec<Payment>, Error> {
    let payments = in_currency(order, payments)?;
    let paid: Minor = payments.iter().map(|payment| payment.amount).sum();
    match paid.cmp(&amount) {
        Ordering::Less if !payments.is_empty() => Err(Code::PurchaseNotTotallyPaid.into()),
        Ordering::Greater => Err(Error::invalid(&["payments"])),
        Ordering::Less | Ordering::Equal => Ok(payments),
    }
}

impl Draft<'_> {
    /// Lets the place of a sold item fall free. Its buyer, if it was counted, has one less.
    pub(super) fn give_back(&mut self, order: &Order, item: &Item) {
        self.free(order, item);
        self.uncount_buyer(order, item);
    }

    /// Gives vouchers back what a refund says.
    pub(super) fn pay_back(&mut self, refund: &Order, code: OrderCode, at: crate::moment::Timestamp) {
        let order: OrderId = refund.id;
        for taken in &refund.extras().vouchers {
            let voucher = self.voucher(taken.id);
            voucher.balance += taken.amount;
            voucher.movements += 1;
            let (number, what) = (voucher.movements, MovementKind::Refunded { order, code });
            self.put(Arc::new(VoucherMovement { voucher: taken.id, number, at, amount: taken.amount, what }));
        }
    }
}
