//! The codes of identity: who may sign in, and what ends it. What can be switched off while a token lives is asked twice: at sign-in, and with a token
//! that was good a moment before.

use aforo_testkit::builders::{SmallWorld, channel, person, till};
use aforo_testkit::caller::{Answer, Caller, ManagerClient, SellerClient};
use serde_json::json;

/// What a channel may always do.
const SESSIONS: &str = "/catalog-api/v1/sessions";

impl Counter<'_, '_> {
    /// Signs the clerk in at the box office, with some fields replaced, or left out where they are empty.
    async fn sign_in(&self, changes: &[(&str, &str)]) -> Answer {
        let strings = [self.0.box_office.id.to_string(), self.0.door.to_string()];
        self.0.nobody().sign_in(&self.0.counter(&strings, changes)).await
    }

    /// The clerk, signed in.
    async fn clerk(&self) -> Caller {
        let body = self.sign_in(&[]).await.ok();
        self.0.nobody().with_token(body["access_token"].as_str().unwrap())
    }

    /// What the clerk is told at sign-in, which must be what a token that was good before the change is told too.
    async fn both(&self, clerk: &Caller) -> Answer {
        let (live, anew) = (clerk.get(SESSIONS).await, self.sign_in(&[]).await);
        assert_eq!(live.code(), anew.code());
        live
    }
}

/// The box office.
struct Counter<'w, 's>(&'w SmallWorld<'s>);

/// The token of the web channel, good until now, and then what it and a new sign-in are told.
async fn after(world: &SmallWorld<'_>, seller: &SellerClient) -> Answer {
    let channel = world.web.id.to_string();
    let form = [
        ("client_id", "seller-channel-client"),
        ("grant_type", "client_credentials"),
        ("channel_id", channel.as_str()),
        ("client_secret", world.web.secret.as_str()),
    ];
    let (live, anew) = (seller.0.get(SESSIONS).await, world.nobody().sign_in(&form).await);
    assert_eq!(live.code(), anew.code());
    live
}

pub async fn auth0001(world: &SmallWorld<'_>) -> Answer {
    let refused = Counter(world).sign_in(&[("username", "nobody-at-all")]).await;
    assert_eq!(refused.body["error"], "invalid_grant");
    refused
}

pub async fn auth0002(world: &SmallWorld<'_>) -> Answer {
    Counter(world).sign_in(&[("password", "guessed")]).await
}

pub async fn auth0003(world: &SmallWorld<'_>) -> Answer {
    let clown = person(&world.admin, world.circus, "clown", &["SELLER"]).await;
    Counter(world).sign_in(&[("username", &clown.username), ("password", &clown.password)]).await
}

pub async fn auth0004(world: &SmallWorld<'_>) -> Answer {
    let refused = Counter(world).sign_in(&[("channel_id", "")]).await;
    assert_eq!(refused.body["error"], "invalid_request");
    refused
}

pub async fn auth0005(world: &SmallWorld<'_>) -> Answer {
    Counter(world).sign_in(&[("channel_id", "999999")]).await
}

pub async fn auth0006(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.admin.change(&format!("/channels/{}", world.web.id), json!({"status": "INACTIVE"})).await;
    after(world, &seller).await
}

pub async fn auth0007(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.admin.delete(&format!("/entities/{}", world.theatre)).await;
    after(world, &seller).await
}

pub async fn auth0008(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.admin.change(&format!("/entities/{}", world.theatre), json!({"status": "INACTIVE"})).await;
    after(world, &seller).await
}

pub async fn auth0009(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.platform.delete(&format!("/operators/{}", world.operator)).await;
    after(world, &seller).await
}

pub async fn auth0010(world: &SmallWorld<'_>) -> Answer {
    let seller = world.seller().await;
    world.platform.change(&format!("/operators/{}", world.operator), json!({"status": "INACTIVE"})).await;
    after(world, &seller).await
}

pub async fn auth0011(world: &SmallWorld<'_>) -> Answer {
    let refused = Counter(world).sign_in(&[("terminal", "")]).await;
    assert_eq!(refused.body["error"], "invalid_request");
    refused
}

pub async fn auth0012(world: &SmallWorld<'_>) -> Answer {
    Counter(world).sign_in(&[("terminal_license", "")]).await
}

pub async fn auth0013(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    Counter(world).sign_in(&[("terminal", "TILL-99")]).await.refused("AUTH0013");
    world.admin.delete(&format!("/terminals/{}", world.till.id)).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0014(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/terminals/{}", world.till.id), json!({"status": "INACTIVE"})).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0015(world: &SmallWorld<'_>) -> Answer {
    Counter(world).sign_in(&[("terminal_license", "GUESSED")]).await
}

pub async fn auth0016(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/terminals/{}", world.till.id), json!({"license": {"active": false}})).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0017(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/terminals/{}", world.till.id), json!({"license": {"expires": "2031-01-15T10:00:20Z"}})).await;
    clerk.get(SESSIONS).await.ok();
    world.server.pass_seconds(30).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0018(world: &SmallWorld<'_>) -> Answer {
    let theirs = till(&world.admin, world.circus, "TILL-2").await;
    Counter(world).sign_in(&[("terminal", &theirs.code), ("terminal_license", &theirs.license)]).await
}

pub async fn auth0019(world: &SmallWorld<'_>) -> Answer {
    Counter(world).sign_in(&[("point_of_sale_id", "")]).await
}

pub async fn auth0020(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.delete(&format!("/points-of-sale/{}", world.door)).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0021(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/points-of-sale/{}", world.door), json!({"status": "INACTIVE"})).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0022(world: &SmallWorld<'_>) -> Answer {
    let theirs = world.admin.make_id("/points-of-sale", json!({"entity_id": world.circus, "name": "Ring"})).await;
    Counter(world).sign_in(&[("point_of_sale_id", &theirs.to_string())]).await
}

/// A channel's key that only looks sells nothing.
pub async fn auth0023(world: &SmallWorld<'_>) -> Answer {
    let web = channel(&world.admin, world.theatre, "WEB").await;
    let key = world.admin.make(&format!("/channels/{}/keys", web.id), json!({"scopes": ["api-catalog-all"]})).await;
    let seller = SellerClient::sign_in(world.nobody(), web.id, key["secret"].as_str().unwrap()).await;
    seller.0.get(SESSIONS).await.ok();
    seller.0.post("/distribution-api/v1/orders", json!({})).await
}

pub async fn auth0024(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/users/{}", world.clerk.id), json!({"roles": ["REPORTS"]})).await;
    Counter(world).both(&clerk).await
}

pub async fn auth0025(world: &SmallWorld<'_>) -> Answer {
    let clerk = Counter(world).clerk().await;
    world.admin.change(&format!("/users/{}", world.clerk.id), json!({"status": "INACTIVE"})).await;
    Counter(world).both(&clerk).await
}

/// An event manager without the permission blocks no seats; with it, it does.
pub async fn auth0027(world: &SmallWorld<'_>) -> Answer {
    let marta = person(&world.admin, world.theatre, "marta", &["EVENT_MANAGER"]).await;
    let manager = ManagerClient::with_password(world.nobody(), &marta.username, &marta.password).await;
    let block = json!({"action": "BLOCK", "seats": [world.row[0]]});
    let places = format!("/mgmt-api/v1{}/places", world.session_path());
    let refused = manager.0.post(&places, block.clone()).await;
    world.admin.change(&format!("/users/{}", marta.id), json!({"permissions": ["BLOCK_SEATS"]})).await;
    manager.0.post(&places, block).await.ok();
    refused
}
