//! Who buys. Each call says all of it: a field that is left out is empty afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::forms::is_email;
use aforo_domain::orders::Buyer;
use aforo_domain::text::Language;
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

/// Who buys.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BuyerBody {
    pub email: Option<String>,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub phone: Option<String>,
    pub id_number: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: Option<String>,
    pub language: Option<String>,
    /// What the channel's own fields of its form are filled with, by key.
    pub fields: Option<BTreeMap<String, String>>,
}

impl BuyerBody {
    fn read(&self) -> Result<Buyer, Problem> {
        self.read_as("")
    }

    /// Reads it where it is a part of a body: what is wrong is named with this before it.
    pub fn read_as(&self, prefix: &str) -> Result<Buyer, Problem> {
        let mut checks = Checks::new();
        let buyer = self.read_into(&mut checks, prefix);
        checks.done(buyer)
    }

    /// Reads it as a part of a body: `within` stands before the names of its fields.
    pub fn read_into(&self, checks: &mut Checks, within: &str) -> Buyer {
        let name = |field: &str| format!("{within}{field}");
        let email = checks.text(&name("email"), self.email.as_deref());
        if !email.is_empty() && !is_email(&email) {
            checks.bad_format(&name("email"), &email);
        }
        let mut text = |field: &str, value: &Option<String>| checks.optional_text(&name(field), value.as_deref());
        Buyer {
            email,
            name: text("name", &self.name),
            surname: text("surname", &self.surname),
            phone: text("phone", &self.phone),
            id_number: text("id_number", &self.id_number),
            address: text("address", &self.address),
            city: text("city", &self.city),
            postal_code: text("postal_code", &self.postal_code),
            country: checks.formed(&name("country"), self.country.as_deref().filter(|text| !text.trim().is_empty()), country),
            language: checks.formed(&name("language"), self.language.as_deref(), Language::parse),
            fields: answers(checks, &name("fields"), self.fields.as_ref()),
        }
    }
}

fn country(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
}

/// Says who buys.
#[utoipa::path(
    post, path = "/orders/buyer-data", tag = "buyer", operation_id = "set_buyer_data", request_body = BuyerBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS SESSION_SALES_LIMIT_EXCEEDED \
        CLIENT_DATA_INVALID_POSTAL_CODE"))),
)]
pub async fn set(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<BuyerBody>) -> Result<Response, Problem> {
    let buyer = Arc::new(call.body.read()?);
    let answer = seller.run(&call, Command::Order(OrderCommand::SetBuyer(id, buyer))).await?;
    whole_order(&seller, &answer)
}

#[cfg(test)]
mod tests {
    use super::country;

    #[test]
    fn countries_are_two_letters() {
        assert_eq!(country("es").as_deref(), Some("ES"));
        assert!(country("ESP").is_none() && country("1").is_none() && country("é").is_none());
    }
}
