//! Relocations: sold places against others, all that a call names or none: another seat, another session, another event of the same promoter. The other
//! places are an order of their own, which points to the first and says what it was given for them; the difference is paid or given back.
//!
//! An exchange is nothing else, so there is no second mechanism for it. Products have no place and are not relocated.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::after::{Office, Refunded};
use super::attendees::Attendee;
use super::basket::{check_named, refused};
use super::confirm::in_currency;
use super::draft::Draft;
use super::insurance::Insured;
use super::refunds::{DrawnUp, RefundRequest, draw_up, payouts};
use super::seats::{Pick, Prices, Sale};
use super::{History, HistoryEvent, Item, Order, Payment, PaymentRequest, Stage, Ticket, TicketKind, invitations};
use crate::barcodes::{PoolBarcode, PoolState};
use crate::catalogue::plan::Place;
use crate::catalogue::{Offer, Rate};
use crate::change::{CounterKey, Row};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::ids::{Barcode, ItemId, OrderCode, OrderId, PriceTypeId, RateId, SeatId, SessionId};
use crate::inventory::best::{self, Stock, Wish};
use crate::moment::Timestamp;
use crate::money::Minor;
use crate::vouchers::{self, MovementKind, TakenVoucher, VoucherMovement};

/// Which places go where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelocationRequest {
    /// Each item with its new place; no item twice.
    pub moves: Vec<Move>,
    /// Whether the new places cost what was paid for the old ones. Only who speaks for the promoter may ask for it.
    pub keep_prices: bool,
    /// What is paid for the difference, all of it; how it is paid out, where the old places had cost more and somebody says.
    pub payments: Vec<PaymentRequest>,
}

/// An item with its new place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which item.
    pub item: ItemId,
    /// To which session, else within its own.
    pub session: Option<SessionId>,
    /// To which place.
    pub to: Goal,
    /// At which tariff: else its own, where the session has it, or the default one.
    pub rate: Option<RateId>,
}

/// Where an item goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// This seat.
    Seat(SeatId),
    /// A place of this price type, picked automatically.
    PriceType(PriceTypeId),
}

/// What an order was given for: places of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// The other order.
    pub order: OrderId,
    /// Its code.
    pub code: OrderCode,
    /// Each of its items with the one that took its place.
    pub items: Vec<(ItemId, ItemId)>,
    /// What came back of it.
    pub back: DrawnUp,
    /// How much of that, after vouchers, pays for this order; the rest is paid out.
    pub credit: Minor,
    /// How that is; empty where nobody said.
    #[serde(default)]
    pub payouts: Vec<Payment>,
}

impl Replaces {
    /// What is paid out, since the old places had cost more.
    pub fn paid_out(&self, order: &Order) -> Minor {
        self.given_back(order).totals().to_pay() - self.credit
    }

    /// What came back, as a refund of its own would say it.
    pub fn given_back(&self, order: &Order) -> Order {
        let (at, code) = match order.stage {
            Stage::Confirm { at, code, .. } => (at, code),
            _ => (order.created, self.code),
        };
        Order { stage: Stage::Refund { at, code, of: self.order, of_code: self.code, payments: Vec::new() }, ..self.back.as_order(order) }
    }
}

/// Moves whose places are picked together: the session's index among the sales, the price type and the tariff.
type Group = (usize, Option<PriceTypeId>, RateId);

/// A move that was looked at: what is needed to make it.
struct Going<'a> {
    item: &'a Item,
    sale: usize,
    to: Goal,
    rate: &'a Rate,
}

impl<'a> Office<'a> {
    /// Relocates items of a sold order.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless it is sold; `ORDER_ITEM_INVALID` for items it does not have, products, tickets of the secondary market, and those that another promoter's session, another
    /// currency or another kind of tariff is asked for; `PRODUCT_STATE_INVALID` for tickets that are not valid; `FORBIDDEN_RESOURCE` for who may not keep the
    /// prices; `SESSION_NOT_FOUND`, `DIST0005`, `SESSION_SALES_LIMIT_EXCEEDED`, `ORDER_SEAT_NOT_AVAILABLE`; then those of the payments.
    pub(super) fn relocate(&self, order: &'a Arc<Order>, request: &RelocationRequest) -> Planned {
        let Stage::Confirm { code: of_code, .. } = order.stage else { return Err(Code::OrderInvalidStatus.into()) };
        let named: Vec<_> = request.moves.iter().map(|one| one.item).collect();
        check_named(order, &named, Code::ProductStateInvalid, |_| true)?;
        // What took another ticket's place keeps it: that ticket says where it went.
        let is_place = |id: &ItemId| order.items.iter().any(|item| item.id == *id) && order.second_hand(*id).is_none();
        let products: Vec<_> = named.iter().copied().filter(|id| !is_place(id)).collect();
        if !products.is_empty() {
            return Err(refused(Code::OrderItemInvalid, products).into());
        }
        check_named(order, &named, Code::ProductStateInvalid, |id| order.ticket_state(id).may_come_back())?;
        self.check_not_entered(order, &named)?;
        if request.keep_prices {
            self.speaks_for_promoter(order, &named)?;
        }
        let sales = self.goals(order, request)?;
        let going = self.going(order, request, &sales)?;
        self.check_limits(order, &going, &sales)?;
        let picks = self.pick(order, &going, &sales)?;
        let barcodes = self.barcodes(&picks)?;
        let asked =
            RefundRequest { items: named, surcharges: true, delivery: false, insurance: true, block_places: false, payments: Vec::new() };
        let taken = order.extras().vouchers.iter().filter(|taken| taken.amount > 0);
        let known = vouchers::all(taken.map(|taken| self.world.voucher(taken.id)))?;
        let pays = |id| known.iter().any(|voucher| voucher.id == id && self.still_pays(voucher));
        let back = draw_up(order, &asked, false, pays);
        let code = self.moment.order_code.ok_or(Stop::NeedOrderCode)?;
        let mut draft = Draft::new(self.world);
        let items = picks.into_iter().map(|pick| pick.into_item(draft.item_id()));
        let pairs: Vec<_> = going.iter().map(|one| one.item).zip(items).collect();
        let new = self.new_order(order, code, &pairs, request.keep_prices, &back.extras.insurances);
        let items = pairs.iter().map(|(old, new)| (old.id, new.id)).collect();
        let replaces = Replaces { order: order.id, code: of_code, items, back, credit: 0, payouts: Vec::new() };
        let (new, replaces) = self.settle(new, replaces, &request.payments)?;
        Ok(self.carry_out(draft, order, (new, code), &replaces, barcodes, &sales))
    }

    /// The sessions that are gone to, as the order's channel sells them; `SESSION_NOT_FOUND` for those that it does not.
    fn goals(&self, order: &Order, request: &RelocationRequest) -> Result<Vec<Sale<'a>>, Error> {
        let (mut sales, mut unknown): (Vec<Sale<'a>>, Vec<SessionId>) = (Vec::new(), Vec::new());
        for one in &request.moves {
            let own = order.items.iter().find(|item| item.id == one.item).map(|item| item.session);
            let Some(id) = one.session.or(own) else { continue };
            if sales.iter().any(|sale| sale.offer.session.id == id) || unknown.contains(&id) {
                continue;
            }
            match Sale::of(self.world, self.moment.now, order.seller.channel, id) {
                Some(sale) => sales.push(sale),
                None => unknown.push(id),
            }
        }
        if unknown.is_empty() { Ok(sales) } else { Err(refused(Code::SessionNotFound, unknown)) }
    }

    /// Each move with its session and tariff.
    fn going(&self, order: &'a Order, request: &RelocationRequest, sales: &[Sale<'a>]) -> Result<Vec<Going<'a>>, Error> {
        let promoter = |item: &Item| self.world.catalogue.events.get(&item.event).map(|event| event.entity);
        let (mut going, mut misfits) = (Vec::with_capacity(request.moves.len()), Vec::new());
        for one in &request.moves {
            let Some(item) = order.items.iter().find(|item| item.id == one.item) else { continue };
            let session = one.session.unwrap_or(item.session);
            let Some(sale) = sales.iter().position(|sale| sale.offer.session.id == session) else { continue };
            let offer = sales[sale].offer;
            let rate = rate(offer, item, one.rate)?.filter(|rate| TicketKind::of(rate) == item.kind);
            let fits = promoter(item) == Some(offer.event.entity) && offer.event.currency == order.currency;
            match rate.filter(|_| fits) {
                Some(rate) => going.push(Going { item, sale, to: one.to, rate }),
                None => misfits.push(item.id),
            }
        }
        if misfits.is_empty() { Ok(going) } else { Err(refused(Code::OrderItemInvalid, misfits)) }
    }

    /// `SESSION_SALES_LIMIT_EXCEEDED` for sessions that more would come into than the channel or the buyer may have there.
    fn check_limits(&self, order: &Order, going: &[Going<'_>], sales: &[Sale<'a>]) -> Result<(), Error> {
        let buyer = order.buyer_hash();
        let mut over = Vec::new();
        for (index, sale) in sales.iter().enumerate() {
            let session = sale.offer.session.id;
            let come = going.iter().filter(|one| one.sale == index).count() as i64;
            let leave = |counted: bool| going.iter().filter(|one| counted && one.item.session == session).count() as i64;
            let is_over = |key: CounterKey, limit: Option<u32>, counted: bool| {
                let more = come - leave(counted);
                limit.is_some_and(|limit| more > 0 && self.world.counter(&key) + more > i64::from(limit))
            };
            let of_channel = is_over(CounterKey::ChannelSales(session, order.seller.channel), sale.publication.sales_limit, true);
            let of_buyer = buyer.is_some_and(|buyer| {
                is_over(CounterKey::BuyerSales(session, buyer), sale.offer.session.buyer_limit, order.counted.contains(&session))
            });
            if of_channel || of_buyer {
                over.push(session);
            }
        }
        if over.is_empty() { Ok(()) } else { Err(refused(Code::SessionSalesLimitExceeded, over)) }
    }

    /// A place for each move, in their order. What the order gives up may be taken: so two items can change places.
    fn pick(&self, order: &Order, going: &[Going<'a>], sales: &[Sale<'a>]) -> Result<Vec<Pick<'a>>, Error> {
        let is_given_up = |item: &Item, session, place| item.place == place && item.is_in(session) && order.ticket_state(item.id).is_live();
        let given_up = |session: SessionId, place: Place| going.iter().any(|one| is_given_up(one.item, session, place));
        let mut automatic = self.automatic(going, sales)?;
        let channel = self.world.identity.channels.get(&order.seller.channel).ok_or(Code::OrderNotFound)?;
        let mut prices = Prices::new(channel);
        let (mut picks, mut gone): (Vec<Pick<'a>>, Vec<_>) = (Vec::with_capacity(going.len()), Vec::new());
        for one in going {
            let sale = &sales[one.sale];
            let over = sale.offer.session.end <= self.moment.now;
            let place = match one.to {
                Goal::Seat(seat) => {
                    sale.offer.plan.place(seat).filter(|place| sale.sells(*place, one.rate) && sale.is_free_or(*place, given_up))
                }
                Goal::PriceType(_) => automatic.get_mut(&group(one)).and_then(Vec::pop),
            };
            let taken = |place: Place| picks.iter().any(|pick| pick.has(sale, place));
            match place.filter(|place| !over && !taken(*place)).and_then(|place| prices.pick(sale, place, one.rate)) {
                Some(pick) => picks.push(pick),
                None => gone.extend(if let Goal::Seat(seat) = one.to { Some(seat) } else { None }),
            }
        }
        if picks.len() == going.len() { Ok(picks) } else { Err(refused(Code::OrderSeatNotAvailable, gone)) }
    }

    /// Places that are picked automatically, by session, price type and tariff; those of each in the order opposite to that of their moves.
    fn automatic(&self, going: &[Going<'_>], sales: &[Sale<'a>]) -> Result<BTreeMap<Group, Vec<Place>>, Error> {
        let mut wanted: BTreeMap<_, (u32, &Going<'_>)> = BTreeMap::new();
        for one in going.iter().filter(|one| matches!(one.to, Goal::PriceType(_))) {
            wanted.entry(group(one)).or_insert((0, one)).0 += 1;
        }
        let mut found = BTreeMap::new();
        for (key, (quantity, one)) in wanted {
            let Goal::PriceType(price_type) = one.to else { continue };
            let sale = &sales[one.sale];
            if sale.offer.plan.price_type_index(price_type).is_none() {
                return Err(Error::invalid(&["items.price_type_id"]));
            }
            let quotas = invitations::quotas(one.rate, &sale.offer.plan, &sale.quotas);
            let stock = Stock { inventory: sale.inventory, quotas: &quotas, overdue: &[] };
            let wish = Wish { price_type, sector: None, quantity, together: false };
            let mut places = best::best(&stock, &wish, &[], false).ok_or(Code::OrderSeatNotAvailable)?;
            places.reverse();
            found.insert(key, places);
        }
        Ok(found)
    }

    /// The barcode of each pick whose session imports them; `ORDER_SEAT_NOT_AVAILABLE` naming the seats that none is left for.
    fn barcodes(&self, picks: &[Pick<'_>]) -> Result<Vec<Option<Barcode>>, Error> {
        let mut free = BTreeMap::new();
        let (mut found, mut without) = (Vec::with_capacity(picks.len()), Vec::new());
        for pick in picks {
            let session = pick.offer.session.id;
            let Some(pool) = self.world.pool(session) else {
                found.push(None);
                continue;
            };
            match free.entry(session).or_insert_with(|| pool.free()).next() {
                Some(barcode) => found.push(Some(barcode.clone())),
                None => without.extend(pick.seat()),
            }
        }
        if found.len() == picks.len() { Ok(found) } else { Err(refused(Code::OrderSeatNotAvailable, without)) }
    }

    /// The new places as an order, with what of the old ones goes along: who comes, within the same event, and what is insured, at the same premium.
    fn new_order(&self, order: &Order, code: OrderCode, pairs: &[(&Item, Item)], keep_prices: bool, insured: &[Insured]) -> Order {
        let placed = |(old, new): &(&Item, Item)| {
            let mut new = new.clone();
            if keep_prices {
                new.set_price(Arc::new(order.left_of(old).price.kept()));
            }
            new
        };
        let new_of = |id: ItemId| pairs.iter().find(|(old, _)| old.id == id);
        let before = order.extras();
        let stays = |attendee: &Attendee| {
            let (old, new) = new_of(attendee.item)?;
            (old.event == new.event).then(|| Attendee { item: new.id, fields: attendee.fields.clone() })
        };
        let mut attendees: Vec<_> = before.attendees.iter().filter_map(stays).collect();
        attendees.sort_by_key(|attendee| attendee.item);
        let goes_on = |taken: &Insured| {
            let items = taken.items.iter().filter_map(|(id, premium)| Some((new_of(*id)?.1.id, *premium))).collect();
            Insured { insurance: taken.insurance.clone(), items }
        };
        let at = self.moment.now;
        let new = Order {
            id: self.moment.draw().order_id(),
            seller: Arc::new(self.clerk(order)),
            family: self.family,
            created: at,
            stage: Stage::Confirm { at, code, payments: Vec::new(), booked: false },
            items: pairs.iter().map(placed).collect(),
            surcharges: Vec::new(),
            counted: Vec::new(),
            extras: None,
            ..order.clone()
        };
        new.with_extras(|extras| {
            (extras.attendees, extras.metadata, extras.customer) = (attendees, before.metadata.clone(), before.customer);
            extras.insurances = insured.iter().map(goes_on).collect();
            extras.after.lines = 1;
        })
    }

    /// The new order paid for: first with what vouchers had paid, then with what else the old places had cost, then with what is paid now.
    ///
    /// # Errors
    /// `PURCHASE_NOT_TOTALLY_PAID`, `DIST0005`.
    fn settle(&self, new: Order, replaces: Replaces, payments: &[PaymentRequest]) -> Result<(Order, Replaces), Error> {
        let mut left = new.totals().total();
        let mut taken = Vec::new();
        for voucher in &replaces.back.extras.vouchers {
            let group = self.world.catalogue.voucher_groups.get(&voucher.group);
            let amount = if group.is_some_and(|group| group.pays_for(&new)) { voucher.amount.min(left) } else { 0 };
            left -= amount;
            if amount > 0 {
                taken.push(TakenVoucher { amount, available: amount, ..voucher.clone() });
            }
        }
        let back = replaces.given_back(&new).totals().to_pay();
        let credit = back.min(left);
        let (payments, payouts) = if back > left {
            (Vec::new(), payouts(&new, payments, back - left)?)
        } else {
            let payments = in_currency(&new, payments)?;
            let paid: Minor = payments.iter().map(|payment| payment.amount).sum();
            match paid.cmp(&(left - credit)) {
                Ordering::Less => return Err(Code::PurchaseNotTotallyPaid.into()),
                Ordering::Greater => return Err(Error::invalid(&["payments"])),
                Ordering::Equal => (payments, Vec::new()),
            }
        };
        let replaces = Replaces { credit, payouts, ..replaces };
        let mut new = new.with_extras(|extras| {
            extras.vouchers = taken;
            extras.replaces = Some(Box::new(replaces.clone()));
        });
        if let Stage::Confirm { payments: none, .. } = &mut new.stage {
            *none = payments;
        }
        Ok((new, replaces))
    }

    /// Everything that changes: the old places are given up before the new ones are taken.
    fn carry_out(
        &self,
        mut draft: Draft<'_>,
        order: &Arc<Order>,
        (mut new, code): (Order, OrderCode),
        replaces: &Replaces,
        barcodes: Vec<Option<Barcode>>,
        sales: &[Sale<'_>],
    ) -> Done {
        let at = self.moment.now;
        let (given_back, currency) = (replaces.given_back(&new), order.currency);
        let (back, gone) = (given_back.totals(), given_back.items.len() as u32);
        let mut items: Vec<_> = given_back.items.iter().map(|item| item.id).collect();
        items.sort_unstable();
        let (total, vouchers) = (back.total(), replaces.back.vouchers.clone());
        let note =
            Refunded { order: new.id, code, at, items: items.clone(), delivery: false, total, vouchers, relocated: true, share: None };
        let original = order.with_extras(|extras| {
            extras.after.lines += 1;
            extras.after.refunds.push(note);
        });
        for item in original.items.iter().filter(|item| items.contains(&item.id)) {
            if order.ticket_state(item.id).is_live() {
                draft.give_back(&original, item);
            }
            draft.put_ticket(original.ticket(item, at, &self.world.catalogue));
        }
        let mut chance = self.moment.draw();
        // The order's id was drawn first.
        chance.order_id();
        for (index, barcode) in barcodes.into_iter().enumerate() {
            let item = &mut new.items[index];
            if let Some(barcode) = &barcode {
                draft.count(CounterKey::UsedBarcodes(item.session), 1);
                draft.put(PoolBarcode { barcode: barcode.clone(), session: item.session, state: PoolState::Used { item: item.id } });
            }
            item.barcode = Some(barcode.unwrap_or_else(|| chance.barcode()));
            let item = &new.items[index];
            self.expire_holders(&mut draft, sales, item);
            draft.take(&new, item);
            draft.put_ticket(new.ticket(item, at, &self.world.catalogue));
        }
        draft.count_buyer(&mut new);
        draft.pay_back(&given_back, code, at);
        draft.spend_again(&new, code, at);
        let new = draft.entered(new, self.clerk(order).terminal);
        let line = |order: OrderId, number, what| Arc::new(History { order, number, at, by: self.clerk(&new), what });
        let (pairs, of, tickets) = (replaces.items.clone(), replaces.code, gone);
        let relocated = HistoryEvent::Relocated { to: code, items: pairs.clone(), totals: back, currency, tickets };
        draft.put(line(order.id, 1 + original.extras().after.lines, relocated));
        draft.put(line(new.id, 1, HistoryEvent::Confirmed { totals: new.totals(), currency, tickets: new.items.len() as u32 }));
        draft.put(line(new.id, 2, HistoryEvent::Relocates { of, items: pairs, totals: back, currency, tickets }));
        self.tell_of_relocation(&mut draft, &new, code, at);
        let new = Arc::new(new);
        draft.put(new.clone());
        Done { reply: Reply::Order(new), ..draft.done(original) }
    }

    /// Ends the orders whose time is over that still hold an item's place.
    fn expire_holders(&self, draft: &mut Draft<'_>, sales: &[Sale<'_>], item: &Item) {
        let sale = sales.iter().filter(|sale| sale.offer.session.id == item.session);
        sale.flat_map(|sale| sale.overdue_holders(item.place)).for_each(|overdue| draft.expire(overdue, self.moment.now));
    }
}

/// The automatic picks that are made together.
fn group(one: &Going<'_>) -> Group {
    (one.sale, if let Goal::PriceType(id) = one.to { Some(id) } else { None }, one.rate.id)
}

/// The tariff of an item in a session: the one that is named (`DIST0005` if there is none), its own, or the one of who names none.
fn rate<'a>(offer: &'a Offer, item: &Item, named: Option<RateId>) -> Result<Option<&'a Rate>, Error> {
    if let Some(named) = named {
        return offer.rate(Some(named)).map(Some).ok_or(Error::invalid(&["items.rate_id"]));
    }
    let own = offer.rate(Some(item.rate));
    let usual = match item.kind {
        // What is of the secondary market is not relocated.
        TicketKind::Sale | TicketKind::Resale => offer.rate(None),
        TicketKind::Invitation => offer.session.rates.iter().find(|rate| rate.is_invitation()),
    };
    Ok(own.or(usual))
}

impl Draft<'_> {
    /// Makes an item's place the order's for good, in each of its sessions.
    fn take(&mut self, order: &Order, item: &Item) {
        self.count(CounterKey::ChannelSales(item.session, order.seller.channel), 1);
        self.sell(order, item);
    }

    pub(super) fn put_ticket(&mut self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.put(Row::from(ticket));
        }
    }

    /// Spends what vouchers pay of an order out of what they were just given back.
    fn spend_again(&mut self, order: &Order, code: OrderCode, at: Timestamp) {
        for taken in &order.extras().vouchers {
            let voucher = self.voucher(taken.id);
            voucher.balance -= taken.amount;
            voucher.movements += 1;
            let (number, what) = (voucher.movements, MovementKind::Spent { order: order.id, code });
            self.put(Arc::new(VoucherMovement { voucher: taken.id, number, at, amount: -taken.amount, what }));
        }
    }
}
