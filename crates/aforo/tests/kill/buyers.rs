//! Buyers who write down what they were told, and the check that it is still so.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Buyers at the same time.
const BUYERS: usize = 12;
/// Seats they fight for in one round.
const HOT_SEATS: usize = 300;

/// One session on sale, and how to reach it.
pub struct Shop {
    client: Client,
    base_url: Mutex<String>,
    token: String,
    session: u64,
    seats: Vec<u64>,
    /// Numbers drawn: repeatable, and all that a test's buyers need.
    drawn: AtomicU64,
}

/// Who looks after orders when they are sold. Its token outlives every kill.
pub struct Office {
    token: String,
}

impl Office {
    /// Gives the tickets of an order other barcodes.
    pub async fn reprint(&self, shop: &Shop, order: &mut Sold) {
        let items: Vec<_> = order.items.iter().map(|id| json!({"id": id})).collect();
        let path = format!("/orders-mgmt-api/v1/orders/{}/reprint", order.code);
        self.call(shop, Method::POST, &path, json!({ "items": items })).await;
        let found = shop.call(Method::GET, "/distribution-api/v1/orders", Some(&order.id), None, None).await;
        order.places = sold(&found.unwrap().1, 0).places;
    }

    async fn call(&self, shop: &Shop, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", shop.base_url.lock().unwrap());
        let answer = shop.client.request(method, url).bearer_auth(&self.token).json(&body).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

/// An acknowledged order: its seats, each with its barcode.
#[derive(Debug, Clone)]
pub struct Sold {
    pub id: String,
    pub code: String,
    pub items: Vec<u64>,
    pub places: HashMap<u64, String>,
    pub round: usize,
}

/// A confirm that nobody answered.
#[derive(Debug, Clone)]
pub struct Unanswered {
    id: String,
    key: String,
    body: Value,
    round: usize,
}

/// What must not be.
#[derive(Debug, PartialEq, Eq)]
pub enum Loss {
    /// An acknowledged order is not there as it was acknowledged.
    Order(String),
    /// A seat was sold twice.
    Twice(u64),
}

/// What buyers were told.
#[derive(Default)]
pub struct Ledger {
    pub sold: Vec<Sold>,
    pub unanswered: Vec<Unanswered>,
}

/// Buyers under way.
pub struct Buyers(JoinSet<Ledger>);

impl Buyers {
    /// What they were told before the server was gone.
    pub async fn gather(mut self) -> Ledger {
        let mut ledger = Ledger::default();
        while let Some(told) = self.0.join_next().await {
            ledger.add(told.unwrap());
        }
        ledger
    }
}

impl Shop {
    /// Signs in to the demo's first web channel and finds the session with the most numbered seats. The token must outlive every kill.
    pub async fn open(dir: &Path, base_url: &str) -> Self {
        let text = std::fs::read_to_string(dir.join("demo-credentials.json")).unwrap();
        let credentials: Value = serde_json::from_str(&text).unwrap();
        let web = credentials["channels"].as_array().unwrap().iter().find(|channel| channel["type"] == "WEB").unwrap();
        // Another test of this process may have done so already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", "seller-channel-client".to_owned()),
            ("channel_id", web["channel_id"].to_string()),
            ("client_secret", web["client_secret"].as_str().unwrap().to_owned()),
        ];
        let answer: Value = client.post(format!("{base_url}/oauth/token")).form(&form).send().await.unwrap().json().await.unwrap();
        let mut shop = Self {
            client,
            base_url: Mutex::new(base_url.into()),
            token: answer["access_token"].as_str().unwrap().to_owned(),
            session: 0,
            seats: Vec::new(),
            drawn: AtomicU64::new(1),
        };
        let sessions = shop.get("/catalog-api/v1/sessions").await;
        let size = |session: &Value| -> u64 {
            session["availability"]["price_types"]
                .as_array()
                .unwrap()
                .iter()
                .map(|kind| kind["availability"]["total"].as_u64().unwrap())
                .sum()
        };
        let largest =
            sessions["data"].as_array().unwrap().iter().filter(|session| session["venue"]["graphic"] == true).max_by_key(|s| size(s));
        shop.session = largest.unwrap()["id"].as_u64().unwrap();
        let map = shop.get(&format!("/catalog-api/v1/sessions/{}/seats", shop.session)).await;
        let rows = map["sectors"].as_array().unwrap().iter().flat_map(|sector| sector["rows"].as_array().unwrap());
        let seats = rows.flat_map(|row| row["seats"].as_array().unwrap()).zip(map["status"].as_str().unwrap().bytes());
        shop.seats = seats.filter(|(_, letter)| *letter == b'F').map(|(seat, _)| seat[0].as_u64().unwrap()).collect();
        assert!(shop.seats.len() > HOT_SEATS, "the demo's largest session has {} free seats", shop.seats.len());
        shop
    }

    /// Lets the channel tell the loyalty programme what it sells, and webhooks at these addresses what becomes of it. Answers who manages it.
    pub async fn tell_sales(&self, dir: &Path, hooks: &[String]) -> Office {
        let text = std::fs::read_to_string(dir.join("demo-credentials.json")).unwrap();
        let credentials: Value = serde_json::from_str(&text).unwrap();
        let web = credentials["channels"].as_array().unwrap().iter().find(|channel| channel["type"] == "WEB").unwrap();
        let secret = credentials["management"]["client_secret"].as_str().unwrap();
        let form = [("grant_type", "client_credentials"), ("client_id", "onebox-client"), ("client_secret", secret)];
        let base_url = self.base_url.lock().unwrap().clone();
        let answer: Value = self.client.post(format!("{base_url}/oauth/token")).form(&form).send().await.unwrap().json().await.unwrap();
        let office = Office { token: answer["access_token"].as_str().unwrap().to_owned() };
        let channel = format!("/mgmt-api/v1/channels/{}", web["channel_id"]);
        office.call(self, Method::PATCH, &channel, json!({"loyalty": true})).await;
        for url in hooks {
            let body = json!({"channel_id": web["channel_id"], "name": "Kill", "url": url, "events": [{"event": "ORDER"}]});
            office.call(self, Method::POST, "/mgmt-api/v1/webhooks", body).await;
        }
        office
    }

    /// The server has another address after each start.
    pub fn moved_to(&self, base_url: &str) {
        *self.base_url.lock().unwrap() = base_url.into();
    }

    /// Sends buyers to the hot seats of this round.
    pub fn send_buyers(self: &Arc<Self>, round: usize) -> Buyers {
        let mut buyers = JoinSet::new();
        for _ in 0..BUYERS {
            let shop = self.clone();
            buyers.spawn(async move { shop.buy_until_gone(round).await });
        }
        Buyers(buyers)
    }

    fn draw(&self, below: usize) -> usize {
        let mixed = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 33) as usize % below
    }

    async fn call(&self, method: Method, path: &str, order: Option<&str>, key: Option<&str>, body: Option<&Value>) -> Option<(u16, Value)> {
        let url = format!("{}{path}", self.base_url.lock().unwrap());
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(order) = order {
            request = request.header("ob-order-id", order);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None, None, None).await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn order_call(&self, order: &str, step: &str, body: &Value) -> Option<(u16, Value)> {
        self.call(Method::POST, &format!("/distribution-api/v1/orders/{step}"), Some(order), None, Some(body)).await
    }

    /// Buys two seats at a time until the server does not answer any more.
    async fn buy_until_gone(&self, round: usize) -> Ledger {
        let mut ledger = Ledger::default();
        while self.buy(round, &mut ledger).await.is_some() {}
        ledger
    }

    /// One purchase; `None` when there was no answer.
    async fn buy(&self, round: usize, ledger: &mut Ledger) -> Option<()> {
        let (status, order) = self.call(Method::POST, "/distribution-api/v1/orders", None, None, None).await?;
        assert_eq!(status, 200, "{order}");
        let id = order["id"].as_str().unwrap().to_owned();
        let first = round * HOT_SEATS % (self.seats.len() - HOT_SEATS);
        let seat = |_| json!({"id": self.seats[first + self.draw(HOT_SEATS)], "session_id": self.session});
        let (status, order) = self.order_call(&id, "seats", &json!({"seats": [seat(0), seat(1)]})).await?;
        if status != 200 {
            assert_eq!(order["code"], "ORDER_SEAT_NOT_AVAILABLE", "{order}");
            return Some(());
        }
        let (status, body) =
            self.order_call(&id, "buyer-data", &json!({"email": "buyer@example.org", "name": "B", "surname": "B"})).await?;
        assert_eq!(status, 200, "{body}");
        let (status, order) = self.order_call(&id, "pre-confirm", &json!({})).await?;
        assert_eq!(status, 200, "{order}");
        let body = json!({"payments": [{"type": "CARD", "amount": order["price"]["to_pay"], "reference": "kill"}]});
        let key = format!("{round}-{}", self.drawn.fetch_add(1, Ordering::Relaxed));
        let confirm = self.call(Method::POST, "/distribution-api/v1/orders/confirm", Some(&id), Some(&key), Some(&body)).await;
        match confirm {
            Some((status, order)) => {
                assert_eq!(status, 200, "{order}");
                ledger.sold.push(sold(&order, round));
                Some(())
            }
            None => {
                ledger.unanswered.push(Unanswered { id, key, body, round });
                None
            }
        }
    }
}

/// What an answer says was sold.
fn sold(order: &Value, round: usize) -> Sold {
    let items = order["items"].as_array().unwrap();
    let place = |item: &Value| (item["seat"]["id"].as_u64().unwrap(), item["ticket"]["barcode"].as_str().unwrap().to_owned());
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    let ids = items.iter().map(|item| item["id"].as_u64().unwrap()).collect();
    Sold { id: text("id"), code: text("code"), items: ids, places: items.iter().map(place).collect(), round }
}

impl Ledger {
    /// What others were told, too.
    pub fn add(&mut self, other: Self) {
        self.sold.extend(other.sold);
        self.unanswered.extend(other.unanswered);
    }

    /// Asks again where there was no answer: the same key says what became of it, and it is done or refused, never something between.
    pub async fn settle(&mut self, shop: &Shop) {
        for left in std::mem::take(&mut self.unanswered) {
            let path = "/distribution-api/v1/orders/confirm";
            let asked = shop.call(Method::POST, path, Some(&left.id), Some(&left.key), Some(&left.body)).await;
            let (status, order) = asked.expect("the server is back");
            assert_eq!(status, 200, "what pre-confirm accepted, confirm accepts: {order}");
            self.sold.push(sold(&order, left.round));
        }
    }

    /// What is missing or wrong of one round's orders, and every seat that was sold twice.
    pub async fn losses_since(&self, shop: &Shop, round: usize) -> Vec<Loss> {
        let mut losses = self.sold_twice();
        for order in self.sold.iter().filter(|order| order.round >= round) {
            if !still_there(shop, order).await {
                losses.push(Loss::Order(order.id.clone()));
            }
        }
        losses
    }

    /// The same for all orders.
    pub async fn losses(&self, shop: &Shop) -> Vec<Loss> {
        self.losses_since(shop, 0).await
    }

    /// Seats in two acknowledged orders.
    pub fn sold_twice(&self) -> Vec<Loss> {
        let mut seen = HashSet::new();
        self.sold.iter().flat_map(|order| order.places.keys()).filter(|seat| !seen.insert(**seat)).map(|seat| Loss::Twice(*seat)).collect()
    }
}

async fn still_there(shop: &Shop, order: &Sold) -> bool {
    let found = shop.call(Method::GET, "/distribution-api/v1/orders", Some(&order.id), None, None).await;
    let (status, found) = found.expect("the server answers");
    status == 200 && found["status"] == "CONFIRM" && sold(&found, 0).places == order.places
}
