//! Stories of automatic picks on drawn rows, and the same picks by trying everything.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::{Stock, Wish, best};
use crate::catalogue::plan::Place;
use crate::ids::{SectorId, SessionId};
use crate::inventory::drawing::{Drawing, FIRST, seats, zones};
use crate::inventory::orphan::orphans;
use crate::inventory::{Inventory, PlaceMarks, PlaceState};

fn pick(drawing: &Drawing, quantity: u32, together: bool, check_orphans: bool) -> Option<Vec<Place>> {
    let stock = Stock { inventory: &drawing.inventory, quotas: &[0], overdue: &[] };
    best(&stock, &Wish { price_type: FIRST, sector: None, quantity, together }, &drawing.own, check_orphans)
}

/// Rows before a call, and after it with the picked seats as `^`; `None`: refused.
#[track_caller]
fn check(rows: &str, quantity: u32, after: impl Into<Option<&'static str>>) {
    let drawing = Drawing::of(rows);
    let shown = pick(&drawing, quantity, false, true).map(|picked| show(&drawing, rows, &picked));
    assert_eq!(shown.as_deref(), after.into(), "{quantity} of {rows}");
}

fn show(drawing: &Drawing, rows: &str, picked: &[Place]) -> String {
    let is_picked = |index: usize, mark: char| !"|/".contains(mark) && picked.contains(&drawing.place(index));
    rows.char_indices().map(|(index, mark)| if is_picked(index, mark) { '^' } else { mark }).collect()
}

#[test]
fn a_party_sits_together_in_the_middle_of_the_first_row_that_holds_it() {
    check("......./.......", 3, "..^^^../.......");
    check("...X.../......", 4, "...X.../^^^^..");
    check("......", 2, "..^^..");
    check(".......", 2, "..^^...");
    check("........", 1, "...^....");
}

#[test]
fn aisles_part_a_party_and_price_types_do_too() {
    check("...|...", 3, "^^^|...");
    check("..bb../......", 3, "..bb../^^^...");
    check("...|.../......", 4, "...|.../^^^^..");
}

#[test]
fn the_rule_of_single_seats_moves_a_party_aside() {
    check("X.....X", 2, "X^^...X");
    check("X....X", 1, "X^...X");
    check("X..X/X...X", 1, "X^.X/X...X");
    check("X...X", 2, "X^^.X");
    check("b.b", 1, None);
    check("b.b/X..X", 1, "b.b/X^.X");
    check("ooX...X", 1, "ooX^..X");
    check(".oo....", 1, "^oo....");
}

#[test]
fn who_overrides_the_rule_sits_in_the_middle() {
    let drawing = Drawing::of("X.....X");
    assert_eq!(pick(&drawing, 1, false, false), Some(vec![3]));
}

#[test]
fn a_party_no_row_holds_is_split_without_singles() {
    check(".../..../..", 5, "^^^/^^../..");
    check(".../..../..", 6, "^^^/^^^./..");
    check("..../..", 5, "^^^./^^");
    check("../../..", 4, "^^/^^/..");
    check(".../../..", 6, "^^./^^/^^");
    check("./../../.", 5, "^/^^/^^/.");
    check("../../..", 5, "^^/^^/^.");
    check("./X./.", 3, "^/X^/^");
    check("./X./.", 4, None);
}

#[test]
fn together_refuses_a_split() {
    let drawing = Drawing::of(".../...");
    assert_eq!(pick(&drawing, 4, true, true), None);
    assert!(pick(&drawing, 3, true, true).is_some());
}

#[test]
fn ranked_rows_come_first_then_the_nearest_to_the_focal_point() {
    let ranks = [None, Some(2), Some(1), None];
    let drawing = Drawing::placed("../../../..", |row| (ranks[row], (0, 100 - row as i32)));
    let picked: Vec<_> = (1..=4).map(|pairs| pick(&drawing, 2 * pairs, false, true).unwrap()[2 * pairs as usize - 2]).collect();
    assert_eq!(picked, [4, 2, 6, 0]);
}

#[test]
fn seats_whose_holder_ran_out_of_time_are_free() {
    let drawing = Drawing::of("XXXX/X..X");
    let stock = |overdue| Stock { inventory: &drawing.inventory, quotas: &[0], overdue };
    let wish = Wish { price_type: FIRST, sector: None, quantity: 2, together: true };
    assert_eq!(best(&stock(&[1, 2]), &wish, &[], true), Some(vec![1, 2]));
    assert_eq!(best(&stock(&[]), &wish, &[], true), Some(vec![5, 6]));
}

fn of_zones(inventory: &Inventory, quotas: &[u8], overdue: &[Place], quantity: u32, together: bool) -> Option<Vec<Place>> {
    best(&Stock { inventory, quotas, overdue }, &Wish { price_type: FIRST, sector: None, quantity, together }, &[], true)
}

#[test]
fn a_party_stands_in_one_zone_if_one_holds_it() {
    // Places 0 to 2 are ours, after two of another sale's; then 3 places and 5.
    let mut inventory = zones(&[(3, 2), (3, 0), (5, 0)]);
    let pick = |inventory: &Inventory, quantity, together| of_zones(inventory, &[0], &[], quantity, together);
    assert_eq!(pick(&inventory, 3, true), Some(vec![2, 3, 4]));
    assert_eq!(pick(&inventory, 4, true), Some(vec![8, 9, 10, 11]));
    assert_eq!(pick(&inventory, 6, true), None);
    assert_eq!(pick(&inventory, 6, false), Some(vec![2, 3, 4, 5, 6, 7]));
    assert_eq!(pick(&inventory, 12, false), None);
    inventory.set(3, PlaceState::Held);
    assert_eq!(pick(&inventory, 2, true), Some(vec![2, 4]));
    // Who sells from both quotas takes its own first; places whose holder's time is over come last.
    assert_eq!(of_zones(&inventory, &[1, 0], &[], 4, true), Some(vec![0, 1, 2, 4]));
    assert_eq!(of_zones(&inventory, &[0, 1], &[3], 5, true), Some(vec![2, 4, 0, 1, 3]));
}

#[test]
fn marks_move_and_block_places_of_a_zone() {
    let mut inventory = zones(&[(3, 2)]);
    inventory.set(4, PlaceState::Sold);
    let marks = PlaceMarks { session: SessionId(1), sector: SectorId(1), blocked: vec![2], moved: vec![(1, 0), (4, 1)] };
    inventory.mark(&marks);
    assert_eq!(of_zones(&inventory, &[0], &[], 2, true), Some(vec![1, 3]));
    assert_eq!(of_zones(&inventory, &[1], &[], 2, true), None);
    inventory.set(4, PlaceState::Free);
    assert_eq!(of_zones(&inventory, &[1], &[], 2, true), Some(vec![0, 4]));
    inventory.mark(&PlaceMarks { blocked: Vec::new(), moved: Vec::new(), ..marks });
    assert_eq!(of_zones(&inventory, &[0], &[], 3, true), Some(vec![2, 3, 4]));
}

/// All blocks of adjacent seats that hold a party within the rule, the best first.
fn blocks(drawing: &Drawing, party: usize) -> Vec<Place> {
    let plan = &drawing.plan;
    let mut blocks = Vec::new();
    for run in drawing.runs(|place| drawing.free(place) && plan.price_type(place) == FIRST) {
        for block in run.windows(party) {
            let row = &plan.rows[plan.row_of(block[0])];
            let order = plan.best_rows[0].iter().position(|index| plan.rows[*index as usize].first == row.first);
            let off = (2 * block[0] + party as u32).abs_diff(2 * row.first + row.len);
            if orphans(plan, &drawing.own, block, &|place| drawing.free(place)).is_empty() {
                blocks.push((order, off, block[0]));
            }
        }
    }
    blocks.sort_unstable();
    blocks.into_iter().map(|(_, _, first)| first).collect()
}

/// How a party is split over runs of these lengths: how many singles, and the other parts; by trying everything. As few singles as can be, then
/// the largest parts first.
fn split(runs: &[usize], party: usize) -> Option<(usize, Vec<usize>)> {
    let mut ways = vec![Vec::new()];
    for run in runs {
        ways = ways.iter().flat_map(|way| (0..=*run).map(move |part| [way.as_slice(), &[part]].concat())).collect();
        ways.retain(|way: &Vec<usize>| way.iter().sum::<usize>() <= party);
    }
    let ways = ways.into_iter().filter(|way| way.iter().sum::<usize>() == party).map(|way| parts_of(&way));
    ways.min_by_key(|(singles, parts)| (*singles, Reverse(parts.clone())))
}

/// How many parts are singles, and the others.
fn parts_of(way: &[usize]) -> (usize, Vec<usize>) {
    (way.iter().filter(|part| **part == 1).count(), way.iter().map(|part| if *part == 1 { 0 } else { *part }).collect())
}

proptest! {
    #[test]
    fn a_party_that_a_row_holds_gets_the_best_block(rows in "[.aA#oX|/b]{1,16}", party in 1_u32..5, ranks in prop::collection::vec((prop::option::of(0_u32..3), 0_i32..3), 17)) {
        let drawing = Drawing::placed(&rows, |row| (ranks[row].0, (ranks[row].1, 0)));
        let expected = blocks(&drawing, party as usize).first().map(|first| (*first..first + party).collect::<Vec<_>>());
        prop_assert_eq!(pick(&drawing, party, true, true), expected);
    }

    #[test]
    fn a_pick_is_free_whole_and_within_the_rule(rows in "[.aA#oX|/b]{1,24}", party in 1_u32..9, check_orphans: bool) {
        let drawing = Drawing::of(&rows);
        let picked = pick(&drawing, party, false, check_orphans);
        prop_assert_eq!(&picked, &pick(&drawing, party, false, check_orphans));
        let wanted = |place: Place| drawing.free(place) && drawing.plan.price_type(place) == FIRST;
        if let Some(mut picked) = picked {
            prop_assert!(picked.iter().all(|place| wanted(*place)));
            prop_assert!(!check_orphans || orphans(&drawing.plan, &drawing.own, &picked, &|place| drawing.free(place)).is_empty());
            picked.sort_unstable();
            picked.dedup();
            prop_assert_eq!(picked.len(), party as usize);
        } else if !check_orphans {
            prop_assert!(((0..drawing.plan.seats).filter(|place| wanted(*place)).count() as u32) < party);
        }
    }

    #[test]
    fn a_split_has_singles_only_where_it_must(rows in "[.X|/]{1,16}", party in 2_u32..9) {
        let drawing = Drawing::of(&rows);
        prop_assume!(blocks(&drawing, party as usize).is_empty());
        let row_of = |run: &Vec<Place>| drawing.plan.row_of(run[0]);
        let off = |run: &Vec<Place>| {
            let row = &drawing.plan.rows[row_of(run)];
            (2 * run[0] + run.len() as u32).abs_diff(2 * row.first + row.len)
        };
        let mut runs = drawing.runs(|place| drawing.free(place));
        runs.sort_by_key(|run| (row_of(run), Reverse(run.len()), off(run), run[0]));
        let lens: Vec<_> = runs.iter().map(Vec::len).collect();
        let parts = |picked: Vec<Place>| {
            let way: Vec<_> = runs.iter().map(|run| run.iter().filter(|place| picked.contains(place)).count()).collect();
            parts_of(&way)
        };
        prop_assert_eq!(pick(&drawing, party, false, true).map(parts), split(&lens, party as usize));
    }

    #[test]
    fn the_bound_of_a_row_is_its_longest_run(rows in "[.X|/#]{1,24}", taken in prop::collection::vec((0_usize..24, any::<bool>()), 0..12)) {
        let mut drawing = Drawing::of(&rows);
        let all: Vec<_> = seats(&rows).collect();
        for (index, free) in taken {
            if let Some(index) = all.get(index) {
                let place = drawing.place(*index);
                drawing.inventory.set(place, if free { PlaceState::Free } else { PlaceState::Held });
            }
        }
        let inventory: &Inventory = &drawing.inventory;
        let runs = drawing.runs(|place| inventory.state(place) == PlaceState::Free);
        for (row, span) in drawing.plan.rows.iter().enumerate() {
            let here = |run: &&Vec<Place>| (span.first..span.first + span.len).contains(&run[0]);
            prop_assert_eq!(inventory.longest_run(row as u32) as usize, runs.iter().filter(here).map(Vec::len).max().unwrap_or(0));
        }
    }
}
