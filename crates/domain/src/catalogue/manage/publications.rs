//! Publications: which channels sell a session, from which quotas, when, and how much.

use std::sync::Arc;

use super::{Desk, saved, unchanged};
use crate::catalogue::plan::Plan;
use crate::catalogue::{Presale, Publication};
use crate::change::{Change, Key, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::ids::{ChannelId, QuotaId, SessionId};
use crate::moment::Window;

/// A publication as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Publication")]
pub struct PublicationSpec {
    /// Its own before GENERAL; GENERAL alone if empty.
    pub quotas: Vec<QuotaId>,
    pub on_catalog: bool,
    pub sale: Option<Window>,
    pub sales_limit: Option<u32>,
    pub presales: Vec<Presale>,
}

impl Desk<'_> {
    pub(super) fn publish(&self, session: SessionId, channel: ChannelId, seen: Option<u64>, spec: &PublicationSpec) -> Planned {
        let offer = self.own_session(session)?;
        let old = offer.publications.get(&channel);
        let publication = self.publication((session, &offer.plan, offer.session.sale), channel, old, spec)?;
        unchanged(old.map_or(0, |old| old.version), seen)?;
        saved(Row::from(Arc::new(publication)), channel.0)
    }

    /// A session's publication in a channel as it shall be, in place of the old one. `sale` is the session's.
    pub(super) fn publication(
        &self,
        (session, plan, sale): (SessionId, &Plan, Window),
        channel: ChannelId,
        old: Option<&Arc<Publication>>,
        spec: &PublicationSpec,
    ) -> Result<Publication, Error> {
        let there = |channel: &&Arc<crate::identity::Channel>| channel.status != Status::Gone;
        self.world.identity.channels.get(&channel).filter(there).ok_or(Code::NotFound)?;
        if spec.sale.is_some_and(|window| window.start >= window.end) {
            return Err(Error::new(Code::Dist0001).because("the sale ends before it starts"));
        }
        if spec.presales.iter().any(|presale| presale.window.start >= presale.window.end || presale.window.end > sale.end) {
            return Err(Error::new(Code::Dist0001).because("a presale ends before it starts, or after the session's sale"));
        }
        let collectives = |presales: &[Presale]| -> Vec<_> { presales.iter().filter_map(|presale| presale.access.collective()).collect() };
        let bound = old.map(|old| collectives(&old.presales)).unwrap_or_default();
        for id in collectives(&spec.presales) {
            self.check_collective("presales.collective_id", Some(id), bound.contains(&id).then_some(id))?;
        }
        let template = &plan.template;
        let quotas =
            if spec.quotas.is_empty() { template.quotas.iter().take(1).map(|quota| quota.id).collect() } else { spec.quotas.clone() };
        let wrong = |(index, quota): (usize, &QuotaId)| plan.quota_index(*quota).is_none() || quotas[..index].contains(quota);
        if quotas.iter().enumerate().any(wrong) {
            return Err(Error::invalid(&["quotas"]));
        }
        Ok(Publication {
            session,
            channel,
            quotas,
            on_catalog: spec.on_catalog,
            sale: spec.sale,
            sales_limit: spec.sales_limit,
            presales: spec.presales.clone(),
            version: old.map_or(1, |old| old.version + 1),
        })
    }

    pub(super) fn unpublish(&self, session: SessionId, channel: ChannelId, seen: Option<u64>) -> Planned {
        let offer = self.own_session(session)?;
        unchanged(offer.publications.get(&channel).ok_or(Code::NotFound)?.version, seen)?;
        Ok(Done { changes: vec![Change::Delete(Key::Publication((session, channel)))], reply: Reply::Ids(vec![channel.0]) })
    }
}
