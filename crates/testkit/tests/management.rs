//! Management of identity through HTTP: the platform's administrator sets an operator up, its own people take over from there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use aforo_testkit::builders;
use aforo_testkit::caller::{Answer, Ask, ManagerClient, SellerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

for_each_engine![
    an_operator_is_set_up_from_nothing,
    a_read_shows_its_version_and_a_change_minds_it,
    a_secret_is_shown_once,
    another_operator_looks_like_none,
    lists_are_paged_and_by_id,
    all_bad_values_are_named,
    the_platform_hands_itself_over,
    a_key_is_rotated_and_the_old_one_works_on_for_a_while,
    what_does_not_work_is_not_rotated,
];

async fn operator(server: &TestServer) -> (ManagerClient, u64) {
    let platform = server.platform().await;
    let id = platform.make_id("/operators", json!({"name": "Levante"})).await;
    let entity = platform.make_id(&format!("/entities?operator_id={id}"), json!({"name": "Opera"})).await;
    let key = platform.make(&format!("/entities/{entity}/keys?operator_id={id}"), json!({"roles": ["OPERATOR_ADMIN"]})).await;
    (ManagerClient::with_key(&server.nobody, key["secret"].as_str().unwrap()).await, entity)
}

async fn an_operator_is_set_up_from_nothing(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let channel = admin
        .make(
            "/channels",
            json!({"entity_id": entity, "type": "WEB", "name": "Web", "currency": "EUR", "languages": ["es-ES", "ca-ES"],
                   "surcharges": [{"type": "PER_TICKET", "value": 1.5}, {"type": "PERCENTAGE", "percent": 2.5, "max": 4}]}),
        )
        .await;
    assert_eq!(channel["hold_seconds"], 600);
    assert_eq!(
        channel["surcharges"],
        json!([{"type": "PER_TICKET", "value": 1.5}, {"type": "PERCENTAGE", "percent": 2.5, "min": 0, "max": 4}])
    );
    let id = channel["id"].as_u64().unwrap();
    let key = admin.0.send(Ask::new("POST", format!("/mgmt-api/v1/channels/{id}/keys"))).await.ok();
    SellerClient::sign_in(&server.nobody, id, key["secret"].as_str().unwrap()).await;

    let user = json!({"entity_id": entity, "username": "Marta@opera.example", "password": "una contrasenya", "roles": ["CHANNEL_MANAGER"]});
    assert_eq!(admin.make("/users", user.clone()).await["username"], "marta@opera.example");
    admin.0.post("/mgmt-api/v1/users", user).await.refused("CONFLICT");
    let marta = ManagerClient::with_password(&server.nobody, "marta@opera.example", "una contrasenya").await;
    marta.change(&format!("/channels/{id}"), json!({"name": "Taquilla web", "max_items": 6})).await;
    marta.0.post("/mgmt-api/v1/entities", json!({"name": "Mine"})).await.refused("FORBIDDEN_RESOURCE");

    let terminal = marta.make("/terminals", json!({"code": "T-1", "name": "Till", "entity_id": entity})).await;
    assert!(terminal["license"]["secret"].is_string());
    marta.make("/points-of-sale", json!({"name": "Main door", "entity_id": entity})).await;
}

async fn a_read_shows_its_version_and_a_change_minds_it(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let path = format!("/mgmt-api/v1/entities/{entity}");
    let seen = admin.0.get(&path).await;
    let tag = seen.header("etag").to_owned();
    let rename = |name: &str| Ask::new("PATCH", path.clone()).json(&json!({ "name": name })).header("if-match", tag.clone());
    let changed = admin.0.send(rename("Teatre")).await;
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.ok()["name"], "Teatre");
    admin.0.send(rename("Circ")).await.refused("CONFLICT");
    assert_eq!(admin.0.get(&path).await.ok()["name"], "Teatre");
    admin.0.send(Ask::new("PATCH", path).json(&json!({})).header("if-match", "new")).await.refused("DIST0004");
}

async fn a_secret_is_shown_once(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let ask =
        || Ask::new("POST", format!("/mgmt-api/v1/entities/{entity}/keys")).json(&json!({"roles": []})).header("idempotency-key", "k-1");
    let first = admin.0.send(ask()).await.ok();
    assert!(first["secret"].is_string());
    let again = admin.0.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let again = again.ok();
    assert_eq!((&again["id"], &again["secret"]), (&first["id"], &serde_json::Value::Null));
    let keys = admin.0.get(format!("/mgmt-api/v1/entities/{entity}/keys")).await;
    assert!(!keys.text.contains("secret"), "{}", keys.text);
    let other = Ask::new("POST", format!("/mgmt-api/v1/entities/{entity}/keys"))
        .json(&json!({"roles": ["REPORTS"]}))
        .header("idempotency-key", "k-1");
    admin.0.send(other).await.refused("IDEMPOTENCY_KEY_REUSED");
}

async fn another_operator_looks_like_none(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let (other, _) = operator(server).await;
    other.0.get(format!("/mgmt-api/v1/entities/{}", entity + 1)).await.refused("NOT_FOUND");
    admin.0.get("/mgmt-api/v1/entities?operator_id=2").await.refused("NOT_FOUND");
    admin.0.get("/mgmt-api/v1/operators").await.refused("FORBIDDEN_RESOURCE");
    let platform = server.platform().await;
    platform.0.get("/mgmt-api/v1/entities").await.refused("DIST0006");
    platform.delete("/operators/2").await;
    platform.0.get("/mgmt-api/v1/operators/2").await.refused("NOT_FOUND");
    platform.0.get("/mgmt-api/v1/entities?operator_id=2").await.refused("NOT_FOUND");
    other.0.get("/mgmt-api/v1/entities").await.refused("AUTH0009");
}

async fn lists_are_paged_and_by_id(server: &TestServer) {
    let (admin, _) = operator(server).await;
    for name in ["B", "C", "D"] {
        admin.make("/entities", json!({ "name": name })).await;
    }
    admin.delete("/entities/2").await;
    let page = admin.0.get("/mgmt-api/v1/entities?limit=2&offset=1&colour=red").await.ok();
    assert_eq!(page["metadata"], json!({"limit": 2, "total": 3, "offset": 1}));
    assert_eq!(page["data"], json!([{"id": 3, "name": "C", "status": "ACTIVE"}, {"id": 4, "name": "D", "status": "ACTIVE"}]));
    let bad = admin.0.get("/mgmt-api/v1/entities?limit=501&offset=-1").await.refused("DIST0005");
    assert_eq!(bad.message(), "Invalid parameter(s): 'limit, offset'");
}

async fn all_bad_values_are_named(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let channels = "/mgmt-api/v1/channels";
    let missing = admin.0.post(channels, json!({})).await.refused("DIST0006");
    assert_eq!(missing.message(), "Parameter(s) required: 'entity_id, type, currency, name, languages'");
    let good = json!({"entity_id": entity, "type": "WEB", "name": "Web", "currency": "EUR", "languages": ["es-ES"]});
    let with = |changes: serde_json::Value| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    let bad =
        admin.0.post(channels, with(json!({"type": "SHOP", "max_items": 0, "buyer_mandatory": ["SHOE_SIZE"]}))).await.refused("DIST0005");
    assert_eq!(bad.message(), "Invalid parameter(s): 'type, max_items, buyer_mandatory'");
    admin.0.post(channels, with(json!({"currency": "EURO"}))).await.refused("DIST0004");
    admin.0.post(channels, with(json!({"surcharges": [{"type": "PER_TICKET", "value": 1.234}]}))).await.refused("DIST0004");
    admin.0.post(channels, with(json!({"hold_seconds": 4000}))).await.refused("DIST0001");
    admin.0.post(channels, with(json!({"entity_id": 99}))).await.refused("DIST0005");
    admin.0.post(channels, with(json!({"languages": "es-ES"}))).await.refused("DIST0002");
    assert_eq!(admin.0.get(channels).await.ok()["metadata"]["total"], 0, "nothing came of all that");
}

async fn the_platform_hands_itself_over(server: &TestServer) {
    let first = server.platform().await;
    first.make("/platform/users", json!({"username": "second", "password": "a long enough one"})).await;
    let second = ManagerClient::with_password(&server.nobody, "second", "a long enough one").await;
    second.make("/operators", json!({"name": "Levante"})).await;
    second.change("/platform/users/2", json!({"password": "another long one"})).await;
    ManagerClient::with_password(&server.nobody, "second", "another long one").await;
    second.delete("/platform/users/1").await;
    second.delete("/platform/keys/1").await;
    second.0.delete("/mgmt-api/v1/platform/users/2").await.refused("CONFLICT");
    second.0.patch("/mgmt-api/v1/platform/users/2", json!({"roles": ["REPORTS"]})).await.refused("DIST0005");
    second.0.get("/mgmt-api/v1/platform/users?operator_id=1").await.refused("NOT_FOUND");
    first.0.get("/mgmt-api/v1/operators").await.refused("AUTH001");
}

/// Signs in as a channel with its secret.
async fn seller(server: &TestServer, channel: u64, secret: &str) -> Answer {
    let channel = channel.to_string();
    let form =
        [("client_id", "seller-channel-client"), ("grant_type", "client_credentials"), ("channel_id", &channel), ("client_secret", secret)];
    server.nobody.sign_in(&form).await
}

async fn a_key_is_rotated_and_the_old_one_works_on_for_a_while(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let channel = builders::channel(&admin, entity, "WEB").await;
    let old = SellerClient::sign_in(&server.nobody, channel.id, &channel.secret).await;
    let keys = format!("/mgmt-api/v1/channels/{}/keys", channel.id);
    let first = admin.0.get(&keys).await.ok()["data"][0]["id"].clone();
    let rotate = |body: serde_json::Value| Ask::new("POST", format!("{keys}/{first}/rotate")).json(&body).header("idempotency-key", "r-1");
    let answer = admin.0.send(rotate(json!({"overlap_hours": 1}))).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let new = answer.ok();
    let secret = new["secret"].as_str().unwrap();
    let again = admin.0.send(rotate(json!({"overlap_hours": 1}))).await.ok();
    assert_eq!((&again["id"], again.get("secret")), (&new["id"], None), "a secret is shown once");
    let list = admin.0.get(&keys).await.ok();
    assert_eq!(list["metadata"]["total"], 2);
    assert_eq!((&list["data"][0]["expires"], &list["data"][0]["scopes"]), (&json!("2031-01-15T11:00:00Z"), &list["data"][1]["scopes"]));
    for works in [channel.secret.as_str(), secret] {
        assert_eq!(seller(server, channel.id, works).await.status, 200);
    }
    server.pass_seconds(3_600).await;
    assert_eq!(seller(server, channel.id, &channel.secret).await.status, 401);
    old.0.get("/catalog-api/v1/sessions").await.refused("AUTH001");
    assert_eq!(seller(server, channel.id, secret).await.status, 200);

    // An entity's, without an overlap: it is over at once, and the new one may do what the old one might.
    let keys = format!("/mgmt-api/v1/entities/{entity}/keys");
    let made =
        admin.0.post(&keys, json!({"roles": ["REPORTS", "EVENT_MANAGER"], "scopes": ["api-mgmt-all"], "expires": "2032-01-01T00:00:00Z"}));
    let made = made.await.ok();
    let manager = ManagerClient::with_key(&server.nobody, made["secret"].as_str().unwrap()).await;
    let rotated = admin.0.post(format!("{keys}/{}/rotate", made["id"]), json!({"overlap_hours": 0})).await.ok();
    for same in ["roles", "scopes", "expires", "status"] {
        assert_eq!(rotated[same], made[same], "{same}");
    }
    manager.0.get("/mgmt-api/v1/events").await.refused("AUTH001");
    admin.0.get(format!("{keys}/{}", made["id"])).await.refused("NOT_FOUND");
    ManagerClient::with_key(&server.nobody, rotated["secret"].as_str().unwrap()).await.0.get("/mgmt-api/v1/events").await.ok();
    let endless = admin.0.post(format!("{keys}/{}/rotate", rotated["id"]), json!({"expires": null})).await.ok();
    assert_eq!(endless.get("expires"), None);
}

async fn what_does_not_work_is_not_rotated(server: &TestServer) {
    let (admin, entity) = operator(server).await;
    let keys = format!("/mgmt-api/v1/entities/{entity}/keys");
    let make = async |body: serde_json::Value| admin.0.post(&keys, body).await.ok()["id"].as_u64().unwrap();
    let off = make(json!({"roles": []})).await;
    admin.0.patch(format!("{keys}/{off}"), json!({"status": "INACTIVE"})).await.ok();
    let over = make(json!({"roles": [], "expires": "2031-01-15T09:00:00Z"})).await;
    for id in [off, over] {
        admin.0.send(Ask::new("POST", format!("{keys}/{id}/rotate"))).await.refused("CONFLICT");
    }
    // Those that are over do not fill the fifty that an owner may have; those that work do.
    for _ in 0..50 {
        make(json!({"roles": [], "expires": "2031-01-15T09:00:00Z"})).await;
    }
    let good = make(json!({"roles": []})).await;
    let rotate = |body: serde_json::Value| Ask::new("POST", format!("{keys}/{good}/rotate")).json(&body);
    admin.0.send(rotate(json!({"overlap_hours": 9_000}))).await.refused("DIST0005");
    admin.0.send(rotate(json!({"expires": "never"}))).await.refused("DIST0004");
    admin.0.send(rotate(json!({})).header("if-match", "\"7\"")).await.refused("CONFLICT");
    admin.0.post(format!("{keys}/999/rotate"), json!({})).await.refused("NOT_FOUND");
    // The platform's last key and person: a rotation keeps somebody who is PLATFORM_ADMIN without end.
    let platform = server.platform().await;
    platform.delete("/platform/users/1").await;
    platform.0.post("/mgmt-api/v1/platform/keys/1/rotate", json!({"expires": "2032-01-01T00:00:00Z"})).await.refused("CONFLICT");
    let new = platform.0.post("/mgmt-api/v1/platform/keys/1/rotate", json!({"overlap_hours": 0})).await.ok();
    ManagerClient::with_key(&server.nobody, new["secret"].as_str().unwrap()).await.0.get("/mgmt-api/v1/operators").await.ok();
    platform.0.get("/mgmt-api/v1/operators").await.refused("AUTH001");
}
