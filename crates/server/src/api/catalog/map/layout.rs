//! Where everything of a plan stands: seats by their coordinates, or row by row where they have none, and zones, which never have any, below them.
//!
//! All in the plan's units, x to the right and y downwards. Nothing is drawn here.

use aforo_domain::catalogue::plan::{Plan, RowSpan};
use serde::Serialize;

/// From one seat to the next where a plan has no coordinates, and what zones are measured in where it has no seats.
const PITCH: i32 = 10;
/// Zones stand so many in a line at most.
const ZONES_IN_LINE: usize = 4;
/// How high a zone is, in seats.
const ZONE_HEIGHT: f64 = 7.0;
/// How wide a plan is at least, in seats, if it has zones.
const ZONES_WIDTH: f64 = 48.0;
/// How wide the mark at the focal point is, in seats; and on a large plan, of its width.
const FOCUS: (f64, f64) = (14.0, 0.1);
/// How deep it is, of its own width.
const FOCUS_DEPTH: f64 = 0.28;

/// A place of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Point {
    /// To the right.
    #[serde(serialize_with = "short")]
    pub x: f64,
    /// Downwards.
    #[serde(serialize_with = "short")]
    pub y: f64,
}

/// A rectangle: its left upper corner and its extent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Block {
    /// Its left edge.
    #[serde(serialize_with = "short")]
    pub x: f64,
    /// Its upper edge.
    #[serde(serialize_with = "short")]
    pub y: f64,
    /// To the right.
    #[serde(serialize_with = "short")]
    pub width: f64,
    /// Downwards.
    #[serde(serialize_with = "short")]
    pub height: f64,
}

/// Where everything stands.
#[derive(Debug)]
pub struct Layout {
    /// Holds everything, with some room around.
    pub bounds: Block,
    /// From one seat to its neighbour.
    pub pitch: f64,
    /// The seats, by place.
    pub seats: Vec<(i32, i32)>,
    /// The zones, in the plan's order.
    pub zones: Vec<Block>,
    /// By sector, where its name is written and how high; `None` for one without numbered seats.
    pub labels: Vec<Option<(Point, f64)>>,
    /// What everybody looks at, where seats have coordinates.
    pub focus: Option<Block>,
}

impl Block {
    /// Its middle.
    pub fn middle(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// What holds both.
    fn with(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = ((self.x + self.width).max(other.x + other.width), (self.y + self.height).max(other.y + other.height));
        Self { x, y, width: right - x, height: bottom - y }
    }

    fn grown(self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }
}

impl Layout {
    /// Lays a plan out.
    pub fn of(plan: &Plan) -> Self {
        let own = own_coordinates(plan);
        let is_own = own.is_some();
        let seats = own.unwrap_or_else(|| row_by_row(plan));
        let pitch = pitch(plan, &seats);
        let around = around(&seats).map(|block| block.grown(pitch));
        // Names may hide some seats where these are so many that they are looked at closer up anyway.
        let most = around.map_or(pitch, |around| (around.width / 40.0).clamp(2.0 * pitch, 5.0 * pitch));
        let labels = (0..plan.sectors.len()).map(|sector| label(plan, sector, &seats, pitch, most)).collect();
        let focus = plan.template.focal_point.filter(|_| is_own).map(|(x, y)| {
            let width = (FOCUS.0 * pitch).max(FOCUS.1 * around.map_or(0.0, |around| around.width));
            let height = FOCUS_DEPTH * width;
            Block { x: f64::from(x) - width / 2.0, y: f64::from(y) - height / 2.0, width, height }
        });
        let shown = around.into_iter().chain(focus).reduce(Block::with);
        let zones = zones(plan, shown, pitch);
        let all = shown.into_iter().chain(zones.iter().copied()).reduce(Block::with);
        let all = all.unwrap_or(Block { x: 0.0, y: 0.0, width: pitch, height: pitch });
        Self { bounds: all.grown(pitch), pitch, seats, zones, labels, focus }
    }
}

/// The seats' coordinates, if the plan has any: not all in one point.
fn own_coordinates(plan: &Plan) -> Option<Vec<(i32, i32)>> {
    let seats: Vec<_> = plan.rows.iter().flat_map(|span| plan.row_seats(span)).map(|seat| (seat.x, seat.y)).collect();
    let apart = seats.len() == 1 || seats.iter().any(|seat| seats.first() != Some(seat));
    (plan.template.graphic && apart).then_some(seats)
}

/// Each row a line around the same middle, sectors below each other; gaps in a row are a seat wide.
fn row_by_row(plan: &Plan) -> Vec<(i32, i32)> {
    let (mut seats, mut y, mut sector) = (Vec::with_capacity(plan.seats as usize), 0, None);
    for span in &plan.rows {
        y += if sector.is_none_or(|last| last == span.sector) { PITCH } else { 4 * PITCH };
        sector = Some(span.sector);
        let mut x = 0;
        let first = seats.len();
        for (index, seat) in plan.row_seats(span).iter().enumerate() {
            x += if index == 0 { 0 } else { PITCH * (1 + i32::from(seat.gap_before)) };
            seats.push((x, y));
        }
        seats[first..].iter_mut().for_each(|seat| seat.0 -= x / 2);
    }
    seats
}

/// The distance of neighbours that is in the middle of all.
fn pitch(plan: &Plan, seats: &[(i32, i32)]) -> f64 {
    let pairs = (1..plan.seats as usize).filter(|place| plan.joined[*place]);
    let mut distances: Vec<f64> = pairs.map(|place| distance(seats[place - 1], seats[place])).filter(|distance| *distance > 0.0).collect();
    if distances.is_empty() {
        return f64::from(PITCH);
    }
    let middle = distances.len() / 2;
    *distances.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn distance(a: (i32, i32), b: (i32, i32)) -> f64 {
    (f64::from(a.0) - f64::from(b.0)).hypot(f64::from(a.1) - f64::from(b.1))
}

/// What holds these seats' middles.
fn around(seats: &[(i32, i32)]) -> Option<Block> {
    let block = |(x, y): &(i32, i32)| Block { x: f64::from(*x), y: f64::from(*y), width: 0.0, height: 0.0 };
    seats.iter().map(block).reduce(Block::with)
}

/// A sector's name stands in the middle of its middle row, as large as that row has room, and `most` at most.
fn label(plan: &Plan, sector: usize, seats: &[(i32, i32)], pitch: f64, most: f64) -> Option<(Point, f64)> {
    let rows: Vec<&RowSpan> = plan.rows.iter().filter(|span| span.sector == sector && span.len > 0).collect();
    let row = rows.get(rows.len() / 2)?;
    let of_row = &seats[row.first as usize..(row.first + row.len) as usize];
    let (x, y) = of_row[of_row.len() / 2];
    let room = distance(of_row[0], of_row[of_row.len() - 1]) + pitch;
    // A letter is about half as wide as it is high.
    let letters = plan.sectors[sector].name.chars().count().max(1) as f64;
    let height = (room * 0.9 / (letters * 0.55)).clamp(pitch, most);
    Some((Point { x: f64::from(x), y: f64::from(y) }, height))
}

/// Zones in lines below everything else, wider the more they hold.
fn zones(plan: &Plan, above: Option<Block>, pitch: f64) -> Vec<Block> {
    let width = above.map_or(0.0, |above| above.width).max(ZONES_WIDTH * pitch);
    let left = above.map_or(0.0, |above| above.middle().x - width / 2.0);
    let mut y = above.map_or(0.0, |above| above.y + above.height + 2.0 * pitch);
    // Not smaller than can be read on a plan that is much larger than its seats.
    let height = (ZONE_HEIGHT * pitch).max(width / 16.0);
    let mut blocks = Vec::with_capacity(plan.zones.len());
    for line in plan.zones.chunks(ZONES_IN_LINE) {
        let weight = |len: u32| f64::from(len.max(1)).sqrt().max(1.0);
        let weights: f64 = line.iter().map(|zone| weight(zone.len)).sum();
        let room = width - pitch * (line.len() - 1) as f64;
        let mut x = left;
        for zone in line {
            // Half of the room is shared alike, so that the smallest can be read.
            let own = room / 2.0 * (1.0 / line.len() as f64 + weight(zone.len) / weights);
            blocks.push(Block { x, y, width: own, height });
            x += own + pitch;
        }
        y += height + pitch;
    }
    blocks
}

/// To a hundredth of a unit, which nobody can see.
pub fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Writes a number with as few digits as it needs.
pub fn short<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let value = rounded(*value);
    if value.fract() == 0.0 { serializer.serialize_i64(value as i64) } else { serializer.serialize_f64(value) }
}
