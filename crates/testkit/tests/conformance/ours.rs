//! The codes of our own: tokens that are none, repeated requests, management, and too much of something.

use aforo_testkit::builders::{SmallWorld, person, text};
use aforo_testkit::caller::{Answer, Ask, ManagerClient, ORDERS};
use serde_json::json;

pub async fn auth001(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.nobody().get(ORDERS).await.refused("AUTH001");
    let (signed, _signature) = seller.0.token().rsplit_once('.').unwrap();
    let forged = world.nobody().with_token(format!("{signed}.c2lnbmVk")).get(ORDERS).await;
    assert_eq!(forged.header("www-authenticate"), "Bearer");
    let key = world.admin.0.get(format!("/mgmt-api/v1/channels/{}/keys", world.web.id)).await.ok()["data"][0]["id"].clone();
    world.admin.delete(&format!("/channels/{}/keys/{key}", world.web.id)).await;
    seller.0.get("/catalog-api/v1/sessions").await.refused("AUTH001");
    forged
}

/// An item is given back once.
pub async fn product_state_invalid(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    let sold = seller.confirm(&order, &json!(40)).await.ok();
    let path = format!("/orders-mgmt-api/v1/orders/{}/refund", text(&sold, "code"));
    let body = json!({"items": [{"id": sold["items"][0]["id"]}], "type": "MANUAL", "include_surcharges": true});
    seller.0.post(&path, body.clone()).await.ok();
    seller.0.post(&path, body).await
}

pub async fn idempotency_key_reused(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let create = |body| Ask::new("POST", ORDERS).json(&body).header("idempotency-key", "once");
    seller.0.send(create(json!({}))).await.ok();
    seller.0.send(create(json!({"language": "es-ES"}))).await
}

/// Two requests with one key at the same time: sooner or later they meet.
pub async fn idempotency_in_progress(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    for round in 0..500 {
        let create = || seller.0.send(Ask::new("POST", ORDERS).json(&json!({})).header("idempotency-key", format!("round-{round}")));
        let (first, second) = tokio::join!(create(), create());
        if let Some(refused) = [first, second].into_iter().find(|answer| answer.status != 200) {
            return refused;
        }
    }
    panic!("in 500 rounds no two requests met");
}

pub async fn not_found(world: &SmallWorld<'_>) -> Answer {
    world.nobody().get("/no/such/path").await.refused("NOT_FOUND");
    world.admin.0.get("/mgmt-api/v1/channels/999999").await
}

/// There is no ticket to hand out before it is sold.
pub async fn product_state_invalid_ticket(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let code = seller.pre_confirm(&order).await.ok()["code"].clone();
    seller.0.get(format!("/orders-mgmt-api/v1/orders/{}/tickets.pdf", code.as_str().unwrap())).await
}

pub async fn conflict(world: &SmallWorld<'_>) -> Answer {
    let body = json!({"entity_id": world.theatre, "username": world.clerk.username, "password": "another password", "roles": []});
    world.admin.0.post("/mgmt-api/v1/users", body).await
}

pub async fn method_not_allowed(world: &SmallWorld<'_>) -> Answer {
    let refused = world.seller().await.0.send(Ask::new("PATCH", ORDERS)).await;
    assert!(refused.header("allow").contains("POST"), "{:?}", refused.headers);
    refused
}

/// Guessing a password is slowed down, and the right one has to wait too.
pub async fn too_many_requests(world: &SmallWorld<'_>) -> Answer {
    let form = |password| {
        [("client_id", "onebox-client"), ("grant_type", "password"), ("username", world.clerk.username.as_str()), ("password", password)]
    };
    for _ in 0..5 {
        world.nobody().sign_in(&form("guessed")).await.refused("AUTH0002");
    }
    let refused = world.nobody().sign_in(&form(world.clerk.password.as_str())).await;
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{:?}", refused.headers);
    refused
}

/// More people sign in at once than may wait for their password to be looked at.
pub async fn overloaded(world: &SmallWorld<'_>) -> Answer {
    let marta = person(&world.admin, world.theatre, "marta", &["EVENT_MANAGER"]).await;
    let crowd = (0..100).map(|_| {
        let (nobody, marta) = (world.nobody().clone(), marta.clone());
        tokio::spawn(async move {
            let form = [
                ("client_id", "onebox-client"),
                ("grant_type", "password"),
                ("username", marta.username.as_str()),
                ("password", marta.password.as_str()),
            ];
            nobody.sign_in(&form).await
        })
    });
    let mut refused = None;
    for one in crowd.collect::<Vec<_>>() {
        let answer = one.await.unwrap();
        if answer.status != 200 {
            assert!(!answer.header("retry-after").is_empty());
            refused = Some(answer);
        }
    }
    ManagerClient::with_password(world.nobody(), &marta.username, &marta.password).await;
    refused.unwrap()
}
