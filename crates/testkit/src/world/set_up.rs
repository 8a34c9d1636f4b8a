//! What is on sale in a [`Shard`]: an opera house with a gala and its matinee, and a tour in another currency. Rows are put as they are, past management.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::plan::{Attributes, Seat, SeatRow, Sector, Zone, ZonePlaces};
use aforo_domain::catalogue::{
    Category, Coded, Event, Images, PriceType, Publication, Quota, Rate, RateKind, Readiness, Session, Tax, Template, Venue,
};
use aforo_domain::gates::GateRules;
use aforo_domain::identity::{
    Channel, ChannelKind, Entity, License, Operator, Permission, PointOfSale, Role, Status, Surcharge, Terminal, User,
};
use aforo_domain::ids::{
    ChannelId, EntityId, EventId, Hash, PointOfSaleId, PriceTypeId, QuotaId, RateId, RowId, SeatId, SectorId, SessionId, ShardId, TaxId,
    TemplateId, TerminalId, UserId, VenueId, ZoneId,
};
use aforo_domain::moment::{DAY_MS, Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::seasons::{Member, Season};
use aforo_domain::text::Language;
use aforo_domain::world::World;

use super::Shard;

/// The operator.
pub const SHARD: ShardId = ShardId(3);
/// A web channel that sells from GENERAL.
pub const WEB: ChannelId = ChannelId(70);
/// A partner's channel that sells from its own quota before GENERAL.
pub const PARTNER: ChannelId = ChannelId(71);
/// A box office that may leave single seats, if the person may.
pub const COUNTER: ChannelId = ChannelId(72);
/// The gala: 2 rows of 10 stalls, 1 row of 10 in the gallery (the first 4 of them the partner's), and a floor of 60 places and 40 of the partner's.
pub const GALA: SessionId = SessionId(1);
/// The gala's matinee: the same event and places.
pub const MATINEE: SessionId = SessionId(2);
/// The same places, another event, in dollars.
pub const TOUR: SessionId = SessionId(3);
/// Season tickets for the gala and the matinee. Not there until [`Shard::season`].
pub const SEASON: SessionId = SessionId(4);
/// Price types: stalls, gallery, floor.
pub const STALLS: PriceTypeId = PriceTypeId(1);
/// See [`STALLS`].
pub const GALLERY: PriceTypeId = PriceTypeId(2);
/// See [`STALLS`].
pub const FLOOR: PriceTypeId = PriceTypeId(3);
/// Tariffs: adults (the default one), and children, who pay half and do not stand on the floor.
pub const ADULT: RateId = RateId(1);
/// See [`ADULT`].
pub const CHILD: RateId = RateId(2);
/// Invitations from the places on sale, and from the partners' places. Not in a session until [`Shard::invite`].
pub const GUEST: RateId = RateId(3);
/// See [`GUEST`].
pub const SPONSOR: RateId = RateId(4);
/// The two quotas.
pub const GENERAL: QuotaId = QuotaId(1);
/// See [`GENERAL`].
pub const PARTNERS: QuotaId = QuotaId(2);
/// When stories begin.
pub const NOW: Timestamp = Timestamp(1_900_000_000_000_000);

const OPERA: EntityId = EntityId(1);
const TEMPLATE: TemplateId = TemplateId(1);

impl Default for Shard {
    fn default() -> Self {
        Self::new()
    }
}

impl Shard {
    /// The opera house, everything on sale.
    pub fn new() -> Self {
        let mut shard = Self::with_places(house(), true);
        shard.check_laws = true;
        shard
    }

    /// A stadium: rows of 40 stalls, and a floor of as many places as seats; no orphan rule, and laws are not checked.
    pub fn stadium(seats: u64) -> Self {
        let row =
            |number: u64| SeatRow { seats: (0..40).map(|seat| self::seat(number * 40 + seat, STALLS, GENERAL)).collect(), ..row(number) };
        let floor = Zone { places: vec![ZonePlaces { quota: GENERAL, count: seats as u32, blocked: 0 }], ..floor() };
        let rows = (0..seats / 40).map(row).collect();
        Self::with_places([sector(1, rows, Vec::new()), sector(2, Vec::new(), vec![floor])], false)
    }

    fn with_places(sectors: [Sector; 2], check_orphan_seats: bool) -> Self {
        let mut shard = Self { world: World::new(SHARD), now: NOW, check_laws: false, rows: BTreeMap::new(), steps: 0 };
        shard.put_identity();
        shard.put(Arc::new(venue()));
        sectors.into_iter().for_each(|sector| shard.put(Arc::new(sector)));
        shard.put(Arc::new(template(check_orphan_seats)));
        for (id, currency) in [(1, "EUR"), (2, "USD")] {
            shard.put(Arc::new(event(id, currency)));
        }
        for (id, event) in [(GALA, 1), (MATINEE, 1), (TOUR, 2)] {
            shard.put(Arc::new(session(id, EventId(event))));
            for (channel, quotas) in [(WEB, vec![GENERAL]), (PARTNER, vec![PARTNERS, GENERAL]), (COUNTER, vec![GENERAL])] {
                shard.put(Arc::new(Publication {
                    session: id,
                    channel,
                    quotas,
                    on_catalog: true,
                    sale: None,
                    sales_limit: None,
                    presales: Vec::new(),
                    version: 1,
                }));
            }
        }
        shard
    }

    fn put_identity(&mut self) {
        self.put(Arc::new(Operator { id: SHARD, name: "Levante".to_owned(), status: Status::Active, secondary_market: false, version: 1 }));
        self.put(Arc::new(Entity { id: OPERA, name: "Opera".to_owned(), status: Status::Active, receipts: None, version: 1 }));
        self.put(Arc::new(channel(WEB, ChannelKind::Web)));
        self.put(Arc::new(channel(PARTNER, ChannelKind::B2b)));
        self.put(Arc::new(Channel { override_orphan_seats: true, ..channel(COUNTER, ChannelKind::BoxOffice) }));
        let license = License { secret: Hash([0; 32]), active: true, expires: None };
        let (name, status) = ("Window 1".to_owned(), Status::Active);
        self.put(Arc::new(Terminal {
            id: TerminalId(1),
            code: name.clone(),
            entity: Some(OPERA),
            name: name.clone(),
            status,
            license,
            version: 1,
        }));
        self.put(Arc::new(PointOfSale { id: PointOfSaleId(1), entity: OPERA, name, status, version: 1 }));
    }

    /// Changes a channel, as management would.
    pub fn edit_channel(&mut self, id: ChannelId, edit: impl FnOnce(&mut Channel)) {
        let mut channel = Channel::clone(&self.world.identity.channels[&id]);
        edit(&mut channel);
        self.put(Arc::new(channel));
    }

    /// Changes a session.
    pub fn edit_session(&mut self, id: SessionId, edit: impl FnOnce(&mut Session)) {
        let mut session = Session::clone(&self.world.catalogue.offers[&id].session);
        edit(&mut session);
        self.put(Arc::new(session));
    }

    /// Gives the gala its two invitations, and a channel the right to give them.
    pub fn invite(&mut self, channel: ChannelId) {
        self.edit_channel(channel, |channel| channel.invitations = true);
        self.edit_session(GALA, |session| {
            session.rates.push(rate(GUEST, "Guest", RateKind::Invitation { quota: None }));
            session.rates.push(rate(SPONSOR, "Sponsor", RateKind::Invitation { quota: Some(PARTNERS) }));
        });
    }

    /// Puts a season of the gala and the matinee on sale: adults pay 80, 48 and 16, children half of that.
    pub fn season(&mut self) {
        let members = [(GALA, 3), (MATINEE, 2)].map(|(session, weight)| Member { session, weight });
        let mut season = session(SEASON, EventId(1));
        season.season = Some(Season { members: members.to_vec() });
        season.prices.values_mut().for_each(|price| *price = *price * 8 / 5);
        self.put(Arc::new(season));
        for channel in [WEB, PARTNER, COUNTER] {
            let publication = Publication::clone(&self.world.catalogue.offers[&GALA].publications[&channel]);
            self.put(Arc::new(Publication { session: SEASON, ..publication }));
        }
    }

    /// Changes a session's publication in a channel.
    pub fn edit_publication(&mut self, id: SessionId, channel: ChannelId, edit: impl FnOnce(&mut Publication)) {
        let mut publication = Publication::clone(&self.world.catalogue.offers[&id].publications[&channel]);
        edit(&mut publication);
        self.put(Arc::new(publication));
    }
}

fn house() -> [Sector; 2] {
    let seats = |row: u64, price_type, own: u64| {
        let quota = |seat| if seat < own { PARTNERS } else { GENERAL };
        (0..10).map(|seat| self::seat(row * 10 + seat, price_type, quota(seat))).collect()
    };
    let rows = [(0, STALLS, 0), (1, STALLS, 0), (2, GALLERY, 4)];
    let rows = rows.into_iter().map(|(number, price_type, own)| SeatRow { seats: seats(number, price_type, own), ..row(number) }).collect();
    [sector(1, rows, Vec::new()), sector(2, Vec::new(), vec![floor()])]
}

fn seat(number: u64, price_type: PriceTypeId, quota: QuotaId) -> Seat {
    let (x, y) = ((number % 40) as i32, (number / 40) as i32);
    let (id, name) = (SeatId(1_000 + number), (number % 10 + 1).to_string().into());
    Seat { id, name, x, y, price_type, quota, attributes: Attributes::default(), gap_before: false, blocked: false }
}

fn row(number: u64) -> SeatRow {
    SeatRow { id: RowId(number + 1), name: (number + 1).to_string().into(), rank: None, seats: Vec::new(), entrance: None }
}

fn floor() -> Zone {
    let places = vec![ZonePlaces { quota: GENERAL, count: 60, blocked: 0 }, ZonePlaces { quota: PARTNERS, count: 40, blocked: 5 }];
    Zone { id: ZoneId(1), name: "Floor".to_owned(), price_type: FLOOR, places, entrance: None }
}

fn sector(id: u64, rows: Vec<SeatRow>, zones: Vec<Zone>) -> Sector {
    Sector { id: SectorId(id), template: TEMPLATE, name: format!("Sector {id}"), code: format!("S{id}"), rows, zones }
}

fn template(check_orphan_seats: bool) -> Template {
    let price_type = |(id, name): (PriceTypeId, &str)| PriceType {
        id,
        name: name.to_owned(),
        code: name[..1].to_owned(),
        order: id.0 as u32,
        color: "#9E4500".to_owned(),
        names: BTreeMap::new(),
        descriptions: BTreeMap::new(),
    };
    let quota = |(id, name): (QuotaId, &str)| Quota { id, name: name.to_owned(), release_ms: None };
    Template {
        id: TEMPLATE,
        venue: VenueId(1),
        name: "Hall".to_owned(),
        price_types: [(STALLS, "Stalls"), (GALLERY, "Gallery"), (FLOOR, "Floor")].map(price_type).to_vec(),
        quotas: [(GENERAL, "General"), (PARTNERS, "Partners")].map(quota).to_vec(),
        sectors: vec![SectorId(1), SectorId(2)],
        check_orphan_seats,
        graphic: true,
        focal_point: Some((0, 0)),
        retired: false,
        version: 1,
    }
}

fn venue() -> Venue {
    let coded = |code: &str, name: &str| Coded { code: code.to_owned(), name: name.to_owned() };
    Venue {
        id: VenueId(1),
        entity: OPERA,
        name: "Opera house".to_owned(),
        address: "Street 1".to_owned(),
        city: "Sevilla".to_owned(),
        country: coded("ES", "Spain"),
        country_subdivision: coded("ES-SE", "Sevilla"),
        postal_code: None,
        time_zone: "Europe/Madrid".to_owned(),
        image: None,
        retired: false,
        version: 1,
    }
}

fn language() -> Language {
    Language::parse("es-ES").expect("a language")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn event(id: u64, currency: &str) -> Event {
    Event {
        id: EventId(id),
        entity: OPERA,
        name: format!("Event {id}"),
        readiness: Readiness::Ready,
        currency: self::currency(currency),
        default_language: language(),
        titles: BTreeMap::new(),
        subtitles: BTreeMap::new(),
        short_descriptions: BTreeMap::new(),
        long_descriptions: BTreeMap::new(),
        images: Images::default(),
        category: Category::default(),
        attendee_form: Default::default(),
        resale: Default::default(),
        kind: Default::default(),
        version: 1,
    }
}

fn rate(id: RateId, name: &str, kind: RateKind) -> Rate {
    Rate { id, name: name.to_owned(), kind }
}

/// On sale for a day, begins in ten. Adults pay 50, 30 and 10; the promoter adds 1.50 a ticket and 2 an order.
fn session(id: SessionId, event: EventId) -> Session {
    let tax =
        |id, name: &str, percent: &str| Tax { id: TaxId(id), name: name.to_owned(), percent: Percent::parse(percent).expect("a rate") };
    let adults = [(STALLS, 5_000), (GALLERY, 3_000), (FLOOR, 1_000)];
    let children = [(STALLS, 2_500), (GALLERY, 1_500)];
    let prices = adults.map(|(price_type, price)| ((price_type, ADULT), price)).into_iter();
    Session {
        id,
        event,
        template: TEMPLATE,
        name: format!("Session {id}"),
        readiness: Readiness::Ready,
        selling: true,
        start: NOW.plus_ms(10 * DAY_MS),
        end: NOW.plus_ms(10 * DAY_MS + 7_200_000),
        start_unconfirmed: false,
        sale: Window { start: NOW, end: NOW.plus_ms(DAY_MS) },
        booking: None,
        titles: BTreeMap::new(),
        descriptions: BTreeMap::new(),
        images: Images::default(),
        rates: vec![rate(ADULT, "Adult", RateKind::Sale), rate(CHILD, "Child", RateKind::Sale)],
        default_rate: ADULT,
        prices: prices.chain(children.map(|(price_type, price)| ((price_type, CHILD), price))).collect(),
        ticket_taxes: vec![tax(1, "IVA 10%", "10")],
        surcharge_taxes: vec![tax(2, "IVA 21%", "21")],
        surcharges: vec![Surcharge::PerTicket(150), Surcharge::PerOrder(200)],
        buyer_limit: None,
        barcodes: BarcodeSource::Generated,
        external_reference: None,
        postponed_from: None,
        promotion_required: false,
        resale: None,
        season: None,
        gates: GateRules::default(),
        version: 1,
    }
}

/// Adds a twentieth of the price, 0.50 to 2.00, and 1 an order.
fn channel(id: ChannelId, kind: ChannelKind) -> Channel {
    let share = Surcharge::PercentOfBase { percent: Percent::parse("5").expect("a rate"), min: 50, max: Some(200) };
    Channel {
        id,
        entity: OPERA,
        name: format!("Channel {id}"),
        kind,
        status: Status::Active,
        languages: vec![language()],
        currency: currency("EUR"),
        hold_ms: 600_000,
        hold_max_ms: 3_600_000,
        payment_ms: 600_000,
        max_items: 10,
        surcharges: vec![share, Surcharge::PerOrder(100)],
        buyer_mandatory: Vec::new(),
        override_orphan_seats: false,
        metadata: Default::default(),
        delivery_methods: Vec::new(),
        insurances: Vec::new(),
        invitations: false,
        buyer_form: Default::default(),
        booking: Default::default(),
        loyalty: false,
        mail: false,
        mail_tickets: true,
        customers: false,
        resale: Default::default(),
        version: 1,
    }
}

/// A person of the opera.
pub(super) fn person(id: UserId, roles: &[Role], permissions: &[Permission]) -> User {
    User {
        id,
        entity: OPERA,
        username: format!("user-{id}"),
        password: String::new(),
        status: Status::Active,
        roles: roles.to_vec(),
        permissions: permissions.to_vec(),
        version: 1,
    }
}
