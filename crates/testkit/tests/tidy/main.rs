//! The house rules hold for every file of the repository. Each test first shows its rule a text that breaks it, then one that does
//! not, then the repository.

mod rules;
mod scan;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use scan::Source;

type Rule = fn(&Source) -> Vec<String>;

/// The rule reports `bad` at `line`, says nothing of `good`, and the repository keeps it.
#[track_caller]
fn check(rule: Rule, (path, bad, line): (&str, &str, usize), good: &str) {
    let reported = rule(&Source::new(path, bad));
    assert!(
        reported.iter().any(|finding| finding.starts_with(&format!("{path}:{line}: "))),
        "the rule does not see its own example: {reported:?}"
    );
    assert_kept(rule(&Source::new(path, good)));
    assert_kept(sources().iter().flat_map(rule).collect());
}

#[track_caller]
fn assert_kept(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// Asked when the test runs, as a target directory may have been copied from another checkout.
fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo")).join("../..")
}

/// Every file of the repository whose name ends so, as its path from the root and its text.
fn files(ending: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.is_file() && name.ends_with(ending) {
                let text = fs::read_to_string(&path).expect("text in UTF-8");
                found.push((path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no {ending} file in {}", root.display());
    found
}

fn sources() -> Vec<Source> {
    let mut sources: Vec<Source> = files(".rs").iter().map(|(path, text)| Source::new(path, text)).collect();
    let for_tests: HashSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        source.test_file |= for_tests.contains(&source.path);
    }
    sources
}

#[test]
fn files_are_short() {
    check(rules::files_are_short, ("crates/a/src/b.rs", &"\n".repeat(601), 601), &"\n".repeat(600));
}

#[test]
fn functions_are_short() {
    let function =
        |lines: usize| format!("//! A.\n\npub fn long(bytes: [u8; 2]) {{\n{}}}\n\nfn short() {{}}\n", "    // }\n".repeat(lines - 2));
    check(rules::functions_are_short, ("crates/a/src/b.rs", &function(71), 3), &function(70));
}

#[test]
fn modules_say_what_they_are() {
    let path = "crates/a/src/b.rs";
    check(rules::modules_say_what_they_are, (path, "//! .\nfn a() {}\n", 1), "//! Seats.\n");
    check(rules::modules_say_what_they_are, (path, "use std::fmt;\n//! Too late.\n", 1), "//! Seats.\n");
}

#[test]
fn nothing_is_left_behind() {
    let path = "crates/a/src/b.rs";
    for left in ["todo!()", "unimplemented!(\"later\")", "dbg!(1)", &format!("// {}: later", rules::MARKER)] {
        check(rules::nothing_is_left_behind, (path, &format!("fn a() {{\n    {left}\n}}\n"), 2), "fn todo() { \"todo!()\"; } // dbg!(1)\n");
    }
}

#[test]
fn no_test_is_ignored() {
    let path = "crates/a/tests/b.rs";
    for ignored in ["#[ignore]", "#[ignore = \"slow\"]"] {
        check(rules::no_test_is_ignored, (path, &format!("#[test]\n{ignored}\nfn a() {{}}\n"), 2), "#[test]\nfn ignore() {}\n");
    }
}

#[test]
fn unwrap_is_for_tests() {
    let bad = "#[cfg(test)]\nmod tests { fn a() { Some(1).unwrap(); } }\n\nfn b() {\n    Some(1).unwrap();\n}\n";
    let good = "fn b() { Some(1).unwrap_or(2); }\n#[cfg(test)]\nmod tests {\n    fn a() { Some(1).unwrap(); }\n}\n";
    check(rules::unwrap_is_for_tests, ("crates/a/src/b.rs", bad, 5), good);
    assert_kept(rules::unwrap_is_for_tests(&Source::new("crates/a/tests/b.rs", bad)));
}

#[test]
fn sql_lives_in_the_store() {
    let path = "crates/server/src/engine/shard.rs";
    let good = "//! SELECT nothing.\nfn a() { f(\"Select a seat from the map, UPDATE it\"); }\n";
    for bad in ["SELECT seat FROM claim", "UPDATE shard SET epoch = $1", "INSERT INTO a VALUES (1)", "PRAGMA synchronous = FULL"] {
        check(rules::sql_lives_in_the_store, (path, &format!("fn a() {{\n    f(r#\"{bad}\"#);\n}}\n"), 2), good);
        let in_store = Source::new("crates/server/src/store/journal.rs", &format!("f(\"{bad}\");"));
        assert_kept(rules::sql_lives_in_the_store(&in_store));
    }
}

#[test]
fn wire_types_live_in_the_api() {
    let wire = "#[derive(Serialize,\n    ToSchema)]\nstruct Seat;\n";
    check(rules::wire_types_live_in_the_api, ("crates/domain/src/seat.rs", wire, 2), "#[derive(Serialize)]\nstruct Seat;\n");
    for path in ["crates/server/src/api/seat.rs", "crates/server/src/http.rs"] {
        assert_kept(rules::wire_types_live_in_the_api(&Source::new(path, wire)));
    }
    assert!(!rules::wire_types_live_in_the_api(&Source::new("crates/server/src/apis.rs", wire)).is_empty());
}

#[test]
fn the_domain_is_pure() {
    for bad in ["use std::time::Duration;", "async fn a() {}", "tokio::spawn(a);", "let now = Instant::now();"] {
        check(rules::the_domain_is_pure, ("crates/domain/src/a.rs", &format!("//! A.\n{bad}\n"), 2), "//! No tokio.\nlet instantly = 1;\n");
    }
}

#[test]
fn the_domain_depends_on_little() {
    let path = "crates/domain/Cargo.toml";
    let good = "[dependencies]\nserde.workspace = true\n\n[dev-dependencies]\nproptest = \"1\"\n\n[features]\ntokio = []\n";
    assert_kept(rules::the_domain_depends_on_little(path, good));
    for bad in [
        "[dependencies]\ntokio.workspace = true\n",
        "[dev-dependencies]\naxum = \"0.8\"\n",
        "[package]\n[target.'cfg(unix)'.dependencies.jiff]\n",
    ] {
        let reported = rules::the_domain_depends_on_little(path, bad);
        assert_eq!(reported.len(), 1, "{bad}: {reported:?}");
        assert!(reported[0].starts_with("crates/domain/Cargo.toml:2: "), "{reported:?}");
    }
    let manifest = fs::read_to_string(root().join(path)).expect("the manifest of the domain");
    assert!(manifest.contains("[dependencies]"));
    assert_kept(rules::the_domain_depends_on_little(path, &manifest));
}

#[test]
fn documents_name_what_exists() {
    let root = root();
    let good = "[licence](LICENSE-MIT), [above](#top), [web](https://example.org/x), `./scripts/test -p NAME`, `crates/domain/src/<name>.rs`, `a/b`\n";
    assert_kept(rules::documents_name_what_exists("README.md", good, &root));
    for bad in
        ["see [it](docs/NOWHERE.md)", "see [it](../README.md#top)", "run `./scripts/nowhere now`", "in `crates/domain/src/nowhere.rs:12`"]
    {
        let reported = rules::documents_name_what_exists("README.md", &format!("One\n{bad}\n"), &root);
        assert_eq!(reported.len(), 1, "{bad}: {reported:?}");
        assert!(reported[0].starts_with("README.md:2: "), "{reported:?}");
    }
    assert_kept(files(".md").iter().flat_map(|(path, text)| rules::documents_name_what_exists(path, text, &root)).collect());
}
