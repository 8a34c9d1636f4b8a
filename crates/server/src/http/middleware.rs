//! The middleware stack on one page: what happens to every request, in this order, outermost first.
//!
//! 1. it gets an id, which is in the answer, in an error's body and in the log;
//! 2. it is counted and timed;
//! 3. a panic in a handler costs that one request (500);
//! 4. the content type of a body is checked, before anything else about it (`DIST0003`);
//! 5. the router finds its handler, or `NOT_FOUND` or `METHOD_NOT_ALLOWED`;
//! 6. a [`Problem`] becomes a body in the form that the client accepts.
//!
//! It is one function and not a stack of layers, because its cost is in every request. Bodies' limits are the extractors' (they know how much a call
//! may bring); who asks is the extractors' too.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use aforo_domain::error::{Code, Error};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use tower::Service;

use super::call::{MAX_BODY, essence, read};
use super::respond::{self, Problem, REQUEST_ID};
use super::router;
use crate::app::App;

/// Where OAuth's own calls are: they take forms, and they alone need to know where a request comes from.
const OAUTH: &str = "/oauth/";

/// Calls whose body is a file, with a star for an id: what else they take than JSON.
const FILES: &[(&str, &[&str])] = &[
    ("/mgmt-api/v1/venue-templates/import", &["text/csv", "image/svg+xml"]),
    ("/mgmt-api/v1/collectives/*/members/import", &["text/csv"]),
];

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The whole HTTP side of an application: a request in, an answer out. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Http {
    app: App,
    router: Router,
}

impl Http {
    /// All APIs of an application.
    pub fn new(app: App) -> Self {
        Self { router: router::routes().with_state(app.clone()), app }
    }

    /// Answers one request. Never fails and never panics.
    pub async fn answer(&self, mut request: Request<Body>, peer: IpAddr) -> Response {
        let began = self.app.clock.now();
        let id = self.app.http.request_ids.next();
        let as_problem = wants_problem(&request);
        if request.uri().path().starts_with(OAUTH) {
            request.extensions_mut().insert(Peer(peer));
        }
        let mut response = match self.checked(request).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        };
        if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
            let id = id.to_str().unwrap_or_default();
            log(&problem.error, id);
            let headers = std::mem::take(response.headers_mut());
            response = respond::render(&problem, headers, id, as_problem);
        }
        response.headers_mut().insert(REQUEST_ID, id);
        self.app.http.metrics.answered(response.status().as_u16(), began, self.app.clock.now());
        response
    }

    async fn checked(&self, request: Request<Body>) -> Result<Response, Problem> {
        let request = content_type(request).await?;
        let mut router = self.router.clone();
        let mut answering = pin!(router.call(request));
        let answered = std::future::poll_fn(|context| {
            // The state a panic may leave behind is that of one request, which ends here, and locks, which are taken over where they are poisoned.
            match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
                Ok(poll) => poll.map(|result| result.map_err(|never| match never {})),
                Err(_) => Poll::Ready(Err(Problem::from(Error::new(Code::Dist0000).because("a handler panicked")))),
            }
        });
        answered.await
    }
}

/// Step 1: a body is JSON, whoever sends it, but for calls that take files. An empty one needs no type; what OAuth takes are forms, and it judges them itself.
async fn content_type(request: Request<Body>) -> Result<Request<Body>, Problem> {
    let path = request.uri().path();
    if request.body().is_end_stream()
        || request.headers().get(CONTENT_TYPE).is_some_and(is_json)
        || path.starts_with(OAUTH)
        || FILES.iter().any(|(call, types)| is_call(call, path) && types.contains(&essence(request.headers()).as_str()))
    {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    // A chunked body may still turn out to be empty.
    match read(body, MAX_BODY).await {
        Ok(bytes) if bytes.is_empty() => Ok(Request::from_parts(parts, Body::empty())),
        _ => Err(Code::Dist0003.into()),
    }
}

/// Whether a path is one of these calls.
fn is_call(call: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    call.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part)) && parts.next().is_none()
}

fn is_json(value: &HeaderValue) -> bool {
    let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn wants_problem(request: &Request<Body>) -> bool {
    request.headers().get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|accept| accept.contains("application/problem+json")))
}

/// What a client is never told.
fn log(error: &Error, request_id: &str) {
    if error.code.status() >= 500 {
        tracing::error!(request_id, code = error.code.as_str(), context = %error.context, "request failed");
    } else {
        tracing::debug!(request_id, code = error.code.as_str(), context = %error.context, "request refused");
    }
}

/// Ids of requests: unique in this process and unlikely to be met again elsewhere. No secret.
#[derive(Debug)]
pub struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl RequestIds {
    /// A sequence that begins anywhere.
    pub fn new(seed: [u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = seed;
        Self { start: u64::from_le_bytes([a, b, c, d, e, f, g, h]), count: AtomicU64::new(0) }
    }

    /// 16 hexadecimal digits.
    fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        // Odd, so that every count gives another id; large, so that neighbours do not look alike.
        let id = self.start.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let digits: [u8; 16] = std::array::from_fn(|at| b"0123456789abcdef"[(id >> (60 - 4 * at)) as usize & 15]);
        HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
    }
}
