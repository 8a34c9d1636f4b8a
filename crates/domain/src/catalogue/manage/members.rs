//! Members of a collective: added one by one or slice by slice of a list, looked at, changed and removed. Ids and passwords come here as hashes.
//!
//! A member keeps its number for as long as it is there, and nobody gets it afterwards; who comes back gets another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Desk, unchanged};
use crate::change::{Change, Counter, CounterKey, Key};
use crate::collectives::{Check, Collective, MAX_MEMBERS, Member, MemberKey, MemberNumber, PasswordHash};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::ids::{CollectiveId, Hash, MemberId};
use crate::moment::Timestamp;
use crate::vouchers;

/// A member as it shall be. In an import, what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a Member")]
pub struct MemberSpec {
    pub key: MemberKey,
    pub name: Option<String>,
    pub password: Option<PasswordHash>,
    pub active: bool,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
}

/// What became of the members of one slice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct MembersImported {
    /// So many are new.
    pub added: u32,
    /// So many were there, and something of them is different now.
    pub changed: u32,
    /// So many were there as they are in the list.
    pub unchanged: u32,
    /// Where in the slice those stand that were left out, and why.
    pub refused: Vec<(u32, LineRefused)>,
}

/// Why a member of a list was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineRefused {
    /// It is new and has no password, where one is needed.
    NoPassword,
    /// It has a password, where there are none.
    NeedsNone,
    /// It would be let in until before it is let in.
    EndsFirst,
    /// The collective had as many members as it may.
    Full,
}

impl<'a> Desk<'a> {
    /// `CONFLICT` with the number of who is there already; `DIST0006`, `DIST0005`, `DIST0001` by what is wrong.
    pub(super) fn add_member(&self, id: CollectiveId, spec: &MemberSpec) -> Planned {
        let collective = self.with_members(id)?;
        if let Some(known) = self.world.member(id, spec.key.hash)? {
            return Err(Error::new(Code::Conflict).with_details([known.id]).because("the collective has this member").into());
        }
        fits(collective, spec.password.is_some(), spec.valid_from, spec.valid_until).map_err(LineRefused::told)?;
        let nth = self.members_of(id) + 1;
        if nth > MAX_MEMBERS {
            return Err(LineRefused::Full.told().into());
        }
        let mut changes = made(member(id.member(nth), 1, spec));
        changes.push(Counter { key: CounterKey::Members(id), value: nth.cast_signed() }.into());
        Ok(Done { changes, reply: Reply::Ids(vec![id.member(nth).0]) })
    }

    pub(super) fn change_member(&self, id: MemberId, seen: Option<u64>, spec: &MemberSpec) -> Planned {
        let (collective, known) = self.own_member(id)?;
        unchanged(known.version, seen)?;
        fits(collective, spec.password.is_some(), spec.valid_from, spec.valid_until).map_err(LineRefused::told)?;
        let spec = MemberSpec { key: known.key.clone(), ..spec.clone() };
        let changed = member(id, known.version + 1, &spec);
        Ok(Done { changes: vec![Arc::new(changed).into()], reply: Reply::Ids(vec![id.0]) })
    }

    pub(super) fn remove_member(&self, id: MemberId, seen: Option<u64>) -> Planned {
        let (collective, member) = self.own_member(id)?;
        unchanged(member.version, seen)?;
        let nobody = MemberNumber { id, member: None };
        let changes = vec![Change::Delete(Key::Member((collective.id, member.key.hash))), Arc::new(nobody).into()];
        Ok(Done { changes, reply: Reply::Ids(vec![id.0]) })
    }

    pub(super) fn read_member(&self, id: MemberId) -> Planned {
        let (collective, member) = self.own_member(id)?;
        self.looked(collective.id, vec![(id, Some(member.clone()))])
    }

    pub(super) fn find_member(&self, id: CollectiveId, hash: Hash) -> Planned {
        self.with_members(id)?;
        let member = self.world.member(id, hash)?.ok_or(Code::NotFound)?;
        self.looked(id, vec![(member.id, Some(member.clone()))])
    }

    pub(super) fn list_members(&self, id: CollectiveId, offset: u64, limit: u64) -> Planned {
        self.own_collective(id)?;
        let page = offset + 1..=self.members_of(id).min(offset + limit);
        let rows = vouchers::all(page.map(|nth| self.world.member_number(id.member(nth))))?;
        let known = rows.iter().filter_map(|row| row.member).map(|hash| self.world.member(id, hash));
        let known: BTreeMap<_, _> = vouchers::all(known)?.into_iter().map(|member| (member.id, member.clone())).collect();
        self.looked(id, rows.iter().map(|row| (row.id, known.get(&row.id).cloned())).collect())
    }

    fn looked(&self, id: CollectiveId, members: Vec<(MemberId, Option<Arc<Member>>)>) -> Planned {
        Ok(Done { changes: Vec::new(), reply: Reply::Members(self.members_of(id), members) })
    }

    pub(super) fn begin_import(&self, id: CollectiveId) -> Planned {
        self.with_members(id)?;
        Ok(Done { changes: Vec::new(), reply: Reply::NotDone })
    }

    /// Lines are judged one by one: good ones are taken, bad ones named. Of a member named twice the last line counts.
    pub(super) fn import_members(&self, id: CollectiveId, specs: &[MemberSpec]) -> Planned {
        let collective = self.with_members(id)?;
        let known = specs.iter().map(|spec| self.world.member(id, spec.key.hash));
        let known: BTreeMap<_, _> = vouchers::all(known)?.into_iter().map(|member| (member.key.hash, member)).collect();
        let before = self.members_of(id);
        let (mut report, mut last, mut new) = (MembersImported::default(), before, BTreeMap::new());
        for (index, spec) in (0..).zip(specs) {
            let hash = spec.key.hash;
            let there: Option<&Member> = new.get(&hash).or(known.get(&hash).map(AsRef::as_ref));
            let judged = match there {
                Some(there) => renewed(collective, there, spec),
                None if last >= MAX_MEMBERS => Err(LineRefused::Full),
                None => fits(collective, spec.password.is_some(), spec.valid_from, spec.valid_until)
                    .map(|()| Some(member(id.member(last + 1), 1, spec))),
            };
            match judged {
                Ok(Some(row)) => {
                    (report.added, report.changed) =
                        (report.added + u32::from(there.is_none()), report.changed + u32::from(there.is_some()));
                    last += u64::from(there.is_none());
                    new.insert(hash, row);
                }
                Ok(None) => report.unchanged += 1,
                Err(why) => report.refused.push((index, why)),
            }
        }
        let is_new = |member: &Member| member.id.nth().1 > before;
        let mut changes: Vec<_> =
            new.into_values().flat_map(|row| if is_new(&row) { made(row) } else { vec![Arc::new(row).into()] }).collect();
        if last > before {
            changes.push(Counter { key: CounterKey::Members(id), value: last.cast_signed() }.into());
        }
        Ok(Done { changes, reply: Reply::MembersImported(Arc::new(report)) })
    }

    /// Members that a collective ever had.
    fn members_of(&self, id: CollectiveId) -> u64 {
        self.world.counter(&CounterKey::Members(id)).cast_unsigned()
    }

    /// A collective of the caller's that has members; `CONFLICT` where its people show codes.
    fn with_members(&self, id: CollectiveId) -> Result<&'a Arc<Collective>, Error> {
        let collective = self.own_collective(id)?;
        match collective.check {
            Check::Code(_) => Err(Error::new(Code::Conflict).because("who is of the collective shows a code: it has no members")),
            Check::Member | Check::MemberPassword => Ok(collective),
        }
    }

    /// A member of a collective that the caller may change.
    fn own_member(&self, id: MemberId) -> Result<(&'a Collective, &'a Arc<Member>), Stop> {
        let collective = self.own_collective(id.nth().0)?;
        let hash = self.world.member_number(id)?.and_then(|row| row.member).ok_or(Code::NotFound)?;
        Ok((collective, self.world.member(collective.id, hash)?.ok_or(Code::NotFound)?))
    }
}

impl LineRefused {
    /// What is answered where it is one member that was asked for.
    fn told(self) -> Error {
        match self {
            Self::NoPassword => Error::required(&["password"]),
            Self::NeedsNone => Error::invalid(&["password"]),
            Self::EndsFirst => Error::new(Code::Dist0001).because("the member is let in until before it is let in"),
            Self::Full => Error::new(Code::Conflict).because("the collective had as many members as it may"),
        }
    }
}

/// Whether a collective can have such a member.
fn fits(collective: &Collective, has_password: bool, from: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), LineRefused> {
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(LineRefused::EndsFirst);
    }
    match collective.check {
        Check::MemberPassword if !has_password => Err(LineRefused::NoPassword),
        Check::Member if has_password => Err(LineRefused::NeedsNone),
        Check::Code(_) | Check::Member | Check::MemberPassword => Ok(()),
    }
}

fn member(id: MemberId, version: u64, spec: &MemberSpec) -> Member {
    Member {
        collective: id.nth().0,
        key: spec.key.clone(),
        id,
        name: spec.name.clone(),
        password: spec.password.clone(),
        active: spec.active,
        valid_from: spec.valid_from,
        valid_until: spec.valid_until,
        version,
    }
}

/// A member with what a list says of it; `None` if that is what it is already.
fn renewed(collective: &Collective, known: &Member, spec: &MemberSpec) -> Result<Option<Member>, LineRefused> {
    let wanted = Member {
        name: spec.name.clone().or_else(|| known.name.clone()),
        password: spec.password.clone().or_else(|| known.password.clone()),
        valid_from: spec.valid_from.or(known.valid_from),
        valid_until: spec.valid_until.or(known.valid_until),
        ..known.clone()
    };
    fits(collective, wanted.password.is_some(), wanted.valid_from, wanted.valid_until)?;
    Ok((wanted != *known).then(|| Member { version: known.version + 1, ..wanted }))
}

/// The rows of a new member.
fn made(member: Member) -> Vec<Change> {
    let number = MemberNumber { id: member.id, member: Some(member.key.hash) };
    vec![Arc::new(member).into(), Arc::new(number).into()]
}
