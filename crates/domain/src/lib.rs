//! The pure rules of aforo: what a ticket-distribution platform decides, without IO, clock, randomness or HTTP.
//!
//! A request makes three stops: the server's `api` parses it, its engine queues it, and [`command::plan`] decides it here, against a
//! [`world::World`] that changes only by [`change::Change`] images.

pub mod audit;
pub mod barcodes;
pub mod books;
pub mod catalogue;
pub mod change;
pub mod collectives;
pub mod command;
pub mod commissions;
pub mod customers;
pub mod error;
pub mod forms;
pub mod gates;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod inventory;
pub mod laws;
pub mod messages;
pub mod moment;
pub mod money;
pub mod orders;
pub mod postal;
pub mod pricing;
pub mod products;
pub mod promotions;
pub mod resale;
pub mod seasons;
pub mod shifts;
pub mod taxes;
pub mod text;
pub mod voucher_orders;
pub mod vouchers;
pub mod webhooks;
pub mod world;
