//! Forms as management reads them, and as it and the distribution API show them. A form is replaced as a whole.

use aforo_domain::forms::{Choice, Field, FieldKind, Form, MAX_ANSWER, MAX_CHOICES, MAX_FIELDS};
use serde::{Deserialize, Serialize};

use super::catalogue::label;
use super::channel_terms::{NamesBody, NamesView, names};
use crate::http::checks::Checks;
use crate::http::wire::Num;

/// A form. An empty one is none.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FormBody {
    /// All its fields, in the order in which they are shown: at most 50.
    #[schema(required = true)]
    fields: Option<Vec<FieldBody>>,
}

/// A field of a form.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FieldBody {
    /// Once in the form: small letters, digits and underscores, a letter first.
    #[schema(required = true)]
    key: Option<String>,
    /// `TEXT`, `EMAIL`, `PHONE`, `DATE` (`2031-12-31`), `NUMBER`, `ID_NUMBER` or `CHOICE`.
    #[schema(required = true)]
    r#type: Option<String>,
    /// Whether pre-confirm refuses without it; else not.
    mandatory: Option<bool>,
    /// Of a `TEXT`: characters at most, 1 to 1 000; else 1 000.
    max_length: Option<Num>,
    /// Of a `CHOICE`: what it takes, at most 100.
    choices: Option<Vec<ChoiceBody>>,
    texts: Option<NamesBody>,
}

/// One of the answers that a field takes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChoiceBody {
    /// What is filled in: at most 50 characters.
    #[schema(required = true)]
    value: Option<String>,
    texts: Option<NamesBody>,
}

/// A form as management shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FormView<'a> {
    fields: Vec<FieldView<'a>>,
}

/// A field of a form.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldView<'a> {
    key: String,
    /// `TEXT`, `EMAIL`, `PHONE`, `DATE` (`2031-12-31`), `NUMBER`, `ID_NUMBER` or `CHOICE`.
    r#type: &'static str,
    mandatory: bool,
    /// Of a `TEXT`: characters at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u32>,
    /// Of a `CHOICE`: what it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<ChoiceView<'a>>>,
    texts: NamesView,
}

/// One of the answers that a field takes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChoiceView<'a> {
    value: &'a str,
    texts: NamesView,
}

/// Kinds of fields by their words.
#[derive(Clone, Copy)]
enum Word {
    Text,
    Email,
    Phone,
    Date,
    Number,
    IdNumber,
    Choice,
}

const WORDS: &[(&str, Word)] = &[
    ("TEXT", Word::Text),
    ("EMAIL", Word::Email),
    ("PHONE", Word::Phone),
    ("DATE", Word::Date),
    ("NUMBER", Word::Number),
    ("ID_NUMBER", Word::IdNumber),
    ("CHOICE", Word::Choice),
];

/// Reads a form, which was sent as the field `name`.
pub fn read(checks: &mut Checks, name: &str, body: Option<&FormBody>) -> Option<Form> {
    let fields = checks.required(&format!("{name}.fields"), body?.fields.as_deref())?;
    if fields.len() > MAX_FIELDS {
        checks.bad_value(&format!("{name}.fields"));
        return None;
    }
    Some(Form { fields: fields.iter().filter_map(|field| field.read(checks, &format!("{name}.fields"))).collect() })
}

impl FieldBody {
    fn read(&self, checks: &mut Checks, name: &str) -> Option<Field> {
        let key = label(checks, &format!("{name}.key"), self.key.as_deref(), None);
        let names = names(checks, &format!("{name}.texts.name"), self.texts.as_ref());
        let word = checks.required(&format!("{name}.type"), self.r#type.as_deref());
        let kind = match checks.one_of(&format!("{name}.type"), word, WORDS)? {
            Word::Text => {
                let most = checks.optional_whole(&format!("{name}.max_length"), self.max_length.as_ref(), 1..=u64::from(MAX_ANSWER));
                FieldKind::Text { max_length: most.map_or(MAX_ANSWER, |most| most as u32) }
            }
            Word::Email => FieldKind::Email,
            Word::Phone => FieldKind::Phone,
            Word::Date => FieldKind::Date,
            Word::Number => FieldKind::Number,
            Word::IdNumber => FieldKind::IdNumber,
            Word::Choice => FieldKind::Choice(self.choices(checks, &format!("{name}.choices"))),
        };
        Some(Field { key, mandatory: self.mandatory.unwrap_or_default(), kind, names })
    }

    fn choices(&self, checks: &mut Checks, name: &str) -> Vec<Choice> {
        let choices = checks.required(name, self.choices.as_deref()).unwrap_or_default();
        if choices.len() > MAX_CHOICES {
            checks.bad_value(name);
            return Vec::new();
        }
        let read = |choice: &ChoiceBody| Choice {
            value: checks.text(&format!("{name}.value"), choice.value.as_deref()),
            names: names(checks, &format!("{name}.texts.name"), choice.texts.as_ref()),
        };
        choices.iter().map(read).collect()
    }
}

/// Shows a form, if there is one.
pub fn show(form: &Form) -> Option<FormView<'_>> {
    (!form.is_empty()).then(|| FormView { fields: form.fields.iter().map(FieldView::of).collect() })
}

impl<'a> FieldView<'a> {
    /// A field.
    pub fn of(field: &'a Field) -> Self {
        Self { texts: NamesView::of(&field.names), ..Self::plain(field.key.clone(), field.mandatory, &field.kind) }
    }

    /// A field that has no names.
    pub fn plain(key: String, mandatory: bool, kind: &'a FieldKind) -> Self {
        let choice = |choice: &'a Choice| ChoiceView { value: &choice.value, texts: NamesView::of(&choice.names) };
        let (r#type, max_length, choices) = match kind {
            FieldKind::Text { max_length } => ("TEXT", Some(*max_length), None),
            FieldKind::Email => ("EMAIL", None, None),
            FieldKind::Phone => ("PHONE", None, None),
            FieldKind::Date => ("DATE", None, None),
            FieldKind::Number => ("NUMBER", None, None),
            FieldKind::IdNumber => ("ID_NUMBER", None, None),
            FieldKind::Choice(choices) => ("CHOICE", None, Some(choices.iter().map(choice).collect())),
        };
        Self { key, r#type, mandatory, max_length, choices, texts: NamesView::default() }
    }
}
