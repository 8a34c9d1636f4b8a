//! Wire types that every API shares: numbers as they were written, lists, money. Only shapes; meaning is given where they are used.

use aforo_domain::money::{Currency, Minor, Percent};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;

/// A JSON number, kept as its text, so that no amount ever goes through a float. Its range is checked by [`super::checks::Checks`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Num(Number);

impl Num {
    /// The digits as they came.
    pub fn text(&self) -> &str {
        self.0.as_str()
    }
}

impl utoipa::PartialSchema for Num {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <f64 as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for Num {}

/// A decimal number on the wire, an amount in major units or a percentage, in its shortest form (`10`, `9.39`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The number in units of its last decimal.
    scaled: i64,
    decimals: u32,
}

impl Money {
    /// An amount of minor units.
    pub const fn of(currency: Currency, minor: Minor) -> Self {
        Self { scaled: minor, decimals: currency.decimals() }
    }

    /// A percentage, in per cent.
    pub const fn percent(percent: Percent) -> Self {
        Self { scaled: percent.0, decimals: 4 }
    }
}

impl Serialize for Money {
    /// Orders are full of amounts, so none is put together as a text first. A number of up to 15 digits is the shortest decimal that is read back as
    /// the float next to it, and the shortest is what is written: the digits are exact.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let scale = 10_i64.pow(self.decimals);
        if self.scaled % scale == 0 {
            serializer.serialize_i64(self.scaled / scale)
        } else {
            serializer.serialize_f64(self.scaled as f64 / scale as f64)
        }
    }
}

impl utoipa::PartialSchema for Money {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <f64 as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for Money {}

/// A page of a list, in the key order of the contract.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// What page it is.
    pub metadata: Metadata,
    /// Its elements.
    pub data: Vec<T>,
}

/// What page of a list it is.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    /// Elements of a page at most.
    pub limit: u64,
    /// Elements in all.
    pub total: u64,
    /// Elements before this page.
    pub offset: u64,
}

#[cfg(test)]
mod tests {
    use aforo_domain::money::{Currency, Percent};
    use proptest::prelude::*;

    use super::Money;

    proptest! {
        #[test]
        fn amounts_are_written_to_the_last_digit(minor in -999_999_999_999_999_i64..=999_999_999_999_999, code in prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF"])) {
            let currency = Currency::parse(code).unwrap();
            prop_assert_eq!(serde_json::to_string(&Money::of(currency, minor)).unwrap(), currency.show_amount(minor));
        }

        #[test]
        fn small_amounts_are_too(minor in -20_000_i64..=20_000, code in prop::sample::select(vec!["EUR", "KWD", "CLF"])) {
            let currency = Currency::parse(code).unwrap();
            prop_assert_eq!(serde_json::to_string(&Money::of(currency, minor)).unwrap(), currency.show_amount(minor));
        }
    }

    #[test]
    fn percentages_are_in_per_cent() {
        assert_eq!(serde_json::to_string(&Money::percent(Percent::parse("6.5").unwrap())).unwrap(), "6.5");
        assert_eq!(serde_json::to_string(&Money::percent(Percent::parse("21").unwrap())).unwrap(), "21");
    }
}
