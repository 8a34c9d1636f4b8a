//! What is wrong with a plan, and what is only odd about it: found place by place and told in one answer, so that a file is mended once. Knows no format.

use std::fmt;

use aforo_domain::catalogue::plan::Attributes;
use aforo_domain::error::{Code, Error};
use serde::Serialize;

use super::super::catalogue::is_label;
use super::super::template_body::ATTRIBUTES;
use crate::http::checks::Checks;
use crate::http::respond::Problem;

/// Faults that one answer names; reading ends with the last of them. The same for warnings, of which the rest is counted.
pub const MAX_FOUND: usize = 100;

/// Where in a file something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// All of it.
    Plan,
    /// A line, counted from 1.
    Line(u64),
    /// A category of a seating plan in JSON, counted from 0 as all its parts.
    Category(usize),
    /// A zone.
    Zone(usize),
    /// A row, after its zone.
    Row(usize, usize),
    /// A seat, after its row and zone.
    Seat(usize, usize, usize),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan => f.write_str("the plan"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Category(category) => write!(f, "categories[{category}]"),
            Self::Zone(zone) => write!(f, "zones[{zone}]"),
            Self::Row(zone, row) => write!(f, "zones[{zone}].rows[{row}]"),
            Self::Seat(zone, row, seat) => write!(f, "zones[{zone}].rows[{row}].seats[{seat}]"),
        }
    }
}

/// Something odd that was imported all the same, or left out.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Warning {
    /// Where: a line, or a JSON path.
    pub at: String,
    /// What.
    pub message: String,
}

/// What was found so far.
#[derive(Debug, Default)]
#[must_use]
pub struct Findings {
    checks: Checks,
    unreadable: bool,
    wrong: Vec<String>,
    over: bool,
    warnings: Vec<Warning>,
    warnings_left_out: u64,
}

/// Warnings, and how many more there are.
pub type Warnings = (Vec<Warning>, u64);

impl Findings {
    /// Whether there is no use in reading on.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Notes that the file is not of its format from here on (`DIST0002`).
    pub fn unreadable(&mut self, at: At, why: impl fmt::Display) {
        self.misread(at, why);
        self.over = true;
    }

    /// Notes that a part of the file is not of its format (`DIST0002`).
    pub fn misread(&mut self, at: At, why: impl fmt::Display) {
        self.unreadable = true;
        self.wrong(format!("{at}: {why}"));
    }

    /// Notes a value of the wrong form (`DIST0004`).
    pub fn bad_format(&mut self, at: At, name: &str, value: &str, should: &str) {
        self.checks.bad_format(name, &cut(value));
        self.wrong(format!("{at}, {name}: '{}' {should}", cut(value)));
    }

    /// Notes a value that cannot stand there (`DIST0005`).
    pub fn bad_value(&mut self, at: At, name: &str, why: impl fmt::Display) {
        self.checks.bad_value(name);
        self.wrong(format!("{at}, {name}: {why}"));
    }

    /// The same, of a plan that is too large to be read on.
    pub fn too_large(&mut self, at: At, name: &str, why: impl fmt::Display) {
        self.bad_value(at, name, why);
        self.over = true;
    }

    /// Notes that something must be there (`DIST0006`).
    pub fn missing(&mut self, at: At, name: &str, why: &str) {
        self.checks.missing(name);
        self.wrong(format!("{at}, {name}: {why}"));
    }

    /// Notes something odd.
    pub fn warn(&mut self, at: At, message: impl Into<String>) {
        if self.warnings.len() < MAX_FOUND {
            self.warnings.push(Warning { at: at.to_string(), message: message.into() });
        } else {
            self.warnings_left_out += 1;
        }
    }

    /// Gives what was read, with its warnings, if nothing was wrong.
    ///
    /// # Errors
    /// `DIST0002` before `DIST0004` before `DIST0005` before `DIST0006`; its details say where and what.
    pub fn done<T>(self, read: T) -> Result<(T, Warnings), Problem> {
        let result = if self.unreadable { Err(Code::Dist0002.into()) } else { self.checks.done(read) };
        match result {
            Ok(read) => Ok((read, (self.warnings, self.warnings_left_out))),
            Err(problem) => Err((*problem.error).with_details(self.wrong.into_iter().map(aforo_domain::error::DetailId::Text)).into()),
        }
    }

    fn wrong(&mut self, what: String) {
        self.wrong.push(what);
        if self.wrong.len() == MAX_FOUND {
            self.wrong.push("what comes after was not looked at".to_owned());
            self.over = true;
        }
    }

    /// A text of one line without blanks around it, where there is one.
    pub fn label<'t>(&mut self, at: At, name: &str, text: &'t str) -> Option<&'t str> {
        let text = text.trim();
        if !is_label(text) {
            self.bad_value(at, name, format!("'{}' is longer than a name, or not of one line", cut(text)));
            return None;
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    pub fn required<'t>(&mut self, at: At, name: &str, text: &'t str) -> &'t str {
        if text.trim().is_empty() {
            self.missing(at, name, "has no value");
        }
        self.label(at, name, text).unwrap_or_default()
    }

    /// A coordinate, where there is one.
    pub fn coordinate(&mut self, at: At, name: &str, text: &str) -> Option<f64> {
        let text = Some(text.trim()).filter(|text| !text.is_empty())?;
        let number = text.strip_suffix("px").unwrap_or(text).parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.bad_format(at, name, text, "is not a number");
        }
        number
    }

    /// A whole number, where there is one.
    pub fn count(&mut self, at: At, name: &str, text: &str) -> Option<u32> {
        let text = Some(text.trim()).filter(|text| !text.is_empty())?;
        let count = text.parse().ok();
        if count.is_none() {
            self.bad_format(at, name, text, "is not a whole number from 0");
        }
        count
    }

    /// Yes or no, where it is said.
    pub fn flag(&mut self, at: At, name: &str, text: &str) -> Option<bool> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => None,
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => {
                self.bad_value(at, name, format!("'{}' is neither true nor false", cut(text)));
                None
            }
        }
    }

    /// Attributes of a seat, with `|` between them.
    pub fn attributes(&mut self, at: At, text: &str) -> Attributes {
        let mut bits = 0;
        for word in text.split('|').map(str::trim).filter(|word| !word.is_empty()) {
            match ATTRIBUTES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
                Some((_, attribute)) => bits |= attribute.0,
                None => {
                    let known: Vec<_> = ATTRIBUTES.iter().map(|(known, _)| *known).collect();
                    self.bad_value(at, "attributes", format!("'{}' is none of {}", cut(word), known.join(", ")));
                }
            }
        }
        Attributes(bits)
    }
}

/// As much of a value as is said back.
pub fn cut(text: &str) -> String {
    text.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A refusal of the whole plan, with its reason told.
pub fn explained(error: Error) -> Problem {
    let reason = error.context.clone().into_owned();
    if reason.is_empty() { error.into() } else { error.with_details([aforo_domain::error::DetailId::Text(reason)]).into() }
}

/// Counts lines of a text, forwards.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    upto: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// At the beginning.
    pub fn new(text: &'t str) -> Self {
        Self { text, upto: 0, line: 1 }
    }

    /// The line of a byte. Bytes are asked for in their order.
    pub fn at(&mut self, byte: usize) -> At {
        let byte = byte.clamp(self.upto, self.text.len());
        self.line += self.text.as_bytes()[self.upto..byte].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.upto = byte;
        At::Line(self.line)
    }
}

/// A file's text, without the mark that some programs put before it. What is not UTF-8 is noted, and nothing is left of it.
pub fn utf8<'f>(bytes: &'f [u8], findings: &mut Findings) -> &'f str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            findings.unreadable(At::Line(line), "this is not UTF-8; save the file as UTF-8");
            ""
        }
    }
}
