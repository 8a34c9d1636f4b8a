//! A receiver of webhooks of a test's own: it takes what it is sent, refuses it, hangs or breaks off, as it is told to. Plain HTTP on a free loopback port.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running receiver; it ends with the runtime of the test.
#[derive(Debug, Clone)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    calls: Vec<Received>,
    answers: BTreeMap<String, Answers>,
}

/// How a path is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// With this status.
    Status(u16),
    /// With 429, and that it wants to be left alone for so many seconds.
    Later(u32),
    /// With 302, to this very receiver's path `/elsewhere`.
    Elsewhere,
    /// With 200 and a body that does not end.
    Endless,
    /// Not at all.
    Hangs,
    /// Not at all, and the connection is closed.
    BreaksOff,
    /// In turns: it takes one, refuses one, takes one and breaks off before it says so, and hangs with one.
    Moody,
}

/// A call that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where to.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: String,
    /// How it was answered.
    pub answered: Answers,
}

impl Received {
    /// A header.
    ///
    /// # Panics
    /// If it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }
}

impl Receiver {
    /// Starts it. It answers 200 until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let receiver = Self { address, state: Arc::new(Mutex::new(State { calls: Vec::new(), answers: BTreeMap::new() })) };
        let of_task = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let of_connection = of_task.clone();
                tokio::spawn(async move { of_connection.talk(stream).await });
            }
        });
        receiver
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers a path like this from now on.
    pub fn answer(&self, path: &str, with: Answers) {
        self.state().answers.insert(path.to_owned(), with);
    }

    /// What came to a path so far.
    pub fn calls(&self, path: &str) -> Vec<Received> {
        self.state().calls.iter().filter(|call| call.path == path).cloned().collect()
    }

    /// What came to a path and was taken, whether or not its sender heard so.
    pub fn taken(&self, path: &str) -> Vec<Received> {
        let is_taken = |call: &Received| matches!(call.answered, Answers::Status(200..=299) | Answers::Endless | Answers::Moody);
        self.calls(path).into_iter().filter(is_taken).collect()
    }

    /// How the next call of a path is answered.
    fn answer_to(&self, path: &str) -> Answers {
        let state = self.state();
        match state.answers.get(path).copied().unwrap_or(Answers::Status(200)) {
            Answers::Moody => match state.calls.iter().filter(|call| call.path == path).count() % 4 {
                0 => Answers::Status(200),
                1 => Answers::Status(500),
                2 => Answers::Moody,
                _ => Answers::Hangs,
            },
            other => other,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection, to its end.
    async fn talk(&self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        while let Some((path, headers, body)) = request(&mut read).await {
            let answered = self.answer_to(&path);
            self.state().calls.push(Received { path, headers, body, answered });
            let answer = match answered {
                Answers::Status(status) => format!("HTTP/1.1 {status} -\r\ncontent-length: 2\r\n\r\nok"),
                Answers::Later(seconds) => format!("HTTP/1.1 429 -\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n"),
                Answers::Elsewhere => format!("HTTP/1.1 302 -\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", self.url("/elsewhere")),
                Answers::Endless => {
                    let _ = write.write_all(b"HTTP/1.1 200 -\r\ncontent-length: 1000000000\r\n\r\n").await;
                    while write.write_all(&[b'x'; 1024]).await.is_ok() {}
                    return;
                }
                Answers::Hangs => return std::future::pending().await,
                Answers::BreaksOff | Answers::Moody => return,
            };
            if write.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

type Request = (String, BTreeMap<String, String>, String);

/// The next request of a connection.
async fn request(read: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Request> {
    let mut first = String::new();
    read.read_line(&mut first).await.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        read.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    read.read_exact(&mut body).await.ok()?;
    Some((path, headers, String::from_utf8(body).ok()?))
}
