//! Orders, told as stories through commands: who gets which seat, for how long, and what it costs.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

mod barcodes;
mod booking;
mod cancellations;
mod collectives;
mod invitations;
mod life;
mod limits;
mod mix;
mod money;
mod places;
mod presales;
mod products;
mod promotions;
mod refunds;
mod relocations;
mod sale;
mod seasons;
mod tills;
mod voucher_orders;
mod vouchers;

use std::sync::Arc;

use aforo_domain::command::{AutoRequest, OrderCommand, SeatRequest};
use aforo_domain::error::{DetailId, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{OrderId, PriceTypeId, RateId, SessionId};
use aforo_domain::money::Decimal;
use aforo_domain::orders::{Buyer, Order, PaymentKind, PaymentRequest};
use aforo_testkit::world::{Shard, WEB};

/// A shard with an order of the web channel.
fn begun() -> (Shard, Actor, OrderId) {
    let mut shard = Shard::new();
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    (shard, web, order)
}

fn new_order(shard: &mut Shard, actor: &Actor) -> OrderId {
    shard.order(actor, OrderCommand::Create { language: None }).id
}

/// Numbered seats of one session at the default rate.
fn seats(order: OrderId, session: SessionId, numbers: &[u64]) -> OrderCommand {
    at_rate(order, session, numbers, None)
}

fn at_rate(order: OrderId, session: SessionId, numbers: &[u64], rate: Option<RateId>) -> OrderCommand {
    let request = |number: &u64| SeatRequest { id: Shard::seat(*number), session, rate };
    OrderCommand::AddSeats(order, numbers.iter().map(request).collect(), None)
}

fn auto(order: OrderId, session: SessionId, price_type: PriceTypeId, quantity: u32) -> OrderCommand {
    auto_at(order, session, price_type, quantity, None)
}

fn auto_at(order: OrderId, session: SessionId, price_type: PriceTypeId, quantity: u32, rate: Option<RateId>) -> OrderCommand {
    OrderCommand::AddAuto(order, AutoRequest { session, price_type, sector: None, quantity, rate, together: false, presale: None })
}

fn buyer(order: OrderId, email: &str) -> OrderCommand {
    OrderCommand::SetBuyer(order, Arc::new(Buyer { email: email.to_owned(), ..Buyer::default() }))
}

fn pay(order: OrderId, amount: &str) -> OrderCommand {
    let payment = PaymentRequest { kind: PaymentKind::Card, amount: Decimal::parse(amount).unwrap(), reference: None };
    OrderCommand::Confirm(order, vec![payment])
}

/// Pays exactly what is to be paid.
fn pay_all(order: &Order) -> OrderCommand {
    pay(order.id, &order.currency.show_amount(order.totals().to_pay()))
}

/// Takes these seats through to the sale.
fn buy(shard: &mut Shard, actor: &Actor, add: impl Fn(OrderId) -> OrderCommand, email: &str) -> Arc<Order> {
    let order = new_order(shard, actor);
    shard.order(actor, add(order));
    shard.order(actor, buyer(order, email));
    let order = shard.order(actor, OrderCommand::PreConfirm(order));
    shard.order(actor, pay_all(&order))
}

/// The ids that a refusal names.
fn named(error: &Error) -> Vec<u64> {
    let number = |id: &DetailId| match id {
        DetailId::Number(id) => *id,
        DetailId::Text(text) => panic!("{text}"),
    };
    error.details.iter().map(number).collect()
}
