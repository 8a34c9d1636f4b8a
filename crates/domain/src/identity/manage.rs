//! Management of identity: who may create and change operators, entities, users, channels, keys, terminals and points of sale.

use super::check::Actor;
use crate::command::Planned;
use crate::error::Code;
use crate::moment::Moment;
use crate::world::World;

/// What can be asked about identity.
#[derive(Debug, Clone)]
pub enum IdentityCommand {}

/// Decides.
///
/// # Errors
/// The codes of management, see error-triggers.md.
pub fn plan(_world: &World, _moment: &Moment, _actor: &Actor, _command: &IdentityCommand) -> Planned {
    Err(Code::Dist0000.into())
}
