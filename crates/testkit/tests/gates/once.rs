//! A ticket opens a gate once, whoever asks and how often.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Ask;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

use super::{API, barcode, enter, keeper, outcome, refund, sell, show, statistics};

pub async fn a_ticket_opens_once(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..2]).await;
    let first = show(&gate, world.session, barcode(&items[0]), "North", "ENTRY").await;
    assert_eq!((&first["result"], &first["date"]), (&json!("ADMITTED"), &json!("2031-01-15T11:00:00+01:00")));
    assert_eq!((&first["admission"]["entries"], &first["admission"]["inside"]), (&json!(1), &json!(true)));
    server.pass_seconds(60).await;
    let again = show(&gate, world.session, barcode(&items[0]), "South", "ENTRY").await;
    assert_eq!(outcome(&again), "ALREADY_ENTERED");
    let entry = json!({"date": "2031-01-15T11:00:00+01:00", "gate": "North"});
    assert_eq!(again["admission"], json!({"entries": 1, "inside": true, "last_entry": entry}), "when and where it was");

    // Two gates at the same instant.
    let second = barcode(&items[1]);
    let (north, south) =
        tokio::join!(show(&gate, world.session, second, "North", "ENTRY"), show(&gate, world.session, second, "South", "ENTRY"));
    let mut both = [outcome(&north), outcome(&south)];
    both.sort();
    assert_eq!(both, ["ADMITTED", "ALREADY_ENTERED"]);

    for nonsense in ["23456ABCDEFGHJKMNPQRST", "two words", "é"] {
        assert_eq!(enter(&gate, world.session, nonsense).await, "UNKNOWN");
    }
}

pub async fn a_repeated_call_is_answered_the_same(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..1]).await;
    let path = format!("{API}/sessions/{}/validations", world.session);
    let body = json!({"barcode": barcode(&items[0]), "gate": "North", "device": "scanner 7"});
    let ask = || Ask::new("POST", &path).json(&body).header("idempotency-key", "scan-1");
    let first = gate.send(ask()).await.ok();
    assert_eq!(first["result"], "ADMITTED");
    let again = gate.send(ask()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(), first);
    assert_eq!(enter(&gate, world.session, barcode(&items[0])).await, "ALREADY_ENTERED");
}

pub async fn a_screen_shows_whose_ticket_it_is(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let form = json!({"attendee_form": {"fields": [{"key": "name", "type": "TEXT"}, {"key": "surname", "type": "TEXT"}]}});
    world.admin.change(&format!("/events/{}", world.event), form).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let order = seller.create().await;
    let basket = seller.add_seats(&order, world.session, &world.row[..1]).await.ok();
    let attendees = json!({"attendees": [{"item_id": basket["items"][0]["id"], "fields": {"name": "Ana", "surname": "García"}}]});
    seller.order("POST", &order, "/attendees", Some(attendees)).await.ok();
    seller.buyer(&order, "ada@example.org").await.ok();
    let price = seller.pre_confirm(&order).await.ok()["price"]["to_pay"].clone();
    let sold = seller.confirm(&order, &price).await.ok();
    let shown = show(&gate, world.session, barcode(&sold["items"][0]), "North", "ENTRY").await;
    let item = &sold["items"][0];
    let expected = json!({"id": item["id"], "status": "VALID", "sector": item["sector"], "seat": item["seat"], "price_type": item["price_type"],
        "rate": item["rate"], "attendee": "Ana García"});
    assert_eq!(shown["ticket"], expected);
}

pub async fn numbers_are_counted(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let (seller, gate) = (world.seller().await, keeper(&world, world.theatre).await);
    let items = sell(&seller, world.session, &world.row[..4]).await;
    refund(&seller.0, &items[3]).await.ok();
    show(&gate, world.session, barcode(&items[0]), "North", "ENTRY").await;
    server.pass_seconds(16 * 60).await;
    show(&gate, world.session, barcode(&items[1]), "North", "ENTRY").await;
    show(&gate, world.session, barcode(&items[1]), "South", "ENTRY").await;
    show(&gate, world.session, barcode(&items[3]), "South", "ENTRY").await;
    show(&gate, world.session, barcode(&items[1]), "South", "EXIT").await;
    let numbers = statistics(&gate, world.session).await;
    let north = json!({"gate": "North", "entries": 2, "exits": 0, "refused": {}, "quarters": [
        {"start": "2031-01-15T11:00:00+01:00", "entries": 1, "exits": 0}, {"start": "2031-01-15T11:15:00+01:00", "entries": 1, "exits": 0}]});
    let south = json!({"gate": "South", "entries": 0, "exits": 1, "refused": {"ALREADY_ENTERED": 1, "REFUNDED": 1},
        "quarters": [{"start": "2031-01-15T11:15:00+01:00", "entries": 0, "exits": 1}]});
    assert_eq!(
        numbers,
        json!({"session_id": world.session, "date": "2031-01-15T11:16:00+01:00", "sold": 3, "admitted": 2, "inside": 1,
        "refused": {"ALREADY_ENTERED": 1, "REFUNDED": 1}, "conflicts": 0, "gates": [north, south]})
    );
}
