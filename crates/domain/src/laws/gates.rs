//! Law 5: no online decision opens a gate twice for one entry, nor for a dead ticket, nor for another session's. What offline scanners let in meanwhile is
//! recorded as it was.

use std::collections::HashMap;
use std::sync::Arc;

use crate::change::Row;
use crate::gates::offline::OfflineScan;
use crate::gates::{Admission, Direction, MAX_SCANS, Reentry, Revocation, RevokedBy, Scan};
use crate::ids::{Barcode, ItemId, SessionId};
use crate::moment::Timestamp;
use crate::orders::Ticket;
use crate::seasons::Season;

/// All rows of a shard, as far as they speak of gates.
#[derive(Debug, Default)]
pub(super) struct GateLaws {
    admissions: Vec<Arc<Admission>>,
    scans: Vec<Arc<OfflineScan>>,
    reprinted: Vec<Arc<Revocation>>,
    tickets: HashMap<ItemId, Standing>,
    seasons: HashMap<SessionId, Season>,
}

/// How a ticket stands.
#[derive(Debug)]
struct Standing {
    session: SessionId,
    barcode: Barcode,
    /// Since when it is dead.
    dead: Option<Timestamp>,
}

impl GateLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Admission(admission) => self.admissions.push(admission.clone()),
            Row::OfflineScan(scan) => self.scans.push(scan.clone()),
            Row::Revocation(revocation) if revocation.by == RevokedBy::Reprint => self.reprinted.push(revocation.clone()),
            Row::Ticket(ticket) => drop(self.tickets.insert(ticket.id, Standing::of(ticket))),
            Row::Session(session) => {
                if let Some(season) = &session.season {
                    self.seasons.insert(session.id, season.clone());
                }
            }
            _ => {}
        }
    }

    /// What does not hold.
    pub fn check(self) -> Vec<String> {
        let mut found = Vec::new();
        for admission in &self.admissions {
            let here = format!("ticket {} at the gates of session {}", admission.ticket, admission.session);
            let Some(ticket) = self.tickets.get(&admission.ticket) else {
                found.push(format!("{here} is not there"));
                continue;
            };
            let covers = |season: &Season| season.covers(admission.session);
            if ticket.session != admission.session && !self.seasons.get(&ticket.session).is_some_and(covers) {
                found.push(format!("{here} is another session's"));
            }
            // Whoever came in with the last one still gets out.
            if !admission.scans.is_sorted_by_key(|scan| scan.at) || admission.scans.len() > MAX_SCANS + 1 {
                found.push(format!("the scans of {here} are not in order"));
            }
            if opens_twice(&admission.scans) {
                found.push(format!("{here} came in twice"));
            }
            let online = |scan: &&Scan| scan.sequence.is_none() && scan.direction == Direction::Entry;
            if admission.scans.iter().filter(online).any(|scan| ticket.dead.is_some_and(|dead| dead < scan.at)) {
                found.push(format!("{here} came in dead"));
            }
        }
        for scan in self.scans.iter().filter(|scan| scan.at > scan.uploaded) {
            found.push(format!("scan {} of {} in session {} was made after it was handed in", scan.sequence, scan.device, scan.session));
        }
        for revocation in &self.reprinted {
            if self.tickets.get(&revocation.ticket).is_none_or(|ticket| ticket.barcode == revocation.barcode) {
                found.push(format!("the barcode of ticket {} was replaced and still is its own", revocation.ticket));
            }
        }
        found
    }
}

impl Standing {
    fn of(ticket: &Ticket) -> Self {
        let dead = (!ticket.state.is_live()).then_some(ticket.changed);
        Self { session: ticket.session, barcode: ticket.barcode.clone(), dead }
    }
}

/// Whether an entry counts that, by the rule that it was judged by, one before it had used up.
fn opens_twice(scans: &[Scan]) -> bool {
    let (mut entered, mut inside) = (false, false);
    for scan in scans.iter().filter(|scan| scan.counts) {
        let twice = scan.direction == Direction::Entry
            && match scan.rule {
                Reentry::Once => entered,
                Reentry::AfterExit => inside,
                Reentry::Unlimited => false,
            };
        if twice {
            return true;
        }
        inside = scan.direction == Direction::Entry;
        entered |= inside;
    }
    false
}
