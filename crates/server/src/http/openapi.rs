//! The OpenAPI documents: what the handlers say of themselves, completed with what holds for all of them, above all the errors. Codes, statuses and
//! messages come from the catalogue's table, so that no document can differ from what is answered.

use std::collections::{BTreeMap, BTreeSet};

use aforo_domain::error::{Code, Origin};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// What any call may answer.
pub const EVERYWHERE: &[Code] = &[Code::Dist0000, Code::TooManyRequests, Code::Overloaded];

/// What any call with a token may answer: who asks, and whether the form is right.
const SIGNED_IN: &[Code] = &[
    Code::Unauthorized,
    Code::InvalidAuthClientId,
    Code::ForbiddenResource,
    Code::Auth0001,
    Code::Auth0003,
    Code::Auth0005,
    Code::Auth0006,
    Code::Auth0007,
    Code::Auth0008,
    Code::Auth0009,
    Code::Auth0010,
    Code::Auth0011,
    Code::Auth0013,
    Code::Auth0014,
    Code::Auth0016,
    Code::Auth0017,
    Code::Auth0018,
    Code::Auth0019,
    Code::Auth0020,
    Code::Auth0021,
    Code::Auth0022,
    Code::Auth0023,
    Code::Auth0024,
    Code::Auth0025,
    Code::Auth0027,
    Code::Dist0003,
    Code::Dist0004,
    Code::Dist0005,
    Code::Dist0006,
];

/// What a call that may carry a body or an `Idempotency-Key` may answer besides.
const CHANGING: &[Code] = &[Code::Dist0002, Code::IdempotencyKeyReused, Code::IdempotencyInProgress];

/// What the extension of an operation is called that names its codes, separated by blanks.
const CODES: &str = "x-codes";
/// The scheme of access tokens.
const BEARER: &str = "bearer";

/// Every refusal. With `Accept: application/problem+json` the same as an RFC 9457 document.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorView {
    /// A code of the catalogue.
    code: String,
    /// Its message, its slots filled.
    message: String,
    /// What to name when asking for help.
    request_id: String,
    /// All refused ids, where several things were named and some refused.
    details: Option<Vec<DetailView>>,
}

/// One refused thing.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorDetail)]
pub struct DetailView {
    /// Its id: a number, or a text where ids are texts.
    #[schema(value_type = Value)]
    id: String,
}

/// Completes a document.
pub fn complete(name: &str, mut document: OpenApi) -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0 OR MIT").build();
    let version = env!("CARGO_PKG_VERSION");
    document.info = InfoBuilder::new().title(format!("aforo {name}")).version(version).license(Some(license)).build();
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]);
    let components = document.components.get_or_insert_default();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(token).into());
    components.schemas.insert("Error".to_owned(), ErrorView::schema());
    components.schemas.insert("ErrorDetail".to_owned(), DetailView::schema());
    for item in document.paths.paths.values_mut() {
        for (operation, changing) in operations(item) {
            errors(operation, changing);
        }
    }
    document
}

/// Each operation of a path, and whether it may change something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reading = item.get.iter_mut().map(|operation| (operation, false));
    let changing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    reading.chain(changing.into_iter().flatten().map(|operation| (operation, true)))
}

/// Says which errors an operation may answer: by status in its responses, and all in one list.
fn errors(operation: &mut Operation, changing: bool) {
    let own = operation.extensions.as_ref().and_then(|extensions| extensions.get(CODES)).and_then(Value::as_str).unwrap_or_default();
    let own: Vec<_> = own.split_ascii_whitespace().map(|name| code(name, operation)).collect();
    let signed_in = operation.security.is_none();
    let shared = if signed_in { SIGNED_IN } else { &[] };
    let bodied = if signed_in && changing { CHANGING } else { &[] };
    let codes: BTreeSet<Code> = own.iter().chain(EVERYWHERE).chain(shared).chain(bodied).copied().collect();
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    operation.extensions.get_or_insert_default().insert(CODES.to_owned(), json!(names.join(" ")));
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let (own, shared): (Vec<Code>, Vec<Code>) = codes.into_iter().partition(|code| own.contains(code));
        let lines = own.iter().map(|code| format!("- `{}` {}", code.as_str(), code.message()));
        let any = Some(shared.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ")).filter(|shared| !shared.is_empty());
        let lines: Vec<_> = lines.chain(any.map(|shared| format!("- as any call: {shared}"))).collect();
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
        let response = ResponseBuilder::new().description(lines.join("\n")).content("application/json", body).build();
        operation.responses.responses.insert(status.to_string(), response.into());
    }
}

/// A code by its name. One that is not in the table is a mistake of the handler's, found when the documents are made: at the start and in every test.
fn code(name: &str, operation: &Operation) -> Code {
    let known = Code::ALL.iter().find(|code| code.as_str() == name).copied();
    known.unwrap_or_else(|| panic!("{:?} lists {name}, which is not in the catalogue", operation.operation_id))
}

/// The catalogue as a page, with an anchor for each code: what the `type` of an RFC 9457 document points to.
pub fn errors_page() -> String {
    let rows: String = Code::ALL.iter().map(|code| row(*code)).collect();
    include_str!("errors.html").replace("{{rows}}", &rows)
}

fn row(code: Code) -> String {
    let (name, status, message) = (code.as_str(), code.status(), code.message().replace('&', "&amp;").replace('<', "&lt;"));
    let ours = if code.origin() == Origin::Own { " (ours)" } else { "" };
    format!("<tr id=\"{name}\"><td><code>{name}</code>{ours}</td><td>{status}</td><td>{message}</td></tr>\n")
}

#[cfg(test)]
mod tests {
    use crate::http::router;

    #[test]
    fn every_operation_has_its_errors_and_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for (api, document) in router::documents() {
            let document = serde_json::to_value(document).unwrap();
            assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
            for (path, item) in document["paths"].as_object().unwrap() {
                for (method, operation) in item.as_object().unwrap() {
                    let name = operation["operationId"].as_str().unwrap_or_default();
                    assert!(names.insert(format!("{api} {name}")), "{api} {method} {path}: {name} is not its own");
                    assert!(operation["responses"]["500"]["description"].as_str().unwrap().contains("DIST0000"), "{method} {path}");
                    let signed_in = operation["responses"].get("403").is_some();
                    assert_eq!(signed_in, api != "oauth" || path == "/oauth/token", "{method} {path}");
                }
            }
        }
        assert!(names.contains("oauth token"), "{names:?}");
    }
}
