//! A template as a table that is read back to the same places. What the table has no column for (texts in other languages, orders in lists, ids) is in the
//! JSON document.

use std::collections::HashMap;

use aforo_domain::catalogue::plan::{Plan, Seat, SeatRow, Sector, Zone};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{PriceTypeId, QuotaId};
use csv::{Terminator, WriterBuilder};

use super::super::template_body::ATTRIBUTES;
use super::csv_read::{COLUMNS, Column};
use crate::http::respond::Problem;

/// The cells of a line, in the order of the columns.
type Cells = [String; COLUMNS.len()];

/// Writes a template's places.
///
/// # Errors
/// `DIST0000` if memory is a stream that breaks off.
pub fn write(plan: &Plan) -> Result<Vec<u8>, Problem> {
    lines(plan).map_err(|error| Error::new(Code::Dist0000).because(error.to_string()).into())
}

fn lines(plan: &Plan) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|(name, _)| *name))?;
    for quota in &plan.template.quotas {
        writer.write_record(cells([(Column::Quota, quota.name.clone())]))?;
    }
    for kind in &plan.template.price_types {
        let (code, name, color) = (kind.code.clone(), kind.name.clone(), kind.color.clone());
        writer.write_record(cells([(Column::PriceType, code), (Column::PriceTypeName, name), (Column::Color, color)]))?;
    }
    let mut keys = Keys::default();
    for sector in &plan.sectors {
        let of_sector = keys.key(&sector.name);
        let (mut of_rows, mut of_zones) = (Keys::default(), Keys::default());
        for row in &sector.rows {
            let keys = [(Column::SectorKey, of_sector.clone()), (Column::RowKey, of_rows.key(&row.name))];
            for seat in &row.seats {
                let mut line = common(plan, sector, seat.price_type, seat.quota, row.entrance.as_deref());
                fill(&mut line, of_seat(row, seat).into_iter().chain(keys.clone()));
                writer.write_record(&line)?;
            }
        }
        for zone in &sector.zones {
            let keys = [(Column::SectorKey, of_sector.clone()), (Column::ZoneKey, of_zones.key(&zone.name))];
            for line in of_zone(plan, sector, zone) {
                let mut line = line;
                fill(&mut line, keys.clone());
                writer.write_record(&line)?;
            }
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Tells apart what has the same name: nothing for the first of a name, then 2, 3 and so on.
#[derive(Debug, Default)]
struct Keys(HashMap<String, u32>);

impl Keys {
    fn key(&mut self, name: &str) -> String {
        // Names are read without the blanks around them.
        let count = self.0.entry(name.trim().to_owned()).or_default();
        *count += 1;
        if *count == 1 { String::new() } else { count.to_string() }
    }
}

fn of_seat(row: &SeatRow, seat: &Seat) -> [(Column, String); 8] {
    let attributes = ATTRIBUTES.iter().filter(|(_, attribute)| seat.attributes.has(*attribute)).map(|(word, _)| *word);
    let flag = |value: bool| if value { "true".to_owned() } else { String::new() };
    [
        (Column::Row, row.name.clone().into()),
        (Column::Rank, row.rank.map(|rank| rank.to_string()).unwrap_or_default()),
        (Column::Seat, seat.name.clone().into()),
        (Column::X, seat.x.to_string()),
        (Column::Y, seat.y.to_string()),
        (Column::Attributes, attributes.collect::<Vec<_>>().join("|")),
        (Column::GapBefore, flag(seat.gap_before)),
        (Column::Blocked, flag(seat.blocked)),
    ]
}

fn of_zone(plan: &Plan, sector: &Sector, zone: &Zone) -> Vec<Cells> {
    let line = |part: &aforo_domain::catalogue::plan::ZonePlaces| {
        let mut line = common(plan, sector, zone.price_type, part.quota, zone.entrance.as_deref());
        let blocked = if part.blocked > 0 { part.blocked.to_string() } else { String::new() };
        fill(&mut line, [(Column::Zone, zone.name.clone()), (Column::Capacity, part.count.to_string()), (Column::Blocked, blocked)]);
        line
    };
    zone.places.iter().map(line).collect()
}

fn common(plan: &Plan, sector: &Sector, price_type: PriceTypeId, quota: QuotaId, entrance: Option<&str>) -> Cells {
    cells([
        (Column::Sector, sector.name.clone()),
        (Column::SectorCode, if sector.code == sector.name { String::new() } else { sector.code.clone() }),
        (Column::PriceType, plan.price_type_code(price_type).to_owned()),
        (Column::Quota, plan.quota_name(quota).to_owned()),
        (Column::Entrance, entrance.unwrap_or_default().to_owned()),
    ])
}

fn cells(filled: impl IntoIterator<Item = (Column, String)>) -> Cells {
    let mut cells = Cells::default();
    fill(&mut cells, filled);
    cells
}

fn fill(cells: &mut Cells, filled: impl IntoIterator<Item = (Column, String)>) {
    for (column, text) in filled {
        cells[column as usize] = text;
    }
}
