//! `GET /sessions` and `GET /sessions/{id}`: what a channel can sell, by date.

use std::sync::Arc;

use aforo_domain::catalogue::{EventKind, Offer};
use aforo_domain::money::Currency;
use axum::response::Response;
use bytes::Bytes;
use jiff::civil::Date;

use super::availability::Seen;
use super::session_item::{self, SessionItem};
use crate::api::mgmt::words;
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::{MAX_OFFSET, Paging, Params, Range};
use crate::http::respond::{Problem, json_bytes};
use crate::http::time;
use crate::http::wire::List;

impl Seen {
    /// Its entry in the list.
    pub fn item(&self) -> Bytes {
        let sheet = &self.sheet;
        let stencil = sheet.item.get_or_init(|| session_item::stencil(&sheet.offer, &sheet.channel, sheet.current.start));
        sheet.item_now.get((self.snapshot.version, self.state.for_sale, self.state.on_sale), || self.fill(stencil))
    }
}

/// Which sessions are asked for.
struct Filter {
    /// Only season tickets, or none.
    seasons: Option<bool>,
    for_sale: Option<bool>,
    on_catalog: Option<bool>,
    event: Option<u64>,
    venue: Option<u64>,
    currency: Option<Currency>,
    event_type: Option<EventKind>,
    start: Range,
    /// In its venue's zone.
    day: Option<Date>,
    latest_first: bool,
}

/// What a list is sorted by: always by date and id, so that pages never overlap.
#[derive(Clone, Copy)]
struct ByStart;

impl Filter {
    fn read(params: &Params) -> Result<(Self, Paging), Problem> {
        let mut checks = Checks::new();
        let paging = params.paging(&mut checks, MAX_OFFSET);
        let kind = params.one_of(&mut checks, "type", &[("SESSION", false), ("SEASON_TICKET", true)]);
        let sort = params.sort(&mut checks, &[("date.start", ByStart), ("start", ByStart)]);
        let filter = Self {
            seasons: kind,
            for_sale: params.boolean(&mut checks, "for_sale"),
            on_catalog: params.boolean(&mut checks, "on_catalog"),
            event: params.id(&mut checks, "event_id"),
            venue: params.id(&mut checks, "venue_id"),
            currency: checks.formed("currency", params.get("currency"), Currency::parse),
            event_type: params.one_of(&mut checks, "event_type", words::EVENT_KINDS),
            start: params.range(&mut checks, "start"),
            day: checks.formed("day", params.get("day"), time::civil_day),
            latest_first: sort.is_some_and(|sort| sort.descending),
        };
        checks.done((filter, paging))
    }

    fn takes(&self, caller: &CatalogCaller, offer: &Offer) -> bool {
        let listed = super::event_item::listed(offer, caller.channel.id, caller.now);
        listed.is_some_and(|(publication, state)| {
            self.for_sale.is_none_or(|for_sale| for_sale == state.for_sale)
                && self.seasons.is_none_or(|seasons| seasons == offer.session.season.is_some())
                && self.on_catalog.is_none_or(|on_catalog| on_catalog == publication.on_catalog)
                && self.event.is_none_or(|event| event == offer.event.id.0)
                && self.venue.is_none_or(|venue| venue == offer.venue.id.0)
                && self.currency.is_none_or(|currency| currency == offer.event.currency)
                && self.event_type.is_none_or(|kind| kind == offer.event.kind)
                && self.start.contains(offer.session.start)
                && self.day.is_none_or(|day| day == caller.app.http.zones.day_of(offer.session.start, &offer.venue.time_zone))
        })
    }
}

/// Lists the sessions that are published in the channel and whose sale has not ended, by start and id.
#[utoipa::path(
    get, path = "/sessions", tag = "catalogue", operation_id = "list_sessions",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("type" = Option<String>, Query, description = "`SESSION` or `SEASON_TICKET`; else both"), ("for_sale" = Option<bool>, Query),
        ("on_catalog" = Option<bool>, Query),
        ("event_id" = Option<u64>, Query), ("venue_id" = Option<u64>, Query),
        ("currency" = Option<String>, Query, description = "Sessions with prices in this one: `EUR`"),
        ("start" = Option<String>, Query, description = "`gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`"),
        ("event_type" = Option<String>, Query, description = "`NORMAL` or `ACTIVITY`: sessions of such events"),
        ("day" = Option<String>, Query, description = "Those that start on this day in their venue's zone: `2031-03-01`"),
        ("sort" = Option<String>, Query, description = "`date.start:asc` or `date.start:desc`"),
    ),
    responses((status = 200, body = List<SessionItem>)),
)]
pub async fn list(caller: CatalogCaller, params: Params) -> Result<Response, Problem> {
    let (filter, paging) = Filter::read(&params)?;
    let listing = caller.app.catalog.listing(caller.shard(), &caller.view.catalogue, caller.channel.id);
    let mut offers: Vec<&Arc<Offer>> = listing.offers.iter().filter(|offer| filter.takes(&caller, offer)).collect();
    if filter.latest_first {
        offers.reverse();
    }
    let page = paging.page(offers);
    let items: Vec<Bytes> = page.data.iter().filter_map(|offer| Some(Seen::of(&caller, offer)?.item())).collect();
    let metadata = page.metadata;
    let head = format!(r#"{{"metadata":{{"limit":{},"total":{},"offset":{}}},"data":["#, metadata.limit, metadata.total, metadata.offset);
    let mut body = Vec::with_capacity(head.len() + items.iter().map(|item| item.len() + 1).sum::<usize>() + 2);
    body.extend_from_slice(head.as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item);
    }
    body.extend_from_slice(b"]}");
    Ok(json_bytes(body))
}

/// Reads a session.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "catalogue", operation_id = "get_session", params(("id" = u64, Path)),
    responses((status = 200, body = SessionItem)),
    extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId) -> Result<Response, Problem> {
    Ok(json_bytes(Seen::find(&caller, id)?.item()))
}
