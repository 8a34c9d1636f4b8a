//! The seeded simulator: the real engine on a simulated store, with random buyers, expiry, crashes, failing and ambiguous appends, late rows and stale
//! owners. After every step it checks the laws of the domain on what is durable, and that store, memory and readers agree with it.
//!
//! One seed is one history: a failure names it, and it repeats exactly.

mod cancellations;
pub mod clients;
mod gates;
pub mod gifts;
mod hooks;
pub mod ledger;
mod letters;
pub mod market;
mod postponed;
pub mod process;
pub mod products;
pub mod promoters;
mod relocations;
mod resale;
pub mod stage;
mod terms;
pub mod tills;

use std::fmt;

use aforo_domain::change::Change;
use aforo_domain::command::{self, Command, Reply};
use aforo_domain::identity::check::Actor;
use aforo_domain::moment::{Draw, Moment, Timestamp};
use aforo_domain::orders::Stage as Life;
use aforo_server::engine::Request;
use aforo_server::engine::core::{Limits, Plan};
use aforo_server::engine::shard::State;
use aforo_server::store::sim::{Broken, Fault, SimStore};

use clients::{Clients, Tally, below};
use ledger::Ledger;
use process::{Left, Process, Sabotage};
use stage::{SHARD, START, Size, Stage};

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Names the history.
    pub seed: u64,
    /// How long it is.
    pub steps: u32,
    /// Whether the tables commit lazily, as on PostgreSQL.
    pub lazy: bool,
    /// Whether anything fails.
    pub faults: bool,
    /// What decides.
    pub plan: Plan,
    /// A rule of the engine that is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Rules of the store that are broken on purpose.
    pub broken: Broken,
}

impl Setting {
    /// A history where everything may fail and nothing is broken.
    pub fn new(seed: u64, steps: u32) -> Self {
        let lazy = seed % 2 == 1;
        Self { seed, steps, lazy, faults: true, plan: command::plan, sabotage: None, broken: Broken::default() }
    }
}

/// A history in which something went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which history.
    pub seed: u64,
    /// At which step.
    pub step: u32,
    /// What went wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AFORO_SIM_SEED={} AFORO_SIM_STEPS={}: at step {}: {}", self.seed, self.step + 1, self.step, self.what)
    }
}

/// Plays a history to its end.
///
/// # Errors
/// The first thing that went wrong.
pub fn play(setting: &Setting) -> Result<Tally, Failure> {
    let mut step = 0;
    let failed = |step, what| Failure { seed: setting.seed, step, what };
    let mut history = History::begin(setting).map_err(|what| failed(0, what))?;
    while step < setting.steps {
        history.step().map_err(|what| failed(step, what))?;
        step += 1;
    }
    history.end().map_err(|what| failed(step, what))?;
    Ok(history.clients.tally)
}

/// Plays a history and gives what its journal said, batch by batch.
///
/// # Errors
/// The first thing that went wrong.
pub fn record(setting: &Setting) -> Result<Vec<Vec<Change>>, Failure> {
    let failed = |step, what| Failure { seed: setting.seed, step, what };
    let mut history = History::begin(setting).map_err(|what| failed(0, what))?;
    for step in 0..setting.steps {
        history.step().map_err(|what| failed(step, what))?;
    }
    Ok(history.ledger.batches())
}

struct History {
    setting: Setting,
    draw: Draw,
    clock: Timestamp,
    disk: SimStore,
    /// Living processes with their numbers; the newest is the last. Older ones are stale, or soon will be.
    processes: Vec<(usize, Process)>,
    started: usize,
    ledger: Ledger,
    clients: Clients,
    /// Nothing has failed yet.
    calm: bool,
}

/// How many processes live at a time at most.
const MAX_PROCESSES: usize = 3;
/// A history that does not come to rest after so many moves never will.
const MAX_MOVES: u32 = 200_000;

impl History {
    /// Makes the world; nothing fails yet.
    fn begin(setting: &Setting) -> Result<Self, String> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&setting.seed.to_le_bytes());
        let mut history = Self {
            setting: setting.clone(),
            draw: Moment { now: START, seed, order_code: None }.draw(),
            clock: START,
            disk: SimStore::new(setting.lazy),
            processes: Vec::new(),
            started: 0,
            ledger: Ledger::default(),
            clients: Clients::new(Stage { shows: Vec::new() }),
            calm: true,
        };
        history.start();
        history.rest()?;
        let stage = Stage::set_up(Size { rows: 4, seats: 10, floor: 30 }, &mut |command| history.by_system(command));
        history.clients = Clients::new(stage);
        history.clients.tally.starts = 1;
        history.disk.break_rules(setting.broken);
        history.look(true)?;
        Ok(history)
    }

    fn by_system(&mut self, command: Command) -> Reply {
        let request = Request { shard: SHARD, actor: Actor::System, command, idempotency: None };
        let (_, process) = &mut self.processes[0];
        process.ask(request, u64::MAX);
        for _ in 0..MAX_MOVES {
            if let Some(index) = process.left.iter().position(|left| matches!(left, Left::Answer(u64::MAX, _))) {
                let Left::Answer(_, answer) = process.left.remove(index) else { continue };
                return answer.result.unwrap_or_else(|error| panic!("the world cannot be made: {error}"));
            }
            let moves = process.moves(self.clock);
            process.make(moves[0], self.clock, &mut self.draw);
            // Before rows that the tables have leave the journal.
            self.ledger.catch_up(&self.disk).unwrap_or_else(|what| panic!("the world cannot be made: {what}"));
        }
        panic!("the world cannot be made: no answer")
    }

    fn start(&mut self) {
        // Whoever drops rows too early is caught the sooner the less may stay.
        // Just above what the largest command needs at once.
        let cache_bytes = if self.setting.sabotage == Some(Sabotage::EvictsEarly) { 0 } else { 8_000 };
        let limits = Limits { batch_commands: 1 + below(&mut self.draw, 8), tick: 2, cache_bytes, ..Limits::default() };
        self.started += 1;
        self.clients.tally.starts += 1;
        let (plan, sabotage) = (self.setting.plan, self.setting.sabotage);
        let process = Process::start(&self.disk, self.clock, plan, limits, self.draw.bytes(), sabotage);
        self.processes.push((self.started, process));
    }

    fn step(&mut self) -> Result<(), String> {
        let roll = below(&mut self.draw, 1_000);
        let changes_the_store = match roll {
            0..220 => {
                self.ask();
                false
            }
            220..950 => self.move_somebody(),
            950..980 => {
                self.pass_time();
                false
            }
            980..987 => {
                self.mark();
                false
            }
            _ if self.setting.faults => {
                self.go_wrong();
                true
            }
            _ => false,
        };
        self.look(changes_the_store)
    }

    fn ask(&mut self) {
        let last = self.processes.len() - 1;
        let index = if below(&mut self.draw, 6) == 0 { below(&mut self.draw, self.processes.len()) } else { last };
        let (number, process) = &mut self.processes[index];
        if below(&mut self.draw, 12) == 0 {
            return process.ask(promoters::ask(self.clients.shows(), &mut self.draw), u64::MAX);
        }
        if below(&mut self.draw, 12) == 0 {
            return process.ask(gifts::ask(&self.ledger, &mut self.draw), u64::MAX);
        }
        if below(&mut self.draw, 12) == 0
            && let Some(request) = cancellations::ask(self.clients.shows(), &self.ledger, &mut self.draw)
        {
            return process.ask(request, u64::MAX);
        }
        if below(&mut self.draw, 16) == 0
            && let Some(request) = postponed::ask(self.clients.shows(), &self.ledger, &mut self.draw)
        {
            return process.ask(request, u64::MAX);
        }
        if below(&mut self.draw, 16) == 0
            && let Some(request) = market::ask(&self.ledger, &mut self.draw)
        {
            return process.ask(request, u64::MAX);
        }
        if below(&mut self.draw, 24) == 0 {
            return process.ask(tills::ask(&self.ledger, &mut self.draw), u64::MAX);
        }
        if below(&mut self.draw, 10) == 0 {
            return process.ask(gates::ask(self.clients.shows(), &self.ledger, self.clock, &mut self.draw), u64::MAX);
        }
        let (ticket, request) = self.clients.ask(*number, &self.ledger, &mut self.draw);
        process.ask(request, ticket);
    }

    /// The promoter blocks, frees or moves places, and is refused where somebody has one of them.
    fn mark(&mut self) {
        let command = self.clients.marking(&mut self.draw);
        let request = Request { shard: SHARD, actor: Actor::System, command, idempotency: None };
        if let Some((_, process)) = self.processes.last_mut() {
            process.ask(request, u64::MAX);
        }
    }

    /// One process makes one of its possible moves.
    fn move_somebody(&mut self) -> bool {
        let index = below(&mut self.draw, self.processes.len());
        let (_, process) = &mut self.processes[index];
        let moves = process.moves(self.clock);
        if moves.is_empty() {
            return false;
        }
        let one = moves[below(&mut self.draw, moves.len())];
        process.make(one, self.clock, &mut self.draw);
        matches!(one, process::Move::Append | process::Move::Write | process::Move::TakeWork | process::Move::Load)
    }

    fn pass_time(&mut self) {
        let ms = match below(&mut self.draw, 200) {
            0 => 25 * 3_600_000,
            1..6 => 60_000 + below(&mut self.draw, 900_000) as i64,
            _ => below(&mut self.draw, 5_000) as i64,
        };
        self.move_on(ms);
    }

    fn move_on(&mut self, ms: i64) {
        self.clock = self.clock.plus_ms(ms);
        self.processes.iter_mut().for_each(|(_, process)| process.looks = true);
    }

    fn go_wrong(&mut self) {
        self.calm = false;
        match below(&mut self.draw, 13) {
            0..3 => self.disk.fail_next(Fault::Lost),
            3..5 => self.disk.fail_next(Fault::Unanswered),
            5 => self.disk.fail_next(Fault::Late),
            6 => self.disk.fail_next(Fault::Full),
            7..9 => drop(self.disk.deliver()),
            9 => self.crash_all(),
            10 => self.crash_one(),
            11 => self.crash_database(),
            _ if self.processes.len() < MAX_PROCESSES => self.start(),
            _ => self.crash_one(),
        }
    }

    /// The machine loses its power.
    fn crash_all(&mut self) {
        for (number, _) in std::mem::take(&mut self.processes) {
            self.clients.gone(number);
        }
        let lost = below(&mut self.draw, self.disk.volatile() + 1);
        self.disk.crash(lost);
        self.start();
    }

    /// A process is killed; if it was the last, another takes over.
    fn crash_one(&mut self) {
        let index = below(&mut self.draw, self.processes.len());
        let (number, _) = self.processes.remove(index);
        self.clients.gone(number);
        if self.processes.is_empty() {
            self.start();
        }
    }

    /// The database comes back from a crash: every process has lost its connection, and with it the answer to what it sends next.
    fn crash_database(&mut self) {
        let lost = below(&mut self.draw, self.disk.volatile() + 1);
        self.disk.crash(lost);
        for _ in &self.processes {
            self.disk.fail_next(Fault::Lost);
        }
    }

    /// Looks at everything that can be seen from outside.
    fn look(&mut self, at_the_store: bool) -> Result<(), String> {
        let new = self.ledger.catch_up(&self.disk)?;
        if new {
            self.clients.check(&self.ledger)?;
            self.ledger.check_limits(self.clock)?;
        }
        if at_the_store {
            self.ledger.check_store(&self.disk)?;
        }
        let mut died = Vec::new();
        for (number, process) in &mut self.processes {
            let owned = process.core.shards().find_map(|shard| match &shard.state {
                State::Serving(serving) => Some(serving),
                _ => None,
            });
            let owner = owned.is_some_and(|serving| serving.epoch == self.ledger.epoch);
            if let Some(serving) = owned.filter(|serving| owner && serving.flight.is_none() && serving.seq == self.ledger.seq)
                && !process.left.is_empty()
            {
                self.ledger.check_world(&serving.world)?;
            }
            for left in std::mem::take(&mut process.left) {
                match left {
                    Left::Answer(u64::MAX, _) => {}
                    Left::Answer(ticket, answer) => {
                        self.clients.answered(ticket, answer, &self.ledger, self.clock, owner, self.calm)?;
                    }
                    Left::Shown(shown) if shown.seq > self.ledger.seq => return Err(format!("{} was shown, it is not durable", shown.seq)),
                    Left::Shown(shown) if owner && shown.seq == self.ledger.seq => {
                        if let Some(taken) = &shown.taken {
                            self.ledger.check_taken(taken)?;
                        }
                        if let Some(offered) = &shown.listings {
                            self.ledger.check_offered(offered)?;
                        }
                        for (session, picture) in &shown.places {
                            self.ledger.check_places(*session, picture)?;
                        }
                    }
                    Left::Shown(_) => {}
                    Left::Delivered(message, epoch) => {
                        self.clients.tally.delivered += 1;
                        self.ledger.deliver(&message, epoch, self.clock)?;
                    }
                    Left::Died => died.push(*number),
                }
            }
        }
        for number in died {
            self.processes.retain(|(other, _)| *other != number);
            self.clients.gone(number);
        }
        if self.processes.is_empty() {
            self.start();
        }
        Ok(())
    }

    /// Whether the newest process owns the shard; one that started later may have taken it earlier.
    fn owner_is_the_last(&self) -> bool {
        let last = self.processes.last();
        let shard = last.and_then(|(_, process)| process.core.shards().next());
        shard.is_some_and(|shard| shard.known_epoch == Some(self.ledger.epoch))
    }

    /// Lets everybody finish what can be finished without time passing.
    fn rest(&mut self) -> Result<(), String> {
        for _ in 0..MAX_MOVES {
            let Some(index) = self.processes.iter().position(|(_, process)| !process.moves(self.clock).is_empty()) else { return Ok(()) };
            let (_, process) = &mut self.processes[index];
            let moves = process.moves(self.clock);
            process.make(moves[below(&mut self.draw, moves.len())], self.clock, &mut self.draw);
            self.look(false)?;
        }
        Err("it never comes to rest".into())
    }

    /// Nothing fails any more: everybody is answered, what is over is let go, and a last start finds everything.
    fn end(&mut self) -> Result<(), String> {
        self.disk.calm();
        if !self.owner_is_the_last() {
            self.start();
        }
        let last = self.processes.len() - 1;
        for (number, _) in self.processes.drain(..last) {
            self.clients.gone(number);
        }
        self.processes[0].1.refuses = false;
        for ms in [0, 1_000, 2_000, 4_000_000, 1_000, 1_000] {
            self.move_on(ms);
            self.rest()?;
        }
        let number = self.processes[0].0;
        if self.clients.waits_for(number) {
            return Err("somebody was never answered".into());
        }
        let live = self.ledger.count(|stage| matches!(stage, Life::Basket { .. } | Life::PreConfirm { .. }));
        let held = self.ledger.held_places();
        if (live, held) != (0, 0) {
            return Err(format!("an hour later {live} orders are alive and {held} places held"));
        }
        self.ledger.check_delivered(self.clock)?;
        let gifts = self.ledger.voucher_orders().iter().filter(|order| order.expires().is_some()).count();
        if gifts != 0 {
            return Err(format!("an hour later {gifts} voucher orders are alive"));
        }
        self.ledger.check_store(&self.disk)?;
        self.crash_all();
        self.rest()?;
        self.clients.check(&self.ledger)?;
        self.ledger.check_store(&self.disk)
    }
}
