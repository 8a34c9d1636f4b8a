//! The router on one page: every API and where it lives. What a path does is in the API's own module.

use aforo_domain::error::Code;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::openapi;
use super::respond::{Problem, json_bytes};
use crate::api;
use crate::app::App;

/// An API: its name, its base path, its routes.
type Api = (&'static str, &'static str, OpenApiRouter<App>);

fn apis() -> [Api; 4] {
    [
        ("oauth", "/oauth", api::oauth::router()),
        ("catalog-api", "/catalog-api/v1", api::catalog::router()),
        ("distribution-api", "/distribution-api/v1", api::distribution::router()),
        ("mgmt-api", "/mgmt-api/v1", api::mgmt::router()),
    ]
}

/// All routes.
pub fn routes() -> Router<App> {
    let mut router = Router::new().route("/health", get(health)).route("/metrics", get(metrics));
    let mut names = Vec::new();
    for (name, base, api) in apis() {
        let (api, document) = OpenApiRouter::new().nest(base, api).split_for_parts();
        let document = Bytes::from(openapi::complete(name, document).to_json().unwrap_or_default());
        router = router.merge(api).route(&format!("/openapi/{name}.json"), get(|| async { json_bytes(document) }));
        names.push(name);
    }
    let (reference, errors) = (include_str!("docs.html").replace("{{apis}}", &format!("{names:?}")), openapi::errors_page());
    router = router.route("/docs", get(|| async { Html(reference) })).route("/docs/errors", get(|| async { Html(errors) }));
    router
        .fallback(|| async { Problem::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodNotAllowed) })
}

/// The OpenAPI document of each API, by name.
pub fn documents() -> Vec<(&'static str, OpenApi)> {
    let document = |base, api| OpenApiRouter::new().nest(base, api).into_openapi();
    apis().into_iter().map(|(name, base, api)| (name, openapi::complete(name, document(base, api)))).collect()
}

/// Whether the server answers at all.
async fn health() -> Response {
    json_bytes(r#"{"status":"UP"}"#)
}

async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.http.metrics.render()).into_response()
}
