//! How rows become cells of their tables, and cells rows again. Knows nothing of any engine.

use aforo_domain::barcodes::{PoolBarcode, PoolState};
use aforo_domain::catalogue::plan::Place;
use aforo_domain::change::{Counter, CounterKey, Key, Row, Sequence};
use aforo_domain::identity::DirectoryKey;
use aforo_domain::ids::{
    Barcode, ChannelId, CollectiveId, EntityId, Hash, ItemId, OrderId, ProductId, PromotionId, SessionId, VoucherGroupId,
};
use aforo_domain::inventory::Claim;
use aforo_domain::messages::{Message, MessageState};
use aforo_domain::orders::{Order, OrderKind, Stage};
use aforo_domain::shifts::Shift;
use aforo_domain::voucher_orders::{self, VoucherOrder};
use serde::de::DeserializeOwned;

/// One value of a row, borrowed from the row or from what the database answered.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// BOOLEAN.
    Bool(bool),
    /// TEXT.
    Text(&'a str),
    /// BYTEA or BLOB.
    Bytes(&'a [u8]),
    /// The row's JSON, still to be written by [`write_json`]. Never read back as this.
    Json(&'a Row),
}

/// Why a row that the tables hold could not be read.
#[derive(Debug, thiserror::Error)]
#[error("a row of {table} cannot be read: {why}")]
pub struct Broken {
    /// Where.
    pub table: &'static str,
    /// Why.
    pub why: String,
}

impl From<Broken> for super::StoreError {
    fn from(broken: Broken) -> Self {
        Self::Failed(broken.to_string())
    }
}

/// Gives a key's cells after the shard, in the order of the table's key columns.
pub fn key_cells(key: &Key, put: &mut dyn FnMut(Cell<'_>)) {
    match key {
        Key::Directory(key) => {
            let (kind, id, name) = match key {
                DirectoryKey::Operator(id) => ("OPERATOR", id.0, ""),
                DirectoryKey::Channel(id) => ("CHANNEL", id.0, ""),
                DirectoryKey::Username(name) => ("USERNAME", 0, name.as_str()),
            };
            put(Cell::Text(kind));
            put(int(id));
            put(Cell::Text(name));
        }
        Key::SigningKey(id) => put(Cell::Text(id)),
        Key::Operator(id) => put(int(id.0)),
        Key::Entity(id) => put(int(id.0)),
        Key::User(id) => put(int(id.0)),
        Key::Channel(id) => put(int(id.0)),
        Key::ApiKey(id) => put(int(id.0)),
        Key::Terminal(id) => put(int(id.0)),
        Key::PointOfSale(id) => put(int(id.0)),
        Key::Family(id) => put(Cell::Bytes(&id.0)),
        Key::Tries(subject) => put(Cell::Bytes(&subject.0)),
        Key::Venue(id) => put(int(id.0)),
        Key::Sector((template, id)) => pair(template.0, id.0, put),
        Key::Template(id) => put(int(id.0)),
        Key::Event(id) => put(int(id.0)),
        Key::Session(id) => put(int(id.0)),
        Key::Publication((session, channel)) => pair(session.0, channel.0, put),
        Key::Promotion(id) => put(int(id.0)),
        Key::Product(id) => put(int(id.0)),
        Key::PlaceMarks((session, sector)) => pair(session.0, sector.0, put),
        Key::Claim((session, place)) => pair(session.0, u64::from(*place), put),
        Key::PoolBarcode(barcode) => put(Cell::Text(barcode.as_str())),
        Key::VoucherGroup(id) => put(int(id.0)),
        Key::Voucher(id) => put(int(id.0)),
        Key::VoucherCode(code) => put(Cell::Bytes(&code.0)),
        Key::VoucherMovement((voucher, number)) => pair(voucher.0, u64::from(*number), put),
        Key::Order(id) => put(Cell::Bytes(&id.0)),
        Key::Ticket(id) => put(int(id.0)),
        Key::History((order, number)) => {
            put(Cell::Bytes(&order.0));
            put(Cell::Int(i64::from(*number)));
        }
        Key::Counter(key) => counter_key(key, put),
        Key::Sequence(()) => {}
        Key::Outcome((period, key)) => {
            put(Cell::Int(period.0));
            put(Cell::Bytes(&key.0));
        }
        Key::Message(id) => put(int(id.0)),
        Key::Collective(id) => put(int(id.0)),
        Key::Member((collective, hash)) => {
            put(int(collective.0));
            put(Cell::Bytes(&hash.0));
        }
        Key::MemberNumber(id) => put(int(id.0)),
        Key::GiftVouchers(channel) | Key::Commissions(channel) => put(int(channel.0)),
        Key::VoucherOrder(id) => put(Cell::Bytes(&id.0)),
        Key::VoucherSale((channel, number)) => pair(channel.0, *number, put),
        Key::SoldUnit(id) => put(int(id.0)),
        Key::Admission(_) | Key::Revocation(_) | Key::OfflineScan(_) | Key::GateTally(_) => gate_key(key, put),
        Key::Customer(id) => put(Cell::Bytes(&id.0)),
        Key::Cancellation(session) | Key::Postponed(session) => put(int(session.0)),
        Key::Webhook(id) | Key::WebhookStanding(id) => put(int(id.0)),
        Key::WebhookAttempt((hook, slot)) => pair(hook.0, *slot, put),
        Key::AuditLine(id) => put(int(id.0)),
        Key::Shift(id) => put(int(id.0)),
        Key::Listing(id) => put(int(id.0)),
    }
}

/// Gives all of a row's cells after the shard, in the order of the table's columns: the key's first.
pub fn row_cells(row: &Row, put: &mut dyn FnMut(Cell<'_>)) {
    key_cells(&row.key(), put);
    match row {
        Row::Claim(claim) => {
            put(Cell::Bytes(&claim.order.0));
            put(int(claim.item.0));
            return put(Cell::Bool(claim.sold));
        }
        Row::PoolBarcode(barcode) => return pool_cells(barcode, put),
        Row::Voucher(voucher) => {
            put(int(voucher.group.0));
            put(Cell::Bool(voucher.reserved != 0));
            put(Cell::Text(voucher.currency.code()));
            put(Cell::Int(voucher.balance));
        }
        Row::VoucherCode(code) => put(int(code.voucher.0)),
        Row::VoucherMovement(movement) => {
            put(Cell::Int(movement.at.0));
            put(Cell::Int(movement.amount));
        }
        Row::Order(order) => order_cells(order, put),
        Row::VoucherOrder(order) => voucher_order_cells(order, put),
        Row::VoucherSale(sale) => {
            put(Cell::Bytes(&sale.order.0));
            put(Cell::Int(sale.at.0));
            put(Cell::Text(sale.currency.code()));
            put(Cell::Int(sale.total));
        }
        Row::Ticket(ticket) => {
            put(Cell::Bytes(&ticket.order.0));
            put(int(ticket.session.0));
            put(Cell::Int(i64::from(ticket.place)));
            put(Cell::Text(ticket.barcode.as_str()));
            put(Cell::Text(ticket.state.as_str()));
            put(Cell::Bool(ticket.state.is_live()));
            put(ticket.sale.map_or(Cell::Null, |sale| Cell::Int(sale.at.0)));
            put(Cell::Int(ticket.changed.0));
            put(ticket.sale.map_or(Cell::Null, |sale| int(sale.channel.0)));
            put(ticket.sale.map_or(Cell::Null, |sale| int(sale.promoter.0)));
        }
        Row::SoldUnit(unit) => {
            put(Cell::Bytes(&unit.order.0));
            put(int(unit.product.0));
            put(Cell::Bool(unit.state.is_live()));
            put(Cell::Int(unit.sale.at.0));
            put(Cell::Int(unit.changed.0));
            put(int(unit.sale.channel.0));
            put(int(unit.sale.promoter.0));
        }
        Row::Admission(_) | Row::Revocation(_) | Row::OfflineScan(_) => gate_cells(row, put),
        Row::History(line) => put(Cell::Int(line.at.0)),
        Row::Customer(customer) => {
            put(int(customer.entity.0));
            put(Cell::Int(customer.created.0));
        }
        Row::Message(message) => message_cells(message, put),
        Row::Listing(listing) => {
            put(int(listing.channel.0));
            put(int(listing.session.0));
            put(ascii(&listing.code.0));
            put(Cell::Bool(listing.is_offered()));
        }
        Row::AuditLine(_) | Row::WebhookAttempt(_) => log_cells(row, put),
        Row::Shift(shift) => shift_cells(shift, put),
        Row::Counter(counter) => return put(Cell::Int(counter.value)),
        Row::Sequence(sequence) => return put(int(sequence.items_reserved)),
        _ => {}
    }
    put(Cell::Json(row));
}

fn gate_key(key: &Key, put: &mut dyn FnMut(Cell<'_>)) {
    match key {
        Key::Admission((session, ticket)) => pair(session.0, ticket.0, put),
        Key::Revocation(barcode) => put(Cell::Text(barcode.as_str())),
        Key::OfflineScan((session, device, sequence)) => {
            put(int(session.0));
            put(Cell::Text(device));
            put(int(*sequence));
        }
        Key::GateTally((session, gate)) => {
            put(int(session.0));
            put(Cell::Text(gate));
        }
        _ => {}
    }
}

fn gate_cells(row: &Row, put: &mut dyn FnMut(Cell<'_>)) {
    match row {
        Row::Admission(admission) => put(Cell::Int(admission.changed.0)),
        Row::Revocation(revocation) => {
            put(int(revocation.session.0));
            put(Cell::Int(revocation.changed.0));
            put(int(revocation.ticket.0));
        }
        Row::OfflineScan(scan) => {
            put(Cell::Int(scan.uploaded.0));
            put(Cell::Bool(scan.is_conflict()));
        }
        _ => {}
    }
}

/// Of logs, what their lists go by.
fn log_cells(row: &Row, put: &mut dyn FnMut(Cell<'_>)) {
    match row {
        Row::AuditLine(line) => {
            put(Cell::Int(line.at.0));
            put(Cell::Text(&line.by.word()));
            put(Cell::Text(&line.kind));
            put(Cell::Text(&line.object));
        }
        Row::WebhookAttempt(attempt) => {
            put(int(attempt.number));
            put(Cell::Int(attempt.at.0));
            put(Cell::Bool(attempt.end.is_delivered()));
        }
        _ => {}
    }
}

fn shift_cells(shift: &Shift, put: &mut dyn FnMut(Cell<'_>)) {
    put(Cell::Bool(shift.end.is_none()));
    put(int(shift.entity.0));
    put(int(shift.channel.0));
    put(int(shift.terminal.0));
    put(shift.point_of_sale.map_or(Cell::Null, |place| int(place.0)));
    put(Cell::Int(shift.opened.0));
}

fn pool_cells(barcode: &PoolBarcode, put: &mut dyn FnMut(Cell<'_>)) {
    let (state, order, item) = match &barcode.state {
        PoolState::Free => (FREE, None, None),
        PoolState::Reserved { order, item } => (RESERVED, Some(order), Some(item)),
        PoolState::Used { item } => (USED, None, Some(item)),
    };
    put(int(barcode.session.0));
    put(Cell::Bool(state != USED));
    put(Cell::Text(state));
    put(order.map_or(Cell::Null, |order| Cell::Bytes(&order.0)));
    put(item.map_or(Cell::Null, |item| int(item.0)));
}

const FREE: &str = "FREE";
const RESERVED: &str = "RESERVED";
const USED: &str = "USED";

fn order_cells(order: &Order, put: &mut dyn FnMut(Cell<'_>)) {
    let (resident, state, due, purchased) = match &order.stage {
        Stage::Basket { expires, .. } => (true, "BASKET", Some(expires.0), None),
        Stage::PreConfirm { expires, .. } => (true, "PRE_CONFIRM", Some(expires.0), None),
        Stage::Confirm { at, .. } => (false, "CONFIRM", None, Some(at.0)),
        Stage::Expired { at } => (true, EXPIRED, Some(at.0), None),
        Stage::Refund { at, .. } => (false, "REFUND", None, Some(at.0)),
    };
    put(Cell::Bool(resident));
    put(Cell::Text(state));
    put(due.map_or(Cell::Null, Cell::Int));
    let code = order.code();
    put(code.as_ref().map_or(Cell::Null, |code| ascii(&code.0)));
    put(int(order.seller.channel.0));
    put(Cell::Int(order.created.0));
    put(Cell::Text(order.currency.code()));
    put(Cell::Int(order.totals().total()));
    put(purchased.map_or(Cell::Null, Cell::Int));
    put(if purchased.is_some() { Cell::Text(kind_word(order.kind())) } else { Cell::Null });
    put(order.extras().customer.as_ref().map_or(Cell::Null, |id| Cell::Bytes(&id.0)));
}

/// What an order is to the books.
pub const fn kind_word(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Purchase => "PURCHASE",
        OrderKind::Booking => "BOOKING",
        OrderKind::Issue => "ISSUE",
        OrderKind::Refund => "REFUND",
    }
}

fn voucher_order_cells(order: &VoucherOrder, put: &mut dyn FnMut(Cell<'_>)) {
    let (resident, state) = match order.stage {
        voucher_orders::Stage::Created { .. } => (true, "CREATED"),
        voucher_orders::Stage::PreConfirm { .. } => (true, "PRE_CONFIRM"),
        voucher_orders::Stage::Confirm { .. } => (false, "CONFIRM"),
        voucher_orders::Stage::Expired { .. } => (true, EXPIRED),
    };
    put(Cell::Bool(resident));
    put(Cell::Text(state));
    put(order.code().as_ref().map_or(Cell::Null, |code| ascii(&code.0)));
    put(int(order.seller.channel.0));
    put(Cell::Int(order.created.0));
    put(Cell::Text(order.currency.code()));
    put(Cell::Int(order.total()));
}

/// The state of an expired order, which a start need not read whole.
pub const EXPIRED: &str = "EXPIRED";

fn message_cells(message: &Message, put: &mut dyn FnMut(Cell<'_>)) {
    let (waiting, next) = match message.state {
        MessageState::Waiting { next } => (true, next),
        MessageState::GivenUp { at } => (false, at),
    };
    put(Cell::Text(&message.kind().to_string()));
    put(Cell::Text(&message.about.to_string()));
    put(Cell::Bool(waiting));
    put(Cell::Int(message.due.0));
    put(Cell::Int(next.0));
    put(message.channel().map_or(Cell::Null, |channel| int(channel.0)));
}

fn counter_key(key: &CounterKey, put: &mut dyn FnMut(Cell<'_>)) {
    let (kind, id, of) = match key {
        CounterKey::ChannelSales(session, channel) => (CHANNEL_SALES, session.0, channel.to_string()),
        CounterKey::BuyerSales(session, buyer) => (BUYER_SALES, session.0, buyer.to_string()),
        CounterKey::UsedBarcodes(session) => (USED_BARCODES, session.0, String::new()),
        CounterKey::Vouchers(group) => (VOUCHERS, group.0, String::new()),
        CounterKey::PromotionUses(promotion) => (PROMOTION_USES, promotion.0, String::new()),
        CounterKey::CodeUses(promotion, code) => (CODE_USES, promotion.0, code.to_string()),
        CounterKey::CollectiveUses(collective) => (COLLECTIVE_USES, collective.0, String::new()),
        CounterKey::MemberUses(collective, member) => (MEMBER_USES, collective.0, member.to_string()),
        CounterKey::PromotionMemberUses(promotion, member) => (PROMOTION_MEMBER_USES, promotion.0, member.to_string()),
        CounterKey::Members(collective) => (MEMBERS, collective.0, String::new()),
        CounterKey::PromisedVouchers(group) => (PROMISED_VOUCHERS, group.0, String::new()),
        CounterKey::VoucherOrders(channel) => (VOUCHER_ORDERS, channel.0, String::new()),
        CounterKey::ProductUnits(product) => (PRODUCT_UNITS, product.0, String::new()),
        CounterKey::Receipts(entity) => (RECEIPTS, entity.0, String::new()),
    };
    put(Cell::Text(kind));
    put(int(id));
    put(Cell::Text(&of));
}

const CHANNEL_SALES: &str = "CHANNEL_SALES";
const BUYER_SALES: &str = "BUYER_SALES";
const USED_BARCODES: &str = "USED_BARCODES";
const VOUCHERS: &str = "VOUCHERS";
const PROMOTION_USES: &str = "PROMOTION_USES";
const CODE_USES: &str = "CODE_USES";
const COLLECTIVE_USES: &str = "COLLECTIVE_USES";
const MEMBER_USES: &str = "MEMBER_USES";
const PROMOTION_MEMBER_USES: &str = "PROMOTION_MEMBER_USES";
const MEMBERS: &str = "MEMBERS";
const PROMISED_VOUCHERS: &str = "PROMISED_VOUCHERS";
const VOUCHER_ORDERS: &str = "VOUCHER_ORDERS";
const PRODUCT_UNITS: &str = "PRODUCT_UNITS";
const RECEIPTS: &str = "RECEIPTS";

fn pair(a: u64, b: u64, put: &mut dyn FnMut(Cell<'_>)) {
    put(int(a));
    put(int(b));
}

/// Ids and numbers stay below 2^53.
const fn int<'a>(value: u64) -> Cell<'a> {
    Cell::Int(value.cast_signed())
}

/// Codes are ASCII by construction.
fn ascii(bytes: &[u8]) -> Cell<'_> {
    Cell::Text(std::str::from_utf8(bytes).unwrap_or_default())
}

/// Appends a row's JSON.
pub fn write_json(row: &Row, out: &mut Vec<u8>) {
    let written = match row {
        Row::Directory(row) => serde_json::to_writer(out, row),
        Row::SigningKey(row) => serde_json::to_writer(out, row),
        Row::Operator(row) => serde_json::to_writer(out, row),
        Row::Entity(row) => serde_json::to_writer(out, row),
        Row::User(row) => serde_json::to_writer(out, row),
        Row::Channel(row) => serde_json::to_writer(out, row),
        Row::ApiKey(row) => serde_json::to_writer(out, row),
        Row::Terminal(row) => serde_json::to_writer(out, row),
        Row::PointOfSale(row) => serde_json::to_writer(out, row),
        Row::Family(row) => serde_json::to_writer(out, row),
        Row::Tries(row) => serde_json::to_writer(out, row),
        Row::Venue(row) => serde_json::to_writer(out, row),
        Row::Sector(row) => serde_json::to_writer(out, row),
        Row::Template(row) => serde_json::to_writer(out, row),
        Row::Event(row) => serde_json::to_writer(out, row),
        Row::Session(row) => serde_json::to_writer(out, row),
        Row::Publication(row) => serde_json::to_writer(out, row),
        Row::Promotion(row) => serde_json::to_writer(out, row),
        Row::Product(row) => serde_json::to_writer(out, row),
        Row::SoldUnit(row) => serde_json::to_writer(out, row),
        Row::Commissions(row) => serde_json::to_writer(out, row),
        Row::Cancellation(row) => serde_json::to_writer(out, row),
        Row::Postponed(row) => serde_json::to_writer(out, row),
        Row::PlaceMarks(row) => serde_json::to_writer(out, row),
        Row::VoucherGroup(row) => serde_json::to_writer(out, row),
        Row::Voucher(row) => serde_json::to_writer(out, row),
        Row::VoucherCode(row) => serde_json::to_writer(out, row),
        Row::VoucherMovement(row) => serde_json::to_writer(out, row),
        Row::Order(row) => serde_json::to_writer(out, row),
        Row::Ticket(row) => serde_json::to_writer(out, row),
        Row::History(row) => serde_json::to_writer(out, row),
        Row::Outcome(row) => serde_json::to_writer(out, row),
        Row::Message(row) => serde_json::to_writer(out, row),
        Row::Collective(row) => serde_json::to_writer(out, row),
        Row::Member(row) => serde_json::to_writer(out, row),
        Row::MemberNumber(row) => serde_json::to_writer(out, row),
        Row::GiftVouchers(row) => serde_json::to_writer(out, row),
        Row::VoucherOrder(row) => serde_json::to_writer(out, row),
        Row::VoucherSale(row) => serde_json::to_writer(out, row),
        Row::Admission(row) => serde_json::to_writer(out, row),
        Row::Revocation(row) => serde_json::to_writer(out, row),
        Row::OfflineScan(row) => serde_json::to_writer(out, row),
        Row::GateTally(row) => serde_json::to_writer(out, row),
        Row::Customer(row) => serde_json::to_writer(out, row),
        Row::Webhook(row) => serde_json::to_writer(out, row),
        Row::WebhookStanding(row) => serde_json::to_writer(out, row),
        Row::WebhookAttempt(row) => serde_json::to_writer(out, row),
        Row::AuditLine(row) => serde_json::to_writer(out, row),
        Row::Shift(row) => serde_json::to_writer(out, row),
        Row::Listing(row) => serde_json::to_writer(out, row),
        Row::Claim(_) | Row::PoolBarcode(_) | Row::Counter(_) | Row::Sequence(_) => Ok(()),
    };
    // Rows have no maps with keys that JSON lacks, and memory does not refuse: a round trip of every kind is a test.
    written.unwrap_or_else(|error| panic!("a row has no JSON: {error}"));
}

/// Reads a row from its JSON, the last of its cells.
pub fn json<T: DeserializeOwned + Into<Row>>(cells: &[Cell<'_>]) -> Result<Row, String> {
    match cells.last() {
        Some(Cell::Text(json)) => serde_json::from_str::<T>(json).map(Into::into).map_err(|error| error.to_string()),
        other => Err(format!("{other:?} is no JSON")),
    }
}

/// Reads a claim.
pub fn read_claim(cells: &[Cell<'_>]) -> Result<Row, String> {
    match *cells {
        [Cell::Int(session), Cell::Int(place), Cell::Bytes(order), Cell::Int(item), Cell::Bool(sold)] => Ok(Claim {
            session: SessionId(session.cast_unsigned()),
            place: Place::try_from(place).map_err(|error| error.to_string())?,
            order: OrderId(order.try_into().map_err(|_| "an order id has 16 bytes")?),
            item: ItemId(item.cast_unsigned()),
            sold,
        }
        .into()),
        _ => Err(format!("{cells:?} is no claim")),
    }
}

/// Reads a barcode of a pool.
pub fn read_pool_barcode(cells: &[Cell<'_>]) -> Result<Row, String> {
    let [Cell::Text(barcode), Cell::Int(session), Cell::Bool(_), Cell::Text(state), order, item] = *cells else {
        return Err(format!("these {} cells are no barcode", cells.len()));
    };
    let state = match (state, order, item) {
        (FREE, Cell::Null, Cell::Null) => PoolState::Free,
        (RESERVED, Cell::Bytes(order), Cell::Int(item)) => {
            let order = OrderId(order.try_into().map_err(|_| "an order id has 16 bytes")?);
            PoolState::Reserved { order, item: ItemId(item.cast_unsigned()) }
        }
        (USED, Cell::Null, Cell::Int(item)) => PoolState::Used { item: ItemId(item.cast_unsigned()) },
        _ => return Err(format!("{state} with {order:?} and {item:?} is no state of a barcode")),
    };
    let barcode = Barcode::parse(barcode).ok_or("not a barcode")?;
    Ok(PoolBarcode { barcode, session: SessionId(session.cast_unsigned()), state }.into())
}

/// Reads a counter.
pub fn read_counter(cells: &[Cell<'_>]) -> Result<Row, String> {
    let [Cell::Text(kind), Cell::Int(id), Cell::Text(of), Cell::Int(value)] = *cells else {
        return Err(format!("{cells:?} is no counter"));
    };
    let (session, promotion, collective) =
        (SessionId(id.cast_unsigned()), PromotionId(id.cast_unsigned()), CollectiveId(id.cast_unsigned()));
    let key = match kind {
        CHANNEL_SALES => of.parse().ok().map(|channel| CounterKey::ChannelSales(session, ChannelId(channel))),
        USED_BARCODES => Some(CounterKey::UsedBarcodes(session)),
        VOUCHERS => Some(CounterKey::Vouchers(VoucherGroupId(id.cast_unsigned()))),
        PROMISED_VOUCHERS => Some(CounterKey::PromisedVouchers(VoucherGroupId(id.cast_unsigned()))),
        VOUCHER_ORDERS => Some(CounterKey::VoucherOrders(ChannelId(id.cast_unsigned()))),
        PRODUCT_UNITS => Some(CounterKey::ProductUnits(ProductId(id.cast_unsigned()))),
        RECEIPTS => Some(CounterKey::Receipts(EntityId(id.cast_unsigned()))),
        PROMOTION_USES => Some(CounterKey::PromotionUses(promotion)),
        CODE_USES => Hash::parse(of).map(|code| CounterKey::CodeUses(promotion, code)),
        COLLECTIVE_USES => Some(CounterKey::CollectiveUses(collective)),
        MEMBER_USES => Hash::parse(of).map(|member| CounterKey::MemberUses(collective, member)),
        PROMOTION_MEMBER_USES => Hash::parse(of).map(|member| CounterKey::PromotionMemberUses(promotion, member)),
        MEMBERS => Some(CounterKey::Members(collective)),
        BUYER_SALES => Hash::parse(of).map(|buyer| CounterKey::BuyerSales(session, buyer)),
        _ => None,
    };
    Ok(Counter { key: key.ok_or_else(|| format!("{kind} {of} counts nothing"))?, value }.into())
}

/// Reads a sequence.
pub fn read_sequence(cells: &[Cell<'_>]) -> Result<Row, String> {
    match *cells {
        [Cell::Int(items_reserved)] => Ok(Sequence { items_reserved: items_reserved.cast_unsigned() }.into()),
        _ => Err(format!("{cells:?} is no sequence")),
    }
}
