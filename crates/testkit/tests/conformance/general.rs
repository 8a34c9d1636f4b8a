//! The general codes: what is wrong with a request whoever makes it, and who may call which API.

use aforo_testkit::builders::{SmallWorld, person};
use aforo_testkit::caller::{Answer, Ask, ManagerClient, ORDERS};
use serde_json::json;

/// The database goes away under an order. Whoever asks again with the same key finds out what happened to it: nothing twice.
pub async fn dist0000(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let create = || Ask::new("POST", ORDERS).json(&json!({})).header("idempotency-key", "order-1");
    world.server.break_database_connections().await;
    let refused = seller.0.send(create()).await;
    let repeated = world.server.until_served(async || seller.0.send(create()).await).await;
    let again = seller.0.send(create()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(repeated.ok()["id"], again.ok()["id"]);
    refused
}

pub async fn dist0001(world: &SmallWorld<'_>) -> Answer {
    let dates = json!({"date": {"sale_start": "2031-01-20T00:00:00Z", "sale_end": "2031-01-19T00:00:00Z"}});
    world.admin.0.patch(format!("/mgmt-api/v1{}", world.session_path()), dates).await
}

pub async fn dist0002(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    let order = seller.create().await;
    let broken = Ask::new("POST", format!("{ORDERS}/seats")).header("ob-order-id", order).raw("application/json", "{\"seats\": [");
    seller.0.send(broken).await
}

pub async fn dist0003(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    seller.0.send(Ask::new("POST", ORDERS).raw("text/plain", "{}")).await
}

pub async fn dist0004(world: &SmallWorld<'_>) -> Answer {
    let refused = world.seller().await.read("not-an-order-id").await;
    assert_eq!(refused.message(), "Invalid 'ob-order-id' format: 'not-an-order-id'");
    refused
}

pub async fn dist0005(world: &SmallWorld<'_>) -> Answer {
    let refused = world.seller().await.0.get("/catalog-api/v1/sessions?limit=0&offset=-1").await;
    assert_eq!(refused.message(), "Invalid parameter(s): 'limit, offset'");
    refused
}

pub async fn dist0006(world: &SmallWorld<'_>) -> Answer {
    let refused = world.seller().await.0.get(ORDERS).await;
    assert_eq!(refused.message(), "Parameter(s) required: 'ob-order-id'");
    refused
}

pub async fn forbidden_resource(world: &SmallWorld<'_>) -> Answer {
    let seller = person(&world.admin, world.theatre, "reporter", &["REPORTS"]).await;
    let seller = ManagerClient::with_password(world.nobody(), &seller.username, &seller.password).await;
    seller.0.post("/mgmt-api/v1/entities", json!({"name": "Mine"})).await
}

pub async fn invalid_auth_client_id(world: &SmallWorld<'_>) -> Answer {
    world.seller().await.0.get("/mgmt-api/v1/channels").await
}
