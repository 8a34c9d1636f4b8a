//! Venues: where events happen. Everybody in an operator sees them; each is changed by its own entity.

use aforo_domain::catalogue::manage::{CatalogueCommand, Target, VenueSpec};
use aforo_domain::catalogue::{Coded, Venue};
use aforo_domain::error::Code;
use aforo_domain::ids::{EntityId, VenueId};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, clearable, existing, label, optional_label};
use super::lists::{ByEntity, ByName, ByRetired, Listed, Listing, Paged, YES_OR_NO, yes_or_no};
use super::{IfMatch, read, written};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// A venue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VenueView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    location: LocationView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    /// Retired venues take no new templates.
    retired: bool,
}

/// Where a venue is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LocationView<'a> {
    address: &'a str,
    city: &'a str,
    country: CodedView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    country_subdivision: CodedView<'a>,
    /// IANA name.
    time_zone: &'a str,
}

/// A name with its ISO 3166 code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CodedView<'a> {
    code: &'a str,
    name: &'a str,
}

/// A venue to be made or changed. To make one, all of `name` and `location` is needed but the postal code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct VenueBody {
    /// Only for a new one; else the next one.
    id: Option<Num>,
    /// Only for a new one; else the caller's.
    entity_id: Option<Num>,
    name: Option<String>,
    location: Option<LocationBody>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    image: Clearable<String>,
    retired: Option<bool>,
}

/// Where a venue is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct LocationBody {
    address: Option<String>,
    city: Option<String>,
    country: Option<CodedBody>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    postal_code: Clearable<String>,
    country_subdivision: Option<CodedBody>,
    /// IANA name.
    time_zone: Option<String>,
}

/// A name with its ISO 3166 code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CodedBody {
    #[schema(required = true)]
    code: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
}

impl VenueBody {
    fn read(&self, current: Option<&Venue>) -> Result<(Option<VenueId>, VenueSpec), Problem> {
        let mut checks = Checks::new();
        let none = LocationBody::default();
        let location = self.location.as_ref().unwrap_or(&none);
        let text =
            |checks: &mut Checks, name: &str, value: &Option<String>, current: Option<&str>| label(checks, name, value.as_deref(), current);
        let spec = VenueSpec {
            entity: checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId),
            name: text(&mut checks, "name", &self.name, current.map(|venue| venue.name.as_str())),
            address: text(&mut checks, "location.address", &location.address, current.map(|venue| venue.address.as_str())),
            city: text(&mut checks, "location.city", &location.city, current.map(|venue| venue.city.as_str())),
            country: coded(&mut checks, "location.country", location.country.as_ref(), current.map(|venue| &venue.country)),
            country_subdivision: coded(
                &mut checks,
                "location.country_subdivision",
                location.country_subdivision.as_ref(),
                current.map(|venue| &venue.country_subdivision),
            ),
            postal_code: optional_label(
                &mut checks,
                "location.postal_code",
                &location.postal_code,
                current.and_then(|venue| venue.postal_code.as_deref()),
            ),
            time_zone: text(&mut checks, "location.time_zone", &location.time_zone, current.map(|venue| venue.time_zone.as_str())),
            image: optional_label(&mut checks, "image", &self.image, current.and_then(|venue| venue.image.as_deref())),
            retired: self.retired.or(current.map(|venue| venue.retired)).unwrap_or_default(),
        };
        if !spec.time_zone.is_empty() && TimeZone::get(&spec.time_zone).is_err() {
            checks.bad_value("location.time_zone");
        }
        let id = checks.optional_id("id", self.id.as_ref()).map(VenueId);
        checks.done((id, spec))
    }
}

fn coded(checks: &mut Checks, name: &str, body: Option<&CodedBody>, current: Option<&Coded>) -> Coded {
    let Some(body) = body else {
        return checks.required(name, current).cloned().unwrap_or_default();
    };
    let mut part = |part: &str, value: &Option<String>| label(checks, &format!("{name}.{part}"), value.as_deref(), None);
    Coded { code: part("code", &body.code), name: part("name", &body.name) }
}

fn view(venue: &Venue) -> VenueView<'_> {
    fn coded(coded: &Coded) -> CodedView<'_> {
        CodedView { code: &coded.code, name: &coded.name }
    }
    VenueView {
        id: venue.id.0,
        entity_id: venue.entity.0,
        name: &venue.name,
        location: LocationView {
            address: &venue.address,
            city: &venue.city,
            country: coded(&venue.country),
            postal_code: venue.postal_code.as_deref(),
            country_subdivision: coded(&venue.country_subdivision),
            time_zone: &venue.time_zone,
        },
        image: venue.image.as_deref(),
        retired: venue.retired,
    }
}

impl Listed for Venue {
    const STATE: (&'static str, &'static [&'static str]) = ("retired", YES_OR_NO);

    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        yes_or_no(self.retired)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// Lists the operator's venues.
#[utoipa::path(
    get, path = "/venues", operation_id = "list_venues", tag = "venues",
    params(Paged, ByName, ByRetired, ByEntity),
    responses((status = 200, body = List<VenueView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Venue>(&params)?;
    Ok(listing.answer(manager.view.catalogue.venues.values().map(AsRef::as_ref), view))
}

/// Makes a venue.
#[utoipa::path(
    post, path = "/venues", operation_id = "create_venue", tag = "venues", params(("operator_id" = Option<u64>, Query)),
    request_body = VenueBody, responses((status = 200, body = VenueView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, call: Call<VenueBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveVenue(Target::New(id), spec)).await?;
    answer(&manager, id, &answered)
}

/// Reads a venue.
#[utoipa::path(
    get, path = "/venues/{id}", operation_id = "get_venue", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = VenueView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let venue = manager.view.catalogue.venues.get(&VenueId(id)).ok_or(Code::NotFound)?;
    Ok(read(&view(venue), venue.version))
}

/// Changes what the body names of a venue.
#[utoipa::path(
    patch, path = "/venues/{id}", operation_id = "change_venue", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = VenueBody,
    responses((status = 200, body = VenueView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<VenueBody>,
) -> Result<Response, Problem> {
    let venue = manager.view.catalogue.venues.get(&VenueId(id)).ok_or(Code::NotFound)?;
    if !manager.reach()?.covers(venue.entity) {
        return Err(Code::NotFound.into());
    }
    let (_, spec) = call.body.read(Some(venue))?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveVenue(existing(venue.id, seen, venue.version), spec)).await?;
    answer(&manager, id, &answered)
}

fn answer(manager: &Manager<EventManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let catalogue = manager.catalogue();
    let venue = catalogue.venues.get(&VenueId(id)).ok_or(Code::NotFound)?;
    Ok(written(answered, &view(venue), venue.version))
}
