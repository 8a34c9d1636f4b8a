//! One simulated process: an engine with its applier and its loaders, each step of each taken when the scheduler says so.
//!
//! It carries out what the engine says exactly as the threads do, but for the rules that a negative control breaks.

use std::collections::VecDeque;
use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{MessageId, ShardId};
use aforo_domain::messages::{Delivery, Kind, Message, OutboxCommand};
use aforo_domain::moment::{Draw, Timestamp};
use aforo_server::engine::applier::Backlog;
use aforo_server::engine::core::{Batch, Core, Input, Limits, Output, Plan, Publication};
use aforo_server::engine::loaders::{self, Job};
use aforo_server::engine::payload::OwnerId;
use aforo_server::engine::shard::State;
use aforo_server::engine::{Answer, Request};
use aforo_server::outbox::in_hand::InHand;
use aforo_server::store::sim::SimStore;
use aforo_server::store::{AppendError, ApplyBatch, Journal, JournalRow, Loader, Queue, Store, Tables};

use super::hooks;
use super::stage::SHARD;

/// Rules of engine.md that are broken on purpose, to show that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// 9: publishes and answers before the append.
    AnswersFirst,
    /// 14: takes an append without an answer for a success.
    BelievesInLuck,
    /// 22: drops rows from memory before the tables have them.
    EvictsEarly,
    /// Law 8: tells that messages were delivered before they are.
    TellsFirst,
}

/// Whose answer is the outbox's.
const TELLING: u64 = u64::MAX - 1;

/// An append that the engine asked for: rows, and up to where rows may go.
type Asked = (Vec<JournalRow>, Vec<(ShardId, u64)>);

/// A process.
pub struct Process {
    /// The engine.
    pub core: Core<u64>,
    journal: Journal,
    tables: Tables,
    loader: Loader,
    owner: OwnerId,
    sabotage: Option<Sabotage>,
    appends: VecDeque<Asked>,
    appended: VecDeque<Input<u64>>,
    work: VecDeque<Work>,
    backlog: Backlog,
    applied: VecDeque<Input<u64>>,
    jobs: Vec<Job>,
    done: Vec<Input<u64>>,
    in_hand: InHand,
    /// Results under way to the engine.
    telling: Vec<MessageId>,
    /// Whether there may be messages to deliver: something was written, or time has passed.
    pub looks: bool,
    /// Whether receivers refuse some.
    pub refuses: bool,
    /// What left it since it was last looked at.
    pub left: Vec<Left>,
}

enum Work {
    Batch(Batch),
    Replay(ApplyBatch),
    End(Job),
}

/// What the world outside sees of a process.
pub enum Left {
    /// An answer.
    Answer(u64, Answer),
    /// What readers see from now on.
    Shown(Publication),
    /// A message, delivered under this epoch.
    Delivered(Arc<Message>, u64),
    /// The process ended itself.
    Died,
}

/// What a process could do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Decide what waits.
    Turn,
    /// Append, or learn what became of it.
    Append,
    /// Learn what became of an append.
    HearAppended,
    /// The applier takes the next piece of work.
    TakeWork,
    /// The applier writes.
    Write,
    /// The engine hears from the applier.
    HearApplied,
    /// A loader works.
    Load,
    /// The engine hears from a loader.
    HearLoaded,
    /// The outbox delivers what is due, and tells what became of it.
    Deliver,
}

impl Process {
    /// Starts on a store.
    pub fn start(disk: &SimStore, clock: Timestamp, plan: Plan, limits: Limits, owner: OwnerId, sabotage: Option<Sabotage>) -> Self {
        let store = Store::Sim(disk.clone());
        let fails = |error| panic!("the simulated store opens: {error}");
        let mut process = Self {
            core: Core::new(plan, limits, clock),
            journal: store.journal().unwrap_or_else(fails),
            tables: store.tables().unwrap_or_else(|error| panic!("{error}")),
            loader: store.loader().unwrap_or_else(|error| panic!("{error}")),
            owner,
            sabotage,
            appends: VecDeque::new(),
            appended: VecDeque::new(),
            work: VecDeque::new(),
            backlog: Backlog::default(),
            applied: VecDeque::new(),
            jobs: Vec::new(),
            done: Vec::new(),
            in_hand: InHand::default(),
            telling: Vec::new(),
            looks: true,
            refuses: true,
            left: Vec::new(),
        };
        process.step(Input::Open(SHARD));
        process
    }

    /// A command comes.
    pub fn ask(&mut self, request: Request, ticket: u64) {
        self.step(Input::Ask { request, ticket });
    }

    /// What it could do now.
    pub fn moves(&self, clock: Timestamp) -> Vec<Move> {
        let all = [
            (Move::Turn, self.core.is_busy() || self.core.wake_at() <= clock),
            (Move::Append, !self.appends.is_empty()),
            (Move::HearAppended, !self.appended.is_empty()),
            (Move::TakeWork, !self.work.is_empty()),
            (Move::Write, !self.backlog.is_empty()),
            (Move::HearApplied, !self.applied.is_empty()),
            (Move::Load, !self.jobs.is_empty()),
            (Move::HearLoaded, !self.done.is_empty()),
            (Move::Deliver, self.looks && self.telling.is_empty()),
        ];
        all.into_iter().filter(|(_, possible)| *possible).map(|(one, _)| one).collect()
    }

    /// Makes a move.
    pub fn make(&mut self, one: Move, clock: Timestamp, draw: &mut Draw) {
        self.looks |= matches!(one, Move::Write | Move::HearApplied | Move::HearLoaded);
        match one {
            Move::Turn => self.step(Input::Turn { clock, seed: draw.bytes() }),
            Move::Append => self.append(),
            Move::HearAppended => self.hear_first(|process| &mut process.appended),
            Move::TakeWork => self.take_work(),
            Move::Write => {
                let tables = &mut self.tables;
                self.applied.extend(self.backlog.write(&mut |batch| tables.apply(batch)));
            }
            Move::HearApplied => self.hear_first(|process| &mut process.applied),
            Move::Load => {
                let job = self.jobs.swap_remove(draw.number() as usize % self.jobs.len());
                self.done.push(loaders::work(&mut self.loader, job, self.owner));
            }
            Move::HearLoaded => {
                let input = self.done.swap_remove(draw.number() as usize % self.done.len());
                self.step(input);
            }
            Move::Deliver => self.deliver(clock, draw),
        }
    }

    /// How far the shard that it serves is: its epoch, its last durable number, how far the tables are.
    fn stand(&self) -> Option<(u64, u64, u64)> {
        self.core.shards().find_map(|shard| match &shard.state {
            State::Serving(serving) => Some((serving.epoch, serving.seq, serving.applied)),
            _ => None,
        })
    }

    /// What is due of a kind and not in hand.
    fn due(&mut self, kind: Kind, clock: Timestamp) -> Vec<Arc<Message>> {
        let Some((epoch, _, applied)) = self.stand() else { return Vec::new() };
        self.in_hand.applied(applied);
        let due = self.loader.due(&Queue { shard: SHARD, epoch, kind }, clock, 8);
        due.map(|due| due.messages).unwrap_or_default()
    }

    fn deliver(&mut self, clock: Timestamp, draw: &mut Draw) {
        self.looks = false;
        let Some((epoch, ..)) = self.stand() else { return };
        let mut results = Vec::new();
        for kind in Kind::COMMON.into_iter().chain(hooks::KINDS) {
            let due = self.due(kind, clock);
            for message in self.in_hand.take(due, 1 + draw.number() as usize % 4) {
                let id = message.id;
                if let Kind::Webhook(_) = kind {
                    let (result, has_it) = hooks::attempt(clock, self.refuses, draw);
                    results.push((id, result));
                    if has_it && self.sabotage != Some(Sabotage::TellsFirst) {
                        self.left.push(Left::Delivered(message, epoch));
                    }
                    continue;
                }
                // Every fourth is refused.
                if self.refuses && draw.number().is_multiple_of(4) {
                    results.push((id, Delivery::Failed("refused".to_owned())));
                    continue;
                }
                results.push((id, Delivery::Done));
                if self.sabotage != Some(Sabotage::TellsFirst) {
                    self.left.push(Left::Delivered(message, epoch));
                }
            }
        }
        self.telling = results.iter().map(|(id, _)| *id).collect();
        if !results.is_empty() {
            let command = Command::Outbox(OutboxCommand::Settle(results));
            self.ask(Request { shard: SHARD, actor: Actor::System, command, idempotency: None }, TELLING);
        }
    }

    /// The engine has answered to what was told: if it failed, the messages are delivered again.
    fn told(&mut self, answer: &Answer) {
        self.looks = true;
        let seq = self.stand().map(|(_, seq, _)| seq).filter(|_| answer.result.is_ok());
        for id in std::mem::take(&mut self.telling) {
            match seq {
                Some(seq) => self.in_hand.told(id, seq),
                None => self.in_hand.put_back(id),
            }
        }
    }

    fn hear_first(&mut self, queue: fn(&mut Self) -> &mut VecDeque<Input<u64>>) {
        if let Some(input) = queue(self).pop_front() {
            self.step(input);
        }
    }

    fn append(&mut self) {
        let Some((rows, trim)) = self.appends.pop_front() else { return };
        let result = match self.journal.append(&rows, &trim) {
            Err(AppendError::Unknown(_)) if self.sabotage == Some(Sabotage::BelievesInLuck) => Ok(()),
            other => other,
        };
        if self.sabotage != Some(Sabotage::AnswersFirst) {
            self.appended.extend(rows.into_iter().map(|row| appended(row, result.clone())));
        }
    }

    fn take_work(&mut self) {
        match self.work.pop_front() {
            Some(Work::Batch(batch)) => {
                if self.sabotage == Some(Sabotage::EvictsEarly) {
                    self.applied.push_back(Input::Applied { shard: batch.shard, epoch: batch.epoch, result: Ok(batch.seq) });
                }
                self.backlog.add(batch);
            }
            Some(Work::Replay(batch)) => {
                let result = self.tables.apply(&batch);
                self.applied.push_back(Input::Replayed { shard: batch.shard, epoch: batch.epoch, result });
            }
            Some(Work::End(job)) => {
                self.backlog.end(SHARD);
                self.jobs.push(job);
            }
            None => {}
        }
    }

    fn step(&mut self, input: Input<u64>) {
        let mut outputs = Vec::new();
        self.core.step(input, &mut outputs);
        for output in outputs {
            match output {
                Output::Append { rows, trim } => {
                    let early: Vec<_> = match self.sabotage {
                        Some(Sabotage::AnswersFirst) => rows.iter().cloned().map(|row| appended(row, Ok(()))).collect(),
                        _ => Vec::new(),
                    };
                    self.appends.push_back((rows, trim));
                    early.into_iter().for_each(|input| self.step(input));
                }
                Output::Publish(publication) => self.left.push(Left::Shown(publication)),
                Output::Apply(batch) => self.work.push_back(Work::Batch(batch)),
                Output::Replay(batch) => self.work.push_back(Work::Replay(batch)),
                Output::Take { shard, known, now } => self.work.push_back(Work::End(Job::Take { shard, known, now })),
                Output::Populate { shard, epoch, applied } => self.jobs.push(Job::Populate { shard, epoch, applied }),
                Output::Load { shard, epoch, load, applied } => {
                    // Who drops rows early must not look how far the tables are, either.
                    let applied = if self.sabotage == Some(Sabotage::EvictsEarly) { 0 } else { applied };
                    self.jobs.push(Job::Load { shard, epoch, load, applied });
                }
                Output::Reply { ticket: TELLING, answer } => self.told(&answer),
                Output::Reply { ticket, answer } => self.left.push(Left::Answer(ticket, answer)),
                Output::Die(_) => self.left.push(Left::Died),
                Output::Withdraw(_) | Output::Opened { .. } | Output::Count(_) => {}
            }
        }
    }
}

fn appended(row: JournalRow, result: Result<(), AppendError>) -> Input<u64> {
    Input::Appended { shard: row.shard, payload: row.payload, result }
}
