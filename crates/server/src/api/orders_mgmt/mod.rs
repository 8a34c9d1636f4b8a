//! Orders management: what became of orders once they have a code, and what is done with them after the sale.
//!
//! Lists and reads are read from the tables, which first have to have all that was committed when the call came: so who changed something sees it. Who
//! sees what is `domain::orders::sight`'s; what is out of sight answers as what does not exist. Dates have milliseconds, in the zone of the venue.

mod corrections;
mod history;
mod items;
mod orders;
mod refund;
mod relocate;
mod tickets;
mod transfer;
pub mod view;

use aforo_domain::error::Code;
use aforo_domain::ids::{OrderCode, OrderId};
use aforo_domain::orders::Order;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::sync::Arc;
use utoipa_axum::routes;

use crate::http::checks::Checks;
use crate::http::clerk::Clerk;
use crate::http::params::{Paging, Params};
use crate::http::respond::Problem;
use crate::http::router::Routes;
use crate::http::wire::{List, Metadata};
use crate::store::lists::{Cut, Page};

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(orders::list))
        .routes(routes!(orders::read))
        .routes(routes!(refund::refund))
        .routes(routes!(relocate::relocate))
        .routes(routes!(corrections::cancel))
        .routes(routes!(corrections::resend))
        .routes(routes!(corrections::note))
        .routes(routes!(corrections::attendees))
        .routes(routes!(corrections::reprint))
        .routes(routes!(transfer::transfer))
        .routes(routes!(history::list))
        .routes(routes!(items::list))
        .routes(routes!(tickets::pdf))
        .routes(routes!(tickets::qr_svg))
        .routes(routes!(tickets::qr_png))
        .routes(routes!(tickets::apple_pass))
        .routes(routes!(tickets::google_pass))
}

/// Offsets have no end here but that of what JSON clients count exactly.
const MAX_OFFSET: u64 = aforo_domain::ids::MAX_ID - 1;

/// The code in a path. One that is none is no order's.
#[derive(Debug, Clone, Copy)]
pub struct PathCode(pub OrderCode);

impl<S: Send + Sync> FromRequestParts<S> for PathCode {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::OrderNotFound)?;
        let code = raw.iter().find(|(name, _)| *name == "code").and_then(|(_, text)| OrderCode::parse(text));
        Ok(Self(code.ok_or(Code::OrderNotFound)?))
    }
}

impl<E> Clerk<E> {
    /// The order with a code, as far as the caller sees it.
    ///
    /// # Errors
    /// `ORDER_NOT_FOUND`.
    async fn order(&self, code: OrderCode) -> Result<Arc<Order>, Problem> {
        let shard = self.shard;
        let order = self.read(move |reader| reader.order(shard, code)).await?;
        let order = order.filter(|order| order.has_come_so_far(self.now)).ok_or(Code::OrderNotFound)?;
        Ok(self.sight.shows(&order, &self.view.identity, &self.view.catalogue).ok_or(Code::OrderNotFound)?)
    }
}

impl<E> Clerk<E> {
    /// Which order has a code, for a command on it. One that nobody has where there is none: so it is the command that finds out, and what was answered
    /// to who asks again with the same `Idempotency-Key` is found first.
    async fn id_of(&self, code: OrderCode) -> Result<OrderId, Problem> {
        let shard = self.shard;
        let order = self.read(move |reader| reader.order(shard, code)).await?;
        Ok(order.map_or(OrderId::NOBODYS, |order| order.id))
    }
}

fn paging(checks: &mut Checks, params: &Params) -> Paging {
    params.paging(checks, MAX_OFFSET)
}

const fn cut(paging: Paging) -> Cut {
    Cut { limit: paging.limit, offset: paging.offset }
}

fn listed<'a, T, V>(paging: Paging, page: &'a Page<T>, view: impl FnMut(&'a T) -> V) -> List<V> {
    let metadata = Metadata { limit: paging.limit, total: page.total, offset: paging.offset };
    List { metadata, data: page.rows.iter().map(view).collect() }
}
