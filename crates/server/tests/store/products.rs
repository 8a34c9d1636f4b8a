//! A product, as rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::catalogue::Tax;
use aforo_domain::change::{Counter, CounterKey, Row};
use aforo_domain::identity::Status;
use aforo_domain::ids::*;
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::{Sale, TicketState};
use aforo_domain::products::{OnlyWith, Product, ProductLimits, SoldUnit};

use crate::rows::{CODE, CONFIRMED, NOW, euro, text, window};

/// A product, and how many of it are taken.
pub fn rows() -> Vec<Row> {
    let product = Product {
        id: ProductId(31),
        entity: EntityId(11),
        name: "Programme".into(),
        names: text("Programme"),
        descriptions: text("40 pages"),
        images: text("https://example.com/3.jpg"),
        status: Status::Inactive,
        prices: BTreeMap::from([(euro(), 250), (Currency::parse("JPY").unwrap(), 400)]),
        taxes: vec![Tax { id: TaxId(71), name: "IVA 10%".into(), percent: Percent(100_000) }],
        channels: vec![ChannelId(21)],
        sale: Some(window()),
        only_with: only_with(),
        limits: ProductLimits { stock: Some(9), per_order: Some(2) },
        version: 4,
    };
    let sale = Sale { channel: ChannelId(21), promoter: EntityId(11), at: NOW };
    let (order, state) = (CONFIRMED, TicketState::Refunded);
    let sold = SoldUnit { id: ItemId(7), order, code: CODE, product: ProductId(31), state, sale, changed: NOW };
    vec![Arc::new(sold).into(), Arc::new(product).into(), Counter { key: CounterKey::ProductUnits(ProductId(31)), value: 3 }.into()]
}

pub fn only_with() -> OnlyWith {
    OnlyWith { events: vec![EventId(50)], sessions: vec![SessionId(51)] }
}
