//! Collectives in orders: bringing one in, taking it out, and how much it may still open. What it opens is the business of `promotions`, `presales` and
//! `vouchers`.
//!
//! A use is an item that the collective opened: bought in its presale, or with a promotion that is bound to it. An order that carries a collective keeps
//! it, whatever becomes of the member; what is opened anew needs the collective to be on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::seats::Sale;
use super::{Item, Order, extras, promotions};
use crate::change::CounterKey;
use crate::collectives::{Check, Collective, Holder, MemberKey, PasswordHash, TakenCollective};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::tries::{Against, slowed};
use crate::ids::{CollectiveId, ItemId};
use crate::promotions::PromotionCode;

/// Collectives of one order at most.
pub const MAX_OF_ORDER: usize = 10;

/// What somebody shows to be of a collective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A code.
    Code(PromotionCode),
    /// A member's id, and a password if one was given.
    Member(MemberKey, Option<Proof>),
}

/// A password, already compared. It proves something only if the member's hash still is the one it was compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What it was compared with; `None` if there was nothing.
    pub hash: Option<PasswordHash>,
    /// Whether it was the right one.
    pub right: bool,
}

/// Items of an order that a collective opened.
pub fn opened(order: &Order, taken: &TakenCollective) -> BTreeSet<ItemId> {
    let bound = order.extras().promotions.iter().filter(|one| one.terms.conditions.collective == Some(taken.id));
    taken.items.iter().chain(bound.flat_map(|one| &one.items)).copied().collect()
}

/// Each counter that an order's collectives count in, with how much.
pub fn counted(order: &Order) -> impl Iterator<Item = (CounterKey, i64)> {
    order.extras().collectives.iter().flat_map(move |taken| {
        let (id, holder, uses) = (taken.id, taken.holder.hash(), opened(order, taken).len() as i64);
        let bound = order.extras().promotions.iter().filter(move |one| one.terms.conditions.collective == Some(id));
        let by_promotion = bound.map(move |one| (CounterKey::PromotionMemberUses(one.terms.id, holder), promotions::uses(order, one)));
        [(CounterKey::CollectiveUses(id), uses), (CounterKey::MemberUses(id, holder), uses)].into_iter().chain(by_promotion)
    })
}

/// Forgets items that are not in the order any more.
pub(super) fn settle(collectives: &mut [TakenCollective], items: &[Item]) {
    for taken in collectives.iter_mut().filter(|taken| !taken.items.is_empty()) {
        taken.items.retain(|id| items.iter().any(|item| item.id == *id));
    }
}

impl Order {
    /// A collective, if the order carries it.
    pub fn taken(&self, id: CollectiveId) -> Option<&TakenCollective> {
        self.extras().collectives.iter().find(|taken| taken.id == id)
    }

    /// Whether it carries a collective.
    pub fn carries(&self, id: CollectiveId) -> bool {
        self.taken(id).is_some()
    }
}

impl<'a> Desk<'a> {
    /// A collective that this channel has; `ORDER_COLLECTIVE_NOT_FOUND` otherwise.
    fn collective(&self, id: CollectiveId) -> Result<&'a Arc<Collective>, Error> {
        let collective = self.world.catalogue.collectives.get(&id).filter(|collective| collective.is_of(self.channel.id));
        collective.ok_or(Code::OrderCollectiveNotFound.into())
    }

    /// What a member's password is to be compared with, off this thread. Whether there is such a member is not told: who has none waits as long.
    pub(super) fn member_password(&self, order: &Order, id: CollectiveId, key: &MemberKey) -> Planned {
        self.collective(id)?;
        slowed(self.world, &[Against::collective(order.id), Against::member(id, key.hash)], self.moment.now)?;
        let member = self.world.member(id, key.hash)?;
        Ok(Done { changes: Vec::new(), reply: Reply::MemberPassword(member.and_then(|member| member.password.clone())) })
    }

    /// Brings a collective in, with the promotions that come with it by themselves. Somebody else of the same one takes the first one's place.
    pub(super) fn add_collective(&self, order: &Order, id: CollectiveId, shown: &Shown) -> Planned {
        let collective = self.collective(id)?;
        let holder = self.holder(order, collective, shown)?;
        let known = order.taken(id);
        if known.is_none() && order.extras().collectives.len() >= MAX_OF_ORDER {
            return Err(Error::invalid(&["id"]).into());
        }
        let is_there = known.is_some_and(|taken| taken.holder == holder);
        let order = if known.is_some() && !is_there { self.without(order, id)? } else { order.clone() };
        let order = if is_there {
            order
        } else {
            let taken = TakenCollective { id, holder, items: Vec::new() };
            if self.openable(&order, &taken, 1) == 0 {
                return Err(Code::OrderCollectiveLimitExceeded.into());
            }
            order.with_extras(|extras| extras.collectives.push(taken))
        };
        let offers = order.sessions().into_iter().filter_map(|session| self.world.catalogue.offers.get(&session));
        let order = offers.fold(order, |order, offer| self.bring_promotions(order, offer));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// Who shows this. Wrong tries count against the order and the member; that it was the wrong time counts as well, so that waiting tells nothing.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` after many of them, whatever is shown now; `ORDER_INVALID_COLLECTIVE`.
    fn holder(&self, order: &Order, collective: &Collective, shown: &Shown) -> Result<Holder, Stop> {
        let now = self.moment.now;
        let mut against = vec![Against::collective(order.id)];
        if let (Shown::Member(key, _), Check::MemberPassword) = (shown, &collective.check) {
            against.push(Against::member(collective.id, key.hash));
        }
        slowed(self.world, &against, now)?;
        let holder = match (&collective.check, shown) {
            (Check::Code(codes), Shown::Code(code)) => codes.contains_key(code).then(|| Holder::Code(code.clone())),
            (Check::Member, Shown::Member(key, _)) => {
                let member = self.world.member(collective.id, key.hash)?.filter(|member| member.is_let_in(now));
                member.map(|member| Holder::Member(member.key.clone()))
            }
            (Check::MemberPassword, Shown::Member(key, Some(proof))) => {
                let knows = |password: &Option<PasswordHash>| proof.right && password.is_some() && *password == proof.hash;
                let member = self.world.member(collective.id, key.hash)?.filter(|member| knows(&member.password) && member.is_let_in(now));
                member.map(|member| Holder::Member(member.key.clone()))
            }
            // Who shows something else, or no password, has guessed nothing.
            _ => return Err(Code::OrderInvalidCollective.into()),
        };
        let holder = holder.filter(|_| collective.is_in_time(now));
        holder.ok_or_else(|| self.wrong(Code::OrderInvalidCollective, &against))
    }

    /// `ORDER_COLLECTIVE_NOT_FOUND` if the order does not carry it.
    pub(super) fn drop_collective(&self, order: &Order, id: CollectiveId) -> Planned {
        let order = self.without(order, id)?;
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// The order without a collective and what it opened: its vouchers go, its promotions have no items any more, so that settling takes them out. `ORDER_ITEM_INVALID` naming items that
    /// were bought in its presale: they go first, or else its uses would be given back for what it opened.
    fn without(&self, order: &Order, id: CollectiveId) -> Result<Order, Error> {
        let taken = order.taken(id).ok_or(Code::OrderCollectiveNotFound)?;
        if !taken.items.is_empty() {
            return Err(refused(Code::OrderItemInvalid, taken.items.iter().copied()));
        }
        let groups = &self.world.catalogue.voucher_groups;
        Ok(order.with_extras(|extras| {
            extras.collectives.retain(|taken| taken.id != id);
            let bound = extras.promotions.iter_mut().filter(|one| one.terms.conditions.collective == Some(id));
            bound.for_each(|one| one.items.clear());
            extras.vouchers.retain(|taken| groups.get(&taken.group).is_none_or(|group| group.collective != Some(id)));
        }))
    }

    /// How many items in all, of so many wanted, a collective may open in an order, those that it opened before among them. None once it is not on any
    /// more.
    pub(super) fn openable(&self, order: &Order, taken: &TakenCollective, wanted: usize) -> usize {
        let is_on = |collective: &&Arc<Collective>| collective.is_of(self.channel.id) && collective.is_in_time(self.moment.now);
        let Some(collective) = self.world.catalogue.collectives.get(&taken.id).filter(is_on) else { return 0 };
        let limits = [
            (CounterKey::CollectiveUses(taken.id), collective.limits.total),
            (CounterKey::MemberUses(taken.id, taken.holder.hash()), collective.limit_of(&taken.holder)),
        ];
        limits.into_iter().fold(wanted, |wanted, (key, limit)| self.room(&key, limit, self.counts(order, &key), wanted))
    }

    /// How much an order counts in a counter as it is stored: whatever it becomes gives that back.
    pub(super) fn counts(&self, order: &Order, key: &CounterKey) -> i64 {
        let Ok(Some(stored)) = self.world.resident_order(order.id) else { return 0 };
        extras::counted(stored).filter(|(counted, _)| counted == key).map(|(_, uses)| uses).sum()
    }

    /// The collective of an order that opens a sale now.
    pub(super) fn opening(&self, order: &Order, sale: &Sale<'_>) -> Option<CollectiveId> {
        let is_on = |id: CollectiveId| self.collective(id).is_ok_and(|collective| collective.is_in_time(self.moment.now));
        let opens = |id: &CollectiveId| is_on(*id) && sale.offer.opens_to_collective(sale.publication, *id, self.moment.now);
        order.extras().collectives.iter().map(|taken| taken.id).find(opens)
    }

    /// `ORDER_COLLECTIVE_LIMIT_EXCEEDED` if so many places more of the sales that a collective opens are more than it may open.
    pub(super) fn check_members(&self, order: &Order, sales: &[Sale<'_>], asked: impl Fn(&Sale<'_>) -> usize) -> Result<(), Error> {
        for taken in &order.extras().collectives {
            let more: usize = sales.iter().filter(|sale| sale.opened_by == Some(taken.id)).map(&asked).sum();
            let all = opened(order, taken).len() + more;
            if more > 0 && self.openable(order, taken, all) < all {
                return Err(Code::OrderCollectiveLimitExceeded.into());
            }
        }
        Ok(())
    }
}

/// The order, where the items from the nth on that are of sales opened by a collective are noted as that one's.
pub(super) fn note_opened(order: Order, first: usize, sales: &[Sale<'_>]) -> Order {
    if sales.iter().all(|sale| sale.opened_by.is_none()) {
        return order;
    }
    let opened_by = |item: &Item| sales.iter().find(|sale| sale.offer.session.id == item.session).and_then(|sale| sale.opened_by);
    let new: Vec<_> = order.items[first..].iter().map(|item| (item.id, opened_by(item))).collect();
    order.with_extras(|extras| {
        for taken in &mut extras.collectives {
            taken.items.extend(new.iter().filter(|(_, opened_by)| *opened_by == Some(taken.id)).map(|(item, _)| *item));
        }
    })
}
