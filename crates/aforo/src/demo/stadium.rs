//! A stadium of 50 000 seats in 80 sectors, and a season of home matches: the hot sale.

use std::f64::consts::TAU;

use jiff::ToSpan;
use serde_json::{Value, json};

use super::desk::{Desk, date};
use super::people::Levante;
use super::round::Arc;
use super::texts::texts;

/// Sectors of a tier.
const SECTORS: usize = 40;
/// Rows of a sector.
const ROWS: usize = 25;
/// Seats of a row in the lower tier (20 000 in all) and in the upper one (30 000).
const SEATS: [usize; 2] = [20, 30];
/// Home matches of a season.
const MATCHES: i32 = 19;
const ZONE: &str = "Europe/Madrid";

/// Makes it.
pub async fn fill(desk: &Desk, stage: &Levante) -> Result<(), String> {
    let venue = json!({
        "entity_id": stage.club, "name": "Estadi Nou Llevant",
        "location": {
            "address": "Avinguda del Port, 200", "city": "València", "country": {"code": "ES", "name": "España"}, "postal_code": "46024",
            "country_subdivision": {"code": "ES-V", "name": "Valencia"}, "time_zone": ZONE,
        },
    });
    let venue = desk.post("/venues", venue).await?;
    let template = desk.call(axum::http::Method::POST, "/venue-templates", document(venue)).await?;
    let kinds: Vec<u64> = template["price_types"].as_array().into_iter().flatten().filter_map(|kind| kind["id"].as_u64()).collect();
    let event = json!({
        "entity_id": stage.club, "name": "CF Llevant, league season", "status": "READY", "currency": "EUR", "default_language": "ca-ES",
        "texts": {
            "title": texts("CF Llevant at home", "CF Llevant en casa", "CF Llevant a casa"),
            "subtitle": texts("League season", "Temporada de liga", "Temporada de lliga"),
            "description_short": texts(
                "Every home match of the season.", "Todos los partidos en casa de la temporada.", "Tots els partits a casa de la temporada.",
            ),
        },
        "category": {"code": "FOOTBALL", "parent": "SPORTS"},
    });
    let event = desk.post("/events", event).await?;
    let sessions = (0..MATCHES).map(|number| session(desk, &template["id"], &kinds, number)).collect::<Result<Vec<_>, _>>()?;
    let usual = json!({});
    let channels = [(stage.web, usual.clone()), (stage.kiosk, usual.clone()), (stage.marketplace, usual)];
    desk.put_on(event, sessions, &channels).await?;
    Ok(())
}

/// One match, on a Sunday evening some weeks from now.
fn session(desk: &Desk, template: &Value, kinds: &[u64], number: i32) -> Result<Value, String> {
    let start = desk.day(60 + 14 * number, 18, 30, ZONE)?;
    let opens = desk.day(-1, 10, 0, ZONE)?;
    let end = start.checked_add(2.hours()).map_err(|error| error.to_string())?;
    let full = [95, 70, 45, 40, 30];
    let prices = |share: f64| {
        let price = |(id, full): (&u64, i32)| json!({"price_type_id": id, "value": (f64::from(full) * share * 2.0).round() / 2.0});
        kinds.iter().zip(full).map(price).collect::<Vec<_>>()
    };
    let match_day = number * 2 + 1;
    Ok(json!({
        "name": format!("Match day {match_day}"), "venue_template_id": template, "status": "READY",
        "date": {"start": date(&start), "end": date(&end), "sale_start": date(&opens), "sale_end": date(&start)},
        "texts": {"title": texts(&format!("Match day {match_day}"), &format!("Jornada {match_day}"), &format!("Jornada {match_day}"))},
        "rates": [
            {"name": "General", "default": true, "prices": prices(1.0)},
            {"name": "Junior", "prices": prices(0.5)},
            {"name": "Senior", "prices": prices(0.7)},
        ],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}], "surcharges": [{"name": "IVA 21%", "value": 21}]},
        "surcharges": [{"type": "PER_TICKET", "value": 1.5}],
    }))
}

fn document(venue: u64) -> Value {
    let kind = |code: &str, en: &str, es: &str, ca: &str, color: &str| json!({"code": code, "name": ca, "texts": {"name": texts(en, es, ca)}, "ui_settings": {"color": color}});
    let tiers = [("Baixa", 7_500.0, 5_200.0), ("Alta", 10_500.0, 8_200.0)];
    let sectors = tiers.iter().enumerate().flat_map(|(tier, plan)| (0..SECTORS).map(move |number| sector(tier, *plan, number)));
    json!({
        "venue_id": venue, "name": "Football", "focal_point": {"x": 0, "y": 0},
        "price_types": [
            kind("TRIBUNA", "Main stand", "Tribuna", "Tribuna", "#9E4500"),
            kind("LATERAL", "Side stand", "Lateral", "Lateral", "#C77D0A"),
            kind("CORNER", "Corner", "Córner", "Córner", "#2E7D32"),
            kind("ALTA", "Upper tier", "Grada alta", "Grada alta", "#1565C0"),
            kind("GOL", "Behind the goal", "Gol", "Gol", "#5E35B1"),
        ],
        "sectors": sectors.collect::<Vec<_>>(),
    })
}

/// A sector of a tier, with its rows from the pitch upwards.
fn sector(tier: usize, (name, across, deep): (&str, f64, f64), number: usize) -> Value {
    let turn = TAU / SECTORS as f64;
    let from = turn * number as f64;
    // Sectors are parted by stairs.
    let rows = (0..ROWS).map(|row| {
        let out = 90.0 * row as f64;
        let arc = Arc { across: across + out, deep: deep + out, from: from + turn * 0.05, to: from + turn * 0.95 };
        arc.row(&(row + 1).to_string(), SEATS[tier], &[])
    });
    let code = (tier + 1) * 100 + number + 1;
    let title = format!("Grada {name} {code}");
    let entrance = format!("Porta {}", number / 2 + 1);
    json!({"name": title, "code": code.to_string(), "price_type": price_type(tier, number), "entrance": entrance, "rows": rows.collect::<Vec<_>>()})
}

/// The main stand is in front, the goals at the sides of the plan.
fn price_type(tier: usize, number: usize) -> &'static str {
    match (tier, number % 20) {
        (_, 8..=11) => "GOL",
        (0, 0..=3 | 16..=19) if number < 20 => "TRIBUNA",
        (0, 0..=3 | 16..=19) => "LATERAL",
        (0, _) => "CORNER",
        (_, _) => "ALTA",
    }
}
