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

/// Makes room first: those that ended, else every other one (their order is as good as chance).
fn remember(part: &mut HashMap<Hash, Arc<Known>>, hash: Hash, known: Arc<Known>, now: Timestamp) {
    if part.len() >= PART_SIZE {
        part.retain(|_, known| known.bearer.expires > now);
    }
    if part.len() >= PART_SIZE {
        let mut keep = false;
        part.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
    part.insert(hash, known);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aforo_domain::moment::Moment;
    use base64::Engine;

    use super::*;

    const NOW: Timestamp = Timestamp(1_900_000_000_000_000);

    fn key(seed: u8) -> Arc<SigningKey> {
        Arc::new(SigningKey::new(&mut Moment { now: NOW, seed: [seed; 32], order_code: None }.draw(), NOW))
    }

    fn subject() -> Subject {
        Subject {
            shard: ShardId(3),
            client: Client::BoxOffice,
            scopes: Scopes::BOX_OFFICE,
            key: None,
            channel: Some(ChannelId(11)),
            entity: None,
            user: Some(UserId(7)),
            terminal: Some(TerminalId(5)),
            point_of_sale: Some(PointOfSaleId(4)),
        }
    }

    fn token(key: &SigningKey, number: u64) -> String {
        let claims = Claims::of(&subject(), FamilyId([9; 16]), format!("{number}"), NOW, NOW.plus_ms(43_200_000));
        sign(&claims, key).unwrap()
    }

    #[test]
    fn a_token_says_who_it_was_given_to() {
        let (tokens, key) = (Tokens::default(), key(1));
        let token = token(&key, 1);
        let known = tokens.verify(&token, || vec![key.clone()], NOW).unwrap();
        assert_eq!(*known.bearer.subject, subject());
        assert_eq!((known.bearer.family, known.bearer.expires), (FamilyId([9; 16]), NOW.plus_ms(43_200_000)));
        let again = tokens.verify(&token, || panic!("it is known by now"), NOW).unwrap();
        assert!(Arc::ptr_eq(&known, &again));
        assert_eq!(token.split('.').count(), 3);
    }

    #[test]
    fn what_was_not_signed_here_is_nothing() {
        let (tokens, key, stranger) = (Tokens::default(), key(1), key(2));
        let verify = |token: &str| tokens.verify(token, || vec![key.clone()], NOW).is_some();
        let good = token(&key, 1);
        let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","kid":"{}"}}"#, key.id));
        let public = public_part(&key);
        let hmac_header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims::of(&subject(), FamilyId([9; 16]), "x".to_owned(), NOW, NOW.plus_ms(1));
        let hmac = jsonwebtoken::encode(&hmac_header, &claims, &EncodingKey::from_secret(public.as_bytes())).unwrap();
        let forged = URL_SAFE_NO_PAD.encode(String::from_utf8(URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap().replace("11", "12"));
        let bad = [
            String::new(),
            "a.b.c".to_owned(),
            format!("{head}.{forged}.{signature}"),
            format!("{head}.{body}."),
            format!("{none}.{body}."),
            hmac,
            token(&stranger, 1),
            "x".repeat(10_000),
        ];
        for token in bad {
            assert!(!verify(&token), "{token}");
        }
        assert!(verify(&good));
    }

    #[test]
    fn a_key_that_is_over_verifies_nothing() {
        let (tokens, key) = (Tokens::default(), key(1));
        let until = key.until;
        assert!(tokens.verify(&token(&key, 1), || vec![key.clone()], until).is_none());
    }

    #[test]
    fn the_cache_is_bounded() {
        let (mut part, known) = (HashMap::new(), Tokens::default().verify(&token(&key(1), 1), || vec![key(1)], NOW).unwrap());
        for number in 0..3 * PART_SIZE as u64 {
            remember(&mut part, Hash::of(&number.to_le_bytes()), known.clone(), NOW);
            assert!(part.len() <= PART_SIZE);
        }
        assert!(part.len() > PART_SIZE / 4);
    }
}
