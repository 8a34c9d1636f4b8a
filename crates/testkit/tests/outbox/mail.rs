//! E-mails to a mail server that takes them, refuses them, and takes them in the end.

use aforo_testkit::builders::{SmallWorld, text};
use aforo_testkit::caller::{ManagerClient, SellerClient};
use aforo_testkit::smtp::MailServer;
use aforo_testkit::spawn::{Engine, TestServer};
use aforo_testkit::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{sell, switch};

/// The engine is the outer server's; the mail server is set up on one of its own.
pub async fn a_mail_server_gets_what_buyers_bought(outer: &TestServer) {
    let engine = if outer.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let mails = MailServer::start().await;
    let smtp = mails.url().parse().unwrap();
    let set_up = |config: &mut aforo_server::config::Config| {
        config.mail.smtp = Some(smtp);
        config.mail.from = "Tickets <tickets@example.net>".parse().unwrap();
    };
    let server = TestServer::start_as(engine, TempDir::new().unwrap(), set_up).await;
    let world = SmallWorld::set_up(&server).await;
    switch(&world, json!({"mail": true})).await;
    let seller = world.seller().await;
    let code = sell(&world, &seller, 0).await;
    until("an e-mail", || mails.mails().len() == 1);
    let mail = mails.mails().remove(0);
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("tickets@example.net", ["ada@example.org".to_owned()].as_slice()));
    assert!(mail.text.contains(&code) && mail.text.contains("multipart/alternative"), "{}", mail.text);

    // A full mailbox is tried again later; by then there is room.
    mails.refuse(Some("452 full"));
    let code = sell(&world, &seller, 2).await;
    let refused = async || -> Option<Value> {
        let listed = world.admin.0.get("/mgmt-api/v1/messages?kind=MAIL").await.ok();
        listed["data"].get(0).filter(|message| message["attempts"] == 1).cloned()
    };
    let mut waiting = None;
    for _ in 0..1_000 {
        waiting = refused().await;
        if waiting.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let waiting = waiting.unwrap();
    assert_eq!((&waiting["status"], &waiting["mail"]), (&json!("WAITING"), &json!({"to": "ada@example.org", "letter": "SOLD"})));
    assert!(waiting["failure"].as_str().unwrap().contains("full"), "{waiting}");
    assert!(!waiting.to_string().contains(&code), "what it says is its receiver's");
    mails.refuse(None);
    assert_eq!(mails.mails().len(), 1, "not before its time");
    server.pass_seconds(6).await;
    until("the second e-mail", || mails.mails().len() == 2);
    assert!(mails.mails()[1].text.contains(&code));
    what_was_sold_is_sent_again(&world, &seller, &mails, &code).await;
    drop(world);
    server.stop().await;
}

/// By hand, to whom somebody says; and a refund has a letter of its own.
async fn what_was_sold_is_sent_again(world: &SmallWorld<'_>, seller: &SellerClient, mails: &MailServer, code: &str) {
    let order = format!("/orders-mgmt-api/v1/orders/{code}");
    let to = json!({"email": "bob@example.net"});
    for (body, address) in [(json!({}), "ada@example.org"), (to, "bob@example.net")] {
        let before = mails.mails().len();
        seller.0.post(format!("{order}/resend"), body).await.ok();
        until("it comes again", || mails.mails().len() > before);
        let mail = mails.mails().remove(before);
        assert_eq!(mail.to, [address.to_owned()]);
        assert!(mail.text.contains(code));
    }
    seller.0.post(format!("{order}/resend"), json!({"email": "nobody"})).await.refused("DIST0004");
    let reporter = world.admin.make(&format!("/entities/{}/keys", world.theatre), json!({"roles": ["REPORTS"]})).await;
    let reporter = ManagerClient::with_key(world.nobody(), text(&reporter, "secret")).await;
    reporter.0.post(format!("{order}/resend"), json!({})).await.refused("FORBIDDEN_RESOURCE");
    let book = world.admin.0.get(format!("{order}/history")).await.ok();
    let last = book["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["email"]), (&json!("RESENT"), &json!("b***@example.net")));

    let before = mails.mails().len();
    let item = world.admin.0.get(&order).await.ok()["items"][0]["id"].clone();
    let refund = json!({"items": [{"id": item}], "type": "MANUAL"});
    let refund = world.admin.0.post(format!("{order}/refund"), refund).await.ok();
    until("the letter about the refund", || mails.mails().len() > before);
    let mail = mails.mails().remove(before);
    assert!(mail.text.contains(text(&refund, "code")) && mail.text.contains(code) && mail.text.contains("20 EUR"), "{}", mail.text);
}
