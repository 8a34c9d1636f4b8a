//! A small world to sell: one operator, two channels, a house with numbered rows and a not-numbered floor, and a few sessions, made by commands.
//!
//! Made as the management API makes it, so that nothing here could not be in a real store.

use std::sync::Arc;

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::manage::document::{
    Document, Kind, RowDocument, SeatDocument, SectorDocument, ZoneDocument, ZonePlacesDocument,
};
use aforo_domain::catalogue::manage::{
    CatalogueCommand, CollectiveCommand, CollectiveSpec, EventSpec, Issue, MemberSpec, PriceTypeSpec, PublicationSpec, QuotaSpec, RateSpec,
    SessionSpec, Target, VenueSpec, VoucherCommand, VoucherGroupSpec,
};
use aforo_domain::catalogue::plan::{Attributes, Place};
use aforo_domain::catalogue::{Access, Category, Coded, Images, Presale, PresaleCode, RateKind, Readiness};
use aforo_domain::collectives::{Check, MemberKey, PasswordHash, UseLimits};
use aforo_domain::command::{Command, Reply};
use aforo_domain::forms::{Choice, Field, FieldKind, Form};
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::manage::channels::{NewChannel, Settings};
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::terms::{BookingTerms, Premium};
use aforo_domain::identity::{ChannelKind, Client, Scopes, Status, Subject, Surcharge};
use aforo_domain::ids::{
    Barcode, ChannelId, CollectiveId, EntityId, EventId, FamilyId, GiftImageId, PointOfSaleId, PriceTypeId, QuotaId, RateId, SeatId,
    SectorId, SessionId, ShardId, TemplateId, TerminalId, UserId, VenueId, VoucherGroupId, VoucherId,
};
use aforo_domain::moment::{DAY_MS, Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::promotions::PromotionCode;
use aforo_domain::seasons::{Member, Season};
use aforo_domain::taxes::TaxSpec;
use aforo_domain::text::Language;
use aforo_domain::voucher_orders::manage::{GiftCommand, GiftVouchersSpec};
use aforo_domain::voucher_orders::{AmountRange, GiftImage};
use aforo_domain::vouchers::ShownVoucher;

use super::gates;
use super::hooks;
use super::products;
use super::resale;
use super::terms::{SHARE, delivery, insurance, promotions};
use super::tills;

/// The operator's shard.
pub const SHARD: ShardId = ShardId(3);
/// Sells from the general places.
pub const WEB: ChannelId = ChannelId(70);
/// Sells at a counter from the members' places and the general ones, at most so many of a session as its publication says, and may leave single seats.
pub const CLUB: ChannelId = ChannelId(71);
/// A marketplace: sells what the others sold once more, and nothing itself.
pub const MARKET: ChannelId = ChannelId(72);
/// When the world is made.
pub const START: Timestamp = Timestamp(1_900_000_000_000_000);
/// How long everything is on sale.
pub const SALE_MS: i64 = 60 * DAY_MS;
/// The code of the club's presale.
pub const CODE: &str = "FAN2031";
/// For how long the club sells a session only in its presale, which goes on as long again.
const PRESALE_MS: i64 = 5 * 60_000;

/// The members' quota; the first one is GENERAL.
const MEMBERS: QuotaId = QuotaId(2);

/// How long after the beginning of the sale the members' places become everybody's, in milliseconds.
const RELEASED_MS: i64 = 20 * 60_000;
/// How long a booking lives, in milliseconds.
const BOOKING_MS: i64 = 20 * 60_000;
/// How many barcodes there are in the pool at first: fewer than places.
pub const POOL: usize = 12;

/// The nth barcode that promoters know of.
///
/// # Panics
/// Never: it is one.
pub fn barcode(number: usize) -> Barcode {
    Barcode::parse(&format!("841-{number:02}")).unwrap_or_else(|| panic!("number {number} makes no barcode"))
}

/// The group of the vouchers that buyers know of.
pub const GROUP: VoucherGroupId = VoucherGroupId(1);
/// How many of them there are: few, so that buyers meet over them.
pub const VOUCHERS: usize = 3;

/// The nth voucher, and what buyers show of it.
pub fn voucher(number: usize) -> (VoucherId, ShownVoucher) {
    (GROUP.voucher(number as u64 + 1), ShownVoucher::of(&format!("VOUCHER {number}"), None))
}

/// A collective of who knows [`CODE`], with few uses.
pub const FANS: CollectiveId = CollectiveId(1);
/// A collective of members with passwords, who have few uses each and not as many together. The club sells to them before it sells to everybody.
pub const FRIENDS: CollectiveId = CollectiveId(2);
/// How many uses they have together.
pub const FRIENDS_USES: u32 = 3;
/// How many members it has.
pub const MEMBERS_OF_FRIENDS: usize = 3;

/// The nth friend as buyers show themselves, and what its password is compared with; there is one friend less.
///
/// # Panics
/// Never: it is an id.
pub fn friend(number: usize) -> (MemberKey, PasswordHash) {
    let key = MemberKey::of(FRIENDS, &format!("friend-{number}")).unwrap_or_else(|| panic!("number {number} makes no id"));
    (key, PasswordHash(format!("hash {number}")))
}

/// How large the house is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Rows of numbered seats.
    pub rows: u32,
    /// Seats in a row.
    pub seats: u32,
    /// Places on the floor; a third of them are the members'.
    pub floor: u32,
}

/// A session to sell.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its id.
    pub id: SessionId,
    /// Its numbered seats.
    pub seats: Vec<SeatId>,
    /// The price type of the numbered seats, and that of the floor.
    pub price_types: [PriceTypeId; 2],
    /// Its rates, the invitation among them.
    pub rates: Vec<RateId>,
    /// The invitation. Only the club may give it.
    pub invitation: RateId,
    /// The members' places.
    pub members: Vec<Place>,
    /// Whether invitations are of the members' places alone.
    pub invites_members: bool,
    /// Whether the club sells the members' places.
    pub sells_members: bool,
    /// When everybody does.
    pub released: Timestamp,
    /// Until when the club sells only to who knows [`CODE`].
    pub opens: Timestamp,
}

/// What of a session is not as in the others.
#[derive(Debug, Clone, Copy)]
struct Terms {
    buyer_limit: Option<u32>,
    /// How many places the club may sell.
    club_limit: Option<u32>,
    invites_members: bool,
    sells_members: bool,
    /// Whether the club sells in a presale first.
    presale: bool,
    barcodes: BarcodeSource,
    /// The sessions that it is a season of.
    season: Option<[SessionId; 2]>,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Sessions: with the orphan rule; without it; with limits for buyers and the club, which has a presale there and sells no member's place; a season of
    /// these two; and one with a small pool of imported barcodes.
    pub shows: Vec<Show>,
}

/// Whoever signed in for a channel, for the club at its counter; each number is another sign-in.
pub fn seller(channel: ChannelId, number: u8) -> Actor {
    let at_counter = channel == CLUB;
    let subject = Subject {
        shard: SHARD,
        client: if at_counter { Client::BoxOffice } else { Client::SellerChannel },
        scopes: Scopes::SELLER,
        key: None,
        channel: Some(channel),
        entity: None,
        user: at_counter.then_some(UserId(1)),
        terminal: at_counter.then_some(TerminalId(1)),
        point_of_sale: at_counter.then_some(PointOfSaleId(1)),
    };
    let expires = START.plus_ms(10_000 * DAY_MS);
    Actor::Token(Arc::new(Bearer { subject: Arc::new(subject), family: FamilyId([number; 16]), expires }))
}

impl Stage {
    /// Makes the world at [`START`], by commands of the engine itself.
    ///
    /// # Panics
    /// If a command is refused.
    pub fn set_up(size: Size, run: &mut dyn FnMut(Command) -> Reply) -> Self {
        Self::set_up_at(START, size, run)
    }

    /// Makes the world so that it is on sale from `start` on.
    ///
    /// # Panics
    /// If a command is refused.
    pub fn set_up_at(start: Timestamp, size: Size, run: &mut dyn FnMut(Command) -> Reply) -> Self {
        let mut builder = Builder { run, start };
        builder.operator();
        let venue = builder.catalogue(CatalogueCommand::SaveVenue(Target::New(None), venue()))[0];
        let event = EventId(builder.catalogue(CatalogueCommand::SaveEvent(Target::New(None), event()))[0]);
        let strict = builder.template(&house(VenueId(venue), size, true));
        let lax = builder.template(&house(VenueId(venue), size, false));
        let usual = Terms {
            buyer_limit: None,
            club_limit: None,
            invites_members: true,
            sells_members: true,
            presale: false,
            barcodes: BarcodeSource::Generated,
            season: None,
        };
        let limited = Terms { buyer_limit: Some(3), club_limit: Some(7), sells_members: false, presale: true, ..usual };
        let pooled = Terms { barcodes: BarcodeSource::Imported, ..usual };
        let shows = [(&strict, usual), (&lax, Terms { invites_members: false, ..usual }), (&lax, limited), (&lax, pooled)];
        builder.collectives();
        let mut shows = shows.map(|(template, terms)| builder.show(event, template, size, terms)).to_vec();
        for (target, spec) in promotions(shows[1].id) {
            builder.catalogue(CatalogueCommand::SavePromotion(Target::New(Some(target)), Box::new(spec)));
        }
        builder.catalogue(CatalogueCommand::ImportBarcodes(shows[3].id, (0..POOL).map(barcode).collect()));
        let season = Some([shows[1].id, shows[2].id]);
        shows.insert(3, builder.show(event, &lax, size, Terms { season, ..usual }));
        builder.vouchers();
        products::set_up(shows[1].id).into_iter().for_each(|command| drop(builder.catalogue(command)));
        Self { shows }
    }
}

/// A template that was made.
struct House {
    id: TemplateId,
    price_types: [PriceTypeId; 2],
}

struct Builder<'a> {
    run: &'a mut dyn FnMut(Command) -> Reply,
    start: Timestamp,
}

impl Builder<'_> {
    fn ids(&mut self, command: Command) -> Vec<u64> {
        match (self.run)(command) {
            Reply::Ids(ids) => ids,
            Reply::Done | Reply::Imported(_) | Reply::MembersImported(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn catalogue(&mut self, command: CatalogueCommand) -> Vec<u64> {
        self.ids(Command::Catalogue(command))
    }

    fn identity(&mut self, command: IdentityCommand) {
        self.ids(Command::Identity(command));
    }

    fn operator(&mut self) {
        let operator = NewOperator { name: "Levante".to_owned(), secondary_market: true };
        self.identity(IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator))));
        self.identity(IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: "Opera".to_owned() })));
        let channels =
            [(WEB, ChannelKind::Web, "Web"), (CLUB, ChannelKind::BoxOffice, "Club"), (MARKET, ChannelKind::Marketplace, "Market")];
        for (id, kind, name) in channels {
            let mut settings = Settings::usual(name.to_owned(), languages());
            settings.surcharges = vec![Surcharge::PerTicket(150), Surcharge::PerOrder(200)];
            settings.override_orphan_seats = id == CLUB;
            settings.delivery_methods = vec![delivery(1, 0), delivery(2, 350)];
            settings.insurances = vec![insurance(1, Premium::Fixed(125)), insurance(2, SHARE)];
            settings.invitations = id == CLUB;
            settings.loyalty = id == WEB;
            settings.mail = true;
            settings.customers = id == CLUB;
            settings.resale = resale::of_a_channel();
            settings.booking = BookingTerms { enabled: true, life_ms: BOOKING_MS, before_ms: Some(DAY_MS) };
            let new = NewChannel { id, entity: EntityId(1), kind, currency: euro(), settings };
            self.identity(IdentityCommand::Channel(Edit::Create(new)));
        }
        tills::set_up().into_iter().for_each(|command| self.identity(command));
        for command in hooks::commands() {
            self.ids(command);
        }
    }

    /// Vouchers that pay for a few tickets each.
    fn vouchers(&mut self) {
        let group = VoucherGroupSpec {
            entity: Some(EntityId(1)),
            name: "Gift".to_owned(),
            names: Default::default(),
            currencies: vec![euro()],
            channels: Vec::new(),
            events: Vec::new(),
            status: Status::Active,
            valid_from: None,
            valid_until: None,
            pins: false,
            collective: None,
        };
        self.catalogue(CatalogueCommand::Vouchers(VoucherCommand::SaveGroup(Target::New(Some(GROUP)), group)));
        let vouchers = (0..VOUCHERS).map(|number| (voucher(number).1, format!("****-****-****-000{number}"))).collect();
        let issue = Issue { group: GROUP, amount: 30_000, currency: euro(), expires: None, vouchers };
        self.catalogue(CatalogueCommand::Vouchers(VoucherCommand::Issue(issue)));
        let name = "Roses".to_owned();
        let image = GiftImage { id: GiftImageId(1), url: "https://example.org/roses.png".to_owned(), name, names: Default::default() };
        let offer = GiftVouchersSpec {
            status: Status::Active,
            group: GROUP,
            currency: euro(),
            amounts: vec![2_500],
            range: Some(AmountRange { min: 5_000, max: 9_000, step: 1_000 }),
            images: vec![Arc::new(image)],
            by_email: true,
            by_hand: true,
            max_days_ahead: 3,
            life_days: Some(30),
        };
        self.ids(Command::GiftVouchers(WEB, GiftCommand::Offer(None, offer)));
    }

    fn collectives(&mut self) {
        let codes = PromotionCode::parse(CODE).map(|code| (code, Some(3))).into_iter().collect();
        let friends = UseLimits { total: Some(FRIENDS_USES), per_member: Some(2) };
        for (id, check, limits) in [(FANS, Check::Code(codes), UseLimits::default()), (FRIENDS, Check::MemberPassword, friends)] {
            let spec = CollectiveSpec {
                entity: Some(EntityId(1)),
                name: "Friends".to_owned(),
                names: Default::default(),
                check,
                status: Status::Active,
                valid_from: None,
                valid_until: None,
                channels: Vec::new(),
                limits,
            };
            self.catalogue(CatalogueCommand::Collectives(CollectiveCommand::Save(Target::New(Some(id)), Box::new(spec))));
        }
        let member = |number| {
            let (key, password) = friend(number);
            MemberSpec { key, name: None, password: Some(password), active: true, valid_from: None, valid_until: None }
        };
        let members = (0..MEMBERS_OF_FRIENDS).map(member).collect();
        self.catalogue(CatalogueCommand::Collectives(CollectiveCommand::ImportMembers(FRIENDS, members)));
    }

    fn template(&mut self, document: &Document) -> House {
        let ids = self.catalogue(CatalogueCommand::BeginTemplate(None, document.outline()));
        let id = TemplateId(ids[0]);
        let (price_types, sectors) = ids[1..].split_at(document.price_types.len());
        let price_types: Vec<_> = price_types.iter().copied().map(PriceTypeId).collect();
        let sectors: Vec<_> = sectors.iter().copied().map(SectorId).collect();
        let sectors = document.sectors(id, &price_types, &sectors).unwrap_or_else(|error| panic!("{error}"));
        for sector in sectors {
            self.catalogue(CatalogueCommand::AddSector(Arc::new(sector)));
        }
        self.catalogue(CatalogueCommand::CompleteTemplate(id));
        House { id, price_types: [price_types[0], price_types[1]] }
    }

    fn show(&mut self, event: EventId, house: &House, size: Size, terms: Terms) -> Show {
        let spec = session(self.start, event, house, terms);
        let id = SessionId(self.catalogue(CatalogueCommand::SaveSession(Target::New(None), Box::new(spec)))[0]);
        let usual = PublicationSpec { quotas: Vec::new(), on_catalog: true, sale: None, sales_limit: None, presales: Vec::new() };
        let mut club = PublicationSpec { sales_limit: terms.club_limit, ..usual.clone() };
        if terms.sells_members {
            club.quotas = vec![MEMBERS, QuotaId(1)];
        }
        let opens = self.start.plus_ms(if terms.presale { PRESALE_MS } else { 0 });
        if terms.presale {
            club.sale = Some(Window { start: opens, end: self.start.plus_ms(SALE_MS) });
            let window = Window { start: self.start, end: opens.plus_ms(PRESALE_MS) };
            club.presales.extend(presale(window));
            club.presales.push(Presale { name: "Friends".to_owned(), window, access: Access::Collective(FRIENDS) });
        }
        for (channel, publication) in [(WEB, usual.clone()), (CLUB, club), (MARKET, usual)] {
            self.catalogue(CatalogueCommand::Publish(id, channel, None, publication));
        }
        // Seats are numbered after their template; rates after the event, whose sessions share them by name.
        let seats = (1..=u64::from(size.rows * size.seats)).map(|number| SeatId(house.id.0 * 1_000_000 + number)).collect();
        Show {
            id,
            seats,
            price_types: house.price_types,
            rates: vec![RateId(1), RateId(2), RateId(3)],
            invitation: RateId(3),
            members: members(size),
            invites_members: terms.invites_members,
            sells_members: terms.sells_members,
            released: self.start.plus_ms(RELEASED_MS),
            opens,
        }
    }
}

pub(super) fn euro() -> Currency {
    Currency::parse("EUR").unwrap_or_else(|| panic!("the euro is a currency"))
}

fn languages() -> Vec<Language> {
    ["es-ES", "en-US"].iter().filter_map(|code| Language::parse(code)).collect()
}

fn venue() -> VenueSpec {
    let coded = |code: &str, name: &str| Coded { code: code.to_owned(), name: name.to_owned() };
    VenueSpec {
        entity: Some(EntityId(1)),
        name: "Teatro del Puerto".to_owned(),
        address: "Calle del Agua 1".to_owned(),
        city: "Valencia".to_owned(),
        country: coded("ES", "España"),
        country_subdivision: coded("ES-V", "Valencia"),
        postal_code: None,
        time_zone: "Europe/Madrid".to_owned(),
        image: None,
        retired: false,
    }
}

fn event() -> EventSpec {
    let choice = |value: &str| Choice { value: value.to_owned(), names: Default::default() };
    let kind = FieldKind::Choice(["S", "M"].map(choice).to_vec());
    let size = Field { key: "size".to_owned(), mandatory: false, kind, names: Default::default() };
    EventSpec {
        entity: Some(EntityId(1)),
        name: "La traviata".to_owned(),
        readiness: Readiness::Ready,
        currency: euro(),
        default_language: languages()[0].clone(),
        titles: Default::default(),
        subtitles: Default::default(),
        short_descriptions: Default::default(),
        long_descriptions: Default::default(),
        images: Images::default(),
        category: Category::default(),
        attendee_form: Form { fields: vec![size] },
        kind: Default::default(),
        resale: resale::of_the_event(),
    }
}

fn presale(window: Window) -> Option<Presale> {
    PresaleCode::parse(CODE).map(|code| Presale { name: "Fans".to_owned(), window, access: Access::Code(code) })
}

/// The places of [`house`] that are the members': the last of each row, and the last third of the floor.
fn members(size: Size) -> Vec<Place> {
    let (seats, floor) = (size.rows * size.seats, size.floor);
    let last = (1..=size.rows).map(|row| row * size.seats - 1);
    last.chain(seats + floor - floor / 3..seats + floor).collect()
}

fn session(start: Timestamp, event: EventId, house: &House, terms: Terms) -> SessionSpec {
    let rate = |name: &str, prices: [i64; 2]| RateSpec {
        id: None,
        name: name.to_owned(),
        prices: house.price_types.into_iter().zip(prices).collect(),
        kind: RateKind::Sale,
    };
    let kind = RateKind::Invitation { quota: terms.invites_members.then_some(MEMBERS) };
    let guest = RateSpec { id: None, name: "Guest".to_owned(), prices: Vec::new(), kind };
    let tax = |name: &str, percent| vec![TaxSpec { id: None, name: name.to_owned(), percent: Percent(percent) }];
    SessionSpec {
        event,
        template: house.id,
        name: "Premiere".to_owned(),
        readiness: Readiness::Ready,
        selling: true,
        start: start.plus_ms(SALE_MS),
        end: start.plus_ms(SALE_MS + DAY_MS),
        start_unconfirmed: false,
        sale: Window { start, end: start.plus_ms(SALE_MS) },
        // What buyers are limited in is not booked.
        booking: terms.buyer_limit.is_none().then(|| Window { start, end: start.plus_ms(SALE_MS) }),
        titles: Default::default(),
        descriptions: Default::default(),
        images: Images::default(),
        rates: vec![rate("General", [6_000, 2_550]), rate("Junior", [3_999, 1_000]), guest],
        default_rate: 0,
        ticket_taxes: tax("IVA 10%", 100_000),
        surcharge_taxes: tax("IVA 21%", 210_000),
        surcharges: vec![Surcharge::PerTicket(33)],
        buyer_limit: terms.buyer_limit,
        barcodes: terms.barcodes,
        external_reference: None,
        promotion_required: false,
        // Some minutes after the beginning, so that what was sold before is offered too early.
        resale: Some(Window { start: start.plus_ms(5 * 60_000), end: start.plus_ms(SALE_MS) }),
        gates: gates::rules(terms.invites_members, terms.buyer_limit.is_some()),
        season: terms
            .season
            .map(|[first, second]| Season { members: vec![Member { session: first, weight: 2 }, Member { session: second, weight: 1 }] }),
    }
}

/// Rows of numbered seats with an aisle in the middle and one blocked seat, the last of each row the members'; and a floor.
fn house(venue: VenueId, size: Size, check_orphan_seats: bool) -> Document {
    let price_type = |code: &str| PriceTypeSpec {
        id: None,
        name: code.to_owned(),
        code: code.to_owned(),
        order: 1,
        color: "#9E4500".to_owned(),
        names: Default::default(),
        descriptions: Default::default(),
    };
    let kind = |code: &str| Kind { price_type: Some(code.to_owned()), quota: None };
    let rows = (1..=size.rows).map(|row| RowDocument {
        name: row.to_string(),
        rank: None,
        kind: Kind::default(),
        entrance: (row == 1).then(|| "Front".to_owned()),
        seats: (1..=size.seats).map(|number| seat(row, number, size)).collect(),
    });
    let members = size.floor / 3;
    let part = |quota: Option<&str>, count| ZonePlacesDocument { quota: quota.map(str::to_owned), count, blocked: 0 };
    let places = vec![part(None, size.floor - members), part(Some("Members"), members)];
    let floor = ZoneDocument { name: "Floor".to_owned(), price_type: None, entrance: None, places };
    let sector = |name: &str, code: &str, rows, zones| SectorDocument {
        id: None,
        name: name.to_owned(),
        code: name.to_owned(),
        kind: kind(code),
        entrance: Some("Door".to_owned()),
        rows,
        zones,
    };
    Document {
        id: None,
        venue,
        name: format!("Whole house, orphan rule {check_orphan_seats}"),
        price_types: vec![price_type("STALLS"), price_type("FLOOR")],
        quotas: vec![quota("General", None), quota("Members", Some(SALE_MS - RELEASED_MS))],
        sectors: vec![sector("Stalls", "STALLS", rows.collect(), vec![]), sector("Floor", "FLOOR", vec![], vec![floor])],
        check_orphan_seats,
        graphic: true,
        focal_point: Some((35, -100)),
    }
}

fn seat(row: u32, number: u32, size: Size) -> SeatDocument {
    let quota = (number == size.seats).then(|| "Members".to_owned());
    SeatDocument {
        name: number.to_string(),
        x: number as i32 * 10,
        y: row as i32 * 10,
        kind: Kind { price_type: None, quota },
        attributes: Attributes::default(),
        gap_before: number == size.seats / 2 + 1,
        blocked: (row, number) == (1, 1),
    }
}

fn quota(name: &str, release_ms: Option<i64>) -> QuotaSpec {
    QuotaSpec { name: name.to_owned(), release_ms }
}
