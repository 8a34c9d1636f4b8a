//! What may be done with tickets that were found, in the order of error-triggers.md. Taking a mark away is always possible, so that a ticket never stays
//! marked because a session was called off or a channel sells it no more.

use std::collections::BTreeSet;

use super::find::Found;
use super::{Mark, MarketState, Marketplace};
use crate::catalogue::{Offer, Readiness};
use crate::command::Stop;
use crate::error::{Code, Error};
use crate::identity::{Channel, Status};
use crate::ids::{ChannelId, ItemId, SessionId};
use crate::orders::{Item, Order, TicketKind, TicketState};

/// What tickets are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be marked.
    Mark(Mark),
    /// To be cancelled and sold again.
    Reissue,
}

impl Purpose {
    /// Whether a ticket is one of those that the code of its order stands for.
    pub fn takes(self, order: &Order, item: &Item) -> bool {
        let standing = order.standing(item.id);
        let registered = standing.and_then(MarketState::registered_by).is_some();
        let state = order.ticket_state(item.id);
        let plain = item.kind != TicketKind::Invitation && item.season.is_none();
        match self {
            Self::Mark(Mark::Register) => state == TicketState::Valid && plain,
            Self::Mark(Mark::Unregister) => registered && state.is_live(),
            Self::Mark(Mark::Block) => [TicketState::Valid, TicketState::Registered].contains(&state) && plain,
            Self::Mark(Mark::Unblock) => state == TicketState::Blocked,
            Self::Reissue => state == TicketState::Registered && plain,
        }
    }

    /// Whether it takes a mark away.
    const fn clears(self) -> bool {
        matches!(self, Self::Mark(Mark::Unregister | Mark::Unblock))
    }

    /// Whether the tickets are to be sold again.
    const fn sells(self) -> bool {
        matches!(self, Self::Mark(Mark::Register) | Self::Reissue)
    }
}

/// A refusal that names all tickets that are not so, if there are any. What it says beside is said of the first.
fn must(found: &[Found<'_>], code: Code, is_so: impl Fn(&Found<'_>) -> bool, says: impl Fn(&Found<'_>) -> String) -> Result<(), Error> {
    let refused: Vec<_> = found.iter().filter(|found| !is_so(found)).collect();
    let Some(first) = refused.first() else { return Ok(()) };
    Err(Error::filled(code, [says(first)]).with_details(refused.iter().map(|found| found.named.clone())))
}

/// Those that something is so of; `Need` of all that has to be looked for.
fn all<'f>(found: &'f [Found<'f>], is_so: impl Fn(&Found<'_>) -> Result<bool, Stop>) -> Result<BTreeSet<ItemId>, Stop> {
    let (mut those, mut missing) = (BTreeSet::new(), Vec::new());
    for one in found {
        match is_so(one) {
            Ok(true) => drop(those.insert(one.id)),
            Ok(false) => {}
            Err(Stop::Need(keys)) => missing.extend(keys),
            Err(stop) => return Err(stop),
        }
    }
    if missing.is_empty() { Ok(those) } else { Err(Stop::Need(missing)) }
}

/// Nothing.
fn silent(_found: &Found<'_>) -> String {
    String::new()
}

impl Marketplace<'_> {
    /// # Errors
    /// `2MKT0002` to `2MKT0036`.
    pub(super) fn check(&self, purpose: Purpose, found: &[Found<'_>], session: Option<SessionId>, target: &Channel) -> Result<(), Stop> {
        must(found, Code::Mkt0002, |found| self.is_own(found.order), silent)?;
        let is_of = |found: &Found<'_>| session.is_none_or(|session| found.item.is_none_or(|item| item.is_in(session)));
        must(found, Code::Mkt0006, is_of, silent)?;
        must(found, Code::Mkt0007, |found| found.state() != TicketState::Reissued, silent)?;
        self.check_state(purpose, found)?;
        if !purpose.clears() {
            must(found, Code::Mkt0011, |found| product(found).is_none(), |found| product(found).unwrap_or_default().to_owned())?;
            let entered = all(found, |found| Ok(!self.world.entered(found.order, &[found.id])?.is_empty()))?;
            must(found, Code::Mkt0012, |found| !entered.contains(&found.id), silent)?;
        }
        if purpose.sells() {
            self.check_sale(found, target)?;
        }
        if !purpose.clears() {
            must(found, Code::Mkt0041, |found| found.item.is_none_or(|item| item.season.is_none()), silent)?;
            must(found, Code::Mkt0043, |found| found.state() != TicketState::Blocked, silent)?;
            let revoked = all(found, |found| {
                let barcode = found.item.and_then(|item| Some((item.session, item.barcode.as_ref()?)));
                barcode.map_or(Ok(false), |(session, barcode)| self.world.is_revoked(session, barcode))
            })?;
            must(found, Code::Mkt0036, |found| !revoked.contains(&found.id), silent)?;
        }
        Ok(())
    }

    /// Whether they are registered or not, as it has to be, and stand so that it can be done.
    fn check_state(&self, purpose: Purpose, found: &[Found<'_>]) -> Result<(), Error> {
        let registered = |found: &Found<'_>| {
            let by = found.order.standing(found.id).and_then(MarketState::registered_by);
            by.filter(|_| found.state().is_live())
        };
        let is_own = |by: ChannelId| by == self.own.id || (purpose.clears() && !self.is_active(by));
        match purpose {
            Purpose::Mark(Mark::Register) => must(found, Code::Mkt0015, |found| registered(found).is_none(), |found| found.barcode())?,
            Purpose::Mark(Mark::Unregister) | Purpose::Reissue => {
                must(found, Code::Mkt0016, |found| registered(found).is_some_and(is_own), |found| found.barcode())?;
            }
            Purpose::Mark(Mark::Block | Mark::Unblock) => {}
        }
        let blocked_by = |found: &Found<'_>| match found.order.standing(found.id) {
            Some(MarketState::Blocked { by, .. }) if found.state() == TicketState::Blocked => Some(*by),
            _ => None,
        };
        let fits = |found: &Found<'_>| match purpose {
            Purpose::Mark(Mark::Unblock) => blocked_by(found).is_some_and(is_own),
            _ => [TicketState::Valid, TicketState::Registered, TicketState::Blocked].contains(&found.state()),
        };
        must(found, Code::Mkt0008, fits, |found| found.state().as_str().to_owned())
    }

    /// Whether they could be sold again in a channel.
    fn check_sale(&self, found: &[Found<'_>], target: &Channel) -> Result<(), Error> {
        let offer = |found: &Found<'_>| self.world.catalogue.offers.get(&found.item?.session);
        let is_ready = |offer: &Offer| offer.session.readiness == Readiness::Ready && self.moment.now < offer.session.end;
        must(found, Code::Mkt0013, |found| offer(found).is_some_and(|offer| is_ready(offer)), silent)?;
        must(found, Code::Mkt0014, |found| offer(found).is_some_and(|offer| offer.event.readiness == Readiness::Ready), silent)?;
        must(found, Code::Mkt00118, |found| offer(found).is_some_and(|offer| offer.publications.contains_key(&target.id)), silent)
    }

    fn is_active(&self, channel: ChannelId) -> bool {
        self.world.identity.channels.get(&channel).is_some_and(|channel| channel.status == Status::Active)
    }
}

/// What it is that is no ticket that somebody paid for.
fn product(found: &Found<'_>) -> Option<&'static str> {
    match found.item {
        None => Some("PRODUCT"),
        Some(item) if item.kind == TicketKind::Invitation => Some("INVITATION"),
        Some(_) => None,
    }
}
