//! Messages to the world outside: rows of the same batch as what they tell of, so that one is sent if and only if that was committed (law 8).
//!
//! This module is what is stored of them and what becomes of them: [`Draft::send`](crate::orders::draft::Draft::send) sends one, the server's `outbox`
//! delivers it at least once, in order per object and kind, under an id that never changes, and tells the result by [`OutboxCommand`]. What a message
//! says is decided by whoever sends it. None is in memory because it waits: a queue that is dead fills a table and nothing else.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalogue::plan::Place;
use crate::change::{Change, Key};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::Role;
use crate::identity::check::Actor;
use crate::identity::manage::{Here, reach};
use crate::ids::{ChannelId, EventId, Hash, MessageId, OrderCode, OrderId, ProductId, SessionId, VoucherId, WebhookId};
use crate::moment::{DAY_MS, Moment, Timestamp};
use crate::money::{Currency, Minor};
use crate::orders::Buyer;
use crate::text::Language;
use crate::voucher_orders::{GiftImage, Receiver};
use crate::vouchers;
use crate::webhooks::Notice;
use crate::webhooks::results::{self, Again, Log, Tried};
use crate::world::World;

/// A message on its way. A delivered one is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Grows with time in its operator, and stays: the receiver drops repeats by it.
    pub id: MessageId,
    /// What it tells of.
    pub about: About,
    /// When it was sent.
    pub created: Timestamp,
    /// Not delivered before.
    pub due: Timestamp,
    /// How often it could not be delivered.
    pub attempts: u32,
    /// How it stands.
    pub state: MessageState,
    /// Why the last attempt failed, for who looks after the queue.
    pub failure: Option<String>,
    /// What it says.
    pub content: Content,
}

/// What a message tells of: of the same thing, a later one waits until an earlier one that is due was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum About {
    /// An order.
    Order(OrderId),
    /// A customer, by the hash of the e-mail.
    Customer(Hash),
    /// A voucher that was sold as a gift.
    Gift(VoucherId),
    /// An event.
    Event(EventId),
    /// A session.
    Session(SessionId),
    /// A webhook itself.
    Webhook(WebhookId),
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageState {
    /// To be delivered.
    Waiting {
        /// When it is tried next.
        next: Timestamp,
    },
    /// Was refused for too long; nobody waits for it any more.
    GivenUp {
        /// When.
        at: Timestamp,
    },
}

/// What a message says; where it goes follows from that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// For the loyalty programme's queue.
    Loyalty(Box<Loyalty>),
    /// An e-mail.
    Mail(Box<Mail>),
    /// For a webhook.
    Webhook(Notice),
}

/// Where messages go. Each kind is a queue of its own: a dead one holds up no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// To the loyalty programme's queue.
    Loyalty,
    /// To a mail server.
    Mail,
    /// To this webhook.
    Webhook(WebhookId),
}

impl Kind {
    /// Those that have one receiver in an installation.
    pub const COMMON: [Self; 2] = [Self::Loyalty, Self::Mail];

    /// As APIs name it: all webhooks alike.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loyalty => "LOYALTY",
            Self::Mail => "MAIL",
            Self::Webhook(_) => "WEBHOOK",
        }
    }
}

/// As tables name it: each webhook is a queue of its own.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        if let Self::Webhook(hook) = self { write!(f, "/{hook}") } else { Ok(()) }
    }
}

/// What a loyalty programme is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loyalty {
    /// By which channel.
    pub channel: ChannelId,
    /// Of what.
    pub event: LoyaltyEvent,
}

/// What a loyalty programme is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoyaltyEvent {
    /// An order was sold.
    Sold(Sale),
    /// Somebody joins.
    Joined(Joining),
}

/// Somebody who joins a loyalty programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Which programme, where there are several.
    pub program: Option<String>,
    /// Who.
    pub customer: Arc<Buyer>,
    /// With which order, once it has a code.
    pub order: Option<OrderCode>,
    /// What else the channel tells of it: a JSON object, as text.
    pub data: Option<String>,
}

/// What a channel says when somebody joins a loyalty programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoyaltyRequest {
    /// Which programme, where there are several.
    pub program: Option<String>,
    /// Who; else the buyer of the order.
    pub customer: Option<Arc<Buyer>>,
    /// What else is told: a JSON object, as text.
    pub data: Option<String>,
    /// Whether aforo keeps the message until somebody takes it; else whoever asks hands it to a queue.
    pub keep: bool,
}

/// A sold order, as it is told outside. It names no order id: whoever knows that may change the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The order's code.
    pub code: OrderCode,
    /// When it was sold.
    pub at: Timestamp,
    /// Of its amounts.
    pub currency: Currency,
    /// What it cost in all.
    pub total: Minor,
    /// Who bought.
    pub buyer: Option<Arc<Buyer>>,
    /// Its places.
    pub items: Vec<SoldItem>,
    /// Units of products.
    #[serde(default)]
    pub products: Vec<SoldProduct>,
}

/// A place of a sold order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldItem {
    /// Of which event.
    pub event: EventId,
    /// Of which session.
    pub session: SessionId,
    /// Which place.
    pub place: Place,
    /// What it cost.
    pub amount: Minor,
}

/// A unit of a product in a sold order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldProduct {
    /// Which.
    pub product: ProductId,
    /// What it cost.
    pub amount: Minor,
}

/// An e-mail. Its words are chosen when it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// What it is written in, as far as there are texts.
    pub language: Language,
    /// In whose name.
    pub channel: ChannelId,
    /// What it says.
    pub letter: Letter,
}

/// What an e-mail says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// Your order was sold.
    Sold(Sale),
    /// Somebody gives you a voucher.
    Gift(GiftLetter),
    /// Something of an order comes back: of the one with this code, by the refund.
    Refunded(OrderCode, Sale),
    /// A session was called off that you have places of.
    CalledOff(Affected, CalledOff),
    /// A session that you have tickets of is at another time; it was to start at this one.
    Postponed(Affected, Timestamp),
    /// Somebody gave you tickets.
    Transferred(Transfer),
}

/// Tickets as the person they were given to is told of them. Their amounts are what the buyer paid, and the letter does not say them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The order's code.
    pub code: OrderCode,
    /// The line of the order's book that says so: tickets that are given away again by then are not for this letter.
    pub line: u32,
    /// What the person is called.
    pub name: Option<String>,
    /// Their places.
    pub items: Vec<SoldItem>,
}

/// Places of an order whose session is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The order's code.
    pub code: OrderCode,
    /// The session.
    pub session: SessionId,
    /// Who bought.
    pub buyer: Option<Arc<Buyer>>,
    /// The order's places of this session.
    pub items: Vec<SoldItem>,
}

/// What becomes of places whose session was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CalledOff {
    /// They are given back: this refund says what for.
    Refunded(Sale),
    /// Their tickets were cancelled, and what was paid stays where it is for now.
    Cancelled,
    /// The booking that held them is over.
    Released,
}

/// A gift voucher, as its receiver is told of it. Nobody else is told its code and PIN: they are here until the letter is delivered, and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftLetter {
    /// Its code.
    pub code: String,
    /// Its PIN, if it has one.
    pub pin: Option<String>,
    /// What it is worth.
    pub amount: Minor,
    /// Of the amount.
    pub currency: Currency,
    /// When it is over.
    pub until: Option<Timestamp>,
    /// How it looks.
    pub image: Option<Arc<GiftImage>>,
    /// Who gives it.
    pub from: Option<String>,
    /// Who gets it.
    pub receiver: Receiver,
}

impl fmt::Debug for GiftLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GiftLetter({} {})", self.amount, self.currency)
    }
}

impl Message {
    /// Where it goes.
    pub const fn kind(&self) -> Kind {
        match self.content {
            Content::Loyalty(_) => Kind::Loyalty,
            Content::Mail(_) => Kind::Mail,
            Content::Webhook(notice) => Kind::Webhook(notice.hook),
        }
    }

    /// The channel that sent it. A webhook's are looked after with the webhook.
    pub fn channel(&self) -> Option<ChannelId> {
        match &self.content {
            Content::Loyalty(loyalty) => Some(loyalty.channel),
            Content::Mail(mail) => Some(mail.channel),
            Content::Webhook(_) => None,
        }
    }

    /// Whether it is still to be delivered, and when it is tried next.
    pub const fn next(&self) -> Option<Timestamp> {
        match self.state {
            MessageState::Waiting { next } => Some(next),
            MessageState::GivenUp { .. } => None,
        }
    }

    /// The same message after an attempt that failed.
    pub(crate) fn failed(&self, why: &str, now: Timestamp, chance: u64) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let next = now.plus_ms(back_off_ms(attempts, chance));
        let over = self.due.plus_ms(PATIENCE_MS) <= now;
        let state = if over { MessageState::GivenUp { at: now } } else { MessageState::Waiting { next } };
        let failure = Some(why.chars().take(MAX_FAILURE).collect());
        Self { attempts, state, failure, ..self.clone() }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => write!(f, "order/{id}"),
            Self::Customer(hash) => write!(f, "customer/{hash}"),
            Self::Gift(id) => write!(f, "gift/{id}"),
            Self::Event(id) => write!(f, "event/{id}"),
            Self::Session(id) => write!(f, "session/{id}"),
            Self::Webhook(id) => write!(f, "webhook/{id}"),
        }
    }
}

/// How long after the first failure the second attempt is made at most, in milliseconds.
const FIRST_MS: i64 = 5_000;
/// How long there is between two attempts at most, in milliseconds.
const MOST_MS: i64 = 6 * 3_600_000;
/// For how long from its due time on a message is tried, in milliseconds.
const PATIENCE_MS: i64 = 3 * DAY_MS;
/// Characters of a reason that are kept.
const MAX_FAILURE: usize = 300;
/// Results in one command at most.
pub const MAX_SETTLED: usize = 256;

/// How long is waited after so many failures, in milliseconds: twice as long each time, up to half of it left to chance, so that what failed together
/// does not come again together.
fn back_off_ms(failures: u32, chance: u64) -> i64 {
    let full = (FIRST_MS << failures.saturating_sub(1).min(20)).min(MOST_MS);
    full / 2 + (chance % (full / 2 + 1).unsigned_abs()).cast_signed()
}

/// What is told of messages.
#[derive(Debug, Clone)]
pub enum OutboxCommand {
    /// What became of deliveries, by whoever delivers.
    Settle(Vec<(MessageId, Delivery)>),
    /// An operator has these: they are not delivered any more. Answers the ids of those that were there.
    Take(Vec<MessageId>),
    /// Try these again, now. Answers the ids of those that were there.
    Retry(Vec<MessageId>),
    /// Try a webhook. Answers the message's id.
    Test(WebhookId),
    /// Tell a webhook these again. Answers their ids.
    Replay(WebhookId, Vec<Again>),
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver has it.
    Done,
    /// The receiver refused it.
    Failed(String),
    /// A webhook was tried, and how that ended.
    Tried(Tried),
    /// The webhook is gone, and there is nobody to deliver to.
    Lost,
}

/// Who looks after messages, beside the administrators of an operator: those who manage the channels that sent them.
pub const ROLES: &[Role] = &[Role::ChannelManager];

/// Decides what becomes of messages. What is not there any more stays so.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` for anybody but the system where it tells results, and for who has none of the roles; `DIST0005` for too many at once.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &OutboxCommand) -> Planned {
    match command {
        OutboxCommand::Settle(results) => settle(world, moment, actor, results),
        OutboxCommand::Take(ids) => {
            let taken = in_reach(world, moment, actor, ids)?;
            let changes = taken.iter().map(|message| Change::Delete(Key::Message(message.id))).collect();
            Ok(Done { changes, reply: ids_of(&taken) })
        }
        OutboxCommand::Retry(ids) => {
            let state = MessageState::Waiting { next: moment.now };
            let again = |message: &Message| Arc::new(Message { state, ..message.clone() }).into();
            // What is not due yet, nobody has tried.
            let mut tried = in_reach(world, moment, actor, ids)?;
            tried.retain(|message| message.due <= moment.now);
            Ok(Done { changes: tried.iter().map(|message| again(message)).collect(), reply: ids_of(&tried) })
        }
        OutboxCommand::Test(hook) => results::test(world, moment, actor, *hook),
        OutboxCommand::Replay(hook, again) => results::replay(world, moment, actor, *hook, again),
    }
}

fn settle(world: &World, moment: &Moment, actor: &Actor, results: &[(MessageId, Delivery)]) -> Planned {
    let Actor::System = actor else { return Err(Code::ForbiddenResource.into()) };
    let (mut changes, mut draw, mut log) = (Vec::new(), moment.draw(), Log::new(world, moment.now));
    vouchers::all(results.iter().map(|(id, _)| world.message(*id)))?;
    for (id, delivery) in results {
        let Some(message) = world.message(*id)? else { continue };
        match (delivery, &message.content) {
            (Delivery::Tried(tried), Content::Webhook(notice)) => log.tried(message, notice, tried, draw.number()),
            (Delivery::Lost, Content::Webhook(notice)) if results::is_lost(world, notice) => {
                changes.push(Change::Delete(Key::Message(*id)));
            }
            (Delivery::Tried(_) | Delivery::Lost, _) => {}
            (Delivery::Done, _) => changes.push(Change::Delete(Key::Message(*id))),
            (Delivery::Failed(why), _) if message.next().is_some() => {
                changes.push(Arc::new(message.failed(why, moment.now, draw.number())).into());
            }
            (Delivery::Failed(_), _) => {}
        }
    }
    changes.extend(log.finish());
    Ok(Done { changes, reply: Reply::Done })
}

/// The messages named, as far as they are there and the caller's to look after.
fn in_reach<'a>(world: &'a World, moment: &Moment, actor: &Actor, ids: &[MessageId]) -> Result<Vec<&'a Arc<Message>>, Stop> {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let reach = reach(&here, actor, ROLES)?;
    if ids.len() > MAX_SETTLED {
        return Err(Error::invalid(&["ids"]).into());
    }
    let mut found = vouchers::all(ids.iter().map(|id| world.message(*id)))?;
    let entity = |message: &Message| Some(world.identity.channels.get(&message.channel()?)?.entity);
    found.retain(|message| entity(message).is_some_and(|entity| reach.covers(entity)));
    found.sort_unstable_by_key(|message| message.id);
    found.dedup_by_key(|message| message.id);
    Ok(found)
}

fn ids_of(messages: &[&Arc<Message>]) -> Reply {
    Reply::Ids(messages.iter().map(|message| message.id.0).collect())
}

impl World {
    /// A message, if it is in memory or known not to be anywhere.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn message(&self, id: MessageId) -> Result<Option<&Arc<Message>>, Stop> {
        self.known(self.resident_message(id), || Key::Message(id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FIRST_MS, MOST_MS, back_off_ms};

    proptest! {
        #[test]
        fn who_failed_often_waits_longer_and_never_too_long(failures in 1_u32..10_000, chance in any::<u64>(), other in any::<u64>()) {
            let wait = back_off_ms(failures, chance);
            prop_assert!((FIRST_MS / 2..=MOST_MS).contains(&wait));
            prop_assert!(back_off_ms(failures + 1, other) >= wait.min(MOST_MS / 2));
        }
    }
}
