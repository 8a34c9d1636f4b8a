//! Best available: which places an automatic pick takes (rules.md, "Best available"). Deterministic for a given state.

use super::Inventory;
use crate::catalogue::plan::Place;
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

/// The places to take; `None` if there are not enough. `free` says whether a place may be taken by this sale (free, and in one of its quotas);
/// `check_orphans` whether the orphan rule holds.
pub fn best(
    _inventory: &Inventory,
    _wish: &Wish,
    _own: &[Place],
    _free: &dyn Fn(Place) -> bool,
    _check_orphans: bool,
) -> Option<Vec<Place>> {
    None
}
