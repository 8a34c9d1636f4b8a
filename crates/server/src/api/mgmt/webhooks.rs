//! Webhooks: addresses that are told what happens (docs/WEBHOOKS.md). They are set up, tried, and their deliveries looked at here; a secret is shown in the
//! one answer that made it.

use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::identity::manage::webhooks::{NewWebhook, SecretRotation, WebhookChange};
use aforo_domain::identity::manage::{Edit, IdentityCommand, find};
use aforo_domain::ids::{ChannelId, EntityId, WebhookId};
use aforo_domain::messages::OutboxCommand;
use aforo_domain::webhooks::{Action, Subject, Topic, Webhook, WebhookOwner, WebhookSecret, WebhookStanding};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, listed, name, optional_name, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{AnyManagers, Manager, PathId};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time::Shown;
use crate::http::wire::{List, Num};
use crate::outbox::hooks::{addresses, shown};

const MAX_OVERLAP_HOURS: u64 = 30 * 24;
const USUAL_OVERLAP_HOURS: u64 = 24;
const HOUR_MS: i64 = 3_600_000;
/// What a webhook may want to be told of at most: one entry an event.
const MAX_TOPICS: usize = Subject::ALL.len();

/// A webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookView {
    id: u64,
    /// Whose it is, if it is a channel's.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u64>,
    /// Whose it is, if it is an entity's.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<u64>,
    name: String,
    url: String,
    /// What it wants to be told; everything if this is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<TopicView>,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// What its messages are signed with; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Until when the secret before signs, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_secret_until: Option<Shown>,
    /// When it was switched off because nothing had reached it for three days.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_up: Option<Shown>,
    /// How its deliveries go; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<StandingView>,
}

/// Something that a webhook wants to be told of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TopicView {
    /// `ORDER`, `EVENT`, `SESSION` or `PUBLICATION`.
    event: &'static str,
    /// Any, if this is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<&'static str>,
}

/// How the deliveries of a webhook go.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StandingView {
    /// Attempts so far.
    attempts: u64,
    /// When something last reached it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivered: Option<Shown>,
    /// Since when nothing reaches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Shown>,
    /// Attempts that failed in a row.
    failures: u32,
}

/// A webhook to be made: a channel's or an entity's.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewWebhookBody {
    /// Else the next one.
    id: Option<Num>,
    /// Whose it is: a channel's is told of what it sells and may sell.
    channel_id: Option<Num>,
    /// Whose it is: an entity's is told of what its channels sell, of its events, and of what anybody sells of these.
    entity_id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// `https`, in the public internet, unless the installation allows others.
    #[schema(required = true)]
    url: Option<String>,
    /// What it wants to be told; everything, if this is not there.
    events: Option<Vec<TopicBody>>,
}

/// Something that a webhook wants to be told of.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TopicBody {
    /// `ORDER`, `EVENT`, `SESSION` or `PUBLICATION`; each once.
    #[schema(required = true)]
    event: Option<String>,
    /// Of an order `PURCHASE`, `BOOKING`, `ISSUE`, `REFUND`, `UPDATE`, `CANCEL`; of an event or session `CREATE`, `UPDATE`, `CANCEL`; of a publication
    /// `CREATE`, `UPDATE`, `DELETE`. Any, if this is not there.
    actions: Option<Vec<String>>,
}

/// What of a webhook becomes different.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct WebhookPatch {
    name: Option<String>,
    url: Option<String>,
    /// In place of what it wanted to be told; `[]`: everything.
    events: Option<Vec<TopicBody>>,
    /// `ACTIVE` or `INACTIVE`.
    status: Option<String>,
}

/// How a secret is rotated.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct SecretRotationBody {
    /// How long the old secret still signs, too: 0 to 720, else 24.
    overlap_hours: Option<Num>,
}

/// A message that was sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SentView {
    /// Its `webhook-id`.
    message_id: String,
}

impl Listed for Webhook {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.owner == WebhookOwner::Entity(entity)
    }
}

fn view(hook: &Webhook, secret: Option<WebhookSecret>, standing: Option<WebhookStanding>) -> WebhookView {
    let (channel_id, entity_id) = match hook.owner {
        WebhookOwner::Channel(id) => (Some(id.0), None),
        WebhookOwner::Entity(id) => (None, Some(id.0)),
    };
    let topic =
        |topic: &Topic| TopicView { event: topic.event.as_str(), actions: topic.actions.iter().map(|action| action.as_str()).collect() };
    WebhookView {
        id: hook.id.0,
        channel_id,
        entity_id,
        name: hook.name.clone(),
        url: hook.url.clone(),
        events: hook.topics.iter().map(topic).collect(),
        status: words::show(words::STATUS, &hook.status),
        secret: secret.map(shown),
        former_secret_until: hook.former.map(|former| Shown::utc(former.until)),
        given_up: hook.given_up.map(Shown::utc),
        deliveries: standing.map(|standing| StandingView {
            attempts: standing.attempts,
            last_delivered: standing.delivered.map(Shown::utc),
            failing_since: standing.failing_since.map(Shown::utc),
            failures: standing.failures,
        }),
    }
}

/// Lists webhooks; of a channel with `channel_id`.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(("channel_id" = Option<u64>, Query), Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<WebhookView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<AnyManagers>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let channel = params.id(&mut checks, "channel_id").map(ChannelId);
    let listing = Listing::read::<Webhook>(&params, &mut checks);
    let listing = checks.done(listing)?;
    let (reach, identity) = (manager.reach()?, &manager.view.identity);
    let of = |hook: &Webhook| channel.is_none_or(|channel| hook.owner == WebhookOwner::Channel(channel));
    let within = |hook: &Webhook| of(hook) && hook.owner.entity(identity).is_some_and(|entity| reach.covers(entity));
    Ok(listing.answer(listed(&identity.webhooks, within), |hook| view(hook, None, None)))
}

/// Makes a webhook, and shows its secret this once.
#[utoipa::path(
    post, path = "/webhooks", tag = "webhooks", operation_id = "create_webhook", request_body = NewWebhookBody,
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = WebhookView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<AnyManagers>, call: Call<NewWebhookBody>) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let channel = checks.optional_id("channel_id", body.channel_id.as_ref()).map(|id| WebhookOwner::Channel(ChannelId(id)));
    let entity = checks.optional_id("entity_id", body.entity_id.as_ref()).map(|id| WebhookOwner::Entity(EntityId(id)));
    if channel.is_some() && entity.is_some() {
        checks.bad_value("entity_id");
    }
    let url = checks.text("url", body.url.as_deref());
    let new = NewWebhook {
        id: checks.optional_id("id", body.id.as_ref()).map(WebhookId),
        owner: checks.required("entity_id", channel.or(entity)).unwrap_or(WebhookOwner::Entity(EntityId(0))),
        name: name(&mut checks, body.name.as_deref()),
        url: checked_url(&manager, &mut checks, url),
        topics: body.events.as_deref().map(|events| topics(&mut checks, events)).unwrap_or_default(),
        secret: WebhookSecret(manager.app.chance.seed()),
    };
    let new = checks.done(new)?;
    let secret = new.secret;
    let (id, answered) = manager.edit(&call, IdentityCommand::Webhook(Edit::Create(new))).await?;
    answer(&manager, id, &answered, (!answered.replayed).then_some(secret)).await
}

/// Reads a webhook, and how its deliveries go.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks")),
    responses((status = 200, body = WebhookView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<AnyManagers>, PathId(id): PathId) -> Result<Response, Problem> {
    let hook = within_reach(&manager, WebhookId(id))?;
    let standing = standing(&manager, hook.id).await?;
    Ok(super::read(&view(hook, None, standing), hook.version))
}

/// Changes a webhook, or switches it off and on. What waits for it while it is off is delivered when it is on again.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook", request_body = WebhookPatch,
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = WebhookView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<WebhookPatch>,
) -> Result<Response, Problem> {
    let (mut checks, body) = (Checks::new(), &call.body);
    let url = body.url.as_deref().map(|url| checks.text("url", Some(url)));
    let change = WebhookChange {
        name: optional_name(&mut checks, body.name.as_deref()),
        url: url.map(|url| checked_url(&manager, &mut checks, url)),
        topics: body.events.as_deref().map(|events| topics(&mut checks, events)),
        status: checks.one_of("status", body.status.as_deref(), words::STATUS),
    };
    let command = Edit::Update { id: WebhookId(id), expected, change: checks.done(change)? };
    let (id, answered) = manager.edit(&call, IdentityCommand::Webhook(command)).await?;
    answer(&manager, id, &answered, None).await
}

/// Takes a webhook away, and what waits for it.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let change = WebhookChange { status: Some(Status::Gone), ..WebhookChange::default() };
    let command = IdentityCommand::Webhook(Edit::Update { id: WebhookId(id), expected, change });
    let (id, answered) = manager.edit(&call, command).await?;
    Ok(super::deleted(&answered, id))
}

/// Gives a webhook a new secret, and shows it this once. For a while messages are signed with both.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("If-Match" = Option<String>, Header)),
    request_body = Option<SecretRotationBody>,
    responses((status = 200, body = WebhookView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn rotate(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(expected): IfMatch,
    call: Call<Option<SecretRotationBody>>,
) -> Result<Response, Problem> {
    let (mut checks, usual) = (Checks::new(), SecretRotationBody::default());
    let body = call.body.as_ref().unwrap_or(&usual);
    let hours = checks.optional_whole("overlap_hours", body.overlap_hours.as_ref(), 0..=MAX_OVERLAP_HOURS).unwrap_or(USUAL_OVERLAP_HOURS);
    let secret = WebhookSecret(manager.app.chance.seed());
    let rotation = SecretRotation { id: WebhookId(id), expected, secret, overlap_ms: hours as i64 * HOUR_MS };
    let rotation = checks.done(rotation)?;
    let (id, answered) = manager.edit(&call, IdentityCommand::RotateWebhook(rotation)).await?;
    answer(&manager, id, &answered, (!answered.replayed).then_some(secret)).await
}

/// Sends a webhook a message (`ob-event: WEBHOOK`, `ob-action: TEST`), whatever it wants to be told.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = SentView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn test(manager: Manager<AnyManagers>, PathId(id): PathId, call: Call<NoBody>) -> Result<Response, Problem> {
    let answered = manager.run(&call, Command::Outbox(OutboxCommand::Test(WebhookId(id)))).await?;
    let message = answered.ids()?.first().copied().ok_or(Code::Dist0000)?;
    Ok(answered.json(&SentView { message_id: format!("{}-{message}", manager.shard) }))
}

/// A webhook within reach.
pub(super) fn within_reach(manager: &Manager<AnyManagers>, id: WebhookId) -> Result<&Webhook, Problem> {
    let (reach, identity) = (manager.reach()?, &manager.view.identity);
    let hook = find(&identity.webhooks, id)?;
    let covered = hook.owner.entity(identity).is_some_and(|entity| reach.covers(entity));
    if covered { Ok(hook) } else { Err(Code::NotFound.into()) }
}

async fn standing(manager: &Manager<AnyManagers>, id: WebhookId) -> Result<Option<WebhookStanding>, Problem> {
    let shard = manager.shard;
    Ok(manager.app.engine.read(shard, move |reader| reader.webhook_standing(shard, id)).await?)
}

async fn answer(manager: &Manager<AnyManagers>, id: u64, answered: &Answered, secret: Option<WebhookSecret>) -> Result<Response, Problem> {
    let identity = manager.identity();
    let hook = find(&identity.webhooks, WebhookId(id))?;
    let standing = standing(manager, hook.id).await?;
    Ok(written(answered, &view(hook, secret, standing), hook.version))
}

/// An address that this installation would send to.
fn checked_url(manager: &Manager<AnyManagers>, checks: &mut Checks, url: String) -> String {
    if !url.is_empty() && addresses::read(&url, manager.app.config.webhooks).is_none() {
        checks.bad_value("url");
    }
    url
}

fn topics(checks: &mut Checks, bodies: &[TopicBody]) -> Vec<Topic> {
    if bodies.len() > MAX_TOPICS {
        checks.bad_value("events");
    }
    let topic = |body: &TopicBody| {
        let event = checks.required("events.event", body.event.as_deref());
        let event = checks.one_of("events.event", event, Subject::ALL)?;
        let words = body.actions.as_deref().unwrap_or_default();
        if words.len() > Action::ALL.len() {
            checks.bad_value("events.actions");
        }
        let known = Action::ALL.iter().filter(|(_, action)| event.actions().contains(action)).copied().collect::<Vec<_>>();
        let actions = words.iter().take(Action::ALL.len()).filter_map(|word| checks.one_of("events.actions", Some(word), &known));
        Some(Topic { event, actions: actions.collect() })
    };
    bodies.iter().take(MAX_TOPICS).filter_map(topic).collect()
}
