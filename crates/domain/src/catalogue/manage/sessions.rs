//! Sessions: made and replaced as a whole, their status and their switch included.
//!
//! A change of prices does not touch live orders (their prices froze when items were added). A limit per buyer may come and go at any time; it
//! counts from when it was set.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Desk, PublicationSpec, Target, check_step, in_use, new_id, saved, unchanged};
use crate::barcodes::BarcodeSource;
use crate::catalogue::plan::Plan;
use crate::catalogue::{EventKind, Images, Offer, Rate, RateKind, Readiness, Session};
use crate::change::Row;
use crate::command::{Planned, Reply};
use crate::error::{Code, Error};
use crate::gates::GateRules;
use crate::identity::Surcharge;
use crate::identity::manage::MAX_GIVEN_ID;
use crate::ids::{ChannelId, EventId, PriceTypeId, QuotaId, RateId, SessionId, TemplateId};
use crate::inventory::PlaceState;
use crate::moment::{Timestamp, Window};
use crate::money::Minor;
use crate::seasons::Season;
use crate::taxes::{TaxSpec, Taxes};
use crate::text::Localized;

/// A tariff as it shall be, with its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateSpec {
    /// Chosen by the caller; else that of the event's rate of this name, or a new one.
    pub id: Option<RateId>,
    /// Shown to people; once in a session.
    pub name: String,
    /// What each price type costs. A price type without a price is not sold at this rate. Of an invitation they are all 0, and may be left out.
    pub prices: Vec<(PriceTypeId, Minor)>,
    /// What it is for.
    pub kind: RateKind,
}

impl RateSpec {
    const fn is_invitation(&self) -> bool {
        matches!(self.kind, RateKind::Invitation { .. })
    }
}

/// A session as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Session")]
pub struct SessionSpec {
    pub event: EventId,
    /// Never changes.
    pub template: TemplateId,
    pub name: String,
    pub readiness: Readiness,
    pub selling: bool,
    pub start: Timestamp,
    pub end: Timestamp,
    pub start_unconfirmed: bool,
    pub sale: Window,
    pub booking: Option<Window>,
    pub titles: Localized,
    pub descriptions: Localized,
    pub images: Images,
    pub rates: Vec<RateSpec>,
    /// An index into `rates`; no invitation.
    pub default_rate: usize,
    pub ticket_taxes: Vec<TaxSpec>,
    pub surcharge_taxes: Vec<TaxSpec>,
    pub surcharges: Vec<Surcharge>,
    pub buyer_limit: Option<u32>,
    /// Changes only while no ticket is sold or about to be.
    pub barcodes: BarcodeSource,
    pub external_reference: Option<String>,
    pub promotion_required: bool,
    /// Of a season its sessions, which give it `start` and `end`; both are looked at only in other sessions. What is a season stays one.
    pub season: Option<Season>,
    pub gates: GateRules,
    pub resale: Option<Window>,
}

impl<'a> Desk<'a> {
    pub(super) fn save_session(&self, target: Target<SessionId>, spec: &SessionSpec) -> Planned {
        let event = self.own_event(spec.event)?;
        let (id, old) = match target {
            Target::New(chosen) => {
                if matches!(event.readiness, Readiness::Cancelled | Readiness::Archived) {
                    return Err(Error::new(Code::Conflict).because("the event is over").into());
                }
                (SessionId(new_id(chosen.map(|id| id.0), self.catalogue().offers.keys().map(|id| id.0))?), None)
            }
            Target::Existing(id, seen) => {
                let session = &self.own_session(id)?.session;
                if session.event != spec.event {
                    return Err(Code::NotFound.into());
                }
                unchanged(session.version, seen)?;
                check_step(session.readiness, spec.readiness)?;
                (id, Some(session))
            }
        };
        let plan = self.template_for(spec.template, old)?;
        let spec = &self.as_season(id, spec.clone(), event, old.map(AsRef::as_ref))?;
        check_times(spec)?;
        check_rates(spec, plan)?;
        if event.kind == EventKind::Activity && plan.seats > 0 {
            return Err(Error::invalid(&["venue_template_id"]).because("an activity's places are not numbered").into());
        }
        if let Some(old) = old {
            self.check_barcodes(old, spec.barcodes)?;
        }
        let session = self.session(id, spec, old)?;
        let seasons = self.seasons_follow(&session)?;
        let mut done = saved(Row::from(Arc::new(session)), id.0)?;
        done.changes.extend(seasons);
        Ok(done)
    }

    /// A new session that is published at once.
    pub(super) fn add_session(&self, spec: &SessionSpec, channels: &[(ChannelId, PublicationSpec)]) -> Planned {
        let mut done = self.save_session(Target::New(None), spec)?;
        let Reply::Ids(ids) = &done.reply else { return Ok(done) };
        let plan = self.template_for(spec.template, None)?;
        for (channel, publication) in channels {
            let publication = self.publication((SessionId(ids[0]), plan, spec.sale), *channel, None, publication)?;
            done.changes.push(Row::from(Arc::new(publication)).into());
        }
        Ok(done)
    }

    fn session(&self, id: SessionId, spec: &SessionSpec, old: Option<&Arc<Session>>) -> Result<Session, Error> {
        let rates = self.rates(spec)?;
        let default_rate = rates.get(spec.default_rate).ok_or(Error::required(&["rates"]))?.id;
        let mut taxes = Taxes::known(self.catalogue(), &self.world.identity);
        Ok(Session {
            id,
            event: spec.event,
            template: spec.template,
            name: spec.name.clone(),
            readiness: spec.readiness,
            selling: spec.selling,
            start: spec.start,
            end: spec.end,
            start_unconfirmed: spec.start_unconfirmed,
            sale: spec.sale,
            booking: spec.booking,
            resale: spec.resale,
            titles: spec.titles.clone(),
            descriptions: spec.descriptions.clone(),
            images: spec.images.clone(),
            prices: prices(&rates, spec),
            rates,
            default_rate,
            ticket_taxes: taxes.find_all(&spec.ticket_taxes)?,
            surcharge_taxes: taxes.find_all(&spec.surcharge_taxes)?,
            surcharges: spec.surcharges.clone(),
            buyer_limit: spec.buyer_limit,
            barcodes: spec.barcodes,
            external_reference: spec.external_reference.clone(),
            promotion_required: spec.promotion_required,
            season: spec.season.clone(),
            gates: spec.gates,
            postponed_from: old.and_then(|old| old.postponed_from),
            version: old.map_or(1, |old| old.version + 1),
        })
    }

    /// `CONFLICT` if tickets that are sold, or about to be, have their barcodes from elsewhere.
    fn check_barcodes(&self, old: &Session, source: BarcodeSource) -> Result<(), Error> {
        if old.barcodes == source {
            return Ok(());
        }
        let Some((offer, inventory)) = self.world.session(old.id) else { return Ok(()) };
        let about_to_be = |holder| self.world.resident_order(holder).is_ok_and(|order| order.is_some_and(|order| order.is_pre_confirmed()));
        let has_barcode = |place| match inventory.own_state(place) {
            PlaceState::Sold => true,
            PlaceState::Held => inventory.holder(place).is_some_and(about_to_be),
            PlaceState::Free | PlaceState::Blocked => false,
        };
        let is_late = (0..offer.plan.places()).any(has_barcode);
        if is_late { Err(Error::new(Code::Conflict).because("tickets are sold, or about to be")) } else { Ok(()) }
    }

    /// A session of an event that the caller may change.
    pub(super) fn own_session(&self, id: SessionId) -> Result<&'a Arc<Offer>, Error> {
        let offer = self.catalogue().offers.get(&id).ok_or(Code::NotFound)?;
        self.authority.owns(offer.event.entity)?;
        Ok(offer)
    }

    /// The template that a session may sell: any complete one of the operator, the same as ever if the session is there.
    fn template_for(&self, id: TemplateId, old: Option<&Arc<Session>>) -> Result<&'a Arc<Plan>, Error> {
        let complete = |plan: &&Arc<Plan>| plan.template.version > 0;
        let plan = self.catalogue().plans.get(&id).filter(complete).ok_or(Error::invalid(&["venue_template_id"]))?;
        match old {
            Some(old) if old.template != id => Err(Error::new(Code::Conflict).because("a session keeps its template")),
            None if plan.template.retired => Err(Error::new(Code::Conflict).because("the template is retired")),
            _ => Ok(plan),
        }
    }

    /// The session's rates with their ids. A rate belongs to one event, in which all sessions share it.
    fn rates(&self, spec: &SessionSpec) -> Result<Vec<Rate>, Error> {
        // A season of thousands of sessions is looked through for each of them: the hash has to be quick.
        let mut owners: HashMap<RateId, EventId, FixedState> = HashMap::default();
        let mut by_name: HashMap<&str, RateId, FixedState> = HashMap::default();
        for offer in self.catalogue().offers.values() {
            for rate in &offer.session.rates {
                owners.insert(rate.id, offer.event.id);
                if offer.event.id == spec.event {
                    by_name.entry(&rate.name).and_modify(|known| *known = rate.id.min(*known)).or_insert(rate.id);
                }
            }
        }
        let mut last = owners.keys().copied().chain(spec.rates.iter().filter_map(|rate| rate.id)).max().map_or(0, |id| id.0);
        let mut rates: Vec<Rate> = Vec::with_capacity(spec.rates.len());
        for rate in &spec.rates {
            let id = rate.id.or_else(|| by_name.get(rate.name.as_str()).copied()).unwrap_or_else(|| {
                last += 1;
                RateId(last)
            });
            if rates.iter().any(|known| known.id == id) || owners.get(&id).is_some_and(|owner| *owner != spec.event) {
                return Err(in_use(id.0));
            }
            rates.push(Rate { id, name: rate.name.clone(), kind: rate.kind });
        }
        Ok(rates)
    }
}

fn check_times(spec: &SessionSpec) -> Result<(), Error> {
    let is_window = |window: Option<Window>| window.is_none_or(|window| window.start < window.end);
    let windows = is_window(spec.booking) && is_window(spec.resale);
    if spec.start <= spec.end && spec.sale.start < spec.sale.end && windows {
        return Ok(());
    }
    Err(Error::new(Code::Dist0001).because("something ends before it starts"))
}

/// Price types are the template's, once a rate; names are unique; there is at least one price, and the default rate is sold.
fn check_rates(spec: &SessionSpec, plan: &Plan) -> Result<(), Error> {
    if spec.rates.iter().all(|rate| rate.prices.is_empty() || rate.is_invitation()) {
        return Err(Error::required(&["rates.prices"]));
    }
    if spec.rates.get(spec.default_rate).is_some_and(RateSpec::is_invitation) {
        return Err(Error::invalid(&["rates.default"]));
    }
    let twice = |(index, rate): (usize, &RateSpec)| spec.rates[..index].iter().any(|other| other.name == rate.name);
    if spec.rates.iter().enumerate().any(twice) {
        return Err(Error::invalid(&["rates.name"]));
    }
    if spec.rates.iter().filter_map(|rate| rate.id).any(|id| id.0 == 0 || id.0 >= MAX_GIVEN_ID) {
        return Err(Error::invalid(&["rates.id"]));
    }
    for rate in &spec.rates {
        let wrong = |(index, (price_type, _)): (usize, &(PriceTypeId, Minor))| {
            plan.price_type_index(*price_type).is_none() || rate.prices[..index].iter().any(|(other, _)| other == price_type)
        };
        if rate.prices.iter().enumerate().any(wrong) {
            return Err(Error::invalid(&["rates.prices.price_type_id"]));
        }
        if let RateKind::Invitation { quota } = rate.kind {
            check_invitation(rate, quota, plan)?;
        }
    }
    Ok(())
}

/// An invitation costs nothing, and its quota is the template's.
fn check_invitation(rate: &RateSpec, quota: Option<QuotaId>, plan: &Plan) -> Result<(), Error> {
    if rate.prices.iter().any(|(_, price)| *price != 0) {
        return Err(Error::invalid(&["rates.prices.value"]));
    }
    if quota.is_some_and(|quota| plan.quota_index(quota).is_none()) {
        return Err(Error::invalid(&["rates.invitation.quota_id"]));
    }
    Ok(())
}

fn prices(rates: &[Rate], spec: &SessionSpec) -> BTreeMap<(PriceTypeId, RateId), Minor> {
    let prices = rates.iter().zip(&spec.rates).filter(|(rate, _)| !rate.is_invitation());
    prices.flat_map(|(rate, spec)| spec.prices.iter().map(|(price_type, price)| ((*price_type, rate.id), *price))).collect()
}
