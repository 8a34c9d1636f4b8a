//! What an installation can be told. Defaults work; nothing here is read from the environment (the binary's arguments are).

use std::net::SocketAddr;
use std::path::PathBuf;

use lettre::Address;
use lettre::message::Mailbox;

use crate::http::limit::Rate;

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
}

/// How e-mails are sent.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// Whom they come from.
    pub from: Mailbox,
    /// Where they are written as files; `mail` under `data` without one.
    pub dir: Option<PathBuf>,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self { from: Mailbox::new(None, Address::new_dangerous("tickets", "localhost")), dir: None }
    }
}

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
        }
    }
}
