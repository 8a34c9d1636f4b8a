//! Signing in: tokens are given, refreshed and revoked here.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Its routes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
