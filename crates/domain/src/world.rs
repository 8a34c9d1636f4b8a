//! The working set of one shard, in memory. `apply` is the only way it changes; commands, loading and recovery all go through it.
//!
//! Everything derived (expiry queue, open orders, availability) is derived inside `apply` from the old and the new image. No rule decides here:
//! rules read a World in `command::plan`.

mod catalogue;
mod orders;
mod seasons;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::barcodes::{BarcodeSource, Pool, PoolBarcode, Pools};
use crate::catalogue::{Catalogue, Offer};
use crate::change::{Change, Counter, CounterKey, Key, Row};
use crate::collectives::Members;
use crate::command::Stop;
use crate::customers::Customers;
use crate::gates::lists::Gates;
use crate::idempotency::{Marks, Outcome, Period};
use crate::identity::families::{Families, SignIns};
use crate::identity::{Family, Identity, Principal, Tries};
use crate::ids::{Barcode, ChannelId, FamilyId, Hash, MessageId, OrderId, SessionId, ShardId, WebhookId};
use crate::inventory::Inventory;
use crate::messages::Message;
use crate::moment::Timestamp;
use crate::orders::Order;
use crate::orders::cancellations::Cancellation;
use crate::orders::postponed::Postponed;
use crate::products::Taken;
use crate::resale::{Listing, Listings};
use crate::shifts::{Shift, Shifts};
use crate::voucher_orders::VoucherOrders;
use crate::vouchers::Vouchers;
use crate::webhooks::WebhookStanding;

/// Hashes fast and always alike, so that a simulated history repeats exactly. Nobody chooses what is kept here: ids are drawn or the operator's own.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A row that is loaded by key and may be evicted once it is in the tables.
#[derive(Debug)]
struct Slot<T> {
    row: T,
    /// The journal number of its last change.
    seq: u64,
}

/// What is forgotten by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShortLived {
    /// A count of wrong tries.
    Tries(Hash),
    /// A sign-in.
    Family(FamilyId),
}

/// How many orders of a channel are alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOrders {
    /// In all.
    pub live: u32,
    /// Those that never held an item.
    pub empty: u32,
}

/// The working set of one shard.
#[derive(Debug)]
pub struct World {
    /// Which shard.
    pub shard: ShardId,
    /// Who may do what.
    pub identity: Arc<Identity>,
    /// What is sold.
    pub catalogue: Arc<Catalogue>,
    inventories: HashMap<SessionId, Inventory>,
    /// Which sessions are seasons.
    seasons: BTreeSet<SessionId>,
    /// Imported barcodes.
    pub pools: Pools,
    /// Vouchers.
    pub vouchers: Vouchers,
    /// Members of collectives.
    pub members: Members,
    /// Sessions that were called off, and how far the work is.
    pub cancellations: BTreeMap<SessionId, Arc<Cancellation>>,
    /// Sessions that were moved to another time, and how far their buyers were told.
    pub postponed: BTreeMap<SessionId, Arc<Postponed>>,
    /// Voucher orders.
    pub voucher_orders: VoucherOrders,
    /// What gates know of tickets.
    pub gates: Gates,
    /// Tickets that are offered to others.
    pub listings: Listings,
    /// Customers.
    pub(crate) customers: Customers,
    /// Shifts at tills.
    pub shifts: Shifts,
    /// Sessions whose places changed since they were last published.
    changed_sessions: BTreeSet<SessionId>,
    orders: HashMap<OrderId, Slot<Arc<Order>>>,
    /// When live orders fall due.
    due: BTreeSet<(Timestamp, OrderId)>,
    /// When expired ones, resident or not, are forgotten.
    tombstones: BTreeSet<(Timestamp, OrderId)>,
    open: HashMap<ChannelId, OpenOrders>,
    open_by_family: HashMap<FamilyId, OpenOrders>,
    counters: HashMap<CounterKey, i64>,
    /// What is taken of each product: those counters once more, as readers are shown them.
    pub taken: Arc<Taken>,
    families: Families,
    tries: HashMap<Hash, Arc<Tries>>,
    outcomes: HashMap<(Period, Hash), Slot<Arc<Outcome>>>,
    /// Those that came or were looked for of late, whether they wait or not.
    messages: HashMap<MessageId, Slot<Arc<Message>>>,
    /// How the deliveries of webhooks go.
    pub webhook_standings: HashMap<WebhookId, WebhookStanding>,
    /// All kept outcomes, resident or not.
    outcome_marks: Marks,
    /// When counted tries and sign-ins are forgotten.
    short_lived: BTreeSet<(Timestamp, ShortLived)>,
    /// Keys that are nowhere, and since which journal number: until the tables have come so far they still show the row.
    absent: HashMap<Key, u64>,
    next_item: u64,
    items_reserved: u64,
}

impl World {
    /// An empty shard.
    pub fn new(shard: ShardId) -> Self {
        Self {
            shard,
            identity: Arc::default(),
            catalogue: Arc::default(),
            inventories: HashMap::default(),
            seasons: BTreeSet::new(),
            pools: Pools::default(),
            vouchers: Vouchers::default(),
            members: Members::default(),
            cancellations: BTreeMap::new(),
            postponed: BTreeMap::new(),
            voucher_orders: VoucherOrders::default(),
            gates: Gates::default(),
            listings: Listings::default(),
            customers: Customers::default(),
            shifts: Shifts::default(),
            changed_sessions: BTreeSet::new(),
            orders: HashMap::default(),
            due: BTreeSet::new(),
            tombstones: BTreeSet::new(),
            open: HashMap::default(),
            open_by_family: HashMap::default(),
            counters: HashMap::default(),
            taken: Arc::default(),
            families: Families::default(),
            tries: HashMap::default(),
            outcomes: HashMap::default(),
            messages: HashMap::default(),
            webhook_standings: HashMap::default(),
            outcome_marks: Marks::default(),
            short_lived: BTreeSet::new(),
            absent: HashMap::default(),
            next_item: 1,
            items_reserved: 1,
        }
    }

    // What rules read.

    /// A sign-in. All of them are in memory.
    pub fn family(&self, id: FamilyId) -> Option<&Arc<Family>> {
        self.families.get(id)
    }

    /// The sign-ins of a principal, if it has any.
    pub fn sign_ins(&self, principal: Principal) -> Option<&SignIns> {
        self.families.of(principal)
    }

    /// What a request with this `Idempotency-Key` was answered.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn outcome(&self, key: Hash) -> Result<Option<&Arc<Outcome>>, Stop> {
        let Some(period) = self.outcome_marks.find(key.short()) else { return Ok(None) };
        find(&self.outcomes, &(period, key), &self.absent, || Key::Outcome((period, key)))
    }

    /// A session with its places, whoever sells it.
    pub fn session(&self, id: SessionId) -> Option<(&Arc<Offer>, &Inventory)> {
        Some((self.catalogue.offers.get(&id)?, self.inventories.get(&id)?))
    }

    /// The pool that a session's tickets have their barcodes from; `None` if theirs are generated.
    pub fn pool(&self, session: SessionId) -> Option<&Pool> {
        let pool = self.pools.of(session)?;
        self.catalogue.offers.get(&session).is_some_and(|offer| offer.session.barcodes == BarcodeSource::Imported).then_some(pool)
    }

    /// The session in whose pool a barcode is, used or not.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn pool_of(&self, barcode: &Barcode) -> Result<Option<SessionId>, Stop> {
        if let Some(session) = self.pools.owner(barcode) {
            return Ok(Some(session));
        }
        let key = Key::PoolBarcode(barcode.clone());
        if self.absent.contains_key(&key) { Ok(None) } else { Err(Stop::Need(vec![key])) }
    }

    /// A row as it was found in memory, if at all: `None` if it is known not to be anywhere.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub(crate) fn known<'a, T>(&self, row: Option<&'a T>, key: impl FnOnce() -> Key) -> Result<Option<&'a T>, Stop> {
        if row.is_some() {
            return Ok(row);
        }
        let key = key();
        if self.absent.contains_key(&key) { Ok(None) } else { Err(Stop::Need(vec![key])) }
    }

    /// A message, if it is in memory.
    pub(crate) fn resident_message(&self, id: MessageId) -> Option<&Arc<Message>> {
        self.messages.get(&id).map(|slot| &slot.row)
    }

    /// How far a counter has come.
    pub fn counter(&self, key: &CounterKey) -> i64 {
        self.counters.get(key).copied().unwrap_or(0)
    }

    /// Wrong tries against something.
    pub fn tries(&self, subject: &Hash) -> Option<&Arc<Tries>> {
        self.tries.get(subject)
    }

    /// Counted tries and sign-ins that nobody asks for any more at `now`.
    pub fn short_lived(&self, now: Timestamp) -> impl Iterator<Item = ShortLived> {
        self.short_lived.iter().take_while(move |(until, _)| *until <= now).map(|(_, what)| *what)
    }

    /// The next item's or message's id, and up to where ids are reserved.
    pub const fn item_ids(&self) -> (u64, u64) {
        (self.next_item, self.items_reserved)
    }

    /// Which outcomes are kept.
    pub const fn outcome_marks(&self) -> &Marks {
        &self.outcome_marks
    }

    // How it changes.

    /// Puts a row image in force. `seq` is the journal number of its batch.
    pub fn apply(&mut self, change: &Change, seq: u64) {
        match change {
            Change::Put(row) => self.put(row, seq),
            Change::Delete(key) => self.delete(key, seq),
            Change::ForgetOutcomes(before) => {
                self.outcome_marks.forget(*before);
                self.outcomes.retain(|(period, _), _| period >= before);
            }
        }
    }

    /// Ends loading: nobody knows which of the reserved ids were used, so counting goes on after them.
    pub fn loaded(&mut self) {
        self.next_item = self.next_item.max(self.items_reserved);
    }

    /// Notes that a key was looked for in the tables and is not there.
    pub fn note_absent(&mut self, key: Key) {
        self.absent.entry(key).or_insert(0);
    }

    /// Marks an outcome as kept, without its content: how the resident set is loaded.
    pub fn mark_outcome(&mut self, period: Period, short: u64) {
        self.outcome_marks.insert(period, short);
    }

    /// Puts a barcode that is not used into its pool: how pools are loaded.
    pub fn fill_pool(&mut self, row: &PoolBarcode) {
        self.pools.fill(row);
    }

    /// Drops a row, or the knowledge that there is none, from memory; only if it is not live and the tables have its last change.
    pub fn evict(&mut self, key: &Key, applied_seq: u64) {
        if self.absent.get(key).is_some_and(|seq| *seq <= applied_seq) {
            self.absent.remove(key);
        }
        match key {
            Key::Order(id) if self.orders.get(id).is_some_and(|slot| slot.seq <= applied_seq && slot.row.expires().is_none()) => {
                self.orders.remove(id);
            }
            Key::PoolBarcode(barcode) => self.pools.evict(barcode, applied_seq),
            Key::Outcome(id) => evict(&mut self.outcomes, id, applied_seq),
            Key::Message(id) => evict(&mut self.messages, id, applied_seq),
            Key::Voucher(_) | Key::VoucherCode(_) | Key::VoucherMovement(_) => self.vouchers.evict(key, applied_seq),
            Key::Member(_) | Key::MemberNumber(_) => self.members.evict(key, applied_seq),
            Key::VoucherOrder(_) | Key::VoucherSale(_) => self.voucher_orders.evict(key, applied_seq),
            Key::Admission(_) | Key::Revocation(_) | Key::OfflineScan(_) => self.gates.evict(key, applied_seq),
            Key::Customer(id) => self.customers.evict(*id, applied_seq),
            _ => {}
        }
    }

    /// Sessions whose places changed since the last call.
    pub fn take_changed_sessions(&mut self) -> BTreeSet<SessionId> {
        std::mem::take(&mut self.changed_sessions)
    }

    fn put(&mut self, row: &Row, seq: u64) {
        match row {
            Row::Directory(_)
            | Row::SigningKey(_)
            | Row::Operator(_)
            | Row::Entity(_)
            | Row::User(_)
            | Row::Channel(_)
            | Row::ApiKey(_)
            | Row::Terminal(_)
            | Row::PointOfSale(_)
            | Row::Webhook(_) => Arc::make_mut(&mut self.identity).put(row),
            Row::Family(family) => self.put_family(family),
            Row::Tries(tries) => self.put_tries(tries),
            Row::Venue(_) | Row::Sector(_) | Row::Event(_) | Row::Publication(_) => self.put_catalogue(row),
            Row::VoucherGroup(_) | Row::Collective(_) | Row::GiftVouchers(_) | Row::Product(_) | Row::Commissions(_) => {
                self.put_catalogue(row)
            }
            Row::Promotion(promotion) => self.put_promotion(promotion),
            Row::Template(template) => self.put_template(template),
            Row::Session(session) => self.put_session(session),
            Row::PlaceMarks(marks) => self.mark(marks),
            Row::Claim(claim) => self.change_place(claim.session, claim.place, |inventory| inventory.claim(claim)),
            Row::PoolBarcode(row) => {
                if !self.absent.is_empty() {
                    self.absent.remove(&Key::PoolBarcode(row.barcode.clone()));
                }
                self.pools.put(row, seq);
            }
            Row::Voucher(_)
            | Row::VoucherCode(_)
            | Row::VoucherMovement(_)
            | Row::VoucherOrder(_)
            | Row::VoucherSale(_)
            | Row::Member(_)
            | Row::MemberNumber(_)
            | Row::Admission(_)
            | Row::Revocation(_)
            | Row::OfflineScan(_)
            | Row::GateTally(_) => {
                if !self.absent.is_empty() {
                    self.absent.remove(&row.key());
                }
                self.vouchers.put(row, seq);
                self.members.put(row, seq);
                self.voucher_orders.put(row, seq);
                self.gates.put(row, seq);
            }
            Row::Customer(customer) => {
                self.absent.remove(&Key::Customer(customer.id));
                self.customers.put(customer, seq);
            }
            Row::Order(order) => self.put_order(order, seq),
            Row::Ticket(_) => self.gates.put(row, seq),
            Row::Cancellation(cancellation) => drop(self.cancellations.insert(cancellation.session, cancellation.clone())),
            Row::Postponed(one) => drop(self.postponed.insert(one.session, one.clone())),
            Row::History(_) | Row::SoldUnit(_) | Row::WebhookAttempt(_) => {}
            Row::Listing(listing) => self.put_listing(listing),
            Row::AuditLine(line) => self.next_item = self.next_item.max(line.id.0 + 1),
            Row::Shift(shift) => self.put_shift(shift),
            Row::WebhookStanding(standing) => drop(self.webhook_standings.insert(standing.hook, *standing)),
            Row::Counter(counter) => self.put_counter(counter),
            Row::Sequence(sequence) => self.items_reserved = sequence.items_reserved,
            Row::Outcome(outcome) => self.put_outcome(outcome, seq),
            Row::Message(message) => self.put_message(message, seq),
        }
    }

    fn put_outcome(&mut self, outcome: &Arc<Outcome>, seq: u64) {
        if !self.absent.is_empty() {
            self.absent.remove(&Key::Outcome((outcome.period, outcome.key)));
        }
        self.mark_outcome(outcome.period, outcome.key.short());
        self.outcomes.insert((outcome.period, outcome.key), Slot { row: outcome.clone(), seq });
    }

    fn put_message(&mut self, message: &Arc<Message>, seq: u64) {
        self.absent.remove(&Key::Message(message.id));
        self.next_item = self.next_item.max(message.id.0 + 1);
        self.messages.insert(message.id, Slot { row: message.clone(), seq });
    }

    fn put_shift(&mut self, shift: &Arc<Shift>) {
        self.next_item = self.next_item.max(shift.id.0 + 1);
        self.shifts.put(shift);
    }

    fn put_listing(&mut self, listing: &Arc<Listing>) {
        self.next_item = self.next_item.max(listing.id.0 + 1);
        self.listings.put(listing);
    }

    fn put_counter(&mut self, counter: &Counter) {
        if let CounterKey::ProductUnits(product) = counter.key {
            Arc::make_mut(&mut self.taken).insert(product, counter.value);
        }
        self.counters.insert(counter.key.clone(), counter.value);
    }

    fn put_tries(&mut self, tries: &Arc<Tries>) {
        self.delete_tries(tries.subject);
        self.short_lived.insert((tries.until, ShortLived::Tries(tries.subject)));
        self.tries.insert(tries.subject, tries.clone());
    }

    fn delete_tries(&mut self, subject: Hash) {
        if let Some(tries) = self.tries.remove(&subject) {
            self.short_lived.remove(&(tries.until, ShortLived::Tries(subject)));
        }
    }

    fn put_family(&mut self, family: &Arc<Family>) {
        if let Some(before) = self.families.put(family) {
            self.short_lived.remove(&(before.forgotten(), ShortLived::Family(family.id)));
        }
        self.short_lived.insert((family.forgotten(), ShortLived::Family(family.id)));
        if family.revoked {
            Arc::make_mut(&mut self.identity).revoked.insert(family.id, family.access_expires);
        }
    }

    fn delete_family(&mut self, id: FamilyId) {
        if let Some(before) = self.families.remove(id) {
            self.short_lived.remove(&(before.forgotten(), ShortLived::Family(id)));
            if before.revoked {
                Arc::make_mut(&mut self.identity).revoked.remove(&id);
            }
        }
    }

    fn delete(&mut self, key: &Key, seq: u64) {
        match key {
            Key::Claim((session, place)) => self.change_place(*session, *place, |inventory| inventory.release(*place)),
            Key::PoolBarcode(barcode) => {
                self.absent.insert(key.clone(), seq);
                self.pools.delete(barcode);
            }
            Key::Message(id) => {
                self.absent.insert(key.clone(), seq);
                self.messages.remove(id);
            }
            Key::Member(member) => {
                self.absent.insert(key.clone(), seq);
                self.members.delete(member);
            }
            Key::Order(id) => {
                self.absent.insert(key.clone(), seq);
                if let Some(slot) = self.orders.remove(id) {
                    self.forget(&slot.row);
                } else if let Some(tombstone) = self.tombstones.iter().find(|(_, expired)| expired == id).copied() {
                    // Only expired orders are not resident, and they are forgotten from the front.
                    self.tombstones.remove(&tombstone);
                }
            }
            Key::Customer(id) => {
                self.absent.insert(key.clone(), seq);
                self.customers.delete(*id);
            }
            Key::VoucherOrder(id) => {
                self.absent.insert(key.clone(), seq);
                self.voucher_orders.delete(*id);
            }
            Key::Publication((session, channel)) => {
                self.change_offers(
                    |offer| offer.session.id == *session,
                    |offer| {
                        offer.publications.remove(channel);
                    },
                );
            }
            Key::Counter(key) => {
                if let CounterKey::ProductUnits(product) = key {
                    Arc::make_mut(&mut self.taken).remove(product);
                }
                self.counters.remove(key);
            }
            Key::Tries(subject) => self.delete_tries(*subject),
            Key::Family(id) => self.delete_family(*id),
            // Not in memory.
            Key::AuditLine(_) => {}
            other => Arc::make_mut(&mut self.identity).delete(other),
        }
    }

    /// A claim or mark without its session is a broken store: stopping is better than selling.
    fn inventory_mut(&mut self, session: SessionId) -> &mut Inventory {
        self.inventories.get_mut(&session).unwrap_or_else(|| panic!("session {session} has places but is not there"))
    }
}

fn find<'a, K: std::hash::Hash + Eq, T>(
    slots: &'a HashMap<K, Slot<T>>,
    id: &K,
    absent: &HashMap<Key, u64>,
    key: impl FnOnce() -> Key,
) -> Result<Option<&'a T>, Stop> {
    if let Some(slot) = slots.get(id) {
        return Ok(Some(&slot.row));
    }
    let key = key();
    if absent.contains_key(&key) { Ok(None) } else { Err(Stop::Need(vec![key])) }
}

fn evict<K: std::hash::Hash + Eq, T>(slots: &mut HashMap<K, Slot<T>>, id: &K, applied_seq: u64) {
    if slots.get(id).is_some_and(|slot| slot.seq <= applied_seq) {
        slots.remove(id);
    }
}
