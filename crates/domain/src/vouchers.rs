//! Vouchers: money that was paid before, for whoever knows the code. This module is what is stored of them, and where they are in memory.
//!
//! A voucher is found by the hash of its code, which is the key of a row of its own; its number is what everything else names it by. Codes and PINs are
//! made and forgotten in the HTTP layer. What an order may do with vouchers is decided in `orders::vouchers`, who makes them in `catalogue::manage`.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::change::{Key, Row};
use crate::command::{Stop, gather};
use crate::identity::Status;
use crate::ids::{ChannelId, CollectiveId, EntityId, EventId, Hash, OrderCode, OrderId, VoucherGroupId, VoucherId, VoucherOrderId};
use crate::moment::Timestamp;
use crate::money::{Currency, Minor};
use crate::orders::Order;
use crate::text::Localized;
use crate::world::World;

/// Hashes fast and always alike, so that a simulated history repeats exactly. Nobody chooses what is kept here: numbers are counted, hashes SHA-256.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Vouchers of one group at most: a voucher's number is its group's times a million, plus a count.
pub const MAX_OF_GROUP: u64 = 999_999;

/// What vouchers of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherGroup {
    /// Unique in its operator.
    pub id: VoucherGroupId,
    /// Whose they are.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// Currencies it is set up for.
    pub currencies: Vec<Currency>,
    /// Channels that take its vouchers; all of the operator's, if there are none.
    pub channels: Vec<ChannelId>,
    /// Events that they pay for; all, if there are none.
    pub events: Vec<EventId>,
    /// Whether they pay at all.
    pub status: Status,
    /// From when on they pay.
    pub valid_from: Option<Timestamp>,
    /// When they stop to.
    pub valid_until: Option<Timestamp>,
    /// Whether vouchers are made with a PIN from now on.
    pub pins: bool,
    /// The collective that an order must carry to be paid with them.
    #[serde(default)]
    pub collective: Option<CollectiveId>,
    /// Counts the changes.
    pub version: u64,
}

/// A voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// Unique in its operator.
    pub id: VoucherId,
    /// Of which group.
    pub group: VoucherGroupId,
    /// What may be shown of its code.
    pub masked: String,
    /// What its PIN is known by: see [`ShownVoucher`].
    pub pin: Option<Hash>,
    /// Of its amounts.
    pub currency: Currency,
    /// What its movements add up to.
    pub balance: Minor,
    /// What pre-confirmed orders hold of the balance.
    pub reserved: Minor,
    /// So many movements there are.
    pub movements: u32,
    /// Whether somebody blocked it.
    pub blocked: bool,
    /// When it is over.
    pub expires: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

/// Whose a code is. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherCode {
    /// The code's hash: see [`ShownVoucher`].
    pub code: Hash,
    /// Whose it is.
    pub voucher: VoucherId,
}

/// A line of a voucher's book: append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherMovement {
    /// Whose.
    pub voucher: VoucherId,
    /// Counts a voucher's lines from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// By how much the balance rose, or fell if it is negative.
    pub amount: Minor,
    /// What happened.
    pub what: MovementKind,
}

/// What a movement was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MovementKind {
    /// The voucher was made.
    Issued,
    /// An order was paid with it.
    Spent {
        /// Which.
        order: OrderId,
        /// The order's code.
        code: OrderCode,
    },
    /// The voucher was made for who bought it.
    Sold {
        /// In which order.
        order: VoucherOrderId,
        /// The order's code.
        code: OrderCode,
    },
    /// Who bought it gave it back.
    GivenBack {
        /// The order that it was bought in.
        order: VoucherOrderId,
        /// The order's code.
        code: OrderCode,
    },
    /// What it had paid was given back.
    Refunded {
        /// The refund.
        order: OrderId,
        /// The refund's code.
        code: OrderCode,
    },
}

/// A voucher that an order is paid with, in whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenVoucher {
    /// Which.
    pub id: VoucherId,
    /// Of which group.
    pub group: VoucherGroupId,
    /// What may be shown of its code.
    pub masked: String,
    /// Of its amounts.
    pub currency: Currency,
    /// What it could have paid when it was looked at last: when it was added, or at pre-confirm.
    pub available: Minor,
    /// What it pays of the order: from pre-confirm on reserved, once confirmed spent.
    pub amount: Minor,
}

/// A voucher as somebody shows it: hashes of what was typed, since nothing else is to be kept of it. Small and capital letters, hyphens and blanks do not
/// matter in a code. A PIN is hashed together with its code, so that who sees the hash cannot try out the few PINs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownVoucher {
    /// The code's hash.
    pub code: Hash,
    /// The hash of code and PIN.
    pub pin: Option<Hash>,
}

impl ShownVoucher {
    /// What somebody typed.
    pub fn of(code: &str, pin: Option<&str>) -> Self {
        let letters = code.chars().filter(|letter| *letter != '-' && !letter.is_whitespace());
        let code: String = letters.flat_map(char::to_uppercase).collect();
        let pin = pin.map(|pin| Hash::of(format!("{code} {}", pin.trim()).as_bytes()));
        Self { code: Hash::of(code.as_bytes()), pin }
    }
}

/// A voucher to be made, with what only its owner is ever told: for debugging the end of its code is all that is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NewVoucher {
    /// Its code.
    pub code: String,
    /// Its PIN, if it has one.
    pub pin: Option<String>,
    /// What both are known by.
    pub shown: ShownVoucher,
    /// What may be shown of the code.
    pub masked: String,
}

impl NewVoucher {
    /// With a code and a PIN that were just drawn.
    pub fn of(code: String, pin: Option<String>) -> Self {
        let shown = ShownVoucher::of(&code, pin.as_deref());
        let masked = format!("****-****-****-{}", code.rsplit('-').next().unwrap_or_default());
        Self { code, pin, shown, masked }
    }
}

impl fmt::Debug for NewVoucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewVoucher({})", self.masked)
    }
}

impl Voucher {
    /// What is left to reserve.
    pub const fn available(&self) -> Minor {
        self.balance - self.reserved
    }

    /// Whether it pays in a channel at an instant, whatever is left of it.
    pub fn pays_in(&self, group: &VoucherGroup, channel: ChannelId, now: Timestamp) -> bool {
        let in_time = group.valid_from.is_none_or(|from| from <= now)
            && group.valid_until.is_none_or(|until| now < until)
            && self.expires.is_none_or(|expires| now < expires);
        let sold_here = group.channels.is_empty() || group.channels.contains(&channel);
        !self.blocked && group.status == Status::Active && in_time && sold_here
    }
}

impl VoucherGroup {
    /// Whether its vouchers pay for all that an order holds so far, and for whoever it is of. Products go along with places of its events, if it has any,
    /// and not by themselves.
    pub fn pays_for(&self, order: &Order) -> bool {
        let by_themselves = order.items.is_empty() && !order.is_empty();
        let of_its_events = self.events.is_empty() || !by_themselves && order.items.iter().all(|item| self.events.contains(&item.event));
        of_its_events && self.collective.is_none_or(|collective| order.carries(collective))
    }
}

impl VoucherGroupId {
    /// The number of its nth voucher, counted from 1.
    pub const fn voucher(self, nth: u64) -> VoucherId {
        VoucherId(self.0 * (MAX_OF_GROUP + 1) + nth)
    }
}

/// Vouchers, codes and movements that are in memory: those that somebody looked for or changed lately, and all of which something is reserved.
#[derive(Debug, Default)]
pub struct Vouchers {
    vouchers: HashMap<VoucherId, Slot<Arc<Voucher>>>,
    codes: HashMap<Hash, Slot<Arc<VoucherCode>>>,
    movements: HashMap<(VoucherId, u32), Slot<Arc<VoucherMovement>>>,
}

/// A row with the journal number of its last change.
#[derive(Debug)]
struct Slot<T> {
    row: T,
    seq: u64,
}

impl Vouchers {
    /// A voucher that is in memory.
    pub fn get(&self, id: VoucherId) -> Option<&Arc<Voucher>> {
        self.vouchers.get(&id).map(|slot| &slot.row)
    }

    /// All that are in memory, for checks.
    pub fn resident(&self) -> impl Iterator<Item = &Arc<Voucher>> {
        self.vouchers.values().map(|slot| &slot.row)
    }

    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &Row, seq: u64) {
        match row {
            Row::Voucher(row) => drop(self.vouchers.insert(row.id, Slot { row: row.clone(), seq })),
            Row::VoucherCode(row) => drop(self.codes.insert(row.code, Slot { row: row.clone(), seq })),
            Row::VoucherMovement(row) => drop(self.movements.insert((row.voucher, row.number), Slot { row: row.clone(), seq })),
            _ => {}
        }
    }

    /// Drops a row from memory, if the tables have it and nothing of it is reserved: who ends a reservation does not look for the row first.
    pub(crate) fn evict(&mut self, key: &Key, applied_seq: u64) {
        match key {
            Key::Voucher(id) if self.vouchers.get(id).is_some_and(|slot| slot.seq <= applied_seq && slot.row.reserved == 0) => {
                self.vouchers.remove(id);
            }
            Key::VoucherCode(code) if self.codes.get(code).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.codes.remove(code);
            }
            Key::VoucherMovement(key) if self.movements.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.movements.remove(key);
            }
            _ => {}
        }
    }
}

impl World {
    /// A voucher by its number.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn voucher(&self, id: VoucherId) -> Result<Option<&Arc<Voucher>>, Stop> {
        self.known(self.vouchers.get(id), || Key::Voucher(id))
    }

    /// A voucher by its code.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn voucher_of(&self, code: Hash) -> Result<Option<&Arc<Voucher>>, Stop> {
        let owner = self.vouchers.codes.get(&code).map(|slot| &slot.row);
        match self.known(owner, || Key::VoucherCode(code))? {
            Some(owner) => self.voucher(owner.voucher),
            None => Ok(None),
        }
    }

    /// A line of a voucher's book.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn voucher_movement(&self, voucher: VoucherId, number: u32) -> Result<Option<&Arc<VoucherMovement>>, Stop> {
        let movement = self.vouchers.movements.get(&(voucher, number)).map(|slot| &slot.row);
        self.known(movement, || Key::VoucherMovement((voucher, number)))
    }
}

/// All of some rows that may have to be looked for; `T` leaves out what is nowhere.
///
/// # Errors
/// `Need` of all that has to be looked for, at once.
pub fn all<'a, T>(rows: impl Iterator<Item = Result<Option<&'a T>, Stop>>) -> Result<Vec<&'a T>, Stop> {
    Ok(gather(rows)?.into_iter().flatten().collect())
}

impl Catalogue {
    /// A voucher's group. Groups are never taken out.
    pub fn group_of(&self, voucher: &Voucher) -> Option<&Arc<VoucherGroup>> {
        self.voucher_groups.get(&voucher.group)
    }
}

#[cfg(test)]
mod tests {
    use super::ShownVoucher;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let shown = |code: &str, pin| ShownVoucher::of(code, pin);
        let code = shown("ABCD-EFGH-JKMN-2345", Some("1234"));
        assert_eq!(code, shown(" abcdefgh jkmn2345", Some(" 1234 ")));
        assert_ne!(code.code, shown("ABCD-EFGH-JKMN-2346", None).code);
        assert_ne!(code.pin, shown("ABCD-EFGH-JKMN-2346", Some("1234")).pin, "a PIN's hash is its code's, too");
        assert_ne!(code.pin, shown("ABCD-EFGH-JKMN-2345", Some("1235")).pin);
    }
}
