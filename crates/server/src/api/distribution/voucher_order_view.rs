//! A voucher order as clients see it. Fields without a value are left out. A voucher's code is masked, but for the one answer that hands it out.

use aforo_domain::ids::{OrderCode, VoucherOrderId};
use aforo_domain::money::Currency;
use aforo_domain::orders::Payment;
use aforo_domain::text::Language;
use aforo_domain::voucher_orders::{Gift, GiftDelivery, GiftImage, SoldVoucher, Stage, VoucherOrder};
use aforo_domain::vouchers::NewVoucher;
use serde::Serialize;
use utoipa::ToSchema;

use super::local;
use super::view::{BuyerView, DatesView, IdView, PaymentView, ReceiptView, buyer_view, maybe_shown, payment_view, shown};
use crate::http::time::{Shown, day};
use crate::http::wire::Money;

/// A voucher order.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoucherOrderView<'a> {
    /// 32 hexadecimal characters.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    id: VoucherOrderId,
    /// Given at pre-confirm.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_shown")]
    #[schema(value_type = Option<String>)]
    code: Option<OrderCode>,
    /// CREATED, PRE_CONFIRM, CONFIRM, REFUNDED (its vouchers are dead) or EXPIRED (for a day).
    status: &'static str,
    channel: IdView,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    currency: Currency,
    language: &'a str,
    date: DatesView,
    /// Once it is sold, where its entity numbers receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView<'a>>,
    /// That it was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<GivenBackView<'a>>,
    /// One voucher each; none any more once it has expired.
    items: Vec<GiftView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentView<'a>>,
    price: VoucherOrderPriceView,
}

/// That a voucher order was given back.
#[derive(Debug, Serialize, ToSchema)]
struct GivenBackView<'a> {
    date: Shown,
    /// Where its entity numbers receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView<'a>>,
}

/// What a voucher order comes to.
#[derive(Debug, Serialize, ToSchema)]
struct VoucherOrderPriceView {
    total: Money,
}

/// A gift voucher of an order.
#[derive(Debug, Serialize, ToSchema)]
struct GiftView<'a> {
    /// Its number in the order, counted from 1.
    id: u64,
    amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<GiftImageView<'a>>,
    receiver: ReceiverView<'a>,
    delivery: GiftDeliveryView,
    /// Once it is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<SoldVoucherView<'a>>,
}

/// A picture of a gift voucher.
#[derive(Debug, Serialize, ToSchema)]
pub struct GiftImageView<'a> {
    id: u64,
    url: &'a str,
    /// In the order's language, where it is written in it.
    name: &'a str,
}

impl<'a> GiftImageView<'a> {
    /// In a language.
    pub fn of(image: &'a GiftImage, language: &Language) -> Self {
        Self { id: image.id.0, url: &image.url, name: local(&image.names, language, &image.name) }
    }
}

/// Who gets a gift voucher.
#[derive(Debug, Serialize, ToSchema)]
struct ReceiverView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// How a gift voucher gets to its receiver.
#[derive(Debug, Serialize, ToSchema)]
struct GiftDeliveryView {
    /// EMAIL or NONE.
    r#type: &'static str,
    /// `2031-12-24`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

/// A voucher that was sold.
#[derive(Serialize, ToSchema)]
struct SoldVoucherView<'a> {
    id: u64,
    /// Its last characters; all of it in the answer to the confirm that sells it, where its delivery is NONE.
    code: &'a str,
    /// Told with the whole code, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<&'a str>,
    has_pin: bool,
    /// When it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Shown>,
}

impl std::fmt::Debug for SoldVoucherView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoldVoucherView({})", self.id)
    }
}

impl<'a> VoucherOrderView<'a> {
    /// Renders an order. What was `made` for it is told to whom it is handed out by: only those that it really sold, and never those that are sent.
    pub fn of(order: &'a VoucherOrder, made: &'a [NewVoucher]) -> Self {
        let (status, confirmed, payment, refunded) = match &order.stage {
            Stage::Created { .. } => ("CREATED", None, None, None),
            Stage::PreConfirm { .. } => ("PRE_CONFIRM", None, None, None),
            Stage::Confirm { at, payment, refunded: None, .. } => ("CONFIRM", Some(*at), Some(payment), None),
            Stage::Confirm { at, payment, refunded, .. } => ("REFUNDED", Some(*at), Some(payment), refunded.as_ref()),
            Stage::Expired { .. } => ("EXPIRED", None, None, None),
        };
        let items = (0..).zip(&order.items).map(|(index, item)| gift_view(order, index, item, made.get(index))).collect();
        Self {
            id: order.id,
            code: order.code(),
            status,
            channel: IdView { id: order.seller.channel.0 },
            currency: order.currency,
            language: order.language.as_str(),
            date: DatesView {
                created: Shown::utc(order.created),
                expires: order.expires().map(Shown::utc),
                confirmed: confirmed.map(Shown::utc),
            },
            receipt: ReceiptView::of(&order.entry),
            refunded: refunded.map(|back| GivenBackView { date: Shown::utc(back.at), receipt: ReceiptView::of(&back.entry) }),
            items,
            buyer: order.buyer.as_deref().map(buyer_view),
            payment: payment.map(|payment: &Payment| payment_view(payment, order.currency)),
            price: VoucherOrderPriceView { total: Money::of(order.currency, order.total()) },
        }
    }
}

fn gift_view<'a>(order: &'a VoucherOrder, index: usize, item: &'a Gift, made: Option<&'a NewVoucher>) -> GiftView<'a> {
    let (kind, date) = match item.delivery {
        GiftDelivery::Email { on } => ("EMAIL", on.map(day)),
        GiftDelivery::ByHand => ("NONE", None),
    };
    let voucher = if let Stage::Confirm { until, vouchers, .. } = &order.stage {
        let made = made.filter(|_| item.delivery == GiftDelivery::ByHand);
        vouchers.get(index).map(|sold| sold_view(sold, until.map(Shown::utc), made))
    } else {
        None
    };
    GiftView {
        id: index as u64 + 1,
        amount: Money::of(order.currency, item.amount),
        image: item.image.as_deref().map(|image| GiftImageView::of(image, &order.language)),
        receiver: ReceiverView {
            name: item.receiver.name.as_deref(),
            email: item.receiver.email.as_deref(),
            message: item.receiver.message.as_deref(),
        },
        delivery: GiftDeliveryView { r#type: kind, date },
        voucher,
    }
}

fn sold_view<'a>(sold: &'a SoldVoucher, expires: Option<Shown>, made: Option<&'a NewVoucher>) -> SoldVoucherView<'a> {
    let told = made.filter(|made| made.shown.code == sold.code);
    SoldVoucherView {
        id: sold.id.0,
        code: told.map_or(&sold.masked, |told| &told.code),
        pin: told.filter(|_| sold.has_pin).and_then(|told| told.pin.as_deref()),
        has_pin: sold.has_pin,
        expires,
    }
}
