//! The plan in numbers, for who draws it.

use aforo_domain::catalogue::plan::{Plan, RowSpan};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::layout::{Block, Layout, Point, short};

/// A venue template's plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Geometry<'a> {
    /// All sessions of this template have the same map.
    venue_template_id: u64,
    /// Holds everything, with some room around.
    bounds: Block,
    /// From one seat to its neighbour.
    #[serde(serialize_with = "short")]
    seat_pitch: f64,
    /// What everybody looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_point: Option<Point>,
    /// What the array of a seat holds.
    seat_fields: [&'static str; 5],
    /// A seat's or a zone's price type is an index into these.
    price_types: Vec<MapPriceType<'a>>,
    sectors: Vec<MapSector<'a>>,
}

/// A price type and its colour.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MapPriceType<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    color: &'a str,
}

/// A sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MapSector<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    /// Where its name may stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Point>,
    rows: Vec<MapRow<'a>>,
    zones: Vec<MapZone<'a>>,
}

/// A row, its seats in physical order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MapRow<'a> {
    id: u64,
    name: &'a str,
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    seats: Vec<MapSeat<'a>>,
}

/// Id, name, x, y, index of the price type.
#[derive(Debug)]
struct MapSeat<'a>(u64, &'a str, (i32, i32), usize);

impl Serialize for MapSeat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(id, name, (x, y), price_type) = self;
        let mut array = serializer.serialize_seq(Some(5))?;
        array.serialize_element(id)?;
        array.serialize_element(name)?;
        array.serialize_element(x)?;
        array.serialize_element(y)?;
        array.serialize_element(price_type)?;
        array.end()
    }
}

/// A not-numbered zone, and a place for it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MapZone<'a> {
    id: u64,
    name: &'a str,
    price_type: usize,
    capacity: u32,
    #[serde(flatten)]
    block: Block,
}

impl<'a> Geometry<'a> {
    /// That of a plan.
    pub fn of(plan: &'a Plan) -> Self {
        let layout = Layout::of(plan);
        let price_types = plan.template.price_types.iter();
        let price_types = price_types.map(|kind| MapPriceType { id: kind.id.0, name: &kind.name, code: &kind.code, color: &kind.color });
        Self {
            venue_template_id: plan.template.id.0,
            bounds: layout.bounds,
            seat_pitch: layout.pitch,
            focal_point: layout.focus.map(|focus| focus.middle()),
            seat_fields: ["id", "seat", "x", "y", "price_type"],
            price_types: price_types.collect(),
            sectors: (0..plan.sectors.len()).map(|index| sector(plan, &layout, index)).collect(),
        }
    }
}

fn sector<'a>(plan: &'a Plan, layout: &Layout, index: usize) -> MapSector<'a> {
    let sector = &plan.sectors[index];
    let zones = plan.zones.iter().zip(&layout.zones).filter(|(span, _)| span.sector == index);
    let zone = |(span, block): (&aforo_domain::catalogue::plan::ZoneSpan, &Block)| {
        let zone = &sector.zones[span.zone];
        let price_type = plan.groups[usize::from(span.group)].price_type;
        MapZone { id: zone.id.0, name: &zone.name, price_type, capacity: span.len, block: *block }
    };
    MapSector {
        id: sector.id.0,
        name: &sector.name,
        code: &sector.code,
        label: layout.labels[index].map(|(point, _)| point),
        rows: plan.rows.iter().filter(|span| span.sector == index).map(|span| row(plan, layout, span)).collect(),
        zones: zones.map(zone).collect(),
    }
}

fn row<'a>(plan: &'a Plan, layout: &Layout, span: &RowSpan) -> MapRow<'a> {
    let row = &plan.sectors[span.sector].rows[span.row];
    let points = &layout.seats[span.first as usize..];
    let seats = row.seats.iter().zip(points).map(|(seat, point)| {
        let price_type = plan.price_type_index(seat.price_type).unwrap_or_default();
        MapSeat(seat.id.0, &seat.name, *point, price_type)
    });
    MapRow { id: row.id.0, name: &row.name, seats: seats.collect() }
}
