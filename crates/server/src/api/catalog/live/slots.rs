//! How many readers there may be: of one access token's sign-in, of one channel, and in all. Each holds a slot as long as it reads.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{ChannelId, FamilyId};

use crate::http::limit::too_many;

/// Readers of one sign-in at most.
const MAX_OF_TOKEN: u32 = 50;
/// Readers of one channel at most, so that none takes all of them by signing in again and again.
const MAX_OF_CHANNEL: u32 = 1_000;
/// Readers at most.
const MAX: u32 = 10_000;
/// When to try again, in microseconds.
const WAIT: i64 = 5_000_000;

/// The readers there are.
#[derive(Debug, Default)]
pub struct Slots(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    of_token: HashMap<FamilyId, u32>,
    of_channel: HashMap<ChannelId, u32>,
}

/// The right to read. Given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    token: FamilyId,
    channel: ChannelId,
}

impl Slots {
    /// Takes a slot.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if the token or the channel has all it may have; `OVERLOADED` if all are taken.
    pub fn take(self: &Arc<Self>, token: FamilyId, channel: ChannelId) -> Result<Slot, Error> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_token = taken.of_token.get(&token).copied().unwrap_or_default();
        let of_channel = taken.of_channel.get(&channel).copied().unwrap_or_default();
        if of_token >= MAX_OF_TOKEN || of_channel >= MAX_OF_CHANNEL {
            return Err(too_many(WAIT));
        }
        if taken.all >= MAX {
            return Err(Code::Overloaded.into());
        }
        taken.all += 1;
        taken.of_token.insert(token, of_token + 1);
        taken.of_channel.insert(channel, of_channel + 1);
        Ok(Slot { slots: self.clone(), token, channel })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        one_less(&mut taken.of_token, self.token);
        one_less(&mut taken.of_channel, self.channel);
    }
}

/// Counts one down; what is 0 is forgotten.
fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aforo_domain::error::Code;
    use aforo_domain::ids::{ChannelId, FamilyId};

    use super::{MAX, MAX_OF_CHANNEL, MAX_OF_TOKEN, Slots};

    /// The nth sign-in.
    fn token(number: u32) -> FamilyId {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_le_bytes());
        FamilyId(id)
    }

    #[test]
    fn a_token_a_channel_and_the_process_have_their_ends() {
        let slots = Arc::new(Slots::default());
        let refused = |number, channel| slots.take(token(number), ChannelId(channel)).unwrap_err().code;
        let mut held: Vec<_> = (0..MAX_OF_TOKEN).map(|_| slots.take(token(0), ChannelId(1)).unwrap()).collect();
        assert_eq!(refused(0, 1), Code::TooManyRequests);
        held.extend((MAX_OF_TOKEN..MAX_OF_CHANNEL).map(|number| slots.take(token(number), ChannelId(1)).unwrap()));
        assert_eq!(refused(MAX, 1), Code::TooManyRequests);
        held.extend((MAX_OF_CHANNEL..MAX).map(|number| slots.take(token(number), ChannelId(2 + u64::from(number) % 90)).unwrap()));
        assert_eq!(refused(MAX, 2), Code::Overloaded);
        held.swap_remove(0);
        held.push(slots.take(token(0), ChannelId(1)).unwrap());
        held.clear();
        let taken = slots.0.lock().unwrap();
        assert_eq!((taken.all, taken.of_token.len(), taken.of_channel.len()), (0, 0, 0), "nothing is left behind");
    }
}
