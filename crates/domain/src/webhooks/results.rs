//! What becomes of a webhook's messages: each attempt is a line of its log, one that failed is made again later, and a webhook that nothing reaches for
//! [`PATIENCE_MS`] is switched off. And what people do with them: try a webhook, and have told again what its receiver lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Action, Attempt, End, Notice, PATIENCE_MS, ROLES, Then, Told, Webhook, WebhookStanding, What};
use crate::change::{Change, Key, Row};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::identity::check::Actor;
use crate::identity::manage::{Here, find, reach};
use crate::ids::{MessageId, WebhookId};
use crate::messages::{About, Content, MAX_SETTLED, Message, MessageState};
use crate::moment::{Moment, Timestamp};
use crate::orders::draft::Draft;
use crate::vouchers;
use crate::world::World;

/// An attempt to deliver a message to a webhook, as whoever made it tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// How it ended.
    pub end: End,
    /// How long the receiver asks to be left alone, in milliseconds.
    pub wait_ms: Option<i64>,
}

/// Something of a webhook's log that is to be told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// The message, as its receiver knows it.
    pub message: MessageId,
    /// What it is about.
    pub about: About,
    /// What it said.
    pub told: Told,
}

/// Attempts of several webhooks being written down.
pub struct Log<'a> {
    world: &'a World,
    now: Timestamp,
    standings: BTreeMap<WebhookId, WebhookStanding>,
    changes: Vec<Change>,
}

impl<'a> Log<'a> {
    /// Nothing yet.
    pub const fn new(world: &'a World, now: Timestamp) -> Self {
        Self { world, now, standings: BTreeMap::new(), changes: Vec::new() }
    }

    /// A message was tried.
    pub fn tried(&mut self, message: &Message, notice: &Notice, tried: &Tried, chance: u64) {
        let failed = message.failed(&tried.end.to_string(), self.now, chance);
        let then = match failed.state {
            _ if tried.end.is_delivered() => Then::Delivered,
            MessageState::Waiting { next } => Then::Again(next.max(self.now.plus_ms(tried.wait_ms.unwrap_or(0)))),
            MessageState::GivenUp { .. } => Then::GivenUp,
        };
        match then {
            Then::Again(next) => self.changes.push(Arc::new(Message { state: MessageState::Waiting { next }, ..failed }).into()),
            // What it said is in the log.
            Then::Delivered | Then::GivenUp => self.changes.push(Change::Delete(Key::Message(message.id))),
        }
        let before = self.world.webhook_standings.get(&notice.hook).copied();
        let standing = self.standings.entry(notice.hook).or_insert_with(|| before.unwrap_or(WebhookStanding::new(notice.hook)));
        standing.note(tried);
        let attempt = Attempt {
            hook: notice.hook,
            number: standing.attempts,
            message: notice.repeats.unwrap_or(message.id),
            about: message.about,
            told: notice.told,
            at: tried.at,
            took_ms: tried.took_ms,
            end: tried.end,
            then,
        };
        self.changes.push(Arc::new(attempt).into());
    }

    /// All that changes: webhooks that nothing reached for long enough are switched off.
    pub fn finish(mut self) -> Vec<Change> {
        for standing in self.standings.into_values() {
            self.changes.push(standing.into());
            let hook = self.world.identity.webhooks.get(&standing.hook).filter(|hook| hook.status == Status::Active);
            if let Some(hook) = hook.filter(|hook| standing.is_hopeless(hook, self.now)) {
                let off = Webhook { status: Status::Inactive, given_up: Some(self.now), version: hook.version + 1, ..Webhook::clone(hook) };
                self.changes.push(Row::from(Arc::new(off)).into());
            }
        }
        self.changes
    }
}

impl WebhookStanding {
    /// Of one that nothing was ever sent to.
    pub const fn new(hook: WebhookId) -> Self {
        Self { hook, attempts: 0, delivered: None, failing_since: None, failures: 0 }
    }

    fn note(&mut self, tried: &Tried) {
        self.attempts += 1;
        if tried.end.is_delivered() {
            (self.delivered, self.failing_since, self.failures) = (Some(tried.at), None, 0);
        } else {
            self.failing_since.get_or_insert(tried.at);
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Whether nothing has reached the webhook for too long, counted from when it was last switched on.
    fn is_hopeless(&self, hook: &Webhook, now: Timestamp) -> bool {
        self.failing_since.is_some_and(|since| since.max(hook.active_since).plus_ms(PATIENCE_MS) <= now)
    }
}

/// Whether nobody is left to get a message: its webhook is gone.
pub fn is_lost(world: &World, notice: &Notice) -> bool {
    world.identity.webhooks.get(&notice.hook).is_none_or(|hook| hook.status == Status::Gone)
}

/// Sends a webhook a message that it wants whatever it asked for. Answers the message's id.
///
/// # Errors
/// Those of [`find_hook`]; `CONFLICT` if it is switched off.
pub fn test(world: &World, moment: &Moment, actor: &Actor, id: WebhookId) -> Planned {
    let hook = find_hook(world, moment, actor, id)?;
    is_on(hook)?;
    let mut draft = Draft::new(world);
    let told = Told { action: Action::Test, what: What::Webhook(id) };
    let message = draft.send(moment.now, moment.now, About::Webhook(id), Content::Webhook(Notice { hook: id, told, repeats: None }));
    Ok(Done { changes: draft.finish(), reply: Reply::Ids(vec![message.0]) })
}

/// Tells a webhook again what is in its log, under the ids that its receiver knows. What still waits is tried at once. Answers those ids.
///
/// # Errors
/// Those of [`find_hook`]; `CONFLICT` if it is switched off; `DIST0005` for too many at once.
pub fn replay(world: &World, moment: &Moment, actor: &Actor, id: WebhookId, again: &[Again]) -> Planned {
    let hook = find_hook(world, moment, actor, id)?;
    is_on(hook)?;
    if again.len() > MAX_SETTLED {
        return Err(Error::invalid(&["deliveries"]).into());
    }
    vouchers::all(again.iter().map(|one| world.message(one.message)))?;
    let (now, mut draft, mut done) = (moment.now, Draft::new(world), Vec::new());
    for one in again {
        match world.message(one.message)? {
            Some(waiting) => draft.put(Arc::new(Message { state: MessageState::Waiting { next: now }, ..Message::clone(waiting) })),
            None => {
                let notice = Notice { hook: id, told: one.told, repeats: Some(one.message) };
                draft.send(now, now, one.about, Content::Webhook(notice));
            }
        }
        done.push(one.message.0);
    }
    Ok(Done { changes: draft.finish(), reply: Reply::Ids(done) })
}

fn is_on(hook: &Webhook) -> Result<(), Error> {
    if hook.status == Status::Active { Ok(()) } else { Err(Error::new(Code::Conflict).because("the webhook is switched off")) }
}

/// A webhook within reach.
fn find_hook<'a>(world: &'a World, moment: &Moment, actor: &Actor, id: WebhookId) -> Result<&'a Webhook, Stop> {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let reach = reach(&here, actor, ROLES)?;
    let hook = find(&world.identity.webhooks, id)?;
    let within = hook.owner.entity(&world.identity).is_some_and(|entity| reach.covers(entity));
    if within { Ok(hook) } else { Err(Code::NotFound.into()) }
}
