//! Selling in a presale: a session that is not on sale to everybody is open to a call that names the code of one of its presales, and to an order that
//! carries a presale's collective. The refusal does not tell whether the code was wrong, too early or too late; who tries many in one order has to wait.

use super::Order;
use super::basket::{Desk, refused};
use super::seats::Sale;
use crate::catalogue::PresaleCode;
use crate::command::{Effect, Stop};
use crate::error::{Code, Error};
use crate::identity::tries::{Against, slowed, tried};
use crate::ids::SeatId;

impl Desk<'_> {
    /// Opens what a code opens of the sales that are closed to everybody, and then what the order's collectives open.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` after many tries in this order, whatever the code is.
    pub(super) fn open(&self, order: &Order, sales: &mut [Sale<'_>], code: Option<&PresaleCode>) -> Result<(), Error> {
        if let Some(code) = code.filter(|_| sales.iter().any(Sale::has_presales)) {
            slowed(self.world, &[Against::presale(order.id)], self.moment.now)?;
            for sale in sales.iter_mut().filter(|sale| sale.has_presales()) {
                sale.open = sale.offer.opens_to(sale.publication, code, self.moment.now);
            }
        }
        if !order.extras().collectives.is_empty() {
            for sale in sales.iter_mut().filter(|sale| sale.has_presales()) {
                sale.opened_by = self.opening(order, sale);
                sale.open = sale.opened_by.is_some();
            }
        }
        Ok(())
    }

    /// `ORDER_SEAT_NOT_AVAILABLE`, which counts as a try if the code left a sale closed that has presales.
    pub(super) fn not_available(&self, order: &Order, sales: &[Sale<'_>], code: Option<&PresaleCode>, seats: Vec<SeatId>) -> Stop {
        let against = Against::presale(order.id);
        let is_try = code.is_some() && sales.iter().any(Sale::has_presales);
        let effects = tried(self.world, std::slice::from_ref(&against), self.moment.now).filter(|_| is_try).map(Effect::Tried).collect();
        Stop::Refused { error: Box::new(refused(Code::OrderSeatNotAvailable, seats)), effects }
    }
}

impl Sale<'_> {
    /// Whether it is closed, and has presales that are on or still to come.
    fn has_presales(&self) -> bool {
        !self.open && self.state.for_sale && self.offer.presales_left(self.publication, self.now).next().is_some()
    }
}
