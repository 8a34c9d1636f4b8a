//! Letters to who has places of a session that is called off or moved to another time.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::SellerClient;
use aforo_testkit::mails::mails_with;
use aforo_testkit::spawn::{Engine, TestServer};
use serde_json::{Value, json};

use super::refunds::booking;
use super::{API, code, sell};

const OFF: &str = "Lo sentimos";
const MOVED: &str = "Nueva fecha";

async fn mail(world: &SmallWorld<'_>) {
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"mail": true})).await;
}

pub async fn who_has_places_is_told_that_a_session_is_called_off(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    mail(&world).await;
    let seller = world.seller().await;
    let booked = booking(&world, &seller).await;
    let sold = [sell(&seller, world.session, &world.row[..2]).await, sell(&seller, world.session, &world.row[2..3]).await];
    world.admin.0.post(format!("/mgmt-api/v1{}/cancel", world.session_path()), json!({"refund": {}})).await.ok();
    for (order, total) in sold.iter().zip(["40 EUR", "20 EUR"]) {
        let letter = mails_with(server, &[code(order), OFF], 1).remove(0);
        let after = seller.0.get(format!("{API}/orders/{}", code(order))).await.ok();
        let refund = after["refunds"][0]["code"].as_str().unwrap();
        assert!(letter.contains(refund) && letter.contains(total) && letter.contains("fila A"), "{letter}");
        mails_with(server, &[refund], 1);
    }
    assert!(mails_with(server, &[code(&booked), OFF], 1)[0].contains("Tu reserva ha terminado."));
    mails_with(server, &[OFF], 3);
}

/// The process is killed while they are told; and who buys afterwards knows.
pub async fn who_has_tickets_is_told_once_that_a_session_is_moved(engine: Engine) {
    let server = TestServer::start(engine).await;
    let world = SmallWorld::set_up(&server).await;
    mail(&world).await;
    let seller = world.seller().await;
    let mut sold = Vec::new();
    for pair in world.row.chunks(2).take(3) {
        sold.push(code(&sell(&seller, world.session, pair).await).to_owned());
    }
    let path = format!("/mgmt-api/v1{}/postpone", world.session_path());
    world.admin.0.post(&path, json!({"start": "2031-02-07T20:00:00+01:00"})).await.ok();
    let (operator, web, session, last) =
        (world.operator, (world.web.id, world.web.secret.clone()), world.session, world.row[6..8].to_vec());
    drop((world, seller));

    let server = server.killed_and_started(|_| {}).await;
    server.app.wake_jobs();
    for code in &sold {
        let letter = mails_with(&server, &[code, MOVED], 1).remove(0);
        assert!(letter.contains("07/02/2031 20:00") && letter.contains("Antes: 31/01/2031 20:00"), "{letter}");
    }
    let seller = SellerClient::sign_in(&server.nobody, web.0, &web.1).await;
    server.pass_seconds(1).await;
    let late = sell(&seller, session, &last).await;
    let platform = server.platform().await;
    let again = json!({"start": "2031-02-08T20:00:00+01:00"});
    platform.0.post(format!("{path}?operator_id={operator}"), again).await.ok();
    for (code, letters) in sold.iter().map(String::as_str).zip([2; 3]).chain([(code(&late), 1)]) {
        let letters = mails_with(&server, &[code, MOVED], letters);
        assert_eq!(letters.iter().filter(|letter| letter.contains("Antes: 07/02/2031 20:00")).count(), 1);
    }
    let book = platform.0.get(format!("{API}/orders/{}/history?operator_id={operator}", sold[0])).await.ok();
    let moves = book["data"].as_array().unwrap().iter().map(|line| (text(line, "type").to_owned(), line["moved"]["to"].clone()));
    let line = |kind: &str, to: Value| (kind.to_owned(), to);
    let [first, second] = ["2031-02-07T19:00:00Z", "2031-02-08T19:00:00Z"].map(|to| line("POSTPONED", json!(to)));
    assert_eq!(moves.collect::<Vec<_>>(), [line("CONFIRMED", Value::Null), first, second]);
    server.stop().await;
}
