//! Messages to the world outside that wait or were given up. Where an installation has no queue for loyalty programmes, an operator reads their messages
//! here, and takes them: then they are gone. What an e-mail says is shown to nobody but its receiver.

use aforo_domain::command::Command;
use aforo_domain::ids::{MessageId, ShardId};
use aforo_domain::messages::{Content, Kind, Letter, Message, MessageState, OutboxCommand};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::Paged;
use crate::api::messages::LoyaltyView;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{ChannelManagers, Manager};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time::Shown;
use crate::http::wire::{List, Metadata, Num};
use crate::store::lists::{Cut, MessagesWanted};

/// Messages taken or tried again in one call at most.
const MAX_IDS: usize = 256;

/// A message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MessageView<'a> {
    id: u64,
    /// By which its receiver knows it.
    message_id: String,
    /// `LOYALTY` or `MAIL`.
    kind: &'static str,
    channel_id: u64,
    /// `WAITING` or `GIVEN_UP`.
    status: &'static str,
    created: Shown,
    /// Not delivered before.
    due: Shown,
    /// How often it was refused.
    attempts: u32,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<Shown>,
    /// Why it was refused last.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    /// What a loyalty programme is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<LoyaltyView<'a>>,
    /// To whom an e-mail goes, and about what.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<MailView<'a>>,
}

/// An e-mail, without what it says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MailView<'a> {
    to: &'a str,
    /// `SOLD`: about an order that was sold. `REFUNDED`: about what comes back of one. `GIFT`: a gift voucher.
    letter: &'static str,
}

/// Messages, by their ids.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MessagesBody {
    /// At most 256.
    #[schema(required = true)]
    ids: Option<Vec<Num>>,
}

/// Those that were there.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MessageIdsView {
    ids: Vec<u64>,
}

fn view(shard: ShardId, message: &Message) -> MessageView<'_> {
    let (loyalty, mail) = match &message.content {
        Content::Webhook(_) => (None, None),
        Content::Loyalty(loyalty) => (Some(LoyaltyView::of(shard, loyalty)), None),
        Content::Mail(mail) => {
            let letter = match mail.letter {
                Letter::Sold(_) => "SOLD",
                Letter::Gift(_) => "GIFT",
                Letter::Refunded(..) => "REFUNDED",
                Letter::CalledOff(..) => "CALLED_OFF",
                Letter::Postponed(..) => "POSTPONED",
                Letter::Transferred(_) => "TRANSFERRED",
            };
            (None, Some(MailView { to: &mail.to, letter }))
        }
    };
    let (status, next) = match message.state {
        MessageState::Waiting { next } => ("WAITING", Some(Shown::utc(next))),
        MessageState::GivenUp { .. } => ("GIVEN_UP", None),
    };
    MessageView {
        id: message.id.0,
        message_id: format!("{shard}-{}", message.id),
        kind: message.kind().as_str(),
        channel_id: message.channel().map_or(0, |channel| channel.0),
        status,
        created: Shown::utc(message.created),
        due: Shown::utc(message.due),
        attempts: message.attempts,
        next_attempt: next,
        failure: message.failure.as_deref(),
        loyalty,
        mail,
    }
}

/// Lists the messages that were not delivered yet, the first sent first.
#[utoipa::path(
    get, path = "/messages", tag = "messages", operation_id = "list_messages",
    params(("kind" = Option<String>, Query, description = "`LOYALTY` or `MAIL`"), ("status" = Option<String>, Query, description = "`WAITING` or `GIVEN_UP`"), Paged),
    responses((status = 200, body = List<MessageView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<ChannelManagers>, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let kinds: Vec<_> = Kind::COMMON.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let kind = params.one_of(&mut checks, "kind", &kinds);
    let waiting = params.one_of(&mut checks, "status", &[("WAITING", true), ("GIVEN_UP", false)]);
    checks.done(())?;
    let (reach, channels) = (manager.reach()?, manager.view.identity.channels.values());
    let in_reach = channels.filter(|channel| reach.covers(channel.entity)).map(|channel| channel.id);
    let wanted = MessagesWanted { kind, waiting, channels: in_reach.collect() };
    let (shard, cut) = (manager.shard, Cut { limit: paging.limit, offset: paging.offset });
    let page = manager.app.engine.read(shard, move |reader| reader.messages(shard, &wanted, cut)).await?;
    let metadata = Metadata { limit: paging.limit, total: page.total, offset: paging.offset };
    Ok(json(&List { metadata, data: page.rows.iter().map(|message| view(shard, message)).collect() }))
}

/// Takes messages: they are somebody's now, and are not delivered any more. Answers those that were there.
#[utoipa::path(
    post, path = "/messages/acknowledge", tag = "messages", operation_id = "acknowledge_messages", request_body = MessagesBody,
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = MessageIdsView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn acknowledge(manager: Manager<ChannelManagers>, call: Call<MessagesBody>) -> Result<Response, Problem> {
    run(&manager, &call, OutboxCommand::Take).await
}

/// Tries messages again now, those that were given up, too. Answers those that were there and due.
#[utoipa::path(
    post, path = "/messages/retry", tag = "messages", operation_id = "retry_messages", request_body = MessagesBody,
    params(("operator_id" = Option<u64>, Query, description = "The operator, where a PLATFORM_ADMIN asks"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = MessageIdsView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn retry(manager: Manager<ChannelManagers>, call: Call<MessagesBody>) -> Result<Response, Problem> {
    run(&manager, &call, OutboxCommand::Retry).await
}

async fn run(
    manager: &Manager<ChannelManagers>,
    call: &Call<MessagesBody>,
    command: fn(Vec<MessageId>) -> OutboxCommand,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let ids = checks.list("ids", call.body.ids.as_deref());
    if ids.len() > MAX_IDS {
        checks.bad_value("ids");
    }
    let ids: Vec<_> = ids.iter().take(MAX_IDS).map(|id| MessageId(checks.id("ids", Some(id)))).collect();
    let ids = checks.done(ids)?;
    let answered = manager.run(call, Command::Outbox(command(ids))).await?;
    Ok(answered.json(&MessageIdsView { ids: answered.ids()?.to_vec() }))
}
