//! The laws that always hold (domain.md), as one check over all rows of a shard: after every step of a simulated history, and by `aforo verify` on a
//! store. It reads rows and nothing else, so it finds what memory and rules got wrong; it decides nothing.

mod cancellations;
mod collectives;
mod gates;
mod market;
mod products;
mod refunds;
mod seasons;
mod tills;
mod voucher_orders;
mod vouchers;
mod webhooks;

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::barcodes::{BarcodeSource, PoolBarcode, PoolState};
use crate::books;
use crate::catalogue::plan::Place;
use crate::change::{CounterKey, Row};
use crate::ids::{Barcode, ChannelId, Hash, ItemId, MessageId, OrderCode, OrderId, SessionId, TemplateId};
use crate::messages::{About, CalledOff, Content, Letter, Mail, Message};
use crate::money::Minor;
use crate::orders::{Buyer, History, HistoryEvent, Item, Order, Stage, TicketKind, TicketState, extras, surcharges};
use crate::pricing::{self, ItemPrice, Taxed, Totals};
use crate::promotions::price::{self, Priced};
use cancellations::CancellationLaws;
use collectives::CollectiveLaws;
use gates::GateLaws;
use market::MarketLaws;
use products::ProductLaws;
use refunds::RefundLaws;
use seasons::SeasonLaws;
use tills::TillLaws;
use voucher_orders::VoucherOrderLaws;
use vouchers::VoucherLaws;
use webhooks::WebhookLaws;

/// A law that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// Its number in domain.md.
    pub law: u8,
    /// What breaks it.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {}: {}", self.law, self.what)
    }
}

/// All rows of one shard, as far as laws speak of them.
#[derive(Debug, Default)]
pub struct Laws {
    claims: HashMap<(SessionId, Place), Claimed>,
    orders: HashMap<OrderId, Seen>,
    tickets: HashMap<ItemId, Ticketed>,
    sold_by_history: HashMap<OrderId, (Totals, u32)>,
    counters: HashMap<CounterKey, i64>,
    limited: HashSet<SessionId>,
    templates: HashMap<SessionId, TemplateId>,
    places: HashMap<TemplateId, u32>,
    blocked: HashSet<(SessionId, Place)>,
    /// Sessions whose barcodes are imported.
    pooled: HashSet<SessionId>,
    /// What pools have reserved and what is used of them.
    reserved: HashMap<ItemId, PoolBarcode>,
    used: HashMap<ItemId, PoolBarcode>,
    vouchers: VoucherLaws,
    /// What messages tell of.
    messages: HashMap<MessageId, About>,
    collectives: CollectiveLaws,
    seasons: SeasonLaws,
    voucher_orders: VoucherOrderLaws,
    refunds: RefundLaws,
    products: ProductLaws,
    cancellations: CancellationLaws,
    market: MarketLaws,
    webhooks: WebhookLaws,
    gates: GateLaws,
    tills: TillLaws,
    breaches: Vec<Breach>,
}

#[derive(Debug)]
struct Claimed {
    order: OrderId,
    item: ItemId,
    sold: bool,
}

#[derive(Debug)]
struct Ticketed {
    order: OrderId,
    spot: (SessionId, Place),
    kind: TicketKind,
    barcode: Barcode,
    state: TicketState,
}

/// An order, as far as laws speak of it.
#[derive(Debug)]
struct Seen {
    life: Life,
    channel: ChannelId,
    code: Option<OrderCode>,
    buyer: Option<Hash>,
    paid: Minor,
    totals: Totals,
    items: Vec<(ItemId, SessionId, Place, Given)>,
    /// Those of them that were given back or cancelled: nothing is theirs any more.
    refunded: HashSet<ItemId>,
    /// Those whose tickets are dead, by whatever.
    dead: HashSet<ItemId>,
    /// Whether it holds no products either.
    is_empty: bool,
    /// Those of them that were somebody else's before.
    second_hand: HashSet<ItemId>,
    /// Items that something else of the order speaks of: insurances, attendees and transfers.
    named: Vec<ItemId>,
    /// What it counts of promotions and collectives.
    uses: Vec<(CounterKey, i64)>,
}

/// What an item was given for, and what opens the gate.
type Given = (TicketKind, Option<Barcode>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Basket,
    PreConfirmed,
    Sold,
    /// Gives back what another one sold, and has nothing itself.
    Refund,
    Over,
}

impl Laws {
    /// Takes a row in. The order of rows does not matter.
    pub fn see(&mut self, row: &Row) {
        self.vouchers.see(row);
        self.collectives.see(row);
        self.voucher_orders.see(row);
        self.refunds.see(row);
        self.products.see(row);
        self.cancellations.see(row);
        self.market.see(row);
        self.webhooks.see(row);
        self.gates.see(row);
        self.tills.see(row);
        match row {
            Row::Claim(claim) => {
                let claimed = Claimed { order: claim.order, item: claim.item, sold: claim.sold };
                if self.claims.insert((claim.session, claim.place), claimed).is_some() {
                    self.breach(1, format!("place {} of session {} is claimed twice", claim.place, claim.session));
                }
            }
            Row::Order(order) => self.see_order(order),
            Row::Ticket(ticket) => {
                let (order, spot, kind) = (ticket.order, (ticket.session, ticket.place), ticket.kind);
                let seen = Ticketed { order, spot, kind, barcode: ticket.barcode.clone(), state: ticket.state };
                if self.tickets.insert(ticket.id, seen).is_some() {
                    self.breach(2, format!("ticket {} stands twice", ticket.id));
                }
            }
            Row::History(history) => self.see_history(history),
            Row::Counter(counter) => drop(self.counters.insert(counter.key.clone(), counter.value)),
            Row::Session(session) => {
                if session.buyer_limit.is_some() {
                    self.limited.insert(session.id);
                }
                if session.barcodes == BarcodeSource::Imported {
                    self.pooled.insert(session.id);
                }
                self.templates.insert(session.id, session.template);
                self.seasons.see_session(session);
            }
            Row::PoolBarcode(barcode) => self.see_barcode(barcode),
            Row::Message(message) => self.see_message(message),
            Row::Sector(sector) => {
                let seats: usize = sector.rows.iter().map(|row| row.seats.len()).sum();
                let zones: u32 = sector.zones.iter().flat_map(|zone| &zone.places).map(|part| part.count).sum();
                *self.places.entry(sector.template).or_default() += seats as u32 + zones;
            }
            Row::PlaceMarks(marks) => self.blocked.extend(marks.blocked.iter().map(|place| (marks.session, *place))),
            _ => {}
        }
    }

    fn see_order(&mut self, order: &Order) {
        let (life, paid) = match &order.stage {
            Stage::Basket { .. } => (Life::Basket, 0),
            Stage::PreConfirm { .. } => (Life::PreConfirmed, 0),
            Stage::Confirm { payments, .. } => (Life::Sold, payments.iter().map(|payment| payment.amount).sum()),
            Stage::Expired { .. } => (Life::Over, 0),
            Stage::Refund { .. } => (Life::Refund, 0),
        };
        if life != Life::Refund {
            self.see_invitations(order);
            self.see_promotions(order);
            self.seasons.see_order(order);
        }
        self.see_taxes(order);
        self.see_erased(order);
        self.see_books(order);
        let item = |item: &Item| (item.id, item.session, item.place, (item.kind, item.barcode.clone()));
        let insured = order.extras().insurances.iter().flat_map(|taken| &taken.items).map(|(item, _)| *item);
        let seen = Seen {
            life,
            channel: order.seller.channel,
            code: order.code(),
            buyer: order.buyer_hash(),
            paid,
            totals: order.totals(),
            items: if life == Life::Refund { Vec::new() } else { order.items.iter().map(item).collect() },
            is_empty: order.is_empty(),
            refunded: {
                let after = &order.extras().after;
                let whole = after.refunds.iter().filter(|refund| refund.share.is_none());
                whole.flat_map(|refund| &refund.items).chain(&after.cancelled).copied().collect()
            },
            dead: order.items.iter().map(|item| item.id).filter(|item| !order.ticket_state(*item).is_live()).collect(),
            second_hand: order.extras().second_hand.iter().map(|one| one.item).collect(),
            named: if life == Life::Refund {
                Vec::new()
            } else {
                let extras = order.extras();
                let transferred = extras.after.transferred.iter().map(|one| one.item);
                insured.chain(extras.attendees.iter().map(|attendee| attendee.item)).chain(transferred).collect()
            },
            uses: extras::counted(order).collect(),
        };
        if self.orders.insert(order.id, seen).is_some() {
            self.breach(2, format!("order {} stands twice", order.id));
        }
    }

    /// Law 3: an invitation costs nothing, and brings no surcharges per order along.
    fn see_invitations(&mut self, order: &Order) {
        for item in order.items.iter().filter(|item| item.kind == TicketKind::Invitation && *item.price != ItemPrice::default()) {
            self.breach(3, format!("item {} of order {} is an invitation and costs {}", item.id, order.id, item.price.total()));
        }
        for surcharge in order.surcharges.iter().filter(|surcharge| !surcharges::are_due(&order.items, surcharge.session)) {
            self.breach(3, format!("order {} has a surcharge of session {}, of which it buys nothing", order.id, surcharge.session));
        }
    }

    /// Law 3: what promotions take off an order's items is what they take off by its terms, and two that are not stackable share no item.
    fn see_promotions(&mut self, order: &Order) {
        let applied = &order.extras().promotions;
        if applied.is_empty() && order.items.iter().all(|item| item.price.discounts.is_empty()) {
            return;
        }
        let bases: Vec<_> = order.items.iter().map(Priced::from).collect();
        for (item, discounts) in order.items.iter().zip(price::discounts(&bases, applied)) {
            if *item.price.discounts != *discounts {
                self.breach(3, format!("item {} of order {} has other discounts than its promotions give", item.id, order.id));
            }
            if applied.iter().filter(|one| !one.terms.stackable && one.has(item.id)).count() > 1 {
                self.breach(3, format!("item {} of order {} has promotions that do not go together", item.id, order.id));
            }
        }
        for one in applied.iter().filter(|one| one.items.iter().any(|id| !order.items.iter().any(|item| item.id == *id))) {
            self.breach(3, format!("promotion {} of order {} is on an item that the order does not have", one.terms.id, order.id));
        }
    }

    /// Law 3: the taxes of a price and what is left without them make it up.
    fn see_taxes(&mut self, order: &Order) {
        for item in &order.items {
            let price = &item.price;
            let parts = [
                (Taxed::Ticket, price.reduced()),
                (Taxed::PromoterSurcharge, price.promoter_surcharge),
                (Taxed::ChannelSurcharge, price.channel_surcharge),
            ];
            let closes = |(taxed, gross)| pricing::closes(gross, price.taxes.iter().filter(|line| line.taxed == taxed));
            if !parts.into_iter().all(closes) {
                self.breach(3, format!("the taxes of item {} of order {} are not those of its price", item.id, order.id));
            }
        }
        for surcharge in order.surcharges.iter().filter(|surcharge| !pricing::closes(surcharge.amount, surcharge.taxes.iter())) {
            self.breach(3, format!("the taxes of a surcharge of session {} in order {} are not its own", surcharge.session, order.id));
        }
    }

    /// What was erased knows its buyer no more. Who comes on its tickets may be said again: it may be somebody else.
    fn see_erased(&mut self, order: &Order) {
        let extras = order.extras();
        let known = order.buyer.as_ref().is_some_and(|buyer| **buyer != Buyer::default());
        if extras.after.erased.is_some() && (known || !extras.metadata.is_empty() || extras.customer.is_some()) {
            self.breach(7, format!("order {} was erased and still knows its buyer", order.id));
        }
    }

    /// Law 3: the lines of an order's books, those of what it was given for apart, add up to it.
    fn see_books(&mut self, order: &Order) {
        let lines = books::lines(order);
        let sum = |sign: i64| lines.iter().filter(|line| line.sign == sign).map(|line| line.amounts.total()).sum::<Minor>();
        let back = order.extras().replaces.as_ref().map_or(0, |replaces| replaces.given_back(order).totals().total());
        if order.is_sold() && (sum(1), sum(-1)) != (order.totals().total(), back) {
            self.breach(
                3,
                format!("the lines of order {} add up to {} and {}, and it to {}", order.id, sum(1), sum(-1), order.totals().total()),
            );
        }
    }

    fn see_barcode(&mut self, barcode: &PoolBarcode) {
        let other = match barcode.state {
            PoolState::Free => None,
            PoolState::Reserved { item, .. } => self.reserved.insert(item, barcode.clone()),
            PoolState::Used { item } => self.used.insert(item, barcode.clone()),
        };
        if let Some(other) = other {
            self.breach(5, format!("{:?} and {:?} are of the same item", barcode.barcode, other.barcode));
        }
        if barcode.barcode.looks_generated() {
            self.breach(5, format!("{:?} was imported and may be generated, too", barcode.barcode));
        }
    }

    fn see_message(&mut self, message: &Message) {
        let Message { id, about, created, due, .. } = message;
        if due < created || message.next().is_some_and(|next| next < *due) {
            self.breach(8, format!("message {id} is delivered before it is due"));
        }
        // Nothing is left of a booking that was let go to compare its letter with.
        let is_of_none = |mail: &Mail| matches!(mail.letter, Letter::CalledOff(_, CalledOff::Released));
        match &message.content {
            Content::Webhook(_) => return,
            Content::Mail(mail) if is_of_none(mail) => return,
            Content::Mail(_) | Content::Loyalty(_) => {}
        }
        if self.messages.insert(*id, *about).is_some() {
            self.breach(8, format!("message {id} stands twice"));
        }
    }

    fn see_history(&mut self, history: &History) {
        if let HistoryEvent::Confirmed { totals, tickets, .. } = &history.what {
            self.sold_by_history.insert(history.order, (*totals, *tickets));
        }
    }

    fn breach(&mut self, law: u8, what: String) {
        self.breaches.push(Breach { law, what });
    }

    /// What does not hold, sorted; empty if all is well.
    pub fn check(mut self) -> Vec<Breach> {
        self.check_claims();
        self.check_orders();
        self.check_tickets();
        self.check_pools();
        self.check_counters();
        self.check_messages();
        let of_webhooks = std::mem::take(&mut self.webhooks).check();
        self.breaches.extend(of_webhooks.into_iter().map(|(law, what)| Breach { law, what }));
        let of_vouchers = std::mem::take(&mut self.vouchers).check();
        let of_collectives = std::mem::take(&mut self.collectives).check();
        self.breaches.extend(of_vouchers.into_iter().chain(of_collectives).map(|what| Breach { law: 4, what }));
        let of_voucher_orders = std::mem::take(&mut self.voucher_orders).check();
        self.breaches.extend(of_voucher_orders.into_iter().map(|(law, what)| Breach { law, what }));
        let of_refunds = std::mem::take(&mut self.refunds).check();
        self.breaches.extend(of_refunds.into_iter().map(|what| Breach { law: 3, what }));
        self.breaches.extend(std::mem::take(&mut self.products).check());
        self.breaches.extend(std::mem::take(&mut self.cancellations).check());
        self.breaches.extend(std::mem::take(&mut self.market).check());
        let of_tills = std::mem::take(&mut self.tills).check();
        self.breaches.extend(of_tills.into_iter().map(|what| Breach { law: 3, what }));
        let of_gates = std::mem::take(&mut self.gates).check();
        self.breaches.extend(of_gates.into_iter().map(|what| Breach { law: 5, what }));
        self.breaches.sort();
        self.breaches
    }

    /// Laws 1 and 2: whoever has a place is there and says so too.
    fn check_claims(&mut self) {
        let mut found = Vec::new();
        for ((session, place), claim) in &self.claims {
            let here = format!("place {place} of session {session}");
            let item = self.orders.get(&claim.order).map(|order| (order.life, order.items.iter().find(|(id, ..)| *id == claim.item)));
            match item {
                None => found.push((2, format!("{here} belongs to order {}, which is not there", claim.order))),
                Some((Life::Over | Life::Refund, _)) => {
                    found.push((2, format!("{here} belongs to order {}, which holds nothing", claim.order)))
                }
                Some(_) if self.orders.get(&claim.order).is_some_and(|order| order.dead.contains(&claim.item)) => {
                    found.push((2, format!("{here} belongs to item {} of order {}, whose ticket is dead", claim.item, claim.order)));
                }
                Some((_, Some((_, of, at, _)))) if at != place || !self.seasons.covers(*of, *session) => {
                    found.push((2, format!("{here} belongs to item {}, which is elsewhere", claim.item)));
                }
                Some((_, None)) => {
                    found.push((2, format!("{here} belongs to item {}, which order {} does not have", claim.item, claim.order)))
                }
                Some((life, _)) if (life == Life::Sold) != claim.sold => {
                    found.push((2, format!("{here} and order {} do not agree whether it is sold", claim.order)));
                }
                Some(_) => {}
            }
            if self.blocked.contains(&(*session, *place)) {
                found.push((2, format!("{here} is blocked, and yet order {}'s", claim.order)));
            }
            if self.templates.get(session).and_then(|template| self.places.get(template)).is_none_or(|places| place >= places) {
                found.push((1, format!("{here} is more than its template has")));
            }
        }
        for (law, what) in found {
            self.breach(law, what);
        }
    }

    /// Laws 2 and 3: what an order says it has it has, and it was paid for.
    fn check_orders(&mut self) {
        let mut found = Vec::new();
        let mut codes = HashMap::new();
        for (id, order) in &self.orders {
            if order.life == Life::Over && !order.is_empty {
                found.push((2, format!("order {id} is over and still has items")));
            }
            for (item, session, place, (kind, barcode)) in &order.items {
                let dead = order.dead.contains(item);
                // Until it is sold, the place is the ticket's that is offered.
                let holds = !dead && (order.life == Life::Sold || *kind != TicketKind::Resale);
                for session in self.seasons.sessions(*session).filter(|_| holds) {
                    let claim = self.claims.get(&(session, *place));
                    if claim.is_none_or(|claim| (claim.order, claim.item) != (*id, *item)) {
                        found.push((1, format!("item {item} of order {id} does not have place {place} of session {session}")));
                    }
                }
                found.extend(self.seasons.spread_of(*id, *item, *session).map(|what| (3, what)));
                let ticket = self.tickets.get(item).filter(|ticket| ticket.order == *id && ticket.spot == (*session, *place));
                let agrees = match order.life {
                    Life::Sold => ticket.is_some_and(|ticket| {
                        ticket.kind == *kind && Some(&ticket.barcode) == barcode.as_ref() && ticket.state.is_live() != dead
                    }),
                    _ => ticket.is_none() && barcode.is_none(),
                };
                if !agrees {
                    found.push((2, format!("item {item} of order {id} and its ticket do not agree")));
                }
            }
            if let Some(item) = order.named.iter().find(|named| !order.items.iter().any(|(id, ..)| id == *named)) {
                found.push((3, format!("order {id} insures item {item}, names who comes on it or gave it away, and does not have it")));
            }
            // A booking is one of these: it holds its places, and a ticket would have been found above.
            if order.life == Life::PreConfirmed && order.is_empty {
                found.push((2, format!("order {id} waits for its payment and holds nothing")));
            }
            if order.life == Life::Sold {
                if order.paid != order.totals.to_pay() {
                    found.push((3, format!("order {id}: {} paid of {}", order.paid, order.totals.to_pay())));
                }
                if self.sold_by_history.get(id) != Some(&(order.totals, order.items.len() as u32)) {
                    found.push((3, format!("order {id} and its history do not agree")));
                }
            }
            if let Some(code) = order.code
                && let Some(other) = codes.insert(code, *id)
            {
                found.push((2, format!("orders {id} and {other} have the same code")));
            }
        }
        for (id, code) in self.voucher_orders.order_codes() {
            if let Some(other) = codes.get(&code) {
                found.push((2, format!("order {other} and voucher order {id} have the same code")));
            }
        }
        for id in self.sold_by_history.keys().filter(|id| self.orders.get(id).is_none_or(|order| order.life != Life::Sold)) {
            found.push((6, format!("order {id} was sold and is lost")));
        }
        for (law, what) in found {
            self.breach(law, what);
        }
    }

    /// Laws 1 and 5: one live ticket a place, one ticket a barcode, and no ticket without its order.
    fn check_tickets(&mut self) {
        let mut found = Vec::new();
        let (mut places, mut barcodes) = (HashMap::new(), HashMap::new());
        for (id, ticket) in &self.tickets {
            let (sold_in, place) = ticket.spot;
            for session in self.seasons.sessions(sold_in).filter(|_| ticket.state.is_live()) {
                if let Some(other) = places.insert((session, place), *id) {
                    found.push((1, format!("tickets {id} and {other} are for the same place {place} of session {session}")));
                }
            }
            if let Some(other) = barcodes.insert(&ticket.barcode, *id) {
                found.push((5, format!("tickets {id} and {other} have the same barcode")));
            }
            if self.products.has(&ticket.barcode) {
                found.push((5, format!("ticket {id} has the barcode of a product")));
            }
            if self.orders.get(&ticket.order).is_none_or(|order| order.life != Life::Sold) {
                found.push((2, format!("ticket {id} has no sold order")));
            }
        }
        for (law, what) in found {
            self.breach(law, what);
        }
    }

    /// Laws 2 and 5: what a pool has reserved waits for its order's payment, what is used of it is a ticket's; and whoever should has one.
    fn check_pools(&mut self) {
        let mut found = Vec::new();
        for (item, barcode) in &self.reserved {
            let PoolState::Reserved { order, .. } = barcode.state else { continue };
            let holder = self.orders.get(&order).filter(|order| order.life == Life::PreConfirmed);
            if !holder.is_some_and(|order| order.items.iter().any(|(id, session, ..)| (id, session) == (item, &barcode.session))) {
                found.push((2, format!("{:?} is reserved for item {item} of order {order}, which does not wait for it", barcode.barcode)));
            }
        }
        for (item, barcode) in &self.used {
            let ticket = self.tickets.get(item).filter(|ticket| ticket.spot.0 == barcode.session && ticket.barcode == barcode.barcode);
            if ticket.is_none() {
                found.push((5, format!("{:?} is used, and not by ticket {item}", barcode.barcode)));
            }
        }
        for (id, order) in self.orders.iter().filter(|(_, order)| order.life == Life::PreConfirmed) {
            let lacks =
                |(item, session, ..): &&(ItemId, SessionId, _, _)| self.pooled.contains(session) && !self.reserved.contains_key(item);
            found.extend(order.items.iter().filter(lacks).map(|(item, ..)| (2, format!("order {id} has no barcode for item {item}"))));
        }
        let lacks = |(item, ticket): &(&ItemId, &Ticketed)| self.pooled.contains(&ticket.spot.0) && !self.used.contains_key(item);
        found.extend(self.tickets.iter().filter(lacks).map(|(item, _)| (5, format!("the barcode of ticket {item} is of no pool"))));
        for (law, what) in found {
            self.breach(law, what);
        }
    }

    /// Law 8: what a message tells of was committed.
    fn check_messages(&mut self) {
        for (id, about) in std::mem::take(&mut self.messages) {
            match about {
                About::Order(order) if self.orders.get(&order).is_some_and(|order| matches!(order.life, Life::Sold | Life::Refund)) => {}
                About::Customer(_) => {}
                About::Gift(voucher) if self.voucher_orders.is_sent(voucher) => {}
                About::Gift(voucher) => self.breach(8, format!("message {id} tells of voucher {voucher}, which nobody is to be sent")),
                About::Order(order) => self.breach(8, format!("message {id} tells of order {order}, which was not sold")),
                other => self.breach(8, format!("message {id} tells of {other}, and is for no webhook")),
            }
        }
    }

    /// Law 4: every counter says what there is. A buyer's may say less where the limit came after the first sales.
    fn check_counters(&mut self) {
        let mut counted: HashMap<CounterKey, i64> = HashMap::new();
        for order in self.orders.values().filter(|order| order.life != Life::Over) {
            for (item, session, ..) in order.items.iter().filter(|(item, ..)| !order.refunded.contains(item)) {
                if !order.second_hand.contains(item) {
                    *counted.entry(CounterKey::ChannelSales(*session, order.channel)).or_default() += 1;
                }
                if let (Some(buyer), Life::PreConfirmed | Life::Sold) = (order.buyer, order.life)
                    && self.limited.contains(session)
                {
                    *counted.entry(CounterKey::BuyerSales(*session, buyer)).or_default() += 1;
                }
            }
        }
        for (key, uses) in self.orders.values().filter(|order| order.life != Life::Over).flat_map(|order| &order.uses) {
            *counted.entry(key.clone()).or_default() += uses;
        }
        for barcode in self.used.values() {
            *counted.entry(CounterKey::UsedBarcodes(barcode.session)).or_default() += 1;
        }
        let of_modules =
            self.vouchers.counted().chain(self.collectives.counted()).chain(self.voucher_orders.counted()).chain(self.tills.counted());
        for (key, by) in of_modules {
            *counted.entry(key).or_default() += by;
        }
        let keys: HashSet<_> = counted.keys().chain(self.counters.keys()).cloned().collect();
        for key in keys {
            let (is, says) = (counted.get(&key).copied().unwrap_or(0), self.counters.get(&key).copied().unwrap_or(0));
            let holds = match key {
                CounterKey::BuyerSales(session, _) => !self.limited.contains(&session) || (0..=is).contains(&says),
                _ => says == is,
            };
            if !holds {
                self.breach(4, format!("counter {key:?} says {says}, there are {is}"));
            }
        }
    }
}
