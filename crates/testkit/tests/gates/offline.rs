//! Scanners that work without a connection: the lists that they fetch, and what they hand in afterwards.

use std::collections::BTreeMap;

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::Caller;
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

use super::{API, barcode, enter, keeper, refund, sell, statistics};

/// A scanner: what it knows, and where it goes on.
struct Scanner {
    gate: Caller,
    session: u64,
    cursor: String,
    known: BTreeMap<String, Value>,
}

impl Scanner {
    fn new(gate: &Caller, session: u64) -> Self {
        Self { gate: gate.clone(), session, cursor: String::new(), known: BTreeMap::new() }
    }

    /// Fetches what changed, two barcodes a page: which those were.
    async fn sync(&mut self) -> Vec<String> {
        let mut changed = Vec::new();
        loop {
            let path = format!("{API}/sessions/{}/barcodes?limit=2&cursor={}", self.session, self.cursor);
            let page = self.gate.get(path).await.ok();
            for element in page["data"].as_array().unwrap() {
                changed.push(text(element, "barcode").to_owned());
                self.known.insert(text(element, "barcode").to_owned(), element.clone());
            }
            assert!(page["more"] == json!(false) || self.cursor != text(&page, "cursor"), "it goes on");
            self.cursor = text(&page, "cursor").to_owned();
            if page["more"] == json!(false) {
                changed.sort();
                changed.dedup();
                return changed;
            }
        }
    }

    fn opens(&self, barcode: &str) -> (bool, &str) {
        let known = &self.known[barcode];
        (known["opens"] == json!(true), known["reason"].as_str().unwrap_or_default())
    }
}

async fn hand_in(gate: &Caller, session: u64, device: &str, scans: Value) -> Vec<(String, String, bool)> {
    let body = json!({"device": device, "last_sync": "2031-01-15T10:00:00Z", "scans": scans});
    let answer = gate.post(format!("{API}/sessions/{session}/scans"), body).await.ok();
    let told = |scan: &Value| {
        let reason = scan["reason"].as_str().unwrap_or_default().to_owned();
        (text(scan, "result").to_owned(), reason, scan["repeated"] == json!(true))
    };
    answer["data"].as_array().unwrap().iter().map(told).collect()
}

fn scan(sequence: u64, barcode: &str, date: &str) -> Value {
    json!({"sequence": sequence, "barcode": barcode, "gate": "Field", "date": date})
}

fn told(result: &str, reason: &str, repeated: bool) -> (String, String, bool) {
    (result.to_owned(), reason.to_owned(), repeated)
}

pub async fn a_scanner_is_told_everything_and_then_what_changed(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..5]).await;
    server.pass_seconds(1).await;
    let mut scanner = Scanner::new(&gate, world.session);
    assert_eq!(scanner.sync().await.len(), 5);
    assert!(items.iter().all(|item| scanner.opens(barcode(item)) == (true, "")));
    assert_eq!(scanner.known[barcode(&items[0])]["ticket"]["seat"], items[0]["seat"]);
    assert_eq!(scanner.sync().await, [""; 0], "nothing changed");

    refund(&seller.0, &items[0]).await.ok();
    let reprint = format!("/orders-mgmt-api/v1/orders/{}/reprint", text(&items[1], "code"));
    let after = seller.0.post(reprint, json!({"items": [{"id": items[1]["id"]}]})).await.ok();
    let other = text(&after["items"][1]["ticket"], "barcode").to_owned();
    let revocations = format!("{API}/sessions/{}/revocations", world.session);
    gate.post(revocations.clone(), json!({"barcode": barcode(&items[2])})).await.ok();
    assert_eq!(enter(&gate, world.session, barcode(&items[3])).await, "ADMITTED");
    server.pass_seconds(1).await;
    let changed = scanner.sync().await;
    assert_eq!(changed.len(), 5, "all but the last ticket, and one barcode more: {changed:?}");
    assert_eq!(scanner.opens(barcode(&items[0])), (false, "REFUNDED"));
    assert_eq!(scanner.opens(barcode(&items[1])), (false, "REPRINTED"));
    assert_eq!(scanner.opens(&other), (true, ""));
    assert_eq!(scanner.opens(barcode(&items[2])), (false, "REVOKED"));
    assert_eq!(scanner.known[barcode(&items[3])]["admission"]["inside"], true);
    gate.post(format!("{revocations}/release"), json!({"barcode": barcode(&items[2])})).await.ok();
    server.pass_seconds(1).await;
    assert_eq!(scanner.sync().await, [barcode(&items[2])]);
    assert_eq!(scanner.opens(barcode(&items[2])), (true, ""));
    gate.get(format!("{API}/sessions/{}/barcodes?cursor=yesterday", world.session)).await.refused("DIST0004");
}

pub async fn what_was_let_in_without_asking_is_written_down(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..4]).await;
    refund(&seller.0, &items[3]).await.ok();
    server.pass_seconds(600).await;
    // At 10:10 somebody comes in online with the first ticket, who came in at 10:05 already, without a connection.
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ADMITTED");
    let session = world.session;
    let first = json!([
        scan(1, barcode(&items[0]), "2031-01-15T10:05:00Z"),
        scan(2, barcode(&items[1]), "2031-01-15T10:06:00Z"),
        scan(3, barcode(&items[3]), "2031-01-15T10:06:30Z"),
        scan(4, "no ticket's", "2031-01-15T10:06:40Z"),
    ]);
    let answer = hand_in(&gate, session, "field-1", first.clone()).await;
    let (ok, dead, unknown) = (told("ADMITTED", "", false), told("CONFLICT", "REFUNDED", false), told("CONFLICT", "UNKNOWN", false));
    assert_eq!(answer, [ok.clone(), ok, dead, unknown]);
    // Handed in again it changes nothing, whatever it says now.
    let numbers = statistics(&gate, session).await;
    let again = hand_in(&gate, session, "field-1", json!([scan(2, barcode(&items[2]), "2031-01-15T10:07:00Z")])).await;
    assert_eq!(again, [told("ADMITTED", "", true)]);
    assert_eq!(statistics(&gate, session).await, numbers);

    // Another scanner let the second ticket in before; the earliest entry counts. A third one came after.
    let second = hand_in(&gate, session, "field-2", json!([scan(1, barcode(&items[1]), "2031-01-15T10:04:00Z")])).await;
    assert_eq!(second, [told("ADMITTED", "", false)]);
    let third = hand_in(&gate, session, "field-3", json!([scan(1, barcode(&items[1]), "2031-01-15T10:08:00Z")])).await;
    assert_eq!(third, [told("CONFLICT", "ALREADY_ENTERED", false)]);
    assert_eq!(enter(&gate, session, barcode(&items[1])).await, "ALREADY_ENTERED");
    assert_eq!(hand_in(&gate, session, "field-1", first).await[1], told("CONFLICT", "ALREADY_ENTERED", true), "it came second after all");

    // Clocks that are wrong: before the last connection, and in the future.
    let late = hand_in(&gate, session, "field-4", json!([scan(1, barcode(&items[2]), "2030-01-01T00:00:00Z")])).await;
    assert_eq!(late, [told("ADMITTED", "", false)]);
    let ahead = hand_in(&gate, session, "field-4", json!([scan(2, barcode(&items[2]), "2040-01-01T00:00:00Z")])).await;
    assert_eq!(ahead, [told("CONFLICT", "ALREADY_ENTERED", false)]);

    let list = gate.get(format!("{API}/sessions/{session}/conflicts")).await.ok();
    let seen = |scan: &Value| {
        (
            text(scan, "device").to_owned(),
            scan["sequence"].as_u64().unwrap(),
            text(scan, "result").to_owned(),
            scan["other"]["gate"].clone(),
        )
    };
    let list: Vec<_> = list["data"].as_array().unwrap().iter().map(seen).collect();
    let entry = |device: &str, sequence, result: &str, other: Value| (device.to_owned(), sequence, result.to_owned(), other);
    let expected = [
        entry("field-1", 1, "ADMITTED", json!("North")),
        entry("field-1", 2, "CONFLICT", json!("Field")),
        entry("field-1", 3, "CONFLICT", Value::Null),
        entry("field-1", 4, "CONFLICT", Value::Null),
        entry("field-3", 1, "CONFLICT", json!("Field")),
        entry("field-4", 2, "CONFLICT", json!("Field")),
    ];
    assert_eq!(list, expected);
    let page = gate.get(format!("{API}/sessions/{session}/conflicts?limit=1&offset=5")).await.ok();
    assert_eq!((&page["metadata"]["total"], &page["data"][0]["date"]), (&json!(6), &json!("2031-01-15T11:10:00+01:00")), "moved to now");
    refund(&seller.0, &items[2]).await.refused("PRODUCT_STATE_INVALID");
}
