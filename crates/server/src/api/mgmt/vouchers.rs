//! Vouchers: made, looked at, blocked. Codes and PINs are answered once, to whoever has them made; afterwards a code's last characters are all that is shown.
//!
//! They are read through the engine, like orders: they are many, and change with every sale that they pay for.

use aforo_domain::catalogue::manage::{CatalogueCommand, Issue, VoucherCommand};
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::Code;
use aforo_domain::ids::{VoucherGroupId, VoucherId};
use aforo_domain::money::Currency;
use aforo_domain::vouchers::{MovementKind, NewVoucher, Voucher, VoucherGroup, VoucherMovement};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::lists::Paged;
use super::{IfMatch, read as answer_read, secrets, written};
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{EventManagers, Manager, PathId};
use crate::http::params::{MAX_OFFSET, Paging, Params};
use crate::http::respond::{Answered, Problem, json, unexpected};
use crate::http::time::Shown;
use crate::http::wire::{List, Metadata, Money, Num};

/// A voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherView<'a> {
    id: u64,
    group_id: u64,
    /// Its last characters.
    code: &'a str,
    has_pin: bool,
    /// `ACTIVE` or `BLOCKED`.
    status: &'static str,
    currency: &'a str,
    /// What is on it, with what is reserved.
    balance: Money,
    /// What pre-confirmed orders hold of it.
    reserved: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Shown>,
}

/// Vouchers to be made, all alike but for their codes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct IssueBody {
    /// 1 to 500.
    #[schema(required = true)]
    count: Option<Num>,
    /// What each is worth.
    #[schema(required = true)]
    amount: Option<Num>,
    /// One of the group's; may be left out where it has only one.
    currency: Option<String>,
    /// When they are over.
    expires: Option<String>,
}

/// Vouchers that were made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IssuedView {
    data: Vec<IssuedVoucherView>,
}

/// A voucher that was made. An answer that is repeated shows neither code nor PIN.
#[derive(Serialize, utoipa::ToSchema)]
pub struct IssuedVoucherView {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
}

impl std::fmt::Debug for IssuedVoucherView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedVoucherView({})", self.id)
    }
}

/// What to change of a voucher.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct VoucherPatch {
    /// `ACTIVE` or `BLOCKED`. What is reserved already is spent all the same.
    #[schema(required = true)]
    status: Option<String>,
}

/// A line of a voucher's book.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MovementView {
    /// Counts from 1.
    number: u32,
    /// `ISSUED`, `SPENT` or `REFUNDED`.
    r#type: &'static str,
    date: Shown,
    /// Negative where the balance fell.
    amount: Money,
    /// Of the order that was paid, of the refund, or of the voucher order in which it was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_code: Option<String>,
}

/// Whether a voucher is blocked, as a word.
const STATES: &[(&str, bool)] = &[("ACTIVE", false), ("BLOCKED", true)];

fn view(voucher: &Voucher) -> VoucherView<'_> {
    VoucherView {
        id: voucher.id.0,
        group_id: voucher.group.0,
        code: &voucher.masked,
        has_pin: voucher.pin.is_some(),
        status: super::words::show(STATES, &voucher.blocked),
        currency: voucher.currency.code(),
        balance: Money::of(voucher.currency, voucher.balance),
        reserved: Money::of(voucher.currency, voucher.reserved),
        expires: voucher.expires.map(Shown::utc),
    }
}

fn movement_view(movement: &VoucherMovement, currency: Currency) -> MovementView {
    let (r#type, order_code) = match movement.what {
        MovementKind::Issued => ("ISSUED", None),
        MovementKind::Spent { code, .. } => ("SPENT", Some(code.to_string())),
        MovementKind::Sold { code, .. } => ("ISSUED", Some(code.to_string())),
        MovementKind::GivenBack { code, .. } => ("GIVEN_BACK", Some(code.to_string())),
        MovementKind::Refunded { code, .. } => ("REFUNDED", Some(code.to_string())),
    };
    let amount = Money::of(currency, movement.amount);
    MovementView { number: movement.number, r#type, date: Shown::utc(movement.at), amount, order_code }
}

impl IssueBody {
    /// How many, and what is the same of all.
    fn read(&self, group: &VoucherGroup) -> Result<(u64, Issue), Problem> {
        let mut checks = Checks::new();
        let count = checks.whole("count", self.count.as_ref(), 1..=MAX_ELEMENTS as u64);
        let only = if let [only] = group.currencies.as_slice() { Some(*only) } else { None };
        let named = checks.formed("currency", self.currency.as_deref(), Currency::parse);
        if self.currency.is_none() {
            checks.required("currency", only);
        }
        let currency = named.or(only).or(group.currencies.first().copied()).ok_or(Code::Dist0000)?;
        let amount = checks.amount("amount", self.amount.as_ref(), currency);
        let expires = checks.instant("expires", self.expires.as_deref());
        checks.done((count, Issue { group: group.id, amount, currency, expires, vouchers: Vec::new() }))
    }
}

/// The vouchers' answer of a page.
fn page<T>(paging: Paging, total: u64, data: Vec<T>) -> List<T> {
    List { metadata: Metadata { limit: paging.limit, total, offset: paging.offset }, data }
}

fn paging(params: &Params) -> Result<Paging, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    checks.done(paging)
}

impl Manager<EventManagers> {
    /// Asks about vouchers without changing anything.
    async fn look(&self, command: VoucherCommand) -> Result<Answered, Problem> {
        self.run_in(self.shard, Command::Catalogue(CatalogueCommand::Vouchers(command))).await
    }
}

/// Makes vouchers, all or none, and answers their codes (and PINs, where the group has them): once, since only hashes are kept.
#[utoipa::path(
    post, path = "/voucher-groups/{id}/vouchers", operation_id = "issue_vouchers", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)), request_body = IssueBody,
    responses((status = 200, body = IssuedView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn issue(manager: Manager<EventManagers>, PathId(id): PathId, call: Call<IssueBody>) -> Result<Response, Problem> {
    let group = manager.voucher_group(id)?;
    let (count, issue) = call.body.read(&group)?;
    let made: Vec<_> = (0..count).map(|_| secrets::voucher(&manager.app.chance, group.pins)).collect();
    let vouchers = made.iter().map(|made| (made.shown, made.masked.clone())).collect();
    let command = VoucherCommand::Issue(Issue { vouchers, ..issue });
    let answered = manager.run(&call, Command::Catalogue(CatalogueCommand::Vouchers(command))).await?;
    let is_new = !answered.replayed;
    let view =
        |(id, made): (&u64, NewVoucher)| IssuedVoucherView { id: *id, code: is_new.then_some(made.code), pin: made.pin.filter(|_| is_new) };
    let data = answered.ids()?.iter().zip(made).map(view).collect();
    Ok(answered.json(&IssuedView { data }))
}

/// Lists the vouchers of a group, in the order in which they were made.
#[utoipa::path(
    get, path = "/voucher-groups/{id}/vouchers", operation_id = "list_vouchers", tag = "vouchers", params(("id" = u64, Path), Paged),
    responses((status = 200, body = List<VoucherView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<EventManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let paging = paging(&params)?;
    let answered = manager.look(VoucherCommand::List(VoucherGroupId(id), paging.offset, paging.limit)).await?;
    let Reply::Vouchers(total, vouchers) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    Ok(json(&page(paging, *total, vouchers.iter().map(|voucher| view(voucher)).collect())))
}

/// Reads a voucher.
#[utoipa::path(
    get, path = "/vouchers/{id}", operation_id = "get_voucher", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = VoucherView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<EventManagers>, PathId(id): PathId) -> Result<Response, Problem> {
    let answered = manager.look(VoucherCommand::Read(VoucherId(id))).await?;
    let Reply::Voucher(voucher) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    Ok(answer_read(&view(voucher), voucher.version))
}

/// Blocks a voucher, or lets it pay again.
#[utoipa::path(
    patch, path = "/vouchers/{id}", operation_id = "change_voucher", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = VoucherPatch,
    responses((status = 200, body = VoucherView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<VoucherPatch>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let status = checks.required("status", call.body.status.as_deref());
    let blocked = checks.one_of("status", status, STATES).unwrap_or_default();
    let command = checks.done(VoucherCommand::Block(VoucherId(id), seen, blocked))?;
    let answered = manager.run(&call, Command::Catalogue(CatalogueCommand::Vouchers(command))).await?;
    let Reply::Voucher(voucher) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    Ok(written(&answered, &view(voucher), voucher.version))
}

/// Lists what became of a voucher's balance, the newest first.
#[utoipa::path(
    get, path = "/vouchers/{id}/movements", operation_id = "list_voucher_movements", tag = "vouchers", params(("id" = u64, Path), Paged),
    responses((status = 200, body = List<MovementView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn movements(manager: Manager<EventManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let paging = paging(&params)?;
    let answered = manager.look(VoucherCommand::Movements(VoucherId(id), paging.offset, paging.limit)).await?;
    let Reply::Movements(total, currency, movements) = &answered.reply else { return Err(unexpected(&answered.reply)) };
    Ok(json(&page(paging, *total, movements.iter().map(|movement| movement_view(movement, *currency)).collect())))
}
