//! Who works with orders after their sale: channels on their own, and people and keys of entities. The extractor does steps 2 to 7 of the order of checks,
//! as those of [`super::extract`] do; what it sees of which order is `domain::orders::sight`'s.

use std::marker::PhantomData;
use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::manage::Here;
use aforo_domain::identity::{Client, Permission, Role, Scope, Status};
use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::sight::Sight;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::call::Call;
use super::extract::{operator, run, signed_in};
use super::respond::{Answered, Problem};
use crate::app::App;
use crate::engine::view::ShardView;
use crate::store::{Reader, StoreError};

/// What a call on sold orders takes.
pub trait Errand: Send + Sync + 'static {
    /// Outside a channel, one of these roles. OPERATOR_ADMIN and PLATFORM_ADMIN may do everything.
    const ROLES: &'static [Role];
    /// What a person needs besides.
    const PERMISSION: Option<Permission>;
}

/// Looks.
#[derive(Debug, Clone, Copy)]
pub struct Looks;
impl Errand for Looks {
    const ROLES: &'static [Role] = &[Role::AfterSales, Role::Reports];
    const PERMISSION: Option<Permission> = None;
}

/// Hands tickets out. Whoever only reports has no use for what opens a gate.
#[derive(Debug, Clone, Copy)]
pub struct HandsOut;
impl Errand for HandsOut {
    const ROLES: &'static [Role] = &[Role::AfterSales];
    const PERMISSION: Option<Permission> = None;
}

/// Gives back what was sold.
#[derive(Debug, Clone, Copy)]
pub struct Refunds;
impl Errand for Refunds {
    const ROLES: &'static [Role] = &[Role::AfterSales];
    const PERMISSION: Option<Permission> = Some(Permission::Refund);
}

/// Puts something right that is no money's.
#[derive(Debug, Clone, Copy)]
pub struct Corrects;
impl Errand for Corrects {
    const ROLES: &'static [Role] = &[Role::AfterSales];
    const PERMISSION: Option<Permission> = None;
}

/// Books, and lets bookings go.
#[derive(Debug, Clone, Copy)]
pub struct Books;
impl Errand for Books {
    const ROLES: &'static [Role] = &[Role::AfterSales];
    const PERMISSION: Option<Permission> = Some(Permission::Booking);
}

/// A caller of orders management.
#[derive(Debug)]
pub struct Clerk<E> {
    /// Everything.
    pub app: App,
    /// What its token says.
    pub bearer: Arc<Bearer>,
    /// The operator's shard that it works on.
    pub shard: ShardId,
    /// What is published of that shard.
    pub view: Arc<ShardView>,
    /// How far it sees.
    pub sight: Sight,
    /// When the request came.
    pub now: Timestamp,
    errand: PhantomData<E>,
}

const CLIENTS: &[Client] = &[Client::Management, Client::SellerChannel, Client::BoxOffice];

impl<E: Errand> FromRequestParts<App> for Clerk<E> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let now = app.clock.now();
        let (bearer, home) = signed_in(app, &parts.headers, CLIENTS, Scope::OrdersMgmt, now)?;
        let caller = home.identity.check_subject(&bearer.subject, now)?;
        let fits = caller.channel.is_some() || caller.has_role(E::ROLES) || caller.has_role(&[Role::OperatorAdmin, Role::PlatformAdmin]);
        if !fits {
            return Err(Code::ForbiddenResource.into());
        }
        E::PERMISSION.map_or(Ok(()), |permission| caller.permit(permission))?;
        let shard = if caller.channel.is_some() { bearer.subject.shard } else { operator(&bearer, parts.uri.query(), false)? };
        let view = if shard == bearer.subject.shard { Some(home.clone()) } else { app.engine.views().shard(shard) };
        let there = |view: &Arc<ShardView>| view.identity.operator.as_ref().is_some_and(|operator| operator.status != Status::Gone);
        let view = view.filter(there).ok_or(Code::NotFound)?;
        let here = Here { shard, identity: &view.identity, catalogue: &view.catalogue, now };
        let sight = Sight::of(&here, &Actor::Token(bearer.clone()), E::ROLES)?;
        Ok(Self { app: app.clone(), bearer, shard, view, sight, now, errand: PhantomData })
    }
}

impl<E> Clerk<E> {
    /// What is published by now: that of the request's beginning may not know what came while it waited.
    pub fn newest(&self) -> Arc<ShardView> {
        self.app.engine.views().shard(self.shard).unwrap_or_else(|| self.view.clone())
    }

    /// Runs a call's command, once for an `Idempotency-Key`, and waits until it is durable.
    ///
    /// # Errors
    /// What the engine refuses with; `IDEMPOTENCY_IN_PROGRESS`.
    pub async fn run<T, const MAX: usize>(&self, call: &Call<T, MAX>, command: Command) -> Result<Answered, Problem> {
        let claim = call.repeat.as_ref().map(|repeat| repeat.claim(&self.bearer.subject));
        run(&self.app, self.shard, &self.bearer, claim, command).await
    }

    /// Reads a list out of the tables, which have by then all that was committed when the call came.
    ///
    /// # Errors
    /// `OVERLOADED` if they do not come so far in time or too many read; `DIST0000` if the store fails.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        Ok(self.app.engine.read(self.shard, read).await?)
    }
}
