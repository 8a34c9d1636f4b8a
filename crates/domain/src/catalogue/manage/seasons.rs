//! Seasons: which sessions may be sold together, and how a season follows its sessions in time. A season is saved, published, marked and called off as
//! any session is; only its dates are not its own: it begins with its first session and ends with its last.

use std::sync::Arc;

use super::postpone::{self, Postponement};
use super::{Desk, SessionSpec};
use crate::catalogue::{Event, Offer, Readiness, Session};
use crate::change::{Change, Row};
use crate::error::{Code, Error};
use crate::ids::SessionId;
use crate::inventory::PlaceState;
use crate::moment::Timestamp;
use crate::seasons::{MAX_MEMBERS, MAX_SEASONS, MAX_WEIGHT, Season};

impl Desk<'_> {
    /// A season as it shall be with the dates that its sessions give it; what is none stays as it is.
    ///
    /// # Errors
    /// `CONFLICT` if a session would become a season or a season a session, if the sessions of one change of which something is held or sold, or if one
    /// of them is in too many; `DIST0005` over sessions that cannot be together; `DIST0001` if it is sold beyond the start of the first one.
    pub(super) fn as_season(
        &self,
        id: SessionId,
        mut spec: SessionSpec,
        event: &Event,
        old: Option<&Session>,
    ) -> Result<SessionSpec, Error> {
        if old.is_some_and(|old| old.season.is_some() != spec.season.is_some()) {
            return Err(Error::new(Code::Conflict).because("a session does not become a season, nor a season a session"));
        }
        let Some(season) = &spec.season else { return Ok(spec) };
        let before = old.and_then(|old| old.season.as_ref());
        if before.is_none_or(|before| !before.sessions().eq(season.sessions())) {
            self.check_members(id, season, &spec, event)?;
        }
        let weights = 1..=MAX_WEIGHT;
        if season.members.iter().any(|member| !weights.contains(&member.weight)) {
            return Err(Error::invalid(&["season.sessions.weight"]));
        }
        let sessions = season.sessions().filter_map(|member| self.catalogue().offers.get(&member)).map(|offer| &offer.session);
        let (start, end) = dates(sessions.map(AsRef::as_ref)).ok_or_else(|| Error::invalid(&["season.sessions"]))?;
        if spec.sale.end > start {
            return Err(Error::new(Code::Dist0001).because("a season is sold until its first session starts, and not longer"));
        }
        (spec.start, spec.end) = (start, end);
        Ok(spec)
    }

    /// Whether these sessions may be the season's, instead of those that it has.
    fn check_members(&self, id: SessionId, season: &Season, spec: &SessionSpec, event: &Event) -> Result<(), Error> {
        let members = &season.members;
        if !(2..=MAX_MEMBERS).contains(&members.len()) || !members.is_sorted_by(|a, b| a.session < b.session) {
            return Err(Error::invalid(&["season.sessions"]));
        }
        let is_good = |offer: &&Arc<Offer>| {
            let over = |readiness| matches!(readiness, Readiness::Cancelled | Readiness::Archived);
            let theirs = offer.event.entity == event.entity && offer.event.currency == event.currency;
            let is_over = over(offer.session.readiness) || over(offer.event.readiness);
            theirs && offer.session.template == spec.template && offer.session.season.is_none() && !is_over
        };
        let wrong = season.sessions().filter(|member| self.catalogue().offers.get(member).filter(is_good).is_none());
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(Error::invalid(&["season.sessions"]).with_details(wrong));
        }
        if let Some((offer, inventory)) = self.world.session(id)
            && (0..offer.plan.places()).any(|place| matches!(inventory.own_state(place), PlaceState::Held | PlaceState::Sold))
        {
            return Err(Error::new(Code::Conflict).because("season tickets are held or sold"));
        }
        let others = |member: SessionId| self.world.seasons_of(member).filter(|season| season.session.id != id).count();
        let full: Vec<_> = season.sessions().filter(|member| others(*member) >= MAX_SEASONS).collect();
        if full.is_empty() { Ok(()) } else { Err(Error::new(Code::Conflict).with_details(full).because("in as many seasons as may be")) }
    }

    /// What becomes of the seasons of a session that is as it will be: each begins and ends with its sessions, and what is sold until its first session
    /// starts goes on being sold until then.
    ///
    /// # Errors
    /// `CONFLICT` with the seasons that could not be sold at all any more.
    pub(super) fn seasons_follow(&self, session: &Session) -> Result<Vec<Change>, Error> {
        let (mut changes, mut stuck) = (Vec::new(), Vec::new());
        for offer in self.world.seasons_of(session.id) {
            let others = offer.members.iter().map(|member| member.session.as_ref()).filter(|other| other.id != session.id);
            let Some((start, end)) = dates(others.chain([session])) else { continue };
            if (start, end) == (offer.session.start, offer.session.end) {
                continue;
            }
            let asked = Postponement { session: offer.session.id, seen: None, start, end: Some(end) };
            let (mut moved, publications) = postpone::moved(offer, &asked);
            moved.sale.end = moved.sale.end.min(start);
            if moved.sale.end <= moved.sale.start {
                stuck.push(moved.id);
            }
            changes.push(Row::from(Arc::new(moved)).into());
            changes.extend(publications.into_iter().map(|publication| Row::from(Arc::new(publication)).into()));
        }
        if stuck.is_empty() {
            return Ok(changes);
        }
        Err(Error::new(Code::Conflict).with_details(stuck).because("a season of it would be on sale only after it has begun"))
    }
}

/// When the first of some sessions starts and the last one ends.
fn dates<'s>(sessions: impl Iterator<Item = &'s Session>) -> Option<(Timestamp, Timestamp)> {
    let both = sessions.map(|session| (session.start, session.end));
    both.reduce(|(start, end), other| (start.min(other.0), end.max(other.1)))
}
