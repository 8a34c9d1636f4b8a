//! Lists of members, as files: read off the threads that answer requests, and added slice by slice, so that no sale waits for a list.
//!
//! Each slice has a claim of its own on the call's `Idempotency-Key`, and is asked for before its passwords are hashed, which is what takes time: a call that
//! was cut off and comes again goes on where it was.

use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, CollectiveCommand, LineRefused, MemberSpec, MembersImported};
use aforo_domain::collectives::PasswordHash;
use aforo_domain::command::{Command, Reply};
use aforo_domain::error::Code;
use aforo_domain::ids::CollectiveId;
use axum::response::Response;
use serde::Serialize;

use super::member_lines::{Line, Lines, read};
use super::templates::off_thread;
use crate::http::call::{Call, File, MAX_IMPORT};
use crate::http::extract::{AnyManagers, Manager, PathId};
use crate::http::respond::{Problem, unexpected};

/// Members of one command.
const SLICE: usize = 200;
/// Lines that are named at most.
const MAX_NAMED: usize = 1_000;

/// What became of a list.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct MembersImportedView {
    /// So many are new.
    added: u64,
    /// So many were there, and are changed now.
    changed: u64,
    /// So many were there, and said nothing new.
    unchanged: u64,
    /// So many lines were left out.
    refused_count: u64,
    /// The first 1 000 of them.
    refused: Vec<RefusedLineView>,
}

/// A line that was left out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusedLineView {
    /// Where it stands in the file: the head is line 1.
    line: u64,
    /// `NO_MEMBER`, or `TWICE` in the list; `MEMBER`, `PASSWORD`, `NAME`, `VALID_FROM` or `VALID_TO` that cannot be read; `NO_PASSWORD` where one is needed,
    /// `NEEDS_NO_PASSWORD`, `ENDS_BEFORE_IT_STARTS`, or `COLLECTIVE_FULL`.
    reason: &'static str,
}

const REASONS: &[(&str, LineRefused)] = &[
    ("NO_PASSWORD", LineRefused::NoPassword),
    ("NEEDS_NO_PASSWORD", LineRefused::NeedsNone),
    ("ENDS_BEFORE_IT_STARTS", LineRefused::EndsFirst),
    ("COLLECTIVE_FULL", LineRefused::Full),
];

impl MembersImportedView {
    fn add(&mut self, slice: &[Line], imported: &MembersImported) {
        self.added += u64::from(imported.added);
        self.changed += u64::from(imported.changed);
        self.unchanged += u64::from(imported.unchanged);
        for (index, why) in &imported.refused {
            let line = slice.get(*index as usize).map_or(0, |line| line.number);
            self.refuse(line, super::words::show(REASONS, why));
        }
    }

    fn refuse(&mut self, line: u64, reason: &'static str) {
        self.refused_count += 1;
        self.refused.push(RefusedLineView { line, reason });
    }

    /// In the order of the file.
    fn done(mut self) -> Self {
        self.refused.sort_by_key(|refused| refused.line);
        self.refused.truncate(MAX_NAMED);
        self
    }
}

impl Manager<AnyManagers> {
    /// `NOT_FOUND` if the caller has no such collective, `CONFLICT` if it has no members.
    pub(super) async fn begin_import(&self, id: CollectiveId) -> Result<(), Problem> {
        let command = CatalogueCommand::Collectives(CollectiveCommand::BeginImport(id));
        self.run_in(self.shard, Command::Catalogue(command)).await.map(drop)
    }

    /// The lines of a slice with their passwords hashed.
    async fn hashed(&self, slice: &[Line]) -> Result<Vec<MemberSpec>, Problem> {
        let passwords: Vec<_> = slice.iter().filter_map(|line| line.password.clone()).collect();
        let mut hashes = self.app.http.passwords.hash_members(&self.app.chance, &passwords).await?.into_iter();
        let spec = |line: &Line| MemberSpec {
            key: line.key.clone(),
            name: line.name.clone(),
            password: line.password.as_ref().and_then(|_| hashes.next()).map(PasswordHash),
            active: true,
            valid_from: line.valid_from,
            valid_until: line.valid_until,
        };
        Ok(slice.iter().map(spec).collect())
    }
}

/// Adds the members of a list (CSV with a head, at most 100 000 lines and 64 MiB): columns `member`, and where they are wanted `password`, `name`,
/// `valid_from` and `valid_to`, in any order. Of a member who is there already what the line says is changed, and an empty cell changes nothing. Bad lines are
/// named in the answer and left out. A call that was cut off is finished by repeating it with its `Idempotency-Key`.
#[utoipa::path(
    post, path = "/collectives/{id}/members/import", operation_id = "import_members", tag = "collectives",
    params(("id" = u64, Path), ("operator_id" = Option<u64>, Query), ("Idempotency-Key" = Option<String>, Header)),
    request_body(content((String = "text/csv"))), responses((status = 200, body = MembersImportedView)),
    extensions(("x-codes" = json!("NOT_FOUND CONFLICT"))),
)]
pub async fn import(manager: Manager<AnyManagers>, PathId(id): PathId, call: Call<File, MAX_IMPORT>) -> Result<Response, Problem> {
    let collective = CollectiveId(id);
    manager.begin_import(collective).await?;
    let bytes = call.body.bytes.clone();
    let Lines { good, bad } = off_thread(move || read(&bytes, collective)).await?;
    let mut view = MembersImportedView::default();
    bad.into_iter().for_each(|(line, why)| view.refuse(line, why));
    let command = |command| Command::Catalogue(CatalogueCommand::Collectives(command));
    // A list without a good line claims its key all the same.
    let slices = good.chunks(SLICE).chain(good.is_empty().then_some(&good[..]));
    let mut last = None;
    for (part, slice) in slices.enumerate() {
        let mut answered = manager.run_part(&call, part, command(CollectiveCommand::BeginImport(collective))).await?;
        if answered.reply == Reply::NotDone {
            let specs: Arc<[MemberSpec]> = manager.hashed(slice).await?.into();
            answered = manager.run_part(&call, part, command(CollectiveCommand::ImportMembers(collective, specs))).await?;
        }
        let Reply::MembersImported(imported) = &answered.reply else { return Err(unexpected(&answered.reply)) };
        view.add(slice, imported);
        last = Some(answered);
    }
    Ok(last.ok_or(Code::Dist0000)?.json(&view.done()))
}
