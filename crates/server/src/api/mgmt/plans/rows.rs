//! The rows of a plan once all their seats are known: who stands where, which names stand twice, and a grid for seats that nobody has placed.

use std::collections::HashMap;

use aforo_domain::catalogue::manage::document::{Kind, RowDocument, SeatDocument};
use aforo_domain::catalogue::plan::Attributes;

use super::draft::{Arranged, SectorDraft};
use super::drawn::{self, Point};
use super::findings::{At, Findings, cut};

/// The distance of neighbours in the grid, in the plan's units.
const GRID: f64 = 10.0;

/// A row so far.
#[derive(Debug)]
pub(super) struct RowDraft {
    /// Its first seat.
    pub at: At,
    pub name: String,
    pub rank: Option<u32>,
    pub entrance: Option<String>,
    pub seats: Vec<SeatDraft>,
}

/// A seat so far.
#[derive(Debug)]
pub(super) struct SeatDraft {
    pub at: At,
    pub name: String,
    pub point: Option<Point>,
    pub kind: Kind,
    pub attributes: Attributes,
    pub gap_before: Option<bool>,
    pub blocked: bool,
}

/// Puts the seats of all rows in their order and in their places.
pub(super) fn arrange(sectors: &mut [SectorDraft], scale: u32, arranged: Arranged, findings: &mut Findings) {
    let mut bottom = None::<f64>;
    for row in sectors.iter_mut().flat_map(|sector| &mut sector.rows) {
        row.check_names(findings);
        if let Some(points) = row.points() {
            row.as_drawn(points, arranged);
            let lowest = row.seats.iter().filter_map(|seat| seat.point).map(|(_, y)| y).fold(f64::MIN, f64::max);
            bottom = Some(bottom.map_or(lowest, |bottom| bottom.max(lowest)));
        }
    }
    warn_of_same_places(sectors, scale, findings);
    // The grid is in the plan's units, whatever those of the file are.
    let unit = GRID / f64::from(scale);
    let mut y = bottom.map_or(0.0, |bottom| bottom + 2.0 * unit);
    let mut unplaced = 0;
    for sector in sectors {
        let before = unplaced;
        for row in sector.rows.iter_mut().filter(|row| row.points().is_none()) {
            unplaced += row.seats.len();
            let mut x = -unit;
            for seat in &mut row.seats {
                x += if seat.gap_before == Some(true) { 2.0 * unit } else { unit };
                seat.point = Some((x, y));
            }
            y += unit;
        }
        if unplaced > before {
            y += unit;
        }
    }
    if unplaced > 0 {
        findings.warn(At::Plan, format!("seats in rows without coordinates, which were put in a grid: {unplaced}"));
    }
}

/// Two seats in one place are mostly a drawing whose units are too large for whole numbers.
fn warn_of_same_places(sectors: &[SectorDraft], scale: u32, findings: &mut Findings) {
    let mut places = HashMap::new();
    let mut twice = None;
    let mut count = 0;
    for seat in sectors.iter().flat_map(|sector| &sector.rows).flat_map(|row| &row.seats) {
        let Some((x, y)) = seat.point else { continue };
        let scaled = |value: f64| (value * f64::from(scale)).round() as i64;
        if let Some(other) = places.insert((scaled(x), scaled(y)), seat.at) {
            twice.get_or_insert((seat.at, other));
            count += 1;
        }
    }
    if let Some((at, other)) = twice {
        let message = format!("seats in the place of another one, as here in that of {other}: {count}; a larger scale may part them");
        findings.warn(at, message);
    }
}

impl RowDraft {
    /// Where its seats are, if that is known of all.
    fn points(&self) -> Option<Vec<Point>> {
        self.seats.iter().map(|seat| seat.point).collect()
    }

    fn check_names(&self, findings: &mut Findings) {
        let mut names = HashMap::with_capacity(self.seats.len());
        for seat in self.seats.iter().filter(|seat| !seat.name.is_empty()) {
            if let Some(first) = names.insert(seat.name.as_str(), seat.at) {
                let (seat_name, row) = (cut(&seat.name), cut(&self.name));
                findings.bad_value(seat.at, "seat", format!("row '{row}' has a seat '{seat_name}' already, at {first}"));
            }
        }
    }

    fn as_drawn(&mut self, points: Vec<Point>, arranged: Arranged) {
        if arranged == Arranged::AsListed {
            return;
        }
        let order = if arranged == Arranged::AsDrawn { drawn::order(&points) } else { (0..points.len()).collect() };
        let mut seats: Vec<_> = std::mem::take(&mut self.seats).into_iter().map(Some).collect();
        self.seats = order.iter().filter_map(|index| seats[*index].take()).collect();
        let points: Vec<_> = order.iter().map(|index| points[*index]).collect();
        for (seat, gap) in self.seats.iter_mut().zip(drawn::gaps(&points)) {
            seat.gap_before = seat.gap_before.or(Some(gap));
        }
    }

    /// The row of a document.
    pub(super) fn finish(self, scale: u32, findings: &mut Findings) -> RowDocument {
        let seats = self.seats.into_iter().map(|seat| seat.finish(scale, findings)).collect();
        RowDocument { name: self.name, rank: self.rank, kind: Kind::default(), entrance: self.entrance, seats }
    }
}

impl SeatDraft {
    fn finish(self, scale: u32, findings: &mut Findings) -> SeatDocument {
        let (x, y) = self.point.unwrap_or_default();
        let mut unit = |name: &str, value: f64| {
            let value = (value * f64::from(scale)).round();
            if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) {
                findings.bad_value(self.at, name, format!("{value} is too far away"));
            }
            value as i32
        };
        let (x, y) = (unit("x", x), unit("y", y));
        SeatDocument {
            name: self.name,
            x,
            y,
            kind: self.kind,
            attributes: self.attributes,
            gap_before: self.gap_before.unwrap_or_default(),
            blocked: self.blocked,
        }
    }
}
