//! Where messages go, by their kind.

use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::messages::{Content, Kind, Message};

use super::mail::Mailer;
use super::nats::Nats;
use crate::api::messages::{LoyaltyView, subject_of};
use crate::config::Config;
use crate::engine::view::Views;

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

/// Where messages go.
#[derive(Debug)]
pub struct Targets {
    views: Views,
    mail: Mailer,
    loyalty: Option<Nats>,
}

impl Targets {
    /// As an installation is set up.
    pub fn of(config: &Config, views: Views) -> Self {
        Self { views, mail: Mailer::of(config), loyalty: config.nats.as_ref().map(Nats::of) }
    }

    /// The kinds that are delivered from here. Others wait until an operator takes them.
    pub const fn kinds(&self) -> &'static [Kind] {
        if self.loyalty.is_some() { &Kind::ALL } else { &[Kind::Mail] }
    }

    /// Delivers a message.
    ///
    /// # Errors
    /// [`Undelivered`]; the receiver may have it all the same.
    pub async fn deliver(&self, shard: ShardId, message: &Message) -> Result<(), Undelivered> {
        let delivery = async {
            match &message.content {
                Content::Mail(mail) => {
                    let view = self.views.shard(shard).ok_or_else(|| Undelivered::Away("the shard is not served here".to_owned()))?;
                    self.mail.deliver(shard, message.id, mail, &view).await
                }
                Content::Loyalty(loyalty) => {
                    let queue = self.loyalty.as_ref().ok_or_else(|| Undelivered::Away("there is no queue".to_owned()))?;
                    let subject = format!("{shard}.{}.{}", loyalty.channel, subject_of(loyalty));
                    queue.publish(&format!("{shard}-{}", message.id), &subject, LoyaltyView::of(shard, loyalty).bytes()).await
                }
            }
        };
        let late = || Undelivered::Away(format!("no answer within {} s", DEADLINE.as_secs()));
        tokio::time::timeout(DEADLINE, delivery).await.unwrap_or_else(|_| Err(late()))
    }
}
