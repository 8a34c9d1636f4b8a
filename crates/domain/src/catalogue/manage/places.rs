//! Places of one session, blocked, unblocked or moved to another quota: all that a call names, or none. Templates stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Desk;
use crate::catalogue::plan::{Place, Plan};
use crate::change::{Change, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::Permission;
use crate::ids::{QuotaId, SeatId, SessionId, ZoneId};
use crate::inventory::{Inventory, PlaceMarks, PlaceState};

/// What to do with places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// Free ones leave the sale.
    Block,
    /// Blocked ones are free again.
    Unblock,
    /// Free or blocked ones are kept for other channels.
    MoveTo(QuotaId),
}

/// Some places of a zone, whichever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceGroup {
    /// Of which zone.
    pub zone: ZoneId,
    /// Only of this quota.
    pub quota: Option<QuotaId>,
    /// How many.
    pub count: u32,
}

/// A call on a session's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkPlaces {
    /// Of which session.
    pub session: SessionId,
    /// What to do.
    pub marking: Marking,
    /// Numbered seats.
    pub seats: Vec<SeatId>,
    /// Places of zones.
    pub zones: Vec<PlaceGroup>,
}

impl Desk<'_> {
    pub(super) fn mark_places(&self, request: &MarkPlaces) -> Planned {
        let offer = self.own_session(request.session)?;
        self.authority.permit(Permission::BlockSeats)?;
        let (_, inventory) = self.world.session(request.session).ok_or(Code::NotFound)?;
        let plan = offer.plan.as_ref();
        let quota = match request.marking {
            Marking::MoveTo(quota) => Some(plan.quota_index(quota).ok_or(Error::invalid(&["quota_id"]))?),
            Marking::Block | Marking::Unblock => None,
        };
        let mut places = seats(request, plan, inventory)?;
        for group in &request.zones {
            let more = zone_places(group, request.marking, &places, plan, inventory)?;
            places.extend(more);
        }
        let sectors: BTreeSet<usize> = places.iter().map(|place| sector_of(plan, *place)).collect();
        let marks = sectors.into_iter().map(|sector| marks(request, sector, &places, quota, plan, inventory));
        let changes: Vec<Change> = marks.map(|marks| Row::from(Arc::new(marks)).into()).collect();
        Ok(Done { changes, reply: Reply::Done })
    }
}

/// The marks of a session with these places blocked, too, whoever has them yet.
pub(crate) fn blocked_too(session: SessionId, places: &BTreeSet<Place>, plan: &Plan, inventory: &Inventory) -> Vec<PlaceMarks> {
    let request = MarkPlaces { session, marking: Marking::Block, seats: Vec::new(), zones: Vec::new() };
    let sectors: BTreeSet<usize> = places.iter().map(|place| sector_of(plan, *place)).collect();
    sectors.into_iter().map(|sector| marks(&request, sector, places, None, plan, inventory)).collect()
}

/// Whether a place is as the marking needs it.
fn fits(marking: Marking, state: PlaceState) -> bool {
    match marking {
        Marking::Block => state == PlaceState::Free,
        Marking::Unblock => state == PlaceState::Blocked,
        Marking::MoveTo(_) => matches!(state, PlaceState::Free | PlaceState::Blocked),
    }
}

/// The seats that were named. `DIST0005` if some are not there, `CONFLICT` if some are not as they must be; both name them all.
fn seats(request: &MarkPlaces, plan: &Plan, inventory: &Inventory) -> Result<BTreeSet<Place>, Error> {
    let unknown: Vec<_> = request.seats.iter().copied().filter(|id| plan.seat(*id).is_none()).collect();
    if !unknown.is_empty() {
        return Err(Error::invalid(&["seats"]).with_details(unknown));
    }
    let found = || request.seats.iter().filter_map(|id| plan.seat(*id));
    let refused: Vec<_> = found().filter(|seat| !fits(request.marking, inventory.own_state(seat.place))).map(|seat| seat.seat.id).collect();
    if !refused.is_empty() {
        return Err(Error::new(Code::Conflict).with_details(refused).because("seats are taken, or as they shall be already"));
    }
    Ok(found().map(|seat| seat.place).collect())
}

/// Places of a zone that the call has not taken yet, from its end, since automatic picks start at its beginning.
fn zone_places(
    group: &PlaceGroup,
    marking: Marking,
    taken: &BTreeSet<Place>,
    plan: &Plan,
    inventory: &Inventory,
) -> Result<Vec<Place>, Error> {
    let is_it = |span: &&crate::catalogue::plan::ZoneSpan| plan.sectors[span.sector].zones[span.zone].id == group.zone;
    let span = plan.zones.iter().find(is_it).ok_or_else(|| Error::invalid(&["zones"]).with_details([group.zone]))?;
    let unknown = Error::invalid(&["zones.quota_id"]);
    let quota = group.quota.map(|id| plan.quota_index(id).ok_or(unknown)).transpose()?;
    let target = if let Marking::MoveTo(quota) = marking { plan.quota_index(quota) } else { None };
    let of_quota = |place: Place| quota.is_none_or(|quota| inventory.quota(place) == quota) && target != Some(inventory.quota(place));
    let fits = |place: &Place| !taken.contains(place) && of_quota(*place) && fits(marking, inventory.own_state(*place));
    let places: Vec<_> = (span.first..span.first + span.len).rev().filter(fits).take(group.count as usize).collect();
    if places.len() < group.count as usize {
        return Err(Error::new(Code::Conflict).with_details([group.zone]).because("the zone has not so many places like that"));
    }
    Ok(places)
}

fn sector_of(plan: &Plan, place: Place) -> usize {
    plan.groups[usize::from(plan.group_of[place as usize])].sector
}

/// The whole truth about a sector after the marking.
fn marks(
    request: &MarkPlaces,
    sector: usize,
    changed: &BTreeSet<Place>,
    quota: Option<u8>,
    plan: &Plan,
    inventory: &Inventory,
) -> PlaceMarks {
    let mut blocked = Vec::new();
    let mut moved: BTreeMap<Place, u8> = BTreeMap::new();
    for place in (0..plan.places()).filter(|place| sector_of(plan, *place) == sector) {
        let changes = changed.contains(&place);
        let is_blocked = match request.marking {
            Marking::Block if changes => true,
            Marking::Unblock if changes => false,
            _ => inventory.own_state(place) == PlaceState::Blocked,
        };
        if is_blocked {
            blocked.push(place);
        }
        let quota = quota.filter(|_| changes).unwrap_or_else(|| inventory.quota(place));
        if quota != plan.quota_of[place as usize] {
            moved.insert(place, quota);
        }
    }
    PlaceMarks { session: request.session, sector: plan.sectors[sector].id, blocked, moved: moved.into_iter().collect() }
}
