//! The HTTP base and signing in, through the whole server but the socket: middleware, router, engine and store.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

mod base;
mod connections;
mod idempotency;
mod sign_in;
mod world;
