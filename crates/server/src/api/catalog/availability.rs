//! `GET /sessions/{id}/availability`: how many places there are and how many are free, in all, by price type, and by sector and price type.
//!
//! Counted by the engine as it sells; nothing is counted here. Places are those of the channel's quotas, blocked ones included.

use std::sync::Arc;

use aforo_domain::catalogue::{Offer, PriceType, SaleState};
use aforo_domain::error::Code;
use aforo_domain::ids::SessionId;
use aforo_domain::inventory::{Availability, Snapshot};
use aforo_domain::text::Localized;
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::cache::Sheet;
use super::stencil::{Filling, Hole, Live, Pen, Stencil};
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::respond::{Problem, json_bytes};

/// How many places there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Places<'a> {
    /// Always `BOUNDED`.
    r#type: &'static str,
    /// All of them.
    #[schema(value_type = u32)]
    total: Live<'a>,
    /// The free ones.
    #[schema(value_type = u32)]
    available: Live<'a>,
}

impl<'a> Places<'a> {
    fn new(pen: &'a Pen, figure: usize) -> Self {
        Self { r#type: "BOUNDED", total: pen.hole(Hole::Total(figure)), available: pen.hole(Hole::Available(figure)) }
    }
}

/// A price type with its places.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceTypePlaces<'a> {
    id: u64,
    name: &'a str,
    availability: Places<'a>,
}

/// A price type with its places and how to show it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShownPriceType<'a> {
    id: u64,
    name: &'a str,
    availability: Places<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<PriceTypeTexts<'a>>,
    ui_settings: UiSettings<'a>,
    code: &'a str,
}

/// What a price type is called in other languages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceTypeTexts<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    name: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    description: &'a Localized,
}

/// How to show a price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UiSettings<'a> {
    order: u32,
    color: &'a str,
}

/// A sector with its price types.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SectorPlaces<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    price_types: Vec<PriceTypePlaces<'a>>,
}

/// A session's availability.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionAvailability<'a> {
    id: u64,
    name: &'a str,
    availability: Places<'a>,
    price_types: Vec<ShownPriceType<'a>>,
    sectors: Vec<SectorPlaces<'a>>,
}

/// Figure 0 counts all places, the next ones those of each price type, the rest those of each group.
const PRICE_TYPES: usize = 1;

/// The places of each price type, for a session's entry in the list.
pub fn by_price_type<'a>(pen: &'a Pen, offer: &'a Offer) -> Vec<PriceTypePlaces<'a>> {
    let price_types = offer.plan.template.price_types.iter().enumerate();
    price_types.map(|(index, price_type)| places_of(pen, price_type, PRICE_TYPES + index)).collect()
}

fn places_of<'a>(pen: &'a Pen, price_type: &'a PriceType, figure: usize) -> PriceTypePlaces<'a> {
    PriceTypePlaces { id: price_type.id.0, name: &price_type.name, availability: Places::new(pen, figure) }
}

fn shown<'a>(pen: &'a Pen, price_type: &'a PriceType, figure: usize) -> ShownPriceType<'a> {
    let (name, description) = (&price_type.names, &price_type.descriptions);
    let texts = (!name.is_empty() || !description.is_empty()).then_some(PriceTypeTexts { name, description });
    ShownPriceType {
        id: price_type.id.0,
        name: &price_type.name,
        availability: Places::new(pen, figure),
        texts,
        ui_settings: UiSettings { order: price_type.order, color: &price_type.color },
        code: &price_type.code,
    }
}

/// The body with its holes.
fn stencil(offer: &Offer) -> Stencil {
    let pen = Pen::default();
    let template = &offer.plan.template;
    let groups = PRICE_TYPES + template.price_types.len();
    let sector_price_types = |sector: usize| {
        let of_sector = offer.plan.groups.iter().enumerate().filter(move |(_, group)| group.sector == sector);
        of_sector.map(|(index, group)| places_of(&pen, &template.price_types[group.price_type], groups + index)).collect()
    };
    let sectors = offer.plan.sectors.iter().enumerate().map(|(index, sector)| SectorPlaces {
        id: sector.id.0,
        name: &sector.name,
        code: &sector.code,
        price_types: sector_price_types(index),
    });
    let price_types = template.price_types.iter().enumerate();
    pen.write(&SessionAvailability {
        id: offer.session.id.0,
        name: &offer.session.name,
        availability: Places::new(&pen, 0),
        price_types: price_types.map(|(index, price_type)| shown(&pen, price_type, PRICE_TYPES + index)).collect(),
        sectors: sectors.collect(),
    })
}

/// The counts of a session as a channel with these quotas sees them.
pub fn figures(snapshot: &Snapshot, quotas: &[u8]) -> Vec<Availability> {
    let plan = &snapshot.plan;
    let groups = PRICE_TYPES + plan.template.price_types.len();
    let mut figures = vec![Availability::default(); groups + plan.groups.len()];
    for (index, group) in plan.groups.iter().enumerate() {
        let places = snapshot.availability(index, quotas);
        figures[0] += places;
        figures[PRICE_TYPES + group.price_type] += places;
        figures[groups + index] = places;
    }
    figures
}

/// The counts of all places, and of those of each price type.
pub fn by_price_type_now(snapshot: &Snapshot, quotas: &[u8]) -> (Availability, Vec<Availability>) {
    let figures = figures(snapshot, quotas);
    (figures[0], figures[PRICE_TYPES..PRICE_TYPES + snapshot.plan.template.price_types.len()].to_vec())
}

/// A session as a channel sees it, with its places.
#[derive(Debug)]
pub struct Seen {
    /// What is kept of it.
    pub sheet: Arc<Sheet>,
    /// Its places.
    pub snapshot: Arc<Snapshot>,
    /// How it stands.
    pub state: SaleState,
}

impl Seen {
    /// A session that the caller may see.
    ///
    /// # Errors
    /// `SESSION_NOT_FOUND`: there is none, it is not published in the caller's channel, not ready, or cancelled.
    pub fn find(caller: &CatalogCaller, id: u64) -> Result<Self, Problem> {
        let offer = caller.view.catalogue.offers.get(&SessionId(id)).ok_or(Code::SessionNotFound)?;
        Ok(Self::of(caller, offer).ok_or(Code::SessionNotFound)?)
    }

    /// A session, if the caller may see it.
    pub fn of(caller: &CatalogCaller, offer: &Arc<Offer>) -> Option<Self> {
        let (_, state) = offer.in_channel(caller.channel.id, caller.now)?;
        let snapshot = caller.view.places(offer.session.id)?;
        Some(Self { sheet: caller.app.catalog.sheet(caller.shard(), offer, &caller.channel, caller.now), snapshot, state })
    }

    /// Its availability.
    pub fn availability(&self) -> Bytes {
        let sheet = &self.sheet;
        let stencil = sheet.availability.get_or_init(|| stencil(&sheet.offer));
        sheet.availability_now.get((self.snapshot.version, false, false), || self.fill(stencil))
    }

    /// A body with the counts of now.
    pub fn fill(&self, stencil: &Stencil) -> Vec<u8> {
        let figures = figures(&self.snapshot, &self.sheet.quotas);
        stencil.fill(&Filling { figures: &figures, for_sale: self.state.for_sale, on_sale: self.state.on_sale })
    }
}

/// How many places of a session there are, and how many are free.
#[utoipa::path(
    get, path = "/sessions/{id}/availability", tag = "catalogue", operation_id = "get_availability", params(("id" = u64, Path)),
    responses((status = 200, body = SessionAvailability)),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId) -> Result<Response, Problem> {
    Ok(json_bytes(Seen::find(&caller, id)?.availability()))
}
