//! API keys of channels, entities and the platform. A secret is made here, shown in this one answer and never again, a repeated one included.

use aforo_domain::error::Code;
use aforo_domain::identity::manage::keys::{KeyChange, NewKey, bad_fields, owned};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{ApiKey, KeyOwner, Role, Scopes, Status};
use aforo_domain::ids::{ChannelId, EntityId, KeyId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByStatus, Field, Listed, Listing, Paged};
use super::{IfMatch, listed, read, secrets, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, ChannelManagers, Manager, OperatorAdmins, PathId, PathIds, PlatformAdmins};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::time;
use crate::http::wire::List;

/// A key, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyView {
    id: u64,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// What an entity's key does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'static str>,
    /// What its tokens may reach.
    scopes: Vec<&'static str>,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// The `client_secret`, in the answer to its making and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A channel's key to be made.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NewChannelKeyBody {
    /// Fewer than a channel's usual ones.
    scopes: Option<Vec<String>>,
    /// When it ends by itself.
    expires: Option<String>,
}

/// An entity's key to be made.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct NewEntityKeyBody {
    /// Any of `OPERATOR_ADMIN`, `EVENT_MANAGER`, `CHANNEL_MANAGER`, `SELLER`, `AFTER_SALES`, `ACCESS_CONTROL`, `REPORTS`.
    #[schema(required = true)]
    roles: Option<Vec<String>>,
    /// Fewer than an entity's usual ones.
    scopes: Option<Vec<String>>,
    /// When it ends by itself.
    expires: Option<String>,
}

/// What of a key becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct KeyPatch {
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
}

/// A key; with its secret in the answer to its making.
pub(super) fn view(key: &ApiKey, secret: Option<String>) -> KeyView {
    KeyView {
        id: key.id.0,
        status: words::show(words::STATUS, &key.status),
        roles: words::show_all(words::ROLES, &key.roles),
        scopes: words::show_scopes(key.scopes),
        expires: key.expires.map(time::utc),
        secret,
    }
}

impl Listed for ApiKey {
    const FIELDS: &'static [(&'static str, Field)] = &[("id", Field::Id)];

    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }
}

/// Lists a channel's keys.
#[utoipa::path(
    get, path = "/channels/{id}/keys", tag = "keys", operation_id = "list_channel_keys",
    params(("id" = u64, Path), Paged, ByStatus),
    responses((status = 200, body = List<KeyView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list_of_channel(manager: Manager<ChannelManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    list(&manager, KeyOwner::Channel(ChannelId(id)), &params)
}

/// Makes a channel's key.
#[utoipa::path(
    post, path = "/channels/{id}/keys", tag = "keys", operation_id = "create_channel_key",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = Option<NewChannelKeyBody>,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create_of_channel(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    call: Call<Option<NewChannelKeyBody>>,
) -> Result<Response, Problem> {
    let (scopes, expires) = call.body.as_ref().map(|body| (body.scopes.as_deref(), body.expires.as_deref())).unwrap_or_default();
    create(&manager, &call, KeyOwner::Channel(ChannelId(id)), Some(&[]), scopes, expires).await
}

/// Reads a channel's key.
#[utoipa::path(
    get, path = "/channels/{id}/keys/{key_id}", tag = "keys", operation_id = "get_channel_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get_of_channel(manager: Manager<ChannelManagers>, PathIds(ids): PathIds<2>) -> Result<Response, Problem> {
    let [id, key] = ids;
    get(&manager, KeyOwner::Channel(ChannelId(id)), KeyId(key))
}

/// Switches a channel's key off or on.
#[utoipa::path(
    patch, path = "/channels/{id}/keys/{key_id}", tag = "keys", operation_id = "change_channel_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = KeyPatch,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change_of_channel(
    manager: Manager<ChannelManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<KeyPatch>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    change(&manager, &call, KeyOwner::Channel(ChannelId(id)), KeyId(key), expected).await
}

/// Revokes a channel's key: what was signed in with it ends at once.
#[utoipa::path(
    delete, path = "/channels/{id}/keys/{key_id}", tag = "keys", operation_id = "revoke_channel_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete_of_channel(
    manager: Manager<ChannelManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    revoke(&manager, &call, KeyOwner::Channel(ChannelId(id)), KeyId(key), expected).await
}

/// Lists an entity's keys.
#[utoipa::path(
    get, path = "/entities/{id}/keys", tag = "keys", operation_id = "list_entity_keys",
    params(("id" = u64, Path), Paged, ByStatus),
    responses((status = 200, body = List<KeyView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list_of_entity(manager: Manager<OperatorAdmins>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    list(&manager, KeyOwner::Entity(Some(EntityId(id))), &params)
}

/// Makes an entity's key.
#[utoipa::path(
    post, path = "/entities/{id}/keys", tag = "keys", operation_id = "create_entity_key",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewEntityKeyBody,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create_of_entity(
    manager: Manager<OperatorAdmins>,
    PathId(id): PathId,
    call: Call<NewEntityKeyBody>,
) -> Result<Response, Problem> {
    let body = &call.body;
    let owner = KeyOwner::Entity(Some(EntityId(id)));
    create(&manager, &call, owner, body.roles.as_deref(), body.scopes.as_deref(), body.expires.as_deref()).await
}

/// Reads an entity's key.
#[utoipa::path(
    get, path = "/entities/{id}/keys/{key_id}", tag = "keys", operation_id = "get_entity_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get_of_entity(manager: Manager<OperatorAdmins>, PathIds(ids): PathIds<2>) -> Result<Response, Problem> {
    let [id, key] = ids;
    get(&manager, KeyOwner::Entity(Some(EntityId(id))), KeyId(key))
}

/// Switches an entity's key off or on.
#[utoipa::path(
    patch, path = "/entities/{id}/keys/{key_id}", tag = "keys", operation_id = "change_entity_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = KeyPatch,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change_of_entity(
    manager: Manager<OperatorAdmins>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<KeyPatch>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    change(&manager, &call, KeyOwner::Entity(Some(EntityId(id))), KeyId(key), expected).await
}

/// Revokes an entity's key: what was signed in with it ends at once.
#[utoipa::path(
    delete, path = "/entities/{id}/keys/{key_id}", tag = "keys", operation_id = "revoke_entity_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete_of_entity(
    manager: Manager<OperatorAdmins>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    revoke(&manager, &call, KeyOwner::Entity(Some(EntityId(id))), KeyId(key), expected).await
}

/// Lists the platform's keys.
#[utoipa::path(
    get, path = "/platform/keys", tag = "keys", operation_id = "list_platform_keys",
    params(Paged, ByStatus),
    responses((status = 200, body = List<KeyView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list_of_platform(manager: Manager<PlatformAdmins>, params: Params) -> Result<Response, Problem> {
    list(&manager, KeyOwner::Entity(None), &params)
}

/// Makes a key of the platform: whoever has it is PLATFORM_ADMIN.
#[utoipa::path(
    post, path = "/platform/keys", tag = "keys", operation_id = "create_platform_key",
    request_body = Option<NewChannelKeyBody>,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create_of_platform(manager: Manager<PlatformAdmins>, call: Call<Option<NewChannelKeyBody>>) -> Result<Response, Problem> {
    let (scopes, expires) = call.body.as_ref().map(|body| (body.scopes.as_deref(), body.expires.as_deref())).unwrap_or_default();
    let admin = [words::show(words::ROLES, &Role::PlatformAdmin).to_owned()];
    create(&manager, &call, KeyOwner::Entity(None), Some(&admin), scopes, expires).await
}

/// Reads a key of the platform.
#[utoipa::path(
    get, path = "/platform/keys/{key_id}", tag = "keys", operation_id = "get_platform_key",
    params(("key_id" = u64, Path)),
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get_of_platform(manager: Manager<PlatformAdmins>, PathId(key): PathId) -> Result<Response, Problem> {
    get(&manager, KeyOwner::Entity(None), KeyId(key))
}

/// Switches a key of the platform off or on; `CONFLICT` if nobody could be PLATFORM_ADMIN any more.
#[utoipa::path(
    patch, path = "/platform/keys/{key_id}", tag = "keys", operation_id = "change_platform_key",
    params(("key_id" = u64, Path), ("If-Match" = Option<String>, Header)), request_body = KeyPatch,
    responses((status = 200, body = KeyView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change_of_platform(
    manager: Manager<PlatformAdmins>,
    PathId(key): PathId,
    IfMatch(expected): IfMatch,
    call: Call<KeyPatch>,
) -> Result<Response, Problem> {
    change(&manager, &call, KeyOwner::Entity(None), KeyId(key), expected).await
}

/// Revokes a key of the platform.
#[utoipa::path(
    delete, path = "/platform/keys/{key_id}", tag = "keys", operation_id = "revoke_platform_key",
    params(("key_id" = u64, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete_of_platform(
    manager: Manager<PlatformAdmins>,
    PathId(key): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    revoke(&manager, &call, KeyOwner::Entity(None), KeyId(key), expected).await
}

fn list<A: Allowed>(manager: &Manager<A>, owner: KeyOwner, params: &Params) -> Result<Response, Problem> {
    let listing = Listing::of::<ApiKey>(params)?;
    owned(&manager.here(), manager.reach()?, owner)?;
    Ok(listing.answer(listed(&manager.view.identity.keys, |key| key.owner == owner), |key| view(key, None)))
}

fn get<A: Allowed>(manager: &Manager<A>, owner: KeyOwner, id: KeyId) -> Result<Response, Problem> {
    owned(&manager.here(), manager.reach()?, owner)?;
    belongs(manager, owner, id)?;
    let key = find(&manager.view.identity.keys, id)?;
    Ok(read(&view(key, None), key.version))
}

async fn create<A: Allowed, T>(
    manager: &Manager<A>,
    call: &Call<T>,
    owner: KeyOwner,
    roles: Option<&[String]>,
    scopes: Option<&[String]>,
    expires: Option<&str>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let roles = checks.required("roles", roles);
    let roles = words::read_all(&mut checks, "roles", roles, words::ROLES).unwrap_or_default();
    let scopes = words::read_scopes(&mut checks, scopes).unwrap_or(usual_scopes(owner));
    bad_fields(owner, &roles, scopes).into_iter().for_each(|name| checks.bad_value(name));
    let expires = checks.instant("expires", expires);
    let (secret, hash) = secrets::api_key(&manager.app.chance, manager.shard);
    let new = checks.done(NewKey { owner, secret: hash, roles, scopes, expires })?;
    let (id, answered) = manager.edit(call, IdentityCommand::Key(Edit::Create(new))).await?;
    let identity = manager.identity();
    let key = find(&identity.keys, KeyId(id))?;
    let shown = (!answered.replayed).then_some(secret);
    Ok(written(&answered, &view(key, shown), key.version))
}

const fn usual_scopes(owner: KeyOwner) -> Scopes {
    match owner {
        KeyOwner::Channel(_) => Scopes::SELLER,
        KeyOwner::Entity(Some(_)) => Scopes::ENTITY,
        KeyOwner::Entity(None) => Scopes::MANAGEMENT,
    }
}

async fn change<A: Allowed>(
    manager: &Manager<A>,
    call: &Call<KeyPatch>,
    owner: KeyOwner,
    id: KeyId,
    expected: Option<u64>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let status = checks.one_of("status", call.body.status.as_deref(), words::STATUS);
    let change = checks.done(KeyChange { status })?;
    belongs(manager, owner, id)?;
    let (id, answered) = manager.edit(call, IdentityCommand::Key(Edit::Update { id, expected, change })).await?;
    let identity = manager.identity();
    let key = find(&identity.keys, KeyId(id))?;
    Ok(written(&answered, &view(key, None), key.version))
}

async fn revoke<A: Allowed>(
    manager: &Manager<A>,
    call: &Call<NoBody>,
    owner: KeyOwner,
    id: KeyId,
    expected: Option<u64>,
) -> Result<Response, Problem> {
    belongs(manager, owner, id)?;
    let change = KeyChange { status: Some(Status::Gone) };
    let (id, answered) = manager.edit(call, IdentityCommand::Key(Edit::Update { id, expected, change })).await?;
    Ok(super::deleted(&answered, id))
}

/// `NOT_FOUND` unless the key is that owner's, as the path says. A key never changes hands, and a revoked one is the command's to refuse or repeat.
pub(super) fn belongs<A: Allowed>(manager: &Manager<A>, owner: KeyOwner, id: KeyId) -> Result<(), Problem> {
    match manager.view.identity.keys.get(&id) {
        Some(key) if key.owner == owner => Ok(()),
        _ => Err(Code::NotFound.into()),
    }
}
