//! `GET /sessions/{id}/map`: the plan itself, drawn (SVG) or as numbers (geometry). How its places stand is `/seats`' and `/live`'s.
//!
//! Both forms are written once a template and kept like the seats. Where something stands is [`layout`]'s to say, for both alike.

mod geometry;
mod layout;
mod svg;

use std::sync::{Arc, OnceLock};

use aforo_domain::catalogue::plan::Plan;
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;

use super::availability::Seen;
use super::conditional::{is_known, not_modified, tagged};
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::Params;
use crate::http::respond::{Problem, json_bytes};
use geometry::Geometry;

/// Grows whenever the same plan would be drawn differently, so that no client keeps an old form.
const FORM: u8 = 1;
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// A template's plan, as far as somebody asked for it.
#[derive(Debug)]
pub struct Drawing {
    /// The template.
    pub plan: Arc<Plan>,
    svg: OnceLock<Bytes>,
    geometry: OnceLock<Bytes>,
}

impl Drawing {
    /// Nothing drawn yet.
    pub const fn new(plan: Arc<Plan>) -> Self {
        Self { plan, svg: OnceLock::new(), geometry: OnceLock::new() }
    }

    fn svg(&self) -> Bytes {
        self.svg.get_or_init(|| svg::draw(&self.plan).into()).clone()
    }

    fn geometry(&self) -> Bytes {
        // No map has a key that is no string, so it is JSON.
        self.geometry.get_or_init(|| serde_json::to_vec(&Geometry::of(&self.plan)).unwrap_or_default().into()).clone()
    }
}

/// How the plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Svg,
    Geometry,
}

/// Draws a session's plan; all sessions of a venue template have the same one.
///
/// As SVG it is made to be put into a page. Seats are circles with the id `seat-` and the seat's id, zones rectangles with `zone-`, rows and sectors groups
/// with `row-` and `sector-`, and each place has a class of its price type, `p` and its id, which carries the colour. A plan without coordinates is drawn
/// row by row, and zones, which have none, stand as blocks below the seats. As geometry it is the same in numbers.
#[utoipa::path(
    get, path = "/sessions/{id}/map", tag = "catalogue", operation_id = "get_map",
    params(
        ("id" = u64, Path),
        ("form" = Option<String>, Query, description = "`svg` or `geometry`; if left out, what `Accept` prefers, and `geometry` if it prefers neither"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an answer: 304 while it is still right"),
    ),
    responses((status = 200, content((Geometry = "application/json"), (String = "image/svg+xml"))), (status = 304)),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId, params: Params, headers: HeaderMap) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let form = params.one_of(&mut checks, "form", &[("svg", Form::Svg), ("geometry", Form::Geometry)]);
    let form = checks.done(form)?.unwrap_or_else(|| preferred(&headers));
    let plan = &Seen::find(&caller, id)?.sheet.offer.plan;
    let name = if form == Form::Svg { 's' } else { 'g' };
    let tag = format!("\"{name}{FORM}-{}.{}\"", plan.template.id, plan.template.version);
    let mut response = if is_known(&headers, &tag) {
        not_modified()
    } else {
        let drawing = caller.app.catalog.drawing(caller.shard(), plan);
        match form {
            Form::Svg => {
                let mut response = Response::new(drawing.svg().into());
                response.headers_mut().insert(CONTENT_TYPE, SVG);
                response
            }
            Form::Geometry => json_bytes(drawing.geometry()),
        }
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(tagged(response, &tag))
}

/// What a client would rather have, by RFC 9110: SVG only if it says so.
fn preferred(headers: &HeaderMap) -> Form {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let accepted: Vec<_> = accepted.map(range).collect();
    // The narrowest range that holds a type says how much it is wanted.
    let weight = |ranges: [&str; 3]| {
        let of_range = |range: &&str| accepted.iter().find(|(name, _)| name == range).map(|(_, weight)| *weight);
        ranges.iter().find_map(of_range).unwrap_or(0.0)
    };
    let (svg, json) = (weight(["image/svg+xml", "image/*", "*/*"]), weight(["application/json", "application/*", "*/*"]));
    if svg > json { Form::Svg } else { Form::Geometry }
}

/// A media range and its weight.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))).map_or(Some(1.0), |q| q.parse().ok());
    (name, weight.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use aforo_domain::catalogue::manage::document::SeatDocument;
    use axum::http::HeaderMap;
    use axum::http::header::ACCEPT;
    use serde_json::{Value, json};

    use super::{Drawing, Form, preferred};
    use crate::api::catalog::tests::{hall, seen, seen_in};

    #[test]
    fn what_people_call_things_never_becomes_markup() {
        let mut document = hall();
        document.name = "A & B".to_owned();
        document.price_types[0].color = "red}</style><script>".to_owned();
        document.sectors[0].name = "</text><script>\u{1}".to_owned();
        document.sectors[0].rows[0].name = "\"B\"".to_owned();
        document.sectors[1].zones[0].name = "Pit <b>".to_owned();
        let drawing = Drawing::new(seen_in(&document).sheet.offer.plan.clone());
        let svg = String::from_utf8(drawing.svg().to_vec()).unwrap();
        for expected in [
            "<title>A &amp; B</title>",
            "&lt;/text&gt;&lt;script&gt;\u{fffd}</text>",
            "<title>&quot;B&quot; / 2</title>",
            "Pit &lt;b&gt; (40)",
        ] {
            assert!(svg.contains(expected), "{expected} in {svg}");
        }
        assert!(!svg.contains("<script") && svg.contains(".p501{fill:#808080}"), "{svg}");
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn seats_without_coordinates_stand_row_by_row() {
        let mut document = hall();
        for seat in &mut document.sectors[0].rows[0].seats {
            (seat.x, seat.y) = (7, 7);
        }
        let told = |drawing: &Drawing| serde_json::from_slice::<Value>(&drawing.geometry()).unwrap();
        let told = told(&Drawing::new(seen_in(&document).sheet.offer.plan.clone()));
        let places: Vec<_> = told["sectors"][0]["rows"][0]["seats"].as_array().unwrap().iter().map(|seat| [&seat[2], &seat[3]]).collect();
        assert_eq!(json!(places), json!([[-15, 10], [-5, 10], [15, 10]]), "a gap is a seat wide");
    }

    #[test]
    fn a_large_plan_is_drawn_in_little() {
        let mut document = hall();
        let (row, seat) = (document.sectors[0].rows[0].clone(), document.sectors[0].rows[0].seats[0].clone());
        let rows = (0..100).map(|row_number| {
            let seat = |number: i32| SeatDocument { name: number.to_string(), x: number * 50, y: row_number * 80, ..seat.clone() };
            aforo_domain::catalogue::manage::document::RowDocument {
                name: row_number.to_string(),
                seats: (0..100).map(seat).collect(),
                ..row.clone()
            }
        });
        document.sectors[0].rows = rows.collect();
        let drawing = Drawing::new(seen_in(&document).sheet.offer.plan.clone());
        assert!(drawing.svg().len() < 10_000 * 100, "{} bytes", drawing.svg().len());
        assert!(drawing.geometry().len() < 10_000 * 32, "{} bytes", drawing.geometry().len());
    }

    #[test]
    fn a_plan_is_drawn_once() {
        let drawing = Drawing::new(seen().sheet.offer.plan.clone());
        assert_eq!(drawing.svg().as_ptr(), drawing.svg().as_ptr());
    }

    #[test]
    fn a_picture_is_for_who_would_rather_have_one() {
        let form = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            preferred(&headers)
        };
        for accept in [
            "image/svg+xml",
            "IMAGE/svg+xml;q=0.9, application/json;q=0.8",
            "image/*",
            "text/html,image/svg+xml",
            "image/avif,image/webp,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        ] {
            assert_eq!(form(accept), Form::Svg, "{accept}");
        }
        for accept in
            ["*/*", "application/json", "application/json, image/svg+xml", "image/svg+xml;q=0", "image/svg+xml;q=x", "image/png", ","]
        {
            assert_eq!(form(accept), Form::Geometry, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Form::Geometry);
    }
}
