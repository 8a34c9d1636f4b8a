//! A unit of a product as an item of an order.

use aforo_domain::catalogue::Catalogue;
use aforo_domain::money::Currency;
use aforo_domain::orders::Order;
use aforo_domain::products::Unit;
use serde::Serialize;
use utoipa::ToSchema;

use super::local;
use super::view::{NamedView, TaxView, tax_views};
use crate::http::wire::Money;

/// A unit of a product in an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductItemView)]
pub struct ProductView<'a> {
    id: u64,
    /// PRODUCT.
    r#type: &'static str,
    /// Its name is in the order's language, where it is written in it.
    product: NamedView<'a>,
    price: ProductPriceView,
    /// What it is handed out for, once confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<CollectionView<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductItemPriceView)]
struct ProductPriceView {
    /// Taxes included.
    base: Money,
    /// What the buyer pays for it: no promotion is for it, nothing is added.
    total: Money,
    taxes: Vec<TaxView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CollectionView<'a> {
    barcode: &'a str,
    /// VALID, or REFUNDED once it was given back.
    status: &'static str,
}

impl<'a> ProductView<'a> {
    /// The units of an order.
    pub fn all(order: &'a Order, catalogue: &'a Catalogue) -> impl Iterator<Item = Self> {
        order.extras().products.iter().map(|unit| Self::of(unit, order, catalogue))
    }

    /// A unit of an order.
    pub fn of(unit: &'a Unit, order: &'a Order, catalogue: &'a Catalogue) -> Self {
        let (terms, currency): (_, Currency) = (&unit.terms, order.currency);
        // Products are never taken out of the catalogue, so the empty name is never seen.
        let name = catalogue.products.get(&terms.product).map_or("", |product| local(&product.names, &order.language, &product.name));
        let price = Money::of(currency, terms.price);
        Self {
            id: unit.id.0,
            r#type: "PRODUCT",
            product: NamedView { id: terms.product.0, name },
            price: ProductPriceView { base: price, total: price, taxes: tax_views(&terms.taxes, currency) },
            collection: unit
                .barcode
                .as_ref()
                .map(|barcode| CollectionView { barcode: barcode.as_str(), status: order.ticket_state(unit.id).as_str() }),
        }
    }
}
