//! Collectives: made and replaced as a whole by who owns the events or the channels. Who is of one is [`super::members`]'. A change takes nothing from
//! orders that carry a collective already.

use std::sync::Arc;

use super::members::MemberSpec;
use super::{Desk, Target, new_id, saved, unchanged};
use crate::change::Row;
use crate::collectives::{Check, Collective, MAX_COLLECTIVES, UseLimits};
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::ids::{ChannelId, CollectiveId, EntityId, Hash, MemberId};
use crate::moment::Timestamp;
use crate::promotions::MAX_ALL_CODES;
use crate::text::Localized;

/// Collectives have ids below this, so that their members' stay below 2^53.
const MAX_COLLECTIVE_ID: u64 = 1 << 31;

/// A collective as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Collective")]
pub struct CollectiveSpec {
    /// Only for a new one, else the caller's entity.
    pub entity: Option<EntityId>,
    pub name: String,
    pub names: Localized,
    /// What its people show stays what it was: only its codes may be others.
    pub check: Check,
    pub status: Status,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub channels: Vec<ChannelId>,
    pub limits: UseLimits,
}

/// What can be asked about collectives. Answers are `Reply::Ids` with the id, or the member's number, unless said.
#[derive(Debug, Clone)]
pub enum CollectiveCommand {
    /// Make or replace one.
    Save(Target<CollectiveId>, Box<CollectiveSpec>),
    /// Take one out of use for good.
    Retire(CollectiveId, Option<u64>),
    /// Add a member.
    AddMember(CollectiveId, Box<MemberSpec>),
    /// Replace what is kept of a member.
    ChangeMember(MemberId, Option<u64>, Box<MemberSpec>),
    /// Remove a member, and all that is kept of it but its uses.
    RemoveMember(MemberId, Option<u64>),
    /// Look at a member. Answers `Reply::Members`.
    ReadMember(MemberId),
    /// Look for a member by the hash of its id. Answers `Reply::Members`.
    FindMember(CollectiveId, Hash),
    /// Look at members: after so many numbers at most so many. Answers `Reply::Members`.
    ListMembers(CollectiveId, u64, u64),
    /// Whether members may be added. Changes nothing, and answers `Reply::NotDone`, which is not kept: a slice of an import asks so whether it was done
    /// before its passwords are hashed.
    BeginImport(CollectiveId),
    /// Add members, or replace what is said of those that are there. Answers `Reply::MembersImported`.
    ImportMembers(CollectiveId, Arc<[MemberSpec]>),
}

impl<'a> Desk<'a> {
    pub(super) fn collectives(&self, command: &CollectiveCommand) -> Planned {
        match command {
            CollectiveCommand::Save(target, spec) => self.save_collective(*target, spec),
            CollectiveCommand::Retire(id, seen) => self.retire_collective(*id, *seen),
            CollectiveCommand::AddMember(id, spec) => self.add_member(*id, spec),
            CollectiveCommand::ChangeMember(id, seen, spec) => self.change_member(*id, *seen, spec),
            CollectiveCommand::RemoveMember(id, seen) => self.remove_member(*id, *seen),
            CollectiveCommand::ReadMember(id) => self.read_member(*id),
            CollectiveCommand::FindMember(id, hash) => self.find_member(*id, *hash),
            CollectiveCommand::ListMembers(id, offset, limit) => self.list_members(*id, *offset, *limit),
            CollectiveCommand::BeginImport(id) => self.begin_import(*id),
            CollectiveCommand::ImportMembers(id, specs) => self.import_members(*id, specs),
        }
    }

    fn save_collective(&self, target: Target<CollectiveId>, spec: &CollectiveSpec) -> Planned {
        let all = &self.catalogue().collectives;
        let (id, entity, version) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), all.keys().map(|id| id.0))?;
                if id >= MAX_COLLECTIVE_ID {
                    return Err(Error::invalid(&["id"]).into());
                }
                if all.len() >= MAX_COLLECTIVES {
                    return Err(Error::new(Code::Conflict).because("the operator has no room for more collectives").into());
                }
                (CollectiveId(id), entity, 1)
            }
            Target::Existing(id, seen) => {
                let collective = self.own_collective(id)?;
                unchanged(collective.version, seen)?;
                if std::mem::discriminant(&collective.check) != std::mem::discriminant(&spec.check) {
                    return Err(Error::invalid(&["type"]).into());
                }
                (id, collective.entity, collective.version + 1)
            }
        };
        self.check_spec(id, spec)?;
        let collective = Collective {
            id,
            entity,
            name: spec.name.clone(),
            names: spec.names.clone(),
            check: spec.check.clone(),
            status: spec.status,
            valid_from: spec.valid_from,
            valid_until: spec.valid_until,
            channels: spec.channels.clone(),
            limits: spec.limits,
            version,
        };
        saved(Row::from(Arc::new(collective)), id.0)
    }

    /// `DIST0005` for channels that are not the operator's and a limit of members where codes are shown, `DIST0001` for a time that ends before it starts,
    /// `CONFLICT` for too many codes.
    fn check_spec(&self, id: CollectiveId, spec: &CollectiveSpec) -> Result<(), Error> {
        let channels = &self.world.identity.channels;
        let is_channel = |id: &ChannelId| channels.get(id).is_some_and(|channel| channel.status != Status::Gone);
        let mut wrong = Vec::new();
        if !spec.channels.iter().all(is_channel) {
            wrong.push("channels");
        }
        if matches!(spec.check, Check::Code(_)) && spec.limits.per_member.is_some() {
            wrong.push("limits.per_member");
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong));
        }
        if spec.valid_from.zip(spec.valid_until).is_some_and(|(from, until)| until <= from) {
            return Err(Error::new(Code::Dist0001).because("the collective ends before it starts"));
        }
        let codes = |check: &Check| if let Check::Code(codes) = check { codes.len() } else { 0 };
        let others = self.catalogue().collectives.values().filter(|other| other.id != id);
        let all = others.map(|other| codes(&other.check)).sum::<usize>() + codes(&spec.check);
        if codes(&spec.check) > 0 && all > MAX_ALL_CODES {
            return Err(Error::new(Code::Conflict).because("the operator's collectives have too many codes"));
        }
        Ok(())
    }

    /// Takes a collective out of use for good. Its row stays, so that its id, its members and its uses are nobody else's.
    fn retire_collective(&self, id: CollectiveId, seen: Option<u64>) -> Planned {
        let collective = self.own_collective(id)?;
        unchanged(collective.version, seen)?;
        let check = match &collective.check {
            Check::Code(_) => Check::Code(Default::default()),
            other => other.clone(),
        };
        let version = collective.version + 1;
        saved(Row::from(Arc::new(Collective { status: Status::Gone, check, version, ..Collective::clone(collective) })), id.0)
    }

    /// A collective that the caller may change.
    pub(super) fn own_collective(&self, id: CollectiveId) -> Result<&'a Arc<Collective>, Error> {
        let collective = self.catalogue().collectives.get(&id).filter(|collective| collective.status != Status::Gone);
        let collective = collective.ok_or(Code::NotFound)?;
        self.authority.owns(collective.entity)?;
        Ok(collective)
    }

    /// `DIST0005` if something shall be bound to a collective that is not the caller's to bind to. What it is `bound` to already, it may stay bound to.
    pub(super) fn check_collective(&self, name: &str, id: Option<CollectiveId>, bound: Option<CollectiveId>) -> Result<(), Error> {
        let may = |id| Some(id) == bound || self.own_collective(id).is_ok();
        if id.is_none_or(may) { Ok(()) } else { Err(Error::invalid(&[name])) }
    }
}
