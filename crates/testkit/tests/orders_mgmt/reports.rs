//! Reports, settlements and exports through HTTP: they add up to what orders say, to the cent, for each as far as it sees.

use std::collections::HashMap;

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::{Answer, Ask, Caller};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::refunds::refund;
use super::{API, code, finish, item_ids, sell, with_role};

const SPAN: &str = "from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z";

async fn report(caller: &Caller, path: &str) -> Vec<Value> {
    let list = caller.get(format!("/mgmt-api/v1{path}")).await.ok();
    let data = list["data"].as_array().unwrap().clone();
    assert_eq!(list["metadata"]["total"].as_u64().unwrap(), data.len() as u64);
    data
}

/// Sells, gives back and relocates: 4 seats at 20 with surcharges and a delivery, two products, one refund, one relocation to the floor.
async fn busy_day(world: &SmallWorld<'_>) -> Vec<Value> {
    let terms = json!({
        "delivery_methods": [{"id": 2, "type": "POST", "name": "Post", "cost": 4.5}],
        "insurances": [{"id": 8, "name": "Rain", "type": "FIXED", "value": 1.25}],
        "surcharges": [{"type": "PER_TICKET", "value": 1.5}, {"type": "PER_ORDER", "value": 2}],
    });
    world.admin.change(&format!("/channels/{}", world.web.id), terms).await;
    world.change_session(json!({"surcharges": [{"type": "PER_TICKET", "value": 0.33}]})).await;
    let product =
        json!({"entity_id": world.theatre, "name": "Programme", "prices": [{"currency": "EUR", "value": 3.5}], "channels": [world.web.id]});
    let product = world.admin.make_id("/products", product).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let call = async |path: &str, body: Value| drop(seller.order("POST", &order, path, Some(body)).await.ok());
    call("/products", json!({"products": [{"id": product, "quantity": 2}]})).await;
    call("/delivery-methods", json!({"id": 2})).await;
    call("/insurances", json!({"id": 8})).await;
    let first = finish(&seller, &order).await;
    world.server.pass_seconds(1).await;
    let second = sell(&seller, world.session, &world.row[4..6]).await;
    world.server.pass_seconds(1).await;
    let back = refund(&seller.0, &first, &item_ids(&first)[..1], json!({"include_surcharges": true, "include_delivery": true})).await.ok();
    world.server.pass_seconds(1).await;
    let down = json!({"items": [{"id": item_ids(&second)[0], "price_type_id": world.floor}]});
    let moved = seller.0.post(format!("{API}/orders/{}/relocate", code(&second)), down).await.ok();
    vec![first, second, back, moved]
}

/// Cents of an amount.
fn cents(amount: &Value) -> i64 {
    (amount.as_f64().unwrap() * 100.0).round() as i64
}

pub async fn what_was_sold_adds_up_to_the_cent(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let orders = busy_day(&world).await;
    let total = |order: &Value| cents(&order["price"]["total"]);
    let went = cents(&orders[3]["relocation"]["total"]);
    let expected = total(&orders[0]) + total(&orders[1]) - total(&orders[2]) + total(&orders[3]) - went;

    let rows = report(&world.admin.0, &format!("/reports/sales?{SPAN}")).await;
    assert_eq!(rows.len(), 1);
    let all = &rows[0];
    assert_eq!((all["currency"].as_str(), cents(&all["total"])), (Some("EUR"), expected));
    assert_eq!(
        (cents(&all["sales"]["total"]), cents(&all["refunds"]["total"])),
        (total(&orders[0]) + total(&orders[1]), total(&orders[2]))
    );
    assert_eq!((&all["sales"]["tickets"], &all["sales"]["units"], &all["refunds"]["tickets"]), (&json!(4), &json!(2), &json!(1)));
    assert_eq!((&all["relocations"]["tickets"], cents(&all["relocations"]["total"])), (&json!(0), total(&orders[3]) - went));
    assert_eq!(
        (&all["sales"]["delivery"], &all["sales"]["insurance"], &all["refunds"]["delivery"]),
        (&json!(4.5), &json!(2.5), &json!(4.5))
    );

    // However it is cut, it is the same.
    for by in ["day,channel,event,session,price_type,rate,product", "day", "session", "channel,rate", "product"] {
        let rows = report(&world.admin.0, &format!("/reports/sales?{SPAN}&group_by={by}&time_zone=Europe/Madrid&limit=500")).await;
        assert_eq!(rows.iter().map(|row| cents(&row["total"])).sum::<i64>(), expected, "{by}");
    }
    let rows = report(&world.admin.0, &format!("/reports/sales?{SPAN}&group_by=day,session&session_id={}", world.session)).await;
    assert_eq!((rows.len(), &rows[0]["day"], &rows[0]["session"]["id"]), (1, &json!("2031-01-15"), &json!(world.session)));
    assert_eq!(report(&world.admin.0, "/reports/sales?from=2031-01-16T00:00:00Z&to=2031-01-17T00:00:00Z").await, [] as [Value; 0]);
    let kiosk = format!("/reports/sales?{SPAN}&channel_id={}", world.kiosk.id);
    assert_eq!(report(&world.admin.0, &kiosk).await, [] as [Value; 0]);

    let refused =
        async |query: &str, code: &str| drop(world.admin.0.get(format!("/mgmt-api/v1/reports/sales?{query}")).await.refused(code));
    refused("", "DIST0006").await;
    refused("from=2031-01-01T00:00:00Z&to=2032-02-01T00:00:00Z", "DIST0005").await;
    refused("from=2031-01-02T00:00:00Z&to=2031-01-01T00:00:00Z", "DIST0001").await;
    refused(&format!("{SPAN}&group_by=colour"), "DIST0005").await;
    refused(&format!("{SPAN}&time_zone=Nowhere/Else"), "DIST0004").await;
}

pub async fn a_promoter_is_settled_with(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let orders = busy_day(&world).await;
    let path = format!("/mgmt-api/v1/channels/{}/commissions", world.web.id);
    assert_eq!(world.admin.0.get(&path).await.ok()["commissions"], json!([]));
    let terms = json!({"commissions": [{"percentage": 10, "per_ticket": 0.5}]});
    world.admin.0.put(&path, terms).await.ok();
    world.admin.0.put(&path, json!({"commissions": [{"percentage": 101}]})).await.refused("DIST0005");
    world.admin.0.put(&path, json!({"commissions": [{}, {}]})).await.refused("DIST0005");

    let rows = report(&world.admin.0, &format!("/reports/settlement?{SPAN}")).await;
    assert_eq!(rows.len(), 2, "the session, and products apart");
    let (products, session) = (&rows[0], &rows[1]);
    assert_eq!((&session["promoter"]["id"], &session["channel"]["id"]), (&json!(world.theatre), &json!(world.web.id)));
    assert_eq!((&session["sales"]["face"], &session["refunds"]["face"]), (&json!(80), &json!(20)));
    assert_eq!(session["relocations"]["face"], json!(-10), "a seat at 20 for a place at 10");
    // 3 tickets are left, for 50 in all: 10 % and half a euro each.
    assert_eq!(session["commission"], json!(6.5));
    let surcharges =
        cents(&session["sales"]["surcharges"]) - cents(&session["refunds"]["surcharges"]) + cents(&session["relocations"]["surcharges"]);
    assert_eq!((surcharges, cents(&session["payable"])), (3 * 33, 5_000 + 3 * 33 - 650));
    assert_eq!((products.get("session"), &products["sales"]["face"], &products["commission"]), (None, &json!(7), &json!(0.7)));

    // What is kept on refunds stays.
    world
        .admin
        .0
        .put(&path, json!({"commissions": [{"entity_id": world.theatre, "percentage": 10, "per_ticket": 0.5, "kept_on_refund": true}]}))
        .await
        .ok();
    let rows = report(&world.admin.0, &format!("/reports/settlement?{SPAN}&entity_id={}", world.theatre)).await;
    assert_eq!(rows[1]["commission"], json!(9));
    assert_eq!(report(&world.admin.0, &format!("/reports/settlement?{SPAN}&entity_id={}", world.circus)).await, [] as [Value; 0]);
    assert_eq!(orders.len(), 4);
}

pub async fn each_sees_its_own_part_of_the_books(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    // The circus sells what the theatre plays.
    let web = aforo_testkit::builders::channel(&world.admin, world.circus, "WEB").await;
    world
        .admin
        .change(
            &format!("/channels/{}", web.id),
            json!({"surcharges": [{"type": "PER_TICKET", "value": 1}, {"type": "PER_ORDER", "value": 2}]}),
        )
        .await;
    aforo_testkit::builders::publish(&world.admin, world.event, world.session, web.id, json!({})).await;
    let seller = aforo_testkit::caller::SellerClient::sign_in(world.nobody(), web.id, &web.secret).await;
    sell(&seller, world.session, &world.row[..2]).await;
    let theatre = with_role(&world, world.theatre, "REPORTS").await;
    let circus = with_role(&world, world.circus, "REPORTS").await;
    let path = format!("/reports/sales?{SPAN}");
    let (promoter, channel) = (report(&theatre, &path).await, report(&circus, &path).await);
    assert_eq!(promoter[0]["sales"]["total"], json!(42), "its tickets, with their surcharges");
    assert_eq!(channel[0]["sales"]["total"], json!(44), "the whole order");
    let settled = report(&theatre, &format!("/reports/settlement?{SPAN}")).await;
    assert_eq!((settled.len(), &settled[0]["payable"]), (1, &json!(40)));
    theatre.get(format!("/mgmt-api/v1/reports/settlement?{SPAN}&entity_id={}", world.circus)).await.refused("NOT_FOUND");
    let managers = with_role(&world, world.theatre, "EVENT_MANAGER").await;
    managers.get(format!("/mgmt-api/v1{path}")).await.refused("FORBIDDEN_RESOURCE");
    // Orders are the seller's: who sees a part exports its lines, and no orders.
    let orders = theatre.get(format!("/mgmt-api/v1/exports/orders?{SPAN}")).await;
    assert_eq!((orders.status, orders.text.as_str()), (200, ""));
    let lines = theatre.get(format!("/mgmt-api/v1/exports/order-items?{SPAN}&format=NDJSON")).await;
    assert_eq!(lines.text.lines().count(), 2);
}

pub async fn books_are_exported_line_by_line(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/events/{}", world.event), json!({"name": "=SUM(A1)"})).await;
    let orders = busy_day(&world).await;
    let export = async |what: &str| world.admin.0.get(format!("/mgmt-api/v1/exports/{what}?{SPAN}&format=NDJSON")).await;
    let lines = export("order-items").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for order in &orders {
        let own = lines.iter().filter(|line| line["code"] == order["code"]);
        let sum: i64 = own.filter(|line| line["quantity"] == 1).map(|line| cents(&line["total"])).sum();
        assert_eq!(sum, cents(&order["price"]["total"]), "{}", code(order));
    }
    let whole = export("orders").await;
    let whole: Vec<Value> = whole.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<_> = whole.iter().map(|line| line["code"].clone()).collect();
    assert_eq!(codes, orders.iter().map(|order| order["code"].clone()).collect::<Vec<_>>());
    assert_eq!((&whole[3]["previous_code"], &whole[0]["buyer_email"]), (&orders[1]["code"], &json!("ada@example.org")));
    assert_eq!(cents(&whole[2]["paid_out"]), cents(&orders[2]["price"]["to_pay"]));

    let table = world.admin.0.get(format!("/mgmt-api/v1/exports/order-items?{SPAN}")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let mut rows = table.text.lines();
    assert!(rows.next().unwrap().starts_with("date,code,order_type,"));
    assert_eq!(rows.clone().count(), lines.len());
    assert!(rows.next().unwrap().contains("'=SUM(A1)"), "no spreadsheet takes a name for a formula");
    world.admin.0.get(format!("/mgmt-api/v1/exports/orders?{SPAN}&format=XML")).await.refused("DIST0005");
}

/// The lines of a table in CSV, each by the names of its columns.
pub fn table(answer: &Answer) -> Vec<HashMap<String, String>> {
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"), "{}", answer.text);
    let mut lines = answer.text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap_or_default();
    lines.map(|line| names.iter().cloned().zip(line).collect()).collect()
}

pub async fn reports_are_tables_too(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/events/{}", world.event), json!({"name": "=SUM(A1)"})).await;
    busy_day(&world).await;
    let path = format!("/reports/sales?{SPAN}&group_by=event,session,price_type");
    let rows = report(&world.admin.0, &path).await;
    let get = async |more: &str| world.admin.0.get(format!("/mgmt-api/v1{path}{more}")).await;
    // All rows, whatever page is named.
    let answer = get("&format=CSV&limit=1&offset=1").await;
    let lines = table(&answer);
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(&rows) {
        assert_eq!(
            (line["total"].as_str(), line["session_id"].as_str()),
            (shown(&row["total"]).as_str(), shown(&row["session"]["id"]).as_str())
        );
        assert_eq!(line["sales_tickets"], row["sales"]["tickets"].to_string());
        assert_eq!(line["refunds_promoter_surcharges"], row["refunds"]["surcharges"]["promoter"].to_string());
    }
    let names: Vec<_> = lines.iter().map(|line| line["event"].as_str()).filter(|name| !name.is_empty()).collect();
    assert!(!names.is_empty() && names.iter().all(|name| *name == "'=SUM(A1)"), "no spreadsheet takes a name for a formula: {names:?}");

    let ask = |format: &str| Ask::new("GET", format!("/mgmt-api/v1{path}{format}")).header("accept", "text/html, text/csv;q=0.9");
    assert_eq!(world.admin.0.send(ask("")).await.text, answer.text);
    assert_eq!(world.admin.0.send(ask("&format=JSON")).await.ok()["data"], json!(rows));
    get("&format=XML").await.refused("DIST0005");

    let settlement = format!("/reports/settlement?{SPAN}");
    let rows = report(&world.admin.0, &settlement).await;
    let lines = table(&world.admin.0.get(format!("/mgmt-api/v1{settlement}&format=CSV")).await);
    let payable: Vec<_> = lines.iter().map(|line| (line["payable"].clone(), line["session"].clone())).collect();
    let expected = rows.iter().map(|row| (row["payable"].to_string(), row["session"]["name"].as_str().unwrap_or_default().to_owned()));
    assert_eq!(payable, expected.collect::<Vec<_>>());
    let none = world.admin.0.get("/mgmt-api/v1/reports/sales?from=2031-01-16T00:00:00Z&to=2031-01-17T00:00:00Z&format=CSV").await;
    assert_eq!((none.status, none.text.as_str()), (200, ""));
}

/// A number as a cell has it; nothing, where there is none.
fn shown(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}
