//! The operations of the OpenAPI documents, each with a body of the right types: for tests that try every operation there is, new ones included.

use aforo_server::http::router::documents;
use serde_json::{Map, Value, json};

/// An operation as its document has it.
#[derive(Debug)]
pub struct Operation {
    /// "POST".
    pub method: String,
    /// Its path's template, "/mgmt-api/v1/channels/{id}".
    pub path: String,
    /// Names of its query parameters.
    pub query: Vec<String>,
    /// Names of its header parameters.
    pub headers: Vec<String>,
    /// A body that fits the schema, as far as types go.
    pub body: Option<Value>,
}

impl Operation {
    /// What each parameter of the path is one of, from left to right: the path before it, with `{}` for the parameters there.
    pub fn collections(&self) -> Vec<String> {
        collections(&self.path)
    }
}

/// What each parameter of a path is one of.
pub fn collections(path: &str) -> Vec<String> {
    let (mut all, mut before) = (Vec::new(), String::new());
    for part in path.split('/').skip(1) {
        if part.starts_with('{') {
            all.push(before.clone());
            before.push_str("/{}");
        } else {
            before.push('/');
            before.push_str(part);
        }
    }
    all
}

/// A path's template with its parameters filled, from left to right.
pub fn filled(path: &str, ids: &[impl std::fmt::Display]) -> String {
    let mut ids = ids.iter();
    let mut part = |part: &str| if part.starts_with('{') { ids.next().expect("an id for each").to_string() } else { part.to_owned() };
    path.split('/').map(&mut part).collect::<Vec<_>>().join("/")
}

/// All operations of all documents.
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for (_, document) in documents() {
        let document = serde_json::to_value(document).expect("a document is JSON");
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let names = |place: &str| {
                    let parameters = operation["parameters"].as_array().into_iter().flatten();
                    let there = parameters.filter(|parameter| parameter["in"] == place);
                    there.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
                };
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let body = schema.is_object().then(|| example(&document, schema, 0));
                let (query, headers) = (names("query"), names("header"));
                all.push(Operation { method: method.to_uppercase(), path: path.clone(), query, headers, body });
            }
        }
    }
    all
}

/// A value of a schema's type.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return example(document, document.pointer(name.trim_start_matches('#')).expect("a schema that is there"), depth);
    }
    let variants = ["oneOf", "allOf", "anyOf"].iter().find_map(|word| schema[word].as_array());
    if let Some(variants) = variants {
        let mut merged = Map::new();
        for variant in variants.iter().filter(|variant| variant["type"] != "null") {
            match example(document, variant, depth) {
                Value::Object(fields) => merged.extend(fields),
                other => return other,
            }
        }
        return Value::Object(merged);
    }
    let kinds: Vec<_> = schema["type"].as_array().map_or_else(|| vec![&schema["type"]], |kinds| kinds.iter().collect());
    match kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")) {
        Some("array") if depth < 6 => json!([example(document, &schema["items"], depth + 1)]),
        Some("array") => json!([]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => json!("x"),
        _ => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(fields.map(|(name, field)| (name.clone(), example(document, field, depth + 1))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{collections, filled};

    #[test]
    fn a_path_is_taken_apart_and_filled() {
        let path = "/mgmt-api/v1/events/{event_id}/sessions/{id}/capacity";
        assert_eq!(collections(path), ["/mgmt-api/v1/events", "/mgmt-api/v1/events/{}/sessions"]);
        assert_eq!(filled(path, &[7, 8]), "/mgmt-api/v1/events/7/sessions/8/capacity");
    }
}
