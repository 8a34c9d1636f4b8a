//! What is sold, through HTTP: set up by its promoters, and shown to the channels that sell it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod places;
mod plans;
mod set_up;
mod shown;
