//! Webhooks of channels and entities: who sets them up, and what they may be. Whether an address may be called at all is an installation's to say, and is
//! looked at by whoever calls it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Edit, Here, Reach, all_good, find, is_name, made, new_id, reach, unchanged};
use crate::command::Done;
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::identity::check::Actor;
use crate::ids::WebhookId;
use crate::webhooks::{FormerSecret, ROLES, Subject, Topic, Webhook, WebhookOwner, WebhookSecret};

/// Webhooks of one owner at most.
pub const MAX_WEBHOOKS: usize = 20;
/// Characters of an address at most.
pub const MAX_URL: usize = 1_000;
/// How long two secrets sign side by side at most, in milliseconds.
pub const MAX_OVERLAP_MS: i64 = 30 * crate::moment::DAY_MS;

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Else the next one.
    pub id: Option<WebhookId>,
    /// Whose it is.
    pub owner: WebhookOwner,
    /// Shown to people.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it wants to be told; everything if there are none.
    pub topics: Vec<Topic>,
    /// What its messages are signed with.
    pub secret: WebhookSecret,
}

/// What of a webhook becomes different.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of a webhook")]
pub struct WebhookChange {
    pub name: Option<String>,
    pub url: Option<String>,
    pub topics: Option<Vec<Topic>>,
    pub status: Option<Status>,
}

/// A new secret in place of one that goes on signing for a while, so that a receiver has time to learn it.
#[derive(Debug, Clone)]
pub struct SecretRotation {
    /// Of which webhook.
    pub id: WebhookId,
    /// The version it must still have, if the caller cares.
    pub expected: Option<u64>,
    /// The new secret.
    pub secret: WebhookSecret,
    /// How long the old one still signs, in milliseconds; 0 ends it at once.
    pub overlap_ms: i64,
}

pub(super) fn decide(here: &Here, actor: &Actor, edit: &Edit<WebhookId, NewWebhook, WebhookChange>) -> Result<Done, Error> {
    let reach = reach(here, actor, ROLES)?;
    let hook = match edit {
        Edit::Create(new) => create(here, reach, new)?,
        Edit::Update { id, expected, change } => update(here, reach, *id, *expected, change)?,
    };
    all_good(&bad_fields(&hook))?;
    Ok(made(hook.id.0, Arc::new(hook)))
}

fn create(here: &Here, reach: Reach, new: &NewWebhook) -> Result<Webhook, Error> {
    let (name, known) = match new.owner {
        WebhookOwner::Channel(id) => ("channel_id", find(&here.identity.channels, id).map(|channel| channel.entity)),
        WebhookOwner::Entity(id) => ("entity_id", find(&here.identity.entities, id).map(|entity| entity.id)),
    };
    if !known.is_ok_and(|entity| reach.covers(entity)) {
        return Err(Error::invalid(&[name]));
    }
    let theirs = here.identity.webhooks.values().filter(|hook| hook.owner == new.owner && hook.status != Status::Gone);
    if theirs.count() >= MAX_WEBHOOKS {
        return Err(Error::new(Code::Conflict).because("the owner has as many webhooks as it may have"));
    }
    Ok(Webhook {
        id: new_id(&here.identity.webhooks, new.id)?,
        owner: new.owner,
        name: new.name.clone(),
        url: new.url.clone(),
        topics: new.topics.clone(),
        status: Status::Active,
        secret: new.secret,
        former: None,
        active_since: here.now,
        given_up: None,
        version: 1,
    })
}

fn update(here: &Here, reach: Reach, id: WebhookId, expected: Option<u64>, change: &WebhookChange) -> Result<Webhook, Error> {
    let old = within(here, reach, id)?;
    unchanged(old, expected)?;
    let status = change.status.unwrap_or(old.status);
    let is_new = status == Status::Active && old.status != Status::Active;
    let (active_since, given_up) = if is_new { (here.now, None) } else { (old.active_since, old.given_up) };
    Ok(Webhook {
        name: change.name.clone().unwrap_or_else(|| old.name.clone()),
        url: change.url.clone().unwrap_or_else(|| old.url.clone()),
        topics: change.topics.clone().unwrap_or_else(|| old.topics.clone()),
        status,
        active_since,
        given_up,
        version: old.version + 1,
        ..old.clone()
    })
}

/// Decides a rotation: one step, so that there is never a message without a signature that its receiver can check.
pub(super) fn rotate(here: &Here, actor: &Actor, rotation: &SecretRotation) -> Result<Done, Error> {
    let old = within(here, reach(here, actor, ROLES)?, rotation.id)?;
    unchanged(old, rotation.expected)?;
    let former = FormerSecret { secret: old.secret, until: here.now.plus_ms(rotation.overlap_ms.clamp(0, MAX_OVERLAP_MS)) };
    let former = (rotation.overlap_ms > 0).then_some(former);
    let hook = Webhook { secret: rotation.secret, former, version: old.version + 1, ..old.clone() };
    Ok(made(hook.id.0, Arc::new(hook)))
}

fn within<'a>(here: &Here<'a>, reach: Reach, id: WebhookId) -> Result<&'a Webhook, Error> {
    let hook = find(&here.identity.webhooks, id)?;
    let covered = hook.owner.entity(here.identity).is_some_and(|entity| reach.covers(entity));
    if covered { Ok(hook) } else { Err(Code::NotFound.into()) }
}

/// The fields whose values are out of range.
pub fn bad_fields(hook: &Webhook) -> Vec<&'static str> {
    let mut bad = Vec::new();
    if !is_name(&hook.name) {
        bad.push("name");
    }
    if !(1..=MAX_URL).contains(&hook.url.chars().count()) {
        bad.push("url");
    }
    let subjects: BTreeSet<_> = hook.topics.iter().map(|topic| topic.event).collect();
    let can_happen = |topic: &Topic| topic.event != Subject::Webhook && topic.actions.iter().all(|one| topic.event.actions().contains(one));
    if subjects.len() != hook.topics.len() || !hook.topics.iter().all(can_happen) {
        bad.push("events");
    }
    bad
}
