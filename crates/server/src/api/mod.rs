//! The APIs: wire types and handlers, one module each, and nothing else. A handler parses, asks the engine or a view, and renders.

pub mod access_control;
pub mod catalog;
pub mod customers;
pub mod distribution;
pub mod messages;
pub mod mgmt;
pub mod oauth;
pub mod orders_mgmt;
pub mod webhooks;
