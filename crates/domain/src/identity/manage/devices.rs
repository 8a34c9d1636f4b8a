//! Terminals with their licences, and points of sale: what BOX_OFFICE and KIOSK channels sign in with.

use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, channels, find, is_name, made, new_id, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{License, PointOfSale, Status, Terminal};
use crate::ids::{EntityId, Hash, PointOfSaleId, TerminalId};
use crate::moment::Timestamp;

/// A terminal to be made.
#[derive(Debug, Clone)]
pub struct NewTerminal {
    /// Else the next one.
    pub id: Option<TerminalId>,
    /// Whose it is; the operator's own if `None`.
    pub entity: Option<EntityId>,
    /// What it signs in with.
    pub code: String,
    /// Shown to people.
    pub name: String,
    /// Its licence.
    pub license: License,
}

/// What of a terminal becomes different.
#[derive(Debug, Clone, Default)]
pub struct TerminalChange {
    /// Shown to people.
    pub name: Option<String>,
    /// Whether it works.
    pub status: Option<Status>,
    /// A new licence in place of the old one: SHA-256 of what is typed.
    pub license_secret: Option<Hash>,
    /// Whether the licence works.
    pub license_active: Option<bool>,
    /// When the licence ends; `Some(None)`: never.
    pub license_expires: Option<Option<Timestamp>>,
}

/// A point of sale to be made.
#[derive(Debug, Clone)]
pub struct NewPointOfSale {
    /// Else the next one.
    pub id: Option<PointOfSaleId>,
    /// Whose it is.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
}

/// What of a point of sale becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a point of sale")]
pub struct PointOfSaleChange {
    pub name: Option<String>,
    pub status: Option<Status>,
}

pub(super) fn decide_terminal(here: &Here, actor: &Actor, edit: &Edit<TerminalId, NewTerminal, TerminalChange>) -> Result<Done, Error> {
    let reach = reach(here, actor, channels::ROLES)?;
    let terminal = match edit {
        Edit::Create(new) => create_terminal(here, reach, new)?,
        Edit::Update { id, expected, change } => update_terminal(here, reach, *id, *expected, change)?,
    };
    all_good(bad_terminal_fields(&terminal).as_slice())?;
    Ok(made(terminal.id.0, Arc::new(terminal)))
}

fn create_terminal(here: &Here, reach: Reach, new: &NewTerminal) -> Result<Terminal, Error> {
    if !owner_fits(here, reach, new.entity) {
        return Err(Error::invalid(&["entity_id"]));
    }
    if here.identity.terminals.values().any(|terminal| terminal.code == new.code) {
        return Err(Error::new(Code::Conflict).because("the terminal's code is in use"));
    }
    Ok(Terminal {
        id: new_id(&here.identity.terminals, new.id)?,
        code: new.code.clone(),
        entity: new.entity,
        name: new.name.clone(),
        status: Status::Active,
        license: new.license.clone(),
        version: 1,
    })
}

fn update_terminal(here: &Here, reach: Reach, id: TerminalId, expected: Option<u64>, change: &TerminalChange) -> Result<Terminal, Error> {
    let old = find(&here.identity.terminals, id)?;
    if !covers(reach, old.entity) {
        return Err(Code::NotFound.into());
    }
    unchanged(old, expected)?;
    let license = License {
        secret: change.license_secret.unwrap_or(old.license.secret),
        active: change.license_active.unwrap_or(old.license.active),
        expires: change.license_expires.unwrap_or(old.license.expires),
    };
    Ok(Terminal {
        name: change.name.clone().unwrap_or_else(|| old.name.clone()),
        status: change.status.unwrap_or(old.status),
        license,
        version: old.version + 1,
        ..old.clone()
    })
}

/// Whether a terminal of this owner is within reach: the operator's own are its administrators'.
pub fn covers(reach: Reach, owner: Option<EntityId>) -> bool {
    owner.map_or(!matches!(reach, Reach::Entity(_)), |entity| reach.covers(entity))
}

fn owner_fits(here: &Here, reach: Reach, owner: Option<EntityId>) -> bool {
    covers(reach, owner) && owner.is_none_or(|id| find(&here.identity.entities, id).is_ok())
}

/// The fields whose values are out of range.
pub fn bad_terminal_fields(terminal: &Terminal) -> Vec<&'static str> {
    let mut bad = Vec::new();
    if !is_code(&terminal.code) {
        bad.push("code");
    }
    if !is_name(&terminal.name) {
        bad.push("name");
    }
    bad
}

/// Whether a text may be a terminal's code: 1 to 64 visible characters without spaces.
pub fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn decide_point_of_sale(
    here: &Here,
    actor: &Actor,
    edit: &Edit<PointOfSaleId, NewPointOfSale, PointOfSaleChange>,
) -> Result<Done, Error> {
    let reach = reach(here, actor, channels::ROLES)?;
    let places = &here.identity.points_of_sale;
    let place = match edit {
        Edit::Create(new) => {
            if !owner_fits(here, reach, Some(new.entity)) {
                return Err(Error::invalid(&["entity_id"]));
            }
            PointOfSale { id: new_id(places, new.id)?, entity: new.entity, name: new.name.clone(), status: Status::Active, version: 1 }
        }
        Edit::Update { id, expected, change } => {
            let old = find(places, *id)?;
            if !reach.covers(old.entity) {
                return Err(Code::NotFound.into());
            }
            unchanged(old, *expected)?;
            PointOfSale {
                name: change.name.clone().unwrap_or_else(|| old.name.clone()),
                status: change.status.unwrap_or(old.status),
                version: old.version + 1,
                ..old.clone()
            }
        }
    };
    all_good(bad_place_fields(&place).as_slice())?;
    Ok(made(place.id.0, Arc::new(place)))
}

/// The fields whose values are out of range.
pub fn bad_place_fields(place: &PointOfSale) -> Vec<&'static str> {
    if is_name(&place.name) { Vec::new() } else { vec!["name"] }
}
