//! What scanners let in while they had no connection, handed in afterwards: facts, never refused. The earliest entry counts; what should not have been
//! is told as a conflict, for people to look into.
//!
//! A scan is known by session, device and its number there: handed in again it changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decide::Gatehouse;
use super::{Admission, Direction, GateReply, GateTally, MAX_SCANS, Refusal, Scan};
use crate::command::{Done, Planned, Stop};
use crate::ids::{Barcode, ItemId, SessionId};
use crate::moment::Timestamp;

/// What a scan is known by: the session, the device and its number there.
pub type ScanKey = (SessionId, Arc<str>, u64);

/// A scan that was made without asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineScan {
    /// At whose gates.
    pub session: SessionId,
    /// The device's name.
    pub device: Arc<str>,
    /// Its number on the device.
    pub sequence: u64,
    /// What was read; `None` for what can be no barcode.
    pub barcode: Option<Barcode>,
    /// Whose barcode it was when it was handed in.
    pub ticket: Option<ItemId>,
    /// At which gate.
    pub gate: Arc<str>,
    /// Which way.
    pub direction: Direction,
    /// When, within what can be.
    pub at: Timestamp,
    /// When, as the device says.
    pub said: Timestamp,
    /// When it was handed in.
    pub uploaded: Timestamp,
    /// Why it should not have been.
    pub conflict: Option<Refusal>,
    /// The entry that it is at odds with: the one that came before it, or one that was let in online and that it came before.
    pub other: Option<Scan>,
}

impl OfflineScan {
    /// What it is known by.
    pub fn key(&self) -> ScanKey {
        (self.session, self.device.clone(), self.sequence)
    }

    /// Whether somebody has to look into it.
    pub const fn is_conflict(&self) -> bool {
        self.conflict.is_some() || self.other.is_some()
    }
}

/// A scan that is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeScan {
    /// Its number on the device.
    pub sequence: u64,
    /// What was read; `None` for what can be no barcode.
    pub barcode: Option<Barcode>,
    /// At which gate.
    pub gate: Arc<str>,
    /// Which way.
    pub direction: Direction,
    /// When, as the device says.
    pub said: Timestamp,
}

/// Scans of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The device's name.
    pub device: Arc<str>,
    /// When the device last had a connection, as it says: no scan was before.
    pub last_sync: Option<Timestamp>,
    /// What it did since.
    pub scans: Vec<MadeScan>,
}

/// What became of a scan that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// Its number on the device.
    pub sequence: u64,
    /// Whether it had been handed in before.
    pub repeated: bool,
    /// Why it should not have been.
    pub conflict: Option<Refusal>,
}

/// What an upload changes, put together.
#[derive(Default)]
struct Changed {
    admissions: BTreeMap<ItemId, Admission>,
    tallies: BTreeMap<Arc<str>, GateTally>,
    scans: BTreeMap<ScanKey, OfflineScan>,
}

impl Gatehouse<'_> {
    /// Writes scans down.
    pub(super) fn upload(&self, upload: &Upload) -> Planned {
        let key = |sequence| (self.session(), upload.device.clone(), sequence);
        let known = upload.scans.iter().map(|scan| self.world.offline_scan(&key(scan.sequence)));
        let known = all(known)?;
        let (mut changed, mut missing, mut answers) = (Changed::default(), Vec::new(), Vec::new());
        for (made, known) in upload.scans.iter().zip(known) {
            let before = changed.scans.get(&key(made.sequence)).or(known.map(AsRef::as_ref));
            if let Some(before) = before {
                answers.push(Uploaded { sequence: made.sequence, repeated: true, conflict: before.conflict });
                continue;
            }
            match self.write_down(&mut changed, upload, made) {
                Ok(conflict) => answers.push(Uploaded { sequence: made.sequence, repeated: false, conflict }),
                Err(Stop::Need(keys)) => missing.extend(keys),
                Err(stop) => return Err(stop),
            }
        }
        if !missing.is_empty() {
            return Err(Stop::Need(missing));
        }
        let mut changes: Vec<_> = changed.admissions.into_values().map(|row| Arc::new(row).into()).collect();
        changes.extend(changed.tallies.into_values().map(|row| Arc::new(row).into()));
        changes.extend(changed.scans.into_values().map(|row| Arc::new(row).into()));
        Ok(Done { changes, reply: GateReply::Uploaded(answers).into() })
    }

    /// Writes one scan down: why it should not have been, if so.
    fn write_down(&self, changed: &mut Changed, upload: &Upload, made: &MadeScan) -> Result<Option<Refusal>, Stop> {
        let at = made.said.max(upload.last_sync.unwrap_or(made.said)).min(self.now);
        let found = made.barcode.as_ref().and_then(|barcode| self.ticket(barcode));
        let mut row = OfflineScan {
            session: self.session(),
            device: upload.device.clone(),
            sequence: made.sequence,
            barcode: made.barcode.clone(),
            ticket: found.map(|(ticket, _)| ticket.id),
            gate: made.gate.clone(),
            direction: made.direction,
            at,
            said: made.said,
            uploaded: self.now,
            conflict: None,
            other: None,
        };
        row.conflict = match found {
            None => Some(self.no_ticket(made.barcode.as_ref())),
            Some((ticket, list)) if made.direction == Direction::Entry => self.dead(ticket, list),
            Some(_) => None,
        };
        if let (None, Some(ticket)) = (row.conflict, row.ticket) {
            let before = changed.admissions.remove(&ticket).or_else(|| self.admission(ticket).map(|known| Admission::clone(known)));
            let mut admission = before.unwrap_or_else(|| Admission::none(self.session(), ticket, self.now));
            let result = self.put_between(changed, &mut admission, &mut row);
            changed.admissions.insert(ticket, admission);
            result?;
        }
        let fresh = self.tally(&made.gate);
        let mut tally = changed.tallies.remove(&fresh.gate).unwrap_or(fresh);
        if row.conflict.is_none() {
            tally.passed(at, made.direction);
        }
        tally.conflicts += u32::from(row.is_conflict());
        changed.tallies.insert(tally.gate.clone(), tally);
        let conflict = row.conflict;
        changed.scans.insert(row.key(), row);
        Ok(conflict)
    }

    /// Puts a scan where it belongs among a ticket's, and judges it and those after it anew.
    fn put_between(&self, changed: &mut Changed, admission: &mut Admission, row: &mut OfflineScan) -> Result<(), Stop> {
        if admission.scans.len() >= MAX_SCANS {
            row.conflict = Some(Refusal::NoEntriesLeft);
            return Ok(());
        }
        let rules = self.offer.session.gates;
        let place = admission.scans.partition_point(|scan| scan.at <= row.at);
        let scan = Scan {
            at: row.at,
            direction: row.direction,
            gate: row.gate.clone(),
            device: Some(row.device.clone()),
            sequence: Some(row.sequence),
            rule: rules.reentry,
            counts: true,
        };
        admission.scans.insert(place, scan);
        admission.changed = self.now;
        for index in place..admission.scans.len() {
            let (before, rest) = admission.scans.split_at_mut(index);
            let Some(scan) = rest.first_mut() else { break };
            let counts = scan.direction == Direction::Exit || rules.allows(before);
            let was = std::mem::replace(&mut scan.counts, counts);
            scan.rule = rules.reentry;
            let earlier = before.iter().rev().find(|scan| scan.is_entry()).cloned();
            if index == place && !counts {
                (row.conflict, row.other) = (Some(Refusal::AlreadyEntered), earlier);
            } else if index > place && was != counts {
                self.judged_anew(changed, scan, earlier, row)?;
            }
        }
        Ok(())
    }

    /// A scan counts no more, or does again, because of one that was handed in later.
    fn judged_anew(&self, changed: &mut Changed, scan: &Scan, earlier: Option<Scan>, row: &mut OfflineScan) -> Result<(), Stop> {
        let (Some(device), Some(sequence)) = (&scan.device, scan.sequence) else {
            // It was let in online: the scan that came before says so.
            if !scan.counts {
                row.other = Some(scan.clone());
            }
            return Ok(());
        };
        let key = (self.session(), device.clone(), sequence);
        let known = changed.scans.get(&key).cloned();
        let known = match known {
            Some(known) => Some(known),
            None => self.world.offline_scan(&key)?.map(|known| OfflineScan::clone(known)),
        };
        if let Some(mut known) = known {
            (known.conflict, known.other) = if scan.counts { (None, None) } else { (Some(Refusal::AlreadyEntered), earlier) };
            changed.scans.insert(key, known);
        }
        Ok(())
    }
}

/// All of them, or all that has to be looked for.
fn all<T>(results: impl Iterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => found.push(one),
            Err(Stop::Need(keys)) => missing.extend(keys),
            Err(stop) => return Err(stop),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Stop::Need(missing)) }
}
