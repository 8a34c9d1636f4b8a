//! What gift vouchers a channel offers, set up by whoever manages the channel and the voucher group; and a look at what it sold.

use std::sync::Arc;

use super::{AmountRange, GiftImage, GiftVouchers};
use crate::change::{CounterKey, Row};
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::manage::{self, Here, Reach, channels};
use crate::identity::{Channel, Status};
use crate::ids::{ChannelId, VoucherGroupId};
use crate::moment::Moment;
use crate::money::{Currency, MAX_MINOR, Minor};
use crate::vouchers;
use crate::world::World;

/// Amounts of one channel at most, and images.
pub const MAX_OFFERED: usize = 50;
/// The furthest day ahead that a channel may allow.
pub const MAX_DAYS_AHEAD: u32 = 366;
/// The longest life of a voucher, in days.
pub const MAX_LIFE_DAYS: u32 = 3_660;

/// What gift vouchers a channel shall offer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of GiftVouchers")]
pub struct GiftVouchersSpec {
    pub status: Status,
    pub group: VoucherGroupId,
    pub currency: Currency,
    pub amounts: Vec<Minor>,
    pub range: Option<AmountRange>,
    pub images: Vec<Arc<GiftImage>>,
    pub by_email: bool,
    pub by_hand: bool,
    pub max_days_ahead: u32,
    pub life_days: Option<u32>,
}

/// What can be asked about a channel's gift vouchers.
#[derive(Debug, Clone)]
pub enum GiftCommand {
    /// Say what it offers, if what it did is as the caller saw it.
    Offer(Option<u64>, GiftVouchersSpec),
    /// Look at the voucher orders that it sold, the newest first: after so many at most so many. Answers `Reply::VoucherOrders`.
    Sold(u64, u64),
}

/// Decides what is asked about a channel's gift vouchers.
///
/// # Errors
/// `FORBIDDEN_RESOURCE`, then `NOT_FOUND` for a channel that is not within reach, then what the command says.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, channel: ChannelId, command: &GiftCommand) -> Planned {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let reach = manage::reach(&here, actor, channels::ROLES)?;
    let channel = manage::find(&world.identity.channels, channel)?;
    if !reach.covers(channel.entity) {
        return Err(Code::NotFound.into());
    }
    match command {
        GiftCommand::Offer(seen, spec) => offer(world, reach, channel, *seen, spec),
        GiftCommand::Sold(offset, limit) => sold(world, channel, *offset, *limit),
    }
}

/// `CONFLICT` if it was changed meanwhile, `DIST0005` naming what is out of range or reach, `DIST0006` without any amount or delivery, `DIST0001` if
/// vouchers could be over before they are sent.
fn offer(world: &World, reach: Reach, channel: &Channel, seen: Option<u64>, spec: &GiftVouchersSpec) -> Planned {
    let version = world.catalogue.gift_vouchers.get(&channel.id).map_or(0, |before| before.version);
    if seen.is_some_and(|seen| seen != version) {
        return Err(Error::new(Code::Conflict).because("changed meanwhile").into());
    }
    check(world, reach, spec)?;
    let GiftVouchersSpec { status, group, currency, amounts, range, images, by_email, by_hand, max_days_ahead, life_days } = spec.clone();
    let offer = GiftVouchers {
        channel: channel.id,
        status,
        group,
        currency,
        amounts,
        range,
        images,
        by_email,
        by_hand,
        max_days_ahead,
        life_days,
        version: version + 1,
    };
    Ok(Done { changes: vec![Row::from(Arc::new(offer)).into()], reply: Reply::Done })
}

fn check(world: &World, reach: Reach, spec: &GiftVouchersSpec) -> Result<(), Error> {
    let amount = |minor: &Minor| (1..=MAX_MINOR).contains(minor);
    let group = world.catalogue.voucher_groups.get(&spec.group).filter(|group| reach.covers(group.entity));
    let ids: Vec<_> = spec.images.iter().map(|image| image.id).collect();
    let twice = ids.iter().enumerate().any(|(index, id)| ids[..index].contains(id));
    let checks = [
        ("voucher_group_id", group.is_some()),
        ("currency", group.is_none_or(|group| group.currencies.contains(&spec.currency))),
        ("amounts", spec.amounts.len() <= MAX_OFFERED && spec.amounts.iter().all(amount)),
        ("range", spec.range.is_none_or(|range| amount(&range.min) && amount(&range.max) && range.min <= range.max && range.step >= 1)),
        ("images", spec.images.len() <= MAX_OFFERED && !twice),
        ("max_days_ahead", spec.max_days_ahead <= MAX_DAYS_AHEAD),
        ("life_days", spec.life_days.is_none_or(|days| (1..=MAX_LIFE_DAYS).contains(&days))),
    ];
    let bad: Vec<_> = checks.iter().filter(|(_, good)| !good).map(|(name, _)| *name).collect();
    if !bad.is_empty() {
        return Err(Error::invalid(&bad));
    }
    let lacking = [("amounts", spec.amounts.is_empty() && spec.range.is_none()), ("deliveries", !spec.by_email && !spec.by_hand)];
    let lacking: Vec<_> = lacking.iter().filter(|(_, lacks)| *lacks).map(|(name, _)| *name).collect();
    if !lacking.is_empty() {
        return Err(Error::required(&lacking));
    }
    let over_first = spec.by_email && spec.life_days.is_some_and(|days| days <= spec.max_days_ahead);
    if over_first { Err(Error::new(Code::Dist0001).because("vouchers would be over before they are sent")) } else { Ok(()) }
}

fn sold(world: &World, channel: &Channel, offset: u64, limit: u64) -> Planned {
    let total = world.counter(&CounterKey::VoucherOrders(channel.id)).cast_unsigned();
    let numbers = (1..=total).rev().skip(offset as usize).take(limit as usize);
    let sales = vouchers::all(numbers.map(|number| world.voucher_sale(channel.id, number)))?;
    let orders = vouchers::all(sales.into_iter().map(|sale| world.written_voucher_order(sale.order)))?;
    Ok(Done { changes: Vec::new(), reply: Reply::VoucherOrders(total, orders.into_iter().cloned().collect()) })
}
