//! Every operation, called by strangers with the ids of what is not theirs: the answer is the one for what does not exist, to the letter, and nothing
//! of it changes.

use std::collections::BTreeMap;

use aforo_testkit::caller::{Answer, Ask, Caller, MGMT};
use aforo_testkit::documented::{Operation, filled, operations};
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::life::creations;
use super::strangers::{
    CUSTOMERS, ORDERS_BY_CODE, REISSUES, Stranger, Tenants, UNKNOWN, UNKNOWN_CODE, UNKNOWN_CUSTOMER, UNKNOWN_ORDER, VOUCHER_ORDERS, Works,
};

for_each_engine![strangers_find_nothing_and_change_nothing, lists_and_bodies_do_not_reach_further_either];

/// What everybody in an operator may read, whoever's it is.
const OPEN: &[&str] = &["/mgmt-api/v1/venues/{}", "/mgmt-api/v1/venue-templates/{}"];
/// What may be another entity's below what is one's own: a promoter plays in any venue and sells in any channel of its operator.
const SHARED: &[&str] =
    &["/mgmt-api/v1/events/{}/venue-templates", "/mgmt-api/v1/events/{}/channels", "/mgmt-api/v1/events/{}/sessions/{}/channels"];

const ORDER: &str = "ob-order-id";

fn is_for(operation: &Operation, stranger: &Stranger) -> bool {
    let of = |api: &str| operation.path.starts_with(api);
    let works = match () {
        () if of("/oauth") => return false,
        () if of(AFTER_SALE) => return stranger.works != Works::AtGates,
        () if of("/mgmt-api") => Works::Manages,
        () if of(GATES) => Works::AtGates,
        () => Works::Sells,
    };
    stranger.works == works
}

/// What both who sells and who manages call.
const AFTER_SALE: &str = "/orders-mgmt-api";
/// What only gates call.
const GATES: &str = "/access-control-api";

/// What is nobody's, by the collection that it is looked for in.
fn unknown(collection: &str) -> String {
    match collection {
        ORDERS_BY_CODE | REISSUES => UNKNOWN_CODE.to_owned(),
        VOUCHER_ORDERS => UNKNOWN_ORDER.to_owned(),
        CUSTOMERS => UNKNOWN_CUSTOMER.to_owned(),
        _ => UNKNOWN.to_string(),
    }
}

/// Bodies to try: none, an empty one, and one of the right types.
fn bodies(operation: &Operation) -> Vec<Option<Value>> {
    let example = operation.body.clone();
    let empty = example.is_some().then(|| json!({}));
    [Some(None), empty.map(Some), example.map(Some)].into_iter().flatten().collect()
}

async fn send(caller: &Caller, operation: &Operation, path: &str, order: &str, body: Option<&Value>) -> Answer {
    let ask = Ask::new(&operation.method, path).header(ORDER, order);
    caller.send(if let Some(body) = body { ask.json(body) } else { ask }).await
}

/// Status and body, but for the request's id.
fn told(answer: &Answer) -> (u16, Value) {
    let mut body = answer.body.clone();
    body.as_object_mut().map(|body| body.remove("request_id"));
    (answer.status, body)
}

/// What the owner reads of everything that a path can name.
async fn read_all(tenants: &Tenants<'_>) -> BTreeMap<String, (String, String)> {
    let (world, mut all) = (&tenants.world, BTreeMap::new());
    let seller = world.seller().await;
    for operation in operations().into_iter().filter(|operation| operation.method == "GET" && !operation.path.starts_with("/oauth")) {
        let ids: Vec<_> = operation.collections().iter().map(|collection| tenants.theirs(collection)).collect();
        let mut path = filled(&operation.path, &ids);
        if path.ends_with("/forms/ATTENDEE") {
            path.push_str(&format!("?event_id={}", tenants.theirs.event));
        }
        if path.starts_with("/orders-mgmt-api") && path.ends_with("/order-items") {
            path.push_str(&format!("?session_id={}", tenants.theirs.session));
        }
        if path.starts_with("/mgmt-api/v1/reports/") || path.starts_with("/mgmt-api/v1/exports/") {
            path.push_str("?from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z");
        }
        // Nobody called the session off.
        if path.ends_with("/cancellation") {
            continue;
        }
        let of_platform = path.starts_with("/mgmt-api/v1/operators") || path.starts_with("/mgmt-api/v1/platform");
        let caller = match path.starts_with("/mgmt-api") {
            true if of_platform => &world.platform.0,
            true => &world.admin.0,
            false if path.starts_with(GATES) => &tenants.gates,
            // No wallet is set up here, so that nobody reads a pass.
            false if path.ends_with("/pass.pkpass") || path.ends_with("/google-wallet") => continue,
            // Catalogue answers and streams depend on the time; what they show is in management's.
            false if path.starts_with("/catalog-api") => continue,
            false if path.starts_with(REISSUES) => &tenants.market.0,
            false if path.ends_with("/shifts/current") => &tenants.counter,
            false => &seller.0,
        };
        let answer = send(caller, &operation, &path, &tenants.order, None).await;
        assert!(answer.status < 400, "{path} answered {}", answer.text);
        all.insert(path, (answer.header("etag").to_owned(), answer.text));
    }
    all
}

async fn strangers_find_nothing_and_change_nothing(server: &TestServer) {
    let tenants = Tenants::set_up(server).await;
    let before = read_all(&tenants).await;
    let mut tried = 0;
    for operation in operations() {
        let collections = operation.collections();
        let theirs: Vec<_> = collections.iter().map(|collection| tenants.theirs(collection)).collect();
        let names_order = operation.headers.iter().any(|name| name == ORDER);
        for stranger in tenants.strangers.iter().filter(|stranger| is_for(&operation, stranger)) {
            let is_open = stranger.own.is_some() && is_open(&operation);
            for body in bodies(&operation) {
                for (named, unknown) in attempts(&tenants, stranger, &collections, &theirs, names_order) {
                    let (named_path, unknown_path) = (filled(&operation.path, &named), filled(&operation.path, &unknown));
                    let found = send(&stranger.caller, &operation, &named_path, &tenants.order, body.as_ref()).await;
                    tried += 1;
                    if is_open {
                        found.ok();
                        continue;
                    }
                    let missing = send(&stranger.caller, &operation, &unknown_path, UNKNOWN_ORDER, body.as_ref()).await;
                    let what = format!("{} {} {named_path} with {body:?}", stranger.name, operation.method);
                    assert!(found.status >= 400, "{what} answered {}", found.text);
                    assert_eq!(told(&found), told(&missing), "{what}, and {unknown_path}");
                }
            }
        }
    }
    assert!(tried > 400, "only {tried} attempts: the documents do not say enough");
    assert_eq!(read_all(&tenants).await, before);
}

fn is_open(operation: &Operation) -> bool {
    let path = operation.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/");
    operation.method == "GET" && OPEN.iter().any(|open| path.starts_with(open))
}

/// Pairs of ids to fill a path with: what is theirs, and what is nobody's. All of it, or one of it below what is the stranger's own.
fn attempts(
    tenants: &Tenants<'_>,
    stranger: &Stranger,
    collections: &[String],
    theirs: &[String],
    names_order: bool,
) -> Vec<(Vec<String>, Vec<String>)> {
    let mut all = Vec::new();
    if !collections.is_empty() || names_order {
        all.push((theirs.to_vec(), collections.iter().map(|collection| unknown(collection)).collect()));
    }
    let own = stranger.own.as_ref();
    let own: Option<Vec<u64>> = own.and_then(|own| collections.iter().map(|collection| own.of(collection)).collect());
    let Some(own) = own else { return all };
    for (place, collection) in collections.iter().enumerate().skip(1).filter(|(_, collection)| !SHARED.contains(&collection.as_str())) {
        let with = |id: String| own.iter().enumerate().map(|(at, own)| if at == place { id.clone() } else { own.to_string() }).collect();
        all.push((with(tenants.theirs(collection)), with(unknown(collection))));
    }
    all
}

async fn lists_and_bodies_do_not_reach_further_either(server: &TestServer) {
    let tenants = Tenants::set_up(server).await;
    let before = read_all(&tenants).await;
    for operation in operations().iter().filter(|operation| operation.path.starts_with("/mgmt-api") && operation.collections().is_empty()) {
        for stranger in tenants.strangers.iter().filter(|stranger| stranger.works == Works::Manages) {
            let ask = |query: String| Ask::new(&operation.method, format!("{}?{query}", operation.path));
            let both = async |name: &str, theirs: u64| {
                let found = stranger.caller.send(ask(format!("{name}={theirs}"))).await;
                let missing = stranger.caller.send(ask(format!("{name}={UNKNOWN}"))).await;
                assert_eq!(told(&found), told(&missing), "{} {} {}?{name}", stranger.name, operation.method, operation.path);
            };
            if stranger.own.is_none() && operation.query.iter().any(|name| name == "operator_id") {
                both("operator_id", tenants.world.operator).await;
            }
            let is_open = operation.path.starts_with("/mgmt-api/v1/venue");
            if operation.method == "GET" && !is_open && operation.query.iter().any(|name| name == "entity_id") {
                both("entity_id", tenants.theirs.entity).await;
            }
            if operation.method == "GET" && stranger.own.is_some() && !is_open {
                let list = stranger.caller.get(format!("{}?limit=500", operation.path)).await;
                let elements = list.body["data"].as_array().into_iter().flatten();
                let of_theirs = |element: &&Value| element["entity_id"] == tenants.theirs.entity;
                assert_eq!(elements.filter(of_theirs).count(), 0, "{} {}", stranger.name, operation.path);
            }
        }
    }
    for (collection, of) in creations() {
        for stranger in tenants.strangers.iter().filter(|stranger| stranger.works == Works::Manages && stranger.own.is_some()) {
            let path = format!("{MGMT}{collection}");
            let found = stranger.caller.post(&path, of(tenants.theirs.entity, 1)).await;
            let missing = stranger.caller.post(&path, of(UNKNOWN, UNKNOWN)).await;
            assert!(found.status >= 400, "{} made {collection} of somebody else's: {}", stranger.name, found.text);
            assert_eq!(told(&found), told(&missing), "{} {collection}", stranger.name);
        }
    }
    assert_eq!(read_all(&tenants).await, before);
}
