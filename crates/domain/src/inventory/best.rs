//! Best available: which places an automatic pick takes (rules.md, "Best available"). Deterministic for a given state.
//!
//! Numbered seats of the price type come first, then its zones; a party is never split between the two. Rows that cannot hold the party are
//! skipped by one number each, so a call looks closely at few of them.

use std::cmp::Reverse;
use std::ops::Range;

use super::orphan::{Left, alone, leaves_single};
use super::{Inventory, PlaceState};
use crate::catalogue::plan::{Place, Plan, RowSpan};
use crate::ids::{PriceTypeId, SectorId};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Of which price type.
    pub price_type: PriceTypeId,
    /// Only in this sector.
    pub sector: Option<SectorId>,
    /// How many.
    pub quantity: u32,
    /// Refuse rather than split.
    pub together: bool,
}

/// The places that one sale may take now.
#[derive(Debug, Clone, Copy)]
pub struct Stock<'a> {
    /// All places.
    pub inventory: &'a Inventory,
    /// Indexes of the sale's quotas. Zones are sold from them in this order; among seats the better one goes first, whatever its quota.
    pub quotas: &'a [u8],
    /// Places still held by orders whose time is over, sorted: free for whoever comes.
    pub overdue: &'a [Place],
}

impl Stock<'_> {
    fn has(&self, place: Place) -> bool {
        let free = match self.inventory.state(place) {
            PlaceState::Free => true,
            PlaceState::Held => self.overdue.binary_search(&place).is_ok(),
            PlaceState::Sold | PlaceState::Blocked => false,
        };
        free && self.quotas.contains(&self.inventory.quota(place))
    }

    fn overdue_in(&self, places: Range<Place>) -> &[Place] {
        let start = self.overdue.partition_point(|place| *place < places.start);
        let end = self.overdue.partition_point(|place| *place < places.end);
        &self.overdue[start..end]
    }
}

/// The places to take; `None` if there are not enough, or not within the orphan rule where it holds. `own` are the order's seats of the session
/// so far: for the orphan rule they are the party's, too.
pub fn best(stock: &Stock<'_>, wish: &Wish, own: &[Place], check_orphans: bool) -> Option<Vec<Place>> {
    let plan = stock.inventory.plan.as_ref();
    let price_type = plan.price_type_index(wish.price_type)?;
    let sector = match wish.sector {
        Some(id) => Some(plan.template.sectors.iter().position(|known| *known == id)?),
        None => None,
    };
    if wish.quantity == 0 {
        return Some(Vec::new());
    }
    let mut mine = own.to_vec();
    mine.sort_unstable();
    let mut search = Search { stock, plan, price_type, sector, mine, check_orphans };
    search.seats(wish.quantity, wish.together).or_else(|| search.zones(wish.quantity as usize, wish.together))
}

struct Search<'a> {
    stock: &'a Stock<'a>,
    plan: &'a Plan,
    /// As an index into the template's price types; the sector into its sectors.
    price_type: usize,
    sector: Option<usize>,
    /// The order's own seats and those picked so far, sorted.
    mine: Vec<Place>,
    check_orphans: bool,
}

impl<'a> Search<'a> {
    fn seats(&mut self, party: u32, together: bool) -> Option<Vec<Place>> {
        let block = self.rows().filter(|row| self.may_hold(*row, party)).find_map(|row| {
            let span = &self.plan.rows[row as usize];
            self.block(span, &all(span), party)
        });
        match block {
            Some(first) => Some((first..first + party).collect()),
            None if together || party == 1 => None,
            None => self.split(party),
        }
    }

    /// The rows of the price type, the best first.
    fn rows(&self) -> impl Iterator<Item = u32> + use<'a> {
        let (plan, sector) = (self.plan, self.sector);
        plan.best_rows[self.price_type]
            .iter()
            .copied()
            .filter(move |row| sector.is_none_or(|sector| plan.rows[*row as usize].sector == sector))
    }

    /// Whether a row may hold so many together: a bound that costs nothing.
    fn may_hold(&self, row: u32, party: u32) -> bool {
        self.stock.inventory.longest_run(row) >= party
            || (!self.stock.overdue.is_empty() && !self.stock.overdue_in(all(&self.plan.rows[row as usize])).is_empty())
    }

    fn is_mine(&self, place: Place) -> bool {
        self.mine.binary_search(&place).is_ok()
    }

    /// Where so many seats go together in a part of a row, within the orphan rule: nearest to the row's middle, then leftmost.
    fn block(&self, row: &RowSpan, within: &Range<Place>, party: u32) -> Option<Place> {
        let middle = 2 * row.first + row.len;
        let mut best: Option<(u32, Place)> = None;
        for run in self.runs(row) {
            let left = self.left(&run);
            for piece in stretches(run.clone(), |place| !self.is_mine(place), |_| true) {
                for part in self.parts(&piece).filter(|part| within.contains(&part.start)) {
                    for first in part.start..(part.end + 1).saturating_sub(party) {
                        let off = (2 * first + party).abs_diff(middle);
                        let nearer = best.is_none_or(|(nearest, _)| off < nearest);
                        if nearer && self.keeps_rule(&run, left, &piece, &(first..first + party)) {
                            best = Some((off, first));
                        }
                    }
                }
            }
        }
        best.map(|(_, first)| first)
    }

    /// Neighbours that are free as the row is without this order.
    fn runs(&self, row: &RowSpan) -> impl Iterator<Item = Range<Place>> {
        stretches(all(row), |place| self.stock.has(place) || self.is_mine(place), |place| self.plan.joined[place as usize])
    }

    /// What of a stretch is of the price type.
    fn parts(&self, piece: &Range<Place>) -> impl Iterator<Item = Range<Place>> {
        let of_type = |place: Place| self.plan.groups[usize::from(self.plan.group_of[place as usize])].price_type == self.price_type;
        stretches(piece.clone(), of_type, |_| true)
    }

    /// How the order leaves a run so far.
    fn left(&self, run: &Range<Place>) -> Left {
        let untouched = self.mine.partition_point(|place| *place < run.start) == self.mine.partition_point(|place| *place < run.end);
        if untouched {
            return Left { taken: 0, singles: alone(self.plan, run.end, run.end - run.start), only_accessible: true };
        }
        Left::by(self.plan, run, &|place| self.is_mine(place))
    }

    /// Whether a block may be taken out of a piece of a run that the order has left so.
    fn keeps_rule(&self, run: &Range<Place>, left: Left, piece: &Range<Place>, block: &Range<Place>) -> bool {
        let before = alone(self.plan, piece.end, piece.end - piece.start);
        let after = alone(self.plan, block.start, block.start - piece.start) + alone(self.plan, piece.end, piece.end - block.end);
        let taken = left.taken + (block.end - block.start);
        !self.check_orphans
            || !leaves_single(self.plan, run, taken, left.singles - before + after)
            || (left.only_accessible && block.clone().all(|place| self.plan.accessible[place as usize]))
    }

    /// Places for a party that no row holds: parts of at least two as far as they go, from the best row the largest, and so on; then single seats.
    fn split(&mut self, party: u32) -> Option<Vec<Place>> {
        let mut parts = self.all_parts();
        if parts.iter().map(Part::len).sum::<u32>() < party {
            return None;
        }
        let mut room = Room::default();
        parts.iter().for_each(|part| room.add(part.len()));
        let mut left = (0..=party).rev().find(|size| room.holds(*size))?;
        let mut picked = Vec::with_capacity(party as usize);
        parts.retain(|part| part.len() > 1);
        for part in &parts {
            room.take(part.len());
            let row = &self.plan.rows[part.row as usize];
            let sizes = (2..=left.min(part.len())).rev().filter(|size| room.holds(left - size));
            let found = sizes.map(|size| (size, self.block(row, &part.places, size))).find(|(_, block)| block.is_some());
            if let Some((size, Some(first))) = found {
                self.pick(first..first + size, &mut picked);
                left -= size;
            }
        }
        for row in self.rows() {
            let span = &self.plan.rows[row as usize];
            while picked.len() < party as usize
                && self.may_hold(row, 1)
                && let Some(first) = self.block(span, &all(span), 1)
            {
                self.pick(first..first + 1, &mut picked);
            }
        }
        (picked.len() == party as usize).then_some(picked)
    }

    fn pick(&mut self, block: Range<Place>, picked: &mut Vec<Place>) {
        picked.extend(block.clone());
        let at = self.mine.partition_point(|place| *place < block.start);
        self.mine.splice(at..at, block);
    }

    /// All stretches of seats that may be taken: by row, the best first, in a row by size, then by nearness to its middle, then from the left.
    fn all_parts(&self) -> Vec<Part> {
        let mut all_parts = Vec::new();
        for row in self.rows().filter(|row| self.may_hold(*row, 1)) {
            let span = &self.plan.rows[row as usize];
            let middle = 2 * span.first + span.len;
            let before = all_parts.len();
            for run in self.runs(span) {
                for piece in stretches(run, |place| !self.is_mine(place), |_| true) {
                    all_parts.extend(self.parts(&piece).map(|places| Part { row, places }));
                }
            }
            all_parts[before..]
                .sort_by_key(|part| (Reverse(part.len()), (part.places.start + part.places.end).abs_diff(middle), part.places.start));
        }
        all_parts
    }

    /// The first free places of a zone that holds the party, else of all zones in turn.
    fn zones(&self, party: usize, together: bool) -> Option<Vec<Place>> {
        let mut spread = Vec::new();
        for (index, zone) in self.plan.zones.iter().enumerate() {
            let wanted = self.plan.groups[usize::from(zone.group)].price_type == self.price_type;
            if !wanted || self.sector.is_some_and(|sector| sector != zone.sector) {
                continue;
            }
            let free = self.stock.quotas.iter().flat_map(|quota| self.stock.inventory.free_in_zone(index, *quota));
            let overdue = self.stock.overdue_in(zone.first..zone.first + zone.len).iter().copied().filter(|place| self.stock.has(*place));
            let found: Vec<Place> = free.chain(overdue).take(party).collect();
            if found.len() == party {
                return Some(found);
            }
            spread.extend_from_slice(&found[..found.len().min(party - spread.len())]);
        }
        (!together && spread.len() == party).then_some(spread)
    }
}

/// A stretch of seats that may be taken.
struct Part {
    row: u32,
    places: Range<Place>,
}

impl Part {
    const fn len(&self) -> u32 {
        self.places.end - self.places.start
    }
}

/// What is left to split a party over, in parts of at least two.
#[derive(Default)]
struct Room {
    seats: u32,
    /// Stretches of three and more: those of two hold even parties only.
    long: u32,
}

impl Room {
    fn add(&mut self, len: u32) {
        self.seats += if len > 1 { len } else { 0 };
        self.long += u32::from(len > 2);
    }

    fn take(&mut self, len: u32) {
        self.seats -= len;
        self.long -= u32::from(len > 2);
    }

    fn holds(&self, party: u32) -> bool {
        party == 0 || ((2..=self.seats).contains(&party) && (self.long > 0 || party.is_multiple_of(2)))
    }
}

const fn all(row: &RowSpan) -> Range<Place> {
    row.first..row.first + row.len
}

/// The longest stretches of places for which something holds, each joined to the one before.
fn stretches(places: Range<Place>, holds: impl Fn(Place) -> bool, joined: impl Fn(Place) -> bool) -> impl Iterator<Item = Range<Place>> {
    let mut from = places.start;
    std::iter::from_fn(move || {
        let start = (from..places.end).find(|place| holds(*place))?;
        from = (start + 1..places.end).find(|place| !joined(*place) || !holds(*place)).unwrap_or(places.end);
        Some(start..from)
    })
}

#[cfg(test)]
mod tests;
