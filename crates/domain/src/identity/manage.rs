//! Management of identity: who may create and change operators, entities, users, channels, keys, terminals and points of sale.
//!
//! Every rule here reads what is published of a World, its [`Identity`] and its [`Catalogue`], so that the HTTP layer can ask [`decide`] before it
//! reserves anything on the platform. Reading is the HTTP layer's, with the same [`reach`]. Nothing is ever deleted: it is [`Status::Gone`].

pub mod channels;
pub mod devices;
pub mod entities;
pub mod keys;
pub mod platform;
pub mod users;
pub mod webhooks;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::check::Actor;
use super::{ApiKey, Channel, Entity, Identity, Operator, PointOfSale, Role, Status, Terminal, User};
use crate::catalogue::Catalogue;
use crate::change::{Change, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::ids::{ChannelId, EntityId, KeyId, PointOfSaleId, ShardId, TerminalId, UserId, WebhookId};
use crate::moment::{Moment, Timestamp};
use crate::webhooks::Webhook;
use crate::world::World;

/// Ids that are given (by an import) stay below this, so that ids that are counted on from the largest one never run out.
pub const MAX_GIVEN_ID: u64 = 1 << 52;

/// What can be asked about identity.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "channels have many settings, and are managed rarely")]
pub enum IdentityCommand {
    /// What belongs to the platform: its first start, what its directory reserves, its operators.
    Platform(platform::PlatformCommand),
    /// About entities.
    Entity(Edit<EntityId, entities::NewEntity, entities::EntityChange>),
    /// About users.
    User(Edit<UserId, users::NewUser, users::UserChange>),
    /// About channels.
    Channel(Edit<ChannelId, channels::NewChannel, channels::ChannelChange>),
    /// About API keys.
    Key(Edit<KeyId, keys::NewKey, keys::KeyChange>),
    /// Put a new API key in the place of one.
    RotateKey(keys::Rotation),
    /// About terminals.
    Terminal(Edit<TerminalId, devices::NewTerminal, devices::TerminalChange>),
    /// About points of sale.
    PointOfSale(Edit<PointOfSaleId, devices::NewPointOfSale, devices::PointOfSaleChange>),
    /// About webhooks.
    Webhook(Edit<WebhookId, webhooks::NewWebhook, webhooks::WebhookChange>),
    /// Put a new secret in the place of a webhook's.
    RotateWebhook(webhooks::SecretRotation),
}

/// Makes something or changes it. Deleting is changing its status to [`Status::Gone`].
#[derive(Debug, Clone)]
pub enum Edit<Id, New, Change> {
    /// Make it.
    Create(New),
    /// Change what the change names.
    Update {
        /// Which one.
        id: Id,
        /// The version it must still have, if the caller cares.
        expected: Option<u64>,
        /// What becomes different.
        change: Change,
    },
}

/// How far a caller's right to manage reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The platform's administrator, and the engine itself: everything.
    Platform,
    /// Everything of the operator.
    Operator,
    /// What is this entity's.
    Entity(EntityId),
}

impl Reach {
    /// Whether something of this entity is within reach. What is not looks like what does not exist.
    pub fn covers(self, entity: EntityId) -> bool {
        match self {
            Self::Platform | Self::Operator => true,
            Self::Entity(own) => own == entity,
        }
    }
}

/// Where a command is decided: a shard's identity at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Which shard.
    pub shard: ShardId,
    /// Its identity.
    pub identity: &'a Identity,
    /// Its catalogue: channels and sessions share their taxes.
    pub catalogue: &'a Catalogue,
    /// Now.
    pub now: Timestamp,
}

/// How far the caller may manage what these roles manage. PLATFORM_ADMIN and OPERATOR_ADMIN need not be named.
///
/// In an operator's shard a token of the platform is taken at its word: only PLATFORM_ADMIN has one, and the HTTP layer has just checked it against
/// the platform's own identity.
///
/// # Errors
/// `AUTH001` to `AUTH0025` if the caller is not there any more, `FORBIDDEN_RESOURCE` without a fitting role.
pub fn reach(here: &Here, actor: &Actor, roles: &[Role]) -> Result<Reach, Error> {
    let bearer = match actor {
        Actor::System => return Ok(Reach::Platform),
        Actor::Anonymous => return Err(Code::Unauthorized.into()),
        Actor::Token(bearer) => bearer,
    };
    if bearer.subject.shard != here.shard {
        let of_platform = bearer.subject.shard == ShardId::PLATFORM && bearer.expires > here.now;
        return if of_platform { Ok(Reach::Platform) } else { Err(Code::Unauthorized.into()) };
    }
    let caller = here.identity.check(bearer, here.now)?;
    let is_platform = here.shard == ShardId::PLATFORM;
    match caller.entity {
        _ if is_platform && caller.has_role(&[Role::PlatformAdmin]) => Ok(Reach::Platform),
        _ if !is_platform && caller.has_role(&[Role::OperatorAdmin]) => Ok(Reach::Operator),
        Some(entity) if caller.has_role(roles) => Ok(Reach::Entity(entity.id)),
        _ => Err(Code::ForbiddenResource.into()),
    }
}

/// Decides.
///
/// # Errors
/// See [`decide`].
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &IdentityCommand) -> Planned {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    Ok(decide(&here, actor, command)?)
}

/// Decides on an identity.
///
/// # Errors
/// In this order: those of [`reach`], `NOT_FOUND`, `CONFLICT` (changed meanwhile), `DIST0005` (all bad values), `DIST0001`, `CONFLICT` (duplicates).
pub fn decide(here: &Here, actor: &Actor, command: &IdentityCommand) -> Result<Done, Error> {
    match command {
        IdentityCommand::Platform(command) => platform::decide(here, actor, command),
        IdentityCommand::Entity(edit) => entities::decide(here, actor, edit),
        IdentityCommand::User(edit) => users::decide(here, actor, edit),
        IdentityCommand::Channel(edit) => channels::decide(here, actor, edit),
        IdentityCommand::Key(edit) => keys::decide(here, actor, edit),
        IdentityCommand::RotateKey(rotation) => keys::rotate(here, actor, rotation),
        IdentityCommand::Terminal(edit) => devices::decide_terminal(here, actor, edit),
        IdentityCommand::PointOfSale(edit) => devices::decide_point_of_sale(here, actor, edit),
        IdentityCommand::Webhook(edit) => webhooks::decide(here, actor, edit),
        IdentityCommand::RotateWebhook(rotation) => webhooks::rotate(here, actor, rotation),
    }
}

/// What all rows of identity have.
pub trait Kept {
    /// Whether it is there and works.
    fn status(&self) -> Status;
    /// How often it was changed.
    fn version(&self) -> u64;
}

macro_rules! kept {
    ($($row:ty),*) => { $(
        impl Kept for $row {
            fn status(&self) -> Status {
                self.status
            }

            fn version(&self) -> u64 {
                self.version
            }
        }
    )* };
}

kept!(Operator, Entity, User, Channel, ApiKey, Terminal, PointOfSale, Webhook);

/// A row that is not gone.
///
/// # Errors
/// `NOT_FOUND`.
pub fn find<K: Eq + Hash, T: Kept>(rows: &HashMap<K, Arc<T>>, id: K) -> Result<&T, Error> {
    rows.get(&id).map(AsRef::as_ref).filter(|row| row.status() != Status::Gone).ok_or(Code::NotFound.into())
}

/// `CONFLICT` if the row was changed since the caller saw it.
fn unchanged(row: &impl Kept, expected: Option<u64>) -> Result<(), Error> {
    match expected {
        Some(version) if version != row.version() => Err(Error::new(Code::Conflict).because("changed meanwhile")),
        _ => Ok(()),
    }
}

/// The id given, if it is free, else the one after the largest.
fn new_id<T>(rows: &HashMap<T, impl Sized>, given: Option<T>) -> Result<T, Error>
where
    T: Copy + Eq + Hash + Ord + From<u64> + Into<u64>,
{
    match given {
        Some(id) if rows.contains_key(&id) => Err(Error::new(Code::Conflict).because("the id is in use")),
        Some(id) if id.into() == 0 || id.into() >= MAX_GIVEN_ID => Err(Error::invalid(&["id"])),
        Some(id) => Ok(id),
        None => Ok(rows.keys().max().map_or(1, |id| (*id).into() + 1).into()),
    }
}

/// `DIST0005` if any value is bad.
fn all_good(bad: &[&str]) -> Result<(), Error> {
    if bad.is_empty() { Ok(()) } else { Err(Error::invalid(bad)) }
}

/// `CONFLICT` if nobody could be PLATFORM_ADMIN any more: neither a person nor a key of those that stay. Nobody could ever undo it.
fn platform_is_kept(here: &Here, user_stays: impl Fn(&User) -> bool, key_stays: impl Fn(&ApiKey) -> bool) -> Result<(), Error> {
    let person = here.identity.users.values().any(|user| user.status == Status::Active && user_stays(user));
    let works = |key: &ApiKey| key.status == Status::Active && key.expires.is_none();
    let key = here.identity.keys.values().any(|key| works(key) && key_stays(key));
    if here.shard != ShardId::PLATFORM || person || key {
        return Ok(());
    }
    Err(Error::new(Code::Conflict).because("nobody could be PLATFORM_ADMIN any more"))
}

/// One row put, and its id answered.
fn made(id: u64, row: impl Into<Row>) -> Done {
    Done { changes: vec![Change::Put(row.into())], reply: Reply::Ids(vec![id]) }
}

/// Whether a text may name something: 1 to 200 characters that can be seen.
pub fn is_name(text: &str) -> bool {
    (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) && text.trim() == text
}
