//! What an installation can be told. Defaults work; nothing here is read from the environment (the binary's arguments are).

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

pub use async_nats::ServerAddr;
pub use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{Address, AsyncSmtpTransport, Tokio1Executor};

use crate::http::limit::Rate;
use crate::tickets::wallet::Wallets;

/// An installation's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP listens.
    pub listen: SocketAddr,
    /// Where files live: the SQLite store, the lock, demo credentials.
    pub data: PathBuf,
    /// A PostgreSQL URL; SQLite under `data` without one.
    pub database: Option<String>,
    /// How many threads serve HTTP; the engine has one of its own.
    pub http_threads: usize,
    /// How fast one access token may call. Far above any honest channel: it is against loops, not against load.
    pub token_rate: Rate,
    /// How fast one address may try to sign in.
    pub address_rate: Rate,
    /// How e-mails are sent.
    pub mail: MailConfig,
    /// The queue of loyalty programmes; without one aforo keeps their messages until an operator takes them.
    pub nats: Option<NatsConfig>,
    /// The wallets that tickets can be put into.
    pub wallets: Arc<Wallets>,
    /// Where the APIs are reached from outside, as links to them begin; else at the address that is listened on.
    pub public_url: Option<String>,
    /// Where webhooks may be.
    pub webhooks: WebhookConfig,
    /// For how many days lines of the audit log are kept.
    pub audit_kept_days: u32,
}

/// Where webhooks may be. Whoever sets one up makes this machine send something there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Also without TLS (`http`).
    pub allow_http: bool,
    /// Also at addresses that are not public: of this machine, its network, or the one that clouds tell secrets at.
    pub allow_private: bool,
}

impl Config {
    /// What links to the APIs begin with.
    pub fn link_base(&self) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), |url| url.trim_end_matches('/').to_owned())
    }
}

/// A NATS server with JetStream.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// Its address, which may hold user and password.
    pub server: ServerAddr,
    /// What subjects begin with; the stream is called like it.
    pub prefix: String,
}

/// How e-mails are sent.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// Whom they come from.
    pub from: Mailbox,
    /// The mail server; without one they are written into files.
    pub smtp: Option<SmtpServer>,
    /// Where these files are; `mail` under `data` without one.
    pub dir: Option<PathBuf>,
}

/// A mail server. It may hold a password, and shows nothing of itself.
#[derive(Clone)]
pub struct SmtpServer(pub AsyncSmtpTransportBuilder);

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpServer")
    }
}

impl FromStr for SmtpServer {
    type Err = String;

    /// Reads `smtps://user:password@host:465`, `smtp://host:587?tls=required`, `smtp://host:25?tls=opportunistic` or, without any TLS,
    /// `smtp://host:25`.
    fn from_str(url: &str) -> Result<Self, String> {
        // What is wrong with it may quote it.
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        server.map(Self).map_err(|_| "smtps://USER:PASSWORD@HOST:PORT or smtp://HOST:PORT?tls=required".to_owned())
    }
}

impl Default for MailConfig {
    fn default() -> Self {
        Self { from: Mailbox::new(None, Address::new_dangerous("tickets", "localhost")), smtp: None, dir: None }
    }
}

/// For how many days lines of the audit log are kept unless somebody says otherwise: two years.
pub const AUDIT_KEPT_DAYS: u32 = 730;

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("aforo-data"),
            database: None,
            http_threads: 2,
            token_rate: Rate { per_second: 200_000, burst: 400_000 },
            address_rate: Rate { per_second: 50, burst: 500 },
            mail: MailConfig::default(),
            nats: None,
            wallets: Arc::default(),
            public_url: None,
            webhooks: WebhookConfig::default(),
            audit_kept_days: AUDIT_KEPT_DAYS,
        }
    }
}
