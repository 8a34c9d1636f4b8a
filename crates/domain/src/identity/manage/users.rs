//! Users: people of an operator's entities, made and changed by its administrators. Passwords come here as the hash that is stored.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, find, made, new_id, platform_is_kept, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{Permission, Role, Status, User};
use crate::ids::{EntityId, ShardId, UserId};

/// A user to be made. Its name has been reserved in the platform's directory.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Else the next one.
    pub id: Option<UserId>,
    /// Whose person it is.
    pub entity: EntityId,
    /// What is typed at sign-in, lower case.
    pub username: String,
    /// An Argon2id hash in PHC form.
    pub password: String,
    /// What it does.
    pub roles: Vec<Role>,
    /// What else it may do.
    pub permissions: Vec<Permission>,
}

/// What of a user becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a user")]
pub struct UserChange {
    pub password: Option<String>,
    pub status: Option<Status>,
    pub roles: Option<Vec<Role>>,
    pub permissions: Option<Vec<Permission>>,
}

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<UserId, NewUser, UserChange>) -> Result<Done, Error> {
    if let Reach::Entity(_) = reach(here, actor, &[])? {
        return Err(Code::ForbiddenResource.into());
    }
    let mut user = match edit {
        Edit::Create(new) => create(here, new)?,
        Edit::Update { id, expected, change } => update(here, *id, *expected, change)?,
    };
    user.roles.sort_unstable();
    user.roles.dedup();
    user.permissions.sort_unstable();
    user.permissions.dedup();
    all_good(bad_fields(here.shard, &user).as_slice())?;
    platform_is_kept(here, |other| other.id != user.id || user.status == Status::Active, |_| true)?;
    Ok(made(user.id.0, Arc::new(user)))
}

fn create(here: &Here, new: &NewUser) -> Result<User, Error> {
    find(&here.identity.entities, new.entity).map_err(|_| Error::invalid(&["entity_id"]))?;
    if here.identity.users.values().any(|user| user.username == new.username) {
        return Err(Error::new(Code::Conflict).because("the user name is in use"));
    }
    Ok(User {
        id: new_id(&here.identity.users, new.id)?,
        entity: new.entity,
        username: new.username.clone(),
        password: new.password.clone(),
        status: Status::Active,
        roles: new.roles.clone(),
        permissions: new.permissions.clone(),
        version: 1,
    })
}

fn update(here: &Here, id: UserId, expected: Option<u64>, change: &UserChange) -> Result<User, Error> {
    let old = find(&here.identity.users, id)?;
    unchanged(old, expected)?;
    Ok(User {
        password: change.password.clone().unwrap_or_else(|| old.password.clone()),
        status: change.status.unwrap_or(old.status),
        roles: change.roles.clone().unwrap_or_else(|| old.roles.clone()),
        permissions: change.permissions.clone().unwrap_or_else(|| old.permissions.clone()),
        version: old.version + 1,
        ..old.clone()
    })
}

/// The fields whose values are out of range. PLATFORM_ADMIN is a role of the platform's own people and of nobody else.
pub fn bad_fields(shard: ShardId, user: &User) -> Vec<&'static str> {
    let mut bad = Vec::new();
    if !is_username(&user.username) {
        bad.push("username");
    }
    if user.roles.iter().any(|role| (*role == Role::PlatformAdmin) != (shard == ShardId::PLATFORM)) {
        bad.push("roles");
    }
    bad
}

/// Whether a text may be a user name: 3 to 100 characters, lower case, without spaces.
pub fn is_username(text: &str) -> bool {
    (3..=100).contains(&text.chars().count())
        && !text.chars().any(|char| char.is_control() || char.is_whitespace())
        && text.to_lowercase() == text
}
