//! A plan as a table: a line for each seat, and for each zone a line a quota. Columns are found by their names; what they mean is in docs/PLANS.md.

use csv::{ReaderBuilder, StringRecord};

use super::draft::{Common, Draft, Named, SeatRead, ZoneRead};
use super::findings::{At, Findings, Lines, cut};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Sector,
    SectorCode,
    Row,
    Seat,
    X,
    Y,
    PriceType,
    Quota,
    Attributes,
    GapBefore,
    Blocked,
    Entrance,
    Rank,
    Zone,
    Capacity,
    PriceTypeName,
    Color,
    SectorKey,
    RowKey,
    ZoneKey,
}

/// Their names, in the order in which they are written.
pub const COLUMNS: [(&str, Column); 20] = [
    ("sector", Column::Sector),
    ("sector_code", Column::SectorCode),
    ("row", Column::Row),
    ("seat", Column::Seat),
    ("x", Column::X),
    ("y", Column::Y),
    ("price_type", Column::PriceType),
    ("quota", Column::Quota),
    ("attributes", Column::Attributes),
    ("gap_before", Column::GapBefore),
    ("blocked", Column::Blocked),
    ("entrance", Column::Entrance),
    ("rank", Column::Rank),
    ("zone", Column::Zone),
    ("capacity", Column::Capacity),
    ("price_type_name", Column::PriceTypeName),
    ("color", Column::Color),
    ("sector_key", Column::SectorKey),
    ("row_key", Column::RowKey),
    ("zone_key", Column::ZoneKey),
];

/// Columns that tell what a line is; one without all of them names a price type and a quota.
const PLACES: [Column; 8] =
    [Column::Sector, Column::Row, Column::Seat, Column::Zone, Column::Capacity, Column::X, Column::Y, Column::SectorCode];

/// Where each column stands in a line.
#[derive(Debug, Default)]
struct Header {
    places: [Option<usize>; COLUMNS.len()],
    width: usize,
    /// Whether numbers may have a decimal comma.
    decimal_comma: bool,
}

/// A line with its header.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    at: At,
    header: &'a Header,
    fields: &'a StringRecord,
}

/// Reads a table.
pub fn read(text: &str, draft: &mut Draft, findings: &mut Findings) {
    let separator = separator(text);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let (mut fields, mut lines, mut header) = (StringRecord::new(), Lines::new(text), None::<Header>);
    while !findings.is_over() {
        let start = reader.position().byte() as usize;
        let line_end = text.as_bytes()[start.min(text.len())..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let at = lines.at(start + line_end);
        match reader.read_record(&mut fields) {
            Ok(true) if fields.iter().all(|field| field.trim().is_empty()) => {}
            Ok(true) => match &header {
                None => header = Some(Header::read(at, &fields, separator != b',', findings)),
                Some(header) => Line { at, header, fields: &fields }.read(draft, findings),
            },
            Ok(false) => break,
            Err(error) => findings.unreadable(at, error),
        }
    }
    if header.is_none() && !findings.is_over() {
        findings.unreadable(At::Plan, "there is no header: a first line that names the columns");
    }
}

/// What parts the columns: that of comma, semicolon and tab which is most in the first line.
fn separator(text: &str) -> u8 {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

impl Header {
    fn read(at: At, fields: &StringRecord, decimal_comma: bool, findings: &mut Findings) -> Self {
        let mut header = Self { places: [None; COLUMNS.len()], width: fields.len(), decimal_comma };
        let mut unknown = Vec::new();
        for (place, name) in fields.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
            match COLUMNS.iter().position(|(known, _)| *known == name) {
                Some(column) if header.places[column].is_some() => findings.bad_value(at, &name, "the header names this column twice"),
                Some(column) => header.places[column] = Some(place),
                None => unknown.push(cut(&name)),
            }
        }
        if header.places[Column::Sector as usize].is_none() {
            let known: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
            findings.missing(at, "sector", &format!("the header does not name this column; the columns are {}", known.join(", ")));
        }
        if !unknown.is_empty() {
            unknown.truncate(20);
            findings.warn(at, format!("unknown columns were ignored: {}", unknown.join(", ")));
        }
        header
    }
}

impl<'a> Line<'a> {
    fn read(self, draft: &mut Draft, findings: &mut Findings) {
        if self.fields.len() != self.header.width {
            let (is, should) = (self.fields.len(), self.header.width);
            return findings.misread(self.at, format!("{is} fields, where the header has {should}"));
        }
        if PLACES.iter().all(|column| self.get(*column).is_empty()) {
            if self.get(Column::Quota).is_empty() && self.get(Column::PriceType).is_empty() {
                findings.missing(self.at, "sector", "has no value");
            }
            draft.declare_quota(self.at, self.get(Column::Quota), findings);
            draft.declare_price_type(
                self.at,
                self.get(Column::PriceType),
                self.get(Column::PriceTypeName),
                self.get(Column::Color),
                findings,
            );
        } else if self.get(Column::Zone).is_empty() && self.get(Column::Capacity).is_empty() {
            self.seat(draft, findings);
        } else {
            self.zone(draft, findings);
        }
    }

    fn get(self, column: Column) -> &'a str {
        self.header.places[column as usize].and_then(|place| self.fields.get(place)).unwrap_or_default().trim()
    }

    fn named(self, name: Column, key: Column) -> Named<'a> {
        Named { name: self.get(name), key: self.get(key) }
    }

    fn common(self, findings: &mut Findings) -> Common<'a> {
        let price_type = self.get(Column::PriceType);
        if price_type.is_empty() && self.header.places[Column::PriceType as usize].is_some() {
            findings.missing(self.at, "price_type", "has no value");
        }
        Common {
            sector: self.named(Column::Sector, Column::SectorKey),
            sector_code: self.get(Column::SectorCode),
            price_type,
            quota: self.get(Column::Quota),
            entrance: self.get(Column::Entrance),
            color: "",
        }
    }

    fn seat(self, draft: &mut Draft, findings: &mut Findings) {
        let (x, y) = (self.coordinate("x", Column::X, findings), self.coordinate("y", Column::Y, findings));
        if x.is_some() != y.is_some() {
            findings.missing(self.at, if x.is_some() { "y" } else { "x" }, "a place has both coordinates or none");
        }
        let seat = SeatRead {
            common: self.common(findings),
            row: self.named(Column::Row, Column::RowKey),
            rank: findings.count(self.at, "rank", self.get(Column::Rank)),
            name: self.get(Column::Seat),
            point: x.zip(y),
            attributes: findings.attributes(self.at, self.get(Column::Attributes)),
            gap_before: findings.flag(self.at, "gap_before", self.get(Column::GapBefore)),
            blocked: findings.flag(self.at, "blocked", self.get(Column::Blocked)).unwrap_or_default(),
        };
        draft.seat(self.at, &seat, findings);
    }

    fn zone(self, draft: &mut Draft, findings: &mut Findings) {
        for (column, name) in [(Column::Row, "row"), (Column::Seat, "seat")] {
            if !self.get(column).is_empty() {
                findings.bad_value(self.at, name, "a line is a seat's or a zone's, not both");
            }
        }
        let capacity = findings.count(self.at, "capacity", self.get(Column::Capacity));
        if self.get(Column::Capacity).is_empty() {
            findings.missing(self.at, "capacity", "a zone has a number of places");
        }
        let zone = ZoneRead {
            common: self.common(findings),
            zone: self.named(Column::Zone, Column::ZoneKey),
            capacity: capacity.unwrap_or_default(),
            blocked: findings.count(self.at, "blocked", self.get(Column::Blocked)).unwrap_or_default(),
        };
        draft.zone(self.at, &zone, findings);
    }

    fn coordinate(self, name: &str, column: Column, findings: &mut Findings) -> Option<f64> {
        let text = self.get(column);
        if self.header.decimal_comma && text.contains(',') {
            return findings.coordinate(self.at, name, &text.replace(',', "."));
        }
        findings.coordinate(self.at, name, text)
    }
}
