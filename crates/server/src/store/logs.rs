//! What is read of logs: those of webhooks with how their deliveries go, and the audit log.

use std::sync::Arc;

use aforo_domain::audit::AuditLine;
use aforo_domain::ids::{AuditId, ShardId, WebhookId};
use aforo_domain::moment::Timestamp;
use aforo_domain::webhooks::{Attempt, WebhookStanding};

use super::lists::{self, AttemptsWanted, AuditWanted, Cut, Page};
use super::{Reader, StoreError};

impl Reader {
    /// Attempts to deliver to a webhook.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn attempts(&mut self, shard: ShardId, wanted: &AttemptsWanted, cut: Cut) -> Result<Page<Arc<Attempt>>, StoreError> {
        lists::page(&self.select(&lists::attempts(self.dialect(), shard, wanted, cut))?)
    }

    /// Lines of the audit log, the last first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn audit_log(&mut self, shard: ShardId, wanted: &AuditWanted) -> Result<Vec<Arc<AuditLine>>, StoreError> {
        lists::all(&self.select(&lists::audit_log(self.dialect(), shard, wanted))?)
    }

    /// The oldest lines of the audit log that were written before some time, so many at most.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn audit_lines_before(&mut self, shard: ShardId, before: Timestamp, limit: u64) -> Result<Vec<AuditId>, StoreError> {
        let lines: Vec<Arc<AuditLine>> = lists::all(&self.select(&lists::first_audit_lines(self.dialect(), shard, limit))?)?;
        Ok(lines.iter().take_while(|line| line.at < before).map(|line| line.id).collect())
    }

    /// How the deliveries of a webhook go; `None` if nothing was ever sent to it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn webhook_standing(&mut self, shard: ShardId, hook: WebhookId) -> Result<Option<WebhookStanding>, StoreError> {
        lists::first(&self.select(&lists::webhook_standing(self.dialect(), shard, hook))?)
    }
}
