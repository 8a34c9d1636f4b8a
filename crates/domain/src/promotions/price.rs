//! What promotions take off an order's items: pure arithmetic over minor units, worked out from scratch each time, so that the order of calls does
//! not matter. Which items have which promotions is decided elsewhere.

use super::{Applied, Reduction, Scope};
use crate::catalogue::plan::Place;
use crate::ids::{ItemId, SessionId};
use crate::money::{Minor, Percent, spread};
use crate::orders::Item;
use crate::pricing::Discount;

/// An item as promotions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Its id.
    pub id: ItemId,
    /// Where it is. It decides between equals, because ids follow the order of calls.
    pub spot: (SessionId, Place),
    /// What it costs before promotions.
    pub base: Minor,
}

impl From<&Item> for Priced {
    fn from(item: &Item) -> Self {
        Self { id: item.id, spot: (item.session, item.place), base: item.price.base }
    }
}

/// What the promotions take off each item, in the order of the items: by stage, priority and id, each of what is left, never below 0.
pub fn discounts(items: &[Priced], applied: &[Applied]) -> Vec<Vec<Discount>> {
    let mut in_turn: Vec<_> = applied.iter().collect();
    in_turn.sort_by_key(|one| one.terms.turn());
    let mut left: Vec<_> = items.iter().map(|item| (item.spot, item.base)).collect();
    let mut discounts = vec![Vec::new(); items.len()];
    for one in in_turn {
        let theirs: Vec<_> = (0..items.len()).filter(|index| one.has(items[*index].id)).collect();
        let values: Vec<_> = theirs.iter().map(|index| left[*index]).collect();
        let amounts = match one.terms.scope {
            Scope::Item => values.iter().map(|(_, value)| taken(one.terms.reduction, *value)).collect(),
            Scope::Order => spread(taken(one.terms.reduction, values.iter().map(|(_, value)| value).sum()), &values),
        };
        for (index, amount) in theirs.into_iter().zip(amounts).filter(|(_, amount)| *amount > 0) {
            left[index].1 -= amount;
            discounts[index].push(Discount { promotion: one.terms.id, amount });
        }
    }
    discounts
}

/// What is taken off a value.
fn taken(reduction: Reduction, value: Minor) -> Minor {
    match reduction {
        Reduction::Fixed { amount, .. } => amount.min(value),
        Reduction::Percentage(percent) => percent.min(Percent(Percent::ONE)).of(value),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::{Priced, discounts, spread};
    use crate::ids::{EntityId, ItemId, PromotionId, SessionId};
    use crate::money::{Currency, Minor, Percent};
    use crate::promotions::{Applied, Conditions, Limits, PromotionKind, Reduction, Scope, Terms};

    fn applied(id: u64, (scope, reduction, priority): (Scope, Reduction, u32), kind: PromotionKind, items: Vec<ItemId>) -> Applied {
        let terms = Terms {
            id: PromotionId(id),
            entity: EntityId(1),
            name: "Spring".to_owned(),
            names: Default::default(),
            kind,
            needs_code: id.is_multiple_of(3),
            scope,
            reduction,
            priority,
            stackable: true,
            window: None,
            conditions: Conditions::default(),
            limits: Limits::default(),
        };
        Applied { terms: Arc::new(terms), code: None, items }
    }

    fn fixed(amount: Minor) -> Reduction {
        Reduction::Fixed { currency: Currency::parse("EUR").unwrap(), amount }
    }

    fn amounts(items: &[Priced], all: &[Applied]) -> Vec<Minor> {
        discounts(items, all).iter().map(|of_item| of_item.iter().map(|discount| discount.amount).sum()).collect()
    }

    /// Items whose ids rise as their places fall.
    fn items(values: &[Minor]) -> Vec<Priced> {
        let priced = |(number, base): (u32, &Minor)| Priced { id: ItemId(number.into()), spot: (SessionId(1), 99 - number), base: *base };
        (1..).zip(values).map(priced).collect()
    }

    fn ids(items: &[Priced]) -> Vec<ItemId> {
        items.iter().map(|item| item.id).collect()
    }

    #[test]
    fn each_takes_of_what_is_left_and_halves_round_up() {
        let items = items(&[1_000, 5]);
        let half = |scope| (scope, Reduction::Percentage(Percent(500_000)), 1);
        let all = [
            applied(1, half(Scope::Item), PromotionKind::Discount, ids(&items)),
            applied(2, (Scope::Item, fixed(100), 1), PromotionKind::Automatic, ids(&items)),
        ];
        assert_eq!(amounts(&items, &all), [550, 5], "the automatic one first");
        assert_eq!(amounts(&items, &all[..1]), [500, 3]);
    }

    #[test]
    fn an_order_promotion_is_spread_by_value_and_what_is_left_over_by_remainder() {
        let items = items(&[100, 100, 100]);
        let all = [applied(1, (Scope::Order, fixed(100), 1), PromotionKind::Discount, ids(&items))];
        assert_eq!(amounts(&items, &all), [33, 33, 34], "the first place, not the first that was asked for");
        let all = [applied(1, (Scope::Order, fixed(1_000), 1), PromotionKind::Discount, ids(&items)[..2].to_vec())];
        assert_eq!(amounts(&items, &all), [100, 100, 0]);
        let at = |place| (SessionId(1), place);
        assert_eq!(spread(3, &[(at(1), 0), (at(2), 1), (at(3), 5)]), [0, 1, 2]);
    }

    fn one() -> impl Strategy<Value = (bool, bool, i64, u32, bool, u8)> {
        (any::<bool>(), any::<bool>(), 0_i64..1_200_000, 0_u32..3, any::<bool>(), any::<u8>())
    }

    proptest! {
        #[test]
        fn any_mix_adds_up(values in prop::collection::vec(0_i64..50_000, 0..8), mix in prop::collection::vec(one(), 0..6), turn in 0_usize..6) {
            let items = items(&values);
            let make = |(id, (per_order, share, size, priority, by_itself, mask)): (u64, (bool, bool, i64, u32, bool, u8))| {
                let scope = if per_order { Scope::Order } else { Scope::Item };
                let reduction = if share { Reduction::Percentage(Percent(size)) } else { fixed(size / 10) };
                let kind = if by_itself { PromotionKind::Automatic } else { PromotionKind::Promotion };
                let theirs = ids(&items).into_iter().filter(|id| mask >> (id.0 % 8) & 1 == 1).collect();
                applied(id, (scope, reduction, priority), kind, theirs)
            };
            let all: Vec<_> = (1..).zip(mix).map(make).collect();
            let found = discounts(&items, &all);
            for (Priced { id, base, .. }, of_item) in items.iter().zip(&found) {
                let sum: Minor = of_item.iter().map(|discount| discount.amount).sum();
                prop_assert!(of_item.iter().all(|discount| discount.amount > 0) && sum <= *base);
                prop_assert!(of_item.iter().all(|discount| all.iter().any(|one| one.terms.id == discount.promotion && one.has(*id))));
            }
            let mut turned = all.clone();
            turned.rotate_left(turn.min(all.len()));
            prop_assert_eq!(&discounts(&items, &turned), &found, "the order of calls does not matter");
        }

        #[test]
        fn a_spread_closes_and_no_share_is_larger_than_its_value(values in prop::collection::vec(0_i64..1_000_000_000_000, 1..8), share in 0_i64..=1_000) {
            let values: Vec<_> = (0..).zip(values).map(|(place, value)| ((SessionId(1), place), value)).collect();
            let whole: Minor = values.iter().map(|(_, value)| value).sum();
            let amount = (i128::from(whole) * i128::from(share) / 1_000) as Minor;
            let shares = spread(amount, &values);
            prop_assert_eq!(shares.iter().sum::<Minor>(), amount);
            prop_assert!(shares.iter().zip(&values).all(|(share, (_, value))| (0..=*value).contains(share)));
        }
    }
}
