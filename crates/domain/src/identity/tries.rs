//! Slowing down who tries wrong secrets: per user, channel, address and order, each with its own patience.

use super::Tries;
use crate::error::{Code, Error};
use crate::ids::{ChannelId, CollectiveId, Hash, OrderId, UserId, VoucherId};
use crate::moment::Timestamp;
use crate::world::World;

/// How long wrong tries are remembered from the last one on, in milliseconds.
const KEPT_MS: i64 = 15 * 60_000;

/// What was tried against, and how patiently it is met.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Against {
    subject: Hash,
    /// Wrong tries before the first wait.
    free: u32,
    /// The longest wait, in milliseconds; the first is a second, each next one twice as long.
    longest_ms: i64,
}

impl Against {
    fn user(id: UserId) -> Self {
        Self { subject: named("user", id.0), free: 5, longest_ms: 300_000 }
    }

    /// Anybody knows a channel's id, so its people must not be locked out for long by others.
    fn channel(id: ChannelId) -> Self {
        Self { subject: named("channel", id.0), free: 100, longest_ms: 30_000 }
    }

    fn address(subject: Hash) -> Self {
        Self { subject, free: 100, longest_ms: 300_000 }
    }

    /// A buyer may mistype a presale's code or be early. Who could be locked out is whoever has the order.
    pub fn presale(order: OrderId) -> Self {
        Self { subject: Hash::of(format!("presale {order}").as_bytes()), free: 10, longest_ms: 30_000 }
    }

    /// Vouchers that an order does not get.
    pub fn voucher_order(order: OrderId) -> Self {
        Self { subject: Hash::of(format!("vouchers of {order}").as_bytes()), free: 5, longest_ms: KEPT_MS }
    }

    /// The same for a buyer of a channel, however many orders there are.
    pub fn voucher_buyer(channel: ChannelId, buyer: Hash) -> Self {
        Self { subject: Hash::of(format!("vouchers of {channel} {buyer}").as_bytes()), free: 10, longest_ms: KEPT_MS }
    }

    /// A voucher's PIN, whoever tries it.
    pub fn voucher_pin(voucher: VoucherId) -> Self {
        Self { subject: named("voucher", voucher.0), free: 10, longest_ms: KEPT_MS }
    }

    /// A promotion's code, as a presale's.
    pub fn promotion(order: OrderId) -> Self {
        Self { subject: Hash::of(format!("promotion {order}").as_bytes()), ..Self::presale(order) }
    }

    /// What an order's buyer shows to be of a collective, as a presale's code.
    pub fn collective(order: OrderId) -> Self {
        Self { subject: Hash::of(format!("collective {order}").as_bytes()), ..Self::presale(order) }
    }

    /// A member's id with its password, however many orders there are and whether or not there is such a member.
    pub fn member(collective: CollectiveId, member: Hash) -> Self {
        Self { subject: Hash::of(format!("member {collective} {member}").as_bytes()), free: 5, longest_ms: 300_000 }
    }

    /// All that a try counts against.
    pub fn all(user: Option<UserId>, channel: Option<ChannelId>, address: Hash) -> Vec<Self> {
        user.map(Self::user).into_iter().chain(channel.map(Self::channel)).chain([Self::address(address)]).collect()
    }

    /// What a right try makes forgotten: not the address, whose owner may have one good account.
    pub fn of_success(user: Option<UserId>, channel: Option<ChannelId>) -> Vec<Hash> {
        user.map(|id| Self::user(id).subject).into_iter().chain(channel.map(|id| Self::channel(id).subject)).collect()
    }

    /// Milliseconds to wait before the next try.
    fn wait(&self, tries: &Tries, now: Timestamp) -> i64 {
        let Some(beyond) = tries.count.checked_sub(self.free) else { return 0 };
        let pause = self.longest_ms.min(1_000 << beyond.min(20));
        tries.until.plus_ms(pause - KEPT_MS).ms_since(now)
    }
}

fn named(kind: &str, id: u64) -> Hash {
    Hash::of(format!("{kind} {id}").as_bytes())
}

/// Whether a try may be made now.
///
/// # Errors
/// `TOO_MANY_REQUESTS` with the seconds to wait.
pub(crate) fn slowed(world: &World, against: &[Against], now: Timestamp) -> Result<(), Error> {
    let waits = against.iter().filter_map(|against| world.tries(&against.subject).map(|tries| against.wait(tries, now)));
    match waits.max() {
        Some(wait) if wait > 0 => Err(Error::filled(Code::TooManyRequests, [((wait + 999) / 1_000).to_string()])),
        _ => Ok(()),
    }
}

/// Whether so many wrong tries were made against any of these that there is no other until they are forgotten.
pub(crate) fn exhausted(world: &World, against: &[Against], now: Timestamp) -> bool {
    let all_tried = |against: &Against, tries: &Tries| now < tries.until && against.free <= tries.count;
    against.iter().any(|against| world.tries(&against.subject).is_some_and(|tries| all_tried(against, tries)))
}

/// One more wrong try against each.
pub(crate) fn tried<'a>(world: &'a World, against: &'a [Against], now: Timestamp) -> impl Iterator<Item = Tries> + 'a {
    against.iter().map(move |against| {
        let before = world.tries(&against.subject).filter(|tries| now < tries.until).map_or(0, |tries| tries.count);
        Tries { subject: against.subject, count: before.saturating_add(1), until: now.plus_ms(KEPT_MS) }
    })
}
