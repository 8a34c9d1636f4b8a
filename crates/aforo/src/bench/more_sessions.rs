//! More of the same to sell: further sessions of an event through the management API, for runs that would sell out what is there. It makes
//! what any user of that API could make, and removes nothing afterwards.

use serde_json::{Value, json};

use crate::client::credentials::ManagementKey;
use crate::client::request::Request;
use crate::client::wire::Named;
use crate::client::{Api, Failure};

/// What only one session can have.
const ITS_OWN: [&str; 2] = ["id", "external_reference"];

/// Makes `count` sessions like `session` of `event`, and publishes them in `channel`.
///
/// # Errors
/// A sentence for the user when the key may not, or the server will not.
pub async fn make(base: &str, key: &ManagementKey, event: u64, session: u64, channel: u64, count: usize) -> Result<(), String> {
    let say = |failure: Failure| format!("making more sessions: {failure}");
    let api = signed_in(base, key).await.map_err(say)?;
    let mut like = like(&api, event, session).await.map_err(say)?;
    let name = like["name"].as_str().unwrap_or_default().to_owned();
    for number in 1..=count {
        one(&api, event, &mut like, &format!("{name} + {number}"), channel).await.map_err(say)?;
    }
    Ok(())
}

/// Signs in to set up.
///
/// # Errors
/// Why not.
pub async fn signed_in(base: &str, key: &ManagementKey) -> Result<Api, Failure> {
    let mut api = Api::new(base)?;
    let signed = api.send(&key.sign_in()).await?;
    api.keep_token(&signed)?;
    Ok(api)
}

/// The body of a session like this one.
///
/// # Errors
/// Why it could not be read.
pub async fn like(api: &Api, event: u64, session: u64) -> Result<Value, Failure> {
    let mut like: Value = api.fetch(&Request::get(format!("/mgmt-api/v1/events/{event}/sessions/{session}"))).await?;
    if let Some(fields) = like.as_object_mut() {
        fields.retain(|field, _| !ITS_OWN.contains(&field.as_str()));
    }
    Ok(like)
}

/// Makes one session and publishes it.
///
/// # Errors
/// Why not.
pub async fn one(api: &Api, event: u64, like: &mut Value, name: &str, channel: u64) -> Result<(), Failure> {
    let sessions = format!("/mgmt-api/v1/events/{event}/sessions");
    like["name"] = json!(name);
    let made: Named = api.fetch(&Request::post(sessions.clone()).json(like.clone())).await?;
    api.fetch::<Value>(&Request::put(format!("{sessions}/{}/channels/{channel}", made.id)).json(json!({}))).await?;
    Ok(())
}
