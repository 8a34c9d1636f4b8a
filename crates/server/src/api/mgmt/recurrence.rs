//! Which dates a recurrence means: days of the week between two dates, at times of day, in the venue's zone. What happens on these dates is no business
//! of this.
//!
//! A time that a change of clocks skips is as much later as the clocks jump; one that it repeats is the first of the two. What thereby falls on the same
//! instant twice is there once.

use std::collections::BTreeSet;

use aforo_domain::error::{Code, Error};
use aforo_domain::moment::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Dates of one recurrence at most.
pub const MAX_DATES: usize = 2_000;
/// Days from the first to the last at most: ten years.
const MAX_DAYS: i32 = 3_660;
/// Times of one day at most.
const MAX_TIMES: usize = 288;
/// The shortest distance of times, in minutes: a day has [`MAX_TIMES`] of them.
const MIN_STEP: u64 = 5;
/// What one date may last at most, in minutes: a week.
pub const MAX_DURATION: u64 = 7 * 24 * 60;

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// When, in the venue's time.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct RecurrenceBody {
    /// The first day: `2031-03-01`.
    #[schema(required = true)]
    from: Option<String>,
    /// The last day, at most ten years later.
    #[schema(required = true)]
    to: Option<String>,
    /// Any of `MO`, `TU`, `WE`, `TH`, `FR`, `SA`, `SU`; else every day.
    weekdays: Option<Vec<String>>,
    /// Times of day, each once: `10:30`. Or else `every`.
    times: Option<Vec<String>>,
    /// Times of day at the same distance. Or else `times`.
    every: Option<EveryBody>,
    /// Days that are left out.
    except: Option<Vec<String>>,
    /// How long each lasts: 0 (at first) to 10 080.
    duration_minutes: Option<Num>,
}

/// Times of day at the same distance: from the first on, every so many minutes, none after the last.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EveryBody {
    /// The first: `10:00`.
    #[schema(required = true)]
    from: Option<String>,
    /// The last, if the minutes come to it: `18:00`.
    #[schema(required = true)]
    to: Option<String>,
    /// 5 to 1 440.
    #[schema(required = true)]
    minutes: Option<Num>,
}

/// One date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// A recurrence that was read.
#[derive(Debug, Clone)]
pub struct Recurrence {
    from: Date,
    to: Date,
    weekdays: Vec<Weekday>,
    times: Vec<Time>,
    except: BTreeSet<Date>,
    duration_ms: i64,
}

impl RecurrenceBody {
    /// Reads it, into checks of a body in which it is `recurrence`.
    pub fn read(&self, checks: &mut Checks) -> Recurrence {
        let mut date = |name: &str, text: Option<&str>| {
            let text = checks.required(name, text);
            checks.formed(name, text, |text| text.parse::<Date>().ok().filter(|_| text.len() == 10)).unwrap_or_default()
        };
        let (from, to) = (date("recurrence.from", self.from.as_deref()), date("recurrence.to", self.to.as_deref()));
        let except = self.except.as_deref().unwrap_or_default();
        let days: BTreeSet<_> = except.iter().map(|text| date("recurrence.except", Some(text))).collect();
        if except.len() > MAX_ELEMENTS {
            checks.bad_value("recurrence.except");
        }
        if (to - from).get_days() > MAX_DAYS {
            checks.bad_value("recurrence.to");
        }
        let words = self.weekdays.as_deref();
        if words.is_some_and(|words| words.is_empty() || words.len() > WEEKDAYS.len()) {
            checks.bad_value("recurrence.weekdays");
        }
        let words = words.map(|words| words.iter().take(WEEKDAYS.len()));
        let weekdays = match words {
            Some(words) => words.filter_map(|word| checks.one_of("recurrence.weekdays", Some(word), WEEKDAYS)).collect(),
            None => WEEKDAYS.iter().map(|(_, weekday)| *weekday).collect(),
        };
        let minutes = checks.optional_whole("recurrence.duration_minutes", self.duration_minutes.as_ref(), 0..=MAX_DURATION);
        let duration_ms = minutes.unwrap_or_default() as i64 * 60_000;
        Recurrence { from, to, weekdays, times: self.times(checks), except: days, duration_ms }
    }

    fn times(&self, checks: &mut Checks) -> Vec<Time> {
        let name = "recurrence.times";
        if let Some(every) = &self.every {
            if self.times.is_some() {
                checks.bad_value(name);
            }
            return every.read(checks);
        }
        let texts = checks.required(name, self.times.as_deref()).unwrap_or_default();
        if self.times.is_some() && !(1..=MAX_TIMES).contains(&texts.len()) {
            checks.bad_value(name);
            return Vec::new();
        }
        let mut times: Vec<_> = texts.iter().filter_map(|text| checks.formed(name, Some(text), time_of_day)).collect();
        times.sort_unstable();
        if times.windows(2).any(|pair| pair[0] == pair[1]) {
            checks.bad_value(name);
        }
        times
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    text.parse().ok().filter(|_| text.len() == 5)
}

impl EveryBody {
    fn read(&self, checks: &mut Checks) -> Vec<Time> {
        let mut time = |name: &str, text: Option<&str>| {
            let text = checks.required(name, text);
            checks.formed(name, text, time_of_day)
        };
        let (from, to) = (time("recurrence.every.from", self.from.as_deref()), time("recurrence.every.to", self.to.as_deref()));
        let minutes = checks.whole("recurrence.every.minutes", self.minutes.as_ref(), MIN_STEP..=24 * 60);
        let Some((from, to)) = from.zip(to).filter(|_| minutes > 0) else { return Vec::new() };
        if to < from {
            checks.bad_value("recurrence.every.to");
        }
        let minute_of = |time: Time| u64::from(time.hour().unsigned_abs()) * 60 + u64::from(time.minute().unsigned_abs());
        let all = (minute_of(from)..=minute_of(to)).step_by(minutes as usize);
        all.map(|minute| Time::constant((minute / 60) as i8, (minute % 60) as i8, 0, 0)).collect()
    }
}

impl Recurrence {
    /// The dates in a zone, in their order.
    ///
    /// # Errors
    /// `DIST0001` if there is none, `DIST0005` if there are more than [`MAX_DATES`].
    pub fn slots(&self, zone: &TimeZone) -> Result<Vec<Slot>, Problem> {
        let mut starts = BTreeSet::new();
        let mut day = self.from;
        while day <= self.to {
            if self.weekdays.contains(&day.weekday()) && !self.except.contains(&day) {
                for time in &self.times {
                    // Compatible with what everybody does: later in a gap, the first in a fold.
                    let start = day.to_datetime(*time).to_zoned_datetime(zone.clone()).map_err(|_| Error::invalid(&["recurrence.to"]))?;
                    starts.insert(Timestamp(start.timestamp().as_microsecond()));
                }
            }
            if starts.len() > MAX_DATES {
                return Err(Error::invalid(&["recurrence"]).because("more dates than one call may have").into());
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        if starts.is_empty() {
            return Err(Error::new(Code::Dist0001).because("the recurrence means no date").into());
        }
        Ok(starts.into_iter().map(|start| Slot { start, end: start.plus_ms(self.duration_ms) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{MAX_DATES, Recurrence, RecurrenceBody};
    use crate::http::checks::Checks;
    use crate::http::time;

    fn read(body: Value) -> Result<Recurrence, String> {
        let body: RecurrenceBody = serde_json::from_value(body).unwrap();
        let mut checks = Checks::new();
        let recurrence = body.read(&mut checks);
        checks.done(recurrence).map_err(|problem| problem.error.to_string())
    }

    fn starts(body: Value, zone: &str) -> Result<Vec<String>, String> {
        let zone = TimeZone::get(zone).unwrap();
        let slots = read(body)?.slots(&zone).map_err(|problem| problem.error.code.as_str().to_owned())?;
        Ok(slots.iter().map(|slot| time::in_zone(slot.start, &zone)).collect())
    }

    #[test]
    fn days_of_the_week_at_times_of_day_but_for_exceptions() {
        let body = json!({"from": "2031-03-03", "to": "2031-03-12", "weekdays": ["WE", "TU"], "times": ["10:30", "09:00"],
            "except": ["2031-03-05"], "duration_minutes": 60});
        let expected = ["04T09:00", "04T10:30", "11T09:00", "11T10:30", "12T09:00", "12T10:30"];
        assert_eq!(starts(body, "Europe/Madrid").unwrap(), expected.map(|start| format!("2031-03-{start}:00+01:00")));
        let every = json!({"from": "2031-03-03", "to": "2031-03-09", "times": ["10:00"]});
        assert_eq!(starts(every, "Asia/Kathmandu").unwrap().len(), 7);
    }

    #[test]
    fn every_so_many_minutes_between_two_times() {
        let every = |every: Value| json!({"from": "2031-03-30", "to": "2031-03-30", "every": every});
        let slots = starts(every(json!({"from": "10:00", "to": "11:30", "minutes": 40})), "Europe/Madrid").unwrap();
        assert_eq!(slots, ["10:00", "10:40", "11:20"].map(|time| format!("2031-03-30T{time}:00+02:00")));
        let to_the_last = every(json!({"from": "10:00", "to": "11:00", "minutes": 30}));
        assert_eq!(starts(to_the_last, "Europe/Madrid").unwrap().len(), 3);
        assert_eq!(
            starts(every(json!({"from": "00:00", "to": "23:59", "minutes": 5})), "Atlantic/Canary").unwrap().len(),
            276,
            "an hour is skipped"
        );
        for (wrong, said) in [
            (json!({"from": "10:00", "to": "09:59", "minutes": 30}), "DIST0005 Invalid parameter(s): 'recurrence.every.to'"),
            (json!({"from": "10:00", "to": "11:00", "minutes": 4}), "DIST0005 Invalid parameter(s): 'recurrence.every.minutes'"),
            (json!({"from": "10", "to": "11:00", "minutes": 30}), "DIST0004 Invalid 'recurrence.every.from' format: '10'"),
            (json!({"to": "11:00"}), "DIST0006 Parameter(s) required: 'recurrence.every.from, recurrence.every.minutes'"),
        ] {
            assert_eq!(read(every(wrong)).unwrap_err(), said);
        }
        let mut both = every(json!({"from": "10:00", "to": "11:00", "minutes": 30}));
        both["times"] = json!(["10:00"]);
        assert_eq!(read(both).unwrap_err(), "DIST0005 Invalid parameter(s): 'recurrence.times'");
    }

    #[test]
    fn where_clocks_jump_a_time_is_later_and_where_they_go_back_the_first_of_two() {
        // In Madrid clocks go from 2:00 to 3:00 on 2031-03-30 and from 3:00 to 2:00 on 2031-10-26.
        let gap = json!({"from": "2031-03-29", "to": "2031-03-30", "times": ["02:30", "03:30"]});
        let expected = ["2031-03-29T02:30:00+01:00", "2031-03-29T03:30:00+01:00", "2031-03-30T03:30:00+02:00"];
        assert_eq!(starts(gap, "Europe/Madrid").unwrap(), expected, "both of the thirtieth are one instant");
        let fold = json!({"from": "2031-10-26", "to": "2031-10-26", "times": ["02:30", "03:00"]});
        assert_eq!(starts(fold, "Europe/Madrid").unwrap(), ["2031-10-26T02:30:00+02:00", "2031-10-26T03:00:00+01:00"]);
        // An hour later is an hour later, whatever the clocks say.
        let over = read(json!({"from": "2031-10-26", "to": "2031-10-26", "times": ["02:30"], "duration_minutes": 60})).unwrap();
        let slot = over.slots(&TimeZone::get("Europe/Madrid").unwrap()).unwrap()[0];
        assert_eq!(slot.end.ms_since(slot.start), 3_600_000);
    }

    #[test]
    fn what_is_wrong_is_said_by_name() {
        let good = json!({"from": "2031-03-01", "to": "2031-03-31", "times": ["10:00"]});
        for (name, value, said) in [
            ("from", json!("1 March"), "DIST0004 Invalid 'recurrence.from' format: '1 March'"),
            ("to", json!("2031-02-30"), "DIST0004 Invalid 'recurrence.to' format: '2031-02-30'"),
            ("to", json!(null), "DIST0006 Parameter(s) required: 'recurrence.to'"),
            ("to", json!("2051-03-01"), "DIST0005 Invalid parameter(s): 'recurrence.to'"),
            ("times", json!(["10:00:01"]), "DIST0004 Invalid 'recurrence.times' format: '10:00:01'"),
            ("times", json!(["25:00"]), "DIST0004 Invalid 'recurrence.times' format: '25:00'"),
            ("times", json!(["10:00", "10:00"]), "DIST0005 Invalid parameter(s): 'recurrence.times'"),
            ("times", json!([]), "DIST0005 Invalid parameter(s): 'recurrence.times'"),
            ("weekdays", json!(["MONDAY"]), "DIST0005 Invalid parameter(s): 'recurrence.weekdays'"),
            ("weekdays", json!([]), "DIST0005 Invalid parameter(s): 'recurrence.weekdays'"),
            ("except", json!(["never"]), "DIST0004 Invalid 'recurrence.except' format: 'never'"),
            ("duration_minutes", json!(10_081), "DIST0005 Invalid parameter(s): 'recurrence.duration_minutes'"),
        ] {
            let mut body = good.clone();
            body[name] = value;
            assert_eq!(read(body).unwrap_err(), said);
        }
        let backwards = json!({"from": "2031-03-02", "to": "2031-03-01", "times": ["10:00"]});
        assert_eq!(starts(backwards, "Europe/Madrid").unwrap_err(), "DIST0001");
        let never = json!({"from": "2031-03-01", "to": "2031-03-02", "weekdays": ["MO"], "times": ["10:00"]});
        assert_eq!(starts(never, "Europe/Madrid").unwrap_err(), "DIST0001");
        let times: Vec<_> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
        let many = json!({"from": "2031-01-01", "to": "2031-12-31", "times": times});
        assert_eq!(starts(many, "Europe/Madrid").unwrap_err(), "DIST0005");
    }

    proptest! {
        #[test]
        fn every_date_is_one_that_was_asked_for(
            first in 0_i32..2_000, days in 0_i32..100, hours in prop::collection::btree_set(0_u8..24, 1..4), zone in
            prop::sample::select(vec!["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]),
        ) {
            let from = date(2030, 1, 1).checked_add(jiff::Span::new().days(first)).unwrap();
            let to = from.checked_add(jiff::Span::new().days(days)).unwrap();
            let times: Vec<_> = hours.iter().map(|hour| format!("{hour:02}:30")).collect();
            let body = json!({"from": from.to_string(), "to": to.to_string(), "times": times});
            let zone = TimeZone::get(zone).unwrap();
            let slots = read(body).unwrap().slots(&zone).unwrap();
            prop_assert!(slots.is_sorted_by(|a, b| a.start < b.start) && slots.len() <= MAX_DATES);
            let asked = (days as usize + 1) * hours.len();
            prop_assert!(slots.len() <= asked && slots.len() + 2 >= asked, "{} of {asked}", slots.len());
            for slot in slots {
                let local = jiff::Timestamp::from_microsecond(slot.start.0).unwrap().to_zoned_datetime(zone.clone());
                prop_assert!((from..=to).contains(&local.date()));
                let is_asked = hours.contains(&local.hour().cast_unsigned()) && local.minute() == 30;
                // Else it stood in a gap.
                let before = local.checked_sub(jiff::Span::new().hours(2)).unwrap();
                prop_assert!(is_asked || before.offset() != local.offset());
            }
        }
    }
}
