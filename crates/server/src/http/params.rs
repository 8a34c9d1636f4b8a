//! Query parameters: lists' paging, sorting and ranges, words and ids. Unknown parameters are ignored, because real clients send extra ones.

use std::convert::Infallible;

use aforo_domain::ids::MAX_ID;
use aforo_domain::moment::Timestamp;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::checks::Checks;
use super::time;
use super::wire::{List, Metadata};

/// Offsets of most lists end here; those of order items do not.
pub const MAX_OFFSET: u64 = 100_000;

/// A request's query, decoded. Of a name given twice the first counts.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Elements of a page at most: 1 to 500.
    pub limit: u64,
    /// Elements before it.
    pub offset: u64,
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<T> {
    /// By what.
    pub field: T,
    /// Largest first.
    pub descending: bool,
}

/// A range of instants. Bounds are as they were given: `gt` and `lt` exclude theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// `gte`, or `gt` plus a microsecond.
    pub from: Option<Timestamp>,
    /// `lte`, or `lt` less a microsecond.
    pub to: Option<Timestamp>,
}

impl Range {
    /// Whether an instant is inside.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.to.is_none_or(|to| instant <= to)
    }
}

impl Params {
    /// Decodes a query.
    pub fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A parameter; an empty one counts as left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// `limit` (1 to 500, default 100) and `offset` (0 to `max_offset`).
    pub fn paging(&self, checks: &mut Checks, max_offset: u64) -> Paging {
        let limit = self.whole(checks, "limit", 1, 500).unwrap_or(100);
        Paging { limit, offset: self.whole(checks, "offset", 0, max_offset).unwrap_or(0) }
    }

    /// An id: 1 to 2^53 - 1.
    pub fn id(&self, checks: &mut Checks, name: &str) -> Option<u64> {
        self.whole(checks, name, 1, MAX_ID - 1)
    }

    /// A whole number: letters are a wrong form, a number out of range is a wrong value.
    pub fn whole(&self, checks: &mut Checks, name: &str, min: u64, max: u64) -> Option<u64> {
        whole(checks, name, self.get(name)?, min, max)
    }

    /// `true` or `false`.
    pub fn boolean(&self, checks: &mut Checks, name: &str) -> Option<bool> {
        checks.one_of(name, self.get(name), &[("true", true), ("false", false)])
    }

    /// A word of a set.
    pub fn one_of<T: Copy>(&self, checks: &mut Checks, name: &str, allowed: &[(&str, T)]) -> Option<T> {
        checks.one_of(name, self.get(name), allowed)
    }

    /// `sort=field:asc|desc`; ascending where it does not say.
    pub fn sort<T: Copy>(&self, checks: &mut Checks, fields: &[(&str, T)]) -> Option<Sort<T>> {
        let (field, direction) = self.get("sort").map(|text| text.split_once(':').unwrap_or((text, "asc")))?;
        let field = checks.one_of("sort", Some(field), fields)?;
        let descending = checks.one_of("sort", Some(direction), &[("asc", false), ("desc", true)])?;
        Some(Sort { field, descending })
    }

    /// `name=gte:2031-01-01T00:00:00Z,lte:...`: one or two prefixed instants.
    pub fn range(&self, checks: &mut Checks, name: &str) -> Range {
        let mut range = Range::default();
        let Some(text) = self.get(name) else { return range };
        if text.split(',').count() > 2 {
            checks.bad_format(name, text);
        }
        for bound in text.split(',').take(2) {
            let Some((prefix, instant)) = bound.trim().split_once(':') else {
                checks.bad_format(name, text);
                continue;
            };
            match (prefix, time::parse(instant)) {
                (_, None) => checks.bad_format(name, text),
                ("gte", from) => range.from = from,
                ("gt", from) => range.from = from.map(|from| Timestamp(from.0 + 1)),
                ("lte", to) => range.to = to,
                ("lt", to) => range.to = to.map(|to| Timestamp(to.0 - 1)),
                _ => checks.bad_value(name),
            }
        }
        range
    }
}

impl Paging {
    /// This page of all elements, in their order.
    pub fn page<T, I: IntoIterator<Item = T>>(&self, all: I) -> List<T> {
        let (mut total, mut data) = (0, Vec::new());
        for element in all {
            if total >= self.offset && total - self.offset < self.limit {
                data.push(element);
            }
            total += 1;
        }
        List { metadata: Metadata { limit: self.limit, total, offset: self.offset }, data }
    }
}

/// A whole number in its text.
pub(super) fn whole(checks: &mut Checks, name: &str, text: &str, min: u64, max: u64) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        checks.bad_format(name, text);
        return None;
    }
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    if number.is_none() {
        checks.bad_value(name);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::{Checks, Paging, Params, Range, Sort};
    use crate::http::time;

    fn read<T>(query: &str, read: impl FnOnce(&Params, &mut Checks) -> T) -> Result<T, String> {
        let mut checks = Checks::new();
        let value = read(&Params::parse(query), &mut checks);
        checks.done(value).map_err(|problem| problem.error.to_string())
    }

    #[test]
    fn pages_have_bounds_and_defaults() {
        let paging = |query| read(query, |params, checks| params.paging(checks, 100_000));
        assert_eq!(paging(""), Ok(Paging { limit: 100, offset: 0 }));
        assert_eq!(paging("limit=500&offset=100000&x=1"), Ok(Paging { limit: 500, offset: 100_000 }));
        assert_eq!(paging("limit=501&offset=-1").unwrap_err(), "DIST0005 Invalid parameter(s): 'limit, offset'");
        assert_eq!(paging("limit=ten&offset=-1").unwrap_err(), "DIST0004 Invalid 'limit' format: 'ten'");
        assert_eq!(paging("offset=100001").unwrap_err(), "DIST0005 Invalid parameter(s): 'offset'");
    }

    #[test]
    fn a_page_is_cut_and_the_total_is_exact() {
        let page = Paging { limit: 2, offset: 3 }.page(1..=10);
        assert_eq!((page.data, page.metadata.total), (vec![4, 5], 10));
        assert_eq!(Paging { limit: 2, offset: 30 }.page(1..=10).data, Vec::<i32>::new());
    }

    #[test]
    fn sorting_names_a_field_and_perhaps_a_way() {
        let sort = |query| read(query, |params, checks| params.sort(checks, &[("date.start", 's'), ("name", 'n')]));
        assert_eq!(sort(""), Ok(None));
        assert_eq!(sort("sort=name:desc"), Ok(Some(Sort { field: 'n', descending: true })));
        assert_eq!(sort("sort=date.start"), Ok(Some(Sort { field: 's', descending: false })));
        assert_eq!(sort("sort=price:asc").unwrap_err(), "DIST0005 Invalid parameter(s): 'sort'");
        assert_eq!(sort("sort=name:up").unwrap_err(), "DIST0005 Invalid parameter(s): 'sort'");
    }

    #[test]
    fn ranges_have_one_or_two_bounds_however_they_are_encoded() {
        let range = |query| read(query, |params, checks| params.range(checks, "start"));
        let (new_year, summer) = (time::parse("2031-01-01T00:00:00Z"), time::parse("2031-07-01T00:00:00+02:00"));
        let both = Ok(Range { from: new_year, to: summer });
        assert_eq!(range("start=gte:2031-01-01T00:00:00Z,lte:2031-07-01T00:00:00+02:00"), both);
        assert_eq!(range("start=gte%3A2031-01-01T00%3A00%3A00Z%2Clte%3A2031-07-01T00%3A00%3A00%2B02%3A00"), both);
        let after = range("start=gt:2031-01-01T00:00:00Z").unwrap();
        assert!(!after.contains(new_year.unwrap()) && after.contains(summer.unwrap()));
        let before = range("start=lt:2031-01-01T00:00:00Z").unwrap();
        assert!(!before.contains(new_year.unwrap()) && before.contains(new_year.unwrap().plus_ms(-1)));
        for bad in ["start=2031-01-01", "start=gte:soon", "start=gte", "start=gte:2031-01-01T00:00:00Z,lte:x"] {
            assert!(range(bad).unwrap_err().starts_with("DIST0004"), "{bad}");
        }
        assert!(range("start=about:2031-01-01T00:00:00Z").unwrap_err().starts_with("DIST0005"));
    }
}
