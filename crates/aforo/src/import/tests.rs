//! A catalogue is copied into a server of the test's own and read back: saved answers first, then the copy itself, live, for another operator.

use std::path::{Path, PathBuf};

use aforo_server::app::App;
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::config::Config;
use aforo_server::start;
use axum::http::Method;
use clap::Parser;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::ImportArgs;
use crate::client::Api;
use crate::client::credentials::ChannelKey;
use crate::client::request::Request;
use crate::demo::desk::Desk;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ImportArgs,
}

fn places(total: u32, available: u32) -> Value {
    json!({"type": "BOUNDED", "total": total, "available": available})
}

fn amount(value: &str, promoter: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    json!({"value": number(value), "surcharge": {"promoter": number(promoter), "channel": 0}})
}

/// An entry of the list, as this API shows one.
fn session(id: u64, counts: [Value; 3]) -> Value {
    let [stalls, circle, boxes] = counts;
    let kind = |id: u64, name: &str, places: Value| json!({"id": id, "name": name, "availability": places});
    json!({
        "id": id, "name": format!("Night {id}"), "type": "SESSION",
        "event": {
            "id": 7301, "name": "Rigoletto (reprise)",
            "texts": {"title": {"en-US": "", "fr-FR": "Rigoletto"}, "description_long": {"fr-FR": "<p>Trois actes & plus</p>"}},
            "images": {"main": {"fr-FR": "https://img.example/r.jpg"}, "landscape": [{"fr-FR": "https://img.example/w.jpg"}]},
            "default_language": "fr_FR",
        },
        "venue": {
            "id": 88, "name": "Opéra du Quai",
            "location": {
                "address": "Quai Sud 4", "city": "Marseille", "country": {"code": "FR", "name": "France"}, "postal_code": "13002",
                "country_subdivision": {"code": "FR-13", "name": "Bouches-du-Rhône"}, "time_zone": "Europe/Paris",
            },
            "image": "https://img.example/v.jpg", "graphic": true, "check_orphan_seats": true,
        },
        "date": {
            "start": "2035-07-01T21:00:00+02:00", "end": "2035-07-02T00:30:00+02:00", "sale_start": "2025-01-15T09:00:00+01:00",
            "sale_end": "2035-07-01T21:00:00+02:00", "booking_start": "2025-01-15T08:00:00Z", "booking_end": "2035-06-01T22:00:00Z",
            "start_unconfirmed": true,
        },
        "texts": {"title": {"fr-FR": "Soirée"}, "description": {"fr-FR": ""}},
        "images": {"landscape": [{"fr-FR": "https://img.example/w.jpg"}]},
        "price": {
            "min": amount("12.5", "2"), "max": amount("96", "2"),
            "taxes": {
                "tickets": [{"id": 3, "name": "TVA 5,5%", "value": 5.5}],
                "surcharges": [{
                    "id": 4, "name": "TVA 20%", "value": 20,
                    "applies_to": ["PROMOTER", "SECONDARY_MARKET_PROMOTER", "CHANNEL", "SECONDARY_MARKET_CHANNEL"],
                }],
            },
            "min_net": amount("11.85", "1.67"), "max_net": amount("91", "1.67"),
            "min_final": amount("12.5", "2"), "max_final": amount("96", "2"),
        },
        "availability": {"price_types": [kind(41, "Stalls", stalls), kind(42, "Circle", circle), kind(43, "Boxes", boxes)]},
        "for_sale": true, "on_sale": true, "sold_out": false, "external_reference": format!("R-{id}"),
        "rates": [{"id": 61, "name": "Jeune", "default": false}, {"id": 62, "name": "Plein", "default": true}], "currency": "EUR",
    })
}

/// The availability of the first session: other counts than the list's, and sectors.
fn availability() -> Value {
    let kind = |id: u64, name: &str, total, available| json!({"id": id, "name": name, "availability": places(total, available)});
    let shown = |id: u64, name: &str, total, available, order: u32, code: &str| {
        json!({
            "id": id, "name": name, "availability": places(total, available), "texts": {"name": {"fr-FR": name}},
            "ui_settings": {"order": order, "color": "#12AB9F"}, "code": code,
        })
    };
    json!({
        "id": 9001, "name": "Night 9001", "availability": places(260, 171),
        "price_types": [
            shown(41, "Stalls", 180, 120, 3, "ST"), shown(42, "Circle", 60, 51, 1, "CI"), shown(43, "Boxes", 20, 0, 2, "BX"),
        ],
        "sectors": [
            {"id": 503, "name": "Left", "code": "L", "price_types": [kind(41, "Stalls", 100, 70), kind(42, "Circle", 60, 51)]},
            {"id": 502, "name": "Right", "code": "R", "price_types": [kind(41, "Stalls", 80, 50), kind(43, "Boxes", 20, 0)]},
        ],
    })
}

/// A server with two operators, each with a management key and a channel.
struct Here {
    app: App,
    url: String,
    operators: [(String, ChannelKey); 2],
}

impl Here {
    async fn new(app: App, url: String, platform_key: &str) -> Self {
        let platform = Desk::sign_in(&app, platform_key).await.unwrap();
        let operators = [operator(&platform, "First").await, operator(&platform, "Second").await];
        Self { app, url, operators }
    }

    async fn import(&self, operator: usize, more: &[&str]) -> Result<(), String> {
        let line = [&["import", "--url", &self.url, "--key", &self.operators[operator].0], more].concat();
        super::run(&Line::try_parse_from(line).unwrap().args).await
    }

    /// What the operator's channel is shown.
    async fn shown(&self, operator: usize, path: &str) -> Value {
        let mut api = Api::new(&self.url).unwrap();
        let signed = api.send(&self.operators[operator].1.sign_in()).await.unwrap();
        api.keep_token(&signed).unwrap();
        api.fetch(&Request::get(format!("/catalog-api/v1{path}"))).await.unwrap()
    }
}

async fn operator(platform: &Desk, name: &str) -> (String, ChannelKey) {
    let desk = platform.operator(name, false).await.unwrap();
    let entity = desk.post("/entities", json!({"name": name})).await.unwrap();
    let key = desk.call(Method::POST, &format!("/entities/{entity}/keys"), json!({"roles": ["OPERATOR_ADMIN"]})).await.unwrap();
    let channel = json!({"entity_id": entity, "type": "WEB", "name": name, "currency": "EUR", "languages": ["fr-FR"]});
    let channel = desk.post("/channels", channel).await.unwrap();
    let secret = desk.call(Method::POST, &format!("/channels/{channel}/keys"), json!({})).await.unwrap();
    let text = |key: &Value| key["secret"].as_str().unwrap().to_owned();
    (text(&key), ChannelKey { channel_id: channel, client_secret: text(&secret), kind: "WEB".to_owned(), name: name.to_owned() })
}

fn save(directory: &Path, name: &str, body: &Value) -> String {
    let path: PathBuf = directory.join(name);
    std::fs::write(&path, body.to_string()).unwrap();
    path.display().to_string()
}

/// The first session as it must come back: the availability's counts, and all else as it was.
fn expected() -> Value {
    session(9001, [places(180, 120), places(60, 51), places(20, 0)])
}

async fn copies_are_faithful(here: &Here, directory: &Path) {
    let other = session(9002, [places(10, 4), places(8, 8), places(2, 1)]);
    let list = json!({
        "metadata": {"limit": 100, "total": 2, "offset": 0},
        "data": [session(9001, [places(999, 1), places(60, 51), places(21, 3)]), other],
    });
    let sessions = save(directory, "sessions.json", &list);
    let counts = save(directory, "availability.json", &availability());
    let from_files = ["--sessions", &sessions, "--availability", &counts];
    here.import(0, &from_files).await.unwrap();

    assert_eq!(here.shown(0, "/sessions").await["data"], json!([expected(), other]));
    assert_eq!(here.shown(0, "/sessions/9001/availability").await, availability());
    let one_sector = here.shown(0, "/sessions/9002/availability").await;
    assert_eq!(one_sector["availability"], places(20, 13));
    assert_eq!(one_sector["sectors"].as_array().unwrap().len(), 1);
    let prices = here.shown(0, "/sessions/9001/prices").await;
    let of_rate = |rate: usize| [0, 1, 2].map(|kind| prices["rates"][rate]["price_types"][kind]["price"]["value"].to_string());
    assert_eq!(of_rate(1), ["12.5", "54.25", "96"]);

    let refused = here.import(0, &from_files).await.unwrap_err();
    assert!(refused.contains("venue 88") && refused.contains("event 7301") && refused.contains("Nothing was imported"), "{refused}");
}

/// What the first operator's channel shows is what the second one's gets.
async fn a_live_catalogue_is_copied_too(here: &Here) {
    let ChannelKey { channel_id, client_secret, .. } = &here.operators[0].1;
    here.import(1, &["--from", &here.url, "--channel", &channel_id.to_string(), "--secret", client_secret]).await.unwrap();
    for path in ["/sessions", "/sessions/9001/availability", "/sessions/9001/prices", "/sessions/9002/prices"] {
        assert_eq!(here.shown(1, path).await, here.shown(0, path).await, "{path}");
    }
}

#[test]
fn a_copy_is_served_like_the_original() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config { data: directory.path().to_owned(), ..Config::default() };
    let app = start::open(config, Clock::System, Chance::System).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let admin = start::first_start(&app).await.unwrap().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        aforo_server::api::oauth::keys::rotate(&app).await.unwrap();
        let serving = tokio::spawn(aforo_server::http::serve(app.clone(), listener, std::future::pending()));
        let here = Here::new(app.clone(), url, &admin.key).await;
        copies_are_faithful(&here, directory.path()).await;
        a_live_catalogue_is_copied_too(&here).await;
        serving.abort();
        here.app.stop().await;
    });
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let sessions = save(directory.path(), "sessions.json", &json!({"data": [session(1, [places(1, 1), places(1, 1), places(1, 1)])]}));
    let counts = save(directory.path(), "availability.json", &availability());
    let read = |sessions: &str, counts: &str| super::source::saved(Some(Path::new(sessions)), &[counts.into()], &[]).err().unwrap();
    assert_eq!(read(&sessions, &counts), "session 9001 is not in the list of sessions");
    assert!(read(&counts, &sessions).contains("is not a saved answer of this kind"));
}
