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
    seats: Vec<Seat>,
}

#[derive(Deserialize)]
struct Seat {
    id: u64,
    #[serde(default)]
    sector: serde_json::Value,
    #[serde(default)]
    row: serde_json::Value,
    #[serde(default)]
    price_type: serde_json::Value,
    status: String,
}

/// The free seats of a session in runs: each run is of one row and one price type, without a taken seat in between.
///
/// # Errors
/// As [`Answer::read`]. A session without numbered seats is no error: it has no runs.
pub fn runs(answer: &Answer) -> Result<Vec<Vec<u64>>, Failure> {
    let map: SeatMap = answer.read()?;
    let mut runs: Vec<Vec<u64>> = Vec::new();
    let mut last: Option<&Seat> = None;
    for seat in &map.seats {
        if seat.status != "FREE" {
            last = None;
            continue;
        }
        let goes_on = last.is_some_and(|l| l.sector == seat.sector && l.row == seat.row && l.price_type == seat.price_type);
        match runs.last_mut() {
            Some(run) if goes_on => run.push(seat.id),
            _ => runs.push(vec![seat.id]),
        }
        last = Some(seat);
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
    fn a_taken_seat_and_the_end_of_a_row_end_a_run() {
        let seat =
            |id: u64, row: &str, status: &str| serde_json::json!({"id": id, "sector": 1, "row": row, "price_type": 1, "status": status});
        let body = serde_json::json!({"seats": [
            seat(1, "A", "FREE"), seat(2, "A", "FREE"), seat(3, "A", "SOLD"), seat(4, "A", "FREE"), seat(5, "B", "FREE")]});
        let answer = Answer { status: 200, body: body.to_string().into() };
        assert_eq!(runs(&answer).unwrap(), vec![vec![1, 2], vec![4], vec![5]]);
    }

    #[test]
    fn two_people_are_not_seated_so_that_one_seat_is_left_alone() {
        let runs = vec![vec![1, 2, 3], vec![4, 5, 6, 7]];
        assert_eq!(neighbours(&runs, 2), Some(&[4, 5][..]));
        assert_eq!(neighbours(&runs[..1], 2), Some(&[1, 2][..]));
        assert_eq!(neighbours(&runs, 5), None);
    }
}
