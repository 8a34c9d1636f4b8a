//! Where messages go, by their kind.

use std::time::Duration;

use aforo_domain::identity::Status;
use aforo_domain::ids::ShardId;
use aforo_domain::messages::{Content, Delivery, Kind, Loyalty, Mail, Message};
use aforo_domain::webhooks::Notice;

use super::hooks::Hooks;
use super::mail::Mailer;
use super::nats::Nats;
use crate::api::messages::{LoyaltyView, subject_of};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Handle;
use crate::engine::view::{ShardView, Views};

/// How long a delivery may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// The receiver cannot be reached: nothing is wrong with this message, and the others would fare alike.
    Away(String),
    /// The receiver does not take this message, for now at least.
    Refused(String),
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Something that its shard is to be told.
    Of(Delivery),
    /// The receiver is away, which is no result: the message waits as before.
    Away(String),
    /// The receiver is to get nothing for now.
    Held,
}

/// Where messages go.
#[derive(Debug)]
pub struct Targets {
    views: Views,
    mail: Mailer,
    loyalty: Option<Nats>,
    hooks: Hooks,
}

impl Targets {
    /// As an installation is set up.
    ///
    /// # Errors
    /// That there is no client for webhooks.
    pub fn of(config: &Config, engine: &Handle, clock: Clock, chance: Chance) -> Result<Self, String> {
        let hooks = Hooks::of(config, clock, chance).map_err(|error| error.to_string())?;
        Ok(Self {
            views: engine.views().clone(),
            mail: Mailer::of(config, engine.clone()),
            loyalty: config.nats.as_ref().map(Nats::of),
            hooks,
        })
    }

    /// The common kinds that are delivered from here. Others wait until an operator takes them.
    pub const fn kinds(&self) -> &'static [Kind] {
        if self.loyalty.is_some() { &Kind::COMMON } else { &[Kind::Mail] }
    }

    /// What is published of a shard.
    pub fn view(&self, shard: ShardId) -> Option<std::sync::Arc<ShardView>> {
        self.views.shard(shard)
    }

    /// Delivers a message. Whatever comes of it, the receiver may have it.
    pub async fn deliver(&self, shard: ShardId, message: &Message) -> Came {
        let Some(view) = self.view(shard) else { return Came::Held };
        let delivery = async {
            // Each way is a future of its own on the heap: else all would be as large as the largest, and are copied when they are spawned.
            match &message.content {
                Content::Mail(mail) => came(Box::pin(self.deliver_mail(shard, message, mail, &view)).await),
                Content::Loyalty(loyalty) => came(Box::pin(self.hand_over(shard, message, loyalty)).await),
                Content::Webhook(notice) => Box::pin(self.call(shard, message, notice, &view)).await,
            }
        };
        let late = |_| Came::Away(format!("no answer within {} s", DEADLINE.as_secs()));
        tokio::time::timeout(DEADLINE, delivery).await.unwrap_or_else(late)
    }

    async fn deliver_mail(&self, shard: ShardId, message: &Message, mail: &Mail, view: &ShardView) -> Result<(), Undelivered> {
        self.mail.deliver(shard, message.id, mail, view).await
    }

    async fn hand_over(&self, shard: ShardId, message: &Message, loyalty: &Loyalty) -> Result<(), Undelivered> {
        let queue = self.loyalty.as_ref().ok_or_else(|| Undelivered::Away("there is no queue".to_owned()))?;
        let subject = format!("{shard}.{}.{}", loyalty.channel, subject_of(loyalty));
        queue.publish(&format!("{shard}-{}", message.id), &subject, LoyaltyView::of(shard, loyalty).bytes()).await
    }

    async fn call(&self, shard: ShardId, message: &Message, notice: &Notice, view: &ShardView) -> Came {
        match view.identity.webhooks.get(&notice.hook) {
            Some(hook) if hook.status == Status::Active => {
                Came::Of(Delivery::Tried(self.hooks.deliver(shard, message, notice, hook).await))
            }
            Some(hook) if hook.status == Status::Inactive => Came::Held,
            _ => Came::Of(Delivery::Lost),
        }
    }
}

fn came(result: Result<(), Undelivered>) -> Came {
    match result {
        Ok(()) => Came::Of(Delivery::Done),
        Err(Undelivered::Refused(why)) => Came::Of(Delivery::Failed(why)),
        Err(Undelivered::Away(why)) => Came::Away(why),
    }
}
