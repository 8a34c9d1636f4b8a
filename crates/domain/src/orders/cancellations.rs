//! Sessions called off: their sale ends at once. What becomes of their bookings and tickets is work that is done order by order, in commands of the engine's
//! own, so that it can be paused, holds up no sale, and goes on after a crash. What is given back is a refund as any other ([`super::refunds`]).
//!
//! Which orders have tickets left is read from the tables by whoever drives the work (the server's `jobs`): an order that it names twice is done once.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::after::Office;
use super::draft::Draft;
use super::messages::tell_of_release;
use super::refunds::RefundRequest;
use super::resale::withdrawn;
use super::{HistoryEvent, Item, Order, OrderKind, Stage, TicketState};
use crate::catalogue::manage::Authority;
use crate::catalogue::{Readiness, Session};
use crate::change::{Change, Key, Row};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{Permission, Role};
use crate::ids::{ItemId, OrderId, SessionId};
use crate::inventory::PlaceState;
use crate::moment::{Moment, Timestamp};
use crate::money::{Currency, Minor};
use crate::world::World;

/// Bookings that one command lets go at most.
pub const MAX_RELEASED: usize = 100;

/// That a session was called off, and how far the work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Which session.
    pub session: SessionId,
    /// Since when.
    pub started: Timestamp,
    /// What comes back with the tickets; `None` if they are only cancelled, and their money stays where it is.
    pub refund: Option<RefundTerms>,
    /// How far the work is.
    pub state: Progress,
    /// The tickets with ids up to this one were looked at.
    pub through: ItemId,
    /// So many bookings were let go.
    pub bookings: u32,
    /// Of so many orders tickets were dealt with.
    pub orders: u32,
    /// So many tickets were.
    pub tickets: u32,
    /// What came back for them in all.
    pub total: Minor,
    /// Of that amount; the event's.
    pub currency: Currency,
    /// Of so many season tickets the session's share came back.
    #[serde(default)]
    pub shares: u32,
    /// Counts the changes.
    pub version: u64,
}

/// What comes back with tickets of a session that was called off. Delivery comes back where nothing else is left in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the parts of an order's price")]
pub struct RefundTerms {
    pub surcharges: bool,
    pub delivery: bool,
    pub insurance: bool,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// It goes on.
    Running,
    /// Somebody stopped it for a while.
    Paused,
    /// There is nothing left to do.
    Done {
        /// Since when.
        at: Timestamp,
        /// So many tickets are live still: somebody holds them in a way that has to be cleared first.
        left: u32,
    },
}

/// What can be asked about sessions that are called off.
#[derive(Debug, Clone)]
pub enum CancellationCommand {
    /// Call a session off, if it is as the caller saw it. Answers `Reply::Cancellation`, as do the next three.
    Start(SessionId, Option<u64>, Option<RefundTerms>),
    /// Stop the work for a while.
    Pause(SessionId),
    /// Go on with it.
    Resume(SessionId),
    /// Look how far it is.
    Read(SessionId),
    /// From the engine itself, as are the rest: whose work goes on. Answers `Reply::Cancellations`.
    Running,
    /// Let some bookings go. Answers `Reply::Removed`.
    Release(SessionId),
    /// Deal with the tickets that an order has, then with its season tickets. Answers `Reply::Removed`, of 0 once there is nothing to do.
    Settle(SessionId, OrderId),
    /// Note that all tickets with ids up to this one were looked at.
    Advance(SessionId, ItemId),
    /// Note that all were, and how many are live still.
    Finish(SessionId, u32),
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE`, `AUTH0027`, `NOT_FOUND`, `CONFLICT` for what is over, paused or called off already.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &CancellationCommand) -> Planned {
    let desk = Desk { world, moment };
    match command {
        CancellationCommand::Start(session, seen, refund) => {
            let authority = authority(world, moment, actor, *session)?;
            if refund.is_some() {
                authority.permit(Permission::Refund)?;
            }
            desk.start(*session, *seen, *refund)
        }
        CancellationCommand::Pause(session) => desk.turn(actor, *session, (Progress::Running, Progress::Paused)),
        CancellationCommand::Resume(session) => desk.turn(actor, *session, (Progress::Paused, Progress::Running)),
        CancellationCommand::Read(session) => {
            authority(world, moment, actor, *session)?;
            let cancellation = world.cancellations.get(session).ok_or(Code::NotFound)?;
            Ok(Done { changes: Vec::new(), reply: Reply::Cancellation(cancellation.clone()) })
        }
        _ if !matches!(actor, Actor::System) => Err(Code::ForbiddenResource.into()),
        CancellationCommand::Running => {
            let running = world.cancellations.values().filter(|one| one.state == Progress::Running).cloned().collect();
            Ok(Done { changes: Vec::new(), reply: Reply::Cancellations(running) })
        }
        CancellationCommand::Release(session) => Ok(desk.release(*session)),
        CancellationCommand::Settle(session, order) => desk.settle(*session, *order),
        CancellationCommand::Advance(session, through) => {
            Ok(desk.note(*session, |one| Cancellation { through: one.through.max(*through), ..one }))
        }
        CancellationCommand::Finish(session, left) => {
            Ok(desk.note(*session, |one| Cancellation { state: Progress::Done { at: moment.now, left: *left }, ..one }))
        }
    }
}

/// `NOT_FOUND` unless the session is the caller's to manage.
fn authority<'a>(world: &'a World, moment: &Moment, actor: &'a Actor, session: SessionId) -> Result<Authority<'a>, Error> {
    let authority = Authority::of(world, moment, actor, &[Role::EventManager])?;
    let offer = world.catalogue.offers.get(&session).ok_or(Code::NotFound)?;
    authority.owns(offer.event.entity)?;
    Ok(authority)
}

struct Desk<'a> {
    world: &'a World,
    moment: &'a Moment,
}

impl<'a> Desk<'a> {
    fn start(&self, id: SessionId, seen: Option<u64>, refund: Option<RefundTerms>) -> Planned {
        let offer = self.world.catalogue.offers.get(&id).ok_or(Code::NotFound)?;
        let session = &offer.session;
        let conflict = |why: &'static str| Err(Error::new(Code::Conflict).because(why).into());
        if seen.is_some_and(|seen| seen != session.version) {
            return conflict("changed meanwhile");
        }
        if session.readiness == Readiness::Archived || self.world.cancellations.contains_key(&id) {
            return conflict("it is archived, or called off already");
        }
        let mut changes: Vec<Change> = Vec::new();
        if session.readiness != Readiness::Cancelled {
            let off = Session { readiness: Readiness::Cancelled, version: session.version + 1, ..Session::clone(session) };
            changes.push(Row::from(Arc::new(off)).into());
        }
        let cancellation = Arc::new(Cancellation {
            session: id,
            started: self.moment.now,
            refund,
            state: Progress::Running,
            through: ItemId(0),
            bookings: 0,
            orders: 0,
            tickets: 0,
            total: 0,
            currency: offer.event.currency,
            shares: 0,
            version: 1,
        });
        changes.push(cancellation.clone().into());
        Ok(Done { changes, reply: Reply::Cancellation(cancellation) })
    }

    /// From one state to another; already there is as good.
    fn turn(&self, actor: &Actor, session: SessionId, (from, to): (Progress, Progress)) -> Planned {
        authority(self.world, self.moment, actor, session)?;
        let cancellation = self.world.cancellations.get(&session).ok_or(Code::NotFound)?;
        if cancellation.state == to {
            return Ok(Done { changes: Vec::new(), reply: Reply::Cancellation(cancellation.clone()) });
        }
        if cancellation.state != from {
            return Err(Error::new(Code::Conflict).because("the work is done").into());
        }
        let now = Arc::new(Cancellation { state: to, version: cancellation.version + 1, ..Cancellation::clone(cancellation) });
        Ok(Done { changes: vec![now.clone().into()], reply: Reply::Cancellation(now) })
    }

    fn running(&self, session: SessionId) -> Option<&'a Arc<Cancellation>> {
        self.world.cancellations.get(&session).filter(|one| one.state == Progress::Running)
    }

    /// Changes the note of work that goes on.
    fn note(&self, session: SessionId, change: impl FnOnce(Cancellation) -> Cancellation) -> Done {
        let noted = self.running(session).map(|one| noted(one, change));
        Done { changes: noted.into_iter().collect(), reply: Reply::Done }
    }

    fn release(&self, session: SessionId) -> Done {
        let nothing = Done { changes: Vec::new(), reply: Reply::Removed(0) };
        let (Some(cancellation), Some((_, inventory))) = (self.running(session), self.world.session(session)) else { return nothing };
        let mut held = BTreeSet::new();
        let booked = |id: OrderId| self.world.resident_order(id).ok().flatten().filter(|order| order.kind() == OrderKind::Booking);
        for place in (0..inventory.plan.places()).filter(|place| inventory.state(*place) == PlaceState::Held) {
            if held.len() < MAX_RELEASED {
                held.extend(inventory.holder(place).filter(|id| booked(*id).is_some()));
            }
        }
        if held.is_empty() {
            return nothing;
        }
        let (mut draft, released) = (Draft::new(self.world), held.len() as u32);
        for order in held.into_iter().filter_map(booked) {
            tell_of_release(&mut draft, self.world, order, session, self.moment.now);
            draft.free_all(order);
            draft.delete(Key::Order(order.id));
        }
        draft.put(noted(cancellation, |one| Cancellation { bookings: one.bookings + released, ..one }));
        Done { changes: draft.finish(), reply: Reply::Removed(released) }
    }

    fn settle(&self, session: SessionId, id: OrderId) -> Planned {
        let nothing = || Ok(Done { changes: Vec::new(), reply: Reply::Removed(0) });
        let Some(cancellation) = self.running(session) else { return nothing() };
        let sold = |order: &&Arc<Order>| matches!(order.stage, Stage::Confirm { .. });
        let Some(order) = self.world.resident_order(id)?.filter(sold) else { return nothing() };
        let live = |item: &&Item| item.session == session && order.ticket_state(item.id).is_live();
        let mut items: Vec<_> = order.items.iter().filter(live).map(|item| item.id).collect();
        // Who came in stays: what was used is for the gate to clear first.
        let entered = self.world.entered(order, &items)?;
        items.retain(|item| !entered.contains(item));
        if items.is_empty() {
            let unpaid = self.unpaid(cancellation, order)?;
            if unpaid.is_empty() {
                return self.settle_shares(cancellation, order);
            }
            items = unpaid;
        }
        // What marketplaces wanted with them is of no use any more.
        let before = order;
        let order = &order.unmarked(&items);
        let tickets = items.len() as u32;
        let office = Office { called_off: Some(session), ..Office::of_the_engine(self.world, self.moment, order) };
        let done = match cancellation.refund {
            None => office.call_off(order, session, &items)?,
            Some(terms) => office.refund(order, &comes_back(order, items.clone(), terms))?,
        };
        let total = if let Reply::Order(refund) = &done.reply { refund.totals().total() } else { 0 };
        let mut changes = done.changes;
        changes.extend(withdrawn(self.world, before, &items, self.moment.now));
        changes.push(noted(cancellation, |one| Cancellation {
            orders: one.orders + 1,
            tickets: one.tickets + tickets,
            total: one.total + total,
            ..one
        }));
        Ok(Done { changes, reply: Reply::Removed(tickets) })
    }

    /// The tickets of an order that others bought of its buyer, and who is not paid for them now that these were given back.
    fn unpaid(&self, cancellation: &Cancellation, order: &Arc<Order>) -> Result<Vec<ItemId>, Stop> {
        if cancellation.refund.is_none() {
            return Ok(Vec::new());
        }
        let sold_again = order.items.iter().filter(|item| item.session == cancellation.session).map(|item| item.id);
        Office::of_the_engine(self.world, self.moment, order).not_paid_for(order, &sold_again.collect::<Vec<_>>())
    }

    /// Gives back the session's share of season tickets, where tickets are given back at all: they stay good for the other sessions.
    fn settle_shares(&self, cancellation: &Arc<Cancellation>, order: &Arc<Order>) -> Planned {
        let session = cancellation.session;
        let is_due = |item: &&Item| {
            let share = item.season.iter().flat_map(|shares| shares.iter()).find(|share| share.member.session == session);
            share.is_some_and(|share| share.amount > 0) && order.ticket_state(item.id).is_live() && !order.gave_share_back(item.id, session)
        };
        let mut items: Vec<_> = order.items.iter().filter(is_due).map(|item| item.id).collect();
        let entered = self.world.entered_in(order, &items, |at| at == session)?;
        items.retain(|item| !entered.contains(item));
        let shares = items.len() as u32;
        if shares == 0 || cancellation.refund.is_none() {
            return Ok(Done { changes: Vec::new(), reply: Reply::Removed(0) });
        }
        let office = Office { called_off: Some(session), ..Office::of_the_engine(self.world, self.moment, order) };
        let done = office.refund_shares(order, &items, session)?;
        // A season may be sold in another currency than the session.
        let back = if let Reply::Order(refund) = &done.reply { refund.totals().total() } else { 0 };
        let total = if order.currency == cancellation.currency { back } else { 0 };
        let mut changes = done.changes;
        changes.push(noted(cancellation, |one| Cancellation { shares: one.shares + shares, total: one.total + total, ..one }));
        Ok(Done { changes, reply: Reply::Removed(shares) })
    }
}

/// A changed note.
fn noted(one: &Arc<Cancellation>, change: impl FnOnce(Cancellation) -> Cancellation) -> Change {
    let changed = change(Cancellation::clone(one));
    Change::from(Arc::new(Cancellation { version: one.version + 1, ..changed }))
}

/// What of an order comes back with these tickets: products, too, that go only with places which it then has not.
fn comes_back(order: &Order, mut items: Vec<ItemId>, terms: RefundTerms) -> RefundRequest {
    let stays = |item: &&Item| order.ticket_state(item.id).is_live() && !items.contains(&item.id);
    let places: Vec<_> = order.items.iter().filter(stays).cloned().collect();
    let units = order.extras().products.iter().filter(|unit| order.ticket_state(unit.id) == TicketState::Valid);
    let units: Vec<_> = units.filter(|unit| !unit.terms.only_with.is_met_by(&places)).map(|unit| unit.id).collect();
    items.extend(units);
    let delivery = terms.delivery && places.is_empty();
    RefundRequest { items, surcharges: terms.surcharges, delivery, insurance: terms.insurance, block_places: false, payments: Vec::new() }
}

impl Office<'_> {
    /// Cancels tickets of a session that was called off; what was paid for them stays paid until it is given back by a refund or used for a relocation.
    fn call_off(&self, order: &Arc<Order>, session: SessionId, items: &[ItemId]) -> Planned {
        let called_off = order.with_extras(|extras| {
            extras.after.lines += 1;
            extras.after.cancelled.extend(items);
            extras.after.cancelled.sort_unstable();
        });
        let mut draft = Draft::new(self.world);
        for item in called_off.items.iter().filter(|item| items.contains(&item.id)) {
            draft.give_back(&called_off, item);
            draft.put_ticket(called_off.ticket(item, self.moment.now, &self.world.catalogue));
        }
        self.tell_of_cancellation(&mut draft, order, session, items);
        self.write(&mut draft, &called_off, HistoryEvent::Cancelled { session, items: items.to_vec() });
        Ok(Done { reply: Reply::Done, ..draft.done(called_off) })
    }
}
