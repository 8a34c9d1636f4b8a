//! The OpenAPI documents are committed as the code makes them, so that a change of the API is seen as what it is.

use aforo_server::http::router::documents;

/// Set to anything, this variable makes the test write the documents instead of comparing them.
const WRITE: &str = "AFORO_WRITE_DOCS";

#[test]
fn the_openapi_documents_are_current() {
    for (name, document) in documents() {
        let path = format!("{}/../../openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = document.to_pretty_json().unwrap() + "\n";
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == text,
            "openapi/{name}.json is not what the code says: write it anew with {WRITE}=1 cargo nextest run -p aforo-testkit the_openapi_documents_are_current"
        );
    }
}
