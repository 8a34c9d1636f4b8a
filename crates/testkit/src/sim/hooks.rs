//! Webhooks of the simulated operator, and receivers that take, refuse, or take and are not heard.

use std::collections::BTreeMap;

use aforo_domain::change::{Key, Row};
use aforo_domain::command::Command;
use aforo_domain::identity::Status;
use aforo_domain::identity::manage::webhooks::NewWebhook;
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::ids::{EntityId, WebhookId};
use aforo_domain::messages::{Content, Delivery, Kind, Message};
use aforo_domain::moment::{Draw, Timestamp};
use aforo_domain::orders::Order;
use aforo_domain::webhooks::results::Tried;
use aforo_domain::webhooks::{Action, End, Failure, Subject, Topic, Webhook, WebhookOwner, WebhookSecret};

use super::stage::WEB;

/// The web channel's, which wants everything.
const OF_WEB: WebhookId = WebhookId(1);
/// The opera's, which wants to hear of orders.
const OF_OPERA: WebhookId = WebhookId(2);

/// The queues of all webhooks.
pub const KINDS: [Kind; 2] = [Kind::Webhook(OF_WEB), Kind::Webhook(OF_OPERA)];

/// What makes them.
pub fn commands() -> Vec<Command> {
    let new = |id, owner, topics| NewWebhook {
        id: Some(id),
        owner,
        name: "Ours".to_owned(),
        url: "https://example.org/hook".to_owned(),
        topics,
        secret: WebhookSecret([7; 32]),
    };
    let orders = vec![Topic { event: Subject::Order, actions: Vec::new() }];
    [new(OF_WEB, WebhookOwner::Channel(WEB), Vec::new()), new(OF_OPERA, WebhookOwner::Entity(EntityId(1)), orders)]
        .map(|new| Command::Identity(IdentityCommand::Webhook(Edit::Create(new))))
        .into()
}

/// What becomes of an attempt, and whether the receiver has the message.
pub fn attempt(now: Timestamp, refuses: bool, draw: &mut Draw) -> (Delivery, bool) {
    let chance = if refuses { draw.number() % 12 } else { 11 };
    let (end, has_it) = match chance {
        0 => (End::Answered(500), false),
        1 => (End::Failed(Failure::Connection), false),
        // It has it, and aforo does not know: it comes again.
        2 => (End::Failed(Failure::Late), true),
        _ => (End::Answered(200), true),
    };
    (Delivery::Tried(Tried { at: now, took_ms: 5, end, wait_ms: None }), has_it)
}

/// Whether a message tells a webhook that an order was sold.
pub fn is_of_a_sale(message: &Message) -> bool {
    matches!(&message.content, Content::Webhook(notice) if matches!(notice.told.action, Action::Purchase | Action::Issue))
}

/// The webhooks that are to be told that an order was sold. All events here are the opera's, and so are both channels.
pub fn told_of_a_sale(rows: &BTreeMap<Key, Row>, order: &Order) -> Vec<Kind> {
    let hooks = rows.values().filter_map(|row| if let Row::Webhook(hook) = row { Some(hook) } else { None });
    let hears = |hook: &Webhook| match hook.owner {
        WebhookOwner::Channel(channel) => channel == order.seller.channel,
        WebhookOwner::Entity(_) => true,
    };
    hooks.filter(|hook| hook.status == Status::Active && hears(hook)).map(|hook| Kind::Webhook(hook.id)).collect()
}
