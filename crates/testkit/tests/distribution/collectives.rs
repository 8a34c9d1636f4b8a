//! Collectives through HTTP: set up by who owns events or channels, shown to channels, brought into orders, and what they open there.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{Answer, Ask, MGMT, ManagerClient, SellerClient};
use aforo_testkit::spawn::TestServer;
use serde_json::{Value, json};

/// Makes a collective of the theatre.
pub async fn collective(world: &SmallWorld<'_>, mut body: Value) -> u64 {
    (body["entity_id"], body["name"]) = (json!(world.theatre), json!("Club"));
    world.admin.make_id("/collectives", body).await
}

async fn promotion(world: &SmallWorld<'_>, kind: &str, collective: u64) -> u64 {
    let body = json!({"entity_id": world.theatre, "name": kind, "type": kind, "reduction": {"type": "PERCENTAGE", "value": 10},
        "conditions": {"collective_id": collective}, "limits": {"per_member": 3}, "stackable": true});
    world.admin.make_id("/promotions", body).await
}

async fn add(seller: &SellerClient, order: &str, body: Value) -> Answer {
    seller.order("POST", order, "/collectives", Some(body)).await
}

/// An id and a password open promotions and vouchers; leaving closes them again; and what was opened is sold.
pub async fn collectives_open_what_is_bound_to_them(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let body = json!({"type": "MEMBER_PASSWORD", "texts": {"name": {"es-ES": "Amigos"}}, "limits": {"per_member": 2}});
    let club = collective(&world, body).await;
    let member = json!({"member": "Ada-31", "password": "el gos", "name": "Ada"});
    let member = world.admin.make(&format!("/collectives/{club}/members"), member).await;
    assert_eq!((&member["member"], &member["has_password"], &member["status"]), (&json!("***31"), &json!(true), &json!("ACTIVE")));
    let (by_itself, chosen) = (promotion(&world, "AUTOMATIC", club).await, promotion(&world, "DISCOUNT", club).await);
    let group = json!({"entity_id": world.theatre, "name": "Gift", "currencies": ["EUR"], "collective_id": club});
    let group = world.admin.make_id("/voucher-groups", group).await;
    let voucher = world.admin.make(&format!("/voucher-groups/{group}/vouchers"), json!({"count": 1, "amount": 5})).await;
    let voucher = json!({"code": text(&voucher["data"][0], "code")});

    let seller = world.seller().await;
    let shown = seller.0.get("/catalog-api/v1/collectives").await.ok();
    let line = json!({"id": club, "name": "Club", "texts": {"name": {"es-ES": "Amigos"}}, "type": "MEMBER_PASSWORD"});
    assert_eq!(shown, json!({"metadata": {"limit": 100, "total": 1, "offset": 0}, "data": [line]}));
    assert_eq!(seller.0.get(format!("/catalog-api/v1/promotions/{chosen}")).await.ok()["collective_id"], json!(club));
    let price = seller.0.get(format!("/catalog-api/v1/sessions/{}", world.session)).await.ok()["price"].clone();
    assert_eq!(price.get("min_promoted"), None, "what needs a collective is not promised to everybody");

    let order = seller.create().await;
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    assert_eq!((&filled["collectives"], &filled["promotions"]), (&json!([]), &json!([])));
    let offered = seller.order("GET", &order, "/promotions", None).await.ok();
    let first = &offered["data"][0];
    assert_eq!((&first["id"], &first["reason"], &first["collective_id"]), (&json!(chosen), &json!("COLLECTIVE_REQUIRED"), &json!(club)));
    seller.order("POST", &order, "/promotions", Some(json!({"id": chosen}))).await.refused("ORDER_INVALID_PROMOTION");
    let looked = seller.0.post("/distribution-api/v1/vouchers/validate", voucher.clone()).await.ok();
    assert_eq!((&looked["balance"], &looked["collective_id"]), (&json!(5), &json!(club)));

    let ada = json!({"id": club, "user": " ADA-31 ", "password": "el gos"});
    let ask = || Ask::new("POST", "/distribution-api/v1/orders/collectives").header("ob-order-id", &order).header("idempotency-key", "k1");
    let carried = seller.0.send(ask().json(&ada)).await.ok();
    assert_eq!(carried["collectives"], json!([{"id": club, "name": "Amigos", "member": "***31"}]));
    assert_eq!((&carried["promotions"][0]["id"], &carried["price"]["promotions"]), (&json!(by_itself), &json!(4)));
    let paid = seller.order("POST", &order, "/vouchers", Some(voucher.clone())).await.ok();
    assert_eq!(paid["price"]["to_pay"], json!(31));
    let gone = seller.order("DELETE", &order, &format!("/collectives/{club}"), None).await.ok();
    assert_eq!((&gone["price"], &gone["collectives"], &gone["vouchers"]), (&filled["price"], &json!([]), &json!([])));

    add(&seller, &order, ada.clone()).await.ok();
    let both = seller.order("POST", &order, "/promotions", Some(json!({"id": chosen}))).await.ok();
    assert_eq!(both["price"]["promotions"], json!(7.6), "10 %, and 10 % of what is left");
    seller.buyer(&order, "ada@example.org").await.ok();
    let accepted = seller.pre_confirm(&order).await.ok();
    seller.confirm(&order, &accepted["price"]["to_pay"]).await.ok();
    let again = seller.0.send(ask().json(&ada)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), carried, "a repeated call is answered as it was, whatever became of the order");
    let other = seller.create().await;
    add(&seller, &other, ada).await.refused("ORDER_COLLECTIVE_LIMIT_EXCEEDED");
}

/// What opens a session to a collective opens it to nobody else, and is counted.
pub async fn a_presale_of_a_collective(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let club = collective(&world, json!({"type": "CODE", "codes": [{"code": "amigos", "limit": 3}]})).await;
    world.change_session(json!({"date": {"sale_start": "2031-01-15T12:00:00Z"}})).await;
    let presale = json!({"name": "Club", "start": "2031-01-15T10:00:00Z", "end": "2031-01-15T11:00:00Z", "collective_id": club});
    let path = format!("{MGMT}{}/channels/{}", world.session_path(), world.web.id);
    let publish = |presale: Value| world.admin.0.put(path.clone(), json!({ "presales": [presale] }));
    let made = publish(presale.clone()).await.ok();
    assert_eq!((&made["presales"][0]["collective_id"], made["presales"][0].get("code")), (&json!(club), None));
    for (member, value) in [("collective_id", json!(777)), ("code", json!("FAN2031"))] {
        let mut wrong = presale.clone();
        wrong[member] = value;
        publish(wrong).await.refused("DIST0005");
    }
    let seller = world.seller().await;
    let shown = seller.0.get(format!("/catalog-api/v1/sessions/{}", world.session)).await.ok();
    let shown = &shown["presales"][0];
    assert_eq!((&shown["type"], &shown["collective_id"]), (&json!("COLLECTIVE"), &json!(club)));
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.refused("ORDER_SEAT_NOT_AVAILABLE");
    let body = add(&seller, &order, json!({"id": club, "code": "AMIGOS"})).await.ok();
    assert_eq!(body["collectives"], json!([{"id": club, "name": "Club", "code": "***OS"}]));
    let filled = seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    seller.add_auto(&order, world.session, world.floor, 2).await.refused("ORDER_COLLECTIVE_LIMIT_EXCEEDED");
    seller.add_auto(&order, world.session, world.floor, 1).await.ok();
    let refused = seller.order("DELETE", &order, &format!("/collectives/{club}"), None).await.refused("ORDER_ITEM_INVALID");
    assert_eq!(refused.body["details"][0]["id"], filled["items"][0]["id"]);
    seller.order("DELETE", &order, "", None).await.ok();
    add(&seller, &seller.create().await, json!({"id": club, "code": "AMIGOS"})).await.ok();
}

/// Of orders that ask at the same time for a member's last uses, as many get one as there are.
pub async fn racing_for_a_members_last_uses(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let club = collective(&world, json!({"type": "MEMBER", "limits": {"per_member": 3}})).await;
    world.admin.make(&format!("/collectives/{club}/members"), json!({"member": "ada"})).await;
    let body = json!({"entity_id": world.theatre, "name": "Friends", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10},
        "conditions": {"collective_id": club}});
    let id = world.admin.make_id("/promotions", body).await;
    let seller = world.seller().await;
    let mut asks = Vec::new();
    for _ in 0..8 {
        let order = seller.create().await;
        seller.add_auto(&order, world.session, world.floor, 1).await.ok();
        add(&seller, &order, json!({"id": club, "user": "ada"})).await.ok();
        asks.push(Ask::new("POST", "/distribution-api/v1/orders/promotions").header("ob-order-id", &order).json(&json!({ "id": id })));
    }
    let send = |ask| {
        let caller = seller.0.clone();
        tokio::spawn(async move { caller.send(ask).await })
    };
    let sent: Vec<_> = asks.into_iter().map(send).collect();
    let mut won = 0;
    for answer in sent {
        let answer = answer.await.unwrap();
        if answer.status == 200 { won += 1 } else { drop(answer.refused("ORDER_COLLECTIVE_LIMIT_EXCEEDED")) }
    }
    assert_eq!(won, 3);
}

/// Who owns channels sets up collectives, too; members are named by numbers, and neither ids nor passwords nor codes are shown to who may not see them.
pub async fn members_are_managed_and_not_shown(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let key = async |role: &str| {
        let key = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": [role]})).await;
        ManagerClient::with_key(world.nobody(), text(&key, "secret")).await
    };
    let (manager, reader) = (key("CHANNEL_MANAGER").await, key("REPORTS").await);
    let club = manager.make_id("/collectives", json!({"name": "Club", "type": "MEMBER"})).await;
    let members = format!("{MGMT}/collectives/{club}/members");
    let ada = json!({"member": "ada.31@example.org", "name": "Ada", "valid_until": "2032-01-01T00:00:00Z"});
    let made = manager.0.post(&members, ada.clone()).await.ok();
    let id = made["id"].as_u64().unwrap();
    let refused = manager.0.post(&members, ada).await.refused("CONFLICT");
    assert_eq!(refused.body["details"], json!([{ "id": id }]));
    let found = manager.0.post(format!("{members}/find"), json!({"member": "ADA.31@example.org"})).await;
    assert_eq!(found.header("etag"), "\"1\"");
    assert_eq!((found.ok(), manager.0.get(format!("{MGMT}/members/{id}")).await.ok()), (made.clone(), made.clone()));
    manager.0.post(format!("{members}/find"), json!({"member": "eve"})).await.refused("NOT_FOUND");
    let one = format!("{MGMT}/members/{id}");
    let stale = Ask::new("PATCH", &one).header("if-match", "\"7\"").json(&json!({"name": "Eve"}));
    manager.0.send(stale).await.refused("CONFLICT");
    let changed = manager.0.patch(&one, json!({"status": "INACTIVE", "name": null, "valid_from": "2031-06-01T00:00:00Z"})).await.ok();
    assert_eq!((&changed["status"], changed.get("name"), &changed["valid_until"]), (&json!("INACTIVE"), None, &made["valid_until"]));
    manager.0.patch(&one, json!({"valid_until": "2031-06-01T00:00:00Z"})).await.refused("DIST0001");
    manager.0.patch(&one, json!({"password": "x"})).await.refused("DIST0005");
    let list = manager.0.get(&members).await;
    assert!(!list.text.contains("ada.31"), "{}", list.text);
    assert_eq!(list.ok()["data"], json!([changed]));
    reader.0.get(&members).await.refused("FORBIDDEN_RESOURCE");
    manager.0.delete(&one).await.ok();
    manager.0.get(&one).await.refused("NOT_FOUND");
    let list = manager.0.get(&members).await.ok();
    assert_eq!(list["data"], json!([{"id": id, "collective_id": club, "status": "REMOVED", "has_password": false}]));

    let codes = manager.make_id("/collectives", json!({"name": "Fans", "type": "CODE", "codes": [{"code": "fan2031", "limit": 2}]})).await;
    let path = format!("{MGMT}/collectives/{codes}");
    assert_eq!(manager.0.get(&path).await.ok()["codes"], json!([{"code": "FAN2031", "limit": 2}]));
    for answer in [reader.0.get(&path).await, manager.0.get(format!("{MGMT}/collectives")).await] {
        assert!(!answer.text.contains("FAN2031"), "{}", answer.text);
        answer.ok();
    }
    manager.0.post(format!("{path}/members"), json!({"member": "ada"})).await.refused("CONFLICT");
    manager.0.patch(&path, json!({"type": "MEMBER"})).await.refused("DIST0005");
    // Promoters bind to their own collectives alone.
    let circus = world.admin.make_id("/collectives", json!({"entity_id": world.circus, "name": "Fans", "type": "MEMBER"})).await;
    manager.0.get(format!("{MGMT}/collectives/{circus}")).await.refused("NOT_FOUND");
    let events = key("EVENT_MANAGER").await;
    let mut body = json!({"name": "Spring", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10}});
    body["conditions"] = json!({"collective_id": circus});
    events.0.post(format!("{MGMT}/promotions"), body.clone()).await.refused("DIST0005");
    body["conditions"] = json!({"collective_id": codes});
    events.0.post(format!("{MGMT}/promotions"), body).await.ok();
}

/// Good lines are taken, bad ones named, and a call that was cut off goes on where it was.
pub async fn lists_of_members_are_imported(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let club = collective(&world, json!({"type": "MEMBER_PASSWORD"})).await;
    let members = format!("{MGMT}/collectives/{club}/members");
    let import = |list: &str, key: &'static str| {
        let ask = Ask::new("POST", format!("{members}/import")).raw("text/csv; charset=utf-8", list);
        if key.is_empty() { ask } else { ask.header("idempotency-key", key) }
    };
    let list = "member;password;name;valid_to\nada-1;el gos;Ada;\nbob-2;;Bob;\neve-3;el gat;Eve;soon\nADA-1;x;;\nkim-4;la vaca;Kim;2032-01-01T00:00:00Z\n";
    let report = world.admin.0.send(import(list, "k1")).await.ok();
    let refused = json!([{"line": 3, "reason": "NO_PASSWORD"}, {"line": 4, "reason": "VALID_TO"}, {"line": 5, "reason": "TWICE"}]);
    let expected = json!({"added": 2, "changed": 0, "unchanged": 0, "refused_count": 3, "refused": refused});
    assert_eq!(report, expected);
    let again = world.admin.0.send(import(list, "k1")).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), expected);
    world.admin.0.send(import("member\nada-1\n", "k1")).await.refused("IDEMPOTENCY_KEY_REUSED");
    let seller = world.seller().await;
    let order = seller.create().await;
    add(&seller, &order, json!({"id": club, "user": "kim-4", "password": "la vaca"})).await.ok();
    // What a line leaves out stays, and a new password is the only one.
    let report =
        world.admin.0.send(import("name,member,password\nAda Vidal,ada-1,\n,kim-4,la cabra\nBob,bob-2,el bou\n,ada-9,\n", "")).await.ok();
    assert_eq!((&report["added"], &report["changed"], &report["refused_count"]), (&json!(1), &json!(2), &json!(1)));
    let order = seller.create().await;
    add(&seller, &order, json!({"id": club, "user": "kim-4", "password": "la vaca"})).await.refused("ORDER_INVALID_COLLECTIVE");
    for (user, password) in [("kim-4", "la cabra"), ("ada-1", "el gos"), ("bob-2", "el bou")] {
        add(&seller, &order, json!({"id": club, "user": user, "password": password})).await.ok();
    }
    for (list, code) in [("id\nada", "DIST0006"), ("member,member\n1,2", "DIST0005"), ("member\n\u{0}", "")] {
        let answer = world.admin.0.send(import(list, "")).await;
        if code.is_empty() {
            assert_eq!(answer.ok()["refused"], json!([{"line": 2, "reason": "MEMBER"}]))
        } else {
            drop(answer.refused(code))
        }
    }
    world.admin.0.post(format!("{members}/import"), json!({})).await.refused("DIST0006");
    let wrong = Ask::new("POST", format!("{members}/import")).raw("text/plain", "member\nada");
    world.admin.0.send(wrong).await.refused("DIST0003");
    goes_on(&world).await;
}

/// Three slices; who asked hangs up in the middle, and asks again.
async fn goes_on(world: &SmallWorld<'_>) {
    let plain = collective(world, json!({"type": "MEMBER"})).await;
    let list: String = std::iter::once("member\n".to_owned()).chain((0..450).map(|number| format!("member-{number}\n"))).collect();
    let ask = || {
        Ask::new("POST", format!("{MGMT}/collectives/{plain}/members/import")).raw("text/csv", list.clone()).header("idempotency-key", "k2")
    };
    for _ in 0..3 {
        drop(tokio::time::timeout(std::time::Duration::from_millis(15), world.admin.0.try_send(ask())).await);
    }
    let mut answer = world.admin.0.send(ask()).await;
    // The server may not have noticed yet that nobody waits.
    while answer.code() == "IDEMPOTENCY_IN_PROGRESS" {
        answer = world.admin.0.send(ask()).await;
    }
    let report = answer.ok();
    assert_eq!((&report["added"], &report["changed"], &report["unchanged"]), (&json!(450), &json!(0), &json!(0)), "once each");
    let page = world.admin.0.get(format!("{MGMT}/collectives/{plain}/members?limit=500")).await.ok();
    assert_eq!((&page["metadata"]["total"], page["data"].as_array().unwrap().len()), (&json!(450), 450));
}

/// What makes no sense is refused by name, and a secret is not sent back.
pub async fn collectives_make_sense(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let good = || json!({"entity_id": world.theatre, "name": "Club", "type": "CODE"});
    for (field, value, code) in [
        ("name", json!(""), "DIST0006"),
        ("type", json!("FACE"), "DIST0005"),
        ("type", json!(null), "DIST0006"),
        ("id", json!(2_147_483_648_u64), "DIST0005"),
        ("channels", json!([777]), "DIST0005"),
        ("limits", json!({"total": 0}), "DIST0005"),
        ("limits", json!({"per_member": 3}), "DIST0005"),
        ("codes", json!([{"code": "ABC"}, {"code": "abc"}]), "DIST0005"),
        ("valid_from", json!("soon"), "DIST0004"),
        ("status", json!("GONE"), "DIST0005"),
    ] {
        let mut body = good();
        body[field] = value;
        world.admin.0.post(format!("{MGMT}/collectives"), body).await.refused(code);
    }
    let mut members = good();
    (members["type"], members["codes"]) = (json!("MEMBER"), json!([{"code": "ABC"}]));
    world.admin.0.post(format!("{MGMT}/collectives"), members).await.refused("DIST0005");
    let mut never = good();
    (never["valid_from"], never["valid_until"]) = (json!("2031-02-01T00:00:00Z"), json!("2031-01-01T00:00:00Z"));
    world.admin.0.post(format!("{MGMT}/collectives"), never).await.refused("DIST0001");
    assert_eq!(world.admin.0.get(format!("{MGMT}/collectives")).await.ok()["metadata"]["total"], 0, "what was refused made nothing");

    let club = collective(&world, json!({"type": "MEMBER_PASSWORD"})).await;
    for (wrong, code) in [
        (json!({}), "DIST0006"),
        (json!({"member": " "}), "DIST0006"),
        (json!({"member": "ada 31", "password": "x"}), "DIST0005"),
        (json!({"member": "ada"}), "DIST0006"),
        (json!({"member": "ada", "password": "x".repeat(1_001)}), "DIST0005"),
        (json!({"member": "ada", "password": "x", "status": "GONE"}), "DIST0005"),
        (json!({"member": 7}), "DIST0002"),
    ] {
        world.admin.0.post(format!("{MGMT}/collectives/{club}/members"), wrong).await.refused(code);
    }
    let body = json!({"entity_id": world.theatre, "name": "Spring", "type": "DISCOUNT", "reduction": {"type": "PERCENTAGE", "value": 10},
        "limits": {"per_member": 1}});
    world.admin.0.post(format!("{MGMT}/promotions"), body).await.refused("DIST0005");
    let seller = world.seller().await;
    let order = seller.create().await;
    for (wrong, code) in [
        (json!({}), "DIST0006"),
        (json!({"id": club}), "DIST0006"),
        (json!({"id": club, "password": "secret"}), "DIST0006"),
        (json!({"id": club, "code": "SECRET1", "user": "ada"}), "DIST0005"),
        (json!({"id": club, "code": "a b"}), "DIST0005"),
        (json!({"id": club, "user": "secret ada"}), "DIST0005"),
        (json!({"id": club, "code": "SECRET1"}), "ORDER_INVALID_COLLECTIVE"),
        (json!({"id": 0, "code": "SECRET1"}), "DIST0005"),
    ] {
        let refused = add(&seller, &order, wrong).await.refused(code);
        assert!(!refused.text.to_lowercase().contains("secret"), "{}", refused.text);
    }
}
