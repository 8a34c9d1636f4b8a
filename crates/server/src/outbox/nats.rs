//! The queue of loyalty programmes: NATS JetStream. A message counts as handed over once the stream has acknowledged it, and the stream drops repeats by
//! their `Nats-Msg-Id`.
//!
//! The connection is made when the first message comes, and kept. While it is down, messages are refused at once and nothing is buffered.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{Context, stream};
use async_nats::{Client, ConnectOptions, HeaderMap, ServerAddr};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::targets::Undelivered;
use crate::config::NatsConfig;

/// How long handing a message over may take, the connection included.
pub const DEADLINE: Duration = Duration::from_secs(3);
/// For how long the stream knows a message again.
const REPEATS: Duration = Duration::from_secs(2 * 3_600);
/// How often a broken connection is tried again.
const RECONNECT: Duration = Duration::from_millis(500);

/// A queue. Each runtime has one of its own, since a connection lives in the runtime that made it.
#[derive(Debug)]
pub struct Nats {
    server: ServerAddr,
    prefix: String,
    /// The connection, once there is one whose stream is known to be there.
    link: Mutex<Option<(Client, Context)>>,
}

impl Nats {
    /// A queue that is not connected yet.
    pub fn of(config: &NatsConfig) -> Self {
        Self { server: config.server.clone(), prefix: config.prefix.clone(), link: Mutex::new(None) }
    }

    /// Hands a message over under `PREFIX.subject`, and waits until the stream has it.
    ///
    /// # Errors
    /// [`Undelivered::Away`] if it is not acknowledged in time: the stream may have it all the same. `Refused` if it is too large.
    pub async fn publish(&self, id: &str, subject: &str, payload: Vec<u8>) -> Result<(), Undelivered> {
        let late = |_| Undelivered::Away(format!("no acknowledgement within {} s", DEADLINE.as_secs()));
        tokio::time::timeout(DEADLINE, self.hand_over(id, subject, payload.into())).await.unwrap_or_else(|error| Err(late(error)))
    }

    async fn hand_over(&self, id: &str, subject: &str, payload: Bytes) -> Result<(), Undelivered> {
        let context = self.context().await?;
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        let sent = context.publish_with_headers(format!("{}.{subject}", self.prefix), headers, payload).await;
        let acknowledged = match sent {
            Ok(sent) => sent.await.map(drop),
            Err(error) => Err(error),
        };
        match acknowledged {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    async fn failed(&self, error: &PublishError) -> Undelivered {
        match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => return Undelivered::Refused(error.to_string()),
            // Somebody deleted it: the next message makes it anew.
            PublishErrorKind::StreamNotFound => drop(self.link.lock().await.take()),
            _ => {}
        }
        Undelivered::Away(error.to_string())
    }

    /// The connection, made if there is none yet; the stream with it.
    async fn context(&self) -> Result<Context, Undelivered> {
        let away = |why: &dyn std::fmt::Display| Undelivered::Away(why.to_string());
        let mut link = self.link.lock().await;
        if let Some((client, context)) = &*link {
            // It comes back by itself.
            let connected = client.connection_state() == State::Connected;
            return if connected { Ok(context.clone()) } else { Err(away(&"the queue is not connected")) };
        }
        let options = ConnectOptions::new().name("aforo").connection_timeout(DEADLINE).request_timeout(Some(DEADLINE));
        let options = options.reconnect_delay_callback(|_| RECONNECT);
        let client = options.connect(self.server.clone()).await.map_err(|error| away(&error))?;
        let context = async_nats::jetstream::new(client.clone());
        let wanted = stream::Config {
            name: self.prefix.to_uppercase().replace('.', "_"),
            description: Some("What aforo tells loyalty programmes".to_owned()),
            subjects: vec![format!("{}.>", self.prefix)],
            duplicate_window: REPEATS,
            ..stream::Config::default()
        };
        context.get_or_create_stream(wanted).await.map_err(|error| away(&error))?;
        *link = Some((client, context.clone()));
        Ok(context)
    }
}
