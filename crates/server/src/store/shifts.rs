//! What is read of shifts at tills. Whose may be seen comes as an argument.

use std::sync::Arc;

use aforo_domain::ids::{ChannelId, EntityId, PointOfSaleId, ShardId, ShiftId, TerminalId};
use aforo_domain::shifts::Shift;

use super::lists::{self, COUNT, Cut, DATA, Page, Select, Span, Writer, int};
use super::sql::Dialect;
use super::{Reader, StoreError};

/// Shifts at tills.
#[derive(Debug, Clone)]
pub struct ShiftsWanted {
    /// Of this entity; of all if there is none.
    pub entity: Option<EntityId>,
    /// Opened in this channel.
    pub channel: Option<ChannelId>,
    /// At this terminal.
    pub terminal: Option<TerminalId>,
    /// At this point of sale.
    pub point_of_sale: Option<PointOfSaleId>,
    /// Only those that are open, or only those that are not.
    pub open: Option<bool>,
    /// Opened then.
    pub opened: Span,
}

/// A page of shifts, the last opened first, and how many there are in all.
fn page(dialect: Dialect, shard: ShardId, wanted: &ShiftsWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let mut condition = format!("shard = {}", dialect.placeholder(1));
    let named = [
        ("entity", wanted.entity.map(|id| id.0)),
        ("channel", wanted.channel.map(|id| id.0)),
        ("terminal", wanted.terminal.map(|id| id.0)),
        ("point_of_sale", wanted.point_of_sale.map(|id| id.0)),
    ];
    for (column, id) in named.into_iter().filter_map(|(column, id)| Some((column, id?))) {
        condition += &format!(" AND {column} = {}", writer.bind(int(id)));
    }
    condition += match wanted.open {
        None => "",
        Some(true) => " AND open",
        Some(false) => " AND NOT open",
    };
    condition += &writer.span("opened", wanted.opened);
    let count = writer.select(format!("SELECT count(*) FROM shifts WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM shifts WHERE {condition} ORDER BY opened DESC, id DESC LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

impl Reader {
    /// Shifts, the last opened first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn shifts(&mut self, shard: ShardId, wanted: &ShiftsWanted, cut: Cut) -> Result<Page<Arc<Shift>>, StoreError> {
        lists::page(&self.select(&page(self.dialect(), shard, wanted, cut))?)
    }

    /// A shift.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn shift(&mut self, shard: ShardId, id: ShiftId) -> Result<Option<Arc<Shift>>, StoreError> {
        let mut writer = Writer::new(self.dialect(), shard);
        let id = writer.bind(int(id.0));
        let sql = format!("SELECT data FROM shifts WHERE shard = {} AND id = {id}", self.dialect().placeholder(1));
        lists::first(&self.select(&[writer.select(sql, DATA)])?)
    }
}
