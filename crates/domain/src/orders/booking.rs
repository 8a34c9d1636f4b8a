//! Bookings: an order that was checked as for its sale and then waits longer than a payment takes, at the channel's and the promoter's pleasure. It is
//! sold by confirm and released by being deleted; it never becomes a basket again.

use super::basket::{Desk, refused};
use super::{Order, TicketKind};
use crate::catalogue::Offer;
use crate::command::Planned;
use crate::error::{Code, Error};
use crate::identity::Permission;
use crate::ids::{OrderId, SessionId};
use crate::moment::Timestamp;

impl Desk<'_> {
    /// Books an order.
    ///
    /// # Errors
    /// `AUTH0027` for a person without the permission, then what pre-confirm refuses with and `ORDER_BOOKING_NOT_ALLOWED`.
    pub(super) fn book(&self, id: OrderId) -> Planned {
        self.caller.permit(Permission::Booking)?;
        self.accept(self.order(id)?, true)
    }

    /// Until when a booking of this order would hold its places.
    ///
    /// # Errors
    /// `ORDER_BOOKING_NOT_ALLOWED`: alone where the channel books nothing, there are no places to book or no time would be left, with the items that other buyers offer, or the sessions that cannot be booked now.
    pub(super) fn bookable(&self, order: &Order) -> Result<Timestamp, Error> {
        let now = self.moment.now;
        if !self.channel.booking.enabled || order.items.is_empty() {
            return Err(Code::OrderBookingNotAllowed.into());
        }
        // Who sells a ticket does not wait for longer than a payment takes.
        let offered: Vec<_> = order.items.iter().filter(|item| item.kind == TicketKind::Resale).map(|item| item.id).collect();
        if !offered.is_empty() {
            return Err(refused(Code::OrderBookingNotAllowed, offered));
        }
        let offer = |session: &SessionId| self.world.session(*session).map(|(offer, _)| offer);
        let sessions = order.sessions();
        let open = |offer: &Offer| offer.session.booking.is_some_and(|window| window.contains(now));
        let closed: Vec<_> = sessions.iter().filter(|session| !offer(session).is_some_and(|offer| open(offer))).copied().collect();
        if !closed.is_empty() {
            return Err(refused(Code::OrderBookingNotAllowed, closed));
        }
        let start = sessions.iter().filter_map(offer).map(|offer| offer.session.start).min();
        let expires = self.channel.booking.expires(now, start);
        if now < expires { Ok(expires) } else { Err(Code::OrderBookingNotAllowed.into()) }
    }
}
