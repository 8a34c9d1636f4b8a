//! Invitations, from their set-up to the ticket.

use aforo_testkit::caller::MGMT;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use crate::house::{House, house};

/// Ids of the gala's invitations: from the places on sale, and from the four that are kept for guests.
struct Invitations {
    guest: u64,
    sponsor: u64,
}

impl House {
    /// The gala's rates with two invitations behind.
    async fn invite(&self) -> Invitations {
        let session = format!("/events/{}/sessions/{}", self.event, self.gala);
        let rates = self.manager.0.get(format!("{MGMT}{session}")).await.ok()["rates"].clone();
        let quota = self.manager.0.get(format!("{MGMT}/venue-templates/1")).await.ok()["quotas"][1]["id"].clone();
        let mut rates = rates.as_array().unwrap().clone();
        // A price may be sent if it is nothing.
        let prices = json!([{"price_type_id": self.floor, "value": 0}]);
        rates.push(json!({"name": "Guest", "invitation": {}, "prices": prices}));
        rates.push(json!({"name": "Sponsor", "invitation": {"quota_id": quota}}));
        let changed = self.manager.change(&session, json!({ "rates": rates })).await;
        let rate = |at: usize| changed["rates"][at].clone();
        let id = |at: usize| rate(at)["id"].as_u64().unwrap();
        assert_eq!(rate(2), json!({"id": id(2), "name": "Guest", "default": false, "prices": [], "invitation": {}}));
        assert_eq!(rate(3), json!({"id": id(3), "name": "Sponsor", "default": false, "prices": [], "invitation": {"quota_id": quota}}));
        // A change of something else leaves them as they are.
        let renamed = self.manager.change(&session, json!({"name": "Gala"})).await;
        assert_eq!(renamed["rates"], changed["rates"]);
        Invitations { guest: id(2), sponsor: id(3) }
    }

    async fn switch(&self, on: bool) {
        let channel = self.manager.change(&format!("/channels/{}", self.web_id), json!({ "invitations": on })).await;
        assert_eq!(channel["invitations"], json!(on));
    }

    async fn floor(&self, order: &str, rate: u64, quantity: u64) -> aforo_testkit::caller::Answer {
        let body = json!({"session_id": self.gala, "price_type_id": self.floor, "quantity": quantity, "rate_id": rate});
        self.web.order("POST", order, "/seats-auto", Some(body)).await
    }
}

pub async fn invitations_beside_what_is_paid(server: &TestServer) {
    let house = house(server).await;
    let web = &house.web;
    let Invitations { guest, sponsor } = house.invite().await;
    let order = web.create().await;
    house.floor(&order, guest, 2).await.refused("AUTH0027");
    house.switch(true).await;
    let given = house.floor(&order, guest, 2).await.ok();
    let item = &given["items"][0];
    assert_eq!((&item["ticket_kind"], &item["rate"]), (&json!("INVITATION"), &json!({"id": guest, "name": "Guest"})));
    assert_eq!(item["price"], json!({"base": 0, "surcharge": {"promoter": 0, "channel": 0}, "total": 0, "taxes": []}));
    let nothing = json!({"base": 0, "promotions": 0, "surcharges": 0, "insurance": 0, "delivery": 0, "total": 0, "vouchers": 0, "to_pay": 0, "taxes": 0});
    assert_eq!(given["price"], nothing, "the 2 an order are not asked of an order that buys nothing");

    // Four places are kept for the sponsor, though the channel does not sell them.
    house.floor(&order, sponsor, 5).await.refused("ORDER_ITEMS_LIMIT_EXCEEDED");
    let own = web.create().await;
    house.floor(&own, sponsor, 5).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    house.floor(&own, sponsor, 4).await.ok();
    web.buyer(&own, "ada@example.com").await.ok();
    web.pre_confirm(&own).await.ok();
    let sold = web.order("POST", &own, "/confirm", Some(json!({"payments": []}))).await.ok();
    assert!(
        sold["items"].as_array().unwrap().iter().all(|item| item["ticket"]["barcode"].is_string() && item["ticket_kind"] == "INVITATION")
    );

    // A paid one beside: 12.5, 1.5 a ticket and 2 an order.
    let mixed = house.floor(&order, house.adult, 1).await.ok();
    assert!(mixed["items"][2].get("ticket_kind").is_none());
    assert_eq!((&mixed["price"]["surcharges"], &mixed["price"]["to_pay"]), (&json!(3.5), &json!(16)));
    let rate = async |item: &Value, rate: u64| {
        web.order("PUT", &order, &format!("/items/{}/rate", item["id"]), Some(json!({ "rate_id": rate }))).await
    };
    rate(&mixed["items"][0], sponsor).await.refused("ORDER_ITEM_INVALID");
    let all_given = rate(&mixed["items"][2], guest).await.ok();
    assert_eq!(all_given["price"], nothing);
    let paid = rate(&mixed["items"][0], house.adult).await.ok();
    assert_eq!(paid["price"]["to_pay"], json!(16));
    house.switch(false).await;
    rate(&mixed["items"][0], guest).await.refused("AUTH0027");
    rate(&mixed["items"][1], house.adult).await.refused("AUTH0027");
    web.buyer(&order, "ada@example.com").await.ok();
    web.pre_confirm(&order).await.ok();
    web.confirm(&order, &json!(16)).await.ok();
}

pub async fn invitations_are_shown_where_they_may_be_given(server: &TestServer) {
    let house = house(server).await;
    let session = format!("/catalog-api/v1/sessions/{}", house.gala);
    let read = async |path: &str| house.web.0.get(format!("{session}{path}")).await.ok();
    let (item, prices) = (read("").await, read("/prices").await);
    let Invitations { guest, sponsor } = house.invite().await;
    assert_eq!((read("").await, read("/prices").await), (item.clone(), prices.clone()), "to others nothing of it is shown");
    house.switch(true).await;
    let shown = read("").await;
    let rate = |id: u64, name: &str| json!({"id": id, "name": name, "default": false, "invitation": true});
    assert_eq!(shown["rates"].as_array().unwrap()[2..], [rate(guest, "Guest"), rate(sponsor, "Sponsor")]);
    assert_eq!(shown["rates"][0], item["rates"][0]);
    assert_eq!(shown["price"]["min"], json!({"value": 0, "surcharge": {"promoter": 0, "channel": 0}}));
    assert_eq!(shown["price"]["max"], item["price"]["max"]);
    let shown = read("/prices").await;
    assert_eq!((&shown["rates"][0], &shown["rates"][2]["invitation"]), (&prices["rates"][0], &json!(true)));
    let of_guest = shown["rates"][2]["price_types"].as_array().unwrap();
    assert_eq!((of_guest.len(), &of_guest[0]["price"]["total"]), (2, &json!(0)), "whatever the price type");
    house.switch(false).await;
    assert_eq!((read("").await, read("/prices").await), (item, prices));
}

pub async fn invitations_make_sense(server: &TestServer) {
    let house = house(server).await;
    let path = format!("{MGMT}/events/{}/sessions/{}", house.event, house.gala);
    let sale = json!({"name": "Adult", "prices": [{"price_type_id": house.stalls, "value": 20}]});
    let price = |value: i64| json!([{"price_type_id": house.stalls, "value": value}]);
    for (rates, code, name) in [
        (json!([sale, {"name": "Guest", "invitation": {}, "prices": price(1)}]), "DIST0005", "'rates.prices.value'"),
        (json!([sale, {"name": "Guest", "invitation": {"quota_id": 7}}]), "DIST0005", "'rates.invitation.quota_id'"),
        (json!([sale, {"name": "Guest", "invitation": {"quota_id": -1}}]), "DIST0005", "'rates.invitation.quota_id'"),
        (json!([sale, {"name": "Guest", "invitation": {}, "default": true}]), "DIST0005", "'rates.default'"),
        (json!([{"name": "Guest", "invitation": {}}]), "DIST0006", "'rates.prices'"),
        (json!([sale, {"name": "Guest"}]), "DIST0006", "'rates.prices'"),
        (json!([sale, {"name": "Guest", "invitation": true}]), "DIST0002", ""),
    ] {
        let refused = house.manager.0.patch(&path, json!({ "rates": rates })).await.refused(code);
        assert!(refused.message().contains(name), "{}", refused.message());
    }
    // Who says none gets the first that is sold.
    let changed = house.manager.0.patch(&path, json!({"rates": [{"name": "Guest", "invitation": {}}, sale]})).await.ok();
    assert_eq!((&changed["rates"][0]["default"], &changed["rates"][1]["default"]), (&json!(false), &json!(true)));
}
