//! Receipts and shifts: what a till takes in which currency, whose shift it is where two entities share a terminal, and that the laws know what is missing.

use std::sync::Arc;

use aforo_domain::command::{Command, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::{Channel, Entity, PointOfSale, Receipts, Status, Terminal};
use aforo_domain::ids::{ChannelId, EntityId, PointOfSaleId, TerminalId};
use aforo_domain::money::{Currency, Decimal};
use aforo_domain::orders::{Order, PaymentKind};
use aforo_domain::shifts::{CountedRequest, Shift, ShiftCommand};
use aforo_testkit::world::{COUNTER, GALA, Shard, TOUR, WEB};

use crate::{buy, seats};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn ask(shard: &mut Shard, clerk: &Actor, command: ShiftCommand) -> Result<Arc<Shift>, Error> {
    match shard.run(clerk, &Command::Shift(command))? {
        Reply::Shift(shift) => Ok(shift),
        other => panic!("{other:?}"),
    }
}

fn open(shard: &mut Shard, clerk: &Actor) -> Arc<Shift> {
    ask(shard, clerk, ShiftCommand::Open(decimal("100"))).unwrap()
}

/// The opera numbers its receipts from now on.
fn number_receipts(shard: &mut Shard) {
    let opera = Entity::clone(&shard.world.identity.entities[&EntityId(1)]);
    let receipts = Some(Receipts { prefix: "F-".to_owned(), since: Some(shard.now) });
    shard.put(Arc::new(Entity { receipts, version: opera.version + 1, ..opera }));
    shard.pass(1);
}

fn receipt(order: &Order) -> Option<String> {
    order.extras().entry.receipt.as_ref().map(ToString::to_string)
}

#[test]
fn a_receipt_and_a_shift_are_there_after_a_crash() {
    let mut shard = Shard::new();
    number_receipts(&mut shard);
    let clerk = shard.at_counter(COUNTER, &[]);
    let shift = open(&mut shard, &clerk);
    let first = buy(&mut shard, &clerk, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    assert_eq!((receipt(&first).as_deref(), first.extras().entry.shift), (Some("F-1"), Some(shift.id)));
    shard.world = shard.recovered();
    let second = buy(&mut shard, &Shard::channel(WEB), |order| seats(order, GALA, &[14, 15]), "eve@example.com");
    assert_eq!((receipt(&second).as_deref(), second.extras().entry.shift), (Some("F-2"), None));
    let now = ask(&mut shard, &clerk, ShiftCommand::Read).unwrap();
    assert_eq!((now.sales, now.takings.len(), now.takings[0].paid), (1, 1, first.totals().total()));
    assert_eq!(ask(&mut shard, &clerk, ShiftCommand::Open(decimal("1"))).unwrap_err().code, Code::Conflict);
}

#[test]
fn each_currency_is_counted_by_itself() {
    let mut shard = Shard::new();
    let clerk = shard.at_counter(COUNTER, &[]);
    let shift = open(&mut shard, &clerk);
    let euros = buy(&mut shard, &clerk, |order| seats(order, GALA, &[4, 5]), "ada@example.com");
    let dollars = buy(&mut shard, &clerk, |order| seats(order, TOUR, &[4, 5]), "ada@example.com");
    let counted = CountedRequest { currency: None, kind: PaymentKind::Cash, amount: decimal("99.5") };
    let closed = ask(&mut shard, &clerk, ShiftCommand::Close(shift.id, vec![counted])).unwrap();
    let usd = Currency::parse("USD").unwrap();
    let expected = |currency, kind| closed.expected(currency, Some(kind));
    assert_eq!(expected(closed.currency, PaymentKind::Cash), 10_000, "the change");
    assert_eq!(expected(closed.currency, PaymentKind::Card), euros.totals().total());
    assert_eq!(expected(usd, PaymentKind::Card), dollars.totals().total());
    assert_eq!(
        (closed.counted(closed.currency, Some(PaymentKind::Cash)), closed.counted(usd, Some(PaymentKind::Cash))),
        (Some(9_950), None)
    );
    shard.world = shard.recovered();
    assert_eq!(ask(&mut shard, &clerk, ShiftCommand::Read).unwrap_err().code, Code::NotFound);
}

/// A terminal that is the operator's own: what each entity sells there is in its own shift, and neither hears of the other's.
#[test]
fn entities_that_share_a_terminal_share_no_shift() {
    let mut shard = Shard::new();
    let terminal = Terminal::clone(&shard.world.identity.terminals[&TerminalId(1)]);
    shard.put(Arc::new(Terminal { entity: None, ..terminal }));
    let clerk = shard.at_counter(COUNTER, &[]);
    let shift = open(&mut shard, &clerk);
    let (circus, ring) = (EntityId(2), ChannelId(80));
    shard.put(Arc::new(Entity { id: circus, name: "Circus".to_owned(), status: Status::Active, receipts: None, version: 1 }));
    let counter = Channel::clone(&shard.world.identity.channels[&COUNTER]);
    shard.put(Arc::new(Channel { id: ring, entity: circus, ..counter }));
    let place = PointOfSale::clone(&shard.world.identity.points_of_sale[&PointOfSaleId(1)]);
    let clown = shard.at_counter(ring, &[]);
    let Actor::Token(bearer) = &clown else { panic!("somebody who signed in") };
    let user = bearer.subject.user.unwrap();
    let person = aforo_domain::identity::User::clone(&shard.world.identity.users[&user]);
    shard.put(Arc::new(aforo_domain::identity::User { entity: circus, ..person }));
    // The circus works at a point of sale of its own.
    shard.put(Arc::new(PointOfSale { entity: circus, ..place }));
    assert_eq!(ask(&mut shard, &clown, ShiftCommand::Close(shift.id, Vec::new())).unwrap_err().code, Code::NotFound);
    let theirs = open(&mut shard, &clown);
    assert_ne!(theirs.id, shift.id);
    assert_eq!(shard.world.shifts.at(EntityId(1), TerminalId(1)).map(|open| open.id), Some(shift.id));
}
