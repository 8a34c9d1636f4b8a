//! The result of a bench in figures: for people as text, for programs as JSON. Plots are in `plot`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::args::{BenchArgs, Scenario};
use super::beside::Beside;
use super::hooks::Notices;
use super::own_server::Engine;
use super::plot::thousands;
use super::run::Outcome;
use super::set_up;
use super::stats::{Kind, Latencies, Stats};
use super::timeline::Point;

/// From here on, what else runs on the machine is worth a word.
const BUSY: f64 = 0.05;

/// What a round measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The product.
    Real,
    /// The same without an engine.
    Ceiling,
    /// The product, with orders that carry more.
    Extras,
    /// The product, with a webhook that is told of every order.
    Hooks,
}

impl Side {
    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Ceiling => "ceiling",
            Self::Extras => "extras",
            Self::Hooks => "hooks",
        }
    }

    /// What it is measured on.
    pub const fn engine(self) -> Engine {
        match self {
            Self::Real | Self::Extras | Self::Hooks => Engine::Real,
            Self::Ceiling => Engine::Ceiling,
        }
    }
}

/// One measured run and what it was measured on.
pub struct Round {
    /// What it measured.
    pub side: Side,
    /// What it gave.
    pub outcome: Outcome,
    /// What was set up beside it, if that was asked for.
    pub set_up: Option<set_up::Done>,
    /// What its webhook was told, if it had one.
    pub notices: Option<Notices>,
    /// Milliseconds from the start after a kill to the first answer, if that was asked for.
    pub restart_ms: Option<f64>,
}

/// The whole result.
#[derive(Serialize)]
pub struct Report {
    engine: &'static str,
    scenario: &'static str,
    buyers: u32,
    seats_per_order: u32,
    picking: &'static str,
    contention: f64,
    open_rate: Option<f64>,
    recycle: bool,
    session: String,
    /// Median of the rounds; so are all rates.
    pub orders_per_s: f64,
    /// Requests that did their work or met a conflict.
    pub requests_per_s: f64,
    ceiling_orders_per_s: Option<f64>,
    ceiling_requests_per_s: Option<f64>,
    /// Of requests a second: the product's to its ceiling's.
    pub ratio: Option<f64>,
    /// Of one request, over all rounds.
    pub p50_ms: f64,
    /// Of one request, over all rounds.
    pub p99_ms: f64,
    /// Orders that have their tickets.
    pub orders: u64,
    requests: u64,
    conflicts: u64,
    given_up: u64,
    released: u64,
    /// Requests that failed.
    pub errors: u64,
    ceiling_errors: u64,
    error_codes: BTreeMap<String, ErrorCount>,
    latency_ms: BTreeMap<&'static str, Percentiles>,
    server_cpu_us_per_request: Option<f64>,
    ceiling_server_cpu_us_per_request: Option<f64>,
    other_cpu_share: Option<f64>,
    client_cpu_us_per_request: f64,
    server_rss_mb: Option<f64>,
    largest_file_mb: BTreeMap<String, f64>,
    /// How far the journal ever was ahead of the tables.
    largest_lag_rows: Option<f64>,
    largest_lag_mb: Option<f64>,
    /// The last real round in ten parts.
    over_time: Vec<Part>,
    /// Milliseconds from a start on the used store, after a kill under load, to the first answer: the worst.
    restart_ms: Option<f64>,
    /// What orders that carry more came to.
    extras: Option<Beside>,
    /// What orders came to that a webhook is told of.
    hooks: Option<Beside>,
    /// What it was told, round by round.
    notices: Vec<Notices>,
    /// What was set up meanwhile.
    set_up: Vec<set_up::Done>,
    ended_early: Vec<String>,
    rounds: Vec<RoundFigures>,
}

/// A part of a run.
#[derive(Debug, Serialize)]
struct Part {
    /// Orders confirmed from the beginning of the run to the end of this part.
    orders: u64,
    orders_per_s: f64,
    /// Of the server.
    cpu_us_per_order: f64,
    rss_mb: f64,
}

#[derive(Serialize)]
struct ErrorCount {
    count: u64,
    example: String,
}

#[derive(Serialize)]
struct RoundFigures {
    kind: &'static str,
    seconds: f64,
    orders: u64,
    requests: u64,
    orders_per_s: f64,
    requests_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    conflicts: u64,
    errors: u64,
    server_cpu_us_per_request: Option<f64>,
    server_rss_mb: Option<f64>,
}

/// Where latencies lie.
#[derive(Serialize)]
pub struct Percentiles {
    count: u64,
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

impl Percentiles {
    fn of(latencies: &Latencies) -> Self {
        let [p50, p90, p99, p999, max] = [0.5, 0.9, 0.99, 0.999, 1.0].map(|share| latencies.quantile_ms(share));
        Self { count: latencies.count(), p50, p90, p99, p999, max }
    }

    /// For people.
    pub fn write_all(text: &mut String, all: &BTreeMap<&'static str, Self>) -> std::fmt::Result {
        writeln!(text, "\n  latency, ms       count       p50       p90       p99     p99.9       max")?;
        for name in ["all", "order"].into_iter().chain(Kind::ALL.map(Kind::name)) {
            if let Some(Self { count, p50, p90, p99, p999, max }) = all.get(name) {
                writeln!(text, "  {name:<13} {count:>9} {p50:>9.2} {p90:>9.2} {p99:>9.2} {p999:>9.2} {max:>9.2}")?;
            }
        }
        Ok(())
    }
}

/// The counts of a side's rounds added up.
pub fn stats_of(rounds: &[Round], side: Side) -> Stats {
    let mut sum = Stats::new();
    rounds.iter().filter(|round| round.side == side).for_each(|round| sum.merge(&round.outcome.stats));
    sum
}

/// The median of a figure in a side's rounds.
pub fn median_of(rounds: &[Round], side: Side, figure: fn(&Outcome) -> Option<f64>) -> Option<f64> {
    median(rounds.iter().filter(|round| round.side == side).filter_map(|round| figure(&round.outcome)).collect())
}

/// What a figure is in a side's rounds of what it is in the plain rounds before them: the median.
pub fn median_ratio(rounds: &[Round], side: Side, figure: fn(&Outcome) -> f64) -> Option<f64> {
    let of = |side| rounds.iter().filter(move |round| round.side == side).map(move |round| figure(&round.outcome));
    median(of(side).zip(of(Side::Real)).filter(|(_, plain)| *plain > 0.0).map(|(figure, plain)| figure / plain).collect())
}

/// The latencies of each kind of request there was, of all of them, and of orders.
pub fn latencies(stats: &Stats) -> BTreeMap<&'static str, Percentiles> {
    let mut all = BTreeMap::from([("all", Percentiles::of(&stats.requests)), ("order", Percentiles::of(&stats.orders))]);
    all.extend(Kind::ALL.iter().map(|kind| (kind.name(), Percentiles::of(stats.of(*kind)))));
    all.retain(|_, percentiles| percentiles.count > 0);
    all
}

impl Report {
    /// Adds up the rounds.
    pub fn new(args: &BenchArgs, session: String, rounds: &[Round]) -> Self {
        let stats = stats_of(rounds, Side::Real);
        let median_of = |side, figure: fn(&Outcome) -> Option<f64>| median_of(rounds, side, figure);
        let requests_per_s = median_of(Side::Real, |outcome| Some(outcome.requests_per_s())).unwrap_or_default();
        let ceiling_requests_per_s = median_of(Side::Ceiling, |outcome| Some(outcome.requests_per_s()));
        let real = || rounds.iter().filter(|round| round.side == Side::Real).map(|round| &round.outcome);
        let mut largest_file_mb: BTreeMap<String, f64> = BTreeMap::new();
        for (name, size) in real().filter_map(|outcome| outcome.server.as_ref()).flat_map(|usage| &usage.largest_file_mb) {
            let largest = largest_file_mb.entry(name.clone()).or_default();
            *largest = largest.max(*size);
        }
        let lag = |which: fn(&(f64, f64)) -> f64| {
            real().filter_map(|outcome| outcome.server.as_ref()).map(|usage| which(&usage.largest_lag)).reduce(f64::max)
        };
        Self {
            engine: engine_name(args),
            scenario: args.scenario.name(),
            buyers: args.buyers,
            seats_per_order: args.quantity,
            picking: if args.auto { "auto" } else { "by id" },
            contention: args.contention,
            open_rate: args.open,
            recycle: args.recycle,
            session,
            orders_per_s: median_of(Side::Real, |outcome| Some(outcome.orders_per_s())).unwrap_or_default(),
            requests_per_s,
            ceiling_orders_per_s: median_of(Side::Ceiling, |outcome| Some(outcome.orders_per_s())),
            ceiling_requests_per_s,
            ratio: ceiling_requests_per_s.filter(|ceiling| *ceiling > 0.0).map(|ceiling| requests_per_s / ceiling),
            p50_ms: stats.requests.quantile_ms(0.5),
            p99_ms: stats.requests.quantile_ms(0.99),
            orders: stats.orders.count(),
            requests: stats.requests.count(),
            conflicts: stats.conflicts,
            given_up: stats.given_up,
            released: stats.released,
            errors: stats.error_count(),
            ceiling_errors: rounds.iter().filter(|round| round.side == Side::Ceiling).map(|round| round.outcome.stats.error_count()).sum(),
            latency_ms: latencies(&stats),
            server_cpu_us_per_request: median_of(Side::Real, Outcome::server_cpu_us_per_request),
            ceiling_server_cpu_us_per_request: median_of(Side::Ceiling, Outcome::server_cpu_us_per_request),
            other_cpu_share: rounds.iter().filter_map(|round| round.outcome.other_cpu_share).reduce(f64::max),
            client_cpu_us_per_request: real().map(|outcome| outcome.own_cpu_seconds).sum::<f64>() * 1e6
                / stats.requests.count().max(1) as f64,
            server_rss_mb: real().filter_map(|outcome| outcome.server.as_ref()).map(|usage| usage.peak_rss_mb).reduce(f64::max),
            largest_file_mb,
            largest_lag_rows: lag(|lag| lag.0),
            largest_lag_mb: lag(|lag| lag.1),
            over_time: real().next_back().map(|outcome| parts(outcome.timeline.points())).unwrap_or_default(),
            extras: Beside::of(rounds, Side::Extras),
            hooks: Beside::of(rounds, Side::Hooks),
            notices: rounds.iter().filter_map(|round| round.notices).collect(),
            set_up: rounds.iter().filter_map(|round| round.set_up).collect(),
            restart_ms: rounds.iter().filter_map(|round| round.restart_ms).reduce(f64::max),
            ended_early: rounds.iter().filter_map(|round| round.outcome.ended.clone()).collect(),
            error_codes: all_errors(rounds),
            rounds: rounds.iter().map(RoundFigures::of).collect(),
        }
    }

    /// One line that says what was measured.
    pub fn title(&self) -> String {
        let Self { scenario, engine, buyers, requests_per_s, .. } = self;
        let ratio = self.ratio.map_or(String::new(), |ratio| format!(", {ratio:.2} of the ceiling"));
        let per_s = |rate: f64, what| format!("{} {what}/s", thousands(rate.round()));
        let orders = if self.orders > 0 { format!("{}, ", per_s(self.orders_per_s, "orders")) } else { String::new() };
        format!("aforo bench, {scenario} on {engine}, {buyers} clients: {orders}{}{ratio}", per_s(*requests_per_s, "requests"))
    }

    /// One line with what else one has to know to read the picture.
    pub fn small_print(&self) -> String {
        let Self { session, p50_ms, p99_ms, conflicts, errors, .. } = self;
        let rounds = self.rounds.iter().filter(|round| round.kind == "real").count();
        format!(
            "{session}; median of {rounds} round(s); a request p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms; {conflicts} seat conflicts, {errors} errors"
        )
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("a String takes everything");
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let Self { engine, scenario, buyers, session, .. } = self;
        let loop_kind = self.open_rate.map_or("closed loop".to_owned(), |rate| format!("open loop at {rate}/s"));
        writeln!(text, "\n{scenario} on {engine}: {buyers} clients, {loop_kind}, {session}")?;
        if *scenario == Scenario::Sale.name() {
            let hot = if self.picking == "auto" { String::new() } else { format!(", {} % of picks at hot seats", self.contention * 100.0) };
            writeln!(text, "{} seat(s) an order, picked {}{hot}", self.seats_per_order, self.picking)?;
            writeln!(text, "\n  orders/s    {:>10.0}{}", self.orders_per_s, beside(self.ceiling_orders_per_s))?;
        }
        writeln!(text, "  requests/s  {:>10.0}{}", self.requests_per_s, beside(self.ceiling_requests_per_s))?;
        if let Some(ratio) = self.ratio {
            writeln!(text, "  ratio       {ratio:>10.3}   of the ceiling's requests/s, median of the rounds")?;
        }
        self.write_rounds(text)?;
        Percentiles::write_all(text, &self.latency_ms)?;
        self.write_counts(text)?;
        self.extras.iter().try_for_each(|extras| extras.write(text, "extras"))?;
        self.hooks.iter().try_for_each(|hooks| hooks.write(text, "a webhook"))?;
        self.notices.iter().try_for_each(|notices| notices.write(text))
    }

    fn write_rounds(&self, text: &mut String) -> std::fmt::Result {
        if self.rounds.len() < 2 {
            return Ok(());
        }
        writeln!(text, "\n  round            s   orders/s requests/s       p50       p99")?;
        for round in &self.rounds {
            let RoundFigures { kind, seconds, orders_per_s, requests_per_s, p50_ms, p99_ms, .. } = round;
            writeln!(text, "  {kind:<8} {seconds:>9.1} {orders_per_s:>10.0} {requests_per_s:>10.0} {p50_ms:>9.2} {p99_ms:>9.2}")?;
        }
        Ok(())
    }

    fn write_counts(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text)?;
        if self.scenario == Scenario::Sale.name() {
            let Self { orders, conflicts, given_up, released, .. } = self;
            writeln!(
                text,
                "  {orders} orders confirmed, {conflicts} seat conflicts, {given_up} given up after too many, {released} released"
            )?;
        }
        writeln!(
            text,
            "  {} errors{}",
            self.errors,
            if self.ceiling_errors > 0 { format!(", {} at the ceiling", self.ceiling_errors) } else { String::new() }
        )?;
        for (code, ErrorCount { count, example }) in &self.error_codes {
            writeln!(text, "    {count} x {code}, first: {example}")?;
        }
        if let (Some(cpu), Some(rss)) = (self.server_cpu_us_per_request, self.server_rss_mb) {
            let ceiling = self.ceiling_server_cpu_us_per_request.map_or(String::new(), |cpu| format!(" (ceiling {cpu:.1})"));
            writeln!(text, "  server: {cpu:.1} us CPU a request{ceiling}, {rss:.0} MiB at most")?;
        }
        writeln!(
            text,
            "  load generator: {:.1} us CPU a request, on the same cores unless the server is elsewhere",
            self.client_cpu_us_per_request
        )?;
        if let Some(share) = self.other_cpu_share.filter(|share| *share > BUSY) {
            let share = share * 100.0;
            writeln!(text, "  other processes, a database included, took up to {share:.0} % of this machine's CPU during a round")?;
        }
        self.write_store(text)?;
        self.ended_early.iter().try_for_each(|why| writeln!(text, "  {why}"))
    }

    fn write_store(&self, text: &mut String) -> std::fmt::Result {
        if let (Some(rows), Some(mb)) = (self.largest_lag_rows, self.largest_lag_mb) {
            writeln!(text, "  journal: at most {rows:.0} rows, {mb:.1} MiB, ahead of the tables")?;
        }
        for (name, size) in self.largest_file_mb.iter().filter(|(name, _)| name.contains(".db")) {
            writeln!(text, "  {name}: {size:.1} MiB at most")?;
        }
        for set_up::Done { seats, plan_ms, sessions, sessions_s } in &self.set_up {
            writeln!(
                text,
                "  set up meanwhile: a plan of {seats} seats in {plan_ms:.0} ms, {sessions} sessions of it in {sessions_s:.1} s"
            )?;
        }
        if let Some(restart) = self.restart_ms {
            writeln!(text, "  killed under load and started again: {restart:.0} ms to the first answer")?;
        }
        if self.over_time.len() > 1 && self.orders > 0 {
            writeln!(text, "\n  orders so far   orders/s   server CPU us/order   server MiB")?;
            for Part { orders, orders_per_s, cpu_us_per_order, rss_mb } in &self.over_time {
                writeln!(text, "  {orders:>13} {orders_per_s:>10.0} {cpu_us_per_order:>21.1} {rss_mb:>12.0}")?;
            }
        }
        Ok(())
    }
}

impl RoundFigures {
    fn of(round: &Round) -> Self {
        let Outcome { seconds, stats, server, .. } = &round.outcome;
        Self {
            kind: round.side.name(),
            seconds: *seconds,
            orders: stats.orders.count(),
            requests: stats.requests.count(),
            orders_per_s: round.outcome.orders_per_s(),
            requests_per_s: round.outcome.requests_per_s(),
            p50_ms: stats.requests.quantile_ms(0.5),
            p99_ms: stats.requests.quantile_ms(0.99),
            conflicts: stats.conflicts,
            errors: stats.error_count(),
            server_cpu_us_per_request: round.outcome.server_cpu_us_per_request(),
            server_rss_mb: server.as_ref().map(|usage| usage.peak_rss_mb),
        }
    }
}

/// A run in ten parts of about as many steps each.
fn parts(points: &[Point]) -> Vec<Part> {
    let mut orders = 0;
    let part = |steps: &[Point]| {
        let (seconds, cpu): (f64, f64) = steps.iter().fold((0.0, 0.0), |sum, step| (sum.0 + step.length, sum.1 + step.cpu_seconds));
        let sold: u64 = steps.iter().map(|step| step.orders).sum();
        orders += sold;
        Part {
            orders,
            orders_per_s: sold as f64 / seconds,
            cpu_us_per_order: cpu * 1e6 / sold.max(1) as f64,
            rss_mb: steps.last().map_or(0.0, |step| step.rss_mb),
        }
    };
    points.chunks(points.len().div_ceil(10).max(1)).map(part).collect()
}

fn all_errors(rounds: &[Round]) -> BTreeMap<String, ErrorCount> {
    let mut sum = Stats::new();
    rounds.iter().for_each(|round| sum.merge(&round.outcome.stats));
    sum.errors.into_iter().map(|(code, seen)| (code, ErrorCount { count: seen.count, example: seen.example })).collect()
}

fn engine_name(args: &BenchArgs) -> &'static str {
    match (&args.url, &args.database) {
        (Some(_), _) => "a server elsewhere",
        (None, Some(url)) if url.starts_with("postgres") => "postgres",
        (None, _) => "sqlite",
    }
}

fn beside(ceiling: Option<f64>) -> String {
    ceiling.map_or(String::new(), |ceiling| format!("   ceiling {ceiling:>10.0}"))
}

/// The middle value; of an even number the mean of the middle two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values.get(middle).copied()
    } else {
        Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_round_does_not_move_the_median() {
        assert_eq!(median(vec![5.0, 900.0, 4.0]), Some(5.0));
        assert_eq!(median(vec![4.0, 6.0]), Some(5.0));
        assert_eq!(median(vec![]), None);
    }
}
