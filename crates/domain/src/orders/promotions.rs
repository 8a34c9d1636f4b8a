//! Promotions in orders: automatic ones come with the items, others are chosen, and all are settled anew whenever the basket changes. What has come
//! into an order keeps its terms; a use that an order has is never taken away by a limit. What it comes to is `promotions::price`'s.
//!
//! Two that are not stackable never share an item. Of automatic ones the first in turn has it, and gives way to one that was chosen, since nobody
//! could ever choose it otherwise; chosen ones keep what they have.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::basket::{Desk, check_named, refused};
use super::draft::Draft;
use super::{Item, Order, TicketKind, collectives, extras};
use crate::catalogue::{Catalogue, Offer};
use crate::change::CounterKey;
use crate::collectives::TakenCollective;
use crate::command::{Effect, Planned, Stop};
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::identity::tries::{Against, slowed, tried};
use crate::ids::{CollectiveId, ItemId, PromotionId};
use crate::moment::Timestamp;
use crate::promotions::price::{self, Priced};
use crate::promotions::{Applied, MAX_CHOSEN, Promotion, PromotionCode, Scope, Terms};

/// A promotion that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionRequest {
    /// Which one.
    pub id: PromotionId,
    /// On which items; else on all that it is for.
    pub items: Option<Vec<ItemId>>,
    /// With which code.
    pub code: Option<PromotionCode>,
}

/// Why an order may not have a promotion that it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not its time.
    NotNow,
    /// It is for none of the items.
    NoItem,
    /// It asks for more items.
    TooFewItems,
    /// The items have others that it does not go with.
    NotCombinable,
    /// The order does not carry its collective, or that is not on.
    NoCollective,
}

/// Whether an order may choose a promotion, as far as it knows of it.
pub fn is_offered(promotion: &Promotion, order: &Order, catalogue: &Catalogue) -> bool {
    let terms = &promotion.terms;
    promotion.status == Status::Active
        && !terms.is_automatic()
        && terms.conditions.allow(order.seller.channel)
        && order.items.iter().any(|item| covers(terms, item, catalogue))
}

/// The items that an order could have a promotion on now, or why there are none. Whether it has uses left is not looked at.
///
/// # Errors
/// The first obstacle.
pub fn applicable(terms: &Terms, order: &Order, catalogue: &Catalogue, now: Timestamp) -> Result<Vec<ItemId>, Obstacle> {
    if terms.window.is_some_and(|window| !window.contains(now)) {
        return Err(Obstacle::NotNow);
    }
    if terms.conditions.collective.is_some_and(|id| !order.carries(id) || !is_on(id, order, catalogue, now)) {
        return Err(Obstacle::NoCollective);
    }
    let mut items = fitting(terms, order, catalogue);
    if items.is_empty() {
        return Err(Obstacle::NoItem);
    }
    if items.len() < terms.conditions.min_items as usize {
        return Err(Obstacle::TooFewItems);
    }
    let in_the_way = |one: &&Applied| one.terms.id != terms.id && !one.terms.is_automatic() && !one.terms.stackable && !terms.stackable;
    let taken: BTreeSet<_> = order.extras().promotions.iter().filter(in_the_way).flat_map(|one| &one.items).collect();
    items.retain(|item| !taken.contains(item));
    if items.is_empty() { Err(Obstacle::NotCombinable) } else { Ok(items) }
}

/// Whether an order's channel has a collective whose time is now.
fn is_on(id: CollectiveId, order: &Order, catalogue: &Catalogue, now: Timestamp) -> bool {
    let collective = catalogue.collectives.get(&id);
    collective.is_some_and(|collective| collective.is_of(order.seller.channel) && collective.is_in_time(now))
}

/// Whether an item is of an event and a session that a promotion is for.
fn covers(terms: &Terms, item: &Item, catalogue: &Catalogue) -> bool {
    let is_theirs = catalogue.events.get(&item.event).is_some_and(|event| event.entity == terms.entity);
    is_theirs && terms.conditions.cover(item.event, item.session)
}

/// The items that a promotion is for, by id. Nothing is taken off an invitation.
fn fitting(terms: &Terms, order: &Order, catalogue: &Catalogue) -> Vec<ItemId> {
    if !terms.is_in(order.currency) {
        return Vec::new();
    }
    let fits =
        |item: &&Item| item.kind == TicketKind::Sale && covers(terms, item, catalogue) && terms.conditions.take(item.price_type, item.rate);
    let mut items: Vec<_> = order.items.iter().filter(fits).map(|item| item.id).collect();
    items.sort_unstable();
    items
}

/// Keeps at most so many items, the dearest: which of them it is must not depend on which came first.
fn keep_dearest(items: &mut Vec<ItemId>, most: usize, order: &Order) {
    if items.len() > most {
        items.sort_by_cached_key(|id| {
            let item = order.items.iter().find(|item| item.id == *id);
            item.map(|item| (Reverse(item.price.base), item.session, item.place))
        });
        items.truncate(most);
        items.sort_unstable();
    }
}

/// How often an order uses one of its promotions. What was given back is a use no more, if the promotion says so.
pub(super) fn uses(order: &Order, one: &Applied) -> i64 {
    let gives_back = one.terms.limits.returned_on_refund && !order.extras().after.refunds.is_empty();
    i64::from(if gives_back { one.uses_of(|item| order.refund_of(item).is_none()) } else { one.uses() })
}

/// Each counter that an order's promotions count in, with how much.
pub fn counted(order: &Order) -> impl Iterator<Item = (CounterKey, i64)> {
    order.extras().promotions.iter().flat_map(move |one| {
        let (id, uses) = (one.terms.id, uses(order, one));
        let by_code = one.code.as_ref().map(|code| (CounterKey::CodeUses(id, code.hash()), uses));
        [Some((CounterKey::PromotionUses(id), uses)), by_code].into_iter().flatten()
    })
}

/// The prices of an order's items with its promotions. Those that stay as they are stay shared.
pub(super) fn reprice(order: &mut Order) {
    let bases: Vec<_> = order.items.iter().map(Priced::from).collect();
    let discounts = price::discounts(&bases, &order.extras().promotions);
    for (item, discounts) in order.items.iter_mut().zip(discounts) {
        if *item.price.discounts != *discounts {
            item.set_price(Arc::new(item.price.with_discounts(discounts.into())));
        }
    }
}

/// What is known while an order's promotions are settled one after the other.
struct Settled {
    /// The items that have one that is not stackable.
    taken: BTreeSet<ItemId>,
    /// The items that each of its collectives has opened.
    opened: BTreeMap<CollectiveId, BTreeSet<ItemId>>,
}

impl Settled {
    /// Nothing settled yet: what collectives opened before counts, as far as it still is in the order.
    fn of(order: &Order) -> Self {
        let there = |id: &ItemId| order.items.iter().any(|item| item.id == *id);
        let opened = |taken| collectives::opened(order, taken).into_iter().filter(there).collect();
        let opened = order.extras().collectives.iter().map(|taken| (taken.id, opened(taken))).collect();
        Self { taken: BTreeSet::new(), opened }
    }
}

impl Desk<'_> {
    /// Brings a session's automatic promotions into an order, but for those of collectives that it does not carry. Most sessions have none.
    pub(super) fn bring_promotions(&self, order: Order, offer: &Offer) -> Order {
        let (channel, now) = (order.seller.channel, self.moment.now);
        let comes = |promotion: &&Arc<Promotion>| {
            let terms = &promotion.terms;
            let carried = terms.conditions.collective.is_none_or(|id| order.carries(id));
            let in_force = carried && terms.conditions.allow(channel) && terms.window.is_none_or(|window| window.contains(now));
            in_force && !order.extras().promotions.iter().any(|one| one.terms.id == promotion.id)
        };
        let coming: Vec<_> = offer.automatic.iter().filter(comes).map(|promotion| promotion.terms.clone()).collect();
        if coming.is_empty() {
            return order;
        }
        order.with_extras(|extras| {
            extras.promotions.extend(coming.into_iter().map(|terms| Applied { terms, code: None, items: Vec::new() }));
            extras.promotions.sort_by_key(|one| one.terms.turn());
        })
    }

    /// The order with its promotions settled anew: each on the items that it may have, and the prices after them.
    pub(super) fn with_promotions(&self, order: Order) -> Order {
        let mut applied = order.extras().promotions.clone();
        let mut settled = Settled::of(&order);
        for automatic in [false, true] {
            applied.retain_mut(|one| one.terms.is_automatic() != automatic || self.settle(&order, one, &mut settled));
        }
        let mut order = order.with_extras(|extras| extras.promotions = applied);
        reprice(&mut order);
        order
    }

    /// Settles one promotion of an order. Whether it stays in the order.
    fn settle(&self, order: &Order, one: &mut Applied, settled: &mut Settled) -> bool {
        let fitting = fitting(&one.terms, order, &self.world.catalogue);
        let collective = one.terms.conditions.collective;
        let holder = collective.and_then(|id| order.taken(id));
        let stays =
            (collective.is_none() || holder.is_some()) && !fitting.is_empty() && (one.terms.is_automatic() || !one.items.is_empty());
        let enough = fitting.len() >= one.terms.conditions.min_items as usize;
        let mut free = fitting;
        free.retain(|item| enough && (one.terms.stackable || !settled.taken.contains(item)));
        if let Some(holder) = holder.filter(|_| stays) {
            self.retain_openable(order, holder, one, settled, &mut free);
        }
        one.items = match (one.terms.is_automatic(), one.terms.scope) {
            _ if !stays => Vec::new(),
            (true, _) => self.granted(order, one, free),
            (false, Scope::Order) => free,
            (false, Scope::Item) => free.into_iter().filter(|item| one.has(*item)).collect(),
        };
        if !one.terms.stackable {
            settled.taken.extend(&one.items);
        }
        if let Some(opened) = collective.and_then(|id| settled.opened.get_mut(&id)) {
            opened.extend(&one.items);
        }
        stays && (one.terms.is_automatic() || !one.items.is_empty())
    }

    /// Leaves out what a promotion does not have yet and its collective may not open any more.
    fn retain_openable(&self, order: &Order, holder: &TakenCollective, one: &Applied, settled: &Settled, free: &mut Vec<ItemId>) {
        let Some(opened) = settled.opened.get(&holder.id) else { return };
        let is_new = |item: &ItemId| !one.has(*item) && !opened.contains(item);
        let wanted = opened.len() + free.iter().filter(|item| is_new(item)).count();
        let on = is_on(holder.id, order, &self.world.catalogue, self.moment.now);
        let mut room = self.openable(order, holder, wanted).saturating_sub(opened.len());
        let mut take = || room.checked_sub(1).map(|left| room = left).is_some();
        free.retain(|item| one.has(*item) || (on && opened.contains(item)) || take());
    }

    /// The items among these that an automatic promotion has or gets, as far as its time and its limits go.
    fn granted(&self, order: &Order, one: &Applied, mut free: Vec<ItemId>) -> Vec<ItemId> {
        let (terms, uses) = (&one.terms, i64::from(one.uses()));
        let in_time = terms.window.is_none_or(|window| window.contains(self.moment.now));
        let left = |kept: i64, wanted: usize| {
            let of_order = terms.limits.per_order.map_or(wanted, |limit| (i64::from(limit) - kept).clamp(0, wanted as i64) as usize);
            let in_all = self.room(&CounterKey::PromotionUses(terms.id), terms.limits.total, uses - kept, of_order);
            let Some(holder) = terms.conditions.collective.and_then(|id| order.taken(id)) else { return in_all };
            let by_member = CounterKey::PromotionMemberUses(terms.id, holder.holder.hash());
            self.room(&by_member, terms.limits.per_member, self.counts(order, &by_member) - kept, in_all)
        };
        match terms.scope {
            Scope::Order if uses > 0 || (in_time && !free.is_empty() && left(0, 1) == 1) => free,
            Scope::Order => Vec::new(),
            Scope::Item => {
                let kept = free.iter().filter(|item| one.has(**item)).count();
                if !in_time {
                    free.retain(|item| one.has(*item));
                } else if kept < free.len() {
                    let most = kept + left(kept as i64, free.len() - kept);
                    keep_dearest(&mut free, most, order);
                }
                free
            }
        }
    }

    /// The promotion asked for, on the items named or on all that it is for. Asked for again, it replaces what it was.
    pub(super) fn promote(&self, order: &Order, request: &PromotionRequest) -> Planned {
        let resale: Vec<_> = order.items.iter().filter(|item| item.kind == TicketKind::Resale).map(|item| item.id).collect();
        let named = request.items.iter().flatten().copied().filter(|id| resale.contains(id));
        let named: Vec<_> = named.collect();
        if order.items.len() == resale.len() || !named.is_empty() {
            return Err(refused(Code::OrderPromotionPrimaryMktRequired, named).into());
        }
        let catalogue = &self.world.catalogue;
        let offered = catalogue.promotions.get(&request.id).filter(|promotion| is_offered(promotion, order, catalogue));
        let promotion = offered.ok_or(Code::OrderPromotionNotFound)?;
        let terms = &promotion.terms;
        let code = self.checked_code(order, promotion, request.code.as_ref())?;
        let items = applicable(terms, order, catalogue, self.moment.now).map_err(|_| Code::OrderInvalidPromotion)?;
        let items = match &request.items {
            None => items,
            Some(named) => {
                // An order's promotion is for all of them.
                let may = |id| terms.scope == Scope::Item && items.contains(&id);
                check_named(order, named, Code::OrderInvalidPromotion, may)?;
                items.into_iter().filter(|item| named.contains(item)).collect()
            }
        };
        let applied = Applied { terms: terms.clone(), code, items };
        self.check_limits(order, promotion, &applied)?;
        let order = order.with_extras(|extras| {
            extras.promotions.retain(|one| one.terms.id != request.id);
            extras.promotions.push(applied);
            extras.promotions.sort_by_key(|one| one.terms.turn());
        });
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `ORDER_INVALID_PROMOTION` without the code that a promotion needs, which counts as a try if one was given; `TOO_MANY_REQUESTS` after many tries in
    /// this order, whatever the code is.
    fn checked_code(&self, order: &Order, promotion: &Promotion, code: Option<&PromotionCode>) -> Result<Option<PromotionCode>, Stop> {
        if !promotion.terms.needs_code {
            return Ok(None);
        }
        let code = code.ok_or(Code::OrderInvalidPromotion)?;
        let against = Against::promotion(order.id);
        slowed(self.world, std::slice::from_ref(&against), self.moment.now)?;
        if promotion.codes.contains_key(code) {
            return Ok(Some(code.clone()));
        }
        let effects = tried(self.world, std::slice::from_ref(&against), self.moment.now).map(Effect::Tried).collect();
        Err(Stop::Refused { error: Box::new(Code::OrderInvalidPromotion.into()), effects })
    }

    /// `PROMOTION_CODE_LIMIT_REACHED`, then `ORDER_PROMOTION_LIMIT_OPERATION_EXCEEDED`, then `ORDER_PROMOTION_LIMIT_EXCEEDED`, then
    /// `ORDER_COLLECTIVE_LIMIT_EXCEEDED`. What the order uses of it already counts no more.
    fn check_limits(&self, order: &Order, promotion: &Promotion, asked: &Applied) -> Result<(), Error> {
        let uses = asked.uses() as usize;
        let own = |key: &CounterKey| extras::counted(order).filter(|(counted, _)| counted == key).map(|(_, uses)| uses).sum::<i64>();
        let is_over = |key: &CounterKey, limit: Option<u32>| self.room(key, limit, own(key), uses) < uses;
        if let Some(code) = &asked.code
            && is_over(&CounterKey::CodeUses(promotion.id, code.hash()), promotion.codes.get(code).copied().flatten())
        {
            return Err(Code::PromotionCodeLimitReached.into());
        }
        let others = order.extras().promotions.iter().filter(|one| !one.terms.is_automatic() && one.terms.id != promotion.id).count();
        if asked.terms.limits.per_order.is_some_and(|limit| uses > limit as usize) || others >= MAX_CHOSEN {
            return Err(Code::OrderPromotionLimitOperationExceeded.into());
        }
        if is_over(&CounterKey::PromotionUses(promotion.id), asked.terms.limits.total) {
            return Err(Code::OrderPromotionLimitExceeded.into());
        }
        let Some(holder) = asked.terms.conditions.collective.and_then(|id| order.taken(id)) else { return Ok(()) };
        let by_member = CounterKey::PromotionMemberUses(promotion.id, holder.holder.hash());
        let mut opened = collectives::opened(order, holder);
        let before = opened.len();
        opened.extend(&asked.items);
        let opens_too_much = opened.len() > before && self.openable(order, holder, opened.len()) < opened.len();
        let spent = opens_too_much || is_over(&by_member, asked.terms.limits.per_member);
        if spent { Err(Code::OrderCollectiveLimitExceeded.into()) } else { Ok(()) }
    }

    /// How many of so many uses there is room for, where the order gives so many of its `own` back.
    pub(super) fn room(&self, key: &CounterKey, limit: Option<u32>, own: i64, wanted: usize) -> usize {
        let Some(limit) = limit else { return wanted };
        let room = i64::from(limit) - self.world.counter(key) + own;
        let room = if room < wanted as i64 { room + self.overdue_in(key) } else { room };
        room.clamp(0, wanted as i64) as usize
    }

    /// Takes a chosen promotion out of the order.
    pub(super) fn drop_promotion(&self, order: &Order, id: PromotionId) -> Planned {
        let is_it = |one: &Applied| one.terms.id == id && !one.terms.is_automatic();
        if !order.extras().promotions.iter().any(is_it) {
            return Err(Code::OrderPromotionNotFound.into());
        }
        // Settling takes out what was chosen for nothing, and gives its items back to others.
        let order = order.with_extras(|extras| extras.promotions.iter_mut().filter(|one| is_it(one)).for_each(|one| one.items.clear()));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `PROMOTION_REQUIRED` naming items of sessions that are sold only with a promotion, and have none. Invitations need none.
    pub(super) fn check_promotions(&self, order: &Order) -> Result<(), Error> {
        let required = |item: &&Item| {
            let offer = self.world.catalogue.offers.get(&item.session);
            item.kind == TicketKind::Sale && offer.is_some_and(|offer| offer.session.promotion_required)
        };
        let without = |item: &&Item| !order.extras().promotions.iter().any(|one| one.has(item.id));
        let without: Vec<_> = order.items.iter().filter(required).filter(without).map(|item| item.id).collect();
        if without.is_empty() { Ok(()) } else { Err(refused(Code::PromotionRequired, without)) }
    }
}
