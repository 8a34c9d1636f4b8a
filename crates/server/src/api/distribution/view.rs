//! An order as clients see it: rendered on the request's thread from the order and the published catalogue. Fields without a value are left out; lists
//! are there even if empty; the parts of the price are there even if 0. An order's own dates are UTC, a session's are in its venue's zone.

use std::collections::BTreeMap;

use aforo_domain::catalogue::plan::Place;
use aforo_domain::catalogue::{Catalogue, EventKind, Offer};
use aforo_domain::ids::{OrderCode, OrderId};
use aforo_domain::money::{Currency, Minor};
use aforo_domain::orders::entry::Entry;
use aforo_domain::orders::surcharges::OrderSurcharge;
use aforo_domain::orders::{Buyer, Item, Order, OrderKind, Payment, PaymentKind, Spot, Stage, TicketKind, attendees, surcharges};
use aforo_domain::pricing::{TaxLine, Taxed};
use aforo_domain::seasons::Share;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::collectives::CollectiveView;
use super::delivery::DeliveryView;
use super::insurances::InsuranceView;
use super::product_view::ProductView;
use super::promotions::{AppliedView, DiscountView};
use super::vouchers::VoucherView;
use crate::api::mgmt::words;
use crate::http::time::{Precision, Shown, Zones};
use crate::http::wire::Money;

/// The words for payments.
pub const PAYMENT_KINDS: &[(&str, PaymentKind)] = &[
    ("CASH", PaymentKind::Cash),
    ("CARD", PaymentKind::Card),
    ("TRANSFER", PaymentKind::Transfer),
    ("EXTERNAL", PaymentKind::External),
    ("CREDIT", PaymentKind::Credit),
];

/// The words for what an order is to the books.
pub const KINDS: &[(&str, OrderKind)] =
    &[("PURCHASE", OrderKind::Purchase), ("BOOKING", OrderKind::Booking), ("ISSUE", OrderKind::Issue), ("REFUND", OrderKind::Refund)];

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView<'a> {
    /// 32 hexadecimal characters.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    id: OrderId,
    /// Given at pre-confirm.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_shown")]
    #[schema(value_type = Option<String>)]
    code: Option<OrderCode>,
    /// BASKET, PRE_CONFIRM or CONFIRM.
    status: &'static str,
    /// PURCHASE, BOOKING (it waits longer for its payment) or ISSUE (it was booked and is sold).
    r#type: &'static str,
    channel: IdView,
    currency: &'a str,
    language: &'a str,
    date: DatesView,
    /// Once it is sold, where its entity numbers receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView<'a>>,
    /// Places, then units of products, each in the order of adding.
    items: Vec<AnyItemView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<BuyerView<'a>>,
    promotions: Vec<AppliedView<'a>>,
    /// In the order of adding.
    collectives: Vec<CollectiveView<'a>>,
    /// Those of the order as a whole, where there are any; those of tickets are with their items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    surcharges: Vec<OrderSurchargeView>,
    insurances: Vec<InsuranceView<'a>>,
    /// How the tickets reach the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryView<'a>>,
    /// In the order of adding.
    vouchers: Vec<VoucherView<'a>>,
    payments: Vec<PaymentView<'a>>,
    /// What the channel noted on it, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    consumer_metadata: &'a BTreeMap<String, String>,
    price: PriceView,
}

/// Something by its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdView {
    /// Its id.
    pub id: u64,
}

/// Something by its id and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedView<'a> {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: &'a str,
}

/// When an order was made and is over, UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DatesView {
    pub created: Shown,
    /// Until it is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Shown>,
}

/// The receipt of what was sold or given back: one number of its entity's series without gaps.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptView<'a> {
    /// Counts from 1.
    number: u64,
    /// What stands before it.
    prefix: &'a str,
}

impl<'a> ReceiptView<'a> {
    /// The receipt that something was given, if it was.
    pub fn of(entry: &'a Entry) -> Option<Self> {
        entry.receipt.as_ref().map(|receipt| Self { number: receipt.number, prefix: &receipt.prefix })
    }
}

/// An item of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "most items are places, and a box would cost each of them an allocation")]
pub enum AnyItemView<'a> {
    /// A place.
    Place(ItemView<'a>),
    /// A unit of a product.
    Product(ProductView<'a>),
}

/// A place in an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView<'a> {
    id: u64,
    /// SEAT.
    r#type: &'static str,
    event: NamedView<'a>,
    session: SessionView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<NamedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<SeatView<'a>>,
    /// A not-numbered zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<ZoneView<'a>>,
    price_type: NamedView<'a>,
    rate: NamedView<'a>,
    /// INVITATION where it is given away, RESALE where another buyer sells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_kind: Option<&'static str>,
    price: ItemPriceView,
    /// Who comes, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    attendee: Option<AttendeeView<'a>>,
    /// Of a season ticket, what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<SeasonView<'a>>,
    /// Once confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<TicketView<'a>>,
    /// The offer that it is, where another buyer sells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    listing_id: Option<u64>,
    /// The ticket whose place it took, where it was sold on the secondary market.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousView>,
}

/// A ticket that was sold again.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviousView {
    /// Its order's.
    code: String,
    item_id: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct SeasonView<'a> {
    /// By start.
    sessions: Vec<SeasonSessionView<'a>>,
}

/// A session in which a season ticket's place is the buyer's.
#[derive(Debug, Serialize, ToSchema)]
struct SeasonSessionView<'a> {
    id: u64,
    name: &'a str,
    date: SessionDateView,
    /// What of the price, after promotions and without surcharges, is this session's.
    amount: Money,
}

#[derive(Debug, Serialize, ToSchema)]
struct AttendeeView<'a> {
    /// What the fields of the event's form are filled with, by key.
    fields: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionView<'a> {
    id: u64,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<SessionDateView>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct SessionDateView {
    start: Shown,
    /// Of a time slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Shown>,
}

#[derive(Debug, Serialize, ToSchema)]
/// A numbered seat.
pub struct SeatView<'a> {
    id: u64,
    row: &'a str,
    seat: &'a str,
    /// The door that its people are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
/// A not-numbered zone.
pub struct ZoneView<'a> {
    id: u64,
    name: &'a str,
    /// The door that its people are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    entrance: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TicketView<'a> {
    id: u64,
    barcode: &'a str,
    /// VALID, LISTED (its owner offers it to others), REGISTERED (a marketplace is about to sell it), BLOCKED (by a marketplace), REFUNDED, RELOCATED or REISSUED (another ticket has its place).
    status: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct ItemPriceView {
    /// Price type x rate, taxes included.
    base: Money,
    /// What each promotion takes off the base.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    promotions: Vec<DiscountView>,
    surcharge: SurchargeView,
    /// What the buyer pays for it, after promotions.
    total: Money,
    taxes: Vec<TaxView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SurchargeView {
    promoter: Money,
    channel: Money,
}

/// A surcharge of an order as a whole.
#[derive(Debug, Serialize, ToSchema)]
struct OrderSurchargeView {
    /// Whose: PROMOTER or CHANNEL.
    r#type: &'static str,
    /// The session that brought it along.
    session: IdView,
    amount: Money,
    taxes: Vec<TaxView>,
}

/// A tax that a price includes.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxView {
    id: u64,
    /// Of what: TICKET, PROMOTER or CHANNEL (surcharge; SECONDARY_MARKET_PROMOTER or SECONDARY_MARKET_CHANNEL where another buyer sells it), DELIVERY, INSURANCE or PRODUCT.
    applies_to: &'static str,
    /// The rate, in per cent.
    #[schema(value_type = f64)]
    value: Money,
    amount: Money,
}

/// Who buys.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuyerView<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    /// What the channel's own fields of its form are filled with, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fields: &'a BTreeMap<String, String>,
}

/// What was paid, and how.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView<'a> {
    r#type: &'static str,
    amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// What an order adds up to.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceView {
    base: Money,
    promotions: Money,
    surcharges: Money,
    insurance: Money,
    delivery: Money,
    total: Money,
    vouchers: Money,
    /// Of a relocation: what the places pay that it was given for.
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<Money>,
    to_pay: Money,
    /// Informative: prices include them.
    taxes: Money,
}

impl<'a> OrderView<'a> {
    /// Renders an order.
    pub fn of(order: &'a Order, catalogue: &'a Catalogue, zones: &Zones) -> Self {
        let (status, confirmed, payments) = match &order.stage {
            Stage::Basket { .. } => ("BASKET", None, &[][..]),
            Stage::PreConfirm { .. } => ("PRE_CONFIRM", None, &[][..]),
            Stage::Confirm { at, payments, .. } => ("CONFIRM", Some(*at), payments.as_slice()),
            Stage::Expired { .. } => ("EXPIRED", None, &[][..]),
            Stage::Refund { at, .. } => ("CONFIRM", Some(*at), &[][..]),
        };
        let (currency, extras) = (order.currency, order.extras());
        Self {
            id: order.id,
            code: order.code(),
            status,
            r#type: words::show(KINDS, &order.kind()),
            channel: IdView { id: order.seller.channel.0 },
            currency: order.currency.code(),
            language: order.language.as_str(),
            date: DatesView {
                created: Shown::utc(order.created),
                expires: order.expires().map(Shown::utc),
                confirmed: confirmed.map(Shown::utc),
            },
            receipt: ReceiptView::of(&extras.entry),
            items: item_views(order, catalogue, zones, Precision::Seconds),
            buyer: order.buyer.as_deref().map(buyer_view),
            promotions: AppliedView::all(order),
            collectives: CollectiveView::all(order, catalogue),
            surcharges: surcharge_views(order),
            insurances: extras.insurances.iter().map(|taken| InsuranceView::of(taken, &order.language, currency)).collect(),
            delivery: extras.delivery.as_deref().map(|method| DeliveryView::of(method, &order.language, currency)),
            vouchers: VoucherView::all(order, catalogue),
            payments: payments.iter().map(|payment| payment_view(payment, currency)).collect(),
            consumer_metadata: &extras.metadata,
            price: price_view(order),
        }
    }
}

/// The items of an order. They mostly follow others of their session, so what is looked up for one serves the next.
pub fn item_views<'a>(order: &'a Order, catalogue: &'a Catalogue, zones: &Zones, precision: Precision) -> Vec<AnyItemView<'a>> {
    let mut views = Vec::with_capacity(order.count());
    for items in order.items.chunk_by(|a, b| a.session == b.session) {
        // Sessions and their names are never taken out of the catalogue, so the empty names are never seen.
        let offer = items.first().and_then(|item| catalogue.offers.get(&item.session)).map(AsRef::as_ref);
        let date = offer.map(|offer| date_view(offer, zones, precision));
        views.extend(items.iter().map(|item| AnyItemView::Place(item_view(item, order, offer, date, (zones, precision)))));
    }
    views.extend(ProductView::all(order, catalogue).map(AnyItemView::Product));
    views
}

/// One item of an order.
pub fn single_item<'a>(item: &'a Item, order: &'a Order, catalogue: &'a Catalogue, zones: &Zones, precision: Precision) -> ItemView<'a> {
    let offer = catalogue.offers.get(&item.session).map(AsRef::as_ref);
    let date = offer.map(|offer| date_view(offer, zones, precision));
    item_view(item, order, offer, date, (zones, precision))
}

fn item_view<'a>(
    item: &'a Item,
    order: &'a Order,
    offer: Option<&'a Offer>,
    date: Option<SessionDateView>,
    when: (&Zones, Precision),
) -> ItemView<'a> {
    let (sector, seat, zone) = offer.map_or((None, None, None), |offer| spot(item.spot, item.place, offer));
    let price_type = offer.and_then(|offer| offer.plan.template.price_types.iter().find(|known| known.id == item.price_type));
    let rate = offer.and_then(|offer| offer.session.rates.iter().find(|rate| rate.id == item.rate));
    let (currency, attendee) = (order.currency, attendees::of(&order.extras().attendees, item.id));
    let money = |minor| Money::of(currency, minor);
    ItemView {
        id: item.id.0,
        r#type: "SEAT",
        event: NamedView { id: item.event.0, name: offer.map_or("", |offer| &offer.event.name) },
        session: SessionView { id: item.session.0, name: offer.map_or("", |offer| &offer.session.name), date },
        sector,
        seat,
        zone,
        price_type: NamedView { id: item.price_type.0, name: price_type.map_or("", |known| &known.name) },
        rate: NamedView { id: item.rate.0, name: rate.map_or("", |rate| &rate.name) },
        ticket_kind: match item.kind {
            TicketKind::Sale => None,
            TicketKind::Invitation => Some("INVITATION"),
            TicketKind::Resale => Some("RESALE"),
        },
        price: ItemPriceView {
            base: money(item.price.base),
            promotions: item.price.discounts.iter().map(|one| DiscountView::new(one.promotion.0, one.amount, currency)).collect(),
            surcharge: SurchargeView { promoter: money(item.price.promoter_surcharge), channel: money(item.price.channel_surcharge) },
            total: money(item.price.total()),
            taxes: item.price.taxes.iter().map(|line| tax_view(line, currency, item.kind == TicketKind::Resale)).collect(),
        },
        attendee: attendee.map(|attendee| AttendeeView { fields: &attendee.fields }),
        season: item.season.as_deref().zip(offer).map(|(shares, offer)| season_view(shares, offer, currency, when)),
        ticket: item.barcode.as_ref().map(|barcode| TicketView {
            id: item.id.0,
            barcode: barcode.as_str(),
            status: order.ticket_state(item.id).as_str(),
        }),
        listing_id: order.second_hand(item.id).and_then(|one| Some(one.resold.as_ref()?.listing.0)),
        // Whose place it takes is of no concern to who has not bought it yet.
        previous: order
            .second_hand(item.id)
            .filter(|_| order.is_sold())
            .map(|one| PreviousView { code: one.code.to_string(), item_id: one.ticket.0 }),
    }
}

fn season_view<'a>(shares: &[Share], offer: &'a Offer, currency: Currency, (zones, precision): (&Zones, Precision)) -> SeasonView<'a> {
    let zone = zones.get(&offer.venue.time_zone);
    let sessions = offer.members.iter().filter_map(|member| {
        let (id, name) = (member.session.id, member.session.name.as_str());
        let share = shares.iter().find(|share| share.member.session == id)?;
        let date = SessionDateView { start: Shown::exactly(member.session.start, Some(&zone), precision), end: None };
        Some(SeasonSessionView { id: id.0, name, date, amount: Money::of(currency, share.amount) })
    });
    SeasonView { sessions: sessions.collect() }
}

fn date_view(offer: &Offer, zones: &Zones, precision: Precision) -> SessionDateView {
    let zone = zones.get(&offer.venue.time_zone);
    let at = |instant| Shown::exactly(instant, Some(&zone), precision);
    let end = (offer.event.kind == EventKind::Activity).then(|| at(offer.session.end));
    SessionDateView { start: at(offer.session.start), end }
}

type SpotView<'a> = (Option<NamedView<'a>>, Option<SeatView<'a>>, Option<ZoneView<'a>>);

/// The sector of a place, and the seat or the zone that it is.
pub fn spot(spot: Spot, place: Place, offer: &Offer) -> SpotView<'_> {
    let seat = matches!(spot, Spot::Seat(_)).then(|| offer.plan.seat_at(place)).flatten();
    if let Some(at) = seat {
        let seat = SeatView { id: at.seat.id.0, row: &at.row.name, seat: &at.seat.name, entrance: at.row.entrance.as_deref() };
        return (Some(NamedView { id: at.sector.id.0, name: &at.sector.name }), Some(seat), None);
    }
    let zone = offer.plan.zone_at(place);
    let sector = zone.map(|(sector, _)| NamedView { id: sector.id.0, name: &sector.name });
    (sector, None, zone.map(|(_, zone)| ZoneView { id: zone.id.0, name: &zone.name, entrance: zone.entrance.as_deref() }))
}

/// Taxes that a price includes.
pub fn tax_views(lines: &[TaxLine], currency: Currency) -> Vec<TaxView> {
    lines.iter().map(|line| tax_view(line, currency, false)).collect()
}

fn tax_view(line: &TaxLine, currency: Currency, resale: bool) -> TaxView {
    let (value, amount) = (Money::percent(line.percent), Money::of(currency, line.amount));
    TaxView { id: line.tax.0, applies_to: taxed(line.taxed, resale), value, amount }
}

const fn taxed(what: Taxed, resale: bool) -> &'static str {
    match what {
        Taxed::PromoterSurcharge if resale => "SECONDARY_MARKET_PROMOTER",
        Taxed::ChannelSurcharge if resale => "SECONDARY_MARKET_CHANNEL",
        Taxed::Ticket => "TICKET",
        Taxed::PromoterSurcharge => "PROMOTER",
        Taxed::ChannelSurcharge => "CHANNEL",
        Taxed::Delivery => "DELIVERY",
        Taxed::Insurance => "INSURANCE",
        Taxed::Product => "PRODUCT",
    }
}

fn surcharge_views(order: &Order) -> Vec<OrderSurchargeView> {
    let view = |surcharge: &OrderSurcharge| OrderSurchargeView {
        r#type: taxed(surcharge.taxed, false),
        session: IdView { id: surcharge.session.0 },
        amount: Money::of(order.currency, surcharge.amount),
        taxes: tax_views(&surcharge.taxes, order.currency),
    };
    surcharges::charged(&order.surcharges).map(view).collect()
}

impl PaymentView<'_> {
    /// What whoever asks for a refund pays out.
    pub const fn manual(amount: Money) -> Self {
        Self { r#type: "MANUAL", amount, reference: None }
    }
}

/// A payment in the order's currency.
pub fn payment_view(payment: &Payment, currency: Currency) -> PaymentView<'_> {
    PaymentView {
        r#type: words::show(PAYMENT_KINDS, &payment.kind),
        amount: Money::of(currency, payment.amount),
        reference: payment.reference.as_deref(),
    }
}

/// A buyer.
pub fn buyer_view(buyer: &Buyer) -> BuyerView<'_> {
    BuyerView {
        email: &buyer.email,
        name: buyer.name.as_deref(),
        surname: buyer.surname.as_deref(),
        phone: buyer.phone.as_deref(),
        id_number: buyer.id_number.as_deref(),
        address: buyer.address.as_deref(),
        city: buyer.city.as_deref(),
        postal_code: buyer.postal_code.as_deref(),
        country: buyer.country.as_deref(),
        language: buyer.language.as_ref().map(aforo_domain::text::Language::as_str),
        fields: &buyer.fields,
    }
}

/// What an order adds up to.
pub fn price_view(order: &Order) -> PriceView {
    let totals = order.totals();
    let money = |minor| Money::of(order.currency, minor);
    let taxes: Minor = order.tax_lines().map(|line| line.amount).sum();
    PriceView {
        base: money(totals.base),
        promotions: money(totals.promotions),
        surcharges: money(totals.surcharges),
        insurance: money(totals.insurance),
        delivery: money(totals.delivery),
        total: money(totals.total()),
        vouchers: money(totals.vouchers),
        credit: order.extras().replaces.as_ref().map(|replaces| money(replaces.credit)),
        to_pay: money(totals.to_pay()),
        taxes: money(taxes),
    }
}

/// Writes what shows itself as a text.
pub fn shown<T: std::fmt::Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(super) fn maybe_shown<T: std::fmt::Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
