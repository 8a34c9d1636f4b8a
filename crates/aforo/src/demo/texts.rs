//! Texts in the three languages of the demonstration.

use serde_json::{Value, json};

/// What every channel speaks.
pub const LANGUAGES: [&str; 3] = ["es-ES", "ca-ES", "en-US"];

/// One text in English, Spanish and Catalan.
pub fn texts(en: &str, es: &str, ca: &str) -> Value {
    json!({"en-US": en, "es-ES": es, "ca-ES": ca})
}

/// The same text in every language: names.
pub fn same(text: &str) -> Value {
    texts(text, text, text)
}
