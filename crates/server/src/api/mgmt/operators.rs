//! Operators: made and changed by the platform's administrator. Making one opens its shard.

use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::identity::manage::platform::{NewOperator, OperatorChange, PlatformCommand, Reservation};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{DirectoryKey, Operator, Status};
use aforo_domain::ids::ShardId;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, name, optional_name, read, words, written};
use crate::app::App;
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, PathId, PlatformAdmins};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// An operator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperatorView {
    id: u64,
    name: String,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// Whether its channels may work in the secondary market.
    secondary_market: bool,
}

/// An operator to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewOperatorBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// Else false.
    secondary_market: Option<bool>,
}

/// What of an operator becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OperatorPatch {
    name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    secondary_market: Option<bool>,
}

fn view(operator: &Operator) -> OperatorView {
    OperatorView {
        id: operator.id.0,
        name: operator.name.clone(),
        status: words::show(words::STATUS, &operator.status),
        secondary_market: operator.secondary_market,
    }
}

/// The operator of a shard, unless it is gone.
fn published(app: &App, id: ShardId) -> Option<std::sync::Arc<Operator>> {
    let operator = app.engine.views().shard(id)?.identity.operator.clone()?;
    (operator.status != Status::Gone).then_some(operator)
}

impl Listed for Operator {
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

/// Lists operators.
#[utoipa::path(
    get, path = "/operators", tag = "operators", operation_id = "list_operators",
    params(Paged, ByName, ByStatus),
    responses((status = 200, body = List<OperatorView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<PlatformAdmins>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Operator>(&params)?;
    let directory = manager.home.identity.directory.keys();
    let ids = directory.filter_map(|key| if let DirectoryKey::Operator(id) = key { Some(*id) } else { None });
    let operators: Vec<_> = ids.filter_map(|id| published(&manager.app, id)).collect();
    Ok(listing.answer(operators.iter().map(AsRef::as_ref), view))
}

/// Makes an operator: its id is reserved, its shard opened, and the operator made in it. Repeated with the same `Idempotency-Key`, a making that was
/// interrupted between these steps is finished.
#[utoipa::path(
    post, path = "/operators", tag = "operators", operation_id = "create_operator",
    request_body = NewOperatorBody,
    responses((status = 200, body = OperatorView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<PlatformAdmins>, call: Call<NewOperatorBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let given = checks.optional_id("id", call.body.id.as_ref()).map(ShardId);
    let new =
        NewOperator { name: name(&mut checks, call.body.name.as_deref()), secondary_market: call.body.secondary_market == Some(true) };
    let new = checks.done(new)?;
    let (id, answered) = manager.edit(&call, platform(PlatformCommand::Reserve(Reservation::Operator(given)))).await?;
    let id = ShardId(id);
    manager.app.engine.open_shard(id).await?;
    match manager.run_in(id, Command::Identity(platform(PlatformCommand::Operator(Edit::Create(new))))).await {
        Err(problem) if answered.replayed && problem.is(Code::Conflict) => {}
        made => drop(made?),
    }
    answer(&manager, id, &answered)
}

/// Reads an operator.
#[utoipa::path(
    get, path = "/operators/{id}", tag = "operators", operation_id = "get_operator",
    params(("id" = u64, Path)),
    responses((status = 200, body = OperatorView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<PlatformAdmins>, PathId(id): PathId) -> Result<Response, Problem> {
    let operator = published(&manager.app, ShardId(id)).ok_or(Code::NotFound)?;
    Ok(read(&view(&operator), operator.version))
}

/// Changes an operator.
#[utoipa::path(
    patch, path = "/operators/{id}", tag = "operators", operation_id = "change_operator",
    params(("id" = u64, Path), ("If-Match" = Option<String>, Header)),
    request_body = OperatorPatch,
    responses((status = 200, body = OperatorView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<PlatformAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<OperatorPatch>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let change = OperatorChange {
        name: optional_name(&mut checks, call.body.name.as_deref()),
        status: checks.one_of("status", call.body.status.as_deref(), words::STATUS),
        secondary_market: call.body.secondary_market,
    };
    let change = checks.done(change)?;
    let answered = update(&manager, ShardId(id), expected, change).await?;
    answer(&manager, ShardId(id), &answered)
}

/// Makes an operator gone: nothing of it works any more.
#[utoipa::path(
    delete, path = "/operators/{id}", tag = "operators", operation_id = "delete_operator",
    params(("id" = u64, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<PlatformAdmins>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    _call: Call<NoBody>,
) -> Result<Response, Problem> {
    let change = OperatorChange { status: Some(Status::Gone), ..OperatorChange::default() };
    let answered = update(&manager, ShardId(id), expected, change).await?;
    Ok(super::deleted(&answered, id))
}

async fn update(
    manager: &Manager<PlatformAdmins>,
    id: ShardId,
    expected: Option<u64>,
    change: OperatorChange,
) -> Result<Answered, Problem> {
    published(&manager.app, id).ok_or(Code::NotFound)?;
    let command = platform(PlatformCommand::Operator(Edit::Update { id, expected, change }));
    manager.run_in(id, Command::Identity(command)).await
}

const fn platform(command: PlatformCommand) -> IdentityCommand {
    IdentityCommand::Platform(command)
}

fn answer(manager: &Manager<PlatformAdmins>, id: ShardId, answered: &Answered) -> Result<Response, Problem> {
    let operator = published(&manager.app, id).ok_or(Code::NotFound)?;
    Ok(written(answered, &view(&operator), operator.version))
}
