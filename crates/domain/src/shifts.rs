//! Shifts: what goes through a till from when somebody opens it until it is counted. A till is a terminal in the hands of an entity; it has one open shift at
//! most. Whatever comes into the books there is counted in the shift's own row, in the same batch, so that no crash separates the two.
//!
//! aforo records money and does not move it: what the till should hold is worked out, what it does hold is said by who counts it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::Channel;
use crate::identity::check::{Actor, Caller};
use crate::ids::{ChannelId, EntityId, PointOfSaleId, ShiftId, TerminalId, UserId};
use crate::moment::{Moment, Timestamp};
use crate::money::{Currency, Decimal, MAX_MINOR, Minor};
use crate::orders::PaymentKind;
use crate::orders::draft::Draft;
use crate::world::World;

/// Amounts that one shift is counted with, at most.
pub const MAX_COUNTED: usize = 50;

/// A shift at a till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Grows with time; of the items' sequence.
    pub id: ShiftId,
    /// Whose money it is.
    pub entity: EntityId,
    /// The channel that it was opened in. What the entity's other channels sell at the terminal is counted, too.
    pub channel: ChannelId,
    /// The till.
    pub terminal: TerminalId,
    /// Where the till stood when it was opened.
    pub point_of_sale: Option<PointOfSaleId>,
    /// Of the change: its channel's.
    pub currency: Currency,
    /// The change that was in the drawer.
    pub float: Minor,
    /// Since when.
    pub opened: Timestamp,
    /// By whom.
    pub opened_by: UserId,
    /// How it ended; `None` while it is open.
    pub end: Option<ShiftEnd>,
    /// Sales and relocations that were done there.
    pub sales: u32,
    /// Refunds that were done there.
    pub refunds: u32,
    /// The money that came and went, by currency and how.
    pub takings: Vec<Takings>,
}

/// How a shift ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftEnd {
    /// When.
    pub at: Timestamp,
    /// Who counted.
    pub by: UserId,
    /// What was counted, by currency and how; cash is.
    pub counted: Vec<Counted>,
}

/// What somebody found of one way of paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the parts of an amount")]
pub struct Counted {
    pub currency: Currency,
    pub kind: PaymentKind,
    pub amount: Minor,
}

/// What came and went in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takings {
    /// Of the amounts.
    pub currency: Currency,
    /// How; `None` for what was paid out and nobody said how.
    pub kind: Option<PaymentKind>,
    /// What was paid.
    pub paid: Minor,
    /// In so many payments.
    pub payments: u32,
    /// What was paid out.
    pub paid_out: Minor,
    /// So many times.
    pub payouts: u32,
}

/// The money that came and went with one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Whether it is a refund.
    pub refund: bool,
    /// Of the amounts.
    pub currency: Currency,
    /// How, and how much; what was paid out is negative.
    pub amounts: Vec<(Option<PaymentKind>, Minor)>,
}

impl Shift {
    /// Counts an order in.
    pub fn count(&mut self, moved: &Moved) {
        if moved.refund {
            self.refunds += 1;
        } else {
            self.sales += 1;
        }
        for (kind, amount) in moved.amounts.iter().copied() {
            let takings = self.takings_by(moved.currency, kind);
            if amount < 0 {
                takings.paid_out -= amount;
                takings.payouts += 1;
            } else {
                takings.paid += amount;
                takings.payments += 1;
            }
        }
    }

    fn takings_by(&mut self, currency: Currency, kind: Option<PaymentKind>) -> &mut Takings {
        let found = self.takings.binary_search_by_key(&(currency, kind), |takings| (takings.currency, takings.kind));
        let at = found.unwrap_or_else(|at| {
            self.takings.insert(at, Takings { currency, kind, paid: 0, payments: 0, paid_out: 0, payouts: 0 });
            at
        });
        &mut self.takings[at]
    }

    /// What there should be in one way: what was paid less what was paid out, and of cash the change.
    pub fn expected(&self, currency: Currency, kind: Option<PaymentKind>) -> Minor {
        let float = if (currency, kind) == (self.currency, Some(PaymentKind::Cash)) { self.float } else { 0 };
        let takings = self.takings.iter().filter(|takings| (takings.currency, takings.kind) == (currency, kind));
        float + takings.map(|takings| takings.paid - takings.paid_out).sum::<Minor>()
    }

    /// What was found in one way, if it was counted.
    pub fn counted(&self, currency: Currency, kind: Option<PaymentKind>) -> Option<Minor> {
        let mut counted = self.end.iter().flat_map(|end| &end.counted);
        counted.find(|counted| (counted.currency, Some(counted.kind)) == (currency, kind)).map(|counted| counted.amount)
    }
}

/// The shifts that are open, in memory.
#[derive(Debug, Default)]
pub struct Shifts(BTreeMap<(EntityId, TerminalId), Arc<Shift>>);

impl Shifts {
    /// The one at a till.
    pub fn at(&self, entity: EntityId, terminal: TerminalId) -> Option<&Arc<Shift>> {
        self.0.get(&(entity, terminal))
    }

    /// Puts a row in force.
    pub(crate) fn put(&mut self, shift: &Arc<Shift>) {
        let till = (shift.entity, shift.terminal);
        if shift.end.is_none() {
            self.0.insert(till, shift.clone());
        } else if self.0.get(&till).is_some_and(|open| open.id == shift.id) {
            self.0.remove(&till);
        }
    }
}

/// What is counted, as it is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedRequest {
    /// In which currency, else in the shift's.
    pub currency: Option<Currency>,
    /// Of which way of paying.
    pub kind: PaymentKind,
    /// How much, in major units.
    pub amount: Decimal,
}

/// What somebody does at a till. Answers `Reply::Shift`.
#[derive(Debug, Clone)]
pub enum ShiftCommand {
    /// Open it, with so much change, in major units of the channel's currency.
    Open(Decimal),
    /// Look at the one that is open.
    Read,
    /// Close it.
    Close(ShiftId, Vec<CountedRequest>),
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE` for who is no person at a terminal; `CONFLICT` if one is open already, `NOT_FOUND` if it is not the one that is open; `DIST0004` and
/// `DIST0005` for amounts that are none.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &ShiftCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    let caller = world.identity.check(bearer, moment.now)?;
    let till = Till::of(world, moment, caller).ok_or(Code::ForbiddenResource)?;
    match command {
        ShiftCommand::Open(float) => till.open(*float),
        ShiftCommand::Read => Ok(Done { changes: Vec::new(), reply: Reply::Shift(till.shift(None)?.clone()) }),
        ShiftCommand::Close(id, counted) => till.close(*id, counted),
    }
}

/// Somebody at a terminal.
struct Till<'a> {
    world: &'a World,
    moment: &'a Moment,
    channel: &'a Channel,
    user: UserId,
    terminal: TerminalId,
    point_of_sale: Option<PointOfSaleId>,
}

impl<'a> Till<'a> {
    fn of(world: &'a World, moment: &'a Moment, caller: Caller<'a>) -> Option<Self> {
        let subject = caller.subject;
        let (channel, user, terminal) = (caller.channel?, subject.user?, subject.terminal?);
        Some(Self { world, moment, channel, user, terminal, point_of_sale: subject.point_of_sale })
    }

    /// The open one, if it is the one that is meant.
    fn shift(&self, id: Option<ShiftId>) -> Result<&'a Arc<Shift>, Error> {
        let open = self.world.shifts.at(self.channel.entity, self.terminal);
        open.filter(|open| id.is_none_or(|id| id == open.id)).ok_or_else(|| Code::NotFound.into())
    }

    fn open(&self, float: Decimal) -> Planned {
        if self.world.shifts.at(self.channel.entity, self.terminal).is_some() {
            return Err(Error::new(Code::Conflict).because("a shift is open at this terminal").into());
        }
        let currency = self.channel.currency;
        let float = amount("float", currency, float)?;
        let mut draft = Draft::new(self.world);
        let shift = Arc::new(Shift {
            id: ShiftId(draft.item_id().0),
            entity: self.channel.entity,
            channel: self.channel.id,
            terminal: self.terminal,
            point_of_sale: self.point_of_sale,
            currency,
            float,
            opened: self.moment.now,
            opened_by: self.user,
            end: None,
            sales: 0,
            refunds: 0,
            takings: Vec::new(),
        });
        draft.put(shift.clone());
        Ok(Done { changes: draft.finish(), reply: Reply::Shift(shift) })
    }

    fn close(&self, id: ShiftId, requests: &[CountedRequest]) -> Planned {
        let shift = self.shift(Some(id))?;
        let read = |one: &CountedRequest| {
            let currency = one.currency.unwrap_or(shift.currency);
            Ok(Counted { currency, kind: one.kind, amount: amount("counted.amount", currency, one.amount)? })
        };
        let mut counted: Vec<_> = requests.iter().map(read).collect::<Result<_, Error>>()?;
        let key = |one: &Counted| (one.currency, one.kind);
        counted.sort_by_key(key);
        let twice = counted.windows(2).any(|pair| key(&pair[0]) == key(&pair[1]));
        let has_cash = counted.iter().any(|one| key(one) == (shift.currency, PaymentKind::Cash));
        if twice || !has_cash || counted.len() > MAX_COUNTED {
            return Err(Error::invalid(&["counted"]).into());
        }
        let end = ShiftEnd { at: self.moment.now, by: self.user, counted };
        let shift = Arc::new(Shift { end: Some(end), ..Shift::clone(shift) });
        Ok(Done { changes: vec![shift.clone().into()], reply: Reply::Shift(shift) })
    }
}

/// An amount in a currency: `DIST0004` for too many decimals, `DIST0005` for negative and absurd ones.
fn amount(name: &'static str, currency: Currency, amount: Decimal) -> Result<Minor, Error> {
    let minor = currency.minor(amount).ok_or_else(|| Error::format(name, &amount.to_string()))?;
    if (0..=MAX_MINOR).contains(&minor) { Ok(minor) } else { Err(Error::invalid(&[name])) }
}
