//! Customers: who buys in the channels of an entity that keep their buyers, what they agreed to, and what a person may ask of who keeps it: to see all of it,
//! and to have it erased.
//!
//! E-mails are in bodies and never in paths, since paths are logged everywhere. Customers are their entity's, and so are exports and erasures; of what one
//! bought, a channel lists its own orders.

mod erasure;
mod view;

use std::sync::Arc;

use aforo_domain::command::{Command, Reply};
use aforo_domain::customers::{Customer, CustomerCommand, CustomerId, Person, id_of};
use aforo_domain::error::{Code, Error};
use aforo_domain::forms::is_email;
use aforo_domain::ids::{ChannelId, Hash};
use aforo_domain::orders::Order;
use aforo_domain::text::Language;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use self::view::CustomerView;
use crate::api::orders_mgmt::view::{OrderView, Shows};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::Register;
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::respond::{Problem, json};
use crate::http::router::Routes;
use crate::http::wire::{List, Metadata};
use crate::store::lists::{Cut, Page};

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(find))
        .routes(routes!(read, change, erasure::erase))
        .routes(routes!(consent))
        .routes(routes!(orders))
        .routes(routes!(erasure::export))
}

/// Who a customer is. A field that is left out is empty afterwards.
#[derive(Deserialize, ToSchema)]
pub struct PersonBody {
    name: Option<String>,
    surname: Option<String>,
    phone: Option<String>,
    language: Option<String>,
}

/// A customer to be kept.
#[derive(Deserialize, ToSchema)]
pub struct CustomerBody {
    #[schema(required = true)]
    email: Option<String>,
    #[serde(flatten)]
    person: PersonBody,
}

/// A customer to be looked for.
#[derive(Deserialize, ToSchema)]
pub struct FindCustomerBody {
    #[schema(required = true)]
    email: Option<String>,
}

/// What a customer said to a question.
#[derive(Deserialize, ToSchema)]
pub struct ConsentBody {
    /// Whether it agreed.
    #[schema(required = true)]
    given: Option<bool>,
    /// What it was asked, in the words that it was shown.
    text: Option<String>,
}

impl PersonBody {
    fn read(&self, checks: &mut Checks, email: String) -> Person {
        Person {
            email,
            name: checks.optional_text("name", self.name.as_deref()),
            surname: checks.optional_text("surname", self.surname.as_deref()),
            phone: checks.optional_text("phone", self.phone.as_deref()),
            language: checks.formed("language", self.language.as_deref(), Language::parse),
        }
    }
}

fn email(checks: &mut Checks, email: Option<&str>) -> String {
    let email = checks.text("email", email);
    if !email.is_empty() && !is_email(&email) {
        checks.bad_format("email", &email);
    }
    email
}

/// The customer in a path.
#[derive(Debug, Clone, Copy)]
pub struct PathCustomer(pub CustomerId);

impl<S: Send + Sync> FromRequestParts<S> for PathCustomer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (name, text) = raw.iter().next().ok_or(Code::NotFound)?;
        Ok(Self(Hash::parse(text).ok_or_else(|| Error::format(name, &text.chars().take(100).collect::<String>()))?))
    }
}

/// The name of a question in a path: 1 to 100 visible characters.
#[derive(Debug)]
pub struct PathConsent(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathConsent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (_, text) = raw.iter().nth(1).ok_or(Code::NotFound)?;
        let good = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text.to_owned())) } else { Err(Error::invalid(&["name"]).into()) }
    }
}

impl Register {
    /// A customer as it is now.
    async fn customer(&self, id: CustomerId) -> Result<Arc<Customer>, Problem> {
        match self.ask(Command::Customer(CustomerCommand::Read(id))).await?.reply {
            Reply::Customer(customer) => Ok(customer),
            other => Err(Error::new(Code::Dist0000).because(format!("{other:?} is no customer")).into()),
        }
    }

    /// What a customer bought, in one channel or in all that keep it.
    async fn orders_of(&self, id: CustomerId, channel: Option<ChannelId>, cut: Cut) -> Result<Page<Arc<Order>>, Problem> {
        let shard = self.shard();
        Ok(self.app.engine.read(shard, move |reader| reader.orders_of_customer(shard, &id, channel, cut)).await?)
    }

    async fn change<T>(&self, call: &Call<T>, id: CustomerId, command: CustomerCommand) -> Result<Response, Problem> {
        let answered = self.run(call, Command::Customer(command)).await?;
        Ok(answered.json(&CustomerView::of(&*self.customer(id).await?)))
    }
}

/// Lists the customers of the channel's entity, those that are kept longest first.
#[utoipa::path(
    get, path = "/customers", operation_id = "list_customers", tag = "customers",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)), responses((status = 200, body = List<CustomerView>)),
)]
pub async fn list(register: Register, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let page = params.paging(&mut checks, MAX_OFFSET);
    checks.done(())?;
    let (shard, entity, cut) = (register.shard(), register.channel.entity, Cut { limit: page.limit, offset: page.offset });
    let found = register.app.engine.read(shard, move |reader| reader.customers(shard, entity, cut)).await?;
    let metadata = Metadata { limit: page.limit, total: found.total, offset: page.offset };
    Ok(json(&List { metadata, data: found.rows.iter().map(|customer| CustomerView::of(customer)).collect() }))
}

/// Keeps somebody who has bought nothing yet. Who buys in a channel that keeps its customers is kept by that.
#[utoipa::path(
    post, path = "/customers", operation_id = "create_customer", tag = "customers", request_body = CustomerBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = CustomerView)),
    extensions(("x-codes" = json!("CONFLICT NOT_FOUND"))),
)]
pub async fn create(register: Register, call: Call<CustomerBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let email = email(&mut checks, call.body.email.as_deref());
    let person = call.body.person.read(&mut checks, email);
    let person = checks.done(person)?;
    let id = id_of(register.channel.entity, &person.email).ok_or_else(|| Error::required(&["email"]))?;
    register.change(&call, id, CustomerCommand::Create(Box::new(person))).await
}

/// Looks for a customer by its e-mail.
#[utoipa::path(
    post, path = "/customers/find", operation_id = "find_customer", tag = "customers", request_body = FindCustomerBody,
    responses((status = 200, body = CustomerView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn find(register: Register, call: Call<FindCustomerBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let email = email(&mut checks, call.body.email.as_deref());
    let email = checks.done(email)?;
    let id = id_of(register.channel.entity, &email).ok_or(Code::NotFound)?;
    Ok(json(&CustomerView::of(&*register.customer(id).await?)))
}

/// Reads a customer.
#[utoipa::path(
    get, path = "/customers/{id}", operation_id = "get_customer", tag = "customers", params(("id" = String, Path)),
    responses((status = 200, body = CustomerView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn read(register: Register, PathCustomer(id): PathCustomer) -> Result<Response, Problem> {
    Ok(json(&CustomerView::of(&*register.customer(id).await?)))
}

/// Replaces what is said of a customer. The e-mail stays: with another one it would be somebody else.
#[utoipa::path(
    put, path = "/customers/{id}", operation_id = "change_customer", tag = "customers", params(("id" = String, Path)), request_body = PersonBody,
    responses((status = 200, body = CustomerView)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn change(register: Register, PathCustomer(id): PathCustomer, call: Call<PersonBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let person = call.body.read(&mut checks, String::new());
    let person = checks.done(person)?;
    register.change(&call, id, CustomerCommand::Change(id, Box::new(person))).await
}

/// Notes what a customer said to a question, with the time, the channel and the person who asked. The last word counts.
#[utoipa::path(
    put, path = "/customers/{id}/consents/{name}", operation_id = "set_consent", tag = "customers",
    params(("id" = String, Path), ("name" = String, Path, description = "1 to 100 visible characters, such as newsletter")),
    request_body = ConsentBody, responses((status = 200, body = CustomerView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn consent(
    register: Register,
    PathCustomer(id): PathCustomer,
    PathConsent(name): PathConsent,
    call: Call<ConsentBody>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let given = checks.required("given", call.body.given);
    let text = checks.optional_text("text", call.body.text.as_deref());
    let (given, text) = checks.done((given.unwrap_or_default(), text))?;
    register.change(&call, id, CustomerCommand::Consent(id, name, given, text)).await
}

/// Lists what a customer bought in this channel, the first bought first.
#[utoipa::path(
    get, path = "/customers/{id}/orders", operation_id = "list_customer_orders", tag = "customers",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = List<OrderView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn orders(register: Register, PathCustomer(id): PathCustomer, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let page = params.paging(&mut checks, MAX_OFFSET);
    checks.done(())?;
    register.customer(id).await?;
    let cut = Cut { limit: page.limit, offset: page.offset };
    let found = register.orders_of(id, Some(register.channel.id), cut).await?;
    let shows = Shows::with(&register.view, &register.app);
    let metadata = Metadata { limit: page.limit, total: found.total, offset: page.offset };
    Ok(json(&List { metadata, data: found.rows.iter().map(|order| OrderView::of(order, shows)).collect() }))
}
