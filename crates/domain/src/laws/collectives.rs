//! Law 4 of collectives: what one opened in an order is in the order, nothing of an order is bound to one that it does not carry, and members and their
//! numbers name each other. How often each is used, and how many members there are, is counted with all other counters.

use std::collections::HashMap;

use crate::change::{CounterKey, Row};
use crate::ids::{CollectiveId, Hash, MemberId};
use crate::orders::Order;
use crate::promotions::Applied;

/// All rows of a shard, as far as they speak of collectives.
#[derive(Debug, Default)]
pub(super) struct CollectiveLaws {
    members: HashMap<(CollectiveId, Hash), MemberId>,
    numbers: HashMap<MemberId, Option<Hash>>,
    breaches: Vec<String>,
}

impl CollectiveLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Member(member) => drop(self.members.insert((member.collective, member.key.hash), member.id)),
            Row::MemberNumber(number) => drop(self.numbers.insert(number.id, number.member)),
            Row::Order(order) => self.see_order(order),
            _ => {}
        }
    }

    fn see_order(&mut self, order: &Order) {
        let extras = order.extras();
        for taken in &extras.collectives {
            if taken.items.iter().any(|id| !order.items.iter().any(|item| item.id == *id)) {
                self.breaches.push(format!("collective {} opened an item that order {} does not have", taken.id, order.id));
            }
            if extras.collectives.iter().filter(|other| other.id == taken.id).count() > 1 {
                self.breaches.push(format!("order {} carries collective {} twice", order.id, taken.id));
            }
        }
        let lacks = |one: &&Applied| one.terms.conditions.collective.is_some_and(|id| !order.carries(id));
        let without = extras.promotions.iter().filter(lacks);
        self.breaches.extend(without.map(|one| format!("order {} has promotion {} without its collective", order.id, one.terms.id)));
    }

    /// How many members each collective ever had.
    pub fn counted(&self) -> impl Iterator<Item = (CounterKey, i64)> {
        self.numbers.keys().map(|id| (CounterKey::Members(id.nth().0), 1))
    }

    /// What does not hold.
    pub fn check(mut self) -> Vec<String> {
        let mut found = std::mem::take(&mut self.breaches);
        for ((collective, hash), id) in &self.members {
            if self.numbers.get(id) != Some(&Some(*hash)) || id.nth().0 != *collective {
                found.push(format!("member {id} of collective {collective} is not the one of that number"));
            }
        }
        for (id, member) in &self.numbers {
            if member.is_some_and(|member| self.members.get(&(id.nth().0, member)) != Some(id)) {
                found.push(format!("number {id} names a member who has another"));
            }
        }
        found
    }
}
