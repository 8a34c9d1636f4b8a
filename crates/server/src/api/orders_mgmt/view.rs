//! An order as orders management shows it. What an item, a buyer and a price look like is `distribution::view`'s; here dates have milliseconds and
//! are in the zone of the venue: an order's own are in that of its first item.

use std::collections::BTreeMap;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::identity::Identity;
use aforo_domain::ids::{ItemId, OrderCode};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::orders::{Order, Stage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::distribution::delivery::DeliveryView;
use crate::api::distribution::insurances::InsuranceView;
use crate::api::distribution::promotions::AppliedView;
use crate::api::distribution::view::{
    BuyerView, IdView, ItemView, KINDS, PaymentView, PriceView, buyer_view, item_views, payment_view, price_view, shown, single_item,
};
use crate::api::distribution::vouchers::VoucherView;
use crate::api::mgmt::words;
use crate::http::clerk::Clerk;
use crate::http::time::{Precision, Shown, Zones};

/// What views are rendered with.
#[derive(Debug, Clone, Copy)]
pub struct Shows<'a> {
    catalogue: &'a Catalogue,
    identity: &'a Identity,
    zones: &'a Zones,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView<'a> {
    code: String,
    /// PRE_CONFIRM or CONFIRM.
    status: &'static str,
    /// PURCHASE, BOOKING (it waits longer for its payment) or ISSUE (it was booked and is sold).
    r#type: &'static str,
    channel: ChannelView<'a>,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    currency: Currency,
    language: &'a str,
    date: DatesView,
    items: Vec<ItemView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerView<'a>>,
    promotions: Vec<AppliedView<'a>>,
    insurances: Vec<InsuranceView<'a>>,
    /// How the tickets reach the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryView<'a>>,
    vouchers: Vec<VoucherView<'a>>,
    payments: Vec<PaymentView<'a>>,
    /// What the channel noted on it, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    consumer_metadata: &'a BTreeMap<String, String>,
    price: PriceView,
}

/// Who sold it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView<'a> {
    id: u64,
    name: &'a str,
}

/// When an order was made, sold, and is over if it is not sold.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatesView {
    created: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<Shown>,
}

/// The order of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemOrderView {
    code: String,
    r#type: &'static str,
    channel: IdView,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    currency: Currency,
}

impl ItemOrderView {
    /// An item's order, of this code.
    pub fn of(order: &Order, code: OrderCode) -> Self {
        let channel = IdView { id: order.seller.channel.0 };
        Self { code: code.to_string(), r#type: words::show(KINDS, &order.kind()), channel, currency: order.currency }
    }
}

impl<'a> Shows<'a> {
    /// For a caller.
    pub fn of<E>(clerk: &'a Clerk<E>) -> Self {
        Self { catalogue: &clerk.view.catalogue, identity: &clerk.view.identity, zones: &clerk.app.http.zones }
    }

    /// A date of an order.
    pub fn date_of(self, order: &Order, at: Timestamp) -> Shown {
        let offer = order.items.first().and_then(|item| self.catalogue.offers.get(&item.session));
        let zone = offer.map(|offer| self.zones.get(&offer.venue.time_zone));
        Shown::exactly(at, zone.as_ref(), Precision::Milliseconds)
    }

    /// An item of an order.
    pub fn item(self, order: &'a Order, id: ItemId) -> Option<ItemView<'a>> {
        let item = order.items.iter().find(|item| item.id == id)?;
        Some(single_item(item, order, self.catalogue, self.zones, Precision::Milliseconds))
    }
}

impl<'a> OrderView<'a> {
    /// Renders an order that has a code.
    pub fn of(order: &'a Order, shows: Shows<'a>) -> Self {
        let (status, confirmed, payments) = match &order.stage {
            Stage::Confirm { at, payments, .. } => ("CONFIRM", Some(*at), payments.as_slice()),
            Stage::PreConfirm { .. } => ("PRE_CONFIRM", None, &[][..]),
            // These have not come so far, and are not shown.
            Stage::Basket { .. } => ("BASKET", None, &[][..]),
            Stage::Expired { .. } => ("EXPIRED", None, &[][..]),
        };
        let (currency, extras) = (order.currency, order.extras());
        let channel = order.seller.channel;
        Self {
            code: order.code().map(|code| code.to_string()).unwrap_or_default(),
            status,
            r#type: words::show(KINDS, &order.kind()),
            channel: ChannelView { id: channel.0, name: shows.identity.channels.get(&channel).map_or("", |channel| &channel.name) },
            currency,
            language: order.language.as_str(),
            date: DatesView {
                created: shows.date_of(order, order.created),
                expires: order.expires().map(|expires| shows.date_of(order, expires)),
                confirmed: confirmed.map(|confirmed| shows.date_of(order, confirmed)),
            },
            items: item_views(order, shows.catalogue, shows.zones, Precision::Milliseconds),
            buyer: order.buyer.as_deref().map(buyer_view),
            promotions: AppliedView::all(order),
            insurances: extras.insurances.iter().map(|taken| InsuranceView::of(taken, &order.language, currency)).collect(),
            delivery: extras.delivery.as_deref().map(|method| DeliveryView::of(method, &order.language, currency)),
            vouchers: VoucherView::all(order, shows.catalogue),
            payments: payments.iter().map(|payment| payment_view(payment, currency)).collect(),
            consumer_metadata: &extras.metadata,
            price: price_view(order),
        }
    }
}
