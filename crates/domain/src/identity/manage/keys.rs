//! API keys of channels, entities and the platform. A secret comes here as its hash; rotating is adding a second key and revoking the first.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, channels, find, made, new_id, platform_is_kept, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{ApiKey, KeyOwner, Role, Scopes, Status};
use crate::ids::{Hash, KeyId, ShardId};
use crate::moment::Timestamp;

/// Keys of one owner that are not revoked, at most.
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
    let others = here.identity.keys.values().filter(|key| key.owner == new.owner && key.status != Status::Gone);
    if others.count() >= MAX_KEYS {
        return Err(Error::new(Code::Conflict).because("the owner has as many keys as it may have"));
    }
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
