//! The distribution API: what a channel does with its orders.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Its routes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
