//! `aforo openapi`: the OpenAPI 3.1 documents as the server serves them, without a server. They are made by `aforo-server`; nothing is added here.

use std::path::{Path, PathBuf};

use aforo_server::http::router::documents;
use clap::Args;

use crate::out;

/// Prints the OpenAPI documents: one by its name, else all of them as one JSON object with the names as its keys.
#[derive(Args)]
pub struct OpenapiArgs {
    /// The API: oauth, catalog-api, distribution-api, mgmt-api.
    api: Option<String>,
    /// Writes `API.json` files into this directory instead, as they are kept in `openapi/`.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Prints or writes them.
///
/// # Errors
/// There is no such API, or a file cannot be written.
pub fn openapi(args: &OpenapiArgs) -> Result<(), String> {
    let mut all = documents();
    if let Some(api) = &args.api {
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        let unknown = format!("there is no API '{api}', but {}", names.join(", "));
        all.retain(|(name, _)| name == api);
        all.first().ok_or(unknown)?;
    }
    let all = all.into_iter().map(|(name, document)| Ok((name, document.to_pretty_json().map_err(|error| error.to_string())?)));
    let all = all.collect::<Result<Vec<_>, String>>()?;
    match (&args.dir, args.api.is_some()) {
        (Some(dir), _) => all.iter().try_for_each(|(name, text)| write(dir, name, text)),
        (None, true) => {
            all.iter().for_each(|(_, text)| out::say(text));
            Ok(())
        }
        (None, false) => {
            let members: Vec<_> = all.iter().map(|(name, text)| format!("\"{name}\": {text}")).collect();
            out::say(format_args!("{{{}}}", members.join(",\n")));
            Ok(())
        }
    }
}

fn write(dir: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = dir.join(format!("{name}.json"));
    std::fs::write(&path, format!("{text}\n")).map_err(|error| format!("{}: {error}", path.display()))
}
