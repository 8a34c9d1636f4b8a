//! What the engine's own tests need and nothing else does.

use std::sync::Arc;

use aforo_domain::ids::{ChannelId, FamilyId, OrderCode, OrderId};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::orders::{Order, Seller, Stage};
use aforo_domain::text::Language;

/// A pre-confirmed order without items.
pub fn pre_confirmed(code: OrderCode) -> Order {
    Order {
        id: OrderId([7; 16]),
        seller: Arc::new(Seller { channel: ChannelId(1), user: None, terminal: None, point_of_sale: None }),
        family: FamilyId([0; 16]),
        currency: Currency::parse("EUR").unwrap(),
        language: Language::parse("es-ES").unwrap(),
        created: Timestamp(0),
        stage: Stage::PreConfirm { expires: Timestamp(600_000_000), code, booked: false },
        items: Vec::new(),
        surcharges: Vec::new(),
        buyer: None,
        held_items: true,
        counted: Vec::new(),
        extras: None,
    }
}
