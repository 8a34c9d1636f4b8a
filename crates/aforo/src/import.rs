//! `aforo import`: builds venues, events and sessions from a compatible API's catalogue, so that an integrator can rehearse on a copy of it.
//!
//! Saved answers or a live catalogue are read ([`source`]), turned into documents of the management API ([`documents`]) and made by it like anything
//! else. Served back they keep ids, names, texts, prices, price types, sectors and the counts of the availability.

mod documents;
mod source;
mod target;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use aforo_domain::money::Currency;
use clap::Args;

use crate::client::Api;
use crate::client::credentials::{ChannelKey, Credentials};
use crate::out;
use source::Copy;
use target::Target;

/// Copies a compatible API's catalogue into a server, from saved answers or live.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The server to fill; without it, the one the credentials file names
    #[arg(long)]
    url: Option<String>,
    /// The credentials file with the management key that `serve --demo` wrote into its data directory
    #[arg(long, default_value = "aforo-data/demo-credentials.json")]
    credentials: PathBuf,
    /// A management key (client_secret), instead of a credentials file
    #[arg(long, requires = "url", env = "AFORO_MANAGEMENT_SECRET", hide_env_values = true)]
    key: Option<String>,
    /// The operator to work for, where the key is the platform's
    #[arg(long)]
    operator: Option<u64>,
    /// The entity that will own the venues and events; without it, the key's own
    #[arg(long)]
    entity: Option<u64>,
    /// Publish the sessions in this channel of the server (may be repeated); without it, in all that the key sees
    #[arg(long)]
    publish: Vec<u64>,
    /// The currency of the prices, which the catalogue does not tell
    #[arg(long, default_value = "EUR", value_parser = currency)]
    currency: Currency,
    /// A saved answer of GET /catalog-api/v1/sessions
    #[arg(long, required_unless_present = "from", conflicts_with = "from")]
    sessions: Option<PathBuf>,
    /// A saved answer of GET /catalog-api/v1/sessions/{id}/availability (may be repeated)
    #[arg(long, num_args = 1.., requires = "sessions")]
    availability: Vec<PathBuf>,
    /// A saved answer of GET /catalog-api/v1/sessions/{id}/prices, as ID=FILE (may be repeated)
    #[arg(long, num_args = 1.., requires = "sessions", value_parser = id_and_file)]
    prices: Vec<(u64, PathBuf)>,
    /// Read the catalogue of this server instead of saved answers
    #[arg(long, requires = "channel", requires = "secret")]
    from: Option<String>,
    /// The channel to sign in with there
    #[arg(long)]
    channel: Option<u64>,
    /// That channel's API key
    #[arg(long, env = "AFORO_IMPORT_SECRET", hide_env_values = true)]
    secret: Option<String>,
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).ok_or_else(|| format!("'{code}' is not a currency of ISO 4217"))
}

fn id_and_file(text: &str) -> Result<(u64, PathBuf), String> {
    let (id, file) = text.split_once('=').ok_or("say which session's prices they are: ID=FILE")?;
    Ok((id.parse().map_err(|_| format!("'{id}' is not the id of a session"))?, file.into()))
}

/// Copies a catalogue.
///
/// # Errors
/// Why it could not be read or made; what was made before stays.
pub fn import(args: &ImportArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(run(args))
}

async fn run(args: &ImportArgs) -> Result<(), String> {
    let copies = read(args).await?;
    if copies.is_empty() {
        return Err("there is no session to import".to_owned());
    }
    let (url, key) = where_to(args)?;
    let target = Target::sign_in(&url, &key, args.operator).await?;
    let channels = if args.publish.is_empty() { target.channels().await? } else { args.publish.clone() };
    let made = target.make(&copies, args.entity, args.currency, &channels).await?;
    out::say(format_args!("Imported {} session(s), published in {} channel(s).", made.sessions, channels.len()));
    if made.sessions_without_prices > 0 {
        out::note(format_args!(
            "{} of them had no /prices: the smallest price went to the first price type, the largest to the last one.",
            made.sessions_without_prices
        ));
    }
    Ok(())
}

async fn read(args: &ImportArgs) -> Result<Vec<Copy>, String> {
    match (&args.from, args.channel, &args.secret) {
        (Some(from), Some(channel_id), Some(secret)) => {
            let key = ChannelKey { channel_id, client_secret: secret.clone(), kind: String::new(), name: String::new() };
            source::live(Api::new(from).map_err(|failure| failure.to_string())?, &key).await
        }
        _ => source::saved(args.sessions.as_deref(), &args.availability, &args.prices),
    }
}

/// The server to fill and the key to fill it with.
fn where_to(args: &ImportArgs) -> Result<(String, String), String> {
    if let (Some(url), Some(key)) = (&args.url, &args.key) {
        return Ok((url.clone(), key.clone()));
    }
    let credentials = Credentials::read(&args.credentials).map_err(|why| {
        format!("{why}\nStart a server with `aforo serve --demo` and give --credentials FILE, or give --url URL with --key KEY.")
    })?;
    let key = credentials.management.ok_or_else(|| format!("{} has no management key", args.credentials.display()))?;
    Ok((args.url.clone().unwrap_or(credentials.base_url), key.client_secret))
}
