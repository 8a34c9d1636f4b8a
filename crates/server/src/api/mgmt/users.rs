//! Users: the people of an operator's entities. A password comes in, is hashed off the engine thread, and never goes out.

use aforo_domain::identity::manage::platform::Reservation;
use aforo_domain::identity::manage::users::{NewUser, UserChange, is_username};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{Status, User};
use aforo_domain::ids::{EntityId, UserId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, listed, read, reserve, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, Manager, OperatorAdmins, PathId};
use crate::http::params::Params;
use crate::http::passwords::Whose;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// A user.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserView {
    id: u64,
    entity_id: u64,
    username: String,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    roles: Vec<&'static str>,
    permissions: Vec<&'static str>,
}

/// A user to be made.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct NewUserBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    entity_id: Option<Num>,
    /// Unique on the platform; capitals are read as small letters.
    #[schema(required = true)]
    username: Option<String>,
    /// 10 to 200 characters.
    #[schema(required = true)]
    password: Option<String>,
    /// Any of `OPERATOR_ADMIN`, `EVENT_MANAGER`, `CHANNEL_MANAGER`, `SELLER`, `AFTER_SALES`, `ACCESS_CONTROL`, `REPORTS`.
    roles: Option<Vec<String>>,
    /// Any of `REFUND`, `BOOKING`, `BLOCK_SEATS`, `CANCEL_AND_REISSUE`, `OVERRIDE_ORPHAN_SEATS`, `INVITATIONS`.
    permissions: Option<Vec<String>>,
}

/// What of a user becomes different.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct UserPatch {
    /// 10 to 200 characters.
    password: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    roles: Option<Vec<String>>,
    permissions: Option<Vec<String>>,
}

fn view(user: &User) -> UserView {
    UserView {
        id: user.id.0,
        entity_id: user.entity.0,
        username: user.username.clone(),
        status: words::show(words::STATUS, &user.status),
        roles: words::show_all(words::ROLES, &user.roles),
        permissions: words::show_all(words::PERMISSIONS, &user.permissions),
    }
}

impl Listed for User {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.username)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// Lists users; `name` is their user name.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "list_users",
    params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<UserView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<OperatorAdmins>, params: Params) -> Result<Response, Problem> {
    list_in(&manager, &params)
}

/// Lists users of the manager's shard.
pub(super) fn list_in<A: Allowed>(manager: &Manager<A>, params: &Params) -> Result<Response, Problem> {
    let listing = Listing::of::<User>(params)?;
    Ok(listing.answer(listed(&manager.view.identity.users, |_| true), view))
}

/// Makes a user: its name is reserved on the platform first.
#[utoipa::path(
    post, path = "/users", tag = "users", operation_id = "create_user",
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewUserBody,
    responses((status = 200, body = UserView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<OperatorAdmins>, call: Call<NewUserBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let username = username(&mut checks, body.username.as_deref());
    let secret = new_password(&mut checks, body.password.as_deref());
    let new = NewUser {
        id: checks.optional_id("id", body.id.as_ref()).map(UserId),
        entity: EntityId(checks.id("entity_id", body.entity_id.as_ref())),
        username,
        password: String::new(),
        roles: words::read_all(&mut checks, "roles", body.roles.as_deref(), words::ROLES).unwrap_or_default(),
        permissions: words::read_all(&mut checks, "permissions", body.permissions.as_deref(), words::PERMISSIONS).unwrap_or_default(),
    };
    let new = checks.done(new)?;
    make(&manager, &call, new, secret).await
}

/// Makes a user once what is asked for has been checked.
pub(super) async fn make<A: Allowed, T>(manager: &Manager<A>, call: &Call<T>, new: NewUser, secret: String) -> Result<Response, Problem> {
    let new = NewUser { password: manager.app.http.passwords.hash(&manager.app.chance, Whose::User, secret).await?, ..new };
    reserve(&manager.app, Reservation::Username(new.username.clone(), manager.shard)).await?;
    let (id, answered) = manager.edit(call, IdentityCommand::User(Edit::Create(new))).await?;
    answer(manager, id, &answered)
}

/// Reads a user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", operation_id = "get_user",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = UserView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<OperatorAdmins>, PathId(id): PathId) -> Result<Response, Problem> {
    get_in(&manager, UserId(id))
}

/// Reads a user of the manager's shard.
pub(super) fn get_in<A: Allowed>(manager: &Manager<A>, id: UserId) -> Result<Response, Problem> {
    let user = find(&manager.view.identity.users, id)?;
    Ok(read(&view(user), user.version))
}

/// Changes a user.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", operation_id = "change_user",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = UserPatch,
    responses((status = 200, body = UserView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<OperatorAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<UserPatch>,
) -> Result<Response, Problem> {
    change_in(&manager, &call, UserId(id), expected).await
}

/// Changes a user of the manager's shard.
pub(super) async fn change_in<A: Allowed>(
    manager: &Manager<A>,
    call: &Call<UserPatch>,
    id: UserId,
    expected: Option<u64>,
) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let secret = password(&mut checks, body.password.as_deref());
    let change = UserChange {
        password: None,
        status: checks.one_of("status", body.status.as_deref(), words::STATUS),
        roles: words::read_all(&mut checks, "roles", body.roles.as_deref(), words::ROLES),
        permissions: words::read_all(&mut checks, "permissions", body.permissions.as_deref(), words::PERMISSIONS),
    };
    let mut change = checks.done(change)?;
    find(&manager.view.identity.users, id)?;
    if let Some(secret) = secret {
        change.password = Some(manager.app.http.passwords.hash(&manager.app.chance, Whose::User, secret).await?);
    }
    let (id, answered) = manager.edit(call, IdentityCommand::User(Edit::Update { id, expected, change })).await?;
    answer(manager, id, &answered)
}

/// Makes a user gone. The name is not given to anybody else.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", operation_id = "delete_user",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<OperatorAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    delete_in(&manager, &call, UserId(id), expected).await
}

/// Makes a user of the manager's shard gone.
pub(super) async fn delete_in<A: Allowed>(
    manager: &Manager<A>,
    call: &Call<NoBody>,
    id: UserId,
    expected: Option<u64>,
) -> Result<Response, Problem> {
    let change = UserChange { status: Some(Status::Gone), ..UserChange::default() };
    let (id, answered) = manager.edit(call, IdentityCommand::User(Edit::Update { id, expected, change })).await?;
    Ok(super::deleted(&answered, id))
}

/// A new user's name.
pub(super) fn username(checks: &mut Checks, value: Option<&str>) -> String {
    let Some(text) = checks.required("username", value) else { return String::new() };
    let name = text.trim().to_lowercase();
    if !is_username(&name) {
        checks.bad_value("username");
    }
    name
}

/// A new user's password.
pub(super) fn new_password(checks: &mut Checks, value: Option<&str>) -> String {
    let value = checks.required("password", value);
    password(checks, value).unwrap_or_default()
}

fn password(checks: &mut Checks, value: Option<&str>) -> Option<String> {
    let text = value?;
    if !(10..=200).contains(&text.chars().count()) {
        checks.bad_value("password");
    }
    Some(text.to_owned())
}

fn answer<A: Allowed>(manager: &Manager<A>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let identity = manager.identity();
    let user = find(&identity.users, UserId(id))?;
    Ok(written(answered, &view(user), user.version))
}
