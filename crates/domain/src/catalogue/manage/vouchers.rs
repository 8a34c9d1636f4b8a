//! Voucher groups, and the making, looking up and blocking of vouchers. Who spends them is the orders' business; codes and PINs come here as hashes.

use std::sync::Arc;

use super::{Desk, Target, new_id, saved, unchanged};
use crate::change::{Change, Counter, CounterKey, Row};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::Status;
use crate::ids::{ChannelId, CollectiveId, EntityId, EventId, VoucherGroupId, VoucherId};
use crate::moment::Timestamp;
use crate::money::{Currency, MAX_MINOR, Minor};
use crate::text::Localized;
use crate::vouchers::{self, MAX_OF_GROUP, MovementKind, ShownVoucher, Voucher, VoucherCode, VoucherGroup, VoucherMovement};

/// Groups have ids below this, so that their vouchers' stay below 2^53.
const MAX_GROUP_ID: u64 = 1 << 31;

/// A voucher group as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a VoucherGroup")]
pub struct VoucherGroupSpec {
    /// Only for a new one, else the caller's entity.
    pub entity: Option<EntityId>,
    pub name: String,
    pub names: Localized,
    pub currencies: Vec<Currency>,
    pub channels: Vec<ChannelId>,
    pub events: Vec<EventId>,
    pub status: Status,
    pub valid_from: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub pins: bool,
    pub collective: Option<CollectiveId>,
}

/// Vouchers to be made, all alike but for their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Of which group.
    pub group: VoucherGroupId,
    /// What each is worth.
    pub amount: Minor,
    /// Of the amount.
    pub currency: Currency,
    /// When they are over.
    pub expires: Option<Timestamp>,
    /// What each will be known by, and what may be shown of its code.
    pub vouchers: Vec<(ShownVoucher, String)>,
}

/// What can be asked about vouchers.
#[derive(Debug, Clone)]
pub enum VoucherCommand {
    /// Make or replace a group. Answers its id.
    SaveGroup(Target<VoucherGroupId>, VoucherGroupSpec),
    /// Make vouchers. Answers their ids.
    Issue(Issue),
    /// Look at a group's vouchers: after so many at most so many. Answers `Reply::Vouchers`.
    List(VoucherGroupId, u64, u64),
    /// Look at one. Answers `Reply::Voucher`.
    Read(VoucherId),
    /// Block or unblock one that is as the caller saw it. Answers `Reply::Voucher`.
    Block(VoucherId, Option<u64>, bool),
    /// Look at its book, the newest line first: after so many at most so many. Answers `Reply::Movements`.
    Movements(VoucherId, u64, u64),
}

impl<'a> Desk<'a> {
    pub(super) fn vouchers(&self, command: &VoucherCommand, now: Timestamp) -> Planned {
        match command {
            VoucherCommand::SaveGroup(target, spec) => self.save_group(*target, spec),
            VoucherCommand::Issue(issue) => self.issue(issue, now),
            VoucherCommand::List(group, offset, limit) => self.list_vouchers(*group, *offset, *limit),
            VoucherCommand::Read(id) => looked(self.own_voucher(*id)?.clone()),
            VoucherCommand::Block(id, seen, blocked) => self.block_voucher(*id, *seen, *blocked),
            VoucherCommand::Movements(id, offset, limit) => self.list_movements(*id, *offset, *limit),
        }
    }

    fn save_group(&self, target: Target<VoucherGroupId>, spec: &VoucherGroupSpec) -> Planned {
        let groups = &self.catalogue().voucher_groups;
        let (id, entity, version, bound) = match target {
            Target::New(chosen) => {
                let entity = self.authority.entity(spec.entity)?;
                let id = new_id(chosen.map(|id| id.0), groups.keys().map(|id| id.0))?;
                if id >= MAX_GROUP_ID {
                    return Err(Error::invalid(&["id"]).into());
                }
                (VoucherGroupId(id), entity, 1, None)
            }
            Target::Existing(id, seen) => {
                let group = self.own_group(id)?;
                unchanged(group.version, seen)?;
                (id, group.entity, group.version + 1, group.collective)
            }
        };
        self.check_group(spec)?;
        self.check_collective("collective_id", spec.collective, bound)?;
        let group = VoucherGroup {
            id,
            entity,
            name: spec.name.clone(),
            names: spec.names.clone(),
            currencies: spec.currencies.clone(),
            channels: spec.channels.clone(),
            events: spec.events.clone(),
            status: spec.status,
            valid_from: spec.valid_from,
            valid_until: spec.valid_until,
            pins: spec.pins,
            collective: spec.collective,
            version,
        };
        saved(Row::from(Arc::new(group)), id.0)
    }

    /// `DIST0005` for channels that are not the operator's and events that are not within reach, `DIST0001` for a time that ends before it starts.
    fn check_group(&self, spec: &VoucherGroupSpec) -> Result<(), Error> {
        let channels = &self.world.identity.channels;
        let is_channel = |id: &ChannelId| channels.get(id).is_some_and(|channel| channel.status != Status::Gone);
        let is_event = |id: &EventId| self.own_event(*id).is_ok();
        let mut wrong = Vec::new();
        if !spec.channels.iter().all(is_channel) {
            wrong.push("channels");
        }
        if !spec.events.iter().all(is_event) {
            wrong.push("events");
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong));
        }
        let ends_first = spec.valid_from.zip(spec.valid_until).is_some_and(|(from, until)| until <= from);
        if ends_first { Err(Code::Dist0001.into()) } else { Ok(()) }
    }

    /// `DIST0005` naming what is out of range; `CONFLICT` if the group would have too many.
    fn issue(&self, issue: &Issue, now: Timestamp) -> Planned {
        let group = self.own_group(issue.group)?;
        let mut wrong = Vec::new();
        if !(1..=MAX_MINOR).contains(&issue.amount) {
            wrong.push("amount");
        }
        if !group.currencies.contains(&issue.currency) {
            wrong.push("currency");
        }
        if issue.expires.is_some_and(|expires| expires <= now) {
            wrong.push("expires");
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(&wrong).into());
        }
        let key = CounterKey::Vouchers(group.id);
        let before = self.world.counter(&key).cast_unsigned();
        let promised = self.world.counter(&CounterKey::PromisedVouchers(group.id)).cast_unsigned();
        if before + promised + issue.vouchers.len() as u64 > MAX_OF_GROUP {
            return Err(Error::new(Code::Conflict).because("the group has as many vouchers as it may").into());
        }
        let (mut changes, mut ids) = (Vec::with_capacity(3 * issue.vouchers.len() + 1), Vec::new());
        for (nth, (shown, masked)) in (before + 1..).zip(&issue.vouchers) {
            let id = group.id.voucher(nth);
            let voucher = Voucher {
                id,
                group: group.id,
                masked: masked.clone(),
                pin: shown.pin,
                currency: issue.currency,
                balance: issue.amount,
                reserved: 0,
                movements: 1,
                blocked: false,
                expires: issue.expires,
                version: 1,
            };
            let movement = VoucherMovement { voucher: id, number: 1, at: now, amount: issue.amount, what: MovementKind::Issued };
            changes.push(Change::from(Arc::new(voucher)));
            changes.push(Arc::new(VoucherCode { code: shown.code, voucher: id }).into());
            changes.push(Arc::new(movement).into());
            ids.push(id.0);
        }
        changes.push(Counter { key, value: (before + ids.len() as u64).cast_signed() }.into());
        Ok(Done { changes, reply: Reply::Ids(ids) })
    }

    fn list_vouchers(&self, group: VoucherGroupId, offset: u64, limit: u64) -> Planned {
        let group = self.own_group(group)?;
        let total = self.world.counter(&CounterKey::Vouchers(group.id)).cast_unsigned();
        let page = (offset + 1..=total.min(offset + limit)).map(|nth| self.world.voucher(group.id.voucher(nth)));
        let vouchers = vouchers::all(page)?.into_iter().cloned().collect();
        Ok(Done { changes: Vec::new(), reply: Reply::Vouchers(total, vouchers) })
    }

    fn block_voucher(&self, id: VoucherId, seen: Option<u64>, blocked: bool) -> Planned {
        let voucher = self.own_voucher(id)?;
        unchanged(voucher.version, seen)?;
        let voucher = Arc::new(Voucher { blocked, version: voucher.version + 1, ..Voucher::clone(voucher) });
        Ok(Done { changes: vec![voucher.clone().into()], reply: Reply::Voucher(voucher) })
    }

    fn list_movements(&self, id: VoucherId, offset: u64, limit: u64) -> Planned {
        let voucher = self.own_voucher(id)?;
        let total = u64::from(voucher.movements);
        let numbers = (1..=voucher.movements).rev().skip(offset as usize).take(limit as usize);
        let movements = vouchers::all(numbers.map(|number| self.world.voucher_movement(id, number)))?.into_iter().cloned().collect();
        Ok(Done { changes: Vec::new(), reply: Reply::Movements(total, voucher.currency, movements) })
    }

    /// A group that the caller may change.
    fn own_group(&self, id: VoucherGroupId) -> Result<&'a Arc<VoucherGroup>, Error> {
        let group = self.catalogue().voucher_groups.get(&id).ok_or(Code::NotFound)?;
        self.authority.owns(group.entity)?;
        Ok(group)
    }

    /// A voucher of such a group.
    fn own_voucher(&self, id: VoucherId) -> Result<&'a Arc<Voucher>, Stop> {
        let voucher = self.world.voucher(id)?.ok_or(Code::NotFound)?;
        self.own_group(voucher.group)?;
        Ok(voucher)
    }
}

fn looked(voucher: Arc<Voucher>) -> Planned {
    Ok(Done { changes: Vec::new(), reply: Reply::Voucher(voucher) })
}
