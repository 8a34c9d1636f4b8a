//! Which numbered seats of a session can be picked now, read from `GET /catalog-api/v1/sessions/{id}/seats`. It keeps ids and neighbourhood
//! only; prices, coordinates and names stay in the answer.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Answer, Failure};

/// The letter of a seat that can be put into a basket.
const FREE: u8 = b'F';
/// The attribute of a seat that has an aisle or a missing number before it.
const GAP_BEFORE: &str = "GAP_BEFORE";

/// The path of a session's seat map.
pub fn path(session: u64) -> String {
    format!("/catalog-api/v1/sessions/{session}/seats")
}

/// The answer, as far as it is needed here.
#[derive(Deserialize)]
struct SeatMap {
    sectors: Vec<Sector>,
    /// One letter a seat, in the order of sectors, rows and seats.
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

/// Id, name, x, y, index of the price type, attributes if there are any.
#[derive(Deserialize)]
struct Seat(u64, IgnoredAny, IgnoredAny, IgnoredAny, u32, #[serde(default)] Vec<String>);

/// The free seats of a session in runs: each run is of one row and one price type, without a taken seat or an aisle in between.
///
/// # Errors
/// As [`Answer::read`]. A session without numbered seats is no error: it has no runs.
pub fn runs(answer: &Answer) -> Result<Vec<Vec<u64>>, Failure> {
    let map: SeatMap = answer.read()?;
    let mut letters = map.status.bytes();
    let mut runs: Vec<Vec<u64>> = Vec::new();
    for row in map.sectors.iter().flat_map(|sector| &sector.rows) {
        let mut last: Option<u32> = None;
        for Seat(id, _, _, _, price_type, attributes) in &row.seats {
            if letters.next() != Some(FREE) {
                last = None;
                continue;
            }
            let goes_on = last == Some(*price_type) && !attributes.iter().any(|attribute| attribute == GAP_BEFORE);
            match runs.last_mut() {
                Some(run) if goes_on => run.push(*id),
                _ => runs.push(vec![*id]),
            }
            last = Some(*price_type);
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
    fn a_taken_seat_an_aisle_another_price_and_the_end_of_a_row_end_a_run() {
        let row_a = r#"[[1,"1",0,0,0],[2,"2",1,0,0],[3,"3",2,0,0],[4,"4",3,0,0,["AISLE"]],[5,"5",5,0,0,["GAP_BEFORE"]],[6,"6",6,0,1]]"#;
        let row_b = r#"[[7,"1",0,1,1],[8,"2",1,1,1]]"#;
        let sectors = format!(r#"[{{"id":1,"rows":[{{"id":1,"seats":{row_a}}},{{"id":2,"seats":{row_b}}}]}}]"#);
        let body = format!(r#"{{"id":9,"sectors":{sectors},"status":"FFTFFFFN"}}"#);
        let answer = Answer { status: 200, body: body.into() };
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
