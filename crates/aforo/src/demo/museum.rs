//! A museum that lets in forty people every half hour: an activity, whose sessions are time slots; and what it sells beside them.

use axum::http::Method;
use serde_json::{Value, json};

use super::desk::{Desk, date};
use super::people::Nord;
use super::texts::texts;

const ZONE: &str = "Atlantic/Canary";
/// Days that are on sale.
const DAYS: i32 = 30;

/// Makes it.
pub async fn fill(desk: &Desk, stage: &Nord) -> Result<(), String> {
    let venue = json!({
        "entity_id": stage.museum, "name": "Museu de la Mar",
        "location": {
            "address": "Calle del Faro, 12", "city": "Las Palmas de Gran Canaria", "country": {"code": "ES", "name": "España"},
            "postal_code": "35008", "country_subdivision": {"code": "ES-GC", "name": "Las Palmas"}, "time_zone": ZONE,
        },
    });
    let venue = desk.post("/venues", venue).await?;
    let document = json!({
        "venue_id": venue, "name": "Rooms", "graphic": false,
        "price_types": [{
            "code": "VISIT", "name": "Visita", "texts": {"name": texts("Visit", "Visita", "Visita")}, "ui_settings": {"color": "#00695C"},
        }],
        "sectors": [{"name": "Sales", "code": "SALES", "price_type": "VISIT", "zones": [{"name": "Sales", "places": [{"count": 40}]}]}],
    });
    let template = desk.call(Method::POST, "/venue-templates", document).await?;
    let event = json!({
        "entity_id": stage.museum, "name": "Permanent collection", "status": "READY", "type": "ACTIVITY", "currency": "EUR",
        "default_language": "es-ES", "texts": {
            "title": texts("The permanent collection", "La colección permanente", "La col·lecció permanent"),
            "subtitle": texts("Come in every half hour", "Entrada cada media hora", "Entrada cada mitja hora"),
            "description_short": texts(
                "Three centuries of ships, maps and the people who sailed by them.",
                "Tres siglos de barcos, mapas y gente que navegó con ellos.", "Tres segles de vaixells, mapes i gent que hi va navegar.",
            ),
        },
        "category": {"code": "MUSEUM", "parent": "EXHIBITIONS"},
    });
    let event = desk.post("/events", event).await?;
    let made = desk.call(Method::POST, &format!("/events/{event}/sessions/series"), slots(desk, stage, &template)?).await?;
    if made["metadata"]["refused"] != 0 {
        return Err(format!("slots of the museum were refused: {made}"));
    }
    for product in products(stage, event) {
        desk.post("/products", product).await?;
    }
    Ok(())
}

/// A slot each half an hour from ten to six, that lasts an hour and lets in who is at most a quarter of an hour late.
fn slots(desk: &Desk, stage: &Nord, template: &Value) -> Result<Value, String> {
    let kind = &template["price_types"][0]["id"];
    let rate = |name: &str, value: f64| json!({"name": name, "prices": [{"price_type_id": kind, "value": value}]});
    let day = |days| desk.day(days, 0, 0, ZONE).map(|day| day.date().to_string());
    Ok(json!({
        "session": {
            "name": "{date} {time}", "venue_template_id": template["id"], "status": "READY",
            "rates": [rate("General", 12.0), rate("Reducida", 6.0), rate("Infantil", 0.0)],
            "taxes": {"tickets": [{"name": "IGIC 3%", "value": 3}]},
        },
        "recurrence": {
            "from": day(1)?, "to": day(DAYS)?, "every": {"from": "10:00", "to": "18:00", "minutes": 30}, "duration_minutes": 60,
        },
        "sale": {"start": date(&desk.day(-1, 8, 0, ZONE)?), "end_after_minutes": 15},
        "channels": [{"channel_id": stage.web}, {"channel_id": stage.box_office}],
    }))
}

/// A guide that is lent to who visits, and a book that anybody may buy.
fn products(stage: &Nord, event: u64) -> [Value; 2] {
    let channels = json!([stage.web, stage.box_office]);
    let taxes = json!([{"name": "IGIC 3%", "value": 3}]);
    [
        json!({
            "entity_id": stage.museum, "name": "Audioguía", "texts": {"name": texts("Audio guide", "Audioguía", "Audioguia")},
            "prices": [{"currency": "EUR", "value": 4}], "taxes": taxes, "channels": channels, "only_with": {"events": [event]},
            "limits": {"per_order": 6},
        }),
        json!({
            "entity_id": stage.museum, "name": "Catálogo", "prices": [{"currency": "EUR", "value": 25}], "taxes": taxes, "channels": channels,
            "texts": {
                "name": texts("Catalogue", "Catálogo", "Catàleg"),
                "description": texts("280 pages, all the ships.", "280 páginas, todos los barcos.", "280 pàgines, tots els vaixells."),
            },
            "limits": {"stock": 150, "per_order": 3},
        }),
    ]
}
