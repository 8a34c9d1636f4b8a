//! What always holds of products: no more units are in live orders and sold than there are (4; its counter is counted with all others), what is
//! over holds none (2), what goes only with places is not without them (3), each unit that is sold has a barcode of its own (5) and
//! a row that says how it stands (2).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Breach;
use crate::change::Row;
use crate::ids::{Barcode, ItemId, OrderId, ProductId};
use crate::orders::{Order, Stage, TicketState};
use crate::products::{Product, SoldUnit, Unit};

/// All rows of a shard, as far as they speak of products.
#[derive(Debug, Default)]
pub(super) struct ProductLaws {
    products: HashMap<ProductId, Arc<Product>>,
    /// Units in live orders and sold ones.
    units: HashMap<ProductId, i64>,
    ids: HashSet<ItemId>,
    barcodes: HashSet<Barcode>,
    /// What orders say of the units that they sold, and what these units' rows say.
    sold: HashMap<ItemId, (OrderId, ProductId, TicketState)>,
    rows: HashMap<ItemId, Arc<SoldUnit>>,
    breaches: Vec<Breach>,
}

impl ProductLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Product(product) => drop(self.products.insert(product.id, product.clone())),
            // What a refund gives back is held to the order that sold it.
            Row::Order(order) if matches!(order.stage, Stage::Refund { .. }) => {}
            Row::Order(order) => order.extras().products.iter().for_each(|unit| self.see_unit(order, unit)),
            Row::SoldUnit(row) => drop(self.rows.insert(row.id, row.clone())),
            _ => {}
        }
    }

    fn see_unit(&mut self, order: &Order, unit: &Unit) {
        let (here, terms) = (format!("unit {} of product {} in order {}", unit.id, unit.terms.product, order.id), &unit.terms);
        let back = order.refund_of(unit.id).is_some();
        *self.units.entry(terms.product).or_default() += i64::from(!back);
        if !self.ids.insert(unit.id) || order.items.iter().any(|item| item.id == unit.id) {
            self.breach(2, format!("{here} has the id of another item"));
        }
        match order.stage {
            Stage::Basket { .. } | Stage::PreConfirm { .. } => {
                if unit.barcode.is_some() {
                    self.breach(2, format!("{here} has a barcode and is not sold"));
                }
                if !terms.only_with.is_met_by(&order.items) {
                    self.breach(3, format!("{here} is without the places that it goes with"));
                }
            }
            Stage::Confirm { .. } => {
                self.sold.insert(unit.id, (order.id, terms.product, order.ticket_state(unit.id)));
                match &unit.barcode {
                    Some(barcode) if self.barcodes.insert(barcode.clone()) => {}
                    Some(_) => self.breach(5, format!("{here} has the barcode of another one")),
                    None => self.breach(5, format!("{here} is sold and has no barcode")),
                }
            }
            Stage::Expired { .. } | Stage::Refund { .. } => self.breach(2, format!("{here} is held by what is over")),
        }
        let taxes: i64 = terms.taxes.iter().map(|line| line.amount).sum();
        if terms.price < 0 || !(0..=terms.price).contains(&taxes) {
            self.breach(3, format!("{here} costs {} with {taxes} of taxes", terms.price));
        }
    }

    fn breach(&mut self, law: u8, what: String) {
        self.breaches.push(Breach { law, what });
    }

    /// Whether a unit has this barcode.
    pub fn has(&self, barcode: &Barcode) -> bool {
        self.barcodes.contains(barcode)
    }

    /// What does not hold.
    pub fn check(mut self) -> Vec<Breach> {
        for (id, units) in &self.units {
            let what = match self.products.get(id).map(|product| product.limits.stock) {
                None => format!("product {id} is not there, and {units} units of it are taken"),
                Some(Some(stock)) if *units > i64::from(stock) => format!("{units} units of product {id} are taken, there are {stock}"),
                Some(_) => continue,
            };
            self.breaches.push(Breach { law: 4, what });
        }
        for id in self.sold.keys().chain(self.rows.keys()) {
            let row = self.rows.get(id).map(|row| (row.order, row.product, row.state));
            if self.sold.get(id) != row.as_ref() {
                self.breaches.push(Breach { law: 2, what: format!("unit {id} and its order do not agree") });
            }
        }
        self.breaches
    }
}
