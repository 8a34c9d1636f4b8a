//! `kill -9` under load, over and over, on a real server with a real database: every acknowledged order is found again, no seat is sold twice,
//! and a client that was left without an answer finds out with its `Idempotency-Key` what became of its order.

#![allow(clippy::unwrap_used, reason = "a test")]

mod buyers;
mod hooks;
mod server;

use std::collections::HashMap;
use std::sync::Arc;

use aforo_testkit::nats::NatsServer;
use aforo_testkit::postgres::fresh_database;
use aforo_testkit::receiver::Receiver;
use buyers::{Ledger, Loss, Shop};
use server::Server;

/// How often each engine's server is killed.
const KILLS: usize = 30;
/// Orders of each round that get other barcodes.
const REPRINTED: usize = 3;
/// How long buyers are at it before each kill, in milliseconds: not always the same, so that it falls on different moments.
const ROUND_MS: [u64; 5] = [120, 250, 180, 320, 90];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load_loses_nothing_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    nothing_is_lost(dir.path(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load_loses_nothing_on_postgres() {
    let dir = tempfile::tempdir().unwrap();
    let database = fresh_database().await;
    nothing_is_lost(dir.path(), Some(&database.url())).await;
}

async fn nothing_is_lost(dir: &std::path::Path, database: Option<&str>) {
    let mut queue = NatsServer::new();
    queue.start().await;
    let (queue, url) = (&queue, queue.url());
    let mut server = Server::start(dir, database, Some(&url)).await;
    let shop = Arc::new(Shop::open(dir, &server.base_url).await);
    let receiver = Receiver::start().await;
    let office = shop.tell_sales(dir, &hooks::set_up(&receiver)).await;
    let mut ledger = Ledger::default();
    for round in 0..KILLS {
        let buyers = shop.send_buyers(round);
        tokio::time::sleep(std::time::Duration::from_millis(ROUND_MS[round % ROUND_MS.len()])).await;
        server.kill();
        ledger.add(buyers.gather().await);
        server = Server::start(dir, database, Some(&url)).await;
        shop.moved_to(&server.base_url);
        ledger.settle(&shop).await;
        for order in ledger.sold.iter_mut().filter(|sold| sold.round == round).take(REPRINTED) {
            office.reprint(&shop, order).await;
        }
        let losses = ledger.losses_since(&shop, round).await;
        assert!(losses.is_empty(), "after kill {round}: {losses:?}");
    }
    let losses = ledger.losses(&shop).await;
    assert!(losses.is_empty(), "at the end: {losses:?}");
    assert!(ledger.sold.len() >= KILLS, "only {} orders were confirmed: too few to say anything", ledger.sold.len());
    // Law 8: every order that was sold is told once, and none that was not.
    let mut sold: Vec<_> = ledger.sold.iter().map(|sold| sold.code.clone()).collect();
    sold.sort();
    let mut told = Vec::new();
    for _ in 0..100 {
        told = queue.stream("KILL").await.into_iter().map(|message| message.body["order"]["code"].as_str().unwrap().to_owned()).collect();
        told.sort();
        if told.len() >= sold.len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(told == sold, "{} orders were sold, {} were told", sold.len(), told.len());
    hooks::check(&receiver, &ledger).await;
    server.kill();
    server::verify(dir, database);
}

/// The control: a server that forgets what it acknowledged. Its journal is taken away between kill and start, and the same check must notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_control_a_lost_journal_is_noticed() {
    for _ in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Server::start(dir.path(), None, None).await;
        let shop = Arc::new(Shop::open(dir.path(), &server.base_url).await);
        let buyers = shop.send_buyers(0);
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        server.kill();
        let mut ledger = Ledger::default();
        ledger.add(buyers.gather().await);
        server::lose_the_journal(dir.path());
        let server = Server::start(dir.path(), None, None).await;
        shop.moved_to(&server.base_url);
        if ledger.losses(&shop).await.iter().any(|loss| matches!(loss, Loss::Order(_))) {
            return;
        }
    }
    panic!("the journal was lost ten times and nothing was missed");
}

/// The control: two orders with the same seat are noticed.
#[test]
fn kill_control_a_seat_sold_twice_is_noticed() {
    let order =
        |id: &str| buyers::Sold { id: id.into(), code: id.into(), items: vec![1], places: HashMap::from([(7, "B1".into())]), round: 0 };
    let ledger = Ledger { sold: vec![order("a"), order("b")], ..Ledger::default() };
    assert_eq!(ledger.sold_twice(), vec![Loss::Twice(7)]);
}
