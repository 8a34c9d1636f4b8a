//! What a sale costs the rules: for each command the median nanoseconds of `plan` and of `apply` and the bytes of its changes, and what it takes to write
//! the sold order as JSON. `cargo run --release -p aforo-testkit --example rules`.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and prints")]

use std::sync::Arc;
use std::time::Instant;

use aforo_domain::command::{AutoRequest, Command, OrderCommand, Reply, SeatRequest, plan};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{OrderId, PriceTypeId};
use aforo_domain::money::Decimal;
use aforo_domain::orders::{Buyer, Order, PaymentKind, PaymentRequest};
use aforo_server::api::distribution::view::OrderView;
use aforo_server::http::time::Zones;
use aforo_testkit::world::{FLOOR, GALA, STALLS, Shard, WEB};

const ORDERS: u64 = 20_000;
const STEPS: [&str; 5] = ["create", "add 2", "buyer", "pre-confirm", "confirm"];

#[derive(Default)]
struct Cost {
    plan: Vec<u64>,
    apply: Vec<u64>,
    bytes: u64,
}

struct Meter {
    shard: Shard,
    web: Actor,
    costs: [Cost; 5],
    moments: u64,
}

impl Meter {
    fn step(&mut self, step: usize, command: OrderCommand) -> Arc<Order> {
        let command = Command::Order(command);
        self.moments += 1;
        let mut moment = self.shard.moment();
        moment.seed[8..16].copy_from_slice(&self.moments.to_le_bytes());
        moment.order_code = Some(moment.draw().order_code());
        let began = Instant::now();
        let planned = plan(&self.shard.world, &moment, &self.web, &command);
        let cost = &mut self.costs[step];
        cost.plan.push(began.elapsed().as_nanos() as u64);
        let done = planned.unwrap_or_else(|stop| panic!("{command:?}: {stop:?}"));
        cost.bytes += postcard::to_stdvec(&done.changes).expect("encodes").len() as u64;
        let began = Instant::now();
        done.changes.iter().for_each(|change| self.shard.world.apply(change, 1));
        cost.apply.push(began.elapsed().as_nanos() as u64);
        let Reply::Order(order) = done.reply else { panic!("no order") };
        order
    }

    fn sale(&mut self, number: u64, add: impl Fn(OrderId) -> OrderCommand) -> Arc<Order> {
        let order = self.step(0, OrderCommand::Create { language: None }).id;
        self.step(1, add(order));
        let (email, name, surname) = (format!("buyer-{number}@example.com"), Some("Ada".to_owned()), Some("Lovelace".to_owned()));
        self.step(2, OrderCommand::SetBuyer(order, Arc::new(Buyer { email, name, surname, ..Buyer::default() })));
        let order = self.step(3, OrderCommand::PreConfirm(order));
        let amount = Decimal::parse(&order.currency.show_amount(order.totals().to_pay())).expect("a number");
        let payment = PaymentRequest { kind: PaymentKind::Card, amount, reference: Some(format!("ref-{number}")) };
        self.step(4, OrderCommand::Confirm(order.id, vec![payment]))
    }
}

fn by_id(order: OrderId, number: u64) -> OrderCommand {
    let seats = [0, 1].map(|seat| SeatRequest { id: Shard::seat(number * 2 + seat), session: GALA, rate: None });
    OrderCommand::AddSeats(order, seats.to_vec(), None)
}

fn auto(order: OrderId, price_type: PriceTypeId) -> OrderCommand {
    OrderCommand::AddAuto(
        order,
        AutoRequest { session: GALA, price_type, sector: None, quantity: 2, rate: None, together: true, presale: None },
    )
}

fn median(all: &mut [u64]) -> u64 {
    all.sort_unstable();
    all[all.len() / 2]
}

fn main() {
    type Add = fn(OrderId, u64) -> OrderCommand;
    let ways: [(&str, Add); 3] = [
        ("two seats by id", by_id),
        ("the best two of 50 000 seats", |order, _| auto(order, STALLS)),
        ("two places of a zone of 50 000", |order, _| auto(order, FLOOR)),
    ];
    for (name, add) in ways {
        let mut meter = Meter { shard: Shard::stadium(50_000), web: Shard::channel(WEB), costs: Default::default(), moments: 0 };
        let mut sold = None;
        for number in 0..ORDERS {
            sold = Some(meter.sale(number, |order| add(order, number)));
        }
        println!("{name}");
        let (mut plans, mut applies, mut bytes) = (0, 0, 0);
        for (step, cost) in STEPS.iter().zip(&mut meter.costs) {
            let (plan, apply, size) = (median(&mut cost.plan), median(&mut cost.apply), cost.bytes / ORDERS);
            println!("  {step:12} plan {plan:5} ns  apply {apply:5} ns  {size:5} bytes");
            (plans, applies, bytes) = (plans + plan, applies + apply, bytes + size);
        }
        println!("  {:12} plan {plans:5} ns  apply {applies:5} ns  {bytes:5} bytes", "together");
        let (sold, zones, mut body) = (sold.expect("an order"), Zones::default(), Vec::new());
        let mut writes = Vec::new();
        for _ in 0..ORDERS {
            body.clear();
            let began = Instant::now();
            serde_json::to_writer(&mut body, &OrderView::of(&sold, &meter.shard.world.catalogue, &zones)).expect("writes");
            writes.push(began.elapsed().as_nanos() as u64);
        }
        println!("  the sold order as JSON {} ns, {} bytes", median(&mut writes), body.len());
    }
}
