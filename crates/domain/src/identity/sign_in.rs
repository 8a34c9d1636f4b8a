//! Signing in: what a token request needs, refreshing and revoking. Tokens themselves are signed by the HTTP layer; passwords are checked off the
//! engine thread, before the command that names the hash they were checked against.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Subject;
use super::check::Actor;
use crate::command::Planned;
use crate::error::Code;
use crate::ids::FamilyId;
use crate::moment::{Moment, Timestamp};
use crate::world::World;

/// What a sign-in got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Names the sign-in in its tokens.
    pub family: FamilyId,
    /// Who signed in.
    pub subject: Arc<Subject>,
    /// When the access token ends.
    pub access_expires: Timestamp,
}

/// What can be asked about tokens.
#[derive(Debug, Clone)]
pub enum SignInCommand {}

/// Decides.
///
/// # Errors
/// The codes of identity, see error-triggers.md.
pub fn plan(_world: &World, _moment: &Moment, _actor: &Actor, _command: &SignInCommand) -> Planned {
    Err(Code::Dist0000.into())
}
