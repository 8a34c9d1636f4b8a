//! A webhook with two secrets, its standing, a line of its log and a message for it; and a line of the audit log.

use std::sync::Arc;

use aforo_domain::audit::{AuditActor, AuditApi, AuditLine};
use aforo_domain::change::Row;
use aforo_domain::identity::Status;
use aforo_domain::ids::*;
use aforo_domain::messages::{About, Content};
use aforo_domain::webhooks::{
    Action, Attempt, End, FormerSecret, Notice, Subject, Then, Told, Topic, Webhook, WebhookOwner, WebhookSecret, WebhookStanding, What,
};

use crate::rows::{CODE, NOW, message};

pub fn rows() -> Vec<Row> {
    let hook = WebhookId(61);
    let told = Told { action: Action::Refund, what: What::Order { code: CODE, previous: Some(CODE) } };
    let webhook = Webhook {
        id: hook,
        owner: WebhookOwner::Channel(ChannelId(21)),
        name: "Ours".into(),
        url: "https://example.org/«hook»".into(),
        topics: vec![
            Topic { event: Subject::Order, actions: vec![Action::Refund] },
            Topic { event: Subject::Session, actions: Vec::new() },
        ],
        status: Status::Inactive,
        secret: WebhookSecret([0x5e; 32]),
        former: Some(FormerSecret { secret: WebhookSecret([0x5f; 32]), until: NOW }),
        active_since: NOW,
        given_up: Some(NOW),
        version: 3,
    };
    let attempt = Attempt {
        hook,
        number: 10_007,
        message: MessageId(905),
        about: About::Session(SessionId(51)),
        told: Told { action: Action::Cancel, what: What::Session(EventId(50), SessionId(51)) },
        at: NOW,
        took_ms: 31,
        end: End::Answered(503),
        then: Then::Again(NOW.plus_ms(5_000)),
    };
    let by = AuditActor { platform: false, user: Some(UserId(12)), key: None, channel: None };
    let (api, action, kind, object) = (AuditApi::OrdersManagement, "REFUND".into(), "ORDER".into(), CODE.to_string());
    vec![
        Arc::new(AuditLine { id: AuditId(907), at: NOW, by, api, action, kind, object }).into(),
        Arc::new(webhook).into(),
        WebhookStanding { hook, attempts: 10_007, delivered: Some(NOW), failing_since: Some(NOW), failures: 2 }.into(),
        Arc::new(attempt).into(),
        Arc::new(message(906, NOW, Content::Webhook(Notice { hook, told, repeats: Some(MessageId(905)) }))).into(),
    ]
}
