//! Collectives: groups of buyers who show who they are, by a code, by a member id, or by id and password. This module is what is stored of them, and
//! where members are in memory.
//!
//! A member is kept under the hash of its id; ids and passwords are hashed and forgotten in the HTTP layer. What an order may do with a collective is
//! decided in `orders::collectives`, who sets them up in `catalogue::manage`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::change::{Key, Row};
use crate::command::Stop;
use crate::identity::Status;
use crate::ids::{ChannelId, CollectiveId, EntityId, Hash, ItemId, MemberId};
use crate::moment::Timestamp;
use crate::promotions::PromotionCode;
use crate::text::Localized;
use crate::world::World;

/// Hashes fast and always alike, so that a simulated history repeats exactly. Nobody chooses what is kept here: numbers are counted, hashes SHA-256.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Collectives of an operator at most, those that are gone among them.
pub const MAX_COLLECTIVES: usize = 10_000;
/// Members that a collective ever had, at most: a member's number is its collective's times a million, plus a count.
pub const MAX_MEMBERS: u64 = 999_999;

/// A group of buyers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collective {
    /// Unique in its operator.
    pub id: CollectiveId,
    /// Whose it is.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
    /// What its people show.
    pub check: Check,
    /// Whether it comes into orders.
    pub status: Status,
    /// From when on it does.
    pub valid_from: Option<Timestamp>,
    /// When it stops to.
    pub valid_until: Option<Timestamp>,
    /// Channels that know it; all of the operator's, if there are none.
    pub channels: Vec<ChannelId>,
    /// How often it may be used.
    pub limits: UseLimits,
    /// Counts the changes.
    pub version: u64,
}

/// What the people of a collective show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Check {
    /// One of these codes, each with how many uses it has.
    Code(BTreeMap<PromotionCode, Option<u32>>),
    /// The id of a member.
    Member,
    /// The id of a member, and its password.
    MemberPassword,
}

/// How often a collective may be used, in all live orders and tickets. A use is an item that it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct UseLimits {
    /// By all together.
    pub total: Option<u32>,
    /// By each member. Codes have limits of their own.
    pub per_member: Option<u32>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Of which collective.
    pub collective: CollectiveId,
    /// What it is known by.
    pub key: MemberKey,
    /// What management names it by: unique in its operator, and never another's.
    pub id: MemberId,
    /// What its people call it.
    pub name: Option<String>,
    /// Of its password.
    pub password: Option<PasswordHash>,
    /// Whether it is let in.
    pub active: bool,
    /// From when on it is.
    pub valid_from: Option<Timestamp>,
    /// When it stops to be.
    pub valid_until: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

/// Which member a number is. Numbers are counted, so that a collective's members can be listed without looking through all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberNumber {
    /// The number.
    pub id: MemberId,
    /// The hash of what it is known by; `None` once it was removed.
    pub member: Option<Hash>,
}

impl CollectiveId {
    /// The number of its nth member, counted from 1.
    pub const fn member(self, nth: u64) -> MemberId {
        MemberId(self.0 * (MAX_MEMBERS + 1) + nth)
    }
}

impl MemberId {
    /// The collective that has numbers like this, and which of its members it is.
    pub const fn nth(self) -> (CollectiveId, u64) {
        (CollectiveId(self.0 / (MAX_MEMBERS + 1)), self.0 % (MAX_MEMBERS + 1))
    }
}

/// What is kept of a member's id: the hash that it is known by in its collective, and what may be shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberKey {
    /// Of the collective's number and the id in capital letters.
    pub hash: Hash,
    /// How the id ends.
    pub masked: String,
}

impl MemberKey {
    /// What is kept of an id: 1 to 100 visible characters; blanks around it do not count, and capital and small letters are alike.
    pub fn of(collective: CollectiveId, id: &str) -> Option<Self> {
        let id = id.trim();
        let is_visible = |letter: char| letter.is_alphanumeric() || letter.is_ascii_graphic();
        let length = id.chars().count();
        if !(1..=100).contains(&length) || !id.chars().all(is_visible) {
            return None;
        }
        let hash = Hash::of(format!("{collective} {}", id.to_uppercase()).as_bytes());
        // Of a short one less is shown: what is left must not be tried out.
        let shown = (length / 3).min(2);
        let masked = format!("***{}", id.chars().skip(length - shown).collect::<String>());
        Some(Self { hash, masked })
    }
}

/// A password's hash in PHC form, with a salt of its own. It is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// A collective that an order carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenCollective {
    /// Which.
    pub id: CollectiveId,
    /// Who showed what.
    pub holder: Holder,
    /// The items that were bought in its presale, by id.
    pub items: Vec<ItemId>,
}

/// Who brought a collective into an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// Who knew this code.
    Code(PromotionCode),
    /// This member.
    Member(MemberKey),
}

impl Holder {
    /// What its uses are counted under.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Code(code) => code.hash(),
            Self::Member(key) => key.hash,
        }
    }
}

fn in_time(from: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}

impl Collective {
    /// Whether a channel has it.
    pub fn is_of(&self, channel: ChannelId) -> bool {
        self.status == Status::Active && (self.channels.is_empty() || self.channels.contains(&channel))
    }

    /// Whether its time is now.
    pub fn is_in_time(&self, now: Timestamp) -> bool {
        in_time(self.valid_from, self.valid_until, now)
    }

    /// How many uses a holder has.
    pub fn limit_of(&self, holder: &Holder) -> Option<u32> {
        match (&self.check, holder) {
            (Check::Code(codes), Holder::Code(code)) => codes.get(code).copied().flatten(),
            _ => self.limits.per_member,
        }
    }
}

impl Member {
    /// Whether it is let in at an instant.
    pub fn is_let_in(&self, now: Timestamp) -> bool {
        self.active && in_time(self.valid_from, self.valid_until, now)
    }
}

/// Members that are in memory: those that somebody looked for or changed lately.
#[derive(Debug, Default)]
pub struct Members {
    members: HashMap<(CollectiveId, Hash), Slot<Arc<Member>>>,
    numbers: HashMap<MemberId, Slot<Arc<MemberNumber>>>,
}

/// A row with the journal number of its last change.
#[derive(Debug)]
struct Slot<T> {
    row: T,
    seq: u64,
}

impl Members {
    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &Row, seq: u64) {
        match row {
            Row::Member(row) => drop(self.members.insert((row.collective, row.key.hash), Slot { row: row.clone(), seq })),
            Row::MemberNumber(row) => drop(self.numbers.insert(row.id, Slot { row: row.clone(), seq })),
            _ => {}
        }
    }

    /// Takes a member out: there is none under this hash any more.
    pub(crate) fn delete(&mut self, member: &(CollectiveId, Hash)) {
        self.members.remove(member);
    }

    /// Drops a row from memory, if the tables have it.
    pub(crate) fn evict(&mut self, key: &Key, applied_seq: u64) {
        match key {
            Key::Member(key) if self.members.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.members.remove(key);
            }
            Key::MemberNumber(id) if self.numbers.get(id).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.numbers.remove(id);
            }
            _ => {}
        }
    }
}

impl World {
    /// A member by the hash of its id.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn member(&self, collective: CollectiveId, hash: Hash) -> Result<Option<&Arc<Member>>, Stop> {
        let member = self.members.members.get(&(collective, hash)).map(|slot| &slot.row);
        self.known(member, || Key::Member((collective, hash)))
    }

    /// Which member a number is.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn member_number(&self, id: MemberId) -> Result<Option<&Arc<MemberNumber>>, Stop> {
        let row = self.members.numbers.get(&id).map(|slot| &slot.row);
        self.known(row, || Key::MemberNumber(id))
    }
}

#[cfg(test)]
mod tests {
    use super::{MemberKey, PasswordHash};
    use crate::ids::CollectiveId;

    #[test]
    fn an_id_is_the_same_however_it_is_typed_and_another_in_another_collective() {
        let key = |collective, id| MemberKey::of(CollectiveId(collective), id);
        assert_eq!(key(1, " Ñandú-31 ").unwrap().hash, key(1, "ÑANDÚ-31").unwrap().hash);
        assert_ne!(key(1, "ada-31").unwrap().hash, key(2, "ada-31").unwrap().hash);
        assert_ne!(key(1, "ada-31").unwrap().hash, key(1, "ada-32").unwrap().hash);
        assert_ne!(key(1, "1 2"), key(11, "2"), "a blank is no part of an id");
        for bad in ["", "  ", "ada 31", "ada\u{200b}31", &"x".repeat(101)] {
            assert_eq!(key(1, bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_shown_of_an_id_tells_little() {
        let masked = |id| MemberKey::of(CollectiveId(1), id).unwrap().masked;
        assert_eq!(["7", "31", "731", "ada-31", "ada@example.org"].map(masked), ["***", "***", "***1", "***31", "***rg"]);
        assert_eq!(format!("{:?}", PasswordHash("$argon2id$".to_owned())), "PasswordHash(..)");
    }
}
