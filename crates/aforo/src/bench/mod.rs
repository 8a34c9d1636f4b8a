//! `aforo bench`: plays an on-sale over HTTP and measures it. It uses the public API alone and knows nothing of the engine; only where the
//! server is its own child does it look at that process's CPU, memory and files.

mod args;
mod beside;
mod buyer;
mod chance;
mod connection;
mod extras;
mod gates;
mod hooks;
mod more_sessions;
mod own_server;
mod plot;
mod prepared;
mod process;
mod report;
mod restart;
mod run;
mod schedule;
mod set_up;
mod stage;
mod stats;
mod supply;
#[cfg(test)]
mod tests;
mod timeline;

use std::path::Path;

use tempfile::TempDir;

pub use args::BenchArgs;
use args::{Mix, Scenario};
use extras::{Extras, Promoter};
use hooks::Hook;
use own_server::OwnServer;
use report::{Report, Round, Side};

use crate::client::credentials::Credentials;
use crate::out;

/// Runs all rounds, prints the result and writes the files asked for.
///
/// # Errors
/// A sentence for the user when a run cannot be made, or made not one successful request.
pub fn bench(args: &BenchArgs) -> Result<(), String> {
    args.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (rounds, session) = runtime.block_on(all_rounds(args))?;
    let report = Report::new(args, session, &rounds);
    out::say(report.text());
    if let Some(file) = &args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        write(file, &json)?;
    }
    if let Some(file) = &args.svg {
        write(file, &plot::svg(&report.title(), &report.small_print(), &rounds))?;
    }
    if report.requests_per_s == 0.0 { Err("no request succeeded".to_owned()) } else { Ok(()) }
}

async fn all_rounds(args: &BenchArgs) -> Result<(Vec<Round>, String), String> {
    let kept = args.database.as_ref().map(|_| temporary_dir()).transpose()?;
    let (mut rounds, mut session) = (Vec::new(), String::new());
    for number in 1..=args.rounds() {
        let beside = [(Side::Ceiling, args.ceiling), (Side::Extras, args.mix == Some(Mix::Extras)), (Side::Hooks, args.hooks)];
        let asked = beside.into_iter().filter(|(_, is_asked)| *is_asked).map(|(side, _)| side);
        for side in [Side::Real].into_iter().chain(asked) {
            out::note(format_args!("round {number} of {}, {}", args.rounds(), side.name()));
            let (round, title) = one_round(args, side, kept.as_ref()).await?;
            rounds.push(round);
            session = title;
        }
    }
    Ok((rounds, session))
}

/// One run, on a fresh server of our own unless a URL is given. All rounds on one database share it and its credentials file in `kept`.
async fn one_round(args: &BenchArgs, side: Side, kept: Option<&TempDir>) -> Result<(Round, String), String> {
    let fresh = temporary_dir()?;
    let dir = kept.filter(|_| side != Side::Ceiling).unwrap_or(&fresh).path();
    let mut own = match &args.url {
        Some(_) => None,
        None => Some(OwnServer::start(dir, args.database.as_deref(), side.engine())?),
    };
    let base = own.as_ref().map_or(args.url.as_deref().unwrap_or_default(), |server| &server.base_url).trim_end_matches('/').to_owned();
    let host = base.strip_prefix("http://").ok_or_else(|| format!("bench speaks plain http only, not {base}"))?.to_owned();
    let credentials = args.credentials.clone().unwrap_or_else(|| dir.join("demo-credentials.json"));
    let credentials = Credentials::read(&credentials)?;
    let stage = stage::prepare(args, &base, &credentials).await?;
    out::note(format_args!("selling {} at {base}", stage.title));
    let tickets = match args.scenario {
        Scenario::Gates => Some(gates::Tickets::sell(args, &base, &credentials, &stage).await?),
        Scenario::Sale | Scenario::Availability | Scenario::Seats => None,
    };
    let token = tickets.as_ref().map_or(&stage.token, |tickets| &tickets.token);
    let prepared = prepared::Prepared::new(&host, token, crate::clock::run_id(), args.quantity)?;
    let address = if host.contains(':') { host } else { format!("{host}:80") };
    let watched = own.as_ref().map(|server| process::Watched::new(server.pid(), server.dir.clone()));
    let setting_up = set_up(args, side, &base, &credentials, &stage)?;
    let (promoter, extras) = extras(args, side, &base, &credentials, &stage).await?.unzip();
    let hook = hook(args, side, &base, &credentials).await?;
    let outcome = run::run(args, address, watched, || run::Shared::new(args, prepared, stage.supply, extras, tickets)).await?;
    if let Some(promoter) = promoter {
        promoter.end().await?;
    }
    let notices = match hook {
        Some(hook) => Some(hook.end(outcome.stats.orders.count()).await?),
        None => None,
    };
    let set_up = setting_up.map(set_up::SetUp::end).transpose()?;
    let restart_ms = match own.as_mut().filter(|_| args.restart && side == Side::Real) {
        Some(server) => Some(restart::measure(args, server, &credentials).await?),
        None => None,
    };
    Ok((Round { side, outcome, set_up, notices, restart_ms }, stage.title))
}

/// Begins to set up beside the sale, if that was asked for.
fn set_up(
    args: &BenchArgs,
    side: Side,
    base: &str,
    credentials: &Credentials,
    stage: &stage::Stage,
) -> Result<Option<set_up::SetUp>, String> {
    let Some(sessions) = args.set_up.filter(|_| side == Side::Real) else { return Ok(None) };
    let key = credentials.management.clone().ok_or("--set-up needs a management key in the credentials file")?;
    let channel = credentials.channel(args.channel)?.channel_id;
    Ok(Some(set_up::SetUp::start(set_up::Job { base: base.to_owned(), key, like: stage.hot, channel, sessions })))
}

/// Sets up what orders carry beside their places, if this round's do.
async fn extras(
    args: &BenchArgs,
    side: Side,
    base: &str,
    credentials: &Credentials,
    stage: &stage::Stage,
) -> Result<Option<(Promoter, Extras)>, String> {
    if side != Side::Extras {
        return Ok(None);
    }
    let key = credentials.management.as_ref().ok_or("--mix needs a management key in the credentials file")?;
    let channel = credentials.channel(args.channel)?.channel_id;
    Promoter::begin(args, base, key, stage.hot.0, channel).await.map(Some)
}

/// Registers a webhook, if this round's orders are told.
async fn hook(args: &BenchArgs, side: Side, base: &str, credentials: &Credentials) -> Result<Option<Hook>, String> {
    if side != Side::Hooks {
        return Ok(None);
    }
    let key = credentials.management.as_ref().ok_or("--hooks needs a management key in the credentials file")?;
    let channel = credentials.channel(args.channel)?.channel_id;
    Hook::begin(base, key, channel).await.map(Some)
}

fn temporary_dir() -> Result<TempDir, String> {
    tempfile::Builder::new().prefix("aforo-bench-").tempdir().map_err(|error| format!("cannot make a temporary directory: {error}"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
