//! What the OpenAPI documents declare: which codes each operation may answer. The test client holds every answer against it, so that no code reaches a
//! client that its documentation does not know.

use std::collections::BTreeSet;

use aforo_server::http::router::documents;
use serde_json::Value;

/// One operation of a document.
#[derive(Debug)]
pub struct Operation {
    /// "POST".
    pub method: String,
    /// Its path's template, "/mgmt-api/v1/channels/{id}".
    pub path: String,
    /// Codes of refusals it declares.
    pub codes: BTreeSet<String>,
}

/// All operations of all documents.
#[derive(Debug)]
pub struct Declared(pub Vec<Operation>);

impl Default for Declared {
    fn default() -> Self {
        Self(
            documents().iter().flat_map(|(_, document)| operations(&serde_json::to_value(document).expect("a document is JSON"))).collect(),
        )
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten().filter(|(_, operation)| operation.get("responses").is_some()) {
            let codes = operation["x-codes"].as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            operations.push(Operation { method: method.to_uppercase(), path: path.clone(), codes });
        }
    }
    operations
}

impl Operation {
    /// Whether it takes a token.
    pub fn is_signed_in(&self) -> bool {
        self.codes.contains("INVALID_AUTH_CLIENT_ID")
    }

    fn is(&self, method: &str, path: &str) -> bool {
        let (ours, theirs) = (self.path.split('/'), path.split('/'));
        self.method == method
            && ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(|(a, b)| a == b || a.starts_with('{'))
    }
}

impl Declared {
    /// The operation of a request, if it is one: the most literal of those that fit.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        self.0.iter().filter(|operation| operation.is(method, path)).min_by_key(|operation| operation.path.matches('{').count())
    }

    /// Why this answer should not have been given, if it should not.
    pub fn objection(&self, method: &str, path: &str, code: &str) -> Option<String> {
        match self.operation(method, path) {
            Some(operation) if operation.codes.contains(code) => None,
            Some(operation) => Some(format!("{method} {} does not declare {code}", operation.path)),
            None if matches!(code, "NOT_FOUND" | "METHOD_NOT_ALLOWED" | "DIST0003") => None,
            None => Some(format!("{method} {path} is in no document, and answered {code}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Declared;

    #[test]
    fn an_answer_that_its_operation_does_not_declare_is_objected_to() {
        let declared = Declared::default();
        let objection = |method, path, code| declared.objection(method, path, code);
        assert_eq!(objection("GET", "/distribution-api/v1/orders", "ORDER_EXPIRED"), None);
        assert!(objection("GET", "/distribution-api/v1/orders", "ORPHAN_SEAT").is_some());
        assert!(objection("GET", "/catalog-api/v1/sessions/7", "ORDER_EXPIRED").is_some());
        assert_eq!(objection("PATCH", "/distribution-api/v1/orders", "METHOD_NOT_ALLOWED"), None);
        assert!(objection("GET", "/no/such/path", "SESSION_NOT_FOUND").is_some());
        assert_eq!(
            declared.operation("GET", "/mgmt-api/v1/channels/7/keys").map(|found| found.path.as_str()),
            Some("/mgmt-api/v1/channels/{id}/keys")
        );
    }
}
