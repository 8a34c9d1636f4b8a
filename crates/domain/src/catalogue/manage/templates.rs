//! Templates: begun with an outline, filled sector by sector so that no batch grows large, and complete from then on.
//!
//! Version 0 is a template that is not complete: nobody sees it, and one that was left over (its maker crashed) is harmless.

use std::collections::HashSet;
use std::sync::Arc;

use super::document::MAX_CHOSEN_TEMPLATE_ID;
use super::{Desk, in_use, new_id, saved, unchanged};
use crate::catalogue::plan::{Plan, Sector};
use crate::catalogue::{PriceType, Quota, Template};
use crate::change::Row;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::ids::{PriceTypeId, QuotaId, SectorId, TemplateId, VenueId};
use crate::text::Localized;

/// A price type as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a PriceType")]
pub struct PriceTypeSpec {
    /// Chosen by the caller, or given.
    pub id: Option<PriceTypeId>,
    pub name: String,
    pub code: String,
    pub order: u32,
    pub color: String,
    pub names: Localized,
    pub descriptions: Localized,
}

/// A quota as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Quota")]
pub struct QuotaSpec {
    pub name: String,
    pub release_ms: Option<i64>,
}

/// A template without what is in its sectors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Template")]
pub struct Outline {
    pub venue: VenueId,
    pub name: String,
    pub price_types: Vec<PriceTypeSpec>,
    /// The first is GENERAL.
    pub quotas: Vec<QuotaSpec>,
    /// One for each sector, in order: the id chosen by the caller, or none.
    pub sectors: Vec<Option<SectorId>>,
    pub check_orphan_seats: bool,
    pub graphic: bool,
    pub focal_point: Option<(i32, i32)>,
}

/// What may change of a template, whether sessions use it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Template")]
pub struct TemplateSpec {
    pub name: String,
    pub check_orphan_seats: bool,
    pub focal_point: Option<(i32, i32)>,
    pub retired: bool,
    /// One for each quota, in order.
    pub releases_ms: Vec<Option<i64>>,
}

impl<'a> Desk<'a> {
    pub(super) fn begin_template(&self, chosen: Option<TemplateId>, outline: &Outline) -> Planned {
        let venue = self.own_venue(outline.venue).map_err(|_| Error::invalid(&["venue_id"]))?;
        if venue.retired {
            return Err(Error::new(Code::Conflict).because("the venue is retired").into());
        }
        if chosen.is_some_and(|id| id.0 > MAX_CHOSEN_TEMPLATE_ID) {
            return Err(Error::invalid(&["id"]).into());
        }
        let id = new_id(chosen.map(|id| id.0), self.catalogue().plans.keys().map(|id| id.0))?;
        let templates = || self.catalogue().plans.values().map(|plan| &plan.template);
        let largest = templates().flat_map(|template| &template.price_types).map(|price_type| price_type.id.0).max().unwrap_or(0);
        let price_types = fill_ids(outline.price_types.iter().map(|spec| spec.id.map(|id| id.0)), largest);
        let largest = templates().flat_map(|template| &template.sectors).map(|sector| sector.0).max().unwrap_or(0);
        let sectors = fill_ids(outline.sectors.iter().map(|id| id.map(|id| id.0)), largest);
        let template = Template {
            id: TemplateId(id),
            venue: outline.venue,
            name: outline.name.clone(),
            price_types: outline.price_types.iter().zip(&price_types).map(|(spec, id)| spec.named(PriceTypeId(*id))).collect(),
            quotas: outline.quotas.iter().zip(1..).map(|(quota, id)| quota.with_id(QuotaId(id))).collect(),
            sectors: sectors.iter().copied().map(SectorId).collect(),
            check_orphan_seats: outline.check_orphan_seats,
            graphic: outline.graphic,
            focal_point: outline.focal_point,
            retired: false,
            version: 0,
        };
        self.check_ids(&template)?;
        let ids = std::iter::once(id).chain(price_types).chain(sectors).collect();
        Ok(Done { changes: vec![Row::from(Arc::new(template)).into()], reply: Reply::Ids(ids) })
    }

    pub(super) fn add_sector(&self, sector: &Arc<Sector>) -> Planned {
        let plan = self.begun_template(sector.template)?;
        if !plan.template.sectors.contains(&sector.id) {
            return Err(Error::invalid(&["sectors.id"]).into());
        }
        saved(Row::from(sector.clone()), sector.id.0)
    }

    pub(super) fn complete_template(&self, id: TemplateId) -> Planned {
        let template = self.begun_template(id)?.template.clone();
        self.check_ids(&template)?;
        let template = Arc::new(Template { version: 1, ..Template::clone(&template) });
        let sectors: Option<Vec<_>> = template.sectors.iter().map(|sector| self.catalogue().sectors.get(&(id, *sector)).cloned()).collect();
        let sectors = sectors.ok_or(Error::required(&["sectors"]))?;
        if let Err(reason) = Plan::compile(template.clone(), sectors) {
            return Err(Error::invalid(&["sectors"]).because(reason.to_string()).into());
        }
        saved(Row::from(template), id.0)
    }

    pub(super) fn change_template(&self, id: TemplateId, seen: Option<u64>, spec: &TemplateSpec) -> Planned {
        let plan = self.catalogue().plans.get(&id).filter(|plan| plan.template.version > 0).ok_or(Code::NotFound)?;
        self.own_venue(plan.template.venue)?;
        unchanged(plan.template.version, seen)?;
        let quotas = &plan.template.quotas;
        if spec.releases_ms.len() != quotas.len() || spec.releases_ms.first().is_some_and(Option::is_some) {
            return Err(Error::invalid(&["quotas"]).into());
        }
        let quotas = quotas.iter().zip(&spec.releases_ms).map(|(quota, release_ms)| Quota { release_ms: *release_ms, ..quota.clone() });
        let template = Template {
            name: spec.name.clone(),
            check_orphan_seats: spec.check_orphan_seats,
            focal_point: spec.focal_point,
            retired: spec.retired,
            quotas: quotas.collect(),
            version: plan.template.version + 1,
            ..Template::clone(&plan.template)
        };
        saved(Row::from(Arc::new(template)), id.0)
    }

    /// A template of the caller's that is not complete.
    fn begun_template(&self, id: TemplateId) -> Result<&'a Arc<Plan>, Error> {
        let plan = self.catalogue().plans.get(&id).ok_or(Code::NotFound)?;
        self.own_venue(plan.template.venue)?;
        if plan.template.version == 0 { Ok(plan) } else { Err(Error::new(Code::Conflict).because("the template is complete")) }
    }

    /// `CONFLICT` if a price type or sector stands twice, or is one of another venue's. Versions of one venue's plan may share them.
    fn check_ids(&self, template: &Template) -> Result<(), Error> {
        let price_types: HashSet<_> = template.price_types.iter().map(|price_type| price_type.id.0).collect();
        let sectors: HashSet<_> = template.sectors.iter().map(|sector| sector.0).collect();
        if price_types.len() < template.price_types.len() || sectors.len() < template.sectors.len() {
            return Err(Error::new(Code::Conflict).because("an id stands twice"));
        }
        let complete = self.catalogue().plans.values().map(|plan| &plan.template).filter(|template| template.version > 0);
        for other in complete.filter(|other| other.venue != template.venue) {
            let taken = other.price_types.iter().map(|price_type| price_type.id.0).find(|id| price_types.contains(id));
            if let Some(id) = taken.or_else(|| other.sectors.iter().map(|sector| sector.0).find(|id| sectors.contains(id))) {
                return Err(in_use(id));
            }
        }
        Ok(())
    }
}

/// The chosen ids, and for the others those that come after the largest in use or chosen.
fn fill_ids(chosen: impl Iterator<Item = Option<u64>> + Clone, largest: u64) -> Vec<u64> {
    let mut last = chosen.clone().flatten().max().unwrap_or(0).max(largest);
    chosen
        .map(|id| {
            id.unwrap_or_else(|| {
                last += 1;
                last
            })
        })
        .collect()
}

impl QuotaSpec {
    /// The quota with its id.
    pub(super) fn with_id(&self, id: QuotaId) -> Quota {
        Quota { id, name: self.name.clone(), release_ms: self.release_ms }
    }
}

impl PriceTypeSpec {
    /// The price type with its id.
    pub(super) fn named(&self, id: PriceTypeId) -> PriceType {
        PriceType {
            id,
            name: self.name.clone(),
            code: self.code.clone(),
            order: self.order,
            color: self.color.clone(),
            names: self.names.clone(),
            descriptions: self.descriptions.clone(),
        }
    }
}
