//! A plan in the published form of pretix's seating plans: JSON with categories, and zones of rows of seats. Categories become price types and zones
//! sectors; positions add up. Areas are pictures to it, and left out.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::draft::{Common, Draft, Named, SeatRead};
use super::drawn::Point;
use super::findings::{At, Findings, cut};

/// Objects of a file at most: each seat and its position is one.
const MAX_OBJECTS: usize = 2_000_000;

/// A seating plan as pretix publishes its form. What is not listed here is ignored.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeatingPlan {
    /// Become price types.
    #[schema(required = true)]
    categories: Option<Vec<CategoryBody>>,
    /// Become sectors.
    #[schema(required = true)]
    zones: Option<Vec<PlanZoneBody>>,
}

/// A category.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct CategoryBody {
    #[schema(required = true)]
    name: Option<String>,
    /// `#9E4500`
    color: Option<String>,
}

/// A zone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct PlanZoneBody {
    name: Option<String>,
    zone_id: Option<String>,
    position: Option<PositionBody>,
    #[schema(required = true)]
    rows: Option<Vec<PlanRowBody>>,
    /// Left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    areas: Vec<IgnoredAny>,
}

/// A row.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct PlanRowBody {
    #[schema(required = true)]
    row_number: Option<String>,
    position: Option<PositionBody>,
    #[schema(required = true)]
    seats: Option<Vec<PlanSeatBody>>,
}

/// A seat.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct PlanSeatBody {
    #[schema(required = true)]
    seat_number: Option<String>,
    /// From its row's position.
    position: Option<PositionBody>,
    /// Name of a category.
    #[schema(required = true)]
    category: Option<String>,
}

/// A position.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
struct PositionBody {
    x: f64,
    y: f64,
}

/// Reads a seating plan. Empty objects of two letters take a hundred times that in memory, so they are counted before they are read.
pub fn read(text: &str, draft: &mut Draft, findings: &mut Findings) {
    if text.bytes().filter(|byte| *byte == b'{').count() > MAX_OBJECTS {
        return findings.unreadable(At::Plan, format!("more than {MAX_OBJECTS} objects"));
    }
    let plan: SeatingPlan = match serde_json::from_str(text) {
        Ok(plan) => plan,
        Err(error) => return findings.unreadable(At::Plan, error),
    };
    let categories = plan.categories.unwrap_or_default();
    for (index, category) in categories.iter().enumerate() {
        let (at, name) = (At::Category(index), category.name.as_deref().unwrap_or_default());
        findings.required(at, "categories.name", name);
        let color = category.color.as_deref().and_then(super::svg_shape::color);
        if category.color.is_some() && color.is_none() {
            findings.warn(at, "its colour was ignored, as it is none that can be read");
        }
        draft.declare_price_type(at, name, "", color.as_deref().unwrap_or_default(), findings);
    }
    let known = categories.iter().filter_map(|category| category.name.as_deref()).map(str::trim).collect();
    let Some(zones) = plan.zones else { return findings.missing(At::Plan, "zones", "there is no such member") };
    let areas: usize = zones.iter().map(|zone| zone.areas.len()).sum();
    if areas > 0 {
        findings.warn(At::Plan, format!("ignored areas, which have no places: {areas}"));
    }
    for (index, zone) in zones.iter().enumerate() {
        zone.read(index, &known, draft, findings);
    }
}

impl PlanZoneBody {
    fn read(&self, index: usize, categories: &HashSet<&str>, draft: &mut Draft, findings: &mut Findings) {
        let at = At::Zone(index);
        let given = [&self.name, &self.zone_id].into_iter().flatten().find(|name| !name.trim().is_empty());
        let name = given.cloned().unwrap_or_else(|| format!("Zone {}", index + 1));
        if given.is_none() {
            findings.warn(at, format!("has no name: it is called {name}"));
        }
        let Some(rows) = &self.rows else { return findings.missing(at, "zones.rows", "there is no such member") };
        for (row_index, row) in rows.iter().enumerate() {
            if findings.is_over() {
                return;
            }
            let (key, row_key) = (index.to_string(), row_index.to_string());
            let sector = Named { name: &name, key: &key };
            row.read((index, row_index), (sector, &row_key), origin(self.position, (0.0, 0.0)), categories, draft, findings);
        }
    }
}

impl PlanRowBody {
    fn read(
        &self,
        (zone, index): (usize, usize),
        (sector, key): (Named<'_>, &str),
        from: Point,
        categories: &HashSet<&str>,
        draft: &mut Draft,
        findings: &mut Findings,
    ) {
        let at = At::Row(zone, index);
        let given = self.row_number.as_deref().filter(|name| !name.trim().is_empty());
        let name = given.map_or_else(|| (index + 1).to_string(), str::to_owned);
        if given.is_none() {
            findings.warn(at, format!("has no number: it is called {name}"));
        }
        let from = origin(self.position, from);
        let Some(seats) = &self.seats else { return findings.missing(at, "zones.rows.seats", "there is no such member") };
        for (seat_index, seat) in seats.iter().enumerate() {
            if findings.is_over() {
                return;
            }
            let at = At::Seat(zone, index, seat_index);
            let category = seat.category.as_deref().unwrap_or_default();
            if category.trim().is_empty() {
                findings.missing(at, "category", "a seat has a category");
            } else if !categories.contains(category.trim()) {
                findings.bad_value(at, "category", format!("'{}' is none of the plan's categories", cut(category)));
            }
            let read = SeatRead {
                common: Common { sector, price_type: category, ..Common::default() },
                row: Named { name: &name, key },
                rank: None,
                name: seat.seat_number.as_deref().unwrap_or_default(),
                point: seat.position.map(|position| origin(Some(position), from)),
                attributes: Default::default(),
                gap_before: None,
                blocked: false,
            };
            draft.seat(at, &read, findings);
        }
    }
}

fn origin(position: Option<PositionBody>, from: Point) -> Point {
    position.map_or(from, |position| (from.0 + position.x, from.1 + position.y))
}
