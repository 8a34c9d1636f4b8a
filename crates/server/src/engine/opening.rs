//! The way of a shard into service, and back onto it when something went wrong: take over, replay the tail, fill a World, serve.
//!
//! Whatever fails on the way is tried again after a rest; only another owner, or a journal that cannot be gone on from, ends it.

use aforo_domain::error::Code;
use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use aforo_domain::world::World;

use super::Answer;
use super::core::{Core, Event, NotLoaded, Output, Publication};
use super::recovery::{Standing, TakeError};
use super::shard::{Opening, Serving, Shard, State, Step};
use crate::store::{Load, Loaded, StoreError};

impl<T> Core<T> {
    pub(super) fn open(&mut self, id: ShardId, out: &mut Vec<Output<T>>) {
        match self.shards.get(&id).map(|shard| &shard.state) {
            None => {
                let shard = self.shards.entry(id).or_insert_with(|| Shard::new(id));
                shard.take(self.clock, out);
            }
            Some(State::Serving(_)) => out.push(Output::Opened { shard: id, result: Ok(()) }),
            Some(State::Lost) => out.push(Output::Opened { shard: id, result: Err("the shard has another owner".into()) }),
            Some(State::Opening(_)) => {}
        }
    }

    pub(super) fn taken(&mut self, id: ShardId, result: Result<Standing, TakeError>, out: &mut Vec<Output<T>>) {
        let rest = self.clock.plus_ms(self.limits.rest_ms);
        let Some(shard) = self.shards.get_mut(&id) else { return };
        if !matches!(shard.state, State::Opening(Step::Taking)) {
            return;
        }
        match result {
            Ok(standing) => {
                let Standing { epoch, seq, now, replay } = standing;
                shard.known_epoch = Some(epoch);
                shard.state = State::Opening(Step::Replaying(Opening { epoch, seq, now }));
                out.push(Output::Replay(replay));
            }
            Err(TakeError::Taken) => shard.lose("another owner has taken it", out),
            Err(TakeError::Broken(error)) => shard.lose(&error.to_string(), out),
            Err(TakeError::Before(error)) => self.rest(id, rest, error, out),
            Err(TakeError::HalfWay(error)) => {
                shard.known_epoch = None;
                self.rest(id, rest, error, out);
            }
        }
    }

    pub(super) fn replayed(&mut self, id: ShardId, epoch: u64, result: Result<(), StoreError>, out: &mut Vec<Output<T>>) {
        let rest = self.clock.plus_ms(self.limits.rest_ms);
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let State::Opening(Step::Replaying(opening)) = shard.state else { return };
        match result {
            _ if opening.epoch != epoch => {}
            Ok(()) => {
                shard.state = State::Opening(Step::Populating(opening));
                out.push(Output::Populate { shard: id, epoch, applied: opening.seq });
            }
            Err(StoreError::Stale) => shard.lose("another owner has taken it", out),
            Err(error) => self.rest(id, rest, error, out),
        }
    }

    pub(super) fn populated(&mut self, id: ShardId, epoch: u64, result: Result<Box<World>, StoreError>, out: &mut Vec<Output<T>>) {
        let rest = self.clock.plus_ms(self.limits.rest_ms);
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let State::Opening(Step::Populating(opening)) = shard.state else { return };
        match result {
            _ if opening.epoch != epoch => {}
            Ok(world) => {
                let mut serving = Serving::new(*world, &opening, self.clock, self.limits.cache_bytes);
                let shown = serving.shown.clone();
                let places = serving.places();
                out.push(Output::Publish(Publication {
                    shard: id,
                    seq: opening.seq,
                    identity: Some(shown.identity),
                    catalogue: Some(shown.catalogue),
                    taken: Some(shown.taken),
                    listings: Some(shown.listings),
                    places,
                }));
                shard.state = State::Serving(Box::new(serving));
                out.push(Output::Opened { shard: id, result: Ok(()) });
                self.look_at = self.clock;
                self.list(id);
            }
            Err(error) => self.rest(id, rest, error, out),
        }
    }

    /// An attempt failed: those who wait are told, and it is tried again later.
    fn rest(&mut self, id: ShardId, until: Timestamp, error: StoreError, out: &mut Vec<Output<T>>) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        if let StoreError::Fatal(error) = error {
            return out.push(Output::Die(error));
        }
        tracing::error!(shard = id.0, %error, "a shard could not be taken over; it is tried again");
        shard.state = State::Opening(Step::Resting(until));
        shard.refuse_all(out);
        self.look_at = self.look_at.min(until);
        out.push(Output::Opened { shard: id, result: Err(error.to_string()) });
    }

    pub(super) fn loaded(&mut self, id: ShardId, epoch: u64, loaded: Loaded) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let Some(serving) = shard.serving(epoch) else { return };
        let mut free = Vec::new();
        match loaded {
            Loaded::Rows(rows) => {
                for (key, row) in rows {
                    free.extend(serving.found(key, row));
                }
            }
            Loaded::List(session, rows) => {
                let applied = serving.applied;
                serving.world.fill_list(session, &rows, applied);
                free.extend(serving.lists.found(session));
            }
            Loaded::FreeCodes(codes) => {
                serving.codes.found(codes);
                free.extend(serving.loads.for_code.drain(..));
            }
        }
        for waiting in free.into_iter().rev() {
            shard.queue.push_front(waiting);
        }
        self.list(id);
    }

    pub(super) fn not_loaded(&mut self, id: ShardId, epoch: u64, load: Load, error: NotLoaded, out: &mut Vec<Output<T>>) {
        let clock = self.clock;
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let Some(serving) = shard.serving(epoch) else { return };
        let code = match error {
            NotLoaded::Busy => Code::Overloaded,
            NotLoaded::Failed => Code::Dist0000,
            NotLoaded::Behind => {
                tracing::error!(shard = id.0, "the tables went back to an earlier state: the shard is taken over anew");
                return shard.reopen(clock, out);
            }
        };
        let failed = match load {
            Load::Rows(keys) => serving.loads.failed(&keys),
            Load::List(session) => {
                serving.world.give_up_list(session);
                serving.lists.failed(session)
            }
            Load::FreeCodes(_) => {
                serving.codes.found(Vec::new());
                serving.loads.for_code.drain(..).collect()
            }
        };
        out.extend(failed.into_iter().map(|waiting| Output::Reply { ticket: waiting.ticket, answer: Answer::refused(code) }));
    }
}

impl<T> Shard<T> {
    /// Begins to take it over.
    pub(super) fn take(&mut self, now: Timestamp, out: &mut Vec<Output<T>>) {
        self.state = State::Opening(Step::Taking);
        out.push(Output::Take { shard: self.id, known: self.known_epoch, now });
    }

    /// Drops the World, which may hold what is not durable, and begins anew from what is. What had not begun waits on.
    pub(super) fn reopen(&mut self, now: Timestamp, out: &mut Vec<Output<T>>) {
        if let State::Serving(serving) = &mut self.state {
            for (ticket, _) in serving.flight.take().into_iter().flat_map(|flight| flight.replies) {
                out.push(Output::Reply { ticket, answer: Answer::refused(Code::Dist0000) });
            }
            let waiting = serving.loads.abandon().into_iter().chain(serving.lists.abandon());
            for waiting in waiting.collect::<Vec<_>>().into_iter().rev() {
                self.queue.push_front(waiting);
            }
        }
        out.push(Output::Count(Event::Reopened));
        self.take(now, out);
    }

    /// Gives it up for good.
    fn lose(&mut self, why: &str, out: &mut Vec<Output<T>>) {
        tracing::error!(shard = self.id.0, why, "a shard is no longer served here");
        out.push(Output::Count(Event::Lost));
        self.state = State::Lost;
        // Before anybody is told, so that who is told finds it so.
        out.push(Output::Withdraw(self.id));
        self.refuse_all(out);
        out.push(Output::Opened { shard: self.id, result: Err(why.to_owned()) });
    }

    fn refuse_all(&mut self, out: &mut Vec<Output<T>>) {
        let refused = self.queue.drain(..).map(|waiting| (waiting.ticket, Answer::refused(Code::Overloaded)));
        out.extend(refused.map(|(ticket, answer)| Output::Reply { ticket, answer }));
    }
}
