//! `GET /promotions/{id}`: a promotion of events that the channel sells.

use aforo_domain::catalogue::Offer;
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::ids::PromotionId;
use aforo_domain::promotions::Promotion;
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::Serialize;

use crate::api::mgmt::promotion_body::{BEGINNING, END, KINDS, SCOPES};
use crate::api::mgmt::promotions::{ReductionView, reduction};
use crate::api::mgmt::words;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::respond::{Problem, json};
use crate::http::time;

/// A promotion.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotionView<'a> {
    id: u64,
    name: &'a str,
    texts: PromotionTextsView<'a>,
    /// `AUTOMATIC`, `DISCOUNT` or `PROMOTION`.
    r#type: &'static str,
    /// `ITEM` or `ORDER`.
    scope: &'static str,
    reduction: ReductionView,
    code_required: bool,
    /// The collective that an order must carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
    /// When it may come into orders, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// Its texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotionTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    name: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    description: &'a Localized,
}

/// Reads a promotion that is in use, of events of which the channel sells a date.
#[utoipa::path(
    get, path = "/promotions/{id}", tag = "catalogue", operation_id = "get_promotion", params(("id" = u64, Path)),
    responses((status = 200, body = PromotionView)), extensions(("x-codes" = json!("PROMOTION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId) -> Result<Response, Problem> {
    let promotion = caller.view.catalogue.promotions.get(&PromotionId(id)).filter(|promotion| is_seen(&caller, promotion));
    let promotion = promotion.ok_or(Code::PromotionNotFound)?;
    let terms = &promotion.terms;
    let (start, end) = (terms.window.map(|window| window.start), terms.window.map(|window| window.end));
    Ok(json(&PromotionView {
        id: promotion.id.0,
        name: &terms.name,
        texts: PromotionTextsView { name: &terms.names, description: &promotion.descriptions },
        r#type: words::show(KINDS, &terms.kind),
        scope: words::show(SCOPES, &terms.scope),
        reduction: reduction(terms.reduction),
        code_required: terms.needs_code,
        collective_id: terms.conditions.collective.map(|id| id.0),
        start: start.filter(|start| *start != BEGINNING).map(time::utc),
        end: end.filter(|end| *end != END).map(time::utc),
    }))
}

fn is_seen(caller: &CatalogCaller, promotion: &Promotion) -> bool {
    let (channel, terms) = (caller.channel.id, &promotion.terms);
    let is_theirs = |offer: &Offer| terms.entity == offer.event.entity && terms.conditions.cover(offer.event.id, offer.session.id);
    let sells = |offer: &Offer| is_theirs(offer) && offer.in_channel(channel, caller.now).is_some();
    promotion.status == Status::Active && terms.conditions.allow(channel) && caller.view.catalogue.offers.values().any(|offer| sells(offer))
}
