//! Publications: in which channels a session is sold, from which quotas, when, and how much of it.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, PublicationSpec};
use aforo_domain::catalogue::{Offer, Publication};
use aforo_domain::error::Code;
use aforo_domain::ids::{ChannelId, QuotaId, SessionId};
use aforo_domain::moment::Window;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::lists::{Field, Listed, Listing, Paged, YES_OR_NO, yes_or_no};
use super::{IfMatch, read, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{EventManagers, Manager, PathIds, Readers};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::time;
use crate::http::wire::{List, Num};

/// That a channel sells a session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicationView {
    channel_id: u64,
    /// Ids of the quotas that it sells from, its own before GENERAL.
    quotas: Vec<u64>,
    /// Whether the catalogue lists it.
    on_catalog: bool,
    /// Its own sale window, within the session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_end: Option<String>,
    /// Places it may sell at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    sales_limit: Option<u32>,
}

/// How a channel sells a session. What is left out is as usual: GENERAL, on the catalogue, the session's window, no limit.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PublicationBody {
    quotas: Option<Vec<Num>>,
    on_catalog: Option<bool>,
    sale_start: Option<String>,
    sale_end: Option<String>,
    sales_limit: Option<Num>,
}

impl PublicationBody {
    /// What it asks for, of a session that is sold in this window.
    ///
    /// # Errors
    /// `DIST0004`, `DIST0005`.
    pub(super) fn read(&self, session: Window) -> Result<PublicationSpec, Problem> {
        let mut checks = Checks::new();
        let quotas = self.quotas.as_deref().unwrap_or_default();
        if quotas.len() > MAX_ELEMENTS {
            checks.bad_value("quotas");
        }
        let quotas = quotas.iter().map(|id| QuotaId(checks.id("quotas", Some(id)))).collect();
        let start = checks.instant("sale_start", self.sale_start.as_deref());
        let end = checks.instant("sale_end", self.sale_end.as_deref());
        let own = start.is_some() || end.is_some();
        let sale = own.then(|| Window { start: start.unwrap_or(session.start), end: end.unwrap_or(session.end) });
        let limit = checks.optional_whole("sales_limit", self.sales_limit.as_ref(), 0..=1_000_000).map(|limit| limit as u32);
        checks.done(PublicationSpec { quotas, on_catalog: self.on_catalog.unwrap_or(true), sale, sales_limit: limit })
    }
}

fn view(offer: &Offer, publication: &Publication) -> PublicationView {
    let zone = TimeZone::get(&offer.venue.time_zone).unwrap_or(TimeZone::UTC);
    PublicationView {
        channel_id: publication.channel.0,
        quotas: publication.quotas.iter().map(|quota| quota.0).collect(),
        on_catalog: publication.on_catalog,
        sale_start: publication.sale.map(|sale| time::in_zone(sale.start, &zone)),
        sale_end: publication.sale.map(|sale| time::in_zone(sale.end, &zone)),
        sales_limit: publication.sales_limit,
    }
}

/// A publication, if there is one.
fn published(offer: &Offer, channel: u64) -> Result<&Arc<Publication>, Problem> {
    Ok(offer.publications.get(&ChannelId(channel)).ok_or(Code::NotFound)?)
}

impl Listed for Publication {
    const STATE: (&'static str, &'static [&'static str]) = ("on_catalog", YES_OR_NO);
    const FIELDS: &'static [(&'static str, Field)] = &[("id", Field::Id)];

    fn id(&self) -> u64 {
        self.channel.0
    }

    fn state(&self) -> &'static str {
        yes_or_no(self.on_catalog)
    }
}

/// Lists the channels in which a session is published, by id.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}/channels", operation_id = "list_publications", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), Paged, ("on_catalog" = Option<bool>, Query)),
    responses((status = 200, body = List<PublicationView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, PathIds(ids): PathIds<2>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Publication>(&params)?;
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    Ok(listing.answer(offer.publications.values().map(AsRef::as_ref), |publication| view(&offer, publication)))
}

/// Reads how a channel sells a session.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}/channels/{channel_id}", operation_id = "get_publication", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("channel_id" = u64, Path)),
    responses((status = 200, body = PublicationView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathIds(ids): PathIds<3>) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let publication = published(&offer, ids[2])?;
    Ok(read(&view(&offer, publication), publication.version))
}

/// Publishes a session in a channel, or replaces how it is published there.
#[utoipa::path(
    put, path = "/events/{event_id}/sessions/{id}/channels/{channel_id}", operation_id = "publish_session", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("channel_id" = u64, Path), ("If-Match" = Option<String>, Header)),
    request_body = PublicationBody, responses((status = 200, body = PublicationView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn publish(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<3>,
    IfMatch(seen): IfMatch,
    call: Call<Option<PublicationBody>>,
) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let usual = PublicationBody::default();
    let spec = call.body.as_ref().unwrap_or(&usual).read(offer.session.sale)?;
    let command = CatalogueCommand::Publish(SessionId(ids[1]), ChannelId(ids[2]), seen, spec);
    let (_, answered) = manager.save(&call, command).await?;
    let offer = manager.offer(&manager.catalogue(), ids[0], ids[1])?;
    let publication = published(&offer, ids[2])?;
    Ok(written(&answered, &view(&offer, publication), publication.version))
}

/// Takes a session out of a channel. Tickets that were sold there stay good.
#[utoipa::path(
    delete, path = "/events/{event_id}/sessions/{id}/channels/{channel_id}", operation_id = "unpublish_session", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("channel_id" = u64, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn unpublish(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<3>,
    IfMatch(seen): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let (_, answered) = manager.save(&call, CatalogueCommand::Unpublish(SessionId(ids[1]), ChannelId(ids[2]), seen)).await?;
    Ok(super::deleted(&answered, ids[2]))
}
