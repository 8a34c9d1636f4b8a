//! What of a shard is read at start, and in which order: a World takes a row only after those that it refers to. Runs nothing.
//!
//! Confirmed orders and voucher orders, tickets, history, used barcodes of pools, vouchers of which nothing is reserved, members and closed shifts are not
//! read: they cost a start nothing.

use aforo_domain::idempotency::Period;
use aforo_domain::ids::OrderId;
use aforo_domain::moment::Timestamp;

use super::rows::{Broken, EXPIRED};
use super::schema::{self, RowTable};
use super::sql::{self, Dialect};
use super::{Resident, StoreError};

/// One part of the working set: one statement.
#[derive(Debug)]
pub enum Part {
    /// The rows of a table that fulfil a condition; all of them if it is empty.
    Rows(&'static RowTable, &'static str),
    /// When which order expired.
    Expired,
    /// The periods and keys of outcomes.
    Outcomes,
}

/// All parts, in order.
pub static PARTS: &[Part] = &[
    Part::Rows(&schema::DIRECTORY, ""),
    Part::Rows(&schema::SIGNING_KEYS, ""),
    Part::Rows(&schema::OPERATORS, ""),
    Part::Rows(&schema::ENTITIES, ""),
    Part::Rows(&schema::USERS, ""),
    Part::Rows(&schema::CHANNELS, ""),
    Part::Rows(&schema::API_KEYS, ""),
    Part::Rows(&schema::TERMINALS, ""),
    Part::Rows(&schema::POINTS_OF_SALE, ""),
    Part::Rows(&schema::WEBHOOKS, ""),
    Part::Rows(&schema::WEBHOOK_STANDINGS, ""),
    Part::Rows(&schema::FAMILIES, ""),
    Part::Rows(&schema::TRIES, ""),
    Part::Rows(&schema::VENUES, ""),
    Part::Rows(&schema::SECTORS, ""),
    Part::Rows(&schema::TEMPLATES, ""),
    Part::Rows(&schema::EVENTS, ""),
    Part::Rows(&schema::PROMOTIONS, ""),
    Part::Rows(&schema::COLLECTIVES, ""),
    Part::Rows(&schema::SESSIONS, ""),
    Part::Rows(&schema::PUBLICATIONS, ""),
    Part::Rows(&schema::PLACE_MARKS, ""),
    Part::Rows(&schema::CLAIMS, ""),
    Part::Rows(&schema::POOL_BARCODES, "unused"),
    Part::Rows(&schema::VOUCHER_GROUPS, ""),
    Part::Rows(&schema::VOUCHERS, "held"),
    Part::Rows(&schema::PRODUCTS, ""),
    Part::Rows(&schema::SEQUENCES, ""),
    Part::Rows(&schema::ORDERS, "resident AND state <> 'EXPIRED'"),
    Part::Expired,
    Part::Rows(&schema::GIFT_VOUCHERS, ""),
    Part::Rows(&schema::VOUCHER_ORDERS, "resident"),
    Part::Rows(&schema::CANCELLATIONS, ""),
    Part::Rows(&schema::POSTPONED, ""),
    Part::Rows(&schema::COMMISSIONS, ""),
    Part::Rows(&schema::SHIFTS, "open"),
    Part::Rows(&schema::LISTINGS, "offered"),
    Part::Rows(&schema::COUNTERS, ""),
    Part::Outcomes,
];

impl Part {
    /// The statement; the shard is its only parameter.
    pub fn sql(&self, dialect: Dialect) -> String {
        match self {
            Self::Rows(table, condition) => sql::scan(dialect, &table.table, condition),
            Self::Expired => {
                format!("SELECT due, id FROM orders WHERE shard = {} AND resident AND state = '{EXPIRED}'", dialect.placeholder(1))
            }
            Self::Outcomes => format!("SELECT period, key FROM outcomes WHERE shard = {} ORDER BY period", dialect.placeholder(1)),
        }
    }
}

/// An expired order, from its cells.
pub fn expired(due: i64, id: &[u8]) -> Result<Resident, StoreError> {
    let id = id.try_into().map_err(|_| Broken { table: "orders", why: "an order id has 16 bytes".into() })?;
    Ok(Resident::Expired(Timestamp(due), OrderId(id)))
}

/// A kept outcome, from its cells.
pub fn outcome(period: i64, key: &[u8]) -> Result<Resident, StoreError> {
    let short = key.first_chunk().ok_or_else(|| Broken { table: "outcomes", why: "a key has 32 bytes".into() })?;
    Ok(Resident::Outcome(Period(period), u64::from_le_bytes(*short)))
}
