//! A list of members as a table: a line for each, its columns found by their names. Good lines are read, bad ones named; nothing is decided here.

use std::collections::{BTreeMap, HashSet};

use aforo_domain::collectives::MemberKey;
use aforo_domain::error::Error;
use aforo_domain::ids::CollectiveId;
use aforo_domain::moment::Timestamp;
use csv::{ReaderBuilder, StringRecord};

use super::catalogue::is_label;
use crate::http::passwords::MAX_PASSWORD;
use crate::http::respond::Problem;
use crate::http::time;

/// Lines of one list at most.
pub const MAX_LINES: usize = 100_000;

/// The columns; the first is needed.
const COLUMNS: [&str; 5] = ["member", "password", "name", "valid_from", "valid_to"];

/// What a line says of a member.
pub struct Line {
    /// Where it stands in the file, from 1.
    pub number: u64,
    /// What is kept of its id.
    pub key: MemberKey,
    /// Not hashed yet.
    pub password: Option<String>,
    /// What its people call it.
    pub name: Option<String>,
    /// From when on it is let in.
    pub valid_from: Option<Timestamp>,
    /// When it stops to be.
    pub valid_until: Option<Timestamp>,
}

/// A list as far as it can be read.
#[derive(Default)]
pub struct Lines {
    /// Those that say something.
    pub good: Vec<Line>,
    /// Where the others stand, and what is wrong with them.
    pub bad: Vec<(u64, &'static str)>,
}

/// Reads a list. A comma or a semicolon stands between columns, whichever the first line has more of.
///
/// # Errors
/// `DIST0002` if it is no UTF-8; `DIST0006` without the column `member`, `DIST0005` for a column that is there twice, and for too many lines.
pub fn read(bytes: &[u8], collective: CollectiveId) -> Result<Lines, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| Error::new(aforo_domain::error::Code::Dist0002).because(error.to_string()))?;
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.matches(';').count() > head.matches(',').count() { b';' } else { b',' };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|_| Error::required(&["member"]))?)?;
    let (mut lines, mut seen) = (Lines::default(), HashSet::new());
    for (index, record) in reader.records().enumerate() {
        if index >= MAX_LINES {
            return Err(Error::invalid(&["lines"]).into());
        }
        // The text is UTF-8, and lines may have as many columns as they like: nothing else can be wrong with one.
        let Ok(record) = record else { continue };
        let number = record.position().map_or(0, |position| line_number(text, position));
        match line(&record, &columns, collective, number) {
            Ok(line) if !seen.insert(line.key.hash) => lines.bad.push((number, "TWICE")),
            Ok(line) => lines.good.push(line),
            Err(why) => lines.bad.push((number, why)),
        }
    }
    Ok(lines)
}

/// The line that a record is on. The reader has it begin where the one before ended, with the empty lines between that it skips.
fn line_number(text: &str, position: &csv::Position) -> u64 {
    let rest = text.as_bytes().get(position.byte() as usize..).unwrap_or_default().iter();
    let skipped = rest.take_while(|byte| matches!(**byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + skipped as u64
}

/// Where each column stands that is there. Others are not looked at.
fn columns(head: &StringRecord) -> Result<BTreeMap<&'static str, usize>, Problem> {
    let mut columns = BTreeMap::new();
    for (at, name) in head.iter().enumerate() {
        let known = COLUMNS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        if let Some(known) = known
            && columns.insert(known, at).is_some()
        {
            return Err(Error::invalid(&[known]).into());
        }
    }
    if columns.contains_key("member") { Ok(columns) } else { Err(Error::required(&["member"]).into()) }
}

fn line(
    record: &StringRecord,
    columns: &BTreeMap<&'static str, usize>,
    collective: CollectiveId,
    number: u64,
) -> Result<Line, &'static str> {
    let cell = |name| columns.get(name).and_then(|at| record.get(*at)).filter(|text| !text.trim().is_empty());
    let instant = |name, wrong| cell(name).map(|text| time::parse(text.trim()).ok_or(wrong)).transpose();
    let key = MemberKey::of(collective, cell("member").ok_or("NO_MEMBER")?).ok_or("MEMBER")?;
    let password = cell("password").map(str::to_owned);
    if password.as_ref().is_some_and(|password| password.len() > MAX_PASSWORD) {
        return Err("PASSWORD");
    }
    let name = cell("name").map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(|name| !is_label(name)) {
        return Err("NAME");
    }
    let (valid_from, valid_until) = (instant("valid_from", "VALID_FROM")?, instant("valid_to", "VALID_TO")?);
    Ok(Line { number, key, password, name, valid_from, valid_until })
}

#[cfg(test)]
mod tests {
    use aforo_domain::ids::CollectiveId;

    use super::{MAX_LINES, read};

    fn numbers(text: &str) -> (Vec<u64>, Vec<(u64, &'static str)>) {
        let lines = read(text.as_bytes(), CollectiveId(1)).unwrap();
        (lines.good.iter().map(|line| line.number).collect(), lines.bad)
    }

    #[test]
    fn good_lines_are_read_and_bad_ones_named() {
        let text = "\u{feff}Name; MEMBER ;other;valid_to;valid_from;password\n\
            Ada;A-1;x;2032-01-01T00:00:00Z;;pass word\nBob;b-2\n\n;;\nEve;a-1\nJo;J 3\nKim;K-4;;soon\nLi;L-5;;;tomorrow\n\"two\nlines\";M-6\nNo;N-7\n";
        let wrong = [(5, "NO_MEMBER"), (6, "TWICE"), (7, "MEMBER"), (8, "VALID_TO"), (9, "VALID_FROM"), (10, "NAME")];
        assert_eq!(numbers(text), (vec![2, 3, 12], wrong.to_vec()));
        let lines = read(text.as_bytes(), CollectiveId(1)).unwrap();
        let ada = &lines.good[0];
        assert_eq!((ada.name.as_deref(), ada.password.as_deref(), ada.key.masked.as_str()), (Some("Ada"), Some("pass word"), "***1"));
        assert!(ada.valid_until.is_some() && ada.valid_from.is_none());
        let long = format!("member,password\na-1,{}\na-2,{}", "x".repeat(1_000), "x".repeat(1_001));
        assert_eq!(numbers(&long), (vec![2], vec![(3, "PASSWORD")]));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let code = |bytes: &[u8]| read(bytes, CollectiveId(1)).err().map(|problem| problem.error.code.as_str());
        assert_eq!(code(b"member\nA-1"), None);
        for (bytes, refused) in
            [(&b""[..], "DIST0006"), (b"id,name\n1,2", "DIST0006"), (b"member,Member\n1,2", "DIST0005"), (b"member\n\xff", "DIST0002")]
        {
            assert_eq!(code(bytes), Some(refused));
        }
        let endless = format!("member\n{}", "A\n".repeat(MAX_LINES + 1));
        assert_eq!(code(endless.as_bytes()), Some("DIST0005"));
    }
}
