//! What reports, exports and work over many orders ask the tables: orders in the books of a channel, page by page in the order in which they came there. What came there never
//! changes, so the pages are those of one picture however long somebody reads on. Runs nothing.

use std::sync::Arc;

use aforo_domain::ids::{ChannelId, ItemId, OrderId, SessionId, ShardId};
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::Order;

use super::lists::{self, Page, Select, Value};
use super::schema::Kind;
use super::sql::Dialect;
use super::{Reader, StoreError};

/// A place in a channel's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bookmark {
    /// When an order came there.
    pub at: Timestamp,
    /// Which.
    pub order: OrderId,
}

impl Bookmark {
    /// Before all that came at an instant or later.
    pub const fn before(at: Timestamp) -> Self {
        Self { at: Timestamp(at.0 - 1), order: OrderId([0xff; 16]) }
    }
}

/// Orders of a channel behind a bookmark and before an instant.
pub fn page(dialect: Dialect, shard: ShardId, channel: ChannelId, behind: Bookmark, end: Timestamp, limit: u64) -> Select {
    let number = |number| dialect.placeholder(number);
    let sql = format!(
        "SELECT data FROM orders WHERE shard = {} AND channel = {} AND NOT resident AND purchased < {} AND (purchased, id) > ({}, {})
         ORDER BY purchased, id LIMIT {}",
        number(1),
        number(2),
        number(3),
        number(4),
        number(5),
        number(6)
    );
    let int = |value: u64| Value::Int(value.cast_signed());
    let parameters =
        vec![int(shard.0), int(channel.0), Value::Int(end.0), Value::Int(behind.at.0), Value::Bytes(behind.order.0.to_vec()), int(limit)];
    Select { sql, parameters, columns: &[Kind::Text] }
}

impl Reader {
    /// Orders in the books of a channel, behind a bookmark and before an instant.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn books(
        &mut self,
        shard: ShardId,
        channel: ChannelId,
        behind: Bookmark,
        end: Timestamp,
        limit: u64,
    ) -> Result<Vec<Arc<Order>>, StoreError> {
        let select = page(self.dialect(), shard, channel, behind, end, limit);
        lists::all(&self.select(&[select])?)
    }

    /// Live tickets of a session and of its seasons behind this one, by id, each with its order; and how many of the session itself are live in all.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn live_tickets(
        &mut self,
        shard: ShardId,
        session: SessionId,
        seasons: &[SessionId],
        behind: ItemId,
        limit: u64,
    ) -> Result<Page<(ItemId, OrderId)>, StoreError> {
        lists::page_of_ids(&self.select(&lists::live_tickets(self.dialect(), shard, session, seasons, behind, limit))?)
    }

    /// Tickets of a session that were sold again, those before this one, the last sold first, each with its order.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn resold_tickets(
        &mut self,
        shard: ShardId,
        session: SessionId,
        before: Option<ItemId>,
        limit: u64,
    ) -> Result<Vec<(ItemId, OrderId)>, StoreError> {
        Ok(lists::page_of_ids(&self.select(&lists::resold_tickets(self.dialect(), shard, session, before, limit))?)?.rows)
    }
}
