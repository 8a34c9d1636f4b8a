//! Access tokens: signed JWT (EdDSA) whose claims are all that a call needs to know who asks. Verified ones are cached, because one signature check
//! costs more than a sale. Claims only: whether anything in them still holds is read on every call from the published identity.

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, PoisonError, RwLock};

use aforo_domain::identity::check::Bearer;
use aforo_domain::identity::{Client, Scopes, SigningKey, Subject};
use aforo_domain::ids::{ChannelId, EntityId, FamilyId, Hash, KeyId, PointOfSaleId, ShardId, TerminalId, UserId};
use aforo_domain::moment::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Parts the cache, so that threads rarely meet.
const PARTS: usize = 16;
/// Tokens remembered in a part at most; one takes about 300 bytes.
const PART_SIZE: usize = 4_096;
/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4_096;

/// What a token says. Numbers of seconds since 1970, as JWT wants them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The token's own id.
    pub jti: String,
    /// Who made it.
    pub iss: String,
    /// Whom it stands for, in words.
    pub sub: String,
    /// The OAuth client.
    pub client_id: String,
    /// What it reaches.
    pub scope: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// The sign-in.
    pub sid: String,
    /// The operator's shard.
    pub shard: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminal_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_of_sale_id: Option<u64>,
}

/// The name of a client on the wire.
pub const fn client_name(client: Client) -> &'static str {
    match client {
        Client::SellerChannel => "seller-channel-client",
        Client::Management => "onebox-client",
        Client::AccessControl => "access-control-client",
        Client::BoxOffice => "box-office-client",
    }
}

/// The client of a name.
pub fn client_of(name: &str) -> Option<Client> {
    [Client::SellerChannel, Client::Management, Client::AccessControl, Client::BoxOffice]
        .into_iter()
        .find(|client| client_name(*client) == name)
}

impl Claims {
    /// The claims of an access token of a sign-in.
    pub fn of(subject: &Subject, family: FamilyId, jti: String, now: Timestamp, expires: Timestamp) -> Self {
        let who = subject.user.map_or_else(
            || subject.channel.map_or_else(|| format!("key:{}", subject.key.map_or(0, |key| key.0)), |id| format!("channel:{id}")),
            |id| format!("user:{id}"),
        );
        Self {
            jti,
            iss: "aforo".to_owned(),
            sub: format!("{}:{who}", subject.shard),
            client_id: client_name(subject.client).to_owned(),
            scope: subject.scopes.names(),
            iat: now.0.div_euclid(1_000_000),
            exp: expires.0.div_euclid(1_000_000),
            sid: family.to_string(),
            shard: subject.shard.0,
            key: subject.key.map(|id| id.0),
            channel_id: subject.channel.map(|id| id.0),
            entity_id: subject.entity.map(|id| id.0),
            user_id: subject.user.map(|id| id.0),
            terminal_id: subject.terminal.map(|id| id.0),
            point_of_sale_id: subject.point_of_sale.map(|id| id.0),
        }
    }

    fn bearer(&self) -> Option<Bearer> {
        let subject = Subject {
            shard: ShardId(self.shard),
            client: client_of(&self.client_id)?,
            scopes: Scopes::parse(&self.scope)?,
            key: self.key.map(KeyId),
            channel: self.channel_id.map(ChannelId),
            entity: self.entity_id.map(EntityId),
            user: self.user_id.map(UserId),
            terminal: self.terminal_id.map(TerminalId),
            point_of_sale: self.point_of_sale_id.map(PointOfSaleId),
        };
        let expires = Timestamp(self.exp.checked_mul(1_000_000)?);
        Some(Bearer { subject: Arc::new(subject), family: FamilyId::parse(&self.sid)?, expires })
    }
}

/// The public half of a key, as the `x` of its JWK.
pub fn public_part(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(ed25519_dalek::SigningKey::from_bytes(&key.secret).verifying_key().as_bytes())
}

/// Signs claims.
///
/// # Errors
/// A text for the log, if the key is no key.
pub fn sign(claims: &Claims, key: &SigningKey) -> Result<String, String> {
    let secret = ed25519_dalek::SigningKey::from_bytes(&key.secret).to_pkcs8_der().map_err(|error| error.to_string())?;
    let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(secret.as_bytes())).map_err(|error| error.to_string())
}

/// Verifies a token's form and signature against the keys that still verify. Its end is checked per call, not here.
fn verify(token: &str, keys: &[Arc<SigningKey>], now: Timestamp) -> Option<Bearer> {
    let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
    let key = keys.iter().find(|key| key.id == kid && now < key.until)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let public = DecodingKey::from_ed_components(&public_part(key)).ok()?;
    jsonwebtoken::decode::<Claims>(token, &public, &validation).ok()?.claims.bearer()
}

/// A verified token.
#[derive(Debug)]
pub struct Known {
    /// Its claims.
    pub bearer: Arc<Bearer>,
    /// Of its rate limit: when its allowance is whole again, in microseconds (see [`super::limit`]).
    pub allowance: AtomicI64,
}

/// Verified tokens by their SHA-256; bounded.
#[derive(Debug, Default)]
pub struct Tokens([RwLock<HashMap<Hash, Arc<Known>>>; PARTS]);

impl Tokens {
    /// The claims of a token, if it is one of ours.
    pub fn verify(&self, token: &str, keys: impl FnOnce() -> Vec<Arc<SigningKey>>, now: Timestamp) -> Option<Arc<Known>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let hash = Hash::of(token.as_bytes());
        let part = &self.0[usize::from(hash.0[31]) % PARTS];
        if let Some(known) = part.read().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Some(known.clone());
        }
        let bearer = Arc::new(verify(token, &keys(), now)?);
        let known = Arc::new(Known { bearer, allowance: AtomicI64::new(0) });
        if known.bearer.expires > now {
            remember(&mut part.write().unwrap_or_else(PoisonError::into_inner), hash, known.clone(), now);
        }
        Some(known)
    }
}

/// Makes room first: those that ended, else half of the part (hashes are as good as chance).
fn remember(part: &mut HashMap<Hash, Arc<Known>>, hash: Hash, known: Arc<Known>, now: Timestamp) {
    if part.len() >= PART_SIZE {
        part.retain(|_, known| known.bearer.expires > now);
    }
    if part.len() >= PART_SIZE {
        part.retain(|hash, _| hash.0[0] & 1 == 0);
    }
    part.insert(hash, known);
}
