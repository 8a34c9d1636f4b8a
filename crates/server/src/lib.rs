//! aforo's server: the engine that decides durably, the store it writes to, and the HTTP API in front.
//!
//! No rule is decided here (that is `aforo-domain`), and nothing is global: an [`app::App`] is built from its configuration, clock, chance and store.

pub mod api;
pub mod app;
pub mod chance;
pub mod clock;
pub mod config;
pub mod engine;
pub mod http;
pub mod jobs;
pub mod outbox;
pub mod start;
pub mod store;
pub mod tickets;
pub mod verify;
