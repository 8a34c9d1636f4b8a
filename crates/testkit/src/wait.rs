//! Waiting in a test for what another process or thread will do: bounded, and never longer than it takes.
//!
//! What can be awaited or received is not waited for here; this is for what can only be looked at.

use std::time::{Duration, Instant};

/// How long a test waits for what should happen at once, on a machine with other work to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until the condition holds.
///
/// # Panics
/// If it does not hold within 20 s; `what` says what was waited for.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the one place where tests read the clock to wait, and sleep between two looks")]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for this in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn it_looks_until_the_condition_holds() {
    let mut looks = 0;
    until("the third look", || {
        looks += 1;
        looks == 3
    });
    assert_eq!(looks, 3);
}
