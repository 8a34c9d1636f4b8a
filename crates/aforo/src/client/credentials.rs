//! The credentials file that `serve --demo` writes: who may sign in, and with what. It is read here and never written.

use std::path::Path;

use serde::Deserialize;

use super::request::Request;

/// What `demo-credentials.json` holds, as far as a client needs it.
#[derive(Deserialize)]
pub struct Credentials {
    /// Where the server listened when it wrote the file.
    pub base_url: String,
    /// The sales channels with their API keys.
    pub channels: Vec<ChannelKey>,
    /// The key that manages the operator.
    pub management: Option<ManagementKey>,
}

/// A management key. It has no `Debug`, so that it reaches no log.
#[derive(Clone, Deserialize)]
pub struct ManagementKey {
    /// The key.
    pub client_secret: String,
}

/// One channel and its API key. It has no `Debug`, so that the key reaches no log.
#[derive(Clone, Deserialize)]
pub struct ChannelKey {
    /// The channel's id.
    pub channel_id: u64,
    /// The channel's API key.
    pub client_secret: String,
    /// WEB, BOX_OFFICE, KIOSK, B2B or MARKETPLACE.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
}

impl ManagementKey {
    /// The sign-in with this key at gates.
    pub fn sign_in_at_gates(&self) -> Request {
        Request::post("/oauth/token").unsigned().form(vec![
            ("client_id", "access-control-client".to_owned()),
            ("grant_type", "client_credentials".to_owned()),
            ("client_secret", self.client_secret.clone()),
        ])
    }

    /// The sign-in with this key.
    pub fn sign_in(&self) -> Request {
        Request::post("/oauth/token").unsigned().form(vec![
            ("client_id", "onebox-client".to_owned()),
            ("grant_type", "client_credentials".to_owned()),
            ("client_secret", self.client_secret.clone()),
        ])
    }
}

impl ChannelKey {
    /// The sign-in of this channel with the client that sells without a person at a counter.
    pub fn sign_in(&self) -> Request {
        Request::post("/oauth/token").unsigned().form(vec![
            ("client_id", "seller-channel-client".to_owned()),
            ("grant_type", "client_credentials".to_owned()),
            ("channel_id", self.channel_id.to_string()),
            ("client_secret", self.client_secret.clone()),
        ])
    }
}

impl Credentials {
    /// Reads a credentials file.
    ///
    /// # Errors
    /// A sentence for the user when the file cannot be read or is not a credentials file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read(path).map_err(|error| format!("cannot read the credentials file {}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{} is not a credentials file: {error}", path.display()))
    }

    /// The channel `id`, or without one the first that signs in with nothing but its key (WEB before any other).
    ///
    /// # Errors
    /// A sentence for the user when there is no such channel.
    pub fn channel(&self, id: Option<u64>) -> Result<&ChannelKey, String> {
        if let Some(id) = id {
            return self.channels.iter().find(|key| key.channel_id == id).ok_or(format!("the credentials file has no channel {id}"));
        }
        ["WEB", "B2B", "MARKETPLACE"]
            .iter()
            .find_map(|kind| self.channels.iter().find(|key| key.kind == *kind))
            .ok_or("the credentials file has no WEB channel to sell with".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_channels() -> Credentials {
        serde_json::from_str(
            r#"{"base_url":"http://127.0.0.1:1","channels":[
                {"channel_id":7,"client_id":"box-office-client","client_secret":"a","type":"BOX_OFFICE","name":"Counter"},
                {"channel_id":8,"client_id":"seller-channel-client","client_secret":"b","type":"WEB","name":"Web"}],
                "users":[],"terminals":[]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_counter_is_never_chosen_to_sell_by_itself() {
        assert_eq!(three_channels().channel(None).unwrap().channel_id, 8);
    }

    #[test]
    fn a_named_channel_is_taken_or_missed() {
        assert_eq!(three_channels().channel(Some(7)).unwrap().name, "Counter");
        assert!(three_channels().channel(Some(9)).is_err());
    }
}
