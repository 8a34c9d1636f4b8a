//! Access control: gates ask whether a barcode opens them, scanners that work without a connection fetch lists and hand in what they let in.
//!
//! Who asks is `http::gatekeeper`'s, what is decided `domain::gates`'. A closed gate is an answer and no error.

mod corrections;
mod lists;
mod scans;
mod sessions;
mod statistics;
mod validations;
mod view;

use utoipa_axum::routes;

use crate::http::router::Routes;

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(sessions::list))
        .routes(routes!(validations::validate))
        .routes(routes!(statistics::read))
        .routes(routes!(corrections::clear))
        .routes(routes!(corrections::revoke))
        .routes(routes!(corrections::restore))
        .routes(routes!(lists::list))
        .routes(routes!(scans::upload))
        .routes(routes!(scans::conflicts))
}
