//! Loyalty programmes where no queue is set up: aforo keeps what they are told until an operator takes it.

use aforo_testkit::builders::{SmallWorld, channel, text};
use aforo_testkit::caller::{Ask, ManagerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::{sell, switch};

const JOIN: &str = "/distribution-api/v1/loyalty-programs";
const MESSAGES: &str = "/mgmt-api/v1/messages";

pub async fn what_is_kept_is_taken_by_an_operator(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let ada = json!({"program": "GOLD", "customer": {"email": "ada@example.org", "name": "Ada"}, "data": {"points": 1.50, "tags": ["a"]}});
    seller.0.post(JOIN, ada.clone()).await.refused("AUTH0027");
    switch(&world, json!({"loyalty": true})).await;

    // The same call counts once.
    let again = async || seller.0.send(Ask::new("POST", JOIN).json(&ada).header("Idempotency-Key", "join-1")).await;
    let first = again().await.ok();
    let second = again().await;
    assert_eq!(second.header("Idempotency-Replayed"), "true");
    assert_eq!(second.ok(), first);
    let other = Ask::new("POST", JOIN).json(&json!({"customer": {"email": "eve@example.org"}})).header("Idempotency-Key", "join-1");
    seller.0.send(other).await.refused("IDEMPOTENCY_KEY_REUSED");
    // An order's buyer joins with it; once it is sold, that is told, too.
    let order = seller.create().await;
    let with_order = || Ask::new("POST", JOIN).json(&json!({})).header("ob-order-id", order.clone());
    seller.0.send(with_order()).await.refused("DIST0006");
    seller.buyer(&order, "bob@example.org").await.ok();
    seller.0.send(with_order()).await.ok();
    let code = sell(&world, &seller, 0).await;

    let listed = world.admin.0.get(MESSAGES).await.ok();
    assert_eq!(listed["metadata"]["total"], 3);
    let messages = listed["data"].as_array().unwrap();
    assert_eq!(messages[0]["message_id"], first["message_id"]);
    let is = |message: &Value| (message["kind"].clone(), message["status"].clone(), message["loyalty"]["type"].clone());
    assert_eq!(is(&messages[0]), (json!("LOYALTY"), json!("WAITING"), json!("JOINED")));
    let told = &messages[0]["loyalty"];
    assert_eq!((&told["program"], &told["customer"]["name"], &told["data"]), (&json!("GOLD"), &json!("Ada"), &ada["data"]));
    assert_eq!(messages[1]["loyalty"]["customer"]["email"], "bob@example.org");
    let sold = &messages[2]["loyalty"];
    assert_eq!((&sold["type"], &sold["order"]["code"], &sold["order"]["total"]), (&json!("SOLD"), &json!(code), &json!(40)));
    assert_eq!(sold["order"]["items"].as_array().unwrap().len(), 2);

    // Whoever manages another entity's channels sees nothing of it, and takes nothing.
    let keys = format!("/entities/{}/keys", world.circus);
    let key = world.admin.make(&keys, json!({"roles": ["CHANNEL_MANAGER"]})).await;
    let circus = ManagerClient::with_key(&server.nobody, text(&key, "secret")).await;
    channel(&world.admin, world.circus, "WEB").await;
    assert_eq!(circus.0.get(MESSAGES).await.ok()["metadata"]["total"], 0);
    let ids: Vec<_> = messages.iter().map(|message| message["id"].clone()).collect();
    let take = format!("{MESSAGES}/acknowledge");
    assert_eq!(circus.0.post(&take, json!({"ids": ids})).await.ok(), json!({"ids": []}));

    assert_eq!(world.admin.0.post(&take, json!({"ids": [ids[0], ids[2], ids[0]]})).await.ok(), json!({"ids": [ids[0], ids[2]]}));
    assert_eq!(world.admin.0.post(&take, json!({"ids": [ids[0], 4_000_000]})).await.ok(), json!({"ids": []}));
    let left = world.admin.0.get(format!("{MESSAGES}?kind=LOYALTY&status=WAITING")).await.ok();
    assert_eq!((&left["metadata"]["total"], &left["data"][0]["id"]), (&json!(1), &ids[1]));
    for nothing in ["?kind=MAIL", "?status=GIVEN_UP", "?offset=1"] {
        assert_eq!(world.admin.0.get(format!("{MESSAGES}{nothing}")).await.ok()["data"], json!([]), "{nothing}");
    }
}

pub async fn programmes_have_their_form(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    switch(&world, json!({"loyalty": true})).await;
    let mail = json!({"email": "ada@example.org"});
    for (body, code) in [
        (json!({}), "DIST0006"),
        (json!({"customer": {"name": "Ada"}}), "DIST0006"),
        (json!({"customer": {"email": "ada"}}), "DIST0004"),
        (json!({"customer": mail, "data": [1]}), "DIST0002"),
        (json!({"customer": mail, "data": {"a": "x".repeat(17_000)}}), "DIST0005"),
        (json!({"customer": mail, "program": "x".repeat(1_001)}), "DIST0005"),
    ] {
        seller.0.post(JOIN, body).await.refused(code);
    }
    let of_nobody = Ask::new("POST", JOIN).json(&json!({})).header("ob-order-id", "0".repeat(32));
    seller.0.send(of_nobody).await.refused("ORDER_NOT_FOUND");
    let malformed = Ask::new("POST", JOIN).json(&json!({})).header("ob-order-id", "12");
    seller.0.send(malformed).await.refused("DIST0004");
    for (path, body, code) in [
        ("acknowledge", json!({}), "DIST0006"),
        ("acknowledge", json!({"ids": []}), "DIST0005"),
        ("retry", json!({"ids": [0]}), "DIST0005"),
        ("retry", json!({"ids": vec![1; 257]}), "DIST0005"),
    ] {
        world.admin.0.post(format!("{MESSAGES}/{path}"), body).await.refused(code);
    }
    assert_eq!(world.admin.0.get(MESSAGES).await.ok()["metadata"]["total"], 0, "what was refused left nothing");
    world.admin.0.get(format!("{MESSAGES}?kind=PIGEON")).await.refused("DIST0005");
}
