//! A small client of the public HTTP API, shared by `sell`, `bench` and `import`: sign in, send a request, read the few fields these
//! commands need. It is no SDK: it retries nothing, hides no status and interprets no error code.

pub mod credentials;
pub mod free_seats;
pub mod request;
pub mod wire;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use request::{Body, Request};

/// How long one answer may take before the call is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most bytes of one answer that are read; a seat map of 100 000 places is far below.
const LARGEST_ANSWER: usize = 64 << 20;

/// Why a call gave nothing to work with.
#[derive(Debug)]
pub enum Failure {
    /// No connection, no answer in time, or an answer that broke off.
    Transport(String),
    /// The base URL, or what is built on it, is not one this client can call.
    Address(String),
    /// The server refused: the status and the body as they came.
    Refused(Answer),
    /// The answer is not the JSON that this call promises.
    Shape(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Transport(why) => write!(f, "{why}"),
            Failure::Address(why) => write!(f, "{why}"),
            Failure::Refused(answer) => {
                let error = answer.error();
                write!(f, "the server answered {} {}: {}", answer.status, error.code, error.message)
            }
            Failure::Shape(why) => write!(f, "unexpected answer: {why}"),
        }
    }
}

/// What the server answered to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// Whether the request was done (this API answers 200 to everything that succeeds).
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the body as `T`.
    ///
    /// # Errors
    /// [`Failure::Refused`] when the status is no success, [`Failure::Shape`] when the body is not a `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.is_success() {
            return Err(Failure::Refused(self.clone()));
        }
        serde_json::from_slice(&self.body).map_err(|error| Failure::Shape(error.to_string()))
    }

    /// The error in the body; empty fields where the body is not one of this API's errors.
    pub fn error(&self) -> wire::ErrorBody {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// One server, and the token to call it with once signed in.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// A client of the server at `base` (`http://host:port` or `https://host`, without the API paths).
    ///
    /// # Errors
    /// [`Failure::Address`] when `base` is no such URL or TLS cannot be set up for it.
    pub fn new(base: &str) -> Result<Self, Failure> {
        let base = base.trim_end_matches('/').to_owned();
        // Already installed by an earlier client of this process is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        if base.starts_with("http://") {
            // A machine without root certificates can still talk to its own plain server.
            builder = builder.tls_certs_only([]).no_proxy();
        } else if !base.starts_with("https://") {
            return Err(Failure::Address(format!("'{base}' is not an http:// or https:// URL")));
        }
        let http = builder.build().map_err(|error| Failure::Address(chain(&error)))?;
        Ok(Self { http, base, token: None })
    }

    /// The token of the last successful sign-in.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends one request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`Failure::Transport`] when no whole answer came.
    pub async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let mut call = self.http.request(request.method.clone(), format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        if let (Some(token), true) = (&self.token, request.signed) {
            call = call.bearer_auth(token);
        }
        call = match &request.body {
            Body::None => call,
            Body::Form(fields) => call.form(fields),
            Body::Json(value) => call.json(value),
        };
        let mut response = call.send().await.map_err(|error| Failure::Transport(chain(&error)))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| Failure::Transport(chain(&error)))? {
            if body.len() + part.len() > LARGEST_ANSWER {
                return Err(Failure::Transport(format!("the answer to {} is larger than {LARGEST_ANSWER} bytes", request.path)));
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, body: body.into() })
    }

    /// Sends a request and reads a successful answer as `T`.
    ///
    /// # Errors
    /// As [`Api::send`] and [`Answer::read`].
    pub async fn fetch<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Failure> {
        self.send(request).await?.read()
    }

    /// Keeps the token of a sign-in answer for the calls that follow.
    ///
    /// # Errors
    /// As [`Answer::read`].
    pub fn keep_token(&mut self, answer: &Answer) -> Result<(), Failure> {
        self.token = Some(answer.read::<wire::Token>()?.access_token);
        Ok(())
    }
}

/// An error with its causes, since the outermost one ("error sending request") says nothing.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
