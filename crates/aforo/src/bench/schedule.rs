//! When orders begin and when a run is over. A closed loop begins one as soon as a client is free; an open loop has them due at a fixed rate,
//! whether clients are free or not, so that a stalled server cannot hide what it made others wait. The timer wakes on whole milliseconds; what
//! that adds to an open loop's latencies is left in.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::args::Until;
use crate::clock;

/// The shared schedule of a run.
pub struct Schedule {
    start: Instant,
    until: Until,
    every: Option<Duration>,
    begun: Cell<u64>,
    stopped: Cell<bool>,
}

impl Schedule {
    /// Starts now; `rate` orders a second are due, or as many as there are free clients.
    pub fn new(until: Until, rate: Option<f64>) -> Self {
        let every = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        Self { start: clock::now(), until, every, begun: Cell::new(0), stopped: Cell::new(false) }
    }

    /// Waits until the next order is due and returns that moment; `None` when the run is over.
    pub async fn next(&self) -> Option<Instant> {
        let number = self.begun.get();
        if self.stopped.get() || matches!(self.until, Until::Count(count) if number >= count) {
            return None;
        }
        let due = match self.every {
            None => clock::now(),
            Some(every) => self.start + Duration::from_secs_f64(every.as_secs_f64() * number as f64),
        };
        if matches!(self.until, Until::Seconds(seconds) if due >= self.start + Duration::from_secs(seconds)) {
            return None;
        }
        self.begun.set(number + 1);
        if self.every.is_some() && due > clock::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        Some(due)
    }

    /// Ends the run early.
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    /// When the run began.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// How much of the run is over, 0 to 1.
    pub fn progress(&self) -> f64 {
        let done = match self.until {
            Until::Count(count) => self.begun.get() as f64 / count as f64,
            Until::Seconds(seconds) => clock::micros_since(self.start) as f64 / (seconds as f64 * 1e6),
        };
        done.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
    }

    #[test]
    fn a_counted_run_begins_exactly_that_many() {
        on_one_thread(async {
            let schedule = Schedule::new(Until::Count(3), None);
            for _ in 0..3 {
                assert!(schedule.next().await.is_some());
            }
            assert!(schedule.next().await.is_none());
        });
    }

    #[test]
    fn an_open_loop_has_orders_due_at_its_rate_even_while_nobody_takes_them() {
        on_one_thread(async {
            let schedule = Schedule::new(Until::Count(100), Some(1000.0));
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut due = Vec::new();
            for _ in 0..100 {
                due.push(schedule.next().await.unwrap());
            }
            // The fiftieth was due one twentieth of a second after the start, however late it was taken.
            assert_eq!(due[50] - schedule.start(), Duration::from_millis(50));
            assert!(clock::micros_since(due[0]) >= 99_000, "the last one was not waited for");
        });
    }

    #[test]
    fn a_stopped_run_begins_nothing_more() {
        on_one_thread(async {
            let schedule = Schedule::new(Until::Seconds(100), None);
            assert!(schedule.next().await.is_some());
            schedule.stop();
            assert!(schedule.next().await.is_none());
        });
    }
}
