//! What may be put right after the sale without touching its money: bookings let go, notes, who comes, other barcodes.

use aforo_domain::command::Command;
use aforo_domain::forms::is_email;
use aforo_domain::ids::{ItemId, OrderCode};
use aforo_domain::orders::after::AfterSaleCommand;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PathCode;
use super::refund::NamedItemBody;
use super::view::{OrderView, Shows};
use crate::api::distribution::attendees::AttendeesBody;
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::clerk::{Books, Clerk, Corrects};
use crate::http::respond::{Answered, Problem};

/// A booking that is not there any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledView {
    code: String,
}

/// Something to be written down.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoteBody {
    /// At most 1 000 characters.
    #[schema(required = true)]
    text: Option<String>,
}

/// Items whose tickets were lost.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReprintBody {
    /// 1 to 500, all or none of them.
    #[schema(required = true)]
    items: Option<Vec<NamedItemBody>>,
}

/// Where a letter goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ResendBody {
    /// Else to the buyer.
    email: Option<String>,
}

/// Sends the buyer of a sold order, or of a refund, its e-mail again, to another address if one is named. The order's history says where it went.
#[utoipa::path(
    post, path = "/orders/{code}/resend", operation_id = "resend_order", tag = "orders", request_body = Option<ResendBody>,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_INVALID_STATUS CONFLICT NOT_FOUND"))),
)]
pub async fn resend(clerk: Clerk<Corrects>, PathCode(code): PathCode, call: Call<Option<ResendBody>>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let email = call.body.as_ref().and_then(|body| body.email.as_deref()).map(str::trim);
    let email = checks.formed("email", email, |email| is_email(email).then(|| email.to_owned()));
    let command = checks.done(AfterSaleCommand::Resend(email))?;
    correct(&clerk, code, &call, command).await
}

/// Lets a booking go: its places are for sale again at once.
#[utoipa::path(
    post, path = "/orders/{code}/cancel", operation_id = "cancel_booking", tag = "orders",
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = CancelledView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_INVALID_STATUS NOT_FOUND"))),
)]
pub async fn cancel(clerk: Clerk<Books>, PathCode(code): PathCode, call: Call<NoBody>) -> Result<Response, Problem> {
    let command = Command::AfterSale(clerk.id_of(code).await?, AfterSaleCommand::CancelBooking);
    let answered = clerk.run(&call, command).await?;
    Ok(answered.json(&CancelledView { code: code.to_string() }))
}

/// Writes something into the book of an order that is sold, or of a refund. It is read in its history.
#[utoipa::path(
    post, path = "/orders/{code}/notes", operation_id = "add_order_note", tag = "orders", request_body = NoteBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_INVALID_STATUS CONFLICT NOT_FOUND"))),
)]
pub async fn note(clerk: Clerk<Corrects>, PathCode(code): PathCode, call: Call<NoteBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let text = checks.text("text", call.body.text.as_deref());
    let command = checks.done(AfterSaleCommand::Note(text))?;
    correct(&clerk, code, &call, command).await
}

/// Says who comes on items of a sold order, in place of what was said of them before; all or none. The order's history says who changed it.
#[utoipa::path(
    post, path = "/orders/{code}/attendees", operation_id = "change_attendees", tag = "orders", request_body = AttendeesBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!(
        "ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID PRODUCT_STATE_INVALID ORDER_ATTENDEE_DATA_REQUIRED CONFLICT NOT_FOUND"
    ))),
)]
pub async fn attendees(clerk: Clerk<Corrects>, PathCode(code): PathCode, call: Call<AttendeesBody>) -> Result<Response, Problem> {
    let command = AfterSaleCommand::SetAttendees(call.body.read()?);
    correct(&clerk, code, &call, command).await
}

/// Gives tickets that were lost another barcode, all or none: those that they had open no gate any more.
#[utoipa::path(
    post, path = "/orders/{code}/reprint", operation_id = "reprint_tickets", tag = "orders", request_body = ReprintBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID PRODUCT_STATE_INVALID CONFLICT NOT_FOUND"))),
)]
pub async fn reprint(clerk: Clerk<Corrects>, PathCode(code): PathCode, call: Call<ReprintBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let items: Vec<ItemId> = NamedItemBody::read(&mut checks, call.body.items.as_deref());
    let command = checks.done(AfterSaleCommand::Reprint(items))?;
    correct(&clerk, code, &call, command).await
}

/// Corrects an order: the whole order as it is then.
pub(super) async fn correct<T>(
    clerk: &Clerk<Corrects>,
    code: OrderCode,
    call: &Call<T>,
    command: AfterSaleCommand,
) -> Result<Response, Problem> {
    let answered = clerk.run(call, Command::AfterSale(clerk.id_of(code).await?, command)).await?;
    whole(clerk, &answered)
}

/// An order as it is after the call.
pub fn whole<E>(clerk: &Clerk<E>, answered: &Answered) -> Result<Response, Problem> {
    let newest = clerk.newest();
    Ok(answered.json(&OrderView::of(answered.order()?, Shows::with(&newest, &clerk.app))))
}
