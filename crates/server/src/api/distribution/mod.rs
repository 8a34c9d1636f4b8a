//! The distribution API: what a channel does with its orders. The current order travels in the header `ob-order-id`, never in the path.

pub mod attendees;
mod buyer;
mod collectives;
pub mod confirm;
pub mod delivery;
pub mod forms;
pub mod insurances;
mod items;
mod loyalty;
mod marketplaces;
mod metadata;
mod orders;
pub mod product_view;
mod products;
pub mod promotions;
mod resale;
pub mod shifts;
pub mod view;
pub mod voucher_order_view;
pub mod voucher_orders;
pub mod vouchers;

use aforo_domain::text::{Language, Localized};
use axum::response::Response;
use utoipa_axum::routes;

use crate::http::extract::Seller;
use crate::http::respond::{Answered, Problem};
use crate::http::router::Routes;
use view::OrderView;

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(orders::create, orders::read, orders::delete))
        .routes(routes!(items::add_seats))
        .routes(routes!(items::add_auto))
        .routes(routes!(products::add))
        .routes(routes!(items::set_rate))
        .routes(routes!(items::remove))
        .routes(routes!(items::release))
        .routes(routes!(buyer::set))
        .routes(routes!(attendees::set))
        .routes(routes!(forms::buyer))
        .routes(routes!(forms::attendee))
        .routes(routes!(delivery::list, delivery::choose))
        .routes(routes!(insurances::list, insurances::take, insurances::give_back))
        .routes(routes!(metadata::read, metadata::replace, metadata::clear))
        .routes(routes!(metadata::read_one, metadata::put, metadata::remove))
        .routes(routes!(vouchers::add))
        .routes(routes!(vouchers::remove))
        .routes(routes!(vouchers::validate))
        .routes(routes!(collectives::add))
        .routes(routes!(collectives::drop_one))
        .routes(routes!(promotions::list, promotions::apply))
        .routes(routes!(promotions::drop_one))
        .routes(routes!(orders::pre_confirm))
        .routes(routes!(orders::book))
        .routes(routes!(orders::back_to_basket))
        .routes(routes!(confirm::confirm))
        .routes(routes!(loyalty::join))
        .routes(routes!(shifts::open))
        .routes(routes!(shifts::current))
        .routes(routes!(shifts::close))
        .routes(routes!(resale::add))
        .routes(routes!(resale::list, resale::create))
        .routes(routes!(resale::read, resale::withdraw))
        .routes(routes!(marketplaces::validate))
        .routes(routes!(marketplaces::register))
        .routes(routes!(marketplaces::unregister))
        .routes(routes!(marketplaces::block))
        .routes(routes!(marketplaces::unblock))
        .routes(routes!(marketplaces::reissue))
        .routes(routes!(marketplaces::read))
        .routes(routes!(voucher_orders::offered))
        .routes(routes!(voucher_orders::create))
        .routes(routes!(voucher_orders::read, voucher_orders::delete))
        .routes(routes!(voucher_orders::pre_confirm))
        .routes(routes!(voucher_orders::confirm))
        .routes(routes!(voucher_orders::refund))
}

/// A text in a language, else as it is written without one.
fn local<'a>(texts: &'a Localized, language: &Language, else_is: &'a str) -> &'a str {
    texts.get(language).map_or(else_is, String::as_str)
}

/// Every order call answers the whole order. It is shown by the newest view: that of the request's beginning may not know a session that was put on sale
/// while it waited.
fn whole_order(seller: &Seller, answer: &Answered) -> Result<Response, Problem> {
    let newest = seller.app.engine.views().shard(seller.shard());
    let catalogue = &newest.as_ref().unwrap_or(&seller.view).catalogue;
    Ok(answer.json(&OrderView::of(answer.order()?, catalogue, &seller.app.http.zones)))
}
