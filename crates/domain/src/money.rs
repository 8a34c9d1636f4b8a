//! Money: integer minor units with a currency, and the one function that rounds. Amounts are read from a number's text, never through a float.

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in the minor units of its order's or session's currency (cents for EUR, yen for JPY).
pub type Minor = i64;

/// The largest amount accepted anywhere, so that sums of 10^6 of them stay far inside an `i64`.
pub const MAX_MINOR: Minor = 1_000_000_000_000;

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    /// Looked up once: every amount that is read or shown needs it.
    decimals: u8,
}

// In JSON the code; in compact forms its bytes.
impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.serialize_str(self.code()) } else { self.code.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let currency = if deserializer.is_human_readable() {
            Self::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?)
        } else {
            std::str::from_utf8(&<[u8; 3]>::deserialize(deserializer)?).ok().and_then(Self::parse)
        };
        currency.ok_or_else(|| serde::de::Error::custom("not a currency"))
    }
}

impl Currency {
    /// Reads a three-letter code of ISO 4217 that has a minor unit.
    pub fn parse(code: &str) -> Option<Self> {
        let decimals = u8::try_from(iso_currency::Currency::from_code(code)?.exponent()?).ok()?;
        Some(Self { code: code.as_bytes().try_into().ok()?, decimals })
    }

    /// How many decimals its major unit has (2 for EUR, 0 for JPY, 3 for KWD).
    pub const fn decimals(self) -> u32 {
        self.decimals as u32
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Reads a decimal number's text ("46", "9.39") as minor units: `None` if it has too many decimals, an exponent, or is out of range.
    pub fn parse_amount(self, text: &str) -> Option<Minor> {
        parse_scaled(text, self.decimals()).filter(|minor| minor.abs() <= MAX_MINOR)
    }

    /// A decimal number as minor units: `None` if it has too many decimals.
    pub fn minor(self, amount: Decimal) -> Option<Minor> {
        let step = 10_i64.pow(DECIMALS.saturating_sub(self.decimals()));
        (amount.0 % step == 0).then_some(amount.0 / step)
    }

    /// Writes minor units as the shortest decimal number ("46", "9.39", "0.5").
    pub fn show_amount(self, minor: Minor) -> String {
        show_scaled(minor, self.decimals())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The most decimals that any currency has.
const DECIMALS: u32 = 4;

/// An amount whose currency is not known yet: a decimal number, in ten-thousandths. A payment names no currency, its order has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decimal(i64);

impl Decimal {
    /// Reads a decimal number's text: `None` if it has more decimals than any currency, an exponent, or is out of range.
    pub fn parse(text: &str) -> Option<Self> {
        parse_scaled(text, DECIMALS).map(Self)
    }

    /// Whether it is below 0.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_scaled(self.0, DECIMALS))
    }
}

/// A percentage in ten-thousandths of a per cent: 6.5 % is 65 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Percent(pub i64);

impl Percent {
    /// One whole: 100 %.
    pub const ONE: i64 = 1_000_000;

    /// Reads "6.5" (at most four decimals, 0 to 1000 %).
    pub fn parse(text: &str) -> Option<Self> {
        parse_scaled(text, 4).filter(|value| (0..=10 * Self::ONE).contains(value)).map(Self)
    }

    /// This share of an amount, rounded half up.
    pub fn of(self, amount: Minor) -> Minor {
        divide_half_up(i128::from(amount) * i128::from(self.0), i128::from(Self::ONE))
    }

    /// This share of an amount, at least `min` and at most `max`.
    pub fn of_within(self, amount: Minor, min: Minor, max: Option<Minor>) -> Minor {
        let share = self.of(amount).max(min);
        max.map_or(share, |max| share.min(max))
    }

    /// What is left of a price without a tax of this rate that it includes: gross / (1 + rate), half up.
    pub fn net_of(self, gross: Minor) -> Minor {
        divide_half_up(i128::from(gross) * i128::from(Self::ONE), i128::from(Self::ONE + self.0))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_scaled(self.0, 4))
    }
}

/// The one function that rounds: to the nearest, halves away from zero.
pub fn divide_half_up(numerator: i128, denominator: i128) -> Minor {
    let half = denominator / 2;
    let rounded = if numerator >= 0 { (numerator + half) / denominator } else { (numerator - half) / denominator };
    Minor::try_from(rounded).unwrap_or(if rounded > 0 { Minor::MAX } else { Minor::MIN })
}

fn parse_scaled(text: &str, decimals: u32) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !all_digits(whole) || !all_digits(fraction) || fraction.len() > decimals as usize {
        return None;
    }
    let fraction: i64 =
        format!("{fraction:0<width$}", width = decimals as usize).parse().or_else(|e| if decimals == 0 { Ok(0) } else { Err(e) }).ok()?;
    let value = whole.parse::<i64>().ok()?.checked_mul(10_i64.pow(decimals))?.checked_add(fraction)?;
    Some(if negative { -value } else { value })
}

fn show_scaled(value: i64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:0width$}", width = decimals as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// Spreads an amount by value, largest remainder first, ties by id. No share is larger than its value if the amount is not larger than all.
pub fn spread<I: Ord + Copy>(amount: Minor, values: &[(I, Minor)]) -> Vec<Minor> {
    let whole: i128 = values.iter().map(|(_, value)| i128::from(*value)).sum();
    if whole == 0 {
        return vec![0; values.len()];
    }
    let exact = |value: Minor| i128::from(amount) * i128::from(value);
    // A share is at most the amount, so it is one.
    let mut shares: Vec<_> = values.iter().map(|(_, value)| (exact(*value) / whole) as Minor).collect();
    let left = amount - shares.iter().sum::<Minor>();
    let mut by_remainder: Vec<_> = (0..values.len()).collect();
    by_remainder.sort_by_key(|index| (Reverse(exact(values[*index].1) % whole), values[*index].0));
    by_remainder.into_iter().zip(0..left).for_each(|(index, _)| shares[index] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Currency, Decimal, MAX_MINOR, Percent};

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    #[test]
    fn amounts_are_read_from_text() {
        assert_eq!(eur().parse_amount("46"), Some(4600));
        assert_eq!(eur().parse_amount("9.39"), Some(939));
        assert_eq!(eur().parse_amount("9.390"), Some(939));
        assert_eq!(eur().parse_amount("9.391"), None);
        assert_eq!(eur().parse_amount("1e3"), None);
        assert_eq!(eur().parse_amount(""), None);
        assert_eq!(Currency::parse("JPY").unwrap().parse_amount("500"), Some(500));
        assert_eq!(Currency::parse("KWD").unwrap().parse_amount("1.234"), Some(1234));
        assert!(Currency::parse("eur").is_none() && Currency::parse("XXX").is_none());
    }

    #[test]
    fn a_payment_is_read_before_its_currency_is_known() {
        let read = |text, code| Currency::parse(code).unwrap().minor(Decimal::parse(text).unwrap());
        assert_eq!(read("46", "EUR"), Some(4600));
        assert_eq!(read("9.39", "EUR"), Some(939));
        assert_eq!(read("9.391", "EUR"), None);
        assert_eq!(read("9.391", "KWD"), Some(9391));
        assert_eq!(read("500", "JPY"), Some(500));
        assert_eq!(read("0.5", "JPY"), None);
        assert_eq!(Decimal::parse("0.00001"), None);
        assert_eq!(Decimal::parse("9.50").unwrap().to_string(), "9.5");
    }

    #[test]
    fn taxes_are_taken_out_half_up() {
        assert_eq!(Percent::parse("6.5").unwrap().net_of(1000), 939);
        assert_eq!(Percent::parse("21").unwrap().net_of(300), 248);
    }

    proptest! {
        #[test]
        fn amounts_read_back(minor in -MAX_MINOR..=MAX_MINOR, code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
            let currency = Currency::parse(code).unwrap();
            prop_assert_eq!(currency.parse_amount(&currency.show_amount(minor)), Some(minor));
        }
    }
}
