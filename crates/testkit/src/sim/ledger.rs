//! What is durable, seen from outside: every row that the journal ever said, and whether store, memory and readers agree with it.
//!
//! It trusts nothing that the engine says about itself: it reads the journal and the tables.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use aforo_domain::barcodes::PoolState;
use aforo_domain::catalogue::plan::{Place, Plan};
use aforo_domain::change::{Change, Counter, CounterKey, Key, Row};
use aforo_domain::collectives::Check;
use aforo_domain::gates::{Listed, RevokedBy};
use aforo_domain::idempotency::{Outcome, Period};
use aforo_domain::ids::{Barcode, CollectiveId, Hash, ItemId, ListingId, MessageId, OrderId, PromotionId, SessionId, VoucherOrderId};
use aforo_domain::inventory::{PlaceState, Snapshot};
use aforo_domain::laws::Laws;
use aforo_domain::messages::{About, Kind, Message};
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::{Order, Stage, extras};
use aforo_domain::products::Taken;
use aforo_domain::promotions::PromotionCode;
use aforo_domain::resale::{Listing, Offered};
use aforo_domain::seasons::Season;
use aforo_domain::voucher_orders::{GiftDelivery, Stage as GiftStage, VoucherOrder};
use aforo_domain::world::World;
use aforo_server::engine::payload;
use aforo_server::store::sim::SimStore;
use aforo_server::store::{Loader, Store};

use super::stage::SHARD;
use super::{gifts, hooks, letters};

/// What is durable.
#[derive(Default)]
pub struct Ledger {
    /// The last number of the journal.
    pub seq: u64,
    /// Who owned the shard last.
    pub epoch: u64,
    rows: BTreeMap<Key, Row>,
    /// Every number's row, so that a number used twice is noticed.
    said: BTreeMap<u64, Vec<u8>>,
    /// Places that were ever moved to another quota.
    moved: HashSet<(SessionId, Place)>,
    /// Every image of every order, in order.
    images: HashMap<OrderId, Vec<Arc<Order>>>,
    /// Every message that was ever sent, as it was first, and those that somebody got.
    sent: BTreeMap<MessageId, Arc<Message>>,
    got: HashSet<MessageId>,
}

impl Ledger {
    /// Reads what the journal says now. Whether there is anything new.
    ///
    /// # Errors
    /// What breaks a rule of owning a shard, or a law.
    pub fn catch_up(&mut self, disk: &SimStore) -> Result<bool, String> {
        let mut new = false;
        for row in disk.journal_rows(SHARD) {
            match self.said.get(&row.seq) {
                Some(before) if *before == row.payload => continue,
                Some(_) => return Err(format!("journal number {} was used twice", row.seq)),
                None => {}
            }
            if row.seq != self.seq + 1 {
                return Err(format!("journal number {} comes after {}", row.seq, self.seq));
            }
            let payload = payload::decode(&row.payload).map_err(|error| error.to_string())?;
            if payload.header.taken_by.is_some() {
                self.epoch = payload.header.epoch;
            } else if payload.header.epoch != self.epoch {
                return Err(format!("number {} was written in epoch {}, the shard is in {}", row.seq, payload.header.epoch, self.epoch));
            }
            self.check_messages(&payload.changes)?;
            for change in payload.changes {
                self.put(change);
            }
            self.seq = row.seq;
            self.said.insert(row.seq, row.payload);
            new = true;
        }
        if new { self.check_laws().map(|()| true) } else { Ok(false) }
    }

    /// All that the journal said, batch by batch.
    pub fn batches(&self) -> Vec<Vec<Change>> {
        self.said.values().filter_map(|row| payload::decode(row).ok()).map(|payload| payload.changes).collect()
    }

    /// Every row, as it is now.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    fn put(&mut self, change: Change) {
        if let Change::Put(Row::Order(order)) = &change {
            self.images.entry(order.id).or_default().push(order.clone());
        }
        if let Change::Put(Row::Message(message)) = &change {
            self.sent.entry(message.id).or_insert_with(|| message.clone());
        }
        if let Change::Put(Row::PlaceMarks(marks)) = &change {
            self.moved.extend(marks.moved.iter().map(|(place, _)| (marks.session, *place)));
        }
        put(&mut self.rows, change);
    }

    /// Law 8 of one batch: what is sold is told in the same batch, once to each who is to be told; and no message is gone that nobody got.
    fn check_messages(&self, batch: &[Change]) -> Result<(), String> {
        let new = |id: &MessageId| !self.sent.contains_key(id);
        letters::check(&self.rows, batch, new)?;
        for change in batch {
            match change {
                Change::Put(Row::Order(order))
                    if matches!(order.stage, Stage::Confirm { .. })
                        && self.order(order.id).is_none_or(|before| before.is_pre_confirmed()) =>
                {
                    let told = batch.iter().filter_map(|change| match change {
                        Change::Put(Row::Message(message)) if message.about == About::Order(order.id) && new(&message.id) => {
                            let says_so = !matches!(message.kind(), Kind::Webhook(_)) || hooks::is_of_a_sale(message);
                            says_so.then(|| message.kind())
                        }
                        _ => None,
                    });
                    let (told, should): (Vec<_>, _) = (told.collect(), self.to_be_told(order));
                    if told != should {
                        return Err(format!("law 8: order {} was sold, and {told:?} were told instead of {should:?}", order.id));
                    }
                }
                Change::Put(Row::VoucherOrder(order)) => {
                    let told = batch.iter().filter_map(|change| match change {
                        Change::Put(Row::Message(message)) if new(&message.id) => Some(message.about),
                        _ => None,
                    });
                    let told: Vec<_> = told.collect();
                    let sold = if let GiftStage::Confirm { vouchers, .. } = &order.stage { vouchers.as_slice() } else { &[] };
                    let before = self.rows.get(&Key::VoucherOrder(order.id));
                    let was_sold = matches!(before, Some(Row::VoucherOrder(before)) if matches!(before.stage, GiftStage::Confirm { .. }));
                    for (sold, item) in sold.iter().zip(&order.items).filter(|_| !was_sold) {
                        let times = told.iter().filter(|about| **about == About::Gift(sold.id)).count();
                        if times != usize::from(item.delivery != GiftDelivery::ByHand) {
                            return Err(format!("law 8: voucher {} is {:?}, and was told {times} times", sold.id, item.delivery));
                        }
                    }
                }
                Change::Delete(Key::Message(id)) if !self.got.contains(id) && !gifts::is_given_back(batch, *id) => {
                    return Err(format!("law 8: message {id} is gone, and nobody got it"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A relocation is no sale to the loyalty programme.
    fn to_be_told(&self, order: &Order) -> Vec<Kind> {
        let Some(Row::Channel(channel)) = self.rows.get(&Key::Channel(order.seller.channel)) else { return Vec::new() };
        let is_sale = order.extras().replaces.is_none();
        [(channel.loyalty && is_sale, Kind::Loyalty), (channel.mail, Kind::Mail)]
            .into_iter()
            .filter(|(told, _)| *told)
            .map(|(_, kind)| kind)
            .chain(hooks::told_of_a_sale(&self.rows, order))
            .collect()
    }

    /// Law 8: somebody got a message: one that was sent, when it was due, and after those of the same thing that were sent before.
    ///
    /// # Errors
    /// A message that may not have been delivered.
    pub fn deliver(&mut self, message: &Message, epoch: u64, now: Timestamp) -> Result<(), String> {
        let (id, sent) = (message.id, self.sent.get(&message.id));
        if sent.is_none_or(|sent| (sent.about, &sent.content) != (message.about, &message.content)) {
            return Err(format!("law 8: {message:?} was delivered, sent was {sent:?}"));
        }
        if epoch != self.epoch || now < message.due {
            return Err(format!("law 8: message {id} was delivered in epoch {epoch} at {}, the shard is in {}", now.0, self.epoch));
        }
        let same = |other: &Message| (other.kind(), other.about) == (message.kind(), message.about) && other.due <= now;
        if let Some((earlier, _)) = self.sent.range(..id).find(|(earlier, other)| same(other) && !self.got.contains(earlier)) {
            return Err(format!("law 8: message {id} was delivered before message {earlier}"));
        }
        self.got.insert(id);
        Ok(())
    }

    /// Law 8: nothing waits that was due long ago.
    ///
    /// # Errors
    /// A message that nobody got.
    pub fn check_delivered(&self, now: Timestamp) -> Result<(), String> {
        let waits = |row: &&Row| matches!(row, Row::Message(message) if message.due <= now && message.next().is_some());
        self.rows.values().find(waits).map_or(Ok(()), |row| Err(format!("law 8: an hour later nobody got {row:?}")))
    }

    fn check_laws(&self) -> Result<(), String> {
        let mut laws = Laws::default();
        self.rows.values().for_each(|row| laws.see(row));
        let breaches = laws.check();
        if breaches.is_empty() { Ok(()) } else { Err(breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")) }
    }

    /// Law 4: what is sold and what is alive at `now` uses no promotion, no collective, no code and no member more often than it may.
    ///
    /// # Errors
    /// One that is over its limit.
    pub fn check_limits(&self, now: Timestamp) -> Result<(), String> {
        let counts = |order: &Order| matches!(order.stage, Stage::Confirm { .. }) || order.expires().is_some_and(|expires| now < expires);
        let orders = self.rows.values().filter_map(|row| if let Row::Order(order) = row { Some(order) } else { None });
        let mut used: HashMap<CounterKey, i64> = HashMap::new();
        for (key, uses) in orders.filter(|order| counts(order)).flat_map(|order| extras::counted(order)) {
            *used.entry(key).or_default() += uses;
        }
        for (key, uses) in used {
            let limit = self.limit(&key);
            if limit.is_some_and(|limit| uses > i64::from(limit)) {
                return Err(format!("{key:?} is used {uses} times, {limit:?} are allowed"));
            }
        }
        Ok(())
    }

    /// How far a counter of uses may come.
    fn limit(&self, key: &CounterKey) -> Option<u32> {
        let promotion = |id: &PromotionId| match self.rows.get(&Key::Promotion(*id))? {
            Row::Promotion(promotion) => Some(promotion),
            _ => None,
        };
        let collective = |id: &CollectiveId| match self.rows.get(&Key::Collective(*id))? {
            Row::Collective(collective) => Some(collective),
            _ => None,
        };
        let of_code = |codes: &BTreeMap<PromotionCode, Option<u32>>, code: &Hash| {
            codes.iter().find(|(known, _)| known.hash() == *code).and_then(|(_, limit)| *limit)
        };
        match key {
            CounterKey::PromotionUses(id) => promotion(id)?.terms.limits.total,
            CounterKey::CodeUses(id, code) => of_code(&promotion(id)?.codes, code),
            CounterKey::PromotionMemberUses(id, _) => promotion(id)?.terms.limits.per_member,
            CounterKey::CollectiveUses(id) => collective(id)?.limits.total,
            CounterKey::MemberUses(id, holder) => match &collective(id)?.check {
                Check::Code(codes) => of_code(codes, holder),
                Check::Member | Check::MemberPassword => collective(id)?.limits.per_member,
            },
            _ => None,
        }
    }

    /// Whether a place was ever moved to another quota.
    pub fn was_moved(&self, session: SessionId, place: Place) -> bool {
        self.moved.contains(&(session, place))
    }

    /// Which image of an order this is, the newest if it occurs more than once.
    pub fn image(&self, order: &Order) -> Option<usize> {
        self.images.get(&order.id)?.iter().rposition(|image| **image == *order)
    }

    /// An order as it is durably.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        if let Some(Row::Order(order)) = self.rows.get(&Key::Order(id)) { Some(order) } else { None }
    }

    /// All orders, by id: those that began first come first.
    pub fn orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        let all = self.rows.range(Key::Order(OrderId([0; 16]))..=Key::Order(OrderId([0xff; 16])));
        all.filter_map(|(_, row)| if let Row::Order(order) = row { Some(order) } else { None })
    }

    /// What a request with this key was answered, durably.
    pub fn outcome(&self, key: Hash) -> Option<&Outcome> {
        self.rows.values().rev().find_map(|row| match row {
            Row::Outcome(outcome) if outcome.key == key => Some(outcome.as_ref()),
            _ => None,
        })
    }

    /// All voucher orders, the oldest first.
    pub fn voucher_orders(&self) -> Vec<&VoucherOrder> {
        let all = self.rows.range(Key::VoucherOrder(VoucherOrderId([0; 16]))..=Key::VoucherOrder(VoucherOrderId([0xff; 16])));
        all.filter_map(|(_, row)| if let Row::VoucherOrder(order) = row { Some(order.as_ref()) } else { None }).collect()
    }

    /// How many orders are in a stage.
    pub fn count(&self, which: impl Fn(&Stage) -> bool) -> usize {
        self.rows.values().filter(|row| matches!(row, Row::Order(order) if which(&order.stage))).count()
    }

    /// How many places are claimed without being sold.
    pub fn held_places(&self) -> usize {
        self.rows.values().filter(|row| matches!(row, Row::Claim(claim) if !claim.sold)).count()
    }

    /// Law 6: the tables, with the journal's tail on top, say all that the journal ever said.
    ///
    /// # Errors
    /// A row that they do not agree on.
    pub fn check_store(&self, disk: &SimStore) -> Result<(), String> {
        let store = Store::Sim(disk.clone());
        let mut loader = store.loader().map_err(|error| error.to_string())?;
        let mut rows = stored(&mut loader)?;
        let position = loader.position(SHARD).map_err(|error| error.to_string())?;
        if position.last_seq.max(position.applied_seq) != self.seq {
            return Err(format!("the journal ends at {}, it said {} before", position.last_seq, self.seq));
        }
        for row in position.tail {
            let payload = payload::decode(&row.payload).map_err(|error| error.to_string())?;
            payload.changes.into_iter().for_each(|change| put(&mut rows, change));
        }
        agree("the store", &rows, &self.rows)
    }

    /// Memory says what is durable, and knows all that is live.
    ///
    /// # Errors
    /// What they do not agree on.
    pub fn check_world(&self, world: &World) -> Result<(), String> {
        for order in world.all_orders() {
            if self.order(order.id) != Some(order) {
                return Err(format!("order {} is in memory as {:?}, durably as {:?}", order.id, order.stage, self.order(order.id)));
            }
        }
        let live = self.count(|stage| matches!(stage, Stage::Basket { .. } | Stage::PreConfirm { .. }));
        if world.live_orders().count() != live {
            return Err(format!("{live} orders are alive, memory knows {}", world.live_orders().count()));
        }
        for row in self.rows.values() {
            let known = match row {
                Row::Counter(counter) => world.counter(&counter.key) == counter.value,
                Row::Product(product) => world.catalogue.products.get(&product.id) == Some(product),
                Row::Session(session) => world.session(session.id).is_some(),
                Row::Collective(collective) => world.catalogue.collectives.get(&collective.id) == Some(collective),
                Row::Promotion(promotion) => world.catalogue.promotions.get(&promotion.id) == Some(promotion),
                Row::Cancellation(one) => world.cancellations.get(&one.session) == Some(one),
                Row::Postponed(one) => world.postponed.get(&one.session) == Some(one),
                Row::Ticket(ticket) => ticket.id.0 < world.item_ids().0,
                Row::Message(message) => message.id.0 < world.item_ids().0,
                Row::VoucherOrder(order) => order.expires().is_none() || world.voucher_orders.resident().any(|known| known == order),
                Row::GiftVouchers(offer) => world.catalogue.gift_vouchers.get(&offer.channel) == Some(offer),
                Row::Voucher(voucher) => voucher.reserved == 0 || world.vouchers.get(voucher.id).is_some(),
                Row::Shift(shift) => (world.shifts.at(shift.entity, shift.terminal) == Some(shift)) == shift.end.is_none(),
                _ => true,
            };
            if !known {
                return Err(format!("memory does not know {row:?}"));
            }
        }
        for session in world.catalogue.offers.keys() {
            let (_, inventory) = world.session(*session).ok_or("a session without places")?;
            self.check_places(*session, &inventory.snapshot(self.seq))?;
        }
        for voucher in world.vouchers.resident() {
            let durable = self.rows.get(&Key::Voucher(voucher.id));
            if !matches!(durable, Some(Row::Voucher(row)) if row == voucher) {
                return Err(format!("{voucher:?} is in memory, durably it is {durable:?}"));
            }
        }
        for order in world.voucher_orders.resident() {
            let durable = self.rows.get(&Key::VoucherOrder(order.id));
            if !matches!(durable, Some(Row::VoucherOrder(row)) if row == order) {
                return Err(format!("{order:?} is in memory, durably it is {durable:?}"));
            }
        }
        self.check_taken(&world.taken)?;
        self.check_offered(&world.listings.offered)?;
        self.check_gates(world)?;
        self.check_pools(world)
    }

    /// The lists of open gates say what is durable, and all of it.
    fn check_gates(&self, world: &World) -> Result<(), String> {
        for (session, list) in world.gates.lists() {
            let (mut live, mut admitted) = (0, 0);
            for row in self.rows.values() {
                let known = match row {
                    Row::Ticket(row) if row.session == session => {
                        live += u32::from(row.state.is_live());
                        let listed = Listed::of(row);
                        list.ticket(&row.barcode) == Some(&listed) && list.ticket_of(row.id) == Some(&listed)
                    }
                    Row::Admission(row) if row.session == session => {
                        admitted += u32::from(row.has_entered());
                        list.admission(row.ticket) == Some(row)
                    }
                    Row::Revocation(row) if row.session == session => {
                        list.revocation(&row.barcode) == Some(row) && (row.by != RevokedBy::Reprint || list.ticket(&row.barcode).is_none())
                    }
                    Row::GateTally(row) if row.session == session => list.tally(&row.gate) == Some(row),
                    _ => true,
                };
                if !known {
                    return Err(format!("the gates' list of session {session} does not know {row:?}"));
                }
            }
            if (list.counts().0, list.counts().1) != (live, admitted) {
                return Err(format!(
                    "{live} tickets of session {session} are live, {admitted} came in; its gates count {:?}",
                    list.counts()
                ));
            }
        }
        Ok(())
    }

    /// Tickets with their sessions and barcodes, the first sold first, and then those that they had before.
    pub fn barcodes(&self) -> Vec<(SessionId, ItemId, Barcode)> {
        let tickets = self.rows.range(Key::Ticket(ItemId(0))..=Key::Ticket(ItemId(u64::MAX))).map(|(_, row)| row);
        let known = |row: &Row| match row {
            Row::Ticket(row) => Some((row.session, row.id, row.barcode.clone())),
            _ => None,
        };
        let mut known: Vec<_> = tickets.filter_map(known).collect();
        let dead = self.rows.values().filter_map(|row| match row {
            Row::Revocation(row) if row.by == RevokedBy::Reprint => Some((row.session, row.ticket, row.barcode.clone())),
            _ => None,
        });
        // Among the last that were sold, so that they are shown.
        let dead: Vec<_> = dead.collect();
        let place = known.len().saturating_sub(4);
        known.splice(place..place, dead.into_iter().take(2));
        known
    }

    /// Every offer of a ticket, the first offered first.
    pub fn listings(&self) -> Vec<&Arc<Listing>> {
        let rows = self.rows.range(Key::Listing(ListingId(0))..=Key::Listing(ListingId(u64::MAX)));
        rows.filter_map(|(_, row)| if let Row::Listing(listing) = row { Some(listing) } else { None }).collect()
    }

    /// What is shown as offered again is what is so durably.
    ///
    /// # Errors
    /// Where they differ.
    pub fn check_offered(&self, offered: &Offered) -> Result<(), String> {
        let shown: Vec<_> = offered.values().flat_map(|listings| listings.values()).collect();
        let mut durable: Vec<_> = self.listings().into_iter().filter(|listing| listing.is_offered()).collect();
        durable.sort_by_key(|listing| (listing.session, listing.id));
        if durable == shown { Ok(()) } else { Err(format!("{shown:?} is shown as offered again, durably it is {durable:?}")) }
    }

    /// What is shown as taken of products is what their counters say durably.
    ///
    /// # Errors
    /// A product of which it is not.
    pub fn check_taken(&self, taken: &Taken) -> Result<(), String> {
        let count = |row: &Row| match row {
            Row::Counter(Counter { key: CounterKey::ProductUnits(product), value }) => Some((*product, *value)),
            _ => None,
        };
        let durable: Taken = self.rows.values().filter_map(count).collect();
        if durable == *taken { Ok(()) } else { Err(format!("{taken:?} is shown as taken of products, durably it is {durable:?}")) }
    }

    fn check_pools(&self, world: &World) -> Result<(), String> {
        let mut should = BTreeSet::new();
        for row in self.rows.values() {
            let Row::PoolBarcode(barcode) = row else { continue };
            match barcode.state {
                PoolState::Free => should.insert((barcode.session, barcode.barcode.clone(), None)),
                PoolState::Reserved { item, .. } => should.insert((barcode.session, barcode.barcode.clone(), Some(item))),
                PoolState::Used { .. } => false,
            };
        }
        let mut has = BTreeSet::new();
        for session in world.catalogue.offers.keys() {
            let Some(pool) = world.pools.of(*session) else { continue };
            has.extend(pool.free().map(|barcode| (*session, barcode.clone(), None)));
            has.extend(pool.reserved().map(|(barcode, item)| (*session, barcode.clone(), Some(item))));
        }
        let differs = has.symmetric_difference(&should).next();
        differs.map_or(Ok(()), |one| Err(format!("memory and journal do not agree on {one:?} of a pool")))
    }

    /// A picture of places shows what is durable, and its counts count it: of every group, quota and state.
    ///
    /// # Errors
    /// A place or a count that is not so.
    pub fn check_places(&self, session: SessionId, picture: &Snapshot) -> Result<(), String> {
        let plan = &picture.plan;
        let (blocked, quota_of) = self.marked(session, plan);
        let members: Vec<_> = self.members(session).map(|member| (member, self.marked(member, plan).0)).collect();
        let mut counted = vec![[0; 4]; plan.groups.len() * plan.template.quotas.len()];
        for (place, state) in (0..).zip(picture.states.iter()) {
            let own = self.stands(session, place, &blocked);
            let in_members = || members.iter().map(|(member, blocked)| self.stands(*member, place, blocked));
            let worst = |state: &PlaceState| in_members().any(|other| other == *state);
            let is = match own {
                PlaceState::Free => [PlaceState::Sold, PlaceState::Blocked, PlaceState::Held].into_iter().find(worst).unwrap_or(own),
                own => own,
            };
            if *state != is {
                return Err(format!("place {place} of session {session} is shown as {state:?}, it is {is:?}"));
            }
            let (quota, shown) = (quota_of[place as usize], picture.quota_of[place as usize]);
            if shown != quota {
                return Err(format!("place {place} of session {session} is shown in quota {shown}, it is in {quota}"));
            }
            let group = usize::from(plan.group_of[place as usize]);
            counted[group * plan.template.quotas.len() + usize::from(quota)][is as usize] += 1;
        }
        for (index, counted) in counted.iter().enumerate() {
            let (group, quota) = (index / plan.template.quotas.len(), index % plan.template.quotas.len());
            let shown = picture.counts(group, u8::try_from(quota).unwrap_or(u8::MAX)).by_state;
            if shown != *counted {
                return Err(format!("session {session} counts {shown:?} places of group {group} and quota {quota}, there are {counted:?}"));
            }
        }
        Ok(())
    }

    /// How a place stands in a session by itself.
    fn stands(&self, session: SessionId, place: Place, blocked: &HashSet<Place>) -> PlaceState {
        match self.rows.get(&Key::Claim((session, place))) {
            Some(Row::Claim(claim)) if claim.sold => PlaceState::Sold,
            Some(_) => PlaceState::Held,
            None if blocked.contains(&place) => PlaceState::Blocked,
            None => PlaceState::Free,
        }
    }

    /// The sessions of a season; none of any other.
    fn members(&self, session: SessionId) -> impl Iterator<Item = SessionId> {
        let season = match self.rows.get(&Key::Session(session)) {
            Some(Row::Session(session)) => session.season.as_ref(),
            _ => None,
        };
        season.into_iter().flat_map(Season::sessions)
    }

    /// Which places of a session are blocked if nobody has them, and which quota each is in: its template's, or the promoter's where there are marks.
    fn marked(&self, session: SessionId, plan: &Plan) -> (HashSet<Place>, Vec<u8>) {
        let mut blocked: HashSet<_> = plan.blocked.iter().copied().collect();
        let mut quota_of = plan.quota_of.to_vec();
        for (index, sector) in plan.template.sectors.iter().enumerate() {
            if let Some(Row::PlaceMarks(marks)) = self.rows.get(&Key::PlaceMarks((session, *sector))) {
                blocked.retain(|place| plan.groups[usize::from(plan.group_of[*place as usize])].sector != index);
                blocked.extend(&marks.blocked);
                marks.moved.iter().for_each(|(place, quota)| quota_of[*place as usize] = *quota);
            }
        }
        (blocked, quota_of)
    }
}

fn stored(loader: &mut Loader) -> Result<BTreeMap<Key, Row>, String> {
    let mut rows = BTreeMap::new();
    let read = loader.every_row(SHARD, &mut |row| drop(rows.insert(row.key(), row)));
    read.map(|()| rows).map_err(|error| error.to_string())
}

fn put(rows: &mut BTreeMap<Key, Row>, change: Change) {
    match change {
        Change::Put(row) => drop(rows.insert(row.key(), row)),
        Change::Delete(key) => drop(rows.remove(&key)),
        Change::ForgetOutcomes(before) => rows.retain(|key, _| !is_older(key, before)),
    }
}

fn is_older(key: &Key, before: Period) -> bool {
    matches!(key, Key::Outcome((period, _)) if *period < before)
}

fn agree(who: &str, has: &BTreeMap<Key, Row>, should: &BTreeMap<Key, Row>) -> Result<(), String> {
    if has == should {
        return Ok(());
    }
    let keys = should.keys().chain(has.keys());
    let differs = keys.into_iter().find(|key| has.get(key) != should.get(key));
    let Some(key) = differs else { return Ok(()) };
    Err(format!("{who} has {:?} for {key:?}, the journal said {:?}", has.get(key), should.get(key)))
}
