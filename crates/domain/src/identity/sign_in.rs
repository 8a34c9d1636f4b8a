//! Signing in: what a token request needs, refreshing, revoking, and the keys that sign. Tokens themselves are signed by the HTTP layer; passwords are
//! checked off the engine thread, before the command that names the hash they were checked against.
//!
//! Nothing about state is told before the credentials are right: first the proof, then [`super::check`]. Slowing down is in [`super::tries`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::check::{Actor, Device};
use super::tries::{Against, slowed, tried};
use super::{ChannelKind, Client, Family, Identity, KeyOwner, Scopes, SigningKey, Status, Subject, User};
use crate::change::{Change, Key};
use crate::command::{Done, Effect, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::ids::{ChannelId, FamilyId, Hash, PointOfSaleId, ShardId, UserId};
use crate::moment::{DAY_MS, Draw, Moment, Timestamp};
use crate::world::World;

/// How long an access token lives, in milliseconds.
pub const ACCESS_MS: i64 = 43_200_000;
/// How long a sign-in can be refreshed, in milliseconds from its beginning.
pub const REFRESH_MS: i64 = 30 * DAY_MS;
/// Sign-ins of one principal that can be refreshed, at most; the oldest makes room.
pub const MAX_SIGN_INS: usize = 50;
/// Revoked sign-ins of one principal that are remembered until their access tokens end; beyond it signing in must wait.
pub const MAX_REVOKED: usize = 1_000;
/// How long a key signs before the next one does, in milliseconds.
const KEY_SIGNS_MS: i64 = 30 * DAY_MS;
/// How long a key is published before it signs, in milliseconds, so that those who keep a copy of the JWKS have it by then.
const KEY_LEAD_MS: i64 = 3_600_000;

/// What a sign-in got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Names the sign-in in its tokens.
    pub family: FamilyId,
    /// Who signed in.
    pub subject: Arc<Subject>,
    /// When the access token ends.
    pub access_expires: Timestamp,
}

/// How a sign-in proves who it is.
#[derive(Debug, Clone)]
pub enum Proof {
    /// SHA-256 of an API key's secret; `None` if none was sent.
    Key(Option<Hash>),
    /// A password, already compared.
    Password {
        /// Whose; `None` if nobody has the name.
        user: Option<UserId>,
        /// The hash that it was compared with.
        phc: String,
        /// What came of it.
        right: bool,
    },
}

/// A sign-in.
#[derive(Debug, Clone)]
pub struct Grant {
    /// As which client.
    pub client: Client,
    /// How it is proved.
    pub proof: Proof,
    /// For which channel.
    pub channel: Option<ChannelId>,
    /// With which device, by its code.
    pub terminal: Option<String>,
    /// SHA-256 of the device's licence.
    pub license: Option<Hash>,
    /// At which counter.
    pub point_of_sale: Option<PointOfSaleId>,
    /// Only these, where it asks for fewer.
    pub scopes: Option<Scopes>,
    /// Hash of the address it comes from.
    pub address: Hash,
    /// SHA-256 of the refresh token that it will get.
    pub refresh: Hash,
}

/// A refresh token that is turned in for new ones.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Its sign-in.
    pub family: FamilyId,
    /// SHA-256 of it.
    pub presented: Hash,
    /// SHA-256 of the next one.
    pub next: Hash,
    /// As which client, where that was said.
    pub client: Option<Client>,
    /// Only these, where it asks for fewer.
    pub scopes: Option<Scopes>,
}

/// What can be asked about tokens.
#[derive(Debug, Clone)]
pub enum SignInCommand {
    /// Whether another password may be tried now, before it is looked at. Changes nothing.
    Knock {
        /// Of this user.
        user: Option<UserId>,
        /// In this channel.
        channel: Option<ChannelId>,
        /// From this address.
        address: Hash,
    },
    /// Sign in.
    Grant(Box<Grant>),
    /// Go on with a sign-in.
    Refresh(Refresh),
    /// End a sign-in: the actor's own, or the one whose refresh token (SHA-256) is shown. What is not known is no error.
    Revoke(Option<(FamilyId, Hash)>),
    /// Make the next signing key if it is time, and forget those that are over. The engine's own, in the platform's shard.
    RotateKeys,
}

/// Decides.
///
/// # Errors
/// The codes of identity, see error-triggers.md. `AUTH001` for a wrong key; `DIST0005` names `refresh_token` or `scope`; `TOO_MANY_REQUESTS`.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &SignInCommand) -> Planned {
    match command {
        SignInCommand::Knock { user, channel, address } => {
            slowed(world, &Against::all(*user, *channel, *address), moment.now)?;
            Ok(Done { changes: Vec::new(), reply: Reply::Done })
        }
        SignInCommand::Grant(grant) => sign_in(world, moment, grant),
        SignInCommand::Refresh(refresh) => go_on(world, moment, refresh),
        SignInCommand::Revoke(refresh) => Ok(revoke(world, actor, refresh.as_ref())),
        SignInCommand::RotateKeys => rotate(world, moment, actor),
    }
}

fn sign_in(world: &World, moment: &Moment, grant: &Grant) -> Planned {
    let identity = &world.identity;
    let proved = match &grant.proof {
        Proof::Key(secret) => by_key(world, moment.now, grant, *secret)?,
        Proof::Password { user, phc, right } => by_password(world, moment.now, grant, *user, phc, *right)?,
    };
    let terminal =
        grant.terminal.as_ref().map(|code| identity.terminals.values().find(|terminal| terminal.code == *code).map(AsRef::as_ref));
    let subject = Subject { terminal: terminal.flatten().map(|terminal| terminal.id), ..proved };
    let caller = identity.check_state(&subject, Device { terminal, license: Some(grant.license) }, moment.now)?;
    let kind = caller.channel.map(|channel| channel.kind);
    let subject = Subject {
        terminal: subject.terminal.filter(|_| kind.is_some_and(ChannelKind::has_terminals)),
        point_of_sale: subject.point_of_sale.filter(|_| kind == Some(ChannelKind::BoxOffice)),
        ..subject
    };
    let scopes = grant.scopes.map_or(subject.scopes, |asked| subject.scopes.and(asked));
    if scopes == Scopes(0) {
        return Err(Error::invalid(&["scope"]).into());
    }
    let forgiven = Against::of_success(subject.user, subject.channel).into_iter().filter(|tries| world.tries(tries).is_some());
    let mut done = begin(world, moment, Subject { scopes, ..subject }, grant.refresh)?;
    done.changes.extend(forgiven.map(|tries| Change::Delete(Key::Tries(tries))));
    Ok(done)
}

/// A sign-in with an API key. A right key is never slowed down: it cannot be guessed, and others' wrong tries must not lock its owner out.
fn by_key(world: &World, now: Timestamp, grant: &Grant, secret: Option<Hash>) -> Result<Subject, Stop> {
    let identity = &world.identity;
    if grant.client == Client::SellerChannel {
        let channel = grant.channel.ok_or(Code::Auth0004)?;
        identity.channels.get(&channel).filter(|channel| channel.status != Status::Gone).ok_or(Code::Auth0005)?;
    }
    let key = secret.and_then(|secret| identity.key_by_secret.get(&secret)).and_then(|id| identity.keys.get(id));
    let key = key.filter(|key| key.status == Status::Active && key.expires.is_none_or(|expires| now < expires));
    let entity = key.and_then(|key| match (grant.client, key.owner) {
        (Client::SellerChannel, KeyOwner::Channel(owner)) if grant.channel == Some(owner) => Some(None),
        (Client::Management | Client::AccessControl, KeyOwner::Entity(entity)) => Some(entity),
        _ => None,
    });
    let (Some(key), Some(entity)) = (key, entity) else {
        let channel = grant.channel.filter(|_| grant.client == Client::SellerChannel);
        return Err(wrong(world, &Against::all(None, channel, grant.address), now, Code::Unauthorized));
    };
    Ok(Subject {
        shard: world.shard,
        client: grant.client,
        scopes: grant.client.scopes().and(key.scopes),
        key: Some(key.id),
        channel: grant.channel.filter(|_| grant.client == Client::SellerChannel),
        entity,
        user: None,
        terminal: None,
        point_of_sale: grant.point_of_sale,
    })
}

fn by_password(world: &World, now: Timestamp, grant: &Grant, user: Option<UserId>, phc: &str, right: bool) -> Result<Subject, Stop> {
    let identity = &world.identity;
    let against = Against::all(user, grant.channel, grant.address);
    slowed(world, &against, now)?;
    let user = user.and_then(|id| identity.users.get(&id)).filter(|user| user.status != Status::Gone);
    let Some(user) = user else { return Err(wrong(world, &against, now, Code::Auth0001)) };
    if !right || user.password != phc {
        return Err(wrong(world, &against, now, Code::Auth0002));
    }
    if user.status != Status::Active {
        return Err(Code::Auth0025.into());
    }
    if grant.channel.is_some_and(|channel| !identity.channels.contains_key(&channel)) {
        // The caller found the channel, but with another operator.
        return Err(Code::Auth0003.into());
    }
    Ok(of_user(world.shard, grant, user))
}

fn of_user(shard: ShardId, grant: &Grant, user: &User) -> Subject {
    Subject {
        shard,
        client: grant.client,
        scopes: grant.client.scopes(),
        key: None,
        channel: grant.channel,
        entity: grant.channel.is_none().then_some(user.entity),
        user: Some(user.id),
        terminal: None,
        point_of_sale: grant.point_of_sale,
    }
}

/// A refusal that counts: first it may be that the try comes too early, which is said instead.
fn wrong(world: &World, against: &[Against], now: Timestamp, code: Code) -> Stop {
    match slowed(world, against, now) {
        Err(error) => error.into(),
        Ok(()) => Stop::Refused { error: Box::new(code.into()), effects: tried(world, against, now).map(Effect::Tried).collect() },
    }
}

fn begin(world: &World, moment: &Moment, subject: Subject, refresh: Hash) -> Result<Done, Error> {
    let mut changes = Vec::new();
    if let Some(others) = world.sign_ins(subject.principal()) {
        if others.revoked >= MAX_REVOKED {
            return Err(Error::filled(Code::TooManyRequests, ["60"]));
        }
        let too_many = (others.live.len() + 1).saturating_sub(MAX_SIGN_INS);
        changes.extend(others.live.iter().take(too_many).map(|(_, id)| Change::Delete(Key::Family(*id))));
    }
    let (subject, access_expires) = (Arc::new(subject), moment.now.plus_ms(ACCESS_MS));
    let family = Family {
        id: moment.draw().family_id(),
        subject: subject.clone(),
        refresh,
        expires: moment.now.plus_ms(REFRESH_MS),
        access_expires,
        revoked: false,
    };
    let reply = Reply::Granted(Arc::new(Granted { family: family.id, subject, access_expires }));
    changes.push(Change::Put(Arc::new(family).into()));
    Ok(Done { changes, reply })
}

fn go_on(world: &World, moment: &Moment, refresh: &Refresh) -> Planned {
    let refused = || Error::invalid(&["refresh_token"]);
    let family = world.family(refresh.family).filter(|family| !family.revoked && moment.now < family.expires).ok_or_else(refused)?;
    if family.refresh != refresh.presented {
        // A used token came back: somebody has a copy, and nobody can tell who. All of them are out.
        let revoked = Family { revoked: true, ..Family::clone(family) };
        let error = Box::new(refused().because("a used refresh token came back"));
        return Err(Stop::Refused { error, effects: vec![Effect::Revoked(Arc::new(revoked))] });
    }
    if refresh.client.is_some_and(|client| client != family.subject.client) {
        return Err(refused().into());
    }
    world.identity.check_subject(&family.subject, moment.now)?;
    let scopes = refresh.scopes.map_or(family.subject.scopes, |asked| family.subject.scopes.and(asked));
    if scopes == Scopes(0) {
        return Err(Error::invalid(&["scope"]).into());
    }
    let access_expires = moment.now.plus_ms(ACCESS_MS);
    let subject = Arc::new(Subject { scopes, ..Subject::clone(&family.subject) });
    let next = Family { refresh: refresh.next, access_expires, ..Family::clone(family) };
    let reply = Reply::Granted(Arc::new(Granted { family: family.id, subject, access_expires }));
    Ok(Done { changes: vec![Change::Put(Arc::new(next).into())], reply })
}

fn revoke(world: &World, actor: &Actor, refresh: Option<&(FamilyId, Hash)>) -> Done {
    let revoked = match (refresh, actor) {
        (Some((id, presented)), _) => {
            let family = world.family(*id).filter(|family| family.refresh == *presented && !family.revoked);
            family.map(|family| Family { revoked: true, ..Family::clone(family) })
        }
        (None, Actor::Token(bearer)) if !world.identity.revoked.contains_key(&bearer.family) => {
            // Its sign-in may have made room for others already; the token itself still lives.
            let dropped = || Family {
                id: bearer.family,
                subject: bearer.subject.clone(),
                refresh: Hash([0; 32]),
                expires: bearer.expires,
                access_expires: bearer.expires,
                revoked: true,
            };
            Some(world.family(bearer.family).map_or_else(dropped, |family| Family { revoked: true, ..Family::clone(family) }))
        }
        _ => None,
    };
    Done { changes: revoked.map(|family| Change::Put(Arc::new(family).into())).into_iter().collect(), reply: Reply::Done }
}

impl SigningKey {
    /// A new key that signs from an instant on.
    pub fn new(draw: &mut Draw, from: Timestamp) -> Self {
        let id = u64::from_le_bytes(draw.bytes());
        let until = from.plus_ms(KEY_SIGNS_MS + ACCESS_MS + DAY_MS);
        Self { id: format!("{id:016x}"), secret: draw.bytes(), from, until }
    }
}

/// The key that signs at an instant: the newest begun one that verifies as long as its tokens live.
pub fn signer(identity: &Identity, now: Timestamp) -> Option<&Arc<SigningKey>> {
    identity.signing_keys.iter().rev().find(|key| key.from <= now && now.plus_ms(ACCESS_MS) <= key.until)
}

/// What [`SignInCommand::RotateKeys`] would change: nothing, most of the time.
pub fn rotation(identity: &Identity, moment: &Moment) -> Vec<Change> {
    let now = moment.now;
    let over = identity.signing_keys.iter().filter(|key| key.until <= now).map(|key| Change::Delete(Key::SigningKey(key.id.clone())));
    let from = match identity.signing_keys.last() {
        _ if signer(identity, now).is_none() => Some(now),
        Some(newest) if newest.from.plus_ms(KEY_SIGNS_MS - KEY_LEAD_MS) <= now => Some(now.plus_ms(KEY_LEAD_MS)),
        _ => None,
    };
    over.chain(from.map(|from| Change::Put(Arc::new(SigningKey::new(&mut moment.draw(), from)).into()))).collect()
}

fn rotate(world: &World, moment: &Moment, actor: &Actor) -> Planned {
    if !matches!(actor, Actor::System) || world.shard != ShardId::PLATFORM {
        return Err(Code::ForbiddenResource.into());
    }
    Ok(Done { changes: rotation(&world.identity, moment), reply: Reply::Done })
}
