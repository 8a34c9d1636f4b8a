//! `aforo serve`: the server itself, from arguments to a clean stop. It opens its address first, so that a second server on it fails before it touches
//! a store, and says `listening on` once requests are answered.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aforo_server::app::App;
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::config::{AUDIT_KEPT_DAYS, Config, MailConfig, Mailbox, NatsConfig, ServerAddr, SmtpServer, WebhookConfig};
use aforo_server::engine::StartError;
use aforo_server::start::{self, Admin};
use aforo_server::store::StoreError;
use aforo_server::tickets::wallet::Wallets;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{demo, out};

/// Serves all APIs. Without arguments it stores its data in ./aforo-data and needs nothing but itself.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", env = "AFORO_LISTEN")]
    listen: SocketAddr,
    /// Where the SQLite store, its lock and the demo's credentials are kept
    #[arg(long, default_value = "aforo-data", env = "AFORO_DATA")]
    data: PathBuf,
    /// A PostgreSQL database (15 or later) to store everything in, instead of SQLite: postgres://user:password@host/database
    #[arg(long, env = "AFORO_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// A NATS server with JetStream, to which loyalty programmes are told what they are to know: nats://user:password@host:4222. Without one these
    /// messages are kept until they are taken over the management API
    #[arg(long, env = "AFORO_NATS_URL", hide_env_values = true)]
    nats_url: Option<ServerAddr>,
    /// What the subjects of these messages begin with; the stream is called like it
    #[arg(long, default_value = "aforo.loyalty", env = "AFORO_NATS_PREFIX", value_parser = subject_prefix)]
    nats_prefix: String,
    /// The mail server: smtps://user:password@host:465 or smtp://host:587?tls=required. Without one, e-mails are written into files
    #[arg(long, env = "AFORO_SMTP_URL", hide_env_values = true)]
    smtp_url: Option<SmtpServer>,
    /// Whom e-mails come from
    #[arg(long, default_value = "tickets@localhost", env = "AFORO_MAIL_FROM")]
    mail_from: Mailbox,
    /// Where e-mails are written as files [default: mail in the data directory]
    #[arg(long, env = "AFORO_MAIL_DIR")]
    mail_dir: Option<PathBuf>,
    /// Where the APIs are reached from outside: what links to them begin with, in webhooks for example [default: http:// and the address listened on]
    #[arg(long, value_name = "URL", env = "AFORO_PUBLIC_URL")]
    public_url: Option<String>,
    /// Let webhooks be at http addresses, too, and not only at https
    #[arg(long, env = "AFORO_WEBHOOKS_HTTP")]
    webhooks_http: bool,
    /// Let webhooks be at private addresses, too: of this machine and its network, where other things than receivers may listen
    #[arg(long, env = "AFORO_WEBHOOKS_PRIVATE")]
    webhooks_private: bool,
    /// For how many days lines of the audit logs are kept
    #[arg(long, value_name = "DAYS", default_value_t = AUDIT_KEPT_DAYS, value_parser = clap::value_parser!(u32).range(1..=36_500), env = "AFORO_AUDIT_DAYS")]
    audit_days: u32,
    /// Fill an empty store with a demonstration world, and write DIR/demo-credentials.json
    #[arg(long)]
    demo: bool,
    /// Threads that serve HTTP; the engine has one of its own
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    http_threads: u16,
    /// Issue passes for Apple Wallet: the file that names identifiers, certificates and key (docs/TICKETS.md)
    #[arg(long, value_name = "FILE", env = "AFORO_APPLE_WALLET")]
    apple_wallet: Option<PathBuf>,
    /// Issue passes for Google Wallet: the file that names issuer and service account (docs/TICKETS.md)
    #[arg(long, value_name = "FILE", env = "AFORO_GOOGLE_WALLET")]
    google_wallet: Option<PathBuf>,
    /// Answer orders with a stored one: what `bench --ceiling` measures against
    #[arg(long, hide = true)]
    ceiling: bool,
}

/// Serves until it is told to stop (SIGTERM or SIGINT), then finishes what runs and brings the tables up to the journal.
///
/// # Errors
/// Why it could not start, in a sentence for whoever started it.
pub fn serve(args: &ServeArgs) -> Result<(), String> {
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::from(args.http_threads))
        .thread_name("aforo-http")
        .enable_all()
        .build()
        .map_err(|error| format!("no threads to serve with: {error}"))?;
    let listener = runtime.block_on(TcpListener::bind(args.listen)).map_err(|error| not_listening(args.listen, &error))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let wallets = Wallets::read(args.apple_wallet.as_deref(), args.google_wallet.as_deref())?;
    let app = start::open(config(args, address, wallets), Clock::System, Chance::System).map_err(|error| not_started(args, &error))?;
    let served = runtime.block_on(run(args, &app, listener, address));
    runtime.block_on(app.stop());
    served
}

fn config(args: &ServeArgs, address: SocketAddr, wallets: Wallets) -> Config {
    Config {
        listen: address,
        data: args.data.clone(),
        database: args.database.clone(),
        http_threads: usize::from(args.http_threads),
        mail: MailConfig { from: args.mail_from.clone(), smtp: args.smtp_url.clone(), dir: args.mail_dir.clone() },
        nats: args.nats_url.clone().map(|server| NatsConfig { server, prefix: args.nats_prefix.clone() }),
        wallets: Arc::new(wallets),
        public_url: args.public_url.clone(),
        webhooks: WebhookConfig { allow_http: args.webhooks_http, allow_private: args.webhooks_private },
        audit_kept_days: args.audit_days,
        ..Config::default()
    }
}

/// What subjects may begin with: words with points between them.
fn subject_prefix(text: &str) -> Result<String, String> {
    let word = |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if text.len() <= 100 && text.split('.').all(word) {
        Ok(text.to_owned())
    } else {
        Err("letters, digits, _ and - with points between".to_owned())
    }
}

async fn run(args: &ServeArgs, app: &App, listener: TcpListener, address: SocketAddr) -> Result<(), String> {
    let mut stop = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let admin = start::first_start(app).await.map_err(|error| format!("the platform could not be made: {error}"))?;
    if let Some(admin) = &admin {
        introduce(admin);
    }
    if args.demo {
        fill(args, app, admin.as_ref()).await?;
    }
    let app =
        if args.ceiling { App::new(app.config.clone(), app.clock.clone(), app.chance.clone(), app.engine.ceiling()) } else { app.clone() };
    out::say(format_args!("listening on http://{address}"));
    hint(args, address, admin.is_some());
    let shutdown = async move {
        tokio::select! {
            _ = stop.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
    };
    aforo_server::http::serve(app, listener, shutdown).await;
    Ok(())
}

/// Fills a store that was empty; one that was not stays as it is.
async fn fill(args: &ServeArgs, app: &App, admin: Option<&Admin>) -> Result<(), String> {
    let Some(admin) = admin else {
        if !args.data.join("demo-credentials.json").exists() {
            out::note("The store is not empty, so no demonstration world was made in it: choose another --data DIR for one.");
        }
        return Ok(());
    };
    out::note("Filling the store with the demonstration world ...");
    demo::fill(app, &admin.key).await.map_err(|error| format!("the demonstration world could not be made: {error}"))
}

/// The log goes to standard error, one line an event; RUST_LOG chooses what of it.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Another one is set up already where tests run a command in their own process.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}

/// The only time that these are shown.
fn introduce(admin: &Admin) {
    out::say("This is a new platform. Its administrator (PLATFORM_ADMIN) is shown this once and never again:");
    out::say(format_args!("  user name      {}", admin.username));
    out::say(format_args!("  password       {}", admin.password));
    out::say(format_args!("  client_secret  {}", admin.key));
    out::say("");
}

fn hint(args: &ServeArgs, address: SocketAddr, new: bool) {
    let credentials = args.data.join("demo-credentials.json");
    if credentials.exists() {
        let credentials = credentials.display();
        out::say("Try next:");
        out::say(format_args!("  aforo sell  --url http://{address} --credentials {credentials}   one purchase, step by step"));
        out::say(format_args!("  aforo bench --url http://{address} --credentials {credentials}   an on-sale, measured"));
        say_codes(&args.data.join("demo-credentials.json"));
    } else if new {
        out::say("Try next: sign in with client_id=onebox-client, grant_type=client_credentials and the client_secret above");
        out::say(format_args!("at http://{address}/oauth/token, then make an operator at /mgmt-api/v1/operators."));
    }
    out::say(format_args!("Reference of all APIs: http://{address}/docs"));
}

/// The codes of the demonstration world.
fn say_codes(credentials: &Path) {
    let file = std::fs::read(credentials).unwrap_or_default();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap_or_default();
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    for entry in file["to_try"].as_array().into_iter().flatten() {
        let pin = text(entry, "pin");
        let pin = if pin.is_empty() { pin } else { format!(" PIN {pin}") };
        out::say(format_args!("  {:<32} {}", text(entry, "code") + &pin, text(entry, "what")));
    }
}

fn not_listening(address: SocketAddr, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("{address} is in use: another server is listening there. Stop it, or choose another address with --listen")
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("no permission to listen on {address}: ports below 1024 need it. Choose one with --listen")
        }
        std::io::ErrorKind::AddrNotAvailable => format!("{address} is not an address of this machine: choose one with --listen"),
        _ => format!("cannot listen on {address}: {error}"),
    }
}

fn not_started(args: &ServeArgs, error: &StartError) -> String {
    match (error, &args.database) {
        (StartError::Store(StoreError::InUse(dir)), _) => {
            format!("{} is in use: another aforo is running on it. Stop it, or choose another directory with --data", dir.display())
        }
        (StartError::Store(StoreError::Lost(error) | StoreError::Failed(error)), Some(url)) => {
            format!("the database {} cannot be used: {error}. Is it running, and is --database right?", without_password(url))
        }
        (StartError::Store(StoreError::Fatal(error) | StoreError::Failed(error)), None) => {
            format!("the store in {} cannot be used: {error}", args.data.display())
        }
        (error, _) => error.to_string(),
    }
}

/// A database's address as it may be shown: whoever reads a terminal or a log does not learn the password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "given".to_owned() };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{}", host.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(without_password("postgres://ana:p@ss@db.example:5432/tickets?sslmode=require"), "postgres://db.example:5432/tickets");
        assert_eq!(without_password("postgres://localhost/tickets"), "postgres://localhost/tickets");
        assert_eq!(without_password("host=localhost password=secret"), "given");
    }
}
