//! Connections: HTTP/1.1 with keep-alive, limits on how long a head may take and how many there are, and an end that lets running requests finish.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::middleware::Http;
use crate::api::oauth::keys;
use crate::app::App;

/// How long the head of a request may take, which is also how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long running requests may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// Connections at once; beyond it they wait in the listener's own queue.
const MAX_CONNECTIONS: usize = 20_000;
/// How often there is a look at what has to be done now and then.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long to wait before accepting again when it failed (too many open files).
const PAUSE: Duration = Duration::from_millis(50);

/// Serves an application on a listener until `shutdown` ends, then lets running requests finish for at most ten seconds.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    app.http.stopping.send_replace(false);
    rotate_keys(&app).await;
    let upkeep = tokio::spawn(upkeep(app.clone()));
    let http = Http::new(app.clone());
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (stop, stopping) = watch::channel(());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, permit)) = accepted else { continue };
        let (http, stopping) = (http.clone(), stopping.clone());
        tokio::spawn(async move {
            connection(http, stream, stopping).await;
            drop(permit);
        });
    }
    upkeep.abort();
    drop((listener, stopping));
    stop.send_replace(());
    app.http.stopping.send_replace(true);
    // Every connection holds a receiver until it has ended.
    let _ = tokio::time::timeout(GRACE, stop.closed()).await;
}

/// What has to be done now and then: a signing key in time, counters folded.
async fn upkeep(app: App) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        app.http.metrics.upkeep();
        rotate_keys(&app).await;
    }
}

async fn rotate_keys(app: &App) {
    if let Err(error) = keys::rotate(app).await {
        tracing::warn!(%error, "the signing keys were not rotated");
    }
}

async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = connections.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn connection(http: Http, stream: TcpStream, mut stopping: watch::Receiver<()>) {
    let Ok(peer) = stream.peer_addr() else { return };
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let http = http.clone();
        async move { Ok::<_, std::convert::Infallible>(http.answer(request.map(Body::new), peer.ip()).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .pipeline_flush(true)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = serving.as_mut() => return log(ended),
        _ = stopping.changed() => serving.as_mut().graceful_shutdown(),
    }
    log(serving.await);
}

fn log(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
