//! `Idempotency-Key`: asking again does nothing twice, whoever of the channel asks, and never mixes one request up with another.

use axum::body::Body;
use axum::http::Request;

use super::world::{Answer, Server, but, counter, web};

const ORDERS: &str = "/distribution-api/v1/orders";

/// One request with a key, as a client would repeat it.
struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    order: &'a str,
    body: &'static str,
    key: &'a str,
}

fn create(key: &str) -> Ask<'_> {
    Ask { method: "POST", path: ORDERS, order: "", body: "", key }
}

async fn send(server: &Server, token: &str, ask: Ask<'_>) -> Answer {
    let mut request = Request::builder().method(ask.method).uri(ask.path).header("authorization", format!("Bearer {token}"));
    for (name, value) in [("ob-order-id", ask.order), ("idempotency-key", ask.key), ("content-type", "application/json")] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    server.send(request.body(Body::from(ask.body)).unwrap()).await
}

fn order(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[tokio::test]
async fn the_same_request_again_is_answered_again_and_not_done_again() {
    let server = Server::start().await;
    let (token, another) = (server.web().await, server.web().await);
    let first = send(&server, &token, create("a")).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, ""));
    for token in [&token, &another] {
        let again = send(&server, token, create("a")).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (200, "true"));
        assert_eq!(again.json(), first.json(), "the key is the channel's, not the token's");
    }
    assert_ne!(order(&send(&server, &token, create("b")).await), order(&first));
    assert_ne!(order(&send(&server, &token, create("")).await), order(&first));
}

#[tokio::test]
async fn a_key_is_good_for_one_request_only() {
    let server = Server::start().await;
    let token = server.web().await;
    let first = send(&server, &token, create("a")).await;
    let id = order(&first);
    let others = [
        Ask { body: "{}", ..create("a") },
        Ask { path: "/distribution-api/v1/orders?x=1", ..create("a") },
        Ask { method: "DELETE", order: &id, ..create("a") },
        Ask { order: &id, ..create("a") },
    ];
    for other in others {
        assert_eq!(send(&server, &token, other).await.refusal(), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
    }
    assert_eq!(order(&send(&server, &token, create("a")).await), id);
}

#[tokio::test]
async fn a_key_is_its_channels_and_its_users_own() {
    let server = Server::start().await;
    let shop = server.web().await;
    let person = server.token(&counter()).await.json()["access_token"].as_str().unwrap().to_owned();
    let kiosk = but(but(but(but(web(), "channel_id", "12"), "client_secret", "3_kiosk"), "terminal", "T1"), "terminal_license", "LICENCE");
    let kiosk = server.token(&kiosk).await.json()["access_token"].as_str().unwrap().to_owned();
    let mut orders = std::collections::BTreeSet::new();
    for token in [&shop, &person, &kiosk] {
        let answer = send(&server, token, create("a")).await;
        assert!(orders.insert(order(&answer)) && answer.header("idempotency-replayed").is_empty());
    }
}

#[tokio::test]
async fn a_refusal_by_a_rule_is_kept_and_one_of_form_is_not() {
    let server = Server::start().await;
    let token = server.web().await;
    let unknown = "0".repeat(32);
    let pre_confirm = || Ask { path: "/distribution-api/v1/orders/pre-confirm", order: &unknown, ..create("rule") };
    assert_eq!(send(&server, &token, pre_confirm()).await.refusal(), (404, "ORDER_NOT_FOUND".to_owned()));
    let again = send(&server, &token, pre_confirm()).await;
    assert_eq!((again.refusal(), again.header("idempotency-replayed")), ((404, "ORDER_NOT_FOUND".to_owned()), "true"));
    let broken = Ask { body: "{", ..create("form") };
    assert_eq!(send(&server, &token, broken).await.refusal(), (400, "DIST0002".to_owned()));
    let repaired = send(&server, &token, create("form")).await;
    assert_eq!((repaired.status, repaired.header("idempotency-replayed")), (200, ""), "a request that never came to the rules used no key");
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let server = std::sync::Arc::new(Server::start().await);
    let token = server.web().await;
    for round in 0..20 {
        let key = format!("round {round}").replace(' ', "-");
        let crowd = (0..8).map(|_| {
            let (server, token, key) = (server.clone(), token.clone(), key.clone());
            tokio::spawn(async move { send(&server, &token, create(&key)).await })
        });
        let mut made = std::collections::BTreeSet::new();
        for asked in crowd.collect::<Vec<_>>() {
            let answer = asked.await.unwrap();
            match answer.status {
                200 => drop(made.insert(order(&answer))),
                _ => assert_eq!(answer.refusal(), (409, "IDEMPOTENCY_IN_PROGRESS".to_owned())),
            }
        }
        assert_eq!(made.len(), 1);
        assert!(made.contains(&order(&send(&server, &token, create(&key)).await)), "nobody is in progress any more");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_key_behind() {
    let server = Server::start().await;
    let token = server.web().await;
    for round in 0..20 {
        let key = format!("gone-{round}");
        // Polled once and dropped: the engine goes on, nobody waits for the answer.
        let gone = send(&server, &token, create(&key));
        tokio::select! { biased; _ = gone => {}, () = std::future::ready(()) => {} }
        let again = send(&server, &token, create(&key)).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (200, "true"));
    }
}
