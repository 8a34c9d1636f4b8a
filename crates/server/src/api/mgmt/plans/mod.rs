//! Plans of venues as files: tables, drawings and seating plans of other programs become templates, and templates tables and documents again.
//!
//! Each format only reads its own file into a [`draft::Draft`]; what places become in the end is the same for all, and is checked as any template's
//! document is. Nothing of a file runs on the threads that answer requests.

mod csv_read;
mod csv_write;
mod document;
mod draft;
mod drawn;
mod findings;
mod rows;
mod seating_plan;
mod svg;
mod svg_shape;
#[cfg(test)]
mod tests;

use aforo_domain::catalogue::manage::document::Document;
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::VenueId;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use serde::Serialize;

use self::document::DocumentView;
use self::draft::{Arranged, Draft, Settings};
use self::findings::{At, Findings, Warning, Warnings, utf8};
use self::seating_plan::SeatingPlan;
use super::catalogue::label;
use super::templates::{TemplateView, build, complete, off_thread, view};
use super::written;
use crate::http::call::{Call, File, MAX_IMPORT};
use crate::http::checks::Checks;
use crate::http::extract::{EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Problem, json, json_bytes};

/// The plan's units in one of the file at most.
const MAX_SCALE: u64 = 1_000;

/// What was imported.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Imported<'a> {
    /// Left out if nothing was made (`dry_run`).
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<TemplateView<'a>>,
    report: Report,
}

/// What a file holds, and what was odd about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// CSV, SVG or SEATING_PLAN.
    format: &'static str,
    sectors: usize,
    rows: usize,
    /// Numbered ones.
    seats: usize,
    /// Seats with a gap before them.
    gaps: usize,
    /// Not-numbered ones.
    zones: usize,
    /// Places in all.
    capacity: u64,
    /// Places by price type.
    price_types: Vec<PlacesOf>,
    /// Places by quota.
    quotas: Vec<PlacesOf>,
    warnings: Vec<Warning>,
    /// How many more there are.
    warnings_left_out: u64,
}

/// How many places something has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlacesOf {
    /// A price type's code, or a quota's name.
    code: String,
    places: u64,
}

/// A form of plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Svg,
    SeatingPlan,
}

impl Format {
    fn of(file: &File) -> Self {
        match file.content_type.as_str() {
            "text/csv" => Self::Csv,
            "image/svg+xml" => Self::Svg,
            _ => Self::SeatingPlan,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Svg => "SVG",
            Self::SeatingPlan => "SEATING_PLAN",
        }
    }
}

/// Makes a venue template of a plan: a table, a drawing, or a seating plan as pretix publishes their form. At most 64 MiB and 400 000 places.
#[utoipa::path(
    post, path = "/venue-templates/import", operation_id = "import_venue_template", tag = "venues",
    params(
        ("operator_id" = Option<u64>, Query),
        ("venue_id" = u64, Query),
        ("name" = String, Query),
        ("check_orphan_seats" = Option<bool>, Query, description = "Whether single seats may not be left free"),
        ("focal_x" = Option<i32>, Query, description = "What the best seats are near to, in the plan's units"),
        ("focal_y" = Option<i32>, Query),
        ("scale" = Option<u32>, Query, description = "The plan's units in one unit of the file, 1 to 1000"),
        ("dry_run" = Option<bool>, Query, description = "Answers the report and makes nothing"),
    ),
    request_body(content((String = "text/csv"), (String = "image/svg+xml"), (SeatingPlan = "application/json"))),
    responses((status = 200, body = Imported)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn import(manager: Manager<EventManagers>, params: Params, call: Call<File, MAX_IMPORT>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let dry_run = params.boolean(&mut checks, "dry_run").unwrap_or_default();
    let settings = settings(&params, &mut checks);
    let settings = checks.done(settings)?;
    let (file, venue) = (call.body.clone(), settings.venue);
    let (document, report) = off_thread(move || read(&file, &settings)).await?;
    if dry_run {
        check_venue(&manager, venue)?;
        return Ok(json(&Imported { template: None, report }));
    }
    let (id, answered) = build(&manager, &call, document).await?;
    let catalogue = manager.catalogue();
    let plan = complete(&catalogue, id)?;
    Ok(written(&answered, &Imported { template: Some(view(plan)), report }, plan.template.version))
}

fn settings(params: &Params, checks: &mut Checks) -> Settings {
    let venue = params.id(checks, "venue_id");
    let (x, y) = (coordinate(params, checks, "focal_x"), coordinate(params, checks, "focal_y"));
    if x.is_some() != y.is_some() {
        checks.missing(if x.is_some() { "focal_y" } else { "focal_x" });
    }
    Settings {
        venue: VenueId(checks.required("venue_id", params.get("venue_id")).and(venue).unwrap_or_default()),
        name: label(checks, "name", params.get("name"), None),
        check_orphan_seats: params.boolean(checks, "check_orphan_seats").unwrap_or_default(),
        focal_point: x.zip(y),
        scale: params.whole(checks, "scale", 1, MAX_SCALE).map_or(1, |scale| scale as u32),
    }
}

/// A coordinate may be negative.
fn coordinate(params: &Params, checks: &mut Checks, name: &str) -> Option<i32> {
    checks.formed(name, params.get(name), |text| text.parse().ok())
}

/// What making the template would refuse as well.
fn check_venue(manager: &Manager<EventManagers>, venue: VenueId) -> Result<(), Problem> {
    let (reach, venues) = (manager.reach()?, &manager.view.catalogue.venues);
    let venue = venues.get(&venue).filter(|venue| reach.covers(venue.entity)).ok_or_else(|| Error::invalid(&["venue_id"]))?;
    if venue.retired { Err(Error::new(Code::Conflict).because("the venue is retired").into()) } else { Ok(()) }
}

/// Reads a file.
///
/// # Errors
/// `DIST0002`, `DIST0004`, `DIST0005`, `DIST0006`; the details say where and what.
fn read(file: &File, settings: &Settings) -> Result<(Document, Report), Problem> {
    if file.bytes.is_empty() {
        return Err(Code::Dist0002.into());
    }
    let format = Format::of(file);
    let (mut findings, mut draft) = (Findings::default(), Draft::default());
    let text = utf8(&file.bytes, &mut findings);
    let arranged = match format {
        Format::Csv => {
            csv_read::read(text, &mut draft, &mut findings);
            Arranged::AsListed
        }
        Format::Svg => {
            svg::read(text, &mut draft, &mut findings);
            Arranged::AsDrawn
        }
        Format::SeatingPlan => {
            seating_plan::read(text, &mut draft, &mut findings);
            Arranged::WithGapsAsDrawn
        }
    };
    if draft.is_empty() && !findings.is_over() {
        findings.missing(At::Plan, "seats", "there is no seat and no zone with places");
    }
    let document = draft.finish(settings, arranged, &mut findings);
    let (document, warnings) = findings.done(document)?;
    document.check().map_err(findings::explained)?;
    let report = Report::of(&document, format, warnings);
    Ok((document, report))
}

impl Report {
    fn of(document: &Document, format: Format, (warnings, warnings_left_out): Warnings) -> Self {
        let rows = || document.sectors.iter().flat_map(|sector| &sector.rows);
        let seats = || rows().flat_map(|row| &row.seats);
        let zones = || document.sectors.iter().flat_map(|sector| &sector.zones);
        let parts = || zones().flat_map(|zone| zone.places.iter().map(move |part| (zone, part)));
        let mut price_types: Vec<_> = document.price_types.iter().map(|kind| PlacesOf { code: kind.code.clone(), places: 0 }).collect();
        let mut quotas: Vec<_> = document.quotas.iter().map(|quota| PlacesOf { code: quota.name.clone(), places: 0 }).collect();
        let of_seats = seats().map(|seat| (seat.kind.price_type.as_deref(), seat.kind.quota.as_deref(), 1));
        let of_zones = parts().map(|(zone, part)| (zone.price_type.as_deref(), part.quota.as_deref(), u64::from(part.count)));
        let mut capacity = 0;
        for (price_type, quota, places) in of_seats.chain(of_zones) {
            capacity += places;
            add(&mut price_types, price_type, places);
            add(&mut quotas, quota, places);
        }
        Self {
            format: format.word(),
            sectors: document.sectors.len(),
            rows: rows().count(),
            seats: seats().count(),
            gaps: seats().filter(|seat| seat.gap_before).count(),
            zones: zones().count(),
            capacity,
            price_types,
            quotas,
            warnings,
            warnings_left_out,
        }
    }
}

/// Counts places; those of nothing named are the first one's.
fn add(counts: &mut [PlacesOf], code: Option<&str>, places: u64) {
    let index = counts.iter().position(|count| Some(count.code.as_str()) == code).unwrap_or_default();
    if let Some(count) = counts.get_mut(index) {
        count.places += places;
    }
}

/// Reads a venue template's places as a table, a line for each seat; importing it makes the same places again.
#[utoipa::path(
    get, path = "/venue-templates/{id}/plan.csv", operation_id = "get_venue_template_table", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = String, content_type = "text/csv")),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn table(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let plan = complete(&manager.view.catalogue, id)?.clone();
    let table = off_thread(move || csv_write::write(&plan)).await?;
    let mut response = Response::new(table.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"plan-{id}.csv\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Reads the document that makes a venue template, with the ids of its rows, seats and zones.
#[utoipa::path(
    get, path = "/venue-templates/{id}/plan.json", operation_id = "get_venue_template_document", tag = "venues",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = DocumentView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn whole(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let plan = complete(&manager.view.catalogue, id)?.clone();
    let encode =
        move || serde_json::to_vec(&DocumentView::of(&plan)).map_err(|error| Error::new(Code::Dist0000).because(error.to_string()).into());
    Ok(json_bytes(off_thread(encode).await?))
}
