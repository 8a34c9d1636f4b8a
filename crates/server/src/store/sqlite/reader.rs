//! A reader thread's end: statements of lists, all of one call in one snapshot.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::{Shared, connect, failed};
use crate::store::StoreError;
use crate::store::lists::{Found, Select, Value};
use crate::store::schema::Kind;

/// Lists look at many rows.
const READER_CACHE_KIB: i64 = 16 * 1024;

/// Stops what a reader is at.
pub type Interrupt = rusqlite::InterruptHandle;

/// Reads.
#[derive(Debug)]
pub struct Reader {
    tables: Connection,
    _shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let tables = connect(&shared.files.tables, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)?;
        Ok(Self { tables, _shared: shared })
    }

    /// Stops what it is at; for another thread.
    pub fn interrupt(&self) -> Interrupt {
        self.tables.get_interrupt_handle()
    }

    pub fn select(&mut self, statements: &[Select]) -> Result<Vec<Found>, StoreError> {
        let transaction = self.tables.unchecked_transaction().map_err(failed)?;
        statements.iter().map(|select| rows(&transaction, select)).collect()
    }
}

fn rows(connection: &Connection, select: &Select) -> Result<Found, StoreError> {
    let mut statement = connection.prepare(&select.sql).map_err(failed)?;
    for (number, value) in (1..).zip(&select.parameters) {
        let bound = match value {
            Value::Int(value) => statement.raw_bind_parameter(number, value),
            Value::Text(value) => statement.raw_bind_parameter(number, value),
            Value::Bytes(value) => statement.raw_bind_parameter(number, value),
        };
        bound.map_err(failed)?;
    }
    let (mut found, mut rows) = (Vec::new(), statement.raw_query());
    while let Some(row) = rows.next().map_err(failed)? {
        let cells = select.columns.iter().enumerate().map(|(index, kind)| match kind {
            Kind::Int | Kind::Bool => row.get(index).map(Value::Int),
            Kind::Text => row.get(index).map(Value::Text),
            Kind::Bytes => row.get(index).map(Value::Bytes),
        });
        found.push(cells.collect::<Result<_, _>>().map_err(failed)?);
    }
    Ok(found)
}
