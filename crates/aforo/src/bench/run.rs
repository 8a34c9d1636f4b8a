//! One measured run: all clients on one thread until the schedule is over, watched as they go. Where the server comes from, and what becomes
//! of the numbers, is decided elsewhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{LocalSet, spawn_local};

use super::args::{BenchArgs, Scenario};
use super::buyer::Client;
use super::connection::Line;
use super::extras::Extras;
use super::gates::Tickets;
use super::prepared::Prepared;
use super::process::{Machine, Usage, Watched, own_cpu_seconds};
use super::schedule::Schedule;
use super::stats::{Kind, Latencies, Stats};
use super::supply::Supply;
use super::timeline::{Timeline, Total};
use crate::clock;
use crate::out;

/// How often a run is looked at.
const SAMPLE: Duration = Duration::from_millis(1000 / SAMPLES_PER_SECOND);
const SAMPLES_PER_SECOND: u64 = 4;

/// After so many failures for each client without one success in between, the server is taken to be gone.
const FAILURES_PER_CLIENT: u64 = 20;

/// What all clients of a run share. Everything is on one thread.
pub struct Shared {
    /// What the clients do.
    pub scenario: Scenario,
    /// Share of picks aimed at hot seats.
    pub contention: f64,
    /// The requests.
    pub prepared: Prepared,
    /// When to begin and to end.
    pub schedule: Schedule,
    /// What is on sale.
    pub supply: RefCell<Supply>,
    /// What orders carry beside their places, if they do.
    pub extras: Option<Extras>,
    /// What is shown at gates, if that is what is measured.
    pub tickets: Option<Tickets>,
    /// What was measured.
    pub stats: RefCell<Stats>,
    recent: RefCell<Latencies>,
    timeline: RefCell<Timeline>,
    lasting_orders: u64,
    recycle: bool,
    buyers: u64,
    numbers: Cell<u64>,
    failures_in_a_row: Cell<u64>,
    ended: RefCell<Option<String>>,
}

impl Shared {
    /// Ready to begin, which starts the schedule.
    pub fn new(args: &BenchArgs, prepared: Prepared, supply: Supply, extras: Option<Extras>, tickets: Option<Tickets>) -> Self {
        Self {
            scenario: args.scenario,
            contention: args.contention,
            prepared,
            schedule: Schedule::new(args.until(), args.open),
            lasting_orders: supply.orders_left().saturating_sub(2 * u64::from(args.buyers)),
            supply: RefCell::new(supply),
            extras,
            tickets,
            stats: RefCell::new(Stats::new()),
            recent: RefCell::new(Latencies::new()),
            timeline: RefCell::default(),
            recycle: args.recycle,
            buyers: u64::from(args.buyers),
            numbers: Cell::new(0),
            failures_in_a_row: Cell::new(0),
            ended: RefCell::new(None),
        }
    }

    /// A number no other order of this run has.
    pub fn next_number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// Counts a request that did its work or met a conflict.
    pub fn answered(&self, kind: Kind, micros: u64) {
        self.stats.borrow_mut().request(kind, micros);
        self.recent.borrow_mut().record(micros);
        self.failures_in_a_row.set(0);
    }

    /// Counts an order that has its tickets.
    pub fn confirmed(&self, micros: u64) {
        self.stats.borrow_mut().orders.record(micros);
    }

    /// Counts a request that failed, and ends the run when nothing else happens any more.
    pub fn failed(&self, code: &str, example: impl Fn() -> String) {
        self.stats.borrow_mut().error(code, &example);
        self.failures_in_a_row.set(self.failures_in_a_row.get() + 1);
        if self.failures_in_a_row.get() >= self.buyers * FAILURES_PER_CLIENT {
            self.end(format!("stopped early: nothing succeeds any more ({})", example()));
        }
    }

    /// Ends the run because nothing is left to sell.
    pub fn sold_out(&self) {
        self.end("stopped early: every session of the event is sold out (--recycle makes the seats last)".to_owned());
    }

    /// Whether this order may keep its seats. With --recycle only while the share of places sold is behind the share of the run that
    /// is over; two for each buyer are left, so that nobody stands before a sold-out house.
    pub fn may_confirm(&self) -> bool {
        let sold = self.stats.borrow().orders.count() as f64;
        !self.recycle || sold < self.lasting_orders as f64 * self.schedule.progress()
    }

    fn end(&self, why: String) {
        self.schedule.stop();
        self.ended.borrow_mut().get_or_insert(why);
    }
}

/// What one run gave.
pub struct Outcome {
    /// From the first request to the last answer.
    pub seconds: f64,
    /// The counts.
    pub stats: Stats,
    /// Throughput over time.
    pub timeline: Timeline,
    /// What the server used in this time; `None` when it is not ours to look at.
    pub server: Option<Usage>,
    /// CPU seconds of the load generator itself.
    pub own_cpu_seconds: f64,
    /// Which share of the machine's CPU went to neither server nor load generator; `None` where that cannot be seen.
    pub other_cpu_share: Option<f64>,
    /// Why it ended before its time.
    pub ended: Option<String>,
}

impl Outcome {
    /// Confirmed orders a second.
    pub fn orders_per_s(&self) -> f64 {
        self.stats.orders.count() as f64 / self.seconds
    }

    /// Requests a second that did their work or met a conflict.
    pub fn requests_per_s(&self) -> f64 {
        self.stats.requests.count() as f64 / self.seconds
    }

    /// CPU of the server per request, in microseconds.
    pub fn server_cpu_us_per_request(&self) -> Option<f64> {
        self.server.as_ref().map(|usage| usage.cpu_seconds * 1e6 / self.stats.requests.count().max(1) as f64)
    }
}

/// Connects all clients, lets them work, and watches.
///
/// # Errors
/// When the clients cannot connect.
pub async fn run(args: &BenchArgs, address: String, watched: Option<Watched>, begin: impl FnOnce() -> Shared) -> Result<Outcome, String> {
    let mut lines = Vec::new();
    for _ in 0..args.buyers {
        let mut line = Line::new(address.clone());
        line.connect().await?;
        lines.push(line);
    }
    let watched = Rc::new(RefCell::new(watched));
    LocalSet::new().run_until(measure(Rc::new(begin()), lines, watched, Line::new(address))).await
}

async fn measure(shared: Rc<Shared>, lines: Vec<Line>, watched: Rc<RefCell<Option<Watched>>>, metrics: Line) -> Result<Outcome, String> {
    if let Some(watched) = watched.borrow_mut().as_mut() {
        watched.begin();
    }
    let (own_cpu_before, machine_before) = (own_cpu_seconds(), Machine::now());
    let clients = lines.into_iter().zip(0..).map(|(line, number)| Client::new(shared.clone(), line, number));
    let working: Vec<_> = clients.map(|client| spawn_local(client.work())).collect();
    let watching = spawn_local(watch(shared.clone(), watched.clone(), metrics));
    for client in working {
        client.await.map_err(|error| format!("a client broke: {error}"))?;
    }
    let seconds = clock::micros_since(shared.schedule.start()) as f64 / 1e6;
    watching.abort();
    let server = watched.borrow_mut().as_mut().and_then(Watched::end);
    let own_cpu_seconds = own_cpu_seconds() - own_cpu_before;
    let known = own_cpu_seconds + server.as_ref().map_or(0.0, |usage| usage.cpu_seconds);
    Ok(Outcome {
        seconds,
        stats: shared.stats.borrow().clone(),
        timeline: shared.timeline.take(),
        server,
        own_cpu_seconds,
        other_cpu_share: machine_before.and_then(|before| other_share(before, Machine::now()?, known)),
        ended: shared.ended.take(),
    })
}

fn other_share(before: Machine, after: Machine, known: f64) -> Option<f64> {
    let all = after.all - before.all;
    (all > 0.0).then(|| ((after.busy - before.busy - known) / all).clamp(0.0, 1.0))
}

/// Takes a sample four times a second and says every second how it goes.
async fn watch(shared: Rc<Shared>, watched: Rc<RefCell<Option<Watched>>>, mut metrics: Line) {
    let mut ticks = tokio::time::interval(SAMPLE);
    ticks.tick().await;
    let mut said = (0, 0);
    for sample in 1u64.. {
        ticks.tick().await;
        let every_second = sample.is_multiple_of(SAMPLES_PER_SECOND);
        let (mut rss_mb, mut cpu_seconds) = (0.0, 0.0);
        if let Some(watched) = watched.borrow_mut().as_mut() {
            rss_mb = watched.rss_mb().unwrap_or_default();
            cpu_seconds = watched.cpu_seconds().unwrap_or_default();
            if every_second {
                watched.look();
            }
        }
        let at = clock::micros_since(shared.schedule.start()) as f64 / 1e6;
        let counted = (shared.stats.borrow().requests.count(), shared.stats.borrow().orders.count());
        shared.timeline.borrow_mut().add(Total { at, requests: counted.0, orders: counted.1, cpu_seconds }, rss_mb);
        if every_second {
            say_progress(&shared, at, counted.0 - said.0, counted.1 - said.1);
            said = counted;
            let ours = watched.borrow().is_some();
            let levels = if ours { metrics.ask(shared.prepared.metrics(), usize::MAX).await.ok() } else { None };
            if let (Some(levels), Some(watched)) = (levels, watched.borrow_mut().as_mut()) {
                watched.lag(&String::from_utf8_lossy(&levels.body));
            }
        }
    }
}

fn say_progress(shared: &Shared, at: f64, requests: u64, orders: u64) {
    let mut recent = shared.recent.borrow_mut();
    let stats = shared.stats.borrow();
    out::note(format_args!(
        "{at:6.0} s  {orders:>6} orders/s  {requests:>6} requests/s  p50 {:>7.2} ms  p99 {:>7.2} ms  conflicts {}  errors {}",
        recent.quantile_ms(0.50),
        recent.quantile_ms(0.99),
        stats.conflicts,
        stats.error_count(),
    ));
    recent.clear();
}
