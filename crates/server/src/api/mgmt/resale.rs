//! On which terms tickets are sold again, as management reads and shows it: an event's and a channel's. When a session's are is among its dates.

use aforo_domain::money::{Currency, Percent};
use aforo_domain::resale::{ChannelResale, EventResale};
use serde::{Deserialize, Serialize};

use super::surcharges::{self, SurchargeBody, SurchargeView};
use crate::http::checks::Checks;
use crate::http::wire::{Money, Num};

/// On which terms tickets of an event may be sold again; sessions say when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventResaleView {
    enabled: bool,
    /// The least that may be asked, in per cent of what was paid for the ticket without surcharges.
    #[schema(value_type = f64)]
    floor: Money,
    /// The most that may be asked, in per cent of the same.
    #[schema(value_type = f64)]
    cap: Money,
    /// What the house keeps of what is asked, in per cent; the rest is the seller's.
    #[schema(value_type = f64)]
    commission: Money,
    /// What the promoter adds.
    surcharges: Vec<SurchargeView>,
}

/// On which terms tickets of an event may be sold again. What is left out is as it is; at first they may not, from 0 to 100 per cent, without commission.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EventResaleBody {
    enabled: Option<bool>,
    /// The least that may be asked, in per cent of what was paid for the ticket without surcharges: 0 to 1 000, at most four decimals.
    floor: Option<Num>,
    /// The most that may be asked, in per cent of the same; not less than the floor.
    cap: Option<Num>,
    /// What the house keeps of what is asked, in per cent: 0 to 100.
    commission: Option<Num>,
    /// What the promoter adds: `PER_TICKET` and `PERCENTAGE`.
    surcharges: Option<Vec<SurchargeBody>>,
}

impl EventResaleBody {
    /// What it says; what it leaves out is as it is.
    pub fn read(body: Option<&Self>, checks: &mut Checks, currency: Option<Currency>, current: Option<&EventResale>) -> EventResale {
        let current = current.cloned().unwrap_or_default();
        let Some(body) = body else { return current };
        let mut percent =
            |name: &str, value: Option<&Num>, current| checks.formed(name, value.map(Num::text), Percent::parse).unwrap_or(current);
        let (floor, cap) =
            (percent("resale.floor", body.floor.as_ref(), current.floor), percent("resale.cap", body.cap.as_ref(), current.cap));
        let commission = percent("resale.commission", body.commission.as_ref(), current.commission);
        // Without a currency the event is refused for that.
        let surcharges = currency.and_then(|currency| surcharges::read(checks, body.surcharges.as_deref(), currency));
        let surcharges = surcharges.unwrap_or(current.surcharges);
        EventResale { enabled: body.enabled.unwrap_or(current.enabled), floor, cap, commission, surcharges }
    }
}

impl EventResaleView {
    /// Shows them.
    pub fn of(terms: &EventResale, currency: Currency) -> Self {
        Self {
            enabled: terms.enabled,
            floor: Money::percent(terms.floor),
            cap: Money::percent(terms.cap),
            commission: Money::percent(terms.commission),
            surcharges: surcharges::show(&terms.surcharges, currency),
        }
    }
}

/// Whether a channel sells tickets again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelResaleView {
    enabled: bool,
    /// What the channel adds.
    surcharges: Vec<SurchargeView>,
}

/// Whether a channel sells tickets again. What is left out is as it is; at first it does not, and adds nothing.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChannelResaleBody {
    enabled: Option<bool>,
    /// What the channel adds: `PER_TICKET` and `PERCENTAGE`.
    surcharges: Option<Vec<SurchargeBody>>,
}

impl ChannelResaleBody {
    /// Reads it; what it leaves out is as it is.
    pub fn read(&self, checks: &mut Checks, currency: Currency, current: &ChannelResale) -> ChannelResale {
        let surcharges = surcharges::read(checks, self.surcharges.as_deref(), currency);
        let surcharges = surcharges.unwrap_or_else(|| current.surcharges.clone());
        ChannelResale { enabled: self.enabled.unwrap_or(current.enabled), surcharges }
    }
}

impl ChannelResaleView {
    /// Shows it.
    pub fn of(terms: &ChannelResale, currency: Currency) -> Self {
        Self { enabled: terms.enabled, surcharges: surcharges::show(&terms.surcharges, currency) }
    }
}
