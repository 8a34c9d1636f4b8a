//! Answers: a reply as JSON, a refusal as a [`Problem`]. A problem is only carried here; its body is written by the outermost middleware, which knows the
//! request's id and what the client accepts.

use std::sync::Arc;

use aforo_domain::command::Reply;
use aforo_domain::error::{Code, DetailId, Error};
use aforo_domain::identity::sign_in::Granted;
use aforo_domain::orders::Order;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

/// Says that an answer is a repeated one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Says which request an answer belongs to.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What is left of a limit (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What is answered.
    pub error: Box<Error>,
    /// Whether this answer was given before and is only repeated.
    pub replayed: bool,
    /// RFC 6749's word for it, at the token endpoint, which says both.
    pub oauth: Option<&'static str>,
}

impl Problem {
    /// Whether it was this code.
    pub fn is(&self, code: Code) -> bool {
        self.error.code == code
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error: Box::new(error), replayed: false, oauth: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Error::new(code).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = status(&self.error);
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// A body of JSON, 200.
pub fn json<T: Serialize>(body: &T) -> Response {
    json_bytes(encode(body))
}

/// A body that is JSON already (a cached one), 200.
pub fn json_bytes(body: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn encode<T: Serialize>(body: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2048);
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        // Only a map with keys that are no strings could do this: a mistake in a wire type.
        panic!("an answer is no JSON: {error}");
    }
    bytes
}

/// What the engine answered to a command that it did.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What was answered.
    pub reply: Reply,
    /// Whether it was answered before and is only repeated.
    pub replayed: bool,
}

impl Answered {
    /// The order, of a command that answers one.
    ///
    /// # Errors
    /// `DIST0000` if the command answers something else, which is a mistake of the handler.
    pub fn order(&self) -> Result<&Arc<Order>, Problem> {
        match &self.reply {
            Reply::Order(order) => Ok(order),
            other => Err(unexpected(other)),
        }
    }

    /// The sign-in, of a command that answers one.
    ///
    /// # Errors
    /// `DIST0000` if the command answers something else.
    pub fn granted(&self) -> Result<&Arc<Granted>, Problem> {
        match &self.reply {
            Reply::Granted(granted) => Ok(granted),
            other => Err(unexpected(other)),
        }
    }

    /// The ids, of a command that answers some.
    ///
    /// # Errors
    /// `DIST0000` if the command answers something else.
    pub fn ids(&self) -> Result<&[u64], Problem> {
        match &self.reply {
            Reply::Ids(ids) => Ok(ids),
            other => Err(unexpected(other)),
        }
    }

    /// The answer with this body; says so if it is a repeated one.
    pub fn json<T: Serialize>(&self, body: &T) -> Response {
        let mut response = json(body);
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// `DIST0000`: a command answered something else than its handler expects, which is a mistake of the handler.
pub fn unexpected(reply: &Reply) -> Problem {
    Error::new(Code::Dist0000).because(format!("unexpected reply {reply:?}")).into()
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer a problem becomes: the plain body, or an RFC 9457 document where the client asks for one.
pub fn render(problem: &Problem, headers: HeaderMap, request_id: &str, as_problem: bool) -> Response {
    let error = &problem.error;
    let mut response = Response::new(body(problem, request_id, as_problem).into());
    *response.status_mut() = status(error);
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    // The router has noted the length of a body that was empty until now.
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, if as_problem { PROBLEM_JSON } else { JSON });
    if problem.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    match error.code.status() {
        401 => drop(headers.entry(WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"))),
        405 => drop(headers.entry(ALLOW).or_insert(HeaderValue::from_static(""))),
        429 | 503 => drop(headers.entry(RETRY_AFTER).or_insert_with(|| HeaderValue::from(retry_after(error)))),
        _ => {}
    }
    if error.code.status() == 429 {
        headers.entry(RATE_LIMIT).or_insert_with(|| rate_limit(error));
    }
    response
}

/// Seconds until another try may do better: what the error says, else one.
fn retry_after(error: &Error) -> u64 {
    error.fill.first().and_then(|seconds| seconds.parse().ok()).unwrap_or(1)
}

fn rate_limit(error: &Error) -> HeaderValue {
    HeaderValue::from_str(&format!("\"default\";r=0;t={}", retry_after(error))).unwrap_or(HeaderValue::from_static("\"default\";r=0"))
}

#[derive(Serialize)]
struct Plain<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Detail<'a>],
}

#[derive(Serialize)]
struct Rfc9457<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Detail<'a>],
}

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(serialize_with = "serialize_id")]
    id: &'a DetailId,
}

fn serialize_id<S: Serializer>(id: &&DetailId, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        DetailId::Number(id) => serializer.serialize_u64(*id),
        DetailId::Text(id) => serializer.serialize_str(id),
    }
}

fn body(problem: &Problem, request_id: &str, as_problem: bool) -> Vec<u8> {
    let Problem { error: refusal, oauth: error, .. } = problem;
    let (code, message) = (refusal.code.as_str(), &refusal.message());
    let error_description = error.map(|_| message.as_str());
    let details: Vec<_> = refusal.details.iter().map(|id| Detail { id }).collect();
    let (error, details) = (*error, details.as_slice());
    if !as_problem {
        return encode(&Plain { error, error_description, code, message, request_id, details });
    }
    let (r#type, title) = (format!("/docs/errors#{code}"), status(refusal).canonical_reason().unwrap_or_default());
    let (status, detail) = (refusal.code.status(), message);
    encode(&Rfc9457 { r#type, title, status, detail, code, request_id, error, error_description, details })
}
