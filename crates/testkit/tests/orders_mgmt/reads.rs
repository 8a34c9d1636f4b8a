//! Reading what was sold: by code, as lists, item by item, and line by line of an order's book.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::{API, code, codes, ids, item_ids, sell};

pub async fn what_was_sold_is_read_at_once(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let sold = sell(&seller, world.session, &world.row[..2]).await;
    let path = format!("{API}/orders/{}", code(&sold));
    let read = seller.0.get(&path).await.ok();
    assert_eq!((&read["code"], &read["status"], &read["type"]), (&sold["code"], &json!("CONFIRM"), &json!("PURCHASE")));
    assert_eq!(read["channel"], json!({"id": world.web.id, "name": "WEB"}));
    for same in ["buyer", "payments", "price", "promotions", "currency"] {
        assert_eq!(read[same], sold[same], "{same}");
    }
    assert!(read.get("id").is_none(), "who knows it may change the order");
    assert_eq!(read["date"]["confirmed"], "2031-01-15T11:00:00.000+01:00");
    assert_eq!(read["items"][0]["session"]["date"]["start"], "2031-01-31T20:00:00.000+01:00");
    assert_eq!((item_ids(&read), &read["items"][0]["ticket"]), (item_ids(&sold), &sold["items"][0]["ticket"]));
    assert_eq!(world.admin.0.get(&path).await.ok(), read);
    let asked = format!("{path}?operator_id={}", world.operator);
    assert_eq!(world.platform.0.get(asked).await.ok(), read);

    let book = seller.0.get(format!("{path}/history")).await.ok();
    let line = json!({"number": 1, "date": "2031-01-15T11:00:00.000+01:00", "type": "CONFIRMED", "by": {"channel_id": world.web.id}, "tickets": 2, "total": 40});
    assert_eq!(book, json!({"metadata": {"limit": 100, "total": 1, "offset": 0}, "data": [line]}));
    assert_eq!(seller.0.get(format!("{path}/history?offset=1")).await.ok()["data"], json!([]));
}

pub async fn lists_of_orders_are_cut_and_filtered(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let mut sold = Vec::new();
    for pair in world.row.chunks(2).take(3) {
        sold.push(code(&sell(&seller, world.session, pair).await).to_owned());
        server.pass_seconds(60).await;
    }
    // One that is not sold.
    seller.add_seats(&seller.create().await, world.session, &world.row[6..]).await.ok();
    let list = async |query: &str| codes(&seller.0, &format!("/orders{query}")).await;
    assert_eq!(list("").await, (3, sold.clone()));
    assert_eq!(list("?limit=1&offset=1").await, (3, vec![sold[1].clone()]));
    assert_eq!(list("?type=PURCHASE&offset=9999999999").await, (3, Vec::new()));
    let span = "?purchase_date_from=2031-01-15T10:00:01Z&purchase_date_to=2031-01-15T10:01:00Z";
    assert_eq!(list(span).await, (1, vec![sold[1].clone()]), "the last second is in it");
    assert_eq!(list("?purchase_date_to=2031-01-15T09:59:59Z").await.0, 0);
    assert_eq!(codes(&world.admin.0, "/orders?limit=2").await, (3, sold[..2].to_vec()));
}

pub async fn items_are_found_by_session_and_by_change(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let first = sell(&seller, world.session, &world.row[..2]).await;
    server.pass_seconds(60).await;
    let second = sell(&seller, world.session, &world.row[2..4]).await;
    let all: Vec<_> = [item_ids(&first), item_ids(&second)].concat();
    let session = world.session;
    let list = async |query: &str| ids(&seller.0, &format!("/order-items?session_id={session}{query}")).await;
    assert_eq!(list("").await, (4, all.clone()));
    let whole = "&type=SEAT&search_mode=NET&last_modified=gte:2031-01-01T00:00:00Z&sort=purchase_date:asc&limit=3&offset=1";
    assert_eq!(list(whole).await, (4, all[1..].to_vec()));
    assert_eq!(list("&sort=purchase_date:desc&limit=1").await, (4, vec![all[3]]));
    assert_eq!(list("&last_modified=gte:2031-01-15T10:00:30Z").await, (2, all[2..].to_vec()));
    assert_eq!(list("&offset=9007199254740000").await, (4, Vec::new()));
    assert_eq!(ids(&seller.0, "/order-items?last_modified=lt:2031-01-15T10:00:30Z&sort=last_modified").await, (2, all[..2].to_vec()));
    assert_eq!(ids(&seller.0, &format!("/order-items?session_id={}", session + 1)).await, (0, Vec::new()));
    let item = seller.0.get(format!("{API}/order-items?session_id={session}&limit=1")).await.ok()["data"][0].clone();
    assert_eq!(
        item["order"],
        json!({"code": code(&first), "type": "PURCHASE", "market": "PRIMARY", "channel": {"id": world.web.id}, "currency": "EUR"})
    );
    assert_eq!((&item["purchase_date"], &item["last_modified"]), (&json!("2031-01-15T11:00:00.000+01:00"), &item["purchase_date"]));
    assert_eq!((&item["seat"], &item["price"]), (&first["items"][0]["seat"], &first["items"][0]["price"]));
    assert_eq!(item["buyer"]["email"], "ada@example.org");
}

/// It has a code, and is not in the books until it is sold.
pub async fn a_booking_is_found_by_its_code(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"booking": {"enabled": true, "minutes": 30}})).await;
    world.change_session(json!({"date": {"booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-22T00:00:00Z"}})).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let booked = seller.order("POST", &order, "/booking", None).await.ok();
    let path = format!("{API}/orders/{}", code(&booked));
    let read = seller.0.get(&path).await.ok();
    assert_eq!((&read["type"], &read["status"]), (&json!("BOOKING"), &json!("PRE_CONFIRM")));
    assert_eq!(read["date"]["expires"], "2031-01-15T11:30:00.000+01:00");
    assert_eq!(codes(&seller.0, "/orders").await.0, 0);
    server.pass_seconds(30 * 60).await;
    seller.0.get(&path).await.refused("ORDER_NOT_FOUND");
}

pub async fn wrong_questions_are_told_what_is_wrong(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let refused = async |path: &str, code: &str| drop(seller.0.get(format!("{API}{path}")).await.refused(code));
    for date in ["2031-01-15", "2031-01-15T10:00:00+00:00", "2031-01-15T10:00:00.000Z", "2031-02-30T10:00:00Z", "now"] {
        refused(&format!("/orders?purchase_date_from={date}"), "DIST0004").await;
        refused(&format!("/orders?purchase_date_to={date}"), "DIST0004").await;
    }
    refused("/orders?purchase_date_from=2031-01-16T00:00:00Z&purchase_date_to=2031-01-15T00:00:00Z", "DIST0001").await;
    refused("/orders?type=GIFT", "DIST0005").await;
    refused("/orders?limit=501", "DIST0005").await;
    refused("/order-items", "DIST0006").await;
    refused("/order-items?session_id=1&search_mode=GUESS", "DIST0005").await;
    refused("/order-items?session_id=1&type=BALLOON", "DIST0005").await;
    refused("/order-items?session_id=1&sort=price:asc", "DIST0005").await;
    refused("/order-items?session_id=x", "DIST0004").await;
    refused("/order-items?last_modified=soon", "DIST0004").await;
    for none in ["ZZZZZZZZZZZZ", "abc", "zzzzzzzzzzzz", "ZZZZZZZZZZZZZ"] {
        refused(&format!("/orders/{none}"), "ORDER_NOT_FOUND").await;
        refused(&format!("/orders/{none}/history"), "ORDER_NOT_FOUND").await;
    }
}
