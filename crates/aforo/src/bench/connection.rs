//! One keep-alive HTTP/1.1 connection of the load generator: one request at a time, no pipelining, no pool. It speaks plain http only, and the
//! caller's task drives the socket itself, because a second task per connection would cost the server CPU it shares.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long a connection attempt or an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request ready to be written.
pub type Outgoing = hyper::Request<Full<Bytes>>;

/// What came back.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, cut at the number of bytes the caller wanted; an error's body is always kept.
    pub body: Bytes,
}

type Socket = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

struct Open {
    sender: http1::SendRequest<Full<Bytes>>,
    socket: Pin<Box<Socket>>,
}

/// A line to one server, opened when first used and opened again after a failure.
pub struct Line {
    address: String,
    open: Option<Open>,
}

impl Line {
    /// A line to `address` (`host:port`), not yet open.
    pub fn new(address: String) -> Self {
        Self { address, open: None }
    }

    /// Opens the line, so that the first request does not pay for it.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn connect(&mut self) -> Result<(), String> {
        if self.open.is_none() {
            self.open = Some(in_time(open(&self.address)).await?);
        }
        Ok(())
    }

    /// Sends one request and reads the whole answer, of which at most `keep` bytes are returned.
    ///
    /// # Errors
    /// Why no whole answer came; the next call opens a new connection.
    pub async fn ask(&mut self, request: Outgoing, keep: usize) -> Result<Reply, String> {
        if let Some(open) = &mut self.open
            && has_ended(&mut open.socket).await
        {
            self.open = None;
        }
        self.connect().await?;
        let open = self.open.as_mut().ok_or("not connected")?;
        let answer = in_time(async { Ok(exchange(open, request, keep).await?) }).await;
        if answer.is_err() {
            self.open = None;
        }
        answer
    }
}

async fn open(address: &str) -> Result<Open, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| format!("cannot connect to {address}: {error}"))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, socket) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    Ok(Open { sender, socket: Box::pin(socket) })
}

async fn exchange(open: &mut Open, request: Outgoing, keep: usize) -> Result<Reply, Broken> {
    let Open { sender, socket } = open;
    drive(socket, sender.ready()).await??;
    let response = drive(socket, sender.send_request(request)).await??;
    let status = response.status().as_u16();
    let keep = if response.status().is_success() { keep } else { usize::MAX };
    let body = drive(socket, read(response.into_body(), keep)).await??;
    Ok(Reply { status, body })
}

/// Reads a body to its end and keeps its beginning; a body that came in one piece is not copied.
async fn read(mut body: Incoming, keep: usize) -> Result<Bytes, Broken> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if first.is_empty() {
            first = data;
        } else if first.len() + more.len() < keep {
            more.extend_from_slice(&data);
        }
    }
    if more.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + more.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&more);
    Ok(whole.freeze())
}

/// Runs `work` while moving the socket on, in this task.
async fn drive<F: Future>(socket: &mut Pin<Box<Socket>>, work: F) -> Result<F::Output, Broken> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        let socket_ended = socket.as_mut().poll(context);
        // What the socket has just read may be what the work waits for, also when it was the last thing the socket did.
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        socket_ended.map(|end| Err(end.map_or_else(Broken::from, |()| Broken("the server closed the connection".to_owned()))))
    })
    .await
}

/// Whether the server has closed the connection since the last answer; a request sent now would be lost.
async fn has_ended(socket: &mut Pin<Box<Socket>>) -> bool {
    poll_fn(|context| Poll::Ready(socket.as_mut().poll(context).is_ready())).await
}

/// Why an exchange broke off.
struct Broken(String);

impl From<hyper::Error> for Broken {
    fn from(error: hyper::Error) -> Self {
        Broken(error.to_string())
    }
}

impl From<Broken> for String {
    fn from(broken: Broken) -> Self {
        broken.0
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}
