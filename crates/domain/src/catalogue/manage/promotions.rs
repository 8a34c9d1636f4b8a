//! Promotions: made and replaced as a whole, for the events of their promoter. A change touches no order that has the promotion already.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Desk, Target, new_id, saved, unchanged};
use crate::change::Row;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::ids::{EntityId, PromotionId};
use crate::moment::Window;
use crate::promotions::{
    Conditions, Limits, MAX_ALL_CODES, MAX_AUTOMATIC, MAX_PROMOTIONS, Promotion, PromotionCode, PromotionKind, Reduction, Scope, Terms,
};
use crate::text::Localized;

/// A promotion as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Promotion and its Terms")]
pub struct PromotionSpec {
    /// Only for a new one: its promoter, else the caller's entity.
    pub entity: Option<EntityId>,
    pub status: Status,
    pub name: String,
    pub names: Localized,
    pub descriptions: Localized,
    pub kind: PromotionKind,
    pub scope: Scope,
    pub reduction: Reduction,
    pub priority: u32,
    pub stackable: bool,
    pub window: Option<Window>,
    pub conditions: Conditions,
    pub limits: Limits,
    /// None of an automatic one.
    pub codes: BTreeMap<PromotionCode, Option<u32>>,
}

impl<'a> Desk<'a> {
    pub(super) fn save_promotion(&self, target: Target<PromotionId>, spec: &PromotionSpec) -> Planned {
        let all = &self.catalogue().promotions;
        let (id, entity, version, bound) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), all.keys().map(|id| id.0))?;
                if all.len() >= MAX_PROMOTIONS {
                    return Err(Error::new(Code::Conflict).because("the operator has no room for more promotions").into());
                }
                (PromotionId(id), entity, 1, None)
            }
            Target::Existing(id, seen) => {
                let promotion = self.own_promotion(id)?;
                unchanged(promotion.version, seen)?;
                (id, promotion.terms.entity, promotion.version + 1, promotion.terms.conditions.collective)
            }
        };
        self.check_promotion(id, entity, spec)?;
        self.check_collective("conditions.collective_id", spec.conditions.collective, bound)?;
        let terms = Terms {
            id,
            entity,
            name: spec.name.clone(),
            names: spec.names.clone(),
            kind: spec.kind,
            needs_code: !spec.codes.is_empty(),
            scope: spec.scope,
            reduction: spec.reduction,
            priority: spec.priority,
            stackable: spec.stackable,
            window: spec.window,
            conditions: spec.conditions.clone(),
            limits: spec.limits,
        };
        let (descriptions, codes) = (spec.descriptions.clone(), spec.codes.clone());
        saved(Row::from(Arc::new(Promotion { id, status: spec.status, terms: Arc::new(terms), descriptions, codes, version })), id.0)
    }

    /// Takes a promotion out of use for good. Its row stays, so that its id and its uses are nobody else's.
    pub(super) fn retire_promotion(&self, id: PromotionId, seen: Option<u64>) -> Planned {
        let promotion = self.own_promotion(id)?;
        unchanged(promotion.version, seen)?;
        let version = promotion.version + 1;
        let gone = Promotion { status: Status::Gone, codes: BTreeMap::new(), version, ..Promotion::clone(promotion) };
        saved(Row::from(Arc::new(gone)), id.0)
    }

    /// A promotion that the caller may change.
    fn own_promotion(&self, id: PromotionId) -> Result<&'a Arc<Promotion>, Error> {
        let promotion = self.catalogue().promotions.get(&id).filter(|promotion| promotion.status != Status::Gone).ok_or(Code::NotFound)?;
        self.authority.owns(promotion.terms.entity)?;
        Ok(promotion)
    }

    /// `DIST0001` for a window that ends before it starts, `DIST0005` for what is not the promoter's or makes no sense, `CONFLICT` if there are too many.
    fn check_promotion(&self, id: PromotionId, entity: EntityId, spec: &PromotionSpec) -> Result<(), Error> {
        let (catalogue, conditions) = (self.catalogue(), &spec.conditions);
        if spec.window.is_some_and(|window| window.start >= window.end) {
            return Err(Error::new(Code::Dist0001).because("the promotion ends before it starts"));
        }
        let is_automatic = spec.kind == PromotionKind::Automatic;
        let own_event = |id| catalogue.events.get(id).is_some_and(|event| event.entity == entity);
        let own_session = |id| catalogue.offers.get(id).is_some_and(|offer| offer.event.entity == entity);
        let there = |id| self.world.identity.channels.get(id).is_some_and(|channel| channel.status != Status::Gone);
        let checks = [
            ("conditions.events", conditions.events.iter().all(own_event)),
            ("conditions.sessions", conditions.sessions.iter().all(own_session)),
            ("conditions.channels", conditions.channels.iter().all(there)),
            ("codes", spec.codes.is_empty() || !is_automatic),
            ("limits.per_member", spec.limits.per_member.is_none() || conditions.collective.is_some()),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(_, good)| !good).map(|(name, _)| *name).collect();
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong));
        }
        let others = || catalogue.promotions.values().filter(|other| other.id != id && other.status != Status::Gone);
        let by_themselves = others().filter(|other| other.terms.is_automatic() && other.terms.entity == entity);
        if is_automatic && by_themselves.count() >= MAX_AUTOMATIC {
            return Err(Error::new(Code::Conflict).because("the promoter has too many automatic promotions"));
        }
        if !spec.codes.is_empty() && others().map(|other| other.codes.len()).sum::<usize>() + spec.codes.len() > MAX_ALL_CODES {
            return Err(Error::new(Code::Conflict).because("the operator's promotions have too many codes"));
        }
        Ok(())
    }
}
