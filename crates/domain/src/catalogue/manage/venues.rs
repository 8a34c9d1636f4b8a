//! Venues: made and replaced as a whole.

use std::sync::Arc;

use super::{Desk, Target, new_id, saved, unchanged};
use crate::catalogue::{Coded, Venue};
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::ids::{EntityId, VenueId};

/// A venue as it shall be. That the time zone is known has been checked: zones are no business of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Venue")]
pub struct VenueSpec {
    /// Only for a new one: whose, else the caller's.
    pub entity: Option<EntityId>,
    pub name: String,
    pub address: String,
    pub city: String,
    pub country: Coded,
    pub country_subdivision: Coded,
    pub postal_code: Option<String>,
    pub time_zone: String,
    pub image: Option<String>,
    pub retired: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn save_venue(&self, target: Target<VenueId>, spec: &VenueSpec) -> Planned {
        let (id, entity, version) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), self.catalogue().venues.keys().map(|id| id.0))?;
                (VenueId(id), entity, 1)
            }
            Target::Existing(id, seen) => {
                let venue = self.own_venue(id)?;
                unchanged(venue.version, seen)?;
                (id, venue.entity, venue.version + 1)
            }
        };
        let venue = Venue {
            id,
            entity,
            name: spec.name.clone(),
            address: spec.address.clone(),
            city: spec.city.clone(),
            country: spec.country.clone(),
            country_subdivision: spec.country_subdivision.clone(),
            postal_code: spec.postal_code.clone(),
            time_zone: spec.time_zone.clone(),
            image: spec.image.clone(),
            retired: spec.retired,
            version,
        };
        saved(crate::change::Row::from(Arc::new(venue)), id.0)
    }

    /// A venue that the caller may change.
    pub(super) fn own_venue(&self, id: VenueId) -> Result<&'a Arc<Venue>, Error> {
        let venue = self.catalogue().venues.get(&id).ok_or(Code::NotFound)?;
        self.authority.owns(venue.entity)?;
        Ok(venue)
    }
}
