//! Deciding what waits in one shard: each command planned and applied in turn, what changed encoded as it comes, one journal row in the end.
//!
//! Nothing here is durable yet and nothing leaves: answers and images wait in the [`Flight`] until [`super::core`] hears that the row is.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aforo_domain::change::{Change, Row};
use aforo_domain::command::{Command, Reply, Stop};
use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::{Claim, Outcome, Period};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::moment::{Draw, Moment, Timestamp};

use super::Answer;
use super::core::{Event, Limits, Output, Plan};
use super::payload::{Encoder, Header};
use super::shard::{Flight, Serving, Shard, State, Waiting};
use crate::store::{JournalRow, Load};

/// What deciding needs besides the shard.
pub struct Bench<'a, T> {
    /// What decides.
    pub plan: Plan,
    /// How much of everything.
    pub limits: &'a Limits,
    /// The engine's clock.
    pub clock: Timestamp,
    /// Gives every command its seed.
    pub draw: &'a mut Draw,
    /// Where the row is built.
    pub encoder: &'a mut Encoder,
    /// What the engine is to do.
    pub out: &'a mut Vec<Output<T>>,
}

/// A batch under way.
struct Batch<'a, T> {
    shard: ShardId,
    seq: u64,
    now: Timestamp,
    serving: &'a mut Serving<T>,
    changes: Vec<Change>,
    replies: Vec<(T, Answer)>,
}

/// What becomes of a command.
enum Verdict {
    Answered(Answer),
    Wait(Stop),
}

impl<T> Shard<T> {
    /// Decides at most `most` waiting commands, and what time brings. Gives the row to append; none if nothing changed, and then every answer
    /// leaves at once.
    pub fn decide(&mut self, most: usize, bench: &mut Bench<'_, T>) -> Option<JournalRow> {
        let State::Serving(serving) = &mut self.state else { return None };
        let now = serving.pace.advance(bench.clock);
        bench.encoder.begin(&Header { epoch: serving.epoch, now, taken_by: None });
        let seq = serving.seq + 1;
        let replies = Vec::with_capacity(most.min(self.queue.len()));
        let mut batch = Batch { shard: self.id, seq, now, serving, changes: Vec::new(), replies };
        batch.tick(bench);
        for _ in 0..most {
            if bench.encoder.len() >= bench.limits.batch_bytes {
                break;
            }
            let Some(waiting) = self.queue.pop_front() else { break };
            batch.take(waiting, bench);
        }
        batch.look_for_codes(bench);
        let Batch { changes, replies, serving, .. } = batch;
        serving.cache.shrink(&mut serving.world, serving.applied);
        if changes.is_empty() {
            bench.out.extend(replies.into_iter().map(|(ticket, answer)| Output::Reply { ticket, answer }));
            return None;
        }
        let payload = bench.encoder.finish();
        serving.flight = Some(Flight { now, changes, replies, bytes: payload.len() });
        Some(JournalRow { shard: self.id, seq, payload })
    }
}

impl<T> Batch<'_, T> {
    /// What time brings: bounded, and not counted against the batch.
    fn tick(&mut self, bench: &mut Bench<'_, T>) {
        if !self.serving.is_due(bench.clock) {
            return;
        }
        let command = Command::Tick { limit: bench.limits.tick };
        match self.plan(&Actor::System, &command, bench) {
            Ok(Ok(done)) => self.apply(done.changes, bench.encoder),
            Ok(Err(stop)) => tracing::error!(shard = self.shard.0, ?stop, "a tick was refused"),
            Err(()) => {}
        }
    }

    fn take(&mut self, mut waiting: Waiting<T>, bench: &mut Bench<'_, T>) {
        match self.judge(&waiting, bench) {
            Verdict::Answered(answer) => self.replies.push((waiting.ticket, answer)),
            Verdict::Wait(_) if waiting.rounds >= bench.limits.load_rounds => {
                tracing::error!(shard = self.shard.0, command = ?waiting.request.command, "rows keep missing");
                self.replies.push((waiting.ticket, Answer::refused(Code::Dist0000)));
            }
            Verdict::Wait(_) if self.serving.loads.len() + self.serving.lists.len() >= bench.limits.parked => {
                self.replies.push((waiting.ticket, Answer::refused(Code::Overloaded)));
            }
            Verdict::Wait(stop) => {
                waiting.rounds += 1;
                match stop {
                    Stop::Need(keys) => {
                        let keys = self.serving.loads.park(waiting, keys);
                        if !keys.is_empty() {
                            bench.out.push(self.look(Load::Rows(keys)));
                        }
                    }
                    Stop::NeedLists(sessions) => self.want_lists(waiting, sessions, bench),
                    Stop::NeedOrderCode | Stop::Refused { .. } => {
                        self.serving.codes.want();
                        self.serving.loads.for_code.push_back(waiting);
                    }
                }
            }
        }
    }

    fn judge(&mut self, waiting: &Waiting<T>, bench: &mut Bench<'_, T>) -> Verdict {
        let request = &waiting.request;
        if let Some(claim) = &request.idempotency {
            match self.serving.world.outcome(claim.key) {
                Ok(None) => {}
                Ok(Some(outcome)) => return Verdict::Answered(repeat(outcome, claim)),
                Err(stop) => return Verdict::Wait(stop),
            }
        }
        let result = match self.plan(&request.actor, &request.command, bench) {
            Ok(Ok(done)) => {
                self.apply(done.changes, bench.encoder);
                Ok(done.reply)
            }
            Ok(Err(Stop::Refused { error, effects })) => {
                for effect in effects {
                    self.apply(effect.into_changes(), bench.encoder);
                }
                Err(*error)
            }
            Ok(Err(stop)) => return Verdict::Wait(stop),
            Err(()) => Err(Code::Dist0000.into()),
        };
        if let Some(claim) = request.idempotency.as_ref().filter(|_| is_kept(&result)) {
            let outcome = Outcome { key: claim.key, fingerprint: claim.fingerprint, period: Period::of(self.now), answer: result.clone() };
            self.apply(vec![Row::from(Arc::new(outcome)).into()], bench.encoder);
        }
        Verdict::Answered(Answer { result, replayed: false })
    }

    /// Plans. A panic costs this one command and no more: planning only reads.
    fn plan(&self, actor: &Actor, command: &Command, bench: &mut Bench<'_, T>) -> Result<aforo_domain::command::Planned, ()> {
        let moment = Moment { now: self.now, seed: bench.draw.bytes(), order_code: self.serving.codes.next() };
        let (plan, world) = (bench.plan, &self.serving.world);
        std::panic::catch_unwind(AssertUnwindSafe(|| plan(world, &moment, actor, command))).map_err(|_| {
            tracing::error!(shard = self.shard.0, ?command, "planning panicked");
            bench.out.push(Output::Count(Event::Panicked));
        })
    }

    fn apply(&mut self, changes: Vec<Change>, encoder: &mut Encoder) {
        for change in &changes {
            self.serving.world.apply(change, self.seq);
            self.serving.loads.changed(change);
            self.serving.codes.changed(change, self.seq);
            self.serving.cache.changed(change, self.seq);
            encoder.add(change);
        }
        if self.changes.is_empty() {
            self.changes = changes;
        } else {
            self.changes.extend(changes);
        }
    }

    /// Has gates' lists read, once the tables have what was decided so far.
    fn want_lists(&mut self, waiting: Waiting<T>, sessions: Vec<SessionId>, bench: &mut Bench<'_, T>) {
        let after = if self.changes.is_empty() { self.serving.seq } else { self.seq };
        for session in self.serving.lists.park(waiting, sessions, after) {
            self.serving.world.expect_list(session);
        }
        for session in self.serving.lists.due(self.serving.applied) {
            bench.out.push(self.look(Load::List(session)));
        }
    }

    const fn look(&self, load: Load) -> Output<T> {
        Output::Load { shard: self.shard, epoch: self.serving.epoch, load, applied: self.serving.applied }
    }

    fn look_for_codes(&mut self, bench: &mut Bench<'_, T>) {
        if let Some(codes) = self.serving.codes.candidates(bench.draw) {
            bench.out.push(self.look(Load::FreeCodes(codes)));
        }
    }
}

/// What was answered before, if it was this request that was answered.
fn repeat(outcome: &Outcome, claim: &Claim) -> Answer {
    if outcome.fingerprint == claim.fingerprint {
        Answer { result: outcome.answer.clone(), replayed: true }
    } else {
        Answer::refused(Code::IdempotencyKeyReused)
    }
}

/// Whether an outcome is kept for who asks again: successes without a secret, and refusals that the command earned by itself.
fn is_kept(result: &Result<Reply, Error>) -> bool {
    match result {
        Ok(reply) => reply.is_kept(),
        Err(error) => matches!(error.code.status(), 400..=499) && !matches!(error.code.status(), 401 | 403 | 415 | 429),
    }
}
