//! What lists for scanners ask the tables: every barcode of a session with what becomes of it, as it stands, and what changed since. Runs nothing.
//!
//! Tickets, what happened with them, and barcodes that were taken off change each by itself; a page goes on with each of them from where the last one ended.

use std::sync::Arc;

use aforo_domain::gates::offline::OfflineScan;
use aforo_domain::gates::{Admission, Revocation};
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::orders::Ticket;

use super::lists::{COUNT, Cut, DATA, Found, Page, Select, Value, Writer, image, int, numbers, page};
use super::schema::{self, Kind, RowTable};
use super::sql::Dialect;
use super::{Reader, StoreError};

/// The tables that the gates' list of a session is made of; each has a column `session`, by which its rows are found.
pub static LISTED: [&RowTable; 4] = [&schema::TICKETS, &schema::ADMISSIONS, &schema::REVOCATIONS, &schema::GATE_TALLIES];

/// Where a reader of a list stands in one of its parts: the instant and the ticket of the last change that it saw.
pub type Seen = (i64, u64);

/// What changed at a session's gates.
#[derive(Debug, Clone)]
pub struct GateChangesWanted {
    /// Whose gates.
    pub session: SessionId,
    /// Whose tickets may open them: its own and those of its seasons.
    pub tickets_of: Vec<SessionId>,
    /// After these changes of tickets, of what happened with them, and of the access list.
    pub after: [Seen; 3],
    /// How many at most.
    pub limit: u64,
}

/// A barcode as it stands.
#[derive(Debug)]
pub struct GateChange {
    /// Its ticket; `None` if the ticket has another one by now.
    pub ticket: Option<Ticket>,
    /// What happened with it.
    pub admission: Option<Arc<Admission>>,
    /// What the access list says of it.
    pub revocation: Option<Arc<Revocation>>,
}

const THREE: &[Kind] = &[Kind::Text, Kind::Text, Kind::Text];

/// One of the three parts of a list, in the order of [`GateChangesWanted::after`].
fn changes(dialect: Dialect, shard: ShardId, wanted: &GateChangesWanted, part: usize, limit: u64) -> Select {
    let mut writer = Writer::new(dialect, shard);
    let session = writer.bind(int(wanted.session.0));
    let of = numbers(wanted.tickets_of.iter().map(|session| session.0));
    let (at, ticket) = wanted.after[part];
    let (at, ticket) = (writer.bind(Value::Int(at)), writer.bind(int(ticket)));
    let limit = writer.bind(int(limit));
    let shard = dialect.placeholder(1);
    let admission = format!("LEFT JOIN admissions a ON a.shard = {shard} AND a.session = {session} AND a.ticket = t.id");
    let revocation = format!("LEFT JOIN revocations r ON r.shard = {shard} AND r.barcode = t.barcode");
    let cells = "coalesce(t.data, 'null'), coalesce(a.data, 'null'), coalesce(r.data, 'null')";
    let (from, by) = match part {
        0 => (format!("tickets t {admission} {revocation} WHERE t.shard = {shard} AND t.session IN ({of})"), ("t.changed", "t.id")),
        1 => (
            format!(
                "admissions a JOIN tickets t ON t.shard = {shard} AND t.id = a.ticket {revocation}
                 WHERE a.shard = {shard} AND a.session = {session}"
            ),
            ("a.changed", "a.ticket"),
        ),
        _ => (
            format!(
                "revocations r LEFT JOIN tickets t ON t.shard = {shard} AND t.barcode = r.barcode {admission}
                 WHERE r.shard = {shard} AND r.session IN ({of})"
            ),
            ("r.changed", "r.ticket"),
        ),
    };
    let (changed, id) = by;
    let sql = format!(
        "SELECT {cells} FROM {from} AND ({changed} > {at} OR ({changed} = {at} AND {id} > {ticket})) ORDER BY {changed}, {id} LIMIT {limit}"
    );
    writer.select(sql, THREE)
}

/// What a part of a list gave.
fn read_changes(found: &[Found]) -> Result<Vec<GateChange>, StoreError> {
    let rows = found.iter().flatten();
    rows.map(|row| Ok(GateChange { ticket: image(row, 0)?, admission: image(row, 1)?, revocation: image(row, 2)? })).collect()
}

/// A page of scans that people have to look into, the first handed in first, and how many there are in all.
fn conflicts(dialect: Dialect, shard: ShardId, session: SessionId, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let session = writer.bind(int(session.0));
    let condition = format!("shard = {} AND session = {session} AND conflict", dialect.placeholder(1));
    let count = writer.select(format!("SELECT count(*) FROM offline_scans WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page =
        format!("SELECT data FROM offline_scans WHERE {condition} ORDER BY uploaded, device, sequence LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

impl Reader {
    /// What changed at a session's gates: of tickets, of what happened with them, of the access list.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn gate_changes(&mut self, shard: ShardId, wanted: &GateChangesWanted) -> Result<[Vec<GateChange>; 3], StoreError> {
        let (mut parts, mut left) = ([Vec::new(), Vec::new(), Vec::new()], wanted.limit);
        for (part, found) in parts.iter_mut().enumerate() {
            *found = read_changes(&self.select(&[changes(self.dialect(), shard, wanted, part, left)])?)?;
            left -= found.len() as u64;
        }
        Ok(parts)
    }

    /// Scans that people have to look into, the first handed in first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn gate_conflicts(&mut self, shard: ShardId, session: SessionId, cut: Cut) -> Result<Page<Arc<OfflineScan>>, StoreError> {
        page(&self.select(&conflicts(self.dialect(), shard, session, cut))?)
    }
}
