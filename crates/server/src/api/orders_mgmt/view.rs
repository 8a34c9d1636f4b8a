//! An order as orders management shows it. What an item, a buyer and a price look like is `distribution::view`'s; here dates have milliseconds and
//! are in the zone of the venue: an order's own are in that of its first item.

use std::collections::BTreeMap;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::identity::Identity;
use aforo_domain::ids::{ItemId, OrderCode};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::orders::after::Refunded;
use aforo_domain::orders::market::{MarketState, Successor};
use aforo_domain::orders::{Order, OrderKind, Stage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::distribution::delivery::DeliveryView;
use crate::api::distribution::insurances::InsuranceView;
use crate::api::distribution::product_view::ProductView;
use crate::api::distribution::promotions::AppliedView;
use crate::api::distribution::view::{
    AnyItemView, BuyerView, IdView, KINDS, PaymentView, PriceView, ReceiptView, buyer_view, item_views, payment_view, price_view, shown,
    single_item,
};
use crate::api::distribution::vouchers::VoucherView;
use crate::api::mgmt::words;
use crate::app::App;
use crate::engine::view::ShardView;
use crate::http::clerk::Clerk;
use crate::http::time::{Precision, Shown, Zones};
use crate::http::wire::Money;

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
    /// PURCHASE, BOOKING (it waits longer for its payment), ISSUE (it was booked and is sold) or REFUND (its amounts are positive and say what comes
    /// back).
    r#type: &'static str,
    /// PRIMARY, or SECONDARY where tickets took the places of others that were sold before.
    market: &'static str,
    /// Of a refund: the order that was sold; of a relocation: the order whose places it was given for. On the secondary market: the order of the first
    /// ticket whose place was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_code: Option<String>,
    /// Of a refund that gives back of season tickets what was one session's share: that session.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of: Option<IdView>,
    channel: ChannelView<'a>,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    currency: Currency,
    language: &'a str,
    date: DatesView,
    /// Once it is in the books, where its entity numbers receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView<'a>>,
    /// Places, then units of products, each in the order of adding.
    items: Vec<AnyItemView<'a>>,
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
    /// As it was sold: what is given back is in the refunds.
    price: PriceView,
    /// What was given back of it, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundView>,
    /// Which of its places were given against others, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relocations: Vec<RefundView>,
    /// The places that it was given for.
    #[serde(skip_serializing_if = "Option::is_none")]
    relocation: Option<RelocationView<'a>>,
    /// The orders whose tickets took the places of tickets of this one, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next: Vec<NextView>,
}

/// An order whose tickets took the places of others.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextView {
    code: String,
    date: Shown,
    /// Of the order that is shown: those that are not there any more.
    items: Vec<IdView>,
}

/// What an order was given for.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelocationView<'a> {
    /// The order's code.
    code: String,
    items: Vec<RelocatedView>,
    /// What had been paid for them, with surcharges and insurances.
    total: Money,
    /// What of that is paid out, since the new places cost less.
    paid_out: Money,
    /// How it is, where somebody said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payments: Vec<PaymentView<'a>>,
}

/// An item with the one whose place it took.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelocatedView {
    id: u64,
    previous_id: u64,
}

impl<'a> RelocationView<'a> {
    fn of(order: &'a Order) -> Option<Self> {
        let replaces = order.extras().replaces.as_ref()?;
        let money = |minor| Money::of(order.currency, minor);
        Some(Self {
            code: replaces.code.to_string(),
            items: replaces.items.iter().map(|(from, to)| RelocatedView { id: to.0, previous_id: from.0 }).collect(),
            total: money(replaces.given_back(order).totals().total()),
            paid_out: money(replaces.paid_out(order)),
            payments: replaces.payouts.iter().map(|payment| payment_view(payment, order.currency)).collect(),
        })
    }
}

/// That something was given back, or given against something else.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundView {
    /// The code of the refund, or of the order of the new places.
    code: String,
    date: Shown,
    /// What came back in all; left out where the order is not seen whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    items: Vec<IdView>,
    /// Of season tickets, the session that was called off: only its share came back, and the tickets stay good for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of: Option<IdView>,
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
    /// PRIMARY or SECONDARY.
    market: &'static str,
    channel: IdView,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    currency: Currency,
}

impl ItemOrderView {
    /// An item's order, of this code.
    pub fn of(order: &Order, code: OrderCode) -> Self {
        let channel = IdView { id: order.seller.channel.0 };
        let (r#type, market) = (words::show(KINDS, &order.kind()), market(order.is_second_hand()));
        Self { code: code.to_string(), r#type, market, channel, currency: order.currency }
    }
}

impl<'a> Shows<'a> {
    /// For a caller.
    pub fn of<E>(clerk: &'a Clerk<E>) -> Self {
        Self::with(&clerk.view, &clerk.app)
    }

    /// With what is published.
    pub fn with(view: &'a ShardView, app: &'a App) -> Self {
        Self { catalogue: &view.catalogue, identity: &view.identity, zones: &app.http.zones }
    }

    /// A date of an order.
    pub fn date_of(self, order: &Order, at: Timestamp) -> Shown {
        let offer = order.items.first().and_then(|item| self.catalogue.offers.get(&item.session));
        let zone = offer.map(|offer| self.zones.get(&offer.venue.time_zone));
        Shown::exactly(at, zone.as_ref(), Precision::Milliseconds)
    }

    /// A refund of an order.
    pub fn refund(self, refund: &Refunded, order: &Order) -> RefundView {
        let whole = is_whole(order);
        RefundView {
            code: refund.code.to_string(),
            date: self.date_of(order, refund.at),
            total: whole.then(|| Money::of(order.currency, refund.total)),
            items: refund.items.iter().map(|item| IdView { id: item.0 }).collect(),
            share_of: refund.share.map(|session| IdView { id: session.0 }),
        }
    }

    /// The orders that took places of an order's tickets.
    fn next(self, order: &Order) -> Vec<NextView> {
        let mut all: Vec<(&Successor, Vec<IdView>)> = Vec::new();
        for standing in &order.extras().after.market {
            let MarketState::Reissued(successor) = &standing.state else { continue };
            let item = IdView { id: standing.item.0 };
            match all.iter_mut().find(|(known, _)| known.order == successor.order) {
                Some((_, items)) => items.push(item),
                None => all.push((successor, vec![item])),
            }
        }
        all.sort_by_key(|(successor, _)| (successor.at, successor.code));
        let view = |(successor, items): (&Successor, _)| NextView {
            code: successor.code.to_string(),
            date: self.date_of(order, successor.at),
            items,
        };
        all.into_iter().map(view).collect()
    }

    /// An item of an order.
    pub fn item(self, order: &'a Order, id: ItemId) -> Option<AnyItemView<'a>> {
        let Some(item) = order.items.iter().find(|item| item.id == id) else {
            let unit = order.extras().products.iter().find(|unit| unit.id == id)?;
            return Some(AnyItemView::Product(ProductView::of(unit, order, self.catalogue)));
        };
        Some(AnyItemView::Place(single_item(item, order, self.catalogue, self.zones, Precision::Milliseconds)))
    }
}

impl<'a> OrderView<'a> {
    /// Renders an order that has a code.
    pub fn of(order: &'a Order, shows: Shows<'a>) -> Self {
        let (status, confirmed, payments) = match &order.stage {
            Stage::Confirm { at, payments, .. } => ("CONFIRM", Some(*at), payments.as_slice()),
            Stage::PreConfirm { .. } => ("PRE_CONFIRM", None, &[][..]),
            Stage::Refund { at, payments, .. } => ("CONFIRM", Some(*at), payments.as_slice()),
            // These have not come so far, and are not shown.
            Stage::Basket { .. } => ("BASKET", None, &[][..]),
            Stage::Expired { .. } => ("EXPIRED", None, &[][..]),
        };
        let (currency, extras) = (order.currency, order.extras());
        let channel = order.seller.channel;
        let replaced = extras.replaces.as_ref().map(|replaces| replaces.code).or_else(|| order.resold_from());
        let previous_code = if let Stage::Refund { of_code, .. } = order.stage { Some(of_code) } else { replaced };
        let became = |relocated: bool| {
            let notes = extras.after.refunds.iter().filter(move |note| note.relocated == relocated);
            notes.map(|note| shows.refund(note, order)).collect()
        };
        Self {
            code: order.code().map(|code| code.to_string()).unwrap_or_default(),
            status,
            r#type: words::show(KINDS, &order.kind()),
            market: market(order.is_second_hand()),
            previous_code: previous_code.map(|code| code.to_string()),
            share_of: extras.share.map(|session| IdView { id: session.0 }),
            channel: ChannelView { id: channel.0, name: shows.identity.channels.get(&channel).map_or("", |channel| &channel.name) },
            currency,
            language: order.language.as_str(),
            date: DatesView {
                created: shows.date_of(order, order.created),
                expires: order.expires().map(|expires| shows.date_of(order, expires)),
                confirmed: confirmed.map(|confirmed| shows.date_of(order, confirmed)),
            },
            receipt: ReceiptView::of(&extras.entry),
            items: item_views(order, shows.catalogue, shows.zones, Precision::Milliseconds),
            buyer: order.known_buyer().map(buyer_view),
            promotions: AppliedView::all(order),
            insurances: extras.insurances.iter().map(|taken| InsuranceView::of(taken, &order.language, currency)).collect(),
            delivery: extras.delivery.as_deref().map(|method| DeliveryView::of(method, &order.language, currency)),
            vouchers: VoucherView::all(order, shows.catalogue),
            payments: payments.iter().map(|payment| payment_view(payment, currency)).chain(paid_out(order)).collect(),
            consumer_metadata: &extras.metadata,
            price: price_view(order),
            refunds: became(false),
            relocations: became(true),
            relocation: RelocationView::of(order),
            next: shows.next(order),
        }
    }
}

/// On which market something was sold.
pub const fn market(second_hand: bool) -> &'static str {
    if second_hand { "SECONDARY" } else { "PRIMARY" }
}

/// Whether this is the whole order: it has had a buyer since before it had its code, and who sees a part of it does not see them.
const fn is_whole(order: &Order) -> bool {
    order.buyer.is_some()
}

/// What a refund pays out, where nobody said how.
fn paid_out(order: &Order) -> Option<PaymentView<'static>> {
    let amount = order.paid_out();
    let unsaid = order.kind() == OrderKind::Refund && amount > 0 && is_whole(order) && order.payouts().is_empty();
    unsaid.then(|| PaymentView::manual(Money::of(order.currency, amount)))
}
