//! Points of sale: the counters where BOX_OFFICE channels sell.

use aforo_domain::error::Code;
use aforo_domain::identity::manage::devices::{NewPointOfSale, PointOfSaleChange};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{PointOfSale, Status};
use aforo_domain::ids::{EntityId, PointOfSaleId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, listed, name, optional_name, read, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{ChannelManagers, Manager, PathId};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// A point of sale.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PointOfSaleView {
    id: u64,
    entity_id: u64,
    name: String,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
}

/// A point of sale to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewPointOfSaleBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    entity_id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
}

/// What of a point of sale becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PointOfSalePatch {
    name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
}

fn view(place: &PointOfSale) -> PointOfSaleView {
    PointOfSaleView {
        id: place.id.0,
        entity_id: place.entity.0,
        name: place.name.clone(),
        status: words::show(words::STATUS, &place.status),
    }
}

impl Listed for PointOfSale {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// Lists points of sale.
#[utoipa::path(
    get, path = "/points-of-sale", tag = "points of sale", operation_id = "list_points_of_sale",
    params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<PointOfSaleView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<ChannelManagers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<PointOfSale>(&params)?;
    let reach = manager.reach()?;
    Ok(listing.answer(listed(&manager.view.identity.points_of_sale, |place| reach.covers(place.entity)), view))
}

/// Makes a point of sale.
#[utoipa::path(
    post, path = "/points-of-sale", tag = "points of sale", operation_id = "create_point_of_sale",
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewPointOfSaleBody,
    responses((status = 200, body = PointOfSaleView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<ChannelManagers>, call: Call<NewPointOfSaleBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let new = NewPointOfSale {
        id: checks.optional_id("id", body.id.as_ref()).map(PointOfSaleId),
        entity: EntityId(checks.id("entity_id", body.entity_id.as_ref())),
        name: name(&mut checks, body.name.as_deref()),
    };
    let command = IdentityCommand::PointOfSale(Edit::Create(checks.done(new)?));
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered)
}

/// Reads a point of sale.
#[utoipa::path(
    get, path = "/points-of-sale/{id}", tag = "points of sale", operation_id = "get_point_of_sale",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = PointOfSaleView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<ChannelManagers>, PathId(id): PathId) -> Result<Response, Problem> {
    let reach = manager.reach()?;
    let place = find(&manager.view.identity.points_of_sale, PointOfSaleId(id))?;
    if !reach.covers(place.entity) {
        return Err(Code::NotFound.into());
    }
    Ok(read(&view(place), place.version))
}

/// Changes a point of sale.
#[utoipa::path(
    patch, path = "/points-of-sale/{id}", tag = "points of sale", operation_id = "change_point_of_sale",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = PointOfSalePatch,
    responses((status = 200, body = PointOfSaleView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<PointOfSalePatch>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let change = PointOfSaleChange {
        name: optional_name(&mut checks, call.body.name.as_deref()),
        status: checks.one_of("status", call.body.status.as_deref(), words::STATUS),
    };
    let command = IdentityCommand::PointOfSale(Edit::Update { id: PointOfSaleId(id), expected, change: checks.done(change)? });
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered)
}

/// Makes a point of sale gone.
#[utoipa::path(
    delete, path = "/points-of-sale/{id}", tag = "points of sale", operation_id = "delete_point_of_sale",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let change = PointOfSaleChange { status: Some(Status::Gone), ..PointOfSaleChange::default() };
    let command = IdentityCommand::PointOfSale(Edit::Update { id: PointOfSaleId(id), expected, change });
    let (id, answered) = manager.edit(&call, command).await?;
    Ok(super::deleted(&answered, id))
}

fn answer(manager: &Manager<ChannelManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let identity = manager.identity();
    let place = find(&identity.points_of_sale, PointOfSaleId(id))?;
    Ok(written(answered, &view(place), place.version))
}
