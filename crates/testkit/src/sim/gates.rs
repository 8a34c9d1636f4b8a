//! Gates at work while tickets are sold, given back and printed anew: barcodes are shown at them, scanners hand in what they let in, people put things
//! right. Nobody waits for their answers; what must be so is the laws' and the ledger's to say.

use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::gates::decide::{GateCommand, Validation};
use aforo_domain::gates::offline::{MadeScan, Upload};
use aforo_domain::gates::{Direction, GateRules, Reentry};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{Barcode, ItemId, SessionId};
use aforo_domain::moment::{Draw, Timestamp};
use aforo_server::engine::Request;

use super::clients::below;
use super::ledger::Ledger;
use super::stage::{SHARD, Show, barcode};

/// Numbers of scans on a device: so few that they come again.
const SEQUENCES: usize = 12;

/// How the gates of a show work: of one that limits its buyers as often as three times, of one that does not invite members after who was inside went out.
pub const fn rules(invites_members: bool, limited: bool) -> GateRules {
    match (limited, invites_members) {
        (true, _) => GateRules { reentry: Reentry::Unlimited, max_entries: Some(3), opens_ms: None },
        (false, false) => GateRules { reentry: Reentry::AfterExit, max_entries: None, opens_ms: None },
        (false, true) => GateRules { reentry: Reentry::Once, max_entries: None, opens_ms: None },
    }
}

/// The next command.
pub fn ask(shows: &[Show], ledger: &Ledger, now: Timestamp, draw: &mut Draw) -> Request {
    let (own, ticket, shown) = somebody(shows, ledger, draw);
    // Most come where they should; who has a season ticket comes to one of its sessions.
    let is_show = shows.iter().take(3).any(|show| show.id == own);
    let show = if is_show && below(draw, 5) > 0 { own } else { shows[below(draw, shows.len().min(3))].id };
    let command = match below(draw, 12) {
        0 => GateCommand::Clear(ticket),
        1 => GateCommand::Revoke(shown, None),
        2 => GateCommand::Restore(shown),
        3 => GateCommand::Count,
        4 | 5 => GateCommand::Upload(upload(shows, ledger, now, draw)),
        _ => GateCommand::Validate(Validation {
            barcode: Some(shown),
            gate: gate(draw),
            device: None,
            direction: if below(draw, 4) == 0 { Direction::Exit } else { Direction::Entry },
        }),
    };
    Request { shard: SHARD, actor: Actor::System, command: Command::Gates(show, command), idempotency: None }
}

/// A ticket, mostly one of the last that were sold, and what is shown for it: now and then a barcode that it had before, or nobody's.
fn somebody(shows: &[Show], ledger: &Ledger, draw: &mut Draw) -> (SessionId, ItemId, Barcode) {
    let known = ledger.barcodes();
    if known.is_empty() || below(draw, 20) == 0 {
        return (shows[0].id, ItemId(1), barcode(below(draw, 40)));
    }
    let among = known.len().min(4);
    known[known.len() - 1 - below(draw, among)].clone()
}

fn upload(shows: &[Show], ledger: &Ledger, now: Timestamp, draw: &mut Draw) -> Upload {
    let device: Arc<str> = if below(draw, 2) == 0 { "one".into() } else { "two".into() };
    let last_sync = (below(draw, 2) == 0).then(|| now.plus_ms(-60_000));
    let scans = (0..1 + below(draw, 4)).map(|_| MadeScan {
        sequence: 1 + below(draw, SEQUENCES) as u64,
        barcode: Some(somebody(shows, ledger, draw).2),
        gate: gate(draw),
        direction: if below(draw, 4) == 0 { Direction::Exit } else { Direction::Entry },
        // Some clocks are ahead, some far behind.
        said: now.plus_ms(below(draw, 240_000) as i64 - 200_000),
    });
    Upload { device, last_sync, scans: scans.collect() }
}

fn gate(draw: &mut Draw) -> Arc<str> {
    ["North", "South"][below(draw, 2)].into()
}
