//! Prices as the catalogue shows them: what a place costs, what is added on top, and both without the taxes they include.

use aforo_domain::catalogue::{Offer, Tax};
use aforo_domain::identity::Channel;
use aforo_domain::money::{Currency, Minor};
use aforo_domain::pricing;
use serde::Serialize;
use serde_json::Number;

use crate::http::wire::Money;

/// What is added to the price of a ticket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Surcharge {
    promoter: Money,
    channel: Money,
}

/// A price with what is added to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Amount {
    /// The price.
    pub value: Money,
    /// What is added.
    pub surcharge: Surcharge,
}

/// A tax that tickets include.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TicketTax {
    id: u64,
    name: String,
    #[schema(value_type = f64)]
    value: Number,
}

/// A tax that surcharges include.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SurchargeTax {
    id: u64,
    name: String,
    #[schema(value_type = f64)]
    value: Number,
    applies_to: [&'static str; 4],
}

/// The taxes of a session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Taxes {
    tickets: Vec<TicketTax>,
    surcharges: Vec<SurchargeTax>,
}

/// Surcharges of all origins are taxed alike.
const APPLIES_TO: [&str; 4] = ["PROMOTER", "SECONDARY_MARKET_PROMOTER", "CHANNEL", "SECONDARY_MARKET_CHANNEL"];

impl Taxes {
    /// Those of a session.
    pub fn of(offer: &Offer) -> Self {
        let percent = |tax: &Tax| Number::from_string_unchecked(tax.percent.to_string());
        let ticket = |tax: &Tax| TicketTax { id: tax.id.0, name: tax.name.clone(), value: percent(tax) };
        let surcharge = |tax: &Tax| SurchargeTax { id: tax.id.0, name: tax.name.clone(), value: percent(tax), applies_to: APPLIES_TO };
        Self {
            tickets: offer.session.ticket_taxes.iter().map(ticket).collect(),
            surcharges: offer.session.surcharge_taxes.iter().map(surcharge).collect(),
        }
    }
}

/// What a base price of a session becomes in a channel, in minor units.
#[derive(Debug, Clone, Copy)]
pub struct Price {
    currency: Currency,
    base: Minor,
    promoter: Minor,
    channel: Minor,
}

impl Price {
    /// A base price with the surcharges per ticket.
    pub fn of(offer: &Offer, channel: &Channel, base: Minor) -> Self {
        let currency = offer.event.currency;
        let promoter = pricing::per_ticket(&offer.session.surcharges, base);
        Self { currency, base, promoter, channel: pricing::per_ticket(pricing::channel_surcharges(channel, currency), base) }
    }

    /// What an invitation costs: nothing, with nothing added.
    pub fn nothing(offer: &Offer) -> Self {
        Self { currency: offer.event.currency, base: 0, promoter: 0, channel: 0 }
    }

    /// What it is without surcharges.
    pub const fn base(self) -> Minor {
        self.base
    }

    /// The same with so much taken off the price.
    pub const fn less(self, amount: Minor) -> Self {
        Self { base: self.base - amount, ..self }
    }

    /// The same without the taxes it includes.
    pub fn net(self, offer: &Offer) -> Self {
        let surcharge = |gross| pricing::net(gross, &offer.session.surcharge_taxes);
        Self {
            base: pricing::net(self.base, &offer.session.ticket_taxes),
            promoter: surcharge(self.promoter),
            channel: surcharge(self.channel),
            ..self
        }
    }

    /// On the wire.
    pub fn amount(&self) -> Amount {
        let money = |minor| Money::of(self.currency, minor);
        Amount { value: money(self.base), surcharge: Surcharge { promoter: money(self.promoter), channel: money(self.channel) } }
    }

    /// All of it.
    pub fn total(&self) -> Money {
        Money::of(self.currency, self.base + self.promoter + self.channel)
    }
}
