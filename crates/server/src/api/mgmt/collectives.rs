//! Collectives: groups of buyers to whom promotions, presales and vouchers can be bound. Who is of one is [`super::members`]'.

use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::catalogue::manage::{CatalogueCommand, CollectiveCommand, CollectiveSpec, Target};
use aforo_domain::collectives::{Check, Collective, UseLimits};
use aforo_domain::error::Code;
use aforo_domain::identity::{Role, Status, manage};
use aforo_domain::ids::{ChannelId, CollectiveId, EntityId};
use aforo_domain::text::Localized;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, Texts, clearable, existing, label, localized};
use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::promotion_body::{CodeBody, limit, read_codes};
use super::promotions::{CodeView, codes};
use super::voucher_groups::{ids, instant};
use super::{IfMatch, read, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{Allowed, AnyManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time::Shown;
use crate::http::wire::{List, Num};

/// A collective.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CollectiveView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    texts: CollectiveTextsView<'a>,
    /// `CODE`, `MEMBER` or `MEMBER_PASSWORD`: what its people show.
    r#type: &'static str,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// Ids of the channels that have it; all, if it is empty.
    channels: Vec<u64>,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Shown>,
    limits: UseLimitsView,
    /// How many codes it has.
    code_count: usize,
    /// Where one collective is read, to who manages it, not to who only reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<CodeView<'a>>,
}

/// A collective's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CollectiveTextsView<'a> {
    #[serde(skip_serializing_if = "Localized::is_empty")]
    #[schema(value_type = Texts)]
    name: &'a Localized,
}

/// How many items it may open in all live orders and tickets; without a number, as many as one likes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UseLimitsView {
    /// To all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    /// To each member.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_member: Option<u32>,
}

/// A collective to be made or changed. To make one, `name` and `type` are needed. `channels`, `limits` and `codes` are replaced as a whole.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct CollectiveBody {
    /// Only for a new one, below 2^31; else the next one.
    id: Option<Num>,
    /// Only for a new one; else the caller's.
    entity_id: Option<Num>,
    name: Option<String>,
    texts: Option<CollectiveTextsBody>,
    /// What its people show: `CODE` one of its codes, `MEMBER` a member's id, `MEMBER_PASSWORD` id and password. It stays what it is.
    r#type: Option<String>,
    /// `ACTIVE` (at first) or `INACTIVE`: then it comes into no order.
    status: Option<String>,
    /// Ids of channels; empty (at first) for all of the operator's.
    channels: Option<Vec<Num>>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_from: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_until: Clearable<String>,
    limits: Option<UseLimitsBody>,
    /// At most 10 000, of the type `CODE` alone; the limit of one is in items.
    codes: Option<Vec<CodeBody>>,
}

/// A collective's texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct CollectiveTextsBody {
    name: Option<Texts>,
}

/// How many items it may open in all live orders and tickets: those with a promotion that is bound to it, and those bought in its presale.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct UseLimitsBody {
    /// To all together.
    total: Option<Num>,
    /// To each member; codes have limits of their own.
    per_member: Option<Num>,
}

/// What people of a collective show, without its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A code.
    Code,
    /// A member's id.
    Member,
    /// Id and password.
    MemberPassword,
}

impl Kind {
    /// What people of a collective show.
    pub const fn of(check: &Check) -> Self {
        match check {
            Check::Code(_) => Self::Code,
            Check::Member => Self::Member,
            Check::MemberPassword => Self::MemberPassword,
        }
    }
}

/// The words for it.
pub const KINDS: &[(&str, Kind)] = &[("CODE", Kind::Code), ("MEMBER", Kind::Member), ("MEMBER_PASSWORD", Kind::MemberPassword)];

impl CollectiveBody {
    fn read(&self, current: Option<&Collective>) -> Result<(Option<CollectiveId>, CollectiveSpec), Problem> {
        let mut checks = Checks::new();
        let names = self.texts.as_ref().and_then(|texts| texts.name.as_ref());
        let status = checks.one_of("status", self.status.as_deref(), words::STATUS);
        let channels = current.map(|collective| collective.channels.as_slice());
        let limits = self.limits.as_ref().map(|body| UseLimits {
            total: limit(&mut checks, "limits.total", body.total.as_ref()),
            per_member: limit(&mut checks, "limits.per_member", body.per_member.as_ref()),
        });
        let check = self.check(&mut checks, current);
        let id = checks.optional_id("id", self.id.as_ref()).map(CollectiveId);
        let spec = CollectiveSpec {
            entity: checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId),
            name: label(&mut checks, "name", self.name.as_deref(), current.map(|collective| collective.name.as_str())),
            names: localized(&mut checks, "texts.name", names, current.map(|collective| &collective.names)),
            check: check.unwrap_or(Check::Member),
            status: status.or(current.map(|collective| collective.status)).unwrap_or(Status::Active),
            valid_from: instant(&mut checks, "valid_from", &self.valid_from, current.and_then(|collective| collective.valid_from)),
            valid_until: instant(&mut checks, "valid_until", &self.valid_until, current.and_then(|collective| collective.valid_until)),
            channels: ids(&mut checks, "channels", self.channels.as_deref(), channels, ChannelId),
            limits: limits.or(current.map(|collective| collective.limits)).unwrap_or_default(),
        };
        checks.done((id, spec))
    }

    /// `None` only if something was noted.
    fn check(&self, checks: &mut Checks, current: Option<&Collective>) -> Option<Check> {
        let current = current.map(|collective| &collective.check);
        let kind = checks.one_of("type", self.r#type.as_deref(), KINDS).or(current.map(Kind::of));
        if self.r#type.is_none() {
            checks.required("type", kind);
        }
        let sent = self.codes.as_deref().map(|codes| read_codes(checks, codes));
        match kind? {
            Kind::Code => {
                let before = if let Some(Check::Code(codes)) = current { codes.clone() } else { Default::default() };
                return Some(Check::Code(sent.unwrap_or(before)));
            }
            _ if sent.is_some_and(|codes| !codes.is_empty()) => checks.bad_value("codes"),
            Kind::Member => return Some(Check::Member),
            Kind::MemberPassword => return Some(Check::MemberPassword),
        }
        None
    }
}

fn view(collective: &Collective, with_codes: bool) -> CollectiveView<'_> {
    let all = if let Check::Code(codes) = &collective.check { Some(codes) } else { None };
    CollectiveView {
        id: collective.id.0,
        entity_id: collective.entity.0,
        name: &collective.name,
        texts: CollectiveTextsView { name: &collective.names },
        r#type: words::show(KINDS, &Kind::of(&collective.check)),
        status: words::show(words::STATUS, &collective.status),
        channels: collective.channels.iter().map(|channel| channel.0).collect(),
        valid_from: collective.valid_from.map(Shown::utc),
        valid_until: collective.valid_until.map(Shown::utc),
        limits: UseLimitsView { total: collective.limits.total, per_member: collective.limits.per_member },
        code_count: all.map_or(0, |codes| codes.len()),
        codes: all.filter(|_| with_codes).map(codes).unwrap_or_default(),
    }
}

impl Listed for Collective {
    fn id(&self) -> u64 {
        self.id.0
    }

    fn state(&self) -> &'static str {
        words::show(words::STATUS, &self.status)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn is_of(&self, entity: EntityId) -> bool {
        self.entity == entity
    }
}

/// A collective within the caller's reach.
fn find<A: Allowed>(manager: &Manager<A>, catalogue: &Catalogue, id: u64) -> Result<Arc<Collective>, Problem> {
    let collective = catalogue.collectives.get(&CollectiveId(id)).filter(|collective| collective.status != Status::Gone);
    let collective = collective.ok_or(Code::NotFound)?;
    if manager.reach()?.covers(collective.entity) { Ok(collective.clone()) } else { Err(Code::NotFound.into()) }
}

/// Lists collectives, without their codes.
#[utoipa::path(
    get, path = "/collectives", operation_id = "list_collectives", tag = "collectives", params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<CollectiveView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<Collective>(&params)?;
    let reach = manager.reach()?;
    let is_shown = |collective: &&Collective| collective.status != Status::Gone && reach.covers(collective.entity);
    let collectives = manager.view.catalogue.collectives.values().map(AsRef::as_ref).filter(is_shown);
    Ok(listing.answer(collectives, |collective| view(collective, false)))
}

/// Makes a collective.
#[utoipa::path(
    post, path = "/collectives", operation_id = "create_collective", tag = "collectives", params(("operator_id" = Option<u64>, Query)),
    request_body = CollectiveBody, responses((status = 200, body = CollectiveView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<AnyManagers>, call: Call<CollectiveBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, save(Target::New(id), spec)).await?;
    answer(&manager, id, &answered)
}

/// Reads a collective.
#[utoipa::path(
    get, path = "/collectives/{id}", operation_id = "get_collective", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = CollectiveView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let collective = find(&manager, &manager.view.catalogue, id)?;
    let with_codes = manage::reach(&manager.here(), &manager.actor(), &[Role::EventManager, Role::ChannelManager]).is_ok();
    Ok(read(&view(&collective, with_codes), collective.version))
}

/// Changes what the body names of a collective. Orders that carry it already keep what it opened.
#[utoipa::path(
    patch, path = "/collectives/{id}", operation_id = "change_collective", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = CollectiveBody,
    responses((status = 200, body = CollectiveView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<CollectiveBody>,
) -> Result<Response, Problem> {
    let collective = find(&manager, &manager.view.catalogue, id)?;
    let (_, spec) = call.body.read(Some(&collective))?;
    let (id, answered) = manager.save(&call, save(existing(collective.id, seen, collective.version), spec)).await?;
    answer(&manager, id, &answered)
}

/// Takes a collective out of use for good. Orders that carry it already keep what it opened.
#[utoipa::path(
    delete, path = "/collectives/{id}", operation_id = "delete_collective", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn delete(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let command = CatalogueCommand::Collectives(CollectiveCommand::Retire(CollectiveId(id), seen));
    let (id, answered) = manager.save(&call, command).await?;
    Ok(super::deleted(&answered, id))
}

fn save(target: Target<CollectiveId>, spec: CollectiveSpec) -> CatalogueCommand {
    CatalogueCommand::Collectives(CollectiveCommand::Save(target, Box::new(spec)))
}

fn answer(manager: &Manager<AnyManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let collective = find(manager, &manager.catalogue(), id)?;
    Ok(written(answered, &view(&collective, true), collective.version))
}
