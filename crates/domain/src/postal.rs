//! Whether a postal code is one of a country, by the country's own form. Not whether there is such a place: only the post knows that.

mod rules;

use std::sync::OnceLock;

use regex_lite::Regex;

use crate::error::{Code, Error};
use crate::orders::Buyer;

/// Characters of a postal code at most, where its form is not known.
const MAX_UNKNOWN: usize = 16;

/// The form of one country's postal codes.
struct Rule {
    country: &'static str,
    pattern: &'static str,
    /// Made when it is first needed: most operators sell to a few countries.
    compiled: OnceLock<Option<Regex>>,
}

impl Rule {
    const fn new(country: &'static str, pattern: &'static str) -> Self {
        Self { country, pattern, compiled: OnceLock::new() }
    }

    fn fits(&self, code: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&format!("^(?:{})$", self.pattern)).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(code))
    }
}

/// Whether a postal code may be one of a country (ISO 3166-1, two capital letters). Letters count as capitals. Where the country's form is not known,
/// or it has no postal codes, anything is taken that looks like one.
pub fn fits(country: &str, code: &str) -> bool {
    let code = code.trim().to_ascii_uppercase();
    match rules::RULES.binary_search_by_key(&country, |rule| rule.country) {
        Ok(index) => rules::RULES[index].fits(&code),
        Err(_) => {
            let letter = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '.' | '/');
            !code.is_empty() && code.chars().count() <= MAX_UNKNOWN && code.chars().all(letter)
        }
    }
}

/// `CLIENT_DATA_INVALID_POSTAL_CODE` unless a buyer's postal code may be one of its country, where both were said.
pub fn check(buyer: &Buyer) -> Result<(), Error> {
    match (&buyer.country, &buyer.postal_code) {
        (Some(country), Some(code)) if !fits(country, code) => Err(Code::ClientDataInvalidPostalCode.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fits;
    use super::rules::RULES;

    #[test]
    fn every_rule_can_be_read_and_found() {
        for rule in &RULES {
            rule.fits("");
            assert!(rule.compiled.get().unwrap().is_some(), "{}: {}", rule.country, rule.pattern);
        }
        assert!(RULES.windows(2).all(|pair| pair[0].country < pair[1].country), "sorted, each country once");
    }

    #[test]
    fn codes_are_those_of_their_country() {
        let good = [("ES", "08001"), ("PT", "1000-205"), ("GB", "sw1a 1aa"), ("GB", "EC1A1BB"), ("NL", "1012 JS"), ("US", "94103-1234")];
        for (country, code) in good.into_iter().chain([("CA", "K1A 0B1"), ("BH", "317"), ("FR", "75001"), ("ES", " 46001 ")]) {
            assert!(fits(country, code), "{country} {code}");
        }
        let bad = [
            ("ES", "8001"),
            ("ES", "080011"),
            ("ES", "ABCDE"),
            ("PT", "1000"),
            ("GB", "12345"),
            ("NL", "1012"),
            ("US", "9410"),
            ("ES", ""),
        ];
        for (country, code) in bad {
            assert!(!fits(country, code), "{country} {code}");
        }
    }

    #[test]
    fn a_country_whose_form_is_not_known_takes_what_looks_like_a_code() {
        for code in ["000", "A-12/3", "9999 KM"] {
            assert!(fits("HK", code) && fits("ZZ", code), "{code}");
        }
        for code in ["", "no code at all, thank you", "<12>"] {
            assert!(!fits("HK", code), "{code}");
        }
    }

    proptest! {
        #[test]
        fn five_digits_and_nothing_else_are_a_spanish_code(code in "[0-9A-Z -]{0,8}") {
            let trimmed = code.trim();
            prop_assert_eq!(fits("ES", &code), trimmed.len() == 5 && trimmed.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
