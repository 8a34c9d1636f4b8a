//! What a person may ask of who keeps its data (articles 15, 17 and 20 of the GDPR): all of it to take along, and that it is erased. What was paid, for what
//! and when stays in the books; the law wants it there, and it names nobody any more.

use aforo_domain::command::Command;
use aforo_domain::customers::{CustomerCommand, CustomerId};
use aforo_domain::error::Code;
use aforo_domain::identity::Role;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::PathCustomer;
use super::view::{CustomerExportView, CustomerView};
use crate::api::orders_mgmt::view::{OrderView, Shows};
use crate::http::call::{Call, NoBody};
use crate::http::extract::Register;
use crate::http::respond::{Problem, json};
use crate::store::lists::Cut;

/// Orders that are read at once.
const SLICE: u64 = 200;
/// Orders of one person at most: whoever buys more is no person.
const MAX_ORDERS: u64 = 10_000;

/// That a customer is forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedView {
    id: String,
    /// `ERASED`.
    status: &'static str,
}

impl Register {
    /// People at a counter need the role AFTER_SALES for this; tokens without a person are the channel's own.
    fn may_answer_people(&self) -> Result<(), Problem> {
        let caller = self.caller();
        let fits = caller.subject.user.is_none() || caller.has_role(&[Role::AfterSales, Role::OperatorAdmin]);
        if fits { Ok(()) } else { Err(Code::ForbiddenResource.into()) }
    }

    /// Erases what is personal of all that a customer bought.
    async fn erase_orders(&self, id: CustomerId) -> Result<(), Problem> {
        for _slice in 0..=MAX_ORDERS / SLICE {
            let page = self.orders_of(id, None, Cut { limit: SLICE, offset: 0 }).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            for order in page.rows {
                self.ask(Command::Customer(CustomerCommand::EraseOrder(id, order.id))).await?;
            }
        }
        Err(Code::Overloaded.into())
    }
}

/// All that is kept of a customer: who it is, what it agreed to, and whatever it bought in the channels of the entity.
#[utoipa::path(
    get, path = "/customers/{id}/export", operation_id = "export_customer", tag = "customers", params(("id" = String, Path)),
    responses((status = 200, body = CustomerExportView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn export(register: Register, PathCustomer(id): PathCustomer) -> Result<Response, Problem> {
    register.may_answer_people()?;
    let customer = register.customer(id).await?;
    let mut orders = Vec::new();
    while (orders.len() as u64) < MAX_ORDERS {
        let page = register.orders_of(id, None, Cut { limit: SLICE, offset: orders.len() as u64 }).await?;
        if page.rows.is_empty() {
            break;
        }
        orders.extend(page.rows);
    }
    let shows = Shows::with(&register.view, &register.app);
    let orders = orders.iter().map(|order| OrderView::of(order, shows)).collect();
    Ok(json(&CustomerExportView { customer: CustomerView::of(&customer), orders }))
}

/// Erases a customer: what is personal of its orders (buyer, attendees, consumer metadata), and all that is kept of it. The orders stay in the books with their
/// money and tickets. `CONFLICT` if it bought something meanwhile; the same call may then be made again, under another `Idempotency-Key`.
#[utoipa::path(
    delete, path = "/customers/{id}", operation_id = "erase_customer", tag = "customers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = ErasedView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT ORDER_NOT_FOUND"))),
)]
pub async fn erase(register: Register, PathCustomer(id): PathCustomer, call: Call<NoBody>) -> Result<Response, Problem> {
    register.may_answer_people()?;
    // Where there is none, it is the last command that says so: to who asks again with the same key it says what it said before.
    let version = match register.customer(id).await {
        Ok(customer) => {
            register.erase_orders(id).await?;
            customer.version
        }
        Err(problem) if problem.is(Code::NotFound) => 0,
        Err(problem) => return Err(problem),
    };
    let answered = register.run(&call, Command::Customer(CustomerCommand::Forget(id, version))).await?;
    Ok(answered.json(&ErasedView { id: id.to_string(), status: "ERASED" }))
}
