//! A customer as the API shows it.

use aforo_domain::customers::{Consent, Customer};
use aforo_domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::orders_mgmt::view::OrderView;
use crate::http::time::Shown;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerView<'a> {
    /// 64 hexadecimal characters that tell nobody the e-mail.
    id: String,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    date: CustomerDatesView,
    consents: Vec<ConsentView<'a>>,
}

/// Since when a customer is kept, and when it last bought something. UTC.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerDatesView {
    created: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchased: Option<Shown>,
}

/// What a customer said to a question.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView<'a> {
    name: &'a str,
    given: bool,
    /// UTC.
    date: Shown,
    channel_id: u64,
    /// Who asked, at a counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// All that is kept of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerExportView<'a> {
    pub customer: CustomerView<'a>,
    /// Whatever it bought in the channels of the entity, the first bought first.
    pub orders: Vec<OrderView<'a>>,
}

impl<'a> CustomerView<'a> {
    /// A customer.
    pub fn of(customer: &'a Customer) -> Self {
        let person = &customer.person;
        Self {
            id: customer.id.to_string(),
            email: &person.email,
            name: person.name.as_deref(),
            surname: person.surname.as_deref(),
            phone: person.phone.as_deref(),
            language: person.language.as_ref().map(Language::as_str),
            date: CustomerDatesView { created: Shown::utc(customer.created), purchased: customer.purchased.map(Shown::utc) },
            consents: customer.consents.iter().map(|(name, consent)| ConsentView::of(name, consent)).collect(),
        }
    }
}

impl<'a> ConsentView<'a> {
    fn of(name: &'a str, consent: &'a Consent) -> Self {
        Self {
            name,
            given: consent.given,
            date: Shown::utc(consent.at),
            channel_id: consent.channel.0,
            user_id: consent.user.map(|user| user.0),
            text: consent.text.as_deref(),
        }
    }
}
