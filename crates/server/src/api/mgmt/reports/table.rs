//! Tables: lines of cells with names, as CSV for spreadsheets or one JSON object a line. What is in a cell, and which lines there are, is said elsewhere.

use std::borrow::Cow;

use aforo_domain::error::{Code, Error};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use csv::{Terminator, WriterBuilder};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::sales::NameView;
use crate::http::checks::Checks;
use crate::http::params::Params;
use crate::http::wire::Money;

/// What a table in CSV is.
pub const CSV: &str = "text/csv; charset=utf-8";

/// One line: its cells, each with the name of its column. All lines of a table have the same columns.
#[derive(Debug, Default)]
pub struct Record(Vec<(Cow<'static, str>, Cell)>);

/// What is in a cell.
#[derive(Debug)]
pub enum Cell {
    /// Nothing: an empty cell, or left out.
    None,
    /// A whole number.
    Number(i64),
    /// An amount.
    Money(Money),
    /// A text.
    Text(String),
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, cell) in &self.0 {
            match cell {
                Cell::None => {}
                Cell::Number(number) => map.serialize_entry(name, number)?,
                Cell::Money(money) => map.serialize_entry(name, money)?,
                Cell::Text(text) => map.serialize_entry(name, text)?,
            }
        }
        map.end()
    }
}

impl Record {
    /// Adds columns.
    pub fn extend(&mut self, cells: impl IntoIterator<Item = (&'static str, Cell)>) {
        self.0.extend(cells.into_iter().map(|(name, cell)| (Cow::Borrowed(name), cell)));
    }

    /// Adds columns whose names all begin alike.
    pub fn extend_with(&mut self, prefix: &str, cells: impl IntoIterator<Item = (&'static str, Cell)>) {
        self.0.extend(cells.into_iter().map(|(name, cell)| (Cow::Owned(format!("{prefix}_{name}")), cell)));
    }

    /// Adds two columns for something that has a name: one for its id.
    pub fn extend_named(&mut self, name: &'static str, named: Option<&NameView>) {
        self.0.push((Cow::Owned(format!("{name}_id")), Cell::id(named.map(|named| named.id))));
        self.0.push((Cow::Borrowed(name), Cell::maybe(named.map(|named| named.name.clone()))));
    }
}

impl Cell {
    /// An id, if there is one.
    pub fn id(id: Option<u64>) -> Self {
        id.map_or(Self::None, |id| Self::Number(id.cast_signed()))
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A text, if there is one.
    pub fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text.into()))
    }

    /// As a cell of a table. What a spreadsheet would take for a formula is marked as a text.
    fn plain(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Money(money) => serde_json::to_string(money).unwrap_or_default(),
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Lines in CSV, with the names of the columns before them if they are the first.
///
/// # Errors
/// `DIST0000`, which no line gives reason for.
pub fn csv(records: &[Record], headed: bool) -> Result<Bytes, Error> {
    let failed = |error: String| Error::new(Code::Dist0000).because(error);
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    if headed && let Some(first) = records.first() {
        writer.write_record(first.0.iter().map(|(name, _)| name.as_bytes())).map_err(|error| failed(error.to_string()))?;
    }
    for record in records {
        writer.write_record(record.0.iter().map(|(_, cell)| cell.plain())).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| failed(error.to_string()))
}

/// Whether a list is asked for as a table: by `format`, else by `Accept`.
pub fn wants_csv(checks: &mut Checks, params: &Params, headers: &HeaderMap) -> bool {
    let named = params.one_of(checks, "format", &[("CSV", true), ("JSON", false)]);
    named.unwrap_or_else(|| {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        accepted.flat_map(|list| list.split(',')).any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/csv"))
    })
}

/// A whole table.
///
/// # Errors
/// Those of [`csv`].
pub fn answer(records: &[Record]) -> Result<Response, Error> {
    Ok(([(CONTENT_TYPE, CSV), (CACHE_CONTROL, "no-store")], Body::from(csv(records, true)?)).into_response())
}
