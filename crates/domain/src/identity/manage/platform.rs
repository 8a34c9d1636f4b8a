//! The platform's own: its first start, what its directory reserves, and operators (each decided in its own shard).

use std::sync::Arc;

use super::{Edit, Here, MAX_GIVEN_ID, Reach, all_good, is_name, made, reach, unchanged};
use crate::change::{Change, Row};
use crate::command::{Done, Reply};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{ApiKey, DirectoryEntry, DirectoryKey, Entity, KeyOwner, Operator, Role, Scopes, Status, User};
use crate::ids::{ChannelId, EntityId, Hash, KeyId, ShardId, UserId};

/// What can be asked about the platform.
#[derive(Debug, Clone)]
pub enum PlatformCommand {
    /// Makes the platform and its administrator; refused with `CONFLICT` if there is one.
    FirstStart(FirstStart),
    /// Notes in the directory where something lives, before it is made there. Asking again for the same is no conflict.
    Reserve(Reservation),
    /// Makes or changes the operator of the shard it is asked of.
    Operator(Edit<ShardId, NewOperator, OperatorChange>),
}

/// Who the platform's administrator is.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The name to sign in with.
    pub username: String,
    /// An Argon2id hash in PHC form.
    pub password: String,
    /// SHA-256 of the platform's first API key.
    pub key: Hash,
}

/// What is reserved in the directory. The reply names its id (0 for a user name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// This operator's id, else the next one.
    Operator(Option<ShardId>),
    /// This channel's id, else the next one, for a shard.
    Channel(Option<ChannelId>, ShardId),
    /// A user name for a shard.
    Username(String, ShardId),
}

/// An operator to be made, in the shard that has been opened for it.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// Shown to people.
    pub name: String,
    /// Whether its channels may work in the secondary market.
    pub secondary_market: bool,
}

/// What of an operator becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of an operator")]
pub struct OperatorChange {
    pub name: Option<String>,
    pub status: Option<Status>,
    pub secondary_market: Option<bool>,
}

/// The entity of the platform's own people.
pub const PLATFORM_ENTITY: EntityId = EntityId(1);

pub(super) fn decide(here: &Here, actor: &Actor, command: &PlatformCommand) -> Result<Done, Error> {
    if reach(here, actor, &[])? != Reach::Platform {
        return Err(Code::ForbiddenResource.into());
    }
    let in_platform = here.shard == ShardId::PLATFORM;
    match command {
        PlatformCommand::FirstStart(start) if in_platform => first_start(here, start),
        PlatformCommand::Reserve(reservation) if in_platform => reserve(here, reservation),
        PlatformCommand::Operator(edit) if !in_platform => operator(here, edit),
        _ => Err(Code::NotFound.into()),
    }
}

fn first_start(here: &Here, start: &FirstStart) -> Result<Done, Error> {
    if !here.identity.users.is_empty() {
        return Err(Error::new(Code::Conflict).because("the platform has been started before"));
    }
    let entity = Entity { id: PLATFORM_ENTITY, name: "Platform".to_owned(), status: Status::Active, receipts: None, version: 1 };
    let user = User {
        id: UserId(1),
        entity: entity.id,
        username: start.username.clone(),
        password: start.password.clone(),
        status: Status::Active,
        roles: vec![Role::PlatformAdmin],
        permissions: Vec::new(),
        version: 1,
    };
    let key = ApiKey {
        id: KeyId(1),
        owner: KeyOwner::Entity(None),
        secret: start.key,
        roles: vec![Role::PlatformAdmin],
        scopes: Scopes::MANAGEMENT,
        status: Status::Active,
        expires: None,
        version: 1,
    };
    let name = DirectoryEntry { key: DirectoryKey::Username(start.username.clone()), shard: ShardId::PLATFORM };
    let rows = [Row::from(Arc::new(entity)), Arc::new(name).into(), Arc::new(user).into(), Arc::new(key).into()];
    Ok(Done { changes: rows.into_iter().map(Change::Put).collect(), reply: Reply::Done })
}

fn reserve(here: &Here, reservation: &Reservation) -> Result<Done, Error> {
    let (key, shard, id) = match reservation {
        Reservation::Operator(given) => {
            let id =
                ShardId(number(here, given.map(|id| id.0), |key| if let DirectoryKey::Operator(id) = key { Some(id.0) } else { None })?);
            (DirectoryKey::Operator(id), id, id.0)
        }
        Reservation::Channel(given, shard) => {
            let id = number(here, given.map(|id| id.0), |key| if let DirectoryKey::Channel(id) = key { Some(id.0) } else { None })?;
            (DirectoryKey::Channel(ChannelId(id)), *shard, id)
        }
        Reservation::Username(name, shard) => (DirectoryKey::Username(name.clone()), *shard, 0),
    };
    let reply = Reply::Ids(vec![id]);
    match here.identity.directory.get(&key) {
        Some(owner) if *owner == shard => Ok(Done { changes: Vec::new(), reply }),
        Some(_) => Err(Error::new(Code::Conflict).because("reserved by another operator")),
        None => Ok(Done { changes: vec![Change::Put(Arc::new(DirectoryEntry { key, shard }).into())], reply }),
    }
}

/// The number given, else the one after the largest of its kind in the directory.
fn number(here: &Here, given: Option<u64>, of_kind: impl Fn(&DirectoryKey) -> Option<u64>) -> Result<u64, Error> {
    match given {
        Some(id) if id == 0 || id >= MAX_GIVEN_ID => Err(Error::invalid(&["id"])),
        Some(id) => Ok(id),
        None => Ok(here.identity.directory.keys().filter_map(of_kind).max().unwrap_or(0) + 1),
    }
}

fn operator(here: &Here, edit: &Edit<ShardId, NewOperator, OperatorChange>) -> Result<Done, Error> {
    let known = here.identity.operator.as_deref();
    let operator = match edit {
        Edit::Create(_) if known.is_some() => return Err(Error::new(Code::Conflict).because("the id is in use")),
        Edit::Create(new) => {
            Operator { id: here.shard, name: new.name.clone(), status: Status::Active, secondary_market: new.secondary_market, version: 1 }
        }
        Edit::Update { id, expected, change } => {
            let old = known.filter(|operator| operator.id == *id && operator.status != Status::Gone).ok_or(Code::NotFound)?;
            unchanged(old, *expected)?;
            Operator {
                id: *id,
                name: change.name.clone().unwrap_or_else(|| old.name.clone()),
                status: change.status.unwrap_or(old.status),
                secondary_market: change.secondary_market.unwrap_or(old.secondary_market),
                version: old.version + 1,
            }
        }
    };
    all_good(bad_fields(&operator).as_slice())?;
    Ok(made(operator.id.0, Arc::new(operator)))
}

/// The fields whose values are out of range.
pub fn bad_fields(operator: &Operator) -> Vec<&'static str> {
    if is_name(&operator.name) { Vec::new() } else { vec!["name"] }
}
