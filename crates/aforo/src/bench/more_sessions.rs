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
    let mut api = Api::new(base).map_err(say)?;
    let signed = api.send(&key.sign_in()).await.map_err(say)?;
    api.keep_token(&signed).map_err(say)?;
    let sessions = format!("/mgmt-api/v1/events/{event}/sessions");
    let mut like: Value = api.fetch(&Request::get(format!("{sessions}/{session}"))).await.map_err(say)?;
    let name = like["name"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = like.as_object_mut() {
        fields.retain(|field, _| !ITS_OWN.contains(&field.as_str()));
    }
    for number in 1..=count {
        like["name"] = json!(format!("{name} + {number}"));
        let made: Named = api.fetch(&Request::post(sessions.clone()).json(like.clone())).await.map_err(say)?;
        let published = Request::put(format!("{sessions}/{}/channels/{channel}", made.id)).json(json!({}));
        api.fetch::<Value>(&published).await.map_err(say)?;
    }
    Ok(())
}
