//! What gates show of a ticket: rendered from what gates know of it and the published catalogue.

use aforo_domain::catalogue::Catalogue;
use aforo_domain::gates::{Admission, Direction, Listed, Refusal, Scan};
use aforo_domain::ids::SessionId;
use aforo_domain::orders::TicketKind;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::distribution::view::NamedView;
use crate::api::mgmt::words;
use crate::http::time::Shown;

/// Which way somebody goes.
pub const DIRECTIONS: &[(&str, Direction)] = &[("ENTRY", Direction::Entry), ("EXIT", Direction::Exit)];

const REFUSALS: &[(&str, Refusal)] = &[
    ("UNKNOWN", Refusal::Unknown),
    ("WRONG_SESSION", Refusal::WrongSession),
    ("TOO_EARLY", Refusal::TooEarly),
    ("SESSION_CANCELLED", Refusal::SessionCancelled),
    ("REPRINTED", Refusal::Reprinted),
    ("REVOKED", Refusal::Revoked),
    ("ALREADY_ENTERED", Refusal::AlreadyEntered),
    ("NO_ENTRIES_LEFT", Refusal::NoEntriesLeft),
    ("NOT_INSIDE", Refusal::NotInside),
];

/// Why a gate stays closed.
pub fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Ticket(state) => state.as_str(),
        other => words::show(REFUSALS, &other),
    }
}

/// A ticket, as somebody at a gate is shown it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketView<'a> {
    id: u64,
    /// VALID, REFUNDED ...
    status: &'static str,
    /// Of a season ticket, the season.
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<NamedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<NamedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<SeatView<'a>>,
    /// A not-numbered zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<NamedView<'a>>,
    /// The door that its people are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_type: Option<NamedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<NamedView<'a>>,
    /// INVITATION where it was given away.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_kind: Option<&'static str>,
    /// Who comes, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    attendee: Option<&'a str>,
}

/// A numbered seat.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeatView<'a> {
    id: u64,
    row: &'a str,
    seat: &'a str,
}

impl<'a> TicketView<'a> {
    /// A ticket that was shown at the gates of a session.
    pub fn of(ticket: &'a Listed, at: SessionId, catalogue: &'a Catalogue) -> Self {
        let offer = catalogue.offers.get(&ticket.session);
        let seat = offer.and_then(|offer| offer.plan.seat_at(ticket.place));
        let zone = offer.and_then(|offer| offer.plan.zone_at(ticket.place));
        let sector = seat.as_ref().map(|seat| seat.sector).or(zone.map(|(sector, _)| sector));
        let rate = offer.and_then(|offer| offer.session.rates.iter().find(|rate| Some(rate.id) == ticket.rate));
        let price_type = offer.filter(|offer| ticket.place < offer.plan.places()).and_then(|offer| {
            let id = offer.plan.price_type(ticket.place);
            offer.plan.template.price_types.iter().find(|known| known.id == id)
        });
        let entrance = seat.as_ref().and_then(|seat| seat.row.entrance.as_deref());
        Self {
            id: ticket.id.0,
            status: ticket.state.as_str(),
            season: offer.filter(|_| ticket.session != at).map(|offer| NamedView { id: offer.session.id.0, name: &offer.session.name }),
            sector: sector.map(|sector| NamedView { id: sector.id.0, name: &sector.name }),
            entrance: entrance.or(zone.and_then(|(_, zone)| zone.entrance.as_deref())),
            seat: seat.map(|seat| SeatView { id: seat.seat.id.0, row: &seat.row.name, seat: &seat.seat.name }),
            zone: zone.map(|(_, zone)| NamedView { id: zone.id.0, name: &zone.name }),
            price_type: price_type.map(|known| NamedView { id: known.id.0, name: &known.name }),
            rate: rate.map(|rate| NamedView { id: rate.id.0, name: &rate.name }),
            ticket_kind: match ticket.kind {
                // Nobody at a gate is concerned with who had it before.
                TicketKind::Sale | TicketKind::Resale => None,
                TicketKind::Invitation => Some("INVITATION"),
            },
            attendee: ticket.attendee.as_deref(),
        }
    }
}

/// What happened with a ticket at the gates of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdmissionView<'a> {
    /// How often somebody came in with it.
    entries: usize,
    /// Whether somebody is inside with it.
    inside: bool,
    /// When somebody last came in with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_entry: Option<ScanView<'a>>,
}

/// When and where somebody went through a gate.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanView<'a> {
    date: Shown,
    gate: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
}

impl<'a> ScanView<'a> {
    /// A scan, in the venue's time.
    pub fn of(scan: &'a Scan, zone: &TimeZone) -> Self {
        Self { date: Shown::in_zone(scan.at, zone), gate: &scan.gate, device: scan.device.as_deref() }
    }
}

impl<'a> AdmissionView<'a> {
    /// In the venue's time.
    pub fn of(admission: &'a Admission, zone: &TimeZone) -> Self {
        let last_entry = admission.last_entry().map(|scan| ScanView::of(scan, zone));
        Self { entries: admission.entries(), inside: admission.is_inside(), last_entry }
    }
}
