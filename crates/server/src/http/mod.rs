//! The HTTP side that all APIs share: connections, middleware, who asks, bodies, errors. No API and no rule is here.
//!
//! # How to write a handler
//!
//! ```ignore
//! /// Adds numbered seats, all or none.
//! #[utoipa::path(
//!     post, path = "/orders/seats", tag = "orders", params(("ob-order-id" = String, Header)), request_body = SeatsBody,
//!     responses((status = 200, body = OrderView)),
//!     extensions(("x-codes" = json!("ORDER_NOT_FOUND ORDER_EXPIRED ORDER_SEAT_NOT_AVAILABLE"))),
//! )]
//! async fn add_seats(seller: Seller, CurrentOrder(id): CurrentOrder, call: Call<SeatsBody>) -> Result<Response, Problem> {
//!     let seats = call.body.read()?;
//!     let answer = seller.run(&call, Command::Order(OrderCommand::AddSeats(id, seats))).await?;
//!     Ok(answer.json(&OrderView::of(answer.order()?, &seller.view)))
//! }
//!
//! #[derive(Deserialize, ToSchema)]
//! struct SeatsBody {
//!     seats: Option<Vec<SeatBody>>,          // every field is an Option: what is missing is said by name
//! }
//!
//! impl SeatsBody {
//!     fn read(&self) -> Result<Vec<SeatRequest>, Problem> {
//!         let mut checks = Checks::new();
//!         let seats = checks.list("seats", self.seats.as_deref()); // 1 to 500
//!         let seats = seats.iter().map(|seat| SeatRequest {
//!             id: SeatId(checks.id("seats.id", seat.id.as_ref())),
//!             session: SessionId(checks.id("seats.session_id", seat.session_id.as_ref())),
//!             rate: checks.optional_id("seats.rate_id", seat.rate_id.as_ref()).map(RateId),
//!         }).collect();
//!         checks.done(seats)
//!     }
//! }
//! ```
//!
//! - **The order of arguments is the order of checks**: who asks ([`extract::Seller`], [`extract::CatalogCaller`], [`extract::Manager`], [`clerk::Clerk`], [`marketplace::Marketplace`]), then path
//!   ([`extract::PathId`]), headers ([`extract::CurrentOrder`]) and query ([`params::Params`]), last the body ([`call::Call`]).
//! - Numbers of a body are [`wire::Num`] (the text of the number), amounts become minor units in [`checks::Checks::amount`] once the currency is
//!   known; amounts are written with [`wire::Money`], dates with [`time`].
//! - `Call<T>` needs a body, `Call<Option<T>>` may do without, [`call::NoBody`] does not look. `Call<T, MAX_IMPORT>` takes a large one.
//! - `seller.run(&call, command)` handles the `Idempotency-Key`; `seller.ask(command)` is for reads through the engine. Catalogue reads use
//!   `caller.view` and nothing else.
//! - `?` turns a domain `Error` or `Code` into a [`respond::Problem`]; the middleware writes its body.
//! - A call of many lines hands them to [`lines`], which does each by itself and reports on all.
//! - Register the handler in its API's `router()` with `utoipa_axum::routes!`, and list the codes it may answer beyond those that every call may
//!   answer (`http::openapi` adds these) in `x-codes`, separated by blanks.

pub mod call;
pub mod checks;
pub mod clerk;
pub mod extract;
pub mod gatekeeper;
pub mod idempotency;
pub mod limit;
pub mod lines;
pub mod marketplace;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod params;
pub mod passwords;
pub mod respond;
pub mod router;
pub mod serve;
pub mod time;
pub mod tokens;
pub mod wire;
pub mod workers;

pub use serve::serve;

/// Documents drawn at once: an order of hundreds of tickets takes a second.
const DRAWN_AT_ONCE: usize = 2;
/// Documents that are drawn or wait for it; beyond it `OVERLOADED` at once.
const DRAWINGS: usize = 64;

/// Exports under way at most; beyond it `OVERLOADED` at once.
const EXPORTS: usize = 4;

/// What HTTP remembers between requests; everything is bounded.
#[derive(Debug)]
pub struct State {
    /// Verified tokens.
    pub tokens: tokens::Tokens,
    /// Idempotent requests under way.
    pub in_progress: idempotency::InProgress,
    /// Allowances of addresses that are not signed in.
    pub addresses: limit::Addresses,
    /// Ids of requests.
    pub request_ids: middleware::RequestIds,
    /// Where passwords are hashed.
    pub passwords: passwords::Passwords,
    /// Where tickets are drawn.
    pub drawing: workers::Workers,
    /// Room for exports.
    pub exports: std::sync::Arc<tokio::sync::Semaphore>,
    /// Time zones of venues.
    pub zones: time::Zones,
    /// Counters.
    pub metrics: metrics::Metrics,
    /// Whether the server is stopping: answers that have no end of their own end then.
    pub stopping: tokio::sync::watch::Sender<bool>,
}

impl State {
    /// Nothing remembered yet.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            tokens: tokens::Tokens::default(),
            in_progress: idempotency::InProgress::default(),
            addresses: limit::Addresses::default(),
            request_ids: middleware::RequestIds::new(seed),
            passwords: passwords::Passwords::new(seed),
            drawing: workers::Workers::new(DRAWN_AT_ONCE, DRAWINGS),
            exports: std::sync::Arc::new(tokio::sync::Semaphore::new(EXPORTS)),
            zones: time::Zones::default(),
            metrics: metrics::Metrics::new(),
            stopping: tokio::sync::watch::Sender::new(false),
        }
    }
}
