//! The secondary market as orders know it, and cancel & reissue: how marketplaces, which sell outside of aforo, sell tickets again. One registers the tickets that it is about to sell; once they are
//! sold each is cancelled and another one, with another barcode, takes its place in the same step, so that the place is free at no instant. The first
//! order's money stays as it is, and the second order is a sale of its own, on the secondary market.
//!
//! A marketplace works for the entity whose channel it is: it reaches the tickets that channels of this entity sold, and no others. Here is what is stored
//! and how tickets are marked; [`find`] says which tickets are meant, [`checks`] what may be done with them, [`reissue`] sells.

mod checks;
mod find;
mod reissue;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::{HistoryEvent, Order, Seller, TicketState};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::check::{Actor, Caller};
use crate::identity::{Channel, ChannelKind, Identity, Permission, Status};
use crate::ids::{ChannelId, FamilyId, ItemId, ListingId, OrderCode, OrderId, SessionId};
use crate::moment::{Moment, Timestamp};
use crate::money::{Currency, Minor};
use crate::world::World;
use checks::Purpose;
use find::Found;
pub use find::Named;
pub use reissue::ReissueRequest;

/// How a ticket stands on the secondary market; one that has nothing to do with it has no such line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which ticket.
    pub item: ItemId,
    /// How.
    pub state: MarketState,
}

/// What the secondary market has made of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarketState {
    /// A marketplace is about to sell it. It opens gates until it does.
    Registered {
        /// Which marketplace.
        by: ChannelId,
    },
    /// A marketplace keeps it from opening gates and from being sold again.
    Blocked {
        /// Which marketplace.
        by: ChannelId,
        /// Who is about to sell it once it is not blocked any more.
        registered: Option<ChannelId>,
    },
    /// Its owner offers it to others. It opens no gate until that is taken back.
    Listed {
        /// The offer.
        listing: ListingId,
    },
    /// It is dead, and another ticket is in its place.
    Reissued(Successor),
}

/// The ticket that took another one's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// Its order.
    pub order: OrderId,
    /// That order's code.
    pub code: OrderCode,
    /// It.
    pub item: ItemId,
    /// Since when.
    pub at: Timestamp,
}

/// That an item of an order took the place of a ticket of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondHand {
    /// Which item.
    pub item: ItemId,
    /// That ticket.
    pub ticket: ItemId,
    /// Its order.
    pub order: OrderId,
    /// That order's code.
    pub code: OrderCode,
    /// The channel that sold it again.
    pub by: ChannelId,
    /// The offer that it was, if its owner offered it; `None` where a marketplace sold it.
    #[serde(default)]
    pub resold: Option<Resold>,
}

/// An offer that an item is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resold {
    /// Which.
    pub listing: ListingId,
    /// What its seller gets.
    pub payout: Minor,
}

/// What a marketplace does with tickets that it does not sell yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// It is about to sell them.
    Register,
    /// It is not any more.
    Unregister,
    /// They open no gates, and are not sold again.
    Block,
    /// They do, and may be.
    Unblock,
}

/// Tickets that a marketplace names.
#[derive(Debug, Clone)]
pub struct TicketsRequest {
    /// In which channel they would be sold; else the marketplace's own.
    pub target: Option<ChannelId>,
    /// Of which session they are to be, if that is said.
    pub session: Option<SessionId>,
    /// Which.
    pub tickets: Vec<Named>,
}

/// What a marketplace does.
#[derive(Debug, Clone)]
pub enum MarketCommand {
    /// Ask whether tickets could be registered. Changes nothing; answers `Reply::Tickets`.
    Validate(TicketsRequest),
    /// Mark tickets, all or none. Answers `Reply::Tickets`.
    Mark(Mark, TicketsRequest),
    /// Cancel tickets and sell others in their place, all or none. Answers the new order.
    Reissue(Box<ReissueRequest>),
}

/// A ticket, as a marketplace sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenTicket {
    /// Which.
    pub id: ItemId,
    /// Its order's code.
    pub code: OrderCode,
    /// Its session.
    pub session: SessionId,
    /// What may be shown of its barcode.
    pub barcode: String,
    /// How it stands.
    pub state: TicketState,
    /// What was paid for it after promotions, surcharges included.
    pub price: Minor,
    /// Of the price.
    pub currency: Currency,
}

/// The channel of a caller that may work in the secondary market.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` for a channel of another kind; `AUTH0026` if its operator works without the secondary market; `AUTH0027` for a person without
/// the permission.
pub fn admit<'a>(identity: &Identity, caller: &Caller<'a>) -> Result<&'a Channel, Error> {
    let own = caller.channel.filter(|channel| channel.kind == ChannelKind::Marketplace).ok_or(Code::ForbiddenResource)?;
    if !identity.operator.as_ref().is_some_and(|operator| operator.secondary_market) {
        return Err(Code::Auth0026.into());
    }
    caller.permit(Permission::CancelAndReissue)?;
    Ok(own)
}

/// Where a marketplace's calls are decided.
struct Marketplace<'a> {
    world: &'a World,
    moment: &'a Moment,
    caller: Caller<'a>,
    own: &'a Channel,
    family: FamilyId,
}

/// Decides what a marketplace asks.
///
/// # Errors
/// Those of [`admit`], then the codes of cancel & reissue in the order of error-triggers.md, each naming all tickets that it is about; last `CONFLICT` for an
/// order whose book is full.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &MarketCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let caller = world.identity.check(bearer, moment.now)?;
    let own = admit(&world.identity, &caller)?;
    let marketplace = Marketplace { world, moment, caller, own, family: bearer.family };
    match command {
        MarketCommand::Validate(request) => {
            let found = marketplace.named(Mark::Register, request)?;
            Ok(Done { changes: Vec::new(), reply: seen(found.iter().map(|found| (found.order.as_ref(), found.id))) })
        }
        MarketCommand::Mark(mark, request) => marketplace.mark(*mark, request),
        MarketCommand::Reissue(request) => marketplace.reissue(request),
    }
}

impl<'a> Marketplace<'a> {
    /// The tickets that are named, if they may be marked so.
    fn named(&self, mark: Mark, request: &TicketsRequest) -> Result<Vec<Found<'a>>, crate::command::Stop> {
        let target = self.target(request.target)?;
        let found = self.find(Purpose::Mark(mark), &request.tickets)?;
        self.check(Purpose::Mark(mark), &found, request.session, target)?;
        Ok(found)
    }

    /// `ME0001` for a channel that is not there, or not the same entity's.
    fn target(&self, named: Option<ChannelId>) -> Result<&'a Channel, Error> {
        let Some(id) = named else { return Ok(self.own) };
        let known = self.world.identity.channels.get(&id).map(AsRef::as_ref);
        let reached = known.filter(|channel| channel.entity == self.own.entity && channel.status == Status::Active);
        reached.ok_or(Code::Me0001.into())
    }

    fn mark(&self, mark: Mark, request: &TicketsRequest) -> Planned {
        let found = self.named(mark, request)?;
        let mut orders: BTreeMap<OrderId, Order> = BTreeMap::new();
        for one in &found {
            let order = orders.entry(one.order.id).or_insert_with(|| Order::clone(one.order));
            *order = order.with_standing(one.id, marked(order.standing(one.id), mark, self.own.id));
        }
        let orders = with_lines(orders)?;
        let mut draft = Draft::new(self.world);
        for order in &orders {
            let items: Vec<_> = found.iter().filter(|one| one.order.id == order.id).map(|one| one.id).collect();
            self.write(&mut draft, order, &items, HistoryEvent::Marked { mark, items: items.clone() });
        }
        let now = |one: &Found<'_>| orders.iter().find(|order| order.id == one.order.id).map(|order| (order, one.id));
        let reply = seen(found.iter().filter_map(now));
        orders.iter().for_each(|order| draft.put(Arc::new(order.clone())));
        Ok(Done { changes: draft.finish(), reply })
    }

    /// Who does it, as the books name it.
    fn seller(&self) -> Seller {
        Seller::of(self.own.id, self.caller.subject)
    }

    /// Writes the line that is to come in an order's book, and the rows of the tickets that it is about.
    fn write(&self, draft: &mut Draft<'_>, order: &Order, items: &[ItemId], what: HistoryEvent) {
        draft.note(order, self.moment.now, self.seller(), what);
        draft.put_tickets(order, items, self.moment.now);
    }
}

/// What a mark makes of how a ticket stood.
fn marked(before: Option<&MarketState>, mark: Mark, by: ChannelId) -> Option<MarketState> {
    let registered = before.and_then(MarketState::registered_by);
    match (mark, before) {
        (Mark::Register, _) => Some(MarketState::Registered { by }),
        (Mark::Unregister, Some(MarketState::Blocked { by, .. })) => Some(MarketState::Blocked { by: *by, registered: None }),
        (Mark::Unregister, _) => None,
        (Mark::Block, _) => Some(MarketState::Blocked { by, registered }),
        (Mark::Unblock, _) => registered.map(|by| MarketState::Registered { by }),
    }
}

/// These orders with one more line to come in the book of each.
fn with_lines(orders: BTreeMap<OrderId, Order>) -> Result<Vec<Order>, Error> {
    orders.into_values().map(|order| order.open_book()).collect()
}

/// Tickets as they stand now.
fn seen<'o>(tickets: impl Iterator<Item = (&'o Order, ItemId)>) -> Reply {
    let view = |(order, id): (&Order, ItemId)| {
        let item = order.items.iter().find(|item| item.id == id)?;
        Some(SeenTicket {
            id,
            code: order.code()?,
            session: item.session,
            barcode: item.barcode.as_ref()?.masked(),
            state: order.ticket_state(id),
            price: item.price.total(),
            currency: order.currency,
        })
    };
    Reply::Tickets(Arc::new(tickets.filter_map(view).collect()))
}

impl MarketState {
    /// The marketplace that is about to sell the ticket, now or once it is not blocked any more.
    pub const fn registered_by(&self) -> Option<ChannelId> {
        match self {
            Self::Registered { by } => Some(*by),
            Self::Blocked { registered, .. } => *registered,
            Self::Listed { .. } | Self::Reissued(_) => None,
        }
    }
}

impl Order {
    /// How a ticket stands on the secondary market, if it has to do with it.
    pub fn standing(&self, item: ItemId) -> Option<&MarketState> {
        let market = &self.extras().after.market;
        market.binary_search_by_key(&item, |standing| standing.item).ok().map(|index| &market[index].state)
    }

    /// The same order with a ticket standing so.
    #[must_use]
    pub(super) fn with_standing(&self, item: ItemId, state: Option<MarketState>) -> Self {
        self.with_extras(|extras| {
            let market = &mut extras.after.market;
            market.retain(|standing| standing.item != item);
            market.extend(state.map(|state| Standing { item, state }));
            market.sort_by_key(|standing| standing.item);
        })
    }

    /// The same order with these tickets, which are live, marked by nobody.
    pub(super) fn unmarked(self: &Arc<Self>, items: &[ItemId]) -> Arc<Self> {
        let unmarked = |order: Arc<Self>, item: &ItemId| {
            if order.standing(*item).is_some() { Arc::new(order.with_standing(*item, None)) } else { order }
        };
        items.iter().fold(self.clone(), unmarked)
    }

    /// Whether all its places are of the secondary market: they were those of other tickets, or come back of such.
    pub fn is_second_hand(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| self.second_hand(item.id).is_some())
    }

    /// The code of the order that it replaces on the secondary market, once it is sold: the first, if it is several.
    pub fn resold_from(&self) -> Option<OrderCode> {
        let first = self.extras().second_hand.first().filter(|_| self.is_sold() && self.is_second_hand())?;
        Some(first.code)
    }

    /// The ticket whose place an item took.
    pub fn second_hand(&self, item: ItemId) -> Option<&SecondHand> {
        self.extras().second_hand.iter().find(|one| one.item == item)
    }
}
