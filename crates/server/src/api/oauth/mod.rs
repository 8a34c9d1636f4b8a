//! Signing in (OAuth 2): tokens are given, refreshed and revoked here, and the keys that verify them are published.

pub mod form;
pub mod keys;
pub mod revoke;
pub mod token;

use utoipa_axum::routes;

use crate::http::router::Routes;

/// Its routes.
pub fn router() -> Routes {
    Routes::new().routes(routes!(token::token)).routes(routes!(revoke::revoke)).routes(routes!(keys::jwks))
}
