//! Which numbered seats of a session can be picked now, read from `GET /catalog-api/v1/sessions/{id}/seats`. It keeps ids and neighbourhood
//! only; prices, coordinates and names stay in the answer.

use serde::Deserialize;

use super::{Answer, Failure};

/// The path of a session's seat map.
pub fn path(session: u64) -> String {
    format!("/catalog-api/v1/sessions/{session}/seats")
}

/// The answer, as far as it is needed here.
#[derive(Deserialize)]
struct SeatMap {
    #[serde(default)]
    sectors: Vec<Sector>,
    /// A letter for each seat, in the order of the sectors and rows.
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct Sector {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    seats: Vec<Seat>,
}

/// The array of a seat: id, name, x, y, index of the price type, and perhaps more.
#[derive(Deserialize)]
#[serde(from = "Vec<serde_json::Value>")]
struct Seat {
    id: u64,
    price_type: u64,
    gap_before: bool,
}

impl From<Vec<serde_json::Value>> for Seat {
    fn from(fields: Vec<serde_json::Value>) -> Self {
        let number = |index: usize| fields.get(index).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let attributes = fields.get(5).and_then(serde_json::Value::as_array);
        let gap_before = attributes.is_some_and(|attributes| attributes.iter().any(|attribute| attribute == "GAP_BEFORE"));
        Self { id: number(0), price_type: number(4), gap_before }
    }
}

/// The letter of a seat that can be put into a basket.
const FREE: u8 = b'F';

/// The free seats of a session in runs: each run is of one row and one price type, without a taken seat or a gap in between.
///
/// # Errors
/// As [`Answer::read`]. A session without numbered seats is no error: it has no runs.
pub fn runs(answer: &Answer) -> Result<Vec<Vec<u64>>, Failure> {
    let map: SeatMap = answer.read()?;
    let mut runs: Vec<Vec<u64>> = Vec::new();
    let mut statuses = map.status.bytes();
    for row in map.sectors.iter().flat_map(|sector| &sector.rows) {
        let mut last: Option<&Seat> = None;
        for seat in &row.seats {
            if statuses.next() != Some(FREE) {
                last = None;
                continue;
            }
            let goes_on = last.is_some_and(|last| last.price_type == seat.price_type && !seat.gap_before);
            match runs.last_mut() {
                Some(run) if goes_on => run.push(seat.id),
                _ => runs.push(vec![seat.id]),
            }
            last = Some(seat);
        }
    }
    Ok(runs)
}

/// The first `quantity` neighbours that can be taken without leaving a single seat alone behind them, in any run.
pub fn neighbours(runs: &[Vec<u64>], quantity: usize) -> Option<&[u64]> {
    let fits = |run: &&Vec<u64>| run.len() == quantity || run.len() >= quantity + 2;
    runs.iter().find(fits).or_else(|| runs.iter().find(|run| run.len() >= quantity)).map(|run| &run[..quantity])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_seat_a_gap_and_the_end_of_a_row_end_a_run() {
        let body = serde_json::json!({"id": 9, "sectors": [{"id": 1, "rows": [
            {"id": 1, "name": "A", "seats": [[1, "1", 0, 0, 0], [2, "2", 1, 0, 0], [3, "3", 2, 0, 0], [4, "4", 3, 0, 0], [5, "5", 5, 0, 0, ["GAP_BEFORE"]]]},
            {"id": 2, "name": "B", "seats": [[6, "1", 0, 1, 0], [7, "2", 1, 1, 1]]}]}], "status": "FFTFFFF"});
        let answer = Answer { status: 200, body: body.to_string().into() };
        assert_eq!(runs(&answer).unwrap(), vec![vec![1, 2], vec![4], vec![5], vec![6], vec![7]]);
    }

    #[test]
    fn two_people_are_not_seated_so_that_one_seat_is_left_alone() {
        let runs = vec![vec![1, 2, 3], vec![4, 5, 6, 7]];
        assert_eq!(neighbours(&runs, 2), Some(&[4, 5][..]));
        assert_eq!(neighbours(&runs[..1], 2), Some(&[1, 2][..]));
        assert_eq!(neighbours(&runs, 5), None);
    }
}
