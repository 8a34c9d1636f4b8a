//! The management API: everything that must be set up before something can be sold. Wire types and handlers; who may do what is decided in
//! `domain::identity::manage` and `domain::catalogue::manage`.
//!
//! Conventions of all its resources: `GET` lists ([`lists`]) and reads what is published (no query), `POST` makes, `PATCH` changes what it names, `DELETE` makes it
//! gone for good. A read carries an `ETag`; `If-Match` on a change refuses with `CONFLICT` if something changed meanwhile. An id may be given at
//! creation, as imports do. PLATFORM_ADMIN names the operator it works on with `operator_id`.

pub mod audit;
pub mod barcodes;
pub mod bulk;
pub mod cancellations;
pub mod catalogue;
pub mod channel_terms;
pub mod channels;
pub mod collectives;
pub mod commissions;
pub mod deliveries;
pub mod entities;
pub mod events;
pub mod forms;
pub mod gates;
pub mod gift_vouchers;
pub mod keys;
pub mod lists;
pub mod member_import;
pub mod member_lines;
pub mod members;
pub mod messages;
pub mod operators;
pub mod places;
pub mod plans;
pub mod platform;
pub mod points_of_sale;
pub mod postpone;
pub mod product_body;
pub mod products;
pub mod promotion_body;
pub mod promotions;
pub mod publications;
pub mod recurrence;
pub mod reports;
pub mod resale;
pub mod rotations;
pub mod seasons;
pub mod secrets;
pub mod series;
pub mod session_body;
pub mod sessions;
pub mod shifts;
pub mod surcharges;
pub mod template_body;
pub mod templates;
pub mod terminals;
pub mod users;
pub mod venues;
pub mod voucher_groups;
pub mod vouchers;
pub mod webhooks;
pub mod words;

use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::platform::{PlatformCommand, Reservation};
use aforo_domain::identity::manage::{self, Here, IdentityCommand, Kept, Reach};
use aforo_domain::identity::{Identity, Status};
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::routes;

use crate::app::App;
use crate::engine::Request;
use crate::http::call::Call;
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, Manager};
use crate::http::respond::{Answered, Problem, json};
use crate::http::router::Routes;
use aforo_domain::ids::ShardId;

/// Its routes.
pub fn router() -> Routes {
    Routes::new()
        .routes(routes!(operators::list, operators::create))
        .routes(routes!(operators::get, operators::change, operators::delete))
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::get, entities::change, entities::delete))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::get, users::change, users::delete))
        .routes(routes!(platform::list_users, platform::create_user))
        .routes(routes!(platform::get_user, platform::change_user, platform::delete_user))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::get, channels::change, channels::delete))
        .routes(routes!(terminals::list, terminals::create))
        .routes(routes!(terminals::get, terminals::change, terminals::delete))
        .routes(routes!(terminals::renew_license))
        .routes(routes!(points_of_sale::list, points_of_sale::create))
        .routes(routes!(points_of_sale::get, points_of_sale::change, points_of_sale::delete))
        .routes(routes!(keys::list_of_channel, keys::create_of_channel))
        .routes(routes!(keys::get_of_channel, keys::change_of_channel, keys::delete_of_channel))
        .routes(routes!(rotations::rotate_of_channel))
        .routes(routes!(keys::list_of_entity, keys::create_of_entity))
        .routes(routes!(keys::get_of_entity, keys::change_of_entity, keys::delete_of_entity))
        .routes(routes!(rotations::rotate_of_entity))
        .routes(routes!(keys::list_of_platform, keys::create_of_platform))
        .routes(routes!(keys::get_of_platform, keys::change_of_platform, keys::delete_of_platform))
        .routes(routes!(rotations::rotate_of_platform))
        .routes(routes!(messages::list))
        .routes(routes!(messages::acknowledge))
        .routes(routes!(messages::retry))
        .routes(routes!(audit::list))
        .routes(routes!(audit::list_of_platform))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::replay))
        .merge(of_catalogue())
}

/// The routes of venues, templates, events, sessions, publications, promotions, products, collectives and vouchers.
fn of_catalogue() -> Routes {
    Routes::new()
        .routes(routes!(venues::list, venues::create))
        .routes(routes!(venues::get, venues::change))
        .routes(routes!(templates::list, templates::create))
        .routes(routes!(templates::get, templates::change))
        .routes(routes!(templates::prices))
        .routes(routes!(plans::import))
        .routes(routes!(plans::table))
        .routes(routes!(plans::whole))
        .routes(routes!(events::list, events::create))
        .routes(routes!(events::get, events::change))
        .routes(routes!(sessions::list, sessions::create))
        .routes(routes!(bulk::create, bulk::change))
        .routes(routes!(series::create))
        .routes(routes!(sessions::get, sessions::change))
        .routes(routes!(postpone::postpone))
        .routes(routes!(cancellations::cancel))
        .routes(routes!(cancellations::read))
        .routes(routes!(cancellations::pause))
        .routes(routes!(cancellations::resume))
        .routes(routes!(sessions::capacity))
        .routes(routes!(bulk::publish, bulk::unpublish))
        .routes(routes!(publications::list))
        .routes(routes!(publications::get, publications::publish, publications::unpublish))
        .routes(routes!(promotions::list, promotions::create))
        .routes(routes!(promotions::get, promotions::change, promotions::delete))
        .routes(routes!(collectives::list, collectives::create))
        .routes(routes!(collectives::get, collectives::change, collectives::delete))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::find))
        .routes(routes!(member_import::import))
        .routes(routes!(members::get, members::change, members::remove))
        .routes(routes!(products::list, products::create))
        .routes(routes!(products::get, products::change, products::delete))
        .routes(routes!(places::mark))
        .routes(routes!(barcodes::read, barcodes::import, barcodes::remove))
        .routes(routes!(voucher_groups::list, voucher_groups::create))
        .routes(routes!(voucher_groups::get, voucher_groups::change))
        .routes(routes!(vouchers::list, vouchers::issue))
        .routes(routes!(vouchers::get, vouchers::change))
        .routes(routes!(vouchers::movements))
        .routes(routes!(gift_vouchers::get, gift_vouchers::set))
        .routes(routes!(gift_vouchers::sold))
        .routes(routes!(commissions::get, commissions::set))
        .routes(routes!(shifts::list))
        .routes(routes!(shifts::get))
        .routes(routes!(reports::sales::report))
        .routes(routes!(reports::settlement::report))
        .routes(routes!(reports::exports::order_items))
        .routes(routes!(reports::exports::orders))
}

impl<A: Allowed> Manager<A> {
    fn here(&self) -> Here<'_> {
        Here { shard: self.shard, identity: &self.view.identity, catalogue: &self.view.catalogue, now: self.now }
    }

    /// How far the caller may look and manage here: what is not within reach looks like what does not exist.
    ///
    /// # Errors
    /// Those of [`manage::reach`].
    pub fn reach(&self) -> Result<Reach, Problem> {
        Ok(manage::reach(&self.here(), &self.actor(), A::ROLES)?)
    }

    /// The operator's identity as it is now, after what the caller has just changed.
    fn identity(&self) -> Arc<Identity> {
        self.app.engine.views().shard(self.shard).map(|view| view.identity.clone()).unwrap_or_default()
    }

    /// Runs a command about identity; answers the id that it made or changed.
    async fn edit<T, const MAX: usize>(&self, call: &Call<T, MAX>, command: IdentityCommand) -> Result<(u64, Answered), Problem> {
        let answered = self.run(call, Command::Identity(command)).await?;
        let id = answered.ids()?.first().copied().ok_or(Code::Dist0000)?;
        Ok((id, answered))
    }
}

/// Notes in the platform's directory where something will live, before it is made there. A left-over reservation is harmless.
async fn reserve(app: &App, reservation: Reservation) -> Result<u64, Problem> {
    let command = Command::Identity(IdentityCommand::Platform(PlatformCommand::Reserve(reservation)));
    let request = Request { shard: ShardId::PLATFORM, actor: Actor::System, command, idempotency: None };
    let reply = app.engine.run(request).await.result?;
    let answered = Answered { reply, replayed: false };
    Ok(answered.ids()?.first().copied().ok_or(Code::Dist0000)?)
}

/// The version that a change expects: header `If-Match`, with the `ETag` of a read.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<u64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if text.trim() == "*" {
            return Ok(Self(None));
        }
        let version = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|version| version.parse().ok());
        version
            .map(|version| Self(Some(version)))
            .ok_or_else(|| Error::format("If-Match", &text.chars().take(100).collect::<String>()).into())
    }
}

/// One resource, with its version as `ETag`.
fn read<T: Serialize>(body: &T, version: u64) -> Response {
    tagged(json(body), version)
}

/// One resource that was just made or changed.
fn written<T: Serialize>(answered: &Answered, body: &T, version: u64) -> Response {
    tagged(answered.json(body), version)
}

/// What was made gone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Deleted {
    id: u64,
}

/// The answer to a deletion.
fn deleted(answered: &Answered, id: u64) -> Response {
    answered.json(&Deleted { id })
}

fn tagged(mut response: Response, version: u64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Rows that are there and within reach, by id; Gone ones are not.
fn listed<'a, K: Ord + Copy + 'a, T: Kept + 'a>(
    rows: impl IntoIterator<Item = (&'a K, &'a Arc<T>)>,
    within: impl Fn(&T) -> bool,
) -> Vec<&'a T> {
    let mut all: Vec<_> = rows.into_iter().filter(|(_, row)| row.status() != Status::Gone && within(row)).collect();
    all.sort_unstable_by_key(|(id, _)| **id);
    all.into_iter().map(|(_, row)| row.as_ref()).collect()
}

/// A name that must be there.
fn name(checks: &mut Checks, value: Option<&str>) -> String {
    let value = checks.required("name", value);
    optional_name(checks, value).unwrap_or_default()
}

/// A name that may be left out.
fn optional_name(checks: &mut Checks, value: Option<&str>) -> Option<String> {
    let text = value?.trim();
    if !manage::is_name(text) {
        checks.bad_value("name");
    }
    Some(text.to_owned())
}
