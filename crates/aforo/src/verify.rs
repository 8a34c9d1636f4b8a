//! `aforo verify`: checks every law on a store and names what breaks it. Ends with 1 if something does.

use std::path::PathBuf;

use aforo_server::store::{Store, StoreConfig};
use clap::Args;

use crate::out;

/// Breaches that are shown of one shard.
const SHOWN: usize = 50;

/// Check on a store all that must always hold, and name what breaks it
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Where the SQLite store is
    #[arg(long, default_value = "aforo-data")]
    data: PathBuf,
    /// A PostgreSQL store instead
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Checks all shards of a store, and says what was found.
///
/// # Errors
/// Why the store cannot be read, or that laws are broken.
pub fn verify(args: &VerifyArgs) -> Result<(), String> {
    let config = match &args.database {
        Some(url) => StoreConfig::Postgres { url: url.clone() },
        None if !args.data.is_dir() => return Err(format!("there is no store in {}", args.data.display())),
        None => StoreConfig::Sqlite { dir: args.data.clone() },
    };
    let reports = Store::open(&config).and_then(|store| aforo_server::verify::verify(&store)).map_err(|error| error.to_string())?;
    let mut broken = 0;
    for report in &reports {
        out::say(format_args!("shard {}: {} rows, {} batches not in the tables yet", report.shard, report.rows, report.tail));
        for breach in report.breaches.iter().take(SHOWN) {
            out::say(format_args!("  {breach}"));
        }
        if report.breaches.len() > SHOWN {
            out::say(format_args!("  ... and {} more", report.breaches.len() - SHOWN));
        }
        broken += report.breaches.len();
    }
    if broken > 0 {
        return Err(format!("{broken} breaches of what must always hold"));
    }
    out::say(format_args!("all laws hold in {} shards", reports.len()));
    Ok(())
}
