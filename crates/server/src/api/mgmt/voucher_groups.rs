//! Voucher groups: what vouchers of one kind have in common. They stay for the books: one that is not wanted any more is switched off.

use aforo_domain::catalogue::manage::{CatalogueCommand, Target, VoucherCommand, VoucherGroupSpec};
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::ids::{ChannelId, CollectiveId, EntityId, EventId, VoucherGroupId};
use aforo_domain::moment::Timestamp;
use aforo_domain::money::Currency;
use aforo_domain::text::Localized;
use aforo_domain::vouchers::VoucherGroup;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, Texts, clearable, existing, label, localized};
use super::lists::{ByEntity, ByName, ByStatus, Listed, Listing, Paged};
use super::{IfMatch, read, words, written};
use crate::http::call::Call;
use crate::http::checks::{Checks, MAX_ELEMENTS};
use crate::http::extract::{Allowed, EventManagers, Manager, PathId, Readers};
use crate::http::params::Params;
use crate::http::respond::{Answered, Problem};
use crate::http::time::Shown;
use crate::http::wire::{List, Num};

/// A voucher group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherGroupView<'a> {
    id: u64,
    entity_id: u64,
    name: &'a str,
    texts: VoucherGroupTextsView<'a>,
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    /// ISO 4217: currencies that vouchers may be made and spent in.
    currencies: Vec<&'a str>,
    /// Ids of the channels that take them; all, if it is empty.
    channels: Vec<u64>,
    /// Ids of the events that they pay for; all, if it is empty.
    events: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Shown>,
    /// Whether vouchers are made with a PIN.
    pin_required: bool,
    /// The collective that an order must carry to be paid with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    collective_id: Option<u64>,
}

/// A voucher group's texts, each by language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherGroupTextsView<'a> {
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    name: &'a Localized,
}

/// A voucher group to be made or changed. To make one, `name` and `currencies` are needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct VoucherGroupBody {
    /// Only for a new one, below 2^31; else the next one.
    id: Option<Num>,
    /// Only for a new one; else the caller's.
    entity_id: Option<Num>,
    name: Option<String>,
    texts: Option<VoucherGroupTextsBody>,
    /// `ACTIVE` (at first) or `INACTIVE`: then none of its vouchers pays.
    status: Option<String>,
    /// ISO 4217, one at least: an order in another currency takes none of its vouchers.
    currencies: Option<Vec<String>>,
    /// Ids of channels; empty (at first) for all of the operator's.
    channels: Option<Vec<Num>>,
    /// Ids of events: an order that holds others takes none of its vouchers. Empty (at first) for all.
    events: Option<Vec<Num>>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_from: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_until: Clearable<String>,
    /// Whether vouchers that are made from now on have a PIN.
    pin_required: Option<bool>,
    /// The collective that an order must carry to be paid with them.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<u64>)]
    collective_id: Clearable<Num>,
}

/// A voucher group's texts, each by language.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct VoucherGroupTextsBody {
    name: Option<Texts>,
}

impl VoucherGroupBody {
    fn read(&self, current: Option<&VoucherGroup>) -> Result<(Option<VoucherGroupId>, VoucherGroupSpec), Problem> {
        let mut checks = Checks::new();
        let names = self.texts.as_ref().and_then(|texts| texts.name.as_ref());
        let status = checks.one_of("status", self.status.as_deref(), words::STATUS);
        let spec = VoucherGroupSpec {
            entity: checks.optional_id("entity_id", self.entity_id.as_ref()).map(EntityId),
            name: label(&mut checks, "name", self.name.as_deref(), current.map(|group| group.name.as_str())),
            names: localized(&mut checks, "texts.name", names, current.map(|group| &group.names)),
            currencies: currencies(&mut checks, self.currencies.as_deref(), current),
            channels: ids(&mut checks, "channels", self.channels.as_deref(), current.map(|group| group.channels.as_slice()), ChannelId),
            events: ids(&mut checks, "events", self.events.as_deref(), current.map(|group| group.events.as_slice()), EventId),
            status: status.or(current.map(|group| group.status)).unwrap_or(Status::Active),
            valid_from: instant(&mut checks, "valid_from", &self.valid_from, current.and_then(|group| group.valid_from)),
            valid_until: instant(&mut checks, "valid_until", &self.valid_until, current.and_then(|group| group.valid_until)),
            pins: self.pin_required.or(current.map(|group| group.pins)).unwrap_or_default(),
            collective: match &self.collective_id {
                Some(id) => checks.optional_id("collective_id", id.as_ref()).map(CollectiveId),
                None => current.and_then(|group| group.collective),
            },
        };
        let id = checks.optional_id("id", self.id.as_ref()).map(VoucherGroupId);
        checks.done((id, spec))
    }
}

/// Currencies: those that were sent, one at least, else those that are.
fn currencies(checks: &mut Checks, list: Option<&[String]>, current: Option<&VoucherGroup>) -> Vec<Currency> {
    if let (None, Some(current)) = (list, current) {
        return current.currencies.clone();
    }
    let list = checks.list("currencies", list);
    let mut read: Vec<_> = list.iter().filter_map(|code| checks.formed("currencies", Some(code), Currency::parse)).collect();
    read.sort_unstable();
    read.dedup();
    read
}

/// Ids, each once: those that were sent, else those that are, else none.
pub(super) fn ids<I: Copy + Ord>(checks: &mut Checks, name: &str, list: Option<&[Num]>, current: Option<&[I]>, id: fn(u64) -> I) -> Vec<I> {
    let Some(list) = list else { return current.unwrap_or_default().to_vec() };
    if list.len() > MAX_ELEMENTS {
        checks.bad_value(name);
        return Vec::new();
    }
    let mut ids: Vec<_> = list.iter().map(|number| id(checks.id(name, Some(number)))).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// An instant: the one that was sent, else the one that is.
pub(super) fn instant(checks: &mut Checks, name: &str, value: &Clearable<String>, current: Option<Timestamp>) -> Option<Timestamp> {
    match value {
        Some(value) => checks.instant(name, value.as_deref()),
        None => current,
    }
}

fn view(group: &VoucherGroup) -> VoucherGroupView<'_> {
    VoucherGroupView {
        id: group.id.0,
        entity_id: group.entity.0,
        name: &group.name,
        texts: VoucherGroupTextsView { name: &group.names },
        status: words::show(words::STATUS, &group.status),
        currencies: group.currencies.iter().map(Currency::code).collect(),
        channels: group.channels.iter().map(|channel| channel.0).collect(),
        events: group.events.iter().map(|event| event.0).collect(),
        valid_from: group.valid_from.map(Shown::utc),
        valid_until: group.valid_until.map(Shown::utc),
        pin_required: group.pins,
        collective_id: group.collective.map(|id| id.0),
    }
}

impl Listed for VoucherGroup {
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

impl<A: Allowed> Manager<A> {
    /// A voucher group within the caller's reach.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(super) fn voucher_group(&self, id: u64) -> Result<std::sync::Arc<VoucherGroup>, Problem> {
        let catalogue = self.catalogue();
        let group = catalogue.voucher_groups.get(&VoucherGroupId(id)).ok_or(Code::NotFound)?;
        if self.reach()?.covers(group.entity) { Ok(group.clone()) } else { Err(Code::NotFound.into()) }
    }
}

/// Lists voucher groups.
#[utoipa::path(
    get, path = "/voucher-groups", operation_id = "list_voucher_groups", tag = "vouchers", params(Paged, ByName, ByStatus, ByEntity),
    responses((status = 200, body = List<VoucherGroupView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<Readers>, params: Params) -> Result<Response, Problem> {
    let listing = Listing::of::<VoucherGroup>(&params)?;
    let reach = manager.reach()?;
    let groups = manager.view.catalogue.voucher_groups.values().map(AsRef::as_ref);
    Ok(listing.answer(groups.filter(|group: &&VoucherGroup| reach.covers(group.entity)), view))
}

/// Makes a voucher group.
#[utoipa::path(
    post, path = "/voucher-groups", operation_id = "create_voucher_group", tag = "vouchers", params(("operator_id" = Option<u64>, Query)),
    request_body = VoucherGroupBody, responses((status = 200, body = VoucherGroupView)),
    extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn create(manager: Manager<EventManagers>, call: Call<VoucherGroupBody>) -> Result<Response, Problem> {
    let (id, spec) = call.body.read(None)?;
    let (id, answered) = manager.save(&call, save(Target::New(id), spec)).await?;
    answer(&manager, id, &answered)
}

/// Reads a voucher group.
#[utoipa::path(
    get, path = "/voucher-groups/{id}", operation_id = "get_voucher_group", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = VoucherGroupView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<Readers>, PathId(id): PathId) -> Result<Response, Problem> {
    let group = manager.voucher_group(id)?;
    Ok(read(&view(&group), group.version))
}

/// Changes what the body names of a voucher group. Vouchers that are reserved already are spent all the same.
#[utoipa::path(
    patch, path = "/voucher-groups/{id}", operation_id = "change_voucher_group", tag = "vouchers",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = VoucherGroupBody,
    responses((status = 200, body = VoucherGroupView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<EventManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<VoucherGroupBody>,
) -> Result<Response, Problem> {
    let group = manager.voucher_group(id)?;
    let (_, spec) = call.body.read(Some(&group))?;
    let (id, answered) = manager.save(&call, save(existing(group.id, seen, group.version), spec)).await?;
    answer(&manager, id, &answered)
}

const fn save(target: Target<VoucherGroupId>, spec: VoucherGroupSpec) -> CatalogueCommand {
    CatalogueCommand::Vouchers(VoucherCommand::SaveGroup(target, spec))
}

fn answer(manager: &Manager<EventManagers>, id: u64, answered: &Answered) -> Result<Response, Problem> {
    let group = manager.voucher_group(id)?;
    Ok(written(answered, &view(&group), group.version))
}
