//! What an order may carry beside its places. Most orders of a big morning carry nothing of it, so it is one pointer to them and costs them nothing.
//!
//! What may be carried, and when, is decided by the module of each part.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Order;
use super::after::AfterSale;
use super::attendees::{self, Attendee};
use super::entry::Entry;
use super::insurance::{self, Insured};
use super::market::SecondHand;
use super::relocation::Replaces;
use super::{collectives, products, promotions, vouchers};
use crate::change::CounterKey;
use crate::collectives::TakenCollective;
use crate::customers::CustomerId;
use crate::identity::terms::DeliveryMethod;
use crate::ids::SessionId;
use crate::pricing::TaxLine;
use crate::products::Unit;
use crate::promotions::Applied;
use crate::vouchers::TakenVoucher;

/// All that an order carries beside its places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Extras {
    /// The channel's own notes (consumer metadata), by key.
    pub metadata: BTreeMap<String, String>,
    /// How its tickets reach the buyer, as it was offered when it was chosen.
    pub delivery: Option<Arc<DeliveryMethod>>,
    /// What is insured, by the insurance's id.
    pub insurances: Vec<Insured>,
    /// Who comes, by the item's id; only those of whom something is said.
    pub attendees: Vec<Attendee>,
    /// The vouchers that pay for it, in the order of adding.
    pub vouchers: Vec<TakenVoucher>,
    /// Its promotions, in turn.
    pub promotions: Vec<Applied>,
    /// The collectives that its buyer is of, in the order of adding.
    pub collectives: Vec<TakenCollective>,
    /// What became of it after its sale.
    pub after: AfterSale,
    /// Units of products, in the order of adding.
    pub products: Vec<Unit>,
    /// The places that it was given for.
    pub replaces: Option<Box<Replaces>>,
    /// The customer that bought it, where its channel keeps them.
    pub customer: Option<CustomerId>,
    /// Of items that took the places of tickets of other orders, or are about to, which.
    pub second_hand: Vec<SecondHand>,
    /// What it was given when it came into the books.
    pub entry: Entry,
    /// Of a refund of season tickets, the session whose share alone comes back.
    pub share: Option<SessionId>,
}

/// What an order without extras carries.
static NOTHING: Extras = Extras {
    metadata: BTreeMap::new(),
    delivery: None,
    insurances: Vec::new(),
    attendees: Vec::new(),
    vouchers: Vec::new(),
    promotions: Vec::new(),
    collectives: Vec::new(),
    after: AfterSale::NOTHING,
    products: Vec::new(),
    replaces: None,
    customer: None,
    second_hand: Vec::new(),
    entry: Entry::NONE,
    share: None,
};

/// Each counter of uses and units that an order counts in, with how much.
pub fn counted(order: &Order) -> impl Iterator<Item = (CounterKey, i64)> {
    promotions::counted(order).chain(collectives::counted(order)).chain(products::counted(order))
}

/// Whether two images of an order count the same: most of what is done with one leaves alone what [`counted`] looks at, and hashing codes twice is dear.
pub(super) fn counts_alike(before: &Order, after: &Order) -> bool {
    let (was, is) = (before.extras(), after.extras());
    let same = was.promotions == is.promotions && was.collectives == is.collectives && was.products == is.products;
    same && was.after.refunds == is.after.refunds && before.items == after.items
}

impl Extras {
    /// Each tax that insurances, delivery and products include.
    pub(super) fn tax_lines(&self) -> impl Iterator<Item = TaxLine> {
        let premiums = self.insurances.iter().flat_map(|taken| taken.items.iter().map(|(_, premium)| (&taken.insurance, *premium)));
        let of_insurances = premiums.flat_map(|(insurance, premium)| insurance.tax_lines(premium));
        let of_products = self.products.iter().flat_map(|unit| unit.terms.taxes.iter().copied());
        of_insurances.chain(self.delivery.iter().flat_map(|method| method.tax_lines())).chain(of_products)
    }
}

impl Order {
    /// What it carries beside its places.
    pub fn extras(&self) -> &Extras {
        self.extras.as_deref().unwrap_or(&NOTHING)
    }

    /// The same order with something changed in what it carries.
    #[must_use]
    pub fn with_extras(&self, change: impl FnOnce(&mut Extras)) -> Self {
        let mut extras = self.extras().clone();
        change(&mut extras);
        let extras = (extras != NOTHING).then(|| Box::new(extras));
        Self { extras, ..self.clone() }
    }

    /// The same order with what depends on its items worked out anew.
    #[must_use]
    pub(super) fn settled(mut self) -> Self {
        let Some(extras) = self.extras.as_deref_mut() else { return self };
        insurance::settle(&mut extras.insurances, &self.items);
        attendees::settle(&mut extras.attendees, &self.items);
        collectives::settle(&mut extras.collectives, &self.items);
        extras.second_hand.retain(|one| self.items.iter().any(|item| item.id == one.item));
        let (total, currency) = (self.totals().total(), self.currency);
        // Last, since they pay for all the rest.
        if let Some(extras) = self.extras.as_deref_mut() {
            vouchers::settle(&mut extras.vouchers, total, currency);
        }
        self.extras.take_if(|extras| **extras == NOTHING);
        self
    }
}
