//! What a channel keeps of what it sells for promoters: one list a channel, which is replaced as a whole.

use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::commissions::{CommissionTerms, Commissions, SetCommissions};
use aforo_domain::error::Code;
use aforo_domain::identity::Channel;
use aforo_domain::identity::manage::find;
use aforo_domain::ids::{ChannelId, EntityId};
use aforo_domain::money::Percent;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{IfMatch, read, written};
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{Allowed, ChannelManagers, Manager, PathId, Readers};
use crate::http::respond::Problem;
use crate::http::wire::{Money, Num};

/// What a channel keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommissionsView {
    channel_id: u64,
    currency: String,
    commissions: Vec<CommissionView>,
}

/// What it keeps of one promoter's sales.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommissionView {
    /// Whose; left out where it is of everybody who is not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<u64>,
    percentage: Money,
    per_ticket: Money,
    kept_on_refund: bool,
}

/// What a channel shall keep: all of it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CommissionsBody {
    /// Up to 500, each promoter once.
    #[schema(required = true)]
    commissions: Option<Vec<CommissionBody>>,
}

/// What it shall keep of one promoter's sales.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CommissionBody {
    /// Whose; without it of everybody who is not named.
    entity_id: Option<Num>,
    /// Of what tickets and products are paid with, after promotions and without surcharges; else 0. At most 100.
    percentage: Option<Num>,
    /// For each ticket that is sold, in the channel's currency; else 0.
    per_ticket: Option<Num>,
    /// Whether it is kept of what is given back, too; at first not.
    kept_on_refund: Option<bool>,
}

impl CommissionsBody {
    fn read(&self, channel: &Channel) -> Result<Vec<CommissionTerms>, Problem> {
        let mut checks = Checks::new();
        let list = checks.required("commissions", self.commissions.as_deref()).unwrap_or_default();
        if list.len() > MAX_ELEMENTS {
            checks.bad_value("commissions");
        }
        let terms = list.iter().take(MAX_ELEMENTS).map(|one| CommissionTerms {
            promoter: checks.optional_id("commissions.entity_id", one.entity_id.as_ref()).map(EntityId),
            percent: checks.formed("commissions.percentage", one.percentage.as_ref().map(Num::text), Percent::parse).unwrap_or_default(),
            per_ticket: checks.optional_amount("commissions.per_ticket", one.per_ticket.as_ref(), channel.currency).unwrap_or_default(),
            kept_on_refund: one.kept_on_refund.unwrap_or_default(),
        });
        let terms = terms.collect();
        checks.done(terms)
    }
}

impl<A: Allowed> Manager<A> {
    /// A channel within the caller's reach, and what it keeps as it is now.
    fn commissions(&self, id: u64) -> Result<(Arc<Channel>, Commissions), Problem> {
        let channel = find(&self.view.identity.channels, ChannelId(id))?;
        if !self.reach()?.covers(channel.entity) {
            return Err(Code::NotFound.into());
        }
        let nothing = Commissions { channel: channel.id, terms: Vec::new(), version: 0 };
        let kept = self.catalogue().commissions.get(&channel.id).map_or(nothing, |kept| Commissions::clone(kept));
        Ok((Arc::new(channel.clone()), kept))
    }
}

fn view(channel: &Channel, kept: &Commissions) -> CommissionsView {
    let one = |terms: &CommissionTerms| CommissionView {
        entity_id: terms.promoter.map(|promoter| promoter.0),
        percentage: Money::percent(terms.percent),
        per_ticket: Money::of(channel.currency, terms.per_ticket),
        kept_on_refund: terms.kept_on_refund,
    };
    CommissionsView {
        channel_id: channel.id.0,
        currency: channel.currency.code().to_owned(),
        commissions: kept.terms.iter().map(one).collect(),
    }
}

/// Reads what a channel keeps of what it sells for promoters.
#[utoipa::path(
    get, path = "/channels/{id}/commissions", operation_id = "get_commissions", tag = "channels",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = CommissionsView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let (channel, kept) = manager.commissions(id)?;
    Ok(read(&view(&channel, &kept), kept.version))
}

/// Says what a channel keeps of what it sells for promoters. Settlements go by it as it is when they are asked for.
#[utoipa::path(
    put, path = "/channels/{id}/commissions", operation_id = "set_commissions", tag = "channels", request_body = CommissionsBody,
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CommissionsView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn set(
    manager: Manager<ChannelManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<CommissionsBody>,
) -> Result<Response, Problem> {
    let (channel, _) = manager.commissions(id)?;
    let terms = call.body.read(&channel)?;
    let command = Command::Commissions(SetCommissions { channel: channel.id, seen, terms });
    let answered = manager.run(&call, command).await?;
    let (_, kept) = manager.commissions(id)?;
    Ok(written(&answered, &view(&channel, &kept), kept.version))
}
