//! A server of the bench's own: the same executable as a child process on a free loopback port, stopped when dropped. It is stopped the hard
//! way, which this product must bear; what it said is kept in a file beside its store.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long the server may take to fill its demo world and listen.
const START_PATIENCE: Duration = Duration::from_secs(180);

/// The line on standard output that says the server is ready starts so.
const READY: &str = "listening on ";

/// Whether the engine does the work or a stored reply stands in for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The product as it is.
    Real,
    /// The same HTTP stack with a stored reply behind it.
    Ceiling,
}

/// A running server.
pub struct OwnServer {
    child: Child,
    /// Where it listens.
    pub base_url: String,
    /// Its data directory.
    pub dir: PathBuf,
    database: Option<String>,
    engine: Engine,
}

impl OwnServer {
    /// Starts a server with its demo world in `dir` and waits until it listens.
    ///
    /// # Errors
    /// Why it does not run, with the end of what it said.
    pub fn start(dir: &Path, database: Option<&str>, engine: Engine) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("cannot find this program's own file: {error}"))?;
        let mut command = Command::new(program);
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(dir);
        // The receiver of a bench's webhooks is on this machine.
        command.args(["--webhooks-http", "--webhooks-private"]);
        match (engine, database) {
            (Engine::Real, Some(url)) => command.args(["--database", url]),
            (Engine::Real, None) => &mut command,
            (Engine::Ceiling, _) => command.arg("--ceiling"),
        };
        let log = dir.join("server.log");
        let log_file = File::create(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file).spawn();
        let mut server = Self {
            child: child.map_err(|error| format!("cannot start a server: {error}"))?,
            base_url: String::new(),
            dir: dir.into(),
            database: database.map(str::to_owned),
            engine,
        };
        server.base_url = server.wait_until_ready().map_err(|why| format!("the server {why}; it said:\n{}", end_of(&log)))?;
        Ok(server)
    }

    /// Ends it the hard way, whatever it does just then.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts another one on the same store, after [`Self::kill`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<(), String> {
        *self = Self::start(&self.dir, self.database.as_deref(), self.engine)?;
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads standard output to its end in a thread of its own, so that a talkative server never blocks on it.
    fn wait_until_ready(&mut self) -> Result<String, &'static str> {
        let stdout = self.child.stdout.take().ok_or("has no standard output")?;
        let (ready, url) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix(READY) {
                    let _ = ready.send(url.trim().to_owned());
                }
            }
        });
        url.recv_timeout(START_PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => "did not listen in time",
            RecvTimeoutError::Disconnected => "ended before it listened",
        })
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(2000)..]).into_owned();
    if text.trim().is_empty() { "(nothing)".to_owned() } else { text }
}
