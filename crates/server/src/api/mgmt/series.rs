//! A series: sessions of an event that are alike but for their dates, from one recurrence. Each is made, and published where it is asked for, as a line of
//! its own.

use aforo_domain::catalogue::manage::{CatalogueCommand, PublicationSpec};
use aforo_domain::catalogue::{Catalogue, Event};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::manage::find;
use aforo_domain::ids::{ChannelId, TemplateId};
use aforo_domain::moment::{Timestamp, Window};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::bulk::{MAX_BULK, line};
use super::publications::PublicationBody;
use super::recurrence::{MAX_DURATION, RecurrenceBody, Slot};
use super::session_body::{DatesBody, SessionBody};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathId};
use crate::http::lines::LinesView;
use crate::http::params::Params;
use crate::http::respond::{Problem, json};
use crate::http::time;
use crate::http::wire::Num;

/// Channels of a series at most.
const MAX_CHANNELS: usize = 50;
/// How long before a session something may start or end, in minutes: ten years.
const MAX_BEFORE: u64 = 3_660 * 24 * 60;

/// Sessions that are alike but for their dates.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SeriesBody {
    /// What they have in common: a session without `id` and `date`. In its name `{date}` and `{time}` stand for its own, in the venue's time.
    #[schema(required = true)]
    session: Option<SessionBody>,
    #[schema(required = true)]
    recurrence: Option<RecurrenceBody>,
    /// When each is sold.
    #[schema(required = true)]
    sale: Option<WindowBody>,
    /// When each may be booked.
    booking: Option<WindowBody>,
    /// When tickets of each may be sold again, where the event lets them.
    resale: Option<WindowBody>,
    /// Where all are published, at most 50.
    channels: Option<Vec<ChannelBody>>,
}

/// A window of each session.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct WindowBody {
    /// When it starts, the same for all; or else `start_before_minutes`.
    start: Option<String>,
    /// How long before the session it starts.
    start_before_minutes: Option<Num>,
    /// How long before the session it ends, else 0.
    end_before_minutes: Option<Num>,
    /// Or how long after the session's start it ends, at most a week: people may come late to a time slot.
    end_after_minutes: Option<Num>,
}

/// How a channel sells each session.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChannelBody {
    #[schema(required = true)]
    channel_id: Option<Num>,
    #[serde(flatten)]
    publication: PublicationBody,
}

/// The dates of a series.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeriesView {
    metadata: SeriesMetadata,
    data: Vec<DateView>,
}

/// How many dates there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeriesMetadata {
    total: usize,
}

/// One date, in the venue's time; booking and resale in UTC.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DateView {
    index: usize,
    name: String,
    start: String,
    end: String,
    sale_start: String,
    sale_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resale_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resale_end: Option<String>,
}

/// When a window starts.
#[derive(Debug, Clone, Copy)]
enum Opening {
    At(Timestamp),
    Before { ms: i64 },
}

/// A window that was read.
#[derive(Debug, Clone, Copy)]
struct Relative {
    start: Opening,
    /// Before 0 it is after the start.
    end_before_ms: i64,
}

impl WindowBody {
    fn read(&self, checks: &mut Checks, name: &str) -> Result<Relative, Problem> {
        let mut minutes = |field: &str, value: Option<&Num>| {
            checks.optional_whole(&format!("{name}.{field}"), value, 0..=MAX_BEFORE).map(|minutes| minutes as i64 * 60_000)
        };
        let before = minutes("start_before_minutes", self.start_before_minutes.as_ref());
        let end_before = minutes("end_before_minutes", self.end_before_minutes.as_ref());
        let end_after = checks.optional_whole(&format!("{name}.end_after_minutes"), self.end_after_minutes.as_ref(), 0..=MAX_DURATION);
        let end_after = end_after.map(|minutes| minutes as i64 * 60_000);
        let at = checks.instant(&format!("{name}.start"), self.start.as_deref());
        if self.start.is_some() && self.start_before_minutes.is_some() {
            return Err(Error::new(Code::Dist0001).because("a window has one start").into());
        }
        if self.end_before_minutes.is_some() && self.end_after_minutes.is_some() {
            return Err(Error::new(Code::Dist0001).because("a window has one end").into());
        }
        if self.start.is_none() && self.start_before_minutes.is_none() {
            checks.missing(&format!("{name}.start"));
        }
        let start = before.map_or(Opening::At(at.unwrap_or_default()), |ms| Opening::Before { ms });
        Ok(Relative { start, end_before_ms: end_after.map_or(end_before.unwrap_or_default(), |ms| -ms) })
    }
}

impl Relative {
    fn window(self, slot: Slot) -> Window {
        let start = match self.start {
            Opening::At(start) => start,
            Opening::Before { ms } => slot.start.plus_ms(-ms),
        };
        Window { start, end: slot.start.plus_ms(-self.end_before_ms) }
    }

    fn of(self, slot: Slot) -> (String, String) {
        let window = self.window(slot);
        (time::utc(window.start), time::utc(window.end))
    }
}

/// What a series answers: its dates with `dry_run`, else what became of each.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum SeriesAnswer {
    /// With `dry_run`.
    Dates(SeriesView),
    /// Else.
    Lines(LinesView),
}

/// A series that was read, but for what its sessions have in common.
struct Series {
    slots: Vec<Slot>,
    sale: Relative,
    booking: Option<Relative>,
    resale: Option<Relative>,
    zone: TimeZone,
}

impl SeriesBody {
    fn read(&self, catalogue: &Catalogue) -> Result<Series, Problem> {
        let mut checks = Checks::new();
        let template = self.template(&mut checks);
        let recurrence = checks.required("recurrence", self.recurrence.as_ref()).map(|recurrence| recurrence.read(&mut checks));
        let sale = match checks.required("sale", self.sale.as_ref()) {
            Some(sale) => Some(sale.read(&mut checks, "sale")?),
            None => None,
        };
        let booking = self.booking.as_ref().map(|booking| booking.read(&mut checks, "booking")).transpose()?;
        let resale = self.resale.as_ref().map(|resale| resale.read(&mut checks, "resale")).transpose()?;
        let (recurrence, sale) = checks.done(recurrence.zip(sale))?.ok_or(Code::Dist0000)?;
        let plan = catalogue.plans.get(&template).filter(|plan| plan.template.version > 0);
        let venue = plan.and_then(|plan| catalogue.venues.get(&plan.template.venue));
        let venue = venue.ok_or_else(|| Error::invalid(&["session.venue_template_id"]))?;
        let zone = TimeZone::get(&venue.time_zone).unwrap_or(TimeZone::UTC);
        Ok(Series { slots: recurrence.slots(&zone)?, sale, booking, resale, zone })
    }

    /// The template, by whose venue the clocks go. What each session has of its own is not said for all of them.
    fn template(&self, checks: &mut Checks) -> TemplateId {
        let Some(session) = checks.required("session", self.session.as_ref()) else { return TemplateId(0) };
        if session.id.is_some() {
            checks.bad_value("session.id");
        }
        if session.date.is_some() {
            checks.bad_value("session.date");
        }
        if session.season.is_some() {
            checks.bad_value("session.season");
        }
        TemplateId(checks.id("session.venue_template_id", session.venue_template_id.as_ref()))
    }

    /// The channels, and how each sells a session.
    fn channels(&self, manager: &Manager<EventManagers>) -> Result<Vec<(ChannelId, &PublicationBody)>, Problem> {
        let mut checks = Checks::new();
        let bodies = self.channels.as_deref().unwrap_or_default();
        if bodies.len() > MAX_CHANNELS {
            checks.bad_value("channels");
        }
        let mut channels: Vec<(ChannelId, &PublicationBody)> = Vec::new();
        for body in bodies.iter().take(MAX_CHANNELS) {
            let id = ChannelId(checks.id("channels.channel_id", body.channel_id.as_ref()));
            let unknown = body.channel_id.is_some() && find(&manager.view.identity.channels, id).is_err();
            if unknown || channels.iter().any(|(known, _)| *known == id) {
                checks.bad_value("channels.channel_id");
            }
            channels.push((id, &body.publication));
        }
        checks.done(channels)
    }
}

impl Series {
    /// The dates of one session, as they would be sent.
    fn dates(&self, slot: Slot) -> DatesBody {
        let (sale_start, sale_end) = self.sale.of(slot);
        let (booking_start, booking_end) = self.booking.map(|booking| booking.of(slot)).unzip();
        let (resale_start, resale_end) = self.resale.map(|resale| resale.of(slot)).unzip();
        DatesBody {
            start: Some(time::utc(slot.start)),
            end: Some(time::utc(slot.end)),
            sale_start: Some(sale_start),
            sale_end: Some(sale_end),
            booking_start: Some(booking_start),
            booking_end: Some(booking_end),
            resale_start: Some(resale_start),
            resale_end: Some(resale_end),
            start_unconfirmed: None,
        }
    }

    /// A name with the slot's own date and time in it.
    fn name(&self, pattern: &str, slot: Slot) -> String {
        let local = time::in_zone(slot.start, &self.zone);
        let (date, time) = local.split_once('T').unwrap_or_default();
        pattern.replace("{date}", date).replace("{time}", time.get(..5).unwrap_or_default())
    }

    fn show(&self, names: impl Fn(Slot) -> String) -> SeriesView {
        let data = self.slots.iter().enumerate().map(|(index, slot)| {
            let sale = self.sale.window(*slot);
            let booking = self.booking.map(|booking| booking.window(*slot));
            let resale = self.resale.map(|resale| resale.window(*slot));
            DateView {
                index,
                name: names(*slot),
                start: time::in_zone(slot.start, &self.zone),
                end: time::in_zone(slot.end, &self.zone),
                sale_start: time::in_zone(sale.start, &self.zone),
                sale_end: time::in_zone(sale.end, &self.zone),
                booking_start: booking.map(|booking| time::utc(booking.start)),
                booking_end: booking.map(|booking| time::utc(booking.end)),
                resale_start: resale.map(|resale| time::utc(resale.start)),
                resale_end: resale.map(|resale| time::utc(resale.end)),
            }
        });
        SeriesView { metadata: SeriesMetadata { total: self.slots.len() }, data: data.collect() }
    }
}

/// Makes the sessions of a series, at most 2 000 a call, each with its publications or not at all. With `dry_run` it only answers the dates. With an
/// `Idempotency-Key` a call that was cut off is finished by repeating it.
#[utoipa::path(
    post, path = "/events/{id}/sessions/series", operation_id = "create_session_series", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("dry_run" = Option<bool>, Query)), request_body = SeriesBody,
    responses((status = 200, body = SeriesAnswer)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND"))),
)]
pub async fn create(
    manager: Manager<EventManagers>,
    PathId(event): PathId,
    params: Params,
    mut call: Call<SeriesBody, MAX_BULK>,
) -> Result<Response, Problem> {
    let event = manager.event(&manager.view.catalogue, event)?;
    let mut checks = Checks::new();
    let dry_run = params.boolean(&mut checks, "dry_run").unwrap_or_default();
    checks.done(())?;
    let series = call.body.read(&manager.view.catalogue)?;
    let mut session = call.body.session.take().ok_or(Code::Dist0000)?;
    let pattern = session.name.clone().unwrap_or_default();
    if dry_run {
        return Ok(json(&series.show(|slot| series.name(&pattern, slot))));
    }
    let channels = call.body.channels(&manager)?;
    let mut lines = Vec::with_capacity(series.slots.len());
    for slot in &series.slots {
        session.date = Some(series.dates(*slot));
        session.name = Some(series.name(&pattern, *slot));
        lines.push(line(None, Ok(command(&session, (&manager.view.catalogue, &event), &channels)?)));
    }
    manager.run_lines(&call, lines).await
}

/// One session with its publications. What is wrong with one is wrong with all, so that the whole call is refused.
fn command(
    session: &SessionBody,
    (catalogue, event): (&Catalogue, &Event),
    channels: &[(ChannelId, &PublicationBody)],
) -> Result<CatalogueCommand, Problem> {
    let (_, spec) = session.read(catalogue, event, None)?;
    let publication = |(channel, body): &(ChannelId, &PublicationBody)| Ok((*channel, body.read(spec.sale)?));
    let channels = channels.iter().map(publication).collect::<Result<Vec<(ChannelId, PublicationSpec)>, Problem>>()?;
    Ok(CatalogueCommand::AddSession(Box::new(spec), channels))
}
