//! The orphan rule: no call may leave a single free seat between neighbours (rules.md, "Orphan rule").

use crate::catalogue::plan::{Place, Plan};

/// The asked seats that would leave a single one; empty if the rule is kept.
///
/// `own` are the order's seats of the session so far, `asked` those it asks for now (none when the whole order is judged again). `free` says
/// whether a place is free and in this sale, as the row is without this order or with it; `own` and `asked` are taken for free before, taken after.
pub fn orphans(_plan: &Plan, _own: &[Place], _asked: &[Place], _free: &dyn Fn(Place) -> bool) -> Vec<Place> {
    Vec::new()
}
