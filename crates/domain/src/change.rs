//! Row images: what a command changes, as whole rows. The journal, the tables and the World all live on these and on nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::audit::AuditLine;
use crate::barcodes::PoolBarcode;
use crate::catalogue::plan::{Place, Sector};
use crate::catalogue::{Event, Publication, Session, Template, Venue};
use crate::collectives::{Collective, Member, MemberNumber};
use crate::commissions::Commissions;
use crate::customers::Customer;
use crate::gates::offline::{OfflineScan, ScanKey};
use crate::gates::{Admission, GateTally, Revocation};
use crate::idempotency::{Outcome, Period};
use crate::identity::{
    ApiKey, Channel, DirectoryEntry, DirectoryKey, Entity, Family, Operator, PointOfSale, SigningKey, Terminal, Tries, User,
};
use crate::ids::{
    AuditId, Barcode, ChannelId, CollectiveId, EntityId, EventId, FamilyId, Hash, ItemId, KeyId, ListingId, MemberId, MessageId, OrderId,
    PointOfSaleId, ProductId, PromotionId, SectorId, SessionId, ShardId, ShiftId, TemplateId, TerminalId, UserId, VenueId, VoucherGroupId,
    VoucherId, VoucherOrderId, WebhookId,
};
use crate::inventory::{Claim, PlaceMarks};
use crate::messages::Message;
use crate::orders::cancellations::Cancellation;
use crate::orders::postponed::Postponed;
use crate::orders::{History, Order, Ticket};
use crate::products::{Product, SoldUnit};
use crate::promotions::Promotion;
use crate::resale::Listing;
use crate::shifts::Shift;
use crate::voucher_orders::{GiftVouchers, VoucherOrder, VoucherSale};
use crate::vouchers::{Voucher, VoucherCode, VoucherGroup, VoucherMovement};
use crate::webhooks::{Attempt, Webhook, WebhookStanding};

/// One change of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The row is now this.
    Put(Row),
    /// The row is gone.
    Delete(Key),
    /// Outcomes of the periods before this one are gone.
    ForgetOutcomes(Period),
}

impl<T: Into<Row>> From<T> for Change {
    fn from(row: T) -> Self {
        Self::Put(row.into())
    }
}

/// What a counter counts. Every limit is a counter row with its own key; no rule counts rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CounterKey {
    /// Places of a session in live orders and tickets of a channel.
    ChannelSales(SessionId, ChannelId),
    /// Places of a session that a buyer (hash of the key) has pre-confirmed or bought; kept only where the session limits them.
    BuyerSales(SessionId, Hash),
    /// Barcodes of a session's pool that are tickets' by now.
    UsedBarcodes(SessionId),
    /// Vouchers of a group, whatever is left of them.
    Vouchers(VoucherGroupId),
    /// Uses of a promotion in live orders and tickets.
    PromotionUses(PromotionId),
    /// Those of them by a code (hash of the code).
    CodeUses(PromotionId, Hash),
    /// Items that a collective opened, in live orders and tickets.
    CollectiveUses(CollectiveId),
    /// Those of them by a member (hash of its id) or a code (hash of the code).
    MemberUses(CollectiveId, Hash),
    /// Uses of a promotion by such a holder of its collective.
    PromotionMemberUses(PromotionId, Hash),
    /// Members that a collective ever had.
    Members(CollectiveId),
    /// Vouchers of a group that voucher orders which wait for their payment will make.
    PromisedVouchers(VoucherGroupId),
    /// Voucher orders that a channel has sold.
    VoucherOrders(ChannelId),
    /// Units of a product in live orders and sold ones.
    ProductUnits(ProductId),
    /// Receipts that an entity has given: the last one's number.
    Receipts(EntityId),
}

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// What it counts.
    pub key: CounterKey,
    /// How many.
    pub value: i64,
}

/// Numbers up to here have been given out, perhaps not all used: after a restart counting goes on from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Items' (and tickets' and messages') ids are the only sequence; catalogue ids go on from the largest resident one.
    pub items_reserved: u64,
}

macro_rules! rows {
    ($($variant:ident($row:ty) = $key:ty, |$r:ident| $get:expr;)*) => {
        /// A row image of any table.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each variant is the type it holds")]
        pub enum Row { $($variant($row),)* }

        /// The primary key of any row, within its shard.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each variant is the row it finds")]
        pub enum Key { $($variant($key),)* }

        impl Row {
            /// Its primary key.
            pub fn key(&self) -> Key {
                match self { $(Self::$variant($r) => Key::$variant($get),)* }
            }
        }

        $(impl From<$row> for Row {
            fn from(row: $row) -> Self {
                Self::$variant(row)
            }
        })*
    };
}

rows! {
    Directory(Arc<DirectoryEntry>) = DirectoryKey, |row| row.key.clone();
    SigningKey(Arc<SigningKey>) = String, |row| row.id.clone();
    Operator(Arc<Operator>) = ShardId, |row| row.id;
    Entity(Arc<Entity>) = EntityId, |row| row.id;
    User(Arc<User>) = UserId, |row| row.id;
    Channel(Arc<Channel>) = ChannelId, |row| row.id;
    ApiKey(Arc<ApiKey>) = KeyId, |row| row.id;
    Terminal(Arc<Terminal>) = TerminalId, |row| row.id;
    PointOfSale(Arc<PointOfSale>) = PointOfSaleId, |row| row.id;
    Family(Arc<Family>) = FamilyId, |row| row.id;
    Tries(Arc<Tries>) = Hash, |row| row.subject;
    Venue(Arc<Venue>) = VenueId, |row| row.id;
    Sector(Arc<Sector>) = (TemplateId, SectorId), |row| (row.template, row.id);
    Template(Arc<Template>) = TemplateId, |row| row.id;
    Event(Arc<Event>) = EventId, |row| row.id;
    Session(Arc<Session>) = SessionId, |row| row.id;
    Publication(Arc<Publication>) = (SessionId, ChannelId), |row| (row.session, row.channel);
    Promotion(Arc<Promotion>) = PromotionId, |row| row.id;
    PlaceMarks(Arc<PlaceMarks>) = (SessionId, SectorId), |row| (row.session, row.sector);
    Claim(Claim) = (SessionId, Place), |row| (row.session, row.place);
    PoolBarcode(PoolBarcode) = Barcode, |row| row.barcode.clone();
    VoucherGroup(Arc<VoucherGroup>) = VoucherGroupId, |row| row.id;
    Voucher(Arc<Voucher>) = VoucherId, |row| row.id;
    VoucherCode(Arc<VoucherCode>) = Hash, |row| row.code;
    VoucherMovement(Arc<VoucherMovement>) = (VoucherId, u32), |row| (row.voucher, row.number);
    Order(Arc<Order>) = OrderId, |row| row.id;
    Ticket(Ticket) = ItemId, |row| row.id;
    History(Arc<History>) = (OrderId, u32), |row| (row.order, row.number);
    Counter(Counter) = CounterKey, |row| row.key.clone();
    Sequence(Sequence) = (), |_row| ();
    Outcome(Arc<Outcome>) = (Period, Hash), |row| (row.period, row.key);
    Message(Arc<Message>) = MessageId, |row| row.id;
    Collective(Arc<Collective>) = CollectiveId, |row| row.id;
    Member(Arc<Member>) = (CollectiveId, Hash), |row| (row.collective, row.key.hash);
    MemberNumber(Arc<MemberNumber>) = MemberId, |row| row.id;
    GiftVouchers(Arc<GiftVouchers>) = ChannelId, |row| row.channel;
    VoucherOrder(Arc<VoucherOrder>) = VoucherOrderId, |row| row.id;
    VoucherSale(Arc<VoucherSale>) = (ChannelId, u64), |row| (row.channel, row.number);
    Product(Arc<Product>) = ProductId, |row| row.id;
    SoldUnit(Arc<SoldUnit>) = ItemId, |row| row.id;
    Admission(Arc<Admission>) = (SessionId, ItemId), |row| (row.session, row.ticket);
    Revocation(Arc<Revocation>) = Barcode, |row| row.barcode.clone();
    OfflineScan(Arc<OfflineScan>) = ScanKey, |row| row.key();
    GateTally(Arc<GateTally>) = (SessionId, Arc<str>), |row| (row.session, row.gate.clone());
    Customer(Arc<Customer>) = Hash, |row| row.id;
    Cancellation(Arc<Cancellation>) = SessionId, |row| row.session;
    Commissions(Arc<Commissions>) = ChannelId, |row| row.channel;
    Webhook(Arc<Webhook>) = WebhookId, |row| row.id;
    WebhookStanding(WebhookStanding) = WebhookId, |row| row.hook;
    WebhookAttempt(Arc<Attempt>) = (WebhookId, u64), |row| (row.hook, row.slot());
    AuditLine(Arc<AuditLine>) = AuditId, |row| row.id;
    Shift(Arc<Shift>) = ShiftId, |row| row.id;
    Postponed(Arc<Postponed>) = SessionId, |row| row.session;
    Listing(Arc<Listing>) = ListingId, |row| row.id;
}
