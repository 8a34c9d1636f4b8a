//! The one place of the binary that writes to the terminal: results to standard output, everything said along the way to standard error.
//! It is not the log (that is `tracing`), and a reader who has gone away (`aforo sell | head`) is no error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes one line of the result to standard output.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes one line about the work itself (progress, warnings) to standard error.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes why the command failed to standard error, in the form all commands share.
pub fn fail(reason: impl Display) {
    note(format_args!("error: {reason}"));
}
