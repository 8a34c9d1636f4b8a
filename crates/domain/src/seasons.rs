//! Season tickets: the same place in every session of a set, sold and let go as one. A season is itself a session, published, priced and sold like any
//! other; here is only which sessions it is for, and what of a ticket's price is each one's.
//!
//! Which of its places are free is `inventory`'s, who may make one `catalogue::manage`'s. An item that is one says so itself
//! ([`Item::season`](crate::orders::Item::season)).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::SessionId;
use crate::money::{self, Minor};

/// Sessions of one season at most: a ticket writes a claim in each.
pub const MAX_MEMBERS: usize = 100;
/// Seasons that one session may be in at most: a sale in it is shown in each.
pub const MAX_SEASONS: usize = 20;
/// The largest weight.
pub const MAX_WEIGHT: u32 = 1_000_000;

/// The sessions that a season ticket is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// By session, each once; at least two, at most [`MAX_MEMBERS`]. All have the season's template.
    pub members: Vec<Member>,
}

/// One of a season's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which one.
    pub session: SessionId,
    /// Its part of the price beside the others'; 1 to [`MAX_WEIGHT`].
    pub weight: u32,
}

/// What of a season ticket's price is one session's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which session, and its weight when the ticket was added.
    pub member: Member,
    /// How much, taxes included.
    pub amount: Minor,
}

impl Season {
    /// Whether a ticket of this season is for a session, and opens its gate.
    pub fn covers(&self, session: SessionId) -> bool {
        self.members.binary_search_by_key(&session, |member| member.session).is_ok()
    }

    /// The sessions, by id.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.members.iter().map(|member| member.session)
    }
}

/// Spreads a price over sessions by weight, to the cent: largest remainder first, ties by session.
pub fn spread(price: Minor, members: impl IntoIterator<Item = Member>) -> Arc<[Share]> {
    let members: Vec<_> = members.into_iter().collect();
    let weights: Vec<_> = members.iter().map(|member| (member.session, Minor::from(member.weight))).collect();
    members.into_iter().zip(money::spread(price, &weights)).map(|(member, amount)| Share { member, amount }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_WEIGHT, Member, SessionId, spread};
    use crate::money::{MAX_MINOR, Minor};

    fn amounts(price: Minor, weights: &[u32]) -> Vec<Minor> {
        let members = (1..).zip(weights).map(|(id, weight)| Member { session: SessionId(id), weight: *weight });
        spread(price, members).iter().map(|share| share.amount).collect()
    }

    #[test]
    fn what_does_not_divide_goes_to_the_largest_remainders_then_to_the_first_sessions() {
        assert_eq!(amounts(10_000, &[1, 1, 1]), [3_334, 3_333, 3_333]);
        assert_eq!(amounts(10_001, &[1, 1, 1]), [3_334, 3_334, 3_333]);
        assert_eq!(amounts(1_000, &[1, 2, 4]), [143, 286, 571]);
        assert_eq!(amounts(1, &[1, 5]), [0, 1]);
        assert_eq!(amounts(0, &[1, 1]), [0, 0]);
    }

    proptest! {
        #[test]
        fn a_price_is_spread_to_the_cent(price in 0..=MAX_MINOR, weights in prop::collection::vec(1..=MAX_WEIGHT, 2..100)) {
            let amounts = amounts(price, &weights);
            prop_assert_eq!(amounts.iter().sum::<Minor>(), price);
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (amount, weight) in amounts.iter().zip(&weights) {
                let exact = i128::from(price) * i128::from(*weight);
                prop_assert!((i128::from(*amount) * whole - exact).abs() < whole, "off by less than a cent");
            }
        }
    }
}
