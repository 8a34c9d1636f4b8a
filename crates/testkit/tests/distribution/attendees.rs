//! Forms: what a channel asks of its buyers and an event of its attendees, and postal codes.

use aforo_testkit::builders::{SmallWorld, channel};
use aforo_testkit::caller::{Answer, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

const BUYER: &str = "/distribution-api/v1/forms/BUYER";

/// A text of ten characters, and a mandatory choice.
fn form() -> Value {
    json!({"fields": [
        {"key": "company", "type": "TEXT", "max_length": 10, "texts": {"name": {"es-ES": "Empresa"}}},
        {"key": "size", "type": "CHOICE", "mandatory": true, "choices": [{"value": "S"}, {"value": "M", "texts": {"name": {"en": "Medium"}}}]},
        {"key": "born", "type": "DATE"},
    ]})
}

async fn say(seller: &SellerClient, order: &str, body: Value) -> Answer {
    seller.order("POST", order, "/buyer-data", Some(body)).await
}

pub async fn a_channel_asks_its_buyers(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    seller.0.get(BUYER).await.refused("CHANNEL_FORM_NOT_FOUND");
    let channel = format!("/channels/{}", world.web.id);
    let changed = world.admin.change(&channel, json!({"buyer_form": form(), "buyer_mandatory": ["PHONE"]})).await;
    let choices = json!([{"value": "S", "texts": {}}, {"value": "M", "texts": {"name": {"en": "Medium"}}}]);
    assert_eq!(
        changed["buyer_form"]["fields"],
        json!([
            {"key": "company", "type": "TEXT", "mandatory": false, "max_length": 10, "texts": {"name": {"es-ES": "Empresa"}}},
            {"key": "size", "type": "CHOICE", "mandatory": true, "choices": choices, "texts": {}},
            {"key": "born", "type": "DATE", "mandatory": false, "texts": {}},
        ])
    );
    let shown = seller.0.get(BUYER).await.ok();
    assert_eq!(shown["type"], "BUYER");
    assert_eq!(shown["fields"][0], json!({"key": "email", "type": "EMAIL", "mandatory": true, "texts": {}}));
    assert_eq!(shown["fields"][3], json!({"key": "phone", "type": "TEXT", "mandatory": true, "max_length": 1_000, "texts": {}}));
    assert_eq!(shown["fields"][9], changed["buyer_form"]["fields"][0], "its own fields come after what every buyer has");

    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let with = |fields: Value| json!({"email": "ada@example.org", "phone": "961 23 45 67", "fields": fields});
    let refused =
        say(&seller, &order, with(json!({"company": "far too long a name", "shoe": "42", "size": "XXL"}))).await.refused("DIST0005");
    assert_eq!(refused.message(), "Invalid parameter(s): 'fields.company, fields.shoe, fields.size'");
    let refused = say(&seller, &order, with(json!({"born": "31/12/2001"}))).await.refused("DIST0004");
    assert_eq!(refused.message(), "Invalid 'fields.born' format: '31/12/2001'");
    say(&seller, &order, with(json!({"Company": "x"}))).await.refused("DIST0005");
    say(&seller, &order, with(json!({"company": 3}))).await.refused("DIST0002");
    assert!(seller.read(&order).await.ok().get("buyer").is_none(), "what was refused changed nothing");

    say(&seller, &order, with(json!({"company": " Opera ", "size": " "}))).await.ok();
    seller.pre_confirm(&order).await.refused("ORDER_BUYER_DATA_REQUIRED");
    let filled = say(&seller, &order, with(json!({"size": "M"}))).await.ok();
    assert_eq!(filled["buyer"]["fields"], json!({"size": "M"}), "each call says all of it");
    seller.pre_confirm(&order).await.ok();
    world.admin.change(&channel, json!({"buyer_form": {"fields": []}, "buyer_mandatory": []})).await;
    seller.0.get(BUYER).await.refused("CHANNEL_FORM_NOT_FOUND");
    assert_eq!(seller.confirm(&order, &json!(40)).await.ok()["buyer"]["fields"], json!({"size": "M"}));
}

pub async fn forms_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (channel, event) = (format!("/mgmt-api/v1/channels/{}", world.web.id), format!("/mgmt-api/v1/events/{}", world.event));
    let field = |key: &str| json!({"key": key, "type": "DATE"});
    let many: Vec<_> = (0..51).map(|number| field(&format!("f{number}"))).collect();
    let wrong = [
        (json!({}), "DIST0006"),
        (json!({"fields": [{}]}), "DIST0006"),
        (json!({"fields": [{"key": "a", "type": "COLOUR"}]}), "DIST0005"),
        (json!({"fields": [field("A b")]}), "DIST0005"),
        (json!({"fields": [field("a"), field("a")]}), "DIST0005"),
        (json!({ "fields": many }), "DIST0005"),
        (json!({"fields": [{"key": "a", "type": "TEXT", "max_length": 1_001}]}), "DIST0005"),
        (json!({"fields": [{"key": "a", "type": "CHOICE"}]}), "DIST0006"),
        (json!({"fields": [{"key": "a", "type": "CHOICE", "choices": []}]}), "DIST0005"),
        (json!({"fields": [{"key": "a", "type": "CHOICE", "choices": [{"value": "x"}, {"value": "x"}]}]}), "DIST0005"),
        (json!({"fields": [{"key": "a", "type": "DATE", "texts": {"name": {"Spanish": "Día"}}}]}), "DIST0004"),
    ];
    for (form, code) in wrong {
        world.admin.0.patch(&channel, json!({ "buyer_form": form })).await.refused(code);
        world.admin.0.patch(&event, json!({ "attendee_form": form })).await.refused(code);
    }
    let taken = json!({"fields": [field("email")]});
    world.admin.0.patch(&channel, json!({ "buyer_form": taken })).await.refused("DIST0005");
    world.admin.0.patch(&event, json!({ "attendee_form": taken })).await.ok();
}

pub async fn an_event_asks_its_attendees(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("/distribution-api/v1/forms/ATTENDEE?event_id={}", world.event);
    for none in [path.as_str(), "/distribution-api/v1/forms/ATTENDEE?event_id=999999"] {
        seller.0.get(none).await.refused("CHANNEL_FORM_NOT_FOUND");
    }
    seller.0.get("/distribution-api/v1/forms/OTHER").await.refused("NOT_FOUND");
    seller.0.get("/distribution-api/v1/forms/ATTENDEE").await.refused("DIST0006");
    seller.0.get("/distribution-api/v1/forms/ATTENDEE?event_id=x").await.refused("DIST0004");
    let order = seller.create().await;
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let items: Vec<_> = filled["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    let attend = async |all: Value| seller.order("POST", &order, "/attendees", Some(json!({ "attendees": all }))).await;
    let one = |item: &Value, fields: Value| json!({"item_id": item, "fields": fields});
    attend(json!([one(&items[0], json!({"size": "S"}))])).await.refused("DIST0005");

    world.admin.change(&format!("/events/{}", world.event), json!({"attendee_form": form()})).await;
    let shown = seller.0.get(&path).await.ok();
    assert_eq!((&shown["event_id"], &shown["fields"][1]["key"]), (&json!(world.event), &json!("size")));
    let circus = channel(&world.admin, world.circus, "WEB").await;
    let circus = SellerClient::sign_in(world.nobody(), circus.id, &circus.secret).await;
    circus.0.get(&path).await.refused("CHANNEL_FORM_NOT_FOUND");
    let all_or_none = json!([one(&items[0], json!({"size": "S"})), one(&json!(999_999), json!({}))]);
    let refused = attend(all_or_none).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(refused.body["details"], json!([{"id": 999_999}]));
    let wrong = json!([one(&items[0], json!({"size": "S"})), one(&items[1], json!({"born": "soon"}))]);
    assert_eq!(attend(wrong).await.refused("DIST0004").message(), "Invalid 'attendees.fields.born' format: 'soon'");
    for (wrong, code) in
        [(json!([]), "DIST0005"), (json!([{}]), "DIST0006"), (json!([one(&items[0], json!({})), one(&items[0], json!({}))]), "DIST0005")]
    {
        attend(wrong).await.refused(code);
    }
    assert!(seller.read(&order).await.ok()["items"][0].get("attendee").is_none(), "what was refused changed nothing");

    attend(json!([one(&items[0], json!({"size": "S", "company": "Opera"}))])).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let refused = seller.pre_confirm(&order).await.refused("ORDER_ATTENDEE_DATA_REQUIRED");
    assert_eq!(refused.body["details"], json!([{"id": items[1]}]));
    let said = attend(json!([one(&items[1], json!({"size": "M"}))])).await.ok();
    assert_eq!(said["items"][0]["attendee"], json!({"fields": {"company": "Opera", "size": "S"}}), "who is not named stays");
    // Who comes goes with the item.
    let left = seller.order("DELETE", &order, &format!("/items/{}", items[1]), None).await.ok();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let sold = seller.pre_confirm(&order).await.ok();
    attend(json!([one(&items[0], json!({"size": "M"}))])).await.refused("ORDER_INVALID_STATUS");
    let sold = seller.confirm(&order, &sold["price"]["to_pay"]).await.ok();
    assert_eq!(sold["items"][0]["attendee"]["fields"]["size"], "S");
}

pub async fn postal_codes_are_those_of_their_country(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let order = seller.create().await;
    let at = |country: Option<&str>, code: &str| {
        let mut body = json!({"email": "ada@example.org", "postal_code": code});
        if let Some(country) = country {
            body["country"] = json!(country);
        }
        say(&seller, &order, body)
    };
    at(Some("es"), "8001").await.refused("CLIENT_DATA_INVALID_POSTAL_CODE");
    assert!(seller.read(&order).await.ok().get("buyer").is_none());
    for (country, code) in [(Some("ES"), "08001"), (Some("GB"), "sw1a 1aa"), (None, "8001"), (Some("HK"), "000")] {
        assert_eq!(at(country, code).await.ok()["buyer"]["postal_code"], code);
    }
    at(Some("HK"), "no code at all, thank you").await.refused("CLIENT_DATA_INVALID_POSTAL_CODE");
}
