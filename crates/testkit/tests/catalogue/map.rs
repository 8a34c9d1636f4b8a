//! A session's plan, drawn and in numbers.

use aforo_testkit::builders::SmallWorld;
use aforo_testkit::caller::Ask;
use aforo_testkit::for_each_engine;
use aforo_testkit::spawn::TestServer;
use serde_json::json;

for_each_engine![a_plan_is_drawn_or_told, a_plan_is_read_again_only_when_it_changed];

async fn a_plan_is_drawn_or_told(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("/catalog-api/v1/sessions/{}/map", world.session);
    let told = seller.0.get(&path).await;
    assert_eq!((told.header("content-type"), told.header("vary")), ("application/json", "accept"));
    let told = told.ok();
    assert_eq!(told["sectors"][0]["rows"][0]["seats"][0], json!([world.row[0], "1", 10, 0, 0]));
    assert_eq!((&told["focal_point"], &told["seat_pitch"]), (&json!({"x": 45, "y": -50}), &json!(10)));
    let zone = &told["sectors"][1]["zones"][0];
    assert_eq!((&zone["name"], &zone["capacity"], &zone["price_type"]), (&json!("Floor"), &json!(20), &json!(1)));
    let bottom = told["sectors"][0]["rows"][1]["seats"][0][3].as_f64().unwrap();
    assert!(zone["y"].as_f64().unwrap() > bottom, "zones stand below the seats");
    assert_eq!(told["price_types"][0]["color"], "#808080");

    let drawn = seller.0.send(Ask::new("GET", &path).header("accept", "image/svg+xml")).await;
    assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml"));
    assert!(drawn.text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\""), "{}", drawn.text);
    for seat in seller.seats(world.session).await {
        let class = format!("<circle id=\"seat-{seat}\" class=\"p{}\"", world.stalls);
        assert_eq!(drawn.text.matches(&class).count(), 1, "{class} in {}", drawn.text);
    }
    assert!(drawn.text.contains(&format!("<rect id=\"zone-{}\" class=\"p{}\"", zone["id"], world.floor)), "{}", drawn.text);
    let form = async |form: &str| seller.0.get(format!("{path}?form={form}")).await;
    assert_eq!(form("svg").await.text, drawn.text);
    assert_eq!(form("geometry").await.ok(), told);
    form("pdf").await.refused("DIST0005");
    seller.0.get("/catalog-api/v1/sessions/999/map").await.refused("SESSION_NOT_FOUND");
    world.admin.delete(&format!("{}/channels/{}", world.session_path(), world.web.id)).await;
    form("svg").await.refused("SESSION_NOT_FOUND");
}

async fn a_plan_is_read_again_only_when_it_changed(server: &TestServer) {
    let world = SmallWorld::set_up(server).await;
    let seller = world.seller().await;
    let path = format!("/catalog-api/v1/sessions/{}/map", world.session);
    let ask =
        async |form: &str, tag: &str| seller.0.send(Ask::new("GET", format!("{path}?form={form}")).header("if-none-match", tag)).await;
    let (drawn, told) = (ask("svg", "").await.header("etag").to_owned(), ask("geometry", "").await.header("etag").to_owned());
    assert_ne!(drawn, told);
    let order = seller.create().await;
    seller.add_seats(&order, world.session, &world.row[..2]).await.ok();
    for (form, tag, other) in [("svg", &drawn, &told), ("geometry", &told, &drawn)] {
        let known = ask(form, tag).await;
        assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", tag.as_str()), "it does not show who sits there");
        assert_eq!(ask(form, other).await.status, 200);
    }
    world.admin.change("/venue-templates/1", json!({"name": "Concerts & more"})).await;
    let renamed = ask("svg", &drawn).await;
    assert!(renamed.status == 200 && renamed.text.contains("<title>Concerts &amp; more</title>"), "{}", renamed.text);
}
