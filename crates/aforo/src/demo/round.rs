//! Round plans: rows on arcs around what everybody looks at, in centimetres, x to the right and y downwards.

use serde_json::{Value, json};

/// From one seat to the next.
pub const SEAT_WIDTH: f64 = 55.0;

/// A curved row: on an ellipse, between two angles (0 is straight ahead, a full turn is 2 pi).
#[derive(Debug, Clone, Copy)]
pub struct Arc {
    /// Half its width.
    pub across: f64,
    /// Half its depth.
    pub deep: f64,
    /// From here.
    pub from: f64,
    /// To here.
    pub to: f64,
}

impl Arc {
    /// Where a share (0 to 1) of the way along it is.
    fn point(&self, share: f64) -> (i64, i64) {
        let angle = self.from + (self.to - self.from) * share;
        ((self.across * angle.sin()).round() as i64, (self.deep * angle.cos()).round() as i64)
    }

    /// How many seats stand on it side by side.
    pub fn room(&self) -> usize {
        ((self.across + self.deep) / 2.0 * (self.to - self.from).abs() / SEAT_WIDTH) as usize
    }

    /// A row of so many seats, spread evenly, with an aisle before each of these.
    pub fn row(&self, name: &str, seats: usize, aisles: &[usize]) -> Value {
        let width = (seats + aisles.len()) as f64;
        let seat = |index: usize| {
            let before = aisles.iter().filter(|aisle| **aisle <= index).count();
            let (x, y) = self.point((index + before) as f64 / width + 0.5 / width);
            let mut seat = json!({"name": (index + 1).to_string(), "x": x, "y": y});
            if aisles.contains(&index) {
                seat["gap_before"] = json!(true);
            }
            if aisles.contains(&index) || aisles.contains(&(index + 1)) {
                seat["attributes"] = json!(["AISLE"]);
            }
            seat
        };
        json!({"name": name, "seats": (0..seats).map(seat).collect::<Vec<_>>()})
    }
}
