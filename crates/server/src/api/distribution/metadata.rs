//! Consumer metadata: what a channel notes on an order for itself.

use std::collections::BTreeMap;

use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::error::{Code, Error};
use aforo_domain::orders::Order;
use aforo_domain::orders::metadata::MetadataChange;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::OrderView;
use super::whole_order;
use crate::http::call::{Call, NoBody};
use crate::http::checks::{Checks, MAX_ELEMENTS, MAX_TEXT};
use crate::http::extract::{CurrentOrder, Seller};
use crate::http::respond::{Answered, Problem};

/// All that is noted on an order, by key.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetadataView<'a> {
    consumer_metadata: &'a BTreeMap<String, String>,
}

/// One note.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteView<'a> {
    key: &'a str,
    value: &'a str,
}

/// All that shall be noted on an order, by key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MetadataBody {
    #[schema(required = true)]
    consumer_metadata: Option<BTreeMap<String, String>>,
}

/// What shall be noted under a key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NoteBody {
    #[schema(required = true)]
    value: Option<String>,
}

/// The key in the path.
#[derive(Debug)]
pub struct Key(String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(key) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::invalid(&["key"]))?;
        let mut checks = Checks::new();
        check_key(&mut checks, &key);
        Ok(Self(checks.done(key)?))
    }
}

fn check_key(checks: &mut Checks, key: &str) {
    if key.trim().is_empty() || key.chars().any(char::is_control) || key.chars().count() > MAX_TEXT {
        checks.bad_value("key");
    }
}

fn check_value(checks: &mut Checks, value: &str) {
    if value.contains('\0') || value.chars().count() > MAX_TEXT {
        checks.bad_value("value");
    }
}

impl MetadataBody {
    fn read(&self) -> Result<BTreeMap<String, String>, Problem> {
        let mut checks = Checks::new();
        let all = checks.required("consumer_metadata", self.consumer_metadata.clone()).unwrap_or_default();
        if all.len() > MAX_ELEMENTS {
            checks.bad_value("consumer_metadata");
        }
        for (key, value) in &all {
            check_key(&mut checks, key);
            check_value(&mut checks, value);
        }
        checks.done(all)
    }
}

async fn order(seller: &Seller, CurrentOrder(id): CurrentOrder) -> Result<Answered, Problem> {
    seller.ask(Command::Order(OrderCommand::Read(id))).await
}

fn noted(order: &Order) -> &BTreeMap<String, String> {
    &order.extras().metadata
}

/// Reads all that is noted on the current order.
#[utoipa::path(
    get, path = "/orders/consumer-metadata", tag = "consumer metadata", operation_id = "read_consumer_metadata",
    params(("ob-order-id" = String, Header)),
    responses((status = 200, body = MetadataView)), extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED"))),
)]
pub async fn read(seller: Seller, current: CurrentOrder) -> Result<Response, Problem> {
    let answer = order(&seller, current).await?;
    Ok(answer.json(&MetadataView { consumer_metadata: noted(answer.order()?) }))
}

/// Reads what is noted under a key.
#[utoipa::path(
    get, path = "/orders/consumer-metadata/{key}", tag = "consumer metadata", operation_id = "read_consumer_metadata_key",
    params(("ob-order-id" = String, Header), ("key" = String, Path)),
    responses((status = 200, body = NoteView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED CONSUMER_METADATA_NOT_FOUND"))),
)]
pub async fn read_one(seller: Seller, Key(key): Key, current: CurrentOrder) -> Result<Response, Problem> {
    let answer = order(&seller, current).await?;
    let value = noted(answer.order()?).get(&key).ok_or(Code::ConsumerMetadataNotFound)?;
    Ok(answer.json(&NoteView { key: &key, value }))
}

/// Notes these keys on the current order, in place of all that were noted.
#[utoipa::path(
    put, path = "/orders/consumer-metadata", tag = "consumer metadata", operation_id = "replace_consumer_metadata", request_body = MetadataBody,
    params(("ob-order-id" = String, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS CONSUMER_METADATA_MAX_ELEMENTS \
        CONSUMER_METADATA_KEY_MAX_LENGTH CONSUMER_METADATA_VALUE_MAX_LENGTH"))),
)]
pub async fn replace(seller: Seller, current: CurrentOrder, call: Call<MetadataBody>) -> Result<Response, Problem> {
    let all = call.body.read()?;
    change(&seller, current, &call, MetadataChange::Replace(all)).await
}

/// Notes a value under a key.
#[utoipa::path(
    put, path = "/orders/consumer-metadata/{key}", tag = "consumer metadata", operation_id = "put_consumer_metadata_key", request_body = NoteBody,
    params(("ob-order-id" = String, Header), ("key" = String, Path)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS CONSUMER_METADATA_MAX_ELEMENTS \
        CONSUMER_METADATA_KEY_MAX_LENGTH CONSUMER_METADATA_VALUE_MAX_LENGTH"))),
)]
pub async fn put(seller: Seller, Key(key): Key, current: CurrentOrder, call: Call<NoteBody>) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let value = checks.required("value", call.body.value.clone()).unwrap_or_default();
    check_value(&mut checks, &value);
    let value = checks.done(value)?;
    change(&seller, current, &call, MetadataChange::Put(key, value)).await
}

/// Takes away all that is noted on the current order.
#[utoipa::path(
    delete, path = "/orders/consumer-metadata", tag = "consumer metadata", operation_id = "clear_consumer_metadata",
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS"))),
)]
pub async fn clear(seller: Seller, current: CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    change(&seller, current, &call, MetadataChange::Replace(BTreeMap::new())).await
}

/// Takes away what is noted under a key.
#[utoipa::path(
    delete, path = "/orders/consumer-metadata/{key}", tag = "consumer metadata", operation_id = "remove_consumer_metadata_key",
    params(("ob-order-id" = String, Header), ("key" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS CONSUMER_METADATA_NOT_FOUND"))),
)]
pub async fn remove(seller: Seller, Key(key): Key, current: CurrentOrder, call: Call<NoBody>) -> Result<Response, Problem> {
    change(&seller, current, &call, MetadataChange::Remove(key)).await
}

async fn change<T>(seller: &Seller, CurrentOrder(id): CurrentOrder, call: &Call<T>, change: MetadataChange) -> Result<Response, Problem> {
    let answer = seller.run(call, Command::Order(OrderCommand::ChangeMetadata(id, change))).await?;
    whole_order(seller, &answer)
}
