//! Forms: what the channel asks of a buyer, and an event of each attendee, so that a client can show it; and how what is filled in is read.

use std::collections::BTreeMap;

use aforo_domain::error::Code;
use aforo_domain::forms::{Answers, FieldKind, Form, MAX_ANSWER, MAX_FIELDS, is_key};
use aforo_domain::identity::{BuyerField, Channel};
use aforo_domain::ids::EventId;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::mgmt::forms::FieldView;
use crate::api::mgmt::words;
use crate::http::checks::Checks;
use crate::http::extract::Seller;
use crate::http::params::Params;
use crate::http::respond::{Problem, json};

/// A form.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormView<'a> {
    /// `BUYER` or `ATTENDEE`.
    r#type: &'static str,
    /// Whose attendees.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<u64>,
    /// In the order in which they are shown.
    fields: Vec<FieldView<'a>>,
}

/// What is filled in: blank answers are left out, and no more is looked at than a form can ask.
pub fn answers(checks: &mut Checks, name: &str, fields: Option<&BTreeMap<String, String>>) -> Answers {
    let Some(fields) = fields else { return Answers::new() };
    let bounded = |(key, answer): (&String, &String)| {
        is_key(key) && !answer.contains(char::is_control) && answer.chars().count() <= MAX_ANSWER as usize
    };
    if fields.len() > MAX_FIELDS || !fields.iter().all(bounded) {
        checks.bad_value(name);
        return Answers::new();
    }
    let filled = fields.iter().map(|(key, answer)| (key.clone(), answer.trim().to_owned()));
    filled.filter(|(_, answer)| !answer.is_empty()).collect()
}

/// Reads what the channel asks of a buyer.
#[utoipa::path(
    get, path = "/forms/BUYER", tag = "forms", operation_id = "get_buyer_form",
    responses((status = 200, body = FormView)), extensions(("x-codes" = json!("CHANNEL_FORM_NOT_FOUND"))),
)]
pub async fn buyer(seller: Seller) -> Result<Response, Problem> {
    let fields = buyer_fields(&seller.channel).ok_or(Code::ChannelFormNotFound)?;
    Ok(json(&FormView { r#type: "BUYER", event_id: None, fields }))
}

/// Reads what an event asks of each attendee.
#[utoipa::path(
    get, path = "/forms/ATTENDEE", tag = "forms", operation_id = "get_attendee_form", params(("event_id" = u64, Query)),
    responses((status = 200, body = FormView)), extensions(("x-codes" = json!("CHANNEL_FORM_NOT_FOUND"))),
)]
pub async fn attendee(seller: Seller, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let event = params.id(&mut checks, "event_id");
    checks.required("event_id", params.get("event_id"));
    let event = EventId(checks.done(event)?.unwrap_or_default());
    let form = attendee_form(&seller, event).ok_or(Code::ChannelFormNotFound)?;
    let fields = form.fields.iter().map(FieldView::of).collect();
    Ok(json(&FormView { r#type: "ATTENDEE", event_id: Some(event.0), fields }))
}

/// What every buyer may say, and what the channel asks beside it; `None` if the channel has set up neither.
fn buyer_fields(channel: &Channel) -> Option<Vec<FieldView<'_>>> {
    if channel.buyer_mandatory.is_empty() && channel.buyer_form.is_empty() {
        return None;
    }
    let common = words::BUYER_FIELDS.iter().map(|(word, field)| {
        let email = *field == BuyerField::Email;
        let kind = if email { &FieldKind::Email } else { &FieldKind::Text { max_length: MAX_ANSWER } };
        FieldView::plain(word.to_ascii_lowercase(), email || channel.buyer_mandatory.contains(field), kind)
    });
    Some(common.chain(channel.buyer_form.fields.iter().map(FieldView::of)).collect())
}

/// The form of an event that the channel sells, if it has one.
fn attendee_form(seller: &Seller, event: EventId) -> Option<&Form> {
    let catalogue = &seller.view.catalogue;
    let sold =
        |id| catalogue.offers.values().any(|offer| offer.event.id == id && offer.in_channel(seller.channel.id, seller.now).is_some());
    let form = &catalogue.events.get(&event)?.attendee_form;
    (!form.is_empty() && sold(event)).then_some(form)
}
