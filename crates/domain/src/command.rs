//! Commands, replies and the one function that decides: `plan`.
//!
//! `plan` is pure: it reads a World through a shared reference and yields row images. Nothing here changes anything.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::catalogue::PresaleCode;
use crate::catalogue::manage::{CatalogueCommand, Imported, MembersImported, PoolPage};
use crate::change::{Change, Key};
use crate::collectives::{Member, MemberKey, PasswordHash};
use crate::commissions::SetCommissions;
use crate::customers::{Customer, CustomerCommand};
use crate::error::{Code, Error};
use crate::gates::GateReply;
use crate::gates::decide::GateCommand;
use crate::identity::check::Actor;
use crate::identity::manage::IdentityCommand;
use crate::identity::sign_in::{Granted, SignInCommand};
use crate::ids::{
    AuditId, ChannelId, CollectiveId, DeliveryMethodId, Hash, InsuranceId, ItemId, MemberId, OrderId, PriceTypeId, ProductId, PromotionId,
    RateId, SeatId, SectorId, SessionId, VoucherId,
};
use crate::messages::{self, Loyalty, LoyaltyRequest, OutboxCommand};
use crate::moment::Moment;
use crate::money::Currency;
use crate::orders::after::AfterSaleCommand;
use crate::orders::attendees::Attendee;
use crate::orders::cancellations::{Cancellation, CancellationCommand};
use crate::orders::collectives::Shown;
use crate::orders::market::{self, MarketCommand, SeenTicket};
use crate::orders::metadata::MetadataChange;
use crate::orders::postponed::{Postponed, PostponedCommand};
use crate::orders::promotions::PromotionRequest;
use crate::orders::resale::{ResaleCommand, ResaleRequest};
use crate::orders::{self, Buyer, Order, PaymentRequest};
use crate::resale::Listing;
use crate::shifts::{Shift, ShiftCommand};
use crate::text::Language;
use crate::voucher_orders::manage::GiftCommand;
use crate::voucher_orders::sell::VoucherOrderCommand;
use crate::voucher_orders::{self, VoucherOrder};
use crate::vouchers::{ShownVoucher, Voucher, VoucherMovement};
use crate::webhooks;
use crate::world::World;

/// What can be asked of a shard.
#[derive(Debug, Clone)]
pub enum Command {
    /// Of an order.
    Order(OrderCommand),
    /// Of an order after its sale.
    AfterSale(OrderId, AfterSaleCommand),
    /// About sessions that are called off.
    Cancellation(CancellationCommand),
    /// Forget lines of the audit log: the engine's own.
    ForgetAudit(Vec<AuditId>),
    /// About sessions that were moved to another time.
    Postponed(PostponedCommand),
    /// What a channel keeps of what it sells.
    Commissions(SetCommissions),
    /// Of tickets that marketplaces sell again.
    Market(MarketCommand),
    /// Of tickets that channels offer for their buyers.
    Resale(ResaleCommand),
    /// About tokens.
    SignIn(SignInCommand),
    /// About operators, entities, users, channels, keys, terminals, points of sale.
    Identity(IdentityCommand),
    /// About venues, templates, events, sessions, publications, blocked places.
    Catalogue(CatalogueCommand),
    /// Of a voucher order.
    VoucherOrder(VoucherOrderCommand),
    /// About the gift vouchers of a channel.
    GiftVouchers(ChannelId, GiftCommand),
    /// About the gates of a session.
    Gates(SessionId, GateCommand),
    /// From the engine itself: release what is due, forget what may be forgotten. At most so many of each.
    Tick {
        /// How many.
        limit: usize,
    },
    /// About messages to the world outside.
    Outbox(OutboxCommand),
    /// About customers.
    Customer(CustomerCommand),
    /// At a till.
    Shift(ShiftCommand),
}

/// A numbered seat to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatRequest {
    /// Which seat.
    pub id: SeatId,
    /// Of which session.
    pub session: SessionId,
    /// At which tariff, else the default one.
    pub rate: Option<RateId>,
}

/// Places to be picked automatically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoRequest {
    /// Of which session.
    pub session: SessionId,
    /// Of which price type.
    pub price_type: PriceTypeId,
    /// Only in this sector.
    pub sector: Option<SectorId>,
    /// How many.
    pub quantity: u32,
    /// At which tariff, else the default one.
    pub rate: Option<RateId>,
    /// Refuse rather than split the party.
    pub together: bool,
    /// The code of a presale, where the session is not on sale to everybody.
    pub presale: Option<PresaleCode>,
}

/// Units of a product to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductRequest {
    /// Which.
    pub id: ProductId,
    /// How many.
    pub quantity: u32,
}

/// What a channel does with its orders. All but `Create` and `ValidateVoucher` name the order.
#[derive(Debug, Clone)]
pub enum OrderCommand {
    /// Begin one.
    Create {
        /// Else the channel's first.
        language: Option<Language>,
    },
    /// Look at it.
    Read(OrderId),
    /// Add numbered seats, all or none; with the code of a presale, where a session is not on sale to everybody.
    AddSeats(OrderId, Vec<SeatRequest>, Option<PresaleCode>),
    /// Add places picked automatically, all or none.
    AddAuto(OrderId, AutoRequest),
    /// Add tickets that others offer, each named once, all or none.
    AddResale(OrderId, Vec<ResaleRequest>),
    /// Add units of products, each named once, all or none.
    AddProducts(OrderId, Vec<ProductRequest>),
    /// Take items out, all or none.
    RemoveItems(OrderId, Vec<ItemId>),
    /// Change an item's tariff.
    SetRate(OrderId, ItemId, RateId),
    /// Say who buys.
    SetBuyer(OrderId, Arc<Buyer>),
    /// Change what the channel notes on it.
    ChangeMetadata(OrderId, MetadataChange),
    /// Say how the tickets reach the buyer.
    SetDelivery(OrderId, DeliveryMethodId),
    /// Insure items: these, or all that it is offered for.
    Insure(OrderId, InsuranceId, Option<Vec<ItemId>>),
    /// Give an insurance back, or all.
    DropInsurance(OrderId, Option<InsuranceId>),
    /// Say who comes on these items, all or none.
    SetAttendees(OrderId, Vec<Attendee>),
    /// Pay with a voucher, as far as it goes.
    AddVoucher(OrderId, ShownVoucher),
    /// Take a voucher off again.
    RemoveVoucher(OrderId, VoucherId),
    /// Look at a voucher, for a buyer if one is named. Answers `Reply::Voucher`.
    ValidateVoucher(ShownVoucher, Option<Hash>),
    /// Apply a promotion.
    Promote(OrderId, PromotionRequest),
    /// Take a promotion out.
    DropPromotion(OrderId, PromotionId),
    /// Look what a member's password is to be compared with. Answers `Reply::MemberPassword`.
    MemberPassword(OrderId, CollectiveId, MemberKey),
    /// Bring a collective in.
    AddCollective(OrderId, CollectiveId, Shown),
    /// Take a collective out.
    DropCollective(OrderId, CollectiveId),
    /// Check everything, and give the code.
    PreConfirm(OrderId),
    /// Check everything, and hold the places for who booked them.
    Book(OrderId),
    /// Back to the basket.
    BackToBasket(OrderId),
    /// Sell it.
    Confirm(OrderId, Vec<PaymentRequest>),
    /// Drop it; its places fall free at once.
    Delete(OrderId),
    /// Join a loyalty programme, with the order's buyer if one is named. Answers `Reply::Loyalty`, or the message's id if aforo is to keep it.
    JoinLoyalty(Option<OrderId>, Box<LoyaltyRequest>),
}

/// What a command answers. The HTTP layer renders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Nothing to say.
    Done,
    /// The order as it is now.
    Order(Arc<Order>),
    /// What a sign-in got. Holds no secret: the HTTP layer signs the token.
    Granted(Arc<Granted>),
    /// The ids of what was made or changed, in the order of the request.
    Ids(Vec<u64>),
    /// What became of imported barcodes.
    Imported(Arc<Imported>),
    /// So many were taken out.
    Removed(u32),
    /// A pool of imported barcodes, masked.
    Pool(Arc<PoolPage>),
    /// A voucher as it is now.
    Voucher(Arc<Voucher>),
    /// How many vouchers a group has, and some of them.
    Vouchers(u64, Vec<Arc<Voucher>>),
    /// How many lines a voucher's book has, in which currency, and some of them.
    Movements(u64, Currency, Vec<Arc<VoucherMovement>>),
    /// What a loyalty programme is to be told.
    Loyalty(Box<Loyalty>),
    /// The hash of a member's password, if there is one.
    MemberPassword(Option<PasswordHash>),
    /// How many members a collective ever had, and some of them; `None` for one that was removed.
    Members(u64, Vec<(MemberId, Option<Arc<Member>>)>),
    /// What became of imported members.
    MembersImported(Arc<MembersImported>),
    /// What was asked for was not done before. Never kept.
    NotDone,
    /// How far the work is that a called-off session makes.
    Cancellation(Arc<Cancellation>),
    /// Those whose work goes on.
    Cancellations(Vec<Arc<Cancellation>>),
    /// Sessions that were moved, of which not all buyers were told yet.
    Postponed(Vec<Arc<Postponed>>),
    /// The voucher order as it is now.
    VoucherOrder(Arc<VoucherOrder>),
    /// How many voucher orders a channel has sold, and some of them.
    VoucherOrders(u64, Vec<Arc<VoucherOrder>>),
    /// About gates.
    Gate(Box<GateReply>),
    /// A customer as it is now.
    Customer(Arc<Customer>),
    /// Tickets as they stand now, in the order in which they were named.
    Tickets(Arc<Vec<SeenTicket>>),
    /// A shift as it is now.
    Shift(Arc<Shift>),
    /// Offers as they are now, in the order in which their tickets were named.
    Listings(Arc<Vec<Arc<Listing>>>),
}

impl Reply {
    /// Whether it is kept for who asks again: not if it holds a secret, or what stands for one.
    pub const fn is_kept(&self) -> bool {
        match self {
            Self::Done | Self::Order(_) | Self::Ids(_) | Self::Imported(_) | Self::Removed(_) | Self::Pool(_) => true,
            Self::Voucher(_) | Self::Vouchers(..) | Self::Movements(..) | Self::MembersImported(_) | Self::Loyalty(_) => true,
            Self::VoucherOrder(_)
            | Self::VoucherOrders(..)
            | Self::Gate(_)
            | Self::Tickets(_)
            | Self::Shift(_)
            | Self::Listings(_)
            | Self::Cancellation(_)
            | Self::Cancellations(_)
            | Self::Postponed(_) => true,
            Self::Granted(_) | Self::MemberPassword(_) | Self::Members(..) | Self::NotDone | Self::Customer(_) => false,
        }
    }
}

/// What `plan` decides, when it decides to do it.
#[derive(Debug)]
pub struct Done {
    /// Row images, in the order they are to be applied.
    pub changes: Vec<Change>,
    /// What is answered once they are durable.
    pub reply: Reply,
}

/// Why `plan` does not do it.
#[derive(Debug)]
pub enum Stop {
    /// Refused; nothing changes but the effects.
    Refused {
        /// What is answered.
        error: Box<Error>,
        /// Changes that a refusal may leave: see [`Effect`].
        effects: Vec<Effect>,
    },
    /// These rows must be loaded first.
    Need(Vec<Key>),
    /// The gates' lists of these sessions must be loaded first.
    NeedLists(Vec<SessionId>),
    /// A checked order code is needed and the pool is empty; it is being filled.
    NeedOrderCode,
}

/// Two looks at once: what is missing for either is asked for together.
///
/// # Errors
/// That of either; `Need` of both.
pub fn both<A, B>(a: Result<A, Stop>, b: Result<B, Stop>) -> Result<(A, B), Stop> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Stop::Need(mut keys)), Err(Stop::Need(more))) => {
            keys.extend(more);
            Err(Stop::Need(keys))
        }
        (Err(Stop::Need(_)), Err(stop)) | (Err(stop), _) | (_, Err(stop)) => Err(stop),
    }
}

/// Several looks at once.
///
/// # Errors
/// The first that is no `Need`; `Need` of all that is missing.
pub fn gather<T>(looks: impl Iterator<Item = Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for look in looks {
        match look {
            Ok(one) => found.push(one),
            Err(Stop::Need(keys)) => missing.extend(keys),
            Err(stop) => return Err(stop),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Stop::Need(missing)) }
}

/// What a refused command may leave behind: nothing but this (the idempotency record is the engine's own).
#[derive(Debug, Clone)]
pub enum Effect {
    /// A wrong try was counted.
    Tried(crate::identity::Tries),
    /// A used refresh token came back: its family is revoked.
    Revoked(Arc<crate::identity::Family>),
    /// An order that was over was found and released.
    Released(Vec<Change>),
}

impl Effect {
    /// Its row images.
    pub fn into_changes(self) -> Vec<Change> {
        match self {
            Self::Tried(tries) => vec![Arc::new(tries).into()],
            Self::Revoked(family) => vec![family.into()],
            Self::Released(changes) => changes,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused { error: Box::new(error), effects: Vec::new() }
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Error::new(code).into()
    }
}

/// What `plan` answers.
pub type Planned = Result<Done, Stop>;

/// Decides a command. Pure: the same arguments give the same answer.
///
/// # Errors
/// [`Stop`]: refused, or rows have to be loaded first.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let planned = audit::note(world, moment.now, actor, command, decide(world, moment, actor, command));
    webhooks::told::tell(world, moment.now, planned)
}

fn decide(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    match command {
        Command::Order(command) => orders::basket::plan(world, moment, actor, command),
        Command::AfterSale(order, command) => orders::after::plan(world, moment, actor, *order, command),
        Command::Cancellation(command) => orders::cancellations::plan(world, moment, actor, command),
        Command::ForgetAudit(lines) => audit::forget(actor, lines),
        Command::Postponed(command) => orders::postponed::plan(world, moment, actor, command),
        Command::Commissions(command) => crate::commissions::plan(world, moment, actor, command),
        Command::Market(command) => market::plan(world, moment, actor, command),
        Command::Resale(command) => orders::resale::plan(world, moment, actor, command),
        Command::SignIn(command) => crate::identity::sign_in::plan(world, moment, actor, command),
        Command::Identity(command) => crate::identity::manage::plan(world, moment, actor, command),
        Command::Catalogue(command) => crate::catalogue::manage::plan(world, moment, actor, command),
        Command::VoucherOrder(command) => voucher_orders::sell::plan(world, moment, actor, command),
        Command::GiftVouchers(channel, command) => voucher_orders::manage::plan(world, moment, actor, *channel, command),
        Command::Gates(session, command) => crate::gates::decide::plan(world, moment, actor, *session, command),
        Command::Tick { limit } => Ok(orders::expiry::tick(world, moment, *limit)),
        Command::Outbox(command) => messages::plan(world, moment, actor, command),
        Command::Customer(command) => crate::customers::plan(world, moment, actor, command),
        Command::Shift(command) => crate::shifts::plan(world, moment, actor, command),
    }
}
