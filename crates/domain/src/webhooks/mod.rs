//! Webhooks: addresses outside that are told what happens, as they are stored: what each wants to be told, its secret, and how its deliveries went.
//!
//! What is told of a change is [`told`]'s, what becomes of a delivery [`results`]'; who may set one up is `identity::manage::webhooks`'. How it is sent and
//! signed is the server's `outbox::hooks`'.

pub mod results;
pub mod told;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, Role, Status};
use crate::ids::{ChannelId, EntityId, EventId, MessageId, OrderCode, SessionId, WebhookId};
use crate::messages::About;
use crate::moment::{DAY_MS, Timestamp};

/// Who manages webhooks, beside the administrators of an operator.
pub const ROLES: &[Role] = &[Role::ChannelManager, Role::EventManager];
/// Attempts of one webhook that its log keeps: the last ones.
pub const MAX_LOGGED: u64 = 10_000;
/// A webhook that nothing reached for so long is switched off, in milliseconds.
pub const PATIENCE_MS: i64 = 3 * DAY_MS;

/// An address that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Unique in its operator.
    pub id: WebhookId,
    /// Whose it is: it is told of what that one may see.
    pub owner: WebhookOwner,
    /// Shown to people.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it wants to be told; everything if there are none.
    pub topics: Vec<Topic>,
    /// Whether it is told anything.
    pub status: Status,
    /// What its messages are signed with.
    pub secret: WebhookSecret,
    /// The secret before, while that is signed with, too.
    pub former: Option<FormerSecret>,
    /// Since when it is switched on.
    pub active_since: Timestamp,
    /// When it was switched off because nothing reached it any more.
    pub given_up: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

/// Whose a webhook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WebhookOwner {
    /// A channel's: what it sells, and what it may sell.
    Channel(ChannelId),
    /// An entity's: what its channels sell, what is sold of its events, and its events themselves.
    Entity(EntityId),
}

/// What messages of a webhook are signed with. Whoever signs needs it as it is, so it is stored; it is shown once.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecret(pub [u8; 32]);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

/// A secret that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// It.
    pub secret: WebhookSecret,
    /// Signs until here.
    pub until: Timestamp,
}

/// Something that a webhook wants to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What it happens to.
    pub event: Subject,
    /// What happens; anything if there are none.
    pub actions: Vec<Action>,
}

/// What something happens to: the header `ob-event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field's own names")]
pub enum Subject {
    Order,
    Event,
    Session,
    /// A session in a channel.
    Publication,
    /// The webhook itself.
    Webhook,
}

/// What happens: the header `ob-action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// An order was sold.
    Purchase,
    /// Places were booked.
    Booking,
    /// A booking was sold.
    Issue,
    /// Something was given back.
    Refund,
    /// Something is new.
    Create,
    /// Something became different.
    Update,
    /// A booking is over; an event or session was called off.
    Cancel,
    /// Something was taken out.
    Delete,
    /// Somebody tries the webhook.
    Test,
}

impl Subject {
    /// All that can be asked for, with their names.
    pub const ALL: &[(&str, Self)] =
        &[("ORDER", Self::Order), ("EVENT", Self::Event), ("SESSION", Self::Session), ("PUBLICATION", Self::Publication)];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "ORDER",
            Self::Event => "EVENT",
            Self::Session => "SESSION",
            Self::Publication => "PUBLICATION",
            Self::Webhook => "WEBHOOK",
        }
    }

    /// What can happen to it.
    pub const fn actions(self) -> &'static [Action] {
        match self {
            Self::Order => &[Action::Purchase, Action::Booking, Action::Issue, Action::Refund, Action::Update, Action::Cancel],
            Self::Event | Self::Session => &[Action::Create, Action::Update, Action::Cancel],
            Self::Publication => &[Action::Create, Action::Update, Action::Delete],
            Self::Webhook => &[Action::Test],
        }
    }
}

impl Action {
    /// All that can be asked for, with their names.
    pub const ALL: &[(&str, Self)] = &[
        ("PURCHASE", Self::Purchase),
        ("BOOKING", Self::Booking),
        ("ISSUE", Self::Issue),
        ("REFUND", Self::Refund),
        ("CREATE", Self::Create),
        ("UPDATE", Self::Update),
        ("CANCEL", Self::Cancel),
        ("DELETE", Self::Delete),
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "PURCHASE",
            Self::Booking => "BOOKING",
            Self::Issue => "ISSUE",
            Self::Refund => "REFUND",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Cancel => "CANCEL",
            Self::Delete => "DELETE",
            Self::Test => "TEST",
        }
    }
}

/// What a webhook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What happened.
    pub action: Action,
    /// To what.
    pub what: What,
}

/// What something happened to, as it is named outside. It names no order id: whoever knows that may change the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// An order.
    Order {
        /// Its code.
        code: OrderCode,
        /// The code of the order that it takes the place of, or gives something back of.
        previous: Option<OrderCode>,
    },
    /// An event.
    Event(EventId),
    /// A session of an event.
    Session(EventId, SessionId),
    /// A session of an event in a channel.
    Publication(EventId, SessionId, ChannelId),
    /// The webhook.
    Webhook(WebhookId),
}

impl Told {
    /// What it happened to.
    pub const fn event(&self) -> Subject {
        match self.what {
            What::Order { .. } => Subject::Order,
            What::Event(_) => Subject::Event,
            What::Session(..) => Subject::Session,
            What::Publication(..) => Subject::Publication,
            What::Webhook(_) => Subject::Webhook,
        }
    }
}

/// A message for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// For which.
    pub hook: WebhookId,
    /// What it says.
    pub told: Told,
    /// The message that this one repeats: its receiver knows both by this id.
    pub repeats: Option<MessageId>,
}

/// How the deliveries of a webhook go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookStanding {
    /// Of which.
    pub hook: WebhookId,
    /// Attempts so far; their log lines count from 1.
    pub attempts: u64,
    /// When something last reached it.
    pub delivered: Option<Timestamp>,
    /// Since when nothing reaches it.
    pub failing_since: Option<Timestamp>,
    /// Attempts that failed in a row.
    pub failures: u32,
}

/// A line of a webhook's log: one attempt to deliver one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Of which webhook.
    pub hook: WebhookId,
    /// Counts the webhook's attempts from 1.
    pub number: u64,
    /// Which message, as its receiver knows it.
    pub message: MessageId,
    /// What it is about.
    pub about: About,
    /// What it said.
    pub told: Told,
    /// When it was tried.
    pub at: Timestamp,
    /// How long that took, in milliseconds.
    pub took_ms: u32,
    /// How it ended.
    pub end: End,
    /// What becomes of the message.
    pub then: Then,
}

impl Attempt {
    /// Where in the log its line is: the log is a ring.
    pub const fn slot(&self) -> u64 {
        self.number % MAX_LOGGED
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The receiver answered with this status: 2xx says that it has it.
    Answered(u16),
    /// There was no answer.
    Failed(Failure),
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The name has no address.
    Name,
    /// The name's addresses are none that webhooks may be sent to.
    Forbidden,
    /// Nobody takes connections there.
    Connection,
    /// It did not prove who it is, or speaks no TLS.
    Tls,
    /// It took too long.
    Late,
    /// It broke off, or what came was no HTTP.
    Broken,
}

impl Failure {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Forbidden => "FORBIDDEN_ADDRESS",
            Self::Connection => "CONNECTION",
            Self::Tls => "TLS",
            Self::Late => "TIMEOUT",
            Self::Broken => "PROTOCOL",
        }
    }
}

impl End {
    /// Whether the receiver has it.
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(f, "status {status}"),
            Self::Failed(failure) => f.write_str(failure.as_str()),
        }
    }
}

/// What becomes of a message after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// Nothing: it is delivered.
    Delivered,
    /// It is tried again.
    Again(Timestamp),
    /// It was tried for long enough.
    GivenUp,
}

impl Webhook {
    /// Whether it wants to be told this.
    pub fn wants(&self, told: &Told) -> bool {
        let named = |topic: &Topic| topic.event == told.event() && (topic.actions.is_empty() || topic.actions.contains(&told.action));
        self.topics.is_empty() || self.topics.iter().any(named)
    }

    /// The secrets that a message is signed with now, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = WebhookSecret> {
        let former = self.former.filter(|former| now < former.until).map(|former| former.secret);
        std::iter::once(self.secret).chain(former)
    }
}

impl WebhookOwner {
    /// The entity that it belongs to, if it is there.
    pub fn entity(self, identity: &Identity) -> Option<EntityId> {
        match self {
            Self::Channel(channel) => identity.channels.get(&channel).map(|channel| channel.entity),
            Self::Entity(entity) => Some(entity),
        }
    }
}
