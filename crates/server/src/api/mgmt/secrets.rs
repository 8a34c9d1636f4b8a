//! Secrets that are made here and shown once: keys and licences. Only their SHA-256 goes on to the engine.

use aforo_domain::ids::{Hash, ShardId};
use aforo_domain::moment::{Moment, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::chance::Chance;

/// An API key's secret: 256 random bits, led by the shard in which it will be looked up.
pub fn api_key(chance: &Chance, shard: ShardId) -> (String, Hash) {
    with_hash(format!("{shard}_{}", URL_SAFE_NO_PAD.encode(chance.seed())))
}

/// A terminal's licence: 84 random bits in letters that people can type.
pub fn license(chance: &Chance) -> (String, Hash) {
    let moment = Moment { now: Timestamp::default(), seed: chance.seed(), order_code: None };
    with_hash(moment.draw().typed_secret())
}

fn with_hash(secret: String) -> (String, Hash) {
    let hash = Hash::of(secret.as_bytes());
    (secret, hash)
}
