//! Entities: the organisations of an operator.

use aforo_domain::identity::manage::entities::{EntityChange, NewEntity, ReceiptsChange};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{Entity, Status};
use aforo_domain::ids::EntityId;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, listed, name, optional_name, read, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, OperatorAdmins, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// An entity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntityView {
    id: u64,
    name: String,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// How it numbers what its channels sell and give back, where it ever did.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipts: Option<ReceiptsView>,
}

/// How an entity numbers receipts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiptsView {
    /// Whether what comes into the books is numbered.
    active: bool,
    /// Stands before each number.
    prefix: String,
}

/// How an entity shall number receipts: one series for all its channels, from 1 on, without gaps. Once it is on again, it goes on where it was.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReceiptsBody {
    /// At first `true`.
    active: Option<bool>,
    /// Stands before each number from now on: up to 20 visible characters; at first none.
    prefix: Option<String>,
}

/// An entity to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewEntityBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
}

/// What of an entity becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EntityPatch {
    name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    receipts: Option<ReceiptsBody>,
}

fn view(entity: &Entity) -> EntityView {
    let receipts = entity.receipts.as_ref();
    let receipts = receipts.map(|receipts| ReceiptsView { active: receipts.since.is_some(), prefix: receipts.prefix.clone() });
    EntityView { id: entity.id.0, name: entity.name.clone(), status: words::show(words::STATUS, &entity.status), receipts }
}

impl Listed for Entity {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

/// Lists entities.
#[utoipa::path(
    get, path = "/entities", tag = "entities", operation_id = "list_entities",
    params(Paged, ByName, ByStatus),
    responses((status = 200, body = List<EntityView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Entity>(&params)?;
    let reach = manager.reach()?;
    Ok(listing.answer(listed(&manager.view.identity.entities, |entity| reach.covers(entity.id)), view))
}

/// Makes an entity.
#[utoipa::path(
    post, path = "/entities", tag = "entities", operation_id = "create_entity",
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewEntityBody,
    responses((status = 200, body = EntityView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<OperatorAdmins>, call: Call<NewEntityBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let id = checks.optional_id("id", call.body.id.as_ref()).map(EntityId);
    let new = NewEntity { id, name: name(&mut checks, call.body.name.as_deref()) };
    let command = IdentityCommand::Entity(Edit::Create(checks.done(new)?));
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered)
}

/// Reads an entity.
#[utoipa::path(
    get, path = "/entities/{id}", tag = "entities", operation_id = "get_entity",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = EntityView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let reach = manager.reach()?;
    let entity = find(&manager.view.identity.entities, EntityId(id))?;
    if !reach.covers(entity.id) {
        return Err(aforo_domain::error::Code::NotFound.into());
    }
    Ok(read(&view(entity), entity.version))
}

/// Changes an entity.
#[utoipa::path(
    patch, path = "/entities/{id}", tag = "entities", operation_id = "change_entity",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = EntityPatch,
    responses((status = 200, body = EntityView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<OperatorAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<EntityPatch>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let change = EntityChange {
        name: optional_name(&mut checks, call.body.name.as_deref()),
        status: checks.one_of("status", call.body.status.as_deref(), words::STATUS),
        receipts: call.body.receipts.as_ref().map(|body| ReceiptsChange { prefix: body.prefix.clone(), active: body.active }),
    };
    let command = IdentityCommand::Entity(Edit::Update { id: EntityId(id), expected, change: checks.done(change)? });
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered)
}

/// Makes an entity gone: nothing of it works any more.
#[utoipa::path(
    delete, path = "/entities/{id}", tag = "entities", operation_id = "delete_entity",
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
    let change = EntityChange { status: Some(Status::Gone), ..EntityChange::default() };
    let command = IdentityCommand::Entity(Edit::Update { id: EntityId(id), expected, change });
    let (id, answered) = manager.edit(&call, command).await?;
    Ok(super::deleted(&answered, id))
}

fn answer(manager: &Manager<OperatorAdmins>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let identity = manager.identity();
    let entity = find(&identity.entities, EntityId(id))?;
    Ok(written(answered, &view(entity), entity.version))
}
