//! Sessions that are watched: what the events add up to is what can be read, at every version, whatever happens; and they end when they must.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use aforo_server::http::middleware::Http;
use aforo_testkit::builders::{ChannelKey, SmallWorld, channel, id, publish};
use aforo_testkit::caller::{Ask, Caller, SellerClient};
use aforo_testkit::for_each_engine;
use aforo_testkit::live::{ALL, Event, Mirror, Places, Watching, read, total_and_available};
use aforo_testkit::spawn::{self, Engine, TestServer};
use axum::body::{Body, HttpBody};
use axum::http::Request;
use serde_json::{Value, json};

for_each_engine![
    what_events_add_up_to_is_what_can_be_read,
    it_begins_with_everything_unless_the_client_has_it,
    it_ends_when_the_session_is_not_sold_here_any_more,
    it_ends_with_the_right_to_ask,
    other_quotas_are_another_view,
    a_token_watches_so_many_at_once,
];

/// A hall of three rows and a floor, half of each kept for members, with a session that the web sells without them and the agency with them.
struct Hall<'a> {
    world: SmallWorld<'a>,
    agency: ChannelKey,
    session: u64,
    floor: u64,
    seats: Vec<u64>,
}

impl<'a> Hall<'a> {
    async fn set_up(server: &'a TestServer) -> Self {
        let world = SmallWorld::set_up(server).await;
        let seat = |number: u64| json!({"name": number.to_string(), "quota": if number > 6 { "Members" } else { "General" }});
        let row = |name: &str| json!({"name": name, "seats": (1..=12).map(seat).collect::<Vec<_>>()});
        let floor = json!({"name": "Floor", "places": [{"count": 15}, {"count": 15, "quota": "Members"}]});
        let template = json!({"venue_id": 1, "name": "Hall", "price_types": [{"name": "Seats"}, {"name": "Floor"}], "quotas": ["General", "Members"],
            "sectors": [{"name": "Hall", "price_type": "Seats", "rows": [row("1"), row("2"), row("3")]},
                {"name": "Floor", "price_type": "Floor", "zones": [floor]}]});
        let template = world.admin.make("/venue-templates", template).await;
        let [seats, floor] = [0, 1].map(|index: usize| id(&template["price_types"][index]));
        let prices = json!([{"price_type_id": seats, "value": 5}, {"price_type_id": floor, "value": 3}]);
        let session = json!({"name": "Club", "venue_template_id": template["id"], "status": "READY",
            "date": {"start": "2031-03-01T20:00:00+01:00", "sale_start": "2031-01-14T00:00:00Z"}, "rates": [{"name": "All", "prices": prices}]});
        let session = world.admin.make_id(&format!("/events/{}/sessions", world.event), session).await;
        let agency = channel(&world.admin, world.theatre, "WEB").await;
        publish(&world.admin, world.event, session, world.web.id, json!({})).await;
        publish(&world.admin, world.event, session, agency.id, json!({"quotas": [2, 1]})).await;
        let seats = world.seller().await.seats(session).await;
        Self { world, agency, session, floor, seats }
    }

    async fn agent(&self) -> SellerClient {
        SellerClient::sign_in(self.world.nobody(), self.agency.id, &self.agency.secret).await
    }

    async fn mark(&self, body: Value) {
        // Some of these are refused, as somebody has the seats.
        self.world.admin.0.post(format!("/mgmt-api/v1/events/{}/sessions/{}/places", self.world.event, self.session), body).await;
    }
}

/// What can be read of a session now, and at which version: three answers, which agree.
async fn fresh(caller: &Caller, session: u64) -> (u64, Places) {
    let path = format!("/catalog-api/v1/sessions/{session}");
    loop {
        let before = caller.get(format!("{path}/seats?form=status")).await;
        let (availability, item) = (caller.get(format!("{path}/availability")).await.ok(), caller.get(&path).await.ok());
        let after = caller.get(format!("{path}/seats?form=status")).await;
        if before.header("etag") != after.header("etag") {
            continue;
        }
        let version = before.header("etag").split('-').nth(1).and_then(|version| version.parse().ok()).unwrap();
        let kinds = availability["price_types"].as_array().unwrap();
        let mut counts: BTreeMap<u64, (u64, u64)> =
            kinds.iter().map(|kind| (id(kind), total_and_available(&kind["availability"]))).collect();
        let of_item = item["availability"]["price_types"].as_array().unwrap();
        assert!(of_item.iter().all(|kind| counts[&id(kind)] == total_and_available(&kind["availability"])), "{item} and {availability}");
        let letters = before.ok()["status"].as_str().unwrap().to_owned();
        let free = letters.matches('F').count() as u64;
        assert_eq!(counts.values().next().map(|(_, available)| *available), Some(free), "{letters} and {availability}");
        counts.insert(ALL, total_and_available(&availability["availability"]));
        return (version, Places { counts, letters });
    }
}

/// Somebody who watches, and reads now and then.
struct Watcher {
    caller: Caller,
    session: u64,
    events: Watching,
    mirror: Mirror,
    read: BTreeMap<u64, Places>,
}

impl Watcher {
    async fn begin(hall: &Hall<'_>, caller: &Caller) -> Self {
        let events = Watching::begin(caller, hall.session, None).await;
        Self { caller: caller.clone(), session: hall.session, events, mirror: Mirror::new(&hall.seats), read: BTreeMap::new() }
    }

    async fn look(&mut self) -> Places {
        let (version, places) = fresh(&self.caller, self.session).await;
        self.read.insert(version, places.clone());
        places
    }

    /// Reads events until they show what can be read.
    async fn catch_up(&mut self) {
        let places = self.look().await;
        while self.mirror.places != places {
            let event = self.events.next().await.unwrap();
            self.mirror.take(&event);
        }
    }

    /// How many versions were both told and read. Each was the same.
    fn compared(&self) -> usize {
        let both = self.mirror.history.iter().filter_map(|(version, told)| Some((version, told, self.read.get(version)?)));
        both.inspect(|(version, told, read)| assert_eq!(told, read, "version {version}")).count()
    }
}

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

async fn what_events_add_up_to_is_what_can_be_read(server: &TestServer) {
    let hall = Hall::set_up(server).await;
    let (web, agent) = (hall.world.seller().await, hall.agent().await);
    let mut watchers = [Watcher::begin(&hall, &web.0).await, Watcher::begin(&hall, &agent.0).await];
    let (mut dice, mut orders) = (Dice(7), Vec::new());
    for step in 1..=48 {
        let seller = if dice.below(2) == 0 { &web } else { &agent };
        let seats: Vec<u64> = (0..=dice.below(3)).map(|_| hall.seats[dice.below(hall.seats.len())]).collect();
        match dice.below(8) {
            0..3 => {
                let order = seller.create().await;
                // Refused where somebody has one of them.
                seller.add_seats(&order, hall.session, &seats).await;
                seller.add_auto(&order, hall.session, hall.floor, 1 + dice.below(4) as u64).await;
                orders.push((seller, order));
            }
            3 if !orders.is_empty() => {
                let (seller, order) = orders.swap_remove(dice.below(orders.len()));
                seller.order("DELETE", &order, "", None).await;
            }
            4 => hall.mark(json!({"action": "BLOCK", "seats": seats})).await,
            5 => hall.mark(json!({"action": "UNBLOCK", "seats": seats})).await,
            6 => hall.mark(json!({"action": "MOVE", "quota_id": 1 + dice.below(2), "seats": seats})).await,
            _ => {}
        }
        if step % 16 == 0 {
            server.pass_seconds(700).await;
            orders.clear();
        }
        for watcher in &mut watchers {
            if step % 4 == 0 { watcher.catch_up().await } else { drop(watcher.look().await) }
        }
    }
    for watcher in &watchers {
        assert!(watcher.compared() >= 6, "{:?} and {:?}", watcher.mirror.history.keys(), watcher.read.keys());
    }
}

async fn it_begins_with_everything_unless_the_client_has_it(server: &TestServer) {
    let hall = Hall::set_up(server).await;
    let seller = hall.world.seller().await;
    let state = Watching::begin(&seller.0, hall.session, None).await.next_is("state").await;
    assert_eq!((&state.data["id"], &state.data["status"]), (&json!(hall.session), &json!("FFFFFFNNNNNN".repeat(3))));
    assert_eq!(total_and_available(&state.data), (33, 33));
    let other = Watching::begin(&seller.0, hall.session, Some("7.abc")).await.next_is("state").await;
    assert_eq!(other, state);
    let mut events = Watching::begin(&seller.0, hall.session, Some(&state.id)).await;
    let order = seller.create().await;
    seller.add_seats(&order, hall.session, &hall.seats[..2]).await.ok();
    let change = events.next_is("change").await;
    assert_eq!(change.data["seats"], json!([[hall.seats[0], "T"], [hall.seats[1], "T"]]));
    assert_eq!((&change.data["from"], &change.data["price_types"][0]["available"]), (&state.data["version"], &json!(16)));
    // What others sell from their own places is not seen here.
    let agent = hall.agent().await;
    let order = agent.create().await;
    let mut of_agent = Watching::begin(&agent.0, hall.session, None).await;
    of_agent.next_is("state").await;
    agent.add_seats(&order, hall.session, &hall.seats[10..11]).await.ok();
    assert_eq!(of_agent.next_is("change").await.data["price_types"].as_array().unwrap().len(), 1);
    let taken = events.next_is("change").await;
    assert_eq!((&taken.data["price_types"], &taken.data["seats"]), (&json!([]), &json!([[hall.seats[10], "T"]])));
    for (query, code) in [("999/live", "SESSION_NOT_FOUND"), ("first/live", "DIST0004")] {
        seller.0.get(format!("/catalog-api/v1/sessions/{query}")).await.refused(code);
    }
}

/// That the last event says why, and that it is the last one.
async fn closed(events: &mut Watching, reason: &str) {
    loop {
        let event = events.next().await.unwrap_or_else(|| panic!("the end, and no {reason}"));
        if event.name == "closed" {
            assert_eq!(event.data, json!({ "reason": reason }));
            assert_eq!(events.next().await, None);
            return;
        }
    }
}

async fn it_ends_when_the_session_is_not_sold_here_any_more(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let begin = async || {
        let mut events = Watching::begin(&seller.0, world.session, None).await;
        events.next_is("state").await;
        events
    };
    let mut events = begin().await;
    world.change_session(json!({"selling": false})).await;
    closed(&mut events, "NOT_FOR_SALE").await;
    closed(&mut begin().await, "NOT_FOR_SALE").await;
    world.change_session(json!({"selling": true})).await;
    let mut events = begin().await;
    world.admin.delete(&format!("{}/channels/{}", world.session_path(), world.web.id)).await;
    closed(&mut events, "SESSION_NOT_FOUND").await;
    publish(&world.admin, world.event, world.session, world.web.id, json!({"sale_end": "2031-01-15T10:01:00Z"})).await;
    let mut events = begin().await;
    server.pass_seconds(60).await;
    closed(&mut events, "SALE_ENDED").await;
}

async fn it_ends_with_the_right_to_ask(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let begin = async || {
        let mut events = Watching::begin(&world.seller().await.0, world.session, None).await;
        events.next_is("state").await;
        events
    };
    let channel = format!("/channels/{}", world.web.id);
    let (mut events, entity) = (begin().await, format!("/entities/{}", world.theatre));
    world.admin.change(&channel, json!({"status": "INACTIVE"})).await;
    closed(&mut events, "AUTH0006").await;
    world.admin.change(&channel, json!({"status": "ACTIVE"})).await;
    let mut events = begin().await;
    let by_operator = format!("{entity}?operator_id={}", world.operator);
    world.platform.change(&by_operator, json!({"status": "INACTIVE"})).await;
    closed(&mut events, "AUTH0008").await;
    world.platform.change(&by_operator, json!({"status": "ACTIVE"})).await;
    let mut events = begin().await;
    let key = world.admin.0.get(format!("/mgmt-api/v1{channel}/keys")).await.ok()["data"][0]["id"].clone();
    world.admin.delete(&format!("{channel}/keys/{key}")).await;
    closed(&mut events, "AUTH001").await;
}

async fn other_quotas_are_another_view(server: &TestServer) {
    let hall = Hall::set_up(server).await;
    let seller = hall.world.seller().await;
    let mut events = Watching::begin(&seller.0, hall.session, None).await;
    let before = events.next_is("state").await;
    publish(&hall.world.admin, hall.world.event, hall.session, hall.world.web.id, json!({"quotas": [2]})).await;
    events.next_is("resync").await;
    let after = events.next_is("state").await;
    assert_eq!(after.data["status"], "NNNNNNFFFFFF".repeat(3));
    assert_ne!(after.id, before.id, "though the places are the same");
    assert_eq!(after.data["version"], before.data["version"]);
}

async fn a_token_watches_so_many_at_once(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let mut all = Vec::new();
    for _ in 0..50 {
        all.push(Watching::begin(&seller.0, world.session, None).await);
    }
    let refused = seller.0.get(format!("/catalog-api/v1/sessions/{}/live", world.session)).await.refused("TOO_MANY_REQUESTS");
    assert_eq!(refused.header("retry-after"), "5");
    Watching::begin(&world.seller().await.0, world.session, None).await.next_is("state").await;
    assert!(server.nobody.get("/metrics").await.text.contains("aforo_http_watching 5"));
    all.clear();
    let ask = || Ask::new("GET", format!("/catalog-api/v1/sessions/{}/live", world.session));
    // The server notices that they hung up when it next has something to say to them, or at once.
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    for _ in 0..100 {
        if seller.0.send(ask()).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("slots were not given back");
}

/// The next event of a body that is read only now.
async fn next(body: &mut Body) -> Event {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await.unwrap().unwrap();
        if let Some(event) = read(std::str::from_utf8(&frame.into_data().unwrap()).unwrap()) {
            return event;
        }
    }
}

/// A reader that does not read gets no more than it can be behind, and then everything anew.
#[test]
fn a_slow_reader_begins_anew() {
    spawn::run(Engine::Sqlite, async |server| {
        let world = SmallWorld::set_up(server).await;
        let seller = world.seller().await;
        let mut order = String::new();
        let request = Request::get(format!("/catalog-api/v1/sessions/{}/live", world.session));
        let request = request.header("authorization", format!("Bearer {}", seller.0.token())).body(Body::empty()).unwrap();
        let mut unread = Http::new(server.app.clone()).answer(request, "127.0.0.1".parse().unwrap()).await.into_body();
        let mut other = Watching::begin(&seller.0, world.session, None).await;
        other.next_is("state").await;
        // One more than it can be behind.
        for change in 0..17 {
            if change % 2 == 0 {
                order = seller.create().await;
                seller.add_seats(&order, world.session, &world.row[..1]).await.ok();
            } else {
                seller.order("DELETE", &order, "", None).await.ok();
            }
            other.next_is("change").await;
        }
        let first = next(&mut unread).await;
        assert_eq!((first.name.as_str(), &first.data["available"]), ("state", &json!(36)));
        assert_eq!(next(&mut unread).await.name, "resync");
        let anew = next(&mut unread).await;
        assert_eq!((anew.name.as_str(), &anew.data["available"]), ("state", &json!(35)));
        seller.order("DELETE", &order, "", None).await.ok();
        let change = next(&mut unread).await;
        assert_eq!((change.name.as_str(), &change.data["from"]), ("change", &anew.data["version"]));
    });
}

/// Stopping does not wait for those who watch.
#[test]
fn a_server_that_stops_ends_its_events() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = TestServer::start(Engine::Sqlite).await;
        let mut events = {
            let world = SmallWorld::set_up(&server).await;
            let mut events = Watching::begin(&world.seller().await.0, world.session, None).await;
            events.next_is("state").await;
            events
        };
        tokio::time::timeout(Duration::from_secs(5), server.stop()).await.expect("it stops in time");
        assert_eq!(events.next().await, None);
    });
}
