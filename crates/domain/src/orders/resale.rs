//! Resale in the channel: the channel that sold a ticket offers it for its buyer, others put it into their orders, and with their sale the old ticket dies and
//! another one is born in its place. Nothing is free in between: until then the place is the old ticket's.
//!
//! An item that is about to be bought so holds no place; it holds the offer. What is stored of offers is [`crate::resale`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::after::Office;
use super::basket::{Desk, check_named, refused};
use super::draft::Draft;
use super::market::{MarketState, Resold, SecondHand, Successor};
use super::{HistoryEvent, Item, Order, Seller, Stage, TicketKind, TicketState};
use crate::catalogue::Offer;
use crate::change::Change;
use crate::command::{Done, Planned, Reply, Stop, gather};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::{Channel, Identity, Permission, Status};
use crate::ids::{ChannelId, ItemId, ListingId, OrderCode, OrderId, RateId, SessionId};
use crate::moment::{Moment, Timestamp};
use crate::money::{Currency, Decimal, MAX_MINOR, Minor};
use crate::pricing::{self, ItemPrice, Taxed};
use crate::resale::{Listing, ListingState, MAX_OFFERED};
use crate::vouchers;
use crate::world::World;

/// An offer as a buyer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResaleRequest {
    /// Which.
    pub listing: ListingId,
    /// Its tariff.
    pub rate: RateId,
    /// What was asked, in major units.
    pub price: Decimal,
}

/// What a channel does with the tickets that it sold.
#[derive(Debug, Clone)]
pub enum ResaleCommand {
    /// Offer tickets of an order, each for a price without surcharges in major units, all or none. Answers `Reply::Listings`.
    Offer(OrderId, Vec<(ItemId, Decimal)>),
    /// Take an offer back. Answers `Reply::Listings`.
    Withdraw(ListingId),
    /// From the engine itself, as is the next: which offers are over. Answers `Reply::Listings`, with at most [`MAX_OVER`] of them.
    Over,
    /// Take an offer back whose time is over. Answers `Reply::Done`, also if there is nothing to do.
    End(ListingId),
}

/// Offers whose time is over that one command names at most.
pub const MAX_OVER: usize = 100;

/// # Errors
/// `AUTH0026` if the operator works without the secondary market, `SECONDARY_MARKET_SALE_NOT_ENABLED` if the channel does.
pub fn admit(identity: &Identity, channel: &Channel) -> Result<(), Error> {
    if !identity.operator.as_ref().is_some_and(|operator| operator.secondary_market) {
        return Err(Code::Auth0026.into());
    }
    if channel.resale.enabled { Ok(()) } else { Err(Code::SecondaryMktSaleNotEnabled.into()) }
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` outside of a channel, `AUTH0027` for a person that may not refund; those of [`admit`] for offering; then those of the command.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &ResaleCommand) -> Planned {
    match (actor, command) {
        (Actor::System, ResaleCommand::Over) => return Ok(over(world, moment)),
        (Actor::System, ResaleCommand::End(id)) => return end(world, moment, *id),
        _ => {}
    }
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let caller = world.identity.check(bearer, moment.now)?;
    let channel = caller.channel.ok_or(Code::ForbiddenResource)?;
    caller.permit(Permission::Refund)?;
    let desk = Desk { world, moment, caller, channel };
    match command {
        ResaleCommand::Offer(order, items) => {
            admit(&world.identity, channel)?;
            desk.offer_again(*order, items)
        }
        ResaleCommand::Withdraw(listing) => desk.withdraw(*listing),
        ResaleCommand::Over | ResaleCommand::End(_) => Err(Code::ForbiddenResource.into()),
    }
}

impl<'a> Desk<'a> {
    /// Offers tickets.
    ///
    /// # Errors
    /// `ORDER_NOT_FOUND`, `ORDER_INVALID_STATUS` unless it is sold; `ORDER_ITEM_INVALID` for items that it does not have, products and season tickets;
    /// `PRODUCT_STATE_INVALID` for tickets that are not simply valid, invitations, those that were given away and those that somebody came in with; `SECONDARY_MARKET_SALE_NOT_ENABLED` where
    /// session or event do not have it on; `DIST0005` for a price out of the event's bounds; `CONFLICT` if too many are offered or the order's book is full.
    fn offer_again(&self, id: OrderId, asked: &[(ItemId, Decimal)]) -> Planned {
        let own = |order: &&Arc<Order>| order.seller.channel == self.channel.id && order.has_come_so_far(self.moment.now);
        let order = self.world.resident_order(id)?.filter(own).ok_or(Code::OrderNotFound)?;
        let Stage::Confirm { code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        let named: Vec<_> = asked.iter().map(|(item, _)| *item).collect();
        let place = |id: ItemId| order.items.iter().find(|item| item.id == id && item.season.is_none());
        let other: Vec<_> = named.iter().copied().filter(|id| place(*id).is_none()).collect();
        if !other.is_empty() {
            return Err(refused(Code::OrderItemInvalid, other).into());
        }
        let is_valid = |id: ItemId| {
            let paid = place(id).is_some_and(|item| item.kind != TicketKind::Invitation);
            // What the buyer gave away is not the buyer's to sell.
            paid && order.ticket_state(id) == TicketState::Valid && order.transfer_of(id).is_none()
        };
        check_named(order, &named, Code::ProductStateInvalid, is_valid)?;
        let entered = self.world.entered(order, &named)?;
        if !entered.is_empty() {
            return Err(refused(Code::ProductStateInvalid, entered).because("the ticket was used").into());
        }
        let asked: Vec<_> = asked.iter().filter_map(|(id, price)| Some((place(*id)?, price))).collect();
        let prices = self.check_offers(order, &asked)?;
        let (mut draft, mut changed) = (Draft::new(self.world), order.open_book()?);
        let mut listings = Vec::new();
        for ((item, _), price) in asked.iter().zip(prices) {
            let listing = Arc::new(self.listing(&mut draft, order, code, item, price));
            changed = changed.with_standing(item.id, Some(MarketState::Listed { listing: listing.id }));
            draft.put(listing.clone());
            listings.push(listing);
        }
        self.write(&mut draft, &changed, &named, HistoryEvent::Listed { items: named.clone() });
        draft.put(Arc::new(changed));
        Ok(Done { changes: draft.finish(), reply: Reply::Listings(Arc::new(listings)) })
    }

    /// That the sessions of these items are sold again and have room; the prices asked, if they are within bounds.
    fn check_offers(&self, order: &Order, asked: &[(&Item, &Decimal)]) -> Result<Vec<Minor>, Error> {
        let offer = |item: &Item| self.world.catalogue.offers.get(&item.session).filter(|offer| offer.resells(self.moment.now));
        let off: Vec<_> = asked.iter().filter(|(item, _)| offer(item).is_none()).map(|(item, _)| item.id).collect();
        if !off.is_empty() {
            return Err(refused(Code::SecondaryMktSaleNotEnabled, off));
        }
        let sessions: BTreeSet<_> = asked.iter().map(|(item, _)| item.session).collect();
        let more = |session: SessionId| asked.iter().filter(|(item, _)| item.session == session).count();
        if sessions.into_iter().any(|session| self.world.listings.count(session) + more(session) > MAX_OFFERED) {
            return Err(Error::new(Code::Conflict).because("too many tickets of the session are offered"));
        }
        let (mut prices, mut refused) = (Vec::new(), Vec::new());
        for (item, price) in asked {
            let price = order.currency.minor(**price).ok_or_else(|| Error::format("items.price", &price.to_string()))?;
            let is_good =
                offer(item).is_some_and(|offer| offer.event.resale.prices(item.price.reduced()).contains(&price)) && price <= MAX_MINOR;
            if !is_good {
                refused.push(item.id);
            }
            prices.push(price);
        }
        if refused.is_empty() { Ok(prices) } else { Err(Error::invalid(&["items.price"]).with_details(refused)) }
    }

    fn listing(&self, draft: &mut Draft<'_>, order: &Order, code: OrderCode, item: &Item, price: Minor) -> Listing {
        let terms = self.world.catalogue.events.get(&item.event).map(|event| &event.resale);
        Listing {
            id: ListingId(draft.item_id().0),
            entity: self.channel.entity,
            channel: self.channel.id,
            order: order.id,
            code,
            ticket: item.id,
            session: item.session,
            event: item.event,
            place: item.place,
            spot: item.spot,
            price_type: item.price_type,
            rate: item.rate,
            price,
            commission: terms.map_or(0, |terms| terms.commission.of(price)),
            currency: order.currency,
            offered: self.moment.now,
            state: ListingState::Open,
        }
    }

    /// Takes an offer back: its ticket opens gates again.
    ///
    /// # Errors
    /// `SECONDARY_MARKET_SEAT_NOT_AVAILABLE` for one that is not there, another channel's, sold, or in an order.
    fn withdraw(&self, id: ListingId) -> Planned {
        let gone = || Error::from(Code::SecondaryMktSeatNotAvailable);
        // What a channel left behind that is not active any more, another one of its house may clear.
        let is_left = |channel: ChannelId| {
            let known = self.world.identity.channels.get(&channel);
            known.is_none_or(|channel| channel.status != Status::Active)
        };
        let is_own = |listing: &&Arc<Listing>| {
            listing.channel == self.channel.id || (listing.entity == self.channel.entity && is_left(listing.channel))
        };
        let listing = self.world.listings.get(id).filter(is_own).ok_or_else(gone)?;
        let overdue = self.overdue_taker(listing).map_err(|()| gone())?;
        let order = self.world.resident_order(listing.order)?.ok_or_else(gone)?;
        let mut draft = Draft::new(self.world);
        overdue.into_iter().for_each(|order| draft.expire(order, self.moment.now));
        let listing = take_back(&mut draft, listing, order.open_book()?, self.seller(), self.moment.now);
        Ok(Done { changes: draft.finish(), reply: Reply::Listings(Arc::new(vec![listing])) })
    }

    /// The order whose time is over that has an offer still, if any; an error if a live one has it.
    fn overdue_taker(&self, listing: &Listing) -> Result<Option<&'a Order>, ()> {
        let ListingState::Taken { order, .. } = listing.state else { return Ok(None) };
        let order = self.world.resident_order(order).ok().flatten().ok_or(())?;
        if order.expires().is_some_and(|expires| expires <= self.moment.now) { Ok(Some(order)) } else { Err(()) }
    }

    /// Puts offers into a basket, all or none.
    ///
    /// # Errors
    /// Those of [`admit`]; `SECONDARY_MARKET_SEAT_NOT_AVAILABLE` for offers of another house, of sessions that this channel does not sell, and those that are gone
    /// or in another order; `SECONDARY_MARKET_SALE_NOT_ENABLED` where session or event do not have it on now; `SECONDARY_MARKET_SEAT_RATE_NOT_AVAILABLE` where tariff
    /// or price are not the offer's; `ORDER_ITEMS_LIMIT_EXCEEDED`, `SESSION_SALES_LIMIT_EXCEEDED` of the buyer; `ORDER_ITEM_INVALID` for another currency.
    pub(super) fn add_resale(&self, order: &Order, asked: &[ResaleRequest]) -> Planned {
        admit(&self.world.identity, self.channel)?;
        let offered = |one: &ResaleRequest| {
            let listing = self.world.listings.get(one.listing).filter(|listing| listing.entity == self.channel.entity)?;
            let (offer, _) = self.world.session(listing.session)?;
            offer.in_channel(self.channel.id, self.moment.now).map(|_| (listing, offer))
        };
        let found: Vec<_> = asked.iter().map(offered).collect();
        let without = |code, is_so: &dyn Fn(usize) -> bool| {
            let ids: Vec<_> = (0..asked.len()).filter(|index| !is_so(*index)).map(|index| asked[index].listing).collect();
            if ids.is_empty() { Ok(()) } else { Err(refused(code, ids)) }
        };
        without(Code::SecondaryMktSeatNotAvailable, &|index| found[index].is_some())?;
        let found: Vec<_> = found.into_iter().flatten().collect();
        without(Code::SecondaryMktSaleNotEnabled, &|index| found[index].1.resells(self.moment.now))?;
        let holders: Vec<_> = found.iter().map(|(listing, _)| self.overdue_taker(listing)).collect();
        // A scanner may have let somebody in before the offer, and have said so only now.
        let entered = gather(found.iter().map(|(listing, _)| self.world.has_entered(listing.session, listing.ticket)))?;
        without(Code::SecondaryMktSeatNotAvailable, &|index| holders[index].is_ok() && !entered[index])?;
        without(Code::SecondaryMktSeatRateNotAvailable, &|index| {
            let (listing, one) = (found[index].0, &asked[index]);
            listing.rate == one.rate && listing.currency.minor(one.price) == Some(listing.price)
        })?;
        let currency = self.check_buyable(order, &found)?;
        let mut draft = Draft::new(self.world);
        for overdue in holders.into_iter().filter_map(|holder| holder.ok().flatten()) {
            draft.expire(overdue, self.moment.now);
        }
        let order = self.with_offers(&mut draft, &Order { currency, ..order.clone() }, &found);
        Ok(draft.done(self.touched(order)))
    }

    /// That there is room for these, for this buyer, and that they are of one currency: which the order is of then.
    fn check_buyable(&self, order: &Order, found: &[(&Arc<Listing>, &Arc<Offer>)]) -> Result<Currency, Error> {
        if order.count() + found.len() > self.channel.max_items as usize {
            return Err(Code::OrderItemsLimitExceeded.into());
        }
        let more = |session: SessionId| found.iter().filter(|(listing, _)| listing.session == session).count();
        let over = |(listing, offer): &&(&Arc<Listing>, &Arc<Offer>)| self.is_over_buyer_limit(order, offer, more(listing.session));
        let over: BTreeSet<_> = found.iter().filter(over).map(|(listing, _)| listing.session).collect();
        if !over.is_empty() {
            return Err(refused(Code::SessionSalesLimitExceeded, over));
        }
        let currency =
            if order.is_empty() { found.first().map_or(order.currency, |(listing, _)| listing.currency) } else { order.currency };
        let other: Vec<_> = found.iter().filter(|(listing, _)| listing.currency != currency).map(|(listing, _)| listing.id).collect();
        if other.is_empty() { Ok(currency) } else { Err(refused(Code::OrderItemInvalid, other)) }
    }

    fn with_offers(&self, draft: &mut Draft<'a>, order: &Order, found: &[(&Arc<Listing>, &Arc<Offer>)]) -> Order {
        let mut second_hand = order.extras().second_hand.clone();
        let mut order = Order { held_items: true, ..order.clone() };
        for (listing, offer) in found {
            let id = draft.item_id();
            draft.put(listing.turned(ListingState::Taken { order: order.id, item: id }));
            order.items.push(item(id, listing, offer, self.channel));
            second_hand.push(SecondHand {
                item: id,
                ticket: listing.ticket,
                order: listing.order,
                code: listing.code,
                by: self.channel.id,
                resold: Some(Resold { listing: listing.id, payout: listing.payout() }),
            });
        }
        order.with_extras(|extras| extras.second_hand = second_hand)
    }

    /// The orders whose tickets an order takes the places of.
    ///
    /// # Errors
    /// `Need` of all that have to be looked for.
    pub(super) fn firsts(&self, order: &Order) -> Result<Vec<&'a Arc<Order>>, Stop> {
        let ids: BTreeSet<_> = order.extras().second_hand.iter().map(|one| one.order).collect();
        vouchers::all(ids.into_iter().map(|id| self.world.resident_order(id)))
    }

    /// Lets tickets take the places of those that they were offered for; `firsts` are the orders of these.
    pub(super) fn succeed(&self, draft: &mut Draft<'a>, order: &Order, code: OrderCode, firsts: &[&Arc<Order>]) {
        let at = self.moment.now;
        let mut changed: BTreeMap<OrderId, (Order, Vec<ItemId>)> = BTreeMap::new();
        for one in &order.extras().second_hand {
            let Some(first) = firsts.iter().find(|first| first.id == one.order) else { continue };
            let (first, items) = changed.entry(one.order).or_insert_with(|| (Order::clone(first), Vec::new()));
            let successor = Successor { order: order.id, code, item: one.item, at };
            *first = first.with_standing(one.ticket, Some(MarketState::Reissued(successor.clone())));
            items.push(one.ticket);
            if let Some(listing) = one.resold.as_ref().and_then(|resold| self.world.listings.get(resold.listing)) {
                draft.put(listing.turned(ListingState::Sold(successor)));
            }
        }
        for (first, items) in changed.into_values() {
            // What was accepted is sold, however long the book of the first sale is.
            let first = first.with_extras(|extras| extras.after.lines += 1);
            self.write(draft, &first, &items, HistoryEvent::Reissued { order: code, items: items.clone() });
            draft.put(Arc::new(first));
        }
    }

    /// Writes the line that is to come in an order's book, and the rows of the tickets that it is about.
    fn write(&self, draft: &mut Draft<'_>, order: &Order, items: &[ItemId], what: HistoryEvent) {
        draft.note(order, self.moment.now, self.seller(), what);
        draft.put_tickets(order, items, self.moment.now);
    }
}

/// Takes an offer back; `order` is its ticket's, with one more line to come in its book.
fn take_back(draft: &mut Draft<'_>, listing: &Listing, order: Order, by: Seller, at: Timestamp) -> Arc<Listing> {
    let listing = listing.turned(ListingState::Withdrawn { at });
    draft.put(listing.clone());
    let (order, items) = (order.with_standing(listing.ticket, None), vec![listing.ticket]);
    draft.note(&order, at, by, HistoryEvent::Withdrawn { items: items.clone() });
    draft.put_tickets(&order, &items, at);
    draft.put(Arc::new(order));
    listing
}

/// Offers that nobody may buy any more, since their time is over: some of them.
fn over(world: &World, moment: &Moment) -> Done {
    let ended = world.listings.offered.iter().filter(|(session, _)| has_ended(world, **session, moment.now));
    let open = ended.flat_map(|(_, listings)| listings.values()).filter(|listing| listing.state == ListingState::Open);
    let over = open.take(MAX_OVER).cloned().collect();
    Done { changes: Vec::new(), reply: Reply::Listings(Arc::new(over)) }
}

/// Whether nobody may buy anything of a session again any more.
fn has_ended(world: &World, session: SessionId, now: Timestamp) -> bool {
    let window = world.catalogue.offers.get(&session).and_then(|offer| offer.session.resale);
    window.is_none_or(|window| window.end <= now)
}

/// Takes an offer back whose time is over: its ticket opens gates again, and is its owner's as before.
fn end(world: &World, moment: &Moment, id: ListingId) -> Planned {
    let nothing = || Done { changes: Vec::new(), reply: Reply::Done };
    let is_over = |listing: &&Arc<Listing>| listing.state == ListingState::Open && has_ended(world, listing.session, moment.now);
    let Some(listing) = world.listings.get(id).filter(is_over) else { return Ok(nothing()) };
    let Some(order) = world.resident_order(listing.order)? else { return Ok(nothing()) };
    let mut draft = Draft::new(world);
    let by = Seller { channel: listing.channel, user: None, terminal: None, point_of_sale: None };
    take_back(&mut draft, listing, order.with_extras(|extras| extras.after.lines += 1), by, moment.now);
    Ok(Done { changes: draft.finish(), ..nothing() })
}

/// Takes back the offers of tickets that nobody may buy any more.
pub(super) fn withdrawn(world: &World, order: &Order, items: &[ItemId], at: Timestamp) -> impl Iterator<Item = Change> {
    items.iter().filter_map(move |item| {
        let MarketState::Listed { listing } = order.standing(*item)? else { return None };
        Some(Change::from(world.listings.get(*listing)?.turned(ListingState::Withdrawn { at })))
    })
}

impl Office<'_> {
    /// Those of these tickets that were sold again and whose sellers are not paid for it, since the tickets in their places came back before the session had
    /// ended: what was paid for them first may be given back after all.
    ///
    /// # Errors
    /// `Need` of the orders that have to be looked for.
    pub(super) fn not_paid_for(&self, order: &Order, items: &[ItemId]) -> Result<Vec<ItemId>, Stop> {
        let sold_again = items.iter().filter_map(|item| match order.standing(*item) {
            Some(MarketState::Reissued(successor)) if order.refund_of(*item).is_none() => Some((*item, successor)),
            _ => None,
        });
        let sold_again: Vec<_> = sold_again.collect();
        let orders = vouchers::all(sold_again.iter().map(|(_, successor)| self.world.resident_order(successor.order)))?;
        let came_back = |successor: &Successor| {
            let by = orders.iter().find(|order| order.id == successor.order)?;
            by.second_hand(successor.item)?.resold.as_ref()?;
            let item = by.items.iter().find(|item| item.id == successor.item)?;
            let at = match (by.ticket_state(item.id), by.refund_of(item.id)) {
                (TicketState::Refunded, Some(refund)) => refund.at,
                (TicketState::Cancelled, _) => self.world.cancellations.get(&item.session)?.started,
                _ => return None,
            };
            // Once the session has ended the seller was paid.
            self.world.catalogue.offers.get(&item.session).filter(|offer| at < offer.session.end)
        };
        let came_back = |successor: &Successor| came_back(successor).is_some();
        Ok(sold_again.into_iter().filter(|(_, successor)| came_back(successor)).map(|(item, _)| item).collect())
    }
}

/// An offer as an item of an order.
fn item(id: ItemId, listing: &Listing, offer: &Offer, channel: &Channel) -> Item {
    Item {
        id,
        session: listing.session,
        event: listing.event,
        place: listing.place,
        spot: listing.spot,
        price_type: listing.price_type,
        rate: listing.rate,
        kind: TicketKind::Resale,
        price: Arc::new(price(listing, offer, channel)),
        barcode: None,
        season: None,
    }
}

/// What a buyer pays for an offer.
pub fn price(listing: &Listing, offer: &Offer, channel: &Channel) -> ItemPrice {
    let (base, session) = (listing.price, &offer.session);
    let of_channel = if channel.currency == listing.currency { channel.resale.surcharges.as_slice() } else { &[] };
    let promoter_surcharge = pricing::per_ticket(&offer.event.resale.surcharges, base);
    let channel_surcharge = pricing::per_ticket(of_channel, base);
    let mut taxes = pricing::tax_lines(base, &session.ticket_taxes, Taxed::Ticket);
    taxes.extend(pricing::tax_lines(promoter_surcharge, &session.surcharge_taxes, Taxed::PromoterSurcharge));
    taxes.extend(pricing::tax_lines(channel_surcharge, &session.surcharge_taxes, Taxed::ChannelSurcharge));
    ItemPrice { base, promoter_surcharge, channel_surcharge, taxes: taxes.into(), discounts: Box::default() }
}
