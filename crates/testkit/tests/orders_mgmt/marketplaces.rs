//! Tickets that a marketplace sells again, from the shop's order to the marketplace's, and what each of them shows afterwards.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, Ask, Caller};
use aforo_testkit::market::{MARKET, Market, barcode, sale, sell};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::{API, codes, ids, item_ids};

async fn read(caller: &Caller, code: &Value) -> Value {
    caller.get(format!("{API}/orders/{}", code.as_str().unwrap())).await.ok()
}

async fn refund(caller: &Caller, order: &Value, items: &[u64]) -> Answer {
    let items: Vec<_> = items.iter().map(|id| json!({ "id": id })).collect();
    caller.post(format!("{API}/orders/{}/refund", text(order, "code")), json!({"items": items, "type": "MANUAL"})).await
}

fn states(order: &Value) -> Vec<&str> {
    order["items"].as_array().unwrap().iter().map(|item| item["ticket"]["status"].as_str().unwrap()).collect()
}

/// The lines of an order's book after that of its sale: each type, and the code that it names.
async fn lines(caller: &Caller, order: &Value) -> Vec<(Value, Value)> {
    let book = caller.get(format!("{API}/orders/{}/history", text(order, "code"))).await.ok();
    book["data"].as_array().unwrap()[1..].iter().map(|line| (line["type"].clone(), line["code"].clone())).collect()
}

pub async fn a_ticket_is_sold_again_by_a_marketplace(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let market = Market::set_up(&world).await;
    let (shop, session) = (&market.shop, world.session);
    let first = sell(shop, session, &world.row[..2]).await;
    let items = item_ids(&first);

    // The marketplace looks at the ticket by its barcode, and registers it. It opens gates still, and is not given back.
    let named = json!({"session_id": session, "tickets": [{"barcode": barcode(&first, 0)}]});
    let seen = market.tickets("validate", named.clone()).await.ok();
    let ticket = &seen["tickets"][0];
    assert_eq!((&ticket["id"], &ticket["order_code"], &ticket["status"]), (&json!(items[0]), &first["code"], &json!("VALID")));
    assert_eq!((&ticket["price"], &ticket["currency"], &ticket["session"]["id"]), (&json!(20), &json!("EUR"), &json!(session)));
    assert!(text(ticket, "barcode").starts_with("****"), "it opens gates: {ticket}");
    server.pass_seconds(60).await;
    assert_eq!(market.tickets("register", named).await.ok()["tickets"][0]["status"], "REGISTERED");
    assert_eq!(states(&read(&shop.0, &first["code"]).await), ["REGISTERED", "VALID"]);
    refund(&shop.0, &first, &items).await.refused("PRODUCT_STATE_INVALID");

    // It is sold for 30, of which the marketplace takes 5 more.
    server.pass_seconds(60).await;
    let second = market.reissue(session, &first, json!({})).await.ok();
    assert_eq!(
        (&second["status"], &second["type"], &second["channel"]["id"]),
        (&json!("CONFIRM"), &json!("PURCHASE"), &json!(market.channel))
    );
    let price = &second["price"];
    assert_eq!((&price["base"], &price["surcharges"], &price["total"], &price["to_pay"]), (&json!(30), &json!(5), &json!(35), &json!(35)));
    assert_eq!(second["payments"], json!([{"type": "EXTERNAL", "amount": 35}]));
    assert_eq!((&second["buyer"]["email"], &second["items"][0]["seat"]["id"]), (&json!("grace@example.org"), &json!(world.row[0])));
    assert_eq!(second["items"][0]["previous"], json!({"code": first["code"], "item_id": items[0]}));
    assert_ne!(barcode(&second, 0), barcode(&first, 0));
    let path = format!("{MARKET}/reissues/{}", text(&second, "code"));
    assert_eq!(market.market.0.get(&path).await.ok(), second);

    // Both orders say so of each other; the first one's money is what it was.
    let (old, new) = (read(&shop.0, &first["code"]).await, read(&market.market.0, &second["code"]).await);
    assert_eq!((states(&old), &old["price"], &old["market"]), (vec!["REISSUED", "VALID"], &first["price"], &json!("PRIMARY")));
    assert_eq!(old["next"], json!([{"code": second["code"], "date": "2031-01-15T11:02:00.000+01:00", "items": [{"id": items[0]}]}]));
    assert_eq!((&new["market"], &new["previous_code"]), (&json!("SECONDARY"), &first["code"]));
    let of = |kind: &str, code: &Value| (json!(kind), code.clone());
    assert_eq!(lines(&shop.0, &first).await, [of("REGISTERED", &Value::Null), of("REISSUED", &second["code"])]);
    assert_eq!(codes(&market.market.0, "/orders").await.1, [text(&second, "code")]);

    // The place was free at no instant, and is one buyer's; what is dead is not handed out any more.
    let taken = shop.add_seats(&shop.create().await, session, &world.row[..1]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    assert_eq!(taken.body["details"], json!([{"id": world.row[0]}]));
    let list = async |caller: &Caller, mode: &str| ids(caller, &format!("/order-items?session_id={session}&search_mode={mode}")).await.1;
    let sold_again = item_ids(&second)[0];
    assert_eq!(list(&world.admin.0, "NET").await, [items[1], sold_again]);
    assert_eq!(list(&world.admin.0, "GROSS").await, [items[0], items[1], sold_again]);
    let qr = async |caller: &Caller, order: &Value| {
        caller.get(format!("{API}/orders/{}/items/{}/qr.svg", text(order, "code"), item_ids(order)[0])).await.status
    };
    assert_eq!((qr(&shop.0, &first).await, qr(&market.market.0, &second).await), (409, 200));

    reports_tell_it_apart(&world).await;

    // Its new buyer gives it back, and it is for sale again.
    refund(&shop.0, &first, &items[..1]).await.refused("PRODUCT_STATE_INVALID");
    refund(&market.market.0, &second, &[sold_again]).await.ok();
    sell(shop, session, &world.row[..1]).await;
}

/// Nobody owes the promoter for one ticket twice.
async fn reports_tell_it_apart(world: &SmallWorld<'_>) {
    let report = async |path: &str| {
        let path = format!("/mgmt-api/v1/reports/{path}?from=2031-01-15T00:00:00Z&to=2031-01-16T00:00:00Z");
        world.admin.0.get(path).await.ok()["data"].as_array().unwrap().clone()
    };
    let sales: Vec<_> = report("sales").await.iter().map(|row| (row["market"].clone(), row["sales"]["total"].clone())).collect();
    assert_eq!(sales, [(Value::Null, json!(40)), (json!("SECONDARY"), json!(35))]);
    let owed: Vec<_> = report("settlement").await.iter().map(|row| row["payable"].clone()).collect();
    assert_eq!(owed, [json!(40)]);
}

pub async fn a_batch_is_reissued_whole_or_not_at_all(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let market = Market::set_up(&world).await;
    let orders = [sell(&market.shop, world.session, &world.row[..2]).await, sell(&market.shop, world.session, &world.row[4..6]).await];
    let all: Vec<_> = orders.iter().flat_map(item_ids).collect();
    let by_code: Vec<_> = orders.iter().map(|order| json!({"order_code": order["code"]})).collect();
    market.tickets("register", json!({"tickets": &by_code[..1]})).await.ok();
    let tickets: Vec<_> = all.iter().map(|id| json!({"id": id, "price": 25})).collect();
    let buyer = json!({"currency": "EUR", "total": 100, "buyer": {"email": "grace@example.org"}});
    let sell_all = async || market.reissue(world.session, &orders[0], json!({"tickets": tickets, "order": buyer})).await;
    let refused = sell_all().await.refused("2MKT0016");
    assert_eq!(refused.body["details"], json!([{"id": all[2]}, {"id": all[3]}]));
    assert_eq!(states(&read(&world.admin.0, &orders[0]["code"]).await), ["REGISTERED", "REGISTERED"]);

    market.tickets("register", json!({"tickets": &by_code[1..]})).await.ok();
    let second = sell_all().await.ok();
    assert_eq!((item_ids(&second).len(), &second["price"]["total"], &second["price"]["surcharges"]), (4, &json!(100), &json!(0)));
    for (order, nth) in [(&orders[0], 0), (&orders[1], 2)] {
        assert_eq!(second["items"][nth]["previous"]["code"], order["code"]);
        let old = read(&world.admin.0, &order["code"]).await;
        assert_eq!((states(&old), &old["next"][0]["code"]), (vec!["REISSUED", "REISSUED"], &second["code"]));
    }
    // What was bought there is sold there again.
    let again = json!({"tickets": [{"order_code": second["code"]}]});
    assert_eq!(market.tickets("register", again).await.ok()["tickets"].as_array().unwrap().len(), 4);
    let third = market.reissue(world.session, &second, json!({})).await.ok();
    assert_eq!(third["items"][0]["previous"]["code"], second["code"]);
}

pub async fn a_blocked_ticket_is_no_ticket_for_a_while(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let market = Market::set_up(&world).await;
    let order = sell(&market.shop, world.session, &world.row[..2]).await;
    let qr = format!("{API}/orders/{}/items/{}/qr.svg", text(&order, "code"), item_ids(&order)[0]);
    market.first("block", &order).await.ok();
    assert_eq!(states(&read(&market.shop.0, &order["code"]).await), ["BLOCKED", "VALID"]);
    market.shop.0.get(&qr).await.refused("PRODUCT_STATE_INVALID");
    market.first("register", &order).await.refused("2MKT0043");
    refund(&market.shop.0, &order, &item_ids(&order)[..1]).await.refused("PRODUCT_STATE_INVALID");
    market.first("unblock", &order).await.ok();
    market.shop.0.get(&qr).await;
    // A marketplace that is not there any more leaves nothing that another one of the same entity could not clear.
    market.first("register", &order).await.ok();
    market.first("block", &order).await.ok();
    let (_, other) = Market::another(&world, world.theatre).await;
    let clear =
        async |what: &str| other.0.post(format!("{MARKET}/tickets/{what}"), json!({"tickets": [{"id": item_ids(&order)[0]}]})).await;
    clear("unregister").await.refused("2MKT0016");
    world.admin.change(&format!("/channels/{}", market.channel), json!({"status": "INACTIVE"})).await;
    clear("unregister").await.ok();
    assert_eq!(clear("unblock").await.ok()["tickets"][0]["status"], "VALID");
    refund(&market.shop.0, &order, &item_ids(&order)[..1]).await.ok();
}

pub async fn what_is_asked_twice_is_done_once(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let market = Market::set_up(&world).await;
    let order = sell(&market.shop, world.session, &world.row[..2]).await;
    market.first("register", &order).await.ok();
    let body = sale(world.session, &order, json!({}));
    let ask = || Ask::new("POST", format!("{MARKET}/reissues")).json(&body).header("idempotency-key", "sale-1");
    let first = market.market.0.send(ask()).await.ok();
    let again = market.market.0.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), first);
    // Without it, two that come at once are one sale.
    let other = sell(&market.shop, world.session, &world.row[4..6]).await;
    market.first("register", &other).await.ok();
    let (one, two) = tokio::join!(market.reissue(world.session, &other, json!({})), market.reissue(world.session, &other, json!({})));
    let (won, lost) = if one.status == 200 { (one, two) } else { (two, one) };
    won.ok();
    lost.refused("2MKT0007");
}
