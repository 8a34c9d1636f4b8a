//! The house rules, each a function from one text to its findings. They look at text alone: what needs types is clippy's.

use std::path::Path;

use crate::scan::Source;

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 70;

/// What `aforo-domain` may depend on: nothing that waits, listens, stores or tells the time.
const DOMAIN_DEPENDENCIES: &[&str] =
    &["foldhash", "iso_currency", "rand_chacha", "regex-lite", "serde", "serde_json", "sha2", "smol_str", "thiserror", "insta", "proptest"];

/// What the sources of `aforo-domain` may not name.
const NOT_IN_DOMAIN: &[&str] = &[
    "std::time",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant",
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "rusqlite",
    "tokio_postgres",
    "jiff",
    "getrandom",
    "utoipa",
    "async",
    "await",
];

/// How SQL statements start; each is written in capitals.
const STATEMENTS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "ON CONFLICT ",
];

/// Written in two parts, so that this file does not break the rule.
pub const MARKER: &str = concat!("FIX", "ME");

pub fn files_are_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    vec![source.finding(LONGEST_FILE + 1, &format!("{lines} lines; a file has at most {LONGEST_FILE}"))]
}

pub fn functions_are_short(source: &Source) -> Vec<String> {
    let functions =
        source.places("fn ").filter(|place| source.code[place + 3..].starts_with(|first: char| first.is_alphabetic() || first == '_'));
    functions
        .filter_map(|place| {
            let first = source.line_of(place);
            let lines = source.line_of(source.end_of_item(place)) - first + 1;
            let message = format!("a function of {lines} lines; it has at most {LONGEST_FUNCTION}");
            (lines > LONGEST_FUNCTION).then(|| source.finding(first, &message))
        })
        .collect()
}

pub fn modules_say_what_they_are(source: &Source) -> Vec<String> {
    let opening = source.text.lines().next().unwrap_or_default();
    let says = opening.strip_prefix("//! ").is_some_and(|sentence| sentence.contains(char::is_alphabetic));
    if says { Vec::new() } else { vec![source.finding(1, "a module opens with a `//!` sentence: what it is, and what it is not")] }
}

pub fn nothing_is_left_behind(source: &Source) -> Vec<String> {
    let in_code = ["todo!", "unimplemented!", "dbg!"];
    let macros = in_code.iter().flat_map(|left| source.lines_with(left).into_iter().map(move |line| (line, *left)));
    let markers = source.text.lines().enumerate().filter(|(_, line)| line.contains(MARKER)).map(|(index, _)| (index + 1, MARKER));
    macros.chain(markers).map(|(line, left)| source.finding(line, &format!("`{left}` is left behind"))).collect()
}

pub fn no_test_is_ignored(source: &Source) -> Vec<String> {
    source.lines_with("#[ignore").into_iter().map(|line| source.finding(line, "an ignored test; a test runs or goes")).collect()
}

pub fn unwrap_is_for_tests(source: &Source) -> Vec<String> {
    let lines = source.lines_with(".unwrap()").into_iter().filter(|line| !source.is_test(*line));
    lines.map(|line| source.finding(line, "`.unwrap()` outside tests")).collect()
}

pub fn sql_lives_in_the_store(source: &Source) -> Vec<String> {
    let product = ["crates/domain/src/", "crates/server/src/", "crates/aforo/src/"].iter().any(|root| source.path.starts_with(root));
    if !product || is_module(source, "store") {
        return Vec::new();
    }
    let statements = source.strings.iter().filter(|(_, text)| is_sql(text));
    statements.map(|(line, _)| source.finding(*line, "SQL outside crates/server/src/store")).collect()
}

fn is_sql(text: &str) -> bool {
    let update = text.find("UPDATE ").is_some_and(|place| text[place..].contains(" SET "));
    update || STATEMENTS.iter().any(|statement| text.contains(statement))
}

pub fn wire_types_live_in_the_api(source: &Source) -> Vec<String> {
    if is_module(source, "api") || is_module(source, "http") {
        return Vec::new();
    }
    let product = source.path.contains("/src/");
    let lines = source.lines_with("ToSchema").into_iter().filter(|_| product);
    lines.map(|line| source.finding(line, "a wire type outside crates/server/src/api and http")).collect()
}

/// Whether the source is the server's top module of that name, or below it.
fn is_module(source: &Source, name: &str) -> bool {
    let below = source.path.strip_prefix("crates/server/src/").and_then(|path| path.strip_prefix(name));
    below.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

pub fn the_domain_is_pure(source: &Source) -> Vec<String> {
    if !source.path.starts_with("crates/domain/src/") {
        return Vec::new();
    }
    let named = NOT_IN_DOMAIN.iter().flat_map(|word| source.lines_with(word).into_iter().map(move |line| (line, *word)));
    named.map(|(line, word)| source.finding(line, &format!("the domain has no `{word}`: no IO, no clock, no waiting"))).collect()
}

/// Looks at the manifest of `aforo-domain`.
pub fn the_domain_depends_on_little(path: &str, manifest: &str) -> Vec<String> {
    let mut in_dependencies = false;
    let mut findings = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        let name = if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            in_dependencies = section.ends_with("dependencies");
            section.rsplit_once("dependencies.").map(|(_, name)| name)
        } else if in_dependencies && !line.is_empty() && !line.starts_with('#') {
            line.split(['.', '=', ' ']).next()
        } else {
            None
        };
        if let Some(name) = name.filter(|name| !DOMAIN_DEPENDENCIES.contains(name)) {
            findings.push(format!("{path}:{}: the domain does not depend on `{name}`", index + 1));
        }
    }
    findings
}

/// Looks at a Markdown document: what it links to, and what it names in backticks under a folder of ours, exists.
pub fn documents_name_what_exists(path: &str, text: &str, root: &Path) -> Vec<String> {
    let folder = root.join(path).parent().map(Path::to_owned).unwrap_or_default();
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
        let local = links.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"));
        let missing_links = local.filter(|target| !folder.join(target).exists());
        let spans =
            line.split('`').skip(1).step_by(2).filter_map(|span| span.split_whitespace().next()).filter(|span| is_path_of_ours(span));
        let missing_spans = spans.filter(|span| !root.join(span.split([':', '#']).next().unwrap_or(span)).exists());
        findings.extend(missing_links.chain(missing_spans).map(|missing| format!("{path}:{}: `{missing}` does not exist", index + 1)));
    }
    findings
}

fn is_path_of_ours(span: &str) -> bool {
    let placeholder = span.contains(['<', '*', '{', '…']) || span.contains("NAME");
    let folders = ["crates/", "docs/", "scripts/", "spec/", "openapi/", ".ci/", ".config/"];
    !placeholder && folders.iter().any(|folder| span.trim_start_matches("./").starts_with(folder))
}
