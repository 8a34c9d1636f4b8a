//! Collectives of an order: bringing one in with a code, a member id, or id and password, and taking it out. What is shown comes in a body, and of it no
//! more than its end is ever sent back. A password is compared here, on threads of its own, and only that it was right goes on.

use aforo_domain::catalogue::Catalogue;
use aforo_domain::collectives::{Check, Holder, MemberKey, TakenCollective};
use aforo_domain::command::{Command, OrderCommand, Reply};
use aforo_domain::ids::{CollectiveId, OrderId};
use aforo_domain::orders::Order;
use aforo_domain::orders::collectives::{Proof, Shown};
use aforo_domain::promotions::PromotionCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::OrderView;
use super::{local, whole_order};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{CurrentOrder, PathId, Seller};
use crate::http::passwords::Whose;
use crate::http::respond::{Answered, Problem, unexpected};
use crate::http::wire::Num;

/// A collective that an order carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectiveView<'a> {
    id: u64,
    /// In the order's language, where it is written in it.
    name: &'a str,
    /// How the code ends that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// How the id of the member ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
}

impl<'a> CollectiveView<'a> {
    /// The collectives of an order.
    pub fn all(order: &'a Order, catalogue: &'a Catalogue) -> Vec<Self> {
        let view = |taken: &'a TakenCollective| {
            // Collectives are never taken out of the catalogue, so the empty name is never seen.
            let collective = catalogue.collectives.get(&taken.id);
            let name = collective.map_or("", |collective| local(&collective.names, &order.language, &collective.name));
            let (code, member) = match &taken.holder {
                Holder::Code(code) => (Some(code.masked()), None),
                Holder::Member(key) => (None, Some(key.masked.as_str())),
            };
            Self { id: taken.id.0, name, code, member }
        };
        order.extras().collectives.iter().map(view).collect()
    }
}

/// A collective to be brought in: with `code`, with `user`, or with `user` and `password`, as its `type` asks for.
#[derive(Deserialize, ToSchema)]
pub struct CollectiveBody {
    /// Which collective.
    #[schema(required = true)]
    id: Option<Num>,
    /// Capital and small letters are alike.
    code: Option<String>,
    /// A member's id; capital and small letters are alike.
    user: Option<String>,
    /// The member's.
    password: Option<String>,
}

/// What somebody says to be of a collective, the password not compared yet.
enum Said {
    Code(PromotionCode),
    Member(MemberKey, Option<String>),
}

impl CollectiveBody {
    fn read(&self) -> Result<(CollectiveId, Said), Problem> {
        let mut checks = Checks::new();
        let id = CollectiveId(checks.id("id", self.id.as_ref()));
        let filled = |text: &'_ Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let password = self.password.clone().filter(|password| !password.is_empty());
        // What is wrong is not sent back, so it is a wrong value and not a wrong form.
        let said = match (filled(&self.code), filled(&self.user)) {
            (Some(_), Some(_)) => {
                checks.bad_value("user");
                None
            }
            (Some(code), None) => {
                let code = PromotionCode::parse(&code);
                if code.is_none() {
                    checks.bad_value("code");
                }
                code.map(Said::Code)
            }
            (None, Some(user)) => {
                let key = MemberKey::of(id, &user);
                if key.is_none() {
                    checks.bad_value("user");
                }
                key.map(|key| Said::Member(key, password))
            }
            (None, None) => {
                checks.missing(if password.is_some() { "user" } else { "code" });
                None
            }
        };
        let said = checks.done(said)?.ok_or(aforo_domain::error::Code::Dist0000)?;
        Ok((id, said))
    }
}

/// Brings a collective into the current order, so that what it opens is open to it: promotions, presales and vouchers that are bound to it. Somebody
/// else of the same one takes the first one's place. An order carries at most 10.
#[utoipa::path(
    post, path = "/orders/collectives", tag = "collectives", operation_id = "add_collective", request_body = CollectiveBody,
    params(("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)), responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_COLLECTIVE_NOT_FOUND TOO_MANY_REQUESTS \
        ORDER_INVALID_COLLECTIVE ORDER_ITEM_INVALID ORDER_COLLECTIVE_LIMIT_EXCEEDED"))),
)]
pub async fn add(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<CollectiveBody>) -> Result<Response, Problem> {
    let (collective, said) = call.body.read()?;
    // What a collective asks for never changes; one that was made a moment ago may not be published here yet.
    let check = seller.view.catalogue.collectives.get(&collective).map(|collective| &collective.check);
    let asks = check.is_none_or(|check| *check == Check::MemberPassword);
    let shown = match said {
        Said::Code(code) => Shown::Code(code),
        Said::Member(key, Some(password)) if asks => match compared(&seller, &call, (id, collective), &key, password).await? {
            Ok(proof) => Shown::Member(key, Some(proof)),
            Err(before) => return whole_order(&seller, &before),
        },
        Said::Member(key, _) => Shown::Member(key, None),
    };
    let answer = seller.run(&call, Command::Order(OrderCommand::AddCollective(id, collective, shown))).await?;
    whole_order(&seller, &answer)
}

/// Compares a member's password; or finds what the call was answered before, if it is a repeated one.
async fn compared(
    seller: &Seller,
    call: &Call<CollectiveBody>,
    (order, collective): (OrderId, CollectiveId),
    key: &MemberKey,
    password: String,
) -> Result<Result<Proof, Answered>, Problem> {
    let answer = seller.run(call, Command::Order(OrderCommand::MemberPassword(order, collective, key.clone()))).await?;
    let hash = match &answer.reply {
        Reply::MemberPassword(hash) => hash.clone(),
        Reply::Order(_) => return Ok(Err(answer)),
        other => return Err(unexpected(other)),
    };
    let phc = hash.as_ref().map(|hash| hash.0.clone());
    let right = seller.app.http.passwords.verify(Whose::Member, phc, password).await?;
    Ok(Ok(Proof { hash, right }))
}

/// Takes a collective out of the current order, and with it what it opened: its promotions and vouchers. Items that were bought in its presale have to be
/// removed before.
#[utoipa::path(
    delete, path = "/orders/collectives/{id}", tag = "collectives", operation_id = "drop_collective",
    params(("id" = u64, Path), ("ob-order-id" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = OrderView)),
    extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_INVALID_STATUS ORDER_COLLECTIVE_NOT_FOUND ORDER_ITEM_INVALID"))),
)]
pub async fn drop_one(
    seller: Seller,
    PathId(collective): PathId,
    CurrentOrder(id): CurrentOrder,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let answer = seller.run(&call, Command::Order(OrderCommand::DropCollective(id, CollectiveId(collective)))).await?;
    whole_order(&seller, &answer)
}
