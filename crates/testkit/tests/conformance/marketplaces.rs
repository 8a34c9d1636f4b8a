//! The codes of cancel & reissue. Each case shows the condition on one ticket, that it is named, and mostly what is done once the condition is gone.

use aforo_testkit::builders::{SmallWorld, channel, person, publish, text};
use aforo_testkit::caller::{Answer, Caller, MGMT};
use aforo_testkit::market::{MARKET, Market, barcode, finish, sale, sell};
use serde_json::{Value, json};

/// A marketplace, and an order of two seats that the theatre's shop sold.
async fn sold(world: &SmallWorld<'_>) -> (Market, Value) {
    let market = Market::set_up(world).await;
    let order = sell(&market.shop, world.session, &world.row[..2]).await;
    (market, order)
}

/// The same, with the first ticket registered.
async fn registered(world: &SmallWorld<'_>) -> (Market, Value) {
    let (market, order) = sold(world).await;
    market.first("register", &order).await.ok();
    (market, order)
}

fn named(order: &Value) -> Value {
    json!([{"id": order["items"][0]["id"]}])
}

/// The operator does not work in the secondary market, and then it does.
pub async fn auth0026(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let switch =
        async |on: bool| drop(world.platform.change(&format!("/operators/{}", world.operator), json!({"secondary_market": on})).await);
    switch(false).await;
    let refused = market.first("validate", &order).await;
    switch(true).await;
    market.first("validate", &order).await.ok();
    refused
}

/// Who sells, but is no marketplace.
pub async fn forbidden_resource_market(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    market.shop.0.post(format!("{MARKET}/tickets/validate"), json!({"tickets": named(&order)})).await
}

/// A person without the permission reissues nothing; with it, it does.
pub async fn auth0027_reissue(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let marta = person(&world.admin, world.theatre, "marta", &["AFTER_SALES"]).await;
    let channel = market.channel.to_string();
    let form = [
        ("client_id", "box-office-client"),
        ("grant_type", "password"),
        ("username", marta.username.as_str()),
        ("password", marta.password.as_str()),
        ("channel_id", channel.as_str()),
    ];
    let clerk = world.nobody().signed_in(&form).await;
    let validate = async || clerk.post(format!("{MARKET}/tickets/validate"), json!({"tickets": named(&order)})).await;
    let refused = validate().await;
    world.admin.change(&format!("/users/{}", marta.id), json!({"permissions": ["CANCEL_AND_REISSUE"]})).await;
    validate().await.ok();
    refused
}

/// Not there, or another entity's.
pub async fn me0001(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let theirs = channel(&world.admin, world.circus, "MARKETPLACE").await;
    market.reissue(world.session, &order, json!({"channel_id": theirs.id})).await.refused("ME0001");
    market.reissue(world.session, &order, json!({"channel_id": 999_999})).await
}

pub async fn mkt0034(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let buyer = json!({"email": "grace@example.org"});
    let order_in = |language: &str| json!({"order": {"currency": "EUR", "total": 35, "language": language, "buyer": buyer}});
    let refused = market.reissue(world.session, &order, order_in("fi-FI")).await;
    market.reissue(world.session, &order, order_in("es-ES")).await.ok();
    refused
}

pub async fn mkt0037(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let barcode = barcode(&order, 0);
    market.tickets("register", json!({"tickets": [{"barcode": barcode}, {"barcode": barcode}]})).await
}

pub async fn mkt0038(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let id = &order["items"][0]["id"];
    let refused = market.tickets("register", json!({"tickets": [{"id": id}, {"id": id}]})).await;
    assert_eq!(refused.body["details"], json!([{"id": id}]));
    refused
}

/// No such order, or not this entity's.
pub async fn mkt0039(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let body = json!({"tickets": [{"order_code": order["code"]}]});
    let (_, theirs) = Market::another(world, world.circus).await;
    theirs.0.post(format!("{MARKET}/tickets/register"), body.clone()).await.refused("2MKT0039");
    market.market.0.get(format!("{MARKET}/reissues/{}", text(&order, "code"))).await.refused("2MKT0039");
    market.tickets("register", body).await.ok();
    market.tickets("register", json!({"tickets": [{"order_code": "NO SUCH CODE"}]})).await
}

/// It waits for its payment.
pub async fn mkt0010(world: &SmallWorld<'_>) -> Answer {
    let market = Market::set_up(world).await;
    let order = market.shop.create().await;
    market.shop.add_seats(&order, world.session, &world.row[..2]).await.ok();
    market.shop.buyer(&order, "ada@example.org").await.ok();
    let code = market.shop.pre_confirm(&order).await.ok()["code"].clone();
    let refused = market.tickets("register", json!({"tickets": [{"order_code": code}]})).await;
    assert_eq!((refused.message(), &refused.body["details"]), ("Order status is PRE_CONFIRM", &json!([{"id": code}])));
    refused
}

/// A booking, and a refund.
pub async fn mkt0009(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"booking": {"enabled": true}})).await;
    world.change_session(json!({"date": {"booking_start": "2031-01-14T00:00:00Z", "booking_end": "2031-01-22T00:00:00Z"}})).await;
    let booking = market.shop.create().await;
    market.shop.add_seats(&booking, world.session, &world.row[4..6]).await.ok();
    market.shop.buyer(&booking, "ada@example.org").await.ok();
    let booked = market.shop.order("POST", &booking, "/booking", None).await.ok();
    let register = async |code: &Value| market.tickets("register", json!({"tickets": [{"order_code": code}]})).await;
    let refused = register(&booked["code"]).await;
    assert_eq!(refused.message(), "Order type is BOOKING");
    let body = json!({"items": named(&order), "type": "MANUAL"});
    let refund = market.shop.0.post(format!("/orders-mgmt-api/v1/orders/{}/refund", text(&order, "code")), body).await.ok();
    assert_eq!(register(&refund["code"]).await.refused("2MKT0009").message(), "Order type is REFUND");
    refused
}

/// All of its tickets are registered already.
pub async fn mkt0040(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let body = json!({"tickets": [{"order_code": order["code"]}]});
    let registered = market.tickets("register", body.clone()).await.ok();
    assert_eq!(registered["tickets"][0]["id"], order["items"][1]["id"], "the one that was left");
    market.tickets("register", body).await
}

/// What is not there, by id and by barcode.
pub async fn mkt0001(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let tickets = json!([{"id": order["items"][0]["id"]}, {"id": 999_999}, {"barcode": "NONE"}]);
    let refused = market.tickets("register", json!({ "tickets": tickets })).await;
    assert_eq!(refused.body["details"], json!([{"id": 999_999}, {"id": "NONE"}]));
    market.first("register", &order).await.ok();
    refused
}

pub async fn mkt0017(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let ticket = |nth: usize| json!({"tickets": [{"id": order["items"][0]["id"], "barcode": barcode(&order, nth)}]});
    market.tickets("validate", ticket(0)).await.ok();
    market.tickets("validate", ticket(1)).await
}

/// Once by its id and once by its barcode.
pub async fn mkt0042(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let tickets = json!([{"id": order["items"][0]["id"]}, {"barcode": barcode(&order, 0)}]);
    market.tickets("register", json!({ "tickets": tickets })).await
}

/// The circus' marketplace does not reach the theatre's tickets.
pub async fn mkt0002(world: &SmallWorld<'_>) -> Answer {
    let (_market, order) = sold(world).await;
    let (_, theirs) = Market::another(world, world.circus).await;
    theirs.0.post(format!("{MARKET}/tickets/register"), json!({"tickets": named(&order)})).await
}

pub async fn mkt0006(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    market.tickets("register", json!({"session_id": world.session, "tickets": named(&order)})).await.ok();
    let refused = market.reissue(world.session + 1, &order, json!({})).await;
    market.reissue(world.session, &order, json!({})).await.ok();
    refused
}

pub async fn mkt0007(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    market.reissue(world.session, &order, json!({})).await.ok();
    market.first("register", &order).await.refused("2MKT0007");
    market.reissue(world.session, &order, json!({})).await
}

pub async fn mkt0015(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let refused = market.first("register", &order).await;
    let end = barcode(&order, 0);
    assert!(refused.message().ends_with(&format!("Barcode: ****{}", &end[end.len() - 4..])), "{}", refused.message());
    refused
}

/// Neither by anybody nor by this marketplace.
pub async fn mkt0016(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let (_, other) = Market::another(world, world.theatre).await;
    other.0.post(format!("{MARKET}/tickets/unregister"), json!({"tickets": named(&order)})).await.refused("2MKT0016");
    other.0.post(format!("{MARKET}/reissues"), sale(world.session, &order, json!({}))).await.refused("2MKT0016");
    market.first("unregister", &order).await.ok();
    market.reissue(world.session, &order, json!({})).await
}

/// It was given back.
pub async fn mkt0008(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let body = json!({"items": named(&order), "type": "MANUAL"});
    market.first("unblock", &order).await.refused("2MKT0008");
    market.shop.0.post(format!("/orders-mgmt-api/v1/orders/{}/refund", text(&order, "code")), body).await.ok();
    let refused = market.first("register", &order).await;
    assert_eq!(refused.message(), "Ticket status is REFUNDED");
    refused
}

/// A unit of a product, and an invitation.
pub async fn mkt0011(world: &SmallWorld<'_>) -> Answer {
    let market = Market::set_up(world).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"invitations": true})).await;
    let rate = json!({"name": "Adult", "prices": [{"price_type_id": world.floor, "value": 10}]});
    let session = world.change_session(json!({"rates": [rate, {"name": "Guest", "invitation": {}}]})).await;
    let product =
        json!({"entity_id": world.theatre, "name": "Programme", "channels": [world.web.id], "prices": [{"currency": "EUR", "value": 3}]});
    let product = world.admin.make_id("/products", product).await;
    let order = market.shop.create().await;
    let guest = json!({"session_id": world.session, "price_type_id": world.floor, "quantity": 1, "rate_id": session["rates"][1]["id"]});
    market.shop.order("POST", &order, "/seats-auto", Some(guest)).await.ok();
    market.shop.order("POST", &order, "/products", Some(json!({"products": [{"id": product, "quantity": 1}]}))).await.ok();
    let sold = finish(&market.shop, &order).await;
    let register = async |nth: usize| {
        let ticket = json!({"id": sold["items"][nth]["id"], "order_code": sold["code"]});
        market.tickets("register", json!({"tickets": [ticket]})).await
    };
    assert_eq!(register(0).await.refused("2MKT0011").message(), "Product type is INVITATION");
    let refused = register(1).await;
    assert_eq!(refused.message(), "Product type is PRODUCT");
    refused
}

/// The theatre's gates.
async fn gates(world: &SmallWorld<'_>) -> (Caller, String) {
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    (world.nobody().signed_in(&form).await, format!("/access-control-api/v1/sessions/{}", world.session))
}

/// Somebody came in with it, before it was reissued; the gate sets that back to nothing.
pub async fn mkt0012(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let (gate, path) = gates(world).await;
    let enter = async |barcode: &str| {
        let body = json!({"barcode": barcode, "gate": "North", "direction": "ENTRY"});
        gate.post(format!("{path}/validations"), body).await.ok()["result"].clone()
    };
    assert_eq!(enter(barcode(&order, 0)).await, "ADMITTED", "it is registered");
    let refused = market.reissue(world.session, &order, json!({})).await;
    gate.delete(format!("{path}/admissions/{}", order["items"][0]["id"])).await.ok();
    let reissued = market.reissue(world.session, &order, json!({})).await.ok();
    assert_eq!([enter(barcode(&order, 0)).await, enter(barcode(&reissued, 0)).await], ["REFUSED", "ADMITTED"]);
    refused
}

/// It was taken off the access list, and then it is on it again.
pub async fn mkt0036(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = sold(world).await;
    let (gate, path) = gates(world).await;
    gate.post(format!("{path}/revocations"), json!({"barcode": barcode(&order, 0)})).await.ok();
    let refused = market.first("register", &order).await;
    gate.post(format!("{path}/revocations/release"), json!({"barcode": barcode(&order, 0)})).await.ok();
    market.first("register", &order).await.ok();
    refused
}

/// The session is being prepared again; its ticket can still be let go.
pub async fn mkt0013(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    world.change_session(json!({"status": "PLANNED"})).await;
    let refused = market.reissue(world.session, &order, json!({})).await;
    market.first("unregister", &order).await.ok();
    market.first("register", &order).await.refused("2MKT0013");
    refused
}

pub async fn mkt0014(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    world.admin.change(&format!("/events/{}", world.event), json!({"status": "PLANNED"})).await;
    market.reissue(world.session, &order, json!({})).await
}

/// It is not, and then it is published there.
pub async fn mkt00118(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let b2b = channel(&world.admin, world.theatre, "B2B").await;
    let reissue = async || market.reissue(world.session, &order, json!({"channel_id": b2b.id})).await;
    let refused = reissue().await;
    publish(&world.admin, world.event, world.session, b2b.id, json!({})).await;
    assert_eq!(reissue().await.ok()["channel"]["id"], b2b.id);
    refused
}

/// A ticket that is for several sessions.
pub async fn mkt0041(world: &SmallWorld<'_>) -> Answer {
    let market = Market::set_up(world).await;
    let season = season(world).await;
    publish(&world.admin, world.event, season, world.web.id, json!({})).await;
    publish(&world.admin, world.event, season, market.channel, json!({})).await;
    let order = sell(&market.shop, season, &world.row[..2]).await;
    market.first("register", &order).await
}

/// A season of the session and another one: its id.
async fn season(world: &SmallWorld<'_>) -> u64 {
    let path = format!("/events/{}/sessions", world.event);
    let first = world.admin.0.get(format!("{MGMT}{path}/{}", world.session)).await.ok();
    let template = first["venue_template_id"].clone();
    let prices =
        json!([{"name": "Adult", "prices": [{"price_type_id": world.stalls, "value": 20}, {"price_type_id": world.floor, "value": 10}]}]);
    let session = |start: &str| {
        json!({"name": start, "venue_template_id": template, "status": "READY", "rates": prices,
            "date": {"start": start, "sale_start": "2031-01-14T00:00:00Z"}})
    };
    let second = world.admin.make_id(&path, session("2031-02-07T20:00:00+01:00")).await;
    let season = json!({"name": "Both", "venue_template_id": template, "status": "READY", "rates": prices,
        "date": {"sale_start": "2031-01-14T00:00:00Z"}, "season": {"sessions": [{"id": world.session}, {"id": second}]}});
    world.admin.make_id(&path, season).await
}

/// It opens no gate and is not sold again, until it is unblocked.
pub async fn mkt0043(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    assert_eq!(market.first("block", &order).await.ok()["tickets"][0]["status"], "BLOCKED");
    market.first("block", &order).await.refused("2MKT0043");
    let refused = market.reissue(world.session, &order, json!({})).await;
    let (_, other) = Market::another(world, world.theatre).await;
    other.0.post(format!("{MARKET}/tickets/unblock"), json!({"tickets": named(&order)})).await.refused("2MKT0008");
    assert_eq!(market.first("unblock", &order).await.ok()["tickets"][0]["status"], "REGISTERED");
    market.reissue(world.session, &order, json!({})).await.ok();
    refused
}

pub async fn mkt0025(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let dollars = json!({"currency": "USD", "total": 35, "buyer": {"email": "grace@example.org"}});
    market.reissue(world.session, &order, json!({ "order": dollars })).await
}

pub async fn mkt0029(world: &SmallWorld<'_>) -> Answer {
    let (market, order) = registered(world).await;
    let for_total = |total: f64| json!({"order": {"currency": "EUR", "total": total, "buyer": {"email": "grace@example.org"}}});
    let refused = market.reissue(world.session, &order, for_total(29.99)).await;
    market.reissue(world.session, &order, for_total(30.0)).await.ok();
    refused
}

/// Only so many barcodes were imported as tickets were sold; then one more comes.
pub async fn mkt0035(world: &SmallWorld<'_>) -> Answer {
    let market = Market::set_up(world).await;
    let pool = format!("{}/barcodes", world.session_path());
    let import = async |barcodes: &[&str]| drop(world.admin.make(&pool, json!({ "barcodes": barcodes })).await);
    world.change_session(json!({"barcodes": "IMPORTED"})).await;
    import(&["A-1", "A-2"]).await;
    let order = sell(&market.shop, world.session, &world.row[..2]).await;
    market.first("register", &order).await.ok();
    let refused = market.reissue(world.session, &order, json!({})).await;
    assert_eq!(refused.body["details"], named(&order));
    import(&["A-3"]).await;
    let reissued = market.reissue(world.session, &order, json!({})).await.ok();
    assert_eq!(barcode(&reissued, 0), "A-3");
    refused
}
