//! `POST /oauth/revoke` (RFC 7009): ends the sign-in that a token belongs to. Who has the token has proved enough; no client secret is asked for.

use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::sign_in::SignInCommand;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::form::Form;
use super::token::{read_refresh, refusal};
use crate::app::App;
use crate::engine::Request;
use crate::http::respond::Problem;

/// What is revoked.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read by name")]
pub struct RevokeForm {
    /// An access token or a refresh token.
    token: String,
}

/// Ends a sign-in: its access tokens and its refresh token. A token that is not known is no error.
#[utoipa::path(
    post, path = "/revoke", tag = "oauth", operation_id = "revoke", security(()),
    request_body(content = RevokeForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200)),
    extensions(("x-codes" = json!("DIST0002 DIST0005 DIST0006"))),
)]
pub async fn revoke(State(app): State<App>, form: Result<Form, Problem>) -> Response {
    let ended = match form {
        Ok(form) => end(&app, &form).await,
        Err(problem) => Err(problem),
    };
    match ended {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problem) => refusal(problem),
    }
}

async fn end(app: &App, form: &Form) -> Result<(), Problem> {
    let [token] = form.need(["token"])?;
    let (shard, actor, refresh) = if let Some((shard, family, secret)) = read_refresh(token) {
        (shard, Actor::Anonymous, Some((family, secret)))
    } else if let Some(known) = app.verified(token, app.clock.now()) {
        (known.bearer.subject.shard, Actor::Token(known.bearer.clone()), None)
    } else {
        return Ok(());
    };
    if app.engine.views().shard(shard).is_none() {
        return Ok(());
    }
    let command = Command::SignIn(SignInCommand::Revoke(refresh));
    app.engine.run(Request { shard, actor, command, idempotency: None }).await.result?;
    Ok(())
}
