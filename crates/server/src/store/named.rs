//! Tickets and orders by what people call them: ids, barcodes, codes; many at once, for calls that name many. Which may be meant is not decided here.

use std::sync::Arc;

use aforo_domain::ids::{Barcode, ItemId, OrderCode, ShardId};
use aforo_domain::orders::{Order, Ticket};

use super::{Reader, StoreError, lists};

impl Reader {
    /// The tickets with these ids or barcodes, in no order; those that are not there are left out.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn tickets_named(&mut self, shard: ShardId, ids: &[ItemId], barcodes: &[Barcode]) -> Result<Vec<Ticket>, StoreError> {
        lists::all(&self.select(&lists::tickets_named(self.dialect(), shard, ids, barcodes))?)
    }

    /// The orders with these codes, in no order; those that are not there are left out.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn orders_named(&mut self, shard: ShardId, codes: &[OrderCode]) -> Result<Vec<Arc<Order>>, StoreError> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        lists::all(&self.select(&lists::orders_by_code(self.dialect(), shard, codes))?)
    }
}
