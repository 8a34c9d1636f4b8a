//! Many sessions of an event in one call: made, changed, published in a channel or taken out of it. Each line is done or refused by itself.

use std::collections::HashSet;

use aforo_domain::catalogue::manage::{CatalogueCommand, Target};
use aforo_domain::catalogue::{Catalogue, Event, Offer, Readiness};
use aforo_domain::command::Command;
use aforo_domain::error::Code;
use aforo_domain::identity::manage::find;
use aforo_domain::ids::{ChannelId, EventId, SessionId};
use aforo_domain::moment::{Timestamp, Window};
use axum::response::Response;
use serde::Deserialize;

use super::catalogue::existing;
use super::publications::PublicationBody;
use super::session_body::SessionBody;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathId, PathIds};
use crate::http::lines::{Line, LinesView};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// The largest body of a call of many lines, in bytes.
pub const MAX_BULK: usize = 8 << 20;
/// Sessions that a call to publish names at most.
const MAX_NAMED: usize = 2_000;
/// Sessions of an event that are published at once at most, where none is named.
const MAX_OF_EVENT: usize = 10_000;

/// Sessions to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct NewSessionsBody {
    /// 1 to 500.
    #[schema(required = true)]
    sessions: Option<Vec<SessionBody>>,
}

/// What becomes different in which sessions.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SessionsPatch {
    /// 1 to 500, each once.
    #[schema(required = true)]
    ids: Option<Vec<Num>>,
    /// What becomes different in each of them.
    #[schema(required = true)]
    change: Option<SessionBody>,
}

/// How a channel sells which sessions.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PublicationsBody {
    /// 1 to 2 000, each once; else all the event's that are neither cancelled nor archived.
    sessions: Option<Vec<Num>>,
    #[serde(flatten)]
    publication: PublicationBody,
}

/// Which sessions.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct SessionsBody {
    /// 1 to 2 000, each once; else all the event's that are published in the channel.
    sessions: Option<Vec<Num>>,
}

/// Makes sessions of an event. With an `Idempotency-Key` a call that was cut off is finished by repeating it.
#[utoipa::path(
    post, path = "/events/{id}/sessions/bulk", operation_id = "create_sessions", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), request_body = NewSessionsBody,
    responses((status = 200, body = LinesView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn create(
    manager: Manager<EventManagers>,
    PathId(event): PathId,
    call: Call<NewSessionsBody, MAX_BULK>,
) -> Result<Response, Problem> {
    let event = manager.event(&manager.view.catalogue, event)?;
    let mut checks = Checks::new();
    let bodies = checks.list("sessions", call.body.sessions.as_deref());
    let bodies = checks.done(bodies)?;
    let line = |body: &SessionBody| {
        let read = body.read(&manager.view.catalogue, &event, None);
        line(None, read.map(|(id, spec)| CatalogueCommand::SaveSession(Target::New(id), Box::new(spec))))
    };
    let lines = bodies.iter().map(line).collect();
    manager.run_lines(&call, lines).await
}

/// Changes the same in many sessions of an event, each on condition that nobody else changes it meanwhile.
#[utoipa::path(
    patch, path = "/events/{id}/sessions/bulk", operation_id = "change_sessions", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), request_body = SessionsPatch,
    responses((status = 200, body = LinesView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn change(manager: Manager<EventManagers>, PathId(event): PathId, call: Call<SessionsPatch>) -> Result<Response, Problem> {
    let catalogue = &manager.view.catalogue;
    let event = manager.event(catalogue, event)?;
    let mut checks = Checks::new();
    let ids = checks.list("ids", call.body.ids.as_deref());
    let ids = each_once(&mut checks, "ids", ids);
    let change = checks.required("change", call.body.change.as_ref());
    let (ids, change) = checks.done(change.map(|change| (ids, change)))?.ok_or(Code::Dist0000)?;
    let line = |id: u64| {
        let command = of_event(catalogue, &event, id).and_then(|offer| {
            let (_, spec) = change.read(catalogue, &offer.event, Some(&offer.session))?;
            Ok(CatalogueCommand::SaveSession(existing(offer.session.id, None, offer.session.version), Box::new(spec)))
        });
        line(Some(id), command)
    };
    let lines = ids.into_iter().map(line).collect();
    manager.run_lines(&call, lines).await
}

/// Publishes many sessions of an event in a channel, or replaces how they are published there.
#[utoipa::path(
    put, path = "/events/{id}/channels/{channel_id}", operation_id = "publish_sessions", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("channel_id" = u64, Path)), request_body = Option<PublicationsBody>,
    responses((status = 200, body = LinesView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn publish(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<2>,
    call: Call<Option<PublicationsBody>>,
) -> Result<Response, Problem> {
    let (catalogue, usual) = (&manager.view.catalogue, PublicationsBody::default());
    let event = manager.event(catalogue, ids[0])?;
    find(&manager.view.identity.channels, ChannelId(ids[1]))?;
    let body = call.body.as_ref().unwrap_or(&usual);
    let is_live = |offer: &Offer| !matches!(offer.session.readiness, Readiness::Cancelled | Readiness::Archived);
    let sessions = sessions(catalogue, event.id, body.sessions.as_deref(), is_live)?;
    // What is wrong with the publication is wrong whatever the session.
    body.publication.read(Window { start: Timestamp::default(), end: Timestamp::default() })?;
    let line = |id: u64| {
        let command = of_event(catalogue, &event, id).and_then(|offer| {
            let spec = body.publication.read(offer.session.sale)?;
            Ok(CatalogueCommand::Publish(offer.session.id, ChannelId(ids[1]), None, spec))
        });
        line(Some(id), command)
    };
    let lines = sessions.into_iter().map(line).collect();
    manager.run_lines(&call, lines).await
}

/// Takes many sessions of an event out of a channel. Tickets that were sold there stay good.
#[utoipa::path(
    delete, path = "/events/{id}/channels/{channel_id}", operation_id = "unpublish_sessions", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("channel_id" = u64, Path)), request_body = Option<SessionsBody>,
    responses((status = 200, body = LinesView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn unpublish(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<2>,
    call: Call<Option<SessionsBody>>,
) -> Result<Response, Problem> {
    let (catalogue, channel) = (&manager.view.catalogue, ChannelId(ids[1]));
    let event = manager.event(catalogue, ids[0])?;
    find(&manager.view.identity.channels, channel)?;
    let named = call.body.as_ref().and_then(|body| body.sessions.as_deref());
    let sessions = sessions(catalogue, event.id, named, |offer| offer.publications.contains_key(&channel))?;
    let line = |id: u64| {
        let command = of_event(catalogue, &event, id).map(|offer| CatalogueCommand::Unpublish(offer.session.id, channel, None));
        line(Some(id), command)
    };
    let lines = sessions.into_iter().map(line).collect();
    manager.run_lines(&call, lines).await
}

/// A line for the catalogue.
pub(super) fn line(id: Option<u64>, command: Result<CatalogueCommand, Problem>) -> Line {
    Line { id, command: command.map(Command::Catalogue) }
}

/// A session of the event, as the call found it.
fn of_event<'a>(catalogue: &'a Catalogue, event: &Event, id: u64) -> Result<&'a Offer, Problem> {
    let offer = catalogue.offers.get(&SessionId(id)).filter(|offer| offer.event.id == event.id);
    Ok(offer.ok_or(Code::NotFound)?)
}

/// The sessions that are named, or else those of the event that are meant then, by start.
fn sessions(catalogue: &Catalogue, event: EventId, named: Option<&[Num]>, is_meant: impl Fn(&Offer) -> bool) -> Result<Vec<u64>, Problem> {
    let mut checks = Checks::new();
    let ids = match named {
        Some(ids) => {
            if !(1..=MAX_NAMED).contains(&ids.len()) {
                checks.bad_value("sessions");
            }
            each_once(&mut checks, "sessions", ids)
        }
        None => {
            let offers = catalogue.offers.values().filter(|offer| offer.event.id == event && is_meant(offer));
            let mut offers: Vec<_> = offers.map(|offer| (offer.session.start, offer.session.id.0)).collect();
            if offers.len() > MAX_OF_EVENT {
                checks.bad_value("sessions");
            }
            offers.sort_unstable();
            offers.into_iter().map(|(_, id)| id).collect()
        }
    };
    checks.done(ids)
}

/// Ids, none of them twice.
fn each_once(checks: &mut Checks, name: &str, ids: &[Num]) -> Vec<u64> {
    let ids: Vec<_> = ids.iter().map(|id| checks.id(name, Some(id))).collect();
    if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
        checks.bad_value(name);
    }
    ids
}
