//! What is in memory of gates: the list of a session's tickets, from the first scan at its gates on, and beside it what was looked for by key.
//!
//! A list is loaded once and then follows the tickets' rows, so that a validation reads nothing but memory while refunds, new barcodes and sales go on.
//! From the moment that a list is wanted the rows that are changed are kept; what is read out of the tables afterwards only adds what is not there.
//! A sale in a session whose gates nobody scans at pays for looking at an empty map. No rule decides here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::offline::{OfflineScan, ScanKey};
use super::{Admission, GateTally, Listed, Revocation};
use crate::change::{Key, Row};
use crate::command::Stop;
use crate::ids::{Barcode, ItemId, SessionId};
use crate::orders::{Order, Ticket};
use crate::world::World;

/// Hashes fast and always alike, so that a simulated history repeats exactly. Barcodes are drawn, or the operator's own.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Tickets in the lists of a shard beyond which those that nobody scanned at the longest are dropped.
pub const MAX_LISTED: usize = 400_000;

/// What is in memory of a shard's gates.
#[derive(Debug, Default)]
pub struct Gates {
    lists: BTreeMap<SessionId, List>,
    /// Of sessions without a list.
    admissions: HashMap<(SessionId, ItemId), Slot<Arc<Admission>>>,
    revocations: HashMap<Barcode, Slot<Arc<Revocation>>>,
    /// Those that somebody handed in lately.
    scans: HashMap<ScanKey, Slot<Arc<OfflineScan>>>,
}

/// A row with the journal number of its last change.
#[derive(Debug)]
struct Slot<T> {
    row: T,
    seq: u64,
}

/// The tickets of a session with what gates know of them.
#[derive(Debug, Default)]
pub struct List {
    /// Whether the tables were read: until then it holds only what changed since it was wanted.
    loaded: bool,
    /// The journal number of its last change, or how far the tables were when they were read.
    seq: u64,
    tickets: HashMap<ItemId, Listed>,
    by_barcode: HashMap<Barcode, ItemId>,
    /// Of this session's gates: those of season tickets, too, whose list is the season's.
    admissions: HashMap<ItemId, Arc<Admission>>,
    revocations: HashMap<Barcode, Arc<Revocation>>,
    tallies: BTreeMap<Arc<str>, Arc<GateTally>>,
    live: u32,
    admitted: u32,
    inside: u32,
}

impl List {
    /// The ticket with a barcode.
    pub fn ticket(&self, barcode: &Barcode) -> Option<&Listed> {
        self.tickets.get(self.by_barcode.get(barcode)?)
    }

    /// A ticket.
    pub fn ticket_of(&self, id: ItemId) -> Option<&Listed> {
        self.tickets.get(&id)
    }

    /// What happened with a ticket at this session's gates.
    pub fn admission(&self, ticket: ItemId) -> Option<&Arc<Admission>> {
        self.admissions.get(&ticket)
    }

    /// What the access list says of a barcode.
    pub fn revocation(&self, barcode: &Barcode) -> Option<&Arc<Revocation>> {
        self.revocations.get(barcode)
    }

    /// The numbers of a gate.
    pub fn tally(&self, gate: &str) -> Option<&Arc<GateTally>> {
        self.tallies.get(gate)
    }

    /// All gates that somebody scanned at, by name.
    pub fn tallies(&self) -> impl ExactSizeIterator<Item = &Arc<GateTally>> {
        self.tallies.values()
    }

    /// Live tickets, tickets that somebody came in with, and those that somebody is inside with.
    pub const fn counts(&self) -> (u32, u32, u32) {
        (self.live, self.admitted, self.inside)
    }

    fn put(&mut self, row: &Row) {
        match row {
            Row::Ticket(ticket) => self.put_ticket(ticket),
            Row::Admission(admission) => self.put_admission(admission),
            Row::Revocation(revocation) => drop(self.revocations.insert(revocation.barcode.clone(), revocation.clone())),
            Row::GateTally(tally) => drop(self.tallies.insert(tally.gate.clone(), tally.clone())),
            _ => {}
        }
    }

    /// Takes a row as the tables have it, unless it changed meanwhile.
    fn fill(&mut self, row: &Row) {
        let known = match row {
            Row::Ticket(ticket) => self.tickets.contains_key(&ticket.id),
            Row::Admission(admission) => self.admissions.contains_key(&admission.ticket),
            Row::Revocation(revocation) => self.revocations.contains_key(&revocation.barcode),
            Row::GateTally(tally) => self.tallies.contains_key(&tally.gate),
            _ => true,
        };
        if !known {
            self.put(row);
        }
    }

    fn put_ticket(&mut self, ticket: &Ticket) {
        let listed = Listed::of(ticket);
        self.live += u32::from(listed.state.is_live());
        self.by_barcode.insert(listed.barcode.clone(), listed.id);
        if let Some(before) = self.tickets.insert(listed.id, listed) {
            self.live -= u32::from(before.state.is_live());
            if before.barcode != ticket.barcode {
                self.by_barcode.remove(&before.barcode);
            }
        }
    }

    fn put_admission(&mut self, admission: &Arc<Admission>) {
        self.admitted += u32::from(admission.has_entered());
        self.inside += u32::from(admission.is_inside());
        if let Some(before) = self.admissions.insert(admission.ticket, admission.clone()) {
            self.admitted -= u32::from(before.has_entered());
            self.inside -= u32::from(before.is_inside());
        }
    }
}

impl Gates {
    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &Row, seq: u64) {
        let session = match row {
            Row::Ticket(_) if self.lists.is_empty() => return,
            Row::OfflineScan(row) => return drop(self.scans.insert(row.key(), Slot { row: row.clone(), seq })),
            Row::Ticket(ticket) => ticket.session,
            Row::Admission(admission) => admission.session,
            Row::Revocation(revocation) => revocation.session,
            Row::GateTally(tally) => tally.session,
            _ => return,
        };
        if let Some(list) = self.lists.get_mut(&session) {
            list.seq = list.seq.max(seq);
            list.put(row);
            // The list says it from now on, and must not be contradicted once it is dropped.
            match row {
                Row::Admission(row) => drop(self.admissions.remove(&(session, row.ticket))),
                Row::Revocation(row) => drop(self.revocations.remove(&row.barcode)),
                _ => {}
            }
            return;
        }
        match row {
            Row::Admission(row) => drop(self.admissions.insert((session, row.ticket), Slot { row: row.clone(), seq })),
            Row::Revocation(row) => drop(self.revocations.insert(row.barcode.clone(), Slot { row: row.clone(), seq })),
            _ => {}
        }
    }

    /// Drops what was looked for by key from memory, if the tables have it.
    pub(crate) fn evict(&mut self, key: &Key, applied_seq: u64) {
        match key {
            Key::Admission(key) if self.admissions.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.admissions.remove(key);
            }
            Key::Revocation(key) if self.revocations.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.revocations.remove(key);
            }
            Key::OfflineScan(key) if self.scans.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.scans.remove(key);
            }
            _ => {}
        }
    }

    /// A session's list, if it is in memory.
    pub fn list(&self, session: SessionId) -> Option<&List> {
        self.lists.get(&session).filter(|list| list.loaded)
    }

    /// All lists in memory.
    pub fn lists(&self) -> impl Iterator<Item = (SessionId, &List)> {
        self.lists.iter().filter(|(_, list)| list.loaded).map(|(session, list)| (*session, list))
    }

    /// Drops lists that nobody scanned at for the longest, as far as the tables have them, until there is room.
    fn shrink(&mut self, keep: SessionId, applied_seq: u64) {
        let mut listed: usize = self.lists.values().map(|list| list.tickets.len()).sum();
        while listed > MAX_LISTED {
            let may_go = |(id, list): &(&SessionId, &List)| **id != keep && list.loaded && list.seq <= applied_seq;
            let Some((id, _)) = self.lists.iter().filter(may_go).min_by_key(|(_, list)| list.seq) else { return };
            let id = *id;
            listed -= self.lists.remove(&id).map_or(0, |list| list.tickets.len());
        }
    }
}

/// How lists come into memory.
impl World {
    /// A session's list is wanted: what changes from now on is kept for it.
    pub fn expect_list(&mut self, session: SessionId) {
        self.gates.lists.entry(session).or_default();
    }

    /// A session's list was read out of the tables, when they had everything up to `applied_seq` and all that was decided before it was wanted.
    pub fn fill_list(&mut self, session: SessionId, rows: &[Row], applied_seq: u64) {
        let list = self.gates.lists.entry(session).or_default();
        rows.iter().for_each(|row| list.fill(row));
        list.loaded = true;
        list.seq = list.seq.max(applied_seq);
        self.gates.shrink(session, applied_seq);
    }

    /// A session's list could not be read.
    pub fn give_up_list(&mut self, session: SessionId) {
        // What was kept of it is still to be found by key.
        let Some(list) = self.gates.lists.remove(&session) else { return };
        for row in list.admissions.into_values() {
            self.gates.admissions.insert((session, row.ticket), Slot { row, seq: list.seq });
        }
        for row in list.revocations.into_values() {
            self.gates.revocations.insert(row.barcode.clone(), Slot { row, seq: list.seq });
        }
    }
}

/// What rules read.
impl World {
    /// The lists of the tickets that may open a session's gates: its own, then those of the seasons that it is in.
    ///
    /// # Errors
    /// `NeedLists` if they are not in memory.
    pub(crate) fn gate_lists(&self, session: SessionId) -> Result<Vec<&List>, Stop> {
        let (mut lists, mut missing) = (Vec::new(), Vec::new());
        for id in std::iter::once(session).chain(self.seasons_of(session).map(|season| season.session.id)) {
            match self.gates.list(id) {
                Some(list) => lists.push(list),
                None => missing.push(id),
            }
        }
        if missing.is_empty() { Ok(lists) } else { Err(Stop::NeedLists(missing)) }
    }

    /// What happened with a ticket at the gates of a session.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn admission(&self, session: SessionId, ticket: ItemId) -> Result<Option<&Arc<Admission>>, Stop> {
        let list = self.gates.lists.get(&session);
        let listed = list.and_then(|list| list.admissions.get(&ticket));
        if listed.is_some() || list.is_some_and(|list| list.loaded) {
            return Ok(listed);
        }
        let found = self.gates.admissions.get(&(session, ticket)).map(|slot| &slot.row);
        self.known(found, || Key::Admission((session, ticket)))
    }

    /// Whether somebody came in with a ticket at the gates of a session.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn has_entered(&self, session: SessionId, ticket: ItemId) -> Result<bool, Stop> {
        Ok(self.admission(session, ticket)?.is_some_and(|admission| admission.has_entered()))
    }

    /// Those of an order's items that somebody came in with: of season tickets, in any of their sessions.
    ///
    /// # Errors
    /// `Need` for all that have to be looked for.
    pub fn entered(&self, order: &Order, items: &[ItemId]) -> Result<Vec<ItemId>, Stop> {
        self.entered_in(order, items, |_| true)
    }

    /// Those of an order's items that somebody came in with in one of these sessions.
    ///
    /// # Errors
    /// `Need` for all that have to be looked for.
    pub fn entered_in(&self, order: &Order, items: &[ItemId], counts: impl Fn(SessionId) -> bool) -> Result<Vec<ItemId>, Stop> {
        let (mut entered, mut missing) = (BTreeSet::new(), Vec::new());
        for item in order.items.iter().filter(|item| items.contains(&item.id)) {
            for session in item.sessions().filter(|session| counts(*session)) {
                match self.has_entered(session, item.id) {
                    Ok(true) => drop(entered.insert(item.id)),
                    Ok(false) => {}
                    Err(Stop::Need(keys)) => missing.extend(keys),
                    Err(stop) => return Err(stop),
                }
            }
        }
        if missing.is_empty() { Ok(entered.into_iter().collect()) } else { Err(Stop::Need(missing)) }
    }

    /// What the access list says of a barcode of a session's ticket; of a season ticket the session is the season.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn revocation(&self, session: SessionId, barcode: &Barcode) -> Result<Option<&Arc<Revocation>>, Stop> {
        let list = self.gates.lists.get(&session);
        let listed = list.and_then(|list| list.revocations.get(barcode));
        if listed.is_some() || list.is_some_and(|list| list.loaded) {
            return Ok(listed);
        }
        self.known(self.gates.revocations.get(barcode).map(|slot| &slot.row), || Key::Revocation(barcode.clone()))
    }

    /// Whether a barcode of a session's ticket is on the list of those that open no gate.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn is_revoked(&self, session: SessionId, barcode: &Barcode) -> Result<bool, Stop> {
        Ok(self.revocation(session, barcode)?.is_some_and(|revocation| revocation.is_in_force()))
    }

    /// A scan that was handed in.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub(super) fn offline_scan(&self, key: &ScanKey) -> Result<Option<&Arc<OfflineScan>>, Stop> {
        self.known(self.gates.scans.get(key).map(|slot| &slot.row), || Key::OfflineScan(key.clone()))
    }
}
