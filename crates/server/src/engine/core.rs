//! The engine as a state machine without IO: `step(input)` says what is to be appended, applied, loaded, published and answered. Threads carry it out
//! ([`super::threads`]), and so does the simulator.
//!
//! It owns the order of things: append, publish, apply, answer; and taking over, replaying and loading a shard before it serves.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::change::Change;
use aforo_domain::command::{self, Command, Planned};
use aforo_domain::error::Code;
use aforo_domain::identity::Identity;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::inventory::Snapshot;
use aforo_domain::moment::{Moment, Timestamp};
use aforo_domain::products::Taken;
use aforo_domain::resale::Offered;
use aforo_domain::world::World;

use super::batch::Bench;
use super::payload::Encoder;
use super::recovery::{Standing, TakeError};
use super::shard::{Shard, State, Step, Waiting};
use super::{Answer, Request};
use crate::store::{AppendError, ApplyBatch, JournalRow, Load, Loaded, StoreError};

/// What decides a command: [`command::plan`], but for the tests that show that a broken rule is noticed.
pub type Plan = fn(&World, &Moment, &Actor, &Command) -> Planned;

/// How much of everything there may be.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Commands that wait in one shard.
    pub queue: usize,
    /// Commands in one batch.
    pub batch_commands: usize,
    /// Bytes in one batch, but for the last command's.
    pub batch_bytes: usize,
    /// Orders released, and other things forgotten, in one batch.
    pub tick: usize,
    /// How often rows are loaded for one command.
    pub load_rounds: u8,
    /// Commands of one shard that wait for rows.
    pub parked: usize,
    /// Journal bytes of one shard that the tables do not have: beyond it the shard decides nothing until the applier has come on.
    pub unapplied_bytes: usize,
    /// What rows of one shard may take in memory that need not be there.
    pub cache_bytes: usize,
    /// How long a shard rests after it could not be taken over, in milliseconds.
    pub rest_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 4_096,
            batch_commands: 512,
            batch_bytes: 4 << 20,
            tick: 256,
            load_rounds: 8,
            parked: 1_024,
            unapplied_bytes: 32 << 20,
            cache_bytes: 32 << 20,
            rest_ms: 500,
        }
    }
}

/// What happens to the engine.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is a command: a box would cost an allocation each")]
pub enum Input<T> {
    /// A command came.
    Ask {
        /// It.
        request: Request,
        /// Where its answer goes.
        ticket: T,
    },
    /// A shard is to be served.
    Open(ShardId),
    /// Decide what waits.
    Turn {
        /// The engine's clock.
        clock: Timestamp,
        /// New chance.
        seed: [u8; 32],
    },
    /// What became of a row's append.
    Appended {
        /// Whose row.
        shard: ShardId,
        /// Its buffer, to be used again.
        payload: Vec<u8>,
        /// Whether it is durable.
        result: Result<(), AppendError>,
    },
    /// The applier has come on, or failed.
    Applied {
        /// Whose rows.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// Up to which number.
        result: Result<u64, StoreError>,
    },
    /// Rows were looked for.
    Loaded {
        /// Whose.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// What there is.
        loaded: Loaded,
    },
    /// Rows could not be looked for.
    NotLoaded {
        /// Whose.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// What was asked.
        load: Load,
        /// Why.
        error: NotLoaded,
    },
    /// A shard was taken over, or not.
    Taken {
        /// Which.
        shard: ShardId,
        /// Where it stands.
        result: Result<Standing, TakeError>,
    },
    /// A shard's tail was put into the tables, or not.
    Replayed {
        /// Which.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// How it went.
        result: Result<(), StoreError>,
    },
    /// A shard's World was read, or not.
    Populated {
        /// Which.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// It.
        result: Result<Box<World>, StoreError>,
    },
}

/// Why rows could not be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLoaded {
    /// Too much is being looked for.
    Busy,
    /// The store failed.
    Failed,
    /// The tables have gone back to an earlier state.
    Behind,
}

/// What the engine is to do, in this order.
#[derive(Debug)]
pub enum Output<T> {
    /// Make these rows durable, then say so row by row; nothing else in between.
    Append {
        /// At most one a shard.
        rows: Vec<JournalRow>,
        /// Rows up to here may go.
        trim: Vec<(ShardId, u64)>,
    },
    /// Show this to readers.
    Publish(Publication),
    /// Show nothing of this shard any more.
    Withdraw(ShardId),
    /// Hand this to the applier.
    Apply(Batch),
    /// Answer.
    Reply {
        /// Whom.
        ticket: T,
        /// What.
        answer: Answer,
    },
    /// Look for rows.
    Load {
        /// Whose.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// Which.
        load: Load,
        /// The tables have everything up to here: if they do not any more, what they say is of the past.
        applied: u64,
    },
    /// End the own applier of a shard, take the shard over and read where it stands; [`StoreError::Stale`] if someone has since `known` epoch.
    Take {
        /// Which.
        shard: ShardId,
        /// The epoch it was owned under.
        known: Option<u64>,
        /// For the takeover row.
        now: Timestamp,
    },
    /// Put a tail into the tables.
    Replay(ApplyBatch),
    /// Read a World.
    Populate {
        /// Which.
        shard: ShardId,
        /// Under which epoch.
        epoch: u64,
        /// The tables have everything up to here.
        applied: u64,
    },
    /// A shard is in service now, or will not be: who waits for it may be told.
    Opened {
        /// Which.
        shard: ShardId,
        /// How it went.
        result: Result<(), String>,
    },
    /// Something that an operator wants to know happened.
    Count(Event),
    /// Nothing can be trusted any more: end the process.
    Die(String),
}

/// What is counted beside the batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The planning of a command panicked.
    Panicked,
    /// A shard is taken over anew, because something failed.
    Reopened,
    /// A shard is no longer served here.
    Lost,
}

/// How much of everything there is, over all shards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Commands that wait for their decision or for rows.
    pub waiting: usize,
    /// Journal rows that the tables do not have.
    pub lag_rows: usize,
    /// The same in bytes.
    pub lag_bytes: usize,
    /// Orders in memory.
    pub resident_orders: usize,
    /// What rows take in memory that need not be there, in bytes.
    pub cache_bytes: usize,
}

/// What a batch changed for readers.
#[derive(Debug)]
pub struct Publication {
    /// Of which shard.
    pub shard: ShardId,
    /// The batch.
    pub seq: u64,
    /// Who may do what, if that changed.
    pub identity: Option<Arc<Identity>>,
    /// What is sold, if that changed.
    pub catalogue: Option<Arc<Catalogue>>,
    /// What is taken of products, if that changed.
    pub taken: Option<Arc<Taken>>,
    /// Tickets that are offered again, if that changed.
    pub listings: Option<Arc<Offered>>,
    /// Places that changed.
    pub places: Vec<(SessionId, Snapshot)>,
}

/// A durable batch, for the applier.
#[derive(Debug)]
pub struct Batch {
    /// Whose.
    pub shard: ShardId,
    /// Under which epoch.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// Its time.
    pub now: Timestamp,
    /// Its images, in the order they were applied.
    pub changes: Vec<Change>,
}

/// The engine without its threads.
#[derive(Debug)]
pub struct Core<T> {
    plan: Plan,
    pub(super) limits: Limits,
    pub(super) shards: BTreeMap<ShardId, Shard<T>>,
    /// Shards that have something to do, in the order of their turns.
    turns: VecDeque<ShardId>,
    pub(super) clock: Timestamp,
    /// When time next has something to do somewhere.
    pub(super) look_at: Timestamp,
    encoder: Encoder,
}

/// How often, at most, it is looked whether time has something to do, in milliseconds.
const LOOK_MS: i64 = 20;
/// How long nothing is looked for when nothing is due, in milliseconds.
const LOOK_MAX_MS: i64 = 3_600_000;

impl<T> Core<T> {
    /// An engine without shards.
    pub fn new(plan: Plan, limits: Limits, clock: Timestamp) -> Self {
        Self { plan, limits, shards: BTreeMap::new(), turns: VecDeque::new(), clock, look_at: clock, encoder: Encoder::default() }
    }

    /// The engine that decides by the rules.
    pub fn by_the_rules(clock: Timestamp) -> Self {
        Self::new(command::plan, Limits::default(), clock)
    }

    /// Takes one input; what is to be done is added to `out`, and is to be done in that order.
    pub fn step(&mut self, input: Input<T>, out: &mut Vec<Output<T>>) {
        match input {
            Input::Ask { request, ticket } => self.ask(request, ticket, out),
            Input::Open(shard) => self.open(shard, out),
            Input::Turn { clock, seed } => self.turn(clock, seed, out),
            Input::Appended { shard, payload, result } => {
                self.encoder.reuse(payload);
                self.appended(shard, result, out);
            }
            Input::Applied { shard, epoch, result } => self.applied(shard, epoch, result, out),
            Input::Loaded { shard, epoch, loaded } => self.loaded(shard, epoch, loaded),
            Input::NotLoaded { shard, epoch, load, error } => self.not_loaded(shard, epoch, load, error, out),
            Input::Taken { shard, result } => self.taken(shard, result, out),
            Input::Replayed { shard, epoch, result } => self.replayed(shard, epoch, result, out),
            Input::Populated { shard, epoch, result } => self.populated(shard, epoch, result, out),
        }
    }

    /// Whether a turn would find something to do right away.
    pub fn is_busy(&self) -> bool {
        !self.turns.is_empty()
    }

    /// When there has to be a turn though nothing happens.
    pub const fn wake_at(&self) -> Timestamp {
        self.look_at
    }

    /// How much of everything there is now.
    pub fn levels(&self) -> Levels {
        let mut levels = Levels::default();
        for shard in self.shards.values() {
            levels.waiting += shard.queue.len();
            let State::Serving(serving) = &shard.state else { continue };
            levels.waiting += serving.loads.len() + serving.lists.len();
            levels.lag_rows += serving.unapplied.len();
            levels.lag_bytes += serving.unapplied_bytes;
            levels.resident_orders += serving.world.resident_orders();
            levels.cache_bytes += serving.cache.bytes();
        }
        levels
    }

    /// The number of the last batch of a shard that is durable; `None` if it is not in service.
    pub fn seq(&self, id: ShardId) -> Option<u64> {
        if let State::Serving(serving) = &self.shards.get(&id)?.state { Some(serving.seq) } else { None }
    }

    /// The epoch under which a shard is owned; `None` if it is not in service.
    pub fn epoch(&self, id: ShardId) -> Option<u64> {
        if let State::Serving(serving) = &self.shards.get(&id)?.state { Some(serving.epoch) } else { None }
    }

    /// All shards, to be looked at.
    pub fn shards(&self) -> impl Iterator<Item = &Shard<T>> {
        self.shards.values()
    }

    fn ask(&mut self, request: Request, ticket: T, out: &mut Vec<Output<T>>) {
        let refuse = |code: Code, ticket: T, out: &mut Vec<Output<T>>| out.push(Output::Reply { ticket, answer: Answer::refused(code) });
        let Some(shard) = self.shards.get_mut(&request.shard) else { return refuse(Code::NotFound, ticket, out) };
        let unable = matches!(shard.state, State::Lost | State::Opening(Step::Resting(_)));
        if unable || shard.queue.len() >= self.limits.queue {
            return refuse(Code::Overloaded, ticket, out);
        }
        shard.queue.push_back(Waiting { request, ticket, rounds: 0 });
        let id = shard.id;
        self.list(id);
    }

    /// Puts a shard in the line of turns, if it has something to do and may.
    pub(super) fn list(&mut self, id: ShardId) {
        if let Some(shard) = self.shards.get_mut(&id)
            && !shard.listed
            && shard.is_ready(self.limits.unapplied_bytes, self.clock)
        {
            shard.listed = true;
            self.turns.push_back(id);
        }
    }

    fn turn(&mut self, clock: Timestamp, seed: [u8; 32], out: &mut Vec<Output<T>>) {
        self.clock = self.clock.max(clock);
        if self.clock >= self.look_at {
            self.look_for_due(out);
        }
        let mut draw = Moment { now: self.clock, seed, order_code: None }.draw();
        let share = (self.limits.batch_commands / self.turns.len().max(1)).max(1);
        let (mut rows, mut trim) = (Vec::new(), Vec::new());
        for _ in 0..self.turns.len() {
            let Some(shard) = self.turns.pop_front().and_then(|id| self.shards.get_mut(&id)) else { continue };
            shard.listed = false;
            let mut bench =
                Bench { plan: self.plan, limits: &self.limits, clock: self.clock, draw: &mut draw, encoder: &mut self.encoder, out };
            let row = shard.decide(share, &mut bench);
            let id = shard.id;
            if let State::Serving(serving) = &mut shard.state {
                if row.is_some() && serving.applied > serving.trimmed {
                    serving.trimmed = serving.applied;
                    trim.push((id, serving.applied));
                }
                let due = serving.world.next_due().map_or(self.look_at, |due| due.max(self.clock.plus_ms(LOOK_MS)));
                self.look_at = self.look_at.min(due);
            }
            rows.extend(row);
            // What waits in it still has its next turn after the others'.
            self.list(id);
        }
        if !rows.is_empty() {
            out.push(Output::Append { rows, trim });
        }
    }

    /// Lists the shards for which time has something to do, and takes over anew those that have rested.
    fn look_for_due(&mut self, out: &mut Vec<Output<T>>) {
        let mut next = self.clock.plus_ms(LOOK_MAX_MS);
        let mut due = Vec::new();
        for shard in self.shards.values_mut() {
            match &shard.state {
                State::Serving(serving) => {
                    if serving.is_due(self.clock) {
                        due.push(shard.id);
                    }
                    // Its own time may be ahead of the clock; a look too many does no harm.
                    next = next.min(serving.world.next_due().unwrap_or(next));
                }
                State::Opening(Step::Resting(until)) if *until <= self.clock => shard.take(self.clock, out),
                State::Opening(Step::Resting(until)) => next = next.min(*until),
                _ => {}
            }
        }
        self.look_at = next.max(self.clock.plus_ms(LOOK_MS));
        due.into_iter().for_each(|id| self.list(id));
    }

    fn appended(&mut self, id: ShardId, result: Result<(), AppendError>, out: &mut Vec<Output<T>>) {
        let clock = self.clock;
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let State::Serving(serving) = &mut shard.state else { return };
        let Some(flight) = serving.flight.take() else { return };
        let refusal = match result {
            Ok(()) => {
                serving.seq += 1;
                serving.unapplied.push_back((serving.seq, flight.bytes));
                serving.unapplied_bytes += flight.bytes;
                out.extend(serving.publication(id).map(Output::Publish));
                let (epoch, seq) = (serving.epoch, serving.seq);
                out.push(Output::Apply(Batch { shard: id, epoch, seq, now: flight.now, changes: flight.changes }));
                out.extend(flight.replies.into_iter().map(|(ticket, answer)| Output::Reply { ticket, answer }));
                return self.list(id);
            }
            Err(AppendError::Fatal(error)) => return out.push(Output::Die(error)),
            Err(AppendError::Full) => Code::Overloaded,
            Err(AppendError::Conflict | AppendError::Unknown(_)) => Code::Dist0000,
        };
        if let Err(error) = &result {
            tracing::error!(shard = id.0, %error, "an append failed: the shard is taken over anew");
        }
        // The World has what the journal may not have: only what is durable is gone on from.
        for (ticket, _) in flight.replies {
            out.push(Output::Reply { ticket, answer: Answer::refused(refusal) });
        }
        shard.reopen(clock, out);
    }

    fn applied(&mut self, id: ShardId, epoch: u64, result: Result<u64, StoreError>, out: &mut Vec<Output<T>>) {
        let clock = self.clock;
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let Some(serving) = shard.serving(epoch) else { return };
        match result {
            Ok(seq) => {
                serving.applied(seq);
                let (epoch, applied) = (serving.epoch, serving.applied);
                let lists = serving.lists.due(applied).into_iter();
                out.extend(lists.map(|session| Output::Load { shard: id, epoch, load: Load::List(session), applied }));
                self.list(id);
            }
            Err(StoreError::Fatal(error)) => out.push(Output::Die(error)),
            Err(error) => {
                tracing::error!(shard = id.0, %error, "the applier failed: the shard is taken over anew");
                shard.reopen(clock, out);
            }
        }
    }
}
