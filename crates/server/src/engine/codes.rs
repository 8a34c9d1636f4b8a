//! The pool of order codes that no order has, and no voucher order. 31^12 codes do not collide by chance alone, but an operator sells for decades.
//!
//! Candidates are drawn here and looked for in the tables by a loader; codes that were given but are not in the tables yet are remembered here.

use std::collections::{HashSet, VecDeque};

use aforo_domain::change::{Change, Row};
use aforo_domain::ids::OrderCode;
use aforo_domain::moment::Draw;

/// Below so many codes more are looked for.
const LOW: usize = 1_024;
/// How many candidates are looked for at a time.
const BLOCK: usize = 1_024;

/// A shard's pool.
#[derive(Debug, Default)]
pub struct Codes {
    free: Vec<OrderCode>,
    /// Codes of orders that the tables may not have yet, with the journal number that gave them.
    given: VecDeque<(u64, OrderCode)>,
    given_set: HashSet<OrderCode>,
    /// Filled only where orders are sold, from the first time one is asked for.
    wanted: bool,
    looking: bool,
}

impl Codes {
    /// The code that is given next.
    pub fn next(&self) -> Option<OrderCode> {
        self.free.last().copied()
    }

    /// Notes what a change did: the next code is used up once an order has it.
    pub fn changed(&mut self, change: &Change, seq: u64) {
        let code = match change {
            Change::Put(Row::Order(order)) => order.code(),
            Change::Put(Row::VoucherOrder(order)) => order.code(),
            _ => None,
        };
        if let Some(next) = self.next()
            && code == Some(next)
        {
            self.free.pop();
            self.given.push_back((seq, next));
            self.given_set.insert(next);
        }
    }

    /// The tables have everything up to `applied`.
    pub fn applied(&mut self, applied: u64) {
        while let Some((_, code)) = self.given.front().filter(|(seq, _)| *seq <= applied).copied() {
            self.given.pop_front();
            self.given_set.remove(&code);
        }
    }

    /// One was asked for and there is none.
    pub const fn want(&mut self) {
        self.wanted = true;
    }

    /// Candidates to look for, if the pool is low and none are being looked for.
    pub fn candidates(&mut self, draw: &mut Draw) -> Option<Vec<OrderCode>> {
        if !self.wanted || self.looking || self.free.len() >= LOW {
            return None;
        }
        self.looking = true;
        let mut known: HashSet<OrderCode> = self.free.iter().chain(&self.given_set).copied().collect();
        let mut drawn = Vec::with_capacity(BLOCK);
        while drawn.len() < BLOCK {
            let code = draw.order_code();
            if known.insert(code) {
                drawn.push(code);
            }
        }
        Some(drawn)
    }

    /// What became of the candidates: those that are free; none if the looking failed.
    pub fn found(&mut self, free: Vec<OrderCode>) {
        self.looking = false;
        self.free.extend(free);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aforo_domain::change::Change;
    use aforo_domain::moment::{Moment, Timestamp};

    use super::{BLOCK, Codes};

    #[test]
    fn a_code_is_given_once_and_not_looked_for_while_the_tables_do_not_have_it() {
        let mut draw = Moment { now: Timestamp(0), seed: [1; 32], order_code: None }.draw();
        let mut codes = Codes::default();
        assert!(codes.candidates(&mut draw).is_none(), "nobody has asked for one");
        codes.want();
        let candidates = codes.candidates(&mut draw).unwrap();
        assert_eq!(candidates.len(), BLOCK);
        assert!(codes.candidates(&mut draw).is_none(), "one search at a time");
        codes.found(vec![candidates[0]]);
        let order = Arc::new(crate::engine::testing::pre_confirmed(candidates[0]));
        codes.changed(&Change::from(order), 5);
        assert_eq!(codes.next(), None);
        // The same seed draws the same candidates: all but the given one.
        let mut again = Moment { now: Timestamp(0), seed: [1; 32], order_code: None }.draw();
        assert!(!codes.candidates(&mut again).unwrap().contains(&candidates[0]));
        codes.found(Vec::new());
        codes.applied(5);
        let mut again = Moment { now: Timestamp(0), seed: [1; 32], order_code: None }.draw();
        assert!(codes.candidates(&mut again).unwrap().contains(&candidates[0]), "from here on the tables would say so");
    }
}
