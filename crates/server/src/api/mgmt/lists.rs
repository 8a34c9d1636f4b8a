//! Lists of management: all take the same filters where they make sense (`name`, `status`, `entity_id`, `start`), the same `sort`, and are paged alike.
//! What is within a caller's reach is decided before.

use std::cmp::Ordering;

use aforo_domain::ids::EntityId;
use aforo_domain::moment::Timestamp;
use axum::response::Response;
use serde::Serialize;

use crate::http::checks::{Checks, MAX_TEXT};
use crate::http::params::{MAX_OFFSET, Paging, Params, Range, Sort};
use crate::http::respond::{Problem, json};

/// By what a list can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Its id.
    Id,
    /// Its name, whatever its capitals.
    Name,
    /// When it starts.
    Start,
}

/// What lists can be sorted by, unless they say otherwise.
pub const USUAL_FIELDS: &[(&str, Field)] = &[("id", Field::Id), ("name", Field::Name)];

/// What can be listed. A filter that does not apply to it lets everything through, as any parameter that is not known.
pub trait Listed {
    /// The parameter that picks by state, and what it may be.
    const STATE: (&'static str, &'static [&'static str]) = ("status", &["ACTIVE", "INACTIVE"]);
    /// What it can be sorted by.
    const FIELDS: &'static [(&'static str, Field)] = USUAL_FIELDS;
    /// In what order it comes unasked.
    const ORDER: Field = Field::Id;

    /// Unique in the list.
    fn id(&self) -> u64;
    /// The word of its state.
    fn state(&self) -> &'static str;

    /// What it is called.
    fn name(&self) -> Option<&str> {
        None
    }

    /// Whether it is this entity's.
    fn is_of(&self, _entity: EntityId) -> bool {
        true
    }

    /// When it starts.
    fn start(&self) -> Option<Timestamp> {
        None
    }
}

/// `true` or `false`, as a state.
pub const YES_OR_NO: &[&str] = &["true", "false"];

/// A yes or no as the word of a state.
pub const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

/// Which part of a list is asked for, and in which order.
#[derive(Debug)]
pub struct Listing {
    paging: Paging,
    name: Option<String>,
    state: Option<&'static str>,
    entity: Option<EntityId>,
    start: Range,
    sort: Sort<Field>,
}

impl Listing {
    /// Reads what every list of `T` takes. What only one list takes it reads itself, into the same checks.
    pub fn read<T: Listed>(params: &Params, checks: &mut Checks) -> Self {
        let name = params.get("name").map(str::to_lowercase);
        if name.as_ref().is_some_and(|name| name.chars().count() > MAX_TEXT) {
            checks.bad_value("name");
        }
        let (state, words) = T::STATE;
        let words: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
        Self {
            paging: params.paging(checks, MAX_OFFSET),
            name,
            state: params.one_of(checks, state, &words),
            entity: params.id(checks, "entity_id").map(EntityId),
            start: if T::FIELDS.iter().any(|(_, field)| *field == Field::Start) { params.range(checks, "start") } else { Range::default() },
            sort: params.sort(checks, T::FIELDS).unwrap_or(Sort { field: T::ORDER, descending: false }),
        }
    }

    /// Reads a list's parameters where there are no others.
    ///
    /// # Errors
    /// `DIST0004`, `DIST0005`.
    pub fn of<T: Listed>(params: &Params) -> Result<Self, Problem> {
        let mut checks = Checks::new();
        let listing = Self::read::<T>(params, &mut checks);
        checks.done(listing)
    }

    /// The page of these rows that is asked for.
    pub fn answer<'a, T: Listed + 'a, V: Serialize>(&self, rows: impl IntoIterator<Item = &'a T>, view: impl Fn(&'a T) -> V) -> Response {
        let mut rows: Vec<_> = rows.into_iter().filter(|row| self.takes(*row)).collect();
        rows.sort_unstable_by_key(|row| row.id());
        let way = |order: Ordering| if self.sort.descending { order.reverse() } else { order };
        match self.sort.field {
            Field::Id if self.sort.descending => rows.reverse(),
            Field::Id => {}
            Field::Name => {
                let mut named: Vec<_> = rows.into_iter().map(|row| (row.name().unwrap_or_default().to_lowercase(), row)).collect();
                named.sort_by(|(a, _), (b, _)| way(a.cmp(b)));
                rows = named.into_iter().map(|(_, row)| row).collect();
            }
            Field::Start => rows.sort_by(|a, b| way(a.start().cmp(&b.start()))),
        }
        let page = self.paging.page(rows);
        json(&crate::http::wire::List { metadata: page.metadata, data: page.data.into_iter().map(view).collect() })
    }

    fn takes<T: Listed>(&self, row: &T) -> bool {
        let named = |part: &String| row.name().is_none_or(|name| name.to_lowercase().contains(part));
        self.name.as_ref().is_none_or(named)
            && self.state.is_none_or(|state| row.state() == state)
            && self.entity.is_none_or(|entity| row.is_of(entity))
            && row.start().is_none_or(|start| self.start.contains(start))
    }
}

macro_rules! documented {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        #[expect(dead_code, reason = "only the document reads it")]
        pub struct $name { $($(#[$field_doc])* $field: Option<$kind>,)* }
    )* };
}

documented! {
    /// What every list takes.
    Paged {
        /// The operator, where a PLATFORM_ADMIN asks.
        operator_id: u64,
        /// 1 to 500, default 100.
        limit: u32,
        offset: u32,
        /// `id` or, where there is one, `name`; with `:desc` the other way round.
        sort: String,
    }
    /// Where things have names.
    ByName {
        /// Only what has this in its name, whatever its capitals.
        name: String,
    }
    /// Where things are switched on and off.
    ByStatus {
        /// `ACTIVE` or `INACTIVE`.
        status: String,
    }
    /// Where things are prepared.
    ByReadiness {
        /// `PLANNED`, `READY`, `CANCELLED` or `ARCHIVED`.
        status: String,
    }
    /// Where things are retired.
    ByRetired {
        retired: bool,
    }
    /// Where things are an entity's.
    ByEntity {
        entity_id: u64,
    }
    /// Where things have a start.
    ByStart {
        /// `gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`. `sort` takes `date.start`, too.
        start: String,
    }
}

#[cfg(test)]
mod tests {
    use aforo_domain::ids::EntityId;

    use super::{Listed, Listing};
    use crate::http::params::Params;

    struct Thing(u64, &'static str);

    impl Listed for Thing {
        fn id(&self) -> u64 {
            self.0
        }

        fn state(&self) -> &'static str {
            if self.0.is_multiple_of(2) { "ACTIVE" } else { "INACTIVE" }
        }

        fn name(&self) -> Option<&str> {
            Some(self.1)
        }

        fn is_of(&self, entity: EntityId) -> bool {
            entity.0 == self.0 / 10
        }
    }

    async fn listed(query: &str) -> Result<String, String> {
        let things = [Thing(12, "Òpera"), Thing(5, "circ"), Thing(11, "Circ nou"), Thing(24, "òpera")];
        let listing = Listing::of::<Thing>(&Params::parse(query)).map_err(|problem| problem.error.to_string())?;
        let body = listing.answer(&things, |thing| thing.0).into_body();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Ok(text.split_once("\"data\":").unwrap().1.trim_end_matches('}').to_owned())
    }

    #[tokio::test]
    async fn lists_are_filtered_and_sorted_with_the_id_last() {
        for (query, ids) in [
            ("", "[5,11,12,24]"),
            ("sort=id:desc", "[24,12,11,5]"),
            ("sort=name", "[5,11,12,24]"),
            ("sort=name:desc", "[12,24,11,5]"),
            ("name=CIRC", "[5,11]"),
            ("name=%C3%92P", "[12,24]"),
            ("status=ACTIVE", "[12,24]"),
            ("entity_id=1", "[11,12]"),
            ("entity_id=1&status=INACTIVE&limit=1&colour=red&start=soon", "[11]"),
        ] {
            assert_eq!(listed(query).await.as_deref(), Ok(ids), "{query}");
        }
        for query in ["sort=date.start", "sort=name:up", "status=GONE", "entity_id=0"] {
            assert!(listed(query).await.unwrap_err().starts_with("DIST0005"), "{query}");
        }
    }
}
