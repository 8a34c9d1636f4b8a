//! A row of every kind, with every field filled: a small theatre, its people, and one order in each of its stages.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::barcodes::{BarcodeSource, PoolBarcode, PoolState};
use aforo_domain::catalogue::plan::{Attributes, Seat, SeatRow, Sector, Zone, ZonePlaces};
use aforo_domain::catalogue::{
    Access, Category, Coded, Event, EventKind, Images, Presale, PresaleCode, PriceType, Publication, Quota, Rate, RateKind, Readiness,
    Session, Tax, Template, Venue,
};
use aforo_domain::change::{Counter, CounterKey, Row, Sequence};
use aforo_domain::command::Reply;
use aforo_domain::error::{Code, DetailId, Error};
use aforo_domain::forms::{Choice, Field, FieldKind, Form};
use aforo_domain::idempotency::{Outcome, Period};
use aforo_domain::identity::terms::BookingTerms;
use aforo_domain::identity::{
    ApiKey, BuyerField, Channel, ChannelKind, Client, DirectoryEntry, DirectoryKey, Entity, Family, KeyOwner, License, Operator,
    Permission, PointOfSale, Role, Scopes, SigningKey, Status, Subject, Surcharge, Terminal, Tries, User,
};
use aforo_domain::ids::*;
use aforo_domain::inventory::{Claim, PlaceMarks};
use aforo_domain::messages::{About, Content, Letter, Loyalty, LoyaltyEvent, Mail, Message, MessageState, Sale, SoldItem, SoldProduct};
use aforo_domain::moment::{Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::attendees::Attendee;
use aforo_domain::orders::extras::Extras;
use aforo_domain::orders::surcharges::OrderSurcharge;
use aforo_domain::orders::{Buyer, History, HistoryEvent, Item, Order, Payment, PaymentKind, Seller, Spot, Stage, TicketKind};
use aforo_domain::pricing::{Discount, ItemPrice, TaxLine, Taxed};
use aforo_domain::products::{ProductTerms, Unit};
use aforo_domain::promotions::{Applied, Conditions, Limits, Promotion, PromotionCode, PromotionKind, Reduction, Scope, Terms};
use aforo_domain::resale::{ChannelResale, EventResale};
use aforo_domain::seasons::{self, Season, Share};
use aforo_domain::text::{Language, Localized};
use aforo_domain::vouchers::{MovementKind, TakenVoucher, Voucher, VoucherCode, VoucherGroup, VoucherMovement};

pub const NOW: Timestamp = Timestamp(1_764_000_000_000_000);
pub const CONFIRMED: OrderId = OrderId([0xc0; 16]);
pub const LIVE: OrderId = OrderId([0xa0; 16]);
pub const EXPIRED: OrderId = OrderId([0xe0; 16]);
/// In a pool, and the ticket's by now.
pub const USED: &str = "8412345678905";
pub const CODE: OrderCode = OrderCode(*b"ABCDEFGHJKMN");

pub fn barcode(text: &str) -> Barcode {
    Barcode::parse(text).unwrap()
}

/// At least one row of every kind.
pub fn every_kind() -> Vec<Row> {
    let mut rows = identity();
    rows.extend(catalogue());
    rows.extend(vouchers());
    rows.extend(crate::collectives::rows());
    rows.extend(crate::gifts::every_kind());
    rows.extend(crate::products::rows());
    rows.extend(crate::gates::rows());
    rows.extend(crate::customers::rows());
    rows.extend(crate::webhooks::rows());
    rows.extend(crate::tills::rows());
    rows.extend(sales());
    rows
}

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

pub fn text(text: &str) -> Localized {
    Localized::from([(language("ca-ES"), format!("{text} «ç» \u{1f3ad}")), (language("en"), text.to_owned())])
}

pub fn window() -> Window {
    Window { start: NOW, end: NOW.plus_ms(86_400_000) }
}

fn identity() -> Vec<Row> {
    let (entity, status, version) = (EntityId(11), Status::Active, 3);
    let directory = [DirectoryKey::Operator(ShardId(1)), DirectoryKey::Channel(ChannelId(21)), DirectoryKey::Username("zoë'\"\\".into())];
    let mut rows: Vec<Row> = directory.into_iter().map(|key| Arc::new(DirectoryEntry { key, shard: ShardId(1) }).into()).collect();
    rows.push(Arc::new(SigningKey { id: "k1".into(), secret: [0xfe; 32], from: NOW, until: NOW.plus_ms(1) }).into());
    rows.push(Arc::new(Operator { id: ShardId(1), name: "Op".into(), status, secondary_market: true, version }).into());
    rows.push(
        Arc::new(Entity { id: entity, name: "Teatre".into(), status: Status::Gone, receipts: crate::tills::receipts(), version }).into(),
    );
    rows.push(
        Arc::new(User {
            id: UserId(12),
            entity,
            username: "zoë".into(),
            password: "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA".into(),
            status: Status::Inactive,
            roles: vec![Role::Seller, Role::Reports],
            permissions: vec![Permission::Refund],
            version,
        })
        .into(),
    );
    rows.push(channel().into());
    rows.push(
        Arc::new(ApiKey {
            id: KeyId(MAX_ID - 1),
            owner: KeyOwner::Entity(Some(entity)),
            secret: Hash([7; 32]),
            roles: vec![Role::OperatorAdmin],
            scopes: Scopes::MANAGEMENT,
            status,
            expires: Some(NOW),
            version,
        })
        .into(),
    );
    let license = License { secret: Hash([8; 32]), active: true, expires: None };
    rows.push(
        Arc::new(Terminal { id: TerminalId(14), code: "T1".into(), entity: None, name: "Till".into(), status, license, version }).into(),
    );
    rows.push(Arc::new(PointOfSale { id: PointOfSaleId(15), entity, name: "Foyer".into(), status, version }).into());
    rows.push(Arc::new(family()).into());
    rows.push(Arc::new(Tries { subject: Hash([9; 32]), count: 4, until: NOW }).into());
    rows
}

fn channel() -> Arc<Channel> {
    Arc::new(Channel {
        id: ChannelId(21),
        entity: EntityId(11),
        name: "Web".into(),
        kind: ChannelKind::B2b,
        status: Status::Active,
        languages: vec![language("es-ES")],
        currency: euro(),
        hold_ms: 600_000,
        hold_max_ms: 3_600_000,
        payment_ms: 900_000,
        max_items: 10,
        surcharges: vec![
            Surcharge::PerTicket(150),
            Surcharge::PercentOfBase { percent: Percent(65_000), min: 10, max: Some(500) },
            Surcharge::PerOrder(99),
        ],
        buyer_mandatory: vec![BuyerField::Email, BuyerField::Phone],
        override_orphan_seats: true,
        metadata: Default::default(),
        delivery_methods: vec![crate::terms::delivery()],
        insurances: vec![crate::terms::insurance()],
        invitations: true,
        buyer_form: form(),
        booking: BookingTerms { enabled: true, life_ms: 60_000, before_ms: Some(3_600_000) },
        loyalty: true,
        mail: true,
        mail_tickets: true,
        customers: true,
        resale: ChannelResale { enabled: true, surcharges: vec![Surcharge::PerTicket(100)] },
        version: 1,
    })
}

fn family() -> Family {
    let subject = Subject {
        shard: ShardId(1),
        client: Client::BoxOffice,
        scopes: Scopes::BOX_OFFICE,
        key: None,
        channel: Some(ChannelId(21)),
        entity: None,
        user: Some(UserId(12)),
        terminal: Some(TerminalId(14)),
        point_of_sale: Some(PointOfSaleId(15)),
    };
    Family {
        id: FamilyId([0xfa; 16]),
        subject: Arc::new(subject),
        refresh: Hash([1; 32]),
        expires: NOW.plus_ms(5),
        access_expires: NOW,
        revoked: true,
    }
}

pub fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn catalogue() -> Vec<Row> {
    let (template, session) = (TemplateId(31), SessionId(51));
    vec![
        Arc::new(venue()).into(),
        Arc::new(sector(template)).into(),
        Arc::new(template_of(template)).into(),
        Arc::new(event()).into(),
        Arc::new(session_of(session, template)).into(),
        promotion().into(),
        Arc::new(Publication {
            session,
            channel: ChannelId(21),
            quotas: vec![QuotaId(2), QuotaId(1)],
            on_catalog: true,
            sale: Some(window()),
            sales_limit: Some(4),
            presales: vec![presale()],
            version: 1,
        })
        .into(),
        Arc::new(PlaceMarks { session, sector: SectorId(41), blocked: vec![2], moved: vec![(1, 1)] }).into(),
    ]
}

fn promotion() -> Arc<Promotion> {
    let terms = Terms {
        id: PromotionId(91),
        entity: EntityId(11),
        name: "Spring".into(),
        names: text("Primavera"),
        kind: PromotionKind::Discount,
        needs_code: true,
        scope: Scope::Order,
        reduction: Reduction::Fixed { currency: euro(), amount: 500 },
        priority: 3,
        stackable: true,
        window: Some(window()),
        conditions: Conditions {
            events: vec![EventId(50)],
            channels: vec![ChannelId(21)],
            min_items: 2,
            collective: Some(CollectiveId(95)),
            ..Conditions::default()
        },
        limits: Limits { total: Some(100), per_order: Some(1), per_member: Some(1), returned_on_refund: true },
    };
    let codes = [("fan2031", Some(3)), ("FAN\"2032", None)].map(|(code, limit)| (PromotionCode::parse(code).unwrap(), limit)).into();
    Arc::new(Promotion { id: terms.id, status: Status::Active, terms: Arc::new(terms), descriptions: text("«-5»"), codes, version: 2 })
}

/// The promotion of an order's only item.
fn applied() -> Applied {
    Applied { terms: promotion().terms.clone(), code: PromotionCode::parse("fan2031"), items: vec![ItemId(5)] }
}

fn presale() -> Presale {
    Presale { name: "Fans".into(), window: window(), access: Access::Code(PresaleCode::parse("FAN2031").unwrap()) }
}

fn venue() -> Venue {
    Venue {
        id: VenueId(30),
        entity: EntityId(11),
        name: "Gran Teatre".into(),
        address: "Rambla 1".into(),
        city: "Barcelona".into(),
        country: Coded { code: "ES".into(), name: "Spain".into() },
        country_subdivision: Coded { code: "ES-B".into(), name: "Barcelona".into() },
        postal_code: Some("08001".into()),
        time_zone: "Europe/Madrid".into(),
        image: None,
        retired: false,
        version: 1,
    }
}

fn sector(template: TemplateId) -> Sector {
    let seat = |id, x, blocked| Seat {
        id: SeatId(id),
        name: id.to_string().into(),
        x,
        y: -7,
        price_type: PriceTypeId(61),
        quota: QuotaId(1),
        attributes: Attributes::ACCESSIBLE,
        gap_before: blocked,
        blocked,
    };
    let row = SeatRow {
        id: RowId(42),
        name: "A".into(),
        rank: Some(1),
        seats: vec![seat(101, 0, false), seat(102, 10, false), seat(103, 20, true)],
        entrance: Some("North".into()),
    };
    let places = vec![ZonePlaces { quota: QuotaId(1), count: 5, blocked: 1 }];
    let zone = Zone { id: ZoneId(43), name: "Standing".into(), price_type: PriceTypeId(61), places, entrance: None };
    Sector { id: SectorId(41), template, name: "Stalls".into(), code: "ST".into(), rows: vec![row], zones: vec![zone] }
}

fn template_of(id: TemplateId) -> Template {
    let price_type = PriceType {
        id: PriceTypeId(61),
        name: "One".into(),
        code: "P1".into(),
        order: 1,
        color: "#9E4500".into(),
        names: text("One"),
        descriptions: Localized::new(),
    };
    Template {
        id,
        venue: VenueId(30),
        name: "Opera".into(),
        price_types: vec![price_type],
        quotas: vec![
            Quota { id: QuotaId(1), name: "GENERAL".into(), release_ms: None },
            Quota { id: QuotaId(2), name: "Press".into(), release_ms: Some(86_400_000) },
        ],
        sectors: vec![SectorId(41)],
        check_orphan_seats: true,
        graphic: true,
        focal_point: Some((5, -10)),
        retired: false,
        version: 1,
    }
}

fn event() -> Event {
    Event {
        id: EventId(50),
        entity: EntityId(11),
        name: "Carmen".into(),
        readiness: Readiness::Ready,
        currency: euro(),
        default_language: language("ca-ES"),
        titles: text("Carmen"),
        subtitles: Localized::new(),
        short_descriptions: text("Short"),
        long_descriptions: text("Long\nand \"quoted\""),
        images: Images { main: text("https://example.com/1.jpg"), landscape: vec![text("https://example.com/2.jpg")] },
        category: Category { code: "OPERA".into(), parent: Some("MUSIC".into()), custom: None },
        attendee_form: form(),
        resale: EventResale { enabled: true, ..EventResale::default() },
        kind: EventKind::Activity,
        version: 1,
    }
}

fn form() -> Form {
    let field = |key: &str, kind| Field { key: key.into(), mandatory: true, kind, names: text("Field") };
    let choices = FieldKind::Choice(vec![Choice { value: "M".into(), names: Localized::new() }]);
    Form { fields: vec![field("name", FieldKind::Text { max_length: 40 }), field("born", FieldKind::Date), field("size", choices)] }
}

fn session_of(id: SessionId, template: TemplateId) -> Session {
    let tax = Tax { id: TaxId(71), name: "IVA 10%".into(), percent: Percent(100_000) };
    Session {
        id,
        event: EventId(50),
        template,
        name: "Première".into(),
        readiness: Readiness::Ready,
        selling: true,
        start: NOW,
        end: NOW.plus_ms(1),
        start_unconfirmed: false,
        sale: window(),
        booking: Some(window()),
        titles: text("First night"),
        descriptions: Localized::new(),
        images: Images::default(),
        rates: vec![
            Rate { id: RateId(81), name: "Adult".into(), kind: RateKind::Sale },
            Rate { id: RateId(82), name: "Child".into(), kind: RateKind::Sale },
            Rate { id: RateId(83), name: "Press".into(), kind: RateKind::Invitation { quota: Some(QuotaId(2)) } },
        ],
        default_rate: RateId(81),
        prices: BTreeMap::from([((PriceTypeId(61), RateId(81)), 4_600), ((PriceTypeId(61), RateId(82)), 0)]),
        ticket_taxes: vec![tax.clone()],
        surcharge_taxes: vec![tax],
        surcharges: vec![Surcharge::PerTicket(100)],
        buyer_limit: Some(8),
        barcodes: BarcodeSource::Imported,
        external_reference: Some("X-1".into()),
        postponed_from: Some(Timestamp(1_926_000_000_000_000)),
        promotion_required: true,
        resale: Some(Window { start: Timestamp(1), end: Timestamp(2) }),
        season: Some(Season { members: vec![member(52, 1), member(53, 2)] }),
        gates: crate::gates::rules(),
        version: 1,
    }
}

const fn member(session: u64, weight: u32) -> seasons::Member {
    seasons::Member { session: SessionId(session), weight }
}

/// Of which nothing is reserved.
pub const AT_REST: VoucherId = VoucherId(4_000_002);

fn vouchers() -> Vec<Row> {
    let group = VoucherGroup {
        id: VoucherGroupId(4),
        entity: EntityId(11),
        name: "Gift".into(),
        names: text("Gift"),
        currencies: vec![euro()],
        channels: vec![ChannelId(21)],
        events: vec![EventId(50)],
        status: Status::Active,
        valid_from: Some(NOW),
        valid_until: None,
        pins: true,
        collective: Some(CollectiveId(95)),
        version: 1,
    };
    let voucher = |id: VoucherId, reserved| Voucher {
        id,
        group: VoucherGroupId(4),
        masked: "****-****-****-2345".into(),
        pin: Some(Hash([0x77; 32])),
        currency: euro(),
        balance: 3_700,
        reserved,
        movements: 3,
        blocked: false,
        expires: Some(NOW),
        version: 2,
    };
    let movement = |number, amount, what| VoucherMovement { voucher: AT_REST, number, at: NOW, amount, what };
    vec![
        Arc::new(group).into(),
        Arc::new(voucher(VoucherId(4_000_001), 100)).into(),
        Arc::new(voucher(AT_REST, 0)).into(),
        Arc::new(VoucherCode { code: Hash([0x78; 32]), voucher: AT_REST }).into(),
        Arc::new(movement(1, 5_000, MovementKind::Issued)).into(),
        Arc::new(movement(2, -2_000, MovementKind::Spent { order: CONFIRMED, code: CODE })).into(),
        Arc::new(movement(3, 7_500, MovementKind::Sold { order: crate::gifts::SOLD, code: CODE })).into(),
        Counter { key: CounterKey::Vouchers(VoucherGroupId(4)), value: 2 }.into(),
    ]
}

/// A voucher that pays nothing of an order.
fn taken() -> TakenVoucher {
    let masked = "****-****-****-2345".into();
    TakenVoucher { id: AT_REST, group: VoucherGroupId(4), masked, currency: euro(), available: 3_000, amount: 0 }
}

/// One that waits for its second attempt, one that was given up.
fn messages(order: &Order) -> [Row; 2] {
    let products = vec![SoldProduct { product: ProductId(31), amount: 250 }];
    let items = vec![SoldItem { event: EventId(50), session: SessionId(51), place: 0, amount: 46 }];
    let sale = Sale { code: CODE, at: NOW, currency: euro(), total: 46, buyer: order.buyer.clone(), items, products };
    let channel = ChannelId(21);
    let mail = Mail { to: "zoë@example.org".into(), language: language("ca-ES"), channel, letter: Letter::Sold(sale.clone()) };
    let waiting = message(900, NOW, Content::Mail(Box::new(mail)));
    let content = Content::Loyalty(Box::new(Loyalty { channel, event: LoyaltyEvent::Sold(sale) }));
    let given_up = Message { state: MessageState::GivenUp { at: NOW }, failure: Some("no\n\"".into()), ..message(901, NOW, content) };
    [Arc::new(waiting).into(), Arc::new(given_up).into()]
}

/// A message about the confirmed order that is due, and tried next, at a time.
pub fn message(id: u64, due: Timestamp, content: Content) -> Message {
    let (about, state) = (About::Order(CONFIRMED), MessageState::Waiting { next: due });
    Message { id: MessageId(id), about, created: NOW, due, attempts: 1, state, failure: None, content }
}

fn sales() -> Vec<Row> {
    let session = SessionId(51);
    let confirmed = order(CONFIRMED, Stage::Confirm { at: NOW, code: CODE, payments: vec![payment()], booked: true });
    let by = || Seller::clone(&confirmed.seller);
    let what = HistoryEvent::Confirmed { totals: confirmed.totals(), currency: euro(), tickets: 1 };
    let answers = [
        Ok(Reply::Order(confirmed.clone())),
        Ok(Reply::Ids(vec![1, 2])),
        Err(Error { details: vec![DetailId::Number(1), DetailId::Text("a".into())], ..Error::new(Code::OrderExpired) }),
    ];
    let mut rows: Vec<Row> = vec![
        Claim { session, place: 0, order: CONFIRMED, item: ItemId(5), sold: true }.into(),
        Claim { session, place: 1, order: LIVE, item: ItemId(6), sold: false }.into(),
        PoolBarcode { barcode: barcode("a'\"\\<~"), session, state: PoolState::Free }.into(),
        PoolBarcode { barcode: barcode(&"9".repeat(64)), session, state: PoolState::Reserved { order: LIVE, item: ItemId(6) } }.into(),
        PoolBarcode { barcode: barcode(USED), session, state: PoolState::Used { item: ItemId(5) } }.into(),
        confirmed.clone().into(),
        order(LIVE, Stage::PreConfirm { expires: NOW.plus_ms(900_000), code: OrderCode(*b"NMKJHGFEDCBA"), booked: true }).into(),
        order(OrderId([0xa1; 16]), Stage::Basket { expires: NOW, code: None }).into(),
        order(EXPIRED, Stage::Expired { at: NOW }).into(),
        crate::market::ticket(session).into(),
        Arc::new(History { order: CONFIRMED, number: 1, at: NOW, by: by(), what }).into(),
        Counter { key: CounterKey::ChannelSales(session, ChannelId(21)), value: 2 }.into(),
        Counter { key: CounterKey::BuyerSales(session, Hash([0xb0; 32])), value: -1 }.into(),
        Counter { key: CounterKey::UsedBarcodes(session), value: 1 }.into(),
        Counter { key: CounterKey::PromotionUses(PromotionId(91)), value: 3 }.into(),
        Counter { key: CounterKey::CodeUses(PromotionId(91), Hash([0xc0; 32])), value: 2 }.into(),
        Sequence { items_reserved: 1_000 }.into(),
    ];
    rows.extend(messages(&confirmed));
    rows.extend(crate::market::listings(session, EventId(50)));
    rows.extend(crate::refunds::rows(&by()));
    for (number, answer) in (1..).zip(answers) {
        let outcome = Outcome { key: Hash([number; 32]), fingerprint: Hash([0xff; 32]), period: Period(i64::from(number)), answer };
        rows.push(Arc::new(outcome).into());
    }
    rows
}

/// An order with one item, in this stage.
pub fn order(id: OrderId, stage: Stage) -> Arc<Order> {
    let line = TaxLine { tax: TaxId(71), percent: Percent(100_000), taxed: Taxed::Ticket, amount: 418 };
    let price = Arc::new(ItemPrice {
        base: 4_600,
        promoter_surcharge: 100,
        channel_surcharge: 150,
        taxes: [line].into(),
        discounts: [Discount { promotion: PromotionId(91), amount: 500 }].into(),
    });
    let item = Item {
        id: ItemId(5),
        session: SessionId(51),
        event: EventId(50),
        place: 0,
        spot: Spot::Seat(SeatId(101)),
        price_type: PriceTypeId(61),
        rate: RateId(81),
        kind: TicketKind::Sale,
        price,
        barcode: Some(barcode(USED)),
        season: Some([(52, 1, 1_367), (53, 2, 2_733)].map(|(id, weight, amount)| Share { member: member(id, weight), amount }).into()),
    };
    let taxes = [TaxLine { taxed: Taxed::Product, amount: 23, ..line }].into();
    let terms = ProductTerms { product: ProductId(31), price: 250, taxes, only_with: crate::products::only_with() };
    let taxed = Taxed::ChannelSurcharge;
    let surcharge = OrderSurcharge { session: SessionId(51), event: EventId(50), taxed, amount: 99, taxes: [line].into() };
    let buyer =
        Buyer { email: "ana@example.com".into(), name: Some("Ana «»".into()), language: Some(language("en")), ..Buyer::default() };
    Arc::new(Order {
        id,
        seller: Arc::new(Seller { channel: ChannelId(21), user: Some(UserId(12)), terminal: None, point_of_sale: None }),
        family: FamilyId([0xfa; 16]),
        currency: euro(),
        language: language("es-ES"),
        created: NOW,
        stage,
        items: vec![item],
        surcharges: vec![surcharge],
        buyer: Some(Arc::new(buyer)),
        held_items: true,
        counted: vec![SessionId(51)],
        extras: Some(Box::new(Extras {
            delivery: Some(Arc::new(crate::terms::delivery())),
            insurances: vec![aforo_domain::orders::insurance::Insured {
                insurance: Arc::new(crate::terms::insurance()),
                items: vec![(ItemId(5), 205)],
            }],
            metadata: [("till".to_owned(), "«3»".to_owned())].into(),
            attendees: vec![Attendee { item: ItemId(5), fields: [("name".to_owned(), "Ana «»".to_owned())].into() }],
            vouchers: vec![taken()],
            promotions: vec![applied()],
            collectives: vec![crate::collectives::taken()],
            replaces: crate::refunds::replaces(id),
            after: crate::customers::after_sale(),
            customer: Some(crate::customers::CUSTOMER),
            products: vec![Unit { id: ItemId(7), terms: Arc::new(terms), barcode: Some(barcode("PRODUCT1")) }],
            second_hand: vec![crate::market::second_hand()],
            entry: crate::tills::entry(),
            share: Some(SessionId(52)),
        })),
    })
}

pub fn payment() -> Payment {
    Payment { kind: PaymentKind::Card, amount: 5_254, reference: Some("tpv-1".into()) }
}
