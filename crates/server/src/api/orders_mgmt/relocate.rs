//! Giving places of a sold order against others: other seats, another session, another event.

use aforo_domain::command::Command;
use aforo_domain::ids::{ItemId, PriceTypeId, RateId, SeatId, SessionId};
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::relocation::{Goal, Move, RelocationRequest};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PathCode;
use super::corrections::whole;
use super::view::OrderView;
use crate::api::distribution::confirm::PaymentBody;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Refunds};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Which places go where.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RelocationBody {
    /// 1 to 500, all or none of them. Two of them may change places.
    #[schema(required = true)]
    items: Option<Vec<MoveBody>>,
    /// Whether the new places cost what was paid for the old ones; at first what they cost now. Only the promoter's own people may ask for it.
    keep_prices: Option<bool>,
    /// What is paid for the difference, all of it; none where there is none. Where the old places had cost more, what vouchers had paid of that goes back to
    /// them and the rest is paid out by whoever asks: here they may say how, all of it.
    payments: Option<Vec<PaymentBody>>,
}

/// An item with its new place: a `seat_id`, or a place of a `price_type_id` that is picked automatically.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MoveBody {
    #[schema(required = true)]
    id: Option<Num>,
    /// Another session; without it the item stays in its own.
    session_id: Option<Num>,
    seat_id: Option<Num>,
    price_type_id: Option<Num>,
    /// Else the item's own, where the session has it, or its default one.
    rate_id: Option<Num>,
}

impl RelocationBody {
    fn read(&self) -> Result<RelocationRequest, Problem> {
        let mut checks = Checks::new();
        let items = checks.list("items", self.items.as_deref());
        let moves: Vec<_> = items.iter().filter_map(|item| item.read(&mut checks)).collect();
        let mut named: Vec<_> = moves.iter().map(|one| one.item).collect();
        named.sort_unstable();
        if named.windows(2).any(|pair| pair[0] == pair[1]) {
            checks.bad_value("items.id");
        }
        let payments = PaymentBody::read(&mut checks, self.payments.as_deref().unwrap_or_default());
        checks.done(RelocationRequest { moves, keep_prices: self.keep_prices.unwrap_or_default(), payments })
    }
}

impl MoveBody {
    fn read(&self, checks: &mut Checks) -> Option<Move> {
        let item = ItemId(checks.id("items.id", self.id.as_ref()));
        let session = checks.optional_id("items.session_id", self.session_id.as_ref()).map(SessionId);
        let rate = checks.optional_id("items.rate_id", self.rate_id.as_ref()).map(RateId);
        let seat = checks.optional_id("items.seat_id", self.seat_id.as_ref()).map(SeatId);
        let price_type = checks.optional_id("items.price_type_id", self.price_type_id.as_ref()).map(PriceTypeId);
        let to = match (seat, price_type) {
            (Some(seat), None) => Goal::Seat(seat),
            (None, Some(price_type)) => Goal::PriceType(price_type),
            (Some(_), Some(_)) => {
                checks.bad_value("items.price_type_id");
                return None;
            }
            (None, None) => {
                if self.seat_id.is_none() && self.price_type_id.is_none() {
                    checks.missing("items.seat_id");
                }
                return None;
            }
        };
        Some(Move { item, session, to, rate })
    }
}

/// Gives places of a sold order against others of the same promoter, all or none: the new places, an order of its own whose `previous_code` is the first
/// one's.
///
/// The old tickets are dead, the new ones valid at the same instant. Surcharges per order and the delivery stay with the first order, insurances go along at
/// the same premium, and so does who comes, within the same event. Promotions do not: a place costs what it costs.
#[utoipa::path(
    post, path = "/orders/{code}/relocate", operation_id = "relocate_order", tag = "orders", request_body = RelocationBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!(
        "ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID PRODUCT_STATE_INVALID SESSION_NOT_FOUND SESSION_SALES_LIMIT_EXCEEDED \
         ORDER_SEAT_NOT_AVAILABLE PURCHASE_NOT_TOTALLY_PAID NOT_FOUND"
    ))),
)]
pub async fn relocate(clerk: Clerk<Refunds>, PathCode(code): PathCode, call: Call<RelocationBody>) -> Result<Response, Problem> {
    let request = call.body.read()?;
    let command = Command::AfterSale(clerk.id_of(code).await?, AfterSaleCommand::Relocate(request));
    let answered = clerk.run(&call, command).await?;
    whole(&clerk, &answered)
}
