//! A way of delivery and an insurance, as a channel offers them and an order keeps them.

use aforo_domain::catalogue::Tax;
use aforo_domain::identity::terms::{DeliveryKind, DeliveryMethod, Insurance, Premium};
use aforo_domain::ids::*;
use aforo_domain::money::Percent;

use crate::rows::text;

pub fn delivery() -> DeliveryMethod {
    let (id, tax) = (DeliveryMethodId(22), Some(Tax { id: TaxId(72), name: "IVA".into(), percent: Percent(210_000) }));
    DeliveryMethod { id, kind: DeliveryKind::Post, name: "P".into(), names: text("Correo"), cost: 350, before_ms: 7_200_000, tax }
}

pub fn insurance() -> Insurance {
    let (name, names, terms_url, events) = ("Rain".into(), text("Lluvia"), Some("x".into()), vec![EventId(50)]);
    Insurance { id: InsuranceId(23), name, names, premium: Premium::Fixed(205), terms_url, events, before_ms: 1, tax: None }
}
