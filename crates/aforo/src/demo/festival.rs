//! A festival on the beach: three days without numbered places, some of them kept for the agencies.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::desk::{Desk, date};
use super::people::Levante;
use super::texts::{same, texts};

const ZONE: &str = "Europe/Madrid";

/// Makes it.
pub async fn fill(desk: &Desk, stage: &Levante) -> Result<(), String> {
    let venue = json!({
        "entity_id": stage.festival, "name": "Platja de Llevant",
        "location": {
            "address": "Passeig Marítim, s/n", "city": "Castelló de la Plana", "country": {"code": "ES", "name": "España"},
            "postal_code": "12100", "country_subdivision": {"code": "ES-CS", "name": "Castellón"}, "time_zone": ZONE,
        },
    });
    let venue = desk.post("/venues", venue).await?;
    let template = desk.call(axum::http::Method::POST, "/venue-templates", document(venue)).await?;
    let event = json!({
        "entity_id": stage.festival, "name": "Brisa Festival", "status": "READY", "currency": "EUR", "default_language": "es-ES",
        "texts": {
            "title": same("Brisa Festival"),
            "subtitle": texts("Three days by the sea", "Tres días junto al mar", "Tres dies vora la mar"),
            "description_short": texts(
                "Sixty bands, four stages, one beach.", "Sesenta grupos, cuatro escenarios, una playa.",
                "Seixanta grups, quatre escenaris, una platja.",
            ),
        },
        "attendee_form": attendee_form(),
        "category": {"code": "FESTIVAL", "parent": "MUSIC", "custom": "BRISA"},
    });
    let event = desk.post("/events", event).await?;
    let days = [("Friday", "Viernes", "Divendres", 100), ("Saturday", "Sábado", "Dissabte", 101), ("Sunday", "Domingo", "Diumenge", 102)];
    let days = days.iter().map(|(en, es, ca, days)| session(desk, &template, texts(en, es, ca), es, *days));
    let days = days.collect::<Result<Vec<_>, _>>()?;
    let agencies: Vec<_> = template["quotas"].as_array().into_iter().flatten().rev().map(|quota| quota["id"].clone()).collect();
    let agencies = (stage.agencies, json!({"quotas": agencies}));
    let channels = [(stage.web, json!({})), (stage.kiosk, json!({})), agencies, (stage.marketplace, json!({}))];
    desk.put_on(event, days, &channels).await?;
    Ok(())
}

/// What the festival would like to know of each who comes.
fn attendee_form() -> Value {
    let names = |en: &str, es: &str, ca: &str| json!({"name": texts(en, es, ca)});
    json!({"fields": [
        {"key": "name", "type": "TEXT", "max_length": 100, "texts": names("Name", "Nombre", "Nom")},
        {
            "key": "camping", "type": "CHOICE", "texts": names("Camping", "Acampada", "Acampada"),
            "choices": [{"value": "TENT", "texts": names("Tent", "Tienda", "Tenda")}, {"value": "NONE", "texts": names("None", "Ninguna", "Cap")}],
        },
    ]})
}

fn session(desk: &Desk, template: &Value, title: Value, name: &str, days: i32) -> Result<Value, String> {
    let (start, opens) = (desk.day(days, 17, 0, ZONE)?, desk.day(-1, 12, 0, ZONE)?);
    let end = start.checked_add(11.hours()).map_err(|error| error.to_string())?;
    let price = |(kind, value): (&Value, f64)| json!({"price_type_id": kind["id"], "value": value});
    let kinds = || template["price_types"].as_array().into_iter().flatten();
    Ok(json!({
        "name": name, "venue_template_id": template["id"], "status": "READY", "texts": {"title": title},
        "date": {"start": date(&start), "end": date(&end), "sale_start": date(&opens), "sale_end": date(&end)},
        "rates": [
            {"name": "General", "prices": kinds().zip([59.0, 89.0, 149.0]).map(price).collect::<Vec<_>>()},
            {"name": "Resident", "prices": kinds().zip([45.0]).map(price).collect::<Vec<_>>()},
        ],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}], "surcharges": [{"name": "IVA 21%", "value": 21}]},
        "surcharges": [{"type": "PERCENTAGE", "percent": 4, "min": 1, "max": 5}],
        "buyer_limit": 20,
    }))
}

fn document(venue: u64) -> Value {
    let kind = |code: &str, en: &str, es: &str, ca: &str, color: &str| json!({"code": code, "name": es, "texts": {"name": texts(en, es, ca)}, "ui_settings": {"color": color}});
    let sector = |name: &str, code: &str, general: u32, agencies: u32| {
        let places = json!([{"count": general}, {"count": agencies, "quota": "Agencies"}]);
        json!({"name": name, "code": code, "price_type": code, "zones": [{"name": name, "places": places}]})
    };
    json!({
        "venue_id": venue, "name": "Beach", "graphic": false, "quotas": ["General", "Agencies"],
        "price_types": [
            kind("GEN", "General admission", "Entrada general", "Entrada general", "#00838F"),
            kind("FRONT", "Front of stage", "Front stage", "Davant de l'escenari", "#D81B60"),
            kind("VIP", "VIP terrace", "Terraza VIP", "Terrassa VIP", "#4527A0"),
        ],
        "sectors": [sector("Arena", "GEN", 13_500, 1_500), sector("Front", "FRONT", 2_800, 200), sector("Terrassa", "VIP", 350, 50)],
    })
}
