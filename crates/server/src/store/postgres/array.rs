//! Columns of many rows as PostgreSQL arrays, written in their binary form as the cells come: no vector of values in between.

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::rows::{Cell, write_json};
use crate::store::schema::{Column, Kind};

/// One column of many rows.
#[derive(Debug)]
pub struct Array {
    kind: Kind,
    count: i32,
    nulls: bool,
    /// Each element's length and bytes.
    elements: Vec<u8>,
}

impl Array {
    pub const fn new(column: &Column) -> Self {
        Self { kind: column.kind, count: 0, nulls: false, elements: Vec::new() }
    }

    /// Forgets the elements and keeps their memory.
    pub fn clear(&mut self) {
        self.count = 0;
        self.nulls = false;
        self.elements.clear();
    }

    /// Appends an element. The cell is of the column's kind.
    pub fn push(&mut self, cell: Cell<'_>) {
        self.count += 1;
        let start = self.elements.len();
        self.elements.extend_from_slice(&[0; 4]);
        match cell {
            Cell::Null => {
                self.nulls = true;
                return self.elements[start..].copy_from_slice(&(-1_i32).to_be_bytes());
            }
            Cell::Int(value) => self.elements.extend_from_slice(&value.to_be_bytes()),
            Cell::Bool(value) => self.elements.push(value.into()),
            Cell::Text(value) => self.elements.extend_from_slice(value.as_bytes()),
            Cell::Bytes(value) => self.elements.extend_from_slice(value),
            Cell::Json(row) => write_json(row, &mut self.elements),
        }
        let length = i32::try_from(self.elements.len() - start - 4).unwrap_or(i32::MAX);
        self.elements[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    const fn element(&self) -> Type {
        match self.kind {
            Kind::Int => Type::INT8,
            Kind::Text => Type::TEXT,
            Kind::Bytes => Type::BYTEA,
            Kind::Bool => Type::BOOL,
        }
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_i32(1); // dimensions
        out.put_i32(self.nulls.into());
        out.put_u32(self.element().oid());
        out.put_i32(self.count);
        out.put_i32(1); // the first index
        out.put_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8_ARRAY | Type::TEXT_ARRAY | Type::BYTEA_ARRAY | Type::BOOL_ARRAY)
    }

    to_sql_checked!();
}
