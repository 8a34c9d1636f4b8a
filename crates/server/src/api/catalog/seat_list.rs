//! `GET /sessions/{id}/seats` with a filter: the numbered seats that fit, written out page by page, so that a client finds the accessible free ones
//! without reading the map.

use aforo_domain::catalogue::plan::{Attributes, Plan, RowSpan, Seat, SeatRow, Sector};
use aforo_domain::ids::{PriceTypeId, SectorId};
use serde::Serialize;

use super::availability::Seen;
use super::seats::{ATTRIBUTES, FREE, attributes, letter, status_word};
use crate::http::checks::Checks;
use crate::http::params::{Paging, Params};
use crate::http::wire::List;

/// Which seats are asked for: those that are all of this.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter {
    attributes: Attributes,
    available: Option<bool>,
    sector: Option<SectorId>,
    price_type: Option<PriceTypeId>,
    entrance: Option<String>,
}

impl Filter {
    /// Reads it; `None` if none was given.
    pub fn read(params: &Params, checks: &mut Checks) -> Option<Self> {
        let words = params.get("attributes").into_iter().flat_map(|words| words.split(',')).take(MAX_WORDS);
        let words = words.filter_map(|word| checks.one_of("attributes", Some(word.trim()), &ATTRIBUTES));
        let filter = Self {
            attributes: Attributes(words.fold(0, |bits, attribute| bits | attribute.0)),
            available: params.boolean(checks, "available"),
            sector: params.id(checks, "sector_id").map(SectorId),
            price_type: params.id(checks, "price_type_id").map(PriceTypeId),
            entrance: params.get("entrance").map(str::to_owned),
        };
        (filter != Self::default()).then_some(filter)
    }

    fn takes_sector(&self, sector: &Sector) -> bool {
        self.sector.is_none_or(|wanted| wanted == sector.id)
    }

    fn takes_row(&self, row: &SeatRow) -> bool {
        self.entrance.as_deref().is_none_or(|wanted| row.entrance.as_deref() == Some(wanted))
    }

    fn takes(&self, seat: &Seat, letter: u8) -> bool {
        seat.attributes.has(self.attributes)
            && self.available.is_none_or(|wanted| wanted == (letter == FREE))
            && self.price_type.is_none_or(|wanted| wanted == seat.price_type)
    }
}

/// Attributes that are looked at; there are fewer.
const MAX_WORDS: usize = 50;

/// A numbered seat, and how it stands for this channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeatItem<'a> {
    id: u64,
    row: &'a str,
    seat: &'a str,
    sector: SeatPart<'a>,
    price_type: SeatPart<'a>,
    /// `FREE`, `TAKEN` or `NOT_FOR_SALE`.
    status: &'static str,
    x: i32,
    y: i32,
    /// What is special about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<&'static str>,
    /// The door that leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
}

/// What a seat belongs to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeatPart<'a> {
    id: u64,
    name: &'a str,
}

/// A seat that fits.
struct Found<'a> {
    sector: &'a Sector,
    row: &'a SeatRow,
    seat: &'a Seat,
    letter: u8,
}

impl Seen {
    /// The seats that fit, in the order of the map.
    pub fn list(&self, filter: &Filter, paging: Paging) -> List<SeatItem<'_>> {
        let plan = &*self.sheet.offer.plan;
        let takes = |span: &&RowSpan| {
            let sector = &plan.sectors[span.sector];
            filter.takes_sector(sector) && filter.takes_row(&sector.rows[span.row])
        };
        let rows = plan.rows.iter().filter(takes);
        let page = paging.page(rows.flat_map(|span| self.row(plan, span)).filter(|found| filter.takes(found.seat, found.letter)));
        List { metadata: page.metadata, data: page.data.iter().map(|found| item(plan, found)).collect() }
    }

    fn row<'a>(&self, plan: &'a Plan, span: &'a RowSpan) -> impl Iterator<Item = Found<'a>> {
        let sector = plan.sectors[span.sector].as_ref();
        let row = &sector.rows[span.row];
        let (snapshot, quotas) = (&self.snapshot, &self.sheet.quotas);
        (span.first as usize..).zip(&row.seats).map(move |(place, seat)| {
            let letter = letter(snapshot.states[place], quotas.contains(&snapshot.quota_of[place]));
            Found { sector, row, seat, letter }
        })
    }
}

fn item<'a>(plan: &'a Plan, found: &Found<'a>) -> SeatItem<'a> {
    let Found { sector, row, seat, letter } = *found;
    let price_type = plan.template.price_types.iter().find(|known| known.id == seat.price_type);
    SeatItem {
        id: seat.id.0,
        row: &row.name,
        seat: &seat.name,
        sector: SeatPart { id: sector.id.0, name: &sector.name },
        price_type: SeatPart { id: seat.price_type.0, name: price_type.map_or("", |known| &known.name) },
        status: status_word(letter),
        x: seat.x,
        y: seat.y,
        attributes: attributes(seat),
        entrance: row.entrance.as_deref(),
    }
}
