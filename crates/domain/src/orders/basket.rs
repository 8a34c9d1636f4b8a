//! A basket's life but for its places: create, read, remove, tariff, buyer, back to basket, delete. Adding places is [`super::seats`]',
//! pre-confirm and confirm are [`super::confirm`]'s.

use std::sync::Arc;

use super::draft::Draft;
use super::{Buyer, Item, Order, Seller, Stage, TicketKind, extras, products, surcharges};
use crate::catalogue::Offer;
use crate::change::{CounterKey, Key};
use crate::command::{Done, OrderCommand, Planned, Reply, Stop};
use crate::error::{Code, DetailId, Error};
use crate::identity::Channel;
use crate::identity::check::{Actor, Caller};
use crate::ids::{FamilyId, ItemId, OrderId, RateId, SessionId};
use crate::moment::Moment;
use crate::postal;
use crate::pricing;
use crate::text::Language;
use crate::world::World;

/// Live orders of one channel at most.
pub const MAX_LIVE_PER_CHANNEL: u32 = 200_000;
/// Orders whose time is over, though no tick has released them yet, that one command looks through at most: the longest over ones, which the next
/// ticks release. So a command stays cheap after a stand-still.
const MAX_OVERDUE_SEEN: usize = 1_024;
/// Orders of one sign-in that never held an item, at most.
pub const MAX_EMPTY_PER_TOKEN: u32 = 10_000;

/// Where a channel's calls are decided.
pub(super) struct Desk<'a> {
    pub world: &'a World,
    pub moment: &'a Moment,
    pub caller: Caller<'a>,
    pub channel: &'a Channel,
}

/// Decides what a channel asks of its orders.
///
/// # Errors
/// The codes of orders, see error-triggers.md.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &OrderCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let caller = world.identity.check(bearer, moment.now)?;
    let channel = caller.channel.ok_or(Code::ForbiddenResource)?;
    let desk = Desk { world, moment, caller, channel };
    match command {
        OrderCommand::Create { language } => {
            let open = world.open_orders_of(bearer.family);
            if open.empty >= MAX_EMPTY_PER_TOKEN || world.open_orders(channel.id).live >= MAX_LIVE_PER_CHANNEL {
                return Err(Code::TooManyRequests.into());
            }
            desk.create(bearer.family, language.as_ref())
        }
        OrderCommand::Read(id) => Ok(Done { changes: Vec::new(), reply: Reply::Order(desk.order(*id)?.clone()) }),
        OrderCommand::AddSeats(id, seats, code) => desk.add_seats(desk.basket(*id)?, seats, code.as_ref()),
        OrderCommand::AddAuto(id, request) => desk.add_auto(desk.basket(*id)?, request),
        OrderCommand::AddResale(id, offers) => desk.add_resale(desk.basket(*id)?, offers),
        OrderCommand::AddProducts(id, products) => desk.add_products(desk.basket(*id)?, products),
        OrderCommand::RemoveItems(id, items) => desk.remove(desk.basket(*id)?, items),
        OrderCommand::SetRate(id, item, rate) => desk.set_rate(desk.basket(*id)?, *item, *rate),
        OrderCommand::SetBuyer(id, buyer) => desk.set_buyer(desk.basket(*id)?, buyer),
        OrderCommand::ChangeMetadata(id, change) => desk.change_metadata(desk.basket(*id)?, change),
        OrderCommand::SetDelivery(id, method) => desk.set_delivery(desk.basket(*id)?, *method),
        OrderCommand::Insure(id, insurance, items) => desk.insure(desk.basket(*id)?, *insurance, items.as_deref()),
        OrderCommand::DropInsurance(id, insurance) => desk.drop_insurance(desk.basket(*id)?, *insurance),
        OrderCommand::SetAttendees(id, attendees) => desk.set_attendees(desk.basket(*id)?, attendees),
        OrderCommand::AddVoucher(id, shown) => desk.add_voucher(desk.basket(*id)?, shown),
        OrderCommand::RemoveVoucher(id, voucher) => desk.remove_voucher(desk.basket(*id)?, *voucher),
        OrderCommand::ValidateVoucher(shown, buyer) => desk.validate_voucher(shown, *buyer),
        OrderCommand::Promote(id, request) => desk.promote(desk.basket(*id)?, request),
        OrderCommand::DropPromotion(id, promotion) => desk.drop_promotion(desk.basket(*id)?, *promotion),
        OrderCommand::MemberPassword(id, collective, member) => desk.member_password(desk.basket(*id)?, *collective, member),
        OrderCommand::AddCollective(id, collective, shown) => desk.add_collective(desk.basket(*id)?, *collective, shown),
        OrderCommand::DropCollective(id, collective) => desk.drop_collective(desk.basket(*id)?, *collective),
        OrderCommand::PreConfirm(id) => desk.accept(desk.order(*id)?, false),
        OrderCommand::Book(id) => desk.book(*id),
        OrderCommand::BackToBasket(id) => desk.back_to_basket(desk.order(*id)?),
        OrderCommand::Confirm(id, payments) => desk.confirm(desk.order(*id)?, payments),
        OrderCommand::Delete(id) => desk.delete(desk.order(*id)?),
        OrderCommand::JoinLoyalty(order, request) => desk.join_loyalty(*order, request),
    }
}

impl<'a> Desk<'a> {
    /// An order of this channel that is not over.
    pub(super) fn order(&self, id: OrderId) -> Result<&'a Arc<Order>, Stop> {
        self.world.order(id, self.channel.id, self.moment.now)
    }

    /// An order of this channel that may be changed.
    fn basket(&self, id: OrderId) -> Result<&'a Arc<Order>, Stop> {
        let order = self.order(id)?;
        if let Stage::Basket { .. } = order.stage { Ok(order) } else { Err(Code::OrderInvalidStatus.into()) }
    }

    fn create(&self, family: FamilyId, language: Option<&Language>) -> Planned {
        let language = self::language(self.channel, language)?;
        let now = self.moment.now;
        let order = Order {
            id: self.moment.draw().order_id(),
            seller: Arc::new(self.seller()),
            family,
            currency: self.channel.currency,
            language,
            created: now,
            stage: Stage::Basket { expires: now, code: None },
            items: Vec::new(),
            surcharges: Vec::new(),
            buyer: None,
            held_items: false,
            counted: Vec::new(),
            extras: None,
        };
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// Who asks, as the books name it.
    pub(super) fn seller(&self) -> Seller {
        Seller::of(self.channel.id, self.caller.subject)
    }

    /// The basket after a change: what depends on its items is worked out anew, and its time moved on.
    pub(super) fn touched(&self, order: Order) -> Order {
        let order = if order.extras().promotions.is_empty() { order } else { self.with_promotions(order) };
        let mut order = order.settled();
        if let Stage::Basket { code, .. } = order.stage {
            order.stage = Stage::Basket { expires: order.extended(self.channel, self.moment.now), code };
        }
        order
    }

    fn remove(&self, order: &Order, ids: &[ItemId]) -> Planned {
        check_named(order, ids, Code::OrderItemInvalid, |_| true)?;
        let mut draft = Draft::new(self.world);
        let (gone, left): (Vec<_>, Vec<_>) = order.items.iter().cloned().partition(|item| ids.contains(&item.id));
        for item in &gone {
            draft.free(order, item);
        }
        let mut order = Order { items: left, ..order.clone() };
        order.surcharges.retain(|surcharge| surcharges::are_due(&order.items, surcharge.session));
        if !order.extras().products.is_empty() {
            let staying = products::staying(&order.extras().products, ids, &order.items);
            order = order.with_extras(|extras| extras.products = staying);
        }
        if order.is_empty() {
            order.currency = self.channel.currency;
        }
        Ok(draft.done(self.touched(order)))
    }

    fn set_rate(&self, order: &Order, id: ItemId, rate: RateId) -> Planned {
        // What another buyer offers has the tariff and the price that it is offered at.
        let is_it = |item: &Item| item.id == id && item.kind != TicketKind::Resale;
        let index = order.items.iter().position(is_it).ok_or_else(|| refused(Code::OrderItemInvalid, [id]))?;
        let item = &order.items[index];
        let offer = self.offer(item)?;
        let rate = offer.rate(Some(rate)).ok_or(Error::invalid(&["rate_id"]))?;
        self.check_change(item, rate)?;
        let price = pricing::item_price(&offer.session, order.currency, self.channel, item.price_type, rate);
        let price = price.ok_or_else(|| refused(Code::OrderItemInvalid, [id]))?;
        let (session, were_due) = (item.session, surcharges::are_due(&order.items, item.session));
        let mut order = order.clone();
        let item = &mut order.items[index];
        (item.rate, item.kind) = (rate.id, TicketKind::of(rate));
        item.set_price(Arc::new(price));
        let are_due = surcharges::are_due(&order.items, session);
        if are_due && !were_due {
            surcharges::bring(&mut order.surcharges, offer, self.channel);
        }
        order.surcharges.retain(|surcharge| are_due || surcharge.session != session);
        let order = self.bring_promotions(order, offer);
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    fn set_buyer(&self, order: &Order, buyer: &Arc<Buyer>) -> Planned {
        self.channel.buyer_form.check("fields", &buyer.fields)?;
        let order = Order { buyer: Some(buyer.clone()), ..order.clone() };
        self.check_buyer_limit(&order)?;
        postal::check(buyer)?;
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    fn back_to_basket(&self, order: &Order) -> Planned {
        let Stage::PreConfirm { code, booked: false, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        let mut draft = Draft::new(self.world);
        draft.undo_pre_confirm(order);
        let stage = Stage::Basket { expires: order.extended(self.channel, self.moment.now), code: Some(code) };
        Ok(draft.done(Order { stage, counted: Vec::new(), ..order.clone() }))
    }

    fn delete(&self, order: &Order) -> Planned {
        if order.expires().is_none() {
            return Err(Code::OrderInvalidStatus.into());
        }
        let mut draft = Draft::new(self.world);
        draft.free_all(order);
        draft.delete(Key::Order(order.id));
        Ok(Done { changes: draft.finish(), reply: Reply::Done })
    }

    /// The offer of an item, as long as this channel sells it.
    fn offer(&self, item: &Item) -> Result<&'a Arc<Offer>, Error> {
        let offer = self.world.session(item.session).map(|(offer, _)| offer);
        offer.filter(|offer| self.sells(offer)).ok_or_else(|| refused(Code::SessionNotFound, [item.session]))
    }

    fn sells(&self, offer: &Offer) -> bool {
        offer.in_channel(self.channel.id, self.moment.now).is_some()
    }

    /// `SESSION_NOT_FOUND` for the sessions of an order that this channel does not sell any more.
    pub(super) fn check_sessions(&self, sessions: &[SessionId]) -> Result<(), Error> {
        let sold = |session: &&SessionId| self.world.session(**session).is_some_and(|(offer, _)| self.sells(offer));
        let unknown: Vec<_> = sessions.iter().filter(|session| !sold(session)).copied().collect();
        if unknown.is_empty() { Ok(()) } else { Err(refused(Code::SessionNotFound, unknown)) }
    }

    /// `SESSION_SALES_LIMIT_EXCEEDED` if this order takes its buyer over a session's limit.
    pub(super) fn check_buyer_limit(&self, order: &Order) -> Result<(), Error> {
        let is_over =
            |session: &SessionId| self.world.session(*session).is_some_and(|(offer, _)| self.is_over_buyer_limit(order, offer, 0));
        let over: Vec<_> = order.sessions().into_iter().filter(is_over).collect();
        if over.is_empty() { Ok(()) } else { Err(refused(Code::SessionSalesLimitExceeded, over)) }
    }

    /// Whether so many more places of a session would take the order's buyer over its limit. Other people's baskets do not count.
    pub(super) fn is_over_buyer_limit(&self, order: &Order, offer: &Offer, more: usize) -> bool {
        let (session, buyer) = (offer.session.id, || order.buyer.as_ref()?.hash());
        let Some((limit, buyer)) = offer.session.buyer_limit.and_then(|limit| Some((limit, buyer()?))) else { return false };
        let own = order.items.iter().filter(|item| item.session == session).count();
        self.is_over(&CounterKey::BuyerSales(session, buyer), own + more, limit)
    }

    /// Whether a counter has no room for so many more. What orders still count although their time is over counts no more.
    pub(super) fn is_over(&self, key: &CounterKey, more: usize, limit: u32) -> bool {
        let over = |counted: i64| counted + more as i64 > i64::from(limit);
        let counted = self.world.counter(key);
        over(counted) && over(counted - self.overdue_in(key))
    }

    /// What orders count in a counter although their time is over.
    pub(super) fn overdue_in(&self, key: &CounterKey) -> i64 {
        self.overdue().map(|order| counted_by(order, key)).sum()
    }

    /// Orders whose time is over although no tick has released them yet.
    pub(super) fn overdue(&self) -> impl Iterator<Item = &'a Arc<Order>> {
        self.world.due(self.moment.now).take(MAX_OVERDUE_SEEN)
    }
}

/// The language of what a channel sells: the one that is named, if it is the channel's, else its first.
pub(crate) fn language(channel: &Channel, named: Option<&Language>) -> Result<Language, Error> {
    match named {
        Some(named) if !channel.languages.contains(named) => Err(Error::invalid(&["language"])),
        Some(named) => Ok(named.clone()),
        None => channel.languages.first().cloned().ok_or(Error::required(&["language"])),
    }
}

/// How much an order adds to a counter.
fn counted_by(order: &Order, key: &CounterKey) -> i64 {
    let of = |session: SessionId| order.items.iter().filter(|item| item.session == session).count() as i64;
    let first_sold = |session: SessionId| {
        let is_it = |item: &&Item| item.session == session && item.kind != TicketKind::Resale;
        order.items.iter().filter(is_it).count() as i64
    };
    let hash = || order.buyer.as_ref()?.hash();
    match *key {
        CounterKey::ChannelSales(session, channel) if order.seller.channel == channel => first_sold(session),
        CounterKey::BuyerSales(session, buyer) if order.counted.contains(&session) && hash() == Some(buyer) => of(session),
        CounterKey::PromotionUses(_)
        | CounterKey::CodeUses(..)
        | CounterKey::CollectiveUses(_)
        | CounterKey::MemberUses(..)
        | CounterKey::PromotionMemberUses(..)
        | CounterKey::ProductUnits(_) => extras::counted(order).filter(|(counted, _)| counted == key).map(|(_, uses)| uses).sum(),
        _ => 0,
    }
}

/// A refusal that names all refused ids.
pub(super) fn refused<D: Into<DetailId>>(code: Code, ids: impl IntoIterator<Item = D>) -> Error {
    Error::new(code).with_details(ids)
}

/// The items named in a request: `ORDER_ITEM_INVALID` naming those that are not in the order, then `code` naming those that may not be meant.
pub(super) fn check_named(order: &Order, named: &[ItemId], code: Code, may: impl Fn(ItemId) -> bool) -> Result<(), Error> {
    let all_but = |fits: &dyn Fn(ItemId) -> bool| named.iter().copied().filter(|id| !fits(*id)).collect::<Vec<_>>();
    let has = |id| order.items.iter().any(|item| item.id == id) || order.extras().products.iter().any(|unit| unit.id == id);
    let unknown = all_but(&has);
    if !unknown.is_empty() {
        return Err(refused(Code::OrderItemInvalid, unknown));
    }
    let not_meant = all_but(&may);
    if not_meant.is_empty() { Ok(()) } else { Err(refused(code, not_meant)) }
}
