//! The catalogue API: what a channel can sell. Only reads, only from what is published: never the engine, never the store.
//!
//! What does not change with every ticket is encoded once and kept ([`cache`]); what does (counts, flags, statuses) is filled in ([`stencil`]).

pub mod availability;
pub mod cache;
mod chunks;
mod collectives;
mod conditional;
mod event_item;
mod events;
pub mod live;
mod map;
mod money;
mod prices;
mod products;
mod promoted;
mod promotions;
mod resale;
mod seat_list;
mod seats;
mod session_item;
mod sessions;
mod stencil;
#[cfg(test)]
mod tests;

pub use session_item::zone;
use utoipa_axum::routes;

use crate::http::router::Routes;

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::read))
        .routes(routes!(availability::read))
        .routes(routes!(prices::read))
        .routes(routes!(seats::read))
        .routes(routes!(resale::read))
        .routes(routes!(map::read))
        .routes(routes!(live::read))
        .routes(routes!(events::list))
        .routes(routes!(events::read))
        .routes(routes!(promotions::read))
        .routes(routes!(collectives::list))
        .routes(routes!(products::list))
        .routes(routes!(products::read))
}
