//! Throughput over time, in a bounded number of points: when there are too many, neighbours are joined and the step doubles. Latency is not
//! here but in `stats`.

/// Enough points for a plot; twice as many are held before neighbours are joined.
const POINTS: usize = 300;

/// One step of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Seconds from the start to the end of this step.
    pub at: f64,
    /// How long the step was, in seconds.
    pub length: f64,
    /// Requests in it.
    pub requests: u64,
    /// Confirmed orders in it.
    pub orders: u64,
    /// CPU seconds of the server in it; 0 where that cannot be seen.
    pub cpu_seconds: f64,
    /// The server's memory at its end, in MiB; 0 where it cannot be seen.
    pub rss_mb: f64,
}

/// What has been counted since a run began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Total {
    /// Seconds.
    pub at: f64,
    /// Requests.
    pub requests: u64,
    /// Confirmed orders.
    pub orders: u64,
    /// CPU seconds of the server.
    pub cpu_seconds: f64,
}

impl Point {
    /// Requests a second.
    pub fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.length
    }
}

/// The steps of a run so far.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    points: Vec<Point>,
    seen: Total,
    join: usize,
    open: usize,
}

impl Timeline {
    /// Adds a step up to `total`, at whose end the server holds `rss_mb`.
    pub fn add(&mut self, total: Total, rss_mb: f64) {
        let seen = std::mem::replace(&mut self.seen, total);
        let step = Point {
            at: total.at,
            length: total.at - seen.at,
            requests: total.requests - seen.requests,
            orders: total.orders - seen.orders,
            cpu_seconds: total.cpu_seconds - seen.cpu_seconds,
            rss_mb,
        };
        match self.points.last_mut() {
            Some(last) if self.open < self.join => {
                *last = join(*last, step);
                self.open += 1;
            }
            _ => {
                self.points.push(step);
                self.open = 0;
            }
        }
        if self.points.len() > 2 * POINTS {
            self.points = self.points.chunks(2).map(|pair| pair.iter().copied().reduce(join).unwrap_or(pair[0])).collect();
            self.join = self.join * 2 + 1;
            self.open = self.join;
        }
    }

    /// The steps.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

fn join(first: Point, second: Point) -> Point {
    Point {
        length: first.length + second.length,
        requests: first.requests + second.requests,
        orders: first.orders + second.orders,
        cpu_seconds: first.cpu_seconds + second.cpu_seconds,
        ..second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_long_run_keeps_every_request_in_a_bounded_number_of_steps() {
        let mut timeline = Timeline::default();
        for step in 1..=345_600u64 {
            timeline.add(Total { at: step as f64 * 0.25, requests: step * 10, orders: step, cpu_seconds: step as f64 }, 1.0);
        }
        let points = timeline.points();
        assert!(points.len() <= 2 * POINTS && points.len() >= POINTS / 2, "{}", points.len());
        assert_eq!(points.iter().map(|point| point.requests).sum::<u64>(), 3_456_000);
        assert!((points.iter().map(|point| point.cpu_seconds).sum::<f64>() - 345_600.0).abs() < 1e-3);
        assert!((points.iter().map(|point| point.length).sum::<f64>() - 86_400.0).abs() < 1e-6);
        assert!(points.iter().all(|point| (point.requests_per_s() - 40.0).abs() < 1e-6));
        assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at));
    }
}
