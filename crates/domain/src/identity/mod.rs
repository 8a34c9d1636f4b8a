//! Who may do what: operators, entities, users, channels, keys, terminals, points of sale and sign-ins, as they are stored.
//!
//! Rules about them: [`check`] (is the caller still there and active), [`sign_in`] (what a token request needs), [`manage`] (who may change them).

pub mod check;
pub mod families;
pub mod manage;
pub mod sign_in;
pub mod terms;
pub(crate) mod tries;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::{Key, Row};
use crate::forms::Form;
use crate::ids::{ChannelId, EntityId, FamilyId, Hash, KeyId, PointOfSaleId, ShardId, TerminalId, UserId, WebhookId};
use crate::moment::Timestamp;
use crate::money::{Currency, Minor, Percent};
use crate::resale::ChannelResale;
use crate::text::Language;
use crate::webhooks::{Webhook, WebhookOwner};
use terms::{BookingTerms, DeliveryMethod, Insurance};
pub use terms::{BuyerField, MetadataRules, Receipts};

/// Whether something is there and works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// In use.
    Active,
    /// Switched off; may come back.
    Inactive,
    /// Soft-deleted: kept for the books, answered as if it were not there.
    Gone,
}

/// Runs sales for many entities; its id is its shard's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The shard's number.
    pub id: ShardId,
    /// Shown to people.
    pub name: String,
    /// Whether anything of it works.
    pub status: Status,
    /// Whether its channels may work in the secondary market.
    pub secondary_market: bool,
    /// Counts the changes, for optimistic concurrency.
    pub version: u64,
}

/// An organisation: promoter (owns events), channel owner (sells), venue owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique in its operator.
    pub id: EntityId,
    /// Shown to people.
    pub name: String,
    /// Whether it works.
    pub status: Status,
    /// How it numbers what its channels sell and give back, if it ever did.
    #[serde(default)]
    pub receipts: Option<Receipts>,
    /// Counts the changes.
    pub version: u64,
}

/// What a user does; what each may do is decided in [`check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names, see domain.md")]
pub enum Role {
    PlatformAdmin,
    OperatorAdmin,
    EventManager,
    ChannelManager,
    Seller,
    AfterSales,
    AccessControl,
    Reports,
}

/// A right beyond a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names, see domain.md")]
pub enum Permission {
    Refund,
    Booking,
    BlockSeats,
    CancelAndReissue,
    OverrideOrphanSeats,
    Invitations,
}

/// A person of one entity. The user name is unique on the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Unique in its operator.
    pub id: UserId,
    /// Whose person it is.
    pub entity: EntityId,
    /// What is typed at sign-in, lower case.
    pub username: String,
    /// An Argon2id hash in PHC form.
    pub password: String,
    /// Whether it may sign in.
    pub status: Status,
    /// What it does.
    pub roles: Vec<Role>,
    /// What else it may do.
    pub permissions: Vec<Permission>,
    /// Counts the changes.
    pub version: u64,
}

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names, see domain.md")]
pub enum ChannelKind {
    Web,
    BoxOffice,
    Kiosk,
    B2b,
    Marketplace,
}

impl ChannelKind {
    /// Whether it sells with licensed devices only.
    pub const fn has_terminals(self) -> bool {
        matches!(self, Self::BoxOffice | Self::Kiosk)
    }
}

/// What a surcharge adds to the price of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surcharge {
    /// So much a ticket.
    PerTicket(Minor),
    /// A share of the base price, within bounds.
    PercentOfBase {
        /// The share.
        percent: Percent,
        /// At least so much.
        min: Minor,
        /// At most so much.
        max: Option<Minor>,
    },
    /// So much an order, once.
    PerOrder(Minor),
}

/// One way to sell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Unique on the platform.
    pub id: ChannelId,
    /// Its owner.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Whether it works.
    pub status: Status,
    /// What an order may be in; the first is the default.
    pub languages: Vec<Language>,
    /// The currency of its surcharges and of an empty order.
    pub currency: Currency,
    /// How long a basket lives from its last change, in milliseconds.
    pub hold_ms: i64,
    /// How long a basket lives at most from its creation, in milliseconds.
    pub hold_max_ms: i64,
    /// How long a pre-confirmed order waits for its payment, in milliseconds.
    pub payment_ms: i64,
    /// Items in one order at most.
    pub max_items: u32,
    /// What it adds to prices, in its currency.
    pub surcharges: Vec<Surcharge>,
    /// Buyer fields without which pre-confirm refuses (the e-mail always).
    pub buyer_mandatory: Vec<BuyerField>,
    /// Whether it may leave single seats free.
    pub override_orphan_seats: bool,
    /// What it may note on its orders.
    #[serde(default)]
    pub metadata: MetadataRules,
    /// The ways of delivery that it offers.
    #[serde(default)]
    pub delivery_methods: Vec<DeliveryMethod>,
    /// The insurances that it offers.
    #[serde(default)]
    pub insurances: Vec<Insurance>,
    /// Whether it may give invitations.
    #[serde(default)]
    pub invitations: bool,
    /// What it asks of a buyer beside [`BuyerField`]s.
    #[serde(default)]
    pub buyer_form: Form,
    /// Whether it books, and for how long.
    #[serde(default)]
    pub booking: BookingTerms,
    /// Whether its sales are told to the loyalty programme.
    #[serde(default)]
    pub loyalty: bool,
    /// Whether buyers get an e-mail about what they bought.
    #[serde(default)]
    pub mail: bool,
    /// Whether that e-mail brings the tickets along.
    #[serde(default = "along")]
    pub mail_tickets: bool,
    /// Whether its buyers are kept as customers.
    #[serde(default)]
    pub customers: bool,
    /// Whether it sells tickets again that it or others of its entity sold.
    #[serde(default)]
    pub resale: ChannelResale,
    /// Counts the changes.
    pub version: u64,
}

/// What channels that never said anything else do with tickets.
const fn along() -> bool {
    true
}

/// An OAuth client that a key may sign in as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Client {
    /// `seller-channel-client`.
    SellerChannel,
    /// `onebox-client`: management and orders management.
    Management,
    /// `access-control-client`.
    AccessControl,
    /// `box-office-client`: a person at a counter.
    BoxOffice,
}

impl Client {
    /// The most a token of it reaches.
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::SellerChannel => Scopes::SELLER,
            Self::Management => Scopes::MANAGEMENT,
            Self::AccessControl => Scopes::ACCESS_CONTROL,
            Self::BoxOffice => Scopes::BOX_OFFICE,
        }
    }
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyOwner {
    /// A channel's: signs in as `seller-channel-client`.
    Channel(ChannelId),
    /// An entity's: management, orders management, access control. `None` in the platform shard: PLATFORM_ADMIN.
    Entity(Option<EntityId>),
}

/// An API key. The secret is random, shown once and stored as its SHA-256. It begins with the shard ("3_..."), so that it can be looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public id, unique in its shard.
    pub id: KeyId,
    /// Whose it is.
    pub owner: KeyOwner,
    /// SHA-256 of the whole secret.
    pub secret: Hash,
    /// What roles an entity's key has (ignored for channels).
    pub roles: Vec<Role>,
    /// What a token of it may reach.
    pub scopes: Scopes,
    /// Whether it works.
    pub status: Status,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

/// A licence's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// SHA-256 of what is typed at sign-in.
    pub secret: Hash,
    /// Whether it works.
    pub active: bool,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// A licensed device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Unique in its operator.
    pub id: TerminalId,
    /// What it signs in with; unique in its operator.
    pub code: String,
    /// Whose it is; the operator's own if `None`.
    pub entity: Option<EntityId>,
    /// Shown to people.
    pub name: String,
    /// Whether it works.
    pub status: Status,
    /// Its licence.
    pub license: License,
    /// Counts the changes.
    pub version: u64,
}

/// A counter where a BOX_OFFICE channel sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointOfSale {
    /// Unique in its operator.
    pub id: PointOfSaleId,
    /// Whose it is.
    pub entity: EntityId,
    /// Shown to people.
    pub name: String,
    /// Whether it works.
    pub status: Status,
    /// Counts the changes.
    pub version: u64,
}

/// The APIs a token reaches, as bits; `Scope::ALL` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(pub u16);

/// One API a token may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
#[expect(missing_docs, reason = "named after the APIs")]
pub enum Scope {
    Channels = 1,
    Distribution = 2,
    Catalog = 4,
    External = 8,
    Gateway = 16,
    CustomersMgmt = 32,
    OrdersMgmt = 64,
    Mgmt = 128,
    AccessControl = 256,
}

impl Scope {
    /// Every scope with its name, in the order of the token answer.
    pub const ALL: [(Scope, &'static str); 9] = [
        (Scope::Channels, "api-channels-all"),
        (Scope::Distribution, "api-distribution-all"),
        (Scope::Catalog, "api-catalog-all"),
        (Scope::External, "api-external-all"),
        (Scope::Gateway, "api-gateway"),
        (Scope::CustomersMgmt, "api-customers-mgmt-all"),
        (Scope::OrdersMgmt, "api-orders-mgmt-all"),
        (Scope::Mgmt, "api-mgmt-all"),
        (Scope::AccessControl, "api-access-control-all"),
    ];
}

impl Scopes {
    /// What a seller channel's token holds.
    pub const SELLER: Self = Self(127);
    /// What a management token holds.
    pub const MANAGEMENT: Self = Self(Scope::OrdersMgmt as u16 | Scope::Mgmt as u16);
    /// What an access-control token holds.
    pub const ACCESS_CONTROL: Self = Self(Scope::AccessControl as u16);
    /// What an entity's key may hold, over all clients it can sign in as.
    pub const ENTITY: Self = Self(Self::MANAGEMENT.0 | Self::ACCESS_CONTROL.0);
    /// What a box office's token holds.
    pub const BOX_OFFICE: Self = Self(Self::SELLER.0 | Self::ACCESS_CONTROL.0);

    /// Whether it holds this scope.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope as u16 != 0
    }

    /// What both hold.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The names, space-separated.
    pub fn names(self) -> String {
        let names: Vec<_> = Scope::ALL.iter().filter(|(scope, _)| self.has(*scope)).map(|(_, name)| *name).collect();
        names.join(" ")
    }

    /// Reads space-separated names; `None` if one is unknown.
    pub fn parse(names: &str) -> Option<Self> {
        names.split_ascii_whitespace().try_fold(Self(0), |scopes, name| {
            let (scope, _) = Scope::ALL.iter().find(|(_, known)| *known == name)?;
            Some(Self(scopes.0 | *scope as u16))
        })
    }
}

/// What a sign-in proved: the subject of its tokens. Nothing here is trusted to be still active; see [`check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The shard it works in.
    pub shard: ShardId,
    /// As which client it signed in.
    pub client: Client,
    /// What its tokens reach.
    pub scopes: Scopes,
    /// The key it signed in with, if it was a key.
    pub key: Option<KeyId>,
    /// The channel it sells for.
    pub channel: Option<ChannelId>,
    /// The entity it acts for, where it is not a channel's.
    pub entity: Option<EntityId>,
    /// The person.
    pub user: Option<UserId>,
    /// The device.
    pub terminal: Option<TerminalId>,
    /// The counter.
    pub point_of_sale: Option<PointOfSaleId>,
}

/// Whose sign-ins are counted together: what signed in, not with which device or scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    client: Client,
    key: Option<KeyId>,
    channel: Option<ChannelId>,
    user: Option<UserId>,
}

impl Subject {
    /// Who it is, for counting.
    pub const fn principal(&self) -> Principal {
        Principal { client: self.client, key: self.key, channel: self.channel, user: self.user }
    }
}

impl Family {
    /// When nothing of it is of use any more: the end of its refresh token, or of the last access token if it was revoked.
    pub const fn forgotten(&self) -> Timestamp {
        if self.revoked { self.access_expires } else { self.expires }
    }
}

/// One sign-in and its rotating refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Named by every token of it.
    pub id: FamilyId,
    /// Who signed in.
    pub subject: Arc<Subject>,
    /// SHA-256 of the refresh token that is good now.
    pub refresh: Hash,
    /// When the sign-in ends for good.
    pub expires: Timestamp,
    /// When its last access token ends; a revoked family is remembered until then.
    pub access_expires: Timestamp,
    /// Set once it was revoked, or a used refresh token came back.
    pub revoked: bool,
}

/// Wrong tries of one user, channel or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Hash of what was tried against.
    pub subject: Hash,
    /// How often in a row.
    pub count: u32,
    /// When it is forgotten: a while after the last one.
    pub until: Timestamp,
}

/// All of a shard's identity: shared with the HTTP layer as it is, so that a call is checked without a query.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The shard's operator; `None` in the platform shard.
    pub operator: Option<Arc<Operator>>,
    /// By id; the same for the rest.
    pub entities: HashMap<EntityId, Arc<Entity>>,
    /// Users.
    pub users: HashMap<UserId, Arc<User>>,
    /// Channels.
    pub channels: HashMap<ChannelId, Arc<Channel>>,
    /// Keys.
    pub keys: HashMap<KeyId, Arc<ApiKey>>,
    /// Keys by the hash of their secret.
    pub key_by_secret: HashMap<Hash, KeyId>,
    /// Terminals.
    pub terminals: HashMap<TerminalId, Arc<Terminal>>,
    /// Points of sale.
    pub points_of_sale: HashMap<PointOfSaleId, Arc<PointOfSale>>,
    /// Webhooks.
    pub webhooks: HashMap<WebhookId, Arc<Webhook>>,
    /// Those that are switched on, by owner: whoever has none is not in it.
    pub listeners: HashMap<WebhookOwner, Vec<WebhookId>>,
    /// Revoked families whose access tokens have not ended yet.
    pub revoked: HashMap<FamilyId, Timestamp>,
    /// Platform shard only: where each channel and user name lives, and which operators there are.
    pub directory: HashMap<DirectoryKey, ShardId>,
    /// Platform shard only: the keys that sign access tokens.
    pub signing_keys: Vec<Arc<SigningKey>>,
}

/// What the platform's directory finds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DirectoryKey {
    /// An operator (its shard is its id).
    Operator(ShardId),
    /// A channel.
    Channel(ChannelId),
    /// A user name, lower case.
    Username(String),
}

/// A row of the platform's directory: reserved first, then used by the shard. A left-over reservation is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// What is found.
    pub key: DirectoryKey,
    /// Where it lives.
    pub shard: ShardId,
}

/// A key pair that signs access tokens (Ed25519).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// The `kid` of JWT and JWKS.
    pub id: String,
    /// The 32 secret bytes.
    pub secret: [u8; 32],
    /// Signs from here on; the newest begun one signs.
    pub from: Timestamp,
    /// Verifies until here.
    pub until: Timestamp,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl Identity {
    /// Puts a row of identity in force.
    pub(crate) fn put(&mut self, row: &Row) {
        match row {
            Row::Directory(entry) => drop(self.directory.insert(entry.key.clone(), entry.shard)),
            Row::SigningKey(key) => {
                self.signing_keys.retain(|known| known.id != key.id);
                self.signing_keys.push(key.clone());
                self.signing_keys.sort_by_key(|key| key.from);
            }
            Row::Operator(operator) => self.operator = Some(operator.clone()),
            Row::Entity(entity) => drop(self.entities.insert(entity.id, entity.clone())),
            Row::User(user) => drop(self.users.insert(user.id, user.clone())),
            Row::Channel(channel) => drop(self.channels.insert(channel.id, channel.clone())),
            Row::ApiKey(key) => {
                self.key_by_secret.insert(key.secret, key.id);
                self.keys.insert(key.id, key.clone());
            }
            Row::Terminal(terminal) => drop(self.terminals.insert(terminal.id, terminal.clone())),
            Row::PointOfSale(place) => drop(self.points_of_sale.insert(place.id, place.clone())),
            Row::Webhook(hook) => self.put_webhook(hook),
            _ => {}
        }
    }

    fn put_webhook(&mut self, hook: &Arc<Webhook>) {
        let listeners = self.listeners.entry(hook.owner).or_default();
        listeners.retain(|id| *id != hook.id);
        if hook.status == Status::Active {
            listeners.push(hook.id);
        } else if listeners.is_empty() {
            self.listeners.remove(&hook.owner);
        }
        self.webhooks.insert(hook.id, hook.clone());
    }

    /// Takes a row of identity out. Only what nobody refers to is ever deleted; the rest is [`Status::Gone`].
    pub(crate) fn delete(&mut self, key: &Key) {
        match key {
            Key::Directory(key) => drop(self.directory.remove(key)),
            Key::SigningKey(id) => self.signing_keys.retain(|key| key.id != *id),
            _ => {}
        }
    }
}
