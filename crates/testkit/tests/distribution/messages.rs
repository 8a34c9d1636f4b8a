//! What is told when an order is sold, where its channel wants it told.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::mails::mails;
use aforo_testkit::spawn::TestServer;
use aforo_testkit::wait::until;
use serde_json::json;

pub async fn buyers_get_what_they_bought_by_mail(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let path = format!("/channels/{}", world.web.id);
    assert_eq!((&world.admin.0.get(format!("/mgmt-api/v1{path}")).await.ok()["mail"]), &json!(false), "not unless it is wanted");
    assert_eq!(world.admin.change(&path, json!({"mail": true})).await["mail"], true);
    let seller = world.seller().await;
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    let product =
        json!({"entity_id": world.theatre, "name": "Programme", "channels": [world.web.id], "prices": [{"currency": "EUR", "value": 3}]});
    let product = world.admin.make_id("/products", product).await;
    seller.order("POST", &order, "/products", Some(json!({"products": [{"id": product, "quantity": 1}]}))).await.ok();
    seller.buyer(&order, " Ada@Example.org").await.ok();
    let code = seller.pre_confirm(&order).await.ok()["code"].as_str().unwrap().to_owned();
    assert!(mails(server).is_empty(), "nothing is told before it is sold");
    seller.confirm(&order, &json!(43)).await.ok();
    until("an e-mail", || mails(server).len() == 1);
    let mail = mails(server).remove(0);
    for part in ["To: Ada@Example.org\r\n", "Message-ID: <", "text/plain", "text/html", &code, "Programme: 3 EUR", "43 EUR", "Tus entradas"]
    {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    // Confirmed again, it is the same sale.
    seller.confirm(&order, &json!(43)).await.ok();
    let metrics = server.nobody.get("/metrics").await;
    assert!(metrics.text.contains("aforo_outbox_delivered_total{kind=\"MAIL\"}"), "{}", metrics.text);
    assert_eq!(mails(server).len(), 1);
}

pub async fn who_wants_no_mail_gets_none(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    for (first, mail) in [(0, false), (2, true)] {
        world.admin.change(&format!("/channels/{}", world.web.id), json!({"mail": mail})).await;
        let order = seller.create().await;
        seller.add_seats(&order, world.session, &world.row[first..first + 2]).await.ok();
        seller.buyer(&order, "ada@example.org").await.ok();
        seller.pre_confirm(&order).await.ok();
        seller.confirm(&order, &json!(40)).await.ok();
    }
    until("the second order's e-mail", || !mails(server).is_empty());
    assert_eq!(mails(server).len(), 1);
}
