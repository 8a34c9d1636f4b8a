//! Each format by example, what is wrong with files, and what holds for any file at all.

use std::sync::Arc;

use aforo_domain::catalogue::manage::document::{Document, SeatDocument};
use aforo_domain::catalogue::plan::{Attributes, Plan, Sector};
use aforo_domain::error::{DetailId, Error};
use aforo_domain::ids::{PriceTypeId, SectorId, TemplateId, VenueId};
use aforo_domain::text::Localized;
use bytes::Bytes;
use proptest::prelude::*;

use super::draft::Settings;
use super::{Report, read};
use crate::http::call::File;

const CSV: &str = include_str!("../../../../../../docs/plans/hall.csv");
const SVG: &str = include_str!("../../../../../../docs/plans/hall.svg");
const JSON: &str = include_str!("../../../../../../docs/plans/hall.json");
const TYPES: [&str; 3] = ["text/csv", "image/svg+xml", "application/json"];

fn settings(scale: u32) -> Settings {
    Settings { venue: VenueId(1), name: "Hall".to_owned(), check_orphan_seats: true, focal_point: Some((20, -10)), scale }
}

fn import(content_type: &str, bytes: impl Into<Bytes>) -> Result<(Document, Report), Error> {
    let file = File { bytes: bytes.into(), content_type: content_type.to_owned() };
    read(&file, &settings(1)).map_err(|problem| *problem.error)
}

fn csv(text: &str) -> Result<(Document, Report), Error> {
    import("text/csv", text.to_owned())
}

fn svg(inner: &str) -> Result<(Document, Report), Error> {
    import("image/svg+xml", format!("<svg>\n{inner}\n</svg>"))
}

/// The code of a refusal, and where and what it names.
#[track_caller]
fn refused(result: Result<(Document, Report), Error>) -> (String, Vec<String>) {
    let error = result.expect_err("a refusal");
    let text = |id: &DetailId| match id {
        DetailId::Text(text) => text.clone(),
        DetailId::Number(id) => id.to_string(),
    };
    (format!("{} {}", error.code.as_str(), error.message()), error.details.iter().map(text).collect())
}

/// Sectors as the first template of all would have them.
fn sectors(document: &Document) -> Vec<Sector> {
    let price_types: Vec<_> = (1..=document.price_types.len() as u64).map(PriceTypeId).collect();
    let ids: Vec<_> = (1..=document.sectors.len() as u64).map(SectorId).collect();
    document.sectors(TemplateId(1), &price_types, &ids).unwrap()
}

fn seat(document: &Document, sector: usize, row: usize, seat: usize) -> &SeatDocument {
    &document.sectors[sector].rows[row].seats[seat]
}

fn warnings(report: &Report) -> Vec<String> {
    report.warnings.iter().map(|warning| format!("{}: {}", warning.at, warning.message)).collect()
}

#[test]
fn a_table_becomes_a_plan() {
    let (document, report) = csv(CSV).unwrap();
    assert_eq!((report.sectors, report.rows, report.seats, report.gaps, report.zones, report.capacity), (2, 2, 8, 2, 1, 48));
    let counts = |counts: &[super::PlacesOf]| counts.iter().map(|count| (count.code.clone(), count.places)).collect::<Vec<_>>();
    assert_eq!(counts(&report.price_types), [("ST".to_owned(), 8), ("FL".to_owned(), 40)]);
    assert_eq!(counts(&report.quotas), [("GENERAL".to_owned(), 36), ("Sponsors".to_owned(), 12)]);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let first = seat(&document, 0, 0, 0);
    assert_eq!((first.name.as_str(), first.x, first.y), ("1", 0, 0));
    assert!(first.attributes.has(Attributes::ACCESSIBLE) && first.attributes.has(Attributes::AISLE));
    assert!(seat(&document, 0, 0, 2).gap_before && seat(&document, 0, 1, 1).blocked);
    assert_eq!(document.sectors[0].rows[1].entrance.as_deref(), Some("South"));
    let pit = &document.sectors[1].zones[0];
    assert_eq!((pit.entrance.as_deref(), pit.places.len(), pit.places[1].blocked), (Some("West"), 2, 5));
    assert_eq!((document.focal_point, document.check_orphan_seats, document.graphic), (Some((20, -10)), true, true));
}

#[test]
fn a_table_may_come_from_any_spreadsheet() {
    let text =
        "\u{feff}SEAT;Row;Sector;X;Y;Price type;Note\r\n1;A;Stalls;0,5;0;ST;\"a;\"\"b\"\"\r\nc\"\r\n;;;;;;\r\n2;A;Stalls;10,5;-3;ST;\r\n";
    let (document, report) = csv(text).unwrap();
    assert_eq!((seat(&document, 0, 0, 0).x, seat(&document, 0, 0, 1).x, seat(&document, 0, 0, 1).y), (1, 11, -3));
    assert_eq!(warnings(&report), ["line 1: unknown columns were ignored: note"]);
    let by_tab = csv("sector\trow\tseat\nStalls\tA\t1, left\n").unwrap();
    assert_eq!(seat(&by_tab.0, 0, 0, 0).name, "1, left");
}

#[test]
fn seats_without_coordinates_stand_in_a_grid() {
    let (document, report) = csv("sector,row,seat,gap_before\nS,A,1,\nS,A,2,\nS,A,4,yes\nS,B,1,\nT,A,1,\n").unwrap();
    let points = document.sectors.iter().flat_map(|sector| &sector.rows).flat_map(|row| &row.seats).map(|seat| (seat.x, seat.y));
    assert_eq!(points.collect::<Vec<_>>(), [(0, 0), (10, 0), (30, 0), (0, 10), (0, 30)]);
    assert_eq!(warnings(&report).len(), 2, "and that price types are the sectors': {:?}", report.warnings);
    let (document, _) = csv("sector,row,seat,x,y\nS,A,1,5,100\nS,B,1,,\n").unwrap();
    assert_eq!((seat(&document, 0, 1, 0).x, seat(&document, 0, 1, 0).y), (0, 120), "below those that have some");
}

#[test]
fn lines_of_a_row_may_stand_apart_and_rows_of_one_name_be_told_apart() {
    let (document, _) = csv("sector,row,seat,row_key\nS,A,1,\nS,B,1,\nS,A,2,\nS,A,1,2\n").unwrap();
    let rows: Vec<_> = document.sectors[0].rows.iter().map(|row| (row.name.as_str(), row.seats.len())).collect();
    assert_eq!(rows, [("A", 2), ("B", 1), ("A", 1)]);
}

#[test]
fn all_that_is_wrong_with_a_table_is_said_at_once() {
    let header = "sector,row,seat,x,y,price_type,attributes,zone,capacity,blocked,entrance\n";
    let lines = "S,A,1,0,0,ST,,,,,N\r\nS,A,1,0,0,ST,,,,,N\r\n\r\nS,A,2,zero,,ST,,,,,\nS,A,3,1e999,0,,WIDE,,,maybe,S\n,A,4,0,0,ST,,,,,\nS,B,1,,,ST,,Pit,,,\nS,,,,,ST,,Pit,4,5,\n";
    let (message, found) = refused(csv(&format!("{header}{lines}")));
    assert_eq!(message, "DIST0004 Invalid 'x' format: 'zero'");
    let expected = [
        "line 5, x: 'zero' is not a number",
        "line 6, x: '1e999' is not a number",
        "line 6, x: a place has both coordinates or none",
        "line 6, price_type: has no value",
        "line 6, attributes: 'WIDE' is none of ACCESSIBLE, COMPANION, RESTRICTED_VIEW, AISLE",
        "line 6, blocked: 'maybe' is neither true nor false",
        "line 6, entrance: row 'A' has another entrance since line 2; all its seats share one",
        "line 7, sector: has no value",
        "line 8, row: a line is a seat's or a zone's, not both",
        "line 8, seat: a line is a seat's or a zone's, not both",
        "line 8, capacity: a zone has a number of places",
        "line 9, blocked: 5 of 4 places",
        "line 3, seat: row 'A' has a seat '1' already, at line 2",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_table_is_said_with_its_line() {
    assert_eq!(refused(csv("")).0, "DIST0002 Request body is incorrect");
    assert_eq!(refused(csv("\n \n")).1, ["the plan: there is no header: a first line that names the columns"]);
    assert_eq!(refused(csv("row,seat\nA,1\n")).0, "DIST0006 Parameter(s) required: 'sector'");
    assert_eq!(
        refused(csv("sector,row,seat\nS,A,1\nS,A\nS,A,2,\n")).1,
        ["line 3: 2 fields, where the header has 3", "line 4: 4 fields, where the header has 3"]
    );
    assert_eq!(refused(csv("sector,row,sector\n")).1[0], "line 1, sector: the header names this column twice");
    assert_eq!(refused(csv("sector,row,seat\n")).0, "DIST0006 Parameter(s) required: 'seats'");
    let latin: &[u8] = b"sector,row,seat\nTribuna,A,1\nAnfiteatro \xf1,A,1\n";
    assert_eq!(refused(import("text/csv", latin)).1, ["line 3: this is not UTF-8; save the file as UTF-8"]);
    let crowd = format!("sector,zone,capacity\n{}", "S,Pit,400000\n".repeat(1_000));
    assert_eq!(refused(csv(&crowd)).1, ["line 3, capacity: more than 400000 places"]);
    let (_, many) = refused(csv(&format!("sector,row,seat\n{}", "S,A,\n".repeat(500))));
    assert_eq!((many.len(), many[100].as_str()), (101, "what comes after was not looked at"));
}

#[test]
fn a_drawing_becomes_a_plan() {
    let (document, report) = import("image/svg+xml", SVG).unwrap();
    assert_eq!((report.sectors, report.rows, report.seats, report.gaps, report.zones, report.capacity), (2, 2, 8, 2, 1, 48));
    let rows = &document.sectors[0].rows;
    let points = |row: usize| rows[row].seats.iter().map(|seat| (seat.x, seat.y)).collect::<Vec<_>>();
    assert_eq!(points(0), [(24, 24), (34, 24), (54, 24), (64, 24)]);
    assert_eq!(points(1), [(24, 34), (34, 34), (54, 34), (64, 34)]);
    assert_eq!((rows[0].entrance.as_deref(), rows[1].entrance.as_deref()), (Some("North"), Some("South")));
    assert!(rows[1].seats[1].blocked && rows[1].seats[2].gap_before);
    assert_eq!(rows[1].seats[3].kind.quota.as_deref(), Some("Sponsors"));
    let colors: Vec<_> = document.price_types.iter().map(|kind| (kind.code.as_str(), kind.color.as_str())).collect();
    assert_eq!(colors, [("ST", "#9E4500"), ("FL", "#006699")]);
    assert_eq!(warnings(&report), ["the plan: ignored shapes, which do not say what seat or zone they are: 1"]);
}

#[test]
fn ids_name_seats_where_nothing_else_does() {
    let circles = r#"<circle id="seat-Gran-Circle-A-2" cx="20"/><circle id="Gran-Circle;A;1" cx="10"/><circle id="c3" cx="9"/>
        <circle id="seat-1"/><g id="Box" transform="rotate(90) scale(2)"><rect data-row="1" data-seat="1" x="4" y="9" width="2" height="2"/></g>"#;
    let (document, report) = svg(circles).unwrap();
    let names: Vec<_> = document.sectors[0].rows[0].seats.iter().map(|seat| (seat.name.as_str(), seat.x)).collect();
    assert_eq!((document.sectors[0].name.as_str(), names), ("Gran-Circle", vec![("2", 20), ("1", 10)]));
    assert_eq!((document.sectors[1].name.as_str(), seat(&document, 1, 0, 0).x, seat(&document, 1, 0, 0).y), ("Box", -20, 10));
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
}

#[test]
fn what_is_wrong_with_a_drawing_is_said_with_its_line() {
    let faults = "<circle data-seat='1' data-row='A' data-sector='S' cx='left'/>\n<circle data-seat='2' data-sector='S'/>\n<circle data-seat='3' data-row='A'/>\n<path data-seat='4' data-row='A' data-sector='S' d='?'/>\n<g transform='turn(3)'/><rect data-zone='Pit' data-sector='S'/>";
    let (message, found) = refused(svg(faults));
    assert_eq!(message, "DIST0004 Invalid 'cx' format: 'left'");
    let expected = [
        "line 2, cx: 'left' is not a number",
        "line 3, row: has no value",
        "line 4, sector: has no value",
        "line 5, d: '?' is no path",
        "line 6, transform: 'turn(3)' is no transformation",
        "line 6, data-capacity: a zone has a number of places",
    ];
    assert_eq!(found, expected);
    let seat = "<circle data-seat='1' data-row='A' data-sector='S'/>";
    for (text, what) in [
        (format!("<svg>{seat}"), "line 1: the drawing ends in the middle of an element"),
        (format!("<g>{seat}</g>"), "line 1: the outermost element is <g>, not <svg>"),
        ("plain".to_owned(), "line 1: there is no drawing"),
        (format!("<svg>{}", "<g>".repeat(1_000)), "line 1: more than 100 elements inside each other, or than 2000000 in all"),
        (format!("<svg{}/>", " a='1'".repeat(300)), "line 1: an element with more than 200 attributes"),
        (
            format!("<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n<svg>{seat}</svg>"),
            "line 1: a document type with declarations of its own; save the drawing as plain SVG",
        ),
    ] {
        assert_eq!(refused(import("image/svg+xml", text)), ("DIST0002 Request body is incorrect".to_owned(), vec![what.to_owned()]));
    }
    assert!(refused(svg("<g></svg>")).1[0].starts_with("line 2: "), "tags that do not match");
    assert!(refused(svg("<circle data-seat='&secret;'/>")).1[0].starts_with("line 2: "), "an entity of its own");
    let script = "<script>steal()</script><defs><circle data-seat='9' data-row='A' data-sector='S'/></defs><text data-seat='8'/>";
    let (document, _) = svg(&format!("{script}{seat}")).unwrap();
    assert_eq!(document.sectors[0].rows[0].seats.len(), 1, "what is hidden is no seat");
}

#[test]
fn a_seating_plan_becomes_a_plan() {
    let (document, report) = import("application/json", JSON).unwrap();
    assert_eq!((report.sectors, report.rows, report.seats, report.gaps, report.zones, report.capacity), (2, 3, 7, 1, 0, 7));
    assert_eq!((seat(&document, 0, 1, 1).x, seat(&document, 0, 1, 1).y, seat(&document, 1, 0, 0).y), (30, 30, 25));
    assert!(seat(&document, 0, 0, 2).gap_before);
    let colors: Vec<_> = document.price_types.iter().map(|kind| (kind.code.as_str(), kind.color.as_str())).collect();
    assert_eq!(colors, [("ST", "#9E4500"), ("Box", "#008080")]);
    assert_eq!(warnings(&report), ["the plan: ignored areas, which have no places: 1", "zones[1].rows[0]: has no number: it is called 1"]);
    let scaled = read(&File { bytes: JSON.into(), content_type: "application/json".to_owned() }, &settings(10)).unwrap().0;
    assert_eq!((seat(&scaled, 0, 1, 0).x, seat(&scaled, 0, 1, 0).y), (200, 304));
}

#[test]
fn what_is_wrong_with_a_seating_plan_is_said_with_its_path() {
    let json = |text: &str| import("application/json", text.to_owned());
    assert_eq!(
        refused(json("{\"zones\": [\n{\"rows\": 1}]}")).1,
        ["the plan: invalid type: integer `1`, expected a sequence at line 2 column 10"]
    );
    assert_eq!(refused(json(&"{".repeat(2_000_001))).1, ["the plan: more than 2000000 objects"]);
    assert_eq!(refused(json("{}")).0, "DIST0006 Parameter(s) required: 'zones, seats'");
    let seat = |seat: &str| {
        format!(r#"{{"categories": [{{"name": "C"}}], "zones": [{{"name": "Z", "rows": [{{"row_number": "1", "seats": [{seat}]}}]}}]}}"#)
    };
    let (message, found) = refused(json(&seat(r#"{"seat_number": "1", "category": "D"}, {"category": "C"}"#)));
    assert_eq!(message, "DIST0005 Invalid parameter(s): 'category'");
    assert_eq!(
        found,
        ["zones[0].rows[0].seats[0], category: 'D' is none of the plan's categories", "zones[0].rows[0].seats[1], seat: has no value"]
    );
    let far = refused(json(&seat(r#"{"seat_number": "1", "category": "C", "position": {"x": 1e300, "y": 0}}"#)));
    assert!(far.1[0].contains("is too far away"), "{far:?}");
    let kinds: Vec<_> = (0..300).map(|number| format!("{{\"name\": \"{number}\"}}")).collect();
    let many = seat(r#"{"seat_number": "1", "category": "C"}"#)
        .replace("[{\"name\": \"C\"}]", &format!("[{{\"name\": \"C\"}}, {}]", kinds.join(",")));
    assert_eq!(refused(json(&many)).0, "DIST0005 Invalid parameter(s): 'price_type'");
}

prop_compose! {
    /// A name that some program might choke on.
    fn name()(text in "[A-C;,\"'| =\\-ñ🎭]{1,4}") -> String {
        let text = text.trim();
        if text.is_empty() { "-".to_owned() } else { text.to_owned() }
    }
}

/// Any plan that a table can hold, as the body of a template.
fn plan() -> impl Strategy<Value = Arc<Plan>> {
    let seat = (any::<i32>(), any::<i32>(), 0..2_usize, 0..3_usize, 0..16_u8, any::<bool>(), any::<bool>());
    let row = (name(), prop::option::of(0..9_u32), prop::option::of(name()), prop::collection::vec(seat, 1..5));
    let zone = (name(), 0..2_usize, prop::option::of(name()), prop::collection::vec((0..3_usize, 0..9_u32, 0..9_u32), 1..3));
    let parts = (prop::collection::vec(row, 0..4), prop::collection::vec(zone, 0..3));
    let sector = (name(), name(), parts).prop_filter("something to sell", |(_, _, (rows, zones))| !(rows.is_empty() && zones.is_empty()));
    prop::collection::vec(sector, 1..4).prop_filter_map("a plan", |sectors| {
        let kinds = ["P;1", "Ñ"];
        let quotas = ["General", "Members, old", "GENERAL"];
        let sectors: Vec<_> = sectors
            .into_iter()
            .map(|(name, code, (rows, zones))| {
                let rows = rows.into_iter().map(|(name, rank, entrance, seats)| {
                    let seats = seats.into_iter().enumerate().map(|(index, (x, y, kind, quota, bits, gap, blocked))| {
                        let words: Vec<_> = super::super::template_body::ATTRIBUTES
                            .iter()
                            .filter(|(_, one)| bits & one.0 != 0)
                            .map(|(word, _)| *word)
                            .collect();
                        serde_json::json!({"name": index.to_string(), "x": x, "y": y, "price_type": kinds[kind], "quota": quotas[quota],
                            "attributes": words, "gap_before": gap, "blocked": blocked})
                    });
                    serde_json::json!({"name": name, "rank": rank, "entrance": entrance, "seats": seats.collect::<Vec<_>>()})
                });
                let zones = zones.into_iter().map(|(name, kind, entrance, places)| {
                    let places = places.into_iter().map(|(quota, count, blocked)| {
                        serde_json::json!({"quota": quotas[quota], "count": count, "blocked": blocked.min(count)})
                    });
                    serde_json::json!({"name": name, "price_type": kinds[kind], "entrance": entrance, "places": places.collect::<Vec<_>>()})
                });
                serde_json::json!({"name": name, "code": code, "rows": rows.collect::<Vec<_>>(), "zones": zones.collect::<Vec<_>>()})
            })
            .collect();
        let body = serde_json::json!({"venue_id": 1, "name": "Any", "quotas": quotas, "sectors": sectors,
            "price_types": [{"name": "One", "code": kinds[0], "ui_settings": {"color": "#0A0b0C"}}, {"name": "Two", "code": kinds[1]}]});
        let body: super::super::template_body::TemplateBody = serde_json::from_value(body).unwrap();
        // A plan without a single place is none.
        compiled(&body.read().ok()?)
    })
}

/// A document as a template that is alone in the world.
fn compiled(document: &Document) -> Option<Arc<Plan>> {
    use aforo_domain::catalogue::{PriceType, Quota, Template};
    let price_types = document.price_types.iter().zip(1..).map(|(spec, id)| PriceType {
        id: PriceTypeId(id),
        name: spec.name.clone(),
        code: spec.code.clone(),
        order: spec.order,
        color: spec.color.clone(),
        names: Localized::new(),
        descriptions: Localized::new(),
    });
    let quotas = document.quotas.iter().zip(1..).map(|(quota, id)| Quota {
        id: aforo_domain::ids::QuotaId(id),
        name: quota.name.clone(),
        release_ms: quota.release_ms,
    });
    let template = Template {
        id: TemplateId(1),
        venue: document.venue,
        name: document.name.clone(),
        price_types: price_types.collect(),
        quotas: quotas.collect(),
        sectors: (1..=document.sectors.len() as u64).map(SectorId).collect(),
        check_orphan_seats: document.check_orphan_seats,
        graphic: document.graphic,
        focal_point: document.focal_point,
        retired: false,
        version: 1,
    };
    Plan::compile(Arc::new(template), sectors(document).into_iter().map(Arc::new).collect()).ok().map(Arc::new)
}

/// A file that somebody has spoiled in a few places.
fn spoiled() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let change = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>());
    (0..3_usize, prop::collection::vec(change, 1..6)).prop_map(|(format, changes)| {
        let mut bytes = [CSV, SVG, JSON][format].as_bytes().to_vec();
        for (place, how, byte) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => drop(bytes.remove(place)),
                2 => bytes.insert(place, byte),
                _ => bytes[place] = b"<>\"';,{}[]&#0-9"[usize::from(byte) % 15],
            }
        }
        (format, bytes)
    })
}

fn is_well_answered(result: Result<(Document, Report), Error>) -> Result<(), TestCaseError> {
    if let Err(error) = result {
        prop_assert_eq!(error.code.status(), 400);
        prop_assert!(error.details.len() <= 101);
        prop_assert!(error.details.iter().all(|detail| !matches!(detail, DetailId::Text(text) if text.len() > 2_000)));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_table_that_was_written_is_read_back(plan in plan()) {
        let table = super::csv_write::write(&plan).unwrap();
        let (document, report) = import("text/csv", table).unwrap();
        let there: Vec<_> = plan.sectors.iter().map(|sector| sector.as_ref().clone()).collect();
        prop_assert_eq!(sectors(&document), there);
        let names = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>();
        let written = names(&mut plan.template.quotas.iter().map(|quota| &quota.name));
        prop_assert_eq!(names(&mut document.quotas.iter().map(|quota| &quota.name)), written);
        let kinds = |list: &mut dyn Iterator<Item = (String, String, String)>| list.collect::<Vec<_>>();
        prop_assert_eq!(
            kinds(&mut document.price_types.iter().map(|kind| (kind.code.clone(), kind.name.clone(), kind.color.clone()))),
            kinds(&mut plan.template.price_types.iter().map(|kind| (kind.code.clone(), kind.name.clone(), kind.color.clone())))
        );
        prop_assert_eq!(report.capacity, u64::from(plan.places()));
    }

    #[test]
    fn a_document_that_was_written_is_read_back(plan in plan()) {
        let text = serde_json::to_string(&super::document::DocumentView::of(&plan)).unwrap();
        let body: super::super::template_body::TemplateBody = serde_json::from_str(&text).unwrap();
        let there: Vec<_> = plan.sectors.iter().map(|sector| sector.as_ref().clone()).collect();
        prop_assert_eq!(sectors(&body.read().unwrap()), there);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300), format in 0..3_usize) {
        is_well_answered(import(TYPES[format], bytes))?;
    }

    #[test]
    fn any_table_is_answered(text in "(sector|row|seat|zone|x|y|capacity|,|;|\n|\"|[0-9a-c]| ){0,60}") {
        is_well_answered(csv(&format!("sector,row,seat,x,y,zone,capacity,rank\n{text}")))?;
    }

    #[test]
    fn spoiled_files_are_answered((format, bytes) in spoiled()) {
        is_well_answered(import(TYPES[format], bytes))?;
    }

    #[test]
    fn a_file_that_breaks_off_is_no_larger_plan(format in 0..3_usize, place in any::<prop::sample::Index>()) {
        let whole = [CSV, SVG, JSON][format].trim_end();
        let cut = &whole.as_bytes()[..place.index(whole.len())];
        match import(TYPES[format], cut.to_vec()) {
            // A table that ends with a whole line is a smaller table.
            Ok((_, report)) => prop_assert!(format == 0 && report.capacity <= 48),
            Err(error) => prop_assert_eq!(error.code.status(), 400),
        }
    }
}
