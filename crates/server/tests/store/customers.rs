//! A customer, as a row, and what is left of one in an order once it was erased.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::customers::{Consent, Customer, Erased, Person};
use aforo_domain::ids::*;
use aforo_domain::orders::after::AfterSale;
use aforo_domain::orders::transfer::Transferred;
use aforo_domain::text::Language;

use crate::rows::NOW;

pub const CUSTOMER: Hash = Hash([0x4c; 32]);

/// Somebody who agreed to one thing.
pub fn rows() -> Vec<Row> {
    let consent = Consent { given: true, at: NOW, channel: ChannelId(21), user: Some(UserId(12)), text: Some("¿Noticias?".into()) };
    let person = Person {
        email: "Ana@example.org".into(),
        name: Some("Ana".into()),
        surname: None,
        phone: Some("961".into()),
        language: Language::parse("es-ES"),
    };
    let customer = Customer {
        id: CUSTOMER,
        entity: EntityId(11),
        person,
        consents: BTreeMap::from([("newsletter".into(), consent)]),
        created: NOW,
        purchased: Some(NOW),
        version: 3,
    };
    vec![Arc::new(customer).into()]
}

/// All that may have become of an order.
pub fn after_sale() -> AfterSale {
    let erased = Erased { at: NOW, buyer: Some(Hash([7; 32])) };
    AfterSale {
        lines: 1,
        refunds: vec![crate::refunds::refunded()],
        erased: Some(erased),
        cancelled: vec![ItemId(5)],
        market: crate::market::standings(),
        postponed: vec![(aforo_domain::ids::SessionId(51), 4)],
        transferred: vec![Transferred { item: ItemId(5), line: 12 }],
    }
}
