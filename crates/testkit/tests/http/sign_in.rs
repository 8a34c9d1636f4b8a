//! `POST /oauth/token` and its neighbours, through the server, on each store.

use aforo_domain::identity::Status;
use aforo_server::config::Config;
use aforo_server::http::limit::Rate;
use aforo_server::store::sim::SimStore;
use aforo_server::store::{Store, StoreConfig};
use aforo_testkit::postgres::fresh_database;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::world::{Answer, Server, but, counter, form, opera, web};

const SESSIONS: &str = "/catalog-api/v1/sessions";

/// Status, RFC 6749's word and the catalogue's code.
fn said(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    assert_eq!(body["error_description"], body["message"], "{body}");
    let text = |name: &str| body[name].as_str().unwrap_or("none").to_owned();
    (answer.status, text("error"), text("code"))
}

fn refused(status: u16, word: &str, code: &str) -> (u16, String, String) {
    (status, word.to_owned(), code.to_owned())
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[tokio::test]
async fn a_channel_gets_what_its_client_was_written_for() {
    let server = Server::start().await;
    let answer = server.token(&web()).await;
    assert_eq!((answer.status, answer.header("cache-control"), answer.header("content-type")), (200, "no-store", "application/json"));
    let keys: Vec<_> = answer.text.split("\":").filter_map(|part| part.rsplit('"').next()).map(str::to_owned).collect();
    assert_eq!(keys[..7], ["access_token", "token_type", "expires_in", "scope", "authInfo", "jti", "refresh_token"]);
    let body = answer.json();
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("bearer"), Some(43_200)));
    let scope =
        "api-channels-all api-distribution-all api-catalog-all api-external-all api-gateway api-customers-mgmt-all api-orders-mgmt-all";
    assert_eq!(body["scope"], scope);
    let claims = body["access_token"].as_str().unwrap().split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["exp"].as_i64(), claims["iat"].as_i64()), (Some(1_926_237_600 + 43_200), Some(1_926_237_600)));
    assert_eq!((&claims["jti"], claims["channel_id"].as_u64()), (&body["jti"], Some(10)));
    assert_eq!(server.get(SESSIONS, body["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn protocol_errors_are_rfc_6749s() {
    let server = Server::start().await;
    let said = async |fields: Vec<(&str, &str)>| said(&server.token(&fields).await);
    assert_eq!(said(vec![]).await, refused(400, "invalid_request", "DIST0006"));
    assert_eq!(said(but(web(), "grant_type", "")).await, refused(400, "invalid_request", "DIST0006"));
    assert_eq!(said(but(web(), "grant_type", "implicit")).await, refused(400, "unsupported_grant_type", "DIST0005"));
    assert_eq!(said(but(web(), "client_id", "")).await, refused(400, "invalid_request", "DIST0006"));
    assert_eq!(said(but(web(), "client_id", "somebody")).await, refused(401, "invalid_client", "AUTH001"));
    assert_eq!(said(but(web(), "grant_type", "password")).await, refused(400, "unauthorized_client", "DIST0005"));
    assert_eq!(said(but(web(), "scope", "api-all")).await, refused(400, "invalid_scope", "DIST0005"));
    assert_eq!(said(but(web(), "scope", "api-mgmt-all")).await, refused(400, "invalid_scope", "DIST0005"));
    assert_eq!(said([web(), web()].concat()).await, refused(400, "invalid_request", "DIST0005"));
    assert_eq!(said(but(counter(), "username", "")).await, refused(400, "invalid_request", "DIST0006"));
    for secret in ["", "3_wrong", "wrong", "999_wrong", "x_wrong", super::world::OPERA_KEY] {
        assert_eq!(said(but(web(), "client_secret", secret)).await, refused(401, "invalid_client", "AUTH001"), "{secret}");
    }
    for secret in ["", "3_wrong", "wrong", "999_wrong", "-1_wrong", super::world::WEB_KEY] {
        assert_eq!(said(but(opera(), "client_secret", secret)).await, refused(401, "invalid_client", "AUTH001"), "{secret}");
    }
}

#[tokio::test]
async fn what_is_no_form_is_an_invalid_request() {
    let server = Server::start().await;
    for (content_type, body) in
        [("application/json", "{}"), ("", "grant_type=password"), ("application/x-www-form-urlencoded", "%ff%fe=&&=")]
    {
        let request = Request::post("/oauth/token").header("content-type", content_type).body(Body::from(body)).unwrap();
        let answer = server.send(request).await;
        assert_eq!((answer.status, text(&answer, "error").as_str()), (400, "invalid_request"), "{content_type} {body}");
    }
    let large = form("/oauth/token", &[("grant_type", "x".repeat(100_000).as_str())]);
    assert_eq!(said(&server.send(large).await), refused(400, "invalid_request", "DIST0002"));
}

#[tokio::test]
async fn the_client_may_come_in_http_basic() {
    let server = Server::start().await;
    let bare = [("grant_type", "client_credentials"), ("channel_id", "10")];
    let basic = async |credentials: &str, fields: &[(&str, &str)]| {
        let mut request = form("/oauth/token", fields);
        request.headers_mut().insert("authorization", format!("Basic {credentials}").parse().unwrap());
        server.send(request).await
    };
    let encoded = |id: &str, secret: &str| STANDARD.encode(format!("{id}:{}", secret.replace(' ', "+").replace('\'', "%27")));
    let good = encoded("seller-channel-client", super::world::WEB_KEY);
    assert_eq!(basic(&good, &bare).await.status, 200);
    assert_eq!(basic(&good, &web()).await.status, 200, "the same twice is the same");
    let answer = basic(&encoded("seller-channel-client", "3_wrong"), &bare).await;
    assert_eq!(said(&answer), refused(401, "invalid_client", "AUTH001"));
    assert!(answer.header("www-authenticate").starts_with("Basic"));
    assert_eq!(said(&basic("%%%", &bare).await), refused(401, "invalid_client", "AUTH001"));
    let other = basic(&encoded("onebox-client", super::world::OPERA_KEY), &web()).await;
    assert_eq!(said(&other), refused(400, "invalid_request", "DIST0005"), "two clients at once");
}

#[tokio::test]
async fn the_channel_comes_first_then_the_proof_then_state() {
    let server = Server::start().await;
    let said = async |fields: Vec<(&str, &str)>| said(&server.token(&fields).await);
    assert_eq!(said(but(but(web(), "channel_id", ""), "client_secret", "")).await, refused(403, "invalid_request", "AUTH0004"));
    for unknown in ["99", "abc", "-1", "99999999999999999999999"] {
        assert_eq!(said(but(web(), "channel_id", unknown)).await, refused(403, "invalid_grant", "AUTH0005"), "{unknown}");
    }
    assert_eq!(said(but(counter(), "channel_id", "")).await, refused(403, "invalid_request", "AUTH0004"));
    assert_eq!(said(but(counter(), "username", "nobody")).await, refused(403, "invalid_grant", "AUTH0001"));
    assert_eq!(said(but(counter(), "password", "guess")).await, refused(403, "invalid_grant", "AUTH0002"));
    server.switch_user(1, Status::Inactive).await;
    server.switch_channel(11, Status::Inactive).await;
    assert_eq!(said(but(counter(), "password", "guess")).await, refused(403, "invalid_grant", "AUTH0002"));
    assert_eq!(said(counter()).await, refused(403, "invalid_grant", "AUTH0025"));
    server.switch_user(1, Status::Active).await;
    assert_eq!(said(counter()).await, refused(403, "invalid_grant", "AUTH0006"));
    server.switch_channel(11, Status::Active).await;
    assert_eq!(server.token(&counter()).await.status, 200);
}

#[tokio::test]
async fn a_counter_names_its_device_its_licence_and_its_place() {
    let server = Server::start().await;
    let said = async |fields: Vec<(&str, &str)>| said(&server.token(&fields).await);
    for (name, value, word, code) in [
        ("username", "stranger", "invalid_grant", "AUTH0002"),
        ("terminal", "", "invalid_request", "AUTH0011"),
        ("terminal", "T9", "invalid_grant", "AUTH0013"),
        ("terminal_license", "", "invalid_request", "AUTH0012"),
        ("terminal_license", "guess", "invalid_grant", "AUTH0015"),
        ("point_of_sale_id", "", "invalid_request", "AUTH0019"),
        ("point_of_sale_id", "9", "invalid_grant", "AUTH0020"),
        ("point_of_sale_id", "foyer", "invalid_grant", "AUTH0020"),
    ] {
        assert_eq!(said(but(counter(), name, value)).await, refused(403, word, code), "{name} {value}");
    }
    let stranger = but(but(counter(), "username", "stranger"), "password", "stranger's password");
    assert_eq!(said(stranger).await, refused(403, "invalid_grant", "AUTH0003"));
    let kiosk = but(but(but(web(), "channel_id", "12"), "client_secret", "3_kiosk"), "terminal", "T1");
    assert_eq!(said(kiosk.clone()).await, refused(403, "invalid_request", "AUTH0012"));
    assert_eq!(server.token(&but(kiosk, "terminal_license", "LICENCE")).await.status, 200);
}

#[tokio::test]
async fn a_person_may_manage_with_a_password() {
    let server = Server::start().await;
    let fields = [("grant_type", "password"), ("client_id", "onebox-client"), ("username", "ramona"), ("password", "ramona's password")];
    let answer = server.token(&fields).await;
    assert_eq!((answer.status, text(&answer, "scope").as_str()), (200, "api-orders-mgmt-all api-mgmt-all"));
    let entities = server.get("/mgmt-api/v1/entities", &text(&answer, "access_token")).await;
    assert_eq!(entities.refusal(), (403, "FORBIDDEN_RESOURCE".to_owned()), "a seller manages nothing");
    assert_eq!(said(&server.token(&but(fields.to_vec(), "username", "nobody")).await), refused(403, "invalid_grant", "AUTH0001"));
}

#[tokio::test]
async fn wrong_passwords_have_to_wait() {
    let server = Server::start().await;
    let guess = but(counter(), "password", "guess");
    for _ in 0..5 {
        assert_eq!(said(&server.token(&guess).await), refused(403, "invalid_grant", "AUTH0002"));
        server.app.clock.advance_ms(999);
    }
    let slowed = server.token(&counter()).await;
    assert_eq!(said(&slowed), refused(429, "temporarily_unavailable", "TOO_MANY_REQUESTS"), "right or wrong is not told");
    let seconds: i64 = slowed.header("retry-after").parse().unwrap();
    server.app.clock.advance_ms(seconds * 1_000);
    assert_eq!(server.token(&counter()).await.status, 200);
}

#[tokio::test]
async fn an_address_has_its_pace_whatever_it_asks() {
    let config = Config { address_rate: Rate { per_second: 1, burst: 3 }, ..Config::default() };
    let server = Server::start_on(&Store::Sim(SimStore::new(false)), config).await;
    for _ in 0..3 {
        assert_ne!(server.token(&[]).await.status, 429);
    }
    assert_eq!(said(&server.token(&web()).await), refused(429, "temporarily_unavailable", "TOO_MANY_REQUESTS"));
    let elsewhere = server.send_from("192.0.2.7".parse().unwrap(), form("/oauth/token", &web())).await;
    assert_eq!(elsewhere.status, 200);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_used_one_ends_all() {
    let server = Server::start().await;
    let first = server.token(&web()).await;
    let refresh = async |token: &str| server.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
    let second = refresh(&text(&first, "refresh_token")).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_ne!(text(&second, "refresh_token"), text(&first, "refresh_token"));
    assert_eq!(text(&second, "authInfo"), text(&first, "authInfo"), "the same sign-in");
    for token in [&first, &second] {
        assert_eq!(server.get(SESSIONS, &text(token, "access_token")).await.status, 200);
    }
    assert_eq!(said(&refresh(&text(&first, "refresh_token")).await), refused(400, "invalid_grant", "DIST0005"));
    for token in [&first, &second] {
        assert_eq!(server.get(SESSIONS, &text(token, "access_token")).await.status, 401);
    }
    assert_eq!(refresh(&text(&second, "refresh_token")).await.status, 400);
    for nonsense in ["x", "3_x_y", &format!("77{}", text(&second, "refresh_token")), &"_".repeat(1_000)] {
        assert_eq!(said(&refresh(nonsense).await), refused(400, "invalid_grant", "DIST0005"), "{nonsense}");
    }
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_names_no_other_client() {
    let server = Server::start().await;
    let token = text(&server.token(&web()).await, "refresh_token");
    let other = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", "onebox-client")];
    assert_eq!(server.token(&other).await.status, 400);
    let less = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", "api-distribution-all")];
    let answer = server.token(&less).await;
    assert_eq!(text(&answer, "scope"), "api-distribution-all");
    assert_eq!(server.get(SESSIONS, &text(&answer, "access_token")).await.refusal(), (403, "AUTH0023".to_owned()));
    let all = server.token(&[("grant_type", "refresh_token"), ("refresh_token", &text(&answer, "refresh_token"))]).await;
    assert!(text(&all, "scope").contains("api-catalog-all"), "the sign-in itself has not become narrower");
}

#[tokio::test]
async fn revoking_ends_a_sign_in_and_never_fails() {
    let server = Server::start().await;
    for by in ["access_token", "refresh_token"] {
        let (ended, other) = (server.token(&web()).await, server.token(&web()).await);
        let answer = server.form("/oauth/revoke", &[("token", &text(&ended, by))]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(server.get(SESSIONS, &text(&ended, "access_token")).await.status, 401, "{by}");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &text(&ended, "refresh_token"))];
        assert_eq!(server.token(&refresh).await.status, 400);
        assert_eq!(server.get(SESSIONS, &text(&other, "access_token")).await.status, 200);
    }
    for nonsense in ["x", "3_x_y", "a.b.c"] {
        assert_eq!(server.form("/oauth/revoke", &[("token", nonsense)]).await.status, 200);
    }
    assert_eq!(said(&server.form("/oauth/revoke", &[]).await), refused(400, "invalid_request", "DIST0006"));
}

#[tokio::test]
async fn anybody_can_verify_a_token_with_the_published_keys() {
    let server = Server::start().await;
    let token = server.web().await;
    let keys = server.get("/oauth/jwks", "").await.json();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((key["kty"].as_str(), key["crv"].as_str(), header["alg"].as_str()), (Some("OKP"), Some("Ed25519"), Some("EdDSA")));
    let key = jsonwebtoken::DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.validate_exp = false;
    assert!(jsonwebtoken::decode::<Value>(&token, &key, &validation).is_ok());
}

#[tokio::test]
async fn a_new_key_signs_after_a_month_and_old_tokens_go_on() {
    let server = Server::start().await;
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    let first = server.web().await;
    for _ in 0..31 * 24 {
        // The engine does not believe a clock that jumps.
        for _ in 0..60 {
            server.app.clock.advance_ms(60_000);
        }
        aforo_server::api::oauth::keys::rotate(&server.app).await.unwrap();
    }
    let second = server.web().await;
    assert_ne!(kid(&first), kid(&second));
    assert_eq!(server.get(SESSIONS, &second).await.status, 200);
    assert_eq!(server.get("/oauth/jwks", "").await.json()["keys"].as_array().unwrap().len(), 2);
}

/// What a client has in its hands is worth the same after a restart.
async fn tokens_survive_a_restart(open: impl Fn() -> Store) {
    let server = Server::start_on(&open(), Config::default()).await;
    let (kept, ended) = (server.token(&web()).await, server.token(&web()).await);
    server.form("/oauth/revoke", &[("token", &text(&ended, "access_token"))]).await;
    for _ in 0..6 {
        server.token(&but(counter(), "password", "guess")).await;
    }
    server.app.stop().await;
    drop(server);
    let server = Server::start_on(&open(), Config::default()).await;
    assert_eq!(server.get(SESSIONS, &text(&kept, "access_token")).await.status, 200);
    assert_eq!(server.get(SESSIONS, &text(&ended, "access_token")).await.status, 401, "revoked is revoked");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &text(&kept, "refresh_token"))];
    assert_eq!(server.token(&refresh).await.status, 200);
    assert_eq!(server.token(&refresh).await.status, 400, "used");
    assert_eq!(server.token(&counter()).await.status, 429, "who guessed waits on");
    server.app.stop().await;
}

#[tokio::test]
async fn tokens_survive_a_restart_on_the_simulated_store() {
    let sim = SimStore::new(false);
    tokens_survive_a_restart(|| Store::Sim(sim.clone())).await;
}

#[tokio::test]
async fn tokens_survive_a_restart_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    tokens_survive_a_restart(|| Store::open(&StoreConfig::Sqlite { dir: dir.path().into() }).unwrap()).await;
}

#[tokio::test]
async fn tokens_survive_a_restart_on_postgres() {
    let database = fresh_database().await;
    let open = || std::thread::scope(|scope| scope.spawn(|| Store::open(&StoreConfig::Postgres { url: database.url() })).join());
    tokens_survive_a_restart(|| open().unwrap().unwrap()).await;
}
