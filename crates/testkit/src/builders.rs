//! A small world, set up through the management API as an integrator would: an operator with two entities, a channel of each kind, a theatre with two
//! rows and a floor, one event and one session on sale.

use serde_json::{Value, json};

use crate::caller::{Caller, ManagerClient, SellerClient};
use crate::spawn::TestServer;

/// A channel and its API key.
#[derive(Debug, Clone)]
pub struct ChannelKey {
    /// Its id.
    pub id: u64,
    /// Its `client_secret`.
    pub secret: String,
}

/// A person with its password.
#[derive(Debug, Clone)]
pub struct Person {
    /// Its id.
    pub id: u64,
    /// What is typed at sign-in.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// A terminal with its licence.
#[derive(Debug, Clone)]
pub struct Till {
    /// Its id.
    pub id: u64,
    /// Its `terminal`.
    pub code: String,
    /// Its `terminal_license`.
    pub license: String,
}

/// All of it.
pub struct SmallWorld<'a> {
    /// Where it is.
    pub server: &'a TestServer,
    /// PLATFORM_ADMIN.
    pub platform: ManagerClient,
    /// The operator.
    pub operator: u64,
    /// OPERATOR_ADMIN, by a key of the theatre's.
    pub admin: ManagerClient,
    /// The entity that owns everything here.
    pub theatre: u64,
    /// Another entity of the same operator.
    pub circus: u64,
    /// Channels of the theatre.
    pub web: ChannelKey,
    /// Where people sell.
    pub box_office: ChannelKey,
    /// Where a machine sells.
    pub kiosk: ChannelKey,
    /// A SELLER of the theatre.
    pub clerk: Person,
    /// A terminal of the theatre.
    pub till: Till,
    /// A point of sale of the theatre.
    pub door: u64,
    /// The event.
    pub event: u64,
    /// Its session, on sale in `web`, `box_office` and `kiosk`.
    pub session: u64,
    /// Price types: numbered seats at 20, 15 for children.
    pub stalls: u64,
    /// Not-numbered places at 10.
    pub floor: u64,
    /// Rates: the default one, and children.
    pub adult: u64,
    /// Of numbered seats only.
    pub child: u64,
    /// Seats of the first row, in physical order: eight of them.
    pub row: Vec<u64>,
}

impl<'a> SmallWorld<'a> {
    /// Sets it up.
    pub async fn set_up(server: &'a TestServer) -> Self {
        let platform = server.platform().await;
        let operator = platform.make_id("/operators", json!({"name": "Levante"})).await;
        let theatre = platform.make_id(&format!("/entities?operator_id={operator}"), json!({"name": "Teatre"})).await;
        let keys = format!("/entities/{theatre}/keys?operator_id={operator}");
        let key = platform.make(&keys, json!({"roles": ["OPERATOR_ADMIN"]})).await;
        let admin = ManagerClient::with_key(&server.nobody, text(&key, "secret")).await;
        let circus = admin.make_id("/entities", json!({"name": "Circ"})).await;
        let web = channel(&admin, theatre, "WEB").await;
        let box_office = channel(&admin, theatre, "BOX_OFFICE").await;
        let kiosk = channel(&admin, theatre, "KIOSK").await;
        let clerk = person(&admin, theatre, "clerk", &["SELLER"]).await;
        let till = till(&admin, theatre, "TILL-1").await;
        let door = admin.make_id("/points-of-sale", json!({"entity_id": theatre, "name": "Door"})).await;
        let template = template(&admin, theatre).await;
        let [stalls, floor] = [0, 1].map(|index: usize| id(&template["price_types"][index]));
        let event = admin
            .make_id(
                "/events",
                json!({"entity_id": theatre, "name": "Concert", "currency": "EUR", "default_language": "es-ES",
            "status": "READY", "category": {"code": "MUSIC"}, "texts": {"title": {"es-ES": "Concierto"}}}),
            )
            .await;
        let session = new_session(id(&template), stalls, floor);
        let session = admin.make(&format!("/events/{event}/sessions"), session).await;
        let [adult, child] = [0, 1].map(|index: usize| id(&session["rates"][index]));
        let session = id(&session);
        for sold_in in [&web, &box_office, &kiosk] {
            publish(&admin, event, session, sold_in.id, json!({})).await;
        }
        let row = SellerClient::sign_in(&server.nobody, web.id, &web.secret).await.seats(session).await[..8].to_vec();
        Self {
            server,
            platform,
            operator,
            admin,
            theatre,
            circus,
            web,
            box_office,
            kiosk,
            clerk,
            till,
            door,
            event,
            session,
            stalls,
            floor,
            adult,
            child,
            row,
        }
    }

    /// Whoever has not signed in.
    pub fn nobody(&self) -> &Caller {
        &self.server.nobody
    }

    /// The web channel's own system.
    pub async fn seller(&self) -> SellerClient {
        SellerClient::sign_in(self.nobody(), self.web.id, &self.web.secret).await
    }

    /// The clerk's sign-in at the box office, with some fields replaced, or left out where they are empty.
    pub fn counter<'f>(&'f self, strings: &'f [String; 2], changes: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let mut form = vec![
            ("client_id", "box-office-client"),
            ("grant_type", "password"),
            ("username", self.clerk.username.as_str()),
            ("password", self.clerk.password.as_str()),
            ("channel_id", strings[0].as_str()),
            ("terminal", self.till.code.as_str()),
            ("terminal_license", self.till.license.as_str()),
            ("point_of_sale_id", strings[1].as_str()),
        ];
        for (name, value) in &mut form {
            if let Some((_, changed)) = changes.iter().find(|(changed, _)| changed == name) {
                *value = changed;
            }
        }
        form.retain(|(_, value)| !value.is_empty());
        form
    }

    /// The web channel sells gift vouchers, with some fields replaced: of 10, 25 or 50 euros, or from 100 to 200 in steps of 20, with a picture (7). Answers
    /// the group that they are of.
    pub async fn gift_vouchers(&self, changes: Value) -> u64 {
        let group = json!({"entity_id": self.theatre, "name": "Gift voucher", "currencies": ["EUR"]});
        let group = self.admin.make_id("/voucher-groups", group).await;
        let mut body = json!({"voucher_group_id": group, "amounts": [10, 25, 50], "range": {"min": 100, "max": 200, "step": 20},
            "images": [{"id": 7, "url": "https://teatre.example/roses.png", "name": "Roses", "texts": {"name": {"es-ES": "Rosas"}}}],
            "deliveries": ["EMAIL", "NONE"], "max_days_ahead": 30, "life_days": 365});
        body.as_object_mut().expect("an object").append(changes.clone().as_object_mut().expect("an object"));
        self.admin.0.put(format!("/mgmt-api/v1/channels/{}/gift-vouchers", self.web.id), body).await.ok();
        group
    }

    /// Where a session's own things are managed.
    pub fn session_path(&self) -> String {
        format!("/events/{}/sessions/{}", self.event, self.session)
    }

    /// Changes the session.
    pub async fn change_session(&self, body: Value) -> Value {
        self.admin.change(&self.session_path(), body).await
    }
}

impl SellerClient {
    /// All numbered seats of a session that this channel may see, by sector and row, in physical order.
    pub async fn seats(&self, session: u64) -> Vec<u64> {
        let body = self.0.get(format!("/catalog-api/v1/sessions/{session}/seats")).await.ok();
        let sectors = body["sectors"].as_array().into_iter().flatten();
        let rows = sectors.flat_map(|sector| sector["rows"].as_array().into_iter().flatten());
        rows.flat_map(|row| row["seats"].as_array().into_iter().flatten())
            .map(|seat| seat[0].as_u64().expect("a seat begins with its id"))
            .collect()
    }
}

/// A voucher order of one voucher to be handed out.
pub fn gift_order(amount: u64) -> Value {
    json!({"buyer": {"email": "ada@example.org"}, "items": [{"amount": amount, "delivery": {"type": "NONE"}}]})
}

/// Makes a channel with a key.
pub async fn channel(admin: &ManagerClient, entity: u64, kind: &str) -> ChannelKey {
    let body = json!({"entity_id": entity, "type": kind, "name": kind, "currency": "EUR", "languages": ["es-ES"]});
    let id = admin.make_id("/channels", body).await;
    let key = admin.make(&format!("/channels/{id}/keys"), json!({})).await;
    ChannelKey { id, secret: text(&key, "secret").to_owned() }
}

/// Makes a user.
pub async fn person(admin: &ManagerClient, entity: u64, username: &str, roles: &[&str]) -> Person {
    let password = format!("secret of {username}");
    let id = admin.make_id("/users", json!({"entity_id": entity, "username": username, "password": password, "roles": roles})).await;
    Person { id, username: username.to_owned(), password }
}

/// Makes a terminal.
pub async fn till(admin: &ManagerClient, entity: u64, code: &str) -> Till {
    let made = admin.make("/terminals", json!({"entity_id": entity, "code": code, "name": code})).await;
    Till { id: id(&made), code: code.to_owned(), license: text(&made["license"], "secret").to_owned() }
}

/// Publishes a session in a channel.
pub async fn publish(admin: &ManagerClient, event: u64, session: u64, channel: u64, body: Value) {
    admin.0.put(format!("/mgmt-api/v1/events/{event}/sessions/{session}/channels/{channel}"), body).await.ok();
}

async fn template(admin: &ManagerClient, entity: u64) -> Value {
    let venue = json!({"entity_id": entity, "name": "Teatre", "location": {"address": "Gran Via 1", "city": "Valencia",
        "country": {"code": "ES", "name": "Spain"}, "country_subdivision": {"code": "ES-V", "name": "Valencia"}, "time_zone": "Europe/Madrid"}});
    let venue = admin.make_id("/venues", venue).await;
    let row = |name: &str, y: i32| {
        let seats: Vec<_> = (1..=8).map(|number| json!({"name": number.to_string(), "x": number * 10, "y": y})).collect();
        json!({"name": name, "seats": seats})
    };
    let sectors = json!([
        {"name": "Stalls", "price_type": "ST", "rows": [row("A", 0), row("B", 10)]},
        {"name": "Floor", "price_type": "FL", "zones": [{"name": "Floor", "places": [{"count": 20}]}]},
    ]);
    let price_types = json!([{"name": "Stalls", "code": "ST"}, {"name": "Floor", "code": "FL"}]);
    let body = json!({"venue_id": venue, "name": "Concerts", "check_orphan_seats": true, "price_types": price_types, "sectors": sectors,
        "focal_point": {"x": 45, "y": -50}});
    admin.make("/venue-templates", body).await
}

/// A session on sale from the day before [`crate::spawn::NOW`] until it starts, two weeks later.
fn new_session(template: u64, stalls: u64, floor: u64) -> Value {
    json!({"name": "Friday", "venue_template_id": template, "status": "READY",
        "date": {"start": "2031-01-31T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"},
        "rates": [
            {"name": "Adult", "default": true, "prices": [{"price_type_id": stalls, "value": 20}, {"price_type_id": floor, "value": 10}]},
            {"name": "Child", "prices": [{"price_type_id": stalls, "value": 15}]},
        ],
        "taxes": {"tickets": [{"name": "IVA 10", "value": 10}]}})
}

/// A text of a body.
pub fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The id of something that was made.
pub fn id(value: &Value) -> u64 {
    value["id"].as_u64().unwrap_or_else(|| panic!("no id in {value}"))
}
