//! Receipts and shifts through HTTP: numbers without gaps whatever is sold, given back or refused; and a till that is opened, sold at and counted.

use std::collections::HashMap;

use aforo_testkit::builders::{SmallWorld, gift_order, id, person, text, till};
use aforo_testkit::caller::{Answer, Ask, Caller, ManagerClient, SellerClient};
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::{Value, json};

use super::refunds::{read, refund};
use super::reports::table;
use super::{API, code, item_ids, sell, with_role};

const SHIFTS: &str = "/distribution-api/v1/shifts";
const MGMT: &str = "/mgmt-api/v1";

/// The theatre numbers receipts from now on.
async fn number_receipts(world: &SmallWorld<'_>, receipts: Value) -> Value {
    world.admin.change(&format!("/entities/{}", world.theatre), json!({ "receipts": receipts })).await["receipts"].clone()
}

fn number(order: &Value) -> u64 {
    order["receipt"]["number"].as_u64().unwrap_or_else(|| panic!("no receipt: {order}"))
}

/// The clerk at the theatre's till, who may give back, too.
async fn at_the_till(world: &SmallWorld<'_>) -> SellerClient {
    world.admin.change(&format!("/users/{}", world.clerk.id), json!({"permissions": ["REFUND"]})).await;
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    SellerClient(world.nobody().signed_in(&world.counter(&strings, &[])).await)
}

async fn pay(seller: &SellerClient, session: u64, seats: &[u64], payments: Value) -> Value {
    let order = seller.create().await;
    seller.add_seats(&order, session, seats).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    seller.order("POST", &order, "/confirm", Some(json!({ "payments": payments }))).await.ok()
}

async fn current(seller: &SellerClient) -> Value {
    seller.0.get(format!("{SHIFTS}/current")).await.ok()
}

async fn close(seller: &SellerClient, shift: &Value, counted: Value) -> Answer {
    seller.0.post(format!("{SHIFTS}/{}/close", id(shift)), json!({ "counted": counted })).await
}

/// What a shift says of a type of payment: paid, paid out, expected.
fn way(shift: &Value, kind: &str) -> (Value, Value, Value) {
    let ways = shift["payments"].as_array().unwrap();
    let way = ways.iter().find(|way| way["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {shift}"));
    (way["paid"].clone(), way["paid_out"].clone(), way["expected"].clone())
}

pub async fn receipts_have_no_gaps(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, counter) = (world.seller().await, at_the_till(&world).await);
    let before = sell(&seller, world.session, &world.row[..2]).await;
    assert_eq!(before.get("receipt"), None);
    assert_eq!(number_receipts(&world, json!({"prefix": "F-"})).await, json!({"active": true, "prefix": "F-"}));
    server.pass_seconds(1).await;

    // All channels of the entity count in one series; who is refused takes no number.
    let first = sell(&seller, world.session, &world.row[2..4]).await;
    assert_eq!(first["receipt"], json!({"number": 1, "prefix": "F-"}));
    let order = counter.create().await;
    counter.add_seats(&order, world.session, &world.row[4..6]).await.ok();
    counter.buyer(&order, "ada@example.org").await.ok();
    counter.pre_confirm(&order).await.ok();
    counter.confirm(&order, &json!(39)).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    let second = counter.confirm(&order, &json!(40)).await.ok();
    assert_eq!((number(&second), counter.confirm(&order, &json!(40)).await.ok()), (2, second.clone()), "asked again it is the same");
    let back = refund(&seller.0, &first, &item_ids(&first)[..1], json!({})).await.ok();
    let down = json!({"items": [{"id": item_ids(&first)[1], "price_type_id": world.floor}]});
    let moved = seller.0.post(format!("{API}/orders/{}/relocate", code(&first)), down).await.ok();
    world.gift_vouchers(json!({})).await;
    let gift = seller.0.post("/distribution-api/v1/voucher-orders", gift_order(25)).await.ok();
    let gift = format!("/distribution-api/v1/voucher-orders/{}", text(&gift, "id"));
    seller.0.post(format!("{gift}/pre-confirm"), json!({})).await.ok();
    let paid = json!({"payment": {"status": "PAID", "amount": 25, "type": "CARD"}});
    let gift = seller.0.post(format!("{gift}/confirm"), paid).await.ok();
    assert_eq!([number(&back), number(&moved), number(&gift)], [3, 4, 5]);
    assert_eq!(read(&counter.0, &second).await["receipt"], second["receipt"]);
    assert_eq!(read(&seller.0, &before).await.get("receipt"), None);

    // Nothing is numbered while it is switched off; afterwards it goes on, with what stands before numbers then.
    assert_eq!(number_receipts(&world, json!({"active": false})).await, json!({"active": false, "prefix": "F-"}));
    let unnumbered = sell(&seller, world.session, &world.row[6..8]).await;
    assert_eq!(unnumbered.get("receipt"), None);
    number_receipts(&world, json!({"active": true, "prefix": "G/"})).await;
    let back = refund(&seller.0, &unnumbered, &item_ids(&unnumbered), json!({})).await.ok();
    assert_eq!(back["receipt"], json!({"number": 6, "prefix": "G/"}));
    let export = format!("{MGMT}/exports/orders?from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z&format=NDJSON");
    let export = world.admin.0.get(export).await.text;
    let receipts = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["receipt"].clone());
    let mut receipts: Vec<_> = receipts.filter_map(|receipt| receipt.as_str().map(str::to_owned)).collect();
    receipts.sort();
    assert_eq!(receipts, ["F-1", "F-2", "F-3", "F-4", "G/6"], "voucher orders are not in it");

    let entity = format!("{MGMT}/entities/{}", world.theatre);
    for bad in ["with a blank", "no umläut", "far-too-long-a-prefix"] {
        world.admin.0.patch(&entity, json!({"receipts": {"prefix": bad}})).await.refused("DIST0005");
    }
    let manager = with_role(&world, world.theatre, "CHANNEL_MANAGER").await;
    manager.patch(&entity, json!({"receipts": {"active": false}})).await.refused("FORBIDDEN_RESOURCE");
}

/// Many who buy at once: each number is one order's.
pub async fn receipts_are_numbered_in_a_rush(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    number_receipts(&world, json!({})).await;
    let (seller, counter) = (world.seller().await, at_the_till(&world).await);
    let buy = async |seller: &SellerClient| {
        let order = seller.create().await;
        seller.add_auto(&order, world.session, world.floor, 1).await.ok();
        seller.buyer(&order, "ada@example.org").await.ok();
        seller.pre_confirm(&order).await.ok();
        number(&seller.confirm(&order, &json!(10)).await.ok())
    };
    let mut numbers = Vec::new();
    for _ in 0..4 {
        let (a, b, c, d) = tokio::join!(buy(&seller), buy(&counter), buy(&seller), buy(&counter));
        numbers.extend([a, b, c, d]);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
}

pub async fn a_till_is_opened_sold_at_and_counted(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let counter = at_the_till(&world).await;
    counter.0.get(format!("{SHIFTS}/current")).await.refused("NOT_FOUND");
    // Nobody needs a shift to sell; what is sold without is in none.
    let early = pay(&counter, world.session, &world.row[..2], json!([{"type": "CASH", "amount": 40}])).await;
    let opened = counter.0.post(SHIFTS, json!({"float": 100.5})).await.ok();
    assert_eq!(
        (&opened["status"], &opened["float"], &opened["opened_by"]),
        (&json!("OPEN"), &json!(100.5), &json!({"id": world.clerk.id}))
    );
    assert_eq!((opened["terminal_id"].as_u64(), opened["point_of_sale_id"].as_u64()), (Some(world.till.id), Some(world.door)));
    assert_eq!(way(&opened, "CASH"), (json!(0), json!(0), json!(100.5)));
    counter.0.post(SHIFTS, json!({"float": 100})).await.refused("CONFLICT");

    server.pass_seconds(60).await;
    let mixed = json!([{"type": "CASH", "amount": 15}, {"type": "CARD", "amount": 25}]);
    let first = pay(&counter, world.session, &world.row[2..4], mixed).await;
    pay(&counter, world.session, &world.row[4..6], json!([{"type": "CARD", "amount": 40}])).await;
    // What the web sells is none of the till's business; what it sold is, if it comes back here.
    let seller = world.seller().await;
    sell(&seller, world.session, &world.row[6..8]).await;
    let cash = json!({"payments": [{"type": "CASH", "amount": 20}]});
    let back = refund(&counter.0, &first, &item_ids(&first)[..1], cash.clone()).await.ok();
    assert_eq!(back["payments"], cash["payments"]);
    let back = refund(&counter.0, &early, &item_ids(&early)[..1], json!({})).await.ok();
    assert_eq!(back["payments"], json!([{"type": "MANUAL", "amount": 20}]));
    // A seat at 20 for a place at 10.
    let down = json!({"items": [{"id": item_ids(&first)[1], "price_type_id": world.floor}], "payments": [{"type": "CASH", "amount": 10}]});
    let moved = counter.0.post(format!("{API}/orders/{}/relocate", code(&first)), down).await.ok();
    assert_eq!((&moved["relocation"]["payments"], &moved["payments"]), (&json!([{"type": "CASH", "amount": 10}]), &json!([])));

    let now = current(&counter).await;
    assert_eq!((&now["sales"], &now["refunds"]), (&json!(3), &json!(2)));
    assert_eq!(way(&now, "CASH"), (json!(15), json!(30), json!(85.5)), "100.5 + 15 - 20 - 10");
    assert_eq!(way(&now, "CARD"), (json!(65), json!(0), json!(65)));
    assert_eq!(way(&now, "MANUAL"), (json!(0), json!(20), json!(-20)));

    let closed = close(&counter, &opened, json!([{"type": "CASH", "amount": 85}, {"type": "CARD", "amount": 65}])).await.ok();
    assert_eq!((&closed["status"], &closed["closed_by"]), (&json!("CLOSED"), &json!({"id": world.clerk.id})));
    let line = |kind: &str| closed["payments"].as_array().unwrap().iter().find(|way| way["type"] == kind).unwrap().clone();
    assert_eq!((&line("CASH")["counted"], &line("CASH")["difference"]), (&json!(85), &json!(-0.5)));
    assert_eq!((&line("CARD")["difference"], line("MANUAL").get("difference")), (&json!(0), None));
    close(&counter, &opened, json!([{"type": "CASH", "amount": 85}])).await.refused("NOT_FOUND");
    let lines = table(&world.admin.0.get(format!("{MGMT}/shifts?format=CSV")).await);
    let cells = |line: &HashMap<String, String>| {
        ["type", "float", "paid", "paid_out", "expected", "counted", "difference"].map(|name| line[name].clone()).join(" ")
    };
    assert_eq!(lines.iter().map(cells).collect::<Vec<_>>(), ["MANUAL  0 20 -20  ", "CASH 100.5 15 30 85.5 85 -0.5", "CARD  65 0 65 65 0"]);
    assert_eq!((lines[0]["terminal"].as_str(), lines[0]["opened_by"].as_str(), lines[0]["sales"].as_str()), ("TILL-1", "clerk", "3"));
    // The next one begins anew.
    let next = counter.0.post(SHIFTS, json!({"float": 0})).await.ok();
    assert_eq!((next["payments"].as_array().unwrap().len(), id(&next) > id(&opened)), (1, true));
    assert_eq!(world.admin.0.get(format!("{MGMT}/shifts/{}", id(&opened))).await.ok(), closed);
}

pub async fn what_is_paid_out_is_what_comes_back(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let items = item_ids(&sold);
    let paid = |amounts: &[Value]| {
        let payments: Vec<_> = amounts.iter().map(|amount| json!({"type": "CARD", "amount": amount, "reference": "tpv-3"})).collect();
        json!({ "payments": payments })
    };
    refund(&seller.0, &sold, &items[..1], paid(&[json!(19.99)])).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    refund(&seller.0, &sold, &items[..1], paid(&[json!(15), json!(5.01)])).await.refused("DIST0005");
    refund(&seller.0, &sold, &items[..1], paid(&[json!(20.001)])).await.refused("DIST0004");
    refund(&seller.0, &sold, &items[..1], json!({"payments": [{"type": "VOUCHER", "amount": 20}]})).await.refused("DIST0005");
    assert!(read(&seller.0, &sold).await.get("refunds").is_none());
    let back = refund(&seller.0, &sold, &items[..1], paid(&[json!(15), json!(5)])).await.ok();
    assert_eq!((&back["payments"][1]["amount"], &back["payments"][1]["reference"]), (&json!(5), &json!("tpv-3")));
    let down = |amount: u64| {
        let payments = json!([{"type": "CASH", "amount": amount}]);
        json!({"items": [{"id": items[1], "price_type_id": world.floor}], "payments": payments})
    };
    let path = format!("{API}/orders/{}/relocate", code(&sold));
    seller.0.post(&path, down(9)).await.refused("PURCHASE_NOT_TOTALLY_PAID");
    seller.0.post(&path, down(11)).await.refused("DIST0005");
    seller.0.post(&path, down(10)).await.ok();
}

pub async fn each_till_has_its_own_shift(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let counter = at_the_till(&world).await;
    let first = counter.0.post(SHIFTS, json!({"float": 50})).await.ok();
    // A colleague at the same till sells into the same shift, at another one into another.
    person(&world.admin, world.theatre, "carme", &["SELLER"]).await;
    let other = till(&world.admin, world.theatre, "TILL-2").await;
    let strings = [world.box_office.id.to_string(), world.door.to_string()];
    let sign_in = async |changes: &[(&str, &str)]| {
        let mut all = vec![("username", "carme"), ("password", "secret of carme")];
        all.extend(changes);
        let form = world.counter(&strings, &all);
        SellerClient(world.nobody().signed_in(&form).await)
    };
    let carme = sign_in(&[]).await;
    assert_eq!(current(&carme).await, first);
    let elsewhere = sign_in(&[("terminal", &other.code), ("terminal_license", &other.license)]).await;
    elsewhere.0.get(format!("{SHIFTS}/current")).await.refused("NOT_FOUND");
    close(&elsewhere, &first, json!([{"type": "CASH", "amount": 50}])).await.refused("NOT_FOUND");
    let second = elsewhere.0.post(SHIFTS, json!({"float": 70})).await.ok();
    pay(&carme, world.session, &world.row[..2], json!([{"type": "CASH", "amount": 40}])).await;
    assert_eq!((way(&current(&counter).await, "CASH").2, way(&current(&elsewhere).await, "CASH").2), (json!(90), json!(70)));

    // Asked twice with one key it is closed once.
    let ask = || {
        let body = json!({"counted": [{"type": "CASH", "amount": 90}]});
        Ask::new("POST", format!("{SHIFTS}/{}/close", id(&first))).json(&body).header("idempotency-key", "close-1")
    };
    let closed = carme.0.send(ask()).await.ok();
    let again = carme.0.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), closed);
    assert_ne!(closed["closed_by"], closed["opened_by"]);

    let list = async |query: &str| ids(&world.admin.0, query).await;
    server.pass_seconds(60).await;
    let third = counter.0.post(SHIFTS, json!({"float": 0})).await.ok();
    let all = [&third, &second, &first].map(id).to_vec();
    assert_eq!(list("").await, (3, all.clone()), "the last opened first");
    assert_eq!(list("?limit=1&offset=1").await, (3, all[1..2].to_vec()));
    assert_eq!(list("?status=CLOSED").await.1, all[2..]);
    assert_eq!(list(&format!("?status=OPEN&terminal_id={}", world.till.id)).await.1, all[..1]);
    assert_eq!(list(&format!("?channel_id={}&point_of_sale_id={}", world.box_office.id, world.door)).await.0, 3);
    assert_eq!(list("?opened=gte:2031-01-15T10:00:30Z").await.1, all[..1]);
    assert_eq!(list(&format!("?channel_id={}", world.web.id)).await.0, 0);
}

/// The ids of shifts that somebody sees.
async fn ids(caller: &Caller, query: &str) -> (u64, Vec<u64>) {
    let list = caller.get(format!("{MGMT}/shifts{query}")).await.ok();
    (list["metadata"]["total"].as_u64().unwrap(), list["data"].as_array().unwrap().iter().map(id).collect())
}

pub async fn who_works_at_a_till_and_who_looks(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, counter) = (world.seller().await, at_the_till(&world).await);
    seller.0.post(SHIFTS, json!({"float": 0})).await.refused("FORBIDDEN_RESOURCE");
    seller.0.get(format!("{SHIFTS}/current")).await.refused("FORBIDDEN_RESOURCE");
    world.admin.0.post(SHIFTS, json!({"float": 0})).await.refused("INVALID_AUTH_CLIENT_ID");
    let open = async |body: Value, code: &str| counter.0.post(SHIFTS, body).await.refused(code).message().to_owned();
    assert_eq!(open(json!({}), "DIST0006").await, "Parameter(s) required: 'float'");
    open(json!({"float": -1}), "DIST0005").await;
    open(json!({"float": 0.001}), "DIST0004").await;
    open(json!({"float": "much"}), "DIST0002").await;
    let shift = counter.0.post(SHIFTS, json!({"float": 0})).await.ok();
    let cash = |amount: Value| json!({"type": "CASH", "amount": amount});
    for (counted, code) in [
        (json!([]), "DIST0005"),
        (json!([{"type": "CARD", "amount": 1}]), "DIST0005"),
        (json!([cash(json!(1)), cash(json!(2))]), "DIST0005"),
        (json!([cash(json!(-1))]), "DIST0005"),
        (json!([cash(json!(0.001))]), "DIST0004"),
        (json!([{"type": "SHELLS", "amount": 1}]), "DIST0005"),
        (json!([{"type": "CASH"}]), "DIST0006"),
        (json!([{"type": "CASH", "amount": 1, "currency": "EURO"}]), "DIST0004"),
        (json!(vec![cash(json!(1)); 51]), "DIST0005"),
    ] {
        close(&counter, &shift, counted).await.refused(code);
    }
    // Dollars that somebody took are counted, too.
    let both = json!([cash(json!(0)), {"type": "CASH", "amount": 5, "currency": "USD"}]);
    let closed = close(&counter, &shift, both).await.ok();
    assert_eq!((&closed["payments"][1]["currency"], &closed["payments"][1]["difference"]), (&json!("USD"), &json!(5)));

    let path = format!("{MGMT}/shifts/{}", id(&shift));
    let own = with_role(&world, world.theatre, "REPORTS").await;
    assert_eq!((own.get(&path).await.ok(), ids(&own, "").await.0), (closed, 1));
    let circus = with_role(&world, world.circus, "REPORTS").await;
    circus.get(&path).await.refused("NOT_FOUND");
    assert_eq!((ids(&circus, "").await.0, ids(&circus, &format!("?entity_id={}", world.theatre)).await.0), (0, 0));
    assert_eq!(ids(&world.admin.0, &format!("?entity_id={}", world.theatre)).await.0, 1);
    let manager = with_role(&world, world.theatre, "EVENT_MANAGER").await;
    manager.get(&path).await.refused("FORBIDDEN_RESOURCE");
    own.get(format!("{MGMT}/shifts?status=HALF")).await.refused("DIST0005");
}

/// Killed in the midst, a till goes on where it was: the shift is open, and numbers follow the last one.
pub async fn a_till_survives_a_restart(engine: Engine) {
    let server = TestServer::start(engine).await;
    let world = SmallWorld::set_up(&server).await;
    number_receipts(&world, json!({})).await;
    let counter = at_the_till(&world).await;
    counter.0.post(SHIFTS, json!({"float": 10})).await.ok();
    pay(&counter, world.session, &world.row[..2], json!([{"type": "CASH", "amount": 40}])).await;
    let before = current(&counter).await;
    let (session, row, token) = (world.session, world.row.clone(), counter.0.token().to_owned());
    drop((world, counter));
    let server = server.killed_and_started(|_| {}).await;
    let counter = SellerClient(server.nobody.with_token(token));
    assert_eq!(current(&counter).await, before);
    let sold = pay(&counter, session, &row[4..6], json!([{"type": "CARD", "amount": 40}])).await;
    let closed = close(&counter, &before, json!([{"type": "CASH", "amount": 50}])).await.ok();
    assert_eq!((number(&sold), way(&closed, "CARD").0, way(&closed, "CASH").2), (2, json!(40), json!(50)));
    let platform: ManagerClient = server.platform().await;
    let operator = id(&platform.0.get(format!("{MGMT}/operators")).await.ok()["data"][0]);
    let read = platform.0.get(format!("{MGMT}/shifts/{}?operator_id={operator}", id(&before))).await.ok();
    assert_eq!(read, closed);
    server.stop().await;
}
