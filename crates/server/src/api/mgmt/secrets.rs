//! Secrets that are made here and shown once: keys, licences and vouchers. Only their SHA-256 goes on to the engine.

use aforo_domain::ids::{Hash, ShardId};
use aforo_domain::moment::{Moment, Timestamp};
use aforo_domain::vouchers::NewVoucher;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::chance::Chance;

/// An API key's secret: 256 random bits, led by the shard in which it will be looked up.
pub fn api_key(chance: &Chance, shard: ShardId) -> (String, Hash) {
    with_hash(format!("{shard}_{}", URL_SAFE_NO_PAD.encode(chance.seed())))
}

/// A terminal's licence: 84 random bits in letters that people can type.
pub fn license(chance: &Chance) -> (String, Hash) {
    with_hash(moment(chance).draw().typed_secret())
}

/// A voucher's code, and a PIN where it shall have one.
pub fn voucher(chance: &Chance, has_pin: bool) -> NewVoucher {
    let mut draw = moment(chance).draw();
    let code = draw.voucher_code();
    NewVoucher::of(code, has_pin.then(|| draw.pin()))
}

fn moment(chance: &Chance) -> Moment {
    Moment { now: Timestamp::default(), seed: chance.seed(), order_code: None }
}

fn with_hash(secret: String) -> (String, Hash) {
    let hash = Hash::of(secret.as_bytes());
    (secret, hash)
}
