//! Voucher orders: a channel sells gift vouchers. What it may sell is its configuration in management; an order's id stands in the path.

use std::sync::Arc;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::Code;
use aforo_domain::forms::is_email;
use aforo_domain::identity::Status;
use aforo_domain::ids::GiftImageId;
use aforo_domain::money::Decimal;
use aforo_domain::orders::{PaymentKind, PaymentRequest};
use aforo_domain::text::Language;
use aforo_domain::voucher_orders::sell::{GiftPayment, NewGift, NewVoucherOrder, VoucherOrderCommand};
use aforo_domain::voucher_orders::{GiftDelivery, GiftVouchers, Receiver};
use aforo_domain::vouchers::NewVoucher;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::buyer::BuyerBody;
use super::view::PAYMENT_KINDS;
use super::voucher_order_view::{GiftImageView, VoucherOrderView};
use crate::api::mgmt::secrets;
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{PathVoucherOrder, Seller};
use crate::http::respond::{Answered, Problem, json, unexpected};
use crate::http::time;
use crate::http::wire::{Money, Num};

/// What gift vouchers a channel sells.
#[derive(Debug, Serialize, ToSchema)]
pub struct GiftVouchersView<'a> {
    currency: &'a str,
    /// What one may be worth.
    amounts: Vec<Money>,
    /// What else one may be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<AmountRangeView>,
    /// Pictures to choose from.
    images: Vec<GiftImageView<'a>>,
    /// EMAIL, NONE or both.
    deliveries: Vec<&'static str>,
    /// So many days ahead one may be sent at most.
    max_days_ahead: u32,
    /// So many days after its sale a voucher is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    life_days: Option<u32>,
}

/// Amounts from one to another in steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct AmountRangeView {
    min: Money,
    max: Money,
    step: Money,
}

impl AmountRangeView {
    /// The range of an offer, if it has one.
    pub fn of(offer: &GiftVouchers) -> Option<Self> {
        let money = |minor| Money::of(offer.currency, minor);
        offer.range.map(|range| Self { min: money(range.min), max: money(range.max), step: money(range.step) })
    }
}

/// The words for ways of delivery that an offer has.
pub fn deliveries(offer: &GiftVouchers) -> Vec<&'static str> {
    [("EMAIL", offer.by_email), ("NONE", offer.by_hand)].into_iter().filter(|(_, offered)| *offered).map(|(word, _)| word).collect()
}

/// A voucher order to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VoucherOrderBody {
    /// One of the channel's languages (`es-ES`), else its first.
    language: Option<String>,
    /// Who buys; the e-mail is needed.
    #[schema(required = true)]
    buyer: Option<BuyerBody>,
    /// 1 to 20, each a voucher.
    #[schema(required = true)]
    items: Option<Vec<GiftBody>>,
}

/// A gift voucher to be bought.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GiftBody {
    /// One of the channel's amounts, or of its range.
    #[schema(required = true)]
    amount: Option<Num>,
    /// One of the channel's images.
    image_id: Option<Num>,
    receiver: Option<ReceiverBody>,
    #[schema(required = true)]
    delivery: Option<GiftDeliveryBody>,
}

/// Who gets a gift voucher.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReceiverBody {
    name: Option<String>,
    /// Needed where it is sent.
    email: Option<String>,
    message: Option<String>,
}

/// How a gift voucher gets to its receiver.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GiftDeliveryBody {
    /// EMAIL (the code is sent to the receiver and told to nobody else) or NONE (the answer to confirm tells it, once).
    #[schema(required = true)]
    r#type: Option<String>,
    /// Of EMAIL: the day on which it is sent (`2031-12-24`; days begin at midnight UTC); else it is sent at once.
    date: Option<String>,
}

/// What was paid for a voucher order.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmVoucherOrderBody {
    #[schema(required = true)]
    payment: Option<GiftPaymentBody>,
}

/// A payment.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GiftPaymentBody {
    /// PAID; with anything else the payment counts as not accepted.
    #[schema(required = true)]
    status: Option<String>,
    /// What the order comes to, in major units of its currency.
    #[schema(required = true)]
    amount: Option<Num>,
    /// CASH, CARD, TRANSFER, EXTERNAL (if it is left out) or CREDIT.
    r#type: Option<String>,
    /// The seller's own reference.
    reference: Option<String>,
}

impl VoucherOrderBody {
    fn read(&self) -> Result<NewVoucherOrder, Problem> {
        let mut checks = Checks::new();
        let language = checks.formed("language", self.language.as_deref(), Language::parse);
        let buyer = checks.required("buyer", self.buyer.as_ref()).map(|buyer| buyer.read_into(&mut checks, "buyer.")).unwrap_or_default();
        let list = checks.list("items", self.items.as_deref());
        let items: Vec<_> = list.iter().take(MAX_ELEMENTS).filter_map(|item| item.read(&mut checks)).collect();
        let new = checks.done(NewVoucherOrder { language, buyer: Arc::new(buyer), items })?;
        let dates_for_nothing = list.iter().zip(&new.items).any(|(body, item)| item.delivery == GiftDelivery::ByHand && body.has_date());
        if dates_for_nothing { Err(Code::Dist0001.into()) } else { Ok(new) }
    }
}

impl GiftBody {
    fn read(&self, checks: &mut Checks) -> Option<NewGift> {
        let amount = checks.required("items.amount", self.amount.as_ref()).map(Num::text);
        let amount = checks.formed("items.amount", amount, Decimal::parse);
        let receiver = self.receiver.as_ref().map(|receiver| receiver.read(checks)).unwrap_or_default();
        let image = checks.optional_id("items.image_id", self.image_id.as_ref()).map(GiftImageId);
        let delivery = checks.required("items.delivery", self.delivery.as_ref())?;
        let word = checks.required("items.delivery.type", delivery.r#type.as_deref());
        let on = checks.formed("items.delivery.date", delivery.date.as_deref(), time::parse_day);
        let words = [("EMAIL", GiftDelivery::Email { on }), ("NONE", GiftDelivery::ByHand)];
        let delivery = checks.one_of("items.delivery.type", word, &words)?;
        Some(NewGift { amount: amount?, image, receiver, delivery })
    }

    fn has_date(&self) -> bool {
        self.delivery.as_ref().is_some_and(|delivery| delivery.date.is_some())
    }
}

impl ReceiverBody {
    fn read(&self, checks: &mut Checks) -> Receiver {
        let email = checks.optional_text("items.receiver.email", self.email.as_deref());
        Receiver {
            name: checks.optional_text("items.receiver.name", self.name.as_deref()),
            email: checks.formed("items.receiver.email", email.as_deref(), |text| is_email(text).then(|| text.to_owned())),
            message: checks.optional_text("items.receiver.message", self.message.as_deref()),
        }
    }
}

impl ConfirmVoucherOrderBody {
    fn read(&self) -> Result<GiftPayment, Problem> {
        let mut checks = Checks::new();
        let body = checks.required("payment", self.payment.as_ref());
        let Some(body) = body else { return checks.done(()).and(Err(Code::Dist0000.into())) };
        let status = checks.required("payment.status", body.status.as_deref());
        let amount = checks.required("payment.amount", body.amount.as_ref()).map(Num::text);
        let amount = checks.formed("payment.amount", amount, Decimal::parse);
        let kind = checks.one_of("payment.type", body.r#type.as_deref(), PAYMENT_KINDS).unwrap_or(PaymentKind::External);
        let reference = checks.optional_text("payment.reference", body.reference.as_deref());
        let payment =
            amount.map(|amount| GiftPayment { accepted: status == Some("PAID"), payment: PaymentRequest { kind, amount, reference } });
        checks.done(payment)?.ok_or_else(|| Code::Dist0000.into())
    }
}

/// Tells what gift vouchers the channel sells.
#[utoipa::path(
    get, path = "/gift-vouchers", tag = "voucher orders", operation_id = "read_gift_vouchers",
    responses((status = 200, body = GiftVouchersView)), extensions(("x-codes" = json!("VOUCHER_ORDER_INVALID_CONFIG_STATUS"))),
)]
pub async fn offered(seller: Seller) -> Result<Response, Problem> {
    let offer = seller.view.catalogue.gift_vouchers.get(&seller.channel.id).filter(|offer| offer.status == Status::Active);
    let offer = offer.ok_or(Code::VoucherOrderInvalidConfigStatus)?;
    let language = seller.channel.languages.first().ok_or(Code::Dist0000)?;
    Ok(json(&GiftVouchersView {
        currency: offer.currency.code(),
        amounts: offer.amounts.iter().map(|amount| Money::of(offer.currency, *amount)).collect(),
        range: AmountRangeView::of(offer),
        images: offer.images.iter().map(|image| GiftImageView::of(image, language)).collect(),
        deliveries: deliveries(offer),
        max_days_ahead: offer.max_days_ahead,
        life_days: offer.life_days,
    }))
}

/// Makes a voucher order. What is in it is fixed, and it lives as long as a basket does from its last change.
#[utoipa::path(
    post, path = "/voucher-orders", tag = "voucher orders", operation_id = "create_voucher_order", request_body = VoucherOrderBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = VoucherOrderView)),
    extensions(("x-codes" = json!("DIST0001 CLIENT_DATA_INVALID_POSTAL_CODE VOUCHER_ORDER_INVALID_CONFIG_STATUS VOUCHER_ORDER_INVALID_AMOUNT \
        VOUCHER_ORDER_INVALID_IMAGE VOUCHER_ORDER_INVALID_RECEIVER_DATA VOUCHER_ORDER_INVALID_DELIVERY_DATE"))),
)]
pub async fn create(seller: Seller, call: Call<VoucherOrderBody>) -> Result<Response, Problem> {
    let new = Box::new(call.body.read()?);
    let answer = seller.run(&call, Command::VoucherOrder(VoucherOrderCommand::Create(new))).await?;
    whole(&answer, &[])
}

/// Shows a voucher order. One that has expired is shown as such for a day.
#[utoipa::path(
    get, path = "/voucher-orders/{id}", tag = "voucher orders", operation_id = "read_voucher_order", params(("id" = String, Path)),
    responses((status = 200, body = VoucherOrderView)), extensions(("x-codes" = json!("VOUCHER_ORDER_NOT_FOUND"))),
)]
pub async fn read(seller: Seller, PathVoucherOrder(id): PathVoucherOrder) -> Result<Response, Problem> {
    let answer = seller.ask(Command::VoucherOrder(VoucherOrderCommand::Read(id))).await?;
    whole(&answer, &[])
}

/// Drops a voucher order that is not sold.
#[utoipa::path(
    delete, path = "/voucher-orders/{id}", tag = "voucher orders", operation_id = "delete_voucher_order",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200)), extensions(("x-codes" = json!("VOUCHER_ORDER_NOT_FOUND VOUCHER_ORDER_INVALID_STATUS"))),
)]
pub async fn delete(seller: Seller, PathVoucherOrder(id): PathVoucherOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::VoucherOrder(VoucherOrderCommand::Delete(id))).await?;
    Ok(answer.json(&serde_json::json!({})))
}

/// Checks that the vouchers can be made, gives the order its code and the time to pay.
#[utoipa::path(
    post, path = "/voucher-orders/{id}/pre-confirm", tag = "voucher orders", operation_id = "pre_confirm_voucher_order",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = VoucherOrderView)),
    extensions(("x-codes" = json!("VOUCHER_ORDER_NOT_FOUND VOUCHER_ORDER_INVALID_STATUS VOUCHER_ORDER_INVALID_CONFIG_STATUS"))),
)]
pub async fn pre_confirm(seller: Seller, PathVoucherOrder(id): PathVoucherOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::VoucherOrder(VoucherOrderCommand::PreConfirm(id))).await?;
    whole(&answer, &[])
}

/// Sells a voucher order: the vouchers are there from now on. Those with the delivery NONE are answered with their codes, this once: who repeats the
/// call is shown their last characters. Those that are sent are told to their receivers alone.
#[utoipa::path(
    post, path = "/voucher-orders/{id}/confirm", tag = "voucher orders", operation_id = "confirm_voucher_order",
    request_body = ConfirmVoucherOrderBody, params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = VoucherOrderView)),
    extensions(("x-codes" = json!("VOUCHER_ORDER_NOT_FOUND VOUCHER_ORDER_INVALID_STATUS VOUCHER_ORDER_INVALID_PAYMENT_STATUS \
        PURCHASE_NOT_TOTALLY_PAID"))),
)]
pub async fn confirm(
    seller: Seller,
    PathVoucherOrder(id): PathVoucherOrder,
    call: Call<ConfirmVoucherOrderBody>,
) -> Result<Response, Problem> {
    let payment = call.body.read()?;
    // As many as there may be items, each with a PIN: which are needed only the engine knows.
    let made = Box::new(std::array::from_fn(|_| secrets::voucher(&seller.app.chance, true)));
    let command = VoucherOrderCommand::Confirm(id, payment, made.clone());
    let answer = seller.run(&call, Command::VoucherOrder(command)).await?;
    whole(&answer, made.as_slice())
}

/// Gives a sold voucher order back, whole: its vouchers are of no use any more, and those that were to be sent later are not. The money goes back the way it
/// came, which is the caller's to see to. `CONFLICT` names the items whose vouchers were used, are reserved or blocked.
#[utoipa::path(
    post, path = "/voucher-orders/{id}/refund", tag = "voucher orders", operation_id = "refund_voucher_order",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = VoucherOrderView)),
    extensions(("x-codes" = json!("AUTH0027 VOUCHER_ORDER_NOT_FOUND VOUCHER_ORDER_INVALID_STATUS CONFLICT"))),
)]
pub async fn refund(seller: Seller, PathVoucherOrder(id): PathVoucherOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::VoucherOrder(VoucherOrderCommand::Refund(id))).await?;
    whole(&answer, &[])
}

fn whole(answer: &Answered, made: &[NewVoucher]) -> Result<Response, Problem> {
    let Reply::VoucherOrder(order) = &answer.reply else { return Err(unexpected(&answer.reply)) };
    Ok(answer.json(&VoucherOrderView::of(order, made)))
}
