//! What is decided about gates: whether one opens, what is put right by hand, what the numbers are.
//!
//! A refusal to let somebody in is an answer and no error: it is counted, and who asks again may be told something else.

use std::sync::Arc;

use super::lists::List;
use super::offline::Upload;
use super::{Admission, Decision, Direction, GateReply, GateTally, MAX_GATES, MAX_SCANS, Numbers, Refusal, Revocation, RevokedBy, Scan};
use crate::catalogue::Offer;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::Role;
use crate::identity::check::Actor;
use crate::identity::manage::{Here, reach};
use crate::ids::{Barcode, ItemId, SessionId};
use crate::moment::{Moment, Timestamp};
use crate::world::World;

/// A barcode shown at a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// What was read; `None` for what can be no barcode.
    pub barcode: Option<Barcode>,
    /// At which gate.
    pub gate: Arc<str>,
    /// With which device, if it says.
    pub device: Option<Arc<str>>,
    /// Which way.
    pub direction: Direction,
}

/// What is asked about the gates of a session.
#[derive(Debug, Clone)]
pub enum GateCommand {
    /// Whether a barcode opens a gate; it has, then.
    Validate(Validation),
    /// Set what happened with a ticket back to nothing.
    Clear(ItemId),
    /// Put a barcode on the list of those that open no gate.
    Revoke(Barcode, Option<String>),
    /// Take it off again.
    Restore(Barcode),
    /// The numbers.
    Count,
    /// Write down what a device let in without asking.
    Upload(Upload),
    /// The engine's time, for who reads what changed since.
    Now,
}

/// Roles that work at gates. OPERATOR_ADMIN need not be named.
pub const GATE_ROLES: &[Role] = &[Role::AccessControl];

/// Where that is decided.
pub(super) struct Gatehouse<'a> {
    pub world: &'a World,
    pub now: Timestamp,
    pub offer: &'a Arc<Offer>,
    /// Those whose tickets may open the gates, the session's own first. Never empty.
    pub lists: Vec<&'a List>,
}

/// Whether gates of a session are a caller's: its venue's entity's, its promoter's, its operator's.
///
/// # Errors
/// Those of [`reach`]; `NOT_FOUND`.
pub fn gates_of<'a>(here: &Here<'a>, actor: &Actor, session: SessionId) -> Result<&'a Arc<Offer>, Error> {
    let reach = reach(here, actor, GATE_ROLES)?;
    let own = |offer: &&Arc<Offer>| reach.covers(offer.venue.entity) || reach.covers(offer.event.entity);
    // A season has tickets and no gates.
    let offer = here.catalogue.offers.get(&session).filter(|offer| offer.session.season.is_none()).filter(own);
    Ok(offer.ok_or(Code::NotFound)?)
}

/// Decides what is asked about gates.
///
/// # Errors
/// Those of [`gates_of`]; `NotFound` for a ticket or barcode that the session does not have; `CONFLICT` for a barcode that is dead for good.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, session: SessionId, command: &GateCommand) -> Planned {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let offer = gates_of(&here, actor, session)?;
    if matches!(command, GateCommand::Now) {
        return Ok(Done { changes: Vec::new(), reply: GateReply::Now(moment.now).into() });
    }
    let house = Gatehouse { world, now: moment.now, offer, lists: world.gate_lists(session)? };
    match command {
        GateCommand::Validate(validation) => Ok(house.validate(validation)),
        GateCommand::Clear(ticket) => house.clear(*ticket),
        GateCommand::Revoke(barcode, reason) => house.revoke(barcode, RevokedBy::Person { reason: reason.clone() }),
        GateCommand::Restore(barcode) => house.revoke(barcode, RevokedBy::Nobody),
        GateCommand::Upload(upload) => house.upload(upload),
        GateCommand::Count | GateCommand::Now => Ok(house.count()),
    }
}

impl<'a> Gatehouse<'a> {
    pub(super) fn session(&self) -> SessionId {
        self.offer.session.id
    }

    /// The ticket with a barcode, and the list that it is in.
    pub(super) fn ticket(&self, barcode: &Barcode) -> Option<(&'a super::Listed, &'a List)> {
        self.lists.iter().find_map(|list| Some((list.ticket(barcode)?, *list)))
    }

    /// What happened with a ticket here.
    pub(super) fn admission(&self, ticket: ItemId) -> Option<&'a Arc<Admission>> {
        self.lists.first().and_then(|list| list.admission(ticket))
    }

    /// Decides, and writes it down.
    fn validate(&self, validation: &Validation) -> Done {
        let found = validation.barcode.as_ref().and_then(|barcode| self.ticket(barcode));
        let before = found.and_then(|(ticket, _)| self.admission(ticket.id));
        let (refusal, admission) = match self.judge(validation, found, before) {
            Err(refusal) => (Some(refusal), before.cloned()),
            Ok(admission) => (None, Some(Arc::new(admission))),
        };
        let mut tally = self.tally(&validation.gate);
        match refusal {
            Some(refusal) => tally.refused(refusal),
            None => tally.passed(self.now, validation.direction),
        }
        let mut changes = vec![Arc::new(tally).into()];
        if let (None, Some(admission)) = (refusal, &admission) {
            changes.push(admission.clone().into());
        }
        let ticket = found.map(|(ticket, _)| ticket.clone());
        Done { changes, reply: GateReply::Decision(Decision { at: self.now, refusal, ticket, admission }).into() }
    }

    /// What happened with the ticket once the gate has opened.
    fn judge(
        &self,
        validation: &Validation,
        found: Option<(&super::Listed, &List)>,
        before: Option<&Arc<Admission>>,
    ) -> Result<Admission, Refusal> {
        let rules = self.offer.session.gates;
        let (ticket, list) = found.ok_or_else(|| self.no_ticket(validation.barcode.as_ref()))?;
        let mut admission =
            before.map_or_else(|| Admission::none(self.session(), ticket.id, self.now), |admission| Admission::clone(admission));
        match validation.direction {
            Direction::Exit if !admission.is_inside() => return Err(Refusal::NotInside),
            // Whoever is inside gets out, whatever became of the ticket.
            Direction::Exit => {}
            Direction::Entry => {
                self.dead(ticket, list).map_or(Ok(()), Err)?;
                if rules.opens_ms.is_some_and(|before| self.now < self.offer.session.start.plus_ms(-before)) {
                    return Err(Refusal::TooEarly);
                }
                if admission.scans.len() >= MAX_SCANS {
                    return Err(Refusal::NoEntriesLeft);
                }
                if !rules.allows(&admission.scans) {
                    let used_up = rules.max_entries.is_some_and(|max| max > 1 && admission.entries() >= max as usize);
                    return Err(if used_up { Refusal::NoEntriesLeft } else { Refusal::AlreadyEntered });
                }
            }
        }
        admission.changed = self.now;
        admission.scans.push(Scan {
            at: self.now,
            direction: validation.direction,
            gate: validation.gate.clone(),
            device: validation.device.clone(),
            sequence: None,
            rule: rules.reentry,
            counts: true,
        });
        Ok(admission)
    }

    /// Why a barcode that no ticket here has opens nothing.
    pub(super) fn no_ticket(&self, barcode: Option<&Barcode>) -> Refusal {
        let Some(barcode) = barcode else { return Refusal::Unknown };
        let revoked = self.lists.iter().find_map(|list| list.revocation(barcode));
        if revoked.is_some_and(|revocation| revocation.by == RevokedBy::Reprint) {
            return Refusal::Reprinted;
        }
        // Of sessions whose gates are open these days; who comes on another day is found by a list.
        let elsewhere = self.world.gates.lists().any(|(_, list)| list.ticket(barcode).is_some());
        if elsewhere { Refusal::WrongSession } else { Refusal::Unknown }
    }

    /// Why a ticket opens nothing, whoever came in with it.
    pub(super) fn dead(&self, ticket: &super::Listed, list: &List) -> Option<Refusal> {
        if !ticket.state.opens_gates() {
            return Some(Refusal::Ticket(ticket.state));
        }
        if list.revocation(&ticket.barcode).is_some_and(|revocation| revocation.is_in_force()) {
            return Some(Refusal::Revoked);
        }
        self.offer.is_cancelled().then_some(Refusal::SessionCancelled)
    }

    /// The numbers of a gate, to be counted on.
    pub(super) fn tally(&self, gate: &Arc<str>) -> GateTally {
        let own = self.lists.first();
        let known = own.and_then(|list| list.tally(gate));
        if let Some(known) = known {
            return GateTally::clone(known);
        }
        let full = own.is_some_and(|list| list.tallies().len() >= MAX_GATES);
        let gate: Arc<str> = if full { Arc::from("") } else { gate.clone() };
        let rest = own.and_then(|list| list.tally(&gate));
        rest.map_or_else(|| GateTally::new(self.session(), gate), |rest| GateTally::clone(rest))
    }

    /// Sets what happened with a ticket back to nothing: it was scanned by mistake, or is to be given back after all.
    fn clear(&self, ticket: ItemId) -> Planned {
        let before = self.admission(ticket).filter(|before| !before.scans.is_empty()).ok_or(Code::NotFound)?;
        let cleared = before.cleared + 1;
        let admission = Arc::new(Admission { cleared, ..Admission::none(self.session(), ticket, self.now) });
        Ok(Done { changes: vec![admission.clone().into()], reply: GateReply::Admission(admission).into() })
    }

    /// Puts a barcode on the list of those that open no gate, or takes it off.
    fn revoke(&self, barcode: &Barcode, by: RevokedBy) -> Planned {
        let before = self.lists.iter().find_map(|list| list.revocation(barcode));
        if before.is_some_and(|before| before.by == RevokedBy::Reprint) {
            return Err(Error::new(Code::Conflict).because("the ticket has another barcode by now").into());
        }
        let is_revoked = before.is_some_and(|before| before.is_in_force());
        if by == RevokedBy::Nobody && !is_revoked {
            return Err(Code::NotFound.into());
        }
        let (ticket, _) = self.ticket(barcode).ok_or(Code::NotFound)?;
        let revocation = Revocation { barcode: barcode.clone(), session: ticket.session, ticket: ticket.id, by, changed: self.now };
        let revocation = Arc::new(revocation);
        Ok(Done { changes: vec![revocation.clone().into()], reply: GateReply::Revocation(revocation).into() })
    }

    fn count(&self) -> Done {
        let sold = self.lists.iter().map(|list| list.counts().0).sum();
        let (_, admitted, inside) = self.lists.first().map(|list| list.counts()).unwrap_or_default();
        let gates = self.lists.first().map(|list| list.tallies().cloned().collect()).unwrap_or_default();
        Done { changes: Vec::new(), reply: GateReply::Numbers(Numbers { at: self.now, sold, admitted, inside, gates }).into() }
    }
}

impl From<GateReply> for Reply {
    fn from(reply: GateReply) -> Self {
        Self::Gate(Box::new(reply))
    }
}

/// A ticket's barcode that is dead for good, since the ticket has another one.
pub fn reprinted(barcode: Barcode, session: SessionId, ticket: ItemId, now: Timestamp) -> Arc<Revocation> {
    Arc::new(Revocation { barcode, session, ticket, by: RevokedBy::Reprint, changed: now })
}
