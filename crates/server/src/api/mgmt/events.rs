//! Events: what a promoter puts on.

use aforo_domain::catalogue::manage::{CatalogueCommand, EventSpec, Target};
use aforo_domain::catalogue::{Category, Event, Readiness};
use aforo_domain::ids::{EntityId, EventId};
use aforo_domain::money::Currency;
use aforo_domain::text::{Language, Localized};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::{
    Clearable, ImagesBody, ImagesView, READINESS, Texts, clearable, existing, images, label, localized, optional_label, readiness,
};
use super::forms::{self, FormBody, FormView};
use super::lists::{ByEntity, ByName, ByReadiness, Listed, Listing, Paged};
use super::resale::{EventResaleBody, EventResaleView};
use super::{IfMatch, read, words, written};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::wire::{List, Num};

/// An event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    /// `PLANNED`, `READY`, `CANCELLED` or `ARCHIVED`.
    status: &'static str,
    /// `NORMAL`, or `ACTIVITY`: its sessions are time slots.
    r#type: &'static str,
    currency: String,
    /// With an underscore: `es_ES`.
    default_language: String,
    texts: EventTextsView<'a>,
    images: ImagesView<'a>,
    category: CategoryView<'a>,
    /// What it asks of each attendee.
    #[serde(skip_serializing_if = "Option::is_none")]
    attendee_form: Option<FormView<'a>>,
    /// On which terms its tickets may be sold again.
    resale: EventResaleView,
}

/// An event's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    title: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    subtitle: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description_short: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description_long: &'a Localized,
}

/// An event's category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryView<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<&'a str>,
}

/// An event to be made or changed. To make one, `name`, `currency` and `default_language` are needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EventBody {
    /// Only for a new one; else the next one.
    id: Option<Num>,
    /// Only for a new one: the promoter, else the caller's entity.
    entity_id: Option<Num>,
    name: Option<String>,
    /// `PLANNED` (at first), `READY`, `CANCELLED` or `ARCHIVED`.
    status: Option<String>,
    /// `NORMAL` (at first), or `ACTIVITY`: its sessions are time slots, whose places are not numbered.
    r#type: Option<String>,
    /// ISO 4217. Never changes once there are sessions.
    currency: Option<String>,
    default_language: Option<String>,
    texts: Option<EventTextsBody>,
    images: Option<ImagesBody>,
    category: Option<CategoryBody>,
    /// What it asks of each attendee.
    attendee_form: Option<FormBody>,
    resale: Option<EventResaleBody>,
}

/// An event's texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct EventTextsBody {
    title: Option<Texts>,
    subtitle: Option<Texts>,
    description_short: Option<Texts>,
    description_long: Option<Texts>,
}

/// An event's category.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CategoryBody {
    code: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    parent: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    custom: Clearable<String>,
}

/// The category of events that say none.
const UNCATEGORIZED: &str = "OTHER";

impl EventBody {
    fn read(&self, current: Option<&Event>) -> Result<(Option<EventId>, EventSpec), Problem> {
        let mut checks = Checks::new();
        let none = EventTextsBody::default();
        let texts = self.texts.as_ref().unwrap_or(&none);
        let currency = checks.formed("currency", self.currency.as_deref(), Currency::parse).or(current.map(|event| event.currency));
        let language = checks.formed("default_language", self.default_language.as_deref(), Language::parse);
        let language = language.or_else(|| current.map(|event| event.default_language.clone()));
        if self.currency.is_none() {
            checks.required("currency", currency);
        }
        if self.default_language.is_none() {
            checks.required("default_language", language.as_ref());
        }
        let mut text = |name: &str, texts: &Option<Texts>, current: Option<&Localized>| {
            localized(&mut checks, &format!("texts.{name}"), texts.as_ref(), current)
        };
        let titles = text("title", &texts.title, current.map(|event| &event.titles));
        let subtitles = text("subtitle", &texts.subtitle, current.map(|event| &event.subtitles));
        let short = text("description_short", &texts.description_short, current.map(|event| &event.short_descriptions));
        let long = text("description_long", &texts.description_long, current.map(|event| &event.long_descriptions));
        let entity = checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId);
        let id = checks.optional_id("id", self.id.as_ref()).map(EventId);
        let name = label(&mut checks, "name", self.name.as_deref(), current.map(|event| event.name.as_str()));
        let readiness = readiness(&mut checks, self.status.as_deref(), current.map(|event| event.readiness));
        let images = images(&mut checks, self.images.as_ref(), current.map(|event| &event.images));
        let category = category(&mut checks, self.category.as_ref(), current.map(|event| &event.category));
        let form = forms::read(&mut checks, "attendee_form", self.attendee_form.as_ref());
        let attendee_form = form.or_else(|| current.map(|event| event.attendee_form.clone())).unwrap_or_default();
        let resale = EventResaleBody::read(self.resale.as_ref(), &mut checks, currency, current.map(|event| &event.resale));
        let kind = checks.one_of("type", self.r#type.as_deref(), words::EVENT_KINDS).or(current.map(|event| event.kind));
        // Where one of the two is missing, the checks refuse.
        let spec = currency.zip(language).map(|(currency, default_language)| EventSpec {
            entity,
            name,
            readiness,
            currency,
            default_language,
            titles,
            subtitles,
            short_descriptions: short,
            long_descriptions: long,
            images,
            category,
            attendee_form,
            kind: kind.unwrap_or_default(),
            resale,
        });
        let spec = checks.done(spec)?.ok_or(aforo_domain::error::Code::Dist0000)?;
        Ok((id, spec))
    }
}

fn category(checks: &mut Checks, body: Option<&CategoryBody>, current: Option<&Category>) -> Category {
    let usual = || Category { code: UNCATEGORIZED.to_owned(), ..Category::default() };
    let current = current.cloned().unwrap_or_else(usual);
    let Some(body) = body else { return current };
    Category {
        code: label(checks, "category.code", body.code.as_deref(), Some(&current.code)),
        parent: optional_label(checks, "category.parent", &body.parent, current.parent.as_deref()),
        custom: optional_label(checks, "category.custom", &body.custom, current.custom.as_deref()),
    }
}

fn view(event: &Event) -> EventView<'_> {
    EventView {
        id: event.id.0,
        entity_id: event.entity.0,
        name: &event.name,
        status: words::show(READINESS, &event.readiness),
        r#type: words::show(words::EVENT_KINDS, &event.kind),
        currency: event.currency.to_string(),
        default_language: event.default_language.underscored(),
        texts: EventTextsView {
            title: &event.titles,
            subtitle: &event.subtitles,
            description_short: &event.short_descriptions,
            description_long: &event.long_descriptions,
        },
        images: ImagesView::of(&event.images),
        category: CategoryView {
            code: &event.category.code,
            parent: event.category.parent.as_deref(),
            custom: event.category.custom.as_deref(),
        },
        attendee_form: forms::show(&event.attendee_form),
        resale: EventResaleView::of(&event.resale, event.currency),
    }
}

impl Listed for Event {
    const STATE: (&'static str, &'static [&'static str]) = ("status", &["PLANNED", "READY", "CANCELLED", "ARCHIVED"]);

    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(READINESS, &self.readiness)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// Lists events, without the archived ones unless they are asked for.
#[utoipa::path(
    get, path = "/events", operation_id = "list_events", tag = "events",
    params(Paged, ByName, ByReadiness, ByEntity, ("include_archived" = Option<bool>, Query),
        ("type" = Option<String>, Query, description = "`NORMAL` or `ACTIVITY`")),
    responses((status = 200, body = List<EventView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let listing = Listing::read::<Event>(&params, &mut checks);
    let asked = params.boolean(&mut checks, "include_archived").unwrap_or_default();
    let kind = params.one_of(&mut checks, "type", words::EVENT_KINDS);
    let include_archived = asked || params.get("status") == Some("ARCHIVED");
    let listing = checks.done(listing)?;
    let reach = manager.reach()?;
    let is_shown = |event: &&Event| {
        let is_asked_for = kind.is_none_or(|kind| kind == event.kind) && (include_archived || event.readiness != Readiness::Archived);
        reach.covers(event.entity) && is_asked_for
    };
    Ok(listing.answer(manager.view.catalogue.events.values().map(AsRef::as_ref).filter(is_shown), view))
}

/// Makes an event.
#[utoipa::path(
    post, path = "/events", operation_id = "create_event", tag = "events", params(("operator_id" = Option<u64>, Query)),
    request_body = EventBody, responses((status = 200, body = EventView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, call: Call<EventBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveEvent(Target::New(id), spec)).await?;
    answer(&manager, id, &answered)
}

/// Reads an event.
#[utoipa::path(
    get, path = "/events/{id}", operation_id = "get_event", tag = "events",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = EventView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let event = manager.event(&manager.view.catalogue, id)?;
    Ok(read(&view(&event), event.version))
}

/// Changes what the body names of an event.
#[utoipa::path(
    patch, path = "/events/{id}", operation_id = "change_event", tag = "events",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = EventBody,
    responses((status = 200, body = EventView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<EventBody>,
) -> Result<Response, Problem> {
    let event = manager.event(&manager.view.catalogue, id)?;
    let (_, spec) = call.body.read(Some(&event))?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveEvent(existing(event.id, seen, event.version), spec)).await?;
    answer(&manager, id, &answered)
}

fn answer(manager: &Manager<EventManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let event = manager.event(&manager.catalogue(), id)?;
    Ok(written(answered, &view(&event), event.version))
}
