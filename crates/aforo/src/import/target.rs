//! The server that is filled: signs in with a management key and makes venues, events, plans, sessions and publications.

use std::collections::HashSet;

use aforo_domain::money::Currency;
use serde_json::{Value, json};

use super::documents;
use super::source::Copy;
use crate::client::credentials::ManagementKey;
use crate::client::request::Request;
use crate::client::wire::{List, Named};
use crate::client::{Api, Failure};
use crate::out;

/// Channels read at most.
const MOST_CHANNELS: u64 = 500;

/// A server, signed in to.
pub struct Target {
    api: Api,
    operator: Option<u64>,
}

/// What was made.
pub struct Made {
    /// Sessions.
    pub sessions: usize,
    /// Those whose prices were not known.
    pub sessions_without_prices: usize,
}

impl Target {
    /// Signs in.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn sign_in(url: &str, key: &str, operator: Option<u64>) -> Result<Self, String> {
        let say = |failure: Failure| format!("the server to fill: {failure}");
        let mut api = Api::new(url).map_err(say)?;
        let key = ManagementKey { client_secret: key.to_owned() };
        let signed = api.send(&key.sign_in()).await.map_err(say)?;
        api.keep_token(&signed).map_err(say)?;
        Ok(Self { api, operator })
    }

    /// The channels that the key sees.
    ///
    /// # Errors
    /// What the server refuses with.
    pub async fn channels(&self) -> Result<Vec<u64>, String> {
        let path = self.path(&format!("/channels?limit={MOST_CHANNELS}"));
        let channels: List<Named> = self.api.fetch(&Request::get(path)).await.map_err(|failure| format!("channels: {failure}"))?;
        Ok(channels.data.into_iter().map(|channel| channel.id).collect())
    }

    /// Makes everything. Whether the ids are free is asked before anything is made.
    ///
    /// # Errors
    /// An id that is in use, or what else the server refuses with.
    pub async fn make(&self, copies: &[Copy], entity: Option<u64>, currency: Currency, channels: &[u64]) -> Result<Made, String> {
        self.check_free(copies).await?;
        let (mut venues, mut events) = (HashSet::new(), HashSet::new());
        for copy in copies {
            let session = &copy.session;
            if venues.insert(session.venue.id) {
                self.post("/venues", documents::venue(&session.venue, entity)).await?;
            }
            if events.insert(session.event.id) {
                self.post("/events", documents::event(&session.event, entity, currency)).await?;
            }
            let template = self.post("/venue-templates", documents::template(copy)).await?;
            let sessions = format!("/events/{}/sessions", session.event.id);
            self.post(&sessions, documents::session(copy, template, currency)?).await?;
            for channel in channels {
                let path = self.path(&format!("{sessions}/{}/channels/{channel}", session.id));
                let published: Result<Value, Failure> = self.api.fetch(&Request::put(path).json(json!({}))).await;
                published.map_err(|failure| format!("publishing session {} in channel {channel}: {failure}", session.id))?;
            }
            out::note(format_args!("session {} {} of {}", session.id, session.name, session.event.name));
        }
        let without = copies.iter().filter(|copy| copy.prices.is_none()).count();
        Ok(Made { sessions: copies.len(), sessions_without_prices: without })
    }

    /// Refuses ids of venues, events and sessions that are in use.
    async fn check_free(&self, copies: &[Copy]) -> Result<(), String> {
        let mut asked = HashSet::new();
        let mut taken = Vec::new();
        for copy in copies {
            let session = &copy.session;
            let things = [("venue", format!("/venues/{}", session.venue.id)), ("event", format!("/events/{}", session.event.id))];
            for (kind, path) in things {
                if asked.insert(path.clone()) && self.is_there(&path).await? {
                    taken.push(format!("{kind} {}", path.rsplit('/').next().unwrap_or_default()));
                }
            }
            if !asked.insert(format!("session {}", session.id)) {
                taken.push(format!("session {} (twice in what is imported)", session.id));
            }
        }
        if taken.is_empty() { Ok(()) } else { Err(format!("ids that are in use already: {}. Nothing was imported.", taken.join(", "))) }
    }

    async fn is_there(&self, path: &str) -> Result<bool, String> {
        let answer = self.api.send(&Request::get(self.path(path))).await.map_err(|failure| format!("{path}: {failure}"))?;
        match answer.status {
            404 => Ok(false),
            _ => answer.read::<Value>().map(|_| true).map_err(|failure| format!("{path}: {failure}")),
        }
    }

    /// Makes something; answers its id.
    async fn post(&self, path: &str, body: Value) -> Result<u64, String> {
        let named = body["id"].as_u64().map(|id| format!(" {id}")).unwrap_or_default();
        let request = Request::post(self.path(path)).json(without_nulls(body));
        let made: Result<WithId, Failure> = self.api.fetch(&request).await;
        made.map(|made| made.id).map_err(|failure| format!("{path}{named}: {failure}"))
    }

    fn path(&self, path: &str) -> String {
        let operator = self.operator.map(|id| format!("{}operator_id={id}", if path.contains('?') { '&' } else { '?' }));
        format!("/mgmt-api/v1{path}{}", operator.unwrap_or_default())
    }
}

/// What was made, as far as it matters here.
#[derive(serde::Deserialize)]
struct WithId {
    id: u64,
}

/// A document without the members that say nothing.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, without_nulls(value))).collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
