//! Rate limits: how many requests a second one token, or one address that is not signed in, may make. A limit is an instant ("whole again at"), so
//! that one number is all the memory it needs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use aforo_domain::error::{Code, Error};
use aforo_domain::moment::Timestamp;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many a second in the long run; 0 is without limit.
    pub per_second: u32,
    /// So many at once.
    pub burst: u32,
}

impl Rate {
    /// The allowance after one more request at `now`.
    ///
    /// # Errors
    /// Microseconds to wait.
    fn take(self, whole_at: i64, now: Timestamp) -> Result<i64, i64> {
        let each = 1_000_000 / i64::from(self.per_second.max(1));
        let next = whole_at.max(now.0) + each;
        let wait = next - now.0 - each * i64::from(self.burst.max(1));
        if wait > 0 { Err(wait) } else { Ok(next) }
    }

    /// Takes one request from an allowance.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with the seconds to wait.
    pub fn check(self, allowance: &AtomicI64, now: Timestamp) -> Result<(), Error> {
        if self.per_second == 0 {
            return Ok(());
        }
        let taken = allowance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |whole_at| self.take(whole_at, now).ok());
        taken.map(drop).map_err(|whole_at| too_many(self.take(whole_at, now).err().unwrap_or(0)))
    }
}

/// `TOO_MANY_REQUESTS`, to be tried again after so many microseconds.
pub fn too_many(wait: i64) -> Error {
    Error::filled(Code::TooManyRequests, [(wait.max(1) as u64).div_ceil(1_000_000).to_string()])
}

/// Addresses watched at most; beyond it those that are whole again are forgotten, then all.
const MAX_ADDRESSES: usize = 65_536;

/// Allowances of addresses; bounded.
#[derive(Debug, Default)]
pub struct Addresses(Mutex<HashMap<IpAddr, i64>>);

impl Addresses {
    /// Takes one request from an address's allowance.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with the seconds to wait.
    pub fn check(&self, address: IpAddr, rate: Rate, now: Timestamp) -> Result<(), Error> {
        if rate.per_second == 0 {
            return Ok(());
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_ADDRESSES && !all.contains_key(&address) {
            all.retain(|_, whole_at| *whole_at > now.0);
            if all.len() >= MAX_ADDRESSES {
                all.clear();
            }
        }
        let allowance = all.entry(address).or_insert(0);
        *allowance = rate.take(*allowance, now).map_err(too_many)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use aforo_domain::moment::Timestamp;

    use super::Rate;

    #[test]
    fn a_burst_is_allowed_and_then_the_pace() {
        let (rate, allowance) = (Rate { per_second: 10, burst: 3 }, AtomicI64::new(0));
        let start = Timestamp(1_000_000_000);
        for _ in 0..3 {
            rate.check(&allowance, start).unwrap();
        }
        assert_eq!(rate.check(&allowance, start).unwrap_err().fill, ["1"]);
        rate.check(&allowance, start.plus_ms(100)).unwrap();
        rate.check(&allowance, start.plus_ms(100)).unwrap_err();
        let slow = Rate { per_second: 1, burst: 1 };
        let allowance = AtomicI64::new(0);
        slow.check(&allowance, start).unwrap();
        assert_eq!(slow.check(&allowance, start).unwrap_err().fill, ["1"]);
    }
}
