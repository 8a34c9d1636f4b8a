//! Dates on the wire: RFC 3339 in and out. Which zone a date is shown in is the caller's to say.

use aforo_domain::moment::Timestamp;
use jiff::tz::TimeZone;

/// Reads RFC 3339 with an offset; a blank before the offset is a `+` that a query's decoding took.
pub fn parse(text: &str) -> Option<Timestamp> {
    let fixed = text.contains(' ').then(|| text.replace(' ', "+"));
    let text = fixed.as_deref().unwrap_or(text);
    if !text.as_bytes().get(10).is_some_and(|separator| matches!(separator, b'T' | b't')) || text.contains('[') {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(|instant| Timestamp(instant.as_microsecond()))
}

/// In UTC: `2031-03-01T19:00:00Z`, without a fraction.
pub fn utc(instant: Timestamp) -> String {
    in_zone(instant, &TimeZone::UTC).replace("+00:00", "Z")
}

/// In a zone, with the offset in force at that instant: `2031-03-01T20:00:00+01:00`, without a fraction.
pub fn in_zone(instant: Timestamp, zone: &TimeZone) -> String {
    let instant = jiff::Timestamp::from_microsecond(instant.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::{in_zone, parse, utc};

    #[test]
    fn a_date_reads_back_in_its_zone() {
        let evening = parse("2031-03-01T20:00:00+01:00").unwrap();
        assert_eq!(Some(evening), parse("2031-03-01T20:00:00 01:00"));
        assert_eq!(utc(evening), "2031-03-01T19:00:00Z");
        let madrid = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(in_zone(evening, &madrid), "2031-03-01T20:00:00+01:00");
        assert_eq!(in_zone(parse("2031-07-01T18:00:00Z").unwrap(), &madrid), "2031-07-01T20:00:00+02:00");
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
