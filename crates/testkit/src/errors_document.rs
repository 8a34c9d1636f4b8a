//! `docs/ERRORS.md`, written from the catalogue's table, from `spec/error-triggers.tsv` (when each code is answered) and from what the operations declare.

use std::collections::{BTreeSet, HashMap};

use aforo_domain::error::{Code, Origin};

use crate::declared::Declared;

const TRIGGERS: &str = include_str!("../../../spec/error-triggers.tsv");

const HEAD: &str = "\
# Errors

Every refusal is `{\"code\", \"message\", \"request_id\"}`, with `\"details\": [{\"id\": ...}]` where several things were named and some refused: all of them,
never why. With `Accept: application/problem+json` the same is an RFC 9457 document. `POST /oauth/token` adds `error` and `error_description`
(RFC 6749). Internal texts never reach a client; they are in the log under the request id.

One bad request always gives one answer, because every call checks in this order: content type, token, rate, client, scope, whether channel, entity,
operator, user, terminal and point of sale are there and active, role and permission, then path, headers, query and body, the
`Idempotency-Key`, and last the rules of the thing itself.

This file is generated from `spec/error-codes.tsv` (the given catalogue), `spec/own-codes.tsv` (our own, marked so),
`spec/error-triggers.tsv` and the operations' declarations.

| code | status | message | answered when | by |
|---|---|---|---|---|
";

/// The whole document.
///
/// # Panics
/// If a code has no line in `spec/error-triggers.tsv`.
pub fn errors_document() -> String {
    let triggers: HashMap<_, _> = TRIGGERS.lines().skip(1).filter_map(|line| line.split_once('\t')).collect();
    let declared = Declared::default();
    let mut text = HEAD.to_owned();
    for code in Code::ALL {
        let when = triggers.get(code.as_str()).unwrap_or_else(|| panic!("spec/error-triggers.tsv has no line for {}", code.as_str()));
        let ours = if code.origin() == Origin::Own { " (ours)" } else { "" };
        let by = answered_by(&declared, code.as_str());
        text += &format!("| `{}`{ours} | {} | {} | {when} | {by} |\n", code.as_str(), code.status(), code.message());
    }
    text
}

/// Which operations declare a code, in few words that do not change with every new operation.
fn answered_by(declared: &Declared, code: &str) -> String {
    let (all, by): (Vec<_>, Vec<_>) =
        (declared.0.iter().collect(), declared.0.iter().filter(|operation| operation.codes.contains(code)).collect());
    let signed_in = all.iter().filter(|operation| operation.is_signed_in());
    if by.is_empty() {
        return if code == Code::MethodNotAllowed.as_str() { "every path" } else { "nothing yet" }.to_owned();
    }
    if by.len() == all.len() {
        return "every call".to_owned();
    }
    let mut words = Vec::new();
    let mut rest = by.clone();
    if signed_in.clone().all(|operation| operation.codes.contains(code)) {
        words.push("every call with a token".to_owned());
        rest.retain(|operation| !operation.is_signed_in());
    }
    if rest.len() > 6 {
        let apis: BTreeSet<_> = rest.iter().filter_map(|operation| operation.path.split('/').nth(1)).collect();
        words.extend(apis.iter().map(|api| format!("`{api}`")));
    } else {
        words.extend(rest.iter().map(|operation| format!("`{} {}`", operation.method, operation.path)));
    }
    words.join(", ")
}
