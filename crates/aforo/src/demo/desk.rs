//! A manager at work: calls of the management API, answered in this process.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aforo_domain::moment::Timestamp;
use aforo_server::app::App;
use aforo_server::http::middleware::Http;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, ZonedDateTime};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Where the calls come from.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Someone who may call the management API, of the platform or for one operator.
#[derive(Clone)]
pub struct Desk {
    http: Http,
    token: Arc<str>,
    operator: Option<u64>,
    now: Timestamp,
}

impl Desk {
    /// Signs in with a key.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn sign_in(app: &App, key: &str) -> Result<Self, String> {
        let desk = Self { http: Http::new(app.clone()), token: "".into(), operator: None, now: app.clock.now() };
        let form = format!("grant_type=client_credentials&client_id=onebox-client&client_secret={key}");
        let request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form)).map_err(|error| error.to_string())?;
        let answer = desk.answered(request).await?;
        let token = answer["access_token"].as_str().ok_or("no token was given")?;
        Ok(Self { token: token.into(), ..desk })
    }

    /// Makes an operator, and works for it from then on.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn operator(&self, name: &str, secondary_market: bool) -> Result<Self, String> {
        let id = self.post("/operators", json!({"name": name, "secondary_market": secondary_market})).await?;
        Ok(Self { operator: Some(id), ..self.clone() })
    }

    /// Makes something; answers its id.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn post(&self, path: &str, body: Value) -> Result<u64, String> {
        let answer = self.call(Method::POST, path, body).await?;
        answer["id"].as_u64().ok_or_else(|| format!("{path} answered no id"))
    }

    /// Makes a call; answers what was answered.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let operator = self.operator.map(|id| format!("?operator_id={id}")).unwrap_or_default();
        let request = Request::builder().method(method).uri(format!("/mgmt-api/v1{path}{operator}"));
        let request = request.header("authorization", format!("Bearer {}", self.token)).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).map_err(|error| error.to_string())?;
        self.answered(request).await.map_err(|why| format!("{path}: {why}"))
    }

    async fn answered(&self, request: Request<Body>) -> Result<Value, String> {
        let response = self.http.answer(request, HERE).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }

    /// Puts sessions on an event, in this order, and publishes each in these channels; answers their ids.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn put_on(&self, event: u64, sessions: Vec<Value>, channels: &[(u64, Value)]) -> Result<Vec<u64>, String> {
        let mut publishing = JoinSet::new();
        let mut made = Vec::new();
        for session in sessions {
            let id = self.post(&format!("/events/{event}/sessions"), session).await?;
            made.push(id);
            for (channel, publication) in channels {
                let (desk, path, body) = (self.clone(), format!("/events/{event}/sessions/{id}/channels/{channel}"), publication.clone());
                publishing.spawn(async move { desk.call(Method::PUT, &path, body).await });
            }
        }
        while let Some(published) = publishing.join_next().await {
            published.map_err(|error| error.to_string())??;
        }
        Ok(made)
    }

    /// A time of day in a zone, so many days from now.
    ///
    /// # Errors
    /// If there is no such zone or time.
    pub fn day(&self, days: i32, hour: i8, minute: i8, zone: &str) -> Result<ZonedDateTime, String> {
        let zone = TimeZone::get(zone).map_err(|error| error.to_string())?;
        let now = jiff::Timestamp::from_microsecond(self.now.0).map_err(|error| error.to_string())?;
        let day = now.to_zoned_datetime(zone).checked_add(Span::new().days(days)).map_err(|error| error.to_string())?;
        day.with().time(Time::constant(hour, minute, 0, 0)).build().map_err(|error| error.to_string())
    }
}

/// A date as the API takes it.
pub fn date(zoned: &ZonedDateTime) -> String {
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
