//! What the tests of every crate share. It is no part of the product: nothing here is reachable from the binary.

pub mod postgres;
pub mod wait;
