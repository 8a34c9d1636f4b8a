//! Gates: who came in with which ticket, as it is stored. An online scan is a decision, taken here and once; what offline scanners let in is a fact that
//! is written down.
//!
//! Whether a ticket is good is its order's to say ([`TicketState`]); this only adds what gates know of it: scans, and barcodes that were taken off the access
//! list. What is in memory of that is [`lists`]', what is decided [`decide`]'s.

pub mod decide;
pub mod lists;
pub mod offline;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{Barcode, ItemId, RateId, SessionId};
use crate::moment::Timestamp;
use crate::orders::{Ticket, TicketKind, TicketState};
use offline::Uploaded;

/// Scans of one ticket in one session at most. Who goes in and out more often has to be let in by a person.
pub const MAX_SCANS: usize = 200;
/// Gates of a session that are counted each by itself, at most; the others count as one without a name.
pub const MAX_GATES: usize = 100;
/// Quarters of an hour that are counted each by itself, at most; later ones count as the last.
pub const MAX_QUARTERS: usize = 200;
/// Characters of a gate's or a device's name at most.
pub const MAX_NAME: usize = 60;

/// Which way somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// In.
    Entry,
    /// Out.
    Exit,
}

/// Whether a ticket opens the gates of a session again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Reentry {
    /// Never.
    #[default]
    Once,
    /// After it was seen going out.
    AfterExit,
    /// Always.
    Unlimited,
}

/// How the gates of a session work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GateRules {
    /// Whether tickets open them again.
    pub reentry: Reentry,
    /// How often a ticket opens them at most, where it does again.
    pub max_entries: Option<u32>,
    /// How long before the start they open, in milliseconds; always, if `None`.
    pub opens_ms: Option<i64>,
}

impl GateRules {
    /// Whether one more entry is in order after these scans, in the order of time.
    fn allows(&self, before: &[Scan]) -> bool {
        let entries = before.iter().filter(|scan| scan.is_entry()).count();
        let again = match self.reentry {
            Reentry::Once => entries == 0,
            Reentry::AfterExit => !is_inside(before),
            Reentry::Unlimited => true,
        };
        again && self.max_entries.is_none_or(|max| entries < max as usize)
    }
}

/// A ticket that went through a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// When.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// At which gate.
    pub gate: Arc<str>,
    /// With which device, if it says.
    pub device: Option<Arc<str>>,
    /// Of a scan that was not decided here but written down afterwards, its number on its device.
    pub sequence: Option<u64>,
    /// By which rule it was judged.
    pub rule: Reentry,
    /// Whether it was in order. An online one that is not was so when it was decided: an earlier one was uploaded later.
    pub counts: bool,
}

impl Scan {
    /// Whether somebody came in with it, and should have.
    pub fn is_entry(&self) -> bool {
        self.counts && self.direction == Direction::Entry
    }
}

fn is_inside(scans: &[Scan]) -> bool {
    scans.iter().rev().find(|scan| scan.counts).is_some_and(|scan| scan.direction == Direction::Entry)
}

/// What happened with a ticket at the gates of a session. A ticket that never came has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// Whose gates. Of a season ticket, each of its sessions has one.
    pub session: SessionId,
    /// Which ticket.
    pub ticket: ItemId,
    /// By time, at most [`MAX_SCANS`].
    pub scans: Vec<Scan>,
    /// How often it was set back to nothing.
    pub cleared: u32,
    /// When something of it last became different.
    pub changed: Timestamp,
}

impl Admission {
    /// Nothing happened yet.
    pub const fn none(session: SessionId, ticket: ItemId, now: Timestamp) -> Self {
        Self { session, ticket, scans: Vec::new(), cleared: 0, changed: now }
    }

    /// Whether somebody came in with the ticket.
    pub fn has_entered(&self) -> bool {
        self.scans.iter().any(Scan::is_entry)
    }

    /// Whether somebody is inside with it.
    pub fn is_inside(&self) -> bool {
        is_inside(&self.scans)
    }

    /// The last time somebody came in with it.
    pub fn last_entry(&self) -> Option<&Scan> {
        self.scans.iter().rev().find(|scan| scan.is_entry())
    }

    /// How often somebody came in with it.
    pub fn entries(&self) -> usize {
        self.scans.iter().filter(|scan| scan.is_entry()).count()
    }
}

/// Why a barcode is on the list of those that open no gate, whatever its ticket is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RevokedBy {
    /// Its ticket has another one since. For good.
    Reprint,
    /// Somebody.
    Person {
        /// What it was put there for.
        reason: Option<String>,
    },
    /// Nobody any more: it was put there, and taken off again.
    Nobody,
}

/// A barcode that is, or was, on the list of those that open no gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Unique in its operator.
    pub barcode: Barcode,
    /// Its ticket's session; of a season ticket the season.
    pub session: SessionId,
    /// Its ticket.
    pub ticket: ItemId,
    /// Why.
    pub by: RevokedBy,
    /// Since when it is so.
    pub changed: Timestamp,
}

impl Revocation {
    /// Whether it is on the list now.
    pub fn is_in_force(&self) -> bool {
        self.by != RevokedBy::Nobody
    }
}

/// Why a gate stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// No ticket of the session has the barcode.
    Unknown,
    /// Another session's ticket has it.
    WrongSession,
    /// The gates are not open yet.
    TooEarly,
    /// The session was called off.
    SessionCancelled,
    /// The ticket stands like this.
    Ticket(TicketState),
    /// The ticket has another barcode by now.
    Reprinted,
    /// The barcode is on the list of those that open no gate.
    Revoked,
    /// Somebody came in with it.
    AlreadyEntered,
    /// It was used as often as it may be.
    NoEntriesLeft,
    /// Nobody is inside with it who could go out.
    NotInside,
}

/// What went on at a gate of a session, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateTally {
    /// Whose gate.
    pub session: SessionId,
    /// Which; none: all that are not counted by themselves.
    pub gate: Arc<str>,
    /// Quarters of an hour since 1970 with those who came in and went out in each, by time.
    pub quarters: Vec<(i64, u32, u32)>,
    /// How often it stayed closed, and why.
    pub refused: Vec<(Refusal, u32)>,
    /// Scans that were not in order when they were uploaded.
    pub conflicts: u32,
}

/// A quarter of an hour, in microseconds.
pub const QUARTER_US: i64 = 15 * 60 * 1_000_000;

impl GateTally {
    /// Nobody was there yet.
    pub const fn new(session: SessionId, gate: Arc<str>) -> Self {
        Self { session, gate, quarters: Vec::new(), refused: Vec::new(), conflicts: 0 }
    }

    /// Counts somebody.
    pub(crate) fn passed(&mut self, at: Timestamp, direction: Direction) {
        let quarter = at.0.div_euclid(QUARTER_US);
        let index = match self.quarters.binary_search_by_key(&quarter, |(quarter, ..)| *quarter) {
            Ok(index) => index,
            Err(index) if self.quarters.len() < MAX_QUARTERS => {
                self.quarters.insert(index, (quarter, 0, 0));
                index
            }
            Err(index) => index.min(MAX_QUARTERS - 1),
        };
        let (_, came, went) = &mut self.quarters[index];
        match direction {
            Direction::Entry => *came += 1,
            Direction::Exit => *went += 1,
        }
    }

    /// Counts a refusal.
    pub(crate) fn refused(&mut self, why: Refusal) {
        match self.refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => self.refused.push((why, 1)),
        }
    }

    /// How many came in.
    pub fn entries(&self) -> u32 {
        self.quarters.iter().map(|(_, came, _)| came).sum()
    }

    /// How many went out.
    pub fn exits(&self) -> u32 {
        self.quarters.iter().map(|(.., went)| went).sum()
    }
}

/// A ticket as gates know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub id: ItemId,
    /// Of which session; of a season ticket the season.
    pub session: SessionId,
    /// Its place.
    pub place: u32,
    /// What it was given for.
    pub kind: TicketKind,
    /// Its tariff.
    pub rate: Option<RateId>,
    /// Who comes with it.
    pub attendee: Option<Arc<str>>,
    /// Opens the gate.
    pub barcode: Barcode,
    /// How it stands.
    pub state: TicketState,
}

impl Listed {
    /// As its row says.
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id,
            session: ticket.session,
            place: ticket.place,
            kind: ticket.kind,
            rate: ticket.rate,
            attendee: ticket.attendee.clone(),
            barcode: ticket.barcode.clone(),
            state: ticket.state,
        }
    }
}

/// What a gate is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was decided.
    pub at: Timestamp,
    /// Why it stays closed; `None`: it opens.
    pub refusal: Option<Refusal>,
    /// Whose barcode it is.
    pub ticket: Option<Listed>,
    /// What happened with the ticket in this session, this decision included.
    pub admission: Option<Arc<Admission>>,
}

/// What a command about gates answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateReply {
    /// Whether the gate opens.
    Decision(Decision),
    /// What happened with a ticket, as it is now.
    Admission(Arc<Admission>),
    /// A barcode on the list of those that open no gate, or taken off it.
    Revocation(Arc<Revocation>),
    /// Numbers of a session.
    Numbers(Numbers),
    /// What became of scans that were handed in, in their order.
    Uploaded(Vec<Uploaded>),
    /// The engine's time: all that was decided before is before it.
    Now(Timestamp),
}

/// What went on at the gates of a session, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// When they were taken.
    pub at: Timestamp,
    /// Tickets that are live.
    pub sold: u32,
    /// Tickets that somebody came in with.
    pub admitted: u32,
    /// Those that somebody is inside with.
    pub inside: u32,
    /// Each gate's, by name.
    pub gates: Vec<Arc<GateTally>>,
}
