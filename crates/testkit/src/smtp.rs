//! A mail server of a test's own: takes what it is sent, or refuses it as it is told to. Plain SMTP on a free loopback port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running mail server; it ends with the runtime of the test.
#[derive(Debug, Clone)]
pub struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Received>,
    refusal: Option<&'static str>,
}

/// An e-mail that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The receivers of the envelope.
    pub to: Vec<String>,
    /// Head and body.
    pub text: String,
}

impl MailServer {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let server = Self { address, state: Arc::default() };
        let state = server.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, state.clone()));
            }
        });
        server
    }

    /// What a server is told to send to it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Answers every receiver with this line from now on, or takes them all again.
    pub fn refuse(&self, with: Option<&'static str>) {
        self.state().refusal = with;
    }

    /// What came so far.
    pub fn mails(&self) -> Vec<Received> {
        self.state().mails.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection, to its end. What breaks off has not come.
async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut said = write.write_all(b"220 test\r\n").await;
    while said.is_ok() {
        let Ok(Some(line)) = lines.next_line().await else { return };
        let command = line.to_ascii_uppercase();
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let refusal = state.lock().unwrap_or_else(PoisonError::into_inner).refusal;
        let answer = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" | "HELO" => "250 test",
            "MAIL" => {
                (from, to) = (address(), Vec::new());
                "250 ok"
            }
            "RCPT" => match refusal {
                Some(refusal) => refusal,
                None => {
                    to.push(address());
                    "250 ok"
                }
            },
            "DATA" => {
                if write.write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                let mut text = String::new();
                loop {
                    let Ok(Some(line)) = lines.next_line().await else { return };
                    if line == "." {
                        break;
                    }
                    text += line.strip_prefix('.').unwrap_or(&line);
                    text += "\r\n";
                }
                let received = Received { from: from.clone(), to: to.clone(), text };
                state.lock().unwrap_or_else(PoisonError::into_inner).mails.push(received);
                "250 taken"
            }
            "QUIT" => return drop(write.write_all(b"221 bye\r\n").await),
            _ => "250 ok",
        };
        said = write.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}
