//! The router on one page: every API and where it lives. What a path does is in the API's own module.

use aforo_domain::error::Code;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::openapi;
use super::respond::{Problem, json_bytes};
use crate::api;
use crate::app::App;

/// The routes of an API, below its base path. Paths are put together once, here, and not taken apart on each request as nested routers do.
#[derive(Default)]
pub struct Routes(Vec<UtoipaMethodRouter<App>>);

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the handlers of one path (`utoipa_axum::routes!`).
    #[must_use]
    pub fn routes(mut self, handlers: UtoipaMethodRouter<App>) -> Self {
        self.0.push(handlers);
        self
    }

    /// With another part of the same API.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    fn below(self, base: &str) -> OpenApiRouter<App> {
        self.0.into_iter().fold(OpenApiRouter::new(), |router, (schemas, mut paths, handlers)| {
            paths.paths = paths.paths.into_iter().map(|(path, item)| (format!("{base}{path}"), item)).collect();
            router.routes((schemas, paths, handlers))
        })
    }
}

/// Each API: its name and its routes.
fn apis() -> [(&'static str, OpenApiRouter<App>); 7] {
    [
        ("oauth", api::oauth::router().below("/oauth")),
        ("catalog-api", api::catalog::router().below("/catalog-api/v1")),
        ("distribution-api", api::distribution::router().below("/distribution-api/v1")),
        ("mgmt-api", api::mgmt::router().below("/mgmt-api/v1")),
        ("access-control-api", api::access_control::router().below("/access-control-api/v1")),
        ("customers-mgmt-api", api::customers::router().below("/customers-mgmt-api/v1")),
        ("orders-mgmt-api", api::orders_mgmt::router().below("/orders-mgmt-api/v1")),
    ]
}

/// All routes.
pub fn routes() -> Router<App> {
    let mut router = Router::new().route("/health", get(health)).route("/metrics", get(metrics));
    let mut names = Vec::new();
    for (name, api) in apis() {
        let (api, document) = api.split_for_parts();
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
    apis().into_iter().map(|(name, api)| (name, openapi::complete(name, api.into_openapi()))).collect()
}

/// Whether the server answers at all.
async fn health() -> Response {
    json_bytes(r#"{"status":"UP"}"#)
}

async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.http.metrics.render()).into_response()
}
