//! The till of the club: its shift is opened and closed at any time, mostly by who has not looked whether it is; and its entity stops numbering receipts for a
//! while. Nobody waits for the answers; what must be so is the laws' to say.

use aforo_domain::change::Row;
use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::devices::{NewPointOfSale, NewTerminal};
use aforo_domain::identity::manage::entities::{EntityChange, ReceiptsChange};
use aforo_domain::identity::manage::users::NewUser;
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{License, Permission, Role};
use aforo_domain::ids::{EntityId, Hash, ShiftId};
use aforo_domain::moment::Draw;
use aforo_domain::money::Decimal;
use aforo_domain::orders::PaymentKind;
use aforo_domain::shifts::{CountedRequest, ShiftCommand};
use aforo_server::engine::Request;

use super::clients::below;
use super::ledger::Ledger;
use super::stage::{CLUB, SHARD, seller};

const OWNER: EntityId = EntityId(1);

/// A person who may do everything at a counter, the counter and its terminal, each with the id 1; and receipts are numbered.
pub fn set_up() -> [IdentityCommand; 4] {
    let user = NewUser {
        id: None,
        entity: OWNER,
        username: "clerk".to_owned(),
        password: "nobody signs in".to_owned(),
        roles: vec![Role::Seller, Role::AfterSales],
        permissions: vec![
            Permission::Refund,
            Permission::Booking,
            Permission::BlockSeats,
            Permission::OverrideOrphanSeats,
            Permission::Invitations,
        ],
    };
    let license = License { secret: Hash([0; 32]), active: true, expires: None };
    let terminal = NewTerminal { id: None, entity: Some(OWNER), code: "TILL".to_owned(), name: "Till".to_owned(), license };
    [
        IdentityCommand::User(Edit::Create(user)),
        IdentityCommand::Terminal(Edit::Create(terminal)),
        IdentityCommand::PointOfSale(Edit::Create(NewPointOfSale { id: None, entity: OWNER, name: "Counter".to_owned() })),
        receipts(true),
    ]
}

fn receipts(active: bool) -> IdentityCommand {
    let receipts = Some(ReceiptsChange { prefix: Some("F-".to_owned()), active: Some(active) });
    IdentityCommand::Entity(Edit::Update { id: OWNER, expected: None, change: EntityChange { receipts, ..EntityChange::default() } })
}

/// The next command.
pub fn ask(ledger: &Ledger, draw: &mut Draw) -> Request {
    let last = ledger.rows().filter_map(|row| if let Row::Shift(shift) = row { Some(shift.id) } else { None }).last();
    let command = match below(draw, 10) {
        0..5 => ShiftCommand::Open(amount("100")),
        5 => ShiftCommand::Read,
        6..9 => ShiftCommand::Close(last.unwrap_or(ShiftId(1)), counted(draw)),
        _ => {
            let command = Command::Identity(receipts(below(draw, 3) > 0));
            return Request { shard: SHARD, actor: Actor::System, command, idempotency: None };
        }
    };
    Request { shard: SHARD, actor: seller(CLUB, 2), command: Command::Shift(command), idempotency: None }
}

/// Cash, as it must be, and now and then something else or something twice.
fn counted(draw: &mut Draw) -> Vec<CountedRequest> {
    let of = |kind| CountedRequest { currency: None, kind, amount: amount("123.45") };
    let kinds = [vec![PaymentKind::Cash], vec![PaymentKind::Cash, PaymentKind::Card], vec![PaymentKind::Cash; 2], vec![PaymentKind::Card]];
    kinds[below(draw, kinds.len())].iter().copied().map(of).collect()
}

fn amount(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
}
