//! The wire shapes of the catalogue, to the letter: keys, their order, and the arithmetic behind the values.

use std::sync::Arc;

use aforo_domain::barcodes::BarcodeSource;
use aforo_domain::catalogue::manage::document::{
    Document, Kind, RowDocument, SeatDocument, SectorDocument, ZoneDocument, ZonePlacesDocument,
};
use aforo_domain::catalogue::manage::{
    CatalogueCommand, EventSpec, PriceTypeSpec, PublicationSpec, QuotaSpec, RateSpec, SessionSpec, Target, VenueSpec,
};
use aforo_domain::catalogue::plan::Attributes;
use aforo_domain::catalogue::{Access, Category, Coded, Images, Presale, PresaleCode, RateKind, Readiness, SaleState};
use aforo_domain::command::{Command, Reply, plan};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::channels::{NewChannel, Settings};
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{ChannelKind, Surcharge};
use aforo_domain::ids::{ChannelId, EntityId, EventId, PriceTypeId, RateId, SectorId, SessionId, ShardId, TaxId, TemplateId, VenueId};
use aforo_domain::moment::{Moment, Timestamp, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::taxes::TaxSpec;
use aforo_domain::text::{Language, Localized};
use aforo_domain::world::World;

use super::availability::Seen;
use super::cache::Sheet;
use super::event_item::Listed;
use crate::http::time;

const WEB: ChannelId = ChannelId(70);

fn at(text: &str) -> Timestamp {
    time::parse(text).unwrap()
}

fn localized(texts: &[(&str, &str)]) -> Localized {
    texts.iter().map(|(language, text)| (Language::parse(language).unwrap(), (*text).to_owned())).collect()
}

fn run(world: &mut World, command: Command) -> Vec<u64> {
    let moment = Moment { now: at("2031-02-01T12:00:00Z"), seed: [7; 32], order_code: None };
    let done = plan(world, &moment, &Actor::System, &command).unwrap();
    done.changes.iter().for_each(|change| world.apply(change, 1));
    match done.reply {
        Reply::Ids(ids) => ids,
        _ => Vec::new(),
    }
}

fn price_type(id: u64, name: &str, code: &str, order: u32) -> PriceTypeSpec {
    PriceTypeSpec {
        id: Some(PriceTypeId(id)),
        name: name.to_owned(),
        code: code.to_owned(),
        order,
        color: "#336699".to_owned(),
        names: localized(&[("ca-ES", "Platea")]),
        descriptions: Localized::new(),
    }
}

/// Three seats in a row, the last one blocked and behind an aisle, and a zone of 40 places, 15 of them the members'.
pub fn hall() -> Document {
    let seat = |name: &str, x, blocked| SeatDocument {
        name: name.to_owned(),
        x,
        y: 5,
        kind: Kind::default(),
        attributes: if blocked { Attributes::AISLE } else { Attributes::default() },
        gap_before: blocked,
        blocked,
    };
    let kind = |code: &str| Kind { price_type: Some(code.to_owned()), quota: None };
    let seats = vec![seat("2", -10, false), seat("4", 10, false), seat("6", 50, true)];
    let row = RowDocument { name: "B".to_owned(), rank: None, kind: Kind::default(), entrance: None, seats };
    let part = |quota: Option<&str>, count| ZonePlacesDocument { quota: quota.map(str::to_owned), count, blocked: 0 };
    let zone =
        ZoneDocument { name: "Pit".to_owned(), price_type: None, entrance: None, places: vec![part(None, 25), part(Some("Members"), 15)] };
    let sector = |id, name: &str, code: &str, rows, zones| SectorDocument {
        id: Some(SectorId(id)),
        name: name.to_owned(),
        code: code.to_owned(),
        kind: kind(code),
        entrance: None,
        rows,
        zones,
    };
    Document {
        id: Some(TemplateId(8)),
        venue: VenueId(31),
        name: "House".to_owned(),
        price_types: vec![price_type(501, "Stalls", "ST", 2), price_type(502, "Pit", "PT", 1)],
        quotas: vec![quota("General", None), quota("Members", None)],
        sectors: vec![sector(601, "Stalls left", "ST", vec![row], vec![]), sector(602, "Pit", "PT", vec![], vec![zone])],
        check_orphan_seats: true,
        graphic: true,
        focal_point: None,
    }
}

fn venue() -> VenueSpec {
    let coded = |code: &str, name: &str| Coded { code: code.to_owned(), name: name.to_owned() };
    VenueSpec {
        entity: Some(EntityId(1)),
        name: "Teatre del Port".to_owned(),
        address: "Moll 3".to_owned(),
        city: "Tarragona".to_owned(),
        country: coded("ES", "España"),
        country_subdivision: coded("ES-T", "Tarragona"),
        postal_code: Some("43004".to_owned()),
        time_zone: "Europe/Madrid".to_owned(),
        image: None,
        retired: false,
    }
}

fn event() -> EventSpec {
    EventSpec {
        entity: Some(EntityId(1)),
        name: "Aida".to_owned(),
        readiness: Readiness::Ready,
        currency: Currency::parse("EUR").unwrap(),
        default_language: Language::parse("ca-ES").unwrap(),
        titles: localized(&[("ca-ES", "Aida"), ("en-US", "")]),
        subtitles: localized(&[("ca-ES", "Òpera en quatre actes")]),
        short_descriptions: Localized::new(),
        long_descriptions: localized(&[("ca-ES", "<p>Verdi</p>")]),
        images: Images {
            main: localized(&[("ca-ES", "https://img.example/m.jpg")]),
            landscape: vec![localized(&[("ca-ES", "https://img.example/l.jpg")])],
        },
        category: Category { code: "OPERA".to_owned(), parent: Some("MUSIC".to_owned()), custom: None },
        attendee_form: Default::default(),
        resale: Default::default(),
        kind: Default::default(),
    }
}

fn session() -> SessionSpec {
    let rate = |id, name: &str, prices: &[(u64, i64)]| RateSpec {
        id: Some(RateId(id)),
        name: name.to_owned(),
        prices: prices.iter().map(|(id, price)| (PriceTypeId(*id), *price)).collect(),
        kind: RateKind::Sale,
    };
    SessionSpec {
        event: EventId(41),
        template: TemplateId(8),
        name: "Premiere".to_owned(),
        readiness: Readiness::Ready,
        selling: true,
        start: at("2031-04-12T20:00:00+02:00"),
        end: at("2031-04-12T23:00:00+02:00"),
        start_unconfirmed: false,
        sale: Window { start: at("2031-01-10T10:00:00+01:00"), end: at("2031-04-12T19:00:00+02:00") },
        booking: Some(Window { start: at("2031-01-10T10:00:00+01:00"), end: at("2031-04-01T00:00:00+02:00") }),
        titles: localized(&[("ca-ES", "Estrena")]),
        descriptions: Localized::new(),
        images: Images::default(),
        rates: vec![rate(71, "Junior", &[(502, 1850)]), rate(72, "Adult", &[(501, 12000), (502, 2600)])],
        default_rate: 1,
        ticket_taxes: vec![TaxSpec { id: Some(TaxId(9)), name: "IVA 8%".to_owned(), percent: Percent(80_000) }],
        surcharge_taxes: vec![TaxSpec { id: Some(TaxId(10)), name: "IVA 21%".to_owned(), percent: Percent(210_000) }],
        surcharges: vec![Surcharge::PercentOfBase { percent: Percent(100_000), min: 200, max: Some(900) }],
        buyer_limit: None,
        barcodes: BarcodeSource::Generated,
        external_reference: Some("AIDA-1".to_owned()),
        promotion_required: false,
        resale: None,
        season: None,
        gates: Default::default(),
    }
}

/// A session in that hall as a web channel sees it that charges half an euro a ticket.
pub fn seen() -> Seen {
    seen_in(&hall())
}

/// The same in another hall with the same price types and sectors.
pub fn seen_in(document: &Document) -> Seen {
    seen_with(document, Vec::new(), Vec::new())
}

/// The same with more rates, in a channel that may invite if there are any, and with presales.
fn seen_with(document: &Document, rates: Vec<RateSpec>, presales: Vec<Presale>) -> Seen {
    let mut world = World::new(ShardId(3));
    let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
    run(&mut world, Command::Identity(IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator)))));
    run(&mut world, Command::Identity(IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: "Opera".to_owned() }))));
    let settings = Settings {
        surcharges: vec![Surcharge::PerTicket(50), Surcharge::PerOrder(300)],
        invitations: !rates.is_empty(),
        ..Settings::usual("Web".to_owned(), vec![Language::parse("ca-ES").unwrap()])
    };
    let currency = Currency::parse("EUR").unwrap();
    let channel = NewChannel { id: WEB, entity: EntityId(1), kind: ChannelKind::Web, currency, settings };
    run(&mut world, Command::Identity(IdentityCommand::Channel(Edit::Create(channel))));
    let mut set_up = |command| run(&mut world, Command::Catalogue(command));
    set_up(CatalogueCommand::SaveVenue(Target::New(Some(VenueId(31))), venue()));
    set_up(CatalogueCommand::BeginTemplate(document.id, document.outline()));
    let ids = ([PriceTypeId(501), PriceTypeId(502)], [SectorId(601), SectorId(602)]);
    for sector in document.sectors(TemplateId(8), &ids.0, &ids.1).unwrap() {
        set_up(CatalogueCommand::AddSector(Arc::new(sector)));
    }
    set_up(CatalogueCommand::CompleteTemplate(TemplateId(8)));
    set_up(CatalogueCommand::SaveEvent(Target::New(Some(EventId(41))), event()));
    let mut spec = session();
    spec.rates.extend(rates);
    set_up(CatalogueCommand::SaveSession(Target::New(Some(SessionId(51))), Box::new(spec)));
    let publication = PublicationSpec { quotas: Vec::new(), on_catalog: true, sale: None, sales_limit: None, presales };
    set_up(CatalogueCommand::Publish(SessionId(51), WEB, None, publication));
    let (offer, inventory) = world.session(SessionId(51)).unwrap();
    let sheet = Sheet::new(offer.clone(), world.identity.channels[&WEB].clone(), at("2031-02-01T12:00:00Z"));
    let state = SaleState { for_sale: true, on_sale: false };
    Seen { sheet: Arc::new(sheet), snapshot: Arc::new(inventory.snapshot(12)), state }
}

/// A body as expected: without line breaks and what indents them.
fn squeezed(expected: &str) -> String {
    expected.lines().map(str::trim).collect()
}

fn text(body: impl AsRef<[u8]>) -> String {
    String::from_utf8(body.as_ref().to_vec()).unwrap()
}

const EVENT: &str = r#"{"id":41,"name":"Aida","texts":{"title":{"ca-ES":"Aida","en-US":""},"subtitle":{"ca-ES":"Òpera en quatre actes"},
    "description_long":{"ca-ES":"<p>Verdi</p>"}},
    "images":{"main":{"ca-ES":"https://img.example/m.jpg"},"landscape":[{"ca-ES":"https://img.example/l.jpg"}]},"default_language":"ca_ES"}"#;

#[test]
fn a_session_has_the_contracts_keys_in_their_order() {
    let expected = r#"{"id":51,"name":"Premiere","type":"SESSION","event":EVENT,
        "venue":{"id":31,"name":"Teatre del Port","location":{"address":"Moll 3","city":"Tarragona","country":{"code":"ES","name":"España"},
        "postal_code":"43004","country_subdivision":{"code":"ES-T","name":"Tarragona"},"time_zone":"Europe/Madrid"},
        "graphic":true,"check_orphan_seats":true},
        "date":{"start":"2031-04-12T20:00:00+02:00","end":"2031-04-12T23:00:00+02:00","sale_start":"2031-01-10T10:00:00+01:00",
        "sale_end":"2031-04-12T19:00:00+02:00","booking_start":"2031-01-10T09:00:00Z","booking_end":"2031-03-31T22:00:00Z",
        "start_unconfirmed":false},
        "texts":{"title":{"ca-ES":"Estrena"}},"images":{"landscape":[{"ca-ES":"https://img.example/l.jpg"}]},
        "price":{"min":{"value":18.5,"surcharge":{"promoter":2,"channel":0.5}},"max":{"value":120,"surcharge":{"promoter":9,"channel":0.5}},
        "taxes":{"tickets":[{"id":9,"name":"IVA 8%","value":8}],"surcharges":[{"id":10,"name":"IVA 21%","value":21,
        "applies_to":["PROMOTER","SECONDARY_MARKET_PROMOTER","CHANNEL","SECONDARY_MARKET_CHANNEL"]}]},
        "min_net":{"value":17.13,"surcharge":{"promoter":1.65,"channel":0.41}},
        "max_net":{"value":111.11,"surcharge":{"promoter":7.44,"channel":0.41}},
        "min_final":{"value":18.5,"surcharge":{"promoter":2,"channel":0.5}},
        "max_final":{"value":120,"surcharge":{"promoter":9,"channel":0.5}}},
        "availability":{"price_types":[{"id":501,"name":"Stalls","availability":{"type":"BOUNDED","total":3,"available":2}},
        {"id":502,"name":"Pit","availability":{"type":"BOUNDED","total":25,"available":25}}]},
        "for_sale":true,"on_sale":false,"sold_out":false,"external_reference":"AIDA-1",
        "rates":[{"id":71,"name":"Junior","default":false},{"id":72,"name":"Adult","default":true}],"currency":"EUR"}"#;
    assert_eq!(text(seen().item()), squeezed(&expected.replace("EVENT", EVENT)));
}

#[test]
fn invitations_and_presales_come_behind_what_is_known() {
    let kind = RateKind::Invitation { quota: None };
    let guest = RateSpec { id: Some(RateId(73)), name: "Guest".to_owned(), prices: Vec::new(), kind };
    let presale = |name: &str, from, to| {
        let window = Window { start: at(from), end: at(to) };
        Presale { name: name.to_owned(), window, access: Access::Code(PresaleCode::parse("FAN2031").unwrap()) }
    };
    let over = presale("Over", "2031-01-01T12:00:00Z", "2031-02-01T12:00:00Z");
    let fans = presale("Fans", "2031-01-01T12:00:00Z", "2031-02-01T12:00:01Z");
    let text = text(seen_with(&hall(), vec![guest], vec![over, fans]).item());
    let expected = r#""rates":[{"id":71,"name":"Junior","default":false},{"id":72,"name":"Adult","default":true},
        {"id":73,"name":"Guest","default":false,"invitation":true}],"currency":"EUR",
        "presales":[{"name":"Fans","start":"2031-01-01T13:00:00+01:00","end":"2031-02-01T13:00:01+01:00","type":"CODE"}]}"#;
    assert!(text.ends_with(&squeezed(expected)), "{text}");
    assert!(text.contains(r#""price":{"min":{"value":0,"surcharge":{"promoter":0,"channel":0}},"#), "{text}");
}

#[test]
fn availability_sums_up_by_price_type_and_by_sector() {
    let expected = r##"{"id":51,"name":"Premiere","availability":{"type":"BOUNDED","total":28,"available":27},
        "price_types":[{"id":501,"name":"Stalls","availability":{"type":"BOUNDED","total":3,"available":2},
        "texts":{"name":{"ca-ES":"Platea"}},"ui_settings":{"order":2,"color":"#336699"},"code":"ST"},
        {"id":502,"name":"Pit","availability":{"type":"BOUNDED","total":25,"available":25},
        "texts":{"name":{"ca-ES":"Platea"}},"ui_settings":{"order":1,"color":"#336699"},"code":"PT"}],
        "sectors":[{"id":601,"name":"Stalls left","code":"ST","price_types":[{"id":501,"name":"Stalls",
        "availability":{"type":"BOUNDED","total":3,"available":2}}]},
        {"id":602,"name":"Pit","code":"PT","price_types":[{"id":502,"name":"Pit","availability":{"type":"BOUNDED","total":25,"available":25}}]}]}"##;
    assert_eq!(text(seen().availability()), squeezed(expected));
}

#[test]
fn prices_are_what_the_buyer_pays() {
    let expected = r#"{"rates":[{"id":71,"name":"Junior","default":false,"price_types":[{"id":502,"name":"Pit","price":{"value":18.5,
        "surcharge":{"promoter":2,"channel":0.5},"total":21,"net":{"value":17.13,"surcharge":{"promoter":1.65,"channel":0.41},"total":19.19}}}]},
        {"id":72,"name":"Adult","default":true,"price_types":[{"id":501,"name":"Stalls","price":{"value":120,
        "surcharge":{"promoter":9,"channel":0.5},"total":129.5,
        "net":{"value":111.11,"surcharge":{"promoter":7.44,"channel":0.41},"total":118.96}}},
        {"id":502,"name":"Pit","price":{"value":26,"surcharge":{"promoter":2.6,"channel":0.5},"total":29.1,
        "net":{"value":24.07,"surcharge":{"promoter":2.15,"channel":0.41},"total":26.63}}}]}],
        "currency":"EUR"}"#;
    assert_eq!(text(seen().prices()), squeezed(expected));
}

#[tokio::test]
async fn seats_are_compact_and_say_what_each_letter_is() {
    let seen = seen();
    let map = super::seats::SeatMap::new(seen.sheet.offer.plan.clone());
    let body = axum::body::to_bytes(axum::body::Body::new(seen.seats(Some(&map))), usize::MAX).await.unwrap();
    let expected = r#"{"id":51,"seat_fields":["id","seat","x","y","price_type","attributes"],
        "statuses":{"F":"FREE","T":"TAKEN","N":"NOT_FOR_SALE"},
        "price_types":[{"id":501,"name":"Stalls","code":"ST"},{"id":502,"name":"Pit","code":"PT"}],
        "sectors":[{"id":601,"name":"Stalls left","code":"ST","rows":[{"id":8000001,"name":"B",
        "seats":[[8000001,"2",-10,5,0],[8000002,"4",10,5,0],[8000003,"6",50,5,0,["AISLE","GAP_BEFORE"]]]}]}],"status":"FFN"}"#;
    assert_eq!(text(body), squeezed(expected));
}

#[test]
fn an_event_has_the_contracts_keys_in_their_order() {
    let seen = seen();
    let offer = &seen.sheet.offer;
    let item = Listed { event: &offer.event, offers: vec![offer] }.item(true);
    let expected = r#"{"id":41,"name":"Aida","texts":{"title":{"ca-ES":"Aida","en-US":""},"subtitle":{"ca-ES":"Òpera en quatre actes"},
        "description_long":{"ca-ES":"<p>Verdi</p>"}},"date":{"start":"2031-04-12T20:00:00+02:00","end":"2031-04-12T23:00:00+02:00"},
        "images":{"main":{"ca-ES":"https://img.example/m.jpg"},"landscape":[{"ca-ES":"https://img.example/l.jpg"}]},
        "media":{"texts":{"ca-ES":{"DESCRIPTION_LONG":{"value":"<p>Verdi</p>"},"SUBTITLE":{"value":"Òpera en quatre actes"},
        "TITLE":{"value":"Aida"}},"en-US":{"TITLE":{"value":""}}},
        "images":{"ca-ES":{"LANDSCAPE":[{"value":"https://img.example/l.jpg"}],"MAIN":{"value":"https://img.example/m.jpg"}}}},
        "category":{"code":"OPERA","parent":{"code":"MUSIC"}},"venues":[{"id":31,"name":"Teatre del Port"}],"type":"NORMAL"}"#;
    assert_eq!(serde_json::to_string(&item).unwrap(), squeezed(expected));
}

fn quota(name: &str, release_ms: Option<i64>) -> QuotaSpec {
    QuotaSpec { name: name.to_owned(), release_ms }
}
