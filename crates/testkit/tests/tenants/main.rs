//! Tenants: what one has, no other sees or touches, whatever operation it tries; and what all resources of management have in common. The operations
//! come from the OpenAPI documents, so that a new one is tried too, and a new resource that no test knows fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod isolation;
mod life;
mod strangers;
