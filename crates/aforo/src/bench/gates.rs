//! What gates need before a run: tickets that were sold, with their barcodes, and a token of access control. The tickets are sold through the public API,
//! like any others.

use std::cell::Cell;

use serde_json::{Value, json};

use super::args::{BenchArgs, Until};
use super::stage::Stage;
use crate::client::credentials::Credentials;
use crate::client::request::Request;
use crate::client::wire::{Order, PriceTypes};
use crate::client::{Api, Failure};
use crate::out;

/// Tickets that are sold for a run at most; beyond it they come again, and are refused.
const MOST_TICKETS: u64 = 20_000;
/// Places of an order.
const PLACES: u64 = 10;
/// Gates that tickets are shown at.
const GATES: u64 = 12;

/// Tickets to be shown at the gates of a session.
pub struct Tickets {
    /// Whose gates.
    pub session: u64,
    /// Of access control.
    pub token: String,
    barcodes: Vec<String>,
    shown: Cell<usize>,
}

impl Tickets {
    /// Sells tickets of the hot session and signs in at its gates.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn sell(args: &BenchArgs, base: &str, credentials: &Credentials, stage: &Stage) -> Result<Self, String> {
        let key = credentials.management.as_ref().ok_or("--scenario gates needs a management key in the credentials file")?;
        let mut gates = Api::new(base).map_err(say)?;
        let signed = gates.send(&key.sign_in_at_gates()).await.map_err(say)?;
        gates.keep_token(&signed).map_err(say)?;
        let mut shop = Api::new(base).map_err(say)?;
        let signed = shop.send(&credentials.channel(args.channel)?.sign_in()).await.map_err(say)?;
        shop.keep_token(&signed).map_err(say)?;
        let session = stage.hot.1;
        let wanted = if let Until::Count(count) = args.until() { count.min(MOST_TICKETS) } else { MOST_TICKETS };
        out::note(format_args!("selling {wanted} tickets to be shown at the gates ..."));
        let mut barcodes = Vec::new();
        while (barcodes.len() as u64) < wanted {
            match order(&shop, session).await.map_err(say)? {
                some if some.is_empty() => break,
                some => barcodes.extend(some),
            }
        }
        if barcodes.is_empty() {
            return Err("no ticket of the session could be sold".to_owned());
        }
        let token = gates.token().unwrap_or_default().to_owned();
        Ok(Self { session, token, barcodes, shown: Cell::new(0) })
    }

    /// The next barcode, and the gate that it is shown at. The last is followed by the first again.
    pub fn next(&self) -> (&str, u64) {
        let shown = self.shown.get();
        self.shown.set(shown + 1);
        (&self.barcodes[shown % self.barcodes.len()], shown as u64 % GATES)
    }
}

/// Buys some places of a session: their barcodes; none if nothing is left.
async fn order(shop: &Api, session: u64) -> Result<Vec<String>, Failure> {
    let availability: PriceTypes = shop.fetch(&Request::get(format!("/catalog-api/v1/sessions/{session}/availability"))).await?;
    let Some(kind) = availability.price_types.iter().find(|kind| kind.availability.available >= PLACES) else { return Ok(Vec::new()) };
    let call = |path: &str| Request::post(format!("/distribution-api/v1/orders{path}"));
    let order: Order = shop.fetch(&call("").json(json!({}))).await?;
    let places = json!({"session_id": session, "price_type_id": kind.id, "quantity": PLACES});
    shop.fetch::<Value>(&call("/seats-auto").order(&order.id).json(places)).await?;
    let buyer = json!({"email": "ada.soler@example.org", "name": "Ada", "surname": "Soler"});
    shop.fetch::<Value>(&call("/buyer-data").order(&order.id).json(buyer)).await?;
    let accepted: Order = shop.fetch(&call("/pre-confirm").order(&order.id)).await?;
    let to_pay = accepted.price.ok_or_else(|| Failure::Shape("an order without a price".to_owned()))?.to_pay;
    let payments = json!({"payments": [{"type": "CARD", "amount": to_pay}]});
    let sold: Order = shop.fetch(&call("/confirm").order(&order.id).json(payments)).await?;
    Ok(sold.items.into_iter().filter_map(|item| item.ticket?.barcode).collect())
}

fn say(failure: Failure) -> String {
    format!("getting tickets for the gates: {failure}")
}
