//! A session's entry in the catalogue, exactly as the public contract shows it, in its key order.

use aforo_domain::catalogue::{Access, Event, Images, Offer, Rate, Session, Venue};
use aforo_domain::identity::Channel;
use aforo_domain::moment::Timestamp;
use aforo_domain::text::Localized;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::availability::{PriceTypePlaces, by_price_type};
use super::money::{Amount, Price, Taxes};
use super::promoted::{self, Promoted, PromotedAmount};
use super::stencil::{Hole, Live, Pen, Stencil};
use crate::api::mgmt::seasons;
use crate::http::time;

/// A session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionItem<'a> {
    id: u64,
    name: &'a str,
    /// `SESSION` or `SEASON_TICKET`.
    r#type: &'static str,
    event: EventBlock<'a>,
    venue: VenueBlock<'a>,
    date: Dates,
    texts: SessionTexts<'a>,
    images: ImageBlock<'a>,
    price: Prices,
    availability: ByPriceType<'a>,
    /// Published, ready, selling switched on.
    #[schema(value_type = bool)]
    for_sale: Live<'a>,
    /// For sale, and now within the sale window.
    #[schema(value_type = bool)]
    on_sale: Live<'a>,
    /// Nothing is free for this channel.
    #[schema(value_type = bool)]
    sold_out: Live<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_reference: Option<&'a str>,
    /// Those that this channel may sell at.
    rates: Vec<RateItem<'a>>,
    /// Of all its prices (ISO 4217).
    currency: &'a str,
    /// Those that are on or still to come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    presales: Vec<PresaleItem<'a>>,
    /// Those that a season ticket is for, by start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sessions: Vec<SeasonSession<'a>>,
}

/// A session that a season ticket is for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeasonSession<'a> {
    id: u64,
    name: &'a str,
    date: SeasonDates,
}

/// When it is, in the venue's time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeasonDates {
    start: String,
    end: String,
}

/// A session's event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventBlock<'a> {
    id: u64,
    name: &'a str,
    texts: EventTexts<'a>,
    images: ImageBlock<'a>,
    /// With an underscore: `es_ES`.
    default_language: String,
}

/// An event's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventTexts<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    title: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    subtitle: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    description_short: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    description_long: &'a Localized,
}

impl<'a> EventTexts<'a> {
    /// Those of an event.
    pub fn of(event: &'a Event) -> Self {
        Self {
            title: &event.titles,
            subtitle: &event.subtitles,
            description_short: &event.short_descriptions,
            description_long: &event.long_descriptions,
        }
    }
}

/// Pictures' addresses, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImageBlock<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    main: &'a Localized,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<std::collections::BTreeMap<String, String>>)]
    landscape: &'a [Localized],
}

impl<'a> ImageBlock<'a> {
    /// Those of an event.
    pub fn of(images: &'a Images) -> Self {
        Self { main: &images.main, landscape: &images.landscape }
    }
}

/// Where a session takes place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VenueBlock<'a> {
    id: u64,
    name: &'a str,
    location: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    graphic: bool,
    check_orphan_seats: bool,
}

/// A venue's address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Location<'a> {
    address: &'a str,
    city: &'a str,
    country: CodedName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    country_subdivision: CodedName<'a>,
    /// IANA name.
    time_zone: &'a str,
}

/// A name with its code.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CodedName<'a> {
    code: &'a str,
    name: &'a str,
}

/// When. In the venue's time, but for booking, which is in UTC.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Dates {
    start: String,
    end: String,
    sale_start: String,
    sale_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_end: Option<String>,
    start_unconfirmed: bool,
}

/// A session's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionTexts<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    title: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    description: &'a Localized,
}

/// The smallest and the largest price, over all price types and rates.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Prices {
    min: Amount,
    max: Amount,
    taxes: Taxes,
    /// The smallest with the promotions that every item has now by itself, if they lower it.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_promoted: Option<PromotedAmount>,
    min_net: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_net_promoted: Option<PromotedAmount>,
    max_net: Amount,
    min_final: Amount,
    max_final: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_final_promoted: Option<PromotedAmount>,
}

/// How many places there are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ByPriceType<'a> {
    price_types: Vec<PriceTypePlaces<'a>>,
}

/// A tariff.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RateItem<'a> {
    id: u64,
    name: &'a str,
    default: bool,
    /// There, and true, if it is one: given away by who may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    invitation: bool,
}

/// A window that is open to some.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PresaleItem<'a> {
    name: &'a str,
    start: String,
    end: String,
    /// `CODE`: for who sends its code as `presale_code`. `COLLECTIVE`: for orders that carry its collective.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
}

/// The entry with its holes, as it is until time changes it: a presale ends, or a promotion.
pub fn stencil(offer: &Offer, channel: &Channel, now: Timestamp) -> Stencil {
    let pen = Pen::default();
    let (session, event) = (&offer.session, &offer.event);
    let landscape = if session.images.landscape.is_empty() { &event.images.landscape } else { &session.images.landscape };
    let default = |rate: &Rate| rate.id == session.default_rate;
    let rates = offer.rates_in(channel);
    let rates = rates.map(|rate| RateItem { id: rate.id.0, name: &rate.name, default: default(rate), invitation: rate.is_invitation() });
    pen.write(&SessionItem {
        id: session.id.0,
        name: &session.name,
        r#type: seasons::kind(session),
        event: EventBlock {
            id: event.id.0,
            name: &event.name,
            texts: EventTexts::of(event),
            images: ImageBlock::of(&event.images),
            default_language: event.default_language.underscored(),
        },
        venue: venue(offer, &offer.venue),
        date: dates(offer, channel),
        texts: SessionTexts { title: &session.titles, description: &session.descriptions },
        images: ImageBlock { main: &session.images.main, landscape },
        price: prices(offer, channel, now),
        availability: ByPriceType { price_types: by_price_type(&pen, offer) },
        for_sale: pen.hole(Hole::ForSale),
        on_sale: pen.hole(Hole::OnSale),
        sold_out: pen.hole(Hole::SoldOut),
        external_reference: session.external_reference.as_deref(),
        rates: rates.collect(),
        currency: event.currency.code(),
        presales: presales(offer, channel, now),
        sessions: sessions(offer),
    })
}

fn venue<'a>(offer: &Offer, venue: &'a Venue) -> VenueBlock<'a> {
    let coded = |coded: &'a aforo_domain::catalogue::Coded| CodedName { code: &coded.code, name: &coded.name };
    VenueBlock {
        id: venue.id.0,
        name: &venue.name,
        location: Location {
            address: &venue.address,
            city: &venue.city,
            country: coded(&venue.country),
            postal_code: venue.postal_code.as_deref(),
            country_subdivision: coded(&venue.country_subdivision),
            time_zone: &venue.time_zone,
        },
        image: venue.image.as_deref(),
        graphic: offer.plan.template.graphic,
        check_orphan_seats: offer.plan.template.check_orphan_seats,
    }
}

/// A venue's zone; UTC if this build does not know it any more (it did when the venue was made).
pub fn zone(venue: &Venue) -> TimeZone {
    TimeZone::get(&venue.time_zone).unwrap_or(TimeZone::UTC)
}

fn dates(offer: &Offer, channel: &Channel) -> Dates {
    let session = &offer.session;
    let zone = zone(&offer.venue);
    let own = offer.publications.get(&channel.id).and_then(|publication| publication.sale);
    let (start, end) = (session.sale.start, session.sale.end);
    let local = |instant| time::in_zone(instant, &zone);
    Dates {
        start: local(session.start),
        end: local(session.end),
        sale_start: local(own.map_or(start, |own| own.start.max(start))),
        sale_end: local(own.map_or(end, |own| own.end.min(end))),
        booking_start: session.booking.map(|booking| time::utc(booking.start)),
        booking_end: session.booking.map(|booking| time::utc(booking.end)),
        start_unconfirmed: session.start_unconfirmed,
    }
}

fn sessions(offer: &Offer) -> Vec<SeasonSession<'_>> {
    let zone = zone(&offer.venue);
    let dates = |session: &Session| SeasonDates { start: time::in_zone(session.start, &zone), end: time::in_zone(session.end, &zone) };
    let sessions = offer.members.iter().map(|member| &member.session);
    sessions.map(|session| SeasonSession { id: session.id.0, name: &session.name, date: dates(session) }).collect()
}

fn presales<'a>(offer: &'a Offer, channel: &Channel, now: Timestamp) -> Vec<PresaleItem<'a>> {
    let zone = zone(&offer.venue);
    let left = offer.publications.get(&channel.id).into_iter().flat_map(|publication| offer.presales_left(publication, now));
    let shown = left.map(|(presale, window)| PresaleItem {
        name: &presale.name,
        start: time::in_zone(window.start, &zone),
        end: time::in_zone(window.end, &zone),
        r#type: match presale.access {
            Access::Code(_) => "CODE",
            Access::Collective(_) => "COLLECTIVE",
        },
        collective_id: presale.access.collective().map(|id| id.0),
    });
    shown.collect()
}

/// What is final is what was asked for: surcharges stand beside it.
fn prices(offer: &Offer, channel: &Channel, now: Timestamp) -> Prices {
    let all = || offer.session.prices.values().copied();
    let invites = offer.rates_in(channel).any(Rate::is_invitation);
    let min = if invites { Price::nothing(offer) } else { Price::of(offer, channel, all().min().unwrap_or(0)) };
    let max = Price::of(offer, channel, all().max().unwrap_or(0));
    let promoted = if invites { None } else { promoted::smallest(offer, channel, now) };
    let amount = |promoted: Option<Promoted>| promoted.map(|promoted| promoted.amount());
    Prices {
        min: min.amount(),
        max: max.amount(),
        taxes: Taxes::of(offer),
        min_promoted: amount(promoted),
        min_net: min.net(offer).amount(),
        min_net_promoted: amount(promoted.map(|promoted| promoted.net(offer))),
        max_net: max.net(offer).amount(),
        min_final: min.amount(),
        max_final: max.amount(),
        min_final_promoted: amount(promoted),
    }
}
