//! One shard in the engine: its queue, and either its World in service or how far it has come on the way there.
//!
//! What is done with a queue is [`super::batch`]'s; the order of the steps is [`super::core`]'s.

use std::collections::VecDeque;
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::change::{Change, Key, Row};
use aforo_domain::identity::Identity;
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::inventory::Snapshot;
use aforo_domain::moment::Timestamp;
use aforo_domain::products::Taken;
use aforo_domain::resale::Offered;
use aforo_domain::world::World;

use super::cache::Cache;
use super::codes::Codes;
use super::core::Publication;
use super::lists::Lists;
use super::loads::Loads;
use super::time::Pace;
use super::{Answer, Request};

/// A command that waits for its answer.
#[derive(Debug)]
pub struct Waiting<T> {
    /// What was asked.
    pub request: Request,
    /// Where the answer goes.
    pub ticket: T,
    /// How often rows were loaded for it.
    pub rounds: u8,
}

/// A shard in the engine.
#[derive(Debug)]
pub struct Shard<T> {
    /// Which.
    pub id: ShardId,
    /// What waits, bounded.
    pub queue: VecDeque<Waiting<T>>,
    /// How it stands.
    pub state: State<T>,
    /// The epoch it last owned; `None` when an attempt to take it over failed half-way, so that a higher one may be its own.
    pub known_epoch: Option<u64>,
    /// Whether it waits for its turn.
    pub listed: bool,
}

/// How a shard stands.
#[derive(Debug)]
pub enum State<T> {
    /// On the way to service.
    Opening(Step),
    /// In service.
    Serving(Box<Serving<T>>),
    /// Another owner has it, or its tail is broken: nothing is done any more until the process is started anew.
    Lost,
}

/// How far a shard has come on the way to service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its takeover row is being appended, and its position read.
    Taking,
    /// Its tail is being put into the tables.
    Replaying(Opening),
    /// Its World is being filled.
    Populating(Opening),
    /// An attempt failed; the next one is made then.
    Resting(Timestamp),
}

/// What is known of a shard once it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Its new epoch.
    pub epoch: u64,
    /// The last number of its journal.
    pub seq: u64,
    /// Its last time.
    pub now: Timestamp,
}

/// A shard in service.
#[derive(Debug)]
pub struct Serving<T> {
    /// The working set.
    pub world: World,
    /// By whom it is owned.
    pub epoch: u64,
    /// The journal number of the last batch that is durable.
    pub seq: u64,
    /// The tables have everything up to here.
    pub applied: u64,
    /// The journal was trimmed up to here.
    pub trimmed: u64,
    /// Its time.
    pub pace: Pace,
    /// The batch whose append is under way.
    pub flight: Option<Flight<T>>,
    /// Batches that the tables do not have, with their size in bytes.
    pub unapplied: VecDeque<(u64, usize)>,
    /// Their size in all.
    pub unapplied_bytes: usize,
    /// Rows being looked for.
    pub loads: Loads<T>,
    /// Gates' lists being looked for.
    pub lists: Lists<T>,
    /// Order codes.
    pub codes: Codes,
    /// Rows that may be dropped from memory.
    pub cache: Cache,
    /// What readers were shown last.
    pub shown: Shown,
}

/// What of a World readers are shown as it is: one that is not the same object any more has changed.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of a shard's view")]
pub struct Shown {
    pub identity: Arc<Identity>,
    pub catalogue: Arc<Catalogue>,
    pub taken: Arc<Taken>,
    pub listings: Arc<Offered>,
}

impl Shown {
    fn of(world: &World) -> Self {
        let (identity, catalogue) = (world.identity.clone(), world.catalogue.clone());
        Self { identity, catalogue, taken: world.taken.clone(), listings: world.listings.offered.clone() }
    }
}

/// A batch whose append is under way: everything that leaves once it is durable.
#[derive(Debug)]
pub struct Flight<T> {
    /// Its time.
    pub now: Timestamp,
    /// Its images, for the applier.
    pub changes: Vec<Change>,
    /// Its answers, refusals and reads included.
    pub replies: Vec<(T, Answer)>,
    /// Its size in the journal.
    pub bytes: usize,
}

impl<T> Shard<T> {
    /// A shard that is not in service yet: see [`Self::take`].
    pub const fn new(id: ShardId) -> Self {
        Self { id, queue: VecDeque::new(), state: State::Lost, known_epoch: None, listed: false }
    }

    /// Its working set, if it is in service under this epoch. What comes from an earlier one is of no use any more.
    pub fn serving(&mut self, epoch: u64) -> Option<&mut Serving<T>> {
        match &mut self.state {
            State::Serving(serving) if serving.epoch == epoch => Some(serving),
            _ => None,
        }
    }

    /// Whether it has something to do that it may do now.
    pub fn is_ready(&self, max_unapplied_bytes: usize, clock: Timestamp) -> bool {
        let State::Serving(serving) = &self.state else { return false };
        let idle = serving.flight.is_none() && serving.unapplied_bytes < max_unapplied_bytes;
        idle && (!self.queue.is_empty() || serving.is_due(clock))
    }
}

impl<T> Serving<T> {
    /// A World that was just loaded.
    pub fn new(world: World, opening: &Opening, clock: Timestamp, cache_bytes: usize) -> Self {
        Self {
            shown: Shown::of(&world),
            world,
            epoch: opening.epoch,
            seq: opening.seq,
            applied: opening.seq,
            trimmed: 0,
            pace: Pace::new(opening.now, clock),
            flight: None,
            unapplied: VecDeque::new(),
            unapplied_bytes: 0,
            loads: Loads::default(),
            lists: Lists::default(),
            codes: Codes::default(),
            cache: Cache::new(cache_bytes),
        }
    }

    /// Whether time has something for it to do.
    pub fn is_due(&self, clock: Timestamp) -> bool {
        self.world.next_due().is_some_and(|due| due <= self.pace.at(clock))
    }

    /// A key was found, or found to be nowhere: who need wait no longer.
    pub fn found(&mut self, key: Key, row: Option<Row>) -> Vec<Waiting<T>> {
        let (still_so, free) = self.loads.found(&key);
        match row.map(Change::Put) {
            _ if !still_so => {}
            Some(change) => {
                self.world.apply(&change, 0);
                self.cache.changed(&change, 0);
            }
            None => {
                self.world.note_absent(key.clone());
                self.cache.absent(key);
            }
        }
        free
    }

    /// What the last batch changed for readers.
    pub fn publication(&mut self, shard: ShardId) -> Option<Publication> {
        let (world, shown) = (&self.world, &mut self.shown);
        let identity = changed(&mut shown.identity, &world.identity);
        let catalogue = changed(&mut shown.catalogue, &world.catalogue);
        let taken = changed(&mut shown.taken, &world.taken);
        let listings = changed(&mut shown.listings, &world.listings.offered);
        let places = self.places();
        let nothing = identity.is_none() && catalogue.is_none() && taken.is_none() && listings.is_none() && places.is_empty();
        (!nothing).then_some(Publication { shard, seq: self.seq, identity, catalogue, taken, listings, places })
    }

    /// Pictures of the sessions whose places changed.
    pub fn places(&mut self) -> Vec<(SessionId, Snapshot)> {
        let changed = self.world.take_changed_sessions();
        let picture = |id| self.world.session(id).map(|(_, inventory)| (id, inventory.snapshot(self.seq)));
        changed.into_iter().filter_map(picture).collect()
    }

    /// The tables have everything up to `seq`.
    pub fn applied(&mut self, seq: u64) {
        self.applied = self.applied.max(seq);
        while let Some((_, bytes)) = self.unapplied.front().filter(|(batch, _)| *batch <= seq) {
            self.unapplied_bytes -= bytes;
            self.unapplied.pop_front();
        }
        self.codes.applied(seq);
    }
}

/// What readers are to be shown in place of what they were, if it changed.
fn changed<T>(shown: &mut Arc<T>, now: &Arc<T>) -> Option<Arc<T>> {
    if Arc::ptr_eq(shown, now) {
        return None;
    }
    *shown = now.clone();
    Some(now.clone())
}
