//! A connection to PostgreSQL with a small runtime of its own, so that the thread that asks is the thread that reads the answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls};

use super::{StoreError, failed};

/// What every session sets, whatever the server's or the role's defaults are.
const SETTINGS: &str = "SET default_transaction_isolation = 'read committed'; SET client_min_messages = notice; \
    SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0;";

/// A connection. Dropping it closes the socket and cancels nothing.
pub struct Session {
    pub client: Client,
    notices: Arc<AtomicU64>,
    /// Last: the connection's task lives in it.
    runtime: Runtime,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// Connects under a name that the database's own views show, and sets what the session needs.
    pub fn connect(config: &Config, name: &str, settings: &str) -> Result<Self, StoreError> {
        let mut config = config.clone();
        config.application_name(name);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| StoreError::Failed(error.to_string()))?;
        let (client, mut connection) = runtime.block_on(config.connect(NoTls)).map_err(failed)?;
        let notices = Arc::new(AtomicU64::new(0));
        let counted = notices.clone();
        // Ends when the client is dropped, or with an error that the client's next call is told, too.
        runtime.spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    counted.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(code = notice.code().code(), "the database says: {}", notice.message());
                }
            }
        });
        let session = Self { client, notices, runtime };
        session.run(session.client.batch_execute(&format!("{SETTINGS}{settings}"))).map_err(failed)?;
        Ok(session)
    }

    /// Waits for an answer.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// How many notices have come. They come before the answer that they belong to.
    pub fn notices(&self) -> u64 {
        self.notices.load(Ordering::Relaxed)
    }
}

/// A request that is sent when it is first polled.
pub type Request<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Sends requests in this order, one behind the other without waiting between them, and gives the answers in the same order.
pub async fn pipelined<T>(mut requests: Vec<Request<'_, T>>) -> Vec<T> {
    let mut answers: Vec<Option<T>> = requests.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (request, answer) in requests.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let Poll::Ready(value) = request.as_mut().poll(cx)
            {
                *answer = Some(value);
            }
        }
        if answers.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}
