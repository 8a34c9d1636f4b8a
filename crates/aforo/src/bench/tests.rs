//! Stories of the load generator itself, told against a box office of a few lines: what it sends, what it counts, and from when. How fast
//! anything is, is not asked here.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::args::BenchArgs;
use super::chance::Chance;
use super::connection::Line;
use super::extras::Extras;
use super::hooks::Receiver;
use super::prepared::Prepared;
use super::run::{self, Outcome, Shared};
use super::stats::Kind;
use super::supply::{Hall, Picking, Supply};

/// A box office that sells each seat once and does nothing else right.
#[derive(Default)]
struct BoxOffice {
    sold: Mutex<HashSet<u64>>,
    asked: Mutex<BTreeMap<String, u64>>,
    keys: Mutex<HashSet<String>>,
    connections: AtomicU64,
    orders: AtomicU64,
    /// Answers every so many confirms with a failure.
    fails_every: u64,
    /// How long an availability takes.
    slow: Duration,
    /// Closes the connection after each answer.
    hangs_up: bool,
}

impl BoxOffice {
    /// Opens on a free port, in a thread of its own.
    fn open(self) -> (Arc<Self>, String) {
        let office = Arc::new(self);
        let (tell, address) = mpsc::channel();
        let inside = office.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap().to_string()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    inside.connections.fetch_add(1, Ordering::SeqCst);
                    let office = inside.clone();
                    tokio::spawn(async move {
                        let service = service_fn(|request| answer(office.clone(), request));
                        let mut server = hyper::server::conn::http1::Builder::new();
                        let _ = server.keep_alive(!office.hangs_up).serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            });
        });
        (office, address.recv().unwrap())
    }

    fn asked(&self, path: &str) -> u64 {
        self.asked.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    fn take(&self, body: &[u8]) -> bool {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        let wanted: Vec<u64> = body["seats"].as_array().unwrap().iter().map(|seat| seat["id"].as_u64().unwrap()).collect();
        let mut sold = self.sold.lock().unwrap();
        let free = wanted.iter().all(|seat| !sold.contains(seat));
        if free {
            sold.extend(wanted);
        }
        free
    }
}

async fn answer(office: Arc<BoxOffice>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    *office.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
    if let Some(key) = request.headers().get("idempotency-key") {
        assert!(office.keys.lock().unwrap().insert(key.to_str().unwrap().to_owned()), "a key was used twice");
    }
    let order = request.headers().get("ob-order-id").map(|id| id.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (status, body) = match path.as_str() {
        "/distribution-api/v1/orders" => (200, format!(r#"{{"id":"{:032x}","items":[]}}"#, office.orders.fetch_add(1, Ordering::SeqCst))),
        "/distribution-api/v1/orders/seats" if !office.take(&body) => (409, r#"{"code":"ORDER_SEAT_NOT_AVAILABLE"}"#.to_owned()),
        "/distribution-api/v1/orders/pre-confirm" => (200, r#"{"price":{"total":10,"to_pay":10.50}}"#.to_owned()),
        "/distribution-api/v1/orders/confirm" => {
            assert!(String::from_utf8_lossy(&body).contains(r#""amount":10.50,"#) && order.is_some());
            let fails = office.fails_every > 0 && office.asked(&path).is_multiple_of(office.fails_every);
            if fails { (500, r#"{"code":"DIST0000","message":"no"}"#.to_owned()) } else { (200, "{}".to_owned()) }
        }
        "/catalog-api/v1/sessions/1/availability" => {
            tokio::time::sleep(office.slow).await;
            (200, "{}".to_owned())
        }
        _ => (200, "{}".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

#[derive(Parser)]
struct Words {
    #[command(flatten)]
    args: BenchArgs,
}

/// Plays a run with the options as a user types them, against 1 000 seats of session 1.
fn play(address: &str, options: &str) -> Outcome {
    play_with(address, options, None)
}

fn play_with(address: &str, options: &str, extras: Option<Extras>) -> Outcome {
    let args = Words::try_parse_from(["bench"].into_iter().chain(options.split_whitespace())).unwrap().args;
    let hall = Hall::mixed(1, &[(1..=1000).collect()], vec![(1, 1000)], args.quantity, &mut Chance::new(1));
    let picking = if args.auto { Picking::Auto } else { Picking::ById };
    let supply = Supply::new(vec![hall], picking, args.quantity);
    let prepared = Prepared::new(address, "token", "run".to_owned(), args.quantity).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run::run(&args, address.to_owned(), None, || Shared::new(&args, prepared, supply, extras, None))).unwrap()
}

#[test]
fn six_requests_an_order_over_one_connection_a_buyer() {
    let (office, address) = BoxOffice::default().open();
    let outcome = play(&address, "--buyers 8 --orders 100 --contention 0");
    assert_eq!((outcome.stats.orders.count(), outcome.stats.requests.count(), outcome.stats.error_count()), (100, 600, 0));
    for kind in [Kind::Create, Kind::Availability, Kind::Seats, Kind::BuyerData, Kind::PreConfirm, Kind::Confirm] {
        assert_eq!(outcome.stats.of(kind).count(), 100, "{}", kind.name());
    }
    assert_eq!(office.connections.load(Ordering::SeqCst), 8);
    assert_eq!(office.keys.lock().unwrap().len(), 200);
    assert_eq!(office.sold.lock().unwrap().len(), 100);
}

#[test]
fn an_order_with_extras_has_four_requests_more_as_long_as_there_are_vouchers() {
    let (office, address) = BoxOffice::default().open();
    let vouchers = (0..60).map(|number| format!("V-{number}")).collect();
    let outcome = play_with(&address, "--buyers 8 --orders 100 --contention 0 --mix extras", Some(Extras::new(3, 4, 5, vouchers)));
    assert_eq!((outcome.stats.orders.count(), outcome.stats.requests.count(), outcome.stats.error_count()), (100, 960, 0));
    for (path, count) in [("promotions", 100), ("insurances", 100), ("delivery-methods", 100), ("vouchers", 60)] {
        assert_eq!(office.asked(&format!("/distribution-api/v1/orders/{path}")), count, "{path}");
    }
}

#[test]
fn vouchers_of_orders_that_are_given_back_are_used_again() {
    let (office, address) = BoxOffice::default().open();
    let vouchers = (0..8).map(|number| format!("V-{number}")).collect();
    let outcome = play_with(&address, "--buyers 1 --orders 1800 --contention 0 --recycle", Some(Extras::new(3, 4, 5, vouchers)));
    assert!(outcome.stats.released > 400, "{}", outcome.stats.released);
    let left = outcome.stats.of(Kind::Voucher).count();
    assert_eq!(left, office.asked("/distribution-api/v1/orders/vouchers"));
    assert!((9..8 + outcome.stats.released).contains(&left), "{left} vouchers");
}

#[test]
fn a_taken_seat_is_a_conflict_and_another_is_picked() {
    let (office, address) = BoxOffice::default().open();
    let outcome = play(&address, "--buyers 16 --orders 300 --contention 0.5");
    let stats = &outcome.stats;
    assert_eq!((stats.orders.count(), stats.error_count()), (300, 0));
    assert!(stats.conflicts > 30, "{}", stats.conflicts);
    assert_eq!(stats.of(Kind::Seats).count(), 300 + stats.conflicts);
    assert_eq!(stats.requests.count(), 1800 + stats.conflicts);
    assert_eq!(office.sold.lock().unwrap().len(), 300);
}

#[test]
fn errors_are_counted_by_code_with_the_first_of_them_and_never_as_throughput() {
    let (_, address) = BoxOffice { fails_every: 4, ..BoxOffice::default() }.open();
    let outcome = play(&address, "--buyers 4 --orders 40 --contention 0");
    assert_eq!((outcome.stats.orders.count(), outcome.stats.of(Kind::Confirm).count()), (30, 30));
    let seen = &outcome.stats.errors["DIST0000"];
    assert_eq!(seen.count, 10);
    assert!(seen.example.starts_with("confirm: 500 {"), "{}", seen.example);
}

#[test]
fn when_everything_is_sold_the_run_ends_and_says_so() {
    let (office, address) = BoxOffice::default().open();
    let outcome = play(&address, "--buyers 8 --orders 100000 --contention 0 --quantity 2");
    assert_eq!(outcome.stats.orders.count(), 500);
    assert_eq!(office.sold.lock().unwrap().len(), 1000);
    assert!(outcome.ended.unwrap().contains("sold out"));
}

#[test]
fn recycled_orders_make_the_seats_last_as_long_as_the_run() {
    let (_, address) = BoxOffice::default().open();
    let outcome = play(&address, "--buyers 4 --orders 4000 --contention 0 --recycle --auto");
    let Outcome { stats, ended, .. } = outcome;
    assert!(ended.is_none() && stats.released > 2500, "{}", stats.released);
    assert_eq!(stats.orders.count() + stats.released, 4000);
    assert!((900..=1000).contains(&stats.orders.count()), "{}", stats.orders.count());
}

#[test]
fn a_server_that_falls_behind_an_open_loop_cannot_hide_it() {
    let (_, address) = BoxOffice { slow: Duration::from_millis(20), ..BoxOffice::default() }.open();
    let outcome = play(&address, "--scenario availability --buyers 1 --orders 20 --open 100");
    // The last was due after 190 ms and answered after 400 ms at the earliest, though each answer took 20 ms.
    assert!(outcome.stats.requests.quantile_ms(1.0) > 200.0, "{}", outcome.stats.requests.quantile_ms(1.0));
    assert!(outcome.stats.requests.quantile_ms(0.5) > 50.0);
    let closed = play(&address, "--scenario availability --buyers 1 --orders 20");
    assert!(closed.stats.requests.quantile_ms(0.5) < 50.0);
}

#[test]
fn a_server_that_has_gone_ends_the_run() {
    let (_, address) = BoxOffice::default().open();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(Line::new(gone).connect()).unwrap_err().contains("cannot connect"));
    let (_, failing) = BoxOffice { fails_every: 1, ..BoxOffice::default() }.open();
    assert!(play(&failing, "--buyers 2 --orders 20").stats.error_count() == 20);
    assert_eq!(play(&address, "--buyers 2 --orders 20").stats.error_count(), 0);
}

#[test]
fn a_connection_the_server_closes_is_opened_again() {
    let (office, address) = BoxOffice { hangs_up: true, ..BoxOffice::default() }.open();
    let outcome = play(&address, "--buyers 1 --orders 5 --contention 0");
    assert_eq!((outcome.stats.orders.count(), outcome.stats.error_count()), (5, 0));
    assert_eq!(office.connections.load(Ordering::SeqCst), 30);
}

#[test]
fn a_message_that_comes_again_is_counted_as_such() {
    let receiver = Receiver::start().unwrap();
    let address = receiver.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut line = Line::new(address);
        for id in ["3-1", "3-2", "3-1"] {
            let call = Request::post("/").header("webhook-id", id).header("content-length", 2).body(Full::new(Bytes::from("{}"))).unwrap();
            assert_eq!(line.ask(call, 0).await.unwrap().status, 200);
        }
    });
    assert_eq!(receiver.count(), (2, 1));
}
