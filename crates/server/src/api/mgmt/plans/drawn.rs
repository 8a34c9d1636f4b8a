//! What a drawing says without words: in which order the seats of a row stand, and where a gap is between them. Pure arithmetic on points.

/// A point of a drawing, x to the right and y downwards.
pub type Point = (f64, f64);

/// How many times the usual distance of a row's neighbours makes a gap.
const GAP: f64 = 1.5;

/// The order in which the points of a row stand: as they come, or along the longer side of the row where that is the shorter walk.
pub fn order(points: &[Point]) -> Vec<usize> {
    let listed: Vec<usize> = (0..points.len()).collect();
    let spread = |of: fn(&Point) -> f64| {
        let (low, high) = points.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        high - low
    };
    let along: fn(&Point) -> f64 = if spread(|point| point.0) >= spread(|point| point.1) { |point| point.0 } else { |point| point.1 };
    let mut sorted = listed.clone();
    sorted.sort_by(|a, b| along(&points[*a]).total_cmp(&along(&points[*b])));
    let walk = |order: &[usize]| order.windows(2).map(|pair| distance(points[pair[0]], points[pair[1]])).sum::<f64>();
    // A hair's breadth shorter is no reason to turn a row round.
    if walk(&sorted) < walk(&listed) * 0.999 { sorted } else { listed }
}

/// For each point in its order, whether there is a gap before it.
pub fn gaps(points: &[Point]) -> Vec<bool> {
    let distances: Vec<f64> = points.windows(2).map(|pair| distance(pair[0], pair[1])).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let is_gap = |distance: &f64| usual > 0.0 && *distance > usual * GAP;
    let first = points.iter().take(1).map(|_| false);
    first.chain(distances.iter().map(is_gap)).collect()
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use super::{gaps, order};

    #[test]
    fn a_row_stands_as_it_is_listed_unless_that_jumps_about() {
        let row = |xs: &[i32]| xs.iter().map(|x| (f64::from(*x), 5.0)).collect::<Vec<_>>();
        assert_eq!(order(&row(&[0, 10, 20, 40])), [0, 1, 2, 3]);
        assert_eq!(order(&row(&[40, 20, 10, 0])), [0, 1, 2, 3], "from the right is as good");
        assert_eq!(order(&row(&[20, 0, 40, 10])), [1, 3, 0, 2]);
        let upright: Vec<_> = [20.0, 0.0, 10.0].map(|y| (1.0, y)).to_vec();
        assert_eq!(order(&upright), [1, 2, 0]);
        // Three sides of a square, listed in order.
        let bent = [(0.0, 20.0), (0.0, 10.0), (0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (20.0, 10.0), (20.0, 20.0)];
        assert_eq!(order(&bent), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(order(&[]), [0; 0]);
    }

    #[test]
    fn a_gap_is_wider_than_what_is_usual() {
        let of = |xs: &[i32]| gaps(&xs.iter().map(|x| (f64::from(*x), 0.0)).collect::<Vec<_>>());
        assert_eq!(of(&[0, 10, 20, 45, 55]), [false, false, false, true, false]);
        assert_eq!(of(&[0, 10, 40]), [false, false, true]);
        assert_eq!(of(&[0, 10, 24]), [false, false, false]);
        assert_eq!(of(&[0, 0, 0]), [false, false, false]);
        assert_eq!((of(&[]), of(&[7])), (vec![], vec![false]));
    }
}
