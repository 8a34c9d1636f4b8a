//! A call that changes something: its body, read whole and within its limit, and its `Idempotency-Key`. What the body must hold is the handler's to check.

use std::time::Duration;

use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::Claim;
use aforo_domain::identity::Subject;
use aforo_domain::ids::Hash;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::Digest;

use super::respond::Problem;

/// The largest body of most calls, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// The largest body of an import, in bytes.
pub const MAX_IMPORT: usize = 64 << 20;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a repeated request safe.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Names the current order.
pub const ORDER_ID: HeaderName = HeaderName::from_static("ob-order-id");

/// The body of a call that needs none; one that is there is ignored, as long as it is JSON.
pub type NoBody = IgnoredAny;

/// A body that is a file, of whatever form: its bytes, unread. Which forms a call takes is the middleware's to check (`middleware::FILES`).
#[derive(Debug, Clone)]
pub struct File {
    /// As it came.
    pub bytes: Bytes,
    /// Its content type, without parameters and in small letters.
    pub content_type: String,
}

/// A call's body as `T`, and its idempotency key. `Option<T>` is a body that may be left out, [`NoBody`] one that is not looked at.
#[derive(Debug)]
pub struct Call<T, const MAX: usize = MAX_BODY> {
    /// What was sent. Unknown fields are ignored.
    pub body: T,
    pub(super) repeat: Option<Repeat>,
}

/// An `Idempotency-Key`, with what tells its request from another one.
#[derive(Debug)]
pub(super) struct Repeat {
    key: String,
    fingerprint: Hash,
}

impl Repeat {
    /// The claim for this caller: the key is scoped to channel or key plus user, never to the token.
    pub(super) fn claim(&self, subject: &Subject) -> Claim {
        self.claim_of(subject, &self.key)
    }

    /// The claim of one line of the call. A key holds no blank, so that no other call's key is taken for it.
    pub(super) fn claim_of_line(&self, subject: &Subject, mark: &str) -> Claim {
        self.claim_of(subject, &format!("{} {mark}", self.key))
    }

    fn claim_of(&self, subject: &Subject, key: &str) -> Claim {
        let owner = subject.channel.map_or(subject.key.map_or(0, |key| key.0), |channel| channel.0);
        let user = subject.user.map_or(0, |user| user.0);
        let kind = if subject.channel.is_some() { "channel" } else { "key" };
        let scope = format!("{kind} {} {owner} {user} {key}", subject.shard);
        Claim { key: Hash::of(scope.as_bytes()), fingerprint: self.fingerprint }
    }
}

impl<S: Sync, T: DeserializeOwned, const MAX: usize> FromRequest<S> for Call<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = idempotency_key(&parts.method, &parts.headers)?;
        let bytes = read(body, MAX).await?;
        let body = parse(&bytes)?;
        let repeat = key.map(|key| Repeat { key, fingerprint: fingerprint(&parts.method, &parts.uri, &parts.headers, &bytes) });
        Ok(Self { body, repeat })
    }
}

impl<S: Sync, const MAX: usize> FromRequest<S> for Call<File, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = idempotency_key(&parts.method, &parts.headers)?;
        let content_type = essence(&parts.headers);
        let bytes = read(body, MAX).await?;
        let repeat = key.map(|key| Repeat { key, fingerprint: fingerprint(&parts.method, &parts.uri, &parts.headers, &bytes) });
        Ok(Self { body: File { bytes, content_type }, repeat })
    }
}

/// A content type without its parameters, in small letters.
pub(super) fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    String::from_utf8_lossy(essence.trim_ascii()).to_ascii_lowercase()
}

/// Any POST or DELETE may carry one: 1 to 255 visible characters.
fn idempotency_key(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if method != Method::POST && method != Method::DELETE {
        return Ok(None);
    }
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let bytes = value.as_bytes();
    let fits = (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if fits => Ok(Some(key.to_owned())),
        _ => Err(Error::invalid(&["Idempotency-Key"]).into()),
    }
}

/// A body, whole.
///
/// # Errors
/// `DIST0002` if it is too large, comes too slowly or breaks off.
pub async fn read(body: Body, max: usize) -> Result<Bytes, Problem> {
    let unread = |why: String| Problem::from(Error::new(Code::Dist0002).because(format!("the body was not read: {why}")));
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, max)).await;
    read.map_err(|late| unread(late.to_string()))?.map_err(|error| unread(error.to_string()))
}

/// An absent body is read as `null`: right for what may be left out, wrong for the rest.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| Error::new(Code::Dist0002).because(error.to_string()).into())
}

fn fingerprint(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Hash {
    let order = headers.get(ORDER_ID).map_or(&b""[..], |value| value.as_bytes());
    let mut hash = sha2::Sha256::new();
    for part in [method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes(), order, body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Hash(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::{FromRequest, Request};
    use serde::Deserialize;

    use super::{Call, NoBody};
    use crate::http::wire::Num;

    #[derive(Debug, Deserialize)]
    struct Wanted {
        quantity: Option<Num>,
    }

    fn post(body: impl Into<Body>) -> Request {
        Request::post("/orders?a=1").body(body.into()).unwrap()
    }

    async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<Call<T>, &'static str> {
        Call::<T>::from_request(request, &()).await.map_err(|problem| problem.error.code.as_str())
    }

    #[tokio::test]
    async fn a_body_is_json_of_the_right_shape_and_size() {
        let call: Call<Wanted> = read(post(r#"{"quantity":2,"new_in_2040":[{}]}"#)).await.unwrap();
        assert_eq!(call.body.quantity.unwrap().text(), "2");
        let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
        let deep = "[".repeat(100_000);
        for wrong in ["", "null", "{", "[]", r#"{"quantity":"2"}"#, r#"{"quantity":{"a":1}}"#, "\u{0}", &large, &deep] {
            assert_eq!(read::<Wanted>(post(wrong.to_owned())).await.unwrap_err(), "DIST0002", "{}", &wrong[..wrong.len().min(20)]);
        }
        assert!(read::<Wanted>(post(r#"{"quantity":null}"#)).await.unwrap().body.quantity.is_none());
        assert!(read::<Option<Wanted>>(post("")).await.unwrap().body.is_none());
        assert!(read::<NoBody>(post("")).await.is_ok() && read::<NoBody>(post(r#"{"a":1}"#)).await.is_ok());
        assert_eq!(read::<NoBody>(post("{")).await.unwrap_err(), "DIST0002");
    }

    #[tokio::test]
    async fn a_key_is_visible_and_not_endless() {
        let with = |method: &str, key: &[u8]| {
            let request = Request::builder().method(method).uri("/orders").header("idempotency-key", key).body(Body::empty()).unwrap();
            read::<NoBody>(request)
        };
        assert!(with("POST", b"a-1").await.unwrap().repeat.is_some());
        assert!(with("DELETE", &[b'k'; 255]).await.unwrap().repeat.is_some());
        assert!(with("PUT", b"").await.unwrap().repeat.is_none(), "only POST and DELETE have one");
        for bad in [&b""[..], &[b'k'; 256], b"two words", "clé".as_bytes()] {
            assert_eq!(with("POST", bad).await.unwrap_err(), "DIST0005");
        }
    }

    #[tokio::test]
    async fn a_fingerprint_knows_method_path_query_order_and_body() {
        let base = |change: &str| {
            let (method, uri) =
                (if change == "method" { "DELETE" } else { "POST" }, if change == "query" { "/orders?b" } else { "/orders?a" });
            let (order, body) = (if change == "order" { "2" } else { "1" }, if change == "body" { "{}" } else { "[]" });
            let request = Request::builder().method(method).uri(if change == "path" { "/order?a" } else { uri });
            read::<NoBody>(request.header("idempotency-key", "k").header("ob-order-id", order).body(Body::from(body)).unwrap())
        };
        let fingerprint = async |change: &str| base(change).await.unwrap().repeat.unwrap().fingerprint;
        let first = fingerprint("").await;
        assert_eq!(first, fingerprint("nothing").await);
        for change in ["method", "path", "query", "order", "body"] {
            assert_ne!(first, fingerprint(change).await, "{change}");
        }
    }
}
