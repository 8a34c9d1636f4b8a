//! A museum that lets in forty people every hour: an event whose sessions are time slots.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::desk::{Desk, date};
use super::people::Nord;
use super::texts::texts;

const ZONE: &str = "Atlantic/Canary";
/// Days that are on sale.
const DAYS: i32 = 30;
/// When people are let in: every hour from ten to six.
const HOURS: std::ops::RangeInclusive<i8> = 10..=18;

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
    let template = desk.call(axum::http::Method::POST, "/venue-templates", document).await?;
    let event = json!({
        "entity_id": stage.museum, "name": "Permanent collection", "status": "READY", "currency": "EUR", "default_language": "es-ES",
        "texts": {
            "title": texts("The permanent collection", "La colección permanente", "La col·lecció permanent"),
            "subtitle": texts("Come in at the full hour", "Entrada a las horas en punto", "Entrada a les hores en punt"),
            "description_short": texts(
                "Three centuries of ships, maps and the people who sailed by them.",
                "Tres siglos de barcos, mapas y gente que navegó con ellos.", "Tres segles de vaixells, mapes i gent que hi va navegar.",
            ),
        },
        "category": {"code": "MUSEUM", "parent": "EXHIBITIONS"},
    });
    let event = desk.post("/events", event).await?;
    let slots = (1..=DAYS).flat_map(|day| HOURS.map(move |hour| (day, hour)));
    let slots = slots.map(|(day, hour)| slot(desk, &template, day, hour)).collect::<Result<Vec<_>, _>>()?;
    desk.put_on(event, slots, &[(stage.web, json!({})), (stage.box_office, json!({}))]).await
}

fn slot(desk: &Desk, template: &Value, day: i32, hour: i8) -> Result<Value, String> {
    let (start, opens) = (desk.day(day, hour, 0, ZONE)?, desk.day(-1, 8, 0, ZONE)?);
    let end = start.checked_add(1.hour()).map_err(|error| error.to_string())?;
    let kind = &template["price_types"][0]["id"];
    let rate = |name: &str, value: f64| json!({"name": name, "prices": [{"price_type_id": kind, "value": value}]});
    Ok(json!({
        "name": start.strftime("%d/%m %H:%M").to_string(), "venue_template_id": template["id"], "status": "READY",
        "date": {"start": date(&start), "end": date(&end), "sale_start": date(&opens), "sale_end": date(&end)},
        "rates": [rate("General", 12.0), rate("Reducida", 6.0), rate("Infantil", 0.0)],
        "taxes": {"tickets": [{"name": "IGIC 3%", "value": 3}]},
    }))
}
