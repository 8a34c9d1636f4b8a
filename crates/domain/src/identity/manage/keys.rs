//! API keys of channels, entities and the platform. A secret comes here as its hash.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, channels, find, made, new_id, platform_is_kept, reach, unchanged};
use crate::change::Row;
use crate::command::{Done, Reply};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{ApiKey, KeyOwner, Role, Scopes, Status};
use crate::ids::{Hash, KeyId, ShardId};
use crate::moment::Timestamp;

/// Keys of one owner that are neither revoked nor over, at most.
pub const MAX_KEYS: usize = 50;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose it is.
    pub owner: KeyOwner,
    /// SHA-256 of the whole secret, which nobody but the caller will ever have.
    pub secret: Hash,
    /// What an entity's key does; empty for a channel's.
    pub roles: Vec<Role>,
    /// What its tokens may reach.
    pub scopes: Scopes,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
}

/// What of a key becomes different. [`Status::Gone`] revokes it for good.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a key")]
pub struct KeyChange {
    pub status: Option<Status>,
}

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<KeyId, NewKey, KeyChange>) -> Result<Done, Error> {
    let reach = reach(here, actor, channels::ROLES)?;
    let key = match edit {
        Edit::Create(new) => create(here, reach, new)?,
        Edit::Update { id, expected, change } => {
            let old = find(&here.identity.keys, *id)?;
            owned(here, reach, old.owner)?;
            unchanged(old, *expected)?;
            ApiKey { status: change.status.unwrap_or(old.status), version: old.version + 1, ..old.clone() }
        }
    };
    platform_is_kept(here, |_| true, |other| other.id != key.id || key.status == Status::Active)?;
    Ok(made(key.id.0, Arc::new(key)))
}

/// Whether the caller may manage this owner's keys: an entity's keys carry roles, so only administrators give them.
///
/// # Errors
/// `NOT_FOUND` if there is no such owner within reach, `FORBIDDEN_RESOURCE` if it takes an administrator.
pub fn owned(here: &Here, reach: Reach, owner: KeyOwner) -> Result<(), Error> {
    match owner {
        KeyOwner::Channel(id) => {
            let channel = find(&here.identity.channels, id)?;
            if reach.covers(channel.entity) { Ok(()) } else { Err(Code::NotFound.into()) }
        }
        KeyOwner::Entity(Some(id)) => {
            find(&here.identity.entities, id)?;
            match reach {
                Reach::Platform | Reach::Operator => Ok(()),
                Reach::Entity(own) if own == id => Err(Code::ForbiddenResource.into()),
                Reach::Entity(_) => Err(Code::NotFound.into()),
            }
        }
        KeyOwner::Entity(None) if here.shard == ShardId::PLATFORM && reach == Reach::Platform => Ok(()),
        KeyOwner::Entity(None) => Err(Code::NotFound.into()),
    }
}

fn create(here: &Here, reach: Reach, new: &NewKey) -> Result<ApiKey, Error> {
    owned(here, reach, new.owner)?;
    let mut roles = new.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    all_good(bad_fields(new.owner, &roles, new.scopes).as_slice())?;
    has_room(here, new.owner)?;
    Ok(ApiKey {
        id: new_id(&here.identity.keys, None)?,
        owner: new.owner,
        secret: new.secret,
        roles,
        scopes: new.scopes,
        status: Status::Active,
        expires: new.expires,
        version: 1,
    })
}

/// A new key in place of an old one, which goes on for a while so that nobody is locked out who still has it.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The old key.
    pub id: KeyId,
    /// The version it must still have, if the caller cares.
    pub expected: Option<u64>,
    /// SHA-256 of the new secret.
    pub secret: Hash,
    /// When the new key ends by itself; else when the old one would have.
    pub expires: Option<Option<Timestamp>>,
    /// How long the old key still works, in milliseconds; 0 revokes it at once.
    pub overlap_ms: i64,
}

/// Decides a rotation: one step, so that there is never no key and never one that nobody knows of. Answers the ids of the new key and of the old one.
pub(super) fn rotate(here: &Here, actor: &Actor, rotation: &Rotation) -> Result<Done, Error> {
    let reach = reach(here, actor, channels::ROLES)?;
    let old = find(&here.identity.keys, rotation.id)?;
    owned(here, reach, old.owner)?;
    unchanged(old, rotation.expected)?;
    if old.status != Status::Active || is_over(here, old) {
        return Err(Error::new(Code::Conflict).because("a key that does not work is not rotated"));
    }
    has_room(here, old.owner)?;
    let id = new_id(&here.identity.keys, None)?;
    let expires = rotation.expires.unwrap_or(old.expires);
    let new = ApiKey { id, secret: rotation.secret, expires, version: 1, ..old.clone() };
    let end = here.now.plus_ms(rotation.overlap_ms);
    let end = old.expires.map_or(end, |expires| expires.min(end));
    let status = if rotation.overlap_ms == 0 { Status::Gone } else { old.status };
    let old = ApiKey { expires: Some(end), status, version: old.version + 1, ..old.clone() };
    if new.expires.is_some() {
        platform_is_kept(here, |_| true, |other| other.id != old.id)?;
    }
    let ids = vec![new.id.0, old.id.0];
    Ok(Done { changes: vec![Row::from(Arc::new(new)).into(), Row::from(Arc::new(old)).into()], reply: Reply::Ids(ids) })
}

/// Whether a key has ended by itself.
fn is_over(here: &Here, key: &ApiKey) -> bool {
    key.expires.is_some_and(|expires| expires <= here.now)
}

/// `CONFLICT` if an owner has as many keys as it may have.
fn has_room(here: &Here, owner: KeyOwner) -> Result<(), Error> {
    let there = |key: &&Arc<ApiKey>| key.owner == owner && key.status != Status::Gone && !is_over(here, key);
    if here.identity.keys.values().filter(there).count() < MAX_KEYS {
        return Ok(());
    }
    Err(Error::new(Code::Conflict).because("the owner has as many keys as it may have"))
}

/// The fields whose values are out of range: roles and scopes that such an owner's key cannot have.
pub fn bad_fields(owner: KeyOwner, roles: &[Role], scopes: Scopes) -> Vec<&'static str> {
    let (role_fits, widest): (fn(Role) -> bool, Scopes) = match owner {
        KeyOwner::Channel(_) => (|_| false, Scopes::SELLER),
        KeyOwner::Entity(Some(_)) => (|role| role != Role::PlatformAdmin, Scopes::ENTITY),
        KeyOwner::Entity(None) => (|role| role == Role::PlatformAdmin, Scopes::MANAGEMENT),
    };
    let mut bad = Vec::new();
    if !roles.iter().all(|role| role_fits(*role)) {
        bad.push("roles");
    }
    if scopes == Scopes(0) || scopes.and(widest) != scopes {
        bad.push("scopes");
    }
    bad
}
