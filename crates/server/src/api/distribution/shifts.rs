//! Shifts at a till: opened with the change that is in the drawer, closed by counting it. Whoever signed in at a terminal does it for that terminal.

use aforo_domain::command::{Command, Reply};
use aforo_domain::ids::ShiftId;
use aforo_domain::money::{Currency, Decimal};
use aforo_domain::orders::PaymentKind;
use aforo_domain::shifts::{CountedRequest, MAX_COUNTED, Shift, ShiftCommand, Takings};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::PAYMENT_KINDS;
use crate::api::mgmt::words;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{PathId, Seller};
use crate::http::respond::{Answered, Problem, unexpected};
use crate::http::time::Shown;
use crate::http::wire::{Money, Num};

/// A shift.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftView {
    id: u64,
    /// OPEN or CLOSED.
    status: &'static str,
    /// The channel that it was opened in.
    channel_id: u64,
    terminal_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    point_of_sale_id: Option<u64>,
    date: ShiftDatesView,
    opened_by: UserView,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<UserView>,
    currency: String,
    /// The change that was in the drawer.
    float: Money,
    /// Sales, those of gift vouchers and relocations among them.
    sales: u32,
    /// Refunds.
    refunds: u32,
    /// By currency and type; cash in the shift's own currency is always there.
    payments: Vec<TakingsView>,
}

/// When a shift was opened and closed, UTC.
#[derive(Debug, Serialize, ToSchema)]
struct ShiftDatesView {
    opened: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Shown>,
}

/// Somebody who signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShiftUserView)]
struct UserView {
    id: u64,
}

/// What came and went in one way.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakingsView {
    /// CASH, CARD, TRANSFER, EXTERNAL or CREDIT; MANUAL is what was paid out and nobody said how.
    pub r#type: &'static str,
    /// Of the amounts.
    pub currency: String,
    /// What was paid.
    pub paid: Money,
    /// In so many payments.
    pub payments: u32,
    /// What was paid out.
    pub paid_out: Money,
    /// So many times.
    pub payouts: u32,
    /// Whether the change that was there before is expected here, too.
    #[serde(skip)]
    pub with_float: bool,
    /// What there should be: of cash with the change that was there before.
    pub expected: Money,
    /// What there was when the shift was closed, where it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Money>,
    /// What was counted less what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Money>,
}

impl ShiftView {
    /// Renders a shift.
    pub fn of(shift: &Shift) -> Self {
        let user = |id: aforo_domain::ids::UserId| UserView { id: id.0 };
        Self {
            id: shift.id.0,
            status: status(shift),
            channel_id: shift.channel.0,
            terminal_id: shift.terminal.0,
            point_of_sale_id: shift.point_of_sale.map(|place| place.0),
            date: ShiftDatesView { opened: Shown::utc(shift.opened), closed: shift.end.as_ref().map(|end| Shown::utc(end.at)) },
            opened_by: user(shift.opened_by),
            closed_by: shift.end.as_ref().map(|end| user(end.by)),
            currency: shift.currency.code().to_owned(),
            float: Money::of(shift.currency, shift.float),
            sales: shift.sales,
            refunds: shift.refunds,
            payments: TakingsView::all(shift),
        }
    }
}

impl TakingsView {
    /// All that came and went, or was counted, by currency and type.
    pub fn all(shift: &Shift) -> Vec<Self> {
        let cash = (shift.currency, Some(PaymentKind::Cash));
        let counted = shift.end.iter().flat_map(|end| end.counted.iter().map(|one| (one.currency, Some(one.kind))));
        let mut ways: Vec<_> = shift.takings.iter().map(|one| (one.currency, one.kind)).chain(counted).chain([cash]).collect();
        ways.sort_unstable();
        ways.dedup();
        ways.into_iter().map(|(currency, kind)| Self::of(shift, currency, kind)).collect()
    }

    fn of(shift: &Shift, currency: Currency, kind: Option<PaymentKind>) -> Self {
        let nothing = Takings { currency, kind, paid: 0, payments: 0, paid_out: 0, payouts: 0 };
        let takings = shift.takings.iter().find(|one| (one.currency, one.kind) == (currency, kind)).unwrap_or(&nothing);
        let (money, expected, counted) =
            (|minor| Money::of(currency, minor), shift.expected(currency, kind), shift.counted(currency, kind));
        Self {
            r#type: kind.map_or("MANUAL", |kind| words::show(PAYMENT_KINDS, &kind)),
            currency: currency.code().to_owned(),
            paid: money(takings.paid),
            payments: takings.payments,
            paid_out: money(takings.paid_out),
            payouts: takings.payouts,
            with_float: (currency, kind) == (shift.currency, Some(PaymentKind::Cash)),
            expected: money(expected),
            counted: counted.map(money),
            difference: counted.map(|counted| money(counted - expected)),
        }
    }
}

/// Whether a shift is open.
pub const fn status(shift: &Shift) -> &'static str {
    if shift.end.is_none() { "OPEN" } else { "CLOSED" }
}

/// A shift to be opened.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OpenShiftBody {
    /// The change that is in the drawer, in major units of the channel's currency.
    #[schema(required = true)]
    float: Option<Num>,
}

/// What was counted.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CloseShiftBody {
    /// Cash in the shift's currency at least, each type once a currency; at most 50.
    #[schema(required = true)]
    counted: Option<Vec<CountedBody>>,
}

/// What was counted of one type.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CountedBody {
    /// CASH, CARD, TRANSFER, EXTERNAL or CREDIT.
    #[serde(rename = "type")]
    #[schema(required = true)]
    kind: Option<String>,
    /// In major units; of cash with the change.
    #[schema(required = true)]
    amount: Option<Num>,
    /// Else the shift's.
    currency: Option<String>,
}

impl CloseShiftBody {
    fn read(&self) -> Result<Vec<CountedRequest>, Problem> {
        let mut checks = Checks::new();
        let list = checks.required("counted", self.counted.as_deref()).unwrap_or_default();
        if list.len() > MAX_COUNTED {
            checks.bad_value("counted");
        }
        let counted: Vec<_> = list.iter().take(MAX_COUNTED).filter_map(|one| one.read(&mut checks)).collect();
        checks.done(counted)
    }
}

impl CountedBody {
    fn read(&self, checks: &mut Checks) -> Option<CountedRequest> {
        let kind = checks.required("counted.type", self.kind.as_deref());
        let kind = checks.one_of("counted.type", kind, PAYMENT_KINDS);
        let currency = checks.formed("counted.currency", self.currency.as_deref(), Currency::parse);
        let amount = amount(checks, "counted.amount", self.amount.as_ref());
        Some(CountedRequest { kind: kind?, currency, amount: amount? })
    }
}

/// An amount whose currency the engine knows.
fn amount(checks: &mut Checks, name: &str, value: Option<&Num>) -> Option<Decimal> {
    let value = checks.required(name, value);
    checks.formed(name, value.map(Num::text), Decimal::parse)
}

/// Opens a shift at the terminal that the caller signed in at. From then on all that is sold and given back there is counted in it.
#[utoipa::path(
    post, path = "/shifts", tag = "shifts", operation_id = "open_shift", request_body = OpenShiftBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ShiftView)), extensions(("x-codes" = json!("CONFLICT"))),
)]
pub async fn open(seller: Seller, call: Call<OpenShiftBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let float = amount(&mut checks, "float", call.body.float.as_ref());
    let Some(float) = checks.done(float)? else { return Err(aforo_domain::error::Code::Dist0000.into()) };
    answer(&seller.run(&call, Command::Shift(ShiftCommand::Open(float))).await?)
}

/// Reads the shift that is open at the terminal that the caller signed in at.
#[utoipa::path(
    get, path = "/shifts/current", tag = "shifts", operation_id = "get_current_shift",
    responses((status = 200, body = ShiftView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn current(seller: Seller) -> Result<Response, Problem> {
    answer(&seller.ask(Command::Shift(ShiftCommand::Read)).await?)
}

/// Closes the shift that is open at the terminal that the caller signed in at, with what was counted: the answer says what there should have been.
#[utoipa::path(
    post, path = "/shifts/{id}/close", tag = "shifts", operation_id = "close_shift", request_body = CloseShiftBody,
    params(("id" = u64, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ShiftView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn close(seller: Seller, PathId(id): PathId, call: Call<CloseShiftBody>) -> Result<Response, Problem> {
    let counted = call.body.read()?;
    answer(&seller.run(&call, Command::Shift(ShiftCommand::Close(ShiftId(id), counted))).await?)
}

fn answer(answered: &Answered) -> Result<Response, Problem> {
    let Reply::Shift(shift) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    Ok(answered.json(&ShiftView::of(shift)))
}
