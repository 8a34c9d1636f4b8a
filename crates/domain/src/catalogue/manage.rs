//! Management of the catalogue: who may create and change venues, templates, events, sessions, publications and blocked places.

use crate::command::Planned;
use crate::error::Code;
use crate::identity::check::Actor;
use crate::moment::Moment;
use crate::world::World;

/// What can be asked about the catalogue.
#[derive(Debug, Clone)]
pub enum CatalogueCommand {}

/// Decides.
///
/// # Errors
/// The codes of management, see error-triggers.md.
pub fn plan(_world: &World, _moment: &Moment, _actor: &Actor, _command: &CatalogueCommand) -> Planned {
    Err(Code::Dist0000.into())
}
