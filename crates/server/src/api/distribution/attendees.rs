//! Who comes on the tickets of an order: each call says all of the items that it names.

use std::collections::{BTreeMap, BTreeSet};

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::ids::ItemId;
use aforo_domain::orders::attendees::Attendee;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::forms::answers;
use super::view::OrderView;
use super::whole_order;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::Problem;
use crate::http::wire::Num;

/// Who comes on which items.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AttendeesBody {
    /// Each item once; what is not named stays as it is.
    #[schema(required = true)]
    attendees: Option<Vec<AttendeeBody>>,
}

/// Who comes on an item.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AttendeeBody {
    #[schema(required = true)]
    item_id: Option<Num>,
    /// What the fields of the event's form are filled with, by key; a field that is left out is empty afterwards.
    #[schema(required = true)]
    fields: Option<BTreeMap<String, String>>,
}

impl AttendeesBody {
    /// Each item with who comes.
    ///
    /// # Errors
    /// `DIST0005` and `DIST0006`.
    pub fn read(&self) -> Result<Vec<Attendee>, Problem> {
        let (mut checks, mut seen) = (Checks::new(), BTreeSet::new());
        let mut read = Vec::new();
        for body in checks.list("attendees", self.attendees.as_deref()) {
            let item = ItemId(checks.id("attendees.item_id", body.item_id.as_ref()));
            if body.item_id.is_some() && !seen.insert(item) {
                checks.bad_value("attendees.item_id");
            }
            let fields = checks.required("attendees.fields", body.fields.as_ref());
            read.push(Attendee { item, fields: answers(&mut checks, "attendees.fields", fields) });
        }
        checks.done(read)
    }
}

/// Says who comes on items of the current order: all or none.
#[utoipa::path(
    post, path = "/orders/attendees", tag = "attendees", operation_id = "set_attendees", request_body = AttendeesBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_ITEM_INVALID"))),
)]
pub async fn set(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<AttendeesBody>) -> Result<Response, Problem> {
    let attendees = call.body.read()?;
    let answer = seller.run(&call, Command::Order(OrderCommand::SetAttendees(id, attendees))).await?;
    whole_order(&seller, &answer)
}
