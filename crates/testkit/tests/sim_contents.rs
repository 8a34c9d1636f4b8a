//! What histories are about: what the laws say is worth something only if simulated histories do what they speak of. They are played until each thing was done
//! often enough, whichever history it was in.

use std::collections::{BTreeMap, HashMap, HashSet};

use aforo_domain::barcodes::PoolState;
use aforo_domain::change::{Change, Counter, CounterKey, Key, Row};
use aforo_domain::ids::{Barcode, ListingId, OrderId, SessionId, VoucherId};
use aforo_domain::orders::cancellations::Progress;
use aforo_domain::orders::{Order, OrderKind, Stage, TicketKind};
use aforo_domain::resale::ListingState;
use aforo_domain::seasons::Season;
use aforo_domain::voucher_orders::Stage as VoucherOrderStage;
use aforo_testkit::sim::stage::{FRIENDS, FRIENDS_USES};
use aforo_testkit::sim::{Setting, record};

/// How many histories are played at most.
const SEEDS: u64 = 80;
/// How long they are.
const STEPS: u32 = 3_000;

/// What has to be in histories, and how often.
const WANTED: &[(&str, u32)] = &[
    ("vouchers spent", 4),
    ("vouchers let go", 2),
    ("collectives used up", 1),
    ("uses of collectives given back", 4),
    ("voucher orders sold", 11),
    ("voucher orders over", 6),
    ("gifts spent", 1),
    ("imported barcodes used", 6),
    ("imported barcodes given back", 6),
    ("refunds", 11),
    ("refunds to vouchers", 1),
    ("relocations", 3),
    ("places sold again", 2),
    ("tickets given back with their session", 3),
    ("tickets cancelled with their session", 1),
    ("called-off sessions done with", 1),
    ("tickets offered", 9),
    ("offers let go", 4),
    ("offers sold", 4),
    ("tickets given back that were offered", 1),
    ("products sold", 6),
    ("products given back", 3),
    ("bookings sold", 3),
    ("bookings over", 1),
    ("attendees named", 3),
    ("season tickets sold", 6),
    ("season tickets over", 3),
    ("tickets of a season's sessions sold", 6),
    ("shares of season tickets given back", 1),
    ("admissions", 1),
    ("admissions again", 1),
    ("admissions cleared", 1),
    ("admissions displaced", 1),
    ("refusals at gates", 1),
    ("scans in conflict", 1),
    ("numbered sales", 1),
    ("numbered refunds", 1),
    ("numbered relocations", 1),
    ("orders without a number", 3),
    ("shifts with sales closed", 3),
    ("payouts at tills", 1),
];

/// What was found so far.
#[derive(Default)]
struct Found(BTreeMap<&'static str, u32>);

impl Found {
    fn note(&mut self, what: &'static str, times: impl TryInto<u32>) {
        assert!(WANTED.iter().any(|(wanted, _)| *wanted == what), "nobody wants {what}");
        *self.0.entry(what).or_default() += times.try_into().unwrap_or_default();
    }

    fn lacks(&self) -> Vec<String> {
        let has = |what: &str| self.0.get(what).copied().unwrap_or_default();
        let lacking = WANTED.iter().filter(|(what, wanted)| has(what) < *wanted);
        lacking.map(|(what, wanted)| format!("{what}: {} of {wanted}", has(what))).collect()
    }
}

/// What is remembered of one history, from its beginning to where it is.
#[derive(Default)]
struct Memory {
    /// What was reserved of each voucher, and its balance.
    vouchers: HashMap<VoucherId, (i64, i64)>,
    friends: i64,
    gifts: HashSet<VoucherId>,
    barcodes: HashMap<Barcode, OrderId>,
    given_back: HashSet<(SessionId, u32)>,
    taken: HashSet<ListingId>,
    units: HashMap<OrderId, usize>,
    booked: HashSet<OrderId>,
    in_a_season: HashSet<SessionId>,
    seasons: HashSet<OrderId>,
    cancellation: Option<(bool, u32, bool)>,
}

#[test]
fn histories_do_what_the_laws_speak_of() {
    let mut found = Found::default();
    for seed in 1..=SEEDS {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut memory = Memory::default();
        for change in batches.iter().flatten() {
            memory.see(change, &mut found);
        }
        if let Some((refunds, tickets, done)) = memory.cancellation {
            let what = if refunds { "tickets given back with their session" } else { "tickets cancelled with their session" };
            found.note(what, tickets);
            found.note("called-off sessions done with", u32::from(done));
        }
        let lacks = found.lacks();
        if lacks.is_empty() {
            return;
        }
        println!("after {seed} histories: {lacks:?}");
    }
    panic!("in {SEEDS} histories: {:#?}", found.lacks());
}

impl Memory {
    fn see(&mut self, change: &Change, found: &mut Found) {
        match change {
            Change::Put(Row::Order(order)) => {
                self.see_order(order, found);
                see_receipt(order, found);
            }
            Change::Put(Row::Counter(Counter { key: CounterKey::CollectiveUses(FRIENDS), value })) => self.see_friends(*value, found),
            Change::Delete(Key::Counter(CounterKey::CollectiveUses(FRIENDS))) => self.see_friends(0, found),
            Change::Put(Row::PoolBarcode(_) | Row::Voucher(_) | Row::VoucherOrder(_) | Row::VoucherMovement(_)) => {
                self.see_stock(change, found);
            }
            Change::Put(Row::Claim(claim)) if claim.sold => {
                found.note("places sold again", u32::from(self.given_back.remove(&(claim.session, claim.place))));
            }
            Change::Put(Row::Session(session)) => self.in_a_season.extend(session.season.iter().flat_map(Season::sessions)),
            Change::Put(Row::Cancellation(one)) => {
                self.cancellation = Some((one.refund.is_some(), one.tickets, matches!(one.state, Progress::Done { .. })));
            }
            Change::Put(Row::Listing(listing)) => match listing.state {
                ListingState::Open if self.taken.remove(&listing.id) => found.note("offers let go", 1),
                ListingState::Open => found.note("tickets offered", 1),
                ListingState::Taken { .. } => drop(self.taken.insert(listing.id)),
                ListingState::Sold(_) => found.note("offers sold", 1),
                ListingState::Withdrawn { .. } => {}
            },
            Change::Put(row) => see_gates_and_tills(row, found),
            _ => {}
        }
    }

    fn see_friends(&mut self, now: i64, found: &mut Found) {
        found.note("collectives used up", u32::from(now == i64::from(FRIENDS_USES)));
        found.note("uses of collectives given back", u32::from(now < self.friends));
        self.friends = now;
    }

    /// What there is only so much of.
    fn see_stock(&mut self, change: &Change, found: &mut Found) {
        match change {
            Change::Put(Row::Voucher(voucher)) => {
                let now = (voucher.reserved, voucher.balance);
                let (reserved, balance) = self.vouchers.insert(voucher.id, now).unwrap_or((0, voucher.balance));
                found.note("vouchers spent", u32::from(voucher.balance < balance));
                found.note("vouchers let go", u32::from(voucher.balance == balance && voucher.reserved < reserved));
            }
            Change::Put(Row::VoucherOrder(order)) => match &order.stage {
                VoucherOrderStage::Confirm { vouchers, .. } => {
                    found.note("voucher orders sold", 1);
                    self.gifts.extend(vouchers.iter().map(|voucher| voucher.id));
                }
                VoucherOrderStage::Expired { .. } => found.note("voucher orders over", 1),
                VoucherOrderStage::Created { .. } | VoucherOrderStage::PreConfirm { .. } => {}
            },
            Change::Put(Row::VoucherMovement(line)) => {
                found.note("gifts spent", u32::from(line.amount < 0 && self.gifts.contains(&line.voucher)));
            }
            Change::Put(Row::PoolBarcode(barcode)) => match barcode.state {
                PoolState::Reserved { order, .. } => drop(self.barcodes.insert(barcode.barcode.clone(), order)),
                PoolState::Free => {
                    found.note("imported barcodes given back", u32::from(self.barcodes.remove(&barcode.barcode).is_some()));
                }
                PoolState::Used { .. } => found.note("imported barcodes used", u32::from(self.barcodes.remove(&barcode.barcode).is_some())),
            },
            _ => {}
        }
    }

    fn see_order(&mut self, order: &Order, found: &mut Found) {
        let (extras, is_sold) = (order.extras(), matches!(order.stage, Stage::Confirm { .. }));
        if order.kind() == OrderKind::Refund && extras.share.is_some() {
            return found.note("shares of season tickets given back", u32::from(order.totals().total() > 0));
        }
        if order.kind() == OrderKind::Refund {
            found.note("refunds", 1);
            found.note("refunds to vouchers", u32::from(order.totals().vouchers > 0));
            let resold = order.items.iter().filter(|item| item.kind == TicketKind::Resale).count();
            found.note("tickets given back that were offered", resold);
            self.given_back.extend(order.items.iter().map(|item| (item.session, item.place)));
            return;
        }
        if let Some(replaces) = &extras.replaces {
            found.note("relocations", 1);
            self.given_back.extend(replaces.back.items.iter().map(|item| (item.session, item.place)));
        }
        let units = extras.products.len();
        found.note("products sold", if is_sold { units } else { 0 });
        found.note("products given back", u32::from(self.units.insert(order.id, units).is_some_and(|had| had > units)));
        self.see_booking(order, found);
        let seasons = order.items.iter().filter(|item| item.season.is_some()).count();
        let singles = order.items.iter().filter(|item| self.in_a_season.contains(&item.session)).count();
        found.note("season tickets sold", if is_sold { seasons } else { 0 });
        found.note("tickets of a season's sessions sold", if is_sold { singles } else { 0 });
        let had = self.seasons.remove(&order.id);
        found.note("season tickets over", u32::from(had && matches!(order.stage, Stage::Expired { .. })));
        self.seasons.extend((seasons > 0).then_some(order.id));
    }

    /// A booking becomes no basket again.
    fn see_booking(&mut self, order: &Order, found: &mut Found) {
        found.note("attendees named", u32::from(!order.extras().attendees.is_empty()));
        match (order.kind(), &order.stage) {
            (OrderKind::Booking, _) => drop(self.booked.insert(order.id)),
            (OrderKind::Issue, _) => found.note("bookings sold", u32::from(self.booked.remove(&order.id))),
            (OrderKind::Purchase, Stage::Expired { .. }) => found.note("bookings over", u32::from(self.booked.remove(&order.id))),
            (OrderKind::Purchase, stage) => assert!(!self.booked.contains(&order.id), "order {} was booked and is {stage:?}", order.id),
            (OrderKind::Refund, _) => {}
        }
    }
}

fn see_receipt(order: &Order, found: &mut Found) {
    if !order.is_sold() {
        return;
    }
    let what = match order.kind() {
        _ if order.extras().entry.receipt.is_none() => "orders without a number",
        OrderKind::Refund => "numbered refunds",
        _ if order.extras().replaces.is_some() => "numbered relocations",
        _ => "numbered sales",
    };
    found.note(what, 1);
}

fn see_gates_and_tills(row: &Row, found: &mut Found) {
    match row {
        Row::Admission(row) => {
            found.note("admissions", u32::from(row.entries() == 1));
            found.note("admissions again", u32::from(row.entries() > 1));
            found.note("admissions cleared", u32::from(row.scans.is_empty()));
            found.note("admissions displaced", u32::from(row.scans.iter().any(|scan| !scan.counts && scan.sequence.is_none())));
        }
        Row::GateTally(row) => found.note("refusals at gates", u32::from(!row.refused.is_empty())),
        Row::OfflineScan(row) => found.note("scans in conflict", u32::from(row.conflict.is_some())),
        Row::Shift(shift) => {
            let pays_out = shift.takings.iter().any(|takings| takings.payouts > 0);
            found.note("shifts with sales closed", u32::from(shift.end.is_some() && shift.sales > 0));
            found.note("payouts at tills", u32::from(pays_out));
        }
        _ => {}
    }
}
