//! What a store does, whichever engine it is on.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::idempotency::Period;
use aforo_domain::ids::{Barcode, ItemId, OrderCode, OrderId, SessionId, ShardId};
use aforo_domain::messages::{About, Content, Kind, Message, MessageState};
use aforo_domain::orders::{Stage, Ticket, TicketState};
use aforo_domain::world::World;
use aforo_server::store::{AppendError, Load, Loaded, Loader, Position, Queue, Resident, Store, StoreConfig, StoreError, Waiting};

use crate::gifts;
use crate::rows::{self, CODE, CONFIRMED, EXPIRED, NOW};
use crate::{Home, SHARD, batch, row, take, tills};

fn rows_by_key(loader: &mut Loader, keys: &[Key]) -> Vec<Option<Row>> {
    let Loaded::Rows(found) = loader.load(SHARD, Load::Rows(keys.to_vec())).unwrap() else { panic!("not rows") };
    assert!(found.iter().map(|(key, _)| key).eq(keys));
    found.into_iter().map(|(_, row)| row).collect()
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(Row::key);
    rows
}

fn puts(rows: &[Row]) -> Vec<Change> {
    sorted(rows.to_vec()).into_iter().map(Change::Put).collect()
}

fn every_row(loader: &mut Loader, shard: ShardId) -> Vec<Row> {
    let mut found = Vec::new();
    loader.every_row(shard, &mut |row| found.push(row)).unwrap();
    found
}

/// A store whose tables hold these rows, with batch 1 (the takeover) to `to` applied.
fn holding(home: &Home, rows: &[Row]) -> (Store, Loader, u64) {
    let store = home.open();
    let mut loader = store.loader().unwrap();
    let taken = take(&mut loader);
    store.tables().unwrap().apply(&batch(taken.epoch, 0, taken.seq, puts(rows))).unwrap();
    (store, loader, taken.epoch)
}

pub fn rows_of_every_kind_come_back_as_they_were(home: &Home) {
    let rows = rows::every_kind();
    let kinds: HashSet<_> = rows.iter().map(std::mem::discriminant).collect();
    assert_eq!(kinds.len(), 54, "the fixture has a row of every kind");
    let (store, mut loader, epoch) = holding(home, &rows);
    let keys: Vec<_> = rows.iter().map(Row::key).collect();
    let found: Vec<_> = rows_by_key(&mut loader, &keys).into_iter().flatten().collect();
    assert_eq!(found, rows);
    assert_eq!(sorted(every_row(&mut loader, SHARD)), sorted(rows.clone()));
    assert!(every_row(&mut loader, ShardId(8)).is_empty(), "another shard sees nothing of it");

    // Written again, each is still there once; deleted, none is.
    let mut tables = store.tables().unwrap();
    tables.apply(&batch(epoch, 1, 2, puts(&rows))).unwrap();
    assert_eq!(every_row(&mut loader, SHARD).len(), rows.len());
    tables.apply(&batch(epoch, 2, 3, sorted(rows).iter().map(|row| Change::Delete(row.key())).collect())).unwrap();
    assert!(every_row(&mut loader, SHARD).is_empty());
    assert!(rows_by_key(&mut loader, &keys).iter().all(Option::is_none));
}

pub fn a_new_shard_stands_at_zero(home: &Home) {
    let store = home.open();
    let mut loader = store.loader().unwrap();
    assert!(loader.shards().unwrap().is_empty());
    let Position { applied_seq: 0, epoch: 0, tail, last_seq: 0, .. } = loader.position(SHARD).unwrap() else { panic!("not zero") };
    assert!(tail.is_empty());
    let taken = take(&mut loader);
    assert_eq!((taken.epoch, taken.seq), (1, 1));
    assert_eq!(loader.shards().unwrap(), [SHARD]);
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.applied_seq, position.epoch, position.last_seq), (0, 1, 1));
    assert_eq!(position.tail[0].payload, b"takeover 1/1");
}

pub fn what_was_appended_is_the_tail_until_it_is_applied(home: &Home) {
    let store = home.open();
    let (mut journal, mut tables, mut loader) = (store.journal().unwrap(), store.tables().unwrap(), store.loader().unwrap());
    let taken = take(&mut loader);
    for seq in 2..=5 {
        journal.append(&[row(SHARD, seq)], &[]).unwrap();
    }
    assert_eq!(loader.position(SHARD).unwrap().tail[1..], [2, 3, 4, 5].map(|seq| row(SHARD, seq)));
    tables.apply(&batch(taken.epoch, 0, 4, vec![])).unwrap();
    journal.append(&[row(SHARD, 6)], &[(SHARD, 4)]).unwrap();
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.applied_seq, position.last_seq, position.now), (4, 6, NOW));
    assert_eq!(position.tail, [5, 6].map(|seq| row(SHARD, seq)));
    tables.apply(&batch(taken.epoch, 4, 6, vec![])).unwrap();
    journal.append(&[], &[(SHARD, 6)]).unwrap();
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.applied_seq, position.last_seq, position.tail.len()), (6, 6, 0));
}

pub fn a_taken_number_is_a_conflict_and_nothing_is_written(home: &Home) {
    let store = home.open();
    let (mut journal, mut loader) = (store.journal().unwrap(), store.loader().unwrap());
    take(&mut loader);
    let other = ShardId(8);
    for rows in [vec![row(SHARD, 1)], vec![row(other, 1), row(SHARD, 1)]] {
        assert!(matches!(journal.append(&rows, &[]), Err(AppendError::Conflict)));
    }
    assert!(loader.position(other).unwrap().tail.is_empty());
    journal.append(&[row(SHARD, 2)], &[]).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().last_seq, 2);
}

pub fn one_append_may_carry_many_shards(home: &Home) {
    let store = home.open();
    let (mut journal, mut loader) = (store.journal().unwrap(), store.loader().unwrap());
    let shards = [ShardId(0), SHARD, ShardId(8)];
    for shard in shards {
        loader.take(shard, &|_, _| Vec::new()).unwrap();
    }
    journal.append(&shards.map(|shard| row(shard, 2)), &[]).unwrap();
    for shard in shards {
        assert_eq!(loader.position(shard).unwrap().tail[1..], [row(shard, 2)]);
    }
}

pub fn an_earlier_owner_is_stopped_in_the_journal_and_in_the_tables(home: &Home) {
    let (store, mut loader, old) = holding(home, &[]);
    let (mut journal, mut tables) = (store.journal().unwrap(), store.tables().unwrap());
    journal.append(&[row(SHARD, 2)], &[]).unwrap();
    let new = take(&mut loader);
    assert_eq!((new.epoch, new.seq), (old + 1, 3));
    let images = puts(&rows::every_kind());
    assert!(matches!(tables.apply(&batch(old, 1, 2, images)), Err(StoreError::Stale)));
    assert!(every_row(&mut loader, SHARD).is_empty(), "not one old image was written");
    assert!(matches!(journal.append(&[row(SHARD, 3)], &[]), Err(AppendError::Conflict)));
    tables.apply(&batch(new.epoch, 1, 3, vec![])).unwrap();
}

pub fn takeover_rows_are_never_trimmed(home: &Home) {
    let store = home.open();
    let (mut journal, mut tables, mut loader) = (store.journal().unwrap(), store.tables().unwrap(), store.loader().unwrap());
    // An owner pauses after number 2, so that 3 would be its next.
    take(&mut loader);
    journal.append(&[row(SHARD, 2)], &[]).unwrap();
    let new = take(&mut loader);
    assert_eq!(new.seq, 3);
    for seq in 4..=9 {
        journal.append(&[row(SHARD, seq)], &[]).unwrap();
    }
    tables.apply(&batch(new.epoch, 0, 9, vec![])).unwrap();
    journal.append(&[row(SHARD, 10)], &[(SHARD, 9)]).unwrap();
    // Everything is trimmed, and still the number is not free.
    for taken in [1, 3] {
        assert!(matches!(journal.append(&[row(SHARD, taken)], &[]), Err(AppendError::Conflict)), "{taken}");
    }
    assert_eq!(loader.position(SHARD).unwrap().tail, [row(SHARD, 10)]);
}

pub fn a_batch_that_is_applied_twice_is_applied_once(home: &Home) {
    let (store, mut loader, epoch) = holding(home, &[]);
    let mut tables = store.tables().unwrap();
    let again = batch(epoch, 1, 2, puts(&rows::every_kind()));
    tables.apply(&again).unwrap();
    tables.apply(&again).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().applied_seq, 2);
    assert_eq!(every_row(&mut loader, SHARD).len(), rows::every_kind().len());
}

pub fn tables_that_are_elsewhere_than_the_applier_left_them_stop_it(home: &Home) {
    let (store, mut loader, epoch) = holding(home, &[]);
    let mut tables = store.tables().unwrap();
    assert!(matches!(tables.apply(&batch(epoch, 5, 6, puts(&rows::every_kind()))), Err(StoreError::Behind)));
    assert!(every_row(&mut loader, SHARD).is_empty());
    assert_eq!(loader.position(SHARD).unwrap().applied_seq, 1);
    let unknown = crate::ApplyBatch { shard: ShardId(99), ..batch(epoch, 0, 1, vec![]) };
    assert!(matches!(tables.apply(&unknown), Err(StoreError::Stale)), "a shard that nobody took has no owner");
}

pub fn a_position_has_no_gap_while_batches_come_and_go(home: &Home) {
    let store = home.open();
    let (mut journal, mut tables, mut loader) = (store.journal().unwrap(), store.tables().unwrap(), store.loader().unwrap());
    let taken = take(&mut loader);
    let done = AtomicBool::new(false);
    let positions = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Ordering::SeqCst) {
                let position = loader.position(SHARD).unwrap();
                let numbers: Vec<_> = position.tail.iter().map(|row| row.seq).collect();
                assert!(numbers.iter().copied().eq(position.applied_seq + 1..=position.last_seq), "{} {numbers:?}", position.applied_seq);
                seen += 1;
            }
            seen
        });
        let mut applied = 0;
        for seq in 2..400 {
            let trim: Vec<_> = (applied > 0).then_some((SHARD, applied)).into_iter().collect();
            journal.append(&[row(SHARD, seq)], &trim).unwrap();
            if seq % 3 == 0 {
                tables.apply(&batch(taken.epoch, applied, seq, vec![])).unwrap();
                applied = seq;
            }
        }
        done.store(true, Ordering::SeqCst);
        watcher.join().unwrap()
    });
    assert!(positions > 10, "the watcher looked {positions} times only");
}

#[expect(clippy::disallowed_methods, reason = "a takeover a little later each round")]
pub fn taking_over_loses_nothing_that_was_acknowledged(home: &Home) {
    let store = home.open();
    let (mut journal, mut loader) = (store.journal().unwrap(), store.loader().unwrap());
    for round in 0..5 {
        let begun = take(&mut loader).seq;
        let (acknowledged, taken) = std::thread::scope(|scope| {
            let owner = scope.spawn(|| {
                let mut last = begun;
                while journal.append(&[row(SHARD, last + 1)], &[]).is_ok() {
                    last += 1;
                }
                last
            });
            std::thread::sleep(std::time::Duration::from_millis(20 * round));
            let taken = take(&mut loader);
            (owner.join().unwrap(), taken)
        });
        assert_eq!(acknowledged + 1, taken.seq, "the old owner was stopped exactly where the new one begins");
        let position = loader.position(SHARD).unwrap();
        assert_eq!(position.last_seq, taken.seq);
        assert!(position.tail.iter().map(|row| row.seq).eq(1..=taken.seq));
    }
}

pub fn two_who_take_a_shard_at_once_get_different_numbers(home: &Home) {
    let store = home.open();
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let mut loader = store.loader().unwrap();
                scope.spawn(move || (0..10).map(|_| take(&mut loader)).collect::<Vec<_>>())
            })
            .collect();
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
    });
    all.sort_by_key(|taken| taken.seq);
    assert!(all.iter().map(|taken| taken.seq).eq(1..=40));
    let last = all.last().unwrap();
    let mut loader = store.loader().unwrap();
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.last_seq, position.epoch), (40, 40));
    if matches!(home, Home::Postgres(_)) {
        assert_eq!(last.epoch, 40, "who has the last number has the last epoch");
    }
}

pub fn codes_are_free_until_an_order_has_them(home: &Home) {
    let (_store, mut loader, _) = holding(home, &rows::every_kind());
    let free = [OrderCode(*b"ZZZZZZZZZZZZ"), OrderCode(*b"YYYYYYYYYYYY")];
    let mut ask = |shard, codes: Vec<OrderCode>| match loader.load(shard, Load::FreeCodes(codes)).unwrap() {
        Loaded::FreeCodes(codes) => codes,
        Loaded::Rows(_) | Loaded::List(..) => panic!("not codes"),
    };
    assert_eq!(ask(SHARD, vec![free[0], CODE, gifts::CODE, free[1]]), free, "an order has one, a voucher order the other");
    assert_eq!(ask(ShardId(8), vec![CODE]), [CODE], "codes are an operator's own");
}

pub fn a_start_reads_what_is_live_in_an_order_that_a_world_can_take(home: &Home) {
    let (_store, mut loader, _) = holding(home, &rows::every_kind());
    let mut world = World::new(SHARD);
    let (mut orders, mut expired, mut outcomes, mut others) = (Vec::new(), Vec::new(), Vec::new(), HashSet::new());
    loader
        .resident(SHARD, &mut |part| match part {
            Resident::Expired(at, id) => expired.push((at, id)),
            Resident::Outcome(period, short) => outcomes.push((period, short)),
            Resident::Row(row) => {
                world.apply(&Change::Put(row.clone()), 0);
                if let Row::Order(order) = row {
                    orders.push(order.id);
                } else {
                    others.insert(row.key());
                }
            }
        })
        .unwrap();
    orders.sort();
    assert_eq!(orders, [rows::LIVE, OrderId([0xa1; 16])], "neither confirmed nor expired ones");
    assert_eq!(expired, [(NOW, EXPIRED)]);
    outcomes.sort();
    let shorts = [1, 2, 3].map(|number: u8| (Period(i64::from(number)), u64::from_le_bytes([number; 8])));
    assert_eq!(outcomes, shorts);
    let is_used = |row: &Row| row.key() == Key::PoolBarcode(Barcode::parse(rows::USED).unwrap());
    let is_at_rest = |row: &Row| row.key() == Key::Voucher(rows::AT_REST) || matches!(row, Row::VoucherCode(_) | Row::VoucherMovement(_));
    let of_sales = |row: &Row| matches!(row, Row::Order(_) | Row::Ticket(_) | Row::History(_) | Row::Outcome(_) | Row::Message(_));
    let of_gifts = |row: &Row| row.key() == Key::VoucherOrder(gifts::SOLD) || matches!(row, Row::VoucherSale(_));
    let is_member = |row: &Row| matches!(row, Row::Member(_) | Row::MemberNumber(_) | Row::SoldUnit(_) | Row::Customer(_));
    let of_gates = |row: &Row| matches!(row, Row::Admission(_) | Row::Revocation(_) | Row::OfflineScan(_) | Row::GateTally(_));
    let of_logs = |row: &Row| matches!(row, Row::WebhookAttempt(_) | Row::AuditLine(_)) || row.key() == Key::Shift(tills::CLOSED);
    let is_over = |row: &Row| matches!(row, Row::Listing(listing) if !listing.is_offered());
    let left_out = |row: &Row| {
        is_over(row) || of_logs(row) || is_used(row) || is_at_rest(row) || of_sales(row) || of_gifts(row) || is_member(row) || of_gates(row)
    };
    let expected: HashSet<_> = rows::every_kind().iter().filter(|row| !left_out(row)).map(Row::key).collect();
    assert_eq!(others, expected);
    let (_, places) = world.session(SessionId(51)).unwrap();
    assert_eq!(places.holder(1), Some(rows::LIVE));
}

pub fn outcomes_are_forgotten_by_their_age(home: &Home) {
    let (store, mut loader, epoch) = holding(home, &[]);
    let outcomes: Vec<_> = rows::every_kind().into_iter().filter(|row| matches!(row, Row::Outcome(_))).collect();
    // One of them comes and is forgotten within one batch, as after a long standstill.
    let mut changes = vec![Change::ForgetOutcomes(Period(2))];
    changes.extend(puts(&outcomes));
    store.tables().unwrap().apply(&batch(epoch, 1, 2, changes)).unwrap();
    let left: Vec<_> = every_row(&mut loader, SHARD).iter().map(Row::key).collect();
    assert_eq!(left, outcomes[1..].iter().map(Row::key).collect::<Vec<_>>());
}

pub fn a_ticket_dies_and_another_is_born_on_its_seat_in_one_batch(home: &Home) {
    let (store, mut loader, epoch) = holding(home, &rows::every_kind());
    let Some(Row::Ticket(old)) = rows::every_kind().into_iter().find(|row| matches!(row, Row::Ticket(_))) else { panic!("no ticket") };
    let new =
        Ticket { id: ItemId(1), barcode: Barcode::parse("65432TSRQPNMKJHGFEDCBA").unwrap(), state: TicketState::Valid, ..old.clone() };
    let order =
        rows::order(OrderId([0xc1; 16]), Stage::Confirm { at: NOW, code: OrderCode(*b"CCCCCCCCCCCC"), payments: vec![], booked: false });
    let mut changes = vec![Change::Delete(Key::Order(CONFIRMED)), order.into(), new.clone().into(), Change::Delete(Key::Ticket(old.id))];
    changes.sort_by_key(|change| match change {
        Change::Put(row) => row.key(),
        Change::Delete(key) => key.clone(),
        Change::ForgetOutcomes(_) => unreachable!("there is none"),
    });
    store.tables().unwrap().apply(&batch(epoch, 1, 2, changes)).unwrap();
    let tickets: Vec<_> = every_row(&mut loader, SHARD).into_iter().filter(|row| matches!(row, Row::Ticket(_))).collect();
    assert_eq!(tickets, [Row::Ticket(new)]);
}

pub fn a_store_of_a_newer_version_is_refused(home: &Home) {
    drop(home.open());
    match home.config() {
        StoreConfig::Sqlite { dir } => {
            let tables = rusqlite::Connection::open(dir.join("tables.db")).unwrap();
            tables.execute("UPDATE meta SET value = 1000", []).unwrap();
        }
        StoreConfig::Postgres { url } => crate::lost::Admin::connect(&url).run("UPDATE meta SET value = 1000"),
    }
    let refused = Store::open(&home.config()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 1000, .. }));
    assert!(refused.to_string().contains("1000"), "{refused}");
}

pub fn an_opened_store_goes_on_where_it_was(home: &Home) {
    let (store, loader, epoch) = holding(home, &rows::every_kind());
    let mut journal = store.journal().unwrap();
    journal.append(&[row(SHARD, 2)], &[]).unwrap();
    drop((store, loader, journal));
    let store = home.open();
    let mut loader = store.loader().unwrap();
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.applied_seq, position.epoch, position.last_seq), (1, epoch, 2));
    assert_eq!(position.tail, [row(SHARD, 2)]);
    assert_eq!(sorted(every_row(&mut loader, SHARD)), sorted(rows::every_kind()));
    let totals: Vec<_> = rows_by_key(&mut loader, &[Key::Order(CONFIRMED)])
        .into_iter()
        .filter_map(|row| if let Some(Row::Order(order)) = row { Some(order.totals()) } else { None })
        .collect();
    assert_eq!(totals, [crate::refunds::totals()]);
}

/// Messages of two orders: of each, the first that is due holds up the later ones, wherever it is in its attempts; one that is due later does not, and
/// one that was given up holds up nobody.
pub fn messages_are_due_in_turn_and_to_the_owner_alone(home: &Home) {
    let every = rows::every_kind();
    let mail = every.iter().find_map(|row| match row {
        Row::Message(message) if message.kind() == Kind::Mail => Some(message.content.clone()),
        _ => None,
    });
    let mail: Content = mail.unwrap();
    let message = |id, due, content| rows::message(id, NOW.plus_ms(due), content);
    let other = |message: Message| Message { about: About::Order(EXPIRED), ..message };
    let state = MessageState::Waiting { next: NOW.plus_ms(5_000) };
    let messages = [
        Message { state: MessageState::GivenUp { at: NOW }, ..message(1, 0, mail.clone()) },
        message(2, 60_000, mail.clone()),
        message(3, 0, mail.clone()),
        message(4, 0, mail.clone()),
        other(Message { state, ..message(5, 0, mail.clone()) }),
        other(message(6, 0, mail)),
    ];
    let rows: Vec<Row> = messages.into_iter().map(|message| std::sync::Arc::new(message).into()).collect();
    let (store, mut loader, epoch) = holding(home, &rows);
    let mut due = |epoch, after, kind, limit| {
        let found = loader.due(&Queue { shard: SHARD, epoch, kind }, NOW.plus_ms(after), limit).unwrap();
        (found.messages.iter().map(|message| message.id.0).collect::<Vec<_>>(), found.next.map(|next| next.ms_since(NOW)))
    };
    assert_eq!(due(epoch, 0, Kind::Mail, 10), (vec![3], Some(5_000)));
    assert_eq!(due(epoch, 5_000, Kind::Mail, 10), (vec![3, 5], Some(60_000)), "the longest due first");
    assert_eq!(due(epoch, 60_000, Kind::Mail, 10), (vec![5, 2], None), "what was due later was sent earlier");
    assert_eq!(due(epoch, 60_000, Kind::Mail, 1), (vec![5], None));
    assert_eq!(due(epoch, 60_000, Kind::Loyalty, 10), (vec![], None));
    assert_eq!(due(epoch + 1, 60_000, Kind::Mail, 10).0, [0; 0], "another owner's");
    assert_eq!(loader.waiting(SHARD, Kind::Mail).unwrap(), Waiting { count: 5, oldest: Some(NOW) });
    assert_eq!(loader.waiting(SHARD, Kind::Loyalty).unwrap(), Waiting::default());

    let delivered = [3, 5].map(|id| Change::Delete(Key::Message(aforo_domain::ids::MessageId(id))));
    store.tables().unwrap().apply(&batch(epoch, 1, 2, delivered.to_vec())).unwrap();
    let found = loader.due(&Queue { shard: SHARD, epoch, kind: Kind::Mail }, NOW, 10).unwrap();
    assert_eq!(found.messages.iter().map(|message| message.id.0).collect::<Vec<_>>(), [4, 6]);
}
