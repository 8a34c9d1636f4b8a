//! What there is on top of places: promotions, a circle of friends and vouchers, with the codes that one needs to try them.

use axum::http::Method;
use serde_json::{Value, json};

use super::credentials::Credentials;
use super::desk::{Desk, date};
use super::people::Levante;
use super::texts::texts;

/// Days from now until which the festival is cheaper.
const EARLY_DAYS: i32 = 30;
/// Opens the presale of the opera.
pub const PRESALE_CODE: &str = "AMICS-DEL-TEATRE";
/// Takes something off the opera.
const PROMOTION_CODE: &str = "PRIMAVERA";
/// Members of the opera's friends.
const FRIENDS: [&str; 3] = ["AMIC-0001", "AMIC-0002", "AMIC-0003"];

/// Makes it.
pub async fn fill(desk: &Desk, stage: &Levante, credentials: &mut Credentials) -> Result<(), String> {
    credentials.note("presale of Tosca at the opera: `presale_code` where seats are added", json!({ "code": PRESALE_CODE }));
    promotions(desk, stage).await?;
    credentials.note("15 % off up to four seats at the opera: POST /orders/promotions", json!({ "code": PROMOTION_CODE }));
    friends(desk, stage).await?;
    let body = json!({"code": FRIENDS[0]});
    credentials
        .note("member of the opera's friends, whose seats are 25 % off: `user` in POST /orders/collectives, then the promotion", body);
    vouchers(desk, stage, credentials, "Gift card", false, 50).await?;
    vouchers(desk, stage, credentials, "Gift card with a PIN", true, 100).await
}

async fn promotions(desk: &Desk, stage: &Levante) -> Result<(), String> {
    let until = desk.day(EARLY_DAYS, 0, 0, "Europe/Madrid")?;
    let share = |value: u32| json!({"type": "PERCENTAGE", "value": value});
    let early = json!({
        "entity_id": stage.festival, "name": "Early bird", "type": "AUTOMATIC", "reduction": share(10), "end": date(&until),
        "texts": {"name": texts("Early bird", "Anticipada", "Anticipada")},
    });
    let group = json!({
        "entity_id": stage.festival, "name": "Group of friends", "type": "DISCOUNT", "scope": "ORDER", "stackable": true,
        "reduction": {"type": "FIXED", "value": 20, "currency": "EUR"}, "conditions": {"min_items": 4}, "limits": {"per_order": 1},
        "texts": {"name": texts("Four friends or more", "Cuatro amigos o más", "Quatre amics o més")},
    });
    let spring = json!({
        "entity_id": stage.opera, "name": "Spring at the opera", "type": "PROMOTION", "reduction": share(15),
        "codes": [{"code": PROMOTION_CODE}], "limits": {"per_order": 4},
        "texts": {"name": texts("Spring at the opera", "Primavera en la ópera", "Primavera a l'òpera")},
    });
    for promotion in [early, group, spring] {
        desk.post("/promotions", promotion).await?;
    }
    Ok(())
}

/// Friends of the opera: who says a member's id may choose a quarter off, for four seats a member.
async fn friends(desk: &Desk, stage: &Levante) -> Result<(), String> {
    let name = texts("Friends of the opera", "Amigos de la ópera", "Amics de l'òpera");
    let circle = json!({
        "entity_id": stage.opera, "name": "Amics de l'òpera", "type": "MEMBER", "texts": {"name": name}, "channels": [stage.web, stage.box_office],
    });
    let circle = desk.post("/collectives", circle).await?;
    for member in FRIENDS {
        desk.post(&format!("/collectives/{circle}/members"), json!({ "member": member })).await?;
    }
    let quarter = json!({
        "entity_id": stage.opera, "name": "Friends' quarter", "type": "PROMOTION", "reduction": {"type": "PERCENTAGE", "value": 25},
        "conditions": {"collective_id": circle}, "limits": {"per_member": 4},
        "texts": {"name": texts("A quarter off for friends", "Un cuarto menos para amigos", "Un quart menys per als amics")},
    });
    desk.post("/promotions", quarter).await?;
    Ok(())
}

/// A group of vouchers that pay for everything in the shop, and two of them.
async fn vouchers(desk: &Desk, stage: &Levante, credentials: &mut Credentials, name: &str, pins: bool, euros: u32) -> Result<(), String> {
    let group = json!({"entity_id": stage.shop, "name": name, "currencies": ["EUR"], "channels": [stage.web], "pin_required": pins});
    let group = desk.post("/voucher-groups", group).await?;
    let made = desk.call(Method::POST, &format!("/voucher-groups/{group}/vouchers"), json!({"count": 2, "amount": euros})).await?;
    for voucher in made["data"].as_array().into_iter().flatten() {
        let mut entry = json!({"code": voucher["code"]});
        if let Value::String(pin) = &voucher["pin"] {
            entry["pin"] = json!(pin);
        }
        credentials.note(&format!("a voucher of {euros} euros for anything in the shop: POST /orders/vouchers"), entry);
    }
    Ok(())
}
