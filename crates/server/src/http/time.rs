//! Dates on the wire: RFC 3339 in and out. Which zone a date is shown in is the caller's to say.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use aforo_domain::moment::Timestamp;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

/// Reads RFC 3339 with an offset; a blank before the offset is a `+` that a query's decoding took.
pub fn parse(text: &str) -> Option<Timestamp> {
    let fixed = text.contains(' ').then(|| text.replace(' ', "+"));
    let text = fixed.as_deref().unwrap_or(text);
    if !text.as_bytes().get(10).is_some_and(|separator| matches!(separator, b'T' | b't')) || text.contains('[') {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(|instant| Timestamp(instant.as_microsecond()))
}

/// Reads a date that is written in exactly one way: `2031-03-01T19:00:00Z`.
pub fn parse_utc(text: &str) -> Option<Timestamp> {
    let form = "0000-00-00T00:00:00Z";
    let same = |(is, should): (u8, u8)| if should == b'0' { is.is_ascii_digit() } else { is == should };
    let formed = text.len() == form.len() && text.bytes().zip(form.bytes()).all(same);
    parse(text).filter(|_| formed)
}

/// Reads a day (`2031-12-24`): the instant at which it begins, UTC.
pub fn parse_day(text: &str) -> Option<Timestamp> {
    // Only the plain form: what jiff reads besides says more than a day.
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: jiff::civil::Date = plain.then(|| text.parse().ok())??;
    let start = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(Timestamp(start.as_microsecond()))
}

/// The day (UTC) of an instant: `2031-12-24`.
pub fn day(instant: Timestamp) -> String {
    TimeZone::UTC.to_datetime(Shown::utc(instant).at).date().to_string()
}

/// Reads a day of any zone: `2031-03-01`.
pub fn civil_day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == 10)
}

/// In UTC: `2031-03-01T19:00:00Z`, without a fraction.
pub fn utc(instant: Timestamp) -> String {
    Shown::utc(instant).to_string()
}

/// In a zone, with the offset in force at that instant: `2031-03-01T20:00:00+01:00`, without a fraction.
pub fn in_zone(instant: Timestamp, zone: &TimeZone) -> String {
    Shown::in_zone(instant, zone).to_string()
}

/// What clock and calendar of a zone show at an instant.
pub fn zoned(instant: Timestamp, zone: &TimeZone) -> ZonedDateTime {
    Shown::utc(instant).at.to_zoned_datetime(zone.clone())
}

/// An instant as it is written, without being put together as a text first; without a fraction, unless it is to have milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    at: jiff::Timestamp,
    /// `None`: UTC, written `Z`.
    offset: Option<Offset>,
    precision: Precision,
}

/// How exactly dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As most APIs write them.
    Seconds,
    /// As orders management writes them.
    Milliseconds,
}

impl Shown {
    /// In UTC.
    pub fn utc(instant: Timestamp) -> Self {
        let at = jiff::Timestamp::from_second(instant.0.div_euclid(1_000_000)).unwrap_or_default();
        Self { at, offset: None, precision: Precision::Seconds }
    }

    /// In a zone, with the offset in force at that instant.
    pub fn in_zone(instant: Timestamp, zone: &TimeZone) -> Self {
        Self::exactly(instant, Some(zone), Precision::Seconds)
    }

    /// In a zone, else in UTC, as exactly as that.
    pub fn exactly(instant: Timestamp, zone: Option<&TimeZone>, precision: Precision) -> Self {
        let mut shown = Self { precision, ..Self::utc(instant) };
        if precision == Precision::Milliseconds {
            shown.at = jiff::Timestamp::from_millisecond(instant.0.div_euclid(1_000)).unwrap_or_default();
        }
        shown.offset = zone.map(|zone| zone.to_offset(shown.at));
        shown
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.offset, self.precision) {
            (None, Precision::Seconds) => self.at.fmt(f),
            (Some(offset), Precision::Seconds) => self.at.display_with_offset(offset).fmt(f),
            (None, Precision::Milliseconds) => write!(f, "{:.3}", self.at),
            (Some(offset), Precision::Milliseconds) => write!(f, "{:.3}", self.at.display_with_offset(offset)),
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl utoipa::PartialSchema for Shown {
    fn schema() -> RefOr<Schema> {
        let date = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(date)).into()
    }
}

impl utoipa::ToSchema for Shown {}

/// The time zones that venues have named: the database is asked once for each.
#[derive(Debug, Default)]
pub struct Zones(RwLock<HashMap<Box<str>, TimeZone>>);

/// Zones kept at most; the world has some 600 names.
const MAX_ZONES: usize = 1_000;

impl Zones {
    /// A zone; UTC if this build does not know it any more (it did when the venue was made).
    pub fn get(&self, name: &str) -> TimeZone {
        if let Some(zone) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return zone.clone();
        }
        let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
        let mut zones = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if zones.len() >= MAX_ZONES {
            zones.clear();
        }
        zones.insert(name.into(), zone.clone());
        zone
    }

    /// The day that an instant is on in a zone.
    pub fn day_of(&self, instant: Timestamp, zone: &str) -> Date {
        self.get(zone).to_datetime(Shown::utc(instant).at).date()
    }
}

#[cfg(test)]
mod tests {
    use super::{Precision, Shown, Zones, day, in_zone, parse, parse_day, utc};

    #[test]
    fn a_day_begins_at_midnight_and_reads_back() {
        let eve = parse_day("2031-12-24").unwrap();
        assert_eq!((utc(eve), day(eve)), ("2031-12-24T00:00:00Z".to_owned(), "2031-12-24".to_owned()));
        assert_eq!(day(parse("2031-12-24T23:59:59Z").unwrap()), "2031-12-24");
        for bad in ["", "2031-02-29", "2031-12-24T00:00:00Z", "20311224", "24-12-2031", "2031-W52-3", "tomorrow"] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_date_reads_back_in_its_zone() {
        let evening = parse("2031-03-01T20:00:00+01:00").unwrap();
        assert_eq!(Some(evening), parse("2031-03-01T20:00:00 01:00"));
        assert_eq!(utc(evening), "2031-03-01T19:00:00Z");
        let zones = Zones::default();
        let madrid = zones.get("Europe/Madrid");
        assert_eq!(in_zone(evening, &madrid), "2031-03-01T20:00:00+01:00");
        assert_eq!(in_zone(parse("2031-07-01T18:00:00Z").unwrap(), &madrid), "2031-07-01T20:00:00+02:00");
    }

    #[test]
    fn fractions_are_not_shown_and_old_dates_are() {
        let new_york = Zones::default().get("America/New_York");
        let at = parse("1969-07-20T20:17:40.999Z").unwrap();
        assert_eq!((utc(at), in_zone(at, &new_york)), ("1969-07-20T20:17:40Z".into(), "1969-07-20T16:17:40-04:00".into()));
        let kathmandu = Zones::default().get("Asia/Kathmandu");
        assert_eq!(in_zone(at, &kathmandu), "1969-07-21T01:47:40+05:30");
        assert_eq!(in_zone(at, &Zones::default().get("Nowhere/Else")), "1969-07-20T20:17:40+00:00");
    }

    #[test]
    fn milliseconds_are_shown_where_they_are_asked_for() {
        let madrid = Zones::default().get("Europe/Madrid");
        let shown = |text, zone| Shown::exactly(parse(text).unwrap(), zone, Precision::Milliseconds).to_string();
        assert_eq!(shown("2030-12-21T18:00:00Z", Some(&madrid)), "2030-12-21T19:00:00.000+01:00");
        assert_eq!(shown("2030-07-21T18:00:00.1239Z", Some(&madrid)), "2030-07-21T20:00:00.123+02:00");
        assert_eq!(shown("2030-07-21T18:00:00.5Z", None), "2030-07-21T18:00:00.500Z");
    }

    #[test]
    fn a_day_is_its_zones() {
        let late = parse("2031-03-01T23:30:00Z").unwrap();
        let day = |zone| Zones::default().day_of(late, zone);
        assert_eq!(
            (Some(day("Atlantic/Canary")), Some(day("Europe/Madrid"))),
            (super::civil_day("2031-03-01"), super::civil_day("2031-03-02"))
        );
        assert_eq!(
            (super::civil_day("2031-02-30"), super::civil_day("2031-03-01T10:00:00"), super::civil_day("today")),
            (None, None, None)
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "soon", "2031-03-01", "2031-03-01T20:00:00", "2031-02-30T20:00:00Z", "2031-03-01 20:00:00Z", "é".repeat(20).as_str()]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
