//! What lists of sold orders and their tickets ask the tables: the statements for both engines, and what becomes of their rows. Runs nothing, and
//! decides nothing about who may see what: what is in sight comes as an argument.
//!
//! A page is found in an index alone, however far it is from the beginning; only its own rows are read whole.

use std::sync::Arc;

use aforo_domain::ids::{
    Barcode, ChannelId, EntityId, Hash, ItemId, KeyId, ListingId, OrderCode, OrderId, SessionId, ShardId, UserId, WebhookId,
};
use aforo_domain::messages::Kind as MessageKind;
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::{Order, OrderKind};
use serde::de::DeserializeOwned;

use super::StoreError;
use super::rows::kind_word;
use super::schema::Kind;
use super::sql::Dialect;

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Elements at most.
    pub limit: u64,
    /// Elements before it.
    pub offset: u64,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Elements in all.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<T>,
}

/// An inclusive span of time, open where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The last instant.
    pub to: Option<Timestamp>,
}

/// Orders in the books.
#[derive(Debug, Clone)]
pub struct OrdersWanted {
    /// Of these channels.
    pub channels: Vec<ChannelId>,
    /// Of these kinds; of all if there are none.
    pub kinds: Vec<OrderKind>,
    /// Come into the books then.
    pub purchased: Span,
}

/// Whose tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketsOf {
    /// Everybody's.
    Anybody,
    /// Those that these channels sold, and those for this promoter's events.
    Some(Vec<ChannelId>, Option<EntityId>),
}

/// Tickets, or units of products, of sold orders.
#[derive(Debug, Clone)]
pub struct TicketsWanted {
    /// Whose.
    pub of: TicketsOf,
    /// Of which session, or product.
    pub only: Option<u64>,
    /// Changed then.
    pub changed: Span,
    /// Only those that are live.
    pub live: bool,
    /// Whether the first is the one that changed, not the one that was sold, first.
    pub by_change: bool,
    /// The other way round.
    pub descending: bool,
}

/// Messages that were not delivered yet.
#[derive(Debug, Clone)]
pub struct MessagesWanted {
    /// Only of this kind.
    pub kind: Option<MessageKind>,
    /// Only those that wait, or only those that were given up.
    pub waiting: Option<bool>,
    /// Of these channels.
    pub channels: Vec<ChannelId>,
}

/// Which offers of tickets are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ListingsWanted {
    /// Of which channel.
    pub channel: ChannelId,
    /// Only this one.
    pub id: Option<ListingId>,
    /// Only those of this session.
    pub session: Option<SessionId>,
    /// Only those of this order.
    pub code: Option<OrderCode>,
}

/// Attempts to deliver to a webhook.
#[derive(Debug, Clone)]
pub struct AttemptsWanted {
    /// To which.
    pub hook: WebhookId,
    /// Those with these numbers; all, if there are none.
    pub numbers: Vec<u64>,
    /// Only those with larger numbers.
    pub after: Option<u64>,
    /// Made then.
    pub at: Span,
    /// Only those that were delivered, or only those that were not.
    pub delivered: Option<bool>,
    /// Whether the first made is the first.
    pub oldest_first: bool,
}

impl AttemptsWanted {
    /// All of a webhook's.
    pub const fn of(hook: WebhookId) -> Self {
        Self { hook, numbers: Vec::new(), after: None, at: Span { from: None, to: None }, delivered: None, oldest_first: false }
    }
}

/// Lines of the audit log, the last first.
#[derive(Debug, Clone)]
pub struct AuditWanted {
    /// Done by this person.
    pub user: Option<UserId>,
    /// Done by this key.
    pub key: Option<KeyId>,
    /// Done to such things.
    pub kind: Option<String>,
    /// Done to what is called like this.
    pub object: Option<String>,
    /// Done then.
    pub at: Span,
    /// Only those before this one.
    pub before: Option<u64>,
    /// So many at most.
    pub limit: u64,
}

/// A value that goes into a statement, or comes out of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BYTEA or BLOB.
    Bytes(Vec<u8>),
}

/// One statement that reads.
#[derive(Debug)]
pub struct Select {
    /// Its text.
    pub sql: String,
    /// Its parameters, from the first.
    pub parameters: Vec<Value>,
    /// What its columns hold; none of them is ever NULL.
    pub columns: &'static [Kind],
}

/// The rows that a statement gave.
pub type Found = Vec<Vec<Value>>;

pub(super) const DATA: &[Kind] = &[Kind::Text];
pub(super) const COUNT: &[Kind] = &[Kind::Int];

/// A statement being written.
pub(super) struct Writer {
    dialect: Dialect,
    parameters: Vec<Value>,
}

impl Writer {
    /// The shard is always the first parameter.
    pub fn new(dialect: Dialect, shard: ShardId) -> Self {
        Self { dialect, parameters: vec![int(shard.0)] }
    }

    /// A parameter with this value.
    pub fn bind(&mut self, value: Value) -> String {
        self.parameters.push(value);
        self.dialect.placeholder(self.parameters.len())
    }

    /// Conditions on a span of a column.
    pub fn span(&mut self, column: &str, span: Span) -> String {
        let from = span.from.map(|from| format!(" AND {column} >= {}", self.bind(Value::Int(from.0))));
        let to = span.to.map(|to| format!(" AND {column} <= {}", self.bind(Value::Int(to.0))));
        from.into_iter().chain(to).collect()
    }

    pub fn select(&self, sql: String, columns: &'static [Kind]) -> Select {
        Select { sql, parameters: self.parameters.clone(), columns }
    }
}

pub(super) fn int(id: u64) -> Value {
    Value::Int(id.cast_signed())
}

/// A list of numbers, as it stands in a statement.
pub(super) fn numbers(ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

/// Messages, the first sent first.
pub fn messages(dialect: Dialect, shard: ShardId, wanted: &MessagesWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let channels = numbers(wanted.channels.iter().map(|channel| channel.0));
    let mut condition = format!("shard = {} AND channel IN ({channels})", dialect.placeholder(1));
    if let Some(kind) = wanted.kind {
        condition += &format!(" AND kind = {}", writer.bind(Value::Text(kind.as_str().to_owned())));
    }
    condition += match wanted.waiting {
        None => "",
        Some(true) => " AND waiting",
        Some(false) => " AND NOT waiting",
    };
    let count = writer.select(format!("SELECT count(*) FROM messages WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM messages WHERE {condition} ORDER BY id LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

/// Attempts of a webhook.
pub fn attempts(dialect: Dialect, shard: ShardId, wanted: &AttemptsWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let hook = writer.bind(int(wanted.hook.0));
    let mut condition = format!("shard = {} AND webhook = {hook}", dialect.placeholder(1));
    condition += &writer.span("at", wanted.at);
    condition += match wanted.delivered {
        None => "",
        Some(true) => " AND delivered",
        Some(false) => " AND NOT delivered",
    };
    if let Some(after) = wanted.after {
        condition += &format!(" AND number > {}", writer.bind(int(after)));
    }
    if !wanted.numbers.is_empty() {
        condition += &format!(" AND number IN ({})", numbers(wanted.numbers.iter().copied()));
    }
    let way = if wanted.oldest_first { "ASC" } else { "DESC" };
    let count = writer.select(format!("SELECT count(*) FROM webhook_attempts WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM webhook_attempts WHERE {condition} ORDER BY number {way} LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

/// Lines of the audit log.
pub fn audit_log(dialect: Dialect, shard: ShardId, wanted: &AuditWanted) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let mut condition = format!("shard = {}", dialect.placeholder(1));
    let actors = [wanted.user.map(|user| format!("user/{user}")), wanted.key.map(|key| format!("key/{key}"))];
    let words = actors.into_iter().map(|actor| ("actor", actor)).chain([("kind", wanted.kind.clone()), ("object", wanted.object.clone())]);
    for (column, word) in words.filter_map(|(column, word)| Some((column, word?))) {
        condition += &format!(" AND {column} = {}", writer.bind(Value::Text(word)));
    }
    condition += &writer.span("at", wanted.at);
    if let Some(before) = wanted.before {
        condition += &format!(" AND id < {}", writer.bind(int(before)));
    }
    let limit = writer.bind(int(wanted.limit));
    vec![writer.select(format!("SELECT data FROM audit_lines WHERE {condition} ORDER BY id DESC LIMIT {limit}"), DATA)]
}

/// The first lines of the audit log.
pub fn first_audit_lines(dialect: Dialect, shard: ShardId, limit: u64) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let limit = writer.bind(int(limit));
    let sql = format!("SELECT data FROM audit_lines WHERE shard = {} ORDER BY id LIMIT {limit}", dialect.placeholder(1));
    vec![writer.select(sql, DATA)]
}

/// How the deliveries of a webhook go.
pub fn webhook_standing(dialect: Dialect, shard: ShardId, hook: WebhookId) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let hook = writer.bind(int(hook.0));
    let sql = format!("SELECT data FROM webhook_standings WHERE shard = {} AND webhook = {hook}", dialect.placeholder(1));
    vec![writer.select(sql, DATA)]
}

/// The order with this code.
pub fn order_by_code(dialect: Dialect, shard: ShardId, code: OrderCode) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let code = writer.bind(Value::Text(code.to_string()));
    let sql = format!("SELECT data FROM orders WHERE shard = {} AND code = {code}", dialect.placeholder(1));
    vec![writer.select(sql, DATA)]
}

/// A page of orders, and how many there are in all.
pub fn orders(dialect: Dialect, shard: ShardId, wanted: &OrdersWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let channels = numbers(wanted.channels.iter().map(|channel| channel.0));
    let mut condition = format!("shard = {} AND channel IN ({channels}) AND NOT resident", dialect.placeholder(1));
    condition += &writer.span("purchased", wanted.purchased);
    let kinds: Vec<_> = wanted.kinds.iter().map(|kind| writer.bind(Value::Text(kind_word(*kind).to_owned()))).collect();
    if !kinds.is_empty() {
        condition += &format!(" AND kind IN ({})", kinds.join(", "));
    }
    let count = writer.select(format!("SELECT count(*) FROM orders WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!(
        "SELECT o.data FROM (SELECT purchased, id FROM orders WHERE {condition} ORDER BY purchased, id LIMIT {limit} OFFSET {offset}) p
         JOIN orders o ON o.shard = {} AND o.id = p.id ORDER BY p.purchased, p.id",
        dialect.placeholder(1)
    );
    let page = writer.select(page, DATA);
    vec![count, page]
}

/// A page of what a customer bought, in one channel or in all, the first bought first.
pub fn orders_of_customer(dialect: Dialect, shard: ShardId, customer: &Hash, channel: Option<ChannelId>, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let customer = writer.bind(Value::Bytes(customer.0.to_vec()));
    let mut condition = format!("shard = {} AND customer = {customer}", dialect.placeholder(1));
    if let Some(channel) = channel {
        condition += &format!(" AND channel = {}", writer.bind(int(channel.0)));
    }
    let count = writer.select(format!("SELECT count(*) FROM orders WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM orders WHERE {condition} ORDER BY purchased, id LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

/// A page of the customers of an entity, those that are kept longest first.
pub fn customers(dialect: Dialect, shard: ShardId, entity: EntityId, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let condition = format!("shard = {} AND entity = {}", dialect.placeholder(1), writer.bind(int(entity.0)));
    let count = writer.select(format!("SELECT count(*) FROM customers WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM customers WHERE {condition} ORDER BY created, id LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

/// A page of what a channel offers or has offered again, the first offered first.
pub fn listings(dialect: Dialect, shard: ShardId, wanted: &ListingsWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let channel = writer.bind(int(wanted.channel.0));
    let mut condition = format!("shard = {} AND channel = {channel}", dialect.placeholder(1));
    if let Some(id) = wanted.id {
        condition += &format!(" AND id = {}", writer.bind(int(id.0)));
    }
    if let Some(session) = wanted.session {
        condition += &format!(" AND session = {}", writer.bind(int(session.0)));
    }
    if let Some(code) = wanted.code {
        condition += &format!(" AND code = {}", writer.bind(Value::Text(code.to_string())));
    }
    let count = writer.select(format!("SELECT count(*) FROM listings WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM listings WHERE {condition} ORDER BY id LIMIT {limit} OFFSET {offset}");
    vec![count, writer.select(page, DATA)]
}

/// A page of tickets with their orders, and how many there are in all.
pub fn tickets(dialect: Dialect, shard: ShardId, wanted: &TicketsWanted, cut: Cut) -> Vec<Select> {
    items(dialect, shard, ("tickets", "session"), wanted, cut)
}

/// A page of units of products with their orders, and how many there are in all.
pub fn units(dialect: Dialect, shard: ShardId, wanted: &TicketsWanted, cut: Cut) -> Vec<Select> {
    items(dialect, shard, ("sold_units", "product"), wanted, cut)
}

fn items(dialect: Dialect, shard: ShardId, (table, of): (&str, &str), wanted: &TicketsWanted, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let mut condition = format!("shard = {}", dialect.placeholder(1));
    if let Some(only) = wanted.only {
        condition += &format!(" AND {of} = {}", writer.bind(int(only)));
    }
    condition += &writer.span("changed", wanted.changed);
    if wanted.live {
        condition += " AND live";
    }
    if let TicketsOf::Some(channels, promoter) = &wanted.of {
        let sold = (!channels.is_empty()).then(|| format!("channel IN ({})", numbers(channels.iter().map(|channel| channel.0))));
        let own = promoter.map(|promoter| format!("promoter = {}", promoter.0));
        let either: Vec<_> = sold.into_iter().chain(own).collect();
        condition += &if either.is_empty() { " AND FALSE".to_owned() } else { format!(" AND ({})", either.join(" OR ")) };
    }
    let by = if wanted.by_change { "changed" } else { "sold" };
    let way = if wanted.descending { "DESC" } else { "ASC" };
    let count = writer.select(format!("SELECT count(*) FROM {table} WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!(
        "SELECT t.data, o.data FROM
           (SELECT {by}, id FROM {table} WHERE {condition} ORDER BY {by} {way}, id {way} LIMIT {limit} OFFSET {offset}) p
         JOIN {table} t ON t.shard = {shard} AND t.id = p.id JOIN orders o ON o.shard = {shard} AND o.id = t.order_id
         ORDER BY p.{by} {way}, p.id {way}",
        shard = dialect.placeholder(1)
    );
    let page = writer.select(page, &[Kind::Text, Kind::Text]);
    vec![count, page]
}

/// Live tickets of a session and of its seasons behind this one, by id, each with its order; how many are of the session itself.
pub fn live_tickets(
    dialect: Dialect,
    shard: ShardId,
    session: SessionId,
    seasons: &[SessionId],
    behind: ItemId,
    limit: u64,
) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let own = writer.bind(int(session.0));
    let count = format!("SELECT count(*) FROM tickets WHERE shard = {} AND session = {own} AND live", dialect.placeholder(1));
    let count = writer.select(count, COUNT);
    let (behind, limit) = (writer.bind(int(behind.0)), writer.bind(int(limit)));
    let sessions: Vec<_> = std::iter::once(own).chain(seasons.iter().map(|season| season.to_string())).collect();
    let condition = format!("shard = {} AND session IN ({}) AND live", dialect.placeholder(1), sessions.join(", "));
    let page = format!("SELECT id, order_id FROM tickets WHERE {condition} AND id > {behind} ORDER BY id LIMIT {limit}");
    vec![count, writer.select(page, &[Kind::Int, Kind::Bytes])]
}

/// Tickets of a session that were sold again, with their orders, the last sold first.
pub fn resold_tickets(dialect: Dialect, shard: ShardId, session: SessionId, before: Option<ItemId>, limit: u64) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let session = writer.bind(int(session.0));
    let mut condition = format!("shard = {} AND session = {session} AND state = 'REISSUED'", dialect.placeholder(1));
    if let Some(before) = before {
        condition += &format!(" AND id < {}", writer.bind(int(before.0)));
    }
    let count = writer.select(format!("SELECT count(*) FROM tickets WHERE {condition}"), COUNT);
    let limit = writer.bind(int(limit));
    let page = format!("SELECT id, order_id FROM tickets WHERE {condition} ORDER BY id DESC LIMIT {limit}");
    vec![count, writer.select(page, &[Kind::Int, Kind::Bytes])]
}

/// The tickets with these ids.
pub fn tickets_by_id(dialect: Dialect, shard: ShardId, ids: &[ItemId]) -> Vec<Select> {
    let ids = numbers(ids.iter().map(|id| id.0));
    let sql = format!("SELECT data FROM tickets WHERE shard = {} AND id IN ({ids})", dialect.placeholder(1));
    vec![Writer::new(dialect, shard).select(sql, DATA)]
}

/// The tickets with these ids or barcodes.
pub fn tickets_named(dialect: Dialect, shard: ShardId, ids: &[ItemId], barcodes: &[Barcode]) -> Vec<Select> {
    let mut statements = if ids.is_empty() { Vec::new() } else { tickets_by_id(dialect, shard, ids) };
    if !barcodes.is_empty() {
        let mut writer = Writer::new(dialect, shard);
        let barcodes: Vec<_> = barcodes.iter().map(|barcode| writer.bind(Value::Text(barcode.to_string()))).collect();
        let list = barcodes.join(", ");
        let sql = format!("SELECT data FROM tickets WHERE shard = {} AND barcode IN ({list})", dialect.placeholder(1));
        statements.push(writer.select(sql, DATA));
    }
    statements
}

/// The orders with these codes.
pub fn orders_by_code(dialect: Dialect, shard: ShardId, codes: &[OrderCode]) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let codes: Vec<_> = codes.iter().map(|code| writer.bind(Value::Text(code.to_string()))).collect();
    let sql = format!("SELECT data FROM orders WHERE shard = {} AND code IN ({})", dialect.placeholder(1), codes.join(", "));
    vec![writer.select(sql, DATA)]
}

/// A page of an order's book, and how many lines it has.
pub fn history(dialect: Dialect, shard: ShardId, order: OrderId, cut: Cut) -> Vec<Select> {
    let mut writer = Writer::new(dialect, shard);
    let order = writer.bind(Value::Bytes(order.0.to_vec()));
    let condition = format!("shard = {} AND order_id = {order}", dialect.placeholder(1));
    let count = writer.select(format!("SELECT count(*) FROM history WHERE {condition}"), COUNT);
    let (limit, offset) = (writer.bind(int(cut.limit)), writer.bind(int(cut.offset)));
    let page = format!("SELECT data FROM history WHERE {condition} ORDER BY number LIMIT {limit} OFFSET {offset}");
    let page = writer.select(page, DATA);
    vec![count, page]
}

/// The first row's image.
pub fn first<T: DeserializeOwned>(found: &[Found]) -> Result<Option<T>, StoreError> {
    found.first().and_then(|rows| rows.first()).map(|row| image(row, 0)).transpose()
}

/// All rows' images.
pub fn all<T: DeserializeOwned>(found: &[Found]) -> Result<Vec<T>, StoreError> {
    found.iter().flatten().map(|row| image(row, 0)).collect()
}

/// A count, and a page of images.
pub fn page<T: DeserializeOwned>(found: &[Found]) -> Result<Page<T>, StoreError> {
    let rows = found.get(1).into_iter().flatten().map(|row| image(row, 0)).collect::<Result<_, _>>()?;
    Ok(Page { total: total(found)?, rows })
}

/// A count, and a page of tickets or units with their orders: those of one order share it.
pub fn page_with_orders<T: DeserializeOwned>(
    found: &[Found],
    order_of: impl Fn(&T) -> OrderId,
) -> Result<Page<(T, Arc<Order>)>, StoreError> {
    let mut rows: Vec<(T, Arc<Order>)> = Vec::new();
    for row in found.get(1).into_iter().flatten() {
        let item: T = image(row, 0)?;
        let known = rows.last().filter(|(_, order)| order.id == order_of(&item)).map(|(_, order)| order.clone());
        let order = known.map_or_else(|| image(row, 1), Ok)?;
        rows.push((item, order));
    }
    Ok(Page { total: total(found)?, rows })
}

/// A count, and the ids of tickets with those of their orders.
pub fn page_of_ids(found: &[Found]) -> Result<Page<(ItemId, OrderId)>, StoreError> {
    let ids = |row: &Vec<Value>| match row.as_slice() {
        [Value::Int(item), Value::Bytes(order)] => {
            Some((ItemId(item.cast_unsigned()), OrderId(<[u8; 16]>::try_from(order.as_slice()).ok()?)))
        }
        _ => None,
    };
    let rows = found.get(1).into_iter().flatten().map(|row| ids(row).ok_or_else(|| StoreError::Failed("a ticket has no order".into())));
    Ok(Page { rows: rows.collect::<Result<_, _>>()?, total: total(found)? })
}

fn total(found: &[Found]) -> Result<u64, StoreError> {
    match found.first().and_then(|rows| rows.first()).map(Vec::as_slice) {
        Some([Value::Int(total)]) => Ok(total.cast_unsigned()),
        other => Err(StoreError::Failed(format!("{other:?} is no count"))),
    }
}

pub(super) fn image<T: DeserializeOwned>(row: &[Value], column: usize) -> Result<T, StoreError> {
    match row.get(column) {
        Some(Value::Text(json)) => {
            serde_json::from_str(json).map_err(|error| StoreError::Failed(format!("an image cannot be read: {error}")))
        }
        other => Err(StoreError::Failed(format!("{other:?} is no image"))),
    }
}
