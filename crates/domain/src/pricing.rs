//! Prices: what an item costs and what an order adds up to. Pure arithmetic over minor units; taxes are informative, since prices include them.

use serde::{Deserialize, Serialize};

use crate::catalogue::{Rate, RateKind, Session, Tax};
use crate::identity::{Channel, Surcharge};
use crate::ids::{PriceTypeId, PromotionId, TaxId};
use crate::money::{Currency, Minor, Percent};

/// What one item costs, frozen when it was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ItemPrice {
    /// Price type x rate, taxes included.
    pub base: Minor,
    /// The promoter's surcharges per ticket.
    pub promoter_surcharge: Minor,
    /// The channel's surcharges per ticket.
    pub channel_surcharge: Minor,
    /// Each tax that these include; those of the ticket of what promotions leave of it.
    pub taxes: Box<[TaxLine]>,
    /// What each promotion takes off the base, in the order in which they do; none of them 0.
    #[serde(default)]
    pub discounts: Box<[Discount]>,
}

/// What a promotion takes off one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// Which promotion.
    pub promotion: PromotionId,
    /// How much.
    pub amount: Minor,
}

impl ItemPrice {
    /// What the buyer pays for it.
    pub fn total(&self) -> Minor {
        self.reduced() + self.promoter_surcharge + self.channel_surcharge
    }

    /// What promotions take off.
    pub fn discount(&self) -> Minor {
        self.discounts.iter().map(|discount| discount.amount).sum()
    }

    /// What promotions leave of the base.
    pub fn reduced(&self) -> Minor {
        self.base - self.discount()
    }

    /// The same price without what is added to the ticket.
    #[must_use]
    pub fn without_surcharges(&self) -> Self {
        let taxes = self.taxes.iter().filter(|line| line.taxed == Taxed::Ticket).copied().collect();
        Self { promoter_surcharge: 0, channel_surcharge: 0, taxes, ..self.clone() }
    }

    /// The same price for another place: what was paid for the ticket is its base.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { base: self.reduced(), discounts: Box::default(), ..self.clone() }
    }

    /// The same price with so much less for the ticket, which is not more than promotions leave of it.
    #[must_use]
    pub fn less(&self, amount: Minor) -> Self {
        Self { base: self.base - amount, ..self.clone() }.with_discounts(self.discounts.clone())
    }

    /// A price of so much for the ticket, taxed as this one, and of nothing else.
    #[must_use]
    pub fn part(&self, amount: Minor) -> Self {
        Self { base: amount, ..self.without_surcharges() }.with_discounts(Box::default())
    }

    /// The same price with other promotions: what it was before them does not matter. Surcharges stay as they are.
    #[must_use]
    pub fn with_discounts(&self, discounts: Box<[Discount]>) -> Self {
        let mut price = Self { discounts, ..self.clone() };
        let of_ticket: Vec<_> =
            price.taxes.iter().filter(|line| line.taxed == Taxed::Ticket).map(|line| (line.tax, line.percent)).collect();
        let amounts = split_tax(price.reduced(), &of_ticket);
        for (line, amount) in price.taxes.iter_mut().filter(|line| line.taxed == Taxed::Ticket).zip(amounts) {
            line.amount = amount;
        }
        price
    }
}

/// What a tax line is a tax of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Taxed {
    /// The ticket itself.
    Ticket,
    /// The promoter's surcharge.
    PromoterSurcharge,
    /// The channel's surcharge.
    ChannelSurcharge,
    /// Delivery.
    Delivery,
    /// An insurance's premium.
    Insurance,
    /// A product.
    Product,
}

/// One tax in one price: what of it is tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// Which tax.
    pub tax: TaxId,
    /// Its rate.
    pub percent: Percent,
    /// Of what.
    pub taxed: Taxed,
    /// Gross minus net.
    pub amount: Minor,
}

/// What an order adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Totals {
    /// Sum of the items' base prices, products among them.
    pub base: Minor,
    /// What promotions take off.
    pub promotions: Minor,
    /// Sum of all surcharges, those per order included.
    pub surcharges: Minor,
    /// Insurance.
    pub insurance: Minor,
    /// Delivery.
    pub delivery: Minor,
    /// What vouchers pay.
    pub vouchers: Minor,
    /// What the places pay that it was given for.
    #[serde(default)]
    pub credit: Minor,
}

impl Totals {
    /// base - promotions + surcharges + insurance + delivery.
    pub const fn total(&self) -> Minor {
        self.base - self.promotions + self.surcharges + self.insurance + self.delivery
    }

    /// What payments must come to.
    pub const fn to_pay(&self) -> Minor {
        self.total() - self.vouchers - self.credit
    }
}

/// What surcharges add to one ticket of this base price.
pub fn per_ticket(surcharges: &[Surcharge], base: Minor) -> Minor {
    surcharges
        .iter()
        .map(|surcharge| match surcharge {
            Surcharge::PerTicket(value) => *value,
            Surcharge::PercentOfBase { percent, min, max } => percent.of_within(base, *min, *max),
            Surcharge::PerOrder(_) => 0,
        })
        .sum()
}

/// What surcharges add to an order, once.
pub fn per_order(surcharges: &[Surcharge]) -> Minor {
    surcharges.iter().map(|surcharge| if let Surcharge::PerOrder(value) = surcharge { *value } else { 0 }).sum()
}

/// A channel's surcharges where they apply: they are amounts of the channel's currency, so sessions in another one have none.
pub fn channel_surcharges(channel: &Channel, currency: Currency) -> &[Surcharge] {
    if channel.currency == currency { &channel.surcharges } else { &[] }
}

/// The price of one place; `None` where the session has no price for this price type and rate. An invitation costs nothing, and nothing is added.
pub fn item_price(session: &Session, currency: Currency, channel: &Channel, price_type: PriceTypeId, rate: &Rate) -> Option<ItemPrice> {
    let base = match rate.kind {
        RateKind::Sale => *session.prices.get(&(price_type, rate.id))?,
        RateKind::Invitation { .. } => return Some(ItemPrice::default()),
    };
    let promoter_surcharge = per_ticket(&session.surcharges, base);
    let channel_surcharge = per_ticket(channel_surcharges(channel, currency), base);
    let mut taxes = tax_lines(base, &session.ticket_taxes, Taxed::Ticket);
    taxes.extend(tax_lines(promoter_surcharge, &session.surcharge_taxes, Taxed::PromoterSurcharge));
    taxes.extend(tax_lines(channel_surcharge, &session.surcharge_taxes, Taxed::ChannelSurcharge));
    Some(ItemPrice { base, promoter_surcharge, channel_surcharge, taxes: taxes.into(), discounts: Box::default() })
}

/// A price without its taxes, which add up: gross / (1 + sum of rates), half up.
pub fn net(gross: Minor, taxes: &[Tax]) -> Minor {
    Percent(taxes.iter().map(|tax| tax.percent.0).sum()).net_of(gross)
}

/// Splits the tax of a price by its taxes, in proportion to their rates; the last one takes what rounding leaves, so that it closes.
pub fn tax_lines(gross: Minor, taxes: &[Tax], taxed: Taxed) -> Vec<TaxLine> {
    if gross == 0 {
        return Vec::new();
    }
    let of: Vec<_> = taxes.iter().map(|tax| (tax.id, tax.percent)).collect();
    let amounts = split_tax(gross, &of);
    of.iter().zip(amounts).map(|((tax, percent), amount)| TaxLine { tax: *tax, percent: *percent, taxed, amount }).collect()
}

/// Whether taxes are those of a price: gross minus net, together.
pub fn closes<'a>(gross: Minor, lines: impl Iterator<Item = &'a TaxLine>) -> bool {
    let (percent, amount) = lines.fold((0, 0), |(percent, amount), line| (percent + line.percent.0, amount + line.amount));
    amount == gross - Percent(percent).net_of(gross)
}

/// The share of each of these taxes in a price.
fn split_tax(gross: Minor, taxes: &[(TaxId, Percent)]) -> Vec<Minor> {
    let whole: i64 = taxes.iter().map(|(_, percent)| percent.0).sum();
    let mut left = gross - Percent(whole).net_of(gross);
    let mut left_percent = whole;
    let share = |(_, percent): &(TaxId, Percent)| {
        let amount = if left_percent == 0 {
            0
        } else {
            crate::money::divide_half_up(i128::from(left) * i128::from(percent.0), i128::from(left_percent))
        };
        left -= amount;
        left_percent -= percent.0;
        amount
    };
    taxes.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Tax, Taxed, net, per_ticket, tax_lines};
    use crate::identity::Surcharge;
    use crate::ids::TaxId;
    use crate::money::Percent;

    fn taxes(percents: &[i64]) -> Vec<Tax> {
        percents.iter().map(|percent| Tax { id: TaxId(1), name: "IVA".into(), percent: Percent(*percent) }).collect()
    }

    proptest! {
        #[test]
        fn net_and_taxes_close(gross in 0_i64..100_000_000, percents in prop::collection::vec(0_i64..400_000, 0..4)) {
            let taxes = taxes(&percents);
            let lines = tax_lines(gross, &taxes, Taxed::Ticket);
            prop_assert_eq!(net(gross, &taxes) + lines.iter().map(|line| line.amount).sum::<i64>(), gross);
            prop_assert!(lines.iter().all(|line| line.amount >= 0));
        }
    }

    #[test]
    fn shares_of_the_price_stay_within_their_bounds() {
        let share = |base| per_ticket(&[Surcharge::PercentOfBase { percent: Percent(100_000), min: 100, max: Some(300) }], base);
        assert_eq!([share(500), share(2000), share(9000)], [100, 200, 300]);
    }
}
