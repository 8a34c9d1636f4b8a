//! What a journal row holds: a batch's row images, or that a shard was taken over, in a compact binary form with version and checksum.
//!
//! Layout: version (1 byte), CRC-32 of the rest (4 bytes, little endian), then the header and the images one after another in postcard. It only
//! encodes; what is in a batch is decided in [`super::batch`], what becomes of one at start in [`super::recovery`].

use aforo_domain::change::Change;
use aforo_domain::moment::Timestamp;
use serde::{Deserialize, Serialize};

/// The version that is written. Versions N and N-1 are read.
pub const VERSION: u8 = 1;
/// The oldest version that is read.
const OLDEST: u8 = 1;
/// Version and checksum come before what the checksum covers.
const PREFIX: usize = 5;

/// Tells the processes that owned a shard apart: random, new for each start.
pub type OwnerId = [u8; 16];

/// What every row says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Who wrote it.
    pub epoch: u64,
    /// The engine's time: no later batch has an earlier one.
    pub now: Timestamp,
    /// `Some` in a takeover row, which holds no images: who took over.
    pub taken_by: Option<OwnerId>,
}

/// A decoded row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// What it says first.
    pub header: Header,
    /// The images, in the order they were applied.
    pub changes: Vec<Change>,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Another release wrote it.
    #[error(
        "journal row of format {0}, this release reads {OLDEST} to {VERSION}: start the release that wrote it once, and stop it cleanly"
    )]
    Version(u8),
    /// The disk or somebody changed it.
    #[error("journal row of format {0} is damaged: its checksum differs")]
    Damaged(u8),
    /// Checksum good, content not: a row of a form this version never had.
    #[error("journal row of format {0} cannot be read: {1}")]
    Form(u8, String),
}

/// Builds one row in a buffer that is used again and again.
#[derive(Debug, Default)]
pub struct Encoder {
    buffer: Vec<u8>,
}

impl Encoder {
    /// Begins a row.
    pub fn begin(&mut self, header: &Header) {
        self.buffer.clear();
        self.buffer.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
        self.push(header);
    }

    /// Adds an image.
    pub fn add(&mut self, change: &Change) {
        self.push(change);
    }

    /// How large the row is by now, in bytes.
    pub const fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing was begun.
    pub const fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Ends the row and gives it away; [`Self::reuse`] takes the buffer back.
    pub fn finish(&mut self) -> Vec<u8> {
        let sum = crc32fast::hash(&self.buffer[PREFIX..]);
        self.buffer[1..PREFIX].copy_from_slice(&sum.to_le_bytes());
        std::mem::take(&mut self.buffer)
    }

    /// Takes a buffer back.
    pub fn reuse(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > self.buffer.capacity() && self.buffer.is_empty() {
            self.buffer = buffer;
        }
    }

    fn push<T: Serialize>(&mut self, value: &T) {
        // Rows are plain data: no map of unknown length, nothing that refuses to be written.
        let encoded = postcard::to_extend(value, std::mem::take(&mut self.buffer));
        self.buffer = encoded.unwrap_or_else(|error| panic!("a row image cannot be written: {error}"));
    }
}

/// A takeover row.
pub fn takeover(epoch: u64, now: Timestamp, owner: OwnerId) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.begin(&Header { epoch, now, taken_by: Some(owner) });
    encoder.finish()
}

/// Reads a row.
///
/// # Errors
/// A [`PayloadError`], which names the version it was written in.
pub fn decode(payload: &[u8]) -> Result<Payload, PayloadError> {
    let version = *payload.first().ok_or_else(|| PayloadError::Form(0, "it is empty".into()))?;
    if !(OLDEST..=VERSION).contains(&version) {
        return Err(PayloadError::Version(version));
    }
    let sum = payload.get(1..PREFIX).ok_or(PayloadError::Damaged(version))?;
    let body = &payload[PREFIX..];
    if crc32fast::hash(body).to_le_bytes() != sum {
        return Err(PayloadError::Damaged(version));
    }
    let form = |error: postcard::Error| PayloadError::Form(version, error.to_string());
    let (header, mut rest) = postcard::take_from_bytes(body).map_err(form)?;
    let mut changes = Vec::new();
    while !rest.is_empty() {
        let (change, left) = postcard::take_from_bytes(rest).map_err(form)?;
        changes.push(change);
        rest = left;
    }
    Ok(Payload { header, changes })
}

#[cfg(test)]
mod tests {
    use aforo_domain::barcodes::{PoolBarcode, PoolState};
    use aforo_domain::change::{Change, Counter, CounterKey, Key, Row};
    use aforo_domain::idempotency::Period;
    use aforo_domain::ids::{Barcode, ChannelId, ItemId, OrderId, SessionId};
    use aforo_domain::moment::Timestamp;
    use proptest::prelude::*;

    use super::{Encoder, Header, OLDEST, Payload, PayloadError, VERSION, decode, takeover};

    fn batch() -> Payload {
        let counter = Counter { key: CounterKey::ChannelSales(SessionId(7), ChannelId(3)), value: -2 };
        let changes = vec![Row::from(counter).into(), Change::Delete(Key::Order(OrderId([9; 16]))), Change::ForgetOutcomes(Period(-3))];
        Payload { header: Header { epoch: 4, now: Timestamp(1_800_000_000_000_000), taken_by: None }, changes }
    }

    fn encode(payload: &Payload) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.begin(&payload.header);
        payload.changes.iter().for_each(|change| encoder.add(change));
        encoder.finish()
    }

    #[test]
    fn a_batch_reads_back() {
        assert_eq!(decode(&encode(&batch())), Ok(batch()));
        let taken = decode(&takeover(5, Timestamp(1), [8; 16])).unwrap();
        assert_eq!(taken, Payload { header: Header { epoch: 5, now: Timestamp(1), taken_by: Some([8; 16]) }, changes: Vec::new() });
    }

    proptest! {
        #[test]
        fn barcodes_read_back(text in "[!-~]{1,64}", item in 0_u64..1 << 53) {
            let barcode = Barcode::parse(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Barcode>(&serde_json::to_string(&barcode).unwrap()).unwrap(), barcode.clone());
            let row = PoolBarcode { barcode: barcode.clone(), session: SessionId(7), state: PoolState::Used { item: ItemId(item) } };
            let changes = vec![Row::from(row).into(), Change::Delete(Key::PoolBarcode(barcode))];
            let payload = Payload { changes, ..batch() };
            prop_assert_eq!(decode(&encode(&payload)), Ok(payload));
        }
    }

    #[test]
    fn a_buffer_used_again_holds_nothing_of_the_batch_before() {
        let mut encoder = Encoder::default();
        encoder.reuse(encode(&batch()));
        encoder.begin(&batch().header);
        assert_eq!(decode(&encoder.finish()).unwrap().changes, Vec::new());
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let good = encode(&batch());
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 0x40;
            assert!(decode(&bad).is_err(), "byte {index}");
            assert!(decode(&good[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn another_release_is_named() {
        let mut newer = encode(&batch());
        newer[0] = VERSION + 1;
        assert_eq!(decode(&newer), Err(PayloadError::Version(VERSION + 1)));
        newer[0] = OLDEST - 1;
        assert!(decode(&newer).unwrap_err().to_string().contains("journal row of format 0"));
    }
}
