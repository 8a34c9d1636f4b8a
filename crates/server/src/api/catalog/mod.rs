//! The catalogue API: what a channel can sell.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Its routes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
