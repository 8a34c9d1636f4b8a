//! A promotion as management reads it from a request.

use std::collections::BTreeMap;

use aforo_domain::catalogue::manage::PromotionSpec;
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::ids::{CollectiveId, EntityId, PromotionId};
use aforo_domain::moment::{Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::promotions::{Conditions, Limits, MAX_CODES, Promotion, PromotionCode, PromotionKind, Reduction, Scope};
use serde::Deserialize;

use super::catalogue::{Clearable, Texts, clearable, label, localized};
use super::words;
use crate::http::checks::Checks;
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// How promotions come into an order.
pub const KINDS: &[(&str, PromotionKind)] =
    &[("AUTOMATIC", PromotionKind::Automatic), ("DISCOUNT", PromotionKind::Discount), ("PROMOTION", PromotionKind::Promotion)];

/// What promotions are taken off.
pub const SCOPES: &[(&str, Scope)] = &[("ITEM", Scope::Item), ("ORDER", Scope::Order)];

/// Elements of a condition at most: every order with the promotion, or the product, keeps them.
const MAX_CONDITION: usize = 100;
/// No limit is larger.
const MAX_LIMIT: u64 = 1_000_000_000;

/// A promotion to be made or changed. To make one, `name`, `type` and `reduction` are needed. `conditions`, `limits` and `codes` are replaced as a whole.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PromotionBody {
    /// Only for a new one; else the next one.
    id: Option<Num>,
    /// Only for a new one: the promoter whose events it is for, else the caller's entity.
    entity_id: Option<Num>,
    name: Option<String>,
    /// `ACTIVE` (at first) or `INACTIVE`.
    status: Option<String>,
    /// `AUTOMATIC` applies by itself; `DISCOUNT` and `PROMOTION` are chosen.
    r#type: Option<String>,
    /// `ITEM` (at first): off each item; or `ORDER`: off all items that it is for together.
    scope: Option<String>,
    reduction: Option<ReductionBody>,
    /// Of the same stage (automatic, chosen, with a code) the smaller goes first; at first 0.
    priority: Option<Num>,
    /// Whether it goes with others that are not stackable either; at first it does not.
    stackable: Option<bool>,
    texts: Option<PromotionTextsBody>,
    /// From when on it comes into orders.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    start: Clearable<String>,
    /// Until when it comes into orders.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    end: Clearable<String>,
    conditions: Option<ConditionsBody>,
    limits: Option<LimitsBody>,
    /// At most 10 000; one of them is then needed. An automatic one has none.
    codes: Option<Vec<CodeBody>>,
}

/// How much it takes off.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ReductionBody {
    /// `FIXED` or `PERCENTAGE`.
    #[schema(required = true)]
    r#type: Option<String>,
    /// An amount, or per cent, at most 100.
    #[schema(required = true)]
    value: Option<Num>,
    /// Of a fixed amount: only orders in it have the promotion.
    currency: Option<String>,
}

/// Its texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PromotionTextsBody {
    name: Option<Texts>,
    description: Option<Texts>,
}

/// What it is for. A list that is left out or empty is any; each has at most 100 ids.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ConditionsBody {
    events: Option<Vec<Num>>,
    sessions: Option<Vec<Num>>,
    price_types: Option<Vec<Num>>,
    rates: Option<Vec<Num>>,
    channels: Option<Vec<Num>>,
    /// Items of an order that it is for, at least.
    min_items: Option<Num>,
    /// The collective that an order must carry.
    collective_id: Option<Num>,
}

/// How often it may be used: an item, or an order where its scope is that, is a use.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct LimitsBody {
    /// In all live orders and tickets.
    total: Option<Num>,
    /// In one order.
    per_order: Option<Num>,
    /// By each member, or with each code, of its collective.
    per_member: Option<Num>,
    /// Whether a refund gives uses back, so that others have them; at first it does not.
    returned_on_refund: Option<bool>,
}

/// A code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CodeBody {
    /// 3 to 64 visible characters; capital and small letters are alike.
    #[schema(required = true)]
    code: Option<String>,
    /// Its own number of uses.
    limit: Option<Num>,
}

impl PromotionBody {
    /// What it asks for; what it leaves out is as it is.
    ///
    /// # Errors
    /// `DIST0004` to `DIST0006`.
    pub fn read(&self, current: Option<&Promotion>) -> Result<(Option<PromotionId>, PromotionSpec), Problem> {
        let mut checks = Checks::new();
        let terms = current.map(|current| current.terms.as_ref());
        let none = PromotionTextsBody::default();
        let texts = self.texts.as_ref().unwrap_or(&none);
        let kind = checks.one_of("type", self.r#type.as_deref(), KINDS).or(terms.map(|terms| terms.kind));
        if self.r#type.is_none() {
            checks.required("type", kind);
        }
        let reduction = match &self.reduction {
            Some(body) => body.read(&mut checks),
            None => checks.required("reduction", terms.map(|terms| terms.reduction)),
        };
        let scope = checks.one_of("scope", self.scope.as_deref(), SCOPES).or(terms.map(|terms| terms.scope));
        let status = checks.one_of("status", self.status.as_deref(), words::STATUS).or(current.map(|current| current.status));
        let priority = checks.optional_whole("priority", self.priority.as_ref(), 0..=1_000_000).map(|priority| priority as u32);
        let window = window(&mut checks, ("start", &self.start), ("end", &self.end), terms.and_then(|terms| terms.window));
        let conditions = self.conditions.as_ref().map(|body| body.read(&mut checks));
        let limits = self.limits.as_ref().map(|body| Limits {
            total: limit(&mut checks, "limits.total", body.total.as_ref()),
            per_order: limit(&mut checks, "limits.per_order", body.per_order.as_ref()),
            per_member: limit(&mut checks, "limits.per_member", body.per_member.as_ref()),
            returned_on_refund: body.returned_on_refund.unwrap_or_default(),
        });
        let codes = self.codes.as_deref().map(|codes| read_codes(&mut checks, codes));
        let entity = checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId);
        let id = checks.optional_id("id", self.id.as_ref()).map(PromotionId);
        let name = label(&mut checks, "name", self.name.as_deref(), terms.map(|terms| terms.name.as_str()));
        let names = localized(&mut checks, "texts.name", texts.name.as_ref(), terms.map(|terms| &terms.names));
        let descriptions = current.map(|current| &current.descriptions);
        let descriptions = localized(&mut checks, "texts.description", texts.description.as_ref(), descriptions);
        // Where one of the two is missing, the checks refuse.
        let spec = kind.zip(reduction).map(|(kind, reduction)| PromotionSpec {
            entity,
            status: status.unwrap_or(Status::Active),
            name,
            names,
            descriptions,
            kind,
            scope: scope.unwrap_or(Scope::Item),
            reduction,
            priority: priority.or(terms.map(|terms| terms.priority)).unwrap_or_default(),
            stackable: self.stackable.or(terms.map(|terms| terms.stackable)).unwrap_or_default(),
            window,
            conditions: conditions.or_else(|| terms.map(|terms| terms.conditions.clone())).unwrap_or_default(),
            limits: limits.or(terms.map(|terms| terms.limits)).unwrap_or_default(),
            codes: codes.or_else(|| current.map(|current| current.codes.clone())).unwrap_or_default(),
        });
        let spec = checks.done(spec)?.ok_or(Code::Dist0000)?;
        Ok((id, spec))
    }
}

/// An end of a window, by its name.
type WindowEnd<'a> = (&'a str, &'a Clearable<String>);

/// A window with one end goes on for ever at the other.
pub fn window(checks: &mut Checks, start: WindowEnd<'_>, end: WindowEnd<'_>, current: Option<Window>) -> Option<Window> {
    let mut read = |(name, value): WindowEnd<'_>, current: Option<Timestamp>| match value {
        Some(text) => checks.instant(name, text.as_deref()),
        None => current,
    };
    let start = read(start, current.map(|window| window.start).filter(|start| *start != BEGINNING));
    let end = read(end, current.map(|window| window.end).filter(|end| *end != END));
    (start.is_some() || end.is_some()).then(|| Window { start: start.unwrap_or(BEGINNING), end: end.unwrap_or(END) })
}

/// The ends of a window that has none.
pub const BEGINNING: Timestamp = Timestamp(i64::MIN);
/// See [`BEGINNING`].
pub const END: Timestamp = Timestamp(i64::MAX);

impl ReductionBody {
    fn read(&self, checks: &mut Checks) -> Option<Reduction> {
        let word = checks.required("reduction.type", self.r#type.as_deref());
        let value = checks.required("reduction.value", self.value.as_ref());
        let is_fixed = checks.one_of("reduction.type", word, &[("FIXED", true), ("PERCENTAGE", false)])?;
        if is_fixed {
            let text = checks.required("reduction.currency", self.currency.as_deref());
            let currency = checks.formed("reduction.currency", text, Currency::parse)?;
            return Some(Reduction::Fixed { currency, amount: checks.optional_amount("reduction.value", value, currency)? });
        }
        let percent = checks.formed("reduction.value", value.map(Num::text), Percent::parse)?;
        if percent > Percent(Percent::ONE) {
            checks.bad_value("reduction.value");
        }
        Some(Reduction::Percentage(percent))
    }
}

impl ConditionsBody {
    fn read(&self, checks: &mut Checks) -> Conditions {
        Conditions {
            events: ids(checks, "conditions.events", self.events.as_deref()),
            sessions: ids(checks, "conditions.sessions", self.sessions.as_deref()),
            price_types: ids(checks, "conditions.price_types", self.price_types.as_deref()),
            rates: ids(checks, "conditions.rates", self.rates.as_deref()),
            channels: ids(checks, "conditions.channels", self.channels.as_deref()),
            min_items: checks.optional_whole("conditions.min_items", self.min_items.as_ref(), 0..=1_000).unwrap_or_default() as u32,
            collective: checks.optional_id("conditions.collective_id", self.collective_id.as_ref()).map(CollectiveId),
        }
    }
}

/// The ids of a condition.
pub fn ids<T: From<u64>>(checks: &mut Checks, name: &str, list: Option<&[Num]>) -> Vec<T> {
    let list = list.unwrap_or_default();
    if list.len() > MAX_CONDITION {
        checks.bad_value(name);
    }
    list.iter().take(MAX_CONDITION).map(|id| T::from(checks.id(name, Some(id)))).collect()
}

/// A number of uses.
pub(super) fn limit(checks: &mut Checks, name: &str, value: Option<&Num>) -> Option<u32> {
    checks.optional_whole(name, value, 1..=MAX_LIMIT).map(|limit| limit as u32)
}

/// Codes, each once. A wrong one is not sent back.
pub(super) fn read_codes(checks: &mut Checks, list: &[CodeBody]) -> BTreeMap<PromotionCode, Option<u32>> {
    if list.len() > MAX_CODES {
        checks.bad_value("codes");
    }
    let mut codes = BTreeMap::new();
    for body in list.iter().take(MAX_CODES) {
        let limit = limit(checks, "codes.limit", body.limit.as_ref());
        let Some(text) = checks.required("codes.code", body.code.as_deref()) else { continue };
        let is_new = PromotionCode::parse(text).is_some_and(|code| codes.insert(code, limit).is_none());
        if !is_new {
            checks.bad_value("codes.code");
        }
    }
    codes
}
