//! What may be put right after the sale without touching its money: a booking let go, notes, who comes, a new barcode for a ticket that was lost. Each
//! but the first leaves a line in the order's book.

use super::after::Office;
use super::attendees::{Attendee, of, say};
use super::basket::{check_named, refused};
use super::draft::Draft;
use super::{HistoryEvent, Item, Order, OrderKind, Stage, TicketState};
use crate::change::Key;
use crate::command::{Done, Planned, Reply};
use crate::error::{Code, Error};
use crate::forms::Form;
use crate::gates::decide::reprinted;
use crate::ids::{Barcode, ItemId};

/// Lines of an order's book at most that are no money's: whoever writes more writes by mistake.
const MAX_LINES: u32 = 1_000;

impl Office<'_> {
    /// Lets a booking go: its places fall free, and it is not there any more.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` for what is no booking, or is sold by now.
    pub(super) fn cancel_booking(&self, order: &Order) -> Planned {
        if order.kind() != OrderKind::Booking {
            return Err(Code::OrderInvalidStatus.into());
        }
        let mut draft = Draft::new(self.world);
        draft.free_all(order);
        draft.delete(Key::Order(order.id));
        Ok(Done { changes: draft.finish(), reply: Reply::Done })
    }

    /// Writes something into an order's book.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless it is in the books; `CONFLICT` if its own is full.
    pub(super) fn note(&self, order: &Order, text: &str) -> Planned {
        let order = order.open_book()?;
        let mut draft = Draft::new(self.world);
        self.write(&mut draft, &order, HistoryEvent::Noted { text: text.to_owned() });
        Ok(draft.done(order))
    }

    /// Says who comes on these items, in place of what was said of them before; all or none.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless it is sold; `ORDER_ITEM_INVALID`, `PRODUCT_STATE_INVALID` for items that it does not have any more; `DIST0004` and
    /// `DIST0005` for what their events' forms do not take, `ORDER_ATTENDEE_DATA_REQUIRED` for what they lack.
    pub(super) fn set_attendees(&self, order: &Order, attendees: &[Attendee]) -> Planned {
        let named: Vec<_> = attendees.iter().map(|attendee| attendee.item).collect();
        check_tickets(order, &named, TicketState::is_live)?;
        self.check_attendees(order, "attendees.fields", attendees)?;
        let order = order.open_book()?.with_extras(|extras| say(&mut extras.attendees, attendees));
        let mut draft = Draft::new(self.world);
        self.touch(&mut draft, &order, &named);
        self.write(&mut draft, &order, HistoryEvent::AttendeesChanged { items: named });
        Ok(draft.done(order))
    }

    /// Gives the tickets of these items other barcodes; all or none.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless it is sold; `ORDER_ITEM_INVALID`, `PRODUCT_STATE_INVALID` for items that it does not have any more; `CONFLICT` naming
    /// those whose barcodes are imported: others made them, and they alone can make more.
    pub(super) fn reprint(&self, order: &Order, named: &[ItemId]) -> Planned {
        check_tickets(order, named, TicketState::is_live)?;
        self.check_own_barcodes(order, named)?;
        let mut order = order.open_book()?;
        let mut draft = Draft::new(self.world);
        let dead = self.replace_barcodes(&mut draft, &mut order, named);
        self.touch(&mut draft, &order, named);
        self.write(&mut draft, &order, HistoryEvent::Reprinted { dead });
        Ok(draft.done(order))
    }

    /// That the forms of these items' events take what is said of who comes, named as `field`, and lack nothing.
    pub(super) fn check_attendees(&self, order: &Order, field: &str, attendees: &[Attendee]) -> Result<(), Error> {
        let mut lacking = Vec::new();
        for item in &order.items {
            let Some(attendee) = of(attendees, item.id) else { continue };
            let form = self.world.catalogue.events.get(&item.event).map(|event| &event.attendee_form);
            form.unwrap_or(&Form::default()).check(field, &attendee.fields)?;
            if form.is_some_and(|form| form.lacks(&attendee.fields)) {
                lacking.push(item.id);
            }
        }
        if lacking.is_empty() { Ok(()) } else { Err(refused(Code::OrderAttendeeDataRequired, lacking)) }
    }

    /// `CONFLICT` naming those of these items whose barcodes are imported.
    pub(super) fn check_own_barcodes(&self, order: &Order, named: &[ItemId]) -> Result<(), Error> {
        let imported = |item: &&Item| named.contains(&item.id) && self.world.pool(item.session).is_some();
        let imported: Vec<_> = order.items.iter().filter(imported).map(|item| item.id).collect();
        if imported.is_empty() {
            return Ok(());
        }
        Err(refused(Code::Conflict, imported).because("the barcodes of these items are imported"))
    }

    /// Gives these items other barcodes: each with what may be shown of the one that is dead.
    pub(super) fn replace_barcodes(&self, draft: &mut Draft<'_>, order: &mut Order, named: &[ItemId]) -> Vec<(ItemId, String)> {
        let (mut chance, mut dead) = (self.moment.draw(), Vec::new());
        for item in order.items.iter_mut().filter(|item| named.contains(&item.id)) {
            let before = item.barcode.replace(chance.barcode());
            dead.push((item.id, before.as_ref().map(Barcode::masked).unwrap_or_default()));
            // Gates that work from a list have to hear of it.
            before.into_iter().for_each(|before| draft.put(reprinted(before, item.session, item.id, self.moment.now)));
        }
        dead
    }

    /// Writes the line that was to come.
    pub(super) fn write(&self, draft: &mut Draft<'_>, order: &Order, what: HistoryEvent) {
        draft.note(order, self.moment.now, self.clerk(order), what);
    }

    /// Notes that something of these items' tickets became different.
    pub(super) fn touch(&self, draft: &mut Draft<'_>, order: &Order, items: &[ItemId]) {
        draft.put_tickets(order, items, self.moment.now);
    }
}

/// That an order is sold, that these items are tickets of it, and that each stands as it `may`.
pub(super) fn check_tickets(order: &Order, named: &[ItemId], may: impl Fn(TicketState) -> bool) -> Result<(), Error> {
    if !matches!(order.stage, Stage::Confirm { .. }) {
        return Err(Code::OrderInvalidStatus.into());
    }
    // Units of products have no tickets.
    let unknown: Vec<_> = named.iter().copied().filter(|id| !order.items.iter().any(|item| item.id == *id)).collect();
    if !unknown.is_empty() {
        return Err(refused(Code::OrderItemInvalid, unknown));
    }
    check_named(order, named, Code::ProductStateInvalid, |id| may(order.ticket_state(id)))
}

impl Order {
    /// The same order with one more line to come in its book.
    ///
    /// # Errors
    /// `ORDER_INVALID_STATUS` unless it is in the books; `CONFLICT` if its own is full.
    pub(super) fn open_book(&self) -> Result<Self, Error> {
        if !self.is_sold() {
            return Err(Code::OrderInvalidStatus.into());
        }
        if self.extras().after.lines >= MAX_LINES {
            return Err(Error::new(Code::Conflict).because("the order's book is full"));
        }
        Ok(self.with_extras(|extras| extras.after.lines += 1))
    }
}
