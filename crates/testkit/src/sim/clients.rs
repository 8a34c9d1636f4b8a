//! Random buyers: what they ask, what they were answered, and what must therefore be so. They repeat what was not answered with the same key.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::catalogue::PresaleCode;
use aforo_domain::catalogue::manage::{CatalogueCommand, MarkPlaces, Marking};
use aforo_domain::collectives::MemberKey;
use aforo_domain::command::{AutoRequest, Command, OrderCommand, Reply, SeatRequest};
use aforo_domain::customers::{CustomerCommand, id_of};
use aforo_domain::error::{Code, Error};
use aforo_domain::idempotency::Claim;
use aforo_domain::ids::{ChannelId, DeliveryMethodId, EntityId, Hash, InsuranceId, ItemId, OrderId, PromotionId, QuotaId, RateId};
use aforo_domain::messages::LoyaltyRequest;
use aforo_domain::moment::{Draw, Timestamp};
use aforo_domain::money::Decimal;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::attendees::Attendee;
use aforo_domain::orders::collectives::{Proof, Shown};
use aforo_domain::orders::metadata::MetadataChange;
use aforo_domain::orders::promotions::PromotionRequest;
use aforo_domain::orders::refunds::RefundRequest;
use aforo_domain::orders::transfer::TransferRequest;
use aforo_domain::orders::{Buyer, Item, Order, OrderKind, PaymentKind, PaymentRequest, Spot, Stage as Life, TicketKind};
use aforo_domain::promotions::PromotionCode;
use aforo_domain::voucher_orders::Stage as Gift;
use aforo_domain::vouchers::ShownVoucher;
use aforo_server::engine::{Answer, Request};

use super::ledger::Ledger;
use super::stage::{CLUB, CODE, FANS, FRIENDS, MEMBERS_OF_FRIENDS, SHARD, Show, Stage, VOUCHERS, WEB, friend, seller, voucher};
use super::{gifts, products, relocations, resale};

/// How it went, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands that were answered with success.
    pub done: u32,
    /// Orders that were sold.
    pub sold: u32,
    /// Commands that were refused by the rules.
    pub refused: u32,
    /// Seats that somebody else had.
    pub contended: u32,
    /// Answers that were repeated.
    pub replayed: u32,
    /// Commands whose outcome was not told.
    pub unknown: u32,
    /// Times a process was started.
    pub starts: u32,
    /// Messages that were delivered, repeats included.
    pub delivered: u32,
}

/// All buyers.
pub struct Clients {
    stage: Stage,
    orders: Vec<Known>,
    asked: HashMap<u64, Asked>,
    /// Keyed requests that may be asked again, the newest last.
    again: Vec<Asked>,
    /// What keyed requests were answered, and until when that is kept.
    answered: HashMap<Hash, (Timestamp, Result<Reply, Error>)>,
    /// Seats that came back of late.
    given_back: Vec<SeatRequest>,
    next: u64,
    /// How it went.
    pub tally: Tally,
}

/// An order that somebody was told of.
struct Known {
    channel: ChannelId,
    last: Arc<Order>,
    /// Which image was the newest that was answered.
    newest: usize,
    sold: bool,
    deleted: bool,
}

/// A command under way.
#[derive(Clone)]
struct Asked {
    process: usize,
    channel: ChannelId,
    command: Command,
    claim: Option<Claim>,
    order: Option<OrderId>,
    newest: usize,
    /// The outcome for its key, if one was durable when it was asked, is kept until then.
    kept_until: Option<Timestamp>,
}

impl Clients {
    /// Nobody has asked anything yet.
    pub fn new(stage: Stage) -> Self {
        Self {
            stage,
            orders: Vec::new(),
            asked: HashMap::new(),
            again: Vec::new(),
            answered: HashMap::new(),
            given_back: Vec::new(),
            next: 0,
            tally: Tally::default(),
        }
    }

    /// What is on sale.
    pub fn shows(&self) -> &[Show] {
        &self.stage.shows
    }

    /// The next command, for a process.
    pub fn ask(&mut self, process: usize, ledger: &Ledger, draw: &mut Draw) -> (u64, Request) {
        let mut asked = match below(draw, 100) {
            0..8 if !self.again.is_empty() => self.again[below(draw, self.again.len())].clone(),
            0..20 => self.create(draw),
            _ if self.orders.is_empty() => self.create(draw),
            _ => self.about_an_order(ledger, draw),
        };
        asked.process = process;
        if below(draw, 200) == 0
            && let Some(claim) = &mut asked.claim
        {
            claim.fingerprint = Hash::of(b"another request");
        }
        let known = asked.order.and_then(|id| self.orders.iter().find(|known| known.last.id == id));
        asked.newest = known.map_or(0, |known| known.newest);
        let outcome = asked.claim.and_then(|claim| ledger.outcome(claim.key).filter(|outcome| outcome.fingerprint == claim.fingerprint));
        asked.kept_until = outcome.map(|outcome| outcome.period.forgotten_at());
        self.next += 1;
        let number = if asked.channel == WEB { 1 } else { 2 };
        let request =
            Request { shard: SHARD, actor: seller(asked.channel, number), command: asked.command.clone(), idempotency: asked.claim };
        if asked.claim.is_some() {
            self.again.push(asked.clone());
            if self.again.len() > 30 {
                self.again.remove(0);
            }
        }
        self.asked.insert(self.next, asked);
        (self.next, request)
    }

    /// What the promoter does with some places of a session.
    pub fn marking(&self, draw: &mut Draw) -> Command {
        let show = &self.stage.shows[below(draw, self.stage.shows.len())];
        let marking = match below(draw, 4) {
            0 => Marking::Block,
            1 | 2 => Marking::Unblock,
            _ => Marking::MoveTo(QuotaId(1 + below(draw, 2) as u64)),
        };
        let first = below(draw, show.seats.len());
        let seats = show.seats[first..].iter().copied().take(1 + below(draw, 2)).collect();
        Command::Catalogue(CatalogueCommand::Mark(MarkPlaces { session: show.id, marking, seats, zones: Vec::new() }))
    }

    fn create(&mut self, draw: &mut Draw) -> Asked {
        let channel = if below(draw, 3) == 0 { CLUB } else { WEB };
        self.about(channel, Command::Order(OrderCommand::Create { language: None }), None, draw)
    }

    fn about_an_order(&mut self, ledger: &Ledger, draw: &mut Draw) -> Asked {
        let among = if below(draw, 10) == 0 { self.orders.len() } else { self.orders.len().min(12) };
        let index = self.orders.len() - 1 - below(draw, among);
        let (id, last, channel) = (self.orders[index].last.id, self.orders[index].last.clone(), self.orders[index].channel);
        let show = self.stage.shows[below(draw, self.stage.shows.len())].clone();
        let item = |draw: &mut Draw| last.items.get(below(draw, last.items.len().max(1))).map(|item| item.id);
        if let Some((channel, id, command)) = resale::give_back(ledger, draw) {
            return self.about(channel, Command::AfterSale(id, command), Some(id), draw);
        }
        if let Some(asked) = self.about_a_sale(&last, channel, draw) {
            return asked;
        }
        if last.kind() == OrderKind::Booking && below(draw, 8) == 0 {
            return self.about(channel, Command::AfterSale(id, AfterSaleCommand::CancelBooking), Some(id), draw);
        }
        let number = if below(draw, 8) > 2 { next_step(&last) } else { below(draw, 150) };
        let command = match number {
            0..25 if below(draw, 3) == 0 && resale::is_any_open(ledger) => OrderCommand::AddResale(id, resale::some(ledger, draw)),
            // What came back is wanted again.
            0..25 if below(draw, 3) == 0 && !self.given_back.is_empty() => {
                let index = below(draw, self.given_back.len());
                OrderCommand::AddSeats(id, vec![self.given_back.swap_remove(index)], code(draw))
            }
            0..25 => OrderCommand::AddSeats(id, seats(&show, draw), code(draw)),
            25..38 => OrderCommand::AddAuto(id, auto(&show, draw)),
            38..41 => OrderCommand::RemoveItems(id, item(draw).into_iter().collect()),
            41..44 | 148..150 => OrderCommand::Promote(id, promotion(item(draw).filter(|_| below(draw, 2) == 0), draw)),
            44..48 => match item(draw) {
                Some(item) => OrderCommand::SetRate(id, item, show.rates[below(draw, show.rates.len())]),
                None => OrderCommand::Read(id),
            },
            48..62 => OrderCommand::SetBuyer(id, Arc::new(buyer(draw))),
            62..70 => OrderCommand::PreConfirm(id),
            70..72 => OrderCommand::Book(id),
            72..77 => OrderCommand::BackToBasket(id),
            77..85 => OrderCommand::Confirm(id, payments(&last, draw)),
            85..91 => OrderCommand::Delete(id),
            91 => OrderCommand::ChangeMetadata(id, metadata(draw)),
            92 => OrderCommand::DropPromotion(id, PromotionId(1 + below(draw, 5) as u64)),
            93 => OrderCommand::SetDelivery(id, DeliveryMethodId(1 + below(draw, 2) as u64)),
            94..96 => OrderCommand::Insure(
                id,
                InsuranceId(1 + below(draw, 2) as u64),
                item(draw).filter(|_| below(draw, 2) == 0).map(|item| vec![item]),
            ),
            96 => OrderCommand::DropInsurance(id, None),
            97 | 109..111 => OrderCommand::SetAttendees(id, attendees(item(draw), draw)),
            // A gift, if there is one.
            100..103 => OrderCommand::AddVoucher(id, gift(ledger, draw)),
            // One more than there are.
            98 | 103..108 => OrderCommand::AddVoucher(id, voucher(below(draw, VOUCHERS + 1)).1),
            // Answers no order, but the message that aforo keeps.
            111 => return self.about(channel, Command::Order(OrderCommand::JoinLoyalty(Some(id), Box::new(joining()))), None, draw),
            99 | 108 => OrderCommand::RemoveVoucher(id, voucher(below(draw, VOUCHERS)).0),
            112..130 => collective(id, draw),
            130 => OrderCommand::DropCollective(id, [FANS, FRIENDS][below(draw, 2)]),
            131..137 => OrderCommand::AddProducts(id, products::some(draw)),
            137..139 => OrderCommand::RemoveItems(id, products::unit(&last, draw).into_iter().collect()),
            139..147 => OrderCommand::AddResale(id, resale::some(ledger, draw)),
            147 => return self.about(channel, Command::Resale(resale::withdraw(ledger, draw)), None, draw),
            _ => OrderCommand::Read(id),
        };
        let channel = if below(draw, 40) == 0 { CLUB } else { channel };
        self.about(channel, Command::Order(command), Some(id), draw)
    }

    /// What is done with an order that is sold, if it is and something is.
    fn about_a_sale(&mut self, last: &Order, channel: ChannelId, draw: &mut Draw) -> Option<Asked> {
        if !matches!(last.stage, Life::Confirm { .. }) {
            return None;
        }
        if channel == CLUB && below(draw, 12) == 0 {
            return Some(self.about(channel, Command::Customer(forgotten(last)), Some(last.id), draw));
        }
        if below(draw, 6) == 0 {
            // Answers no order, but the offers.
            return Some(self.about(channel, Command::Resale(resale::offer(last, draw)), None, draw));
        }
        if below(draw, 2) > 0 {
            return None;
        }
        let command = match below(draw, 4) {
            0 => relocations::some(last, &self.stage.shows, draw),
            _ => after_sale(last, draw),
        };
        Some(self.about(channel, Command::AfterSale(last.id, command), Some(last.id), draw))
    }

    fn about(&mut self, channel: ChannelId, command: Command, order: Option<OrderId>, draw: &mut Draw) -> Asked {
        let keyed = !matches!(command, Command::Order(OrderCommand::Read(_))) && below(draw, 3) > 0;
        let claim = keyed.then(|| Claim {
            key: Hash::of(format!("{:?} {}", channel, self.next).as_bytes()),
            fingerprint: Hash::of(format!("{command:?}").as_bytes()),
        });
        Asked { process: 0, channel, command, claim, order, newest: 0, kept_until: None }
    }

    /// A process is gone, and with it its answers.
    pub fn gone(&mut self, process: usize) {
        let before = self.asked.len();
        self.asked.retain(|_, asked| asked.process != process);
        self.tally.unknown += (before - self.asked.len()) as u32;
    }

    /// Whether anybody waits for this process.
    pub fn waits_for(&self, process: usize) -> bool {
        self.asked.values().any(|asked| asked.process == process)
    }

    /// An answer came. `owner` says whether who answered owns the shard; `calm` that nothing has failed so far.
    ///
    /// # Errors
    /// What may not be answered.
    pub fn answered(
        &mut self,
        ticket: u64,
        answer: Answer,
        ledger: &Ledger,
        now: Timestamp,
        owner: bool,
        calm: bool,
    ) -> Result<(), String> {
        let Some(asked) = self.asked.remove(&ticket) else { return Err(format!("ticket {ticket} was answered twice")) };
        let failed = matches!(&answer.result, Err(error) if matches!(error.code, Code::Dist0000 | Code::Overloaded));
        if failed {
            self.tally.unknown += 1;
            return if calm { Err(format!("{:?} failed: {:?}", asked.command, answer.result)) } else { Ok(()) };
        }
        if owner {
            self.check_repeated(&asked, &answer, ledger, now)?;
        }
        if answer.replayed {
            self.tally.replayed += 1;
            return Ok(());
        }
        match &answer.result {
            Ok(reply) => self.succeeded(&asked, reply, ledger, now, owner),
            Err(error) => self.refused(&asked, error, owner),
        }
    }

    /// The same key gets the same answer, and what is durable is not done again.
    fn check_repeated(&mut self, asked: &Asked, answer: &Answer, ledger: &Ledger, now: Timestamp) -> Result<(), String> {
        let Some(claim) = asked.claim else { return Ok(()) };
        if matches!(&answer.result, Err(error) if error.code == Code::IdempotencyKeyReused) {
            return Ok(());
        }
        match self.answered.get(&claim.key) {
            Some((until, before)) if now < *until && *before != answer.result => {
                Err(format!("{:?} was answered {before:?}, and then {:?}", asked.command, answer.result))
            }
            _ if !answer.replayed && asked.kept_until.is_some_and(|until| now < until) => {
                Err(format!("{:?} was done twice", asked.command))
            }
            _ => {
                if let Some(outcome) = ledger.outcome(claim.key).filter(|_| !answer.replayed) {
                    self.answered.insert(claim.key, (outcome.period.forgotten_at(), answer.result.clone()));
                }
                Ok(())
            }
        }
    }

    fn succeeded(&mut self, asked: &Asked, reply: &Reply, ledger: &Ledger, now: Timestamp, owner: bool) -> Result<(), String> {
        self.tally.done += 1;
        let Reply::Order(order) = reply else {
            if asked.order.is_some_and(|id| ledger.order(id).is_some()) {
                return Err(format!("{:?} was answered, and the order is still there", asked.command));
            }
            self.orders.iter_mut().filter(|known| Some(known.last.id) == asked.order).for_each(|known| known.deleted = true);
            return Ok(());
        };
        self.check_items(asked, order, ledger, now)?;
        let Some(image) = ledger.image(order) else {
            return Err(format!("{:?} was answered with what is not durable: {order:?}", asked.command));
        };
        // A refund is another order than the one it gives back of.
        if owner && asked.order == Some(order.id) && image < asked.newest {
            return Err(format!(
                "{:?} was answered with image {image} of order {}, {} was answered before",
                asked.command, order.id, asked.newest
            ));
        }
        if matches!(order.stage, Life::Refund { .. }) {
            let seats = order
                .items
                .iter()
                .filter_map(|item| Some((item.session, if let Spot::Seat(seat) = item.spot { seat } else { return None })));
            self.given_back.extend(seats.map(|(session, id)| SeatRequest { id, session, rate: None }));
        }
        let sold = matches!(order.stage, Life::Confirm { .. });
        match self.orders.iter_mut().find(|known| known.last.id == order.id) {
            Some(known) if image >= known.newest => {
                self.tally.sold += u32::from(sold && !known.sold);
                (known.newest, known.sold) = (image, known.sold || sold);
                known.last.clone_from(order);
            }
            Some(_) => {}
            None => {
                let (channel, last) = (order.seller.channel, order.clone());
                self.orders.push(Known { channel, last, newest: image, sold, deleted: false });
            }
        }
        Ok(())
    }

    /// What is in an order is what its channel may sell or give away, nothing came into it before its sale began without the code or a collective, and
    /// nobody is of one without having shown it.
    fn check_items(&self, asked: &Asked, order: &Order, ledger: &Ledger, now: Timestamp) -> Result<(), String> {
        let club = order.seller.channel == CLUB;
        let show_of = |session| self.stage.shows.iter().find(|show| show.id == session);
        for item in &order.items {
            let Some(show) = show_of(item.session) else { return Err(format!("there is no session {}", item.session)) };
            let members = show.members.contains(&item.place);
            let may = match item.kind {
                TicketKind::Sale => !members || show.released <= now || club && show.sells_members,
                TicketKind::Invitation => club && (members || !show.invites_members),
                // It was sold before.
                TicketKind::Resale => true,
            };
            // A place that the promoter moved was the members' for a while, or everybody's.
            if !may && !ledger.was_moved(item.session, item.place) {
                return Err(format!("order {} of channel {} has {item:?}", order.id, order.seller.channel));
            }
        }
        let (sessions, code) = match &asked.command {
            Command::Order(OrderCommand::AddSeats(_, seats, code)) => (seats.iter().map(|seat| seat.session).collect(), code),
            Command::Order(OrderCommand::AddAuto(_, request)) => (vec![request.session], &request.presale),
            Command::Order(OrderCommand::AddCollective(_, _, shown)) if !shown_well(shown) => {
                return Err(format!("{:?} was done, and that shows nothing", asked.command));
            }
            _ => return Ok(()),
        };
        let knows_code = code.as_ref().is_some_and(|code| code.as_str() == CODE);
        let early = sessions.into_iter().filter_map(show_of).any(|show| club && now < show.opens);
        if early && !knows_code && !order.carries(FRIENDS) {
            Err(format!("{:?} was done before the sale began", asked.command))
        } else {
            Ok(())
        }
    }

    fn refused(&mut self, asked: &Asked, error: &Error, owner: bool) -> Result<(), String> {
        self.tally.refused += 1;
        self.tally.contended += u32::from(error.code == Code::OrderSeatNotAvailable);
        let known = self.orders.iter().find(|known| Some(known.last.id) == asked.order && known.channel == asked.channel);
        let lost = known.is_some_and(|known| known.sold && matches!(error.code, Code::OrderNotFound | Code::OrderExpired));
        // Of an order that is another customer's, or nobody's any more, a customer is told the same.
        let lost = lost && !matches!(asked.command, Command::Customer(_));
        if lost && owner { Err(format!("{:?} was refused with {error}, and the order was sold", asked.command)) } else { Ok(()) }
    }

    /// Law 6, at any time: what was answered as sold is sold, what was answered as deleted is gone.
    ///
    /// # Errors
    /// An order that is not as it was answered.
    pub fn check(&self, ledger: &Ledger) -> Result<(), String> {
        for known in &self.orders {
            let stage = ledger.order(known.last.id).map(|order| &order.stage);
            if known.sold && !matches!(stage, Some(Life::Confirm { .. })) {
                return Err(format!("order {} was answered as sold and is {stage:?}", known.last.id));
            }
            if known.deleted && stage.is_some() {
                return Err(format!("order {} was answered as deleted and is {stage:?}", known.last.id));
            }
        }
        Ok(())
    }
}

/// What a buyer would do next, as a number that stands for it.
fn next_step(order: &Order) -> usize {
    match &order.stage {
        Life::PreConfirm { .. } => 80,
        Life::Basket { .. } if order.items.is_empty() => 0,
        Life::Basket { .. } if order.buyer.is_none() => 50,
        // Every eighth order is booked.
        Life::Basket { .. } if order.id.0[15].is_multiple_of(8) => 70,
        Life::Basket { .. } => 65,
        _ => 95,
    }
}

/// A number below `end`.
pub fn below(draw: &mut Draw, end: usize) -> usize {
    draw.number() as usize % end.max(1)
}

/// One to three seats in a row of numbers; now and then two that are apart.
fn seats(show: &Show, draw: &mut Draw) -> Vec<SeatRequest> {
    let first = below(draw, show.seats.len());
    let count = 1 + below(draw, 3);
    let step = if below(draw, 5) == 0 { 7 } else { 1 };
    let ids = (0..count).filter_map(|index| show.seats.get(first + index * step));
    let rate = rate(show, draw);
    ids.map(|id| SeatRequest { id: *id, session: show.id, rate }).collect()
}

fn auto(show: &Show, draw: &mut Draw) -> AutoRequest {
    AutoRequest {
        session: show.id,
        price_type: show.price_types[below(draw, 2)],
        sector: None,
        quantity: 1 + below(draw, 4) as u32,
        rate: rate(show, draw),
        together: below(draw, 2) == 0,
        presale: code(draw),
    }
}

/// Its buyer wants what is personal of it erased.
fn forgotten(order: &Order) -> CustomerCommand {
    let email = order.buyer.as_ref().map_or("", |buyer| &buyer.email);
    CustomerCommand::EraseOrder(id_of(EntityId(1), email).unwrap_or(Hash([0; 32])), order.id)
}

/// A refund of one or two items, perhaps given back already, with or without what goes with them; now and then something else that is done after the
/// sale.
fn after_sale(order: &Order, draw: &mut Draw) -> AfterSaleCommand {
    let first = below(draw, order.items.len());
    let mut items: Vec<_> = order.items.iter().skip(first).take(1 + below(draw, 2)).map(|item| item.id).collect();
    match below(draw, 12) {
        0 => return AfterSaleCommand::Reprint(items),
        1 => return AfterSaleCommand::Note("Somebody called".to_owned()),
        2 => return AfterSaleCommand::SetAttendees(attendees(items.first().copied(), draw)),
        3 => return AfterSaleCommand::CancelBooking,
        4 => return AfterSaleCommand::Resend(None),
        5 => return transfer(&items, draw),
        _ => {}
    }
    items.extend(products::unit(order, draw).filter(|_| below(draw, 2) == 0));
    let [surcharges, delivery, insurance, block_places] = [2, 2, 2, 6].map(|chance| below(draw, chance) == 0);
    let paid = |item: &&Item| items.contains(&item.id);
    // What comes back nobody has worked out: this is right where nothing is asked for beside the price, and no voucher paid.
    let amount: i64 = order.items.iter().filter(paid).map(|item| item.price.reduced()).sum();
    let amount = Decimal::parse(&order.currency.show_amount(amount)).filter(|_| below(draw, 5) == 0);
    let payments = amount.map(|amount| PaymentRequest { kind: PaymentKind::Cash, amount, reference: None }).into_iter().collect();
    AfterSaleCommand::Refund(RefundRequest { items, surcharges, delivery, insurance, block_places, payments })
}

/// To one of a few friends.
fn transfer(items: &[ItemId], draw: &mut Draw) -> AfterSaleCommand {
    let attendees = items.iter().flat_map(|item| attendees(Some(*item), draw)).collect();
    let to = format!("friend{}@example.org", below(draw, 3));
    AfterSaleCommand::Transfer(TransferRequest { attendees, to, name: None })
}

/// Mostly within the channel's caps.
fn metadata(draw: &mut Draw) -> MetadataChange {
    let key = format!("key {}", below(draw, 25));
    match below(draw, 4) {
        0 => MetadataChange::Remove(key),
        1 => MetadataChange::Replace([(key, "all there is".to_owned())].into()),
        _ => MetadataChange::Put(key, "x".repeat(below(draw, 520))),
    }
}

/// Who comes on an item: a size that there is, one that there is not, or nobody any more.
fn attendees(item: Option<ItemId>, draw: &mut Draw) -> Vec<Attendee> {
    let size = ["S", "S", "M", "XXL", ""][below(draw, 5)];
    let fields = (!size.is_empty()).then(|| ("size".to_owned(), size.to_owned())).into_iter().collect();
    item.map(|item| Attendee { item, fields }).into_iter().collect()
}

/// Mostly the default tariff, now and then an invitation.
fn rate(show: &Show, draw: &mut Draw) -> Option<RateId> {
    (below(draw, 6) == 0).then_some(show.invitation)
}

/// One of the promotions, the automatic one too, on one item or on all; mostly with the code that one of them needs.
fn promotion(item: Option<ItemId>, draw: &mut Draw) -> PromotionRequest {
    let code = PromotionCode::parse([CODE, CODE, "WRONG"][below(draw, 3)]);
    PromotionRequest { id: PromotionId(1 + below(draw, 5) as u64), items: item.map(|item| vec![item]), code }
}

/// Mostly what is right to show: the code of the fans, or a friend with the right password.
fn collective(order: OrderId, draw: &mut Draw) -> OrderCommand {
    if below(draw, 3) == 0 {
        let code = PromotionCode::parse([CODE, CODE, "WRONG"][below(draw, 3)]);
        return code.map_or(OrderCommand::Read(order), |code| OrderCommand::AddCollective(order, FANS, Shown::Code(code)));
    }
    let (key, hash) = friend(below(draw, MEMBERS_OF_FRIENDS + 1));
    let proof = match below(draw, 8) {
        0 => None,
        1 => Some(Proof { hash: Some(hash), right: false }),
        2 => Some(Proof { hash: Some(friend(below(draw, MEMBERS_OF_FRIENDS)).1), right: true }),
        _ => Some(Proof { hash: Some(hash), right: true }),
    };
    OrderCommand::AddCollective(order, FRIENDS, Shown::Member(key, proof))
}

/// Whether it is the code, or a friend with the password that is its own.
fn shown_well(shown: &Shown) -> bool {
    let is_friend = |key: &MemberKey, proof: &Proof| {
        (0..MEMBERS_OF_FRIENDS).map(friend).any(|(known, hash)| known == *key && proof.right && proof.hash == Some(hash))
    };
    match shown {
        Shown::Code(code) => code.as_str() == CODE,
        Shown::Member(key, proof) => proof.as_ref().is_some_and(|proof| is_friend(key, proof)),
    }
}

/// The order's buyer joins the loyalty programme, where the channel has one.
fn joining() -> LoyaltyRequest {
    LoyaltyRequest { program: Some("GOLD".to_owned()), customer: None, data: None, keep: true }
}

/// The code of the presale, a wrong one, or none.
fn code(draw: &mut Draw) -> Option<PresaleCode> {
    PresaleCode::parse(["", CODE, CODE, "WRONG"][below(draw, 4)])
}

/// One of four, who writes the e-mail in two ways; one of those comes with a postal code that is none.
pub(super) fn buyer(draw: &mut Draw) -> Buyer {
    let (capital, number) = (below(draw, 2) == 0, below(draw, 4));
    let email = format!("{}ana{number}@example.org ", if capital { " A" } else { "a" });
    let postal_code = if capital && number == 3 { "4600" } else { "46001" };
    let [name, postal_code, country] = ["Ana", postal_code, "ES"].map(|text| Some(text.to_owned()));
    Buyer { email, name, postal_code, country, ..Buyer::default() }
}

/// What the receiver of one of the newest gifts shows, or who only says so.
fn gift(ledger: &Ledger, draw: &mut Draw) -> ShownVoucher {
    let sold: Vec<_> = ledger.voucher_orders().into_iter().filter(|order| matches!(order.stage, Gift::Confirm { .. })).collect();
    let among = sold.len().min(6);
    if among == 0 { voucher(VOUCHERS).1 } else { gifts::shown(sold[sold.len() - 1 - below(draw, among)].id) }
}

/// What the order costs; now and then a cent less.
fn payments(order: &Order, draw: &mut Draw) -> Vec<PaymentRequest> {
    let amount = order.totals().to_pay() - i64::from(below(draw, 12) == 0);
    let amount = Decimal::parse(&order.currency.show_amount(amount));
    let kind = [PaymentKind::Card, PaymentKind::Cash][below(draw, 2)];
    amount.map(|amount| PaymentRequest { kind, amount, reference: None }).into_iter().collect()
}
