//! Identifiers: newtypes, so that one kind is never passed for another, and the credentials among them, which nobody can guess.
//!
//! Numeric ids are positive integers below 2^53 (they are JSON numbers). This module draws nothing at random: see `moment::Draw`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// Ids stay below this, so that every JSON client reads them exactly.
pub const MAX_ID: u64 = 1 << 53;

macro_rules! numeric_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<$name> for crate::error::DetailId {
            fn from(id: $name) -> Self {
                Self::Number(id.0)
            }
        }
    )* };
}

numeric_ids! {
    /// A shard: an operator's id, or 0 for the platform.
    ShardId;
    /// An organisation: promoter, channel owner or venue.
    EntityId;
    /// A person who signs in.
    UserId;
    /// One way to sell. Unique over the platform.
    ChannelId;
    /// An API key's public id (its secret is stored hashed).
    KeyId;
    /// A licensed device of a BOX_OFFICE or KIOSK channel.
    TerminalId;
    /// A counter where a BOX_OFFICE channel sells.
    PointOfSaleId;
    /// A place where events happen.
    VenueId;
    /// One version of a venue's plan.
    TemplateId;
    /// A part of a template.
    SectorId;
    /// A row of numbered seats in a sector.
    RowId;
    /// A numbered seat; belongs to the template and is equal in all its sessions.
    SeatId;
    /// A not-numbered zone of a sector.
    ZoneId;
    /// A class of places that cost the same.
    PriceTypeId;
    /// Places kept for some channels.
    QuotaId;
    /// What is performed; belongs to a promoter.
    EventId;
    /// One date of an event.
    SessionId;
    /// A tariff (adult, child ...).
    RateId;
    /// A tax, as the books name it.
    TaxId;
    /// What a promoter takes off its prices.
    PromotionId;
    /// A group of buyers.
    CollectiveId;
    /// What management calls a member of one. Its own id is another thing.
    MemberId;
    /// A way of delivery of a channel.
    DeliveryMethodId;
    /// An insurance of a channel.
    InsuranceId;
    /// An item of an order; once confirmed it is the ticket's id too.
    ItemId;
    /// Vouchers of one kind.
    VoucherGroupId;
    /// A voucher. Its code is another thing.
    VoucherId;
    /// A message to the world outside; of the same sequence as items.
    MessageId;
    /// A picture of a gift voucher, in its channel.
    GiftImageId;
    /// What is sold beside places.
    ProductId;
    /// An address outside that is told what happens.
    WebhookId;
    /// A ticket that its owner offers to others; of the same sequence as items.
    ListingId;
    /// A line of the audit log; of the same sequence as items.
    AuditId;
    /// A shift at a till; of the same sequence as items.
    ShiftId;
}

impl ShardId {
    /// The platform's own shard: operators, the directory, signing keys.
    pub const PLATFORM: Self = Self(0);
}

/// An order: its time of birth and 88 random bits, shown as 32 hexadecimal characters. Whoever knows it may change the order (in its channel).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(pub [u8; 16]);

impl OrderId {
    /// No order has it: ids begin with the time of their order's birth. Whoever finds no order for what was named names this one, so that it is the command
    /// that refuses, and what was answered to who asks again with the same `Idempotency-Key` is found first.
    pub const NOBODYS: Self = Self([0; 16]);

    /// Reads 32 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }
}

/// An order of gift vouchers, made and shown as an [`OrderId`] is: whoever knows it may pay for it (in its channel).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VoucherOrderId(pub [u8; 16]);

impl VoucherOrderId {
    /// Reads 32 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }
}

/// What holds the tokens of one sign-in together: access tokens name it, refreshing rotates within it, revoking ends it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId(pub [u8; 16]);

impl FamilyId {
    /// Reads 32 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }
}

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Reads 64 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }

    /// The hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Its first eight bytes, for compact resident sets.
    pub fn short(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

macro_rules! hex_display {
    ($($name:ident, $digits:literal;)*) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&hex::<_, $digits>(self.0)).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )* };
}

hex_display! {
    OrderId, 32;
    VoucherOrderId, 32;
    FamilyId, 32;
    Hash, 64;
}

/// Digits and capital letters without look-alikes, in the order in which they sort: order codes, barcodes and voucher codes are written in it.
pub const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// An order's code, given on entering PRE_CONFIRM: 12 characters of [`ALPHABET`], unique per operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderCode(pub [u8; 12]);

impl OrderCode {
    /// Reads a code; anything that is not 12 characters of the alphabet is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 12] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self(bytes))
    }
}

/// What a gate reads: 1 to 64 visible ASCII characters. A generated one is [`Barcode::GENERATED`] characters of [`ALPHABET`], its time of birth and 84
/// random bits; all others were imported. Up to 23 characters take no memory of their own, and a clone never does.
///
/// It opens gates: who shows it for debugging shows its end only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Barcode(SmolStr);

impl Barcode {
    /// How many characters a generated one has.
    pub const GENERATED: usize = 22;
    /// How many characters one has at most.
    pub const LONGEST: usize = 64;

    /// Reads 1 to 64 visible ASCII characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(SmolStr::new(text)))
    }

    /// The barcode of these letters, just drawn.
    pub(crate) fn of_letters(letters: [u8; Self::GENERATED]) -> Self {
        // Letters are ASCII. Taken as one text, since every sale does it.
        Self(SmolStr::new(std::str::from_utf8(&letters).unwrap_or_default()))
    }

    /// Whether it has the form of a generated one. No imported one may: so the two never meet.
    pub fn looks_generated(&self) -> bool {
        self.0.len() == Self::GENERATED && self.0.bytes().all(|byte| ALPHABET.contains(&byte))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What may be shown of it to tell it from others: stars and its last four characters, or fewer of a short one.
    pub fn masked(&self) -> String {
        let shown = (self.0.len() / 2).min(4);
        format!("****{}", &self.0[self.0.len() - shown..])
    }
}

impl fmt::Display for Barcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Barcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Barcode({})", self.masked())
    }
}

impl Serialize for Barcode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Barcode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a Barcode"))
    }
}

impl fmt::Display for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for OrderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderCode({self})")
    }
}

// In JSON these are the text that people see; in compact forms they are their bytes.
macro_rules! text_or_bytes {
    ($($name:ident, $as_text:expr;)*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return self.0.serialize(serializer);
                }
                serializer.serialize_str(std::str::from_utf8(&$as_text(self.0)).map_err(serde::ser::Error::custom)?)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return Deserialize::deserialize(deserializer).map(Self);
                }
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    )* };
}

text_or_bytes! {
    OrderId, hex::<16, 32>;
    VoucherOrderId, hex::<16, 32>;
    FamilyId, hex::<16, 32>;
    Hash, hex::<32, 64>;
    OrderCode, std::convert::identity;
}

fn hex<const N: usize, const TWICE: usize>(bytes: [u8; N]) -> [u8; TWICE] {
    let mut digits = [0; TWICE];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    digits
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Barcode, Hash, OrderCode, OrderId};

    #[test]
    fn order_ids_read_back() {
        let id = OrderId([0xab; 16]);
        assert_eq!(OrderId::parse(&id.to_string()), Some(id));
        assert_eq!(OrderId::parse("ab"), None);
        assert_eq!(OrderId::parse("é".repeat(16).as_str()), None);
    }

    #[test]
    fn ids_are_text_in_json() {
        let ids = (OrderId([0x0f; 16]), Hash([0xa0; 32]), OrderCode(*b"ABCDEFGHJKMN"), Barcode::of_letters(*b"23456ABCDEFGHJKMNPQRST"));
        let json = serde_json::to_string(&ids).unwrap();
        assert_eq!(json, format!(r#"["{}","{}","ABCDEFGHJKMN","23456ABCDEFGHJKMNPQRST"]"#, "0f".repeat(16), "a0".repeat(32)));
        assert_eq!(serde_json::from_str::<(OrderId, Hash, OrderCode, Barcode)>(&json).unwrap(), ids);
        assert!(serde_json::from_str::<OrderId>(r#""0f""#).is_err());
    }

    #[test]
    fn barcodes_are_visible_and_masked() {
        let read = |text: &str| Barcode::parse(text);
        assert!(["7", "8412345678905", "a/B+c=\"\\", &"x".repeat(64)].iter().all(|text| read(text).unwrap().as_str() == *text));
        assert!(["", " ", "two words", "é", "a\u{0}", "a\n", &"x".repeat(65)].iter().all(|text| read(text).is_none()));
        let masked = |text: &str| read(text).unwrap().masked();
        assert_eq!([masked("8412345678905"), masked("12345678"), masked("1234"), masked("7")], ["****8905", "****5678", "****34", "****"]);
        assert_eq!(format!("{:?}", read("8412345678905")), "Some(Barcode(****8905))");
        assert!(read("23456ABCDEFGHJKMNPQRST").unwrap().looks_generated());
        let others = ["23456ABCDEFGHJKMNPQRSt", "23456ABCDEFGHJKMNPQRS", "23456ABCDEFGHJKMNPQRSTU", "23456ABCDEFGHJKMNPQRS1"];
        assert!(others.iter().all(|text| !read(text).unwrap().looks_generated()));
        assert_eq!(std::mem::size_of::<Option<Barcode>>(), 24, "items are many");
    }

    #[test]
    fn codes_have_no_look_alikes() {
        assert!(OrderCode::parse("ABCDEFGHJKMN").is_some());
        assert!(OrderCode::parse("ABCDEFGHJKM0").is_none());
        assert!(OrderCode::parse("ABC").is_none());
    }
}
