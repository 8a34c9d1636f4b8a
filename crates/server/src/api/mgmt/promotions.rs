//! Promotions: what a promoter takes off the prices of its own events. How a request is read is [`super::promotion_body`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::catalogue::manage::{CatalogueCommand, Target};
use aforo_domain::error::Code;
use aforo_domain::identity::{Role, Status, manage};
use aforo_domain::ids::{EntityId, PromotionId};
use aforo_domain::promotions::{Conditions, Limits, Promotion, PromotionCode, Reduction};
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::Serialize;

use super::catalogue::{Texts, existing};
use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::promotion_body::{BEGINNING, END, KINDS, PromotionBody, SCOPES};
use super::{IfMatch, read, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::extract::{Allowed, EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time;
use crate::http::wire::{List, Money};

/// A promotion.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotionView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    /// `ACTIVE` or `INACTIVE`: whether it comes into orders that do not have it yet.
    status: &'static str,
    /// `AUTOMATIC`, `DISCOUNT` or `PROMOTION`.
    r#type: &'static str,
    /// `ITEM` or `ORDER`.
    scope: &'static str,
    reduction: ReductionView,
    priority: u32,
    stackable: bool,
    texts: PromotionTextsView<'a>,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    conditions: ConditionsView,
    limits: LimitsView,
    /// How many codes it has; with none it needs none.
    code_count: usize,
    /// Where one promotion is read, to who manages promotions, not to who only reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<CodeView<'a>>,
}

/// How much it takes off.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReductionView {
    /// `FIXED` or `PERCENTAGE`.
    r#type: &'static str,
    /// An amount, or per cent.
    #[schema(value_type = f64)]
    value: Money,
    /// Of a fixed amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

/// Its texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotionTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    name: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description: &'a Localized,
}

/// What it is for; an empty list is any.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConditionsView {
    events: Vec<u64>,
    sessions: Vec<u64>,
    price_types: Vec<u64>,
    rates: Vec<u64>,
    channels: Vec<u64>,
    min_items: u32,
    /// The collective that an order must carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
}

/// How often it may be used; without a number, as often as one likes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LimitsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_order: Option<u32>,
    /// By each member, or with each code, of its collective.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_member: Option<u32>,
    /// Whether a refund gives uses back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    returned_on_refund: bool,
}

impl LimitsView {
    const fn of(limits: Limits) -> Self {
        let Limits { total, per_order, per_member, returned_on_refund } = limits;
        Self { total, per_order, per_member, returned_on_refund }
    }
}

/// A code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CodeView<'a> {
    code: &'a str,
    /// Its own number of uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
}

fn view(promotion: &Promotion, with_codes: bool) -> PromotionView<'_> {
    let terms = &promotion.terms;
    let codes = if with_codes { codes(&promotion.codes) } else { Vec::new() };
    PromotionView {
        id: promotion.id.0,
        entity_id: terms.entity.0,
        name: &terms.name,
        status: words::show(words::STATUS, &promotion.status),
        r#type: words::show(KINDS, &terms.kind),
        scope: words::show(SCOPES, &terms.scope),
        reduction: reduction(terms.reduction),
        priority: terms.priority,
        stackable: terms.stackable,
        texts: PromotionTextsView { name: &terms.names, description: &promotion.descriptions },
        start: terms.window.map(|window| window.start).filter(|start| *start != BEGINNING).map(time::utc),
        end: terms.window.map(|window| window.end).filter(|end| *end != END).map(time::utc),
        conditions: conditions(&terms.conditions),
        limits: LimitsView::of(terms.limits),
        code_count: promotion.codes.len(),
        codes,
    }
}

/// Codes with their limits.
pub(super) fn codes(codes: &BTreeMap<PromotionCode, Option<u32>>) -> Vec<CodeView<'_>> {
    codes.iter().map(|(code, limit)| CodeView { code: code.as_str(), limit: *limit }).collect()
}

/// How much a promotion takes off.
pub fn reduction(reduction: Reduction) -> ReductionView {
    match reduction {
        Reduction::Fixed { currency, amount } => {
            ReductionView { r#type: "FIXED", value: Money::of(currency, amount), currency: Some(currency.to_string()) }
        }
        Reduction::Percentage(percent) => ReductionView { r#type: "PERCENTAGE", value: Money::percent(percent), currency: None },
    }
}

fn conditions(conditions: &Conditions) -> ConditionsView {
    ConditionsView {
        events: conditions.events.iter().map(|id| id.0).collect(),
        sessions: conditions.sessions.iter().map(|id| id.0).collect(),
        price_types: conditions.price_types.iter().map(|id| id.0).collect(),
        rates: conditions.rates.iter().map(|id| id.0).collect(),
        channels: conditions.channels.iter().map(|id| id.0).collect(),
        min_items: conditions.min_items,
        collective_id: conditions.collective.map(|id| id.0),
    }
}

impl Listed for Promotion {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.terms.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.terms.entity == entity
    }
}

/// A promotion within the caller's reach.
fn find<A: Allowed>(manager: &Manager<A>, catalogue: &Catalogue, id: u64) -> Result<Arc<Promotion>, Problem> {
    let promotion = catalogue.promotions.get(&PromotionId(id)).filter(|promotion| promotion.status != Status::Gone);
    let promotion = promotion.ok_or(Code::NotFound)?;
    if manager.reach()?.covers(promotion.terms.entity) { Ok(promotion.clone()) } else { Err(Code::NotFound.into()) }
}

/// Lists promotions, without their codes.
#[utoipa::path(
    get, path = "/promotions", operation_id = "list_promotions", tag = "promotions",
    params(Paged, ByName, ByStatus, ByEntity), responses((status = 200, body = List<PromotionView>)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Promotion>(&params)?;
    let reach = manager.reach()?;
    let is_shown = |promotion: &&Promotion| promotion.status != Status::Gone && reach.covers(promotion.terms.entity);
    let promotions = manager.view.catalogue.promotions.values().map(AsRef::as_ref).filter(is_shown);
    Ok(listing.answer(promotions, |promotion| view(promotion, false)))
}

/// Makes a promotion.
#[utoipa::path(
    post, path = "/promotions", operation_id = "create_promotion", tag = "promotions", params(("operator_id" = Option<u64>, Query)),
    request_body = PromotionBody, responses((status = 200, body = PromotionView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, call: Call<PromotionBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SavePromotion(Target::New(id), Box::new(spec))).await?;
    answer(&manager, id, &answered)
}

/// Reads a promotion.
#[utoipa::path(
    get, path = "/promotions/{id}", operation_id = "get_promotion", tag = "promotions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = PromotionView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let promotion = find(&manager, &manager.view.catalogue, id)?;
    let with_codes = manage::reach(&manager.here(), &manager.actor(), &[Role::EventManager]).is_ok();
    Ok(read(&view(&promotion, with_codes), promotion.version))
}

/// Changes what the body names of a promotion. Orders that have it already keep it as it was.
#[utoipa::path(
    patch, path = "/promotions/{id}", operation_id = "change_promotion", tag = "promotions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = PromotionBody,
    responses((status = 200, body = PromotionView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<PromotionBody>,
) -> Result<Response, Problem> {
    let promotion = find(&manager, &manager.view.catalogue, id)?;
    let (_, spec) = call.body.read(Some(&promotion))?;
    let target = existing(promotion.id, seen, promotion.version);
    let (id, answered) = manager.save(&call, CatalogueCommand::SavePromotion(target, Box::new(spec))).await?;
    answer(&manager, id, &answered)
}

/// Takes a promotion out of use for good. Orders that have it already keep it.
#[utoipa::path(
    delete, path = "/promotions/{id}", operation_id = "delete_promotion", tag = "promotions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let (id, answered) = manager.save(&call, CatalogueCommand::RetirePromotion(PromotionId(id), seen)).await?;
    Ok(super::deleted(&answered, id))
}

fn answer(manager: &Manager<EventManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let promotion = find(manager, &manager.catalogue(), id)?;
    Ok(written(answered, &view(&promotion, true), promotion.version))
}
