//! `GET /events` and `GET /events/{id}`: what is performed, as far as the channel can sell a date of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::catalogue::{EventKind, Offer, Publication, SaleState};
use aforo_domain::error::Code;
use aforo_domain::ids::EventId;
use axum::response::Response;

use super::cache::Listing;
use super::event_item::{EventItem, Listed, listed};
use crate::api::mgmt::words;
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::wire::List;

fn listing(caller: &CatalogCaller) -> Arc<Listing> {
    caller.app.catalog.listing(caller.shard(), &caller.view.catalogue, caller.channel.id)
}

/// Which events are asked for: those of which a session is all of this.
#[derive(Default)]
struct Filter<'a> {
    for_sale: Option<bool>,
    on_catalog: Option<bool>,
    venue: Option<u64>,
    /// The code of the event's category, or of the one above it.
    category: Option<&'a str>,
    kind: Option<EventKind>,
}

impl Filter<'_> {
    fn takes(&self, offer: &Offer, publication: &Publication, state: SaleState) -> bool {
        let category = &offer.event.category;
        self.for_sale.is_none_or(|wanted| wanted == state.for_sale)
            && self.on_catalog.is_none_or(|wanted| wanted == publication.on_catalog)
            && self.venue.is_none_or(|wanted| wanted == offer.venue.id.0)
            && self.kind.is_none_or(|wanted| wanted == offer.event.kind)
            && self.category.is_none_or(|wanted| wanted == category.code || Some(wanted) == category.parent.as_deref())
    }
}

/// The events of which a session is listed and fits.
fn listed_events<'a>(caller: &CatalogCaller, listing: &'a Listing, filter: &Filter<'_>) -> Vec<Listed<'a>> {
    let mut events: BTreeMap<EventId, Listed<'a>> = BTreeMap::new();
    for offer in &listing.offers {
        let Some((publication, state)) = listed(offer, caller.channel.id, caller.now) else { continue };
        if filter.takes(offer, publication, state) {
            let event = &offer.event;
            events.entry(event.id).or_insert_with(|| Listed { event, offers: Vec::new() }).offers.push(offer);
        }
    }
    events.into_values().collect()
}

/// Whether `expand=media` was asked for.
fn with_media(params: &Params) -> bool {
    params.get("expand").is_some_and(|expand| expand.split(',').any(|part| part.trim() == "media"))
}

/// What a list of events is sorted by; what is equal goes by id.
#[derive(Clone, Copy)]
enum By {
    Start,
    Name,
}

/// Lists events, by the start of their first listed session and by id unless `sort` says otherwise.
#[utoipa::path(
    get, path = "/events", tag = "catalogue", operation_id = "list_events",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("for_sale" = Option<bool>, Query), ("on_catalog" = Option<bool>, Query), ("venue_id" = Option<u64>, Query),
        ("category" = Option<String>, Query, description = "The code of a category, or of the one above it"),
        ("type" = Option<String>, Query, description = "`NORMAL` or `ACTIVITY`"),
        ("start" = Option<String>, Query, description = "`gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`"),
        ("sort" = Option<String>, Query, description = "`date.start` or `name`, and `:asc` or `:desc`"),
        ("expand" = Option<String>, Query, description = "`media`"),
    ),
    responses((status = 200, body = List<EventItem>)),
)]
pub async fn list(caller: CatalogCaller, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let filter = Filter {
        for_sale: params.boolean(&mut checks, "for_sale"),
        on_catalog: params.boolean(&mut checks, "on_catalog"),
        venue: params.id(&mut checks, "venue_id"),
        category: params.get("category"),
        kind: params.one_of(&mut checks, "type", words::EVENT_KINDS),
    };
    let (start, sort) = (params.range(&mut checks, "start"), params.sort(&mut checks, &[("date.start", By::Start), ("name", By::Name)]));
    let (filter, paging) = checks.done((filter, paging))?;
    let listing = listing(&caller);
    let mut events = listed_events(&caller, &listing, &filter);
    events.retain(|event| start.contains(event.start()));
    match sort.map_or(By::Start, |sort| sort.field) {
        By::Start => events.sort_by_key(|event| (event.start(), event.event.id)),
        By::Name => events.sort_by_cached_key(|event| (event.event.name.to_lowercase(), event.event.id)),
    }
    if sort.is_some_and(|sort| sort.descending) {
        events.reverse();
    }
    let page = paging.page(events);
    let data: Vec<_> = page.data.iter().map(|event| event.item(with_media(&params))).collect();
    Ok(json(&List { metadata: page.metadata, data }))
}

/// Reads an event.
#[utoipa::path(
    get, path = "/events/{id}", tag = "catalogue", operation_id = "get_event",
    params(("id" = u64, Path), ("expand" = Option<String>, Query, description = "`media`")),
    responses((status = 200, body = EventItem)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let listing = listing(&caller);
    let events = listed_events(&caller, &listing, &Filter::default());
    let event = events.iter().find(|event| event.event.id == EventId(id)).ok_or(Code::NotFound)?;
    Ok(json(&event.item(with_media(&params))))
}
