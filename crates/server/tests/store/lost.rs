//! What is particular to one engine: locks and full disks on SQLite, lost connections on PostgreSQL.

use aforo_domain::change::Change;
use aforo_server::store::{AppendError, Store, StoreError};
use aforo_testkit::wait;
use tokio_postgres::{Client, NoTls};

use crate::{Home, SHARD, batch, row, rows, take};

/// Who breaks things: a connection of the test's own.
pub struct Admin {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Admin {
    pub fn connect(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).unwrap();
        runtime.spawn(connection);
        Self { client, runtime }
    }

    pub fn run(&self, statements: &str) {
        self.runtime.block_on(self.client.batch_execute(statements)).unwrap();
    }

    fn count(&self, query: &str) -> i64 {
        self.runtime.block_on(self.client.query_one(query, &[])).unwrap().get(0)
    }

    /// Ends the sessions of this database that do this and whose last statement is like this, once there are some.
    fn terminate(&self, what: &str, like: &str) {
        let query = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'aforo {what}' AND query LIKE '{like}'"
        );
        wait::until(&format!("{what} running {like}"), || self.count(&query) > 0);
    }
}

fn on_postgres() -> (Home, Store, Admin) {
    let home = Home::postgres();
    let store = home.open();
    let Home::Postgres(database) = &home else { panic!("not PostgreSQL") };
    let admin = Admin::connect(&database.url());
    (home, store, admin)
}

#[test]
fn a_directory_has_one_owner() {
    let home = Home::sqlite();
    let store = home.open();
    let loader = store.loader().unwrap();
    drop(store);
    let refused = Store::open(&home.config()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    drop(loader);
    home.open();
}

#[test]
fn an_append_whose_connection_is_killed_is_unknown_and_taking_over_tells() {
    let (_home, store, admin) = on_postgres();
    let (mut journal, mut loader) = (store.journal().unwrap(), store.loader().unwrap());
    take(&mut loader);
    // Number 2 hangs until it is killed.
    admin.run(
        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
         CREATE TRIGGER hang BEFORE INSERT ON journal FOR EACH ROW WHEN (NEW.seq = 2) EXECUTE FUNCTION hang()",
    );
    let answer = std::thread::scope(|scope| {
        let appending = scope.spawn(|| journal.append(&[row(SHARD, 2)], &[]));
        admin.terminate("journal", "INSERT INTO journal%");
        appending.join().unwrap()
    });
    assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
    admin.run("DROP TRIGGER hang ON journal");
    let taken = take(&mut loader);
    assert_eq!(taken.seq, 2, "it was not written");
    journal.append(&[row(SHARD, 3)], &[]).unwrap();
}

#[test]
fn a_notice_on_an_append_makes_it_unknown() {
    let (_home, store, admin) = on_postgres();
    let (mut journal, mut loader) = (store.journal().unwrap(), store.loader().unwrap());
    take(&mut loader);
    admin.run(
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''the standby is gone''; RETURN NEW; END';
         CREATE TRIGGER warn BEFORE INSERT ON journal FOR EACH ROW WHEN (NEW.seq = 2) EXECUTE FUNCTION warn()",
    );
    let answer = journal.append(&[row(SHARD, 2)], &[]);
    assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
    assert_eq!(loader.position(SHARD).unwrap().last_seq, 2, "it was written, and nobody was told");
    journal.append(&[row(SHARD, 3)], &[]).unwrap();
}

#[test]
fn an_applier_whose_connection_is_killed_goes_on_with_the_same_batch() {
    let (_home, store, admin) = on_postgres();
    let (mut tables, mut loader) = (store.tables().unwrap(), store.loader().unwrap());
    let taken = take(&mut loader);
    tables.apply(&batch(taken.epoch, 0, 1, vec![])).unwrap();
    admin.terminate("tables", "COMMIT");
    let next = batch(taken.epoch, 1, 2, vec![Change::Put(rows::every_kind()[0].clone())]);
    tables.apply(&next).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().applied_seq, 2);
}

#[test]
fn an_applier_commits_asynchronously_and_the_journal_does_not() {
    let (_home, store, admin) = on_postgres();
    let (mut journal, mut tables, mut loader) = (store.journal().unwrap(), store.tables().unwrap(), store.loader().unwrap());
    // What each session has set, as seen by a statement of its own.
    admin.run(
        "CREATE TABLE seen (statement TEXT, setting TEXT);
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN INSERT INTO seen VALUES (TG_TABLE_NAME, current_setting(''synchronous_commit'')); RETURN NEW; END';
         CREATE TRIGGER look BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION look();
         CREATE TRIGGER look BEFORE UPDATE ON shards FOR EACH ROW EXECUTE FUNCTION look()",
    );
    let taken = take(&mut loader);
    journal.append(&[row(SHARD, 2)], &[]).unwrap();
    tables.apply(&batch(taken.epoch, 0, 2, vec![])).unwrap();
    let count =
        |statement, setting| admin.count(&format!("SELECT count(*) FROM seen WHERE statement = '{statement}' AND setting = '{setting}'"));
    assert_eq!((count("journal", "on"), count("journal", "off")), (2, 0));
    assert_eq!((count("shards", "on"), count("shards", "off")), (0, 1));
}

#[test]
fn a_loader_whose_connection_is_killed_connects_anew() {
    let (_home, store, admin) = on_postgres();
    let mut loader = store.loader().unwrap();
    assert!(loader.shards().unwrap().is_empty());
    admin.terminate("loader", "SELECT shard FROM shards%");
    assert!(loader.shards().unwrap().is_empty());
}

#[test]
fn a_password_in_a_url_is_not_told() {
    for url in ["postgres://aforo:hunter2@localhost:port/x", "postgres://aforo:hunter2@127.0.0.1:1/x"] {
        let refused = Store::open(&aforo_server::store::StoreConfig::Postgres { url: url.into() }).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
    }
}

#[test]
fn a_batch_whose_commit_lost_its_answer_is_found_in_the_tables() {
    let (_home, store, admin) = on_postgres();
    let (mut tables, mut loader) = (store.tables().unwrap(), store.loader().unwrap());
    let taken = take(&mut loader);
    // Somebody else did in time what the batch would do: what it looks like when only the answer was lost.
    let next = batch(taken.epoch, 0, 1, vec![Change::Put(rows::every_kind()[0].clone())]);
    tables.apply(&next).unwrap();
    admin.terminate("tables", "COMMIT");
    tables.apply(&next).unwrap();
    assert_eq!(loader.position(SHARD).unwrap().applied_seq, 1);
}

#[test]
fn a_server_that_cannot_be_reached_is_lost_and_not_failed() {
    let refused = Store::open(&aforo_server::store::StoreConfig::Postgres { url: "postgres://aforo@127.0.0.1:1/x".into() }).unwrap_err();
    assert!(matches!(refused, StoreError::Lost(_)), "{refused}");
}
