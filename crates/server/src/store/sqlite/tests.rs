//! What only shows inside: a disk that is full, WAL files that do not grow, and how lists are found.

use aforo_domain::change::{Change, Key};
use aforo_domain::identity::{DirectoryEntry, DirectoryKey};
use aforo_domain::ids::{ChannelId, EntityId, ItemId, OrderCode, OrderId, SessionId, ShardId};
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::OrderKind;

use super::{Loader, Sqlite};
use crate::store::lists::{self, Cut, OrdersWanted, Span, TicketsOf, TicketsWanted};
use crate::store::sql::Dialect;
use crate::store::{AppendError, ApplyBatch, JournalRow, Load, Loaded, StoreError};

const SHARD: ShardId = ShardId(1);

fn opened() -> (tempfile::TempDir, Sqlite, Loader) {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut loader = store.loader().unwrap();
    loader.take(SHARD, &|_, _| Vec::new()).unwrap();
    (dir, store, loader)
}

fn row(seq: u64, bytes: usize) -> JournalRow {
    JournalRow { shard: SHARD, seq, payload: vec![1; bytes] }
}

/// A directory entry as large as this.
fn entry(bytes: usize) -> (Key, Change) {
    let key = DirectoryKey::Username("x".repeat(bytes));
    (Key::Directory(key.clone()), Change::Put(std::sync::Arc::new(DirectoryEntry { key, shard: SHARD }).into()))
}

fn batch(from: u64, to: u64, changes: Vec<Change>) -> ApplyBatch {
    ApplyBatch { shard: SHARD, epoch: 1, from, to, now: Timestamp(0), changes }
}

#[test]
fn a_full_disk_refuses_an_append_and_takes_the_next_one() {
    let (_dir, store, mut loader) = opened();
    let mut journal = store.journal();
    journal.append(&[row(2, 100)], &[]).unwrap();
    let pages: i64 = store.0.journal().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.0.journal().pragma_update(None, "max_page_count", pages + 10).unwrap();
    assert!(matches!(journal.append(&[row(3, 100_000)], &[]), Err(AppendError::Full)));
    assert_eq!(loader.position(SHARD).unwrap().last_seq, 2, "nothing of it is there");
    journal.append(&[row(3, 100)], &[]).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().last_seq, 3);
}

#[test]
fn a_full_disk_refuses_a_batch_and_takes_it_later() {
    let (_dir, store, mut loader) = opened();
    let mut tables = store.tables().unwrap();
    tables.apply(&batch(0, 1, vec![])).unwrap();
    let pages: i64 = store.0.tables().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.0.tables().pragma_update(None, "max_page_count", pages + 1).unwrap();
    let (key, put) = entry(100_000);
    let large = batch(1, 2, vec![put]);
    assert!(matches!(tables.apply(&large), Err(StoreError::Full)));
    let position = loader.position(SHARD).unwrap();
    assert_eq!((position.applied_seq, position.last_seq), (1, 1), "nothing of it is there");
    store.0.tables().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    tables.apply(&large).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().applied_seq, 2);
    let Loaded::Rows(found) = loader.load(SHARD, Load::Rows(vec![key])).unwrap() else { panic!("not rows") };
    assert!(found[0].1.is_some());
}

#[test]
fn wal_files_start_over() {
    let (dir, store, _loader) = opened();
    let (mut journal, mut tables) = (store.journal(), store.tables().unwrap());
    // A third of the limit goes through each file a round, again and again.
    let chunk = usize::try_from(super::tables::WAL_PAGES * super::PAGE / 3).unwrap();
    for seq in 2..20 {
        journal.append(&[row(seq, chunk)], &[(SHARD, seq - 2)]).unwrap();
        tables.apply(&batch(seq - 2, seq - 1, vec![entry(chunk / 2).1])).unwrap();
    }
    let limit = (2 * super::tables::WAL_PAGES * super::PAGE).cast_unsigned();
    for file in ["journal.db-wal", "tables.db-wal"] {
        let size = dir.path().join(file).metadata().unwrap().len();
        assert!(size < limit, "{file} has grown to {size} bytes");
    }
    assert!(dir.path().join("journal.db").metadata().unwrap().len() < limit, "trimmed rows leave room for new ones");
}

/// A list of a large operator must not look at all it ever sold.
#[test]
fn lists_are_found_in_an_index() {
    let (_dir, store, _loader) = opened();
    let span = Span { from: Some(Timestamp(1)), to: None };
    let orders = OrdersWanted { channels: vec![ChannelId(1), ChannelId(2)], kinds: vec![OrderKind::Purchase], purchased: span };
    let of = TicketsOf::Some(vec![ChannelId(1)], Some(EntityId(1)));
    let tickets = |session: Option<SessionId>, changed| TicketsWanted {
        of: of.clone(),
        only: session.map(|session| session.0),
        changed,
        live: true,
        by_change: false,
        descending: true,
    };
    let cut = Cut { limit: 10, offset: 20 };
    let all = [
        ("orders_code", lists::order_by_code(Dialect::Sqlite, SHARD, OrderCode([b'A'; 12]))),
        ("orders_purchased", lists::orders(Dialect::Sqlite, SHARD, &orders, cut)),
        ("tickets_session", lists::tickets(Dialect::Sqlite, SHARD, &tickets(Some(SessionId(1)), Span::default()), cut)),
        ("tickets_session", lists::tickets(Dialect::Sqlite, SHARD, &tickets(Some(SessionId(1)), span), cut)),
        ("tickets_changed", lists::tickets(Dialect::Sqlite, SHARD, &tickets(None, span), cut)),
        ("sqlite_autoindex_tickets_1", lists::tickets_by_id(Dialect::Sqlite, SHARD, &[ItemId(1), ItemId(2)])),
        ("sqlite_autoindex_history_1", lists::history(Dialect::Sqlite, SHARD, OrderId([1; 16]), cut)),
    ];
    let connection = store.0.tables();
    for (index, statements) in all {
        for select in statements {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", select.sql)).unwrap();
            let mut rows = explained.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                plan.push(row.get::<_, String>(3).unwrap());
            }
            assert!(plan.iter().any(|line| line.contains(index)), "{} does not use {index}: {plan:?}", select.sql);
            let whole = |line: &&String| line.starts_with("SCAN") && *line != "SCAN p";
            assert_eq!(plan.iter().find(whole), None, "{}: {plan:?}", select.sql);
        }
    }
}
