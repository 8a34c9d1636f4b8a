//! The parts of the public API's answers that the client commands read. Everything else in an answer is ignored on purpose: a client that
//! reads only what it needs runs against newer servers too.

use serde::Deserialize;
use serde_json::Number;

/// The answer of the token endpoint.
#[derive(Deserialize)]
pub struct Token {
    /// The token to call the API with.
    pub access_token: String,
}

/// A list of anything.
#[derive(Deserialize)]
pub struct List<T> {
    /// How many there are.
    pub metadata: Metadata,
    /// The items of this page.
    pub data: Vec<T>,
}

/// What a list says of itself.
#[derive(Deserialize)]
pub struct Metadata {
    /// How many items there are beyond this page too.
    pub total: u64,
}

/// An id with a name.
#[derive(Deserialize)]
pub struct Named {
    /// The id.
    pub id: u64,
    /// The name.
    #[serde(default)]
    pub name: String,
}

/// A session of the catalogue.
#[derive(Deserialize)]
pub struct Session {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// Its event.
    pub event: Named,
    /// Where it takes place.
    pub venue: Named,
    /// Its places by price type.
    #[serde(default)]
    pub availability: PriceTypes,
    /// Whether it can be bought now.
    #[serde(default)]
    pub on_sale: bool,
    /// Whether nothing is left for this channel.
    #[serde(default)]
    pub sold_out: bool,
}

impl Session {
    /// Free places for this channel.
    pub fn available(&self) -> u64 {
        self.availability.price_types.iter().map(|price_type| price_type.availability.available).sum()
    }
}

/// The price types of a session, in its list entry and in its availability alike.
#[derive(Deserialize, Default)]
pub struct PriceTypes {
    /// Each with its places.
    #[serde(default)]
    pub price_types: Vec<PriceType>,
}

/// A price type and its places.
#[derive(Deserialize)]
pub struct PriceType {
    /// The id.
    pub id: u64,
    /// Its places.
    pub availability: Places,
}

/// How many places there are.
#[derive(Deserialize)]
pub struct Places {
    /// Free now.
    #[serde(default)]
    pub available: u64,
}

/// An order, as every order call answers it.
#[derive(Deserialize)]
pub struct Order {
    /// 32 hexadecimal characters.
    pub id: String,
    /// Given at pre-confirm.
    pub code: Option<String>,
    /// What is bought.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What it costs.
    pub price: Option<OrderPrice>,
}

/// The sums of an order that a buyer's client needs.
#[derive(Deserialize)]
pub struct OrderPrice {
    /// What the payments must add up to, in major units as the server wrote it.
    pub to_pay: Number,
}

/// One place or product of an order.
#[derive(Deserialize)]
pub struct Item {
    /// The ticket, once confirmed.
    pub ticket: Option<Ticket>,
}

/// A ticket.
#[derive(Deserialize)]
pub struct Ticket {
    /// What the gate reads.
    pub barcode: Option<String>,
}

/// An error answer.
#[derive(Deserialize, Default, Debug)]
pub struct ErrorBody {
    /// The code of the catalogue.
    #[serde(default)]
    pub code: String,
    /// Its message.
    #[serde(default)]
    pub message: String,
}
