//! The taxes of an operator: one id, one name and one rate, wherever they are named: by sessions, by what channels offer. What of a price is tax is
//! [`crate::pricing`]'s.

use crate::catalogue::manage::new_id;
use crate::catalogue::{Catalogue, Tax};
use crate::error::Error;
use crate::identity::Identity;
use crate::ids::TaxId;
use crate::money::Percent;

/// A tax as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSpec {
    /// Chosen by the caller; else that of the tax of this name and rate, or a new one.
    pub id: Option<TaxId>,
    /// Shown to people.
    pub name: String,
    /// The rate.
    pub percent: Percent,
}

impl From<&Tax> for TaxSpec {
    fn from(tax: &Tax) -> Self {
        Self { id: Some(tax.id), name: tax.name.clone(), percent: tax.percent }
    }
}

/// All that are in use.
#[derive(Debug)]
pub struct Taxes {
    known: Vec<Tax>,
}

impl Taxes {
    /// Those of an operator.
    pub fn known(catalogue: &Catalogue, identity: &Identity) -> Self {
        let sessions = catalogue.offers.values().map(|offer| &offer.session);
        let of_sessions = sessions.flat_map(|session| session.ticket_taxes.iter().chain(&session.surcharge_taxes));
        let of_channels = identity.channels.values().flat_map(|channel| {
            let deliveries = channel.delivery_methods.iter().filter_map(|method| method.tax.as_ref());
            deliveries.chain(channel.insurances.iter().filter_map(|insurance| insurance.tax.as_ref()))
        });
        let mut known: Vec<Tax> = Vec::new();
        let of_products = catalogue.products.values().flat_map(|product| &product.taxes);
        for tax in of_sessions.chain(of_channels).chain(of_products) {
            if !known.contains(tax) {
                known.push(tax.clone());
            }
        }
        Self { known }
    }

    /// The taxes meant.
    ///
    /// # Errors
    /// See [`Self::find`].
    pub fn find_all(&mut self, specs: &[TaxSpec]) -> Result<Vec<Tax>, Error> {
        specs.iter().map(|spec| self.find(spec)).collect()
    }

    /// The tax meant: one that is in use, else a new one.
    ///
    /// # Errors
    /// `CONFLICT` if its id is another one's, `DIST0005` if it cannot be an id.
    pub fn find(&mut self, spec: &TaxSpec) -> Result<Tax, Error> {
        let same = |tax: &&Tax| tax.name == spec.name && tax.percent == spec.percent && spec.id.is_none_or(|id| id == tax.id);
        if let Some(tax) = self.known.iter().find(same) {
            return Ok(tax.clone());
        }
        let id = new_id(spec.id.map(|id| id.0), self.known.iter().map(|tax| tax.id.0))?;
        let tax = Tax { id: TaxId(id), name: spec.name.clone(), percent: spec.percent };
        self.known.push(tax.clone());
        Ok(tax)
    }
}
