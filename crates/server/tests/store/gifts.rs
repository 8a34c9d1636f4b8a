//! Rows of gift vouchers: what a channel sells, a voucher order in each of its stages, and the line of what was sold.

use std::sync::Arc;

use aforo_domain::change::{Counter, CounterKey, Row};
use aforo_domain::identity::Status;
use aforo_domain::ids::{ChannelId, GiftImageId, Hash, MessageId, OrderCode, VoucherGroupId, VoucherOrderId};
use aforo_domain::orders::{Buyer, Payment, PaymentKind, Seller};
use aforo_domain::text::Language;
use aforo_domain::voucher_orders::{
    AmountRange, Gift, GiftDelivery, GiftImage, GiftVouchers, GivenBack, Receiver, SoldVoucher, Stage, VoucherOrder, VoucherSale,
};

use crate::rows::{AT_REST, NOW, euro, text};

/// The one that was sold.
pub const SOLD: VoucherOrderId = VoucherOrderId([0x9c; 16]);
/// Its code.
pub const CODE: OrderCode = OrderCode(*b"GGGGGGGGGGGG");

/// A row of every kind.
pub fn every_kind() -> Vec<Row> {
    let offer = GiftVouchers {
        channel: ChannelId(21),
        status: Status::Active,
        group: VoucherGroupId(4),
        currency: euro(),
        amounts: vec![2_500, 5_000],
        range: Some(AmountRange { min: 10_000, max: 20_000, step: 1_000 }),
        images: vec![Arc::new(image())],
        by_email: true,
        by_hand: true,
        max_days_ahead: 90,
        life_days: Some(365),
        version: 2,
    };
    let payment = Payment { kind: PaymentKind::Card, amount: 7_500, reference: Some("tpv-2".into()) };
    let sold = SoldVoucher {
        id: AT_REST,
        code: Hash([0x78; 32]),
        masked: "****-****-****-2345".into(),
        has_pin: true,
        letter: Some(MessageId(901)),
    };
    let back = GivenBack { at: NOW, entry: crate::tills::entry() };
    let confirm = Stage::Confirm { at: NOW, code: CODE, payment, until: Some(NOW.plus_ms(1)), vouchers: vec![sold], refunded: Some(back) };
    let waiting = Stage::PreConfirm { expires: NOW.plus_ms(600_000), code: OrderCode(*b"HHHHHHHHHHHH") };
    let sale = VoucherSale {
        channel: ChannelId(21),
        number: 1,
        order: SOLD,
        code: CODE,
        at: NOW,
        by: seller(),
        currency: euro(),
        total: 7_500,
        vouchers: vec![(AT_REST, 7_500)],
    };
    vec![
        Arc::new(offer).into(),
        order(SOLD, confirm),
        order(VoucherOrderId([0x9a; 16]), waiting),
        order(VoucherOrderId([0x9b; 16]), Stage::Created { expires: NOW }),
        order(VoucherOrderId([0x9d; 16]), Stage::Expired { at: NOW }),
        Arc::new(sale).into(),
        Counter { key: CounterKey::PromisedVouchers(VoucherGroupId(4)), value: 2 }.into(),
        Counter { key: CounterKey::VoucherOrders(ChannelId(21)), value: 1 }.into(),
    ]
}

fn image() -> GiftImage {
    GiftImage { id: GiftImageId(1), url: "https://example.com/«a».png".into(), name: "Roses".into(), names: text("Roses") }
}

fn seller() -> Arc<Seller> {
    Arc::new(Seller { channel: ChannelId(21), user: None, terminal: None, point_of_sale: None })
}

fn order(id: VoucherOrderId, stage: Stage) -> Row {
    let receiver = Receiver { name: Some("Zoë".into()), email: Some("zoe@example.com".into()), message: Some("«ç»\n\u{1f3ad}".into()) };
    let sent = Gift {
        amount: 5_000,
        image: Some(Arc::new(image())),
        receiver: receiver.clone(),
        delivery: GiftDelivery::Email { on: Some(NOW.plus_ms(86_400_000)) },
    };
    let handed_out = Gift { amount: 2_500, image: None, receiver, delivery: GiftDelivery::ByHand };
    let buyer = Buyer { email: "ana@example.com".into(), ..Buyer::default() };
    Arc::new(VoucherOrder {
        id,
        seller: seller(),
        group: VoucherGroupId(4),
        currency: euro(),
        life_days: Some(365),
        language: Language::parse("ca-ES").unwrap(),
        created: NOW,
        stage,
        items: vec![sent, handed_out],
        buyer: Some(Arc::new(buyer)),
        entry: crate::tills::entry(),
    })
    .into()
}
