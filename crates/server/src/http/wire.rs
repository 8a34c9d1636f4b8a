//! Wire types that every API shares: numbers as they were written, lists, money. Only shapes; meaning is given where they are used.

use aforo_domain::money::{Currency, Minor, Percent};
use serde::{Deserialize, Serialize};
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Money(Number);

impl Money {
    /// An amount of minor units.
    pub fn of(currency: Currency, minor: Minor) -> Self {
        Self(Number::from_string_unchecked(currency.show_amount(minor)))
    }

    /// A percentage, in per cent.
    pub fn percent(percent: Percent) -> Self {
        Self(Number::from_string_unchecked(percent.to_string()))
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
