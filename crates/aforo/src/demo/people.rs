//! Who is there: two operators with their entities, channels, people, terminals and counters.

use axum::http::Method;
use serde_json::{Value, json};

use super::credentials::Credentials;
use super::desk::Desk;
use super::texts::{LANGUAGES, texts};

/// Entities and channels of the first operator.
pub struct Levante {
    /// Owns the shop on the web.
    pub shop: u64,
    /// Owns the stadium and plays in it.
    pub club: u64,
    /// Owns the opera house and plays in it.
    pub opera: u64,
    /// Puts on the festival.
    pub festival: u64,
    /// The shop on the web.
    pub web: u64,
    /// The opera's box office.
    pub box_office: u64,
    /// The machines at the stadium.
    pub kiosk: u64,
    /// Travel agencies.
    pub agencies: u64,
    /// An outside marketplace.
    pub marketplace: u64,
}

/// Entities and channels of the second operator.
pub struct Nord {
    /// The museum.
    pub museum: u64,
    /// Its shop on the web.
    pub web: u64,
    /// Its counter.
    pub box_office: u64,
}

/// A channel to be made.
struct Channel<'a> {
    entity: u64,
    kind: &'a str,
    name: &'a str,
    max_items: u32,
    surcharges: Value,
}

/// The first operator's.
pub async fn levante(desk: &Desk, credentials: &mut Credentials) -> Result<Levante, String> {
    let shop = entity(desk, "Levante Entrades").await?;
    let club = entity(desk, "Club de Futbol Llevant").await?;
    let opera = entity(desk, "Gran Teatre de la Marina").await?;
    let festival = entity(desk, "Brisa Festivals").await?;
    let key = desk.call(Method::POST, &format!("/entities/{shop}/keys"), json!({"roles": ["OPERATOR_ADMIN"]})).await?;
    credentials.management = json!({"client_id": "onebox-client", "client_secret": key["secret"]});

    let mut make = Maker { desk, credentials };
    let fee = json!([{"type": "PERCENTAGE", "percent": 5, "min": 0.5, "max": 4}]);
    let web = Channel { entity: shop, kind: "WEB", name: "entrades.example", max_items: 10, surcharges: json!([]) };
    let counter = Channel { entity: opera, kind: "BOX_OFFICE", name: "Taquilla del Teatre", max_items: 40, surcharges: json!([]) };
    let kiosk = Channel { entity: club, kind: "KIOSK", name: "Stadium kiosks", max_items: 8, surcharges: per_ticket(1) };
    let agencies = Channel { entity: shop, kind: "B2B", name: "Agencies", max_items: 200, surcharges: json!([]) };
    let market = Channel { entity: shop, kind: "MARKETPLACE", name: "Resale partner", max_items: 20, surcharges: fee };
    let stage = Levante {
        shop,
        club,
        opera,
        festival,
        web: make.channel(web).await?,
        box_office: make.channel(counter).await?,
        kiosk: make.channel(kiosk).await?,
        agencies: make.channel(agencies).await?,
        marketplace: make.channel(market).await?,
    };
    let booking = json!({"enabled": true, "minutes": 2 * 24 * 60, "hours_before": 72});
    let more = json!({
        "delivery_methods": deliveries(), "insurances": insurances(), "booking": booking, "buyer_mandatory": ["NAME", "SURNAME"],
        "buyer_form": buyer_form(), "resale": {"enabled": true, "surcharges": [{"type": "PERCENTAGE", "percent": 5}]},
    });
    desk.call(Method::PATCH, &format!("/channels/{}", stage.web), more).await?;
    gift_vouchers(desk, shop, stage.web).await?;
    desk.call(Method::PATCH, &format!("/channels/{}", stage.box_office), json!({"invitations": true, "booking": booking, "loyalty": true}))
        .await?;
    let place = desk.post("/points-of-sale", json!({"entity_id": opera, "name": "Vestíbul"})).await?;
    make.terminal(opera, "TEATRE-1", "Counter 1", stage.box_office, Some(place)).await?;
    make.terminal(opera, "TEATRE-2", "Counter 2", stage.box_office, Some(place)).await?;
    make.terminal(club, "ESTADI-K1", "Gate 3 kiosk", stage.kiosk, None).await?;
    make.user(shop, "admin@levante.example", &["OPERATOR_ADMIN"], &["BLOCK_SEATS", "REFUND"], None).await?;
    make.user(opera, "seller@teatre.example", &["SELLER"], &["BOOKING", "OVERRIDE_ORPHAN_SEATS", "INVITATIONS"], Some(stage.box_office))
        .await?;
    make.user(opera, "events@teatre.example", &["EVENT_MANAGER"], &["BLOCK_SEATS"], None).await?;
    make.gates(club, "Stadium").await?;
    make.gates(opera, "Gran Teatre de la Marina").await?;
    make.user(club, "events@club.example", &["EVENT_MANAGER"], &["BLOCK_SEATS"], None).await?;
    make.user(shop, "channels@levante.example", &["CHANNEL_MANAGER", "REPORTS"], &[], None).await?;
    Ok(stage)
}

/// The second operator's.
pub async fn nord(desk: &Desk, credentials: &mut Credentials) -> Result<Nord, String> {
    let museum = entity(desk, "Museu de la Mar").await?;
    let mut make = Maker { desk, credentials };
    let web = Channel { entity: museum, kind: "WEB", name: "museudelamar.example", max_items: 12, surcharges: json!([]) };
    let counter = Channel { entity: museum, kind: "BOX_OFFICE", name: "Museum desk", max_items: 60, surcharges: json!([]) };
    let stage = Nord { museum, web: make.channel(web).await?, box_office: make.channel(counter).await? };
    let place = desk.post("/points-of-sale", json!({"entity_id": museum, "name": "Entrance hall"})).await?;
    make.terminal(museum, "MUSEU-1", "Desk 1", stage.box_office, Some(place)).await?;
    make.user(museum, "desk@museu.example", &["SELLER"], &[], Some(stage.box_office)).await?;
    make.user(museum, "admin@museu.example", &["OPERATOR_ADMIN"], &["BLOCK_SEATS"], None).await?;
    Ok(stage)
}

async fn entity(desk: &Desk, name: &str) -> Result<u64, String> {
    desk.post("/entities", json!({"name": name})).await
}

/// The shop sells gift vouchers that pay in every channel, to be sent or handed out, good for a year.
async fn gift_vouchers(desk: &Desk, shop: u64, web: u64) -> Result<(), String> {
    let name = texts("Gift voucher", "Tarjeta regalo", "Targeta regal");
    let group = json!({"entity_id": shop, "name": "Gift voucher", "texts": {"name": name}, "currencies": ["EUR"]});
    let group = desk.post("/voucher-groups", group).await?;
    let offer = json!({"voucher_group_id": group, "amounts": [25, 50, 75], "range": {"min": 100, "max": 500, "step": 50},
        "deliveries": ["EMAIL", "NONE"], "max_days_ahead": 180, "life_days": 365});
    desk.call(Method::PUT, &format!("/channels/{web}/gift-vouchers"), offer).await?;
    Ok(())
}

/// How the shop's tickets reach the buyer; letters take a week.
fn deliveries() -> Value {
    let method = |id: u32, kind: &str, en: &str, es: &str, ca: &str| json!({"id": id, "type": kind, "name": en, "texts": {"name": texts(en, es, ca)}});
    let mut post = method(4, "POST", "By post", "Por correo postal", "Per correu postal");
    (post["cost"], post["hours_before"], post["tax"]) = (json!(4.95), json!(7 * 24), json!({"name": "IVA 21%", "value": 21}));
    json!([
        method(1, "EMAIL", "By e-mail", "Por correo electrónico", "Per correu electrònic"),
        method(2, "PRINT_AT_HOME", "Print at home", "Imprimir en casa", "Imprimir a casa"),
        method(3, "PICK_UP", "At the box office", "En taquilla", "A taquilla"),
        post,
    ])
}

/// What the shop insures.
fn insurances() -> Value {
    let names = texts("Cancellation cover", "Seguro de cancelación", "Assegurança de cancel·lació");
    json!([{
        "id": 1, "name": "Cancellation cover", "texts": {"name": names}, "type": "PERCENTAGE", "percent": 5, "min": 0.9, "hours_before": 24,
        "tax": {"name": "IPS 8%", "value": 8},
    }])
}

/// What the shop asks of a buyer beside a name; nobody has to answer.
fn buyer_form() -> Value {
    let names = |en: &str, es: &str, ca: &str| json!({"name": texts(en, es, ca)});
    json!({"fields": [
        {"key": "company", "type": "TEXT", "max_length": 100, "texts": names("Company", "Empresa", "Empresa")},
        {
            "key": "newsletter", "type": "CHOICE", "texts": names("Newsletter", "Boletín", "Butlletí"),
            "choices": [{"value": "YES", "texts": names("Yes", "Sí", "Sí")}, {"value": "NO", "texts": names("No", "No", "No")}],
        },
    ]})
}

fn per_ticket(euros: u32) -> Value {
    json!([{"type": "PER_TICKET", "value": euros}])
}

/// Makes what has a secret, and notes it.
struct Maker<'a> {
    desk: &'a Desk,
    credentials: &'a mut Credentials,
}

impl Maker<'_> {
    async fn channel(&mut self, channel: Channel<'_>) -> Result<u64, String> {
        let Channel { entity, kind, name, max_items, surcharges } = channel;
        let body = json!({
            "entity_id": entity, "type": kind, "name": name, "currency": "EUR", "languages": LANGUAGES, "max_items": max_items,
            "surcharges": surcharges,
        });
        let id = self.desk.post("/channels", body).await?;
        let key = self.desk.call(Method::POST, &format!("/channels/{id}/keys"), json!({})).await?;
        let client = if kind == "BOX_OFFICE" { "box-office-client" } else { "seller-channel-client" };
        self.credentials.channels.push(json!({
            "channel_id": id, "client_id": client, "client_secret": key["secret"], "type": kind, "name": name,
        }));
        Ok(id)
    }

    async fn terminal(&mut self, entity: u64, code: &str, name: &str, channel: u64, place: Option<u64>) -> Result<(), String> {
        let body = json!({"entity_id": entity, "code": code, "name": name});
        let terminal = self.desk.call(Method::POST, "/terminals", body).await?;
        let mut entry = json!({"code": code, "license": terminal["license"]["secret"], "channel_id": channel});
        if let Some(place) = place {
            entry["point_of_sale_id"] = json!(place);
        }
        self.credentials.terminals.push(entry);
        Ok(())
    }

    /// A key for the gates of an entity's venues and events.
    async fn gates(&mut self, entity: u64, name: &str) -> Result<(), String> {
        let key = self.desk.call(Method::POST, &format!("/entities/{entity}/keys"), json!({"roles": ["ACCESS_CONTROL"]})).await?;
        let entry = json!({"client_id": "access-control-client", "client_secret": key["secret"], "entity_id": entity, "name": name});
        self.credentials.gates.push(entry);
        Ok(())
    }

    async fn user(&mut self, entity: u64, name: &str, roles: &[&str], permissions: &[&str], channel: Option<u64>) -> Result<(), String> {
        let password = self.credentials.password();
        let body = json!({"entity_id": entity, "username": name, "password": password, "roles": roles, "permissions": permissions});
        self.desk.post("/users", body).await?;
        let mut entry = json!({"username": name, "password": password, "roles": roles, "permissions": permissions});
        if let Some(channel) = channel {
            entry["channel_id"] = json!(channel);
        }
        self.credentials.users.push(entry);
        Ok(())
    }
}
