//! Loyalty programmes: somebody joins. The message goes to the installation's queue, and is answered once the queue has it; where there is none, aforo keeps
//! it until an operator takes it (management, `messages`).

use std::sync::Arc;

use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::error::{Code, Error};
use aforo_domain::ids::{Hash, OrderId};
use aforo_domain::messages::LoyaltyRequest;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::buyer::BuyerBody;
use crate::api::messages::{LoyaltyView, subject_of};
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{OptionalOrder, Seller};
use crate::http::respond::{Problem, json, unexpected};

/// Bytes of `data` at most, as JSON.
const MAX_DATA: usize = 16 * 1024;

/// Somebody who joins: `customer`, or else the buyer of the order in the header `ob-order-id`.
#[derive(Deserialize, ToSchema)]
pub struct LoyaltyBody {
    /// Which programme, where there are several.
    program: Option<String>,
    /// Who; the e-mail is required. Else the order's buyer.
    customer: Option<BuyerBody>,
    /// What else the programme is to be told; at most 16 KiB of JSON.
    #[schema(value_type = Option<Object>)]
    data: Option<Map<String, Value>>,
}

/// What was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinedView {
    /// By which the programme knows it, and drops repeats.
    message_id: String,
}

impl LoyaltyBody {
    fn read(&self, keep: bool) -> Result<LoyaltyRequest, Problem> {
        let customer = self.customer.as_ref().map(|customer| customer.read_as("customer.")).transpose()?;
        let mut checks = Checks::new();
        let program = checks.optional_text("program", self.program.as_deref());
        let data = self.data.as_ref().map(|data| Value::Object(data.clone()).to_string());
        if data.as_ref().is_some_and(|data| data.len() > MAX_DATA) {
            checks.bad_value("data");
        }
        checks.done(LoyaltyRequest { program, customer: customer.map(Arc::new), data, keep })
    }
}

/// Lets somebody join a loyalty programme: the message is handed to the queue that this installation has, and this answers once the queue has it. If that
/// fails nothing has changed, and the same call may be repeated: with an `Idempotency-Key` it counts once.
#[utoipa::path(
    post, path = "/loyalty-programs", tag = "loyalty", operation_id = "join_loyalty_program", request_body = LoyaltyBody,
    params(("ob-order-id" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = JoinedView)),
    extensions(("x-codes" = json!("AUTH0027 ORDER_NOT_FOUND ORDER_EXPIRED CREATE_LOYALTY_PROGRAM_EXCEPTION"))),
)]
pub async fn join(seller: Seller, OptionalOrder(order): OptionalOrder, call: Call<LoyaltyBody>) -> Result<Response, Problem> {
    if seller.app.loyalty.is_some() {
        return hand_over(&seller, order, &call).await;
    }
    let request = Box::new(call.body.read(true)?);
    let answer = seller.run(&call, Command::Order(OrderCommand::JoinLoyalty(order, request))).await?;
    let number = answer.ids()?.first().copied().ok_or(Code::Dist0000)?;
    Ok(answer.json(&JoinedView { message_id: format!("{}-{number}", seller.shard()) }))
}

/// Asks what is to be told, hands it over, and only then notes that it was done. The queue knows a call that is repeated with its key by the message's id.
async fn hand_over(seller: &Seller, order: Option<OrderId>, call: &Call<LoyaltyBody>) -> Result<Response, Problem> {
    let command = Command::Order(OrderCommand::JoinLoyalty(order, Box::new(call.body.read(false)?)));
    let asked = seller.ask(command.clone()).await?;
    let Reply::Loyalty(loyalty) = &asked.reply else { return Err(unexpected(&asked.reply)) };
    let claim = seller.claim(call);
    let hash = claim.map_or_else(|| Hash(seller.app.chance.seed()), |claim| claim.key);
    let message_id = format!("{}-{hash}", seller.shard());
    let subject = format!("{}.{}.{}", seller.shard(), loyalty.channel, subject_of(loyalty));
    let payload = LoyaltyView::of(seller.shard(), loyalty).bytes();
    let queue = seller.app.loyalty.as_ref().ok_or(Code::Dist0000)?;
    let failed = |why| Error::new(Code::CreateLoyaltyProgramException).because(format!("{why:?}"));
    queue.publish(&message_id, &subject, payload).await.map_err(failed)?;
    if claim.is_none() {
        return Ok(json(&JoinedView { message_id }));
    }
    Ok(seller.run(call, command).await?.json(&JoinedView { message_id }))
}
