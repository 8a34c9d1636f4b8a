//! The engine's own thread: takes what comes, lets the state machine decide, and carries out what it says, the append in line.
//!
//! One thread runs all shards of the process: one writer, one fsync for everybody. It never waits for a read, and it blocks when there is nothing to do.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use tokio::sync::oneshot;

use super::applier::Work;
use super::core::{Core, Input, NotLoaded, Output};
use super::loaders::{Job, Loaders};
use super::shared::Shared;
use super::time::Timekeeper;
use super::view::Views;
use super::{Answer, Request};
use crate::chance::Chance;
use crate::clock::{self, Clock};
use crate::store::{AppendError, Journal, JournalRow, StoreError};

/// Where an answer goes.
pub type Ticket = oneshot::Sender<Answer>;
/// Who waits for a shard to be in service.
pub type WhenOpen = Box<dyn FnOnce(Result<(), String>) + Send>;

/// What reaches the engine's thread.
pub enum Message {
    /// A command.
    Ask(Request, Ticket),
    /// A shard is to be served.
    Open(ShardId, WhenOpen),
    /// From the applier or a loader.
    Input(Input<Ticket>),
    /// Finish what waits, and end.
    Stop,
    /// End as if killed: nobody is left who could ask.
    Abandon,
}

/// How many messages are taken in before the next turn.
const INTAKE: usize = 4_096;
/// A fixed clock is looked at so often, since nobody says when it is moved.
const FIXED_CLOCK_LOOK: Duration = Duration::from_millis(5);
/// How often the levels are shown, in milliseconds.
const LEVELS_MS: i64 = 1_000;
/// How long a stop waits for what is under way.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Starts a thread whose panic ends the process: half an engine must not go on.
///
/// # Errors
/// If the system has no thread to give.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<std::thread::JoinHandle<()>, StoreError> {
    struct EndsTheProcess;
    impl Drop for EndsTheProcess {
        fn drop(&mut self) {
            if std::thread::panicking() {
                tracing::error!(thread = std::thread::current().name(), "a thread of the engine panicked: the process ends");
                std::process::abort();
            }
        }
    }
    let guarded = move || {
        let _guard = EndsTheProcess;
        body();
    };
    let failed = |error| StoreError::Failed(format!("no thread {name}: {error}"));
    std::thread::Builder::new().name(name.to_owned()).spawn(guarded).map_err(failed)
}

/// The engine's thread.
pub struct Engine {
    /// What decides.
    pub core: Core<Ticket>,
    /// Where batches become durable.
    pub journal: Journal,
    /// What comes.
    pub inbox: Receiver<Message>,
    /// How many commands are on their way here.
    pub asked: Arc<AtomicUsize>,
    /// The applier.
    pub applier: Sender<Work>,
    /// The loaders.
    pub loaders: Loaders,
    /// What readers see.
    pub views: Views,
    /// What `Handle`s see.
    pub shared: Arc<Shared>,
    /// The wall clock.
    pub clock: Clock,
    /// Where seeds come from.
    pub chance: Chance,
    /// The engine's time.
    pub time: Timekeeper,
    /// Who waits for shards.
    pub when_open: HashMap<ShardId, Vec<WhenOpen>>,
    /// What is to be done; kept for its capacity.
    pub outputs: Vec<Output<Ticket>>,
    /// Commands taken in since the last turn.
    pub taken_in: usize,
    /// When the levels are shown next.
    pub levels_at: Timestamp,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Finish,
    End,
}

impl Engine {
    /// Works until it is stopped.
    pub fn run(mut self) {
        loop {
            match self.take_in() {
                Then::GoOn => self.turn(),
                Then::Finish => return self.finish(),
                Then::End => return,
            }
        }
    }

    /// Waits until there is something to do, and takes in what came.
    fn take_in(&mut self) -> Then {
        if !self.core.is_busy() {
            let first = match self.patience() {
                Some(patience) => self.inbox.recv_timeout(patience),
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(message) => match self.receive(message) {
                    Then::GoOn => {}
                    other => return other,
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Then::End,
            }
        }
        for _ in 0..INTAKE {
            let Ok(message) = self.inbox.try_recv() else { break };
            match self.receive(message) {
                Then::GoOn => {}
                other => return other,
            }
        }
        Then::GoOn
    }

    /// How long nothing has to be done if nothing comes.
    fn patience(&mut self) -> Option<Duration> {
        if let Clock::Fixed(_) = self.clock {
            return Some(FIXED_CLOCK_LOOK);
        }
        let ms = self.core.wake_at().ms_since(self.now()).max(0) + 1;
        Some(Duration::from_millis(ms.unsigned_abs()))
    }

    fn receive(&mut self, message: Message) -> Then {
        match message {
            Message::Ask(request, ticket) => {
                self.asked.fetch_sub(1, Ordering::Relaxed);
                self.taken_in += 1;
                self.step(Input::Ask { request, ticket });
            }
            Message::Input(input) => self.step(input),
            Message::Open(shard, when_open) => {
                self.when_open.entry(shard).or_default().push(when_open);
                self.step(Input::Open(shard));
            }
            Message::Stop => return Then::Finish,
            Message::Abandon => return Then::End,
        }
        Then::GoOn
    }

    fn turn(&mut self) {
        let clock = self.now();
        if !self.core.is_busy() && clock < self.core.wake_at() {
            return;
        }
        let seed = self.chance.seed();
        self.step(Input::Turn { clock, seed });
        let Some(meters) = self.shared.meters() else { return };
        if self.taken_in > 0 {
            meters.batch_commands.record(self.taken_in as f64);
            self.taken_in = 0;
        }
        if self.levels_at <= clock {
            self.levels_at = clock.plus_ms(LEVELS_MS);
            meters.show(self.core.levels());
        }
    }

    fn now(&mut self) -> Timestamp {
        let wall = self.clock.now();
        let Clock::System = self.clock else { return wall };
        let reading = self.time.read(wall, clock::instant());
        if let Some(ms) = reading.jumped_ms {
            tracing::error!(ms, "the wall clock jumped ahead; it is not followed unless it stays there");
            if let Some(meters) = self.shared.meters() {
                meters.clock_jumps.increment(1);
            }
        }
        reading.now
    }

    /// Takes a step and carries out what it says, and what follows from that.
    fn step(&mut self, input: Input<Ticket>) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.core.step(input, &mut outputs);
        let mut rows = Vec::new();
        for output in outputs.drain(..) {
            if let Output::Append { rows: append, trim } = output {
                rows = self.append(append, &trim);
            } else {
                self.carry_out(output);
            }
        }
        self.outputs = outputs;
        for (shard, payload, result) in rows {
            self.step(Input::Appended { shard, payload, result });
        }
    }

    fn carry_out(&mut self, output: Output<Ticket>) {
        match output {
            // A caller that has gone needs no answer.
            Output::Reply { ticket, answer } => drop(ticket.send(answer)),
            Output::Publish(publication) => self.views.show(publication),
            Output::Withdraw(shard) => self.views.withdraw(shard),
            Output::Apply(batch) => {
                // In this order: who sees the number and hurries the applier comes after the batch.
                let (shard, seq) = (batch.shard, batch.seq);
                let _ = self.applier.send(Work::Batch(batch));
                self.shared.committed(shard, seq);
            }
            Output::Replay(batch) => drop(self.applier.send(Work::Replay(batch))),
            Output::Load { shard, epoch, load, applied } => {
                if let Err(load) = self.loaders.look(shard, epoch, load, applied) {
                    self.step(Input::NotLoaded { shard, epoch, load, error: NotLoaded::Busy });
                }
            }
            Output::Take { shard, known, now } => drop(self.applier.send(Work::End(shard, Job::Take { shard, known, now }))),
            Output::Populate { shard, epoch, applied } => self.loaders.ask(Job::Populate { shard, epoch, applied }),
            Output::Opened { shard, result } => {
                if let (Ok(()), Some(seq), Some(epoch)) = (&result, self.core.seq(shard), self.core.epoch(shard)) {
                    self.shared.opened(shard, seq, epoch);
                }
                for when_open in self.when_open.remove(&shard).unwrap_or_default() {
                    when_open(result.clone());
                }
            }
            Output::Count(event) => self.shared.count(event),
            Output::Die(error) => die(&error),
            Output::Append { .. } => unreachable!("appends are carried out where their outcome is taken in"),
        }
    }

    /// Makes rows durable. A conflict among several is found by appending them one by one.
    fn append(&mut self, rows: Vec<JournalRow>, trim: &[(ShardId, u64)]) -> Vec<(ShardId, Vec<u8>, Result<(), AppendError>)> {
        let began = clock::instant();
        let together = self.journal.append(&rows, trim);
        if let Some(meters) = self.shared.meters() {
            meters.append_seconds.record(clock::instant().saturating_duration_since(began).as_secs_f64());
            meters.append_bytes.record(rows.iter().map(|row| row.payload.len()).sum::<usize>() as f64);
        }
        let one_by_one = matches!(together, Err(AppendError::Conflict)) && rows.len() > 1;
        rows.into_iter()
            .map(|row| {
                let result = if one_by_one { self.journal.append(std::slice::from_ref(&row), &[]) } else { together.clone() };
                (row.shard, row.payload, result)
            })
            .collect()
    }

    /// Answers what waits, and lets the applier finish.
    fn finish(mut self) {
        let deadline = clock::instant() + STOP_PATIENCE;
        while self.core.levels().waiting > 0 {
            let left = deadline.saturating_duration_since(clock::instant());
            if self.core.is_busy() {
                self.turn();
            } else {
                match self.inbox.recv_timeout(left) {
                    Ok(Message::Input(input)) => self.step(input),
                    // What comes now is dropped, and its caller is told that the service is going.
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            if left.is_zero() {
                break;
            }
        }
        let _ = self.applier.send(Work::Finish);
    }
}

/// Ends the process: what the disk says cannot be trusted any more.
fn die(error: &str) {
    tracing::error!(error, "the disk failed: the process ends");
    std::process::abort();
}
