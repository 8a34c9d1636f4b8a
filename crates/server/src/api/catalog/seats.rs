//! `GET /sessions/{id}/seats`: every numbered seat and how it stands, small enough for 100 000 of them.
//!
//! The seats come by sector and row, each as an array (`seat_fields` says of what), and their statuses as one string with a letter a seat, in the
//! same order (`statuses` says what the letters mean). The first part is encoded once a template; the string is 100 kB for 100 000 seats.
//! `?form=status` answers the string alone, for who has the rest already. Both are conditional: send the `ETag` back in `If-None-Match`. What answers a
//! filter is a list: [`super::seat_list`].

use std::sync::Arc;

use aforo_domain::catalogue::plan::{Attributes, Plan, Seat, SeatRow, Sector};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::Hash;
use aforo_domain::inventory::{PlaceState, Snapshot};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::availability::Seen;
use super::chunks::Chunks;
use super::conditional::{is_known, not_modified, tagged};
use super::seat_list::{Filter, SeatItem};
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json, json_bytes};
use crate::http::wire::List;

/// Grows whenever the same seats would be written differently, so that no client keeps an old form.
const FORM: u8 = 2;

/// A session's seats, but for its id before them and the statuses behind.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Seats<'a> {
    /// What the array of a seat holds. What is last and has no value is left out.
    seat_fields: [&'static str; 6],
    /// What the letters of `status` mean.
    statuses: Statuses,
    /// A seat's price type is an index into these.
    price_types: Vec<SeatPriceType<'a>>,
    /// The sectors that have numbered seats.
    sectors: Vec<SeatSector<'a>>,
}

/// What the letters of `status` mean.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub struct Statuses {
    f: &'static str,
    t: &'static str,
    n: &'static str,
}

/// Can be put into a basket.
pub const FREE: u8 = b'F';
/// In somebody's basket, or sold.
const TAKEN: u8 = b'T';
/// Blocked, or kept for other channels.
const NOT_FOR_SALE: u8 = b'N';

/// What a letter means.
pub const fn status_word(letter: u8) -> &'static str {
    match letter {
        FREE => "FREE",
        TAKEN => "TAKEN",
        _ => "NOT_FOR_SALE",
    }
}

/// A price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeatPriceType<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
}

/// A sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeatSector<'a> {
    id: u64,
    name: &'a str,
    code: &'a str,
    rows: Vec<RowOfSeats<'a>>,
}

/// A row, its seats in physical order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RowOfSeats<'a> {
    id: u64,
    name: &'a str,
    /// The door that its people are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    seats: Vec<SeatArray<'a>>,
}

/// A seat: id, name, x, y, index of the price type, and if there are any, its attributes.
#[derive(Debug)]
struct SeatArray<'a>(&'a Seat, usize);

/// Attributes by name. A gap is one before the seat: an aisle, or a missing number.
pub const ATTRIBUTES: [(&str, Attributes); 4] = [
    ("ACCESSIBLE", Attributes::ACCESSIBLE),
    ("COMPANION", Attributes::COMPANION),
    ("RESTRICTED_VIEW", Attributes::RESTRICTED_VIEW),
    ("AISLE", Attributes::AISLE),
];

/// What is special about a seat, in words.
pub fn attributes(seat: &Seat) -> Vec<&'static str> {
    let held = ATTRIBUTES.iter().filter(|(_, attribute)| seat.attributes.has(*attribute)).map(|(name, _)| *name);
    held.chain(seat.gap_before.then_some("GAP_BEFORE")).collect()
}

impl Serialize for SeatArray<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(seat, price_type) = self;
        let attributes = attributes(seat);
        let mut array = serializer.serialize_seq(None)?;
        array.serialize_element(&seat.id.0)?;
        array.serialize_element(&seat.name)?;
        array.serialize_element(&seat.x)?;
        array.serialize_element(&seat.y)?;
        array.serialize_element(price_type)?;
        if !attributes.is_empty() {
            array.serialize_element(&attributes)?;
        }
        array.end()
    }
}

/// A map of all seats, or a list of some.
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: a map is put together from parts")]
pub enum SeatsAnswer<'a> {
    /// All seats.
    Map(Seats<'a>),
    /// Some seats.
    List(List<SeatItem<'a>>),
}

/// A template's seats, encoded.
#[derive(Debug)]
pub struct SeatMap {
    /// The template.
    pub plan: Arc<Plan>,
    /// The members of the body between the session's id and the statuses.
    members: Bytes,
}

impl SeatMap {
    /// Encodes them.
    pub fn new(plan: Arc<Plan>) -> Self {
        let price_types = plan.template.price_types.iter();
        let price_types = price_types.map(|kind| SeatPriceType { id: kind.id.0, name: &kind.name, code: &kind.code });
        let seats = Seats {
            seat_fields: ["id", "seat", "x", "y", "price_type", "attributes"],
            statuses: Statuses { f: status_word(FREE), t: status_word(TAKEN), n: status_word(NOT_FOR_SALE) },
            price_types: price_types.collect(),
            sectors: plan.sectors.iter().filter(|sector| !sector.rows.is_empty()).map(|sector| shown(&plan, sector)).collect(),
        };
        // No map has a key that is no string, so it is JSON: an object, whose members go into another one.
        let object = Bytes::from(serde_json::to_vec(&seats).unwrap_or_else(|_| b"{}".to_vec()));
        let members = object.slice(1..object.len() - 1);
        Self { plan, members }
    }
}

fn shown<'a>(plan: &'a Plan, sector: &'a Sector) -> SeatSector<'a> {
    let seats = |row: &'a SeatRow| {
        let index = |seat: &Seat| plan.price_type_index(seat.price_type).unwrap_or_default();
        row.seats.iter().map(|seat| SeatArray(seat, index(seat))).collect()
    };
    let rows =
        sector.rows.iter().map(|row| RowOfSeats { id: row.id.0, name: &row.name, entrance: row.entrance.as_deref(), seats: seats(row) });
    SeatSector { id: sector.id.0, name: &sector.name, code: &sector.code, rows: rows.collect() }
}

/// A letter for each seat, in the order of the map, for who sells from these quotas (indexes into the template's).
pub fn letters(snapshot: &Snapshot, quotas: &[u8]) -> Vec<u8> {
    let seats = snapshot.plan.seats as usize;
    let places = snapshot.states[..seats].iter().zip(&snapshot.quota_of[..seats]);
    places.map(|(state, quota)| letter(*state, quotas.contains(quota))).collect()
}

/// The letter of a seat, by its state and whether its quota is one to sell from.
pub const fn letter(state: PlaceState, sells: bool) -> u8 {
    match state {
        PlaceState::Held | PlaceState::Sold => TAKEN,
        PlaceState::Free if sells => FREE,
        PlaceState::Free | PlaceState::Blocked => NOT_FOR_SALE,
    }
}

impl Seen {
    /// A letter for each seat, in the order of the map.
    pub fn statuses(&self) -> Bytes {
        let (snapshot, quotas) = (&self.snapshot, &self.sheet.quotas);
        self.sheet.statuses_now.get((snapshot.version, false, false), || letters(snapshot, quotas))
    }

    /// The body, with or without the map.
    pub fn seats(&self, map: Option<&SeatMap>) -> Chunks {
        let mut chunks = Chunks::default();
        chunks.push(format!("{{\"id\":{},", self.sheet.offer.session.id));
        if let Some(map) = map {
            chunks.push(map.members.clone());
            chunks.push(",");
        }
        chunks.push("\"status\":\"");
        chunks.push(self.statuses());
        chunks.push("\"}");
        chunks
    }

    /// What the seats' version is called: places, template and the channel's quotas.
    fn seats_tag(&self, form: &str) -> String {
        let template = &self.sheet.offer.plan.template;
        let view = Hash::of(&self.sheet.quotas).short();
        format!("\"{form}{FORM}-{}-{}.{}-{view:x}\"", self.snapshot.version, template.id, template.version)
    }
}

/// Reads every numbered seat of a session and how it stands for this channel.
///
/// With a filter, or as `list`, it answers a page of those seats that fit all that is asked for, each written out: `{"metadata": ..., "data": [SeatItem]}`.
#[utoipa::path(
    get, path = "/sessions/{id}/seats", tag = "catalogue", operation_id = "get_seats",
    params(
        ("id" = u64, Path),
        ("form" = Option<String>, Query, description = "`compact`, `status` for the session's id and the statuses alone, or `list`; if left out, `list` with a filter, else `compact`"),
        ("attributes" = Option<String>, Query, description = "Seats that have all of these: `ACCESSIBLE,COMPANION`"),
        ("available" = Option<bool>, Query, description = "Seats that can be put into a basket now, or the others"),
        ("sector_id" = Option<u64>, Query, description = "Seats of this sector"),
        ("price_type_id" = Option<u64>, Query, description = "Seats of this price type"),
        ("entrance" = Option<String>, Query, description = "Seats that this door leads to"),
        ("limit" = Option<u32>, Query, description = "Of a list: 1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer: 304 while it is still right"),
    ),
    responses(
        (status = 200, body = SeatsAnswer, description = "A map has the session's `id` before and `status` behind, one letter a seat"), (status = 304),
    ),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND DIST0001"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId, params: Params, headers: HeaderMap) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let form = params.one_of(&mut checks, "form", &[("compact", "c"), ("status", "s"), ("list", "l")]);
    let (filter, paging) = (Filter::read(&params, &mut checks), params.paging(&mut checks, MAX_OFFSET));
    let form = checks.done(form)?.unwrap_or(if filter.is_none() { "c" } else { "l" });
    let seen = Seen::find(&caller, id)?;
    if form == "l" {
        return Ok(json(&seen.list(&filter.unwrap_or_default(), paging)));
    }
    if filter.is_some() {
        return Err(Error::new(Code::Dist0001).because("a map shows all seats; filters are for the list").into());
    }
    let tag = seen.seats_tag(form);
    let response = if is_known(&headers, &tag) {
        not_modified()
    } else {
        let map = (form == "c").then(|| caller.app.catalog.map(caller.shard(), &seen.sheet.offer.plan));
        json_bytes(Body::new(seen.seats(map.as_deref())))
    };
    Ok(tagged(response, &tag))
}
