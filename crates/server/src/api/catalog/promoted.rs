//! Prices of a session with the promotions that come by themselves: those that every single item has now. What needs more items or a collective, is
//! taken off the whole order, or may run out is not promised here.

use std::sync::Arc;

use aforo_domain::catalogue::Offer;
use aforo_domain::identity::Channel;
use aforo_domain::ids::{ItemId, PriceTypeId, RateId};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Minor;
use aforo_domain::promotions::price::{self, Priced};
use aforo_domain::promotions::{Applied, Reduction, Scope, Terms};
use serde::Serialize;

use super::money::{Amount, Price, Surcharge};
use crate::http::wire::Money;

/// A price after promotions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PromotedAmount {
    /// The price.
    value: Money,
    /// What is added.
    surcharge: Surcharge,
    /// The price before promotions.
    original_price: Money,
    variation: Variation,
}

/// What is taken off a price.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Variation {
    /// `PERCENTAGE`, or `FIXED`, as what several take off together is.
    r#type: &'static str,
    /// Per cent, or an amount.
    #[schema(value_type = f64)]
    value: Money,
}

/// A price before and after promotions.
#[derive(Debug, Clone, Copy)]
pub struct Promoted {
    /// Before.
    pub original: Price,
    /// After.
    pub price: Price,
    /// What makes the difference.
    pub variation: Variation,
}

impl Promoted {
    /// The same without the taxes it includes.
    pub fn net(self, offer: &Offer) -> Self {
        Self { original: self.original.net(offer), price: self.price.net(offer), ..self }
    }

    /// On the wire.
    pub fn amount(&self) -> PromotedAmount {
        let Amount { value, surcharge } = self.price.amount();
        PromotedAmount { value, surcharge, original_price: self.original.amount().value, variation: self.variation }
    }
}

/// The smallest price after promotions, if they lower the smallest price.
pub fn smallest(offer: &Offer, channel: &Channel, now: Timestamp) -> Option<Promoted> {
    let prices = &offer.session.prices;
    let promoted = prices.iter().filter_map(|(at, base)| promoted(offer, channel, now, *at, *base));
    let smallest = promoted.min_by_key(|promoted| (promoted.price.base(), promoted.original.base()))?;
    (smallest.price.base() < *prices.values().min()?).then_some(smallest)
}

/// The base price of a price type at a rate after promotions, if they lower it.
pub fn promoted(offer: &Offer, channel: &Channel, now: Timestamp, at: (PriceTypeId, RateId), base: Minor) -> Option<Promoted> {
    if offer.automatic.is_empty() {
        return None;
    }
    let applied = applied(offer, channel, now, at);
    let place = Priced { id: ItemId(0), spot: (offer.session.id, 0), base };
    let off: Minor = price::discounts(&[place], &applied).iter().flatten().map(|discount| discount.amount).sum();
    if off == 0 {
        return None;
    }
    let variation = match applied.iter().map(|one| one.terms.reduction).collect::<Vec<_>>()[..] {
        [Reduction::Percentage(percent)] => Variation { r#type: "PERCENTAGE", value: Money::percent(percent) },
        _ => Variation { r#type: "FIXED", value: Money::of(offer.event.currency, off) },
    };
    let original = Price::of(offer, channel, base);
    Some(Promoted { original, price: original.less(off), variation })
}

/// The promotions that a single place has now.
fn applied(offer: &Offer, channel: &Channel, now: Timestamp, (price_type, rate): (PriceTypeId, RateId)) -> Vec<Applied> {
    let has = |terms: &&Arc<Terms>| {
        let conditions = &terms.conditions;
        let sure = terms.limits.total.is_none() && conditions.min_items <= 1 && conditions.collective.is_none();
        sure && terms.scope == Scope::Item
            && terms.is_in(offer.event.currency)
            && terms.window.is_none_or(|window| window.contains(now))
            && conditions.allow(channel.id)
            && conditions.take(price_type, rate)
    };
    let mut alone = false;
    let mut applied = Vec::new();
    for terms in offer.automatic.iter().map(|promotion| &promotion.terms).filter(has) {
        if terms.stackable || !std::mem::replace(&mut alone, true) {
            applied.push(Applied { terms: terms.clone(), code: None, items: vec![ItemId(0)] });
        }
    }
    applied
}

/// When next a promotion begins or ends after an instant.
pub fn next_change(offer: &Offer, now: Timestamp) -> Option<Timestamp> {
    let windows = offer.automatic.iter().filter_map(|promotion| promotion.terms.window);
    windows.flat_map(|window| [window.start, window.end]).filter(|change| *change > now).min()
}
