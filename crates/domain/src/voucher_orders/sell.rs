//! A voucher order's life: made, pre-confirmed, confirmed, dropped. What pre-confirm accepts, confirm accepts: after it only expiry, status or payment
//! can refuse. On confirm the vouchers are there; who may know a code hears of it, and nobody else.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Gift, GiftDelivery, GiftImage, GiftVouchers, MAX_ITEMS, Receiver, SoldVoucher, Stage, VoucherOrder, VoucherSale};
use crate::change::{CounterKey, Key};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::check::{Actor, Caller};
use crate::identity::{Channel, Status};
use crate::ids::{GiftImageId, OrderCode, VoucherGroupId, VoucherOrderId};
use crate::messages::{About, Content, GiftLetter, Letter, Mail};
use crate::moment::{DAY_MS, Moment, Timestamp};
use crate::money::{Currency, Decimal, MAX_MINOR};
use crate::orders::draft::Draft;
use crate::orders::entry::Entry;
use crate::orders::{Buyer, Payment, PaymentRequest, Seller, basket};
use crate::postal;
use crate::text::Language;
use crate::vouchers::{MAX_OF_GROUP, MovementKind, NewVoucher, Voucher, VoucherCode, VoucherGroup, VoucherMovement};
use crate::world::World;

/// Live orders of one channel at most.
pub const MAX_LIVE_PER_CHANNEL: u32 = 10_000;

/// A voucher order as it shall be.
#[derive(Debug, Clone)]
pub struct NewVoucherOrder {
    /// Else the channel's first.
    pub language: Option<Language>,
    /// Who buys.
    pub buyer: Arc<Buyer>,
    /// One voucher each.
    pub items: Vec<NewGift>,
}

/// A gift voucher as it shall be.
#[derive(Debug, Clone)]
pub struct NewGift {
    /// What it shall be worth, in major units of whatever currency the channel sells them in.
    pub amount: Decimal,
    /// How it shall look.
    pub image: Option<GiftImageId>,
    /// Who gets it.
    pub receiver: Receiver,
    /// How it gets there.
    pub delivery: GiftDelivery,
}

/// What was paid for a voucher order, as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftPayment {
    /// Whether it was accepted.
    pub accepted: bool,
    /// How, and how much.
    pub payment: PaymentRequest,
}

/// What a channel does with its voucher orders. Answers `Reply::VoucherOrder`, but for `Delete`.
#[derive(Debug, Clone)]
pub enum VoucherOrderCommand {
    /// Make one.
    Create(Box<NewVoucherOrder>),
    /// Look at it.
    Read(VoucherOrderId),
    /// Check everything, and give the code.
    PreConfirm(VoucherOrderId),
    /// Sell it. The vouchers are those that its items become, in their order: as many as there may be items, whether or not there are.
    Confirm(VoucherOrderId, GiftPayment, Box<[NewVoucher; MAX_ITEMS]>),
    /// Drop it.
    Delete(VoucherOrderId),
    /// Give it back, whole, if nothing was spent of it.
    Refund(VoucherOrderId),
}

/// Decides what a channel asks of its voucher orders.
///
/// # Errors
/// The codes of voucher orders, see error-triggers.md.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &VoucherOrderCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let caller = world.identity.check(bearer, moment.now)?;
    let channel = caller.channel.ok_or(Code::ForbiddenResource)?;
    let desk = Desk { world, moment, caller, channel };
    match command {
        VoucherOrderCommand::Create(new) => desk.create(new),
        VoucherOrderCommand::Read(id) => Ok(Done { changes: Vec::new(), reply: Reply::VoucherOrder(desk.order(*id)?) }),
        VoucherOrderCommand::PreConfirm(id) => desk.pre_confirm(&*desk.order(*id)?),
        VoucherOrderCommand::Confirm(id, payment, vouchers) => desk.confirm(&desk.order(*id)?, payment, vouchers),
        VoucherOrderCommand::Delete(id) => desk.delete(&*desk.order(*id)?),
        VoucherOrderCommand::Refund(id) => desk.refund(&*desk.order(*id)?),
    }
}

pub(super) struct Desk<'a> {
    pub(super) world: &'a World,
    pub(super) moment: &'a Moment,
    pub(super) caller: Caller<'a>,
    channel: &'a Channel,
}

impl<'a> Desk<'a> {
    /// An order of this channel, as it stands now.
    fn order(&self, id: VoucherOrderId) -> Result<Arc<VoucherOrder>, Stop> {
        let order = self.world.voucher_order(id, self.channel.id, self.moment.now)?;
        order.ok_or_else(|| Code::VoucherOrderNotFound.into())
    }

    fn create(&self, new: &NewVoucherOrder) -> Planned {
        if !(1..=MAX_ITEMS).contains(&new.items.len()) {
            return Err(Error::invalid(&["items"]).into());
        }
        let language = basket::language(self.channel, new.language.as_ref())?;
        self.channel.buyer_form.check("buyer.fields", &new.buyer.fields)?;
        if self.world.voucher_orders.live(self.channel.id) >= MAX_LIVE_PER_CHANNEL {
            return Err(Code::TooManyRequests.into());
        }
        postal::check(&new.buyer)?;
        let offer = self.offer()?;
        let group = self.group(offer.group, offer.currency, new.items.len())?;
        let items = self.check_items(offer, group, &new.items)?;
        let now = self.moment.now;
        let order = VoucherOrder {
            id: VoucherOrderId(self.moment.draw().order_id().0),
            seller: Arc::new(Seller::of(self.channel.id, self.caller.subject)),
            group: group.id,
            currency: offer.currency,
            life_days: offer.life_days,
            language,
            created: now,
            stage: Stage::Created { expires: now.plus_ms(self.channel.hold_ms) },
            items,
            buyer: Some(new.buyer.clone()),
            entry: Entry::NONE,
        };
        Ok(done(Draft::new(self.world), order))
    }

    /// What the channel offers. `VOUCHER_ORDER_INVALID_CONFIG_STATUS` if that is nothing.
    fn offer(&self) -> Result<&'a GiftVouchers, Error> {
        let offer = self.world.catalogue.gift_vouchers.get(&self.channel.id).filter(|offer| offer.status == Status::Active);
        offer.map(AsRef::as_ref).ok_or_else(|| Code::VoucherOrderInvalidConfigStatus.into())
    }

    /// The group that vouchers are made in. One that could make none which pay, or not so many more, is as good as no configuration.
    fn group(&self, id: VoucherGroupId, currency: Currency, more: usize) -> Result<&'a VoucherGroup, Error> {
        let pays = |group: &&Arc<VoucherGroup>| {
            let in_time = group.valid_until.is_none_or(|until| self.moment.now < until);
            group.status == Status::Active && in_time && group.currencies.contains(&currency)
        };
        let made = self.world.counter(&CounterKey::Vouchers(id)) + self.world.counter(&CounterKey::PromisedVouchers(id));
        let has_room = made.cast_unsigned() + more as u64 <= MAX_OF_GROUP;
        let group = self.world.catalogue.voucher_groups.get(&id).filter(pays).filter(|_| has_room);
        group.map(AsRef::as_ref).ok_or_else(|| Code::VoucherOrderInvalidConfigStatus.into())
    }

    /// `DIST0005` for a delivery that is not offered, then the codes of items in their order, each naming all items (by number) that it means.
    fn check_items(&self, offer: &GiftVouchers, group: &VoucherGroup, items: &[NewGift]) -> Result<Vec<Gift>, Error> {
        let offered = |item: &NewGift| match item.delivery {
            GiftDelivery::Email { .. } => offer.by_email,
            GiftDelivery::ByHand => offer.by_hand,
        };
        if !items.iter().all(offered) {
            return Err(Error::invalid(&["items.delivery.type"]));
        }
        let amount = |item: &NewGift| offer.currency.minor(item.amount).filter(|amount| offer.has_amount(*amount));
        let image = |item: &NewGift| item.image.map(|id| offer.images.iter().find(|image| image.id == id).cloned());
        all(items, Code::VoucherOrderInvalidAmount, |item| amount(item).is_some())?;
        all(items, Code::VoucherOrderInvalidImage, |item| image(item).is_none_or(|image| image.is_some()))?;
        all(items, Code::VoucherOrderInvalidReceiverData, |item| item.delivery == GiftDelivery::ByHand || item.receiver.email.is_some())?;
        all(items, Code::VoucherOrderInvalidDeliveryDate, |item| match item.delivery {
            GiftDelivery::Email { on: Some(on) } => self.may_be_sent(offer, group, on),
            GiftDelivery::Email { on: None } | GiftDelivery::ByHand => true,
        })?;
        let gift = |item: &NewGift| {
            let image: Option<Arc<GiftImage>> = image(item).flatten();
            Some(Gift { amount: amount(item)?, image, receiver: item.receiver.clone(), delivery: item.delivery })
        };
        Ok(items.iter().filter_map(gift).collect())
    }

    /// Whether a voucher may be sent on a day: today or later, not too far ahead, and while its group still pays.
    fn may_be_sent(&self, offer: &GiftVouchers, group: &VoucherGroup, on: Timestamp) -> bool {
        let days = day(on) - day(self.moment.now);
        (0..=i64::from(offer.max_days_ahead)).contains(&days) && group.valid_until.is_none_or(|until| on < until)
    }

    fn pre_confirm(&self, order: &VoucherOrder) -> Planned {
        let Stage::Created { .. } = order.stage else { return Err(Code::VoucherOrderInvalidStatus.into()) };
        self.offer()?;
        self.group(order.group, order.currency, order.items.len())?;
        let code = self.moment.order_code.ok_or(Stop::NeedOrderCode)?;
        let expires = self.moment.now.plus_ms(self.channel.payment_ms);
        let mut draft = Draft::new(self.world);
        draft.count(CounterKey::PromisedVouchers(order.group), order.items.len() as i64);
        Ok(done(draft, VoucherOrder { stage: Stage::PreConfirm { expires, code }, ..order.clone() }))
    }

    fn confirm(&self, order: &Arc<VoucherOrder>, paid: &GiftPayment, vouchers: &[NewVoucher; MAX_ITEMS]) -> Planned {
        let payment = in_currency(order.currency, &paid.payment)?;
        let code = match &order.stage {
            Stage::PreConfirm { code, .. } => *code,
            // Asked again: the same payment gets the same answer.
            Stage::Confirm { payment: before, .. } if paid.accepted && *before == payment => {
                return Ok(Done { changes: Vec::new(), reply: Reply::VoucherOrder(order.clone()) });
            }
            _ => return Err(Code::VoucherOrderInvalidStatus.into()),
        };
        if !paid.accepted {
            return Err(Code::VoucherOrderInvalidPaymentStatus.into());
        }
        match payment.amount.cmp(&order.total()) {
            Ordering::Less => Err(Code::PurchaseNotTotallyPaid.into()),
            Ordering::Greater => Err(Error::invalid(&["payment.amount"]).into()),
            Ordering::Equal => Ok(self.sell(order, code, payment, vouchers)),
        }
    }

    fn sell(&self, order: &VoucherOrder, code: OrderCode, payment: Payment, vouchers: &[NewVoucher; MAX_ITEMS]) -> Done {
        let (at, group, channel) = (self.moment.now, order.group, self.channel.id);
        let until = order.life_days.map(|days| at.plus_ms(i64::from(days) * DAY_MS));
        let has_pins = self.world.catalogue.voucher_groups.get(&group).is_some_and(|group| group.pins);
        let before = self.world.counter(&CounterKey::Vouchers(group)).cast_unsigned();
        let mut draft = Draft::new(self.world);
        let mut sold = Vec::with_capacity(order.items.len());
        for ((nth, item), new) in (before + 1..).zip(&order.items).zip(vouchers) {
            let id = group.voucher(nth);
            let voucher = Voucher {
                id,
                group,
                masked: new.masked.clone(),
                pin: new.shown.pin.filter(|_| has_pins),
                currency: order.currency,
                balance: item.amount,
                reserved: 0,
                movements: 1,
                blocked: false,
                expires: until,
                version: 1,
            };
            let has_pin = voucher.pin.is_some();
            draft.put(Arc::new(voucher));
            draft.put(Arc::new(VoucherCode { code: new.shown.code, voucher: id }));
            let what = MovementKind::Sold { order: order.id, code };
            draft.put(Arc::new(VoucherMovement { voucher: id, number: 1, at, amount: item.amount, what }));
            let letter = if let GiftDelivery::Email { on } = item.delivery {
                let pin = new.pin.clone().filter(|_| has_pins);
                let letter = letter(order, item, new.code.clone(), pin, until);
                Some(draft.send(at, on.unwrap_or(at), About::Gift(id), Content::Mail(Box::new(letter))))
            } else {
                None
            };
            sold.push(SoldVoucher { id, code: new.shown.code, masked: new.masked.clone(), has_pin, letter });
        }
        draft.count(CounterKey::Vouchers(group), sold.len() as i64);
        draft.count(CounterKey::PromisedVouchers(group), -(order.promised() as i64));
        draft.count(CounterKey::VoucherOrders(channel), 1);
        let number = self.world.counter(&CounterKey::VoucherOrders(channel)).cast_unsigned() + 1;
        draft.put(Arc::new(VoucherSale {
            channel,
            number,
            order: order.id,
            code,
            at,
            by: Arc::new(Seller::of(channel, self.caller.subject)),
            currency: order.currency,
            total: order.total(),
            vouchers: sold.iter().map(|sold| sold.id).zip(order.items.iter().map(|item| item.amount)).collect(),
        }));
        let stage = Stage::Confirm { at, code, payment, until, vouchers: sold, refunded: None };
        let mut order = VoucherOrder { stage, ..order.clone() };
        order.entry = draft.enter(channel, self.caller.subject.terminal, || order.moved());
        done(draft, order)
    }

    fn delete(&self, order: &VoucherOrder) -> Planned {
        if order.expires().is_none() {
            return Err(Code::VoucherOrderInvalidStatus.into());
        }
        let mut draft = Draft::new(self.world);
        let_go(&mut draft, order);
        draft.delete(Key::VoucherOrder(order.id));
        Ok(Done { changes: draft.finish(), reply: Reply::Done })
    }
}

/// What the receiver of a gift is told.
fn letter(order: &VoucherOrder, item: &Gift, code: String, pin: Option<String>, until: Option<Timestamp>) -> Mail {
    let buyer = order.buyer.as_ref();
    let names = buyer.into_iter().flat_map(|buyer| [&buyer.name, &buyer.surname]).flatten().map(String::as_str);
    let from = names.collect::<Vec<_>>().join(" ");
    let gift = GiftLetter {
        code,
        pin,
        amount: item.amount,
        currency: order.currency,
        until,
        image: item.image.clone(),
        from: Some(from).filter(|from| !from.is_empty()),
        receiver: item.receiver.clone(),
    };
    let to = item.receiver.email.clone().unwrap_or_default();
    Mail { to, language: order.language.clone(), channel: order.seller.channel, letter: Letter::Gift(gift) }
}

/// What time does to voucher orders: at most `limit` that are over expire, and those that expired a day ago are forgotten.
pub(crate) fn tick(world: &World, draft: &mut Draft<'_>, now: Timestamp, limit: usize) {
    for (id, order) in world.voucher_orders.due(now).take(limit) {
        match order.filter(|order| order.expires().is_some()) {
            Some(order) => {
                let_go(draft, order);
                draft.put(order.at(now));
            }
            None => draft.delete(Key::VoucherOrder(id)),
        }
    }
}

/// What was promised to an order is not any more.
fn let_go(draft: &mut Draft<'_>, order: &VoucherOrder) {
    draft.count(CounterKey::PromisedVouchers(order.group), -(order.promised() as i64));
}

pub(super) fn done(mut draft: Draft<'_>, order: VoucherOrder) -> Done {
    let order = Arc::new(order);
    draft.put(order.clone());
    Done { changes: draft.finish(), reply: Reply::VoucherOrder(order) }
}

/// A refusal that names all items, by number, that are not as they should be.
fn all(items: &[NewGift], code: Code, fits: impl Fn(&NewGift) -> bool) -> Result<(), Error> {
    let wrong: Vec<_> = (1_u64..).zip(items).filter(|(_, item)| !fits(item)).map(|(number, _)| number).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(code).with_details(wrong)) }
}

/// The day (UTC) of an instant, counted from the epoch.
const fn day(instant: Timestamp) -> i64 {
    instant.0.div_euclid(DAY_MS * 1_000)
}

/// A payment in the order's currency: `DIST0004` for too many decimals, `DIST0005` for negative and absurd ones.
fn in_currency(currency: Currency, payment: &PaymentRequest) -> Result<Payment, Error> {
    let amount = currency.minor(payment.amount).ok_or_else(|| Error::format("payment.amount", &payment.amount.to_string()))?;
    if !(0..=MAX_MINOR).contains(&amount) {
        return Err(Error::invalid(&["payment.amount"]));
    }
    Ok(Payment { kind: payment.kind, amount, reference: payment.reference.clone() })
}
