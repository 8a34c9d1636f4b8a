//! A request as a value, so that it can be shown to a person before it is sent. It knows nothing of connections.

use reqwest::Method;
use serde_json::Value;

/// The header that carries the current order.
pub const ORDER_HEADER: &str = "ob-order-id";
/// The header that makes a repeated request safe.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// An HTML form, as the token endpoint takes it.
    Form(Vec<(&'static str, String)>),
    /// JSON, as everything else takes it.
    Json(Value),
}

/// One request of the public API.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, from the server's root.
    pub path: String,
    /// Headers beside the token and the content type.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// Whether the token goes with it.
    pub signed: bool,
}

impl Request {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Body::None, signed: true }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST without a body.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A PATCH without a body.
    pub fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// A DELETE.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A PUT without a body.
    pub fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    /// Leaves the token out.
    #[must_use]
    pub fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    /// Names the order the request is about.
    #[must_use]
    pub fn order(mut self, id: &str) -> Self {
        self.headers.push((ORDER_HEADER, id.to_owned()));
        self
    }

    /// Makes it safe to send twice.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.headers.push((IDEMPOTENCY_HEADER, key.into()));
        self
    }

    /// Sends a form.
    #[must_use]
    pub fn form(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, value: Value) -> Self {
        self.body = Body::Json(value);
        self
    }
}
