//! The demonstration, filled into an empty store and looked at from outside.

use std::os::unix::fs::PermissionsExt;

use aforo_domain::ids::ShardId;
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::config::Config;
use aforo_server::engine::view::ShardView;
use aforo_server::start;
use serde_json::Value;

/// Places and sectors of an event's hall, and whether single seats are looked after.
fn places(view: &ShardView, event: &str) -> (u32, usize, bool) {
    let plan = &view.catalogue.offers.values().find(|offer| offer.event.name == event).unwrap().plan;
    (plan.places(), plan.sectors.len(), plan.template.check_orphan_seats)
}

#[test]
fn a_world_to_try_everything_in_is_made_by_the_api_alone() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config { data: directory.path().to_owned(), ..Config::default() };
    let app = start::open(config, Clock::System, Chance::System).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let admin = start::first_start(&app).await.unwrap().unwrap();
        super::fill(&app, &admin.key).await.unwrap();
    });
    let levante = app.engine.views().shard(ShardId(1)).unwrap();
    assert_eq!(places(&levante, "CF Llevant, league season"), (50_000, 80, false));
    let (seats, levels, orphans) = places(&levante, "Norma");
    assert!((2_250..=2_350).contains(&seats) && levels == 5 && orphans, "{seats} seats on {levels} levels");
    assert_eq!(places(&levante, "Brisa Festival"), (18_400, 3, false));
    let nord = app.engine.views().shard(ShardId(2)).unwrap();
    assert_eq!(places(&nord, "Permanent collection"), (40, 1, false));
    assert_eq!((nord.catalogue.offers.len(), nord.catalogue.products.len()), (30 * 17, 2), "slots and products of the museum");

    let path = directory.path().join("demo-credentials.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let credentials: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let kinds: Vec<_> = credentials["channels"].as_array().unwrap().iter().map(|channel| channel["type"].as_str().unwrap()).collect();
    for kind in ["WEB", "BOX_OFFICE", "KIOSK", "B2B", "MARKETPLACE"] {
        assert!(kinds.contains(&kind), "no {kind} channel");
    }
    assert_eq!(levante.catalogue.promotions.len(), 4);
    let seasons: Vec<_> = levante.catalogue.offers.values().filter(|offer| offer.session.season.is_some()).collect();
    assert!(seasons.len() == 1 && seasons[0].members.len() == 3 && levante.catalogue.collectives.len() == 1);
    assert!(levante.catalogue.offers.values().any(|offer| offer.event.name == "Brisa Festival" && !offer.automatic.is_empty()));
    let hot = levante.catalogue.offers.values().find(|offer| offer.event.name == "CF Llevant, league season").unwrap();
    assert!(hot.automatic.is_empty(), "the hot sale is measured without");
    let shop = levante.identity.channels.values().find(|channel| channel.name == "entrades.example").unwrap();
    assert!(
        shop.resale.enabled && levante.catalogue.offers.values().any(|offer| offer.event.name == "Norma" && offer.event.resale.enabled)
    );
    assert!(shop.booking.enabled && shop.delivery_methods.len() == 4 && shop.insurances.len() == 1 && !shop.buyer_form.fields.is_empty());
    let codes = credentials["to_try"].as_array().unwrap();
    assert_eq!(codes.len(), 7, "a presale, a promotion, a member, and four vouchers: {codes:?}");
    assert!(codes.iter().all(|code| code["code"].is_string() && code["what"].is_string()), "{codes:?}");
    assert_eq!(codes.iter().filter(|code| code["pin"].is_string()).count(), 2);
    assert!(credentials["users"].as_array().unwrap().iter().all(|user| user["password"].as_str().unwrap().len() == 20));
    assert!(credentials["terminals"].as_array().unwrap().iter().all(|terminal| !terminal["license"].as_str().unwrap().is_empty()));
    assert_eq!(credentials["gates"].as_array().unwrap().len(), 2);
    assert!(credentials["management"]["client_secret"].as_str().unwrap().starts_with("1_"));
    runtime.block_on(app.stop());
}
