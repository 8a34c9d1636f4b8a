//! What is sold: a hall of two rows and a zone, two sessions of one event and one in another currency, set up through management.

use aforo_testkit::caller::{Ask, MGMT, ManagerClient, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// Everything a story needs to know.
pub struct House {
    pub manager: ManagerClient,
    pub web: SellerClient,
    pub partner: SellerClient,
    pub web_id: u64,
    pub event: u64,
    pub gala: u64,
    pub matinee: u64,
    pub tour: u64,
    /// Price types: stalls and floor.
    pub stalls: u64,
    pub floor: u64,
    /// Rates of the gala.
    pub adult: u64,
    pub child: u64,
    /// Ids of the gala's numbered seats, row by row, from the left.
    pub seats: Vec<u64>,
}

/// Sets up two rows of eight stalls at 20, half for children, and a floor of 30 places at 12.5, with four more in a quota that no channel sells; 1.5 a
/// ticket, and 2 an order, are added.
pub async fn house(server: &TestServer) -> House {
    let platform = server.platform().await;
    let operator = platform.make_id("/operators", json!({"name": "Levante"})).await;
    let entity = platform.make_id(&format!("/entities?operator_id={operator}"), json!({"name": "Opera"})).await;
    let key = platform.make(&format!("/entities/{entity}/keys?operator_id={operator}"), json!({"roles": ["OPERATOR_ADMIN"]})).await;
    let manager = ManagerClient::with_key(&server.nobody, key["secret"].as_str().unwrap()).await;

    let surcharges = json!([{"type": "PER_TICKET", "value": 1.5}, {"type": "PER_ORDER", "value": 2}]);
    let (web_id, web) =
        seller(server, &manager, entity, json!({"type": "WEB", "name": "Web", "surcharges": surcharges, "max_items": 6})).await;
    let (partner_id, partner) = seller(server, &manager, entity, json!({"type": "B2B", "name": "Partner", "max_items": 6})).await;

    let location = json!({"address": "Street 1", "city": "Sevilla", "country": {"code": "ES", "name": "Spain"},
        "country_subdivision": {"code": "ES-SE", "name": "Sevilla"}, "time_zone": "Europe/Madrid"});
    let venue = json!({"entity_id": entity, "name": "Opera house", "location": location});
    let venue = manager.make_id("/venues", venue).await;
    let template = manager.make("/venue-templates", hall(venue)).await;
    let [stalls, floor] = [0, 1].map(|index| template["price_types"][index]["id"].as_u64().unwrap());

    let [event, abroad] = [make_event(&manager, entity, "EUR").await, make_event(&manager, entity, "USD").await];
    let session = |name: &str| session(name, &template, stalls, floor);
    let gala = manager.make(&format!("/events/{event}/sessions"), session("Gala")).await;
    let matinee = manager.make_id(&format!("/events/{event}/sessions"), session("Matinee")).await;
    let tour = manager.make_id(&format!("/events/{abroad}/sessions"), session("Tour")).await;
    let id = |value: &Value| value["id"].as_u64().unwrap();
    let [adult, child] = [0, 1].map(|index| id(&gala["rates"][index]));
    for (event, session) in [(event, id(&gala)), (event, matinee), (abroad, tour)] {
        for channel in [web_id, partner_id] {
            let path = format!("{MGMT}/events/{event}/sessions/{session}/channels/{channel}");
            manager.0.send(Ask::new("PUT", path).json(&json!({}))).await.ok();
        }
    }
    let map = web.0.get(format!("/catalog-api/v1/sessions/{}/seats", id(&gala))).await.ok();
    let seats = seat_ids(&map);
    House { manager, web, partner, web_id, event, gala: id(&gala), matinee, tour, stalls, floor, adult, child, seats }
}

impl House {
    /// Seats of the gala by their number, 0 to 15.
    pub fn seat(&self, number: usize) -> u64 {
        self.seats[number]
    }

    /// Changes the gala.
    pub async fn change_gala(&self, body: Value) {
        self.manager.change(&format!("/events/{}/sessions/{}", self.event, self.gala), body).await;
    }
}

fn seat_ids(map: &Value) -> Vec<u64> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let rows = list(&map["sectors"]).into_iter().flat_map(|sector| list(&sector["rows"]));
    rows.flat_map(|row| list(&row["seats"])).map(|seat| seat[0].as_u64().unwrap()).collect()
}

async fn seller(server: &TestServer, manager: &ManagerClient, entity: u64, mut channel: Value) -> (u64, SellerClient) {
    let terms = json!({"entity_id": entity, "currency": "EUR", "languages": ["es-ES", "en-GB"]});
    channel.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    let id = manager.make_id("/channels", channel).await;
    let key = manager.make(&format!("/channels/{id}/keys"), json!({})).await;
    (id, SellerClient::sign_in(&server.nobody, id, key["secret"].as_str().unwrap()).await)
}

fn hall(venue: u64) -> Value {
    let row = |name: &str, y: i32| {
        let seats: Vec<_> = (0..8).map(|x| json!({"name": (x + 1).to_string(), "x": x * 10, "y": y})).collect();
        json!({"name": name, "seats": seats})
    };
    json!({
        "venue_id": venue, "name": "Hall", "check_orphan_seats": true, "focal_point": {"x": 35, "y": -10},
        "price_types": [{"name": "Stalls", "code": "S"}, {"name": "Floor", "code": "F"}],
        "quotas": ["General", "Guests"],
        "sectors": [
            {"name": "Stalls", "price_type": "S", "rows": [row("A", 0), row("B", 10)]},
            {"name": "Pit", "price_type": "F", "zones": [{"name": "Floor", "places": [{"count": 30}, {"quota": "Guests", "count": 4}]}]},
        ],
    })
}

async fn make_event(manager: &ManagerClient, entity: u64, currency: &str) -> u64 {
    let event = json!({"entity_id": entity, "name": format!("Carmen {currency}"), "currency": currency, "default_language": "es_ES", "status": "READY"});
    manager.make_id("/events", event).await
}

fn session(name: &str, template: &Value, stalls: u64, floor: u64) -> Value {
    let prices = |all: &[(u64, f64)]| all.iter().map(|(id, value)| json!({"price_type_id": id, "value": value})).collect::<Vec<_>>();
    json!({
        "name": name, "venue_template_id": template["id"], "status": "READY",
        "date": {"start": "2031-07-01T20:00:00+02:00", "end": "2031-07-01T22:00:00+02:00", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "Adult", "prices": prices(&[(stalls, 20.0), (floor, 12.5)])}, {"name": "Child", "prices": prices(&[(stalls, 10.0)])}],
        "taxes": {"tickets": [{"name": "IVA 10%", "value": 10}], "surcharges": [{"name": "IVA 21%", "value": 21}]},
    })
}
