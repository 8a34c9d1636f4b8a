//! Insurances of an order's items: offered by the channel, per item, frozen when they are taken. A premium follows its item's price after promotions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::basket::{Desk, check_named, refused};
use super::draft::Draft;
use super::{Item, Order};
use crate::catalogue::Catalogue;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Channel;
use crate::identity::terms::Insurance;
use crate::ids::{InsuranceId, ItemId};
use crate::moment::Timestamp;
use crate::money::Minor;

/// An insurance that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    /// Which, as it was then.
    pub insurance: Arc<Insurance>,
    /// Each item with its premium, by id.
    pub items: Vec<(ItemId, Minor)>,
}

/// The items of an order that an insurance of its channel is offered for, each with its premium.
pub fn offered(insurance: &Insurance, channel: &Channel, order: &Order, catalogue: &Catalogue, now: Timestamp) -> Vec<(ItemId, Minor)> {
    let fits = |item: &&Item| channel.currency == order.currency && is_insurable(insurance, item, catalogue, now);
    order.items.iter().filter(fits).map(|item| (item.id, premium(insurance, item))).collect()
}

fn is_insurable(insurance: &Insurance, item: &Item, catalogue: &Catalogue, now: Timestamp) -> bool {
    let in_time = catalogue.offers.get(&item.session).is_some_and(|offer| now.plus_ms(insurance.before_ms) <= offer.session.start);
    in_time && (insurance.events.is_empty() || insurance.events.contains(&item.event))
}

fn premium(insurance: &Insurance, item: &Item) -> Minor {
    insurance.premium.of(item.price.reduced())
}

/// What an order insures once its items, or their prices, have changed: items that are gone take their insurance along.
pub(super) fn settle(insured: &mut Vec<Insured>, items: &[Item]) {
    for taken in insured.iter_mut() {
        taken.items.retain_mut(|(id, amount)| {
            let item = items.iter().find(|item| item.id == *id);
            *amount = item.map_or(0, |item| premium(&taken.insurance, item));
            item.is_some()
        });
    }
    insured.retain(|taken| !taken.items.is_empty());
}

impl Desk<'_> {
    /// Insures the named items, or all that the insurance is offered for.
    pub(super) fn insure(&self, order: &Order, id: InsuranceId, named: Option<&[ItemId]>) -> Planned {
        let insurance = self.channel.insurances.iter().find(|insurance| insurance.id == id).ok_or(Code::OrderInvalidInsurance)?;
        let offered = offered(insurance, self.channel, order, &self.world.catalogue, self.moment.now);
        let items = match named {
            None => offered,
            Some(named) => {
                check_named(order, named, Code::OrderInvalidInsurance, |id| offered.iter().any(|(item, _)| *item == id))?;
                offered.into_iter().filter(|(item, _)| named.contains(item)).collect()
            }
        };
        if items.is_empty() {
            return Err(Code::OrderInvalidInsurance.into());
        }
        let insured = Insured { insurance: Arc::new(insurance.clone()), items };
        let order = order.with_extras(|extras| {
            extras.insurances.retain(|taken| taken.insurance.id != id);
            extras.insurances.push(insured);
            extras.insurances.sort_by_key(|taken| taken.insurance.id);
        });
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// Gives an insurance back, or all of them.
    pub(super) fn drop_insurance(&self, order: &Order, id: Option<InsuranceId>) -> Planned {
        let goes = |taken: &Insured| id.is_none_or(|id| taken.insurance.id == id);
        if id.is_some() && !order.extras().insurances.iter().any(goes) {
            return Err(Code::OrderInvalidInsurance.into());
        }
        let order = order.with_extras(|extras| extras.insurances.retain(|taken| !goes(taken)));
        Ok(Draft::new(self.world).done(self.touched(order)))
    }

    /// `ORDER_INVALID_INSURANCE` naming items that by now are insured too late.
    pub(super) fn check_insurances(&self, order: &Order) -> Result<(), Error> {
        let mut late = Vec::new();
        for taken in &order.extras().insurances {
            let insured = order.items.iter().filter(|item| taken.items.iter().any(|(id, _)| *id == item.id));
            let is_late = |item: &&Item| !is_insurable(&taken.insurance, item, &self.world.catalogue, self.moment.now);
            late.extend(insured.filter(is_late).map(|item| item.id));
        }
        if late.is_empty() { Ok(()) } else { Err(refused(Code::OrderInvalidInsurance, late)) }
    }
}
