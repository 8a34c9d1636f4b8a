//! `GET /sessions/{id}/secondary-market-seats`: tickets of a session that their owners offer to others. Read from what is published.

use std::sync::Arc;

use aforo_domain::catalogue::Offer;
use aforo_domain::identity::Channel;
use aforo_domain::ids::PriceTypeId;
use aforo_domain::orders::resale::{admit, price};
use aforo_domain::resale::{Listing, ListingState};
use axum::response::Response;
use serde::Serialize;

use super::availability::Seen;
use crate::api::distribution::view::{NamedView, SeatView, ZoneView, spot};
use crate::http::checks::Checks;
use crate::http::extract::{CatalogCaller, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::wire::{List, Money};

/// A ticket that is offered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResaleSeat<'a> {
    /// What it is asked for by.
    listing_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<NamedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<SeatView<'a>>,
    /// A not-numbered zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<ZoneView<'a>>,
    price_type: NamedView<'a>,
    rate: NamedView<'a>,
    price: ResalePrice,
    /// Of the price (ISO 4217).
    currency: String,
}

/// What it costs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResalePrice {
    /// What is asked for it.
    value: Money,
    surcharge: ResaleSurcharge,
    /// What the buyer pays.
    total: Money,
}

/// What is added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResaleSurcharge {
    promoter: Money,
    channel: Money,
}

impl<'a> ResaleSeat<'a> {
    fn of(listing: &Listing, offer: &'a Offer, channel: &Channel) -> Self {
        let (sector, seat, zone) = spot(listing.spot, listing.place, offer);
        let price_type = offer.plan.template.price_types.iter().find(|one| one.id == listing.price_type);
        let rate = offer.session.rates.iter().find(|rate| rate.id == listing.rate);
        let (price, money) = (price(listing, offer, channel), |minor| Money::of(listing.currency, minor));
        Self {
            listing_id: listing.id.0,
            sector,
            seat,
            zone,
            price_type: NamedView { id: listing.price_type.0, name: price_type.map_or("", |one| &one.name) },
            rate: NamedView { id: listing.rate.0, name: rate.map_or("", |rate| &rate.name) },
            price: ResalePrice {
                value: money(price.base),
                surcharge: ResaleSurcharge { promoter: money(price.promoter_surcharge), channel: money(price.channel_surcharge) },
                total: money(price.total()),
            },
            currency: listing.currency.to_string(),
        }
    }
}

/// Lists the tickets of a session that their owners offer to others and nobody is about to buy, the cheapest first. There are none where the channel, the event or
/// the session sells nothing again, or not now.
#[utoipa::path(
    get, path = "/sessions/{id}/secondary-market-seats", tag = "catalogue", operation_id = "get_secondary_market_seats",
    params(
        ("id" = u64, Path), ("limit" = Option<u32>, Query, description = "1 to 500, default 100"), ("offset" = Option<u32>, Query),
        ("price_type_id" = Option<u64>, Query),
    ),
    responses((status = 200, body = List<ResaleSeat>)), extensions(("x-codes" = json!("SESSION_NOT_FOUND"))),
)]
pub async fn read(caller: CatalogCaller, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let price_type = params.id(&mut checks, "price_type_id").map(PriceTypeId);
    let paging = checks.done(paging)?;
    let seen = Seen::find(&caller, id)?;
    let (offer, channel) = (&seen.sheet.offer, &seen.sheet.channel);
    let sells = admit(&caller.view.identity, channel).is_ok() && offer.resells(caller.now);
    let listings = caller.view.listings.get(&offer.session.id).filter(|_| sells);
    let is_shown = |listing: &&Arc<Listing>| {
        let is_open = listing.state == ListingState::Open && listing.entity == channel.entity;
        is_open && price_type.is_none_or(|only| only == listing.price_type)
    };
    let mut listings: Vec<_> = listings.into_iter().flat_map(|listings| listings.values()).filter(is_shown).collect();
    listings.sort_by_key(|listing| (listing.price, listing.id));
    let page = paging.page(listings);
    let data: Vec<_> = page.data.into_iter().map(|listing| ResaleSeat::of(listing, offer, channel)).collect();
    Ok(json(&List { metadata: page.metadata, data }))
}
