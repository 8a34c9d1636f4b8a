//! Members of collectives: added, looked at, changed and removed. A member's own id comes in a body and is never sent back: management names members by
//! numbers. How lists of them come in is [`super::member_import`]'s.
//!
//! They are read through the engine, like vouchers: they are many, and only those that somebody looks for are in memory.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, CollectiveCommand, MemberSpec};
use aforo_domain::collectives::{Member, MemberKey, PasswordHash};
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::Code;
use aforo_domain::ids::{CollectiveId, MemberId};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::catalogue::{Clearable, clearable, optional_label};
use super::lists::Paged;
use super::voucher_groups::instant;
use super::{IfMatch, read as answer_read, words, written};
use crate::http::call::{Call, NoBody};
use crate::http::checks::Checks;
use crate::http::extract::{AnyManagers, Manager, PathId};
use crate::http::params::{MAX_OFFSET, Params};
use crate::http::passwords::{MAX_PASSWORD, Whose};
use crate::http::respond::{Answered, Problem, json, unexpected};
use crate::http::time::Shown;
use crate::http::wire::{List, Metadata};

/// A member; of one that was removed nothing but its number is left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberView<'a> {
    /// What it is called in management. Nobody gets it afterwards.
    id: u64,
    collective_id: u64,
    /// `ACTIVE`, `INACTIVE` or `REMOVED`.
    status: &'static str,
    /// How its own id ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    has_password: bool,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Shown>,
}

/// A member to be added or changed. To add one, `member` is needed, and where its collective's `type` is `MEMBER_PASSWORD`, `password`.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct MemberBody {
    /// Only for a new one: its own id, 1 to 100 visible characters; capital and small letters are alike.
    member: Option<String>,
    /// At most 1 000 bytes.
    password: Option<String>,
    /// What its people call it.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    name: Clearable<String>,
    /// `ACTIVE` (at first) or `INACTIVE`: then it is not let in.
    status: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_from: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    valid_until: Clearable<String>,
}

/// A member to be looked for.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct FindMemberBody {
    /// Its own id.
    #[schema(required = true)]
    member: Option<String>,
}

/// Whether a member is let in, as a word.
const STATES: &[(&str, bool)] = &[("ACTIVE", true), ("INACTIVE", false)];

fn view(id: MemberId, member: Option<&Member>) -> MemberView<'_> {
    MemberView {
        id: id.0,
        collective_id: id.nth().0.0,
        status: member.map_or("REMOVED", |member| words::show(STATES, &member.active)),
        member: member.map(|member| member.key.masked.as_str()),
        name: member.and_then(|member| member.name.as_deref()),
        has_password: member.is_some_and(|member| member.password.is_some()),
        valid_from: member.and_then(|member| member.valid_from).map(Shown::utc),
        valid_until: member.and_then(|member| member.valid_until).map(Shown::utc),
    }
}

/// A member's own id. A wrong one is not sent back.
fn key(checks: &mut Checks, collective: CollectiveId, member: Option<&str>) -> MemberKey {
    let text = checks.required("member", member.filter(|text| !text.trim().is_empty()));
    let key = text.and_then(|text| MemberKey::of(collective, text));
    if text.is_some() && key.is_none() {
        checks.bad_value("member");
    }
    // Where there is none, the checks refuse.
    key.unwrap_or(MemberKey { hash: aforo_domain::ids::Hash([0; 32]), masked: String::new() })
}

impl MemberBody {
    /// What it asks for, without the password, which is answered beside it.
    fn read(&self, collective: CollectiveId, current: Option<&Member>) -> Result<(MemberSpec, Option<String>), Problem> {
        let mut checks = Checks::new();
        let key = match current {
            Some(current) => current.key.clone(),
            None => key(&mut checks, collective, self.member.as_deref()),
        };
        let password = self.password.clone().filter(|password| !password.is_empty());
        if password.as_ref().is_some_and(|password| password.len() > MAX_PASSWORD) {
            checks.bad_value("password");
        }
        let active = checks.one_of("status", self.status.as_deref(), STATES);
        let spec = MemberSpec {
            key,
            name: optional_label(&mut checks, "name", &self.name, current.and_then(|member| member.name.as_deref())),
            password: current.and_then(|member| member.password.clone()),
            active: active.or(current.map(|member| member.active)).unwrap_or(true),
            valid_from: instant(&mut checks, "valid_from", &self.valid_from, current.and_then(|member| member.valid_from)),
            valid_until: instant(&mut checks, "valid_until", &self.valid_until, current.and_then(|member| member.valid_until)),
        };
        checks.done((spec, password))
    }
}

impl Manager<AnyManagers> {
    /// Asks about members without changing anything: how many there ever were, and some of them.
    async fn members(&self, command: CollectiveCommand) -> Result<(u64, Vec<(MemberId, Option<Arc<Member>>)>), Problem> {
        match self.run_in(self.shard, Command::Catalogue(CatalogueCommand::Collectives(command))).await?.reply {
            Reply::Members(total, members) => Ok((total, members)),
            other => Err(unexpected(&other)),
        }
    }

    async fn member(&self, command: CollectiveCommand) -> Result<Arc<Member>, Problem> {
        let (_, members) = self.members(command).await?;
        Ok(members.into_iter().find_map(|(_, member)| member).ok_or(Code::NotFound)?)
    }

    /// Saves a member with its new password, if it has one, and answers it.
    async fn save_member(
        &self,
        call: &Call<MemberBody>,
        (spec, password): (MemberSpec, Option<String>),
        command: impl FnOnce(Box<MemberSpec>) -> CollectiveCommand,
    ) -> Result<Response, Problem> {
        let mut spec = spec;
        if let Some(password) = password {
            spec.password = Some(PasswordHash(self.app.http.passwords.hash(&self.app.chance, Whose::Member, password).await?));
        }
        let (id, answered) = self.save(call, CatalogueCommand::Collectives(command(Box::new(spec)))).await?;
        self.answer_member(MemberId(id), &answered).await
    }

    async fn answer_member(&self, id: MemberId, answered: &Answered) -> Result<Response, Problem> {
        let member = self.member(CollectiveCommand::ReadMember(id)).await?;
        Ok(written(answered, &view(id, Some(&member)), member.version))
    }
}

/// Lists the members of a collective in the order in which they were added; where one was removed, its number is.
#[utoipa::path(
    get, path = "/collectives/{id}/members", operation_id = "list_members", tag = "collectives", params(("id" = u64, Path), Paged),
    responses((status = 200, body = List<MemberView>)), extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn list(manager: Manager<AnyManagers>, PathId(id): PathId, params: Params) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let paging = params.paging(&mut checks, MAX_OFFSET * 10);
    let paging = checks.done(paging)?;
    let (total, members) = manager.members(CollectiveCommand::ListMembers(CollectiveId(id), paging.offset, paging.limit)).await?;
    let data = members.iter().map(|(id, member)| view(*id, member.as_deref())).collect();
    Ok(json(&List { metadata: Metadata { limit: paging.limit, total, offset: paging.offset }, data }))
}

/// Adds a member. `CONFLICT` with its number in the details if it is there already.
#[utoipa::path(
    post, path = "/collectives/{id}/members", operation_id = "add_member", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)), request_body = MemberBody,
    responses((status = 200, body = MemberView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn add(manager: Manager<AnyManagers>, PathId(id): PathId, call: Call<MemberBody>) -> Result<Response, Problem> {
    let collective = CollectiveId(id);
    manager.begin_import(collective).await?;
    let read = call.body.read(collective, None)?;
    manager.save_member(&call, read, |spec| CollectiveCommand::AddMember(collective, spec)).await
}

/// Looks for a member by its own id.
#[utoipa::path(
    post, path = "/collectives/{id}/members/find", operation_id = "find_member", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), request_body = FindMemberBody,
    responses((status = 200, body = MemberView)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn find(manager: Manager<AnyManagers>, PathId(id): PathId, call: Call<FindMemberBody>) -> Result<Response, Problem> {
    let (collective, mut checks) = (CollectiveId(id), Checks::new());
    let key = key(&mut checks, collective, call.body.member.as_deref());
    let key = checks.done(key)?;
    let member = manager.member(CollectiveCommand::FindMember(collective, key.hash)).await?;
    Ok(answer_read(&view(member.id, Some(&member)), member.version))
}

/// Reads a member.
#[utoipa::path(
    get, path = "/members/{id}", operation_id = "get_member", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query)), responses((status = 200, body = MemberView)),
    extensions(("x-codes" = json!("NOT_FOUND"))),
)]
pub async fn get(manager: Manager<AnyManagers>, PathId(id): PathId) -> Result<Response, Problem> {
    let member = manager.member(CollectiveCommand::ReadMember(MemberId(id))).await?;
    Ok(answer_read(&view(member.id, Some(&member)), member.version))
}

/// Changes what the body names of a member. Orders that it brought its collective into keep it.
#[utoipa::path(
    patch, path = "/members/{id}", operation_id = "change_member", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)), request_body = MemberBody,
    responses((status = 200, body = MemberView)), extensions(("x-codes" = json!("DIST0001 NOT_FOUND CONFLICT"))),
)]
pub async fn change(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<MemberBody>,
) -> Result<Response, Problem> {
    let member = manager.member(CollectiveCommand::ReadMember(MemberId(id))).await?;
    let read = call.body.read(member.collective, Some(&member))?;
    let seen = Some(seen.unwrap_or(member.version));
    manager.save_member(&call, read, |spec| CollectiveCommand::ChangeMember(member.id, seen, spec)).await
}

/// Removes a member and all that is kept of it but how often it used the collective: who comes back goes on counting.
#[utoipa::path(
    delete, path = "/members/{id}", operation_id = "remove_member", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = super::Deleted)), extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn remove(
    manager: Manager<AnyManagers>,
    PathId(id): PathId,
    IfMatch(seen): IfMatch,
    call: Call<NoBody>,
) -> Result<Response, Problem> {
    let command = CatalogueCommand::Collectives(CollectiveCommand::RemoveMember(MemberId(id), seen));
    let (id, answered) = manager.save(&call, command).await?;
    Ok(super::deleted(&answered, id))
}
