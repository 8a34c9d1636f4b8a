//! Giving tickets of a sold order to somebody else than its buyer.

use std::collections::{BTreeMap, BTreeSet};

use aforo_domain::forms::is_email;
use aforo_domain::ids::ItemId;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::attendees::Attendee;
use aforo_domain::orders::transfer::{MAX_TRANSFERRED, TransferRequest};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PathCode;
use super::corrections::correct;
use super::view::OrderView;
use crate::api::distribution::forms::answers;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::clerk::{Clerk, Corrects};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Tickets for somebody else.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransferBody {
    /// 1 to 100, each once, all or none of them.
    #[schema(required = true)]
    items: Option<Vec<TransferItemBody>>,
    #[schema(required = true)]
    to: Option<ReceiverBody>,
}

/// A ticket for somebody else.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransferItemBody {
    #[schema(required = true)]
    id: Option<Num>,
    /// What the fields of the event's form are filled with, by key, for who comes now. Nothing that was said of who came before is kept.
    fields: Option<BTreeMap<String, String>>,
}

/// Who gets tickets.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ReceiverBody {
    /// Where the letter with the tickets goes.
    #[schema(required = true)]
    email: Option<String>,
    /// What the letter calls this person; at most 1 000 characters.
    name: Option<String>,
}

impl TransferBody {
    fn read(&self) -> Result<TransferRequest, Problem> {
        let (mut checks, mut seen, mut attendees) = (Checks::new(), BTreeSet::new(), Vec::new());
        let items = checks.list("items", self.items.as_deref());
        if items.len() > MAX_TRANSFERRED {
            checks.bad_value("items");
        }
        for body in items {
            let item = ItemId(checks.id("items.id", body.id.as_ref()));
            if body.id.is_some() && !seen.insert(item) {
                checks.bad_value("items.id");
            }
            attendees.push(Attendee { item, fields: answers(&mut checks, "items.fields", body.fields.as_ref()) });
        }
        let to = checks.required("to", self.to.as_ref());
        let email = to.map(|to| checks.text("to.email", to.email.as_deref())).filter(|email| !email.is_empty());
        let email = checks.formed("to.email", email.as_deref(), |email| is_email(email).then(|| email.to_owned()));
        let name = to.and_then(|to| checks.optional_text("to.name", to.name.as_deref()));
        checks.done(TransferRequest { attendees, to: email.unwrap_or_default(), name })
    }
}

/// Gives tickets of a sold order to somebody else, all or none.
///
/// They get other barcodes: those that they had open no gate any more. The new person gets them by e-mail, in the order's language. Order, money and buyer stay as
/// they are. Only tickets that are valid and that nobody came in with can be given away.
#[utoipa::path(
    post, path = "/orders/{code}/transfer", operation_id = "transfer_tickets", tag = "orders", request_body = TransferBody,
    params(("code" = String, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!(
        "ORDER_NOT_FOUND ORDER_INVALID_STATUS ORDER_ITEM_INVALID PRODUCT_STATE_INVALID ORDER_ATTENDEE_DATA_REQUIRED CONFLICT NOT_FOUND"
    ))),
)]
pub async fn transfer(clerk: Clerk<Corrects>, PathCode(code): PathCode, call: Call<TransferBody>) -> Result<Response, Problem> {
    let command = AfterSaleCommand::Transfer(call.body.read()?);
    correct(&clerk, code, &call, command).await
}
