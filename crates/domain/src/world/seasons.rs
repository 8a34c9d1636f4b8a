//! How a season's places follow those of its sessions: whatever changes in one of them is counted in the seasons that it is in, so that neither reads nor
//! sales look through sessions. A session that is in none pays for looking at an empty list.

use std::sync::Arc;

use super::World;
use crate::catalogue::plan::Place;
use crate::catalogue::{Covered, Offer, Session};
use crate::ids::SessionId;
use crate::inventory::{Inventory, PlaceMarks};
use crate::seasons::Season;

impl World {
    /// The seasons that a session is in.
    pub fn seasons_of(&self, session: SessionId) -> impl Iterator<Item = &Arc<Offer>> {
        let seasons = self.seasons.iter().filter_map(|season| self.catalogue.offers.get(season));
        seasons.filter(move |offer| offer.session.season.as_ref().is_some_and(|season| season.covers(session)))
    }

    /// Changes a place of a session.
    pub(super) fn change_place(&mut self, session: SessionId, place: Place, change: impl FnOnce(&mut Inventory)) {
        self.changed_sessions.insert(session);
        let inventory = self.inventory_mut(session);
        let before = inventory.state(place);
        change(inventory);
        let after = inventory.state(place);
        if before == after || inventory.seasons().is_empty() {
            return;
        }
        for season in inventory.seasons().clone() {
            self.changed_sessions.insert(season);
            self.inventory_mut(season).member_changed(place, before, after);
        }
    }

    /// Puts marks of a session's places in force.
    pub(super) fn mark(&mut self, marks: &PlaceMarks) {
        self.changed_sessions.insert(marks.session);
        let inventory = self.inventory_mut(marks.session);
        if inventory.seasons().is_empty() {
            return inventory.mark(marks);
        }
        let before = inventory.states().to_vec();
        inventory.mark(marks);
        let changed = (0..).zip(before).zip(inventory.states()).filter(|((_, before), after)| before != *after);
        let changed: Vec<_> = changed.map(|((place, before), after)| (place, before, *after)).collect();
        for season in inventory.seasons().clone() {
            self.changed_sessions.insert(season);
            let season = self.inventory_mut(season);
            changed.iter().for_each(|(place, before, after)| season.member_changed(*place, *before, *after));
        }
    }

    /// Ties a session that was put to the seasons it is in, or to its sessions if it is one itself; whichever came first.
    pub(super) fn put_season(&mut self, session: &Session, before: Option<&Session>) {
        let old = before.and_then(|before| before.season.as_ref());
        if session.season.as_ref().is_some_and(|season| old.is_none_or(|old| !season.sessions().eq(old.sessions()))) {
            old.into_iter().flat_map(Season::sessions).for_each(|member| self.tie(member, session.id, false));
            self.seasons.insert(session.id);
            self.inventory_mut(session.id).begin_season();
            let new = session.season.iter().flat_map(Season::sessions);
            new.for_each(|member| self.tie(member, session.id, true));
        }
        self.resolve(session.id);
        if self.seasons.is_empty() {
            return;
        }
        for season in self.seasons_of(session.id).map(|offer| offer.session.id).collect::<Vec<_>>() {
            if before.is_none() {
                self.tie(session.id, season, true);
                self.changed_sessions.insert(season);
            }
            self.resolve(season);
        }
    }

    /// Ties a session to a season or unties it. One that is not there yet is tied when it comes.
    fn tie(&mut self, member: SessionId, season: SessionId, is_in: bool) {
        let Some(inventory) = self.inventories.get_mut(&member) else { return };
        inventory.set_season(season, is_in);
        if is_in {
            let states = inventory.states().to_vec();
            self.inventory_mut(season).add_member(&states);
        }
    }

    /// Shows a season's sessions in its offer as they are now.
    fn resolve(&mut self, season: SessionId) {
        let Some(offer) = self.catalogue.offers.get(&season) else { return };
        let Some(sessions) = &offer.session.season else { return };
        let covered = |offer: &Arc<Offer>| Covered { session: offer.session.clone(), event: offer.event.clone() };
        let mut members: Vec<_> = sessions.sessions().filter_map(|id| self.catalogue.offers.get(&id)).map(covered).collect();
        members.sort_unstable_by_key(|member| (member.session.start, member.session.id));
        let offer = Offer { members, ..Offer::clone(offer) };
        Arc::make_mut(&mut self.catalogue).offers.insert(season, Arc::new(offer));
    }
}
