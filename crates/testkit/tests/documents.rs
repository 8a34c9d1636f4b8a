//! Documents that are generated are committed as they are now.

use aforo_testkit::errors_document::errors_document;

/// Set to anything, this variable makes the test write the document instead of comparing it.
const WRITE: &str = "AFORO_WRITE_DOCS";

#[test]
fn the_errors_document_is_current() {
    let (path, text) = (concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ERRORS.md"), errors_document());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/ERRORS.md is not what the code says: write it anew with {WRITE}=1 cargo nextest run -p aforo-testkit the_errors_document_is_current"
    );
}
