//! A venue template's document as it is sent: turned into the domain's document, whose rules then check it.

use aforo_domain::catalogue::manage::document::{
    Document, Kind, RowDocument, SeatDocument, SectorDocument, ZoneDocument, ZonePlacesDocument,
};
use aforo_domain::catalogue::manage::{PriceTypeSpec, QuotaSpec};
use aforo_domain::catalogue::plan::Attributes;
use aforo_domain::ids::{PriceTypeId, SectorId, TemplateId, VenueId};
use serde::Deserialize;

use super::catalogue::{Texts, label, localized, optional_label};
use crate::http::checks::Checks;
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// A venue template: sectors with rows of numbered seats and with not-numbered zones.
///
/// A price type is named by its code and a quota by its name: by a seat, else by its row, else by its sector. Places without a quota are in the first
/// one. Seats of a row stand in physical order; ids of rows, seats and zones are given by the server, counted through the document.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TemplateBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    venue_id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    price_types: Option<Vec<PriceTypeBody>>,
    /// Names of quotas, or objects with a release; the first is the general one. `["GENERAL"]` if left out.
    quotas: Option<Vec<QuotaBody>>,
    #[schema(required = true)]
    sectors: Option<Vec<SectorBody>>,
    /// Whether single seats may not be left free.
    check_orphan_seats: Option<bool>,
    /// Whether places have coordinates that a map can draw; if left out, whether there are numbered seats.
    graphic: Option<bool>,
    /// What the best seats are near to.
    focal_point: Option<PointBody>,
}

/// A quota: its name, or its name and when it is released.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum QuotaBody {
    /// Its name.
    Name(String),
    /// With a release.
    Released {
        /// Its name.
        name: String,
        /// How many minutes before a session's start its places become general ones.
        release_minutes: Option<Num>,
    },
}

/// A point in the plan's units.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
pub struct PointBody {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A price type.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PriceTypeBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// Once in the template; the name if left out.
    code: Option<String>,
    texts: Option<PriceTypeTextsBody>,
    ui_settings: Option<UiSettingsBody>,
}

/// What a price type is called in other languages.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PriceTypeTextsBody {
    name: Option<Texts>,
    description: Option<Texts>,
}

/// How to show a price type.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct UiSettingsBody {
    /// Where it stands in a list.
    order: Option<u32>,
    /// `#9E4500`
    color: Option<String>,
}

/// A sector.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SectorBody {
    /// Else the next one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// The name if left out.
    code: Option<String>,
    price_type: Option<String>,
    quota: Option<String>,
    /// The door of its rows and zones that name none.
    entrance: Option<String>,
    rows: Option<Vec<RowBody>>,
    zones: Option<Vec<ZoneBody>>,
}

/// A row.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct RowBody {
    #[schema(required = true)]
    name: Option<String>,
    /// Best rows first; rows without a rank go by distance to the focal point.
    rank: Option<u32>,
    price_type: Option<String>,
    quota: Option<String>,
    /// The door that its people are sent to, else the sector's.
    entrance: Option<String>,
    #[schema(required = true)]
    seats: Option<Vec<SeatBody>>,
}

/// A seat.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeatBody {
    /// Once in its row.
    #[schema(required = true)]
    name: Option<String>,
    #[serde(default)]
    x: i32,
    #[serde(default)]
    y: i32,
    price_type: Option<String>,
    quota: Option<String>,
    /// `ACCESSIBLE`, `COMPANION`, `RESTRICTED_VIEW`, `AISLE`.
    attributes: Option<Vec<String>>,
    /// Whether an aisle or a missing number parts it from the seat before it.
    #[serde(default)]
    gap_before: bool,
    /// Whether it starts blocked in each session.
    #[serde(default)]
    blocked: bool,
}

/// A not-numbered zone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ZoneBody {
    #[schema(required = true)]
    name: Option<String>,
    price_type: Option<String>,
    /// The door that its people are sent to, else the sector's.
    entrance: Option<String>,
    /// Places by quota; the sum is the capacity.
    #[schema(required = true)]
    places: Option<Vec<ZonePlacesBody>>,
}

/// Places of a zone in one quota.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ZonePlacesBody {
    quota: Option<String>,
    #[schema(required = true)]
    count: Option<u32>,
    /// How many of them start blocked in each session.
    #[serde(default)]
    blocked: u32,
}

/// The quota of templates that name none.
pub const GENERAL: &str = "GENERAL";
/// The colour of price types that have none.
pub const COLOR: &str = "#808080";

/// The words of seats' attributes.
pub const ATTRIBUTES: &[(&str, Attributes)] = &[
    ("ACCESSIBLE", Attributes::ACCESSIBLE),
    ("COMPANION", Attributes::COMPANION),
    ("RESTRICTED_VIEW", Attributes::RESTRICTED_VIEW),
    ("AISLE", Attributes::AISLE),
];

impl TemplateBody {
    /// The document. What its parts mean together is checked by [`Document::check`].
    ///
    /// # Errors
    /// `DIST0005`, `DIST0006`.
    pub fn read(self) -> Result<Document, Problem> {
        let mut checks = Checks::new();
        let price_types = checks.required("price_types", self.price_types).unwrap_or_default();
        let price_types = price_types.into_iter().enumerate().map(|(index, body)| body.read(&mut checks, index)).collect();
        let sectors: Vec<_> = checks.required("sectors", self.sectors).unwrap_or_default();
        let sectors: Vec<_> = sectors.into_iter().map(|body| body.read(&mut checks)).collect();
        let quotas = self.quotas.unwrap_or_else(|| vec![QuotaBody::Name(GENERAL.to_owned())]);
        let document = Document {
            id: checks.optional_id("id", self.id.as_ref()).map(TemplateId),
            venue: VenueId(checks.id("venue_id", self.venue_id.as_ref())),
            name: label(&mut checks, "name", self.name.as_deref(), None),
            price_types,
            quotas: quotas.iter().map(|quota| quota.read(&mut checks)).collect(),
            check_orphan_seats: self.check_orphan_seats.unwrap_or_default(),
            graphic: self.graphic.unwrap_or_else(|| sectors.iter().any(|sector| !sector.rows.is_empty())),
            focal_point: self.focal_point.map(|point| (point.x, point.y)),
            sectors,
        };
        let document = checks.done(document)?;
        document.check()?;
        Ok(document)
    }
}

/// The longest time before a session's start that a quota may be released: ten years, in minutes.
const MAX_RELEASE: u64 = 10 * 366 * 24 * 60;

/// Minutes before a session's start, in milliseconds.
pub fn release_ms(checks: &mut Checks, minutes: Option<&Num>) -> Option<i64> {
    checks.optional_whole("quotas.release_minutes", minutes, 0..=MAX_RELEASE).map(|minutes| minutes as i64 * 60_000)
}

impl QuotaBody {
    fn read(&self, checks: &mut Checks) -> QuotaSpec {
        let (name, minutes) = match self {
            Self::Name(name) => (name, None),
            Self::Released { name, release_minutes } => (name, release_minutes.as_ref()),
        };
        QuotaSpec { name: label(checks, "quotas", Some(name), None), release_ms: release_ms(checks, minutes) }
    }
}

impl PriceTypeBody {
    fn read(self, checks: &mut Checks, index: usize) -> PriceTypeSpec {
        let name = label(checks, "price_types.name", self.name.as_deref(), None);
        let (order, color) = self.ui_settings.map_or((None, None), |settings| (settings.order, settings.color));
        let color = color.unwrap_or_else(|| COLOR.to_owned());
        if color.len() != 7 || !color.starts_with('#') || !color[1..].bytes().all(|digit| digit.is_ascii_hexdigit()) {
            checks.bad_format("price_types.ui_settings.color", &color);
        }
        let texts = self.texts.as_ref();
        PriceTypeSpec {
            id: checks.optional_id("price_types.id", self.id.as_ref()).map(PriceTypeId),
            code: label(checks, "price_types.code", self.code.as_deref(), Some(&name)),
            order: order.unwrap_or(index as u32 + 1),
            color,
            names: localized(checks, "price_types.texts.name", texts.and_then(|texts| texts.name.as_ref()), None),
            descriptions: localized(checks, "price_types.texts.description", texts.and_then(|texts| texts.description.as_ref()), None),
            name,
        }
    }
}

impl SectorBody {
    fn read(self, checks: &mut Checks) -> SectorDocument {
        let name = label(checks, "sectors.name", self.name.as_deref(), None);
        SectorDocument {
            id: checks.optional_id("sectors.id", self.id.as_ref()).map(SectorId),
            code: label(checks, "sectors.code", self.code.as_deref(), Some(&name)),
            name,
            kind: Kind { price_type: self.price_type, quota: self.quota },
            entrance: entrance(checks, "sectors.entrance", self.entrance),
            rows: self.rows.unwrap_or_default().into_iter().map(|row| row.read(checks)).collect(),
            zones: self.zones.unwrap_or_default().into_iter().map(|zone| zone.read(checks)).collect(),
        }
    }
}

impl RowBody {
    fn read(self, checks: &mut Checks) -> RowDocument {
        let seats = checks.required("sectors.rows.seats", self.seats).unwrap_or_default();
        RowDocument {
            name: label(checks, "sectors.rows.name", self.name.as_deref(), None),
            rank: self.rank,
            kind: Kind { price_type: self.price_type, quota: self.quota },
            entrance: entrance(checks, "sectors.rows.entrance", self.entrance),
            seats: seats.into_iter().map(|seat| seat.read(checks)).collect(),
        }
    }
}

impl SeatBody {
    fn read(self, checks: &mut Checks) -> SeatDocument {
        let words = self.attributes.unwrap_or_default();
        let attributes = words.iter().filter_map(|word| checks.one_of("sectors.rows.seats.attributes", Some(word), ATTRIBUTES));
        let attributes = attributes.fold(0, |bits, attribute| bits | attribute.0);
        SeatDocument {
            name: label(checks, "sectors.rows.seats.name", self.name.as_deref(), None),
            x: self.x,
            y: self.y,
            kind: Kind { price_type: self.price_type, quota: self.quota },
            attributes: Attributes(attributes),
            gap_before: self.gap_before,
            blocked: self.blocked,
        }
    }
}

impl ZoneBody {
    fn read(self, checks: &mut Checks) -> ZoneDocument {
        let places = checks.required("sectors.zones.places", self.places).unwrap_or_default();
        let places = places.into_iter().map(|places| ZonePlacesDocument {
            quota: places.quota,
            count: checks.required("sectors.zones.places.count", places.count).unwrap_or_default(),
            blocked: places.blocked,
        });
        let places = places.collect();
        ZoneDocument {
            name: label(checks, "sectors.zones.name", self.name.as_deref(), None),
            price_type: self.price_type,
            entrance: entrance(checks, "sectors.zones.entrance", self.entrance),
            places,
        }
    }
}

/// A blank entrance is none.
fn entrance(checks: &mut Checks, name: &str, value: Option<String>) -> Option<String> {
    optional_label(checks, name, &Some(value), None)
}
