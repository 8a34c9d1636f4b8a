//! The socket: keep-alive, what breaks off, and an end that loses nobody's answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::world::Server;

struct Listening {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

async fn listen() -> Listening {
    let server = Server::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(aforo_server::http::serve(server.app, listener, async { drop(stopped.await) }));
    Listening { address, stop, serving }
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let length = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut part)).await.expect("an answer in time").unwrap_or(0);
        seen.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        if length == 0 || text.ends_with('}') {
            return text;
        }
    }
}

#[tokio::test]
async fn a_connection_is_kept_and_requests_may_be_piped() {
    let listening = listen().await;
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    }
    stream.write_all(&b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n".repeat(10)).await.unwrap();
    let mut answered = 0;
    while answered < 10 {
        answered += read_answer(&mut stream).await.matches("HTTP/1.1 200 OK").count();
    }
}

#[tokio::test]
async fn nonsense_ends_a_connection_and_nothing_else() {
    let listening = listen().await;
    for nonsense in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nx: \x00\r\n\r\n", &[b'a'; 200_000]] {
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        // The server may hang up before all is written.
        let _ = stream.write_all(nonsense).await;
        let _ = stream.shutdown().await;
        let answer = read_answer(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut stream).await.contains("UP"));
}

#[tokio::test]
async fn a_chunked_body_that_is_empty_needs_no_type() {
    let listening = listen().await;
    for (chunks, expected) in [("0\r\n\r\n", "401"), ("2\r\n{}\r\n0\r\n\r\n", "415")] {
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        let head = "POST /mgmt-api/v1/entities HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}{chunks}").as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert_eq!(answer.split(' ').nth(1), Some(expected), "{answer}");
    }
}

#[tokio::test]
async fn stopping_ends_idle_connections_and_then_the_server() {
    let listening = listen().await;
    let mut idle = TcpStream::connect(listening.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut idle).await.contains("UP"));
    listening.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), listening.serving).await.expect("it stops in time").unwrap();
    assert_eq!(idle.read(&mut [0; 10]).await.unwrap_or(0), 0, "hung up");
    assert!(TcpStream::connect(listening.address).await.is_err());
}
