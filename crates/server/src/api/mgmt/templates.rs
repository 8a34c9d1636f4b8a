//! Venue templates: versions of a venue's plan, each made from one document. Everybody in an operator sees them and may put sessions on them.
//!
//! The document is read and compiled here, and reaches the engine sector by sector; a template is seen once it is complete.

use std::collections::BTreeSet;
use std::sync::Arc;

use aforo_domain::catalogue::manage::document::Document;
use aforo_domain::catalogue::manage::{CatalogueCommand, TemplateSpec};
use aforo_domain::catalogue::plan::{Plan, Sector};
use aforo_domain::catalogue::{Catalogue, PriceType, Quota, Template};
use aforo_domain::command::Command;
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{PriceTypeId, RateId, SectorId, TemplateId};
use aforo_domain::money::Minor;
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, Texts, clearable, label};
use super::lists::{ByName, ByRetired, Listed, Listing, Paged, YES_OR_NO, yes_or_no};
use super::template_body::{PointBody, TemplateBody, release_ms};
use super::{IfMatch, read, written};
use crate::http::call::{Call, MAX_IMPORT};
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, EventManagers, Manager, PathId, PathIds, Readers};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Answered, Problem, json};
use crate::http::wire::{List, Money, Num};

/// A venue template; its seats are read by sessions, at `GET /catalog-api/v1/sessions/{id}/seats`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TemplateView<'a> {
    id: u64,
    venue_id: u64,
    name: &'a str,
    /// Places in all.
    capacity: u32,
    price_types: Vec<PriceTypeView<'a>>,
    quotas: Vec<QuotaView<'a>>,
    sectors: Vec<SectorView<'a>>,
    check_orphan_seats: bool,
    graphic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_point: Option<PointView>,
    /// Retired templates take no new sessions.
    retired: bool,
}

/// A price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceTypeView<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    texts: PriceTypeTextsView<'a>,
    ui_settings: UiSettingsView<'a>,
}

/// What a price type is called in other languages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceTypeTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    name: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description: &'a Localized,
}

/// How to show a price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UiSettingsView<'a> {
    order: u32,
    color: &'a str,
}

/// An id with a name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NamedView<'a> {
    id: u64,
    name: &'a str,
}

/// A quota.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuotaView<'a> {
    id: u64,
    name: &'a str,
    /// How many minutes before a session's start its places become general ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    release_minutes: Option<i64>,
}

/// A sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SectorView<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    /// Numbered seats.
    seats: usize,
    zones: Vec<ZoneView<'a>>,
}

/// A not-numbered zone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ZoneView<'a> {
    id: u64,
    name: &'a str,
    price_type_id: u64,
    capacity: u32,
}

/// A point in the plan's units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PointView {
    x: i32,
    y: i32,
}

/// What may change of a template, whether sessions use it or not.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TemplatePatch {
    name: Option<String>,
    check_orphan_seats: Option<bool>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<PointBody>)]
    focal_point: Clearable<PointBody>,
    retired: Option<bool>,
    /// New releases of quotas, by id; quotas that are not named stay as they are.
    quotas: Option<Vec<QuotaPatch>>,
}

/// What may change of a quota.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct QuotaPatch {
    #[schema(required = true)]
    id: Option<Num>,
    /// How many minutes before a session's start its places become general ones; `null`: never.
    release_minutes: Option<Num>,
}

impl<'a> PriceTypeView<'a> {
    /// A price type as it is shown.
    pub(super) fn of(kind: &'a PriceType) -> Self {
        Self {
            id: kind.id.0,
            name: &kind.name,
            code: &kind.code,
            texts: PriceTypeTextsView { name: &kind.names, description: &kind.descriptions },
            ui_settings: UiSettingsView { order: kind.order, color: &kind.color },
        }
    }
}

impl PointView {
    /// A point as it is shown.
    pub(super) fn of((x, y): (i32, i32)) -> Self {
        Self { x, y }
    }
}

/// A template as it is shown.
pub(super) fn view(plan: &Plan) -> TemplateView<'_> {
    let template = &plan.template;
    TemplateView {
        id: template.id.0,
        venue_id: template.venue.0,
        name: &template.name,
        capacity: plan.places(),
        price_types: template.price_types.iter().map(PriceTypeView::of).collect(),
        quotas: template.quotas.iter().map(quota_view).collect(),
        sectors: plan.sectors.iter().map(|sector| sector_view(sector)).collect(),
        check_orphan_seats: template.check_orphan_seats,
        graphic: template.graphic,
        focal_point: template.focal_point.map(PointView::of),
        retired: template.retired,
    }
}

fn quota_view(quota: &Quota) -> QuotaView<'_> {
    QuotaView { id: quota.id.0, name: &quota.name, release_minutes: quota.release_ms.map(|release| release / 60_000) }
}

fn sector_view(sector: &Sector) -> SectorView<'_> {
    let zones = sector.zones.iter().map(|zone| ZoneView {
        id: zone.id.0,
        name: &zone.name,
        price_type_id: zone.price_type.0,
        capacity: zone.places.iter().map(|places| places.count).sum(),
    });
    SectorView {
        id: sector.id.0,
        name: &sector.name,
        code: &sector.code,
        seats: sector.rows.iter().map(|row| row.seats.len()).sum(),
        zones: zones.collect(),
    }
}

/// A complete template.
pub(super) fn complete(catalogue: &Catalogue, id: u64) -> Result<&Arc<Plan>, Problem> {
    let plan = catalogue.plans.get(&TemplateId(id)).filter(|plan| plan.template.version > 0);
    Ok(plan.ok_or(Code::NotFound)?)
}

impl Listed for Plan {
    const STATE: (&'static str, &'static [&'static str]) = ("retired", YES_OR_NO);

    fn id(&self) -> u64 {
        self.template.id.0
    }

    fn state(&self) -> &'static str {
        yes_or_no(self.template.retired)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.template.name)
    }
}

/// Lists the operator's venue templates, of one venue if it is named.
#[utoipa::path(
    get, path = "/venue-templates", operation_id = "list_venue_templates", tag = "venues",
    params(Paged, ByName, ByRetired, ("venue_id" = Option<u64>, Query)),
    responses((status = 200, body = List<TemplateView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let listing = Listing::read::<Plan>(&params, &mut checks);
    let venue = params.id(&mut checks, "venue_id");
    let listing = checks.done(listing)?;
    let is_shown = |plan: &&Arc<Plan>| plan.template.version > 0 && venue.is_none_or(|venue| venue == plan.template.venue.0);
    let plans = manager.view.catalogue.plans.values().filter(is_shown);
    Ok(listing.answer(plans.map(AsRef::as_ref), view))
}

/// Makes a venue template from one document of at most 64 MiB and 400 000 places.
#[utoipa::path(
    post, path = "/venue-templates", operation_id = "create_venue_template", tag = "venues", params(("operator_id" = Option<u64>, Query)),
    request_body = TemplateBody, responses((status = 200, body = TemplateView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, mut call: Call<Option<TemplateBody>, MAX_IMPORT>) -> Result<Response, Problem> {
    let body = call.body.take().ok_or(Code::Dist0002)?;
    let document = off_thread(move || body.read()).await?;
    let (id, answered) = build(&manager, &call, document).await?;
    answer(&manager, id, &answered)
}

/// Makes a template of a document that was checked, sector by sector.
pub(super) async fn build<T, const MAX: usize>(
    manager: &Manager<EventManagers>,
    call: &Call<T, MAX>,
    document: Document,
) -> Result<(u64, Answered), Problem> {
    let begin = CatalogueCommand::BeginTemplate(document.id, document.outline());
    let (id, answered) = manager.save(call, begin).await?;
    // A repeated call finds its template complete, or goes on where the first one was cut off.
    if complete(&manager.catalogue(), id).is_err() {
        let ids = answered.ids()?.to_vec();
        let sectors = off_thread(move || sectors(&document, &ids)).await?;
        for sector in sectors {
            let add = CatalogueCommand::AddSector(Arc::new(sector));
            manager.run_in(manager.shard, Command::Catalogue(add)).await?;
        }
        let end = CatalogueCommand::CompleteTemplate(TemplateId(id));
        manager.run_in(manager.shard, Command::Catalogue(end)).await?;
    }
    Ok((id, answered))
}

/// The sectors with the ids that beginning the template answered.
fn sectors(document: &Document, ids: &[u64]) -> Result<Vec<Sector>, Problem> {
    let (template, ids) = ids.split_first().ok_or(Code::Dist0000)?;
    let (price_types, sectors) = ids.split_at_checked(document.price_types.len()).ok_or(Code::Dist0000)?;
    let price_types: Vec<_> = price_types.iter().copied().map(PriceTypeId).collect();
    let sectors: Vec<_> = sectors.iter().copied().map(SectorId).collect();
    Ok(document.sectors(TemplateId(*template), &price_types, &sectors)?)
}

/// Large documents are worked on where they keep nobody waiting.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(Code::Dist0000).because(error.to_string()))?
}

/// Reads a venue template.
#[utoipa::path(
    get, path = "/venue-templates/{id}", operation_id = "get_venue_template", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = TemplateView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let plan = complete(&manager.view.catalogue, id)?;
    Ok(read(&view(plan), plan.template.version))
}

/// Changes what the body names of a venue template; its places never change.
#[utoipa::path(
    patch, path = "/venue-templates/{id}", operation_id = "change_venue_template", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    request_body = TemplatePatch, responses((status = 200, body = TemplateView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<TemplatePatch>,
) -> Result<Response, Problem> {
    let template: &Template = &complete(&manager.view.catalogue, id)?.template;
    let venue = manager.view.catalogue.venues.get(&template.venue).ok_or(Code::NotFound)?;
    if !manager.reach()?.covers(venue.entity) {
        return Err(Code::NotFound.into());
    }
    let mut checks = Checks::new();
    let body = &call.body;
    let spec = TemplateSpec {
        name: label(&mut checks, "name", body.name.as_deref(), Some(&template.name)),
        check_orphan_seats: body.check_orphan_seats.unwrap_or(template.check_orphan_seats),
        focal_point: body.focal_point.map_or(template.focal_point, |point| point.map(|point| (point.x, point.y))),
        retired: body.retired.unwrap_or(template.retired),
        releases_ms: releases(&mut checks, body.quotas.as_deref().unwrap_or_default(), template),
    };
    let spec = checks.done(spec)?;
    let command = CatalogueCommand::ChangeTemplate(template.id, Some(seen.unwrap_or(template.version)), spec);
    let (id, answered) = manager.save(&call, command).await?;
    answer(&manager, id, &answered)
}

/// When each quota is released: as it is, but for those that are named.
fn releases(checks: &mut Checks, patches: &[QuotaPatch], template: &Template) -> Vec<Option<i64>> {
    let mut releases: Vec<_> = template.quotas.iter().map(|quota| quota.release_ms).collect();
    for patch in patches.iter().take(releases.len()) {
        let id = checks.id("quotas.id", patch.id.as_ref());
        let release = release_ms(checks, patch.release_minutes.as_ref());
        match template.quotas.iter().position(|quota| quota.id.0 == id) {
            Some(index) => releases[index] = release,
            None => checks.bad_value("quotas.id"),
        }
    }
    if patches.len() > releases.len() {
        checks.bad_value("quotas");
    }
    releases
}

fn answer<A: Allowed>(manager: &Manager<A>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let catalogue = manager.catalogue();
    let plan = complete(&catalogue, id)?;
    Ok(written(answered, &view(plan), plan.template.version))
}

/// What a price type costs at a rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TemplatePriceView<'a> {
    price_type: NamedView<'a>,
    rate: NamedView<'a>,
    value: Money,
}

/// Lists what an event's sessions on a venue template ask for each price type at each rate; where sessions differ, each price once.
#[utoipa::path(
    get, path = "/events/{event_id}/venue-templates/{id}/prices", operation_id = "list_venue_template_prices", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query)),
    responses((status = 200, body = List<TemplatePriceView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn prices(manager: Manager<Readers>, PathIds(ids): PathIds<2>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let paging = checks.done(paging)?;
    let catalogue = &manager.view.catalogue;
    let event = manager.event(catalogue, ids[0])?;
    let plan = complete(catalogue, ids[1])?;
    let on_it = catalogue.offers.values().filter(|offer| offer.event.id == event.id && offer.plan.template.id == plan.template.id);
    let sessions: Vec<_> = on_it.map(|offer| &offer.session).collect();
    let of_session = |session: &Arc<aforo_domain::catalogue::Session>| {
        let prices = session.prices.iter().filter_map(|((kind, rate), value)| Some((plan.price_type_index(*kind)?, *rate, *value)));
        prices.collect::<Vec<_>>()
    };
    let prices: BTreeSet<(usize, RateId, Minor)> = sessions.iter().flat_map(|session| of_session(session)).collect();
    let rates = || sessions.iter().flat_map(|session| &session.rates);
    let view = |(kind, rate, value): (usize, RateId, Minor)| {
        let kind = &plan.template.price_types[kind];
        let rate = rates().find(|known| known.id == rate)?;
        let price_type = NamedView { id: kind.id.0, name: &kind.name };
        Some(TemplatePriceView { price_type, rate: NamedView { id: rate.id.0, name: &rate.name }, value: Money::of(event.currency, value) })
    };
    Ok(json(&paging.page(prices.into_iter().filter_map(view))))
}
