//! The file that says who may sign in to the demonstration, and which codes there are to try. Secrets are random and in no other place; only its owner may read the file.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aforo_server::app::App;
use aforo_server::chance::Chance;
use serde_json::{Value, json};

/// What is written, and where passwords come from.
pub struct Credentials {
    chance: Chance,
    base_url: String,
    /// Channels with their keys.
    pub channels: Vec<Value>,
    /// People with their passwords.
    pub users: Vec<Value>,
    /// Terminals with their licences.
    pub terminals: Vec<Value>,
    /// Keys of those who keep gates.
    pub gates: Vec<Value>,
    /// The first operator's key.
    pub management: Value,
    /// Codes, each with what it is for.
    to_try: Vec<Value>,
}

impl Credentials {
    /// Nobody yet.
    pub fn new(app: &App) -> Self {
        let base_url = format!("http://{}", app.config.listen);
        let (channels, users, terminals) = (Vec::new(), Vec::new(), Vec::new());
        let (gates, to_try) = (Vec::new(), Vec::new());
        Self { chance: app.chance.clone(), base_url, channels, users, terminals, gates, management: Value::Null, to_try }
    }

    /// Notes a code to try, and what for.
    pub fn note(&mut self, what: &str, mut entry: Value) {
        entry["what"] = json!(what);
        self.to_try.push(entry);
    }

    /// A password of 80 random bits.
    pub fn password(&self) -> String {
        self.chance.seed()[..10].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes `demo-credentials.json`.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn write(&self, directory: &Path) -> Result<(), String> {
        let path = directory.join("demo-credentials.json");
        let body = json!({
            "base_url": self.base_url,
            "channels": self.channels,
            "users": self.users,
            "terminals": self.terminals,
            "gates": self.gates,
            "management": self.management,
            "to_try": self.to_try,
        });
        let say = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        std::fs::create_dir_all(directory).map_err(say)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(say)?;
        file.write_all(format!("{body:#}\n").as_bytes()).map_err(say)
    }
}
