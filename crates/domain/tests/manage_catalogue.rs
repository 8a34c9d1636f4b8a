//! Who may set up what is sold: the story of a promoter's season told through commands, without HTTP or store.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

use std::sync::Arc;

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::manage::document::{
    Document, Kind, RowDocument, SeatDocument, SectorDocument, ZoneDocument, ZonePlacesDocument,
};
use aforo_domain::catalogue::manage::{
    CatalogueCommand, EventSpec, MarkPlaces, Marking, PlaceGroup, PriceTypeSpec, PublicationSpec, QuotaSpec, RateSpec, SessionSpec, Target,
    VenueSpec,
};
use aforo_domain::catalogue::plan::{Attributes, SeatRow, Zone};
use aforo_domain::catalogue::{Access, Category, Coded, Images, Offer, Presale, PresaleCode, RateKind, Readiness};
use aforo_domain::command::{Command, Reply, Stop, plan};
use aforo_domain::error::{Code, Error};
use aforo_domain::gates::GateRules;
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::manage::channels::{NewChannel, Settings};
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand};
use aforo_domain::identity::manage::users::NewUser;
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{ChannelKind, Client, Role, Scopes, Subject};
use aforo_domain::ids::{
    ChannelId, EntityId, EventId, FamilyId, PriceTypeId, QuotaId, RateId, SectorId, SessionId, ShardId, TaxId, TemplateId, UserId, VenueId,
};
use aforo_domain::inventory::Availability;
use aforo_domain::moment::{Moment, Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::taxes::TaxSpec;
use aforo_domain::text::Language;
use aforo_domain::world::World;

const NOW: Timestamp = Timestamp(1_900_000_000_000_000);
const WEB: ChannelId = ChannelId(70);

/// A shard that commands are put to, one after the other.
struct Story(World);

impl Story {
    /// Operator 3 with two entities, the opera (1) and the stadium (2), and a web channel of the opera.
    fn new() -> Self {
        let mut story = Self(World::new(ShardId(3)));
        let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
        story.set_up(IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator))));
        for name in ["Opera", "Stadium"] {
            story.set_up(IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: name.to_owned() })));
        }
        story.set_up(IdentityCommand::Channel(Edit::Create(NewChannel {
            id: WEB,
            entity: EntityId(1),
            kind: ChannelKind::Web,
            currency: Currency::parse("EUR").unwrap(),
            settings: Settings::usual("Web".to_owned(), vec![Language::parse("es-ES").unwrap()]),
        })));
        story
    }

    fn set_up(&mut self, command: IdentityCommand) -> u64 {
        match self.run(&Actor::System, &Command::Identity(command)) {
            Ok(Reply::Ids(ids)) => ids[0],
            other => panic!("{other:?}"),
        }
    }

    fn run(&mut self, actor: &Actor, command: &Command) -> Result<Reply, Error> {
        let moment = Moment { now: NOW, seed: [7; 32], order_code: None };
        match plan(&self.0, &moment, actor, command) {
            Ok(done) => {
                for change in &done.changes {
                    self.0.apply(change, 1);
                }
                Ok(done.reply)
            }
            Err(Stop::Refused { error, effects }) if effects.is_empty() => Err(*error),
            Err(other) => panic!("management neither loads nor leaves effects: {other:?}"),
        }
    }

    fn ask(&mut self, actor: &Actor, command: CatalogueCommand) -> Result<Vec<u64>, Code> {
        match self.run(actor, &Command::Catalogue(command)) {
            Ok(Reply::Ids(ids)) => Ok(ids),
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(error.code),
        }
    }

    fn done(&mut self, command: CatalogueCommand) -> u64 {
        self.ask(&Actor::System, command).unwrap().first().copied().unwrap_or_default()
    }

    /// Someone of an entity with this role, signed in.
    fn user(&mut self, entity: u64, role: Role) -> Actor {
        let id = self.set_up(IdentityCommand::User(Edit::Create(NewUser {
            id: None,
            entity: EntityId(entity),
            username: format!("user-{entity}-{role:?}").to_lowercase(),
            password: "$argon2id$".to_owned(),
            roles: vec![role],
            permissions: Vec::new(),
        })));
        let subject = Subject {
            shard: ShardId(3),
            client: Client::Management,
            scopes: Scopes::MANAGEMENT,
            key: None,
            channel: None,
            entity: Some(EntityId(entity)),
            user: Some(UserId(id)),
            terminal: None,
            point_of_sale: None,
        };
        Actor::Token(Arc::new(Bearer { subject: Arc::new(subject), family: FamilyId([1; 16]), expires: NOW.plus_ms(1) }))
    }

    /// A complete template of this document.
    fn template(&mut self, document: &Document) -> TemplateId {
        document.check().unwrap();
        let ids = self.ask(&Actor::System, CatalogueCommand::BeginTemplate(document.id, document.outline())).unwrap();
        let (price_types, sectors) = ids[1..].split_at(document.price_types.len());
        let price_types: Vec<_> = price_types.iter().copied().map(PriceTypeId).collect();
        let sectors: Vec<_> = sectors.iter().copied().map(SectorId).collect();
        for sector in document.sectors(TemplateId(ids[0]), &price_types, &sectors).unwrap() {
            self.done(CatalogueCommand::AddSector(Arc::new(sector)));
        }
        TemplateId(self.done(CatalogueCommand::CompleteTemplate(TemplateId(ids[0]))))
    }

    /// A session on sale in the web channel: the opera's venue, template, event and session, all of id 1.
    fn on_sale(&mut self) -> SessionId {
        self.done(CatalogueCommand::SaveVenue(Target::New(None), venue(1)));
        let template = self.template(&hall(1));
        let event = EventId(self.done(CatalogueCommand::SaveEvent(Target::New(None), event(1))));
        let session = SessionId(self.done(CatalogueCommand::SaveSession(Target::New(None), Box::new(session(event, template)))));
        self.done(CatalogueCommand::Publish(session, WEB, None, publication()));
        session
    }

    /// What the web channel sees of a session's sectors, summed up.
    fn availability(&self, session: SessionId) -> Availability {
        let (offer, inventory) = self.0.session(session).unwrap();
        let quotas: Vec<_> = offer.publications[&WEB].quotas.iter().filter_map(|quota| offer.plan.quota_index(*quota)).collect();
        let snapshot = inventory.snapshot(1);
        let mut sum = Availability::default();
        (0..offer.plan.groups.len()).for_each(|group| sum += snapshot.availability(group, &quotas));
        sum
    }
}

fn venue(entity: u64) -> VenueSpec {
    let coded = |code: &str, name: &str| Coded { code: code.to_owned(), name: name.to_owned() };
    VenueSpec {
        entity: Some(EntityId(entity)),
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

fn seat(name: &str, x: i32) -> SeatDocument {
    let kind = Kind::default();
    SeatDocument { name: name.to_owned(), x, y: 0, kind, attributes: Attributes::default(), gap_before: false, blocked: false }
}

/// Six numbered seats of which one is blocked, and a zone of ten places of which four are the members'.
fn hall(venue: u64) -> Document {
    let price_type = |code: &str| PriceTypeSpec {
        id: None,
        name: code.to_owned(),
        code: code.to_owned(),
        order: 1,
        color: "#9E4500".to_owned(),
        names: Default::default(),
        descriptions: Default::default(),
    };
    let mut seats: Vec<_> = (1..=6).map(|number| seat(&number.to_string(), number * 10)).collect();
    seats[5].blocked = true;
    let part = |quota: Option<&str>, count| ZonePlacesDocument { quota: quota.map(str::to_owned), count, blocked: 0 };
    let kind = |code: &str| Kind { price_type: Some(code.to_owned()), quota: None };
    let stalls = RowDocument { name: "A".to_owned(), rank: None, kind: Kind::default(), entrance: None, seats };
    let floor =
        ZoneDocument { name: "Floor".to_owned(), price_type: None, entrance: None, places: vec![part(None, 6), part(Some("Members"), 4)] };
    let sector = |name: &str, code: &str, rows, zones| SectorDocument {
        id: None,
        name: name.to_owned(),
        code: name.to_owned(),
        kind: kind(code),
        entrance: None,
        rows,
        zones,
    };
    Document {
        id: None,
        venue: VenueId(venue),
        name: "Whole house".to_owned(),
        price_types: vec![price_type("STALLS"), price_type("FLOOR")],
        quotas: vec![quota("General", None), quota("Members", None)],
        sectors: vec![sector("Stalls", "STALLS", vec![stalls], vec![]), sector("Floor", "FLOOR", vec![], vec![floor])],
        check_orphan_seats: true,
        graphic: true,
        focal_point: Some((35, -100)),
    }
}

fn event(entity: u64) -> EventSpec {
    EventSpec {
        entity: Some(EntityId(entity)),
        name: "La traviata".to_owned(),
        readiness: Readiness::Ready,
        currency: Currency::parse("EUR").unwrap(),
        default_language: Language::parse("es-ES").unwrap(),
        titles: Default::default(),
        subtitles: Default::default(),
        short_descriptions: Default::default(),
        long_descriptions: Default::default(),
        images: Images::default(),
        category: Category::default(),
        attendee_form: Default::default(),
        kind: Default::default(),
        resale: Default::default(),
    }
}

fn rate(name: &str, prices: &[(u64, i64)]) -> RateSpec {
    let prices = prices.iter().map(|(id, price)| (PriceTypeId(*id), *price)).collect();
    RateSpec { id: None, name: name.to_owned(), prices, kind: RateKind::Sale }
}

fn session(event: EventId, template: TemplateId) -> SessionSpec {
    SessionSpec {
        event,
        template,
        name: "Premiere".to_owned(),
        readiness: Readiness::Ready,
        selling: true,
        start: NOW.plus_ms(86_400_000),
        end: NOW.plus_ms(90_000_000),
        start_unconfirmed: false,
        sale: Window { start: NOW, end: NOW.plus_ms(86_400_000) },
        booking: None,
        titles: Default::default(),
        descriptions: Default::default(),
        images: Images::default(),
        rates: vec![rate("General", &[(1, 6000), (2, 2500)]), rate("Junior", &[(2, 1000)])],
        default_rate: 0,
        ticket_taxes: vec![TaxSpec { id: None, name: "IVA 10%".to_owned(), percent: Percent(100_000) }],
        surcharge_taxes: vec![TaxSpec { id: None, name: "IVA 21%".to_owned(), percent: Percent(210_000) }],
        surcharges: Vec::new(),
        buyer_limit: None,
        barcodes: BarcodeSource::Generated,
        external_reference: None,
        promotion_required: false,
        resale: None,
        season: None,
        gates: GateRules::default(),
    }
}

/// The session of [`Story::on_sale`] with its switch set.
fn selling(id: SessionId, on: bool) -> CatalogueCommand {
    let spec = SessionSpec { selling: on, ..session(EventId(1), TemplateId(1)) };
    CatalogueCommand::SaveSession(Target::Existing(id, None), Box::new(spec))
}

fn publication() -> PublicationSpec {
    PublicationSpec { quotas: Vec::new(), on_catalog: true, sale: None, sales_limit: None, presales: Vec::new() }
}

#[test]
fn a_season_is_set_up_and_sold() {
    let mut story = Story::new();
    let id = story.on_sale();
    let (offer, _) = story.0.session(id).unwrap();
    assert!(offer.in_channel(WEB, NOW).is_some_and(|(_, state)| state.on_sale));
    assert_eq!(offer.session.ticket_taxes[0].id, TaxId(1));
    assert_eq!(offer.session.surcharge_taxes[0].id, TaxId(2));
    assert_eq!(offer.rate(None).unwrap().name, "General");
    assert_eq!(offer.plan.seat_at(0).unwrap().seat.id.0, 1_000_001, "seats are numbered after their template");
    // Twelve places are general, one of them blocked from the start; the members' four are not this channel's.
    assert_eq!(story.availability(id), Availability { total: 12, available: 11 });

    story.done(selling(id, false));
    assert!(story.0.session(id).unwrap().0.in_channel(WEB, NOW).is_some_and(|(_, state)| !state.for_sale));
    story.done(CatalogueCommand::Unpublish(id, WEB, None));
    assert!(story.0.session(id).unwrap().0.in_channel(WEB, NOW).is_none());
    assert_eq!(story.ask(&Actor::System, CatalogueCommand::Unpublish(id, WEB, None)), Err(Code::NotFound));
}

#[test]
fn another_promoters_things_are_not_there() {
    let mut story = Story::new();
    let id = story.on_sale();
    let (own, other, seller) = (story.user(1, Role::EventManager), story.user(2, Role::EventManager), story.user(1, Role::Seller));
    assert_eq!(story.ask(&other, selling(id, false)), Err(Code::NotFound));
    assert_eq!(story.ask(&seller, selling(id, false)), Err(Code::ForbiddenResource));
    assert_eq!(story.ask(&own, selling(id, false)), Ok(vec![id.0]));
    assert_eq!(story.ask(&other, CatalogueCommand::SaveVenue(Target::Existing(VenueId(1), None), venue(2))), Err(Code::NotFound));
    assert_eq!(story.ask(&other, CatalogueCommand::SaveEvent(Target::New(None), event(1))), Err(Code::Dist0005));
    // But venues are shared: the stadium's promoter plays in the opera's house.
    let play = story.ask(&other, CatalogueCommand::SaveEvent(Target::New(None), EventSpec { entity: None, ..event(2) })).unwrap()[0];
    let guest = session(EventId(play), TemplateId(1));
    assert!(story.ask(&other, CatalogueCommand::SaveSession(Target::New(None), Box::new(guest))).is_ok());
}

#[test]
fn ids_that_are_chosen_are_kept_or_refused() {
    let mut story = Story::new();
    let first = story.on_sale();
    let new = |id| CatalogueCommand::SaveEvent(Target::New(Some(EventId(id))), event(1));
    assert_eq!(story.ask(&Actor::System, new(4_000)), Ok(vec![4_000]));
    assert_eq!(story.ask(&Actor::System, new(4_000)), Err(Code::Conflict));
    assert_eq!(story.ask(&Actor::System, new(1 << 53)), Err(Code::Dist0005));
    assert_eq!(story.done(CatalogueCommand::SaveEvent(Target::New(None), event(1))), 4_001);

    // A rate is one event's, a tax has one name and one rate.
    let taken = |event, rate_id, tax: TaxSpec| {
        let mut spec = session(EventId(event), TemplateId(1));
        spec.rates[0].id = rate_id;
        spec.ticket_taxes = vec![tax];
        CatalogueCommand::SaveSession(Target::New(None), Box::new(spec))
    };
    let tax = |percent| TaxSpec { id: Some(TaxId(1)), name: "IVA 10%".to_owned(), percent: Percent(percent) };
    assert_eq!(story.ask(&Actor::System, taken(4_000, Some(RateId(1)), tax(100_000))), Err(Code::Conflict));
    assert_eq!(story.ask(&Actor::System, taken(1, Some(RateId(1)), tax(40_000))), Err(Code::Conflict));
    let second = story.done(taken(1, None, tax(100_000)));
    let rates = |id| story.0.session(id).unwrap().0.session.rates.clone();
    assert_eq!(rates(SessionId(second)), rates(first), "sessions of an event share its rates");
}

#[test]
fn price_types_and_sectors_are_one_venues() {
    let mut story = Story::new();
    story.done(CatalogueCommand::SaveVenue(Target::New(None), venue(1)));
    story.done(CatalogueCommand::SaveVenue(Target::New(None), venue(1)));
    let with_id = |venue| {
        let mut document = hall(venue);
        document.price_types[0].id = Some(PriceTypeId(900));
        document.sectors[0].id = Some(SectorId(800));
        document
    };
    story.template(&with_id(1));
    story.template(&with_id(1));
    let elsewhere = CatalogueCommand::BeginTemplate(None, with_id(2).outline());
    assert_eq!(story.ask(&Actor::System, elsewhere), Err(Code::Conflict));
}

#[test]
fn a_template_is_used_when_it_is_complete() {
    let mut story = Story::new();
    story.done(CatalogueCommand::SaveVenue(Target::New(None), venue(1)));
    story.done(CatalogueCommand::SaveEvent(Target::New(None), event(1)));
    let id = TemplateId(story.done(CatalogueCommand::BeginTemplate(None, hall(1).outline())));
    let new = || CatalogueCommand::SaveSession(Target::New(None), Box::new(session(EventId(1), id)));
    assert_eq!(story.ask(&Actor::System, new()), Err(Code::Dist0005));
    assert_eq!(story.ask(&Actor::System, CatalogueCommand::CompleteTemplate(id)), Err(Code::Dist0006));
    let sectors = hall(1).sectors(id, &[PriceTypeId(1), PriceTypeId(2)], &[SectorId(1), SectorId(2)]).unwrap();
    for sector in sectors {
        story.done(CatalogueCommand::AddSector(Arc::new(sector)));
    }
    story.done(CatalogueCommand::CompleteTemplate(id));
    assert_eq!(story.ask(&Actor::System, CatalogueCommand::CompleteTemplate(id)), Err(Code::Conflict));
    assert!(story.ask(&Actor::System, new()).is_ok());
}

#[test]
fn a_document_is_refused_with_what_is_wrong() {
    let refused = |change: fn(&mut Document)| {
        let mut document = hall(1);
        change(&mut document);
        let error = document.check().unwrap_err();
        (error.code, error.fill.concat())
    };
    let named = |code, field: &str| (code, field.to_owned());
    assert_eq!(refused(|hall| hall.sectors.clear()), named(Code::Dist0006, "sectors"));
    assert_eq!(refused(|hall| hall.sectors[0].kind.price_type = None), named(Code::Dist0006, "sectors.rows.seats.price_type"));
    assert_eq!(refused(|hall| hall.price_types[1].code = "STALLS".into()), named(Code::Dist0005, "price_types"));
    assert_eq!(refused(|hall| hall.sectors[0].rows[0].seats[1] = seat("1", 0)), named(Code::Dist0005, "sectors.rows.seats.name"));
    assert_eq!(refused(|hall| hall.sectors[1].zones[0].places[0].blocked = 7), named(Code::Dist0005, "sectors.zones.places.blocked"));
    assert_eq!(refused(|hall| hall.sectors[1].zones[0].places[0].count = u32::MAX), named(Code::Dist0005, "sectors"));
    assert_eq!(
        refused(|hall| hall.sectors[1].zones[0].places[1].quota = Some("Press".into())),
        named(Code::Dist0005, "sectors.zones.places.quota")
    );
}

#[test]
fn a_sessions_times_and_prices_must_make_sense() {
    let mut story = Story::new();
    story.on_sale();
    let mut refused = |change: fn(&mut SessionSpec)| {
        let mut spec = session(EventId(1), TemplateId(1));
        change(&mut spec);
        story.ask(&Actor::System, CatalogueCommand::SaveSession(Target::New(None), Box::new(spec))).unwrap_err()
    };
    assert_eq!(refused(|spec| spec.sale.end = spec.sale.start), Code::Dist0001);
    assert_eq!(refused(|spec| spec.end = Timestamp(0)), Code::Dist0001);
    assert_eq!(refused(|spec| spec.booking = Some(Window { start: NOW, end: NOW })), Code::Dist0001);
    assert_eq!(refused(|spec| spec.rates.clear()), Code::Dist0006);
    assert_eq!(refused(|spec| spec.rates[0].prices.push((PriceTypeId(9), 1))), Code::Dist0005);
    assert_eq!(refused(|spec| spec.rates[1].name = "General".into()), Code::Dist0005);
    assert_eq!(refused(|spec| spec.event = EventId(9)), Code::NotFound);
}

#[test]
fn what_changed_meanwhile_is_not_overwritten() {
    let mut story = Story::new();
    let id = story.on_sale();
    let template = story.template(&hall(1));
    let save = |seen, template| CatalogueCommand::SaveSession(Target::Existing(id, seen), Box::new(session(EventId(1), template)));
    assert_eq!(story.ask(&Actor::System, save(Some(1), TemplateId(1))), Ok(vec![id.0]));
    assert_eq!(story.ask(&Actor::System, save(Some(1), TemplateId(1))), Err(Code::Conflict));
    assert_eq!(story.ask(&Actor::System, save(None, template)), Err(Code::Conflict), "a session keeps its template");
    let dollars = EventSpec { currency: Currency::parse("USD").unwrap(), ..event(1) };
    assert_eq!(story.ask(&Actor::System, CatalogueCommand::SaveEvent(Target::Existing(EventId(1), None), dollars)), Err(Code::Conflict));
    let cancelled = SessionSpec { readiness: Readiness::Cancelled, ..session(EventId(1), TemplateId(1)) };
    story.done(CatalogueCommand::SaveSession(Target::Existing(id, None), Box::new(cancelled)));
    assert_eq!(story.ask(&Actor::System, selling(id, true)), Err(Code::Conflict), "what was cancelled does not come back");
}

#[test]
fn places_are_blocked_all_or_none() {
    let mut story = Story::new();
    let id = story.on_sale();
    let (offer, _) = story.0.session(id).unwrap();
    let seats: Vec<_> = (0..6).map(|place| offer.plan.seat_at(place).unwrap().seat.id).collect();
    let zone = offer.plan.zone_at(6).unwrap().1.id;
    let mark = |marking, seats: &[_], count| {
        let zones = if count > 0 { vec![PlaceGroup { zone, quota: None, count }] } else { Vec::new() };
        CatalogueCommand::Mark(MarkPlaces { session: id, marking, seats: seats.to_vec(), zones })
    };
    // The sixth is blocked already.
    assert_eq!(story.ask(&Actor::System, mark(Marking::Block, &seats[4..], 1)), Err(Code::Conflict));
    assert_eq!(story.availability(id).available, 11);
    story.done(mark(Marking::Block, &seats[..2], 10));
    assert_eq!(story.availability(id), Availability { total: 12, available: 3 });
    story.done(mark(Marking::Unblock, &seats[..1], 10));
    story.done(mark(Marking::Unblock, &seats[5..], 0));
    assert_eq!(story.availability(id), Availability { total: 12, available: 11 });

    // What is moved to the members is the web's no more; the second seat goes as it is, blocked.
    story.done(mark(Marking::MoveTo(QuotaId(2)), &seats[..2], 6));
    assert_eq!(story.availability(id), Availability { total: 4, available: 4 });
    assert_eq!(story.ask(&Actor::System, mark(Marking::MoveTo(QuotaId(2)), &[], 1)), Err(Code::Conflict), "none is left to move");
    story.done(mark(Marking::MoveTo(QuotaId(1)), &[], 10));
    assert_eq!(story.availability(id), Availability { total: 14, available: 14 });
    let manager = story.user(1, Role::EventManager);
    assert_eq!(story.ask(&manager, mark(Marking::Block, &seats[3..4], 0)), Err(Code::Auth0027), "blocking is a permission");
}

fn quota(name: &str, release_ms: Option<i64>) -> QuotaSpec {
    QuotaSpec { name: name.to_owned(), release_ms }
}

#[test]
fn presales_are_within_the_sale_or_before_it() {
    let mut story = Story::new();
    let id = story.on_sale();
    let presale = |from, to| {
        let window = Window { start: NOW.plus_ms(from), end: NOW.plus_ms(to) };
        Presale { name: "Fans".to_owned(), window, access: Access::Code(PresaleCode::parse("FAN2031").unwrap()) }
    };
    let mut publish = |presales: &[Presale]| {
        let spec = PublicationSpec { presales: presales.to_vec(), ..publication() };
        story.ask(&Actor::System, CatalogueCommand::Publish(id, WEB, None, spec))
    };
    assert_eq!(publish(&[presale(-10, 10), presale(-20, -10), presale(0, 86_400_000)]), Ok(vec![WEB.0]));
    assert_eq!(publish(&[presale(-10, 10), presale(5, 5)]), Err(Code::Dist0001));
    assert_eq!(publish(&[presale(-10, 86_400_001)]), Err(Code::Dist0001), "it outlasts the sale");
    let (offer, _) = story.0.session(id).unwrap();
    assert_eq!(offer.publications[&WEB].presales.len(), 3, "what was refused changed nothing");
    // The one that is over is not shown, and a sale that ends earlier now takes its presales along.
    let left = |offer: &Offer| offer.presales_left(&offer.publications[&WEB], NOW).map(|(_, window)| window.end).collect::<Vec<_>>();
    assert_eq!(left(offer), [NOW.plus_ms(10), NOW.plus_ms(86_400_000)]);
    let spec = SessionSpec { sale: Window { start: NOW.plus_ms(-5), end: NOW.plus_ms(7) }, ..session(EventId(1), TemplateId(1)) };
    story.done(CatalogueCommand::SaveSession(Target::Existing(id, None), Box::new(spec)));
    assert_eq!(left(story.0.session(id).unwrap().0), [NOW.plus_ms(7), NOW.plus_ms(7)]);
}

#[test]
fn an_invitation_has_no_price_and_is_nobodys_default() {
    let mut story = Story::new();
    story.on_sale();
    let guest = |quota: Option<u64>, prices: &[(u64, i64)]| {
        let kind = RateKind::Invitation { quota: quota.map(QuotaId) };
        RateSpec { kind, ..rate("Guest", prices) }
    };
    let mut save = |default_rate, rates: Vec<RateSpec>| {
        let spec = SessionSpec { rates, default_rate, ..session(EventId(1), TemplateId(1)) };
        story.ask(&Actor::System, CatalogueCommand::SaveSession(Target::Existing(SessionId(1), None), Box::new(spec)))
    };
    let sold = || rate("General", &[(1, 6000)]);
    assert_eq!(save(0, vec![sold(), guest(Some(9), &[])]), Err(Code::Dist0005), "no such quota");
    assert_eq!(save(0, vec![sold(), guest(None, &[(1, 1)])]), Err(Code::Dist0005), "it costs something");
    assert_eq!(save(0, vec![sold(), guest(None, &[(9, 0)])]), Err(Code::Dist0005), "no such price type");
    assert_eq!(save(1, vec![sold(), guest(None, &[])]), Err(Code::Dist0005), "it is the default");
    assert_eq!(save(0, vec![guest(None, &[(1, 0)])]), Err(Code::Dist0006), "nothing is sold");
    assert_eq!(save(0, vec![sold(), guest(Some(2), &[(1, 0), (2, 0)])]), Ok(vec![1]));
    let saved = &story.0.session(SessionId(1)).unwrap().0.session;
    assert_eq!(saved.rates[1].kind, RateKind::Invitation { quota: Some(QuotaId(2)) });
    assert_eq!(saved.prices.len(), 1, "what is nothing is not kept as a price");
}

#[test]
fn rows_and_zones_that_were_stored_before_there_were_entrances_are_read() {
    let row: SeatRow = serde_json::from_str(r#"{"id": 1, "name": "A", "rank": null, "seats": []}"#).unwrap();
    let zone: Zone = serde_json::from_str(r#"{"id": 1, "name": "Pit", "price_type": 1, "places": []}"#).unwrap();
    assert_eq!((row.entrance, zone.entrance), (None, None));
}
