//! Entities: the organisations of an operator, made and changed by its administrators.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, find, is_name, made, new_id, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{Entity, Status};
use crate::ids::EntityId;

/// An entity to be made.
#[derive(Debug, Clone)]
pub struct NewEntity {
    /// Else the next one.
    pub id: Option<EntityId>,
    /// Shown to people.
    pub name: String,
}

/// What of an entity becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of an entity")]
pub struct EntityChange {
    pub name: Option<String>,
    pub status: Option<Status>,
}

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<EntityId, NewEntity, EntityChange>) -> Result<Done, Error> {
    if let Reach::Entity(_) = reach(here, actor, &[])? {
        return Err(Code::ForbiddenResource.into());
    }
    let entities = &here.identity.entities;
    let entity = match edit {
        Edit::Create(new) => {
            let id = new_id(entities, new.id)?;
            Entity { id, name: new.name.clone(), status: Status::Active, version: 1 }
        }
        Edit::Update { id, expected, change } => {
            let old = find(entities, *id)?;
            unchanged(old, *expected)?;
            Entity {
                id: *id,
                name: change.name.clone().unwrap_or_else(|| old.name.clone()),
                status: change.status.unwrap_or(old.status),
                version: old.version + 1,
            }
        }
    };
    all_good(bad_fields(&entity).as_slice())?;
    Ok(made(entity.id.0, Arc::new(entity)))
}

/// The fields whose values are out of range.
pub fn bad_fields(entity: &Entity) -> Vec<&'static str> {
    if is_name(&entity.name) { Vec::new() } else { vec!["name"] }
}
