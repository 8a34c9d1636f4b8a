//! What gates know of a ticket, as rows.

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::gates::offline::OfflineScan;
use aforo_domain::gates::{Admission, Direction, GateRules, GateTally, Reentry, Refusal, Revocation, RevokedBy, Scan};
use aforo_domain::ids::{Barcode, ItemId, SessionId};
use aforo_domain::orders::TicketState;

use crate::rows::NOW;

/// A ticket that came in and went out, barcodes that open nothing, and a gate's numbers.
pub fn rows() -> Vec<Row> {
    let (session, ticket) = (SessionId(51), ItemId(5));
    let scan = |ms, direction, sequence, counts| Scan {
        at: NOW.plus_ms(ms),
        direction,
        gate: "Puerta Nº 3".into(),
        device: Some("scanner \"7\"".into()),
        sequence,
        rule: Reentry::AfterExit,
        counts,
    };
    let scans =
        vec![scan(0, Direction::Entry, None, true), scan(1, Direction::Entry, Some(9), false), scan(2, Direction::Exit, None, true)];
    let admission = Admission { session, ticket, scans, cleared: 1, changed: NOW.plus_ms(2) };
    let tally = GateTally {
        session,
        gate: "Puerta Nº 3".into(),
        quarters: vec![(1_960_000, 1, 1), (1_960_001, 0, 2)],
        refused: vec![(Refusal::AlreadyEntered, 2), (Refusal::Ticket(TicketState::Refunded), 1)],
        conflicts: 1,
    };
    let revoked = |text, by| Revocation { barcode: Barcode::parse(text).unwrap(), session, ticket, by, changed: NOW };
    let offline = OfflineScan {
        session,
        device: "scanner \"7\"".into(),
        sequence: 9,
        barcode: Some(Barcode::parse("8412345678905").unwrap()),
        ticket: Some(ticket),
        gate: "Puerta Nº 3".into(),
        direction: Direction::Entry,
        at: NOW.plus_ms(1),
        said: NOW.plus_ms(-5),
        uploaded: NOW.plus_ms(9),
        conflict: Some(Refusal::AlreadyEntered),
        other: Some(scan(0, Direction::Entry, None, true)),
    };
    vec![
        Arc::new(offline).into(),
        Arc::new(admission).into(),
        Arc::new(tally).into(),
        Arc::new(revoked("23456TSRQPNMKJHGFEDCBA", RevokedBy::Reprint)).into(),
        Arc::new(revoked("8412345678906", RevokedBy::Person { reason: Some("stolen".into()) })).into(),
        Arc::new(revoked("8412345678907", RevokedBy::Nobody)).into(),
    ]
}

pub const fn rules() -> GateRules {
    GateRules { reentry: Reentry::AfterExit, max_entries: Some(3), opens_ms: Some(5_400_000) }
}
