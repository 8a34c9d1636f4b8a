//! Reissuing: tickets that a marketplace has sold die, and others take their places in an order of their own. Places go from one to the other in one
//! change of their claims, so that no instant and no crash leaves them free or twice sold.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::Purpose;
use super::find::{Found, Named};
use super::{MarketState, Marketplace, SecondHand, Successor, with_lines};
use crate::catalogue::Offer;
use crate::change::Row;
use crate::command::{Planned, Stop};
use crate::error::{Code, Error};
use crate::identity::Channel;
use crate::ids::{ChannelId, ItemId, OrderCode, OrderId, SessionId};
use crate::moment::Draw;
use crate::money::{Currency, Minor};
use crate::orders::basket::{self, Desk};
use crate::orders::draft::Draft;
use crate::orders::extras::Extras;
use crate::orders::surcharges::OrderSurcharge;
use crate::orders::{Buyer, History, HistoryEvent, Item, Order, Payment, PaymentKind, Seller, Stage, TicketKind};
use crate::pricing::{self, ItemPrice, Taxed};
use crate::text::Language;

/// A sale of a marketplace.
#[derive(Debug, Clone)]
pub struct ReissueRequest {
    /// In which channel the new order is; else the marketplace's own.
    pub target: Option<ChannelId>,
    /// Of which session all its tickets are.
    pub session: SessionId,
    /// Of its amounts.
    pub currency: Currency,
    /// What the buyer paid in all: the tickets' prices, and what the marketplace added.
    pub total: Minor,
    /// Else the channel's first.
    pub language: Option<Language>,
    /// Who bought.
    pub buyer: Arc<Buyer>,
    /// Which tickets, each with the price that it was sold for.
    pub tickets: Vec<(Named, Minor)>,
}

/// What the new order is made with.
struct Terms<'a> {
    id: OrderId,
    code: OrderCode,
    target: &'a Channel,
    offer: &'a Offer,
    language: Language,
}

impl<'a> Marketplace<'a> {
    /// Cancels and reissues.
    pub(super) fn reissue(&self, request: &ReissueRequest) -> Planned {
        let target = self.target(request.target)?;
        let language = basket::language(target, request.language.as_ref()).map_err(|_| Code::Mkt0034)?;
        target.buyer_form.check("order.buyer.fields", &request.buyer.fields)?;
        let named: Vec<_> = request.tickets.iter().map(|(named, _)| named.clone()).collect();
        let found = self.find(Purpose::Reissue, &named)?;
        self.check(Purpose::Reissue, &found, Some(request.session), target)?;
        self.check_money(request, &found)?;
        let offer = self.world.catalogue.offers.get(&request.session).ok_or(Code::Mkt0013)?;
        let code = self.moment.order_code.ok_or(Stop::NeedOrderCode)?;
        let (mut draft, mut chance) = (Draft::new(self.world), self.moment.draw());
        let terms = Terms { id: chance.order_id(), code, target, offer, language };
        let order = self.as_an_order(&mut draft, request, &terms, &found);
        self.sell(draft, chance, order, &terms, &found)
    }

    /// `2MKT0025` for tickets that were sold in another currency; `2MKT0029` if the total is less than the tickets'.
    fn check_money(&self, request: &ReissueRequest, found: &[Found<'_>]) -> Result<(), Error> {
        let other: Vec<_> = found.iter().filter(|found| found.order.currency != request.currency).collect();
        if let Some(first) = other.first() {
            return Err(Error::filled(Code::Mkt0025, [first.barcode()]).with_details(other.iter().map(|found| found.named.clone())));
        }
        let sum: Minor = request.tickets.iter().map(|(_, price)| price).sum();
        if request.total < sum { Err(Code::Mkt0029.into()) } else { Ok(()) }
    }

    /// The new order, but for its barcodes.
    fn as_an_order(&self, draft: &mut Draft<'_>, request: &ReissueRequest, terms: &Terms<'_>, found: &[Found<'_>]) -> Order {
        let (at, session) = (self.moment.now, &terms.offer.session);
        let price = |base: Minor| {
            let taxes = pricing::tax_lines(base, &session.ticket_taxes, Taxed::Ticket).into();
            Arc::new(ItemPrice { base, taxes, ..ItemPrice::default() })
        };
        let item = |(sold, (_, base)): (&Item, &(Named, Minor))| Item {
            id: draft.item_id(),
            kind: TicketKind::Sale,
            price: price(*base),
            barcode: None,
            season: None,
            ..sold.clone()
        };
        let items: Vec<_> = found.iter().filter_map(|found| found.item).zip(&request.tickets).map(item).collect();
        let added = request.total - items.iter().map(|item| item.price.base).sum::<Minor>();
        let taxes = pricing::tax_lines(added, &session.surcharge_taxes, Taxed::ChannelSurcharge).into();
        let added = OrderSurcharge { session: session.id, event: session.event, taxed: Taxed::ChannelSurcharge, amount: added, taxes };
        let paid = Payment { kind: PaymentKind::External, amount: request.total, reference: None };
        let payments = Some(paid).filter(|paid| paid.amount > 0).into_iter().collect();
        let of = |(item, found): (&Item, &Found<'_>)| {
            let code = found.order.code()?;
            Some(SecondHand { item: item.id, ticket: found.id, order: found.order.id, code, by: self.own.id, resold: None })
        };
        let second_hand = items.iter().zip(found).filter_map(of).collect();
        Order {
            id: terms.id,
            seller: Arc::new(Seller::of(terms.target.id, self.caller.subject)),
            family: self.family,
            currency: request.currency,
            language: terms.language.clone(),
            created: at,
            stage: Stage::Confirm { at, code: terms.code, payments, booked: false },
            items,
            surcharges: Some(added).filter(|added| added.amount > 0).into_iter().collect(),
            buyer: Some(request.buyer.clone()),
            held_items: true,
            counted: Vec::new(),
            extras: Some(Box::new(Extras { second_hand, ..Extras::default() })),
        }
    }

    /// Everything that changes.
    fn sell(&self, mut draft: Draft<'a>, mut chance: Draw, mut order: Order, terms: &Terms<'a>, found: &[Found<'a>]) -> Planned {
        let (at, code) = (self.moment.now, terms.code);
        let desk = Desk { world: self.world, moment: self.moment, caller: self.caller, channel: terms.target };
        let without = |items: Vec<ItemId>| {
            let lack = order.items.iter().zip(found).filter(|(item, _)| items.contains(&item.id));
            Error::new(Code::Mkt0035).with_details(lack.map(|(_, found)| found.named.clone()))
        };
        let barcodes = desk.look_for_barcodes(&order).map_err(without)?;
        let first_ones = self.replaced(&order, code, found)?;
        let customer = self.world.buyer_as_customer(&order, at)?;
        barcodes.give(&mut draft, &mut order, at);
        draft.count_buyer(&mut order);
        if let Some(customer) = customer {
            order = order.with_extras(|extras| extras.customer = Some(customer.id));
            draft.put(Arc::new(customer));
        }
        for index in 0..order.items.len() {
            order.items[index].barcode.get_or_insert_with(|| chance.barcode());
            let item = &order.items[index];
            draft.sell(&order, item);
            if let Some(ticket) = order.ticket(item, at, &self.world.catalogue) {
                draft.put(Row::from(ticket));
            }
        }
        let order = draft.entered(order, self.caller.subject.terminal);
        for first in first_ones {
            let items: Vec<_> = found.iter().filter(|found| found.order.id == first.id).map(|found| found.id).collect();
            self.write(&mut draft, &first, &items, HistoryEvent::Reissued { order: code, items: items.clone() });
            draft.put(Arc::new(first));
        }
        let what = HistoryEvent::Confirmed { totals: order.totals(), currency: order.currency, tickets: order.items.len() as u32 };
        draft.put(Arc::new(History { order: order.id, number: 1, at, by: self.seller(), what }));
        desk.tell_of_sale(&mut draft, &order, code, at);
        Ok(draft.done(order))
    }

    /// The orders whose tickets another one takes the places of, as they are then.
    fn replaced(&self, by: &Order, code: OrderCode, found: &[Found<'_>]) -> Result<Vec<Order>, Error> {
        let mut orders: BTreeMap<OrderId, Order> = BTreeMap::new();
        for (item, found) in by.items.iter().zip(found) {
            let order = orders.entry(found.order.id).or_insert_with(|| Order::clone(found.order));
            let successor = Successor { order: by.id, code, item: item.id, at: self.moment.now };
            *order = order.with_standing(found.id, Some(MarketState::Reissued(successor)));
        }
        with_lines(orders)
    }
}
