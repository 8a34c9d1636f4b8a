//! What becomes of an order after its sale: as it is stored with the order, and who decides. Its money never changes any more: what is given back is an
//! order of its own ([`super::refunds`], [`super::relocation`]), and the order notes that it was.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attendees::{Attendee, of};
use super::market::{MarketState, Standing};
use super::refunds::RefundRequest;
use super::relocation::RelocationRequest;
use super::sight::Sight;
use super::transfer::{TransferRequest, Transferred};
use super::{Item, Order, Sale, Seller, Stage, Ticket, TicketState};
use crate::catalogue::Catalogue;
use crate::command::{Planned, Stop};
use crate::customers::Erased;
use crate::error::{Code, Error};
use crate::identity::check::{Actor, Caller};
use crate::identity::manage::Here;
use crate::identity::{Permission, Role};
use crate::ids::{FamilyId, ItemId, OrderCode, OrderId, SessionId, VoucherId};
use crate::moment::{Moment, Timestamp};
use crate::money::Minor;
use crate::products::{SoldUnit, Unit};
use crate::seasons::Share;
use crate::world::World;

/// What became of an order after its sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct AfterSale {
    /// Lines of its book after that of its sale.
    pub lines: u32,
    /// What was given back of it, the first first.
    pub refunds: Vec<Refunded>,
    /// Since when what is personal of it is gone.
    pub erased: Option<Erased>,
    /// Items whose tickets were cancelled with their session, sorted. What was given back of them since is in `refunds`, too.
    pub cancelled: Vec<ItemId>,
    /// How its tickets stand on the secondary market, by item; only those that have to do with it.
    pub market: Vec<Standing>,
    /// Sessions of which its buyer was told that they are at another time, each with its version since it was last moved.
    pub postponed: Vec<(SessionId, u64)>,
    /// Items whose tickets its buyer gave to somebody else, sorted.
    pub transferred: Vec<Transferred>,
}

impl AfterSale {
    /// Nothing became of it.
    pub const NOTHING: Self = Self {
        lines: 0,
        refunds: Vec::new(),
        erased: None,
        cancelled: Vec::new(),
        market: Vec::new(),
        postponed: Vec::new(),
        transferred: Vec::new(),
    };
}

/// That something of an order was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// The refund, an order of its own; of a relocation, the order of the new places.
    pub order: OrderId,
    /// Its code.
    pub code: OrderCode,
    /// When.
    pub at: Timestamp,
    /// Which items, by id.
    pub items: Vec<ItemId>,
    /// Whether the delivery was given back, too.
    pub delivery: bool,
    /// What it came to in all.
    pub total: Minor,
    /// How much of that was once paid with each voucher, whether it went back there or was paid out.
    pub vouchers: Vec<(VoucherId, Minor)>,
    /// Whether others were given for them: the order is what they became, and not a refund.
    #[serde(default)]
    pub relocated: bool,
    /// Of season tickets, the session whose share alone came back, since it was called off: the tickets stay.
    #[serde(default)]
    pub share: Option<SessionId>,
}

/// What is done with an order after its sale.
#[derive(Debug, Clone)]
pub enum AfterSaleCommand {
    /// Give items back, all or none.
    Refund(RefundRequest),
    /// Give places against others, all or none. Answers the order of the others.
    Relocate(RelocationRequest),
    /// Let a booking go. Answers `Reply::Done`.
    CancelBooking,
    /// Send the buyer its letter again, to another address if one is named.
    Resend(Option<String>),
    /// Write something into its book.
    Note(String),
    /// Say who comes on these items, all or none.
    SetAttendees(Vec<Attendee>),
    /// Give the tickets of these items other barcodes, all or none; those that they had are dead.
    Reprint(Vec<ItemId>),
    /// Give the tickets of these items to somebody else, all or none.
    Transfer(TransferRequest),
}

/// Where that is decided.
pub(super) struct Office<'a> {
    pub world: &'a World,
    pub moment: &'a Moment,
    pub sight: Sight,
    /// `None`: the platform, whose identity is another shard's.
    pub caller: Option<Caller<'a>>,
    /// The sign-in that asks.
    pub family: FamilyId,
    /// The session that was called off, where that is why something is done.
    pub called_off: Option<SessionId>,
}

/// Decides what is done with an order after its sale.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` without a role or, for a promoter, on what others sold; `AUTH0027` for a person without the permission; `ORDER_NOT_FOUND`; then
/// those of the command.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, id: OrderId, command: &AfterSaleCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let sight = Sight::of(&here, actor, &[Role::AfterSales])?;
    let is_here = bearer.subject.shard == world.shard;
    let caller = if is_here { Some(world.identity.check(bearer, moment.now)?) } else { None };
    let office = Office { world, moment, sight, caller, family: bearer.family, called_off: None };
    match command {
        AfterSaleCommand::Refund(request) => {
            office.permit(Permission::Refund)?;
            office.refund(office.order(id)?, request)
        }
        AfterSaleCommand::Relocate(request) => {
            office.permit(Permission::Refund)?;
            office.relocate(office.order(id)?, request)
        }
        AfterSaleCommand::CancelBooking => {
            office.permit(Permission::Booking)?;
            office.cancel_booking(office.order(id)?)
        }
        AfterSaleCommand::Resend(to) => office.resend(office.order(id)?, to.as_deref()),
        AfterSaleCommand::Note(text) => office.note(office.order(id)?, text),
        AfterSaleCommand::SetAttendees(attendees) => office.set_attendees(office.order(id)?, attendees),
        AfterSaleCommand::Reprint(items) => office.reprint(office.order(id)?, items),
        AfterSaleCommand::Transfer(request) => office.transfer(office.order(id)?, request),
    }
}

impl<'a> Office<'a> {
    /// The engine's own, for work on an order that nobody asks for in person.
    pub(super) const fn of_the_engine(world: &'a World, moment: &'a Moment, order: &Order) -> Self {
        Self { world, moment, sight: Sight::Operator, caller: None, family: order.family, called_off: None }
    }

    /// An order whose seller the caller speaks for.
    fn order(&self, id: OrderId) -> Result<&'a Arc<Order>, Stop> {
        let (identity, catalogue) = (&self.world.identity, &self.world.catalogue);
        let order = self.world.resident_order(id)?.filter(|order| order.has_come_so_far(self.moment.now)).ok_or(Code::OrderNotFound)?;
        if self.sight.covers(order.seller.channel, identity) {
            return Ok(order);
        }
        // A promoter looks at what others sold for it, and that is all.
        let seen = self.sight.shows(order, identity, catalogue).is_some();
        Err(if seen { Code::ForbiddenResource } else { Code::OrderNotFound }.into())
    }

    pub(super) fn permit(&self, permission: Permission) -> Result<(), Error> {
        self.caller.map_or(Ok(()), |caller| caller.permit(permission))
    }

    /// Who does it, as the books name it: for the channel that sold.
    pub(super) fn clerk(&self, order: &Order) -> Seller {
        let of = |caller: Caller<'_>| Seller::of(order.seller.channel, caller.subject);
        self.caller.map_or(Seller { channel: order.seller.channel, user: None, terminal: None, point_of_sale: None }, of)
    }
}

impl Order {
    /// The refund that an item was given back with, or its relocation.
    pub fn refund_of(&self, item: ItemId) -> Option<&Refunded> {
        self.extras().after.refunds.iter().find(|refund| refund.share.is_none() && refund.items.binary_search(&item).is_ok())
    }

    /// Of a season ticket, whether a session's share of its price was given back.
    pub fn gave_share_back(&self, item: ItemId, session: SessionId) -> bool {
        let mut notes = self.extras().after.refunds.iter();
        notes.any(|note| note.share == Some(session) && note.items.binary_search(&item).is_ok())
    }

    /// An item as what of it was not given back yet: of a season ticket, without the sessions whose shares were.
    pub fn left_of(&self, item: &Item) -> Item {
        let shares = item.season.iter().flat_map(|shares| shares.iter().copied());
        let (gone, left): (Vec<Share>, Vec<Share>) = shares.partition(|share| self.gave_share_back(item.id, share.member.session));
        if gone.is_empty() {
            return item.clone();
        }
        let amount = gone.iter().map(|share| share.amount).sum();
        Item { price: Arc::new(item.price.less(amount)), season: Some(left.into()), ..item.clone() }
    }

    /// How the ticket of a sold item stands.
    pub fn ticket_state(&self, item: ItemId) -> TicketState {
        match self.refund_of(item) {
            Some(Refunded { relocated: true, .. }) => return TicketState::Relocated,
            Some(_) => return TicketState::Refunded,
            None => {}
        }
        let cancelled = self.extras().after.cancelled.binary_search(&item).is_ok();
        match self.standing(item) {
            Some(MarketState::Reissued(_)) => TicketState::Reissued,
            _ if cancelled => TicketState::Cancelled,
            None => TicketState::Valid,
            Some(MarketState::Registered { .. }) => TicketState::Registered,
            Some(MarketState::Blocked { .. }) => TicketState::Blocked,
            Some(MarketState::Listed { .. }) => TicketState::Listed,
        }
    }

    /// The ticket of an item, as it is from `changed` on; `None` until the order is sold.
    pub fn ticket(&self, item: &Item, changed: Timestamp, catalogue: &Catalogue) -> Option<Ticket> {
        let Stage::Confirm { at, code, .. } = self.stage else { return None };
        let offer = catalogue.offers.get(&item.session);
        let sale = offer.map(|offer| Sale { channel: self.seller.channel, promoter: offer.event.entity, at });
        Some(Ticket {
            id: item.id,
            order: self.id,
            code,
            session: item.session,
            place: item.place,
            kind: item.kind,
            barcode: item.barcode.clone()?,
            state: self.ticket_state(item.id),
            sale,
            changed,
            rate: Some(item.rate),
            attendee: of(&self.extras().attendees, item.id).and_then(Attendee::full_name),
        })
    }

    /// A unit of a product, as it is from `changed` on; `None` until the order is sold.
    pub fn sold_unit(&self, unit: &Unit, changed: Timestamp, catalogue: &Catalogue) -> Option<SoldUnit> {
        let Stage::Confirm { at, code, .. } = self.stage else { return None };
        let (id, product) = (unit.id, unit.terms.product);
        // Products are never taken out of the catalogue.
        let promoter = catalogue.products.get(&product)?.entity;
        let sale = Sale { channel: self.seller.channel, promoter, at };
        Some(SoldUnit { id, order: self.id, code, product, state: self.ticket_state(id), sale, changed })
    }
}
