//! The webhook of `--hooks`: it is told of every order that is sold, by a server of our own, and taken at once by a receiver in this process, on a thread
//! beside the load generator. So the cores that sell also tell, send and receive. Set up before a round and deleted after it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::more_sessions::signed_in;
use crate::client::credentials::ManagementKey;
use crate::client::wire::Named;
use crate::client::{Api, Failure, request};
use crate::clock;

/// How long is waited for the next notice after a run; if none comes, the rest is missing.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked whether it came.
const LOOK: Duration = Duration::from_millis(20);

/// A receiver of webhooks that takes everything. It ends when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    came: Arc<Mutex<Came>>,
    _open: oneshot::Sender<()>,
}

/// What came to a receiver.
#[derive(Default)]
struct Came {
    messages: HashSet<String>,
    repeats: u64,
}

impl Receiver {
    /// Starts one on a free loopback port.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn start() -> Result<Self, String> {
        let say = |error: std::io::Error| format!("a receiver of webhooks does not start: {error}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(say)?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(say)?;
        listener.set_nonblocking(true).map_err(say)?;
        let (address, came) = (listener.local_addr().map_err(say)?, Arc::new(Mutex::default()));
        let (open, closed) = oneshot::channel();
        let noted = Arc::clone(&came);
        std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    _ = closed => {}
                    () = receive(listener, &noted) => {}
                }
            });
        });
        Ok(Self { address, came, _open: open })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many different messages came, and how many that had come before.
    pub fn count(&self) -> (u64, u64) {
        let came = lock(&self.came);
        (came.messages.len() as u64, came.repeats)
    }
}

async fn receive(listener: TcpListener, came: &Arc<Mutex<Came>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let noted = Arc::clone(came);
        let service = service_fn(move |call| take(Arc::clone(&noted), call));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn take(came: Arc<Mutex<Came>>, call: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let id = call.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    // A message that broke off did not come.
    if call.into_body().collect().await.is_ok() {
        let mut came = lock(&came);
        if !came.messages.insert(id) {
            came.repeats += 1;
        }
    }
    Ok(Response::new(Empty::new()))
}

fn lock(came: &Mutex<Came>) -> MutexGuard<'_, Came> {
    came.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A channel's webhook during a round.
pub struct Hook {
    api: Api,
    id: u64,
    receiver: Receiver,
}

/// What a round's webhook was told.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Notices {
    /// Orders that were sold, of which it is told once each.
    pub orders: u64,
    /// Of these it was told by the time that the last was sold.
    pub by_the_end: u64,
    /// Of these it was told in the end.
    pub in_the_end: u64,
    /// Messages that came again.
    pub repeats: u64,
    /// Seconds from the last order to the last message.
    pub late_s: f64,
}

impl Notices {
    /// For people.
    pub fn write(&self, text: &mut String) -> std::fmt::Result {
        let Self { orders, by_the_end, in_the_end, repeats, late_s } = self;
        writeln!(
            text,
            "  notices: of {by_the_end} orders by the end of the sale, {} behind; of {in_the_end} of {orders} {late_s:.1} s later; {repeats} came again",
            orders.saturating_sub(*by_the_end),
        )
    }
}

impl Hook {
    /// Registers a webhook for what a channel sells.
    ///
    /// # Errors
    /// A sentence for the user when the key may not.
    pub async fn begin(base: &str, key: &ManagementKey, channel: u64) -> Result<Self, String> {
        let say = |failure: Failure| format!("setting up the webhook: {failure}");
        let receiver = Receiver::start()?;
        let api = signed_in(base, key).await.map_err(say)?;
        let body = json!({
            "channel_id": channel, "name": "bench", "url": receiver.url(), "events": [{"event": "ORDER", "actions": ["PURCHASE"]}],
        });
        let made: Named = api.fetch(&request::Request::post("/mgmt-api/v1/webhooks").json(body)).await.map_err(say)?;
        Ok(Self { api, id: made.id, receiver })
    }

    /// Waits until it was told of so many orders, as long as anything comes, and deletes it.
    ///
    /// # Errors
    /// Why it cannot be deleted.
    pub async fn end(self, orders: u64) -> Result<Notices, String> {
        let (sold, (by_the_end, _)) = (clock::now(), self.receiver.count());
        let (mut last, mut seen) = (sold, by_the_end);
        while seen < orders && clock::now().saturating_duration_since(last) < PATIENCE {
            tokio::time::sleep(LOOK).await;
            let (now, _) = self.receiver.count();
            if now > seen {
                (last, seen) = (clock::now(), now);
            }
        }
        let late_s = last.saturating_duration_since(sold).as_secs_f64();
        let delete = request::Request::delete(format!("/mgmt-api/v1/webhooks/{}", self.id));
        self.api.fetch::<Value>(&delete).await.map_err(|failure| format!("deleting the webhook: {failure}"))?;
        let (in_the_end, repeats) = self.receiver.count();
        Ok(Notices { orders, by_the_end, in_the_end, repeats, late_s })
    }
}
