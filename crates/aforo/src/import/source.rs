//! What is copied: the answers of a compatible catalogue, saved or live, each session with its availability and prices where they are known.
//!
//! Only what is needed is read; texts and pictures are passed on as they came.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use crate::client::credentials::ChannelKey;
use crate::client::request::Request;
use crate::client::wire::List;
use crate::client::{Api, Failure};

/// Sessions read from one catalogue at most.
const MOST_SESSIONS: u64 = 100_000;
/// Sessions of a page.
const PAGE: u64 = 100;

/// A session with all that is known of it.
pub struct Copy {
    /// Its entry in the list.
    pub session: Session,
    /// Its availability.
    pub availability: Option<Availability>,
    /// Its prices.
    pub prices: Option<Prices>,
}

/// A session's entry in the list.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    pub id: u64,
    pub name: String,
    pub event: Event,
    pub venue: Venue,
    pub date: Value,
    #[serde(default)]
    pub texts: Value,
    #[serde(default)]
    pub images: Value,
    pub price: PriceRange,
    #[serde(default)]
    pub availability: ByPriceType,
    #[serde(default = "yes")]
    pub for_sale: bool,
    pub external_reference: Option<String>,
    #[serde(default)]
    pub rates: Vec<Rate>,
}

fn yes() -> bool {
    true
}

/// An event.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub texts: Value,
    #[serde(default)]
    pub images: Value,
    pub default_language: Option<String>,
}

/// A venue.
#[derive(Debug, Clone, Deserialize)]
pub struct Venue {
    pub id: u64,
    pub name: String,
    pub location: Value,
    pub image: Option<String>,
    #[serde(default)]
    pub graphic: bool,
    #[serde(default)]
    pub check_orphan_seats: bool,
}

/// The smallest and the largest price.
#[derive(Debug, Clone, Deserialize)]
pub struct PriceRange {
    pub min: Amount,
    pub max: Amount,
    #[serde(default)]
    pub taxes: Taxes,
}

/// A price with what is added to it.
#[derive(Debug, Clone, Deserialize)]
pub struct Amount {
    pub value: Number,
    pub surcharge: Option<Surcharge>,
}

/// What is added to a price.
#[derive(Debug, Clone, Deserialize)]
pub struct Surcharge {
    pub promoter: Option<Number>,
}

/// Taxes, as they came.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Taxes {
    #[serde(default)]
    pub tickets: Vec<Tax>,
    #[serde(default)]
    pub surcharges: Vec<Tax>,
}

/// A tax.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct Tax {
    pub id: u64,
    pub name: String,
    pub value: Number,
}

/// A tariff.
#[derive(Debug, Clone, Deserialize)]
pub struct Rate {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub default: bool,
}

/// Price types with their counts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ByPriceType {
    #[serde(default)]
    pub price_types: Vec<PriceType>,
}

/// A price type with its counts.
#[derive(Debug, Clone, Deserialize)]
pub struct PriceType {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub availability: Counts,
    pub texts: Option<Value>,
    pub ui_settings: Option<Value>,
    pub code: Option<String>,
}

/// Places in all and free.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Counts {
    #[serde(default)]
    pub total: u32,
    #[serde(default)]
    pub available: u32,
}

/// A session's availability.
#[derive(Debug, Clone, Deserialize)]
pub struct Availability {
    pub id: u64,
    pub price_types: Vec<PriceType>,
    #[serde(default)]
    pub sectors: Vec<Sector>,
}

/// A sector with its counts.
#[derive(Debug, Clone, Deserialize)]
pub struct Sector {
    pub id: u64,
    pub name: String,
    pub code: Option<String>,
    pub price_types: Vec<PriceType>,
}

/// A session's prices.
#[derive(Debug, Clone, Deserialize)]
pub struct Prices {
    pub rates: Vec<RatePrices>,
}

/// The prices of a rate.
#[derive(Debug, Clone, Deserialize)]
pub struct RatePrices {
    pub id: u64,
    pub price_types: Vec<PriceTypePrice>,
}

/// What a price type costs.
#[derive(Debug, Clone, Deserialize)]
pub struct PriceTypePrice {
    pub id: u64,
    pub price: Amount,
}

/// A saved list: a whole answer, or one entry of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Saved {
    List { data: Vec<Session> },
    One(Box<Session>),
}

/// Reads saved answers.
///
/// # Errors
/// Which file is not what it should be, and why.
pub fn saved(sessions: Option<&Path>, availability: &[PathBuf], prices: &[(u64, PathBuf)]) -> Result<Vec<Copy>, String> {
    let sessions = sessions.ok_or("there is no file with sessions")?;
    let sessions = match file(sessions)? {
        Saved::List { data } => data,
        Saved::One(session) => vec![*session],
    };
    let mut known: HashMap<u64, Availability> = HashMap::new();
    for path in availability {
        let availability: Availability = file(path)?;
        known.insert(availability.id, availability);
    }
    let prices = prices.iter().map(|(id, path)| Ok((*id, file(path)?))).collect::<Result<HashMap<u64, Prices>, String>>()?;
    if let Some(id) = known.keys().chain(prices.keys()).find(|id| !sessions.iter().any(|session| session.id == **id)) {
        return Err(format!("session {id} is not in the list of sessions"));
    }
    let copy = |session: Session| {
        let (availability, prices) = (known.get(&session.id).cloned(), prices.get(&session.id).cloned());
        Copy { session, availability, prices }
    };
    Ok(sessions.into_iter().map(copy).collect())
}

fn file<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{} is not a saved answer of this kind: {error}", path.display()))
}

/// Reads a catalogue over HTTP.
///
/// # Errors
/// What the server refuses with.
pub async fn live(mut api: Api, channel: &ChannelKey) -> Result<Vec<Copy>, String> {
    let say = |failure: Failure| format!("the catalogue to copy: {failure}");
    let signed = api.send(&channel.sign_in()).await.map_err(say)?;
    api.keep_token(&signed).map_err(say)?;
    let mut sessions: Vec<Session> = Vec::new();
    loop {
        let path = format!("/catalog-api/v1/sessions?type=SESSION&limit={PAGE}&offset={}", sessions.len());
        let page: List<Session> = api.fetch(&Request::get(path)).await.map_err(say)?;
        let (total, got) = (page.metadata.total.min(MOST_SESSIONS), page.data.len());
        sessions.extend(page.data);
        if got == 0 || sessions.len() as u64 >= total {
            break;
        }
    }
    let mut copies = Vec::with_capacity(sessions.len());
    for session in sessions {
        let path = format!("/catalog-api/v1/sessions/{}", session.id);
        let availability = known(api.fetch(&Request::get(format!("{path}/availability"))).await).map_err(say)?;
        let prices = known(api.fetch(&Request::get(format!("{path}/prices"))).await).map_err(say)?;
        copies.push(Copy { session, availability, prices });
    }
    Ok(copies)
}

/// A compatible API need not know every path.
fn known<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Refused(answer)) if matches!(answer.status, 404 | 405) => Ok(None),
        Err(failure) => Err(failure),
    }
}
