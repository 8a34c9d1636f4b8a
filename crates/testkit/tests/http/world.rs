//! One operator (3) with an opera (entity 1) and a stadium (entity 2); the opera has a web shop (10), a box office (11) and a kiosk (12).

use std::net::{IpAddr, Ipv4Addr};

use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::channels::{ChannelChange, NewChannel, Settings};
use aforo_domain::identity::manage::devices::{NewPointOfSale, NewTerminal};
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::keys::{KeyChange, NewKey};
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand, Reservation};
use aforo_domain::identity::manage::users::{NewUser, UserChange};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{ChannelKind, KeyOwner, License, Role, Scopes, Status};
use aforo_domain::ids::{ChannelId, EntityId, Hash, KeyId, ShardId, UserId};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::text::Language;
use aforo_server::api::oauth::keys;
use aforo_server::app::App;
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::config::Config;
use aforo_server::engine::{Handle, Request};
use aforo_server::http::middleware::Http;
use aforo_server::http::passwords::Whose;
use aforo_server::store::Store;
use aforo_server::store::sim::SimStore;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request as HttpRequest};
use serde_json::Value;

/// 2031-01-15T10:00:00Z.
pub const NOW: Timestamp = Timestamp(1_926_237_600_000_000);
/// The operator's shard.
pub const SHARD: ShardId = ShardId(3);
/// The key of the web shop.
pub const WEB_KEY: &str = "3_the web shop's key";
/// The key of the opera.
pub const OPERA_KEY: &str = "3_the opera's key";

/// A server without a socket.
pub struct Server {
    pub app: App,
    pub http: Http,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or("none").to_owned())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    /// On a store in memory.
    pub async fn start() -> Self {
        Self::start_on(&Store::Sim(SimStore::new(false)), Config::default()).await
    }

    /// On a store, filled if it is empty.
    pub async fn start_on(store: &Store, config: Config) -> Self {
        let (clock, chance) = (Clock::fixed(NOW), Chance::seeded(1));
        let engine = Handle::start(store, clock.clone(), &chance).unwrap();
        let app = App::new(config, clock, chance, engine);
        let server = Self { http: Http::new(app.clone()), app };
        keys::rotate(&server.app).await.unwrap();
        if server.app.engine.views().shard(SHARD).is_none() {
            server.fill().await;
        }
        server
    }

    async fn fill(&self) {
        self.platform(PlatformCommand::Reserve(Reservation::Operator(Some(SHARD)))).await;
        self.app.engine.open_shard(SHARD).await.unwrap();
        let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
        self.done(IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator)))).await;
        for name in ["Opera", "Stadium"] {
            self.done(IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: name.to_owned() }))).await;
        }
        for (id, kind) in [(10, ChannelKind::Web), (11, ChannelKind::BoxOffice), (12, ChannelKind::Kiosk)] {
            self.channel(id, kind).await;
        }
        self.key(KeyOwner::Channel(ChannelId(10)), WEB_KEY, Vec::new(), Scopes::SELLER).await;
        self.key(KeyOwner::Channel(ChannelId(12)), "3_kiosk", Vec::new(), Scopes::SELLER).await;
        self.key(KeyOwner::Entity(Some(EntityId(1))), OPERA_KEY, vec![Role::OperatorAdmin], Scopes::ENTITY).await;
        self.key(KeyOwner::Entity(Some(EntityId(1))), "3_reports", vec![Role::Reports], Scopes::ENTITY).await;
        for (name, entity, roles) in [("ramona", 1, vec![Role::Seller]), ("stranger", 2, vec![Role::Seller])] {
            self.user(name, entity, roles).await;
        }
        let license = License { secret: Hash::of(b"LICENCE"), active: true, expires: None };
        let (entity, name) = (Some(EntityId(1)), "Left window".to_owned());
        self.done(IdentityCommand::Terminal(Edit::Create(NewTerminal { id: None, entity, code: "T1".to_owned(), name, license }))).await;
        let foyer = NewPointOfSale { id: None, entity: EntityId(1), name: "Foyer".to_owned() };
        self.done(IdentityCommand::PointOfSale(Edit::Create(foyer))).await;
    }

    async fn channel(&self, id: u64, kind: ChannelKind) {
        self.platform(PlatformCommand::Reserve(Reservation::Channel(Some(ChannelId(id)), SHARD))).await;
        let settings = Settings::usual(format!("Channel {id}"), vec![Language::parse("es-ES").unwrap()]);
        let currency = Currency::parse("EUR").unwrap();
        let channel = NewChannel { id: ChannelId(id), entity: EntityId(1), kind, currency, settings };
        self.done(IdentityCommand::Channel(Edit::Create(channel))).await;
    }

    async fn key(&self, owner: KeyOwner, secret: &str, roles: Vec<Role>, scopes: Scopes) {
        let key = NewKey { owner, secret: Hash::of(secret.as_bytes()), roles, scopes, expires: None };
        self.done(IdentityCommand::Key(Edit::Create(key))).await;
    }

    async fn user(&self, name: &str, entity: u64, roles: Vec<Role>) {
        self.platform(PlatformCommand::Reserve(Reservation::Username(name.to_owned(), SHARD))).await;
        let password = self.app.http.passwords.hash(&self.app.chance, Whose::User, format!("{name}'s password")).await.unwrap();
        let (entity, username) = (EntityId(entity), name.to_owned());
        let user = NewUser { id: None, entity, username, password, roles, permissions: Vec::new() };
        self.done(IdentityCommand::User(Edit::Create(user))).await;
    }

    async fn platform(&self, command: PlatformCommand) {
        self.run(ShardId::PLATFORM, IdentityCommand::Platform(command)).await.unwrap();
    }

    async fn done(&self, command: IdentityCommand) {
        self.run(SHARD, command).await.unwrap();
    }

    async fn run(&self, shard: ShardId, command: IdentityCommand) -> Result<(), Code> {
        let request = Request { shard, actor: Actor::System, command: Command::Identity(command), idempotency: None };
        self.app.engine.run(request).await.result.map(drop).map_err(|error| error.code)
    }

    pub async fn switch_channel(&self, id: u64, status: Status) {
        let change = ChannelChange { status: Some(status), ..ChannelChange::default() };
        self.done(IdentityCommand::Channel(Edit::Update { id: ChannelId(id), expected: None, change })).await;
    }

    pub async fn switch_key(&self, id: u64, status: Status) {
        let change = KeyChange { status: Some(status) };
        self.done(IdentityCommand::Key(Edit::Update { id: KeyId(id), expected: None, change })).await;
    }

    pub async fn switch_user(&self, id: u64, status: Status) {
        let change = UserChange { status: Some(status), ..UserChange::default() };
        self.done(IdentityCommand::User(Edit::Update { id: UserId(id), expected: None, change })).await;
    }

    /// Sends a request from an address.
    pub async fn send_from(&self, peer: IpAddr, request: HttpRequest<Body>) -> Answer {
        let (parts, body) = self.http.answer(request, peer).await.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 30).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    pub async fn send(&self, request: HttpRequest<Body>) -> Answer {
        self.send_from(IpAddr::V4(Ipv4Addr::LOCALHOST), request).await
    }

    /// Sends a form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields)).await
    }

    /// Signs in with these fields.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.form("/oauth/token", fields).await
    }

    /// The web shop's token.
    pub async fn web(&self) -> String {
        let answer = self.token(&web()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Gets a path with a token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(HttpRequest::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()).await
    }
}

/// How the web shop signs in.
pub fn web() -> Vec<(&'static str, &'static str)> {
    vec![("grant_type", "client_credentials"), ("client_id", "seller-channel-client"), ("channel_id", "10"), ("client_secret", WEB_KEY)]
}

/// How Ramona signs in at the left window of the foyer.
pub fn counter() -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", "password"),
        ("client_id", "box-office-client"),
        ("channel_id", "11"),
        ("username", "Ramona"),
        ("password", "ramona's password"),
        ("terminal", "T1"),
        ("terminal_license", "LICENCE"),
        ("point_of_sale_id", "1"),
    ]
}

/// How the opera's own programs sign in.
pub fn opera() -> Vec<(&'static str, &'static str)> {
    vec![("grant_type", "client_credentials"), ("client_id", "onebox-client"), ("client_secret", OPERA_KEY)]
}

/// Fields with one of them different; an empty value leaves it out.
pub fn but<'a>(mut fields: Vec<(&'a str, &'a str)>, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        fields.push((name, value));
    }
    fields
}

pub fn form(path: &str, fields: &[(&str, &str)]) -> HttpRequest<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    HttpRequest::post(path).header("content-type", "application/x-www-form-urlencoded").body(body.into()).unwrap()
}
