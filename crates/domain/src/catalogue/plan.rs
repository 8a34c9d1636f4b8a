//! The places of a template, compiled: sectors, rows, seats and zones laid out on one line of place numbers that all its sessions share.
//!
//! Immutable. Which places are free is `inventory`'s; this only says which there are and who is whose neighbour.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Template;
use crate::ids::{PriceTypeId, QuotaId, RowId, SeatId, SectorId, TemplateId, ZoneId};

/// A place's number in its template: seats first, then the places of the zones, sector by sector.
pub type Place = u32;

/// What is special about a seat, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Attributes(pub u8);

impl Attributes {
    /// For a wheelchair; exempt from the orphan rule.
    pub const ACCESSIBLE: Self = Self(1);
    /// For who comes along with a wheelchair.
    pub const COMPANION: Self = Self(2);
    /// Does not see everything.
    pub const RESTRICTED_VIEW: Self = Self(4);
    /// At an aisle.
    pub const AISLE: Self = Self(8);

    /// Whether all of these hold.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A numbered seat. Seats of a row stand in physical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Unique in its operator.
    pub id: SeatId,
    /// What its plate says.
    pub name: Box<str>,
    /// Where it is, in the plan's units.
    pub x: i32,
    /// Where it is, in the plan's units, downwards.
    pub y: i32,
    /// Its price type.
    pub price_type: PriceTypeId,
    /// The quota it starts in.
    pub quota: QuotaId,
    /// What is special about it.
    pub attributes: Attributes,
    /// Whether an aisle or a missing number parts it from the seat before it in the row.
    pub gap_before: bool,
    /// Whether it starts blocked.
    pub blocked: bool,
}

/// A row of numbered seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatRow {
    /// Unique in its operator.
    pub id: RowId,
    /// What its plate says.
    pub name: Box<str>,
    /// Best rows first; rows without a rank go by distance to the focal point.
    pub rank: Option<u32>,
    /// Its seats in physical order.
    pub seats: Vec<Seat>,
    /// The door that its people are sent to.
    #[serde(default)]
    pub entrance: Option<Box<str>>,
}

/// Places without numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Unique in its operator.
    pub id: ZoneId,
    /// Shown to people.
    pub name: String,
    /// Its price type.
    pub price_type: PriceTypeId,
    /// How many places start in each quota, and how many of those start blocked. The sum is the capacity.
    pub places: Vec<ZonePlaces>,
    /// The door that its people are sent to.
    #[serde(default)]
    pub entrance: Option<Box<str>>,
}

/// Places of a zone in one quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZonePlaces {
    /// The quota they start in.
    pub quota: QuotaId,
    /// How many.
    pub count: u32,
    /// How many of them start blocked.
    pub blocked: u32,
}

/// A part of a template. One row of the store, shared between all sessions of the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sector {
    /// Unique in its operator.
    pub id: SectorId,
    /// Of which template.
    pub template: TemplateId,
    /// Shown to people.
    pub name: String,
    /// Short code.
    pub code: String,
    /// Rows of numbered seats.
    pub rows: Vec<SeatRow>,
    /// Not-numbered zones.
    pub zones: Vec<Zone>,
}

/// A row on the line of places.
#[derive(Debug)]
pub struct RowSpan {
    /// Index into [`Plan::sectors`].
    pub sector: usize,
    /// Index into the sector's rows.
    pub row: usize,
    /// Its first place; the others follow in physical order.
    pub first: Place,
    /// How many seats.
    pub len: u32,
}

/// A zone on the line of places.
#[derive(Debug)]
pub struct ZoneSpan {
    /// Index into [`Plan::sectors`].
    pub sector: usize,
    /// Index into the sector's zones.
    pub zone: usize,
    /// Its first place.
    pub first: Place,
    /// Its capacity.
    pub len: u32,
    /// Index into [`Plan::groups`].
    pub group: u16,
}

/// All places of one sector and price type: what availability counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// Index into [`Plan::sectors`].
    pub sector: usize,
    /// Index into the template's price types.
    pub price_type: usize,
}

/// A template compiled with its sectors.
#[derive(Debug)]
pub struct Plan {
    /// The template.
    pub template: Arc<Template>,
    /// Its sectors, in the template's order.
    pub sectors: Vec<Arc<Sector>>,
    /// All rows, in the order of their places. Numbered seats come before any zone.
    pub rows: Vec<RowSpan>,
    /// All zones, in the order of their places.
    pub zones: Vec<ZoneSpan>,
    /// The counted groups.
    pub groups: Vec<Group>,
    /// Each place's group.
    pub group_of: Box<[u16]>,
    /// Each place's quota at the start: an index into the template's quotas. Sessions share it until one moves a place.
    pub quota_of: Arc<[u8]>,
    /// Whether a place is a seat that stands next to the one before it: false at the start of a row, after a gap, and in zones.
    pub joined: Box<[bool]>,
    /// Whether a place is an accessible seat.
    pub accessible: Box<[bool]>,
    /// Per price type, the rows that hold seats of it, the best first.
    pub best_rows: Box<[Box<[u32]>]>,
    /// The places that start blocked.
    pub blocked: Vec<Place>,
    /// How many seats are numbered; places from here on belong to zones.
    pub seats: u32,
    /// Numbered seats by id, sorted.
    by_id: Box<[(SeatId, Place)]>,
}

/// A numbered seat with where it stands.
#[derive(Debug, Clone, Copy)]
pub struct SeatAt<'a> {
    /// Its number on the line.
    pub place: Place,
    /// Its sector.
    pub sector: &'a Sector,
    /// Its row.
    pub row: &'a SeatRow,
    /// Index into [`Plan::rows`].
    pub row_index: usize,
    /// The seat.
    pub seat: &'a Seat,
}

/// Why sectors do not make a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum PlanError {
    #[error("sector {0} is missing")]
    MissingSector(SectorId),
    #[error("price type {0} is not the template's")]
    UnknownPriceType(PriceTypeId),
    #[error("quota {0} is not the template's")]
    UnknownQuota(QuotaId),
    #[error("seat {0} stands twice")]
    DuplicateSeat(SeatId),
    #[error("more blocked places than places in zone {0}")]
    TooManyBlocked(ZoneId),
    #[error("too many places, price types, quotas or sectors")]
    TooLarge,
}

/// Places a plan may have at most.
pub const MAX_PLACES: usize = 400_000;

impl Plan {
    /// Lays the sectors out on one line.
    ///
    /// # Errors
    /// A [`PlanError`] if they do not fit the template or each other.
    pub fn compile(template: Arc<Template>, sectors: Vec<Arc<Sector>>) -> Result<Self, PlanError> {
        Compiler::new(template, sectors).compile()
    }

    /// How many places there are.
    pub fn places(&self) -> u32 {
        self.group_of.len() as u32
    }

    /// A numbered seat by its id.
    pub fn seat(&self, id: SeatId) -> Option<SeatAt<'_>> {
        self.seat_at(self.place(id)?)
    }

    /// The place of a numbered seat.
    pub fn place(&self, id: SeatId) -> Option<Place> {
        let index = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.by_id[index].1)
    }

    /// The numbered seat at a place; `None` for a place of a zone.
    pub fn seat_at(&self, place: Place) -> Option<SeatAt<'_>> {
        if place >= self.seats {
            return None;
        }
        let row_index = self.row_of(place);
        let span = &self.rows[row_index];
        let sector = self.sectors[span.sector].as_ref();
        let row = &sector.rows[span.row];
        Some(SeatAt { place, sector, row, row_index, seat: &row.seats[(place - span.first) as usize] })
    }

    /// The zone that a place belongs to; `None` for a numbered seat.
    pub fn zone_at(&self, place: Place) -> Option<(&Sector, &Zone)> {
        if place < self.seats || place >= self.places() {
            return None;
        }
        let span = &self.zones[self.zones.partition_point(|zone| zone.first <= place) - 1];
        let sector = self.sectors[span.sector].as_ref();
        Some((sector, &sector.zones[span.zone]))
    }

    /// The row that a numbered seat stands in, as an index into [`Plan::rows`].
    pub fn row_of(&self, seat: Place) -> usize {
        self.rows.partition_point(|row| row.first <= seat) - 1
    }

    /// The seats of a row.
    pub fn row_seats(&self, span: &RowSpan) -> &[Seat] {
        &self.sectors[span.sector].rows[span.row].seats
    }

    /// A place's price type.
    pub fn price_type(&self, place: Place) -> PriceTypeId {
        let group = self.groups[usize::from(self.group_of[place as usize])];
        self.template.price_types[group.price_type].id
    }

    /// Where a price type stands in the template.
    pub fn price_type_index(&self, id: PriceTypeId) -> Option<usize> {
        self.template.price_types.iter().position(|price_type| price_type.id == id)
    }

    /// A price type's code; empty for one that is not the template's.
    pub fn price_type_code(&self, id: PriceTypeId) -> &str {
        self.template.price_types.iter().find(|price_type| price_type.id == id).map_or("", |price_type| &price_type.code)
    }

    /// A quota's name; empty for one that is not the template's.
    pub fn quota_name(&self, id: QuotaId) -> &str {
        self.template.quotas.iter().find(|quota| quota.id == id).map_or("", |quota| &quota.name)
    }

    /// Where a quota stands in the template.
    pub fn quota_index(&self, id: QuotaId) -> Option<u8> {
        self.template.quotas.iter().position(|quota| quota.id == id).and_then(|index| u8::try_from(index).ok())
    }
}

/// Builds a [`Plan`] step by step.
struct Compiler {
    template: Arc<Template>,
    sectors: Vec<Arc<Sector>>,
    rows: Vec<RowSpan>,
    zones: Vec<ZoneSpan>,
    groups: Vec<Group>,
    group_of: Vec<u16>,
    quota_of: Vec<u8>,
    joined: Vec<bool>,
    accessible: Vec<bool>,
    blocked: Vec<Place>,
    by_id: Vec<(SeatId, Place)>,
}

impl Compiler {
    fn new(template: Arc<Template>, sectors: Vec<Arc<Sector>>) -> Self {
        Self {
            template,
            sectors,
            rows: Vec::new(),
            zones: Vec::new(),
            groups: Vec::new(),
            group_of: Vec::new(),
            quota_of: Vec::new(),
            joined: Vec::new(),
            accessible: Vec::new(),
            blocked: Vec::new(),
            by_id: Vec::new(),
        }
    }

    fn compile(mut self) -> Result<Plan, PlanError> {
        if self.template.price_types.len() > 256 || self.template.quotas.is_empty() || self.template.quotas.len() > 255 {
            return Err(PlanError::TooLarge);
        }
        let sectors = self.sectors.clone();
        for (index, sector) in sectors.iter().enumerate() {
            for (row_index, row) in sector.rows.iter().enumerate() {
                self.add_row(index, row_index, row)?;
            }
        }
        let seats = self.group_of.len() as u32;
        for (index, sector) in sectors.iter().enumerate() {
            for (zone_index, zone) in sector.zones.iter().enumerate() {
                self.add_zone(index, zone_index, zone)?;
            }
        }
        self.by_id.sort_unstable();
        if let Some(pair) = self.by_id.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(PlanError::DuplicateSeat(pair[0].0));
        }
        let best_rows = self.best_rows();
        // Places of zones stand next to nobody.
        self.joined.resize(self.group_of.len(), false);
        self.accessible.resize(self.group_of.len(), false);
        Ok(Plan {
            template: self.template,
            sectors: self.sectors,
            rows: self.rows,
            zones: self.zones,
            groups: self.groups,
            group_of: self.group_of.into(),
            quota_of: self.quota_of.into(),
            joined: self.joined.into(),
            accessible: self.accessible.into(),
            best_rows,
            blocked: self.blocked,
            seats,
            by_id: self.by_id.into(),
        })
    }

    fn add_row(&mut self, sector: usize, row_index: usize, row: &SeatRow) -> Result<(), PlanError> {
        let first = self.group_of.len() as Place;
        for seat in &row.seats {
            let place = self.add_place(sector, seat.price_type, seat.quota)?;
            self.by_id.push((seat.id, place));
            self.joined.push(place > first && !seat.gap_before);
            self.accessible.push(seat.attributes.has(Attributes::ACCESSIBLE));
            if seat.blocked {
                self.blocked.push(place);
            }
        }
        self.rows.push(RowSpan { sector, row: row_index, first, len: row.seats.len() as u32 });
        Ok(())
    }

    fn add_zone(&mut self, sector: usize, zone_index: usize, zone: &Zone) -> Result<(), PlanError> {
        let first = self.group_of.len() as Place;
        let group = self.group(sector, zone.price_type)?;
        for part in &zone.places {
            if part.blocked > part.count {
                return Err(PlanError::TooManyBlocked(zone.id));
            }
            for number in 0..part.count {
                let place = self.add_place(sector, zone.price_type, part.quota)?;
                if number >= part.count - part.blocked {
                    self.blocked.push(place);
                }
            }
        }
        self.zones.push(ZoneSpan { sector, zone: zone_index, first, len: self.group_of.len() as u32 - first, group });
        Ok(())
    }

    /// Ranked rows first, by rank; then by the distance of the row's centre to the focal point; then by id.
    fn best_rows(&self) -> Box<[Box<[u32]>]> {
        let row = |index: u32| {
            let span = &self.rows[index as usize];
            &self.sectors[span.sector].rows[span.row]
        };
        let mut best = vec![Vec::new(); self.template.price_types.len()];
        for index in 0..self.rows.len() as u32 {
            let span = &self.rows[index as usize];
            let groups = &self.group_of[span.first as usize..(span.first + span.len) as usize];
            for group in groups {
                let rows: &mut Vec<u32> = &mut best[self.groups[usize::from(*group)].price_type];
                if rows.last() != Some(&index) {
                    rows.push(index);
                }
            }
        }
        for rows in &mut best {
            rows.sort_by_cached_key(|index| {
                let row = row(*index);
                (row.rank.is_none(), row.rank, distance(row, self.template.focal_point), row.id)
            });
        }
        best.into_iter().map(Into::into).collect()
    }

    fn add_place(&mut self, sector: usize, price_type: PriceTypeId, quota: QuotaId) -> Result<Place, PlanError> {
        if self.group_of.len() >= MAX_PLACES {
            return Err(PlanError::TooLarge);
        }
        let group = self.group(sector, price_type)?;
        let quota = self.template.quotas.iter().position(|known| known.id == quota).ok_or(PlanError::UnknownQuota(quota))?;
        self.group_of.push(group);
        self.quota_of.push(u8::try_from(quota).map_err(|_| PlanError::TooLarge)?);
        Ok(self.group_of.len() as Place - 1)
    }

    fn group(&mut self, sector: usize, price_type: PriceTypeId) -> Result<u16, PlanError> {
        let unknown = PlanError::UnknownPriceType(price_type);
        // Neighbours share their group, so the last one is nearly always it.
        if let Some(group) = self.groups.last()
            && group.sector == sector
            && self.template.price_types[group.price_type].id == price_type
        {
            return Ok(self.groups.len() as u16 - 1);
        }
        let price_type = self.template.price_types.iter().position(|known| known.id == price_type).ok_or(unknown)?;
        let group = Group { sector, price_type };
        let index = self.groups.iter().position(|known| *known == group).unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        u16::try_from(index).map_err(|_| PlanError::TooLarge)
    }
}

/// The square of the distance from a row's centre to the focal point; without one all rows are equally near.
fn distance(row: &SeatRow, focal_point: Option<(i32, i32)>) -> i128 {
    let (Some((x, y)), seats @ 1..) = (focal_point, row.seats.len() as i64) else { return 0 };
    let centre = |sum: i64| i128::from(sum / seats);
    let dx = centre(row.seats.iter().map(|seat| i64::from(seat.x)).sum()) - i128::from(x);
    let dy = centre(row.seats.iter().map(|seat| i64::from(seat.y)).sum()) - i128::from(y);
    dx * dx + dy * dy
}
