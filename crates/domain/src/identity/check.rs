//! The live check of a caller: one function for the HTTP layer (on the published identity) and for `plan` (on the World's), so that switching
//! something off works at once and not when a token ends.

use std::sync::Arc;

use super::{Channel, ChannelKind, Client, Entity, Identity, Permission, Role, Status, Subject, User};
use crate::error::{Code, Error};
use crate::ids::FamilyId;
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

/// Roles that may sell at a counter.
pub const SELLING_ROLES: &[Role] = &[Role::Seller, Role::OperatorAdmin, Role::ChannelManager];

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

    /// Step 6 alone, as signing in needs it too.
    ///
    /// # Errors
    /// `AUTH0001` to `AUTH0025`; `AUTH001` if the key is gone.
    pub fn check_subject<'a>(&'a self, subject: &'a Subject, now: Timestamp) -> Result<Caller<'a>, Error> {
        let user = subject.user.map(|id| self.users.get(&id).ok_or(Error::new(Code::Auth0001))).transpose()?;
        if let Some(user) = user {
            match user.status {
                Status::Active => {}
                Status::Inactive => return Err(Code::Auth0025.into()),
                Status::Gone => return Err(Code::Auth0001.into()),
            }
        }
        let key = subject.key.map(|id| self.keys.get(&id).ok_or(Error::new(Code::Unauthorized))).transpose()?;
        if key.is_some_and(|key| key.status != Status::Active || key.expires.is_some_and(|expires| expires <= now)) {
            return Err(Code::Unauthorized.into());
        }
        let channel = subject.channel.map(|id| self.channels.get(&id).ok_or(Error::new(Code::Auth0005))).transpose()?;
        if let Some(channel) = channel {
            match channel.status {
                Status::Active => {}
                Status::Inactive => return Err(Code::Auth0006.into()),
                Status::Gone => return Err(Code::Auth0005.into()),
            }
        }
        let entity_id = channel.map(|channel| channel.entity).or(subject.entity);
        let entity = entity_id.map(|id| self.live_entity(self.entities.get(&id))).transpose()?;
        if !subject.shard.eq(&crate::ids::ShardId::PLATFORM) {
            self.live_operator()?;
        }
        if let (Some(user), Some(channel)) = (user, channel) {
            if user.entity != channel.entity {
                return Err(Code::Auth0003.into());
            }
            if !user.roles.iter().any(|role| SELLING_ROLES.contains(role)) {
                return Err(Code::Auth0024.into());
            }
        }
        if let Some(channel) = channel {
            self.check_counter(subject, channel, now)?;
        }
        let roles = user.map(|user| user.roles.as_slice()).or(key.map(|key| key.roles.as_slice())).unwrap_or_default();
        Ok(Caller { subject, channel: channel.map(AsRef::as_ref), entity, user: user.map(AsRef::as_ref), roles })
    }

    fn live_entity<'a>(&self, entity: Option<&'a Arc<Entity>>) -> Result<&'a Entity, Error> {
        match entity {
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

    /// Terminal, licence and point of sale of a counter's sign-in, as far as they can change while a token lives.
    fn check_counter(&self, subject: &Subject, channel: &Channel, now: Timestamp) -> Result<(), Error> {
        if let Some(id) = subject.terminal {
            let terminal = self.terminals.get(&id).filter(|terminal| terminal.status != Status::Gone).ok_or(Error::new(Code::Auth0013))?;
            if terminal.entity.is_some_and(|entity| entity != channel.entity) {
                return Err(Code::Auth0018.into());
            }
            if terminal.status != Status::Active {
                return Err(Code::Auth0014.into());
            }
            if !terminal.license.active {
                return Err(Code::Auth0016.into());
            }
            if terminal.license.expires.is_some_and(|expires| expires <= now) {
                return Err(Code::Auth0017.into());
            }
        } else if matches!(channel.kind, ChannelKind::BoxOffice | ChannelKind::Kiosk) {
            return Err(Code::Auth0011.into());
        }
        if let Some(id) = subject.point_of_sale {
            let place = self.points_of_sale.get(&id).filter(|place| place.status != Status::Gone).ok_or(Error::new(Code::Auth0020))?;
            if place.entity != channel.entity {
                return Err(Code::Auth0022.into());
            }
            if place.status != Status::Active {
                return Err(Code::Auth0021.into());
            }
        } else if channel.kind == ChannelKind::BoxOffice || subject.client == Client::BoxOffice {
            return Err(Code::Auth0019.into());
        }
        Ok(())
    }
}
