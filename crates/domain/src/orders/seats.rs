//! Places into a basket, all or none: numbered seats by id, and automatic picks.

use std::sync::Arc;

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Item, Order, Spot, TicketKind, collectives, invitations, surcharges};
use crate::catalogue::plan::Place;
use crate::catalogue::{Offer, PresaleCode, Publication, Rate, SaleState};
use crate::change::CounterKey;
use crate::command::{AutoRequest, Planned, SeatRequest};
use crate::error::{Code, Error};
use crate::identity::{Channel, Permission};
use crate::ids::{ChannelId, CollectiveId, ItemId, PriceTypeId, RateId, SeatId, SessionId};
use crate::inventory::best::{self, Stock, Wish};
use crate::inventory::{Inventory, PlaceState, orphan};
use crate::moment::Timestamp;
use crate::pricing::{self, ItemPrice};
use crate::seasons::{self, Season};
use crate::world::World;

/// A session as one channel sells it.
pub(super) struct Sale<'a> {
    pub(super) offer: &'a Offer,
    pub(super) inventory: &'a Inventory,
    pub(super) publication: &'a Publication,
    pub(super) state: SaleState,
    /// Whether it is on sale to this call: to everybody, by the code of a presale, or to its collective.
    pub(super) open: bool,
    /// The collective that opened it.
    pub(super) opened_by: Option<CollectiveId>,
    /// Indexes of the quotas it sells from.
    pub(super) quotas: Vec<u8>,
    /// Of a season, its sessions' places: one of the season is free only where it is in all of them.
    members: Vec<&'a Inventory>,
    world: &'a World,
    pub(super) now: Timestamp,
}

/// A place that was chosen, with what it costs.
pub(super) struct Pick<'a> {
    pub(super) offer: &'a Offer,
    place: Place,
    price_type: PriceTypeId,
    rate: &'a Rate,
    price: Arc<ItemPrice>,
}

impl<'a> Sale<'a> {
    /// A session as a channel sells it at an instant; `None` where it does not.
    pub(super) fn of(world: &'a World, now: Timestamp, channel: ChannelId, id: SessionId) -> Option<Self> {
        let (offer, inventory) = world.session(id)?;
        let (publication, state) = offer.in_channel(channel, now)?;
        let quotas = offer.quotas(publication, now);
        let members = offer.session.season.iter().flat_map(Season::sessions);
        let members = members.filter_map(|member| Some(world.session(member)?.1)).collect();
        Some(Sale { offer, inventory, publication, state, open: state.on_sale, opened_by: None, quotas, members, world, now })
    }

    /// Whether a place is in one of the quotas that a tariff is sold from.
    pub(super) fn sells(&self, place: Place, rate: &Rate) -> bool {
        invitations::quotas(rate, &self.offer.plan, &self.quotas).contains(&self.inventory.quota(place))
    }

    /// Whether a place is free, or its holder's time is over.
    fn is_free(&self, place: Place) -> bool {
        match self.inventory.state(place) {
            PlaceState::Free => true,
            PlaceState::Held => self
                .inventories()
                .all(|inventory| inventory.own_state(place) == PlaceState::Free || self.overdue_holder(inventory, place).is_some()),
            PlaceState::Sold | PlaceState::Blocked => false,
        }
    }

    /// Whether a place is free in each of its sessions, would be once its holder is over, or is among those that are given up.
    pub(super) fn is_free_or(&self, place: Place, given_up: impl Fn(SessionId, Place) -> bool) -> bool {
        self.sessions().all(|session| {
            let Some((_, inventory)) = self.world.session(session) else { return false };
            match inventory.own_state(place) {
                PlaceState::Free => true,
                PlaceState::Held => self.overdue_holder(inventory, place).is_some(),
                PlaceState::Sold => given_up(session, place),
                PlaceState::Blocked => false,
            }
        })
    }

    /// The places of all sessions that an item of this one takes its own in.
    fn inventories(&self) -> impl Iterator<Item = &'a Inventory> {
        std::iter::once(self.inventory).chain(self.members.iter().copied())
    }

    /// The order that holds a place of these although its time is over.
    fn overdue_holder(&self, inventory: &Inventory, place: Place) -> Option<&'a Order> {
        let holder = self.world.resident_order(inventory.holder(place)?).ok()??;
        holder.expires().is_some_and(|expires| expires <= self.now).then_some(holder)
    }

    /// The orders that hold a place in any of its sessions although their time is over.
    pub(super) fn overdue_holders(&self, place: Place) -> impl Iterator<Item = &'a Order> {
        self.inventories().filter_map(move |inventory| self.overdue_holder(inventory, place))
    }

    /// The sessions that an item of this one takes its place in.
    fn sessions(&self) -> impl Iterator<Item = SessionId> {
        let members = self.offer.session.season.iter().flat_map(Season::sessions);
        std::iter::once(self.offer.session.id).chain(members)
    }

    /// Whether an item has its place in one of these.
    fn meets(&self, item: &Item) -> bool {
        self.sessions().any(|session| item.is_in(session))
    }
}

impl<'a> Desk<'a> {
    /// The sessions of a call as this channel sells them, in the order of the call; `SESSION_NOT_FOUND` for those it does not sell.
    fn sales(&self, sessions: impl IntoIterator<Item = SessionId>) -> Result<Vec<Sale<'a>>, Error> {
        let (mut sales, mut unknown): (Vec<Sale<'a>>, Vec<_>) = (Vec::new(), Vec::new());
        for id in sessions {
            if sales.iter().any(|sale| sale.offer.session.id == id) || unknown.contains(&id) {
                continue;
            }
            match self.sale(id) {
                Some(sale) => sales.push(sale),
                None => unknown.push(id),
            }
        }
        if unknown.is_empty() { Ok(sales) } else { Err(refused(Code::SessionNotFound, unknown)) }
    }

    pub(super) fn sale(&self, id: SessionId) -> Option<Sale<'a>> {
        Sale::of(self.world, self.moment.now, self.channel.id, id)
    }

    /// Adds numbered seats.
    pub(super) fn add_seats(&self, order: &Order, seats: &[SeatRequest], code: Option<&PresaleCode>) -> Planned {
        let mut sales = self.sales(seats.iter().map(|seat| seat.session))?;
        self.open(order, &mut sales, code)?;
        let sale_of = |seat: &SeatRequest| sales.iter().position(|sale| sale.offer.session.id == seat.session);
        let asked = seats.iter().filter_map(|seat| {
            let sale = &sales[sale_of(seat)?];
            Some((seat, sale, sale.offer.rate(seat.rate)?))
        });
        let asked: Vec<_> = asked.collect();
        if asked.len() < seats.len() {
            return Err(Error::invalid(&["rate_id"]).into());
        }
        self.check_rates(asked.iter().map(|(_, _, rate)| *rate))?;
        self.check_counts(order, seats.len(), &sales, |sale| asked.iter().filter(|(_, of, _)| std::ptr::eq(*of, sale)).count())?;
        let mut prices = Prices::new(self.channel);
        let twice = asked_twice(&asked);
        let (mut picks, mut gone) = (Vec::with_capacity(seats.len()), Vec::new());
        for (seat, sale, rate) in asked {
            let place = sale.offer.plan.place(seat.id).filter(|place| sale.open && sale.sells(*place, rate) && sale.is_free(*place));
            match place.and_then(|place| prices.pick(sale, place, rate)) {
                Some(pick) => picks.push(pick),
                None => gone.push(seat.id),
            }
        }
        gone.extend(twice);
        if !gone.is_empty() {
            return Err(self.not_available(order, &sales, code, gone));
        }
        let orphans: Vec<_> = sales.iter().flat_map(|sale| self.orphans(order, sale, &picks)).collect();
        if !orphans.is_empty() {
            return Err(refused(Code::OrphanSeat, orphans).into());
        }
        self.add(order, &sales, picks)
    }

    /// Adds places picked automatically: of a not-numbered zone, or the best seats.
    pub(super) fn add_auto(&self, order: &Order, request: &AutoRequest) -> Planned {
        let mut sales = self.sales([request.session])?;
        self.open(order, &mut sales, request.presale.as_ref())?;
        let sale = &sales[0];
        let template = &sale.offer.plan.template;
        let rate = sale.offer.rate(request.rate).ok_or(Error::invalid(&["rate_id"]))?;
        if sale.offer.plan.price_type_index(request.price_type).is_none() {
            return Err(Error::invalid(&["price_type_id"]).into());
        }
        if request.sector.is_some_and(|sector| !template.sectors.contains(&sector)) {
            return Err(Error::invalid(&["sector_id"]).into());
        }
        self.check_rates([rate])?;
        self.check_counts(order, request.quantity as usize, &sales, |_| request.quantity as usize)?;
        if !sale.open {
            return Err(self.not_available(order, &sales, request.presale.as_ref(), Vec::new()));
        }
        let wish = Wish { price_type: request.price_type, sector: request.sector, quantity: request.quantity, together: request.together };
        let overdue = self.overdue_places(sale);
        let quotas = invitations::quotas(rate, &sale.offer.plan, &sale.quotas);
        let stock = Stock { inventory: sale.inventory, quotas: &quotas, overdue: &overdue };
        let own = own_places(order, sale.offer, |_| true);
        let checks_orphans = self.checks_orphans(sale.offer) && !invitations::stands_apart(rate);
        let places = best::best(&stock, &wish, &own, checks_orphans).ok_or(Code::OrderSeatNotAvailable)?;
        let mut prices = Prices::new(self.channel);
        let picks: Option<Vec<_>> = places.into_iter().map(|place| prices.pick(sale, place, rate)).collect();
        self.add(order, &sales, picks.ok_or(Code::OrderSeatNotAvailable)?)
    }

    /// Places of a session that only orders hold whose time is over, sorted.
    fn overdue_places(&self, sale: &Sale<'_>) -> Vec<Place> {
        let held = self.overdue().flat_map(|order| order.items.iter().filter(|item| sale.meets(item)).map(|item| item.place));
        let mut places: Vec<_> = held.filter(|place| sale.is_free(*place)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// `ORDER_ITEMS_LIMIT_EXCEEDED`, then `SESSION_SALES_LIMIT_EXCEEDED` of the channel or the buyer, then `ORDER_COLLECTIVE_LIMIT_EXCEEDED`.
    fn check_counts(&self, order: &Order, more: usize, sales: &[Sale<'_>], asked: impl Fn(&Sale<'_>) -> usize) -> Result<(), Error> {
        if order.count() + more > self.channel.max_items as usize {
            return Err(Code::OrderItemsLimitExceeded.into());
        }
        let over_channel = |sale: &Sale<'_>| {
            let key = CounterKey::ChannelSales(sale.offer.session.id, self.channel.id);
            sale.publication.sales_limit.is_some_and(|limit| self.is_over(&key, asked(sale), limit))
        };
        let over = |sale: &&Sale<'_>| over_channel(sale) || self.is_over_buyer_limit(order, sale.offer, asked(sale));
        let over: Vec<_> = sales.iter().filter(over).map(|sale| sale.offer.session.id).collect();
        if !over.is_empty() {
            return Err(refused(Code::SessionSalesLimitExceeded, over));
        }
        self.check_members(order, sales, asked)
    }

    /// Whether the orphan rule binds this caller.
    fn checks_orphans(&self, offer: &Offer) -> bool {
        let may_override = self.channel.override_orphan_seats
            && self.caller.user.is_none_or(|user| user.permissions.contains(&Permission::OverrideOrphanSeats));
        offer.plan.template.check_orphan_seats && !may_override
    }

    /// The seats of a session that break the orphan rule: of the picks, or without any of the whole order.
    fn orphans(&self, order: &Order, sale: &Sale<'_>, picks: &[Pick<'_>]) -> Vec<SeatId> {
        if !self.checks_orphans(sale.offer) {
            return Vec::new();
        }
        let session = sale.offer.session.id;
        let is_judged = |pick: &&Pick<'_>| pick.offer.session.id == session && !invitations::stands_apart(pick.rate);
        // Season tickets are judged in their season alone.
        let asked: Vec<_> = match picks {
            [] => own_places(order, sale.offer, |item| item.session == session),
            _ => picks.iter().filter(is_judged).map(|pick| pick.place).collect(),
        };
        if asked.is_empty() {
            return Vec::new();
        }
        let free = |place| sale.quotas.contains(&sale.inventory.quota(place)) && sale.is_free(place);
        let mut own = own_places(order, sale.offer, |_| true);
        let of_a_season = picks.iter().filter(|pick| pick.offer.session.id != session && pick.offer.session.covers(session));
        own.extend(of_a_season.map(|pick| pick.place));
        let places = orphan::orphans(&sale.offer.plan, &own, &asked, &free);
        places.iter().filter_map(|place| sale.offer.plan.seat_at(*place)).map(|seat| seat.seat.id).collect()
    }

    /// The orphan rule over all the order's seats, as pre-confirm asks again.
    pub(super) fn check_all_orphans(&self, order: &Order) -> Result<(), Error> {
        let sales = order.sessions().into_iter().filter_map(|session| self.sale(session));
        let orphans: Vec<_> = sales.flat_map(|sale| self.orphans(order, &sale, &[])).collect();
        if orphans.is_empty() { Ok(()) } else { Err(refused(Code::OrphanSeat, orphans)) }
    }

    /// `ORDER_ITEM_INVALID` for places in another currency than the order's, or than each other's: the last check. Then the places are put in the
    /// order.
    fn add(&self, order: &Order, sales: &[Sale<'a>], picks: Vec<Pick<'a>>) -> Planned {
        let currency = if order.is_empty() { sales.first().map(|sale| sale.offer.event.currency) } else { None };
        let currency = currency.unwrap_or(order.currency);
        let other: Vec<_> = picks.iter().filter(|pick| pick.offer.event.currency != currency).filter_map(Pick::seat).collect();
        if sales.iter().any(|sale| sale.offer.event.currency != currency) {
            return Err(refused(Code::OrderItemInvalid, other).into());
        }
        let mut draft = Draft::new(self.world);
        let mut order = Order { currency, held_items: order.held_items || !picks.is_empty(), ..order.clone() };
        for sale in sales {
            let is_sold = |pick: &Pick<'_>| pick.offer.session.id == sale.offer.session.id && !pick.rate.is_invitation();
            if !surcharges::are_due(&order.items, sale.offer.session.id) && picks.iter().any(is_sold) {
                surcharges::bring(&mut order.surcharges, sale.offer, self.channel);
            }
            let theirs = picks.iter().filter(|pick| pick.offer.session.id == sale.offer.session.id);
            theirs.flat_map(|pick| sale.overdue_holders(pick.place)).for_each(|overdue| draft.expire(overdue, self.moment.now));
        }
        let first = order.items.len();
        order.items.reserve_exact(picks.len());
        for pick in picks {
            let item = pick.into_item(draft.item_id());
            draft.hold(&order, &item);
            order.items.push(item);
        }
        let mut order = collectives::note_opened(order, first, sales);
        for sale in sales.iter().filter(|sale| !sale.offer.automatic.is_empty()) {
            order = self.bring_promotions(order, sale.offer);
        }
        Ok(draft.done(self.touched(order)))
    }
}

/// What items of one call cost: a price is worked out once for all places of a price type and rate.
pub(super) struct Prices<'a> {
    channel: &'a Channel,
    known: Vec<((SessionId, PriceTypeId, RateId), Arc<ItemPrice>)>,
}

impl<'a> Prices<'a> {
    pub(super) const fn new(channel: &'a Channel) -> Self {
        Self { channel, known: Vec::new() }
    }

    /// A place with its price, if it has one at this tariff.
    pub(super) fn pick<'b>(&mut self, sale: &Sale<'b>, place: Place, rate: &'b Rate) -> Option<Pick<'b>> {
        let offer = sale.offer;
        let price_type = offer.plan.price_type(place);
        let key = (offer.session.id, price_type, rate.id);
        let price = match self.known.iter().find(|(known, _)| *known == key) {
            Some((_, price)) => price.clone(),
            None => {
                let price = Arc::new(pricing::item_price(&offer.session, offer.event.currency, self.channel, price_type, rate)?);
                self.known.push((key, price.clone()));
                price
            }
        };
        Some(Pick { offer, place, price_type, rate, price })
    }
}

impl Pick<'_> {
    /// Whether it has a place that is meant in one of a sale's sessions.
    pub(super) fn has(&self, sale: &Sale<'_>, place: Place) -> bool {
        self.place == place && sale.sessions().any(|session| self.offer.session.covers(session))
    }

    /// The seat, where it is one.
    pub(super) fn seat(&self) -> Option<SeatId> {
        self.offer.plan.seat_at(self.place).map(|seat| seat.seat.id)
    }

    /// As an item of an order.
    pub(super) fn into_item(self, id: ItemId) -> Item {
        let (session, event) = (self.offer.session.id, self.offer.event.id);
        let (spot, kind) = (spot(self.offer, self.place), TicketKind::of(self.rate));
        let (place, price_type, rate, price) = (self.place, self.price_type, self.rate.id, self.price);
        let season = &self.offer.session.season;
        let season = season.as_ref().map(|season| seasons::spread(price.reduced(), season.members.iter().copied()));
        Item { id, session, event, place, spot, price_type, rate, kind, price, barcode: None, season }
    }
}

/// Seats that a call names more than once: for the same session, or for a season and one of its sessions.
fn asked_twice(asked: &[(&SeatRequest, &Sale<'_>, &Rate)]) -> Vec<SeatId> {
    let mut all = Vec::with_capacity(asked.len());
    asked.iter().for_each(|(seat, sale, _)| all.extend(sale.sessions().map(|session| (session, seat.id))));
    all.sort_unstable();
    let mut twice: Vec<_> = all.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same[0].1).collect();
    twice.sort_unstable();
    twice.dedup();
    twice
}

/// The order's places in a session, as the orphan rule judges them: of those of its items that are meant.
fn own_places(order: &Order, offer: &Offer, is_meant: impl Fn(&Item) -> bool) -> Vec<Place> {
    let apart = |item: &Item| match item.kind {
        TicketKind::Sale => false,
        TicketKind::Invitation => offer.rate(Some(item.rate)).is_some_and(invitations::stands_apart),
        // It was sold before, and leaves nothing free.
        TicketKind::Resale => true,
    };
    order.items.iter().filter(|item| item.is_in(offer.session.id) && is_meant(item) && !apart(item)).map(|item| item.place).collect()
}

/// What a buyer knows a place by. A plan's places are seats or of a zone, nothing else.
fn spot(offer: &Offer, place: Place) -> Spot {
    match (offer.plan.seat_at(place), offer.plan.zone_at(place)) {
        (Some(seat), _) => Spot::Seat(seat.seat.id),
        (None, Some((_, zone))) => Spot::Zone(zone.id),
        (None, None) => panic!("place {place} is not in template {}", offer.plan.template.id),
    }
}
