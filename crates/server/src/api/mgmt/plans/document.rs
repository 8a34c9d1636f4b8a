//! A template as the JSON document that makes it again: what `POST /venue-templates` takes, with the ids of rows, seats and zones besides.

use aforo_domain::catalogue::Quota;
use aforo_domain::catalogue::plan::{Plan, Seat, SeatRow, Sector, Zone};
use serde::Serialize;

use super::super::template_body::ATTRIBUTES;
use super::super::templates::{PointView, PriceTypeView};

/// A template's document. Without the template's own id, so that it can be sent again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DocumentView<'a> {
    venue_id: u64,
    name: &'a str,
    price_types: Vec<PriceTypeView<'a>>,
    quotas: Vec<QuotaOfDocument<'a>>,
    sectors: Vec<SectorOfDocument<'a>>,
    check_orphan_seats: bool,
    graphic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_point: Option<PointView>,
}

/// A sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SectorOfDocument<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    rows: Vec<RowOfDocument<'a>>,
    zones: Vec<ZoneOfDocument<'a>>,
}

/// A row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RowOfDocument<'a> {
    id: u64,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
    seats: Vec<SeatOfDocument<'a>>,
}

/// A seat; what is false or empty is left out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SeatOfDocument<'a> {
    id: u64,
    name: &'a str,
    x: i32,
    y: i32,
    price_type: &'a str,
    quota: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attributes: Vec<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    gap_before: bool,
    #[serde(skip_serializing_if = "is_false")]
    blocked: bool,
}

/// A zone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ZoneOfDocument<'a> {
    id: u64,
    name: &'a str,
    price_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
    places: Vec<PlacesOfDocument<'a>>,
}

/// A quota: its name, or its name and when it is released.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum QuotaOfDocument<'a> {
    /// Its name.
    Name(&'a str),
    /// With a release.
    Released {
        /// Its name.
        name: &'a str,
        /// How many minutes before a session's start its places become general ones.
        release_minutes: i64,
    },
}

impl<'a> QuotaOfDocument<'a> {
    fn of(quota: &'a Quota) -> Self {
        match quota.release_ms {
            None => Self::Name(&quota.name),
            Some(release) => Self::Released { name: &quota.name, release_minutes: release / 60_000 },
        }
    }
}

/// Places of a zone in one quota.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PlacesOfDocument<'a> {
    quota: &'a str,
    count: u32,
    blocked: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl<'a> DocumentView<'a> {
    /// The document of a template.
    pub fn of(plan: &'a Plan) -> Self {
        let template = &plan.template;
        Self {
            venue_id: template.venue.0,
            name: &template.name,
            price_types: template.price_types.iter().map(PriceTypeView::of).collect(),
            quotas: template.quotas.iter().map(QuotaOfDocument::of).collect(),
            sectors: plan.sectors.iter().map(|sector| of_sector(plan, sector)).collect(),
            check_orphan_seats: template.check_orphan_seats,
            graphic: template.graphic,
            focal_point: template.focal_point.map(PointView::of),
        }
    }
}

fn of_sector<'a>(plan: &'a Plan, sector: &'a Sector) -> SectorOfDocument<'a> {
    SectorOfDocument {
        id: sector.id.0,
        name: &sector.name,
        code: &sector.code,
        rows: sector.rows.iter().map(|row| of_row(plan, row)).collect(),
        zones: sector.zones.iter().map(|zone| of_zone(plan, zone)).collect(),
    }
}

fn of_row<'a>(plan: &'a Plan, row: &'a SeatRow) -> RowOfDocument<'a> {
    let seats = row.seats.iter().map(|seat| of_seat(plan, seat)).collect();
    RowOfDocument { id: row.id.0, name: &row.name, rank: row.rank, entrance: row.entrance.as_deref(), seats }
}

fn of_seat<'a>(plan: &'a Plan, seat: &'a Seat) -> SeatOfDocument<'a> {
    SeatOfDocument {
        id: seat.id.0,
        name: &seat.name,
        x: seat.x,
        y: seat.y,
        price_type: plan.price_type_code(seat.price_type),
        quota: plan.quota_name(seat.quota),
        attributes: ATTRIBUTES.iter().filter(|(_, attribute)| seat.attributes.has(*attribute)).map(|(word, _)| *word).collect(),
        gap_before: seat.gap_before,
        blocked: seat.blocked,
    }
}

fn of_zone<'a>(plan: &'a Plan, zone: &'a Zone) -> ZoneOfDocument<'a> {
    let places = zone.places.iter();
    let places = places.map(|part| PlacesOfDocument { quota: plan.quota_name(part.quota), count: part.count, blocked: part.blocked });
    ZoneOfDocument {
        id: zone.id.0,
        name: &zone.name,
        price_type: plan.price_type_code(zone.price_type),
        entrance: zone.entrance.as_deref(),
        places: places.collect(),
    }
}
