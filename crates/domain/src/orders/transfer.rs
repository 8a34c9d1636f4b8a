//! Tickets that a buyer gives to somebody else: the order, its money and its buyer stay; the tickets get other barcodes, and whoever has them now a letter
//! with them. That person's address is kept nowhere but in the letter.

use serde::{Deserialize, Serialize};

use super::after::Office;
use super::attendees::{Attendee, say};
use super::corrections::check_tickets;
use super::draft::Draft;
use super::messages::masked;
use super::{HistoryEvent, Order, TicketState};
use crate::command::Planned;
use crate::ids::ItemId;

/// Tickets that are given away at a time at most: as many as go along with a letter.
pub const MAX_TRANSFERRED: usize = 100;

/// What is given to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRequest {
    /// The items, each once, with who comes on them now.
    pub attendees: Vec<Attendee>,
    /// The new person's e-mail address.
    pub to: String,
    /// What the letter calls the new person.
    pub name: Option<String>,
}

/// That the ticket of an item is somebody else's than the buyer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// Which item.
    pub item: ItemId,
    /// The line of the order's book that it was given away with, the last time.
    pub line: u32,
}

impl Office<'_> {
    /// Gives tickets to somebody else, all or none, and sends that person a letter, whatever the channel's `mail` says: it is how the tickets get there.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless the order is sold; `ORDER_ITEM_INVALID` for what is no ticket of it; `PRODUCT_STATE_INVALID` for tickets that are not
    /// valid, or that somebody came in with; `CONFLICT` naming those whose barcodes are imported, or if the order's book is full; those of the events' forms.
    pub(super) fn transfer(&self, order: &Order, request: &TransferRequest) -> Planned {
        let named: Vec<_> = request.attendees.iter().map(|attendee| attendee.item).collect();
        check_tickets(order, &named, |state| state == TicketState::Valid)?;
        self.check_not_entered(order, &named)?;
        self.check_own_barcodes(order, &named)?;
        self.check_attendees(order, "items.fields", &request.attendees)?;
        let mut order = order.open_book()?.with_extras(|extras| {
            say(&mut extras.attendees, &request.attendees);
            let line = 1 + extras.after.lines;
            extras.after.transferred.retain(|before| !named.contains(&before.item));
            extras.after.transferred.extend(named.iter().map(|item| Transferred { item: *item, line }));
            extras.after.transferred.sort_by_key(|one| one.item);
        });
        let mut draft = Draft::new(self.world);
        let dead = self.replace_barcodes(&mut draft, &mut order, &named);
        self.touch(&mut draft, &order, &named);
        self.write(&mut draft, &order, HistoryEvent::Transferred { to: masked(&request.to), dead });
        self.tell_of_transfer(&mut draft, &order, request);
        Ok(draft.done(order))
    }
}

impl Order {
    /// The line of its book that the ticket of an item was given away with, the last time; `None` while it is the buyer's.
    pub fn transfer_of(&self, item: ItemId) -> Option<u32> {
        self.extras().after.transferred.iter().find(|one| one.item == item).map(|one| one.line)
    }
}
