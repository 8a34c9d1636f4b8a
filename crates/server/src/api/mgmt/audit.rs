//! The audit log of an operator and that of the platform: who did what, when and to what. Written by `domain::audit`; only administrators read it.

use aforo_domain::audit::AuditLine;
use aforo_domain::ids::{KeyId, UserId};
use axum::response::Response;
use serde::Serialize;

use crate::http::checks::Checks;
use crate::http::extract::{Allowed, Manager, OperatorAdmins, PlatformAdmins};
use crate::http::params::Params;
use crate::http::respond::{Problem, json};
use crate::http::time::{Precision, Shown};
use crate::store::lists::{AuditWanted, Span};

/// A line of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditLineView<'a> {
    /// Grows with time.
    id: u64,
    date: Shown,
    by: AuditActorView,
    /// `MGMT`, `ORDERS_MGMT`, `DISTRIBUTION` (of marketplaces), `ACCESS_CONTROL` or `CUSTOMERS`.
    api: &'static str,
    /// `CREATE`, `UPDATE`, `DELETE`, `ROTATE`, `REFUND` ...
    action: &'a str,
    object: AuditObjectView<'a>,
}

/// Who did it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditActorView {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u64>,
    /// Whether user and key are the platform's.
    platform: bool,
}

/// What it was done to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditObjectView<'a> {
    /// `CHANNEL`, `SESSION`, `ORDER` ...
    r#type: &'a str,
    /// As its API names it: a number, an order's code, `session/channel` of a publication.
    id: &'a str,
}

/// A page of the log, the last first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditPage<'a> {
    data: Vec<AuditLineView<'a>>,
    /// Where there is more: what to send as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<u64>,
}

fn view(line: &AuditLine) -> AuditLineView<'_> {
    let by = AuditActorView {
        user_id: line.by.user.map(|user| user.0),
        key_id: line.by.key.map(|key| key.0),
        channel_id: line.by.channel.map(|channel| channel.0),
        platform: line.by.platform,
    };
    let object = AuditObjectView { r#type: &line.kind, id: &line.object };
    let date = Shown::exactly(line.at, None, Precision::Milliseconds);
    AuditLineView { id: line.id.0, date, by, api: line.api.as_str(), action: &line.action, object }
}

/// Lists what was done in an operator, the last first: everything that was managed, everything done with orders after their sale
/// (by marketplaces, too) and with customers, and what was set right at gates. What was refused is not in it. Lines are kept for two years, or as long as the
/// installation says.
#[utoipa::path(
    get, path = "/audit-log", tag = "audit log", operation_id = "list_audit_log",
    params(
        ("user_id" = Option<u64>, Query, description = "Only what this person did"), ("key_id" = Option<u64>, Query, description = "Only what this key did"),
        ("object_type" = Option<String>, Query, description = "Only what was done to such things"), ("object_id" = Option<String>, Query),
        ("date" = Option<String>, Query, description = "`gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`"),
        ("before" = Option<u64>, Query, description = "`next_before` of the page before"), ("limit" = Option<u32>, Query, description = "1 to 500, default 100"),
        ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"),
    ),
    responses((status = 200, body = AuditPage)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<OperatorAdmins>, params: Params) -> Result<Response, Problem> {
    read(&manager, &params).await
}

/// Lists what was done to the platform itself, the last first.
#[utoipa::path(
    get, path = "/platform/audit-log", tag = "audit log", operation_id = "list_platform_audit_log",
    params(
        ("user_id" = Option<u64>, Query), ("key_id" = Option<u64>, Query), ("object_type" = Option<String>, Query), ("object_id" = Option<String>, Query),
        ("date" = Option<String>, Query), ("before" = Option<u64>, Query), ("limit" = Option<u32>, Query),
    ),
    responses((status = 200, body = AuditPage)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list_of_platform(manager: Manager<PlatformAdmins>, params: Params) -> Result<Response, Problem> {
    read(&manager, &params).await
}

async fn read<A: Allowed>(manager: &Manager<A>, params: &Params) -> Result<Response, Problem> {
    manager.reach()?;
    let mut checks = Checks::new();
    let (user, key) = (params.id(&mut checks, "user_id"), params.id(&mut checks, "key_id"));
    let date = params.range(&mut checks, "date");
    let before = params.id(&mut checks, "before");
    let limit = params.paging(&mut checks, 0).limit;
    checks.done(())?;
    let word = |name: &str| params.get(name).map(|text| text.chars().take(100).collect::<String>());
    let wanted = AuditWanted {
        user: user.map(UserId),
        key: key.map(KeyId),
        kind: word("object_type"),
        object: word("object_id"),
        at: Span { from: date.from, to: date.to },
        before,
        // One more says whether there are more.
        limit: limit + 1,
    };
    let shard = manager.shard;
    let mut lines = manager.app.engine.read(shard, move |reader| reader.audit_log(shard, &wanted)).await?;
    let more = lines.len() as u64 > limit;
    lines.truncate(limit as usize);
    let next_before = lines.last().filter(|_| more).map(|line| line.id.0);
    Ok(json(&AuditPage { data: lines.iter().map(|line| view(line)).collect(), next_before }))
}
