//! What lists read out of the tables: each a few statements of [`super::lists`].

use std::sync::Arc;

use aforo_domain::customers::{Customer, CustomerId};
use aforo_domain::ids::{ChannelId, EntityId, ItemId, OrderCode, OrderId, ShardId};
use aforo_domain::messages::Message;
use aforo_domain::orders::{History, Order, Ticket};
use aforo_domain::products::SoldUnit;
use aforo_domain::resale::Listing;

use super::lists::{self, Cut, Found, ListingsWanted, MessagesWanted, OrdersWanted, Page, Select, TicketsWanted};
use super::sql::Dialect;
use super::{Reader, StoreError, sqlite};

impl Reader {
    /// The order with this code.
    ///
    /// # Errors
    /// Whatever the database says; so do the others.
    pub fn order(&mut self, shard: ShardId, code: OrderCode) -> Result<Option<Arc<Order>>, StoreError> {
        lists::first(&self.select(&lists::order_by_code(self.dialect(), shard, code))?)
    }

    /// Orders in the books, the first come first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn orders(&mut self, shard: ShardId, wanted: &OrdersWanted, cut: Cut) -> Result<Page<Arc<Order>>, StoreError> {
        if wanted.channels.is_empty() {
            return Ok(Page { total: 0, rows: Vec::new() });
        }
        lists::page(&self.select(&lists::orders(self.dialect(), shard, wanted, cut))?)
    }

    /// What a customer bought, in one channel or in all, the first bought first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn orders_of_customer(
        &mut self,
        shard: ShardId,
        customer: &CustomerId,
        channel: Option<ChannelId>,
        cut: Cut,
    ) -> Result<Page<Arc<Order>>, StoreError> {
        lists::page(&self.select(&lists::orders_of_customer(self.dialect(), shard, customer, channel, cut))?)
    }

    /// Customers of an entity, those that are kept longest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn customers(&mut self, shard: ShardId, entity: EntityId, cut: Cut) -> Result<Page<Arc<Customer>>, StoreError> {
        lists::page(&self.select(&lists::customers(self.dialect(), shard, entity, cut))?)
    }

    /// What a channel offers or has offered again, the first offered first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn listings(&mut self, shard: ShardId, wanted: &ListingsWanted, cut: Cut) -> Result<Page<Arc<Listing>>, StoreError> {
        lists::page(&self.select(&lists::listings(self.dialect(), shard, wanted, cut))?)
    }

    /// Tickets with their orders.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn tickets(&mut self, shard: ShardId, wanted: &TicketsWanted, cut: Cut) -> Result<Page<(Ticket, Arc<Order>)>, StoreError> {
        lists::page_with_orders(&self.select(&lists::tickets(self.dialect(), shard, wanted, cut))?, |ticket: &Ticket| ticket.order)
    }

    /// Units of products with their orders.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn units(&mut self, shard: ShardId, wanted: &TicketsWanted, cut: Cut) -> Result<Page<(SoldUnit, Arc<Order>)>, StoreError> {
        lists::page_with_orders(&self.select(&lists::units(self.dialect(), shard, wanted, cut))?, |unit: &SoldUnit| unit.order)
    }

    /// The tickets with these ids, in no order; those that are not there are left out.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn tickets_of(&mut self, shard: ShardId, items: &[ItemId]) -> Result<Vec<Ticket>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        lists::all(&self.select(&lists::tickets_by_id(self.dialect(), shard, items))?)
    }

    /// An order's book, from its first line.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn history(&mut self, shard: ShardId, order: OrderId, cut: Cut) -> Result<Page<Arc<History>>, StoreError> {
        lists::page(&self.select(&lists::history(self.dialect(), shard, order, cut))?)
    }

    /// Messages that were not delivered yet, the first sent first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn messages(&mut self, shard: ShardId, wanted: &MessagesWanted, cut: Cut) -> Result<Page<Arc<Message>>, StoreError> {
        if wanted.channels.is_empty() {
            return Ok(Page { total: 0, rows: Vec::new() });
        }
        lists::page(&self.select(&lists::messages(self.dialect(), shard, wanted, cut))?)
    }

    /// What stops it from another thread. PostgreSQL stops by itself after [`super::READ_PATIENCE`].
    pub fn interrupt(&self) -> Option<sqlite::Interrupt> {
        match self {
            Self::Sqlite(reader) => Some(reader.interrupt()),
            Self::Postgres(_) => None,
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(super) fn select(&mut self, statements: &[Select]) -> Result<Vec<Found>, StoreError> {
        match self {
            Self::Sqlite(reader) => reader.select(statements),
            Self::Postgres(reader) => reader.select(statements),
        }
    }
}
