//! Simulated histories: the laws hold after every step, whatever fails. `AFORO_SIM_SEED` replays one seed, `AFORO_SIM_SEEDS` plays more of them,
//! `AFORO_SIM_STEPS` makes them longer.

use aforo_testkit::sim::{Setting, play};

/// How many histories are played when none is named.
const SEEDS: u64 = 24;
/// How long they are.
const STEPS: u32 = 3_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

fn seeds(first: u64) -> std::ops::Range<u64> {
    let seeds = number("AFORO_SIM_SEEDS").unwrap_or(SEEDS);
    number("AFORO_SIM_SEED").map_or(first..first + seeds, |seed| seed..seed + 1)
}

fn steps() -> u32 {
    number("AFORO_SIM_STEPS").and_then(|steps| steps.try_into().ok()).unwrap_or(STEPS)
}

#[test]
fn a_calm_day_fails_nobody() {
    for seed in seeds(1) {
        let tally = play(&Setting { faults: false, ..Setting::new(seed, steps()) }).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{seed}: {tally:?}");
    }
}

#[test]
fn whatever_fails_no_law_is_broken() {
    for seed in seeds(1_000) {
        let tally = play(&Setting::new(seed, steps())).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{seed}: {tally:?}");
    }
}

/// What is said of messages is worth something only if histories deliver some.
#[test]
fn sales_are_told() {
    let (mut sold, mut delivered) = (0, 0);
    for seed in 1_000..1_008 {
        let tally = play(&Setting::new(seed, STEPS)).unwrap_or_else(|failure| panic!("{failure}"));
        (sold, delivered) = (sold + tally.sold, delivered + tally.delivered);
    }
    assert!(sold > 0 && delivered >= sold, "{sold} orders were sold, {delivered} messages delivered");
}
