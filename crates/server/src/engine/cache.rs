//! Which rows may be dropped from a World's memory: those that no rule will look at again soon, oldest first, when they take more than their share.
//!
//! It only keeps the order and the sum; whether a row may go at all (not live, and in the tables) is the World's to say.

use std::collections::VecDeque;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::world::World;

/// Rows that may be dropped, by the time of their last change or loading.
#[derive(Debug)]
pub struct Cache {
    budget: usize,
    bytes: usize,
    rows: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    /// The journal number of the change that brought it here.
    seq: u64,
    bytes: usize,
}

/// What knowing that a key is nowhere takes.
const ABSENT_BYTES: usize = 100;

impl Cache {
    /// An empty one that lets rows take so many bytes.
    pub const fn new(budget: usize) -> Self {
        Self { budget, bytes: 0, rows: VecDeque::new() }
    }

    /// Notes what a change leaves in memory.
    pub fn changed(&mut self, change: &Change, seq: u64) {
        match change {
            Change::Put(row) => {
                if let Some(bytes) = droppable(row) {
                    self.push(row.key(), seq, bytes);
                }
            }
            Change::Delete(key) if leaves_absence(key) => self.push(key.clone(), seq, ABSENT_BYTES),
            _ => {}
        }
    }

    /// Notes that a key was found to be nowhere.
    pub fn absent(&mut self, key: Key) {
        self.push(key, 0, ABSENT_BYTES);
    }

    /// Drops the oldest rows beyond the budget, as far as the tables have them.
    pub fn shrink(&mut self, world: &mut World, applied: u64) {
        while self.bytes > self.budget {
            let Some(entry) = self.rows.front().filter(|entry| entry.seq <= applied) else { return };
            self.bytes -= entry.bytes;
            world.evict(&entry.key, applied);
            self.rows.pop_front();
        }
    }

    /// How much they take, about.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn push(&mut self, key: Key, seq: u64, bytes: usize) {
        self.bytes += bytes;
        self.rows.push_back(Entry { key, seq, bytes });
    }
}

/// Whether a World notes of such a key that it is nowhere once its row is deleted.
const fn leaves_absence(key: &Key) -> bool {
    matches!(key, Key::Order(_) | Key::PoolBarcode(_) | Key::Message(_) | Key::Member(_) | Key::VoucherOrder(_) | Key::Customer(_))
}

/// About how many bytes a row takes; `None` for one that stays in memory.
fn droppable(row: &Row) -> Option<usize> {
    match row {
        Row::Order(order) if order.expires().is_none() => Some(400 + 250 * order.items.len()),
        // The reply is mostly an order that is counted by itself.
        Row::Outcome(_) => Some(300),
        // Whose it is. What its pool keeps of it is not counted here: that stays.
        Row::PoolBarcode(_) => Some(150),
        // One of which something is reserved stays.
        Row::Voucher(voucher) if voucher.reserved == 0 => Some(300),
        Row::VoucherCode(_) | Row::VoucherMovement(_) | Row::MemberNumber(_) => Some(120),
        Row::Member(_) => Some(400),
        Row::Customer(customer) => Some(400 + 200 * customer.consents.len()),
        Row::Message(_) => Some(700),
        Row::VoucherOrder(order) if order.expires().is_none() => Some(400 + 400 * order.items.len()),
        Row::VoucherSale(sale) => Some(200 + 16 * sale.vouchers.len()),
        // Of a session whose list is in memory it is the list's, and what is counted here is soon forgotten.
        Row::Admission(admission) => Some(150 + 100 * admission.scans.len()),
        Row::Revocation(_) => Some(200),
        Row::OfflineScan(_) => Some(350),
        _ => None,
    }
}
