//! Pools of imported barcodes, through HTTP: filled by promoters, sold from by channels.

use aforo_testkit::builders::{SmallWorld, person};
use aforo_testkit::caller::{Answer, Ask, ManagerClient, SellerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_pool_is_sold_out_and_filled_again,
    an_import_says_what_became_of_each,
    a_large_import_is_done_once_however_often_it_is_asked,
    what_is_free_can_be_taken_out,
    the_source_changes_only_before_the_first_sale,
    nobody_else_sees_a_pool,
    malformed_barcodes_change_nothing,
];

const MGMT: &str = "/mgmt-api/v1";

fn pool(world: &SmallWorld<'_>) -> String {
    format!("{MGMT}{}/barcodes", world.session_path())
}

async fn import(world: &SmallWorld<'_>, barcodes: &[&str]) -> Value {
    world.admin.0.post(pool(world), json!({ "barcodes": barcodes })).await.ok()
}

/// Total, free, reserved, used.
async fn counts(world: &SmallWorld<'_>) -> [u64; 4] {
    let read = world.admin.0.get(pool(world)).await.ok();
    ["total", "free", "reserved", "used"].map(|name| read["counts"][name].as_u64().unwrap())
}

/// An order of these seats and what pre-confirm says of it.
async fn pre_confirmed(world: &SmallWorld<'_>, seller: &SellerClient, seats: &[u64]) -> (String, Answer) {
    let order = seller.create().await;
    seller.add_seats(&order, world.session, seats).await.ok();
    seller.buyer(&order, "ada@example.com").await.ok();
    let answer = seller.pre_confirm(&order).await;
    (order, answer)
}

fn barcodes(order: &Value) -> Vec<&str> {
    order["items"].as_array().unwrap().iter().map(|item| item["ticket"]["barcode"].as_str().unwrap()).collect()
}

async fn a_pool_is_sold_out_and_filled_again(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.change_session(json!({"barcodes": "IMPORTED"})).await;
    let (_, empty) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    empty.refused("ORDER_SEAT_NOT_AVAILABLE");
    import(&world, &["8412345678903", "8412345678901", "8412345678902"]).await;
    let (order, accepted) = pre_confirmed(&world, &seller, &world.row[2..4]).await;
    let accepted = accepted.ok();
    assert!(accepted["items"][0].get("ticket").is_none(), "{accepted}");
    assert_eq!(counts(&world).await, [3, 1, 2, 0]);
    let (late, refused) = pre_confirmed(&world, &seller, &world.row[4..6]).await;
    assert_eq!(refused.refused("ORDER_SEAT_NOT_AVAILABLE").body["details"], json!([{"id": world.row[5]}]));
    let sold = seller.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    assert_eq!(barcodes(&sold), ["8412345678901", "8412345678902"]);
    assert_eq!(counts(&world).await, [3, 1, 0, 2]);
    import(&world, &["8412345678904"]).await;
    let accepted = seller.pre_confirm(&late).await.ok();
    // Nobody pays in time.
    server.pass_seconds(601).await;
    seller.confirm(&late, &accepted["price"]["to_pay"]).await.refused("ORDER_EXPIRED");
    assert_eq!(counts(&world).await, [4, 2, 0, 2]);
    let (again, accepted) = pre_confirmed(&world, &seller, &world.row[4..6]).await;
    accepted.ok();
    seller.order("POST", &again, "/basket", None).await.ok();
    assert_eq!(counts(&world).await, [4, 2, 0, 2]);
}

async fn an_import_says_what_became_of_each(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let first = import(&world, &["A-0001", "A-0002", "A-0001"]).await;
    assert_eq!(first, json!({"added": 2, "already_there": 1, "refused": []}));
    let again = import(&world, &["A-0001", "A-0002", "A-0003"]).await;
    assert_eq!(again, json!({"added": 1, "already_there": 2, "refused": []}));
    let other = json!({"name": "Matinee", "venue_template_id": 1, "barcodes": "IMPORTED",
        "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 8}]}]});
    let other = world.admin.make(&format!("/events/{}/sessions", world.event), other).await;
    assert_eq!(other["barcodes"], "IMPORTED");
    let path = format!("{MGMT}/events/{}/sessions/{}/barcodes", world.event, other["id"]);
    let mixed = world.admin.0.post(&path, json!({"barcodes": ["B-0001", "A-0003", "B-0002"]})).await.ok();
    let refused = json!([{"index": 1, "barcode": "****003", "reason": "IN_USE"}]);
    assert_eq!(mixed, json!({"added": 2, "already_there": 0, "refused": refused}));
    let read = world.admin.0.get(format!("{path}?limit=1&offset=1")).await.ok();
    assert_eq!(read["counts"], json!({"total": 2, "free": 2, "reserved": 0, "used": 0}));
    assert_eq!(read["metadata"], json!({"limit": 1, "total": 2, "offset": 1}));
    assert_eq!(read["data"], json!([{"barcode": "****002", "status": "FREE"}]));
}

async fn a_large_import_is_done_once_however_often_it_is_asked(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let barcodes: Vec<_> = (0..1_200).map(|number| format!("LARGE-{number:05}")).collect();
    let ask = |key: &str| Ask::new("POST", pool(&world)).json(&json!({ "barcodes": barcodes })).header("idempotency-key", key);
    let first = world.admin.0.send(ask("one")).await.ok();
    assert_eq!(first, json!({"added": 1_200, "already_there": 0, "refused": []}));
    let repeated = world.admin.0.send(ask("one")).await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    assert_eq!(repeated.ok(), first);
    let again = world.admin.0.send(ask("two")).await.ok();
    assert_eq!(again, json!({"added": 0, "already_there": 1_200, "refused": []}));
    assert_eq!(counts(&world).await, [1_200, 1_200, 0, 0]);
    let too_many = vec!["X"; 10_001];
    world.admin.0.post(pool(&world), json!({ "barcodes": too_many })).await.refused("DIST0005");
}

async fn what_is_free_can_be_taken_out(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    world.change_session(json!({"barcodes": "IMPORTED"})).await;
    let barcodes: Vec<_> = (0..700).map(|number| format!("N-{number:05}")).collect();
    import(&world, &barcodes.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (order, accepted) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    let accepted = accepted.ok();
    assert_eq!(world.admin.0.delete(pool(&world)).await.ok(), json!({"removed": 698}));
    assert_eq!(counts(&world).await, [2, 0, 2, 0]);
    let sold = seller.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    assert_eq!(self::barcodes(&sold), ["N-00000", "N-00001"]);
    assert_eq!(world.admin.0.delete(pool(&world)).await.ok(), json!({"removed": 0}));
    // What was taken out may come again, here or elsewhere; what is used may not.
    let again = import(&world, &["N-00001", "N-00002"]).await;
    assert_eq!((&again["added"], &again["already_there"]), (&json!(1), &json!(1)));
}

async fn the_source_changes_only_before_the_first_sale(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("{MGMT}{}", world.session_path());
    assert_eq!(world.admin.0.get(&path).await.ok()["barcodes"], "GENERATED");
    world.admin.0.patch(&path, json!({"barcodes": "PRINTED"})).await.refused("DIST0005");
    let (order, accepted) = pre_confirmed(&world, &seller, &world.row[..2]).await;
    let accepted = accepted.ok();
    world.admin.0.patch(&path, json!({"barcodes": "IMPORTED"})).await.refused("CONFLICT");
    // Other things change, and a basket does not stand in the way.
    assert_eq!(world.change_session(json!({"buyer_limit": 4, "barcodes": "GENERATED"})).await["buyer_limit"], 4);
    seller.order("POST", &order, "/basket", None).await.ok();
    assert_eq!(world.change_session(json!({"barcodes": "IMPORTED"})).await["barcodes"], "IMPORTED");
    assert_eq!(world.change_session(json!({"name": "Saturday"})).await["barcodes"], "IMPORTED", "what is not named stays");
    seller.pre_confirm(&order).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    world.change_session(json!({"barcodes": "GENERATED"})).await;
    seller.pre_confirm(&order).await.ok();
    seller.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    world.admin.0.patch(&path, json!({"barcodes": "IMPORTED"})).await.refused("CONFLICT");
}

async fn nobody_else_sees_a_pool(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    import(&world, &["A-0001"]).await;
    let ringmaster = person(&world.admin, world.circus, "ringmaster", &["EVENT_MANAGER"]).await;
    let ringmaster = ManagerClient::with_password(world.nobody(), &ringmaster.username, &ringmaster.password).await.0;
    for answer in each_call(&ringmaster, &pool(&world)).await {
        answer.refused("NOT_FOUND");
    }
    let clerk = ManagerClient::with_password(world.nobody(), &world.clerk.username, &world.clerk.password).await.0;
    for answer in each_call(&clerk, &pool(&world)).await {
        answer.refused("FORBIDDEN_RESOURCE");
    }
    // Another operator's barcodes are its own, the same ones too.
    let other = world.platform.make_id("/operators", json!({"name": "Ponent"})).await;
    let entity = world.platform.make_id(&format!("/entities?operator_id={other}"), json!({"name": "Opera"})).await;
    let keys = format!("/entities/{entity}/keys?operator_id={other}");
    let key = world.platform.make(&keys, json!({"roles": ["OPERATOR_ADMIN"]})).await;
    let stranger = ManagerClient::with_key(world.nobody(), key["secret"].as_str().unwrap()).await.0;
    for answer in each_call(&stranger, &pool(&world)).await {
        answer.refused("NOT_FOUND");
    }
    assert_eq!(counts(&world).await, [1, 1, 0, 0]);
}

async fn each_call(caller: &aforo_testkit::caller::Caller, pool: &str) -> [Answer; 3] {
    [caller.get(pool).await, caller.post(pool, json!({"barcodes": ["A-0002"]})).await, caller.delete(pool).await]
}

async fn malformed_barcodes_change_nothing(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let post = async |barcodes: Value| world.admin.0.post(pool(&world), json!({ "barcodes": barcodes })).await;
    let long = "x".repeat(65);
    // The last one could be drawn for a ticket one day.
    let refused = post(json!(["good", "", "two words", "ñ", long, "23456ABCDEFGHJKMNPQRST"])).await.refused("DIST0005");
    assert_eq!(refused.body["details"], json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, {"id": 5}]));
    assert!(!refused.text.contains("23456"), "{}", refused.text);
    post(json!([])).await.refused("DIST0005");
    post(json!([7])).await.refused("DIST0002");
    world.admin.0.post(pool(&world), json!({})).await.refused("DIST0006");
    world.admin.0.get(format!("{}?limit=0", pool(&world))).await.refused("DIST0005");
    assert_eq!(counts(&world).await, [0, 0, 0, 0]);
}
