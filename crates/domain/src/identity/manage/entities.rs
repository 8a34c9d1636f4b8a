//! Entities: the organisations of an operator, made and changed by its administrators.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, find, is_name, made, new_id, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{Entity, Receipts, Status};
use crate::ids::EntityId;
use crate::moment::Timestamp;

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
    pub receipts: Option<ReceiptsChange>,
}

/// What of the numbering of receipts becomes different; naming it for the first time switches it on.
#[derive(Debug, Clone, Default)]
pub struct ReceiptsChange {
    /// What stands before each number from now on.
    pub prefix: Option<String>,
    /// Whether what comes into the books is numbered.
    pub active: Option<bool>,
}

impl ReceiptsChange {
    fn of(&self, before: Option<&Receipts>, now: Timestamp) -> Receipts {
        let before = before.cloned().unwrap_or_else(|| Receipts { prefix: String::new(), since: Some(now) });
        let since = match self.active {
            Some(true) => before.since.or(Some(now)),
            Some(false) => None,
            None => before.since,
        };
        Receipts { prefix: self.prefix.clone().unwrap_or(before.prefix), since }
    }
}

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<EntityId, NewEntity, EntityChange>) -> Result<Done, Error> {
    if let Reach::Entity(_) = reach(here, actor, &[])? {
        return Err(Code::ForbiddenResource.into());
    }
    let entities = &here.identity.entities;
    let entity = match edit {
        Edit::Create(new) => {
            let id = new_id(entities, new.id)?;
            Entity { id, name: new.name.clone(), status: Status::Active, receipts: None, version: 1 }
        }
        Edit::Update { id, expected, change } => {
            let old = find(entities, *id)?;
            unchanged(old, *expected)?;
            Entity {
                id: *id,
                name: change.name.clone().unwrap_or_else(|| old.name.clone()),
                status: change.status.unwrap_or(old.status),
                receipts: match &change.receipts {
                    Some(receipts) => Some(receipts.of(old.receipts.as_ref(), here.now)),
                    None => old.receipts.clone(),
                },
                version: old.version + 1,
            }
        }
    };
    all_good(bad_fields(&entity).as_slice())?;
    Ok(made(entity.id.0, Arc::new(entity)))
}

/// The fields whose values are out of range.
pub fn bad_fields(entity: &Entity) -> Vec<&'static str> {
    let mut bad = Vec::new();
    if !is_name(&entity.name) {
        bad.push("name");
    }
    if entity.receipts.as_ref().is_some_and(|receipts| !Receipts::is_prefix(&receipts.prefix)) {
        bad.push("receipts.prefix");
    }
    bad
}
