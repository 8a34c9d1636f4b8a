//! A template as its maker writes it, in one document: sectors, rows, seats and zones that name price types by code and quotas by name.
//!
//! Read and turned into sectors away from the engine's thread; ids follow from the template's, so that nothing has to be reserved.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::templates::{Outline, PriceTypeSpec, QuotaSpec};
use crate::catalogue::Template;
use crate::catalogue::plan::{Attributes, MAX_PLACES, Plan, Seat, SeatRow, Sector, Zone, ZonePlaces};
use crate::error::Error;
use crate::ids::{PriceTypeId, QuotaId, RowId, SeatId, SectorId, TemplateId, VenueId, ZoneId};

/// Ids of rows, seats and zones of a template: its own id times this, plus a number counted through the template.
const BLOCK: u64 = 1_000_000;

/// The largest id that a template's maker may choose; the ids of its seats stay far below 2^53.
pub const MAX_CHOSEN_TEMPLATE_ID: u64 = 1 << 31;

/// Sectors, rows and zones of a template at most.
pub const MAX_PARTS: usize = 100_000;

/// Price types of a template at most; the same for quotas.
pub const MAX_KINDS: usize = 255;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Template")]
pub struct Document {
    /// Chosen by the caller, or given.
    pub id: Option<TemplateId>,
    pub venue: VenueId,
    pub name: String,
    /// Their codes are unique here.
    pub price_types: Vec<PriceTypeSpec>,
    /// The first is GENERAL and takes every place that names none.
    pub quotas: Vec<QuotaSpec>,
    pub sectors: Vec<SectorDocument>,
    pub check_orphan_seats: bool,
    pub graphic: bool,
    pub focal_point: Option<(i32, i32)>,
}

/// A price type's code and a quota's name, where they are said: a seat's count before its row's, and those before its sector's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kind {
    /// Code of the price type.
    pub price_type: Option<String>,
    /// Name of the quota.
    pub quota: Option<String>,
}

/// A sector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Sector")]
pub struct SectorDocument {
    /// Chosen by the caller, or given.
    pub id: Option<SectorId>,
    pub name: String,
    pub code: String,
    pub kind: Kind,
    /// Of its rows and zones that name none.
    pub entrance: Option<String>,
    pub rows: Vec<RowDocument>,
    pub zones: Vec<ZoneDocument>,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a SeatRow")]
pub struct RowDocument {
    pub name: String,
    pub rank: Option<u32>,
    pub kind: Kind,
    /// Its own, else the sector's.
    pub entrance: Option<String>,
    /// In physical order.
    pub seats: Vec<SeatDocument>,
}

/// A seat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Seat")]
pub struct SeatDocument {
    /// Once in its row.
    pub name: String,
    pub x: i32,
    pub y: i32,
    pub kind: Kind,
    pub attributes: Attributes,
    pub gap_before: bool,
    pub blocked: bool,
}

/// A not-numbered zone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Zone")]
pub struct ZoneDocument {
    pub name: String,
    /// Code of the price type, else the sector's.
    pub price_type: Option<String>,
    /// Its own, else the sector's.
    pub entrance: Option<String>,
    pub places: Vec<ZonePlacesDocument>,
}

/// Places of a zone in one quota.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of ZonePlaces")]
pub struct ZonePlacesDocument {
    /// Name of the quota, else the sector's.
    pub quota: Option<String>,
    pub count: u32,
    pub blocked: u32,
}

impl Document {
    /// Whether it makes a plan at all.
    ///
    /// # Errors
    /// `DIST0005` naming what is out of range, unknown or there twice; `DIST0006` naming what a place lacks.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong: Vec<&str> = Vec::new();
        let codes: HashSet<&str> = self.price_types.iter().map(|price_type| price_type.code.as_str()).collect();
        if self.price_types.len() > MAX_KINDS || codes.len() < self.price_types.len() {
            wrong.push("price_types");
        }
        let quotas: HashSet<&str> = self.quotas.iter().map(|quota| quota.name.as_str()).collect();
        let general_goes = self.quotas.first().is_some_and(|quota| quota.release_ms.is_some());
        if self.quotas.is_empty() || self.quotas.len() > MAX_KINDS || quotas.len() < self.quotas.len() || general_goes {
            wrong.push("quotas");
        }
        let parts: usize = self.sectors.iter().map(|sector| 1 + sector.rows.len() + sector.zones.len()).sum();
        if parts > MAX_PARTS || self.places() > MAX_PLACES as u64 {
            wrong.push("sectors");
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong));
        }
        if self.places() == 0 {
            return Err(Error::required(&["sectors"]));
        }
        // A trial with the ids it would have as the only template there is.
        let (price_types, sectors) = (1..=self.price_types.len() as u64, 1..=self.sectors.len() as u64);
        let ids: (Vec<_>, Vec<_>) = (price_types.map(PriceTypeId).collect(), sectors.map(SectorId).collect());
        let sectors = self.sectors(TemplateId(1), &ids.0, &ids.1)?;
        let template = self.trial_template(&ids.0, &ids.1);
        let plan = Plan::compile(Arc::new(template), sectors.into_iter().map(Arc::new).collect());
        plan.map(drop).map_err(|reason| Error::invalid(&["sectors"]).because(reason.to_string()))
    }

    /// The document without what is in its sectors.
    pub fn outline(&self) -> Outline {
        Outline {
            venue: self.venue,
            name: self.name.clone(),
            price_types: self.price_types.clone(),
            quotas: self.quotas.clone(),
            sectors: self.sectors.iter().map(|sector| sector.id).collect(),
            check_orphan_seats: self.check_orphan_seats,
            graphic: self.graphic,
            focal_point: self.focal_point,
        }
    }

    /// The sectors, with the ids that beginning the template answered, in the document's order.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn sectors(&self, template: TemplateId, price_types: &[PriceTypeId], sectors: &[SectorId]) -> Result<Vec<Sector>, Error> {
        let codes = self.price_types.iter().zip(price_types).map(|(spec, id)| (spec.code.as_str(), *id)).collect();
        let quotas = self.quotas.iter().zip(1..).map(|(quota, id)| (quota.name.as_str(), QuotaId(id))).collect();
        let mut builder = Builder { template, codes, quotas, rows: 0, seats: 0, zones: 0 };
        self.sectors.iter().zip(sectors).map(|(sector, id)| builder.sector(sector, *id)).collect()
    }

    fn places(&self) -> u64 {
        let of_rows = |sector: &SectorDocument| sector.rows.iter().map(|row| row.seats.len() as u64).sum::<u64>();
        let of_zones =
            |sector: &SectorDocument| sector.zones.iter().flat_map(|zone| &zone.places).map(|places| u64::from(places.count)).sum::<u64>();
        self.sectors.iter().map(|sector| of_rows(sector) + of_zones(sector)).sum()
    }

    fn trial_template(&self, price_types: &[PriceTypeId], sectors: &[SectorId]) -> Template {
        let price_types = self.price_types.iter().zip(price_types).map(|(spec, id)| spec.named(*id));
        let quotas = self.quotas.iter().zip(1..).map(|(quota, id)| quota.with_id(QuotaId(id)));
        Template {
            id: TemplateId(1),
            venue: self.venue,
            name: self.name.clone(),
            price_types: price_types.collect(),
            quotas: quotas.collect(),
            sectors: sectors.to_vec(),
            check_orphan_seats: self.check_orphan_seats,
            graphic: self.graphic,
            focal_point: self.focal_point,
            retired: false,
            version: 0,
        }
    }
}

/// Turns the parts of a document into those of a plan, counting ids.
struct Builder<'a> {
    template: TemplateId,
    codes: HashMap<&'a str, PriceTypeId>,
    quotas: HashMap<&'a str, QuotaId>,
    rows: u64,
    seats: u64,
    zones: u64,
}

impl Builder<'_> {
    fn sector(&mut self, sector: &SectorDocument, id: SectorId) -> Result<Sector, Error> {
        let rows = sector.rows.iter().map(|row| self.row(row, sector)).collect::<Result<_, _>>()?;
        let zones = sector.zones.iter().map(|zone| self.zone(zone, sector)).collect::<Result<_, _>>()?;
        Ok(Sector { id, template: self.template, name: sector.name.clone(), code: sector.code.clone(), rows, zones })
    }

    fn row(&mut self, row: &RowDocument, outer: &SectorDocument) -> Result<SeatRow, Error> {
        let id = next(self.template, &mut self.rows);
        let names: HashSet<&str> = row.seats.iter().map(|seat| seat.name.as_str()).collect();
        if names.len() < row.seats.len() {
            return Err(Error::invalid(&["sectors.rows.seats.name"]).because(format!("row {}", row.name)));
        }
        let seats = row.seats.iter().map(|seat| self.seat(seat, &[&seat.kind, &row.kind, &outer.kind])).collect::<Result<_, _>>()?;
        let entrance = entrance(row.entrance.as_ref(), outer);
        Ok(SeatRow { id: RowId(id), name: row.name.as_str().into(), rank: row.rank, seats, entrance })
    }

    fn seat(&mut self, seat: &SeatDocument, kinds: &[&Kind]) -> Result<Seat, Error> {
        Ok(Seat {
            id: SeatId(next(self.template, &mut self.seats)),
            name: seat.name.as_str().into(),
            x: seat.x,
            y: seat.y,
            price_type: self.price_type(kinds.iter().find_map(|kind| kind.price_type.as_deref()), "sectors.rows.seats.price_type")?,
            quota: self.quota(kinds.iter().find_map(|kind| kind.quota.as_deref()), "sectors.rows.seats.quota")?,
            attributes: seat.attributes,
            gap_before: seat.gap_before,
            blocked: seat.blocked,
        })
    }

    fn zone(&mut self, zone: &ZoneDocument, outer: &SectorDocument) -> Result<Zone, Error> {
        let id = ZoneId(next(self.template, &mut self.zones));
        let price_type = zone.price_type.as_deref().or(outer.kind.price_type.as_deref());
        let price_type = self.price_type(price_type, "sectors.zones.price_type")?;
        let places = zone.places.iter().map(|places| {
            let quota = self.quota(places.quota.as_deref().or(outer.kind.quota.as_deref()), "sectors.zones.places.quota")?;
            Ok(ZonePlaces { quota, count: places.count, blocked: places.blocked })
        });
        let places = places.collect::<Result<Vec<_>, Error>>()?;
        if places.iter().any(|places| places.blocked > places.count) {
            return Err(Error::invalid(&["sectors.zones.places.blocked"]));
        }
        Ok(Zone { id, name: zone.name.clone(), price_type, places, entrance: entrance(zone.entrance.as_ref(), outer) })
    }

    fn price_type(&self, code: Option<&str>, field: &str) -> Result<PriceTypeId, Error> {
        let code = code.ok_or_else(|| Error::required(&[field]))?;
        self.codes.get(code).copied().ok_or_else(|| Error::invalid(&[field]).because(format!("price type {code}")))
    }

    fn quota(&self, name: Option<&str>, field: &str) -> Result<QuotaId, Error> {
        let Some(name) = name else { return Ok(QuotaId(1)) };
        self.quotas.get(name).copied().ok_or_else(|| Error::invalid(&[field]).because(format!("quota {name}")))
    }
}

fn entrance(own: Option<&String>, outer: &SectorDocument) -> Option<Box<str>> {
    own.or(outer.entrance.as_ref()).map(|entrance| entrance.as_str().into())
}

fn next(template: TemplateId, count: &mut u64) -> u64 {
    *count += 1;
    template.0 * BLOCK + *count
}
