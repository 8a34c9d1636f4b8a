//! The audit log through HTTP: whatever is managed or done after a sale has one line, what is refused has none, and nobody but administrators reads it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Ask, ManagerClient};
use aforo_testkit::market::{self, Market};
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::{Value, json};
use tempfile::TempDir;

aforo_testkit::for_each_engine![
    what_is_done_has_a_line,
    gates_marketplaces_and_customers_have_lines,
    what_is_old_is_forgotten,
    a_log_is_paged_and_filtered,
    only_administrators_read_it,
];

const LOG: &str = "/mgmt-api/v1/audit-log";

async fn log(caller: &ManagerClient, query: &str) -> Vec<Value> {
    caller.0.get(format!("{LOG}?{query}")).await.ok()["data"].as_array().unwrap().clone()
}

/// Action, type and id of lines, the first done first.
fn deeds(lines: &[Value]) -> Vec<String> {
    lines
        .iter()
        .rev()
        .map(|line| format!("{} {} {}", text(line, "action"), text(&line["object"], "type"), text(&line["object"], "id")))
        .collect()
}

async fn what_is_done_has_a_line(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let begun = log(&world.admin, "limit=1").await[0]["id"].as_u64().unwrap();
    let since =
        async || log(&world.admin, "limit=500").await.into_iter().filter(|line| line["id"].as_u64().unwrap() > begun).collect::<Vec<_>>();

    // Sales have their own book.
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    seller.pre_confirm(&order).await.ok();
    let sold = seller.confirm(&order, &json!(40)).await.ok();
    assert_eq!(since().await, Vec::<Value>::new());

    let web = format!("/channels/{}", world.web.id);
    world.admin.change(&web, json!({"name": "Web shop"})).await;
    world.admin.0.patch(format!("/mgmt-api/v1{web}"), json!({"name": ""})).await.refused("DIST0005");
    world
        .admin
        .0
        .send(Ask::new("PATCH", format!("/mgmt-api/v1{web}")).json(&json!({"name": "X"})).header("if-match", "\"77\""))
        .await
        .refused("CONFLICT");
    let made = world.admin.make("/points-of-sale", json!({"entity_id": world.theatre, "name": "Foyer"})).await;
    let foyer = format!("/points-of-sale/{}", made["id"]);
    world.admin.delete(&foyer).await;
    let key = world.admin.make(&format!("{web}/keys"), json!({})).await;
    let rotated = world.admin.make(&format!("{web}/keys/{}/rotate", key["id"]), json!({})).await;
    world.change_session(json!({"name": "Sunday"})).await;
    let code = text(&sold, "code");
    let orders = format!("/orders-mgmt-api/v1/orders/{code}");
    let note = |key: &str| Ask::new("POST", format!("{orders}/notes")).json(&json!({"text": "He called"})).header("Idempotency-Key", key);
    seller.0.send(note("note-1")).await.ok();
    // The same call counts once.
    seller.0.send(note("note-1")).await.ok();
    let refund = json!({"items": [{"id": sold["items"][0]["id"]}], "type": "MANUAL"});
    world.admin.0.post(format!("{orders}/refund"), refund.clone()).await.ok();
    world.admin.0.post(format!("{orders}/refund"), refund).await.refused("PRODUCT_STATE_INVALID");
    world.platform.change(&format!("/channels/{}?operator_id={}", world.kiosk.id, world.operator), json!({"name": "Machine"})).await;

    let lines = since().await;
    let wanted = [
        format!("UPDATE CHANNEL {}", world.web.id),
        format!("CREATE POINT_OF_SALE {}", made["id"]),
        format!("DELETE POINT_OF_SALE {}", made["id"]),
        format!("CREATE KEY {}", key["id"]),
        format!("ROTATE KEY {}", rotated["id"]),
        format!("UPDATE SESSION {}", world.session),
        format!("NOTE ORDER {code}"),
        format!("REFUND ORDER {code}"),
        format!("UPDATE CHANNEL {}", world.kiosk.id),
    ];
    assert_eq!(deeds(&lines), wanted);
    let by = |place: usize| &lines[lines.len() - 1 - place]["by"];
    assert_eq!((&by(0)["platform"], by(0)["key_id"].is_u64(), &by(6)["channel_id"]), (&json!(false), true, &json!(world.web.id)));
    assert_eq!(by(8)["platform"], true);
    assert_eq!(
        (&lines[1]["api"], &lines[0]["api"], &lines[0]["date"]),
        (&json!("ORDERS_MGMT"), &json!("MGMT"), &json!("2031-01-15T10:00:00.000Z"))
    );
    let said = json!(lines).to_string();
    for secret in [text(&key, "secret"), text(&rotated, "secret"), "He called", "ada@example.org"] {
        assert!(!said.contains(secret), "{secret} is nobody's to read here");
    }
}

async fn gates_marketplaces_and_customers_have_lines(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"customers": true})).await;
    let market = Market::set_up(&world).await;
    let sold = market::sell(&market.shop, world.session, &world.row[..2]).await;
    let (code, item, barcode) = (text(&sold, "code"), &sold["items"][1]["id"], market::barcode(&sold, 1));
    let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["ACCESS_CONTROL"]})).await;
    let form = [("client_id", "access-control-client"), ("grant_type", "client_credentials"), ("client_secret", text(&key, "secret"))];
    let gate = world.nobody().signed_in(&form).await;
    let begun = log(&world.admin, "limit=1").await[0]["id"].as_u64().unwrap();

    market.first("register", &sold).await.ok();
    market.first("unregister", &sold).await.ok();
    let at = format!("/access-control-api/v1/sessions/{}", world.session);
    gate.post(format!("{at}/validations"), json!({"barcode": barcode, "gate": "North"})).await.ok();
    gate.send(Ask::new("DELETE", format!("{at}/admissions/{item}"))).await.ok();
    gate.post(format!("{at}/revocations"), json!({"barcode": barcode})).await.ok();
    gate.post(format!("{at}/revocations/release"), json!({"barcode": barcode})).await.ok();
    let customers = "/customers-mgmt-api/v1/customers";
    let ada = market.shop.0.post(format!("{customers}/find"), json!({"email": "ada@example.org"})).await.ok();
    let ada = text(&ada, "id");
    market.shop.0.send(Ask::new("PUT", format!("{customers}/{ada}")).json(&json!({"name": "Ada"}))).await.ok();
    market.shop.0.send(Ask::new("DELETE", format!("{customers}/{ada}"))).await.ok();

    let lines: Vec<_> = log(&world.admin, "limit=500").await.into_iter().filter(|line| line["id"].as_u64().unwrap() > begun).collect();
    let session = world.session;
    let wanted = [
        ("DISTRIBUTION", format!("REGISTER ORDER {code}")),
        ("DISTRIBUTION", format!("UNREGISTER ORDER {code}")),
        ("ACCESS_CONTROL", format!("CLEAR TICKET {item}")),
        ("ACCESS_CONTROL", format!("REVOKE_BARCODE SESSION {session}")),
        ("ACCESS_CONTROL", format!("RESTORE_BARCODE SESSION {session}")),
        ("CUSTOMERS", format!("UPDATE CUSTOMER {ada}")),
        ("CUSTOMERS", format!("ERASE ORDER {code}")),
        ("CUSTOMERS", format!("ERASE CUSTOMER {ada}")),
    ];
    let apis = lines.iter().rev().map(|line| text(line, "api").to_owned());
    let done: Vec<_> = apis.zip(deeds(&lines)).collect();
    assert_eq!(done, wanted.map(|(api, deed)| (api.to_owned(), deed)));
    let said = json!(lines).to_string();
    assert!(!said.contains(barcode) && !said.contains("ada@example.org"), "{said}");
}

async fn what_is_old_is_forgotten(outer: &TestServer) {
    let engine = if outer.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let server = TestServer::start_as(engine, TempDir::new().unwrap(), |config| config.audit_kept_days = 1).await;
    let world = SmallWorld::set_up(&server).await;
    let operator = world.operator;
    assert!(log(&world.admin, "limit=500").await.len() > 14);
    server.pass_seconds(86_400 - 60).await;
    let platform = server.platform().await;
    platform.change(&format!("/channels/{}?operator_id={operator}", world.web.id), json!({"name": "Web shop"})).await;
    server.pass_seconds(120).await;
    server.app.wake_jobs();
    let query = format!("limit=500&operator_id={operator}");
    let mut lines = Vec::new();
    for _ in 0..800 {
        lines = log(&platform, &query).await;
        if lines.len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(deeds(&lines), [format!("UPDATE CHANNEL {}", world.web.id)], "a day is not over for it");
    drop(world);
    server.stop().await;
}

async fn a_log_is_paged_and_filtered(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let all = log(&world.admin, "limit=500").await;
    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let page = world.admin.0.get(format!("{LOG}?limit=7{before}")).await.ok();
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next_before"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert!(paged == all && all.len() > 14, "{} of {} lines", paged.len(), all.len());
    let of_web = format!("object_type=CHANNEL&object_id={}", world.web.id);
    assert_eq!(deeds(&log(&world.admin, &of_web).await), [format!("CREATE CHANNEL {}", world.web.id)]);
    let by = all[0]["by"]["key_id"].as_u64().unwrap();
    let of_key = log(&world.admin, &format!("limit=500&key_id={by}")).await;
    assert!(!of_key.is_empty() && of_key.iter().all(|line| line["by"]["key_id"] == by), "{of_key:?}");
    server.pass_seconds(60).await;
    world.change_session(json!({"name": "Later"})).await;
    assert_eq!(log(&world.admin, "date=gte:2031-01-15T10:01:00Z").await.len(), 1);
    assert_eq!(log(&world.admin, "limit=500&date=lt:2031-01-15T10:01:00Z").await.len(), all.len());
    assert_eq!(log(&world.admin, "user_id=777777").await.len(), 0);
    for bad in ["limit=0", "user_id=0", "date=then", "before=x"] {
        let answer = world.admin.0.get(format!("{LOG}?{bad}")).await;
        assert!(["DIST0004", "DIST0005"].contains(&answer.code()), "{bad}");
    }
}

async fn only_administrators_read_it(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    for role in ["CHANNEL_MANAGER", "EVENT_MANAGER", "REPORTS"] {
        let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": [role]})).await;
        let manager = ManagerClient::with_key(&server.nobody, text(&key, "secret")).await;
        manager.0.get(LOG).await.refused("FORBIDDEN_RESOURCE");
    }
    // Another operator has another log, and the platform its own.
    let other = world.platform.make_id("/operators", json!({"name": "Ponent"})).await;
    assert_eq!(deeds(&log(&world.platform, &format!("operator_id={other}")).await), [format!("CREATE OPERATOR {other}")]);
    assert!(!log(&world.platform, &format!("operator_id={}", world.operator)).await.is_empty());
    let key = world.platform.make_id("/platform/keys", json!({})).await;
    let platform = world.platform.0.get("/mgmt-api/v1/platform/audit-log").await.ok();
    assert_eq!(deeds(&platform["data"].as_array().unwrap()[..1]), [format!("CREATE KEY {key}")]);
    world.admin.0.get("/mgmt-api/v1/platform/audit-log").await.refused("FORBIDDEN_RESOURCE");
}
