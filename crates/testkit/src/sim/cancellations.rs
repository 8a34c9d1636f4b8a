//! A session called off in a simulated history, late and not in every one of them: the promoter's commands, and those of the work that goes on by itself,
//! in any order and more than once.

use aforo_domain::change::Row;
use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{ItemId, SessionId};
use aforo_domain::moment::Draw;
use aforo_domain::orders::cancellations::{CancellationCommand, RefundTerms};
use aforo_server::engine::Request;

use super::clients::below;
use super::ledger::Ledger;
use super::stage::{SHARD, Show};

/// The next command, if there is something to do.
pub fn ask(shows: &[Show], ledger: &Ledger, draw: &mut Draw) -> Option<Request> {
    let started = ledger.rows().find_map(|row| if let Row::Cancellation(one) = row { Some(one.session) } else { None });
    let command = match started {
        None if below(draw, 8) > 0 => return None,
        None => {
            let is_live = |row: &Row, session| matches!(row, Row::Ticket(one) if one.state.is_live() && one.session == session);
            let seasons = |session| ledger.rows().filter_map(move |row| season_of(row, session));
            let live = |session: SessionId| {
                let sold_in: Vec<_> = seasons(session).chain([session]).collect();
                ledger.rows().filter(|row| sold_in.iter().any(|one| is_live(row, *one))).count()
            };
            // Never the first one, so that there is something to buy till the end; and one that there is something to do for.
            let session = shows[1..].iter().map(|show| show.id).find(|session| live(*session) > 2)?;
            let [surcharges, delivery, insurance] = [2, 2, 2].map(|chance| below(draw, chance) == 0);
            let refund = (below(draw, 4) > 0).then_some(RefundTerms { surcharges, delivery, insurance });
            CancellationCommand::Start(session, None, refund)
        }
        Some(session) => {
            let live = |row: &Row| match row {
                Row::Ticket(ticket) if ticket.state.is_live() && ticket.session == session => Some((ticket.id, ticket.order)),
                _ => None,
            };
            let live: Vec<_> = ledger.rows().filter_map(live).collect();
            let seasons: Vec<_> = ledger.rows().filter_map(|row| season_of(row, session)).collect();
            let of_seasons = ledger.rows().filter_map(|row| match row {
                Row::Ticket(ticket) if ticket.state.is_live() && seasons.contains(&ticket.session) => Some(ticket.order),
                _ => None,
            });
            let of_seasons: Vec<_> = of_seasons.collect();
            match below(draw, 16) {
                0 => CancellationCommand::Pause(session),
                1..4 => CancellationCommand::Resume(session),
                4 => CancellationCommand::Release(session),
                5 => CancellationCommand::Advance(session, live.first().map_or(ItemId(0), |(item, _)| *item)),
                6..10 if !of_seasons.is_empty() => CancellationCommand::Settle(session, of_seasons[below(draw, of_seasons.len())]),
                _ if live.is_empty() => CancellationCommand::Finish(session, 0),
                _ => CancellationCommand::Settle(session, live[below(draw, live.len())].1),
            }
        }
    };
    Some(Request { shard: SHARD, actor: Actor::System, command: Command::Cancellation(command), idempotency: None })
}

/// The season that a row is, if it covers a session.
fn season_of(row: &Row, session: SessionId) -> Option<SessionId> {
    match row {
        Row::Session(one) if one.season.as_ref().is_some_and(|season| season.covers(session)) => Some(one.id),
        _ => None,
    }
}
