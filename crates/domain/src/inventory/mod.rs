//! Which places of a session are free: one byte a place, and counts that travel with them so that availability never scans.
//!
//! Changed only by `World::apply`. Choosing places is [`best`]'s, single seats [`orphan`]'s; the layout itself is `catalogue::plan`'s.

pub mod best;
#[cfg(test)]
mod drawing;
mod free;
pub mod orphan;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::plan::{Place, Plan};
use crate::ids::{ItemId, OrderId, SectorId, SessionId};
use free::FreeSet;

/// How a place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum PlaceState {
    /// For sale.
    Free,
    /// In a live order.
    Held,
    /// With one live ticket.
    Sold,
    /// Taken out of sale by its promoter.
    Blocked,
}

/// That a place is an order's: the row whose primary key is (shard, session, place), so that no two orders can have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Of which session.
    pub session: SessionId,
    /// Which place.
    pub place: Place,
    /// Whose.
    pub order: OrderId,
    /// As which item of it.
    pub item: ItemId,
    /// Whether it is sold, or held.
    pub sold: bool,
}

/// What a promoter changed in a session's places against its template: one row a session and sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceMarks {
    /// Of which session.
    pub session: SessionId,
    /// Which sector.
    pub sector: SectorId,
    /// Every blocked place of the sector, sorted.
    pub blocked: Vec<Place>,
    /// Places that were moved, with the index of the quota they are in now, sorted.
    pub moved: Vec<(Place, u8)>,
}

/// How many places of one group and quota stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Indexed by [`PlaceState`].
    pub by_state: [u32; 4],
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.by_state.iter().sum()
    }

    /// The free ones.
    pub const fn free(&self) -> u32 {
        self.by_state[PlaceState::Free as usize]
    }
}

/// A session's places as they are now.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The places there are.
    pub plan: Arc<Plan>,
    states: Vec<PlaceState>,
    quota_of: Arc<[u8]>,
    /// Per group and quota: `group * quotas + quota`.
    counts: Vec<Counts>,
    /// Who holds the held ones. Sold places are their tickets' and need no entry here.
    holders: HashMap<Place, OrderId>,
    /// Per quota, the free places of zones, counted from the first place of any zone: automatic picks find theirs at once.
    free_in_zones: Vec<FreeSet>,
    /// Per row, how many free neighbours stand together at most, whatever their quota: automatic picks skip rows by it.
    longest: Vec<u32>,
    /// Of a season, what its places are by themselves, and in its sessions.
    members: Option<Members>,
    /// The seasons that this session is in; of most none.
    seasons: Vec<SessionId>,
}

/// What makes the state of a season's places: their own, and those that they have in its sessions.
#[derive(Debug, Clone)]
struct Members {
    own: Vec<PlaceState>,
    /// Per place, in how many of the sessions it stands how; indexed by [`PlaceState`].
    counts: Vec<[u32; 4]>,
}

impl Members {
    /// How a place stands: free where it is free in itself and in every session, and held only where no session has it sold or blocked.
    fn state(&self, place: Place) -> PlaceState {
        let (own, counts) = (self.own[place as usize], self.counts[place as usize]);
        let in_any = |state: &PlaceState| counts[*state as usize] > 0;
        match own {
            PlaceState::Free => [PlaceState::Sold, PlaceState::Blocked, PlaceState::Held].into_iter().find(in_any).unwrap_or(own),
            PlaceState::Held | PlaceState::Sold | PlaceState::Blocked => own,
        }
    }
}

impl Inventory {
    /// A session's places before anything is sold.
    pub fn new(plan: Arc<Plan>) -> Self {
        let quotas = plan.template.quotas.len();
        let mut counts = vec![Counts::default(); plan.groups.len() * quotas];
        for (group, quota) in plan.group_of.iter().zip(plan.quota_of.iter()) {
            counts[usize::from(*group) * quotas + usize::from(*quota)].by_state[PlaceState::Free as usize] += 1;
        }
        let mut inventory = Self {
            states: vec![PlaceState::Free; plan.places() as usize],
            quota_of: plan.quota_of.clone(),
            counts,
            holders: HashMap::new(),
            free_in_zones: vec![FreeSet::default(); quotas],
            longest: vec![0; plan.rows.len()],
            members: None,
            seasons: Vec::new(),
            plan,
        };
        for place in inventory.plan.seats..inventory.plan.places() {
            inventory.note_zone_place(place);
        }
        for place in inventory.plan.clone().blocked.iter() {
            inventory.set(*place, PlaceState::Blocked);
        }
        for row in 0..inventory.longest.len() {
            inventory.note_row(row);
        }
        inventory
    }

    /// How a place stands.
    pub fn state(&self, place: Place) -> PlaceState {
        self.states[place as usize]
    }

    /// How a place stands by itself: of a season, whatever it is in its sessions.
    pub fn own_state(&self, place: Place) -> PlaceState {
        self.members.as_ref().map_or_else(|| self.state(place), |members| members.own[place as usize])
    }

    /// The order that holds a held place; of a season, one that holds it in the season.
    pub fn holder(&self, place: Place) -> Option<OrderId> {
        self.holders.get(&place).copied()
    }

    /// The quota a place is in now, as an index into the template's quotas.
    pub fn quota(&self, place: Place) -> u8 {
        self.quota_of[place as usize]
    }

    /// The free places of a zone (an index into the plan's zones) in a quota, ascending.
    pub fn free_in_zone(&self, zone: usize, quota: u8) -> impl Iterator<Item = Place> {
        let (span, base) = (&self.plan.zones[zone], self.plan.seats);
        let range = span.first - base..span.first + span.len - base;
        self.free_in_zones[usize::from(quota)].range(range).map(move |place| place + base)
    }

    /// How many free neighbours of a row (an index into the plan's rows) stand together at most, whatever their quota.
    pub fn longest_run(&self, row: u32) -> u32 {
        self.longest[row as usize]
    }

    /// The counts of a group and quota.
    pub fn counts(&self, group: u16, quota: u8) -> Counts {
        self.counts[usize::from(group) * self.plan.template.quotas.len() + usize::from(quota)]
    }

    /// Puts a claim in force.
    pub(crate) fn claim(&mut self, claim: &Claim) {
        if claim.sold {
            self.holders.remove(&claim.place);
            self.set(claim.place, PlaceState::Sold);
        } else {
            self.holders.insert(claim.place, claim.order);
            self.set(claim.place, PlaceState::Held);
        }
    }

    /// Ends a claim: the place is free.
    pub(crate) fn release(&mut self, place: Place) {
        self.holders.remove(&place);
        self.set(place, PlaceState::Free);
    }

    /// Puts a sector's marks in force in place of the ones before.
    pub(crate) fn mark(&mut self, marks: &PlaceMarks) {
        let plan = self.plan.clone();
        let Some(sector) = plan.template.sectors.iter().position(|id| *id == marks.sector) else { return };
        let in_sector = |place: &Place| plan.groups[usize::from(plan.group_of[*place as usize])].sector == sector;
        // The array is shared with the template and with snapshots until a place moves.
        let mut quotas = self.quota_of.to_vec();
        for place in (0..plan.places()).filter(in_sector) {
            let blocked = marks.blocked.binary_search(&place).is_ok();
            match self.own_state(place) {
                PlaceState::Blocked if !blocked => self.set(place, PlaceState::Free),
                PlaceState::Free if blocked => self.set(place, PlaceState::Blocked),
                _ => {}
            }
            let moved = marks.moved.binary_search_by_key(&place, |(place, _)| *place).ok();
            quotas[place as usize] = moved.map_or(plan.quota_of[place as usize], |index| marks.moved[index].1);
        }
        self.move_to(quotas);
    }

    /// Makes it a season's, whose sessions are not known yet.
    pub(crate) fn begin_season(&mut self) {
        let own = self.members.take().map_or_else(|| self.states.clone(), |members| members.own);
        self.members = Some(Members { counts: vec![[0; 4]; own.len()], own });
        (0..self.plan.places()).for_each(|place| self.settle(place));
    }

    /// Adds one of a season's sessions, as it stands.
    pub(crate) fn add_member(&mut self, states: &[PlaceState]) {
        for (place, state) in (0..).zip(states) {
            if let Some(members) = &mut self.members {
                members.counts[place as usize][*state as usize] += 1;
            }
            self.settle(place);
        }
    }

    /// Notes that a place stands otherwise in one of a season's sessions.
    pub(crate) fn member_changed(&mut self, place: Place, from: PlaceState, to: PlaceState) {
        if let Some(members) = &mut self.members {
            members.counts[place as usize][from as usize] -= 1;
            members.counts[place as usize][to as usize] += 1;
            self.settle(place);
        }
    }

    /// All places as they stand.
    pub(crate) fn states(&self) -> &[PlaceState] {
        &self.states
    }

    /// The seasons that this session is in.
    pub(crate) const fn seasons(&self) -> &Vec<SessionId> {
        &self.seasons
    }

    /// Puts the session in a season, or takes it out.
    pub(crate) fn set_season(&mut self, season: SessionId, is_in: bool) {
        self.seasons.retain(|known| *known != season);
        self.seasons.extend(is_in.then_some(season));
    }

    /// Brings a place of a season up to date.
    fn settle(&mut self, place: Place) {
        if let Some(members) = &self.members {
            self.show(place, members.state(place));
        }
    }

    fn set(&mut self, place: Place, state: PlaceState) {
        match &mut self.members {
            None => self.show(place, state),
            Some(members) => {
                members.own[place as usize] = state;
                self.settle(place);
            }
        }
    }

    fn show(&mut self, place: Place, state: PlaceState) {
        let before = std::mem::replace(&mut self.states[place as usize], state);
        let counts = self.counts_of(place);
        counts.by_state[before as usize] -= 1;
        counts.by_state[state as usize] += 1;
        if place >= self.plan.seats {
            self.note_zone_place(place);
        } else if (before == PlaceState::Free) != (state == PlaceState::Free) {
            self.note_row(self.plan.row_of(place));
        }
    }

    /// Brings the free places of zones up to date.
    fn note_zone_place(&mut self, place: Place) {
        let free = &mut self.free_in_zones[usize::from(self.quota_of[place as usize])];
        let number = place - self.plan.seats;
        if self.states[place as usize] == PlaceState::Free { free.insert(number) } else { free.remove(number) }
    }

    /// Brings a row's longest run up to date.
    fn note_row(&mut self, row: usize) {
        let span = &self.plan.rows[row];
        let (mut longest, mut run) = (0, 0);
        for place in span.first as usize..(span.first + span.len) as usize {
            let after = if self.plan.joined[place] { run } else { 0 };
            run = if self.states[place] == PlaceState::Free { after + 1 } else { 0 };
            longest = run.max(longest);
        }
        self.longest[row] = longest;
    }

    fn move_to(&mut self, quotas: Vec<u8>) {
        if *quotas == *self.quota_of {
            return;
        }
        let before = std::mem::replace(&mut self.quota_of, quotas.into());
        for place in 0..self.plan.places() {
            let (from, to) = (before[place as usize], self.quota_of[place as usize]);
            if from != to {
                let (state, group) = (self.state(place) as usize, usize::from(self.plan.group_of[place as usize]));
                let width = self.plan.template.quotas.len();
                self.counts[group * width + usize::from(from)].by_state[state] -= 1;
                self.counts[group * width + usize::from(to)].by_state[state] += 1;
                if let Some(number) = place.checked_sub(self.plan.seats) {
                    self.free_in_zones[usize::from(from)].remove(number);
                    self.note_zone_place(place);
                }
            }
        }
    }

    fn counts_of(&mut self, place: Place) -> &mut Counts {
        let group = usize::from(self.plan.group_of[place as usize]);
        let quota = usize::from(self.quota_of[place as usize]);
        &mut self.counts[group * self.plan.template.quotas.len() + quota]
    }

    /// A picture of it for readers, as of journal number `version`.
    pub fn snapshot(&self, version: u64) -> Snapshot {
        Snapshot {
            version,
            plan: self.plan.clone(),
            states: self.states.as_slice().into(),
            quota_of: self.quota_of.clone(),
            counts: self.counts.as_slice().into(),
        }
    }
}

/// What readers see of a session's places: immutable, replaced as a whole after a batch that changed it is durable.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The journal number of the batch it shows; an ETag across restarts.
    pub version: u64,
    /// The places there are.
    pub plan: Arc<Plan>,
    /// How each stands.
    pub states: Box<[PlaceState]>,
    /// The quota each is in, as an index into the template's quotas.
    pub quota_of: Arc<[u8]>,
    counts: Box<[Counts]>,
}

/// Places in all and free, as a channel sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Availability {
    /// Places of this channel's quotas: free, taken and blocked ones alike, so that blocking moves `available` alone.
    pub total: u32,
    /// The free ones of them.
    pub available: u32,
}

impl std::ops::AddAssign for Availability {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.available += other.available;
    }
}

impl Snapshot {
    /// The counts of a group and quota (indexes into the plan's groups and the template's quotas).
    pub fn counts(&self, group: usize, quota: u8) -> Counts {
        self.counts[group * self.plan.template.quotas.len() + usize::from(quota)]
    }

    /// The availability of a group within these quotas (indexes into the template's quotas).
    pub fn availability(&self, group: usize, quotas: &[u8]) -> Availability {
        let mut sum = Availability::default();
        for quota in quotas {
            let counts = self.counts(group, *quota);
            sum += Availability { total: counts.total(), available: counts.free() };
        }
        sum
    }
}
