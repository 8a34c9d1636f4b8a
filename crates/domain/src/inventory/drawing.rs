//! Rows drawn as text, for tests: `.` or `a` a free seat, `b` one of a second price type, `A` an accessible one, `o` the order's own, `X` taken,
//! `#` in another sale's quota, `|` an aisle, `/` the end of a row.

use std::sync::Arc;

use super::{Inventory, PlaceState};
use crate::catalogue::Template;
use crate::catalogue::plan::{Attributes, Place, Plan, Seat, SeatRow, Sector, Zone, ZonePlaces};
use crate::catalogue::{PriceType, Quota};
use crate::ids::{PriceTypeId, QuotaId, RowId, SeatId, SectorId, TemplateId, VenueId, ZoneId};

/// The price type of all seats but `b`.
pub const FIRST: PriceTypeId = PriceTypeId(1);
/// The price type of `b`.
pub const SECOND: PriceTypeId = PriceTypeId(2);

/// A drawn sector.
pub struct Drawing {
    pub plan: Arc<Plan>,
    pub inventory: Inventory,
    /// The seats drawn `o`.
    pub own: Vec<Place>,
    /// The place of each character.
    places: Vec<Option<Place>>,
}

/// Which characters of a drawing are seats.
pub fn seats(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().filter(|(_, mark)| !"|/".contains(*mark)).map(|(index, _)| index)
}

impl Drawing {
    pub fn of(text: &str) -> Self {
        Self::placed(text, |_| (None, (0, 0)))
    }

    /// With a rank for each row, and where its seats stand (the focal point is the origin).
    pub fn placed(text: &str, row_at: impl Fn(usize) -> (Option<u32>, (i32, i32))) -> Self {
        let mut rows = Vec::new();
        let mut places = Vec::new();
        let (mut own, mut taken, mut next) = (Vec::new(), Vec::new(), 0);
        for (number, line) in text.split('/').enumerate() {
            let (rank, (x, y)) = row_at(number);
            let mut row = SeatRow { id: RowId(number as u64 + 1), name: "".into(), rank, seats: Vec::new(), entrance: None };
            let mut gap_before = false;
            for mark in line.chars() {
                if mark == '|' {
                    gap_before = true;
                    places.push(None);
                    continue;
                }
                row.seats.push(Seat { gap_before, ..seat(next, mark, x, y) });
                own.extend((mark == 'o').then_some(next));
                taken.extend((mark == 'X' || mark == 'o').then_some(next));
                places.push(Some(next));
                (next, gap_before) = (next + 1, false);
            }
            places.push(None);
            rows.push(row);
        }
        let plan = compile(rows, Vec::new());
        let mut inventory = Inventory::new(plan.clone());
        for place in taken {
            inventory.set(place, PlaceState::Held);
        }
        Self { plan, inventory, own, places }
    }

    /// The place of a character.
    pub fn place(&self, index: usize) -> Place {
        self.places[index].expect("a seat")
    }

    /// Whether this sale may take a place.
    pub fn free(&self, place: Place) -> bool {
        self.inventory.state(place) == PlaceState::Free && self.inventory.quota(place) == 0
    }

    /// All runs of neighbours for which something holds.
    pub fn runs(&self, holds: impl Fn(Place) -> bool) -> Vec<Vec<Place>> {
        let mut runs: Vec<Vec<Place>> = vec![Vec::new()];
        for place in 0..self.plan.seats {
            if !holds(place) || !self.plan.joined[place as usize] {
                runs.push(Vec::new());
            }
            if holds(place)
                && let Some(run) = runs.last_mut()
            {
                run.push(place);
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

fn seat(place: Place, mark: char, x: i32, y: i32) -> Seat {
    Seat {
        id: SeatId(u64::from(place) + 100),
        name: "".into(),
        x,
        y,
        price_type: if mark == 'b' { SECOND } else { FIRST },
        quota: QuotaId(if mark == '#' { 2 } else { 1 }),
        attributes: if mark == 'A' { Attributes::ACCESSIBLE } else { Attributes::default() },
        gap_before: false,
        blocked: false,
    }
}

/// Zones of the first price type: places in this sale's quota, and in another.
pub fn zones(sizes: &[(u32, u32)]) -> Inventory {
    let zone = |(index, (own, other)): (usize, &(u32, u32))| {
        let part = |quota, count| ZonePlaces { quota: QuotaId(quota), count, blocked: 0 };
        Zone {
            id: ZoneId(index as u64 + 1),
            name: String::new(),
            price_type: FIRST,
            places: vec![part(2, *other), part(1, *own)],
            entrance: None,
        }
    };
    Inventory::new(compile(Vec::new(), sizes.iter().enumerate().map(zone).collect()))
}

fn compile(rows: Vec<SeatRow>, zones: Vec<Zone>) -> Arc<Plan> {
    let (template, sector) = (TemplateId(1), SectorId(1));
    let price_type = |id| PriceType {
        id,
        name: String::new(),
        code: String::new(),
        order: 0,
        color: String::new(),
        names: Default::default(),
        descriptions: Default::default(),
    };
    let sector = Sector { id: sector, template, name: String::new(), code: String::new(), rows, zones };
    let template = Template {
        id: template,
        venue: VenueId(1),
        name: String::new(),
        price_types: vec![price_type(FIRST), price_type(SECOND)],
        quotas: [1, 2].map(|id| Quota { id: QuotaId(id), name: String::new(), release_ms: None }).to_vec(),
        sectors: vec![sector.id],
        check_orphan_seats: true,
        graphic: false,
        focal_point: Some((0, 0)),
        retired: false,
        version: 1,
    };
    Arc::new(Plan::compile(Arc::new(template), vec![Arc::new(sector)]).expect("a plan"))
}
