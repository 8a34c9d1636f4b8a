//! Simulated histories: the laws hold after every step, whatever fails. `AFORO_SIM_SEED` replays one seed, `AFORO_SIM_SEEDS` plays more of them,
//! `AFORO_SIM_STEPS` makes them longer.

use std::collections::{HashMap, HashSet};

use aforo_domain::barcodes::PoolState;
use aforo_domain::change::{Change, Counter, CounterKey, Key, Row};
use aforo_domain::messages::{Content, Letter};
use aforo_domain::orders::cancellations::Progress;
use aforo_domain::orders::{OrderKind, Stage};
use aforo_domain::seasons::Season;
use aforo_domain::voucher_orders::Stage as VoucherOrderStage;
use aforo_testkit::sim::stage::{FRIENDS, FRIENDS_USES};
use aforo_testkit::sim::{Setting, play, record};

/// How many histories are played when none is named.
const SEEDS: u64 = 24;
/// How long they are.
const STEPS: u32 = 3_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

fn seeds(first: u64) -> std::ops::Range<u64> {
    let seeds = number("AFORO_SIM_SEEDS").unwrap_or(SEEDS);
    number("AFORO_SIM_SEED").map_or(first..first + seeds, |seed| seed..seed + 1)
}

fn steps() -> u32 {
    number("AFORO_SIM_STEPS").and_then(|steps| steps.try_into().ok()).unwrap_or(STEPS)
}

#[test]
fn a_calm_day_fails_nobody() {
    for seed in seeds(1) {
        let tally = play(&Setting { faults: false, ..Setting::new(seed, steps()) }).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{seed}: {tally:?}");
    }
}

#[test]
fn whatever_fails_no_law_is_broken() {
    for seed in seeds(1_000) {
        let tally = play(&Setting::new(seed, steps())).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{seed}: {tally:?}");
    }
}

/// What is said of messages is worth something only if histories deliver some.
#[test]
fn sales_are_told() {
    let (mut sold, mut delivered) = (0, 0);
    for seed in 1_000..1_008 {
        let tally = play(&Setting::new(seed, STEPS)).unwrap_or_else(|failure| panic!("{failure}"));
        (sold, delivered) = (sold + tally.sold, delivered + tally.delivered);
    }
    assert!(sold > 0 && delivered >= sold, "{sold} orders were sold, {delivered} messages delivered");
}

/// What the laws say of vouchers is worth something only if histories pay with them.
#[test]
fn vouchers_are_spent_and_let_go() {
    let (mut spent, mut let_go, mut reserved) = (0, 0, HashMap::new());
    for seed in 1..33 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        for change in batches.into_iter().flatten() {
            let Change::Put(Row::Voucher(voucher)) = change else { continue };
            let (before, balance) = reserved.insert(voucher.id, (voucher.reserved, voucher.balance)).unwrap_or((0, voucher.balance));
            spent += u32::from(voucher.balance < balance);
            let_go += u32::from(voucher.balance == balance && voucher.reserved < before);
        }
        reserved.clear();
        if spent > 3 && let_go > 1 {
            return;
        }
    }
    panic!("vouchers were spent {spent} times and let go {let_go} times");
}

/// What the laws say of collectives is worth something only if histories use them up and give them back.
#[test]
fn collectives_are_used_and_given_back() {
    let (mut full, mut given_back, mut before) = (0, 0, 0);
    for seed in 1..9 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        for change in batches.into_iter().flatten() {
            let now = match change {
                Change::Put(Row::Counter(Counter { key: CounterKey::CollectiveUses(FRIENDS), value })) => value,
                Change::Delete(Key::Counter(CounterKey::CollectiveUses(FRIENDS))) => 0,
                _ => continue,
            };
            (full, given_back) = (full + u32::from(now == i64::from(FRIENDS_USES)), given_back + u32::from(now < before));
            before = now;
        }
        before = 0;
    }
    assert!(full > 0 && given_back > 3, "all uses were taken {full} times, some given back {given_back} times");
}

/// The same of voucher orders, and of what was bought in them.
#[test]
fn gift_vouchers_are_sold_and_spent() {
    let (mut sold, mut over, mut spent) = (0, 0, 0);
    for seed in 1..65 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut bought = HashSet::new();
        for change in batches.into_iter().flatten() {
            match change {
                Change::Put(Row::VoucherOrder(order)) => match &order.stage {
                    VoucherOrderStage::Confirm { vouchers, .. } => {
                        sold += 1;
                        bought.extend(vouchers.iter().map(|voucher| voucher.id));
                    }
                    VoucherOrderStage::Expired { .. } => over += 1,
                    VoucherOrderStage::Created { .. } | VoucherOrderStage::PreConfirm { .. } => {}
                },
                Change::Put(Row::VoucherMovement(line)) => spent += u32::from(line.amount < 0 && bought.contains(&line.voucher)),
                _ => {}
            }
        }
        if sold > 10 && over > 5 && spent > 0 {
            return;
        }
    }
    panic!("{sold} voucher orders were sold, {over} were over, {spent} times one was spent");
}

/// What the laws say of pools is worth something only if histories sell from them.
#[test]
fn pools_are_sold_from_and_given_back_to() {
    let (mut used, mut given_back) = (0, 0);
    for seed in 1..9 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut reserved = HashMap::new();
        for change in batches.into_iter().flatten() {
            let Change::Put(Row::PoolBarcode(barcode)) = change else { continue };
            match barcode.state {
                PoolState::Reserved { order, .. } => drop(reserved.insert(barcode.barcode, order)),
                PoolState::Free => given_back += u32::from(reserved.remove(&barcode.barcode).is_some()),
                PoolState::Used { .. } => used += u32::from(reserved.remove(&barcode.barcode).is_some()),
            }
        }
    }
    assert!(used > 5 && given_back > 5, "{used} barcodes were used, {given_back} given back");
}

/// The same of refunds: something comes back, to vouchers too, and its place is sold again.
#[test]
fn what_is_given_back_is_sold_again() {
    let (mut refunds, mut to_vouchers, mut relocations, mut again) = (0, 0, 0, 0);
    for seed in 1..65 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut given_back = HashSet::new();
        for change in batches.into_iter().flatten() {
            match change {
                Change::Put(Row::Order(order)) if order.kind() == OrderKind::Refund => {
                    refunds += 1;
                    to_vouchers += u32::from(order.totals().vouchers > 0);
                    given_back.extend(order.items.iter().map(|item| (item.session, item.place)));
                }
                Change::Put(Row::Order(order)) if order.extras().replaces.is_some() => {
                    relocations += 1;
                    let back = order.extras().replaces.iter().flat_map(|replaces| &replaces.back.items);
                    given_back.extend(back.map(|item| (item.session, item.place)));
                }
                Change::Put(Row::Claim(claim)) if claim.sold => again += u32::from(given_back.remove(&(claim.session, claim.place))),
                _ => {}
            }
        }
        if refunds > 10 && to_vouchers > 0 && relocations > 2 && again > 1 {
            return;
        }
    }
    panic!("{refunds} refunds, {to_vouchers} of them to vouchers, {relocations} relocations, {again} places sold again");
}

/// The same of sessions that are called off: their work is done, with tickets given back and with tickets cancelled.
#[test]
fn sessions_are_called_off() {
    let (mut given_back, mut cancelled, mut done) = (0, 0, 0);
    for seed in 1..37 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let last = batches.into_iter().flatten().filter_map(|change| match change {
            Change::Put(Row::Cancellation(one)) => Some(one),
            _ => None,
        });
        let Some(one) = last.last() else { continue };
        given_back += if one.refund.is_some() { one.tickets } else { 0 };
        cancelled += if one.refund.is_none() { one.tickets } else { 0 };
        done += u32::from(matches!(one.state, Progress::Done { .. }));
        if given_back > 2 && cancelled > 0 && done > 0 {
            return;
        }
    }
    panic!("{given_back} tickets were given back and {cancelled} cancelled, {done} sessions were done with");
}

/// The same of season tickets for sessions that are called off: the shares of these come back.
#[test]
fn shares_of_sessions_come_back() {
    let mut shares = 0;
    for seed in 1..65 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let orders = batches.into_iter().flatten().filter_map(|change| match change {
            Change::Put(Row::Order(order)) => Some(order),
            _ => None,
        });
        for order in orders {
            let is_share = order.extras().share.is_some() && order.kind() == OrderKind::Refund;
            shares += u32::from(is_share && order.totals().total() > 0);
        }
        if shares > 0 {
            return;
        }
    }
    panic!("{shares} times shares came back");
}

/// The same of sessions that are moved: buyers are told, some of two moves.
#[test]
fn sessions_are_moved() {
    let (mut told, mut again) = (0, 0);
    for seed in 1..13 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut moves = HashMap::new();
        for change in batches.into_iter().flatten() {
            let Change::Put(Row::Message(message)) = change else { continue };
            let Content::Mail(mail) = &message.content else { continue };
            if let Letter::Postponed(affected, from) = &mail.letter {
                told += u32::from(!moves.contains_key(&affected.code));
                again += u32::from(moves.insert(affected.code, *from).is_some_and(|before| before != *from));
            }
        }
        if told > 3 && again > 0 {
            return;
        }
    }
    panic!("{told} orders were told, {again} of another move");
}

/// The same of products.
#[test]
fn products_are_sold_and_given_back() {
    let (mut sold, mut given_back) = (0, 0);
    for seed in 1..13 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut before = HashMap::new();
        for change in batches.into_iter().flatten() {
            let Change::Put(Row::Order(order)) = change else { continue };
            let units = order.extras().products.len();
            sold += if let Stage::Confirm { .. } = order.stage { units } else { 0 };
            given_back += usize::from(before.insert(order.id, units).is_some_and(|had| had > units));
        }
        if sold > 5 && given_back > 2 {
            return;
        }
    }
    panic!("{sold} units were sold, {given_back} times some were given back");
}

/// The same of bookings and of attendees, in one of the first histories or a few of them together. A booking becomes no basket again.
#[test]
fn what_is_booked_is_sold_or_given_back() {
    let (mut sold, mut given_back, mut attended) = (0, 0, 0);
    for seed in 1..41 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut booked = HashSet::new();
        for change in batches.into_iter().flatten() {
            let Change::Put(Row::Order(order)) = change else { continue };
            attended += u32::from(!order.extras().attendees.is_empty());
            match (order.kind(), &order.stage) {
                (OrderKind::Booking, _) => drop(booked.insert(order.id)),
                (OrderKind::Refund, _) => {}
                (OrderKind::Issue, _) => sold += u32::from(booked.remove(&order.id)),
                (OrderKind::Purchase, Stage::Expired { .. }) => given_back += u32::from(booked.remove(&order.id)),
                (OrderKind::Purchase, stage) => assert!(!booked.contains(&order.id), "order {} was booked and is {stage:?}", order.id),
            }
        }
        if sold > 2 && given_back > 0 && attended > 2 {
            return;
        }
    }
    panic!("{sold} bookings were sold, {given_back} were over, {attended} had attendees");
}

/// What the laws say of seasons is worth something only if histories sell them beside tickets of their sessions.
#[test]
fn seasons_are_sold_beside_their_sessions() {
    let (mut sold, mut let_go, mut in_a_season) = (0, 0, HashSet::new());
    let mut singles = 0;
    for seed in 1..9 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        let mut held = HashSet::new();
        for change in batches.into_iter().flatten() {
            match change {
                Change::Put(Row::Session(session)) => in_a_season.extend(session.season.iter().flat_map(Season::sessions)),
                Change::Put(Row::Order(order)) => {
                    let is_sold = matches!(order.stage, Stage::Confirm { .. });
                    let seasons = order.items.iter().filter(|item| item.season.is_some()).count();
                    sold += if is_sold { seasons } else { 0 };
                    singles += u32::from(is_sold && order.items.iter().any(|item| in_a_season.contains(&item.session)));
                    let_go += u32::from(held.remove(&order.id) && matches!(order.stage, Stage::Expired { .. }));
                    held.extend((seasons > 0).then_some(order.id));
                }
                _ => {}
            }
        }
    }
    assert!(sold > 5 && let_go > 2 && singles > 5, "{sold} season tickets were sold, {let_go} were over; {singles} others");
}

/// What the laws say of gates is worth something only if histories let people in, more than once where they may, refuse others, and hand in scans that are
/// at odds with that.
#[test]
fn gates_are_kept() {
    let (mut admitted, mut again, mut refused, mut conflicts, mut displaced, mut cleared) = (0, 0, 0, 0, 0, 0);
    for seed in 1..13 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        for change in batches.into_iter().flatten() {
            match change {
                Change::Put(Row::Admission(row)) => {
                    admitted += u32::from(row.entries() == 1);
                    again += u32::from(row.entries() > 1);
                    cleared += u32::from(row.scans.is_empty());
                    displaced += u32::from(row.scans.iter().any(|scan| !scan.counts && scan.sequence.is_none()));
                }
                Change::Put(Row::GateTally(row)) => refused += u32::from(!row.refused.is_empty()),
                Change::Put(Row::OfflineScan(row)) => conflicts += u32::from(row.conflict.is_some()),
                _ => {}
            }
        }
    }
    let counts = [admitted, again, refused, conflicts, displaced, cleared];
    assert!(counts.iter().all(|count| *count > 0), "admitted, again, refused, conflicts, displaced, cleared: {counts:?}");
}

/// What the laws say of receipts and shifts is worth something only if histories number what is sold, given back and relocated, and tills take money in and
/// give it out, closed and opened again.
#[test]
fn receipts_are_numbered_and_tills_are_counted() {
    let (mut numbered, mut plain, mut closed, mut paid_out) = (HashMap::new(), 0, 0, 0);
    for seed in 1..33 {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap_or_else(|failure| panic!("{failure}"));
        for change in batches.into_iter().flatten() {
            match change {
                Change::Put(Row::Order(order)) if order.is_sold() => {
                    let kind = match order.kind() {
                        OrderKind::Refund => "REFUND",
                        _ if order.extras().replaces.is_some() => "RELOCATION",
                        _ => "SALE",
                    };
                    let receipt = order.extras().entry.receipt.is_some();
                    *numbered.entry(kind).or_insert(0) += u32::from(receipt);
                    plain += u32::from(!receipt);
                }
                Change::Put(Row::Shift(shift)) => {
                    closed += u32::from(shift.end.is_some() && shift.sales > 0);
                    paid_out += u32::from(shift.takings.iter().any(|takings| takings.payouts > 0));
                }
                _ => {}
            }
        }
        if numbered.len() == 3 && numbered.values().all(|count| *count > 0) && plain > 2 && closed > 2 && paid_out > 0 {
            return;
        }
    }
    panic!("numbered: {numbered:?}, {plain} not; {closed} shifts were counted, {paid_out} times something was paid out");
}
