//! `GET /collectives`: the collectives that a channel has, so that it can ask its buyers for what each wants to be shown.

use aforo_domain::text::Localized;
use axum::response::Response;
use serde::Serialize;

use crate::api::mgmt::collectives::{KINDS, Kind};
use crate::api::mgmt::words;
use crate::http::checks::Checks;
use crate::http::extract::CatalogCaller;
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time::Shown;
use crate::http::wire::{List, Metadata};

/// A collective.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CollectiveView<'a> {
    id: u64,
    name: &'a str,
    texts: CollectiveTextsView<'a>,
    /// What its people show: `CODE`, `MEMBER` (an id) or `MEMBER_PASSWORD` (an id and a password).
    r#type: &'static str,
    /// When it comes into orders, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Shown>,
}

/// Its texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CollectiveTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    name: &'a Localized,
}

/// Lists the collectives that the channel has and that are not over, by id.
#[utoipa::path(
    get, path = "/collectives", tag = "catalogue", operation_id = "list_collectives",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query)), responses((status = 200, body = List<CollectiveView>)),
)]
pub async fn list(caller: CatalogCaller, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let all = caller.view.catalogue.collectives.values();
    let mut all: Vec<_> = all
        .filter(|collective| collective.is_of(caller.channel.id) && collective.valid_until.is_none_or(|until| caller.now < until))
        .collect();
    all.sort_unstable_by_key(|collective| collective.id);
    let total = all.len() as u64;
    let page = all.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
    let data = page.map(|collective| CollectiveView {
        id: collective.id.0,
        name: &collective.name,
        texts: CollectiveTextsView { name: &collective.names },
        r#type: words::show(KINDS, &Kind::of(&collective.check)),
        valid_from: collective.valid_from.map(Shown::utc),
        valid_until: collective.valid_until.map(Shown::utc),
    });
    Ok(json(&List { metadata: Metadata { limit: paging.limit, total, offset: paging.offset }, data: data.collect() }))
}
