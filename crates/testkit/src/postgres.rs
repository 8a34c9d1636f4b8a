//! A database of its own for each test, on the server that `scripts/test` or `scripts/with-postgres` has started.
//!
//! This module starts no server and makes no tables: the first is the scripts' work, the second the store's.

use tokio_postgres::NoTls;

/// The variable that holds the address of the tests' PostgreSQL server, with a user who may create databases.
pub const SERVER_VARIABLE: &str = "AFORO_TEST_POSTGRES";

/// An empty database, dropped with everything in it when this value is.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
}

/// Makes an empty database with a name of its own.
///
/// # Panics
/// If there is no server: a test on PostgreSQL is never skipped.
pub async fn fresh_database() -> TestDatabase {
    let server = std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
        panic!("{SERVER_VARIABLE} is not set: run the tests with `./scripts/test`, or any command with `scripts/with-postgres COMMAND`")
    });
    let name = create(&server).await.unwrap_or_else(|error| panic!("no fresh database on the server of {SERVER_VARIABLE}: {error}"));
    TestDatabase { server, name }
}

impl TestDatabase {
    /// Its address, as `--database` takes it.
    pub fn url(&self) -> String {
        in_database(&self.server, &self.name)
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    /// Drops the database, whoever is still connected. A failure is left alone: the server itself does not outlive the test run.
    fn drop(&mut self) {
        let (server, statement) = (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // On a thread of its own, because a runtime may not block inside another and a plain test has none.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(run(&server, &statement)).ok()
        });
        drop(dropped.join());
    }
}

/// Creates a database and answers its name, which is the server's choice, so that no two test processes meet.
async fn create(server: &str) -> Result<String, tokio_postgres::Error> {
    let client = connect(server).await?;
    let row = client.query_one("SELECT 'aforo_test_' || replace(gen_random_uuid()::text, '-', '')", &[]).await?;
    let name: String = row.get(0);
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
    Ok(name)
}

async fn run(server: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    connect(server).await?.batch_execute(statement).await
}

async fn connect(server: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(server, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The address of another database of the same server.
fn in_database(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, None), |(address, parameters)| (address, Some(parameters)));
    let host_starts = address.find("://").map_or(0, |scheme| scheme + 3);
    let host_ends = address[host_starts..].find('/').map_or(address.len(), |slash| host_starts + slash);
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{}/{name}{parameters}", &address[..host_ends])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_in_the_address_of_its_server() {
        assert_eq!(in_database("postgres://u:p@127.0.0.1:5432/postgres", "mine"), "postgres://u:p@127.0.0.1:5432/mine");
        assert_eq!(in_database("postgres://u@localhost", "mine"), "postgres://u@localhost/mine");
        assert_eq!(in_database("postgres://u@localhost/a?sslmode=disable", "mine"), "postgres://u@localhost/mine?sslmode=disable");
    }

    #[tokio::test]
    async fn a_fresh_database_is_empty_its_own_and_gone_afterwards() {
        let (ours, another) = tokio::join!(fresh_database(), fresh_database());
        assert_ne!(ours.name(), another.name());

        let client = connect(&ours.url()).await.unwrap();
        client.batch_execute("CREATE TABLE mark (id BIGINT)").await.unwrap();
        connect(&another.url()).await.unwrap().batch_execute("CREATE TABLE mark (id BIGINT)").await.unwrap();

        let (server, url) = (ours.server.clone(), ours.url());
        drop(ours); // while `client` is still connected
        let refused = connect(&url).await.expect_err("the database still exists");
        assert_eq!(refused.code(), Some(&tokio_postgres::error::SqlState::INVALID_CATALOG_NAME));
        connect(&server).await.expect("the server goes on");
    }

    #[test]
    fn a_plain_test_drops_its_database_too() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ours = runtime.block_on(fresh_database());
        drop(runtime);
        let url = ours.url();
        drop(ours);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(connect(&url)).is_err());
    }
}
