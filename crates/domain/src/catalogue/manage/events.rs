//! Events: made and replaced as a whole, their status included.

use std::sync::Arc;

use super::{Desk, Target, check_step, new_id, saved, unchanged};
use crate::catalogue::{Category, Event, EventKind, Images, Offer, Readiness};
use crate::change::Row;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::forms::Form;
use crate::ids::{EntityId, EventId};
use crate::money::Currency;
use crate::resale::EventResale;
use crate::text::{Language, Localized};

/// An event as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of an Event")]
pub struct EventSpec {
    /// Only for a new one: its promoter, else the caller's entity.
    pub entity: Option<EntityId>,
    pub name: String,
    pub readiness: Readiness,
    pub currency: Currency,
    pub default_language: Language,
    pub titles: Localized,
    pub subtitles: Localized,
    pub short_descriptions: Localized,
    pub long_descriptions: Localized,
    pub images: Images,
    pub category: Category,
    pub attendee_form: Form,
    pub kind: EventKind,
    pub resale: EventResale,
}

impl<'a> Desk<'a> {
    pub(super) fn save_event(&self, target: Target<EventId>, spec: &EventSpec) -> Planned {
        if !spec.attendee_form.is_good(&[]) {
            return Err(Error::invalid(&["attendee_form"]).into());
        }
        if !spec.resale.is_good() {
            return Err(Error::invalid(&["resale"]).into());
        }
        let (id, entity, version) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), self.catalogue().events.keys().map(|id| id.0))?;
                (EventId(id), entity, 1)
            }
            Target::Existing(id, seen) => {
                let event = self.own_event(id)?;
                unchanged(event.version, seen)?;
                check_step(event.readiness, spec.readiness)?;
                if event.currency != spec.currency && self.catalogue().offers.values().any(|offer| offer.event.id == id) {
                    return Err(Error::new(Code::Conflict).because("sessions have prices in the event's currency").into());
                }
                let numbered = |offer: &Offer| offer.event.id == id && offer.plan.seats > 0;
                if spec.kind == EventKind::Activity && self.catalogue().offers.values().any(|offer| numbered(offer)) {
                    return Err(Error::new(Code::Conflict).because("a session has numbered seats").into());
                }
                (id, event.entity, event.version + 1)
            }
        };
        let event = Event {
            id,
            entity,
            name: spec.name.clone(),
            readiness: spec.readiness,
            currency: spec.currency,
            default_language: spec.default_language.clone(),
            titles: spec.titles.clone(),
            subtitles: spec.subtitles.clone(),
            short_descriptions: spec.short_descriptions.clone(),
            long_descriptions: spec.long_descriptions.clone(),
            images: spec.images.clone(),
            category: spec.category.clone(),
            attendee_form: spec.attendee_form.clone(),
            kind: spec.kind,
            resale: spec.resale.clone(),
            version,
        };
        saved(Row::from(Arc::new(event)), id.0)
    }

    /// An event that the caller may change.
    pub(super) fn own_event(&self, id: EventId) -> Result<&'a Arc<Event>, Error> {
        let event = self.catalogue().events.get(&id).ok_or(Code::NotFound)?;
        self.authority.owns(event.entity)?;
        Ok(event)
    }
}
