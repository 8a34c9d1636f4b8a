//! What the parts of the catalogue share on the wire of management: texts, pictures, statuses, and how a change is saved.
//!
//! A change names what becomes different. It is put together here with what is published and saved as a whole, on condition that nobody changed it
//! in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, Target};
use aforo_domain::catalogue::{Catalogue, Event, Images, Offer, Readiness};
use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::ids::{EventId, SessionId};
use aforo_domain::text::{Language, Localized};
use serde::{Deserialize, Deserializer, Serialize};

use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS, MAX_TEXT};
use crate::http::extract::{Allowed, Manager};
use crate::http::respond::{Answered, Problem};

/// How far something has been prepared.
pub const READINESS: &[(&str, Readiness)] =
    &[("PLANNED", Readiness::Planned), ("READY", Readiness::Ready), ("CANCELLED", Readiness::Cancelled), ("ARCHIVED", Readiness::Archived)];

/// Languages of one text at most.
const MAX_LANGUAGES: usize = 50;
/// Characters of a description at most, and of every other text in several languages.
const MAX_DESCRIPTION: usize = 20_000;

/// A text by language tag, as it is sent.
pub type Texts = BTreeMap<String, String>;

/// A member that may be left out (it stays as it is) or `null` (it goes).
pub type Clearable<T> = Option<Option<T>>;

/// Reads a [`Clearable`]: with `default`, what is left out is `None`.
pub fn clearable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Clearable<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Pictures by role, each an address by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct ImagesBody {
    main: Option<Texts>,
    landscape: Option<Vec<Texts>>,
}

/// Pictures by role, each an address by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImagesView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    main: &'a Localized,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<BTreeMap<String, String>>)]
    landscape: &'a [Localized],
}

impl<'a> ImagesView<'a> {
    /// These pictures.
    pub fn of(images: &'a Images) -> Self {
        Self { main: &images.main, landscape: &images.landscape }
    }
}

/// Pictures: those that were sent, else those that are.
pub fn images(checks: &mut Checks, body: Option<&ImagesBody>, current: Option<&Images>) -> Images {
    let landscape = body.and_then(|body| body.landscape.as_deref());
    if landscape.is_some_and(|landscape| landscape.len() > MAX_ELEMENTS) {
        checks.bad_value("images.landscape");
    }
    let main = localized(checks, "images.main", body.and_then(|body| body.main.as_ref()), current.map(|images| &images.main));
    let landscape = landscape.map(|list| list.iter().map(|texts| localized(checks, "images.landscape", Some(texts), None)).collect());
    Images { main, landscape: landscape.or_else(|| current.map(|images| images.landscape.clone())).unwrap_or_default() }
}

/// A text in several languages: the one that was sent, else the one that is, else none.
pub fn localized(checks: &mut Checks, name: &str, texts: Option<&Texts>, current: Option<&Localized>) -> Localized {
    let Some(texts) = texts else { return current.cloned().unwrap_or_default() };
    if texts.len() > MAX_LANGUAGES || texts.values().any(|text| text.chars().count() > MAX_DESCRIPTION || text.contains('\0')) {
        checks.bad_value(name);
    }
    let by_language = texts.iter().filter_map(|(tag, text)| Some((checks.formed(name, Some(tag), Language::parse)?, text.clone())));
    by_language.collect()
}

/// A text that must be there, kept to the letter: what was sent, else what is.
pub fn label(checks: &mut Checks, name: &str, value: Option<&str>, current: Option<&str>) -> String {
    let value = value.or(current).filter(|text| !text.trim().is_empty());
    let value = checks.required(name, value).unwrap_or_default();
    if !is_label(value) {
        checks.bad_value(name);
    }
    value.to_owned()
}

/// Whether a text is one line of a bearable length.
pub fn is_label(text: &str) -> bool {
    // Bytes first: the count of characters is seldom needed.
    (text.len() <= MAX_TEXT || text.chars().count() <= MAX_TEXT) && !text.chars().any(char::is_control)
}

/// A text that may be left out: what was sent, else what is.
pub fn optional_label(checks: &mut Checks, name: &str, value: &Clearable<String>, current: Option<&str>) -> Option<String> {
    let value = match value {
        Some(value) => value.as_deref(),
        None => current,
    };
    let value = value.filter(|text| !text.trim().is_empty())?;
    Some(label(checks, name, Some(value), None))
}

/// A status: what was sent, else what is, else PLANNED.
pub fn readiness(checks: &mut Checks, value: Option<&str>, current: Option<Readiness>) -> Readiness {
    checks.one_of("status", value, READINESS).or(current).unwrap_or(Readiness::Planned)
}

impl<A: Allowed> Manager<A> {
    /// The operator's catalogue as it is now, after what the caller has just changed.
    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        self.app.engine.views().shard(self.shard).map(|view| view.catalogue.clone()).unwrap_or_default()
    }

    /// An event within the caller's reach.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(super) fn event(&self, catalogue: &Catalogue, id: u64) -> Result<Arc<Event>, Problem> {
        let event = catalogue.events.get(&EventId(id)).ok_or(Code::NotFound)?;
        if self.reach()?.covers(event.entity) { Ok(event.clone()) } else { Err(Code::NotFound.into()) }
    }

    /// A session of an event within the caller's reach.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(super) fn offer(&self, catalogue: &Catalogue, event: u64, session: u64) -> Result<Arc<Offer>, Problem> {
        let event = self.event(catalogue, event)?;
        let offer = catalogue.offers.get(&SessionId(session)).filter(|offer| offer.event.id == event.id);
        Ok(offer.ok_or(Code::NotFound)?.clone())
    }

    /// Runs a command about the catalogue; answers the id that it made or changed.
    pub(super) async fn save<T, const MAX: usize>(
        &self,
        call: &Call<T, MAX>,
        command: CatalogueCommand,
    ) -> Result<(u64, Answered), Problem> {
        let answered = self.run(call, Command::Catalogue(command)).await?;
        let id = answered.ids()?.first().copied().unwrap_or_default();
        Ok((id, answered))
    }
}

/// A change of what is there: on condition that it still is as the caller saw it, or else as it was put together from.
pub fn existing<I>(id: I, if_match: Option<u64>, version: u64) -> Target<I> {
    Target::Existing(id, Some(if_match.unwrap_or(version)))
}
