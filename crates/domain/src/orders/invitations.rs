//! Invitations: who may give them, and from which quotas. That they cost nothing is `pricing`'s.

use std::borrow::Cow;

use super::basket::{Desk, refused};
use super::{Item, TicketKind};
use crate::catalogue::plan::Plan;
use crate::catalogue::{Rate, RateKind};
use crate::error::{Code, Error};
use crate::identity::Permission;

impl Desk<'_> {
    /// `AUTH0027` if one of the tariffs is an invitation and the caller may give none.
    pub(super) fn check_rates<'r>(&self, rates: impl IntoIterator<Item = &'r Rate>) -> Result<(), Error> {
        if rates.into_iter().any(Rate::is_invitation) { self.check_invites() } else { Ok(()) }
    }

    /// The channel gives invitations, and a person that asks has the permission.
    fn check_invites(&self) -> Result<(), Error> {
        if self.channel.invitations { self.caller.permit(Permission::Invitations) } else { Err(Code::Auth0027.into()) }
    }

    /// To or from an invitation a tariff changes only by who may give invitations, and where the place is one that the new tariff is sold from.
    ///
    /// # Errors
    /// `AUTH0027`, then `ORDER_ITEM_INVALID`.
    pub(super) fn check_change(&self, item: &Item, rate: &Rate) -> Result<(), Error> {
        if item.kind == TicketKind::Sale && !rate.is_invitation() {
            return Ok(());
        }
        self.check_invites()?;
        let sells = self.sale(item.session).is_some_and(|sale| sale.sells(item.place, rate));
        if sells { Ok(()) } else { Err(refused(Code::OrderItemInvalid, [item.id])) }
    }
}

/// Indexes of the quotas that a tariff is sold from: an invitation's own, else the sale's.
pub(super) fn quotas<'q>(rate: &Rate, plan: &Plan, of_sale: &'q [u8]) -> Cow<'q, [u8]> {
    match rate.kind {
        RateKind::Invitation { quota: Some(own) } => plan.quota_index(own).into_iter().collect(),
        RateKind::Invitation { quota: None } | RateKind::Sale => Cow::Borrowed(of_sale),
    }
}

/// Whether a tariff is an invitation from a quota of its own. Such seats are given by hand and stand apart from the sale: they end its runs as
/// everything does that it does not sell, so the orphan rule judges none of them.
pub(super) const fn stands_apart(rate: &Rate) -> bool {
    matches!(rate.kind, RateKind::Invitation { quota: Some(_) })
}
