//! An event's entry in the catalogue, and which sessions make it one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::catalogue::{Category, Event, Offer, Publication, SaleState};
use aforo_domain::ids::ChannelId;
use aforo_domain::moment::Timestamp;
use aforo_domain::text::Language;
use serde::Serialize;

use super::session_item::{EventTexts, ImageBlock, zone};
use crate::api::mgmt::words;
use crate::http::time;

/// A session as the catalogue lists it in a channel: published, ready, and its sale, or a presale, has not ended, even if it has begun.
pub fn listed(offer: &Offer, channel: ChannelId, now: Timestamp) -> Option<(&Publication, SaleState)> {
    let (publication, state) = offer.in_channel(channel, now)?;
    let end = publication.sale.map_or(offer.session.sale.end, |own| own.end.min(offer.session.sale.end));
    (now < end || offer.presales_left(publication, now).next().is_some()).then_some((publication, state))
}

/// An event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventItem<'a> {
    id: u64,
    name: &'a str,
    texts: EventTexts<'a>,
    date: EventDates,
    images: ImageBlock<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<Media<'a>>,
    category: CategoryBlock<'a>,
    venues: Vec<VenueName<'a>>,
    /// `NORMAL`, or `ACTIVITY`: its sessions are time slots. Last: it is ours, the keys before are the contract's.
    r#type: &'static str,
}

/// From the first session's start to the last one's end, in their venues' times.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventDates {
    start: String,
    end: String,
}

/// An event's category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryBlock<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<CategoryCode<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<CategoryCode<'a>>,
}

/// The code of a category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategoryCode<'a> {
    code: &'a str,
}

/// A venue.
#[derive(Debug, Serialize, utoipa::ToSchema, PartialEq, Eq, PartialOrd, Ord)]
pub struct VenueName<'a> {
    id: u64,
    name: &'a str,
}

/// Texts and pictures by language and role.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Media<'a> {
    #[schema(value_type = BTreeMap<String, BTreeMap<String, Medium>>)]
    texts: BTreeMap<&'a Language, BTreeMap<&'static str, Medium<'a>>>,
    #[schema(value_type = BTreeMap<String, MediaImages>)]
    images: BTreeMap<&'a Language, MediaImages<'a>>,
}

/// A text, or a picture's address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Medium<'a> {
    value: &'a str,
}

/// Pictures in one language.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub struct MediaImages<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    landscape: Vec<Medium<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<Medium<'a>>,
}

/// An event with the sessions that are listed.
#[derive(Debug)]
pub struct Listed<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its sessions, by start. Never empty.
    pub offers: Vec<&'a Arc<Offer>>,
}

impl<'a> Listed<'a> {
    /// When it begins.
    pub fn start(&self) -> Timestamp {
        self.offers.iter().map(|offer| offer.session.start).min().unwrap_or_default()
    }

    /// Its entry.
    pub fn item(&self, with_media: bool) -> EventItem<'a> {
        let event = self.event;
        let mut venues: Vec<_> = self.offers.iter().map(|offer| VenueName { id: offer.venue.id.0, name: &offer.venue.name }).collect();
        venues.sort_unstable();
        venues.dedup();
        EventItem {
            id: event.id.0,
            name: &event.name,
            texts: EventTexts::of(event),
            date: self.dates(),
            images: ImageBlock::of(&event.images),
            media: with_media.then(|| media(event)),
            category: category(&event.category),
            venues,
            r#type: words::show(words::EVENT_KINDS, &event.kind),
        }
    }

    fn dates(&self) -> EventDates {
        let first = self.offers.iter().min_by_key(|offer| offer.session.start);
        let last = self.offers.iter().max_by_key(|offer| offer.session.end);
        let local = |offer: &Offer, instant| time::in_zone(instant, &zone(&offer.venue));
        EventDates {
            start: first.map(|offer| local(offer, offer.session.start)).unwrap_or_default(),
            end: last.map(|offer| local(offer, offer.session.end)).unwrap_or_default(),
        }
    }
}

fn category(category: &Category) -> CategoryBlock<'_> {
    fn coded(code: Option<&String>) -> Option<CategoryCode<'_>> {
        code.map(|code| CategoryCode { code })
    }
    CategoryBlock { code: &category.code, parent: coded(category.parent.as_ref()), custom: coded(category.custom.as_ref()) }
}

fn media(event: &Event) -> Media<'_> {
    let mut texts: BTreeMap<&Language, BTreeMap<&'static str, Medium<'_>>> = BTreeMap::new();
    let roles = [
        ("TITLE", &event.titles),
        ("SUBTITLE", &event.subtitles),
        ("DESCRIPTION_SHORT", &event.short_descriptions),
        ("DESCRIPTION_LONG", &event.long_descriptions),
    ];
    for (role, localized) in roles {
        for (language, value) in localized {
            texts.entry(language).or_default().insert(role, Medium { value });
        }
    }
    let mut images: BTreeMap<&Language, MediaImages<'_>> = BTreeMap::new();
    for (language, value) in &event.images.main {
        images.entry(language).or_default().main = Some(Medium { value });
    }
    for (language, value) in event.images.landscape.iter().flatten() {
        images.entry(language).or_default().landscape.push(Medium { value });
    }
    Media { texts, images }
}
