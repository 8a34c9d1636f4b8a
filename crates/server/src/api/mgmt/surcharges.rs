//! Surcharges on the wire, as channels and sessions have them.

use aforo_domain::identity::Surcharge;
use aforo_domain::identity::manage::channels::is_surcharge;
use aforo_domain::money::{Currency, Percent};
use serde::{Deserialize, Serialize};

use crate::http::checks::Checks;
use crate::http::wire::{Money, Num};

/// A surcharge to be set: `PER_TICKET` and `PER_ORDER` have a `value`, `PERCENTAGE` has `percent` of the base price, with `min` and `max`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct SurchargeBody {
    /// `PER_TICKET`, `PERCENTAGE` or `PER_ORDER`.
    #[schema(required = true)]
    r#type: Option<String>,
    /// Amount.
    value: Option<Num>,
    /// Per cent, at most four decimals.
    percent: Option<Num>,
    /// At least this amount.
    min: Option<Num>,
    /// At most this amount.
    max: Option<Num>,
}

/// A surcharge as it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SurchargeView {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    percent: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Money>,
}

#[derive(Clone, Copy)]
enum Kind {
    PerTicket,
    Percentage,
    PerOrder,
}

const KINDS: &[(&str, Kind)] = &[("PER_TICKET", Kind::PerTicket), ("PERCENTAGE", Kind::Percentage), ("PER_ORDER", Kind::PerOrder)];

/// Reads surcharges in a currency.
pub fn read(checks: &mut Checks, list: Option<&[SurchargeBody]>, currency: Currency) -> Option<Vec<Surcharge>> {
    let surcharges: Vec<_> = list?.iter().filter_map(|body| body.read(checks, currency)).collect();
    if !surcharges.iter().all(is_surcharge) {
        checks.bad_value("surcharges");
    }
    Some(surcharges)
}

impl SurchargeBody {
    fn read(&self, checks: &mut Checks, currency: Currency) -> Option<Surcharge> {
        let word = checks.required("surcharges.type", self.r#type.as_deref());
        match checks.one_of("surcharges.type", word, KINDS)? {
            Kind::PerTicket => Some(Surcharge::PerTicket(checks.amount("surcharges.value", self.value.as_ref(), currency))),
            Kind::PerOrder => Some(Surcharge::PerOrder(checks.amount("surcharges.value", self.value.as_ref(), currency))),
            Kind::Percentage => {
                let percent = checks.required("surcharges.percent", self.percent.as_ref()).map(Num::text);
                Some(Surcharge::PercentOfBase {
                    percent: checks.formed("surcharges.percent", percent, Percent::parse).unwrap_or_default(),
                    min: checks.optional_amount("surcharges.min", self.min.as_ref(), currency).unwrap_or_default(),
                    max: checks.optional_amount("surcharges.max", self.max.as_ref(), currency),
                })
            }
        }
    }
}

/// Shows surcharges in a currency.
pub fn show(surcharges: &[Surcharge], currency: Currency) -> Vec<SurchargeView> {
    let money = |minor| Some(Money::of(currency, minor));
    let view = |r#type| SurchargeView { r#type, value: None, percent: None, min: None, max: None };
    let show_one = |surcharge: &Surcharge| match *surcharge {
        Surcharge::PerTicket(value) => SurchargeView { value: money(value), ..view("PER_TICKET") },
        Surcharge::PerOrder(value) => SurchargeView { value: money(value), ..view("PER_ORDER") },
        Surcharge::PercentOfBase { percent, min, max } => SurchargeView {
            percent: Some(serde_json::Number::from_string_unchecked(percent.to_string())),
            min: money(min),
            max: max.and_then(money),
            ..view("PERCENTAGE")
        },
    };
    surcharges.iter().map(show_one).collect()
}
