//! The orphan rule: no call may leave a single free seat between neighbours (rules.md, "Orphan rule").
//!
//! A *run* is a longest stretch of neighbours in a row that are free as the row is without the order; whatever is not free for this sale ends it,
//! and so do aisles, but price types do not. Places of zones have no neighbours and are never judged.

use std::ops::Range;

use crate::catalogue::plan::{Place, Plan};

/// The seats that leave a single one, to be named in the refusal; empty if the rule is kept.
///
/// `own` are the order's seats of the session so far, `asked` those it asks for now, or at pre-confirm those of `own` that it bought in this session. The
/// runs that `asked` are in are judged. `free` says whether a place may be taken by this sale; `own` and `asked` count as
/// free before and as taken after, whatever it says of them.
pub fn orphans(plan: &Plan, own: &[Place], asked: &[Place], free: &dyn Fn(Place) -> bool) -> Vec<Place> {
    let mut mine: Vec<Place> = own.iter().chain(asked).copied().filter(|place| *place < plan.seats).collect();
    mine.sort_unstable();
    let is_mine = |place: Place| mine.binary_search(&place).is_ok();
    let mut judged = asked.to_vec();
    judged.retain(|place| *place < plan.seats);
    judged.sort_unstable();
    let mut refused = Vec::new();
    let mut rest = judged.as_slice();
    while let Some(first) = rest.first() {
        let run = run_around(plan, *first, &|place| is_mine(place) || free(place));
        let (here, after) = rest.split_at(rest.partition_point(|place| *place < run.end));
        if breaks_rule(plan, &run, &is_mine) {
            refused.extend_from_slice(here);
        }
        rest = after;
    }
    refused
}

/// The run that a free seat is in.
fn run_around(plan: &Plan, seat: Place, free: &dyn Fn(Place) -> bool) -> Range<Place> {
    let (mut start, mut end) = (seat, seat + 1);
    while plan.joined[start as usize] && free(start - 1) {
        start -= 1;
    }
    while end < plan.seats && plan.joined[end as usize] && free(end) {
        end += 1;
    }
    start..end
}

fn breaks_rule(plan: &Plan, run: &Range<Place>, is_mine: &dyn Fn(Place) -> bool) -> bool {
    let left = Left::by(plan, run, is_mine);
    !left.only_accessible && leaves_single(plan, run, left.taken, left.singles)
}

/// How an order leaves a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// How many seats it takes of it.
    pub taken: u32,
    /// How many seats it leaves alone, accessible ones apart.
    pub singles: u32,
    /// Whether all that it takes are accessible seats: whoever needs those has no others, so the rule does not hold.
    pub only_accessible: bool,
}

impl Left {
    /// How a run is left without the order's own seats in it.
    pub(super) fn by(plan: &Plan, run: &Range<Place>, is_mine: &dyn Fn(Place) -> bool) -> Self {
        let (mut taken, mut singles, mut only_accessible) = (0, 0, true);
        let mut left = 0;
        for place in run.clone() {
            if is_mine(place) {
                singles += alone(plan, place, left);
                left = 0;
                taken += 1;
                only_accessible &= plan.accessible[place as usize];
            } else {
                left += 1;
            }
        }
        singles += alone(plan, run.end, left);
        Self { taken, singles, only_accessible }
    }
}

/// 1 if `left` seats before `end` are one single seat that matters: accessible ones may stand alone.
pub(super) fn alone(plan: &Plan, end: Place, left: u32) -> u32 {
    u32::from(left == 1 && !plan.accessible[end as usize - 1])
}

/// Whether it breaks the rule to take so many seats of a run that so many single ones are left. It does not where it cannot be helped: where as many
/// adjacent seats anywhere in the run would leave one too, that is where one seat is left at either end, whichever it is.
pub(super) fn leaves_single(plan: &Plan, run: &Range<Place>, taken: u32, singles: u32) -> bool {
    let ends = [run.start as usize, run.end as usize - 1];
    let helpless = run.end - run.start == taken + 1 && !ends.iter().any(|end| plan.accessible[*end]);
    singles > 0 && !helpless
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::drawing::{Drawing, seats};
    use super::orphans;

    /// A row before a call and the call's seats as carets below it; see [`Drawing`]. Tells the refused seats.
    #[track_caller]
    fn check(row: &str, call: &str, refused: &[usize]) {
        let drawing = Drawing::of(row);
        let asked: Vec<_> = call.char_indices().filter(|(_, mark)| *mark == '^').map(|(index, _)| drawing.place(index)).collect();
        let found = judged(&drawing, &asked);
        let refused: Vec<_> = refused.iter().map(|index| drawing.place(*index)).collect();
        assert_eq!(found, refused, "{row}\n{call}");
    }

    /// What is refused of a call; of a call without seats, what pre-confirm refuses of the order.
    fn judged(drawing: &Drawing, asked: &[u32]) -> Vec<u32> {
        let asked = if asked.is_empty() { &drawing.own } else { asked };
        orphans(&drawing.plan, &drawing.own, asked, &|place| drawing.free(place))
    }

    #[test]
    fn no_single_seat_is_left_where_it_can_be_helped() {
        check("........", "^^      ", &[]);
        check("........", " ^^     ", &[1, 2]);
        check("........", "  ^^    ", &[]);
        check("........", "     ^^ ", &[5, 6]);
        check("XX....XX", "  ^^    ", &[]);
        check("XX....XX", "   ^    ", &[3]);
        check("XX.....X", "  ^^^   ", &[]);
        check("XX.....X", "   ^^^  ", &[3, 4, 5]);
    }

    #[test]
    fn what_cannot_be_helped_is_allowed() {
        check("X..X", " ^  ", &[]);
        check("X..X", "  ^ ", &[]);
        check("X...X", "  ^^ ", &[]);
        // Not adjacent, but two adjacent ones would leave one too.
        check("X...X", " ^ ^ ", &[]);
        check("X....X", " ^ ^  ", &[1, 3]);
        // Two in the middle of three.
        check("X...X", "  ^  ", &[2]);
    }

    #[test]
    fn a_lone_seat_may_always_be_taken() {
        check("X.X", " ^ ", &[]);
        check(".", "^", &[]);
        check(".X.....", "^      ", &[]);
    }

    #[test]
    fn a_single_seat_that_was_there_before_is_nobodys_fault() {
        check("X.X....", "   ^^  ", &[]);
        check(".X.X...", "    ^^ ", &[]);
    }

    #[test]
    fn aisles_and_seats_of_other_sales_end_a_run() {
        check("...|...", " ^^    ", &[]);
        check("....|..", "  ^^   ", &[]);
        check("....|..", " ^^    ", &[1, 2]);
        check("....#..", "  ^^   ", &[]);
        check("....#..", " ^^    ", &[1, 2]);
        check("..|..", " ^ ^ ", &[]);
    }

    #[test]
    fn a_price_type_does_not_end_a_run() {
        check("..bb..", " ^^   ", &[1, 2]);
        check(".b", "^ ", &[]);
        check("a.bb", "  ^ ", &[2]);
        check("..bb", "  ^^", &[]);
        check("..b", "^  ", &[]);
        check(".bb", " ^^", &[]);
    }

    #[test]
    fn accessible_seats_are_exempt() {
        // Left alone.
        check("A...", " ^^ ", &[1, 2]);
        check("A..X", " ^^ ", &[]);
        check("..A.", "^^ ^", &[]);
        // Taken, whatever it leaves: who needs it has no other.
        check(".A....", " ^    ", &[]);
        check(".A....", " ^^   ", &[1, 2]);
        // The single seat could have been the accessible one.
        check("XA..X", " ^^  ", &[1, 2]);
    }

    #[test]
    fn the_orders_own_seats_count_as_taken_by_this_call() {
        check("..o.....", "   ^    ", &[]);
        check("..o.....", "   ^  ^ ", &[3, 6]);
        check("..o.....", " ^      ", &[1]);
        // It left a single one by giving seats back; taking it heals the row.
        check("o.o....", " ^     ", &[]);
        check("o.o....", "   ^   ", &[3]);
        check("o.o....|...", "        ^^ ", &[]);
    }

    #[test]
    fn pre_confirm_judges_all_seats_of_the_order() {
        check("oo......", "", &[]);
        check(".o......", "", &[1]);
        check("o.o....|oo.", "", &[0, 2]);
        check("Xo.X", "", &[]);
        check("X.oX", "", &[]);
    }

    #[test]
    fn a_call_over_several_rows_names_the_seats_of_the_bad_ones() {
        check("....../......", " ^^    ^^    ", &[1, 2]);
        check("....../......", " ^^     ^    ", &[1, 2, 8]);
    }

    /// The rule as rules.md words it, by trying every placement.
    fn refused_by_the_book(drawing: &Drawing, asked: &[u32]) -> Vec<u32> {
        let mine = |place: u32| asked.contains(&place) || drawing.own.contains(&place);
        let judged = if asked.is_empty() { &drawing.own } else { asked };
        let mut refused = Vec::new();
        for run in drawing.runs(|place| mine(place) || drawing.free(place)) {
            let here: Vec<u32> = judged.iter().copied().filter(|place| run.contains(place)).collect();
            let taken: Vec<u32> = run.iter().copied().filter(|place| mine(*place)).collect();
            let exempt = taken.iter().all(|place| drawing.plan.accessible[*place as usize]);
            let orphans = |taken: &[u32]| {
                let is_left = |index: usize| run.get(index).is_some_and(|place| !taken.contains(place));
                (0..run.len()).any(|index| {
                    let alone = is_left(index) && !is_left(index + 1) && (index == 0 || !is_left(index - 1));
                    alone && !drawing.plan.accessible[run[index] as usize]
                })
            };
            let anywhere = run.windows(taken.len().max(1)).all(orphans);
            if !here.is_empty() && run.len() > 1 && !exempt && orphans(&taken) && !anywhere {
                refused.extend(here);
            }
        }
        refused
    }

    proptest! {
        #[test]
        fn the_rule_is_what_the_book_says(row in "[.aA#oX|/b]{1,14}", asks in prop::collection::vec(any::<bool>(), 14)) {
            let drawing = Drawing::of(&row);
            let asked: Vec<u32> = seats(&row).zip(asks).filter(|(_, ask)| *ask).map(|(index, _)| drawing.place(index))
                .filter(|place| drawing.free(*place)).collect();
            prop_assert_eq!(judged(&drawing, &asked), refused_by_the_book(&drawing, &asked), "{}", row);
        }

        #[test]
        fn the_last_seats_of_a_row_can_always_be_taken(row in "[.aAX|/b]{1,14}") {
            let drawing = Drawing::of(&row);
            let asked: Vec<u32> = seats(&row).map(|index| drawing.place(index)).filter(|place| drawing.free(*place)).collect();
            prop_assert!(orphans(&drawing.plan, &[], &asked, &|place| drawing.free(place)).is_empty());
        }
    }
}
