//! Whose things are protected, and who tries to get at them: people of another entity, and another operator.

use aforo_testkit::builders::{SmallWorld, channel, gift_order, id, person, publish, text, till};
use aforo_testkit::caller::{Caller, MGMT, ManagerClient, SellerClient};
use aforo_testkit::market::{self, Market};
use aforo_testkit::resale::{self, LISTINGS};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::life::creations;

/// An id that nothing has.
pub const UNKNOWN: u64 = 8_888_888;
/// An order that is not there.
pub const UNKNOWN_ORDER: &str = "ffffffffffffffffffffffffffffffff";
/// A code that no order has.
pub const UNKNOWN_CODE: &str = "ZZZZZZZZZZZZ";
/// Voucher orders, by ids that are no numbers.
pub const VOUCHER_ORDERS: &str = "/distribution-api/v1/voucher-orders";
/// Customers, by ids that are no numbers.
pub const CUSTOMERS: &str = "/customers-mgmt-api/v1/customers";
/// A customer that is not there.
pub const UNKNOWN_CUSTOMER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
/// Where an order is named by its code.
pub const ORDERS_BY_CODE: &str = "/orders-mgmt-api/v1/orders";

/// Where orders that marketplaces made are named by their code.
pub const REISSUES: &str = "/distribution-api/v1/secondary-market/reissues";

/// What somebody has of each thing that a path can name.
pub struct Belongings {
    pub entity: u64,
    pub channel: u64,
    pub channel_key: u64,
    pub entity_key: u64,
    pub event: u64,
    pub session: u64,
}

/// What somebody does, and so which APIs are for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Works {
    Sells,
    Manages,
    AtGates,
}

/// Who tries.
pub struct Stranger {
    pub name: &'static str,
    pub caller: Caller,
    pub works: Works,
    /// What it has itself, where it is of the same operator.
    pub own: Option<Belongings>,
}

/// The theatre's world and the strangers to it.
pub struct Tenants<'a> {
    pub world: SmallWorld<'a>,
    pub theirs: Belongings,
    /// An order of the theatre's web channel, and an item of it.
    pub order: String,
    pub item: u64,
    /// The code of an order of that channel that is sold, and an item of it.
    pub sold: String,
    pub sold_item: u64,
    /// A voucher group of the theatre's, and a voucher of it.
    pub voucher_group: u64,
    pub voucher: u64,
    /// A voucher order of the theatre's web channel.
    pub gift_order: String,
    /// A promotion of the theatre's.
    pub promotion: u64,
    /// A collective of the theatre's, and a member of it. The order carries it.
    pub collective: u64,
    pub member: u64,
    /// A product of the theatre's, sold in its web channel.
    pub product: u64,
    /// A customer of the theatre's.
    pub customer: String,
    /// The theatre's gatekeeper.
    pub gates: Caller,
    /// The theatre's marketplace, and the code of an order that it made by reissuing.
    pub market: SellerClient,
    pub reissue: String,
    /// A ticket that the web channel offers again.
    pub listing: u64,
    /// A webhook of the theatre's.
    pub webhook: u64,
    /// The theatre's clerk at a till, and the shift that is open there.
    pub counter: Caller,
    pub shift: u64,
    pub strangers: Vec<Stranger>,
}

impl<'a> Tenants<'a> {
    pub async fn set_up(server: &'a TestServer) -> Self {
        let world = SmallWorld::set_up(server).await;
        let form = json!({"fields": [{"key": "club", "type": "TEXT"}]});
        world.admin.change(&format!("/channels/{}", world.web.id), json!({ "buyer_form": form })).await;
        world.admin.change(&format!("/events/{}", world.event), json!({ "attendee_form": form })).await;
        let seller = world.seller().await;
        let order = seller.create().await;
        let body = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
        seller.order("PUT", &order, "/consumer-metadata/1", Some(json!({"value": "a note"}))).await.ok();
        let item = body["items"][0]["id"].as_u64().unwrap();
        let (sold, sold_item) = sell(&seller, world.session, &world.row[4..6]).await;
        let voucher_group = world.admin.make_id("/voucher-groups", voucher_group(world.theatre)).await;
        let issued = world.admin.make(&format!("/voucher-groups/{voucher_group}/vouchers"), json!({"count": 1, "amount": 5})).await;
        let voucher = issued["data"][0]["id"].as_u64().unwrap();
        world.gift_vouchers(json!({})).await;
        let gift_order = seller.0.post("/distribution-api/v1/voucher-orders", gift_order(25)).await.ok();
        let gift_order = text(&gift_order, "id").to_owned();
        let promotion = creations().iter().find(|(collection, _)| *collection == "/promotions").unwrap().1(world.theatre, 1);
        let promotion = world.admin.make_id("/promotions", promotion).await;
        let collective = json!({"entity_id": world.theatre, "name": "Club", "type": "MEMBER"});
        let collective = world.admin.make_id("/collectives", collective).await;
        let member = world.admin.make_id(&format!("/collectives/{collective}/members"), json!({"member": "ada-31"})).await;
        let shown = json!({"id": collective, "user": "ada-31"});
        seller.order("POST", &order, "/collectives", Some(shown)).await.ok();
        let product = json!({"entity_id": world.theatre, "name": "Programme", "channels": [world.web.id], "prices": [{"currency": "EUR", "value": 3}]});
        let product = world.admin.make_id("/products", product).await;
        let customer = seller.0.post(CUSTOMERS, json!({"email": "eve@example.org"})).await.ok();
        let customer = text(&customer, "id").to_owned();
        let webhook = creations().iter().find(|(collection, _)| *collection == "/webhooks").unwrap().1(world.theatre, 1);
        let webhook = world.admin.make_id("/webhooks", webhook).await;
        // Nobody is there: attempts would go on while strangers try.
        world.admin.change(&format!("/webhooks/{webhook}"), json!({"status": "INACTIVE"})).await;
        let strings = [world.box_office.id.to_string(), world.door.to_string()];
        let counter = world.nobody().signed_in(&world.counter(&strings, &[])).await;
        let shift = id(&counter.post("/distribution-api/v1/shifts", json!({"float": 100})).await.ok());
        let theirs = belongings(&world, world.theatre, world.web.id, world.event, world.session).await;
        let gates = keeper(&world, &world.admin, world.theatre).await;
        let market = Market::set_up(&world).await;
        let first = market::sell(&market.shop, world.session, &world.row[6..8]).await;
        market.first("register", &first).await.ok();
        let reissue = market.reissue(world.session, &first, json!({})).await.ok();
        let listing = offered(&world, &first).await;
        let (market, reissue) = (market.market, text(&reissue, "code").to_owned());
        let mut strangers = of_the_circus(&world).await;
        strangers.extend(of_another_operator(&world).await);
        Self {
            world,
            theirs,
            order,
            item,
            sold,
            sold_item,
            voucher_group,
            voucher,
            gift_order,
            promotion,
            product,
            customer,
            webhook,
            counter,
            shift,
            collective,
            member,
            gates,
            market,
            reissue,
            listing,
            strangers,
        }
    }

    /// The protected thing that a path's parameter names.
    ///
    /// # Panics
    /// If nobody has said yet what such a parameter is.
    pub fn theirs(&self, collection: &str) -> String {
        let world = &self.world;
        let id = match collection {
            ORDERS_BY_CODE => return self.sold.clone(),
            "/orders-mgmt-api/v1/orders/{}/items" => self.sold_item,
            VOUCHER_ORDERS => return self.gift_order.clone(),
            CUSTOMERS => return self.customer.clone(),
            REISSUES => return self.reissue.clone(),
            LISTINGS => self.listing,
            "/distribution-api/v1/orders/items" => self.item,
            // A key may be any text.
            "/distribution-api/v1/orders/consumer-metadata" | "/customers-mgmt-api/v1/customers/{}/consents" => 1,
            "/distribution-api/v1/orders/vouchers" | "/mgmt-api/v1/vouchers" => self.voucher,
            "/mgmt-api/v1/voucher-groups" => self.voucher_group,
            "/mgmt-api/v1/operators" => world.operator,
            "/mgmt-api/v1/platform/keys" | "/mgmt-api/v1/platform/users" | "/mgmt-api/v1/venues" => 1,
            "/mgmt-api/v1/venue-templates" | "/mgmt-api/v1/events/{}/venue-templates" => 1,
            "/mgmt-api/v1/points-of-sale" => world.door,
            "/mgmt-api/v1/terminals" => world.till.id,
            "/mgmt-api/v1/promotions" | "/catalog-api/v1/promotions" | "/distribution-api/v1/orders/promotions" => self.promotion,
            "/mgmt-api/v1/collectives" | "/distribution-api/v1/orders/collectives" => self.collective,
            "/mgmt-api/v1/members" => self.member,
            "/mgmt-api/v1/products" | "/catalog-api/v1/products" => self.product,
            "/mgmt-api/v1/users" => world.clerk.id,
            "/access-control-api/v1/sessions/{}/admissions" => self.sold_item,
            "/mgmt-api/v1/webhooks" => self.webhook,
            "/mgmt-api/v1/shifts" | "/distribution-api/v1/shifts" => self.shift,
            other => self.theirs.of(other).unwrap_or_else(|| panic!("say what {other} is in tests/tenants/strangers.rs")),
        };
        id.to_string()
    }
}

impl Belongings {
    /// What a path's parameter names, if it is among these.
    pub fn of(&self, collection: &str) -> Option<u64> {
        match collection {
            "/mgmt-api/v1/entities" => Some(self.entity),
            "/mgmt-api/v1/entities/{}/keys" => Some(self.entity_key),
            "/mgmt-api/v1/channels" | "/mgmt-api/v1/events/{}/channels" | "/mgmt-api/v1/events/{}/sessions/{}/channels" => {
                Some(self.channel)
            }
            "/mgmt-api/v1/channels/{}/keys" => Some(self.channel_key),
            "/mgmt-api/v1/events" | "/catalog-api/v1/events" => Some(self.event),
            "/mgmt-api/v1/events/{}/sessions" | "/catalog-api/v1/sessions" | "/access-control-api/v1/sessions" => Some(self.session),
            _ => None,
        }
    }
}

async fn belongings(world: &SmallWorld<'_>, entity: u64, channel: u64, event: u64, session: u64) -> Belongings {
    let first = async |path: String| world.admin.0.get(format!("{MGMT}{path}")).await.ok()["data"][0]["id"].as_u64().unwrap();
    let (channel_key, entity_key) = (first(format!("/channels/{channel}/keys")).await, first(format!("/entities/{entity}/keys")).await);
    Belongings { entity, channel, channel_key, entity_key, event, session }
}

/// Sells these seats: the order's code, and its first item.
async fn sell(seller: &SellerClient, session: u64, seats: &[u64]) -> (String, u64) {
    let order = seller.create().await;
    seller.add_seats(&order, session, seats).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(&order).await.ok()["price"]["to_pay"].clone();
    let sold = seller.confirm(&order, &price).await.ok();
    (text(&sold, "code").to_owned(), id(&sold["items"][0]))
}

/// Offers the second ticket of an order: the offer.
async fn offered(world: &SmallWorld<'_>, order: &Value) -> u64 {
    let shop = resale::shop(world).await;
    id(&resale::offer(&shop, order, 1, 20.0).await.ok()["listings"][0])
}

/// The circus is an entity of the same operator, with an event, a session and a channel of its own.
async fn of_the_circus(world: &SmallWorld<'_>) -> Vec<Stranger> {
    let admin = &world.admin;
    let web = channel(admin, world.circus, "WEB").await;
    let mut managers = Vec::new();
    for role in ["EVENT_MANAGER", "CHANNEL_MANAGER", "AFTER_SALES"] {
        let key = admin.make(&format!("/entities/{}/keys", world.circus), json!({"roles": [role]})).await;
        managers.push((role, ManagerClient::with_key(world.nobody(), text(&key, "secret")).await));
    }
    let event = json!({"name": "Trapeze", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = managers[0].1.make_id("/events", event).await;
    let session = managers[0].1.make_id(&format!("/events/{event}/sessions"), session(world.stalls)).await;
    publish(&managers[0].1, event, session, web.id, json!({})).await;
    let seller = SellerClient::sign_in(world.nobody(), web.id, &web.secret).await;
    let mut all = vec![
        ("another entity's channel", seller.0, Works::Sells),
        ("ACCESS_CONTROL", keeper(world, admin, world.circus).await, Works::AtGates),
    ];
    all.push(("another entity's counter", at_a_counter(world).await, Works::Sells));
    all.push(("another entity's marketplace", Market::another(world, world.circus).await.1.0, Works::Sells));
    all.extend(managers.into_iter().map(|(role, manager)| (role, manager.0, Works::Manages)));
    let mut strangers = Vec::new();
    for (name, caller, works) in all {
        let own = Some(belongings(world, world.circus, web.id, event, session).await);
        strangers.push(Stranger { name, caller, works, own });
    }
    strangers
}

/// Somebody of the circus at a till of its own, where no shift is open.
async fn at_a_counter(world: &SmallWorld<'_>) -> Caller {
    let (admin, circus) = (&world.admin, world.circus);
    let (booth, clown, till) =
        (channel(admin, circus, "BOX_OFFICE").await, person(admin, circus, "clown", &["SELLER"]).await, till(admin, circus, "BOOTH").await);
    let door = admin.make_id("/points-of-sale", json!({"entity_id": circus, "name": "Booth"})).await;
    let strings = [booth.id.to_string(), door.to_string()];
    let changes = [
        ("username", clown.username.as_str()),
        ("password", clown.password.as_str()),
        ("terminal", till.code.as_str()),
        ("terminal_license", till.license.as_str()),
    ];
    world.nobody().signed_in(&world.counter(&strings, &changes)).await
}

/// An operator whose only entity has an id that the first operator knows nothing of, so that no id is there by chance.
async fn of_another_operator(world: &SmallWorld<'_>) -> Vec<Stranger> {
    let platform = &world.platform;
    let operator = platform.make_id("/operators", json!({"name": "Ponent", "secondary_market": true})).await;
    let entity = platform.make_id(&format!("/entities?operator_id={operator}"), json!({"id": 900, "name": "Arena"})).await;
    let key = platform.make(&format!("/entities/{entity}/keys?operator_id={operator}"), json!({"roles": ["OPERATOR_ADMIN"]})).await;
    let admin = ManagerClient::with_key(world.nobody(), text(&key, "secret")).await;
    let web = channel(&admin, entity, "WEB").await;
    let gates = keeper(world, &admin, entity).await;
    let seller = SellerClient::sign_in(world.nobody(), web.id, &web.secret).await;
    let market = channel(&admin, entity, "MARKETPLACE").await;
    let market = SellerClient::sign_in(world.nobody(), market.id, &market.secret).await;
    vec![
        Stranger { name: "another operator's administrator", caller: admin.0, works: Works::Manages, own: None },
        Stranger { name: "another operator's marketplace", caller: market.0, works: Works::Sells, own: None },
        Stranger { name: "another operator's gates", caller: gates, works: Works::AtGates, own: None },
        Stranger { name: "another operator's channel", caller: seller.0, works: Works::Sells, own: None },
    ]
}

/// Who keeps the gates of an entity.
pub async fn keeper(world: &SmallWorld<'_>, admin: &ManagerClient, entity: u64) -> Caller {
    let key = admin.make(&format!("/entities/{entity}/keys"), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    world.nobody().signed_in(&form).await
}

/// A voucher group of an entity.
pub fn voucher_group(entity: u64) -> Value {
    json!({"entity_id": entity, "name": "Gift voucher", "currencies": ["EUR"]})
}

/// A session on the theatre's template: who works in an operator may play in its venues.
pub fn session(price_type: u64) -> Value {
    json!({"name": "Matinee", "venue_template_id": 1, "status": "READY",
        "date": {"start": "2031-02-01T12:00:00Z", "sale_start": "2031-01-01T00:00:00Z"},
        "rates": [{"name": "All", "prices": [{"price_type_id": price_type, "value": 8}]}]})
}
