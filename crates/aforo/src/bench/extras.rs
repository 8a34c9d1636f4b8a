//! What the orders of `--mix extras` carry beside their places: a promotion that comes by itself, one chosen with a code, an insurance, a delivery and a
//! voucher that pays a part. Set up through the management API before a round, and out of use after it, so that the rounds without are not touched.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::args::{BenchArgs, Until};
use super::more_sessions::signed_in;
use crate::client::credentials::ManagementKey;
use crate::client::request::Request;
use crate::client::wire::Named;
use crate::client::{Api, Failure};

/// The code of the chosen promotion.
pub const CODE: &str = "BENCH";
/// So many vouchers are made at a time.
const SLICE: u64 = 500;
/// Vouchers of a round at most; orders beyond go without one.
const MOST_VOUCHERS: u64 = 200_000;
/// So many a second are ready for a run that is not counted.
const VOUCHERS_PER_SECOND: u64 = 5_000;

/// What can be added to an order.
pub struct Extras {
    /// The promotion that is chosen with [`CODE`].
    pub promotion: u64,
    /// The insurance.
    pub insurance: u64,
    /// The way of delivery.
    pub delivery: u64,
    /// Codes of vouchers that nobody has used yet.
    vouchers: RefCell<Vec<String>>,
}

impl Extras {
    /// These; `vouchers` are codes.
    pub fn new(promotion: u64, insurance: u64, delivery: u64, vouchers: Vec<String>) -> Self {
        Self { promotion, insurance, delivery, vouchers: RefCell::new(vouchers) }
    }

    /// A voucher that nobody has used yet, as long as there are any.
    pub fn voucher(&self) -> Option<String> {
        self.vouchers.borrow_mut().pop()
    }

    /// A voucher that was not used after all.
    pub fn give_back(&self, voucher: String) {
        self.vouchers.borrow_mut().push(voucher);
    }
}

/// Who set it up, and takes it out of use again.
pub struct Promoter {
    api: Api,
    promotions: [u64; 2],
    group: u64,
}

impl Promoter {
    /// Sets up what one round needs, for one event in one channel.
    ///
    /// # Errors
    /// A sentence for the user when the key may not, or the channel offers neither insurance nor delivery.
    pub async fn begin(args: &BenchArgs, base: &str, key: &ManagementKey, event: u64, channel: u64) -> Result<(Self, Extras), String> {
        let offered = |list: &Value| list.as_array().and_then(|list| list.last()?["id"].as_u64());
        let say = |failure: Failure| format!("setting up the extras: {failure}");
        let api = signed_in(base, key).await.map_err(say)?;
        let terms: Value = api.fetch(&Request::get(format!("/mgmt-api/v1/channels/{channel}"))).await.map_err(say)?;
        let offered = offered(&terms["insurances"]).zip(offered(&terms["delivery_methods"]));
        let (insurance, delivery) =
            offered.ok_or(format!("channel {channel} needs an insurance and a delivery method for --mix extras"))?;
        let wanted = match args.until() {
            Until::Count(orders) => orders,
            Until::Seconds(seconds) => seconds.saturating_mul(VOUCHERS_PER_SECOND),
        };
        let promoter = Self::set_up(api, event, channel).await.map_err(say)?;
        let vouchers = promoter.vouchers(wanted.min(MOST_VOUCHERS)).await.map_err(say)?;
        let extras = Extras::new(promoter.promotions[1], insurance, delivery, vouchers);
        Ok((promoter, extras))
    }

    async fn set_up(api: Api, event: u64, channel: u64) -> Result<Self, Failure> {
        let event: Value = api.fetch(&Request::get(format!("/mgmt-api/v1/events/{event}"))).await?;
        let common = |name: &str| json!({"entity_id": event["entity_id"], "name": name, "conditions": {"events": [event["id"]], "channels": [channel]}});
        let mut automatic = common("bench, by itself");
        (automatic["type"], automatic["reduction"]) = (json!("AUTOMATIC"), json!({"type": "PERCENTAGE", "value": 10}));
        let mut chosen = common("bench, with a code");
        (chosen["type"], chosen["scope"], chosen["stackable"]) = (json!("PROMOTION"), json!("ORDER"), json!(true));
        chosen["reduction"] = json!({"type": "FIXED", "value": 1, "currency": event["currency"]});
        chosen["codes"] = json!([{ "code": CODE }]);
        let group = json!({"entity_id": event["entity_id"], "name": "bench", "currencies": [event["currency"]], "channels": [channel]});
        let make = async |path: &str, body| api.fetch::<Named>(&Request::post(format!("/mgmt-api/v1{path}")).json(body)).await;
        let promotions = [make("/promotions", automatic).await?.id, make("/promotions", chosen).await?.id];
        let group = make("/voucher-groups", group).await?.id;
        Ok(Self { api, promotions, group })
    }

    /// Codes of new vouchers, each worth 1: less than any order of a sale.
    async fn vouchers(&self, count: u64) -> Result<Vec<String>, Failure> {
        let mut codes = Vec::new();
        for first in (0..count).step_by(SLICE as usize) {
            let body = json!({"count": (count - first).min(SLICE), "amount": 1});
            let path = format!("/mgmt-api/v1/voucher-groups/{}/vouchers", self.group);
            let made: Value = self.api.fetch(&Request::post(path).json(body)).await?;
            let made = made["data"].as_array().ok_or_else(|| Failure::Shape("no vouchers".to_owned()))?;
            codes.extend(made.iter().filter_map(|voucher| voucher["code"].as_str()).map(str::to_owned));
        }
        Ok(codes)
    }

    /// Takes promotions and vouchers out of use.
    ///
    /// # Errors
    /// Why they still are in use.
    pub async fn end(self) -> Result<(), String> {
        let say = |failure: Failure| format!("taking the extras out of use: {failure}");
        for id in self.promotions {
            self.api.fetch::<Value>(&Request::delete(format!("/mgmt-api/v1/promotions/{id}"))).await.map_err(say)?;
        }
        let off = Request::patch(format!("/mgmt-api/v1/voucher-groups/{}", self.group)).json(json!({"status": "INACTIVE"}));
        self.api.fetch::<Value>(&off).await.map(drop).map_err(say)
    }
}
