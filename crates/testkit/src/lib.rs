//! What the tests of every crate share. It is no part of the product: nothing here is reachable from the binary.

pub mod builders;
pub mod caller;
pub mod declared;
pub mod documented;
pub mod errors_document;
pub mod live;
pub mod mails;
pub mod market;
pub mod nats;
pub mod postgres;
pub mod receiver;
pub mod resale;
pub mod sim;
pub mod smtp;
pub mod spawn;
pub mod wait;
pub mod world;
