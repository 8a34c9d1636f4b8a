//! A NATS server with JetStream of a test's own, on a port and in a directory that it keeps when it is killed and started again.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The server's program; `scripts/test` installs it.
const PROGRAM: &str = "nats-server";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A NATS server, running or not.
#[derive(Debug)]
pub struct NatsServer {
    address: SocketAddr,
    dir: TempDir,
    child: Option<Child>,
}

/// A message of a stream.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Its subject.
    pub subject: String,
    /// Its `Nats-Msg-Id`.
    pub id: String,
    /// What it says.
    pub body: Value,
}

impl NatsServer {
    /// One that does not run yet, on a port that is free now.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        Self { address, dir: TempDir::new().expect("a temporary directory"), child: None }
    }

    /// What a server is told to connect to it.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&mut self) {
        let mut command = Command::new(PROGRAM);
        command.args(["--jetstream", "--addr", "127.0.0.1", "--port"]).arg(self.address.port().to_string());
        command.arg("--store_dir").arg(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("nats-server, which scripts/test installs"));
        let answers = async {
            while TcpStream::connect(self.address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.expect("nats-server answers");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// All that is in a stream, the first come first; nothing if there is no such stream.
    pub async fn stream(&self, name: &str) -> Vec<Queued> {
        let client = async_nats::connect(self.url()).await.expect("a connection");
        let Ok(stream) = jetstream::new(client).get_stream(name).await else { return Vec::new() };
        let last = stream.cached_info().state.last_sequence;
        let mut messages = Vec::new();
        for number in 1..=last {
            let message = stream.get_raw_message(number).await.expect("a message");
            let id = message.headers.get("Nats-Msg-Id").map_or("", |id| id.as_str()).to_owned();
            let body = serde_json::from_slice(&message.payload).expect("JSON");
            messages.push(Queued { subject: message.subject.to_string(), id, body });
        }
        messages
    }
}

impl Default for NatsServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}
