//! The text of every statement that follows from a table's definition, for both engines. Runs nothing.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::schema::{Column, Index, Kind, Table};

/// Which engine a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

impl Dialect {
    const fn type_of(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::Int, _) => "BIGINT",
            (Kind::Text, _) => "TEXT",
            (Kind::Bool, _) => "BOOLEAN",
            (Kind::Bytes, Self::Sqlite) => "BLOB",
            (Kind::Bytes, Self::Postgres) => "BYTEA",
        }
    }

    /// A parameter; they count from 1.
    pub fn placeholder(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            Self::Postgres => format!("${number}"),
        }
    }
}

/// What has to be run so that a store that has these columns (table, column) has everything that the definitions ask for. Only ever adds.
pub fn upgrade(dialect: Dialect, tables: &[&Table], there: &BTreeSet<(String, String)>) -> Vec<String> {
    let mut statements = Vec::new();
    for table in tables {
        if !there.iter().any(|(name, _)| name == table.name) {
            statements.push(create(dialect, table));
        } else {
            let missing = table.all().filter(|column| !there.contains(&(table.name.to_owned(), column.name.to_owned())));
            statements.extend(missing.map(|column| format!("ALTER TABLE {} ADD COLUMN {}", table.name, definition(dialect, column))));
        }
        statements.extend(table.indexes.iter().map(|index| create_index(table, index)));
    }
    statements
}

fn create(dialect: Dialect, table: &Table) -> String {
    let columns: Vec<_> = table.all().map(|column| definition(dialect, column)).collect();
    let options = if dialect == Dialect::Sqlite && table.clustered { " WITHOUT ROWID" } else { "" };
    format!("CREATE TABLE {} ({}, PRIMARY KEY ({})){options}", table.name, columns.join(", "), names(table.key))
}

fn definition(dialect: Dialect, column: &Column) -> String {
    format!("{} {}{}", column.name, dialect.type_of(column.kind), if column.optional { "" } else { " NOT NULL" })
}

fn create_index(table: &Table, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let only = index.only.map_or_else(String::new, |column| format!(" WHERE {column}"));
    format!("CREATE {unique}INDEX IF NOT EXISTS {} ON {} ({}){only}", index.name, table.name, index.columns)
}

/// Puts one row: shard, key, columns are the parameters.
pub fn upsert(dialect: Dialect, table: &Table) -> String {
    let values: Vec<_> = (1..=table.all().count()).map(|number| dialect.placeholder(number)).collect();
    format!("INSERT INTO {} ({}) VALUES ({}){}", table.name, all_names(table), values.join(", "), on_conflict(table))
}

/// Puts many rows: the shard and then an array for each other column. PostgreSQL only. No key may come twice.
pub fn upsert_many(table: &Table) -> String {
    let arrays = arrays(&table.all().skip(1).collect::<Vec<_>>());
    format!("INSERT INTO {} ({}) SELECT $1::bigint, * FROM UNNEST({arrays}){}", table.name, all_names(table), on_conflict(table))
}

fn on_conflict(table: &Table) -> String {
    let sets: Vec<_> = table.columns.iter().map(|column| format!("{0} = excluded.{0}", column.name)).collect();
    format!(" ON CONFLICT ({}) DO UPDATE SET {}", names(table.key), sets.join(", "))
}

fn arrays(columns: &[&Column]) -> String {
    let arrays: Vec<_> = columns
        .iter()
        .zip(2..)
        .map(|(column, number)| format!("${number}::{}[]", Dialect::Postgres.type_of(column.kind).to_lowercase()))
        .collect();
    arrays.join(", ")
}

/// Deletes one row: shard and key are the parameters.
pub fn delete(dialect: Dialect, table: &Table) -> String {
    format!("DELETE FROM {} WHERE {}", table.name, by_key(dialect, table))
}

/// Deletes many rows: the shard and then an array for each other key column. PostgreSQL only.
pub fn delete_many(table: &Table) -> String {
    let key = &table.key[1..];
    if key.is_empty() {
        return format!("DELETE FROM {} WHERE shard = $1::bigint", table.name);
    }
    let matches = key.iter().fold(String::new(), |mut text, column| {
        let _ = write!(text, " AND t.{0} = k.{0}", column.name);
        text
    });
    let arrays = arrays(&key.iter().collect::<Vec<_>>());
    format!("DELETE FROM {} t USING UNNEST({arrays}) AS k({}) WHERE t.shard = $1::bigint{matches}", table.name, names(key))
}

/// Deletes the rows of a shard's periods before one: shard and period are the parameters.
pub fn forget(dialect: Dialect, table: &Table) -> String {
    format!("DELETE FROM {} WHERE shard = {} AND period < {}", table.name, dialect.placeholder(1), dialect.placeholder(2))
}

/// Reads one row: shard and key are the parameters.
pub fn select(dialect: Dialect, table: &Table) -> String {
    format!("SELECT {} FROM {} WHERE {}", cells(table), table.name, by_key(dialect, table))
}

/// Reads the rows of a shard, the only parameter, that fulfil a condition.
pub fn scan(dialect: Dialect, table: &Table, condition: &str) -> String {
    let also = if condition.is_empty() { String::new() } else { format!(" AND {condition}") };
    format!("SELECT {} FROM {} WHERE shard = {}{also}", cells(table), table.name, dialect.placeholder(1))
}

/// The cells of a row: all columns but the shard. A table that has no other (there is none) would have nothing to read.
pub fn cells(table: &Table) -> String {
    table.all().skip(1).map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn by_key(dialect: Dialect, table: &Table) -> String {
    let matches: Vec<_> =
        table.key.iter().zip(1..).map(|(column, number)| format!("{} = {}", column.name, dialect.placeholder(number))).collect();
    matches.join(" AND ")
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn all_names(table: &Table) -> String {
    table.all().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Dialect, upgrade};
    use crate::store::schema::{self, ROWS, Table};

    fn all() -> Vec<&'static Table> {
        let system = [&schema::META, &schema::SHARDS, &schema::JOURNAL];
        system.into_iter().chain(ROWS.iter().map(|rows| &rows.table)).collect()
    }

    /// When this changes, so must [`schema::VERSION`].
    #[test]
    fn the_schema_is_known() {
        for (dialect, name) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
            let text = upgrade(dialect, &all(), &BTreeSet::new()).join(";\n");
            insta::assert_snapshot!(format!("schema_{name}_{}", schema::VERSION), text);
        }
    }

    #[test]
    fn every_primary_key_starts_with_the_shard() {
        assert!(all().iter().skip(1).all(|table| table.key[0].name == "shard"));
        assert!(all().iter().all(|table| table.all().count() <= schema::MAX_CELLS));
        let indexes = all().into_iter().flat_map(|table| table.indexes).filter(|index| index.unique);
        assert!(indexes.into_iter().all(|index| index.columns.starts_with("shard, ")));
    }

    #[test]
    fn an_older_store_gets_what_it_lacks_and_no_more() {
        let complete: BTreeSet<_> =
            all().iter().flat_map(|table| table.all().map(|column| (table.name.to_owned(), column.name.to_owned()))).collect();
        let mut older = complete.clone();
        older.remove(&("orders".into(), "code".into()));
        older.retain(|(table, _)| table != "messages");
        let added: Vec<_> =
            upgrade(Dialect::Postgres, &all(), &older).into_iter().filter(|statement| !statement.contains("INDEX")).collect();
        assert_eq!(added.len(), 2);
        assert_eq!(added[0], "ALTER TABLE orders ADD COLUMN code TEXT");
        assert!(added[1].starts_with("CREATE TABLE messages"));
        assert!(upgrade(Dialect::Sqlite, &all(), &complete).iter().all(|statement| statement.contains("INDEX IF NOT EXISTS")));
    }
}
