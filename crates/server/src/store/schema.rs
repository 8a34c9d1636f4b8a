//! The tables: each is defined here once, and its DDL and statements on both engines follow from that (`sql`).
//!
//! Only the portable subset: BIGINT, TEXT, BYTEA/BLOB, BOOLEAN. Every primary key starts with the shard. What may be unique besides is a value that
//! never moves from row to row (order code, barcode): rows are upserted in the order of their keys, not of their history, so anything else would
//! stop the applier for ever once a value changed hands within one of its batches.
//!
//! No rule is here, and no migration either: the schema only grows, and what an older store lacks is added when it is opened.

use std::sync::Arc;

use aforo_domain::audit::AuditLine;
use aforo_domain::catalogue::plan::Sector;
use aforo_domain::catalogue::{Event, Publication, Session, Template, Venue};
use aforo_domain::change::{Key, Row};
use aforo_domain::collectives::{Collective, Member, MemberNumber};
use aforo_domain::commissions::Commissions;
use aforo_domain::customers::Customer;
use aforo_domain::gates::offline::OfflineScan;
use aforo_domain::gates::{Admission, GateTally, Revocation};
use aforo_domain::idempotency::Outcome;
use aforo_domain::identity::{ApiKey, Channel, DirectoryEntry, Entity, Family, Operator, PointOfSale, SigningKey, Terminal, Tries, User};
use aforo_domain::inventory::PlaceMarks;
use aforo_domain::messages::Message;
use aforo_domain::orders::cancellations::Cancellation;
use aforo_domain::orders::postponed::Postponed;
use aforo_domain::orders::{History, Order, Ticket};
use aforo_domain::products::{Product, SoldUnit};
use aforo_domain::promotions::Promotion;
use aforo_domain::resale::Listing;
use aforo_domain::shifts::Shift;
use aforo_domain::voucher_orders::{GiftVouchers, VoucherOrder, VoucherSale};
use aforo_domain::vouchers::{Voucher, VoucherCode, VoucherGroup, VoucherMovement};
use aforo_domain::webhooks::{Attempt, Webhook, WebhookStanding};

use super::rows::{Cell, json, read_claim, read_counter, read_pool_barcode, read_sequence};

/// Raised with every addition to this file, so that an older program refuses a newer store instead of losing what it does not know.
pub const VERSION: i64 = 1;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// BIGINT.
    Int,
    /// TEXT.
    Text,
    /// BYTEA or BLOB.
    Bytes,
    /// BOOLEAN.
    Bool,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be NULL. A column added to a table that is already out there must be.
    pub optional: bool,
}

/// An index besides the primary key.
#[derive(Debug)]
pub struct Index {
    /// Its name, unique in the store.
    pub name: &'static str,
    /// Whether it refuses a second row.
    pub unique: bool,
    /// Its columns, the shard first.
    pub columns: &'static str,
    /// Only rows for which this is true: a boolean column, its negation, or that a column is there.
    pub only: Option<&'static str>,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The primary key.
    pub key: &'static [Column],
    /// The columns that are not key.
    pub columns: &'static [Column],
    /// Its other indexes.
    pub indexes: &'static [Index],
    /// Whether SQLite keeps the rows in the order of their key (WITHOUT ROWID): for small rows with neighbouring keys. Large rows, or keys that
    /// scatter, go in the order of their coming, with a small index beside them, so that a row costs the same in a large table as in a small one.
    pub clustered: bool,
}

impl Table {
    const fn new(name: &'static str, key: &'static [Column], columns: &'static [Column]) -> Self {
        Self { name, key, columns, indexes: &[], clustered: false }
    }

    const fn with(mut self, indexes: &'static [Index]) -> Self {
        self.indexes = indexes;
        self
    }

    const fn clustered(mut self) -> Self {
        self.clustered = true;
        self
    }

    /// All its columns, the key first.
    pub fn all(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.key.iter().chain(self.columns)
    }
}

/// A table of rows of the domain.
#[derive(Debug)]
pub struct RowTable {
    /// The table.
    pub table: Table,
    /// Reads a row from its cells, the shard left out.
    pub read: fn(&[Cell<'_>]) -> Result<Row, String>,
}

const fn int(name: &'static str) -> Column {
    Column { name, kind: Kind::Int, optional: false }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, optional: false }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes, optional: false }
}

const fn bool(name: &'static str) -> Column {
    Column { name, kind: Kind::Bool, optional: false }
}

const fn optional(mut column: Column) -> Column {
    column.optional = true;
    column
}

const SHARD: Column = int("shard");
/// The image, as JSON that says what is what. Always the last column.
const DATA: Column = text("data");

/// The number of the schema that a store has.
pub static META: Table = Table::new("meta", &[text("name")], &[int("value")]);

/// Where each shard stands: all batches up to `applied_seq` are in the tables, only an applier of this epoch moves it on, and
/// `engine_now` is the engine's time of that batch.
pub static SHARDS: Table = Table::new("shards", &[SHARD], &[int("applied_seq"), int("epoch"), int("engine_now")]);

/// The redo log. On SQLite it has a file of its own.
pub static JOURNAL: Table = Table::new("journal", &[SHARD, int("seq")], &[bool("takeover"), bytes("payload")]);

/// No table has more columns.
pub const MAX_CELLS: usize = 14;

macro_rules! row_tables {
    ($($variant:ident: $table:ident = $definition:expr, $read:expr;)*) => {
        $(
            #[doc = concat!("The rows of [`Key::", stringify!($variant), "`].")]
            pub static $table: RowTable = RowTable { table: $definition, read: $read };
        )*

        /// The tables of the rows, in the order of [`Key`]'s variants.
        pub static ROWS: &[&RowTable] = &[$(&$table,)*];

        /// Indexes into [`ROWS`].
        #[derive(Clone, Copy)]
        enum At { $($variant,)* }

        /// Where in [`ROWS`] the table is that a row with this key is in.
        pub const fn index_of_key(key: &Key) -> usize {
            match key { $(Key::$variant(_) => At::$variant as usize,)* }
        }

        /// Where in [`ROWS`] the table is that this row is in.
        pub const fn index_of_row(row: &Row) -> usize {
            match row { $(Row::$variant(_) => At::$variant as usize,)* }
        }
    };
}

row_tables! {
    Directory: DIRECTORY = Table::new("directory", &[SHARD, text("kind"), int("id"), text("name")], &[DATA]), json::<Arc<DirectoryEntry>>;
    SigningKey: SIGNING_KEYS = Table::new("signing_keys", &[SHARD, text("id")], &[DATA]), json::<Arc<SigningKey>>;
    Operator: OPERATORS = Table::new("operators", &[SHARD, int("id")], &[DATA]), json::<Arc<Operator>>;
    Entity: ENTITIES = Table::new("entities", &[SHARD, int("id")], &[DATA]), json::<Arc<Entity>>;
    User: USERS = Table::new("users", &[SHARD, int("id")], &[DATA]), json::<Arc<User>>;
    Channel: CHANNELS = Table::new("channels", &[SHARD, int("id")], &[DATA]), json::<Arc<Channel>>;
    ApiKey: API_KEYS = Table::new("api_keys", &[SHARD, int("id")], &[DATA]), json::<Arc<ApiKey>>;
    Terminal: TERMINALS = Table::new("terminals", &[SHARD, int("id")], &[DATA]), json::<Arc<Terminal>>;
    PointOfSale: POINTS_OF_SALE = Table::new("points_of_sale", &[SHARD, int("id")], &[DATA]), json::<Arc<PointOfSale>>;
    Family: FAMILIES = Table::new("families", &[SHARD, bytes("id")], &[DATA]), json::<Arc<Family>>;
    Tries: TRIES = Table::new("tries", &[SHARD, bytes("subject")], &[DATA]), json::<Arc<Tries>>;
    Venue: VENUES = Table::new("venues", &[SHARD, int("id")], &[DATA]), json::<Arc<Venue>>;
    Sector: SECTORS = Table::new("sectors", &[SHARD, int("template"), int("id")], &[DATA]), json::<Arc<Sector>>;
    Template: TEMPLATES = Table::new("templates", &[SHARD, int("id")], &[DATA]), json::<Arc<Template>>;
    Event: EVENTS = Table::new("events", &[SHARD, int("id")], &[DATA]), json::<Arc<Event>>;
    Session: SESSIONS = Table::new("sessions", &[SHARD, int("id")], &[DATA]), json::<Arc<Session>>;
    Publication: PUBLICATIONS = Table::new("publications", &[SHARD, int("session"), int("channel")], &[DATA]), json::<Arc<Publication>>;
    Promotion: PROMOTIONS = Table::new("promotions", &[SHARD, int("id")], &[DATA]), json::<Arc<Promotion>>;
    PlaceMarks: PLACE_MARKS = Table::new("place_marks", &[SHARD, int("session"), int("sector")], &[DATA]), json::<Arc<PlaceMarks>>;
    // Every taken place of every session is read at start: plain columns, no JSON.
    Claim: CLAIMS = Table::new("claims", &[SHARD, int("session"), int("place")], &[bytes("order_id"), int("item"), bool("sold")]).clustered(), read_claim;
    // Those that are not used are read at start. They are given out in the order of their text, so that neighbours change together.
    PoolBarcode: POOL_BARCODES = Table::new("pool_barcodes", &[SHARD, text("barcode")], &[
        int("session"),
        bool("unused"),
        text("state"),
        optional(bytes("order_id")),
        optional(int("item")),
    ])
    .clustered()
    .with(&[Index { name: "pool_barcodes_unused", unique: false, columns: "shard, barcode", only: Some("unused") }]), read_pool_barcode;
    VoucherGroup: VOUCHER_GROUPS = Table::new("voucher_groups", &[SHARD, int("id")], &[DATA]), json::<Arc<VoucherGroup>>;
    Voucher: VOUCHERS = Table::new("vouchers", &[SHARD, int("id")], &[
        int("voucher_group"),
        // What a start has to read: something of it is reserved.
        bool("held"),
        text("currency"),
        int("balance"),
        DATA,
    ])
    .with(&[Index { name: "vouchers_held", unique: false, columns: "shard, id", only: Some("held") }]), json::<Arc<Voucher>>;
    VoucherCode: VOUCHER_CODES = Table::new("voucher_codes", &[SHARD, bytes("code")], &[int("voucher"), DATA]), json::<Arc<VoucherCode>>;
    VoucherMovement: VOUCHER_MOVEMENTS = Table::new("voucher_movements", &[SHARD, int("voucher"), int("number")], &[
        int("at"),
        int("amount"),
        DATA,
    ]), json::<Arc<VoucherMovement>>;
    Order: ORDERS = Table::new("orders", &[SHARD, bytes("id")], &[
        // What a start has to read: true while it lives, and for the day that an expired one is remembered.
        bool("resident"),
        text("state"),
        // When a live one falls due, or an expired one did.
        optional(int("due")),
        optional(text("code")),
        int("channel"),
        int("created"),
        text("currency"),
        int("total"),
        // Of what is in the books: when it came there, and as what.
        optional(int("purchased")),
        optional(text("kind")),
        // Where its channel keeps customers.
        optional(bytes("customer")),
        DATA,
    ])
    .with(&[
        Index { name: "orders_customer", unique: false, columns: "shard, customer, purchased, id", only: Some("customer IS NOT NULL") },
        Index { name: "orders_code", unique: true, columns: "shard, code", only: None },
        Index { name: "orders_resident", unique: false, columns: "shard, id", only: Some("resident") },
        Index { name: "orders_purchased", unique: false, columns: "shard, channel, purchased, id, kind", only: Some("NOT resident") },
    ]), json::<Arc<Order>>;
    Ticket: TICKETS = Table::new("tickets", &[SHARD, int("id")], &[
        bytes("order_id"),
        int("session"),
        int("place"),
        text("barcode"),
        text("state"),
        // What lists of tickets go by; who finds a page of them looks into an index alone.
        optional(bool("live")),
        optional(int("sold")),
        optional(int("changed")),
        optional(int("channel")),
        optional(int("promoter")),
        DATA,
    ])
    .with(&[
        Index { name: "tickets_barcode", unique: true, columns: "shard, barcode", only: None },
        Index { name: "tickets_session", unique: false, columns: "shard, session, changed, sold, id, live, channel, promoter", only: None },
        Index { name: "tickets_changed", unique: false, columns: "shard, changed, sold, id, live, channel, promoter", only: None },
    ]), json::<Ticket>;
    History: HISTORY = Table::new("history", &[SHARD, bytes("order_id"), int("number")], &[int("at"), DATA]), json::<Arc<History>>;
    Counter: COUNTERS = Table::new("counters", &[SHARD, text("kind"), int("a"), text("b")], &[int("value")]), read_counter;
    Sequence: SEQUENCES = Table::new("sequences", &[SHARD], &[int("items_reserved")]), read_sequence;
    Outcome: OUTCOMES = Table::new("outcomes", &[SHARD, int("period"), bytes("key")], &[DATA]), json::<Arc<Outcome>>;
    // What is delivered is deleted, so that the table holds what waits and what was given up.
    Message: MESSAGES = Table::new("messages", &[SHARD, int("id")], &[
        text("kind"),
        // What a later one of the same kind waits for.
        text("object"),
        bool("waiting"),
        int("due"),
        int("next_attempt"),
        optional(int("channel")),
        DATA,
    ])
    .with(&[
        Index { name: "messages_next", unique: false, columns: "shard, kind, next_attempt", only: Some("waiting") },
        Index { name: "messages_object", unique: false, columns: "shard, kind, object, id", only: Some("waiting") },
    ]), json::<Arc<Message>>;
    Collective: COLLECTIVES = Table::new("collectives", &[SHARD, int("id")], &[DATA]), json::<Arc<Collective>>;
    Member: MEMBERS = Table::new("members", &[SHARD, int("collective"), bytes("member")], &[DATA]), json::<Arc<Member>>;
    MemberNumber: MEMBER_NUMBERS = Table::new("member_numbers", &[SHARD, int("id")], &[DATA]), json::<Arc<MemberNumber>>;
    GiftVouchers: GIFT_VOUCHERS = Table::new("gift_vouchers", &[SHARD, int("channel")], &[DATA]), json::<Arc<GiftVouchers>>;
    VoucherOrder: VOUCHER_ORDERS = Table::new("voucher_orders", &[SHARD, bytes("id")], &[
        // What a start has to read: true while it lives, and for the day that an expired one is remembered.
        bool("resident"),
        text("state"),
        optional(text("code")),
        int("channel"),
        int("created"),
        text("currency"),
        int("total"),
        DATA,
    ])
    .with(&[
        Index { name: "voucher_orders_code", unique: true, columns: "shard, code", only: None },
        Index { name: "voucher_orders_resident", unique: false, columns: "shard, id", only: Some("resident") },
    ]), json::<Arc<VoucherOrder>>;
    VoucherSale: VOUCHER_SALES = Table::new("voucher_sales", &[SHARD, int("channel"), int("number")], &[
        bytes("order_id"),
        int("at"),
        text("currency"),
        int("total"),
        DATA,
    ]), json::<Arc<VoucherSale>>;
    Product: PRODUCTS = Table::new("products", &[SHARD, int("id")], &[DATA]), json::<Arc<Product>>;
    // Only orders with products have any: a sale of places writes none.
    SoldUnit: SOLD_UNITS = Table::new("sold_units", &[SHARD, int("id")], &[
        bytes("order_id"),
        int("product"),
        bool("live"),
        int("sold"),
        int("changed"),
        int("channel"),
        int("promoter"),
        DATA,
    ])
    .with(&[Index { name: "sold_units_changed", unique: false, columns: "shard, changed, sold, id, live, channel, promoter, product", only: None }]), json::<Arc<SoldUnit>>;
    Admission: ADMISSIONS = Table::new("admissions", &[SHARD, int("session"), int("ticket")], &[int("changed"), DATA])
    .with(&[Index { name: "admissions_changed", unique: false, columns: "shard, session, changed, ticket", only: None }]), json::<Arc<Admission>>;
    Revocation: REVOCATIONS = Table::new("revocations", &[SHARD, text("barcode")], &[int("session"), int("changed"), int("ticket"), DATA])
    .with(&[Index { name: "revocations_changed", unique: false, columns: "shard, session, changed, ticket, barcode", only: None }]), json::<Arc<Revocation>>;
    OfflineScan: OFFLINE_SCANS = Table::new("offline_scans", &[SHARD, int("session"), text("device"), int("sequence")], &[
        int("uploaded"),
        bool("conflict"),
        DATA,
    ])
    .with(&[Index {
        name: "offline_scans_conflict",
        unique: false,
        columns: "shard, session, uploaded, device, sequence",
        only: Some("conflict"),
    }]), json::<Arc<OfflineScan>>;
    GateTally: GATE_TALLIES = Table::new("gate_tallies", &[SHARD, int("session"), text("gate")], &[DATA]), json::<Arc<GateTally>>;
    Customer: CUSTOMERS = Table::new("customers", &[SHARD, bytes("id")], &[int("entity"), int("created"), DATA])
        .with(&[Index { name: "customers_created", unique: false, columns: "shard, entity, created, id", only: None }]), json::<Arc<Customer>>;
    Cancellation: CANCELLATIONS = Table::new("cancellations", &[SHARD, int("session")], &[DATA]), json::<Arc<Cancellation>>;
    Postponed: POSTPONED = Table::new("postponed", &[SHARD, int("session")], &[DATA]), json::<Arc<Postponed>>;
    Commissions: COMMISSIONS = Table::new("commissions", &[SHARD, int("channel")], &[DATA]), json::<Arc<Commissions>>;
    Webhook: WEBHOOKS = Table::new("webhooks", &[SHARD, int("id")], &[DATA]), json::<Arc<Webhook>>;
    WebhookStanding: WEBHOOK_STANDINGS = Table::new("webhook_standings", &[SHARD, int("webhook")], &[DATA]), json::<WebhookStanding>;
    // The log of each webhook is a ring of so many lines.
    WebhookAttempt: WEBHOOK_ATTEMPTS = Table::new("webhook_attempts", &[SHARD, int("webhook"), int("slot")], &[
        int("number"),
        int("at"),
        bool("delivered"),
        DATA,
    ])
    .clustered(), json::<Arc<Attempt>>;
    Listing: LISTINGS = Table::new("listings", &[SHARD, int("id")], &[
        int("channel"),
        int("session"),
        text("code"),
        bool("offered"),
        DATA,
    ])
    .with(&[
        Index { name: "listings_channel", unique: false, columns: "shard, channel, id", only: None },
        Index { name: "listings_offered", unique: false, columns: "shard, id", only: Some("offered") },
    ]), json::<Arc<Listing>>;
    // Only what is managed and done after a sale has a line: a sale writes none.
    AuditLine: AUDIT_LINES = Table::new("audit_lines", &[SHARD, int("id")], &[int("at"), text("actor"), text("kind"), text("object"), DATA])
    .with(&[
        Index { name: "audit_lines_actor", unique: false, columns: "shard, actor, id", only: None },
        Index { name: "audit_lines_object", unique: false, columns: "shard, kind, object, id", only: None },
    ]), json::<Arc<AuditLine>>;
    Shift: SHIFTS = Table::new("shifts", &[SHARD, int("id")], &[
        // What a start has to read.
        bool("open"),
        int("entity"),
        int("channel"),
        int("terminal"),
        optional(int("point_of_sale")),
        int("opened"),
        DATA,
    ])
    .with(&[
        Index { name: "shifts_open", unique: false, columns: "shard, id", only: Some("open") },
        Index { name: "shifts_entity", unique: false, columns: "shard, entity, opened, id", only: None },
    ]), json::<Arc<Shift>>;
}
