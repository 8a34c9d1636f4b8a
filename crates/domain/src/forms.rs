//! Forms: what a channel asks of a buyer and an event of each attendee, beyond what every order takes. A form says which fields there are and what
//! they take; what was filled in lives with the order. Nothing here knows why it is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::text::Localized;

/// Fields of a form at most.
pub const MAX_FIELDS: usize = 50;
/// Choices of a field at most.
pub const MAX_CHOICES: usize = 100;
/// Characters of a key, or of a choice's value, at most.
pub const MAX_KEY: usize = 50;
/// Characters of what is filled in, at most.
pub const MAX_ANSWER: u32 = 1_000;

/// What was filled in, by the field's key.
pub type Answers = BTreeMap<String, String>;

/// A form. Without fields it is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Form {
    /// In the order in which they are shown.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Unique in its form.
    pub key: String,
    /// Whether pre-confirm refuses without it.
    pub mandatory: bool,
    /// What it takes.
    pub kind: FieldKind,
    /// What it is called, by language.
    pub names: Localized,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// Any text.
    Text {
        /// Of so many characters at most.
        max_length: u32,
    },
    /// An e-mail address.
    Email,
    /// A telephone number, with or without its country's code.
    Phone,
    /// A day: `2031-12-31`.
    Date,
    /// A number, with a point before its decimals.
    Number,
    /// The number of an identity document.
    IdNumber,
    /// One of these.
    Choice(Vec<Choice>),
}

/// One of the answers that a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is filled in.
    pub value: String,
    /// What it is called, by language.
    pub names: Localized,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Its form.
    Form,
    /// It is too long, or none of the choices.
    Value,
}

impl Form {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether it is within bounds, each key is there once, and none is among those that are taken.
    pub fn is_good(&self, taken: &[&str]) -> bool {
        let good = |field: &Field| is_key(&field.key) && !taken.contains(&field.key.as_str()) && field.kind.is_good();
        self.fields.len() <= MAX_FIELDS && self.fields.iter().all(good) && once(self.fields.iter().map(|field| field.key.as_str()))
    }

    /// Whether each answer is one that its field takes. What is not answered is not looked at.
    ///
    /// # Errors
    /// `DIST0004` naming the first answer of the wrong form, then `DIST0005` naming all that no field or no choice is there for; both under `name`.
    pub fn check(&self, name: &str, answers: &Answers) -> Result<(), Error> {
        let mut invalid = Vec::new();
        for (key, answer) in answers {
            let field = self.fields.iter().find(|field| field.key == *key);
            match field.map(|field| field.kind.fault(answer)) {
                Some(None) => {}
                Some(Some(Fault::Form)) => {
                    let shown: String = answer.chars().take(100).collect();
                    return Err(Error::format(&format!("{name}.{key}"), &shown));
                }
                None | Some(Some(Fault::Value)) => invalid.push(format!("{name}.{key}")),
            }
        }
        let names: Vec<_> = invalid.iter().map(String::as_str).collect();
        if names.is_empty() { Ok(()) } else { Err(Error::invalid(&names)) }
    }

    /// Whether a mandatory field is empty.
    pub fn lacks(&self, answers: &Answers) -> bool {
        let empty = |field: &Field| answers.get(&field.key).is_none_or(|answer| answer.trim().is_empty());
        self.fields.iter().any(|field| field.mandatory && empty(field))
    }
}

impl FieldKind {
    fn is_good(&self) -> bool {
        match self {
            Self::Text { max_length } => (1..=MAX_ANSWER).contains(max_length),
            Self::Choice(choices) => {
                let good = |choice: &Choice| (1..=MAX_KEY).contains(&choice.value.chars().count()) && choice.value.trim() == choice.value;
                let values = choices.iter().map(|choice| choice.value.as_str());
                (1..=MAX_CHOICES).contains(&choices.len()) && choices.iter().all(good) && once(values)
            }
            Self::Email | Self::Phone | Self::Date | Self::Number | Self::IdNumber => true,
        }
    }

    fn fault(&self, answer: &str) -> Option<Fault> {
        let formed = |is: bool| (!is).then_some(Fault::Form);
        match self {
            Self::Text { max_length } => (answer.chars().count() > *max_length as usize).then_some(Fault::Value),
            Self::Email => formed(is_email(answer)),
            Self::Phone => formed(is_phone(answer)),
            Self::Date => formed(is_date(answer)),
            Self::Number => formed(is_number(answer)),
            Self::IdNumber => formed(is_id_number(answer)),
            Self::Choice(choices) => (!choices.iter().any(|choice| choice.value == answer)).then_some(Fault::Value),
        }
    }
}

/// Whether a field may have this key: small letters, digits and underscores, a letter first.
pub fn is_key(key: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    key.len() <= MAX_KEY && key.bytes().all(letter) && key.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Something before one `@`, and a domain with a dot after it, without blanks: more only the mail server knows. At most 254 characters (RFC 5321).
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let labels = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let plain = text.len() <= 254 && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    plain && !local.is_empty() && local.len() <= 64 && !domain.contains('@') && labels(domain)
}

/// Five to fifteen digits (E.164), perhaps after a `+`, perhaps with blanks, dots, hyphens and brackets between them.
fn is_phone(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (5..=15).contains(&digits) && number.len() <= 30 && number.bytes().all(|byte| byte.is_ascii_digit() || b" .-()".contains(&byte))
}

/// A day of the calendar, four digits of the year first.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let &[year, month, day] = parts.as_slice() else { return false };
    let number = |text: &str, length| {
        let whole = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = number.split_once('.').map_or((number, None), |(whole, decimals)| (whole, Some(decimals)));
    text.len() <= 30 && digits(whole) && decimals.is_none_or(digits)
}

/// Letters, digits and what stands between them, a digit among them.
fn is_id_number(text: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '.' | '/');
    (4..=30).contains(&text.chars().count()) && text.chars().all(letter) && text.contains(|letter: char| letter.is_ascii_digit())
}

fn once<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests;
