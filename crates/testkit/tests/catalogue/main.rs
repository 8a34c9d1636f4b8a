//! What is sold, through HTTP: set up by its promoters, and shown to the channels that sell it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod activities;
mod barcodes;
mod bulk;
mod currencies;
mod live;
mod map;
mod places;
mod plans;
mod postpone;
mod seasons;
mod seat_list;
mod series;
mod set_up;
mod shown;
