//! Publications: in which channels a session is sold, from which quotas, when, and how much of it.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, PublicationSpec};
use aforo_domain::catalogue::{Access, MAX_PRESALES, Offer, Presale, PresaleCode, Publication};
use aforo_domain::error::Code;
use aforo_domain::identity::{Role, manage};
use aforo_domain::ids::{ChannelId, CollectiveId, QuotaId, SessionId};
use aforo_domain::moment::Window;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::catalogue::label;
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
    /// When it is open to some beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    presales: Vec<PresaleView>,
}

/// A window that is open to who knows its code, or is of its collective.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PresaleView {
    name: String,
    start: String,
    end: String,
    /// Shown to who manages sessions or channels, not to who only reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// In place of a code: the collective that it is open to.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
}

/// How a channel sells a session. What is left out is as usual: GENERAL, on the catalogue, the session's window, no limit.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PublicationBody {
    quotas: Option<Vec<Num>>,
    on_catalog: Option<bool>,
    sale_start: Option<String>,
    sale_end: Option<String>,
    sales_limit: Option<Num>,
    /// At most 20, each open to who knows its code, or is of its collective, while the session is not on sale to everybody.
    presales: Option<Vec<PresaleBody>>,
}

/// A presale. It may begin before the session's sale, and ends no later than it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PresaleBody {
    #[schema(required = true)]
    name: Option<String>,
    #[schema(required = true)]
    start: Option<String>,
    #[schema(required = true)]
    end: Option<String>,
    /// 3 to 64 visible characters; capital and small letters are alike. Either this or `collective_id`.
    code: Option<String>,
    /// The collective that it is open to.
    collective_id: Option<Num>,
}

impl PresaleBody {
    fn read(&self, checks: &mut Checks) -> Option<Presale> {
        let name = label(checks, "presales.name", self.name.as_deref(), None);
        let [start, end] = [("presales.start", &self.start), ("presales.end", &self.end)].map(|(name, value)| {
            let value = checks.required(name, value.as_deref());
            checks.instant(name, value)
        });
        let text = self.code.as_deref().filter(|code| !code.trim().is_empty());
        let collective = checks.optional_id("presales.collective_id", self.collective_id.as_ref()).map(CollectiveId);
        if text.is_some() && self.collective_id.is_some() {
            checks.bad_value("presales.collective_id");
        }
        let access = if let Some(collective) = collective {
            Access::Collective(collective)
        } else {
            let code = PresaleCode::parse(checks.required("presales.code", text)?);
            if code.is_none() {
                checks.bad_value("presales.code");
            }
            Access::Code(code?)
        };
        Some(Presale { name, window: Window { start: start?, end: end? }, access })
    }
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
        let presales = self.presales.as_deref().unwrap_or_default();
        if presales.len() > MAX_PRESALES {
            checks.bad_value("presales");
        }
        let presales = presales.iter().take(MAX_PRESALES).filter_map(|presale| presale.read(&mut checks)).collect();
        checks.done(PublicationSpec { quotas, on_catalog: self.on_catalog.unwrap_or(true), sale, sales_limit: limit, presales })
    }
}

fn view(offer: &Offer, publication: &Publication, with_codes: bool) -> PublicationView {
    let zone = TimeZone::get(&offer.venue.time_zone).unwrap_or(TimeZone::UTC);
    PublicationView {
        channel_id: publication.channel.0,
        quotas: publication.quotas.iter().map(|quota| quota.0).collect(),
        on_catalog: publication.on_catalog,
        sale_start: publication.sale.map(|sale| time::in_zone(sale.start, &zone)),
        sale_end: publication.sale.map(|sale| time::in_zone(sale.end, &zone)),
        sales_limit: publication.sales_limit,
        presales: publication.presales.iter().map(|presale| presale_view(presale, &zone, with_codes)).collect(),
    }
}

fn presale_view(presale: &Presale, zone: &TimeZone, with_codes: bool) -> PresaleView {
    let code = if let Access::Code(code) = &presale.access { Some(code) } else { None };
    PresaleView {
        name: presale.name.clone(),
        start: time::in_zone(presale.window.start, zone),
        end: time::in_zone(presale.window.end, zone),
        code: code.filter(|_| with_codes).map(|code| code.as_str().to_owned()),
        collective_id: presale.access.collective().map(|id| id.0),
    }
}

impl Manager<Readers> {
    /// Whether it manages sessions or channels: who only reads is shown no code.
    fn sees_codes(&self) -> bool {
        manage::reach(&self.here(), &self.actor(), &[Role::EventManager, Role::ChannelManager]).is_ok()
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
    let with_codes = manager.sees_codes();
    Ok(listing.answer(offer.publications.values().map(AsRef::as_ref), |publication| view(&offer, publication, with_codes)))
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
    Ok(read(&view(&offer, publication, manager.sees_codes()), publication.version))
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
    Ok(written(&answered, &view(&offer, publication, true), publication.version))
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
