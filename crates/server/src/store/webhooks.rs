//! What is read of webhooks beside what is published of them: their logs, and how their deliveries go.

use std::sync::Arc;

use aforo_domain::ids::{ShardId, WebhookId};
use aforo_domain::webhooks::{Attempt, WebhookStanding};

use super::lists::{self, AttemptsWanted, Cut, Page};
use super::{Reader, StoreError};

impl Reader {
    /// Attempts to deliver to a webhook.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn attempts(&mut self, shard: ShardId, wanted: &AttemptsWanted, cut: Cut) -> Result<Page<Arc<Attempt>>, StoreError> {
        lists::page(&self.select(&lists::attempts(self.dialect(), shard, wanted, cut))?)
    }

    /// How the deliveries of a webhook go; `None` if nothing was ever sent to it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn webhook_standing(&mut self, shard: ShardId, hook: WebhookId) -> Result<Option<WebhookStanding>, StoreError> {
        lists::first(&self.select(&lists::webhook_standing(self.dialect(), shard, hook))?)
    }
}
