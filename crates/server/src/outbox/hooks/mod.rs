//! Webhooks: a message is put into words, signed, and handed to the address that its webhook names. Only there: no redirect is followed, no proxy asked, and
//! every address is looked at before it is connected to ([`addresses`]).
//!
//! What comes of an attempt is told as it was; when it is made again, and when nobody tries any more, is `domain::webhooks`'.

pub mod addresses;
mod sign;

use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::messages::Message;
use aforo_domain::webhooks::results::Tried;
use aforo_domain::webhooks::{End, Failure, Notice, Webhook};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::pace::MOST_OF_HOOK;
use crate::api::webhooks::body;
use crate::chance::Chance;
use crate::clock::{self, Clock};
use crate::config::{Config, WebhookConfig};
use addresses::{Forbidden, Resolver};

pub use sign::shown;

/// How long an attempt may take in all.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long making a connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes. Nobody looks at it: what is read lets the connection be used again.
const READ: usize = 4 * 1024;
/// Connections to one receiver that are kept: as many as are used at a time, so that none is made anew while there is something to send. And for how long.
const IDLE: usize = MOST_OF_HOOK;
const IDLE_FOR: Duration = Duration::from_secs(30);
/// How long a receiver may ask to be left alone, in milliseconds.
const WAIT_MAX_MS: i64 = 3_600_000;

/// Sends to webhooks.
#[derive(Debug)]
pub struct Hooks {
    client: Client,
    allowed: WebhookConfig,
    links: String,
    clock: Clock,
    chance: Chance,
}

impl Hooks {
    /// As an installation is set up.
    ///
    /// # Errors
    /// That there is no client.
    pub fn of(config: &Config, clock: Clock, chance: Chance) -> Result<Self, reqwest::Error> {
        let builder = || {
            Client::builder()
                .user_agent(concat!("aforo/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .no_proxy()
                .dns_resolver(Resolver { allowed: config.webhooks })
                .connect_timeout(CONNECT_PATIENCE)
                .timeout(PATIENCE)
                .pool_max_idle_per_host(IDLE)
                .pool_idle_timeout(IDLE_FOR)
        };
        // One provider serves all of the process; whoever comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "the certificates of this machine cannot be read: webhooks with TLS will fail");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { client, allowed: config.webhooks, links: config.link_base(), clock, chance })
    }

    /// Makes one attempt.
    pub async fn deliver(&self, shard: ShardId, message: &Message, notice: &Notice, hook: &Webhook) -> Tried {
        let (at, began) = (self.clock.now(), clock::instant());
        let answered = self.send(shard, message, notice, hook).await;
        let (end, wait_ms) = match answered {
            Ok(response) => {
                let wait = response.headers().get(RETRY_AFTER).and_then(wait_ms);
                let status = response.status().as_u16();
                read(response).await;
                (End::Answered(status), wait)
            }
            Err(failure) => (End::Failed(failure), None),
        };
        let took_ms = u32::try_from(clock::instant().saturating_duration_since(began).as_millis()).unwrap_or(u32::MAX);
        Tried { at, took_ms, end, wait_ms }
    }

    async fn send(&self, shard: ShardId, message: &Message, notice: &Notice, hook: &Webhook) -> Result<Response, Failure> {
        // It was looked at when the webhook was set up; the installation may have become stricter since.
        let url = addresses::read(&hook.url, self.allowed).ok_or(Failure::Forbidden)?;
        let body = body(&self.links, notice);
        let id = format!("{shard}-{}", notice.repeats.unwrap_or(message.id));
        let now = self.clock.now();
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            // All of them are ASCII.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        let seconds = now.0.div_euclid(1_000_000);
        put("ob-event", notice.told.event().as_str());
        put("ob-action", notice.told.action.as_str());
        put("ob-hook-id", &hook.id.to_string());
        put("ob-delivery-id", &sign::hex(&self.chance.seed()[..16]));
        put("ob-signature", &sign::of_body(hook.secret, &body));
        put("webhook-id", &id);
        put("webhook-timestamp", &seconds.to_string());
        let signatures: Vec<_> = hook.secrets(now).map(|secret| sign::standard(secret, &id, seconds, &body)).collect();
        put("webhook-signature", &signatures.join(" "));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.post(url, headers, body).await
    }

    async fn post(&self, url: Url, headers: HeaderMap, body: Vec<u8>) -> Result<Response, Failure> {
        self.client.post(url).headers(headers).body(body).send().await.map_err(|error| failure(&error))
    }
}

/// Reads an answer to its end, if that comes soon: so the connection can be used again.
async fn read(mut response: Response) {
    let mut left = READ;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// How long a receiver asks to be left alone: seconds, since dates are not worth the trouble.
fn wait_ms(value: &HeaderValue) -> Option<i64> {
    let seconds: i64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.checked_mul(1_000)?.clamp(0, WAIT_MAX_MS))
}

/// Why there was no answer.
fn failure(error: &reqwest::Error) -> Failure {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source()).collect::<Vec<_>>();
    causes.reverse();
    if causes.iter().any(|cause| cause.is::<Forbidden>()) {
        return Failure::Forbidden;
    }
    if causes.iter().any(|cause| cause.is::<addresses::Unknown>()) {
        return Failure::Name;
    }
    if error.is_timeout() {
        return Failure::Late;
    }
    let io = |cause: &&(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>())
    };
    if causes.iter().any(|cause| cause.is::<rustls::Error>() || io(cause)) {
        return Failure::Tls;
    }
    if error.is_connect() { Failure::Connection } else { Failure::Broken }
}
