//! A session as management reads it from a request.

use aforo_domain::catalogue::manage::{RateSpec, SessionSpec};
use aforo_domain::catalogue::{Catalogue, Event, RateKind, Session, Tax};
use aforo_domain::ids::{PriceTypeId, QuotaId, RateId, SessionId, TaxId, TemplateId};
use aforo_domain::moment::{Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::taxes::TaxSpec;
use serde::Deserialize;

use super::catalogue::{Clearable, ImagesBody, Texts, clearable, images, label, localized, optional_label, readiness};
use super::gates::{self, GatesBody};
use super::seasons::{self, SeasonBody};
use super::surcharges::{self, SurchargeBody};
use super::words;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// A session to be made or changed. To make one, `name`, `venue_template_id`, `date.start`, `date.sale_start` and `rates` are needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SessionBody {
    /// Only for a new one; else the next one.
    pub(super) id: Option<Num>,
    pub(super) name: Option<String>,
    /// Never changes.
    pub(super) venue_template_id: Option<Num>,
    /// `PLANNED` (at first), `READY`, `CANCELLED` or `ARCHIVED`.
    status: Option<String>,
    /// Whether selling is switched on; at first it is.
    selling: Option<bool>,
    pub(super) date: Option<DatesBody>,
    texts: Option<SessionTextsBody>,
    images: Option<ImagesBody>,
    rates: Option<Vec<RateBody>>,
    taxes: Option<TaxesBody>,
    surcharges: Option<Vec<SurchargeBody>>,
    /// Places one buyer may have at most; counts from when it is set.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<u32>)]
    buyer_limit: Clearable<Num>,
    /// `GENERATED` (at first), or `IMPORTED` out of the session's pool. Changes only while no ticket is sold or about to be.
    barcodes: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    external_reference: Clearable<String>,
    /// Whether each item needs a promotion to be sold; at first it does not.
    promotion_required: Option<bool>,
    /// Makes it a season: its tickets are for the same place in each of these sessions. It begins with the first and ends with the last of them, so it has
    /// no `date.start` and `date.end` of its own, and is sold until it begins at the latest. A session never becomes a season, nor a season a session.
    pub(super) season: Option<SeasonBody>,
    gates: Option<GatesBody>,
}

/// When. A new session ends and stops being sold when it starts, unless it says otherwise.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct DatesBody {
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
    pub(super) sale_start: Option<String>,
    pub(super) sale_end: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    pub(super) booking_start: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    pub(super) booking_end: Clearable<String>,
    /// When its tickets may be sold again, where its event lets them; at first never.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    pub(super) resale_start: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    pub(super) resale_end: Clearable<String>,
    pub(super) start_unconfirmed: Option<bool>,
}

/// A session's texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct SessionTextsBody {
    title: Option<Texts>,
    description: Option<Texts>,
}

/// A tariff with its prices.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct RateBody {
    /// Else that of the event's rate of this name, or a new one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// One of them is the default; the first that is no invitation if none says so. An invitation never is.
    default: Option<bool>,
    /// What each price type costs. A price type that has no price is not sold at this rate. An invitation needs none, and has none but 0.
    prices: Option<Vec<PriceBody>>,
    /// Makes it an invitation: it costs nothing whatever the price type, nothing is added, and it is given only by channels that may.
    invitation: Option<InvitationBody>,
}

/// What an invitation is given from.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct InvitationBody {
    /// The only quota it is given from, whether or not the publication lists it; else those of the publication.
    quota_id: Option<Num>,
}

/// The price of a price type.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PriceBody {
    #[schema(required = true)]
    price_type_id: Option<Num>,
    /// Taxes included.
    #[schema(required = true)]
    value: Option<Num>,
}

/// Taxes that prices include.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct TaxesBody {
    tickets: Option<Vec<TaxBody>>,
    surcharges: Option<Vec<TaxBody>>,
}

/// A tax.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TaxBody {
    /// Else that of the tax of this name and rate, or a new one.
    id: Option<Num>,
    #[schema(required = true)]
    name: Option<String>,
    /// Per cent, at most four decimals.
    #[schema(required = true)]
    value: Option<Num>,
}

/// Taxes of one kind at most.
const MAX_TAXES: usize = 10;
/// Rates at most.
const MAX_RATES: usize = 100;

/// When a session is, put together.
struct Dates {
    start: Timestamp,
    end: Timestamp,
    sale: Window,
    booking: Option<Window>,
    resale: Option<Window>,
    start_unconfirmed: bool,
}

impl SessionBody {
    /// What it asks for; what it leaves out is as it is.
    ///
    /// # Errors
    /// `DIST0004` to `DIST0006`.
    pub fn read(
        &self,
        catalogue: &Catalogue,
        event: &Event,
        current: Option<&Session>,
    ) -> Result<(Option<SessionId>, SessionSpec), Problem> {
        let mut checks = Checks::new();
        let none = SessionTextsBody::default();
        let texts = self.texts.as_ref().unwrap_or(&none);
        let template = match (&self.venue_template_id, current) {
            (None, Some(current)) => current.template,
            (id, _) => TemplateId(checks.id("venue_template_id", id.as_ref())),
        };
        let season = seasons::read(&mut checks, self.season.as_ref(), current);
        let of_season = season.as_ref().map(|season| seasons::dates(season, catalogue));
        let dates = self.dates(&mut checks, current, of_season);
        let (rates, default_rate) = self.rates(&mut checks, event.currency, current);
        let (ticket_taxes, surcharge_taxes) = self.taxes(&mut checks, current);
        let surcharges = surcharges::read(&mut checks, self.surcharges.as_deref(), event.currency);
        let buyer_limit = match &self.buyer_limit {
            Some(limit) => checks.optional_whole("buyer_limit", limit.as_ref(), 1..=1_000_000).map(|limit| limit as u32),
            None => current.and_then(|current| current.buyer_limit),
        };
        let barcodes = checks.one_of("barcodes", self.barcodes.as_deref(), words::BARCODES);
        let barcodes = barcodes.or(current.map(|current| current.barcodes)).unwrap_or_default();
        let spec = SessionSpec {
            event: event.id,
            template,
            name: label(&mut checks, "name", self.name.as_deref(), current.map(|current| current.name.as_str())),
            readiness: readiness(&mut checks, self.status.as_deref(), current.map(|current| current.readiness)),
            selling: self.selling.or(current.map(|current| current.selling)).unwrap_or(true),
            start: dates.start,
            end: dates.end,
            start_unconfirmed: dates.start_unconfirmed,
            sale: dates.sale,
            booking: dates.booking,
            resale: dates.resale,
            titles: localized(&mut checks, "texts.title", texts.title.as_ref(), current.map(|current| &current.titles)),
            descriptions: localized(
                &mut checks,
                "texts.description",
                texts.description.as_ref(),
                current.map(|current| &current.descriptions),
            ),
            images: images(&mut checks, self.images.as_ref(), current.map(|current| &current.images)),
            rates,
            default_rate,
            ticket_taxes,
            surcharge_taxes,
            surcharges: surcharges.or_else(|| current.map(|current| current.surcharges.clone())).unwrap_or_default(),
            buyer_limit,
            barcodes,
            external_reference: optional_label(
                &mut checks,
                "external_reference",
                &self.external_reference,
                current.and_then(|current| current.external_reference.as_deref()),
            ),
            promotion_required: self.promotion_required.or(current.map(|current| current.promotion_required)).unwrap_or_default(),
            season,
            gates: gates::read(&mut checks, self.gates.as_ref(), current.map(|current| current.gates)),
        };
        let id = checks.optional_id("id", self.id.as_ref()).map(SessionId);
        checks.done((id, spec))
    }

    /// The taxes of its tickets, and those of its surcharges.
    fn taxes(&self, checks: &mut Checks, current: Option<&Session>) -> (Vec<TaxSpec>, Vec<TaxSpec>) {
        let taxes = self.taxes.as_ref();
        let (tickets, surcharges) = (taxes.and_then(|taxes| taxes.tickets.as_deref()), taxes.and_then(|taxes| taxes.surcharges.as_deref()));
        let of_tickets = self::taxes(checks, "taxes.tickets", tickets, current.map(|current| current.ticket_taxes.as_slice()));
        let of_surcharges = self::taxes(checks, "taxes.surcharges", surcharges, current.map(|current| current.surcharge_taxes.as_slice()));
        (of_tickets, of_surcharges)
    }

    /// When it is. A season is `of_season`, whose dates are not its own.
    fn dates(&self, checks: &mut Checks, current: Option<&Session>, of_season: Option<(Timestamp, Timestamp)>) -> Dates {
        let none = DatesBody::default();
        let date = self.date.as_ref().unwrap_or(&none);
        for (name, given) in [("date.start", &date.start), ("date.end", &date.end)] {
            if given.is_some() && of_season.is_some() {
                checks.bad_value(name);
            }
        }
        let mut instant = |name: &str, value: &Option<String>, current: Option<Timestamp>| match value {
            Some(text) => checks.instant(&format!("date.{name}"), Some(text)),
            None => current,
        };
        let (start, end) = match of_season {
            Some((start, end)) => (Some(start), Some(end)),
            None => {
                let start = instant("start", &date.start, current.map(|current| current.start));
                (start, instant("end", &date.end, current.map(|current| current.end).or(start)))
            }
        };
        let sale_start = instant("sale_start", &date.sale_start, current.map(|current| current.sale.start));
        let sale_end = instant("sale_end", &date.sale_end, current.map(|current| current.sale.end).or(start));
        if date.start.is_none() {
            checks.required("date.start", start);
        }
        if date.sale_start.is_none() {
            checks.required("date.sale_start", sale_start);
        }
        let unconfirmed = date.start_unconfirmed.or(current.map(|current| current.start_unconfirmed));
        Dates {
            start: start.unwrap_or_default(),
            end: end.unwrap_or_default(),
            sale: Window { start: sale_start.unwrap_or_default(), end: sale_end.unwrap_or_default() },
            booking: window(checks, "booking", (&date.booking_start, &date.booking_end), current.and_then(|current| current.booking)),
            resale: window(checks, "resale", (&date.resale_start, &date.resale_end), current.and_then(|current| current.resale)),
            start_unconfirmed: unconfirmed.unwrap_or_default(),
        }
    }

    /// The rates, and which one is the default.
    fn rates(&self, checks: &mut Checks, currency: Currency, current: Option<&Session>) -> (Vec<RateSpec>, usize) {
        let Some(bodies) = &self.rates else {
            return checks.required("rates", current).map(as_they_are).unwrap_or_default();
        };
        if bodies.is_empty() || bodies.len() > MAX_RATES || bodies.iter().filter(|rate| rate.default == Some(true)).count() > 1 {
            checks.bad_value("rates");
        }
        let mut rates = Vec::with_capacity(bodies.len());
        for body in bodies {
            let prices = match &body.invitation {
                Some(_) => body.prices.as_deref(),
                None => checks.required("rates.prices", body.prices.as_deref()),
            };
            let prices = prices.unwrap_or_default();
            if prices.len() > MAX_ELEMENTS {
                checks.bad_value("rates.prices");
            }
            let mut price = |price: &PriceBody| {
                let id = checks.id("rates.prices.price_type_id", price.price_type_id.as_ref());
                (PriceTypeId(id), checks.amount("rates.prices.value", price.value.as_ref(), currency))
            };
            let prices = prices.iter().map(&mut price).collect();
            let id = checks.optional_id("rates.id", body.id.as_ref()).map(RateId);
            let kind = body.invitation.as_ref().map_or(RateKind::Sale, |invitation| RateKind::Invitation {
                quota: checks.optional_id("rates.invitation.quota_id", invitation.quota_id.as_ref()).map(QuotaId),
            });
            rates.push(RateSpec { id, name: label(checks, "rates.name", body.name.as_deref(), None), prices, kind });
        }
        let said = bodies.iter().position(|rate| rate.default == Some(true));
        (rates, said.or_else(|| bodies.iter().position(|rate| rate.invitation.is_none())).unwrap_or(0))
    }
}

/// The rates that a session has.
fn as_they_are(session: &Session) -> (Vec<RateSpec>, usize) {
    let rates = session.rates.iter().map(|rate| {
        let prices = session.prices.iter().filter(|((_, id), _)| *id == rate.id);
        let prices = prices.map(|((price_type, _), price)| (*price_type, *price)).collect();
        RateSpec { id: Some(rate.id), name: rate.name.clone(), prices, kind: rate.kind }
    });
    (rates.collect(), session.rates.iter().position(|rate| rate.id == session.default_rate).unwrap_or(0))
}

/// A window of its own is there with both its ends, or not at all.
fn window(checks: &mut Checks, name: &str, ends: (&Clearable<String>, &Clearable<String>), current: Option<Window>) -> Option<Window> {
    let names = (format!("date.{name}_start"), format!("date.{name}_end"));
    let mut end = |name: &str, value: &Clearable<String>, current: Option<Timestamp>| match value {
        Some(text) => checks.instant(name, text.as_deref()),
        None => current,
    };
    let start = end(&names.0, ends.0, current.map(|window| window.start));
    let end = end(&names.1, ends.1, current.map(|window| window.end));
    match (start, end) {
        (Some(start), Some(end)) => Some(Window { start, end }),
        (None, None) => None,
        (Some(_), None) => {
            checks.missing(&names.1);
            None
        }
        (None, Some(_)) => {
            checks.missing(&names.0);
            None
        }
    }
}

/// Taxes: those that were sent, else those that are.
pub fn taxes(checks: &mut Checks, name: &str, bodies: Option<&[TaxBody]>, current: Option<&[Tax]>) -> Vec<TaxSpec> {
    let Some(bodies) = bodies else {
        return current.unwrap_or_default().iter().map(TaxSpec::from).collect();
    };
    if bodies.len() > MAX_TAXES {
        checks.bad_value(name);
    }
    bodies.iter().map(|body| body.read(checks, name)).collect()
}

impl TaxBody {
    /// Reads it under this name.
    pub fn read(&self, checks: &mut Checks, name: &str) -> TaxSpec {
        let value = format!("{name}.value");
        let text = checks.required(&value, self.value.as_ref()).map(Num::text);
        TaxSpec {
            id: checks.optional_id(&format!("{name}.id"), self.id.as_ref()).map(TaxId),
            percent: checks.formed(&value, text, Percent::parse).unwrap_or_default(),
            name: label(checks, &format!("{name}.name"), self.name.as_deref(), None),
        }
    }
}
