//! The platform's own people: each is PLATFORM_ADMIN, and somebody is always left. The platform's keys are in [`super::keys`].

use aforo_domain::error::Code;
use aforo_domain::identity::Role;
use aforo_domain::identity::manage::platform::PLATFORM_ENTITY;
use aforo_domain::identity::manage::users::NewUser;
use aforo_domain::ids::{ShardId, UserId};
use axum::response::Response;
use serde::Deserialize;

use super::IfMatch;
use super::lists::{ByName, ByStatus, Paged};
use super::users::{self, UserPatch, UserView};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, PathId, PlatformAdmins};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::wire::List;

/// One more administrator of the platform.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct NewAdministratorBody {
    /// Unique on the platform; capitals are read as small letters.
    #[schema(required = true)]
    username: Option<String>,
    /// 10 to 200 characters.
    #[schema(required = true)]
    password: Option<String>,
}

/// An operator that is named has people of its own, at `/users`.
fn of_the_platform(manager: &Manager<PlatformAdmins>) -> Result<(), Problem> {
    if manager.shard == ShardId::PLATFORM { Ok(()) } else { Err(Code::NotFound.into()) }
}

/// Lists the platform's administrators.
#[utoipa::path(
    get, path = "/platform/users", tag = "users", operation_id = "list_platform_users",
    params(Paged, ByName, ByStatus),
    responses((status = 200, body = List<UserView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list_users(manager: Manager<PlatformAdmins>, params: Params) -> Result<Response, Problem> {
    of_the_platform(&manager)?;
    users::list_in(&manager, &params)
}

/// Makes one more administrator of the platform.
#[utoipa::path(
    post, path = "/platform/users", tag = "users", operation_id = "create_platform_user", request_body = NewAdministratorBody,
    responses((status = 200, body = UserView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create_user(manager: Manager<PlatformAdmins>, call: Call<NewAdministratorBody>) -> Result<Response, Problem> {
    of_the_platform(&manager)?;
    let mut checks = Checks::new();
    let username = users::username(&mut checks, call.body.username.as_deref());
    let secret = users::new_password(&mut checks, call.body.password.as_deref());
    let (roles, permissions, password) = (vec![Role::PlatformAdmin], Vec::new(), String::new());
    let new = checks.done(NewUser { id: None, entity: PLATFORM_ENTITY, username, password, roles, permissions })?;
    users::make(&manager, &call, new, secret).await
}

/// Reads an administrator of the platform.
#[utoipa::path(
    get, path = "/platform/users/{id}", tag = "users", operation_id = "get_platform_user", params(("id" = u64, Path)),
    responses((status = 200, body = UserView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get_user(manager: Manager<PlatformAdmins>, PathId(id): PathId) -> Result<Response, Problem> {
    of_the_platform(&manager)?;
    users::get_in(&manager, UserId(id))
}

/// Changes an administrator of the platform, above all its password.
#[utoipa::path(
    patch, path = "/platform/users/{id}", tag = "users", operation_id = "change_platform_user",
    params(("id" = u64, Path), ("If-Match" = Option<String>, Header)), request_body = UserPatch,
    responses((status = 200, body = UserView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change_user(
    manager: Manager<PlatformAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<UserPatch>,
) -> Result<Response, Problem> {
    of_the_platform(&manager)?;
    users::change_in(&manager, &call, UserId(id), expected).await
}

/// Makes an administrator of the platform gone; `CONFLICT` if nobody would be left.
#[utoipa::path(
    delete, path = "/platform/users/{id}", tag = "users", operation_id = "delete_platform_user",
    params(("id" = u64, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete_user(
    manager: Manager<PlatformAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    of_the_platform(&manager)?;
    users::delete_in(&manager, &call, UserId(id), expected).await
}
