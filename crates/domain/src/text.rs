//! Texts in several languages, keyed by hyphenated tags ("es-ES"). Not a translation system: what was written is what is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A language tag in hyphenated form: "es-ES", "ca-ES", "en".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(Arc<str>);

impl Language {
    /// Reads a tag: two or three letters, then optionally a region of two letters or three digits. An underscore is read as a hyphen.
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.replace('_', "-");
        let (language, region) = tag.split_once('-').map_or((tag.as_str(), None), |(language, region)| (language, Some(region)));
        let known = matches!(language.len(), 2 | 3) && language.bytes().all(|byte| byte.is_ascii_lowercase());
        let placed = region.is_none_or(|region| {
            (region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase()))
                || (region.len() == 3 && region.bytes().all(|byte| byte.is_ascii_digit()))
        });
        (known && placed).then(|| Self(tag.into()))
    }

    /// The hyphenated tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form of `default_language`: "es_ES".
    pub fn underscored(&self) -> String {
        self.0.replace('-', "_")
    }
}

/// One text in each language it was written in.
pub type Localized = BTreeMap<Language, String>;

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn tags_are_hyphenated() {
        assert_eq!(Language::parse("es_ES").unwrap().as_str(), "es-ES");
        assert_eq!(Language::parse("ca").unwrap().underscored(), "ca");
        assert!(Language::parse("ES").is_none() && Language::parse("es-es").is_none() && Language::parse("").is_none());
    }
}
