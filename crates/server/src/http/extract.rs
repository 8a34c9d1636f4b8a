//! Who asks: extractors that a handler cannot run without. Each does steps 2 to 7 of the order of checks (token, rate, client, scope, live state, role)
//! before the handler sees anything, so that authorisation cannot be forgotten.

use std::marker::PhantomData;
use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::Claim;
use aforo_domain::identity::check::{Actor, Bearer, Caller};
use aforo_domain::identity::{Channel, Client, Permission, Role, Scope, Status};
use aforo_domain::ids::{ItemId, MAX_ID, OrderId, ShardId, VoucherOrderId};
use aforo_domain::moment::Timestamp;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::call::{Call, ORDER_ID};
use super::checks::Checks;
use super::params::{Params, whole};
use super::respond::{Answered, Problem};
use crate::app::App;
use crate::engine::Request;
use crate::engine::view::ShardView;

/// An API of channels: who may call it and which scope it takes.
pub trait ChannelApi: Send + Sync + 'static {
    /// Clients it accepts.
    const CLIENTS: &'static [Client] = &[Client::SellerChannel, Client::BoxOffice];
    /// The scope a token needs.
    const SCOPE: Scope;
}

/// The distribution API.
#[derive(Debug, Clone, Copy)]
pub struct Distribution;
impl ChannelApi for Distribution {
    const SCOPE: Scope = Scope::Distribution;
}

/// The catalogue API.
#[derive(Debug, Clone, Copy)]
pub struct CatalogApi;
impl ChannelApi for CatalogApi {
    const SCOPE: Scope = Scope::Catalog;
}

/// The customers API.
#[derive(Debug, Clone, Copy)]
pub struct CustomersApi;
impl ChannelApi for CustomersApi {
    const SCOPE: Scope = Scope::CustomersMgmt;
}

/// Sells: a caller of the distribution API.
pub type Seller = Selling<Distribution>;
/// Looks: a caller of the catalogue API.
pub type CatalogCaller = Selling<CatalogApi>;

/// Looks after customers: a caller of the customers API.
pub type Register = Selling<CustomersApi>;

/// A caller that works in a channel, there and active a moment ago.
#[derive(Debug)]
pub struct Selling<A> {
    /// Everything.
    pub app: App,
    /// What its token says.
    pub bearer: Arc<Bearer>,
    /// What is published of its operator.
    pub view: Arc<ShardView>,
    /// Its channel.
    pub channel: Arc<Channel>,
    /// When the request came.
    pub now: Timestamp,
    api: PhantomData<A>,
}

impl<A> Selling<A> {
    /// Who a command comes from.
    pub fn actor(&self) -> Actor {
        Actor::Token(self.bearer.clone())
    }

    /// Its operator's shard.
    pub fn shard(&self) -> ShardId {
        self.bearer.subject.shard
    }

    /// The caller with its user and roles.
    pub fn caller(&self) -> Caller<'_> {
        self.view.identity.caller(&self.bearer.subject)
    }

    /// Step 7: the user's permission, where a user signed in.
    ///
    /// # Errors
    /// `AUTH0027`.
    pub fn permit(&self, permission: Permission) -> Result<(), Problem> {
        Ok(self.caller().permit(permission)?)
    }

    /// The same caller a while later, for a call that goes on: its token, its state and what it sees are those of now (steps 2 and 6).
    ///
    /// # Errors
    /// What a new call would be refused with; `OVERLOADED` if its operator is no longer served here.
    pub fn again(&self) -> Result<Self, Problem> {
        let now = self.app.clock.now();
        let view = self.app.engine.views().shard(self.shard()).ok_or(Code::Overloaded)?;
        view.identity.check_token(&self.bearer, now)?;
        Self::active(&self.app, self.bearer.clone(), view, now)
    }

    /// Step 6.
    fn active(app: &App, bearer: Arc<Bearer>, view: Arc<ShardView>, now: Timestamp) -> Result<Self, Problem> {
        view.identity.check_subject(&bearer.subject, now)?;
        let channel = bearer.subject.channel.and_then(|id| view.identity.channels.get(&id)).ok_or(Code::Unauthorized)?.clone();
        Ok(Self { app: app.clone(), bearer, view, channel, now, api: PhantomData })
    }

    /// Runs a call's command, once for an `Idempotency-Key`, and waits until it is durable.
    ///
    /// # Errors
    /// What the engine refuses with; `IDEMPOTENCY_IN_PROGRESS`.
    pub async fn run<T, const MAX: usize>(&self, call: &Call<T, MAX>, command: Command) -> Result<Answered, Problem> {
        run(&self.app, self.shard(), &self.bearer, self.claim(call), command).await
    }

    /// What a call with an `Idempotency-Key` is known by.
    pub fn claim<T, const MAX: usize>(&self, call: &Call<T, MAX>) -> Option<Claim> {
        call.repeat.as_ref().map(|repeat| repeat.claim(&self.bearer.subject))
    }

    /// Asks without changing anything.
    ///
    /// # Errors
    /// What the engine refuses with.
    pub async fn ask(&self, command: Command) -> Result<Answered, Problem> {
        run(&self.app, self.shard(), &self.bearer, None, command).await
    }
}

impl<A: ChannelApi> FromRequestParts<App> for Selling<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let now = app.clock.now();
        let (bearer, view) = signed_in(app, &parts.headers, A::CLIENTS, A::SCOPE, now)?;
        Self::active(app, bearer, view, now)
    }
}

/// Which roles a management call takes. PLATFORM_ADMIN may make every one.
pub trait Allowed: Send + Sync + 'static {
    /// One of these.
    const ROLES: &'static [Role];
}

macro_rules! allowed {
    ($($(#[$doc:meta])* $name:ident = $roles:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Allowed for $name {
            const ROLES: &'static [Role] = $roles;
        }
    )* };
}

allowed! {
    /// The platform's own administrator only: operators.
    PlatformAdmins = &[];
    /// Administrators of the operator: entities, users, keys, terminals, points of sale.
    OperatorAdmins = &[Role::OperatorAdmin];
    /// Those who set up venues, events and sessions.
    EventManagers = &[Role::OperatorAdmin, Role::EventManager];
    /// Those who set up channels and what is published in them.
    ChannelManagers = &[Role::OperatorAdmin, Role::ChannelManager];
    /// Those who set up events or channels.
    AnyManagers = &[Role::OperatorAdmin, Role::EventManager, Role::ChannelManager];
    /// Those who read reports.
    Reporters = &[Role::OperatorAdmin, Role::Reports];
    /// Those who may look at the set-up.
    Readers = &[Role::OperatorAdmin, Role::EventManager, Role::ChannelManager, Role::AfterSales, Role::Reports];
}

/// A caller of the management API with one of the roles of `A`, and the operator it works on: its own, or the one that a PLATFORM_ADMIN names with
/// the query parameter `operator_id`. For [`PlatformAdmins`] the shard is the platform's, unless one is named.
#[derive(Debug)]
pub struct Manager<A> {
    /// Everything.
    pub app: App,
    /// What its token says.
    pub bearer: Arc<Bearer>,
    /// What is published where it signed in.
    pub home: Arc<ShardView>,
    /// The operator's shard that it works on.
    pub shard: ShardId,
    /// What is published of that shard.
    pub view: Arc<ShardView>,
    /// When the request came.
    pub now: Timestamp,
    roles: PhantomData<A>,
}

impl<A> Manager<A> {
    /// Who a command comes from.
    pub fn actor(&self) -> Actor {
        Actor::Token(self.bearer.clone())
    }

    /// The caller with its user, entity and roles.
    pub fn caller(&self) -> Caller<'_> {
        self.home.identity.caller(&self.bearer.subject)
    }

    /// Runs a call's command in the operator's shard, once for an `Idempotency-Key`.
    ///
    /// # Errors
    /// What the engine refuses with; `IDEMPOTENCY_IN_PROGRESS`.
    pub async fn run<T, const MAX: usize>(&self, call: &Call<T, MAX>, command: Command) -> Result<Answered, Problem> {
        let claim = call.repeat.as_ref().map(|repeat| repeat.claim(&self.bearer.subject));
        run(&self.app, self.shard, &self.bearer, claim, command).await
    }

    /// Runs one of the commands, counted from 0, that a call is cut into, each once for an `Idempotency-Key`: a call that was cut off goes on where it
    /// was when it is repeated.
    ///
    /// # Errors
    /// What the engine refuses with; `IDEMPOTENCY_IN_PROGRESS`.
    pub async fn run_part<T, const MAX: usize>(&self, call: &Call<T, MAX>, part: usize, command: Command) -> Result<Answered, Problem> {
        if part == 0 {
            return self.run(call, command).await;
        }
        let claim = call.repeat.as_ref().map(|repeat| repeat.claim_of_line(&self.bearer.subject, &part.to_string()));
        run(&self.app, self.shard, &self.bearer, claim, command).await
    }

    /// Runs a command of a call in a shard of its own choice (making an operator takes two), without an `Idempotency-Key`.
    ///
    /// # Errors
    /// What the engine refuses with.
    pub async fn run_in(&self, shard: ShardId, command: Command) -> Result<Answered, Problem> {
        run(&self.app, shard, &self.bearer, None, command).await
    }
}

impl<A: Allowed> FromRequestParts<App> for Manager<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let now = app.clock.now();
        let (bearer, home) = signed_in(app, &parts.headers, &[Client::Management], Scope::Mgmt, now)?;
        let caller = home.identity.check_subject(&bearer.subject, now)?;
        if !caller.has_role(A::ROLES) && !caller.has_role(&[Role::PlatformAdmin]) {
            return Err(Code::ForbiddenResource.into());
        }
        let shard = operator(&bearer, parts.uri.query(), A::ROLES.is_empty())?;
        let view = if shard == bearer.subject.shard { Some(home.clone()) } else { app.engine.views().shard(shard) };
        let view = view.filter(|view| {
            shard == ShardId::PLATFORM || view.identity.operator.as_ref().is_some_and(|operator| operator.status != Status::Gone)
        });
        let view = view.ok_or(Code::NotFound)?;
        Ok(Self { app: app.clone(), bearer, home, shard, view, now, roles: PhantomData })
    }
}

/// The shard a management call works on. Another operator's looks the same as none.
pub(super) fn operator(bearer: &Bearer, query: Option<&str>, platform_itself: bool) -> Result<ShardId, Problem> {
    let own = bearer.subject.shard;
    let mut checks = Checks::new();
    let named = Params::parse(query.unwrap_or_default()).id(&mut checks, "operator_id").map(ShardId);
    let named = checks.done(named)?;
    match named {
        Some(named) if named != own && own != ShardId::PLATFORM => Err(Code::NotFound.into()),
        Some(named) => Ok(named),
        None if own == ShardId::PLATFORM && !platform_itself => Err(Error::required(&["operator_id"]).into()),
        None => Ok(own),
    }
}

/// Steps 2 to 5: the token, its rate limit, its client, its scope.
pub(super) fn signed_in(
    app: &App,
    headers: &HeaderMap,
    clients: &[Client],
    scope: Scope,
    now: Timestamp,
) -> Result<(Arc<Bearer>, Arc<ShardView>), Problem> {
    let token = bearer_token(headers).ok_or(Code::Unauthorized)?;
    let known = app.verified(token, now).ok_or(Code::Unauthorized)?;
    let bearer = known.bearer.clone();
    let view = app.engine.views().shard(bearer.subject.shard).ok_or(Code::Unauthorized)?;
    view.identity.check_token(&bearer, now)?;
    app.config.token_rate.check(&known.allowance, now)?;
    if !clients.contains(&bearer.subject.client) {
        return Err(Code::InvalidAuthClientId.into());
    }
    if !bearer.subject.scopes.has(scope) {
        return Err(Code::Auth0023.into());
    }
    Ok((bearer, view))
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Runs a command, once for the claim.
pub(super) async fn run(
    app: &App,
    shard: ShardId,
    bearer: &Arc<Bearer>,
    idempotency: Option<Claim>,
    command: Command,
) -> Result<Answered, Problem> {
    let _guard = idempotency.map(|claim| app.http.in_progress.enter(claim.key)).transpose()?;
    let answer = app.engine.run(Request { shard, actor: Actor::Token(bearer.clone()), command, idempotency }).await;
    let replayed = answer.replayed;
    match answer.result {
        Ok(reply) => Ok(Answered { reply, replayed }),
        Err(error) => Err(Problem { replayed, ..error.into() }),
    }
}

/// The current order: header `ob-order-id`.
#[derive(Debug, Clone, Copy)]
pub struct CurrentOrder(pub OrderId);

impl<S: Sync> FromRequestParts<S> for CurrentOrder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(ORDER_ID).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Error::required(&[ORDER_ID.as_str()]))?;
        let text = String::from_utf8_lossy(value.as_bytes());
        OrderId::parse(&text).map(Self).ok_or_else(|| Error::format(ORDER_ID.as_str(), &text.chars().take(100).collect::<String>()).into())
    }
}

/// The order of a call that need not have one: header `ob-order-id`.
#[derive(Debug, Clone, Copy)]
pub struct OptionalOrder(pub Option<OrderId>);

impl<S: Sync> FromRequestParts<S> for OptionalOrder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.headers.get(ORDER_ID).is_none_or(|value| value.is_empty()) {
            return Ok(Self(None));
        }
        let CurrentOrder(id) = CurrentOrder::from_request_parts(parts, state).await?;
        Ok(Self(Some(id)))
    }
}

/// The numeric id of a path that has one: `PathId(event): PathId`.
#[derive(Debug, Clone, Copy)]
pub struct PathId(pub u64);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PathIds([id]) = PathIds::from_request_parts(parts, state).await?;
        Ok(Self(id))
    }
}

/// The item of a path that names its order by code: its parameter `id`.
#[derive(Debug, Clone, Copy)]
pub struct PathItem(pub ItemId);

impl<S: Send + Sync> FromRequestParts<S> for PathItem {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let mut checks = Checks::new();
        let id = raw.iter().find(|(name, _)| *name == "id").and_then(|(name, text)| whole(&mut checks, name, text, 1, MAX_ID - 1));
        Ok(Self(ItemId(checks.done(id)?.ok_or(Code::NotFound)?)))
    }
}

/// The voucher order that a path names.
#[derive(Debug, Clone, Copy)]
pub struct PathVoucherOrder(pub VoucherOrderId);

impl<S: Send + Sync> FromRequestParts<S> for PathVoucherOrder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (name, text) = raw.iter().next().ok_or(Code::NotFound)?;
        let id = VoucherOrderId::parse(text).ok_or_else(|| Error::format(name, &text.chars().take(100).collect::<String>()))?;
        Ok(Self(id))
    }
}

/// The numeric ids of a path that has several, in its order: `PathIds(ids): PathIds<2>`, then `let [event, session] = ids` (`utoipa::path` takes no
/// deeper pattern among the arguments).
#[derive(Debug, Clone, Copy)]
pub struct PathIds<const N: usize>(pub [u64; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for PathIds<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (mut ids, mut checks) = ([0; N], Checks::new());
        for (id, (name, text)) in ids.iter_mut().zip(&raw) {
            *id = whole(&mut checks, name, text, 1, MAX_ID - 1).unwrap_or_default();
        }
        Ok(Self(checks.done(ids)?))
    }
}
