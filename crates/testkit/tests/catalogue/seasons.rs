//! Season tickets as promoters set them up and channels are shown them: made and changed as sessions are, in time with their sessions.

use aforo_testkit::builders::{SmallWorld, id, publish, text};
use aforo_testkit::caller::{Ask, ManagerClient, SellerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::live::{Mirror, Watching, total_and_available};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

for_each_engine![
    a_season_is_made_as_sessions_are,
    seasons_make_sense,
    the_sessions_stay_once_something_is_sold,
    a_season_is_when_its_sessions_are,
    a_season_ends_with_a_session_that_is_called_off,
    whoever_looks_sees_what_is_free_in_all_sessions,
    a_season_of_other_peoples_sessions,
];

const MGMT: &str = "/mgmt-api/v1";

/// Friday and Saturday, and season tickets for both, on sale on the web.
struct Weekend<'a> {
    world: SmallWorld<'a>,
    saturday: u64,
    season: u64,
}

fn dates(start: &str) -> Value {
    json!({"start": start, "sale_start": "2031-01-14T00:00:00Z"})
}

impl<'a> Weekend<'a> {
    async fn set_up(server: &'a TestServer) -> Self {
        let world = SmallWorld::set_up(server).await;
        let saturday = new_session(&world, "Saturday", dates("2031-02-01T20:00:00+01:00")).await;
        publish(&world.admin, world.event, saturday, world.web.id, json!({})).await;
        let mut weekend = Self { world, saturday, season: 0 };
        let made = weekend.make(weekend.body()).await.ok();
        weekend.season = id(&made);
        publish(&weekend.world.admin, weekend.world.event, weekend.season, weekend.world.web.id, json!({})).await;
        weekend
    }

    /// A season of both: adults pay 32 and 16, children 24.
    fn body(&self) -> Value {
        let (world, price) = (&self.world, |id: u64, value: u64| json!({"price_type_id": id, "value": value}));
        json!({"name": "Weekend", "venue_template_id": 1, "status": "READY", "date": {"sale_start": "2031-01-14T00:00:00Z"},
            "season": {"sessions": [{"id": self.saturday, "weight": 3}, {"id": world.session}]},
            "rates": [{"name": "Adult", "prices": [price(world.stalls, 32), price(world.floor, 16)]},
                {"name": "Child", "prices": [price(world.stalls, 24)]}]})
    }

    async fn make(&self, body: Value) -> aforo_testkit::caller::Answer {
        self.world.admin.0.post(format!("{MGMT}/events/{}/sessions", self.world.event), body).await
    }

    fn path(&self, session: u64) -> String {
        format!("{MGMT}/events/{}/sessions/{session}", self.world.event)
    }

    async fn change(&self, session: u64, body: Value) -> aforo_testkit::caller::Answer {
        self.world.admin.0.patch(self.path(session), body).await
    }

    async fn read(&self, session: u64) -> Value {
        self.world.admin.0.get(self.path(session)).await.ok()
    }
}

async fn new_session(world: &SmallWorld<'_>, name: &str, date: Value) -> u64 {
    let prices = json!([{"price_type_id": world.stalls, "value": 20}, {"price_type_id": world.floor, "value": 10}]);
    let body =
        json!({"name": name, "venue_template_id": 1, "status": "READY", "date": date, "rates": [{"name": "Adult", "prices": prices}]});
    world.admin.make_id(&format!("/events/{}/sessions", world.event), body).await
}

/// The ids that a channel's catalogue lists.
async fn listed(seller: &SellerClient, query: &str) -> Vec<u64> {
    let list = seller.0.get(format!("/catalog-api/v1/sessions?{query}")).await.ok();
    list["data"].as_array().unwrap().iter().map(id).collect()
}

async fn a_season_is_made_as_sessions_are(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, season) = (&weekend.world, weekend.season);
    let made = weekend.read(season).await;
    assert_eq!((&made["type"], &made["status"]), (&json!("SEASON_TICKET"), &json!("READY")));
    let date = |start: &str, end: &str| json!({"start": start, "end": end});
    let (friday, saturday) = ("2031-01-31T20:00:00+01:00", "2031-02-01T20:00:00+01:00");
    let session = |id: u64, name: &str, at: &str, weight: u64| json!({"id": id, "event_id": world.event, "name": name, "date": date(at, at), "weight": weight});
    let sessions = json!([session(world.session, "Friday", friday, 1), session(weekend.saturday, "Saturday", saturday, 3)]);
    assert_eq!(made["season"]["sessions"], sessions);
    let sold = json!({"start": friday, "end": saturday, "sale_start": "2031-01-14T01:00:00+01:00", "sale_end": friday, "start_unconfirmed": false});
    assert_eq!(made["date"], sold, "until the first session starts");
    assert_eq!(weekend.read(world.session).await["type"], "SESSION");
    assert!(weekend.read(world.session).await.get("season").is_none());

    // The catalogue shows it among the sessions, and apart where it is asked to.
    let seller = world.seller().await;
    assert_eq!(listed(&seller, "").await, [world.session, season, weekend.saturday], "by start, then by id");
    assert_eq!(listed(&seller, "type=SESSION").await, [world.session, weekend.saturday]);
    assert_eq!(listed(&seller, "type=SEASON_TICKET").await, [season]);
    seller.0.get("/catalog-api/v1/sessions?type=ACTIVITY").await.refused("DIST0005");
    let item = seller.0.get(format!("/catalog-api/v1/sessions/{season}")).await.ok();
    assert_eq!((&item["type"], &item["on_sale"], &item["price"]["max"]["value"]), (&json!("SEASON_TICKET"), &json!(true), &json!(32)));
    let session = |id: u64, name: &str, at: &str| json!({"id": id, "name": name, "date": date(at, at)});
    let sessions = json!([session(world.session, "Friday", friday), session(weekend.saturday, "Saturday", saturday)]);
    assert_eq!(item["sessions"], sessions);
    assert!(seller.0.get(format!("/catalog-api/v1/sessions/{}", world.session)).await.ok().get("sessions").is_none());

    // It is changed as any session is; what its sessions are called is shown at once.
    let renamed =
        weekend.change(season, json!({"name": "Both nights", "season": {"sessions": [{"id": world.session}, {"id": weekend.saturday}]}}));
    let renamed = renamed.await.ok();
    assert_eq!((&renamed["name"], &renamed["season"]["sessions"][1]["weight"]), (&json!("Both nights"), &json!(1)));
    weekend.change(weekend.saturday, json!({"name": "Last night"})).await.ok();
    let item = seller.0.get(format!("/catalog-api/v1/sessions/{season}")).await.ok();
    assert_eq!((&item["name"], &item["sessions"][1]["name"]), (&json!("Both nights"), &json!("Last night")));
    let stale = Ask::new("PATCH", weekend.path(season)).header("if-match", "\"1\"").json(&json!({"name": "Once more"}));
    world.admin.0.send(stale).await.refused("CONFLICT");
}

async fn seasons_make_sense(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, event) = (&weekend.world, weekend.world.event);
    let another = json!({"venue_id": 1, "name": "Other", "price_types": [{"name": "Floor"}],
        "sectors": [{"name": "Floor", "price_type": "Floor", "zones": [{"name": "Floor", "places": [{"count": 5}]}]}]});
    let another = world.admin.make("/venue-templates", another).await;
    let elsewhere = json!({"name": "Elsewhere", "venue_template_id": another["id"], "date": dates("2031-02-03T20:00:00+01:00"),
        "rates": [{"name": "All", "prices": [{"price_type_id": another["price_types"][0]["id"], "value": 5}]}]});
    let elsewhere = world.admin.make_id(&format!("/events/{event}/sessions"), elsewhere).await;
    let in_dollars = json!({"entity_id": world.theatre, "name": "Tour", "currency": "USD", "default_language": "es-ES", "status": "READY"});
    let in_dollars = world.admin.make_id("/events", in_dollars).await;
    let prices = json!([{"price_type_id": world.stalls, "value": 20}]);
    let tour = json!({"name": "Tour", "venue_template_id": 1, "date": dates("2031-02-03T20:00:00+01:00"), "rates": [{"name": "Tour", "prices": prices}]});
    let tour = world.admin.make_id(&format!("/events/{in_dollars}/sessions"), tour).await;
    let over = new_session(world, "Over", dates("2031-02-04T20:00:00+01:00")).await;
    weekend.change(over, json!({"status": "CANCELLED"})).await.ok();

    let with = |sessions: Value| {
        let mut body = weekend.body();
        body["season"]["sessions"] = sessions;
        body
    };
    let pair = |other: Value| with(json!([{"id": world.session}, other]));
    let and = |name: &str, value: Value| {
        let mut body = weekend.body();
        body["date"][name] = value;
        body
    };
    let wrong = with(json!([{"id": elsewhere}, {"id": world.session}, {"id": tour}]));
    assert_eq!(weekend.make(wrong).await.refused("DIST0005").body["details"], json!([{"id": elsewhere}, {"id": tour}]), "all of them");
    for (body, code, names) in [
        (with(Value::Null), "DIST0006", "season.sessions"),
        (with(json!([])), "DIST0005", "season.sessions"),
        (with(json!([{"id": world.session}])), "DIST0005", "season.sessions"),
        (pair(json!({})), "DIST0006", "season.sessions.id"),
        (pair(json!({"id": world.session})), "DIST0005", "season.sessions"),
        (pair(json!({"id": weekend.saturday, "weight": 0})), "DIST0005", "season.sessions.weight"),
        (pair(json!({"id": weekend.saturday, "weight": 1_000_001})), "DIST0005", "season.sessions.weight"),
        (pair(json!({"id": 8_888_888})), "DIST0005", "season.sessions"),
        (pair(json!({"id": weekend.season})), "DIST0005", "season.sessions"),
        (pair(json!({"id": elsewhere})), "DIST0005", "season.sessions"),
        (pair(json!({"id": tour})), "DIST0005", "season.sessions"),
        (pair(json!({"id": over})), "DIST0005", "season.sessions"),
        (with(json!((1..=101).map(|id| json!({"id": id})).collect::<Vec<_>>())), "DIST0005", "season.sessions"),
        (and("start", json!("2031-01-31T20:00:00+01:00")), "DIST0005", "date.start"),
        (and("end", json!("2031-01-31T20:00:00+01:00")), "DIST0005", "date.end"),
        (and("sale_end", json!("2031-01-31T20:00:01+01:00")), "DIST0001", ""),
        (and("sale_start", json!("2031-01-31T20:00:00+01:00")), "DIST0001", ""),
    ] {
        let refused = weekend.make(body.clone()).await.refused(code);
        assert!(refused.message().contains(names), "{body}: {}", refused.message());
    }
    // What is a season stays one, and nothing else becomes one; its dates are not its own.
    let season = json!({"season": {"sessions": [{"id": world.session}, {"id": weekend.saturday}]}});
    weekend.change(over, season.clone()).await.refused("CONFLICT");
    weekend.change(weekend.season, json!({"date": {"start": "2031-01-30T20:00:00+01:00"}})).await.refused("DIST0005");
    weekend.change(weekend.season, json!({"date": {"sale_end": "2031-02-01T00:00:00Z"}})).await.refused("DIST0001");
    let mut session = weekend.body();
    session.as_object_mut().unwrap().remove("date");
    let recurrence = json!({"from": "2031-02-10", "to": "2031-02-12", "times": ["20:00"]});
    let series = json!({"session": session, "recurrence": recurrence, "sale": {"start": "2031-01-01T00:00:00Z"}});
    let refused = world.admin.0.post(format!("{MGMT}/events/{event}/sessions/series"), series).await.refused("DIST0005");
    assert!(refused.message().contains("session.season"), "a series has dates of its own: {}", refused.message());
    // A session is in so many seasons and no more.
    for _ in 1..20 {
        weekend.make(weekend.body()).await.ok();
    }
    let full = weekend.make(weekend.body()).await.refused("CONFLICT");
    assert_eq!(full.body["details"], json!([{"id": world.session}, {"id": weekend.saturday}]));
}

async fn the_sessions_stay_once_something_is_sold(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, season) = (&weekend.world, weekend.season);
    let sunday = new_session(world, "Sunday", dates("2031-02-02T20:00:00+01:00")).await;
    publish(&world.admin, world.event, sunday, world.web.id, json!({})).await;
    let two = |one: u64, other: u64| json!({"season": {"sessions": [{"id": one}, {"id": other}]}});
    let seller = world.seller().await;
    // A seat of Friday's is none of the season's, and is again once Friday is none of its sessions.
    let friday = seller.create().await;
    seller.add_seats(&friday, world.session, &world.row[..2]).await.ok();
    weekend.change(season, two(sunday, weekend.saturday)).await.ok();
    let order = seller.create().await;
    seller.add_seats(&order, season, &world.row[..2]).await.ok();
    weekend.change(season, two(world.session, weekend.saturday)).await.refused("CONFLICT");
    weekend.change(season, json!({"season": {"sessions": [{"id": weekend.saturday, "weight": 9}, {"id": sunday}]}})).await.ok();
    seller.order("DELETE", &order, "", None).await.ok();
    weekend.change(season, two(world.session, weekend.saturday)).await.ok();
    seller.add_seats(&seller.create().await, season, &world.row[..2]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    seller.add_seats(&seller.create().await, season, &world.row[2..4]).await.ok();
    seller.add_seats(&seller.create().await, sunday, &world.row[2..4]).await.ok();
}

async fn a_season_is_when_its_sessions_are(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, season) = (&weekend.world, weekend.season);
    let postpone = async |session: u64, body: Value| world.admin.0.post(format!("{}/postpone", weekend.path(session)), body).await;
    let date = async || {
        let read = weekend.read(season).await;
        ["start", "end", "sale_end"].map(|name| text(&read["date"], name).to_owned())
    };
    postpone(season, json!({"start": "2031-03-01T20:00:00+01:00"})).await.refused("CONFLICT");
    // The last one moves, and the season ends later; the first one does, and it is sold longer.
    postpone(weekend.saturday, json!({"start": "2031-02-08T20:00:00+01:00"})).await.ok();
    assert_eq!(date().await, ["2031-01-31T20:00:00+01:00", "2031-02-08T20:00:00+01:00", "2031-01-31T20:00:00+01:00"]);
    postpone(world.session, json!({"start": "2031-02-15T20:00:00+01:00"})).await.ok();
    assert_eq!(date().await, ["2031-02-08T20:00:00+01:00", "2031-02-15T20:00:00+01:00", "2031-02-08T20:00:00+01:00"]);
    let shown = world.seller().await.0.get(format!("/catalog-api/v1/sessions/{season}")).await.ok();
    let order: Vec<_> = shown["sessions"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(order, [weekend.saturday, world.session], "by start");
    // So it is if a session is just given another date; a sale that ends earlier of its own stays.
    weekend.change(season, json!({"date": {"sale_end": "2031-01-20T12:00:00+01:00"}})).await.ok();
    weekend
        .change(weekend.saturday, json!({"date": {"start": "2031-01-25T20:00:00+01:00", "sale_end": "2031-01-25T20:00:00+01:00"}}))
        .await
        .ok();
    assert_eq!(date().await[..], ["2031-01-25T20:00:00+01:00", "2031-02-15T20:00:00+01:00", "2031-01-20T12:00:00+01:00"]);
    weekend.change(weekend.saturday, json!({"date": {"start": "2031-01-18T20:00:00+01:00"}})).await.ok();
    assert_eq!(date().await[2], "2031-01-18T20:00:00+01:00", "no longer than until it begins");
    // Nothing may move so that the season would begin before it is sold.
    let refused = weekend.change(weekend.saturday, json!({"date": {"start": "2031-01-13T20:00:00+01:00"}})).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{ "id": season }]));
    assert_eq!(date().await[0], "2031-01-18T20:00:00+01:00");
}

async fn a_season_ends_with_a_session_that_is_called_off(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, season) = (&weekend.world, weekend.season);
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, season, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.com").await.ok();
    let accepted = seller.pre_confirm(&order).await.ok();
    weekend.change(weekend.saturday, json!({"status": "CANCELLED"})).await.ok();
    let refused = seller.confirm(&order, &accepted["price"]["to_pay"]).await.refused("SESSION_NOT_FOUND");
    assert_eq!(refused.body["details"], json!([{ "id": season }]));
    seller.add_seats(&seller.create().await, season, &world.row[4..6]).await.refused("SESSION_NOT_FOUND");
    seller.0.get(format!("/catalog-api/v1/sessions/{season}")).await.refused("SESSION_NOT_FOUND");
    assert_eq!(listed(&seller, "").await, [world.session]);
    seller.add_seats(&seller.create().await, world.session, &world.row[4..6]).await.ok();
    // What is left may be sold as another season, once the order is gone.
    let sunday = new_session(world, "Sunday", dates("2031-02-02T20:00:00+01:00")).await;
    seller.order("DELETE", &order, "", None).await.ok();
    weekend.change(season, json!({"season": {"sessions": [{"id": world.session}, {"id": sunday}]}})).await.ok();
    seller.add_seats(&seller.create().await, season, &world.row[..2]).await.ok();
}

/// The seats as letters and the count of free ones, as a channel reads them.
async fn places(seller: &SellerClient, session: u64) -> (String, (u64, u64)) {
    let path = format!("/catalog-api/v1/sessions/{session}");
    let status = seller.0.get(format!("{path}/seats?form=status")).await.ok();
    let availability = seller.0.get(format!("{path}/availability")).await.ok();
    (text(&status, "status")[..8].to_owned(), total_and_available(&availability["availability"]))
}

async fn whoever_looks_sees_what_is_free_in_all_sessions(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let (world, season) = (&weekend.world, weekend.season);
    let seller = world.seller().await;
    let seats = seller.seats(season).await;
    assert_eq!(seats[..8], world.row[..], "a seat has one id everywhere");
    let mut watching = Vec::new();
    for session in [season, world.session, weekend.saturday] {
        let mut events = Watching::begin(&seller.0, session, None).await;
        let mut mirror = Mirror::new(&seats);
        mirror.take(&events.next_is("state").await);
        watching.push((events, mirror));
    }
    // Two seats of Friday's; one of Saturday's is blocked.
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let block = json!({"action": "BLOCK", "seats": [world.row[7]]});
    world.admin.0.post(format!("{}/places", weekend.path(weekend.saturday)), block).await.ok();
    // Two season tickets, of which one is given back.
    let ours = seller.create().await;
    seller.add_seats(&ours, season, &world.row[2..4]).await.ok();
    let sold = seller.create().await;
    let body = seller.add_auto(&sold, season, world.floor, 3).await.ok();
    assert_eq!(body["items"].as_array().unwrap().len(), 3);
    for (session, letters, available) in
        [(season, "TTTTFFFN", 36 - 5 - 3), (world.session, "TTTTFFFF", 36 - 4 - 3), (weekend.saturday, "FFTTFFFN", 36 - 3 - 3)]
    {
        assert_eq!(places(&seller, session).await, (letters.to_owned(), (36, available)), "session {session}");
    }
    seller.order("DELETE", &ours, "", None).await.ok();
    seller.order("DELETE", &order, "", None).await.ok();
    for ((events, mirror), (session, free)) in watching.iter_mut().zip([(season, 32), (world.session, 33), (weekend.saturday, 32)]) {
        let (_, counts) = places(&seller, session).await;
        assert_eq!(counts, (36, free));
        while mirror.places.counts.get(&aforo_testkit::live::ALL) != Some(&(36, free)) {
            mirror.take(&events.next().await.unwrap());
        }
    }
    let capacity = world.admin.0.get(format!("{}/capacity", weekend.path(season))).await.ok();
    assert_eq!([&capacity["total"], &capacity["free"], &capacity["held"], &capacity["blocked"]], [36, 32, 3, 1]);
}

async fn a_season_of_other_peoples_sessions(server: &TestServer) {
    let weekend = Weekend::set_up(server).await;
    let world = &weekend.world;
    let key = world.admin.make(&format!("/entities/{}/keys", world.circus), json!({"roles": ["EVENT_MANAGER"]})).await;
    let circus = ManagerClient::with_key(world.nobody(), text(&key, "secret")).await;
    let event = json!({"name": "Trapeze", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let event = circus.make_id("/events", event).await;
    let told = async |sessions: Value| {
        let mut body = weekend.body();
        body["season"]["sessions"] = sessions;
        let answer = circus.0.post(format!("{MGMT}/events/{event}/sessions"), body).await.refused("DIST0005");
        (answer.message().to_owned(), answer.body["details"].as_array().unwrap().len())
    };
    let theirs = told(json!([{"id": world.session}, {"id": weekend.saturday}])).await;
    assert_eq!(theirs, told(json!([{"id": 8_888_888}, {"id": 8_888_889}])).await, "as if they were not there");
    circus.0.patch(weekend.path(weekend.season), json!({"name": "Ours"})).await.refused("NOT_FOUND");
    // A season may be of several events of one promoter.
    let second = json!({"entity_id": world.theatre, "name": "Recital", "currency": "EUR", "default_language": "es-ES", "status": "READY"});
    let second = world.admin.make_id("/events", second).await;
    let made = world.admin.0.post(format!("{MGMT}/events/{second}/sessions"), weekend.body()).await.ok();
    publish(&world.admin, second, id(&made), world.web.id, json!({})).await;
    let seller = world.seller().await;
    seller.add_seats(&seller.create().await, id(&made), &world.row[..2]).await.ok();
    // With one of them goes the season.
    world.admin.change(&format!("/events/{}", world.event), json!({"status": "CANCELLED"})).await;
    seller.add_seats(&seller.create().await, id(&made), &world.row[2..4]).await.refused("SESSION_NOT_FOUND");
}
