//! Messages as they are written outside: what a loyalty programme's queue gets, and what management shows of the same. One form for both.

use aforo_domain::ids::ShardId;
use aforo_domain::messages::{Joining, Loyalty, LoyaltyEvent, Sale};
use aforo_domain::money::Currency;
use serde::Serialize;
use serde_json::Value;

use crate::api::distribution::view::{BuyerView, buyer_view};
use crate::http::time::Shown;
use crate::http::wire::Money;

/// What a loyalty programme is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LoyaltyView<'a> {
    /// `SOLD`: an order was sold. `JOINED`: somebody joins.
    r#type: &'static str,
    operator_id: u64,
    channel_id: u64,
    /// Who bought, or joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<BuyerView<'a>>,
    /// Which programme, of `JOINED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    /// The order; of `JOINED` only its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<LoyaltyOrderView>,
    /// What else the channel told, of `JOINED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    data: Option<Value>,
}

/// An order that a loyalty programme is told of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LoyaltyOrderView {
    code: String,
    /// When it was sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// What it cost in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<LoyaltyItemView>,
}

/// A place of an order that a loyalty programme is told of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LoyaltyItemView {
    event_id: u64,
    session_id: u64,
    price: Money,
}

impl<'a> LoyaltyView<'a> {
    /// What is told in an operator's name.
    pub fn of(shard: ShardId, loyalty: &'a Loyalty) -> Self {
        let (operator_id, channel_id) = (shard.0, loyalty.channel.0);
        match &loyalty.event {
            LoyaltyEvent::Sold(sale) => Self {
                r#type: "SOLD",
                operator_id,
                channel_id,
                customer: sale.buyer.as_deref().map(buyer_view),
                program: None,
                order: Some(LoyaltyOrderView::of(sale)),
                data: None,
            },
            LoyaltyEvent::Joined(joining) => {
                let Joining { program, customer, order, data } = joining;
                let order = order.map(|code| LoyaltyOrderView {
                    code: code.to_string(),
                    date: None,
                    currency: None,
                    total: None,
                    items: Vec::new(),
                });
                let (program, customer) = (program.as_deref(), Some(buyer_view(customer)));
                // It was written by us.
                let data = data.as_deref().and_then(|data| serde_json::from_str(data).ok());
                Self { r#type: "JOINED", operator_id, channel_id, customer, program, order, data }
            }
        }
    }

    /// As the queue gets it.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl LoyaltyOrderView {
    fn of(sale: &Sale) -> Self {
        let money = |currency: Currency, minor| Money::of(currency, minor);
        let items = sale.items.iter().map(|item| LoyaltyItemView {
            event_id: item.event.0,
            session_id: item.session.0,
            price: money(sale.currency, item.amount),
        });
        Self {
            code: sale.code.to_string(),
            date: Some(Shown::utc(sale.at)),
            currency: Some(sale.currency.to_string()),
            total: Some(money(sale.currency, sale.total)),
            items: items.collect(),
        }
    }
}

/// The last part of the subject under which a queue gets it.
pub const fn subject_of(loyalty: &Loyalty) -> &'static str {
    match loyalty.event {
        LoyaltyEvent::Sold(_) => "sold",
        LoyaltyEvent::Joined(_) => "joined",
    }
}
