//! Sessions: the dates of an event, and how their places stand.

use aforo_domain::catalogue::manage::{CatalogueCommand, Target};
use aforo_domain::catalogue::{Offer, Rate, RateKind, Session, Tax};
use aforo_domain::error::Code;
use aforo_domain::inventory::{Counts, PlaceState};
use aforo_domain::moment::Timestamp;
use aforo_domain::text::Localized;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Number;

use super::catalogue::{ImagesView, READINESS, Texts, existing};
use super::gates::GatesView;
use super::lists::{ByName, ByReadiness, ByStart, Field, Listed, Listing, Paged};
use super::seasons::{self, SeasonView};
use super::session_body::SessionBody;
use super::surcharges::{self, SurchargeView};
use super::{IfMatch, read, words, written};
use crate::http::call::Call;
use crate::http::extract::{EventManagers, Manager, PathId, PathIds, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem, json};
use crate::http::time;
use crate::http::wire::{List, Money};

/// A session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionView<'a> {
    id: u64,
    event_id: u64,
    venue_id: u64,
    venue_template_id: u64,
    name: &'a str,
    /// `SESSION` or `SEASON_TICKET`.
    r#type: &'static str,
    /// `PLANNED`, `READY`, `CANCELLED` or `ARCHIVED`.
    status: &'static str,
    /// Whether selling is switched on.
    selling: bool,
    date: DatesView,
    texts: SessionTextsView<'a>,
    images: ImagesView<'a>,
    rates: Vec<RateView<'a>>,
    taxes: TaxesView<'a>,
    surcharges: Vec<SurchargeView>,
    /// Places one buyer may have at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_limit: Option<u32>,
    /// `GENERATED` or `IMPORTED`.
    barcodes: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_reference: Option<&'a str>,
    /// Whether each item needs a promotion to be sold.
    promotion_required: bool,
    /// There if it is a season.
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<SeasonView<'a>>,
    gates: GatesView,
}

/// When, in the venue's time; booking and resale in UTC.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DatesView {
    start: String,
    end: String,
    sale_start: String,
    sale_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_end: Option<String>,
    /// When its tickets may be sold again, UTC, where its event lets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    resale_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resale_end: Option<String>,
    start_unconfirmed: bool,
    /// When it was to start before it was moved to another time.
    #[serde(skip_serializing_if = "Option::is_none")]
    postponed_from: Option<String>,
}

/// A session's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    title: &'a Localized,
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    description: &'a Localized,
}

/// A tariff with its prices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RateView<'a> {
    id: u64,
    name: &'a str,
    default: bool,
    prices: Vec<PriceView>,
    /// There if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationView>,
}

/// What an invitation is given from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationView {
    /// The only quota; else those of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_id: Option<u64>,
}

/// The price of a price type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceView {
    price_type_id: u64,
    value: Money,
}

/// Taxes that prices include.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaxesView<'a> {
    tickets: Vec<TaxView<'a>>,
    surcharges: Vec<TaxView<'a>>,
}

/// A tax.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaxView<'a> {
    id: u64,
    name: &'a str,
    /// Per cent.
    #[schema(value_type = f64)]
    value: Number,
}

impl<'a> TaxView<'a> {
    /// A tax.
    pub fn of(tax: &'a Tax) -> Self {
        Self { id: tax.id.0, name: &tax.name, value: Number::from_string_unchecked(tax.percent.to_string()) }
    }
}

fn view(offer: &Offer) -> SessionView<'_> {
    let session = &offer.session;
    let zone = TimeZone::get(&offer.venue.time_zone).unwrap_or(TimeZone::UTC);
    SessionView {
        id: session.id.0,
        event_id: session.event.0,
        venue_id: offer.venue.id.0,
        venue_template_id: session.template.0,
        name: &session.name,
        r#type: seasons::kind(session),
        status: words::show(READINESS, &session.readiness),
        selling: session.selling,
        date: dates(session, &zone),
        texts: SessionTextsView { title: &session.titles, description: &session.descriptions },
        images: ImagesView::of(&session.images),
        rates: session.rates.iter().map(|rate| rate_view(offer, rate)).collect(),
        taxes: TaxesView { tickets: taxes(&session.ticket_taxes), surcharges: taxes(&session.surcharge_taxes) },
        surcharges: surcharges::show(&session.surcharges, offer.event.currency),
        buyer_limit: session.buyer_limit,
        barcodes: words::show(words::BARCODES, &session.barcodes),
        external_reference: session.external_reference.as_deref(),
        promotion_required: session.promotion_required,
        season: seasons::view(offer, &zone),
        gates: GatesView::of(&session.gates),
    }
}

fn dates(session: &Session, zone: &TimeZone) -> DatesView {
    DatesView {
        start: time::in_zone(session.start, zone),
        end: time::in_zone(session.end, zone),
        sale_start: time::in_zone(session.sale.start, zone),
        sale_end: time::in_zone(session.sale.end, zone),
        booking_start: session.booking.map(|booking| time::utc(booking.start)),
        booking_end: session.booking.map(|booking| time::utc(booking.end)),
        resale_start: session.resale.map(|resale| time::utc(resale.start)),
        resale_end: session.resale.map(|resale| time::utc(resale.end)),
        start_unconfirmed: session.start_unconfirmed,
        postponed_from: session.postponed_from.map(|start| time::in_zone(start, zone)),
    }
}

fn rate_view<'a>(offer: &'a Offer, rate: &'a Rate) -> RateView<'a> {
    let prices = offer.session.prices.iter().filter(|((_, id), _)| *id == rate.id);
    let price = |(price_type_id, value)| PriceView { price_type_id, value: Money::of(offer.event.currency, value) };
    RateView {
        id: rate.id.0,
        name: &rate.name,
        default: rate.id == offer.session.default_rate,
        prices: prices.map(|((price_type, _), value)| price((price_type.0, *value))).collect(),
        invitation: match rate.kind {
            RateKind::Sale => None,
            RateKind::Invitation { quota } => Some(InvitationView { quota_id: quota.map(|quota| quota.0) }),
        },
    }
}

/// These taxes.
pub fn taxes(taxes: &[Tax]) -> Vec<TaxView<'_>> {
    taxes.iter().map(TaxView::of).collect()
}

impl Listed for Offer {
    const STATE: (&'static str, &'static [&'static str]) = ("status", &["PLANNED", "READY", "CANCELLED", "ARCHIVED"]);
    const FIELDS: &'static [(&'static str, Field)] = &[("id", Field::Id), ("name", Field::Name), ("date.start", Field::Start)];
    const ORDER: Field = Field::Start;

    fn id(&self) -> u64 {
        self.session.id.0
    }

    fn state(&self) -> &'static str {
        words::show(READINESS, &self.session.readiness)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.session.name)
    }

    fn start(&self) -> Option<Timestamp> {
        Some(self.session.start)
    }
}

/// Lists an event's sessions by start and id, unless another order is asked for.
#[utoipa::path(
    get, path = "/events/{id}/sessions", operation_id = "list_sessions", tag = "sessions",
    params(("id" = u64, Path), Paged, ByName, ByReadiness, ByStart),
    responses((status = 200, body = List<SessionView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, PathId(event): PathId, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Offer>(&params)?;
    let event = manager.event(&manager.view.catalogue, event)?;
    let offers = manager.view.catalogue.offers.values().map(AsRef::as_ref);
    Ok(listing.answer(offers.filter(|offer: &&Offer| offer.event.id == event.id), view))
}

/// Makes a session of an event: one date of it, or with `season` a season ticket for several.
#[utoipa::path(
    post, path = "/events/{id}/sessions", operation_id = "create_session", tag = "sessions",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), request_body = SessionBody,
    responses((status = 200, body = SessionView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, PathId(event): PathId, call: Call<SessionBody>) -> Result<Response, Problem> {
    let event = manager.event(&manager.view.catalogue, event)?;
    let (id, spec) = call.body.read(&manager.view.catalogue, &event, None)?;
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveSession(Target::New(id), Box::new(spec))).await?;
    answer(&manager, event.id.0, id, &answered)
}

/// Reads a session.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}", operation_id = "get_session", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = SessionView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathIds(ids): PathIds<2>) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    Ok(read(&view(&offer), offer.session.version))
}

/// Changes what the body names of a session. Live orders keep the prices they have.
#[utoipa::path(
    patch, path = "/events/{event_id}/sessions/{id}", operation_id = "change_session", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    request_body = SessionBody,
    responses((status = 200, body = SessionView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathIds(ids): PathIds<2>,
    IfMatch(seen): IfMatch,
    call: Call<SessionBody>,
) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let session = &offer.session;
    let (_, spec) = call.body.read(&manager.view.catalogue, &offer.event, Some(session))?;
    let target = existing(session.id, seen, session.version);
    let (id, answered) = manager.save(&call, CatalogueCommand::SaveSession(target, Box::new(spec))).await?;
    // Offers of its tickets may be over now.
    manager.app.wake_jobs();
    answer(&manager, ids[0], id, &answered)
}

/// A session that was just made or changed.
pub(super) fn answer(manager: &Manager<EventManagers>, event: u64, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.catalogue(), event, id)?;
    Ok(written(answered, &view(&offer), offer.session.version))
}

/// How a session's places stand, whoever may sell them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CapacityView<'a> {
    #[serde(flatten)]
    all: CountsView,
    price_types: Vec<NamedCounts<'a>>,
    quotas: Vec<NamedCounts<'a>>,
    sectors: Vec<NamedCounts<'a>>,
}

/// Places by state.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct CountsView {
    total: u32,
    free: u32,
    held: u32,
    sold: u32,
    blocked: u32,
}

/// Places of a part by state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NamedCounts<'a> {
    id: u64,
    name: &'a str,
    #[serde(flatten)]
    counts: CountsView,
}

impl CountsView {
    fn add(&mut self, counts: Counts) {
        self.total += counts.total();
        self.free += counts.free();
        self.held += counts.by_state[PlaceState::Held as usize];
        self.sold += counts.by_state[PlaceState::Sold as usize];
        self.blocked += counts.by_state[PlaceState::Blocked as usize];
    }
}

/// Counts how a session's places stand: in all, by price type, by quota, by sector.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{id}/capacity", operation_id = "get_session_capacity", tag = "sessions",
    params(("event_id" = u64, Path), ("id" = u64, Path), ("operator_id" = Option<u64>, Query)),
    responses((status = 200, body = CapacityView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn capacity(manager: Manager<Readers>, PathIds(ids): PathIds<2>) -> Result<Response, Problem> {
    let offer = manager.offer(&manager.view.catalogue, ids[0], ids[1])?;
    let snapshot = manager.view.places(offer.session.id).ok_or(Code::NotFound)?;
    let (plan, template) = (&snapshot.plan, &snapshot.plan.template);
    let named = |id, name| NamedCounts { id, name, counts: CountsView::default() };
    let mut view = CapacityView {
        all: CountsView::default(),
        price_types: template.price_types.iter().map(|kind| named(kind.id.0, kind.name.as_str())).collect(),
        quotas: template.quotas.iter().map(|quota| named(quota.id.0, quota.name.as_str())).collect(),
        sectors: plan.sectors.iter().map(|sector| named(sector.id.0, sector.name.as_str())).collect(),
    };
    for (index, group) in plan.groups.iter().enumerate() {
        for (quota, place) in view.quotas.iter_mut().enumerate() {
            let counts = snapshot.counts(index, quota as u8);
            view.all.add(counts);
            place.counts.add(counts);
            view.price_types[group.price_type].counts.add(counts);
            view.sectors[group.sector].counts.add(counts);
        }
    }
    Ok(json(&view))
}
