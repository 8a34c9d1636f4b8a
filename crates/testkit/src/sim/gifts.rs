//! Buyers of gift vouchers: they make voucher orders, pay for them or forget them. Nobody waits for their answers; what must be so is the laws' and the
//! ledger's to say. What they bought others pay with: a voucher's code follows from its order, so that everybody knows it.

use std::array;

use aforo_domain::change::{Change, Row};
use aforo_domain::command::Command;
use aforo_domain::ids::{GiftImageId, MessageId, VoucherOrderId};
use aforo_domain::moment::{DAY_MS, Draw};
use aforo_domain::money::Decimal;
use aforo_domain::orders::{PaymentKind, PaymentRequest};
use aforo_domain::voucher_orders::sell::{GiftPayment, NewGift, NewVoucherOrder, VoucherOrderCommand};
use aforo_domain::voucher_orders::{GiftDelivery, Receiver, Stage, VoucherOrder};
use aforo_domain::vouchers::{NewVoucher, ShownVoucher};
use aforo_server::engine::Request;

use super::clients::{below, buyer};
use super::ledger::Ledger;
use super::stage::{CLUB, SHARD, START, WEB, seller};

/// The vouchers that an order's items become.
fn made(order: VoucherOrderId) -> Box<[NewVoucher; 20]> {
    Box::new(array::from_fn(|nth| NewVoucher::of(format!("GIFT-{order}-{nth}"), None)))
}

/// What somebody shows who has the voucher of an order's first item.
pub fn shown(order: VoucherOrderId) -> ShownVoucher {
    made(order)[0].shown
}

/// The next command.
pub fn ask(ledger: &Ledger, draw: &mut Draw) -> Request {
    let known = ledger.voucher_orders();
    let among = known.len().min(6);
    let order = (among > 0 && below(draw, 4) > 0).then(|| known[known.len() - 1 - below(draw, among)]);
    let (channel, command) = match order {
        Some(order) => {
            // Now and then whoever knows it from another channel.
            let channel = if below(draw, 20) == 0 { CLUB } else { order.seller.channel };
            (channel, next_step(order, draw))
        }
        None => (WEB, VoucherOrderCommand::Create(Box::new(new(draw)))),
    };
    Request { shard: SHARD, actor: seller(channel, 1), command: Command::VoucherOrder(command), idempotency: None }
}

fn next_step(order: &VoucherOrder, draw: &mut Draw) -> VoucherOrderCommand {
    match (below(draw, 10), &order.stage) {
        (0, _) => VoucherOrderCommand::Delete(order.id),
        (1, _) => VoucherOrderCommand::Read(order.id),
        (3, Stage::Confirm { .. }) => VoucherOrderCommand::Refund(order.id),
        (2, _) | (_, Stage::Created { .. }) => VoucherOrderCommand::PreConfirm(order.id),
        _ => VoucherOrderCommand::Confirm(order.id, payment(order, draw), made(order.id)),
    }
}

fn new(draw: &mut Draw) -> NewVoucherOrder {
    let items = (0..1 + below(draw, 3)).map(|_| gift(draw)).collect();
    NewVoucherOrder { language: None, buyer: buyer(draw).into(), items }
}

/// Mostly one that the channel sells.
fn gift(draw: &mut Draw) -> NewGift {
    let amount = Decimal::parse(["25", "50", "60", "61"][below(draw, 4)]);
    let on = (below(draw, 2) == 0).then(|| START.plus_ms((below(draw, 4) as i64) * DAY_MS));
    let email = (below(draw, 8) > 0).then(|| "zoe@example.org".to_owned());
    NewGift {
        amount: amount.unwrap_or_else(|| panic!("an amount is a number")),
        image: (below(draw, 3) == 0).then_some(GiftImageId(1)),
        receiver: Receiver { email, ..Receiver::default() },
        delivery: if below(draw, 2) == 0 { GiftDelivery::Email { on } } else { GiftDelivery::ByHand },
    }
}

/// What the order comes to; now and then a cent less, or not accepted.
fn payment(order: &VoucherOrder, draw: &mut Draw) -> GiftPayment {
    let amount = order.currency.show_amount(order.total() - i64::from(below(draw, 12) == 0));
    let amount = Decimal::parse(&amount).unwrap_or_else(|| panic!("{amount} is a number"));
    GiftPayment { accepted: below(draw, 12) > 0, payment: PaymentRequest { kind: PaymentKind::Card, amount, reference: None } }
}

/// Whether a letter brought a voucher that is given back in this batch: nobody is to get it any more.
pub fn is_given_back(batch: &[Change], letter: MessageId) -> bool {
    let sold = batch.iter().filter_map(|change| match change {
        Change::Put(Row::VoucherOrder(order)) => Some(&order.stage),
        _ => None,
    });
    let of = |stage: &Stage| match stage {
        Stage::Confirm { vouchers, refunded: Some(_), .. } => vouchers.iter().any(|sold| sold.letter == Some(letter)),
        _ => false,
    };
    sold.into_iter().any(of)
}
