//! The management API: setting up what the other APIs show.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Its routes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
