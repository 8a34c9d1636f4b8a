//! Sessions that were moved to another time: the buyers of their tickets are told. That is work done order by order, in commands of the engine's own, as
//! calling one off is ([`super::cancellations`]); each order notes of which move it was told, in the batch that has the letter, so that none is told twice.
//!
//! Which orders have tickets is read from the tables by whoever drives the work (the server's `jobs`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::after::Office;
use super::draft::Draft;
use super::{HistoryEvent, Order, Stage};
use crate::catalogue::{Readiness, Session};
use crate::change::{Change, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::Code;
use crate::identity::check::Actor;
use crate::ids::{ItemId, OrderId, SessionId};
use crate::moment::{Moment, Timestamp};
use crate::world::World;

/// That a session was moved, and how far its buyers were told. Moved once more, it is told anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postponed {
    /// Which session.
    pub session: SessionId,
    /// When it was moved: who buys later knows.
    pub at: Timestamp,
    /// The session's version since then, by which orders know which move they were told of.
    pub moved: u64,
    /// When it was to start before.
    pub from: Timestamp,
    /// The tickets with ids up to this one were looked at.
    pub through: ItemId,
    /// So many orders were told.
    pub orders: u32,
    /// Whether all were.
    pub done: bool,
    /// Counts the changes.
    pub version: u64,
}

/// What the work asks. All of it comes from the engine itself.
#[derive(Debug, Clone)]
pub enum PostponedCommand {
    /// Whose work goes on. Answers `Reply::Postponed`.
    Running,
    /// Tell an order's buyer. Answers `Reply::Done`, also if there is nothing to do.
    Tell(SessionId, OrderId),
    /// Note that all tickets with ids up to this one were looked at.
    Advance(SessionId, ItemId),
    /// Note that all were.
    Finish(SessionId),
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` for anybody but the engine.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &PostponedCommand) -> Planned {
    let Actor::System = actor else { return Err(Code::ForbiddenResource.into()) };
    let note = |session: &SessionId, change: fn(Postponed, ItemId) -> Postponed, item| {
        let noted = running(world, *session).map(|one| noted(one, |one| change(one, item)));
        Ok(Done { changes: noted.into_iter().collect(), reply: Reply::Done })
    };
    match command {
        PostponedCommand::Running => {
            let running = world.postponed.values().filter(|one| !one.done).cloned().collect();
            Ok(Done { changes: Vec::new(), reply: Reply::Postponed(running) })
        }
        PostponedCommand::Tell(session, order) => tell(world, moment, *session, *order),
        PostponedCommand::Advance(session, item) => note(session, |one, item| Postponed { through: one.through.max(item), ..one }, *item),
        PostponedCommand::Finish(session) => note(session, |one, _| Postponed { done: true, ..one }, ItemId(0)),
    }
}

/// That a session is moved, if these images of it say so.
pub(crate) fn news(before: &Session, after: &Session, now: Timestamp) -> Option<Arc<Postponed>> {
    let row = Postponed {
        session: after.id,
        at: now,
        moved: after.version,
        from: before.start,
        through: ItemId(0),
        orders: 0,
        done: false,
        version: 1,
    };
    (before.start != after.start).then(|| Arc::new(row))
}

fn running(world: &World, session: SessionId) -> Option<&Arc<Postponed>> {
    world.postponed.get(&session).filter(|one| !one.done)
}

fn noted(one: &Arc<Postponed>, change: impl FnOnce(Postponed) -> Postponed) -> Change {
    let changed = change(Postponed::clone(one));
    Row::from(Arc::new(Postponed { version: one.version + 1, ..changed })).into()
}

/// Whether an order's buyer is to be told: it was sold before, and was not told of this move.
fn is_to_be_told(order: &Order, one: &Postponed) -> bool {
    let sold = matches!(order.stage, Stage::Confirm { at, .. } if at <= one.at);
    sold && !order.extras().after.postponed.contains(&(one.session, one.moved))
}

fn tell(world: &World, moment: &Moment, session: SessionId, id: OrderId) -> Planned {
    let nothing = || Ok(Done { changes: Vec::new(), reply: Reply::Done });
    let Some(one) = running(world, session) else { return nothing() };
    // Once it is called off, another letter says so.
    let offer = world.catalogue.offers.get(&session).filter(|offer| offer.session.readiness != Readiness::Cancelled);
    let Some(offer) = offer else { return nothing() };
    let Some(order) = world.resident_order(id)?.filter(|order| is_to_be_told(order, one)) else { return nothing() };
    let live = order.items.iter().filter(|item| item.session == session && order.ticket_state(item.id).is_live());
    let items: Vec<_> = live.map(|item| item.id).collect();
    if items.is_empty() {
        return nothing();
    }
    let told = order.with_extras(|extras| {
        extras.after.lines += 1;
        extras.after.postponed.retain(|(known, _)| *known != session);
        extras.after.postponed.push((session, one.moved));
    });
    let (office, mut draft) = (Office::of_the_engine(world, moment, order), Draft::new(world));
    office.write(&mut draft, &told, HistoryEvent::Postponed { session, from: one.from, to: offer.session.start });
    office.tell_of_postponement(&mut draft, &told, session, &items, one.from);
    draft.put(noted(one, |one| Postponed { orders: one.orders + 1, ..one }));
    Ok(Done { reply: Reply::Done, ..draft.done(told) })
}
