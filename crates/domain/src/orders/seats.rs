//! Places into a basket, all or none: numbered seats by id, and automatic picks.

use std::collections::HashSet;

use super::basket::{Desk, refused};
use super::draft::Draft;
use super::{Item, Order, Spot};
use crate::catalogue::plan::Place;
use crate::catalogue::{Offer, Publication, Rate, SaleState};
use crate::change::CounterKey;
use crate::command::{AutoRequest, Planned, SeatRequest};
use crate::error::{Code, Error};
use crate::ids::{RateId, SessionId};
use crate::inventory::best::{self, Stock, Wish};
use crate::inventory::{Inventory, PlaceState, orphan};
use crate::moment::Timestamp;
use crate::pricing::{self, ItemPrice};
use crate::world::World;

/// How many orders whose time is over an automatic pick looks through at most.
const MAX_OVERDUE_SEEN: usize = 1_024;

/// A session as one channel sells it.
struct Sale<'a> {
    offer: &'a Offer,
    inventory: &'a Inventory,
    publication: &'a Publication,
    state: SaleState,
    /// Indexes of the quotas it sells from.
    quotas: Vec<u8>,
    world: &'a World,
    now: Timestamp,
}

/// A place that was chosen, with what it costs.
struct Pick<'a> {
    offer: &'a Offer,
    place: Place,
    rate: RateId,
    price: ItemPrice,
}

impl<'a> Sale<'a> {
    /// Whether this sale may take a place: it is free, or its holder's time is over, and it is in one of the sale's quotas.
    fn may_take(&self, place: Place) -> bool {
        if !self.quotas.contains(&self.inventory.quota(place)) {
            return false;
        }
        match self.inventory.state(place) {
            PlaceState::Free => true,
            PlaceState::Held => self.overdue_holder(place).is_some(),
            PlaceState::Sold | PlaceState::Blocked => false,
        }
    }

    /// The order that holds a place although its time is over.
    fn overdue_holder(&self, place: Place) -> Option<&'a Order> {
        let holder = self.world.resident_order(self.inventory.holder(place)?).ok()??;
        holder.expires().is_some_and(|expires| expires <= self.now).then_some(holder)
    }
}

impl<'a> Desk<'a> {
    fn sale(&self, id: SessionId) -> Result<Sale<'a>, Error> {
        let (offer, inventory) = self.world.session(id).ok_or(Code::SessionNotFound)?;
        let (publication, state) = offer.in_channel(self.channel.id, self.moment.now).ok_or(Code::SessionNotFound)?;
        let quotas = publication.quotas.iter().filter_map(|quota| offer.plan.quota_index(*quota)).collect();
        Ok(Sale { offer, inventory, publication, state, quotas, world: self.world, now: self.moment.now })
    }

    /// Adds numbered seats.
    pub(super) fn add_seats(&self, order: &Order, seats: &[SeatRequest]) -> Planned {
        let mut sales: Vec<Sale<'a>> = Vec::new();
        for request in seats {
            if !sales.iter().any(|sale| sale.offer.session.id == request.session) {
                sales.push(self.sale(request.session)?);
            }
        }
        let sale_of = |request: &SeatRequest| sales.iter().find(|sale| sale.offer.session.id == request.session);
        self.check_counts(order, seats.len(), &sales, |sale| seats.iter().filter(|seat| seat.session == sale.offer.session.id).count())?;
        let mut seen = HashSet::new();
        let (mut picks, mut gone) = (Vec::new(), Vec::new());
        for request in seats {
            let Some(sale) = sale_of(request) else { continue };
            let rate = sale.offer.rate(request.rate).ok_or(Error::invalid(&["rate_id"]))?;
            let seat = sale.offer.plan.seat(request.id).filter(|seat| sale.state.on_sale && sale.may_take(seat.place));
            match seat.and_then(|seat| self.pick(sale, seat.place, rate)) {
                Some(pick) if seen.insert((request.session, pick.place)) => picks.push(pick),
                _ => gone.push(request.id),
            }
        }
        if !gone.is_empty() {
            return Err(refused(Code::OrderSeatNotAvailable, gone).into());
        }
        for sale in &sales {
            let asked: Vec<_> = picks.iter().filter(|pick| pick.offer.session.id == sale.offer.session.id).map(|pick| pick.place).collect();
            self.check_orphans(order, sale, &asked)?;
        }
        self.check_currency(order, &picks)?;
        self.add(order, &sales, picks)
    }

    /// Adds places picked automatically: of a not-numbered zone, or the best seats.
    pub(super) fn add_auto(&self, order: &Order, request: &AutoRequest) -> Planned {
        let sale = self.sale(request.session)?;
        self.check_counts(order, request.quantity as usize, std::slice::from_ref(&sale), |_| request.quantity as usize)?;
        let rate = sale.offer.rate(request.rate).ok_or(Error::invalid(&["rate_id"]))?;
        if sale.offer.plan.price_type_index(request.price_type).is_none() {
            return Err(Error::invalid(&["price_type_id"]).into());
        }
        if !sale.state.on_sale {
            return Err(Code::OrderSeatNotAvailable.into());
        }
        let wish = Wish { price_type: request.price_type, sector: request.sector, quantity: request.quantity, together: request.together };
        let own = own_places(order, request.session);
        let check_orphans = self.checks_orphans(sale.offer);
        let overdue = self.overdue_places(request.session);
        let stock = Stock { inventory: sale.inventory, quotas: &sale.quotas, overdue: &overdue };
        let places = best::best(&stock, &wish, &own, check_orphans).ok_or(Code::OrderSeatNotAvailable)?;
        let picks: Option<Vec<_>> = places.into_iter().map(|place| self.pick(&sale, place, rate)).collect();
        let picks = picks.ok_or(Code::OrderSeatNotAvailable)?;
        self.check_currency(order, &picks)?;
        self.add(order, &[sale], picks)
    }

    /// Places of a session in orders whose time is over although no tick has released them yet, sorted. Of the longest over ones only, so that
    /// a call stays cheap after a stand-still: the next ticks release those first.
    fn overdue_places(&self, session: SessionId) -> Vec<Place> {
        let overdue = self.world.due(self.moment.now).take(MAX_OVERDUE_SEEN);
        let mut places: Vec<_> = overdue.flat_map(|order| own_places(order, session)).collect();
        places.sort_unstable();
        places
    }

    /// A place with its price, if it has one at this tariff.
    fn pick(&self, sale: &Sale<'a>, place: Place, rate: &Rate) -> Option<Pick<'a>> {
        let offer = sale.offer;
        let price = pricing::item_price(&offer.session, offer.event.currency, self.channel, offer.plan.price_type(place), rate.id)?;
        Some(Pick { offer, place, rate: rate.id, price })
    }

    /// `ORDER_ITEMS_LIMIT_EXCEEDED`, then `SESSION_SALES_LIMIT_EXCEEDED` of the channel or the buyer.
    fn check_counts(&self, order: &Order, more: usize, sales: &[Sale<'_>], asked: impl Fn(&Sale<'_>) -> usize) -> Result<(), Error> {
        if order.items.len() + more > self.channel.max_items as usize {
            return Err(Code::OrderItemsLimitExceeded.into());
        }
        let buyer = order.buyer.as_ref().map(|buyer| crate::ids::Hash::of(buyer.key().as_bytes()));
        for sale in sales {
            let (session, more) = (sale.offer.session.id, asked(sale) as i64);
            let sold = self.world.counter(&CounterKey::ChannelSales(session, self.channel.id));
            let over_channel = sale.publication.sales_limit.is_some_and(|limit| sold + more > i64::from(limit));
            let over_buyer = buyer.zip(sale.offer.session.buyer_limit).is_some_and(|(buyer, limit)| {
                let own = order.items.iter().filter(|item| item.session == session).count() as i64;
                self.world.counter(&CounterKey::BuyerSales(session, buyer)) + own + more > i64::from(limit)
            });
            if over_channel || over_buyer {
                return Err(Code::SessionSalesLimitExceeded.into());
            }
        }
        Ok(())
    }

    /// Whether the orphan rule binds this caller.
    fn checks_orphans(&self, offer: &Offer) -> bool {
        let may_override = self.channel.override_orphan_seats
            && self.caller.user.is_none_or(|user| user.permissions.contains(&crate::identity::Permission::OverrideOrphanSeats));
        offer.plan.template.check_orphan_seats && !may_override
    }

    fn check_orphans(&self, order: &Order, sale: &Sale<'_>, asked: &[Place]) -> Result<(), Error> {
        if !self.checks_orphans(sale.offer) {
            return Ok(());
        }
        let own = own_places(order, sale.offer.session.id);
        let places = orphan::orphans(&sale.offer.plan, &own, asked, &|place| sale.may_take(place));
        if places.is_empty() {
            return Ok(());
        }
        let seats = places.iter().filter_map(|place| sale.offer.plan.seat_at(*place)).map(|seat| seat.seat.id);
        Err(refused(Code::OrphanSeat, seats))
    }

    /// The orphan rule over all the order's seats, as pre-confirm asks again.
    pub(super) fn check_all_orphans(&self, order: &Order) -> Result<(), Error> {
        let mut sessions: Vec<_> = order.items.iter().map(|item| item.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions.into_iter().try_for_each(|session| self.check_orphans(order, &self.sale(session)?, &[]))
    }

    /// `ORDER_ITEM_INVALID` for places in another currency than the order's, or than each other's.
    fn check_currency(&self, order: &Order, picks: &[Pick<'_>]) -> Result<(), Error> {
        let currency = if order.items.is_empty() { picks.first().map(|pick| pick.offer.event.currency) } else { Some(order.currency) };
        let same = picks.iter().all(|pick| Some(pick.offer.event.currency) == currency);
        if same { Ok(()) } else { Err(Code::OrderItemInvalid.into()) }
    }

    /// Everything is checked: put the places in the order.
    fn add(&self, order: &Order, sales: &[Sale<'a>], picks: Vec<Pick<'a>>) -> Planned {
        let mut draft = Draft::new(self.world);
        for pick in &picks {
            let sale = sales.iter().find(|sale| sale.offer.session.id == pick.offer.session.id);
            if let Some(overdue) = sale.and_then(|sale| sale.overdue_holder(pick.place)) {
                draft.expire(overdue, self.moment.now);
            }
        }
        let mut order = order.clone();
        order.held_items = true;
        for pick in picks {
            order.currency = pick.offer.event.currency;
            let surcharges = self.order_surcharges(&order, pick.offer);
            order.surcharges.extend(surcharges);
            let item = Item {
                id: draft.item_id(),
                session: pick.offer.session.id,
                event: pick.offer.event.id,
                place: pick.place,
                spot: spot(pick.offer, pick.place),
                price_type: pick.offer.plan.price_type(pick.place),
                rate: pick.rate,
                price: pick.price,
                barcode: None,
            };
            draft.hold(&order, &item);
            order.items.push(item);
        }
        Ok(draft.done(self.touched(order)))
    }
}

fn own_places(order: &Order, session: SessionId) -> Vec<Place> {
    order.items.iter().filter(|item| item.session == session).map(|item| item.place).collect()
}

/// What a buyer knows a place by. A plan's places are seats or of a zone, nothing else.
fn spot(offer: &Offer, place: Place) -> Spot {
    match (offer.plan.seat_at(place), offer.plan.zone_at(place)) {
        (Some(seat), _) => Spot::Seat(seat.seat.id),
        (None, Some((_, zone))) => Spot::Zone(zone.id),
        (None, None) => panic!("place {place} is not in template {}", offer.plan.template.id),
    }
}
