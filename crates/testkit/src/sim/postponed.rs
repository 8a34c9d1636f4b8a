//! A session moved to another time in a simulated history, again and again by a few minutes: the promoter's commands, and those of the work that goes on by
//! itself, in any order and more than once.

use aforo_domain::catalogue::manage::{CatalogueCommand, Postponement};
use aforo_domain::change::Row;
use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::moment::Draw;
use aforo_domain::orders::postponed::PostponedCommand;
use aforo_server::engine::Request;

use super::clients::below;
use super::ledger::Ledger;
use super::stage::{SHARD, Show};

const MINUTE_MS: i64 = 60_000;

/// The next command, if there is something to do.
pub fn ask(shows: &[Show], ledger: &Ledger, draw: &mut Draw) -> Option<Request> {
    let session = shows[0].id;
    let is_told = ledger.rows().any(|row| matches!(row, Row::Postponed(one) if one.session == session && !one.done));
    let command = if is_told && below(draw, 12) > 0 {
        let live = |row: &Row| match row {
            Row::Ticket(ticket) if ticket.state.is_live() && ticket.session == session => Some((ticket.id, ticket.order)),
            _ => None,
        };
        let live: Vec<_> = ledger.rows().filter_map(live).collect();
        Command::Postponed(match below(draw, 12) {
            0 => PostponedCommand::Advance(session, live.first()?.0),
            1 => PostponedCommand::Finish(session),
            _ => PostponedCommand::Tell(session, live.get(below(draw, live.len().max(1)))?.1),
        })
    } else {
        let start =
            ledger.rows().find_map(|row| if let Row::Session(one) = row { (one.id == session).then_some(one.start) } else { None })?;
        let start = start.plus_ms(MINUTE_MS * (1 + below(draw, 5) as i64));
        Command::Catalogue(CatalogueCommand::Postpone(Postponement { session, seen: None, start, end: None }))
    };
    Some(Request { shard: SHARD, actor: Actor::System, command, idempotency: None })
}
