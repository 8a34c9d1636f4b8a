//! Shifts at the tills of an entity: who opened and closed which, what went through it and what was counted. They are opened and closed at the terminal.

use std::sync::Arc;

use aforo_domain::error::{Code, Error};
use aforo_domain::identity::Identity;
use aforo_domain::identity::manage::Reach;
use aforo_domain::ids::{ChannelId, EntityId, PointOfSaleId, ShiftId, TerminalId, UserId};
use aforo_domain::shifts::Shift;
use axum::http::HeaderMap;
use axum::response::Response;

use super::reports::table::{self, Cell, Record};
use crate::api::distribution::shifts::{ShiftView, TakingsView, status};
use crate::http::checks::Checks;
use crate::http::extract::{Manager, PathId, Reporters};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::time;
use crate::http::wire::{List, Metadata, Money};
use crate::store::lists::{Cut, Span};
use crate::store::shifts::ShiftsWanted;

/// What a list of shifts takes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct ShiftsQuery {
    /// `gte:2031-01-01T00:00:00Z,lte:2031-12-31T23:59:59Z`
    opened: Option<String>,
    /// `OPEN` or `CLOSED`.
    status: Option<String>,
    entity_id: Option<u64>,
    channel_id: Option<u64>,
    terminal_id: Option<u64>,
    point_of_sale_id: Option<u64>,
    /// `JSON`, or `CSV`: a table of all of them, a line for each type of payment, up to 10 000 shifts; without it as `Accept` says.
    format: Option<String>,
    /// 1 to 500, default 100.
    limit: Option<u32>,
    offset: Option<u64>,
    /// The operator, where a PLATFORM_ADMIN asks.
    operator_id: Option<u64>,
}

/// No entity has this id.
const NOBODY: EntityId = EntityId(0);

/// Reads what is asked for, as far as it is within reach.
fn wanted(manager: &Manager<Reporters>, checks: &mut Checks, params: &Params) -> Result<ShiftsWanted, Problem> {
    let opened = params.range(checks, "opened");
    let named = params.id(checks, "entity_id").map(EntityId);
    let entity = match manager.reach()? {
        Reach::Platform | Reach::Operator => named,
        // Of another entity there is nothing to see.
        Reach::Entity(own) if named.is_some_and(|named| named != own) => Some(NOBODY),
        Reach::Entity(own) => Some(own),
    };
    Ok(ShiftsWanted {
        entity,
        channel: params.id(checks, "channel_id").map(ChannelId),
        terminal: params.id(checks, "terminal_id").map(TerminalId),
        point_of_sale: params.id(checks, "point_of_sale_id").map(PointOfSaleId),
        open: params.one_of(checks, "status", &[("OPEN", true), ("CLOSED", false)]),
        opened: Span { from: opened.from, to: opened.to },
    })
}

/// Lists shifts, the last opened first: what went through each till by type of payment, what was counted, and what is missing.
#[utoipa::path(
    get, path = "/shifts", tag = "shifts", operation_id = "list_shifts", params(ShiftsQuery),
    responses((status = 200, content((List<ShiftView> = "application/json"), (String = "text/csv")))), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Reporters>, headers: HeaderMap, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET);
    let as_table = table::wants_csv(&mut checks, &params, &headers);
    let wanted = wanted(&manager, &mut checks, &params)?;
    let (wanted, shard) = (checks.done(wanted)?, manager.shard);
    let cut = if as_table { WHOLE } else { Cut { limit: paging.limit, offset: paging.offset } };
    let page = manager.app.engine.read(shard, move |reader| reader.shifts(shard, &wanted, cut)).await?;
    if as_table && page.total > WHOLE.limit {
        return Err(Error::invalid(&["opened"]).because("too many shifts for one table").into());
    }
    if as_table {
        let records: Vec<_> = page.rows.iter().flat_map(|shift| lines(&manager.view.identity, shift)).collect();
        return Ok(table::answer(&records)?);
    }
    let metadata = Metadata { limit: paging.limit, total: page.total, offset: paging.offset };
    Ok(json(&List { metadata, data: page.rows.iter().map(|shift| ShiftView::of(shift)).collect() }))
}

/// All shifts of a table.
const WHOLE: Cut = Cut { limit: 10_000, offset: 0 };

/// A shift as lines of a table: one for each currency and type of payment.
fn lines(identity: &Identity, shift: &Shift) -> Vec<Record> {
    let user = |id: UserId| identity.users.get(&id).map(|user| user.username.clone());
    let line = |takings: TakingsView| {
        let mut cells = Record::default();
        let (end, place) = (shift.end.as_ref(), shift.point_of_sale);
        cells.extend([
            ("shift_id", Cell::id(Some(shift.id.0))),
            ("status", Cell::text(status(shift))),
            ("opened", Cell::text(time::utc(shift.opened))),
            ("closed", Cell::maybe(end.map(|end| time::utc(end.at)))),
            ("channel_id", Cell::id(Some(shift.channel.0))),
            ("channel", Cell::maybe(identity.channels.get(&shift.channel).map(|channel| channel.name.clone()))),
            ("point_of_sale_id", Cell::id(place.map(|id| id.0))),
            ("point_of_sale", Cell::maybe(place.and_then(|id| identity.points_of_sale.get(&id)).map(|place| place.name.clone()))),
            ("terminal_id", Cell::id(Some(shift.terminal.0))),
            ("terminal", Cell::maybe(identity.terminals.get(&shift.terminal).map(|terminal| terminal.code.clone()))),
            ("opened_by", Cell::maybe(user(shift.opened_by))),
            ("closed_by", Cell::maybe(end.and_then(|end| user(end.by)))),
            ("sales", Cell::Number(shift.sales.into())),
            ("refunds", Cell::Number(shift.refunds.into())),
            ("type", Cell::text(takings.r#type)),
            ("currency", Cell::text(takings.currency)),
            ("float", if takings.with_float { Cell::Money(Money::of(shift.currency, shift.float)) } else { Cell::None }),
            ("paid", Cell::Money(takings.paid)),
            ("payments", Cell::Number(takings.payments.into())),
            ("paid_out", Cell::Money(takings.paid_out)),
            ("payouts", Cell::Number(takings.payouts.into())),
            ("expected", Cell::Money(takings.expected)),
            ("counted", takings.counted.map_or(Cell::None, Cell::Money)),
            ("difference", takings.difference.map_or(Cell::None, Cell::Money)),
        ]);
        cells
    };
    TakingsView::all(shift).into_iter().map(line).collect()
}

/// Reads a shift.
#[utoipa::path(
    get, path = "/shifts/{id}", tag = "shifts", operation_id = "get_shift",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = ShiftView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Reporters>, PathId(id): PathId) -> Result<Response, Problem> {
    let (reach, shard) = (manager.reach()?, manager.shard);
    let shift: Option<Arc<Shift>> = manager.app.engine.read(shard, move |reader| reader.shift(shard, ShiftId(id))).await?;
    let shift = shift.filter(|shift| reach.covers(shift.entity)).ok_or(Code::NotFound)?;
    Ok(json(&ShiftView::of(&shift)))
}
