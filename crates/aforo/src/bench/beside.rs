//! What orders came to that have something the plain ones beside them have not: the same figures of both, and what one is of the other.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::report::{Percentiles, Round, Side, latencies, median_of, median_ratio, stats_of};
use super::run::Outcome;

/// The figures of the rounds with it. Rates are medians of the rounds, ratios of pairs of rounds.
#[derive(Serialize)]
pub struct Beside {
    orders_per_s: f64,
    requests_per_s: f64,
    requests_per_order: f64,
    /// Of orders a second: with extras to without.
    orders_ratio: f64,
    /// Of requests a second.
    requests_ratio: f64,
    /// Of the server's CPU for an order.
    cpu_ratio: Option<f64>,
    server_cpu_us_per_request: Option<f64>,
    orders: u64,
    conflicts: u64,
    errors: u64,
    latency_ms: BTreeMap<&'static str, Percentiles>,
}

impl Beside {
    /// Those of a side's rounds, if there are any.
    pub fn of(rounds: &[Round], side: Side) -> Option<Self> {
        let (with, without) = (stats_of(rounds, side), stats_of(rounds, Side::Real));
        let median = |figure| median_of(rounds, side, figure);
        let cpu = median(Outcome::server_cpu_us_per_request)
            .zip(median_of(rounds, Side::Real, Outcome::server_cpu_us_per_request))
            .filter(|(_, without)| *without > 0.0);
        let per_order = |stats: &super::stats::Stats| stats.requests.count() as f64 / stats.orders.count().max(1) as f64;
        let more = per_order(&with) / per_order(&without);
        Some(Self {
            orders_per_s: median(|outcome| Some(outcome.orders_per_s()))?,
            requests_per_s: median(|outcome| Some(outcome.requests_per_s()))?,
            requests_per_order: per_order(&with),
            orders_ratio: median_ratio(rounds, side, Outcome::orders_per_s)?,
            requests_ratio: median_ratio(rounds, side, Outcome::requests_per_s)?,
            cpu_ratio: cpu.map(|(with, without)| with / without * more),
            server_cpu_us_per_request: cpu.map(|(with, _)| with),
            orders: with.orders.count(),
            conflicts: with.conflicts,
            errors: with.error_count(),
            latency_ms: latencies(&with),
        })
    }

    /// For people.
    pub fn write(&self, text: &mut String, what: &str) -> std::fmt::Result {
        let Self { orders_per_s, requests_per_s, orders_ratio, requests_ratio, orders, conflicts, errors, .. } = self;
        writeln!(text, "\n  with {what}, {:.1} requests an order:", self.requests_per_order)?;
        writeln!(text, "  orders/s    {orders_per_s:>10.0}   ratio {orders_ratio:>7.3}   of those without, median of the pairs")?;
        writeln!(text, "  requests/s  {requests_per_s:>10.0}   ratio {requests_ratio:>7.3}")?;
        if let (Some(ratio), Some(cpu)) = (self.cpu_ratio, self.server_cpu_us_per_request) {
            writeln!(text, "  server: {cpu:.1} us CPU a request; an order takes {ratio:.2} times as much as one without")?;
        }
        writeln!(text, "  {orders} orders confirmed, {conflicts} seat conflicts, {errors} errors")?;
        Percentiles::write_all(text, &self.latency_ms)
    }
}
