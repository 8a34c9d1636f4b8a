//! Whose things a caller may change. How far a right reaches is `identity::manage`'s; whether the caller is still active is `identity::check`'s.

use crate::error::{Code, Error};
use crate::identity::check::{Actor, Caller};
use crate::identity::manage::{Here, Reach, reach};
use crate::identity::{Permission, Role, Status};
use crate::ids::EntityId;
use crate::moment::Moment;
use crate::world::World;

/// A caller that may manage the catalogue.
#[derive(Debug)]
pub struct Authority<'a> {
    world: &'a World,
    reach: Reach,
    /// `None`: the engine itself, or the platform, whose identity is another shard's.
    caller: Option<Caller<'a>>,
}

impl<'a> Authority<'a> {
    /// What an actor may do here, with one of these roles.
    ///
    /// # Errors
    /// Those of [`reach`]: `FORBIDDEN_RESOURCE` without such a role.
    pub fn of(world: &'a World, moment: &Moment, actor: &'a Actor, roles: &[Role]) -> Result<Self, Error> {
        let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
        let reach = reach(&here, actor, roles)?;
        let caller = match actor {
            Actor::Token(bearer) if bearer.subject.shard == world.shard => Some(world.identity.check(bearer, moment.now)?),
            _ => None,
        };
        Ok(Self { world, reach, caller })
    }

    /// `NOT_FOUND` unless an entity's things may be changed.
    pub fn owns(&self, entity: EntityId) -> Result<(), Error> {
        if self.reach.covers(entity) { Ok(()) } else { Err(Code::NotFound.into()) }
    }

    /// The entity that something new belongs to: the one named, else the caller's own.
    ///
    /// # Errors
    /// `DIST0006` if it must be named; `DIST0005` if it is not there, or another one than the caller's.
    pub fn entity(&self, named: Option<EntityId>) -> Result<EntityId, Error> {
        let own = self.caller.and_then(|caller| caller.entity).map(|entity| entity.id);
        let id = named.or(own).ok_or(Error::required(&["entity_id"]))?;
        let there = self.world.identity.entities.get(&id).is_some_and(|entity| entity.status != Status::Gone);
        if there && self.reach.covers(id) { Ok(id) } else { Err(Error::invalid(&["entity_id"])) }
    }

    /// `AUTH0027` unless the caller, if it is a person, has the permission.
    pub fn permit(&self, permission: Permission) -> Result<(), Error> {
        self.caller.map_or(Ok(()), |caller| caller.permit(permission))
    }
}
