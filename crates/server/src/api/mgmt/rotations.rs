//! Rotation of API keys: a new key with what the old one may do, and the old one works on for a while. The secret is shown in this one answer.

use aforo_domain::identity::KeyOwner;
use aforo_domain::identity::manage::keys::Rotation;
use aforo_domain::identity::manage::{IdentityCommand, find};
use aforo_domain::ids::{ChannelId, EntityId, KeyId};
use axum::response::Response;
use serde::Deserialize;

use super::catalogue::{Clearable, clearable};
use super::keys::{KeyView, belongs, view};
use super::{IfMatch, secrets, written};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, ChannelManagers, Manager, OperatorAdmins, PathId, PathIds, PlatformAdmins};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// How a key is rotated.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct RotationBody {
    /// How long the old key still works: 0 (it is revoked at once) to 8 760, else 24.
    overlap_hours: Option<Num>,
    /// When the new key ends by itself; `null`: never. Else when the old one would have.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    expires: Clearable<String>,
}

const MAX_OVERLAP_HOURS: u64 = 8_760;
const USUAL_OVERLAP_HOURS: u64 = 24;
const HOUR_MS: i64 = 3_600_000;

/// Rotates a channel's key: answers the new one.
#[utoipa::path(
    post, path = "/channels/{id}/keys/{key_id}/rotate", tag = "keys", operation_id = "rotate_channel_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = Option<RotationBody>,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn rotate_of_channel(
    manager: Manager<ChannelManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<Option<RotationBody>>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    rotate(&manager, &call, KeyOwner::Channel(ChannelId(id)), KeyId(key), expected).await
}

/// Rotates an entity's key: answers the new one.
#[utoipa::path(
    post, path = "/entities/{id}/keys/{key_id}/rotate", tag = "keys", operation_id = "rotate_entity_key",
    params(("id" = u64, Path), ("key_id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = Option<RotationBody>,
    responses((status = 200, body = KeyView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn rotate_of_entity(
    manager: Manager<OperatorAdmins>,
    PathIds(ids): PathIds<2>,
    IfMatch(expected): IfMatch,
    call: Call<Option<RotationBody>>,
) -> Result<Response, Problem> {
    let [id, key] = ids;
    rotate(&manager, &call, KeyOwner::Entity(Some(EntityId(id))), KeyId(key), expected).await
}

/// Rotates a key of the platform: answers the new one.
#[utoipa::path(
    post, path = "/platform/keys/{key_id}/rotate", tag = "keys", operation_id = "rotate_platform_key",
    params(("key_id" = u64, Path), ("If-Match" = Option<String>, Header)), request_body = Option<RotationBody>,
    responses((status = 200, body = KeyView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn rotate_of_platform(
    manager: Manager<PlatformAdmins>,
    PathId(key): PathId,
    IfMatch(expected): IfMatch,
    call: Call<Option<RotationBody>>,
) -> Result<Response, Problem> {
    rotate(&manager, &call, KeyOwner::Entity(None), KeyId(key), expected).await
}

async fn rotate<A: Allowed>(
    manager: &Manager<A>,
    call: &Call<Option<RotationBody>>,
    owner: KeyOwner,
    id: KeyId,
    expected: Option<u64>,
) -> Result<Response, Problem> {
    let (mut checks, usual) = (Checks::new(), RotationBody::default());
    let body = call.body.as_ref().unwrap_or(&usual);
    let hours = checks.optional_whole("overlap_hours", body.overlap_hours.as_ref(), 0..=MAX_OVERLAP_HOURS).unwrap_or(USUAL_OVERLAP_HOURS);
    let expires = body.expires.as_ref().map(|text| checks.instant("expires", text.as_deref()));
    let (secret, hash) = secrets::api_key(&manager.app.chance, manager.shard);
    let rotation = Rotation { id, expected, secret: hash, expires, overlap_ms: hours as i64 * HOUR_MS };
    let rotation = checks.done(rotation)?;
    belongs(manager, owner, id)?;
    let (id, answered) = manager.edit(call, IdentityCommand::RotateKey(rotation)).await?;
    let identity = manager.identity();
    let key = find(&identity.keys, KeyId(id))?;
    let shown = (!answered.replayed).then_some(secret);
    Ok(written(&answered, &view(key, shown), key.version))
}
