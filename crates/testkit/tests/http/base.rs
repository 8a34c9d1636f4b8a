//! What holds for every call: the order of checks, the shape of refusals, and that bad input is never more than a refusal.

use aforo_domain::identity::Status;
use aforo_server::config::Config;
use aforo_server::http::limit::Rate;
use aforo_server::store::Store;
use aforo_server::store::sim::SimStore;
use axum::body::Body;
use axum::http::Request;

use super::world::{Answer, Server, counter, opera, web};

const SESSIONS: &str = "/catalog-api/v1/sessions";
const ENTITIES: &str = "/mgmt-api/v1/entities";

fn post(path: &str, token: &str, content_type: &str, body: &'static str) -> Request<Body> {
    let mut request = Request::post(path).header("authorization", format!("Bearer {token}"));
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    request.body(body.into()).unwrap()
}

fn code(answer: &Answer) -> String {
    answer.refusal().1
}

async fn management(server: &Server) -> String {
    server.token(&opera()).await.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refusal_says_what_and_which_request_and_nothing_of_the_inside() {
    let server = Server::start().await;
    let answer = server.get(SESSIONS, "nonsense").await;
    assert_eq!(answer.refusal(), (401, "AUTH001".to_owned()));
    assert_eq!((answer.header("www-authenticate"), answer.header("content-type")), ("Bearer", "application/json"));
    let body = answer.json();
    assert_eq!(body["message"], "Invalid JWT signature");
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    assert_eq!(body.as_object().unwrap().len(), 3);
    let other = server.get(SESSIONS, "nonsense").await;
    assert_ne!(other.header("x-request-id"), answer.header("x-request-id"));
    let health = server.get("/health", "").await;
    assert_eq!((health.status, health.header("x-request-id").len()), (200, 16));
}

#[tokio::test]
async fn who_asks_for_problem_json_gets_it() {
    let server = Server::start().await;
    let request = Request::get(SESSIONS).header("accept", "application/problem+json, application/json").body(Body::empty()).unwrap();
    let answer = server.send(request).await;
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/problem+json"));
    let body = answer.json();
    for (name, value) in
        [("type", "/docs/errors#AUTH001"), ("title", "Unauthorized"), ("detail", "Invalid JWT signature"), ("code", "AUTH001")]
    {
        assert_eq!(body[name], value);
    }
    assert_eq!(body["status"], 401);
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let server = Server::start().await;
    for path in ["/", "/nothing", "/catalog-api/v1", "/catalog-api/v1/nothing", "/catalog-api/v2/sessions", "//", "/%00"] {
        assert_eq!(server.get(path, "").await.refusal(), (404, "NOT_FOUND".to_owned()), "{path}");
    }
    let wrong = server.send(Request::delete(SESSIONS).body(Body::empty()).unwrap()).await;
    assert_eq!((wrong.refusal(), wrong.header("allow")), ((405, "METHOD_NOT_ALLOWED".to_owned()), "GET,HEAD"));
    let wrong = server.send(Request::get("/oauth/token").body(Body::empty()).unwrap()).await;
    assert_eq!((wrong.refusal(), wrong.header("allow")), ((405, "METHOD_NOT_ALLOWED".to_owned()), "POST"));
}

#[tokio::test]
async fn the_content_type_is_looked_at_before_the_token() {
    let server = Server::start().await;
    for bad in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"] {
        assert_eq!(server.send(post(ENTITIES, "x", bad, "{}")).await.refusal(), (415, "DIST0003".to_owned()), "{bad}");
    }
    for good in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"] {
        assert_eq!(code(&server.send(post(ENTITIES, "x", good, "{}")).await), "AUTH001", "{good}");
    }
    assert_eq!(code(&server.send(post(ENTITIES, "x", "", "")).await), "AUTH001", "an empty body needs none");
}

#[tokio::test]
async fn who_asks_comes_before_what_is_asked() {
    let server = Server::start().await;
    let manager = management(&server).await;
    let seller = server.web().await;
    let ask = async |token: &str, body| code(&server.send(post(ENTITIES, token, "application/json", body)).await);
    assert_eq!(ask("", "{").await, "AUTH001");
    assert_eq!(ask(&seller, "{").await, "INVALID_AUTH_CLIENT_ID");
    assert_eq!(ask(&manager, "{").await, "DIST0002");
    assert_eq!(ask(&manager, "").await, "DIST0002");
    assert_eq!(ask(&manager, r#"{"name":7}"#).await, "DIST0002");
    assert_eq!(ask(&manager, "{}").await, "DIST0006");
    let narrow = server.token(&[opera(), vec![("scope", "api-orders-mgmt-all")]].concat()).await.json();
    assert_eq!(narrow["scope"], "api-orders-mgmt-all");
    assert_eq!(ask(narrow["access_token"].as_str().unwrap(), "{").await, "AUTH0023");
    let reports = server.token(&super::world::but(opera(), "client_secret", "3_reports")).await.json();
    assert_eq!(ask(reports["access_token"].as_str().unwrap(), "{").await, "FORBIDDEN_RESOURCE");
}

#[tokio::test]
async fn switching_off_a_channel_works_at_once_and_on_again_too() {
    let server = Server::start().await;
    let token = server.web().await;
    assert_eq!(server.get(SESSIONS, &token).await.status, 200);
    server.switch_channel(10, Status::Inactive).await;
    assert_eq!(server.get(SESSIONS, &token).await.refusal(), (403, "AUTH0006".to_owned()));
    server.switch_channel(10, Status::Active).await;
    assert_eq!(server.get(SESSIONS, &token).await.status, 200);
    server.switch_key(1, Status::Gone).await;
    assert_eq!(server.get(SESSIONS, &token).await.refusal(), (401, "AUTH001".to_owned()));
}

#[tokio::test]
async fn a_token_lives_twelve_hours() {
    let server = Server::start().await;
    let token = server.web().await;
    server.app.clock.advance_ms(12 * 3_600_000 - 1_000);
    assert_eq!(server.get(SESSIONS, &token).await.status, 200);
    server.app.clock.advance_ms(1_000);
    assert_eq!(server.get(SESSIONS, &token).await.refusal(), (401, "AUTH001".to_owned()));
}

#[tokio::test]
async fn a_bearer_is_spelled_in_many_ways() {
    let server = Server::start().await;
    let token = server.web().await;
    for (header, status) in [
        (format!("bearer {token}"), 200),
        (format!("BEARER  {token} "), 200),
        (token.clone(), 401),
        (format!("Basic {token}"), 401),
        ("Bearer".to_owned(), 401),
        (format!("Bearer {token}x"), 401),
        (format!("Bearer {}", &token[..token.len() - 2]), 401),
    ] {
        let request = Request::get(SESSIONS).header("authorization", &header).body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.status, status, "{header}");
    }
    let bytes = Request::get(SESSIONS).header("authorization", &b"Bearer \xff\xfe"[..]).body(Body::empty()).unwrap();
    assert_eq!(server.send(bytes).await.status, 401);
}

#[tokio::test]
async fn one_token_has_its_pace() {
    let config = Config { token_rate: Rate { per_second: 1, burst: 2 }, ..Config::default() };
    let server = Server::start_on(&Store::Sim(SimStore::new(false)), config).await;
    let (token, other) = (server.web().await, server.web().await);
    for _ in 0..2 {
        assert_eq!(server.get(SESSIONS, &token).await.status, 200);
    }
    let slowed = server.get(SESSIONS, &token).await;
    assert_eq!(slowed.refusal(), (429, "TOO_MANY_REQUESTS".to_owned()));
    assert_eq!((slowed.header("retry-after"), slowed.header("ratelimit")), ("1", "\"default\";r=0;t=1"));
    assert_eq!(server.get(ENTITIES, &token).await.status, 429, "before it is said which client may");
    assert_eq!(server.get(SESSIONS, &other).await.status, 200, "another sign-in has its own");
    server.app.clock.advance_ms(1_000);
    assert_eq!(server.get(SESSIONS, &token).await.status, 200);
}

#[tokio::test]
async fn a_client_reaches_the_apis_of_its_row_of_the_table() {
    let server = Server::start().await;
    let token = async |fields: &[(&str, &str)]| server.token(fields).await.json()["access_token"].as_str().unwrap().to_owned();
    let gate = token(&super::world::but(opera(), "client_id", "access-control-client")).await;
    let (shop, person, program) = (token(&web()).await, token(&counter()).await, token(&opera()).await);
    for (token, catalogue, management) in [(&shop, 200, 403), (&person, 200, 403), (&program, 403, 200), (&gate, 403, 403)] {
        assert_eq!((server.get(SESSIONS, token).await.status, server.get(ENTITIES, token).await.status), (catalogue, management));
    }
    assert_eq!(code(&server.get(SESSIONS, &gate).await), "INVALID_AUTH_CLIENT_ID");
}

#[tokio::test]
async fn the_documents_and_the_reference_are_served() {
    let server = Server::start().await;
    for name in ["oauth", "catalog-api", "distribution-api", "mgmt-api"] {
        let answer = server.get(&format!("/openapi/{name}.json"), "").await;
        assert_eq!((answer.status, answer.json()["openapi"].as_str().unwrap()), (200, "3.1.0"), "{name}");
        assert!(server.get("/docs", "").await.text.contains(name));
    }
    let errors = server.get("/docs/errors", "").await;
    assert!(errors.header("content-type").starts_with("text/html") && errors.text.contains("id=\"2MKT00118\""));
    let metrics = server.get("/metrics", "").await;
    assert!(metrics.text.contains("aforo_http_requests_total{status=\"2xx\"}"), "{}", metrics.text);
}
