//! What fields take and what they do not.

use proptest::prelude::*;

use super::{Answers, Choice, Field, FieldKind, Form, is_email, is_key};
use crate::error::Code;

fn field(key: &str, mandatory: bool, kind: FieldKind) -> Field {
    Field { key: key.to_owned(), mandatory, kind, names: Default::default() }
}

fn choices(values: &[&str]) -> FieldKind {
    FieldKind::Choice(values.iter().map(|value| Choice { value: (*value).to_owned(), names: Default::default() }).collect())
}

fn form() -> Form {
    let fields = vec![
        field("name", true, FieldKind::Text { max_length: 5 }),
        field("mail", false, FieldKind::Email),
        field("phone", false, FieldKind::Phone),
        field("born", false, FieldKind::Date),
        field("height", false, FieldKind::Number),
        field("document", false, FieldKind::IdNumber),
        field("size", true, choices(&["S", "M", "L"])),
    ];
    Form { fields }
}

fn answers(all: &[(&str, &str)]) -> Answers {
    all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn said(all: &[(&str, &str)]) -> String {
    form().check("fields", &answers(all)).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn each_kind_takes_what_it_says() {
    let good =
        [("name", "Ñandú"), ("mail", "ana@example.org"), ("phone", "+34 (96) 123-45.67"), ("born", "2028-02-29"), ("height", "-1.75")];
    for (key, answer) in good.into_iter().chain([("document", "12.345.678-Z"), ("size", "M")]) {
        assert_eq!(said(&[(key, answer)]), "", "{key} {answer}");
    }
    let formless =
        [("mail", "ana"), ("phone", "call me"), ("phone", "1234"), ("born", "2031-02-29"), ("born", "31/12/2031"), ("born", "2031-13-01")];
    for (key, answer) in formless.into_iter().chain([("height", "1,75"), ("height", "."), ("document", "none"), ("document", "1")]) {
        assert_eq!(said(&[(key, answer)]), format!("DIST0004 Invalid 'fields.{key}' format: '{answer}'"));
    }
}

#[test]
fn all_that_is_out_of_place_is_named_and_form_goes_first() {
    let wrong = [("name", "too long"), ("size", "XXL"), ("shoe", "42")];
    assert_eq!(said(&wrong), "DIST0005 Invalid parameter(s): 'fields.name, fields.shoe, fields.size'");
    assert!(said(&[("name", "too long"), ("mail", "ana")]).starts_with("DIST0004"));
}

#[test]
fn a_form_lacks_what_is_mandatory_and_not_filled_in() {
    assert!(form().lacks(&answers(&[])) && form().lacks(&answers(&[("name", "Ana")])));
    assert!(form().lacks(&answers(&[("name", " "), ("size", "M")])));
    assert!(!form().lacks(&answers(&[("name", "Ana"), ("size", "M")])));
    assert!(!Form::default().lacks(&answers(&[])));
}

#[test]
fn forms_have_bounds() {
    assert!(form().is_good(&[]) && Form::default().is_good(&[]));
    assert!(!form().is_good(&["mail"]), "the key is taken");
    let of = |fields: Vec<Field>| Form { fields }.is_good(&[]);
    assert!(!of(vec![field("a", true, FieldKind::Date), field("a", true, FieldKind::Email)]), "a key twice");
    for kind in
        [FieldKind::Text { max_length: 0 }, FieldKind::Text { max_length: 1_001 }, choices(&[]), choices(&["a", "a"]), choices(&[""])]
    {
        assert!(!of(vec![field("a", false, kind.clone())]), "{kind:?}");
    }
    let many = |count: usize| (0..count).map(|number| field(&format!("f{number}"), false, FieldKind::Date)).collect();
    assert!(of(many(50)) && !of(many(51)));
    assert!(is_key("shoe_size2") && !is_key("") && !is_key("Name") && !is_key("2nd") && !is_key(&"k".repeat(51)));
}

#[test]
fn addresses_look_like_addresses() {
    for good in ["ana@example.org", "a.b+c@sub.example.co", "ñandú@example.es"] {
        assert!(is_email(good), "{good}");
    }
    for bad in ["ana", "@example.org", "ana@", "ana@example", "ana@@example.org", "a na@example.org", "ana@.org", "ana@example."] {
        assert!(!is_email(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_check_names_exactly_what_the_form_does_not_know(known in 0_usize..8, keys in proptest::collection::btree_set("[a-z]{1,2}", 0..12)) {
        let fields: Vec<_> = keys.iter().take(known).map(|key| field(key, false, FieldKind::Text { max_length: 10 })).collect();
        let unknown: Vec<_> = keys.iter().skip(known).map(|key| format!("f.{key}")).collect();
        let all = keys.iter().map(|key| (key.clone(), "x".to_owned())).collect();
        match (Form { fields }).check("f", &all) {
            Ok(()) => prop_assert!(unknown.is_empty()),
            Err(error) => prop_assert_eq!((error.code, error.fill), (Code::Dist0005, vec![unknown.join(", ")])),
        }
    }

    #[test]
    fn every_day_of_a_month_is_a_date_and_no_other(year in 1900_u32..2100, month in 0_u32..15, day in 0_u32..40) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let days = [31, if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let is = (1..=12).contains(&month) && (1..=days[month as usize - 1]).contains(&day);
        prop_assert_eq!(FieldKind::Date.fault(&text).is_none(), is);
    }

    #[test]
    fn whatever_is_filled_in_is_judged_and_nothing_panics(key in "name|mail|phone|born|height|document|size", answer in "\\PC{0,40}") {
        let refused = form().check("fields", &answers(&[(&key, &answer)])).err();
        prop_assert!(refused.is_none_or(|error| matches!(error.code, Code::Dist0004 | Code::Dist0005)));
    }
}
