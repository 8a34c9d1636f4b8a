//! Checks of form and value, step 8 of the order of checks: all offenders are collected, and one answer comes of them.
//!
//! Each reader takes a value as it came and gives what a rule can use; where it cannot, it notes why and gives a placeholder that nobody sees, because
//! [`Checks::done`] hands out what was built only if nothing was noted. No business rule is here.

use std::ops::RangeInclusive;

use aforo_domain::error::Error;
use aforo_domain::ids::MAX_ID;
use aforo_domain::moment::Timestamp;
use aforo_domain::money::{Currency, MAX_MINOR, Minor};

use super::respond::Problem;
use super::time;
use super::wire::Num;

/// Elements of an array at most.
pub const MAX_ELEMENTS: usize = 500;
/// Characters of a string at most, unless said.
pub const MAX_TEXT: usize = 1_000;

/// What was found wrong so far.
#[derive(Debug, Default)]
#[must_use]
pub struct Checks {
    format: Option<(String, String)>,
    invalid: Vec<String>,
    missing: Vec<String>,
}

impl Checks {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a value of the wrong form (`DIST0004`; the first one is answered).
    pub fn bad_format(&mut self, name: &str, value: &str) {
        self.format.get_or_insert_with(|| (name.to_owned(), value.chars().take(100).collect()));
    }

    /// Notes a value outside its allowed set or range (`DIST0005`).
    pub fn bad_value(&mut self, name: &str) {
        note(&mut self.invalid, name);
    }

    /// Notes that a required value is missing (`DIST0006`).
    pub fn missing(&mut self, name: &str) {
        note(&mut self.missing, name);
    }

    /// Gives what was built, if nothing was wrong.
    ///
    /// # Errors
    /// `DIST0004` before `DIST0005` before `DIST0006`.
    pub fn done<T>(self, built: T) -> Result<T, Problem> {
        if let Some((name, value)) = &self.format {
            return Err(Error::format(name, value).into());
        }
        if !self.invalid.is_empty() {
            return Err(Error::invalid(&names(&self.invalid)).into());
        }
        if !self.missing.is_empty() {
            return Err(Error::required(&names(&self.missing)).into());
        }
        Ok(built)
    }

    /// A value that must be there.
    pub fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.missing(name);
        }
        value
    }

    /// An id that must be there: 1 to 2^53 - 1.
    pub fn id(&mut self, name: &str, value: Option<&Num>) -> u64 {
        let value = self.required(name, value);
        self.optional_id(name, value).unwrap_or_default()
    }

    /// An id that may be left out.
    pub fn optional_id(&mut self, name: &str, value: Option<&Num>) -> Option<u64> {
        self.optional_whole(name, value, 1..=MAX_ID - 1)
    }

    /// A whole number that must be there.
    pub fn whole(&mut self, name: &str, value: Option<&Num>, range: RangeInclusive<u64>) -> u64 {
        let value = self.required(name, value);
        self.optional_whole(name, value, range).unwrap_or_default()
    }

    /// A whole number that may be left out.
    pub fn optional_whole(&mut self, name: &str, value: Option<&Num>, range: RangeInclusive<u64>) -> Option<u64> {
        let value = value?;
        let whole = value.text().parse().ok().filter(|whole| range.contains(whole));
        if whole.is_none() {
            self.bad_value(name);
        }
        whole
    }

    /// An amount of money that must be there, in a known currency: too many decimals are a wrong form, a negative or absurd one a wrong value.
    pub fn amount(&mut self, name: &str, value: Option<&Num>, currency: Currency) -> Minor {
        let value = self.required(name, value);
        self.optional_amount(name, value, currency).unwrap_or_default()
    }

    /// An amount of money that may be left out.
    pub fn optional_amount(&mut self, name: &str, value: Option<&Num>, currency: Currency) -> Option<Minor> {
        let text = value?.text();
        match currency.parse_amount(text) {
            Some(minor) if (0..=MAX_MINOR).contains(&minor) => return Some(minor),
            Some(_) => self.bad_value(name),
            None if text.bytes().filter(u8::is_ascii_digit).count() > 15 || text.contains(['e', 'E']) => self.bad_value(name),
            None => self.bad_format(name, text),
        }
        None
    }

    /// A text that must be there and not be blank: trimmed, at most 1 000 characters.
    pub fn text(&mut self, name: &str, value: Option<&str>) -> String {
        let value = value.map(str::trim).filter(|text| !text.is_empty());
        let value = self.required(name, value);
        self.optional_text(name, value).unwrap_or_default()
    }

    /// A text that may be left out; blank is left out.
    pub fn optional_text(&mut self, name: &str, value: Option<&str>) -> Option<String> {
        let text = value.map(str::trim).filter(|text| !text.is_empty())?;
        if text.chars().count() > MAX_TEXT || text.contains('\0') {
            self.bad_value(name);
            return None;
        }
        Some(text.to_owned())
    }

    /// A text that must have a form (`DIST0004` otherwise), where it is there.
    pub fn formed<T>(&mut self, name: &str, value: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = value?;
        let parsed = parse(text);
        if parsed.is_none() {
            self.bad_format(name, text);
        }
        parsed
    }

    /// A word that must be one of a set (`DIST0005` otherwise), where it is there.
    pub fn one_of<T: Copy>(&mut self, name: &str, value: Option<&str>, allowed: &[(&str, T)]) -> Option<T> {
        let word = value?;
        let found = allowed.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
        if found.is_none() {
            self.bad_value(name);
        }
        found
    }

    /// An instant in RFC 3339, where it is there.
    pub fn instant(&mut self, name: &str, value: Option<&str>) -> Option<Timestamp> {
        self.formed(name, value, time::parse)
    }

    /// A list that must be there, with 1 to 500 elements.
    pub fn list<'a, T>(&mut self, name: &str, value: Option<&'a [T]>) -> &'a [T] {
        let Some(list) = self.required(name, value) else { return &[] };
        if list.is_empty() || list.len() > MAX_ELEMENTS {
            self.bad_value(name);
            return &[];
        }
        list
    }
}

/// A name once, and not without end.
fn note(names: &mut Vec<String>, name: &str) {
    if names.len() < 50 && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn names(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use aforo_domain::error::Code;
    use aforo_domain::money::Currency;

    use super::{Checks, MAX_ELEMENTS, Num};

    fn num(text: &str) -> Num {
        serde_json::from_str(text).unwrap()
    }

    /// What a check of one value answers: the message of its refusal, or nothing.
    fn said<T>(check: impl FnOnce(&mut Checks) -> T) -> String {
        let mut checks = Checks::new();
        check(&mut checks);
        checks.done(()).err().map(|problem| problem.error.to_string()).unwrap_or_default()
    }

    #[test]
    fn form_goes_before_value_before_what_is_missing_and_all_are_named() {
        let mut checks = Checks::new();
        checks.id("seats.id", None);
        checks.id("seats.session_id", None);
        checks.id("seats.id", None);
        assert_eq!(checks.required::<u8>("buyer", None), None);
        checks.whole("quantity", Some(&num("0")), 1..=10);
        checks.id("price_type_id", Some(&num("-3")));
        assert_eq!(checks.instant("start", Some("soon")), None);
        assert_eq!(checks.instant("end", Some("later")), None);
        let Checks { format, invalid, missing } = checks;
        let refused = |checks: Checks| checks.done(()).unwrap_err().error.to_string();
        let (value, none) = (Checks { format: None, invalid, missing: missing.clone() }, Checks { missing, ..Checks::new() });
        assert_eq!(refused(Checks { format, ..Checks::new() }), "DIST0004 Invalid 'start' format: 'soon'");
        assert_eq!(refused(value), "DIST0005 Invalid parameter(s): 'quantity, price_type_id'");
        assert_eq!(refused(none), "DIST0006 Parameter(s) required: 'seats.id, seats.session_id, buyer'");
    }

    #[test]
    fn amounts_are_read_to_the_cent_and_never_rounded() {
        let eur = Currency::parse("EUR").unwrap();
        let mut checks = Checks::new();
        assert_eq!(checks.amount("amount", Some(&num("46")), eur), 4_600);
        assert_eq!(checks.amount("amount", Some(&num("9.390")), eur), 939);
        assert_eq!(checks.amount("amount", Some(&num("0.1")), eur), 10);
        assert!(checks.done(()).is_ok());
        for (amount, code) in [("9.395", "DIST0004"), ("-1", "DIST0005"), ("1e2", "DIST0005"), ("99999999999999999999", "DIST0005")] {
            assert!(said(|checks| checks.amount("amount", Some(&num(amount)), eur)).starts_with(code), "{amount}");
        }
        assert!(said(|checks| checks.amount("amount", None, eur)).starts_with("DIST0006"));
    }

    #[test]
    fn ids_are_whole_and_safe_in_every_client() {
        for (id, good) in
            [("1", true), ("9007199254740991", true), ("9007199254740992", false), ("0", false), ("1.5", false), ("-1", false)]
        {
            assert_eq!(said(|checks| checks.id("id", Some(&num(id)))).is_empty(), good, "{id}");
        }
    }

    #[test]
    fn texts_and_lists_have_ends() {
        assert!(said(|checks| checks.text("name", Some("  "))).starts_with("DIST0006"));
        assert!(said(|checks| checks.text("name", Some(&"é".repeat(1_001)))).starts_with("DIST0005"));
        assert!(said(|checks| checks.text("name", Some(&"é".repeat(1_000)))).is_empty());
        assert_eq!(Checks::new().text("name", Some(" Ramona ")), "Ramona");
        for (length, good) in [(0, false), (1, true), (MAX_ELEMENTS, true), (MAX_ELEMENTS + 1, false)] {
            assert_eq!(said(|checks| checks.list("seats", Some(&vec![(); length])).len()).is_empty(), good, "{length}");
        }
    }

    #[test]
    fn a_long_value_is_not_sent_back_whole() {
        let mut checks = Checks::new();
        checks.bad_format("start", &"x".repeat(10_000));
        let error = checks.done(()).unwrap_err().error;
        assert_eq!((error.code, error.message().len() < 200), (Code::Dist0004, true));
    }
}
