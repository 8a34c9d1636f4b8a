//! The store keeps what it promises, on both engines: each story of `stories` is told on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test")]

mod collectives;
mod customers;
mod gates;
mod gifts;
mod lost;
mod market;
mod products;
mod refunds;
mod rows;
mod stories;
mod terms;
mod tills;
mod webhooks;

use aforo_domain::change::Change;
use aforo_domain::ids::ShardId;
use aforo_server::store::{ApplyBatch, JournalRow, Loader, Store, StoreConfig, Taken};
use aforo_testkit::postgres::TestDatabase;

/// A store's place, removed with all that is in it at the end.
pub enum Home {
    /// A directory.
    Sqlite(tempfile::TempDir),
    /// A database.
    Postgres(TestDatabase),
}

impl Home {
    fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    fn postgres() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self::Postgres(runtime.block_on(aforo_testkit::postgres::fresh_database()))
    }

    fn config(&self) -> StoreConfig {
        match self {
            Self::Sqlite(dir) => StoreConfig::Sqlite { dir: dir.path().join("made") },
            Self::Postgres(database) => StoreConfig::Postgres { url: database.url() },
        }
    }

    fn open(&self) -> Store {
        Store::open(&self.config()).unwrap()
    }
}

macro_rules! on_both_engines {
    ($($story:ident)*) => {
        mod sqlite {
            $(#[test] fn $story() { crate::stories::$story(&crate::Home::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $story() { crate::stories::$story(&crate::Home::postgres()); })*
        }
    };
}

on_both_engines! {
    rows_of_every_kind_come_back_as_they_were
    a_new_shard_stands_at_zero
    what_was_appended_is_the_tail_until_it_is_applied
    a_taken_number_is_a_conflict_and_nothing_is_written
    one_append_may_carry_many_shards
    an_earlier_owner_is_stopped_in_the_journal_and_in_the_tables
    takeover_rows_are_never_trimmed
    a_batch_that_is_applied_twice_is_applied_once
    tables_that_are_elsewhere_than_the_applier_left_them_stop_it
    a_position_has_no_gap_while_batches_come_and_go
    taking_over_loses_nothing_that_was_acknowledged
    two_who_take_a_shard_at_once_get_different_numbers
    codes_are_free_until_an_order_has_them
    a_start_reads_what_is_live_in_an_order_that_a_world_can_take
    outcomes_are_forgotten_by_their_age
    a_ticket_dies_and_another_is_born_on_its_seat_in_one_batch
    a_store_of_a_newer_version_is_refused
    an_opened_store_goes_on_where_it_was
    messages_are_due_in_turn_and_to_the_owner_alone
}

/// The shard that stories are about.
pub const SHARD: ShardId = ShardId(7);

/// A batch of the journal.
pub fn row(shard: ShardId, seq: u64) -> JournalRow {
    JournalRow { shard, seq, payload: format!("{shard}/{seq}").into_bytes() }
}

/// Takes the shard over.
pub fn take(loader: &mut Loader) -> Taken {
    loader.take(SHARD, &|epoch, seq| format!("takeover {epoch}/{seq}").into_bytes()).unwrap()
}

/// A batch for the tables.
pub fn batch(epoch: u64, from: u64, to: u64, changes: Vec<Change>) -> ApplyBatch {
    ApplyBatch { shard: SHARD, epoch, from, to, now: rows::NOW, changes }
}
