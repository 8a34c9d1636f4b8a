//! A plan as a drawing: shapes that say which seat they are, in groups that say it for many. What no shape says is decoration. Nothing is drawn, run or
//! fetched; what the attributes mean is in docs/PLANS.md.

use std::collections::HashMap;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::events::Event;
use svgtypes::Transform;

use super::draft::{Common, Draft, Named, SeatRead, ZoneRead};
use super::drawn::Point;
use super::findings::{At, Findings, Lines};
use super::svg_shape::{Element, color, inside, put};

/// Elements inside each other at most.
const MAX_DEPTH: usize = 100;
/// Elements at most.
const MAX_ELEMENTS: usize = 2_000_000;

/// Elements whose content is not part of the picture.
const HIDDEN: &[&str] =
    &["defs", "symbol", "clipPath", "mask", "pattern", "marker", "style", "script", "foreignObject", "metadata", "title", "desc", "text"];

/// What a group says of all that is in it, unless that says otherwise itself.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Sector,
    SectorCode,
    Row,
    PriceType,
    Quota,
    Attributes,
    Entrance,
    Rank,
    GapBefore,
    Blocked,
}

const MARKS: [(&str, Mark); 10] = [
    ("data-sector", Mark::Sector),
    ("data-sector-code", Mark::SectorCode),
    ("data-row", Mark::Row),
    ("data-price-type", Mark::PriceType),
    ("data-quota", Mark::Quota),
    ("data-attributes", Mark::Attributes),
    ("data-entrance", Mark::Entrance),
    ("data-rank", Mark::Rank),
    ("data-gap-before", Mark::GapBefore),
    ("data-blocked", Mark::Blocked),
];

/// An element that is open, with all it has from those around it.
#[derive(Debug, Clone)]
struct Frame {
    at: At,
    transform: Transform,
    is_hidden: bool,
    marks: [Option<Rc<str>>; MARKS.len()],
    fill: Option<Rc<str>>,
    /// The id of the innermost group that is no row: a sector's name, where there is no other.
    group: Option<Rc<str>>,
    /// The seat that a group is, until a shape in it has taken it.
    seat: Option<Rc<str>>,
}

/// Something that happens on the way through a drawing.
enum Step<'a> {
    Open(&'a Element<'a>),
    Close,
}

/// Reads a drawing.
pub fn read(text: &str, draft: &mut Draft, findings: &mut Findings) {
    let mut middles = HashMap::new();
    if text.contains("use") {
        walk(text, findings, |at, step, findings| {
            if let Step::Open(element) = step
                && let Some(id) = element.get("id").filter(|_| element.is_shape() && element.name != "use")
            {
                let middle = put(element.transform(at, findings), element.middle(at, findings));
                middles.entry(id.to_owned()).or_insert(middle);
            }
        });
    }
    let mut drawing = Drawing { middles, frames: Vec::new(), ignored: 0 };
    walk(text, findings, |at, step, findings| match step {
        Step::Open(element) => drawing.open(at, element, draft, findings),
        Step::Close => drawing.close(findings),
    });
    if drawing.ignored > 0 {
        findings.warn(At::Plan, format!("ignored shapes, which do not say what seat or zone they are: {}", drawing.ignored));
    }
}

/// Goes through all elements.
fn walk(text: &str, findings: &mut Findings, mut step: impl FnMut(At, Step<'_>, &mut Findings)) {
    let mut reader = Reader::from_str(text);
    let (mut lines, mut depth, mut count) = (Lines::new(text), 0, 0);
    while !findings.is_over() {
        let at = lines.at(reader.buffer_position() as usize);
        let (tag, is_empty) = match reader.read_event() {
            Ok(Event::Start(tag)) => (tag, false),
            Ok(Event::Empty(tag)) => (tag, true),
            Ok(Event::End(_)) => {
                depth -= 1;
                step(at, Step::Close, findings);
                continue;
            }
            Ok(Event::DocType(declared)) if declared.contains('[') => {
                return findings.unreadable(at, "a document type with declarations of its own; save the drawing as plain SVG");
            }
            Ok(Event::Eof) if depth > 0 => return findings.unreadable(at, "the drawing ends in the middle of an element"),
            Ok(Event::Eof) if count == 0 => return findings.unreadable(at, "there is no drawing"),
            Ok(Event::Eof) => return,
            Ok(_) => continue,
            Err(error) => return findings.unreadable(at, error),
        };
        let element = match Element::read(&tag) {
            Ok(element) => element,
            Err(why) => return findings.unreadable(at, why),
        };
        count += 1;
        if count == 1 && element.name != "svg" {
            return findings.unreadable(at, format!("the outermost element is <{}>, not <svg>", element.name));
        }
        if depth == MAX_DEPTH || count > MAX_ELEMENTS {
            return findings.unreadable(at, format!("more than {MAX_DEPTH} elements inside each other, or than {MAX_ELEMENTS} in all"));
        }
        step(at, Step::Open(&element), findings);
        if is_empty {
            step(at, Step::Close, findings);
        } else {
            depth += 1;
        }
    }
}

/// A drawing on the way through it.
struct Drawing {
    /// The middle of each shape that has an id, for those that use it.
    middles: HashMap<String, Point>,
    frames: Vec<Frame>,
    ignored: u64,
}

impl Drawing {
    fn open(&mut self, at: At, element: &Element<'_>, draft: &mut Draft, findings: &mut Findings) {
        let frame = self.frame(at, element, findings);
        let is_seen = !frame.is_hidden;
        self.frames.push(frame);
        if !is_seen {
            return;
        }
        if element.get("data-zone").is_some() || element.get("data-capacity").is_some() {
            self.zone(at, element, draft, findings);
        } else if element.is_shape() {
            self.seat(at, element, draft, findings);
        } else if element.get("data-seat").is_some() && element.name != "g" {
            findings.warn(at, format!("was ignored: a <{}> cannot be a seat", element.name.chars().take(30).collect::<String>()));
        }
    }

    fn close(&mut self, findings: &mut Findings) {
        if let Some(Frame { at, seat: Some(_), .. }) = self.frames.pop() {
            findings.warn(at, "was ignored: a seat without a shape");
        }
    }

    fn frame(&self, at: At, element: &Element<'_>, findings: &mut Findings) -> Frame {
        let outer = self.frames.last();
        let own = element.transform(at, findings);
        let mut marks = outer.map(|outer| outer.marks.clone()).unwrap_or_default();
        for (name, mark) in MARKS {
            if let Some(value) = element.get(name) {
                marks[mark as usize] = Some(value.into());
            }
        }
        let is_group = element.name == "g";
        let names_group = is_group && element.get("data-row").is_none() && element.get("data-seat").is_none();
        let group = element.get("id").filter(|_| names_group).map(Rc::from);
        Frame {
            at,
            transform: outer.map_or(own, |outer| inside(outer.transform, own)),
            is_hidden: outer.is_some_and(|outer| outer.is_hidden) || HIDDEN.contains(&element.name),
            marks,
            fill: element.fill().map(Rc::from).or_else(|| outer.and_then(|outer| outer.fill.clone())),
            group: group.or_else(|| outer.and_then(|outer| outer.group.clone())),
            seat: element.get("data-seat").filter(|_| is_group).map(Rc::from),
        }
    }

    fn seat(&mut self, at: At, element: &Element<'_>, draft: &mut Draft, findings: &mut Findings) {
        let alone = |seat: Rc<str>| SeatName { sector_and_row: None, seat };
        let named = match element.get("data-seat") {
            Some(seat) => Some(alone(seat.into())),
            None => element.get("id").and_then(SeatName::of_id).or_else(|| {
                let of_group = self.frames.iter_mut().rev().find_map(|frame| frame.seat.take());
                of_group.map(alone)
            }),
        };
        let (Some(SeatName { sector_and_row, seat }), Some(frame)) = (named, self.frames.last()) else {
            self.ignored += 1;
            return;
        };
        let middle = element.middle(at, findings);
        let used = element.get("href").and_then(|href| self.middles.get(href.strip_prefix('#')?)).filter(|_| element.name == "use");
        let (dx, dy) = used.copied().unwrap_or_default();
        let color = frame.fill.as_deref().and_then(color).unwrap_or_default();
        let mut common = frame.common(&color);
        let mut row = frame.mark(Mark::Row);
        if let Some((sector, of_sector)) = sector_and_row {
            (common.sector.name, row) = (sector, of_sector);
        }
        let read = SeatRead {
            common,
            row: Named { name: row, key: "" },
            rank: findings.count(at, "data-rank", frame.mark(Mark::Rank)),
            name: &seat,
            point: Some(put(frame.transform, (middle.0 + dx, middle.1 + dy))),
            attributes: findings.attributes(at, frame.mark(Mark::Attributes)),
            gap_before: findings.flag(at, "data-gap-before", frame.mark(Mark::GapBefore)),
            blocked: findings.flag(at, "data-blocked", frame.mark(Mark::Blocked)).unwrap_or_default(),
        };
        draft.seat(at, &read, findings);
    }

    fn zone(&mut self, at: At, element: &Element<'_>, draft: &mut Draft, findings: &mut Findings) {
        let Some(frame) = self.frames.last() else { return };
        let capacity = element.get("data-capacity").unwrap_or_default();
        if capacity.is_empty() {
            findings.missing(at, "data-capacity", "a zone has a number of places");
        }
        let color = frame.fill.as_deref().and_then(color).unwrap_or_default();
        let zone = ZoneRead {
            common: frame.common(&color),
            zone: Named { name: element.get("data-zone").unwrap_or_default(), key: "" },
            capacity: findings.count(at, "data-capacity", capacity).unwrap_or_default(),
            blocked: findings.count(at, "data-blocked", element.get("data-blocked").unwrap_or_default()).unwrap_or_default(),
        };
        draft.zone(at, &zone, findings);
    }
}

impl Frame {
    fn mark(&self, mark: Mark) -> &str {
        self.marks[mark as usize].as_deref().unwrap_or_default()
    }

    fn common<'a>(&'a self, color: &'a str) -> Common<'a> {
        let sector = self.marks[Mark::Sector as usize].as_deref().or(self.group.as_deref()).unwrap_or_default();
        Common {
            sector: Named { name: sector, key: "" },
            sector_code: self.mark(Mark::SectorCode),
            price_type: self.mark(Mark::PriceType),
            quota: self.mark(Mark::Quota),
            entrance: self.mark(Mark::Entrance),
            color,
        }
    }
}

/// How a shape says which seat it is.
struct SeatName<'a> {
    /// Sector and row, where it says those too.
    sector_and_row: Option<(&'a str, &'a str)>,
    seat: Rc<str>,
}

impl<'a> SeatName<'a> {
    /// Of an id like `Stalls;A;12` or `seat-Stalls-A-12`.
    fn of_id(id: &'a str) -> Option<Self> {
        let mut parts = id.split(';');
        let by_semicolons = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(sector), Some(row), Some(seat), None) => Some((sector, row, seat)),
            _ => None,
        };
        let (sector, row, seat) = by_semicolons.or_else(|| {
            let mut parts = id.strip_prefix("seat-")?.rsplitn(3, '-');
            let (seat, row, sector) = (parts.next()?, parts.next()?, parts.next()?);
            Some((sector, row, seat))
        })?;
        Some(Self { sector_and_row: Some((sector, row)), seat: seat.into() })
    }
}
