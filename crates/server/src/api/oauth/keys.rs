//! The keys that sign access tokens: their public halves for everybody (JWKS), and making the next one in time.

use aforo_domain::command::Command;
use aforo_domain::error::Error;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::sign_in::{SignInCommand, rotation};
use aforo_domain::ids::ShardId;
use aforo_domain::moment::Moment;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::engine::Request;
use crate::http::respond::json;
use crate::http::tokens::public_part;

/// Keys that verify access tokens (RFC 7517).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeySet {
    keys: Vec<Jwk>,
}

/// One key (RFC 8037).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

/// The keys that verify access tokens, the next one included before it signs.
#[utoipa::path(get, path = "/jwks", tag = "oauth", operation_id = "jwks", security(()), responses((status = 200, body = KeySet)))]
pub async fn jwks(State(app): State<App>) -> Response {
    let now = app.clock.now();
    let signing_keys = app.signing_keys();
    let keys = signing_keys.iter().filter(|key| now < key.until).map(|key| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        r#use: "sig",
        kid: key.id.clone(),
        x: public_part(key),
    });
    ([(CACHE_CONTROL, "public, max-age=600")], json(&KeySet { keys: keys.collect() })).into_response()
}

/// Makes the next signing key if it is time; usually does nothing.
///
/// # Errors
/// What the engine refuses with; the next call tries again.
pub async fn rotate(app: &App) -> Result<(), Error> {
    let moment = Moment { now: app.clock.now(), seed: [0; 32], order_code: None };
    match app.engine.views().shard(ShardId::PLATFORM) {
        Some(platform) if !rotation(&platform.identity, &moment).is_empty() => {}
        _ => return Ok(()),
    }
    let command = Command::SignIn(SignInCommand::RotateKeys);
    let request = Request { shard: ShardId::PLATFORM, actor: Actor::System, command, idempotency: None };
    app.engine.run(request).await.result.map(drop)
}
