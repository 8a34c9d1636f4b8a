//! A plan while it is read: places are thrown in as they come, in whatever order, and become a template's document in the end. Knows no format.

use std::collections::HashMap;

use aforo_domain::catalogue::manage::document::{Document, Kind, MAX_KINDS, MAX_PARTS, SectorDocument, ZoneDocument, ZonePlacesDocument};
use aforo_domain::catalogue::manage::{PriceTypeSpec, QuotaSpec};
use aforo_domain::catalogue::plan::{Attributes, MAX_PLACES};
use aforo_domain::ids::VenueId;

use super::super::template_body::{COLOR, GENERAL};
use super::drawn::Point;
use super::findings::{At, Findings, cut};
use super::rows::{self, RowDraft, SeatDraft};

/// What is said of a plan beside its file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose plan it is.
    pub venue: VenueId,
    /// The template's name.
    pub name: String,
    /// Whether single seats may not be left free.
    pub check_orphan_seats: bool,
    /// What the best seats are near to, in the plan's units.
    pub focal_point: Option<(i32, i32)>,
    /// The plan's units in one unit of the file.
    pub scale: u32,
}

/// Whether a file says itself how seats stand in a row, or its drawing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arranged {
    /// Seats stand in the order of the file, and gaps are where it says so.
    AsListed,
    /// Seats stand in the order of the file, and gaps are where the distance is large.
    WithGapsAsDrawn,
    /// The drawing says both.
    AsDrawn,
}

/// A name, and what tells it from another one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Named<'a> {
    /// Shown to people.
    pub name: &'a str,
    /// Mostly empty.
    pub key: &'a str,
}

/// What a seat and a part of a zone have in common; texts are empty where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Common<'a> {
    pub sector: Named<'a>,
    pub sector_code: &'a str,
    /// The sector's name, if it is left out.
    pub price_type: &'a str,
    pub quota: &'a str,
    pub entrance: &'a str,
    /// What it is drawn in, as `#9E4500`: its price type's colour, unless that has one.
    pub color: &'a str,
}

/// A seat as it was read.
#[derive(Debug, Clone, Copy)]
pub struct SeatRead<'a> {
    pub common: Common<'a>,
    pub row: Named<'a>,
    pub rank: Option<u32>,
    pub name: &'a str,
    pub point: Option<Point>,
    pub attributes: Attributes,
    pub gap_before: Option<bool>,
    pub blocked: bool,
}

/// Places of a zone in one quota, as they were read.
#[derive(Debug, Clone, Copy)]
pub struct ZoneRead<'a> {
    pub common: Common<'a>,
    pub zone: Named<'a>,
    pub capacity: u32,
    pub blocked: u32,
}

/// The plan so far.
#[derive(Debug, Default)]
pub struct Draft {
    sectors: Vec<SectorDraft>,
    sector_of: Index,
    price_types: Vec<PriceTypeSpec>,
    price_type_of: Index,
    has_declared_quotas: bool,
    quotas: Vec<String>,
    quota_of: Index,
    places: u64,
    zone_parts: usize,
    by_sector: u64,
}

#[derive(Debug)]
pub(super) struct SectorDraft {
    document: SectorDocument,
    pub(super) rows: Vec<RowDraft>,
    row_of: Index,
    zone_of: Index,
}

/// Where something of a name stands in a list. Lines of a file mostly follow others of the same name.
#[derive(Debug, Default)]
struct Index {
    all: HashMap<(String, String), usize>,
    last: Option<(String, String, usize)>,
}

impl Index {
    /// Where it stands; `new` is where it will, if it is not there yet.
    fn find(&mut self, named: Named<'_>, new: usize) -> usize {
        if let Some((name, key, index)) = &self.last
            && (name.as_str(), key.as_str()) == (named.name, named.key)
        {
            return *index;
        }
        let owned = (named.name.to_owned(), named.key.to_owned());
        let index = *self.all.entry(owned.clone()).or_insert(new);
        self.last = Some((owned.0, owned.1, index));
        index
    }
}

impl Draft {
    /// Whether no place was read.
    pub fn is_empty(&self) -> bool {
        self.places == 0
    }

    /// Takes in a seat.
    pub fn seat(&mut self, at: At, seat: &SeatRead<'_>, findings: &mut Findings) {
        let (row, name) = (findings.required(at, "row", seat.row.name), findings.required(at, "seat", seat.name));
        let entrance = findings.label(at, "entrance", seat.common.entrance);
        let (sector, kind) = self.common(at, &seat.common, findings);
        self.count(at, 1, findings);
        let sector = &mut self.sectors[sector];
        let index = sector.row_of.find(Named { name: row, key: seat.row.key.trim() }, sector.rows.len());
        if index == sector.rows.len() {
            sector.rows.push(RowDraft { at, name: row.to_owned(), rank: None, entrance: None, seats: Vec::new() });
        }
        let row = &mut sector.rows[index];
        let found = agree(&mut row.entrance, entrance.map(str::to_owned)).then_some("entrance");
        if let Some(name) = found.or(agree(&mut row.rank, seat.rank).then_some("rank")) {
            let row_name = cut(&row.name);
            findings.bad_value(at, name, format!("row '{row_name}' has another {name} since {}; all its seats share one", row.at));
        }
        row.seats.push(SeatDraft {
            at,
            name: name.to_owned(),
            point: seat.point,
            kind,
            attributes: seat.attributes,
            gap_before: seat.gap_before,
            blocked: seat.blocked,
        });
    }

    /// Takes in places of a zone.
    pub fn zone(&mut self, at: At, zone: &ZoneRead<'_>, findings: &mut Findings) {
        let name = findings.required(at, "zone", zone.zone.name);
        let entrance = findings.label(at, "entrance", zone.common.entrance);
        let (sector, kind) = self.common(at, &zone.common, findings);
        self.count(at, u64::from(zone.capacity), findings);
        self.zone_parts += 1;
        if self.zone_parts > MAX_PARTS {
            findings.too_large(at, "zone", format!("more than {MAX_PARTS} zones"));
        }
        if zone.blocked > zone.capacity {
            findings.bad_value(at, "blocked", format!("{} of {} places", zone.blocked, zone.capacity));
        }
        let SectorDraft { document, zone_of, .. } = &mut self.sectors[sector];
        let index = zone_of.find(Named { name, key: zone.zone.key.trim() }, document.zones.len());
        if index == document.zones.len() {
            document.zones.push(ZoneDocument { name: name.to_owned(), price_type: None, entrance: None, places: Vec::new() });
        }
        let known = &mut document.zones[index];
        let found = agree(&mut known.entrance, entrance.map(str::to_owned)).then_some("entrance");
        if let Some(name) = found.or(agree(&mut known.price_type, kind.price_type).then_some("price_type")) {
            findings.bad_value(at, name, format!("zone '{}' has another {name} already", cut(&known.name)));
        }
        known.places.push(ZonePlacesDocument { quota: kind.quota, count: zone.capacity, blocked: zone.blocked });
    }

    /// Names a price type before its places do, so that it stands where it is named.
    pub fn declare_price_type(&mut self, at: At, code: &str, name: &str, color: &str, findings: &mut Findings) {
        let Some(code) = findings.label(at, "price_type", code) else { return };
        let index = self.price_type(at, code, findings);
        if let Some(name) = findings.label(at, "price_type_name", name) {
            self.price_types[index].name = name.to_owned();
        }
        let color = color.trim();
        if !color.is_empty() {
            let is_color = color.len() == 7 && color.starts_with('#') && color[1..].bytes().all(|digit| digit.is_ascii_hexdigit());
            if !is_color {
                findings.bad_format(at, "color", color, "is not a colour like #9E4500");
            }
            self.price_types[index].color = color.to_owned();
        }
    }

    /// Names a quota before its places do. Places that name none are in the first one.
    pub fn declare_quota(&mut self, at: At, name: &str, findings: &mut Findings) {
        if let Some(name) = findings.label(at, "quota", name) {
            self.has_declared_quotas = true;
            self.quota(at, name, findings);
        }
    }

    /// The document.
    pub fn finish(mut self, settings: &Settings, arranged: Arranged, findings: &mut Findings) -> Document {
        if self.by_sector > 0 {
            let message = format!("seats and zones without a price type, which have one called like their sector: {}", self.by_sector);
            findings.warn(At::Plan, message);
        }
        rows::arrange(&mut self.sectors, settings.scale, arranged, findings);
        let has_seats = self.sectors.iter().any(|sector| !sector.rows.is_empty());
        let sectors = self.sectors.into_iter().map(|sector| {
            let rows = sector.rows.into_iter().map(|row| row.finish(settings.scale, findings)).collect();
            SectorDocument { rows, ..sector.document }
        });
        let sectors = sectors.collect();
        let general = (!self.has_declared_quotas).then(|| GENERAL.to_owned());
        let named = self.quotas.into_iter().filter(|name| Some(name) != general.as_ref());
        Document {
            id: None,
            venue: settings.venue,
            name: settings.name.clone(),
            quotas: general.clone().into_iter().chain(named).map(|name| QuotaSpec { name, release_ms: None }).collect(),
            price_types: self.price_types.into_iter().map(colored).collect(),
            sectors,
            check_orphan_seats: settings.check_orphan_seats,
            graphic: has_seats,
            focal_point: settings.focal_point,
        }
    }

    /// The sector and the kind of a place.
    fn common(&mut self, at: At, common: &Common<'_>, findings: &mut Findings) -> (usize, Kind) {
        let name = findings.required(at, "sector", common.sector.name);
        let price_type = findings.label(at, "price_type", common.price_type);
        let quota = findings.label(at, "quota", common.quota);
        if price_type.is_none() {
            self.by_sector += 1;
        }
        let price_type = price_type.unwrap_or(name);
        let spec = self.price_type(at, price_type, findings);
        if self.price_types[spec].color.is_empty() {
            self.price_types[spec].color = common.color.to_owned();
        }
        if let Some(quota) = quota {
            self.quota(at, quota, findings);
        }
        let index = self.sector_of.find(Named { name, key: common.sector.key.trim() }, self.sectors.len());
        if index == self.sectors.len() {
            let code = findings.label(at, "sector_code", common.sector_code).unwrap_or(name).to_owned();
            let (kind, entrance, name) = (Kind::default(), None, name.to_owned());
            let document = SectorDocument { id: None, name, code, kind, entrance, rows: Vec::new(), zones: Vec::new() };
            self.sectors.push(SectorDraft { document, rows: Vec::new(), row_of: Index::default(), zone_of: Index::default() });
        }
        (index, Kind { price_type: Some(price_type.to_owned()), quota: quota.map(str::to_owned) })
    }

    fn count(&mut self, at: At, places: u64, findings: &mut Findings) {
        self.places += places;
        if self.places > MAX_PLACES as u64 {
            findings.too_large(at, "capacity", format!("more than {MAX_PLACES} places"));
        }
    }

    fn price_type(&mut self, at: At, code: &str, findings: &mut Findings) -> usize {
        let index = self.price_type_of.find(Named { name: code, key: "" }, self.price_types.len());
        if index == self.price_types.len() {
            let spec = PriceTypeSpec {
                id: None,
                name: code.to_owned(),
                code: code.to_owned(),
                order: index as u32 + 1,
                color: String::new(),
                names: Default::default(),
                descriptions: Default::default(),
            };
            self.price_types.push(spec);
            if self.price_types.len() > MAX_KINDS {
                findings.too_large(at, "price_type", format!("more than {MAX_KINDS} price types"));
            }
        }
        index
    }

    fn quota(&mut self, at: At, name: &str, findings: &mut Findings) {
        let index = self.quota_of.find(Named { name, key: "" }, self.quotas.len());
        if index == self.quotas.len() {
            self.quotas.push(name.to_owned());
            if self.quotas.len() > MAX_KINDS {
                findings.too_large(at, "quota", format!("more than {MAX_KINDS} quotas"));
            }
        }
    }
}

fn colored(spec: PriceTypeSpec) -> PriceTypeSpec {
    if spec.color.is_empty() { PriceTypeSpec { color: COLOR.to_owned(), ..spec } } else { spec }
}

/// Keeps what is said first, and whether something else is said now.
fn agree<T: PartialEq>(known: &mut Option<T>, said: Option<T>) -> bool {
    if known.is_none() {
        *known = said;
        return false;
    }
    said.is_some() && *known != said
}
