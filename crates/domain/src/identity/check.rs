//! The live check of a caller: one function for the HTTP layer (on the published identity) and for `plan` (on the World's), so that switching
//! something off works at once and not when a token ends.

use std::sync::Arc;

use super::{ApiKey, Channel, ChannelKind, Entity, Identity, Permission, Role, Status, Subject, Terminal, User};
use crate::error::{Code, Error};
use crate::ids::{ChannelId, EntityId, FamilyId, Hash, KeyId, ShardId, UserId};
use crate::moment::Timestamp;

/// Who a command comes from. An argument of every command and query.
#[derive(Debug, Clone)]
pub enum Actor {
    /// The engine itself: expiry, clean-up, first start, demo and import.
    System,
    /// Nobody yet: signing in.
    Anonymous,
    /// The bearer of a verified token.
    Token(Arc<Bearer>),
}

/// A verified token's claims.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// Whom it was given to.
    pub subject: Arc<Subject>,
    /// The sign-in it belongs to.
    pub family: FamilyId,
    /// When it ends.
    pub expires: Timestamp,
}

/// A caller that is there and active.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Whom the token was given to.
    pub subject: &'a Subject,
    /// The channel it sells for.
    pub channel: Option<&'a Channel>,
    /// The channel's entity, else the one the token acts for; `None`: the platform.
    pub entity: Option<&'a Entity>,
    /// The person.
    pub user: Option<&'a User>,
    /// The roles: the user's, else the key's.
    pub roles: &'a [Role],
}

impl Caller<'_> {
    /// Whether the caller has one of these roles.
    pub fn has_role(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// `AUTH0027` unless the user has the permission. Tokens without a user are decided by the channel's switches, not here.
    pub fn permit(&self, permission: Permission) -> Result<(), Error> {
        match self.user {
            Some(user) if !user.permissions.contains(&permission) => Err(Code::Auth0027.into()),
            _ => Ok(()),
        }
    }
}

/// Roles of people that may work in a kind of channel. People sell at counters, and may do by hand what marketplaces do by program; the other kinds are
/// programs and unattended devices.
pub const fn roles_in(kind: ChannelKind) -> &'static [Role] {
    match kind {
        ChannelKind::BoxOffice => &[Role::Seller, Role::OperatorAdmin, Role::ChannelManager],
        ChannelKind::Marketplace => &[Role::AfterSales, Role::OperatorAdmin, Role::ChannelManager],
        ChannelKind::Web | ChannelKind::Kiosk | ChannelKind::B2b => &[],
    }
}

/// The device of a caller at a counter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device<'a> {
    /// The terminal that was named, if there is such a one.
    pub terminal: Option<Option<&'a Terminal>>,
    /// The licence that is shown, where it is not known from signing in.
    pub license: Option<Option<Hash>>,
}

impl Identity {
    /// Steps 2 and 6 of the order of checks: the sign-in is not revoked; channel, entity, operator, user, terminal and point of sale are there
    /// and active.
    ///
    /// # Errors
    /// `AUTH001` if revoked or ended, else `AUTH0003` to `AUTH0025` in the order of error-triggers.md.
    pub fn check<'a>(&'a self, bearer: &'a Bearer, now: Timestamp) -> Result<Caller<'a>, Error> {
        self.check_token(bearer, now)?;
        self.check_subject(&bearer.subject, now)
    }

    /// Step 2 alone, since the HTTP layer looks at client and scope before it looks at state.
    ///
    /// # Errors
    /// `AUTH001` if revoked or ended.
    pub fn check_token(&self, bearer: &Bearer, now: Timestamp) -> Result<(), Error> {
        if bearer.expires <= now || self.revoked.contains_key(&bearer.family) {
            return Err(Code::Unauthorized.into());
        }
        Ok(())
    }

    /// A checked caller again, without checking: for handlers, after their extractor did.
    pub fn caller<'a>(&'a self, subject: &'a Subject) -> Caller<'a> {
        let user = subject.user.and_then(|id| self.users.get(&id)).map(AsRef::as_ref);
        let key = subject.key.and_then(|id| self.keys.get(&id));
        let channel = subject.channel.and_then(|id| self.channels.get(&id)).map(AsRef::as_ref);
        let entity = channel.map(|channel| channel.entity).or(subject.entity).and_then(|id| self.entities.get(&id)).map(AsRef::as_ref);
        let roles = user.map(|user| user.roles.as_slice()).or(key.map(|key| key.roles.as_slice())).unwrap_or_default();
        Caller { subject, channel, entity, user, roles }
    }

    /// Step 6 alone.
    ///
    /// # Errors
    /// `AUTH0001` to `AUTH0025`; `AUTH001` if the key is gone.
    pub fn check_subject<'a>(&'a self, subject: &'a Subject, now: Timestamp) -> Result<Caller<'a>, Error> {
        let terminal = subject.terminal.map(|id| self.terminals.get(&id).map(AsRef::as_ref));
        self.check_state(subject, Device { terminal, license: None }, now)
    }

    /// Step 6, for a call and for signing in alike: the latter shows a licence, too.
    pub(super) fn check_state<'a>(&'a self, subject: &'a Subject, device: Device<'_>, now: Timestamp) -> Result<Caller<'a>, Error> {
        let user = subject.user.map(|id| self.live_user(id)).transpose()?;
        let key = subject.key.map(|id| self.live_key(id, now)).transpose()?;
        let channel = subject.channel.map(|id| self.live_channel(id)).transpose()?;
        let entity_id = channel.map(|channel| channel.entity).or(subject.entity);
        let entity = entity_id.map(|id| self.live_entity(id)).transpose()?;
        if subject.shard != ShardId::PLATFORM {
            self.live_operator()?;
        }
        if let (Some(user), Some(channel)) = (user, channel) {
            if user.entity != channel.entity {
                return Err(Code::Auth0003.into());
            }
            if !user.roles.iter().any(|role| roles_in(channel.kind).contains(role)) {
                return Err(Code::Auth0024.into());
            }
        }
        if let Some(channel) = channel {
            check_terminal(channel, device, now)?;
            self.check_point_of_sale(subject, channel)?;
        }
        let roles = user.map(|user| user.roles.as_slice()).or(key.map(|key| key.roles.as_slice())).unwrap_or_default();
        Ok(Caller { subject, channel, entity, user, roles })
    }

    fn live_user(&self, id: UserId) -> Result<&User, Error> {
        match self.users.get(&id) {
            Some(user) if user.status == Status::Active => Ok(user),
            Some(user) if user.status == Status::Inactive => Err(Code::Auth0025.into()),
            _ => Err(Code::Auth0001.into()),
        }
    }

    fn live_key(&self, id: KeyId, now: Timestamp) -> Result<&ApiKey, Error> {
        match self.keys.get(&id) {
            Some(key) if key.status == Status::Active && key.expires.is_none_or(|expires| now < expires) => Ok(key),
            _ => Err(Code::Unauthorized.into()),
        }
    }

    fn live_channel(&self, id: ChannelId) -> Result<&Channel, Error> {
        match self.channels.get(&id) {
            Some(channel) if channel.status == Status::Active => Ok(channel),
            Some(channel) if channel.status == Status::Inactive => Err(Code::Auth0006.into()),
            _ => Err(Code::Auth0005.into()),
        }
    }

    fn live_entity(&self, id: EntityId) -> Result<&Entity, Error> {
        match self.entities.get(&id) {
            Some(entity) if entity.status == Status::Active => Ok(entity),
            Some(entity) if entity.status == Status::Inactive => Err(Code::Auth0008.into()),
            _ => Err(Code::Auth0007.into()),
        }
    }

    fn live_operator(&self) -> Result<(), Error> {
        match self.operator.as_ref().map(|operator| operator.status) {
            Some(Status::Active) => Ok(()),
            Some(Status::Inactive) => Err(Code::Auth0010.into()),
            Some(Status::Gone) | None => Err(Code::Auth0009.into()),
        }
    }

    fn check_point_of_sale(&self, subject: &Subject, channel: &Channel) -> Result<(), Error> {
        if channel.kind != ChannelKind::BoxOffice {
            return Ok(());
        }
        let id = subject.point_of_sale.ok_or(Code::Auth0019)?;
        let place = self.points_of_sale.get(&id).filter(|place| place.status != Status::Gone).ok_or(Code::Auth0020)?;
        if place.entity != channel.entity {
            return Err(Code::Auth0022.into());
        }
        if place.status == Status::Active { Ok(()) } else { Err(Code::Auth0021.into()) }
    }
}

/// The device of a BOX_OFFICE or KIOSK channel, then its licence.
fn check_terminal(channel: &Channel, device: Device<'_>, now: Timestamp) -> Result<(), Error> {
    if !channel.kind.has_terminals() {
        return Ok(());
    }
    let terminal = device.terminal.ok_or(Code::Auth0011)?;
    let terminal = terminal.filter(|terminal| terminal.status != Status::Gone).ok_or(Code::Auth0013)?;
    if terminal.entity.is_some_and(|entity| entity != channel.entity) {
        return Err(Code::Auth0018.into());
    }
    if terminal.status != Status::Active {
        return Err(Code::Auth0014.into());
    }
    if let Some(shown) = device.license
        && shown.ok_or(Code::Auth0012)? != terminal.license.secret
    {
        return Err(Code::Auth0015.into());
    }
    if !terminal.license.active {
        return Err(Code::Auth0016.into());
    }
    if terminal.license.expires.is_some_and(|expires| expires <= now) {
        return Err(Code::Auth0017.into());
    }
    Ok(())
}
