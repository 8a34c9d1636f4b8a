//! What a sale costs the rules: nanoseconds of `plan` and of `apply`, and bytes of changes, per command. `cargo run --release -p aforo-testkit --example rules`.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and prints")]

use std::sync::Arc;
use std::time::Instant;

use aforo_domain::command::{AutoRequest, Command, OrderCommand, Reply, SeatRequest, plan};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::OrderId;
use aforo_domain::money::Decimal;
use aforo_domain::orders::{Buyer, Order, PaymentKind, PaymentRequest};
use aforo_testkit::world::{FLOOR, GALA, STALLS, Shard, WEB};

#[derive(Default)]
struct Cost {
    plan: f64,
    apply: f64,
    bytes: usize,
    changes: usize,
}

fn measure(shard: &mut Shard, web: &Actor, command: OrderCommand, cost: &mut Cost, moments: &mut u64) -> Option<Arc<Order>> {
    let command = Command::Order(command);
    *moments += 1;
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&moments.to_le_bytes());
    let mut moment = shard.moment();
    moment.seed = seed;
    moment.order_code = Some(moment.draw().order_code());
    let began = Instant::now();
    let planned = plan(&shard.world, &moment, web, &command);
    cost.plan += began.elapsed().as_nanos() as f64;
    let done = planned.unwrap_or_else(|stop| panic!("{command:?}: {stop:?}"));
    cost.bytes += postcard::to_stdvec(&done.changes).expect("encodes").len();
    cost.changes += done.changes.len();
    let began = Instant::now();
    for change in &done.changes {
        shard.world.apply(change, 1);
    }
    cost.apply += began.elapsed().as_nanos() as f64;
    match done.reply {
        Reply::Order(order) => Some(order),
        _ => None,
    }
}

fn main() {
    for (name, pick) in [("by id", 0), ("best available", 1), ("zone", 2)] {
        let mut shard = Shard::stadium(50_000);
        let web = Shard::channel(WEB);
        let (mut costs, mut moments) = ([(); 5].map(|()| Cost::default()), 0);
        const ORDERS: u64 = 20_000;
        for number in 0..ORDERS {
            let add = |order: OrderId| match pick {
                0 => OrderCommand::AddSeats(
                    order,
                    [0, 1].map(|seat| SeatRequest { id: Shard::seat(number * 2 + seat), session: GALA, rate: None }).to_vec(),
                ),
                pick => {
                    let price_type = if pick == 1 { STALLS } else { FLOOR };
                    OrderCommand::AddAuto(
                        order,
                        AutoRequest { session: GALA, price_type, sector: None, quantity: 2, rate: None, together: true },
                    )
                }
            };
            let mut step = |index: usize, command| measure(&mut shard, &web, command, &mut costs[index], &mut moments);
            let order = step(0, OrderCommand::Create { language: None }).expect("an order").id;
            step(1, add(order));
            let buyer = Buyer {
                email: format!("buyer-{number}@example.com"),
                name: Some("Ada".into()),
                surname: Some("Lovelace".into()),
                ..Buyer::default()
            };
            step(2, OrderCommand::SetBuyer(order, Arc::new(buyer)));
            let order = step(3, OrderCommand::PreConfirm(order)).expect("an order");
            let amount = Decimal::parse(&order.currency.show_amount(order.totals().to_pay())).expect("a number");
            step(
                4,
                OrderCommand::Confirm(
                    order.id,
                    vec![PaymentRequest { kind: PaymentKind::Card, amount, reference: Some(format!("ref-{number}")) }],
                ),
            );
        }
        println!("{name}");
        let total = costs.iter().fold((0.0, 0.0, 0), |sum, cost| (sum.0 + cost.plan, sum.1 + cost.apply, sum.2 + cost.bytes));
        for (step, cost) in ["create", "add 2", "buyer", "pre-confirm", "confirm"].iter().zip(&costs) {
            let per = |sum: f64| sum / ORDERS as f64;
            println!(
                "  {step:12} plan {:6.0} ns  apply {:6.0} ns  {:4} changes  {:5} bytes",
                per(cost.plan),
                per(cost.apply),
                cost.changes / ORDERS as usize,
                cost.bytes / ORDERS as usize
            );
        }
        println!(
            "  order        plan {:6.0} ns  apply {:6.0} ns               {:6} bytes",
            total.0 / ORDERS as f64,
            total.1 / ORDERS as f64,
            total.2 / ORDERS as usize
        );
    }
}
