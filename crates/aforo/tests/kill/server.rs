//! A real server process: started, killed the hard way, checked.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aforo");

pub struct Server {
    child: Child,
    pub base_url: String,
}

impl Server {
    /// Starts it with its demo world, and with a queue for its messages, and waits until it listens.
    pub async fn start(dir: &Path, database: Option<&str>, queue: Option<&str>) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["serve", "--demo", "--webhooks-http", "--webhooks-private", "--listen", "127.0.0.1:0", "--data"]).arg(dir);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        if let Some(url) = queue {
            command.args(["--nats-url", url, "--nats-prefix", "kill"]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let base_url = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(stdout).lines();
            let url =
                lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("listening on ").map(|url| url.trim().to_owned()));
            // What else it says must have a reader, or it would stand still.
            std::thread::spawn(move || lines.for_each(drop));
            url
        });
        let base_url = base_url.await.unwrap().expect("the server ended before it listened");
        Self { child, base_url }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `aforo verify` on a store that nobody serves must find every law kept.
pub fn verify(dir: &Path, database: Option<&str>) {
    let mut command = Command::new(BINARY);
    command.arg("verify").arg("--data").arg(dir);
    if let Some(url) = database {
        command.args(["--database", url]);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "verify found:\n{text}");
}

/// Takes SQLite's journal away, as a disk that lies about its writes would.
pub fn lose_the_journal(dir: &Path) {
    let mut lost = 0;
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("journal") {
            std::fs::remove_file(entry.path()).unwrap();
            lost += 1;
        }
    }
    assert!(lost > 0, "there is no journal to lose in {}", dir.display());
}
