//! Products: made and replaced as a whole, for their promoter. A change touches no order that has units already; their stock never goes below what is
//! taken of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Desk, Target, new_id, saved, unchanged};
use crate::change::{CounterKey, Row};
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::ids::{ChannelId, EntityId, ProductId};
use crate::moment::Window;
use crate::money::{Currency, Minor};
use crate::products::{MAX_PRODUCTS, OnlyWith, Product, ProductLimits};
use crate::taxes::{TaxSpec, Taxes};
use crate::text::Localized;

/// A product as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Product")]
pub struct ProductSpec {
    /// Only for a new one: its promoter, else the caller's entity.
    pub entity: Option<EntityId>,
    pub name: String,
    pub names: Localized,
    pub descriptions: Localized,
    pub images: Localized,
    pub status: Status,
    pub prices: BTreeMap<Currency, Minor>,
    pub taxes: Vec<TaxSpec>,
    pub channels: Vec<ChannelId>,
    pub sale: Option<Window>,
    pub only_with: OnlyWith,
    pub limits: ProductLimits,
}

impl<'a> Desk<'a> {
    pub(super) fn save_product(&self, target: Target<ProductId>, spec: &ProductSpec) -> Planned {
        let all = &self.catalogue().products;
        let (id, entity, version) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), all.keys().map(|id| id.0))?;
                if all.len() >= MAX_PRODUCTS {
                    return Err(Error::new(Code::Conflict).because("the operator has no room for more products").into());
                }
                (ProductId(id), entity, 1)
            }
            Target::Existing(id, seen) => {
                let product = self.own_product(id)?;
                unchanged(product.version, seen)?;
                (id, product.entity, product.version + 1)
            }
        };
        self.check_product(id, entity, spec)?;
        let product = Product {
            id,
            entity,
            name: spec.name.clone(),
            names: spec.names.clone(),
            descriptions: spec.descriptions.clone(),
            images: spec.images.clone(),
            status: spec.status,
            prices: spec.prices.clone(),
            taxes: Taxes::known(self.catalogue(), &self.world.identity).find_all(&spec.taxes)?,
            channels: spec.channels.clone(),
            sale: spec.sale,
            only_with: spec.only_with.clone(),
            limits: spec.limits,
            version,
        };
        saved(Row::from(Arc::new(product)), id.0)
    }

    /// Takes a product out of every channel for good. Its row stays: orders name it.
    pub(super) fn end_product(&self, id: ProductId, seen: Option<u64>) -> Planned {
        let product = self.own_product(id)?;
        unchanged(product.version, seen)?;
        let version = product.version + 1;
        saved(Row::from(Arc::new(Product { status: Status::Gone, version, ..Product::clone(product) })), id.0)
    }

    /// A product that the caller may change.
    fn own_product(&self, id: ProductId) -> Result<&'a Arc<Product>, Error> {
        let product = self.catalogue().products.get(&id).filter(|product| product.status != Status::Gone).ok_or(Code::NotFound)?;
        self.authority.owns(product.entity)?;
        Ok(product)
    }

    /// `DIST0006` without a price, `DIST0001` for a window that ends before it starts, `DIST0005` for what is not the promoter's or not there, `CONFLICT`
    /// for a stock below what is taken of it.
    fn check_product(&self, id: ProductId, entity: EntityId, spec: &ProductSpec) -> Result<(), Error> {
        if spec.prices.is_empty() {
            return Err(Error::required(&["prices"]));
        }
        if spec.sale.is_some_and(|window| window.start >= window.end) {
            return Err(Error::new(Code::Dist0001).because("the sale ends before it starts"));
        }
        let (catalogue, only_with) = (self.catalogue(), &spec.only_with);
        let own_event = |id| catalogue.events.get(id).is_some_and(|event| event.entity == entity);
        let own_session = |id| catalogue.offers.get(id).is_some_and(|offer| offer.event.entity == entity);
        let there = |id| self.world.identity.channels.get(id).is_some_and(|channel| channel.status != Status::Gone);
        let checks = [
            ("only_with.events", only_with.events.iter().all(own_event)),
            ("only_with.sessions", only_with.sessions.iter().all(own_session)),
            ("channels", spec.channels.iter().all(there)),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(_, good)| !good).map(|(name, _)| *name).collect();
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong));
        }
        let taken = self.world.counter(&CounterKey::ProductUnits(id));
        if spec.limits.stock.is_some_and(|stock| i64::from(stock) < taken) {
            return Err(Error::new(Code::Conflict).because("more is held and sold than there would be"));
        }
        Ok(())
    }
}
