//! An opera house of about 2 300 seats on five levels of curved rows, where no seat may be left alone, its season, and a subscription to the first nights.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::desk::{Desk, date};
use super::offers::PRESALE_CODE;
use super::people::Levante;
use super::round::Arc;
use super::texts::{same, texts};

const ZONE: &str = "Europe/Madrid";

/// A level of the house.
struct Level {
    name: &'static str,
    code: &'static str,
    /// The first row's distance to the stage, and from one row to the next.
    first: f64,
    step: f64,
    rows: usize,
    /// How far it reaches to each side, in radians.
    half: f64,
    restricted: bool,
}

const LEVELS: [Level; 5] = [
    Level { name: "Platea", code: "PLATEA", first: 900.0, step: 95.0, rows: 22, half: 0.55, restricted: false },
    Level { name: "Amfiteatre", code: "AMFI", first: 3_200.0, step: 90.0, rows: 4, half: 0.71, restricted: false },
    Level { name: "Segon pis", code: "PIS2", first: 3_700.0, step: 90.0, rows: 4, half: 0.71, restricted: false },
    Level { name: "Tercer pis", code: "PIS3", first: 4_200.0, step: 90.0, rows: 4, half: 0.71, restricted: false },
    Level { name: "Galliner", code: "GALL", first: 4_700.0, step: 90.0, rows: 3, half: 0.71, restricted: true },
];

/// Makes it.
pub async fn fill(desk: &Desk, stage: &Levante) -> Result<(), String> {
    let venue = json!({
        "entity_id": stage.opera, "name": "Gran Teatre de la Marina",
        "location": {
            "address": "Plaça del Teatre, 1", "city": "Barcelona", "country": {"code": "ES", "name": "España"}, "postal_code": "08002",
            "country_subdivision": {"code": "ES-B", "name": "Barcelona"}, "time_zone": ZONE,
        },
    });
    let venue = desk.post("/venues", venue).await?;
    let template = desk.call(axum::http::Method::POST, "/venue-templates", document(venue)).await?;
    let quota = |name: &str| {
        let found = template["quotas"].as_array().into_iter().flatten().find(|quota| quota["name"] == name);
        found.map(|quota| quota["id"].clone()).unwrap_or_default()
    };
    // The agencies sell their own seats before the general ones; on the web they are not to be had until three days before. The friends of the house
    // may buy Tosca ten days before everybody.
    let friends = json!({"presales": [{"name": "Amics del Teatre", "start": date(&desk.day(-1, 9, 0, ZONE)?), "end": date(&desk.day(10, 9, 0, ZONE)?), "code": PRESALE_CODE}]});
    let agencies = json!({"quotas": [quota("Agencies"), quota("General")], "on_catalog": false, "sales_limit": 300});
    let counter = json!({"quotas": [quota("General"), quota("Agencies")]});
    let channels = |web: Value| {
        [(stage.web, web), (stage.box_office, counter.clone()), (stage.agencies, agencies.clone()), (stage.marketplace, json!({}))]
    };
    let season = [
        ("Norma", "Vincenzo Bellini", "Tragedy in two acts", "Tragedia en dos actos", "Tragèdia en dos actes", 30, -2),
        ("La flauta màgica", "W. A. Mozart", "Singspiel in two acts", "Singspiel en dos actos", "Singspiel en dos actes", 75, -2),
        ("Tosca", "Giacomo Puccini", "Melodrama in three acts", "Melodrama en tres actos", "Melodrama en tres actes", 120, 10),
    ];
    let mut first_nights = Vec::new();
    for (title, composer, en, es, ca, days, opens) in season {
        let event = json!({
            "entity_id": stage.opera, "name": title, "status": "READY", "currency": "EUR", "default_language": "ca-ES",
            "texts": {
                "title": same(title), "subtitle": same(composer), "description_short": texts(en, es, ca),
                "description_long": texts(
                    &format!("<p>{title} by {composer}, with the house's own orchestra and choir.</p>"),
                    &format!("<p>{title} de {composer}, con la orquesta y el coro de la casa.</p>"),
                    &format!("<p>{title} de {composer}, amb l'orquestra i el cor de la casa.</p>"),
                ),
            },
            "category": {"code": "OPERA", "parent": "MUSIC"},
            "resale": {"enabled": true, "floor": 50, "cap": 110, "commission": 8, "surcharges": [{"type": "PER_TICKET", "value": 1}]},
        });
        let event = desk.post("/events", event).await?;
        let nights = (0..4).map(|night| session(desk, &template, days + 3 * night, opens)).collect::<Result<Vec<_>, _>>()?;
        let web = if opens > 0 { friends.clone() } else { json!({}) };
        first_nights.extend(desk.put_on(event, nights, &channels(web)).await?.first().copied());
    }
    subscription(desk, stage, &template, &first_nights, &channels(json!({}))).await
}

/// The same seat on each first night, for some four fifths of the price.
async fn subscription(desk: &Desk, stage: &Levante, template: &Value, nights: &[u64], channels: &[(u64, Value)]) -> Result<(), String> {
    let name = texts("Subscription to the first nights", "Abono de estrenos", "Abonament d'estrenes");
    let event = json!({
        "entity_id": stage.opera, "name": "Abonament d'estrenes", "status": "READY", "currency": "EUR", "default_language": "ca-ES",
        "texts": {"title": name}, "category": {"code": "OPERA", "parent": "MUSIC"},
    });
    let event = desk.post("/events", event).await?;
    let sessions: Vec<_> = nights.iter().map(|id| json!({ "id": id })).collect();
    let season = json!({
        "name": "Abonament d'estrenes", "venue_template_id": template["id"], "status": "READY",
        "date": {"sale_start": date(&desk.day(-2, 9, 0, ZONE)?)}, "season": {"sessions": sessions},
        "rates": [{"name": "General", "prices": prices(template, [453.0, 342.0, 235.0, 146.0, 44.0])}],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}], "surcharges": [{"name": "IVA 21%", "value": 21}]},
        "surcharges": [{"type": "PER_TICKET", "value": 4}], "buyer_limit": 6,
    });
    desk.put_on(event, vec![season], channels).await?;
    Ok(())
}

/// What each price type of the house costs.
fn prices(template: &Value, full: [f64; 5]) -> Vec<Value> {
    let kinds = template["price_types"].as_array().into_iter().flatten();
    kinds.zip(full).map(|(kind, value)| json!({"price_type_id": kind["id"], "value": value})).collect()
}

fn session(desk: &Desk, template: &Value, days: i32, opens: i32) -> Result<Value, String> {
    let (start, opens) = (desk.day(days, 20, 0, ZONE)?, desk.day(opens, 9, 0, ZONE)?);
    let end = start.checked_add(3.hours()).map_err(|error| error.to_string())?;
    let booking_end = start.checked_sub(72.hours()).map_err(|error| error.to_string())?;
    Ok(json!({
        "name": format!("Funció {}", start.strftime("%d/%m")), "venue_template_id": template["id"], "status": "READY",
        "date": {
            "start": date(&start), "end": date(&end), "sale_start": date(&opens), "sale_end": date(&start),
            "booking_start": date(&opens), "booking_end": date(&booking_end), "resale_start": date(&opens), "resale_end": date(&start),
        },
        "rates": [
            {"name": "General", "default": true, "prices": prices(template, [189.0, 142.5, 98.0, 61.0, 18.5])},
            {"name": "Jove (-30)", "prices": prices(template, [94.5, 71.25, 49.0, 30.5, 9.25])},
            {"name": "Invitació", "invitation": {}},
        ],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}], "surcharges": [{"name": "IVA 21%", "value": 21}]},
        "surcharges": [{"type": "PER_TICKET", "value": 2}],
        "buyer_limit": 12,
    }))
}

fn document(venue: u64) -> Value {
    let names = [
        ("Stalls", "Platea", "Platea", "#8E0000"),
        ("Dress circle", "Anfiteatro", "Amfiteatre", "#C62828"),
        ("Second tier", "Segundo piso", "Segon pis", "#EF6C00"),
        ("Third tier", "Tercer piso", "Tercer pis", "#F9A825"),
        ("Gallery", "Gallinero", "Galliner", "#6D4C41"),
    ];
    let kinds = LEVELS.iter().zip(names).map(|(level, (en, es, ca, color))| {
        json!({"code": level.code, "name": level.name, "texts": {"name": texts(en, es, ca)}, "ui_settings": {"color": color}})
    });
    json!({
        "venue_id": venue, "name": "Opera", "check_orphan_seats": true, "focal_point": {"x": 0, "y": 0},
        "quotas": ["General", {"name": "Agencies", "release_minutes": 3 * 24 * 60}],
        "price_types": kinds.collect::<Vec<_>>(),
        "sectors": LEVELS.iter().map(sector).collect::<Vec<_>>(),
    })
}

/// A level with its rows; two aisles part each into a left, a middle and a right.
fn sector(level: &Level) -> Value {
    let rows = (0..level.rows).map(|row| {
        let radius = level.first + level.step * row as f64;
        let arc = Arc { across: radius, deep: radius, from: -level.half, to: level.half };
        let seats = arc.room().saturating_sub(2);
        let side = seats / 4;
        let mut rows = arc.row(&(row + 1).to_string(), seats, &[side, seats - side]);
        mark(&mut rows, level, row);
        rows
    });
    let entrance = if level.code == "PLATEA" { "Vestíbul" } else { "Escala noble" };
    json!({"name": level.name, "code": level.code, "price_type": level.code, "entrance": entrance, "rows": rows.collect::<Vec<_>>()})
}

/// Wheelchair places at the ends of the last stalls row, seats that see less at the gallery's ends, the agencies' in the middle of the circle.
fn mark(row: &mut Value, level: &Level, number: usize) {
    let Some(seats) = row["seats"].as_array_mut() else { return };
    let count = seats.len();
    for (index, seat) in seats.iter_mut().enumerate() {
        if level.code == "PLATEA" && number + 1 == level.rows && (index < 4 || index + 4 >= count) {
            seat["attributes"] = json!([if index % 2 == 0 { "ACCESSIBLE" } else { "COMPANION" }]);
        } else if level.restricted && (index < 6 || index + 6 >= count) {
            seat["attributes"] = json!(["RESTRICTED_VIEW"]);
        } else if level.code == "AMFI" && number == 3 && index >= count / 4 && index < count - count / 4 {
            seat["quota"] = json!("Agencies");
        }
    }
}
