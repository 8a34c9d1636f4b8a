//! Callers, typed by who calls: each is a plain HTTP client of the public API and knows nothing of the server's insides. An answer that its operation
//! does not declare fails the test at once.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::builders::{id, text};
use crate::declared::Declared;

/// Whoever calls a server; with a token, somebody.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    declared: Arc<Declared>,
    token: Option<String>,
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Sent,
}

#[derive(Debug, Clone)]
enum Sent {
    Nothing,
    Json(Value),
    Form(Vec<(String, String)>),
    Raw(&'static str, String),
}

impl Ask {
    /// A request without a body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.parse().expect("a method of HTTP"), path: path.into(), headers: Vec::new(), body: Sent::Nothing }
    }

    /// The same with a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Sent::Json(body.clone());
        self
    }

    /// The same with a form for a body.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = Sent::Form(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        self
    }

    /// The same with any body of any type.
    pub fn raw(mut self, content_type: &'static str, body: impl Into<String>) -> Self {
        self.body = Sent::Raw(content_type, body.into());
        self
    }

    /// The same with a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body; `Null` if it is no JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
    what: String,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{} answered {}", self.what, self.text);
        self.body
    }

    /// The code of a refusal; empty for a success.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().filter(|_| self.status >= 400).unwrap_or_default()
    }

    /// The message of a refusal.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// Says that it must be this refusal, with its status and a message of the catalogue.
    #[track_caller]
    pub fn refused(self, code: &str) -> Self {
        assert_eq!(self.code(), code, "{} answered {} {}", self.what, self.status, self.text);
        let known = aforo_domain::error::Code::ALL.iter().find(|known| known.as_str() == code).expect("a code of the catalogue");
        assert_eq!(self.status, known.status(), "{}", self.what);
        let mut parts = known.message().split("%s");
        assert!(parts.next().is_some_and(|start| self.message().starts_with(start)), "{}: {}", self.what, self.message());
        assert!(self.body["request_id"].is_string() || self.body["error"].is_string(), "{}: {}", self.what, self.text);
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Caller {
    /// Nobody yet, at a server.
    pub fn nobody(base: &str, declared: Arc<Declared>) -> Self {
        // Another one of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client without TLS");
        Self { http, base: base.to_owned(), declared, token: None }
    }

    /// The same with an access token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The token it calls with.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If there is no answer, or one that its operation does not declare.
    pub async fn send(&self, ask: Ask) -> Answer {
        self.try_send(ask).await.unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// Sends a request to a server that may go away.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn try_send(&self, ask: Ask) -> Result<Answer, reqwest::Error> {
        let what = format!("{} {}", ask.method, ask.path);
        let (method, path) = (ask.method.clone(), ask.path.clone());
        let response = self.begin(ask).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // Events have no end: see `crate::live`.
        let endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if endless { Vec::new() } else { response.bytes().await?.to_vec() };
        let (text, body) = (String::from_utf8_lossy(&bytes).into_owned(), serde_json::from_slice(&bytes).unwrap_or_default());
        let answer = Answer { status, headers, body, text, bytes, what };
        let path = path.split('?').next().unwrap_or_default();
        let objection =
            Some(answer.code()).filter(|code| !code.is_empty()).and_then(|code| self.declared.objection(method.as_str(), path, code));
        assert!(objection.is_none(), "{}", objection.unwrap_or_default());
        Ok(answer)
    }

    /// Sends a request, and leaves its answer to be read.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn begin(&self, ask: Ask) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = self.http.request(ask.method, format!("{}{}", self.base, ask.path));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request = match ask.body {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(&body),
            Sent::Form(fields) => request.form(&fields),
            Sent::Raw(content_type, body) => request.header("content-type", content_type).body(body),
        };
        request.send().await
    }

    /// Reads.
    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.send(Ask::new("GET", path)).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send(Ask::new("POST", path).json(&body)).await
    }

    /// Changes what the JSON names.
    pub async fn patch(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send(Ask::new("PATCH", path).json(&body)).await
    }

    /// Puts JSON in place of what is there.
    pub async fn put(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send(Ask::new("PUT", path).json(&body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: impl Into<String>) -> Answer {
        self.send(Ask::new("DELETE", path)).await
    }

    /// Asks for tokens.
    pub async fn sign_in(&self, form: &[(&str, &str)]) -> Answer {
        self.send(Ask::new("POST", "/oauth/token").form(form)).await
    }

    /// Asks for tokens, and is somebody.
    pub async fn signed_in(&self, form: &[(&str, &str)]) -> Self {
        let body = self.sign_in(form).await.ok();
        self.with_token(text(&body, "access_token"))
    }
}

/// A channel's own system: signs in with the channel's key and sells.
#[derive(Clone)]
pub struct SellerClient(pub Caller);

impl SellerClient {
    /// Signs in as `seller-channel-client`.
    pub async fn sign_in(caller: &Caller, channel: u64, secret: &str) -> Self {
        let channel = channel.to_string();
        let form = [
            ("client_id", "seller-channel-client"),
            ("grant_type", "client_credentials"),
            ("channel_id", &channel),
            ("client_secret", secret),
        ];
        Self(caller.signed_in(&form).await)
    }

    /// Begins an order: its id.
    pub async fn create(&self) -> String {
        text(&self.0.post(ORDERS, json!({})).await.ok(), "id").to_owned()
    }

    /// A call on an order.
    pub async fn order(&self, method: &str, order: &str, path: &str, body: Option<Value>) -> Answer {
        let ask = Ask::new(method, format!("{ORDERS}{path}")).header("ob-order-id", order);
        self.0.send(if let Some(body) = body { ask.json(&body) } else { ask }).await
    }

    /// Looks at an order.
    pub async fn read(&self, order: &str) -> Answer {
        self.order("GET", order, "", None).await
    }

    /// Adds numbered seats of a session.
    pub async fn add_seats(&self, order: &str, session: u64, seats: &[u64]) -> Answer {
        let seats: Vec<_> = seats.iter().map(|seat| json!({"id": seat, "session_id": session})).collect();
        self.order("POST", order, "/seats", Some(json!({ "seats": seats }))).await
    }

    /// Adds places that the server picks.
    pub async fn add_auto(&self, order: &str, session: u64, price_type: u64, quantity: u64) -> Answer {
        let body = json!({"session_id": session, "price_type_id": price_type, "quantity": quantity});
        self.order("POST", order, "/seats-auto", Some(body)).await
    }

    /// Says who buys.
    pub async fn buyer(&self, order: &str, email: &str) -> Answer {
        self.order("POST", order, "/buyer-data", Some(json!({"email": email, "name": "Ada", "surname": "Vidal"}))).await
    }

    /// Has everything checked.
    pub async fn pre_confirm(&self, order: &str) -> Answer {
        self.order("POST", order, "/pre-confirm", None).await
    }

    /// Pays by card and confirms.
    pub async fn confirm(&self, order: &str, amount: &Value) -> Answer {
        let body = json!({"payments": [{"type": "CARD", "amount": amount, "reference": "T-1"}]});
        self.order("POST", order, "/confirm", Some(body)).await
    }
}

/// Where a channel's orders are.
pub const ORDERS: &str = "/distribution-api/v1/orders";

/// Whoever sets up: signs in with an entity's or the platform's key, or as a person.
#[derive(Clone)]
pub struct ManagerClient(pub Caller);

impl ManagerClient {
    /// Signs in with a key.
    pub async fn with_key(caller: &Caller, secret: &str) -> Self {
        Self(caller.signed_in(&[("client_id", "onebox-client"), ("grant_type", "client_credentials"), ("client_secret", secret)]).await)
    }

    /// Signs in as a person.
    pub async fn with_password(caller: &Caller, username: &str, password: &str) -> Self {
        let form = [("client_id", "onebox-client"), ("grant_type", "password"), ("username", username), ("password", password)];
        Self(caller.signed_in(&form).await)
    }

    /// Makes something: its body.
    pub async fn make(&self, path: &str, body: Value) -> Value {
        self.0.post(format!("{MGMT}{path}"), body).await.ok()
    }

    /// Makes something: its id.
    pub async fn make_id(&self, path: &str, body: Value) -> u64 {
        id(&self.make(path, body).await)
    }

    /// Changes something.
    pub async fn change(&self, path: &str, body: Value) -> Value {
        self.0.patch(format!("{MGMT}{path}"), body).await.ok()
    }

    /// Makes something gone.
    pub async fn delete(&self, path: &str) -> Value {
        self.0.delete(format!("{MGMT}{path}")).await.ok()
    }
}

/// Where management is.
pub const MGMT: &str = "/mgmt-api/v1";
