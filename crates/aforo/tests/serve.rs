//! `aforo serve` as whoever runs it sees it: what it says, when it starts and when it cannot, and how it stops.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aforo");

fn serve(dir: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["serve", "--data"]).arg(dir).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running server; one that a failing test leaves behind is killed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it on a free port; answers it and what it said before it listened.
fn started(dir: &Path) -> (Running, Vec<String>) {
    let mut server = Running(serve(dir, &["--listen", "127.0.0.1:0"]).spawn().unwrap());
    let mut said = Vec::new();
    for line in BufReader::new(server.0.stdout.as_mut().unwrap()).lines().map_while(Result::ok) {
        let ready = line.starts_with("listening on http://127.0.0.1:");
        said.push(line);
        if ready {
            return (server, said);
        }
    }
    panic!("it ended before it listened: {}", log_of(&mut server));
}

fn log_of(server: &mut Running) -> String {
    let mut log = String::new();
    server.0.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
    log
}

/// Stops it as a service manager does; answers its log.
fn stopped(mut server: Running) -> String {
    assert!(Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap().success());
    let log = log_of(&mut server);
    assert!(server.0.wait().unwrap().success(), "{log}");
    log
}

/// Why it does not start.
fn refused(dir: &Path, more: &[&str]) -> String {
    let output = serve(dir, more).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn secret(said: &[String]) -> Option<&str> {
    said.iter().find_map(|line| line.trim().strip_prefix("client_secret")).map(str::trim)
}

#[test]
fn the_administrator_is_shown_once_and_never_logged() {
    let dir = tempfile::tempdir().unwrap();
    let (first, said) = started(dir.path());
    let shown = secret(&said).expect("a new platform shows its administrator's key").to_owned();
    assert!(shown.starts_with("0_"), "a key begins with its shard");
    let log = stopped(first);
    assert!(!log.contains(&shown), "{log}");
    let (second, said) = started(dir.path());
    assert_eq!(secret(&said), None, "{said:?}");
    stopped(second);
}

#[test]
fn a_second_server_on_the_same_directory_or_address_says_why_it_cannot() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, _) = started(dir.path());
    let error = refused(dir.path(), &["--listen", "127.0.0.1:0"]);
    assert!(error.contains("is in use: another aforo is running on it"), "{error}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = refused(other.path(), &["--listen", &address]);
    assert!(error.contains(&format!("{address} is in use")), "{error}");
    assert!(std::fs::read_dir(other.path()).unwrap().next().is_none(), "it has not touched its store");
    stopped(first);
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://ana:wordoftheday@{nobody}/tickets");
    let error = refused(dir.path(), &["--listen", "127.0.0.1:0", "--database", &url]);
    assert!(error.contains(&format!("the database postgres://{nobody}/tickets cannot be used")), "{error}");
    assert!(!error.contains("wordoftheday"), "{error}");
}
