//! What a channel notes on an order for itself.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

pub async fn a_channel_notes_what_it_likes_on_its_orders(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let rules = json!({"max_elements": 3, "required": ["till"]});
    let changed = world.admin.change(&format!("/channels/{}", world.web.id), json!({ "consumer_metadata": rules })).await;
    let usual = json!({"max_elements": 3, "key_max_length": 50, "value_max_length": 500, "required": ["till"]});
    assert_eq!(changed["consumer_metadata"], usual);
    let too_long = json!({"consumer_metadata": {"key_max_length": 2, "required": ["till"]}});
    world.admin.0.patch(format!("/mgmt-api/v1/channels/{}", world.web.id), too_long).await.refused("DIST0005");

    let seller = world.seller().await;
    let order = seller.create().await;
    let at = async |method: &str, path: &str, body| seller.order(method, &order, &format!("/consumer-metadata{path}"), body).await;
    assert_eq!(at("GET", "", None).await.ok(), json!({"consumer_metadata": {}}));
    let all = json!({"consumer_metadata": {"till": "3", "a campaign/spring": "ñandú"}});
    assert_eq!(at("PUT", "", Some(all.clone())).await.ok()["consumer_metadata"], all["consumer_metadata"]);
    assert_eq!(at("GET", "/a%20campaign%2Fspring", None).await.ok(), json!({"key": "a campaign/spring", "value": "ñandú"}));
    at("PUT", "/till", Some(json!({}))).await.refused("DIST0006");
    at("PUT", "/till", Some(json!({"value": 3}))).await.refused("DIST0002");
    at("PUT", "/%20", Some(json!({"value": "3"}))).await.refused("DIST0005");
    at("PUT", "/till", Some(json!({"value": "4"}))).await.ok();
    assert_eq!(at("DELETE", "/a%20campaign%2Fspring", None).await.ok()["consumer_metadata"], json!({"till": "4"}));

    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    at("DELETE", "", None).await.refused("ORDER_INVALID_STATUS");
    let sold = seller.confirm(&order, &json!(40)).await.ok();
    assert_eq!(sold["consumer_metadata"], json!({"till": "4"}), "it stays with the order");
    assert_eq!(at("GET", "/till", None).await.ok()["value"], "4");
}
