//! Terminals and their licences. A licence is made here, shown in this one answer and never again.

use aforo_domain::error::Code;
use aforo_domain::identity::manage::devices::{NewTerminal, TerminalChange, covers, is_code};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::identity::{License, Status, Terminal};
use aforo_domain::ids::{EntityId, TerminalId};
use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};

use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, listed, name, optional_name, read, secrets, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{ChannelManagers, Manager, PathId};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time;
use crate::http::wire::{List, Num};

/// A terminal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TerminalView {
    id: u64,
    /// What it signs in with.
    code: String,
    /// Whose it is; the operator's own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<u64>,
    name: String,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    license: LicenseView,
}

/// A terminal's licence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LicenseView {
    /// Whether it works.
    active: bool,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// The `terminal_license`, in the answer to its making and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A terminal to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewTerminalBody {
    /// Else the next one.
    id: Option<Num>,
    /// What it signs in with: 1 to 64 visible characters, unique in the operator.
    #[schema(required = true)]
    code: Option<String>,
    /// Whose it is; the operator's own if absent.
    entity_id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    license: Option<LicenseBody>,
}

/// What of a terminal becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TerminalPatch {
    name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    license: Option<LicenseBody>,
}

/// What of a licence is set.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct LicenseBody {
    /// Whether it works.
    active: Option<bool>,
    /// When it ends; `null`: never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    expires: Option<Option<String>>,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl LicenseBody {
    fn read(&self, checks: &mut Checks) -> TerminalChange {
        let expires = self.expires.as_ref().map(|text| checks.instant("license.expires", text.as_deref()));
        TerminalChange { license_active: self.active, license_expires: expires, ..TerminalChange::default() }
    }
}

fn view(terminal: &Terminal, secret: Option<String>) -> TerminalView {
    TerminalView {
        id: terminal.id.0,
        code: terminal.code.clone(),
        entity_id: terminal.entity.map(|id| id.0),
        name: terminal.name.clone(),
        status: words::show(words::STATUS, &terminal.status),
        license: LicenseView { active: terminal.license.active, expires: terminal.license.expires.map(time::utc), secret },
    }
}

impl Listed for Terminal {
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
        self.entity == Some(entity)
    }
}

/// Lists terminals.
#[utoipa::path(
    get, path = "/terminals", tag = "terminals", operation_id = "list_terminals",
    params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<TerminalView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<ChannelManagers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Terminal>(&params)?;
    let reach = manager.reach()?;
    let terminals = listed(&manager.view.identity.terminals, |terminal| covers(reach, terminal.entity));
    Ok(listing.answer(terminals, |terminal| view(terminal, None)))
}

/// Makes a terminal with its licence.
#[utoipa::path(
    post, path = "/terminals", tag = "terminals", operation_id = "create_terminal",
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    request_body = NewTerminalBody,
    responses((status = 200, body = TerminalView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<ChannelManagers>, call: Call<NewTerminalBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let code = checks.required("code", body.code.as_deref()).unwrap_or_default().to_owned();
    if body.code.is_some() && !is_code(&code) {
        checks.bad_value("code");
    }
    let terms = body.license.as_ref().map(|license| license.read(&mut checks)).unwrap_or_default();
    let (secret, hash) = secrets::license(&manager.app.chance);
    let license = License { secret: hash, active: terms.license_active.unwrap_or(true), expires: terms.license_expires.flatten() };
    let new = NewTerminal {
        id: checks.optional_id("id", body.id.as_ref()).map(TerminalId),
        entity: checks.optional_id("entity_id", body.entity_id.as_ref()).map(EntityId),
        code,
        name: name(&mut checks, body.name.as_deref()),
        license,
    };
    let command = IdentityCommand::Terminal(Edit::Create(checks.done(new)?));
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered, Some(secret))
}

/// Reads a terminal.
#[utoipa::path(
    get, path = "/terminals/{id}", tag = "terminals", operation_id = "get_terminal",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = TerminalView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<ChannelManagers>, PathId(id): PathId) -> Result<Response, Problem> {
    let reach = manager.reach()?;
    let terminal = find(&manager.view.identity.terminals, TerminalId(id))?;
    if !covers(reach, terminal.entity) {
        return Err(Code::NotFound.into());
    }
    Ok(read(&view(terminal, None), terminal.version))
}

/// Changes a terminal, or switches its licence.
#[utoipa::path(
    patch, path = "/terminals/{id}", tag = "terminals", operation_id = "change_terminal",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = TerminalPatch,
    responses((status = 200, body = TerminalView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<TerminalPatch>,
) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let change = TerminalChange {
        name: optional_name(&mut checks, body.name.as_deref()),
        status: checks.one_of("status", body.status.as_deref(), words::STATUS),
        ..body.license.as_ref().map(|license| license.read(&mut checks)).unwrap_or_default()
    };
    let command = IdentityCommand::Terminal(Edit::Update { id: TerminalId(id), expected, change: checks.done(change)? });
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered, None)
}

/// Gives a terminal a new licence in place of the old one.
#[utoipa::path(
    post, path = "/terminals/{id}/license", tag = "terminals", operation_id = "renew_terminal_license",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = Option<LicenseBody>,
    responses((status = 200, body = TerminalView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn renew_license(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<Option<LicenseBody>>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let terms = call.body.as_ref().map(|license| license.read(&mut checks)).unwrap_or_default();
    let (secret, hash) = secrets::license(&manager.app.chance);
    let change = TerminalChange {
        license_secret: Some(hash),
        license_active: Some(terms.license_active.unwrap_or(true)),
        license_expires: Some(terms.license_expires.flatten()),
        ..TerminalChange::default()
    };
    let command = IdentityCommand::Terminal(Edit::Update { id: TerminalId(id), expected, change: checks.done(change)? });
    let (id, answered) = manager.edit(&call, command).await?;
    answer(&manager, id, &answered, Some(secret))
}

/// Makes a terminal gone. Its code is not given to another one.
#[utoipa::path(
    delete, path = "/terminals/{id}", tag = "terminals", operation_id = "delete_terminal",
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
    let change = TerminalChange { status: Some(Status::Gone), ..TerminalChange::default() };
    let (id, answered) = manager.edit(&call, IdentityCommand::Terminal(Edit::Update { id: TerminalId(id), expected, change })).await?;
    Ok(super::deleted(&answered, id))
}

fn answer(manager: &Manager<ChannelManagers>, id: u64, answered: &Answered, secret: Option<String>) -> Result<Response, Problem> {
    let identity = manager.identity();
    let terminal = find(&identity.terminals, TerminalId(id))?;
    Ok(written(answered, &view(terminal, secret.filter(|_| !answered.replayed)), terminal.version))
}
