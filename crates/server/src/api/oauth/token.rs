//! `POST /oauth/token`: which grant, which client, which shard; then the command decides, and what it granted is signed.

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::sign_in::{ACCESS_MS, Grant, Granted, Proof, Refresh, SignInCommand, signer};
use aforo_domain::identity::{Client, DirectoryKey, Identity, Scopes};
use aforo_domain::ids::{ChannelId, FamilyId, Hash, PointOfSaleId, ShardId};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::form::{Form, refused};
use crate::app::App;
use crate::engine::Request;
use crate::http::passwords::Whose;
use crate::http::respond::{Problem, json};
use crate::http::tokens::{Claims, client_of, sign};

/// What a sign-in gets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenView {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds it lives.
    expires_in: i64,
    /// What it reaches, separated by blanks.
    scope: String,
    /// Opaque; names the sign-in.
    #[serde(rename = "authInfo")]
    auth_info: String,
    /// The access token's id.
    jti: String,
    /// Good once: each use gives a new one. A used one that comes back ends the sign-in.
    refresh_token: String,
}

/// What a token is asked with.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read by name")]
pub struct TokenForm {
    /// `client_credentials`, `password` or `refresh_token`.
    grant_type: String,
    /// `seller-channel-client`, `onebox-client`, `access-control-client` or `box-office-client`; HTTP Basic is accepted too.
    client_id: Option<String>,
    /// The API key.
    client_secret: Option<String>,
    /// For `seller-channel-client` and `box-office-client`.
    channel_id: Option<u64>,
    /// For `password`.
    username: Option<String>,
    /// For `password`.
    password: Option<String>,
    /// The device's code, for BOX_OFFICE and KIOSK channels.
    terminal: Option<String>,
    /// The device's licence.
    terminal_license: Option<String>,
    /// The counter, for BOX_OFFICE channels.
    point_of_sale_id: Option<u64>,
    /// Fewer scopes than the client may have, separated by blanks.
    scope: Option<String>,
    /// For `refresh_token`.
    refresh_token: Option<String>,
}

/// Gives tokens for credentials, or for a refresh token.
#[utoipa::path(
    post, path = "/token", tag = "oauth", operation_id = "token", security(()),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenView)),
    extensions(("x-codes" = json!("AUTH001 AUTH0001 AUTH0002 AUTH0003 AUTH0004 AUTH0005 AUTH0006 AUTH0007 AUTH0008 AUTH0009 AUTH0010 \
        AUTH0011 AUTH0012 AUTH0013 AUTH0014 AUTH0015 AUTH0016 AUTH0017 AUTH0018 AUTH0019 AUTH0020 AUTH0021 AUTH0022 AUTH0024 AUTH0025 \
        DIST0002 DIST0005 DIST0006"))),
)]
pub async fn token(State(app): State<App>, form: Result<Form, Problem>) -> Response {
    let granted = match form {
        Ok(form) => give(&app, &form).await,
        Err(problem) => Err(problem),
    };
    match granted {
        Ok(view) => ([(CACHE_CONTROL, "no-store")], json(&view)).into_response(),
        Err(problem) => refusal(problem),
    }
}

/// The catalogue's code goes with RFC 6749's word for it.
pub(super) fn refusal(mut problem: Problem) -> Response {
    let asked = problem.error.fill.first().map(String::as_str);
    let word = match problem.error.code {
        Code::Unauthorized => "invalid_client",
        Code::Auth0004 | Code::Auth0011 | Code::Auth0012 | Code::Auth0019 => "invalid_request",
        Code::Dist0005 if asked == Some("scope") => "invalid_scope",
        Code::Dist0000 => "server_error",
        Code::TooManyRequests | Code::Overloaded => "temporarily_unavailable",
        _ => "invalid_grant",
    };
    problem.oauth.get_or_insert(word);
    let mut response = problem.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"aforo\""));
    }
    response
}

async fn give(app: &App, form: &Form) -> Result<TokenView, Problem> {
    let [grant_type] = form.need(["grant_type"])?;
    if !["client_credentials", "password", "refresh_token"].contains(&grant_type) {
        return Err(refused("unsupported_grant_type", Error::invalid(&["grant_type"])));
    }
    if grant_type == "refresh_token" {
        return refresh(app, form).await;
    }
    let [client_id] = form.need(["client_id"])?;
    let client = client_of(client_id).ok_or_else(|| refused("invalid_client", Code::Unauthorized))?;
    match (grant_type, client) {
        ("client_credentials", Client::SellerChannel | Client::Management | Client::AccessControl) => by_key(app, form, client).await,
        ("password", Client::Management | Client::BoxOffice) => by_password(app, form, client).await,
        _ => Err(refused("unauthorized_client", Error::invalid(&["grant_type"]))),
    }
}

async fn by_key(app: &App, form: &Form, client: Client) -> Result<TokenView, Problem> {
    let secret = form.get("client_secret");
    let (channel, shard) = if client == Client::SellerChannel {
        let (channel, shard) = channel(app, form)?;
        (Some(channel), shard)
    } else {
        // A key begins with its shard.
        let shard = secret.and_then(|secret| secret.split_once('_')).and_then(|(shard, _)| shard.parse().ok()).map(ShardId);
        (None, shard.filter(|shard| app.engine.views().shard(*shard).is_some()).ok_or(Code::Unauthorized)?)
    };
    let proof = Proof::Key(secret.map(|secret| Hash::of(secret.as_bytes())));
    grant(app, form, shard, Wanted { client, channel, proof }).await
}

async fn by_password(app: &App, form: &Form, client: Client) -> Result<TokenView, Problem> {
    let found = if client == Client::BoxOffice { Some(channel(app, form)?) } else { None };
    let channel = found.map(|(channel, _)| channel);
    let [username, password] = form.need(["username", "password"])?;
    let name = DirectoryKey::Username(username.trim().to_lowercase());
    let home = app.engine.views().shard(ShardId::PLATFORM).and_then(|view| view.identity.directory.get(&name).copied());
    let shard = home.or(found.map(|(_, shard)| shard)).unwrap_or(ShardId::PLATFORM);
    let user = home.and_then(|shard| app.engine.views().shard(shard)).and_then(|view| credentials(&view.identity, &name));
    let user_id = user.as_ref().map(|(id, _)| *id);
    run(app, shard, SignInCommand::Knock { user: user_id, channel, address: form.address }).await?;
    let phc = user.map(|(_, phc)| phc);
    let right = app.http.passwords.verify(Whose::User, phc.clone(), password.to_owned()).await?;
    let proof = Proof::Password { user: user_id, phc: phc.unwrap_or_default(), right };
    grant(app, form, shard, Wanted { client, channel, proof }).await
}

fn credentials(identity: &Identity, name: &DirectoryKey) -> Option<(aforo_domain::ids::UserId, String)> {
    let DirectoryKey::Username(name) = name else { return None };
    identity.users.values().find(|user| user.username == *name).map(|user| (user.id, user.password.clone()))
}

/// The channel named, and where it lives.
fn channel(app: &App, form: &Form) -> Result<(ChannelId, ShardId), Problem> {
    let id = ChannelId(form.get("channel_id").ok_or(Code::Auth0004)?.parse().map_err(|_| Code::Auth0005)?);
    let platform = app.engine.views().shard(ShardId::PLATFORM).ok_or(Code::Overloaded)?;
    let shard = platform.identity.directory.get(&DirectoryKey::Channel(id)).copied().ok_or(Code::Auth0005)?;
    let view = app.engine.views().shard(shard).ok_or(Code::Auth0005)?;
    let there = view.identity.channels.get(&id).is_some_and(|channel| channel.status != aforo_domain::identity::Status::Gone);
    if there { Ok((id, shard)) } else { Err(Code::Auth0005.into()) }
}

fn scopes(form: &Form) -> Result<Option<Scopes>, Problem> {
    let asked = form.get("scope").map(|names| Scopes::parse(names).ok_or_else(|| refused("invalid_scope", Error::invalid(&["scope"]))));
    asked.transpose()
}

/// What of a grant is found out before it is asked for.
struct Wanted {
    client: Client,
    channel: Option<ChannelId>,
    proof: Proof,
}

async fn grant(app: &App, form: &Form, shard: ShardId, wanted: Wanted) -> Result<TokenView, Problem> {
    let Wanted { client, channel, proof } = wanted;
    let secret = app.chance.seed();
    let grant = Grant {
        client,
        proof,
        channel,
        terminal: form.get("terminal").map(str::to_owned),
        license: form.get("terminal_license").map(|license| Hash::of(license.as_bytes())),
        // What is no number is no counter, as 0 is none.
        point_of_sale: form.get("point_of_sale_id").map(|id| PointOfSaleId(id.parse().unwrap_or(0))),
        scopes: scopes(form)?,
        address: form.address,
        refresh: Hash::of(&secret),
    };
    let granted = run(app, shard, SignInCommand::Grant(Box::new(grant))).await?;
    signed(app, shard, granted, secret)
}

async fn refresh(app: &App, form: &Form) -> Result<TokenView, Problem> {
    let [presented] = form.need(["refresh_token"])?;
    let client = form.get("client_id").map(|id| client_of(id).ok_or_else(|| refused("invalid_client", Code::Unauthorized))).transpose()?;
    let unknown = || Problem::from(Error::invalid(&["refresh_token"]));
    let (shard, family, presented) = read_refresh(presented).ok_or_else(unknown)?;
    app.engine.views().shard(shard).ok_or_else(unknown)?;
    let secret = app.chance.seed();
    let refresh = Refresh { family, presented, next: Hash::of(&secret), client, scopes: scopes(form)? };
    let granted = run(app, shard, SignInCommand::Refresh(refresh)).await?;
    signed(app, shard, granted, secret)
}

/// A refresh token names its shard and sign-in, and proves it with 256 random bits of which only the hash is stored.
pub(super) fn read_refresh(token: &str) -> Option<(ShardId, FamilyId, Hash)> {
    let (shard, rest) = token.split_once('_')?;
    let (family, secret) = rest.split_once('_')?;
    let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
    Some((ShardId(shard.parse().ok()?), FamilyId::parse(family)?, Hash::of(&secret)))
}

async fn run(app: &App, shard: ShardId, command: SignInCommand) -> Result<Reply, Problem> {
    let request = Request { shard, actor: Actor::Anonymous, command: Command::SignIn(command), idempotency: None };
    Ok(app.engine.run(request).await.result?)
}

fn signed(app: &App, shard: ShardId, reply: Reply, secret: [u8; 32]) -> Result<TokenView, Problem> {
    let Reply::Granted(granted) = reply else { return Err(Error::new(Code::Dist0000).because("a sign-in was not granted").into()) };
    let Granted { family, subject, access_expires } = &*granted;
    let platform = app.engine.views().shard(ShardId::PLATFORM).ok_or(Code::Overloaded)?;
    let now = access_expires.plus_ms(-ACCESS_MS);
    let key = signer(&platform.identity, now).ok_or(Error::new(Code::Overloaded).because("no key signs yet"))?;
    let jti: String = Hash(app.chance.seed()).to_string().chars().take(32).collect();
    let claims = Claims::of(subject, *family, jti.clone(), now, *access_expires);
    Ok(TokenView {
        access_token: sign(&claims, key).map_err(|error| Error::new(Code::Dist0000).because(error))?,
        token_type: "bearer",
        expires_in: ACCESS_MS / 1_000,
        scope: claims.scope,
        auth_info: URL_SAFE_NO_PAD.encode(Hash::of(&family.0).0),
        jti,
        refresh_token: format!("{shard}_{family}_{}", URL_SAFE_NO_PAD.encode(secret)),
    })
}
