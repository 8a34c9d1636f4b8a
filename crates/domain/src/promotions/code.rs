//! Codes of promotions: whoever knows one may have its promotion. Shown to managers alone, never logged; orders show only how one ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Hash;

/// A code, in capital letters: capital and small ones are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromotionCode(String);

impl PromotionCode {
    /// Reads a code: 3 to 64 visible characters; blanks around it do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_visible = |letter: char| letter.is_alphanumeric() || letter.is_ascii_graphic();
        let good = (3..=64).contains(&text.chars().count()) && text.chars().all(is_visible);
        good.then(|| Self(text.to_uppercase()))
    }

    /// The whole code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for it where it is only counted.
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.as_bytes())
    }

    /// Its last two characters behind stars; the stars do not tell how long it is.
    pub fn masked(&self) -> String {
        let last: Vec<_> = self.0.chars().rev().take(2).collect();
        format!("***{}", last.iter().rev().collect::<String>())
    }
}

impl fmt::Debug for PromotionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PromotionCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::PromotionCode;

    #[test]
    fn capital_and_small_letters_are_alike() {
        let code = |text| PromotionCode::parse(text);
        assert_eq!(code(" ñandú-31"), code("ÑANDÚ-31"));
        assert_ne!(code("FAN31"), code("FAN32"));
        for bad in ["", "FA", "FAN 31", "FAN\u{200b}31", &"x".repeat(65)] {
            assert_eq!(code(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_code_is_not_printed() {
        let code = PromotionCode::parse("fan2031").unwrap();
        assert_eq!((format!("{code:?}"), code.masked()), ("PromotionCode(..)".to_owned(), "***31".to_owned()));
    }
}
