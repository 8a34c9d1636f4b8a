//! What a channel keeps of what it sells for promoters: set by who manages the channel, used by settlements. A sale neither asks for it nor pays for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::books::{Act, Line, Thing};
use crate::change::Row;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::identity::check::Actor;
use crate::identity::manage::{self, Here, channels};
use crate::ids::{ChannelId, EntityId};
use crate::moment::Moment;
use crate::money::{MAX_MINOR, Minor, Percent};
use crate::orders::TicketKind;
use crate::world::World;

/// Terms of one channel at most.
pub const MAX_TERMS: usize = 500;

/// What a channel keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commissions {
    /// Which channel.
    pub channel: ChannelId,
    /// By promoter; no promoter twice.
    pub terms: Vec<CommissionTerms>,
    /// Counts the changes.
    pub version: u64,
}

/// What it keeps of one promoter's sales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionTerms {
    /// Whose sales; `None`: of everybody who is not named.
    pub promoter: Option<EntityId>,
    /// This share of what tickets and products were paid with, after promotions and without surcharges.
    pub percent: Percent,
    /// And this for each ticket that was sold, in the channel's currency.
    pub per_ticket: Minor,
    /// Whether it is kept of what is given back, too.
    pub kept_on_refund: bool,
}

impl Commissions {
    /// The terms for a promoter.
    pub fn terms_of(&self, promoter: EntityId) -> Option<&CommissionTerms> {
        let named = self.terms.iter().find(|terms| terms.promoter == Some(promoter));
        named.or_else(|| self.terms.iter().find(|terms| terms.promoter.is_none()))
    }
}

impl CommissionTerms {
    /// What a channel keeps of a line of the books, or gives up by it if that is negative. `fixed` says whether the line is in the channel's currency.
    pub fn of(&self, line: &Line, fixed: bool) -> Minor {
        let of_ticket = match line.thing {
            Thing::Place { kind: TicketKind::Sale, .. } => Some(if fixed { self.per_ticket } else { 0 }),
            Thing::Unit { .. } | Thing::Share { .. } => Some(0),
            Thing::Place { .. } | Thing::PerOrder { .. } | Thing::Delivery => None,
        };
        let amount = of_ticket.map_or(0, |of_ticket| self.percent.of(line.amounts.face()) + of_ticket);
        match line.act {
            Act::Sale | Act::Relocation => amount * line.sign,
            Act::Refund if self.kept_on_refund => 0,
            Act::Refund => -amount,
        }
    }
}

/// Says what a channel keeps, if it is as the caller saw it. Answers `Reply::Done`.
#[derive(Debug, Clone)]
pub struct SetCommissions {
    /// Which channel.
    pub channel: ChannelId,
    /// The version the caller saw.
    pub seen: Option<u64>,
    /// All of them.
    pub terms: Vec<CommissionTerms>,
}

/// Decides.
///
/// # Errors
/// `FORBIDDEN_RESOURCE`, `NOT_FOUND` for a channel that is not within reach, `CONFLICT` if it was changed meanwhile, `DIST0005` naming what is out of range.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &SetCommissions) -> Planned {
    let here = Here { shard: world.shard, identity: &world.identity, catalogue: &world.catalogue, now: moment.now };
    let reach = manage::reach(&here, actor, channels::ROLES)?;
    let channel = manage::find(&world.identity.channels, command.channel)?;
    if !reach.covers(channel.entity) {
        return Err(Code::NotFound.into());
    }
    let version = world.catalogue.commissions.get(&channel.id).map_or(0, |before| before.version);
    if command.seen.is_some_and(|seen| seen != version) {
        return Err(Error::new(Code::Conflict).because("changed meanwhile").into());
    }
    let terms = &command.terms;
    let known = |promoter: &EntityId| world.identity.entities.contains_key(promoter);
    let mut promoters: Vec<_> = terms.iter().map(|one| one.promoter).collect();
    promoters.sort_unstable();
    let twice = promoters.windows(2).any(|pair| pair[0] == pair[1]);
    let checks = [
        ("commissions", terms.len() <= MAX_TERMS),
        ("commissions.entity_id", !twice && terms.iter().all(|one| one.promoter.as_ref().is_none_or(known))),
        ("commissions.percentage", terms.iter().all(|one| (0..=Percent::ONE).contains(&one.percent.0))),
        ("commissions.per_ticket", terms.iter().all(|one| (0..=MAX_MINOR).contains(&one.per_ticket))),
    ];
    let bad: Vec<_> = checks.iter().filter(|(_, good)| !good).map(|(name, _)| *name).collect();
    if !bad.is_empty() {
        return Err(Error::invalid(&bad).into());
    }
    let commissions = Commissions { channel: channel.id, terms: terms.clone(), version: version + 1 };
    Ok(Done { changes: vec![Row::from(Arc::new(commissions)).into()], reply: Reply::Done })
}
