//! The options of `aforo bench`. They are checked here as a whole, before anything starts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What the clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// An on-sale: whole orders, six requests each.
    Sale,
    /// Nothing but the availability of the hot session.
    Availability,
    /// Nothing but the seat map of the hot session.
    Seats,
    /// Nothing but tickets shown at the gates of the hot session, which are sold before: each is let in once, and refused if it comes again.
    Gates,
}

impl Scenario {
    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Scenario::Sale => "sale",
            Scenario::Availability => "availability",
            Scenario::Seats => "seats",
            Scenario::Gates => "gates",
        }
    }
}

/// What orders carry beside their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mix {
    /// Each a promotion by itself, one with a code, an insurance, a delivery and a voucher that pays a part: four requests more.
    Extras,
}

/// Plays an on-sale against a server and measures it.
///
/// Each order is six requests: create, availability, seats, buyer data, pre-confirm, confirm. Without --url it starts its own server
/// on a temporary store and stops it at the end.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// The server to load; only plain http. Without it, an own server is started
    #[arg(long, requires = "credentials")]
    pub url: Option<String>,
    /// The credentials file that `serve --demo` wrote
    #[arg(long)]
    pub credentials: Option<PathBuf>,
    /// The store of the own server: an empty PostgreSQL database. Without it, SQLite in a temporary directory
    #[arg(long, conflicts_with = "url")]
    pub database: Option<String>,
    /// What the clients do
    #[arg(long, value_enum, default_value = "sale")]
    pub scenario: Scenario,
    /// How many clients, each with one connection
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub buyers: u32,
    /// Stop after so many orders (or reads); 20000 when --seconds is not given either
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub orders: Option<u64>,
    /// Stop after so many seconds
    #[arg(long, conflicts_with = "orders", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: Option<u64>,
    /// Open loop: so many orders (or reads) a second are due, and latency counts from when one was due
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub open: Option<f64>,
    /// Seats per order
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub quantity: u32,
    /// Share of the seat picks, 0 to 1, that aim at a few hot seats others want too
    #[arg(long, default_value_t = 0.05, value_name = "SHARE", value_parser = share)]
    pub contention: f64,
    /// Let the server pick the seats instead of naming them by id
    #[arg(long)]
    pub auto: bool,
    /// Give most orders back instead of confirming them, so that the seats last as long as the run (for long runs)
    #[arg(long)]
    pub recycle: bool,
    /// The session to sell; without it, the one with most free places. Its event's other sessions follow when it is sold out
    #[arg(long)]
    pub session: Option<u64>,
    /// Sell at least so many sessions of the event; missing ones are made through the management API, like the hot one
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub sessions: u32,
    /// The channel to sell with; without it, the first WEB channel of the credentials file
    #[arg(long)]
    pub channel: Option<u64>,
    /// Measure in turns with the same server without an engine behind its HTTP stack, and print the ratio
    #[arg(long, conflicts_with = "url")]
    pub ceiling: bool,
    /// Measure in turns with orders that carry more, and print the ratio; the credentials file needs a management key
    #[arg(long, value_enum)]
    pub mix: Option<Mix>,
    /// Measure in turns with a webhook of the channel that is told of every order, by a receiver in this process, and print the ratio
    #[arg(long, conflicts_with = "url")]
    pub hooks: bool,
    /// How many times each is measured; 3 with --ceiling, --mix or --hooks, else 1
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: Option<u32>,
    /// Meanwhile, bring in a plan of 50 000 seats and put so many sessions of it on sale, through the management API
    #[arg(long, value_name = "SESSIONS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub set_up: Option<u32>,
    /// After the run, kill the own server under full load, start it again on its store and say how long it took to the first answer
    #[arg(long, conflicts_with = "url")]
    pub restart: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the result as a plot
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After this many orders or reads.
    Count(u64),
    /// After this many seconds.
    Seconds(u64),
}

impl BenchArgs {
    /// When a run ends.
    pub fn until(&self) -> Until {
        match (self.orders, self.seconds) {
            (Some(orders), _) => Until::Count(orders),
            (None, Some(seconds)) => Until::Seconds(seconds),
            (None, None) => Until::Count(20_000),
        }
    }

    /// Whether the options go together, as far as their parser cannot say.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn check(&self) -> Result<(), String> {
        let fits = (self.mix.is_none() && !self.hooks) || self.scenario == Scenario::Sale;
        if fits { Ok(()) } else { Err("--mix and --hooks need --scenario sale: only orders can carry more and are told".to_owned()) }
    }

    /// How many rounds are measured.
    pub fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.ceiling || self.hooks || self.mix.is_some() { 3 } else { 1 })
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("not a number from 0 to 1".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0).ok_or("not a number above 0".to_owned())
}
